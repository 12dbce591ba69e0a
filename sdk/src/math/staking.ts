/**
 * Mirror of contracts/math/StakingMath.sol (section 6 of the paper): staking requirements, performance and means.
 * Same names, same arguments in the same order, same result to the last bit.
 */
import { expWad, mulDivUp, requireBits, requirePositive, requireRatio, requireUint, WAD } from "./fixed.ts";

/** Seats of the validator set, and scores in a packed word of 256 bits. */
export const SEATS = 64;
const SCORES_PER_WORD = 8;
const SCORE_BITS = 32n;
const NO_SCORE = 0xffffffffn;

/**
 * The exponent of σ: (Ū − U) / λ, clamped to ±x_max (decision D2).
 *
 * @param meanUtility Ū, WAD, 0..1.
 * @param utility U, WAD, 0..1.
 * @param lambda λ above 0, WAD.
 * @param maxExponent x_max, WAD.
 * @returns WAD, truncated towards zero.
 */
export function clampedExponent(
  meanUtility: bigint,
  utility: bigint,
  lambda: bigint,
  maxExponent: bigint,
): bigint {
  requireRatio("meanUtility", meanUtility);
  requireRatio("utility", utility);
  requirePositive("lambda", lambda);
  requireBits("maxExponent", maxExponent, 255);
  const distance = meanUtility >= utility ? meanUtility - utility : utility - meanUtility;
  const exponent = (distance * WAD) / lambda;
  const clamped = exponent < maxExponent ? exponent : maxExponent;
  return meanUtility >= utility ? clamped : -clamped;
}

/**
 * σ = e^x, the staking coefficient, of a clamped exponent.
 *
 * @param exponent x / λ, WAD.
 * @returns σ, WAD.
 * @formula EQ-04
 */
export function sigma(exponent: bigint): bigint {
  return expWad(exponent);
}

/**
 * φ·S / max(n, target): a role's requirement before σ (decisions D1 and D4).
 *
 * @param supply S, wei of MASA.
 * @param budgetShare φ, WAD.
 * @param count n, nodes not marked short.
 * @param target Least divisor; with 0 the literal formula, in which n = 0 counts as 1.
 * @returns Stake units, rounded up.
 */
export function baseRequirementUp(
  supply: bigint,
  budgetShare: bigint,
  count: bigint,
  target: bigint,
): bigint {
  requireUint("count", count);
  requireUint("target", target);
  const divisor = count > target ? count : target;
  return mulDivUp(supply, budgetShare, (divisor === 0n ? 1n : divisor) * WAD);
}

/**
 * The least stake of a node of any role: base·σ, never below the role's floor.
 *
 * @param base φ·S / max(n, target) as snapshotted, stake units.
 * @param sigma_ σ, WAD.
 * @param floor Absolute least stake, stake units.
 * @returns Stake units, rounded up.
 * @formula EQ-03
 * @formula EQ-07
 * @formula EQ-09
 */
export function requirementUp(base: bigint, sigma_: bigint, floor: bigint): bigint {
  requireUint("floor", floor);
  const required = mulDivUp(base, sigma_, WAD);
  return required < floor ? floor : required;
}

/**
 * φ·e^x_max: the most that all nodes of a role can be asked for together, as a share of S (decision D1).
 *
 * @returns WAD, rounded up.
 */
export function largestBudgetUp(budgetShare: bigint, maxExponent: bigint): bigint {
  requireUint("maxExponent", maxExponent);
  return mulDivUp(budgetShare, sigma(maxExponent), WAD);
}

/**
 * P_v = αC + βD + γL, a validator's performance in an epoch. A kind of work that did not occur passes its weight on
 * to the rest (decision D16).
 *
 * @param consensus C, WAD, 0..1.
 * @param data D, WAD, 0..1; ignored unless `hasData`.
 * @param llm L, WAD, 0..1; ignored unless `hasLlm`.
 * @param weightConsensus α, WAD; α + β + γ = 1.
 * @param weightData β, WAD.
 * @param weightLlm γ, WAD.
 * @returns WAD, 0..1, rounded down.
 * @formula EQ-05
 */
export function performanceDown(
  consensus: bigint,
  data: bigint,
  llm: bigint,
  weightConsensus: bigint,
  weightData: bigint,
  weightLlm: bigint,
  hasData: boolean,
  hasLlm: boolean,
): bigint {
  requireRatio("consensus", consensus);
  requireRatio("weightConsensus", weightConsensus);
  let weighted = weightConsensus * consensus;
  let weights = weightConsensus;
  if (hasData) {
    requireRatio("data", data);
    requireRatio("weightData", weightData);
    weighted += weightData * data;
    weights += weightData;
  }
  if (hasLlm) {
    requireRatio("llm", llm);
    requireRatio("weightLlm", weightLlm);
    weighted += weightLlm * llm;
    weights += weightLlm;
  }
  return weights === 0n ? 0n : weighted / weights;
}

