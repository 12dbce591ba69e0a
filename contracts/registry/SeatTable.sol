// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {EfficientHashLib} from "solady/src/utils/EfficientHashLib.sol";
import {SSTORE2} from "solady/src/utils/SSTORE2.sol";

import {IValidatorSet} from "../interfaces/IValidatorSet.sol";
import {ConsensusMath} from "../math/ConsensusMath.sol";

/// @title The table of a frozen set, as code (docs/adr/0003)
/// @notice For each seat in index order a row: signing key (20 bytes), capped weight (8 bytes). Free seats are zero; rows
/// end with the last occupied seat. Behind them, for each sixteen rows, the sum of all weights up to there (8 bytes): the
/// last is the total, and a draw need not walk over every seat.
library SeatTable {
    using SafeCast for uint256;

    /// @notice Bytes of a row.
    uint256 internal constant ROW = 28;
    /// @dev Rows of a group, and bytes of a sum.
    uint256 private constant GROUP = 16;
    uint256 private constant SUM = 8;
    uint256 private constant SUM_BITS = 64;

    /// @notice Builds the table of the seats in `occupied`. Reads one slot a seat.
    /// @param maxSeatShare Most of the uncapped total that one seat may weigh, WAD.
    /// @return table Rows and sums.
    /// @return totalWeight Σ capped weights, micro-MASA.
    function build(
        IValidatorSet.Seat[64] storage seats,
        uint64 occupied,
        uint64 maxSeatShare
    ) internal view returns (bytes memory table, uint64 totalWeight) {
        uint256 rows;
        while (occupied >> rows != 0) ++rows;
        address[] memory keys = new address[](rows);
        uint64[] memory weights = new uint64[](rows);
        uint256 uncapped;
        for (uint256 i; i < rows; ++i) {
            IValidatorSet.Seat memory seat = seats[i];
            if (seat.signingKey == address(0)) continue;
            keys[i] = seat.signingKey;
            uncapped += weights[i] = seat.weight;
        }
        uint256 cap = ConsensusMath.seatCapDown(uncapped, maxSeatShare);
        for (uint256 i; i < rows; ++i) {
            if (weights[i] > cap) weights[i] = uint64(cap);
        }
        return encode(keys, weights);
    }

    /// @param keys Of 64 seats at most.
    /// @param weights One each. Reverts if their sum does not fit 64 bits.
    /// @return table Rows and sums.
    /// @return total Σ weights.
    function encode(
        address[] memory keys,
        uint64[] memory weights
    ) internal pure returns (bytes memory table, uint64 total) {
        uint256 rows = weights.length;
        table = new bytes(rows * ROW + 0x20); // the sums fit the last word
        uint256 sum;
        uint256 sums; // the first ones leftmost
        uint256 at_;
        assembly ("memory-safe") {
            at_ := add(table, 0x20)
        }
        unchecked {
            for (uint256 i; i < rows; ++i) {
                uint256 weight = weights[i];
                sum += weight;
                uint256 row = (uint256(uint160(keys[i])) << 96) | (weight << 32);
                assembly ("memory-safe") {
                    // In ascending order, so the four zeros that a store leaves behind its row spoil nothing.
                    mstore(at_, row)
                    at_ := add(at_, ROW)
                }
                if (i % GROUP == GROUP - 1 || i == rows - 1) sums |= sum << (192 - (i / GROUP) * SUM_BITS);
            }
        }
        total = sum.toUint64();
        uint256 groups = (rows + GROUP - 1) / GROUP;
        assembly ("memory-safe") {
            mstore(at_, sums)
            mstore(table, sub(add(at_, mul(groups, SUM)), add(table, 0x20)))
        }
    }

    /// @notice Stores a table, or finds it in `previous`, the one before: a set that did not change costs nothing.
    function store(bytes memory table, address previous) internal returns (address) {
        // SSTORE2 puts a STOP before the data.
        if (previous != address(0) && previous.codehash == keccak256(bytes.concat(hex"00", table))) return previous;
        return SSTORE2.write(table);
    }

    /// @notice Number of rows in a table of `size` bytes.
    function rowsIn(uint256 size) internal pure returns (uint256) {
        unchecked {
            // Behind the last row of a group that is not full lies one sum, which is shorter than a row.
            return (size / (GROUP * ROW + SUM)) * GROUP + (size % (GROUP * ROW + SUM)) / ROW;
        }
    }

    /// @notice {rowsIn} of a stored table.
    function rowsOf(address table) internal view returns (uint256) {
        return rowsIn(table.code.length - 1);
    }

    /// @notice Σ weights of the rows, micro-MASA.
    /// @param table The stored table, as bytes.
    function totalWeightOf(bytes memory table) internal pure returns (uint64 total) {
        uint256 size = table.length;
        if (size == 0) return 0;
        assembly ("memory-safe") {
            // The last eight bytes: those of a word that ends with them.
            total := and(mload(add(table, size)), 0xffffffffffffffff)
        }
    }

    /// @param table The stored table, as bytes.
    function rowAt(bytes memory table, uint256 seat) internal pure returns (address key, uint64 weight) {
        uint256 word;
        assembly ("memory-safe") {
            word := mload(add(add(table, 0x20), mul(seat, ROW)))
        }
        key = address(uint160(word >> 96));
        weight = uint64(word >> 32);
    }

    /// @notice What the proposer of an attempt of a round is drawn by. See {IValidatorSet-proposerOf}.
    /// @param randomness Of the roll into the epoch.
    function randomOf(uint256 randomness, uint64 epoch, uint32 round, uint32 attempt) internal pure returns (uint256) {
        return uint256(EfficientHashLib.hash(randomness, epoch, round, attempt));
    }

    /// @notice The seat that `random` makes the proposer: drawn by weight (EQ-27). See {IValidatorSet-proposerOf}.
    /// @param table The table of the epoch, as bytes, with a total weight above 0.
    /// @return seat Index of the seat.
    function proposerAt(bytes memory table, uint256 random) internal pure returns (uint256 seat) {
        return seatAt(table, ConsensusMath.drawDown(random, totalWeightOf(table)));
    }

    /// @notice The seat drawn by `draw`: seats own consecutive stretches of [0, Σ weights), in order of their index.
    /// @param draw A uniform number below Σ weights ({ConsensusMath-drawDown}).
    /// @return seat Index of the seat whose stretch holds `draw`.
    function seatAt(bytes memory table, uint256 draw) internal pure returns (uint256 seat) {
        uint256 sumsAt = rowsIn(table.length) * ROW;
        assembly ("memory-safe") {
            // The first group whose sum is above the draw: groups first, then the seats of one.
            let at_ := add(add(table, 0x20), sumsAt)
            let before := 0
            for {} 1 {} {
                let sum := shr(192, mload(at_))
                if lt(draw, sum) {
                    break
                }
                before := sum
                at_ := add(at_, SUM)
            }
            draw := sub(draw, before)
            seat := mul(div(sub(at_, add(add(table, 0x20), sumsAt)), SUM), GROUP)
            // A row's weight lies 20 bytes into it, 8 bytes long.
            let first := add(add(table, 0x34), mul(seat, ROW))
            at_ := first
            for {} 1 {} {
                let weight := shr(192, mload(at_))
                if lt(draw, weight) {
                    break
                }
                draw := sub(draw, weight)
                at_ := add(at_, ROW)
            }
            seat := add(seat, div(sub(at_, first), ROW))
        }
    }

    function read(address stored) internal view returns (address[] memory keys, uint64[] memory weights) {
        bytes memory table = SSTORE2.read(stored);
        uint256 rows = rowsIn(table.length);
        keys = new address[](rows);
        weights = new uint64[](rows);
        for (uint256 i; i < rows; ++i) {
            (keys[i], weights[i]) = rowAt(table, i);
        }
    }
}
