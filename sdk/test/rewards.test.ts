/** Rewards: the allocation of an epoch's pots, the table and the tree behind a root, availability. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { AbiCoder, concat, keccak256, toBeHex, ZeroHash } from "ethers";

import type { ByKind } from "../src/math/emission.ts";
import { SCORE_ONE } from "../src/results.ts";
import { addAllocation, allocateRewards, EMPTY_TABLE, medianAvailability } from "../src/rewards.ts";
import type { AllocationInputs, RewardSeat, RewardWorker } from "../src/rewards.ts";
import { isRewardProof, rewardLeaf, RewardTree } from "../src/rewardTree.ts";
import { randomInt, refusal, SEED, seededRandom, shuffled, walletOf } from "./support.ts";

const MASA = 10n ** 18n;
const WEIGHTS: ByKind = [4n * 10n ** 17n, 3n * 10n ** 17n, 3n * 10n ** 17n];
const [ANN, BOB, CAT, DAN] = [...["ann", "bob", "cat", "dan"].map((name) => walletOf(name).address)] as [
  string,
  string,
  string,
  string,
];

const seat = (owner: string, weight: bigint, scores: readonly [number, number, number]): RewardSeat => ({
  owner,
  weight,
  consensus: scores[0] * SCORE_ONE,
  data: scores[1] * SCORE_ONE,
  llm: scores[2] * SCORE_ONE,
});

const worker = (account: string, changes: Partial<RewardWorker> = {}): RewardWorker => ({
  account,
  stakeUnits: 100n * MASA,
  requirement: 100n * MASA,
  settledWork: 10n * MASA,
  availability: SCORE_ONE,
  ...changes,
});

const inputs = (changes: Partial<AllocationInputs> = {}): AllocationInputs => ({
  validatorPot: 1_000n,
  workerPot: 600n,
  weights: WEIGHTS,
  hasData: true,
  hasLlm: true,
  seats: [seat(ANN, 1n, [1, 1, 1]), seat(BOB, 3n, [1, 0.5, 0])],
  workers: [worker(ANN), worker(BOB)],
  ...changes,
});

const plain = (balances: ReadonlyMap<string, bigint>): Record<string, bigint> => Object.fromEntries(balances);

describe("allocateRewards", () => {
  it("EQ-26: splits the validators' pot by kind, and each kind by weight times score", () => {
    // C: 400 by 1 to 3. D: 300 by 1 to 1.5, thus 120 and 180. L: 300, all of it to the one that scored.
    const { validators, validatorTotal } = allocateRewards(inputs());
    assert.deepEqual(plain(validators), { [ANN]: 100n + 120n + 300n, [BOB]: 300n + 180n });
    assert.equal(validatorTotal, 1_000n);
  });

  it("passes the weight of a kind that did not occur on to the others", () => {
    // Without data 4 to 3: 571 and 428 of 1,000, one wei stays. C by 1 to 3: 142 and 428; L to Ann alone.
    const { validators } = allocateRewards(inputs({ hasData: false }));
    assert.deepEqual(plain(validators), { [ANN]: 142n + 428n, [BOB]: 428n });
    const alone = allocateRewards(inputs({ hasData: false, hasLlm: false }));
    assert.deepEqual(plain(alone.validators), { [ANN]: 250n, [BOB]: 750n });
    const nothing = allocateRewards(inputs({ hasData: false, hasLlm: false, weights: [0n, MASA, 0n] }));
    assert.equal(nothing.validatorTotal, 0n, "no weight is left");
  });

  it("leaves the part of a kind in which nobody scored in the pot", () => {
    const seats = [seat(ANN, 1n, [1, 0, 1]), seat(BOB, 3n, [1, 0, 1])];
    const { validators, validatorTotal } = allocateRewards(inputs({ seats }));
    assert.deepEqual(plain(validators), { [ANN]: 175n, [BOB]: 525n });
    assert.equal(validatorTotal, 700n);
  });

  it("gives nothing to seats without weight, and nothing at all where there is nobody", () => {
    const seats = [seat(ANN, 0n, [1, 1, 1]), seat(BOB, 3n, [1, 1, 1])];
    assert.deepEqual(plain(allocateRewards(inputs({ seats })).validators), { [BOB]: 1_000n });
    const nobody = allocateRewards(inputs({ seats: [], workers: [] }));
    assert.deepEqual([nobody.validators.size, nobody.workers.size], [0, 0]);
    assert.deepEqual([nobody.validatorTotal, nobody.workerTotal], [0n, 0n]);
    const scoreless = [seat(ANN, 1n, [0, 0, 0]), seat(BOB, 3n, [0, 0, 0])];
    assert.equal(allocateRewards(inputs({ seats: scoreless })).validatorTotal, 0n);
  });

  it("splits the workers' pot by capped stake, work and availability", () => {
    const workers = [
      worker(ANN, { stakeUnits: 900n * MASA }), // counts up to the requirement
      worker(BOB, { settledWork: 20n * MASA }),
      worker(CAT, { stakeUnits: 50n * MASA, settledWork: 40n * MASA, availability: SCORE_ONE / 2 }),
      worker(DAN, { settledWork: 0n }),
    ];
    // 1 : 2 : 1 of 600.
    const { workers: given, workerTotal } = allocateRewards(inputs({ workers }));
    assert.deepEqual(plain(given), { [ANN]: 150n, [BOB]: 300n, [CAT]: 150n });
    assert.equal(workerTotal, 600n);
    const idle = [worker(ANN, { availability: 0 }), worker(BOB, { requirement: 0n })];
    assert.equal(allocateRewards(inputs({ workers: idle })).workerTotal, 0n);
  });

  it("EMI-09: never gives more than a pot holds, less by rounding alone, whatever the order", () => {
    const random = seededRandom(SEED);
    const big = (most: number): bigint => BigInt(randomInt(random, 0, most)) ** 2n;
    for (let run = 0; run < 300; run++) {
      const seats = Array.from({ length: randomInt(random, 1, 64) }, (_, index) => ({
        ...seat(walletAt(index), big(30_000_000), [0, 0, 0]),
        consensus: randomInt(random, 0, SCORE_ONE),
        data: randomInt(random, 0, 1) * SCORE_ONE,
        llm: randomInt(random, 0, SCORE_ONE),
      }));
      const workers = Array.from({ length: randomInt(random, 0, 40) }, (_, index) =>
        worker(walletAt(100 + index), {
          stakeUnits: big(10 ** 12),
          settledWork: big(10 ** 10),
          availability: randomInt(random, 0, SCORE_ONE),
        }),
      );
      const given = inputs({
        validatorPot: big(10 ** 12),
        workerPot: run % 9 === 0 ? BigInt(run % 4) : big(10 ** 12),
        hasData: random() < 0.7,
        hasLlm: random() < 0.7,
        seats,
        workers,
      });
      const allocation = allocateRewards(given);
      const sum = (amounts: Iterable<bigint>): bigint => [...amounts].reduce((a, b) => a + b, 0n);
      assert.equal(sum(allocation.validators.values()), allocation.validatorTotal);
      assert.equal(sum(allocation.workers.values()), allocation.workerTotal);
      assert.ok(allocation.validatorTotal <= given.validatorPot, `seed ${SEED}, run ${run}: validators`);
      assert.ok(allocation.workerTotal <= given.workerPot, `seed ${SEED}, run ${run}: workers`);
      if (allocation.workerTotal !== 0n) {
        assert.ok(given.workerPot - allocation.workerTotal < BigInt(workers.length), `run ${run}: floors`);
      }
      const mixed = allocateRewards({
        ...given,
        seats: shuffled(seats, random),
        workers: shuffled(workers, random),
      });
      assert.deepEqual([...mixed.validators], [...allocation.validators], `seed ${SEED}, run ${run}`);
      assert.deepEqual([...mixed.workers], [...allocation.workers], `seed ${SEED}, run ${run}`);
    }
  });

  it("knows an account by any spelling of its address", () => {
    const lower = inputs({ seats: [seat(ANN.toLowerCase(), 1n, [1, 1, 1])], workers: [] });
    assert.deepEqual(plain(allocateRewards(lower).validators), { [ANN]: 1_000n });
  });

  it("refuses what cannot be", async () => {
    const bad: [Partial<AllocationInputs>, RegExp][] = [
      [{ validatorPot: -1n }, /validators' pot/],
      [{ workerPot: -1n }, /workers' pot/],
      [
        { seats: [seat(ANN, 1n, [1, 1, 1]), seat(ANN.toLowerCase(), 1n, [1, 1, 1])] },
        /owner of a seat appears twice/,
      ],
      [{ seats: [seat(ANN, 1n, [1.5, 1, 1])] }, /C must/],
      [{ seats: [seat(ANN, 1n, [1, -1, 1])] }, /D must/],
      [{ seats: [{ ...seat(ANN, 1n, [1, 1, 1]), llm: 0.5 }] }, /L must/],
      [{ seats: [seat(ANN, -1n, [1, 1, 1])] }, /weight must not/],
      [{ seats: [seat(`0x${"0".repeat(40)}`, 1n, [1, 1, 1])] }, /no owner/],
      [{ workers: [worker(ANN), worker(ANN.toLowerCase())] }, /a worker appears twice/],
      [{ workers: [worker(ANN, { availability: SCORE_ONE + 1 })] }, /availability must/],
      [{ workers: [worker(ANN, { stakeUnits: -1n })] }, /stake must/],
      [{ workers: [worker(ANN, { requirement: -1n })] }, /requirement must/],
      [{ workers: [worker(ANN, { settledWork: -1n })] }, /settled work must/],
    ];
    for (const [changes, words] of bad) {
      await refusal(() => allocateRewards(inputs(changes)), "MASA-503", words);
    }
  });
});

/** Addresses made from numbers, in no order. */
const walletAt = (index: number): string => `0x${keccak256(toBeHex(index + 1, 32)).slice(26)}`;

