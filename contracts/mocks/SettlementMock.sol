// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IRequestEscrow} from "../interfaces/IRequestEscrow.sol";

/// @title SettlementMock
/// @notice Stands in for the escrow behind the consensus: remembers what it was asked to settle, or refuses.
contract SettlementMock {
    error SettlementMock_Refused();

    bool public refuses;
    /// @notice Calls of {settle} so far.
    uint256 public calls;
    /// @notice Results in them.
    uint256 public results;
    bytes32 public lastResultsHash;

    /// @notice Whether {settle} reverts from now on.
    function setRefuses(bool refuses_) external {
        refuses = refuses_;
    }

    function settle(IRequestEscrow.RequestResult[] calldata results_) external {
        if (refuses) revert SettlementMock_Refused();
        ++calls;
        results += results_.length;
        lastResultsHash = keccak256(abi.encode(results_));
    }
}
