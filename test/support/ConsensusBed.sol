// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Results} from "./Results.sol";
import {ScoreConsensus} from "../../contracts/consensus/ScoreConsensus.sol";
import {EpochClock} from "../../contracts/epoch/EpochClock.sol";
import {IOffences} from "../../contracts/interfaces/IOffences.sol";
import {IRequestEscrow} from "../../contracts/interfaces/IRequestEscrow.sol";
import {IRewardDistributor} from "../../contracts/interfaces/IRewardDistributor.sol";
import {IScoreConsensus} from "../../contracts/interfaces/IScoreConsensus.sol";
import {IValidatorSet} from "../../contracts/interfaces/IValidatorSet.sol";
import {DistributorMock} from "../../contracts/mocks/DistributorMock.sol";
import {OffencesMock} from "../../contracts/mocks/OffencesMock.sol";
import {SettlementMock} from "../../contracts/mocks/SettlementMock.sol";
import {ValidatorSetMock} from "../../contracts/mocks/ValidatorSetMock.sol";
import {Test} from "./Test.sol";

/// @title The consensus alone, between a validator set, an escrow, a distributor and offences of a test's own choice
/// @notice Real clock, real signatures. Seat i signs with the key `keyOf(i)`; epoch 1 is frozen with four equal seats,
/// three of which are needed. A round has five attempts.
abstract contract ConsensusBed is Test {
    uint32 internal constant EPOCH_LENGTH = 1 days;
    uint32 internal constant ROUND_LENGTH = 600;
    uint32 internal constant ATTEMPT_LENGTH = 120;
    uint32 internal constant ATTEMPTS = ROUND_LENGTH / ATTEMPT_LENGTH;
    /// @dev The round that the epoch report is drawn with.
    uint32 internal constant EPOCH_ROUND = 0xffffffff;
    /// @dev Of ScoreConsensus's `_final`.
    uint256 private constant FINAL_SLOT = 3;
    uint64 internal constant GENESIS = 1_800_000_000;
    /// @dev Order of secp256k1.
    uint256 internal constant CURVE_ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141;

    EpochClock internal clock;
    ValidatorSetMock internal set;
    SettlementMock internal settlement;
    DistributorMock internal distributor;
    OffencesMock internal offences;
    ScoreConsensus internal consensus;
    address internal poster = address(0xB0B);

    function setUp() public virtual {
        vm.warp(GENESIS);
        clock = new EpochClock(GENESIS, EPOCH_LENGTH, address(this));
        set = new ValidatorSetMock();
        settlement = new SettlementMock();
        distributor = new DistributorMock();
        offences = new OffencesMock();
        consensus = newConsensus();
        freezeEqual(1, 4, 3);
        vm.warp(clock.epochStart(1));
    }

    function newConsensus() internal returns (ScoreConsensus) {
        return newConsensus(ROUND_LENGTH, ATTEMPT_LENGTH);
    }

    function newConsensus(uint32 roundLength, uint32 attemptLength) internal returns (ScoreConsensus fresh) {
        fresh = unwiredConsensus(roundLength, attemptLength);
        fresh.wire(IOffences(address(offences)));
    }

    function unwiredConsensus(uint32 roundLength, uint32 attemptLength) internal returns (ScoreConsensus) {
        return
            new ScoreConsensus(
                clock,
                IValidatorSet(address(set)),
                IRequestEscrow(address(settlement)),
                IRewardDistributor(address(distributor)),
                roundLength,
                attemptLength,
                address(this)
            );
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

    function resultsOf(uint256 count) internal pure returns (Results.Line[] memory results) {
        results = new Results.Line[](count);
        for (uint256 i; i < count; ++i) {
            results[i].requestId = i + 1;
            results[i].responses = new Results.Score[](1);
            results[i].responses[0] = Results.Score({
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
        return scoreReport(epoch, round, 0);
    }

    function scoreReport(
        uint64 epoch,
        uint32 round,
        uint32 attempt
    ) internal view returns (IScoreConsensus.ScoreReport memory) {
        return
            IScoreConsensus.ScoreReport(
                epoch,
                round,
                attempt,
                poster,
                keccak256("commitments"),
                Results.encode(resultsOf(1))
            );
    }

    function epochReport(uint64 epoch) internal view returns (IScoreConsensus.EpochReport memory report) {
        report.epoch = epoch;
        report.poster = poster;
        report.rewardRoot = keccak256("root");
        (report.validatorTotal, report.workerTotal) = (5e18, 7e18);
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

    /// @dev v, r, s of every seat whose bit is set, in ascending order.
    function sign(bytes32 digest, uint64 signers) internal pure returns (bytes memory signatures) {
        for (uint256 seat; seat < 64; ++seat) {
            if ((signers >> seat) & 1 == 0) continue;
            (uint8 v, bytes32 r, bytes32 s) = vm.sign(keyOf(seat), digest);
            signatures = abi.encodePacked(signatures, v, r, s);
        }
    }

    // ---------------------------------------------------------------- draws

    /// @dev The seat drawn with `randomness`, by the rule as {IValidatorSet.proposerOf} states it.
    function drawnWith(
        uint256 randomness,
        uint64 epoch,
        uint32 round,
        uint32 attempt
    ) internal view returns (uint256 seat) {
        uint64[] memory weights = set.weightsOf(epoch);
        uint256 total;
        for (uint256 i; i < weights.length; ++i) total += weights[i];
        uint256 random = uint256(keccak256(abi.encode(randomness, epoch, round, attempt)));
        uint256 drawn = ((random / 2 ** 64) * total) / 2 ** 192;
        uint256 above;
        for (; ; ++seat) {
            above += weights[seat];
            if (drawn < above) return seat;
        }
    }

    function proposerOf(uint64 epoch, uint32 round, uint32 attempt) internal view returns (uint256) {
        return drawnWith(set.randomnessOf(epoch), epoch, round, attempt);
    }

    /// @dev Gives the epoch the first randomness that makes the attempt the turn of `seat`.
    function draw(uint64 epoch, uint32 round, uint32 attempt, uint256 seat) internal {
        uint256 randomness;
        while (drawnWith(randomness, epoch, round, attempt) != seat) ++randomness;
        redraw(epoch, round, randomness);
    }

    /// @dev Changes the randomness of an epoch, which nothing but a test does: the consensus may have kept it.
    function redraw(uint64 epoch, uint32 round, uint256 randomness) internal {
        set.setRandomness(epoch, uint96(randomness));
        bytes32 slot = keccak256(abi.encode(uint256(round / 96), keccak256(abi.encode(uint256(epoch), FINAL_SLOT))));
        uint256 word = uint256(vm.load(address(consensus), slot));
        if (word == 0) return;
        word &= ~(uint256(type(uint96).max) << 96);
        vm.store(address(consensus), slot, bytes32(word | (randomness << 96)));
    }

    /// @dev Makes the attempt the turn of the heaviest signer: what a test says of signatures it says of any draw.
    function drawSigner(uint64 epoch, uint32 round, uint32 attempt, uint64 signers) internal {
        uint64[] memory weights = set.weightsOf(epoch);
        uint256 heaviest;
        for (uint256 i; i < weights.length; ++i) {
            if ((signers >> i) & 1 == 0) continue;
            if ((signers >> heaviest) & 1 == 0 || weights[i] > weights[heaviest]) heaviest = i;
        }
        draw(epoch, round, attempt, heaviest);
    }

    // ---------------------------------------------------------------- posts

    /// @dev Posts with the signatures of `signers`, one of whom is made the proposer.
    function post(IScoreConsensus.ScoreReport memory report, uint64 signers) internal {
        drawSigner(report.epoch, report.round, report.attempt, signers);
        postAsDrawn(report, signers);
    }

    function post(IScoreConsensus.EpochReport memory report, uint64 signers) internal {
        drawSigner(report.epoch, EPOCH_ROUND, report.attempt, signers);
        postAsDrawn(report, signers);
    }

    function postAsDrawn(IScoreConsensus.ScoreReport memory report, uint64 signers) internal {
        consensus.postScoreReport(report, signers, sign(consensus.scoreReportDigest(report), signers));
    }

    function postAsDrawn(IScoreConsensus.EpochReport memory report, uint64 signers) internal {
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

    // ---------------------------------------------------------------- reasons

    function outsideWindow(uint64 epoch, uint64 current) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(IScoreConsensus.ScoreConsensus_OutsideWindow.selector, epoch, current);
    }

    /// @dev As of this block.
    function notBegun(
        uint64 epoch,
        uint32 round,
        uint32 attempt,
        uint256 beginsAt
    ) internal view returns (bytes memory) {
        return
            abi.encodeWithSelector(
                IScoreConsensus.ScoreConsensus_AttemptNotBegun.selector,
                epoch,
                round,
                attempt,
                beginsAt,
                block.timestamp
            );
    }

    function lowest(uint256 count) internal pure returns (uint64) {
        return count == 64 ? type(uint64).max : uint64((uint256(1) << count) - 1);
    }
}
