// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {ProposalClasses} from "../../contracts/governance/ProposalClasses.sol";
import {IProposalClasses} from "../../contracts/interfaces/IProposalClasses.sol";
import {IStakeVotes} from "../../contracts/interfaces/IStakeVotes.sol";
import {IncentivesBed} from "../support/IncentivesBed.sol";

/// @title Classes: their bounds, their order, and which calls belong to which (EQ-21, D10)
contract ProposalClassesTest is IncentivesBed {
    uint8 private constant STRICTEST = 3;
    bytes32[5] private _respects = [bytes32("quorum"), "maxQuorum", "threshold", "votingPeriod", "minStake"];
    uint256 private _mostStake;

    function setUp() public override {
        super.setUp();
        _mostStake = masa.totalSupply() / 100;
    }

    // ---------------------------------------------------------------- helpers

    function _outOfBounds(
        bytes32 name,
        uint256 value,
        uint256 least,
        uint256 most
    ) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IProposalClasses.ProposalClasses_OutOfRange.selector, name, value, least, most);
    }

    function _outOfOrder(
        bytes32 name,
        uint8 classId,
        uint256 value,
        uint256 neighbour
    ) private pure returns (bytes memory) {
        return
            abi.encodeWithSelector(
                IProposalClasses.ProposalClasses_OutOfOrder.selector,
                name,
                classId,
                value,
                neighbour
            );
    }

    function _get(IProposalClasses.Class memory c, bytes32 name) private pure returns (uint256) {
        if (name == "quorum") return c.quorum;
        if (name == "maxQuorum") return c.maxQuorum;
        if (name == "threshold") return c.threshold;
        if (name == "votingPeriod") return c.votingPeriod;
        if (name == "reviewInterval") return c.reviewInterval;
        if (name == "weight") return c.weight;
        return c.minStake;
    }

    function _with(
        IProposalClasses.Class memory c,
        bytes32 name,
        uint256 value
    ) private pure returns (IProposalClasses.Class memory) {
        if (name == "quorum") c.quorum = uint64(value);
        else if (name == "maxQuorum") c.maxQuorum = uint64(value);
        else if (name == "threshold") c.threshold = uint64(value);
        else if (name == "votingPeriod") c.votingPeriod = uint32(value);
        else if (name == "reviewInterval") c.reviewInterval = uint32(value);
        else if (name == "weight") c.weight = uint64(value);
        else c.minStake = uint128(value);
        return c;
    }

    /// @dev Room on both sides in every respect, all of them at the same share of the way.
    function _wide() private pure returns (IProposalClasses.Class[4] memory c) {
        for (uint256 i; i < 4; ++i) {
            c[i] = IProposalClasses.Class({
                quorum: uint64(0.1e18 + i * 0.02e18),
                threshold: uint64(0.6e18 + i * 0.02e18),
                votingPeriod: uint32(2 hours + i * 1 hours),
                reviewInterval: 30 days,
                weight: 1e18,
                minStake: uint128(1_000e18 + i * 1_000e18),
                maxQuorum: uint64(0.3e18 + i * 0.02e18),
                dynamicQuorum: false
            });
        }
    }

    function _deploy(IProposalClasses.Class[4] memory c) private returns (ProposalClasses) {
        return new ProposalClasses(address(this), masa, votes, MIN_PERIOD, c);
    }

    function _assertClass(
        IProposalClasses.Class memory left,
        IProposalClasses.Class memory right,
        string memory message
    ) private pure {
        assertEq(keccak256(abi.encode(left)), keccak256(abi.encode(right)), message);
    }

    // ---------------------------------------------------------------- construction

    function test_Construction() public {
        IProposalClasses.Class[4] memory c = _classes();
        IProposalClasses.Class memory empty;
        for (uint8 i; i < 4; ++i) {
            vm.expectEmit();
            emit IProposalClasses.ClassSet(i, empty, c[i]);
        }
        ProposalClasses fresh = _deploy(c);
        assertEq(fresh.owner(), address(this), "owner");
        assertEq(address(fresh.masa()), address(masa), "masa");
        assertEq(address(fresh.votes()), address(votes), "votes");
        assertEq(fresh.minVotingPeriod(), MIN_PERIOD, "minVotingPeriod");
        assertEq(address(fresh.governor()), address(0), "no governor yet");
        assertEq(fresh.classCount(), 4, "four classes");
        for (uint8 i; i < 4; ++i) {
            _assertClass(fresh.classAt(i), c[i], "class");
            assertEq(fresh.quorumShareOf(i), c[i].quorum, "quorum in force");
            assertEq(fresh.averageTurnoutOf(i), c[i].quorum, "average begins at the quorum");
        }
    }

    function test_RevertGiven_ConstructionOutOfRange() public {
        IProposalClasses.Class[4] memory c = _classes();
        bytes memory zero = abi.encodeWithSelector(IProposalClasses.ProposalClasses_ZeroAddress.selector);
        vm.expectRevert(zero);
        new ProposalClasses(address(this), IERC20(address(0)), votes, MIN_PERIOD, c);
        vm.expectRevert(zero);
        new ProposalClasses(address(this), masa, IStakeVotes(address(0)), MIN_PERIOD, c);
        vm.expectRevert(_outOfBounds("minVotingPeriod", 0, 1, 30 days));
        new ProposalClasses(address(this), masa, votes, 0, c);
        vm.expectRevert(_outOfBounds("minVotingPeriod", 30 days + 1, 1, 30 days));
        new ProposalClasses(address(this), masa, votes, 30 days + 1, c);
        c[2].threshold = 0.5e18 - 1;
        vm.expectRevert(_outOfBounds("threshold", 0.5e18 - 1, 0.5e18, 0.9e18));
        _deploy(c);
        c[2].threshold = c[1].threshold - 1;
        vm.expectRevert(_outOfOrder("threshold", 2, c[2].threshold, c[1].threshold));
        _deploy(c);
    }

    function test_GovernorIsNamedOnceByTheOwner() public {
        ProposalClasses fresh = _deploy(_classes());
        vm.expectRevert(abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, stranger));
        vm.prank(stranger);
        fresh.wire(stranger);
        vm.expectRevert(abi.encodeWithSelector(IProposalClasses.ProposalClasses_ZeroAddress.selector));
        fresh.wire(address(0));
        vm.expectEmit(address(fresh));
        emit IProposalClasses.GovernorSet(address(governor));
        fresh.wire(address(governor));
        assertEq(address(fresh.governor()), address(governor), "governor");
        vm.expectRevert(abi.encodeWithSelector(IProposalClasses.ProposalClasses_AlreadyWired.selector));
        fresh.wire(address(governor));
    }

    // ---------------------------------------------------------------- bounds and order

    function test_I16_BoundsOfAClassHoldToTheUnit() public {
        bytes32[7] memory names = [
            bytes32("quorum"),
            "maxQuorum",
            "threshold",
            "votingPeriod",
            "reviewInterval",
            "weight",
            "minStake"
        ];
        // A class alone in its bounds: the others leave it room, the laxest below, the strictest above.
        IProposalClasses.Class memory c = _wide()[1];
        uint256[7] memory least = [uint256(0.01e18), c.quorum, 0.5e18, MIN_PERIOD, 1 days, 0.1e18, 1];
        uint256[7] memory most = [uint256(c.maxQuorum), 0.6e18, 0.9e18, 30 days, 3 * 365 days, 4e18, _mostStake];
        for (uint256 i; i < 7; ++i) {
            _tryAlone(names[i], least[i], least[i], most[i], true);
            _tryAlone(names[i], most[i], least[i], most[i], true);
            _tryAlone(names[i], least[i] - 1, least[i], most[i], false);
            _tryAlone(names[i], most[i] + 1, least[i], most[i], false);
        }
    }

    /// @dev Sets all four classes to the same, so that order stands in nobody's way.
    function _tryAlone(bytes32 name, uint256 value, uint256 least, uint256 most, bool fits) private {
        IProposalClasses.Class memory c = _with(_wide()[1], name, value);
        if (!fits) {
            // A quorum above the most it may become is found by the bounds of the latter, unless it is out of its own.
            if (name == "quorum" && value > most) vm.expectRevert(_outOfBounds("maxQuorum", most, value, 0.6e18));
            else vm.expectRevert(_outOfBounds(name, value, least, name == "quorum" ? 0.6e18 : most));
        }
        ProposalClasses fresh = _deploy([c, c, c, c]);
        if (fits) assertEq(_get(fresh.classAt(3), name), value, "kept");
    }

    function test_I16_SetClassHoldsTheSameBounds() public {
        IProposalClasses.Class memory c = _classes()[3];
        c.quorum = 0.6e18 + 1;
        vm.expectRevert(_outOfBounds("quorum", 0.6e18 + 1, 0.01e18, 0.6e18));
        classes.setClass(3, c);
        c = _classes()[3];
        c.votingPeriod = 30 days + 1;
        vm.expectRevert(_outOfBounds("votingPeriod", 30 days + 1, MIN_PERIOD, 30 days));
        classes.setClass(3, c);
        // The bound of the stake follows the supply.
        c = _classes()[3];
        c.minStake = uint128(_mostStake + 1);
        vm.expectRevert(_outOfBounds("minStake", _mostStake + 1, 1, _mostStake));
        classes.setClass(3, c);
        vm.expectRevert(abi.encodeWithSelector(IProposalClasses.ProposalClasses_UnknownClass.selector, 4, 4));
        classes.setClass(4, _classes()[3]);
        vm.expectRevert(abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, stranger));
        vm.prank(stranger);
        classes.setClass(3, c);
    }

    function test_ClassIsSetWithinItsNeighbours() public {
        IProposalClasses.Class memory previous = classes.classAt(1);
        IProposalClasses.Class memory c = classes.classAt(1);
        (c.quorum, c.threshold, c.votingPeriod) = (0.1e18, 0.58e18, 5 hours);
        (c.reviewInterval, c.weight, c.minStake, c.maxQuorum) = (1 days, 4e18, 6_000e18, 0.37e18);
        vm.expectEmit(address(classes));
        emit IProposalClasses.ClassSet(1, previous, c);
        classes.setClass(1, c);
        _assertClass(classes.classAt(1), c, "set");
        assertEq(classes.quorumShareOf(1), 0.1e18, "quorum follows at once");
        assertEq(classes.averageTurnoutOf(1), 0.08e18, "the average is its own");
    }

    function test_RevertGiven_ClassLaxerThanTheOneBefore() public {
        ProposalClasses fresh = _deploy(_wide());
        for (uint8 classId = 1; classId < 4; ++classId) {
            for (uint256 i; i < 5; ++i) {
                uint256 neighbour = _get(_wide()[classId - 1], _respects[i]);
                vm.expectRevert(_outOfOrder(_respects[i], classId, neighbour - 1, neighbour));
                fresh.setClass(classId, _with(_wide()[classId], _respects[i], neighbour - 1));
                // As strict as it is enough.
                fresh.setClass(classId, _with(_wide()[classId], _respects[i], neighbour));
                fresh.setClass(classId, _wide()[classId]);
            }
        }
    }

    function test_RevertGiven_ClassStricterThanTheOneAfter() public {
        ProposalClasses fresh = _deploy(_wide());
        for (uint8 classId; classId < 3; ++classId) {
            for (uint256 i; i < 5; ++i) {
                uint256 neighbour = _get(_wide()[classId + 1], _respects[i]);
                vm.expectRevert(_outOfOrder(_respects[i], classId, neighbour + 1, neighbour));
                fresh.setClass(classId, _with(_wide()[classId], _respects[i], neighbour + 1));
                fresh.setClass(classId, _with(_wide()[classId], _respects[i], neighbour));
                fresh.setClass(classId, _wide()[classId]);
            }
        }
    }

    // ---------------------------------------------------------------- assignments

    function test_SelectorsAreAssigned() public {
        bytes4 selector = 0x12345678;
        assertEq(classes.classOf(stranger, abi.encodePacked(selector)), STRICTEST, "unknown");
        vm.expectEmit(address(classes));
        emit IProposalClasses.SelectorAssigned(stranger, selector, STRICTEST, 0);
        classes.assign(stranger, selector, 0);
        assertEq(classes.classOf(stranger, abi.encodePacked(selector, uint256(7))), 0, "assigned");
        assertEq(classes.classOf(TARGET, abi.encodePacked(selector)), STRICTEST, "of that target alone");
        vm.expectEmit(address(classes));
        emit IProposalClasses.SelectorAssigned(stranger, selector, 0, 2);
        classes.assign(stranger, selector, 2);
        assertEq(classes.classOf(stranger, abi.encodePacked(selector)), 2, "moved up");
        vm.expectEmit(address(classes));
        emit IProposalClasses.SelectorAssigned(stranger, selector, 2, STRICTEST);
        classes.assign(stranger, selector, STRICTEST);
        assertEq(classes.classOf(stranger, abi.encodePacked(selector)), STRICTEST, "the strictest again");
    }

    function test_ManySelectorsAreAssignedAtOnce() public {
        bytes4[] memory selectors = new bytes4[](2);
        (selectors[0], selectors[1]) = (bytes4(0x00000001), bytes4(0x00000002));
        for (uint256 i; i < 2; ++i) {
            vm.expectEmit(address(classes));
            emit IProposalClasses.SelectorAssigned(stranger, selectors[i], STRICTEST, 1);
        }
        classes.assignMany(stranger, selectors, 1);
        for (uint256 i; i < 2; ++i) {
            assertEq(classes.classOf(stranger, abi.encodePacked(selectors[i])), 1, "assigned");
        }
    }

    function test_RevertGiven_AssignmentRefused() public {
        bytes4[] memory selectors = new bytes4[](1);
        vm.expectRevert(abi.encodeWithSelector(IProposalClasses.ProposalClasses_ZeroAddress.selector));
        classes.assign(address(0), 0x12345678, 1);
        vm.expectRevert(abi.encodeWithSelector(IProposalClasses.ProposalClasses_UnknownClass.selector, 4, 4));
        classes.assign(stranger, 0x12345678, 4);
        vm.expectRevert(abi.encodeWithSelector(IProposalClasses.ProposalClasses_UnknownClass.selector, 255, 4));
        classes.assignMany(stranger, selectors, 255);
        bytes memory notOwner = abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, stranger);
        vm.expectRevert(notOwner);
        vm.prank(stranger);
        classes.assign(stranger, 0x12345678, 1);
        vm.expectRevert(notOwner);
        vm.prank(stranger);
        classes.assignMany(stranger, selectors, 1);
    }

    // ---------------------------------------------------------------- classes of calls

    function test_CallWithoutASelectorIsOfTheStrictestClass() public {
        // Even where the selector that it begins, filled up with zeros, was assigned.
        classes.assign(TARGET, 0x12000000, 0);
        classes.assign(TARGET, 0x12340000, 0);
        classes.assign(TARGET, 0x12345600, 0);
        classes.assign(TARGET, 0x00000000, 0);
        assertEq(classes.classOf(TARGET, ""), STRICTEST, "bare transfer");
        assertEq(classes.classOf(TARGET, hex"12"), STRICTEST, "1 byte");
        assertEq(classes.classOf(TARGET, hex"1234"), STRICTEST, "2 bytes");
        assertEq(classes.classOf(TARGET, hex"123456"), STRICTEST, "3 bytes");
        assertEq(classes.classOf(TARGET, hex"12345600"), 0, "4 bytes");
    }

    function test_ProposalIsOfTheStrictestClassOfItsCalls() public view {
        for (uint8 first; first < 4; ++first) {
            for (uint8 second; second < 4; ++second) {
                (address[] memory targets, bytes[] memory calldatas) = (new address[](3), new bytes[](3));
                (targets[0], targets[1], targets[2]) = (TARGET, TARGET, TARGET);
                calldatas[0] = abi.encodePacked(_selectorOf(first));
                calldatas[1] = abi.encodePacked(_selectorOf(second), uint256(1));
                calldatas[2] = abi.encodePacked(_selectorOf(0));
                IProposalClasses.Terms memory terms = classes.termsOf(targets, calldatas);
                uint8 strictest = first > second ? first : second;
                IProposalClasses.Class memory c = _classes()[strictest];
                assertEq(terms.classId, strictest, "class");
                assertEq(terms.quorum, c.quorum, "quorum");
                assertEq(terms.threshold, c.threshold, "threshold");
                assertEq(terms.votingPeriod, c.votingPeriod, "votingPeriod");
                assertEq(terms.minStake, c.minStake, "minStake");
                // One call that nobody knows is enough.
                (targets[2], calldatas[2]) = (stranger, calldatas[0]);
                assertEq(classes.termsOf(targets, calldatas).classId, STRICTEST, "unknown target");
                (targets[2], calldatas[2]) = (TARGET, bytes(""));
                assertEq(classes.termsOf(targets, calldatas).classId, STRICTEST, "bare transfer");
            }
        }
    }

    function test_RevertGiven_NoCallsOrListsOfDifferentLength() public {
        vm.expectRevert(abi.encodeWithSelector(IProposalClasses.ProposalClasses_NoCalls.selector));
        classes.termsOf(new address[](0), new bytes[](0));
        vm.expectRevert(abi.encodeWithSelector(IProposalClasses.ProposalClasses_LengthMismatch.selector, 2, 1));
        classes.termsOf(new address[](2), new bytes[](1));
    }

    function test_RevertGiven_ViewsOfAnUnknownClass() public {
        bytes memory unknown = abi.encodeWithSelector(IProposalClasses.ProposalClasses_UnknownClass.selector, 4, 4);
        vm.expectRevert(unknown);
        classes.classAt(4);
        vm.expectRevert(unknown);
        classes.quorumShareOf(4);
        vm.expectRevert(unknown);
        classes.averageTurnoutOf(4);
    }

    // ---------------------------------------------------------------- calls to the classes themselves

    /// @dev Puts the three functions into the laxest class: only what they would do counts.
    function _layOpen() private {
        classes.assign(address(classes), IProposalClasses.setClass.selector, 0);
        classes.assign(address(classes), IProposalClasses.assign.selector, 0);
        classes.assign(address(classes), IProposalClasses.assignMany.selector, 0);
    }

    function test_ChangeOfAClassNeedsThatClass() public {
        bytes memory data = abi.encodeCall(classes.setClass, (1, _classes()[1]));
        assertEq(classes.classOf(address(classes), data), STRICTEST, "unknown at first");
        _layOpen();
        for (uint8 i; i < 4; ++i) {
            data = abi.encodeCall(classes.setClass, (i, _classes()[0]));
            assertEq(classes.classOf(address(classes), data), i, "the class it changes");
        }
        data = abi.encodeCall(classes.setClass, (200, _classes()[0]));
        assertEq(classes.classOf(address(classes), data), STRICTEST, "a class that is none");
        // The selector's own class is the least.
        classes.assign(address(classes), IProposalClasses.setClass.selector, 2);
        data = abi.encodeCall(classes.setClass, (1, _classes()[0]));
        assertEq(classes.classOf(address(classes), data), 2, "the selector's");
        // Another contract with the same function is judged by its assignment alone.
        classes.assign(stranger, IProposalClasses.setClass.selector, 0);
        assertEq(classes.classOf(stranger, data), 0, "elsewhere");
    }

    function test_MovingASelectorNeedsTheClassItLeaves() public {
        _layOpen();
        for (uint8 from; from < 4; ++from) {
            for (uint8 to; to < 4; ++to) {
                uint8 stricter = from > to ? from : to;
                bytes memory data = abi.encodeCall(classes.assign, (TARGET, _selectorOf(from), to));
                assertEq(classes.classOf(address(classes), data), stricter, "assign");
                bytes4[] memory selectors = new bytes4[](2);
                (selectors[0], selectors[1]) = (_selectorOf(0), _selectorOf(from));
                data = abi.encodeCall(classes.assignMany, (TARGET, selectors, to));
                assertEq(classes.classOf(address(classes), data), stricter, "assignMany");
            }
        }
        bytes memory unknown = abi.encodeCall(classes.assign, (stranger, _selectorOf(0), 0));
        assertEq(classes.classOf(address(classes), unknown), STRICTEST, "an unknown one leaves the strictest");
        unknown = abi.encodeCall(classes.assign, (TARGET, _selectorOf(0), 77));
        assertEq(classes.classOf(address(classes), unknown), STRICTEST, "to a class that is none");
        unknown = abi.encodeCall(classes.assignMany, (TARGET, new bytes4[](0), 77));
        assertEq(classes.classOf(address(classes), unknown), STRICTEST, "to a class that is none");
        unknown = abi.encodeCall(classes.transferOwnership, (stranger));
        assertEq(classes.classOf(address(classes), unknown), STRICTEST, "other functions");
        // The functions that assign are selectors like others: to open them needs the strictest class at first.
        classes.assign(address(classes), IProposalClasses.assign.selector, 1);
        bytes memory itself = abi.encodeCall(classes.assign, (address(classes), IProposalClasses.assign.selector, 0));
        assertEq(classes.classOf(address(classes), itself), 1, "its own class");
    }

    function test_RevertGiven_CallToTheClassesThatCannotBeRead() public {
        bytes4[3] memory selectors = [
            IProposalClasses.setClass.selector,
            IProposalClasses.assign.selector,
            IProposalClasses.assignMany.selector
        ];
        for (uint256 i; i < 3; ++i) {
            assertEq(classes.classOf(address(classes), abi.encodePacked(selectors[i])), STRICTEST, "unread");
        }
        _layOpen();
        for (uint256 i; i < 3; ++i) {
            vm.expectRevert(bytes(""));
            classes.classOf(address(classes), abi.encodePacked(selectors[i], bytes31(0)));
        }
        // An address, a selector and a class that are too wide.
        vm.expectRevert(bytes(""));
        classes.classOf(address(classes), abi.encodePacked(selectors[1], uint256(1 << 160), uint256(0), uint256(0)));
        vm.expectRevert(bytes(""));
        classes.classOf(address(classes), abi.encodePacked(selectors[1], uint256(1), uint256(1), uint256(0)));
        vm.expectRevert(bytes(""));
        classes.classOf(address(classes), abi.encodePacked(selectors[0], uint256(256)));
    }
}
