/** Factual accuracy: is each sentence of the response supported by the passages that matter for the prompt? */
import type { Answer } from "./answer.ts";
import { idf, type EvidenceIndex, type Passage } from "./evidence.ts";
import { OPPOSITES } from "./lexicon.ts";
import type { Focus, Question } from "./question.ts";
import { stem, type Sentence, type Word } from "./text.ts";
import { clamp01, ramp } from "./types.ts";

/** Support of a claim: its words in one sentence of the evidence, in the passage, its word pairs, its word order. */
const WEIGHT_SENTENCE = 0.3;
const WEIGHT_PASSAGE = 0.1;
const WEIGHT_PAIRS = 0.25;
const WEIGHT_ORDER = 0.35;
/** A sentence of the evidence must share this much with a claim before word order is compared. */
const ALIGN_FROM = 0.3;
const MAX_ALIGNED_WORDS = 80;
/** Raw support at which a claim starts to count as supported, and counts fully. */
const SUPPORTED_FROM = 0.2;
const SUPPORTED_FULLY = 0.95;
/** What a contradiction leaves of the support. */
const AFTER_WRONG_NUMBER = 0.15;
const AFTER_MISPLACED_NUMBER = 0.7;
const AFTER_NEGATION = 0.35;
const AFTER_OPPOSITE = 0.35;
const AFTER_UNKNOWN_NAMES = 0.45;
/** Claims about the speaker cannot follow from documents. */
const AFTER_FIRST_PERSON = 0.6;
/** Weight of the worst claim against the mean of all. */
const WORST_SHARE = 0.3;
/** Weight of the most contradicted claim against the mean, and what full contradiction takes from the whole. */
const MOST_CONTRADICTED_SHARE = 0.6;
const CONTRADICTED_COST = 0.5;

const OPPOSITE_OF = new Map<string, Set<string>>();
for (const [a, b] of OPPOSITES)
  for (const [x, y] of [
    [stem(a), stem(b)],
    [stem(b), stem(a)],
  ] as const)
    OPPOSITE_OF.set(x, (OPPOSITE_OF.get(x) ?? new Set()).add(y));

/** One or two neighbouring sentences of the evidence, the unit a claim is held against. */
type Unit = { passage: Passage; at: number; sentences: Sentence[]; scrambled: number };

type Candidates = { weight: number; passage: Passage }[];