/** The least score and the set of seats that have it. */
export interface LowestScores {
  /** The least score; 2^32 − 1 if there is no candidate. */
  lowest: bigint;
  /** Bit i set: seat i has that score. */
  tied: bigint;
}

/**
 * argmin P_v over the seats in `candidates`.
 *
 * @param packedScores 64 scores of 32 bits, eight a word, seat 0 in the lowest bits of word 0.
 * @param candidates Bit i set: seat i takes part.
 * @formula EQ-06
 */
export function lowestScores(packedScores: readonly bigint[], candidates: bigint): LowestScores {
  requireBits("candidates", candidates, SEATS);
  const scores = unpackScores(packedScores);
  let lowest = NO_SCORE;
  let tied = 0n;
  for (const [seat, score] of scores.entries()) {
    const bit = 1n << BigInt(seat);
    if ((candidates & bit) === 0n || score > lowest) continue;
    tied = score < lowest ? bit : tied | bit;
    lowest = score;
  }
  return { lowest, tied };
}

/** Packs up to 64 scores of 32 bits into eight words, seat 0 in the lowest bits of word 0; absent seats are 0. */
export function packScores(scores: readonly bigint[]): bigint[] {
  if (scores.length > SEATS) throw new RangeError(`at most ${SEATS} scores, got ${scores.length}`);
  const words = Array.from({ length: SEATS / SCORES_PER_WORD }, () => 0n);
  for (const [seat, score] of scores.entries()) {
    requireBits(`score of seat ${seat}`, score, Number(SCORE_BITS));
    const word = Math.floor(seat / SCORES_PER_WORD);
    words[word] = (words[word] ?? 0n) | (score << (SCORE_BITS * BigInt(seat % SCORES_PER_WORD)));
  }
  return words;
}

/** The 64 scores of eight packed words. */
export function unpackScores(packedScores: readonly bigint[]): bigint[] {
  if (packedScores.length !== SEATS / SCORES_PER_WORD) {
    throw new RangeError(`packedScores must be ${SEATS / SCORES_PER_WORD} words, got ${packedScores.length}`);
  }
  return packedScores.flatMap((word, index) => {
    requireUint(`packedScores[${index}]`, word);
    return Array.from({ length: SCORES_PER_WORD }, (_, at) => (word >> (SCORE_BITS * BigInt(at))) & NO_SCORE);
  });
}

/**
 * αP_w + βQ_w, a worker's performance on one response.
 *
 * @param throughput P_w, WAD, 0..1.
 * @param quality Q_w, WAD, 0..1.
 * @param weightThroughput α, WAD; α + β = 1.
 * @param weightQuality β, WAD.
 * @returns WAD, 0..1, rounded down.
 * @formula EQ-10
 */
export function workerPerformanceDown(
  throughput: bigint,
  quality: bigint,
  weightThroughput: bigint,
  weightQuality: bigint,
): bigint {
  requireRatio("throughput", throughput);
  requireRatio("quality", quality);
  requireRatio("weightThroughput", weightThroughput);
  requireRatio("weightQuality", weightQuality);
  return (weightThroughput * throughput + weightQuality * quality) / WAD;
}

/**
 * P_w = min(1, measured / target).
 *
 * @returns WAD, rounded down; 1 if there is no target.
 */
export function throughputRatioDown(measured: bigint, target: bigint): bigint {
  requireUint("measured", measured);
  requireUint("target", target);
  if (measured >= target) return WAD;
  requireUint("measured*WAD", measured * WAD);
  return (measured * WAD) / target;
}

/**
 * U_role = Σ U_i / n, the mean utility of a role.
 *
 * @param utilitySum Σ U_i, WAD.
 * @param count n.
 * @param fallback The mean to keep when n = 0.
 * @returns WAD, rounded down.
 * @formula EQ-29
 */
export function meanUtilityDown(utilitySum: bigint, count: bigint, fallback: bigint): bigint {
  requireUint("utilitySum", utilitySum);
  requireUint("count", count);
  requireUint("fallback", fallback);
  return count === 0n ? fallback : utilitySum / count;
}

/** `value` held within one step of `previous` (decisions D1 and D4). */
export function limitStep(previous: bigint, value: bigint, step: bigint): bigint {
  requireUint("previous", previous);
  requireUint("value", value);
  requireUint("step", step);
  if (value > previous) return value - previous > step ? previous + step : value;
  return previous - value > step ? previous - step : value;
}
