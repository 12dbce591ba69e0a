/** Whose turn it is, who may take part in it, and how a keeper asks its peers. */
import { epochStart, hasSeat, MasaError, proposerOf } from "#sdk";
import type { FrozenSeats, Turn } from "#sdk";

import { placeInTime } from "./runtime.ts";
import type { KeeperRuntime } from "./runtime.ts";
import type { StoredRequest } from "./store.ts";
import { MAX_MESSAGE_BYTES } from "./wire.ts";

/** The turn that a message names, and nothing else of it. */
export const turnOf = ({ epoch, round, attempt }: Turn): Turn => ({ epoch, round, attempt });

/** Answers are closed and there is time to settle: what a report may carry. */
export function isClosed(runtime: KeeperRuntime, request: StoredRequest, now: number): boolean {
  const responses = runtime.store.commitments(request.requestId).length;
  if (responses === 0 || now > request.scoringDeadline) return false;
  return responses === request.maxResponses || now > request.responseDeadline;
}

/** The set frozen for an epoch and this keeper's seat in it. Throws MASA-503 where there is none. */
export async function ownSeat(
  runtime: KeeperRuntime,
  epoch: number,
): Promise<{ frozen: FrozenSeats; seat: number }> {
  const frozen = await runtime.frozenSeats(epoch);
  if (frozen === null) throw new MasaError("MASA-503", `no set is frozen for epoch ${epoch}`);
  const seat = frozen.hotKeys.findIndex((hotKey) => hotKey === runtime.hotKey);
  if (seat < 0) throw new MasaError("MASA-503", `this keeper has no seat in epoch ${epoch}`);
  return { frozen, seat };
}

/**
 * Throws MASA-503 unless `proposer` is the seat drawn for the turn, which has begun and whose report the chain still takes;
 * MASA-504 if it was revoked.
 */
export async function requireTurn(
  runtime: KeeperRuntime,
  frozen: FrozenSeats,
  turn: Turn,
  proposer: string,
  now: number,
): Promise<void> {
  const { roundLength, attemptLength } = runtime;
  const begins =
    epochStart(await runtime.clock(), turn.epoch) + turn.round * roundLength + turn.attempt * attemptLength;
  if (turn.attempt >= Math.floor(roundLength / attemptLength))
    throw new MasaError("MASA-503", `a round has no attempt ${turn.attempt}`);
  if (now + 1 < begins) throw new MasaError("MASA-503", `attempt ${turn.attempt} has not begun`);
  const { epoch } = await placeInTime(runtime, now);
  if (epoch > turn.epoch + 1) throw new MasaError("MASA-503", `epoch ${turn.epoch} is too long ago`);
  const drawn = proposerOf(frozen, turn.round, turn.attempt);
  if (frozen.hotKeys[drawn] !== proposer)
    throw new MasaError(
      "MASA-503",
      `attempt ${turn.attempt} is ${frozen.hotKeys[drawn]}'s turn, not ${proposer}'s`,
    );
  // Who was robbed of its key revokes it: from then on the key proposes nothing.
  if (hasSeat(await runtime.maskOf(turn.epoch), drawn))
    throw new MasaError("MASA-504", `${proposer} was revoked`);
}

/** Asks every other seat at once; seats that fail are left out. */
export async function askPeers<T>(
  runtime: KeeperRuntime,
  frozen: FrozenSeats,
  path: string,
  body: string,
  read: (text: string, seat: number) => T,
): Promise<Map<number, T>> {
  const answers = new Map<number, T>();
  await Promise.all(
    frozen.hotKeys.map(async (hotKey, seat) => {
      if (hotKey === runtime.hotKey || frozen.weights[seat] === 0n) return;
      try {
        const peer = await runtime.peerOf(hotKey);
        if (peer === null) return;
        answers.set(seat, read(await runtime.call(peer, "POST", path, body, MAX_MESSAGE_BYTES), seat));
      } catch (error) {
        runtime.log.debug({ seat, path, error: String(error) }, "peer did not answer");
      }
    }),
  );
  return answers;
}

/** Drops what seats sent whose keys were revoked since the set was frozen: the contract takes no such signature. */
export function withoutRevoked(bySeat: Map<number, unknown>, mask: bigint): void {
  for (const seat of [...bySeat.keys()].filter((given) => hasSeat(mask, given))) bySeat.delete(seat);
}
