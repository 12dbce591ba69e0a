/** What a validator signs and what it refuses, refusal by refusal. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { id } from "ethers";
import type { Wallet } from "ethers";

import { commitmentSetHash, signCommitment, signVector } from "../src/commitments.ts";
import type { Reveal } from "../src/commitments.ts";
import { isEnough } from "../src/frozen.ts";
import { scoreReportDigest } from "../src/reports.ts";
import { cosignRefusal, roundFaults, signingRefusal } from "../src/signingRule.ts";
import type { Fault, RoundContext, RoundEvidence, SignerView } from "../src/signingRule.ts";
import { commitAs, cosignAs, honestRound, reportOf } from "./rounds.ts";
import { score, SEED, seededRandom, shuffled } from "./support.ts";

const NOTHING_KNOWN: SignerView = { mask: 0n, held: [], signedDigest: null };

type Made = Awaited<ReturnType<typeof honestRound>>;

function refuses(
  context: RoundContext,
  round: RoundEvidence,
  part: Fault["part"],
  words: RegExp,
  view: Partial<SignerView> = {},
): void {
  const refusal = signingRefusal(context, round, { ...NOTHING_KNOWN, ...view });
  assert.ok(refusal !== null, `signed, expected ${String(words)}`);
  assert.match(refusal.message, words);
  assert.equal(refusal.part, part);
}

/** The round with other reveals, and the report that follows from them. */
function withReveals({ network, turn, counts, round }: Made, reveals: readonly Reveal[]): RoundEvidence {
  return { ...round, reveals, report: reportOf(network, turn, round.commitments, reveals, counts) };
}

