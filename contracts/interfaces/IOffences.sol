// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ReportTypes} from "../consensus/ReportTypes.sol";

/// @title Offences of validators (decision D8)
/// @notice Anyone proves that the key of a frozen seat signed two different messages of one kind for one (epoch, round,
/// attempt). Each account is punished once an epoch: a share κ_v of its whole stake is slashed, its seat is lost, and it
/// cannot wait for another for a while. Signing again in a later attempt is no offence. Silence in an epoch that
/// finalised costs κ_idle of the staked MASA. Every slash can be appealed (decision D15).
/// @dev Evidence stays good until the vault's evidence window after the last second in which a report of the epoch can
/// come in; unbonding outlasts it (decision D14), and a key that may sign belongs to its account for good
/// ({INodeRegistry.signerOf}): leaving, replacing or revoking a key, or losing the seat changes nothing.
interface IOffences {
    enum Kind {
        ScoreReports,
        ScoreVectors,
        EpochReports
    }

    /// @dev What is common to all proofs.
    struct Evidence {
        uint256 seat; // of the set frozen for the epoch of both messages
        bytes firstSignature; // 65 bytes: r, s (low), v (27 or 28)
        bytes secondSignature;
        bytes32 salt; // of the reporter's commitment; anything if it made none
    }

    /// @dev One slot.
    struct OffenceTerms {
        uint64 offenceShare; // κ_v, of the whole stake, WAD
        uint64 idleShare; // κ_idle, of the staked MASA, WAD
        uint64 bountyShare; // of the slash, to the reporter, WAD
        uint32 expulsionEpochs; // that the offender cannot join the waitlist
    }

    /// @param first EIP-712 digests of the two messages.
    /// @param slashId Record of the slash in the vault, which knows the amounts; 0 if the account held nothing.
    /// @param rewarded The reporter had committed to the evidence in time, and gets the bounty.
    event OffenceProven(
        uint64 indexed epoch,
        address indexed account,
        address indexed reporter,
        Kind kind,
        uint256 seat,
        uint32 round,
        uint32 attempt,
        bytes32 first,
        bytes32 second,
        uint256 slashId,
        bool rewarded
    );
    event EvidenceCommitted(bytes32 indexed commitment, uint256 since);
    /// @param booked Stake units.
    event IdleSlashed(uint64 indexed epoch, address indexed account, uint256 seat, uint256 booked);
    event OffenceTermsSet(OffenceTerms previous, OffenceTerms current);
    /// @param fromEpoch The first epoch that `current` holds for.
    event MaxMissedSet(uint32 previous, uint32 current, uint64 fromEpoch);

    error Offences_ZeroAddress();
    /// @notice The contract does not speak for itself with the EIP-712 domain of the reports.
    error Offences_NotAConsensus(address consensus);
    error Offences_OutOfRange(bytes32 name, uint256 value, uint256 least, uint256 most);
    /// @notice The two messages are one.
    error Offences_SameMessage(bytes32 digest);
    /// @notice The messages belong to different (epoch, round, attempt): no offence. The round of epoch reports is
    /// 2^32 − 1.
    error Offences_DifferentTurns(
        uint64 firstEpoch,
        uint32 firstRound,
        uint32 firstAttempt,
        uint64 secondEpoch,
        uint32 secondRound,
        uint32 secondAttempt
    );
    /// @notice A vector that does not name the key of the seat is nobody's vector.
    error Offences_ForeignVector(address validator, address key);
    error Offences_UnknownSeat(uint64 epoch, uint256 seat);
    error Offences_SignatureLength(uint256 length, uint256 wanted);
    /// @notice The signature does not recover to the seat's frozen key in its one canonical form (65 bytes, low s, v of 27
    /// or 28).
    error Offences_BadSignature(address recovered, address key);
    /// @notice The key was revoked before the round began: its account does not answer for it any more (decision D20).
    error Offences_KeyRevoked(address key, uint256 revokedAt, uint256 roundBeginsAt);
    error Offences_TooLate(uint64 epoch, uint256 until, uint256 now_);
    error Offences_AlreadyProven(uint64 epoch, address account);

    // ---------------------------------------------------------------- anyone

    /// @notice Commits the caller to evidence, so that nobody who sees the proof on its way can take the bounty: the
    /// bounty is paid for proofs whose reporter had committed `COMMITMENT_AGE` seconds before. A second call changes
    /// nothing.
    /// @param commitment See {commitmentOf}.
    function commitEvidence(bytes32 commitment) external;

    /// @notice Proves that a seat signed two score reports for one attempt of a round.
    function proveScoreReports(
        ReportTypes.ScoreReport calldata first,
        ReportTypes.ScoreReport calldata second,
        Evidence calldata evidence
    ) external;

    /// @notice Proves that a seat signed two score vectors of its own for one attempt of a round.
    function proveScoreVectors(
        ReportTypes.ScoreVector calldata first,
        ReportTypes.ScoreVector calldata second,
        Evidence calldata evidence
    ) external;

    /// @notice Proves that a seat signed two epoch reports for one attempt.
    function proveEpochReports(
        ReportTypes.EpochReport calldata first,
        ReportTypes.EpochReport calldata second,
        Evidence calldata evidence
    ) external;

    // ---------------------------------------------------------------- modules

    /// @notice Slashes κ_idle of the staked MASA, rounded up, of the account of each seat in the bitmap. Never reverts
    /// for what an account holds; seats that do not exist, and seats slashed before, are passed over. Right REPORT.
    /// @param epoch Frozen.
    /// @param idleSeats Bit i: seat i of the set frozen for the epoch missed more than {maxMissedOf} rounds.
    function slashIdle(uint64 epoch, uint64 idleSeats) external;

    // ---------------------------------------------------------------- views

    /// @notice What `reporter` commits to: keccak256(abi.encode(reporter, first, second, salt)), with the digests of the
    /// two messages in the order of the proof.
    function commitmentOf(
        address reporter,
        bytes32 first,
        bytes32 second,
        bytes32 salt
    ) external pure returns (bytes32);

    /// @notice Unix second of a commitment; 0 if there is none.
    function committedAt(bytes32 commitment) external view returns (uint256);

    /// @notice Last second in which offences of `epoch` can be proven: the evidence window from the end of `epoch` + 1 on.
    function provableUntil(uint64 epoch) external view returns (uint256);

    /// @notice Seats of the set frozen for `epoch` that were punished (bit i: seat i). A seat of a frozen set belongs to
    /// one account, and an account has one seat in it.
    function punishedSeatsOf(uint64 epoch) external view returns (uint64 proven, uint64 idle);

    function offenceTerms() external view returns (OffenceTerms memory);

    /// @notice Rounds of `epoch` that a seat may miss; a seat that missed more belongs into the report's bitmap.
    function maxMissedOf(uint64 epoch) external view returns (uint32);
}
