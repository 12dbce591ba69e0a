// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IMembershipObserver} from "./INodeRegistry.sol";

/// @title The 64 seats of the validators
/// @notice Each epoch's roll prunes the lowest performance, seats the heaviest of the waitlist and freezes who may sign
/// with which weight (EQ-05, EQ-06, EQ-27; decision D6). A frozen epoch never changes: it is written as the code of a
/// contract without functions and read from there.
/// @dev A roll reads one slot a seat and one a candidate: their weights are kept there, and made anew by every epoch
/// report, by {refresh}, and when a seat is taken. A weight that stands too high for a while counts stake that has left
/// for the unbonding queue and can be slashed there still.
interface IValidatorSet is IMembershipObserver {
    /// @dev One slot: all that a roll reads of a seat.
    struct Seat {
        address signingKey; // 0: free, or its owner has no key
        uint64 weight; // uncapped, micro-MASA (EQ-27)
        uint32 seatedEpoch; // first epoch it is frozen for
    }

    /// @dev One slot: all that a roll reads of a candidate.
    struct Candidate {
        address owner;
        uint64 weight; // uncapped, micro-MASA
        uint32 joinedEpoch;
    }

    struct FrozenSet {
        address table; // code, see {SeatTable}
        uint64 totalWeight; // Σ capped weights, micro-MASA
        uint8 seats; // occupied ones
        uint8 leastConfirmations; // signatures a report of this epoch needs
    }

    /// @dev Bounds the set and the prune. Two slots.
    struct SeatParameters {
        uint8 leastConfirmations; // of a report, at least 1
        uint8 minValidators; // pruning stops here
        uint32 immunityEpochs; // a fresh seat's protection from pruning, below minValidators
        uint32 cooldownEpochs; // who lost or left a seat waits before it may join the waitlist
        uint32 haltEpochs; // rolls without an epoch report after which silent seats are vacated
        uint64 maxSeatShare; // most of the uncapped total weight one seat may carry, WAD
        uint64 weightConsensus; // α of EQ-05, WAD
        uint64 weightData; // β
        uint64 weightLlm; // γ
    }

    /// @dev What an epoch report says of the seats frozen for that epoch. Scores are on the scale 1e9 = 1.
    struct SeatScores {
        uint64 epoch;
        bool hasData; // data work was scored in the epoch
        bool hasLlm; // LLM work was scored in the epoch
        uint32[] consensus; // C by seat index of the frozen set; 0 for free seats
        uint32[] data; // D
        uint32[] llm; // L
    }

    /// @notice Why the next roll prunes whom it prunes, or nobody.
    enum PruneReason {
        NoEvidence, // nobody: no report was finalised that a roll has not used
        NotDueYet, // nobody: the scores serve a later roll
        AllImmune, // nobody: every scored seat is fresh
        AtFloor, // nobody: the set is at its least size
        LowestScore,
        TieLowerStake, // several have the lowest score: the lower stake
        TieLaterSeating, // and equal stakes: the later seat
        TieSeatIndex // and seated together: the lower index
    }

    /// @dev See {nextToBePruned}.
    struct PruneView {
        address owner; // 0: nobody
        uint256 seat;
        uint256 score; // P_v, scale 1e9
        PruneReason reason;
        uint64 scoredEpoch; // of the scores
    }

    event WaitlistJoined(address indexed owner, uint64 weight);
    event WaitlistLeft(address indexed owner);
    event Seated(address indexed owner, uint256 indexed seat, uint64 indexed epoch, uint64 weight);
    /// @param score P_v, scale 1e9.
    event Pruned(
        address indexed owner,
        uint256 indexed seat,
        uint64 indexed epoch,
        uint64 scoredEpoch,
        uint256 score,
        PruneReason reason
    );
    /// @notice A seat was vacated: its owner left it or the role, or fell short of its requirement.
    event Vacated(address indexed owner, uint256 indexed seat, uint64 indexed epoch);
    /// @notice A seat was vacated because the set was silent for `haltEpochs` and its owner did not check in.
    event VacatedSilent(address indexed owner, uint256 indexed seat, uint64 indexed epoch);
    /// @notice An offence was proven (decision D8): the next roll vacates the seat, if there is one.
    /// @param barredUntil First epoch in which the account may join the waitlist.
    event Expelled(address indexed account, uint64 barredUntil);
    event CheckedIn(address indexed owner, uint256 indexed seat, uint64 indexed epoch);
    event LeavingSeat(address indexed owner, uint256 indexed seat);
    event WeightRefreshed(address indexed owner, uint64 previous, uint64 current);
    event KeyMasked(uint64 indexed epoch, uint256 indexed seat, address key);
    event PerformanceScored(
        address indexed owner,
        uint256 indexed seat,
        uint64 indexed epoch,
        uint256 consensus,
        uint256 data,
        uint256 llm,
        uint256 score
    );
    event SetFrozen(uint64 indexed epoch, address table, uint64 totalWeight, uint8 seats, uint256 randomness);
    event SeatParametersSet(SeatParameters previous, SeatParameters current);

