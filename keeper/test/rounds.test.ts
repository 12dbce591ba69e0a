/** Score reports between keepers: what is proposed as it should be is signed and posted, whatever deviates is refused. */
import assert from "node:assert/strict";
import { afterEach, describe, it } from "node:test";

import { recoverAddress } from "ethers";
import type { Wallet } from "ethers";

import { assembleResults, isEnough, proposerOf, scoreReportDigest, seatsOf, signVector } from "#sdk";
import type { RequestResult, ScoreReport, SignedVector } from "#sdk";

import { refusal, score, walletOf } from "../../sdk/test/support.ts";
import { ownVector, proposeRound, requireTurn, signProposedRound } from "../src/rounds.ts";
import { placeInTime } from "../src/runtime.ts";
import { encode } from "../src/wire.ts";
import type { RoundArchive } from "../src/wire.ts";
import {
  closeKeepers,
  closing,
  EPOCH,
  FakeChain,
  makeKeeper,
  network,
  ownResult,
  requestEvents,
  signersOf,
  START,
  WORKER,
} from "./support.ts";

afterEach(closeKeepers);

describe("proposeRound", () => {
  it("posts the medians of everyone's vectors with everyone's signatures", async () => {
    const { chain, at, proposer } = await network();
    const { runtime, store } = at(proposer);
    assert.equal(await proposeRound(runtime, store.openRequests(), chain.time), true);
    const [posted] = chain.scoreReports;
    assert.ok(posted !== undefined);
    assert.deepEqual(seatsOf(posted.signers), [0, 1, 3, 4, 5]);
    const digest = scoreReportDigest(chain.manifest, posted.report);
    const expected = [0, 1, 3, 4, 5].map((seat) => chain.frozen.hotKeys[seat]);
    assert.deepEqual(signersOf(digest, posted), expected);
    assert.equal(posted.report.poster, chain.frozen.hotKeys[proposer]);
    // Sorted: 1, 800000000, 800000001, 800000003, 800000005.
    assert.equal(posted.report.results[0]?.responses[0]?.relevance, 800_000_001);
  });

  it("does so with two peers less, not with three", async () => {
    for (const [dead, posts] of [
      [1, true],
      [2, false],
    ] as const) {
      const { chain, at, proposer, keepers } = await network();
      const others = [...keepers.keys()].filter((seat) => seat !== proposer);
      for (const seat of others.slice(0, dead)) {
        const keeper = at(seat);
        closing.splice(closing.indexOf(keeper), 1);
        await keeper.close();
      }
      const { runtime, store } = at(proposer);
      // 4 of 5 carry more than two thirds of the weight, 3 of 5 do not.
      assert.equal(await proposeRound(runtime, store.openRequests(), chain.time), posts, `${dead} dead`);
      assert.equal(chain.scoreReports.length, posts ? 1 : 0);
    }
  });

  it("leaves it to whose turn it is, and does nothing without closed and judged requests", async () => {
    const { chain, at, proposer, keepers } = await network();
    for (const seat of keepers.keys()) {
      if (seat === proposer) continue;
      assert.equal(await proposeRound(at(seat).runtime, at(seat).store.openRequests(), chain.time), false);
    }
    const { runtime, store } = at(proposer);
    assert.equal(await proposeRound(runtime, [], chain.time), false);
    const open = requestEvents(2n, [WORKER], { maxResponses: 3, responseDeadline: START + 50 });
    store.apply(open, 3);
    const [second] = store.openRequests().filter(({ requestId }) => requestId === 2n);
    assert.ok(second !== undefined);
    assert.equal(await proposeRound(runtime, [second], chain.time), false, "answers are still open");
    assert.equal(await proposeRound(runtime, [second], START + 51), false, "not judged");
    assert.deepEqual(chain.scoreReports, []);
  });

  it("leaves out what seats sent whose keys were revoked, and is silent with a revoked key", async () => {
    const { chain, at, proposer } = await network();
    const { runtime, store } = at(proposer);
    const robbed = [0, 1, 3, 4, 5].find((seat) => seat !== proposer) as number;
    chain.mask = 1n << BigInt(proposer);
    assert.equal(await proposeRound(runtime, store.openRequests(), chain.time), false);
    chain.mask = 1n << BigInt(robbed);
    assert.equal(await proposeRound(runtime, store.openRequests(), chain.time), true);
    const [posted] = chain.scoreReports;
    assert.ok(posted !== undefined);
    assert.deepEqual(
      seatsOf(posted.signers),
      [0, 1, 3, 4, 5].filter((seat) => seat !== robbed),
    );
    const archive = store.archive(scoreReportDigest(chain.manifest, posted.report)) ?? "";
    const seats = (JSON.parse(archive) as RoundArchive).vectors.map(({ seat }) => seat);
    assert.equal(seats.includes(robbed), false, "its vector moves no median");
  });

  it("proposes once an attempt", async () => {
    const { chain, at, proposer } = await network();
    const { runtime, store } = at(proposer);
    assert.equal(await proposeRound(runtime, store.openRequests(), chain.time), true);
    assert.equal(await proposeRound(runtime, store.openRequests(), chain.time), false);
    assert.equal(chain.scoreReports.length, 1);
  });
});

