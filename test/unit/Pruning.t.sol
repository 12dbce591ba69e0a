// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {INodeRegistry, NodeRole} from "../../contracts/interfaces/INodeRegistry.sol";
import {IValidatorSet} from "../../contracts/interfaces/IValidatorSet.sol";
import {SeatsFixture} from "../support/SeatsFixture.sol";

/// @title ValidatorSet: what an epoch report leaves behind
contract ScoresTest is SeatsFixture {
    function test_EQ05_RecordScores() public {
        address[] memory owners = _seatValidators(5, STAKE);
        _rollNext();
        (bool scored, uint256 score, uint64 epoch) = validatorSet.scoreOf(3);
        assertFalse(scored, "no score yet");
        assertEq(score + epoch, 0, "no score yet");
        IValidatorSet.SeatScores memory scores = _scores(1, 5, GOOD);
        (scores.consensus[3], scores.data[3], scores.llm[3]) = (1e9, 5e8, 0);
        vm.expectEmit(address(validatorSet));
        emit IValidatorSet.PerformanceScored(owners[3], 3, 1, 1e9, 5e8, 0, 55e7);
        _postEpoch(scores);
        (scored, score, epoch) = validatorSet.scoreOf(3);
        assertTrue(scored, "EQ-05 scored");
        assertEq(score, 55e7, "EQ-05 0.4 + 0.15");
        assertEq(epoch, 1, "EQ-05 epoch");
        (, score, ) = validatorSet.scoreOf(4);
        assertEq(score, GOOD, "EQ-05 of another lane");
        (scored, , ) = validatorSet.scoreOf(5);
        assertFalse(scored, "EQ-05 a free seat");
        assertEq(standing.utilityOf(owners[0], NodeRole.Validator), 0.58e18, "EQ-01 0.5 + 0.2 * 0.4");
        assertEq(standing.utilityOf(owners[3], NodeRole.Validator), 0.51e18, "EQ-01 0.5 + 0.2 * 0.05");
    }

    function test_D16_AbsentKindsPassTheirWeightOn() public {
        address[] memory owners = _seatValidators(5, STAKE);
        _rollNext();
        IValidatorSet.SeatScores memory scores = _scores(1, 5, 0);
        (scores.hasData, scores.hasLlm) = (false, false);
        scores.consensus[1] = 8e8;
        scores.data[1] = scores.llm[1] = 1e9;
        vm.expectEmit(address(validatorSet));
        emit IValidatorSet.PerformanceScored(owners[1], 1, 1, 8e8, 1e9, 1e9, 8e8);
        _postEpoch(scores);
    }

    function test_RevertGiven_BadScores() public {
        _seatValidators(5, STAKE);
        _rollNext();
        for (uint256 list; list < 3; ++list) {
            IValidatorSet.SeatScores memory scores = _scores(1, 5, GOOD);
            if (list == 0) scores.consensus = new uint32[](4);
            else if (list == 1) scores.data = new uint32[](6);
            else scores.llm = new uint32[](0);
            vm.expectRevert(
                abi.encodeWithSelector(IValidatorSet.ValidatorSet_ScoreCount.selector, list == 0 ? 4 : 5, 5)
            );
            _recordAsConsensus(scores);
            scores = _scores(1, 5, GOOD);
            if (list == 0) scores.consensus[2] = 1e9 + 1;
            else if (list == 1) scores.data[2] = 1e9 + 1;
            else scores.llm[2] = 1e9 + 1;
            vm.expectRevert(abi.encodeWithSelector(IValidatorSet.ValidatorSet_ScoreOutOfRange.selector, 2, 1e9 + 1));
            _recordAsConsensus(scores);
        }
    }

    /// A report makes the weights anew: stake that came since counts, and so does performance.
    function test_EQ27_AReportMakesTheWeightsAnew() public {
        address[] memory owners = _seatValidators(5, STAKE);
        _rollNext();
        _stake(owners[1], STAKE);
        _reportOne(1, 4, POOR);
        // Ū stands at 0.5 and λ at 0.25: exp(0.08 / 0.25) for U = 0.58, exp(−0.04 / 0.25) for U = 0.46; twelve digits of
        // both from an independent calculation.
        assertNear(_seat(0).weight, (STAKE * 1_377127764335) / 1e24, 1, "EQ-27 good");
        assertNear(_seat(1).weight, (2 * STAKE * 1_377127764335) / 1e24, 1, "EQ-27 twice the stake");
        assertNear(_seat(4).weight, (STAKE * 852143788966) / 1e24, 1, "EQ-27 poor");
    }

    /// A validator that left and came back as something else is no validator: its old seat's score must not count as
    /// work in the new role.
    function test_D3_ScoresDoNotCountInAnotherRole() public {
        address[] memory owners = _seatValidators(5, STAKE);
        _rollNext();
        _deregister(owners[2]);
        _approveDeposit(owners[2]);
        vm.prank(owners[2]);
        registry.register(NodeRole.Worker, "{}", new INodeRegistry.OperatorGrant[](0));
        _reportOne(1, 2, 1e9);
        _rollNext();
        registry.poke(owners[2]);
        assertEq(registry.nodeOf(owners[2]).utility, 0.5e18, "D3 the worker did no work");
        assertEq(standing.utilityOf(owners[2], NodeRole.Validator), 0.6e18, "D3 the validator it was did");
    }

    /// A seat that changed hands between the scored epoch and its report keeps no score.
    function test_SeatsThatChangedHandsKeepNoScore() public {
        address[] memory owners = _seatValidators(6, STAKE);
        _deregister(owners[2]);
        address late = _registerValidator(9, STAKE);
        _joinWaitlist(late);
        _rollNext();
        assertEq(_seatIndexOf(late), 2, "same seat");
        _reportOne(1, 2, 0);
        IValidatorSet.PruneView memory next = validatorSet.nextToBePruned();
        assertEq(next.owner, owners[0], "the newcomer is not judged by its predecessor");
        assertEq(next.score, GOOD, "nor is the score counted");
        (bool scored, , ) = validatorSet.scoreOf(2);
        assertFalse(scored, "no score");
        _rollAsForetold();
        assertTrue(_isSeated(late), "stays");
        assertEq(standing.utilityOf(late, NodeRole.Validator), 0.5e18, "utility untouched");
    }

    /// Nor does one that came back to the seat it had left: it was not frozen with it.
    function test_WhoComesBackToItsSeatHasNoScoreOfBefore() public {
        IValidatorSet.SeatParameters memory p = _seatParameters();
        p.cooldownEpochs = 0;
        validatorSet.setSeatParameters(p);
        address[] memory owners = _seatValidators(6, STAKE);
        _leaveSeat(owners[2]);
        _rollTo(2);
        _joinWaitlist(owners[2]);
        _rollTo(3);
        assertEq(_seatIndexOf(owners[2]), 2, "same seat");
        _recordAsConsensus(_scores(2, 6, POOR));
        (bool scored, , ) = validatorSet.scoreOf(2);
        assertFalse(scored, "seated for 3, not for 2");
    }

    /// Nor does a seat that is filled after its predecessor was scored.
    function test_SeatsFilledAfterTheReportKeepNoScore() public {
        address[] memory owners = _seatValidators(6, STAKE);
        _rollTo(2);
        _recordAsConsensus(_scores(2, 6, GOOD));
        _deregister(owners[2]);
        address late = _registerValidator(9, STAKE);
        _joinWaitlist(late);
        _rollTo(3);
        assertEq(_seatIndexOf(late), 2, "same seat");
        (bool scored, , ) = validatorSet.scoreOf(2);
        assertFalse(scored, "its predecessor's score is gone");
        (scored, , ) = validatorSet.scoreOf(3);
        assertTrue(scored, "the others' are not");
    }
}

