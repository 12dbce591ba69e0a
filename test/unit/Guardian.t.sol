// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";

import {Guardian} from "../../contracts/governance/Guardian.sol";
import {IGuardian} from "../../contracts/interfaces/IGuardian.sol";
import {NodeRole} from "../../contracts/interfaces/INodeRegistry.sol";
import {INodeStanding} from "../../contracts/interfaces/INodeStanding.sol";
import {IStakeVault} from "../../contracts/interfaces/IStakeVault.sol";
import {VaultBed} from "../support/VaultBed.sol";

/// @title Guardian: rights that expire, and what a reversal does (decision D15)
/// @notice A worker answered badly, was slashed for half of R_base and suspended for the rest of the epoch.
contract GuardianTest is VaultBed {
    uint96 private constant BASE_REWARD = 100e18;
    uint256 private constant LOST = 50e18;
    IGuardian.Right private constant REVERSE = IGuardian.Right.ReverseSlash;

    address private worker;

    /// @dev One failed answer suspends.
    function _standingParameters() internal pure override returns (INodeStanding.StandingParameters memory p) {
        p = super._standingParameters();
        p.maxStrikes = 1;
    }

    function setUp() public override {
        super.setUp();
        worker = _registerWorker(7, 100_000e18);
        address asker = _registerOracle(8, 100_000e18, 1_000e18);
        _seatValidators(4, 200_000e18);
        uint256 requestId = _submit(asker, BASE_REWARD);
        _commit(worker, requestId);
        vm.warp(block.timestamp + 5 minutes + 1);
        _settle(requestId, new uint32[](1));
        assertEq(vault.applySlash(worker), 1, "slashed");
        assertEq(vault.slashRecordOf(worker, 1).masa, LOST, "by half of the reward");
        assertTrue(standing.standingOf(worker, NodeRole.Worker).suspended, "suspended");
    }

    function _notHeld(IGuardian.Right right, address caller, uint256 until) private view returns (bytes memory) {
        return abi.encodeWithSelector(IGuardian.Guardian_RightNotHeld.selector, right, caller, until, block.timestamp);
    }

    function _reverseBy(address caller, uint256 amount, uint256 utility) private {
        vm.prank(caller);
        guardian.reverseSlash(worker, 1, amount, 0, NodeRole.Worker, utility);
    }

    // ---------------------------------------------------------------- rights

    function test_Construction() public {
        for (uint8 i; i < 3; ++i) {
            vm.expectEmit();
            emit IGuardian.RightLent(IGuardian.Right(i), bob, block.timestamp + 1 days);
        }
        Guardian fresh = new Guardian(address(this), vault, standing, bob, 1 days);
        assertEq(address(fresh.vault()), address(vault), "vault");
        assertEq(address(fresh.standing()), address(standing), "standing");
        assertEq(fresh.owner(), address(this), "owner");
        for (uint8 i; i < 3; ++i) {
            assertEq(fresh.holderOf(IGuardian.Right(i)), bob, "holder");
            assertEq(fresh.rightUntil(IGuardian.Right(i)), block.timestamp + 1 days, "until");
        }
    }

    function test_RevertGiven_ConstructionOutOfRange() public {
        bytes memory zero = abi.encodeWithSelector(IGuardian.Guardian_ZeroAddress.selector);
        vm.expectRevert(zero);
        new Guardian(address(this), IStakeVault(address(0)), standing, bob, 1 days);
        vm.expectRevert(zero);
        new Guardian(address(this), vault, INodeStanding(address(0)), bob, 1 days);
        vm.expectRevert(zero);
        new Guardian(address(this), vault, standing, address(0), 1 days);
        vm.expectRevert(abi.encodeWithSelector(IGuardian.Guardian_TermTooLong.selector, 365 days + 1, 365 days));
        new Guardian(address(this), vault, standing, bob, 365 days + 1);
        vm.expectRevert(abi.encodeWithSelector(Ownable.OwnableInvalidOwner.selector, address(0)));
        new Guardian(address(0), vault, standing, bob, 1 days);
    }

    function test_LendEachRightApart() public {
        IGuardian.Right[3] memory rights = [IGuardian.Right.CancelProposal, REVERSE, IGuardian.Right.CancelRewardRoot];
        address[3] memory holders = [alice, bob, carol];
        for (uint256 i; i < 3; ++i) {
            uint256 until = block.timestamp + (i + 1) * 1 days;
            vm.expectEmit(address(guardian));
            emit IGuardian.RightLent(rights[i], holders[i], until);
            guardian.lend(rights[i], holders[i], (i + 1) * 1 days);
        }
        for (uint256 i; i < 3; ++i) {
            assertEq(guardian.holderOf(rights[i]), holders[i], "holder");
            assertEq(guardian.rightUntil(rights[i]), block.timestamp + (i + 1) * 1 days, "until");
        }
        // Another right than the one asked for is none.
        vm.expectRevert(_notHeld(REVERSE, alice, block.timestamp + 2 days));
        _reverseBy(alice, LOST, 0);
        _reverseBy(bob, LOST, 0);
    }

    function test_RightIsRenewedAndTakenBack() public {
        assertEq(guardian.MAX_TERM(), 365 days, "MAX_TERM");
        guardian.lend(REVERSE, guard, 365 days);
        assertEq(guardian.rightUntil(REVERSE), block.timestamp + 365 days, "renewed");
        vm.expectEmit(address(guardian));
        emit IGuardian.RightLent(REVERSE, guard, 0);
        guardian.lend(REVERSE, guard, 0);
        assertEq(guardian.rightUntil(REVERSE), 0, "taken back");
        vm.expectRevert(_notHeld(REVERSE, guard, 0));
        _reverseBy(guard, LOST, 0);
    }

    function test_RevertGiven_LendingOutOfRange() public {
        vm.expectRevert(abi.encodeWithSelector(IGuardian.Guardian_TermTooLong.selector, 365 days + 1, 365 days));
        guardian.lend(REVERSE, guard, 365 days + 1);
        vm.expectRevert(abi.encodeWithSelector(IGuardian.Guardian_ZeroAddress.selector));
        guardian.lend(REVERSE, address(0), 1 days);
        vm.expectRevert(abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, guard));
        vm.prank(guard);
        guardian.lend(REVERSE, guard, 1 days);
    }

    function test_RightLapsesAfterItsLastSecond() public {
        uint256 until = block.timestamp + 10 minutes;
        guardian.lend(REVERSE, guard, 10 minutes);
        vm.warp(until);
        _reverseBy(guard, 1e18, 0);
        vm.warp(until + 1);
        vm.expectRevert(_notHeld(REVERSE, guard, until));
        _reverseBy(guard, 1e18, 0);
        vm.expectRevert(_notHeld(REVERSE, alice, until));
        _reverseBy(alice, 1e18, 0);
        // What has lapsed falls back to governance, which needs no term.
        guardian.reverseSlash(worker, 1, 1e18, 0, NodeRole.Worker, 0);
        assertEq(vault.slashRecordOf(worker, 1).masa, LOST - 2e18, "both reversals");
    }

    // ---------------------------------------------------------------- reversal

    function test_ReversalGivesBackStakeAndLiftsTheSuspension() public {
        uint256 staked = _staked(worker);
        vm.expectEmit(address(vault));
        emit IStakeVault.SlashReversed(worker, 1, LOST, 0);
        vm.expectEmit(address(standing));
        emit INodeStanding.SuspensionLifted(worker, clock.currentEpoch());
        vm.expectEmit(address(guardian));
        emit IGuardian.SlashForgiven(worker, 1, LOST, 0, 0);
        _reverseBy(guard, LOST, 0);
        assertEq(_staked(worker), staked + LOST, "stake");
        INodeStanding.Standing memory s = standing.standingOf(worker, NodeRole.Worker);
        assertFalse(s.suspended, "D15 suspension lifted");
        assertEq(s.strikes, 0, "D15 strikes wiped");
        assertTrue(standing.isEligible(worker, NodeRole.Worker), "at work again");
        _assertConserved("I-01");
    }

    /// The epoch's work is folded in by the next roll; the guardian puts back what the bad answer cost.
    function test_ReversalRestoresUtility() public {
        uint256 before = standing.utilityOf(worker, NodeRole.Worker);
        _rollNext();
        uint256 fallen = standing.utilityOf(worker, NodeRole.Worker);
        assertLt(fallen, before, "the answer cost utility");
        vm.expectEmit(address(standing));
        emit INodeStanding.UtilityRestored(worker, NodeRole.Worker, fallen, before);
        vm.expectEmit(address(guardian));
        emit IGuardian.SlashForgiven(worker, 1, LOST, 0, before);
        _reverseBy(guard, LOST, before);
        assertEq(standing.utilityOf(worker, NodeRole.Worker), before, "D15 utility as it was");
    }

    /// One slash took utility once, so it comes back once for it, in however many parts the funds are reversed.
    function test_RevertGiven_UtilityGivenBackTwiceForOneSlash() public {
        _rollNext();
        uint256 fallen = standing.utilityOf(worker, NodeRole.Worker);
        // Funds alone leave it open, as does a reversal that fails.
        _reverseBy(guard, 10e18, 0);
        vm.expectRevert(
            abi.encodeWithSelector(
                INodeStanding.NodeStanding_OutOfRange.selector,
                bytes32("utility"),
                fallen - 1,
                fallen,
                fallen + 0.2e18
            )
        );
        _reverseBy(guard, 10e18, fallen - 1);
        _reverseBy(guard, 10e18, fallen + 1);
        assertEq(standing.utilityOf(worker, NodeRole.Worker), fallen + 1, "D15 once");
        address[2] memory callers = [guard, address(this)];
        for (uint256 i; i < 2; ++i) {
            vm.expectRevert(abi.encodeWithSelector(IGuardian.Guardian_AlreadyRestored.selector, worker, uint256(1)));
            _reverseBy(callers[i], 10e18, fallen + 2);
        }
        assertEq(vault.slashRecordOf(worker, 1).masa, LOST - 20e18, "a refusal undoes the funds as well");
        _reverseBy(guard, LOST - 20e18, 0);
        assertEq(vault.slashRecordOf(worker, 1).masa, 0, "the funds come back all the same");
        // Another slash is another record, with its own.
        assertEq(_slashNow(worker, 10e18), 2, "second slash");
        vm.prank(guard);
        guardian.reverseSlash(worker, 2, 10e18, 0, NodeRole.Worker, fallen + 2);
        assertEq(standing.utilityOf(worker, NodeRole.Worker), fallen + 2, "D15 once for each");
        vm.expectRevert(abi.encodeWithSelector(IGuardian.Guardian_AlreadyRestored.selector, worker, uint256(2)));
        vm.prank(guard);
        guardian.reverseSlash(worker, 2, 0, 0, NodeRole.Worker, fallen + 3);
    }

    /// No reversal gives more than a slash can have taken, and what one part refuses undoes the other.
    function test_RevertGiven_ReversalOutOfRange() public {
        _rollNext();
        uint256 fallen = standing.utilityOf(worker, NodeRole.Worker);
        uint256 most = fallen + 0.2e18;
        vm.expectRevert(
            abi.encodeWithSelector(
                INodeStanding.NodeStanding_OutOfRange.selector,
                bytes32("utility"),
                most + 1,
                fallen,
                most
            )
        );
        _reverseBy(guard, LOST, most + 1);
        vm.expectRevert(
            abi.encodeWithSelector(
                INodeStanding.NodeStanding_OutOfRange.selector,
                bytes32("utility"),
                fallen - 1,
                fallen,
                most
            )
        );
        _reverseBy(guard, LOST, fallen - 1);
        vm.expectRevert(abi.encodeWithSelector(INodeStanding.NodeStanding_NoRole.selector));
        vm.prank(guard);
        guardian.reverseSlash(worker, 1, LOST, 0, NodeRole.None, 0);
        vm.expectRevert(
            abi.encodeWithSelector(
                IStakeVault.StakeVault_MoreThanSlashed.selector,
                worker,
                uint256(1),
                LOST,
                uint256(0)
            )
        );
        _reverseBy(guard, LOST + 1, 0);
        vm.expectRevert(abi.encodeWithSelector(IStakeVault.StakeVault_NoSuchSlash.selector, alice, uint256(1)));
        vm.prank(guard);
        guardian.reverseSlash(alice, 1, 1, 0, NodeRole.Worker, 0);
        assertEq(vault.slashRecordOf(worker, 1).masa, LOST, "nothing was reversed");
    }

    /// Part is reversed, the rest is released when the window is over.
    function test_ReversedInPartThenReleased() public {
        _reverseBy(guard, 20e18, 0);
        vm.warp(uint256(vault.slashRecordOf(worker, 1).releasableAt) + 1);
        uint256 before = masa.balanceOf(treasury);
        vault.releaseSlash(worker, 1);
        assertEq(masa.balanceOf(treasury) - before, LOST - 20e18, "the rest");
        vm.expectRevert(abi.encodeWithSelector(IStakeVault.StakeVault_NoSuchSlash.selector, worker, uint256(1)));
        _reverseBy(guard, 1, 0);
        _assertConserved("I-01");
    }

    /// A guardian that another one replaced reverses nothing more.
    function test_RevertGiven_ReplacedGuardian() public {
        Guardian next = new Guardian(address(this), vault, standing, bob, 1 days);
        vault.setGuardian(next);
        vm.expectRevert(abi.encodeWithSelector(IStakeVault.StakeVault_NotGuardian.selector, address(guardian)));
        _reverseBy(guard, LOST, 0);
    }
}
