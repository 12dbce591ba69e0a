// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {ud2x18} from "@prb/math/src/UD2x18.sol";

import {IEpochClock} from "../../contracts/interfaces/IEpochClock.sol";
import {INodeRegistry} from "../../contracts/interfaces/INodeRegistry.sol";
import {IRequestEscrow} from "../../contracts/interfaces/IRequestEscrow.sol";
import {IStakeVault} from "../../contracts/interfaces/IStakeVault.sol";
import {FeeOnTransferMock} from "../../contracts/mocks/FeeOnTransferMock.sol";
import {HookTokenMock, ITokenReceiver} from "../../contracts/mocks/HookTokenMock.sol";
import {WrappedTaoMock} from "../../contracts/mocks/WrappedTaoMock.sol";
import {StakeVault} from "../../contracts/staking/StakeVault.sol";
import {MasaFixture} from "../support/MasaFixture.sol";

/// @dev Withdraws its entry, and tries to withdraw or unbond again while the tokens arrive.
contract ReentrantStaker is ITokenReceiver {
    StakeVault private immutable vault;
    HookTokenMock private immutable token;
    uint256 private immutable amount;
    uint256 public refusals;
    bytes4 public reason;

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
        vault.withdraw(address(token), 0);
    }

    function tokensReceived(address, uint256) external {
        for (uint256 id; id < 2; ++id) {
            try vault.withdraw(address(token), id) {} catch (bytes memory data) {
                ++refusals;
                reason = bytes4(data);
            }
        }
        try vault.stake(address(token), 1) {} catch (bytes memory data) {
            ++refusals;
            reason = bytes4(data);
        }
    }
}

/// @dev Refuses every token, as account or as treasury.
contract Refuser is ITokenReceiver {
    error Refuser_No();

    function refuse(HookTokenMock token) external {
        token.setHook(true);
    }

    function approve(HookTokenMock token, address spender) external {
        token.approve(spender, type(uint256).max);
    }

    function stake(StakeVault vault, HookTokenMock token, uint256 amount) external {
        vault.stake(address(token), amount);
    }

    function tokensReceived(address, uint256) external pure {
        revert Refuser_No();
    }
}

/// @dev What the test contracts of the vault share.
abstract contract StakeVaultBase is MasaFixture {
    address internal alice = _account(1);
    address internal bob = _account(2);

    function _slash(address account, uint256 reservation, uint256 amount) internal returns (uint256) {
        vm.prank(address(escrow));
        return vault.slash(account, reservation, amount);
    }

    function _reserve(address account, uint256 amount) internal {
        vm.prank(address(escrow));
        vault.reserve(account, amount);
    }

    function _withdraw(address account, uint256 id) internal returns (uint256) {
        vm.prank(account);
        return vault.withdraw(address(masa), id);
    }

    function _staked(address account) internal view returns (uint256) {
        return vault.positionOf(account, address(masa)).staked;
    }

    function _queued(address account) internal view returns (uint256) {
        return vault.unbondingPoolOf(account, address(masa)).amount;
    }

    function _worth(address account, uint256 id) internal view returns (uint256 amount) {
        (, amount) = vault.unbondingEntryOf(account, address(masa), id);
    }

    /// @dev I-01: what the vault holds is what the ledger says, donations aside.
    function _assertConserved(string memory message) internal view {
        (uint256 staked, uint256 unbonding, uint256 pot) = vault.totalsOf(address(masa));
        assertEq(masa.balanceOf(address(vault)), staked + unbonding + pot, message);
    }

    /// @dev A vault over a token of the test's choice; the test is its market.
    function _vaultOver(address token) internal returns (StakeVault other) {
        other = new StakeVault(address(this), clock, token, treasury, UNBONDING, APPEAL, OFFENCE_PATH);
        other.wire(address(this));
    }
}

