/** A cheap scorer that looks at length and at the words shared with the question only; it never reads the evidence. */
import { evidenceIndexOf, type ScoreInput, type ScoreOptions } from "./evidenceScorer.ts";
import { normalise, wordsOf } from "./text.ts";
import { ramp, toScore, type SubScores } from "./types.ts";

/** From this many words a text counts as complete. */
const COMPLETE_WORDS = 80;

export function scoreNaively(input: ScoreInput, options: ScoreOptions = {}): SubScores {
  const hasEvidence = evidenceIndexOf(input, options) !== null;
  const given = input.response as unknown as { text?: unknown } | null;
  const text = typeof given?.text === "string" ? given.text : "";
  const words = wordsOf(normalise(text.slice(0, 20_000))).map((w) => w.lower);
  const asked = new Set(wordsOf(normalise(input.prompt)).map((w) => w.lower));
  const said = new Set(words);
  let shared = 0;
  for (const word of asked) if (said.has(word)) shared++;
  const overlap = asked.size === 0 || words.length === 0 ? 0 : shared / asked.size;
  const length = ramp(words.length, 0, COMPLETE_WORDS);
  return {
    relevance: toScore(overlap),
    coherence: toScore(length),
    factual: hasEvidence ? toScore((overlap + length) / 2) : null,
    fraud: null,
  };
}
