/** What a prompt asks for, and which passages of the evidence matter for it. */
import { idf, rankPassages, type EvidenceIndex } from "./evidence.ts";
import { normalise, sentencesOf, type Sentence } from "./text.ts";

export type Question = {
  sentences: Sentence[];
  /** content stems with their weight: rarer counts more, the last sentences of a long prompt count more */
  terms: Map<string, number>;
  stems: Set<string>;
  bigrams: Set<string>;
  words: number;
  wantsNumber: boolean;
  /** the prompt itself denies something */
  negated: boolean;
};

/** The passages that matter; `weights` in (0,1] by passage number. */
export type Focus = {
  weights: Map<number, number>;
  /** true when the prompt itself picks passages; false for "Summarise the article." */
  directed: boolean;
};

/** A sentence further back in the prompt counts this much of the next one. */
const RECENCY = 0.8;
/** Evidence up to these sizes (in words) was picked for the request: all of it matters. */
const SMALL_EVIDENCE = 600;
const SMALL_DOCUMENT = 2_500;
/** Passages considered, and the share of the best score where one starts to matter and where it matters fully. */
const TOP_PASSAGES = 8;
const MATTERS_FROM = 0.3;
const MATTERS_FULLY = 0.75;
/** A neighbour of a passage that matters continues its thought. */
const NEIGHBOUR = 0.6;
/** Share of the prompt's weight that the best passage must contain for the prompt to pick passages. */
const DIRECTED_FROM = 0.2;

const WANTS_NUMBER =
  /\bhow (?:many|much|old|far|tall|deep|heavy)\b|\bwhat (?:share|percentage|number|fraction)\b/i;

export function readQuestion(prompt: string, index: EvidenceIndex | null): Question {
  const text = normalise(prompt).slice(0, 20_000);
  const sentences = sentencesOf(text);
  const question: Question = {
    sentences,
    terms: new Map(),
    stems: new Set(),
    bigrams: new Set(),
    words: 0,
    wantsNumber: WANTS_NUMBER.test(text),
    negated: sentences.some((s) => s.negated.size > 0),
  };
  let recency = 1;
  for (const sentence of sentences.toReversed()) {
    for (const stem of sentence.content) {
      const weight = recency * (index === null ? 1 : idf(index, stem));
      question.terms.set(stem, Math.max(question.terms.get(stem) ?? 0, weight));
    }
    for (const stem of sentence.stems) question.stems.add(stem);
    for (const bigram of sentence.bigrams) question.bigrams.add(bigram);
    question.words += sentence.words.length;
    recency *= RECENCY;
  }
  return question;
}

export function findFocus(question: Question, index: EvidenceIndex): Focus {
  // rankPassages multiplies by idf itself, so the weights handed over are the recency alone
  const terms = new Map<string, number>();
  for (const [stem, weight] of question.terms) terms.set(stem, weight / idf(index, stem));
  const ranked = rankPassages(index, terms);
  const total = [...question.terms.values()].reduce((a, b) => a + b, 0);
  const best = ranked[0];
  let found = 0;
  if (best !== undefined)
    for (const [stem, weight] of question.terms)
      if (index.passages[best.passage]!.stems.has(stem)) found += weight;
  const directed = best !== undefined && found >= DIRECTED_FROM * total;
  const small =
    index.totalWords <= SMALL_EVIDENCE ||
    (index.documents.length === 1 && index.totalWords <= SMALL_DOCUMENT);
  if (small || !directed) return { weights: new Map(index.passages.map((_, i) => [i, 1])), directed };
  return { weights: passageWeights(index, ranked), directed };
}

function passageWeights(
  index: EvidenceIndex,
  ranked: { passage: number; score: number }[],
): Map<number, number> {
  const weights = new Map<number, number>();
  const best = ranked[0]!.score;
  for (const { passage, score } of ranked.slice(0, TOP_PASSAGES)) {
    const weight = (score / best - MATTERS_FROM) / (MATTERS_FULLY - MATTERS_FROM);
    if (weight > 0) weights.set(passage, Math.min(1, weight));
  }
  for (const [passage, weight] of [...weights])
    for (const next of [passage - 1, passage + 1])
      if (index.passages[next]?.document === index.passages[passage]!.document)
        weights.set(next, Math.max(weights.get(next) ?? 0, weight * NEIGHBOUR));
  return weights;
}