/** A report for the first turn as its proposer would make it, and means to spoil it. */
async function proposal() {
  const chain = new FakeChain([20n, 20n, 20n, 20n]);
  const proposer = proposerOf(chain.frozen, 0, 0);
  const seat = [0, 1, 2, 3].find((other) => other !== proposer) as number;
  const keeper = makeKeeper(chain, chain.keys[seat] as Wallet);
  keeper.store.apply(requestEvents(1n, [WORKER]), 2);
  keeper.store.saveOwnResult(ownResult(seat));
  const turn = { epoch: EPOCH, round: 0, attempt: 0 };
  const sign = (
    at: number,
    results: readonly RequestResult[] = [ownResult(at)],
    other: Partial<SignedVector> = {},
  ) => signVector(chain.keys[at] as Wallet, chain.manifest, { seat: at, ...turn, results, ...other });
  const vectors = await Promise.all([0, 1, 2, 3].map((at) => sign(at)));
  const assemble = (from: readonly SignedVector[]) => assembleResults(from, chain.frozen, new Map([[1n, 1]]));
  const report: ScoreReport = {
    ...turn,
    poster: chain.frozen.hotKeys[proposer] as string,
    results: assemble(vectors),
  };
  const round: RoundArchive = { report, vectors };
  const proposerKey = chain.frozen.hotKeys[proposer] as string;
  return { chain, keeper, seat, proposer, proposerKey, sign, vectors, assemble, report, round };
}
const isSigned = (chain: FakeChain, signer: string, report: ScoreReport, signature: string): boolean =>
  recoverAddress(scoreReportDigest(chain.manifest, report), signature) === signer;

/** What must be refused leaves nothing behind: the right report can still be signed afterwards. */
async function refusesButNotForGood(
  made: Awaited<ReturnType<typeof proposal>>,
  round: RoundArchive,
  words: RegExp,
  proposer = made.proposerKey,
): Promise<void> {
  const { keeper, chain } = made;
  await refusal(() => signProposedRound(keeper.runtime, round, proposer), "MASA-503", words);
  const signature = await signProposedRound(keeper.runtime, made.round, made.proposerKey);
  assert.ok(isSigned(chain, keeper.runtime.hotKey, made.report, signature));
}

