/** Reward roots between keepers: all reach the same one, on the table of the root that the chain holds, or sign nothing. */
import assert from "node:assert/strict";
import { afterEach, describe, it } from "node:test";

import { ZeroHash } from "ethers";
import type { Wallet } from "ethers";

import { guardedFetch, isRewardProof, MasaError, proposerOf, RewardTree } from "#sdk";
import type { AcceptedRoot, Balances, RewardFacts } from "#sdk";

import { refusal, walletOf } from "../../sdk/test/support.ts";
import { proposeEpoch, signProposedEpoch } from "../src/epochs.ts";
import { moveFees } from "../src/fees.ts";
import { prepareRewards, rewardFacts, rewardsFor } from "../src/rewards.ts";
import { decodeProof, decodeTable } from "../src/rewardWire.ts";
import { decodeEpochCall, encode } from "../src/wire.ts";
import { afterTheEpoch, EPOCH_ROUND, MASA, SECOND, settleRound, worker } from "./rewardSupport.ts";
import { ATTEMPT, CLOCK, closeKeepers, EPOCH, makeKeeper, START, WORKER } from "./support.ts";
import type { RunningKeeper } from "./support.ts";

afterEach(closeKeepers);

const OTHER = walletOf("earlier earner").address;

/** A root that was accepted before, with the table behind it. */
function earlierRoot(epoch: number, balances: Balances): AcceptedRoot {
  const sum = [...balances.values()].reduce((total, amount) => total + amount, 0n);
  return { root: new RewardTree(balances).root, epoch, validatorTotal: 0n, workerTotal: sum };
}

describe("a reward root", () => {
  it("is reached by all keepers alike, and gives what the pots hold by scores and work", async () => {
    const { chain, keepers, propose } = await afterTheEpoch();
    assert.equal(await propose(), true);
    const { report, signers } = chain.epochReports[0] ?? assert.fail();
    assert.equal(signers, 0b111011n, "every taken seat signed");
    const tables = [...keepers.values()].map(({ store }) => store.rewards.table(report.rewardRoot));
    for (const table of tables) assert.deepEqual(table, tables[0]);
    const balances = tables[0] ?? assert.fail("no table");
    // Equal weights and equal scores: a fifth each; two thirds and one third of the workers' pot by work.
    for (const seat of [0, 1, 3, 4, 5])
      assert.equal(balances.get(chain.accountOfSeat(seat)), 200n * MASA, `seat ${seat}`);
    assert.equal(balances.get(WORKER), 400n * MASA);
    assert.equal(balances.get(SECOND), 200n * MASA);
    assert.deepEqual([report.validatorTotal, report.workerTotal], [1_000n * MASA, 600n * MASA]);
    assert.equal(new RewardTree(balances).root, report.rewardRoot);
  });

  it("follows the probes that validators signed", async () => {
    const { chain, keepers, propose } = await afterTheEpoch();
    for (const { store } of keepers.values()) {
      store.probes.count(EPOCH, new Map([[WORKER, true]]));
      store.probes.count(EPOCH, new Map([[WORKER, false]]));
    }
    assert.equal(await propose(), true);
    const { rewardRoot } = chain.epochReports[0]?.report ?? assert.fail();
    const balances = keepers.get(0)?.store.rewards.table(rewardRoot) ?? assert.fail();
    // 20 MASA of work half the time there, against 10 that nobody has measured.
    assert.equal(balances.get(WORKER), 300n * MASA);
    assert.equal(balances.get(SECOND), 300n * MASA);
  });

  it("builds on the one before, epoch after epoch, and takes nothing back", async () => {
    const made = await afterTheEpoch();
    const { chain, keepers, propose } = made;
    assert.equal(await propose(), true);
    chain.rewards.funded = { validators: 1_100n * MASA, workers: 900n * MASA };
    chain.rewards.workers = [worker(SECOND, 1n)];
    await settleRound(made, EPOCH + 1, 3n);
    assert.equal(await propose(EPOCH + 1), true);
    const [first, second] = chain.epochReports.map(({ report }) => report);
    assert.ok(first !== undefined && second !== undefined);
    assert.deepEqual([second.validatorTotal, second.workerTotal], [1_100n * MASA, 900n * MASA]);
    const balances = keepers.get(3)?.store.rewards.table(second.rewardRoot) ?? assert.fail();
    assert.equal(balances.get(WORKER), 400n * MASA);
    assert.equal(balances.get(SECOND), 500n * MASA);
    for (const seat of [0, 1, 3, 4, 5])
      assert.equal(balances.get(chain.accountOfSeat(seat)), 220n * MASA, `seat ${seat}`);
  });

  it("is 0 with the totals as they are where the pots are empty", async () => {
    const { chain, propose } = await afterTheEpoch();
    chain.rewards.funded = { validators: 0n, workers: 0n };
    assert.equal(await propose(), true);
    const { rewardRoot, validatorTotal, workerTotal } = chain.epochReports[0]?.report ?? assert.fail();
    assert.deepEqual([rewardRoot, validatorTotal, workerTotal], [ZeroHash, 0n, 0n]);
  });

  it("finds no signers where the proposer has read something else of the chain", async () => {
    const changes: ((facts: RewardFacts) => RewardFacts)[] = [
      (facts) => ({ ...facts, validatorPot: facts.validatorPot - 1n }),
      (facts) => ({ ...facts, weights: [facts.weights[0], facts.weights[1], facts.weights[2] - 1n] }),
      (facts) => ({ ...facts, owners: facts.owners.map((owner, i) => (i === 0 ? OTHER : owner)) }),
      (facts) => ({ ...facts, workers: facts.workers.slice(1) }),
      (facts) => ({
        ...facts,
        workers: facts.workers.map((one, i) => ({ ...one, settledWork: BigInt(i + 7) })),
      }),
    ];
    const { chain, keepers } = await afterTheEpoch();
    chain.rolled = EPOCH + 1;
    for (const [attempt, change] of changes.entries()) {
      chain.time = START + CLOCK.epochLength + (attempt + 1) * ATTEMPT;
      const { runtime } = keepers.get(proposerOf(chain.frozen, EPOCH_ROUND, attempt)) as RunningKeeper;
      const liar = {
        ...runtime,
        readRewardFacts: () => Promise.resolve(change(chain.rewards.factsOf(EPOCH))),
      };
      assert.equal(await proposeEpoch(liar, chain.time), false, `change ${attempt}`);
      runtime.store.rewards.saveFacts(chain.rewards.factsOf(EPOCH));
    }
    assert.deepEqual(chain.epochReports, []);
  });
});

