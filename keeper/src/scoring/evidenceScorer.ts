/** The validators' scorer: judges a response against the passages of the evidence that matter for the prompt. */
import { readAnswer } from "./answer.ts";
import { checkCitations, type CitationCheck } from "./citations.ts";
import { judgeCoherence } from "./coherence.ts";
import { indexEvidence, type EvidenceIndex } from "./evidence.ts";
import { evidenceSays, judgeFacts } from "./factual.ts";
import { findFocus, readQuestion } from "./question.ts";
import { copyGate, echoGate, judgeRelevance } from "./relevance.ts";
import { toScore, type EvidenceDocument, type ResponsePayload, type SubScores } from "./types.ts";

export type ScoreInput = { prompt: string; evidence: EvidenceDocument[]; response: ResponsePayload };

/** `index`: the result of indexEvidence(input.evidence), kept by the caller; built anew when absent. */
export type ScoreOptions = { index?: EvidenceIndex };

/** What remains of each score when the response tries to instruct the judge. */
const AFTER_INSTRUCTION = 0.3;
/** As many instructions as this, or nothing but instructions, are fraud. */
const BLATANT_INSTRUCTIONS = 2;

const NOTHING = (hasEvidence: boolean): SubScores => ({
  relevance: 0,
  coherence: 0,
  factual: hasEvidence ? 0 : null,
  fraud: null,
});

export function scoreWithEvidence(input: ScoreInput, options: ScoreOptions = {}): SubScores {
  const hasEvidence = input.evidence.some((d) => d.text.trim() !== "");
  if (typeof input.response?.text !== "string") return NOTHING(hasEvidence);
  const index = hasEvidence ? (options.index ?? indexEvidence(input.evidence)) : null;
  const answer = readAnswer(input.response.text, (s) => index !== null && evidenceSays(s, index));
  const instructed = answer.instructions.length > 0;
  const blatant = answer.instructions.length >= BLATANT_INSTRUCTIONS || (instructed && answer.words.length === 0);
  const fraud = blatant ? ("JUDGE_INSTRUCTION" as const) : null;
  if (answer.words.length === 0) return { ...NOTHING(hasEvidence), fraud };

  const question = readQuestion(input.prompt, index);
  const coherence = judgeCoherence(answer, question, index);
  const citations = Array.isArray(input.response.citations) ? input.response.citations : [];
  const checked: CitationCheck = index === null ? { trust: 1, fraud: null } : checkCitations(citations, index);
  const focus = index === null ? null : findFocus(question, index);

  // what is no language, or no answer, cannot be relevant or right; the gates act on all scores
  const language = 0.15 + 0.85 * coherence.prose;
  const copied = index === null ? 1 : copyGate(answer, index);
  const all = (instructed ? AFTER_INSTRUCTION : 1) * (checked.fraud === null ? 1 : 0.5);
  const relevance =
    judgeRelevance(answer, question, index === null || focus === null ? null : { index, focus }) *
    language *
    copied *
    (0.5 + 0.5 * checked.trust);
  const factual =
    index === null || focus === null
      ? null
      : judgeFacts(answer, question, index, focus) *
        language *
        (0.6 + 0.4 * copied) *
        (0.5 + 0.5 * echoGate(answer, question)) *
        (0.15 + 0.85 * checked.trust);
  return {
    relevance: toScore(relevance * all),
    coherence: toScore(coherence.value * (0.4 + 0.6 * copied) * all),
    factual: factual === null ? null : toScore(factual * all),
    fraud: checked.fraud ?? fraud,
  };
}
