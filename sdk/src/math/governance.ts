/**
 * Mirror of contracts/math/GovernanceMath.sol (section 9 of the paper): when a proposal passes.
 * Same names, same arguments in the same order, same result to the last bit. Votes are wei of MASA.
 */
import { mulDivUp, requireUint, WAD } from "./fixed.ts";

/**
 * Votes for and abstaining that a proposal needs: a share of the total, or an absolute floor if that is more.
 *
 * @param total Votes that there are at the snapshot.
 * @param quorum q_p, WAD.
 * @param leastQuorum The floor.
 * @returns Rounded up.
 */
export function quorumUp(total: bigint, quorum: bigint, leastQuorum: bigint): bigint {
  requireUint("leastQuorum", leastQuorum);
  const needed = mulDivUp(total, quorum, WAD);
  return needed < leastQuorum ? leastQuorum : needed;
}

/** Whether the quorum is met; `needed` is that of {@link quorumUp}. */
export function isQuorumMet(forVotes: bigint, abstainVotes: bigint, needed: bigint): boolean {
  requireUint("forVotes + abstainVotes", forVotes + abstainVotes);
  requireUint("needed", needed);
  return forVotes + abstainVotes >= needed;
}

/**
 * Whether the share of votes for in votes for and against is at least `threshold`. Exact; never without a vote for.
 *
 * @param threshold τ_p, WAD.
 */
export function isThresholdMet(forVotes: bigint, againstVotes: bigint, threshold: bigint): boolean {
  requireUint("forVotes * WAD", forVotes * WAD);
  requireUint("threshold * (forVotes + againstVotes)", threshold * (forVotes + againstVotes));
  return forVotes !== 0n && forVotes * WAD >= threshold * (forVotes + againstVotes);
}

/**
 * Whether a proposal passes: threshold and quorum together.
 *
 * @formula EQ-21
 */
export function passes(
  forVotes: bigint,
  againstVotes: bigint,
  abstainVotes: bigint,
  needed: bigint,
  threshold: bigint,
): boolean {
  return isQuorumMet(forVotes, abstainVotes, needed) && isThresholdMet(forVotes, againstVotes, threshold);
}
