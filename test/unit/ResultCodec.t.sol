// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IRequestEscrow} from "../../contracts/interfaces/IRequestEscrow.sol";
import {ResultCodec} from "../../contracts/market/ResultCodec.sol";
import {Results} from "../support/Results.sol";
import {SettlementBed} from "../support/SettlementBed.sol";

/// @dev Reads as the escrow does.
contract CodecReader {
    using ResultCodec for bytes;
    using ResultCodec for uint256;

    function read(bytes calldata results) external pure returns (Results.Line[] memory lines) {
        lines = new Results.Line[](ResultCodec.MAX_RESULTS);
        uint256 found;
        for (uint256 offset; offset < results.length; ++found) {
            (uint256 requestId, uint256 count, uint256 end) = results.lineAt(offset);
            lines[found] = Results.Line(requestId, new Results.Score[](count));
            for (uint256 i; i < count; ++i) {
                uint256 r = results.responseAt(offset, requestId, i);
                lines[found].responses[i] = Results.Score(
                    uint32(r.relevanceOf()),
                    uint32(r.coherenceOf()),
                    uint32(r.factualOf()),
                    uint32(r.responseTimeOf()),
                    uint32(r.throughputOf()),
                    !r.isUnscored(),
                    r.isUnscored() ? 0 : r.flagOf()
                );
            }
            offset = end;
        }
        assembly ("memory-safe") {
            mstore(lines, found)
        }
    }
}