describe("signProposedRound", () => {
  it("signs what follows from the vectors, again when asked again", async () => {
    const made = await proposal();
    const { keeper, chain, round, report, proposerKey } = made;
    const first = await signProposedRound(keeper.runtime, round, proposerKey);
    assert.ok(isSigned(chain, keeper.runtime.hotKey, report, first));
    assert.equal(await signProposedRound(keeper.runtime, round, proposerKey), first);
    assert.equal(keeper.store.archive(scoreReportDigest(chain.manifest, report)), encode(round));
  });

  it("refuses who is not drawn for the attempt", async () => {
    const made = await proposal();
    const other = made.chain.frozen.hotKeys[(made.proposer + 1) % 4] as string;
    await refusesButNotForGood(made, made.round, /turn/, other);
  });

  it("refuses a stranger", async () => {
    const made = await proposal();
    await refusesButNotForGood(made, made.round, /turn/, walletOf("stranger").address);
  });

  it("refuses an attempt that has not begun, and an epoch without a set", async () => {
    const made = await proposal();
    const { chain, report } = made;
    const later = { ...report, attempt: 3 };
    const drawn = chain.frozen.hotKeys[proposerOf(chain.frozen, 0, 3)] as string;
    await refusesButNotForGood(made, { ...made.round, report: later }, /not begun/, drawn);
    await refusesButNotForGood(
      made,
      { ...made.round, report: { ...report, epoch: EPOCH + 1 } },
      /no set is frozen/,
    );
  });

  it("refuses results that are not the medians", async () => {
    const made = await proposal();
    const [median] = made.report.results;
    const better = {
      requestId: 1n,
      responses: [{ ...(median?.responses[0] ?? score()), relevance: 999_999_999 }],
    };
    await refusesButNotForGood(
      made,
      { ...made.round, report: { ...made.report, results: [better] } },
      /not the medians/,
    );
  });

  it("refuses vectors that were altered, or signed for another turn or by another", async () => {
    const made = await proposal();
    const { vectors, sign, proposer } = made;
    const spoiled: [string, SignedVector][] = [
      ["altered", { ...(vectors[proposer] as SignedVector), results: [ownResult(9)] }],
      ["another round", await sign(proposer, undefined, { round: 1 })],
      ["another attempt", await sign(proposer, undefined, { attempt: 1 })],
      ["another seat's key", { ...(await sign((proposer + 1) % 4)), seat: proposer }],
    ];
    for (const [what, vector] of spoiled) {
      const fresh = await proposal();
      const with_ = vectors.map((own) => (own.seat === proposer ? vector : own));
      const report = { ...fresh.report, results: made.assemble(with_) };
      await refusesButNotForGood(fresh, { report, vectors: with_ }, /not signed for this attempt/).catch(
        (error: unknown) => {
          throw new Error(what, { cause: error });
        },
      );
    }
  });

  it("refuses vectors of a key that was revoked", async () => {
    const { chain, keeper, round, seat, proposer, proposerKey } = await proposal();
    const other = [0, 1, 2, 3].find((at) => at !== seat && at !== proposer) as number;
    chain.mask = 1n << BigInt(other);
    await refusal(() => signProposedRound(keeper.runtime, round, proposerKey), "MASA-503", /was revoked/);
  });

  it("refuses two vectors of one seat, whichever they are", async () => {
    const made = await proposal();
    const second = await made.sign(made.proposer, [{ requestId: 1n, responses: [score({ relevance: 0 })] }]);
    await refusesButNotForGood(made, { ...made.round, vectors: [...made.vectors, second] }, /two vectors/);
  });

  it("refuses a report that sends the poster's refund to somebody else", async () => {
    const made = await proposal();
    const report = { ...made.report, poster: "0x00000000000000000000000000000000000000aa" };
    await refusesButNotForGood(made, { ...made.round, report }, /names another poster/);
  });

  it("refuses a report that leaves its own vector out", async () => {
    const made = await proposal();
    const without = made.vectors.filter((vector) => vector.seat !== made.seat);
    const report = { ...made.report, results: made.assemble(without) };
    assert.equal(report.results.length, 1, "three of four are enough for medians");
    await refusesButNotForGood(made, { report, vectors: without }, /leaves out/);
  });

  it("signs without its own vector where it has not judged the request itself", async () => {
    const made = await proposal();
    const { chain, seat, proposerKey } = made;
    const keeper = makeKeeper(chain, chain.keys[seat] as Wallet);
    keeper.store.apply(requestEvents(1n, [WORKER]), 2);
    const without = made.vectors.filter((vector) => vector.seat !== seat);
    const report = { ...made.report, results: made.assemble(without) };
    const signature = await signProposedRound(keeper.runtime, { report, vectors: without }, proposerKey);
    assert.ok(isSigned(chain, keeper.runtime.hotKey, report, signature));
  });

  it("refuses a second report for the attempt, however good", async () => {
    const made = await proposal();
    const { keeper, round, report, proposerKey, vectors, assemble } = made;
    await signProposedRound(keeper.runtime, round, proposerKey);
    // Seat 0 is one of the two whoever was drawn, and its scores are their median, not that of all four.
    const others = vectors.filter(({ seat }) => seat === made.seat || seat === made.proposer);
    const second = { report: { ...report, results: assemble(others) }, vectors: others };
    assert.notEqual(encode(second.report), encode(report), "it is another report");
    await refusal(
      () => signProposedRound(keeper.runtime, second, proposerKey),
      "MASA-503",
      /another report was signed/,
    );
  });

  it("refuses requests that are unknown, settled, still open to answers or too late", async () => {
    const made = await proposal();
    const { chain, keeper, proposerKey, round } = made;
    const of = (requestId: bigint): RoundArchive => ({
      ...round,
      report: { ...made.report, results: [{ requestId, responses: [score()] }] },
    });
    await refusal(
      () => signProposedRound(keeper.runtime, of(99n), proposerKey),
      "MASA-503",
      /cannot be settled/,
    );
    keeper.store.apply(requestEvents(5n, [WORKER], { maxResponses: 2, responseDeadline: START + 50 }), 3);
    await refusal(
      () => signProposedRound(keeper.runtime, of(5n), proposerKey),
      "MASA-503",
      /cannot be settled/,
    );
    keeper.store.apply(requestEvents(6n, [WORKER], { scoringDeadline: START - 1 }), 4);
    await refusal(
      () => signProposedRound(keeper.runtime, of(6n), proposerKey),
      "MASA-503",
      /cannot be settled/,
    );
    assert.equal(chain.scoreReports.length, 0);
  });

  it("is asked of nobody who has no seat", async () => {
    const made = await proposal();
    const stranger = makeKeeper(made.chain, walletOf("no seat"));
    await refusal(
      () => signProposedRound(stranger.runtime, made.round, made.proposerKey),
      "MASA-503",
      /no seat/,
    );
  });
});

