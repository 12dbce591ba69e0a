// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ud2x18} from "@prb/math/src/UD2x18.sol";

import {IModuleRights} from "../../contracts/interfaces/IModuleRights.sol";
import {NodeRole} from "../../contracts/interfaces/INodeRegistry.sol";
import {IRequestEscrow} from "../../contracts/interfaces/IRequestEscrow.sol";
import {IScoreConsensus} from "../../contracts/interfaces/IScoreConsensus.sol";
import {IValidatorSet} from "../../contracts/interfaces/IValidatorSet.sol";
import {ResultCodec} from "../../contracts/market/ResultCodec.sol";
import {Results} from "../support/Results.sol";
import {SettlementBed} from "../support/SettlementBed.sol";

/// @notice One answer, every way it can go. Thresholds: τ = 0.6, minQuality = 0.7, κ = 0.5.
contract SettlementTruthTableTest is SettlementBed {
    struct Row {
        string name;
        Results.Score score;
        bool hasEvidence;
        uint256 quality; // Q expected, WAD
        IRequestEscrow.ResponseOutcome outcome;
    }

    Row[] private rows;

    function test_ESC11_SLA05_TruthTable() public {
        _add("zero", _score(0), false, 0, SLASHED);
        _add("far below tau", _score(3e8), false, 0.3e18, SLASHED);
        _add("one unit below tau", _score(6e8 - 1), false, 0.6e18 - 1e9, SLASHED);
        _add("equal tau", _score(6e8), false, 0.6e18, UNPAID);
        _add("one unit above tau", _score(6e8 + 1), false, 0.6e18 + 1e9, UNPAID);
        _add("between tau and minQuality", _score(65e7), false, 0.65e18, UNPAID);
        _add("one unit below minQuality", _score(7e8 - 1), false, 0.7e18 - 1e9, UNPAID);
        _add("equal minQuality", _score(7e8), false, 0.7e18, PAID);
        _add("one unit above minQuality", _score(7e8 + 1), false, 0.7e18 + 1e9, PAID);
        _add("full marks", _score(1e9), false, 1e18, PAID);
        _add("full marks with evidence", _score(1e9), true, 1e18, PAID);
        _add("fraud with full marks", _fraud(1e9), false, 0, SLASHED);
        // F counts only with evidence: 0.4 + 0.2 + 0.1 of 0.7, or of 1.
        _add("facts missing, no evidence", _scores4(1e9, 1e9, 0, 1e9), false, 1e18, PAID);
        _add("facts missing, evidence", _scores4(1e9, 1e9, 0, 1e9), true, 0.7e18, PAID);
        _add("facts alone, evidence", _scores4(0, 0, 1e9, 0), true, 0.3e18, SLASHED);
        _add("facts alone, no evidence", _scores4(0, 0, 1e9, 0), false, 0, SLASHED);
        _add("one sub-score one unit short", _scores4(6e8, 6e8, 6e8, 6e8 - 1), true, 0.6e18 - 1e8, SLASHED);
        _add("each weight its own score", _scores4(9e8, 8e8, 7e8, 6e8), true, 0.79e18, PAID);
        for (uint256 i; i < rows.length; ++i) {
            _check(rows[i]);
        }
    }

    /// @dev The quality of an answer one wei below τ, at τ and one wei above: α is 0.4 and a step of 1e-9, δ is 0.1, so
    /// that one unit of relevance outweighs four of the response time by one wei.
    function test_ESC11_OneWeiBesideTau() public {
        IRequestEscrow.MarketTerms memory terms = _marketTerms();
        terms.qualityThreshold = ud2x18(0.61e18);
        (terms.weightRelevance, terms.weightCoherence) = (ud2x18(0.4e18 + 1e9), ud2x18(0.2e18 - 1e9));
        escrow.setMarketTerms(terms);
        IRequestEscrow.Submission memory s = _submission(REWARD);
        (s.minQuality, s.hasEvidence) = (0.61e18, true);
        for (uint256 i; i < 3; ++i) {
            uint256 id = _answered(s, 1);
            (uint256 before, ) = _position(workers[0]);
            uint256 credit = escrow.creditOf(workers[0]);
            Results.Score memory score = _score(61e7);
            (score.relevance, score.responseTime) = (uint32(61e7 + i - 1), uint32(61e7 + 4 - 4 * i));
            _settleAsConsensus(id, _one(score));
            (uint256 afterwards, ) = _position(workers[0]);
            assertEq(before - afterwards, i == 0 ? 50e18 : 0, "ESC-11 slashed below tau only");
            // R_base is 100e18: each wei of Q is 100 of the reward.
            uint256 paid = i == 0 ? 0 : 61e18 + 100 * (i - 1);
            assertEq(escrow.creditOf(workers[0]) - credit, paid, "ESC-11 paid at equality");
        }
    }

    function test_ESC11_OneWeiBesideMinQuality() public {
        uint64[3] memory least = [0.71e18 - 1, 0.71e18, 0.71e18 + 1];
        for (uint256 i; i < 3; ++i) {
            IRequestEscrow.Submission memory s = _submission(REWARD);
            s.minQuality = least[i];
            uint256 id = _answered(s, 1);
            uint256 credit = escrow.creditOf(workers[0]);
            _settleAsConsensus(id, _one(_score(71e7)));
            assertEq(escrow.creditOf(workers[0]) - credit, i == 2 ? 0 : 71e18, "ESC-11 accepted at equality");
        }
        (uint256 staked, ) = _position(workers[0]);
        assertEq(staked, WORKER_STAKE, "a rejection above tau slashes nobody");
    }

    /// @dev The buyer has the answer and no say in what it is worth.
    function test_ESC02_TheScoreDecidesNotTheBuyer() public {
        uint256 id = _answered(_submission(REWARD), 1);
        vm.startPrank(asker);
        vm.expectRevert(abi.encodeWithSelector(IRequestEscrow.RequestEscrow_HasResponses.selector, id, 1));
        escrow.cancel(id);
        vm.expectRevert(
            abi.encodeWithSelector(IRequestEscrow.RequestEscrow_TooEarly.selector, id, START + 25 minutes, START)
        );
        escrow.close(id);
        vm.expectRevert(
            abi.encodeWithSelector(IModuleRights.ModuleRights_Unauthorised.selector, bytes32("SETTLE"), asker, 0)
        );
        escrow.settle(address(0), 0, Results.encode(Results.Line(id, _one(_score(0)))));
        // Leaving or spending every other wei does not touch the reward either.
        registry.deregister();
        escrow.withdrawCredit(asker, escrow.creditOf(asker));
        vm.stopPrank();
        _settleAsConsensus(id, _one(_score(8e8)));
        assertEq(escrow.creditOf(workers[0]), 80e18, "ESC-02 the worker is paid");
        assertEq(escrow.creditOf(asker), 20e18, "ESC-02 the rest comes back");
        _assertBooks();
    }

    function _check(Row memory row) private {
        IRequestEscrow.Submission memory s = _submission(REWARD);
        s.minQuality = 0.7e18;
        s.hasEvidence = row.hasEvidence;
        address worker = workers[0];
        uint256 askerBefore = escrow.creditOf(asker);
        uint256 workerBefore = escrow.creditOf(worker);
        (uint256 stakedBefore, ) = _position(worker);
        uint256 id = _answered(s, 1);

        uint256 reward = row.outcome == PAID ? (REWARD * row.quality) / WAD : 0;
        uint256 slashed = row.outcome == SLASHED ? 50e18 : 0;
        if (row.outcome != PAID) {
            vm.expectEmit(address(escrow));
            emit IRequestEscrow.ResponseSettled(id, worker, row.outcome, row.quality, slashed, row.score.fraud);
        }
        vm.expectEmit(address(escrow));
        if (row.outcome == PAID) emit IRequestEscrow.RequestSettled(id, worker, reward, row.quality);
        else emit IRequestEscrow.RequestSettled(id, address(0), 0, 0);
        _settleAsConsensus(id, _one(row.score));

        (uint256 staked, ) = _position(worker);
        assertEq(escrow.creditOf(worker) - workerBefore, reward, row.name);
        // What is not paid is refunded, the fee is kept.
        assertEq(askerBefore - escrow.creditOf(asker), reward + escrow.requestOf(id).fee, row.name);
        assertEq(stakedBefore - staked, slashed, row.name);
        assertEq(_openSlash(worker), 0, row.name);
        _assertState(id, IRequestEscrow.RequestState.Settled, row.name);
        _assertBooks();

        // The same line again, as another report would bring it.
        _settleAsConsensus(id, _one(row.score));
        (uint256 again, ) = _position(worker);
        assertEq(again, staked, "SLA-05 slashed once");
        assertEq(escrow.creditOf(worker) - workerBefore, reward, "I-05 paid once");
    }

    function _add(
        string memory name,
        Results.Score memory score,
        bool hasEvidence,
        uint256 quality,
        IRequestEscrow.ResponseOutcome outcome
    ) private {
        rows.push(Row(name, score, hasEvidence, quality, outcome));
    }

    function _fraud(uint32 quality) private pure returns (Results.Score memory score) {
        score = _score(quality);
        score.fraud = 7;
    }

    function _scores4(uint32 r, uint32 c, uint32 f, uint32 t) private pure returns (Results.Score memory) {
        return Results.Score(r, c, f, t, 1_000, true, 0);
    }
}