/// @title StakeVault: construction, setters and the ledger
contract StakeVaultLedgerTest is StakeVaultBase {
    // ---------------------------------------------------------------- construction and setters

    function test_Construction() public {
        vm.expectEmit();
        emit IStakeVault.TreasurySet(address(0), treasury);
        vm.expectEmit();
        emit IStakeVault.UnbondingDelaySet(0, UNBONDING);
        StakeVault fresh = new StakeVault(
            address(this),
            clock,
            address(masa),
            treasury,
            UNBONDING,
            APPEAL,
            OFFENCE_PATH
        );
        assertEq(fresh.masa(), address(masa), "masa");
        assertEq(address(fresh.clock()), address(clock), "clock");
        assertEq(fresh.appealWindow(), APPEAL, "appealWindow");
        assertEq(fresh.longestOffencePath(), OFFENCE_PATH, "longestOffencePath");
        assertEq(fresh.unbondingDelay(), UNBONDING, "unbondingDelay");
        assertEq(fresh.treasury(), treasury, "treasury");
        assertEq(fresh.owner(), address(this), "owner");
        assertEq(fresh.market(), address(0), "market");
    }

    function test_RevertGiven_ZeroAddress() public {
        bytes memory zero = abi.encodeWithSelector(IStakeVault.StakeVault_ZeroAddress.selector);
        vm.expectRevert(zero);
        new StakeVault(address(this), clock, address(0), treasury, UNBONDING, APPEAL, OFFENCE_PATH);
        vm.expectRevert(zero);
        new StakeVault(address(this), IEpochClock(address(0)), address(masa), treasury, UNBONDING, APPEAL, 2 hours);
        vm.expectRevert(zero);
        new StakeVault(address(this), clock, address(masa), address(0), UNBONDING, APPEAL, OFFENCE_PATH);
        vm.expectRevert(zero);
        vault.setTreasury(address(0));
        StakeVault unwired = new StakeVault(
            address(this),
            clock,
            address(masa),
            treasury,
            UNBONDING,
            APPEAL,
            OFFENCE_PATH
        );
        vm.expectRevert(zero);
        unwired.wire(address(0));
    }

    /// D14: unbonding outlasts the longest way from an offence to its slash, which outlasts the appeal.
    function test_RevertGiven_DelaysOutOfOrder() public {
        vm.expectRevert(
            abi.encodeWithSelector(
                IStakeVault.StakeVault_DelayOutOfRange.selector,
                APPEAL,
                APPEAL + 1,
                uint256(90 days - 1)
            )
        );
        new StakeVault(address(this), clock, address(masa), treasury, UNBONDING, APPEAL, APPEAL);
        vm.expectRevert(
            abi.encodeWithSelector(
                IStakeVault.StakeVault_DelayOutOfRange.selector,
                uint256(90 days),
                APPEAL + 1,
                uint256(90 days - 1)
            )
        );
        new StakeVault(address(this), clock, address(masa), treasury, UNBONDING, APPEAL, 90 days);
        vm.expectRevert(
            abi.encodeWithSelector(
                IStakeVault.StakeVault_DelayOutOfRange.selector,
                OFFENCE_PATH,
                OFFENCE_PATH + 1,
                uint256(90 days)
            )
        );
        new StakeVault(address(this), clock, address(masa), treasury, OFFENCE_PATH, APPEAL, OFFENCE_PATH);
    }

    function test_SetUnbondingDelay() public {
        vm.expectEmit(address(vault));
        emit IStakeVault.UnbondingDelaySet(UNBONDING, OFFENCE_PATH + 1);
        vault.setUnbondingDelay(OFFENCE_PATH + 1);
        assertEq(vault.unbondingDelay(), OFFENCE_PATH + 1, "least");
        vault.setUnbondingDelay(90 days);
        assertEq(vault.unbondingDelay(), 90 days, "most");
        for (uint256 i; i < 2; ++i) {
            uint64 delay = i == 0 ? OFFENCE_PATH : uint64(90 days + 1);
            vm.expectRevert(
                abi.encodeWithSelector(
                    IStakeVault.StakeVault_DelayOutOfRange.selector,
                    delay,
                    OFFENCE_PATH + 1,
                    uint256(90 days)
                )
            );
            vault.setUnbondingDelay(delay);
        }
    }

    function test_SetTreasury() public {
        vm.expectEmit(address(vault));
        emit IStakeVault.TreasurySet(treasury, bob);
        vault.setTreasury(bob);
        assertEq(vault.treasury(), bob, "treasury");
    }

    function test_RevertGiven_NotOwner() public {
        bytes memory refused = abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, alice);
        vm.startPrank(alice);
        vm.expectRevert(refused);
        vault.setTreasury(bob);
        vm.expectRevert(refused);
        vault.setUnbondingDelay(UNBONDING);
        vm.expectRevert(refused);
        vault.wire(alice);
        vm.stopPrank();
    }

    function test_WireHappensOnce() public {
        StakeVault unwired = new StakeVault(
            address(this),
            clock,
            address(masa),
            treasury,
            UNBONDING,
            APPEAL,
            OFFENCE_PATH
        );
        vm.expectEmit(address(unwired));
        emit IStakeVault.Wired(bob);
        unwired.wire(bob);
        assertEq(unwired.market(), bob, "market");
        vm.expectRevert(abi.encodeWithSelector(IStakeVault.StakeVault_AlreadyWired.selector, bob));
        unwired.wire(alice);
    }

    function test_RevertGiven_NotMarket() public {
        bytes memory refused = abi.encodeWithSelector(IStakeVault.StakeVault_NotMarket.selector, alice);
        vm.startPrank(alice);
        vm.expectRevert(refused);
        vault.reserve(bob, 1);
        vm.expectRevert(refused);
        vault.release(bob, 1);
        vm.expectRevert(refused);
        vault.slash(bob, 0, 1);
        vm.stopPrank();
    }

    // ---------------------------------------------------------------- stake

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
        assertEq(vault.stakeUnitsOf(alice), 10e18, "stake units");
        assertEq(vault.masaStakeOf(alice), 10e18, "MASA stake");
        assertEq(_staked(alice), 10e18, "position");
        (uint256 staked, uint256 unbonding, uint256 pot) = vault.totalsOf(address(masa));
        assertEq(staked, 10e18, "total staked");
        assertEq(unbonding + pot, 0, "the rest");
        _assertConserved("I-01");
    }

    function test_RevertGiven_ZeroAmount() public {
        bytes memory zero = abi.encodeWithSelector(IStakeVault.StakeVault_ZeroAmount.selector);
        vm.expectRevert(zero);
        vault.stake(address(masa), 0);
        vm.expectRevert(zero);
        vault.startUnbonding(address(masa), 0);
    }

    function test_RevertGiven_UnlistedToken() public {
        WrappedTaoMock tao = new WrappedTaoMock();
        bytes memory unlisted = abi.encodeWithSelector(IStakeVault.StakeVault_UnlistedToken.selector, address(tao));
        vm.expectRevert(unlisted);
        vault.stake(address(tao), 1);
        vm.expectRevert(unlisted);
        vault.startUnbonding(address(tao), 1);
        vm.expectRevert(
            abi.encodeWithSelector(IStakeVault.StakeVault_UnknownEntry.selector, address(this), uint256(0))
        );
        vault.withdraw(address(tao), 0);
    }

    function test_TOK01_FeeOnTransferIsRefused() public {
        FeeOnTransferMock token = new FeeOnTransferMock();
        StakeVault other = _vaultOver(address(token));
        token.mint(alice, 1_000);
        vm.startPrank(alice);
        token.approve(address(other), 1_000);
        vm.expectRevert(
            abi.encodeWithSelector(IStakeVault.StakeVault_FeeOnTransfer.selector, address(token), 1_000, 990)
        );
        other.stake(address(token), 1_000);
        vm.stopPrank();
        assertEq(other.stakeUnitsOf(alice), 0, "TOK-01 nothing credited");
        assertEq(token.balanceOf(alice), 1_000, "TOK-01 nothing taken");
    }

    function test_STK09_DonationDoesNotMoveTheLedger() public {
        _stake(alice, 100);
        uint256 id = _unbond(alice, 40);
        bytes32 before = _ledgerOf(alice);
        uint256 required = registry.requirementAt(INodeRegistry.Role.Worker, WAD / 2);
        masa.transfer(address(vault), 1_000_000e18);
        assertEq(_ledgerOf(alice), before, "STK-09 ledger");
        assertEq(registry.requirementAt(INodeRegistry.Role.Worker, WAD / 2), required, "STK-09 requirement");
        _stake(bob, 100);
        assertEq(_staked(bob), 100, "STK-09 the next one stakes at par");
        vm.warp(block.timestamp + UNBONDING);
        assertEq(_withdraw(alice, id), 40, "STK-09 withdrawal");
    }

    function _ledgerOf(address account) private view returns (bytes32) {
        (uint256 staked, uint256 unbonding, uint256 pot) = vault.totalsOf(address(masa));
        return
            keccak256(
                abi.encode(
                    vault.positionOf(account, address(masa)),
                    vault.unbondingPoolOf(account, address(masa)),
                    staked,
                    unbonding,
                    pot
                )
            );
    }

    function test_STK11_TenThousandOneWeiDepositsSumExactly() public {
        uint256 paid;
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
            paid += _staked(_account(i));
        }
        assertEq(paid, 10_000, "STK-11 sum of the ledger");
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
        // Nor do alice's own later steps move a queued entry.
        _stake(alice, 10);
        _unbond(alice, 5);
        vault.setUnbondingDelay(90 days);
        (IStakeVault.UnbondingEntry memory entry, uint256 amount) = vault.unbondingEntryOf(alice, address(masa), id);
        assertEq(entry.maturesAt, before.maturesAt, "STK-13 maturity");
        assertEq(amount, 40, "STK-13 amount");
        vm.warp(before.maturesAt);
        assertEq(_withdraw(alice, id), 40, "STK-13 withdrawal");
    }

    function test_STK14_AmountsBeyondTheSlotRevert() public {
        HookTokenMock token = new HookTokenMock();
        StakeVault other = _vaultOver(address(token));
        uint256 most = type(uint104).max;
        token.mint(alice, type(uint256).max);
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
        other.startUnbonding(address(token), most);
        other.stake(address(token), 1);
        vm.expectRevert(abi.encodeWithSelector(SafeCast.SafeCastOverflowedUintDowncast.selector, uint8(104), most + 1));
        other.startUnbonding(address(token), 1);
        vm.stopPrank();
    }

    function test_STK14_ReservationsBeyondTheSlotRevert() public {
        bytes memory tooLarge = abi.encodeWithSelector(
            SafeCast.SafeCastOverflowedUintDowncast.selector,
            uint8(104),
            uint256(1 << 104)
        );
        vm.startPrank(address(escrow));
        vm.expectRevert(tooLarge);
        vault.release(alice, 1 << 104);
        vm.expectRevert(tooLarge);
        vault.slash(alice, 1 << 104, 1);
        vm.stopPrank();
    }

    function test_STK15_OneDepositCountsForOneRole() public {
        _registerWorker(1, 200_000e18);
        vm.expectRevert(
            abi.encodeWithSelector(
                INodeRegistry.NodeRegistry_AlreadyRegistered.selector,
                alice,
                INodeRegistry.Role.Worker
            )
        );
        vm.prank(alice);
        registry.register(INodeRegistry.Role.Oracle, address(0), "{}");
        assertFalse(registry.isEligible(alice, INodeRegistry.Role.Oracle), "STK-15 second role");
        assertTrue(registry.isEligible(alice, INodeRegistry.Role.Worker), "STK-15 first role");
    }
}

