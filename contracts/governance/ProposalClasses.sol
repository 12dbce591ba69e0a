// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IGovernor} from "@openzeppelin/contracts/governance/IGovernor.sol";
import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {FixedPointMathLib} from "solady/src/utils/FixedPointMathLib.sol";

import {IMasaGovernor} from "../interfaces/IMasaGovernor.sol";
import {IProposalClasses} from "../interfaces/IProposalClasses.sol";
import {IStakeVotes} from "../interfaces/IStakeVotes.sol";

/// @title ProposalClasses
/// @notice What proposals need, by the calls they make. See {IProposalClasses}.
contract ProposalClasses is IProposalClasses, Ownable {
    uint8 public constant CLASSES = 4;
    uint256 public constant MIN_QUORUM = 0.01e18;
    uint256 public constant MAX_QUORUM = 0.6e18;
    uint256 public constant MIN_THRESHOLD = 0.5e18;
    uint256 public constant MAX_THRESHOLD = 0.9e18;
    uint256 public constant MAX_VOTING_PERIOD = 30 days;
    uint256 public constant MIN_REVIEW_INTERVAL = 1 days;
    uint256 public constant MAX_REVIEW_INTERVAL = 3 * 365 days;
    uint256 public constant MIN_WEIGHT = 0.1e18;
    uint256 public constant MAX_WEIGHT = 4e18;
    /// @notice The most of the supply that a proposer may be asked to stake is one part in this many.
    uint256 public constant SUPPLY_PER_STAKE = 100;
    /// @notice The average moves by the difference to a turnout divided by this.
    uint256 public constant AVERAGING = 4;
    /// @notice The most that one proposal moves an average, WAD: no single vote sets a quorum.
    uint256 public constant MAX_STEP = 0.02e18;

    uint256 private constant WAD = 1e18;
    uint8 private constant STRICTEST = CLASSES - 1;
    /// @dev In how many respects one class is stricter than another.
    uint256 private constant RESPECTS = 5;

    IERC20 public immutable masa;
    IStakeVotes public immutable votes;
    /// @inheritdoc IProposalClasses
    uint32 public immutable minVotingPeriod;

    IMasaGovernor public governor;
    Class[CLASSES] private _classes;
    /// @dev Moving averages of turnout, WAD. One slot.
    uint64[CLASSES] private _averages;
    /// @dev What each class asks for now, WAD, never falling from one to the next. One slot, so that a proposal of the
    /// strictest class need not read all four.
    uint64[CLASSES] private _quorums;
    /// @dev Class + 1; 0 is the strictest, and so is whatever was never assigned.
    mapping(address target => mapping(bytes4 selector => uint8)) private _assigned;
    mapping(uint256 proposalId => bool) private _recorded;

    /// @param classes From the laxest to the strictest.
    constructor(
        address owner_,
        IERC20 masa_,
        IStakeVotes votes_,
        uint32 minVotingPeriod_,
        Class[CLASSES] memory classes
    ) Ownable(owner_) {
        if (address(masa_) == address(0) || address(votes_) == address(0)) revert ProposalClasses_ZeroAddress();
        _requireWithin("minVotingPeriod", minVotingPeriod_, 1, MAX_VOTING_PERIOD);
        masa = masa_;
        votes = votes_;
        minVotingPeriod = minVotingPeriod_;
        uint256 mostStake = masa_.totalSupply() / SUPPLY_PER_STAKE;
        for (uint8 i; i < CLASSES; ++i) {
            _requireBounds(classes[i], minVotingPeriod_, mostStake);
            if (i != 0) _requireOrder(i, classes[i], classes[i - 1], true);
            emit ClassSet(i, _classes[i], classes[i]);
            _classes[i] = classes[i];
            _averages[i] = classes[i].quorum;
        }
        _refreshQuorums();
    }

    /// @inheritdoc IProposalClasses
    function wire(address governor_) external onlyOwner {
        if (address(governor) != address(0)) revert ProposalClasses_AlreadyWired();
        if (governor_ == address(0)) revert ProposalClasses_ZeroAddress();
        governor = IMasaGovernor(governor_);
        emit GovernorSet(governor_);
    }

    // ---------------------------------------------------------------- owner

    /// @inheritdoc IProposalClasses
    function setClass(uint8 classId, Class calldata class_) external onlyOwner {
        _requireClass(classId);
        _requireBounds(class_, minVotingPeriod, masa.totalSupply() / SUPPLY_PER_STAKE);
        if (classId != 0) _requireOrder(classId, class_, _classes[classId - 1], true);
        if (classId != STRICTEST) _requireOrder(classId, class_, _classes[classId + 1], false);
        emit ClassSet(classId, _classes[classId], class_);
        _classes[classId] = class_;
        _refreshQuorums();
    }

    /// @inheritdoc IProposalClasses
    function assign(address target, bytes4 selector, uint8 classId) external onlyOwner {
        _assign(target, selector, classId);
    }

    /// @inheritdoc IProposalClasses
    function assignMany(address target, bytes4[] calldata selectors, uint8 classId) external onlyOwner {
        for (uint256 i; i < selectors.length; ++i) {
            _assign(target, selectors[i], classId);
        }
    }

    // ---------------------------------------------------------------- anyone

    /// @inheritdoc IProposalClasses
    function recordTurnout(uint256 proposalId) external {
        if (_recorded[proposalId]) revert ProposalClasses_AlreadyRecorded(proposalId);
        IMasaGovernor governor_ = governor;
        IGovernor.ProposalState state = governor_.state(proposalId);
        if (
            state == IGovernor.ProposalState.Pending ||
            state == IGovernor.ProposalState.Active ||
            state == IGovernor.ProposalState.Canceled
        ) revert ProposalClasses_VoteNotOver(proposalId);
        _recorded[proposalId] = true;
        (uint256 against, uint256 for_, uint256 abstain) = governor_.proposalVotes(proposalId);
        uint256 total = votes.getPastTotalSupply(governor_.proposalSnapshot(proposalId));
        // At most one WAD: a unit is cast once (I-17).
        uint256 turnout = total == 0 ? 0 : ((against + for_ + abstain) * WAD) / total;
        uint8 classId = governor_.termsOf(proposalId).classId;
        uint256 average = _averages[classId];
        uint256 step = FixedPointMathLib.min(FixedPointMathLib.dist(turnout, average) / AVERAGING, MAX_STEP);
        average = turnout > average ? average + step : average - step;
        // At most one WAD.
        _averages[classId] = uint64(average);
        emit TurnoutRecorded(proposalId, classId, turnout, average);
        if (_classes[classId].dynamicQuorum) _refreshQuorums();
    }

    // ---------------------------------------------------------------- views

    /// @inheritdoc IProposalClasses
    function termsOf(address[] calldata targets, bytes[] calldata calldatas) external view returns (Terms memory) {
        if (targets.length != calldatas.length) {
            revert ProposalClasses_LengthMismatch(targets.length, calldatas.length);
        }
        if (targets.length == 0) revert ProposalClasses_NoCalls();
        uint8 classId;
        for (uint256 i; i < targets.length && classId != STRICTEST; ++i) {
            classId = _stricter(classId, classOf(targets[i], calldatas[i]));
        }
        Class storage class_ = _classes[classId];
        return Terms(classId, _quorums[classId], class_.threshold, class_.votingPeriod, class_.minStake);
    }

    /// @inheritdoc IProposalClasses
    function classOf(address target, bytes calldata callData) public view returns (uint8 classId) {
        // Without a selector it is a transfer, or reaches a fallback function: what that does is unknown.
        if (callData.length < 4) return STRICTEST;
        bytes4 selector = bytes4(callData);
        classId = _classOf(target, selector);
        if (target != address(this) || classId == STRICTEST) return classId;
        if (selector == IProposalClasses.setClass.selector) {
            return _stricter(classId, _known(abi.decode(callData[4:], (uint8))));
        }
        address assignee;
        uint8 next;
        if (selector == IProposalClasses.assign.selector) {
            (assignee, selector, next) = abi.decode(callData[4:], (address, bytes4, uint8));
            return _stricter(classId, _stricter(_known(next), _classOf(assignee, selector)));
        }
        if (selector == IProposalClasses.assignMany.selector) {
            bytes4[] memory selectors;
            (assignee, selectors, next) = abi.decode(callData[4:], (address, bytes4[], uint8));
            classId = _stricter(classId, _known(next));
            for (uint256 i; i < selectors.length; ++i) {
                classId = _stricter(classId, _classOf(assignee, selectors[i]));
            }
        }
    }

    /// @inheritdoc IProposalClasses
    function classAt(uint8 classId) external view returns (Class memory) {
        _requireClass(classId);
        return _classes[classId];
    }

    /// @inheritdoc IProposalClasses
    function classCount() external pure returns (uint256) {
        return CLASSES;
    }

    /// @inheritdoc IProposalClasses
    function quorumShareOf(uint8 classId) external view returns (uint256) {
        _requireClass(classId);
        return _quorums[classId];
    }

    /// @inheritdoc IProposalClasses
    function averageTurnoutOf(uint8 classId) external view returns (uint256) {
        _requireClass(classId);
        return _averages[classId];
    }

    // ---------------------------------------------------------------- internal

    function _assign(address target, bytes4 selector, uint8 classId) private {
        if (target == address(0)) revert ProposalClasses_ZeroAddress();
        _requireClass(classId);
        emit SelectorAssigned(target, selector, _classOf(target, selector), classId);
        _assigned[target][selector] = classId == STRICTEST ? 0 : classId + 1;
    }

    /// @dev As `maxQuorum` never falls from one class to the next, no class asks for more than its own.
    function _refreshQuorums() private {
        uint256 least;
        for (uint256 i; i < CLASSES; ++i) {
            Class storage class_ = _classes[i];
            uint256 own = class_.quorum;
            if (class_.dynamicQuorum) own = FixedPointMathLib.clamp(_averages[i], own, class_.maxQuorum);
            least = FixedPointMathLib.max(own, least);
            _quorums[i] = uint64(least);
        }
    }

    function _classOf(address target, bytes4 selector) private view returns (uint8) {
        uint8 assigned = _assigned[target][selector];
        return assigned == 0 ? STRICTEST : assigned - 1;
    }

    function _requireBounds(Class memory c, uint256 leastPeriod, uint256 mostStake) private pure {
        _requireWithin("quorum", c.quorum, MIN_QUORUM, MAX_QUORUM);
        _requireWithin("maxQuorum", c.maxQuorum, c.quorum, MAX_QUORUM);
        _requireWithin("threshold", c.threshold, MIN_THRESHOLD, MAX_THRESHOLD);
        _requireWithin("votingPeriod", c.votingPeriod, leastPeriod, MAX_VOTING_PERIOD);
        _requireWithin("reviewInterval", c.reviewInterval, MIN_REVIEW_INTERVAL, MAX_REVIEW_INTERVAL);
        _requireWithin("weight", c.weight, MIN_WEIGHT, MAX_WEIGHT);
        _requireWithin("minStake", c.minStake, 1, mostStake);
    }

    function _requireWithin(bytes32 name, uint256 value, uint256 least, uint256 most) private pure {
        if (value < least || value > most) revert ProposalClasses_OutOfRange(name, value, least, most);
    }

    /// @param isNext The class comes after `neighbour`; before it otherwise.
    function _requireOrder(uint8 classId, Class memory c, Class memory neighbour, bool isNext) private pure {
        bytes32[RESPECTS] memory names = [bytes32("quorum"), "maxQuorum", "threshold", "votingPeriod", "minStake"];
        uint256[RESPECTS] memory own = _strictnessOf(c);
        uint256[RESPECTS] memory other = _strictnessOf(neighbour);
        for (uint256 i; i < RESPECTS; ++i) {
            if (isNext ? own[i] < other[i] : own[i] > other[i]) {
                revert ProposalClasses_OutOfOrder(names[i], classId, own[i], other[i]);
            }
        }
    }

    function _strictnessOf(Class memory c) private pure returns (uint256[RESPECTS] memory) {
        return [uint256(c.quorum), c.maxQuorum, c.threshold, c.votingPeriod, c.minStake];
    }

    function _requireClass(uint8 classId) private pure {
        if (classId >= CLASSES) revert ProposalClasses_UnknownClass(classId, CLASSES);
    }

    function _stricter(uint8 left, uint8 right) private pure returns (uint8) {
        return left > right ? left : right;
    }

    /// @dev A class that does not exist: its call will revert, and needs no less than any.
    function _known(uint8 classId) private pure returns (uint8) {
        return classId < CLASSES ? classId : STRICTEST;
    }
}
