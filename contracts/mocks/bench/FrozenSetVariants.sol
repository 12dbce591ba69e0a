// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {SSTORE2} from "solady/src/utils/SSTORE2.sol";

/// @title Three ways to keep a frozen set, for the bench (docs/adr/0003)
/// @notice Each keeps 64 rows of a key and a weight and checks the same signatures against them: rows in storage, rows
/// as code, and a hash of rows that every poster brings along.
contract FrozenSetVariants {
    error FrozenSetVariants_BadSignature(uint256 seat);
    error FrozenSetVariants_BadTable();

    uint256 private constant ROW = 28;

    /// @dev Two tables, as reports of two epochs may come in.
    uint256[64][2] private _slots;
    mapping(uint256 epoch => address) private _code;
    mapping(uint256 epoch => bytes32) private _hash;

    function freezeSlots(uint256 epoch, bytes calldata table) external {
        uint256[64] storage slots = _slots[epoch % 2];
        for (uint256 i; i < table.length / ROW; ++i) {
            slots[i] = uint256(bytes32(table[i * ROW:(i + 1) * ROW]));
        }
    }

    function freezeCode(uint256 epoch, bytes calldata table) external {
        _code[epoch] = SSTORE2.write(table);
    }

    function freezeHash(uint256 epoch, bytes calldata table) external {
        _hash[epoch] = keccak256(table);
    }

    function checkSlots(
        uint256 epoch,
        bytes32 digest,
        uint64 signers,
        bytes calldata signatures
    ) external view returns (uint256 weight) {
        uint256[64] storage slots = _slots[epoch % 2];
        uint256 offset;
        for (uint256 i; i < 64; ++i) {
            if ((signers >> i) & 1 == 0) continue;
            weight += _check(slots[i], i, digest, signatures[offset:offset + 65]);
            offset += 65;
        }
    }

    function checkCode(
        uint256 epoch,
        bytes32 digest,
        uint64 signers,
        bytes calldata signatures
    ) external view returns (uint256) {
        return _checkTable(SSTORE2.read(_code[epoch]), digest, signers, signatures);
    }

    function checkHash(
        uint256 epoch,
        bytes32 digest,
        uint64 signers,
        bytes calldata signatures,
        bytes calldata table
    ) external view returns (uint256) {
        if (keccak256(table) != _hash[epoch]) revert FrozenSetVariants_BadTable();
        return _checkTable(table, digest, signers, signatures);
    }

    function _checkTable(
        bytes memory table,
        bytes32 digest,
        uint64 signers,
        bytes calldata signatures
    ) private pure returns (uint256 weight) {
        uint256 offset;
        for (uint256 i; i < 64; ++i) {
            if ((signers >> i) & 1 == 0) continue;
            uint256 row;
            assembly ("memory-safe") {
                row := mload(add(add(table, 0x20), mul(i, ROW)))
            }
            weight += _check(row, i, digest, signatures[offset:offset + 65]);
            offset += 65;
        }
    }

    function _check(
        uint256 row,
        uint256 seat,
        bytes32 digest,
        bytes calldata signature
    ) private pure returns (uint256 weight) {
        (address signer, , ) = ECDSA.tryRecover(
            digest,
            uint8(signature[0]),
            bytes32(signature[1:33]),
            bytes32(signature[33:65])
        );
        if (signer != address(uint160(row >> 96))) revert FrozenSetVariants_BadSignature(seat);
        return uint64(row >> 32);
    }
}
