// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FixedPointMathLib} from "solady/src/utils/FixedPointMathLib.sol";

/// @title Emission and the validators' rewards (section 11.7 of the paper, decision D17)
/// @notice Ratios are WAD (1e18 = 1), amounts wei of MASA. Everything is rounded down: what rounding leaves stays where
/// it came from, for the next epoch.
library EmissionMath {
    uint256 internal constant WAD = 1e18;

    /// @notice What an epoch with a report releases from the pool: ⌊remaining · rate⌋.
    ///
    /// After n releases and nothing added at least pool·(1 − rate)^n is left, so the pool never runs out and Σ released
    /// never exceeds pool·(1 − (1 − rate)^n).
    /// @param remaining Of the pool, wei.
    /// @param rate WAD, at most 1.
    /// @return released Wei, rounded down.
    function releaseDown(uint256 remaining, uint256 rate) internal pure returns (uint256 released) {
        released = FixedPointMathLib.fullMulDiv(remaining, rate, WAD);
    }

    /// @notice ⌊amount · share⌋: one part of a split.
    /// @param share WAD, at most 1.
    function shareDown(uint256 amount, uint256 share) internal pure returns (uint256 part) {
        part = FixedPointMathLib.fullMulDiv(amount, share, WAD);
    }

    /// @notice The validators' pot of an epoch in three: for consensus, for data and for LLM work. As in EQ-05, a kind of
    /// work that did not occur passes its weight on to the rest.
    /// @param pot Wei.
    /// @param weights α, β, γ of EQ-05, WAD, summing to 1.
    /// @return parts Wei, each rounded down; all 0 if no weight is left.
    function rewardPartsDown(
        uint256 pot,
        uint256[3] memory weights,
        bool hasData,
        bool hasLlm
    ) internal pure returns (uint256[3] memory parts) {
        if (!hasData) weights[1] = 0;
        if (!hasLlm) weights[2] = 0;
        uint256 sum = weights[0] + weights[1] + weights[2];
        if (sum == 0) return parts;
        for (uint256 i; i < 3; ++i) {
            parts[i] = FixedPointMathLib.fullMulDiv(pot, weights[i], sum);
        }
    }

    /// @notice r = R_V + R_D + R_L, a validator's reward of an epoch: of each part its share by weight times score.
    ///
    /// R_V = partV · w·C / Σ w_j·C_j over the seats of the epoch, R_D likewise with D, R_L with L.
    /// @param parts See {rewardPartsDown}.
    /// @param weight w, the seat's frozen capped weight, micro-MASA, below 2^64.
    /// @param scores C, D, L of the seat, on the scale 1e9 = 1.
    /// @param sums Σ w_j·C_j, Σ w_j·D_j, Σ w_j·L_j.
    /// @return reward Wei, each of the three rounded down; a part whose sum is 0 goes to nobody.
    /// @custom:formula EQ-26
    function validatorRewardDown(
        uint256[3] memory parts,
        uint256 weight,
        uint256[3] memory scores,
        uint256[3] memory sums
    ) internal pure returns (uint256 reward) {
        for (uint256 i; i < 3; ++i) {
            if (sums[i] != 0) reward += FixedPointMathLib.fullMulDiv(parts[i], weight * scores[i], sums[i]);
        }
    }
}
