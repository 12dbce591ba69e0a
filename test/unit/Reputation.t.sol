// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IGovernor} from "@openzeppelin/contracts/governance/IGovernor.sol";

import {IMasaGovernor} from "../../contracts/interfaces/IMasaGovernor.sol";
import {IReputation} from "../../contracts/interfaces/IReputation.sol";
import {ReputationBed} from "../support/ReputationBed.sol";

/// @title Reputation: what is closed, what is credited, and what a record shows (paper section 9.2)
contract ReputationTest is ReputationBed {
    // ---------------------------------------------------------------- closing

    function _notOver(uint256 proposalId) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IReputation.Reputation_VoteNotOver.selector, proposalId);
    }

    function test_RevertGiven_VoteNotOver() public {
        uint256 proposalId = _propose(alice, CLASS);
        vm.expectRevert(_notOver(proposalId));
        reputation.close(proposalId);
        _open(proposalId);
        _vote(alice, proposalId, FOR);
        vm.expectRevert(_notOver(proposalId));
        reputation.close(proposalId);
        vm.warp(governor.proposalDeadline(proposalId));
        vm.expectRevert(_notOver(proposalId));
        reputation.close(proposalId);
        vm.expectRevert(abi.encodeWithSelector(IGovernor.GovernorNonexistentProposal.selector, 1));
        reputation.close(1);
    }

    function test_RevertGiven_CancelledProposal() public {
        bytes memory data = abi.encodePacked(_selectorOf(CLASS));
        uint256 proposalId = _proposeCall(alice, TARGET, data);
        _open(proposalId);
        _vote(alice, proposalId, FOR);
        _close(proposalId);
        (address[] memory targets, uint256[] memory values, bytes[] memory calldatas) = _asCalls(TARGET, data);
        vm.prank(guard);
        governor.cancel(targets, values, calldatas, keccak256(bytes(_text("A proposal"))));
        vm.expectRevert(_notOver(proposalId));
        reputation.close(proposalId);
    }

    function test_RevertGiven_QuorumNotReached() public {
        uint256 proposalId = _open();
        // Votes against are no part of the quorum.
        _vote(alice, proposalId, AGAINST);
        _close(proposalId);
        vm.expectRevert(abi.encodeWithSelector(IReputation.Reputation_QuorumNotReached.selector, proposalId));
        reputation.close(proposalId);
    }

    function test_ProposalIsCountedOnceInTheEpochItIsClosedIn() public {
        uint256 first = _open();
        _vote(alice, first, FOR);
        _vote(bob, first, AGAINST);
        _vote(carol, first, ABSTAIN);
        _close(first);
        _nextEpoch();
        vm.expectEmit(address(reputation));
        emit IReputation.ProposalClosed(first, 1, _epoch(), ALICE + BOB + CAROL, true);
        vm.prank(stranger);
        reputation.close(first);
        vm.expectRevert(abi.encodeWithSelector(IReputation.Reputation_AlreadyClosed.selector, first));
        reputation.close(first);
        IReputation.Closed memory c = reputation.closedOf(first);
        assertEq(c.number, 1, "number");
        assertEq(c.classId, CLASS, "class");
        assertTrue(c.passed, "passed");
        assertFalse(c.proposerPaid, "not paid");
        assertEq(c.epoch, _epoch(), "epoch");
        assertEq(c.cast, ALICE + BOB + CAROL, "cast");
        assertEq(c.weight, 1e18, "weight of its class");
        IReputation.EpochBook memory book = reputation.bookOf(_epoch());
        assertEq(book.weight, ALICE + BOB + CAROL, "weight of the epoch");
        assertEq(book.proposalWeight, 1e18, "weight of its proposals");
        assertEq(book.until, 0, "no budget yet");

        // Another, of the class that weighs half, which does not pass but reaches its quorum.
        uint256 second = _propose(bob, 0);
        _open(second);
        _vote(alice, second, AGAINST);
        _vote(bob, second, FOR);
        _close(second);
        vm.expectEmit(address(reputation));
        emit IReputation.ProposalClosed(second, 2, _epoch(), ALICE + BOB, false);
        reputation.close(second);
        assertEq(reputation.closedCount(), 2, "count");
        assertFalse(reputation.closedOf(second).passed, "did not pass");
        assertEq(reputation.bookOf(_epoch()).weight, (ALICE + BOB) / 2, "at half its weight");
        assertEq(reputation.recordOf(alice).proposed, 1, "alice proposed one");
        assertEq(reputation.recordOf(alice).passed, 1, "that passed");
        assertEq(reputation.recordOf(bob).proposed, 1, "bob proposed one");
        assertEq(reputation.recordOf(bob).passed, 0, "that did not");
    }

    /// What was carried and then left to expire has passed all the same.
    function test_ExpiredProposalCountsAsPassed() public {
        uint256 proposalId = _open();
        _vote(alice, proposalId, FOR);
        vm.warp(governor.proposalDeadline(proposalId) + 8 days);
        assertTrue(governor.state(proposalId) == IGovernor.ProposalState.Expired, "expired");
        reputation.close(proposalId);
        assertTrue(reputation.closedOf(proposalId).passed, "passed");
    }

    // ---------------------------------------------------------------- credits of a residual

    function test_OwnVoteCountsInFull() public {
        uint256 proposalId = _passedWith(bob);
        // R = 0.1, so that 0.5 + 0.5 · 0.1 of the units counts.
        vm.expectEmit(address(reputation));
        emit IReputation.Credited(bob, proposalId, BOB, _wad(BOB, 0.55e18), 0.1e18, WAD);
        _credit(bob, proposalId);
        assertEq(_weight(bob), _wad(BOB, 0.55e18), "weight");
        IReputation.Standing memory s = _standing(bob);
        assertEq(s.reputation, 0.1e18, "reputation");
        assertEq(s.activity, WAD, "activity");
        assertEq(s.lastEligible, 1, "lastEligible");
        assertEq(s.attended, 1, "attended");
        assertEq(s.epoch, _epoch(), "epoch");
        assertEq(reputation.lastCreditedOf(bob), 1, "credited");
    }

    /// How somebody voted makes no difference, nor whether it was with the outcome.
    function test_RewardsAreNeutralToTheSide() public {
        uint256 proposalId = _open();
        _vote(alice, proposalId, FOR);
        _vote(bob, proposalId, AGAINST);
        _vote(carol, proposalId, FOR);
        _vote(worker, proposalId, ABSTAIN);
        _vote(other, proposalId, AGAINST);
        _count(proposalId);
        _credit(bob, proposalId);
        _credit(carol, proposalId);
        _credit(worker, proposalId);
        _credit(other, proposalId);
        assertEq(_weight(bob), _wad(BOB, 0.55e18), "bob's weight");
        assertEq(_weight(bob), _weight(carol), "for and against weigh the same");
        assertEq(_standing(bob).reputation, _standing(carol).reputation, "and give the same reputation");
        assertEq(_weight(worker), _weight(bob) / 2, "abstaining weighs the same");
        assertEq(_weight(worker), _weight(other), "abstaining weighs the same");
    }

    function test_RationaleRaisesReputation() public {
        uint256 proposalId = _open();
        _vote(alice, proposalId, FOR);
        _voteWithReason(bob, proposalId, AGAINST);
        _count(proposalId);
        _credit(bob, proposalId);
        // 0.1, and a twentieth of what was missing then.
        assertEq(_standing(bob).reputation, 0.145e18, "reputation");
        assertEq(_weight(bob), _wad(BOB, 0.5725e18), "weight");
    }

    function test_DelegatingToOneWhoVotesCountsAtTheLowerRate() public {
        _delegate(bob, worker);
        uint256 proposalId = _open();
        _vote(alice, proposalId, FOR);
        _voteWithReason(worker, proposalId, FOR);
        _count(proposalId);
        vm.expectEmit(address(reputation));
        emit IReputation.Credited(bob, proposalId, BOB, _wad(BOB / 2, 0.5e18), 0, WAD);
        _credit(bob, proposalId);
        assertEq(_weight(bob), _wad(BOB / 2, 0.5e18), "half of the rate, and no reputation");
        assertEq(_standing(bob).attended, 1, "took part");
        assertEq(_standing(bob).reputation, 0, "the vote was the delegate's");
        _credit(worker, proposalId);
        assertEq(_weight(worker), _wad(WORKER, 0.5725e18), "the delegate's own units alone");
        assertEq(_standing(worker).reputation, 0.145e18, "the delegate's reputation");
    }

    function test_RevertGiven_NothingToCredit() public {
        _delegate(bob, worker);
        uint256 proposalId = _passed();
        address[3] memory accounts = [bob, carol, stranger];
        for (uint256 i; i < 3; ++i) {
            vm.expectRevert(
                abi.encodeWithSelector(IReputation.Reputation_NothingToCredit.selector, accounts[i], proposalId)
            );
            _credit(accounts[i], proposalId);
        }
        // Nor without naming a part of what one did.
        vm.expectRevert(abi.encodeWithSelector(IReputation.Reputation_NothingToCredit.selector, alice, proposalId));
        this.creditNothingTwice(proposalId);
        assertEq(_standing(bob).attended, 0, "did not take part");
    }

    /// @dev Alice's proposal is what she is credited for first, then nothing is left but her vote.
    function creditNothingTwice(uint256 proposalId) external {
        for (uint256 i; i < 2; ++i) {
            vm.prank(alice);
            reputation.credit(alice, proposalId, false, _none());
        }
    }

    function test_OverrideCountsInFull() public {
        _delegate(bob, worker);
        _delegate(carol, worker);
        uint256 proposalId = _open();
        _vote(alice, proposalId, FOR);
        _override(bob, proposalId, AGAINST, "");
        _vote(worker, proposalId, FOR);
        _override(carol, proposalId, AGAINST, "because");
        _count(proposalId);
        _credit(bob, proposalId);
        _credit(carol, proposalId);
        assertEq(_weight(bob), _wad(BOB, 0.55e18), "before the delegate voted");
        assertEq(_weight(carol), _wad(CAROL, 0.5725e18), "after it, with a reason");
    }

    /// Its own units are delegated away; it votes for others, and is credited for voting alone.
    function test_DelegateWithoutUnitsIsCreditedForItsVote() public {
        _delegate(worker, other);
        _delegate(bob, worker);
        uint256 proposalId = _open();
        _vote(alice, proposalId, FOR);
        _vote(worker, proposalId, FOR);
        _count(proposalId);
        _credit(worker, proposalId);
        assertEq(_weight(worker), 0, "nothing of its own");
        assertEq(_standing(worker).reputation, 0.1e18, "reputation");
        vm.expectRevert(abi.encodeWithSelector(IReputation.Reputation_AlreadyCredited.selector, worker, proposalId));
        _credit(worker, proposalId);
        // Its residual is another's to vote with, and that one votes now.
        uint256 first = _epoch();
        proposalId = _open();
        _vote(alice, proposalId, FOR);
        _vote(worker, proposalId, FOR);
        _vote(other, proposalId, FOR);
        _count(proposalId);
        _credit(worker, proposalId);
        // A tenth of what was missing after the epochs between the two.
        uint256 left = 0.1e18;
        for (uint256 i = first; i < _epoch(); ++i) {
            left = _wad(left, 0.99e18);
        }
        uint256 now_ = _standing(worker).reputation;
        assertNear(now_, left + (WAD - left) / 10, 10, "for its vote");
        assertNear(_weight(worker), _wad(WORKER / 2, 0.5e18 + now_ / 2), 1, "half of the rate, for its delegate's");
    }

    /// A vote without any weight costs nothing and proves nothing.
    function test_RevertGiven_VoteWithoutWeight() public {
        uint256 proposalId = _open();
        _vote(alice, proposalId, FOR);
        _vote(stranger, proposalId, FOR);
        _count(proposalId);
        vm.expectRevert(abi.encodeWithSelector(IReputation.Reputation_NothingToCredit.selector, stranger, proposalId));
        _credit(stranger, proposalId);
    }

    function test_RevertGiven_ProposalNotClosed() public {
        uint256 proposalId = _open();
        _vote(alice, proposalId, FOR);
        _close(proposalId);
        vm.expectRevert(abi.encodeWithSelector(IReputation.Reputation_NotClosed.selector, proposalId));
        _credit(alice, proposalId);
    }

    // ---------------------------------------------------------------- edges and parts

    /// Bob keeps 50,000, the worker has 100,000 of his and the other 50,000.
    function _splitBob() private {
        _edge(bob, worker, 100_000e18);
        _edge(bob, other, 50_000e18);
    }

    function test_EdgesAreCreditedBesideTheResidual() public {
        _splitBob();
        uint256 proposalId = _open();
        _vote(alice, proposalId, FOR);
        _vote(worker, proposalId, FOR);
        vm.prank(bob);
        governor.castOverrideVoteOn(proposalId, AGAINST, true, _list(other), "because");
        _count(proposalId);
        address[] memory both = new address[](2);
        (both[0], both[1]) = (worker, other);
        // 100,000 voted with by himself, 100,000 by the worker: with R = 0.145.
        uint256 weight = _wad(150_000e18, 0.5725e18);
        vm.expectEmit(address(reputation));
        emit IReputation.Credited(bob, proposalId, 200_000e18, weight, 0.145e18, WAD);
        vm.prank(bob);
        reputation.credit(bob, proposalId, true, both);
        assertEq(_weight(bob), weight, "weight");
        assertEq(reputation.recordOf(bob).classes[CLASS].votes, 1, "one vote");
        assertEq(reputation.recordOf(bob).classes[CLASS].rationales, 1, "one rationale");
    }

    /// Parts one after the other weigh what they would at once, but for the reputation that a later part adds.
    function test_PartsAreCreditedOneAfterTheOther() public {
        _splitBob();
        uint256 proposalId = _open();
        _vote(alice, proposalId, FOR);
        _vote(bob, proposalId, FOR);
        _vote(worker, proposalId, FOR);
        _vote(other, proposalId, FOR);
        _count(proposalId);
        _creditEdge(bob, proposalId, worker);
        assertEq(_weight(bob), _wad(50_000e18, 0.5e18), "an edge, before his vote");
        assertEq(_standing(bob).attended, 1, "attended");
        _credit(bob, proposalId);
        assertEq(_weight(bob), _wad(50_000e18, 0.5e18) + _wad(50_000e18, 0.55e18), "the residual");
        _creditEdge(bob, proposalId, other);
        assertEq(
            _weight(bob),
            _wad(50_000e18, 0.5e18) + _wad(75_000e18, 0.55e18),
            "the other edge, with the reputation of his vote"
        );
        assertEq(_standing(bob).attended, 1, "one proposal");
        assertEq(_standing(bob).reputation, 0.1e18, "one vote");
        assertEq(reputation.recordOf(bob).classes[CLASS].votes, 1, "one vote");
    }

    function test_RevertGiven_PartCreditedTwice() public {
        _splitBob();
        uint256 proposalId = _open();
        _vote(alice, proposalId, FOR);
        _vote(bob, proposalId, FOR);
        _vote(worker, proposalId, FOR);
        _vote(other, proposalId, FOR);
        _count(proposalId);
        address[] memory twice = new address[](2);
        (twice[0], twice[1]) = (worker, worker);
        vm.expectRevert(_alreadyCredited(votes.edgeAccount(bob, worker), proposalId));
        vm.prank(bob);
        reputation.credit(bob, proposalId, true, twice);
        twice[1] = other;
        vm.prank(bob);
        reputation.credit(bob, proposalId, true, twice);
        vm.expectRevert(_alreadyCredited(bob, proposalId));
        _credit(bob, proposalId);
        for (uint256 i; i < 2; ++i) {
            vm.expectRevert(_alreadyCredited(votes.edgeAccount(bob, twice[i]), proposalId));
            _creditEdge(bob, proposalId, twice[i]);
        }
    }

    function _alreadyCredited(address part, uint256 proposalId) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IReputation.Reputation_AlreadyCredited.selector, part, proposalId);
    }

    /// A part that nobody voted with is passed over: naming it costs nothing.
    function test_PartThatNobodyVotedWithIsPassedOver() public {
        _splitBob();
        uint256 proposalId = _open();
        _vote(alice, proposalId, FOR);
        _vote(worker, proposalId, FOR);
        _count(proposalId);
        address[] memory all = new address[](4);
        // The other did not vote, carol has no edge, and nobody has one to oneself.
        (all[0], all[1], all[2], all[3]) = (other, worker, carol, bob);
        vm.prank(bob);
        reputation.credit(bob, proposalId, true, all);
        assertEq(_weight(bob), _wad(50_000e18, 0.5e18), "the worker's edge alone");
        assertEq(reputation.lastCreditedOf(bob), 0, "residual");
        assertEq(reputation.lastCreditedOf(votes.edgeAccount(bob, worker)), 1, "edge");
    }

    // ---------------------------------------------------------------- order and who credits

    function test_RevertGiven_CreditOutOfOrder() public {
        uint256 first = _passedWith(bob);
        uint256 second = _passedWith(bob);
        _credit(bob, second);
        vm.expectRevert(abi.encodeWithSelector(IReputation.Reputation_OutOfOrder.selector, bob, 1, 2));
        _credit(bob, first);
    }

    function test_RevertGiven_CreditByAnother() public {
        uint256 proposalId = _passedWith(bob);
        bytes memory refused = abi.encodeWithSelector(IReputation.Reputation_NotCrediter.selector, bob, stranger);
        vm.expectRevert(refused);
        vm.prank(stranger);
        reputation.credit(bob, proposalId, true, _none());
        vm.expectRevert(refused);
        vm.prank(stranger);
        reputation.creditMany(bob, new uint256[](0), true, _none());
        vm.expectEmit(address(reputation));
        emit IReputation.CrediterSet(bob, address(0), stranger);
        vm.prank(bob);
        reputation.setCrediter(stranger);
        assertEq(reputation.crediterOf(bob), stranger, "named");
        vm.prank(stranger);
        reputation.credit(bob, proposalId, true, _none());
        assertEq(_weight(bob), _wad(BOB, 0.55e18), "credited to bob");
        assertEq(_weight(stranger), 0, "not to whom he named");
        vm.expectEmit(address(reputation));
        emit IReputation.CrediterSet(bob, stranger, address(0));
        vm.prank(bob);
        reputation.setCrediter(address(0));
        vm.expectRevert(refused);
        vm.prank(stranger);
        reputation.credit(bob, proposalId, true, _none());
        // Who is named for one is named for nobody else.
        vm.prank(bob);
        reputation.setCrediter(stranger);
        vm.expectRevert(abi.encodeWithSelector(IReputation.Reputation_NotCrediter.selector, carol, stranger));
        vm.prank(stranger);
        reputation.credit(carol, proposalId, true, _none());
    }

    function test_ManyAreCreditedAtOnceAsOneByOne() public {
        uint256[] memory ids = new uint256[](3);
        for (uint256 i; i < 3; ++i) {
            ids[i] = _passedWith(bob);
        }
        uint64 epoch = _epoch();
        uint256 before = vm.snapshotState();
        for (uint256 i; i < 3; ++i) {
            _credit(bob, ids[i]);
        }
        bytes32 oneByOne = keccak256(abi.encode(_standing(bob), reputation.weightOf(bob, epoch)));
        assertEq(_standing(bob).attended, 3, "attended");
        vm.revertToState(before);
        vm.prank(bob);
        reputation.creditMany(bob, ids, true, _none());
        assertEq(keccak256(abi.encode(_standing(bob), reputation.weightOf(bob, epoch))), oneByOne, "the same");
        (ids[0], ids[1]) = (ids[1], ids[0]);
        vm.revertToState(before);
        vm.expectRevert(abi.encodeWithSelector(IReputation.Reputation_OutOfOrder.selector, bob, 1, 2));
        vm.prank(bob);
        reputation.creditMany(bob, ids, true, _none());
    }

    // ---------------------------------------------------------------- reputation

    function test_ProposerGainsByWhatPasses() public {
        uint256 proposalId = _passed();
        // Without its vote: a fifth. It counts as taking part.
        vm.expectEmit(address(reputation));
        emit IReputation.Credited(alice, proposalId, 0, 0, 0.2e18, WAD);
        vm.prank(alice);
        reputation.credit(alice, proposalId, false, _none());
        assertEq(_standing(alice).attended, 1, "attended");
        // And for its vote a tenth of the rest, once each.
        _credit(alice, proposalId);
        assertEq(_standing(alice).reputation, 0.28e18, "reputation");
        assertEq(_weight(alice), _wad(ALICE, 0.64e18), "weight");
    }

    function test_ProposerGainsNothingByWhatDoesNotPass() public {
        uint256 proposalId = _open();
        _vote(alice, proposalId, FOR);
        vm.prank(alice);
        votes.delegate(alice);
        _count(proposalId);
        proposalId = _propose(carol, CLASS);
        _open(proposalId);
        _vote(carol, proposalId, FOR);
        _vote(alice, proposalId, AGAINST);
        _count(proposalId);
        _credit(carol, proposalId);
        assertEq(_standing(carol).reputation, 0.1e18, "for her vote alone");
    }

    function test_ReputationDecaysByEpochs() public {
        uint256 proposalId = _passedWith(bob);
        _credit(bob, proposalId);
        uint256 expected = 0.1e18;
        assertEq(reputation.reputationOf(bob), expected, "in its epoch");
        for (uint256 i; i < 10; ++i) {
            _nextEpoch();
            expected = _wad(expected, 0.99e18);
            assertNear(reputation.reputationOf(bob), expected, 10, "a hundredth an epoch");
        }
        assertEq(_standing(bob).reputation, 0.1e18, "as it was left");
        vm.warp(block.timestamp + 10_000 * EPOCH);
        assertEq(reputation.reputationOf(bob), 0, "to nothing");
        proposalId = _passedWith(bob);
        _credit(bob, proposalId);
        assertEq(_standing(bob).reputation, 0.1e18, "and from there again");
    }

    function test_ReputationRisesTowardsOne() public {
        uint256 last;
        for (uint256 i; i < 40; ++i) {
            uint256 proposalId = _open();
            _voteWithReason(alice, proposalId, FOR);
            _count(proposalId);
            _credit(alice, proposalId);
            uint256 now_ = _standing(alice).reputation;
            assertLt(now_, WAD, "below one");
            if (i < 10) assertGt(now_, last, "rises with voting, rationales and what passes");
            last = now_;
        }
        assertGt(last, 0.8e18, "far");
    }

    /// A credit is worked out as of the closing, so waiting for a better moment is in vain.
    function test_WhenACreditIsTakenMakesNoDifference() public {
        uint256 first = _passedWith(bob);
        uint64 epoch = _epoch();
        uint256 before = vm.snapshotState();
        _credit(bob, first);
        vm.warp(block.timestamp + 20 * EPOCH);
        uint256 second = _passedWith(bob);
        uint64 later = _epoch();
        _credit(bob, second);
        bytes32 prompt = keccak256(
            abi.encode(_standing(bob), reputation.weightOf(bob, epoch), reputation.weightOf(bob, later))
        );
        vm.revertToState(before);
        vm.warp(block.timestamp + 20 * EPOCH);
        second = _passedWith(bob);
        vm.warp(block.timestamp + 50 * EPOCH);
        _credit(bob, first);
        _credit(bob, second);
        assertEq(
            keccak256(abi.encode(_standing(bob), reputation.weightOf(bob, epoch), reputation.weightOf(bob, later))),
            prompt,
            "late as prompt"
        );
    }

    function test_ReputationLowersTheStakeToPropose() public {
        address small = _account(50);
        _stake(small, 4_800e18);
        assertEq(reputation.proposalDiscountOf(small), 0, "none at first");
        (address[] memory targets, uint256[] memory values, bytes[] memory calldatas) = _asCalls(
            TARGET,
            abi.encodePacked(_selectorOf(CLASS))
        );
        vm.expectRevert(
            abi.encodeWithSelector(IMasaGovernor.MasaGovernor_StakeTooLow.selector, small, 4_800e18, 5_000e18)
        );
        vm.prank(small);
        governor.propose(targets, values, calldatas, _text("A proposal"));
        uint256 proposalId = _passedWith(small);
        _credit(small, proposalId);
        // Half of 0.1, so that 4,750 is enough.
        assertEq(reputation.proposalDiscountOf(small), 0.05e18, "discount");
        _proposeCall(small, TARGET, calldatas[0]);
        // It decays with reputation.
        vm.warp(block.timestamp + 100 * EPOCH);
        assertLt(reputation.proposalDiscountOf(small), 0.02e18, "decayed");
    }

    /// However high reputation is, the discount stays below its most.
    function testFuzz_DiscountIsBounded(uint8 times, uint64 maxDiscount) public {
        IReputation.ReputationParameters memory p = _reputationParameters();
        p.maxDiscount = uint64(bound(maxDiscount, 0, 0.5e18));
        (p.voteGain, p.reasonGain, p.proposalGain) = (0.5e18, 0.5e18, 0.5e18);
        reputation.setReputationParameters(p);
        for (uint256 i; i < times % 5; ++i) {
            uint256 proposalId = _open();
            _voteWithReason(alice, proposalId, FOR);
            _count(proposalId);
            _credit(alice, proposalId);
        }
        assertEq(
            reputation.proposalDiscountOf(alice),
            _wad(reputation.reputationOf(alice), p.maxDiscount),
            "its share of reputation"
        );
        assertLe(reputation.proposalDiscountOf(alice), p.maxDiscount, "at most");
        assertLe(reputation.reputationOf(alice), WAD, "at most one");
    }

    // ---------------------------------------------------------------- inactivity

    /// @dev Proposals closed that bob did not vote on.
    function _miss(uint256 count) private {
        for (uint256 i; i < count; ++i) {
            _passed();
        }
    }

    function _attend() private returns (IReputation.Standing memory) {
        _credit(bob, _passedWith(bob));
        return _standing(bob);
    }

    function test_InactivityCutsRewardsBeyondTheGrace() public {
        _miss(3);
        assertEq(_attend().activity, WAD, "what was before an account's first credit is not missed");
        _miss(2);
        assertEq(_attend().activity, WAD, "within the grace");
        _miss(3);
        assertEq(reputation.recordOf(bob).missed, 3, "missed in a row");
        assertEq(reputation.recordOf(bob).activity, 0.8e18, "as the next credit would find it");
        uint256 proposalId = _passedWith(bob);
        _credit(bob, proposalId);
        IReputation.Standing memory s = _standing(bob);
        assertEq(s.activity, 0.8e18, "one beyond it");
        assertEq(
            _weight(bob),
            _wad(BOB, ((0.5e18 + uint256(s.reputation) / 2) * 0.8e18) / WAD),
            "and as much of the weight"
        );
        assertEq(_attend().activity, 0.9e18, "attending gives back");
        assertEq(_attend().activity, WAD, "step by step");
        assertEq(_attend().activity, WAD, "to one at most");
        _miss(5);
        assertEq(_attend().activity, 0.512e18, "three beyond it");
        _miss(30);
        assertEq(_attend().activity, 0.25e18, "to the floor");
        assertEq(vault.masaStakeOf(bob), BOB, "the stake is untouched");
    }

    /// Time alone, and proposals that nobody could be rewarded for, are nothing to miss.
    function test_NothingIsMissedWhereThereWasNothingToVoteOn() public {
        _attend();
        vm.warp(block.timestamp + 5_000 * EPOCH);
        for (uint256 i; i < 5; ++i) {
            // Without a quorum.
            uint256 proposalId = _open();
            _vote(worker, proposalId, AGAINST);
            _close(proposalId);
            vm.expectRevert(abi.encodeWithSelector(IReputation.Reputation_QuorumNotReached.selector, proposalId));
            reputation.close(proposalId);
        }
        assertEq(reputation.recordOf(bob).missed, 0, "missed");
        assertEq(_attend().activity, WAD, "activity");
    }

    function test_DelegatingToOneWhoVotesIsNoInactivity() public {
        _attend();
        _delegate(bob, worker);
        for (uint256 i; i < 5; ++i) {
            _credit(bob, _passedWith(worker));
        }
        assertEq(_standing(bob).activity, WAD, "activity");
        assertEq(_standing(bob).attended, 6, "attended");
    }

    /// A floor that is raised lifts nobody who fell below it before, but by attending.
    function test_RaisedFloorLiftsNobody() public {
        _attend();
        _miss(30);
        assertEq(_attend().activity, 0.25e18, "the floor");
        IReputation.ReputationParameters memory p = _reputationParameters();
        p.activityFloor = 0.6e18;
        reputation.setReputationParameters(p);
        _miss(3);
        assertEq(_attend().activity, 0.25e18, "stays");
        assertEq(_attend().activity, 0.35e18, "rises by attending");
    }

    // ---------------------------------------------------------------- record

    function test_RecordShowsVotesRationalesAttendanceAndOutcomes() public {
        IReputation.Record memory r = reputation.recordOf(bob);
        assertEq(r.eligible, 0, "nothing yet");
        assertEq(r.activity, WAD, "whole at first");
        // 1: for, passed. 2: missed. 3: against with a reason, passed. 4: abstained, passed. 5: of class 0, proposed by
        // himself, for, did not pass. 6: delegated.
        _credit(bob, _passedWith(bob));
        _passed();
        uint256 id = _open();
        _vote(alice, id, FOR);
        _voteWithReason(bob, id, AGAINST);
        _count(id);
        _credit(bob, id);
        id = _open();
        _vote(alice, id, FOR);
        _vote(bob, id, ABSTAIN);
        _count(id);
        _credit(bob, id);
        id = _propose(bob, 0);
        _open(id);
        _vote(bob, id, FOR);
        _vote(alice, id, AGAINST);
        _count(id);
        _credit(bob, id);
        _delegate(bob, worker);
        id = _passedWith(worker);
        _credit(bob, id);
        _passed();
        r = reputation.recordOf(bob);
        assertEq(r.eligible, 7, "eligible");
        assertEq(r.attended, 5, "attended");
        assertEq(r.missed, 1, "missed in a row");
        assertEq(r.proposed, 1, "proposed");
        assertEq(r.passed, 0, "of them passed");
        assertEq(r.activity, WAD, "activity");
        assertEq(r.reputation, reputation.reputationOf(bob), "reputation");
        _assertClassRecord(r.classes[1], 3, 1, 3, 1);
        _assertClassRecord(r.classes[0], 1, 0, 0, 0);
        _assertClassRecord(r.classes[2], 0, 0, 0, 0);
        // Against what did not pass is as it was voted.
        id = _propose(bob, 0);
        _open(id);
        _vote(worker, id, ABSTAIN);
        _vote(alice, id, AGAINST);
        _count(id);
        _credit(alice, id);
        _assertClassRecord(reputation.recordOf(alice).classes[0], 1, 0, 0, 1);
    }

    function _assertClassRecord(
        IReputation.ClassRecord memory c,
        uint256 cast,
        uint256 rationales,
        uint256 passed,
        uint256 won
    ) private pure {
        assertEq(c.votes, cast, "votes");
        assertEq(c.rationales, rationales, "rationales");
        assertEq(c.passed, passed, "passed");
        assertEq(c.won, won, "won");
    }
}
