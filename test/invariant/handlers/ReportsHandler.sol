// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IRequestEscrow} from "../../../contracts/interfaces/IRequestEscrow.sol";
import {IScoreConsensus} from "../../../contracts/interfaces/IScoreConsensus.sol";
import {ResultCodec} from "../../../contracts/market/ResultCodec.sol";
import {Results} from "../../support/Results.sol";
import {Vm} from "../../support/Vm.sol";
import {ReportsModel} from "./ReportsModel.sol";

/// @title Reports of every kind, good and bad, beside a model that says beforehand what becomes of each
/// @notice Six validators of different weight, three needed at least, keys that are replaced and revoked, two askers and
/// three workers. A post says which rule it means to break; the model says which one it breaks first.
abstract contract ReportsHandler is ReportsModel {
    /// @dev What is wrong with the signatures of a post.
    enum Flaw {
        None,
        Stranger, // one is another key's
        Malleable, // one has the high s
        OtherMessage, // one is of another report
        Short, // one byte is missing
        Long // one signature too many
    }

    uint256 private constant REQUESTS = 6;

    address[2] public posters = [address(0xb0b1), address(0xb0b2)];

    // ---------------------------------------------------------------- the world

    /// @dev Seconds to a quarter of an hour; now and then more than an epoch.
    function pass(uint256 seed) external action(seed) {
        uint256 kind = _below(24);
        if (kind == 0) _warp(_now + _between(EPOCH, 2 * EPOCH));
        else if (kind < 8) _warp(_now + _between(1, ATTEMPT));
        else _warp(_now + _between(ATTEMPT, 4 * ROUND));
    }

    /// @dev To the first second of an attempt or to the last before it.
    function passToBoundary(uint256 seed) external action(seed) {
        uint256 next = _now - ((_now - START) % ATTEMPT) + ATTEMPT;
        _warp(next - _below(2));
    }

    function roll(uint256 seed) external action(seed) {
        uint64 epoch = _epochNow();
        _only(epoch > rolledEpoch);
        // Nobody loses a seat here for silence: that is the matter of another campaign.
        for (uint256 i; i < VALIDATORS; ++i) {
            (bool seated, ) = validatorSet.seatOf(_ownerOf(i + 1));
            if (!seated) continue;
            vm.prank(_ownerOf(i + 1));
            validatorSet.checkIn();
        }
        vm.prevrandao(_draw());
        assertTrue(manager.roll(), "D18 an epoch that was not rolled is");
        _remember(epoch);
    }

    /// @dev A request that its workers have answered, so that it can settle.
    function ask(uint256 seed) external action(seed) {
        IRequestEscrow.Submission memory s = _submission(uint96(_between(1, 1_000) * UNIT));
        uint256 count = _between(1, 2);
        s.maxResponses = uint8(_oneIn(4) ? count + 1 : count); // one in four waits for its deadline
        s.responseWindow = uint32(_between(10, 5 minutes));
        s.scoringWindow = uint32(_between(30, 1 hours));
        uint256 id = _submit(_account(1 + _below(ASKERS)), s);
        uint256 first = _below(WORKERS);
        for (uint256 i; i < count; ++i) {
            _commit(_account(11 + ((first + i) % WORKERS)), id);
        }
        requests[id] = Asked({
            responses: count,
            full: count == s.maxResponses,
            answersUntil: _now + s.responseWindow,
            scoresUntil: _now + s.responseWindow + s.scoringWindow,
            settled: 0
        });
    }

    function replaceKey(uint256 seed) external action(seed) {
        // Whoever has none comes first.
        address owner = _ownerOf(1 + _below(VALIDATORS));
        for (uint256 i; i < VALIDATORS; ++i) {
            if (signingKeyOf[_ownerOf(1 + i)] == address(0)) owner = _ownerOf(1 + i);
        }
        address fresh = vm.addr(++lastKey);
        keyOf[fresh] = lastKey;
        _setOperator(owner, fresh, 31);
        signingKeyOf[owner] = fresh;
    }

    /// @dev The key that signs, or the one that stands in the frozen set though it was replaced. Seldom the second or third
    /// of a set: without them nothing of it would be final.
    function revokeKey(uint256 seed) external action(seed) {
        _only(maskOf[rolledEpoch] == 0 || _oneIn(4));
        uint256 who = _below(VALIDATORS);
        address owner = _ownerOf(1 + who);
        address key = signingKeyOf[owner];
        (address[] memory frozen, ) = _frozenOf(rolledEpoch);
        if (_oneIn(2)) {
            (bool seated, uint256 seat) = validatorSet.seatOf(owner);
            _only(seated && seat < frozen.length);
            key = frozen[seat];
        }
        address account = registry.operatorOf(key).account;
        _only(key != address(0) && account == owner);
        vm.prank(owner);
        registry.revokeOperator(key);
        _maskKey(key);
        if (signingKeyOf[owner] == key) signingKeyOf[owner] = address(0);
    }

    // ---------------------------------------------------------------- score reports

    /// @dev All that may sign, or enough of them.
    function postScore(uint256 seed) external action(seed) {
        IScoreConsensus.ScoreReport memory report = _openReport();
        _postScoreReport(report, _enough(report.epoch, _drawn(report.epoch, report.round, report.attempt)), Flaw.None);
    }

    function postScoreOfFew(uint256 seed) external action(seed) {
        IScoreConsensus.ScoreReport memory report = _openReport();
        _postScoreReport(report, _occupied(report.epoch) & uint64(_draw()), Flaw.None);
    }

    function postScoreWithoutProposer(uint256 seed) external action(seed) {
        IScoreConsensus.ScoreReport memory report = _openReport();
        uint256 proposer = _drawn(report.epoch, report.round, report.attempt);
        _postScoreReport(report, _occupied(report.epoch) & ~uint64(1 << proposer), Flaw.None);
    }

    /// @dev Of a round that is final, by others and with other results.
    function postScoreAgain(uint256 seed) external action(seed) {
        IScoreConsensus.ScoreReport memory report = _scoreReportOf(_epochOrBefore());
        uint32 first = uint32(_below(ROUNDS));
        uint32 k;
        while (k < ROUNDS && !modelFinal[report.epoch][(first + k) % ROUNDS]) ++k;
        _only(k < ROUNDS);
        report.round = (first + k) % ROUNDS;
        uint256 begins = _roundBegins(report.epoch, report.round);
        report.attempt = uint32(_below(_begunAttempts(begins)));
        _postScoreReport(report, _occupied(report.epoch), Flaw.None);
    }

    /// @dev Any epoch from three before this one to the next, any round and attempt up to the first that does not exist.
    function postScoreOfAnyTime(uint256 seed) external action(seed) {
        uint64 current = _epochNow();
        uint64 epoch = current + 1 - uint64(_below(current < 4 ? current + 1 : 5));
        IScoreConsensus.ScoreReport memory report = _scoreReportOf(epoch);
        report.round = uint32(_below(ROUNDS + 1));
        report.attempt = uint32(_below(ATTEMPTS + 1));
        _postScoreReport(report, _occupied(epoch), Flaw.None);
    }

    function postScoreOfRevoked(uint256 seed) external action(seed) {
        IScoreConsensus.ScoreReport memory report = _openReport();
        _only(maskOf[report.epoch] != 0);
        _postScoreReport(report, _occupied(report.epoch), Flaw.None);
    }

    function postScoreOfUnknownSeat(uint256 seed) external action(seed) {
        IScoreConsensus.ScoreReport memory report = _openReport();
        uint64 signers = _occupied(report.epoch) & ~maskOf[report.epoch];
        _postScoreReport(report, signers | uint64(1 << _between(VALIDATORS, 63)), Flaw.None);
    }

    function postScoreForged(uint256 seed) external action(seed) {
        IScoreConsensus.ScoreReport memory report = _openReport();
        uint64 signers = _occupied(report.epoch) & ~maskOf[report.epoch];
        _only(signers != 0);
        _postScoreReport(report, signers, Flaw(_between(1, 5)));
    }

    function postScoreUnsorted(uint256 seed) external action(seed) {
        IScoreConsensus.ScoreReport memory report = _openReport();
        Results.Line[] memory lines = _lines();
        report.results = bytes.concat(Results.encode(lines), Results.encode(lines[0]));
        uint256 last = lines[lines.length - 1].requestId;
        refusal = abi.encodeWithSelector(ResultCodec.ResultCodec_Unsorted.selector, last, lines[0].requestId);
        _postScoreReport(report, _enough(report.epoch, _drawn(report.epoch, report.round, report.attempt)), Flaw.None);
    }

    // ---------------------------------------------------------------- epoch reports

    function postEpoch(uint256 seed) external action(seed) {
        IScoreConsensus.EpochReport memory report = _epochReportOf(_epochNow() - 1);
        _postEpochReport(report, _enough(report.epoch, _drawn(report.epoch, EPOCH_ROUND, report.attempt)), Flaw.None);
    }

    /// @dev Any of this epoch and the three before it, an attempt that may not have begun, by anybody.
    function postEpochOfAnyTime(uint256 seed) external action(seed) {
        uint64 current = _epochNow();
        IScoreConsensus.EpochReport memory report = _epochReportOf(current - uint64(_below(current < 3 ? current : 4)));
        if (_oneIn(2)) report.attempt = uint32(_below(EPOCH / ATTEMPT));
        if (_oneIn(8)) report.scores.epoch += 1;
        uint64 signers = _occupied(report.epoch);
        _postEpochReport(report, _oneIn(2) ? signers : signers & uint64(_draw()), Flaw(_oneIn(4) ? _below(6) : 0));
    }

    /// @dev A root that gives more than is funded, takes back, or is missing: nothing of its report stands.
    function postEpochUnfunded(uint256 seed) external action(seed) {
        IScoreConsensus.EpochReport memory report = _epochReportOf(_epochNow() - 1);
        uint256 kind = _below(4);
        (uint128 validators, uint128 workers) = _fundedAfterRelease();
        if (kind == 0) report.validatorTotal = validators + 1 + uint128(_below(1e18));
        else if (kind == 1) report.workerTotal = workers + 1 + uint128(_below(1e18));
        else if (kind == 2) {
            _only(report.validatorTotal != 0);
            report.validatorTotal = uint128(_below(modelValidatorTotal + 1));
            if (report.validatorTotal == modelValidatorTotal) report.workerTotal = workers + 1;
        } else (report.rewardRoot, report.validatorTotal) = (0, validators);
        _postEpochReport(report, _enough(report.epoch, _drawn(report.epoch, EPOCH_ROUND, report.attempt)), Flaw.None);
    }

    // ---------------------------------------------------------------- making reports

    /// @dev A round that has begun and is not final, where there is one, of this epoch or the one before.
    function _openReport() private returns (IScoreConsensus.ScoreReport memory report) {
        report = _scoreReportOf(_epochOrBefore());
        uint256 begun = (_now - _epochBegins(report.epoch)) / ROUND + 1;
        if (begun > ROUNDS) begun = ROUNDS;
        uint256 first = _below(begun);
        uint256 k;
        while (k < begun && modelFinal[report.epoch][uint32((first + k) % begun)]) ++k;
        _only(k < begun);
        report.round = uint32((first + k) % begun);
        report.attempt = uint32(_below(_begunAttempts(_roundBegins(report.epoch, report.round))));
    }

    function _scoreReportOf(uint64 epoch) private returns (IScoreConsensus.ScoreReport memory report) {
        report.epoch = epoch;
        report.poster = posters[_below(2)];
        report.commitmentSet = bytes32(_draw());
        report.results = Results.encode(_lines());
    }

    /// @dev One or two of the latest requests, in order: settled, ripe, unripe and expired ones, now and then with a score
    /// too many or unknown.
    function _lines() private returns (Results.Line[] memory lines) {
        uint256 count = escrow.requestCount();
        uint256 most = count < REQUESTS ? count : REQUESTS;
        uint256 id = count + 1 - (most == 0 ? 0 : _between(1, most));
        bool two = id < count && _oneIn(2);
        lines = new Results.Line[](two ? 2 : 1);
        lines[0] = _line(id);
        if (two) lines[1] = _line(_between(id + 1, count));
    }

    function _line(uint256 id) private returns (Results.Line memory line) {
        line.requestId = id;
        uint256 count = requests[id].responses;
        if (count == 0 || _oneIn(16)) ++count;
        line.responses = new Results.Score[](count);
        for (uint256 i; i < count; ++i) {
            line.responses[i] = _score(uint32(_oneIn(6) ? 3e8 : 9e8));
            line.responses[i].scored = !_oneIn(8);
        }
    }

    function _epochReportOf(uint64 epoch) private returns (IScoreConsensus.EpochReport memory report) {
        (address[] memory keys, ) = _frozenOf(epoch);
        report.epoch = epoch;
        report.poster = posters[_below(2)];
        report.scores = _scores(epoch, keys.length, uint32(SCORE_ONE));
        for (uint256 i; i < keys.length; ++i) {
            _setScore(report.scores, i, uint32(_between(SCORE_ONE / 2, SCORE_ONE)));
        }
        (report.validatorTotal, report.workerTotal) = (modelValidatorTotal, modelWorkerTotal);
        if (!_oneIn(4)) {
            (uint128 validators, uint128 workers) = _fundedAfterRelease();
            report.rewardRoot = bytes32(_draw());
            report.validatorTotal = uint128(_between(modelValidatorTotal, validators));
            report.workerTotal = uint128(_between(modelWorkerTotal, workers));
        }
        uint256 begins = _epochBegins(epoch + 1) + ATTEMPT;
        if (_now >= begins) report.attempt = uint32(_below((_now - begins) / ATTEMPT + 1));
    }

    /// @dev This epoch or the one before it; an epoch that was not rolled is none that a report could be of.
    function _epochOrBefore() private returns (uint64 epoch) {
        epoch = _epochNow();
        if (_oneIn(3) && epoch > 1) --epoch;
        _only(epoch != 0);
        if (!_oneIn(8)) _only(isFrozen[epoch]);
    }

    /// @dev How many attempts of the round that began at `begins` have begun.
    function _begunAttempts(uint256 begins) private view returns (uint256) {
        uint256 begun = (_now - begins) / ATTEMPT + 1;
        return begun > ATTEMPTS ? ATTEMPTS : begun;
    }

    /// @dev Everybody who may sign, less some that are not needed.
    function _enough(uint64 epoch, uint256 proposer) private returns (uint64 signers) {
        signers = _occupied(epoch) & ~maskOf[epoch];
        uint256 first = _below(VALIDATORS);
        for (uint256 i; i < VALIDATORS; ++i) {
            uint256 seat = (first + i) % VALIDATORS;
            uint64 less = signers & ~uint64(1 << seat);
            if (seat != proposer && less != signers && _suffices(epoch, less) && _oneIn(2)) signers = less;
        }
    }

    // ---------------------------------------------------------------- posting

    function _postScoreReport(IScoreConsensus.ScoreReport memory report, uint64 signers, Flaw flaw) private {
        Post memory p = Post(report.epoch, report.round, report.attempt, signers, "", 0);
        p.digest = consensus.scoreReportDigest(report);
        p.signatures = _signatures(p, flaw);
        bytes memory expected = _scoreRefusal(p);
        vm.recordLogs();
        try consensus.postScoreReport(report, signers, p.signatures) {
            _accepted(p, expected);
            modelFinal[report.epoch][report.round] = true;
            _tookIf(p.attempt != 0, "final by a later attempt");
            _tookIf(_now >= _roundBegins(p.epoch, p.round) + (p.attempt + 1) * ATTEMPT, "final after its turn");
            _tookIf(report.epoch != _epochNow(), "final in the next epoch");
            _settled(report.results, vm.getRecordedLogs());
            _took("final");
        } catch (bytes memory reason) {
            assertEq(reason, expected, "I-13 refused for the reason that the model has");
            _took(_nameOf(bytes4(reason)));
        }
        delete refusal;
    }

    function _postEpochReport(IScoreConsensus.EpochReport memory report, uint64 signers, Flaw flaw) private {
        Post memory p = Post(report.epoch, EPOCH_ROUND, report.attempt, signers, "", 0);
        p.digest = consensus.epochReportDigest(report);
        p.signatures = _signatures(p, flaw);
        bytes memory expected = _epochRefusal(p, report);
        try consensus.postEpochReport(report, signers, p.signatures) {
            _accepted(p, expected);
            modelEpochFinal[report.epoch] = true;
            _modelRoot(report);
            _took("epoch final");
        } catch (bytes memory reason) {
            assertEq(reason, expected, "I-13 refused for the reason that the model has");
            _took(_nameOf(bytes4(reason)));
        }
    }

    function _accepted(Post memory p, bytes memory expected) private view {
        assertEq(expected, "", "I-13 final against the rules");
        (uint256 signed, uint256 silent, uint256 count) = _weigh(p.epoch, p.signers);
        assertGt(3 * signed, 2 * (signed + silent), "I-13 more than two thirds");
        assertGe(count, 3, "I-13 least confirmations");
        uint256 proposer = _drawn(p.epoch, p.round, p.attempt);
        assertTrue((p.signers >> proposer) & 1 == 1, "I-13 the proposer's signature");
        assertEq(p.signers & maskOf[p.epoch], 0, "D20 no revoked key");
    }

    /// @dev I-05: each line settles if the model says so, and never again.
    function _settled(bytes memory results, Vm.Log[] memory logs) private {
        uint256 done;
        for (uint256 i; i < logs.length; ++i) {
            bytes32 what = logs[i].topics[0];
            bool settled = what == IRequestEscrow.RequestSettled.selector;
            if (!settled && what != IRequestEscrow.ResultSkipped.selector) continue;
            uint256 id = uint256(logs[i].topics[1]);
            ++done;
            assertEq(settled, _settles(results, id), "I-05 a line settles by the rules");
            if (settled) ++requests[id].settled;
            _took(settled ? bytes32("line settled") : bytes32("line skipped"));
        }
        assertGt(done, 0, "I-05 no line is passed over");
    }

    function _signatures(Post memory p, Flaw flaw) private returns (bytes memory signatures) {
        (address[] memory keys, ) = _frozenOf(p.epoch);
        uint256 flawed = _below(VALIDATORS);
        while (flaw != Flaw.None && p.signers != 0 && (p.signers >> flawed) & 1 == 0) flawed = (flawed + 1) % 64;
        for (uint256 seat; seat < 64; ++seat) {
            if ((p.signers >> seat) & 1 == 0) continue;
            uint256 key = seat < keys.length && keys[seat] != address(0) ? keyOf[keys[seat]] : 1;
            signatures = bytes.concat(signatures, _signature(key, p.digest, seat == flawed ? flaw : Flaw.None));
        }
        if (flaw == Flaw.Long) signatures = bytes.concat(signatures, new bytes(65));
        if (flaw == Flaw.Short && signatures.length != 0) {
            assembly ("memory-safe") {
                mstore(signatures, sub(mload(signatures), 1))
            }
        }
    }

    function _signature(uint256 key, bytes32 digest, Flaw flaw) private pure returns (bytes memory) {
        if (flaw == Flaw.Stranger) key = uint256(keccak256("stranger"));
        if (flaw == Flaw.OtherMessage) digest = keccak256(abi.encode(digest));
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digest);
        if (flaw == Flaw.Malleable) (v, s) = (55 - v, bytes32(CURVE_ORDER - uint256(s)));
        return abi.encodePacked(v, r, s);
    }
}
