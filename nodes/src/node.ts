/** What a worker and an oracle node have in common: options, and a connection that is checked before anything is opened. */
import type { Logger } from "pino";

import { connect, explainChainError, MasaError, ROLES } from "#sdk";
import type { Connection, Role } from "#sdk";

export interface NodeOptions {
  readonly rpcUrl: string;
  readonly manifestPath: string;
  /** Of the node's account. */
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

/**
 * Connects as a registered node of `role` and hands the connection to `open`; closes it again if that fails. Throws
 * numbered errors for anything that is not in order.
 */
export async function openNode<T>(
  options: NodeOptions,
  role: Role,
  open: (node: NodeIdentity) => Promise<T>,
): Promise<T> {
  const connection = await connect(options);
  try {
    const account = connection.wallet?.address;
    if (account === undefined) throw new MasaError("MASA-104");
    const found = await connection.contracts.registry.roleOf(account);
    if (ROLES[Number(found)] !== role)
      throw new MasaError("MASA-403", `${account} is not registered as ${role}`);
    const { chainId, contracts } = connection.manifest;
    return await open({ connection, account, identity: `${chainId}:${contracts.escrow}:${account}` });
  } catch (error) {
    connection.close();
    throw explainChainError(error);
  }
}
