// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {LibBit} from "solady/src/utils/LibBit.sol";

import {IMasaGovernor} from "../interfaces/IMasaGovernor.sol";

/// @title What the text of a proposal must have
/// @notice A title, a description and a rationale (paper section 9.1), in Markdown: the first line is `# Title`, then
/// comes the description, then a line `## Rationale` and the rationale. None of them may be empty; a `#proposer=`
/// suffix or the next heading is no rationale.
/// @dev Lines are found a word at a time, so that a long text costs a few gas a byte.
library ProposalText {
    bytes32 private constant TITLE = "# ";
    bytes32 private constant RATIONALE = "## Rationale";
    uint256 private constant NEWLINES = 0x0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a;
    uint256 private constant LOW_BITS = 0x7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f;

    /// @notice Reverts with the first part that is missing.
    function requireComplete(string memory text) internal pure {
        uint256 start;
        assembly ("memory-safe") {
            start := add(text, 0x20)
        }
        uint256 end = start + bytes(text).length;

        uint256 titleEnd = _lineEnd(start, end);
        if (!_startsWith(start, end, TITLE, 2) || _firstVisible(start + 2, titleEnd) == titleEnd) {
            revert IMasaGovernor.MasaGovernor_TextMissing("title");
        }

        uint256 heading = _rationaleHeading(titleEnd, end);
        if (_firstVisible(titleEnd, heading) == heading) revert IMasaGovernor.MasaGovernor_TextMissing("description");

        uint256 body = heading == end ? end : _firstVisible(_lineEnd(heading, end), end);
        if (
            body == end ||
            _startsWith(body, end, TITLE, 2) ||
            _startsWith(body, end, "## ", 3) ||
            _startsWith(body, end, "#proposer=", 10)
        ) revert IMasaGovernor.MasaGovernor_TextMissing("rationale");
    }

    /// @dev Where the line `## Rationale` starts, after the line that ends at `lineEnd`; `end` if there is none.
    function _rationaleHeading(uint256 lineEnd, uint256 end) private pure returns (uint256 line) {
        while (lineEnd < end) {
            line = lineEnd + 1;
            lineEnd = _lineEnd(line, end);
            if (_startsWith(line, end, RATIONALE, 12) && _firstVisible(line + 12, lineEnd) == lineEnd) return line;
        }
        return end;
    }

    /// @dev The newline at or after `from`, or `end`.
    function _lineEnd(uint256 from, uint256 end) private pure returns (uint256) {
        for (; from < end; from += 32) {
            uint256 word = uint256(_load(from)) ^ NEWLINES;
            // The top bit of a byte is left where the byte is 0; no carry passes from one byte to the next.
            uint256 found = ~(((word & LOW_BITS) + LOW_BITS) | word | LOW_BITS);
            if (found != 0) {
                from += LibBit.clz(found) >> 3;
                return from < end ? from : end;
            }
        }
        return end;
    }

    /// @dev The first byte in [from, end) that is neither a space nor a control character, or `end`.
    function _firstVisible(uint256 from, uint256 end) private pure returns (uint256) {
        while (from < end && uint8(_load(from)[0]) <= 0x20) ++from;
        return from < end ? from : end;
    }

    function _startsWith(uint256 from, uint256 end, bytes32 prefix, uint256 length) private pure returns (bool) {
        return end - from >= length && (uint256(_load(from) ^ prefix) >> (256 - 8 * length)) == 0;
    }

    function _load(uint256 from) private pure returns (bytes32 word) {
        assembly ("memory-safe") {
            word := mload(from)
        }
    }
}
