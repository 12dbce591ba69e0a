/** Medians and results: what follows from score vectors, whatever the order, whoever is dishonest. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { assembleResults, relatedSeats, weightedMedian } from "../src/assembly.ts";
import type { ScoredSeat } from "../src/assembly.ts";
import { SCORE_ONE, UNSCORED } from "../src/results.ts";
import type { RequestResult } from "../src/results.ts";
import { frozenSeats, randomInt, refusal, score, SEED, seededRandom, shuffled, walletOf } from "./support.ts";

const SETS = 400;
const NUMBERS = ["relevance", "coherence", "factual", "responseTime", "throughput"] as const;

const vectorOf = (seat: number, results: readonly RequestResult[]): ScoredSeat => ({ seat, results });

const randomWeights = (random: () => number, seats: number): bigint[] =>
  Array.from({ length: seats }, () => BigInt(randomInt(random, 1, 1_000_000)));

function randomScore(random: () => number) {
  const value = (): number => randomInt(random, 0, SCORE_ONE);
  return score({
    relevance: value(),
    coherence: value(),
    factual: value(),
    responseTime: value(),
    throughput: randomInt(random, 0, 0xffff_ffff),
    fraud: randomInt(random, 0, 3),
    scored: random() < 0.9,
  });
}

describe("weightedMedian", () => {
  it("is the lowest value with half of the weight at or below it", () => {
    const of = (...pairs: [number, bigint][]): number =>
      weightedMedian(pairs.map(([value, weight]) => ({ value, weight })));
    assert.equal(of([5, 1n]), 5);
    assert.equal(of([1, 1n], [2, 1n]), 1, "half is enough");
    assert.equal(of([1, 1n], [2, 1n], [3, 1n]), 2);
    assert.equal(of([1, 1n], [2, 2n], [3, 4n]), 3);
    assert.equal(of([9, 3n], [1, 3n], [5, 1n]), 5, "unsorted");
    assert.equal(of([7, 1n], [7, 1n], [0, 1n]), 7);
  });

  it("agrees with a count over every value, for random sets", (t) => {
    t.diagnostic(`seed ${SEED}`);
    const random = seededRandom(SEED);
    for (let set = 0; set < SETS; set++) {
      const entries = randomWeights(random, randomInt(random, 1, 20)).map((weight) => ({
        value: randomInt(random, 0, 30),
        weight,
      }));
      const total = entries.reduce((sum, entry) => sum + entry.weight, 0n);
      let expected = -1;
      for (let value = 0; value <= 30 && expected < 0; value++) {
        const below = entries
          .filter((entry) => entry.value <= value)
          .reduce((sum, entry) => sum + entry.weight, 0n);
        if (2n * below >= total) expected = value;
      }
      assert.equal(weightedMedian(shuffled(entries, random)), expected, `set ${set}`);
    }
  });

  it("of nothing is refused", () => refusal(() => weightedMedian([]), "MASA-503"));
});

describe("assembleResults", () => {
  it("does not depend on the order of vectors, of requests in them, or of the counts", (t) => {
    t.diagnostic(`seed ${SEED}`);
    const random = seededRandom(SEED + 1);
    let nonEmpty = 0;
    for (let set = 0; set < SETS / 4; set++) {
      const { frozen } = frozenSeats(randomWeights(random, randomInt(random, 3, 12)));
      const counts = new Map(
        Array.from(
          { length: randomInt(random, 1, 5) },
          (_, i) => [BigInt(i * 7 + 1), randomInt(random, 1, 4)] as const,
        ),
      );
      const vectors = frozen.hotKeys.map((_, seat) =>
        vectorOf(
          seat,
          [...counts].map(([requestId, count]) => ({
            requestId,
            responses: Array.from({ length: count }, () => randomScore(random)),
          })),
        ),
      );
      const first = assembleResults(vectors, frozen, counts);
      const again = assembleResults(
        shuffled(vectors, random).map((vector) => ({ ...vector, results: shuffled(vector.results, random) })),
        frozen,
        new Map(shuffled([...counts], random)),
      );
      assert.deepEqual(again, first, `set ${set}`);
      nonEmpty += first.length;
      const ids = first.map(({ requestId }) => requestId);
      assert.deepEqual(
        ids,
        [...ids].sort((a, b) => (a < b ? -1 : 1)),
        "requests ascend",
      );
    }
    assert.ok(nonEmpty > SETS / 4, `only ${nonEmpty} results to compare`);
  });

  it("keeps every median within the honest scores while at most a third of the weight lies", (t) => {
    t.diagnostic(`seed ${SEED}`);
    const random = seededRandom(SEED + 2);
    let moved = 0;
    let compared = 0;
    let exactly = 0;
    for (let set = 0; set < SETS; set++) {
      // Every fourth set is of equal weights in threes, so that the coalition holds a third to the unit.
      const weights =
        set % 4 === 0
          ? new Array<bigint>(3 * randomInt(random, 2, 6)).fill(BigInt(randomInt(random, 1, 1_000)))
          : randomWeights(random, randomInt(random, 4, 16));
      const { frozen } = frozenSeats(weights);
      const liars = new Set<number>();
      let lying = 0n;
      for (const seat of shuffled([...weights.keys()], random)) {
        if (3n * (lying + (weights[seat] as bigint)) > frozen.totalWeight) continue;
        lying += weights[seat] as bigint;
        liars.add(seat);
      }
      if (3n * lying === frozen.totalWeight) exactly++;
      const extreme = random() < 0.5 ? 0 : SCORE_ONE;
      const honest = weights.map(() => ({ ...randomScore(random), fraud: 0, scored: random() < 0.97 }));
      const vectors = weights.map((_, seat) => {
        const own = liars.has(seat)
          ? score({
              relevance: extreme,
              coherence: extreme,
              factual: extreme,
              responseTime: extreme,
              throughput: extreme === 0 ? 0 : 0xffff_ffff,
              fraud: 1,
            })
          : (honest[seat] as (typeof honest)[number]);
        return vectorOf(seat, [{ requestId: 1n, responses: [own] }]);
      });
      const [result] = assembleResults(vectors, frozen, new Map([[1n, 1]]));
      const median = result?.responses[0];
      if (median === undefined) continue;
      const truthful = honest.filter((own, seat) => own.scored && !liars.has(seat));
      for (const name of NUMBERS) {
        const values = truthful.map((own) => own[name]);
        const inside = median[name] >= Math.min(...values) && median[name] <= Math.max(...values);
        assert.ok(
          inside,
          `set ${set}: ${name} ${median[name]} outside of ${Math.min(...values)}..${Math.max(...values)}`,
        );
        const alone = weightedMedian(
          truthful.map((own) => ({ value: own[name], weight: weights[honest.indexOf(own)] as bigint })),
        );
        if (alone !== median[name]) moved++;
        compared++;
      }
      assert.equal(median.fraud, 0, `set ${set}: a third of the weight made a fraud`);
    }
    assert.ok(
      compared > SETS && moved > compared / 4,
      `${moved} of ${compared}: the coalition must have tried`,
    );
    assert.ok(exactly >= SETS / 4, `${exactly} coalitions of exactly a third`);
  });

  it("lets one unit more than a third silence a response, and half of those present move it", () => {
    // The bound is sharp: who scores carries S > 2/3, so a coalition of at most 1/3 stays below S/2.
    const { frozen } = frozenSeats([33n, 33n, 34n]);
    const low = score({ relevance: 0 });
    const of = (first: boolean, second: boolean, third: boolean) =>
      assembleResults(
        [first, second, third].flatMap((lies, seat) =>
          lies ? [] : [vectorOf(seat, [{ requestId: 1n, responses: [score()] }])],
        ),
        frozen,
        new Map([[1n, 1]]),
      );
    assert.deepEqual(of(false, false, true), [], "66 of 100");
    assert.equal(of(false, true, false).length, 1, "67 of 100");
    const halves = frozenSeats([1n, 1n]).frozen;
    const [moved] = assembleResults(
      [
        vectorOf(0, [{ requestId: 1n, responses: [score()] }]),
        vectorOf(1, [{ requestId: 1n, responses: [low] }]),
      ],
      halves,
      new Map([[1n, 1]]),
    );
    assert.deepEqual(moved?.responses, [low], "half of the weight is enough to move it");
  });

  it("needs more than two thirds of the weight to score a response, of all seats, not of those present", () => {
    const { frozen } = frozenSeats([1n, 1n, 1n, 1n, 1n, 1n]);
    const results = [{ requestId: 1n, responses: [score()] }];
    const vectors = (count: number) => Array.from({ length: count }, (_, seat) => vectorOf(seat, results));
    assert.deepEqual(assembleResults(vectors(4), frozen, new Map([[1n, 1]])), []);
    assert.deepEqual(assembleResults(vectors(5), frozen, new Map([[1n, 1]])), results);
  });

  it("leaves a response unscored beside one that is scored", () => {
    const { frozen } = frozenSeats([1n, 1n, 1n]);
    const vectors = [0, 1, 2].map((seat) =>
      vectorOf(seat, [{ requestId: 1n, responses: [score(), seat < 2 ? score() : UNSCORED] }]),
    );
    const [result] = assembleResults(vectors, frozen, new Map([[1n, 2]]));
    assert.deepEqual(result?.responses, [score(), UNSCORED]);
  });

  it("flags fraud with more than half of the whole weight, and takes the weightiest median code", () => {
    const { frozen } = frozenSeats([1n, 1n, 1n, 1n]);
    const fraudOf = (...codes: number[]): number | undefined =>
      assembleResults(
        codes.map((fraud, seat) => vectorOf(seat, [{ requestId: 1n, responses: [score({ fraud })] }])),
        frozen,
        new Map([[1n, 1]]),
      )[0]?.responses[0]?.fraud;
    assert.equal(fraudOf(1, 1, 0, 0), 0, "half is not more than half");
    assert.equal(fraudOf(1, 1, 2, 0), 1);
    assert.equal(fraudOf(2, 2, 1, 0), 2);
    assert.equal(fraudOf(2, 2, 1), 2, "of the weight of all seats");
    assert.equal(fraudOf(0, 1, 1), 0);
  });

  it("ignores what a vector says of unknown requests or of another number of responses", () => {
    const { frozen } = frozenSeats([1n, 1n, 1n, 1n]);
    const good = { requestId: 1n, responses: [score()] };
    const low = score({ relevance: 0 });
    const vectors = [
      vectorOf(0, [good, { requestId: 99n, responses: [low] }]),
      vectorOf(1, [good]),
      vectorOf(2, [good]),
      vectorOf(3, [{ requestId: 1n, responses: [low, low] }]),
    ];
    assert.deepEqual(assembleResults(vectors, frozen, new Map([[1n, 1]])), [good]);
    assert.deepEqual(
      assembleResults(vectors.slice(1), frozen, new Map([[1n, 1]])),
      [],
      "and it does not count as present",
    );
  });

  it("refuses two vectors of one seat, whatever they say", async () => {
    const { frozen } = frozenSeats([1n, 1n, 1n]);
    const vector = vectorOf(1, [{ requestId: 1n, responses: [score()] }]);
    await refusal(
      () => assembleResults([vector, vector], frozen, new Map([[1n, 1]])),
      "MASA-503",
      /two vectors/,
    );
  });

  it("gives seats outside of the table no weight", () => {
    const { frozen } = frozenSeats([1n, 1n, 1n]);
    const results = [{ requestId: 1n, responses: [score()] }];
    const vectors = [0, 1, 40, 41].map((seat) => vectorOf(seat, results));
    assert.deepEqual(assembleResults(vectors, frozen, new Map([[1n, 1]])), []);
  });

  it("leaves F at 0 where the request carries no evidence, whatever validators say of it", () => {
    const { frozen } = frozenSeats([1n, 1n, 1n]);
    const vectors = [0, 1, 2].map((seat) =>
      vectorOf(seat, [
        { requestId: 1n, responses: [score()] },
        { requestId: 2n, responses: [score()] },
      ]),
    );
    const counts = new Map([
      [1n, 1],
      [2n, 1],
    ]);
    const results = assembleResults(vectors, frozen, counts, { withoutEvidence: new Set([2n]) });
    assert.deepEqual(
      results.map(({ responses }) => responses),
      [[score()], [score({ factual: 0 })]],
    );
  });

  it("SCO-09: leaves out own and related scores for the response that they concern alone", () => {
    const { frozen } = frozenSeats([1n, 1n, 1n, 1n, 1n]);
    const mild = score({ relevance: 500_000_000 });
    const vectors = [0, 1, 2, 3, 4].map((seat) => {
      const own = seat < 3 ? score({ relevance: SCORE_ONE, fraud: 7 }) : mild;
      return vectorOf(seat, [{ requestId: 1n, responses: [own, own] }]);
    });
    const assemble = (...seats: number[]) =>
      assembleResults(vectors, frozen, new Map([[1n, 2]]), {
        related: new Map([[1n, [new Set(seats), new Set<number>()]]]),
      })[0]?.responses;
    const loud = score({ relevance: SCORE_ONE, fraud: 7 });
    assert.deepEqual(assemble(), [loud, loud]);
    assert.deepEqual(
      assemble(0),
      [score({ relevance: 500_000_000, fraud: 0 }), loud],
      "the others' lower half decides, and 2 of 5 accuse nobody",
    );
    assert.deepEqual(assemble(0, 1), [UNSCORED, loud], "3 of 5 are no two thirds of the whole weight");
  });
});

describe("relatedSeats", () => {
  it("are those whose account or key answered or pays", () => {
    const [first, second, worker, asker] = ["first", "second", "worker", "asker"].map(
      (name) => walletOf(name).address,
    ) as [string, string, string, string];
    const keyOf = (name: string): string => walletOf(`key of ${name}`).address;
    const seats = [
      { account: first, hotKey: keyOf("first") },
      { account: second, hotKey: keyOf("second") },
    ];
    const of = (by: string, ...workers: string[]) => relatedSeats(seats, by, workers).map((set) => [...set]);
    assert.deepEqual(of(asker, worker, worker), [[], []]);
    assert.deepEqual(of(asker, worker, second), [[], [1]]);
    assert.deepEqual(of(asker, keyOf("first"), second), [[0], [1]]);
    assert.deepEqual(of(first, worker, second), [[0], [0, 1]], "who pays judges none of the answers");
    assert.deepEqual(of(asker), []);
  });
});
