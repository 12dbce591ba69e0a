// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IModuleRights} from "../../contracts/interfaces/IModuleRights.sol";
import {IStakeVotes} from "../../contracts/interfaces/IStakeVotes.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {VotesBed} from "../support/VotesBed.sol";

/// @title StakeVotes: the total, kept while a snapshot is awaited
/// @dev {_await} is for seconds from now on; {_total} is what was staked at the end of a second, noted by the test.
contract StakeVotesTotalsTest is VotesBed {
    uint256 private start;

    function setUp() public override {
        super.setUp();
        _stake(alice, 100e18);
        _later(1);
        start = _now();
    }

    function _await(uint256 seconds_) private {
        votes.awaitSnapshot(_now() + seconds_);
    }

    function _assertRecorded(uint256 second, uint256 total) private view {
        assertTrue(votes.isRecorded(second), "recorded");
        assertEq(votes.getPastTotalSupply(second), total, "total");
    }

    function _assertUnknown(uint256 second) private {
        assertFalse(votes.isRecorded(second), "not recorded");
        vm.expectRevert(abi.encodeWithSelector(IStakeVotes.StakeVotes_TotalNotRecorded.selector, second));
        votes.getPastTotalSupply(second);
    }

    // ---------------------------------------------------------------- right

    function test_RevertGiven_SomebodyElseAwaits() public {
        vm.expectRevert(
            abi.encodeWithSelector(IModuleRights.ModuleRights_Unauthorised.selector, bytes32("SNAPSHOT"), bob, 0)
        );
        vm.prank(bob);
        votes.awaitSnapshot(start + 1);
    }

    function test_RevertGiven_ASecondThatIsOver() public {
        vm.expectRevert(abi.encodeWithSelector(IStakeVotes.StakeVotes_SnapshotPast.selector, start - 1, start));
        votes.awaitSnapshot(start - 1);
        vm.expectRevert(abi.encodeWithSelector(SafeCast.SafeCastOverflowedUintDowncast.selector, 48, uint256(1) << 48));
        votes.awaitSnapshot(1 << 48);
    }

    function test_AwaitingIsAnnouncedWithTheLastSecondAwaited() public {
        vm.expectEmit(address(votes));
        emit IStakeVotes.SnapshotAwaited(start + 10);
        _await(10);
        vm.expectEmit(address(votes));
        emit IStakeVotes.SnapshotAwaited(start + 10);
        _await(5);
        vm.expectEmit(address(votes));
        emit IStakeVotes.SnapshotAwaited(start + 20);
        _await(20);
    }

    // ---------------------------------------------------------------- nobody waits

    function test_NothingIsKnownWhileNobodyWaits() public {
        assertFalse(votes.isRecorded(start), "the present second");
        assertFalse(votes.isRecorded(start + 1), "a second to come");
        _later(10);
        _assertUnknown(start);
        _assertUnknown(0);
        _stake(alice, 1e18);
        _later(10);
        _assertUnknown(start + 10);
        _assertUnknown(start + 15);
    }

    // ---------------------------------------------------------------- one span

    function test_EverySecondOfASpanIsKnownWithItsEnd() public {
        uint256 total = _allStaked();
        _await(10);
        assertTrue(votes.isRecorded(start), "the present second");
        assertTrue(votes.isRecorded(start + 10), "the last one");
        assertFalse(votes.isRecorded(start + 11), "the one after it");
        _later(3);
        _stake(alice, 5e18);
        _later(2);
        _unbond(alice, 1e18);
        _later(5);
        uint256[10] memory added = [uint256(0), 0, 0, 5e18, 5e18, 4e18, 4e18, 4e18, 4e18, 4e18];
        for (uint256 i; i < 10; ++i) {
            _assertRecorded(start + i, total + added[i]);
        }
        _assertUnknown(start - 1);
    }

    function test_ManyChangesOfOneSecondLeaveItsTotalAtItsEnd() public {
        uint256 total = _allStaked();
        _await(10);
        _later(3);
        _stake(alice, 5e18);
        _stake(bob, 7e18);
        _unbond(alice, 1e18);
        _slashNow(bob, 2e18);
        _later(1);
        _stake(alice, 50e18);
        _later(20);
        _assertRecorded(start + 2, total);
        _assertRecorded(start + 3, total + 9e18);
        _assertRecorded(start + 4, total + 59e18);
    }

    function test_TheSecondInWhichWaitingBeginsCountsAtItsEnd() public {
        uint256 total = _allStaked();
        _stake(alice, 5e18);
        _await(10);
        _stake(alice, 6e18);
        _later(1);
        _assertRecorded(start, total + 11e18);
        _assertUnknown(start - 1);
        _stake(alice, 1e18);
        _later(1);
        _assertRecorded(start, total + 11e18);
        _assertRecorded(start + 1, total + 12e18);
    }

    function test_ThePresentSecondAloneMayBeAwaited() public {
        _await(0);
        _stake(alice, 5e18);
        uint256 total = _allStaked();
        assertTrue(votes.isRecorded(start), "will be known");
        _later(1);
        _assertRecorded(start, total);
        _stake(alice, 5e18);
        _later(1);
        _assertRecorded(start, total);
        _assertUnknown(start + 1);
    }

    function test_AChangeInTheLastSecondAwaitedCounts() public {
        _await(10);
        _later(10);
        _stake(alice, 5e18);
        uint256 total = _allStaked();
        _later(1);
        _stake(alice, 5e18);
        _later(1);
        _assertRecorded(start + 9, total - 5e18);
        _assertRecorded(start + 10, total);
        _assertUnknown(start + 11);
    }

    // ---------------------------------------------------------------- the end of a span

    function test_ASpanWithoutChangesIsKnownForAsLongAsTheyAreAway() public {
        uint256 total = _allStaked();
        _await(10);
        _later(1_000);
        _assertRecorded(start + 10, total);
        // Nothing has changed since, so these are known as well, and stay so.
        _assertRecorded(start + 999, total);
        _stake(alice, 5e18);
        _later(5);
        _assertRecorded(start + 10, total);
        _assertRecorded(start + 999, total);
        _assertUnknown(start + 1_000);
    }

    function test_TheFirstChangeAfterASpanEntersItAndNoLaterOneDoes() public {
        uint256 total = _allStaked();
        _await(10);
        _later(30);
        _stake(alice, 5e18);
        _later(1);
        _stake(alice, 5e18);
        _later(1);
        _stake(alice, 5e18);
        _later(1);
        _assertRecorded(start, total);
        _assertRecorded(start + 29, total);
        _assertUnknown(start + 30);
        _assertUnknown(start + 31);
        _assertUnknown(start + 32);
    }

    // ---------------------------------------------------------------- more spans

    function test_AnOpenSpanIsProlongedWithoutAGap() public {
        uint256 total = _allStaked();
        _await(10);
        _later(5);
        _stake(alice, 5e18);
        _await(20);
        _later(15);
        _stake(alice, 5e18);
        _later(6);
        _assertRecorded(start + 4, total);
        _assertRecorded(start + 5, total + 5e18);
        _assertRecorded(start + 19, total + 5e18);
        _assertRecorded(start + 20, total + 10e18);
        _assertRecorded(start + 24, total + 10e18);
    }

    function test_AShorterWaitDoesNotShortenALongerOne() public {
        _await(20);
        _await(2);
        _later(10);
        _stake(alice, 5e18);
        uint256 total = _allStaked();
        _later(5);
        _stake(alice, 5e18);
        _later(1);
        _assertRecorded(start + 14, total);
    }

    function test_ASpanThatEndedWithoutAChangeIsProlongedFromItsBegin() public {
        uint256 total = _allStaked();
        _await(10);
        _later(50);
        _await(10);
        _stake(alice, 5e18);
        _later(1);
        _assertRecorded(start, total);
        _assertRecorded(start + 30, total);
        _assertRecorded(start + 49, total);
        _assertRecorded(start + 50, total + 5e18);
    }

    function test_BetweenTwoSpansNothingIsKnown() public {
        uint256 total = _allStaked();
        _await(10);
        _later(20);
        _stake(alice, 5e18);
        _later(20);
        _stake(alice, 5e18);
        _later(20);
        _await(10);
        _later(5);
        _stake(alice, 5e18);
        _later(50);
        _assertRecorded(start + 19, total);
        _assertUnknown(start + 20);
        _assertUnknown(start + 40);
        _assertUnknown(start + 59);
        _assertRecorded(start + 60, total + 10e18);
        _assertRecorded(start + 64, total + 10e18);
        _assertRecorded(start + 65, total + 15e18);
        _assertRecorded(start + 70, total + 15e18);
    }

    function test_AWaitInTheSecondOfTheChangeThatEndedASpan() public {
        uint256 total = _allStaked();
        _await(5);
        _later(10);
        _stake(alice, 5e18);
        _await(5);
        _stake(alice, 5e18);
        _later(1);
        _assertRecorded(start + 9, total);
        _assertRecorded(start + 10, total + 10e18);
    }

    function test_ManyEntriesAreAllFound() public {
        _await(200);
        uint256[41] memory totals;
        for (uint256 i; i <= 40; ++i) {
            _stake(alice, (i + 1) * 1e18);
            totals[i] = _allStaked();
            _later(3);
        }
        for (uint256 i; i <= 40; ++i) {
            for (uint256 within; within < 3; ++within) {
                _assertRecorded(start + 3 * i + within, totals[i]);
            }
        }
    }

    function test_TheSecondsThatAreAwaitedCannotBeAskedForBeforeTheyAreOver() public {
        _await(10);
        vm.expectRevert(abi.encodeWithSelector(IStakeVotes.StakeVotes_FutureLookup.selector, start + 5, start));
        votes.getPastTotalSupply(start + 5);
    }

    function test_DelegationDoesNotTouchTheTotal() public {
        _await(10);
        _later(2);
        _delegate(alice, dora);
        _setEdge(alice, egon, 5e18);
        _later(20);
        _assertRecorded(start + 2, _allStaked());
        _assertRecorded(start + 15, _allStaked());
    }
}
