// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ConsensusMath} from "../../contracts/math/ConsensusMath.sol";
import {SeatTable} from "../../contracts/registry/SeatTable.sol";
import {StakingMath} from "../../contracts/math/StakingMath.sol";
import {Test} from "../support/Test.sol";

/// @title Properties of seat weight, selection and finality
contract ConsensusMathTest is Test {
    uint256 private constant WAD = 1e18;

    function testFuzz_MoreThanTwoThirds(uint256 signed, uint256 total) public pure {
        total = bound(total, 0, type(uint128).max);
        signed = bound(signed, 0, total);
        bool reached = ConsensusMath.isFinal(signed, total, 1, 1);
        // Those who did not sign hold less than half of what those who signed hold.
        assertEq(reached, signed > 2 * (total - signed), "I-13");
    }

    function testFuzz_TwoFinalSetsShareMoreThanAThird(uint256 one, uint256 other, uint256 total) public pure {
        total = bound(total, 1, type(uint128).max);
        one = bound(one, 0, total);
        other = bound(other, 0, total);
        if (!ConsensusMath.isFinal(one, total, 1, 1) || !ConsensusMath.isFinal(other, total, 1, 1)) return;
        uint256 shared = one + other - total;
        assertGt(3 * shared, total, "I-13: two reports of one round need a third to sign both");
    }

    function test_ConfirmationsCountToo() public pure {
        assertTrue(ConsensusMath.isFinal(100, 100, 3, 3), "enough");
        assertFalse(ConsensusMath.isFinal(100, 100, 2, 3), "weight alone is not enough");
        assertFalse(ConsensusMath.isFinal(0, 0, 0, 0), "no weight is never final");
        assertFalse(ConsensusMath.isFinal(2, 3, 3, 1), "two thirds exactly are not more");
    }

    function testFuzz_BetterValidatorWeighsNoLess(uint256 stake, uint256 mean, uint256 low, uint256 high) public pure {
        stake = bound(stake, 0, 1e30);
        mean = bound(mean, 0, WAD);
        high = bound(high, 0, WAD);
        low = bound(low, 0, high);
        assertLe(_weight(stake, mean, low), _weight(stake, mean, high), "EQ-27: performance counts");
        assertLe(_weight(stake, mean, high), stake * 4 + 4, "EQ-27: bounded by the clamp");
    }

    function _weight(uint256 stake, uint256 mean, uint256 utility) private pure returns (uint256) {
        int256 exponent = StakingMath.clampedExponent(mean, utility, 0.25e18, 1386294361119890618);
        return ConsensusMath.seatWeightDown(stake, StakingMath.sigma(exponent));
    }

    function testFuzz_DrawMovesWithTheTotal(uint256 random, uint64 total, uint64 added) public pure {
        total = uint64(bound(total, 1, type(uint64).max - 1));
        added = uint64(bound(added, 1, type(uint64).max - total));
        uint256 draw = ConsensusMath.drawDown(random, total);
        assertLt(draw, total, "EQ-27: below the total");
        uint256 moved = ConsensusMath.drawDown(random, total + added);
        assertGe(moved, draw, "EQ-27: more weight never draws lower");
        assertLe(moved - draw, added, "EQ-27: a draw moves by what was added at most");
    }

    function testFuzz_DrawFindsItsStretch(uint64[8] memory raw, uint256 draw) public pure {
        uint256[] memory weights = new uint256[](8);
        bytes memory rows;
        uint256 total;
        for (uint256 i; i < 8; ++i) {
            // A third of the seats weigh nothing and can never be drawn.
            weights[i] = raw[i] % 3 == 0 ? 0 : raw[i];
            total += weights[i];
            rows = abi.encodePacked(rows, address(0), uint64(weights[i]));
        }
        if (total == 0) return;
        draw = bound(draw, 0, total - 1);
        uint256 seat = SeatTable.seatAt(rows, draw);
        uint256 before;
        for (uint256 i; i < seat; ++i) before += weights[i];
        assertGe(draw, before, "EQ-27: not before the stretch");
        assertLt(draw, before + weights[seat], "EQ-27: not behind the stretch");
    }
}
