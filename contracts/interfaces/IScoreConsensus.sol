// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IRequestEscrow} from "./IRequestEscrow.sol";
import {IValidatorSet} from "./IValidatorSet.sol";

/// @title Where the validators' agreed scores become final
/// @notice A report is final with the signatures of more than two thirds of the weight frozen for its epoch and of at
/// least the frozen number of seats (EQ-28; decision D16). Score reports settle requests, one a round; one epoch report
/// an epoch carries the validators' own scores. Anyone may post a signed report. Liveness relies on more than two thirds
/// of the weight being online; safety on less than one third of it being dishonest.
interface IScoreConsensus {
    /// @dev EIP-712: ScoreReport(uint64 epoch,uint32 round,uint32 attempt,address poster,bytes32 resultsHash), with
    /// resultsHash = keccak256(abi.encode(results)).
    struct ScoreReport {
        uint64 epoch; // whose frozen set signed
        uint32 round; // (time of the round − start of the epoch) / roundLength
        uint32 attempt; // one proposer's turn in the round
        address poster; // named by the signers for refunds to come
        IRequestEscrow.RequestResult[] results;
    }

    /// @dev EIP-712: EpochReport(uint64 epoch,uint32 attempt,address poster,bytes32 scoresHash), with scoresHash =
    /// keccak256(abi.encode(scores)).
    struct EpochReport {
        uint64 epoch; // scored and signing
        uint32 attempt;
        address poster;
        IValidatorSet.SeatScores scores;
    }

    event ScoreReportFinalised(
        uint64 indexed epoch,
        uint32 indexed round,
        bytes32 digest,
        uint64 signers,
        uint32 attempt,
        address poster
    );
    event EpochReportFinalised(uint64 indexed epoch, bytes32 digest, uint64 signers, uint32 attempt, address poster);

    error ScoreConsensus_ZeroAddress();
    error ScoreConsensus_RoundLengthOutOfRange(uint256 length, uint256 epochLength);
    error ScoreConsensus_EpochNotFrozen(uint64 epoch);
    /// @notice Score reports are taken in their epoch and the next, epoch reports in the next one alone.
    error ScoreConsensus_OutsideWindow(uint64 epoch, uint64 currentEpoch);
    error ScoreConsensus_RoundNotBegun(uint64 epoch, uint32 round, uint256 beginsAt, uint256 now_);
    error ScoreConsensus_NoSuchRound(uint32 round, uint256 rounds);
    error ScoreConsensus_AlreadyFinal(uint64 epoch, uint32 round);
    error ScoreConsensus_EpochAlreadyFinal(uint64 epoch);
    error ScoreConsensus_EmptyReport();
    error ScoreConsensus_TooManyResults(uint256 results, uint256 most);
    /// @notice The results carry more responses together than one transaction can settle.
    error ScoreConsensus_TooManyResponses(uint256 responses, uint256 most);
    error ScoreConsensus_ScoresOfAnotherEpoch(uint64 epoch, uint64 scoresEpoch);
    /// @notice `signatures` is not 65 bytes for each bit of `signers`.
    error ScoreConsensus_SignatureLength(uint256 length, uint256 wanted);
    /// @notice Keys of these seats (bit i: seat i) were revoked since the set was frozen (decision D20).
    error ScoreConsensus_KeysRevoked(uint64 seats);
    error ScoreConsensus_UnknownSeat(uint256 seat);
    /// @notice The signature does not recover to the seat's frozen hot key in its one canonical form (65 bytes, low s,
    /// v of 27 or 28).
    error ScoreConsensus_BadSignature(uint256 seat, address recovered);
    error ScoreConsensus_NotEnoughWeight(
        uint256 signedWeight,
        uint256 totalWeight,
        uint256 confirmations,
        uint256 leastConfirmations
    );

    /// @notice Finalises a round and settles its results.
    /// @param signers Bit i set: seat i of the epoch's frozen set signed.
    /// @param signatures r, s, v of each signer, in ascending order of seats.
    function postScoreReport(ScoreReport calldata report, uint64 signers, bytes calldata signatures) external;

    /// @notice Finalises the epoch's report and records the seats' performance.
    function postEpochReport(EpochReport calldata report, uint64 signers, bytes calldata signatures) external;

    function roundLength() external view returns (uint32);

    /// @notice Digest of the report that finalised a round; 0 if none has.
    function finalDigestOf(uint64 epoch, uint32 round) external view returns (bytes32);
    function finalEpochDigestOf(uint64 epoch) external view returns (bytes32);

    /// @notice What validators sign.
    function scoreReportDigest(ScoreReport calldata report) external view returns (bytes32);
    function epochReportDigest(EpochReport calldata report) external view returns (bytes32);
}
