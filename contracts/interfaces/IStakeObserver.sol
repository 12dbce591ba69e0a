// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Told of every change of an account's staked MASA
/// @notice The place of votes: a checkpoint contract follows the stake through it (decision D9).
interface IStakeObserver {
    /// @notice The account's staked MASA went from `previous` to `current`, wei. Unbonding stake is not in it.
    function onStakeChanged(address account, uint256 previous, uint256 current) external;
}
