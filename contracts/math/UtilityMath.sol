// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Formulas of sections 5 and 7.2 of the paper: utility over time
/// @notice Every ratio is WAD (1e18 = 1).
library UtilityMath {
    uint256 internal constant WAD = 1e18;

    /// @notice U' = U + (1 − γ)·w·(p − U): the decayed mean form of U = E[Σ γ^t r_t] (sections 5 and 7.2, EQ-16 is the
    /// same formula for workers). Applied once for an epoch with work; an idle epoch changes nothing.
    /// @param utility U, WAD, 0..1.
    /// @param performance p of the epoch, WAD, 0..1.
    /// @param weight w, WAD, 0..1: see {workWeightDown}.
    /// @param decayPerEpoch γ, WAD, below 1.
    /// @return updated U', WAD, 0..1; the step is rounded towards U, so that it never overshoots p.
    /// @custom:formula EQ-01
    /// @custom:formula EQ-16
    function foldUtility(
        uint256 utility,
        uint256 performance,
        uint256 weight,
        uint256 decayPerEpoch
    ) internal pure returns (uint256) {
        uint256 rate = ((WAD - decayPerEpoch) * weight) / WAD;
        if (performance >= utility) return utility + (rate * (performance - utility)) / WAD;
        return utility - (rate * (utility - performance)) / WAD;
    }

    /// @notice w = min(1, paid work / reference): work below the reference moves utility in proportion, so that dust
    /// moves nothing.
    /// @param work Paid work of the epoch, any unit.
    /// @param referenceWork The work that counts in full, same unit, above 0.
    /// @return weight WAD, 0..1, rounded down.
    function workWeightDown(uint256 work, uint256 referenceWork) internal pure returns (uint256) {
        return work >= referenceWork ? WAD : (work * WAD) / referenceWork;
    }

    /// @notice What a settled request adds to its asker's consumption: a share of what it asked for, the rest of the
    /// value it accepted (decision D5).
    /// @param asked R_base, wei: the resources it kept busy.
    /// @param accepted Reward paid, wei.
    /// @param resourceShare WAD, at most 1.
    /// @return consumption Wei, rounded down.
    function consumptionDown(
        uint256 asked,
        uint256 accepted,
        uint256 resourceShare
    ) internal pure returns (uint256 consumption) {
        return (asked * resourceShare + accepted * (WAD - resourceShare)) / WAD;
    }

    /// @notice 1 − c_o, an oracle node's performance in an epoch: it falls as consumption rises (decision D5).
    /// @param consumption Accepted value of the epoch, any unit.
    /// @param referenceConsumption The consumption that counts as 1, same unit, above 0.
    /// @return performance WAD, 0..1, rounded up.
    function oraclePerformanceUp(uint256 consumption, uint256 referenceConsumption) internal pure returns (uint256) {
        return WAD - workWeightDown(consumption, referenceConsumption);
    }
}
