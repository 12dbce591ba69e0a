// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IModuleRights} from "../../contracts/interfaces/IModuleRights.sol";
import {IOffences} from "../../contracts/interfaces/IOffences.sol";
import {IStakeVault} from "../../contracts/interfaces/IStakeVault.sol";
import {IValidatorSet} from "../../contracts/interfaces/IValidatorSet.sol";
import {OffencesBed} from "../support/OffencesBed.sol";
import {Vm} from "../support/Vm.sol";

/// @title Offences: idle seats
contract IdlenessTest is OffencesBed {
    /// @dev As the consensus does when a report of `epoch` becomes final.
    function _slashIdle(uint64 epoch, uint64 seats) private {
        vm.prank(address(consensus));
        offences.slashIdle(epoch, seats);
    }

    /// @dev ⌈κ_idle · staked⌉ with the fixture's κ_idle.
    function _idleLoss(uint256 staked) private pure returns (uint256) {
        return (staked * _offenceTerms().idleShare + WAD - 1) / WAD;
    }

    function test_D8_IdleSeatsLoseAShareOfTheirStakedMasa() public {
        _rollNext();
        vm.expectEmit(address(offences));
        emit IOffences.IdleSlashed(1, owners[1], 1, 500e18);
        vm.expectEmit(address(offences));
        emit IOffences.IdleSlashed(1, owners[4], 4, 500e18);
        _slashIdle(1, 18);
        for (uint256 seat; seat < 5; ++seat) {
            bool idle = seat == 1 || seat == 4;
            assertEq(vault.stakeUnitsOf(owners[seat]), STAKE - (idle ? _idleLoss(STAKE) : 0), "D8 these two");
        }
        (uint64 proven, uint64 slashed) = offences.punishedSeatsOf(1);
        assertEq(proven, 0, "nothing proven");
        assertEq(slashed, 18, "D8 these two");
    }

    /// Neither what is queued nor TAO counts; rounded against the validator.
    function test_D8_StakedMasaIsTheBase() public {
        _stake(owners[0], 1);
        _stakeTao(owners[0], 10_000e9);
        _unbond(owners[0], 50_000e18);
        _slashIdle(1, 1);
        assertEq(vault.exposureOf(owners[0]).pendingCut, 400e18 + 1, "D8 0.2 % of 200,000, and a unit");
    }

    /// D15: like every slash it becomes a record that waits, and can be reversed.
    function test_D15_IdlenessCanBeAppealed() public {
        _slashIdle(1, 1);
        assertEq(vault.applySlash(owners[0]), 1, "a record");
        IStakeVault.SlashRecord memory record = vault.slashRecordOf(owners[0], 1);
        assertEq(record.masa, 500e18, "D15 in the pot");
        (address to, ) = vault.bountyOf(owners[0], 1);
        assertEq(to, address(0), "nobody is paid for it");
        vm.prank(address(guardian));
        vault.reverseSlash(owners[0], 1, 500e18, 0);
        assertEq(vault.stakeUnitsOf(owners[0]), STAKE, "D15 given back");
    }

    function test_SLA05_OnceAnEpoch() public {
        _slashIdle(1, 3);
        _slashIdle(1, 7);
        assertEq(vault.stakeUnitsOf(owners[0]), STAKE - _idleLoss(STAKE), "SLA-05 once");
        assertEq(vault.stakeUnitsOf(owners[2]), STAKE - _idleLoss(STAKE), "SLA-05 who was not named before");
        vm.recordLogs();
        _slashIdle(1, 7);
        assertEq(vm.getRecordedLogs().length, 0, "SLA-05 nothing happens");
        _rollNext();
        _slashIdle(2, 1);
        uint256 left = STAKE - _idleLoss(STAKE);
        assertEq(vault.stakeUnitsOf(owners[0]), left - _idleLoss(left), "SLA-05 another epoch");
    }

    /// Who had the seat when the epoch was frozen pays, whatever became of key and seat since.
    function test_D8_TheOwnerOfThenPays() public {
        _rollTo(2);
        _reportOne(1, OFFENDER, POOR);
        address next = _registerValidator(9, STAKE);
        _joinWaitlist(next);
        _setOperator(owners[0], _newKey(1_000), 31);
        vm.prank(vm.addr(3));
        registry.revokeOperator(vm.addr(3));
        _rollTo(3);
        assertEq(_ownerAt(OFFENDER), next, "somebody else sits there");
        _slashIdle(2, 7);
        for (uint256 seat; seat < 3; ++seat) {
            assertEq(vault.stakeUnitsOf(owners[seat]), STAKE - _idleLoss(STAKE), "D8 the owner of then");
        }
        assertEq(vault.stakeUnitsOf(next), STAKE, "D8 not the owner of now");
    }

    /// A report must not be held up by what one account holds, or does not.
    function test_D8_NoAccountHoldsTheReportUp() public {
        vm.prank(address(offences));
        vault.slash(owners[0], 0, STAKE);
        _unbond(owners[1], STAKE);
        _deregister(owners[2]);
        vm.etch(owners[3], hex"60006000fd");
        _slashIdle(1, 31);
        assertEq(vault.stakeUnitsOf(owners[0]), 0, "nothing to take");
        assertEq(vault.positionOf(owners[1], address(masa)).queued, STAKE, "nothing staked");
        assertEq(vault.stakeUnitsOf(owners[2]), STAKE - _idleLoss(STAKE), "D8 no node any more");
        assertEq(vault.stakeUnitsOf(owners[3]), STAKE - _idleLoss(STAKE), "D8 never called");
        assertEq(vault.stakeUnitsOf(owners[4]), STAKE - _idleLoss(STAKE), "D8 and the last");
    }

    function test_D8_SeatsThatDoNotExistArePassedOver() public {
        vm.prank(owners[2]);
        validatorSet.leaveSeat();
        _rollNext();
        vm.recordLogs();
        _slashIdle(2, type(uint64).max);
        Vm.Log[] memory logs = vm.getRecordedLogs();
        uint256 slashed;
        for (uint256 i; i < logs.length; ++i) {
            if (logs[i].topics[0] == IOffences.IdleSlashed.selector) ++slashed;
        }
        assertEq(slashed, 4, "D8 the four that are frozen");
    }

    /// The dearest epoch report carries 64 of them.
    function test_D8_SixtyFourIdleSeatsFitAReport() public {
        for (uint256 key = 6; key <= 64; ++key) {
            _joinWaitlist(_registerValidator(key, STAKE));
        }
        _rollNext();
        assertEq(validatorSet.seatCount(), 64, "all seats");
        vm.prank(address(consensus));
        uint256 gas = gasleft();
        offences.slashIdle(2, type(uint64).max);
        gas -= gasleft();
        assertLt(gas, 4_000_000, "a quarter of a transaction");
        (, uint64 slashed) = offences.punishedSeatsOf(2);
        assertEq(slashed, type(uint64).max, "all slashed");
    }

    function test_NothingIdleNothingDone() public {
        vm.recordLogs();
        _slashIdle(99, 0);
        assertEq(vm.getRecordedLogs().length, 0, "whatever the epoch");
    }

    function test_RevertGiven_AnEpochThatWasNotFrozen() public {
        vm.expectRevert(abi.encodeWithSelector(IValidatorSet.ValidatorSet_EpochNotFrozen.selector, uint64(9)));
        _slashIdle(9, 1);
    }

    function test_RevertGiven_WithoutTheRight() public {
        vm.expectRevert(
            abi.encodeWithSelector(
                IModuleRights.ModuleRights_Unauthorised.selector,
                bytes32("REPORT"),
                address(this),
                uint256(0)
            )
        );
        offences.slashIdle(1, 1);
    }
}
