// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IGuardian} from "../../contracts/interfaces/IGuardian.sol";
import {IStakeObserver} from "../../contracts/interfaces/IStakeObserver.sol";
import {IStakeVault} from "../../contracts/interfaces/IStakeVault.sol";
import {BlockingTokenMock} from "../../contracts/mocks/BlockingTokenMock.sol";
import {StakeVault} from "../../contracts/staking/StakeVault.sol";
import {VaultBed} from "../support/VaultBed.sol";

/// @title StakeVault: the cap of an epoch, and slashes deferred above it (decision D15)
/// @notice Alice and bob stake 1,000 MASA each, and the escrow may slash a tenth of all staked MASA an epoch: 200.
contract SlashCapTest is VaultBed {
    /// @dev Budgets are kept in lots of 1e9 stake units.
    uint256 private constant LOT = 1e9;

    address private second = address(0x5ec);

    function setUp() public override {
        super.setUp();
        _stake(alice, 1_000e18);
        _stake(bob, 1_000e18);
    }

    function _slashCap() internal pure override returns (uint64) {
        return 0.1e18;
    }

    function _deferred(address account) private view returns (uint256) {
        return vault.deferralOf(account).amount;
    }

    /// @dev Makes `second` a slasher with this cap; time passes until it may slash.
    function _grantSecond(uint64 capShare) private {
        vault.scheduleSlasher(second, capShare);
        vm.warp(block.timestamp + MODULE_DELAY);
        vault.activateSlasher(second);
    }

    function _slashBy(address slasher, address account, uint256 amount) private returns (uint256) {
        vm.prank(slasher);
        return vault.slash(account, 0, amount);
    }

    function _capReached(address slasher) private view returns (bytes memory) {
        return
            abi.encodeWithSelector(
                IStakeVault.StakeVault_CapReached.selector,
                slasher,
                uint256(vault.slasherOf(slasher).epochEndsAt)
            );
    }

    // ---------------------------------------------------------------- the cap

    function test_CapHoldsOverAllAccountsOfAnEpoch() public {
        assertEq(_slash(alice, 0, 150e18), 150e18, "within");
        vm.expectEmit(address(vault));
        emit IStakeVault.SlashDeferred(bob, address(escrow), 70e18);
        vm.expectEmit(address(vault));
        emit IStakeVault.SlashBooked(bob, address(escrow), 50e18);
        assertEq(_slash(bob, 0, 120e18), 50e18, "D15 what was left");
        assertEq(_slash(alice, 0, 10e18), 0, "D15 nothing left");
        assertEq(_deferred(bob), 70e18, "excess of bob");
        assertEq(_deferred(alice), 10e18, "excess of alice");
        assertEq(vault.deferralOf(bob).slasher, address(escrow), "whose");
        assertEq(vault.exposureOf(bob).pendingCut, 50e18, "booked");
        IStakeVault.Slasher memory right = vault.slasherOf(address(escrow));
        assertEq(right.left, 0, "left");
        assertEq(right.deferredLeft, 0, "none was set aside for deferrals of this epoch");
        assertEq(right.deferredTotal, 80e18 / LOT, "deferred");
        assertEq(right.epochEndsAt, clock.epochStart(1), "renews with the epoch");
    }

    /// The boundary second belongs to the new epoch, and to its budget.
    function test_CapRenewsAtTheBoundarySecond() public {
        _slash(alice, 0, 200e18);
        vm.warp(clock.epochStart(1) - 1);
        assertEq(_slash(bob, 0, 1e18), 0, "last second");
        vm.warp(clock.epochStart(1));
        // 200 booked of alice are stake still, as they are not applied: a tenth of 2,000, less bob's deferral.
        assertEq(_slash(alice, 0, 500e18), 199e18, "first second");
        _warpTo(1_000);
        vault.applySlash(alice);
        // A thousand epochs without a slash give one budget, of what is staked by then.
        assertEq(_slash(bob, 0, 1_000e18), 0, "the deferral of alice took it");
        (uint256 staked, , ) = vault.totalsOf(address(masa));
        assertEq(staked, 2_000e18 - 399e18, "staked");
        IStakeVault.Slasher memory right = vault.slasherOf(address(escrow));
        assertEq((uint256(right.left) + right.deferredLeft) * LOT, staked / 10, "D18 one budget");
    }

    function test_SlashesCostWholeLots() public {
        _slash(alice, 0, 1);
        assertEq(vault.slasherOf(address(escrow)).left, 200e18 / LOT - 1, "one lot for one wei");
        _slash(alice, 0, LOT);
        assertEq(vault.slasherOf(address(escrow)).left, 200e18 / LOT - 2, "one lot for a lot");
        _slash(alice, 0, LOT + 1);
        assertEq(vault.slasherOf(address(escrow)).left, 200e18 / LOT - 4, "two for a wei more");
        // What is left is less than asked: never more than the cap, whatever was rounded.
        assertEq(_slash(bob, 0, 200e18), 200e18 - 4 * LOT, "the rest");
        assertEq(_deferred(bob), 4 * LOT, "the excess");
    }

    function test_UncappedSlasherBooksEverything() public {
        _grantSecond(type(uint64).max);
        assertEq(_slashBy(second, alice, 1_000e18), 1_000e18, "D8 outside the cap");
        assertEq(_slashBy(second, bob, 999e18), 999e18, "whatever the epoch");
        assertEq(_deferred(bob), 0, "nothing deferred");
        assertEq(_slash(bob, 0, 1e18), 1e18, "and the other's cap is its own");
    }

    function test_LoweredCapHoldsFromTheNextEpoch() public {
        _slash(alice, 0, 1e18);
        vm.expectEmit(address(vault));
        emit IStakeVault.SlashCapSet(address(escrow), 0.1e18, 0.01e18, block.timestamp);
        vault.setSlashCap(address(escrow), 0.01e18);
        assertEq(_slash(alice, 0, 500e18), 199e18, "this epoch's budget stands");
        _warpTo(1);
        assertEq(_slash(bob, 0, 500e18), 0, "the deferral took it");
        assertEq(uint256(vault.slasherOf(address(escrow)).deferredLeft) * LOT, 20e18, "a hundredth");
        assertEq(vault.slasherOf(address(escrow)).capShare, 0.01e18, "in force");
        assertEq(vault.slasherOf(address(escrow)).nextFrom, 0, "none waits");
    }

    function test_RaisedCapWaitsForTheModuleDelay() public {
        uint256 from = block.timestamp + MODULE_DELAY;
        vm.expectEmit(address(vault));
        emit IStakeVault.SlashCapSet(address(escrow), 0.1e18, 0.5e18, from);
        vault.setSlashCap(address(escrow), 0.5e18);
        vm.warp(from - 1);
        assertEq(_slash(alice, 0, 900e18), 200e18, "D19 a second before");
        vm.warp(from);
        vm.warp(clock.epochStart(clock.currentEpoch() + 1));
        // Half of 2,000: 200 for the deferral, which is what one more cap left of it, 800 for others.
        assertEq(_slash(bob, 0, 900e18), 800e18, "D19 in the first epoch after it");
        assertEq(vault.bookDeferred(alice), 200e18, "deferrals first");
    }

    /// The deferrals of an epoch are bounded by its cap as well: a raise that comes due within it makes no room for more.
    function test_RaiseDueWithinAnEpochMakesNoRoomForDeferrals() public {
        vm.warp(clock.epochStart(clock.currentEpoch() + 1) + 100);
        uint256 from = block.timestamp + MODULE_DELAY;
        vault.setSlashCap(address(escrow), 0.5e18);
        vm.warp(from - 1);
        assertEq(_slash(alice, 0, 500e18), 200e18, "D19 the old cap");
        assertEq(_deferred(alice), 200e18, "one cap more");
        vm.warp(from);
        assertLt(from, vault.slasherOf(address(escrow)).epochEndsAt, "the same epoch");
        vm.expectEmit(address(vault));
        emit IStakeVault.SlashForgone(alice, address(escrow), 500e18);
        assertEq(_slash(alice, 0, 500e18), 0, "D19 nothing more is booked");
        assertEq(_deferred(alice), 200e18, "D15 or deferred");
    }

    /// A cap that was lowered and never used since is lowered all the same: raising it again waits.
    function test_RaisingALoweredCapWaitsThoughNobodySlashedSince() public {
        vault.setSlashCap(address(escrow), 0.01e18);
        _warpTo(100);
        uint256 from = block.timestamp + MODULE_DELAY;
        vm.expectEmit(address(vault));
        emit IStakeVault.SlashCapSet(address(escrow), 0.01e18, 0.1e18, from);
        vault.setSlashCap(address(escrow), 0.1e18);
        assertEq(_slash(alice, 0, 900e18), 20e18, "D19 the lowered cap holds");
        vm.warp(from);
        assertEq(_slash(bob, 0, 900e18), 180e18, "D19 raised now, and the deferral of alice comes first");
        assertEq(uint256(vault.slasherOf(address(escrow)).deferredLeft) * LOT, 20e18, "set aside");
    }

    /// A lower cap replaces a raise that waits.
    function test_LoweringVoidsARaiseThatWaits() public {
        vault.setSlashCap(address(escrow), 0.5e18);
        vault.setSlashCap(address(escrow), 0.05e18);
        vm.warp(block.timestamp + MODULE_DELAY + EPOCH);
        assertEq(_slash(alice, 0, 900e18), 100e18, "a twentieth");
    }

    // ---------------------------------------------------------------- deferrals

    function test_DeferralIsBookedFirstInTheNextEpoch() public {
        _slash(alice, 0, 350e18);
        assertEq(_deferred(alice), 150e18, "deferred");
        vm.expectRevert(_capReached(address(escrow)));
        vault.bookDeferred(alice);
        _warpTo(1);
        // 200 again, of which 150 are set aside.
        assertEq(_slash(bob, 0, 100e18), 50e18, "D15 new slashes get the rest");
        vm.expectEmit(address(vault));
        emit IStakeVault.DeferredSlashBooked(alice, address(escrow), 150e18, 0);
        vm.prank(carol);
        assertEq(vault.bookDeferred(alice), 150e18, "anyone books it");
        assertEq(_deferred(alice), 0, "nothing deferred");
        assertEq(vault.exposureOf(alice).pendingCut, 350e18, "booked beside the first part");
        vm.expectRevert(abi.encodeWithSelector(IStakeVault.StakeVault_NothingDeferred.selector, alice));
        vault.bookDeferred(alice);
        vm.expectRevert(_capReached(address(escrow)));
        vault.bookDeferred(bob);
        vault.applySlash(alice);
        assertEq(_staked(alice), 650e18, "in full");
        assertEq(vault.slasherOf(address(escrow)).deferredTotal, 50e18 / LOT, "bob's is left");
        _assertConserved("I-01");
    }

    function test_DeferralBeyondACapTakesSeveralEpochs() public {
        _slash(alice, 0, 400e18);
        vault.setSlashCap(address(escrow), 0.04e18);
        uint256 booked = 200e18;
        for (uint64 epoch = 1; _deferred(alice) != 0; ++epoch) {
            _warpTo(epoch);
            uint256 left = _deferred(alice);
            assertEq(vault.bookDeferred(alice), left < 80e18 ? left : 80e18, "a cap an epoch");
            booked += left - _deferred(alice);
            assertEq(_slash(bob, 0, 0), 0, "nothing else");
        }
        assertEq(booked, 400e18, "all of it");
        assertEq(clock.currentEpoch(), 3, "200, then 80, 80 and 40");
        vault.applySlash(alice);
        assertEq(_staked(alice), 600e18, "stake");
    }

    /// A captured slasher freezes no more than it could take: all deferrals together are one more cap at most.
    function test_DeferralsTogetherAreOneMoreCapAtMost() public {
        assertEq(_slash(alice, 0, 900e18), 200e18, "one cap booked");
        assertEq(_deferred(alice), 200e18, "D15 another frozen");
        vm.expectEmit(address(vault));
        emit IStakeVault.SlashForgone(bob, address(escrow), 900e18);
        vm.expectEmit(address(vault));
        emit IStakeVault.SlashBooked(bob, address(escrow), 0);
        assertEq(_slash(bob, 0, 900e18), 0, "D15 the rest is forgone");
        assertEq(_deferred(bob), 0, "bob is free to go");
        uint256 id = _unbond(bob, ALL);
        vm.warp(block.timestamp + UNBONDING);
        assertEq(_withdraw(bob, id), 1_000e18, "D19 and goes");
    }

    function test_DeferralsOfOneAccountAddUp() public {
        _slash(bob, 0, 200e18);
        _slash(alice, 0, 1);
        _slash(alice, 0, LOT);
        assertEq(_deferred(alice), LOT + 1, "one deferral");
        assertEq(vault.slasherOf(address(escrow)).deferredTotal, 2, "in lots, rounded up");
        _slash(alice, 0, type(uint256).max);
        assertEq(_deferred(alice), 200e18 - LOT + 1, "D15 whole lots, as far as one more cap goes");
        assertEq(vault.stakeUnitsOf(alice), 800e18 + LOT - 1, "the rest counts");
    }

    /// The account's free stake counts the deferral as taken: a slash beyond is cut down.
    function test_DeferralsAreNeverMoreThanIsHeld() public {
        _stake(carol, 100e18);
        _slash(bob, 0, 210e18);
        _slash(carol, 0, type(uint256).max);
        assertEq(_deferred(carol), 100e18, "I-14 all it holds, never more");
        assertEq(vault.stakeUnitsOf(carol), 0, "nothing counts");
        _slash(carol, 0, 1e18);
        assertEq(_deferred(carol), 100e18, "I-14 nothing left to defer");
        _warpTo(1);
        vault.bookDeferred(carol);
        assertEq(_slash(carol, 0, 1e18), 0, "I-14 nor to book");
    }

    // ---------------------------------------------------------------- two slashers, and the end of a right

    function test_SecondSlashersExcessIsForgone() public {
        _grantSecond(0.05e18);
        _slash(alice, 0, 300e18);
        assertEq(_deferred(alice), 100e18, "the first one's deferral");
        vm.expectEmit(address(vault));
        emit IStakeVault.SlashForgone(alice, second, 150e18);
        vm.expectEmit(address(vault));
        emit IStakeVault.SlashBooked(alice, second, 100e18);
        assertEq(_slashBy(second, alice, 250e18), 100e18, "within its own cap");
        assertEq(_deferred(alice), 100e18, "unchanged");
        assertEq(vault.deferralOf(alice).slasher, address(escrow), "still the first one's");
        assertEq(vault.slasherOf(second).deferredTotal, 0, "nothing counted");
        // On another account it may defer.
        assertEq(_slashBy(second, bob, 10e18), 0, "cap used up");
        assertEq(vault.deferralOf(bob).slasher, second, "its own");
    }

    function test_RevokedSlasherVoidsItsDeferrals() public {
        _grantSecond(0.05e18);
        _slash(alice, 0, 500e18);
        uint256 id = _unbond(alice, ALL);
        assertEq(vault.stakeUnitsOf(alice), 0, "frozen");
        vm.expectEmit(address(vault));
        emit IStakeVault.SlasherRevoked(address(escrow));
        vault.revokeSlasher(address(escrow));
        assertEq(_deferred(alice), 0, "void");
        assertEq(vault.deferralOf(alice).slasher, address(0), "nobody's");
        assertEq(_queued(alice), 800e18, "its bookings stand");
        vm.expectRevert(abi.encodeWithSelector(IStakeVault.StakeVault_NothingDeferred.selector, alice));
        vault.bookDeferred(alice);
        vm.expectRevert(abi.encodeWithSelector(IStakeVault.StakeVault_NotSlasher.selector, address(escrow)));
        _slash(alice, 0, 1);

        // Another one's deferral takes the place of the void one.
        vm.expectEmit(address(vault));
        emit IStakeVault.SlashDeferred(alice, second, 50e18);
        vm.expectEmit(address(vault));
        emit IStakeVault.SlashForgone(alice, second, 30e18);
        vm.expectEmit(address(vault));
        emit IStakeVault.SlashBooked(alice, second, 50e18);
        assertEq(_slashBy(second, alice, 130e18), 50e18, "a twentieth of bob's 1,000: queued stake is not staked");
        assertEq(_deferred(alice), 50e18, "its own, as far as one more cap goes");
        assertEq(vault.deferralOf(alice).slasher, second, "whose");
        vault.revokeSlasher(second);
        vm.warp(block.timestamp + UNBONDING);
        assertEq(_withdraw(alice, id), 750e18, "free to leave");
        _assertConserved("I-01");
    }

    /// @dev A vault whose TAO has 18 decimals and a weight beyond reason; `alice` stakes 1e26 of it, worth 1e32, and 100
    /// MASA wei. The test is its slasher, without a cap: a budget is as large as its counter.
    function _heavyVault() private returns (StakeVault other) {
        BlockingTokenMock heavy = new BlockingTokenMock(18);
        other = new StakeVault(
            address(this),
            clock,
            address(masa),
            address(heavy),
            _delays(),
            IStakeVault.Collateral(1_000_000e18, 0),
            _toTreasury()
        );
        other.wire(address(this), type(uint64).max, IGuardian(address(guardian)), IStakeObserver(address(0)));
        heavy.mint(alice, 1e26);
        _fund(alice, 100);
        vm.startPrank(alice);
        heavy.approve(address(other), 1e26);
        other.stake(address(heavy), 1e26);
        masa.approve(address(other), 100);
        other.stake(address(masa), 100);
        vm.stopPrank();
    }

    /// More than the budget's counters could ever hold: the slash goes through, and what cannot be counted is forgone
    /// instead of being cut off silently.
    function test_STK14_DeferralBeyondTheCounterIsForgone() public {
        StakeVault other = _heavyVault();
        uint256 most = uint256(type(uint64).max) * LOT;
        assertEq(other.slash(alice, 0, most), most, "STK-14 the whole budget");
        vm.expectEmit(address(other));
        emit IStakeVault.SlashDeferred(alice, address(this), most);
        vm.expectEmit(address(other));
        emit IStakeVault.SlashForgone(alice, address(this), 1);
        vm.expectEmit(address(other));
        emit IStakeVault.SlashBooked(alice, address(this), 0);
        other.slash(alice, 0, most + 1);
        assertEq(other.deferralOf(alice).amount, most, "STK-14 the whole counter");
        assertEq(other.slasherOf(address(this)).deferredTotal, type(uint64).max, "STK-14 in lots");
        vm.expectEmit(address(other));
        emit IStakeVault.SlashForgone(alice, address(this), 1e30);
        other.slash(alice, 0, 1e30);
        assertEq(other.deferralOf(alice).amount, most, "STK-14 unchanged");
        assertEq(other.exposureOf(alice).pendingCut, most, "STK-14 booked once");
    }

    /// Bookings of one account fill their field to the last unit and stop there, although it holds five times as much:
    /// neither a commitment that settles nor the deferral carries into what lies beside.
    function test_STK14_BookingsNeverOutgrowTheirField() public {
        StakeVault other = _heavyVault();
        other.reserve(alice, 100);
        uint256 most = uint256(type(uint64).max) * LOT;
        assertEq(other.slash(alice, 0, most), most, "STK-14 one budget");
        other.slash(alice, 0, 1e18);
        assertEq(other.deferralOf(alice).amount, 1e18, "STK-14 deferred");
        // What an epoch's budget leaves beside the deferral, epoch after epoch.
        uint256 booked = most - 1e18;
        for (uint64 epoch = 1; booked == most - 1e18; ++epoch) {
            _warpTo(epoch);
            booked = other.slash(alice, 0, most - 1e18);
        }
        assertEq(
            other.exposureOf(alice).pendingCut,
            type(uint104).max - 1e18 - 100,
            "STK-14 room for the deferral and the commitment"
        );
        assertEq(other.slash(alice, 0, 1), 0, "STK-14 and for nothing else");
        assertEq(other.bookDeferred(alice), 1e18, "STK-14 the deferral");
        assertEq(other.slash(alice, 100, 100), 100, "STK-14 the commitment");
        assertEq(other.slash(alice, 0, type(uint256).max), 0, "STK-14 and no unit more");
        IStakeVault.Exposure memory e = other.exposureOf(alice);
        assertEq(e.pendingCut, type(uint104).max, "STK-14 the whole field");
        assertEq(e.reserved, 0, "STK-14 reserved");
        assertEq(e.slashes, 0, "STK-14 records");
        other.applySlash(alice);
        assertEq(other.exposureOf(alice).slashes, 1, "STK-14 applied as one");
    }

    /// A captured slasher at full speed, however it cuts its slashes, books a cap an epoch and no more (D15).
    function testFuzz_CapHoldsWhateverIsAsked(uint96[12] memory cuts, uint256 shape) public {
        address[2] memory accounts = [alice, bob];
        uint256 booked;
        uint256 budget;
        for (uint256 i; i < 12; ++i) {
            if (i == 0 || (shape >> i) & 1 == 1) {
                _warpTo(clock.currentEpoch() + 1);
                (uint256 staked, , ) = vault.totalsOf(address(masa));
                (booked, budget) = (0, staked / 10);
            }
            address account = accounts[(shape >> (64 + i)) & 1];
            if ((shape >> (32 + i)) & 1 == 1) {
                try vault.bookDeferred(account) returns (uint256 b) {
                    booked += b;
                } catch {}
            }
            booked += _slash(account, 0, bound(cuts[i], 0, 300e18));
            assertLe(booked, budget, "D15 cap");
            if ((shape >> (96 + i)) & 1 == 1) vault.applySlash(account);
            uint256 held = _held(account);
            assertLe(vault.exposureOf(account).pendingCut + _deferred(account), held, "I-14 never more than held");
        }
        uint256 lots = vault.slasherOf(address(escrow)).deferredTotal;
        assertEq(lots, _lotsUp(_deferred(alice)) + _lotsUp(_deferred(bob)), "deferrals add up");
    }

    /// @dev Staked MASA before what is booked.
    function _held(address account) private view returns (uint256) {
        return vault.positionOf(account, address(masa)).staked + vault.exposureOf(account).pendingCut;
    }

    function _lotsUp(uint256 amount) private pure returns (uint256) {
        return (amount + LOT - 1) / LOT;
    }
}

