/**
 * Score vectors and the reports made from them (EQ-18's inputs, decision D16). Everything here is integer arithmetic on
 * signed messages: whoever holds the vectors recomputes the report. Scores are on the scale 1e9 = 1.
 */
import { AbiCoder, keccak256, TypedDataEncoder, verifyTypedData } from "ethers";
import type { ParamType, Signer, TypedDataDomain } from "ethers";

import { contractInterface } from "./contracts.ts";
import { MasaError } from "./errors.ts";
import type { Manifest } from "./manifest.ts";

/** 1 on the scale of scores. */
export const SCORE_ONE = 1_000_000_000;

/** Attested sub-scores of one response; mirrors IRequestEscrow.ResponseScore. */
export interface ResponseScore {
  readonly relevance: number;
  readonly coherence: number;
  /** 0 where the request carries no evidence. */
  readonly factual: number;
  readonly responseTime: number;
  /** Bytes of answer a second. */
  readonly throughput: number;
  readonly scored: boolean;
  /** 0, or a reason code of docs/scoring.md. */
  readonly fraud: number;
}

/** One request with a score for each of its commitments, in their order. */
export interface RequestResult {
  readonly requestId: bigint;
  readonly responses: readonly ResponseScore[];
}

export interface ScoreReport {
  readonly epoch: number;
  readonly round: number;
  readonly attempt: number;
  readonly poster: string;
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

export interface EpochReport {
  readonly epoch: number;
  readonly attempt: number;
  readonly poster: string;
  readonly scores: SeatScores;
}

/** One validator's own scores for a round, signed with its hot key. */
export interface SignedVector {
  readonly seat: number;
  readonly epoch: number;
  readonly round: number;
  readonly attempt: number;
  readonly results: readonly RequestResult[];
  readonly signature: string;
}

/**
 * Hot keys and capped weights frozen for an epoch, by seat index; free seats have the zero address and weight 0. This
 * never changes; which of its keys were revoked since is a matter of the mask beside it.
 */
export interface FrozenSeats {
  readonly epoch: number;
  readonly hotKeys: readonly string[];
  /** Micro-MASA. */
  readonly weights: readonly bigint[];
  readonly totalWeight: bigint;
  readonly leastConfirmations: number;
  readonly randomness: bigint;
}

const VECTOR_TYPES = {
  ScoreVector: [
    { name: "epoch", type: "uint64" },
    { name: "round", type: "uint32" },
    { name: "attempt", type: "uint32" },
    { name: "validator", type: "address" },
    { name: "resultsHash", type: "bytes32" },
  ],
};
const SCORE_REPORT_TYPES = {
  ScoreReport: [
    { name: "epoch", type: "uint64" },
    { name: "round", type: "uint32" },
    { name: "attempt", type: "uint32" },
    { name: "poster", type: "address" },
    { name: "resultsHash", type: "bytes32" },
  ],
};
const EPOCH_REPORT_TYPES = {
  EpochReport: [
    { name: "epoch", type: "uint64" },
    { name: "attempt", type: "uint32" },
    { name: "poster", type: "address" },
    { name: "scoresHash", type: "bytes32" },
  ],
};

/** EIP-712 domain of ScoreConsensus: bound to the chain and to the deployed contract. */
export const consensusDomain = (manifest: Manifest): TypedDataDomain => ({
  name: "Masa Score Consensus",
  version: "1",
  chainId: manifest.chainId,
  verifyingContract: manifest.contracts.consensus,
});

function memberType(call: string, member: string): ParamType {
  const report = contractInterface("consensus").getFunction(call)?.inputs[0];
  const found = report?.components?.find((component) => component.name === member);
  if (found === undefined) throw new MasaError("MASA-105", `the ABI of ${call} has no ${member}`);
  return found;
}

const hashResults = (results: readonly RequestResult[]): string =>
  keccak256(AbiCoder.defaultAbiCoder().encode([memberType("postScoreReport", "results")], [results]));
const hashScores = (scores: SeatScores): string =>
  keccak256(AbiCoder.defaultAbiCoder().encode([memberType("postEpochReport", "scores")], [scores]));

const vectorMessage = (vector: Omit<SignedVector, "signature" | "seat">, validator: string) => ({
  epoch: vector.epoch,
  round: vector.round,
  attempt: vector.attempt,
  validator,
  resultsHash: hashResults(vector.results),
});
const scoreReportMessage = (report: ScoreReport) => ({
  epoch: report.epoch,
  round: report.round,
  attempt: report.attempt,
  poster: report.poster,
  resultsHash: hashResults(report.results),
});
const epochReportMessage = (report: EpochReport) => ({
  epoch: report.epoch,
  attempt: report.attempt,
  poster: report.poster,
  scoresHash: hashScores(report.scores),
});

/** What ScoreConsensus.scoreReportDigest computes on chain. */
export const scoreReportDigest = (manifest: Manifest, report: ScoreReport): string =>
  TypedDataEncoder.hash(consensusDomain(manifest), SCORE_REPORT_TYPES, scoreReportMessage(report));
/** What ScoreConsensus.epochReportDigest computes on chain. */
export const epochReportDigest = (manifest: Manifest, report: EpochReport): string =>
  TypedDataEncoder.hash(consensusDomain(manifest), EPOCH_REPORT_TYPES, epochReportMessage(report));

export const signScoreReport = (signer: Signer, manifest: Manifest, report: ScoreReport): Promise<string> =>
  signer.signTypedData(consensusDomain(manifest), SCORE_REPORT_TYPES, scoreReportMessage(report));
export const signEpochReport = (signer: Signer, manifest: Manifest, report: EpochReport): Promise<string> =>
  signer.signTypedData(consensusDomain(manifest), EPOCH_REPORT_TYPES, epochReportMessage(report));

/** Signs a validator's own scores of a round as the holder of `seat`. */
export async function signVector(
  signer: Signer,
  manifest: Manifest,
  vector: Omit<SignedVector, "signature">,
): Promise<SignedVector> {
  const message = vectorMessage(vector, await signer.getAddress());
  return {
    ...vector,
    signature: await signer.signTypedData(consensusDomain(manifest), VECTOR_TYPES, message),
  };
}

/** Whether the seat's frozen hot key signed the vector. */
export function isVectorSigned(manifest: Manifest, frozen: FrozenSeats, vector: SignedVector): boolean {
  const hotKey = frozen.hotKeys[vector.seat];
  if (hotKey === undefined || vector.epoch !== frozen.epoch || frozen.weights[vector.seat] === 0n)
    return false;
  try {
    const message = vectorMessage(vector, hotKey);
    return verifyTypedData(consensusDomain(manifest), VECTOR_TYPES, message, vector.signature) === hotKey;
  } catch {
    return false; // a signature that cannot be parsed is no signature
  }
}

/** The lowest value with at least half of the total weight at or below it. Values need not be sorted. */
export function weightedMedian(
  entries: readonly { readonly value: number; readonly weight: bigint }[],
): number {
  const sorted = [...entries].sort((a, b) => a.value - b.value);
  const total = sorted.reduce((sum, entry) => sum + entry.weight, 0n);
  let below = 0n;
  for (const entry of sorted) {
    below += entry.weight;
    if (2n * below >= total) return entry.value;
  }
  throw new MasaError("MASA-503", "the median of no scores");
}

interface WeightedScore {
  readonly score: ResponseScore;
  readonly weight: bigint;
}

/** Medians of one response over the vectors that scored it; unscored where they carry 2/3 of the weight or less. */
function medianScore(entries: readonly WeightedScore[], totalWeight: bigint): ResponseScore {
  const scored = entries.filter((entry) => entry.score.scored);
  const weight = scored.reduce((sum, entry) => sum + entry.weight, 0n);
  if (3n * weight <= 2n * totalWeight) {
    return {
      relevance: 0,
      coherence: 0,
      factual: 0,
      responseTime: 0,
      throughput: 0,
      scored: false,
      fraud: 0,
    };
  }
  const median = (pick: (score: ResponseScore) => number): number =>
    weightedMedian(scored.map((entry) => ({ value: pick(entry.score), weight: entry.weight })));
  const flagged = scored.filter((entry) => entry.score.fraud !== 0);
  const flaggedWeight = flagged.reduce((sum, entry) => sum + entry.weight, 0n);
  return {
    relevance: median((score) => score.relevance),
    coherence: median((score) => score.coherence),
    factual: median((score) => score.factual),
    responseTime: median((score) => score.responseTime),
    throughput: median((score) => score.throughput),
    scored: true,
    // More than half of the whole weight must flag it; of several reasons the weightiest median one stands.
    fraud:
      2n * flaggedWeight > totalWeight
        ? weightedMedian(flagged.map((entry) => ({ value: entry.score.fraud, weight: entry.weight })))
        : 0,
  };
}

/**
 * The results that follow from signed vectors: stake-weighted medians per response, requests in ascending order. A pure
 * function of the set of vectors: their order does not matter. Vectors must have been checked with isVectorSigned.
 * Requests of which no response is scored are left out, and so is what a vector says of a request that
 * `responseCounts` does not know or gives another number of responses. Throws MASA-503 for two vectors of one seat.
 */
export function assembleResults(
  vectors: readonly SignedVector[],
  frozen: FrozenSeats,
  responseCounts: ReadonlyMap<bigint, number>,
): RequestResult[] {
  if (new Set(vectors.map((vector) => vector.seat)).size !== vectors.length) {
    throw new MasaError("MASA-503", "two vectors of one seat");
  }
  return [...responseCounts.entries()]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([requestId, count]) => {
      const given = vectors.flatMap((vector) => {
        const result = vector.results.find((own) => own.requestId === requestId);
        if (result === undefined || result.responses.length !== count) return [];
        return [{ responses: result.responses, weight: frozen.weights[vector.seat] ?? 0n }];
      });
      const responses = Array.from({ length: count }, (_, index) =>
        medianScore(
          given.map(({ responses: scores, weight }) => ({ score: scores[index] as ResponseScore, weight })),
          frozen.totalWeight,
        ),
      );
      return { requestId, responses };
    })
    .filter((result) => result.responses.some((score) => score.scored));
}