/// @title ValidatorSet: who is pruned, when and why
contract PruningTest is SeatsFixture {
    function _setImmunity(uint32 epochs) private {
        IValidatorSet.SeatParameters memory p = _seatParameters();
        p.immunityEpochs = epochs;
        validatorSet.setSeatParameters(p);
    }

    function test_EQ06_LowestIsPrunedByTheRollAfterNext() public {
        address[] memory owners = _seatValidators(6, STAKE);
        _rollNext();
        _reportOne(1, 4, POOR);
        vm.expectEmit(address(validatorSet));
        emit IValidatorSet.Pruned(owners[4], 4, 3, 1, POOR, IValidatorSet.PruneReason.LowestScore);
        _rollAsForetold();
        assertEq(validatorSet.seatCount(), 5, "EQ-06 one an epoch");
        assertEq(_ownerAt(4), address(0), "EQ-06 the seat is free");
        assertFalse(_isSeated(owners[4]), "EQ-06 gone");
    }

    /// REG-11: who was pruned keeps its stake, which is slashable still, and may leave with the rest.
    function test_REG11_ThePrunedStaySlashableAndMayLeave() public {
        address[] memory owners = _seatValidators(6, STAKE);
        _unbond(owners[4], 1e18);
        _rollNext();
        _reportOne(1, 4, POOR);
        _rollAsForetold();
        assertFalse(_isSeated(owners[4]), "REG-11 pruned");
        assertEq(vault.stakeUnitsOf(owners[4]), STAKE - 1e18, "REG-11 unslashed");
        vm.prank(address(escrow));
        vault.slash(owners[4], 0, 10e18);
        vault.applySlash(owners[4]);
        assertNear(vault.stakeUnitsOf(owners[4]), STAKE - 11e18, 1e17, "REG-11 slashable");
        uint256 id = _unbond(owners[4], 100_000e18);
        vm.warp(block.timestamp + UNBONDING);
        uint256 before = masa.balanceOf(owners[4]);
        _withdraw(owners[4], id);
        assertNear(masa.balanceOf(owners[4]) - before, 100_000e18, 1, "REG-11 may leave with the rest");
        _deregister(owners[4]);
    }

    function test_D6_EvidenceServesOnce() public {
        _seatValidators(7, STAKE);
        _rollNext();
        _reportOne(1, 4, POOR);
        _rollAsForetold();
        assertEq(validatorSet.seatCount(), 6, "D6 pruned once");
        IValidatorSet.PruneView memory next = validatorSet.nextToBePruned();
        _assertReason(next.reason, IValidatorSet.PruneReason.NoEvidence, "D6 used up");
        assertEq(next.scoredEpoch, 1, "D6 the scores' epoch");
        for (uint256 i; i < 3; ++i) {
            assertEq(_rollAsForetold().owner, address(0), "D6 no new report, no evidence");
        }
        assertEq(validatorSet.seatCount(), 6, "D6 nobody else");
    }

    /// At the floor evidence is used up too: it is not kept for the day on which there are more seats.
    function test_D6_EvidenceServesOnceAtTheFloor() public {
        _seatValidators(4, STAKE);
        _rollNext();
        _reportOne(1, 2, POOR);
        _assertReason(_rollAsForetold().reason, IValidatorSet.PruneReason.AtFloor, "D6 floor");
        _joinWaitlist(_registerValidator(9, STAKE));
        _rollNext();
        assertEq(validatorSet.seatCount(), 5, "D6 above the floor");
        _assertReason(_rollAsForetold().reason, IValidatorSet.PruneReason.NoEvidence, "D6 used up");
        assertEq(validatorSet.seatCount(), 5, "D6 nobody");
    }

    function test_D6_EvidenceWaitsUntilItsWindowIsClosed() public {
        address[] memory owners = _seatValidators(6, STAKE);
        _warpTo(2);
        // The report of epoch 1 comes before the roll into 2: it serves the roll into 3 all the same.
        _reportOne(1, 2, POOR);
        IValidatorSet.PruneView memory next = validatorSet.nextToBePruned();
        _assertReason(next.reason, IValidatorSet.PruneReason.NotDueYet, "D6 not at the next roll");
        assertEq(next.owner, address(0), "D6 nobody");
        manager.roll();
        assertEq(validatorSet.seatCount(), 6, "D6 not at the next roll");
        assertEq(validatorSet.nextToBePruned().owner, owners[2], "D6 announced");
        _rollAsForetold();
        assertFalse(_isSeated(owners[2]), "D6 at the one after");
    }

    /// Whoever posts the next report before a late roll must not save the lowest of the report before: its prune comes
    /// first then, once, and the late roll finds it done.
    function test_D6_AReportBeforeALateRollSparesNobody() public {
        address[] memory owners = _seatValidators(7, STAKE);
        _rollTo(2);
        _reportOne(1, 2, POOR);
        _warpTo(3);
        vm.expectEmit(address(validatorSet));
        emit IValidatorSet.Pruned(owners[2], 2, 3, 1, POOR, IValidatorSet.PruneReason.LowestScore);
        _reportOne(2, 5, POOR);
        assertFalse(_isSeated(owners[2]), "D6 pruned by the older report");
        assertEq(validatorSet.seatCount(), 6, "D6 one");
        _assertReason(
            validatorSet.nextToBePruned().reason,
            IValidatorSet.PruneReason.NotDueYet,
            "D6 the newer one serves the roll into 4"
        );
        manager.roll();
        assertEq(validatorSet.seatCount(), 6, "D6 the late roll prunes nobody else");
        assertEq(validatorSet.coolingUntil(owners[2]), 4, "D6 cools down from epoch 3 on");
        assertEq(_rollAsForetold().owner, owners[5], "D6 then the newer report");
        assertEq(validatorSet.seatCount(), 5, "D6 one an epoch");
    }

    /// The floor holds there too, with seats that are about to be vacated left out.
    function test_D6_AReportBeforeALateRollKeepsTheFloor() public {
        address[] memory owners = _seatValidators(5, STAKE);
        _rollTo(2);
        _unbond(owners[4], 225_000e18);
        registry.poke(owners[4]);
        _rollTo(3);
        _rollTo(4);
        _reportOne(3, 2, POOR);
        // The report marked the seat short. A late roll would vacate it and so prune nobody else.
        assertTrue(registry.nodeOf(owners[4]).short, "short");
        assertFalse(standing.isEligible(owners[4], NodeRole.Validator), "ineligible");
        _warpTo(5);
        _reportOne(4, 1, POOR);
        assertEq(validatorSet.seatCount(), 5, "I-07 nobody was pruned");
        manager.roll();
        assertEq(validatorSet.seatCount(), 4, "I-07 the floor, by shortness alone");
        assertFalse(_isSeated(owners[4]), "I-07 who fell short");
        assertTrue(_isSeated(owners[2]), "I-07 who was lowest");
    }

    function test_D6_EvidenceSurvivesMissedEpochs() public {
        address[] memory owners = _seatValidators(6, STAKE);
        _rollNext();
        _reportOne(1, 3, POOR);
        _rollTo(40);
        assertFalse(_isSeated(owners[3]), "D18 the late roll prunes");
        assertEq(validatorSet.seatCount(), 5, "D18 once");
    }

    function test_REG10_NoReportNoPrune() public {
        _seatValidators(6, STAKE);
        for (uint256 i; i < 4; ++i) {
            _assertReason(_rollAsForetold().reason, IValidatorSet.PruneReason.NoEvidence, "REG-10 nobody");
        }
        assertEq(validatorSet.seatCount(), 6, "REG-10 all stay");
    }

    function test_REG10_AllEqualScoresPruneByTheTieRule() public {
        address[] memory owners = _seatValidators(6, STAKE);
        _rollNext();
        _postEpoch(_scores(1, 6, GOOD));
        IValidatorSet.PruneView memory next = _rollAsForetold();
        assertEq(next.owner, owners[0], "REG-10 equal in everything: the lowest seat");
        _assertReason(next.reason, IValidatorSet.PruneReason.TieSeatIndex, "REG-10 reason");
        assertEq(validatorSet.seatCount(), 5, "REG-10 one");
    }

    function test_REG10_AllZeroScores() public {
        _seatValidators(6, STAKE);
        _rollNext();
        _postEpoch(_scores(1, 6, 0));
        assertEq(_rollAsForetold().score, 0, "REG-10 score");
        assertEq(validatorSet.seatCount(), 5, "REG-10 one");
    }

    function test_REG01_TiesGoToTheLowerStake() public {
        address[] memory owners = _seatValidators(6, STAKE);
        for (uint256 i; i < 6; ++i) {
            if (i != 3) _stake(owners[i], 1 + i);
        }
        _rollNext();
        _postEpoch(_scores(1, 6, GOOD));
        IValidatorSet.PruneView memory next = _rollAsForetold();
        assertEq(next.owner, owners[3], "REG-01 the lower stake leaves");
        _assertReason(next.reason, IValidatorSet.PruneReason.TieLowerStake, "REG-01 reason");
    }

    function test_REG01_TiesOfStakeGoToTheLaterSeating() public {
        _seatValidators(5, STAKE);
        address late = _registerValidator(9, STAKE);
        _joinWaitlist(late);
        _rollTo(2);
        assertEq(_seatIndexOf(late), 5, "seated later, in a higher seat");
        _rollTo(3);
        _postEpoch(_scores(2, 6, GOOD));
        IValidatorSet.PruneView memory next = _rollAsForetold();
        assertEq(next.owner, late, "REG-01 the later seating leaves");
        _assertReason(next.reason, IValidatorSet.PruneReason.TieLaterSeating, "REG-01 reason");
    }

    /// The later seating decides even where it sits in a lower seat, and that is the reason given.
    function test_REG01_LaterSeatingInALowerSeat() public {
        address[] memory owners = _seatValidators(6, STAKE);
        _deregister(owners[0]);
        address late = _registerValidator(9, STAKE);
        _joinWaitlist(late);
        _rollTo(2);
        assertEq(_seatIndexOf(late), 0, "the freed seat");
        _rollTo(3);
        _postEpoch(_scores(2, 6, GOOD));
        IValidatorSet.PruneView memory next = _rollAsForetold();
        assertEq(next.owner, late, "REG-01 not by index");
        _assertReason(next.reason, IValidatorSet.PruneReason.TieLaterSeating, "REG-01 reason");
    }

    function test_REG02_PruningStopsAtTheFloor() public {
        _seatValidators(6, STAKE);
        uint64 epoch = _rollNext();
        for (uint256 i; i < 5; ++i) {
            _postEpoch(_scores(epoch - 1, _rowsOf(epoch - 1), uint32(i)));
            _rollAsForetold();
            ++epoch;
            assertGe(validatorSet.seatCount(), 4, "REG-02 I-07");
        }
        assertEq(validatorSet.seatCount(), 4, "REG-02 down to the floor");
        _postEpoch(_scores(epoch - 1, _rowsOf(epoch - 1), POOR));
        IValidatorSet.PruneView memory next = validatorSet.nextToBePruned();
        assertEq(next.owner, address(0), "REG-02 nobody is next");
        assertEq(next.seat + next.score, 0, "REG-02 nothing to tell");
        assertEq(next.scoredEpoch, epoch - 1, "REG-02 but the epoch");
        _assertReason(next.reason, IValidatorSet.PruneReason.AtFloor, "REG-02 reason");
    }

    /// I-07: seats that are vacated anyway do not count for the floor.
    function test_REG02_VacatedSeatsDoNotMakeRoomForPruning() public {
        address[] memory owners = _seatValidators(5, STAKE);
        _rollNext();
        _reportOne(1, 2, POOR);
        _deregister(owners[4]);
        _assertReason(_rollAsForetold().reason, IValidatorSet.PruneReason.AtFloor, "I-07 reason");
        assertTrue(_isSeated(owners[2]), "I-07 pruning would leave three");
        assertEq(validatorSet.seatCount(), 4, "I-07 the floor");
    }

    /// Who fell short, recovered and is within the tolerance when the roll looks counts for the floor again.
    function test_REG02_WhoRecoveredCountsForTheFloor() public {
        address[] memory owners = _seatValidators(5, STAKE);
        _fallShort(owners[4]);
        _reportOne(2, 2, POOR);
        _stake(owners[4], STAKE);
        registry.poke(owners[4]);
        uint256 required = standing.previewRequirement(owners[4], NodeRole.Validator, 0).nextRequirement;
        _unbond(owners[4], vault.stakeUnitsOf(owners[4]) - (required * 97) / 100);
        assertEq(_rollAsForetold().owner, owners[2], "I-07 five stay, so that one may go");
        assertTrue(_isSeated(owners[4]), "D4 within the tolerance");
    }

    /// REG-05: the lowest that gives its seat up before the roll is pruned all the same, and cools down; the others are
    /// spared, above the floor and at it.
    function test_REG05_LeavingBeforeTheRollDoesNotSpareThePrune() public {
        address[] memory owners = _seatValidators(6, STAKE);
        _rollNext();
        _reportOne(1, 2, POOR);
        _leaveSeat(owners[2]);
        assertEq(_rollAsForetold().owner, owners[2], "REG-05 pruned, not vacated");
        assertEq(validatorSet.seatCount(), 5, "REG-05 nobody else");
        _reportOne(2, 4, GOOD - 1);
        _rollAsForetold();
        assertEq(validatorSet.seatCount(), 4, "the floor");
        _reportOne(3, 5, POOR);
        _deregister(owners[5]);
        assertEq(_rollAsForetold().owner, owners[5], "REG-05 at the floor too");
        assertEq(validatorSet.seatCount(), 3, "it leaves anyway");
    }

    /// REG-05: leaving the registry wipes neither the evidence nor the utility nor the cooldown.
    function test_REG05_LeavingAndComingBackChangesNothing() public {
        address[] memory owners = _seatValidators(6, STAKE);
        _rollNext();
        _reportOne(1, 2, POOR);
        _deregister(owners[2]);
        _registerAgain(owners[2]);
        // 0.5 + 0.2 · (0.3 − 0.5)
        assertEq(registry.nodeOf(owners[2]).utility, 0.46e18, "REG-05 the utility is kept");
        assertEq(_rollAsForetold().owner, owners[2], "REG-05 pruned all the same");
        _deregister(owners[2]);
        _registerAgain(owners[2]);
        _joinWaitlist(_registerValidator(9, STAKE));
        vm.expectRevert(abi.encodeWithSelector(IValidatorSet.ValidatorSet_CoolingDown.selector, owners[2], uint64(6)));
        _joinWaitlist(owners[2]);
    }

    /// I-07: whoever left and came back does not have the seat back. It counts for no floor, so it is pruned at it.
    function test_I07_WhoCameBackIsPrunedAtTheFloor() public {
        address[] memory owners = _seatValidators(4, STAKE);
        _rollNext();
        _reportOne(1, 2, POOR);
        _deregister(owners[2]);
        _registerAgain(owners[2]);
        assertTrue(standing.isEligible(owners[2], NodeRole.Validator), "eligible again");
        assertEq(_rollAsForetold().owner, owners[2], "I-07 pruned, as its seat was given up");
        assertEq(validatorSet.seatCount(), 3, "I-07 it left by itself");
        _reportOne(2, 0, POOR);
        assertEq(_rollAsForetold().owner, address(0), "I-07 nobody else below the floor");
    }

    function test_D6_FreshSeatsAreImmune() public {
        address[] memory owners = _seatValidators(5, STAKE);
        address late = _registerValidator(9, STAKE);
        _joinWaitlist(late);
        _rollTo(2);
        _setImmunity(3);
        _rollTo(3);
        _reportOne(2, 5, POOR);
        // Seated for 2 and immune for three epochs: the roll into 4 spares it, and takes the next one instead.
        assertEq(_rollAsForetold().owner, owners[0], "D6 immune");
        assertTrue(_isSeated(late), "D6 stays");
        _reportOne(3, 5, POOR);
        assertEq(_rollAsForetold().owner, late, "D6 immunity is over");
    }

    function test_D6_AllImmuneMeansNobody() public {
        _seatValidators(6, STAKE);
        _setImmunity(3);
        _rollNext();
        _reportOne(1, 2, POOR);
        _assertReason(_rollAsForetold().reason, IValidatorSet.PruneReason.AllImmune, "D6 all immune");
        assertEq(validatorSet.seatCount(), 6, "D6 all stay");
    }

    /// While others wait for a seat, the cooldown lasts as governance set it.
    function test_D6_ThePrunedCoolDown() public {
        address[] memory owners = _seatValidators(6, STAKE);
        _rollNext();
        _reportOne(1, 2, POOR);
        _fillSeats(59);
        _rollTo(3);
        _joinWaitlist(_registerValidator(99, STAKE));
        for (uint64 epoch = 3; epoch < 6; ++epoch) {
            assertEq(validatorSet.coolingUntil(owners[2]), 6, "D6 cooldown");
            vm.expectRevert(
                abi.encodeWithSelector(IValidatorSet.ValidatorSet_CoolingDown.selector, owners[2], uint64(6))
            );
            _joinWaitlist(owners[2]);
            _rollNext();
        }
        _joinWaitlist(owners[2]);
        assertTrue(validatorSet.isWaiting(owners[2]), "D6 after the cooldown");
    }

    /// Validators with the keys 100 and up, on the waitlist.
    function _fillSeats(uint256 count) private {
        for (uint256 i; i < count; ++i) {
            _joinWaitlist(_registerValidator(100 + i, STAKE));
        }
    }

    function test_D6_OneEpochIsEnoughWhileNobodyWaits() public {
        address[] memory owners = _seatValidators(6, STAKE);
        _rollNext();
        _reportOne(1, 2, POOR);
        _rollNext();
        assertEq(validatorSet.coolingUntil(owners[2]), 4, "D6 one epoch");
        vm.expectRevert(abi.encodeWithSelector(IValidatorSet.ValidatorSet_CoolingDown.selector, owners[2], uint64(4)));
        _joinWaitlist(owners[2]);
        _rollNext();
        _joinWaitlist(owners[2]);
        _rollNext();
        assertEq(_seatIndexOf(owners[2]), 2, "D6 back after one epoch");
        assertEq(validatorSet.coolingUntil(_account(1)), 0, "D6 who lost no seat has nothing to wait for");
    }

    function test_D6_WithoutACooldownNobodyWaits() public {
        IValidatorSet.SeatParameters memory p = _seatParameters();
        p.cooldownEpochs = 0;
        validatorSet.setSeatParameters(p);
        address[] memory owners = _seatValidators(6, STAKE);
        _rollNext();
        _reportOne(1, 2, POOR);
        _rollNext();
        assertEq(validatorSet.coolingUntil(owners[2]), 3, "D6 this very epoch");
        _joinWaitlist(owners[2]);
        _rollNext();
        assertTrue(_isSeated(owners[2]), "D6 back");
    }

    /// All 64 seats with scores of their own: the argmin finds the least wherever it sits.
    function test_EQ06_FindsTheLowestOfSixtyFour() public {
        address[] memory owners = _seatValidators(64, STAKE);
        uint256 state = vm.snapshotState();
        uint256[5] memory seats = [uint256(0), 7, 8, 37, 63];
        for (uint256 i; i < 5; ++i) {
            _rollTo(2);
            IValidatorSet.SeatScores memory scores = _scores(1, 64, 0);
            for (uint256 seat; seat < 64; ++seat) {
                _setScore(scores, seat, uint32(500_000_000 + ((seat * 29 + i) % 64) * 1_000_000));
            }
            _setScore(scores, seats[i], 499_999_999);
            _postEpoch(scores);
            assertEq(_rollAsForetold().owner, owners[seats[i]], "EQ-06");
            vm.revertToState(state);
        }
    }

    /// REG-06: with all seats taken a better candidate enters by the prune of each epoch.
    function test_REG06_FullSetLetsOneInEachEpoch() public {
        address[] memory owners = _seatValidators(64, STAKE);
        address late = _registerValidator(99, 2 * STAKE);
        _joinWaitlist(late);
        _rollTo(2);
        assertFalse(_isSeated(late), "full");
        _reportOne(1, 20, POOR);
        _rollAsForetold();
        assertEq(_seatIndexOf(late), 20, "REG-06 takes the seat of the lowest");
        assertFalse(_isSeated(owners[20]), "REG-06 which left");
    }
}