describe("the signing rule", () => {
  it("signs what follows from all that was revealed in time", async () => {
    const { context, round, reveals } = await honestRound();
    assert.deepEqual(roundFaults(context, round), []);
    assert.equal(signingRefusal(context, round, { ...NOTHING_KNOWN, held: reveals }), null);
  });

  it("signs it whatever the order of the vectors", async (t) => {
    t.diagnostic(`seed ${SEED}`);
    const { context, round, reveals } = await honestRound();
    const random = seededRandom(SEED + 20);
    for (let time = 0; time < 10; time++) {
      const mixed = { ...round, reveals: shuffled(reveals, random) };
      assert.equal(signingRefusal(context, mixed, { ...NOTHING_KNOWN, held: reveals }), null);
    }
  });

  it("signs without a vector that nobody revealed to it", async () => {
    const made = await honestRound();
    const without = withReveals(made, made.reveals.slice(1));
    assert.equal(
      signingRefusal(made.context, without, { ...NOTHING_KNOWN, held: made.reveals.slice(1) }),
      null,
    );
  });

  it("refuses a report that leaves out a vector revealed in time: it finds no signers", async () => {
    const made = await honestRound();
    const { context, reveals, network } = made;
    const without = withReveals(made, reveals.slice(1));
    refuses(context, without, "reveals", /leaves out the vector of seat 0/, { held: reveals });
    // Every validator that holds the vector refuses; the proposer and one accomplice are not enough.
    const signers = [0, 1, 2, 3, 4].filter((seat) => {
      const held = seat === 3 || seat === 4 ? [] : reveals;
      return signingRefusal(context, without, { ...NOTHING_KNOWN, held }) === null;
    });
    assert.deepEqual(signers, [3, 4]);
    assert.equal(isEnough(network.frozen, signers), false);
  });

  it("asks for no vector of a revoked key, of a seat without commitment, or that opens nothing", async () => {
    const made = await honestRound();
    const { network, turn, context, reveals } = made;
    const without = withReveals(made, reveals.slice(1));
    const sign = (view: Partial<SignerView>) =>
      signingRefusal(context, without, { ...NOTHING_KNOWN, ...view });
    assert.equal(sign({ held: reveals, mask: 1n }), null, "revoked since");
    const { reveal: other } = await commitAs(network, turn, 0, []);
    assert.equal(sign({ held: [other] }), null, "not what seat 0 committed to");
    const early = await honestRound();
    const commitments = early.commitments.slice(0, 4);
    const cosignatures = await Promise.all(
      [0, 1, 2, 3].map((seat) => cosignAs(network, turn, seat, commitments)),
    );
    const four = early.reveals.slice(0, 4);
    const report = reportOf(network, turn, commitments, four, early.counts);
    const round = { report, commitments, cosignatures, reveals: four };
    const held = early.reveals;
    assert.equal(signingRefusal(context, round, { ...NOTHING_KNOWN, held }), null, "seat 4 came too late");
  });

  it("refuses a vector of a key that was revoked", async () => {
    const { context, round } = await honestRound();
    refuses(context, round, "reveals", /key of seat 2 was revoked/, { mask: 0b100n });
  });

  it("refuses a vector of a seat that is not in the set", async () => {
    const { network, turn, counts, context, reveals, commitments } = await honestRound();
    const four = commitments.slice(0, 4);
    const cosignatures = await Promise.all(
      [0, 1, 2, 3, 4].map((seat) => cosignAs(network, turn, seat, four)),
    );
    const report = reportOf(network, turn, four, reveals, counts);
    const round = { report, commitments: four, cosignatures, reveals };
    refuses(context, round, "reveals", /seat 4 is not in the commitment set/);
  });

  it("refuses scores changed after the set was co-signed", async () => {
    const made = await honestRound();
    const { network, turn, context, reveals } = made;
    // Seat 4 has seen the others' scores and would now rather have said what seat 0 said.
    const changed = await commitAs(network, turn, 4, made.ownResults(0));
    const round = withReveals(made, [...reveals.slice(0, 4), changed.reveal]);
    refuses(context, round, "reveals", /seat 4 does not open its commitment/);
  });

  it("refuses a copied commitment, whoever reveals it", async () => {
    const made = await honestRound();
    const { network, turn, counts, context, commitments, reveals } = made;
    const [copied] = commitments as [(typeof commitments)[0]];
    const copy = await signCommitment(network.keys[4] as Wallet, network.manifest, { ...copied, seat: 4 });
    const set = [...commitments.slice(0, 4), copy];
    const cosignatures = await Promise.all([0, 1, 2, 3, 4].map((seat) => cosignAs(network, turn, seat, set)));
    const own = await signVector(network.keys[4] as Wallet, network.manifest, {
      ...turn,
      seat: 4,
      results: made.ownResults(0),
    });
    const spoken = [...reveals.slice(0, 4), { vector: own, salt: reveals[0]?.salt ?? "" }];
    const report = reportOf(network, turn, set, spoken, counts);
    refuses(context, { report, commitments: set, cosignatures, reveals: spoken }, "reveals", /does not open/);
  });

  it("refuses vectors that were altered, signed by another, or for another turn", async () => {
    const made = await honestRound();
    const { network, turn, context, reveals } = made;
    const [first, ...others] = reveals as [Reveal, ...Reveal[]];
    const spoiled: Reveal[] = [
      { ...first, vector: { ...first.vector, results: made.ownResults(1) } },
      { ...first, vector: { ...first.vector, seat: 1 } },
      (await commitAs(network, { ...turn, attempt: 0 }, 0, made.ownResults(0))).reveal,
      (await commitAs(network, { ...turn, round: 2 }, 0, made.ownResults(0))).reveal,
      { ...first, vector: await signVector(network.keys[1] as Wallet, network.manifest, first.vector) },
    ];
    for (const reveal of spoiled) {
      const round = {
        ...made.round,
        reveals: [reveal, ...others.filter(({ vector }) => vector.seat !== reveal.vector.seat)],
      };
      refuses(context, round, "reveals", /not signed for this attempt/);
    }
    refuses(context, { ...made.round, reveals: [first, ...reveals] }, "reveals", /two vectors of seat 0/);
  });

  it("refuses results that do not follow from the vectors", async () => {
    const { context, round, report } = await honestRound();
    const [line] = report.results as [(typeof report.results)[0]];
    const better = { ...line, responses: [score({ relevance: 1e9 }), ...line.responses.slice(1)] };
    const of = (results: typeof report.results): RoundEvidence => ({
      ...round,
      report: { ...report, results },
    });
    refuses(context, of([better]), "results", /not the medians/);
    refuses(context, of([]), "results", /not the medians/);
    refuses(context, of([line, { ...line, requestId: 2n }]), "results", /request 2 cannot be settled/);
    refuses({ ...context, responseCounts: new Map() }, round, "results", /request 1 cannot be settled/);
    refuses({ ...context, facts: { withoutEvidence: new Set([1n]) } }, round, "results", /not the medians/);
  });

  it("refuses a report that drops a line that enough scored and that can be settled", async () => {
    const made = await honestRound();
    const { network, turn, counts } = made;
    const two = new Map([...counts, [2n, 1]]);
    const results = (seat: number) => [
      ...made.ownResults(seat),
      { requestId: 2n, responses: [score({ fraud: 1 })] },
    ];
    const all = await Promise.all(
      [0, 1, 2, 3, 4].map((seat) => commitAs(network, turn, seat, results(seat))),
    );
    const commitments = all.map(({ commitment }) => commitment);
    const reveals = all.map(({ reveal }) => reveal);
    const cosignatures = await Promise.all(
      [0, 1, 2, 3, 4].map((seat) => cosignAs(network, turn, seat, commitments)),
    );
    const spared = {
      report: reportOf(network, turn, commitments, reveals, counts),
      commitments,
      cosignatures,
      reveals,
    };
    refuses({ ...made.context, responseCounts: two }, spared, "results", /not the medians/);
    const whole = { ...spared, report: reportOf(network, turn, commitments, reveals, two) };
    assert.equal(signingRefusal({ ...made.context, responseCounts: two }, whole, NOTHING_KNOWN), null);
  });

  it("refuses another commitment set than the report names, or one without enough co-signatures", async () => {
    const { context, round, report } = await honestRound();
    const other = { ...round, report: { ...report, commitmentSet: id("another") } };
    refuses(context, other, "commitment set", /names another commitment set/);
    const few = { ...round, cosignatures: round.cosignatures.slice(0, 3) };
    refuses(context, few, "co-signatures", /not co-signed by enough/);
  });

  it("refuses commitments of another turn, unsigned or unsorted", async () => {
    const { context, round, commitments, turn, network } = await honestRound();
    refuses(context, { ...round, commitments: [...commitments].reverse() }, "commitments", /do not ascend/);
    const [first, ...rest] = commitments as [(typeof commitments)[0], ...typeof commitments];
    const forged = { ...first, signature: rest[0]?.signature ?? "" };
    refuses(context, { ...round, commitments: [forged, ...rest] }, "commitments", /seat 0 is not signed/);
    const { commitment: stale } = await commitAs(network, { ...turn, attempt: 0 }, 0, []);
    refuses(context, { ...round, commitments: [stale, ...rest] }, "commitments", /seat 0 is not signed/);
  });

  it("signs one report an attempt, the same again, and any in a later attempt", async () => {
    const { context, round, report, network } = await honestRound();
    const digest = scoreReportDigest(network.manifest, report);
    const sign = (signedDigest: string) => signingRefusal(context, round, { ...NOTHING_KNOWN, signedDigest });
    assert.equal(sign(digest), null);
    assert.match(sign(id("another"))?.message ?? "", /another report was signed/);
  });

  it("tells all that is wrong with a round to whoever audits it", async () => {
    const { context, round, report } = await honestRound();
    const spoiled = {
      ...round,
      cosignatures: [],
      report: { ...report, commitmentSet: id("x"), results: [] },
    };
    assert.deepEqual(
      roundFaults(context, spoiled).map(({ part }) => part),
      ["commitment set", "co-signatures", "results"],
    );
  });
});

