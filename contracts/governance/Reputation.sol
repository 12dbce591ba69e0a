// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IGovernor} from "@openzeppelin/contracts/governance/IGovernor.sol";
import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {FixedPointMathLib} from "solady/src/utils/FixedPointMathLib.sol";

import {IEmissions} from "../interfaces/IEmissions.sol";
import {IEpochClock} from "../interfaces/IEpochClock.sol";
import {IMasaGovernor} from "../interfaces/IMasaGovernor.sol";
import {IProposalClasses} from "../interfaces/IProposalClasses.sol";
import {IReputation} from "../interfaces/IReputation.sol";
import {IStakeVotes} from "../interfaces/IStakeVotes.sol";

/// @title Reputation
/// @notice Who took part in governance, and what that pays. See {IReputation}.
contract Reputation is IReputation, Ownable {
    using SafeCast for uint256;

    /// @dev One slot.
    struct Tally {
        uint32 first; // number of the first proposal credited; 0: none
        uint32 proposed; // own proposals that reached their quorum
        uint32 passed; // of them
        address crediter;
    }

    /// @dev What an account did in one proposal, gathered from its parts.
    struct Deeds {
        uint256 own; // units that it voted with itself, wei
        uint256 delegated; // units that a delegate voted with, wei
        uint8 support; // of its own vote, + 1; 0: it did not vote
        bool withReason;
        bool proposed;
    }

    uint256 public constant MIN_BASE = 0.2e18;
    uint256 public constant MAX_GAIN = 0.5e18;
    uint256 public constant MIN_DECAY = 0.5e18;
    uint256 public constant MAX_DISCOUNT = 0.5e18;
    uint256 public constant MAX_INACTIVITY_CUT = 0.5e18;
    uint256 public constant MIN_ACTIVITY_STEP = 0.01e18;
    uint256 public constant MAX_POT_SHARE = 0.5e18;
    uint256 public constant MAX_PROPOSER_SHARE = 0.25e18;
    uint256 public constant MAX_PER_WEIGHT = 0.05e18;
    uint256 public constant MAX_GRACE = 1_000;
    uint256 public constant MAX_CLAIM_EPOCHS = 100_000;

    uint256 private constant WAD = 1e18;
    IEmissions.Pot private constant POT = IEmissions.Pot.GovernanceParticipants;
    /// @dev Support + 1, as receipts have it.
    uint8 private constant AGAINST = 1;
    uint8 private constant FOR = 2;
    /// @dev Flags of {Standing.gained}.
    uint8 private constant VOTE = 1;
    uint8 private constant REASON = 2;
    uint8 private constant PROPOSAL = 4;

    IMasaGovernor public immutable governor;
    IStakeVotes public immutable votes;
    IProposalClasses public immutable classes;
    IEpochClock public immutable clock;
    IEmissions public immutable emissions;

    /// @inheritdoc IReputation
    uint32 public closedCount;
    /// @inheritdoc IReputation
    uint256 public reserved;
    ReputationParameters private _parameters;
    mapping(uint256 proposalId => Closed) private _closed;
    mapping(uint64 epoch => EpochBook) private _books;
    mapping(uint64 epoch => mapping(address account => uint256)) private _weights;
    mapping(address account => Standing) private _standings;
    mapping(address account => Tally) private _tallies;
    mapping(address account => ClassRecord[4]) private _records;
    /// @inheritdoc IReputation
    mapping(address account => uint32) public lastCreditedOf;

    constructor(
        address owner_,
        IMasaGovernor governor_,
        IStakeVotes votes_,
        IProposalClasses classes_,
        IEpochClock clock_,
        IEmissions emissions_,
        ReputationParameters memory parameters
    ) Ownable(owner_) {
        if (
            address(governor_) == address(0) ||
            address(votes_) == address(0) ||
            address(classes_) == address(0) ||
            address(clock_) == address(0) ||
            address(emissions_) == address(0)
        ) revert Reputation_ZeroAddress();
        governor = governor_;
        votes = votes_;
        classes = classes_;
        clock = clock_;
        emissions = emissions_;
        _setParameters(parameters);
    }

    /// @inheritdoc IReputation
    function setReputationParameters(ReputationParameters calldata parameters) external onlyOwner {
        _setParameters(parameters);
    }

    /// @inheritdoc IReputation
    function setCrediter(address crediter) external {
        emit CrediterSet(msg.sender, _tallies[msg.sender].crediter, crediter);
        _tallies[msg.sender].crediter = crediter;
    }

    // ---------------------------------------------------------------- credits

    /// @inheritdoc IReputation
    function close(uint256 proposalId) external {
        if (_closed[proposalId].number != 0) revert Reputation_AlreadyClosed(proposalId);
        IGovernor.ProposalState state = governor.state(proposalId);
        if (
            state == IGovernor.ProposalState.Pending ||
            state == IGovernor.ProposalState.Active ||
            state == IGovernor.ProposalState.Canceled
        ) revert Reputation_VoteNotOver(proposalId);
        if (!governor.quorumReached(proposalId)) revert Reputation_QuorumNotReached(proposalId);
        (uint256 against, uint256 for_, uint256 abstain) = governor.proposalVotes(proposalId);
        Closed memory c;
        c.number = ++closedCount;
        c.classId = governor.termsOf(proposalId).classId;
        // What was not defeated was carried, even if nobody executed it in time.
        c.passed = state != IGovernor.ProposalState.Defeated;
        c.epoch = uint32(clock.currentEpoch());
        c.cast = (against + for_ + abstain).toUint104();
        c.weight = classes.classAt(c.classId).weight;
        _closed[proposalId] = c;
        // The epoch runs: no budget was divided by its weight yet.
        EpochBook storage book = _books[c.epoch];
        book.weight += ((uint256(c.cast) * c.weight) / WAD).toUint128();
        book.proposalWeight += c.weight;
        Tally storage tally = _tallies[governor.proposalProposer(proposalId)];
        ++tally.proposed;
        if (c.passed) ++tally.passed;
        emit ProposalClosed(proposalId, c.number, c.epoch, c.cast, c.passed);
    }

    /// @inheritdoc IReputation
    function credit(address account, uint256 proposalId, bool residual, address[] calldata delegatees) external {
        _requireCrediter(account);
        _credit(account, proposalId, residual, delegatees);
    }

    /// @inheritdoc IReputation
    function creditMany(
        address account,
        uint256[] calldata proposalIds,
        bool residual,
        address[] calldata delegatees
    ) external {
        _requireCrediter(account);
        for (uint256 i; i < proposalIds.length; ++i) {
            _credit(account, proposalIds[i], residual, delegatees);
        }
    }

    // ---------------------------------------------------------------- payments

    /// @inheritdoc IReputation
    function claim(address account, uint64 epoch) external returns (uint256 amount) {
        uint256 weight = _weights[epoch][account];
        if (weight == 0) revert Reputation_NothingToClaim(account, epoch);
        EpochBook memory book = _budget(epoch);
        delete _weights[epoch][account];
        amount = FixedPointMathLib.fullMulDiv(book.voters, weight, book.weight);
        emit Rewarded(account, epoch, amount);
        _pay(epoch, account, amount);
    }

    /// @inheritdoc IReputation
    function claimProposal(uint256 proposalId) external returns (uint256 amount) {
        Closed memory c = _closedAt(proposalId);
        if (c.proposerPaid) revert Reputation_ProposerAlreadyPaid(proposalId);
        EpochBook memory book = _budget(c.epoch);
        _closed[proposalId].proposerPaid = true;
        amount = FixedPointMathLib.min(
            FixedPointMathLib.fullMulDiv(book.proposers, c.weight, book.proposalWeight),
            book.perProposal
        );
        address proposer = governor.proposalProposer(proposalId);
        emit ProposerRewarded(proposer, proposalId, amount);
        _pay(c.epoch, proposer, amount);
    }

    /// @inheritdoc IReputation
    function release(uint64 epoch) external {
        EpochBook storage book = _books[epoch];
        uint256 left = book.left;
        if (left == 0) revert Reputation_NothingToRelease(epoch);
        if (clock.currentEpoch() <= book.until) revert Reputation_ClaimsOpen(epoch, book.until);
        book.left = 0;
        reserved -= left;
        emit EpochReleased(epoch, left);
    }

    // ---------------------------------------------------------------- views

    /// @inheritdoc IReputation
    function proposalDiscountOf(address account) external view returns (uint256) {
        return (reputationOf(account) * _parameters.maxDiscount) / WAD;
    }

    /// @inheritdoc IReputation
    function reputationOf(address account) public view returns (uint256) {
        Standing memory s = _standings[account];
        return _decayed(s, clock.currentEpoch(), _parameters.decay);
    }

    /// @inheritdoc IReputation
    function standingOf(address account) external view returns (Standing memory) {
        return _standings[account];
    }

    /// @inheritdoc IReputation
    function recordOf(address account) external view returns (Record memory r) {
        Standing memory s = _standings[account];
        Tally memory tally = _tallies[account];
        r.reputation = reputationOf(account);
        r.activity = WAD;
        if (tally.first != 0) {
            r.activity = _activityAfter(s, closedCount + 1, _parameters);
            r.eligible = closedCount - tally.first + 1;
            r.missed = closedCount - s.lastEligible;
        }
        r.attended = s.attended;
        r.proposed = tally.proposed;
        r.passed = tally.passed;
        r.classes = _records[account];
    }

    /// @inheritdoc IReputation
    function crediterOf(address account) external view returns (address) {
        return _tallies[account].crediter;
    }

    /// @inheritdoc IReputation
    function closedOf(uint256 proposalId) external view returns (Closed memory) {
        return _closed[proposalId];
    }

    /// @inheritdoc IReputation
    function weightOf(address account, uint64 epoch) external view returns (uint256) {
        return _weights[epoch][account];
    }

    /// @inheritdoc IReputation
    function bookOf(uint64 epoch) external view returns (EpochBook memory) {
        return _books[epoch];
    }

    /// @inheritdoc IReputation
    function claimableOf(address account, uint64 epoch) external view returns (uint256) {
        EpochBook memory book = _books[epoch];
        if (book.until == 0) _fix(book, epoch);
        if (book.weight == 0 || clock.currentEpoch() > book.until) return 0;
        return FixedPointMathLib.fullMulDiv(book.voters, _weights[epoch][account], book.weight);
    }

    /// @inheritdoc IReputation
    function reputationParameters() external view returns (ReputationParameters memory) {
        return _parameters;
    }

    // ---------------------------------------------------------------- internal: credits

    function _credit(address account, uint256 proposalId, bool residual, address[] calldata delegatees) private {
        Closed memory c = _closedAt(proposalId);
        Standing memory s = _standings[account];
        if (c.number < s.lastEligible) revert Reputation_OutOfOrder(account, c.number, s.lastEligible);
        ReputationParameters memory p = _parameters;
        if (c.number != s.lastEligible) {
            s.activity = uint64(_activityAfter(s, c.number, p));
            s.reputation = uint64(_decayed(s, c.epoch, p.decay));
            if (s.lastEligible == 0) _tallies[account].first = c.number;
            (s.lastEligible, s.epoch, s.gained) = (c.number, c.epoch, 0);
            ++s.attended;
        }
        Deeds memory d = _deedsOf(account, proposalId, c, residual, delegatees);
        d.proposed = s.gained & PROPOSAL == 0 && governor.proposalProposer(proposalId) == account;
        if (d.own == 0 && d.delegated == 0 && d.support == 0 && !d.proposed) {
            revert Reputation_NothingToCredit(account, proposalId);
        }
        _gain(account, s, d, c, p);
        _standings[account] = s;
        // All factors are at most one, so that no credits of a proposal weigh more than what was cast.
        uint256 share = ((p.base + ((WAD - p.base) * s.reputation) / WAD) * s.activity) / WAD;
        uint256 units = d.own + (d.delegated * p.delegatedRate) / WAD;
        uint256 weight = (units * c.weight * share) / (WAD * WAD);
        _weights[c.epoch][account] += weight;
        emit Credited(account, proposalId, d.own + d.delegated, weight, s.reputation, s.activity);
    }

    /// @dev Marks the parts that count as credited.
    function _deedsOf(
        address account,
        uint256 proposalId,
        Closed memory c,
        bool residual,
        address[] calldata delegatees
    ) private returns (Deeds memory d) {
        uint256 snapshot = governor.proposalSnapshot(proposalId);
        if (residual) _addResidual(d, account, proposalId, c.number, snapshot);
        for (uint256 i; i < delegatees.length; ++i) {
            address edge = votes.edgeAccount(account, delegatees[i]);
            IMasaGovernor.Receipt memory receipt = governor.receiptOf(proposalId, edge);
            _addUnits(d, edge, proposalId, c.number, snapshot, receipt, delegatees[i]);
        }
    }

    /// @dev The vote of `account`, for itself and for others, and its residual.
    function _addResidual(
        Deeds memory d,
        address account,
        uint256 proposalId,
        uint32 number,
        uint256 snapshot
    ) private {
        IMasaGovernor.Receipt memory receipt = governor.receiptOf(proposalId, account);
        // A vote without any weight, which costs nothing, is not taken for one.
        bool isVote = receipt.cast != 0 && votes.getPastVotes(account, snapshot) != 0;
        if (isVote) (d.support, d.withReason) = (receipt.cast, receipt.withReason);
        address delegate = votes.getPastDelegate(account, snapshot);
        bool counted = _addUnits(d, account, proposalId, number, snapshot, receipt, delegate);
        if (!counted && isVote) _mark(account, proposalId, number);
    }

    /// @param part The account for its residual, or an edge account.
    /// @param receipt Of the part.
    /// @return Whether the part has units, and voted or was voted with.
    function _addUnits(
        Deeds memory d,
        address part,
        uint256 proposalId,
        uint32 number,
        uint256 snapshot,
        IMasaGovernor.Receipt memory receipt,
        address delegate
    ) private returns (bool) {
        bool overrode = receipt.overrode != 0;
        if (!overrode && part == delegate) {
            if (receipt.cast == 0) return false;
        } else if (!overrode && governor.receiptOf(proposalId, delegate).cast == 0) {
            return false;
        }
        uint256 units = votes.getPastBalanceOf(part, snapshot);
        if (units == 0) return false;
        _mark(part, proposalId, number);
        if (overrode) {
            d.support = receipt.overrode;
            if (receipt.withReason) d.withReason = true;
        }
        if (overrode || part == delegate) d.own += units;
        else d.delegated += units;
        return true;
    }

    function _mark(address part, uint256 proposalId, uint32 number) private {
        // Credits of an account go in order, and so do those of its parts.
        if (lastCreditedOf[part] == number) revert Reputation_AlreadyCredited(part, proposalId);
        lastCreditedOf[part] = number;
    }

    /// @dev Once a proposal each, however many calls credit its parts.
    function _gain(
        address account,
        Standing memory s,
        Deeds memory d,
        Closed memory c,
        ReputationParameters memory p
    ) private {
        ClassRecord storage record = _records[account][c.classId];
        if (d.support != 0 && s.gained & VOTE == 0) {
            s.gained |= VOTE;
            s.reputation = _raised(s.reputation, p.voteGain);
            ++record.votes;
            if (c.passed) ++record.passed;
            if (d.support == (c.passed ? FOR : AGAINST)) ++record.won;
        }
        if (d.support != 0 && d.withReason && s.gained & REASON == 0) {
            s.gained |= REASON;
            s.reputation = _raised(s.reputation, p.reasonGain);
            ++record.rationales;
        }
        if (d.proposed) {
            s.gained |= PROPOSAL;
            if (c.passed) s.reputation = _raised(s.reputation, p.proposalGain);
        }
    }

    function _requireCrediter(address account) private view {
        if (msg.sender != account && msg.sender != _tallies[account].crediter) {
            revert Reputation_NotCrediter(account, msg.sender);
        }
    }

    function _closedAt(uint256 proposalId) private view returns (Closed memory c) {
        c = _closed[proposalId];
        if (c.number == 0) revert Reputation_NotClosed(proposalId);
    }

    /// @dev Activity at the proposal of `number`, after those missed since the last.
    function _activityAfter(
        Standing memory s,
        uint32 number,
        ReputationParameters memory p
    ) private pure returns (uint256) {
        if (s.lastEligible == 0) return WAD;
        uint256 missed = number - s.lastEligible - 1;
        if (missed <= p.graceMissed) return FixedPointMathLib.min(uint256(s.activity) + p.activityStep, WAD);
        uint256 left = FixedPointMathLib.rpow(WAD - p.inactivityCut, missed - p.graceMissed, WAD);
        // An activity below a floor that was raised since stays: it was not this absence that took it there.
        uint256 floor = FixedPointMathLib.min(p.activityFloor, s.activity);
        return FixedPointMathLib.max((s.activity * left) / WAD, floor);
    }

    function _decayed(Standing memory s, uint256 epoch, uint256 decay) private pure returns (uint256) {
        if (epoch <= s.epoch) return s.reputation;
        return (s.reputation * FixedPointMathLib.rpow(decay, epoch - s.epoch, WAD)) / WAD;
    }

    function _raised(uint64 reputation, uint256 gain) private pure returns (uint64) {
        return uint64(reputation + (gain * (WAD - reputation)) / WAD);
    }

    // ---------------------------------------------------------------- internal: payments

    /// @dev The book of an epoch that is over and still claimed; the first to ask fixes its budget.
    function _budget(uint64 epoch) private returns (EpochBook memory book) {
        uint64 current = clock.currentEpoch();
        if (epoch >= current) revert Reputation_EpochNotOver(epoch, current);
        book = _books[epoch];
        bool isFixed = book.until != 0;
        if (!isFixed) _fix(book, epoch);
        if (current > book.until) revert Reputation_ClaimsClosed(epoch, book.until);
        if (isFixed) return book;
        // Else whoever claims first could have an epoch pay nothing because the pot is empty just then.
        if (book.left == 0) revert Reputation_NoBudget(epoch);
        _books[epoch] = book;
        reserved += book.left;
        emit EpochBudgeted(epoch, book.voters, book.proposers, book.until);
    }

    function _fix(EpochBook memory book, uint64 epoch) private view {
        ReputationParameters memory p = _parameters;
        uint256 budget = FixedPointMathLib.min(
            (FixedPointMathLib.zeroFloorSub(emissions.potOf(POT), reserved) * p.maxPotShare) / WAD,
            (uint256(book.weight) * p.maxPerWeight) / WAD
        );
        uint256 proposers = (budget * p.proposerShare) / WAD;
        book.until = uint32(epoch + p.claimEpochs);
        book.left = budget.toUint128();
        book.proposers = uint128(proposers);
        book.voters = uint128(budget - proposers);
        book.perProposal = p.maxPerProposal;
    }

    function _pay(uint64 epoch, address to, uint256 amount) private {
        if (amount == 0) return;
        // At most what is left: the parts of an epoch sum to no more than its budgets.
        _books[epoch].left -= uint128(amount);
        reserved -= amount;
        emissions.pay(POT, to, amount);
    }

    // ---------------------------------------------------------------- internal: parameters

    function _setParameters(ReputationParameters memory p) private {
        _requireWithin("delegatedRate", p.delegatedRate, 0, WAD - 1);
        _requireWithin("base", p.base, MIN_BASE, WAD);
        _requireWithin("voteGain", p.voteGain, 0, MAX_GAIN);
        _requireWithin("reasonGain", p.reasonGain, 0, MAX_GAIN);
        _requireWithin("proposalGain", p.proposalGain, 0, MAX_GAIN);
        _requireWithin("decay", p.decay, MIN_DECAY, WAD - 1);
        _requireWithin("maxDiscount", p.maxDiscount, 0, MAX_DISCOUNT);
        _requireWithin("inactivityCut", p.inactivityCut, 0, MAX_INACTIVITY_CUT);
        _requireWithin("activityFloor", p.activityFloor, 0, WAD);
        _requireWithin("activityStep", p.activityStep, MIN_ACTIVITY_STEP, WAD);
        _requireWithin("maxPotShare", p.maxPotShare, 1, MAX_POT_SHARE);
        _requireWithin("proposerShare", p.proposerShare, 0, MAX_PROPOSER_SHARE);
        _requireWithin("maxPerWeight", p.maxPerWeight, 1, MAX_PER_WEIGHT);
        _requireWithin("graceMissed", p.graceMissed, 1, MAX_GRACE);
        _requireWithin("claimEpochs", p.claimEpochs, 1, MAX_CLAIM_EPOCHS);
        emit ReputationParametersSet(_parameters, p);
        _parameters = p;
    }

    function _requireWithin(bytes32 name, uint256 value, uint256 least, uint256 most) private pure {
        if (value < least || value > most) revert Reputation_OutOfRange(name, value, least, most);
    }
}
