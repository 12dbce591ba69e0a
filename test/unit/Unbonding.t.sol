// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

import {IStakeVault} from "../../contracts/interfaces/IStakeVault.sol";
import {HookTokenMock, ITokenReceiver} from "../../contracts/mocks/HookTokenMock.sol";
import {StakeVault} from "../../contracts/staking/StakeVault.sol";
import {VaultBed} from "../support/VaultBed.sol";

/// @dev Withdraws its entry, and tries to withdraw, stake or cancel again while the tokens arrive.
contract ReentrantStaker is ITokenReceiver {
    StakeVault private immutable vault;
    HookTokenMock private immutable token;
    uint256 private immutable amount;
    uint256 public guarded;
    bytes public cancelled;

    constructor(StakeVault vault_, HookTokenMock token_, uint256 amount_) {
        (vault, token, amount) = (vault_, token_, amount_);
    }

    function enter() external {
        token.approve(address(vault), amount);
        vault.stake(address(token), amount);
        vault.startUnbonding(address(token), amount / 2);
        vault.startUnbonding(address(token), amount - amount / 2);
    }

    function exit() external {
        token.setHook(true);
        vault.withdraw(address(token), 0, type(uint256).max, address(this));
    }

    function tokensReceived(address, uint256) external {
        for (uint256 id; id < 2; ++id) {
            try vault.withdraw(address(token), id, 1, address(this)) {} catch (bytes memory data) {
                _count(data);
            }
        }
        try vault.stake(address(token), 1) {} catch (bytes memory data) {
            _count(data);
        }
        // Not behind the guard, as it moves no token: the entry is gone by now.
        try vault.cancelUnbonding(address(token), 0) {} catch (bytes memory data) {
            cancelled = data;
        }
    }

    function _count(bytes memory data) private {
        if (bytes4(data) == ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector) ++guarded;
    }
}

