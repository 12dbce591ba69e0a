// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MultiSignerERC7913Weighted} from "@openzeppelin/contracts/utils/cryptography/signers/MultiSignerERC7913Weighted.sol";

/// @title OpenZeppelin's weighted multi-signature: the peer of checking a report's signatures, for the bench
/// @notice Checks and does nothing else: no report is decoded, recorded or settled.
contract PeerMultisig is MultiSignerERC7913Weighted {
    error PeerMultisig_Refused();

    constructor(
        bytes[] memory signers,
        uint64[] memory weights,
        uint64 threshold
    ) MultiSignerERC7913Weighted(signers, weights, threshold) {}

    /// @param signature abi.encode(signers, signatures), sorted by keccak256 of the signer.
    function check(bytes32 digest, bytes calldata signature) external view {
        if (!_rawSignatureValidation(digest, signature)) revert PeerMultisig_Refused();
    }
}
