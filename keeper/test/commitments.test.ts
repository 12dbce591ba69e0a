/** Commit, co-sign, reveal between keepers: nothing is shown too early, nothing shown in time is left out. */
import assert from "node:assert/strict";
import { afterEach, describe, it } from "node:test";

import type { Wallet } from "ethers";
import { pino } from "pino";

import {
  commitmentSetHash,
  isCommitmentSigned,
  offenceDigests,
  offenceFault,
  offenceSchema,
  opens,
  proposerOf,
  scoreReportDigest,
  seatsOf,
  vectorDigest,
} from "#sdk";
import type { CosignedSet, RequestResult, Reveal, SignedCommitment } from "#sdk";

import { commitAs, cosignAs, reportOf } from "../../sdk/test/rounds.ts";
import type { Network } from "../../sdk/test/rounds.ts";
import { refusal, score } from "../../sdk/test/support.ts";
import { commit, cosign, heldReveals, reveal, takeReveal } from "../src/commitments.ts";
import { proposeRound, signProposedRound } from "../src/rounds.ts";
import { KeeperStore } from "../src/store.ts";
import { decodeReveal, decodeRound } from "../src/wire.ts";
import {
  ATTEMPT,
  closeKeepers,
  EPOCH,
  FakeChain,
  makeKeeper,
  network,
  ownResult,
  requestEvents,
  START,
  WORKER,
} from "./support.ts";

afterEach(closeKeepers);

const turn = { epoch: EPOCH, round: 0, attempt: 0 };
const call = { ...turn, requestIds: [1n] };

/** One keeper beside three seats that are keys only, and their commitments. */
async function setUp() {
  const chain = new FakeChain([20n, 20n, 20n, 20n]);
  const net: Network = { manifest: chain.manifest, frozen: chain.frozen, keys: chain.keys };
  const keeper = makeKeeper(chain, chain.keys[0] as Wallet);
  keeper.store.apply(requestEvents(1n, [WORKER]), 2);
  keeper.store.saveOwnResult(ownResult(0));
  const others = await Promise.all([1, 2, 3].map((seat) => commitAs(net, turn, seat, [ownResult(seat)])));
  const setOf = async (
    commitments: readonly SignedCommitment[],
    seats: readonly number[],
  ): Promise<CosignedSet> => ({
    commitments,
    cosignatures: await Promise.all(seats.map((seat) => cosignAs(net, turn, seat, commitments))),
  });
  return { chain, net, keeper, others, theirs: others.map(({ commitment }) => commitment), setOf };
}

describe("a keeper commits", () => {
  it("once a turn, to what it had judged by then, whatever it is asked for afterwards", async () => {
    const { chain, keeper, net } = await setUp();
    const first = await commit(keeper.runtime, { ...call, requestIds: [2n, 1n, 1n] });
    assert.ok(isCommitmentSigned(chain.manifest, net.frozen, first));
    keeper.store.saveOwnResult({ requestId: 2n, responses: [score()] });
    assert.deepEqual(await commit(keeper.runtime, { ...call, requestIds: [1n, 2n] }), first);
    const { vector, salt } = decodeReveal(keeper.store.turns.own(turn)?.reveal ?? "");
    assert.deepEqual(vector.results, [ownResult(0)], "each once, and what it had not judged is left out");
    assert.ok(opens(chain.manifest, net.frozen, { vector, salt }, first));
    const next = await commit(keeper.runtime, { ...call, attempt: 1, requestIds: [1n, 2n] });
    const second = decodeReveal(keeper.store.turns.own({ ...turn, attempt: 1 })?.reveal ?? "");
    assert.equal(second.vector.results.length, 2);
    assert.notEqual(second.salt, salt);
    assert.notEqual(next.commitment, first.commitment);
  });

  it("with scores and salt stored before the commitment leaves: after a crash it is the same one", async () => {
    const { chain, keeper } = await setUp();
    const first = await commit(keeper.runtime, call);
    keeper.store.close();
    const again = new KeeperStore(keeper.statePath);
    assert.deepEqual(await commit({ ...keeper.runtime, store: again }, call), first);
    // A store that knows of the signature but lost the scores commits to nothing else.
    const { runtime, store } = makeKeeper(chain, chain.keys[0] as Wallet);
    store.claimSignature("vector", EPOCH, 0, 0, `0x${"01".repeat(32)}`);
    await refusal(() => commit(runtime, call), "MASA-503", /another vector was signed/);
    again.close();
  });
});

