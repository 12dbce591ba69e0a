/** EIP-712 typed data of ScoreConsensus: its domain, and signatures in their one canonical form. */
import { recoverAddress, TypedDataEncoder } from "ethers";
import type { Signer, TypedDataDomain, TypedDataField } from "ethers";

import type { Manifest } from "./manifest.ts";

/** What binds a signature to a deployment: enough of a manifest. */
export interface ConsensusDomain {
  readonly chainId: number;
  readonly contracts: Pick<Manifest["contracts"], "consensus">;
}

/** EIP-712 domain of ScoreConsensus: bound to the chain and to the deployed contract. */
export const consensusDomain = (manifest: ConsensusDomain): TypedDataDomain => ({
  name: "Masa Score Consensus",
  version: "1",
  chainId: manifest.chainId,
  verifyingContract: manifest.contracts.consensus,
});

/** One kind of message: its name and fields, and how it is made of what the SDK calls it. */
export interface MessageKind<T> {
  readonly types: Record<string, TypedDataField[]>;
  readonly message: (value: T) => Record<string, unknown>;
}

/** A kind of message from the members of its struct, in their order. */
export function messageKind<T>(
  name: string,
  members: readonly (readonly [type: string, name: string])[],
  message: (value: T) => Record<string, unknown>,
): MessageKind<T> {
  return { types: { [name]: members.map(([type, member]) => ({ name: member, type })) }, message };
}

export const digestOf = <T>(kind: MessageKind<T>, manifest: ConsensusDomain, value: T): string =>
  TypedDataEncoder.hash(consensusDomain(manifest), kind.types, kind.message(value));

export const signMessage = <T>(
  kind: MessageKind<T>,
  signer: Signer,
  manifest: ConsensusDomain,
  value: T,
): Promise<string> => signer.signTypedData(consensusDomain(manifest), kind.types, kind.message(value));

/** Half of the order of secp256k1: a canonical signature has its s at or below. */
const HALF_ORDER = 0x7fffffff_ffffffff_ffffffff_ffffffff_5d576e73_57a4501d_dfe92f46_681b20a0n;

/** Signatures checked before, with what came of it: a round's are met again at each of its steps. */
const checked = new Map<string, boolean>();
const MOST_CHECKED = 8_192;

function recovers(digest: string, signature: string, signer: string): boolean {
  if (!/^0x[0-9a-f]{128}1[bc]$/.test(signature)) return false;
  if (BigInt(`0x${signature.slice(66, 130)}`) > HALF_ORDER) return false;
  try {
    return recoverAddress(digest, signature) === signer;
  } catch {
    return false;
  }
}

/**
 * Whether `signature` is one of `signer` on `digest`, in the form that ScoreConsensus takes: 65 bytes in lower-case hex, s
 * in the lower half, v of 27 or 28. What cannot be parsed is no signature.
 */
export function isSignedBy(digest: string, signature: string, signer: string): boolean {
  const key = `${digest}${signer}${signature}`;
  const known = checked.get(key);
  if (known !== undefined) return known;
  const holds = recovers(digest, signature, signer);
  if (checked.size >= MOST_CHECKED) checked.delete(checked.keys().next().value as string);
  checked.set(key, holds);
  return holds;
}
