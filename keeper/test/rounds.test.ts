/** Score reports between keepers: what is proposed as it should be is signed and posted, whatever deviates is refused. */
import assert from "node:assert/strict";
import { afterEach, describe, it } from "node:test";

import { recoverAddress } from "ethers";
import type { Wallet } from "ethers";

import { isEnough, proposerOf, scoreReportDigest, seatsOf } from "#sdk";
import type { RequestResult, Reveal, RoundEvidence, ScoreReport } from "#sdk";

import { commitAs, cosignAs, reportOf } from "../../sdk/test/rounds.ts";
import type { Network } from "../../sdk/test/rounds.ts";
import { refusal, score, walletOf } from "../../sdk/test/support.ts";
import { commit, reveal, takeReveal } from "../src/commitments.ts";
import { proposeRound, signProposedRound } from "../src/rounds.ts";
import { placeInTime } from "../src/runtime.ts";
import { requireTurn } from "../src/turns.ts";
import { decodeRound, encode } from "../src/wire.ts";
import {
  CLOCK,
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
  TIMES,
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
    const seats = decodeRound(archive).reveals.map(({ vector }) => vector.seat);
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

/** A keeper that takes part in the first turn beside three wallets, and a report for it as its proposer would make it. */
async function proposal() {
  const chain = new FakeChain([20n, 20n, 20n, 20n]);
  const { manifest, frozen, keys } = chain;
  const seats = [0, 1, 2, 3];
  const proposer = proposerOf(frozen, 0, 0);
  const seat = seats.find((other) => other !== proposer) as number;
  const proposerKey = frozen.hotKeys[proposer] as string;
  const keeper = makeKeeper(chain, keys[seat] as Wallet);
  keeper.store.apply(requestEvents(1n, [WORKER]), 2);
  keeper.store.saveOwnResult(ownResult(seat));
  const net: Network = { manifest, frozen, keys };
  const turn = { epoch: EPOCH, round: 0, attempt: 0 };
  const others = await Promise.all(
    seats.filter((at) => at !== seat).map((at) => commitAs(net, turn, at, [ownResult(at)])),
  );
  const mine = await commit(keeper.runtime, { ...turn, requestIds: [1n] });
  const commitments = [...others.map(({ commitment }) => commitment), mine].sort((a, b) => a.seat - b.seat);
  const cosignatures = await Promise.all(seats.map((at) => cosignAs(net, turn, at, commitments)));
  const set = { commitments, cosignatures };
  for (const { reveal: shown } of others)
    await takeReveal(keeper.runtime, { ...set, reveal: shown }, frozen.hotKeys[shown.vector.seat] as string);
  const reveals = await reveal(keeper.runtime, { ...turn, ...set });
  const report = reportOf(net, turn, commitments, reveals, new Map([[1n, 1]]));
  const round: RoundEvidence = { report, ...set, reveals };
  /** The round with these reveals alone, and the report that follows from them. */
  const withReveals = (given: readonly Reveal[]): RoundEvidence => ({
    ...round,
    reveals: given,
    report: reportOf(net, turn, commitments, given, new Map([[1n, 1]])),
  });
  return { chain, net, keeper, seat, proposer, proposerKey, turn, set, reveals, report, round, withReveals };
}
const isSigned = (chain: FakeChain, signer: string, report: ScoreReport, signature: string): boolean =>
  recoverAddress(scoreReportDigest(chain.manifest, report), signature) === signer;

/** What must be refused leaves nothing behind: the right report can still be signed afterwards. */
async function refusesButNotForGood(
  made: Awaited<ReturnType<typeof proposal>>,
  round: RoundEvidence,
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
    assert.equal(made.reveals.length, 4);
    const first = await signProposedRound(keeper.runtime, round, proposerKey);
    assert.ok(isSigned(chain, keeper.runtime.hotKey, report, first));
    assert.equal(await signProposedRound(keeper.runtime, round, proposerKey), first);
    assert.equal(keeper.store.archive(scoreReportDigest(chain.manifest, report)), encode(round));
  });

  it("refuses a proposer whose turn it is not", async () => {
    const made = await proposal();
    const other = made.chain.frozen.hotKeys[made.seat] as string;
    await refusesButNotForGood(made, made.round, /turn, not/, other);
  });

  it("refuses a report of an attempt that has not begun, or that no round has", async () => {
    const made = await proposal();
    const later = (attempt: number) => ({ ...made.round, report: { ...made.report, attempt } });
    const drawn = (attempt: number) =>
      made.chain.frozen.hotKeys[proposerOf(made.chain.frozen, 0, attempt)] as string;
    await refusesButNotForGood(made, later(1), /attempt 1 has not begun/, drawn(1));
    made.chain.time = START + 59;
    await refusal(
      () => signProposedRound(made.keeper.runtime, later(4), drawn(4)),
      "MASA-503",
      /no attempt 4/,
    );
    made.chain.time = START + 2 * CLOCK.epochLength;
    await refusal(
      () => signProposedRound(made.keeper.runtime, made.round, made.proposerKey),
      "MASA-503",
      /too long ago/,
    );
  });

  it("refuses results that are not the medians of the vectors", async () => {
    const made = await proposal();
    const better: RequestResult = { requestId: 1n, responses: [score({ relevance: 1_000_000_000 })] };
    const round = { ...made.round, report: { ...made.report, results: [better] } };
    await refusesButNotForGood(made, round, /not the medians/);
  });

  it("refuses a report that leaves out a vector revealed to it in time, its own or another's", async () => {
    for (const whose of ["own", "other"] as const) {
      const made = await proposal();
      const left =
        whose === "own"
          ? made.seat
          : made.reveals.find(({ vector }) => vector.seat !== made.seat)?.vector.seat;
      const without = made.withReveals(made.reveals.filter(({ vector }) => vector.seat !== left));
      assert.equal(without.report.results.length, 1, "three of four are enough for medians");
      await refusesButNotForGood(made, without, new RegExp(`leaves out the vector of seat ${left}`));
    }
  });

  it("signs without a vector that came after it had closed the turn", async () => {
    const made = await proposal();
    const { chain, net, turn, seat, proposerKey } = made;
    const late = made.reveals.find(({ vector }) => vector.seat !== seat) as Reveal;
    const keeper = makeKeeper(chain, chain.keys[seat] as Wallet);
    keeper.store.apply(requestEvents(1n, [WORKER]), 2);
    for (const shown of made.reveals) {
      const by = net.frozen.hotKeys[shown.vector.seat] as string;
      if (shown !== late) await takeReveal(keeper.runtime, { ...made.set, reveal: shown }, by);
    }
    const started = Date.now();
    const shown = await reveal(keeper.runtime, { ...turn, ...made.set });
    assert.ok(Date.now() - started >= TIMES.peerTimeoutMs / 4 - 50, "it waited for who was missing");
    assert.equal(shown.length, 3);
    const by = net.frozen.hotKeys[late.vector.seat] as string;
    await takeReveal(keeper.runtime, { ...made.set, reveal: late }, by);
    const without = made.withReveals(made.reveals.filter((given) => given !== late));
    const signature = await signProposedRound(keeper.runtime, without, proposerKey);
    assert.ok(isSigned(chain, keeper.runtime.hotKey, without.report, signature));
  });

  it("refuses vectors of a key that was revoked", async () => {
    const { chain, keeper, round, seat, proposer, proposerKey } = await proposal();
    const other = [0, 1, 2, 3].find((at) => at !== seat && at !== proposer) as number;
    chain.mask = 1n << BigInt(other);
    await refusal(() => signProposedRound(keeper.runtime, round, proposerKey), "MASA-503", /was revoked/);
  });

  it("lets the signers pay whom they like for posting", async () => {
    const made = await proposal();
    const report = { ...made.report, poster: walletOf("treasury").address };
    const signature = await signProposedRound(
      made.keeper.runtime,
      { ...made.round, report },
      made.proposerKey,
    );
    assert.ok(isSigned(made.chain, made.keeper.runtime.hotKey, report, signature));
  });

  it("refuses a second report for the attempt, however good", async () => {
    const made = await proposal();
    const { keeper, round, report, proposerKey } = made;
    await signProposedRound(keeper.runtime, round, proposerKey);
    const second = { ...round, report: { ...report, poster: walletOf("another").address } };
    await refusal(
      () => signProposedRound(keeper.runtime, second, proposerKey),
      "MASA-503",
      /another report was signed/,
    );
  });

  it("refuses requests that are unknown, settled or too late", async () => {
    const made = await proposal();
    const { keeper, proposerKey, round, chain } = made;
    const of = (requestId: bigint): RoundEvidence => ({
      ...round,
      report: { ...made.report, results: [{ requestId, responses: [score()] }] },
    });
    const refuse = (given: RoundEvidence) =>
      refusal(
        () => signProposedRound(keeper.runtime, given, proposerKey),
        "MASA-503",
        /cannot be settled now/,
      );
    await refuse(of(99n));
    keeper.store.apply([{ type: "settled", requestId: 1n, paidWei: 0n }], 3);
    await refuse(round);
    const fresh = await proposal();
    fresh.chain.time = START + 101;
    fresh.keeper.store.apply([], 3);
    await refusal(
      () => signProposedRound(fresh.keeper.runtime, fresh.round, fresh.proposerKey),
      "MASA-503",
      /cannot be settled now/,
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

describe("turns", () => {
  it("follow from the clock: epoch, round and attempt of every second", async () => {
    const { keeper } = await proposal();
    const place = (second: number) => placeInTime(keeper.runtime, START + second);
    assert.deepEqual(await place(0), { epoch: EPOCH, round: 0, attempt: 0, secondsInEpoch: 0, length: 60 });
    assert.deepEqual(await place(4), { epoch: EPOCH, round: 0, attempt: 0, secondsInEpoch: 4, length: 60 });
    assert.deepEqual(await place(5), { epoch: EPOCH, round: 0, attempt: 1, secondsInEpoch: 5, length: 60 });
    assert.deepEqual(await place(59), { epoch: EPOCH, round: 2, attempt: 3, secondsInEpoch: 59, length: 60 });
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
