/** Whose turn an attempt of a round is: the mirror of ValidatorSet.proposerOf (EQ-27). */
import { AbiCoder, keccak256 } from "ethers";

import { MasaError } from "./errors.ts";
import { drawDown } from "./math/consensus.ts";
import type { FrozenSeats } from "./frozen.ts";

/** The round that stands for the epoch report in draws and proofs: ReportTypes.EPOCH_ROUND. */
export const EPOCH_ROUND = 0xffff_ffff;

/** The seat drawn by weight for an attempt. Throws MASA-503 for an empty set. */
export function proposerOf(frozen: FrozenSeats, round: number, attempt: number): number {
  if (frozen.totalWeight === 0n)
    throw new MasaError("MASA-503", `no validators are frozen for epoch ${frozen.epoch}`);
  const seed = AbiCoder.defaultAbiCoder().encode(
    ["uint256", "uint64", "uint32", "uint32"],
    [frozen.randomness, frozen.epoch, round, attempt],
  );
  let draw = drawDown(BigInt(keccak256(seed)), frozen.totalWeight);
  for (const [seat, weight] of frozen.weights.entries()) {
    if (draw < weight) return seat;
    draw -= weight;
  }
  throw new MasaError("MASA-503", "weights do not sum to their total");
}
