/** Coherence: is the response prose? Sentence structure, word order, repetition, length; no facts. */
import type { Answer } from "./answer.ts";
import type { EvidenceIndex } from "./evidence.ts";
import type { ClaimSupport } from "./factual.ts";
import { isFunctionWord, wordClass, type WordClass } from "./lexicon.ts";
import type { Question } from "./question.ts";
import type { Sentence } from "./text.ts";
import { clamp01, ramp } from "./types.ts";

type Coherence = {
  /** the score in [0,1] */
  value: number;
  /** how much of it is language at all (word order, function words, no repetition); gates the other scores too */
  prose: number;
};

/** The evidence with the response's sentences aligned to it; `directed` when the prompt asks for a part of it. */
type AlignedEvidence = { index: EvidenceIndex; claims: readonly ClaimSupport[]; directed: boolean };

/** Full length up to here, then falling; an answer is no document. */
const LONG_WORDS = 260;
const TOO_LONG_WORDS = 800;

/** What may not follow a class inside a clause, "end" being the end of the sentence. */
const BAD_AFTER: Partial<Record<WordClass, ReadonlySet<string>>> = {
  det: new Set(["det", "prep", "aux", "modal", "conj", "pron", "poss", "wh", "neg", "end"]),
  poss: new Set(["det", "prep", "aux", "modal", "conj", "poss", "pron", "wh"]),
  prep: new Set(["aux", "modal", "conj"]),
  modal: new Set(["det", "prep", "poss", "conj", "modal", "wh"]),
  aux: new Set(["modal"]),
  conj: new Set(["end"]),
};
const FINE_AFTER_PREP = new Set(["be", "do", "have", "being", "having", "been"]);
const NOT_BEFORE_OF = new Set(["of", "to", "at", "by", "with", "from", "for", "into"]);
const NOT_AT_END = new Set(["of", "from", "into", "than", "per", "upon", "the", "a", "an"]);
const SUBORDINATE = new Set([
  "if",
  "because",
  "although",
  "though",
  "while",
  "whereas",
  "unless",
  "until",
  "since",
]);
const PLAIN_PREPOSITIONS = new Set([
  "of",
  "in",
  "on",
  "at",
  "by",
  "for",
  "from",
  "with",
  "to",
  "into",
  "upon",
  "than",
]);
const SUBJECTS = new Set(["i", "he", "she", "we", "they"]);

