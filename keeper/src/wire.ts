/**
 * What keepers say to each other over HTTP: schemas, and JSON with 256-bit numbers as decimal strings and with scores and
 * probes as their canonical bytes.
 */
import { z } from "zod";

import {
  decodeAvailability,
  decodeResults,
  encodeAvailability,
  encodeResults,
  MasaError,
  MAX_RESPONSES_PER_RESULT,
  MAX_RESULTS,
  MAX_RESULTS_BYTES,
  MAX_SEATS,
  SCORE_ONE,
} from "#sdk";
import type {
  AvailabilityEntry,
  AvailabilityVector,
  CosignedSet,
  EpochReport,
  RequestResult,
  Reveal,
  RoundEvidence,
  SignedCommitment,
  Turn,
} from "#sdk";

import type { ScoreArchive } from "./audit.ts";

/** Most bytes of a message between keepers: 64 vectors of a full report, and an epoch of them. */
export const MAX_MESSAGE_BYTES = 32 * 1024 * 1024;
/** Most hexadecimal digits of one vector of probes: availability.MAX_PROBED entries. */
const MOST_PROBE_DIGITS = 2 + 48 * 4_096;

const uint32 = z.int().min(0).max(0xffff_ffff);
const score = z.int().min(0).max(SCORE_ONE);
export const decimal = (digits: number) =>
  z
    .string()
    .regex(new RegExp(`^[0-9]{1,${digits}}$`))
    .transform((text) => BigInt(text));
const signature = z.string().regex(/^0x[0-9a-f]{130}$/);
export const bytes32 = z.string().regex(/^0x[0-9a-f]{64}$/);
export const address = z.string().regex(/^0x[0-9a-fA-F]{40}$/);
const seat = z
  .int()
  .min(0)
  .max(MAX_SEATS - 1);

const results = z
  .string()
  .max(2 + 2 * MAX_RESULTS_BYTES)
  .transform((text) => decodeResults(text));
const entries = z
  .string()
  .max(MOST_PROBE_DIGITS)
  .transform((text) => decodeAvailability(text));
const turn = { epoch: uint32, round: uint32, attempt: uint32 };
const vector = z.strictObject({ seat, ...turn, results, signature });
const commitment = z.strictObject({ seat, ...turn, commitment: bytes32, signature });
const reveal = z.strictObject({ vector, salt: bytes32 });
const commitments = z.array(commitment).max(MAX_SEATS);
const seatSignatures = z.array(z.strictObject({ seat, signature })).max(MAX_SEATS);
const cosigned = { commitments, cosignatures: seatSignatures };
const scoreReport = z.strictObject({ ...turn, poster: address, commitmentSet: bytes32, results });
const round = z.strictObject({ report: scoreReport, ...cosigned, reveals: z.array(reveal).max(MAX_SEATS) });
const seatList = z.array(score).max(MAX_SEATS);
export const epochReport = z.strictObject({
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
  rewardRoot: bytes32,
  validatorTotal: decimal(39),
  workerTotal: decimal(39),
  idle: decimal(20),
});
export const availability = z.strictObject({ seat, epoch: uint32, entries, signature });

/** POST /commit: the proposer asks for a commitment to a peer's own scores. */
const commitCall = z.strictObject({ ...turn, requestIds: z.array(decimal(13)).min(1).max(MAX_RESULTS) });
/** POST /cosign: the proposer asks for a co-signature of the set. */
const cosignCall = z.strictObject({ ...turn, commitments });
/** POST /reveal: the proposer shows the co-signed set and asks for what may be shown now. */
const revealCall = z.strictObject({ ...turn, ...cosigned });
const revealAnswer = z.strictObject({ reveals: z.array(reveal).max(MAX_SEATS) });
/** POST /revealed: a peer shows its scores. */
const revealedCall = z.strictObject({ ...cosigned, reveal });
/** POST /sign/epoch: the proposer asks for a signature and shows what the report follows from. */
const epochCall = z.strictObject({
  report: epochReport,
  rounds: z.array(round).max(10_000),
  availability: z.array(availability).max(MAX_SEATS),
});
const availabilityCall = z.strictObject({ epoch: uint32 });
/** POST /archive: a peer asks for what is behind a final report. */
const archiveCall = z.strictObject({ digest: bytes32 });
const signatureAnswer = z.strictObject({ signature });

