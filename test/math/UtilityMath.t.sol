// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {UtilityMath} from "../../contracts/math/UtilityMath.sol";
import {Test} from "../support/Test.sol";

/// @title Properties of utility over time
contract UtilityMathTest is Test {
    uint256 private constant WAD = 1e18;

    function testFuzz_FoldNeverOvershoots(
        uint256 utility,
        uint256 performance,
        uint256 weight,
        uint256 decay
    ) public pure {
        utility = bound(utility, 0, WAD);
        performance = bound(performance, 0, WAD);
        weight = bound(weight, 0, WAD);
        decay = bound(decay, 0, WAD);
        uint256 updated = UtilityMath.foldUtility(utility, performance, weight, decay);
        assertLe(updated, WAD, "EQ-01 stays in 0..1");
        if (performance >= utility) {
            assertGe(updated, utility, "EQ-01 moves towards p");
            assertLe(updated, performance, "EQ-01 never overshoots p");
        } else {
            assertLe(updated, utility, "EQ-01 moves towards p");
            assertGe(updated, performance, "EQ-01 never overshoots p");
        }
    }

    function testFuzz_BetterEpochNeverGivesLess(
        uint256 utility,
        uint256 worse,
        uint256 better,
        uint256 decay
    ) public pure {
        utility = bound(utility, 0, WAD);
        better = bound(better, 0, WAD);
        worse = bound(worse, 0, better);
        decay = bound(decay, 0, WAD);
        uint256 afterWorse = UtilityMath.foldUtility(utility, worse, WAD, decay);
        assertLe(afterWorse, UtilityMath.foldUtility(utility, better, WAD, decay), "EQ-01 monotonic in p");
    }

    function testFuzz_NoWorkMovesNothing(uint256 utility, uint256 performance, uint256 decay) public pure {
        utility = bound(utility, 0, WAD);
        uint256 updated = UtilityMath.foldUtility(utility, bound(performance, 0, WAD), 0, bound(decay, 0, WAD));
        assertEq(updated, utility, "EQ-01: dust and idle epochs move nothing");
    }

    function test_WithoutMemoryUtilityIsThePerformance() public pure {
        assertEq(UtilityMath.foldUtility(0.3e18, 0.8e18, WAD, 0), 0.8e18, "decay 0");
        assertEq(UtilityMath.foldUtility(0.3e18, 0.8e18, WAD, 0.9e18), 0.35e18, "decay 0.9");
        assertEq(UtilityMath.foldUtility(0.8e18, 0.3e18, 0.5e18, 0.9e18), 0.775e18, "half the weight, downwards");
    }

    function testFuzz_WorkWeightIsARatio(uint256 work, uint256 referenceWork) public pure {
        work = bound(work, 0, type(uint256).max / WAD);
        uint256 weight = UtilityMath.workWeightDown(work, referenceWork);
        assertLe(weight, WAD, "at most 1");
        assertEq(weight == WAD, work >= referenceWork, "1 from the reference on");
    }

    function testFuzz_ConsumptionLiesBetweenWhatWasAcceptedAndAsked(
        uint256 asked,
        uint256 accepted,
        uint256 resourceShare
    ) public pure {
        asked = bound(asked, 0, type(uint96).max);
        accepted = bound(accepted, 0, asked);
        resourceShare = bound(resourceShare, 0, WAD);
        uint256 consumed = UtilityMath.consumptionDown(asked, accepted, resourceShare);
        assertGe(consumed, accepted, "D5: at least the accepted value");
        assertLe(consumed, asked, "D5: at most R_base");
        assertEq(UtilityMath.consumptionDown(asked, accepted, 0), accepted, "D5: accepted value alone");
        assertEq(UtilityMath.consumptionDown(asked, accepted, WAD), asked, "D5: resources alone");
        uint256 rejected = UtilityMath.consumptionDown(asked, 0, resourceShare);
        assertLe(rejected, consumed, "D5: accepting never consumes less");
        assertEq(rejected, (asked * resourceShare) / WAD, "D5: a rejected answer costs its resources");
    }

    function test_ConsumptionOfOneRequest() public pure {
        assertEq(UtilityMath.consumptionDown(100, 80, 0.25e18), 85, "a quarter of 100, three quarters of 80");
        assertEq(UtilityMath.consumptionDown(7, 4, 0.3e18), 4, "4.9 rounded down");
    }

    function testFuzz_ConsumingMoreNeverRaisesOraclePerformance(uint256 less, uint256 more, uint256 unit) public pure {
        more = bound(more, 0, 1e40);
        less = bound(less, 0, more);
        unit = bound(unit, 1, 1e40);
        uint256 atMore = UtilityMath.oraclePerformanceUp(more, unit);
        assertLe(atMore, UtilityMath.oraclePerformanceUp(less, unit), "D5");
        assertLe(atMore, WAD, "D5: at most 1");
        assertEq(UtilityMath.oraclePerformanceUp(0, unit), WAD, "D5: 1 without consumption");
    }
}
