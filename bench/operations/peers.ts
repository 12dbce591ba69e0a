/** Peers without a counterpart here yet (votes, governance), and the multi-signature beside a report's signatures. */
import { AbiCoder, computeAddress, getBytes, id, keccak256, parseEther, SigningKey } from "ethers";

import type { PeerVotes } from "../../types/contracts/index.ts";
import type { BenchChain } from "../chain.ts";
import { SEATS, SIGNERS } from "../network.ts";
import type { Figures, Measured } from "../rows.ts";

const SUPPLY_WEI = parseEther("1000000");
const PART_WEI = parseEther("1000");

const accountOf = (name: string): string => computeAddress(id(`bench peer ${name}`));

/** Delegation and transfers of ERC20Votes: a holder who delegates to others by turns, then to itself. */
async function measureVotes(
  chain: BenchChain,
  token: Pick<PeerVotes, "delegate" | "transfer">,
): Promise<Measured[]> {
  const { ethers } = chain.connection;
  const [deployer] = await ethers.getSigners();
  if (deployer === undefined) throw new Error("the chain has no accounts");
  const [holder, other, validator, second] = ["holder", "other", "validator", "second"].map(accountOf) as [
    string,
    string,
    string,
    string,
  ];
  for (const to of [holder, other]) {
    await chain.send(deployer.address, token.transfer.populateTransaction(to, 10n * PART_WEI));
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

async function measureGovernors(chain: BenchChain): Promise<Figures> {
  const { ethers } = chain.connection;
  const [deployer] = await ethers.getSigners();
  if (deployer === undefined) throw new Error("the chain has no accounts");
  const token = await (await ethers.getContractFactory("PeerVotesExtended")).deploy(SUPPLY_WEI);
  const simple = await (await ethers.getContractFactory("PeerGovernor")).deploy(await token.getAddress());
  const overridable = await (
    await ethers.getContractFactory("PeerGovernorOverridable")
  ).deploy(await token.getAddress());
  const holders = [accountOf("delegator"), accountOf("another delegator")];
  const delegate = accountOf("delegate");
  for (const holder of holders) {
    await chain.send(deployer.address, token.transfer.populateTransaction(holder, PART_WEI));
    await chain.send(holder, token.delegate.populateTransaction(delegate));
  }
  const description = "Raise the threshold of quality";
  const proposal = [[await token.getAddress()], [0n], ["0x"]] as [string[], bigint[], string[]];

  const proposals: bigint[] = [];
  const proposed: number[] = [];
  const votes: number[] = [];
  const delegateVotes: number[] = [];
  const overrides: number[] = [];
  for (const [index, holder] of holders.entries()) {
    const text = `${description}, ${index}`;
    const proposalId = await simple.hashProposal(...proposal, id(text));
    proposals.push(proposalId);
    proposed.push(await chain.gasOf(delegate, simple.propose.populateTransaction(...proposal, text)));
    if (index === 0) await chain.send(delegate, overridable.propose.populateTransaction(...proposal, text));
    // Past the voting delay of one block, and the snapshot in the past.
    for (let block = 0; block < 2; block++) await chain.travelTo((await chain.now()) + 1);
    votes.push(await chain.gasOf(delegate, simple.castVote.populateTransaction(proposalId, 1)));
    const first = proposals[0] as bigint;
    if (index === 0) {
      delegateVotes.push(await chain.gasOf(delegate, overridable.castVote.populateTransaction(first, 1)));
    }
    overrides.push(await chain.gasOf(holder, overridable.castOverrideVote.populateTransaction(first, 0, "")));
  }
  const pair = ([cold, warm]: number[]): Measured => ({ cold: cold ?? null, warm: warm ?? null });
  return {
    propose: pair(proposed),
    castVote: pair(votes),
    castVoteOverridable: pair(delegateVotes),
    castOverride: pair(overrides),
  };
}

/** 43 of 64 ECDSA signatures with weights in storage, checked in a transaction. */
async function measureMultisig(chain: BenchChain): Promise<Measured> {
  const { ethers } = chain.connection;
  const [deployer] = await ethers.getSigners();
  if (deployer === undefined) throw new Error("the chain has no accounts");
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
      deployer.address,
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
