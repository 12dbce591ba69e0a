// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FixedPointMathLib} from "solady/src/utils/FixedPointMathLib.sol";

/// @title Formulas of section 9 of the paper: when a proposal passes
/// @notice Every ratio is WAD (1e18 = 1), every number of votes is wei of MASA, below 2^128. Both conditions are met at
/// equality (decision D10). Abstentions count for the quorum, not in the ratio.
library GovernanceMath {
    uint256 internal constant WAD = 1e18;

    /// @notice Votes for and abstaining that a proposal needs: a share of the total, or an absolute floor if that is more.
    /// @param total Votes that there are at the snapshot.
    /// @param quorum q_p, WAD, at most 1e18.
    /// @param leastQuorum The floor.
    /// @return needed Rounded up.
    function quorumUp(uint256 total, uint256 quorum, uint256 leastQuorum) internal pure returns (uint256 needed) {
        needed = FixedPointMathLib.mulDivUp(total, quorum, WAD);
        if (needed < leastQuorum) needed = leastQuorum;
    }

    /// @notice Whether the quorum is met.
    /// @param needed Of {quorumUp}.
    function isQuorumMet(uint256 forVotes, uint256 abstainVotes, uint256 needed) internal pure returns (bool) {
        return forVotes + abstainVotes >= needed;
    }

    /// @notice Whether Σ VP⁺ / Σ VP ≥ τ_p: the share of votes for in votes for and against. Exact: products are compared,
    /// nothing is divided. Without a vote for it is not met.
    /// @param threshold τ_p, WAD, at most 1e18.
    function isThresholdMet(uint256 forVotes, uint256 againstVotes, uint256 threshold) internal pure returns (bool) {
        return forVotes != 0 && forVotes * WAD >= threshold * (forVotes + againstVotes);
    }

    /// @notice Whether a proposal passes: threshold and quorum together.
    /// @custom:formula EQ-21
    function passes(
        uint256 forVotes,
        uint256 againstVotes,
        uint256 abstainVotes,
        uint256 needed,
        uint256 threshold
    ) internal pure returns (bool) {
        return isQuorumMet(forVotes, abstainVotes, needed) && isThresholdMet(forVotes, againstVotes, threshold);
    }
}
