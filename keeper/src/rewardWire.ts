/** Reward tables, proofs and archives of epoch reports as keepers serve them, and facts as a keeper keeps them. */
import { z } from "zod";

import { decodeBalances, encodeBalances, MAX_REWARDED, MAX_SEATS } from "#sdk";
import type {
  AvailabilityVector,
  Balances,
  EpochReport,
  FrozenSeats,
  RewardFacts,
  RewardProof,
  SeatSignature,
} from "#sdk";

import { address, availability, bytes32, decimal, decode, encode, epochReport, published } from "./wire.ts";

/** Bytes of a served table: a line of 32 bytes in hex for each account. */
export const MAX_TABLE_BYTES = 64 * MAX_REWARDED + 1_024;
/** Bytes of a served proof: trees are far less than 64 deep. */
export const MAX_PROOF_BYTES = 8 * 1024;

/** GET /rewards/ROOT. */
const table = z.strictObject({
  root: bytes32,
  balances: z
    .string()
    .max(MAX_TABLE_BYTES)
    .transform((text) => decodeBalances(text)),
});
/** GET /rewards/ROOT/ACCOUNT. */
const proof = z.strictObject({
  root: bytes32,
  account: address,
  cumulative: decimal(29),
  proof: z.array(bytes32).max(64),
});
const facts = z.strictObject({
  epoch: z.int().min(0),
  blockNumber: z.int().min(0),
  blockHash: bytes32,
  validatorPot: decimal(39),
  workerPot: decimal(39),
  lastRoot: z.strictObject({
    root: bytes32,
    epoch: z.int().min(0),
    validatorTotal: decimal(39),
    workerTotal: decimal(39),
  }),
  weights: z.tuple([decimal(19), decimal(19), decimal(19)]),
  owners: z.array(address),
  workers: z.array(
    z.strictObject({
      account: address,
      stakeUnits: decimal(78),
      requirement: decimal(78),
      settledWork: decimal(78),
    }),
  ),
});
/** GET /archive/DIGEST of an epoch report. */
const epochArchive = z.strictObject({
  ...published,
  report: epochReport,
  rounds: z.array(bytes32).max(10_000),
  availability: z.array(availability).max(MAX_SEATS),
});

/** What a keeper serves of a final epoch report: its rounds by their digests, each of which has an archive of its own. */
export interface EpochArchive {
  readonly chainId: number;
  readonly consensus: string;
  readonly digest: string;
  readonly frozen: FrozenSeats;
  readonly signatures: readonly SeatSignature[];
  readonly report: EpochReport;
  readonly rounds: readonly string[];
  readonly availability: readonly AvailabilityVector[];
}

export const encodeTable = (root: string, balances: Balances): string =>
  JSON.stringify({ root, balances: encodeBalances(balances) });
export const decodeTable = (text: string): { root: string; balances: Balances } =>
  decode(table, text, "reward table");
export const encodeProof = (root: string, given: RewardProof): string => encode({ root, ...given });
export const decodeProof = (text: string): RewardProof & { root: string } =>
  decode(proof, text, "reward proof");
export const encodeFacts = (given: RewardFacts): string => encode(given);
export const decodeFacts = (text: string): RewardFacts => decode(facts, text, "reward facts");
export const decodeEpochArchive = (text: string): EpochArchive =>
  decode(epochArchive, text, "archive of an epoch report");
