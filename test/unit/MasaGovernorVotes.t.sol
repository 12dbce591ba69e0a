// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IGovernor} from "@openzeppelin/contracts/governance/IGovernor.sol";

import {IMasaGovernor} from "../../contracts/interfaces/IMasaGovernor.sol";
import {IStakeVotes} from "../../contracts/interfaces/IStakeVotes.sol";
import {GovernanceBed} from "../support/GovernanceBed.sol";

/// @title MasaGovernor: votes of delegates, and of owners who take their units back
/// @notice Val has 1,000 of its own and worker Wes 500. Bob's 300 follow Val. Carol has 600: an edge of 200 to Val and
/// one of 150 to Wes, and a residual of 250 of her own. Dora's 400 follow herself. Total: 2,800 (in thousands).
contract MasaGovernorVotesTest is GovernanceBed {
    uint256 private constant K = 1_000e18;
    address private val;
    address private wes;
    address private dora = _account(4);
    uint256 private id;

    function setUp() public override {
        super.setUp();
        val = _registerValidator(1, 1_000 * K);
        wes = _registerWorker(2_001, 500 * K);
        _stake(bob, 300 * K);
        _delegate(bob, val);
        _stake(carol, 600 * K);
        _edge(carol, val, 200 * K);
        _edge(carol, wes, 150 * K);
        _stake(dora, 400 * K);
        id = _propose(val, _routine("First"));
        _open(id);
    }

    function _nothing(address account) private view returns (bytes memory) {
        return abi.encodeWithSelector(IMasaGovernor.MasaGovernor_NothingToOverride.selector, id, account);
    }

    function _again(address account) private view returns (bytes memory) {
        return abi.encodeWithSelector(IMasaGovernor.MasaGovernor_AlreadyOverridden.selector, id, account);
    }

    function _closed() private view returns (bytes memory) {
        return
            abi.encodeWithSelector(
                IMasaGovernor.MasaGovernor_DelegatesClosed.selector,
                id,
                governor.delegateDeadline(id)
            );
    }

    function _assertReceipt(
        address account,
        uint8 cast,
        uint8 overrode,
        bool withReason,
        uint256 overridden,
        string memory message
    ) private view {
        IMasaGovernor.Receipt memory r = governor.receiptOf(id, account);
        assertEq(r.cast, cast, string.concat(message, ": cast"));
        assertEq(r.overrode, overrode, string.concat(message, ": overrode"));
        assertEq(r.withReason, withReason, string.concat(message, ": reason"));
        assertEq(r.overridden, overridden, string.concat(message, ": overridden"));
    }

    // ---------------------------------------------------------------- delegates

    function test_DelegateVotesWithAllThatPointsToIt() public {
        assertEq(governor.getVotes(val, governor.proposalSnapshot(id)), 1_500 * K, "getVotes");
        assertEq(governor.getVotesWithParams(val, governor.proposalSnapshot(id), ""), 1_500 * K, "with params");
        assertFalse(governor.hasVoted(id, val), "not yet");
        vm.expectEmit(address(governor));
        emit IGovernor.VoteCast(val, id, FOR, 1_500 * K, "");
        assertEq(_vote(val, id, FOR), 1_500 * K, "weight");
        _assertTally(id, 0, 1_500 * K, 0, "Val");
        assertTrue(governor.hasVoted(id, val), "voted");
        assertFalse(governor.hasVotedOverride(id, val), "as a delegate only");
        _assertReceipt(val, FOR + 1, 0, false, 0, "Val");

        vm.expectEmit(address(governor));
        emit IGovernor.VoteCast(wes, id, AGAINST, 650 * K, "too dear");
        vm.prank(wes);
        governor.castVoteWithReason(id, AGAINST, "too dear");
        _assertReceipt(wes, AGAINST + 1, 0, true, 0, "Wes");

        vm.prank(dora);
        governor.castVoteWithReasonAndParams(id, ABSTAIN, "", "");
        assertEq(_vote(carol, id, FOR), 250 * K, "her residual");
        _assertTally(id, 650 * K, 1_750 * K, 400 * K, "all");
    }

    function test_RevertGiven_VoteThatIsNone() public {
        vm.expectRevert(IGovernor.GovernorInvalidVoteType.selector);
        _vote(val, id, 3);
        vm.expectRevert(IGovernor.GovernorInvalidVoteType.selector);
        _override(bob, id, 3);
        vm.expectRevert(IGovernor.GovernorInvalidVoteParams.selector);
        vm.prank(val);
        governor.castVoteWithReasonAndParams(id, FOR, "", hex"00");
        _vote(val, id, FOR);
        vm.expectRevert(abi.encodeWithSelector(IGovernor.GovernorAlreadyCastVote.selector, val));
        _vote(val, id, FOR);
        _assertTally(id, 0, 1_500 * K, 0, "once");
    }

    function test_RevertGiven_VoteOutsideOfItsTime() public {
        Draft memory d = _routine("Second");
        uint256 second = _propose(val, d);
        uint256 active = _onlyState(IGovernor.ProposalState.Active);
        vm.warp(governor.proposalSnapshot(second));
        bytes memory pending = _wrongState(second, IGovernor.ProposalState.Pending, active);
        vm.expectRevert(pending);
        _vote(val, second, FOR);
        vm.expectRevert(pending);
        _override(bob, second, FOR);
        _close(second);
        bytes memory defeated = _wrongState(second, IGovernor.ProposalState.Defeated, active);
        vm.expectRevert(defeated);
        _vote(val, second, FOR);
        vm.expectRevert(defeated);
        _override(bob, second, FOR);
        vm.expectRevert(abi.encodeWithSelector(IGovernor.GovernorNonexistentProposal.selector, 7));
        _vote(val, 7, FOR);
    }

    function test_DelegateThatLostItsRoleVotesAtEarlierSnapshots() public {
        vm.prank(wes);
        registry.deregister();
        assertEq(_vote(wes, id, FOR), 650 * K, "own and the edge");
        // And at later ones, until the delegators think again: losing the role changes no delegation.
        uint256 second = _propose(val, _routine("Second"));
        _open(second);
        assertEq(_vote(wes, second, FOR), 650 * K, "as before");
    }

    /// @notice A vote is one look-up, whoever stands behind it.
    function test_VoteForAThousandDelegatorsCostsWhatItCostsForOne() public {
        for (uint256 i; i < 1_000; ++i) {
            address delegator = _account(10_000 + i);
            _stake(delegator, 10e18);
            _delegate(delegator, wes);
        }
        uint256 second = _propose(val, _routine("Second"));
        _open(second);
        // Bob alone follows another worker.
        uint256 first = _costOf(val, second);
        uint256 thousand = _costOf(wes, second);
        assertEq(governor.getVotes(wes, governor.proposalSnapshot(second)), 650 * K + 10_000e18, "thousand");
        // The second vote finds the tally's slot in use already, and the search is at most two reads of warm slots apart.
        assertLe(thousand, first + 5_000, "no dearer");
    }

    function _costOf(address voter, uint256 proposalId) private returns (uint256 spent) {
        vm.prank(voter);
        spent = gasleft();
        governor.castVote(proposalId, FOR);
        spent -= gasleft();
    }

    // ---------------------------------------------------------------- overrides

    function test_GOV04_OverrideAfterTheDelegateVoted() public {
        _vote(val, id, FOR);
        vm.expectEmit(address(governor));
        emit IMasaGovernor.VoteReduced(val, id, FOR, 300 * K);
        vm.expectEmit(address(governor));
        emit IMasaGovernor.OverrideVoteCast(bob, bob, id, AGAINST, 300 * K, "no");
        vm.prank(bob);
        assertEq(governor.castOverrideVote(id, AGAINST, "no"), 300 * K, "weight");
        _assertTally(id, 300 * K, 1_200 * K, 0, "moved, not added");
        assertTrue(governor.hasVotedOverride(id, bob), "overrode");
        assertFalse(governor.hasVoted(id, bob), "not as a delegate");
        _assertReceipt(bob, 0, AGAINST + 1, true, 0, "Bob");
        _assertReceipt(val, FOR + 1, 0, false, 0, "Val");
    }

    function test_GOV04_OverrideBeforeTheDelegateVotes() public {
        _override(bob, id, AGAINST);
        _assertReceipt(val, 0, 0, false, 300 * K, "Val");
        _assertReceipt(bob, 0, AGAINST + 1, false, 0, "Bob");
        assertEq(_vote(val, id, FOR), 1_200 * K, "without Bob's");
        _assertTally(id, 300 * K, 1_200 * K, 0, "the same as after");
    }

    function test_GOV04_OverrideWithTheSameSupportChangesNothing() public {
        _vote(val, id, ABSTAIN);
        _override(bob, id, ABSTAIN);
        _assertTally(id, 0, 0, 1_500 * K, "no more, no less");
    }

    function test_GOV04_EdgesAndResidualApart() public {
        address toVal = votes.edgeAccount(carol, val);
        address toWes = votes.edgeAccount(carol, wes);
        _vote(val, id, FOR);
        vm.expectEmit(address(governor));
        emit IMasaGovernor.VoteReduced(val, id, FOR, 200 * K);
        vm.expectEmit(address(governor));
        emit IMasaGovernor.OverrideVoteCast(carol, toVal, id, AGAINST, 200 * K, "");
        assertEq(_overrideOn(carol, id, AGAINST, false, _list(val)), 200 * K, "edge to Val");
        _assertTally(id, 200 * K, 1_300 * K, 0, "after Val");
        assertTrue(governor.hasVotedOverride(id, toVal), "by edge account");
        assertFalse(governor.hasVotedOverride(id, carol), "not her residual");

        assertEq(_overrideOn(carol, id, ABSTAIN, true, _list(wes)), 400 * K, "the rest");
        _assertReceipt(toWes, 0, ABSTAIN + 1, false, 0, "edge to Wes");
        _assertReceipt(carol, 0, ABSTAIN + 1, false, 250 * K, "her own delegate");
        assertEq(_vote(wes, id, FOR), 500 * K, "Wes without the edge");
        assertEq(_vote(carol, id, FOR), 0, "nothing is left to cast");
        _assertTally(id, 200 * K, 1_800 * K, 400 * K, "all");
    }

    function test_GOV04_AllAtOnceIsAsOneByOne() public {
        assertEq(_overrideOn(carol, id, AGAINST, true, _list(wes, val)), 600 * K, "all of her units");
        assertEq(_vote(val, id, FOR), 1_300 * K, "Val");
        assertEq(_vote(wes, id, FOR), 500 * K, "Wes");
        _assertTally(id, 600 * K, 1_800 * K, 0, "all");
    }

    function test_GOV04_WhoDelegatesToItselfOverridesItself() public {
        _vote(dora, id, FOR);
        assertEq(_override(dora, id, AGAINST), 400 * K, "after");
        _assertTally(id, 400 * K, 0, 0, "moved");
        _assertReceipt(dora, FOR + 1, AGAINST + 1, false, 0, "both in one receipt");
        // Val's own units only; what others delegated stays as Val voted, before as well as after.
        assertEq(_override(val, id, ABSTAIN), 1_000 * K, "before");
        assertEq(_vote(val, id, FOR), 500 * K, "as a delegate");
        _assertTally(id, 400 * K, 500 * K, 1_000 * K, "all");
        _assertReceipt(val, FOR + 1, ABSTAIN + 1, false, 1_000 * K, "Val");
    }

    /// @notice Every order of five acts gives the same tally: a unit counts once, as its owner said.
    function testFuzz_GOV04_AnyOrderGivesTheSameTally(uint256 seed) public {
        uint8[5] memory order = [0, 1, 2, 3, 4];
        for (uint256 i = 4; i > 0; --i) {
            uint256 j = uint256(keccak256(abi.encode(seed, i))) % (i + 1);
            (order[i], order[j]) = (order[j], order[i]);
        }
        for (uint256 i; i < 5; ++i) {
            if (order[i] == 0) _vote(val, id, FOR);
            else if (order[i] == 1) _override(bob, id, AGAINST);
            else if (order[i] == 2) _overrideOn(carol, id, ABSTAIN, false, _list(val));
            else if (order[i] == 3) _override(val, id, ABSTAIN);
            else _vote(wes, id, AGAINST);
        }
        _assertTally(id, 300 * K + 650 * K, 0, 1_200 * K, "I-17 any order");
    }

    function test_RevertGiven_UnitsCountedTwice() public {
        address toVal = votes.edgeAccount(carol, val);
        _override(bob, id, FOR);
        vm.expectRevert(_again(bob));
        _override(bob, id, AGAINST);
        _overrideOn(carol, id, FOR, false, _list(val));
        vm.expectRevert(_again(toVal));
        _overrideOn(carol, id, FOR, true, _list(val));
        vm.expectRevert(_again(votes.edgeAccount(carol, wes)));
        _overrideOn(carol, id, FOR, false, _list(wes, wes));
        _assertTally(id, 0, 500 * K, 0, "I-17 once");
    }

    function test_RevertGiven_NothingToOverride() public {
        vm.expectRevert(_nothing(alice));
        _override(alice, id, FOR);
        vm.expectRevert(_nothing(carol));
        _overrideOn(carol, id, FOR, false, new address[](0));
        vm.expectRevert(_nothing(votes.edgeAccount(carol, bob)));
        _overrideOn(carol, id, FOR, false, _list(bob));
        // An edge account is an account of the votes, but nobody's to call from, and its number gives no say.
        vm.expectRevert(_nothing(votes.edgeAccount(bob, val)));
        _overrideOn(bob, id, FOR, true, _list(val));
        // What is staked or delegated after the snapshot does not vote here.
        _stake(alice, 10 * K);
        _edge(bob, wes, 100 * K);
        vm.warp(block.timestamp + 1);
        vm.expectRevert(_nothing(alice));
        _override(alice, id, FOR);
        vm.expectRevert(_nothing(votes.edgeAccount(bob, wes)));
        _overrideOn(bob, id, FOR, false, _list(wes));
        assertEq(_override(bob, id, FOR), 300 * K, "the residual of then");
    }

    // ---------------------------------------------------------------- the direct window

    function test_DelegatesStopBeforeOwners() public {
        uint256 until = governor.delegateDeadline(id);
        assertEq(until, governor.proposalDeadline(id) - WINDOW, "a window before");
        // The outcome stands from the first second on: what comes later extends nothing.
        _vote(val, id, FOR);
        vm.warp(until);
        uint256 snapshot = vm.snapshotState();
        assertEq(_vote(wes, id, FOR), 650 * K, "the last second");
        vm.revertToState(snapshot);
        vm.warp(until + 1);
        vm.expectRevert(_closed());
        _vote(wes, id, FOR);
        assertEq(_vote(dora, id, AGAINST), 400 * K, "votes for herself alone");
        assertEq(_vote(carol, id, AGAINST), 250 * K, "her residual, which is nobody else's");
        vm.warp(governor.proposalDeadline(id));
        assertEq(_override(bob, id, AGAINST), 300 * K, "until the deadline");
        assertEq(_override(wes, id, AGAINST), 500 * K, "its own units");
    }

    function test_RevertGiven_DirectWindowAndDelegatedResidual() public {
        vm.warp(governor.delegateDeadline(id) + 1);
        // Bob's units are not his to cast as a delegate, and he has no others.
        vm.expectRevert(_closed());
        _vote(bob, id, FOR);
    }

    /// @notice Half of a short voting period is the delegates'.
    function test_DirectWindowIsHalfOfTheVoteAtMost() public {
        vm.prank(address(timelock));
        classes.setClass(0, _class(0.04e18, 0.5e18, 1 hours, 1_000e18));
        uint256 second = _propose(val, _routine("Second"));
        assertEq(governor.proposalDeadline(second) - governor.proposalSnapshot(second), 1 hours, "period");
        assertEq(governor.delegateDeadline(second), governor.proposalSnapshot(second) + 30 minutes, "half");
    }

    // ---------------------------------------------------------------- late votes

    function test_GOV10_LateSwingExtendsOnce() public {
        _vote(val, id, FOR);
        uint256 deadline = governor.proposalDeadline(id);
        vm.warp(deadline);
        // Quorum was met before; the outcome turns only with the last of these.
        _overrideOn(carol, id, AGAINST, true, _list(val, wes));
        _override(dora, id, AGAINST);
        _assertTally(id, 1_000 * K, 1_300 * K, 0, "still for");
        assertEq(governor.proposalDeadline(id), deadline, "nothing turned");
        vm.expectEmit(address(governor));
        emit IMasaGovernor.ProposalExtended(id, uint64(deadline + EXTENSION));
        _override(bob, id, AGAINST);
        _assertTally(id, 1_300 * K, 1_000 * K, 0, "against");
        assertEq(governor.proposalDeadline(id), deadline + EXTENSION, "extended");
        // It turns back in the last second: once is all.
        vm.warp(deadline + EXTENSION);
        _override(wes, id, FOR);
        _assertTally(id, 1_300 * K, 1_500 * K, 0, "for");
        assertEq(governor.proposalDeadline(id), deadline + EXTENSION, "not again");
        vm.warp(block.timestamp + 1);
        _assertState(id, IGovernor.ProposalState.Succeeded, "as it stood");
    }

    function test_GOV10_LateSwingReopensTheVoteToDelegates() public {
        _vote(val, id, ABSTAIN);
        _vote(dora, id, FOR);
        _assertTally(id, 0, 400 * K, 1_500 * K, "passes");
        uint256 deadline = governor.proposalDeadline(id);
        vm.warp(deadline - 10);
        vm.expectRevert(_closed());
        _vote(wes, id, FOR);
        vm.expectEmit(address(governor));
        emit IMasaGovernor.ProposalExtended(id, uint64(deadline - 10 + EXTENSION));
        _override(val, id, AGAINST);
        uint256 extended = deadline - 10 + EXTENSION;
        assertEq(governor.proposalDeadline(id), extended, "moved");
        assertEq(governor.termsOf(id).extendedDeadline, extended, "in its terms");
        assertEq(governor.delegateDeadline(id), extended - WINDOW, "and the delegates'");
        assertEq(_vote(wes, id, FOR), 650 * K, "reopened");
        _assertTally(id, 1_000 * K, 1_050 * K, 500 * K, "turned back");
        vm.warp(extended - WINDOW + 1);
        vm.expectRevert(_closed());
        _vote(bob, id, FOR);
    }

    function test_GOV10_LateQuorumExtends() public {
        // 112 of 2,800 are 4 %: Wes and Carol are far above it, nobody has voted yet.
        uint256 deadline = governor.proposalDeadline(id);
        vm.warp(deadline - EXTENSION);
        vm.expectEmit(address(governor));
        emit IGovernor.VoteCast(alice, id, FOR, 0, "");
        _vote(alice, id, FOR);
        assertEq(governor.proposalDeadline(id), deadline, "no weight, no change");
        // In the first second that is late.
        vm.warp(deadline - EXTENSION + 1);
        _vote(dora, id, FOR);
        assertEq(governor.proposalDeadline(id), deadline + 1, "by what it lacked");
        // Once a proposal.
        vm.warp(deadline + 1);
        _override(carol, id, AGAINST);
        _override(bob, id, AGAINST);
        assertEq(governor.proposalDeadline(id), deadline + 1, "not again");
        vm.warp(deadline + 2);
        _assertState(id, IGovernor.ProposalState.Defeated, "as it stood");
    }

    function test_GOV10_EarlyTurnsExtendNothing() public {
        uint256 deadline = governor.proposalDeadline(id);
        vm.warp(deadline - EXTENSION);
        _vote(val, id, FOR);
        _override(val, id, AGAINST);
        assertEq(governor.proposalDeadline(id), deadline, "quorum and outcome, in time for an answer");
    }

    /// @notice The extended deadline takes the old one's place among the proposer's.
    function test_GOV11_ExtendedProposalKeepsItsPlace() public {
        uint256 deadline = governor.proposalDeadline(id);
        assertEq(governor.openDeadlinesOf(val)[0], deadline, "taken");
        vm.warp(deadline);
        _override(dora, id, FOR);
        assertEq(governor.openDeadlinesOf(val)[0], deadline + EXTENSION, "kept");
    }

    // ---------------------------------------------------------------- thresholds

    function test_ThresholdIsMetAtEquality() public {
        // 50 %: 500 for, 500 against.
        _override(wes, id, FOR);
        _override(dora, id, AGAINST);
        _overrideOn(carol, id, AGAINST, false, _list(wes));
        _assertTally(id, 550 * K, 500 * K, 0, "below");
        uint256 snapshot = vm.snapshotState();
        _close(id);
        _assertState(id, IGovernor.ProposalState.Defeated, "below");
        vm.revertToState(snapshot);
        _overrideOn(carol, id, FOR, false, _list(val));
        _assertTally(id, 550 * K, 700 * K, 0, "above");
        _close(id);
        _assertState(id, IGovernor.ProposalState.Succeeded, "above");
    }

    function test_ThresholdAtEqualityToTheWei() public {
        _override(bob, id, FOR);
        _overrideOn(carol, id, AGAINST, false, _list(wes, val));
        _assertTally(id, 350 * K, 300 * K, 0, "not yet");
        _stakeAndOpen(350 * K, 350 * K);
        _close(id);
        _assertState(id, IGovernor.ProposalState.Succeeded, "equal");
        _stakeAndOpen(350 * K, 350 * K + 1);
        _close(id);
        _assertState(id, IGovernor.ProposalState.Defeated, "one wei less");
    }

    /// @dev A proposal with one voter for and one against, of these weights.
    function _stakeAndOpen(uint256 for_, uint256 against) private {
        address yes = address(uint160(uint256(keccak256(abi.encode("yes", block.timestamp)))));
        address no = address(uint160(uint256(keccak256(abi.encode("no", block.timestamp)))));
        _stake(yes, for_);
        _stake(no, against);
        id = _propose(val, _routine(string.concat("At ", vm.toString(block.timestamp))));
        _open(id);
        _vote(yes, id, FOR);
        _vote(no, id, AGAINST);
        _assertTally(id, against, for_, 0, "as asked");
    }

    function test_QuorumIsMetAtEqualityAndAbstentionsCountForItAlone() public {
        // 25 times 117 thousand and one wei: 4 % of it are 117 thousand and a part of a wei.
        uint256 needed = 117 * K + 1;
        address[4] memory voters = [_account(21), _account(22), _account(23), _account(24)];
        _stake(voters[0], 1e18);
        _stake(voters[1], 117 * K - 1e18);
        _stake(voters[2], 1);
        _stake(voters[3], 24 * 117 * K - 2_800 * K);
        id = _propose(val, _routine("At the quorum"));
        uint256 at = governor.proposalSnapshot(id);
        vm.expectRevert(abi.encodeWithSelector(IStakeVotes.StakeVotes_FutureLookup.selector, at, block.timestamp));
        governor.quorumOf(id);
        _open(id);
        assertEq(votes.getPastTotalSupply(at), 25 * 117 * K + 1, "total");
        assertEq(governor.quorumOf(id), needed, "rounded up");
        _vote(voters[0], id, FOR);
        _vote(voters[1], id, ABSTAIN);
        assertFalse(governor.quorumReached(id), "one wei short");
        uint256 snapshot = vm.snapshotState();
        _close(id);
        _assertState(id, IGovernor.ProposalState.Defeated, "one wei short");
        vm.revertToState(snapshot);
        // Against counts for nothing in it.
        _override(dora, id, AGAINST);
        assertFalse(governor.quorumReached(id), "against");
        vm.revertToState(snapshot);
        // Staked after the snapshot: the quorum asks for no more, and has no more.
        _stake(voters[3], 5 * K);
        assertEq(governor.quorumOf(id), needed, "as at the snapshot");
        _vote(voters[2], id, ABSTAIN);
        _assertTally(id, 0, 1e18, needed - 1e18, "equal");
        assertTrue(governor.quorumReached(id), "met");
        _close(id);
        _assertState(id, IGovernor.ProposalState.Succeeded, "one vote for is enough among those who decide");
    }

    function test_AbstentionsAlonePassNothing() public {
        _vote(val, id, ABSTAIN);
        _close(id);
        assertTrue(governor.quorumReached(id), "quorum");
        _assertState(id, IGovernor.ProposalState.Defeated, "nobody is for it");
    }

    function test_GOV05_SlashNeverTouchesAPastSnapshot() public {
        uint256 needed = governor.quorumOf(id);
        _slash(bob, 0, 100 * K);
        vault.applySlash(bob);
        _slash(carol, 0, 500 * K);
        vault.applySlash(carol);
        vm.warp(block.timestamp + 1);
        assertEq(votes.getVotes(val), 1_000 * K + 200 * K + 100 * K, "now: residual first, then the newest edge");
        assertEq(governor.quorumOf(id), needed, "quorum from the same snapshot");
        assertEq(_vote(val, id, FOR), 1_500 * K, "votes of then");
        assertEq(_override(bob, id, AGAINST), 300 * K, "units of then");
        _assertTally(id, 300 * K, 1_200 * K, 0, "as if nothing had happened");
        // The next snapshot has it.
        uint256 second = _propose(val, _routine("Second"));
        _open(second);
        assertEq(_vote(val, second, FOR), 1_300 * K, "votes of now");
        assertLt(governor.quorumOf(second), needed, "and the quorum of them");
    }

    function test_UnbondingMidVoteChangesNothingBackThen() public {
        _unbond(bob, 300 * K);
        _unbond(val, 900 * K);
        vm.warp(block.timestamp + 1);
        assertEq(_vote(val, id, FOR), 1_500 * K, "votes of then");
        uint256 second = _propose(wes, _routine("Second"));
        _open(second);
        assertEq(_vote(val, second, FOR), 300 * K, "unbonding stake does not vote");
    }
}
