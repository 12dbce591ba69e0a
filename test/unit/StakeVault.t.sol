// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {NodeRole} from "../../contracts/interfaces/INodeRegistry.sol";
import {IStakeVault} from "../../contracts/interfaces/IStakeVault.sol";
import {HookTokenMock} from "../../contracts/mocks/HookTokenMock.sol";
import {StakeVault} from "../../contracts/staking/StakeVault.sol";
import {VaultBed} from "../support/VaultBed.sol";

/// @title StakeVault: staking
contract StakeVaultStakeTest is VaultBed {
    uint256 private constant KEY = 0xa11ce;

    function test_Stake() public {
        _fund(alice, 10e18);
        vm.startPrank(alice);
        masa.approve(address(vault), 10e18);
        vm.expectEmit(address(vault));
        emit IStakeVault.Staked(alice, address(masa), 3e18, 3e18);
        vault.stake(address(masa), 3e18);
        vm.expectEmit(address(vault));
        emit IStakeVault.Staked(alice, address(masa), 7e18, 10e18);
        vault.stake(address(masa), 7e18);
        vm.stopPrank();
        assertEq(masa.allowance(alice, address(vault)), 0, "exact approvals suffice");
        assertEq(_staked(alice), 10e18, "position");
        (uint256 staked, uint256 unbonding, uint256 pot) = vault.totalsOf(address(masa));
        assertEq(staked, 10e18, "total staked");
        assertEq(unbonding + pot, 0, "the rest");
        _assertConserved("I-01");
    }

    function test_StakeTao() public {
        tao.transfer(alice, 10e9);
        vm.startPrank(alice);
        tao.approve(address(vault), 10e9);
        vm.expectEmit(address(vault));
        emit IStakeVault.Staked(alice, address(tao), 10e9, 10e9);
        vault.stake(address(tao), 10e9);
        vm.stopPrank();
        assertEq(tao.allowance(alice, address(vault)), 0, "exact approvals suffice");
        assertEq(_taoStaked(alice), 10e9, "position");
        assertEq(_staked(alice), 0, "the other token");
        (uint256 staked, , ) = vault.totalsOf(address(tao));
        assertEq(staked, 10e9, "total staked");
        _assertConserved("I-01");
    }

    function test_RevertGiven_ZeroAmount() public {
        bytes memory zero = abi.encodeWithSelector(IStakeVault.StakeVault_ZeroAmount.selector);
        vm.expectRevert(zero);
        vault.stake(address(masa), 0);
        vm.expectRevert(zero);
        vault.stake(address(tao), 0);
        vm.expectRevert(zero);
        vault.stakeWithPermit(address(masa), 0, block.timestamp, 27, 0, 0);
    }

    function test_RevertGiven_AllowanceTooSmall() public {
        _fund(alice, 10);
        vm.startPrank(alice);
        masa.approve(address(vault), 9);
        vm.expectRevert(
            abi.encodeWithSelector(IERC20Errors.ERC20InsufficientAllowance.selector, address(vault), 9, 10)
        );
        vault.stake(address(masa), 10);
        vm.stopPrank();
        assertEq(_staked(alice), 0, "nothing credited");
    }

    // ---------------------------------------------------------------- permit and multicall

    function _permit(
        address owner,
        uint256 amount,
        uint256 deadline
    ) private view returns (uint8 v, bytes32 r, bytes32 s) {
        bytes32 structHash = keccak256(
            abi.encode(
                keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)"),
                owner,
                address(vault),
                amount,
                masa.nonces(owner),
                deadline
            )
        );
        (v, r, s) = vm.sign(KEY, keccak256(abi.encodePacked(hex"1901", masa.DOMAIN_SEPARATOR(), structHash)));
    }

    function test_StakeWithPermit() public {
        address owner = vm.addr(KEY);
        _fund(owner, 5e18);
        (uint8 v, bytes32 r, bytes32 s) = _permit(owner, 5e18, block.timestamp);
        vm.expectEmit(address(vault));
        emit IStakeVault.Staked(owner, address(masa), 5e18, 5e18);
        vm.prank(owner);
        vault.stakeWithPermit(address(masa), 5e18, block.timestamp, v, r, s);
        assertEq(_staked(owner), 5e18, "staked");
        assertEq(masa.allowance(owner, address(vault)), 0, "nothing left to take");
    }

    function test_FrontRunPermitIsNoObstacle() public {
        address owner = vm.addr(KEY);
        _fund(owner, 5e18);
        (uint8 v, bytes32 r, bytes32 s) = _permit(owner, 5e18, block.timestamp);
        vm.prank(bob);
        masa.permit(owner, address(vault), 5e18, block.timestamp, v, r, s);
        vm.prank(owner);
        vault.stakeWithPermit(address(masa), 5e18, block.timestamp, v, r, s);
        assertEq(_staked(owner), 5e18, "staked");
    }

    function test_RevertGiven_PermitOfSomebodyElse() public {
        _fund(alice, 5e18);
        (uint8 v, bytes32 r, bytes32 s) = _permit(alice, 5e18, block.timestamp);
        vm.expectRevert(
            abi.encodeWithSelector(IERC20Errors.ERC20InsufficientAllowance.selector, address(vault), 0, 5e18)
        );
        vm.prank(alice);
        vault.stakeWithPermit(address(masa), 5e18, block.timestamp, v, r, s);
    }

    /// The wrapped TAO has no permit: an allowance does as well.
    function test_StakeWithPermitOfATokenWithoutOne() public {
        tao.transfer(alice, 5e9);
        vm.startPrank(alice);
        tao.approve(address(vault), 5e9);
        vault.stakeWithPermit(address(tao), 5e9, block.timestamp, 27, 0, 0);
        vm.stopPrank();
        assertEq(_taoStaked(alice), 5e9, "staked");
    }

    function test_MulticallStakesBothTokensAndQueues() public {
        _fund(alice, 100);
        tao.transfer(alice, 50);
        bytes[] memory calls = new bytes[](3);
        calls[0] = abi.encodeCall(vault.stake, (address(masa), 100));
        calls[1] = abi.encodeCall(vault.stake, (address(tao), 50));
        calls[2] = abi.encodeCall(vault.startUnbonding, (address(masa), 30));
        vm.startPrank(alice);
        masa.approve(address(vault), 100);
        tao.approve(address(vault), 50);
        vault.multicall(calls);
        assertEq(_staked(alice), 70, "staked");
        assertEq(_queued(alice), 30, "queued");
        assertEq(_taoStaked(alice), 50, "TAO");

        calls = new bytes[](2);
        calls[0] = abi.encodeCall(vault.startUnbonding, (address(masa), 1));
        calls[1] = abi.encodeCall(vault.startUnbonding, (address(masa), 70));
        vm.expectRevert(abi.encodeWithSelector(IStakeVault.StakeVault_InsufficientStake.selector, alice, 69, 70));
        vault.multicall(calls);
        vm.stopPrank();
        assertEq(_queued(alice), 30, "all or nothing");
    }

    // ---------------------------------------------------------------- attacks

    function test_STK09_DonationDoesNotMoveTheLedger() public {
        _stake(alice, 100);
        _stakeTao(alice, 100);
        uint256 id = _unbond(alice, 40);
        bytes32 before = _ledgerOf(alice);
        uint256 required = standing.requirementAt(NodeRole.Worker, WAD / 2);
        masa.transfer(address(vault), 1_000_000e18);
        tao.transfer(address(vault), 1_000_000e9);
        assertEq(_ledgerOf(alice), before, "STK-09 ledger");
        assertEq(standing.requirementAt(NodeRole.Worker, WAD / 2), required, "STK-09 requirement");
        _stake(bob, 100);
        _stakeTao(bob, 100);
        assertEq(_staked(bob), 100, "STK-09 the next one stakes at par");
        assertEq(_taoStaked(bob), 100, "STK-09 in TAO too");
        vm.warp(block.timestamp + UNBONDING);
        assertEq(_withdraw(alice, id), 40, "STK-09 withdrawal");
    }

    function _ledgerOf(address account) private view returns (bytes32 hash) {
        address[2] memory tokens = [address(masa), address(tao)];
        for (uint256 i; i < 2; ++i) {
            (uint256 staked, uint256 unbonding, uint256 pot) = vault.totalsOf(tokens[i]);
            hash = keccak256(
                abi.encode(
                    hash,
                    vault.positionOf(account, tokens[i]),
                    vault.stakeUnitsOf(account),
                    staked,
                    unbonding,
                    pot
                )
            );
        }
    }

    /// Deposits are not shares: the first one is worth itself whatever was donated before or after. The queue's shares
    /// belong to one account; what its owner loses by them is tested with the queue.
    function testFuzz_STK10_FirstDepositIsWorthItself(uint96 donation, uint96 amount) public {
        donation = uint96(bound(donation, 1, 1e25));
        amount = uint96(bound(amount, 1, 1e25));
        _stake(bob, 1);
        masa.transfer(address(vault), donation);
        _stake(alice, amount);
        masa.transfer(address(vault), donation);
        assertEq(vault.masaStakeOf(alice), amount, "STK-10 stake");
        uint256 id = _unbond(alice, ALL);
        vm.warp(block.timestamp + UNBONDING);
        assertEq(_withdraw(alice, id), amount, "STK-10 paid in full");
    }

    function test_STK11_TenThousandOneWeiDepositsSumExactly() public {
        uint256 sum;
        for (uint256 i; i < 16; ++i) {
            _fund(_account(i), 1_000);
            vm.prank(_account(i));
            masa.approve(address(vault), 1_000);
        }
        for (uint256 i; i < 10_000; ++i) {
            vm.prank(_account(i % 16));
            vault.stake(address(masa), 1);
        }
        for (uint256 i; i < 16; ++i) {
            sum += _staked(_account(i));
        }
        assertEq(sum, 10_000, "STK-11 sum of the ledger");
        _assertConserved("STK-11 I-01");
    }

    function test_STK13_NobodyMovesAnothersTimers() public {
        _stake(alice, 100);
        uint256 id = _unbond(alice, 40);
        (IStakeVault.UnbondingEntry memory before, ) = vault.unbondingEntryOf(alice, address(masa), id);
        vm.warp(block.timestamp + 1 days);
        // There is no staking on behalf: whatever bob does lands in his own ledger.
        _stake(bob, 1);
        _unbond(bob, 1);
        masa.transfer(address(vault), 1);
        vm.prank(bob);
        vault.applySlash(alice);
        // Nor do alice's own later steps, or the owner's, move a queued entry.
        _stake(alice, 10);
        uint256 second = _unbond(alice, 5);
        _cancel(alice, second);
        vault.setDelays(90 days, 94 days);
        (IStakeVault.UnbondingEntry memory entry, uint256 worth) = vault.unbondingEntryOf(alice, address(masa), id);
        assertEq(entry.maturesAt, before.maturesAt, "STK-13 maturity");
        assertEq(worth, 40, "STK-13 worth");
        vm.warp(before.maturesAt);
        assertEq(_withdraw(alice, id), 40, "STK-13 withdrawal");
    }

    function test_STK14_AmountsBeyondTheSlotRevert() public {
        HookTokenMock token = new HookTokenMock();
        StakeVault other = _vaultOver(address(token), address(tao));
        uint256 most = type(uint104).max;
        token.mint(alice, most);
        vm.startPrank(alice);
        token.approve(address(other), type(uint256).max);
        for (uint256 i; i < 3; ++i) {
            uint256 amount =
                i == 0
                    ? most + 1
                    : i == 1
                        ? 1 << 128
                        : type(uint256).max;
            vm.expectRevert(
                abi.encodeWithSelector(SafeCast.SafeCastOverflowedUintDowncast.selector, uint8(104), amount)
            );
            other.stake(address(token), amount);
        }
        other.stake(address(token), most);
        vm.expectRevert(abi.encodeWithSelector(SafeCast.SafeCastOverflowedUintDowncast.selector, uint8(104), most + 1));
        other.stake(address(token), 1);
        assertEq(other.stakeUnitsOf(alice), most, "STK-14 the whole slot");
        assertEq(other.startUnbonding(address(token), ALL), 0, "STK-14 and out again");
        vm.stopPrank();
        _assertFull(other, token, bob);
    }

    /// What a token's stakes, queues and pot hold together fits the slot, wherever it lies: nothing that moves between
    /// them later can outgrow it.
    function test_STK14_QueueAndPotCountTowardTheSlot() public {
        HookTokenMock token = new HookTokenMock();
        StakeVault other = _vaultOver(address(token), address(tao));
        uint256 most = type(uint104).max;
        token.mint(alice, most);
        vm.startPrank(alice);
        token.approve(address(other), most);
        other.stake(address(token), most);
        other.startUnbonding(address(token), most / 3);
        vm.stopPrank();
        assertEq(other.slash(alice, 0, 1e27), 1e27, "STK-14 booked");
        assertEq(other.applySlash(alice), 1, "STK-14 into the pot");
        _assertFull(other, token, alice);
        _assertFull(other, token, bob);
        // All of it moves to and fro without a carry.
        vm.startPrank(alice);
        other.startUnbonding(address(token), ALL);
        other.cancelUnbonding(address(token), 0);
        vm.stopPrank();
        vm.prank(address(guardian));
        other.reverseSlash(alice, 1, 1e27, 0);
        (uint256 staked, uint256 unbonding, uint256 pot) = other.totalsOf(address(token));
        IStakeVault.Position memory p = other.positionOf(alice, address(token));
        assertEq(staked, p.staked, "STK-14 stakes");
        assertEq(unbonding, p.queued, "STK-14 queues");
        assertEq(pot, 0, "STK-14 pot");
        assertEq(staked + unbonding, most, "STK-14 to the last unit");
    }

    /// @dev Not one unit more fits into the vault.
    function _assertFull(StakeVault other, HookTokenMock token, address account) private {
        token.mint(account, 1);
        vm.startPrank(account);
        token.approve(address(other), 1);
        vm.expectRevert(
            abi.encodeWithSelector(SafeCast.SafeCastOverflowedUintDowncast.selector, uint8(104), uint256(1 << 104))
        );
        other.stake(address(token), 1);
        vm.stopPrank();
    }

    function test_STK14_SumOfStakesBeyondTheSlotReverts() public {
        HookTokenMock token = new HookTokenMock();
        StakeVault other = _vaultOver(address(token), address(tao));
        uint256 most = type(uint104).max;
        address[2] memory accounts = [alice, bob];
        for (uint256 i; i < 2; ++i) {
            token.mint(accounts[i], most);
            vm.prank(accounts[i]);
            token.approve(address(other), most);
        }
        vm.prank(alice);
        other.stake(address(token), most);
        vm.expectRevert(abi.encodeWithSelector(SafeCast.SafeCastOverflowedUintDowncast.selector, uint8(104), most + 1));
        vm.prank(bob);
        other.stake(address(token), 1);
    }

    /// What is asked beyond the slot is cut down to what is there, and leaves the fields beside it alone.
    function test_STK14_ReservationsBeyondTheSlotAreCutDown() public {
        _stake(alice, 100);
        _reserve(alice, 60);
        _slash(alice, 0, 5);
        _release(alice, (1 << 104) + 1);
        IStakeVault.Exposure memory e = vault.exposureOf(alice);
        assertEq(e.reserved, 0, "STK-14 all that was reserved");
        assertEq(e.pendingCut, 5, "STK-14 beside it");
        _reserve(alice, 60);
        assertEq(_slash(alice, 1 << 104, 1), 1, "STK-14 booked");
        e = vault.exposureOf(alice);
        assertEq(e.reserved, 0, "STK-14 released");
        assertEq(e.pendingCut, 1, "STK-14 no borrow from what lies beside");
        assertEq(e.slashes, 1, "STK-14 records");
        vm.expectRevert(
            abi.encodeWithSelector(
                IStakeVault.StakeVault_InsufficientFreeStake.selector,
                alice,
                uint256(94),
                uint256(1 << 104)
            )
        );
        _reserve(alice, 1 << 104);
    }
}
