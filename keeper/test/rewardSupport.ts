/** Keepers at the end of an epoch whose rewards are to be given. */
import assert from "node:assert/strict";

import { proposerOf, scoreReportDigest } from "#sdk";
import type { RewardFacts, ScoreReport } from "#sdk";

import { score, walletOf } from "../../sdk/test/support.ts";
import { proposeEpoch } from "../src/epochs.ts";
import { proposeRound } from "../src/rounds.ts";
import { ATTEMPT, CLOCK, EPOCH, network, requestEvents, START, WORKER } from "./support.ts";
import type { Posted, RunningKeeper } from "./support.ts";

export const MASA = 10n ** 18n;
export const EPOCH_ROUND = 0xffff_ffff;
export const SECOND = walletOf("second worker").address;

export const worker = (account: string, settledWork: bigint): RewardFacts["workers"][number] => ({
  account,
  stakeUnits: 100n * MASA,
  requirement: 50n * MASA,
  settledWork,
});

/** Five keepers of a chain with pots, whose first round of the epoch is final; the clock stands in the next epoch. */
export async function afterTheEpoch() {
  const made = await network();
  const { chain, keepers } = made;
  chain.rewards.funded = { validators: 1_000n * MASA, workers: 600n * MASA };
  chain.rewards.workers = [worker(WORKER, 20n * MASA), worker(SECOND, 10n * MASA)];
  const final = await settleRound(made, EPOCH, 2n);
  const propose = (epoch = EPOCH, attempt = 0): Promise<boolean> => {
    chain.rolled = epoch + 1;
    chain.time = START + (epoch + 1 - EPOCH) * CLOCK.epochLength + (attempt + 1) * ATTEMPT;
    const seat = proposerOf({ ...chain.frozen, epoch }, EPOCH_ROUND, attempt);
    return proposeEpoch((keepers.get(seat) as RunningKeeper).runtime, chain.time);
  };
  return { ...made, final, propose };
}

/** A round with one request becomes final, and every keeper reads of it. */
export async function settleRound(
  { chain, keepers }: Awaited<ReturnType<typeof network>>,
  epoch: number,
  requestId: bigint,
): Promise<string> {
  chain.frozenEpochs.add(epoch);
  chain.time = START + (epoch - EPOCH) * CLOCK.epochLength;
  for (const { store } of keepers.values()) {
    store.apply(requestEvents(requestId, [WORKER]), 2);
    store.saveOwnResult({ requestId, responses: [score()] });
  }
  const proposer = keepers.get(proposerOf({ ...chain.frozen, epoch }, 0, 0)) as RunningKeeper;
  const open = proposer.store.openRequests().filter((request) => request.requestId === requestId);
  assert.equal(await proposeRound(proposer.runtime, open, chain.time), true);
  const posted = chain.scoreReports.at(-1) as Posted<ScoreReport>;
  const digest = scoreReportDigest(chain.manifest, posted.report);
  for (const { store } of keepers.values())
    store.apply([{ type: "roundFinal", epoch, round: 0, digest, signers: posted.signers }], 9);
  return digest;
}
