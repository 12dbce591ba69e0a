/** Scorers by name: what a validator runs to judge a response. All are deterministic and work offline. */
import { scoreWithEvidence, type ScoreInput, type ScoreOptions } from "./evidenceScorer.ts";
import { scoreNaively } from "./naiveScorer.ts";
import type { SubScores } from "./types.ts";

export { indexEvidence, type EvidenceIndex } from "./evidence.ts";
export type { ScoreInput, ScoreOptions } from "./evidenceScorer.ts";
export {
  FRAUD_CODES,
  SCORE_ONE,
  type EvidenceDocument,
  type FraudReason,
  type ResponsePayload,
  type SubScores,
} from "./types.ts";

export type Scorer = {
  name: string;
  /** changes whenever the same input may give other integers */
  version: string;
  score: (input: ScoreInput, options?: ScoreOptions) => SubScores;
};

export const scorers = {
  evidence: { name: "evidence", version: "evidence/1.0.0", score: scoreWithEvidence },
  naive: { name: "naive", version: "naive/1.0.0", score: scoreNaively },
} as const satisfies Record<string, Scorer>;

export type ScorerName = keyof typeof scorers;

/** The default scorer. */
export const score: Scorer["score"] = scorers.evidence.score;
