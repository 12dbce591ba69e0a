/** What a keeper does for governance: turnouts, counting of what was decided, reviews that are due. */
import { isRevert, proposerOf } from "#sdk";

import { placeInTime } from "./runtime.ts";
import type { KeeperRuntime } from "./runtime.ts";

/** Proposals looked after, and reviews marked, in one look. */
const MOST_AT_ONCE = 5;
/** Groups of parameters that are read in one call. */
const PAGE = 100;

/** Sends what another may have sent before: `known` is what the contract then says. */
async function unlessDone(
  runtime: KeeperRuntime,
  call: Parameters<KeeperRuntime["connection"]["send"]>[0],
  known: string,
): Promise<boolean> {
  try {
    await runtime.connection.send(call);
    return true;
  } catch (error) {
    if (!isRevert(error, known)) throw error;
    return false;
  }
}

async function settleProposals(
  runtime: KeeperRuntime,
  decided: ReturnType<KeeperRuntime["store"]["proposals"]["decided"]>,
): Promise<number> {
  const { connection, store, log } = runtime;
  const { classes, governor, reputation } = connection.contracts;
  let sent = 0;
  for (const { proposalId, turnoutOpen, countOpen } of decided.slice(0, MOST_AT_ONCE)) {
    if (
      turnoutOpen &&
      (await unlessDone(runtime, () => classes.recordTurnout(proposalId), "ProposalClasses_AlreadyRecorded"))
    ) {
      sent++;
      log.info({ proposalId: String(proposalId) }, "turnout recorded");
    }
    if (!countOpen) continue;
    if (!(await governor.quorumReached(proposalId))) {
      store.proposals.passOver(proposalId);
      continue;
    }
    if (await unlessDone(runtime, () => reputation.close(proposalId), "Reputation_AlreadyClosed")) {
      sent++;
      log.info({ proposalId: String(proposalId) }, "proposal counted");
    }
  }
  return sent;
}

async function markReviews(runtime: KeeperRuntime): Promise<number> {
  const { connection, log } = runtime;
  const { reviews } = connection.contracts;
  const waiting: string[] = [];
  let offset = 0n;
  do {
    const { due, next } = await reviews.dueGroups(offset, PAGE);
    const groups = await Promise.all(due.map((group) => reviews.groupOf(group)));
    waiting.push(...due.filter((_, index) => groups[index]?.markedAt === 0n));
    offset = next;
  } while (offset !== 0n);
  let sent = 0;
  for (const group of waiting.slice(0, MOST_AT_ONCE)) {
    if (await unlessDone(runtime, () => reviews.markDue(group), "Reviews_AlreadyMarked")) sent++;
  }
  if (sent > 0) log.info({ reviews: sent }, "reviews marked as due");
  return sent;
}

/**
 * Looks after what was decided, and, in the first round of an epoch, after reviews. The seat drawn for the attempt does it:
 * one is enough. Gives how many transactions it sent.
 */
export async function keepGovernance(runtime: KeeperRuntime, now: number): Promise<number> {
  const decided = runtime.store.proposals.decided(now);
  const { epoch, round, attempt } = await placeInTime(runtime, now);
  if (decided.length === 0 && round !== 0) return 0;
  const frozen = await runtime.frozenSeats(epoch);
  if (frozen === null || frozen.totalWeight === 0n) return 0;
  if (frozen.hotKeys[proposerOf(frozen, round, attempt)] !== runtime.hotKey) return 0;
  const settled = await settleProposals(runtime, decided);
  return settled + (round === 0 ? await markReviews(runtime) : 0);
}
