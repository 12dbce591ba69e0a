// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ReportTypes} from "../../contracts/consensus/ReportTypes.sol";
import {IModuleRights} from "../../contracts/interfaces/IModuleRights.sol";
import {IOffences} from "../../contracts/interfaces/IOffences.sol";
import {IValidatorSet} from "../../contracts/interfaces/IValidatorSet.sol";
import {OffencesBed} from "../support/OffencesBed.sol";
import {Vm} from "../support/Vm.sol";

/// @title ValidatorSet: expelled for an offence
contract ExpulsionTest is OffencesBed {
    uint32 private constant BARRED = 20;

    function _expel(address account, uint32 epochs) private {
        vm.prank(address(offences));
        validatorSet.expel(account, epochs);
    }

    function test_D8_AProofTakesTheSeatWithTheNextRoll() public {
        vm.expectEmit(address(validatorSet));
        emit IValidatorSet.Expelled(owners[OFFENDER], 1 + BARRED);
        vm.expectEmit(address(validatorSet));
        emit IValidatorSet.KeyMasked(1, OFFENDER, vm.addr(OFFENDER + 1));
        _proveSeat(OFFENDER);
        assertTrue(_isSeated(owners[OFFENDER]), "until the roll");
        assertEq(validatorSet.maskOf(1), 2, "D8 it signs no more at once");
        vm.expectEmit(address(validatorSet));
        emit IValidatorSet.Vacated(owners[OFFENDER], OFFENDER, 2);
        _rollNext();
        assertFalse(_isSeated(owners[OFFENDER]), "D8 the seat is lost");
        (address[] memory keys, ) = validatorSet.frozenSeatsOf(2);
        assertEq(keys[OFFENDER], address(0), "D8 the next set is without it");
        assertEq(validatorSet.maskOf(2), 0, "and needs no mask");
    }

    /// The floor stops pruning (I-07), not this.
    function test_D8_WhateverTheFloor() public {
        for (uint256 seat; seat < 4; ++seat) {
            _proveSeat(seat);
        }
        _rollNext();
        assertEq(validatorSet.seatCount(), 1, "D8 below the floor of four");
        assertTrue(_isSeated(owners[4]), "who did nothing stays");
    }

    /// Both sets whose reports may still come in are masked, each at the key of its own.
    function test_D8_EveryKeyOfTheAccountIsMasked() public {
        address fresh = _newKey(1_000);
        _setOperator(owners[OFFENDER], fresh, 31);
        _rollNext();
        _setOperator(owners[OFFENDER], _newKey(1_001), 31);
        vm.recordLogs();
        _proveSeat(OFFENDER);
        assertEq(validatorSet.maskOf(1), 2, "D8 the key of the first set");
        assertEq(validatorSet.maskOf(2), 2, "D8 the key of the second");
        assertEq(
            _maskedKeys(vm.getRecordedLogs()),
            keccak256(abi.encode(fresh, vm.addr(OFFENDER + 1))),
            "D8 these two"
        );
    }

    /// An owner that lost its seat is masked where it is frozen still, and nobody else is.
    function test_D8_WithoutASeatTheFrozenKeyIsMaskedAllTheSame() public {
        _rollTo(2);
        _reportOne(1, OFFENDER, POOR);
        address next = _registerValidator(9, STAKE);
        _joinWaitlist(next);
        _rollTo(3);
        assertEq(_ownerAt(OFFENDER), next, "somebody else sits there");
        _expel(owners[OFFENDER], BARRED);
        assertEq(validatorSet.maskOf(2), 2, "D8 where it stands");
        assertEq(validatorSet.maskOf(3), 0, "D8 not who sits there now");
        _rollTo(4);
        assertEq(_ownerAt(OFFENDER), next, "D8 who keeps the seat");
    }

    function test_D8_ACandidateLeavesTheWaitlist() public {
        address waiting = _registerValidator(9, STAKE);
        _joinWaitlist(waiting);
        vm.expectEmit(address(validatorSet));
        emit IValidatorSet.WaitlistLeft(waiting);
        _expel(waiting, BARRED);
        _rollNext();
        assertFalse(_isSeated(waiting), "D8 not seated");
    }

    function test_D8_AnAccountThatIsNoNodeIsBarred() public {
        _deregister(owners[OFFENDER]);
        _rollNext();
        _expel(owners[OFFENDER], BARRED);
        assertEq(validatorSet.coolingUntil(owners[OFFENDER]), 2 + BARRED, "D8 barred");
        _registerAgain(owners[OFFENDER]);
        vm.expectRevert(_cooling(owners[OFFENDER], 2 + BARRED));
        vm.prank(owners[OFFENDER]);
        validatorSet.joinWaitlist();
    }

    /// Barred until the last epoch, back in the first one after; also while nobody else waits.
    function test_D8_BarredFromTheWaitlistForAWhile() public {
        _proveSeat(OFFENDER);
        _stake(owners[OFFENDER], STAKE);
        assertEq(validatorSet.coolingUntil(owners[OFFENDER]), 1 + BARRED, "D8 until");
        _rollTo(BARRED);
        vm.expectRevert(_cooling(owners[OFFENDER], 1 + BARRED));
        vm.prank(owners[OFFENDER]);
        validatorSet.joinWaitlist();
        _rollTo(1 + BARRED);
        _joinWaitlist(owners[OFFENDER]);
        assertTrue(validatorSet.isWaiting(owners[OFFENDER]), "D8 over");
    }

    /// A shorter bar never takes a longer one back, and a cooldown that lasts longer than the bar counts.
    function test_D8_TheLongestBarCounts() public {
        _expel(owners[0], 20);
        vm.expectEmit(address(validatorSet));
        emit IValidatorSet.Expelled(owners[0], 21);
        _expel(owners[0], 5);
        assertEq(validatorSet.coolingUntil(owners[0]), 21, "D8 the longer");
        _expel(owners[0], 30);
        assertEq(validatorSet.coolingUntil(owners[0]), 31, "D8 the longer");

        _expel(owners[1], 1);
        address waiting = _registerValidator(9, STAKE);
        _joinWaitlist(waiting);
        _rollNext();
        waiting = _registerValidator(10, STAKE);
        _joinWaitlist(waiting);
        assertEq(validatorSet.coolingUntil(owners[1]), 2 + 3, "D6 the cooldown of who lost a seat");
    }

    function test_D8_BeforeTheFirstSet() public {
        super.setUp();
        address owner = _registerValidator(31, STAKE);
        validatorSet.grantModule("EXPEL", address(this));
        vm.warp(validatorSet.moduleActiveFrom("EXPEL", address(this)));
        validatorSet.expel(owner, 1);
        assertEq(validatorSet.coolingUntil(owner), 2, "D8 barred");
    }

    /// Two different sets of 64 keys are looked through.
    function test_D8_AProofAgainstAFullSetFitsATransaction() public {
        for (uint256 key = 6; key <= 64; ++key) {
            _joinWaitlist(_registerValidator(key, STAKE));
        }
        _rollNext();
        for (uint256 key = 1; key <= 64; ++key) {
            _setOperator(_ownerOf(key), _newKey(1_000 + key), 31);
        }
        _rollNext();
        ReportTypes.ScoreReport memory first = _report("a");
        ReportTypes.ScoreReport memory second = _report("b");
        first.epoch = second.epoch = 2;
        IOffences.Evidence memory evidence = _evidence(63, _digest(first), _digest(second));
        uint256 gas = gasleft();
        offences.proveScoreReports(first, second, evidence);
        gas -= gasleft();
        assertLt(gas, 1_200_000, "a small part of a transaction");
        assertEq(validatorSet.maskOf(2), uint64(1) << 63, "D8 masked in the first set");
        assertEq(validatorSet.maskOf(3), uint64(1) << 63, "D8 masked in the second set");
    }

    function test_RevertGiven_WithoutTheRight() public {
        vm.expectRevert(
            abi.encodeWithSelector(
                IModuleRights.ModuleRights_Unauthorised.selector,
                bytes32("EXPEL"),
                address(consensus),
                uint256(0)
            )
        );
        vm.prank(address(consensus));
        validatorSet.expel(owners[0], 1);
    }

    // ---------------------------------------------------------------- helpers

    function _cooling(address account, uint64 until) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IValidatorSet.ValidatorSet_CoolingDown.selector, account, until);
    }

    /// @dev Of the two keys masked, in order.
    function _maskedKeys(Vm.Log[] memory logs) private pure returns (bytes32) {
        address[2] memory keys;
        uint256 found;
        for (uint256 i; i < logs.length; ++i) {
            if (logs[i].topics[0] != IValidatorSet.KeyMasked.selector) continue;
            keys[found++] = abi.decode(logs[i].data, (address));
        }
        assertEq(found, 2, "two keys");
        return keccak256(abi.encode(keys[0], keys[1]));
    }
}
