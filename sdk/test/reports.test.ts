/** Medians, results and signatures: what follows from signed vectors, whatever the order, whoever is dishonest. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { recoverAddress } from "ethers";

import {
  assembleResults,
  epochReportDigest,
  isVectorSigned,
  packSignatures,
  SCORE_ONE,
  scoreReportDigest,
  seatsOf,
  signEpochReport,
  signScoreReport,
  signVector,
  weightedMedian,
} from "../src/reports.ts";
import type { EpochReport, RequestResult, ScoreReport, SignedVector } from "../src/reports.ts";
import { proposerOf } from "../src/selection.ts";
import {
  exampleManifest,
  frozenSeats,
  randomInt,
  refusal,
  score,
  SEED,
  seededRandom,
  shuffled,
  walletOf,
} from "./support.ts";

const SETS = 400;
const NUMBERS = ["relevance", "coherence", "factual", "responseTime", "throughput"] as const;

const vectorOf = (seat: number, results: readonly RequestResult[]): SignedVector => ({
  seat,
  epoch: 7,
  round: 2,
  attempt: 0,
  results,
  signature: "0x",
});

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
    for (let set = 0; set < SETS; set++) {
      const weights = randomWeights(random, randomInt(random, 4, 16));
      const { frozen } = frozenSeats(weights);
      const liars = new Set<number>();
      let lying = 0n;
      for (const seat of shuffled([...weights.keys()], random)) {
        if (3n * (lying + (weights[seat] as bigint)) > frozen.totalWeight) continue;
        lying += weights[seat] as bigint;
        liars.add(seat);
      }
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
      vectorOf(seat, [{ requestId: 1n, responses: [score(), score({ scored: seat < 2 })] }]),
    );
    const [result] = assembleResults(vectors, frozen, new Map([[1n, 2]]));
    assert.deepEqual(result?.responses, [
      score(),
      { relevance: 0, coherence: 0, factual: 0, responseTime: 0, throughput: 0, scored: false, fraud: 0 },
    ]);
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
});

describe("signatures", () => {
  const manifest = exampleManifest();
  const { frozen, keys } = frozenSeats([5n, 0n, 3n, 2n]);
  const results = [{ requestId: 12n, responses: [score(), score({ relevance: 1 })] }];
  const plain = { seat: 2, epoch: 7, round: 3, attempt: 1, results };
  const key = keys[2] as (typeof keys)[number];

  it("of a vector hold for its seat, deployment and content alone", async () => {
    const vector = await signVector(key, manifest, plain);
    assert.ok(isVectorSigned(manifest, frozen, vector));
    const forgeries: [string, SignedVector][] = [
      ["another seat", { ...vector, seat: 0 }],
      ["a free seat", { ...vector, seat: 1 }],
      ["no seat", { ...vector, seat: 64 }],
      ["another round", { ...vector, round: 4 }],
      ["another attempt", { ...vector, attempt: 2 }],
      ["another epoch", { ...vector, epoch: 8 }],
      ["other scores", { ...vector, results: [{ requestId: 12n, responses: [score(), score()] }] }],
      [
        "another request",
        { ...vector, results: [{ requestId: 13n, responses: results[0]?.responses ?? [] }] },
      ],
      ["no signature", { ...vector, signature: "0x" }],
      ["garbage", { ...vector, signature: `0x${"ff".repeat(65)}` }],
      ["a stranger's key", await signVector(walletOf("stranger"), manifest, plain)],
    ];
    for (const [what, forged] of forgeries)
      assert.equal(isVectorSigned(manifest, frozen, forged), false, what);
    assert.equal(isVectorSigned(exampleManifest({ chainId: 1 }), frozen, vector), false, "another chain");
    assert.equal(isVectorSigned(manifest, { ...frozen, epoch: 8 }, vector), false, "another epoch's set");
  });

  it("of reports recover to their signers, and change with every field", async () => {
    const report: ScoreReport = { epoch: 7, round: 3, attempt: 1, poster: key.address, results };
    const digest = scoreReportDigest(manifest, report);
    assert.equal(recoverAddress(digest, await signScoreReport(key, manifest, report)), key.address);
    const changed: ScoreReport[] = [
      { ...report, epoch: 8 },
      { ...report, round: 4 },
      { ...report, attempt: 2 },
      { ...report, poster: walletOf("other").address },
      { ...report, results: [] },
    ];
    const epochReport: EpochReport = {
      epoch: 7,
      attempt: 1,
      poster: key.address,
      scores: { epoch: 7, hasData: false, hasLlm: true, consensus: [1], data: [0], llm: [2] },
    };
    const epochDigest = epochReportDigest(manifest, epochReport);
    assert.equal(recoverAddress(epochDigest, await signEpochReport(key, manifest, epochReport)), key.address);
    const { scores } = epochReport;
    const digests = [
      digest,
      epochDigest,
      ...changed.map((other) => scoreReportDigest(manifest, other)),
      ...[
        { ...scores, hasData: true },
        { ...scores, llm: [3] },
        { ...scores, consensus: [2] },
      ].map((other) => epochReportDigest(manifest, { ...epochReport, scores: other })),
      scoreReportDigest(exampleManifest({ chainId: 1 }), report),
    ];
    assert.equal(new Set(digests).size, digests.length);
  });

  it("are packed in the order of their seats, whatever order they came in", () => {
    const bySeat = new Map([
      [40, `0x${"28".repeat(65)}`],
      [0, `0x${"00".repeat(65)}`],
      [63, `0x${"3f".repeat(65)}`],
      [3, `0x${"03".repeat(65)}`],
    ]);
    const { signers, signatures } = packSignatures(bySeat);
    assert.deepEqual(seatsOf(signers), [0, 3, 40, 63]);
    assert.equal(signatures, `0x${["00", "03", "28", "3f"].map((byte) => byte.repeat(65)).join("")}`);
    assert.deepEqual(seatsOf(0n), []);
  });
});

describe("proposerOf", () => {
  it("draws seats about as often as their weights say, never a free one", (t) => {
    t.diagnostic("draws follow from a fixed randomness");
    const { frozen } = frozenSeats([10n, 0n, 30n, 60n]);
    const drawn = [0, 0, 0, 0];
    const draws = 3_000;
    for (let round = 0; round < draws; round++) {
      const seat = proposerOf(frozen, round, 0);
      drawn[seat] = (drawn[seat] as number) + 1;
    }
    assert.equal(drawn[1], 0);
    // Five standard deviations of a binomial draw.
    for (const [seat, share] of [
      [0, 0.1],
      [2, 0.3],
      [3, 0.6],
    ] as const) {
      const margin = 5 * Math.sqrt(draws * share * (1 - share));
      assert.ok(Math.abs((drawn[seat] as number) - draws * share) < margin, `seat ${seat}: ${drawn[seat]}`);
    }
  });

  it("refuses an empty set", () => refusal(() => proposerOf(frozenSeats([0n, 0n]).frozen, 0, 0), "MASA-503"));
});
