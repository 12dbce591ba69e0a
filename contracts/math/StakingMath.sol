// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FixedPointMathLib} from "solady/src/utils/FixedPointMathLib.sol";

/// @title Formulas of section 6 of the paper: staking requirements, performance and means
/// @notice Every ratio is WAD (1e18 = 1). Stakes are stake units (18 decimals). Nothing here reads state.
/// @dev `expWad` is Solady's (a method by Remco Bloemen); worst relative error measured against the independent
/// reference: see docs/formulas.md.
library StakingMath {
    /// @dev One, as a ratio.
    uint256 internal constant WAD = 1e18;

    // A word holds eight lanes of 32 bits, lane 0 lowest; see {lowestScores}.

    /// @dev The lowest bit of every lane.
    uint256 private constant LANES = 0x0000000100000001000000010000000100000001000000010000000100000001;
    /// @dev The lanes 0, 2, 4 and 6.
    uint256 private constant EVEN_LANES = 0x00000000ffffffff00000000ffffffff00000000ffffffff00000000ffffffff;
    /// @dev The bit above each of the lanes 0, 2, 4 and 6.
    uint256 private constant GUARD = 0x0000000100000000000000010000000000000001000000000000000100000000;
    /// @dev The bits 31i for i < 8: moves bit i to 32i, and back.
    uint256 private constant SPREAD = 0x0000000002000000040000000800000010000000200000004000000080000001;

    /// @notice The exponent of the staking coefficient, (Ū − U) / λ, clamped to ±`maxExponent` (decision D2).
    /// @param meanUtility Ū of the role, WAD, 0..1.
    /// @param utility U of the node, WAD, 0..1.
    /// @param lambda λ > 0, WAD: how sharply the requirement answers to performance.
    /// @param maxExponent x_max, WAD.
    /// @return exponent x, WAD, truncated towards zero.
    function clampedExponent(
        uint256 meanUtility,
        uint256 utility,
        uint256 lambda,
        uint256 maxExponent
    ) internal pure returns (int256 exponent) {
        if (meanUtility >= utility) {
            uint256 up = ((meanUtility - utility) * WAD) / lambda;
            exponent = int256(up < maxExponent ? up : maxExponent);
        } else {
            uint256 down = ((utility - meanUtility) * WAD) / lambda;
            exponent = -int256(down < maxExponent ? down : maxExponent);
        }
    }

    /// @notice σ(x) = exp(x / λ), the staking coefficient, with x / λ already clamped.
    /// @param exponent x / λ, WAD; callers keep it within ±x_max, far from where `expWad` reverts or vanishes.
    /// @return sigma σ, WAD.
    /// @custom:formula EQ-04
    function sigma(int256 exponent) internal pure returns (uint256) {
        return uint256(FixedPointMathLib.expWad(exponent));
    }

    /// @notice Base of a role's requirement: φ·S / max(n, target), before σ (decisions D1 and D4).
    /// @param supply S, the supply of MASA at the snapshot, in wei.
    /// @param budgetShare φ, WAD: the share of S that the role as a whole is asked to stake at σ = 1.
    /// @param count n, nodes of the role that are not marked short.
    /// @param target Least divisor; 0 is the paper's literal formula (then n = 0 counts as 1).
    /// @return base Stake units, rounded up.
    function baseRequirementUp(
        uint256 supply,
        uint256 budgetShare,
        uint256 count,
        uint256 target
    ) internal pure returns (uint256) {
        uint256 divisor = count > target ? count : target;
        if (divisor == 0) divisor = 1;
        return FixedPointMathLib.mulDivUp(supply, budgetShare, divisor * WAD);
    }

    /// @notice The least stake of a node: base · σ(Ū − U), never below the role's floor.
    /// The same form serves validators (EQ-03), oracle nodes (EQ-07) and workers (EQ-09); λ, φ, the clamp, the target
    /// and the floor differ by role.
    /// @param base φ·S / max(n, target) as snapshotted, stake units.
    /// @param sigma_ σ, WAD.
    /// @param floor Absolute least stake of the role, stake units.
    /// @return required Stake units, rounded up.
    /// @custom:formula EQ-03
    /// @custom:formula EQ-07
    /// @custom:formula EQ-09
    function requirementUp(uint256 base, uint256 sigma_, uint256 floor) internal pure returns (uint256 required) {
        required = FixedPointMathLib.mulDivUp(base, sigma_, WAD);
        if (required < floor) required = floor;
    }

    /// @notice The most that all nodes of a role can be asked for together, as a share of S: φ·exp(x_max) (D1).
    /// @return share WAD, rounded up.
    function largestBudgetUp(uint256 budgetShare, uint256 maxExponent) internal pure returns (uint256) {
        return FixedPointMathLib.mulDivUp(budgetShare, sigma(int256(maxExponent)), WAD);
    }

    /// @notice P_v = αC + βD + γL, a validator's performance in an epoch. A kind of work that did not occur in the
    /// epoch passes its weight on to the rest (decision D16).
    /// @param consensus C, WAD, 0..1: rounds signed in time.
    /// @param data D, WAD, 0..1: agreement on data work; ignored unless `hasData`.
    /// @param llm L, WAD, 0..1: agreement on LLM work; ignored unless `hasLlm`.
    /// @param weightConsensus α, WAD; α + β + γ = 1.
    /// @param weightData β, WAD.
    /// @param weightLlm γ, WAD.
    /// @return performance WAD, 0..1, rounded down.
    /// @custom:formula EQ-05
    function performanceDown(
        uint256 consensus,
        uint256 data,
        uint256 llm,
        uint256 weightConsensus,
        uint256 weightData,
        uint256 weightLlm,
        bool hasData,
        bool hasLlm
    ) internal pure returns (uint256) {
        uint256 weighted = weightConsensus * consensus;
        uint256 weights = weightConsensus;
        if (hasData) {
            weighted += weightData * data;
            weights += weightData;
        }
        if (hasLlm) {
            weighted += weightLlm * llm;
            weights += weightLlm;
        }
        return weights == 0 ? 0 : weighted / weights;
    }

    /// @notice argmin P_v over the seats in `candidates`, with every seat that ties for the minimum.
    /// @param packedScores 64 scores of 32 bits, eight a word, seat 0 in the lowest bits of word 0.
    /// @param candidates Bit i set: seat i takes part.
    /// @return lowest The least score; type(uint32).max if there is no candidate.
    /// @return tied Bit i set: seat i has that score. 0 if there is no candidate.
    /// @custom:formula EQ-06
    function lowestScores(
        uint256[8] memory packedScores,
        uint64 candidates
    ) internal pure returns (uint32 lowest, uint64 tied) {
        // Both passes treat the lanes of a word at once, since the roll pays for them in every epoch. A byte of
        // `candidates` times SPREAD has its bit i at bit 32i, the foot of lane i, among others that LANES masks away;
        // no two products meet, so nothing carries.
        assembly ("memory-safe") {
            // First pass: `least` holds four minima, 64 bits apart. With a score in the lower half of such a lane and
            // GUARD's bit above it, a − b keeps that bit exactly where a ≥ b, and borrows from no neighbour.
            let least := EVEN_LANES
            let end := add(packedScores, 0x100)
            let left := candidates
            for {
                let at := packedScores
            } lt(at, end) {
                at := add(at, 0x20)
            } {
                // Seats that take no part get the largest score.
                let present := and(mul(and(left, 0xff), SPREAD), LANES)
                let word := or(mload(at), mul(xor(present, LANES), 0xffffffff))
                left := shr(8, left)
                let half := and(word, EVEN_LANES)
                let above := and(sub(or(least, GUARD), half), GUARD)
                least := xor(least, and(xor(least, half), sub(above, shr(32, above))))
                half := and(shr(32, word), EVEN_LANES)
                above := and(sub(or(least, GUARD), half), GUARD)
                least := xor(least, and(xor(least, half), sub(above, shr(32, above))))
            }
            lowest := and(least, 0xffffffff)
            for {
                let lane := 64
            } lt(lane, 256) {
                lane := add(lane, 64)
            } {
                let score := and(shr(lane, least), 0xffffffff)
                if lt(score, lowest) {
                    lowest := score
                }
            }

            // Second pass: GUARD minus the difference to the minimum keeps its bit exactly where they are equal. Those
            // bits, moved to the feet of their lanes, times SPREAD are eight neighbours from bit 217 on.
            let same := mul(lowest, LANES)
            for {
                let at := packedScores
            } lt(at, end) {
                at := add(at, 0x20)
            } {
                let different := xor(mload(at), same)
                let equal := or(
                    shr(32, and(sub(GUARD, and(different, EVEN_LANES)), GUARD)),
                    and(sub(GUARD, and(shr(32, different), EVEN_LANES)), GUARD)
                )
                // Eight seats a word: a quarter of its offset in bytes is the number of its first seat.
                let first := shr(2, sub(at, packedScores))
                tied := or(tied, shl(first, and(shr(217, mul(equal, SPREAD)), 0xff)))
            }
            tied := and(tied, candidates)
        }
    }

    /// @notice U_w's input for an epoch: αP_w + βQ_w, a worker's performance on one response.
    /// @param throughput P_w, WAD, 0..1: min(1, measured / target), see {throughputRatioDown}.
    /// @param quality Q_w, WAD, 0..1.
    /// @param weightThroughput α, WAD; α + β = 1.
    /// @param weightQuality β, WAD.
    /// @return performance WAD, 0..1, rounded down.
    /// @custom:formula EQ-10
    function workerPerformanceDown(
        uint256 throughput,
        uint256 quality,
        uint256 weightThroughput,
        uint256 weightQuality
    ) internal pure returns (uint256) {
        unchecked {
            // Products of two ratios, far from 256 bits.
            return (weightThroughput * throughput + weightQuality * quality) / WAD;
        }
    }

    /// @notice P_w = min(1, measured throughput / target).
    /// @param measured Bytes a second, below 2^128.
    /// @param target The same unit; 0: none.
    /// @return ratio WAD, rounded down; 1 if there is no target.
    function throughputRatioDown(uint256 measured, uint256 target) internal pure returns (uint256) {
        if (measured >= target) return WAD;
        unchecked {
            return (measured * WAD) / target;
        }
    }

    /// @notice U_role = Σ U_i / n, the mean utility of a role, from its running sum.
    /// @param utilitySum Σ U_i, WAD.
    /// @param count n.
    /// @param fallback_ The mean to keep when n = 0.
    /// @return mean WAD, rounded down.
    /// @custom:formula EQ-29
    function meanUtilityDown(uint256 utilitySum, uint256 count, uint256 fallback_) internal pure returns (uint256) {
        return count == 0 ? fallback_ : utilitySum / count;
    }

    /// @notice `value` held within one step of `previous`: what bounds the movement of S, base and mean at a
    /// snapshot (decisions D1 and D4).
    function limitStep(uint256 previous, uint256 value, uint256 step) internal pure returns (uint256) {
        if (value > previous) return value - previous > step ? previous + step : value;
        return previous - value > step ? previous - step : value;
    }
}