describe("ownVector", () => {
  it("is signed once an attempt, with what was judged", async () => {
    const { chain, keeper, seat } = await proposal();
    const call = { epoch: EPOCH, round: 0, attempt: 0, requestIds: [1n, 1n, 2n] };
    const vector = await ownVector(keeper.runtime, call);
    assert.deepEqual(vector.results, [ownResult(seat)], "each once, and what it has not judged is left out");
    assert.deepEqual(await ownVector(keeper.runtime, call), vector);
    keeper.store.saveOwnResult({ requestId: 2n, responses: [score()] });
    await refusal(() => ownVector(keeper.runtime, call), "MASA-503", /another vector was signed/);
    assert.equal((await ownVector(keeper.runtime, { ...call, attempt: 1 })).results.length, 2);
    assert.equal(chain.scoreReports.length, 0);
  });
});

describe("turns", () => {
  it("follow from the clock: epoch, round and attempt of every second", async () => {
    const { keeper } = await proposal();
    const place = (second: number) => placeInTime(keeper.runtime, START + second);
    assert.deepEqual(await place(0), { epoch: EPOCH, round: 0, attempt: 0, secondsInEpoch: 0 });
    assert.deepEqual(await place(4), { epoch: EPOCH, round: 0, attempt: 0, secondsInEpoch: 4 });
    assert.deepEqual(await place(5), { epoch: EPOCH, round: 0, attempt: 1, secondsInEpoch: 5 });
    assert.deepEqual(await place(59), { epoch: EPOCH, round: 2, attempt: 3, secondsInEpoch: 59 });
    assert.equal((await place(60)).epoch, EPOCH + 1);
    const uneven = { ...keeper.runtime, roundLength: 25 };
    const { round } = await placeInTime(uneven, START + 59);
    assert.equal(round, 1, "the rest of the epoch belongs to its last round");
  });

  it("begin with their second, one second of block time allowed", async () => {
    const { chain, keeper } = await proposal();
    const turn = { epoch: EPOCH, round: 1, attempt: 1 };
    const drawn = chain.frozen.hotKeys[proposerOf(chain.frozen, 1, 1)] as string;
    const check = (now: number) => requireTurn(keeper.runtime, chain.frozen, turn, drawn, now);
    await refusal(() => check(START + 23), "MASA-503", /not begun/);
    await check(START + 24);
    await check(START + 25);
  });

  it("belong to no key that was revoked", async () => {
    const { chain, keeper } = await proposal();
    const seat = proposerOf(chain.frozen, 1, 1);
    chain.mask = 1n << BigInt(seat);
    const turn = { epoch: EPOCH, round: 1, attempt: 1 };
    const drawn = chain.frozen.hotKeys[seat] as string;
    const late = START + 30;
    await refusal(
      () => requireTurn(keeper.runtime, chain.frozen, turn, drawn, late),
      "MASA-504",
      /was revoked/,
    );
    chain.mask = ~(1n << BigInt(seat)) & 0xffn;
    await requireTurn(keeper.runtime, chain.frozen, turn, drawn, late);
  });

  it("are final with more than two thirds and enough seats", () => {
    const { frozen } = new FakeChain([1n, 1n, 1n, 7n]);
    assert.equal(isEnough(frozen, [0, 3]), false, "8 of 10, but two seats of three");
    assert.equal(isEnough(frozen, [0, 1, 3]), true);
    assert.equal(isEnough(frozen, [0, 1, 2]), false);
    assert.equal(isEnough({ ...frozen, leastConfirmations: 1 }, [3]), true, "7 of 10");
    assert.equal(isEnough(new FakeChain([1n, 1n, 1n]).frozen, [0, 1]), false, "exactly two thirds");
  });
});
