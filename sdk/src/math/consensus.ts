/**
 * Mirror of contracts/math/ConsensusMath.sol (section 11 of the paper): seat weight, selection and finality.
 * Same names, same arguments in the same order, same result to the last bit.
 */
import { mulDivDown, requireUint, WAD } from "./fixed.ts";

/**
 * Stake / σ = stake · e^((U − Ū)/λ): a seat's weight before its cap.
 *
 * @param stake Own MASA stake, wei.
 * @param sigma σ(Ū − U), WAD, above 0.
 * @returns Wei, rounded down.
 * @formula EQ-27
 */
export function seatWeightDown(stake: bigint, sigma: bigint): bigint {
  return mulDivDown(stake, WAD, sigma);
}

/**
 * A number below `total` in proportion to `random`: it moves with the total and is no remainder.
 *
 * @param random Uniform over 256 bits; the upper 192 count.
 * @param total Σ capped weights, below 2^64.
 */
export function drawDown(random: bigint, total: bigint): bigint {
  requireUint("random", random);
  if (total < 0n || total >> 64n !== 0n) throw new RangeError(`total must fit 64 bits, got ${total}`);
  return ((random >> 64n) * total) >> 192n;
}

/**
 * The seat drawn by `draw`: seats own consecutive stretches of [0, Σ weights), in order of their index.
 *
 * @param weights Capped weights, one a seat.
 * @param draw A uniform number below Σ weights.
 * @returns Index of the seat.
 */
export function seatAt(weights: readonly bigint[], draw: bigint): number {
  requireUint("draw", draw);
  let left = draw;
  for (const [seat, weight] of weights.entries()) {
    requireUint(`weights[${seat}]`, weight);
    if (left < weight) return seat;
    left -= weight;
  }
  throw new RangeError(`draw must be below the sum of the weights, got ${draw}`);
}

/**
 * Whether `signedWeight` is more than two thirds of `totalWeight` and the confirmations are enough.
 *
 * @formula EQ-28
 */
export function isFinal(
  signedWeight: bigint,
  totalWeight: bigint,
  confirmations: bigint,
  leastConfirmations: bigint,
): boolean {
  requireUint("3*signedWeight", 3n * signedWeight);
  requireUint("2*totalWeight", 2n * totalWeight);
  requireUint("confirmations", confirmations);
  requireUint("leastConfirmations", leastConfirmations);
  return 3n * signedWeight > 2n * totalWeight && confirmations >= leastConfirmations;
}
