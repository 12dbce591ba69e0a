// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title The roll from one epoch into the next
interface IEpochManager {
    event EpochRolled(uint64 indexed epoch, uint64 indexed previous, address indexed caller);

    error EpochManager_ZeroAddress();

    /// @notice Rolls into the current epoch: snapshots the registry, prunes, seats and freezes the validator set. Anyone
    /// may call. Costs the same however many epochs were missed; a second call in an epoch does nothing.
    /// @return rolled Whether this call rolled.
    function roll() external returns (bool rolled);

    /// @notice The latest epoch rolled into; 0 before the first roll.
    function rolledEpoch() external view returns (uint64);
}
