// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";

/// @title MasaTimelock
/// @notice Owner of every parameter and holder of the treasury. The governor alone schedules, cancels and executes, but
/// for a bootstrap council where the deployment names one; nobody holds the admin role but the timelock itself once the
/// deployment has ended (docs/adr/0002).
contract MasaTimelock is TimelockController {
    /// @param minDelay Seconds between scheduling and execution.
    /// @param council Schedules, cancels and executes until it renounces; empty for none.
    /// @param admin Names the governor, which needs the timelock's address to exist, and renounces; zero for nobody.
    constructor(
        uint256 minDelay,
        address[] memory council,
        address admin
    ) TimelockController(minDelay, council, council, admin) {}
}
