/**
 * The formulas of the paper over exact rationals, written from the paper and from docs/formulas.md alone.
 * Real numbers in, real numbers out: rounding is what the tests examine, so there is none here.
 */
import { Exact, exp } from "./exact.ts";

const ZERO = new Exact(0n);
const ONE = new Exact(1n);

function sum(terms: readonly Exact[]): Exact {
  return terms.reduce((total, term) => total.plus(term), ZERO);
}

/** EQ-04: σ(x) = exp(x). */
export function stakingCoefficient(exponent: Exact): Exact {
  return exp(exponent);
}

/** (Ū − U) / λ held within ±x_max (D2). */
export function exponentOf(mean: Exact, utility: Exact, lambda: Exact, limit: Exact): Exact {
  return mean.minus(utility).over(lambda).min(limit).max(limit.negate());
}

/** φ·S / max(n, target), n = 0 with target = 0 counting as one node (D1, D4). */
export function roleBase(supply: Exact, share: Exact, count: bigint, target: bigint): Exact {
  const divisor = new Exact(count).max(new Exact(target)).max(ONE);
  return share.times(supply).over(divisor);
}

/** EQ-03, EQ-07, EQ-09: base·σ, never below the floor. */
export function leastStake(base: Exact, exponent: Exact, floor: Exact): Exact {
  return base.times(exp(exponent)).max(floor);
}

/** EQ-05 and EQ-18: Σ w·x over the present parts, divided by Σ w over the same parts. */
export function weightedMean(parts: readonly { weight: Exact; value: Exact; present: boolean }[]): Exact {
  const present = parts.filter((part) => part.present);
  const weights = sum(present.map((part) => part.weight));
  if (weights.num === 0n) return ZERO;
  return sum(present.map((part) => part.weight.times(part.value))).over(weights);
}

/** EQ-06: the least score and everyone who has it, by sorting. */
export function lowestOf(
  scores: readonly number[],
  takesPart: readonly boolean[],
): { lowest: number; who: number[] } {
  const seats = scores.map((score, seat) => ({ score, seat })).filter(({ seat }) => takesPart[seat] === true);
  const [first] = seats.toSorted((a, b) => a.score - b.score);
  if (first === undefined) return { lowest: 2 ** 32 - 1, who: [] };
  return {
    lowest: first.score,
    who: seats.filter(({ score }) => score === first.score).map(({ seat }) => seat),
  };
}

/**
 * EQ-08, f(C): the area under the price, which rises in a straight line from `baseRate` at 0 to `maxRate` at the
 * reference: a trapezium up to there, a rectangle beyond.
 */
export function consumptionFee(
  consumed: Exact,
  baseRate: Exact,
  maxRate: Exact,
  referenceConsumption: Exact,
): Exact {
  const rising = consumed.min(referenceConsumption);
  const reached = baseRate.plus(maxRate.minus(baseRate).times(rising).over(referenceConsumption));
  const trapezium = baseRate.plus(reached).over(new Exact(2n)).times(rising);
  return trapezium.plus(consumed.minus(rising).times(maxRate));
}

/** EQ-10: αP + βQ, P = min(1, measured / target). */
export function workerPerformance(
  measured: bigint,
  target: bigint,
  quality: Exact,
  throughputWeight: Exact,
): { throughput: Exact; performance: Exact } {
  const throughput = target === 0n ? ONE : new Exact(measured, target).min(ONE);
  const performance = throughputWeight.times(throughput).plus(ONE.minus(throughputWeight).times(quality));
  return { throughput, performance };
}

/** EQ-01, EQ-16, one epoch: U + (1 − γ)·w·(p − U). */
export function nextUtility(utility: Exact, performance: Exact, weight: Exact, decay: Exact): Exact {
  return utility.plus(ONE.minus(decay).times(weight).times(performance.minus(utility)));
}

/** EQ-01, EQ-16 in the closed form of a decayed mean with full weight: γ^n·U_0 + (1 − γ)·Σ γ^(n−1−k)·p_k. */
export function decayedMean(start: Exact, performances: readonly Exact[], decay: Exact): Exact {
  let power = ONE;
  let total = ZERO;
  for (const performance of performances.toReversed()) {
    total = total.plus(power.times(performance));
    power = power.times(decay);
  }
  return power.times(start).plus(ONE.minus(decay).times(total));
}

/** EQ-17: R_base·Q if Q ≥ τ, else 0. */
export function reward(baseReward: Exact, quality: Exact, threshold: Exact): Exact {
  return quality.lessThan(threshold) ? ZERO : baseReward.times(quality);
}

/** EQ-19: max{s − κR, 0}. */
export function afterSlash(stake: Exact, cut: Exact): Exact {
  return stake.minus(cut).max(ZERO);
}

/** EQ-20: VP_i = s_i + Σ d_{j→i}, s_i what is left of the own stake (D9). */
export function votingPower(own: Exact, given: readonly Exact[], received: readonly Exact[]): Exact {
  const left = given.reduce((rest, part) => rest.minus(part), own);
  return received.reduce((votes, part) => votes.plus(part), left);
}

/** What a quorum asks for: a share of all votes, and no less than the floor. */
export function quorum(total: Exact, share: Exact, floor: Exact): Exact {
  return total.times(share).max(floor);
}

/** EQ-21: Σ VP⁺ / Σ VP ≥ τ_p among those who decide, and the quorum among those who are for or abstain. */
export function passes(
  votes: { for: Exact; against: Exact; abstain: Exact },
  needed: Exact,
  threshold: Exact,
): boolean {
  if (votes.for.plus(votes.abstain).lessThan(needed) || votes.for.num === 0n) return false;
  return !votes.for.over(votes.for.plus(votes.against)).lessThan(threshold);
}

/**
 * EQ-26, R_V + R_D + R_L of one seat: each kind that occurred has its weight's share of the pot, and of that the seat has
 * its share of Σ w·score. Scores by kind, then by seat.
 */
export function validatorReward(
  pot: Exact,
  kinds: readonly { weight: Exact; occurred: boolean }[],
  weights: readonly Exact[],
  scores: readonly (readonly Exact[])[],
  seat: number,
): Exact {
  const present = sum(kinds.filter((kind) => kind.occurred).map((kind) => kind.weight));
  const parts = kinds.map(({ weight, occurred }, kind) => {
    const merits = weights.map((one, index) => one.times(scores[kind]?.[index] ?? ZERO));
    const all = sum(merits);
    if (!occurred || present.num === 0n || all.num === 0n) return ZERO;
    return pot
      .times(weight)
      .over(present)
      .times(merits[seat] ?? ZERO)
      .over(all);
  });
  return sum(parts);
}

/** EQ-27: stake·exp((U − Ū)/λ), the exponent being that of σ. */
export function seatWeight(stake: Exact, exponent: Exact): Exact {
  return stake.times(exp(exponent.negate()));
}

/** EQ-28: signed / total > 2/3 and enough confirmations; nothing is final where there is no weight. */
export function final(signed: bigint, total: bigint, confirmations: number, least: number): boolean {
  return total > 0n && new Exact(2n, 3n).lessThan(new Exact(signed, total)) && confirmations >= least;
}

/** EQ-29: Σ U_i / n, or the mean kept when there is nobody. */
export function meanUtility(utilities: readonly Exact[], kept: Exact): Exact {
  return utilities.length === 0 ? kept : sum(utilities).over(new Exact(BigInt(utilities.length)));
}