/// @title StakeVault: the unbonding queue
contract StakeVaultUnbondingTest is StakeVaultBase {
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
        assertEq(_unbond(alice, 40), 1, "ids count up");

        vm.warp(maturesAt);
        vm.expectEmit(address(vault));
        emit IStakeVault.Withdrawn(alice, address(masa), 0, 60);
        assertEq(_withdraw(alice, id), 60, "amount");
        assertEq(masa.balanceOf(alice), 60, "balance");
        assertEq(_withdraw(alice, 1), 40, "second entry");
        (staked, unbonding, ) = vault.totalsOf(address(masa));
        assertEq(staked + unbonding, 0, "nothing left");
        assertEq(vault.unbondingPoolOf(alice, address(masa)).shares, 0, "no shares left");
        _assertConserved("I-01");
    }

    function test_RevertGiven_UnknownEntry() public {
        _stake(alice, 10);
        uint256 id = _unbond(alice, 10);
        vm.warp(block.timestamp + UNBONDING);
        vm.expectRevert(abi.encodeWithSelector(IStakeVault.StakeVault_UnknownEntry.selector, bob, id));
        _withdraw(bob, id);
        vm.expectRevert(abi.encodeWithSelector(IStakeVault.StakeVault_UnknownEntry.selector, alice, id + 1));
        _withdraw(alice, id + 1);
        _withdraw(alice, id);
        vm.expectRevert(abi.encodeWithSelector(IStakeVault.StakeVault_UnknownEntry.selector, alice, id));
        _withdraw(alice, id);
    }

    function test_RevertGiven_NotEnoughFreeStake() public {
        _stake(alice, 100);
        _reserve(alice, 30);
        vm.expectRevert(abi.encodeWithSelector(IStakeVault.StakeVault_InsufficientFreeStake.selector, alice, 70, 71));
        _unbond(alice, 71);
        vm.expectRevert(abi.encodeWithSelector(IStakeVault.StakeVault_InsufficientFreeStake.selector, alice, 70, 71));
        _reserve(alice, 71);
        _unbond(alice, 70);
        assertEq(_staked(alice), 30, "only the reserved part stays");
    }

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
        emit IStakeVault.Slashed(worker, address(masa), 40_000e18, 0, 40_000e18, clock.currentEpoch());
        assertEq(_slash(worker, 0, 40_000e18), 40_000e18, "UNB-02 slashed");
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
        vault.slash(alice, 0, 1_000); // warms the slots that both share
        vault.slash(bob, 0, 1_000);
        uint256 gasOne = gasleft();
        vault.slash(alice, 0, 1_000);
        gasOne -= gasleft();
        uint256 gasThousand = gasleft();
        vault.slash(bob, 0, 1_000);
        gasThousand -= gasleft();
        // The other half of the queue's worth, so that the entries lose half of it.
        uint256 slashed = vault.slash(bob, 0, 499_000);
        vm.stopPrank();
        assertNear(gasOne, gasThousand, gasOne / 100, "UNB-04 gas");
        assertEq(slashed, 499_000, "UNB-04 slashed");

        vm.warp(block.timestamp + UNBONDING);
        uint256 queued = _queued(bob);
        uint256 paid;
        for (uint256 i; i < 1_000; ++i) {
            paid += _withdraw(bob, i);
        }
        assertEq(paid, queued, "UNB-04 no entry is skipped and no dust stays");
        assertEq(paid, 499, "UNB-04 every entry bore its part");
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

    function test_UNB08_ReenteringAWithdrawalGainsNothing() public {
        HookTokenMock token = new HookTokenMock();
        StakeVault other = _vaultOver(address(token));
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
        assertEq(thief.refusals(), 3, "UNB-08 every second entry refused");
        assertTrue(
            thief.reason() == ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector,
            "UNB-08 by the guard"
        );
        assertEq(token.balanceOf(address(thief)), 50, "UNB-08 one entry paid");
        assertEq(token.balanceOf(address(other)), 550, "UNB-08 the rest stayed");
        (uint256 staked, uint256 unbonding, ) = other.totalsOf(address(token));
        assertEq(staked + unbonding, 550, "UNB-08 ledger");
    }

    /// A queue slashed to nothing must not drag down entries that are queued later.
    function test_QueueSlashedToNothingStartsAfresh() public {
        _stake(alice, 100);
        uint256 lost = _unbond(alice, 100);
        assertEq(_slash(alice, 0, 100), 100, "slashed");
        assertEq(vault.positionOf(alice, address(masa)).generation, 1, "generation");
        assertEq(_worth(alice, lost), 0, "old entry");
        _stake(alice, 50);
        uint256 id = _unbond(alice, 50);
        assertEq(_worth(alice, id), 50, "new entry");
        assertEq(_worth(alice, lost), 0, "old entry stays worthless");
        vm.warp(block.timestamp + UNBONDING);
        vm.expectEmit(address(vault));
        emit IStakeVault.Withdrawn(alice, address(masa), lost, 0);
        assertEq(_withdraw(alice, lost), 0, "old entry pays nothing");
        assertEq(_withdraw(alice, id), 50, "new entry pays in full");
        _assertConserved("I-01");
    }

    function test_RevertGiven_QueueTooDiluted() public {
        _stake(alice, 2e24);
        _unbond(alice, 2e24 - 1);
        // Two wei of 2e24 are left in the queue: a share is worth 1e-24 wei.
        _slash(alice, 0, 2e24 - 2);
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
}