contract SettlementCompetitionTest is SettlementBed {
    function test_TheBestWinsTheRestAreUnharmedOrSlashed() public {
        uint256 id = _answered(_submission(REWARD), 4);
        _settleAsConsensus(id, _many([uint32(7e8), 9e8, 59e7, 85e7]));
        assertEq(escrow.creditOf(workers[1]), 90e18, "the best earns");
        assertEq(escrow.creditOf(workers[0]) + escrow.creditOf(workers[2]) + escrow.creditOf(workers[3]), 0, "alone");
        uint256[4] memory losses = [uint256(0), 0, 50e18, 0];
        _assertLosses(losses);
        assertEq(escrow.creditOf(asker), CREDIT - FEE - 90e18, "one reward, whatever the number of answers");
        _assertBooks();
    }

    function test_EveryAnswerBelowTauIsSlashed() public {
        uint256 id = _answered(_submission(REWARD), 4);
        _settleAsConsensus(id, _many([uint32(1e8), 599_999_999, 0, 6e8]));
        _assertLosses([uint256(50e18), 50e18, 50e18, 0]);
        assertEq(escrow.creditOf(workers[3]), 60e18, "the one at tau is paid");
    }

    function test_TiesGoToTheEarlierCommitment() public {
        uint256 id = _answered(_submission(REWARD), 4);
        _settleAsConsensus(id, _many([uint32(7e8), 8e8, 8e8, 8e8]));
        assertEq(escrow.creditOf(workers[1]), 80e18, "earliest of the best");
        assertEq(escrow.creditOf(workers[2]) + escrow.creditOf(workers[3]), 0, "later ones are not");
        _assertLosses([uint256(0), 0, 0, 0]);
    }

    function test_NobodyReachesMinQuality() public {
        IRequestEscrow.Submission memory s = _submission(REWARD);
        s.minQuality = 0.8e18;
        uint256 id = _answered(s, 4);
        _settleAsConsensus(id, _many([uint32(79e7), 7e8, 6e8, 5e8]));
        assertEq(escrow.creditOf(asker), CREDIT - FEE, "refunded in full but for the fee: the network worked");
        _assertLosses([uint256(0), 0, 0, 50e18]);
    }

    function test_FraudLosesToAnHonestAnswer() public {
        uint256 id = _answered(_submission(REWARD), 4);
        Results.Score[] memory scores = _many([uint32(1e9), 6e8, 6e8, 6e8]);
        scores[0].fraud = 1;
        _settleAsConsensus(id, scores);
        assertEq(escrow.creditOf(workers[1]), 60e18, "the best honest one");
        _assertLosses([uint256(50e18), 0, 0, 0]);
    }

    /// @dev Too little weight scored it: no evidence either way. An unscored answer has no numbers in the encoding.
    function test_AnUnscoredAnswerIsNeitherPaidNorSlashed() public {
        uint256 id = _answered(_submission(REWARD), 4);
        Results.Score[] memory scores = _many([uint32(1e9), 0, 7e8, 1e9]);
        (scores[0].scored, scores[1].scored, scores[3].scored) = (false, false, false);
        vm.expectEmit(address(escrow));
        emit IRequestEscrow.ResponseSettled(id, workers[3], UNSCORED, 0, 0, 0);
        _settleAsConsensus(id, scores);
        assertEq(escrow.creditOf(workers[2]), 70e18, "the scored one is paid");
        _assertLosses([uint256(0), 0, 0, 0]);
        assertEq(registry.nodeOf(workers[0]).utility, registry.nodeOf(workers[3]).utility, "nothing recorded");
    }

    /// @dev α = 0.2 of min(1, throughput / 1,000), β = 0.8 of Q; the work is R_base, paid or not. Folded at the end of
    /// the epoch at γ = 0.8, with the weight of 100 MASA of work (the reference): U + 0.2 · (p − U).
    function test_PerformanceIsRecordedForScoredAnswersAlone() public {
        uint256 id = _answered(_submission(REWARD), 4);
        Results.Score[] memory scores = _many([uint32(8e8), 2e8, 7e8, 9e8]);
        scores[1].throughput = 500; // half the target
        scores[2].throughput = 4_000; // more than the target counts as the target
        scores[3].scored = false;
        _settleAsConsensus(id, scores);
        uint256[4] memory work = [uint256(REWARD), REWARD, REWARD, 0];
        uint256[4] memory utility = [uint256(0.568e18), 0.452e18, 0.552e18, 0.5e18]; // of p = 0.84, 0.26, 0.76
        for (uint256 i; i < 4; ++i) {
            assertEq(standing.standingOf(workers[i], NodeRole.Worker).workThisEpoch, work[i], "EQ-10 work");
            assertEq(standing.utilityOf(workers[i], NodeRole.Worker), 0.5e18, "nothing moves within the epoch");
        }
        assertEq(_untold(), 80e18, "the asker's consumption");
        escrow.tellConsumption(asker);
        assertEq(standing.standingOf(asker, NodeRole.Oracle).workThisEpoch, 80e18, "as it is told");
        _rollNext();
        for (uint256 i; i < 4; ++i) {
            assertEq(standing.utilityOf(workers[i], NodeRole.Worker), utility[i], "EQ-10 performance");
        }
    }

    /// @dev Accepted value is all that the fixture counts (resourceShare 0).
    function test_NothingIsConsumedIfNothingIsPaid() public {
        uint256 id = _answered(_submission(REWARD), 1);
        _settleAsConsensus(id, _one(_score(1e8)));
        assertEq(standing.standingOf(workers[0], NodeRole.Worker).workThisEpoch, REWARD, "the bad answer counts");
        assertEq(_untold(), 0, "the asker consumed nothing");
        escrow.tellConsumption(asker);
        assertEq(standing.standingOf(asker, NodeRole.Oracle).workThisEpoch, 0, "and nothing is told");
        _rollNext();
        // p = 0.2 + 0.8 · 0.1 = 0.28
        assertEq(standing.utilityOf(workers[0], NodeRole.Worker), 0.456e18, "as what it was worth");
    }

    /// @dev Reports leave it with the escrow: the first request of an epoch tells it, a later one does not.
    function test_D5_ConsumptionIsToldByTheFirstRequestOfAnEpoch() public {
        _settleAsConsensus(_answered(_submission(REWARD), 1), _one(_score(9e8)));
        _settleAsConsensus(_answered(_submission(REWARD), 1), _one(_score(8e8)));
        _submit(asker, REWARD);
        assertEq(_untold(), 170e18, "D5 both, after a request of the same epoch");
        assertEq(standing.standingOf(asker, NodeRole.Oracle).workThisEpoch, 0, "D5 nothing is told yet");
        _rollNext();
        vm.expectCall(address(standing), abi.encodeWithSelector(standing.recordWorkOf.selector), 1);
        _submit(asker, REWARD);
        _submit(asker, REWARD);
        assertEq(_untold(), 0, "D5 all of it");
        assertEq(standing.standingOf(asker, NodeRole.Oracle).workThisEpoch, 170e18, "D5 in the epoch that hears of it");
    }

    function test_D5_AnybodyTellsConsumptionOnce() public {
        _settleAsConsensus(_answered(_submission(REWARD), 1), _one(_score(9e8)));
        (, , uint256 before) = escrow.wordsOf(asker);
        vm.prank(address(0xdead));
        escrow.tellConsumption(asker);
        vm.expectCall(address(standing), abi.encodeWithSelector(standing.recordWorkOf.selector), 0);
        escrow.tellConsumption(asker);
        escrow.tellConsumption(address(0xdead));
        assertEq(standing.standingOf(asker, NodeRole.Oracle).workThisEpoch, 90e18, "D5 once");
        (, , uint256 record) = escrow.wordsOf(asker);
        assertEq(record, before - (uint256(90e9) << 128), "D5 the rest of the record stays");
    }

    /// @dev What NodeStanding has not been told of the asker's consumption, wei.
    function _untold() private view returns (uint256) {
        (, , uint256 record) = escrow.wordsOf(asker);
        return uint256(uint64(record >> 128)) * 1e9;
    }

    /// @dev One UNIT of reward at the smallest κ, a step of 1e-9: one wei, behind which a UNIT is set aside.
    function test_SLA01_TheSmallestRewardSlashesOneWei() public {
        IRequestEscrow.MarketTerms memory terms = _marketTerms();
        terms.slashShare = ud2x18(1e9);
        escrow.setMarketTerms(terms);
        uint256 id = _answered(_submission(1e9), 1);
        assertEq(_openSlash(workers[0]), 1e9, "SLA-01 one unit stands behind it");
        (, uint256 before) = _position(workers[0]);
        _settleAsConsensus(id, _one(_score(0)));
        _assertLosses([uint256(1), 0, 0, 0]);
        (, uint256 reserved) = _position(workers[0]);
        assertEq(before - reserved, 1e9, "SLA-01 the unit is free again");
    }

    /// @dev κ = 1/3, rounded down to its step: units of R_base times steps of κ are whole wei, and only what is set aside
    /// is rounded, against the worker.
    function test_SLA01_ToTheWeiOutOfWholeUnits() public {
        IRequestEscrow.MarketTerms memory terms = _marketTerms();
        terms.slashShare = ud2x18(0.333333333e18);
        escrow.setMarketTerms(terms);
        uint256 id = _answered(_submission(1e17 + 1e9), 1);
        // 0.333333333 · 100,000,001e9
        assertEq(_openSlash(workers[0]), 33_333_334e9, "SLA-01 whole units stand behind it");
        _settleAsConsensus(id, _one(_score(0)));
        _assertLosses([uint256(33_333_333_633_333_333), 0, 0, 0]);
    }

    /// @dev Rounding down of the reward leaves the wei with the asker.
    function test_I04_DustOfTheRewardIsRefunded() public {
        IRequestEscrow.MarketTerms memory terms = _marketTerms();
        (terms.weightRelevance, terms.weightCoherence) = (ud2x18(0.333333333e18), ud2x18(0.3e18));
        (terms.weightFactual, terms.weightResponseTime) = (ud2x18(0), ud2x18(0.366666667e18));
        escrow.setMarketTerms(terms);
        uint256 id = _answered(_submission(7e9), 1);
        Results.Score memory score = _score(1e9 - 1);
        score.relevance = 0; // Q = 0.666666667 · 0.999999999 = 0.666666666333333333
        _settleAsConsensus(id, _one(score));
        assertEq(escrow.creditOf(workers[0]), 4_666_666_664, "I-04 4,666,666,664.33 rounded down");
        assertEq(escrow.creditOf(asker), CREDIT - 0.001e18 - 4_666_666_664, "to the wei");
        _assertBooks();
    }

    function test_SLA03_ASlashTakesTheWholeStakeAtMost() public {
        _unbond(workers[0], WORKER_STAKE - 50e18); // the reservation is all that is left staked
        uint256 id = _answered(_submission(REWARD), 1);
        (uint256 staked, uint256 reserved) = _position(workers[0]);
        assertEq(staked, reserved, "I-19 everything is reserved");
        (, uint256 unbondingBefore, ) = vault.totalsOf(address(masa));
        _settleAsConsensus(id, _one(_score(0)));
        (, uint256 booked, ) = vault.totalsOf(address(masa));
        assertEq(booked, unbondingBefore, "booked, not applied");
        vault.applySlash(workers[0]);
        (staked, reserved) = _position(workers[0]);
        (, uint256 unbonding, uint256 pot) = vault.totalsOf(address(masa));
        assertEq(reserved, 0, "I-19");
        assertEq((50e18 - staked) + (unbondingBefore - unbonding), 50e18, "SLA-03 stake and queue pro rata");
        assertEq(pot, 50e18, "the appeal pot holds it");
        assertEq(vault.stakeUnitsOf(workers[1]), WORKER_STAKE, "I-14 nobody else's");
    }

    function test_SLA03_AStakeSlashedToNothing() public {
        _unbond(workers[0], WORKER_STAKE - 50e18);
        vm.warp(START + UNBONDING);
        _withdraw(workers[0], 0);
        uint256 id = _answered(_submission(REWARD), 1); // in its epoch of grace
        _settleAsConsensus(id, _one(_score(0)));
        (uint256 staked, uint256 reserved) = _position(workers[0]);
        assertEq(staked + reserved, 0, "SLA-03 max{s - kR, 0}");
        _assertState(id, IRequestEscrow.RequestState.Settled, "settled all the same");
    }

    function _assertLosses(uint256[4] memory losses) private view {
        for (uint256 i; i < 4; ++i) {
            (uint256 staked, ) = _position(workers[i]);
            assertEq(WORKER_STAKE - staked, losses[i], "I-14 slashed exactly what it cost");
            assertEq(_openSlash(workers[i]), 0, "I-19 nothing stays at stake");
            _assertBacking(workers[i]);
        }
    }
}

