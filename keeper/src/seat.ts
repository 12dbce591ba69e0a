/** The validator's own seat, and booked slashes: what a keeper does for its place in the set and for the ledger. */
import { proposerOf, RIGHTS } from "#sdk";

import { placeInTime } from "./runtime.ts";
import type { KeeperRuntime } from "./runtime.ts";

/**
 * Rolls without an epoch report after which the keeper says that it is there. Each roll counts one until the report of
 * the epoch before comes in, so one is no silence; and two is in time, since nobody is vacated before the roll after.
 */
const SILENT_ROLLS = 2;

/** Most slashes applied in one transaction. */
const MOST_SLASHES = 20;

/**
 * Checks in while the set is silent, and asks for a seat again once the cooldown is over, unless the validator gave its
 * seat up by its own will. Does nothing with a key that has no right to act for the seat.
 */
export async function keepSeat(runtime: KeeperRuntime): Promise<"checkedIn" | "joined" | null> {
  const { connection, account, hotKey, store, log } = runtime;
  const { validatorSet, registry, standing } = connection.contracts;
  const [{ seated, seat }, { rights }] = await Promise.all([
    validatorSet.seatOf(account),
    registry.operatorOf(hotKey),
  ]);
  if ((rights & BigInt(RIGHTS.seat)) === 0n) return null;
  if (seated) {
    const { rolls, checkedIn } = await validatorSet.silence();
    if (rolls < BigInt(SILENT_ROLLS) || ((checkedIn >> seat) & 1n) === 1n) return null;
    await connection.send(() => validatorSet.checkIn());
    log.info({ seat: Number(seat), silentRolls: Number(rolls) }, "checked in: no epoch report came");
    return "checkedIn";
  }
  if (!runtime.rejoin || store.hasLeft(account)) return null;
  const [isWaiting, until, rolled, isEligible] = await Promise.all([
    validatorSet.isWaiting(account),
    validatorSet.coolingUntil(account),
    standing.rolledEpoch(),
    standing.isEligible(account, VALIDATOR),
  ]);
  if (isWaiting || rolled < until || !isEligible) return null;
  await connection.send(() => validatorSet.joinWaitlist());
  log.info({ account }, "without a seat: joined the waitlist");
  return "joined";
}

/** NodeRole.Validator. */
const VALIDATOR = 1;

/**
 * Applies slashes that are booked and that nobody has applied, so that their appeal windows begin. The seat drawn for the
 * attempt does it: one is enough.
 */
export async function applySlashes(runtime: KeeperRuntime, now: number): Promise<number> {
  const { connection, store, log } = runtime;
  const booked = store.pendingSlashes().slice(0, MOST_SLASHES);
  if (booked.length === 0) return 0;
  const { epoch, round, attempt } = await placeInTime(runtime, now);
  const frozen = await runtime.frozenSeats(epoch);
  if (frozen === null || frozen.totalWeight === 0n) return 0;
  if (frozen.hotKeys[proposerOf(frozen, round, attempt)] !== runtime.hotKey) return 0;
  const { vault } = connection.contracts;
  // The account itself may have been faster: whatever it does applies them first.
  const exposures = await Promise.all(booked.map((account) => vault.exposureOf(account)));
  const pending = booked.filter((_, index) => exposures[index]?.pendingCut !== 0n);
  if (pending.length === 0) return 0;
  const calls = pending.map((account) => vault.interface.encodeFunctionData("applySlash", [account]));
  await connection.send(() => vault.multicall(calls));
  log.info({ accounts: pending }, "slashes applied");
  return pending.length;
}
