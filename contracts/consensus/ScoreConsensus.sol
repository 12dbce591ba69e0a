// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";

import {IEpochClock} from "../interfaces/IEpochClock.sol";
import {IRequestEscrow} from "../interfaces/IRequestEscrow.sol";
import {IScoreConsensus} from "../interfaces/IScoreConsensus.sol";
import {IValidatorSet} from "../interfaces/IValidatorSet.sol";
import {ConsensusMath} from "../math/ConsensusMath.sol";

/// @title ScoreConsensus
/// @notice Checks signatures against the frozen set and hands final reports on. Has no owner and no parameters of its
/// own: threshold and confirmations are frozen with the set. See {IScoreConsensus}.
contract ScoreConsensus is IScoreConsensus, EIP712 {
    bytes32 private constant SCORE_REPORT_TYPEHASH = keccak256(
        "ScoreReport(uint64 epoch,uint32 round,uint32 attempt,address poster,bytes32 resultsHash)"
    );
    bytes32 private constant EPOCH_REPORT_TYPEHASH = keccak256(
        "EpochReport(uint64 epoch,uint32 attempt,address poster,bytes32 scoresHash)"
    );
    uint256 private constant SIGNATURE_LENGTH = 65;
    /// @notice Most results of one report, and most responses in them, so that the dearest report (everything paid, to
    /// different workers, cold) leaves a tenth of the 16,777,216 gas that a transaction may use.
    uint256 public constant MAX_RESULTS = 150;
    uint256 public constant MAX_RESPONSES = 200;

    IEpochClock public immutable clock;
    IValidatorSet public immutable validatorSet;
    IRequestEscrow public immutable escrow;
    /// @inheritdoc IScoreConsensus
    uint32 public immutable roundLength;

    mapping(uint64 epoch => mapping(uint32 round => bytes32 digest)) private _final;
    mapping(uint64 epoch => bytes32 digest) private _finalEpoch;

    /// @param roundLength_ Seconds, at most an epoch.
    constructor(
        IEpochClock clock_,
        IValidatorSet validatorSet_,
        IRequestEscrow escrow_,
        uint32 roundLength_
    ) EIP712("Masa Score Consensus", "1") {
        if (address(clock_) == address(0) || address(validatorSet_) == address(0) || address(escrow_) == address(0))
            revert ScoreConsensus_ZeroAddress();
        uint64 epochLength = clock_.epochLength();
        if (roundLength_ == 0 || roundLength_ > epochLength) {
            revert ScoreConsensus_RoundLengthOutOfRange(roundLength_, epochLength);
        }
        clock = clock_;
        validatorSet = validatorSet_;
        escrow = escrow_;
        roundLength = roundLength_;
    }

    /// @inheritdoc IScoreConsensus
    function postScoreReport(ScoreReport calldata report, uint64 signers, bytes calldata signatures) external {
        uint64 current = clock.currentEpoch();
        if (report.epoch > current || report.epoch + 1 < current) {
            revert ScoreConsensus_OutsideWindow(report.epoch, current);
        }
        uint256 rounds = clock.lengthOf(report.epoch) / roundLength;
        if (report.round >= rounds) revert ScoreConsensus_NoSuchRound(report.round, rounds);
        uint256 beginsAt = clock.epochStart(report.epoch) + uint256(report.round) * roundLength;
        if (block.timestamp < beginsAt) {
            revert ScoreConsensus_RoundNotBegun(report.epoch, report.round, beginsAt, block.timestamp);
        }
        if (_final[report.epoch][report.round] != bytes32(0)) {
            revert ScoreConsensus_AlreadyFinal(report.epoch, report.round);
        }
        _requireBounded(report.results);
        bytes32 digest = scoreReportDigest(report);
        _requireFinal(report.epoch, digest, signers, signatures);
        _final[report.epoch][report.round] = digest;
        emit ScoreReportFinalised(report.epoch, report.round, digest, signers, report.attempt, report.poster);
        escrow.settle(report.results);
    }

    /// @inheritdoc IScoreConsensus
    function postEpochReport(EpochReport calldata report, uint64 signers, bytes calldata signatures) external {
        uint64 current = clock.currentEpoch();
        if (report.epoch >= current || report.epoch + 1 != current) {
            revert ScoreConsensus_OutsideWindow(report.epoch, current);
        }
        if (report.scores.epoch != report.epoch) {
            revert ScoreConsensus_ScoresOfAnotherEpoch(report.epoch, report.scores.epoch);
        }
        if (_finalEpoch[report.epoch] != bytes32(0)) revert ScoreConsensus_EpochAlreadyFinal(report.epoch);
        bytes32 digest = epochReportDigest(report);
        _requireFinal(report.epoch, digest, signers, signatures);
        _finalEpoch[report.epoch] = digest;
        emit EpochReportFinalised(report.epoch, digest, signers, report.attempt, report.poster);
        validatorSet.recordScores(report.scores);
    }

    /// @inheritdoc IScoreConsensus
    function finalDigestOf(uint64 epoch, uint32 round) external view returns (bytes32) {
        return _final[epoch][round];
    }

    /// @inheritdoc IScoreConsensus
    function finalEpochDigestOf(uint64 epoch) external view returns (bytes32) {
        return _finalEpoch[epoch];
    }

    /// @inheritdoc IScoreConsensus
    function scoreReportDigest(ScoreReport calldata report) public view returns (bytes32) {
        return
            _hashTypedDataV4(
                keccak256(
                    abi.encode(
                        SCORE_REPORT_TYPEHASH,
                        report.epoch,
                        report.round,
                        report.attempt,
                        report.poster,
                        keccak256(abi.encode(report.results))
                    )
                )
            );
    }

    /// @inheritdoc IScoreConsensus
    function epochReportDigest(EpochReport calldata report) public view returns (bytes32) {
        return
            _hashTypedDataV4(
                keccak256(
                    abi.encode(
                        EPOCH_REPORT_TYPEHASH,
                        report.epoch,
                        report.attempt,
                        report.poster,
                        keccak256(abi.encode(report.scores))
                    )
                )
            );
    }

    function _requireBounded(IRequestEscrow.RequestResult[] calldata results) private pure {
        if (results.length == 0) revert ScoreConsensus_EmptyReport();
        if (results.length > MAX_RESULTS) revert ScoreConsensus_TooManyResults(results.length, MAX_RESULTS);
        uint256 responses;
        for (uint256 i; i < results.length; ++i) {
            responses += results[i].responses.length;
        }
        if (responses > MAX_RESPONSES) revert ScoreConsensus_TooManyResponses(responses, MAX_RESPONSES);
    }

    /// @dev A bitmap of signers leaves no way to name a seat twice or out of order.
    function _requireFinal(uint64 epoch, bytes32 digest, uint64 signers, bytes calldata signatures) private view {
        IValidatorSet.FrozenSet memory frozen = validatorSet.frozenSetOf(epoch);
        if (frozen.table == address(0)) revert ScoreConsensus_EpochNotFrozen(epoch);
        (address[] memory hotKeys, uint64[] memory weights) = validatorSet.frozenSeatsOf(epoch);
        uint64 masked = signers & validatorSet.maskOf(epoch);
        if (masked != 0) revert ScoreConsensus_KeysRevoked(masked);
        uint256 confirmations;
        uint256 signedWeight;
        for (uint64 left = signers; left != 0; left &= left - 1) {
            ++confirmations;
        }
        if (signatures.length != confirmations * SIGNATURE_LENGTH) {
            revert ScoreConsensus_SignatureLength(signatures.length, confirmations * SIGNATURE_LENGTH);
        }
        uint256 offset;
        for (uint256 seat; seat < 64; ++seat) {
            if ((signers >> seat) & 1 == 0) continue;
            if (seat >= hotKeys.length || hotKeys[seat] == address(0)) revert ScoreConsensus_UnknownSeat(seat);
            bytes calldata signature = signatures[offset:offset + SIGNATURE_LENGTH];
            (address recovered, , ) = ECDSA.tryRecover(
                digest,
                uint8(signature[64]),
                bytes32(signature[:32]),
                bytes32(signature[32:64])
            );
            if (recovered != hotKeys[seat]) revert ScoreConsensus_BadSignature(seat, recovered);
            signedWeight += weights[seat];
            offset += SIGNATURE_LENGTH;
        }
        if (!ConsensusMath.isFinal(signedWeight, frozen.totalWeight, confirmations, frozen.leastConfirmations)) {
            revert ScoreConsensus_NotEnoughWeight(
                signedWeight,
                frozen.totalWeight,
                confirmations,
                frozen.leastConfirmations
            );
        }
    }
}
