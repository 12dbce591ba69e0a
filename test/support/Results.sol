// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Results of a report as tests write them down, and their encoding
/// @notice Written apart from {ResultCodec}, which reads what this makes.
library Results {
    struct Score {
        uint32 relevance;
        uint32 coherence;
        uint32 factual;
        uint32 responseTime;
        uint32 throughput;
        bool scored;
        uint8 fraud;
    }

    struct Line {
        uint256 requestId;
        Score[] responses;
    }

    /// @dev In the order given; a score that is not `scored` is encoded without its numbers.
    function encode(Line[] memory lines) internal pure returns (bytes memory results) {
        for (uint256 i; i < lines.length; ++i) {
            results = bytes.concat(results, encode(lines[i]));
        }
    }

    function encode(Line memory line) internal pure returns (bytes memory result) {
        result = abi.encodePacked(uint40(line.requestId), uint8(line.responses.length));
        for (uint256 i; i < line.responses.length; ++i) {
            Score memory s = line.responses[i];
            result = bytes.concat(
                result,
                s.scored
                    ? abi.encodePacked(s.relevance, s.coherence, s.factual, s.responseTime, s.throughput, s.fraud)
                    : abi.encodePacked(new bytes(20), uint8(255))
            );
        }
    }
}
