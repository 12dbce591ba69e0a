// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FeeMath} from "../../contracts/math/FeeMath.sol";
import {Test} from "../support/Test.sol";

/// @title Properties of the fee on consumption
contract FeeMathTest is Test {
    uint256 private constant WAD = 1e18;
    /// @dev Consumption of an epoch goes up to here, a thousand times any supply.
    uint256 private constant MOST = 2 ** 104;
    uint256 private constant PIECES = 8;

    struct Curve {
        uint256 baseRate;
        uint256 maxRate;
        uint256 reference_;
        uint256 minimum;
    }

    function _bounded(Curve memory curve) private pure {
        curve.maxRate = bound(curve.maxRate, 0, type(uint64).max);
        curve.baseRate = bound(curve.baseRate, 0, curve.maxRate);
        curve.reference_ = 1 + _amount(curve.reference_, MOST - 2);
        curve.minimum = _amount(curve.minimum, 1_000e18);
    }

    /// @dev An amount of any order of magnitude up to `most`.
    function _amount(uint256 seed, uint256 most) private pure returns (uint256) {
        return bound(seed >> 8, 0, most >> (seed % 104));
    }

    function _fee(Curve memory curve, uint256 before, uint256 added) private pure returns (uint256) {
        return FeeMath.feeUp(before, added, curve.baseRate, curve.maxRate, curve.reference_, curve.minimum);
    }

    /// @dev f(C)·2·reference·WAD in whole numbers, from the formula as printed.
    function _numerator(Curve memory curve, uint256 consumed) private pure returns (uint256) {
        uint256 square =
            consumed <= curve.reference_
                ? consumed * consumed
                : 2 * curve.reference_ * consumed - curve.reference_ * curve.reference_;
        return 2 * curve.reference_ * curve.baseRate * consumed + (curve.maxRate - curve.baseRate) * square;
    }

    /// @dev The fees of the pieces one after another, and what they add up to.
    function _inPieces(
        Curve memory curve,
        uint256 before,
        uint256[8] memory pieces
    ) private pure returns (uint256 total, uint256 added) {
        for (uint256 i; i < PIECES; ++i) {
            uint256 piece = _amount(pieces[i], MOST / 2 / PIECES);
            total += _fee(curve, before + added, piece);
            added += piece;
        }
    }

    /// From 2 % to 6 %, reached at 1,000 MASA.
    function test_ByHand() public pure {
        Curve memory curve = Curve(0.02e18, 0.06e18, 1_000e18, 0.5e18);
        assertEq(_fee(curve, 0, 1_000e18), 40e18, "EQ-08: 4 % in the mean up to the reference");
        assertEq(_fee(curve, 1_000e18, 1_000e18), 60e18, "EQ-08: 6 % beyond");
        assertEq(_fee(curve, 0, 2_000e18), 100e18, "EQ-08: both");
        assertEq(_fee(curve, 500e18, 1_000e18), 55e18, "EQ-08: 25 below the reference, 30 beyond");
        assertEq(_fee(curve, 0, 500e18), 15e18, "EQ-08: 2 % to 4 %");
        assertEq(_fee(curve, 0, 1e18), 0.5e18, "EQ-08: the minimum");
        assertEq(_fee(curve, 7e18, 0), 0.5e18, "EQ-08: the minimum for nothing");
        curve.minimum = 0;
        assertEq(_fee(curve, 0, 1e18), 0.02002e18, "EQ-08: the first MASA");
        assertEq(_fee(curve, 0, 1), 1, "EQ-08: rounded up");
        assertEq(_fee(curve, 7e18, 0), 0, "EQ-08: nothing");
    }

    /// Through products of 272 bits; the expectation itself needs 169.
    function test_ByHandAtTheLargestArguments() public pure {
        uint256 rate = type(uint64).max;
        Curve memory curve = Curve(0, rate, MOST - 1, 0);
        // Half the rate up to the reference, the rate for the last wei.
        uint256 numerator = rate * (MOST + 1);
        assertEq(_fee(curve, 0, MOST), (numerator + 2 * WAD - 1) / (2 * WAD), "EQ-08: no overflow");
        curve.baseRate = rate;
        assertEq(_fee(curve, 0, MOST), (rate * MOST + WAD - 1) / WAD, "EQ-08: no overflow, flat");
    }

    /// Up to amounts whose products fit a word; the vectors go beyond.
    function testFuzz_IsTheDifferenceRoundedUpOnce(Curve memory curve, uint256 before, uint256 added) public pure {
        _bounded(curve);
        curve.reference_ = 1 + (curve.reference_ >> 16);
        curve.minimum = 0;
        before = _amount(before, 2 ** 88);
        added = _amount(added, 2 ** 88);
        uint256 exact = _numerator(curve, before + added) - _numerator(curve, before);
        uint256 one = 2 * curve.reference_ * WAD;
        uint256 fee = _fee(curve, before, added);
        assertGe(fee * one, exact, "EQ-08: rounded up");
        if (fee > 0) assertLt((fee - 1) * one, exact, "EQ-08: by less than a wei");
    }

    function testFuzz_NeverFallsAsMoreIsAdded(
        Curve memory curve,
        uint256 before,
        uint256 few,
        uint256 many
    ) public pure {
        _bounded(curve);
        before = _amount(before, MOST / 2);
        many = _amount(many, MOST / 2);
        few = bound(few, 0, many);
        assertLe(_fee(curve, before, few), _fee(curve, before, many), "EQ-08 monotonic");
    }

    function testFuzz_SameAmountNeverCostsLessLater(
        Curve memory curve,
        uint256 sooner,
        uint256 later,
        uint256 added
    ) public pure {
        _bounded(curve);
        added = _amount(added, MOST / 2);
        later = _amount(later, MOST / 2);
        sooner = bound(sooner, 0, later);
        assertLe(_fee(curve, sooner, added), _fee(curve, later, added), "EQ-08 convex");
    }

    /// @dev One wei later is where a rounding that depends on the place would show.
    function testFuzz_OneWeiLaterNeverCostsLess(Curve memory curve, uint256 before, uint256 added) public pure {
        _bounded(curve);
        before = _amount(before, MOST / 2);
        added = _amount(added, MOST / 2);
        assertLe(_fee(curve, before, added), _fee(curve, before + 1, added), "EQ-08 convex");
    }

    function testFuzz_PiecesAreNeverCheaper(Curve memory curve, uint256 start, uint256[8] memory pieces) public pure {
        _bounded(curve);
        start = _amount(start, MOST / 2);
        (uint256 total, uint256 added) = _inPieces(curve, start, pieces);
        assertGe(total, _fee(curve, start, added), "EQ-08: splitting never pays");
        curve.minimum = 0;
        (total, ) = _inPieces(curve, start, pieces);
        assertGe(total, _fee(curve, start, added), "EQ-08: splitting never pays, without a minimum");
        assertLt(total, _fee(curve, start, added) + PIECES, "EQ-08: it costs less than a wei a piece");
    }

    function testFuzz_AtLeastTheMinimumAndOtherwiseUntouchedByIt(
        Curve memory curve,
        uint256 before,
        uint256 added
    ) public pure {
        _bounded(curve);
        before = _amount(before, MOST / 2);
        added = _amount(added, MOST / 2);
        uint256 minimum = curve.minimum;
        uint256 fee = _fee(curve, before, added);
        curve.minimum = 0;
        uint256 without = _fee(curve, before, added);
        assertEq(fee, without < minimum ? minimum : without, "EQ-08 minimum");
    }

    function testFuzz_PriceStaysBetweenItsRates(Curve memory curve, uint256 before, uint256 added) public pure {
        _bounded(curve);
        curve.minimum = 0;
        before = _amount(before, MOST / 2);
        added = _amount(added, MOST / 2);
        uint256 fee = _fee(curve, before, added);
        assertGe(fee * WAD, added * curve.baseRate, "EQ-08: at least baseRate");
        assertLe(fee, (added * curve.maxRate + WAD - 1) / WAD, "EQ-08: at most maxRate");
        if (before >= curve.reference_) {
            assertEq(fee, (added * curve.maxRate + WAD - 1) / WAD, "EQ-08: maxRate beyond the reference");
        }
    }

    /// With rates up to 1 nothing overflows but the sum of the amounts.
    function testFuzz_WorksForAnyAmounts(Curve memory curve, uint256 before, uint256 added) public pure {
        curve.maxRate = bound(curve.maxRate, 0, WAD);
        _bounded(curve);
        added = bound(added, 0, type(uint256).max - before);
        uint256 fee = _fee(curve, before, added);
        assertGe(fee, curve.minimum, "EQ-08 minimum");
        assertLe(fee, added > curve.minimum ? added : curve.minimum, "EQ-08: at most what is consumed");
    }
}
