/**
 * From signed score vectors to the results of a report (decision D16): stake-weighted medians. Integers only, and a pure
 * function of the set of vectors, so that whoever holds them recomputes the report.
 */
import { MasaError } from "./errors.ts";
import type { FrozenSeats } from "./frozen.ts";
import { UNSCORED } from "./results.ts";
import type { RequestResult, ResponseScore } from "./results.ts";

/** What of a vector counts for medians: who said it, and what. */
export interface ScoredSeat {
  readonly seat: number;
  readonly results: readonly RequestResult[];
}

/** What the chain says of the requests, beyond how many responses each has. */
export interface AssemblyFacts {
  /** Requests without evidence: F is absent, which is 0. */
  readonly withoutEvidence?: ReadonlySet<bigint>;
  /** Seats left out of a request's responses, by response index: see {@link relatedSeats}. */
  readonly related?: ReadonlyMap<bigint, readonly ReadonlySet<number>[]>;
}

/** The lowest value with at least half of the total weight at or below it. Values need not be sorted. */
export function weightedMedian(
  entries: readonly { readonly value: number; readonly weight: bigint }[],
): number {
  const sorted = [...entries].sort((a, b) => a.value - b.value);
  const total = sorted.reduce((sum, entry) => sum + entry.weight, 0n);
  let below = 0n;
  for (const entry of sorted) {
    below += entry.weight;
    if (2n * below >= total) return entry.value;
  }
  throw new MasaError("MASA-503", "the median of no scores");
}

/**
 * For each response the seats whose scores do not count for it (SCO-09): those whose validator account or signing key is
 * the worker that answered or the asker that pays. That is all that the chain can tell for certain and alike to
 * everybody; a validator that has other accounts leaves their responses unscored in its own vector.
 */
export function relatedSeats(
  seats: readonly { readonly account: string; readonly hotKey: string }[],
  asker: string,
  workers: readonly string[],
): ReadonlySet<number>[] {
  const belongsTo = (node: string) => (owner: { account: string; hotKey: string }) =>
    owner.account === node || owner.hotKey === node;
  return workers.map(
    (worker) =>
      new Set(
        seats.flatMap((owner, seat) => (belongsTo(worker)(owner) || belongsTo(asker)(owner) ? [seat] : [])),
      ),
  );
}

interface WeightedScore {
  readonly score: ResponseScore;
  readonly weight: bigint;
}

const weightOf = (entries: readonly WeightedScore[]): bigint =>
  entries.reduce((sum, entry) => sum + entry.weight, 0n);

/** Medians of one response over the vectors that scored it; unscored where they carry 2/3 of the weight or less. */
function medianScore(
  entries: readonly WeightedScore[],
  totalWeight: bigint,
  hasEvidence: boolean,
): ResponseScore {
  const scored = entries.filter((entry) => entry.score.scored);
  if (3n * weightOf(scored) <= 2n * totalWeight) return UNSCORED;
  const median = (pick: (score: ResponseScore) => number): number =>
    weightedMedian(scored.map((entry) => ({ value: pick(entry.score), weight: entry.weight })));
  const flagged = scored.filter((entry) => entry.score.fraud !== 0);
  return {
    relevance: median((score) => score.relevance),
    coherence: median((score) => score.coherence),
    factual: hasEvidence ? median((score) => score.factual) : 0,
    responseTime: median((score) => score.responseTime),
    throughput: median((score) => score.throughput),
    scored: true,
    // More than half of the whole weight must flag it; of several reasons the weighted median one stands.
    fraud:
      2n * weightOf(flagged) > totalWeight
        ? weightedMedian(flagged.map((entry) => ({ value: entry.score.fraud, weight: entry.weight })))
        : 0,
  };
}

/**
 * The results that follow from signed vectors: stake-weighted medians per response, requests in ascending order. A pure
 * function of the set of vectors: their order does not matter. Vectors must have been checked with isVectorSigned.
 * Requests of which no response is scored are left out, and so is what a vector says of a request that
 * `responseCounts` does not know or gives another number of responses. Throws MASA-503 for two vectors of one seat.
 */
export function assembleResults(
  vectors: readonly ScoredSeat[],
  frozen: FrozenSeats,
  responseCounts: ReadonlyMap<bigint, number>,
  facts: AssemblyFacts = {},
): RequestResult[] {
  if (new Set(vectors.map((vector) => vector.seat)).size !== vectors.length) {
    throw new MasaError("MASA-503", "two vectors of one seat");
  }
  return [...responseCounts.entries()]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([requestId, count]) => {
      const given = vectors.flatMap(({ seat, results }) => {
        const result = results.find((own) => own.requestId === requestId);
        if (result === undefined || result.responses.length !== count) return [];
        return [{ seat, responses: result.responses, weight: frozen.weights[seat] ?? 0n }];
      });
      const related = facts.related?.get(requestId);
      const hasEvidence = facts.withoutEvidence?.has(requestId) !== true;
      const responses = Array.from({ length: count }, (_, index) =>
        medianScore(
          given
            .filter(({ seat }) => related?.[index]?.has(seat) !== true)
            .map(({ responses: scores, weight }) => ({ score: scores[index] as ResponseScore, weight })),
          frozen.totalWeight,
          hasEvidence,
        ),
      );
      return { requestId, responses };
    })
    .filter((result) => result.responses.some((score) => score.scored));
}
