/**
 * The validators' own scores of an epoch (C, D and L of EQ-05), computed from the epoch's final rounds: who signed them,
 * and how far each validator's own scores lay from the median of the others (decision D16). Integers only.
 */
import { MasaError } from "./errors.ts";
import { SCORE_ONE, weightedMedian } from "./reports.ts";
import type { FrozenSeats, RequestResult, ResponseScore, SeatScores, SignedVector } from "./reports.ts";

/** A final round of the epoch: its results, the vectors behind them and who signed. */
export interface FinalRound {
  readonly round: number;
  readonly results: readonly RequestResult[];
  readonly vectors: readonly SignedVector[];
  readonly signers: readonly number[];
}

/** What the chain says of a request: which kind of work it was and whether F counts. */
export interface RequestFacts {
  readonly isLlm: boolean;
  readonly hasEvidence: boolean;
}

const SUB_SCORES = ["relevance", "coherence", "factual"] as const;

/** Mean distance of one score from the medians of the others', in [0, SCORE_ONE]; null where no other scored it. */
function distance(
  own: ResponseScore,
  others: readonly { readonly score: ResponseScore; readonly weight: bigint }[],
  hasEvidence: boolean,
): bigint | null {
  if (others.length === 0) return null;
  const names = SUB_SCORES.filter((name) => name !== "factual" || hasEvidence);
  let sum = 0n;
  for (const name of names) {
    const median = weightedMedian(
      others.map((other) => ({ value: other.score[name], weight: other.weight })),
    );
    sum += BigInt(Math.abs(own[name] - median));
  }
  return sum / BigInt(names.length);
}

interface Agreement {
  sum: bigint;
  count: bigint;
}

/** 1 − mean distance; 0 for a validator that scored nothing of the kind. */
const agreementScore = (agreement: Agreement): number =>
  agreement.count === 0n ? 0 : Number(BigInt(SCORE_ONE) - agreement.sum / agreement.count);

function addRound(
  round: FinalRound,
  frozen: FrozenSeats,
  facts: ReadonlyMap<bigint, RequestFacts>,
  llm: Agreement[],
  data: Agreement[],
): void {
  for (const result of round.results) {
    const fact = facts.get(result.requestId);
    if (fact === undefined)
      throw new MasaError("MASA-503", `request ${result.requestId} is unknown on chain`);
    const scoresOf = (index: number) =>
      round.vectors.flatMap((vector) => {
        const score = vector.results.find((own) => own.requestId === result.requestId)?.responses[index];
        if (score === undefined || !score.scored) return [];
        return [{ seat: vector.seat, score, weight: frozen.weights[vector.seat] ?? 0n }];
      });
    result.responses.forEach((final, index) => {
      if (!final.scored) return;
      const entries = scoresOf(index);
      for (const entry of entries) {
        const others = entries.filter((other) => other.seat !== entry.seat);
        const apart = distance(entry.score, others, fact.hasEvidence);
        const agreement = (fact.isLlm ? llm : data)[entry.seat];
        if (apart === null || agreement === undefined) continue;
        agreement.sum += apart;
        agreement.count += 1n;
      }
    });
  }
}

/**
 * C, D and L of every seat frozen for the epoch. C is the share of final rounds the seat signed; D and L are one minus
 * the mean distance to the median of the others over responses of data and LLM kinds.
 */
export function assembleEpochScores(
  rounds: readonly FinalRound[],
  frozen: FrozenSeats,
  facts: ReadonlyMap<bigint, RequestFacts>,
): SeatScores {
  const seats = frozen.hotKeys.length;
  const agreements = (): Agreement[] => Array.from({ length: seats }, () => ({ sum: 0n, count: 0n }));
  const llm = agreements();
  const data = agreements();
  const signed = new Array<number>(seats).fill(0);
  for (const round of rounds) {
    addRound(round, frozen, facts, llm, data);
    for (const seat of round.signers) signed[seat] = (signed[seat] ?? 0) + 1;
  }
  const occupied = (seat: number): boolean => (frozen.weights[seat] ?? 0n) !== 0n;
  const list = (score: (seat: number) => number): number[] =>
    Array.from({ length: seats }, (_, seat) => (occupied(seat) ? score(seat) : 0));
  return {
    epoch: frozen.epoch,
    hasData: data.some((agreement) => agreement.count !== 0n),
    hasLlm: llm.some((agreement) => agreement.count !== 0n),
    consensus: list((seat) =>
      rounds.length === 0
        ? 0
        : Number((BigInt(signed[seat] ?? 0) * BigInt(SCORE_ONE)) / BigInt(rounds.length)),
    ),
    data: list((seat) => agreementScore(data[seat] as Agreement)),
    llm: list((seat) => agreementScore(llm[seat] as Agreement)),
  };
}
