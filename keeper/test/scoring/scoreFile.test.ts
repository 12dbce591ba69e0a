/** Scoring a file of rows. */
import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { scoreFile, type ScoredRow } from "../../src/scoring/scoreFile.ts";

const EVIDENCE = [
  "The tidal mill grinds 1,800 kilograms of barley in one tide. The miller keeps a sixteenth of the flour.",
];

describe("scoreFile", () => {
  let folder = "";
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "masa-score-"));
  });
  after(() => rm(folder, { recursive: true }));

  const run = async (lines: string[], scorer?: "naive"): Promise<ScoredRow[]> => {
    const [input, output] = [join(folder, "in.jsonl"), join(folder, "out.jsonl")];
    await writeFile(input, lines.join("\n"));
    const count = await scoreFile({ input, output, ...(scorer === undefined ? {} : { scorer }) });
    const rows = (await readFile(output, "utf8")).split("\n").filter(Boolean);
    assert.equal(rows.length, count);
    return rows.map((row) => JSON.parse(row) as ScoredRow);
  };
  const row = (id: string, evidence: string[], response: string): string =>
    JSON.stringify({ id, prompt: "How much barley does the mill grind in one tide?", evidence, response });

  it("writes one row each, q by the weights .35 .2 .35 .1 with T = 1", async () => {
    const right = "The mill grinds 1,800 kilograms of barley in one tide.";
    const rows = await run([
      row("a", EVIDENCE, right),
      "",
      row("b", [], right),
      row("c", EVIDENCE, "I like horses a lot."),
    ]);
    assert.deepEqual(
      rows.map((r) => r.id),
      ["a", "b", "c"],
    );
    const [a, b, c] = rows as [ScoredRow, ScoredRow, ScoredRow];
    assert.ok(Math.abs(a.q - (0.35 * a.relevance + 0.2 * a.coherence + 0.35 * a.factual! + 0.1)) < 1e-9);
    assert.equal(b.factual, null);
    assert.ok(Math.abs(b.q - (0.35 * b.relevance + 0.2 * b.coherence + 0.1) / 0.65) < 1e-9);
    assert.ok(a.q > 0.9 && c.q < 0.5, `${a.q} ${c.q}`);
  });

  it("uses the named scorer", async () => {
    const [naive] = await run(
      [row("a", EVIDENCE, "How much barley does the mill grind in one tide?")],
      "naive",
    );
    assert.equal(naive!.relevance, 1);
  });

  it("says which line is wrong", async () => {
    await assert.rejects(run([row("a", [], "x"), "{oops"]), /in\.jsonl:2 is not JSON/);
    await assert.rejects(run([JSON.stringify({ id: "a", prompt: 3 })]), /in\.jsonl:1 is not a row/);
    await assert.rejects(
      scoreFile({ input: join(folder, "none.jsonl"), output: join(folder, "o") }),
      /ENOENT/,
    );
  });
});
