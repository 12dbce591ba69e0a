// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IStakeVault} from "../../contracts/interfaces/IStakeVault.sol";
import {HookTokenMock, ITokenReceiver} from "../../contracts/mocks/HookTokenMock.sol";
import {StakeVault} from "../../contracts/staking/StakeVault.sol";
import {VaultBed} from "../support/VaultBed.sol";

/// @dev Stakes, and from then on refuses every token and every call.
contract Refuser is ITokenReceiver {
    error Refuser_No();

    fallback() external {
        revert Refuser_No();
    }

    function stake(StakeVault vault, HookTokenMock token, uint256 amount) external {
        token.approve(address(vault), amount);
        vault.stake(address(token), amount);
        token.setHook(true);
    }

    function tokensReceived(address, uint256) external pure {
        revert Refuser_No();
    }
}

/// @title StakeVault: reservations, and booking and applying slashes without a cap
/// @dev SLA-11, the bounds of κ, belongs to the escrow and is tested there.
contract SlashingTest is VaultBed {
    /// @dev All that the vault says of an account before or after a booked slash is applied.
    struct Seen {
        uint256 stakeUnits;
        uint256 toward;
        uint256 masaStake;
        IStakeVault.Position masaPosition;
        IStakeVault.Position taoPosition;
        uint256[4] worths;
    }

    function _applied(address account) private view returns (IStakeVault.SlashRecord memory) {
        return vault.slashRecordOf(account, vault.exposureOf(account).slashes);
    }

    // ---------------------------------------------------------------- reservations

    function test_ReserveAndRelease() public {
        _stake(alice, 100);
        vm.expectEmit(address(vault));
        emit IStakeVault.Reserved(alice, 60, 60);
        _reserve(alice, 60);
        vm.expectEmit(address(vault));
        emit IStakeVault.Reserved(alice, 40, 100);
        _reserve(alice, 40);
        assertEq(vault.exposureOf(alice).reserved, 100, "I-19 all of it");
        vm.expectRevert(abi.encodeWithSelector(IStakeVault.StakeVault_InsufficientFreeStake.selector, alice, 0, 1));
        _reserve(alice, 1);
        vm.expectEmit(address(vault));
        emit IStakeVault.Released(alice, 60, 40);
        _release(alice, 60);
        // Of more than is reserved there is only what is reserved to give back.
        vm.expectEmit(address(vault));
        emit IStakeVault.Released(alice, 40, 0);
        _release(alice, 41);
        assertEq(vault.exposureOf(alice).reserved, 0, "none");
        vm.expectEmit(address(vault));
        emit IStakeVault.Released(alice, 0, 0);
        _release(alice, type(uint256).max);
        _reserve(alice, 40);
        assertEq(_slash(alice, 41, 1), 1, "booked");
        assertEq(vault.exposureOf(alice).reserved, 0, "released as far as there was one");
        assertEq(vault.exposureOf(alice).pendingCut, 1, "beside it");
    }

    /// A reservation that somebody else's mistake released is no obstacle to the slash, and no licence beyond what is
    /// held and free.
    function test_ReservationThatIsNotThereCoversNothing() public {
        _stake(alice, 100);
        _reserve(alice, 30);
        assertEq(_slash(alice, type(uint256).max, 20), 20, "within what is reserved");
        assertEq(vault.exposureOf(alice).reserved, 0, "all of it is released");
        _stake(bob, 100);
        assertEq(_slash(bob, 1e30, 1e30), 100, "I-14 what is held");
        assertEq(_slash(bob, 1e30, type(uint256).max), 0, "I-14 and no more");
        assertEq(vault.exposureOf(bob).pendingCut, 100, "I-14 booked");
    }

    /// Only staked MASA can back a commitment: what unbonds may be gone before it settles, and TAO's weight moves.
    function test_RevertGiven_ReservationOfQueuedStakeOrTao() public {
        _stake(alice, 100);
        _stakeTao(alice, 1e9);
        _unbond(alice, 30);
        vm.expectRevert(abi.encodeWithSelector(IStakeVault.StakeVault_InsufficientFreeStake.selector, alice, 70, 71));
        _reserve(alice, 71);
        _reserve(alice, 70);
    }

    function test_RevertGiven_NotSlasher() public {
        vault.scheduleSlasher(carol, 1);
        bytes memory refused = abi.encodeWithSelector(IStakeVault.StakeVault_NotSlasher.selector, alice);
        for (uint256 i; i < 2; ++i) {
            // Neither a stranger nor one who only waits to become a slasher.
            address caller = i == 0 ? alice : carol;
            refused = abi.encodeWithSelector(IStakeVault.StakeVault_NotSlasher.selector, caller);
            vm.startPrank(caller);
            vm.expectRevert(refused);
            vault.reserve(bob, 1);
            vm.expectRevert(refused);
            vault.release(bob, 1);
            vm.expectRevert(refused);
            vault.slash(bob, 0, 1);
            vm.stopPrank();
        }
    }

    // ---------------------------------------------------------------- booking and applying

    /// 100 MASA, of which 40 unbond, and 25 TAO worth 100, of which 10 unbond: a slash of 20 takes a tenth of each.
    function test_SlashTakesBothTokensActiveAndQueuedProRata() public {
        _stake(alice, 100e18);
        _stakeTao(alice, 25e9);
        _unbond(alice, 40e18);
        _unbondTao(alice, 10e9);
        vm.expectEmit(address(vault));
        emit IStakeVault.SlashBooked(alice, address(escrow), 20e18);
        assertEq(_slash(alice, 0, 20e18), 20e18, "booked");
        assertEq(vault.exposureOf(alice).pendingCut, 20e18, "one slot");
        (uint256 staked, , uint256 pot) = vault.totalsOf(address(masa));
        assertEq(staked, 60e18, "totals count it as stake until it is applied");
        assertEq(pot, 0, "nothing in the pot yet");

        vm.warp(block.timestamp + 100);
        vm.expectEmit(address(vault));
        emit IStakeVault.SlashApplied(alice, 1, 20e18, 6e18, 4e18, 1.5e9, 1e9, 0);
        vm.prank(bob);
        assertEq(vault.applySlash(alice), 1, "anyone applies it");
        assertEq(_staked(alice), 54e18, "MASA staked");
        assertEq(_queued(alice), 36e18, "MASA queued");
        assertEq(_taoStaked(alice), 13.5e9, "TAO staked");
        assertEq(_taoQueued(alice), 9e9, "TAO queued");
        assertEq(_worth(alice, 0), 36e18, "I-15 the entry");
        IStakeVault.SlashRecord memory record = vault.slashRecordOf(alice, 1);
        assertEq(record.masa, 10e18, "record of MASA");
        assertEq(record.tao, 2.5e9, "record of TAO");
        assertEq(record.releasableAt, START + 100 + APPEAL, "D15 the window begins when it is applied");
        assertEq(_pot(address(masa)), 10e18, "pot");
        assertEq(_pot(address(tao)), 2.5e9, "pot of TAO");
        assertEq(vault.exposureOf(alice).pendingCut, 0, "settled");
        assertEq(vault.exposureOf(alice).slashes, 1, "records");
        assertEq(vault.applySlash(alice), 0, "once");
        _assertConserved("I-01");
    }

    function test_BookingsOfOneAccountAreAppliedTogether() public {
        _stake(alice, 100);
        _slash(alice, 0, 10);
        _slash(alice, 0, 20);
        assertEq(vault.exposureOf(alice).pendingCut, 30, "both wait");
        assertEq(vault.applySlash(alice), 1, "one record");
        assertEq(vault.slashRecordOf(alice, 1).masa, 30, "of both");
        assertEq(_slashNow(alice, 5), 2, "the next has its own");
        assertEq(vault.slashRecordOf(alice, 2).masa, 5, "second record");
        _assertConserved("I-01");
    }

    function test_SlashOfItsReservationLeavesTheOthers() public {
        _stake(alice, 100);
        _reserve(alice, 60);
        assertEq(_slash(alice, 20, 20), 20, "booked");
        assertEq(vault.exposureOf(alice).reserved, 40, "its reservation is over");
        // Beyond its own reservation a slash finds what neither reservations nor bookings have spoken for.
        assertEq(_slash(alice, 10, 1_000), 50, "I-19 the other 30 and the 20 are left");
        assertEq(vault.exposureOf(alice).reserved, 30, "reserved");
        vault.applySlash(alice);
        assertEq(_staked(alice), 30, "I-19 reserved stake is there");
        assertEq(_slash(alice, 30, 1_000), 30, "and backs its commitment");
        vault.applySlash(alice);
        assertEq(_staked(alice), 0, "nothing left");
        _assertConserved("I-01");
    }

    /// Half of the stake unbonds, all that is staked is reserved: a slash of the free half falls on both halves alike,
    /// and what both hold together still covers the reservation.
    function test_ReservedStakeIsSparedWhereverItLies() public {
        _stake(alice, 100);
        _unbond(alice, 50);
        _reserve(alice, 50);
        assertEq(_slash(alice, 0, 40), 40, "booked");
        vm.expectEmit(address(vault));
        emit IStakeVault.SlashApplied(alice, 1, 40, 20, 20, 0, 0, 0);
        vault.applySlash(alice);
        assertEq(_staked(alice), 30, "D14 stake pays its half");
        assertEq(_worth(alice, 0), 30, "I-15 the entry pays its half");
        assertEq(_slash(alice, 0, 1_000), 10, "I-19 the reserved 50 are spared");
        vault.applySlash(alice);
        assertEq(_staked(alice) + _queued(alice), 50, "I-19 in stake and queue together");
        assertEq(_slash(alice, 50, 50), 50, "I-19 and back their commitment");
        vault.applySlash(alice);
        assertEq(_pot(address(masa)), 100, "taken in full");
        _assertConserved("I-01");
    }

    /// As above, with TAO in the place of the queue: reserved MASA stays, TAO makes up for it, rounded up.
    function test_ReservedStakeIsSparedAndTaoPays() public {
        _stake(alice, 100e18);
        _stakeTao(alice, 100e9);
        _reserve(alice, 90e18);
        assertEq(_slash(alice, 0, 100e18 + 1), 100e18 + 1, "booked");
        vm.expectEmit(address(vault));
        emit IStakeVault.SlashApplied(alice, 1, 100e18 + 1, 10e18, 0, 22.5e9 + 1, 0, 0);
        vault.applySlash(alice);
        assertEq(_staked(alice), 90e18, "I-19 untouched");
        assertEq(_taoStaked(alice), 77.5e9 - 1, "TAO");
    }

    function test_SlashOfAnEmptyAccountTakesNothing() public {
        vm.expectEmit(address(vault));
        emit IStakeVault.SlashBooked(alice, address(escrow), 0);
        assertEq(_slash(alice, 0, 1e18), 0, "booked");
        assertEq(vault.applySlash(alice), 0, "nothing to apply");
        _stake(alice, 10);
        assertEq(_slash(alice, 0, 0), 0, "a slash of nothing");
        assertEq(_staked(alice), 10, "stake");
        _assertConserved("I-01");
    }

    // ---------------------------------------------------------------- every action applies first

    /// Each step of the account finds the slash before it applied by itself, and counts from there.
    function test_EveryActionOfTheAccountAppliesFirst() public {
        _stake(alice, 1_000);
        _stakeTao(alice, 1_000);
        uint256 id = _unbond(alice, 500);
        _slash(alice, 0, 1);
        _fund(alice, 10);
        vm.startPrank(alice);
        masa.approve(address(vault), 10);
        vm.expectEmit(true, true, false, false, address(vault));
        emit IStakeVault.SlashApplied(alice, 1, 1, 0, 0, 0, 0, 0);
        vault.stake(address(masa), 10);
        vm.stopPrank();

        _slash(alice, 0, 1);
        vm.expectEmit(true, true, false, false, address(vault));
        emit IStakeVault.SlashApplied(alice, 2, 1, 0, 0, 0, 0, 0);
        uint256 second = _unbond(alice, 10);

        _slash(alice, 0, 1);
        vm.expectEmit(true, true, false, false, address(vault));
        emit IStakeVault.SlashApplied(alice, 3, 1, 0, 0, 0, 0, 0);
        _cancel(alice, second);

        _slash(alice, 0, 1);
        vm.warp(block.timestamp + UNBONDING);
        vm.expectEmit(true, true, false, false, address(vault));
        emit IStakeVault.SlashApplied(alice, 4, 1, 0, 0, 0, 0, 0);
        _withdraw(alice, id);

        _slash(alice, 0, 1);
        vm.expectEmit(true, true, false, false, address(vault));
        emit IStakeVault.SlashApplied(alice, 5, 1, 0, 0, 0, 0, 0);
        _reserve(alice, 1);

        _slash(alice, 0, 1);
        vm.expectEmit(true, true, false, false, address(vault));
        emit IStakeVault.SlashApplied(alice, 6, 1, 0, 0, 0, 0, 0);
        _reverse(alice, 1, 0, 0);
        assertEq(vault.exposureOf(alice).pendingCut, 0, "nothing waits");
        _assertConserved("I-01");
    }

    function test_NobodyLeavesBeforeABookedSlash() public {
        _stake(alice, 100);
        _slash(alice, 0, 30);
        vm.expectRevert(abi.encodeWithSelector(IStakeVault.StakeVault_InsufficientStake.selector, alice, 70, 71));
        _unbond(alice, 71);
        assertEq(_worth(alice, _unbond(alice, ALL)), 70, "D14 what is left");
        vm.expectRevert(abi.encodeWithSelector(IStakeVault.StakeVault_InsufficientFreeStake.selector, alice, 0, 1));
        _reserve(alice, 1);
    }

    // ---------------------------------------------------------------- attacks

    function test_SLA01_TinySlashIsOneUnit() public {
        _stake(alice, 100_000e18);
        _slashNow(alice, 1);
        assertEq(_staked(alice), 100_000e18 - 1, "SLA-01 one wei");
        // One stake unit is less than one unit of TAO: a whole one is taken.
        _stakeTao(bob, 1e9);
        _slashNow(bob, 1);
        assertEq(_taoStaked(bob), 1e9 - 1, "SLA-01 rounded against the offender");
    }

    function test_SLA03_PenaltyBeyondTheStakeTakesAllOfIt() public {
        _stake(alice, 70);
        _stakeTao(alice, 3);
        _unbond(alice, 30);
        _unbondTao(alice, 1);
        uint256 held = 70 + 3 * TAO_UNIT;
        assertEq(_slash(alice, 0, 1e30), held, "SLA-03 booked");
        assertEq(_slash(alice, 0, type(uint256).max), 0, "SLA-03 nothing more");
        vm.expectEmit(address(vault));
        emit IStakeVault.SlashApplied(alice, 1, held, 40, 30, 2, 1, 0);
        vault.applySlash(alice);
        assertEq(_staked(alice) + _queued(alice) + _taoStaked(alice) + _taoQueued(alice), 0, "SLA-03 nothing left");
        assertEq(_slash(alice, 0, type(uint256).max), 0, "SLA-03 again");
        _assertConserved("SLA-03 I-01");
    }

    /// A booking that the stake no longer covers, because TAO's weight fell in between: the rest is on record.
    function test_SLA03_ShortfallIsRecorded() public {
        _stakeTao(alice, 100e9);
        assertEq(_slash(alice, 0, 1_000e18), 400e18, "SLA-03 booked");
        vault.setCollateral(IStakeVault.Collateral(2e18, 0.5e18));
        assertEq(vault.stakeUnitsOf(alice), 0, "SLA-03 seen");
        vm.expectEmit(address(vault));
        emit IStakeVault.SlashApplied(alice, 1, 400e18, 0, 0, 100e9, 0, 200e18);
        vault.applySlash(alice);
        assertEq(_taoStaked(alice), 0, "SLA-03 no underflow");
        _assertConserved("SLA-03 I-01");
    }

    /// What a fall of the weight left uncovered is covered again by a reservation that is given back, as far as the slash
    /// that gives it back leaves some of it: never is more taken than was booked.
    function test_I14_ReleasedReservationCoversAnEarlierBooking() public {
        _stake(alice, 100e18);
        _stakeTao(alice, 100e9);
        _reserve(alice, 100e18);
        assertEq(_slash(alice, 0, 1_000e18), 400e18, "beside the reservation");
        vault.setCollateral(IStakeVault.Collateral(2e18, 0.5e18));
        assertEq(vault.masaStakeOf(alice), 100e18, "I-19 the reservation is left alone, 200 are not covered");
        assertEq(_slash(alice, 100e18, 10e18), 10e18, "a tenth of it");
        assertEq(vault.masaStakeOf(alice), 0, "I-14 the earlier booking takes what was given back");
        vm.expectEmit(address(vault));
        emit IStakeVault.SlashApplied(alice, 1, 410e18, 100e18, 0, 100e9, 0, 110e18);
        vault.applySlash(alice);
        _assertConserved("I-01");
    }

    /// The vault's part of it: a reservation is consumed by the first slash, and a second one finds what is free and no
    /// more. That evidence and settlements are consumed is the escrow's and the consensus's part.
    function test_SLA05_OneReservationIsSlashedOnce() public {
        _stake(alice, 40);
        _reserve(alice, 40);
        assertEq(_slash(alice, 40, 40), 40, "SLA-05 the first");
        assertEq(_slash(alice, 40, 40), 0, "SLA-05 the second finds no reservation");
        _stake(bob, 50);
        _reserve(bob, 40);
        assertEq(_slash(bob, 40, 40), 40, "SLA-05 the first");
        assertEq(_slash(bob, 40, 40), 10, "SLA-05 the second finds what is free");
        vault.applySlash(alice);
        vault.applySlash(bob);
        assertEq(_pot(address(masa)), 90, "SLA-05 nothing is booked that is not there");
        _assertConserved("SLA-05 I-01");
    }

    function test_SLA07_TwoPendingPenaltiesNeverExceedTheStake() public {
        _stake(alice, 100);
        _reserve(alice, 60);
        vm.expectRevert(abi.encodeWithSelector(IStakeVault.StakeVault_InsufficientFreeStake.selector, alice, 40, 60));
        _reserve(alice, 60);
        _reserve(alice, 40);
        uint256 total = _slash(alice, 60, 60) + _slash(alice, 40, 40);
        assertEq(total, 100, "SLA-07 both in full");
        vault.applySlash(alice);
        assertEq(_staked(alice), 0, "SLA-07 stake");
        assertEq(vault.exposureOf(alice).reserved, 0, "SLA-07 reserved");

        _stake(bob, 100);
        total = _slash(bob, 0, 70) + _slash(bob, 0, 70);
        assertEq(total, 100, "SLA-07 the second finds what the first left");
        vault.applySlash(bob);
        assertEq(_pot(address(masa)), 200, "SLA-07 pot");
        _assertConserved("SLA-07 I-01");
    }

    function test_SLA08_NobodyBlocksASlashByRefusingTokens() public {
        HookTokenMock token = new HookTokenMock();
        StakeVault other = _vaultOver(address(token), address(tao));
        Refuser offender = new Refuser();
        token.mint(address(offender), 100);
        offender.stake(other, token, 100);
        Refuser receiver = new Refuser();
        token.mint(address(receiver), 1);
        receiver.stake(other, token, 1);
        other.setSlashDestinations(IStakeVault.SlashDestinations(address(receiver), address(0), 0, 0));
        assertEq(other.slash(address(offender), 0, 30), 30, "SLA-08 booked");
        assertEq(other.applySlash(address(offender)), 1, "SLA-08 applied");
        assertEq(other.masaStakeOf(address(offender)), 70, "SLA-08 taken");

        // A treasury that refuses holds up the release alone, until governance names another.
        vm.warp(block.timestamp + APPEAL + 1);
        vm.expectRevert(abi.encodeWithSelector(Refuser.Refuser_No.selector));
        other.releaseSlash(address(offender), 1);
        other.setSlashDestinations(IStakeVault.SlashDestinations(bob, address(0), 0, 0));
        other.releaseSlash(address(offender), 1);
        assertEq(token.balanceOf(bob), 30, "SLA-08 released to another treasury");
    }

    /// Votes are delegated, stakes are not: what one account's slash could be shifted between is its own four parts, and
    /// their shares are fixed. Nor does it matter to the last unit of MASA when bookings are applied.
    function testFuzz_SLA10_FixedProRataWhateverTheOrder(uint96[4] memory held, uint96 first, uint96 second) public {
        uint256[4] memory parts = _staking(alice, held, 0);
        uint256 masaHeld = parts[0] + parts[1];
        uint256 units = masaHeld + (parts[2] + parts[3]) * TAO_UNIT;
        first = uint96(bound(first, 1, units));
        second = uint96(bound(second, 0, units - first));
        uint256 state = vm.snapshotState();

        _slash(alice, 0, first);
        _slash(alice, 0, second);
        vault.applySlash(alice);
        IStakeVault.SlashRecord memory together = _applied(alice);
        vm.revertToState(state);
        _slashNow(alice, second);
        _slashNow(alice, first);
        assertNear(
            vault.stakeUnitsOf(alice) + _queued(alice) + _taoQueued(alice) * TAO_UNIT,
            units - first - second,
            3 * TAO_UNIT,
            "SLA-10 worth what was booked"
        );
        assertNear(
            masaHeld - _staked(alice) - _queued(alice),
            together.masa,
            3 * TAO_UNIT,
            "SLA-10 the same from MASA in either order"
        );
        // Active and queued MASA are left in the proportion they had, to two units.
        uint256 left = _staked(alice) + _queued(alice);
        assertNear(_queued(alice), (left * parts[1]) / masaHeld, 3, "SLA-10 active and queued alike");
        _assertConserved("SLA-10 I-01");
    }

    // ---------------------------------------------------------------- fuzz

    /// @dev Stakes four parts made from fuzzed numbers: MASA staked and queued, TAO staked and queued; each queue in two
    /// entries. The reservation is bounded by the MASA that stays staked.
    function _staking(
        address account,
        uint96[4] memory raw,
        uint256 reservation
    ) private returns (uint256[4] memory parts) {
        parts[0] = bound(raw[0], 1, 1e24);
        parts[1] = bound(raw[1], 2, 1e24);
        parts[2] = bound(raw[2], 0, 1e15);
        parts[3] = bound(raw[3], 2, 1e15);
        _stake(account, parts[0] + parts[1]);
        _stakeTao(account, parts[2] + parts[3]);
        _unbond(account, parts[1] / 2);
        _unbond(account, parts[1] - parts[1] / 2);
        _unbondTao(account, 1);
        _unbondTao(account, parts[3] - 1);
        if (reservation != 0) _reserve(account, bound(reservation, 1, parts[0]));
    }

    function _see(address account, uint256 required) private view returns (Seen memory s) {
        s.stakeUnits = vault.stakeUnitsOf(account);
        s.toward = vault.stakeToward(account, required);
        s.masaStake = vault.masaStakeOf(account);
        s.masaPosition = vault.positionOf(account, address(masa));
        s.taoPosition = vault.positionOf(account, address(tao));
        for (uint256 i; i < 4; ++i) {
            (, s.worths[i]) = vault.unbondingEntryOf(account, i < 2 ? address(masa) : address(tao), i % 2);
        }
    }

    /// What the views say of a booked slash is what its application does, slash after slash; I-14, I-15, I-19, I-01.
    function testFuzz_ViewsAreWhatApplyingDoes(
        uint96[4] memory held,
        uint96 reservation,
        uint96[3] memory cuts,
        uint256 required
    ) public {
        _staking(alice, held, reservation);
        _staking(bob, held, 0);
        required = bound(required, 0, 1e26);
        bytes32 others = keccak256(abi.encode(_see(bob, required)));
        uint256 reserved = vault.exposureOf(alice).reserved;
        for (uint256 i; i < 3; ++i) {
            uint256 units = _staked(alice) + _queued(alice) + (_taoStaked(alice) + _taoQueued(alice)) * TAO_UNIT;
            uint256 booked = _slash(alice, 0, cuts[i]);
            assertEq(booked, cuts[i] < units - reserved ? cuts[i] : units - reserved, "I-14 min(amount, free)");
            Seen memory before = _see(alice, required);
            vault.applySlash(alice);
            assertEq(keccak256(abi.encode(before)), keccak256(abi.encode(_see(alice, required))), "views are exact");
            assertGe(_staked(alice) + _queued(alice), reserved, "I-19");
            assertEq(before.masaStake + vault.taoUnitsDown(_taoStaked(alice)), before.stakeUnits, "units");
            uint256 left = _staked(alice) + _queued(alice) + (_taoStaked(alice) + _taoQueued(alice)) * TAO_UNIT;
            assertLe(left + booked, units, "I-14 against the offender");
            assertLt(units - left - booked, TAO_UNIT, "I-14 by less than a unit of TAO");
            assertLe(before.worths[0] + before.worths[1], _queued(alice), "I-15 entries are covered");
            assertLe(before.worths[2] + before.worths[3], _taoQueued(alice), "I-15 in TAO too");
        }
        assertEq(keccak256(abi.encode(_see(bob, required))), others, "I-14 another account");
        _assertConserved("I-01");
    }

    /// Reserved MASA is there when its commitment settles, whatever was slashed before and whatever TAO is worth by then.
    function testFuzz_MasaHeldIsNeverBelowWhatWasReserved(
        uint96[4] memory held,
        uint96 reservation,
        uint96 cut,
        uint96 weight
    ) public {
        _staking(alice, held, bound(reservation, 1, 1e24));
        uint256 reserved = vault.exposureOf(alice).reserved;
        _slash(alice, 0, cut);
        vault.setCollateral(IStakeVault.Collateral(uint128(bound(weight, 2e18, 8e18)), 0.5e18));
        vault.applySlash(alice);
        assertGe(_staked(alice) + _queued(alice), reserved, "I-19 the reservation is covered at any weight");
        assertEq(_slash(alice, reserved, reserved), reserved, "I-19 and can be slashed");
        vault.applySlash(alice);
        IStakeVault.SlashRecord memory record = _applied(alice);
        assertGe(record.masa + vault.taoUnitsDown(record.tao), reserved, "I-19 without a shortfall");
        _assertConserved("I-01");
    }
}