/// @notice Random answers against a second calculation of who is paid, slashed and refunded.
contract SettlementFuzzTest is SettlementBed {
    struct Expected {
        uint256 winner; // 4: nobody
        uint256 paid;
        uint256 slash;
        uint256[4] quality;
        bool anyScored;
    }

    struct Input {
        uint256[4] scores; // sub-scores, throughput, flags of a response, packed
        uint96 baseReward;
        uint64 threshold;
        uint64 margin;
        uint64 slashShare;
        uint64[3] weights;
        bool hasEvidence;
    }

    /// hardhat-config: fuzz.runs = 200
    function testFuzz_I04_I14_SettlesAsTheFormulasSay(Input memory input) public {
        IRequestEscrow.MarketTerms memory terms = _terms(input);
        _setTermsAndMargin(terms, input.margin >> 8);
        uint256 threshold = terms.qualityThreshold.unwrap();
        uint256 reward = bound(input.baseReward, 1, 250_000e9) * UNIT;
        IRequestEscrow.Submission memory s = _submission(uint96(reward));
        s.minQuality = uint64(threshold + bound(input.margin, 0, escrow.requestLimits().maxMargin.unwrap()));
        s.hasEvidence = input.hasEvidence;
        uint256 id = _answered(s, 4);
        // Kept in steps above τ, rounded up.
        s.minQuality = uint64(threshold + ((s.minQuality - threshold + 1e14 - 1) / 1e14) * 1e14);
        Results.Score[] memory scores = new Results.Score[](4);
        for (uint256 i; i < 4; ++i) {
            scores[i] = _unpack(input.scores[i]);
        }

        Expected memory expected = _expect(scores, terms, s);
        _settleAsConsensus(id, scores);
        if (!expected.anyScored) {
            _assertState(id, IRequestEscrow.RequestState.Open, "nothing scored, nothing settled");
            return;
        }
        for (uint256 i; i < 4; ++i) {
            (uint256 staked, ) = _position(workers[i]);
            bool bad = scores[i].scored && expected.quality[i] < threshold;
            assertEq(WORKER_STAKE - staked, bad ? expected.slash : 0, "I-14 slash = ceil(kappa R)");
            assertEq(_openSlash(workers[i]), 0, "I-19 released");
            uint256 earned = escrow.creditOf(workers[i]);
            assertEq(earned, i == expected.winner ? expected.paid : 0, "only the best is paid");
            assertLe(earned, reward, "I-04");
        }
        assertEq(escrow.creditOf(asker), CREDIT - escrow.requestOf(id).fee - expected.paid, "paid + refunded = R_base");
        _assertState(id, IRequestEscrow.RequestState.Settled, "settled");
        _assertBooks();
    }

    /// @dev The most margin that fits the terms, or less of it.
    function _setTermsAndMargin(IRequestEscrow.MarketTerms memory terms, uint256 seed) private {
        IRequestEscrow.RequestLimits memory limits = _requestLimits();
        limits.maxMargin = ud2x18(0);
        escrow.setRequestLimits(limits);
        escrow.setMarketTerms(terms);
        uint256 steps = bound(seed, 0, (WAD - 1 - terms.qualityThreshold.unwrap()) / 1e14);
        limits.maxMargin = ud2x18(uint64(steps * 1e14));
        escrow.setRequestLimits(limits);
    }

    function _terms(Input memory input) private pure returns (IRequestEscrow.MarketTerms memory t) {
        t.qualityThreshold = ud2x18(_steps(input.threshold, 1, WAD - UNIT));
        t.slashShare = ud2x18(_steps(input.slashShare, 1, WAD - UNIT));
        uint64 factual = _steps(input.weights[0], 0, WAD - UNIT);
        uint64 relevance = _steps(input.weights[1], 0, WAD - factual);
        uint64 coherence = _steps(input.weights[2], 0, WAD - factual - relevance);
        (t.weightFactual, t.weightRelevance, t.weightCoherence) = (
            ud2x18(factual),
            ud2x18(relevance),
            ud2x18(coherence)
        );
        t.weightResponseTime = ud2x18(uint64(WAD - factual - relevance - coherence));
    }

    /// @dev A whole multiple of 1e9.
    function _steps(uint256 seed, uint256 least, uint256 most) private pure returns (uint64) {
        return uint64(bound(seed, least, most / 1e9) * 1e9);
    }

    /// @dev Scores near full marks and near zero come up often; one in eight answers is unscored, one in eight fraud.
    function _unpack(uint256 word) private pure returns (Results.Score memory score) {
        score.relevance = uint32(bound(uint32(word), 0, 1e9));
        score.coherence = uint32(bound(uint32(word >> 32), 0, 1e9));
        score.factual = uint32(bound(uint32(word >> 64), 0, 1e9));
        score.responseTime = uint32(bound(uint32(word >> 96), 0, 1e9));
        score.throughput = uint32(word >> 128);
        score.scored = (word >> 160) & 7 != 0;
        if ((word >> 163) & 7 == 0) score.fraud = uint8(bound(uint8(word >> 166), 0, 254));
    }

    function _expect(
        Results.Score[] memory scores,
        IRequestEscrow.MarketTerms memory t,
        IRequestEscrow.Submission memory s
    ) private pure returns (Expected memory e) {
        e.winner = 4;
        for (uint256 i; i < 4; ++i) {
            if (!scores[i].scored) continue;
            e.anyScored = true;
            if (scores[i].fraud != 0) continue;
            uint256 sum =
                uint256(scores[i].relevance) * t.weightRelevance.unwrap() +
                    uint256(scores[i].coherence) * t.weightCoherence.unwrap() +
                    uint256(scores[i].responseTime) * t.weightResponseTime.unwrap();
            uint256 divisor = WAD - t.weightFactual.unwrap();
            if (s.hasEvidence) {
                sum += uint256(scores[i].factual) * t.weightFactual.unwrap();
                divisor = WAD;
            }
            e.quality[i] = (sum * 1e9) / divisor;
        }
        for (uint256 i = 4; i != 0; --i) {
            // Backwards with ≥: the earliest of the best comes last.
            uint256 quality = e.quality[i - 1];
            bool candidate = scores[i - 1].scored && scores[i - 1].fraud == 0 && quality >= s.minQuality;
            if (candidate && (e.winner == 4 || quality >= e.quality[e.winner])) e.winner = i - 1;
        }
        if (e.winner != 4) e.paid = (uint256(s.baseReward) * e.quality[e.winner]) / WAD;
        uint256 product = uint256(s.baseReward) * t.slashShare.unwrap();
        e.slash = product / WAD + (product % WAD == 0 ? 0 : 1);
    }
}

