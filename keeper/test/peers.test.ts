/** What keepers do for each other over HTTP, and once an epoch: serve, report the epoch, roll. */
import assert from "node:assert/strict";
import { afterEach, describe, it } from "node:test";

import type { Wallet } from "ethers";

import {
  AUTH_HEADER,
  epochReportDigest,
  guardedFetch,
  proposerOf,
  scoreReportDigest,
  signHttpRequest,
} from "#sdk";
import type { EpochReport, ScoreReport } from "#sdk";

import { refusal, walletOf } from "../../sdk/test/support.ts";
import { proposeEpoch, rollEpoch, signProposedEpoch } from "../src/epochs.ts";
import { proposeRound } from "../src/rounds.ts";
import { decodeRound, encode } from "../src/wire.ts";
import type { EpochCall } from "../src/wire.ts";
import {
  ATTEMPT,
  CLOCK,
  closeKeepers,
  EPOCH,
  FakeChain,
  makeKeeper,
  network,
  requestEvents,
  signersOf,
  START,
  WORKER,
} from "./support.ts";
import type { KeeperUnderTest, Posted } from "./support.ts";

/** Stands for a round number in the draw of an epoch report's proposer. */
const EPOCH_ROUND = 0xffff_ffff;

afterEach(closeKeepers);

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
    const headers: Record<string, string> =
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

  it("gives commitments to the proposer alone", async () => {
    const made = await network();
    const { chain, proposer, keepers } = made;
    const seat = [...keepers.keys()].find((other) => other !== proposer) as number;
    const other = [...keepers.keys()].find((third) => third !== proposer && third !== seat) as number;
    assert.equal((await ask(made, seat, chain.keys[proposer] as Wallet, "/commit", call)).status, 200);
    assert.equal((await ask(made, seat, chain.keys[other] as Wallet, "/commit", call)).status, 409);
    assert.equal((await ask(made, seat, walletOf("stranger"), "/commit", call)).status, 409);
    assert.equal((await ask(made, seat, null, "/commit", call)).status, 401);
  });

  it("refuses malformed messages with a number and signs nothing for them", async () => {
    const made = await network();
    const { chain, proposer, keepers, at } = made;
    const seat = [...keepers.keys()].find((other) => other !== proposer) as number;
    const key = chain.keys[proposer] as Wallet;
    const turn = { epoch: EPOCH, round: 0, attempt: 0 };
    const zero = `0x${"00".repeat(32)}`;
    const signature = `0x${"00".repeat(65)}`;
    const vector = { seat: 0, ...turn, results: "0x", signature };
    const report = { ...turn, poster: walletOf("x").address, commitmentSet: zero, results: "0x" };
    const set = { commitments: [], cosignatures: [] };
    const messages: [string, string][] = [
      ["/commit", ""],
      ["/commit", "[]"],
      ["/commit", encode({ ...turn, requestIds: [] })],
      ["/commit", encode({ ...turn, requestIds: ["-1"] })],
      ["/commit", encode({ ...turn, requestIds: Array(201).fill("1") })],
      ["/commit", encode({ ...turn, epoch: 1e300, requestIds: ["1"] })],
      ["/commit", encode({ ...turn, requestIds: ["1"], more: true })],
      ["/cosign", encode({ ...turn, commitments: [{ seat: 64, ...turn, commitment: zero, signature }] })],
      ["/cosign", encode({ ...turn, commitments: [{ seat: 0, ...turn, commitment: "0x00", signature }] })],
      ["/reveal", encode({ ...turn, commitments: [] })],
      ["/reveal", encode({ ...turn, ...set, cosignatures: [{ seat: 0, signature: "0x" }] })],
      ["/revealed", encode({ ...set, reveal: { vector, salt: "0x" } })],
      ["/revealed", encode({ ...set, reveal: { vector: { ...vector, results: "0x00" }, salt: zero } })],
      [
        "/revealed",
        encode({ ...set, reveal: { vector: { ...vector, results: `0x${"00".repeat(9_000)}` }, salt: zero } }),
      ],
      ["/sign/score", "{}"],
      ["/sign/score", encode({ report: { ...report, poster: "0x" }, ...set, reveals: [] })],
      ["/sign/score", encode({ report, ...set, reveals: Array(65).fill({ vector, salt: zero }) })],
      ["/sign/epoch", encode({ report: {}, rounds: [], availability: [] })],
      ["/availability", encode({ epoch: -1 })],
      ["/archive", encode({ digest: "0x12" })],
    ];
    for (const [path, body] of messages) {
      const { status, text } = await ask(made, seat, key, path, body);
      assert.equal(status, 400, `${path} ${body.slice(0, 60)}: ${text}`);
      assert.match(text, /^MASA-505/);
    }
    for (const what of ["vector", "commitment", "commitmentSet", "scoreReport", "epochReport"] as const)
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
    chain.commitments.set(1n, [{ worker: WORKER }]);
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

  it("serves what is behind a final report to everybody, and nothing of one that is not", async () => {
    const made = await network();
    const { chain, proposer, at } = made;
    const { runtime, store } = at(proposer);
    assert.equal(await proposeRound(runtime, store.openRequests(), chain.time), true);
    const posted = chain.scoreReports[0] as Posted<ScoreReport>;
    const digest = scoreReportDigest(chain.manifest, posted.report);
    const page = () => ask(made, proposer, null, `/archive/${digest}`, "", "GET");
    assert.equal((await page()).status, 404, "not final yet");
    store.apply([{ type: "roundFinal", epoch: EPOCH, round: 0, digest, signers: posted.signers }], 9);
    const { status, text } = await page();
    assert.equal(status, 200);
    const archive = JSON.parse(text) as Record<string, unknown[]>;
    assert.deepEqual(
      ["reveals", "commitments", "cosignatures", "signatures"].map((part) => archive[part]?.length),
      [5, 5, 5, 5],
    );
    assert.equal((await ask(made, proposer, null, `/archive/0x${"00".repeat(32)}`, "", "GET")).status, 404);
    assert.equal((await ask(made, proposer, null, "/archive/1", "", "GET")).status, 401);
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
  chain.time = START + CLOCK.epochLength + ATTEMPT;
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
    assert.equal(signersOf(digest, posted).length, 5);
    assert.deepEqual(
      signersOf(digest, posted),
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
    const { chain, epochProposer, digest } = await afterTheEpoch();
    const fresh = makeKeeper(chain, chain.keys[epochProposer] as Wallet);
    const posted = chain.scoreReports[0] as Posted<ScoreReport>;
    fresh.store.apply(
      [
        ...requestEvents(1n, [WORKER]),
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
    const archive = decodeRound(at(epochProposer).store.archive(digest) as string);
    const keeper: KeeperUnderTest = at(signer);
    const refuse = (call: Omit<EpochCall, "availability">, words: RegExp, by = proposerKey) =>
      refusal(() => signProposedEpoch(keeper.runtime, { ...call, availability: [] }, by), "MASA-503", words);

    const raised = { ...report, scores: { ...report.scores, llm: report.scores.llm.map(() => 1e9) } };
    await refuse({ report: raised, rounds: [archive] }, /does not follow/);
    await refuse({ report: { ...report, idle: 1n }, rounds: [archive] }, /does not follow/);
    await refuse({ report: { ...report, workerTotal: 1n }, rounds: [archive] }, /does not follow/);
    await refuse(
      { report: { ...report, rewardRoot: `0x${"11".repeat(32)}` }, rounds: [archive] },
      /does not follow/,
    );
    const second = chain.frozen.hotKeys[proposerOf(chain.frozen, EPOCH_ROUND, 1)];
    await refuse({ report: { ...report, attempt: 1 }, rounds: [archive] }, /attempt 1 has not begun/, second);
    await refuse({ report, rounds: [] }, /0 rounds shown, 1 are final/);
    const other = { ...archive, report: { ...archive.report, attempt: 1 } };
    await refuse({ report, rounds: [other] }, /not the one that is final/);
    await refuse({ report, rounds: [archive] }, /turn/, chain.frozen.hotKeys[signer]);
    const fresh = makeKeeper(chain, chain.keys[signer] as Wallet);
    const posted = chain.scoreReports[0] as Posted<ScoreReport>;
    const final = { type: "roundFinal" as const, epoch: EPOCH, round: 0, digest, signers: posted.signers };
    fresh.store.apply([...requestEvents(1n, [WORKER]), final], 9);
    // It signed something else for this attempt before: the same report would be its second.
    fresh.store.claimSignature("epochReport", report.epoch, 0, report.attempt, `0x${"11".repeat(32)}`);
    await refusal(
      () => signProposedEpoch(fresh.runtime, { report, rounds: [archive], availability: [] }, proposerKey),
      "MASA-503",
      /another epoch report/,
    );
    chain.time += CLOCK.epochLength;
    await refuse({ report, rounds: [archive] }, /cannot be reported now/);
  });

  it("name who missed more final rounds than it may, and count what was hidden as the worst distance", async () => {
    const made = await network();
    const { chain, at, proposer, keepers } = made;
    const { runtime, store } = at(proposer);
    const [mute, idle] = [...keepers.keys()].filter((seat) => seat !== proposer) as [number, number];
    // One seat commits and co-signs, but shows its scores to nobody and never signs.
    at(mute).store.turns.take("opened", { epoch: EPOCH, round: 0, attempt: 0 });
    assert.equal(await proposeRound(runtime, store.openRequests(), chain.time), true);
    const posted = chain.scoreReports[0] as Posted<ScoreReport>;
    const digest = scoreReportDigest(chain.manifest, posted.report);
    const round = decodeRound(store.archive(digest) as string);
    assert.equal(round.commitments.length, 5);
    assert.deepEqual(round.reveals.map(({ vector }) => vector.seat).includes(mute), false);
    const signers = posted.signers & ~(1n << BigInt(idle));
    for (const keeper of keepers.values())
      keeper.store.apply([{ type: "roundFinal", epoch: EPOCH, round: 0, digest, signers }], 9);
    chain.time = START + CLOCK.epochLength + ATTEMPT;
    const last = proposerOf(chain.frozen, EPOCH_ROUND, 0);
    assert.equal(await proposeEpoch(at(last).runtime, chain.time), true);
    const { report } = chain.epochReports[0] as Posted<EpochReport>;
    assert.equal(report.idle, 1n << BigInt(idle));
    assert.equal(report.scores.llm[mute], 0, "the worst distance in the only round");
    assert.equal(report.scores.consensus[idle], 0);
  });

  it("are not proposed for an epoch without final rounds", async () => {
    const { chain, at, keepers } = await network();
    chain.time = START + CLOCK.epochLength + ATTEMPT;
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
    assert.equal(await roll(others[0] as number, chain.time + ATTEMPT), true, "it stayed silent");
    chain.rolled = EPOCH + 1;
    assert.equal(await roll(first, chain.time), false);
    assert.equal(chain.rolls, 2);
  });
});
