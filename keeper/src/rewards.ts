/** What an epoch report says of rewards (EQ-26, decision D17). */
import { ZeroHash } from "ethers";

import type { EpochRewards } from "#sdk";

import type { KeeperRuntime } from "./runtime.ts";

/**
 * No new root, and the totals of the last one: nobody earns and nobody loses what it has. What the epoch releases waits
 * in the distributor's pots for the first root (docs/roadmap.md).
 */
export async function rewardsFor(runtime: KeeperRuntime): Promise<EpochRewards> {
  const [validatorTotal, workerTotal] = await runtime.connection.contracts.distributor.lastTotals();
  return { rewardRoot: ZeroHash, validatorTotal, workerTotal };
}
