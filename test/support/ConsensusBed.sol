// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ScoreConsensus} from "../../contracts/consensus/ScoreConsensus.sol";
import {EpochClock} from "../../contracts/epoch/EpochClock.sol";
import {IRequestEscrow} from "../../contracts/interfaces/IRequestEscrow.sol";
import {IScoreConsensus} from "../../contracts/interfaces/IScoreConsensus.sol";
import {IValidatorSet} from "../../contracts/interfaces/IValidatorSet.sol";
import {SettlementMock} from "../../contracts/mocks/SettlementMock.sol";
import {ValidatorSetMock} from "../../contracts/mocks/ValidatorSetMock.sol";
import {Test} from "./Test.sol";

/// @title The consensus alone, between a validator set and an escrow of a test's own choice
/// @notice Real clock, real signatures. Seat i signs with the key `keyOf(i)`; epoch 1 is frozen with four equal seats,
/// three of which are needed.
abstract contract ConsensusBed is Test {
    uint32 internal constant EPOCH_LENGTH = 1 days;
    uint32 internal constant ROUND_LENGTH = 600;
    uint64 internal constant GENESIS = 1_800_000_000;
    /// @dev Order of secp256k1.
    uint256 internal constant CURVE_ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141;

    EpochClock internal clock;
    ValidatorSetMock internal set;
    SettlementMock internal settlement;
    ScoreConsensus internal consensus;
    address internal poster = address(0xB0B);

    function setUp() public virtual {
        vm.warp(GENESIS);
        clock = new EpochClock(GENESIS, EPOCH_LENGTH, address(this));
        set = new ValidatorSetMock();
        settlement = new SettlementMock();
        consensus = newConsensus();
        freezeEqual(1, 4, 3);
        vm.warp(clock.epochStart(1));
    }

    function newConsensus() internal returns (ScoreConsensus) {
        return
            new ScoreConsensus(clock, IValidatorSet(address(set)), IRequestEscrow(address(settlement)), ROUND_LENGTH);
    }

    function keyOf(uint256 seat) internal pure returns (uint256) {
        return uint256(keccak256(abi.encode("seat", seat)));
    }

    function freeze(uint64 epoch, uint64[] memory weights, uint8 leastConfirmations) internal {
        address[] memory hotKeys = new address[](weights.length);
        for (uint256 i; i < weights.length; ++i) {
            if (weights[i] != 0) hotKeys[i] = vm.addr(keyOf(i));
        }
        set.freeze(epoch, hotKeys, weights, leastConfirmations);
    }

    function freezeEqual(uint64 epoch, uint256 seats, uint8 leastConfirmations) internal {
        uint64[] memory weights = new uint64[](seats);
        for (uint256 i; i < seats; ++i) {
            weights[i] = uint64(1e18 / seats);
        }
        freeze(epoch, weights, leastConfirmations);
    }

    function resultsOf(uint256 count) internal pure returns (IRequestEscrow.RequestResult[] memory results) {
        results = new IRequestEscrow.RequestResult[](count);
        for (uint256 i; i < count; ++i) {
            results[i].requestId = i + 1;
            results[i].responses = new IRequestEscrow.ResponseScore[](1);
            results[i].responses[0] = IRequestEscrow.ResponseScore({
                relevance: 9e8,
                coherence: 8e8,
                factual: 7e8,
                responseTime: 6e8,
                throughput: 500,
                scored: true,
                fraud: 0
            });
        }
    }

    function scoreReport(uint64 epoch, uint32 round) internal view returns (IScoreConsensus.ScoreReport memory) {
        return IScoreConsensus.ScoreReport(epoch, round, 0, poster, resultsOf(1));
    }

    function epochReport(uint64 epoch) internal view returns (IScoreConsensus.EpochReport memory report) {
        report.epoch = epoch;
        report.poster = poster;
        report.scores.epoch = epoch;
        report.scores.hasLlm = true;
        report.scores.consensus = new uint32[](4);
        report.scores.data = new uint32[](4);
        report.scores.llm = new uint32[](4);
        for (uint256 i; i < 4; ++i) {
            report.scores.consensus[i] = uint32(1e9 - i * 1e8);
            report.scores.llm[i] = uint32(9e8 - i * 1e8);
        }
    }

    /// @dev r, s, v of every seat whose bit is set, in ascending order.
    function sign(bytes32 digest, uint64 signers) internal pure returns (bytes memory signatures) {
        for (uint256 seat; seat < 64; ++seat) {
            if ((signers >> seat) & 1 == 0) continue;
            (uint8 v, bytes32 r, bytes32 s) = vm.sign(keyOf(seat), digest);
            signatures = abi.encodePacked(signatures, r, s, v);
        }
    }

    function post(IScoreConsensus.ScoreReport memory report, uint64 signers) internal {
        consensus.postScoreReport(report, signers, sign(consensus.scoreReportDigest(report), signers));
    }

    function post(IScoreConsensus.EpochReport memory report, uint64 signers) internal {
        consensus.postEpochReport(report, signers, sign(consensus.epochReportDigest(report), signers));
    }

    /// @dev Posts and expects exactly this revert.
    function expectRefused(
        IScoreConsensus.ScoreReport memory report,
        uint64 signers,
        bytes memory signatures,
        bytes memory reason
    ) internal {
        vm.expectRevert(reason);
        consensus.postScoreReport(report, signers, signatures);
    }

    /// @dev As {expectRefused}, with the right signatures of `signers`.
    function expectRefused(IScoreConsensus.ScoreReport memory report, uint64 signers, bytes memory reason) internal {
        expectRefused(report, signers, sign(consensus.scoreReportDigest(report), signers), reason);
    }

    function expectRefused(IScoreConsensus.EpochReport memory report, uint64 signers, bytes memory reason) internal {
        bytes memory signatures = sign(consensus.epochReportDigest(report), signers);
        vm.expectRevert(reason);
        consensus.postEpochReport(report, signers, signatures);
    }

    function lowest(uint256 count) internal pure returns (uint64) {
        return count == 64 ? type(uint64).max : uint64((uint256(1) << count) - 1);
    }
}
