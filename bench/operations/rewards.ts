/** Claiming a reward, with a proof of 20 nodes: a tree of a million accounts. */
import { concat, id, keccak256, parseEther } from "ethers";

import { isRewardProof, rewardLeaf } from "#sdk";
import type { RewardProof } from "#sdk";

import type { BenchNetwork } from "../network.ts";
import type { Figures } from "../rows.ts";

const DEPTH = 20;
const REWARD_WEI = parseEther("3");

/** A root over the account's cumulative reward and 20 subtrees of which nothing but their hashes is known. */
function treeOf(account: string, cumulative: bigint): { root: string; claim: RewardProof } {
  const proof = Array.from({ length: DEPTH }, (_, level) => id(`a subtree at level ${level}`));
  const root = proof.reduce(
    (node, sibling) => keccak256(concat(node < sibling ? [node, sibling] : [sibling, node])),
    rewardLeaf(account, cumulative),
  );
  const claim = { account, cumulative, proof };
  if (!isRewardProof(root, claim)) throw new Error("the tree of the bench is none of the protocol's");
  return { root, claim };
}

/** Needs a running epoch `epoch` that was rolled into; the first claim and, under a later root, a second one. */
export async function measureClaims(network: BenchNetwork, epoch: number): Promise<Figures> {
  const { chain, contracts, manifest } = network;
  const { distributor } = contracts;
  const account = network.account("claimant", 0);
  return await chain.inBranch(async () => {
    await network.fund(manifest.deployer, 2n * REWARD_WEI, manifest.contracts.distributor);
    await chain.send(manifest.deployer, distributor.fundWorkers.populateTransaction(2n * REWARD_WEI));
    const claimUnder = async (reported: number, cumulative: bigint): Promise<number> => {
      await network.enterEpoch(reported + 1);
      await network.roll();
      const { root, claim } = treeOf(account, cumulative);
      await network.postEpochReport(reported, { root, workersWei: REWARD_WEI });
      await chain.travelTo((await chain.now()) + Number(await distributor.activationDelay()));
      return await chain.gasOf(
        account,
        distributor.claim.populateTransaction(account, claim.cumulative, [...claim.proof]),
      );
    };
    const cold = await claimUnder(epoch, REWARD_WEI);
    const next = Number(await contracts.clock.currentEpoch()) + 1;
    await network.enterEpoch(next);
    await network.roll();
    return { claim: { cold, warm: await claimUnder(next, 2n * REWARD_WEI) } };
  });
}