/** Implausible neighbours among the function words of one sentence, and how many pairs were looked at. */
function orderFaults(sentence: Sentence): { faults: number; looked: number } {
  let faults = 0;
  let looked = 0;
  const segments = sentence.text.toLowerCase().split(/[,;:()"“”—–/|…]+|\s-\s|\.\.+/);
  for (const [at, segment] of segments.entries()) {
    const words = segment.match(/[\p{L}\p{N}]+/gu) ?? [];
    for (const [i, word] of words.entries()) {
      const kind = wordClass(word);
      if (kind === undefined) continue;
      const next = words[i + 1];
      if (next === undefined && at < segments.length - 1) continue;
      looked++;
      faults += faultOf(word, kind, next);
    }
  }
  return { faults: faults + caseFaults(sentence), looked };
}

/** Capitals in the wrong place: a function word with one inside a sentence, or a sentence that begins without. */
function caseFaults(sentence: Sentence): number {
  let faults = 0;
  let capitals = 0;
  for (const match of sentence.text.matchAll(/(^|[^\s.,;!?:"'“(\[*-]) ?(\p{Lu}?\p{L}+)/gu)) {
    const word = match[2]!;
    if (!/^\p{Lu}\p{Ll}/u.test(word) || match[1] === "") continue;
    capitals++;
    if (isFunctionWord(word.toLowerCase())) faults += 0.7;
  }
  return faults + (capitals > 0 && /^\p{Ll}/u.test(sentence.text) ? 0.5 : 0);
}

/** 1 for what hardly any sentence does, 0.5 for what a few do (a preposition stranded before another), else 0. */
function faultOf(word: string, kind: WordClass, next: string | undefined): number {
  // a month as often as a verb
  if (word === "may" || next === "may") return 0;
  if (next === undefined) return NOT_AT_END.has(word) || BAD_AFTER[kind]?.has("end") ? 1 : 0;
  if (next === word && word !== "that" && word !== "had") return 1;
  const after = wordClass(next);
  if (after === undefined) return 0;
  if (next === "of" && NOT_BEFORE_OF.has(word)) return 1;
  if (SUBJECTS.has(word) && (after === "det" || after === "poss" || next === "of")) return 1;
  if ((kind === "prep" || kind === "modal") && FINE_AFTER_PREP.has(next)) return 0;
  if (SUBORDINATE.has(word) && (after === "conj" || after === "wh")) return 1;
  if (kind === "wh" && (after === "conj" || after === "wh")) return 0.5;
  if (kind === "prep" && PLAIN_PREPOSITIONS.has(next)) return 0.5;
  return BAD_AFTER[kind]?.has(after) ? 1 : 0;
}

function repeatedShare(items: readonly string[]): number {
  return items.length === 0 ? 0 : 1 - new Set(items).size / items.length;
}

/** Share of words that look like no word of an alphabetic language. */
function gibberishShare(answer: Answer): number {
  const letters = answer.words.filter((w) => !w.isNumber && w.text.length >= 4);
  const odd = letters.filter(
    (w) =>
      w.lower.length > 24 || /[bcdfghjklmnpqrstvwxz]{6}|^[bcdfghjklmnpqrstvwxz]{5,}$|(.)\1{3}/.test(w.lower),
  );
  return odd.length / Math.max(4, letters.length);
}

/** How far the response's own words stand in an order that the evidence or the language knows. */
function orderGate(answer: Answer, evidence: AlignedEvidence | null): number {
  let faults = 0;
  let looked = 0;
  for (const sentence of answer.sentences) {
    const found = orderFaults(sentence);
    faults += found.faults;
    looked += found.looked;
  }
  let gate = 1 - ramp((faults - 0.5) / (looked + 2), 0.04, 0.13);
  if (evidence !== null && answer.bigrams.size >= 6) {
    const { index, claims } = evidence;
    // words of the evidence without a single pair of them in the evidence's order are a shuffled copy
    const known =
      answer.content.filter((s) => index.postings.has(s)).length / Math.max(1, answer.content.length);
    let pairs = 0;
    for (const bigram of answer.bigrams) if (index.bigrams.has(bigram)) pairs++;
    const order = pairs / answer.bigrams.size;
    const suspicion = ramp(known, 0.7, 0.95);
    gate *= 1 - suspicion * (1 - ramp(order, 0.08, 0.25));
    const scrambled =
      claims.reduce((sum, c) => sum + c.scrambled * c.sentence.words.length, 0) / answer.words.length;
    gate *= 1 - ramp(scrambled, 0.1, 0.6);
  }
  return clamp01(gate);
}

function proseGate(answer: Answer, evidence: AlignedEvidence | null): number {
  const words = answer.words;
  const functionShare = words.filter((w) => isFunctionWord(w.lower)).length / Math.max(1, words.length);
  // a short phrase ("23 hours") needs no function words, a long text does
  const needed = ramp(words.length, 5, 14);
  const grammar =
    1 - needed * (1 - ramp(functionShare, 0.08, 0.26)) - needed * 0.6 * ramp(functionShare, 0.72, 0.9);
  const stems = words.map((w) => w.stem);
  const trigrams = stems.slice(2).map((s, i) => `${stems[i]} ${stems[i + 1]} ${s}`);
  const repetition = 1 - ramp(repeatedShare(trigrams), 0.12, 0.5);
  const content = words.filter((w) => w.isContent).map((w) => w.stem);
  const counts = new Map<string, number>();
  for (const s of content) counts.set(s, (counts.get(s) ?? 0) + 1);
  const top = Math.max(0, ...counts.values());
  const stuffing = top < 5 ? 1 : 1 - ramp(top / content.length, 0.25, 0.5);
  // a list of words between commas is no sentence
  const commas = (answer.text.match(/[,;|]/g)?.length ?? 0) / words.length;
  const listing = words.length < 12 ? 1 : 1 - ramp(commas, 0.3, 0.5);
  const words01 = 1 - ramp(gibberishShare(answer), 0.08, 0.4);
  return clamp01(clamp01(grammar) * repetition * stuffing * listing * words01 * orderGate(answer, evidence));
}

/** Share of sentences that connect with an earlier one by a shared word or a reference back. */
function cohesion(sentences: readonly Sentence[]): number {
  if (sentences.length < 2) return 1;
  const seen = new Set(sentences[0]!.content);
  let linked = 0;
  for (const sentence of sentences.slice(1)) {
    const refersBack = sentence.words
      .slice(0, 4)
      .some((w) =>
        /^(?:it|its|he|she|his|her|they|their|this|that|these|those|such|also|however|then|so|but|both)$/.test(
          w.lower,
        ),
      );
    if (refersBack || sentence.content.some((s) => seen.has(s))) linked++;
    for (const s of sentence.content) seen.add(s);
  }
  return linked / (sentences.length - 1);
}

/** Share of sentences that say again what another one says. */
function redundancy(sentences: readonly Sentence[]): number {
  let again = 0;
  const recent = sentences.slice(0, 60);
  for (const [i, sentence] of recent.entries()) {
    if (sentence.content.length < 3) continue;
    const earlier = recent.slice(0, i).some((other) => {
      if (other.content.length < 3) return false;
      const shared = sentence.content.filter((s) => other.stems.has(s)).length;
      return shared >= 0.8 * Math.min(sentence.content.length, other.content.length);
    });
    if (earlier) again++;
  }
  return again / Math.max(1, recent.length);
}

/** Beginning and end: a text that starts in the middle of a thought or stops in one. */
function edges(answer: Answer, question: Question): number {
  let value = 1;
  const first = answer.words[0]?.lower ?? "";
  if (/^(?:and|but|or|because|which|than)$/.test(first)) value *= 0.9;
  if (question.terms.size <= 3 && /^(?:he|she|they|it|this|that|these|those|his|her|their)$/.test(first))
    value *= 0.9;
  const end = answer.text.trim();
  if (answer.words.length >= 6 && !/[.!?:)"'\]]$/.test(end)) value *= 0.95;
  const last = answer.words.at(-1)?.lower ?? "";
  const kind = wordClass(last);
  if (kind === "det" || kind === "conj" || NOT_AT_END.has(last)) value *= 0.8;
  return value;
}

/** For a summary: does it open where the text opens, and go on in the order of the text, in steps not too long? */
function flow(claims: readonly ClaimSupport[], index: EvidenceIndex): number {
  const positions = claims.flatMap(({ position }) => (position === null ? [] : [position]));
  if (positions.length === 0 || index.totalSentences < 4) return 1;
  const opening = 1 - ramp(positions[0]! / index.totalSentences, 0.05, 0.6);
  let steps = 0;
  for (const [i, position] of positions.entries()) {
    const step = position - (positions[i - 1] ?? position - 1);
    if (i > 0 && step > 0) steps += 0.5 + 0.5 / step;
  }
  const order = positions.length === 1 ? 1 : steps / (positions.length - 1);
  return 0.5 * opening + 0.5 * order;
}

export function judgeCoherence(
  answer: Answer,
  question: Question,
  evidence: AlignedEvidence | null,
): Coherence {
  const count = answer.words.length;
  if (count === 0) return { value: 0, prose: 0 };
  const prose = proseGate(answer, evidence);
  const short = count < 3 ? 0.45 : 0.6 + 0.4 * ramp(count, 2, 8);
  const long = 1 - 0.75 * ramp(count, LONG_WORDS, TOO_LONG_WORDS);
  const mean = count / answer.sentences.length;
  const sentenceLength = 1 - 0.5 * ramp(mean, 42, 90);
  const soft =
    (0.85 + 0.15 * cohesion(answer.sentences)) *
    (1 - 0.6 * redundancy(answer.sentences)) *
    edges(answer, question) *
    (evidence === null || evidence.directed ? 1 : 0.7 + 0.3 * flow(evidence.claims, evidence.index));
  return { value: clamp01(prose * short * long * sentenceLength * soft), prose };
}
