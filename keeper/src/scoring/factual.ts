/** Factual accuracy: is each sentence of the response supported by the passages that matter for the prompt? */
import type { Answer } from "./answer.ts";
import { idf, type EvidenceIndex, type Passage } from "./evidence.ts";
import { OPPOSITES } from "./lexicon.ts";
import type { Focus, Question } from "./question.ts";
import { stem, type Sentence, type Word } from "./text.ts";
import { clamp01, ramp } from "./types.ts";

/** How much of the support of a claim comes from words in one sentence, in the passage, and from word pairs. */
const WEIGHT_SENTENCE = 0.4;
const WEIGHT_PASSAGE = 0.2;
const WEIGHT_PAIRS = 0.4;
/** Raw support at which a claim starts to count as supported, and counts fully. */
const SUPPORTED_FROM = 0.2;
const SUPPORTED_FULLY = 0.85;
/** What a contradiction leaves of the support. */
const AFTER_WRONG_NUMBER = 0.3;
const AFTER_NEGATION = 0.35;
const AFTER_OPPOSITE = 0.35;
const AFTER_UNKNOWN_NAMES = 0.45;
/** Claims about the speaker cannot follow from documents. */
const AFTER_FIRST_PERSON = 0.6;
/** Weight of the worst claim against the mean of all. */
const WORST_SHARE = 0.3;

const OPPOSITE_OF = new Map<string, Set<string>>();
for (const [a, b] of OPPOSITES)
  for (const [x, y] of [
    [stem(a), stem(b)],
    [stem(b), stem(a)],
  ] as const)
    OPPOSITE_OF.set(x, (OPPOSITE_OF.get(x) ?? new Set()).add(y));

/** One or two neighbouring sentences of the evidence, the unit a claim is held against. */
type Unit = { passage: Passage; sentences: Sentence[] };

export type Candidates = { weight: number; passage: Passage }[];

export function candidatesOf(index: EvidenceIndex, focus: Focus): Candidates {
  return [...focus.weights].map(([i, weight]) => ({ weight, passage: index.passages[i]! }));
}

type Claim = { sentence: Sentence; weights: Map<string, number>; total: number };

function toClaim(sentence: Sentence, index: EvidenceIndex): Claim {
  const weights = new Map<string, number>();
  let total = 0;
  for (const s of sentence.content) {
    // common words of the evidence still count half as much as the rarest
    const weight = 1 + idf(index, s);
    weights.set(s, weight);
    total += weight;
  }
  return { sentence, weights, total };
}

function overlap(claim: Claim, has: (stem: string) => boolean): number {
  let found = 0;
  for (const [s, weight] of claim.weights) if (has(s)) found += weight;
  return claim.total === 0 ? 0 : found / claim.total;
}

function pairShare(claim: Claim, has: (bigram: string) => boolean): number {
  const pairs = claim.sentence.bigrams;
  if (pairs.size === 0) return 0;
  let found = 0;
  for (const pair of pairs) if (has(pair)) found++;
  return found / pairs.size;
}

/** Best support of a claim in one passage, and the unit that gave it. */
function supportIn(claim: Claim, passage: Passage): { support: number; unit: Unit } {
  const wide = overlap(claim, (s) => passage.stems.has(s));
  const widePairs = pairShare(claim, (p) => passage.bigrams.has(p));
  let best = { support: -1, unit: { passage, sentences: [] as Sentence[] } };
  for (const [i, first] of passage.sentences.entries()) {
    const second = passage.sentences[i + 1];
    for (const sentences of second === undefined ? [[first]] : [[first], [first, second]]) {
      const near = overlap(claim, (s) => sentences.some((x) => x.stems.has(s)));
      const pairs = pairShare(claim, (p) => sentences.some((x) => x.bigrams.has(p)));
      // a second sentence must earn its place, so that the contradiction checks stay sharp
      const support =
        WEIGHT_SENTENCE * near + WEIGHT_PASSAGE * wide + WEIGHT_PAIRS * Math.max(pairs, 0.9 * widePairs) - 0.02 * sentences.length;
      if (support > best.support) best = { support, unit: { passage, sentences } };
    }
  }
  return { support: clamp01(best.support + 0.02), unit: best.unit };
}