describe("the table of the root before", () => {
  const BEFORE: Balances = new Map([[OTHER, 300n * MASA]]);

  it("is asked of peers where it is missing, and kept", async () => {
    const { chain, keepers, propose } = await afterTheEpoch();
    const accepted = earlierRoot(EPOCH - 1, BEFORE);
    chain.rewards.roots.push(accepted);
    keepers.get(4)?.store.rewards.saveTable(accepted.root, accepted.epoch, BEFORE);
    assert.equal(await propose(), true);
    assert.equal(chain.epochReports.length, 1);
    for (const { store } of keepers.values()) assert.deepEqual(store.rewards.table(accepted.root), BEFORE);
    const { rewardRoot, workerTotal } = chain.epochReports[0]?.report ?? assert.fail();
    assert.equal(workerTotal, 600n * MASA);
    assert.equal(keepers.get(0)?.store.rewards.table(rewardRoot)?.get(OTHER), 300n * MASA);
  });

  it("is not believed: a peer's that leads elsewhere is passed over", async () => {
    const { chain, keepers } = await afterTheEpoch();
    const accepted = earlierRoot(EPOCH - 1, BEFORE);
    chain.rewards.roots.push(accepted);
    const forged: Balances = new Map([[OTHER, 299n * MASA]]);
    for (const seat of [0, 1, 3])
      keepers.get(seat)?.store.rewards.saveTable(accepted.root, EPOCH - 1, forged);
    const honest = keepers.get(5) as RunningKeeper;
    const fresh = makeKeeper(chain, chain.keys[4] as Wallet);
    await refusal(() => prepare(fresh.runtime), "MASA-501", /no table of the reward root/);
    honest.store.rewards.saveTable(accepted.root, EPOCH - 1, BEFORE);
    await prepare(fresh.runtime);
    assert.deepEqual(fresh.store.rewards.table(accepted.root), BEFORE);
    fresh.store.close();

    async function prepare(runtime: typeof fresh.runtime): Promise<void> {
      chain.rolled = EPOCH;
      await prepareRewards(runtime);
    }
  });

  it("keeps everybody from signing while nobody has it", async () => {
    const { chain, keepers, propose } = await afterTheEpoch();
    chain.rewards.roots.push(earlierRoot(EPOCH - 1, BEFORE));
    await refusal(() => propose(), "MASA-501", /no table of the reward root/);
    assert.deepEqual(chain.epochReports, []);
    for (const { store } of keepers.values())
      assert.equal(store.hasSigned("epochReport", { epoch: EPOCH, round: 0, attempt: 0 }), false);
  });
});

