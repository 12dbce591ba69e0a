/** Proposals and votes of the governor: proposing, delegates' votes, owners' overrides, and what follows a vote. */
import { id, parseEther } from "ethers";

import { SUPPORT } from "#sdk";

import type { BenchNetwork } from "../network.ts";
import type { Figures } from "../rows.ts";

const STAKE_WEI = parseEther("200000");
/** Of the proposer, whose vote carries the proposal. */
const WHALE_WEI = parseEther("2000000");
const PART_WEI = parseEther("1000");
const TEXT = "# Renew the guardian\nFor half a year.\n## Rationale\nIts term ends.\n";
const { against: AGAINST, for: FOR } = SUPPORT;

type Call = [string[], bigint[], string[]];

/** Two delegates with a follower and an edge each, and one proposer. */
async function prepareVoters(network: BenchNetwork) {
  const { chain, contracts } = network;
  const delegates = await network.register("worker", 0, 2);
  const followers = [network.account("follower", 0), network.account("follower", 1)];
  const splitters = [network.account("splitter", 0), network.account("splitter", 1)];
  for (const [index, delegate] of delegates.entries()) {
    const [follower, splitter] = [followers[index] as string, splitters[index] as string];
    for (const account of [follower, splitter]) await network.stake(account, STAKE_WEI);
    await chain.send(follower, contracts.votes.delegate.populateTransaction(delegate));
    await chain.send(splitter, contracts.votes.delegateUnits.populateTransaction(delegate, PART_WEI));
  }
  const proposer = network.account("proposer", 0);
  await network.stake(proposer, WHALE_WEI);
  return { delegates, followers, splitters, proposer };
}

/** The call that all proposals here make. */
async function lendCall(network: BenchNetwork): Promise<Call> {
  const { guardian } = network.contracts;
  const { data } = await guardian.lend.populateTransaction(0, network.account("guard", 0), 15_552_000);
  return [[network.manifest.contracts.guardian], [0n], [data]];
}

/** Votes of both delegates, then overrides of their followers and splitters; the first of each is the cold one. */
async function measureVoting(
  network: BenchNetwork,
  proposalId: bigint,
  { delegates, followers, splitters }: Awaited<ReturnType<typeof prepareVoters>>,
): Promise<Figures> {
  const { chain, contracts } = network;
  const { governor } = contracts;
  const vote = async (voter = "") =>
    await chain.gasOf(voter, governor.castVote.populateTransaction(proposalId, FOR));
  const override = async (voter = "") =>
    await chain.gasOf(voter, governor.castOverrideVote.populateTransaction(proposalId, AGAINST, ""));
  const overrideEdge = async (voter = "", delegate = "") =>
    await chain.gasOf(
      voter,
      governor.castOverrideVoteOn.populateTransaction(proposalId, AGAINST, false, [delegate], ""),
    );
  return {
    vote: { cold: await vote(delegates[0]), warm: await vote(delegates[1]) },
    override: { cold: await override(followers[0]), warm: await override(followers[1]) },
    overrideEdge: {
      cold: await overrideEdge(splitters[0], delegates[0]),
      warm: await overrideEdge(splitters[1], delegates[1]),
    },
  };
}

export async function measureGovernance(network: BenchNetwork): Promise<Figures> {
  const { chain, contracts, manifest } = network;
  const { governor } = contracts;
  return await chain.inBranch(async () => {
    const voters = await prepareVoters(network);
    const call = await lendCall(network);
    const propose = async (text: string) =>
      await chain.gasInNextSecond(voters.proposer, governor.propose.populateTransaction(...call, text));
    const proposed = { cold: await propose(TEXT), warm: await propose(`${TEXT}\n`) };
    const proposalId = await governor.hashProposal(...call, id(TEXT));
    await chain.travelTo(Number(await governor.proposalSnapshot(proposalId)) + 1);
    const voting = await measureVoting(network, proposalId, voters);
    await chain.send(voters.proposer, governor.castVote.populateTransaction(proposalId, FOR));
    const figures: Figures = { proposeOwn: proposed, ...voting };
    await chain.travelTo(Number(await governor.proposalDeadline(proposalId)) + 1);
    const queue = governor.queue.populateTransaction(...call, id(TEXT));
    figures.queue = { cold: await chain.gasOf(manifest.deployer, queue), warm: null };
    await chain.travelTo(Number(await governor.proposalEta(proposalId)));
    const execute = governor.execute.populateTransaction(...call, id(TEXT));
    figures.execute = { cold: await chain.gasOf(manifest.deployer, execute), warm: null };
    return figures;
  });
}
