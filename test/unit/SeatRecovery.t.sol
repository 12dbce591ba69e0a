// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {NodeRole} from "../../contracts/interfaces/INodeRegistry.sol";
import {IScoreConsensus} from "../../contracts/interfaces/IScoreConsensus.sol";
import {IValidatorSet} from "../../contracts/interfaces/IValidatorSet.sol";
import {SeatsFixture} from "../support/SeatsFixture.sol";

/// @title ValidatorSet: seats given up and lost
contract SeatLeavingTest is SeatsFixture {
    function test_ASeatIsGivenUpAtTheNextRoll() public {
        address[] memory owners = _seatValidators(5, STAKE);
        vm.expectEmit(address(validatorSet));
        emit IValidatorSet.LeavingSeat(owners[1], 1);
        _leaveSeat(owners[1]);
        assertTrue(_isSeated(owners[1]), "sits until the roll");
        assertEq(_allSigners(1), 31, "signs until then");
        _leaveSeat(owners[1]); // once more changes nothing
        vm.expectEmit(address(validatorSet));
        emit IValidatorSet.Vacated(owners[1], 1, 2);
        _rollNext();
        assertFalse(_isSeated(owners[1]), "gone");
        assertEq(validatorSet.seatCount(), 4, "I-06 count");
        assertEq(uint256(registry.roleOf(owners[1])), uint256(NodeRole.Validator), "a validator still");
        assertEq(vault.stakeUnitsOf(owners[1]), STAKE, "unslashed");
        assertEq(validatorSet.coolingUntil(owners[1]), 3, "REG-05 cools down");
        _rollNext();
        assertEq(validatorSet.seatCount(), 4, "I-06 nobody else");
    }

    /// The floor bounds pruning; nobody is held in a seat against its will.
    function test_LeavingKnowsNoFloor() public {
        address[] memory owners = _seatValidators(4, STAKE);
        for (uint256 i; i < 4; ++i) {
            _leaveSeat(owners[i]);
        }
        _rollNext();
        assertEq(validatorSet.seatCount(), 0, "all gone");
        assertEq(validatorSet.frozenSetOf(2).totalWeight, 0, "an empty set");
    }

    function test_AnOperatorWithTheRightGivesTheSeatUp() public {
        address[] memory owners = _seatValidators(4, STAKE);
        address operator = _newKey(50);
        _setOperator(owners[2], operator, RIGHT_SEAT);
        vm.expectEmit(address(validatorSet));
        emit IValidatorSet.LeavingSeat(owners[2], 2);
        vm.prank(operator);
        validatorSet.leaveSeat();
        _rollNext();
        assertFalse(_isSeated(owners[2]), "gone");
    }

    function test_RevertGiven_NotSeated() public {
        address owner = _registerValidator(1, STAKE);
        bytes memory refused = abi.encodeWithSelector(IValidatorSet.ValidatorSet_NotSeated.selector, owner);
        _joinWaitlist(owner);
        vm.expectRevert(refused);
        _leaveSeat(owner);
        vm.expectRevert(refused);
        _checkIn(owner);
        vm.prank(owner);
        validatorSet.leaveWaitlist();
        vm.expectRevert(refused);
        validatorSet.refresh(owner);
        vm.expectRevert(abi.encodeWithSelector(IValidatorSet.ValidatorSet_NotSeated.selector, _account(9)));
        validatorSet.refresh(_account(9));
    }

    function test_DeregistrationVacatesAtTheNextRoll() public {
        address[] memory owners = _seatValidators(5, STAKE);
        _deregister(owners[3]);
        assertTrue(_isSeated(owners[3]), "sits until the roll");
        vm.expectEmit(address(validatorSet));
        emit IValidatorSet.Vacated(owners[3], 3, 2);
        _rollNext();
        assertFalse(_isSeated(owners[3]), "gone");
        assertEq(validatorSet.coolingUntil(owners[3]), 3, "REG-05 cools down");
    }

    /// REG-05: coming back before the roll does not call it off.
    function test_REG05_ComingBackBeforeTheRollDoesNotKeepTheSeat() public {
        address[] memory owners = _seatValidators(5, STAKE);
        _deregister(owners[3]);
        _registerAgain(owners[3]);
        vm.expectRevert(abi.encodeWithSelector(IValidatorSet.ValidatorSet_AlreadySeated.selector, owners[3], 3));
        _joinWaitlist(owners[3]);
        _rollNext();
        assertFalse(_isSeated(owners[3]), "REG-05 gone all the same");
    }

    // ---------------------------------------------------------------- falling short

    function test_D4_GraceKeepsTheSeat() public {
        address[] memory owners = _seatValidators(5, STAKE);
        _unbond(owners[2], 225_000e18);
        registry.poke(owners[2]);
        _rollNext();
        assertTrue(_isSeated(owners[2]), "D4 grace");
        _rollNext();
        assertTrue(_isSeated(owners[2]), "D4 nobody looked");
    }

    function test_D4_ShortnessBeyondGraceVacates() public {
        address[] memory owners = _seatValidators(5, STAKE);
        _fallShort(owners[2]);
        assertTrue(_isSeated(owners[2]), "D4 until the roll");
        vm.expectEmit(address(validatorSet));
        emit IValidatorSet.Vacated(owners[2], 2, 4);
        _rollNext();
        assertFalse(_isSeated(owners[2]), "D4 vacated");
        assertEq(vault.stakeUnitsOf(owners[2]), STAKE / 10, "D4 nothing is confiscated");
        assertEq(validatorSet.seatCount(), 4, "D4 nobody else");
    }

    function test_D4_RecoveryBeforeTheRollKeepsTheSeat() public {
        address[] memory owners = _seatValidators(5, STAKE);
        _fallShort(owners[2]);
        _stake(owners[2], STAKE);
        _rollNext();
        assertTrue(_isSeated(owners[2]), "D4 the roll looks once more");
        assertFalse(registry.nodeOf(owners[2]).short, "D4 and clears it");
        _rollNext();
        assertTrue(_isSeated(owners[2]), "D4 for good");
    }

    function test_D4_AReportFindsWhoFellShort() public {
        address[] memory owners = _seatValidators(5, STAKE);
        _rollNext();
        _unbond(owners[2], 225_000e18);
        registry.poke(owners[2]);
        _rollNext();
        _rollNext();
        uint64 weight = _seat(2).weight;
        _recordAsConsensus(_scores(3, 5, GOOD));
        assertTrue(registry.nodeOf(owners[2]).short, "D4 marked by the report");
        assertEq(_seat(2).weight, weight, "D4 keeps its weight until the roll");
        assertGt(_seat(1).weight, WEIGHT, "D4 the others' are made anew");
        _rollNext();
        assertFalse(_isSeated(owners[2]), "D4 vacated");
    }

    /// {INodeStanding.poke} marks a node without telling the set; {refresh} finds it out.
    function test_D4_RefreshFindsWhoWasMarkedBehindTheSetsBack() public {
        address[] memory owners = _seatValidators(5, STAKE);
        _unbond(owners[2], 225_000e18);
        standing.poke(owners[2], NodeRole.Validator);
        _rollNext();
        _rollNext();
        standing.poke(owners[2], NodeRole.Validator);
        assertFalse(standing.isEligible(owners[2], NodeRole.Validator), "short");
        _rollNext();
        assertTrue(_isSeated(owners[2]), "the set was not told");
        vm.prank(_account(7));
        assertEq(validatorSet.refresh(owners[2]), 0, "no weight for the ineligible");
        assertEq(_seat(2).weight, WEIGHT, "until the roll it keeps what it has");
        _rollNext();
        assertFalse(_isSeated(owners[2]), "D4 vacated");
    }

    function test_D4_ASlashCanCostTheSeat() public {
        address[] memory owners = _seatValidators(5, STAKE);
        vm.prank(address(escrow));
        vault.slash(owners[2], 0, 240_000e18);
        registry.poke(owners[2]);
        assertEq(validatorSet.refresh(owners[2]), 10_000e6, "EQ-27 what was cut weighs nothing");
        _rollNext();
        (, uint64[] memory weights) = validatorSet.frozenSeatsOf(2);
        assertEq(weights[2], 10_000e6, "EQ-27 frozen");
        _rollNext();
        registry.poke(owners[2]);
        _rollNext();
        assertFalse(_isSeated(owners[2]), "D4 vacated");
    }

    // ---------------------------------------------------------------- refresh

    function test_AnyoneRefreshesASeat() public {
        address[] memory owners = _seatValidators(5, STAKE);
        _stake(owners[1], STAKE);
        vm.expectEmit(address(validatorSet));
        emit IValidatorSet.WeightRefreshed(owners[1], WEIGHT, 2 * WEIGHT);
        vm.prank(_account(7));
        assertEq(validatorSet.refresh(owners[1]), 2 * WEIGHT, "returned");
        assertEq(_seat(1).weight, 2 * WEIGHT, "kept");
        (, uint64[] memory weights) = validatorSet.frozenSeatsOf(1);
        assertEq(weights[1], WEIGHT, "SCO-13 not in the frozen set");
        _unbond(owners[1], STAKE);
        assertEq(_seat(1).weight, 2 * WEIGHT, "nobody looked");
        assertEq(validatorSet.refresh(owners[1]), WEIGHT, "made anew");
        _rollNext();
        (, weights) = validatorSet.frozenSeatsOf(2);
        assertEq(weights[1], WEIGHT, "EQ-27 in the next one");
    }

    function test_RefreshDropsACandidateThatIsShort() public {
        _seatValidators(64, STAKE);
        address owner = _registerValidator(65, STAKE);
        _joinWaitlist(owner);
        _unbond(owner, 225_000e18);
        standing.poke(owner, NodeRole.Validator);
        _rollNext();
        _rollNext();
        vm.expectEmit(address(validatorSet));
        emit IValidatorSet.WaitlistLeft(owner);
        vm.expectEmit(address(validatorSet));
        emit IValidatorSet.WeightRefreshed(owner, WEIGHT, 0);
        assertEq(validatorSet.refresh(owner), 0, "returned");
        assertFalse(validatorSet.isWaiting(owner), "dropped");
    }
}

