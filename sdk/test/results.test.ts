/** The canonical bytes of results: what is encoded decodes to itself, and nothing else decodes. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { MasaError } from "../src/errors.ts";
import {
  decodeResults,
  encodeResults,
  MAX_REQUEST_ID,
  MAX_RESPONSES,
  MAX_RESPONSES_PER_RESULT,
  MAX_RESULTS,
  SCORE_ONE,
  UNSCORED,
} from "../src/results.ts";
import type { RequestResult, ResponseScore } from "../src/results.ts";
import { randomInt, refusal, score, SEED, seededRandom } from "./support.ts";

const ROUND_TRIPS = 2_000;

function randomScore(random: () => number): ResponseScore {
  if (random() < 0.2) return UNSCORED;
  const value = (): number =>
    [0, SCORE_ONE, randomInt(random, 0, SCORE_ONE)][randomInt(random, 0, 2)] as number;
  return {
    relevance: value(),
    coherence: value(),
    factual: value(),
    responseTime: value(),
    throughput: randomInt(random, 0, 0xffff_ffff),
    scored: true,
    fraud: [0, 1, 254, randomInt(random, 0, 254)][randomInt(random, 0, 3)] as number,
  };
}

function randomResults(random: () => number): RequestResult[] {
  let requestId = BigInt(randomInt(random, 0, 5));
  return Array.from({ length: randomInt(random, 0, 12) }, () => {
    requestId += BigInt(randomInt(random, 1, random() < 0.5 ? 3 : 2 ** 34));
    const count = randomInt(random, 1, MAX_RESPONSES_PER_RESULT);
    return { requestId, responses: Array.from({ length: count }, () => randomScore(random)) };
  });
}

/** The bytes of one line written out by hand. */
const line = (requestId: string, count: string, ...responses: string[]): string =>
  `${requestId}${count}${responses.join("")}`;
const ZERO = "00".repeat(21);
const OFF = `${"00".repeat(20)}ff`;

