/** Votes from stake: what a delegate adds to a change of stake, delegation of the residual, edges. */
import { parseEther } from "ethers";

import type { BenchNetwork } from "../network.ts";
import type { Figures } from "../rows.ts";

const STAKE_WEI = parseEther("5000");
const PART_WEI = parseEther("100");
const SLASH_WEI = parseEther("7");
/** Most that an account may have. */
const EDGES = 8;

/** Nodes, two of which hold votes of others already, as a delegate in use does. */
async function prepareDelegates(network: BenchNetwork): Promise<string[]> {
  const { chain, contracts } = network;
  const nodes = await network.register("worker", 0, EDGES);
  for (const [index, delegate] of nodes.slice(0, 2).entries()) {
    const follower = network.account("follower", index);
    await network.stake(follower, STAKE_WEI);
    await chain.send(follower, contracts.votes.delegate.populateTransaction(delegate));
  }
  return nodes;
}

/** Stake, unbonding and slashes of an account that follows `delegate`. */
async function measureFollowing(network: BenchNetwork, delegate: string): Promise<Figures> {
  const { chain, contracts, manifest } = network;
  const { vault, votes } = contracts;
  const { escrow, masa } = manifest.contracts;
  const account = network.account("voter", 0);
  const stake = async () =>
    await chain.gasInNextSecond(account, vault.stake.populateTransaction(masa, STAKE_WEI));
  const unbond = async () =>
    await chain.gasInNextSecond(account, vault.startUnbonding.populateTransaction(masa, PART_WEI));
  const apply = async () => {
    await chain.send(escrow, vault.slash.populateTransaction(account, 0n, SLASH_WEI));
    return await chain.gasInNextSecond(manifest.deployer, vault.applySlash.populateTransaction(account));
  };
  await network.fund(account, 3n * STAKE_WEI, manifest.contracts.vault);
  await chain.send(account, votes.delegate.populateTransaction(delegate));
  return {
    stakeDelegated: { cold: await stake(), warm: await stake() },
    startUnbondingDelegated: { cold: await unbond(), warm: await unbond() },
    applyDelegated: { cold: await apply(), warm: await apply() },
  };
}

/** The residual follows one delegate, then another; an edge is set, then grows. */
async function measureDelegation(network: BenchNetwork, first: string, second: string): Promise<Figures> {
  const { chain, contracts } = network;
  const { votes } = contracts;
  const [whole, split] = [network.account("delegator", 0), network.account("delegator", 1)];
  for (const account of [whole, split]) await network.stake(account, STAKE_WEI);
  const delegate = async (to: string) =>
    await chain.gasInNextSecond(whole, votes.delegate.populateTransaction(to));
  const setEdge = async (to: string, unitsWei: bigint) =>
    await chain.gasInNextSecond(split, votes.delegateUnits.populateTransaction(to, unitsWei));
  return {
    delegateResidual: { cold: await delegate(first), warm: await delegate(second) },
    newEdge: { cold: await setEdge(first, PART_WEI), warm: await setEdge(second, PART_WEI) },
    changedEdge: { cold: await setEdge(first, 2n * PART_WEI), warm: await setEdge(first, 3n * PART_WEI) },
  };
}

/** A slash of an account that has delegated all of its stake in eight parts. */
async function measureEightEdges(network: BenchNetwork, nodes: readonly string[]): Promise<Figures> {
  const { chain, contracts, manifest } = network;
  const { vault, votes } = contracts;
  const account = network.account("delegator", 2);
  const stakedWei = BigInt(EDGES) * PART_WEI;
  await network.stake(account, stakedWei);
  for (const node of nodes)
    await chain.send(account, votes.delegateUnits.populateTransaction(node, PART_WEI));
  await chain.send(manifest.contracts.escrow, vault.slash.populateTransaction(account, 0n, stakedWei));
  const gas = await chain.gasInNextSecond(manifest.deployer, vault.applySlash.populateTransaction(account));
  if ((await votes.edgesOf(account)).length !== 0) throw new Error("edges are left");
  return { applyEightEdges: { cold: gas, warm: null } };
}

export async function measureVotesFromStake(network: BenchNetwork): Promise<Figures> {
  return await network.chain.inBranch(async () => {
    const nodes = await prepareDelegates(network);
    const [first = "", second = ""] = nodes;
    return {
      ...(await measureFollowing(network, first)),
      ...(await measureDelegation(network, first, second)),
      ...(await measureEightEdges(network, nodes)),
    };
  });
}