/// @title ValidatorSet: a set that has gone silent
contract SilentSetTest is SeatsFixture {
    function _silentRolls() private view returns (uint32 rolls) {
        (rolls, ) = validatorSet.silence();
    }

    function _checkedIn() private view returns (uint64 seats) {
        (, seats) = validatorSet.silence();
    }

    function test_CheckIn() public {
        address[] memory owners = _seatValidators(5, STAKE);
        vm.expectEmit(address(validatorSet));
        emit IValidatorSet.CheckedIn(owners[3], 3, 1);
        _checkIn(owners[3]);
        assertEq(_checkedIn(), 8, "bit of its seat");
        address operator = _newKey(50);
        _setOperator(owners[0], operator, RIGHT_SEAT);
        vm.prank(operator);
        validatorSet.checkIn();
        assertEq(_checkedIn(), 9, "by its operator");
        _checkIn(owners[3]);
        assertEq(_checkedIn(), 9, "twice is once");
        _rollNext();
        assertEq(_checkedIn(), 9, "kept until a report");
    }

    /// Over a third of the seats die. No report is final, nobody is pruned; the others check in, and after `haltEpochs`
    /// rolls the dead ones lose their seats, unslashed, though the set is at its floor. Then reports are final again.
    function test_D6_AHaltedSetRecovers() public {
        address[] memory owners = _seatValidators(6, STAKE);
        _rollTo(2);
        _postEpoch(_scores(1, 6, GOOD));
        // The seats 3, 4 and 5 are dead from here on.
        for (uint64 epoch = 3; epoch <= 6; ++epoch) {
            assertEq(_rollAsForetold().owner, epoch == 3 ? owners[0] : address(0), "D6 only the evidence there was");
            _expectNotFinal(epoch - 1);
            assertEq(_silentRolls(), epoch - 2, "D6 silent rolls");
        }
        assertEq(validatorSet.seatCount(), 5, "D6 nobody else was pruned");
        _checkIn(owners[1]);
        _checkIn(owners[2]);
        for (uint256 i = 3; i < 6; ++i) {
            vm.expectEmit(address(validatorSet));
            emit IValidatorSet.VacatedSilent(owners[i], i, 7);
        }
        _rollTo(7);
        assertEq(validatorSet.seatCount(), 2, "D6 whatever the floor");
        for (uint256 i = 3; i < 6; ++i) {
            assertEq(vault.stakeUnitsOf(owners[i]), STAKE, "D6 unslashed");
            assertFalse(registry.nodeOf(owners[i]).short, "D6 validators still");
            assertEq(validatorSet.coolingUntil(owners[i]), 8, "D6 may come back");
        }
        _joinWaitlist(_registerValidator(9, STAKE));
        _rollTo(8);
        assertEq(validatorSet.seatCount(), 3, "a third one");
        _rollTo(9);
        _postEpoch(_scores(8, 2 + 1, GOOD));
        assertTrue(consensus.isEpochFinal(8), "D6 final again");
    }

    /// @dev The seats 1 and 2 alone, and 0 while it sits, do not carry two thirds.
    function _expectNotFinal(uint64 epoch) private {
        _warpToReportOf(epoch);
        IScoreConsensus.EpochReport memory report = _epochReport(_scores(epoch, _rowsOf(epoch), GOOD));
        uint64 signers = _allSigners(epoch) & 7;
        bytes memory signatures = _sign(epoch, signers, consensus.epochReportDigest(report));
        (, uint64[] memory weights) = validatorSet.frozenSeatsOf(epoch);
        IValidatorSet.FrozenSet memory frozen = validatorSet.frozenSetOf(epoch);
        uint256 signed = uint256(weights[0]) + weights[1] + weights[2];
        vm.expectRevert(
            abi.encodeWithSelector(
                IScoreConsensus.ScoreConsensus_NotEnoughWeight.selector,
                signed,
                frozen.totalWeight,
                weights[0] == 0 ? 2 : 3,
                3
            )
        );
        consensus.postEpochReport(report, signers, signatures);
    }

    function test_D6_NobodyCheckedInAllAreVacated() public {
        address[] memory owners = _seatValidators(5, STAKE);
        _rollTo(2);
        _rollTo(3);
        _rollTo(4);
        _rollTo(5);
        assertEq(_silentRolls(), 4, "D6 four rolls");
        assertEq(validatorSet.seatCount(), 5, "D6 not yet");
        address late = _registerValidator(9, STAKE);
        _joinWaitlist(late);
        _rollTo(6);
        assertEq(_seatIndexOf(late), 0, "D6 who waits takes over");
        assertEq(validatorSet.seatCount(), 1, "D6 all others are gone");
        assertEq(_silentRolls(), 0, "D6 the newcomers start afresh");
        _rollTo(7);
        _joinWaitlist(owners[0]);
        _rollTo(8);
        assertTrue(_isSeated(owners[0]), "D6 back");
    }

    /// One that leaves on its own while silent is told so, and a seat that checked in still leaves if it wanted to.
    function test_D6_LeavingAndHaltingInOneRoll() public {
        address[] memory owners = _seatValidators(5, STAKE);
        _rollTo(5);
        _rollTo(6);
        _rollTo(7);
        _rollTo(8);
        assertEq(_silentRolls(), 4, "D6 four rolls");
        _leaveSeat(owners[0]);
        _leaveSeat(owners[1]);
        _checkIn(owners[1]);
        _checkIn(owners[2]);
        vm.expectEmit(address(validatorSet));
        emit IValidatorSet.VacatedSilent(owners[0], 0, 9);
        vm.expectEmit(address(validatorSet));
        emit IValidatorSet.Vacated(owners[1], 1, 9);
        _rollTo(9);
        assertEq(validatorSet.seatCount(), 1, "D6 one stays");
        assertTrue(_isSeated(owners[2]), "D6 who checked in");
        assertEq(_silentRolls(), 1, "D6 counted anew");
        assertEq(_checkedIn(), 0, "D6 and must check in anew");
    }

    function test_D6_AReportResetsTheCount() public {
        address[] memory owners = _seatValidators(5, STAKE);
        _rollTo(2);
        _rollTo(3);
        _rollTo(4);
        _rollTo(5);
        _checkIn(owners[0]);
        assertEq(_silentRolls(), 4, "D6 at the brink");
        _postEpoch(_scores(4, 5, GOOD));
        assertEq(_silentRolls(), 0, "D6 reset");
        assertEq(_checkedIn(), 0, "D6 reset");
        _rollTo(6);
        // By the report one is pruned; nobody is vacated for silence.
        assertEq(validatorSet.seatCount(), 4, "D6 no halt");
        assertEq(_silentRolls(), 1, "D6 counted from there");
    }

    function test_D18_AThousandMissedEpochsCountAsOneRoll() public {
        _seatValidators(5, STAKE);
        _rollTo(1_001);
        assertEq(_silentRolls(), 1, "D18 one");
        _rollTo(2_001);
        _rollTo(3_001);
        assertEq(_silentRolls(), 3, "D18 three");
        assertEq(validatorSet.seatCount(), 5, "D18 nobody was vacated");
    }

    function test_D6_AnEmptySetIsNotSilent() public {
        for (uint64 epoch = 1; epoch < 8; ++epoch) {
            _rollTo(epoch);
        }
        assertEq(_silentRolls(), 0, "D6 nobody to be silent");
        _seatValidators(4, STAKE);
        assertEq(_silentRolls(), 0, "D6 they have just come");
        _rollNext();
        assertEq(_silentRolls(), 1, "D6 now they count");
    }

    /// A check-in speaks for who made it: the seat's next owner has to make its own.
    function test_D6_ACheckInDoesNotPassToTheNextOwner() public {
        address[] memory owners = _seatValidators(5, STAKE);
        _rollTo(2);
        _checkIn(owners[0]);
        _checkIn(owners[1]);
        _leaveSeat(owners[0]);
        address late = _registerValidator(9, STAKE);
        _joinWaitlist(late);
        _rollTo(3);
        assertEq(_seatIndexOf(late), 0, "the same seat");
        assertEq(_checkedIn(), 2, "D6 has not checked in");
        _rollTo(4);
        _rollTo(5);
        _rollTo(6);
        assertFalse(_isSeated(late), "D6 silent");
        assertTrue(_isSeated(owners[1]), "D6 who checked in stays");
        assertEq(validatorSet.seatCount(), 1, "D6 alone");
    }

    /// `haltEpochs` counts the rolls since the last report, whatever it was while they went by.
    function test_D6_AShorterHaltTakesEffectAtTheNextRoll() public {
        _seatValidators(5, STAKE);
        _rollTo(2);
        _rollTo(3);
        assertEq(_silentRolls(), 2, "D6 two rolls");
        IValidatorSet.SeatParameters memory p = _seatParameters();
        p.haltEpochs = 2;
        validatorSet.setSeatParameters(p);
        _rollTo(4);
        assertEq(validatorSet.seatCount(), 0, "D6 halted");
    }
}
