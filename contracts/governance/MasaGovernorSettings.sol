// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Governor} from "@openzeppelin/contracts/governance/Governor.sol";
import {IGovernor} from "@openzeppelin/contracts/governance/IGovernor.sol";
import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {IGuardian} from "../interfaces/IGuardian.sol";
import {IMasaGovernor} from "../interfaces/IMasaGovernor.sol";
import {IProposalClasses} from "../interfaces/IProposalClasses.sol";
import {IReputation} from "../interfaces/IReputation.sol";
import {IStakeVault} from "../interfaces/IStakeVault.sol";
import {IStakeVotes} from "../interfaces/IStakeVotes.sol";
import {MasaGovernorBase} from "./MasaGovernorBase.sol";

/// @title The governor's modules and its own parameters
/// @notice See {IMasaGovernor}.
abstract contract MasaGovernorSettings is MasaGovernorBase {
    /// @dev One slot: {Settings} and how often they were set.
    struct Current {
        uint32 votingDelay;
        uint32 voteExtension;
        uint32 directWindow;
        uint32 expiry;
        uint104 leastQuorum;
        uint16 version;
    }

    uint256 private constant MIN_VOTING_DELAY = 1 minutes;
    uint256 private constant MAX_VOTING_DELAY = 30 days;
    uint256 private constant MAX_DIRECT_WINDOW = 7 days;
    uint256 private constant MIN_REOPENED = 1 minutes;
    uint256 private constant MAX_VOTE_EXTENSION = 14 days;
    uint256 private constant MIN_EXPIRY = 1 hours;
    uint256 private constant MAX_EXPIRY = 180 days;
    /// @dev The floor of the quorum is at most the supply over this.
    uint256 private constant LEAST_QUORUM_DIVISOR = 10;

    IStakeVault public immutable vault;
    IProposalClasses public immutable classes;
    IGuardian public immutable guardian;
    IStakeVotes internal immutable _votes;
    address private immutable _deployer;
    IReputation public reputation;
    Current private _current;

    constructor(
        IStakeVault vault_,
        IStakeVotes votes,
        IProposalClasses classes_,
        IGuardian guardian_,
        Settings memory first
    ) {
        if (
            address(vault_) == address(0) ||
            address(votes) == address(0) ||
            address(classes_) == address(0) ||
            address(guardian_) == address(0)
        ) revert MasaGovernor_ZeroAddress();
        vault = vault_;
        classes = classes_;
        guardian = guardian_;
        _votes = votes;
        _deployer = msg.sender;
        _set(first);
    }

    /// @inheritdoc IMasaGovernor
    function setSettings(Settings calldata next) external onlyGovernance {
        _set(next);
    }

    /// @inheritdoc IMasaGovernor
    function setReputation(IReputation next) external {
        IReputation previous = reputation;
        // Never zero again once it is named: the deployer has one call.
        if (msg.sender != _deployer || address(previous) != address(0)) _checkGovernance();
        if (address(next) == address(0)) revert MasaGovernor_ZeroAddress();
        reputation = next;
        emit ReputationSet(previous, next);
    }

    /// @notice Moves to another timelock, of which there must be one: without it nothing could be governed any more.
    function updateTimelock(TimelockController newTimelock) public override {
        if (address(newTimelock) == address(0)) revert MasaGovernor_ZeroAddress();
        super.updateTimelock(newTimelock);
    }

    /// @inheritdoc IMasaGovernor
    function settings() public view returns (Settings memory) {
        Current memory c = _current;
        return Settings(c.votingDelay, c.voteExtension, c.directWindow, c.expiry, c.leastQuorum);
    }

    function votingDelay() public view override(Governor, IGovernor) returns (uint256) {
        return _current.votingDelay;
    }

    function _settingsVersion() internal view returns (uint16) {
        return _current.version;
    }

    function _leastQuorum() internal view returns (uint256) {
        return _current.leastQuorum;
    }

    function _set(Settings memory next) private {
        _requireRange("votingDelay", next.votingDelay, MIN_VOTING_DELAY, MAX_VOTING_DELAY);
        _requireRange("directWindow", next.directWindow, 0, MAX_DIRECT_WINDOW);
        _requireRange("voteExtension", next.voteExtension, next.directWindow + MIN_REOPENED, MAX_VOTE_EXTENSION);
        _requireRange("expiry", next.expiry, MIN_EXPIRY, MAX_EXPIRY);
        uint256 supply = IERC20(vault.masa()).totalSupply();
        _requireRange("leastQuorum", next.leastQuorum, 0, supply / LEAST_QUORUM_DIVISOR);
        emit SettingsSet(settings(), next);
        _current = Current({
            votingDelay: next.votingDelay,
            voteExtension: next.voteExtension,
            directWindow: next.directWindow,
            expiry: next.expiry,
            leastQuorum: next.leastQuorum,
            version: _current.version + 1
        });
    }

    function _requireRange(bytes32 name, uint256 value, uint256 least, uint256 most) private pure {
        if (value < least || value > most) revert MasaGovernor_OutOfRange(name, value, least, most);
    }
}