describe("addAllocation", () => {
  it("adds an epoch to what came before, one leaf an account", () => {
    const first = addAllocation(EMPTY_TABLE, allocateRewards(inputs()));
    assert.equal(first.root, new RewardTree(first.table.balances).root);
    assert.deepEqual(plain(first.table.balances), { [ANN]: 520n + 300n, [BOB]: 480n + 300n });
    assert.deepEqual([first.table.validatorTotal, first.table.workerTotal], [1_000n, 600n]);
    const second = addAllocation(first.table, allocateRewards(inputs({ seats: [], workers: [worker(CAT)] })));
    assert.deepEqual(plain(second.table.balances), { [ANN]: 820n, [BOB]: 780n, [CAT]: 600n });
    assert.deepEqual([second.table.validatorTotal, second.table.workerTotal], [1_000n, 1_200n]);
    assert.notEqual(second.root, first.root);
    assert.deepEqual(
      plain(first.table.balances),
      { [ANN]: 820n, [BOB]: 780n },
      "the table before is untouched",
    );
  });

  it("brings no root where nobody earned anything", () => {
    const { table } = addAllocation(EMPTY_TABLE, allocateRewards(inputs()));
    const kept = addAllocation(table, allocateRewards(inputs({ seats: [], workers: [] })));
    assert.equal(kept.root, ZeroHash);
    assert.deepEqual(kept.table, table);
  });

  it("refuses a table that does not sum to its totals", async () => {
    const broken = { balances: new Map([[ANN, 5n]]), validatorTotal: 4n, workerTotal: 0n };
    await refusal(() => addAllocation(broken, allocateRewards(inputs())), "MASA-503", /do not sum/);
  });
});

