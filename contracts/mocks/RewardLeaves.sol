// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {RewardLeaf} from "../rewards/RewardLeaf.sol";

/// @title RewardLeaves
/// @notice Leaves of reward roots for accounts and amounts that follow from a seed, many a call: what the SDK's leaves are
/// compared with.
contract RewardLeaves {
    /// @notice Leaves number `from` to `from + count − 1`. With w = keccak256(seed, n) the account of leaf n is the low 20
    /// bytes of w, its amount the high 12 bytes, shifted right by n mod 96 bits.
    function leaves(bytes32 seed, uint256 from, uint256 count) external pure returns (bytes32[] memory out) {
        out = new bytes32[](count);
        for (uint256 i; i < count; ++i) {
            uint256 word = uint256(keccak256(abi.encode(seed, from + i)));
            out[i] = RewardLeaf.hash(address(uint160(word)), (word >> 160) >> ((from + i) % 96));
        }
    }
}
