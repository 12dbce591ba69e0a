/** What a scorer reads and returns. Scores are integers on the scale SCORE_ONE, so validators can compare them bit for bit. */

/** 1.0 on the score scale (1e9). */
export const SCORE_ONE = 1_000_000_000;

/** A document that came with the request and against which facts are checked. */
export type EvidenceDocument = { id: string; title?: string; text: string };

/** The part of a worker's payload that is judged; it is data, never an instruction. */
export type ResponsePayload = { text: string; citations: { source: string; quote: string }[] };

/**
 * Why a response is flagged as fraud. The numbers are the codes of a score report; 0 there means "no fraud".
 * - FABRICATED_CITATION: quotes are attributed to sources of the evidence that do not contain them
 * - JUDGE_INSTRUCTION: the response addresses the judge instead of answering
 */
export const FRAUD_CODES = { FABRICATED_CITATION: 1, JUDGE_INSTRUCTION: 2 } as const;
export type FraudReason = keyof typeof FRAUD_CODES;

/** Integers in [0, SCORE_ONE]; `factual` is null where the request carries no evidence. */
export type SubScores = {
  relevance: number;
  coherence: number;
  factual: number | null;
  fraud: FraudReason | null;
};

/** Turns a real in [0,1] into the integer scale; anything else is clamped, NaN counts as 0. */
export function toScore(x: number): number {
  return x > 0 ? Math.round(Math.min(1, x) * SCORE_ONE) : 0;
}

export function clamp01(x: number): number {
  return x > 0 ? Math.min(1, x) : 0;
}

/** 0 below `low`, 1 above `high`, straight between. */
export function ramp(x: number, low: number, high: number): number {
  return clamp01((x - low) / (high - low));
}
