/**
 * Mirror of contracts/math/UtilityMath.sol (sections 5 and 7.2 of the paper): utility over time.
 * Same names, same arguments in the same order, same result to the last bit.
 */
import { requireRatio, requireUint, WAD } from "./fixed.ts";

/**
 * U' = U + (1 − γ)·w·(p − U), applied once for an epoch with work.
 *
 * @param utility U, WAD, 0..1.
 * @param performance p of the epoch, WAD, 0..1.
 * @param weight w, WAD, 0..1.
 * @param decayPerEpoch γ, WAD, below 1.
 * @returns U', WAD, 0..1; the step is rounded towards U.
 * @formula EQ-01
 * @formula EQ-16
 */
export function foldUtility(
  utility: bigint,
  performance: bigint,
  weight: bigint,
  decayPerEpoch: bigint,
): bigint {
  requireRatio("utility", utility);
  requireRatio("performance", performance);
  requireRatio("weight", weight);
  requireRatio("decayPerEpoch", decayPerEpoch);
  const rate = ((WAD - decayPerEpoch) * weight) / WAD;
  if (performance >= utility) return utility + (rate * (performance - utility)) / WAD;
  return utility - (rate * (utility - performance)) / WAD;
}

/**
 * w = min(1, paid work / reference).
 *
 * @returns WAD, 0..1, rounded down.
 */
export function workWeightDown(work: bigint, referenceWork: bigint): bigint {
  requireUint("work", work);
  requireUint("referenceWork", referenceWork);
  if (work >= referenceWork) return WAD;
  requireUint("work*WAD", work * WAD);
  return (work * WAD) / referenceWork;
}

/**
 * What a settled request adds to its asker's consumption: a share of what it asked for, the rest of the value it
 * accepted (decision D5).
 *
 * @param asked R_base, wei.
 * @param accepted Reward paid, wei.
 * @param resourceShare WAD, at most 1.
 * @returns Wei, rounded down.
 */
export function consumptionDown(asked: bigint, accepted: bigint, resourceShare: bigint): bigint {
  requireUint("asked", asked);
  requireUint("accepted", accepted);
  requireRatio("resourceShare", resourceShare);
  const mixed = asked * resourceShare + accepted * (WAD - resourceShare);
  requireUint("asked*resourceShare+accepted*(WAD-resourceShare)", mixed);
  return mixed / WAD;
}

/**
 * 1 − c_o, an oracle node's performance in an epoch (decision D5).
 *
 * @returns WAD, 0..1, rounded up.
 */
export function oraclePerformanceUp(consumption: bigint, referenceConsumption: bigint): bigint {
  return WAD - workWeightDown(consumption, referenceConsumption);
}
