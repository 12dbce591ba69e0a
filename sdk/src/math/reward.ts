/**
 * Mirror of contracts/math/RewardMath.sol (section 8 of the paper): quality, reward and slash of a response.
 * Same names, same arguments in the same order, same result to the last bit.
 */
import { mulDivDown, mulDivUp, requireRatio, requireUint, WAD } from "./fixed.ts";

/** α, β, γ, δ of Q, WAD, in the order relevance, coherence, factual accuracy, response time. */
export type QualityWeights = readonly [bigint, bigint, bigint, bigint];

/**
 * Q = αR + βC + γF + δT. Without evidence F is absent and the other weights are divided by 1 − γ.
 *
 * @param relevance R, WAD, 0..1.
 * @param coherence C, WAD, 0..1.
 * @param factual F, WAD, 0..1; ignored unless `hasEvidence`.
 * @param responseTime T, WAD, 0..1.
 * @param weights α, β, γ, δ, WAD, summing to 1, γ below 1.
 * @returns WAD, 0..1, rounded down.
 * @formula EQ-18
 */
export function qualityDown(
  relevance: bigint,
  coherence: bigint,
  factual: bigint,
  responseTime: bigint,
  weights: QualityWeights,
  hasEvidence: boolean,
): bigint {
  requireRatio("relevance", relevance);
  requireRatio("coherence", coherence);
  requireRatio("responseTime", responseTime);
  for (const [index, weight] of weights.entries()) requireRatio(`weights[${index}]`, weight);
  const weighted = weights[0] * relevance + weights[1] * coherence + weights[3] * responseTime;
  if (hasEvidence) {
    requireRatio("factual", factual);
    return (weighted + weights[2] * factual) / WAD;
  }
  if (weights[2] === WAD) throw new RangeError("weights[2] must be below 1 for a request without evidence");
  return weighted / (WAD - weights[2]);
}

/**
 * R_req = R_base·Q if Q ≥ τ, else 0.
 *
 * @param baseReward R_base, wei.
 * @param quality Q, WAD, 0..1.
 * @param threshold τ, WAD; met at equality (decision D10).
 * @returns Wei, rounded down.
 * @formula EQ-17
 */
export function rewardDown(baseReward: bigint, quality: bigint, threshold: bigint): bigint {
  requireUint("baseReward", baseReward);
  requireRatio("quality", quality);
  requireUint("threshold", threshold);
  return quality < threshold ? 0n : mulDivDown(baseReward, quality, WAD);
}

/**
 * ⌈κ·R_base⌉, at least one unit: the cost of a response below τ, which its commitment reserves (decision D7).
 *
 * @param baseReward R_base, wei.
 * @param slashShare κ in (0, 1), WAD.
 * @returns Stake units, rounded up.
 */
export function slashAmountUp(baseReward: bigint, slashShare: bigint): bigint {
  const amount = mulDivUp(baseReward, slashShare, WAD);
  return amount === 0n ? 1n : amount;
}

/**
 * s' = max{s − κR, 0}.
 *
 * @param stake s, stake units.
 * @param amount κR, stake units.
 * @returns s', stake units.
 * @formula EQ-19
 */
export function stakeAfterSlash(stake: bigint, amount: bigint): bigint {
  requireUint("stake", stake);
  requireUint("amount", amount);
  return amount >= stake ? 0n : stake - amount;
}
