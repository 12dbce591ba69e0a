/**
 * Rounds between keepers: real servers, signatures and medians on a stand-in chain. What is proposed as it should be gets
 * signed and posted; whatever deviates is refused by everyone else.
 */
import assert from "node:assert/strict";
import { afterEach, describe, it } from "node:test";

import { recoverAddress } from "ethers";
import type { Wallet } from "ethers";

import {
  assembleResults,
  AUTH_HEADER,
  guardedFetch,
  proposerOf,
  scoreReportDigest,
  epochReportDigest,
  seatsOf,
  signHttpRequest,
  signVector,
} from "#sdk";
import type { EpochReport, RequestResult, ScoreReport, SignedVector } from "#sdk";

import { refusal, score, walletOf } from "../../sdk/test/support.ts";
import { proposeEpoch, rollEpoch, signProposedEpoch } from "../src/epochs.ts";
import { isEnough, ownVector, proposeRound, requireTurn, signProposedRound } from "../src/rounds.ts";
import { placeInTime } from "../src/runtime.ts";
import { encode } from "../src/wire.ts";
import type { RoundArchive } from "../src/wire.ts";
import { CLOCK, EPOCH, FakeChain, makeKeeper, requestEvents, START, startKeepers, TIMES } from "./support.ts";
import type { KeeperUnderTest, Posted, RunningKeeper } from "./support.ts";

const WORKER = walletOf("worker").address;
const EPOCH_ROUND = 0xffff_ffff;

const closing: RunningKeeper[] = [];
afterEach(async () => {
  await Promise.all(closing.splice(0).map((keeper) => keeper.close()));
});

/** Five keepers (and a free seat) that have judged request 1, one of them by a measure of its own. */
async function network() {
  const chain = new FakeChain([20n, 20n, 0n, 20n, 20n, 20n]);
  const keepers = await startKeepers(chain);
  closing.push(...keepers.values());
  for (const [seat, { store }] of keepers) {
    store.apply(requestEvents(1n, [WORKER]), 2);
    store.saveOwnResult(ownResult(seat));
  }
  const proposer = proposerOf(chain.frozen, 0, 0);
  return { chain, keepers, proposer, at: (seat: number) => keepers.get(seat) as RunningKeeper };
}
const ownResult = (seat: number): RequestResult => ({
  requestId: 1n,
  responses: [score({ relevance: seat === 4 ? 1 : 800_000_000 + seat })],
});

