// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title The results of a score report as bytes
/// @notice Lines in strictly ascending order of their requests, each with a score for every commitment in the order of
/// their indexes. One report has one encoding, so its hash is that of these bytes.
///
///     line     = requestId (5 bytes) · count (1 byte, 1..16) · count responses
///     response = relevance · coherence · factual · response time · throughput (4 bytes each) · flag (1 byte)
///
/// Numbers are big endian; sub-scores are on the scale 1e9 = 1, throughput is bytes of answer a second. A flag of 0 is a
/// scored response, 1 to 254 a scored fraud with that reason code, 255 an unscored one, whose numbers are all 0.
library ResultCodec {
    uint256 internal constant SCORE_ONE = 1e9;
    uint256 internal constant LINE_HEAD = 6;
    uint256 internal constant RESPONSE = 21;
    /// @notice Most lines of one report.
    uint256 internal constant MAX_RESULTS = 200;
    /// @notice Most responses of one report: the dearest report leaves room under the 16,777,216 gas of a transaction.
    uint256 internal constant MAX_RESPONSES = 240;
    /// @notice Most responses of one request.
    uint256 internal constant MAX_RESPONSES_PER_RESULT = 16;
    uint8 internal constant UNSCORED = 255;
    /// @dev The highest bit of each of four sub-scores side by side, and 2^31 − 1 − SCORE_ONE in each.
    uint256 private constant TOPS = 0x80000000800000008000000080000000;
    uint256 private constant TO_THE_TOP = 0x446535ff446535ff446535ff446535ff;

    /// @notice The bytes are not a canonical encoding; `offset` is where reading stopped.
    error ResultCodec_Malformed(uint256 offset);
    /// @notice A line's request does not come after the one before it.
    error ResultCodec_Unsorted(uint256 previousRequestId, uint256 requestId);
    /// @notice A sub-score of response `index` is above 1.
    error ResultCodec_ScoreOutOfRange(uint256 requestId, uint256 index, uint256 score);

    /// @param offset Where the line begins.
    /// @return requestId Of the line.
    /// @return count Of its responses, 1..16.
    /// @return end Where the line ends: the next one's offset, or the length.
    function lineAt(
        bytes calldata results,
        uint256 offset
    ) internal pure returns (uint256 requestId, uint256 count, uint256 end) {
        uint256 head;
        assembly ("memory-safe") {
            head := shr(208, calldataload(add(results.offset, offset)))
        }
        requestId = head >> 8;
        count = uint8(head);
        unchecked {
            // Offsets are those of calldata, far from 256 bits. Bytes behind the results, which a cut head is read from,
            // end behind them too; a count of 0 is above every other when one is taken off.
            end = offset + LINE_HEAD + count * RESPONSE;
            if (count - 1 >= MAX_RESPONSES_PER_RESULT || end > results.length) revert ResultCodec_Malformed(offset);
        }
    }

    /// @notice Response `index` of the line at `offset`, which {lineAt} has checked to hold it.
    /// @return response Its 21 bytes, right-aligned; read them with the functions below.
    function responseAt(
        bytes calldata results,
        uint256 offset,
        uint256 requestId,
        uint256 index
    ) internal pure returns (uint256 response) {
        response = givenAt(results, offset, index);
        if (isUnscored(response)) {
            if (response >> 8 != 0) revert ResultCodec_Malformed(offset + LINE_HEAD + index * RESPONSE);
            return response;
        }
        unchecked {
            // All four sub-scores at once: with what is missing to 2^31 added, one above 1 has its highest bit set, and
            // only such a one can carry into its neighbour.
            uint256 scores = response >> 40;
            if ((scores | (scores + TO_THE_TOP)) & TOPS != 0) {
                revert ResultCodec_ScoreOutOfRange(requestId, index, _firstAboveOne(response));
            }
        }
    }

    /// @notice Checks all responses of the line at `offset`, which {lineAt} has checked to hold them.
    function checkLine(bytes calldata results, uint256 offset, uint256 requestId, uint256 count) internal pure {
        for (uint256 i; i < count; ++i) {
            responseAt(results, offset, requestId, i);
        }
    }

    /// @notice {responseAt} of a response that was checked before.
    function givenAt(bytes calldata results, uint256 offset, uint256 index) internal pure returns (uint256 response) {
        unchecked {
            uint256 begin = offset + LINE_HEAD + index * RESPONSE;
            assembly ("memory-safe") {
                response := shr(88, calldataload(add(results.offset, begin)))
            }
        }
    }

    function _firstAboveOne(uint256 response) private pure returns (uint256) {
        if (relevanceOf(response) > SCORE_ONE) return relevanceOf(response);
        if (coherenceOf(response) > SCORE_ONE) return coherenceOf(response);
        return factualOf(response) > SCORE_ONE ? factualOf(response) : responseTimeOf(response);
    }

    function relevanceOf(uint256 response) internal pure returns (uint256) {
        return response >> 136;
    }

    function coherenceOf(uint256 response) internal pure returns (uint256) {
        return uint32(response >> 104);
    }

    function factualOf(uint256 response) internal pure returns (uint256) {
        return uint32(response >> 72);
    }

    function responseTimeOf(uint256 response) internal pure returns (uint256) {
        return uint32(response >> 40);
    }

    function throughputOf(uint256 response) internal pure returns (uint256) {
        return uint32(response >> 8);
    }

    /// @return flag 0: scored; else a fraud's reason code, or {UNSCORED}.
    function flagOf(uint256 response) internal pure returns (uint8 flag) {
        return uint8(response);
    }

    function isUnscored(uint256 response) internal pure returns (bool) {
        return uint8(response) == UNSCORED;
    }
}