describe("RewardTree", () => {
  const leafByHand = (account: string, cumulative: bigint): string =>
    keccak256(keccak256(AbiCoder.defaultAbiCoder().encode(["address", "uint256"], [account, cumulative])));
  const nodeByHand = (a: string, b: string): string => keccak256(concat([a, b].sort()));

  it("hashes leaves twice, as the ABI encodes them", () => {
    for (const [account, amount] of [
      [ANN, 0n],
      [BOB, 1n],
      [CAT, 2n ** 96n - 1n],
    ] as const) {
      assert.equal(rewardLeaf(account, amount), leafByHand(account, amount));
      assert.equal(rewardLeaf(account.toLowerCase(), amount), leafByHand(account, amount));
    }
    assert.throws(() => rewardLeaf(ANN, 2n ** 96n), RangeError);
    assert.throws(() => rewardLeaf(ANN, -1n), RangeError);
  });

  it("has the root and the proofs of trees built by hand", () => {
    const leaves = [ANN, BOB, CAT].map((account, index) => leafByHand(account, BigInt(index + 1)));
    const of = (count: number): RewardTree =>
      new RewardTree(new Map([ANN, BOB, CAT].slice(0, count).map((account, i) => [account, BigInt(i + 1)])));
    assert.equal(of(1).root, leaves[0]);
    assert.deepEqual(of(1).proofOf(ANN), { account: ANN, cumulative: 1n, proof: [] });
    assert.equal(of(2).root, nodeByHand(leaves[0] ?? "", leaves[1] ?? ""));
    assert.deepEqual(of(2).proofOf(BOB)?.proof, [leaves[0]]);
    // Three leaves in ascending order fill places 4, 3 and 2 of the heap: the largest stands alone beside the root.
    const [low, middle, high] = leaves.toSorted() as [string, string, string];
    assert.equal(of(3).root, nodeByHand(high, nodeByHand(low, middle)));
  });

  it("proves every leaf and nothing else, for trees of every size", () => {
    const random = seededRandom(SEED);
    for (let size = 1; size <= 65; size++) {
      const balances = new Map(
        Array.from({ length: size }, (_, i) => [walletAt(i), BigInt(randomInt(random, 1, 10 ** 9))]),
      );
      const tree = new RewardTree(balances);
      const again = new RewardTree(new Map(shuffled([...balances], random)));
      assert.equal(again.root, tree.root, `seed ${SEED}: the order of ${size} accounts does not matter`);
      for (const [account, cumulative] of balances) {
        const proof = tree.proofOf(account);
        assert.ok(proof !== null && proof.cumulative === cumulative);
        assert.ok(proof.proof.length <= Math.ceil(Math.log2(size)) + 1);
        assert.ok(isRewardProof(tree.root, proof), `${size} leaves`);
        assert.ok(!isRewardProof(tree.root, { ...proof, cumulative: cumulative + 1n }));
        assert.ok(!isRewardProof(tree.root, { ...proof, proof: [...proof.proof, ZeroHash] }), "EMI-05");
      }
      assert.equal(tree.proofOf(walletAt(10_000)), null);
    }
  });

  it("refuses no accounts and one account under two spellings", () => {
    assert.throws(() => new RewardTree(new Map()), RangeError);
    const twice = new Map([
      [ANN, 1n],
      [ANN.toLowerCase(), 2n],
    ]);
    assert.throws(() => new RewardTree(twice), RangeError);
  });
});