/// @notice Lines that cannot settle: skipped, never a reason to revert, never a way to change what is settled.
contract SettlementSkippedLinesTest is SettlementBed {
    function test_RepeatedLinesChangeNothing() public {
        uint256 id = _answered(_submission(REWARD), 1);
        _settleAsConsensus(id, _one(_score(8e8)));
        bytes32 before = _books(id);
        _expectSkipped(id, _one(_score(0)), IRequestEscrow.RequestState.Settled);
        _expectSkipped(id, _one(_score(1e9)), IRequestEscrow.RequestState.Settled);
        assertEq(_books(id), before, "I-05 settled once");
    }

    /// @dev One report, one line for a request: what is not in order is no report.
    function test_I05_TheSameRequestTwiceInOneReport() public {
        uint256 id = _answered(_submission(REWARD), 1);
        Results.Line[] memory results = new Results.Line[](2);
        results[0] = Results.Line(id, _one(_score(7e8)));
        results[1] = Results.Line(id, _one(_score(1e9)));
        bytes memory encoded = Results.encode(results);
        vm.expectRevert(abi.encodeWithSelector(ResultCodec.ResultCodec_Unsorted.selector, id, id));
        vm.prank(address(consensus));
        escrow.settle(address(0), 0, encoded);
        _assertState(id, IRequestEscrow.RequestState.Open, "I-05 nothing is settled");
        _assertBooks();
    }

    function test_TheScoringDeadlineIsTheLastSecond() public {
        uint256 inTime = _answered(_submission(REWARD), 1);
        uint256 late = _answered(_submission(REWARD), 1);
        vm.warp(START + 25 minutes);
        _settleAsConsensus(inTime, _one(_score(8e8)));
        _assertState(inTime, IRequestEscrow.RequestState.Settled, "the last second");
        vm.warp(START + 25 minutes + 1);
        _expectSkipped(late, _one(_score(0)), IRequestEscrow.RequestState.Open);
        escrow.close(late);
        _expectSkipped(late, _one(_score(8e8)), IRequestEscrow.RequestState.Unscored);
        assertEq(escrow.creditOf(workers[0]), 80e18, "paid for one");
        (uint256 staked, ) = _position(workers[0]);
        assertEq(staked, WORKER_STAKE, "nobody is slashed by a late line");
        assertEq(_openSlash(workers[0]), 0, "released");
    }

    function test_NotWhileAnswersMayStillCome() public {
        IRequestEscrow.Submission memory s = _submission(REWARD);
        s.maxResponses = 2;
        uint256 id = _submit(asker, s);
        _commit(workers[0], id);
        vm.warp(START + 5 minutes); // the last second for answers
        _expectSkipped(id, _one(_score(8e8)), IRequestEscrow.RequestState.Open);
        vm.warp(START + 5 minutes + 1);
        _settleAsConsensus(id, _one(_score(8e8)));
        _assertState(id, IRequestEscrow.RequestState.Settled, "closed to answers");
    }

    function test_AsSoonAsItIsFull() public {
        uint256 id = _answered(_submission(REWARD), 2);
        _settleAsConsensus(id, _slice(_many([uint32(8e8), 7e8, 0, 0]), 2));
        _assertState(id, IRequestEscrow.RequestState.Settled, "no need to wait");
    }

    function test_AnotherNumberOfResponses() public {
        uint256 id = _answered(_submission(REWARD), 3);
        Results.Score[] memory scores = _many([uint32(8e8), 7e8, 6e8, 5e8]);
        _expectSkipped(id, scores, IRequestEscrow.RequestState.Open);
        _expectSkipped(id, _slice(scores, 2), IRequestEscrow.RequestState.Open);
        _expectSkipped(id, _slice(scores, 1), IRequestEscrow.RequestState.Open);
        _settleAsConsensus(id, _slice(scores, 3));
        _assertState(id, IRequestEscrow.RequestState.Settled, "all of them");
    }

    function test_SCO10_ASubScoreAboveFullMarks() public {
        uint256 id = _answered(_submission(REWARD), 1);
        for (uint256 i; i < 4; ++i) {
            for (uint256 j; j < 2; ++j) {
                uint32 tooHigh = j == 0 ? uint32(1e9 + 1) : type(uint32).max;
                Results.Score memory score = _score(8e8);
                if (i == 0) score.relevance = tooHigh;
                if (i == 1) score.coherence = tooHigh;
                if (i == 2) score.factual = tooHigh;
                if (i == 3) score.responseTime = tooHigh;
                bytes memory encoded = Results.encode(Results.Line(id, _one(score)));
                vm.expectRevert(
                    abi.encodeWithSelector(ResultCodec.ResultCodec_ScoreOutOfRange.selector, id, 0, tooHigh)
                );
                vm.prank(address(consensus));
                escrow.settle(address(0), 0, encoded);
            }
        }
        Results.Score memory fast = _score(8e8);
        fast.throughput = type(uint32).max; // a measure, not a score: counts as the target
        _settleAsConsensus(id, _one(fast));
        _assertState(id, IRequestEscrow.RequestState.Settled, "SCO-10");
    }

    function test_NothingScored() public {
        uint256 id = _answered(_submission(REWARD), 2);
        Results.Score[] memory scores = _slice(_many([uint32(8e8), 0, 0, 0]), 2);
        (scores[0].scored, scores[1].scored) = (false, false);
        _expectSkipped(id, scores, IRequestEscrow.RequestState.Open);
        vm.warp(START + 25 minutes + 1);
        escrow.close(id);
        assertEq(escrow.creditOf(asker), CREDIT, "refunded as unscored, with its fee");
    }

    function test_ClosedRequestsStayClosed() public {
        uint256 cancelled = _submit(asker, REWARD);
        uint256 expired = _submit(asker, REWARD);
        vm.prank(asker);
        escrow.cancel(cancelled);
        _expectSkipped(cancelled, _one(_score(0)), IRequestEscrow.RequestState.Cancelled);
        vm.warp(START + 5 minutes + 1);
        _expectSkipped(expired, _one(_score(0)), IRequestEscrow.RequestState.Open);
        escrow.close(expired);
        _expectSkipped(expired, _one(_score(8e8)), IRequestEscrow.RequestState.Expired);
        _expectSkipped(77, _one(_score(8e8)), IRequestEscrow.RequestState.None);
        assertEq(escrow.creditOf(asker), CREDIT, "refunded once each");
        _assertBooks();
    }

    /// @dev One report with every kind of line that cannot settle, and a good one among them.
    function test_ALineThatCannotSettleNeverHoldsUpTheReport() public {
        uint256 settled = _answered(_submission(REWARD), 1);
        _settleAsConsensus(settled, _one(_score(8e8)));
        uint256 unscored = _answered(_submission(REWARD), 1);
        uint256 short_ = _answered(_submission(REWARD), 2);
        uint256 open = _submit(asker, REWARD);
        uint256 good = _answered(_submission(REWARD), 1);
        uint256 cancelled = _submit(asker, REWARD);
        vm.prank(asker);
        escrow.cancel(cancelled);
        Results.Line[] memory results = new Results.Line[](7);
        results[0] = Results.Line(settled, _one(_score(0)));
        results[1] = Results.Line(unscored, new Results.Score[](1));
        results[2] = Results.Line(short_, _one(_score(0)));
        results[3] = Results.Line(open, _one(_score(0)));
        results[4] = Results.Line(good, _one(_score(9e8)));
        results[5] = Results.Line(cancelled, _one(_score(0)));
        results[6] = Results.Line(type(uint40).max, _one(_score(0)));
        vm.prank(address(consensus));
        escrow.settle(address(0), 0, Results.encode(results));
        assertEq(escrow.creditOf(workers[0]), 170e18, "the good line is paid");
        _assertState(unscored, IRequestEscrow.RequestState.Open, "skipped");
        _assertState(short_, IRequestEscrow.RequestState.Open, "skipped");
        _assertState(open, IRequestEscrow.RequestState.Open, "skipped");
        _assertState(cancelled, IRequestEscrow.RequestState.Cancelled, "skipped");
        _assertBooks();
    }

    /// @dev Whatever a well-formed report says about one request, it does not revert and the books stay exact.
    /// hardhat-config: fuzz.runs = 200
    function testFuzz_AnyLineIsTakenOrSkipped(
        uint256 id,
        uint256 later,
        uint8 count,
        Results.Score memory score
    ) public {
        _answered(_submission(REWARD), 1);
        _answered(_submission(REWARD), 2);
        _submit(asker, REWARD);
        vm.warp(START + bound(later, 0, 30 minutes));
        id = bound(id, 1, 4);
        (score.relevance, score.coherence) = (uint32(score.relevance % (1e9 + 1)), uint32(score.coherence % (1e9 + 1)));
        score.factual = uint32(score.factual % (1e9 + 1));
        score.responseTime = uint32(score.responseTime % (1e9 + 1));
        score.fraud %= 255;
        Results.Score[] memory scores = new Results.Score[](bound(count, 1, 3));
        for (uint256 i; i < scores.length; ++i) {
            scores[i] = score;
        }
        _settleAsConsensus(id, scores);
        _assertBooks();
        assertTrue(
            _state(id) == IRequestEscrow.RequestState.Open ||
                _state(id) == IRequestEscrow.RequestState.Settled ||
                (_state(id) == IRequestEscrow.RequestState.None && id == 4),
            "open or settled"
        );
    }

    function _expectSkipped(uint256 id, Results.Score[] memory scores, IRequestEscrow.RequestState state) private {
        bytes32 before = _books(id);
        vm.expectEmit(address(escrow));
        emit IRequestEscrow.ResultSkipped(id, state);
        _settleAsConsensus(id, scores);
        assertEq(_books(id), before, "a skipped line alters nothing");
    }

    /// @dev Everything that a line could move.
    function _books(uint256 id) private view returns (bytes32) {
        (uint256 reserved, uint256 heldFees, uint256 fees) = escrow.totals();
        bytes memory all = abi.encode(escrow.requestOf(id), reserved, heldFees, fees);
        all = abi.encode(all, _words(asker), standing.standingOf(asker, NodeRole.Oracle));
        for (uint256 i; i < workers.length; ++i) {
            (uint256 staked, uint256 held) = _position(workers[i]);
            all = abi.encode(all, _words(workers[i]), staked, held, standing.standingOf(workers[i], NodeRole.Worker));
        }
        return keccak256(all);
    }

    function _words(address account) private view returns (bytes32) {
        (uint256 asAsker, uint256 asWorker, uint256 record) = escrow.wordsOf(account);
        return keccak256(abi.encode(asAsker, asWorker, record));
    }

    function _slice(Results.Score[] memory scores, uint256 count) private pure returns (Results.Score[] memory first) {
        first = new Results.Score[](count);
        for (uint256 i; i < count; ++i) {
            first[i] = scores[i];
        }
    }
}

