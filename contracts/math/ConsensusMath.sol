// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FixedPointMathLib} from "solady/src/utils/FixedPointMathLib.sol";

/// @title Formulas of section 11 of the paper: seat weight, selection and finality
/// @notice Every ratio is WAD (1e18 = 1).
library ConsensusMath {
    uint256 internal constant WAD = 1e18;

    /// @notice Weight of a seat before its cap: stake / σ = stake · exp((U − Ū)/λ), stake times performance.
    /// @param stake Own MASA stake, wei.
    /// @param sigma σ(Ū − U), WAD, above 0.
    /// @return weight Wei, rounded down.
    /// @custom:formula EQ-27
    function seatWeightDown(uint256 stake, uint256 sigma) internal pure returns (uint256) {
        return FixedPointMathLib.mulDiv(stake, WAD, sigma);
    }

    /// @notice The most that one seat may weigh: `maxSeatShare` of the uncapped total. What is cut off is not handed to
    /// others, so a capped seat's share of the capped total can exceed `maxSeatShare`.
    /// @param uncappedTotal Σ {seatWeightDown}, wei.
    /// @param maxSeatShare WAD.
    /// @return cap Wei, rounded down.
    function seatCapDown(uint256 uncappedTotal, uint256 maxSeatShare) internal pure returns (uint256) {
        return FixedPointMathLib.mulDiv(uncappedTotal, maxSeatShare, WAD);
    }

    /// @notice A number below `total` in proportion to `random`. Not a remainder: whoever could move the total by one
    /// unit after the randomness is known would then choose among unrelated draws; here a draw moves with the total.
    /// @param random Uniform over 256 bits; the upper 192 count.
    /// @param total Σ capped weights.
    /// @return draw Below `total`; uniform but for a part of total / 2^192.
    function drawDown(uint256 random, uint64 total) internal pure returns (uint256 draw) {
        draw = ((random >> 64) * total) >> 192;
    }

    /// @notice Whether `signedWeight` is more than two thirds of `totalWeight` and `confirmations` are enough.
    /// @param signedWeight Weight of the seats that signed.
    /// @param totalWeight Weight of the frozen set.
    /// @param confirmations Number of signatures.
    /// @param leastConfirmations The least number of them.
    /// @custom:formula EQ-28
    function isFinal(
        uint256 signedWeight,
        uint256 totalWeight,
        uint256 confirmations,
        uint256 leastConfirmations
    ) internal pure returns (bool) {
        return 3 * signedWeight > 2 * totalWeight && confirmations >= leastConfirmations;
    }
}
