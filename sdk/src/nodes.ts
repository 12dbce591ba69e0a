/** What the registry says of other nodes: where they are, and for whom a key acts. */
import { ZeroAddress } from "ethers";

import type { MasaContracts } from "./contracts.ts";
import { RIGHTS } from "./operators.ts";
import type { Right } from "./operators.ts";
import { endpointOf } from "./payloads.ts";

/** Names of NodeRole, in the order of the contract's enum. */
export const ROLES = ["none", "validator", "worker", "oracle"] as const;
export type Role = (typeof ROLES)[number];

/** Where a node that is or was registered answers; null where it publishes no endpoint that can be used. */
export const readEndpoint = async (contracts: MasaContracts, account: string): Promise<string | null> =>
  endpointOf(await contracts.registry.metadataOf(account));

/**
 * The account that `key` acts for with `right`: itself if it is a node, else the account that lent it the right; null if
 * there is none. As NodeRegistry.authorised, which reverts instead.
 */
export async function actsFor(contracts: MasaContracts, key: string, right: Right): Promise<string | null> {
  const { registry } = contracts;
  const [role, operator] = await Promise.all([registry.roleOf(key), registry.operatorOf(key)]);
  if (role !== 0n) return key;
  if ((operator.rights & BigInt(RIGHTS[right])) === 0n) return null;
  return operator.account === ZeroAddress ? null : operator.account;
}

/** The account that `key` signs reports for; null if there is none. */
export async function signsFor(contracts: MasaContracts, key: string): Promise<string | null> {
  const account = await contracts.registry.accountOf(key);
  if (account === ZeroAddress) return null;
  return (await contracts.registry.signingKeyOf(account)) === key ? account : null;
}
