// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IRequestEscrow} from "../interfaces/IRequestEscrow.sol";

/// @title A request in one storage word
/// @notice From the lowest bit up:
///
///     state 3 · kind 5 · has evidence 1 · most responses less one 4 · responses 5 · terms 12 · margin 14
///     · asker 32 · first worker 32 · response deadline 32 · scoring window 20 · base reward 48 · fee 44
///
/// The margin of minQuality above τ is in steps of 1e14 (0.01 %); reward and fee are in UNITs; asker and worker are
/// numbers of accounts. Four bits are free.
library RequestWord {
    /// @notice Rewards and fees of requests are whole multiples of this, wei.
    uint256 internal constant UNIT = 1e9;
    /// @notice A step of minQuality, WAD.
    uint256 internal constant MARGIN_STEP = 1e14;
    uint256 internal constant MAX_REWARD_UNITS = type(uint48).max;
    uint256 internal constant MAX_FEE_UNITS = (1 << 44) - 1;
    uint256 internal constant MAX_TERMS = (1 << 12) - 1;
    uint256 internal constant MAX_SCORING_WINDOW = (1 << 20) - 1;
    uint256 internal constant KINDS = 24;

    uint256 private constant STATE = 7;
    uint256 private constant ONE_RESPONSE = 1 << 13;
    uint256 private constant WORKER_AT = 76;

    /// @notice An open request without responses. The rest is filled in by {withTimes} and {withAsker}.
    function pack(
        uint256 kind,
        bool hasEvidence,
        uint256 maxResponses,
        uint256 terms,
        uint256 marginSteps
    ) internal pure returns (uint256 word) {
        word = uint256(IRequestEscrow.RequestState.Open) | (kind << 3) | ((maxResponses - 1) << 9);
        word |= (terms << 18) | (marginSteps << 30);
        if (hasEvidence) word |= 1 << 8;
    }

    /// @param responseDeadline Unix second.
    /// @param scoringWindow Seconds.
    /// @param baseReward UNITs.
    function withTimes(
        uint256 word,
        uint256 responseDeadline,
        uint256 scoringWindow,
        uint256 baseReward
    ) internal pure returns (uint256) {
        return word | (responseDeadline << 108) | (scoringWindow << 140) | (baseReward << 160);
    }

    /// @param asker Number of the account.
    /// @param fee UNITs.
    function withAsker(uint256 word, uint256 asker, uint256 fee) internal pure returns (uint256) {
        return word | (asker << 44) | (fee << 208);
    }

    function kindOf(uint256 word) internal pure returns (uint256) {
        return (word >> 3) & 31;
    }

    function hasEvidenceIn(uint256 word) internal pure returns (bool) {
        return (word >> 8) & 1 != 0;
    }

    function maxResponsesOf(uint256 word) internal pure returns (uint256) {
        unchecked {
            return ((word >> 9) & 15) + 1;
        }
    }

    function responsesOf(uint256 word) internal pure returns (uint256) {
        return (word >> 13) & 31;
    }

    function termsOf(uint256 word) internal pure returns (uint256) {
        return (word >> 18) & MAX_TERMS;
    }

    function askerOf(uint256 word) internal pure returns (uint256) {
        return uint32(word >> 44);
    }

    function workerOf(uint256 word) internal pure returns (uint256) {
        return uint32(word >> WORKER_AT);
    }

    function baseRewardOf(uint256 word) internal pure returns (uint256) {
        return uint48(word >> 160);
    }

    function feeOf(uint256 word) internal pure returns (uint256) {
        return (word >> 208) & MAX_FEE_UNITS;
    }

    function marginStepsOf(uint256 word) internal pure returns (uint256) {
        return (word >> 30) & 0x3fff;
    }

    function responseDeadlineOf(uint256 word) internal pure returns (uint256) {
        return uint32(word >> 108);
    }

    function scoringWindowOf(uint256 word) internal pure returns (uint256) {
        return (word >> 140) & MAX_SCORING_WINDOW;
    }

    /// @notice Whether a report of so many responses may settle the request now: it is open, has as many, is closed to
    /// further ones, and not past its scoring deadline.
    function isDue(uint256 word, uint256 responses) internal view returns (bool) {
        if (word & STATE != uint256(IRequestEscrow.RequestState.Open) || responses != responsesOf(word)) return false;
        uint256 deadline = responseDeadlineOf(word);
        unchecked {
            // A second of 32 bits and a window of 20.
            if (block.timestamp > deadline) return block.timestamp <= deadline + scoringWindowOf(word);
        }
        return responses == maxResponsesOf(word);
    }

    function stateOf(uint256 word) internal pure returns (IRequestEscrow.RequestState) {
        return IRequestEscrow.RequestState(word & STATE);
    }

    function withState(uint256 word, IRequestEscrow.RequestState state) internal pure returns (uint256) {
        return (word & ~STATE) | uint256(state);
    }

    /// @notice One more response; the first one's worker is kept in the word itself.
    function withResponse(uint256 word, uint256 worker, uint256 index) internal pure returns (uint256) {
        if (index == 0) word |= worker << WORKER_AT;
        return word + ONE_RESPONSE;
    }
}
