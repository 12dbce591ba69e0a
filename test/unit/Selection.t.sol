// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FixedPointMathLib} from "solady/src/utils/FixedPointMathLib.sol";

import {IValidatorSet} from "../../contracts/interfaces/IValidatorSet.sol";
import {SeatsFixture} from "../support/SeatsFixture.sol";

/// @title The selection of proposers (EQ-27)
/// @notice 40,000 draws with a fixed seed are held against the frozen weights by Pearson's statistic,
/// χ² = Σ (drawn − expected)² / expected, over nine seats of different weights: eight degrees of freedom.
contract SelectionTest is SeatsFixture {
    uint256 private constant SEATS = 9;
    uint32 private constant ROUNDS = 5_000;
    uint32 private constant ATTEMPTS = 8;
    uint256 private constant DRAWS = 40_000;
    /// @dev The value that χ² with 8 degrees of freedom exceeds with probability 0.001, WAD: NIST/SEMATECH e-Handbook of
    /// Statistical Methods, table 1.3.6.7.4. For an even number 2m of them that probability is
    /// exp(−x/2) · Σ_{k<m} (x/2)^k / k!, which {test_TheCriticalValue} holds the figure against.
    uint256 private constant CRITICAL = 26.124e18;

    uint256[SEATS] private _weights;

    function setUp() public override {
        super.setUp();
        // Uncapped 150,000 to 1,050,000, in all 4,800,000: with a cap of a fifth, 960,000, the heaviest is cut.
        uint256[SEATS] memory thousands = [uint256(1_050), 930, 810, 600, 450, 330, 270, 210, 150];
        IValidatorSet.SeatParameters memory p = _seatParameters();
        p.maxSeatShare = 0.2e18;
        validatorSet.setSeatParameters(p);
        for (uint256 i; i < SEATS; ++i) {
            _joinWaitlist(_registerValidator(i + 1, thousands[i] * 1_000e18));
            _weights[i] = thousands[i] == 1_050 ? 960 : thousands[i];
        }
        vm.prevrandao(uint256(keccak256("a fixed seed")));
        _rollNext();
    }

    /// @dev How often each seat was drawn.
    function _draw() private view returns (uint256[SEATS] memory drawn) {
        for (uint32 round; round < ROUNDS; ++round) {
            for (uint32 attempt; attempt < ATTEMPTS; ++attempt) {
                ++drawn[validatorSet.proposerOf(1, round, attempt)];
            }
        }
    }

    /// @return statistic χ², WAD. With E = DRAWS · w / W a term is (O·W − DRAWS·w)² / (DRAWS · w · W).
    function _chiSquared(
        uint256[SEATS] memory drawn,
        uint256[SEATS] memory weights
    ) private pure returns (uint256 statistic) {
        uint256 total;
        for (uint256 i; i < SEATS; ++i) {
            total += weights[i];
        }
        for (uint256 i; i < SEATS; ++i) {
            int256 difference = int256(drawn[i] * total) - int256(DRAWS * weights[i]);
            statistic += (uint256(difference * difference) * WAD) / (DRAWS * weights[i] * total);
        }
    }

    /// @return p Probability that χ² with 8 degrees of freedom exceeds `statistic`, WAD.
    function _exceeded(uint256 statistic) private pure returns (uint256 p) {
        uint256 half = statistic / 2;
        uint256 term = WAD;
        for (uint256 k = 1; k <= 4; ++k) {
            p += term;
            term = (term * half) / (k * WAD);
        }
        p = (p * uint256(FixedPointMathLib.expWad(-int256(half)))) / WAD;
    }

    function test_TheCriticalValue() public pure {
        assertNear(_exceeded(CRITICAL), 0.001e18, 0.0000005e18, "p = 0.001");
    }

    function test_TheFrozenWeightsAreThoseOfTheTest() public view {
        (, uint64[] memory frozen) = validatorSet.frozenSeatsOf(1);
        assertEq(frozen.length, SEATS, "rows");
        for (uint256 i; i < SEATS; ++i) {
            assertEq(frozen[i], _weights[i] * 1_000e6, "EQ-27 weight");
        }
    }

    function test_EQ27_FrequenciesFollowTheWeights() public view {
        uint256[SEATS] memory drawn = _draw();
        uint256[SEATS] memory weights = _weights;
        uint256 statistic = _chiSquared(drawn, weights);
        assertLt(statistic, CRITICAL, "EQ-27 chi squared");
        assertGt(_exceeded(statistic), 0.001e18, "EQ-27 p");
    }

    /// The same statistic rejects weights that are not the frozen ones, so that the test before could have failed: equal
    /// ones, those before the cap, a heavier first seat, and two neighbours swapped.
    function test_EQ27_WrongWeightsAreRejected() public view {
        uint256[SEATS] memory drawn = _draw();
        uint256[SEATS] memory wrong;
        for (uint256 i; i < SEATS; ++i) {
            wrong[i] = 1;
        }
        assertGt(_chiSquared(drawn, wrong), CRITICAL, "EQ-27 equal weights are rejected");
        wrong = _weights;
        wrong[0] = 1_050;
        assertGt(_chiSquared(drawn, wrong), CRITICAL, "EQ-27 weights before the cap are rejected");
        wrong[0] = 1_200;
        assertGt(_chiSquared(drawn, wrong), CRITICAL, "EQ-27 a heavier first seat is rejected");
        wrong = _weights;
        (wrong[6], wrong[7]) = (wrong[7], wrong[6]);
        assertGt(_chiSquared(drawn, wrong), CRITICAL, "EQ-27 swapped neighbours are rejected");
    }

    /// Anyone recomputes a draw from the views: randomness, weights, and the hash of epoch, round and attempt.
    function testFuzz_EQ27_AnyoneRecomputesADraw(uint32 round, uint32 attempt, uint256 randomness) public {
        vm.prevrandao(randomness);
        _rollNext();
        randomness %= 2 ** 96;
        assertEq(validatorSet.randomnessOf(2), randomness, "EQ-27 the lowest 96 bits of the block's");
        (, uint64[] memory frozen) = validatorSet.frozenSeatsOf(2);
        uint256 random = uint256(keccak256(abi.encode(randomness, uint64(2), round, attempt)));
        // The upper 192 bits as a fraction of 2^192, times the total.
        uint256 draw = ((random / 2 ** 64) * validatorSet.frozenSetOf(2).totalWeight) / 2 ** 192;
        uint256 below;
        uint256 seat;
        for (uint256 i; i < frozen.length; ++i) {
            if (draw >= below && draw < below + frozen[i]) seat = i;
            below += frozen[i];
        }
        assertEq(validatorSet.proposerOf(2, round, attempt), seat, "EQ-27 the stretch that holds the draw");
    }

    function test_EQ27_ASilentProposerLosesItsAttempt() public view {
        uint256 first = validatorSet.proposerOf(1, 0, 0);
        uint256 others;
        for (uint32 attempt = 1; attempt <= 16; ++attempt) {
            if (validatorSet.proposerOf(1, 0, attempt) != first) ++others;
        }
        assertGt(others, 0, "EQ-27 another seat's turn");
    }

    function test_EQ27_SeatsWithoutWeightAreNeverDrawn() public {
        for (uint256 key = 1; key <= 8; ++key) {
            if (key == 5) continue;
            address owner = _ownerAt(key - 1);
            vm.prank(owner);
            registry.revokeOperator(vm.addr(key));
        }
        _rollNext();
        for (uint32 round; round < 200; ++round) {
            uint256 seat = validatorSet.proposerOf(2, round, 0);
            assertTrue(seat == 4 || seat == 8, "EQ-27 drawn without weight");
        }
    }

    function test_RevertGiven_AnEmptySet() public {
        for (uint256 seat; seat < SEATS; ++seat) {
            _leaveSeat(_ownerAt(seat));
        }
        _rollNext();
        vm.expectRevert(abi.encodeWithSelector(IValidatorSet.ValidatorSet_EmptySet.selector, uint64(2)));
        validatorSet.proposerOf(2, 0, 0);
    }
}
