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

    function testFuzz_DrawFindsItsStretch(uint64[64] memory raw, uint256 seats, uint256 draw) public pure {
        seats = bound(seats, 1, 64);
        uint64[] memory weights = new uint64[](seats);
        uint256 total;
        for (uint256 i; i < seats; ++i) {
            // A third of the seats weigh nothing and can never be drawn.
            weights[i] = raw[i] % 3 == 0 ? 0 : raw[i] / 64;
            total += weights[i];
        }
        (bytes memory table, uint64 sum) = SeatTable.encode(new address[](seats), weights);
        assertEq(sum, total, "EQ-27: the total");
        assertEq(SeatTable.totalWeightOf(table), total, "EQ-27: the total as the table has it");
        assertEq(SeatTable.rowsIn(table.length), seats, "a row a seat");
        if (total == 0) return;
        draw = bound(draw, 0, total - 1);
        uint256 seat = SeatTable.seatAt(table, draw);
        uint256 before;
        for (uint256 i; i < seat; ++i) before += weights[i];
        assertGe(draw, before, "EQ-27: not before the stretch");
        assertLt(draw, before + weights[seat], "EQ-27: not behind the stretch");
    }

    /// Keys and weights come back as they were put in, whatever the number of rows, and take no more room than they need.
    function testFuzz_ATableIsReadAsItWasWritten(address[64] memory raw, uint256 seats, uint64 weight) public pure {
        seats = bound(seats, 0, 64);
        weight /= 64;
        address[] memory keys = new address[](seats);
        uint64[] memory weights = new uint64[](seats);
        for (uint256 i; i < seats; ++i) (keys[i], weights[i]) = (raw[i], weight / uint64(i + 1));
        (bytes memory table, ) = SeatTable.encode(keys, weights);
        assertEq(table.length, seats * 28 + ((seats + 15) / 16) * 8, "rows and sums");
        for (uint256 i; i < seats; ++i) {
            (address key, uint64 read) = SeatTable.rowAt(table, i);
            assertEq(key, keys[i], "the key");
            assertEq(read, weights[i], "the weight");
        }
    }
}
