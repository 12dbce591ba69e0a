// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IStakeVault} from "../../contracts/interfaces/IStakeVault.sol";
import {MasaFixture} from "../support/MasaFixture.sol";

/// @title What a slash above the cap holds, and what the cap may do meanwhile
contract DeferredSlashTest is MasaFixture {
    address internal alice = _account(1);

    function _slashCap() internal pure override returns (uint64) {
        return 0.1e18;
    }

    /// @dev Alice alone stakes 100: a cap of 10 an epoch. Slashed by 40, she owes 10 more later, and 20 are forgone.
    function _defer() internal {
        _stake(alice, 100e18);
        vm.expectEmit(address(vault));
        emit IStakeVault.SlashDeferred(alice, address(escrow), 10e18);
        vm.expectEmit(address(vault));
        emit IStakeVault.SlashForgone(alice, address(escrow), 20e18);
        vm.expectEmit(address(vault));
        emit IStakeVault.SlashBooked(alice, address(escrow), 10e18);
        vm.prank(address(escrow));
        assertEq(vault.slash(alice, 0, 40e18), 10e18, "booked");
        assertEq(vault.deferralOf(alice).amount, 10e18, "D15 deferred, one more cap at most");
    }

    function test_I14_AReservationCannotPayForADeferredSlashAsWell() public {
        _defer();
        vm.prank(address(escrow));
        vault.reserve(alice, 80e18); // staked 90, of which 10 are frozen
        uint256 id = _unbond(alice, 10e18);
        vm.warp(block.timestamp + UNBONDING);

        // Without the entry she would hold the 80 that are reserved, and nothing for the deferral.
        vm.expectRevert(abi.encodeWithSelector(IStakeVault.StakeVault_Frozen.selector, alice, 10e18, 0));
        vm.prank(alice);
        vault.withdraw(address(masa), id, type(uint256).max, alice);

        uint256 booked;
        while (vault.deferralOf(alice).amount != 0) {
            _rollNext();
            booked += vault.bookDeferred(alice);
            vault.applySlash(alice);
        }
        assertEq(booked, 10e18, "I-14: all that was deferred");
        (, , uint256 pot) = vault.totalsOf(address(masa));
        assertEq(pot, 20e18, "I-14: and all of it was there to take");
        assertEq(vault.exposureOf(alice).reserved, 80e18, "I-19: beside the reservation");
        IStakeVault.Position memory p = vault.positionOf(alice, address(masa));
        assertEq(uint256(p.staked) + p.queued, 80e18, "I-19: which is covered, active or queued");
    }

    function test_D19_ARaiseFromALoweredCapWaitsEvenIfNobodyWasSlashedMeanwhile() public {
        vault.setSlashCap(address(escrow), 0.05e18);
        _rollNext();

        vm.expectEmit(address(vault));
        emit IStakeVault.SlashCapSet(address(escrow), 0.05e18, 0.08e18, block.timestamp + MODULE_DELAY);
        vault.setSlashCap(address(escrow), 0.08e18);

        _stake(alice, 100e18);
        _rollNext();
        vm.prank(address(escrow));
        assertEq(vault.slash(alice, 0, 50e18), 5e18, "the cap that has come down");
        vm.warp(block.timestamp + MODULE_DELAY);
        vm.prank(address(escrow));
        vault.slash(alice, 0, 50e18);
        assertEq(vault.slasherOf(address(escrow)).capShare, 0.08e18, "the raise has waited");
    }
}
