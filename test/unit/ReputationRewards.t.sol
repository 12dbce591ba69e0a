// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IGovernor} from "@openzeppelin/contracts/governance/IGovernor.sol";
import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";

import {Reputation} from "../../contracts/governance/Reputation.sol";
import {IEmissions} from "../../contracts/interfaces/IEmissions.sol";
import {IEpochClock} from "../../contracts/interfaces/IEpochClock.sol";
import {IMasaGovernor} from "../../contracts/interfaces/IMasaGovernor.sol";
import {IModuleRights} from "../../contracts/interfaces/IModuleRights.sol";
import {IProposalClasses} from "../../contracts/interfaces/IProposalClasses.sol";
import {IReputation} from "../../contracts/interfaces/IReputation.sol";
import {IStakeVotes} from "../../contracts/interfaces/IStakeVotes.sol";
import {ReputationBed} from "../support/ReputationBed.sol";

/// @title Rewards of governance: budgets, claims, and their parameters (paper section 9.2, D17)
/// @notice 100,000 MASA are in the pot.
contract ReputationRewardsTest is ReputationBed {
    uint256 private constant POT = 100_000e18;
    IEmissions.Pot private constant GOVERNANCE_POT = IEmissions.Pot.GovernanceParticipants;

    /// @dev A closed proposal that alice and bob voted for, credited to bob, whose epoch is over.
    function _creditedAndOver() private returns (uint256 proposalId, uint64 epoch) {
        proposalId = _passedWith(bob);
        epoch = _epoch();
        _credit(bob, proposalId);
        _nextEpoch();
    }

    // ---------------------------------------------------------------- construction and parameters

    function test_Construction() public {
        IReputation.ReputationParameters memory p = _reputationParameters();
        IReputation.ReputationParameters memory empty;
        vm.expectEmit();
        emit IReputation.ReputationParametersSet(empty, p);
        Reputation fresh = new Reputation(address(timelock), governor, votes, classes, clock, emissions, p);
        assertEq(fresh.owner(), address(timelock), "owner");
        assertEq(address(fresh.governor()), address(governor), "governor");
        assertEq(address(fresh.votes()), address(votes), "votes");
        assertEq(address(fresh.classes()), address(classes), "classes");
        assertEq(address(fresh.clock()), address(clock), "clock");
        assertEq(address(fresh.emissions()), address(emissions), "emissions");
        assertEq(keccak256(abi.encode(fresh.reputationParameters())), keccak256(abi.encode(p)), "parameters");
    }

    function test_RevertGiven_ConstructionWithoutAModule() public {
        IReputation.ReputationParameters memory p = _reputationParameters();
        bytes memory zero = abi.encodeWithSelector(IReputation.Reputation_ZeroAddress.selector);
        vm.expectRevert(zero);
        new Reputation(address(this), IMasaGovernor(address(0)), votes, classes, clock, emissions, p);
        vm.expectRevert(zero);
        new Reputation(address(this), governor, IStakeVotes(address(0)), classes, clock, emissions, p);
        vm.expectRevert(zero);
        new Reputation(address(this), governor, votes, IProposalClasses(address(0)), clock, emissions, p);
        vm.expectRevert(zero);
        new Reputation(address(this), governor, votes, classes, IEpochClock(address(0)), emissions, p);
        vm.expectRevert(zero);
        new Reputation(address(this), governor, votes, classes, clock, IEmissions(address(0)), p);
        p.decay = uint64(WAD);
        vm.expectRevert(_outOfBounds("decay", WAD, 0.5e18, WAD - 1));
        new Reputation(address(this), governor, votes, classes, clock, emissions, p);
    }

    function _outOfBounds(
        bytes32 name,
        uint256 value,
        uint256 least,
        uint256 most
    ) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IReputation.Reputation_OutOfRange.selector, name, value, least, most);
    }

    function test_ParametersAreSetByTheOwnerAlone() public {
        IReputation.ReputationParameters memory p = _reputationParameters();
        p.voteGain = 0.3e18;
        vm.expectRevert(abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, stranger));
        vm.prank(stranger);
        reputation.setReputationParameters(p);
        vm.expectEmit(address(reputation));
        emit IReputation.ReputationParametersSet(_reputationParameters(), p);
        reputation.setReputationParameters(p);
        assertEq(reputation.reputationParameters().voteGain, 0.3e18, "set");
    }

    function test_I16_BoundsOfParametersHoldToTheUnit() public {
        _tryBounds("delegatedRate", 0, 0, WAD - 1);
        _tryBounds("base", 1, 0.2e18, WAD);
        _tryBounds("voteGain", 2, 0, 0.5e18);
        _tryBounds("reasonGain", 3, 0, 0.5e18);
        _tryBounds("proposalGain", 4, 0, 0.5e18);
        _tryBounds("decay", 5, 0.5e18, WAD - 1);
        _tryBounds("maxDiscount", 6, 0, 0.5e18);
        _tryBounds("inactivityCut", 7, 0, 0.5e18);
        _tryBounds("activityFloor", 8, 0, WAD);
        _tryBounds("activityStep", 9, 0.01e18, WAD);
        _tryBounds("maxPotShare", 10, 1, 0.5e18);
        _tryBounds("proposerShare", 11, 0, 0.25e18);
        _tryBounds("maxPerWeight", 12, 1, 0.05e18);
        _tryBounds("graceMissed", 14, 1, 1_000);
        _tryBounds("claimEpochs", 15, 1, 100_000);
    }

    /// @dev All fields are values of one word each: `field` counts them.
    function _tryBounds(bytes32 name, uint256 field, uint256 least, uint256 most) private {
        _set(field, least);
        _set(field, most);
        vm.expectRevert(_outOfBounds(name, most + 1, least, most));
        _set(field, most + 1);
        if (least == 0) return;
        vm.expectRevert(_outOfBounds(name, least - 1, least, most));
        _set(field, least - 1);
    }

    function _set(uint256 field, uint256 value) private {
        bytes memory words = abi.encode(_reputationParameters());
        assembly ("memory-safe") {
            mstore(add(words, mul(add(field, 1), 0x20)), value)
        }
        reputation.setReputationParameters(abi.decode(words, (IReputation.ReputationParameters)));
    }

    // ---------------------------------------------------------------- claims

    function test_RevertGiven_EpochNotOver() public {
        uint256 proposalId = _passedWith(bob);
        uint64 epoch = _epoch();
        _credit(bob, proposalId);
        bytes memory notOver = abi.encodeWithSelector(IReputation.Reputation_EpochNotOver.selector, epoch, epoch);
        vm.expectRevert(notOver);
        reputation.claim(bob, epoch);
        vm.expectRevert(notOver);
        reputation.claimProposal(proposalId);
        assertGt(reputation.claimableOf(bob, epoch), 0, "what it would pay");
    }

    function test_RevertGiven_NothingToClaim() public {
        (, uint64 epoch) = _creditedAndOver();
        vm.expectRevert(abi.encodeWithSelector(IReputation.Reputation_NothingToClaim.selector, carol, epoch));
        reputation.claim(carol, epoch);
        reputation.claim(bob, epoch);
        vm.expectRevert(abi.encodeWithSelector(IReputation.Reputation_NothingToClaim.selector, bob, epoch));
        reputation.claim(bob, epoch);
        vm.expectRevert(abi.encodeWithSelector(IReputation.Reputation_NothingToClaim.selector, bob, epoch + 1));
        reputation.claim(bob, epoch + 1);
        assertEq(reputation.claimableOf(bob, epoch), 0, "nothing");
        assertEq(reputation.claimableOf(bob, epoch + 1), 0, "nothing was closed");
    }

    /// 800,000 were cast: a hundredth of it is less than a fifth of the pot. A tenth of that is for proposers.
    function test_BudgetIsCappedByTheWeight() public {
        (, uint64 epoch) = _creditedAndOver();
        uint256 claimable = reputation.claimableOf(bob, epoch);
        vm.expectEmit(address(reputation));
        emit IReputation.EpochBudgeted(epoch, 7_200e18, 800e18, epoch + 1_000);
        vm.expectEmit(address(reputation));
        // Bob's 200,000 of 800,000, at 0.55.
        emit IReputation.Rewarded(bob, epoch, 990e18);
        vm.prank(stranger);
        assertEq(reputation.claim(bob, epoch), 990e18, "amount");
        assertEq(claimable, 990e18, "as was told");
        assertEq(masa.balanceOf(bob), 990e18, "paid to the account, whoever called");
        assertEq(_pot(), POT - 990e18, "from the pot");
        IReputation.EpochBook memory book = reputation.bookOf(epoch);
        assertEq(book.voters, 7_200e18, "voters");
        assertEq(book.proposers, 800e18, "proposers");
        assertEq(book.perProposal, 100e18, "perProposal");
        assertEq(book.until, epoch + 1_000, "until");
        assertEq(book.left, 8_000e18 - 990e18, "left");
        assertEq(reputation.reserved(), book.left, "reserved");
    }

    /// Where a lot was cast, a fifth of the pot, and of what is left of it for the next epoch.
    function test_BudgetIsCappedByThePot() public {
        IReputation.ReputationParameters memory p = _reputationParameters();
        p.maxPerWeight = 0.05e18;
        reputation.setReputationParameters(p);
        (, uint64 first) = _creditedAndOver();
        (, uint64 second) = _creditedAndOver();
        reputation.claim(bob, second);
        assertEq(reputation.bookOf(second).voters + reputation.bookOf(second).proposers, POT / 5, "a fifth");
        reputation.claim(bob, first);
        // What the later epoch has reserved is not there for this one.
        assertEq(
            reputation.bookOf(first).voters + reputation.bookOf(first).proposers,
            (POT - POT / 5) / 5,
            "a fifth of the rest"
        );
        assertLe(reputation.reserved(), _pot(), "all that is reserved is there");
    }

    /// The first claim fixes the budget, whatever comes into the pot or is set later.
    function test_BudgetIsFixedByTheFirstClaim() public {
        (uint256 proposalId, uint64 epoch) = _creditedAndOver();
        reputation.claim(bob, epoch);
        IReputation.EpochBook memory book = reputation.bookOf(epoch);
        _fillPot(100_000e18);
        IReputation.ReputationParameters memory p = _reputationParameters();
        (p.maxPerWeight, p.proposerShare, p.maxPerProposal, p.claimEpochs) = (0.05e18, 0.25e18, 1e18, 1);
        reputation.setReputationParameters(p);
        _credit(alice, proposalId);
        // R = 0.2 + 0.1 · 0.8, so 0.64 of 600,000 of 800,000.
        assertEq(reputation.claim(alice, epoch), 3_456e18, "alice");
        assertEq(reputation.claimProposal(proposalId), 100e18, "her proposal");
        book.left -= 3_556e18;
        assertEq(keccak256(abi.encode(reputation.bookOf(epoch))), keccak256(abi.encode(book)), "as it was");
    }

    /// What is credited after a claim is claimed again, so that a claim by others takes nothing away.
    function test_ClaimTakesNothingFromWhatIsCreditedLater() public {
        _edge(bob, worker, 100_000e18);
        uint256 proposalId = _open();
        _vote(alice, proposalId, FOR);
        _vote(bob, proposalId, FOR);
        _vote(worker, proposalId, FOR);
        _count(proposalId);
        uint64 epoch = _epoch();
        _credit(bob, proposalId);
        _nextEpoch();
        // 900,000 were cast, 8,100 are voters'.
        assertEq(reputation.claim(bob, epoch), 495e18, "the residual, at 0.55");
        _creditEdge(bob, proposalId, worker);
        assertEq(reputation.claim(bob, epoch), 247.5e18, "the edge, at half the rate");
    }

    function test_WhatDiscountsLeaveStaysInThePot() public {
        (uint256 proposalId, uint64 epoch) = _creditedAndOver();
        _credit(alice, proposalId);
        uint256 paid = reputation.claim(bob, epoch) + reputation.claim(alice, epoch);
        assertLt(paid, reputation.bookOf(epoch).voters, "less than the budget");
        assertEq(_pot(), POT - paid, "the rest is in the pot");
        uint64 until = reputation.bookOf(epoch).until;
        bytes memory open = abi.encodeWithSelector(IReputation.Reputation_ClaimsOpen.selector, epoch, until);
        vm.expectRevert(open);
        reputation.release(epoch);
        vm.warp(clock.epochStart(until + 1) - 1);
        vm.expectRevert(open);
        reputation.release(epoch);
        vm.warp(clock.epochStart(until + 1));
        vm.expectEmit(address(reputation));
        emit IReputation.EpochReleased(epoch, 8_000e18 - paid);
        vm.prank(stranger);
        reputation.release(epoch);
        assertEq(reputation.reserved(), 0, "free again");
        assertEq(reputation.bookOf(epoch).left, 0, "nothing left");
        bytes memory nothing = abi.encodeWithSelector(IReputation.Reputation_NothingToRelease.selector, epoch);
        vm.expectRevert(nothing);
        reputation.release(epoch);
        vm.expectRevert(abi.encodeWithSelector(IReputation.Reputation_NothingToRelease.selector, epoch + 1));
        reputation.release(epoch + 1);
    }

    function test_RevertGiven_ClaimsClosed() public {
        (uint256 proposalId, uint64 epoch) = _creditedAndOver();
        vm.warp(clock.epochStart(epoch + 1_001));
        bytes memory closed = abi.encodeWithSelector(
            IReputation.Reputation_ClaimsClosed.selector,
            epoch,
            epoch + 1_000
        );
        // Without a budget.
        assertEq(reputation.claimableOf(bob, epoch), 0, "nothing any more");
        vm.expectRevert(closed);
        reputation.claim(bob, epoch);
        vm.expectRevert(closed);
        reputation.claimProposal(proposalId);
        // The last epoch in which there could be one, and after it with a budget.
        vm.warp(clock.epochStart(epoch + 1_001) - 1);
        assertEq(reputation.claimProposal(proposalId), 100e18, "in time");
        vm.warp(clock.epochStart(epoch + 1_001));
        assertEq(reputation.claimableOf(bob, epoch), 0, "nothing any more");
        vm.expectRevert(closed);
        reputation.claim(bob, epoch);
    }

    function test_RevertGiven_RightTakenAway() public {
        (, uint64 epoch) = _creditedAndOver();
        emissions.revokeModule("GOVERNANCE", address(reputation));
        vm.expectRevert(
            abi.encodeWithSelector(
                IModuleRights.ModuleRights_Unauthorised.selector,
                bytes32("GOVERNANCE"),
                address(reputation),
                0
            )
        );
        reputation.claim(bob, epoch);
        assertGt(reputation.weightOf(bob, epoch), 0, "nothing is lost");
    }

    /// Another module that pays from the same pot can empty it. Claims wait then, and nobody loses what is owed.
    function test_ClaimsWaitWhileThePotIsEmpty() public {
        (uint256 proposalId, uint64 epoch) = _creditedAndOver();
        reputation.claim(bob, epoch);
        emissions.grantModule("GOVERNANCE", address(this));
        vm.warp(block.timestamp + MODULE_DELAY);
        emissions.pay(GOVERNANCE_POT, treasury, _pot());
        // An epoch without a budget yet: whoever comes first fixes none at nothing.
        (uint256 second, uint64 later) = _creditedAndOver();
        bytes memory noBudget = abi.encodeWithSelector(IReputation.Reputation_NoBudget.selector, later);
        vm.expectRevert(noBudget);
        reputation.claim(bob, later);
        vm.expectRevert(noBudget);
        reputation.claimProposal(second);
        // One with a budget, of which part is owed.
        _credit(alice, proposalId);
        uint256 owed = reputation.claimableOf(alice, epoch);
        vm.expectRevert(abi.encodeWithSelector(IEmissions.Emissions_InsufficientPot.selector, GOVERNANCE_POT, 0, owed));
        reputation.claim(alice, epoch);
        _fillPot(100_000e18);
        assertEq(reputation.claim(alice, epoch), owed, "paid then");
        uint256 weight = reputation.weightOf(bob, later);
        uint256 paid = reputation.claim(bob, later);
        assertEq(paid, (reputation.bookOf(later).voters * weight) / (ALICE + BOB), "and the later epoch");
        assertGt(paid, 0, "something");
    }

    // ---------------------------------------------------------------- proposers

    /// Half of class 0, one of class 1: 90 MASA at a third and two thirds, whoever passed.
    function test_ProposersShareTheirPartByClassWeight() public {
        IReputation.ReputationParameters memory p = _reputationParameters();
        p.maxPerProposal = 1_000_000e18;
        reputation.setReputationParameters(p);
        uint256 first = _propose(alice, 0);
        uint256 second = _propose(bob, 1);
        _open(first);
        _vote(alice, first, FOR);
        _vote(alice, second, AGAINST);
        _vote(bob, second, FOR);
        _vote(carol, second, ABSTAIN);
        _close(second);
        reputation.close(first);
        reputation.close(second);
        assertTrue(governor.state(second) == IGovernor.ProposalState.Defeated, "defeated");
        uint64 epoch = _epoch();
        _nextEpoch();
        // 600,000 at a half and 1,000,000: a hundredth is 13,000, of which a tenth is proposers'.
        uint256 part = uint256(1_300e18) / 3;
        vm.expectEmit(address(reputation));
        emit IReputation.EpochBudgeted(epoch, 11_700e18, 1_300e18, epoch + 1_000);
        vm.expectEmit(address(reputation));
        emit IReputation.ProposerRewarded(bob, second, (uint256(1_300e18) * 2) / 3);
        vm.prank(stranger);
        assertEq(reputation.claimProposal(second), (uint256(1_300e18) * 2) / 3, "bob");
        assertEq(reputation.claimProposal(first), part, "alice");
        assertEq(masa.balanceOf(bob), (uint256(1_300e18) * 2) / 3, "paid to him");
        assertEq(masa.balanceOf(alice), part, "paid to her");
        assertTrue(reputation.closedOf(second).proposerPaid, "paid");
        vm.expectRevert(abi.encodeWithSelector(IReputation.Reputation_ProposerAlreadyPaid.selector, second));
        reputation.claimProposal(second);
        vm.expectRevert(abi.encodeWithSelector(IReputation.Reputation_NotClosed.selector, 1));
        reputation.claimProposal(1);
    }

    function test_ProposersPartIsCappedForEach() public {
        (uint256 proposalId, ) = _creditedAndOver();
        assertEq(reputation.claimProposal(proposalId), 100e18, "of 800");
        assertEq(masa.balanceOf(alice), 100e18, "paid");
    }

    function test_ProposersMayHaveNoPart() public {
        IReputation.ReputationParameters memory p = _reputationParameters();
        p.proposerShare = 0;
        reputation.setReputationParameters(p);
        (uint256 proposalId, uint64 epoch) = _creditedAndOver();
        assertEq(reputation.claimProposal(proposalId), 0, "nothing");
        assertEq(reputation.bookOf(epoch).voters, 8_000e18, "all is voters'");
    }
}