describe("medianAvailability", () => {
  const frozen = { weights: [10n, 10n, 10n, 0n], totalWeight: 30n };
  const vector = (index: number, ...entries: (readonly [string, number, number])[]) => ({
    seat: index,
    entries: entries.map(([account, answered, tried]) => ({ worker: account, answered, tried })),
  });

  it("is the stake-weighted median of the answered shares", () => {
    const vectors = [vector(0, [ANN, 9, 10]), vector(1, [ANN, 1, 3]), vector(2, [ANN, 1, 2])];
    assert.deepEqual([...medianAvailability(vectors, frozen)], [[ANN, SCORE_ONE / 2]]);
    assert.deepEqual([...medianAvailability(vectors.toReversed(), frozen)], [[ANN, SCORE_ONE / 2]]);
    const heavy = { weights: [10n, 25n, 10n], totalWeight: 45n };
    assert.deepEqual([...medianAvailability(vectors, heavy)], [[ANN, 333_333_333]], "rounded down");
  });

  it("leaves out whom no more than two thirds of the weight probed", () => {
    const vectors = [vector(0, [ANN, 0, 10]), vector(1, [ANN, 0, 10], [BOB, 0, 1]), vector(2, [BOB, 0, 0])];
    assert.equal(medianAvailability(vectors, frozen).size, 0);
    assert.equal(medianAvailability([], frozen).size, 0);
    const most = { weights: [10n, 11n, 10n], totalWeight: 31n };
    assert.deepEqual([...medianAvailability(vectors, most)], [[ANN, 0]]);
  });

  it("ignores claims that cannot be, and takes the lower of two about one worker", () => {
    const others = [vector(1, [ANN, 1, 1]), vector(2, [ANN, 1, 1])];
    for (const [answered, tried] of [
      [2, 1],
      [0, 0],
      [-1, 4],
      [0.5, 1],
    ] as const) {
      const result = medianAvailability([vector(0, [ANN, answered, tried]), ...others], frozen);
      assert.equal(result.size, 0, `${answered} of ${tried}: two thirds are left, not more`);
    }
    const twice = [vector(0, [ANN, 1, 1], [ANN.toLowerCase(), 0, 1]), vector(1, [ANN, 0, 1]), others[1]];
    assert.deepEqual([...medianAvailability(twice as typeof others, frozen)], [[ANN, 0]]);
    // A seat without weight, or none at all, says nothing.
    assert.equal(medianAvailability([vector(3, [ANN, 0, 1]), vector(7, [ANN, 0, 1])], frozen).size, 0);
  });

  it("refuses two vectors of one seat", async () => {
    await refusal(() => medianAvailability([vector(0), vector(0)], frozen), "MASA-503", /two vectors/);
  });

  it("stays inside the range of the honest two thirds, whatever a third says", () => {
    const random = seededRandom(SEED);
    for (let run = 0; run < 200; run++) {
      const weights = Array.from({ length: 9 }, () => 10n);
      const honest = Array.from({ length: 6 }, () => randomInt(random, 40, 60));
      const vectors = [
        ...honest.map((answered, index) => vector(index, [ANN, answered, 100])),
        ...[6, 7, 8].map((index) => vector(index, [ANN, random() < 0.5 ? 0 : 100, 100])),
      ];
      const median = medianAvailability(vectors, { weights, totalWeight: 90n }).get(ANN) ?? -1;
      const [least, most] = [Math.min(...honest), Math.max(...honest)];
      assert.ok(median >= (least * SCORE_ONE) / 100 && median <= (most * SCORE_ONE) / 100, `seed ${SEED}`);
    }
  });
});
