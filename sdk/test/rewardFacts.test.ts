/** The reward root as a function of what was read and signed, and the tables that stand behind roots. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { ZeroAddress, ZeroHash } from "ethers";

import { queryBackwards } from "../src/events.ts";
import { SCORE_ONE } from "../src/results.ts";
import { epochRewards, rootHindrance, settledWork } from "../src/rewardFacts.ts";
import type { RewardEvidence, RewardFacts } from "../src/rewardFacts.ts";
import { EMPTY_TABLE } from "../src/rewards.ts";
import type { RewardTable } from "../src/rewards.ts";
import {
  decodeBalances,
  encodeBalances,
  MAX_REWARDED,
  requireProof,
  tableOfRoot,
} from "../src/rewardTable.ts";
import { RewardTree } from "../src/rewardTree.ts";
import { frozenSeats, randomInt, refusal, SEED, seededRandom, shuffled, walletOf } from "./support.ts";

const MASA = 10n ** 18n;
const account = (name: string | number): string => walletOf(`account ${name}`).address;
const [ANN, BOB, CAT] = [account("ann"), account("bob"), account("cat")] as [string, string, string];

const facts = (changes: Partial<RewardFacts> = {}): RewardFacts => ({
  epoch: 7,
  blockNumber: 100,
  blockHash: `0x${"11".repeat(32)}`,
  validatorPot: 900n * MASA,
  workerPot: 600n * MASA,
  lastRoot: { root: ZeroHash, epoch: 0, validatorTotal: 0n, workerTotal: 0n },
  weights: [(3n * MASA) / 10n, (2n * MASA) / 10n, (5n * MASA) / 10n],
  owners: [ANN, ZeroAddress, BOB],
  workers: [
    { account: BOB, stakeUnits: 4n * MASA, requirement: 3n * MASA, settledWork: 10n * MASA },
    { account: CAT, stakeUnits: 1n * MASA, requirement: 3n * MASA, settledWork: 30n * MASA },
  ],
  ...changes,
});

const { frozen } = frozenSeats([20n, 0n, 10n]);
const evidence = (changes: Partial<RewardEvidence> = {}): RewardEvidence => ({
  frozen,
  scores: {
    epoch: 7,
    hasData: false,
    hasLlm: true,
    consensus: [SCORE_ONE, 0, SCORE_ONE],
    data: [0, 0, 0],
    llm: [SCORE_ONE, 0, 0],
  },
  availability: [],
  ...changes,
});

describe("epochRewards", () => {
  it("gives seats' owners and workers what their scores and work earn, and builds on the table before", () => {
    // C has 3/8 of the pot, by weight two to one; L has 5/8, all of it for the one that scored.
    // Workers: 3 · 10 and 1 · 30.
    const before: RewardTable = { balances: new Map([[CAT, 7n]]), validatorTotal: 0n, workerTotal: 7n };
    const { root, table } = epochRewards(facts(), before, evidence());
    assert.deepEqual(Object.fromEntries(table.balances), {
      [ANN]: 225n * MASA + (1_125n * MASA) / 2n,
      [BOB]: (225n * MASA) / 2n + 300n * MASA,
      [CAT]: 300n * MASA + 7n,
    });
    assert.deepEqual([table.validatorTotal, table.workerTotal], [900n * MASA, 600n * MASA + 7n]);
    assert.equal(root, new RewardTree(table.balances).root);
  });

  it("takes availability from the signed probes, and 1 for who was not measured", () => {
    const probes = (seat: number, answered: number) => ({
      seat,
      entries: [{ worker: CAT, answered, tried: 4 }],
    });
    const { table } = epochRewards(
      facts({ owners: [ANN, ZeroAddress, account("dan")], weights: [0n, 0n, MASA] }),
      EMPTY_TABLE,
      evidence({
        scores: { ...evidence().scores, hasLlm: false },
        availability: [probes(0, 2), probes(2, 4)],
      }),
    );
    // The heavier seat decides: half. 30 · 1 to 30 · ½.
    assert.equal(table.balances.get(BOB), 400n * MASA);
    assert.equal(table.balances.get(CAT), 200n * MASA);
  });

  it("is 0, on the same table, where nobody earned anything", () => {
    const before: RewardTable = { balances: new Map([[CAT, 7n]]), validatorTotal: 3n, workerTotal: 4n };
    assert.deepEqual(epochRewards(facts({ validatorPot: 0n, workerPot: 0n }), before, evidence()), {
      root: ZeroHash,
      table: before,
    });
  });

  it("depends on the order of nothing that goes in, and differs with each of it", () => {
    const random = seededRandom(SEED);
    const names = Array.from({ length: 12 }, (_, index) => account(index));
    const set = frozenSeats(Array.from({ length: 7 }, () => BigInt(randomInt(random, 1, 1e6))));
    const workers = names.slice(5).map((name) => ({
      account: name,
      stakeUnits: BigInt(randomInt(random, 1, 1e9)) * MASA,
      requirement: BigInt(randomInt(random, 1, 1e9)) * MASA,
      settledWork: BigInt(randomInt(random, 1, 1e9)) * 10n ** 9n,
    }));
    const list = () => Array.from({ length: 7 }, () => randomInt(random, 0, SCORE_ONE));
    const given: RewardEvidence = {
      frozen: set.frozen,
      scores: { epoch: 7, hasData: true, hasLlm: true, consensus: list(), data: list(), llm: list() },
      availability: Array.from({ length: 7 }, (_, seat) => ({
        seat,
        entries: shuffled(names.slice(5), random).map((worker) => {
          const tried = randomInt(random, 1, 9);
          return { worker, tried, answered: randomInt(random, 1, tried) };
        }),
      })),
    };
    const base = facts({ owners: names.slice(0, 7), workers });
    const expected = epochRewards(base, EMPTY_TABLE, given).root;
    for (let run = 0; run < 200; run++) {
      const mixed = {
        ...given,
        availability: shuffled(given.availability, random).map((vector) => ({
          ...vector,
          entries: shuffled(vector.entries, random),
        })),
      };
      const again = epochRewards({ ...base, workers: shuffled(workers, random) }, EMPTY_TABLE, mixed);
      assert.equal(again.root, expected, `run ${run}`);
    }
    const worker = workers[0] as (typeof workers)[number];
    const others: [RewardFacts, RewardEvidence][] = [
      [{ ...base, validatorPot: base.validatorPot - 1_000n }, given],
      [{ ...base, workerPot: base.workerPot - 1_000n }, given],
      [{ ...base, owners: [...base.owners].reverse() }, given],
      [{ ...base, workers: workers.slice(1) }, given],
      [
        { ...base, workers: [{ ...worker, settledWork: worker.settledWork * 2n }, ...workers.slice(1)] },
        given,
      ],
      [base, { ...given, availability: given.availability.map((one) => ({ ...one, entries: [] })) }],
      [base, { ...given, scores: { ...given.scores, hasData: false } }],
      [base, { ...given, scores: { ...given.scores, llm: given.scores.data } }],
    ];
    for (const [index, [read, signed]] of others.entries())
      assert.notEqual(epochRewards(read, EMPTY_TABLE, signed).root, expected, `change ${index}`);
  });

  it("throws for a frozen seat whose owner is not known", async () => {
    await refusal(
      () => epochRewards(facts({ owners: [ANN] }), EMPTY_TABLE, evidence()),
      "MASA-503",
      /no owner/,
    );
  });
});

describe("settledWork", () => {
  it("sums ⌊R_base·Q⌋ by worker, ascending", () => {
    const answers = [
      { worker: BOB, baseRewardWei: 10n * MASA, qualityWad: (9n * MASA) / 10n },
      { worker: ANN, baseRewardWei: 3n, qualityWad: MASA / 2n },
      { worker: BOB, baseRewardWei: 5n * MASA, qualityWad: MASA },
    ];
    const sums = settledWork(answers);
    assert.deepEqual([sums.get(ANN), sums.get(BOB)], [1n, 14n * MASA]);
    const order = [...sums.keys()].map((name) => name.toLowerCase());
    assert.deepEqual(order, [...order].sort());
    assert.deepEqual([...settledWork([...answers].reverse())], [...sums]);
  });
});

describe("rootHindrance", () => {
  const accepted = { root: `0x${"22".repeat(32)}`, epoch: 6, validatorTotal: 5n, workerTotal: 6n };
  const read = facts({ lastRoot: accepted });
  const now = { lastRoot: accepted, validatorPot: read.validatorPot, workerPot: read.workerPot };

  it("is none while the last root stands and the pots hold what they held, or more", () => {
    assert.equal(rootHindrance(read, now), null);
    assert.equal(rootHindrance(read, { ...now, workerPot: now.workerPot + 1n }), null);
  });

  it("is a root that was cancelled since, even where the same one was posted again", () => {
    const cancelled = /cancelled since the roll/;
    assert.match(rootHindrance(read, { ...now, lastRoot: facts().lastRoot }) ?? "", cancelled);
    assert.match(rootHindrance(read, { ...now, lastRoot: { ...accepted, epoch: 5 } }) ?? "", cancelled);
  });

  it("is either pot with a wei less", () => {
    for (const pot of ["validatorPot", "workerPot"] as const)
      assert.match(rootHindrance(read, { ...now, [pot]: now[pot] - 1n }) ?? "", /hold less/);
  });
});

describe("a reward table", () => {
  const sorted = (balances: readonly [string, bigint][]) =>
    new Map([...balances].sort(([a], [b]) => (BigInt(a) < BigInt(b) ? -1 : 1)));
  const balances = sorted([
    [ANN, 1n],
    [BOB, (1n << 96n) - 1n],
    [CAT, 5n * MASA],
  ]);
  const sum = 5n * MASA + (1n << 96n);
  const accepted = {
    root: new RewardTree(balances).root,
    epoch: 6,
    validatorTotal: sum - 9n,
    workerTotal: 9n,
  };

  it("is 32 bytes an account, and is read back as it was", () => {
    const encoded = encodeBalances(balances);
    assert.equal(encoded.length, 2 + 3 * 64);
    assert.deepEqual([...decodeBalances(encoded)], [...balances]);
    assert.deepEqual([...decodeBalances("0x")], []);
  });

  it("is refused in any form but that one", async () => {
    const [first = "", second = ""] = encodeBalances(balances).slice(2).match(/.{64}/g) as string[];
    for (const [text, words] of [
      ["", /hex/],
      ["0x0", /hex/],
      [`0x${first.toUpperCase()}`, /hex/],
      [`0x${first.slice(2)}`, /hex/],
      [`0x${second}${first}`, /ascend/],
      [`0x${first}${first}`, /twice/],
      [`0x${first.slice(0, 40)}${"0".repeat(24)}`, /has 0 wei/],
    ] as const)
      await refusal(() => decodeBalances(text), "MASA-505", words);
    await refusal(() => encodeBalances(new Map([[ANN, 1n << 96n]])), "MASA-505", /wei/);
    const many = new Map(Array.from({ length: MAX_REWARDED + 1 }, (_, index) => [`0x${index}`, 1n]));
    await refusal(() => encodeBalances(many), "MASA-505", /at most/);
  });

  it("counts only where it leads to the root and sums to its totals", async () => {
    const { validatorTotal, workerTotal } = accepted;
    assert.deepEqual(tableOfRoot(accepted, balances), { balances, validatorTotal, workerTotal });
    const changed = new Map([...balances, [CAT, 6n * MASA]] as [string, bigint][]);
    await refusal(() => tableOfRoot(accepted, changed), "MASA-505", /does not lead to/);
    await refusal(() => tableOfRoot(accepted, new Map()), "MASA-505", /does not lead to/);
    await refusal(
      () => tableOfRoot({ ...accepted, workerTotal: 8n }, balances),
      "MASA-505",
      /its balances sum to/,
    );
    const none = { root: ZeroHash, epoch: 0, validatorTotal: 0n, workerTotal: 0n };
    assert.equal(tableOfRoot(none, new Map()), EMPTY_TABLE);
    await refusal(() => tableOfRoot(none, balances), "MASA-505", /no root was accepted/);
  });

  it("gives proofs of which those alone count that are of the account and lead to the root", async () => {
    const tree = new RewardTree(balances);
    const proof = tree.proofOf(ANN) ?? assert.fail();
    assert.equal(requireProof(accepted.root, ANN.toLowerCase(), proof), proof);
    for (const [root, owner, given] of [
      [accepted.root, BOB, proof],
      [`0x${"33".repeat(32)}`, ANN, proof],
      [accepted.root, ANN, { ...proof, cumulative: 2n }],
      [accepted.root, ANN, { ...proof, proof: proof.proof.slice(1) }],
    ] as const)
      await refusal(() => requireProof(root, owner, given), "MASA-505", /does not lead to/);
  });
});

describe("queryBackwards", () => {
  it("finds the latest in as few pages as it can, and nothing where there is nothing", async () => {
    const asked: [number, number][] = [];
    const query = (at: readonly number[]) => (from: number, to: number) => {
      asked.push([from, to]);
      return Promise.resolve(at.filter((block) => block >= from && block <= to));
    };
    assert.equal(await queryBackwards(query([5, 7_000, 7_400]), 5, 10_004), 7_400);
    assert.deepEqual(asked, [
      [8_005, 10_004],
      [6_005, 8_004],
    ]);
    assert.equal(await queryBackwards(query([5]), 5, 10_004), 5);
    assert.equal(await queryBackwards(query([4, 10_005]), 5, 10_004), null);
    assert.deepEqual(asked.at(-1), [5, 2_004]);
  });
});
