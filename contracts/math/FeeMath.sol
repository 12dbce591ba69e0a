// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FixedPointMathLib} from "solady/src/utils/FixedPointMathLib.sol";

/// @title Formula of section 6 of the paper: the fee on an oracle node's consumption
/// @notice Every rate is WAD (1e18 = 1): wei of fee for a wei of consumption. Nothing here reads state.
/// @dev Products of amounts and rates exceed 256 bits, so they go through Solady's `fullMulDiv` (512 bits, a method by
/// Remco Bloemen). Callers keep the rates below 2^64 and the reference below 2^104; the amounts are any whose sum and
/// whose fee fit 256 bits.
library FeeMath {
    uint256 internal constant WAD = 1e18;

    /// @notice F_o = f(C_o), what consuming `added` on top of `before` costs: ⌈f(before + added) − f(before)⌉, at least
    /// the minimum.
    ///
    /// f(C) = baseRate·C + (maxRate − baseRate)·C² / (2·reference) for C ≤ reference,
    /// f(C) = f(reference) + maxRate·(C − reference) beyond.
    ///
    /// Where f′, the price of one more wei, rises in a straight line from baseRate at C = 0 to maxRate at the reference
    /// and stays there.
    ///
    /// Notes: f is convex, so the same amount never costs less after more consumption. The difference is rounded once,
    /// so the fees of the pieces of a consumption sum to at least the fee of the whole, and without the minimum to less
    /// than a wei a piece more.
    /// @param before Consumption of the epoch so far, wei.
    /// @param added What is consumed now, wei.
    /// @param baseRate WAD, at most `maxRate`.
    /// @param maxRate WAD.
    /// @param referenceConsumption Where the price reaches `maxRate`, wei, above 0.
    /// @param minimumFee Wei; due even if nothing is added.
    /// @return fee Wei, rounded up.
    /// @custom:formula EQ-08
    function feeUp(
        uint256 before,
        uint256 added,
        uint256 baseRate,
        uint256 maxRate,
        uint256 referenceConsumption,
        uint256 minimumFee
    ) internal pure returns (uint256 fee) {
        fee = _increaseUp(before, added, baseRate, maxRate, referenceConsumption);
        if (fee < minimumFee) fee = minimumFee;
    }

    /// @dev ⌈f(before + added) − f(before)⌉. Below the reference the mean price of a stretch is the price at its middle;
    /// beyond it the price is `maxRate`. The remainders of both parts are added before the one rounding.
    function _increaseUp(
        uint256 before,
        uint256 added,
        uint256 baseRate,
        uint256 maxRate,
        uint256 referenceConsumption
    ) private pure returns (uint256 increase) {
        uint256 end = before + added;
        if (before > referenceConsumption) before = referenceConsumption;
        if (end > referenceConsumption) end = referenceConsumption;
        uint256 price = maxRate - baseRate;
        uint256 one;
        unchecked {
            // By the bounds above: the reference is below 2^104, a price below 2^170, and a remainder below its divisor.
            // The mean price of the rising part, and a price of 1, in units of 1 / (2·reference·WAD).
            price = 2 * referenceConsumption * baseRate + price * (before + end);
            one = 2 * referenceConsumption * WAD;
            before = end - before; // the rising part
            added -= before;
        }
        increase = FixedPointMathLib.fullMulDiv(before, price, one) + FixedPointMathLib.fullMulDiv(added, maxRate, WAD);
        uint256 rest;
        unchecked {
            rest = mulmod(before, price, one) + 2 * referenceConsumption * mulmod(added, maxRate, WAD);
        }
        increase += FixedPointMathLib.divUp(rest, one);
    }
}
