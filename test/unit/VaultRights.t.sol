// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";

import {IGuardian} from "../../contracts/interfaces/IGuardian.sol";
import {IStakeObserver} from "../../contracts/interfaces/IStakeObserver.sol";
import {IStakeVault} from "../../contracts/interfaces/IStakeVault.sol";
import {StakeObserverMock} from "../../contracts/mocks/StakeObserverMock.sol";
import {StakeVault} from "../../contracts/staking/StakeVault.sol";
import {VaultBed} from "../support/VaultBed.sol";

/// @title StakeVault: who may slash, and how long everyone can leave before another may (decisions D14, D15, D19)
contract VaultRightsTest is VaultBed {
    uint40 private constant MARGIN = 3 days;
    uint64 private constant NO_CAP = type(uint64).max;

    address private second = address(0x5ec);

    function _unknown(address slasher) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IStakeVault.StakeVault_SlasherUnknown.selector, slasher);
    }

    function _tooEarly(uint256 activeFrom) private view returns (bytes memory) {
        return abi.encodeWithSelector(IStakeVault.StakeVault_TooEarly.selector, activeFrom, block.timestamp);
    }

    // ---------------------------------------------------------------- wiring

    function test_WireHappensOnce() public {
        StakeVault fresh = _unwired(address(masa), address(tao));
        StakeObserverMock told = new StakeObserverMock();
        vm.expectEmit(address(fresh));
        emit IStakeVault.SlasherScheduled(bob, 0.2e18, block.timestamp);
        vm.expectEmit(address(fresh));
        emit IStakeVault.SlasherActivated(bob);
        vm.expectEmit(address(fresh));
        emit IStakeVault.GuardianSet(address(0), address(guardian));
        vm.expectEmit(address(fresh));
        emit IStakeVault.ObserverSet(address(0), address(told));
        fresh.wire(bob, 0.2e18, guardian, told);
        IStakeVault.Slasher memory right = fresh.slasherOf(bob);
        assertEq(right.activeFrom, block.timestamp, "active from now");
        assertEq(right.capShare, 0.2e18, "cap");
        assertFalse(right.revoked, "not revoked");
        assertEq(address(fresh.guardian()), address(guardian), "guardian");
        assertEq(address(fresh.observer()), address(told), "observer");
        vm.prank(bob);
        assertEq(fresh.slash(alice, 0, 1), 0, "may slash at once");

        bytes memory wired = abi.encodeWithSelector(IStakeVault.StakeVault_AlreadyWired.selector);
        vm.expectRevert(wired);
        fresh.wire(carol, 0.2e18, guardian, told);
        vm.expectRevert(wired);
        vault.wire(carol, 0.2e18, guardian, told);
    }

    /// Nobody has staked before the vault is wired: further first slashers are named until then.
    function test_ASlasherScheduledBeforeTheWiringBeginsAtOnce() public {
        StakeVault fresh = _unwired(address(masa), address(tao));
        vm.expectEmit(address(fresh));
        emit IStakeVault.SlasherScheduled(second, NO_CAP, block.timestamp);
        fresh.scheduleSlasher(second, NO_CAP);
        fresh.activateSlasher(second);
        vm.prank(second);
        assertEq(fresh.slash(alice, 0, 1), 0, "may slash at once");
        fresh.wire(bob, NO_CAP, guardian, IStakeObserver(address(0)));
        fresh.scheduleSlasher(carol, NO_CAP);
        assertEq(fresh.slasherOf(carol).activeFrom, block.timestamp + MODULE_DELAY, "D19 no more");
    }

    function test_RevertGiven_WiringOutOfRange() public {
        StakeVault fresh = _unwired(address(masa), address(tao));
        IStakeObserver nobody = IStakeObserver(address(0));
        bytes memory zero = abi.encodeWithSelector(IStakeVault.StakeVault_ZeroAddress.selector);
        vm.expectRevert(zero);
        fresh.wire(address(0), NO_CAP, guardian, nobody);
        vm.expectRevert(zero);
        fresh.wire(bob, NO_CAP, IGuardian(address(0)), nobody);
        vm.expectRevert(_outOfRange("capShare", 0, 1, WAD));
        fresh.wire(bob, 0, guardian, nobody);
        vm.expectRevert(_outOfRange("capShare", WAD + 1, 1, WAD));
        fresh.wire(bob, uint64(WAD + 1), guardian, nobody);
        fresh.wire(bob, uint64(WAD), guardian, nobody);
    }

    function test_RevertGiven_NotOwner() public {
        StakeVault fresh = _unwired(address(masa), address(tao));
        bytes memory refused = abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, alice);
        vm.startPrank(alice);
        vm.expectRevert(refused);
        fresh.wire(alice, NO_CAP, guardian, IStakeObserver(address(0)));
        vm.expectRevert(refused);
        vault.scheduleSlasher(alice, NO_CAP);
        vm.expectRevert(refused);
        vault.revokeSlasher(address(escrow));
        vm.expectRevert(refused);
        vault.setSlashCap(address(escrow), 1);
        vm.expectRevert(refused);
        vault.scheduleObserver(IStakeObserver(alice));
        vm.expectRevert(refused);
        vault.setDelays(UNBONDING, MODULE_DELAY);
        vm.expectRevert(refused);
        vault.setGuardian(IGuardian(alice));
        vm.stopPrank();
    }

    // ---------------------------------------------------------------- slashers

    function test_ScheduledSlasherBeginsAfterTheModuleDelay() public {
        uint256 activeFrom = block.timestamp + MODULE_DELAY;
        vm.expectEmit(address(vault));
        emit IStakeVault.SlasherScheduled(second, NO_CAP, activeFrom);
        vault.scheduleSlasher(second, NO_CAP);
        vm.warp(activeFrom - 1);
        vm.expectRevert(_tooEarly(activeFrom));
        vault.activateSlasher(second);
        vm.expectRevert(abi.encodeWithSelector(IStakeVault.StakeVault_NotSlasher.selector, second));
        vm.prank(second);
        vault.slash(alice, 0, 1);

        vm.warp(activeFrom);
        vm.expectRevert(abi.encodeWithSelector(IStakeVault.StakeVault_NotSlasher.selector, second));
        vm.prank(second);
        vault.slash(alice, 0, 1);
        vm.expectEmit(address(vault));
        emit IStakeVault.SlasherActivated(second);
        vm.prank(carol);
        vault.activateSlasher(second);
        _stake(alice, 10);
        vm.prank(second);
        assertEq(vault.slash(alice, 0, 1), 1, "may slash");
        vm.expectRevert(_unknown(second));
        vault.activateSlasher(second);
    }

    function test_RevertGiven_SlasherOutOfRange() public {
        vm.expectRevert(abi.encodeWithSelector(IStakeVault.StakeVault_ZeroAddress.selector));
        vault.scheduleSlasher(address(0), 1);
        vm.expectRevert(_outOfRange("capShare", 0, 1, WAD));
        vault.scheduleSlasher(second, 0);
        vm.expectRevert(_outOfRange("capShare", NO_CAP - 1, 1, WAD));
        vault.scheduleSlasher(second, NO_CAP - 1);
        vm.expectRevert(abi.encodeWithSelector(IStakeVault.StakeVault_SlasherKnown.selector, address(escrow)));
        vault.scheduleSlasher(address(escrow), 1);
        vault.scheduleSlasher(second, 1);
        // Scheduling again would renew what was granted: it neither restarts nor shortens the delay.
        vm.expectRevert(abi.encodeWithSelector(IStakeVault.StakeVault_SlasherKnown.selector, second));
        vault.scheduleSlasher(second, 1);
        vm.expectRevert(_unknown(carol));
        vault.activateSlasher(carol);
        vm.expectRevert(_unknown(carol));
        vault.revokeSlasher(carol);
        vm.expectRevert(_unknown(carol));
        vault.setSlashCap(carol, 1);
        vm.expectRevert(_outOfRange("capShare", 0, 1, WAD));
        vault.setSlashCap(second, 0);
    }

    function test_RevokedSlasherNeverReturns() public {
        _stake(alice, 100);
        _reserve(alice, 60);
        vm.expectEmit(address(vault));
        emit IStakeVault.SlasherRevoked(address(escrow));
        vault.revokeSlasher(address(escrow));
        assertTrue(vault.slasherOf(address(escrow)).revoked, "revoked");
        bytes memory refused = abi.encodeWithSelector(IStakeVault.StakeVault_NotSlasher.selector, address(escrow));
        vm.startPrank(address(escrow));
        vm.expectRevert(refused);
        vault.slash(alice, 0, 1);
        vm.expectRevert(refused);
        vault.reserve(alice, 0);
        // Its open commitments can end.
        vm.expectEmit(address(vault));
        emit IStakeVault.Released(alice, 60, 0);
        vault.release(alice, 60);
        vm.stopPrank();
        assertEq(vault.exposureOf(alice).reserved, 0, "released");
        vm.expectRevert(abi.encodeWithSelector(IStakeVault.StakeVault_SlasherKnown.selector, address(escrow)));
        vault.scheduleSlasher(address(escrow), 1);
        vm.expectRevert(_unknown(address(escrow)));
        vault.activateSlasher(address(escrow));
        vm.expectRevert(_unknown(address(escrow)));
        vault.revokeSlasher(address(escrow));
        vm.expectRevert(_unknown(address(escrow)));
        vault.setSlashCap(address(escrow), 1);
    }

    /// A module that turned out wrong while it waited never gets its right.
    function test_SlasherRevokedWhileItWaits() public {
        vault.scheduleSlasher(second, NO_CAP);
        vault.revokeSlasher(second);
        vm.warp(block.timestamp + MODULE_DELAY);
        vm.expectRevert(_unknown(second));
        vault.activateSlasher(second);
        bytes memory refused = abi.encodeWithSelector(IStakeVault.StakeVault_NotSlasher.selector, second);
        vm.startPrank(second);
        vm.expectRevert(refused);
        vault.slash(alice, 0, 1);
        vm.expectRevert(refused);
        vault.reserve(alice, 0);
        // It has no commitments of its own to end, and others' it must not touch.
        vm.expectRevert(refused);
        vault.release(alice, 0);
        vm.stopPrank();
        assertEq(vault.slasherOf(second).activeFrom, type(uint40).max, "never");
    }

    /// D19: whoever starts to leave within the margin after a second slasher was scheduled is out before it may slash,
    /// however the owner moves the delays meanwhile.
    function test_EveryoneWhoStartsUnbondingIsOutBeforeASecondSlasher() public {
        address[3] memory accounts = [alice, bob, carol];
        for (uint256 i; i < 3; ++i) {
            _stake(accounts[i], 100);
            _stakeTao(accounts[i], 50);
        }
        uint256 scheduled = block.timestamp;
        vault.scheduleSlasher(second, NO_CAP);
        uint256 activeFrom = vault.slasherOf(second).activeFrom;
        vault.setDelays(8 days, 12 days);
        for (uint256 i; i < 3; ++i) {
            // In the same second, a day and a half later, and in the last second of the margin.
            vm.warp(scheduled + (i * MARGIN) / 2);
            _unbond(accounts[i], ALL);
            _unbondTao(accounts[i], ALL);
        }
        vm.expectRevert(
            abi.encodeWithSelector(
                IStakeVault.StakeVault_ActivationPending.selector,
                activeFrom,
                block.timestamp + 9 days + MARGIN
            )
        );
        vault.setDelays(9 days, 13 days);
        vm.warp(activeFrom - 1);
        vm.expectRevert(_tooEarly(activeFrom));
        vault.activateSlasher(second);
        // Carol started in the last second of the margin, and the longer delay costs her that second.
        vm.warp(activeFrom);
        for (uint256 i; i < 3; ++i) {
            assertEq(_withdraw(accounts[i], 0), 100, "D19 MASA is out");
            assertEq(_withdrawTao(accounts[i], 0), 50, "D19 TAO is out");
        }
        vault.activateSlasher(second);
        for (uint256 i; i < 3; ++i) {
            vm.prank(second);
            assertEq(vault.slash(accounts[i], 0, ALL), 0, "D19 nothing to slash");
        }
    }

    // ---------------------------------------------------------------- delays

    function test_SetDelays() public {
        assertEq(vault.MODULE_MARGIN(), MARGIN, "margin");
        uint40 least = uint40(PATH + 1);
        vm.expectEmit(address(vault));
        emit IStakeVault.DelaysSet(UNBONDING, least, MODULE_DELAY, least + MARGIN + 1);
        vault.setDelays(least, least + MARGIN + 1);
        assertEq(vault.unbondingDelay(), least, "D14 least");
        assertEq(vault.moduleDelay(), least + MARGIN + 1, "D19 least");
        vault.setDelays(90 days, 180 days);
        assertEq(vault.unbondingDelay(), 90 days, "most");
        assertEq(vault.moduleDelay(), 180 days, "most");
        assertEq(vault.MAX_UNBONDING_DELAY(), 90 days, "MAX_UNBONDING_DELAY");
        assertEq(vault.MAX_MODULE_DELAY(), 180 days, "MAX_MODULE_DELAY");
    }

    function test_RevertGiven_DelaysOutOfOrder() public {
        vm.expectRevert(_outOfRange("unbondingDelay", PATH, PATH + 1, 90 days));
        vault.setDelays(uint40(PATH), MODULE_DELAY);
        vm.expectRevert(_outOfRange("unbondingDelay", 90 days + 1, PATH + 1, 90 days));
        vault.setDelays(90 days + 1, 180 days);
        vm.expectRevert(_outOfRange("moduleDelay", UNBONDING + MARGIN, UNBONDING + MARGIN + 1, 180 days));
        vault.setDelays(UNBONDING, UNBONDING + MARGIN);
        vm.expectRevert(_outOfRange("moduleDelay", 180 days + 1, UNBONDING + MARGIN + 1, 180 days));
        vault.setDelays(UNBONDING, 180 days + 1);
    }

    /// D14: the same order at construction, whichever of the windows is the long one.
    function test_RevertGiven_DelaysOutOfOrderAtConstruction() public {
        for (uint256 i; i < 4; ++i) {
            IStakeVault.Delays memory d = _delays();
            uint256 path = PATH + 7 days;
            if (i == 0) d.requestPath += 7 days;
            else if (i == 1) d.reportPath += 7 days;
            else if (i == 2) d.evidenceWindow += 7 days;
            else d.appealWindow += 7 days;
            vm.expectRevert(_outOfRange("unbondingDelay", UNBONDING, path + 1, 90 days));
            _with(d);
        }
        IStakeVault.Delays memory none = _delays();
        none.appealWindow = 0;
        vm.expectRevert(_outOfRange("appealWindow", 0, 1, 90 days));
        _with(none);
        none.appealWindow = 90 days + 1;
        vm.expectRevert(_outOfRange("appealWindow", 90 days + 1, 1, 90 days));
        _with(none);
        none = _delays();
        none.moduleDelay = UNBONDING;
        vm.expectRevert(_outOfRange("moduleDelay", UNBONDING, UNBONDING + MARGIN + 1, 180 days));
        _with(none);
    }

    function _with(IStakeVault.Delays memory delays) private {
        new StakeVault(address(this), clock, address(masa), address(tao), delays, _collateral(), _toTreasury());
    }

    /// A slasher, an observer or a higher cap that waits: unbonding may grow only as far as everyone is out before.
    function test_RevertGiven_LongerUnbondingWhileAnActivationIsPending() public {
        vault.setSlashCap(address(escrow), 1);
        for (uint256 i; i < 3; ++i) {
            uint256 state = vm.snapshotState();
            if (i == 0) vault.scheduleSlasher(second, NO_CAP);
            else if (i == 1) vault.scheduleObserver(IStakeObserver(alice));
            else vault.setSlashCap(address(escrow), 2);
            uint256 pending = block.timestamp + MODULE_DELAY;
            bytes memory refused = abi.encodeWithSelector(
                IStakeVault.StakeVault_ActivationPending.selector,
                pending,
                pending + 1
            );
            vm.expectRevert(refused);
            vault.setDelays(MODULE_DELAY - MARGIN + 1, 30 days);
            vault.setDelays(MODULE_DELAY - MARGIN, 30 days);
            vault.setDelays(UNBONDING, 30 days);
            vm.warp(pending - 1);
            vm.expectRevert(
                abi.encodeWithSelector(
                    IStakeVault.StakeVault_ActivationPending.selector,
                    pending,
                    pending - 1 + UNBONDING + 1 + MARGIN
                )
            );
            vault.setDelays(UNBONDING + 1, 30 days);
            vault.setDelays(UNBONDING - 1, 30 days);
            vm.warp(pending);
            vault.setDelays(90 days, 94 days);
            vm.revertToState(state);
        }
    }

    /// A cap that is lowered takes nothing from anyone: the delays may change meanwhile.
    function test_LoweredCapHoldsUpNoDelay() public {
        vault.setSlashCap(address(escrow), 1);
        vault.setDelays(90 days, 94 days);
        assertEq(vault.unbondingDelay(), 90 days, "set");
    }

    /// An earlier grant must not hide a later one: the latest activation counts.
    function test_LatestActivationCounts() public {
        vault.setDelays(UNBONDING, 30 days);
        vault.scheduleSlasher(second, NO_CAP);
        uint256 latest = block.timestamp + 30 days;
        vault.setDelays(UNBONDING, MODULE_DELAY);
        vault.scheduleSlasher(carol, NO_CAP);
        vm.warp(block.timestamp + MODULE_DELAY);
        uint256 needed = block.timestamp + 20 days + MARGIN;
        vm.expectRevert(abi.encodeWithSelector(IStakeVault.StakeVault_ActivationPending.selector, latest, needed));
        vault.setDelays(20 days, 30 days);
    }

    // ---------------------------------------------------------------- observer and guardian

    function test_ScheduledObserverBeginsAfterTheModuleDelay() public {
        StakeObserverMock told = new StakeObserverMock();
        uint256 from = block.timestamp + MODULE_DELAY;
        vm.expectRevert(_tooEarly(0));
        vault.activateObserver();
        vm.expectEmit(address(vault));
        emit IStakeVault.ObserverScheduled(address(told), from);
        vault.scheduleObserver(told);
        vm.warp(from - 1);
        vm.expectRevert(_tooEarly(from));
        vault.activateObserver();
        _stake(alice, 5);
        _cancel(alice, _unbond(alice, ALL));
        assertEq(told.count(), 0, "told of nothing yet");
        vm.warp(from);
        vm.expectEmit(address(vault));
        emit IStakeVault.ObserverSet(address(0), address(told));
        vm.prank(carol);
        vault.activateObserver();
        assertEq(address(vault.observer()), address(told), "observer");
        vm.expectRevert(_tooEarly(0));
        vault.activateObserver();
    }

    /// Naming another one, or nobody, restarts the delay; governance can change its mind.
    function test_ObserverThatWaitsIsReplaced() public {
        vault.scheduleObserver(IStakeObserver(alice));
        vm.warp(block.timestamp + MODULE_DELAY - 1);
        vault.scheduleObserver(IStakeObserver(address(0)));
        uint256 from = block.timestamp + MODULE_DELAY;
        vm.warp(from - 1);
        vm.expectRevert(_tooEarly(from));
        vault.activateObserver();
        vm.warp(from);
        vault.activateObserver();
        assertEq(address(vault.observer()), address(0), "nobody");
    }

    function test_SetGuardian() public {
        vm.expectEmit(address(vault));
        emit IStakeVault.GuardianSet(address(guardian), bob);
        vault.setGuardian(IGuardian(bob));
        assertEq(address(vault.guardian()), bob, "guardian");
        vm.expectRevert(abi.encodeWithSelector(IStakeVault.StakeVault_ZeroAddress.selector));
        vault.setGuardian(IGuardian(address(0)));
    }
}