/// @title StakeVault: queueing, cancelling, withdrawing
contract UnbondingTest is VaultBed {
    function test_UnbondAndWithdraw() public {
        _stake(alice, 100);
        uint256 maturesAt = block.timestamp + UNBONDING;
        vm.expectEmit(address(vault));
        emit IStakeVault.UnbondingStarted(alice, address(masa), 0, 60, maturesAt);
        uint256 id = _unbond(alice, 60);
        assertEq(_staked(alice), 40, "staked");
        assertEq(_queued(alice), 60, "queued");
        (uint256 staked, uint256 unbonding, ) = vault.totalsOf(address(masa));
        assertEq(staked, 40, "total staked");
        assertEq(unbonding, 60, "total unbonding");
        (IStakeVault.UnbondingEntry memory entry, uint256 worth) = vault.unbondingEntryOf(alice, address(masa), id);
        assertEq(entry.maturesAt, maturesAt, "matures");
        assertEq(worth, 60, "worth");
        assertEq(_unbond(alice, 40), 1, "ids count up");

        vm.warp(maturesAt);
        vm.expectEmit(address(vault));
        emit IStakeVault.Withdrawn(alice, address(masa), 0, alice, 60);
        assertEq(_withdraw(alice, id), 60, "amount");
        assertEq(masa.balanceOf(alice), 60, "balance");
        assertEq(_withdraw(alice, 1), 40, "second entry");
        (staked, unbonding, ) = vault.totalsOf(address(masa));
        assertEq(staked + unbonding, 0, "nothing left");
        _assertConserved("I-01");
    }

    function test_QueuesOfTheTwoTokensAreApart() public {
        _stake(alice, 100);
        _stakeTao(alice, 50);
        vm.expectEmit(address(vault));
        emit IStakeVault.UnbondingStarted(alice, address(tao), 0, 20, block.timestamp + UNBONDING);
        assertEq(_unbondTao(alice, 20), 0, "the first of its queue");
        assertEq(_unbond(alice, 10), 0, "as is the first of the other");
        assertEq(_unbondTao(alice, ALL), 1, "all the TAO");
        assertEq(_taoStaked(alice), 0, "TAO staked");
        assertEq(_taoQueued(alice), 50, "TAO queued");
        assertEq(_staked(alice), 90, "MASA staked");
        vm.warp(block.timestamp + UNBONDING);
        assertEq(_withdrawTao(alice, 0), 20, "TAO");
        assertEq(_withdrawTao(alice, 1), 30, "TAO, second entry");
        assertEq(_withdraw(alice, 0), 10, "MASA");
        assertEq(tao.balanceOf(alice), 50, "TAO received");
        _assertConserved("I-01");
    }

    /// The delay is the one of the second in which the entry was queued.
    function test_DelayIsFixedWhenQueued() public {
        _stake(alice, 100);
        uint256 first = _unbond(alice, 10);
        vault.setDelays(9 days, 13 days);
        uint256 second = _unbond(alice, 10);
        vault.setDelays(uint40(PATH + 1), 13 days);
        uint256 third = _unbond(alice, 10);
        uint256[3] memory ids = [first, second, third];
        uint256[3] memory delays = [uint256(UNBONDING), 9 days, PATH + 1];
        for (uint256 i; i < 3; ++i) {
            (IStakeVault.UnbondingEntry memory entry, ) = vault.unbondingEntryOf(alice, address(masa), ids[i]);
            assertEq(entry.maturesAt, START + delays[i], "D14 fixed when queued");
        }
        vm.warp(START + PATH + 1);
        assertEq(_withdraw(alice, third), 10, "the shortest is out first");
        vm.expectRevert(
            abi.encodeWithSelector(
                IStakeVault.StakeVault_NotMatured.selector,
                alice,
                first,
                START + UNBONDING,
                block.timestamp
            )
        );
        _withdraw(alice, first);
    }

    function test_RevertGiven_UnknownEntry() public {
        _stake(alice, 10);
        uint256 id = _unbond(alice, 10);
        vm.warp(block.timestamp + UNBONDING);
        vm.expectRevert(abi.encodeWithSelector(IStakeVault.StakeVault_UnknownEntry.selector, bob, id));
        _withdraw(bob, id);
        vm.expectRevert(abi.encodeWithSelector(IStakeVault.StakeVault_UnknownEntry.selector, bob, id));
        _cancel(bob, id);
        vm.expectRevert(abi.encodeWithSelector(IStakeVault.StakeVault_UnknownEntry.selector, alice, id + 1));
        _withdraw(alice, id + 1);
        vm.expectRevert(abi.encodeWithSelector(IStakeVault.StakeVault_UnknownEntry.selector, alice, id));
        _withdrawTao(alice, id);
        _withdraw(alice, id);
        vm.expectRevert(abi.encodeWithSelector(IStakeVault.StakeVault_UnknownEntry.selector, alice, id));
        _withdraw(alice, id);
        vm.expectRevert(abi.encodeWithSelector(IStakeVault.StakeVault_UnknownEntry.selector, alice, id));
        _cancel(alice, id);
    }

    function test_RevertGiven_NotEnoughStake() public {
        _stake(alice, 100);
        _stakeTao(alice, 5);
        vm.expectRevert(abi.encodeWithSelector(IStakeVault.StakeVault_InsufficientStake.selector, alice, 100, 101));
        _unbond(alice, 101);
        vm.expectRevert(abi.encodeWithSelector(IStakeVault.StakeVault_InsufficientStake.selector, alice, 5, 6));
        _unbondTao(alice, 6);
        _unbond(alice, ALL);
        assertEq(_staked(alice), 0, "all of it");
        assertEq(_taoStaked(alice), 5, "of one token");
        vm.expectRevert(abi.encodeWithSelector(IStakeVault.StakeVault_ZeroAmount.selector));
        _unbond(alice, ALL);
        vm.expectRevert(abi.encodeWithSelector(IStakeVault.StakeVault_InsufficientStake.selector, alice, 0, 1));
        _unbond(alice, 1);
        vm.expectRevert(abi.encodeWithSelector(IStakeVault.StakeVault_ZeroAmount.selector));
        _unbond(alice, 0);
    }

    /// A module cannot hold stake fast by reserving it; what was reserved stays slashable until it is withdrawn.
    function test_ReservedStakeMayBeQueued() public {
        _stake(alice, 100);
        _reserve(alice, 30);
        uint256 id = _unbond(alice, ALL);
        assertEq(_queued(alice), 100, "I-19 the reserved part too");
        assertEq(vault.exposureOf(alice).reserved, 30, "I-19 reserved still");
        vm.expectRevert(abi.encodeWithSelector(IStakeVault.StakeVault_InsufficientFreeStake.selector, alice, 0, 1));
        _reserve(alice, 1);
        // More stake is free only beyond what older commitments hold.
        _stake(alice, 40);
        vm.expectRevert(abi.encodeWithSelector(IStakeVault.StakeVault_InsufficientFreeStake.selector, alice, 10, 11));
        _reserve(alice, 11);
        assertEq(_slash(alice, 0, 1_000), 110, "I-19 another slash spares the 30");
        vault.applySlash(alice);
        assertEq(_staked(alice) + _queued(alice), 30, "I-19 covered by stake and queue together");
        assertEq(_slash(alice, 30, 30), 30, "I-15 the commitment is slashed out of both");
        vm.warp(block.timestamp + UNBONDING);
        assertEq(_withdraw(alice, id), 0, "I-15 nothing is left");
        assertEq(_pot(address(masa)), 140, "I-14 taken in full");
        _assertConserved("I-01");
    }

    // ---------------------------------------------------------------- partial withdrawal and recipient

    function test_WithdrawInPartsToAnotherRecipient() public {
        _stake(alice, 100);
        uint256 id = _unbond(alice, 100);
        vm.warp(block.timestamp + UNBONDING);
        vm.startPrank(alice);
        vm.expectEmit(address(vault));
        emit IStakeVault.Withdrawn(alice, address(masa), id, bob, 30);
        assertEq(vault.withdraw(address(masa), id, 30, bob), 30, "a part");
        assertEq(masa.balanceOf(bob), 30, "recipient");
        assertEq(_worth(alice, id), 70, "the rest keeps its id");
        vm.expectRevert(abi.encodeWithSelector(IStakeVault.StakeVault_EntryTooSmall.selector, alice, id, 70, 71));
        vault.withdraw(address(masa), id, 71, alice);
        vm.expectRevert(abi.encodeWithSelector(IStakeVault.StakeVault_ZeroAmount.selector));
        vault.withdraw(address(masa), id, 0, alice);
        vm.expectRevert(abi.encodeWithSelector(IStakeVault.StakeVault_ZeroAddress.selector));
        vault.withdraw(address(masa), id, 1, address(0));
        assertEq(vault.withdraw(address(masa), id, 70, alice), 70, "the rest, named exactly");
        vm.expectRevert(abi.encodeWithSelector(IStakeVault.StakeVault_UnknownEntry.selector, alice, id));
        vault.withdraw(address(masa), id, 1, alice);
        vm.stopPrank();
        _assertConserved("I-01");
    }

    /// The vault as recipient would be a donation: the token arrives, the ledger has let it go.
    function test_WithdrawnToTheVaultIsADonation() public {
        _stake(alice, 100);
        uint256 id = _unbond(alice, 100);
        vm.warp(block.timestamp + UNBONDING);
        vm.prank(alice);
        vault.withdraw(address(masa), id, 100, address(vault));
        (uint256 staked, uint256 unbonding, uint256 pot) = vault.totalsOf(address(masa));
        assertEq(staked + unbonding + pot, 0, "ledger");
        assertEq(masa.balanceOf(address(vault)), 100, "donated");
    }

    // ---------------------------------------------------------------- cancel

    function test_CancelBeforeAndAfterMaturity() public {
        _stake(alice, 100);
        uint256 first = _unbond(alice, 40);
        uint256 second = _unbond(alice, 20);
        vm.expectEmit(address(vault));
        emit IStakeVault.UnbondingCancelled(alice, address(masa), first, 40);
        assertEq(_cancel(alice, first), 40, "amount");
        assertEq(_staked(alice), 80, "back in stake");
        assertEq(_queued(alice), 20, "the other entry waits");
        (uint256 staked, uint256 unbonding, ) = vault.totalsOf(address(masa));
        assertEq(staked, 80, "total staked");
        assertEq(unbonding, 20, "total unbonding");
        vm.warp(block.timestamp + UNBONDING + 1);
        assertEq(_cancel(alice, second), 20, "matured");
        assertEq(_staked(alice), 100, "all of it");
        assertEq(_unbond(alice, 1), 2, "ids are never used again");
        _assertConserved("I-01");
    }

    function test_CancelTao() public {
        _stakeTao(alice, 50);
        uint256 id = _unbondTao(alice, 20);
        vm.prank(alice);
        assertEq(vault.cancelUnbonding(address(tao), id), 20, "amount");
        assertEq(_taoStaked(alice), 50, "back in stake");
        assertEq(_taoQueued(alice), 0, "queue");
        _assertConserved("I-01");
    }

    // ---------------------------------------------------------------- attacks

    /// I-15: from the moment of queueing to the withdrawal the entry pays like stake does.
    function test_UNB01_QueuedStakeIsSlashedForTheWholeDelay() public {
        _stake(alice, 300);
        uint256 id = _unbond(alice, 100);
        assertEq(_slash(alice, 0, 30), 30, "UNB-01 first second");
        assertEq(_worth(alice, id), 90, "UNB-01 entry pays its third");
        assertEq(_staked(alice), 180, "UNB-01 stake pays two thirds");
        vm.warp(block.timestamp + UNBONDING);
        _slash(alice, 0, 27);
        assertEq(_worth(alice, id), 81, "UNB-01 matured but not withdrawn");
        assertEq(_withdraw(alice, id), 81, "UNB-01 withdrawal");
        _slash(alice, 0, 10);
        assertEq(_staked(alice), 152, "UNB-01 once withdrawn only stake pays");
        _assertConserved("UNB-01 I-01");
    }

    function test_UNB02_LeavingTheRegistryKeepsStakeSlashable() public {
        address worker = _registerWorker(7, 100_000e18);
        vm.prank(worker);
        registry.deregister();
        uint256 id = _unbond(worker, 100_000e18);
        // Evidence of the last offence before leaving arrives as late as it can.
        vm.warp(block.timestamp + vault.longestOffencePath());
        vm.expectEmit(address(vault));
        emit IStakeVault.SlashBooked(worker, address(escrow), 40_000e18);
        assertEq(_slash(worker, 0, 40_000e18), 40_000e18, "UNB-02 booked");
        assertGt(vault.unbondingDelay(), vault.longestOffencePath(), "UNB-02 the delay covers the path");
        vm.warp(START + UNBONDING);
        assertEq(_withdraw(worker, id), 60_000e18, "UNB-02 what is left");
    }

    function test_UNB03_WithdrawalStartsAtTheMaturitySecond() public {
        _stake(alice, 100);
        uint256 id = _unbond(alice, 100);
        uint256 maturesAt = START + UNBONDING;
        vm.warp(maturesAt - 1);
        vm.expectRevert(
            abi.encodeWithSelector(IStakeVault.StakeVault_NotMatured.selector, alice, id, maturesAt, maturesAt - 1)
        );
        _withdraw(alice, id);
        vm.warp(maturesAt);
        assertEq(_withdraw(alice, id), 100, "UNB-03 at maturity");
    }

    function test_UNB03_SlashOrWithdrawalInOneBlock() public {
        _stake(alice, 100);
        uint256 id = _unbond(alice, 100);
        vm.warp(START + UNBONDING);
        uint256 state = vm.snapshotState();

        assertEq(_slash(alice, 0, 60), 60, "UNB-03 the slash is first");
        assertEq(_withdraw(alice, id), 40, "UNB-03 the withdrawal takes the rest");
        _assertConserved("UNB-03 slash first");

        vm.revertToState(state);
        assertEq(_withdraw(alice, id), 100, "UNB-03 the withdrawal is first");
        assertEq(_slash(alice, 0, 60), 0, "UNB-03 nothing left to slash");
        _assertConserved("UNB-03 withdrawal first");
    }

    function test_UNB04_SlashOfThousandEntriesCostsWhatOneCosts() public {
        _stake(alice, 1_000_000);
        _stake(bob, 1_000_000);
        _unbond(alice, 1_000);
        for (uint256 i; i < 1_000; ++i) {
            _unbond(bob, 1);
        }
        vm.startPrank(address(escrow));
        address[2] memory accounts = [alice, bob];
        uint256[2] memory bookings;
        uint256[2] memory applications;
        for (uint256 round; round < 2; ++round) {
            // The first round warms the slots that both share.
            for (uint256 i; i < 2; ++i) {
                bookings[i] = gasleft();
                vault.slash(accounts[i], 0, 2_000);
                bookings[i] -= gasleft();
                applications[i] = gasleft();
                vault.applySlash(accounts[i]);
                applications[i] -= gasleft();
            }
        }
        assertNear(bookings[0], bookings[1], bookings[0] / 100, "UNB-04 gas of booking");
        assertNear(applications[0], applications[1], applications[0] / 100, "UNB-04 gas of applying");
        // Half of the queue's worth, so that the entries lose half of it.
        vault.slash(bob, 0, 498_000);
        vault.applySlash(bob);
        vm.stopPrank();

        vm.warp(block.timestamp + UNBONDING);
        uint256 queued = _queued(bob);
        uint256 paid;
        for (uint256 i; i < 1_000; ++i) {
            paid += _withdraw(bob, i);
        }
        assertEq(paid, queued, "UNB-04 no entry is skipped and no dust stays");
        // 1,000 − ⌊2,000·1,000/10⁶⌋ − ⌊2,000·998/998,000⌋ − ⌊498,000·996/996,000⌋
        assertEq(paid, 498, "UNB-04 every entry bore its part");
        _assertConserved("UNB-04 I-01");
    }

    function test_UNB05_StakingAgainDoesNotResetTheFactor() public {
        _stake(alice, 200);
        uint256 id = _unbond(alice, 100);
        _slash(alice, 0, 100);
        assertEq(_worth(alice, id), 50, "UNB-05 halved");
        _stake(alice, 1_000);
        assertEq(_worth(alice, id), 50, "UNB-05 after staking again");
        uint256 second = _unbond(alice, 300);
        assertEq(_worth(alice, id), 50, "UNB-05 after queueing again");
        assertEq(_worth(alice, second), 300, "UNB-05 the new entry starts whole");
        vm.warp(block.timestamp + UNBONDING);
        assertEq(_withdraw(alice, second), 300, "UNB-05 new entry");
        assertEq(_withdraw(alice, id), 50, "UNB-05 old entry");
        assertEq(_staked(alice), 750, "UNB-05 stake");
    }

    function test_UNB05_CancellingDoesNotResetTheFactor() public {
        _stake(alice, 200);
        uint256 id = _unbond(alice, 100);
        uint256 other = _unbond(alice, 50);
        _slash(alice, 0, 100);
        vm.expectEmit(address(vault));
        emit IStakeVault.UnbondingCancelled(alice, address(masa), id, 50);
        assertEq(_cancel(alice, id), 50, "UNB-05 half comes back");
        assertEq(_staked(alice), 75, "UNB-05 stake");
        assertEq(_worth(alice, other), 25, "UNB-05 the other entry neither gains nor loses");
        id = _unbond(alice, 50);
        assertEq(_worth(alice, id), 50, "UNB-05 queued again at what it was");
        _assertConserved("UNB-05 I-01");
    }

    function test_UNB08_ReenteringAWithdrawalGainsNothing() public {
        HookTokenMock token = new HookTokenMock();
        StakeVault other = _vaultOver(address(token), address(tao));
        ReentrantStaker thief = new ReentrantStaker(other, token, 100);
        token.mint(address(thief), 100);
        token.mint(alice, 500);
        vm.startPrank(alice);
        token.approve(address(other), 500);
        other.stake(address(token), 500);
        vm.stopPrank();
        thief.enter();
        vm.warp(block.timestamp + UNBONDING);
        thief.exit();
        assertEq(thief.guarded(), 3, "UNB-08 refused by the guard");
        assertEq(
            thief.cancelled(),
            abi.encodeWithSelector(IStakeVault.StakeVault_UnknownEntry.selector, address(thief), uint256(0)),
            "UNB-08 the entry is gone"
        );
        assertEq(token.balanceOf(address(thief)), 50, "UNB-08 one entry paid");
        assertEq(token.balanceOf(address(other)), 550, "UNB-08 the rest stayed");
        (uint256 staked, uint256 unbonding, ) = other.totalsOf(address(token));
        assertEq(staked + unbonding, 550, "UNB-08 ledger");
    }

    // ---------------------------------------------------------------- the queue's shares

    /// A queue slashed to nothing must not drag down entries that are queued later.
    function test_QueueSlashedToNothingStartsAfresh() public {
        _stake(alice, 100);
        uint256 lost = _unbond(alice, 100);
        uint256 lostToo = _slashed(lost);
        assertEq(vault.positionOf(alice, address(masa)).generation, 1, "generation");
        assertEq(_worth(alice, lost), 0, "old entry");
        _stake(alice, 50);
        uint256 id = _unbond(alice, 50);
        assertEq(_worth(alice, id), 50, "new entry");
        assertEq(_worth(alice, lost), 0, "old entry stays worthless");
        vm.warp(block.timestamp + UNBONDING);
        vm.expectRevert(abi.encodeWithSelector(IStakeVault.StakeVault_EntryTooSmall.selector, alice, lost, 0, 1));
        vm.prank(alice);
        vault.withdraw(address(masa), lost, 1, alice);
        vm.expectEmit(address(vault));
        emit IStakeVault.Withdrawn(alice, address(masa), lost, alice, 0);
        assertEq(_withdraw(alice, lost), 0, "old entry pays nothing");
        assertEq(_cancel(alice, lostToo), 0, "nor does it come back");
        assertEq(_withdraw(alice, id), 50, "new entry pays in full");
        _assertConserved("I-01");
    }

    /// Queues a second entry beside `first` out of fresh stake, and slashes all there is.
    function _slashed(uint256 first) private returns (uint256 second) {
        _stake(alice, 10);
        second = _unbond(alice, 10);
        assertEq(second, first + 1, "ids");
        assertEq(_slash(alice, 0, 110), 110, "booked");
        assertEq(vault.positionOf(alice, address(masa)).generation, 1, "seen before it is applied");
        vault.applySlash(alice);
    }

    function test_RevertGiven_QueueTooDiluted() public {
        _stake(alice, 2e24);
        _unbond(alice, 2e24 - 1);
        // One or two wei of 2e24 are left in the queue: a share is worth 1e-24 wei.
        _slashNow(alice, 2e24 - 2);
        assertEq(_queued(alice), 2, "almost nothing left");
        _stake(alice, 1e25);
        vm.expectRevert(abi.encodeWithSelector(IStakeVault.StakeVault_QueueDiluted.selector, alice));
        _unbond(alice, 1e25);
        uint256 small = _unbond(alice, 1e18);
        assertNear(_worth(alice, small), 1e18, 1, "small amounts still fit");
        vm.warp(block.timestamp + UNBONDING);
        _withdraw(alice, 0);
        _withdraw(alice, small);
        _unbond(alice, 5e24);
        assertEq(_queued(alice), 5e24, "withdrawing the old entries clears the way");
        _assertConserved("I-01");
    }

    /// STK-10 for the shares of a queue: they belong to one account, and whatever slashes and partial withdrawals did to
    /// them before, a new entry is worth what was queued or one unit less, and the old ones lose nothing by it.
    function testFuzz_STK10_NewEntryLosesAtMostOneUnit(uint96 old, uint96 cut, uint96 part, uint96 amount) public {
        old = uint96(bound(old, 2, 1e24));
        cut = uint96(bound(cut, 1, old - 1));
        amount = uint96(bound(amount, 1, 1e20));
        _stake(alice, old);
        _unbond(alice, old - 1);
        uint256 second = _unbond(alice, 1);
        _slashNow(alice, cut);
        vm.warp(block.timestamp + UNBONDING);
        uint256 worth = _worth(alice, 0);
        if (worth > 1) {
            vm.prank(alice);
            vault.withdraw(address(masa), 0, bound(part, 1, worth - 1), alice);
        }
        worth = _worth(alice, 0);
        uint256 tiny = _worth(alice, second);
        _stake(alice, amount);
        vm.prank(alice);
        try vault.startUnbonding(address(masa), amount) returns (uint256 id) {
            assertLe(_worth(alice, id), amount, "STK-10 no gain");
            assertGe(_worth(alice, id) + 1, amount, "STK-10 at most one unit");
            assertGe(_worth(alice, 0), worth, "STK-10 the old entry");
            assertGe(_worth(alice, second), tiny, "STK-10 the tiny one");
        } catch (bytes memory reason) {
            // Only after a slash so deep that its shares would not fit; the stake stays where it was.
            assertEq(
                reason,
                abi.encodeWithSelector(IStakeVault.StakeVault_QueueDiluted.selector, alice),
                "STK-10 refused"
            );
            assertEq(_staked(alice), amount, "STK-10 nothing is lost");
        }
    }

    /// Entries of one queue share a slash in proportion, and withdrawing all of them pays exactly what is left.
    function testFuzz_EntriesShareASlashInProportion(uint96 first, uint96 second, uint96 third, uint256 cut) public {
        uint256[3] memory amounts = [bound(first, 1, 1e24), bound(second, 1, 1e24), bound(third, 1, 1e24)];
        uint256 sum = amounts[0] + amounts[1] + amounts[2];
        _stake(alice, sum);
        for (uint256 i; i < 3; ++i) {
            _unbond(alice, amounts[i]);
        }
        cut = bound(cut, 0, sum - 1);
        _slash(alice, 0, cut);
        vm.warp(block.timestamp + UNBONDING);
        uint256 paid;
        for (uint256 i; i < 3; ++i) {
            uint256 got = _withdraw(alice, i);
            assertNear(got, (amounts[i] * (sum - cut)) / sum, 2, "I-15 proportional");
            paid += got;
        }
        assertEq(paid, sum - cut, "I-15 to the last wei");
        _assertConserved("I-01");
    }

    /// Withdrawing in parts never pays more than at once, and costs its owner at most a unit a part.
    function testFuzz_PartsPayWhatTheWholePays(uint96 amount, uint96 cut, uint96[4] memory parts) public {
        amount = uint96(bound(amount, 1, 1e24));
        cut = uint96(bound(cut, 0, amount - 1));
        _stake(alice, amount);
        _unbond(alice, amount - amount / 3);
        if (amount / 3 != 0) _unbond(alice, amount / 3);
        _slashNow(alice, cut);
        vm.warp(block.timestamp + UNBONDING);
        uint256 whole = _worth(alice, 0);
        uint256 paid;
        for (uint256 i; i < 4 && _worth(alice, 0) > 1; ++i) {
            uint256 part = bound(parts[i], 1, _worth(alice, 0) - 1);
            vm.prank(alice);
            paid += vault.withdraw(address(masa), 0, part, alice);
            assertLe(paid + _worth(alice, 0), whole, "no gain");
            assertGe(paid + _worth(alice, 0) + i + 1, whole, "at most a unit a part");
        }
        paid += _withdraw(alice, 0);
        if (amount / 3 != 0) paid += _withdraw(alice, 1);
        assertEq(paid, uint256(amount) - cut, "to the last wei");
        assertEq(_queued(alice), 0, "no dust");
        _assertConserved("I-01");
    }

    // ---------------------------------------------------------------- exit

    /// Whatever was queued, cancelled, slashed and reversed before: everyone takes everything out, and nothing stays.
    function testFuzz_ExitAllLeavesNoDust(uint96[6] memory amounts, uint96[4] memory cuts, bool slashed) public {
        address[3] memory accounts = [alice, bob, carol];
        for (uint256 i; i < 3; ++i) {
            uint256 masaAmount = bound(amounts[i], 3, 1e24);
            uint256 taoAmount = bound(amounts[i + 3], 3, 1e15);
            _stake(accounts[i], masaAmount);
            _stakeTao(accounts[i], taoAmount);
            _unbond(accounts[i], masaAmount / 3);
            _unbondTao(accounts[i], taoAmount / 2);
            if (slashed) _slash(accounts[i], 0, bound(cuts[i], 0, masaAmount + taoAmount * TAO_UNIT));
            if (_queued(accounts[i]) != 0 && i == 1) _cancel(accounts[i], 0);
        }
        if (slashed) {
            uint256 id = _slashNow(alice, bound(cuts[3], 0, 1e24));
            IStakeVault.SlashRecord memory record = vault.slashRecordOf(alice, id);
            if (id != 0) _reverse(alice, id, record.masa / 2, record.tao);
        }
        for (uint256 i; i < 3; ++i) {
            _exit(accounts[i]);
        }
        address[2] memory tokens = [address(masa), address(tao)];
        for (uint256 i; i < 2; ++i) {
            (uint256 staked, uint256 unbonding, ) = vault.totalsOf(tokens[i]);
            assertEq(staked + unbonding, 0, "I-01 no dust in the ledger");
        }
        _assertConserved("I-01 only the pot is left");
        if (!slashed) assertEq(masa.balanceOf(address(vault)) + tao.balanceOf(address(vault)), 0, "I-01 empty");
    }

    function _exit(address account) private {
        if (_staked(account) != 0) _unbond(account, ALL);
        if (_taoStaked(account) != 0) _unbondTao(account, ALL);
        vm.warp(block.timestamp + UNBONDING);
        address[2] memory tokens = [address(masa), address(tao)];
        for (uint256 i; i < 2; ++i) {
            uint256 end = vault.positionOf(account, tokens[i]).nextUnbondingId;
            for (uint256 id; id < end; ++id) {
                (IStakeVault.UnbondingEntry memory entry, ) = vault.unbondingEntryOf(account, tokens[i], id);
                if (entry.shares == 0) continue;
                vm.prank(account);
                vault.withdraw(tokens[i], id, ALL, account);
            }
        }
    }
}