function signersOf<T>(chain: FakeChain, digest: string, posted: Posted<T>): string[] {
  return seatsOf(posted.signers).map((_, index) => {
    const signature = `0x${posted.signatures.slice(2 + 130 * index, 2 + 130 * (index + 1))}`;
    return recoverAddress(digest, signature);
  });
}

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
    assert.deepEqual(signersOf(chain, digest, posted), expected);
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

  it("refuses two vectors of one seat, whichever they are", async () => {
    const made = await proposal();
    const second = await made.sign(made.proposer, [{ requestId: 1n, responses: [score({ relevance: 0 })] }]);
    await refusesButNotForGood(made, { ...made.round, vectors: [...made.vectors, second] }, /two vectors/);
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
    const fewer = vectors
      .filter(({ seat }) => seat === made.seat || seat === made.proposer || seat < 2)
      .slice(0, 3);
    const others = fewer.some(({ seat }) => seat === made.seat)
      ? fewer
      : [...fewer.slice(1), vectors[made.seat] as SignedVector];
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
  it("follow from the clock: epoch, round and attempt of every second", () => {
    const place = (second: number) => placeInTime(CLOCK, TIMES, START + second);
    assert.deepEqual(place(0), { epoch: EPOCH, round: 0, attempt: 0, secondsInEpoch: 0 });
    assert.deepEqual(place(4), { epoch: EPOCH, round: 0, attempt: 0, secondsInEpoch: 4 });
    assert.deepEqual(place(5), { epoch: EPOCH, round: 0, attempt: 1, secondsInEpoch: 5 });
    assert.deepEqual(place(59), { epoch: EPOCH, round: 2, attempt: 3, secondsInEpoch: 59 });
    assert.equal(place(60).epoch, EPOCH + 1);
    const uneven = { ...CLOCK, roundLength: 25 };
    assert.equal(
      placeInTime(uneven, TIMES, START + 59).round,
      1,
      "the rest of the epoch belongs to its last round",
    );
    assert.equal(placeInTime(CLOCK, TIMES, CLOCK.genesis - 5).epoch, 0);
  });

  it("begin with their second, one second of block time allowed", async () => {
    const { chain, keeper } = await proposal();
    const turn = { epoch: EPOCH, round: 1, attempt: 1 };
    const drawn = chain.frozen.hotKeys[proposerOf(chain.frozen, 1, 1)] as string;
    const check = (now: number) => requireTurn(keeper.runtime, chain.frozen, turn, drawn, now);
    await refusal(() => check(START + 23), "MASA-503", /not begun/);
    check(START + 24);
    check(START + 25);
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

describe("keeper server", () => {
  async function ask(
    made: Awaited<ReturnType<typeof network>>,
    seat: number,
    key: Wallet | null,
    path: string,
    body: string,
    method: "GET" | "POST" = "POST",
  ) {
    const { chain, at } = made;
    const signed = { audience: chain.accountOfSeat(seat), method, path, body };
    const headers =
      key === null ? {} : { [AUTH_HEADER]: await signHttpRequest(key, chain.manifest, signed, chain.time) };
    return guardedFetch(`${at(seat).url}${path}`, {
      method,
      headers,
      ...(method === "POST" ? { body } : {}),
      maxBytes: 1_000_000,
      timeoutMs: 5_000,
      allowPrivateHosts: true,
    });
  }
  const call = encode({ epoch: EPOCH, round: 0, attempt: 0, requestIds: [1n] });

  it("gives vectors and signatures to the proposer alone", async () => {
    const made = await network();
    const { chain, proposer, keepers } = made;
    const seat = [...keepers.keys()].find((other) => other !== proposer) as number;
    const other = [...keepers.keys()].find((third) => third !== proposer && third !== seat) as number;
    assert.equal((await ask(made, seat, chain.keys[proposer] as Wallet, "/vectors", call)).status, 200);
    assert.equal((await ask(made, seat, chain.keys[other] as Wallet, "/vectors", call)).status, 409);
    assert.equal((await ask(made, seat, walletOf("stranger"), "/vectors", call)).status, 409);
    assert.equal((await ask(made, seat, null, "/vectors", call)).status, 401);
  });

  it("refuses malformed messages with a number and signs nothing for them", async () => {
    const made = await network();
    const { chain, proposer, keepers, at } = made;
    const seat = [...keepers.keys()].find((other) => other !== proposer) as number;
    const key = chain.keys[proposer] as Wallet;
    const turn = { epoch: EPOCH, round: 0, attempt: 0 };
    const messages: [string, string][] = [
      ["/vectors", ""],
      ["/vectors", "[]"],
      ["/vectors", encode({ ...turn, requestIds: [] })],
      ["/vectors", encode({ ...turn, requestIds: ["-1"] })],
      ["/vectors", encode({ ...turn, requestIds: Array(201).fill("1") })],
      ["/vectors", encode({ ...turn, epoch: 1e300, requestIds: ["1"] })],
      ["/vectors", encode({ ...turn, requestIds: ["1"], more: true })],
      ["/sign/score", "{}"],
      ["/sign/score", encode({ report: { ...turn, poster: "0x", results: [] }, vectors: [] })],
      ["/sign/epoch", encode({ report: {}, rounds: [] })],
      ["/archive", encode({ digest: "0x12" })],
    ];
    for (const [path, body] of messages) {
      const { status, text } = await ask(made, seat, key, path, body);
      assert.equal(status, 400, `${path} ${body.slice(0, 60)}: ${text}`);
      assert.match(text, /^MASA-505/);
    }
    for (const what of ["vector", "scoreReport", "epochReport"] as const)
      assert.equal(at(seat).store.hasSigned(what, turn), false);
    assert.equal((await ask(made, seat, key, "/nothing", "")).status, 404);
    assert.equal(
      (await ask(made, seat, key, "/responses/1", "", "GET")).status,
      401,
      "only the asker gets responses",
    );
  });

  it("serves a paid response to its asker, and archives to validators", async () => {
    const made = await network();
    const { chain, proposer, keepers, at } = made;
    chain.commitments.set(1n, [{ worker: WORKER, committedAt: 1n }]);
    const asker = walletOf("asker");
    const seat = [...keepers.keys()].find((other) => other !== proposer) as number;
    assert.equal((await ask(made, seat, asker, "/responses/1", "", "GET")).status, 404, "not fetched");
    at(seat).store.savePayload(1n, 0, `0x${"33".repeat(32)}`, "the answer");
    const { status, text } = await ask(made, seat, asker, "/responses/1", "", "GET");
    assert.equal(status, 200);
    assert.deepEqual(JSON.parse(text), { salt: `0x${"33".repeat(32)}`, payload: "the answer" });
    assert.equal((await ask(made, seat, walletOf("stranger"), "/responses/1", "", "GET")).status, 401);

    const { runtime, store } = at(proposer);
    assert.equal(await proposeRound(runtime, store.openRequests(), chain.time), true);
    const digest = scoreReportDigest(chain.manifest, chain.scoreReports[0]?.report as ScoreReport);
    const body = encode({ digest });
    assert.equal(
      (await ask(made, seat, chain.keys[proposer] as Wallet, "/archive", body)).text,
      store.archive(digest),
    );
    assert.equal((await ask(made, seat, walletOf("stranger"), "/archive", body)).status, 401);
  });
});

/** The first round is final for all; the chain's clock stands in the next epoch, at an attempt's beginning. */
async function afterTheEpoch() {
  const made = await network();
  const { chain, at, proposer, keepers } = made;
  const { runtime, store } = at(proposer);
  assert.equal(await proposeRound(runtime, store.openRequests(), chain.time), true);
  const posted = chain.scoreReports[0] as Posted<ScoreReport>;
  const digest = scoreReportDigest(chain.manifest, posted.report);
  for (const keeper of keepers.values())
    keeper.store.apply([{ type: "roundFinal", epoch: EPOCH, round: 0, digest, signers: posted.signers }], 9);
  chain.rolled = EPOCH + 1;
  chain.time = START + CLOCK.epochLength + TIMES.attemptSeconds;
  const epochProposer = proposerOf(chain.frozen, EPOCH_ROUND, 0);
  const signer = [...keepers.keys()].find((seat) => seat !== epochProposer) as number;
  return { ...made, digest, epochProposer, signer };
}

describe("epoch reports", () => {
  it("are proposed, signed by all and posted: the one with its own measure has the lowest L", async () => {
    const { chain, at, epochProposer } = await afterTheEpoch();
    assert.equal(await proposeEpoch(at(epochProposer).runtime, chain.time), true);
    const [posted] = chain.epochReports;
    assert.ok(posted !== undefined);
    const digest = epochReportDigest(chain.manifest, posted.report);
    assert.equal(signersOf(chain, digest, posted).length, 5);
    assert.deepEqual(
      signersOf(chain, digest, posted),
      [0, 1, 3, 4, 5].map((seat) => chain.frozen.hotKeys[seat]),
    );
    const { llm, consensus, hasLlm, hasData } = posted.report.scores;
    assert.deepEqual([hasLlm, hasData], [true, false]);
    assert.deepEqual(consensus, [1e9, 1e9, 0, 1e9, 1e9, 1e9]);
    const others = llm.filter((_, seat) => seat !== 4 && seat !== 2);
    assert.ok((llm[4] as number) < Math.min(...others) - 200_000_000, JSON.stringify(llm));
    assert.equal(await proposeEpoch(at(epochProposer).runtime, chain.time), false, "once an attempt");
  });

  it("are proposed by a keeper that must first ask its peers for the round's vectors", async () => {
    const { chain, epochProposer, keepers, digest } = await afterTheEpoch();
    const fresh = makeKeeper(chain, chain.keys[epochProposer] as Wallet);
    const posted = chain.scoreReports[0] as Posted<ScoreReport>;
    fresh.store.apply(
      [
        ...requestEvents(1n, [WORKER]),
        ...[...keepers].map(([seat, { url }]) => ({
          type: "registered" as const,
          account: chain.accountOfSeat(seat),
          role: "validator" as const,
          endpoint: url,
        })),
        { type: "roundFinal", epoch: EPOCH, round: 0, digest, signers: posted.signers },
      ],
      9,
    );
    assert.equal(fresh.store.archive(digest), null);
    assert.equal(await proposeEpoch(fresh.runtime, chain.time), true);
    assert.ok(fresh.store.archive(digest) !== null);
    assert.equal(chain.epochReports.length, 1);
  });

  it("are refused when they do not follow, come out of turn, out of time, or are a second one", async () => {
    const { chain, at, epochProposer, signer, digest } = await afterTheEpoch();
    assert.equal(await proposeEpoch(at(epochProposer).runtime, chain.time), true);
    const { report } = chain.epochReports[0] as Posted<EpochReport>;
    const proposerKey = chain.frozen.hotKeys[epochProposer] as string;
    const archive = JSON.parse(at(epochProposer).store.archive(digest) as string, (key, value: unknown) =>
      key === "requestId" ? BigInt(value as string) : value,
    ) as RoundArchive;
    const keeper: KeeperUnderTest = at(signer);
    const refuse = (call: { report: EpochReport; rounds: RoundArchive[] }, words: RegExp, by = proposerKey) =>
      refusal(() => signProposedEpoch(keeper.runtime, call, by), "MASA-503", words);

    const raised = { ...report, scores: { ...report.scores, llm: report.scores.llm.map(() => 1e9) } };
    await refuse({ report: raised, rounds: [archive] }, /do not follow/);
    await refuse({ report, rounds: [] }, /0 rounds shown, 1 are final/);
    const other = { ...archive, report: { ...archive.report, attempt: 1 } };
    await refuse({ report, rounds: [other] }, /not the one that is final/);
    await refuse({ report, rounds: [archive] }, /turn/, chain.frozen.hotKeys[signer]);
    await refuse(
      { report: { ...report, poster: walletOf("x").address }, rounds: [archive] },
      /another epoch report/,
    );
    chain.time += CLOCK.epochLength;
    await refuse({ report, rounds: [archive] }, /cannot be reported now/);
  });

  it("are not proposed for an epoch without final rounds", async () => {
    const { chain, at, keepers } = await network();
    chain.time = START + CLOCK.epochLength + TIMES.attemptSeconds;
    for (const seat of keepers.keys()) assert.equal(await proposeEpoch(at(seat).runtime, chain.time), false);
    assert.deepEqual(chain.epochReports, []);
  });
});

describe("rollEpoch", () => {
  it("is done at once by the seat drawn first, by others an attempt later, by nobody twice", async () => {
    const chain = new FakeChain([20n, 20n, 20n]);
    chain.time = START + CLOCK.epochLength;
    const first = proposerOf(chain.frozen, EPOCH_ROUND, 0);
    const others = [0, 1, 2].filter((seat) => seat !== first);
    const roll = (seat: number, now: number) =>
      rollEpoch(makeKeeper(chain, chain.keys[seat] as Wallet).runtime, now);
    for (const seat of others) assert.equal(await roll(seat, chain.time), false);
    assert.equal(await roll(first, chain.time), true);
    assert.equal(
      await roll(others[0] as number, chain.time + TIMES.attemptSeconds),
      true,
      "it stayed silent",
    );
    chain.rolled = EPOCH + 1;
    assert.equal(await roll(first, chain.time), false);
    assert.equal(chain.rolls, 2);
  });
});
