// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IValidatorSet} from "./IValidatorSet.sol";

/// @title Where the validators' agreed scores become final
/// @notice A report is final with the signatures of more than two thirds of the weight frozen for its epoch, of at least
/// the frozen number of seats, and of the proposer drawn for its attempt (EQ-27, EQ-28; decision D16). Score reports
/// settle requests, one a round; one epoch report an epoch carries the validators' own scores and the root of rewards.
/// Anyone may post a signed report; the address that it names is paid. Liveness relies on more than two thirds of the
/// weight being online; safety on less than one third of it being dishonest.
/// @dev Round r of an epoch begins r · roundLength after the epoch. Attempt k of a round is the turn of the seat that
/// {IValidatorSet.proposerOf} draws for it, from k · attemptLength after the round's beginning on; a report of any attempt
/// that has begun finalises the round. A proposer that is silent loses its turn to the next.
interface IScoreConsensus {
    /// @dev EIP-712: ScoreReport(uint64 epoch,uint32 round,uint32 attempt,address poster,bytes32 commitmentSet,bytes
    /// results).
    struct ScoreReport {
        uint64 epoch; // whose frozen set signed
        uint32 round;
        uint32 attempt;
        address poster; // is paid
        bytes32 commitmentSet; // hash of the commitments to the vectors behind it, checked by the signers
        bytes results; // see ResultCodec
    }

    /// @dev EIP-712: EpochReport(uint64 epoch,uint32 attempt,address poster,bytes32 scoresHash,bytes32 rewardRoot,uint128
    /// validatorTotal,uint128 workerTotal,uint64 idle), with scoresHash = keccak256(abi.encode(scores)).
    struct EpochReport {
        uint64 epoch; // scored and signing
        uint32 attempt;
        address poster;
        IValidatorSet.SeatScores scores;
        bytes32 rewardRoot; // cumulative; 0: no new one
        uint128 validatorTotal; // Σ cumulative rewards of validators, wei
        uint128 workerTotal; // and of workers
        uint64 idle; // bit i: seat i missed more final rounds than it may
    }

    event Wired(address offences);
    event ScoreReportFinalised(
        uint64 indexed epoch,
        uint32 indexed round,
        bytes32 digest,
        uint64 signers,
        uint32 attempt,
        address poster
    );
    event EpochReportFinalised(
        uint64 indexed epoch,
        bytes32 digest,
        uint64 signers,
        uint32 attempt,
        address poster,
        bytes32 rewardRoot,
        uint128 validatorTotal,
        uint128 workerTotal,
        uint64 idle
    );

    error ScoreConsensus_ZeroAddress();
    /// @notice The caller may not wire, or the contract is wired already.
    error ScoreConsensus_NotDeployer(address caller);
    error ScoreConsensus_LengthOutOfRange(bytes32 name, uint256 length, uint256 least, uint256 most);
    error ScoreConsensus_EpochNotFrozen(uint64 epoch);
    /// @notice Score reports are taken in their epoch and the next, epoch reports in the next one alone.
    error ScoreConsensus_OutsideWindow(uint64 epoch, uint64 currentEpoch);
    error ScoreConsensus_NoSuchRound(uint32 round, uint256 rounds);
    error ScoreConsensus_NoSuchAttempt(uint32 attempt, uint256 attempts);
    error ScoreConsensus_AttemptNotBegun(uint64 epoch, uint32 round, uint32 attempt, uint256 beginsAt, uint256 now_);
    error ScoreConsensus_AlreadyFinal(uint64 epoch, uint32 round);
    error ScoreConsensus_EpochAlreadyFinal(uint64 epoch);
    error ScoreConsensus_ScoresOfAnotherEpoch(uint64 epoch, uint64 scoresEpoch);
    /// @notice `signatures` is not 65 bytes for each bit of `signers`.
    error ScoreConsensus_SignatureLength(uint256 length, uint256 wanted);
    /// @notice Keys of these seats (bit i: seat i) were revoked since the set was frozen (decision D20).
    error ScoreConsensus_KeysRevoked(uint64 seats);
    error ScoreConsensus_UnknownSeat(uint256 seat);
    /// @notice The attempt is the turn of `seat`, which did not sign.
    error ScoreConsensus_ProposerMissing(uint256 seat);
    /// @notice The signature does not recover to the seat's frozen hot key in its one canonical form (65 bytes, low s,
    /// v of 27 or 28).
    error ScoreConsensus_BadSignature(uint256 seat, address recovered);
    error ScoreConsensus_NotEnoughWeight(
        uint256 signedWeight,
        uint256 totalWeight,
        uint256 confirmations,
        uint256 leastConfirmations
    );

    /// @notice Finalises a round, settles its results and pays the poster.
    /// @param signers Bit i set: seat i of the epoch's frozen set signed.
    /// @param signatures v, r, s of each signer (1, 32 and 32 bytes), in ascending order of seats.
    function postScoreReport(ScoreReport calldata report, uint64 signers, bytes calldata signatures) external;

    /// @notice Finalises the epoch's report: records the seats' performance, accepts the root of rewards, which releases
    /// the epoch's emission, slashes idle seats and pays the poster.
    function postEpochReport(EpochReport calldata report, uint64 signers, bytes calldata signatures) external;

    /// @notice Seconds.
    function roundLength() external view returns (uint32);

    /// @notice Seconds of one proposer's turn.
    function attemptLength() external view returns (uint32);

    function isFinal(uint64 epoch, uint32 round) external view returns (bool);
    function isEpochFinal(uint64 epoch) external view returns (bool);

    /// @notice What validators sign.
    function scoreReportDigest(ScoreReport calldata report) external view returns (bytes32);
    function epochReportDigest(EpochReport calldata report) external view returns (bytes32);
}
