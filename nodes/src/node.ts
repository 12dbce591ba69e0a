/** What a worker and an oracle node have in common: options, and a connection that is checked before anything is opened. */
import type { Logger } from "pino";

import { connect, explainChainError, MasaError, RIGHTS, ROLES } from "#sdk";
import type { Connection, MasaContracts, Right, Role } from "#sdk";

export interface NodeOptions {
  readonly rpcUrl: string;
  readonly manifestPath: string;
  /** Of the node's account, or of an operator key with the rights that its role needs. */
  readonly privateKey: string;
  readonly statePath: string;
  readonly host: string;
  readonly port: number;
  readonly allowPrivateHosts: boolean;
  readonly pollMs: number;
  readonly log: Logger;
}

export interface NodeIdentity {
  readonly connection: Connection;
  readonly account: string;
  /** Deployment and account: what a state file is bound to. */
  readonly identity: string;
}

/** What an operator key needs for each role, so that the staking key need not be online. */
const NEEDED = {
  none: [],
  validator: ["sign"],
  worker: ["commit"],
  oracle: ["ask", "serve"],
} as const satisfies Record<Role, readonly Right[]>;

/** The account of `role` that `key` acts for: itself, or who lent it the rights. Throws MASA-403 where there is none. */
async function accountOf({ registry }: MasaContracts, key: string, role: Role): Promise<string> {
  if (ROLES[Number(await registry.roleOf(key))] === role) return key;
  const { account, rights } = await registry.operatorOf(key);
  if (ROLES[Number(await registry.roleOf(account))] !== role) {
    throw new MasaError("MASA-403", `${key} is not registered as ${role}, nor is it the operator of one`);
  }
  const missing = NEEDED[role].filter((right) => (rights & BigInt(RIGHTS[right])) === 0n);
  if (missing.length > 0) {
    throw new MasaError(
      "MASA-403",
      `${key} is an operator of ${account} without the right to ${missing.join(" and ")}`,
    );
  }
  return account;
}

/**
 * Connects for a registered node of `role`, with its own key or an operator's, and hands the connection to `open`; closes it again if that fails. Throws
 * numbered errors for anything that is not in order.
 */
export async function openNode<T>(
  options: NodeOptions,
  role: Role,
  open: (node: NodeIdentity) => Promise<T>,
): Promise<T> {
  const connection = await connect(options);
  try {
    const key = connection.wallet?.address;
    if (key === undefined) throw new MasaError("MASA-104");
    const account = await accountOf(connection.contracts, key, role);
    const { chainId, contracts } = connection.manifest;
    return await open({ connection, account, identity: `${chainId}:${contracts.escrow}:${account}` });
  } catch (error) {
    connection.close();
    throw explainChainError(error);
  }
}
