// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title The leaves of reward roots
library RewardLeaf {
    /// @notice keccak256(keccak256(abi.encode(account, cumulative))). Hashed twice: 64 bytes hashed once could be an inner
    /// node.
    /// @param cumulative Wei given to `account` since the beginning.
    function hash(address account, uint256 cumulative) internal pure returns (bytes32) {
        return keccak256(bytes.concat(keccak256(abi.encode(account, cumulative))));
    }
}