describe("a root that the guardian cancels", () => {
  const FIRST: Balances = new Map([[OTHER, 300n * MASA]]);
  const SECOND_TABLE: Balances = new Map([[OTHER, 450n * MASA]]);

  async function withTwoRoots() {
    const made = await afterTheEpoch();
    const roots = [earlierRoot(EPOCH - 2, FIRST), earlierRoot(EPOCH - 1, SECOND_TABLE)] as const;
    made.chain.rewards.roots.push(...roots);
    for (const { store } of made.keepers.values()) {
      store.rewards.saveTable(roots[0].root, EPOCH - 2, FIRST);
      store.rewards.saveTable(roots[1].root, EPOCH - 1, SECOND_TABLE);
    }
    return { ...made, roots };
  }

  it("before the roll leads keepers to build on the earlier one, whose pots are fuller again", async () => {
    const { chain, keepers, propose } = await withTwoRoots();
    chain.rewards.cancel(EPOCH - 1);
    chain.rewards.roll(EPOCH);
    assert.equal(await propose(), true);
    const { rewardRoot, workerTotal } = chain.epochReports[0]?.report ?? assert.fail();
    const balances = keepers.get(1)?.store.rewards.table(rewardRoot) ?? assert.fail();
    assert.equal(workerTotal, 600n * MASA);
    assert.equal(balances.get(OTHER), 300n * MASA);
    assert.equal((balances.get(WORKER) ?? 0n) + (balances.get(SECOND) ?? 0n), 300n * MASA);
  });

  it("after the roll leads to a report without a new root, and the next epoch gives all of it", async () => {
    const made = await withTwoRoots();
    const { chain, keepers, propose } = made;
    chain.rewards.roll(EPOCH);
    chain.rewards.cancel(EPOCH - 1);
    assert.equal(await propose(), true);
    const kept = chain.epochReports[0]?.report ?? assert.fail();
    assert.deepEqual([kept.rewardRoot, kept.validatorTotal, kept.workerTotal], [ZeroHash, 0n, 300n * MASA]);
    await settleRound(made, EPOCH + 1, 3n);
    assert.equal(await propose(EPOCH + 1), true);
    const next = chain.epochReports[1]?.report ?? assert.fail();
    assert.deepEqual([next.validatorTotal, next.workerTotal], [1_000n * MASA, 600n * MASA]);
    assert.equal(keepers.get(0)?.store.rewards.table(next.rewardRoot)?.get(OTHER), 300n * MASA);
  });

  it("after the proposal finds no signers: it would give again what was cancelled", async () => {
    const { chain, at, propose } = await withTwoRoots();
    chain.rewards.roll(EPOCH);
    assert.equal(await propose(), true);
    const { report } = chain.epochReports[0] ?? assert.fail();
    chain.rewards.cancel(EPOCH - 1);
    const proposer = proposerOf(chain.frozen, EPOCH_ROUND, 0);
    const signer = [0, 1, 3].find((seat) => seat !== proposer) as number;
    const digests = at(proposer)
      .store.finalRounds(EPOCH)
      .map(({ digest }) => digest);
    const rounds = digests.map(
      (digest) => JSON.parse(at(proposer).store.archive(digest) as string) as unknown,
    );
    const call = decodeEpochCall(encode({ report, rounds, availability: [] }));
    await refusal(
      () => signProposedEpoch(at(signer).runtime, call, chain.frozen.hotKeys[proposer] as string),
      "MASA-503",
      /does not follow/,
    );
  });

  it("is not what a keeper takes the report for that it has not read of yet", async () => {
    const { chain, at, propose } = await withTwoRoots();
    assert.equal(await propose(), true);
    assert.equal(await propose(EPOCH, 1), false, "nothing is proposed");
    const { scores } = chain.epochReports[0]?.report ?? assert.fail();
    for (const seat of [0, 1, 3])
      await refusal(
        () => rewardsFor(at(seat).runtime, { frozen: chain.frozen, scores, availability: [] }),
        "MASA-503",
        /epoch 7 is reported already/,
      );
    assert.equal(chain.epochReports.length, 1);
  });
});

