// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Governor} from "@openzeppelin/contracts/governance/Governor.sol";
import {IGovernor} from "@openzeppelin/contracts/governance/IGovernor.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";

import {IMasaGovernor} from "../interfaces/IMasaGovernor.sol";
import {IProposalClasses} from "../interfaces/IProposalClasses.sol";
import {GovernanceMath} from "../math/GovernanceMath.sol";
import {MasaGovernorSettings} from "./MasaGovernorSettings.sol";

/// @title Counting of votes, and of votes that their owners take back
/// @notice See {IMasaGovernor}. A delegate's vote weighs its votes at the snapshot less what was overridden before; an
/// override takes the units of one account, or edge account, out of what its delegate cast or is yet to cast. So every
/// unit counts once, whatever the order (invariant I-17).
abstract contract MasaGovernorCounting is MasaGovernorSettings {
    /// @dev One slot: what is written when a proposal is made.
    struct Core {
        address proposer;
        uint40 voteStart; // snapshot, Unix second
        uint24 voteDuration; // seconds
        uint32 termsId;
    }

    /// @dev Two slots: what proposals are judged by. Shared by all that were made while nothing of it had changed.
    struct SharedTerms {
        Settings settings;
        uint64 quorum;
        uint64 threshold;
        uint8 classId;
    }

    /// @dev One slot: the terms that the last proposal of a class has, and what they came from.
    struct LastTerms {
        uint32 termsId;
        uint16 settingsVersion;
        uint64 quorum;
        uint64 threshold;
    }

    /// @dev Two slots, and the receipts. Most votes touch the first alone.
    struct Tally {
        uint104 againstVotes;
        uint104 forVotes;
        uint48 extendedDeadline;
        uint104 abstainVotes;
        mapping(address account => Receipt) receipts;
    }

    bytes32 public constant OVERRIDE_BALLOT_TYPEHASH = keccak256(
        "OverrideBallot(uint256 proposalId,uint8 support,bool residual,address[] delegatees,address voter,uint256 nonce,string reason)"
    );
    uint8 private constant AGAINST = 0;
    uint8 private constant FOR = 1;
    uint8 private constant ABSTAIN = 2;
    /// @dev Bits of an outcome. No bit: the vote is not late.
    uint256 private constant LATE = 1;
    uint256 private constant QUORUM_MET = 2;
    uint256 private constant PASSING = 4;

    mapping(uint256 proposalId => Core) private _cores;
    mapping(uint256 termsId => SharedTerms) private _terms;
    mapping(uint8 classId => LastTerms) private _lastTerms;
    uint32 private _termsCount;
    mapping(uint256 proposalId => Tally) private _tallies;

    // ---------------------------------------------------------------- voting

    /// @inheritdoc IMasaGovernor
    function castOverrideVote(uint256 proposalId, uint8 support, string calldata reason) external returns (uint256) {
        return _castOverride(proposalId, support, true, new address[](0), msg.sender, reason);
    }

    /// @inheritdoc IMasaGovernor
    function castOverrideVoteOn(
        uint256 proposalId,
        uint8 support,
        bool residual,
        address[] calldata delegatees,
        string calldata reason
    ) external returns (uint256 weight) {
        return _castOverride(proposalId, support, residual, delegatees, msg.sender, reason);
    }

    /// @inheritdoc IMasaGovernor
    function castOverrideVoteBySig(
        uint256 proposalId,
        uint8 support,
        bool residual,
        address[] calldata delegatees,
        address voter,
        string calldata reason,
        bytes calldata signature
    ) external returns (uint256 weight) {
        bytes memory what = abi.encode(
            OVERRIDE_BALLOT_TYPEHASH,
            proposalId,
            support,
            residual,
            keccak256(abi.encodePacked(delegatees))
        );
        _requireSigned(proposalId, what, voter, keccak256(bytes(reason)), signature);
        return _castOverride(proposalId, support, residual, delegatees, voter, reason);
    }

    // ---------------------------------------------------------------- views

    // solhint-disable-next-line func-name-mixedcase
    function COUNTING_MODE() external pure override returns (string memory) {
        return "support=bravo,override&quorum=for,abstain&overridable=true";
    }

    /// @inheritdoc IMasaGovernor
    function termsOf(uint256 proposalId) external view returns (ProposalTerms memory) {
        SharedTerms storage terms = _termsOf(proposalId);
        return ProposalTerms(terms.classId, terms.quorum, terms.threshold, _tallies[proposalId].extendedDeadline);
    }

    /// @inheritdoc IMasaGovernor
    function receiptOf(uint256 proposalId, address account) external view returns (Receipt memory) {
        return _tallies[proposalId].receipts[account];
    }

    /// @inheritdoc IMasaGovernor
    function proposalVotes(
        uint256 proposalId
    ) external view returns (uint256 againstVotes, uint256 forVotes, uint256 abstainVotes) {
        Tally storage tally = _tallies[proposalId];
        return (tally.againstVotes, tally.forVotes, tally.abstainVotes);
    }

    /// @inheritdoc IGovernor
    function hasVoted(uint256 proposalId, address account) external view override returns (bool) {
        return _tallies[proposalId].receipts[account].cast != 0;
    }

    /// @inheritdoc IMasaGovernor
    function hasVotedOverride(uint256 proposalId, address account) external view returns (bool) {
        return _tallies[proposalId].receipts[account].overrode != 0;
    }

    /// @inheritdoc IMasaGovernor
    function quorumReached(uint256 proposalId) external view returns (bool) {
        return _quorumReached(proposalId);
    }

    /// @inheritdoc IMasaGovernor
    function quorumOf(uint256 proposalId) public view returns (uint256) {
        SharedTerms storage terms = _termsOf(proposalId);
        uint256 total = _votes.getPastTotalSupply(proposalSnapshot(proposalId));
        return GovernanceMath.quorumUp(total, terms.quorum, terms.settings.leastQuorum);
    }

    /// @inheritdoc IMasaGovernor
    function settingsOf(uint256 proposalId) public view returns (Settings memory) {
        return _termsOf(proposalId).settings;
    }

    /// @inheritdoc IMasaGovernor
    function delegateDeadline(uint256 proposalId) public view returns (uint256) {
        uint256 deadline = proposalDeadline(proposalId);
        uint256 window = settingsOf(proposalId).directWindow;
        uint256 half = (deadline - proposalSnapshot(proposalId)) / 2;
        return deadline - (window < half ? window : half);
    }

    /// @inheritdoc IGovernor
    function proposalSnapshot(uint256 proposalId) public view override(Governor, IGovernor) returns (uint256) {
        return _cores[proposalId].voteStart;
    }

    /// @inheritdoc IGovernor
    function proposalDeadline(uint256 proposalId) public view override(Governor, IGovernor) returns (uint256) {
        uint256 extended = _tallies[proposalId].extendedDeadline;
        if (extended != 0) return extended;
        Core storage core = _cores[proposalId];
        return uint256(core.voteStart) + core.voteDuration;
    }

    /// @inheritdoc IGovernor
    function proposalProposer(uint256 proposalId) public view override(Governor, IGovernor) returns (address) {
        return _cores[proposalId].proposer;
    }

    // ---------------------------------------------------------------- counting

    /// @dev A new proposal of the caller, and what it is judged by for good. OpenZeppelin's own record of it holds what
    /// comes later: queued, executed, cancelled.
    /// @param snapshot Unix second.
    function _begin(uint256 proposalId, uint256 snapshot, IProposalClasses.Terms memory terms) internal {
        LastTerms memory last = _lastTerms[terms.classId];
        uint16 version = _settingsVersion();
        if (last.settingsVersion != version || last.quorum != terms.quorum || last.threshold != terms.threshold) {
            last = LastTerms(++_termsCount, version, terms.quorum, terms.threshold);
            _lastTerms[terms.classId] = last;
            _terms[last.termsId] = SharedTerms(settings(), terms.quorum, terms.threshold, terms.classId);
        }
        // A voting period is at most 30 days.
        _cores[proposalId] = Core(msg.sender, uint40(snapshot), uint24(terms.votingPeriod), last.termsId);
    }

    function _termsOf(uint256 proposalId) private view returns (SharedTerms storage) {
        return _terms[_cores[proposalId].termsId];
    }

    /// @dev A late vote has moved the deadline.
    function _deadlineMoved(uint256 proposalId, uint256 from, uint256 to) internal virtual;

    /// @dev The standard vote, and the note that it came with a reason.
    function _castVote(
        uint256 proposalId,
        address account,
        uint8 support,
        string memory reason,
        bytes memory params
    ) internal override returns (uint256 weight) {
        weight = super._castVote(proposalId, account, support, reason, params);
        if (bytes(reason).length != 0) _tallies[proposalId].receipts[account].withReason = true;
    }

    /// @dev Votes as a delegate: everything that points to the account at the snapshot.
    function _countVote(
        uint256 proposalId,
        address account,
        uint8 support,
        uint256 totalWeight,
        bytes memory params
    ) internal override returns (uint256 weight) {
        if (params.length != 0) revert GovernorInvalidVoteParams();
        if (support > ABSTAIN) revert GovernorInvalidVoteType();
        Tally storage tally = _tallies[proposalId];
        Receipt memory receipt = tally.receipts[account];
        if (receipt.cast != 0) revert GovernorAlreadyCastVote(account);
        _requireVoteOpen(proposalId, account, totalWeight);

        uint256 before = _outcomeIfLate(proposalId);
        weight = totalWeight - receipt.overridden;
        receipt.cast = support + 1;
        tally.receipts[account] = receipt;
        _add(tally, support, weight);
        _extendIfTurned(proposalId, before);
    }

    /// @dev Votes with own units: the residual if `residual`, and the edges to `delegatees`.
    function _castOverride(
        uint256 proposalId,
        uint8 support,
        bool residual,
        address[] memory delegatees,
        address voter,
        string calldata reason
    ) private returns (uint256 weight) {
        _validateStateBitmap(proposalId, _encodeStateBitmap(ProposalState.Active));
        if (support > ABSTAIN) revert GovernorInvalidVoteType();
        if (!residual && delegatees.length == 0) revert MasaGovernor_NothingToOverride(proposalId, voter);
        uint256 before = _outcomeIfLate(proposalId);
        if (residual) weight = _override(proposalId, support, voter, voter, reason);
        for (uint256 i; i < delegatees.length; ++i) {
            address account = _votes.edgeAccount(voter, delegatees[i]);
            weight += _override(proposalId, support, voter, account, reason);
        }
        _extendIfTurned(proposalId, before);
    }

    /// @param what The signed struct up to the voter.
    function _requireSigned(
        uint256 proposalId,
        bytes memory what,
        address voter,
        bytes32 reasonHash,
        bytes calldata signature
    ) private {
        uint256 nonce = _useNonce(voter, uint192(proposalId));
        bytes32 structHash = keccak256(bytes.concat(what, abi.encode(voter, nonce, reasonHash)));
        if (!SignatureChecker.isValidSignatureNow(voter, _hashTypedDataV4(structHash), signature)) {
            revert GovernorInvalidSignature(voter);
        }
    }

    /// @param account `voter` for its residual, or an edge account of it.
    function _override(
        uint256 proposalId,
        uint8 support,
        address voter,
        address account,
        string calldata reason
    ) private returns (uint256 weight) {
        Tally storage tally = _tallies[proposalId];
        uint256 snapshot = proposalSnapshot(proposalId);
        if (tally.receipts[account].overrode != 0) revert MasaGovernor_AlreadyOverridden(proposalId, account);
        weight = _votes.getPastBalanceOf(account, snapshot);
        if (weight == 0) revert MasaGovernor_NothingToOverride(proposalId, account);
        tally.receipts[account].overrode = support + 1;
        if (bytes(reason).length != 0) tally.receipts[account].withReason = true;

        // An account that names itself is its own delegate: the same receipt, read after it was written.
        address delegate = _votes.getPastDelegate(account, snapshot);
        Receipt storage delegated = tally.receipts[delegate];
        uint8 cast = delegated.cast;
        if (cast == 0) {
            delegated.overridden += uint104(weight);
        } else {
            _subtract(tally, cast - 1, weight);
            emit VoteReduced(delegate, proposalId, cast - 1, weight);
        }
        _add(tally, support, weight);
        emit OverrideVoteCast(voter, account, proposalId, support, weight, reason);
    }

    /// @dev Weights are at most MASA's supply, which fits 104 bits as it does in the votes' checkpoints.
    function _add(Tally storage tally, uint8 support, uint256 weight) private {
        if (support == AGAINST) tally.againstVotes += uint104(weight);
        else if (support == FOR) tally.forVotes += uint104(weight);
        else tally.abstainVotes += uint104(weight);
    }

    function _subtract(Tally storage tally, uint8 support, uint256 weight) private {
        if (support == AGAINST) tally.againstVotes -= uint104(weight);
        else if (support == FOR) tally.forVotes -= uint104(weight);
        else tally.abstainVotes -= uint104(weight);
    }

    /// @dev In the direct window only votes of those who vote for themselves alone.
    function _requireVoteOpen(uint256 proposalId, address account, uint256 totalWeight) private view {
        uint256 closedAt = delegateDeadline(proposalId);
        if (block.timestamp <= closedAt) return;
        uint256 snapshot = proposalSnapshot(proposalId);
        if (
            _votes.getPastDelegate(account, snapshot) != account ||
            _votes.getPastBalanceOf(account, snapshot) != totalWeight
        ) revert MasaGovernor_DelegatesClosed(proposalId, closedAt);
    }

    // ---------------------------------------------------------------- late votes

    /// @dev 0 where a vote of now cannot move the deadline.
    function _outcomeIfLate(uint256 proposalId) private view returns (uint256) {
        if (_tallies[proposalId].extendedDeadline != 0) return 0;
        if (block.timestamp + settingsOf(proposalId).voteExtension <= proposalDeadline(proposalId)) return 0;
        return _outcome(proposalId);
    }

    function _outcome(uint256 proposalId) private view returns (uint256 outcome) {
        Tally storage tally = _tallies[proposalId];
        (uint256 forVotes, uint256 abstainVotes) = (tally.forVotes, tally.abstainVotes);
        uint256 needed = quorumOf(proposalId);
        outcome = LATE;
        if (GovernanceMath.isQuorumMet(forVotes, abstainVotes, needed)) outcome |= QUORUM_MET;
        uint256 threshold = _termsOf(proposalId).threshold;
        if (GovernanceMath.passes(forVotes, tally.againstVotes, abstainVotes, needed, threshold)) outcome |= PASSING;
    }

    /// @dev Gives everybody time to answer a late vote that made the quorum or changed the outcome. Once a proposal.
    function _extendIfTurned(uint256 proposalId, uint256 before) private {
        if (before == 0) return;
        uint256 turned = _outcome(proposalId) ^ before;
        if (turned & PASSING == 0 && (turned & QUORUM_MET == 0 || before & QUORUM_MET != 0)) return;
        uint256 from = proposalDeadline(proposalId);
        uint256 to = block.timestamp + settingsOf(proposalId).voteExtension;
        _tallies[proposalId].extendedDeadline = uint48(to);
        emit ProposalExtended(proposalId, uint64(to));
        _deadlineMoved(proposalId, from, to);
    }

    function _quorumReached(uint256 proposalId) internal view override returns (bool) {
        Tally storage tally = _tallies[proposalId];
        return GovernanceMath.isQuorumMet(tally.forVotes, tally.abstainVotes, quorumOf(proposalId));
    }

    function _voteSucceeded(uint256 proposalId) internal view override returns (bool) {
        Tally storage tally = _tallies[proposalId];
        return GovernanceMath.isThresholdMet(tally.forVotes, tally.againstVotes, _termsOf(proposalId).threshold);
    }
}
