// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {EmissionMath} from "../../contracts/math/EmissionMath.sol";
import {Test} from "../support/Test.sol";

/// @title Properties of emission and of the validators' rewards
contract EmissionMathTest is Test {
    uint256 private constant WAD = 1e18;

    function testFuzz_EMI01_ReleasesNeverSumToMoreThanThePool(uint128 pool, uint64 rate, uint8 epochs) public pure {
        uint256 share = bound(rate, 1, 0.1e18);
        uint256 left = pool;
        for (uint256 i; i < epochs % 32; ++i) {
            uint256 released = EmissionMath.releaseDown(left, share);
            assertLe(released, left / 10, "I-09: at most a tenth of what is left");
            left -= released;
        }
        assertLe(left, pool, "I-09: nothing is made");
    }

    function testFuzz_EMI09_PartsOfASplitNeverExceedIt(uint128 amount, uint64 first) public pure {
        uint256 share = bound(first, 0, WAD);
        uint256 sum = EmissionMath.shareDown(amount, share) + EmissionMath.shareDown(amount, WAD - share);
        assertLe(sum, amount, "EMI-09: rounded down");
        assertLe(amount - sum, 1, "EMI-09: by a wei a part at most");
    }

    function testFuzz_AKindThatDidNotOccurPassesItsWeightOn(uint128 pot, uint64 data, uint64 llm) public pure {
        uint256[3] memory weights;
        weights[1] = bound(data, 0, WAD);
        weights[2] = bound(llm, 0, WAD - weights[1]);
        weights[0] = WAD - weights[1] - weights[2];
        uint256 before = weights[0];
        uint256[3] memory parts = EmissionMath.rewardPartsDown(pot, [weights[0], weights[1], weights[2]], false, true);
        assertEq(parts[1], 0, "EQ-26: no data work, no part for it");
        uint256 rest = before + weights[2];
        if (rest == 0) {
            assertEq(parts[0] + parts[2], 0, "EQ-26: no weight is left");
            return;
        }
        assertLe(parts[0] + parts[2], pot, "EQ-26: never more than the pot");
        assertLe(pot - parts[0] - parts[2], 1, "EQ-26: the rest shares all of it");
        // Of two parts, which are in the proportion of their weights, neither is off by a whole wei.
        assertLe(parts[0] * rest, uint256(pot) * before, "EQ-26: rounded down");
        assertLt(uint256(pot) * before, (parts[0] + 1) * rest, "EQ-26: by less than a wei");
    }

    function test_AllKindsAbsentButConsensus() public pure {
        uint256[3] memory parts = EmissionMath.rewardPartsDown(1_000, [uint256(0.3e18), 0.2e18, 0.5e18], false, false);
        assertEq(parts[0], 1_000, "all of it");
        assertEq(parts[1] + parts[2], 0, "nothing else");
    }

    function testFuzz_EMI09_RewardsOfASetNeverExceedThePot(
        uint96 pot,
        uint64[8] calldata weights,
        uint32[24] calldata scores
    ) public pure {
        uint256[3] memory parts = EmissionMath.rewardPartsDown(pot, [uint256(0.3e18), 0.2e18, 0.5e18], true, true);
        uint256[3] memory sums;
        uint256[3][8] memory own;
        for (uint256 j; j < 8; ++j) {
            for (uint256 k; k < 3; ++k) {
                own[j][k] = scores[3 * j + k] % 1_000_000_001;
                sums[k] += weights[j] * own[j][k];
            }
        }
        uint256 paid;
        for (uint256 j; j < 8; ++j) {
            uint256 reward = EmissionMath.validatorRewardDown(parts, weights[j], own[j], sums);
            if (weights[j] == 0) assertEq(reward, 0, "EQ-26: no weight, no reward");
            paid += reward;
        }
        assertLe(paid, pot, "EMI-09: leaves are floored");
        // A part whose sum is 0 goes to nobody; of the others each seat loses less than a wei.
        uint256 due;
        for (uint256 k; k < 3; ++k) {
            if (sums[k] != 0) due += parts[k];
        }
        assertLe(paid, due, "EQ-26: by part");
        assertLe(due - paid, 24, "EQ-26: nothing but rounding is left");
    }
}