describe("pots that shrink after the roll", () => {
  it("lead to a report without a new root: governance took the right to release away", async () => {
    const { chain, propose } = await afterTheEpoch();
    chain.rewards.roll(EPOCH);
    chain.rewards.funded = { validators: 999n * MASA, workers: 600n * MASA };
    assert.equal(await propose(), true);
    assert.equal(chain.epochReports[0]?.report.rewardRoot, ZeroHash);
  });
});

describe("what a keeper read at the roll", () => {
  it("is kept in its store, and read again where its block is no longer the chain's", async () => {
    const { chain, at } = await afterTheEpoch();
    const { runtime } = at(0);
    const asked: (RewardFacts | null)[] = [];
    const reading = {
      ...runtime,
      readRewardFacts: (_: unknown, known: RewardFacts | null) => {
        asked.push(known);
        return Promise.resolve(known ?? chain.rewards.factsOf(EPOCH));
      },
    };
    const first = await rewardFacts(reading, chain.frozen);
    assert.deepEqual(await rewardFacts(reading, chain.frozen), first);
    assert.deepEqual(asked, [null, first]);
    const moved = { ...first, blockHash: `0x${"99".repeat(32)}`, validatorPot: 1n };
    const reorganised = { ...runtime, readRewardFacts: () => Promise.resolve(moved) };
    assert.deepEqual(await rewardFacts(reorganised, chain.frozen), moved);
    assert.deepEqual(runtime.store.rewards.facts(EPOCH), moved);
  });
});

describe("GET /rewards", () => {
  it("serves a table and proofs of it to everybody, and nothing that is not known", async () => {
    const { chain, at, propose } = await afterTheEpoch();
    assert.equal(await propose(), true);
    const { rewardRoot } = chain.epochReports[0]?.report ?? assert.fail();
    const get = (path: string) =>
      guardedFetch(`${at(0).url}${path}`, { maxBytes: 1e6, timeoutMs: 5_000, allowPrivateHosts: true });
    const table = decodeTable((await get(`/rewards/${rewardRoot}`)).text);
    assert.equal(new RewardTree(table.balances).root, rewardRoot);
    const proof = decodeProof((await get(`/rewards/${rewardRoot}/${WORKER.toLowerCase()}`)).text);
    assert.deepEqual([proof.account, proof.cumulative], [WORKER, 400n * MASA]);
    assert.ok(isRewardProof(rewardRoot, proof));
    for (const [path, words] of [
      [`/rewards/${rewardRoot}/${OTHER}`, /has no part in/],
      [`/rewards/0x${"12".repeat(32)}`, /no table of/],
    ] as const) {
      const { status, text } = await get(path);
      assert.equal(status, 404);
      assert.match(text, words);
    }
    assert.equal((await get("/rewards/0x12")).status, 401);
  });
});

describe("fees", () => {
  it("are moved on by who posted the epoch report, after it", async () => {
    const { chain, propose } = await afterTheEpoch();
    chain.rewards.fees = { escrow: 40n * MASA, pool: 0n };
    assert.equal(await propose(), true);
    assert.deepEqual(chain.rewards.sent, ["collectFees", "distribute"]);
  });

  it("wait where they are not worth the gas, and need no collecting where the pool holds them", async () => {
    const { chain, at } = await afterTheEpoch();
    const { runtime } = at(0);
    // 250,000 gas at 1 gwei, at 10,000 MASA an ether: 2.5 MASA, and twice that is asked for.
    chain.rewards.fees = { escrow: 5n * MASA - 1n, pool: 0n };
    assert.equal(await moveFees(runtime), 0n);
    chain.rewards.fees = { escrow: 0n, pool: 5n * MASA };
    assert.equal(await moveFees(runtime), 5n * MASA);
    assert.deepEqual(chain.rewards.sent, ["distribute"]);
    chain.rewards.masaPerEther = 0n;
    chain.rewards.fees = { escrow: 0n, pool: 0n };
    assert.equal(await moveFees(runtime), 0n);
    assert.deepEqual(chain.rewards.sent, ["distribute"]);
  });

  it("that cannot be moved leave the report as it is", async () => {
    const { chain, at, propose } = await afterTheEpoch();
    chain.rewards.fees = { escrow: 40n * MASA, pool: 0n };
    const { runtime } = at(proposerOf(chain.frozen, EPOCH_ROUND, 0));
    Object.assign(runtime.connection, {
      gasPrice: () => Promise.reject(new MasaError("MASA-301", "no answer")),
    });
    assert.equal(await propose(), true);
    assert.equal(chain.epochReports.length, 1);
    assert.deepEqual(chain.rewards.sent, []);
  });
});
