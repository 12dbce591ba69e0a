// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

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
        uint256 lines;
        uint256 responses;
        uint256 work; // gas, see MAX_WORK
        uint256 reserved; // UNITs
        uint256 fees; // UNITs
        uint256 posterMost; // wei
        uint256[] works; // words of answers, see {INodeStanding-recordReport}
        uint256 workCount;
        uint256[] consumptions; // words of askers
        uint256 consumptionCount;
        uint256 weightThroughput;
        uint256 targetThroughput;
        uint256 resourceShare;
        // of the terms of the last line
        uint256 terms; // plus one
        uint256 threshold;
        uint256 slashShare;
        uint256 posterShare;
        uint256[4] weights;
        // of the last lines, which share an asker
        uint256 asker;
        uint256 asked; // UNITs
        uint256 askerFees; // UNITs
        uint256 paid; // wei
        uint256 record; // see {_record}
        // of the line
        uint256 requestId;
        uint256 slashUnits; // ⌈κ·R_base⌉, rounded up to UNITs
        uint256[16] qualities; // Q of each response, 0 where it is unscored or a fraud
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
    uint256 private constant WORK_ASKER = 43_000;
    uint256 private constant WORK_SLASH = 72_000;
    /// @dev Leaves room for the signatures under the 16,777,216 gas of a transaction.
    uint256 private constant MAX_WORK = 14_200_000;

    mapping(uint256 requestId => uint256 word) internal _requests;
    /// @dev Workers after the first, eight numbers a slot.
    mapping(uint256 requestId => mapping(uint256 index => uint256)) internal _moreWorkers;

    /// @inheritdoc IRequestEscrow
    function settle(
        bytes calldata results,
        address poster,
        uint256 gasAtStart
    ) external onlyModule(SETTLE) returns (uint256 paid) {
        if (results.length == 0) revert RequestEscrow_EmptyReport();
        gasAtStart = _withoutWithheld(gasAtStart);
        Tally memory t;
        // Room for a word a response and a word a line; the latter go behind the former in the end.
        uint256 mostLines = results.length / (ResultCodec.LINE_HEAD + ResultCodec.RESPONSE);
        t.works = new uint256[](results.length / ResultCodec.RESPONSE + mostLines);
        t.consumptions = new uint256[](mostLines);
        (t.weightThroughput, t.targetThroughput, t.resourceShare) = standing.workTerms();
        for (uint256 offset; offset < results.length;) {
            offset = _settleLine(t, results, offset);
        }
        _flushAsker(t);
        _flushWorks(t);
        paid = _pay(poster, t.posterMost, gasAtStart);
        // The report's fees move on, less what its poster gets.
        _end(t.reserved, t.fees, t.fees * UNIT - paid);
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
        bool settles = _check(t, results, offset, requestId, count) != 0;
        uint256 slot = _requestSlot(requestId);
        uint256 word = _wordIn(slot);
        uint256 winner;
        uint256 best;
        settles = settles && count == word.responsesOf() && word.isDue();
        if (settles) (settles, winner, best) = _judge(t, results, offset, word);
        if (!settles) {
            emit ResultSkipped(requestId, word.stateOf());
            return end;
        }
        _store(slot, word.withState(RequestState.Settled));
        _settleResponses(t, results, offset, word, winner);
        unchecked {
            // A report has 200 lines at most, and their fields are far from 256 bits.
            t.asked += word.baseRewardOf();
            t.askerFees += word.feeOf();
            t.posterMost += (word.feeOf() * UNIT * t.posterShare) / WAD;
            t.record += _recordOf(winner == count ? 0 : 1, best / SCORE_TO_WAD);
        }
        if (winner == count) emit RequestSettled(requestId, address(0), 0, 0);
    }

    function _settleResponses(
        Tally memory t,
        bytes calldata results,
        uint256 offset,
        uint256 word,
        uint256 winner
    ) private {
        unchecked {
            t.slashUnits = _unitsUp(RewardMath.slashAmountUp(word.baseRewardOf() * UNIT, t.slashShare));
            uint256 count = word.responsesOf();
            for (uint256 i; i < count; ++i) {
                _settleResponse(t, word, i, results.givenAt(offset, i), i == winner);
            }
        }
    }

    /// @dev Refuses what no report may say, whatever becomes of the line.
    /// @return scored Number of scored responses.
    function _check(
        Tally memory t,
        bytes calldata results,
        uint256 offset,
        uint256 requestId,
        uint256 count
    ) private pure returns (uint256 scored) {
        if (requestId <= t.requestId) revert ResultCodec.ResultCodec_Unsorted(t.requestId, requestId);
        t.requestId = requestId;
        unchecked {
            uint256 lines = t.lines + 1;
            if (lines > ResultCodec.MAX_RESULTS) revert RequestEscrow_TooManyResults(lines, ResultCodec.MAX_RESULTS);
            t.lines = lines;
            uint256 responses = t.responses + count;
            if (responses > ResultCodec.MAX_RESPONSES) {
                revert RequestEscrow_TooManyResponses(responses, ResultCodec.MAX_RESPONSES);
            }
            t.responses = responses;
            for (uint256 i; i < count; ++i) {
                if (!results.responseAt(offset, requestId, i).isUnscored()) ++scored;
            }
        }
    }

    /// @dev Judges the line, and takes what it costs from the report's room. Strictly greater: a tie goes to the earlier
    /// commitment.
    /// @return hasRoom Whether there was enough.
    /// @return winner Index of the best at or above minQuality; the number of responses if there is none.
    /// @return best The highest Q.
    function _judge(
        Tally memory t,
        bytes calldata results,
        uint256 offset,
        uint256 word
    ) private returns (bool hasRoom, uint256 winner, uint256 best) {
        if (t.terms != word.termsOf() + 1) _loadTerms(t, word.termsOf());
        uint256 count = word.responsesOf();
        uint256 slashes; // answers below τ, frauds among them
        winner = count;
        unchecked {
            uint256 minQuality = t.threshold + word.marginStepsOf() * RequestWord.MARGIN_STEP;
            for (uint256 i; i < count; ++i) {
                uint256 response = results.givenAt(offset, i);
                uint256 quality = response.flagOf() == 0 ? _qualityDown(t.weights, response, word.hasEvidenceIn()) : 0;
                t.qualities[i] = quality;
                if (quality < t.threshold && !response.isUnscored()) ++slashes;
                if (quality <= best) continue;
                best = quality;
                if (quality >= minQuality) winner = i;
            }
        }
        hasRoom = _takeRoom(t, word.askerOf(), count, slashes);
    }

    /// @dev Counts a line in, if there is room for it; then turns to its asker.
    function _takeRoom(Tally memory t, uint256 asker, uint256 count, uint256 slashes) private returns (bool) {
        bool sameAsker = t.asker == asker;
        unchecked {
            uint256 work = t.work + WORK_LINE + count * WORK_ANSWER + slashes * WORK_SLASH;
            if (!sameAsker) work += WORK_ASKER;
            if (work > MAX_WORK) return false;
            t.work = work;
        }
        if (!sameAsker) {
            _flushAsker(t);
            t.asker = asker;
        }
        return true;
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
    function _settleResponse(Tally memory t, uint256 word, uint256 i, uint256 response, bool wins) private {
        uint256 number = _workerAt(t.requestId, word, i);
        address account = _accountOf[number];
        uint256 quality = t.qualities[i];
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
            _append(t.works, t.workCount++, uint256(uint160(account)) | (work << 160) | (weighted << 208));
        }
    }

    /// @dev The arrays have room for whatever a report of their length can say.
    function _append(uint256[] memory words, uint256 index, uint256 word) private pure {
        assembly ("memory-safe") {
            mstore(add(add(words, 0x20), shl(5, index)), word)
        }
    }

    function _loadTerms(Tally memory t, uint256 terms) private view {
        MarketTerms memory m = _terms[terms];
        t.terms = terms + 1;
        t.threshold = m.qualityThreshold.unwrap();
        t.slashShare = m.slashShare.unwrap();
        t.posterShare = m.posterShare.unwrap();
        t.weights[0] = m.weightRelevance.unwrap();
        t.weights[1] = m.weightCoherence.unwrap();
        t.weights[2] = m.weightFactual.unwrap();
        t.weights[3] = m.weightResponseTime.unwrap();
    }

    /// @dev Refunds what its lines have left of R_base to the asker, and records what it consumed.
    function _flushAsker(Tally memory t) private {
        uint256 number = t.asker;
        if (number == 0) return;
        uint256 asked = t.asked * UNIT;
        unchecked {
            // Rewards are at most what was asked for, and sums of 200 lines are far from 256 bits.
            _refundAsker(number, asked - t.paid, t.asked + t.askerFees);
            t.reserved += t.asked;
            t.fees += t.askerFees;
            uint256 consumed = UtilityMath.consumptionDown(asked, t.paid, t.resourceShare) / UNIT;
            _append(t.consumptions, t.consumptionCount++, uint256(uint160(_accountOf[number])) | (consumed << 160));
        }
        _record(number, t.record, t.paid);
        (t.asker, t.asked, t.askerFees, t.paid, t.record) = (0, 0, 0, 0, 0);
    }

    function _flushWorks(Tally memory t) private {
        uint256 askers = t.consumptionCount;
        if (askers == 0) return;
        uint256[] memory words = t.works;
        uint256 answers = t.workCount;
        for (uint256 i; i < askers; ++i) {
            _append(words, answers + i, t.consumptions[i]);
        }
        assembly ("memory-safe") {
            mstore(words, add(answers, askers))
        }
        standing.recordReport(words, answers);
    }

    /// @return paid Wei, at most `most`.
    function _pay(address poster, uint256 most, uint256 gasAtStart) private returns (uint256 paid) {
        if (poster == address(0) || most == 0) return 0;
        uint256 number = _numberFor(poster);
        PosterTerms memory p = posterTerms();
        uint256 price = tx.gasprice < p.maxGasPrice ? tx.gasprice : p.maxGasPrice;
        uint256 used = gasAtStart > gasleft() ? gasAtStart - gasleft() + POSTER_OVERHEAD : 0;
        uint256 cost = p.bounty + (used * price * p.masaPerEther) / WAD;
        paid = cost < most ? cost : most;
        _refundAsker(number, paid, 0);
        emit PosterPaid(poster, paid, cost);
    }

    /// @dev The caller keeps a 64th of its gas back from the call (EIP-150), which is not spent: else whoever sets a high
    /// gas limit would be paid for it. Asked at the beginning of the call.
    function _withoutWithheld(uint256 gasAtStart) private view returns (uint256) {
        uint256 withheld = gasleft() / 63;
        return gasAtStart > withheld ? gasAtStart - withheld : 0;
    }

    function _requestSlot(uint256 requestId) private view returns (uint256 slot) {
        mapping(uint256 requestId => uint256 word) storage requests = _requests;
        assembly ("memory-safe") {
            mstore(0, requestId)
            mstore(0x20, requests.slot)
            slot := keccak256(0, 0x40)
        }
    }

    /// @dev Number of the worker that committed at `index` to the request whose word is `word`.
    function _workerAt(uint256 requestId, uint256 word, uint256 index) internal view returns (uint256) {
        if (index == 0) return word.workerOf();
        return uint32(_moreWorkers[requestId][(index - 1) / 8] >> (32 * ((index - 1) % 8)));
    }
}
