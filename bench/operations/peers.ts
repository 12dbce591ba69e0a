/** Peers on a network of their own: votes, governors, and the multi-signature beside a report's signatures. */
import { AbiCoder, computeAddress, getBytes, id, keccak256, parseEther, SigningKey } from "ethers";

import type { PeerGovernor, PeerGovernorOverridable, PeerVotes } from "../../types/contracts/index.ts";
import type { BenchChain } from "../chain.ts";
import { SEATS, SIGNERS } from "../network.ts";
import type { Figures, Measured } from "../rows.ts";

const SUPPLY_WEI = parseEther("1000000");
const PART_WEI = parseEther("1000");

async function deployerOf(chain: BenchChain): Promise<string> {
  const [deployer] = await chain.connection.ethers.getSigners();
  if (deployer === undefined) throw new Error("the chain has no accounts");
  return deployer.address;
}

const accountOf = (name: string): string => computeAddress(id(`bench peer ${name}`));

/** Delegation and transfers of ERC20Votes: a holder who delegates to others by turns, then to itself. */
async function measureVotes(
  chain: BenchChain,
  token: Pick<PeerVotes, "delegate" | "transfer">,
): Promise<Measured[]> {
  const deployer = await deployerOf(chain);
  const holder = accountOf("holder");
  const other = accountOf("other");
  const validator = accountOf("validator");
  const second = accountOf("second validator");
  for (const to of [holder, other]) {
    await chain.send(deployer, token.transfer.populateTransaction(to, 10n * PART_WEI));
  }
  const delegate = async (from: string, to: string) =>
    await chain.gasOf(from, token.delegate.populateTransaction(to));
  // Both delegates have votes already when it moves on, so no checkpoint of theirs is the first.
  const cold = await delegate(holder, validator);
  await delegate(other, second);
  const warm = await delegate(holder, second);
  await delegate(holder, holder);
  await delegate(other, other);
  const transfer = async () => await chain.gasOf(holder, token.transfer.populateTransaction(other, PART_WEI));
  return [
    { cold, warm },
    { cold: await transfer(), warm: await transfer() },
  ];
}

/** Two delegates with a delegator each: they vote one after the other, then their delegators override them. */
async function measureGovernors(chain: BenchChain): Promise<Figures> {
  const { ethers } = chain.connection;
  const deployer = await deployerOf(chain);
  const token = await (await ethers.getContractFactory("PeerVotesExtended")).deploy(SUPPLY_WEI);
  const votes = await token.getAddress();
  const simple = await (await ethers.getContractFactory("PeerGovernor")).deploy(votes);
  const overridable = await (await ethers.getContractFactory("PeerGovernorOverridable")).deploy(votes);
  const holders = [accountOf("delegator 0"), accountOf("delegator 1")] as const;
  const delegates = [accountOf("delegate 0"), accountOf("delegate 1")] as const;
  for (const [index, holder] of holders.entries()) {
    await chain.send(deployer, token.transfer.populateTransaction(holder, PART_WEI));
    await chain.send(holder, token.delegate.populateTransaction(delegates[index] as string));
  }

  const actions: [string[], bigint[], string[]] = [[votes], [0n], ["0x"]];
  const propose = async (governor: PeerGovernor | PeerGovernorOverridable, text: string) =>
    await chain.gasOf(delegates[0], governor.propose.populateTransaction(...actions, text));
  const proposed = { cold: await propose(simple, "first"), warm: await propose(simple, "second") };
  await propose(overridable, "first");
  // Past the voting delay of one block, and the snapshot in the past.
  for (let block = 0; block < 2; block++) await chain.travelTo((await chain.now()) + 1);

  const proposalId = await simple.hashProposal(...actions, id("first"));
  const overridableId = await overridable.hashProposal(...actions, id("first"));
  const vote = async (voter: string) =>
    await chain.gasOf(voter, simple.castVote.populateTransaction(proposalId, 1));
  const voteByDelegate = async (voter: string) =>
    await chain.gasOf(voter, overridable.castVote.populateTransaction(overridableId, 1));
  const override = async (voter: string) =>
    await chain.gasOf(voter, overridable.castOverrideVote.populateTransaction(overridableId, 0, ""));
  return {
    propose: proposed,
    castVote: { cold: await vote(delegates[0]), warm: await vote(delegates[1]) },
    castVoteOverridable: {
      cold: await voteByDelegate(delegates[0]),
      warm: await voteByDelegate(delegates[1]),
    },
    castOverride: { cold: await override(holders[0]), warm: await override(holders[1]) },
  };
}

/** 43 of 64 ECDSA signatures with weights in storage, checked in a transaction. */
async function measureMultisig(chain: BenchChain): Promise<Measured> {
  const { ethers } = chain.connection;
  const deployer = await deployerOf(chain);
  const keys = Array.from({ length: SEATS }, (_, seat) => new SigningKey(id(`bench peer signer ${seat}`)));
  const multisig = await (
    await ethers.getContractFactory("PeerMultisig")
  ).deploy(
    keys.map((key) => computeAddress(key)),
    keys.map((_, seat) => 1_000 + seat),
    Math.floor((2 * keys.reduce((sum, _, seat) => sum + 1_000 + seat, 0)) / 3),
    { gasLimit: 16_000_000 },
  );
  const sorted = keys
    .slice(SEATS - SIGNERS)
    .map((key) => ({ key, address: computeAddress(key) }))
    .sort((a, b) => (keccak256(getBytes(a.address)) < keccak256(getBytes(b.address)) ? -1 : 1));
  const check = async (digest: string) =>
    await chain.gasOf(
      deployer,
      multisig.check.populateTransaction(
        digest,
        AbiCoder.defaultAbiCoder().encode(
          ["bytes[]", "bytes[]"],
          [sorted.map(({ address }) => address), sorted.map(({ key }) => key.sign(digest).serialized)],
        ),
      ),
    );
  return { cold: await check(id("a report")), warm: await check(id("another report")) };
}

export async function measurePeers(chain: BenchChain): Promise<Figures> {
  const { ethers } = chain.connection;
  const plain = await (await ethers.getContractFactory("PeerVotes")).deploy(SUPPLY_WEI);
  const extended = await (await ethers.getContractFactory("PeerVotesExtended")).deploy(SUPPLY_WEI);
  const [delegate, transferVotes] = await measureVotes(chain, plain);
  const [delegateExtended] = await measureVotes(chain, extended);
  if (delegate === undefined || transferVotes === undefined || delegateExtended === undefined) {
    throw new Error("a peer was not measured");
  }
  return {
    delegate,
    transferVotes,
    delegateExtended,
    multisig: await measureMultisig(chain),
    ...(await measureGovernors(chain)),
  };
}
