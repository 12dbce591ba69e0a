// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {SSTORE2} from "solady/src/utils/SSTORE2.sol";

import {IValidatorSet} from "../interfaces/IValidatorSet.sol";
import {ConsensusMath} from "../math/ConsensusMath.sol";

/// @title The table of a frozen set, as code (docs/adr/0003)
/// @notice For each seat in index order: signing key (20 bytes), capped weight (8 bytes). Free seats are zero; rows end
/// with the last occupied seat.
library SeatTable {
    /// @notice Bytes of a row.
    uint256 internal constant ROW = 28;

    /// @notice Builds the table of the seats in `occupied`. Reads one slot a seat.
    /// @param maxSeatShare Most of the uncapped total that one seat may weigh, WAD.
    /// @return table Rows.
    /// @return totalWeight Σ capped weights, micro-MASA.
    function build(
        IValidatorSet.Seat[64] storage seats,
        uint64 occupied,
        uint64 maxSeatShare
    ) internal view returns (bytes memory table, uint64 totalWeight) {
        uint256 rows;
        while (occupied >> rows != 0) ++rows;
        address[] memory keys = new address[](rows);
        uint256[] memory weights = new uint256[](rows);
        uint256 uncapped;
        for (uint256 i; i < rows; ++i) {
            IValidatorSet.Seat memory seat = seats[i];
            if (seat.signingKey == address(0)) continue;
            keys[i] = seat.signingKey;
            uncapped += weights[i] = seat.weight;
        }
        uint256 cap = ConsensusMath.seatCapDown(uncapped, maxSeatShare);
        table = new bytes(rows * ROW + 4); // room for the last row's 32-byte store
        for (uint256 i; i < rows; ++i) {
            uint256 weight = weights[i] < cap ? weights[i] : cap;
            totalWeight += uint64(weight);
            uint256 row = (uint256(uint160(keys[i])) << 96) | (weight << 32);
            assembly ("memory-safe") {
                // Rows are written in ascending order, so the four zero bytes behind a row spoil nothing.
                mstore(add(add(table, 0x20), mul(i, ROW)), row)
            }
        }
        assembly ("memory-safe") {
            mstore(table, mul(rows, ROW))
        }
    }

    /// @notice Stores a table, or finds it in `previous`, the one before: a set that did not change costs nothing.
    function store(bytes memory table, address previous) internal returns (address) {
        // SSTORE2 puts a STOP before the data.
        if (previous != address(0) && previous.codehash == keccak256(bytes.concat(hex"00", table))) return previous;
        return SSTORE2.write(table);
    }

    function rowsOf(address table) internal view returns (uint256) {
        return (table.code.length - 1) / ROW;
    }

    /// @param rows Of {read}'s table, as bytes.
    function rowAt(bytes memory rows, uint256 seat) internal pure returns (address key, uint64 weight) {
        uint256 word;
        assembly ("memory-safe") {
            word := mload(add(add(rows, 0x20), mul(seat, ROW)))
        }
        key = address(uint160(word >> 96));
        weight = uint64(word >> 32);
    }

    /// @notice Whose turn an attempt of a round is: a seat drawn by weight (EQ-27). See {IValidatorSet-proposerOf}.
    /// @param rows The table of the epoch, as bytes.
    /// @param totalWeight Σ weights of the rows, above 0.
    /// @param randomness Of the roll into the epoch.
    /// @return seat Index of the seat.
    function proposerAt(
        bytes memory rows,
        uint64 totalWeight,
        uint256 randomness,
        uint64 epoch,
        uint32 round,
        uint32 attempt
    ) internal pure returns (uint256 seat) {
        uint256 random = uint256(keccak256(abi.encode(randomness, epoch, round, attempt)));
        return seatAt(rows, ConsensusMath.drawDown(random, totalWeight));
    }

    /// @notice The seat drawn by `draw`: seats own consecutive stretches of [0, Σ weights), in order of their index.
    /// @param draw A uniform number below Σ weights ({ConsensusMath-drawDown}).
    /// @return seat Index of the seat whose stretch holds `draw`.
    function seatAt(bytes memory rows, uint256 draw) internal pure returns (uint256 seat) {
        assembly ("memory-safe") {
            // A row's weight lies 20 bytes into it, 8 bytes long.
            let at_ := add(rows, 0x34)
            for {} 1 {} {
                let weight := shr(192, mload(at_))
                if lt(draw, weight) {
                    break
                }
                draw := sub(draw, weight)
                seat := add(seat, 1)
                at_ := add(at_, ROW)
            }
        }
    }

    function read(address table) internal view returns (address[] memory keys, uint64[] memory weights) {
        bytes memory rows = SSTORE2.read(table);
        uint256 count = rows.length / ROW;
        keys = new address[](count);
        weights = new uint64[](count);
        for (uint256 i; i < count; ++i) {
            (keys[i], weights[i]) = rowAt(rows, i);
        }
    }
}
