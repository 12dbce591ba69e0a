/** Evidence of an offence (decision D8): two messages of one kind that a seat signed for one turn, as Offences takes it. */
import { AbiCoder, getAddress, keccak256, TypedDataEncoder } from "ethers";
import { z } from "zod";

import { VECTOR_TYPES } from "./commitments.ts";
import { MAX_SEATS } from "./frozen.ts";
import type { FrozenSeats } from "./frozen.ts";
import { consensusDomain, isSignedBy } from "./messages.ts";
import type { ConsensusDomain } from "./messages.ts";
import { EPOCH_REPORT_TYPES, SCORE_REPORT_TYPES } from "./reports.ts";
import { EPOCH_ROUND } from "./selection.ts";

const lowerHex = (bytes: number) =>
  z
    .string()
    .regex(new RegExp(`^0x[0-9a-fA-F]{${2 * bytes}}$`), `${bytes} bytes in hex`)
    .transform((text) => text.toLowerCase());
const address = z
  .string()
  .regex(/^0x[0-9a-fA-F]{40}$/, "an address")
  .transform((text) => getAddress(text.toLowerCase()));
const bytes = z.string().regex(/^0x([0-9a-fA-F]{2})*$/, "bytes in hex");
const number32 = z.int().min(0).max(0xffff_ffff);
const decimal = (bits: number) =>
  z
    .string()
    .regex(/^[0-9]{1,39}$/, "a whole number in decimal digits, as text")
    .refine((text) => BigInt(text) < 1n << BigInt(bits), `a number of ${bits} bits`);

const turn = { epoch: z.int().nonnegative(), attempt: number32 };
const signature = lowerHex(65);
const vector = z.strictObject({ ...turn, round: number32, validator: address, results: bytes, signature });
const scoreReport = z.strictObject({
  ...turn,
  round: number32,
  poster: address,
  commitmentSet: lowerHex(32),
  results: bytes,
  signature,
});
const epochReport = z.strictObject({
  ...turn,
  poster: address,
  scoresHash: lowerHex(32),
  rewardRoot: lowerHex(32),
  validatorTotal: decimal(128),
  workerTotal: decimal(128),
  idle: decimal(64),
  signature,
});
const pairOf = <K extends string, T extends z.ZodType>(kind: K, message: T) =>
  z.strictObject({
    kind: z.literal(kind),
    seat: z
      .int()
      .min(0)
      .max(MAX_SEATS - 1),
    first: message,
    second: message,
  });

/** Evidence in a file: the members of both messages as they were signed, r, s and v of each, and who signed. */
export const offenceSchema = z.discriminatedUnion("kind", [
  pairOf("score-vectors", vector),
  pairOf("score-reports", scoreReport),
  pairOf("epoch-reports", epochReport),
]);
export type OffenceEvidence = z.infer<typeof offenceSchema>;
type Message = OffenceEvidence["first"];

const TYPES = {
  "score-vectors": VECTOR_TYPES,
  "score-reports": SCORE_REPORT_TYPES,
  "epoch-reports": EPOCH_REPORT_TYPES,
} as const;

const roundOf = (message: Message): number => ("round" in message ? message.round : EPOCH_ROUND);

/** EIP-712 digests of the two messages, in their order. */
export function offenceDigests(domain: ConsensusDomain, evidence: OffenceEvidence): [string, string] {
  // The encoder reads the members of the type, and passes over the signature.
  const digest = (message: Message): string =>
    TypedDataEncoder.hash(consensusDomain(domain), TYPES[evidence.kind], message);
  return [digest(evidence.first), digest(evidence.second)];
}

/** What is wrong with the evidence, whatever the chain says of its time and of whom it was proven before; null: nothing. */
export function offenceFault(
  domain: ConsensusDomain,
  frozen: FrozenSeats,
  evidence: OffenceEvidence,
): string | null {
  const { seat, first, second } = evidence;
  if (first.epoch !== second.epoch || roundOf(first) !== roundOf(second) || first.attempt !== second.attempt)
    return "the messages are of different turns, which is no offence";
  const digests = offenceDigests(domain, evidence);
  if (digests[0] === digests[1]) return "both messages are the same one, which is no offence";
  const key = frozen.hotKeys[seat];
  if (key === undefined || BigInt(key) === 0n)
    return `seat ${seat} has no key in the set of epoch ${frozen.epoch}`;
  for (const [index, message] of [first, second].entries()) {
    const name = index === 0 ? "first" : "second";
    if ("validator" in message && message.validator !== key)
      return `the ${name} vector names ${message.validator}, not ${key}, the key of seat ${seat}`;
    if (!isSignedBy(digests[index] as string, message.signature, key))
      return `the signature of the ${name} message is not by ${key}, the key of seat ${seat}`;
  }
  return null;
}

/** What a reporter commits to before it shows the evidence: Offences.commitmentOf, of which no RPC server hears this way. */
export const offenceCommitment = (
  reporter: string,
  [first, second]: readonly [string, string],
  salt: string,
): string =>
  keccak256(
    AbiCoder.defaultAbiCoder().encode(
      ["address", "bytes32", "bytes32", "bytes32"],
      [reporter, first, second, salt],
    ),
  );

/** A vector or a score report as Offences takes it: with the hash of its results in their place. */
export const withResultsHash = <T extends { readonly results: string }>({ results, ...rest }: T) => ({
  ...rest,
  resultsHash: keccak256(results),
});
