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

    /// @dev A request as the market works with it.
    struct Request {
        IRequestEscrow.RequestState state;
        uint256 kind;
        bool hasEvidence;
        uint256 maxResponses;
        uint256 responses; // commitments so far
        uint256 terms;
        uint256 marginSteps;
        uint256 asker; // number of the account
        uint256 worker; // number of the account that committed first, 0: none
        uint256 responseDeadline; // Unix second
        uint256 scoringWindow; // seconds
        uint256 baseReward; // UNITs
        uint256 fee; // UNITs
    }

    function pack(Request memory r) internal pure returns (uint256 word) {
        word = uint256(r.state) | (r.kind << 3) | (r.hasEvidence ? 1 << 8 : 0) | ((r.maxResponses - 1) << 9);
        word |= (r.responses << 13) | (r.terms << 18) | (r.marginSteps << 30) | (r.asker << 44);
        word |= (r.worker << WORKER_AT) | (r.responseDeadline << 108) | (r.scoringWindow << 140);
        word |= (r.baseReward << 160) | (r.fee << 208);
    }

    function unpack(uint256 word) internal pure returns (Request memory r) {
        r.state = stateOf(word);
        r.kind = (word >> 3) & 31;
        r.hasEvidence = hasEvidenceIn(word);
        r.maxResponses = maxResponsesOf(word);
        r.responses = responsesOf(word);
        r.terms = termsOf(word);
        r.marginSteps = marginStepsOf(word);
        r.asker = askerOf(word);
        r.worker = workerOf(word);
        r.responseDeadline = responseDeadlineOf(word);
        r.scoringWindow = scoringWindowOf(word);
        r.baseReward = baseRewardOf(word);
        r.fee = feeOf(word);
    }

    function hasEvidenceIn(uint256 word) internal pure returns (bool) {
        return (word >> 8) & 1 != 0;
    }

    function maxResponsesOf(uint256 word) internal pure returns (uint256) {
        return ((word >> 9) & 15) + 1;
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

    /// @notice Whether a report may settle the request now: it is open, closed to answers, and not past its scoring
    /// deadline.
    function isDue(uint256 word) internal view returns (bool) {
        if (stateOf(word) != IRequestEscrow.RequestState.Open) return false;
        uint256 deadline = responseDeadlineOf(word);
        if (block.timestamp > deadline) return block.timestamp <= deadline + scoringWindowOf(word);
        return responsesOf(word) == maxResponsesOf(word);
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