/** Names of the claim that neither the passages that matter nor the question know. */
function unknownNames(words: readonly Word[], known: (stem: string) => boolean): number {
  const names = words.filter((w) => w.isName);
  return names.length === 0 ? 0 : names.filter((w) => !known(w.stem)).length / names.length;
}

function hasOpposite(claim: Sentence, unit: Unit): boolean {
  for (const s of claim.stems) {
    const opposites = OPPOSITE_OF.get(s);
    if (opposites === undefined || unit.sentences.some((x) => x.stems.has(s))) continue;
    for (const o of opposites) if (!claim.stems.has(o) && unit.sentences.some((x) => x.stems.has(o))) return true;
  }
  return false;
}

/** What contradictions with the best matching evidence leave of the support. */
function contradiction(claim: Claim, unit: Unit, support: number, question: Question): number {
  const { sentence } = claim;
  let keep = 1;
  const numbers = [...sentence.numbers].filter((n) => !unit.passage.stems.has(n) && !question.stems.has(n));
  if (numbers.length > 0) keep *= 1 - (1 - AFTER_WRONG_NUMBER) * (numbers.length / sentence.numbers.size);
  const aligned = ramp(support, 0.35, 0.6);
  // one surplus "not" against the very sentence that the claim restates; other wordings are left alone
  const negations = unit.sentences.reduce((sum, s) => sum + s.negations, 0);
  if (negations % 2 !== sentence.negations % 2 && (negations === 0 || unit.sentences.length === 1))
    keep *= 1 - (1 - AFTER_NEGATION) * aligned * (negations === 0 ? 1 : pairShare(claim, (p) => unit.sentences[0]!.bigrams.has(p)));
  if (hasOpposite(sentence, unit)) keep *= 1 - (1 - AFTER_OPPOSITE) * aligned;
  return keep;
}

/** Support of one claim in [0,1]; passages that matter less support less. */
function supportOf(claim: Claim, candidates: Candidates, question: Question, speaks: boolean): number {
  let best = 0;
  let unit: Unit | null = null;
  let raw = 0;
  for (const { weight, passage } of candidates) {
    const found = supportIn(claim, passage);
    if (found.support * weight <= best) continue;
    best = found.support * weight;
    raw = found.support;
    unit = found.unit;
  }
  if (unit === null) return 0;
  let value = ramp(best, SUPPORTED_FROM, SUPPORTED_FULLY) * contradiction(claim, unit, raw, question);
  const known = (s: string): boolean =>
    question.stems.has(s) || candidates.some(({ passage }) => passage.stems.has(s));
  value *= 1 - (1 - AFTER_UNKNOWN_NAMES) * unknownNames(claim.sentence.words, known);
  if (!speaks && claim.sentence.words.some((w) => /^(?:i|my|me|mine|myself)$/.test(w.lower))) value *= AFTER_FIRST_PERSON;
  return value;
}

/** True where the evidence itself contains the sentence nearly word by word; for telling quotes from instructions. */
export function evidenceSays(sentence: Sentence, index: EvidenceIndex): boolean {
  const claim = toClaim(sentence, index);
  return index.passages.some((passage) => {
    const found = supportIn(claim, passage);
    return found.support > 0.8;
  });
}

export function judgeFacts(answer: Answer, question: Question, index: EvidenceIndex, focus: Focus): number {
  const candidates = candidatesOf(index, focus);
  const speaks = candidates.some(({ passage }) => passage.stems.has("i") || passage.stems.has("my"));
  let sum = 0;
  let weights = 0;
  let worst = 1;
  for (const sentence of answer.sentences) {
    if (sentence.content.length === 0 || sentence.text.endsWith("?")) continue;
    const support = supportOf(toClaim(sentence, index), candidates, question, speaks);
    const weight = Math.min(30, sentence.words.length);
    sum += support * weight;
    weights += weight;
    if (sentence.content.length >= 2) worst = Math.min(worst, support);
  }
  if (weights === 0) return 0;
  const mean = sum / weights;
  return clamp01((1 - WORST_SHARE) * mean + WORST_SHARE * Math.min(worst, mean));
}
