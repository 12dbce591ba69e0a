// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IRequestEscrow} from "../../contracts/interfaces/IRequestEscrow.sol";
import {IScoreConsensus} from "../../contracts/interfaces/IScoreConsensus.sol";
import {IValidatorSet} from "../../contracts/interfaces/IValidatorSet.sol";
import {ConsensusMath} from "../../contracts/math/ConsensusMath.sol";
import {Results} from "../support/Results.sol";
import {SeatsFixture} from "../support/SeatsFixture.sol";

/// @title Sixty-four equal validators, of whom a third falls silent
/// @notice The whole protocol with real keys. Of 64 equal seats 43 are more than two thirds and 42 are not.
contract Silence64Test is SeatsFixture {
    uint256 private constant SEATS = 64;
    uint256 private constant POOL = 1_000_000e18;
    uint256 private constant CREDIT = 1_000e18;
    uint256 private constant WORKER_STAKE = 100_000e18;
    uint96 private constant REWARD = 100e18;
    uint64 private constant EVERYBODY = type(uint64).max;
    uint256 private constant TRANSACTION_GAS_CAP = 16_777_216;

    address[] private owners;
    address private asker;
    address private worker;

    function setUp() public override {
        super.setUp();
        masa.approve(address(emissions), POOL);
        emissions.fund(POOL);
        owners = _seatValidators(SEATS, STAKE);
        asker = _registerOracle(1, 100_000e18, CREDIT);
        worker = _registerWorker(2, WORKER_STAKE);
        IValidatorSet.FrozenSet memory frozen = validatorSet.frozenSetOf(1);
        assertEq(frozen.seats, SEATS, "all are seated");
        assertEq(frozen.totalWeight, SEATS * WEIGHT, "and equal");
    }

    // ---------------------------------------------------------------- 21 of 64

    /// @dev SCO-12: reports go on. Turns of silent seats pass, each report comes in the turn of the first that is awake.
    function test_SCO12_With21Of64SilentEverythingGoesOn() public {
        uint64 awake = _withoutEveryThird(21);
        uint256 id = _answered();
        uint256 fee = escrow.requestOf(id).fee;
        _postInTurn(_scoreReportOn(id), awake);
        assertTrue(consensus.isFinal(1, 0), "SCO-12 the round is final");
        assertEq(escrow.creditOf(worker), (REWARD * 9) / 10, "SCO-12 the worker earned R_base times Q");
        assertEq(escrow.creditOf(asker), CREDIT - (REWARD * 9) / 10 - fee, "SCO-12 the asker paid that and its fee");

        _rollTo(2);
        _postInTurn(_epochReportOf(1, awake), awake);
        assertTrue(consensus.isEpochFinal(1), "SCO-12 the epoch is final");
        assertEq(emissions.pool(), POOL - 1_000e18, "SCO-12 its emission is released");
        (uint32 silentRolls, ) = validatorSet.silence();
        assertEq(silentRolls, 0, "SCO-12 no silence counts");

        // The silent have the lowest scores: the roll after the window prunes one of them and nobody else.
        IValidatorSet.PruneView memory foretold = _rollAsForetold();
        assertTrue((awake >> foretold.seat) & 1 == 0, "D6 one of the silent is pruned");
        assertEq(validatorSet.seatCount(), SEATS - 1, "D6 one alone");
        for (uint256 i; i < SEATS; ++i) {
            assertEq(vault.stakeUnitsOf(owners[i]), STAKE, "SCO-12 nobody lost stake");
        }
    }

    // ---------------------------------------------------------------- 22 of 64

    /// @dev SCO-12: from one more on nothing becomes final, nothing is taken from anybody, and the set heals itself.
    function test_SCO12_With22Of64SilentNothingIsTakenAndTheSetHeals() public {
        uint64 awake = _withoutEveryThird(22);
        uint256 treasuryBefore = masa.balanceOf(treasury);
        uint256 id = _answered();
        uint256 unanswered = _submit(asker, REWARD);
        uint256 held = 2 * uint256(REWARD) + escrow.requestOf(id).fee + escrow.requestOf(unanswered).fee;
        assertGt(escrow.requestOf(id).fee, 0, "a fee is held with the request");
        assertEq(escrow.creditOf(asker), CREDIT - held, "R_base and fee are held");

        _expectNoAttemptOfARound(id, awake);
        _expectRefunds(id, unanswered);

        IValidatorSet.SeatParameters memory p = _seatParameters();
        for (uint64 epoch = 2; epoch <= 1 + p.haltEpochs; ++epoch) {
            // Nobody is pruned, though every report that is tried speaks against the silent.
            assertEq(_rollAsForetold().owner, address(0), "D6 nobody is pruned without evidence");
            _expectNotFinal(epoch - 1, awake);
            assertEq(validatorSet.seatCount(), SEATS, "D6 all keep their seats");
            (uint32 rolls, ) = validatorSet.silence();
            assertEq(rolls, epoch - 1, "D6 silent rolls");
        }
        _checkInAll(awake);
        _assertNobodyLost(treasuryBefore);
        assertEq(emissions.pool(), POOL, "I-09 nothing was released");

        _expectVacated(awake, 2 + p.haltEpochs);
        _rollTo(2 + p.haltEpochs);
        for (uint256 i; i < SEATS; ++i) {
            assertEq(_isSeated(owners[i]), (awake >> i) & 1 == 1, "D6 the silent alone lost their seats");
        }
        _assertNobodyLost(treasuryBefore);
        _assertWorksAgain(2 + p.haltEpochs, awake);
        _assertTheSilentMayComeBack(awake);
        _assertNobodyLost(treasuryBefore);
    }

    // ---------------------------------------------------------------- gas

    /// @dev SCO-07: set-up ran in another transaction, so every slot is cold; a bound of half a transaction leaves room
    /// for whatever the next fork charges more.
    function test_SCO07_AnEpochReportOf64SeatsFitsHalfATransaction() public {
        _rollTo(2);
        _warpToReportOf(1);
        IScoreConsensus.EpochReport memory report = _epochReportOf(1, EVERYBODY - 1);
        report.rewardRoot = keccak256("root");
        report.validatorTotal = 400e18;
        bytes memory call = abi.encodeCall(
            consensus.postEpochReport,
            (report, EVERYBODY, _sign(1, EVERYBODY, consensus.epochReportDigest(report)))
        );
        address[6] memory touched = [
            address(consensus),
            address(validatorSet),
            address(standing),
            address(vault),
            address(distributor),
            address(emissions)
        ];
        for (uint256 i; i < touched.length; ++i) {
            vm.cool(touched[i]);
        }
        uint256 used = gasleft();
        (bool ok, ) = address(consensus).call(call);
        used -= gasleft();
        assertTrue(ok, "posted");
        used += 21_000;
        for (uint256 i; i < call.length; ++i) {
            used += call[i] == 0 ? 4 : 16;
        }
        if (!_isInstrumented()) assertLt(used, TRANSACTION_GAS_CAP / 2, "SCO-07 gas of an epoch report");
    }

    /// @dev Coverage reports every statement to the runner, which is not the protocol's gas: one comparison of two
    /// products costs some 300 gas, instrumented some 3,000.
    function _isInstrumented() private view returns (bool) {
        uint256 before = gasleft();
        bool final_ = ConsensusMath.isFinal(before, 1, 1, 1);
        return before - gasleft() > 1_000 && final_;
    }

    // ---------------------------------------------------------------- what is expected of 22

    /// @dev In none of the round's attempts, whoever's turn it is.
    function _expectNoAttemptOfARound(uint256 id, uint64 awake) private {
        for (uint32 attempt; attempt < ROUND / ATTEMPT; ++attempt) {
            vm.warp(clock.epochStart(1) + attempt * ATTEMPT);
            IScoreConsensus.ScoreReport memory report = _scoreReportOn(id);
            report.attempt = attempt;
            bytes memory signatures = _sign(1, awake, consensus.scoreReportDigest(report));
            vm.expectRevert(_tooFew());
            consensus.postScoreReport(report, awake, signatures);
        }
        assertFalse(consensus.isFinal(1, 0), "I-13 the round is not final");
        assertEq(escrow.creditOf(worker), 0, "I-13 nobody is paid");
    }

    /// @dev After their deadlines anyone ends both requests: R_base and fee come back, and the worker's stake is free.
    function _expectRefunds(uint256 id, uint256 unanswered) private {
        vm.warp(escrow.requestOf(id).scoringDeadline + 1);
        vm.startPrank(address(0xCAFE));
        escrow.close(id);
        escrow.close(unanswered);
        escrow.releaseBacking(worker);
        vm.stopPrank();
        assertEq(
            uint256(escrow.requestOf(id).state),
            uint256(IRequestEscrow.RequestState.Unscored),
            "SCO-12 no report came"
        );
        assertEq(escrow.creditOf(asker), CREDIT, "SCO-12 R_base and fee are back, to the wei");
        assertEq(vault.exposureOf(worker).reserved, 0, "SCO-12 the worker's stake is free");
        (uint256 reserved, uint256 heldFees, uint256 fees) = escrow.totals();
        assertEq(reserved + heldFees + fees, 0, "I-03 the market keeps nothing");
        uint256 before = masa.balanceOf(asker);
        vm.prank(asker);
        escrow.withdrawCredit(asker, CREDIT);
        assertEq(masa.balanceOf(asker) - before, CREDIT, "SCO-12 and can be taken out");
        assertEq(masa.balanceOf(address(escrow)), 0, "I-03 the escrow is empty");
    }

    function _expectNotFinal(uint64 epoch, uint64 awake) private {
        _warpToReportOf(epoch);
        IScoreConsensus.EpochReport memory report = _epochReportOf(epoch, awake);
        bytes memory signatures = _sign(epoch, awake, consensus.epochReportDigest(report));
        vm.expectRevert(_tooFew());
        consensus.postEpochReport(report, awake, signatures);
        assertFalse(consensus.isEpochFinal(epoch), "I-13 the epoch is not final");
    }

    function _expectVacated(uint64 awake, uint64 epoch) private {
        for (uint256 i; i < SEATS; ++i) {
            if ((awake >> i) & 1 == 1) continue;
            vm.expectEmit(address(validatorSet));
            emit IValidatorSet.VacatedSilent(owners[i], i, epoch);
        }
    }

    /// @dev The 42 that are left are all of the set: a request is settled, an epoch becomes final and releases.
    function _assertWorksAgain(uint64 epoch, uint64 awake) private {
        assertEq(validatorSet.frozenSetOf(epoch).totalWeight, 42 * WEIGHT, "D6 the silent weigh nothing any more");
        _deposit(asker, CREDIT);
        uint256 id = _answered();
        uint256 fee = escrow.requestOf(id).fee;
        _postInTurn(_scoreReportOn(id), awake);
        assertTrue(consensus.isFinal(epoch, 0), "D6 rounds are final again");
        assertEq(escrow.creditOf(worker), (REWARD * 9) / 10, "D6 workers are paid again");
        assertEq(escrow.creditOf(asker), CREDIT - (REWARD * 9) / 10 - fee, "D6 and askers charged");
        _rollTo(epoch + 1);
        _postInTurn(_epochReportOf(epoch, awake), awake);
        assertTrue(consensus.isEpochFinal(epoch), "D6 epochs are final again");
        assertEq(emissions.pool(), POOL - 1_000e18, "D6 and release");
    }

    /// @dev Who lost a seat waits for as long as others wait for one, and it is 22 of them that do.
    function _assertTheSilentMayComeBack(uint64 awake) private {
        _rollTo(2 + _seatParameters().haltEpochs + _seatParameters().cooldownEpochs);
        for (uint256 i; i < SEATS; ++i) {
            if ((awake >> i) & 1 == 0) _joinWaitlist(owners[i]);
        }
        _rollNext();
        uint256 back;
        for (uint256 i; i < SEATS; ++i) {
            if ((awake >> i) & 1 == 0 && _isSeated(owners[i])) ++back;
        }
        assertEq(back, 22, "D6 all of them are seated again");
    }

    function _assertNobodyLost(uint256 treasuryBefore) private view {
        for (uint256 i; i < SEATS; ++i) {
            assertEq(vault.stakeUnitsOf(owners[i]), STAKE, "D6 no validator is slashed");
            assertEq(vault.exposureOf(owners[i]).slashes, 0, "D6 nor was");
        }
        assertEq(vault.stakeUnitsOf(worker), WORKER_STAKE, "D6 nor a worker");
        assertEq(masa.balanceOf(treasury), treasuryBefore, "D6 nothing went to the treasury");
    }

    // ---------------------------------------------------------------- helpers

    /// @dev All but the first `silent` of the seats 0, 3, 6, …
    function _withoutEveryThird(uint256 silent) private pure returns (uint64 awake) {
        awake = EVERYBODY;
        for (uint256 i; i < silent; ++i) {
            awake &= ~uint64(1 << (3 * i));
        }
    }

    function _checkInAll(uint64 awake) private {
        for (uint256 i; i < SEATS; ++i) {
            if ((awake >> i) & 1 == 1) _checkIn(owners[i]);
        }
    }

    /// @dev A request of {REWARD} with the one answer it asks for.
    function _answered() private returns (uint256 id) {
        IRequestEscrow.Submission memory s = _submission(REWARD);
        s.maxResponses = 1;
        id = _submit(asker, s);
        _commit(worker, id);
    }

    function _scoreReportOn(uint256 id) private view returns (IScoreConsensus.ScoreReport memory) {
        Results.Line[] memory lines = new Results.Line[](1);
        uint32[] memory qualities = new uint32[](1);
        qualities[0] = GOOD;
        lines[0] = _result(id, qualities);
        return _scoreReport(lines);
    }

    /// @dev Good scores for the seats in `good`, poor ones for the others.
    function _epochReportOf(uint64 epoch, uint64 good) private view returns (IScoreConsensus.EpochReport memory) {
        IValidatorSet.SeatScores memory scores = _scores(epoch, _rowsOf(epoch), GOOD);
        for (uint256 i; i < scores.consensus.length; ++i) {
            if ((good >> i) & 1 == 0) _setScore(scores, i, POOR);
        }
        return _epochReport(scores);
    }

    /// @dev In every turn of a silent seat the report lacks its proposer; in the first of one that is awake it is final.
    function _postInTurn(IScoreConsensus.ScoreReport memory report, uint64 awake) private {
        uint32 turn = _turnOf(report.epoch, report.round, awake);
        for (; report.attempt < turn; ++report.attempt) {
            bytes memory early = _sign(report.epoch, awake, consensus.scoreReportDigest(report));
            vm.expectRevert(_missing(report.epoch, report.round, report.attempt));
            consensus.postScoreReport(report, awake, early);
        }
        _postScore(report, awake);
    }

    function _postInTurn(IScoreConsensus.EpochReport memory report, uint64 awake) private {
        _warpToReportOf(report.epoch);
        while ((awake >> validatorSet.proposerOf(report.epoch, type(uint32).max, report.attempt)) & 1 == 0) {
            bytes memory early = _sign(report.epoch, awake, consensus.epochReportDigest(report));
            vm.expectRevert(_missing(report.epoch, type(uint32).max, report.attempt));
            consensus.postEpochReport(report, awake, early);
            ++report.attempt;
            vm.warp(block.timestamp + ATTEMPT);
        }
        consensus.postEpochReport(report, awake, _sign(report.epoch, awake, consensus.epochReportDigest(report)));
    }

    function _missing(uint64 epoch, uint32 round, uint32 attempt) private view returns (bytes memory) {
        return
            abi.encodeWithSelector(
                IScoreConsensus.ScoreConsensus_ProposerMissing.selector,
                validatorSet.proposerOf(epoch, round, attempt)
            );
    }

    function _tooFew() private pure returns (bytes memory) {
        return
            abi.encodeWithSelector(
                IScoreConsensus.ScoreConsensus_NotEnoughWeight.selector,
                42 * uint256(WEIGHT),
                64 * uint256(WEIGHT),
                42,
                3
            );
    }
}
