// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Merkle trees of rewards, as the SDK builds them
/// @notice A heap of 2n − 1 hashes: leaves sorted by their hashes fill it from the end, node i is the hash of its children
/// 2i + 1 and 2i + 2 in ascending order. Nothing here is shared with what checks proofs on chain.
library MerkleTree {
    error MerkleTree_Empty();
    error MerkleTree_NoSuchLeaf(bytes32 leaf);

    function build(bytes32[] memory leaves) internal pure returns (bytes32[] memory tree) {
        uint256 n = leaves.length;
        if (n == 0) revert MerkleTree_Empty();
        bytes32[] memory sorted = _sorted(leaves);
        tree = new bytes32[](2 * n - 1);
        for (uint256 i; i < n; ++i) {
            tree[2 * n - 2 - i] = sorted[i];
        }
        for (uint256 i = n - 1; i > 0; --i) {
            tree[i - 1] = _parent(tree[2 * i - 1], tree[2 * i]);
        }
    }

    /// @return proof The siblings from the leaf to the root.
    function proofOf(bytes32[] memory tree, bytes32 leaf) internal pure returns (bytes32[] memory proof) {
        uint256 node = tree.length;
        for (uint256 i = tree.length / 2; i < tree.length; ++i) {
            if (tree[i] == leaf) node = i;
        }
        if (node == tree.length) revert MerkleTree_NoSuchLeaf(leaf);
        uint256 depth;
        for (uint256 i = node; i > 0; i = (i - 1) / 2) ++depth;
        proof = new bytes32[](depth);
        for (uint256 i; i < depth; ++i) {
            proof[i] = tree[node % 2 == 0 ? node - 1 : node + 1];
            node = (node - 1) / 2;
        }
    }

    function _parent(bytes32 left, bytes32 right) private pure returns (bytes32) {
        return left < right ? keccak256(abi.encode(left, right)) : keccak256(abi.encode(right, left));
    }

    /// @dev By insertion: trees of tests are small.
    function _sorted(bytes32[] memory leaves) private pure returns (bytes32[] memory sorted) {
        sorted = new bytes32[](leaves.length);
        for (uint256 i; i < leaves.length; ++i) {
            uint256 j = i;
            for (; j > 0 && sorted[j - 1] > leaves[i]; --j) sorted[j] = sorted[j - 1];
            sorted[j] = leaves[i];
        }
    }
}
