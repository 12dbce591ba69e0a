/**
 * The SDK's reward roots against the contracts: 100,000 leaves, claims with proofs of its trees, and what a claim costs as
 * a transaction.
 */
import { expect } from "chai";
import { getAddress, id, keccak256, toBeHex } from "ethers";
import hre from "hardhat";

import { addAllocation, allocateRewards, EMPTY_TABLE } from "../../sdk/src/rewards.ts";
import { rewardLeaf, RewardTree } from "../../sdk/src/rewardTree.ts";

const LEAVES = 100_000;
const LEAVES_A_CALL = 250;
const SEED = id("masa reward leaves");
const MASA = 10n ** 18n;
const SUPPLY = 10n ** 26n;
const EPOCH = 3_600;
const DELAY = 60;
const CLAIM_GAS = 66_000n;
const CLAIM_DEPTH = 20;

/** Token, clock, emissions and distributor; the deployer posts roots. Nothing here asks the vault. */
async function deployRewards() {
  const connection = await hre.network.create();
  const { ethers, networkHelpers } = connection;
  const [deployer, stranger] = await ethers.getSigners();
  if (deployer === undefined || stranger === undefined) throw new Error("no accounts");
  const masa = await ethers.deployContract("MasaToken", [SUPPLY, deployer.address]);
  const clock = await ethers.deployContract("EpochClock", [0, EPOCH, deployer.address]);
  const vault = stranger.address;
  const tenth = MASA / 10n;
  const emissions = await ethers.deployContract("Emissions", [
    deployer.address,
    masa,
    clock,
    vault,
    [tenth / 10n, 5n * tenth, 5n * tenth, 0n, 0n],
  ]);
  const distributor = await ethers.deployContract("RewardDistributor", [
    deployer.address,
    masa,
    emissions,
    vault,
    DELAY,
  ]);
  await emissions.wire(distributor);
  await distributor.wire(deployer);
  await masa.approve(emissions, SUPPLY);
  await emissions.fund(10_000n * MASA);
  const nextEpoch = async (): Promise<bigint> => {
    const epoch = await clock.currentEpoch();
    await networkHelpers.time.increaseTo(await clock.epochStart(epoch === 0n ? 2n : epoch + 1n));
    return (epoch === 0n ? 2n : epoch + 1n) - 1n;
  };
  return { networkHelpers, masa, distributor, stranger, nextEpoch };
}

const accountAt = (index: number): string => getAddress(`0x${keccak256(toBeHex(index + 1, 32)).slice(26)}`);

describe("reward roots of the SDK", function () {
  this.timeout(300_000);

  it(`hash ${LEAVES.toLocaleString("en")} leaves as the contract does: 0 mismatches`, async () => {
    const { ethers } = await hre.network.create();
    const harness = await ethers.deployContract("RewardLeaves");
    let mismatches = 0;
    for (let from = 0; from < LEAVES; from += LEAVES_A_CALL) {
      const onChain = await harness.leaves(SEED, from, LEAVES_A_CALL);
      for (const [index, leaf] of onChain.entries()) {
        const word = keccak256(`${SEED}${toBeHex(from + index, 32).slice(2)}`);
        const amount = BigInt(word.slice(0, 26)) >> BigInt((from + index) % 96);
        if (rewardLeaf(`0x${word.slice(26)}`, amount) !== leaf) mismatches++;
      }
    }
    expect(mismatches).to.equal(0);
  });

  it("pay every account of two epochs what it was given, to the wei", async () => {
    const { networkHelpers, masa, distributor, stranger, nextEpoch } = await deployRewards();
    let table = EMPTY_TABLE;
    for (const size of [3, 21]) {
      const epoch = await nextEpoch();
      const [validatorPot, workerPot] = await distributor.nextPots();
      const allocation = allocateRewards({
        validatorPot,
        workerPot,
        weights: [4n * 10n ** 17n, 3n * 10n ** 17n, 3n * 10n ** 17n],
        hasData: false,
        hasLlm: true,
        seats: Array.from({ length: size }, (_, i) => ({
          owner: accountAt(i),
          weight: BigInt(i + 1),
          consensus: 1_000_000_000 - i,
          data: 0,
          llm: 500_000_000 + i,
        })),
        workers: Array.from({ length: size }, (_, i) => ({
          account: accountAt(1 + 2 * i),
          stakeUnits: BigInt(i + 1) * MASA,
          requirement: 7n * MASA,
          settledWork: MASA / BigInt(i + 3),
          availability: 1_000_000_000 - 7 * i,
        })),
      });
      const next = addAllocation(table, allocation);
      table = next.table;
      await distributor.postRoot(epoch, next.root, table.validatorTotal, table.workerTotal);
      await networkHelpers.time.increase(DELAY);
      const tree = new RewardTree(table.balances);
      for (const [account, cumulative] of table.balances) {
        const proof = tree.proofOf(account);
        if (proof === null) throw new Error(`no leaf of ${account}`);
        const before = await distributor.claimedOf(account);
        if (before === cumulative) continue;
        await distributor.connect(stranger).claim(account, cumulative, [...proof.proof]);
        expect(await masa.balanceOf(account)).to.equal(cumulative);
      }
      const [validators, workers] = await distributor.funded();
      const left = validators + workers - table.validatorTotal - table.workerTotal;
      expect(await masa.balanceOf(distributor)).to.equal(left);
      expect(left < BigInt(8 * size), "what rounding leaves").to.equal(true);
    }
    // Seats 0 to 20; workers 1, 3, … 41, of which eleven own no seat.
    expect(table.balances.size).to.equal(32);
  });

  it(`are claimed at depth ${CLAIM_DEPTH} for at most ${CLAIM_GAS} gas, warm`, async () => {
    const { networkHelpers, distributor, stranger, nextEpoch } = await deployRewards();
    const post = async (amount: bigint) => {
      const proof = Array.from({ length: CLAIM_DEPTH }, (_, i) => id(`sibling ${i} of ${amount}`));
      const root = proof.reduce(
        (node, sibling) =>
          keccak256(node < sibling ? `${node}${sibling.slice(2)}` : `${sibling}${node.slice(2)}`),
        rewardLeaf(stranger.address, amount),
      );
      await distributor.postRoot(await nextEpoch(), root, amount, 0n);
      await networkHelpers.time.increase(DELAY);
      return (await distributor.connect(stranger).claim(stranger.address, amount, proof)).wait();
    };
    await post(7_777_777_777_777_777_777n);
    const receipt = await post(23_456_789_012_345_678_901n);
    expect(receipt?.gasUsed).to.be.a("bigint");
    expect((receipt?.gasUsed ?? 0n) <= CLAIM_GAS, `a claim took ${receipt?.gasUsed}`).to.equal(true);
  });
});
