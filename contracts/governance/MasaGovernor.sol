// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {GovernorTimelockControl} from "@openzeppelin/contracts/governance/extensions/GovernorTimelockControl.sol";
import {Governor} from "@openzeppelin/contracts/governance/Governor.sol";
import {IGovernor} from "@openzeppelin/contracts/governance/IGovernor.sol";
import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";
import {IERC6372} from "@openzeppelin/contracts/interfaces/IERC6372.sol";
import {FixedPointMathLib} from "solady/src/utils/FixedPointMathLib.sol";

import {IGuardian} from "../interfaces/IGuardian.sol";
import {IMasaGovernor} from "../interfaces/IMasaGovernor.sol";
import {IProposalClasses} from "../interfaces/IProposalClasses.sol";
import {IReputation} from "../interfaces/IReputation.sol";
import {IStakeVault} from "../interfaces/IStakeVault.sol";
import {IStakeVotes} from "../interfaces/IStakeVotes.sol";
import {GovernanceMath} from "../math/GovernanceMath.sol";
import {MasaGovernorCounting} from "./MasaGovernorCounting.sol";
import {MasaGovernorSettings} from "./MasaGovernorSettings.sol";
import {ProposalText} from "./ProposalText.sol";

/// @title MasaGovernor
/// @notice Proposals, from their text to their execution by the timelock. See {IMasaGovernor}. Assumes that the timelock
/// knows no other proposer, canceller or executor: an operation executed on the timelock directly would not expire.
contract MasaGovernor is MasaGovernorCounting {
    uint256 public constant MAX_OPEN = 4;
    uint256 private constant WAD = 1e18;
    /// @dev Bits of a deadline in the word of a proposer's places.
    uint256 private constant PLACE = 64;

    /// @dev Deadlines of the proposals in a proposer's places, MAX_OPEN in a word.
    mapping(address proposer => uint256) private _places;

    constructor(
        IStakeVault vault_,
        IStakeVotes votes,
        IProposalClasses classes_,
        IGuardian guardian_,
        TimelockController timelock_,
        Settings memory first
    )
        Governor("MasaGovernor")
        MasaGovernorSettings(vault_, votes, classes_, guardian_, first)
        GovernorTimelockControl(timelock_)
    {
        if (address(timelock_) == address(0)) revert MasaGovernor_ZeroAddress();
    }

    // ---------------------------------------------------------------- proposals

    /// @inheritdoc IGovernor
    function propose(
        address[] memory targets,
        uint256[] memory values,
        bytes[] memory calldatas,
        string memory description
    ) public override(Governor, IGovernor) returns (uint256 proposalId) {
        if (!_isValidDescriptionForProposer(msg.sender, description)) revert GovernorRestrictedProposer(msg.sender);
        if (targets.length != values.length || targets.length != calldatas.length || targets.length == 0) {
            revert GovernorInvalidProposalLength(targets.length, calldatas.length, values.length);
        }
        ProposalText.requireComplete(description);
        IProposalClasses.Terms memory terms = classes.termsOf(targets, calldatas);
        _requireStake(msg.sender, terms.minStake);

        proposalId = getProposalId(targets, values, calldatas, keccak256(bytes(description)));
        if (proposalSnapshot(proposalId) != 0) {
            revert GovernorUnexpectedProposalState(proposalId, state(proposalId), bytes32(0));
        }
        uint256 snapshot = block.timestamp + votingDelay();
        _begin(proposalId, snapshot, terms);
        _takePlace(msg.sender, snapshot + terms.votingPeriod);
        _votes.awaitSnapshot(snapshot);
        emit ProposalCreated(
            proposalId,
            msg.sender,
            targets,
            values,
            new string[](targets.length),
            calldatas,
            snapshot,
            snapshot + terms.votingPeriod,
            description
        );
    }

    /// @dev With enough reputation less stake is enough.
    function _requireStake(address proposer, uint256 required) private view {
        uint256 staked = vault.masaStakeOf(proposer);
        if (staked >= required) return;
        IReputation discounts = reputation;
        if (address(discounts) != address(0)) {
            required -= FixedPointMathLib.mulDiv(required, discounts.proposalDiscountOf(proposer), WAD);
        }
        if (staked < required) revert MasaGovernor_StakeTooLow(proposer, staked, required);
    }

    /// @dev Takes a place whose proposal's voting is over.
    function _takePlace(address proposer, uint256 deadline) private {
        uint256 nextAt = type(uint256).max;
        for (uint256 i; i < MAX_OPEN; ++i) {
            uint256 taken = _placeAt(proposer, i);
            if (taken < block.timestamp) {
                _setPlace(proposer, i, deadline);
                return;
            }
            if (taken < nextAt) nextAt = taken + 1;
        }
        revert MasaGovernor_TooManyOpenProposals(proposer, MAX_OPEN, nextAt);
    }

    /// @dev The place of a proposal: any one with its deadline.
    function _movePlace(address proposer, uint256 from, uint256 to) private {
        for (uint256 i; i < MAX_OPEN; ++i) {
            if (_placeAt(proposer, i) == from) {
                _setPlace(proposer, i, to);
                return;
            }
        }
    }

    function _placeAt(address proposer, uint256 index) private view returns (uint256) {
        return uint64(_places[proposer] >> (index * PLACE));
    }

    function _setPlace(address proposer, uint256 index, uint256 deadline) private {
        uint256 shift = index * PLACE;
        _places[proposer] = (_places[proposer] & ~(uint256(type(uint64).max) << shift)) | (deadline << shift);
    }

    function _deadlineMoved(uint256 proposalId, uint256 from, uint256 to) internal override {
        _movePlace(proposalProposer(proposalId), from, to);
    }

    // ---------------------------------------------------------------- cancelling

    /// @dev A proposer who thinks better of it gets its place back; one whom the guardian stopped waits.
    function _cancel(
        address[] memory targets,
        uint256[] memory values,
        bytes[] memory calldatas,
        bytes32 descriptionHash
    ) internal override returns (uint256 proposalId) {
        proposalId = super._cancel(targets, values, calldatas, descriptionHash);
        if (msg.sender == proposalProposer(proposalId)) _movePlace(msg.sender, proposalDeadline(proposalId), 0);
    }

    /// @dev The proposer while the vote has not begun; the holder of the guardian's right, or governance itself, always.
    function _validateCancel(uint256 proposalId, address caller) internal view override returns (bool) {
        if (super._validateCancel(proposalId, caller) || caller == _executor()) return true;
        IGuardian.Right right = IGuardian.Right.CancelProposal;
        return caller == guardian.holderOf(right) && block.timestamp <= guardian.rightUntil(right);
    }

    // ---------------------------------------------------------------- views

    /// @inheritdoc IGovernor
    function state(uint256 proposalId) public view override returns (ProposalState current) {
        current = super.state(proposalId);
        if (current == ProposalState.Succeeded) {
            if (_isOver(proposalId, proposalDeadline(proposalId))) return ProposalState.Expired;
        } else if (current == ProposalState.Queued) {
            if (_isOver(proposalId, proposalEta(proposalId))) return ProposalState.Expired;
        }
    }

    /// @dev Whether the time to queue, or to execute, what could be since `since` is over.
    function _isOver(uint256 proposalId, uint256 since) private view returns (bool) {
        return block.timestamp > since + settingsOf(proposalId).expiry;
    }

    /// @notice Votes at `timepoint` that the strictest class asks for, wei of MASA. A proposal's own is {quorumOf}.
    function quorum(uint256 timepoint) public view override(Governor, IGovernor) returns (uint256) {
        uint256 share = classes.quorumShareOf(uint8(classes.classCount() - 1));
        return GovernanceMath.quorumUp(_votes.getPastTotalSupply(timepoint), share, _leastQuorum());
    }

    /// @notice The voting period of the strictest class, seconds; a proposal's own is in its event.
    function votingPeriod() public view override(Governor, IGovernor) returns (uint256) {
        return classes.classAt(uint8(classes.classCount() - 1)).votingPeriod;
    }

    /// @notice Staked MASA that the least strict class asks of a proposer, wei.
    function proposalThreshold() public view override(Governor, IGovernor) returns (uint256) {
        return classes.classAt(0).minStake;
    }

    /// @inheritdoc IMasaGovernor
    function openDeadlinesOf(address proposer) external view returns (uint256[4] memory deadlines) {
        for (uint256 i; i < MAX_OPEN; ++i) {
            deadlines[i] = _placeAt(proposer, i);
        }
    }

    /// @notice Whose votes count: {IStakeVotes}.
    function token() external view returns (IStakeVotes) {
        return _votes;
    }

    function clock() public view override(Governor, IERC6372) returns (uint48) {
        return uint48(block.timestamp);
    }

    // solhint-disable-next-line func-name-mixedcase
    function CLOCK_MODE() public pure override(Governor, IERC6372) returns (string memory) {
        return "mode=timestamp";
    }

    function _getVotes(address account, uint256 timepoint, bytes memory) internal view override returns (uint256) {
        return _votes.getPastVotes(account, timepoint);
    }
}
