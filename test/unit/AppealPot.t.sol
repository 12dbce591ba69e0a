// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IGuardian} from "../../contracts/interfaces/IGuardian.sol";
import {IStakeVault} from "../../contracts/interfaces/IStakeVault.sol";
import {VaultBed} from "../support/VaultBed.sol";

/// @title StakeVault: the appeal pot, reversals and releases (decision D15)
/// @notice Alice has 100 MASA and 25 TAO, worth 100 each, and lost a tenth of both: record 1.
contract AppealPotTest is VaultBed {
    uint256 private constant MASA_LOST = 10e18;
    uint256 private constant TAO_LOST = 2.5e9;

    address private compensation = address(0xc0ffee);
    uint256 private releasableAt;

    function setUp() public override {
        super.setUp();
        _stake(alice, 100e18);
        _stakeTao(alice, 25e9);
        assertEq(_slashNow(alice, 20e18), 1, "record");
        releasableAt = block.timestamp + APPEAL;
    }

    function _noSuchSlash(uint256 id) private view returns (bytes memory) {
        return abi.encodeWithSelector(IStakeVault.StakeVault_NoSuchSlash.selector, alice, id);
    }

    function _waits() private view returns (bytes memory) {
        return abi.encodeWithSelector(IStakeVault.StakeVault_WaitsForGovernance.selector, alice, uint256(1));
    }

    // ---------------------------------------------------------------- reversal

    function test_ReverseInFull() public {
        vm.expectEmit(address(vault));
        emit IStakeVault.SlashReversed(alice, 1, MASA_LOST, TAO_LOST);
        _reverse(alice, 1, MASA_LOST, TAO_LOST);
        assertEq(_staked(alice), 100e18, "MASA back in stake");
        assertEq(_taoStaked(alice), 25e9, "TAO back in stake");
        assertEq(_pot(address(masa)) + _pot(address(tao)), 0, "pots");
        assertEq(vault.slashRecordOf(alice, 1).masa, 0, "record");
        (uint256 staked, , ) = vault.totalsOf(address(masa));
        assertEq(staked, 100e18, "total");
        _assertConserved("I-01");
        // Nothing is left to pay out, and nothing to reverse.
        vm.expectRevert(
            abi.encodeWithSelector(
                IStakeVault.StakeVault_MoreThanSlashed.selector,
                alice,
                uint256(1),
                uint256(0),
                uint256(0)
            )
        );
        _reverse(alice, 1, 1, 0);
        vm.warp(releasableAt + 1);
        vault.releaseSlash(alice, 1);
        assertEq(masa.balanceOf(treasury) + tao.balanceOf(treasury), 0, "nothing released");
        vm.expectRevert(_noSuchSlash(1));
        vault.releaseSlash(alice, 1);
    }

    function test_ReversePartsThenRelease() public {
        _reverse(alice, 1, 4e18, 0);
        _reverse(alice, 1, 0, 1e9);
        assertEq(vault.slashRecordOf(alice, 1).masa, 6e18, "MASA left");
        assertEq(vault.slashRecordOf(alice, 1).tao, 1.5e9, "TAO left");
        bytes memory more = abi.encodeWithSelector(
            IStakeVault.StakeVault_MoreThanSlashed.selector,
            alice,
            uint256(1),
            uint256(6e18),
            uint256(1.5e9)
        );
        vm.expectRevert(more);
        _reverse(alice, 1, 6e18 + 1, 0);
        vm.expectRevert(more);
        _reverse(alice, 1, 0, 1.5e9 + 1);
        vm.warp(releasableAt + 1);
        // The window is for appeals; until somebody releases the funds they can be given back still.
        _reverse(alice, 1, 1e18, 0);
        vault.releaseSlash(alice, 1);
        assertEq(masa.balanceOf(treasury), 5e18, "MASA released");
        assertEq(tao.balanceOf(treasury), 1.5e9, "TAO released");
        vm.expectRevert(_noSuchSlash(1));
        _reverse(alice, 1, 0, 0);
        _assertConserved("I-01");
    }

    /// The account may have left meanwhile: what comes back is stake, to be unbonded as any other.
    function test_ReversalGoesToStakeWhateverBecameOfTheAccount() public {
        uint256 id = _unbond(alice, ALL);
        _slashNow(alice, 1e30);
        assertEq(_worth(alice, id), 0, "nothing left");
        _reverse(alice, 1, MASA_LOST, 0);
        assertEq(_staked(alice), MASA_LOST, "staked");
        assertEq(_worth(alice, id), 0, "not in an old entry");
        id = _unbond(alice, ALL);
        vm.warp(block.timestamp + UNBONDING);
        assertEq(_withdraw(alice, id), MASA_LOST, "and out");
        _assertConserved("I-01");
    }

    /// A reversal is no shield: what was booked meanwhile is applied to the stake before it, not to what comes back.
    function test_ReversalAppliesWhatIsBookedFirst() public {
        _slash(alice, 0, 1e30);
        vm.expectEmit(address(vault));
        emit IStakeVault.SlashApplied(alice, 2, 180e18, 90e18, 0, 22.5e9, 0, 0);
        _reverse(alice, 1, MASA_LOST, TAO_LOST);
        assertEq(_staked(alice), MASA_LOST, "only what came back");
        assertEq(vault.slashRecordOf(alice, 2).masa, 90e18, "a record of its own");
        _assertConserved("I-01");
    }

    function test_RevertGiven_NotGuardian() public {
        address[3] memory callers = [alice, guard, address(this)];
        for (uint256 i; i < 3; ++i) {
            // Neither the guardian's holder nor the owner: they go through the guardian's contract.
            vm.expectRevert(abi.encodeWithSelector(IStakeVault.StakeVault_NotGuardian.selector, callers[i]));
            vm.prank(callers[i]);
            vault.reverseSlash(alice, 1, 1, 0);
        }
    }

    function test_RevertGiven_NoSuchSlash() public {
        vm.expectRevert(_noSuchSlash(0));
        _reverse(alice, 0, 0, 0);
        vm.expectRevert(_noSuchSlash(2));
        _reverse(alice, 2, 0, 0);
        vm.expectRevert(_noSuchSlash(2));
        vault.releaseSlash(alice, 2);
        vm.expectRevert(abi.encodeWithSelector(IStakeVault.StakeVault_NoSuchSlash.selector, bob, uint256(1)));
        vault.releaseSlash(bob, 1);
        // A booking has no record before it is applied.
        _slash(alice, 0, 1);
        vm.expectRevert(_noSuchSlash(2));
        vault.releaseSlash(alice, 2);
    }

    // ---------------------------------------------------------------- release

    function test_ReleaseAfterTheLastSecondOfTheWindow() public {
        assertEq(vault.slashRecordOf(alice, 1).releasableAt, releasableAt, "end of the window");
        vm.warp(releasableAt);
        vm.expectRevert(
            abi.encodeWithSelector(
                IStakeVault.StakeVault_AppealOpen.selector,
                alice,
                uint256(1),
                releasableAt,
                releasableAt
            )
        );
        vault.releaseSlash(alice, 1);
        vm.warp(releasableAt + 1);
        vm.expectEmit(address(vault));
        emit IStakeVault.SlashReleased(alice, 1, address(masa), MASA_LOST, 0, 0);
        vm.expectEmit(address(vault));
        emit IStakeVault.SlashReleased(alice, 1, address(tao), TAO_LOST, 0, 0);
        vm.prank(bob);
        vault.releaseSlash(alice, 1);
        assertEq(masa.balanceOf(treasury), MASA_LOST, "treasury");
        assertEq(tao.balanceOf(treasury), TAO_LOST, "treasury's TAO");
        assertEq(_pot(address(masa)) + _pot(address(tao)), 0, "pots");
        vm.expectRevert(_noSuchSlash(1));
        vault.releaseSlash(alice, 1);
        _assertConserved("I-01");
    }

    /// Each slash has its own window, whatever came before or after.
    function test_RecordsAreReleasedApart() public {
        vm.warp(block.timestamp + APPEAL);
        assertEq(_slashNow(alice, 18e18), 2, "second record");
        vm.warp(block.timestamp + 1);
        vm.expectRevert(
            abi.encodeWithSelector(
                IStakeVault.StakeVault_AppealOpen.selector,
                alice,
                uint256(2),
                releasableAt + APPEAL,
                block.timestamp
            )
        );
        vault.releaseSlash(alice, 2);
        vault.releaseSlash(alice, 1);
        assertEq(_pot(address(masa)), 9e18, "the second waits");
        vm.warp(releasableAt + APPEAL + 1);
        vault.releaseSlash(alice, 2);
        assertEq(masa.balanceOf(treasury), 19e18, "both");
    }

    function test_ReleaseToTheThreeDestinations() public {
        IStakeVault.SlashDestinations memory next = IStakeVault.SlashDestinations(bob, compensation, 0.3e18, 0.2e18);
        vm.expectEmit(address(vault));
        emit IStakeVault.SlashDestinationsSet(_toTreasury(), next);
        vault.setSlashDestinations(next);
        assertEq(vault.slashDestinations().compensation, compensation, "stored");
        assertEq(vault.BURN_ADDRESS(), address(0xdead), "nobody's");
        vm.warp(releasableAt + 1);
        vm.expectEmit(address(vault));
        emit IStakeVault.SlashReleased(alice, 1, address(masa), 5e18, 3e18, 2e18);
        vm.expectEmit(address(vault));
        emit IStakeVault.SlashReleased(alice, 1, address(tao), 1.25e9, 0.75e9, 0.5e9);
        vault.releaseSlash(alice, 1);
        assertEq(masa.balanceOf(bob), 5e18, "treasury");
        assertEq(masa.balanceOf(compensation), 3e18, "compensation");
        assertEq(masa.balanceOf(address(0xdead)), 2e18, "burned");
        assertEq(tao.balanceOf(address(0xdead)), 0.5e9, "burned TAO");
        _assertConserved("I-01");
    }

    /// Shares round down and the treasury takes what they leave: every wei goes somewhere, for any shares.
    function testFuzz_DestinationsTakeAllOfIt(uint64 compensationShare, uint64 burnShare, uint96 amount) public {
        burnShare = uint64(bound(burnShare, 0, WAD));
        compensationShare = uint64(bound(compensationShare, 0, WAD - burnShare));
        vault.setSlashDestinations(IStakeVault.SlashDestinations(treasury, compensation, compensationShare, burnShare));
        amount = uint96(bound(amount, 1, 1e24));
        _stake(bob, amount);
        assertEq(_slashNow(bob, amount), 1, "record");
        vm.warp(block.timestamp + APPEAL + 1);
        vault.releaseSlash(bob, 1);
        assertEq(masa.balanceOf(compensation), (uint256(amount) * compensationShare) / WAD, "compensation");
        assertEq(masa.balanceOf(address(0xdead)), (uint256(amount) * burnShare) / WAD, "burned");
        assertEq(
            masa.balanceOf(treasury) + masa.balanceOf(compensation) + masa.balanceOf(address(0xdead)),
            amount,
            "every wei"
        );
        _assertConserved("I-01");
    }

    function test_RevertGiven_DestinationsOutOfRange() public {
        bytes memory zero = abi.encodeWithSelector(IStakeVault.StakeVault_ZeroAddress.selector);
        vm.expectRevert(zero);
        vault.setSlashDestinations(IStakeVault.SlashDestinations(address(0), compensation, 0, 0));
        vm.expectRevert(zero);
        vault.setSlashDestinations(IStakeVault.SlashDestinations(treasury, address(0), 1, 0));
        vm.expectRevert(_outOfRange("burnShare", WAD + 1, 0, WAD));
        vault.setSlashDestinations(IStakeVault.SlashDestinations(treasury, compensation, 0, uint64(WAD + 1)));
        vm.expectRevert(_outOfRange("compensationShare", 0.7e18 + 1, 0, 0.7e18));
        vault.setSlashDestinations(IStakeVault.SlashDestinations(treasury, compensation, 0.7e18 + 1, 0.3e18));
        vault.setSlashDestinations(IStakeVault.SlashDestinations(treasury, compensation, 0.7e18, 0.3e18));
    }

    // ---------------------------------------------------------------- a guardian whose right lapsed

    function test_LapsedGuardianLeavesThePotToGovernance() public {
        guardian.lend(IGuardian.Right.ReverseSlash, guard, APPEAL - 1);
        assertEq(guardian.rightUntil(IGuardian.Right.ReverseSlash), releasableAt - 1, "a second short");
        vm.warp(releasableAt + 1 days);
        vm.expectRevert(_waits());
        vm.prank(bob);
        vault.releaseSlash(alice, 1);
        // The owner can release what nobody could appeal in time, or give it back.
        guardian.lend(IGuardian.Right.CancelProposal, guard, 10 days);
        vm.expectRevert(_waits());
        vm.prank(guard);
        vault.releaseSlash(alice, 1);
        _reverse(alice, 1, 1e18, 0);
        vault.releaseSlash(alice, 1);
        assertEq(masa.balanceOf(treasury), 9e18, "released by the owner");
    }

    function test_RightThatLastsToTheLastSecondOfTheWindowSuffices() public {
        guardian.lend(IGuardian.Right.ReverseSlash, guard, APPEAL);
        vm.warp(releasableAt + 1);
        vm.prank(bob);
        vault.releaseSlash(alice, 1);
        assertEq(masa.balanceOf(treasury), MASA_LOST, "released");
    }

    function test_OwnerCannotCutAWindowShort() public {
        guardian.lend(IGuardian.Right.ReverseSlash, guard, 0);
        vm.warp(releasableAt);
        vm.expectRevert(
            abi.encodeWithSelector(
                IStakeVault.StakeVault_AppealOpen.selector,
                alice,
                uint256(1),
                releasableAt,
                releasableAt
            )
        );
        vault.releaseSlash(alice, 1);
    }
}