/// @notice D16: results have one encoding, and what is none is refused as a whole, where it goes wrong.
contract ResultCodecTest is SettlementBed {
    CodecReader private reader;

    function setUp() public override {
        super.setUp();
        reader = new CodecReader();
    }

    function test_RevertGiven_NoBytes() public {
        _expectRefused("", abi.encodeWithSelector(IRequestEscrow.RequestEscrow_EmptyReport.selector));
    }

    /// @dev Every length at which two lines of one and two responses can be cut.
    function test_RevertGiven_BytesThatAreCut() public {
        bytes memory whole = bytes.concat(_line(1, 1), _line(2, 2));
        assertEq(whole.length, 27 + 48, "two lines");
        for (uint256 length = 1; length < whole.length; ++length) {
            if (length == 27) continue; // the first line is whole
            _expectMalformed(_cut(whole, length), length < 27 ? 0 : 27);
        }
        _settleBytes(whole);
        _settleBytes(_cut(whole, 27));
    }

    function test_RevertGiven_BytesTooMany() public {
        for (uint256 more = 1; more < 6; ++more) {
            _expectMalformed(bytes.concat(_line(1, 1), new bytes(more)), 27);
        }
    }

    function test_RevertGiven_ACountOutOfBounds() public {
        _expectMalformed(abi.encodePacked(uint40(1), uint8(0)), 0);
        _expectMalformed(bytes.concat(abi.encodePacked(uint40(1), uint8(0)), new bytes(21)), 0);
        // All seventeen are there.
        _expectMalformed(_line(1, 17), 0);
        _expectMalformed(_line(1, 255), 0);
        _settleBytes(_line(1, 16));
    }

    function test_RevertGiven_LinesOutOfOrder() public {
        _expectUnsorted(_line(0, 1), 0, 0);
        _expectUnsorted(bytes.concat(_line(5, 1), _line(5, 1)), 5, 5);
        _expectUnsorted(bytes.concat(_line(5, 1), _line(4, 2)), 5, 4);
        _expectUnsorted(bytes.concat(_line(1, 1), _line(type(uint40).max, 1), _line(2, 1)), type(uint40).max, 2);
        _settleBytes(bytes.concat(_line(1, 1), _line(2, 1), _line(type(uint40).max, 1)));
    }

    /// @dev An unscored response has no numbers: each of its twenty bytes, one by one.
    function test_RevertGiven_AnUnscoredResponseWithNumbers() public {
        for (uint256 i; i < 20; ++i) {
            bytes memory results = bytes.concat(_line(1, 1), abi.encodePacked(uint40(2), uint8(2)), new bytes(42));
            results[27 + 6 + 20] = 0xff;
            results[27 + 6 + 41] = 0xff;
            _settleBytes(results);
            results[27 + 6 + 21 + i] = 0x01;
            _expectMalformed(results, 27 + 6 + 21);
        }
    }

    function test_RevertGiven_AScoreAboveFullMarks() public {
        uint32[3] memory tooHigh = [uint32(1e9 + 1), 2 ** 31, type(uint32).max];
        for (uint256 i; i < 4; ++i) {
            for (uint256 j; j < 3; ++j) {
                bytes memory response = abi.encodePacked(
                    i == 0 ? tooHigh[j] : uint32(1e9),
                    i == 1 ? tooHigh[j] : uint32(1e9),
                    i == 2 ? tooHigh[j] : uint32(1e9),
                    i == 3 ? tooHigh[j] : uint32(1e9),
                    type(uint32).max, // a measure, not a score
                    uint8(j) // scored or a fraud
                );
                bytes memory results = bytes.concat(
                    _line(1, 1),
                    abi.encodePacked(uint40(9), uint8(3)),
                    new bytes(42),
                    response
                );
                _expectRefused(
                    results,
                    abi.encodeWithSelector(ResultCodec.ResultCodec_ScoreOutOfRange.selector, 9, 2, tooHigh[j])
                );
            }
        }
    }

    function test_SCO07_RevertGiven_TooManyLines() public {
        uint256 most = ResultCodec.MAX_RESULTS;
        assertGe(most, 200, "SCO-07 two hundred at least");
        bytes memory results;
        for (uint256 id = 1; id <= most; ++id) {
            results = bytes.concat(results, _line(id, 1));
        }
        _settleBytes(results);
        _expectRefused(
            bytes.concat(results, _line(most + 1, 1)),
            abi.encodeWithSelector(IRequestEscrow.RequestEscrow_TooManyResults.selector, most + 1, most)
        );
    }

    function test_SCO07_RevertGiven_TooManyResponses() public {
        uint256 most = ResultCodec.MAX_RESPONSES;
        bytes memory results;
        uint256 id;
        for (uint256 left = most; left != 0;) {
            uint256 count = left < 16 ? left : 16;
            results = bytes.concat(results, _line(++id, count));
            left -= count;
        }
        _settleBytes(results);
        _expectRefused(
            bytes.concat(results, _line(id + 1, 1)),
            abi.encodeWithSelector(IRequestEscrow.RequestEscrow_TooManyResponses.selector, most + 1, most)
        );
    }

    /// @dev A report is taken as a whole: what comes before the fault settles nothing.
    function test_AFaultInTheLastLineUndoesTheFirst() public {
        uint256 id = _answered(_submission(REWARD), 1);
        _expectMalformed(bytes.concat(Results.encode(Results.Line(id, _one(_score(9e8)))), _line(0, 0)), 27);
        _assertState(id, IRequestEscrow.RequestState.Open, "D16 untouched");
        assertEq(escrow.creditOf(workers[0]), 0, "D16 nobody is paid");
    }

    /// @dev What was written is read, and writing it again gives the same bytes.
    /// hardhat-config: fuzz.runs = 100
    function testFuzz_D16_WhatIsWrittenIsRead(uint256 seed) public view {
        Results.Line[] memory lines = new Results.Line[](1 + (seed % 6));
        uint256 id;
        for (uint256 i; i < lines.length; ++i) {
            uint256 word = uint256(keccak256(abi.encode(seed, i)));
            id += 1 + (word % (word & 1 == 0 ? 3 : 1e11));
            lines[i] = Results.Line(id, new Results.Score[](1 + ((word >> 64) % 16)));
            for (uint256 j; j < lines[i].responses.length; ++j) {
                lines[i].responses[j] = _drawn(uint256(keccak256(abi.encode(word, j))));
            }
        }
        Results.Line[] memory read = reader.read(Results.encode(lines));
        assertEq(abi.encode(read), abi.encode(lines), "D16 read as written");
        assertEq(Results.encode(read), Results.encode(lines), "D16 one encoding");
    }

    function _drawn(uint256 word) private pure returns (Results.Score memory s) {
        if (word % 5 == 0) return s; // unscored
        (s.relevance, s.coherence) = (uint32((word >> 8) % (1e9 + 1)), uint32((word >> 40) % (1e9 + 1)));
        (s.factual, s.responseTime) = (uint32((word >> 72) % (1e9 + 1)), uint32((word >> 104) % (1e9 + 1)));
        s.throughput = uint32(word >> 136);
        s.scored = true;
        if (word % 3 == 0) s.fraud = uint8((word >> 168) % 255);
    }

    /// @dev `count` scored responses without marks.
    function _line(uint256 id, uint256 count) private pure returns (bytes memory) {
        return bytes.concat(abi.encodePacked(uint40(id), uint8(count)), new bytes(21 * count));
    }

    function _cut(bytes memory whole, uint256 length) private pure returns (bytes memory part) {
        part = new bytes(length);
        for (uint256 i; i < length; ++i) {
            part[i] = whole[i];
        }
    }

    function _settleBytes(bytes memory results) private {
        vm.prank(address(consensus));
        escrow.settle(address(0), 0, results);
    }

    function _expectMalformed(bytes memory results, uint256 offset) private {
        _expectRefused(results, abi.encodeWithSelector(ResultCodec.ResultCodec_Malformed.selector, offset));
    }

    function _expectUnsorted(bytes memory results, uint256 previous, uint256 id) private {
        _expectRefused(results, abi.encodeWithSelector(ResultCodec.ResultCodec_Unsorted.selector, previous, id));
    }

    function _expectRefused(bytes memory results, bytes memory reason) private {
        vm.expectRevert(reason);
        _settleBytes(results);
    }
}