describe("a keeper co-signs", () => {
  it("one set a turn, with its own commitment in it", async () => {
    const { keeper, theirs } = await setUp();
    const own = await commit(keeper.runtime, call);
    const ask = (commitments: readonly SignedCommitment[]) =>
      cosign(keeper.runtime, { ...turn, commitments });
    await refusal(() => ask(theirs), "MASA-503", /leaves out this validator's commitment/);
    const first = await ask([own, ...theirs]);
    assert.equal(await ask([own, ...theirs]), first);
    await refusal(() => ask([own, ...theirs.slice(1)]), "MASA-503", /another set was co-signed/);
    await refusal(() => ask([own]), "MASA-503", /too few commitments/);
  });

  it("also a set of a turn that it came too late for", async () => {
    const { keeper, theirs } = await setUp();
    assert.match(await cosign(keeper.runtime, { ...turn, commitments: theirs }), /^0x[0-9a-f]{130}$/);
  });
});

describe("a keeper reveals", () => {
  it("nothing to a set without enough co-signatures, even to the proposer", async () => {
    const { keeper, theirs, setOf } = await setUp();
    const own = await commit(keeper.runtime, call);
    const commitments = [own, ...theirs];
    for (const set of [await setOf(commitments, []), await setOf(commitments, [1, 2])])
      await refusal(() => reveal(keeper.runtime, { ...turn, ...set }), "MASA-503", /not co-signed by enough/);
    const good = await setOf(commitments, [1, 2, 3]);
    const swapped = { ...good, commitments: [own, ...theirs.slice(1)] };
    await refusal(() => reveal(keeper.runtime, { ...turn, ...swapped }), "MASA-503", /not co-signed/);
    await refusal(
      () => reveal(keeper.runtime, { ...turn, attempt: 1, ...good }),
      "MASA-503",
      /not co-signed/,
    );
    assert.deepEqual(heldReveals(keeper.runtime, turn), []);
    assert.equal((await reveal(keeper.runtime, { ...turn, ...good })).length, 1);
  });

  it("nothing to a set that does not hold its commitment", async () => {
    const { keeper, theirs, setOf } = await setUp();
    await commit(keeper.runtime, call);
    assert.deepEqual(await reveal(keeper.runtime, { ...turn, ...(await setOf(theirs, [1, 2, 3])) }), []);
  });

  it("to everybody at the first sign that the others do, without being asked", async () => {
    const { chain, keepers, at } = await network();
    const net: Network = { manifest: chain.manifest, frozen: chain.frozen, keys: chain.keys };
    const seats = [...keepers.keys()];
    const commitments = await Promise.all(seats.map((seat) => commit(at(seat).runtime, call)));
    const cosignatures = await Promise.all(seats.map((seat) => cosignAs(net, turn, seat, commitments)));
    const [first, second] = seats as [number, number];
    const shown = decodeReveal(at(first).store.turns.own(turn)?.reveal ?? "");
    const by = chain.frozen.hotKeys[first] as string;
    await takeReveal(at(second).runtime, { commitments, cosignatures, reveal: shown }, by);
    for (let tries = 0; tries < 100; tries++) {
      if (seats.every((seat) => heldReveals(at(seat).runtime, turn).length === 5)) break;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    for (const seat of seats) assert.equal(heldReveals(at(seat).runtime, turn).length, 5, `seat ${seat}`);
  });

  it("and takes in from others only what is theirs and opens their commitment", async () => {
    const { chain, net, keeper, others, theirs, setOf } = await setUp();
    const own = await commit(keeper.runtime, call);
    const set = await setOf([own, ...theirs], [0, 1, 2]);
    const [shown, another] = others.map(({ reveal: given }) => given) as [Reveal, Reveal];
    const [by, byAnother] = [net.frozen.hotKeys[1] as string, net.frozen.hotKeys[2] as string];
    const take = (given: Reveal, caller: string, from: CosignedSet = set) =>
      takeReveal(keeper.runtime, { ...from, reveal: given }, caller);
    await refusal(() => take(shown, byAnother), "MASA-504", /another seat/);
    const changed = await commitAs(net, turn, 1, [ownResult(2)]);
    await refusal(() => take(changed.reveal, by), "MASA-503", /did not commit to/);
    await refusal(() => take({ ...shown, salt: another.salt }, by), "MASA-503", /did not commit to/);
    const uncovered = await setOf([own, ...theirs.slice(1)], [0, 2, 3]);
    await refusal(() => take(shown, by, uncovered), "MASA-503", /did not commit to/);
    chain.mask = 0b10n;
    await refusal(() => take(shown, by), "MASA-504", /was revoked/);
    chain.mask = 0n;
    assert.deepEqual(heldReveals(keeper.runtime, turn), []);
    await take(shown, by);
    assert.ok(heldReveals(keeper.runtime, turn).some(({ vector }) => vector.seat === 1));
  });
});

describe("two vectors that a seat signed for one turn", () => {
  it("are noticed wherever the second turns up, and logged once as evidence that proves the offence", async () => {
    const { chain, net, keeper, others, setOf } = await setUp();
    const lines: string[] = [];
    const log = pino({ level: "error" }, { write: (line: string) => void lines.push(line) });
    const runtime = { ...keeper.runtime, log };
    const own = await commit(runtime, call);
    const commitments = [own, ...others.map(({ commitment }) => commitment)];
    const set = await setOf(commitments, [1, 2, 3]);
    const by = net.frozen.hotKeys[1] as string;
    const honest = await commitAs(net, turn, 1, [ownResult(1)]);
    await takeReveal(runtime, { ...set, reveal: honest.reveal }, by);
    // The same vector once more is no offence.
    await takeReveal(runtime, { ...set, reveal: honest.reveal }, by);
    // Of another turn it is none either.
    const later = await commitAs(net, { ...turn, attempt: 1 }, 1, [ownResult(2)]);
    await refusal(() => takeReveal(runtime, { ...set, reveal: later.reveal }, by), "MASA-503", /./);
    assert.equal(lines.join(""), "");

    const second = await commitAs(net, turn, 1, [ownResult(2)]);
    const third = await commitAs(net, turn, 1, [ownResult(3)]);
    for (const { reveal: shown } of [second, second, third])
      await refusal(
        () => takeReveal(runtime, { ...set, reveal: shown }, by),
        "MASA-503",
        /did not commit to/,
      );
    assert.equal(lines.length, 1, "two are all that a proof takes");
    const { evidence: given } = JSON.parse(lines[0] as string) as { evidence: unknown };
    const evidence = offenceSchema.parse(given);
    assert.equal(offenceFault(chain.manifest, net.frozen, evidence), null);
    assert.deepEqual(
      offenceDigests(chain.manifest, evidence),
      [honest, second].map((one) => vectorDigest(chain.manifest, one.reveal.vector, by)),
    );
    // What nobody of the set signed is nobody's offence.
    const forged = { ...second.reveal, vector: { ...second.reveal.vector, seat: 2 } };
    const bySecond = net.frozen.hotKeys[2] as string;
    await refusal(
      () => takeReveal(runtime, { ...set, reveal: forged }, bySecond),
      "MASA-503",
      /did not commit to/,
    );
    assert.equal(lines.length, 1);
  });

  it("are noticed in what a proposer shows with its report", async () => {
    const { chain, at, proposer, keepers } = await network();
    const net: Network = { manifest: chain.manifest, frozen: chain.frozen, keys: chain.keys };
    const { runtime, store } = at(proposer);
    chain.isDown = true;
    await assert.rejects(proposeRound(runtime, store.openRequests(), chain.time), /line is down/);
    const digest = store.signedDigest("scoreReport", turn) as string;
    const honest = decodeRound(store.archive(digest) as string);
    const [signer = 0, offender = 0] = [...keepers.keys()].filter((seat) => seat !== proposer);
    const lines: string[] = [];
    const log = pino({ level: "error" }, { write: (line: string) => void lines.push(line) });
    const other = await commitAs(net, turn, offender, [ownResult(4)]);
    const reveals = honest.reveals.map((shown) => (shown.vector.seat === offender ? other.reveal : shown));
    const watching = { ...at(signer).runtime, log };
    const by = chain.frozen.hotKeys[proposer] as string;
    await refusal(() => signProposedRound(watching, { ...honest, reveals }, by), "MASA-503", /./);
    const { evidence } = JSON.parse(lines[0] ?? "{}") as { evidence: unknown };
    const parsed = offenceSchema.parse(evidence);
    assert.equal(parsed.seat, offender);
    assert.equal(offenceFault(chain.manifest, chain.frozen, parsed), null);
  });
});

describe("a proposer", () => {
  it("that leaves out a revealed vector finds no signers", async () => {
    const { chain, at, proposer, keepers } = await network();
    const net: Network = { manifest: chain.manifest, frozen: chain.frozen, keys: chain.keys };
    const { runtime, store } = at(proposer);
    // An honest proposer's work up to its own signature, which it does not post.
    chain.isDown = true;
    await assert.rejects(proposeRound(runtime, store.openRequests(), chain.time), /line is down/);
    const digest = store.signedDigest("scoreReport", turn) as string;
    const honest = decodeRound(store.archive(digest) as string);
    assert.equal(honest.reveals.length, 5);
    const signers = new Set<number>();
    for (const left of [...keepers.keys()].filter((seat) => seat !== proposer)) {
      const reveals = honest.reveals.filter(({ vector }) => vector.seat !== left);
      const report = reportOf(net, turn, honest.commitments, reveals, new Map([[1n, 1]]));
      for (const seat of keepers.keys()) {
        if (seat === proposer) continue;
        const by = chain.frozen.hotKeys[proposer] as string;
        try {
          await signProposedRound(at(seat).runtime, { ...honest, report, reveals }, by);
          signers.add(seat);
        } catch (error) {
          assert.match(String(error), new RegExp(`leaves out the vector of seat ${left}`));
        }
      }
    }
    assert.deepEqual([...signers], []);
  });

  it("that collects signatures and withholds them harms nobody: the next attempt finalises", async () => {
    const { chain, at, proposer } = await network();
    chain.isDown = true;
    const first = at(proposer);
    await assert.rejects(proposeRound(first.runtime, first.store.openRequests(), chain.time), /line is down/);
    assert.equal(chain.scoreReports.length, 0);
    chain.isDown = false;
    let attempt = 1;
    while (proposerOf(chain.frozen, 0, attempt) === proposer) attempt++;
    assert.ok(attempt < 4, "the round has another proposer");
    chain.time = START + attempt * ATTEMPT;
    const next = at(proposerOf(chain.frozen, 0, attempt));
    assert.equal(await proposeRound(next.runtime, next.store.openRequests(), chain.time), true);
    const posted = chain.scoreReports.map(({ report, signers }) => ({
      attempt: report.attempt,
      seats: seatsOf(signers),
    }));
    // Everybody signed twice, in two attempts: no offence, and the silent proposer signs too.
    assert.deepEqual(posted, [{ attempt, seats: [0, 1, 3, 4, 5] }]);
  });

  it("cannot have some reveal before the others have committed", async () => {
    const { chain, at, proposer, keepers } = await network();
    const net: Network = { manifest: chain.manifest, frozen: chain.frozen, keys: chain.keys };
    const seats = [...keepers.keys()];
    const four = await Promise.all(
      seats.filter((seat) => seat !== proposer).map((seat) => commit(at(seat).runtime, call)),
    );
    const cosignatures = await Promise.all(seats.map((seat) => cosignAs(net, turn, seat, four)));
    const victim = seats.find((seat) => seat !== proposer) as number;
    const seen = await reveal(at(victim).runtime, { ...turn, commitments: four, cosignatures });
    assert.ok(seen.some(({ vector }) => vector.seat === victim));
    // It copies what it saw, but no commitment of its own is in the set that all have co-signed.
    const copied: RequestResult[] = [ownResult(victim)];
    const late = await commitAs(net, turn, proposer, copied);
    const commitments = [...four, late.commitment].sort((a, b) => a.seat - b.seat);
    for (const seat of seats.filter((other) => other !== proposer)) {
      at(seat).store.claimSignature("commitmentSet", EPOCH, 0, 0, commitmentSetHash(four));
      await refusal(
        () => cosign(at(seat).runtime, { ...turn, commitments }),
        "MASA-503",
        /another set was co-signed/,
      );
    }
  });

  it("hands on what its peers were shown and it was not", async () => {
    const { chain, at, proposer, keepers } = await network();
    const shy = [...keepers.keys()].find((seat) => seat !== proposer) as number;
    // A seat whose messages reach everybody but the proposer, and which does not answer the proposer's call.
    const { runtime } = at(shy);
    const before = { ...runtime };
    Object.assign(runtime, {
      peerOf: (hotKey: string) =>
        hotKey === chain.frozen.hotKeys[proposer] ? Promise.resolve(null) : before.peerOf(hotKey),
    });
    const { store, runtime: own } = at(proposer);
    const plain = { ...own };
    const refused: string[] = [];
    Object.assign(own, {
      call: (...[peer, method, path, ...rest]: Parameters<typeof plain.call>) => {
        if (peer.account !== chain.accountOfSeat(shy) || path !== "/reveal")
          return plain.call(peer, method, path, ...rest);
        refused.push(path);
        return Promise.reject(new Error("no line"));
      },
    });
    assert.equal(await proposeRound(own, store.openRequests(), chain.time), true);
    const digest = scoreReportDigest(chain.manifest, chain.scoreReports[0]?.report ?? assert.fail());
    const shown = decodeRound(store.archive(digest) as string).reveals.map(({ vector }) => vector.seat);
    assert.ok(shown.includes(shy));
    assert.deepEqual(refused, ["/reveal"], "it was told by others alone");
  });
});
