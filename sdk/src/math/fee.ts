/**
 * Mirror of contracts/math/FeeMath.sol (section 6 of the paper): the fee on an oracle node's consumption.
 * Same names, same arguments in the same order, same result to the last bit.
 */
import { requireBits, requirePositive, requireUint, WAD } from "./fixed.ts";

/**
 * F_o = f(C_o), what consuming `added` on top of `before` costs: ⌈f(before + added) − f(before)⌉, at least the minimum.
 * f′, the price of one more wei, rises in a straight line from `baseRate` at 0 to `maxRate` at the reference and stays
 * there.
 *
 * @param before Consumption of the epoch so far, wei.
 * @param added What is consumed now, wei.
 * @param baseRate WAD, at most `maxRate`.
 * @param maxRate WAD, below 2^64.
 * @param referenceConsumption Where the price reaches `maxRate`, wei, above 0 and below 2^104.
 * @param minimumFee Wei; due even if nothing is added.
 * @returns Wei, rounded up.
 * @formula EQ-08
 */
export function feeUp(
  before: bigint,
  added: bigint,
  baseRate: bigint,
  maxRate: bigint,
  referenceConsumption: bigint,
  minimumFee: bigint,
): bigint {
  requireUint("before", before);
  requireUint("added", added);
  requireUint("before+added", before + added);
  requireBits("maxRate", maxRate, 64);
  requireUint("baseRate", baseRate);
  if (baseRate > maxRate) throw new RangeError(`baseRate must be at most maxRate, got ${baseRate}`);
  requirePositive("referenceConsumption", referenceConsumption);
  requireBits("referenceConsumption", referenceConsumption, 104);
  requireUint("minimumFee", minimumFee);

  const upToReference = (consumed: bigint): bigint =>
    consumed < referenceConsumption ? consumed : referenceConsumption;
  const [start, end] = [upToReference(before), upToReference(before + added)];
  const rising = end - start;
  // In units of 1 / (2·reference·WAD), so that the one division below is the one rounding.
  const one = 2n * referenceConsumption * WAD;
  const increase =
    rising * (2n * referenceConsumption * baseRate + (maxRate - baseRate) * (start + end)) +
    (added - rising) * 2n * referenceConsumption * maxRate;
  const fee = (increase + one - 1n) / one;
  requireUint("fee", fee);
  return fee < minimumFee ? minimumFee : fee;
}
