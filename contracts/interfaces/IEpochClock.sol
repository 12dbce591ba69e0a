// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title What time it is, in epochs
/// @notice Epoch n lasts from `epochStart(n)`, included, to `epochStart(n + 1)`, excluded: the boundary second belongs
/// to the later epoch alone. Epoch 0 begins at genesis and has no validators; they are seated by the roll into epoch 1.
/// A new length holds from the next boundary on; the past keeps its own.
interface IEpochClock {
    /// @dev A stretch of epochs of one length. One slot.
    struct Stretch {
        uint32 firstEpoch;
        uint40 startsAt; // Unix second at which `firstEpoch` begins
        uint32 length; // seconds
    }

    event EpochLengthSet(uint64 indexed fromEpoch, uint64 startsAt, uint32 previous, uint32 current);
    event ManagerSet(address indexed manager);

    /// @notice The length of an epoch is outside [MIN_EPOCH_LENGTH, MAX_EPOCH_LENGTH].
    error EpochClock_LengthOutOfRange(uint256 length, uint256 least, uint256 most);
    /// @notice Genesis lies further in the past or future than one epoch.
    error EpochClock_GenesisOutOfRange(uint256 genesis, uint256 now_);
    error EpochClock_NotManager(address caller);
    error EpochClock_NotDeployer(address caller);

    /// @notice Unix second at which epoch 0 began.
    function genesis() external view returns (uint64);

    /// @notice Seconds the current epoch lasts.
    function epochLength() external view returns (uint64);

    /// @notice Seconds that `epoch` lasts, as things stand.
    function lengthOf(uint64 epoch) external view returns (uint64);

    /// @notice The epoch of this block; 0 before genesis too.
    function currentEpoch() external view returns (uint64);

    /// @notice Unix second at which `epoch` begins; for epochs to come as things stand.
    function epochStart(uint64 epoch) external view returns (uint64);

    /// @notice Epochs from the next one on last `length` seconds. Epoch manager only.
    /// @return fromEpoch The first of them.
    function setEpochLength(uint32 length) external returns (uint64 fromEpoch);
}
