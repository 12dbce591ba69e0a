// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Formula of section 9 of the paper: the votes of an account
/// @notice Units and votes are wei of MASA.
library VotesMath {
    /// @notice VP_i = s_i + Σ d_{j→i}, as a sum that is kept: one of its parts goes from `previous` to `current`. The parts
    /// are what an account keeps of its own stake, and what others delegate to it (decision D9).
    /// @dev Unchecked: `previous` is a part of `votes`, and the caller's sums fit. So `votes` may be a word with the votes in
    /// its lowest bits, and the others stay as they are.
    /// @custom:formula EQ-20
    function votesAfter(uint256 votes, uint256 previous, uint256 current) internal pure returns (uint256) {
        unchecked {
            return votes + current - previous;
        }
    }
}
