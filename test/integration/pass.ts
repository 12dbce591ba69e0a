/** What the tests of a whole pass share: a network with seats, workers and an asker, and who signs what for it. */
import { assert } from "chai";
import { keccak256, toUtf8Bytes } from "ethers";
import type { ContractTransactionReceipt, Wallet } from "ethers";

import { readEvents } from "../../sdk/src/events.ts";
import type { MasaEvent } from "../../sdk/src/events.ts";
import { packSignatures } from "../../sdk/src/frozen.ts";
import { feeUp } from "../../sdk/src/math/fee.ts";
import { payloadHash } from "../../sdk/src/payloads.ts";
import { epochReportCall, scoreReportCall } from "../../sdk/src/reports.ts";
import type { EpochReport, ScoreReport, SeatScores } from "../../sdk/src/reports.ts";
import type { ResponseScore } from "../../sdk/src/results.ts";
import type { RewardSeat } from "../../sdk/src/rewards.ts";
import { localParameters } from "./deployment.ts";
import { deployedNetwork } from "./network.ts";

const MASA = 10n ** 18n;
export const WAD = 10n ** 18n;
export const DEPOSIT = 100n * MASA;
export const REWARD = 20n * MASA;
/** The escrow counts rewards and fees in this many wei. */
const UNIT = 10n ** 9n;
/** Stands for a round in the draw of an epoch report's proposer. */
export const EPOCH_ROUND = 0xffff_ffff;
export const answerOf = (index: number): string => JSON.stringify({ answer: index });
export const salt = (index: number): string => keccak256(toUtf8Bytes(`salt ${index}`));

export const GOOD: ResponseScore = {
  relevance: 900_000_000,
  coherence: 800_000_000,
  factual: 950_000_000,
  responseTime: 700_000_000,
  throughput: 60,
  scored: true,
  fraud: 0,
};
export const BAD: ResponseScore = { ...GOOD, relevance: 100_000_000, factual: 0 };
/** EQ-18 with the weights of local.json5: 0.35 R + 0.2 C + 0.35 F + 0.1 T. */
export const qualityOf = ({ relevance, coherence, factual, responseTime }: ResponseScore): bigint =>
  (WAD *
    (35n * BigInt(relevance) +
      20n * BigInt(coherence) +
      35n * BigInt(factual) +
      10n * BigInt(responseTime))) /
  (100n * 10n ** 9n);

/** What EQ-08 takes with the curve of local.json5, in the units that the escrow rounds up to. */
export function feeOf(before: bigint, added: bigint): bigint {
  const { baseRate, maxRate, referenceConsumption, minimumFee } = localParameters().feeCurve;
  const wei = feeUp(before, added, baseRate, maxRate, referenceConsumption, minimumFee);
  return ((wei + UNIT - 1n) / UNIT) * UNIT;
}

/** A request for two answers. */
export const submission = (text: string) => ({
  payloadHash: payloadHash(text),
  kind: 0,
  hasEvidence: true,
  maxResponses: 2,
  baseReward: REWARD,
  minQuality: (6n * WAD) / 10n,
  responseWindow: 10,
  scoringWindow: 60,
});

/** Six seats, two workers and an asker with credit, at the start of the first epoch that has seats. */
export async function openMarket() {
  const network = await deployedNetwork();
  const validators = await network.admitValidators(6);
  const workers = [
    await network.admit("worker", 200n, "http://worker-0.example"),
    await network.admit("worker", 200n, "http://worker-1.example/"),
  ];
  const oracle = await network.admit("oracle", 200n, "http://oracle.example");
  await network.contracts.masa.transfer(oracle.account, DEPOSIT);
  await oracle.contracts.masa.approve(network.manifest.contracts.escrow, DEPOSIT);
  await oracle.contracts.escrow.deposit(DEPOSIT);
  const epoch = await network.rollNext();
  const frozen = await network.frozenAt(epoch);
  const { escrow, masa, consensus } = network.contracts;

  const keyOfSeat = (seat: number): Wallet => {
    const found = validators.find(({ hotKey }) => hotKey.address === frozen.hotKeys[seat]);
    if (found === undefined) throw new Error(`seat ${seat} is free`);
    return found.hotKey;
  };
  /** What every seat of the set signs. */
  const bySeat = async (sign: (key: Wallet) => Promise<string>): Promise<Map<number, string>> => {
    const seats = [...frozen.weights.keys()];
    return new Map(
      await Promise.all(seats.map(async (seat) => [seat, await sign(keyOfSeat(seat))] as const)),
    );
  };
  const post = (report: ScoreReport, by: ReadonlyMap<number, string>) => {
    const { signers, signatures } = packSignatures(by);
    return consensus.postScoreReport(scoreReportCall(report), signers, signatures);
  };
  const postEpoch = (report: EpochReport, by: ReadonlyMap<number, string>) => {
    const { signers, signatures } = packSignatures(by);
    return consensus.postEpochReport(epochReportCall(report), signers, signatures);
  };
  const eventsOf = async (receipt: ContractTransactionReceipt | null): Promise<MasaEvent[]> => {
    if (receipt === null) throw new Error("not mined");
    return readEvents(network.contracts, receipt.blockNumber, receipt.blockNumber);
  };
  /** The escrow holds what it owes, to the wei (I-03). */
  const requireSolvent = async (): Promise<void> => {
    const accounts = [...validators.map(({ node }) => node), ...workers, oracle];
    const credits = await Promise.all(accounts.map(({ account }) => escrow.creditOf(account)));
    const { reserved, heldFees, fees } = await escrow.totals();
    const owed = credits.reduce((sum, credit) => sum + credit, 0n) + reserved + heldFees + fees;
    assert.equal(await masa.balanceOf(network.manifest.contracts.escrow), owed, "I-03");
  };
  /** The seats of the set with their scores and who is paid for them. */
  const seatsWith = (scores: SeatScores): Promise<RewardSeat[]> =>
    Promise.all(
      frozen.weights.map(async (weight, seat) => ({
        owner: (await network.contracts.validatorSet.seatAt(seat)).owner,
        weight,
        consensus: scores.consensus[seat] ?? 0,
        data: scores.data[seat] ?? 0,
        llm: scores.llm[seat] ?? 0,
      })),
    );
  return {
    ...{ network, validators, workers, oracle, epoch, frozen },
    ...{ keyOfSeat, bySeat, post, postEpoch, eventsOf, requireSolvent, seatsWith },
  };
}

/** Signatures without one seat's. */
export const without = (all: ReadonlyMap<number, string>, seat: number): Map<number, string> =>
  new Map([...all].filter(([other]) => other !== seat));
