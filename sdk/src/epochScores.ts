/**
 * The validators' own scores of an epoch (C, D and L of EQ-05), computed from the epoch's final rounds: who signed them,
 * and how far each validator's own scores lay from the median of the others (decision D16). Integers only.
 */
import { MasaError } from "./errors.ts";
import { weightedMedian } from "./assembly.ts";
import type { ScoredSeat } from "./assembly.ts";
import { seatBits } from "./frozen.ts";
import type { FrozenSeats } from "./frozen.ts";
import type { SeatScores } from "./reports.ts";
import { SCORE_ONE } from "./results.ts";
import type { RequestResult, ResponseScore } from "./results.ts";

/** A final round of the epoch: its results, the vectors behind them, who had committed to one, and who signed. */
export interface FinalRound {
  readonly round: number;
  readonly results: readonly RequestResult[];
  readonly vectors: readonly ScoredSeat[];
  /** Seats of the commitment set; those without a vector did not reveal. */
  readonly committed: readonly number[];
  readonly signers: readonly number[];
}

/** What the chain says of a request: which kind of work it was and whether F counts. */
export interface RequestFacts {
  readonly isLlm: boolean;
  readonly hasEvidence: boolean;
  /** Seats whose scores do not count, by response index: see relatedSeats. */
  readonly related?: readonly ReadonlySet<number>[];
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

const add = (agreement: Agreement | undefined, apart: bigint): void => {
  if (agreement === undefined) return;
  agreement.sum += apart;
  agreement.count += 1n;
};

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
  const revealed = new Set(round.vectors.map(({ seat }) => seat));
  const withheld = round.committed.filter((seat) => !revealed.has(seat));
  for (const result of round.results) {
    const fact = facts.get(result.requestId);
    if (fact === undefined)
      throw new MasaError("MASA-503", `request ${result.requestId} is unknown on chain`);
    const agreements = fact.isLlm ? llm : data;
    result.responses.forEach((final, index) => {
      if (!final.scored) return;
      const isRelated = (seat: number): boolean => fact.related?.[index]?.has(seat) === true;
      const entries = round.vectors.flatMap(({ seat, results }) => {
        const own = results.find(({ requestId }) => requestId === result.requestId);
        const score = own?.responses.length === result.responses.length ? own.responses[index] : undefined;
        if (score === undefined || !score.scored || isRelated(seat)) return [];
        return [{ seat, score, weight: frozen.weights[seat] ?? 0n }];
      });
      for (const entry of entries) {
        const others = entries.filter((other) => other.seat !== entry.seat);
        const apart = distance(entry.score, others, fact.hasEvidence);
        if (apart !== null) add(agreements[entry.seat], apart);
      }
      // Who committed and did not reveal had its reasons: the worst distance, so that hiding never pays.
      for (const seat of withheld) if (!isRelated(seat)) add(agreements[seat], BigInt(SCORE_ONE));
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

/**
 * Seats (bit i: seat i) that signed fewer final rounds than all but `maxMissed`: idle in the epoch (decision D8). Free seats
 * are never idle. An epoch with at most `maxMissed` final rounds makes nobody idle.
 */
export function idleSeats(
  rounds: readonly Pick<FinalRound, "signers">[],
  frozen: FrozenSeats,
  maxMissed: number,
): bigint {
  const signed = (seat: number): number => rounds.filter(({ signers }) => signers.includes(seat)).length;
  const idle = frozen.weights.flatMap((weight, seat) =>
    weight !== 0n && signed(seat) < rounds.length - maxMissed ? [seat] : [],
  );
  return seatBits(idle);
}
