/** The engines of the workers against the scorer of the validators: reading pays, haste does not. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createEngine } from "../../../nodes/src/answer/index.ts";
import { CORPUS_FOLDER, judge, questions } from "./corpus.ts";
import { answered } from "../../../nodes/test/answer/answered.ts";

const PASS = 0.6;

async function qualities(
  engine: "quoting" | "hasty",
  scorer: "evidence" | "naive" = "evidence",
): Promise<number[]> {
  const worker = await createEngine({ engine, folder: CORPUS_FOLDER });
  const out: number[] = [];
  for (const prompt of questions) {
    const { text, citations } = await answered(worker, { prompt, kind: "data-query" });
    const judged = judge(prompt, text, citations, scorer);
    assert.equal(judged.scores.fraud, null, `an honest quote was called a fraud: ${prompt}`);
    out.push(judged.q);
  }
  return out.sort((a, b) => a - b);
}

const describeQ = (q: number[]): string =>
  `min ${q[0]!.toFixed(2)}, median ${q[q.length >> 1]!.toFixed(2)}, max ${q.at(-1)!.toFixed(2)}, ${q.filter((x) => x >= PASS).length} of ${q.length} pass`;

describe("engines and scorer together", () => {
  it("the quoting engine passes nearly always, the hasty one rarely", async (t) => {
    const [quoting, hasty] = [await qualities("quoting"), await qualities("hasty")];
    t.diagnostic(`quoting: ${describeQ(quoting)}`);
    t.diagnostic(`hasty: ${describeQ(hasty)}`);
    assert.ok(quoting.filter((q) => q >= PASS).length >= 0.9 * questions.length);
    assert.ok(hasty.filter((q) => q >= PASS).length <= 0.3 * questions.length);
  });

  it("the naive scorer separates them less, which is what its validator loses by", async (t) => {
    const median = (q: number[]): number => q[q.length >> 1]!;
    const gap = async (scorer: "evidence" | "naive"): Promise<number> =>
      median(await qualities("quoting", scorer)) - median(await qualities("hasty", scorer));
    const [evidence, naive] = [await gap("evidence"), await gap("naive")];
    t.diagnostic(`gap of medians: evidence ${evidence.toFixed(2)}, naive ${naive.toFixed(2)}`);
    assert.ok(naive < 0.6 * evidence);
  });
});
