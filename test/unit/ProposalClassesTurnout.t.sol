// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IGovernor} from "@openzeppelin/contracts/governance/IGovernor.sol";

import {IProposalClasses} from "../../contracts/interfaces/IProposalClasses.sol";
import {IncentivesBed} from "../support/IncentivesBed.sol";

/// @title Turnout, the dynamic quorum, and changes of classes by proposals
/// @notice Alice, Bob and Carol stake 60, 25 and 15 per cent of all.
contract ProposalClassesTurnoutTest is IncentivesBed {
    uint256 private constant TOTAL = 1_000_000e18;
    uint256 private constant MAX_STEP = 0.02e18;

    function setUp() public override {
        super.setUp();
        _stake(alice, (TOTAL * 60) / 100);
        _stake(bob, (TOTAL * 25) / 100);
        _stake(carol, (TOTAL * 15) / 100);
        // What is proposed below is judged by the class it changes, not by that of the function.
        classes.assign(address(classes), IProposalClasses.setClass.selector, 0);
        classes.assign(address(classes), IProposalClasses.assign.selector, 0);
    }

    function _setDynamic(uint8 classId, bool dynamic) private {
        IProposalClasses.Class memory c = classes.classAt(classId);
        c.dynamicQuorum = dynamic;
        classes.setClass(classId, c);
    }

    /// @dev A proposal of a class, which the given accounts voted for, and whose vote is over.
    function _voted(uint8 classId, address[] memory voters) private returns (uint256 proposalId) {
        proposalId = _propose(alice, classId);
        _open(proposalId);
        for (uint256 i; i < voters.length; ++i) {
            _vote(voters[i], proposalId, FOR);
        }
        _close(proposalId);
    }

    // ---------------------------------------------------------------- turnout

    function test_RevertGiven_TurnoutOfAVoteThatIsNotOver() public {
        uint256 proposalId = _propose(alice, 0);
        bytes memory notOver = abi.encodeWithSelector(
            IProposalClasses.ProposalClasses_VoteNotOver.selector,
            proposalId
        );
        vm.expectRevert(notOver);
        classes.recordTurnout(proposalId);
        _open(proposalId);
        vm.expectRevert(notOver);
        classes.recordTurnout(proposalId);
        vm.warp(governor.proposalDeadline(proposalId));
        vm.expectRevert(notOver);
        classes.recordTurnout(proposalId);
        _close(proposalId);
        classes.recordTurnout(proposalId);
        vm.expectRevert(abi.encodeWithSelector(IProposalClasses.ProposalClasses_AlreadyRecorded.selector, proposalId));
        classes.recordTurnout(proposalId);
        vm.expectRevert(abi.encodeWithSelector(IGovernor.GovernorNonexistentProposal.selector, 1));
        classes.recordTurnout(1);
    }

    function test_RevertGiven_TurnoutOfACancelledProposal() public {
        bytes memory data = abi.encodePacked(_selectorOf(0));
        uint256 proposalId = _proposeCall(alice, TARGET, data);
        (address[] memory targets, uint256[] memory values, bytes[] memory calldatas) = _asCalls(TARGET, data);
        vm.prank(alice);
        governor.cancel(targets, values, calldatas, keccak256(bytes(_text("A proposal"))));
        vm.expectRevert(abi.encodeWithSelector(IProposalClasses.ProposalClasses_VoteNotOver.selector, proposalId));
        classes.recordTurnout(proposalId);
    }

    function test_AverageMovesByAQuarterOfTheDifference() public {
        // The average is 8 per cent, the turnout 15: up by 7 / 4.
        uint256 proposalId = _voted(1, _list(carol));
        vm.expectEmit(address(classes));
        emit IProposalClasses.TurnoutRecorded(proposalId, 1, 0.15e18, 0.0975e18);
        vm.prank(stranger);
        classes.recordTurnout(proposalId);
        assertEq(classes.averageTurnoutOf(1), 0.0975e18, "average");
        // Nobody votes: down by 9.75 / 4, which is more than one proposal may, two hundredths.
        proposalId = _voted(1, _none());
        vm.expectEmit(address(classes));
        emit IProposalClasses.TurnoutRecorded(proposalId, 1, 0, 0.0775e18);
        classes.recordTurnout(proposalId);
        // Alice alone turns out with 60 per cent: up by two hundredths.
        proposalId = _voted(1, _list(alice));
        vm.expectEmit(address(classes));
        emit IProposalClasses.TurnoutRecorded(proposalId, 1, 0.6e18, 0.0975e18);
        classes.recordTurnout(proposalId);
        for (uint8 i; i < 4; ++i) {
            if (i != 1) assertEq(classes.averageTurnoutOf(i), _classes()[i].quorum, "of its class alone");
            assertEq(classes.quorumShareOf(i), _classes()[i].quorum, "quorums do not follow unless switched on");
        }
    }

    function test_TurnoutCountsEveryVoteThatWasCast() public {
        uint256 proposalId = _propose(alice, 3);
        _open(proposalId);
        _vote(bob, proposalId, AGAINST);
        _vote(carol, proposalId, ABSTAIN);
        _close(proposalId);
        vm.expectEmit(address(classes));
        // 40 per cent against an average of 20: a quarter would be 5.
        emit IProposalClasses.TurnoutRecorded(proposalId, 3, 0.4e18, 0.22e18);
        classes.recordTurnout(proposalId);
    }

    /// The proposer's stake is what there is, and it leaves before the snapshot.
    function test_TurnoutWithoutAnyStakeIsNone() public {
        uint256 proposalId = _propose(alice, 0);
        _unbond(alice, (TOTAL * 60) / 100);
        _unbond(bob, (TOTAL * 25) / 100);
        _unbond(carol, (TOTAL * 15) / 100);
        _close(proposalId);
        vm.expectEmit(address(classes));
        emit IProposalClasses.TurnoutRecorded(proposalId, 0, 0, 0.03e18);
        classes.recordTurnout(proposalId);
    }

    // ---------------------------------------------------------------- dynamic quorum

    function test_DynamicQuorumFollowsTurnoutWithinItsBounds() public {
        _setDynamic(1, true);
        assertEq(classes.quorumShareOf(1), 0.08e18, "begins at the class's own");
        // Down: never below its own.
        classes.recordTurnout(_voted(1, _none()));
        assertEq(classes.averageTurnoutOf(1), 0.06e18, "average");
        assertEq(classes.quorumShareOf(1), 0.08e18, "its own is the least");
        // Up, step by step, to its most. All vote.
        address[] memory all = new address[](3);
        (all[0], all[1], all[2]) = (alice, bob, carol);
        uint256 expected = 0.06e18;
        for (uint256 i; i < 16; ++i) {
            classes.recordTurnout(_voted(1, all));
            expected += MAX_STEP;
            assertEq(classes.averageTurnoutOf(1), expected, "a step a proposal");
            uint256 quorum =
                expected < 0.08e18
                    ? 0.08e18
                    : expected > 0.35e18
                        ? 0.35e18
                        : expected;
            assertEq(classes.quorumShareOf(1), quorum, "within its bounds");
            assertEq(_termsOf(1).quorum, quorum, "what proposals get");
        }
        assertEq(classes.quorumShareOf(1), 0.35e18, "its most");
        // No stricter class asks for less, though their own quorums are 15 and 20 per cent.
        assertEq(classes.quorumShareOf(2), 0.35e18, "a stricter one");
        assertEq(classes.quorumShareOf(3), 0.35e18, "the strictest");
        assertEq(classes.quorumShareOf(0), 0.04e18, "a laxer one is not touched");
        // Switched off, they ask for their own again, and the average stays for the next time.
        _setDynamic(1, false);
        assertEq(classes.quorumShareOf(1), 0.08e18, "switched off");
        assertEq(classes.quorumShareOf(2), 0.15e18, "switched off");
        assertEq(classes.averageTurnoutOf(1), expected, "average stays");
        _setDynamic(1, true);
        assertEq(classes.quorumShareOf(1), 0.35e18, "switched on with what was recorded");
    }

    function test_ProposalKeepsTheQuorumItWasMadeUnder() public {
        _setDynamic(1, true);
        uint256 earlier = _voted(1, _list(alice));
        uint256 proposalId = _propose(alice, 1);
        classes.recordTurnout(earlier);
        assertEq(classes.quorumShareOf(1), 0.1e18, "moved");
        assertEq(governor.termsOf(proposalId).quorum, 0.08e18, "frozen");
    }

    /// Whatever turnouts come in whatever order, and whichever classes follow them.
    function testFuzz_QuorumsStayInBoundsAndInOrder(uint256 seed, uint8 dynamic) public {
        for (uint8 i; i < 4; ++i) {
            if ((dynamic >> i) & 1 == 1) _setDynamic(i, true);
        }
        for (uint256 n; n < 12; ++n) {
            uint256 draw = uint256(keccak256(abi.encode(seed, n)));
            uint8 classId = uint8(draw % 4);
            uint256 before = classes.averageTurnoutOf(classId);
            uint256 proposalId = _propose(alice, classId);
            _open(proposalId);
            if ((draw >> 8) & 1 == 1) _vote(alice, proposalId, uint8((draw >> 16) % 3));
            if ((draw >> 9) & 1 == 1) _vote(bob, proposalId, uint8((draw >> 24) % 3));
            if ((draw >> 10) & 1 == 1) _vote(carol, proposalId, uint8((draw >> 32) % 3));
            _close(proposalId);
            classes.recordTurnout(proposalId);
            uint256 average = classes.averageTurnoutOf(classId);
            assertNear(average, before, MAX_STEP, "one proposal moves it by a step at most");
            assertLe(average, WAD, "a share");
            _checkQuorums(dynamic);
        }
    }

    function _checkQuorums(uint8 dynamic) private view {
        uint256 least;
        for (uint8 i; i < 4; ++i) {
            IProposalClasses.Class memory c = classes.classAt(i);
            uint256 own = c.quorum;
            if ((dynamic >> i) & 1 == 1) {
                uint256 average = classes.averageTurnoutOf(i);
                own =
                    average < c.quorum
                        ? c.quorum
                        : average > c.maxQuorum
                            ? c.maxQuorum
                            : average;
            }
            if (own > least) least = own;
            assertEq(classes.quorumShareOf(i), least, "the most of its own and those of laxer classes");
            assertLe(least, c.maxQuorum, "never above its most");
        }
    }

    function _termsOf(uint8 classId) private view returns (IProposalClasses.Terms memory) {
        (address[] memory targets, , bytes[] memory calldatas) = _asCalls(
            TARGET,
            abi.encodePacked(_selectorOf(classId))
        );
        return classes.termsOf(targets, calldatas);
    }

    // ---------------------------------------------------------------- by proposals

    /// @dev Puts a call to the classes to the vote, and through the timelock if it passes.
    /// @return Whether it was executed.
    function _decide(bytes memory data, uint256 forShare) private returns (bool) {
        classes.transferOwnership(address(timelock));
        uint256 proposalId = _proposeCall(alice, address(classes), data);
        _open(proposalId);
        // Alice and Bob vote for 60 or 85 per cent of all that is cast, with Carol's for 75.
        _vote(alice, proposalId, FOR);
        _vote(bob, proposalId, forShare == 85 ? FOR : AGAINST);
        _vote(carol, proposalId, forShare == 75 ? FOR : AGAINST);
        _close(proposalId);
        (address[] memory targets, uint256[] memory values, bytes[] memory calldatas) = _asCalls(
            address(classes),
            data
        );
        bytes32 text = keccak256(bytes(_text("A proposal")));
        if (governor.state(proposalId) == IGovernor.ProposalState.Defeated) return false;
        governor.queue(targets, values, calldatas, text);
        vm.warp(block.timestamp + TIMELOCK_DELAY);
        governor.execute(targets, values, calldatas, text);
        return true;
    }

    /// 60 per cent would do for any class but the strictest, which asks for 66.
    function test_StrictestClassIsNotLoweredByLess() public {
        IProposalClasses.Class memory lax = _classes()[2];
        bytes memory data = abi.encodeCall(classes.setClass, (3, lax));
        assertFalse(_decide(data, 60), "60 per cent");
        assertEq(classes.classAt(3).threshold, 0.66e18, "as it was");
    }

    function test_StrictestClassIsLoweredByItsOwnThreshold() public {
        IProposalClasses.Class memory lax = _classes()[2];
        assertTrue(_decide(abi.encodeCall(classes.setClass, (3, lax)), 75), "75 per cent");
        assertEq(classes.classAt(3).threshold, 0.6e18, "lowered");
    }

    function test_LaxerClassIsChangedByItsOwnThreshold() public {
        IProposalClasses.Class memory c = _classes()[1];
        c.threshold = 0.5e18;
        assertTrue(_decide(abi.encodeCall(classes.setClass, (1, c)), 60), "60 per cent");
        assertEq(classes.classAt(1).threshold, 0.5e18, "changed");
    }

    function test_SelectorDoesNotLeaveTheStrictestClassByLess() public {
        bytes memory data = abi.encodeCall(classes.assign, (TARGET, _selectorOf(3), 0));
        assertFalse(_decide(data, 60), "60 per cent");
        assertEq(classes.classOf(TARGET, abi.encodePacked(_selectorOf(3))), 3, "as it was");
    }

    function test_SelectorLeavesTheStrictestClassByItsThreshold() public {
        bytes memory data = abi.encodeCall(classes.assign, (TARGET, _selectorOf(3), 0));
        assertTrue(_decide(data, 85), "85 per cent");
        assertEq(classes.classOf(TARGET, abi.encodePacked(_selectorOf(3))), 0, "moved");
    }
}