    error ValidatorSet_NotEligible(address account);
    error ValidatorSet_AlreadySeated(address account, uint256 seat);
    error ValidatorSet_AlreadyWaiting(address account);
    error ValidatorSet_NotWaiting(address account);
    error ValidatorSet_NotSeated(address account);
    /// @notice The waitlist is full and its lightest candidate weighs as much as the caller, or more.
    error ValidatorSet_WaitlistFull(uint256 size, uint64 lightest, uint64 weight);
    error ValidatorSet_CoolingDown(address account, uint64 untilEpoch);
    error ValidatorSet_Unauthorised(address caller);
    error ValidatorSet_ZeroAddress();
    error ValidatorSet_ParameterOutOfRange(bytes32 name, uint256 value, uint256 least, uint256 most);
    /// @notice α + β + γ of EQ-05 is not 1.
    error ValidatorSet_WeightsDoNotSumToOne(uint256 sum);
    /// @notice A score list does not have one entry a seat of the frozen set's table.
    error ValidatorSet_ScoreCount(uint256 given, uint256 wanted);
    error ValidatorSet_ScoreOutOfRange(uint256 seat, uint256 score);
    error ValidatorSet_EpochNotFrozen(uint64 epoch);
    error ValidatorSet_EmptySet(uint64 epoch);

    /// @notice Puts the caller's account, an eligible validator without a seat, on the waitlist. On a full list it takes
    /// the place of the lightest candidate, if it weighs more. The account, or its operator with RIGHT_SEAT.
    function joinWaitlist() external;

    function leaveWaitlist() external;

    /// @notice Gives the seat of the caller's account up at the next roll. It signs until then.
    function leaveSeat() external;

    /// @notice Says that the validator is there: keeps its seat when a silent set is vacated.
    function checkIn() external;

    /// @notice Makes the weight of a seat or candidate anew, and pokes it. Anyone may call.
    function refresh(address owner) external returns (uint64 weight);

    /// @notice Prunes, vacates, seats and freezes for `epoch`. Right ROLL.
    function roll(uint64 epoch) external;

    /// @notice Records P_v of every seat frozen for the epoch. If the roll that was to use the scores before is late, its
    /// prune comes first. Right REPORT.
    function recordScores(SeatScores calldata scores) external;

    /// @notice Takes the seat of `account` with the next roll, whatever the floor, or its place on the waitlist, masks its
    /// keys in the sets whose reports may still come in, and keeps it off the waitlist for `epochs`. Right EXPEL.
    function expel(address account, uint32 epochs) external;

    /// @notice Who leaves by the scores recorded so far, with which P_v, and why, if the next roll is into the epoch after
    /// the one last rolled into and nothing else changes.
    function nextToBePruned() external view returns (PruneView memory);

    function seatOf(address owner) external view returns (bool seated, uint256 seat);
    function seatAt(uint256 seat) external view returns (Seat memory, address owner);
    function seatCount() external view returns (uint256);
    function waitlist() external view returns (Candidate[] memory);
    function isWaiting(address owner) external view returns (bool);

    /// @notice First epoch in which `owner` may join the waitlist, as things stand: after its cooldown, and after an
    /// expulsion.
    function coolingUntil(address owner) external view returns (uint64);

    /// @notice P_v of a seat in the scores recorded last, scale 1e9, and their epoch.
    function scoreOf(uint256 seat) external view returns (bool scored, uint256 score, uint64 epoch);

    /// @notice Rolls since the last epoch report, and seats that have checked in since (bit i: seat i).
    function silence() external view returns (uint32 rolls, uint64 checkedIn);

    function frozenSetOf(uint64 epoch) external view returns (FrozenSet memory);

    /// @notice What a report of an epoch is checked against.
    /// @return table Code, see {SeatTable}; 0: the epoch was not frozen.
    /// @return mask See {maskOf}.
    /// @return leastConfirmations Signatures that a report needs.
    function reportSetOf(uint64 epoch) external view returns (address table, uint64 mask, uint256 leastConfirmations);

    /// @notice Signing keys and capped weights frozen for `epoch`, by seat index; free seats are zero.
    function frozenSeatsOf(uint64 epoch) external view returns (address[] memory signingKeys, uint64[] memory weights);

    /// @notice Seats of the frozen set whose keys were revoked, or whose owners were expelled, since: they count no more (bit i: seat i).
    function maskOf(uint64 epoch) external view returns (uint64);

    /// @notice Randomness of the roll into `epoch`: the lowest 96 bits of the block's PREVRANDAO.
    function randomnessOf(uint64 epoch) external view returns (uint256);

    /// @notice The seat whose turn attempt `attempt` of `round` is, drawn by weight (EQ-27): with H the keccak256 of
    /// (randomness, epoch, round, attempt), the seat whose stretch of the weights holds ⌊⌊H / 2^64⌋ · total / 2^192⌋.
    function proposerOf(uint64 epoch, uint32 round, uint32 attempt) external view returns (uint256 seat);

    function seatParameters() external view returns (SeatParameters memory);
}
