/** Relevance: does the response address the prompt, in words of its own or of the passages that matter? */
import type { Answer } from "./answer.ts";
import { idf, type EvidenceIndex } from "./evidence.ts";
import type { Focus, Question } from "./question.ts";
import { clamp01, ramp } from "./types.ts";

/** A long prompt is covered when this many of its weightiest terms are. */
const ENOUGH_TERMS = 6;
/** Nobody repeats a whole question: this coverage counts as full. */
const FULL_COVERAGE = 0.7;
const WEIGHT_COVERAGE = 0.45;
/** Relevance without evidence. */
const UNCHECKED_FLOOR = 0.15;
const WEIGHT_UNCHECKED_COVERAGE = 0.6;
const WEIGHT_SUBSTANCE = 0.25;
const SUBSTANTIAL_TERMS = 15;
/** Share left to a response that says no more than the prompt did. */
const ECHO_FLOOR = 0.1;
/** A denial of what the prompt asks counts like so many new words. */
const DENIAL_IS_WORTH = 2;
/** Prompts longer than this bring their own material; echoing is then judged by word order, not by words. */
const LONG_PROMPT_WORDS = 60;
/** The last sentences of a long prompt are what it asks; so many terms on its subject make a full contribution. */
const ENDING_SENTENCES = 3;
const ON_TOPIC_TERMS = 7;
/** Salient terms of evidence that is to be summarised. */
const SALIENT_TERMS = 24;

function questionCoverage(answer: Answer, question: Question): number {
  const heaviest = [...question.terms.values()].sort((a, b) => b - a).slice(0, ENOUGH_TERMS);
  const budget = heaviest.reduce((a, b) => a + b, 0);
  if (budget === 0) return 1;
  let found = 0;
  for (const [stem, weight] of question.terms) if (answer.stems.has(stem)) found += weight;
  return ramp(found / budget, 0, FULL_COVERAGE);
}

/** How well the response's sentences sit in passages that matter: their content words, weighted by rarity. */
function passageFocus(answer: Answer, question: Question, index: EvidenceIndex, focus: Focus): number {
  let sum = 0;
  let weights = 0;
  for (const sentence of answer.sentences) {
    const terms = sentence.content.map((s) => [s, 1 + idf(index, s)] as const);
    const total = terms.reduce((a, [, w]) => a + w, 0);
    if (total === 0) continue;
    let best = 0;
    for (const [i, weight] of focus.weights) {
      const { stems } = index.passages[i]!;
      let found = 0;
      for (const [s, w] of terms) if (stems.has(s) || question.stems.has(s)) found += w;
      best = Math.max(best, (found / total) * weight);
    }
    sum += best * total;
    weights += total;
  }
  return weights === 0 ? 0 : sum / weights;
}

/** For prompts that pick no passage ("Summarise the article."): how much of what the evidence is about is said. */
function salience(answer: Answer, index: EvidenceIndex): number {
  const weights = new Map<string, number>();
  let position = 0;
  for (const passage of index.passages)
    for (const sentence of passage.sentences) {
      // authors put the main thing first; the weight falls to a third over the text
      const weight = 1 / (1 + 2 * (position++ / 20));
      for (const s of sentence.content) weights.set(s, (weights.get(s) ?? 0) + weight);
    }
  const top = [...weights].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)).slice(0, SALIENT_TERMS);
  const all = top.reduce((a, [, w]) => a + w, 0);
  if (all === 0) return 0;
  const recall = top.reduce((a, [s, w]) => a + (answer.stems.has(s) ? w : 0), 0) / all;
  const known = answer.content.filter((s) => weights.has(s)).length / Math.max(1, answer.content.length);
  return 0.7 * ramp(recall, 0, 0.7) + 0.3 * known;
}

