// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title OffencesMock
/// @notice Stands in for the contract of offences behind the consensus: remembers the idle seats, or refuses.
contract OffencesMock {
    error OffencesMock_Refused();

    bool public refuses;
    uint256 public calls;
    uint64 public epoch;
    uint64 public idleSeats;

    /// @notice Whether {slashIdle} reverts from now on.
    function setRefuses(bool refuses_) external {
        refuses = refuses_;
    }

    function slashIdle(uint64 epoch_, uint64 idleSeats_) external {
        if (refuses) revert OffencesMock_Refused();
        ++calls;
        (epoch, idleSeats) = (epoch_, idleSeats_);
    }
}
