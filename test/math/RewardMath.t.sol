// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {RewardMath} from "../../contracts/math/RewardMath.sol";
import {Test} from "../support/Test.sol";

/// @title Properties of quality, reward and slash
contract RewardMathTest is Test {
    uint256 private constant WAD = 1e18;
    /// @dev Above any supply: amounts beyond it cannot exist.
    uint256 private constant MOST = 1e32;

    function testFuzz_RewardNeverExceedsBase(uint256 base, uint256 quality, uint256 threshold) public pure {
        base = bound(base, 0, MOST);
        quality = bound(quality, 0, WAD);
        uint256 reward = RewardMath.rewardDown(base, quality, threshold);
        assertLe(reward, base, "I-04");
        if (quality < threshold) assertEq(reward, 0, "EQ-17: nothing below the threshold");
    }

    function test_ThresholdIsMetAtEquality() public pure {
        assertEq(RewardMath.rewardDown(100e18, 0.6e18, 0.6e18), 60e18, "D10");
        assertEq(RewardMath.rewardDown(100e18, 0.6e18 - 1, 0.6e18), 0, "D10: a wei below");
        assertEq(RewardMath.rewardDown(100e18, WAD, WAD), 100e18, "all of R_base at Q = 1");
    }

    function testFuzz_BetterAnswerNeverEarnsLess(
        uint256 base,
        uint256 low,
        uint256 high,
        uint256 threshold
    ) public pure {
        base = bound(base, 0, MOST);
        high = bound(high, 0, WAD);
        low = bound(low, 0, high);
        uint256 atHigh = RewardMath.rewardDown(base, high, threshold);
        assertLe(RewardMath.rewardDown(base, low, threshold), atHigh, "EQ-17 monotonic in Q");
    }

    function testFuzz_SlashNeverExceedsStake(uint256 stake, uint256 base, uint256 share) public pure {
        base = bound(base, 0, MOST);
        share = bound(share, 1, WAD - 1);
        uint256 amount = RewardMath.slashAmountUp(base, share);
        uint256 remaining = RewardMath.stakeAfterSlash(stake, amount);
        assertLe(remaining, stake, "I-14");
        assertEq(stake - remaining, amount < stake ? amount : stake, "I-14: the amount, or all there is");
    }

    function testFuzz_SlashCostsAUnitAndAtMostTheReward(uint256 base, uint256 share) public pure {
        base = bound(base, 0, MOST);
        share = bound(share, 1, WAD - 1);
        uint256 amount = RewardMath.slashAmountUp(base, share);
        assertGe(amount, 1, "D7: at least one unit");
        assertLe(amount, base > 0 ? base : 1, "D7: kappa is below 1");
        assertGe(amount * WAD, base * share, "D7: rounded up");
    }

    function testFuzz_QualityIsAMean(uint256[4] memory scores, uint256[3] memory cuts, bool hasEvidence) public pure {
        uint256[4] memory weights;
        weights[0] = bound(cuts[0], 1, WAD);
        weights[1] = bound(cuts[1], 0, WAD - weights[0]);
        weights[2] = bound(cuts[2], 0, WAD - weights[0] - weights[1]);
        weights[3] = WAD - weights[0] - weights[1] - weights[2];
        uint256 least = WAD;
        uint256 most;
        for (uint256 i; i < 4; ++i) {
            scores[i] = bound(scores[i], 0, WAD);
            if (i == 2 && !hasEvidence) continue;
            if (scores[i] < least) least = scores[i];
            if (scores[i] > most) most = scores[i];
        }
        uint256 quality = RewardMath.qualityDown(scores[0], scores[1], scores[2], scores[3], weights, hasEvidence);
        assertGe(quality, least, "EQ-18 is a mean");
        assertLe(quality, most, "EQ-18 is a mean");
    }

    function testFuzz_WithoutEvidenceTheFactualScoreIsIgnored(uint256 one, uint256 other) public pure {
        uint256[4] memory weights = [uint256(0.4e18), 0.2e18, 0.3e18, 0.1e18];
        one = bound(one, 0, WAD);
        other = bound(other, 0, WAD);
        assertEq(
            RewardMath.qualityDown(0.5e18, 0.7e18, one, WAD, weights, false),
            RewardMath.qualityDown(0.5e18, 0.7e18, other, WAD, weights, false),
            "EQ-18: F is absent"
        );
        assertEq(RewardMath.qualityDown(0.7e18, 0.7e18, one, 0.7e18, weights, false), 0.7e18, "divided by 1 - gamma");
    }
}
