// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title DistributorMock
/// @notice Stands in for the reward distributor behind the consensus: remembers the root it was given, or refuses.
contract DistributorMock {
    error DistributorMock_Refused();

    bool public refuses;
    uint256 public calls;
    uint64 public epoch;
    bytes32 public root;
    uint128 public validatorTotal;
    uint128 public workerTotal;

    /// @notice Whether {postRoot} reverts from now on.
    function setRefuses(bool refuses_) external {
        refuses = refuses_;
    }

    function postRoot(uint64 epoch_, bytes32 root_, uint128 validatorTotal_, uint128 workerTotal_) external {
        if (refuses) revert DistributorMock_Refused();
        ++calls;
        (epoch, root, validatorTotal, workerTotal) = (epoch_, root_, validatorTotal_, workerTotal_);
    }
}
