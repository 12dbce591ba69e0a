// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {exp as prbExp} from "@prb/math/src/sd59x18/Math.sol";
import {SD59x18} from "@prb/math/src/sd59x18/ValueType.sol";

import {CollateralMath} from "../math/CollateralMath.sol";
import {ConsensusMath} from "../math/ConsensusMath.sol";
import {EmissionMath} from "../math/EmissionMath.sol";
import {FeeMath} from "../math/FeeMath.sol";
import {GovernanceMath} from "../math/GovernanceMath.sol";
import {RewardMath} from "../math/RewardMath.sol";
import {StakingMath} from "../math/StakingMath.sol";
import {UtilityMath} from "../math/UtilityMath.sol";
import {VotesMath} from "../math/VotesMath.sol";
import {SeatTable} from "../registry/SeatTable.sol";

/// @title The internal libraries of contracts/math behind external functions, for tests and the bench
/// @notice One function a library function, over a batch: row i of the result belongs to row i of the arguments.
contract MathHarness {
    /// @dev Scores as ValidatorSet would store them, for measuring an argmin with its storage reads.
    uint256[8] private _scores;

    // StakingMath

    function clampedExponent(uint256[4][] calldata rows) external pure returns (int256[] memory out) {
        out = new int256[](rows.length);
        for (uint256 i; i < rows.length; ++i) {
            out[i] = StakingMath.clampedExponent(rows[i][0], rows[i][1], rows[i][2], rows[i][3]);
        }
    }

    function sigma(int256[] calldata exponents) external pure returns (uint256[] memory out) {
        out = new uint256[](exponents.length);
        for (uint256 i; i < exponents.length; ++i) out[i] = StakingMath.sigma(exponents[i]);
    }

    /// @notice PRB-math's exp: the second opinion on σ.
    function sigmaByPrb(int256[] calldata exponents) external pure returns (uint256[] memory out) {
        out = new uint256[](exponents.length);
        for (uint256 i; i < exponents.length; ++i) out[i] = uint256(prbExp(SD59x18.wrap(exponents[i])).unwrap());
    }

    function baseRequirementUp(uint256[4][] calldata rows) external pure returns (uint256[] memory out) {
        out = new uint256[](rows.length);
        for (uint256 i; i < rows.length; ++i) {
            out[i] = StakingMath.baseRequirementUp(rows[i][0], rows[i][1], rows[i][2], rows[i][3]);
        }
    }

    function requirementUp(uint256[3][] calldata rows) external pure returns (uint256[] memory out) {
        out = new uint256[](rows.length);
        for (uint256 i; i < rows.length; ++i) out[i] = StakingMath.requirementUp(rows[i][0], rows[i][1], rows[i][2]);
    }

    function largestBudgetUp(uint256[2][] calldata rows) external pure returns (uint256[] memory out) {
        out = new uint256[](rows.length);
        for (uint256 i; i < rows.length; ++i) out[i] = StakingMath.largestBudgetUp(rows[i][0], rows[i][1]);
    }

    /// @param rows C, D, L, α, β, γ, hasData, hasLlm; the last two are 0 or 1.
    function performanceDown(uint256[8][] calldata rows) external pure returns (uint256[] memory out) {
        out = new uint256[](rows.length);
        for (uint256 i; i < rows.length; ++i) {
            uint256[8] calldata row = rows[i];
            out[i] = StakingMath.performanceDown(
                row[0],
                row[1],
                row[2],
                row[3],
                row[4],
                row[5],
                row[6] != 0,
                row[7] != 0
            );
        }
    }

    function lowestScores(
        uint256[8][] calldata packedScores,
        uint64[] calldata candidates
    ) external pure returns (uint32[] memory lowest, uint64[] memory tied) {
        lowest = new uint32[](candidates.length);
        tied = new uint64[](candidates.length);
        for (uint256 i; i < candidates.length; ++i) {
            (lowest[i], tied[i]) = StakingMath.lowestScores(packedScores[i], candidates[i]);
        }
    }

    function workerPerformanceDown(uint256[4][] calldata rows) external pure returns (uint256[] memory out) {
        out = new uint256[](rows.length);
        for (uint256 i; i < rows.length; ++i) {
            out[i] = StakingMath.workerPerformanceDown(rows[i][0], rows[i][1], rows[i][2], rows[i][3]);
        }
    }

    function throughputRatioDown(uint256[2][] calldata rows) external pure returns (uint256[] memory out) {
        out = new uint256[](rows.length);
        for (uint256 i; i < rows.length; ++i) out[i] = StakingMath.throughputRatioDown(rows[i][0], rows[i][1]);
    }

    function meanUtilityDown(uint256[3][] calldata rows) external pure returns (uint256[] memory out) {
        out = new uint256[](rows.length);
        for (uint256 i; i < rows.length; ++i) out[i] = StakingMath.meanUtilityDown(rows[i][0], rows[i][1], rows[i][2]);
    }

    function limitStep(uint256[3][] calldata rows) external pure returns (uint256[] memory out) {
        out = new uint256[](rows.length);
        for (uint256 i; i < rows.length; ++i) out[i] = StakingMath.limitStep(rows[i][0], rows[i][1], rows[i][2]);
    }

    // UtilityMath

    function foldUtility(uint256[4][] calldata rows) external pure returns (uint256[] memory out) {
        out = new uint256[](rows.length);
        for (uint256 i; i < rows.length; ++i) {
            out[i] = UtilityMath.foldUtility(rows[i][0], rows[i][1], rows[i][2], rows[i][3]);
        }
    }

    function workWeightDown(uint256[2][] calldata rows) external pure returns (uint256[] memory out) {
        out = new uint256[](rows.length);
        for (uint256 i; i < rows.length; ++i) out[i] = UtilityMath.workWeightDown(rows[i][0], rows[i][1]);
    }

    function consumptionDown(uint256[3][] calldata rows) external pure returns (uint256[] memory out) {
        out = new uint256[](rows.length);
        for (uint256 i; i < rows.length; ++i) {
            out[i] = UtilityMath.consumptionDown(rows[i][0], rows[i][1], rows[i][2]);
        }
    }

    function oraclePerformanceUp(uint256[2][] calldata rows) external pure returns (uint256[] memory out) {
        out = new uint256[](rows.length);
        for (uint256 i; i < rows.length; ++i) out[i] = UtilityMath.oraclePerformanceUp(rows[i][0], rows[i][1]);
    }

    // CollateralMath

    function unitsDown(uint256[3][] calldata rows) external pure returns (uint256[] memory out) {
        out = new uint256[](rows.length);
        for (uint256 i; i < rows.length; ++i) out[i] = CollateralMath.unitsDown(rows[i][0], rows[i][1], rows[i][2]);
    }

    function cappedUnitsDown(uint256[3][] calldata rows) external pure returns (uint256[] memory out) {
        out = new uint256[](rows.length);
        for (uint256 i; i < rows.length; ++i) {
            out[i] = CollateralMath.cappedUnitsDown(rows[i][0], rows[i][1], rows[i][2]);
        }
    }

    /// @param rows MASA staked, MASA queued, TAO staked, TAO queued, reserved, amount, scale, weight.
    /// @return out MASA staked, MASA queued, TAO staked, TAO queued, shortfall.
    function cut(uint256[8][] calldata rows) external pure returns (uint256[5][] memory out) {
        out = new uint256[5][](rows.length);
        for (uint256 i; i < rows.length; ++i) {
            uint256[8] calldata row = rows[i];
            CollateralMath.Cut memory c = CollateralMath.cut(
                [row[0], row[1], row[2], row[3]],
                row[4],
                row[5],
                row[6],
                row[7]
            );
            out[i] = [c.masaStaked, c.masaQueued, c.taoStaked, c.taoQueued, c.shortfall];
        }
    }

    // FeeMath

    function feeUp(uint256[6][] calldata rows) external pure returns (uint256[] memory out) {
        out = new uint256[](rows.length);
        for (uint256 i; i < rows.length; ++i) {
            uint256[6] calldata row = rows[i];
            out[i] = FeeMath.feeUp(row[0], row[1], row[2], row[3], row[4], row[5]);
        }
    }

    // RewardMath

    /// @param rows R, C, F, T, α, β, γ, δ, hasEvidence; the last is 0 or 1.
    function qualityDown(uint256[9][] calldata rows) external pure returns (uint256[] memory out) {
        out = new uint256[](rows.length);
        for (uint256 i; i < rows.length; ++i) {
            uint256[9] calldata row = rows[i];
            out[i] = RewardMath.qualityDown(
                row[0],
                row[1],
                row[2],
                row[3],
                [row[4], row[5], row[6], row[7]],
                row[8] != 0
            );
        }
    }

    function rewardDown(uint256[3][] calldata rows) external pure returns (uint256[] memory out) {
        out = new uint256[](rows.length);
        for (uint256 i; i < rows.length; ++i) out[i] = RewardMath.rewardDown(rows[i][0], rows[i][1], rows[i][2]);
    }

    function slashAmountUp(uint256[2][] calldata rows) external pure returns (uint256[] memory out) {
        out = new uint256[](rows.length);
        for (uint256 i; i < rows.length; ++i) out[i] = RewardMath.slashAmountUp(rows[i][0], rows[i][1]);
    }

    function stakeAfterSlash(uint256[2][] calldata rows) external pure returns (uint256[] memory out) {
        out = new uint256[](rows.length);
        for (uint256 i; i < rows.length; ++i) out[i] = RewardMath.stakeAfterSlash(rows[i][0], rows[i][1]);
    }

    // ConsensusMath

    function seatWeightDown(uint256[2][] calldata rows) external pure returns (uint256[] memory out) {
        out = new uint256[](rows.length);
        for (uint256 i; i < rows.length; ++i) out[i] = ConsensusMath.seatWeightDown(rows[i][0], rows[i][1]);
    }

    function drawDown(uint256[2][] calldata rows) external pure returns (uint256[] memory out) {
        out = new uint256[](rows.length);
        for (uint256 i; i < rows.length; ++i) out[i] = ConsensusMath.drawDown(rows[i][0], uint64(rows[i][1]));
    }

    function seatAt(uint256[] calldata weights, uint256[] calldata draws) external pure returns (uint256[] memory out) {
        uint64[] memory narrow = new uint64[](weights.length);
        for (uint256 i; i < weights.length; ++i) narrow[i] = uint64(weights[i]);
        (bytes memory table, ) = SeatTable.encode(new address[](weights.length), narrow);
        out = new uint256[](draws.length);
        for (uint256 i; i < draws.length; ++i) out[i] = SeatTable.seatAt(table, draws[i]);
    }

    function isFinal(uint256[4][] calldata rows) external pure returns (bool[] memory out) {
        out = new bool[](rows.length);
        for (uint256 i; i < rows.length; ++i) {
            out[i] = ConsensusMath.isFinal(rows[i][0], rows[i][1], rows[i][2], rows[i][3]);
        }
    }

    // VotesMath

    /// @dev For each row, changes one after another from nothing on.
    function votesAfter(uint256[2][][] calldata rows) external pure returns (uint256[] memory out) {
        out = new uint256[](rows.length);
        for (uint256 i; i < rows.length; ++i) {
            for (uint256 k; k < rows[i].length; ++k) {
                out[i] = VotesMath.votesAfter(out[i], rows[i][k][0], rows[i][k][1]);
            }
        }
    }

    // GovernanceMath

    function quorumUp(uint256[3][] calldata rows) external pure returns (uint256[] memory out) {
        out = new uint256[](rows.length);
        for (uint256 i; i < rows.length; ++i) out[i] = GovernanceMath.quorumUp(rows[i][0], rows[i][1], rows[i][2]);
    }

    function passes(uint256[5][] calldata rows) external pure returns (bool[] memory out) {
        out = new bool[](rows.length);
        for (uint256 i; i < rows.length; ++i) {
            out[i] = GovernanceMath.passes(rows[i][0], rows[i][1], rows[i][2], rows[i][3], rows[i][4]);
        }
    }

    // EmissionMath

    function releaseDown(uint256[2][] calldata rows) external pure returns (uint256[] memory out) {
        out = new uint256[](rows.length);
        for (uint256 i; i < rows.length; ++i) out[i] = EmissionMath.releaseDown(rows[i][0], rows[i][1]);
    }

    function shareDown(uint256[2][] calldata rows) external pure returns (uint256[] memory out) {
        out = new uint256[](rows.length);
        for (uint256 i; i < rows.length; ++i) out[i] = EmissionMath.shareDown(rows[i][0], rows[i][1]);
    }

    /// @param rows Pot, α, β, γ, hasData, hasLlm; the last two are 0 or 1.
    function rewardPartsDown(uint256[6][] calldata rows) external pure returns (uint256[3][] memory out) {
        out = new uint256[3][](rows.length);
        for (uint256 i; i < rows.length; ++i) {
            uint256[6] calldata row = rows[i];
            out[i] = EmissionMath.rewardPartsDown(row[0], [row[1], row[2], row[3]], row[4] != 0, row[5] != 0);
        }
    }

    /// @param rows Three parts, weight, C, D, L, three sums.
    function validatorRewardDown(uint256[10][] calldata rows) external pure returns (uint256[] memory out) {
        out = new uint256[](rows.length);
        for (uint256 i; i < rows.length; ++i) {
            uint256[10] calldata row = rows[i];
            out[i] = EmissionMath.validatorRewardDown(
                [row[0], row[1], row[2]],
                row[3],
                [row[4], row[5], row[6]],
                [row[7], row[8], row[9]]
            );
        }
    }

    // Gas: the difference of gasleft around the library's call, with the cost of reading gasleft taken off.

    /// @return used Gas of σ itself.
    /// @return value σ.
    function sigmaGas(int256 exponent) external view returns (uint256 used, uint256 value) {
        uint256 before = gasleft();
        value = StakingMath.sigma(exponent);
        uint256 afterwards = gasleft();
        used = before - afterwards - _emptyGas();
    }

    /// @return used Gas of the argmin over scores in memory, without reading storage.
    /// @return lowest The least score.
    /// @return tied Seats that have it.
    function lowestScoresGas(
        uint256[8] memory packedScores,
        uint64 candidates
    ) external view returns (uint256 used, uint32 lowest, uint64 tied) {
        uint256 before = gasleft();
        (lowest, tied) = StakingMath.lowestScores(packedScores, candidates);
        uint256 afterwards = gasleft();
        used = before - afterwards - _emptyGas();
    }

    function storeScores(uint256[8] calldata packedScores) external {
        _scores = packedScores;
    }

    /// @notice The argmin over stored scores, as a transaction of its own: what the bench compares with its budget.
    function findLowest(uint64 candidates) external view returns (uint32 lowest, uint64 tied) {
        return StakingMath.lowestScores(_scores, candidates);
    }

    /// @dev Gas between two readings of gasleft with nothing between them.
    function _emptyGas() private view returns (uint256) {
        uint256 before = gasleft();
        uint256 afterwards = gasleft();
        return before - afterwards;
    }
}
