// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";

/// @title MasaTimelock
/// @notice Owner of every parameter and holder of the treasury. Nobody holds its admin role; until governance takes
/// over, its proposers are the bootstrap council named at deployment, and anyone may execute what has waited
/// (docs/adr/0002).
contract MasaTimelock is TimelockController {
    /// @param minDelay Seconds between scheduling and execution.
    /// @param proposers May schedule and cancel.
    /// @param executors May execute; the zero address stands for anyone.
    constructor(
        uint256 minDelay,
        address[] memory proposers,
        address[] memory executors
    ) TimelockController(minDelay, proposers, executors, address(0)) {}
}
