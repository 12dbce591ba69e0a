// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {StakingMath} from "../../contracts/math/StakingMath.sol";
import {Test} from "../support/Test.sol";

/// @title Properties of the formulas of section 6
contract StakingMathTest is Test {
    uint256 private constant WAD = 1e18;
    /// @dev ln 16: the widest clamp a role may have.
    uint256 private constant WIDEST_CLAMP = 2772588722239781237;

    struct Role {
        uint256 base;
        uint256 mean;
        uint256 lambda;
        uint256 clamp;
        uint256 floor;
    }

    function _bounded(Role memory role) private pure {
        role.base = bound(role.base, 0, 1e30);
        role.mean = bound(role.mean, 0, WAD);
        role.lambda = bound(role.lambda, 1, 100 * WAD);
        role.clamp = bound(role.clamp, 0, WIDEST_CLAMP);
        role.floor = bound(role.floor, 1, 1e30);
    }

    function _required(Role memory role, uint256 utility) private pure returns (uint256) {
        int256 exponent = StakingMath.clampedExponent(role.mean, utility, role.lambda, role.clamp);
        return StakingMath.requirementUp(role.base, StakingMath.sigma(exponent), role.floor);
    }

    function testFuzz_HigherUtilityNeverRaisesOwnRequirement(Role memory role, uint256 low, uint256 high) public pure {
        _bounded(role);
        low = bound(low, 0, WAD);
        high = bound(high, low, WAD);
        assertLe(_required(role, high), _required(role, low), "I-12");
    }

    /// @dev One wei of utility apart is where a curve that is not monotonic would show it.
    function testFuzz_OneWeiOfUtilityNeverRaisesOwnRequirement(Role memory role, uint256 utility) public pure {
        _bounded(role);
        role.base = bound(role.base, 1e24, 1e30);
        utility = bound(utility, 0, WAD - 1);
        assertLe(_required(role, utility + 1), _required(role, utility), "I-12");
    }

    function testFuzz_RequirementStaysInsideItsBounds(Role memory role, uint256 utility) public pure {
        _bounded(role);
        uint256 required = _required(role, bound(utility, 0, WAD));
        assertGt(required, 0, "I-11 above 0");
        assertGe(required, role.floor, "I-11 floor");
        uint256 most = StakingMath.largestBudgetUp(role.base, role.clamp);
        assertLe(required, most > role.floor ? most : role.floor, "I-11 ceiling");
        uint256 least = (role.base * StakingMath.sigma(-int256(role.clamp))) / WAD;
        assertGe(required, least, "I-11 clamp from below");
    }

    function testFuzz_MeanUtilityAsksForTheBase(Role memory role) public pure {
        _bounded(role);
        role.floor = 1;
        uint256 base = role.base > 0 ? role.base : 1;
        assertEq(_required(role, role.mean), base, "D3: sigma is 1 at the mean");
    }

    function testFuzz_ExponentIsClamped(uint256 mean, uint256 utility, uint256 lambda, uint256 clamp) public pure {
        mean = bound(mean, 0, WAD);
        utility = bound(utility, 0, WAD);
        lambda = bound(lambda, 1, 100 * WAD);
        clamp = bound(clamp, 0, WIDEST_CLAMP);
        int256 exponent = StakingMath.clampedExponent(mean, utility, lambda, clamp);
        assertLe(uint256(exponent < 0 ? -exponent : exponent), clamp, "D2");
        assertTrue(exponent <= 0 || mean > utility, "below the mean rises");
        assertTrue(exponent >= 0 || mean < utility, "above the mean falls");
        int256 mirrored = StakingMath.clampedExponent(utility, mean, lambda, clamp);
        assertEq(mirrored, -exponent, "symmetric");
    }

    function test_SigmaAtTheUsualClamp() public pure {
        assertNear(StakingMath.sigma(1386294361119890619), 4 * WAD, 10, "D2: e^ln4");
        assertNear(StakingMath.sigma(-1386294361119890619), WAD / 4, 1, "D2: e^-ln4");
        assertEq(StakingMath.sigma(0), WAD, "e^0");
    }

    function test_LiteralFormulaIsReachable() public pure {
        // One role alone with all of the supply as its budget and no target: S / |V|.
        assertEq(StakingMath.baseRequirementUp(1_000e18, WAD, 8, 0), 125e18, "D1: S over |V|");
        assertEq(StakingMath.baseRequirementUp(1_000e18, WAD, 0, 0), 1_000e18, "D4: nobody counts as one");
        assertEq(StakingMath.baseRequirementUp(1_000e18, WAD, 3, 10), 100e18, "D4: target");
        assertEq(StakingMath.baseRequirementUp(1, WAD, 3, 0), 1, "rounded up");
    }

    function testFuzz_RoleNeverAsksForMoreThanItsLargestBudget(
        uint256 supply,
        uint256 share,
        uint256 count,
        uint256 clamp
    ) public pure {
        supply = bound(supply, 1e24, 1e30);
        share = bound(share, 1, WAD);
        count = bound(count, 1, 1e6);
        clamp = bound(clamp, 0, WIDEST_CLAMP);
        uint256 base = StakingMath.baseRequirementUp(supply, share, count, 0);
        uint256 most = StakingMath.requirementUp(base, StakingMath.sigma(int256(clamp)), 1);
        uint256 budget = (supply * StakingMath.largestBudgetUp(share, clamp)) / WAD;
        // Rounding up costs at most a unit of base, times sigma, and a unit of requirement, for each node.
        assertLe(most * count, budget + count * 17, "D1");
    }

    function testFuzz_PerformanceIsARatioBetweenItsParts(
        uint256[3] memory scores,
        uint256 first,
        uint256 second,
        bool hasData,
        bool hasLlm
    ) public pure {
        for (uint256 i; i < 3; ++i) scores[i] = bound(scores[i], 0, WAD);
        first = bound(first, 1, WAD);
        second = bound(second, 0, WAD - first);
        uint256 performance = StakingMath.performanceDown(
            scores[0],
            scores[1],
            scores[2],
            first,
            second,
            WAD - first - second,
            hasData,
            hasLlm
        );
        uint256 least = scores[0];
        uint256 most = scores[0];
        if (hasData) (least, most) = (_min(least, scores[1]), _max(most, scores[1]));
        if (hasLlm) (least, most) = (_min(least, scores[2]), _max(most, scores[2]));
        assertGe(performance, least, "EQ-05 is a mean");
        assertLe(performance, most, "EQ-05 is a mean");
    }

    function test_PerformanceWithoutAnyWeightIsZero() public pure {
        assertEq(StakingMath.performanceDown(WAD, WAD, WAD, 0, WAD, 0, false, false), 0, "no evidence, no merit");
    }

    function testFuzz_LowestScoresIsTheArgmin(uint256[8] memory words, uint64 candidates, uint256 top) public pure {
        // Small tops make ties, which random words of 32 bits do not.
        top = bound(top, 0, type(uint32).max);
        uint32 least = type(uint32).max;
        uint64 who;
        for (uint256 seat; seat < 64; ++seat) {
            uint256 shift = 32 * (seat % 8);
            uint256 score =
                top == type(uint32).max
                    ? uint32(words[seat / 8] >> shift)
                    : uint32(words[seat / 8] >> shift) % (top + 1);
            words[seat / 8] = (words[seat / 8] & ~(uint256(type(uint32).max) << shift)) | (score << shift);
            if ((candidates >> seat) & 1 == 0) continue;
            if (score < least) (least, who) = (uint32(score), 0);
            if (score == least) who |= uint64(1) << uint64(seat);
        }
        (uint32 lowest, uint64 tied) = StakingMath.lowestScores(words, candidates);
        assertEq(uint256(lowest), least, "EQ-06 lowest");
        assertEq(uint256(tied), who, "EQ-06 tied");
    }

    function testFuzz_LowestScoresFindsALoneSeat(uint256 seat, uint32 score) public pure {
        seat = bound(seat, 0, 63);
        uint256[8] memory words;
        for (uint256 i; i < 8; ++i) words[i] = type(uint256).max;
        uint256 shift = 32 * (seat % 8);
        words[seat / 8] = (words[seat / 8] & ~(uint256(type(uint32).max) << shift)) | (uint256(score) << shift);
        (uint32 lowest, uint64 tied) = StakingMath.lowestScores(words, type(uint64).max);
        assertEq(uint256(lowest), score, "EQ-06 lowest");
        assertEq(
            uint256(tied),
            score == type(uint32).max ? type(uint64).max : uint256(1) << seat,
            "EQ-06 tied, whatever else is equal"
        );
    }

    function testFuzz_LowestScoresOfNobody(uint256[8] memory words) public pure {
        (uint32 lowest, uint64 tied) = StakingMath.lowestScores(words, 0);
        assertEq(uint256(lowest), type(uint32).max, "EQ-06 nobody");
        assertEq(uint256(tied), 0, "EQ-06 nobody");
    }

    function testFuzz_LimitStepMovesTowardsTheValueByAtMostAStep(
        uint256 previous,
        uint256 value,
        uint256 step
    ) public pure {
        uint256 moved = StakingMath.limitStep(previous, value, step);
        assertLe(moved > previous ? moved - previous : previous - moved, step, "D4: at most a step");
        assertTrue(
            value >= previous ? moved >= previous && moved <= value : moved <= previous && moved >= value,
            "way"
        );
    }

    function testFuzz_WorkerPerformanceIsBetweenItsParts(uint256 ratio, uint256 quality, uint256 weight) public pure {
        ratio = bound(ratio, 0, WAD);
        quality = bound(quality, 0, WAD);
        weight = bound(weight, 0, WAD);
        uint256 performance = StakingMath.workerPerformanceDown(ratio, quality, weight, WAD - weight);
        assertGe(performance, _min(ratio, quality), "EQ-10 is a mean");
        assertLe(performance, _max(ratio, quality), "EQ-10 is a mean");
    }

    function testFuzz_ThroughputRatioIsARatio(uint256 measured, uint256 target) public pure {
        measured = bound(measured, 0, type(uint256).max / WAD);
        uint256 ratio = StakingMath.throughputRatioDown(measured, target);
        assertLe(ratio, WAD, "EQ-10: at most 1");
        assertEq(ratio == WAD, measured >= target, "EQ-10: 1 from the target on");
    }

    function testFuzz_MeanIsARatioBetweenTheUtilities(uint256 low, uint256 high, uint256 count) public pure {
        low = bound(low, 0, WAD);
        high = bound(high, low, WAD);
        count = bound(count, 1, 1e9);
        uint256 atHigh = bound(uint256(keccak256(abi.encode(low, high, count))), 0, count);
        uint256 mean = StakingMath.meanUtilityDown(high * atHigh + low * (count - atHigh), count, 0);
        assertGe(mean, low, "EQ-29");
        assertLe(mean, high, "EQ-29");
        assertEq(StakingMath.meanUtilityDown(0, 0, low), low, "EQ-29: kept when there is nobody");
    }

    function _min(uint256 a, uint256 b) private pure returns (uint256) {
        return a < b ? a : b;
    }

    function _max(uint256 a, uint256 b) private pure returns (uint256) {
        return a > b ? a : b;
    }
}
