/** What keepers say to each other over HTTP: schemas, and JSON with 256-bit numbers as decimal strings. */
import { z } from "zod";

import { MasaError, SCORE_ONE } from "#sdk";
import type { EpochReport, RequestResult, ScoreReport, SignedVector } from "#sdk";

/** Most requests in one report: ScoreConsensus.MAX_RESULTS. */
export const MAX_RESULTS = 150;
/** Most responses in one report: ScoreConsensus.MAX_RESPONSES. */
export const MAX_RESPONSES = 200;
/** Most bytes of a message between keepers: 64 vectors of a full report. */
export const MAX_MESSAGE_BYTES = 32 * 1024 * 1024;

const uint32 = z.int().min(0).max(0xffff_ffff);
const score = z.int().min(0).max(SCORE_ONE);
const requestId = z
  .string()
  .regex(/^[0-9]{1,78}$/)
  .transform((text) => BigInt(text));
const signature = z.string().regex(/^0x[0-9a-f]{130}$/);
const address = z.string().regex(/^0x[0-9a-fA-F]{40}$/);
const seat = z.int().min(0).max(63);

const responseScore = z.strictObject({
  relevance: score,
  coherence: score,
  factual: score,
  responseTime: score,
  throughput: uint32,
  scored: z.boolean(),
  fraud: z.int().min(0).max(255),
});
const results = z
  .array(z.strictObject({ requestId, responses: z.array(responseScore).max(255) }))
  .max(MAX_RESULTS);
const vector = z.strictObject({ seat, epoch: uint32, round: uint32, attempt: uint32, results, signature });
const vectors = z.array(vector).max(64);
const scoreReport = z.strictObject({
  epoch: uint32,
  round: uint32,
  attempt: uint32,
  poster: address,
  results,
});
const archive = z.strictObject({ report: scoreReport, vectors });
const seatList = z.array(score).max(64);
const epochReport = z.strictObject({
  epoch: uint32,
  attempt: uint32,
  poster: address,
  scores: z.strictObject({
    epoch: uint32,
    hasData: z.boolean(),
    hasLlm: z.boolean(),
    consensus: seatList,
    data: seatList,
    llm: seatList,
  }),
});

const turn = { epoch: uint32, round: uint32, attempt: uint32 };

/** POST /vectors: the proposer asks for a peer's own scores. */
const vectorCall = z.strictObject({ ...turn, requestIds: z.array(requestId).min(1).max(MAX_RESULTS) });
/** POST /sign/score: the proposer asks for a signature and shows what the report follows from. */
const scoreCall = archive;
/** POST /sign/epoch: likewise, with every final round of the epoch. */
const epochCall = z.strictObject({ report: epochReport, rounds: z.array(archive).max(10_000) });
/** POST /archive: a peer asks for the vectors behind a final report. */
const archiveCall = z.strictObject({ digest: z.string().regex(/^0x[0-9a-f]{64}$/) });
const signatureAnswer = z.strictObject({ signature });

export interface RoundArchive {
  readonly report: ScoreReport;
  readonly vectors: readonly SignedVector[];
}
export interface EpochCall {
  readonly report: EpochReport;
  readonly rounds: readonly RoundArchive[];
}
export interface VectorCall {
  readonly epoch: number;
  readonly round: number;
  readonly attempt: number;
  readonly requestIds: readonly bigint[];
}

/** JSON with bigints as decimal strings. */
export const encode = (value: unknown): string =>
  JSON.stringify(value, (_, member: unknown) => (typeof member === "bigint" ? member.toString() : member));

function decode<T>(schema: z.ZodType<T>, text: string, what: string): T {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new MasaError("MASA-505", `${what} is not JSON`, { cause });
  }
  const parsed = schema.safeParse(json);
  if (!parsed.success) throw new MasaError("MASA-505", `${what}: ${z.prettifyError(parsed.error)}`);
  return parsed.data;
}

export const encodeResults = (value: readonly RequestResult[]): string => encode(value);
export const decodeResults = (text: string): RequestResult[] => decode(results, text, "stored scores");
export const decodeVector = (text: string): SignedVector => decode(vector, text, "score vector");
export const decodeArchive = (text: string): RoundArchive => decode(archive, text, "round");
export const decodeVectorCall = (text: string): VectorCall =>
  decode(vectorCall, text, "request for a vector");
export const decodeScoreCall = (text: string): RoundArchive =>
  decode(scoreCall, text, "request to sign a score report");
export const decodeEpochCall = (text: string): EpochCall =>
  decode(epochCall, text, "request to sign an epoch report");
export const decodeSignature = (text: string): string => decode(signatureAnswer, text, "signature").signature;
export const decodeDigest = (text: string): string =>
  decode(archiveCall, text, "request for an archive").digest;