/** 1 for a response that adds to the prompt, ECHO_FLOOR for one that only repeats it; `informs` tells what may add. */
export function echoGate(answer: Answer, question: Question, informs: (stem: string) => boolean): number {
  if (answer.content.length === 0) return ECHO_FLOOR;
  let said = 0;
  for (const bigram of question.bigrams) if (answer.bigrams.has(bigram)) said++;
  const returned = said / Math.max(1, question.bigrams.size);
  let novelty: number;
  if (question.words <= LONG_PROMPT_WORDS) {
    const fresh = answer.content.filter((s) => !question.stems.has(s) && informs(s)).length;
    const numbers = answer.words.filter((w) => w.isNumber && !question.stems.has(w.stem)).length;
    // whoever repeats the prompt word by word must add a real answer to it, not a few words around it
    const verbatim = question.bigrams.size < 4 ? 0 : ramp(returned, 0.6, 0.9);
    // to a question for yes or no, the negation is the news
    const denial = question.negated
      ? 0
      : Math.min(1, answer.sentences.filter((s) => s.negated.size > 0).length);
    const share = (fresh + numbers + DENIAL_IS_WORTH * denial) / answer.content.length;
    novelty = Math.max(
      ramp(share, 0.05 + 0.3 * verbatim, 0.3 + 0.3 * verbatim),
      ramp(fresh, 2 + 3 * verbatim, 8 + 4 * verbatim),
    );
  } else {
    const copied = said / Math.max(1, answer.bigrams.size);
    novelty = 1 - ramp(copied, 0.6, 0.95) * ramp(returned, 0.3, 0.7);
  }
  return ECHO_FLOOR + (1 - ECHO_FLOOR) * clamp01(novelty);
}

/** 1 for an answer, falling when the response is most of the evidence itself. */
export function copyGate(answer: Answer, index: EvidenceIndex): number {
  let copied = 0;
  for (const bigram of answer.bigrams) if (index.bigrams.has(bigram)) copied++;
  const share = copied / Math.max(1, index.bigrams.size);
  // a sentence or two of evidence may be repeated whole; more must be selected from
  const matters = ramp(index.totalWords, 45, 130);
  return 1 - 0.85 * matters * ramp(share, 0.4, 0.75);
}

/** Without evidence nothing tells good terms from bad ones; that a response on the topic adds some still counts. */
function substance(answer: Answer, question: Question): number {
  return ramp(answer.content.filter((s) => !question.stems.has(s)).length, 0, SUBSTANTIAL_TERMS);
}

/**
 * For a long prompt (a conversation, or a task with its material): does the response take up where the prompt ends, and
 * how much does it contribute that belongs to the prompt or its evidence, without saying the prompt again?
 */
function continuation(answer: Answer, question: Question, informs: (stem: string) => boolean): number {
  const ending = new Set(question.sentences.slice(-ENDING_SENTENCES).flatMap((s) => s.content));
  const takenUp = answer.content.filter((s) => ending.has(s)).length;
  const onTopic = answer.content.filter((s) => question.stems.has(s) || informs(s)).length;
  let again = 0;
  for (const bigram of answer.bigrams) if (question.bigrams.has(bigram)) again++;
  const value =
    0.35 * ramp(takenUp, 0, 2) +
    0.45 * ramp(onTopic, 0, ON_TOPIC_TERMS) +
    0.2 * (onTopic / Math.max(1, answer.content.length));
  return value * (1 - 0.5 * ramp(again / Math.max(1, answer.bigrams.size), 0.1, 0.6));
}

export function judgeRelevance(
  answer: Answer,
  question: Question,
  echo: number,
  informs: (stem: string) => boolean,
  evidence: { index: EvidenceIndex; focus: Focus } | null,
): number {
  const coverage = questionCoverage(answer, question);
  let value: number;
  if (evidence === null)
    value =
      UNCHECKED_FLOOR +
      coverage * (WEIGHT_UNCHECKED_COVERAGE + WEIGHT_SUBSTANCE * substance(answer, question));
  else if (!evidence.focus.directed) value = 0.25 * coverage + 0.75 * salience(answer, evidence.index);
  else {
    const { index, focus } = evidence;
    value = WEIGHT_COVERAGE * coverage + (1 - WEIGHT_COVERAGE) * passageFocus(answer, question, index, focus);
  }
  if (question.words > LONG_PROMPT_WORDS) value = 0.3 * value + 0.7 * continuation(answer, question, informs);
  if (question.wantsNumber && !answer.words.some((w) => w.isNumber)) value *= 0.9;
  return clamp01(value * echo);
}
