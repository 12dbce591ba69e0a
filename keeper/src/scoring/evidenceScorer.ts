/** The validators' scorer: judges a response against the passages of the evidence that matter for the prompt. */
import { readAnswer, type Answer } from "./answer.ts";
import { checkCitations } from "./citations.ts";
import { judgeCoherence } from "./coherence.ts";
import { indexEvidence, type EvidenceIndex } from "./evidence.ts";
import { evidenceSays, judgeFacts, supportClaims } from "./factual.ts";
import { findFocus, readQuestion, type Question } from "./question.ts";
import { copyGate, echoGate, judgeRelevance } from "./relevance.ts";
import {
  ramp,
  toScore,
  type EvidenceDocument,
  type FraudReason,
  type ResponsePayload,
  type SubScores,
} from "./types.ts";

export type ScoreInput = {
  prompt: string;
  evidence: readonly EvidenceDocument[];
  response: ResponsePayload;
};

/** `index`: the result of indexEvidence(input.evidence) where the caller keeps it; built anew when absent. */
export type ScoreOptions = { index?: EvidenceIndex };

/** The index of a request's evidence, null where the request carries no text to check against. */
export function evidenceIndexOf(input: ScoreInput, options: ScoreOptions): EvidenceIndex | null {
  const index = options.index ?? indexEvidence(input.evidence);
  return index.totalWords === 0 ? null : index;
}

/** What remains of each score when the response tries to instruct the judge. */
const AFTER_INSTRUCTION = 0.3;
/** What remains of each score after blatantly invented quotes. */
const AFTER_FABRICATION = 0.5;
/** A claim that the evidence contradicts does not answer the question: so much of its share in R goes too. */
const CONTRADICTION_COST = 0.5;
/** As many instructions as this, or nothing but instructions, are fraud. */
const BLATANT_INSTRUCTIONS = 2;

const NOTHING = (hasEvidence: boolean): SubScores => ({
  relevance: 0,
  coherence: 0,
  factual: hasEvidence ? 0 : null,
  fraud: null,
});

export function scoreWithEvidence(input: ScoreInput, options: ScoreOptions = {}): SubScores {
  const index = evidenceIndexOf(input, options);
  const hasEvidence = index !== null;
  // What reaches a scorer came from a stranger: whatever is no text is worth nothing.
  const given = input.response as unknown as { text?: unknown } | null;
  if (typeof given?.text !== "string") return NOTHING(hasEvidence);
  const answer = readAnswer(input.response.text, (s) => index !== null && evidenceSays(s, index));
  const instructed = answer.instructions.length > 0;
  const blatant =
    answer.instructions.length >= BLATANT_INSTRUCTIONS || (instructed && answer.words.length === 0);
  const fraud = blatant ? ("JUDGE_INSTRUCTION" as const) : null;
  if (answer.words.length === 0) return { ...NOTHING(hasEvidence), fraud };

  const question = readQuestion(input.prompt, index);
  if (index === null) return scoreWithoutEvidence(answer, question, instructed, fraud);
  const focus = findFocus(question, index);
  const claims = supportClaims(answer, question, index, focus);
  const coherence = judgeCoherence(answer, question, { index, claims, directed: focus.directed });
  // what the passages do not say cannot make an echo an answer
  const passages = [...focus.weights.keys()].map((i) => index.passages[i]!);
  const informs = (s: string): boolean => passages.some((p) => p.stems.has(s));
  const echo = echoGate(answer, question, informs);
  const facts = judgeFacts(claims, question);
  const citations = checkCitations(
    Array.isArray(input.response.citations) ? input.response.citations : [],
    index,
  );

  // what is no language, a copy or an address to the judge can be neither relevant nor right: gates act on all scores
  const language = languageGate(coherence.prose);
  const copied = copyGate(answer, index);
  const all = (instructed ? AFTER_INSTRUCTION : 1) * (citations.fraud === null ? 1 : AFTER_FABRICATION);
  const relevance =
    judgeRelevance(answer, question, echo, informs, { index, focus }) *
    language *
    copied *
    (1 - CONTRADICTION_COST * facts.contradicted) *
    (0.5 + 0.5 * citations.trust);
  const factual =
    facts.value * language * (0.6 + 0.4 * copied) * (0.5 + 0.5 * echo) * (0.15 + 0.85 * citations.trust);
  return {
    relevance: toScore(relevance * all),
    coherence: toScore(coherence.value * (0.4 + 0.6 * copied) * all),
    factual: toScore(factual * all),
    fraud: citations.fraud ?? fraud,
  };
}

/** Slips of style cost coherence alone; text that is hardly language loses the other scores too. */
function languageGate(prose: number): number {
  return 0.15 + 0.85 * ramp(prose, 0.05, 0.7);
}

function scoreWithoutEvidence(
  answer: Answer,
  question: Question,
  instructed: boolean,
  fraud: FraudReason | null,
): SubScores {
  const coherence = judgeCoherence(answer, question, null);
  const echo = echoGate(answer, question, () => true);
  const all = instructed ? AFTER_INSTRUCTION : 1;
  return {
    relevance: toScore(
      judgeRelevance(answer, question, echo, () => false, null) * languageGate(coherence.prose) * all,
    ),
    coherence: toScore(coherence.value * all),
    factual: null,
    fraud,
  };
}
