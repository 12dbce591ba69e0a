/** The table behind a reward root as keepers keep it, serve it and take it from each other. */
import { getAddress, getBytes, hexlify, toBeHex, ZeroHash } from "ethers";

import { MasaError } from "./errors.ts";
import { EMPTY_TABLE } from "./rewards.ts";
import type { Balances, RewardTable } from "./rewards.ts";
import { isRewardProof, RewardTree } from "./rewardTree.ts";
import type { RewardProof } from "./rewardTree.ts";

/** What the chain says of an accepted root; root 0 with totals of 0: none was ever accepted. */
export interface AcceptedRoot {
  readonly root: string;
  /** Of the report that carried it. */
  readonly epoch: number;
  readonly validatorTotal: bigint;
  readonly workerTotal: bigint;
}

/** Most accounts of a table, one's own included: beyond it no root could be passed on, and keepers post no new one. */
export const MAX_REWARDED = 400_000;
const ENTRY = 32;

const malformed = (message: string): MasaError => new MasaError("MASA-505", `reward table: ${message}`);

/** Account (20 bytes) · cumulative wei (12 bytes), ascending by account, nobody with 0. Throws MASA-505. */
export function encodeBalances(balances: Balances): string {
  if (balances.size > MAX_REWARDED) throw malformed(`${balances.size} accounts, at most ${MAX_REWARDED}`);
  let previous = -1n;
  const parts = [...balances].map(([account, cumulative]) => {
    if (BigInt(account) <= previous) throw malformed("accounts do not ascend");
    previous = BigInt(account);
    if (cumulative <= 0n || cumulative >= 1n << 96n) throw malformed(`${account} has ${cumulative} wei`);
    return account.slice(2).toLowerCase() + toBeHex(cumulative, 12).slice(2);
  });
  return `0x${parts.join("")}`;
}

/** Throws MASA-505 for everything that {@link encodeBalances} does not produce. */
export function decodeBalances(encoded: string): Balances {
  if (!/^0x[0-9a-f]*$/.test(encoded) || (encoded.length - 2) % (2 * ENTRY) !== 0)
    throw malformed("not a list of entries in lower-case hex");
  const bytes = getBytes(encoded);
  const balances = new Map<string, bigint>();
  for (let at = 0; at < bytes.length; at += ENTRY) {
    const account = getAddress(hexlify(bytes.subarray(at, at + 20)));
    balances.set(account, BigInt(hexlify(bytes.subarray(at + 20, at + ENTRY))));
  }
  if (balances.size * ENTRY !== bytes.length) throw malformed("an account appears twice");
  encodeBalances(balances);
  return balances;
}

/**
 * The table of an accepted root. Throws MASA-505 unless its tree has that root and it sums to the root's totals: a table
 * may come from anybody.
 */
export function tableOfRoot(accepted: AcceptedRoot, balances: Balances): RewardTable {
  const { root, validatorTotal, workerTotal } = accepted;
  if (root === ZeroHash) {
    if (balances.size !== 0) throw malformed("no root was accepted yet");
    return EMPTY_TABLE;
  }
  if (balances.size === 0 || new RewardTree(balances).root !== root)
    throw malformed(`it does not lead to ${root}`);
  const sum = [...balances.values()].reduce((total, amount) => total + amount, 0n);
  if (sum !== validatorTotal + workerTotal)
    throw malformed(`its balances sum to ${sum} wei, the root gives ${validatorTotal + workerTotal}`);
  return { balances, validatorTotal, workerTotal };
}

/** Throws MASA-505 unless the proof is of the account and leads to the root. */
export function requireProof(root: string, account: string, proof: RewardProof): RewardProof {
  if (proof.account !== getAddress(account) || !isRewardProof(root, proof))
    throw malformed(`what was given for ${account} does not lead to ${root}`);
  return proof;
}
