/** C, D and L of an epoch: hand-computed cases, and what holds for any set of final rounds. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { assembleResults } from "../src/assembly.ts";
import type { ScoredSeat } from "../src/assembly.ts";
import { assembleEpochScores, idleSeats } from "../src/epochScores.ts";
import type { FinalRound, RequestFacts } from "../src/epochScores.ts";
import { SCORE_ONE, UNSCORED } from "../src/results.ts";
import type { RequestResult, ResponseScore } from "../src/results.ts";
import { frozenSeats, randomInt, refusal, score, SEED, seededRandom, shuffled } from "./support.ts";

const LLM: RequestFacts = { isLlm: true, hasEvidence: true };

function roundOf(
  round: number,
  weights: readonly bigint[],
  scores: readonly (readonly ResponseScore[] | null)[],
  signers: readonly number[] = [...weights.keys()],
  requestId = BigInt(round + 1),
): FinalRound {
  const { frozen } = frozenSeats(weights);
  const vectors: ScoredSeat[] = scores.flatMap((responses, seat) =>
    responses === null ? [] : [{ seat, results: [{ requestId, responses }] }],
  );
  const count = Math.max(...scores.map((responses) => responses?.length ?? 0));
  const results: RequestResult[] = assembleResults(vectors, frozen, new Map([[requestId, count]]));
  return { round, results, vectors, committed: vectors.map(({ seat }) => seat), signers };
}

const flat = (value: number): ResponseScore => score({ relevance: value, coherence: value, factual: value });

describe("assembleEpochScores", () => {
  it("measures each validator by its distance to the median of the others", () => {
    const weights = [1n, 1n, 1n];
    // Seats 0 and 1 give 0.5, seat 2 gives 0.8: it is 0.3 away from the others in every sub-score. To seat 0 the others
    // are 0.5 and 0.8, of which the lower one is the median: distance 0.
    const round = roundOf(0, weights, [[flat(500_000_000)], [flat(500_000_000)], [flat(800_000_000)]]);
    const { frozen } = frozenSeats(weights);
    const scores = assembleEpochScores([round], frozen, new Map([[1n, LLM]]));
    assert.deepEqual(scores, {
      epoch: 7,
      hasData: false,
      hasLlm: true,
      consensus: [SCORE_ONE, SCORE_ONE, SCORE_ONE],
      data: [0, 0, 0],
      llm: [SCORE_ONE, SCORE_ONE, 700_000_000],
    });
  });

  it("leaves F out of the distance where the request has no evidence", () => {
    const weights = [1n, 1n, 1n];
    const far = score({ relevance: 500_000_000, coherence: 500_000_000, factual: 999_999_999 });
    const round = roundOf(0, weights, [[flat(500_000_000)], [flat(500_000_000)], [far]]);
    const { frozen } = frozenSeats(weights);
    const of = (hasEvidence: boolean): number | undefined =>
      assembleEpochScores([round], frozen, new Map([[1n, { isLlm: true, hasEvidence }]])).llm[2];
    assert.equal(of(false), SCORE_ONE);
    // A third of 499,999,999, rounded down, is lost.
    assert.equal(of(true), SCORE_ONE - Math.floor(499_999_999 / 3));
  });

  it("counts signatures for C and keeps data and LLM work apart", () => {
    const weights = [1n, 1n, 1n, 0n];
    const same = [[flat(1)], [flat(1)], [flat(1)], null];
    const rounds = [
      roundOf(0, weights, same, [0, 1]),
      roundOf(1, weights, same, [0, 2]),
      roundOf(2, weights, same, [0, 1, 2]),
    ];
    const facts = new Map([
      [1n, LLM],
      [2n, { isLlm: false, hasEvidence: true }],
      [3n, LLM],
    ]);
    const { frozen } = frozenSeats(weights);
    const scores = assembleEpochScores(rounds, frozen, facts);
    assert.deepEqual(scores.consensus, [SCORE_ONE, 666_666_666, 666_666_666, 0]);
    assert.deepEqual(scores.data, [SCORE_ONE, SCORE_ONE, SCORE_ONE, 0]);
    assert.deepEqual(scores.llm, [SCORE_ONE, SCORE_ONE, SCORE_ONE, 0]);
    assert.ok(scores.hasData && scores.hasLlm);
  });

  it("gives 0 to a validator that scored nothing of a kind that there was", () => {
    const weights = [1n, 1n, 1n, 1n];
    const round = roundOf(0, weights, [[flat(1)], [flat(1)], [flat(1)], null]);
    const { llm } = assembleEpochScores([round], frozenSeats(weights).frozen, new Map([[1n, LLM]]));
    assert.deepEqual(llm, [SCORE_ONE, SCORE_ONE, SCORE_ONE, 0]);
  });

  it("counts who committed and did not reveal as the worst distance, beside what it revealed", () => {
    const weights = [1n, 1n, 1n, 1n];
    const { frozen } = frozenSeats(weights);
    const facts = new Map([
      [1n, LLM],
      [2n, LLM],
    ]);
    const all = [[flat(1)], [flat(1)], [flat(1)], [flat(1)]];
    const hidden = [...all.slice(0, 3), null];
    const withheld = { ...roundOf(1, weights, hidden), committed: [0, 1, 2, 3] };
    const { llm } = assembleEpochScores([roundOf(0, weights, all), withheld], frozen, facts);
    assert.deepEqual(llm, [SCORE_ONE, SCORE_ONE, SCORE_ONE, SCORE_ONE / 2]);
    const absent = assembleEpochScores(
      [roundOf(0, weights, all), roundOf(1, weights, hidden)],
      frozen,
      facts,
    );
    assert.deepEqual(
      absent.llm,
      [SCORE_ONE, SCORE_ONE, SCORE_ONE, SCORE_ONE],
      "who never committed hid nothing",
    );
  });

  it("SCO-09: measures nobody by a response that its scores do not count for", () => {
    const weights = [1n, 1n, 1n, 1n];
    const { frozen } = frozenSeats(weights);
    const facts = new Map([[1n, { ...LLM, related: [new Set([3])] }]]);
    const round = roundOf(0, weights, [[flat(5)], [flat(5)], [flat(5)], [flat(SCORE_ONE)]]);
    assert.deepEqual(assembleEpochScores([round], frozen, facts).llm, [SCORE_ONE, SCORE_ONE, SCORE_ONE, 0]);
    // Not even what it hides: it could have said nothing that counts.
    const hidden = { ...round, vectors: round.vectors.slice(0, 3) };
    const more = { ...roundOf(1, weights, [[flat(5)], [flat(5)], [flat(5)], [flat(5)]]) };
    const both = assembleEpochScores([hidden, more], frozen, new Map([...facts, [2n, LLM]]));
    assert.equal(both.llm[3], SCORE_ONE);
  });

  it("leaves out responses that the round left unscored", () => {
    const weights = [1n, 1n, 1n];
    const off = UNSCORED;
    const round = roundOf(0, weights, [
      [flat(5), flat(0)],
      [flat(5), flat(SCORE_ONE)],
      [flat(5), off],
    ]);
    assert.equal(round.results[0]?.responses[1]?.scored, false);
    const { llm } = assembleEpochScores([round], frozenSeats(weights).frozen, new Map([[1n, LLM]]));
    assert.deepEqual(llm, [SCORE_ONE, SCORE_ONE, SCORE_ONE]);
  });

  it("of an epoch without final rounds is all zero and has neither kind", () => {
    const { frozen } = frozenSeats([1n, 1n]);
    assert.deepEqual(assembleEpochScores([], frozen, new Map()), {
      epoch: 7,
      hasData: false,
      hasLlm: false,
      consensus: [0, 0],
      data: [0, 0],
      llm: [0, 0],
    });
  });

  it("refuses a request that is unknown on chain", () =>
    refusal(
      () => assembleEpochScores([roundOf(0, [1n], [[flat(1)]])], frozenSeats([1n]).frozen, new Map()),
      "MASA-503",
      /request 1 is unknown/,
    ));

  it("puts the one who scores naively last, in integers, whatever the order of rounds and vectors", (t) => {
    t.diagnostic(`seed ${SEED}`);
    const random = seededRandom(SEED + 3);
    for (let set = 0; set < 40; set++) {
      const seats = randomInt(random, 4, 9);
      // Nobody has a third: the naive one cannot be the median.
      const weights = Array.from({ length: seats }, () => BigInt(randomInt(random, 100, 130)));
      const naive = randomInt(random, 0, seats - 1);
      const near = (value: number): number =>
        Math.min(SCORE_ONE, Math.max(0, value + randomInt(random, -10_000_000, 10_000_000)));
      const rounds = Array.from({ length: randomInt(random, 2, 6) }, (_, number) => {
        const truth = Array.from({ length: 3 }, () => randomInt(random, 0, 500_000_000));
        const own = weights.map((_, seat) =>
          truth.map((value) => flat(seat === naive ? 950_000_000 : near(value))),
        );
        return roundOf(number, weights, own);
      });
      const facts = new Map(rounds.map(({ round }) => [BigInt(round + 1), LLM]));
      const { frozen } = frozenSeats(weights);
      const scores = assembleEpochScores(rounds, frozen, facts);
      const others = scores.llm.filter((_, seat) => seat !== naive);
      assert.ok((scores.llm[naive] as number) < Math.min(...others) - 300_000_000, `set ${set}`);
      for (const value of [...scores.llm, ...scores.consensus, ...scores.data]) {
        assert.ok(Number.isSafeInteger(value) && value >= 0 && value <= SCORE_ONE, `set ${set}: ${value}`);
      }
      const mixed = shuffled(rounds, random).map((round) => ({
        ...round,
        vectors: shuffled(round.vectors, random),
        signers: shuffled(round.signers, random),
      }));
      assert.deepEqual(assembleEpochScores(mixed, frozen, facts), scores, `set ${set}`);
    }
  });
});

describe("idleSeats", () => {
  const { frozen } = frozenSeats([1n, 0n, 1n, 1n]);
  const signedBy = (...rounds: number[][]) => rounds.map((signers) => ({ signers }));

  it("are those that missed more final rounds than allowed", () => {
    const rounds = signedBy([0, 2, 3], [0, 2], [0], [0, 2]);
    assert.equal(idleSeats(rounds, frozen, 0), 0b1100n);
    assert.equal(idleSeats(rounds, frozen, 1), 0b1000n, "seat 2 missed one");
    assert.equal(idleSeats(rounds, frozen, 2), 0b1000n, "seat 3 missed three");
    assert.equal(idleSeats(rounds, frozen, 3), 0n);
  });

  it("are none without more final rounds than one may miss, and never a free seat", () => {
    assert.equal(idleSeats([], frozen, 0), 0n);
    assert.equal(idleSeats(signedBy([], []), frozen, 2), 0n);
    assert.equal(idleSeats(signedBy([], []), frozen, 1), 0b1101n);
  });
});
