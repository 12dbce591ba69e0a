// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IStakeVault} from "../../contracts/interfaces/IStakeVault.sol";
import {BlockingTokenMock} from "../../contracts/mocks/BlockingTokenMock.sol";
import {StakeVault} from "../../contracts/staking/StakeVault.sol";
import {VaultBed} from "../support/VaultBed.sol";

/// @title StakeVault: bounties for proven offences (decisions D8, D15)
/// @notice Alice has 100 MASA and 25 TAO, worth 100 each, and lost a tenth of both: record 1. Bob reported her.
contract BountyTest is VaultBed {
    uint256 private constant MASA_LOST = 10e18;
    uint256 private constant TAO_LOST = 2.5e9;
    uint64 private constant SHARE = 0.1e18;

    address private compensation = address(0xc0ffee);
    uint256 private releasableAt;

    function setUp() public override {
        super.setUp();
        _stake(alice, 100e18);
        _stakeTao(alice, 25e9);
        assertEq(_slashNow(alice, 20e18), 1, "record");
        releasableAt = block.timestamp + APPEAL;
    }

    function _promise(uint256 id, address reporter, uint64 share) private {
        vm.prank(address(escrow));
        vault.setBounty(alice, id, reporter, share);
    }

    function _releaseRecord() private {
        vm.warp(releasableAt + 1);
        vault.releaseSlash(alice, 1);
    }

    function _assertNoBounty(uint256 id) private view {
        (address reporter, uint64 share) = vault.bountyOf(alice, id);
        assertEq(reporter, address(0), "no reporter");
        assertEq(share, 0, "no share");
    }

    // ---------------------------------------------------------------- paid

    function test_ReporterIsPaidFirstAndTheTreasuryTheRest() public {
        _assertNoBounty(1);
        vm.expectEmit(address(vault));
        emit IStakeVault.BountySet(alice, 1, bob, SHARE);
        _promise(1, bob, SHARE);
        (address reporter, uint64 share) = vault.bountyOf(alice, 1);
        assertEq(reporter, bob, "reporter");
        assertEq(share, SHARE, "share");
        assertEq(masa.balanceOf(bob), 0, "nothing before the appeal is over");
        vm.warp(releasableAt + 1);
        vm.expectEmit(address(vault));
        emit IStakeVault.BountyPaid(alice, 1, address(masa), bob, 1e18);
        vm.expectEmit(address(vault));
        emit IStakeVault.SlashReleased(alice, 1, address(masa), 9e18, 0, 0);
        vm.expectEmit(address(vault));
        emit IStakeVault.BountyPaid(alice, 1, address(tao), bob, 0.25e9);
        vm.expectEmit(address(vault));
        emit IStakeVault.SlashReleased(alice, 1, address(tao), 2.25e9, 0, 0);
        vm.prank(carol);
        vault.releaseSlash(alice, 1);
        assertEq(masa.balanceOf(bob), 1e18, "bounty");
        assertEq(tao.balanceOf(bob), 0.25e9, "bounty in TAO");
        assertEq(masa.balanceOf(treasury), 9e18, "treasury");
        assertEq(tao.balanceOf(treasury), 2.25e9, "treasury's TAO");
        _assertNoBounty(1);
        _assertConserved("I-01");
    }

    function test_DestinationsShareWhatTheBountyLeaves() public {
        vault.setSlashDestinations(IStakeVault.SlashDestinations(treasury, compensation, 0.3e18, 0.2e18));
        _promise(1, bob, 0.25e18);
        _releaseRecord();
        assertEq(masa.balanceOf(bob), 2.5e18, "a quarter");
        assertEq(masa.balanceOf(compensation), 2.25e18, "three tenths of the rest");
        assertEq(masa.balanceOf(address(0xdead)), 1.5e18, "a fifth of the rest");
        assertEq(masa.balanceOf(treasury), 3.75e18, "half of the rest");
        _assertConserved("I-01");
    }

    /// Shares round down: every wei goes somewhere, for any share of a slash of any size.
    function testFuzz_I01_BountyAndDestinationsTakeAllOfIt(uint64 share, uint64 burnShare, uint96 amount) public {
        share = uint64(bound(share, 1, vault.MAX_BOUNTY_SHARE()));
        burnShare = uint64(bound(burnShare, 0, WAD));
        vault.setSlashDestinations(IStakeVault.SlashDestinations(treasury, compensation, 0, burnShare));
        amount = uint96(bound(amount, 1, 1e24));
        _stake(carol, amount);
        assertEq(_slashNow(carol, amount), 1, "record");
        vm.prank(address(escrow));
        vault.setBounty(carol, 1, bob, share);
        vm.warp(block.timestamp + APPEAL + 1);
        vault.releaseSlash(carol, 1);
        uint256 bounty = (uint256(amount) * share) / WAD;
        uint256 burned = ((amount - bounty) * burnShare) / WAD;
        assertEq(masa.balanceOf(bob), bounty, "bounty");
        assertEq(masa.balanceOf(address(0xdead)), burned, "burned");
        assertEq(masa.balanceOf(treasury), amount - bounty - burned, "treasury");
        _assertConserved("I-01");
    }

    /// One record of several: the bounty of one leaves the other alone.
    function test_BountyBelongsToOneRecord() public {
        assertEq(_slashNow(alice, 18e18), 2, "second record");
        _promise(2, bob, SHARE);
        _assertNoBounty(1);
        vm.warp(releasableAt + 1);
        vault.releaseSlash(alice, 1);
        assertEq(masa.balanceOf(bob), 0, "not of the first");
        vault.releaseSlash(alice, 2);
        assertEq(masa.balanceOf(bob), 0.9e18, "of the second");
        assertEq(masa.balanceOf(treasury), MASA_LOST + 8.1e18, "the rest of both");
    }

    // ---------------------------------------------------------------- reversed

    function test_ReversalLowersTheBounty() public {
        _promise(1, bob, SHARE);
        _reverse(alice, 1, 4e18, TAO_LOST);
        _releaseRecord();
        assertEq(masa.balanceOf(bob), 0.6e18, "of what was left");
        assertEq(masa.balanceOf(treasury), 5.4e18, "treasury");
        assertEq(tao.balanceOf(bob) + tao.balanceOf(treasury), 0, "all TAO went back");
        assertEq(_taoStaked(alice), 25e9, "to the account");
        _assertConserved("I-01");
    }

    function test_FullReversalLeavesNoBounty() public {
        _promise(1, bob, 0.25e18);
        _reverse(alice, 1, MASA_LOST, TAO_LOST);
        _releaseRecord();
        assertEq(masa.balanceOf(bob) + tao.balanceOf(bob), 0, "nothing to share");
        assertEq(_staked(alice), 100e18, "all of it is stake again");
        _assertNoBounty(1);
        _assertConserved("I-01");
    }

    /// A bounty that rounds to nothing is not paid and not announced.
    function test_DustPaysNoBounty() public {
        _reverse(alice, 1, MASA_LOST - 3, TAO_LOST);
        _promise(1, bob, 0.25e18);
        vm.warp(releasableAt + 1);
        vm.recordLogs();
        vault.releaseSlash(alice, 1);
        assertEq(vm.getRecordedLogs().length, 2, "released and transferred, no more");
        assertEq(masa.balanceOf(bob), 0, "3 wei have no quarter");
        assertEq(masa.balanceOf(treasury), 3, "treasury");
    }

    // ---------------------------------------------------------------- a reporter that cannot receive

    /// The token blocks the reporter, by a revert or by returning false: the slash is released even so.
    function test_BlockedReporterDoesNotHoldTheSlashFast() public {
        for (uint256 i; i < 2; ++i) {
            BlockingTokenMock token = new BlockingTokenMock(9);
            StakeVault other = _vaultOver(address(masa), address(token));
            other.setSlashDestinations(IStakeVault.SlashDestinations(treasury, compensation, 0.5e18, 0));
            token.mint(alice, 100e9);
            vm.startPrank(alice);
            token.approve(address(other), 100e9);
            other.stake(address(token), 100e9);
            vm.stopPrank();
            other.slash(alice, 0, 40e18);
            other.applySlash(alice);
            other.setBounty(alice, 1, bob, SHARE);
            token.setSilent(i == 1);
            token.setBlocked(bob, true);
            vm.warp(block.timestamp + APPEAL + 1);
            vm.expectEmit(address(other));
            emit IStakeVault.SlashReleased(alice, 1, address(token), 5.5e9, 4.5e9, 0);
            other.releaseSlash(alice, 1);
            assertEq(token.balanceOf(bob), 0, "blocked");
            assertEq(token.balanceOf(compensation), 4.5e9, "compensation has its half of the rest");
            assertEq(token.balanceOf(treasury), 5.5e9, "treasury has the bounty beside its half");
            (, , uint256 pot) = other.totalsOf(address(token));
            assertEq(pot, 0, "I-01 the pot");
            assertEq(token.balanceOf(address(other)), 90e9, "I-01 the vault");
        }
    }

    // ---------------------------------------------------------------- refused

    function test_RevertGiven_NotSlasher() public {
        address[4] memory callers = [bob, guard, address(this), address(guardian)];
        for (uint256 i; i < 4; ++i) {
            vm.expectRevert(abi.encodeWithSelector(IStakeVault.StakeVault_NotSlasher.selector, callers[i]));
            vm.prank(callers[i]);
            vault.setBounty(alice, 1, bob, SHARE);
        }
        vault.revokeSlasher(address(escrow));
        vm.expectRevert(abi.encodeWithSelector(IStakeVault.StakeVault_NotSlasher.selector, address(escrow)));
        _promise(1, bob, SHARE);
    }

    function test_RevertGiven_NoSuchSlash() public {
        for (uint256 id; id < 3; id += 2) {
            vm.expectRevert(abi.encodeWithSelector(IStakeVault.StakeVault_NoSuchSlash.selector, alice, id));
            _promise(id, bob, SHARE);
        }
        // A booking has no record before it is applied, and a released one has none any more.
        _slash(alice, 0, 1e18);
        vm.expectRevert(abi.encodeWithSelector(IStakeVault.StakeVault_NoSuchSlash.selector, alice, uint256(2)));
        _promise(2, bob, SHARE);
        _releaseRecord();
        vm.expectRevert(abi.encodeWithSelector(IStakeVault.StakeVault_NoSuchSlash.selector, alice, uint256(1)));
        _promise(1, bob, SHARE);
    }

    function test_RevertGiven_SecondBounty() public {
        _promise(1, bob, 1);
        vm.expectRevert(
            abi.encodeWithSelector(IStakeVault.StakeVault_BountyAlreadySet.selector, alice, uint256(1), bob)
        );
        _promise(1, carol, SHARE);
        // Nor for the same reporter.
        vm.expectRevert(
            abi.encodeWithSelector(IStakeVault.StakeVault_BountyAlreadySet.selector, alice, uint256(1), bob)
        );
        _promise(1, bob, SHARE);
    }

    function test_RevertGiven_ShareOutOfRange() public {
        assertEq(vault.MAX_BOUNTY_SHARE(), 0.25e18, "a quarter");
        uint64[3] memory shares = [0, 0.25e18 + 1, type(uint64).max];
        for (uint256 i; i < 3; ++i) {
            vm.expectRevert(_outOfRange("share", shares[i], 1, 0.25e18));
            _promise(1, bob, shares[i]);
        }
        _promise(1, bob, 0.25e18);
    }

    function test_RevertGiven_ReporterThatCannotBeOne() public {
        address[3] memory reporters = [address(0), address(vault), alice];
        for (uint256 i; i < 3; ++i) {
            vm.expectRevert(
                abi.encodeWithSelector(IStakeVault.StakeVault_ReporterRefused.selector, alice, reporters[i])
            );
            _promise(1, reporters[i], SHARE);
        }
    }
}
