/** Words, stems, sentences, quotes and the logarithm. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  foldForQuotes,
  ln,
  normalise,
  sentencesOf,
  splitSentences,
  stem,
  wordsOf,
} from "../../src/scoring/text.ts";

describe("text", () => {
  it("brings the forms of a word together", () => {
    for (const forms of [
      ["delegate", "delegates", "delegated", "delegating", "delegation"],
      ["validator", "validators", "validate", "validation"],
      ["slash", "slashed", "slashing", "slashes"],
      ["policy", "policies"],
      ["plan", "planned", "planning", "plans"],
      ["rate", "rated", "rating", "rates"],
    ])
      assert.equal(new Set(forms.map(stem)).size, 1, forms.map((f) => `${f}:${stem(f)}`).join(" "));
    for (const [a, b] of [
      ["council", "counsel"],
      ["order", "ordinary"],
      ["fire", "firm"],
    ] as const)
      assert.notEqual(stem(a), stem(b));
  });

  it("reads numbers however they are written", () => {
    const stems = (text: string): string[] =>
      wordsOf(normalise(text))
        .filter((w) => w.isNumber)
        .map((w) => w.stem);
    assert.deepEqual(stems("24,576 bytes, 0.50 and twelve"), ["24576", "0.5", "12"]);
    assert.deepEqual(stems("3 , 800 km and 98 . 7 per cent"), ["3800", "98.7"]);
  });

  it("splits sentences but not abbreviations, decimals or list numbers", () => {
    assert.deepEqual(splitSentences("It costs 1.5 crowns, e.g. on Monday. Dr. Hale agrees! Why?"), [
      "It costs 1.5 crowns, e.g. on Monday.",
      "Dr. Hale agrees!",
      "Why?",
    ]);
    assert.deepEqual(splitSentences("- one item\n- second item\n\n1. first"), [
      "- one item",
      "- second item",
      "1. first",
    ]);
  });

  it("notes what a sentence denies", () => {
    const [sentence] = sentencesOf(normalise("The ferry doesn't sail on Sundays."));
    assert.deepEqual([...sentence!.negated], ["sail", stem("sundays")]);
  });

  it("folds quotes over case, punctuation, links and invisible characters", () => {
    assert.equal(foldForQuotes("The [Old “Mill”](x.md),\nit—turns"), " the old mill it turns ");
    assert.equal(foldForQuotes("se\u00adcret\u200b word"), " secret word ");
  });

  it("ln agrees with Math.log to 1e-14", () => {
    for (const x of [1e-9, 0.1, 0.999, 1, 1.0001, 2, 3, 10, 12345.678, 1e12])
      assert.ok(Math.abs(ln(x) - Math.log(x)) <= 1e-14 * Math.max(1, Math.abs(Math.log(x))), String(x));
  });
});
