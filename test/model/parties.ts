/** Who takes part in a history, by number; Replay's `_party` has the same list. */
import { computeAddress, toBeHex } from "ethers";

import { ACCOUNTS } from "./setup.ts";

/** 0 to 5 are the accounts. */
export const PARTY = {
  slasherA: 6,
  slasherB: 7,
  guard: 8,
  owner: 9,
  stranger: 10,
  market: 11,
  validatorSet: 12,
  nobody: 13,
  treasury: 14,
  compensation: 15,
  burn: 16,
} as const;

const ACCOUNT_BASE = 0xacc0000000000000000n;
/** Addresses that may be a value of an error; the others are the test's own. */
const ADDRESSES: Record<number, bigint> = {
  [PARTY.slasherA]: 0x51a5_0001n,
  [PARTY.slasherB]: 0x51a5_0002n,
  [PARTY.guard]: 0x60a4dn,
  [PARTY.stranger]: 0x5742a6e4n,
};

export const addressOf = (party: number): bigint =>
  party < ACCOUNTS ? ACCOUNT_BASE + BigInt(party + 1) : (ADDRESSES[party] ?? 0n);

/** Operator key number i has the private key i. */
export const KEYS = Array.from({ length: ACCOUNTS }, (_, i) => BigInt(computeAddress(toBeHex(i + 1, 32))));
