/** Score reports and epoch reports as validators sign them: the mirror of ScoreConsensus' digests. */
import { AbiCoder, keccak256 } from "ethers";
import type { Signer } from "ethers";

import type { Turn } from "./frozen.ts";
import { digestOf, messageKind, signMessage } from "./messages.ts";
import type { ConsensusDomain } from "./messages.ts";
import { encodeResults } from "./results.ts";
import type { RequestResult } from "./results.ts";

export interface ScoreReport extends Turn {
  /** Who is paid for posting: any address that the signers agree on. */
  readonly poster: string;
  /** Hash of the commitments that the validators co-signed before anybody revealed: see commitments.ts. */
  readonly commitmentSet: string;
  readonly results: readonly RequestResult[];
}

/** P_v's inputs for every seat of the frozen table, by seat index. */
export interface SeatScores {
  readonly epoch: number;
  readonly hasData: boolean;
  readonly hasLlm: boolean;
  readonly consensus: readonly number[];
  readonly data: readonly number[];
  readonly llm: readonly number[];
}

/** What an epoch report says of rewards: the root of cumulative claims and what they sum to. */
export interface EpochRewards {
  /** 0: no new root, and the totals stay those of the last one. */
  readonly rewardRoot: string;
  /** Wei of all claims ever, validators'. */
  readonly validatorTotal: bigint;
  /** Workers'. */
  readonly workerTotal: bigint;
}

export interface EpochReport extends EpochRewards {
  readonly epoch: number;
  readonly attempt: number;
  readonly poster: string;
  readonly scores: SeatScores;
  /** Bit i: seat i missed more final rounds than it may. */
  readonly idle: bigint;
}

const SEAT_SCORES =
  "tuple(uint64 epoch,bool hasData,bool hasLlm,uint32[] consensus,uint32[] data,uint32[] llm)";
const hashScores = (scores: SeatScores): string =>
  keccak256(AbiCoder.defaultAbiCoder().encode([SEAT_SCORES], [scores]));

const SCORE_REPORT = messageKind<ScoreReport>(
  "ScoreReport",
  [
    ["uint64", "epoch"],
    ["uint32", "round"],
    ["uint32", "attempt"],
    ["address", "poster"],
    ["bytes32", "commitmentSet"],
    ["bytes", "results"],
  ],
  (report) => ({ ...report, results: encodeResults(report.results) }),
);
const EPOCH_REPORT = messageKind<EpochReport>(
  "EpochReport",
  [
    ["uint64", "epoch"],
    ["uint32", "attempt"],
    ["address", "poster"],
    ["bytes32", "scoresHash"],
    ["bytes32", "rewardRoot"],
    ["uint128", "validatorTotal"],
    ["uint128", "workerTotal"],
    ["uint64", "idle"],
  ],
  (report) => epochReportMessage(report),
);

/** An epoch report as it is signed: with the hash of its scores in their place. */
export const epochReportMessage = ({ scores, ...report }: EpochReport) => ({
  ...report,
  scoresHash: hashScores(scores),
});

/** EIP-712 types of the two kinds of reports. */
export const SCORE_REPORT_TYPES = SCORE_REPORT.types;
export const EPOCH_REPORT_TYPES = EPOCH_REPORT.types;

/** What ScoreConsensus.scoreReportDigest computes on chain. */
export const scoreReportDigest = (manifest: ConsensusDomain, report: ScoreReport): string =>
  digestOf(SCORE_REPORT, manifest, report);
/** What ScoreConsensus.epochReportDigest computes on chain. */
export const epochReportDigest = (manifest: ConsensusDomain, report: EpochReport): string =>
  digestOf(EPOCH_REPORT, manifest, report);

export const signScoreReport = (
  signer: Signer,
  manifest: ConsensusDomain,
  report: ScoreReport,
): Promise<string> => signMessage(SCORE_REPORT, signer, manifest, report);
export const signEpochReport = (
  signer: Signer,
  manifest: ConsensusDomain,
  report: EpochReport,
): Promise<string> => signMessage(EPOCH_REPORT, signer, manifest, report);

/** A score report as ScoreConsensus.postScoreReport takes it. */
export const scoreReportCall = (report: ScoreReport) => ({
  epoch: report.epoch,
  round: report.round,
  attempt: report.attempt,
  poster: report.poster,
  commitmentSet: report.commitmentSet,
  results: encodeResults(report.results),
});

/** An epoch report as ScoreConsensus.postEpochReport takes it. */
export const epochReportCall = ({ scores, ...report }: EpochReport) => ({
  ...report,
  scores: {
    ...scores,
    consensus: [...scores.consensus],
    data: [...scores.data],
    llm: [...scores.llm],
  },
});