describe("the rule for co-signing", () => {
  it("takes a set with one's own commitment, signed by every seat in it", async () => {
    const { network, turn, commitments } = await honestRound();
    const own = commitments[2] ?? null;
    const ask = (given: typeof commitments, mine = own, signed: string | null = null) =>
      cosignRefusal(network, turn, given, mine, signed)?.message ?? null;
    assert.equal(ask(commitments), null);
    assert.equal(ask(commitments, null), null, "also without having committed");
    assert.equal(ask(commitments, own, commitmentSetHash(commitments)), null, "again");
    assert.match(ask(commitments.filter(({ seat }) => seat !== 2)) ?? "", /leaves out this validator's/);
    const { commitment: second } = await commitAs(network, turn, 2, []);
    assert.match(ask(commitments, second) ?? "", /another commitment of this seat/);
    assert.match(ask(commitments.slice(2)) ?? "", /too few commitments/);
    assert.match(ask(commitments, own, id("another")) ?? "", /another set was co-signed/);
    assert.match(ask([...commitments].reverse()) ?? "", /do not ascend/);
    const forged = commitments.map((given, index) =>
      index === 0 ? { ...given, commitment: id("made up") } : given,
    );
    assert.match(ask(forged) ?? "", /seat 0 is not signed/, "nobody can be made to have committed");
  });
});
