// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title What time it is, in epochs
/// @notice Epoch n lasts from `epochStart(n)`, included, to `epochStart(n + 1)`, excluded: the boundary second belongs
/// to the later epoch alone. Epoch 0 begins at genesis and has no validators; they are seated by the roll into epoch 1.
interface IEpochClock {
    /// @notice The length of an epoch is outside [MIN_EPOCH_LENGTH, MAX_EPOCH_LENGTH].
    error EpochClock_LengthOutOfRange(uint256 length, uint256 least, uint256 most);
    /// @notice Genesis lies further in the past or future than one epoch.
    error EpochClock_GenesisOutOfRange(uint256 genesis, uint256 now_);

    /// @notice Unix second at which epoch 0 began.
    function genesis() external view returns (uint64);

    /// @notice Seconds an epoch lasts.
    function epochLength() external view returns (uint64);

    /// @notice The epoch of this block; 0 before genesis too.
    function currentEpoch() external view returns (uint64);

    /// @notice Unix second at which `epoch` begins.
    function epochStart(uint64 epoch) external view returns (uint64);
}