/// @title StakeVault: what a deferral holds fast, and what it does not
/// @notice As {SlashCapTest}, with four tenths of all staked MASA an epoch: 800.
contract FrozenStakeTest is VaultBed {
    function setUp() public override {
        super.setUp();
        _stake(alice, 1_000e18);
        _stake(bob, 1_000e18);
    }

    function _slashCap() internal pure override returns (uint64) {
        return 0.4e18;
    }

    function _deferred(address account) private view returns (uint256) {
        return vault.deferralOf(account).amount;
    }

    /// Frozen stake counts for nothing and backs nothing; MASA is taken first in the views, then TAO.
    function test_FrozenStakeCountsForNothing() public {
        _slash(bob, 0, 800e18);
        _stakeTao(alice, 100e9);
        _slash(alice, 0, 300e18);
        assertEq(vault.masaStakeOf(alice), 700e18, "MASA");
        assertEq(vault.stakeUnitsOf(alice), 1_100e18, "units");
        assertEq(vault.stakeToward(alice, 200e18), 800e18, "toward a requirement");
        vm.expectRevert(
            abi.encodeWithSelector(
                IStakeVault.StakeVault_InsufficientFreeStake.selector,
                alice,
                uint256(700e18),
                uint256(700e18 + 1)
            )
        );
        _reserve(alice, 700e18 + 1);
        _reserve(alice, 700e18);
        _slash(alice, 0, 1e30);
        assertEq(_deferred(alice), 700e18, "I-19 the reservation is spared");
        assertEq(vault.masaStakeOf(alice), 300e18, "MASA first");
        _release(alice, 700e18);
        _slash(alice, 0, 1e30);
        assertEq(_deferred(alice), 800e18, "D15 one more cap");
        assertEq(vault.stakeUnitsOf(alice), 600e18, "TAO is left");
        assertEq(vault.masaStakeOf(alice), 200e18, "and a little MASA");
    }

    function test_RevertGiven_WithdrawalOfFrozenStake() public {
        _slash(bob, 0, 800e18);
        uint256 id = _unbond(alice, 900e18);
        _slash(alice, 0, 400e18);
        // Stake in unbonding may be queued further: it stays slashable there. Only leaving is held up.
        _unbond(alice, 50e18);
        vm.warp(block.timestamp + UNBONDING);
        vm.startPrank(alice);
        vm.expectRevert(
            abi.encodeWithSelector(IStakeVault.StakeVault_Frozen.selector, alice, uint256(400e18), uint256(400e18 - 1))
        );
        vault.withdraw(address(masa), id, 600e18 + 1, alice);
        assertEq(vault.withdraw(address(masa), id, 600e18, alice), 600e18, "what the deferral leaves");
        vm.stopPrank();

        // Booked, applied, and the rest is free.
        while (_deferred(alice) != 0) {
            vault.bookDeferred(alice);
            vm.warp(block.timestamp + EPOCH);
        }
        uint256 left = _withdraw(alice, id);
        assertEq(left, 0, "the deferral took all that was left");
        _assertConserved("I-01");
    }

    /// What a commitment reserves cannot stand for a deferral as well.
    function test_RevertGiven_WithdrawalOfFrozenStakeBesideAReservation() public {
        _slash(bob, 0, 800e18);
        uint256 id = _unbond(alice, 500e18);
        _reserve(alice, 500e18);
        _slash(alice, 0, 500e18);
        assertEq(_deferred(alice), 500e18, "deferred");
        vm.warp(block.timestamp + UNBONDING);
        vm.expectRevert(
            abi.encodeWithSelector(IStakeVault.StakeVault_Frozen.selector, alice, uint256(500e18), uint256(500e18 - 1))
        );
        vm.prank(alice);
        vault.withdraw(address(masa), id, 1, alice);
        // Both are paid in the end: the deferral out of the queue, the commitment out of what it reserved.
        while (_deferred(alice) != 0) {
            vault.bookDeferred(alice);
            vm.warp(block.timestamp + EPOCH);
        }
        _slash(alice, 500e18, 500e18);
        assertEq(vault.exposureOf(alice).pendingCut, 1_000e18, "booked in full");
        assertEq(vault.applySlash(alice), 1, "applied");
        assertEq(_pot(address(masa)), 1_000e18, "taken in full");
        _assertConserved("I-01");
    }

    /// Of a reservation only what is staked still stands beside a deferral: a queue is held for the deferral alone.
    function test_ReservationBeyondTheStakeHoldsNoQueue() public {
        _slash(bob, 0, 800e18);
        _reserve(alice, 600e18);
        uint256 id = _unbond(alice, 900e18);
        _slash(alice, 0, 300e18);
        assertEq(_deferred(alice), 300e18, "deferred");
        vm.warp(block.timestamp + UNBONDING);
        // 100 are staked and reserved, 300 frozen: 600 of 1,000 can leave.
        vm.startPrank(alice);
        vm.expectRevert(
            abi.encodeWithSelector(IStakeVault.StakeVault_Frozen.selector, alice, uint256(300e18), uint256(300e18 - 1))
        );
        vault.withdraw(address(masa), id, 600e18 + 1, alice);
        assertEq(vault.withdraw(address(masa), id, 600e18, alice), 600e18, "what the deferral leaves");
        vm.stopPrank();
        _assertConserved("I-01");
    }

    /// Reservations alone hold nothing fast: a module cannot keep an account that leaves by reserving its stake.
    function test_ReservedStakeCanLeave() public {
        _reserve(alice, 1_000e18);
        uint256 id = _unbond(alice, ALL);
        vm.expectRevert(
            abi.encodeWithSelector(IStakeVault.StakeVault_InsufficientFreeStake.selector, alice, uint256(0), uint256(1))
        );
        _reserve(alice, 1);
        vm.warp(block.timestamp + UNBONDING);
        assertEq(_withdraw(alice, id), 1_000e18, "all of it");
        assertEq(_slash(alice, 1_000e18, 1_000e18), 400e18, "books what its cap allows, four tenths of bob's 1,000");
        assertEq(vault.applySlash(alice), 1, "and finds nothing");
        assertEq(_pot(address(masa)), 0, "SLA-03 a shortfall");
        _assertConserved("I-01");
    }

    /// In the queue it is slashable for as long as any commitment is open.
    function test_ReservedStakeInTheQueueIsSlashed() public {
        _reserve(alice, 300e18);
        _unbond(alice, ALL);
        assertEq(_slash(alice, 300e18, 300e18), 300e18, "I-15 booked");
        vault.applySlash(alice);
        assertEq(_queued(alice), 700e18, "I-15 out of the queue");
        assertEq(_pot(address(masa)), 300e18, "into the pot");
        _assertConserved("I-01");
    }
}
