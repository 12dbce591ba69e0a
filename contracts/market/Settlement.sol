// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {NodeRole} from "../interfaces/INodeRegistry.sol";
import {IRequestEscrow} from "../interfaces/IRequestEscrow.sol";
import {RewardMath} from "../math/RewardMath.sol";
import {StakingMath} from "../math/StakingMath.sol";
import {UtilityMath} from "../math/UtilityMath.sol";
import {MarketTermsBook} from "./MarketTermsBook.sol";
import {RequestWord} from "./RequestWord.sol";
import {ResultCodec} from "./ResultCodec.sol";

/// @title What a report does to the requests it names
/// @dev A paid answer of a worker and a request of their own costs three slots: the request, the worker here, the worker's
/// work in {INodeStanding}. What concerns the asker is summed while lines name the same one, what concerns everybody over
/// the whole report. Lines work on words and on one scratch in memory: a report of hundreds of them allocates nothing more.
abstract contract Settlement is MarketTermsBook {
    using RequestWord for uint256;
    using ResultCodec for bytes;
    using ResultCodec for uint256;

    /// @dev Runs through a report, in memory.
    struct Tally {
        // of the whole report
        uint256 resultsAt; // see {_results}
        uint256 responses;
        uint256 work; // gas, see MAX_WORK
        uint256 ended; // see {_sumOf}
        uint256 posterMost; // wei
        uint256[] works; // see {INodeStanding-recordWorkOf}
        uint256 workCount;
        uint256 weightThroughput;
        uint256 targetThroughput;
        uint256 resourceShare;
        // of the terms of the last line
        uint256 terms; // plus one
        uint256 threshold;
        uint256 slashShare;
        uint256 posterShare; // steps of 1e-9
        uint256[4] weights;
        // of the last lines, which share an asker
        uint256 asker;
        uint256 asked; // see {_sumOf}
        uint256 paid; // wei
        uint256 record; // see {_record}
        // of the line
        uint256 requestId;
        uint256 slashUnits; // ⌈κ·R_base⌉, rounded up to UNITs
        uint256[] qualities; // Q of each scored response, 0 of a fraud; made for the first line that has several
    }

    /// @notice Gas of what follows the measurement of a poster's gas: the writes that pay it, and the end of the
    /// transaction.
    uint256 private constant POSTER_OVERHEAD = 20_000;
    uint256 private constant SCORE_TO_WAD = 1e9;
    /// @dev What a line, each of its answers, each change of asker and each slash cost at most in a cold report, gas. A
    /// slash may strike, suspend and be deferred. Counted by what a report says, never by the gas that its poster gave:
    /// who posts has no say in which lines settle.
    uint256 private constant WORK_LINE = 12_000;
    uint256 private constant WORK_ANSWER = 26_000;
    uint256 private constant WORK_ASKER = 32_000;
    uint256 private constant WORK_SLASH = 72_000;
    /// @dev Leaves room for the signatures under the 16,777,216 gas of a transaction.
    uint256 private constant MAX_WORK = 14_200_000;

    mapping(uint256 requestId => uint256 word) internal _requests;
    /// @dev Workers after the first, eight numbers a slot.
    mapping(uint256 requestId => mapping(uint256 index => uint256)) internal _moreWorkers;

    /// @inheritdoc IRequestEscrow
    function settle(
        address poster,
        uint256 gasAtStart,
        bytes calldata results
    ) external onlyModule(SETTLE) returns (uint256 paid) {
        if (results.length == 0) revert RequestEscrow_EmptyReport();
        gasAtStart = _withoutWithheld(gasAtStart);
        Tally memory t;
        t.works = new uint256[](results.length / ResultCodec.RESPONSE);
        (t.weightThroughput, t.targetThroughput, t.resourceShare) = standing.measureTerms();
        uint256 resultsAt;
        assembly ("memory-safe") {
            resultsAt := results.offset
        }
        t.resultsAt = resultsAt;
        uint256 lines;
        for (uint256 offset; offset < results.length;) {
            unchecked {
                if (++lines > ResultCodec.MAX_RESULTS) {
                    revert RequestEscrow_TooManyResults(lines, ResultCodec.MAX_RESULTS);
                }
            }
            offset = _settleLine(t, results, offset);
        }
        _flushAsker(t);
        _flushWorks(t);
        paid = _pay(poster, t.posterMost, gasAtStart);
        unchecked {
            // The report's fees move on, less what its poster gets, which is a share of them.
            _end(t.ended, _feesIn(t.ended) * UNIT - paid);
        }
    }

    /// @inheritdoc IRequestEscrow
    function payPoster(address poster, uint256 gasAtStart) external onlyModule(SETTLE) returns (uint256 paid) {
        paid = _pay(poster, _fees(), _withoutWithheld(gasAtStart));
        _takeFees(paid);
    }

    /// @dev A line settles if its request is due, has as many responses, one at least is scored, and the lines before it
    /// have left room. A request that finds none is left open for the next report.
    /// @return end Where the line ends.
    function _settleLine(Tally memory t, bytes calldata results, uint256 offset) private returns (uint256 end) {
        uint256 requestId;
        uint256 count;
        (requestId, count, end) = results.lineAt(offset);
        _countIn(t, requestId, count);
        uint256 slot = _requestSlot(requestId);
        uint256 word = _wordIn(slot);
        bool settles;
        uint256 winner;
        uint256 best;
        if (word.isDue(count)) {
            (settles, winner, best) = _judge(t, offset, word);
        } else {
            // What no report may say is refused whatever becomes of the line.
            results.checkLine(offset, requestId, count);
        }
        if (!settles) {
            emit ResultSkipped(t.requestId, word.stateOf());
            return end;
        }
        _store(slot, word.withState(RequestState.Settled));
        _settleResponses(t, offset, word, winner, best);
        unchecked {
            // A report has 200 lines at most: no sum outgrows its field.
            t.asked += _sumOf(word.baseRewardOf(), word.feeOf());
            // UNITs times steps are wei.
            t.posterMost += word.feeOf() * t.posterShare;
        }
        _addRecord(t, word, winner, best);
    }

    function _addRecord(Tally memory t, uint256 word, uint256 winner, uint256 best) private {
        uint256 accepted = 1;
        if (winner == word.responsesOf()) {
            emit RequestSettled(t.requestId, address(0), 0, 0);
            accepted = 0;
        }
        unchecked {
            t.record += _recordOf(accepted, best / SCORE_TO_WAD);
        }
    }

    /// @dev Refuses lines out of order, and more responses than a report may have.
    function _countIn(Tally memory t, uint256 requestId, uint256 count) private pure {
        if (requestId <= t.requestId) revert ResultCodec.ResultCodec_Unsorted(t.requestId, requestId);
        t.requestId = requestId;
        unchecked {
            uint256 responses = t.responses + count;
            if (responses > ResultCodec.MAX_RESPONSES) {
                revert RequestEscrow_TooManyResponses(responses, ResultCodec.MAX_RESPONSES);
            }
            t.responses = responses;
        }
    }

    /// @dev Checks and judges the responses of a line that is due, and takes what it costs from the report's room. Strictly
    /// greater: a tie goes to the earlier commitment.
    /// @return settles Whether one at least is scored, and there was room enough.
    /// @return winner Index of the best at or above minQuality; the number of responses if there is none.
    /// @return best The highest Q.
    function _judge(
        Tally memory t,
        uint256 offset,
        uint256 word
    ) private returns (bool settles, uint256 winner, uint256 best) {
        winner = word.responsesOf();
        _prepare(t, word.termsOf(), winner);
        uint256 slashes; // answers below τ, frauds among them
        unchecked {
            uint256 minQuality = t.threshold + word.marginStepsOf() * RequestWord.MARGIN_STEP;
            for (uint256 i; i < word.responsesOf(); ++i) {
                uint256 response = _results(t).responseAt(offset, t.requestId, i);
                if (response.isUnscored()) continue;
                settles = true;
                uint256 quality = response.flagOf() == 0 ? _qualityDown(t.weights, response, word.hasEvidenceIn()) : 0;
                if (word.responsesOf() != 1) t.qualities[i] = quality;
                if (quality < t.threshold) ++slashes;
                if (quality <= best) continue;
                best = quality;
                if (quality >= minQuality) winner = i;
            }
        }
        if (settles) settles = _takeRoom(t, word, slashes);
    }

    /// @dev Reads the terms of a line if they are not those of the last one, and makes room for several qualities.
    function _prepare(Tally memory t, uint256 terms, uint256 count) private view {
        unchecked {
            if (t.terms != terms + 1) _loadTerms(t, terms);
        }
        if (count == 1) return;
        if (t.qualities.length == 0) t.qualities = new uint256[](ResultCodec.MAX_RESPONSES_PER_RESULT);
    }

    /// @dev Counts a line in, if there is room for it; then turns to its asker.
    function _takeRoom(Tally memory t, uint256 word, uint256 slashes) private returns (bool) {
        uint256 asker = word.askerOf();
        unchecked {
            uint256 work = t.work + WORK_LINE + word.responsesOf() * WORK_ANSWER + slashes * WORK_SLASH;
            if (asker == t.asker) {
                if (work > MAX_WORK) return false;
                t.work = work;
                return true;
            }
            work += WORK_ASKER;
            if (work > MAX_WORK) return false;
            t.work = work;
        }
        _flushAsker(t);
        (t.asker, t.asked, t.paid, t.record) = (asker, 0, 0, 0);
        return true;
    }

    function _settleResponses(Tally memory t, uint256 offset, uint256 word, uint256 winner, uint256 best) private {
        unchecked {
            t.slashUnits = _unitsUp(RewardMath.slashAmountUp(word.baseRewardOf() * UNIT, t.slashShare));
            uint256 count = word.responsesOf();
            for (uint256 i; i < count; ++i) {
                uint256 quality = count == 1 ? best : t.qualities[i];
                _settleResponse(t, word, i, _results(t).givenAt(offset, i), quality, i == winner);
            }
        }
    }

    function _qualityDown(
        uint256[4] memory weights,
        uint256 response,
        bool hasEvidence
    ) private pure returns (uint256) {
        unchecked {
            return
                RewardMath.qualityDown(
                    response.relevanceOf() * SCORE_TO_WAD,
                    response.coherenceOf() * SCORE_TO_WAD,
                    response.factualOf() * SCORE_TO_WAD,
                    response.responseTimeOf() * SCORE_TO_WAD,
                    weights,
                    hasEvidence
                );
        }
    }

    /// @dev Pays, frees or slashes one worker. A response that was scored counts as work with the R_base that stood
    /// behind it, paid or not: a bad answer is work too.
    function _settleResponse(
        Tally memory t,
        uint256 word,
        uint256 i,
        uint256 response,
        uint256 quality,
        bool wins
    ) private {
        uint256 number = _workerAt(t.requestId, word, i);
        address account = _accountOf[number];
        uint256 slot = _workerSlot(number);
        uint256 stored;
        unchecked {
            // What the commitment has opened is closed: no borrow.
            stored = _wordIn(slot) - (t.slashUnits << OPEN_AT);
        }
        if (wins) {
            uint256 reward;
            unchecked {
                reward = RewardMath.rewardDown(word.baseRewardOf() * UNIT, quality, t.threshold);
                t.paid += reward;
                _store(slot, stored + reward);
            }
            emit RequestSettled(t.requestId, account, reward, quality);
        } else if (response.isUnscored()) {
            _store(slot, stored);
            emit ResponseSettled(t.requestId, account, ResponseOutcome.Unscored, 0, 0, 0);
            return;
        } else if (quality < t.threshold) {
            _store(slot, _withoutEligibility(stored - (t.slashUnits << BACKING_AT)));
            _slash(t, word, account, response.flagOf(), quality);
        } else {
            _store(slot, stored);
            emit ResponseSettled(t.requestId, account, ResponseOutcome.Unpaid, quality, 0, 0);
        }
        _addWork(t, account, word.baseRewardOf(), response.throughputOf(), quality);
    }

    /// @dev Books the slash, which ends what stood behind the commitment and what is known of the worker's eligibility.
    function _slash(Tally memory t, uint256 word, address account, uint8 fraud, uint256 quality) private {
        uint256 baseReward = word.baseRewardOf() * UNIT;
        uint256 slashed = RewardMath.slashAmountUp(baseReward, t.slashShare);
        vault.slash(account, t.slashUnits * UNIT, slashed);
        standing.strike(account, _accountOf[t.asker], baseReward);
        emit ResponseSettled(t.requestId, account, ResponseOutcome.Slashed, quality, slashed, fraud);
    }

    function _addWork(Tally memory t, address account, uint256 work, uint256 throughput, uint256 quality) private pure {
        unchecked {
            uint256 performance = StakingMath.workerPerformanceDown(
                StakingMath.throughputRatioDown(throughput, t.targetThroughput),
                quality,
                t.weightThroughput,
                WAD - t.weightThroughput
            );
            // A UNIT is standing's WORK_UNIT.
            uint256 weighted = (work * performance) / WAD;
            uint256 workWord = uint256(uint160(account)) | (work << 160) | (weighted << 208);
            uint256[] memory works = t.works;
            uint256 count = ++t.workCount;
            // There is room for every response of the report.
            assembly ("memory-safe") {
                mstore(add(works, shl(5, count)), workWord)
            }
        }
    }

    function _loadTerms(Tally memory t, uint256 terms) private view {
        uint256 word = _termsWord(terms);
        t.terms = terms + 1;
        t.threshold = _termIn(word, THRESHOLD_AT);
        t.slashShare = _termIn(word, SLASH_SHARE_AT);
        t.posterShare = _termIn(word, POSTER_SHARE_AT) / TERM_STEP;
        t.weights[0] = _termIn(word, RELEVANCE_AT);
        t.weights[1] = _termIn(word, COHERENCE_AT);
        t.weights[2] = _termIn(word, FACTUAL_AT);
        t.weights[3] = _termIn(word, RESPONSE_TIME_AT);
    }

    /// @dev Refunds what its lines have left of R_base to the asker, and records what it consumed.
    function _flushAsker(Tally memory t) private {
        uint256 number = t.asker;
        if (number == 0) return;
        unchecked {
            // Rewards are at most what was asked for, and sums of 200 lines are far from 256 bits.
            uint256 sum = t.asked;
            t.ended += sum;
            uint256 asked = _baseRewardsIn(sum) * UNIT;
            _refundAsker(number, asked - t.paid, _baseRewardsIn(sum) + _feesIn(sum));
            uint256 consumed = UtilityMath.consumptionDown(asked, t.paid, t.resourceShare) / UNIT;
            _record(number, t.record, consumed, t.paid / UNIT);
        }
    }

    function _flushWorks(Tally memory t) private {
        uint256[] memory works = t.works;
        uint256 answers = t.workCount;
        if (answers == 0) return;
        assembly ("memory-safe") {
            mstore(works, answers)
        }
        standing.recordWorkOf(NodeRole.Worker, works);
    }

    /// @return paid Wei, at most `most`.
    function _pay(address poster, uint256 most, uint256 gasAtStart) private returns (uint256 paid) {
        if (poster == address(0) || most == 0) return 0;
        (uint256 bounty, uint256 masaPerEther, uint256 price) = _posterPrices();
        if (tx.gasprice < price) price = tx.gasprice;
        uint256 cost;
        unchecked {
            // Gas and its price are below 2^64, what an ether is worth is below 2^84.
            uint256 used = gasAtStart > gasleft() ? gasAtStart - gasleft() + POSTER_OVERHEAD : 0;
            cost = bounty + (used * price * masaPerEther) / WAD;
        }
        paid = cost < most ? cost : most;
        _payPoster(poster, paid);
        emit PosterPaid(poster, paid, cost);
    }

    /// @dev The caller keeps a 64th of its gas back from the call (EIP-150), which is not spent: else whoever sets a high
    /// gas limit would be paid for it. Asked at the beginning of the call.
    function _withoutWithheld(uint256 gasAtStart) private view returns (uint256) {
        uint256 withheld = gasleft() / 63;
        unchecked {
            return gasAtStart > withheld ? gasAtStart - withheld : 0;
        }
    }

    function _requestSlot(uint256 requestId) private view returns (uint256 slot) {
        mapping(uint256 requestId => uint256 word) storage requests = _requests;
        assembly ("memory-safe") {
            mstore(0, requestId)
            mstore(0x20, requests.slot)
            slot := keccak256(0, 0x40)
        }
    }

    /// @dev The results, whose lines {settle} has measured: two words on the stack less for all that reads them.
    function _results(Tally memory t) private pure returns (bytes calldata results) {
        uint256 resultsAt = t.resultsAt;
        assembly ("memory-safe") {
            results.offset := resultsAt
            results.length := sub(calldatasize(), resultsAt)
        }
    }

    /// @dev Number of the worker that committed at `index` to the request whose word is `word`.
    function _workerAt(uint256 requestId, uint256 word, uint256 index) internal view returns (uint256) {
        return index == 0 ? word.workerOf() : _laterWorkerAt(requestId, index);
    }

    /// @param index Not 0.
    function _laterWorkerAt(uint256 requestId, uint256 index) private view returns (uint256) {
        unchecked {
            return uint32(_moreWorkers[requestId][(index - 1) / 8] >> (32 * ((index - 1) % 8)));
        }
    }
}
