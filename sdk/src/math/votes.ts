/**
 * Mirror of contracts/math/VotesMath.sol (section 9 of the paper): the votes of an account.
 * Same names, same arguments in the same order. Votes are wei of MASA.
 */
import { requireUint } from "./fixed.ts";

/**
 * VP_i = s_i + Σ d_{j→i}, as a sum that is kept: one of its parts goes from `previous` to `current`. The parts are what
 * an account keeps of its own stake, and what others delegate to it (decision D9).
 *
 * @formula EQ-20
 */
export function votesAfter(votes: bigint, previous: bigint, current: bigint): bigint {
  requireUint("previous", previous);
  requireUint("current", current);
  requireUint("votes - previous", votes - previous);
  requireUint("votes - previous + current", votes - previous + current);
  return votes - previous + current;
}
