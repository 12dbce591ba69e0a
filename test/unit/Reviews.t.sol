// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";

import {Reviews} from "../../contracts/governance/Reviews.sol";
import {IProposalClasses} from "../../contracts/interfaces/IProposalClasses.sol";
import {IReviews} from "../../contracts/interfaces/IReviews.sol";
import {IncentivesBed} from "../support/IncentivesBed.sol";

/// @title Reviews: when they are due, who marks them, what ends it (paper section 9.1)
/// @notice Groups "fees" of class 1 and "slashing" of class 2, beside those of the four classes.
contract ReviewsTest is IncentivesBed {
    bytes32 private constant FEES = "fees";
    bytes32 private constant SLASHING = "slashing";

    Reviews private reviews;
    uint256 private _start;

    function setUp() public override {
        super.setUp();
        _start = block.timestamp;
        reviews = _deploy(FEES, SLASHING);
    }

    function _deploy(bytes32 first, bytes32 second) private returns (Reviews) {
        (bytes32[] memory groups, uint8[] memory classIds) = (new bytes32[](2), new uint8[](2));
        (groups[0], groups[1], classIds[0], classIds[1]) = (first, second, 1, 2);
        return new Reviews(address(this), classes, groups, classIds);
    }

    function _notDue(bytes32 group, uint256 dueAt) private view returns (bytes memory) {
        return abi.encodeWithSelector(IReviews.Reviews_NotDue.selector, group, dueAt, block.timestamp);
    }

    function _unknown(bytes32 group) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IReviews.Reviews_UnknownGroup.selector, group);
    }

    function _assertList(bytes32[] memory left, bytes32[] memory right, string memory message) private pure {
        assertEq(left.length, right.length, message);
        for (uint256 i; i < left.length; ++i) {
            assertEq(left[i], right[i], message);
        }
    }

    // ---------------------------------------------------------------- construction

    function test_Construction() public {
        bytes32[6] memory names = [bytes32("class-0"), "class-1", "class-2", "class-3", FEES, SLASHING];
        uint8[6] memory classIds = [0, 1, 2, 3, 1, 2];
        for (uint256 i; i < 6; ++i) {
            vm.expectEmit();
            emit IReviews.GroupAdded(names[i], classIds[i]);
        }
        Reviews fresh = _deploy(FEES, SLASHING);
        assertEq(fresh.owner(), address(this), "owner");
        assertEq(address(fresh.classes()), address(classes), "classes");
        assertEq(fresh.groupCount(), 6, "groups");
        for (uint256 i; i < 6; ++i) {
            assertEq(fresh.groupAt(i), names[i], "in order");
            IReviews.Group memory g = fresh.groupOf(names[i]);
            assertEq(g.lastReviewed, block.timestamp, "reviewed by whoever deployed it");
            assertEq(g.markedAt, 0, "not marked");
            assertEq(g.classId, classIds[i], "class");
            assertEq(g.position, i + 1, "position");
            assertEq(
                fresh.dueAtOf(names[i]),
                block.timestamp + _classes()[classIds[i]].reviewInterval,
                "due after the interval of its class"
            );
        }
        for (uint8 i; i < 4; ++i) {
            assertEq(fresh.groupOfClass(i), names[i], "name of a class's group");
        }
    }

    function test_RevertGiven_ConstructionRefused() public {
        (bytes32[] memory groups, uint8[] memory classIds) = (new bytes32[](1), new uint8[](1));
        vm.expectRevert(abi.encodeWithSelector(IReviews.Reviews_ZeroAddress.selector));
        new Reviews(address(this), IProposalClasses(address(0)), groups, classIds);
        vm.expectRevert(abi.encodeWithSelector(IReviews.Reviews_LengthMismatch.selector, 1, 0));
        new Reviews(address(this), classes, groups, new uint8[](0));
        vm.expectRevert(abi.encodeWithSelector(IReviews.Reviews_NoName.selector));
        new Reviews(address(this), classes, groups, classIds);
        (groups[0], classIds[0]) = (FEES, 4);
        vm.expectRevert(abi.encodeWithSelector(IProposalClasses.ProposalClasses_UnknownClass.selector, 4, 4));
        new Reviews(address(this), classes, groups, classIds);
        vm.expectRevert(abi.encodeWithSelector(IReviews.Reviews_GroupExists.selector, FEES));
        _deploy(FEES, FEES);
        vm.expectRevert(abi.encodeWithSelector(IReviews.Reviews_GroupExists.selector, bytes32("class-2")));
        _deploy(FEES, "class-2");
    }

    // ---------------------------------------------------------------- marking

    function test_ReviewIsMarkedDueByAnyoneOnce() public {
        uint256 dueAt = _start + 120 days;
        vm.warp(dueAt - 1);
        vm.expectRevert(_notDue(FEES, dueAt));
        reviews.markDue(FEES);
        vm.warp(dueAt);
        vm.expectEmit(address(reviews));
        emit IReviews.ReviewDue(FEES, dueAt);
        vm.prank(stranger);
        reviews.markDue(FEES);
        assertEq(reviews.groupOf(FEES).markedAt, dueAt, "recorded");
        assertEq(reviews.groupOf(FEES).lastReviewed, _start, "not yet reviewed");
        vm.warp(dueAt + 5 days);
        vm.expectRevert(abi.encodeWithSelector(IReviews.Reviews_AlreadyMarked.selector, FEES, dueAt));
        reviews.markDue(FEES);
        vm.expectRevert(_unknown("none"));
        reviews.markDue("none");
    }

    function test_ReviewEndsIt() public {
        vm.warp(_start + 121 days);
        reviews.markDue(FEES);
        vm.expectRevert(abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, stranger));
        vm.prank(stranger);
        reviews.markReviewed(FEES);
        vm.expectEmit(address(reviews));
        emit IReviews.Reviewed(FEES, _start);
        reviews.markReviewed(FEES);
        IReviews.Group memory g = reviews.groupOf(FEES);
        assertEq(g.lastReviewed, block.timestamp, "reviewed");
        assertEq(g.markedAt, 0, "no longer marked");
        assertEq(g.classId, 1, "class stays");
        assertEq(g.position, 5, "place stays");
        vm.expectRevert(_notDue(FEES, block.timestamp + 120 days));
        reviews.markDue(FEES);
        // Before it is due too: from then on it is due again.
        vm.warp(block.timestamp + 10 days);
        reviews.markReviewed(FEES);
        assertEq(reviews.dueAtOf(FEES), block.timestamp + 120 days, "due again");
        vm.expectRevert(_unknown("none"));
        reviews.markReviewed("none");
    }

    /// A class is a group like another, and a shorter interval holds for the review that is under way.
    function test_ClassesAreReviewedToo() public {
        vm.warp(_start + 90 days);
        reviews.markDue("class-0");
        vm.expectRevert(_notDue("class-1", _start + 120 days));
        reviews.markDue("class-1");
        IProposalClasses.Class memory c = classes.classAt(1);
        c.reviewInterval = 90 days;
        classes.setClass(1, c);
        reviews.markDue("class-1");
        reviews.markDue(FEES);
    }

    // ---------------------------------------------------------------- list

    function test_DueGroupsComeInPages() public {
        bytes32[] memory expected = new bytes32[](0);
        (bytes32[] memory due, uint256 next) = reviews.dueGroups(0, 100);
        _assertList(due, expected, "none at first");
        assertEq(next, 0, "one page");
        vm.warp(_start + 180 days);
        expected = new bytes32[](5);
        (expected[0], expected[1], expected[2]) = ("class-0", "class-1", "class-2");
        (expected[3], expected[4]) = (FEES, SLASHING);
        (due, next) = reviews.dueGroups(0, 6);
        _assertList(due, expected, "all but the strictest class");
        assertEq(next, 0, "one page");
        // Pages of four: a page says where the next begins, however many it found.
        expected = new bytes32[](3);
        (expected[0], expected[1], expected[2]) = ("class-0", "class-1", "class-2");
        (due, next) = reviews.dueGroups(0, 4);
        _assertList(due, expected, "first page");
        assertEq(next, 4, "next page");
        expected = new bytes32[](2);
        (expected[0], expected[1]) = (FEES, SLASHING);
        (due, next) = reviews.dueGroups(next, 4);
        _assertList(due, expected, "second page");
        assertEq(next, 0, "last page");
        expected = new bytes32[](0);
        (due, next) = reviews.dueGroups(3, 1);
        _assertList(due, expected, "a page without any");
        assertEq(next, 4, "is not the last");
        (due, next) = reviews.dueGroups(6, 1);
        _assertList(due, expected, "beyond the list");
        assertEq(next, 0, "beyond the list");
        (due, next) = reviews.dueGroups(5, type(uint256).max);
        assertEq(due.length, 1, "a limit without an end");
        // Marked ones stay due until they are reviewed.
        reviews.markDue(SLASHING);
        (due, ) = reviews.dueGroups(5, 1);
        assertEq(due.length, 1, "marked");
        reviews.markReviewed(SLASHING);
        (due, ) = reviews.dueGroups(5, 1);
        assertEq(due.length, 0, "reviewed");
    }

    function test_GroupsComeAndGo() public {
        vm.warp(_start + 7 days);
        vm.expectEmit(address(reviews));
        emit IReviews.GroupAdded("seats", 0);
        reviews.addGroup("seats", 0);
        assertEq(reviews.dueAtOf("seats"), block.timestamp + 90 days, "counts as reviewed now");
        vm.expectEmit(address(reviews));
        emit IReviews.GroupRemoved(FEES);
        reviews.removeGroup(FEES);
        assertEq(reviews.groupCount(), 6, "count");
        assertEq(reviews.groupAt(4), "seats", "the last took its place");
        assertEq(reviews.groupOf("seats").position, 5, "and knows it");
        assertEq(reviews.groupAt(5), SLASHING, "others stay");
        assertEq(reviews.groupOf(FEES).position, 0, "gone");
        vm.expectRevert(_unknown(FEES));
        reviews.dueAtOf(FEES);
        // The last of the list, then one that was there before.
        reviews.removeGroup(SLASHING);
        assertEq(reviews.groupCount(), 5, "count");
        assertEq(reviews.groupOf(SLASHING).position, 0, "gone");
        reviews.addGroup(FEES, 2);
        assertEq(reviews.groupAt(5), FEES, "back, at the end");
        assertEq(reviews.groupOf(FEES).classId, 2, "in another class");
    }

    function test_RevertGiven_GroupRefused() public {
        vm.expectRevert(abi.encodeWithSelector(IReviews.Reviews_GroupExists.selector, FEES));
        reviews.addGroup(FEES, 0);
        vm.expectRevert(abi.encodeWithSelector(IReviews.Reviews_NoName.selector));
        reviews.addGroup(0, 0);
        vm.expectRevert(abi.encodeWithSelector(IProposalClasses.ProposalClasses_UnknownClass.selector, 9, 4));
        reviews.addGroup("seats", 9);
        vm.expectRevert(_unknown("seats"));
        reviews.removeGroup("seats");
        for (uint8 i; i < 4; ++i) {
            bytes32 group = reviews.groupOfClass(i);
            vm.expectRevert(abi.encodeWithSelector(IReviews.Reviews_GroupOfClass.selector, group));
            reviews.removeGroup(group);
        }
        bytes memory notOwner = abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, stranger);
        vm.expectRevert(notOwner);
        vm.prank(stranger);
        reviews.addGroup("seats", 0);
        vm.expectRevert(notOwner);
        vm.prank(stranger);
        reviews.removeGroup(FEES);
    }
}
