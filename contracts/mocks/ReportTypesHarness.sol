// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";

import {ReportTypes} from "../consensus/ReportTypes.sol";

/// @title ReportTypesHarness
/// @notice Makes messages of the validators from their number and hashes them, as test/math/digests.test.ts does on its
/// own: both are compared digest by digest.
contract ReportTypesHarness {
    using ReportTypes for *;

    /// @dev What the members of a message are cut from: number i of a kind draws four words, each
    /// keccak256(abi.encode(kind, i, word)); every ninth is nothing but zeros, every ninth nothing but ones.
    struct Draw {
        uint256 numbers; // epoch (64), round (32), attempt (32), idle (64), length of bytes (64)
        uint256 who;
        uint256 first;
        uint256 second;
    }

    /// @param kind Order of the types in the library.
    function digests(
        uint256 kind,
        uint256 from,
        uint256 count,
        address consensus
    ) external view returns (bytes32[] memory all) {
        bytes32 domain = ReportTypes.domainSeparator(consensus);
        all = new bytes32[](count);
        for (uint256 i; i < count; ++i) {
            all[i] = MessageHashUtils.toTypedDataHash(domain, _structHash(kind, _draw(kind, from + i)));
        }
    }

    function _draw(uint256 kind, uint256 i) private pure returns (Draw memory d) {
        if (i % 9 == 0) return d;
        if (i % 9 == 1) return Draw(type(uint256).max, type(uint256).max, type(uint256).max, type(uint256).max);
        d.numbers = uint256(keccak256(abi.encode(kind, i, 0)));
        d.who = uint256(keccak256(abi.encode(kind, i, 1)));
        d.first = uint256(keccak256(abi.encode(kind, i, 2)));
        d.second = uint256(keccak256(abi.encode(kind, i, 3)));
    }

    function _structHash(uint256 kind, Draw memory d) private pure returns (bytes32) {
        uint64 epoch = uint64(d.numbers);
        uint32 round = uint32(d.numbers >> 64);
        uint32 attempt = uint32(d.numbers >> 96);
        address who = address(uint160(d.who));
        if (kind == 0) return ReportTypes.ScoreVector(epoch, round, attempt, who, _bytesHash(d)).structHash();
        if (kind == 1) {
            return ReportTypes.VectorCommitment(epoch, round, attempt, who, bytes32(d.first)).structHash();
        }
        if (kind == 2) return ReportTypes.CommitmentSet(epoch, round, attempt, _bytesHash(d)).structHash();
        if (kind == 3) {
            return ReportTypes.ScoreReport(epoch, round, attempt, who, bytes32(d.second), _bytesHash(d)).structHash();
        }
        if (kind == 5) return ReportTypes.AvailabilityVector(epoch, who, _bytesHash(d)).structHash();
        ReportTypes.EpochReport memory report;
        report.epoch = epoch;
        report.attempt = attempt;
        report.poster = who;
        report.scoresHash = bytes32(d.first);
        report.rewardRoot = bytes32(d.second);
        report.validatorTotal = uint128(d.first ^ d.second);
        report.workerTotal = uint128(d.who >> 128);
        report.idle = uint64(d.numbers >> 128);
        return report.structHash();
    }

    /// @dev Of 0 to 96 bytes of the last three words.
    function _bytesHash(Draw memory d) private pure returns (bytes32) {
        bytes memory content = abi.encodePacked(d.who, d.first, d.second);
        uint256 length = (d.numbers >> 192) % 97;
        assembly ("memory-safe") {
            mstore(content, length)
        }
        return keccak256(content);
    }
}
