// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title The roll from one epoch into the next
interface IEpochManager {
    /// @param bounty Paid to `caller`, wei.
    event EpochRolled(uint64 indexed epoch, uint64 indexed previous, address indexed caller, uint256 bounty);
    event RollBountySet(uint256 previous, uint256 current);

    error EpochManager_ZeroAddress();
    /// @notice An epoch must hold a round and end before its report window does, within the vault's `reportPath`.
    error EpochManager_LengthOutOfRange(uint256 length, uint256 least, uint256 most);

    /// @notice Rolls into the current epoch: snapshots the standings, prunes, seats and freezes the validator set. Anyone
    /// may call and is paid the bounty, as far as this contract's MASA goes. Costs the same however many epochs were
    /// missed; a second call in an epoch does nothing.
    /// @return rolled Whether this call rolled.
    function roll() external returns (bool rolled);

    /// @notice Epochs from the next one on last `length` seconds. Owner only.
    function setEpochLength(uint32 length) external;

    /// @notice Owner only.
    function setRollBounty(uint256 bounty) external;

    /// @notice The latest epoch rolled into; 0 before the first roll.
    function rolledEpoch() external view returns (uint64);

    /// @notice Wei of MASA for a roll.
    function rollBounty() external view returns (uint256);
}