describe("results as bytes", () => {
  it("are what the format says", () => {
    const results = [
      {
        requestId: 0x01_0203_0405n,
        responses: [
          score({
            relevance: 1,
            coherence: 2,
            factual: 3,
            responseTime: SCORE_ONE,
            throughput: 0xffff_ffff,
            fraud: 9,
          }),
          UNSCORED,
        ],
      },
    ];
    const bytes = `0x${line("0102030405", "02", "00000001", "00000002", "00000003", "3b9aca00", "ffffffff", "09", OFF)}`;
    assert.equal(encodeResults(results), bytes);
    assert.deepEqual(decodeResults(bytes), results);
    assert.equal(encodeResults([]), "0x");
    assert.deepEqual(decodeResults("0x"), []);
  });

  it("decode to what was encoded, for random results", (t) => {
    t.diagnostic(`seed ${SEED}`);
    const random = seededRandom(SEED + 10);
    for (let set = 0; set < ROUND_TRIPS; set++) {
      const results = randomResults(random);
      if (results.reduce((sum, { responses }) => sum + responses.length, 0) > MAX_RESPONSES) continue;
      assert.deepEqual(decodeResults(encodeResults(results)), results, `set ${set}`);
    }
  });

  it("decode only where encoding gives the same bytes again, for bytes altered at random", (t) => {
    t.diagnostic(`seed ${SEED}`);
    const random = seededRandom(SEED + 11);
    let decoded = 0;
    let refused = 0;
    for (let set = 0; set < ROUND_TRIPS; set++) {
      const results = randomResults(random).slice(0, 3);
      const bytes = Buffer.from(encodeResults(results).slice(2), "hex");
      const altered =
        random() < 0.3
          ? bytes.subarray(0, randomInt(random, 0, bytes.length))
          : Buffer.concat([bytes, Buffer.alloc(randomInt(random, 0, 2))]);
      if (altered.length > 0 && random() < 0.7) {
        altered[randomInt(random, 0, altered.length - 1)] = randomInt(random, 0, 255);
      }
      const text = `0x${altered.toString("hex")}`;
      let again: RequestResult[] | null = null;
      try {
        again = decodeResults(text);
      } catch (error) {
        refused++;
        assert.ok(error instanceof MasaError && error.code === "MASA-505", String(error));
      }
      if (again === null) continue;
      decoded++;
      assert.equal(encodeResults(again), text, `set ${set}`);
    }
    assert.ok(decoded > 100 && refused > 100, `${decoded} decoded, ${refused} refused`);
  });

  const badBytes: [what: string, bytes: string, words: RegExp][] = [
    ["a request twice", line("0000000005", "01", ZERO) + line("0000000005", "01", ZERO), /comes after/],
    [
      "a request before another",
      line("0000000005", "01", ZERO) + line("0000000004", "01", ZERO),
      /comes after/,
    ],
    ["no responses", line("0000000005", "00"), /0 responses/],
    ["17 responses", line("0000000005", "11", ...Array<string>(17).fill(ZERO)), /17 responses/],
    ["a byte too much", `${line("0000000005", "01", ZERO)}00`, /cut/],
    ["a byte too few", line("0000000005", "01", ZERO).slice(0, -2), /cut/],
    ["half a head", "00000000", /cut/],
    ["a score above 1", line("0000000005", "01", "3b9aca01", ZERO.slice(8)), /relevance is 1000000001/],
    [
      "a response time above 1",
      line("0000000005", "01", "00".repeat(12), "ffffffff", "00000000", "00"),
      /responseTime/,
    ],
    [
      "unscored with a score",
      line("0000000005", "01", "00000001", OFF.slice(8)),
      /unscored with a relevance/,
    ],
    [
      "unscored with a throughput",
      line("0000000005", "01", "00".repeat(19), "01", "ff"),
      /unscored with a throughput/,
    ],
  ];
  for (const [what, bytes, words] of badBytes)
    it(`refuse ${what}`, () => refusal(() => decodeResults(`0x${bytes}`), "MASA-505", words));

  it("refuse text that is not bytes in lower-case hex", async () => {
    for (const text of ["", "0x0", "0xAA", "zz", `0x${line("0000000005", "01", ZERO).toUpperCase()}A`])
      await refusal(() => decodeResults(text), "MASA-505", /lower-case hex/);
  });

  const badResults: [what: string, results: RequestResult[], words: RegExp][] = [
    ["descending", [3n, 2n].map((requestId) => ({ requestId, responses: [score()] })), /comes after/],
    ["of an id beyond 5 bytes", [{ requestId: MAX_REQUEST_ID + 1n, responses: [score()] }], /5 bytes/],
    ["of a negative id", [{ requestId: -1n, responses: [score()] }], /comes after/],
    ["without responses", [{ requestId: 1n, responses: [] }], /0 responses/],
    ["with 17", [{ requestId: 1n, responses: Array<ResponseScore>(17).fill(score()) }], /17 responses/],
    ["out of range", [{ requestId: 1n, responses: [score({ factual: SCORE_ONE + 1 })] }], /factual/],
    ["negative", [{ requestId: 1n, responses: [score({ coherence: -1 })] }], /coherence/],
    ["not whole", [{ requestId: 1n, responses: [score({ responseTime: 0.5 })] }], /responseTime/],
    ["too fast", [{ requestId: 1n, responses: [score({ throughput: 2 ** 32 })] }], /throughput/],
    ["with reason 255", [{ requestId: 1n, responses: [score({ fraud: 255 })] }], /reason code 255/],
    ["unscored with numbers", [{ requestId: 1n, responses: [score({ scored: false })] }], /unscored with/],
    ["unscored frauds", [{ requestId: 1n, responses: [{ ...UNSCORED, fraud: 1 }] }], /unscored with a fraud/],
  ];
  for (const [what, results, words] of badResults)
    it(`have no encoding where they are ${what}`, () =>
      refusal(() => encodeResults(results), "MASA-505", words));

  it("are bounded by lines and by responses, both at the bound", async () => {
    const of = (lines: number, each: number): RequestResult[] =>
      Array.from({ length: lines }, (_, index) => ({
        requestId: BigInt(index),
        responses: Array<ResponseScore>(each).fill(score()),
      }));
    for (const most of [of(MAX_RESULTS, 1), of(MAX_RESPONSES / 16, 16)])
      assert.deepEqual(decodeResults(encodeResults(most)), most);
    await refusal(() => encodeResults(of(MAX_RESULTS + 1, 1)), "MASA-505", /201 lines/);
    await refusal(() => encodeResults(of(121, 2)), "MASA-505", /242 responses/);
    const bytes = (lines: number, each: number): string =>
      `0x${Array.from({ length: lines }, (_, index) => line(index.toString(16).padStart(10, "0"), each.toString(16).padStart(2, "0"), ...Array<string>(each).fill(ZERO))).join("")}`;
    await refusal(() => decodeResults(bytes(MAX_RESULTS + 1, 1)), "MASA-505", /201 lines/);
    await refusal(() => decodeResults(bytes(121, 2)), "MASA-505", /242 responses/);
    await refusal(() => decodeResults(bytes(100, 16)), "MASA-505", /too many/);
  });
});
