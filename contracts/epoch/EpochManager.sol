// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IEpochClock} from "../interfaces/IEpochClock.sol";
import {IEpochManager} from "../interfaces/IEpochManager.sol";
import {INodeRegistry} from "../interfaces/INodeRegistry.sol";
import {IValidatorSet} from "../interfaces/IValidatorSet.sol";

/// @title EpochManager
/// @notice The top floor: calls the lower ones in the order of the roll. Has no owner.
contract EpochManager is IEpochManager {
    IEpochClock public immutable clock;
    INodeRegistry public immutable registry;
    IValidatorSet public immutable validatorSet;

    /// @inheritdoc IEpochManager
    uint64 public rolledEpoch;

    constructor(IEpochClock clock_, INodeRegistry registry_, IValidatorSet validatorSet_) {
        if (address(clock_) == address(0) || address(registry_) == address(0) || address(validatorSet_) == address(0))
            revert EpochManager_ZeroAddress();
        clock = clock_;
        registry = registry_;
        validatorSet = validatorSet_;
    }

    /// @inheritdoc IEpochManager
    function roll() external returns (bool) {
        uint64 epoch = clock.currentEpoch();
        uint64 previous = rolledEpoch;
        if (epoch <= previous) return false;
        rolledEpoch = epoch;
        // Utilities of seated validators fold in the validator set's roll; the snapshot takes the sums as they stand.
        registry.snapshot(epoch);
        validatorSet.roll(epoch);
        emit EpochRolled(epoch, previous, msg.sender);
        return true;
    }
}
