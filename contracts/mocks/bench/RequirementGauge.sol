// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {INodeRegistry} from "../../interfaces/INodeRegistry.sol";

/// @title Gas of the requirement view as another contract pays for it, for the bench
contract RequirementGauge {
    /// @notice Asks twice in one transaction: at first every account and slot is cold, then warm.
    /// @return cold Gas of the first call, with encoding, decoding and the registry's cold account.
    /// @return warm Gas of the second.
    /// @return requirement What the view answered, both times.
    function measure(
        INodeRegistry registry,
        address account
    ) external view returns (uint256 cold, uint256 warm, uint256 requirement) {
        uint256 before = gasleft();
        requirement = registry.requirementOf(account);
        cold = before - gasleft();
        before = gasleft();
        uint256 again = registry.requirementOf(account);
        warm = before - gasleft();
        assert(again == requirement);
    }
}
