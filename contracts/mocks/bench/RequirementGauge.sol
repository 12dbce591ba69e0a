// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {NodeRole} from "../../interfaces/INodeRegistry.sol";
import {INodeStanding} from "../../interfaces/INodeStanding.sol";

/// @title Gas of the requirement view as another contract pays for it, for the bench
contract RequirementGauge {
    /// @notice Asks twice in one transaction: at first every account and slot is cold, then warm.
    /// @return cold Gas of the first call, with encoding, decoding and the cold account of the contract asked.
    /// @return warm Gas of the second.
    /// @return requirement What the view answered, both times.
    function measure(
        INodeStanding standing,
        address account,
        NodeRole role
    ) external view returns (uint256 cold, uint256 warm, uint256 requirement) {
        uint256 before = gasleft();
        requirement = standing.requirementOf(account, role);
        cold = before - gasleft();
        before = gasleft();
        uint256 again = standing.requirementOf(account, role);
        warm = before - gasleft();
        assert(again == requirement);
    }
}
