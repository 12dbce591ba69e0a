/**
 * Operator keys (decision D20): what an account may lend to a key, and the key's proof that it is held by whom the
 * account means. The mirror of NodeRegistry.operatorDigest.
 */
import { TypedDataEncoder } from "ethers";
import type { Signer, TypedDataDomain } from "ethers";

import type { MasaContracts } from "./contracts.ts";
import type { Manifest } from "./manifest.ts";

/** Bits of NodeRegistry's RIGHT_…, by the names that people use. */
export const RIGHTS = {
  /** Signs reports and score vectors; one key of an account at a time. */
  sign: 1,
  /** Serves and fetches payloads. */
  serve: 2,
  /** Commits to answers. */
  commit: 4,
  /** Submits and cancels requests from the account's credit. */
  ask: 8,
  /** Joins and leaves the waitlist and the seat, checks in. */
  seat: 16,
} as const;
export type Right = keyof typeof RIGHTS;
export const RIGHT_NAMES = Object.keys(RIGHTS) as readonly Right[];

/** The bits of a list of rights. */
export const rightsMask = (rights: readonly Right[]): number =>
  rights.reduce((bits, right) => bits | RIGHTS[right], 0);

/** The rights of a bitmap, in the order of RIGHTS. */
export const rightsOf = (bits: bigint | number): Right[] =>
  RIGHT_NAMES.filter((right) => (BigInt(bits) & BigInt(RIGHTS[right])) !== 0n);

const TYPES = {
  Operator: [
    { name: "account", type: "address" },
    { name: "key", type: "address" },
    { name: "rights", type: "uint16" },
    { name: "nonce", type: "uint32" },
  ],
};

/** What a key signs: `nonce` is that of `operatorOf(key)`. */
export interface OperatorMessage {
  readonly account: string;
  readonly key: string;
  readonly rights: number;
  readonly nonce: bigint;
}

/** As NodeRegistry's `OperatorGrant`. */
export interface OperatorGrant {
  readonly key: string;
  readonly rights: number;
  readonly proof: string;
}

/** EIP-712 domain of NodeRegistry: bound to the chain and to the deployed contract. */
const registryDomain = (manifest: Manifest): TypedDataDomain => ({
  name: "Masa Node Registry",
  version: "1",
  chainId: manifest.chainId,
  verifyingContract: manifest.contracts.registry,
});

/** What NodeRegistry.operatorDigest computes on chain. */
export const operatorDigest = (manifest: Manifest, message: OperatorMessage): string =>
  TypedDataEncoder.hash(registryDomain(manifest), TYPES, message);

/** The proof of possession of `key`, which signs it, for one grant by `account`. */
export async function signOperatorProof(
  key: Signer,
  manifest: Manifest,
  grant: Omit<OperatorMessage, "key">,
): Promise<string> {
  return key.signTypedData(registryDomain(manifest), TYPES, { ...grant, key: await key.getAddress() });
}

/** A grant of `rights` by `account` to `key`, with the proof that the registry asks for now. */
export async function makeOperatorGrant(
  contracts: MasaContracts,
  manifest: Manifest,
  key: Signer,
  account: string,
  rights: readonly Right[],
): Promise<OperatorGrant> {
  const address = await key.getAddress();
  const { nonce } = await contracts.registry.operatorOf(address);
  const bits = rightsMask(rights);
  const proof = await signOperatorProof(key, manifest, { account, rights: bits, nonce });
  return { key: address, rights: bits, proof };
}