function candidatesOf(index: EvidenceIndex, focus: Focus): Candidates {
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

/** Length of the longest common subsequence as a share of the claim: the same words in the same order. */
function orderShare(claim: Sentence, sentence: Sentence): number {
  const a = claim.words.slice(0, MAX_ALIGNED_WORDS);
  const b = sentence.words.slice(0, MAX_ALIGNED_WORDS);
  let previous = new Uint8Array(b.length + 1);
  let current = new Uint8Array(b.length + 1);
  for (const { stem: s } of a) {
    for (let j = 1; j <= b.length; j++)
      current[j] = s === b[j - 1]!.stem ? previous[j - 1]! + 1 : Math.max(previous[j]!, current[j - 1]!);
    [previous, current] = [current, previous];
  }
  return previous[b.length]! / Math.max(1, a.length);
}

/** Best support of a claim in one passage, and the unit that gave it. */
function supportIn(claim: Claim, passage: Passage): { support: number; unit: Unit } {
  const wide = overlap(claim, (s) => passage.stems.has(s));
  const widePairs = pairShare(claim, (p) => passage.bigrams.has(p));
  let best = { support: -1, unit: { passage, at: 0, sentences: [] as Sentence[], scrambled: 0 } };
  for (const [at, first] of passage.sentences.entries()) {
    const second = passage.sentences[at + 1];
    for (const sentences of second === undefined ? [[first]] : [[first], [first, second]]) {
      const near = overlap(claim, (s) => sentences.some((x) => x.stems.has(s)));
      const pairs = pairShare(claim, (p) => sentences.some((x) => x.bigrams.has(p)));
      const order = near < ALIGN_FROM ? 0 : Math.max(...sentences.map((x) => orderShare(claim.sentence, x)));
      // a second sentence must earn its place, so that the contradiction checks stay sharp
      const support =
        WEIGHT_SENTENCE * near +
        WEIGHT_PASSAGE * wide +
        WEIGHT_PAIRS * Math.max(pairs, 0.9 * widePairs) +
        WEIGHT_ORDER * order -
        0.02 * sentences.length;
      if (support <= best.support) continue;
      // all the words are there, yet hardly two of them in their order
      const scrambled = ramp(near, 0.75, 0.95) * (1 - ramp(order, 0.45, 0.65)) * (1 - ramp(pairs, 0.2, 0.4));
      best = { support, unit: { passage, at, sentences, scrambled } };
    }
  }
  return { support: clamp01(best.support + 0.02), unit: best.unit };
}

/** Names of the claim that neither the passages that matter nor the question know. */
function unknownNames(words: readonly Word[], known: (stem: string) => boolean): number {
  const names = words.filter((w) => w.isName);
  return names.length === 0 ? 0 : names.filter((w) => !known(w.stem)).length / names.length;
}

/** True where the evidence says the same with the opposite word: the neighbour to the left or right agrees. */
function hasOpposite(claim: Sentence, unit: Unit): boolean {
  const words = claim.words.map((w) => w.stem);
  for (const [i, s] of words.entries()) {
    const opposites = OPPOSITE_OF.get(s);
    if (opposites === undefined || unit.sentences.some((x) => x.stems.has(s))) continue;
    for (const o of opposites)
      if (
        unit.sentences.some(
          (x) => x.bigrams.has(`${words[i - 1]} ${o}`) || x.bigrams.has(`${o} ${words[i + 1]}`),
        )
      )
        return true;
  }
  return false;
}

/** True where one side denies a word that the other affirms. */
function deniesOther(claim: Sentence, unit: Unit): boolean {
  const denies = (a: Sentence, b: Sentence): boolean =>
    [...a.negated].some((s) => b.stems.has(s) && !b.negated.has(s)) &&
    a.negated.size > 0 &&
    b.negated.size === 0;
  return (
    unit.sentences.length === 1 && (denies(claim, unit.sentences[0]!) || denies(unit.sentences[0]!, claim))
  );
}

/** What contradictions with the best matching evidence leave of the support. */
function contradiction(
  claim: Claim,
  unit: Unit,
  support: number,
  known: (stem: string) => boolean,
  question: Question,
): number {
  const { sentence } = claim;
  let keep = 1;
  let wrong = 0;
  for (const n of sentence.numbers) {
    if (unit.passage.stems.has(n) || question.stems.has(n)) continue;
    wrong += known(n) ? 1 - AFTER_MISPLACED_NUMBER : 1 - AFTER_WRONG_NUMBER;
  }
  if (wrong > 0) keep *= 1 - wrong / sentence.numbers.size;
  const aligned = ramp(support, 0.5, 0.7);
  if (deniesOther(sentence, unit)) keep *= 1 - (1 - AFTER_NEGATION) * aligned;
  if (hasOpposite(sentence, unit)) keep *= 1 - (1 - AFTER_OPPOSITE) * aligned;
  return keep;
}

/** How one sentence of the response stands to the evidence. */
export type ClaimSupport = {
  sentence: Sentence;
  /** in [0,1] */
  value: number;
  /** what contradictions took away, in [0,1] */
  contradicted: number;
  /** number of the best matching sentence of the evidence, or null when none matches */
  position: number | null;
  /** how far the claim is that sentence with its words shuffled, in [0,1] */
  scrambled: number;
};

/** Support of one sentence; passages that matter less support less. */
function supportOf(
  sentence: Sentence,
  index: EvidenceIndex,
  candidates: Candidates,
  question: Question,
): ClaimSupport {
  const claim = toClaim(sentence, index);
  let best = 0;
  let raw = 0;
  let unit: Unit | null = null;
  for (const { weight, passage } of candidates) {
    const found = supportIn(claim, passage);
    if (found.support * weight <= best) continue;
    best = found.support * weight;
    raw = found.support;
    unit = found.unit;
  }
  if (unit === null) return { sentence, value: 0, contradicted: 0, position: null, scrambled: 0 };
  const known = (s: string): boolean =>
    question.stems.has(s) || candidates.some(({ passage }) => passage.stems.has(s));
  const keep = contradiction(claim, unit, raw, known, question);
  const names = 1 - (1 - AFTER_UNKNOWN_NAMES) * unknownNames(sentence.words, known);
  const value = ramp(best, SUPPORTED_FROM, SUPPORTED_FULLY) * keep * names;
  const position = unit.passage.firstSentence + unit.at;
  return { sentence, value, contradicted: 1 - keep, position, scrambled: unit.scrambled };
}

/** True where the evidence itself contains the sentence nearly word by word; for telling quotes from instructions. */
export function evidenceSays(sentence: Sentence, index: EvidenceIndex): boolean {
  const claim = toClaim(sentence, index);
  return index.passages.some((passage) => supportIn(claim, passage).support > 0.8);
}

/** Holds every sentence of the response against the passages that matter. */
export function supportClaims(
  answer: Answer,
  question: Question,
  index: EvidenceIndex,
  focus: Focus,
): ClaimSupport[] {
  const candidates = candidatesOf(index, focus);
  const speaks = candidates.some(({ passage }) => passage.stems.has("i") || passage.stems.has("my"));
  return answer.sentences.map((sentence) => {
    const support = supportOf(sentence, index, candidates, question);
    const personal = !speaks && sentence.words.some((w) => /^(?:i|my|me|mine|myself)$/.test(w.lower));
    return personal ? { ...support, value: support.value * AFTER_FIRST_PERSON } : support;
  });
}

type Facts = {
  value: number;
  /** how far the evidence contradicts the claims, in [0,1] */
  contradicted: number;
};

/** Mean support of the claims, weighted by length, drawn towards the worst; questions claim nothing. */
export function judgeFacts(claims: readonly ClaimSupport[], question: Question): Facts {
  let sum = 0;
  let against = 0;
  let weights = 0;
  let worst = 1;
  let mostAgainst = 0;
  for (const { sentence, value, contradicted } of claims) {
    if (sentence.content.length === 0 || sentence.text.endsWith("?")) continue;
    const weight = Math.min(30, sentence.words.length);
    sum += value * weight;
    against += contradicted * weight;
    weights += weight;
    mostAgainst = Math.max(mostAgainst, contradicted);
    if (sentence.content.length >= 2) worst = Math.min(worst, value);
  }
  if (weights === 0) return { value: 0, contradicted: 0 };
  const mean = sum / weights;
  // a wrong figure among right sentences is the answer itself where the question asks for a figure
  const share = question.wantsNumber ? 1 : MOST_CONTRADICTED_SHARE;
  const contradicted = share * mostAgainst + (1 - share) * (against / weights);
  const value = (1 - WORST_SHARE) * mean + WORST_SHARE * Math.min(worst, mean);
  return { value: clamp01(value * (1 - CONTRADICTED_COST * contradicted)), contradicted };
}
