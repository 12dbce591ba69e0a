/**
 * Mirror of contracts/math/EmissionMath.sol (section 11.7 of the paper, decision D17): what an epoch releases, and the
 * validators' rewards. Same names, same arguments in the same order, same result to the last bit.
 */
import { requireBits, requireRatio, requireUint, WAD } from "./fixed.ts";

/** A number for consensus, for data and for LLM work, in this order. */
export type ByKind = readonly [bigint, bigint, bigint];

/**
 * What an epoch with a report releases from the pool: ⌊remaining · rate⌋.
 *
 * @param remaining Of the pool, wei.
 * @param rate WAD, at most 1.
 */
export function releaseDown(remaining: bigint, rate: bigint): bigint {
  requireUint("remaining", remaining);
  requireRatio("rate", rate);
  return (remaining * rate) / WAD;
}

/**
 * ⌊amount · share⌋: one part of a split.
 *
 * @param share WAD, at most 1.
 */
export function shareDown(amount: bigint, share: bigint): bigint {
  requireUint("amount", amount);
  requireRatio("share", share);
  return (amount * share) / WAD;
}

/**
 * The validators' pot of an epoch in three: for consensus, for data and for LLM work. As in EQ-05, a kind of work that
 * did not occur passes its weight on to the rest.
 *
 * @param pot Wei.
 * @param weights α, β, γ of EQ-05, WAD, summing to 1.
 * @returns Wei, each rounded down; all 0 if no weight is left.
 */
export function rewardPartsDown(pot: bigint, weights: ByKind, hasData: boolean, hasLlm: boolean): ByKind {
  requireUint("pot", pot);
  for (const [index, weight] of weights.entries()) requireRatio(`weights[${index}]`, weight);
  const present: ByKind = [weights[0], hasData ? weights[1] : 0n, hasLlm ? weights[2] : 0n];
  const sum = present[0] + present[1] + present[2];
  if (sum === 0n) return [0n, 0n, 0n];
  return [(pot * present[0]) / sum, (pot * present[1]) / sum, (pot * present[2]) / sum];
}

/**
 * r = R_V + R_D + R_L, a validator's reward of an epoch: of each part its share by weight times score.
 *
 * @param parts See {@link rewardPartsDown}.
 * @param weight w, the seat's frozen capped weight, micro-MASA.
 * @param scores C, D, L of the seat, on the scale 1e9 = 1.
 * @param sums Σ w_j·C_j, Σ w_j·D_j, Σ w_j·L_j over the seats of the epoch.
 * @returns Wei, each of the three rounded down; a part whose sum is 0 goes to nobody.
 * @formula EQ-26
 */
export function validatorRewardDown(parts: ByKind, weight: bigint, scores: ByKind, sums: ByKind): bigint {
  requireBits("weight", weight, 64);
  let reward = 0n;
  for (const [index, part] of parts.entries()) {
    const [score, sum] = [scores[index] ?? 0n, sums[index] ?? 0n];
    requireUint("part", part);
    requireBits("score", score, 32);
    requireUint("sum", sum);
    if (sum === 0n) continue;
    if (weight * score > sum) throw new RangeError(`a sum of ${sum} is below one of its terms`);
    reward += (part * weight * score) / sum;
  }
  requireUint("reward", reward);
  return reward;
}
