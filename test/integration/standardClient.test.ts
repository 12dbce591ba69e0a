/**
 * A client that knows nothing of this protocol but OpenZeppelin's published ABIs of IGovernor and IVotes, as wallets and
 * governance sites do, drives a whole vote: delegation, proposal, votes, queue, execution.
 */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

import { assert } from "chai";
import { Contract, id, Signature } from "ethers";
import type { InterfaceAbi, Signer } from "ethers";

import { connectContracts } from "../../sdk/src/contracts.ts";
import { freshChain, localParameters, removeTemporaryFolders } from "./deployment.ts";

const MASA = 10n ** 18n;
const STAKE = 3_000_000n * MASA;
const require = createRequire(import.meta.url);

const publishedAbi = (name: string): InterfaceAbi =>
  (
    JSON.parse(
      readFileSync(require.resolve(`@openzeppelin/contracts/build/contracts/${name}.json`), "utf8"),
    ) as {
      abi: InterfaceAbi;
    }
  ).abi;

/** Enum of IGovernor. */
const STATE = { pending: 0n, active: 1n, succeeded: 4n, queued: 5n, executed: 7n };

describe("a standard client", () => {
  after(removeTemporaryFolders);

  async function start() {
    const { run, ethers } = await freshChain();
    const [deployer, ann, ben, carl] = await ethers.getSigners();
    if (!deployer || !ann || !ben || !carl) throw new Error("the chain has too few accounts");
    const { manifest } = await run(localParameters());
    const contracts = connectContracts(manifest, deployer);
    const { masa, vault } = contracts;
    for (const account of [ann, ben, carl]) {
      await (await masa.transfer(account.address, STAKE)).wait();
      await (await masa.connect(account).approve(manifest.contracts.vault, STAKE)).wait();
      await (await vault.connect(account).stake(manifest.contracts.masa, STAKE)).wait();
    }
    const governorBy = (signer: Signer): Contract =>
      new Contract(manifest.contracts.governor, publishedAbi("IGovernor"), signer);
    const votesBy = (signer: Signer): Contract =>
      new Contract(manifest.contracts.votes, publishedAbi("IVotes"), signer);
    const governor = governorBy(ann);
    const votes = votesBy(ann);
    const clock = new Contract(manifest.contracts.votes, publishedAbi("IERC6372"), ann);
    const warp = async (seconds: number): Promise<void> => {
      await ethers.provider.send("evm_increaseTime", [seconds]);
      await ethers.provider.send("evm_mine", []);
    };
    return { contracts, manifest, governor, votes, governorBy, votesBy, clock, warp, ann, ben, carl, ethers };
  }

  const view = async <T>(contract: Contract, name: string, ...args: unknown[]): Promise<T> =>
    (await contract.getFunction(name)(...args)) as T;
  const send = async (contract: Contract, name: string, ...args: unknown[]): Promise<void> => {
    await (await contract.getFunction(name).send(...args)).wait();
  };

  it("finds votes, delegates, and drives a proposal to its execution", async () => {
    const { contracts, manifest, governor, votes, governorBy, votesBy, clock, warp, ann, ben, carl } =
      await start();
    assert.equal(await view(clock, "CLOCK_MODE"), "mode=timestamp");
    assert.equal(await view(governor, "CLOCK_MODE"), "mode=timestamp");
    assert.equal(await view(votes, "delegates", ann.address), ann.address, "one's own from the start");
    assert.equal(await view(votes, "getVotes", ann.address), STAKE);

    // Carl becomes a worker, so that he can be delegated to.
    await (await contracts.masa.transfer(carl.address, 1_000n * MASA)).wait();
    await (await contracts.masa.connect(carl).approve(manifest.contracts.registry, 1_000n * MASA)).wait();
    await (
      await contracts.registry
        .connect(carl)
        .register(2, JSON.stringify({ endpoint: "http://127.0.0.1:1" }), [])
    ).wait();
    await send(votesBy(ben), "delegate", carl.address);
    assert.equal(await view(votes, "getVotes", carl.address), 2n * STAKE);
    assert.equal(await view(votes, "getVotes", ben.address), 0n);

    const { epochManager } = contracts;
    const data = epochManager.interface.encodeFunctionData("setRollBounty", [6n * MASA]);
    const text = "# Dearer rolls\n\nPays 6 MASA for a roll.\n\n## Rationale\n\nRolls come late.";
    const calls = [[manifest.contracts.epochManager], [0n], [data]] as const;
    await send(governor, "propose", ...calls, text);
    const proposal = await view<bigint>(governor, "hashProposal", ...calls, id(text));
    assert.equal(await view(governor, "state", proposal), STATE.pending);
    const [snapshot, deadline, now] = await Promise.all([
      view<bigint>(governor, "proposalSnapshot", proposal),
      view<bigint>(governor, "proposalDeadline", proposal),
      view<bigint>(clock, "clock"),
    ]);
    assert.equal(await view(governor, "votingDelay"), snapshot - now);
    assert.isAbove(Number(deadline - snapshot), 0);
    assert.equal(await view(governor, "proposalProposer", proposal), ann.address);

    await warp(61);
    assert.equal(await view(governor, "state", proposal), STATE.active);
    assert.equal(await view(votes, "getPastVotes", carl.address, snapshot), 2n * STAKE);
    assert.equal(await view(votes, "getPastTotalSupply", snapshot), 3n * STAKE);
    assert.isAbove(Number(await view<bigint>(governor, "quorum", snapshot)), 0);
    await send(governor, "castVote", proposal, 1);
    await send(governorBy(carl), "castVoteWithReason", proposal, 1, "they do");
    assert.isTrue(await view(governor, "hasVoted", proposal, carl.address));
    assert.isFalse(await view(governor, "hasVoted", proposal, ben.address));
    await warp(Number(deadline - snapshot) + 1);
    assert.equal(await view(governor, "state", proposal), STATE.succeeded);
    assert.isTrue(await view(governor, "proposalNeedsQueuing", proposal));
    await send(governor, "queue", ...calls, id(text));
    assert.equal(await view(governor, "state", proposal), STATE.queued);
    assert.isAbove(Number(await view<bigint>(governor, "proposalEta", proposal)), 0);
    await warp(11);
    await send(governorBy(ben), "execute", ...calls, id(text));
    assert.equal(await view(governor, "state", proposal), STATE.executed);
    assert.equal(await epochManager.rollBounty(), 6n * MASA);
  });

  it("votes and delegates by signatures that others send", async () => {
    const { manifest, governor, votes, governorBy, votesBy, warp, ann, ben, carl, ethers } = await start();
    const { chainId } = await ethers.provider.getNetwork();
    // Back to oneself is a delegation that anybody may make.
    const expiry = BigInt((await ethers.provider.getBlock("latest"))?.timestamp ?? 0) + 600n;
    const domain = {
      name: "Masa Stake Votes",
      version: "1",
      chainId,
      verifyingContract: manifest.contracts.votes,
    };
    const delegation = {
      Delegation: [
        { name: "delegatee", type: "address" },
        { name: "nonce", type: "uint256" },
        { name: "expiry", type: "uint256" },
      ],
    };
    const signed = Signature.from(
      await ben.signTypedData(domain, delegation, { delegatee: ben.address, nonce: 0n, expiry }),
    );
    const { v, r, s } = signed;
    await send(votesBy(carl), "delegateBySig", ben.address, 0n, expiry, v, r, s);
    assert.equal(await view(votes, "delegates", ben.address), ben.address);

    const data = id("anything()").slice(0, 10);
    const text = "# A call\n\nCalls it.\n\n## Rationale\n\nIt is called for.";
    const calls = [[manifest.contracts.lens], [0n], [data]] as const;
    await send(governor, "propose", ...calls, text);
    const proposal = await view<bigint>(governor, "hashProposal", ...calls, id(text));
    await warp(61);
    const ballot = {
      Ballot: [
        { name: "proposalId", type: "uint256" },
        { name: "support", type: "uint8" },
        { name: "voter", type: "address" },
        { name: "nonce", type: "uint256" },
      ],
    };
    const own = new Contract(
      manifest.contracts.governor,
      ["function nonces(address,uint192) view returns (uint256)"],
      ann,
    );
    // A sequence of nonces for each proposal: several can be signed at once.
    const nonce = await view<bigint>(own, "nonces", ben.address, BigInt.asUintN(192, proposal));
    const vote = await ben.signTypedData(
      {
        name: "MasaGovernor",
        version: await view<string>(governor, "version"),
        chainId,
        verifyingContract: manifest.contracts.governor,
      },
      ballot,
      { proposalId: proposal, support: 0, voter: ben.address, nonce },
    );
    await send(governorBy(carl), "castVoteBySig", proposal, 0, ben.address, vote);
    assert.isTrue(await view(governor, "hasVoted", proposal, ben.address));
    assert.isFalse(await view(governor, "hasVoted", proposal, carl.address));
  });
});
