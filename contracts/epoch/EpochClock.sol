// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IEpochClock} from "../interfaces/IEpochClock.sol";

/// @title EpochClock
/// @notice Divides time into epochs. Makes no calls, so every other contract may rely on it. See {IEpochClock}.
contract EpochClock is IEpochClock {
    uint64 public constant MIN_EPOCH_LENGTH = 10 seconds;
    uint64 public constant MAX_EPOCH_LENGTH = 30 days;

    /// @inheritdoc IEpochClock
    uint64 public immutable genesis;
    /// @notice Names the manager, once.
    address public immutable deployer;

    /// @notice May change the length: the epoch manager.
    address public manager;
    /// @dev The stretch since the last change, or from the next boundary on: all that the time is read from.
    Stretch private _latest;
    /// @dev The stretch before it.
    Stretch private _before;
    /// @dev Stretches before `_before`, oldest first.
    Stretch[] private _past;

    /// @param genesis_ Unix second at which epoch 0 begins; 0 means the block of deployment.
    /// @param epochLength_ Seconds.
    /// @param deployer_ Calls {wire}.
    constructor(uint64 genesis_, uint32 epochLength_, address deployer_) {
        _requireLength(epochLength_);
        if (genesis_ == 0) genesis_ = uint64(block.timestamp);
        if (genesis_ + epochLength_ < block.timestamp || genesis_ > block.timestamp + epochLength_) {
            revert EpochClock_GenesisOutOfRange(genesis_, block.timestamp);
        }
        genesis = genesis_;
        deployer = deployer_;
        _before = _latest = Stretch(0, uint40(genesis_), epochLength_);
        emit EpochLengthSet(0, genesis_, 0, epochLength_);
    }

    /// @notice Names the manager, once.
    function wire(address manager_) external {
        if (msg.sender != deployer || manager != address(0) || manager_ == address(0)) {
            revert EpochClock_NotDeployer(msg.sender);
        }
        manager = manager_;
        emit ManagerSet(manager_);
    }

    /// @inheritdoc IEpochClock
    function setEpochLength(uint32 length) external returns (uint64 fromEpoch) {
        if (msg.sender != manager) revert EpochClock_NotManager(msg.sender);
        _requireLength(length);
        Stretch memory running = _running();
        if (_latest.startsAt <= block.timestamp) {
            // The latest runs: it becomes the one before. A change that waits is replaced instead.
            if (_before.startsAt != _latest.startsAt) _past.push(_before);
            _before = running;
        }
        fromEpoch = _epochAt(running, block.timestamp) + 1;
        uint64 startsAt = _startIn(running, fromEpoch);
        _latest = Stretch(uint32(fromEpoch), uint40(startsAt), length);
        emit EpochLengthSet(fromEpoch, startsAt, running.length, length);
    }

    /// @inheritdoc IEpochClock
    function currentEpoch() external view returns (uint64) {
        return block.timestamp < genesis ? 0 : _epochAt(_running(), block.timestamp);
    }

    /// @inheritdoc IEpochClock
    function epochStart(uint64 epoch) external view returns (uint64) {
        return _startIn(_of(epoch), epoch);
    }

    /// @inheritdoc IEpochClock
    function epochLength() external view returns (uint64) {
        return _running().length;
    }

    /// @inheritdoc IEpochClock
    function lengthOf(uint64 epoch) external view returns (uint64) {
        return _of(epoch).length;
    }

    /// @dev The stretch of this block.
    function _running() private view returns (Stretch memory s) {
        s = _latest;
        if (s.startsAt > block.timestamp) s = _before;
    }

    /// @dev The stretch that `epoch` belongs to; the search goes back from the latest.
    function _of(uint64 epoch) private view returns (Stretch memory s) {
        s = _latest;
        if (epoch >= s.firstEpoch) return s;
        s = _before;
        for (uint256 i = _past.length; epoch < s.firstEpoch; --i) {
            s = _past[i - 1];
        }
    }

    function _epochAt(Stretch memory s, uint256 timestamp) private pure returns (uint64) {
        if (timestamp < s.startsAt) return s.firstEpoch;
        return uint64(s.firstEpoch + (timestamp - s.startsAt) / s.length);
    }

    function _startIn(Stretch memory s, uint64 epoch) private pure returns (uint64) {
        return s.startsAt + (epoch - s.firstEpoch) * s.length;
    }

    function _requireLength(uint256 length) private pure {
        if (length < MIN_EPOCH_LENGTH || length > MAX_EPOCH_LENGTH) {
            revert EpochClock_LengthOutOfRange(length, MIN_EPOCH_LENGTH, MAX_EPOCH_LENGTH);
        }
    }
}
