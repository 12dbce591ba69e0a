/** The small corpus of the tests (a made-up island) and shortcuts for scoring against it. */
import { readdirSync, readFileSync } from "node:fs";
import { fileQuality } from "../../src/scoring/scoreFile.ts";
import {
  indexEvidence,
  SCORE_ONE,
  scorers,
  type EvidenceDocument,
  type ResponsePayload,
  type ScorerName,
  type SubScores,
} from "../../src/scoring/index.ts";

export const CORPUS_FOLDER = new URL("../../../nodes/test/answer/corpus/", import.meta.url).pathname;

export const corpus: EvidenceDocument[] = readdirSync(CORPUS_FOLDER)
  .sort()
  .map((id) => ({ id, text: readFileSync(CORPUS_FOLDER + id, "utf8") }));

export const questions = JSON.parse(
  readFileSync(new URL("../../../nodes/test/answer/questions.json", import.meta.url), "utf8"),
) as string[];

const index = indexEvidence(corpus);

export type Judged = { q: number; relevance: number; coherence: number; factual: number; scores: SubScores };

/** Scores a text against the whole corpus; reals in [0,1]. */
export function judge(
  prompt: string,
  text: string,
  citations: ResponsePayload["citations"] = [],
  scorer: ScorerName = "evidence",
): Judged {
  const scores = scorers[scorer].score(
    { prompt, evidence: corpus, response: { text, citations } },
    { index },
  );
  return {
    q: fileQuality(scores),
    relevance: scores.relevance / SCORE_ONE,
    coherence: scores.coherence / SCORE_ONE,
    factual: (scores.factual ?? Number.NaN) / SCORE_ONE,
    scores,
  };
}

/** A repeatable shuffle (linear congruential), so that a failing test can be run again. */
export function shuffled<T>(items: readonly T[], seed: number): T[] {
  const out = [...items];
  let state = seed;
  for (let i = out.length - 1; i > 0; i--) {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    const j = (state >>> 8) % (i + 1);
    [out[i], out[j]] = [out[j]!, out[i]!];
  }
  return out;
}
