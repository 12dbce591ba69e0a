// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IEpochClock} from "../interfaces/IEpochClock.sol";

/// @title EpochClock
/// @notice Divides time into epochs of equal length. Makes no calls, so every other contract may rely on it.
contract EpochClock is IEpochClock {
    uint64 public constant MIN_EPOCH_LENGTH = 10 seconds;
    uint64 public constant MAX_EPOCH_LENGTH = 30 days;

    /// @inheritdoc IEpochClock
    uint64 public immutable genesis;
    /// @inheritdoc IEpochClock
    uint64 public immutable epochLength;

    /// @param genesis_ Unix second at which epoch 0 begins; 0 means the block of deployment.
    /// @param epochLength_ Seconds.
    constructor(uint64 genesis_, uint64 epochLength_) {
        if (epochLength_ < MIN_EPOCH_LENGTH || epochLength_ > MAX_EPOCH_LENGTH) {
            revert EpochClock_LengthOutOfRange(epochLength_, MIN_EPOCH_LENGTH, MAX_EPOCH_LENGTH);
        }
        if (genesis_ == 0) genesis_ = uint64(block.timestamp);
        if (genesis_ + epochLength_ < block.timestamp || genesis_ > block.timestamp + epochLength_) {
            revert EpochClock_GenesisOutOfRange(genesis_, block.timestamp);
        }
        genesis = genesis_;
        epochLength = epochLength_;
    }

    /// @inheritdoc IEpochClock
    function currentEpoch() external view returns (uint64) {
        return block.timestamp < genesis ? 0 : (uint64(block.timestamp) - genesis) / epochLength;
    }

    /// @inheritdoc IEpochClock
    function epochStart(uint64 epoch) external view returns (uint64) {
        return genesis + epoch * epochLength;
    }
}