/** Whether a seat is in a bitmap: of signers, or of the keys that were revoked. */
export const hasSeat = (bits: bigint, seat: number): boolean => ((bits >> BigInt(seat)) & 1n) === 1n;

/** Whether signatures of these seats finalise a report of the frozen set (EQ-28). */
export function isEnough(frozen: FrozenSeats, seats: Iterable<number>): boolean {
  const list = [...new Set(seats)];
  const signed = list.reduce((sum, seat) => sum + (frozen.weights[seat] ?? 0n), 0n);
  return 3n * signed > 2n * frozen.totalWeight && list.length >= frozen.leastConfirmations;
}

/** Signatures in ascending order of seats with the bitmap that names them, as ScoreConsensus takes them. */
export function packSignatures(bySeat: ReadonlyMap<number, string>): { signers: bigint; signatures: string } {
  const seats = [...bySeat.keys()].sort((a, b) => a - b);
  return {
    signers: seats.reduce((bits, seat) => bits | (1n << BigInt(seat)), 0n),
    signatures: `0x${seats.map((seat) => (bySeat.get(seat) as string).slice(2)).join("")}`,
  };
}

/** Seats of a bitmap, ascending. */
export function seatsOf(signers: bigint): number[] {
  const seats: number[] = [];
  for (let seat = 0; signers >> BigInt(seat) !== 0n; seat++) {
    if (hasSeat(signers, seat)) seats.push(seat);
  }
  return seats;
}
