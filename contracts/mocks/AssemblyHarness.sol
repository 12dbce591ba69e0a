// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";

import {ReportTypes} from "../consensus/ReportTypes.sol";
import {ResultCodec} from "../market/ResultCodec.sol";
import {RewardMath} from "../math/RewardMath.sol";

/// @title AssemblyHarness
/// @notice Draws score vectors by their number, assembles the report that follows from them and reads it as the escrow
/// does. test/math/assembly.test.ts does the same with the SDK and compares report by report.
/// @dev The medians are made by counting, where the SDK sorts.
contract AssemblyHarness {
    using ReportTypes for ReportTypes.ScoreReport;
    using ResultCodec for bytes;
    using ResultCodec for uint256;

    /// @dev What a report is drawn from. Number i has words keccak256(abi.encode(i, k)): k = 0 for `traits`, 1 for the
    /// weights, 2 + 4·seat + response for what a seat says of a response.
    struct Draw {
        uint256 number;
        uint256 traits;
        uint256 seats; // 3..8
        uint256 responses; // 1..3
        bool hasEvidence;
        uint256[] weights;
        uint256 totalWeight;
    }

    /// @dev What the vectors that count say of one response.
    struct Said {
        uint256 count;
        uint256[8] words;
        uint256[8] weights;
        uint256 weight;
    }

    uint256 private constant SCORES = ResultCodec.SCORE_ONE + 1;
    uint256 private constant SCORE_TO_WAD = 1e9;

    /// @return prints Of the reports `from` to `from + count`, each keccak256(digest ++ what {judge} finds in it).
    function fingerprints(
        uint256 from,
        uint256 count,
        address consensus
    ) external view returns (bytes32[] memory prints) {
        bytes32 domain = ReportTypes.domainSeparator(consensus);
        prints = new bytes32[](count);
        for (uint256 i; i < count; ++i) {
            Draw memory d = _draw(from + i);
            bytes memory results = _assemble(d);
            bytes32 digest = MessageHashUtils.toTypedDataHash(domain, _report(d, results).structHash());
            prints[i] = keccak256(bytes.concat(digest, this.judge(results, d.hasEvidence)));
        }
    }

    /// @notice Every response of every line as ResultCodec reads it: request, index, its five numbers, its flag and Q.
    function judge(bytes calldata results, bool hasEvidence) external pure returns (bytes memory found) {
        uint256[4] memory weights = [uint256(0.4e18), 0.3e18, 0.2e18, 0.1e18];
        for (uint256 offset; offset < results.length;) {
            (uint256 requestId, uint256 count, uint256 end) = results.lineAt(offset);
            for (uint256 i; i < count; ++i) {
                uint256 r = results.responseAt(offset, requestId, i);
                uint256 quality =
                    r.flagOf() != 0
                        ? 0
                        : RewardMath.qualityDown(
                            r.relevanceOf() * SCORE_TO_WAD,
                            r.coherenceOf() * SCORE_TO_WAD,
                            r.factualOf() * SCORE_TO_WAD,
                            r.responseTimeOf() * SCORE_TO_WAD,
                            weights,
                            hasEvidence
                        );
                found = bytes.concat(found, abi.encode(requestId, i, r >> 8, r.flagOf(), quality));
            }
            offset = end;
        }
    }

    function _draw(uint256 number) private pure returns (Draw memory d) {
        d.number = number;
        d.traits = _word(number, 0);
        d.seats = 3 + (d.traits % 6);
        d.responses = 1 + ((d.traits >> 8) % 3);
        d.hasEvidence = (d.traits >> 16) & 1 != 0;
        d.weights = new uint256[](d.seats);
        uint256 drawn = _word(number, 1);
        for (uint256 seat; seat < d.seats; ++seat) {
            // Equal ones make halves and two thirds to the unit.
            d.weights[seat] = (d.traits >> 17) & 1 != 0 ? 1_000 : 1 + uint256(uint16(drawn >> (16 * seat)));
            d.totalWeight += d.weights[seat];
        }
    }

    /// @dev The results of one request, or nothing if no response is scored.
    function _assemble(Draw memory d) private pure returns (bytes memory results) {
        bool scored;
        results = abi.encodePacked(uint40(d.traits >> 24), uint8(d.responses));
        for (uint256 i; i < d.responses; ++i) {
            Said memory said = _saidOf(d, i);
            if (3 * said.weight <= 2 * d.totalWeight) {
                results = bytes.concat(results, new bytes(20), hex"ff");
                continue;
            }
            scored = true;
            results = abi.encodePacked(
                results,
                uint32(_median(said, 0, d.traits)),
                uint32(_median(said, 1, d.traits)),
                d.hasEvidence ? uint32(_median(said, 2, d.traits)) : 0,
                uint32(_median(said, 3, d.traits)),
                uint32(_median(said, 4, d.traits)),
                _reason(d, said)
            );
        }
        if (!scored) return "";
    }

    /// @dev A seat may know nothing of the request, know of a response more, be related to who answered, or leave the
    /// response unscored.
    function _saidOf(Draw memory d, uint256 response) private pure returns (Said memory said) {
        for (uint256 seat; seat < d.seats; ++seat) {
            if ((d.traits >> (64 + 4 * seat)) & 15 < 2) continue;
            uint256 word = _word(d.number, 2 + 4 * seat + response);
            if ((word >> 160) % 16 == 0 || (word >> 192) % 16 == 0) continue;
            said.words[said.count] = word;
            said.weights[said.count++] = d.weights[seat];
            said.weight += d.weights[seat];
        }
    }

    /// @dev The lowest value with at least half of the weight at or below it.
    function _median(Said memory said, uint256 field, uint256 traits) private pure returns (uint256 lowest) {
        lowest = type(uint256).max;
        for (uint256 i; i < said.count; ++i) {
            uint256 value = _value(said.words[i], field, traits);
            if (value >= lowest) continue;
            uint256 below;
            for (uint256 j; j < said.count; ++j) {
                if (_value(said.words[j], field, traits) <= value) below += said.weights[j];
            }
            if (2 * below >= said.weight) lowest = value;
        }
    }

    /// @dev 0, or the median reason where more than half of the whole weight calls it a fraud.
    function _reason(Draw memory d, Said memory said) private pure returns (uint8) {
        Said memory flagging;
        for (uint256 i; i < said.count; ++i) {
            if (_value(said.words[i], 5, 0) == 0) continue;
            flagging.words[flagging.count] = said.words[i];
            flagging.weights[flagging.count++] = said.weights[i];
            flagging.weight += said.weights[i];
        }
        return 2 * flagging.weight > d.totalWeight ? uint8(_median(flagging, 5, 0)) : 0;
    }

    /// @dev Of a word: four sub-scores, throughput, reason code. Every second report has but three different sub-scores.
    function _value(uint256 word, uint256 field, uint256 traits) private pure returns (uint256) {
        if (field == 5) return (word >> 168) % 2 == 0 ? 1 + ((word >> 176) % 254) : 0;
        uint256 value = uint32(word >> (32 * field));
        if (field == 4) return value;
        return (traits >> 18) & 1 != 0 ? (value % 3) * (ResultCodec.SCORE_ONE / 2) : value % SCORES;
    }

    function _report(Draw memory d, bytes memory results) private pure returns (ReportTypes.ScoreReport memory) {
        return
            ReportTypes.ScoreReport(
                uint64(d.number),
                uint32(d.number % 288),
                uint32(d.number % 5),
                address(uint160(d.traits)),
                bytes32(d.traits),
                keccak256(results)
            );
    }

    function _word(uint256 number, uint256 index) private pure returns (uint256) {
        return uint256(keccak256(abi.encode(number, index)));
    }
}
