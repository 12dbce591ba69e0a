// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Formulas of section 8 of the paper: quality, reward and slash of a response
/// @notice Every ratio is WAD (1e18 = 1). Amounts are wei of MASA, below 2^128: no product with a ratio overflows.
library RewardMath {
    uint256 internal constant WAD = 1e18;

    /// @notice Q = αR + βC + γF + δT, the quality of a response. Without evidence F is absent and the other weights are
    /// divided by 1 − γ.
    /// @param relevance R, WAD, 0..1.
    /// @param coherence C, WAD, 0..1.
    /// @param factual F, WAD, 0..1; ignored unless `hasEvidence`.
    /// @param responseTime T, WAD, 0..1.
    /// @param weights α, β, γ, δ, WAD, summing to 1, γ below 1.
    /// @return quality WAD, 0..1, rounded down.
    /// @custom:formula EQ-18
    function qualityDown(
        uint256 relevance,
        uint256 coherence,
        uint256 factual,
        uint256 responseTime,
        uint256[4] memory weights,
        bool hasEvidence
    ) internal pure returns (uint256) {
        unchecked {
            // Products of two ratios, far from 256 bits.
            uint256 weighted = weights[0] * relevance + weights[1] * coherence + weights[3] * responseTime;
            if (hasEvidence) return (weighted + weights[2] * factual) / WAD;
            return weighted / (WAD - weights[2]);
        }
    }

    /// @notice R_req = R_base·Q if Q ≥ τ, else 0. What is left of R_base goes back to the oracle node.
    /// @param baseReward R_base, wei.
    /// @param quality Q, WAD, 0..1.
    /// @param threshold τ, WAD; met at equality.
    /// @return reward Wei, rounded down.
    /// @custom:formula EQ-17
    function rewardDown(uint256 baseReward, uint256 quality, uint256 threshold) internal pure returns (uint256) {
        if (quality < threshold) return 0;
        unchecked {
            return (baseReward * quality) / WAD;
        }
    }

    /// @notice ⌈κ·R_base⌉, at least one unit: what a response below τ or flagged as fraud costs, and what its
    /// commitment reserves (decision D7: the paper's R_req is the potential reward R_base).
    /// @param baseReward R_base, wei.
    /// @param slashShare κ in (0, 1), WAD.
    /// @return amount Stake units, rounded up.
    function slashAmountUp(uint256 baseReward, uint256 slashShare) internal pure returns (uint256 amount) {
        unchecked {
            amount = (baseReward * slashShare + WAD - 1) / WAD;
        }
        if (amount == 0) amount = 1;
    }

    /// @notice s' = max{s − κR, 0}.
    /// @param stake s, stake units.
    /// @param amount κR, stake units.
    /// @return remaining s', stake units.
    /// @custom:formula EQ-19
    function stakeAfterSlash(uint256 stake, uint256 amount) internal pure returns (uint256) {
        return amount >= stake ? 0 : stake - amount;
    }
}