/** What GET /archive says beside every report: for which contract and by which set it was signed. */
export const published = {
  chainId: z.int().min(0),
  consensus: address,
  digest: bytes32,
  frozen: z.strictObject({
    epoch: uint32,
    hotKeys: z.array(address).max(MAX_SEATS),
    weights: z.array(decimal(20)).max(MAX_SEATS),
    totalWeight: decimal(20),
    leastConfirmations: z.int().min(0).max(MAX_SEATS),
    randomness: decimal(78),
  }),
  signatures: seatSignatures,
};

/** What GET /archive serves of a final score report. */
const scoreArchive = z.strictObject({
  ...round.shape,
  ...published,
  requests: z
    .array(
      z.strictObject({
        requestId: decimal(13),
        responses: z.int().min(0).max(MAX_RESPONSES_PER_RESULT),
        hasEvidence: z.boolean(),
        related: z.array(z.array(seat).max(MAX_SEATS)).max(MAX_RESPONSES_PER_RESULT),
      }),
    )
    .max(MAX_RESULTS),
});

export interface CommitCall extends Turn {
  readonly requestIds: readonly bigint[];
}
export interface CosignCall extends Turn {
  readonly commitments: readonly SignedCommitment[];
}
export interface RevealCall extends Turn, CosignedSet {}
export interface RevealedCall extends CosignedSet {
  readonly reveal: Reveal;
}
export interface EpochCall {
  readonly report: EpochReport;
  readonly rounds: readonly RoundEvidence[];
  readonly availability: readonly AvailabilityVector[];
}

/** JSON with bigints as decimal strings, and results and probes as their bytes. */
export const encode = (value: unknown): string =>
  JSON.stringify(value, (key, member: unknown) => {
    if (typeof member === "bigint") return member.toString();
    if (key === "results" && Array.isArray(member)) return encodeResults(member as RequestResult[]);
    if (key === "entries" && Array.isArray(member)) return encodeAvailability(member as AvailabilityEntry[]);
    return member;
  });

/** Throws MASA-505. */
export function decode<T>(schema: z.ZodType<T>, text: string, what: string): T {
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

export const decodeCommitCall = (text: string): CommitCall =>
  decode(commitCall, text, "request for a commitment");
export const decodeCommitment = (text: string): SignedCommitment => decode(commitment, text, "commitment");
export const decodeCosignCall = (text: string): CosignCall =>
  decode(cosignCall, text, "request to co-sign a commitment set");
export const decodeRevealCall = (text: string): RevealCall =>
  decode(revealCall, text, "request to reveal scores");
export const decodeReveal = (text: string): Reveal => decode(reveal, text, "revealed scores");
export const decodeReveals = (text: string): readonly Reveal[] =>
  decode(revealAnswer, text, "revealed scores").reveals;
export const decodeRevealedCall = (text: string): RevealedCall =>
  decode(revealedCall, text, "revealed scores");
export const decodeRound = (text: string): RoundEvidence => decode(round, text, "round");
export const decodeScoreArchive = (text: string): ScoreArchive => decode(scoreArchive, text, "archive");
export const decodeEpochCall = (text: string): EpochCall =>
  decode(epochCall, text, "request to sign an epoch report");
export const decodeAvailabilityCall = (text: string): number =>
  decode(availabilityCall, text, "request for availability").epoch;
export const decodeAvailabilityVector = (text: string): AvailabilityVector =>
  decode(availability, text, "availability");
export const decodeSignature = (text: string): string => decode(signatureAnswer, text, "signature").signature;
export const decodeDigest = (text: string): string =>
  decode(archiveCall, text, "request for an archive").digest;
