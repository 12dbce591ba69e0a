// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title SettlementMock
/// @notice Stands in for the escrow behind the consensus: remembers what it was asked to settle and to pay, or refuses.
contract SettlementMock {
    error SettlementMock_Refused();

    bool public refuses;
    /// @notice Calls of {settle} so far.
    uint256 public calls;
    /// @notice Calls of {payPoster} so far.
    uint256 public payments;
    bytes32 public lastResultsHash;
    /// @notice Of the last call of either.
    address public lastPoster;
    uint256 public lastGasAtStart;

    /// @notice Whether both functions revert from now on.
    function setRefuses(bool refuses_) external {
        refuses = refuses_;
    }

    function settle(address poster, uint256 gasAtStart, bytes calldata results) external returns (uint256) {
        ++calls;
        lastResultsHash = keccak256(results);
        return _remember(poster, gasAtStart);
    }

    function payPoster(address poster, uint256 gasAtStart) external returns (uint256) {
        ++payments;
        return _remember(poster, gasAtStart);
    }

    function _remember(address poster, uint256 gasAtStart) private returns (uint256) {
        if (refuses) revert SettlementMock_Refused();
        lastPoster = poster;
        lastGasAtStart = gasAtStart;
        return 0;
    }
}