/// @title StakeVault: reservations, slashes and the appeal pot
contract StakeVaultSlashTest is StakeVaultBase {
    function test_ReserveAndRelease() public {
        _stake(alice, 100);
        vm.expectEmit(address(vault));
        emit IStakeVault.Reserved(alice, 60, 60);
        _reserve(alice, 60);
        vm.expectEmit(address(vault));
        emit IStakeVault.Reserved(alice, 40, 100);
        _reserve(alice, 40);
        assertEq(vault.positionOf(alice, address(masa)).reserved, 100, "I-19 all of it");
        vm.expectEmit(address(vault));
        emit IStakeVault.Released(alice, 60, 40);
        vm.prank(address(escrow));
        vault.release(alice, 60);
        // More than is reserved is the market's fault: checked arithmetic stops it.
        vm.expectRevert(abi.encodeWithSignature("Panic(uint256)", 0x11));
        vm.prank(address(escrow));
        vault.release(alice, 41);
        vm.expectRevert(abi.encodeWithSignature("Panic(uint256)", 0x11));
        _slash(alice, 41, 1);
    }

    function test_SlashTakesFromStakeAndQueueProRata() public {
        _stake(alice, 100);
        _unbond(alice, 25);
        _reserve(alice, 10);
        uint64 epoch = clock.currentEpoch();
        vm.expectEmit(address(vault));
        emit IStakeVault.Slashed(alice, address(masa), 10, 8, 2, epoch);
        assertEq(_slash(alice, 10, 10), 10, "slashed");
        assertEq(_staked(alice), 67, "stake");
        assertEq(_queued(alice), 23, "queue");
        assertEq(vault.positionOf(alice, address(masa)).reserved, 0, "reservation");
        assertEq(vault.slashedFundsOf(address(masa), epoch), 10, "epoch's slashes");
        (, , uint256 pot) = vault.totalsOf(address(masa));
        assertEq(pot, 10, "appeal pot");
        _assertConserved("I-01");
    }

    function test_SlashOfAnEmptyAccountTakesNothing() public {
        assertEq(_slash(alice, 0, 1e18), 0, "slashed");
        _assertConserved("I-01");
    }

    /// The answer with R_base = 1 wei and κ = 1e-18 still costs one unit.
    function test_SLA01_TinySlashIsOneUnit() public {
        IRequestEscrow.MarketTerms memory terms = _marketTerms();
        terms.slashShare = ud2x18(1);
        escrow.setMarketTerms(terms);
        address worker = _registerWorker(7, 100_000e18);
        address asker = _registerOracle(8, 100_000e18, 1e18);
        _seatValidators(4, 200_000e18);
        uint256 requestId = _submit(asker, 1);
        _commit(worker, requestId);
        assertEq(vault.positionOf(worker, address(masa)).reserved, 1, "SLA-01 reserved");
        vm.warp(block.timestamp + 5 minutes + 1);
        _settle(requestId, new uint32[](1));
        assertEq(_staked(worker), 100_000e18 - 1, "SLA-01 slashed");
    }

    function test_SLA03_PenaltyBeyondTheStakeTakesAllOfIt() public {
        _stake(alice, 70);
        _unbond(alice, 30);
        vm.expectEmit(address(vault));
        emit IStakeVault.Slashed(alice, address(masa), 1_000, 40, 30, clock.currentEpoch());
        assertEq(_slash(alice, 0, 1_000), 70, "SLA-03 slashed");
        assertEq(_staked(alice) + _queued(alice), 0, "SLA-03 nothing left");
        assertEq(_slash(alice, 0, type(uint256).max), 0, "SLA-03 again");
        _assertConserved("SLA-03 I-01");
    }

    function test_SLA07_TwoPendingPenaltiesNeverExceedTheStake() public {
        _stake(alice, 100);
        _reserve(alice, 60);
        vm.expectRevert(abi.encodeWithSelector(IStakeVault.StakeVault_InsufficientFreeStake.selector, alice, 40, 60));
        _reserve(alice, 60);
        _reserve(alice, 40);
        uint256 total = _slash(alice, 60, 60) + _slash(alice, 40, 40);
        assertEq(total, 100, "SLA-07 both in full");
        assertEq(_staked(alice), 0, "SLA-07 stake");
        assertEq(vault.positionOf(alice, address(masa)).reserved, 0, "SLA-07 reserved");
    }

    function test_SLA08_NobodyBlocksASlashByRefusingTokens() public {
        HookTokenMock token = new HookTokenMock();
        StakeVault other = _vaultOver(address(token));
        Refuser offender = new Refuser();
        token.mint(address(offender), 100);
        offender.approve(token, address(other));
        offender.stake(other, token, 100);
        offender.refuse(token);
        Refuser receiver = new Refuser();
        receiver.refuse(token);
        other.setTreasury(address(receiver));
        assertEq(other.slash(address(offender), 0, 30), 30, "SLA-08 slashed");

        vm.warp(clock.epochStart(1) + APPEAL);
        vm.expectRevert(abi.encodeWithSelector(Refuser.Refuser_No.selector));
        other.releaseSlashedFunds(address(token), 0);
        other.setTreasury(bob);
        assertEq(other.releaseSlashedFunds(address(token), 0), 30, "SLA-08 released to another treasury");
        assertEq(token.balanceOf(bob), 30, "SLA-08 balance");
    }

    function test_SLA11_SlashShareStaysBetweenZeroAndOne() public {
        IRequestEscrow.MarketTerms memory terms = _marketTerms();
        for (uint256 i; i < 3; ++i) {
            uint64 share =
                i == 0
                    ? 0
                    : i == 1
                        ? uint64(WAD)
                        : type(uint64).max;
            terms.slashShare = ud2x18(share);
            vm.expectRevert(
                abi.encodeWithSelector(
                    IRequestEscrow.RequestEscrow_OutOfRange.selector,
                    bytes32("slashShare"),
                    share,
                    1,
                    WAD - 1
                )
            );
            escrow.setMarketTerms(terms);
        }
        terms.slashShare = ud2x18(1);
        escrow.setMarketTerms(terms);
        terms.slashShare = ud2x18(uint64(WAD - 1));
        escrow.setMarketTerms(terms);
    }

    // ---------------------------------------------------------------- appeal pot

    function test_ReleaseSlashedFunds() public {
        _stake(alice, 100);
        _slash(alice, 0, 10);
        _warpTo(1);
        _slash(alice, 0, 20);

        uint256 releasableAt = clock.epochStart(1) + APPEAL;
        vm.warp(releasableAt - 1);
        vm.expectRevert(
            abi.encodeWithSelector(
                IStakeVault.StakeVault_AppealOpen.selector,
                uint64(0),
                releasableAt,
                releasableAt - 1
            )
        );
        vault.releaseSlashedFunds(address(masa), 0);

        vm.warp(releasableAt);
        vm.expectEmit(address(vault));
        emit IStakeVault.SlashedFundsReleased(address(masa), 0, treasury, 10);
        vm.prank(bob);
        assertEq(vault.releaseSlashedFunds(address(masa), 0), 10, "epoch 0");
        assertEq(masa.balanceOf(treasury), 10, "treasury");
        (, , uint256 pot) = vault.totalsOf(address(masa));
        assertEq(pot, 20, "epoch 1 waits");
        _assertConserved("I-01");
        vm.expectRevert(abi.encodeWithSelector(IStakeVault.StakeVault_NothingToRelease.selector, uint64(0)));
        vault.releaseSlashedFunds(address(masa), 0);

        vm.warp(clock.epochStart(2) + APPEAL);
        assertEq(vault.releaseSlashedFunds(address(masa), 1), 20, "epoch 1");
    }

    // ---------------------------------------------------------------- fuzz

    /// I-14 and I-01 for any split, reservation and slash; another account never pays.
    function testFuzz_SlashIsBoundedAndPaidByOneAccount(
        uint96 staked,
        uint96 queued,
        uint96 reservation,
        uint256 amount
    ) public {
        staked = uint96(bound(staked, 2, 10_000_000e18));
        queued = uint96(bound(queued, 1, staked - 1));
        reservation = uint96(bound(reservation, 0, staked - queued));
        amount = reservation == 0 ? bound(amount, 0, type(uint104).max) : bound(amount, 0, reservation);
        _stake(alice, staked);
        _stake(bob, 77);
        uint256 id = _unbond(alice, queued);
        _reserve(alice, reservation);

        uint256 slashed = _slash(alice, reservation, amount);
        assertEq(slashed, amount < staked ? amount : staked, "I-14 min(amount, held)");
        assertEq(_staked(alice) + _queued(alice) + slashed, staked, "I-14 conserved");
        assertEq(_worth(alice, id), _queued(alice), "I-15 the only entry is the queue");
        // Each side bears its share to the unit.
        uint256 fromQueue = queued - _queued(alice);
        assertEq(fromQueue, (slashed * queued) / staked, "I-15 pro rata");
        assertEq(_staked(bob), 77, "I-14 another account");
        IStakeVault.Position memory position = vault.positionOf(alice, address(masa));
        assertLe(position.reserved, position.staked, "I-19");
        _assertConserved("I-01");
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
}