/// @notice The whole way: a real validator set, real signatures, real money.
contract SettlementThroughReportsTest is SettlementBed {
    function setUp() public override {
        super.setUp();
        _seatValidators(5, 500_000e18);
    }

    function test_AReportPaysSlashesAndRefunds() public {
        uint256 good = _answered(_submission(REWARD), 2);
        uint256 bad = _answered(_submission(REWARD), 1);
        Results.Line[] memory results = new Results.Line[](2);
        uint32[] memory two = new uint32[](2);
        (two[0], two[1]) = (7e8, 9e8);
        uint32[] memory one = new uint32[](1);
        one[0] = 2e8;
        (results[0], results[1]) = (_result(good, two), _result(bad, one));
        IScoreConsensus.ScoreReport memory report = _scoreReport(results);
        _takeTurn(report, 0x1b);
        _postScore(report, 0x1b); // four of five
        assertEq(escrow.creditOf(workers[1]), 90e18, "paid");
        assertEq(escrow.creditOf(asker), CREDIT - FEE - SECOND_FEE - 90e18, "refunded");
        (uint256 staked, ) = _position(workers[0]);
        assertEq(WORKER_STAKE - staked, 50e18, "slashed");
        _assertBooks();
    }

    /// @dev A result that another round brought already is skipped; the round is final all the same.
    function test_I05_TwoRoundsWithTheSameResult() public {
        uint256 id = _answered(_submission(REWARD), 1);
        uint32[] memory qualities = new uint32[](1);
        qualities[0] = 8e8;
        _settle(id, qualities);
        vm.warp(block.timestamp + ROUND);
        qualities[0] = 0;
        vm.expectEmit(address(escrow));
        emit IRequestEscrow.ResultSkipped(id, IRequestEscrow.RequestState.Settled);
        _settle(id, qualities);
        assertTrue(consensus.isFinal(1, 1), "final");
        assertEq(escrow.creditOf(workers[0]), 80e18, "I-05");
        (uint256 staked, ) = _position(workers[0]);
        assertEq(staked, WORKER_STAKE, "SLA-05");
    }

    function test_SCO13_AMemberAndAHigherQuorumComeWithTheNextEpoch() public {
        uint256 id = _answered(_submission(REWARD), 1);
        uint32[] memory qualities = new uint32[](1);
        qualities[0] = 8e8;
        Results.Line[] memory results = new Results.Line[](1);
        results[0] = _result(id, qualities);
        IScoreConsensus.ScoreReport memory report = _scoreReport(results);
        _takeTurn(report, 0xf);
        bytes memory signatures = _sign(1, 0xf, consensus.scoreReportDigest(report));

        IValidatorSet.SeatParameters memory p = _seatParameters();
        (p.leastConfirmations, p.minValidators) = (6, 6);
        validatorSet.setSeatParameters(p);
        _joinWaitlist(_registerValidator(6, 500_000e18));
        consensus.postScoreReport(report, 0xf, signatures);
        assertEq(escrow.creditOf(workers[0]), 80e18, "SCO-13 its own threshold");

        _rollNext();
        assertEq(validatorSet.frozenSetOf(2).leastConfirmations, 6, "the new one from the next epoch on");
        id = _answered(_submission(REWARD), 1);
        results[0] = _result(id, qualities);
        report = _scoreReport(results);
        signatures = _sign(2, 0x1f, consensus.scoreReportDigest(report));
        vm.expectRevert(_notEnough(5 * 500_000e6, 6 * 500_000e6, 5, 6));
        consensus.postScoreReport(report, 0x1f, signatures);
        _postScore(report, 0x3f);
    }

    function test_SCO12_TwoOfFiveOfflineHaltAndTheMoneyComesBack() public {
        uint256 id = _answered(_submission(REWARD), 1);
        uint32[] memory qualities = new uint32[](1);
        qualities[0] = 8e8;
        Results.Line[] memory results = new Results.Line[](1);
        results[0] = _result(id, qualities);
        IScoreConsensus.ScoreReport memory report = _scoreReport(results);
        bytes memory signatures = _sign(1, 0x7, consensus.scoreReportDigest(report));
        vm.expectRevert(_notEnough(3 * 500_000e6, 5 * 500_000e6, 3, 3));
        consensus.postScoreReport(report, 0x7, signatures);
        vm.warp(block.timestamp + 25 minutes + 1);
        escrow.close(id);
        assertEq(escrow.creditOf(asker), CREDIT, "SCO-12 refunded");
    }

    function test_EPO05_AReportOfTheLastEpochStillPays() public {
        vm.warp(clock.epochStart(2) - 10);
        uint256 id = _answered(_submission(REWARD), 1);
        uint32[] memory qualities = new uint32[](1);
        qualities[0] = 8e8;
        Results.Line[] memory results = new Results.Line[](1);
        results[0] = _result(id, qualities);
        IScoreConsensus.ScoreReport memory report = _scoreReport(results);
        _rollNext();
        _takeTurn(report, 0xf);
        _postScore(report, 0xf);
        assertEq(escrow.creditOf(workers[0]), 80e18, "EPO-05 one epoch late");
    }

    /// @dev A key revoked after the freeze counts no more; the others finalise without it (decision D20).
    function test_REG09_ARevokedKeyIsRefusedAndTheRestFinalise() public {
        uint256 id = _answered(_submission(REWARD), 1);
        uint32[] memory qualities = new uint32[](1);
        qualities[0] = 8e8;
        Results.Line[] memory results = new Results.Line[](1);
        results[0] = _result(id, qualities);
        IScoreConsensus.ScoreReport memory report = _scoreReport(results);
        bytes memory signatures = _sign(1, 0x1f, consensus.scoreReportDigest(report));
        address owner = _ownerOf(3);
        address key = registry.signingKeyOf(owner);
        vm.prank(owner);
        registry.revokeOperator(key);
        vm.expectRevert(abi.encodeWithSelector(IScoreConsensus.ScoreConsensus_KeysRevoked.selector, uint64(0x4)));
        consensus.postScoreReport(report, 0x1f, signatures);
        // Its weight still stands in the total: four of five are needed.
        signatures = _sign(1, 0x13, consensus.scoreReportDigest(report));
        vm.expectRevert(_notEnough(3 * 500_000e6, 5 * 500_000e6, 3, 3));
        consensus.postScoreReport(report, 0x13, signatures);
        _takeTurn(report, 0x1b);
        _postScore(report, 0x1b);
        assertEq(escrow.creditOf(workers[0]), 80e18, "REG-09 final without it");
    }

    function test_EpochReportRecordsPerformance() public {
        _rollNext();
        IValidatorSet.SeatScores memory scores = _scores(1, 5, 9e8);
        _setScore(scores, 3, 1e8);
        _postEpoch(scores);
        vm.warp(clock.epochStart(3));
        IValidatorSet.PruneView memory next = validatorSet.nextToBePruned();
        assertEq(next.owner, _ownerOf(4), "the lowest");
        assertEq(next.seat, 3, "seat");
        assertEq(next.score, 1e8, "score");
        assertEq(next.scoredEpoch, 1, "by the scores of the epoch it was seated for");
    }

    /// @dev Seat weights are micro-MASA: 500,000 MASA at σ = 1 each.
    function _notEnough(
        uint256 signed,
        uint256 total,
        uint256 confirmations,
        uint256 least
    ) private pure returns (bytes memory) {
        return
            abi.encodeWithSelector(
                IScoreConsensus.ScoreConsensus_NotEnoughWeight.selector,
                signed,
                total,
                confirmations,
                least
            );
    }
}
