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
        uint256 lines;
        uint256 responses;
        uint256 work; // gas, see MAX_WORK
        uint256 reserved; // UNITs
        uint256 fees; // UNITs
        uint256 posterMost; // wei
        uint256[] works; // see {INodeStanding-recordAnswers}
        uint256 workCount;
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
        uint256 word; // of its request
        uint256 count; // of its responses
        uint256 scored; // of these
        uint256 slash; // ⌈κ·R_base⌉, wei
        uint256 slashUnits; // the same in UNITs, rounded up
        uint256 winner; // index of the best at or above minQuality; `count` if there is none
        uint256 best; // the highest Q
        uint256 slashes; // answers below τ, frauds among them
        uint256[16] given; // responses as the report has them
        uint256[16] qualities; // Q of each, 0 where it is unscored or a fraud
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
        t.works = new uint256[](results.length / ResultCodec.RESPONSE);
        (t.weightThroughput, t.targetThroughput, t.resourceShare) = standing.workTerms();
        for (uint256 offset; offset < results.length;) {
            offset = _read(t, results, offset);
            _settleLine(t);
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

    /// @dev Reads a line into the scratch.
    /// @return end Where the line ends.
    function _read(Tally memory t, bytes calldata results, uint256 offset) private pure returns (uint256 end) {
        uint256 requestId;
        uint256 count;
        (requestId, count, end) = results.lineAt(offset);
        if (requestId <= t.requestId) revert ResultCodec.ResultCodec_Unsorted(t.requestId, requestId);
        if (++t.lines > ResultCodec.MAX_RESULTS) {
            revert RequestEscrow_TooManyResults(t.lines, ResultCodec.MAX_RESULTS);
        }
        t.responses += count;
        if (t.responses > ResultCodec.MAX_RESPONSES) {
            revert RequestEscrow_TooManyResponses(t.responses, ResultCodec.MAX_RESPONSES);
        }
        uint256 scored;
        for (uint256 i; i < count; ++i) {
            uint256 response = results.responseAt(offset, requestId, i);
            t.given[i] = response;
            if (!response.isUnscored()) {
                unchecked {
                    ++scored;
                }
            }
        }
        (t.requestId, t.count, t.scored) = (requestId, count, scored);
    }

    /// @dev A line settles if its request is due, has as many responses, one at least is scored, and the lines before it
    /// have left room. A request that finds none is left open for the next report.
    function _settleLine(Tally memory t) private {
        uint256 word = _requests[t.requestId];
        t.word = word;
        if (t.count != word.responsesOf() || t.scored == 0 || !word.isDue() || !_hasRoom(t)) {
            emit ResultSkipped(t.requestId, word.stateOf());
            return;
        }
        _requests[t.requestId] = word.withState(RequestState.Settled);
        if (t.asker != word.askerOf()) {
            _flushAsker(t);
            t.asker = word.askerOf();
        }
        uint256 baseReward = word.baseRewardOf();
        t.slash = RewardMath.slashAmountUp(baseReward * UNIT, t.slashShare);
        t.slashUnits = _unitsUp(t.slash);
        for (uint256 i; i < t.count; ++i) {
            _settleResponse(t, i);
        }
        uint256 accepted = 1;
        if (t.winner == t.count) {
            emit RequestSettled(t.requestId, address(0), 0, 0);
            accepted = 0;
        }
        unchecked {
            // A report has 200 lines at most, and their fields are far from 256 bits.
            t.asked += baseReward;
            t.askerFees += word.feeOf();
            t.posterMost += (word.feeOf() * UNIT * t.posterShare) / WAD;
            t.record += _recordOf(accepted, t.best / SCORE_TO_WAD);
        }
    }

    /// @dev Judges the line and takes what it costs from the report's room.
    function _hasRoom(Tally memory t) private view returns (bool) {
        uint256 terms = t.word.termsOf();
        if (t.terms != terms + 1) _loadTerms(t, terms);
        _judge(t);
        unchecked {
            uint256 work = t.work + WORK_LINE + t.count * WORK_ANSWER + t.slashes * WORK_SLASH;
            if (t.asker != t.word.askerOf()) work += WORK_ASKER;
            if (work > MAX_WORK) return false;
            t.work = work;
        }
        return true;
    }

    /// @dev Strictly greater: a tie goes to the earlier commitment.
    function _judge(Tally memory t) private pure {
        uint256 count = t.count;
        uint256 minQuality = t.threshold + t.word.marginStepsOf() * RequestWord.MARGIN_STEP;
        (t.winner, t.best, t.slashes) = (count, 0, 0);
        for (uint256 i; i < count; ++i) {
            uint256 response = t.given[i];
            uint256 quality = response.flagOf() == 0 ? _qualityDown(t.weights, response, t.word.hasEvidenceIn()) : 0;
            t.qualities[i] = quality;
            if (quality < t.threshold && !response.isUnscored()) ++t.slashes;
            if (quality <= t.best) continue;
            t.best = quality;
            if (quality >= minQuality) t.winner = i;
        }
    }

    function _qualityDown(
        uint256[4] memory weights,
        uint256 response,
        bool hasEvidence
    ) private pure returns (uint256) {
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

    /// @dev Pays, frees or slashes one worker. A response that was scored counts as work with the R_base that stood
    /// behind it, paid or not: a bad answer is work too.
    function _settleResponse(Tally memory t, uint256 i) private {
        uint256 number = _workerAt(t.requestId, t.word, i);
        address account = _accountOf[number];
        uint256 quality = t.qualities[i];
        uint256 stored;
        unchecked {
            // What the commitment has opened is closed: no borrow.
            stored = _workerWord(number) - (t.slashUnits << OPEN_AT);
        }
        if (t.given[i].isUnscored()) {
            _storeWorkerWord(number, stored);
            emit ResponseSettled(t.requestId, account, ResponseOutcome.Unscored, 0, 0, 0);
            return;
        }
        if (i == t.winner) {
            uint256 reward = RewardMath.rewardDown(t.word.baseRewardOf() * UNIT, quality, t.threshold);
            t.paid += reward;
            _storeWorkerWord(number, stored + reward);
            emit RequestSettled(t.requestId, account, reward, quality);
        } else if (quality < t.threshold) {
            _slash(t, number, account, stored, t.given[i].flagOf(), quality);
        } else {
            _storeWorkerWord(number, stored);
            emit ResponseSettled(t.requestId, account, ResponseOutcome.Unpaid, quality, 0, 0);
        }
        _addWork(t, account, t.given[i].throughputOf(), quality);
    }

    /// @dev Books the slash, which ends what stood behind the commitment and what is known of the worker's eligibility.
    function _slash(
        Tally memory t,
        uint256 number,
        address account,
        uint256 stored,
        uint8 fraud,
        uint256 quality
    ) private {
        uint256 slashed = t.slash;
        _storeWorkerWord(number, _withoutEligibility(stored - (t.slashUnits << BACKING_AT)));
        vault.slash(account, t.slashUnits * UNIT, slashed);
        standing.strike(account, _accountOf[t.asker], t.word.baseRewardOf() * UNIT);
        emit ResponseSettled(t.requestId, account, ResponseOutcome.Slashed, quality, slashed, fraud);
    }

    function _addWork(Tally memory t, address account, uint256 throughput, uint256 quality) private pure {
        uint256 performance = StakingMath.workerPerformanceDown(
            StakingMath.throughputRatioDown(throughput, t.targetThroughput),
            quality,
            t.weightThroughput,
            WAD - t.weightThroughput
        );
        // A UNIT is standing's WORK_UNIT.
        unchecked {
            uint256 work = t.word.baseRewardOf();
            uint256 weighted = (work * performance) / WAD;
            t.works[t.workCount++] = uint256(uint160(account)) | (work << 160) | (weighted << 208);
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
        _refundAsker(number, asked - t.paid, t.asked + t.askerFees);
        _record(number, t.record, t.paid);
        t.reserved += t.asked;
        t.fees += t.askerFees;
        uint256 consumed = UtilityMath.consumptionDown(asked, t.paid, t.resourceShare);
        standing.recordWork(_accountOf[number], NodeRole.Oracle, consumed, 0);
        (t.asker, t.asked, t.askerFees, t.paid, t.record) = (0, 0, 0, 0, 0);
    }

    function _flushWorks(Tally memory t) private {
        uint256[] memory works = t.works;
        uint256 count = t.workCount;
        if (count == 0) return;
        assembly ("memory-safe") {
            mstore(works, count)
        }
        standing.recordAnswers(works);
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

    /// @dev Number of the worker that committed at `index` to the request whose word is `word`.
    function _workerAt(uint256 requestId, uint256 word, uint256 index) internal view returns (uint256) {
        if (index == 0) return word.workerOf();
        return uint32(_moreWorkers[requestId][(index - 1) / 8] >> (32 * ((index - 1) % 8)));
    }
}
