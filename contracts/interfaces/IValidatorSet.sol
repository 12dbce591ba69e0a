// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title The 64 seats of the validators
/// @notice Each epoch's roll prunes the lowest performance, seats the heaviest of the waitlist and freezes who may sign
/// with which weight (EQ-05, EQ-06, EQ-27; decision D6). A frozen epoch never changes: it is written as the code of a
/// contract without functions and read from there.
interface IValidatorSet {
    /// @dev One slot.
    struct Seat {
        address owner; // 0: free
        uint32 seatedEpoch; // first epoch it is frozen for
    }

    /// @dev One slot.
    struct FrozenSet {
        address table; // code: for each seat in index order hot key (20 bytes), weight (8 bytes)
        uint64 totalWeight; // Σ weights, at most 1e18
        uint8 seats; // occupied ones
        uint8 leastConfirmations; // signatures a report of this epoch needs
    }

    /// @dev Bounds the set and the prune. Two slots.
    struct SeatParameters {
        uint8 leastConfirmations; // of a report, at least 1
        uint8 minValidators; // pruning stops here
        uint32 immunityEpochs; // a fresh seat's protection from pruning, below minValidators
        uint32 cooldownEpochs; // a pruned validator waits before it may join the waitlist
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

    event WaitlistJoined(address indexed owner);
    event WaitlistLeft(address indexed owner);
    event Seated(address indexed owner, uint256 indexed seat, uint64 indexed epoch);
    /// @param score P_v, scale 1e9.
    event Pruned(address indexed owner, uint256 indexed seat, uint64 indexed epoch, uint64 scoredEpoch, uint256 score);
    /// @notice A seat was vacated because its owner is no eligible validator any more.
    event Vacated(address indexed owner, uint256 indexed seat, uint64 indexed epoch);
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
    event Wired(address indexed consensus, address indexed epochManager);

    error ValidatorSet_NotEligible(address account);
    error ValidatorSet_AlreadySeated(address account, uint256 seat);
    error ValidatorSet_AlreadyWaiting(address account);
    error ValidatorSet_NotWaiting(address account);
    error ValidatorSet_WaitlistFull(uint256 size);
    error ValidatorSet_CoolingDown(address account, uint64 untilEpoch);
    error ValidatorSet_Unauthorised(address caller);
    error ValidatorSet_AlreadyWired();
    error ValidatorSet_ZeroAddress();
    error ValidatorSet_ParameterOutOfRange(bytes32 name, uint256 value, uint256 least, uint256 most);
    /// @notice α + β + γ of EQ-05 is not 1.
    error ValidatorSet_WeightsDoNotSumToOne(uint256 sum);
    /// @notice A score list does not have one entry a seat of the frozen set's table.
    error ValidatorSet_ScoreCount(uint256 given, uint256 wanted);
    error ValidatorSet_ScoreOutOfRange(uint256 seat, uint256 score);
    error ValidatorSet_EpochNotFrozen(uint64 epoch);
    error ValidatorSet_EmptySet(uint64 epoch);

    /// @notice Puts the caller, an eligible validator without a seat, on the waitlist.
    function joinWaitlist() external;

    function leaveWaitlist() external;

    /// @notice Prunes, vacates, seats and freezes for `epoch`. Epoch manager only.
    function roll(uint64 epoch) external;

    /// @notice Records P_v of every seat frozen for the epoch. Consensus only.
    function recordScores(SeatScores calldata scores) external;

    /// @notice Who leaves at the next roll by the scores recorded so far, and with which P_v (scale 1e9).
    /// @return owner 0 if nobody would be pruned.
    function nextToBePruned() external view returns (address owner, uint256 seat, uint256 score);

    function seatOf(address owner) external view returns (bool seated, uint256 seat);
    function seatAt(uint256 seat) external view returns (Seat memory);
    function seatCount() external view returns (uint256);
    function waitlist() external view returns (address[] memory);
    function frozenSetOf(uint64 epoch) external view returns (FrozenSet memory);

    /// @notice Hot keys and weights frozen for `epoch`, by seat index; free seats are zero.
    function frozenSeatsOf(uint64 epoch) external view returns (address[] memory hotKeys, uint64[] memory weights);

    /// @notice Randomness of the roll into `epoch` (the block's PREVRANDAO).
    function randomnessOf(uint64 epoch) external view returns (uint256);

    /// @notice The seat whose turn attempt `attempt` of `round` is, drawn by weight (EQ-27).
    function proposerOf(uint64 epoch, uint32 round, uint32 attempt) external view returns (uint256 seat);
}
