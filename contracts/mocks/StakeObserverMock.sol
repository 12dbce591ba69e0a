// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IStakeObserver} from "../interfaces/IStakeObserver.sol";

/// @title StakeObserverMock
/// @notice Writes down what it is told, and fails if a change does not start where the one before it ended.
contract StakeObserverMock is IStakeObserver {
    struct Change {
        address account;
        uint256 previous;
        uint256 current;
    }

    /// @notice The change begins at `previous`, but the last one ended at `remembered`.
    error StakeObserverMock_Gap(address account, uint256 remembered, uint256 previous);

    Change[] private _changes;
    /// @notice Staked MASA as last told, wei.
    mapping(address account => uint256) public stakeOf;
    /// @notice Sum over all accounts, wei.
    uint256 public total;

    /// @inheritdoc IStakeObserver
    function onStakeChanged(address account, uint256 previous, uint256 current) external {
        if (stakeOf[account] != previous) revert StakeObserverMock_Gap(account, stakeOf[account], previous);
        stakeOf[account] = current;
        total = total + current - previous;
        _changes.push(Change(account, previous, current));
    }

    function count() external view returns (uint256) {
        return _changes.length;
    }

    function last() external view returns (Change memory) {
        return _changes[_changes.length - 1];
    }
}