/// @title ValidatorSet: the prune against a naive reading of the rules
contract PruneRulesTest is SeatsFixture {
    /// @dev What a roll has to go by, as plain lists.
    struct Case {
        uint32 immunity;
        uint8 floor;
        uint32[9] score;
        bool[9] leaving; // by its own will, or short when the roll looks
        address[] owners;
    }

    /// Scores, stakes and seatings of a few values each, so that every kind of tie comes up; some leave, some fall short
    /// and some of those top up again in time.
    /// hardhat-config: fuzz.runs = 96
    function testFuzz_D6_ForetoldReasonAndRollFollowTheRules(uint256 seed) public {
        Case memory c;
        c.owners = new address[](9);
        for (uint256 i; i < 9; ++i) {
            c.owners[i] = _registerValidator(i + 1, STAKE + (_draw(seed, "stake", i) % 3));
            _joinWaitlist(c.owners[i]);
            if (i == 4) _rollTo(1);
        }
        _rollTo(2);
        bool[9] memory unbonds;
        for (uint256 i; i < 9; ++i) {
            unbonds[i] = _draw(seed, "unbonds", i) % 4 == 0;
            if (!unbonds[i]) continue;
            _unbond(c.owners[i], 225_000e18);
            registry.poke(c.owners[i]);
        }
        _rollTo(3);
        _rollTo(4);
        _report(seed, c);
        for (uint256 i; i < 9; ++i) {
            c.leaving[i] = unbonds[i];
            if (unbonds[i] && _draw(seed, "recovers", i) % 2 == 0) {
                _stake(c.owners[i], 300_000e18);
                if (_draw(seed, "is seen", i) % 2 == 0) registry.poke(c.owners[i]);
                c.leaving[i] = false;
            } else if (_draw(seed, "leaves", i) % 5 == 0) {
                _leaveSeat(c.owners[i]);
                c.leaving[i] = true;
            }
        }
        _setFloor(seed, c);
        (address owner, IValidatorSet.PruneReason reason) = _byTheRules(c);
        IValidatorSet.PruneView memory foretold = _rollAsForetold();
        assertEq(foretold.owner, owner, "D6 who");
        _assertReason(foretold.reason, reason, "D6 why");
        for (uint256 i; i < 9; ++i) {
            bool gone = c.leaving[i] || c.owners[i] == owner;
            assertEq(_isSeated(c.owners[i]), !gone, "D6 who sits afterwards");
        }
    }

    function _draw(uint256 seed, string memory what, uint256 i) private pure returns (uint256) {
        return uint256(keccak256(abi.encode(seed, what, i)));
    }

    function _report(uint256 seed, Case memory c) private {
        IValidatorSet.SeatScores memory scores = _scores(3, 9, 0);
        uint256 levels = 1 + (_draw(seed, "levels", 0) % 4);
        for (uint256 i; i < 9; ++i) {
            c.score[i] = uint32(1e8 * (_draw(seed, "score", i) % levels));
            _setScore(scores, _seatIndexOf(c.owners[i]), c.score[i]);
        }
        _postEpoch(scores);
    }

    function _setFloor(uint256 seed, Case memory c) private {
        IValidatorSet.SeatParameters memory p = _seatParameters();
        c.floor = p.minValidators = uint8(6 + (_draw(seed, "floor", 0) % 4));
        c.immunity = p.immunityEpochs = [uint32(0), 3, 4, 5][_draw(seed, "immunity", 0) % 4];
        validatorSet.setSeatParameters(p);
    }

    /// @dev Decision D6 for the roll into 5, one rule after the other.
    function _byTheRules(Case memory c) private view returns (address, IValidatorSet.PruneReason) {
        bool[9] memory left;
        for (uint256 i; i < 9; ++i) {
            left[i] = _seat(_seatIndexOf(c.owners[i])).seatedEpoch + c.immunity <= 5;
        }
        if (_count(left) == 0) return (address(0), IValidatorSet.PruneReason.AllImmune);
        uint256[9] memory by;
        IValidatorSet.PruneReason reason = IValidatorSet.PruneReason.LowestScore;
        for (uint256 rule; rule < 4; ++rule) {
            for (uint256 i; i < 9; ++i) {
                uint256 seat = _seatIndexOf(c.owners[i]);
                if (rule == 0) by[i] = c.score[i];
                else if (rule == 1) by[i] = vault.stakeUnitsOf(c.owners[i]);
                else if (rule == 2) by[i] = 1_000 - _seat(seat).seatedEpoch;
                else by[i] = seat;
            }
            left = _least(left, by);
            reason = IValidatorSet.PruneReason(uint256(IValidatorSet.PruneReason.LowestScore) + rule);
            if (_count(left) == 1) break;
        }
        uint256 chosen;
        while (!left[chosen]) ++chosen;
        bool[9] memory staying;
        for (uint256 i; i < 9; ++i) {
            staying[i] = !c.leaving[i];
        }
        if (staying[chosen] && _count(staying) <= c.floor) return (address(0), IValidatorSet.PruneReason.AtFloor);
        return (c.owners[chosen], reason);
    }

    function _count(bool[9] memory flags) private pure returns (uint256 count) {
        for (uint256 i; i < 9; ++i) {
            if (flags[i]) ++count;
        }
    }

    /// @dev Those of `left` with the least of `by`.
    function _least(bool[9] memory left, uint256[9] memory by) private pure returns (bool[9] memory least) {
        uint256 value = type(uint256).max;
        for (uint256 i; i < 9; ++i) {
            if (left[i] && by[i] < value) value = by[i];
        }
        for (uint256 i; i < 9; ++i) {
            least[i] = left[i] && by[i] == value;
        }
    }
}
