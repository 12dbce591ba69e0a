// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ud2x18} from "@prb/math/src/UD2x18.sol";

import {Reputation} from "../../contracts/governance/Reputation.sol";
import {IEmissions} from "../../contracts/interfaces/IEmissions.sol";
import {IMasaGovernor} from "../../contracts/interfaces/IMasaGovernor.sol";
import {IProposalClasses} from "../../contracts/interfaces/IProposalClasses.sol";
import {IReputation} from "../../contracts/interfaces/IReputation.sol";
import {GovernanceBed} from "./GovernanceBed.sol";

/// @title What the tests of classes, reputation and rewards of governance share
/// @notice The test contract owns classes and reputation, as the timelock does after deployment. {TARGET} has one selector
/// a class. Votes are short.
abstract contract IncentivesBed is GovernanceBed {
    uint32 internal constant MIN_PERIOD = 1 hours;
    address internal constant TARGET = address(0xca11);

    Reputation internal reputation;
    uint256 private _proposals;

    address internal stranger = _account(99);

    function setUp() public virtual override {
        super.setUp();
        vm.prank(address(timelock));
        classes.transferOwnership(address(this));
        reputation = new Reputation(address(this), governor, votes, classes, clock, emissions, _reputationParameters());
        governor.setReputation(reputation);
        emissions.grantModule("GOVERNANCE", address(reputation));
        emissions.grantModule("RELEASE", address(this));
        vm.warp(block.timestamp + MODULE_DELAY);
    }

    // ---------------------------------------------------------------- parameters

    function _classes() internal pure virtual override returns (IProposalClasses.Class[4] memory c) {
        c[0] = IProposalClasses.Class(0.04e18, 0.5e18, 2 hours, 90 days, 0.5e18, 1_000e18, 0.3e18, false);
        c[1] = IProposalClasses.Class(0.08e18, 0.55e18, 4 hours, 120 days, 1e18, 5_000e18, 0.35e18, false);
        c[2] = IProposalClasses.Class(0.15e18, 0.6e18, 8 hours, 180 days, 2e18, 10_000e18, 0.4e18, false);
        c[3] = IProposalClasses.Class(0.2e18, 0.66e18, 12 hours, 365 days, 3e18, 20_000e18, 0.45e18, false);
    }

    function _governorSettings() internal pure virtual override returns (IMasaGovernor.Settings memory) {
        return
            IMasaGovernor.Settings({
                votingDelay: 1 minutes,
                voteExtension: 20 minutes,
                directWindow: 10 minutes,
                expiry: 7 days,
                leastQuorum: 0
            });
    }

    function _reputationParameters() internal pure virtual returns (IReputation.ReputationParameters memory) {
        return
            IReputation.ReputationParameters({
                delegatedRate: 0.5e18,
                base: 0.5e18,
                voteGain: 0.1e18,
                reasonGain: 0.05e18,
                proposalGain: 0.2e18,
                decay: 0.99e18,
                maxDiscount: 0.5e18,
                inactivityCut: 0.2e18,
                activityFloor: 0.25e18,
                activityStep: 0.1e18,
                maxPotShare: 0.2e18,
                proposerShare: 0.1e18,
                maxPerWeight: 0.01e18,
                maxPerProposal: 100e18,
                graceMissed: 2,
                claimEpochs: 1_000
            });
    }

    /// @dev A tenth an epoch, half of it to governance: a pot is soon filled.
    function _emissionParameters() internal pure virtual override returns (IEmissions.EmissionParameters memory) {
        return
            IEmissions.EmissionParameters({
                rate: ud2x18(0.1e18),
                validators: ud2x18(0.2e18),
                workers: ud2x18(0.2e18),
                dataContributors: ud2x18(0.1e18),
                governanceParticipants: ud2x18(0.5e18)
            });
    }

    function _assignClasses() internal virtual override {
        for (uint8 i; i < classes.CLASSES(); ++i) {
            classes.assign(TARGET, _selectorOf(i), i);
        }
    }

    // ---------------------------------------------------------------- helpers

    function _selectorOf(uint8 classId) internal pure returns (bytes4) {
        return bytes4(0xc1a55000 + uint32(classId));
    }

    /// @dev Puts `amount` into the pot of governance participants.
    function _fillPot(uint256 amount) internal {
        // A tenth of what was added is released, and half of that is the pot's.
        uint256 needed = amount * 20 - emissions.pool();
        masa.approve(address(emissions), needed);
        emissions.fund(needed);
        vm.warp(clock.epochStart(clock.currentEpoch() + 1));
        emissions.release(clock.currentEpoch() - 1);
    }

    function _pot() internal view returns (uint256) {
        return emissions.potOf(IEmissions.Pot.GovernanceParticipants);
    }

    /// @dev A new proposal of a class.
    function _propose(address proposer, uint8 classId) internal returns (uint256) {
        return _proposeCall(proposer, TARGET, abi.encodePacked(_selectorOf(classId), ++_proposals));
    }

    function _proposeCall(address proposer, address target, bytes memory data) internal returns (uint256 proposalId) {
        (address[] memory targets, uint256[] memory values, bytes[] memory calldatas) = _asCalls(target, data);
        vm.prank(proposer);
        proposalId = governor.propose(targets, values, calldatas, _text("A proposal"));
    }

    function _asCalls(
        address target,
        bytes memory data
    ) internal pure returns (address[] memory targets, uint256[] memory values, bytes[] memory calldatas) {
        (targets, values, calldatas) = (new address[](1), new uint256[](1), new bytes[](1));
        (targets[0], calldatas[0]) = (target, data);
    }

    function _voteWithReason(address account, uint256 proposalId, uint8 support) internal {
        vm.prank(account);
        governor.castVoteWithReason(proposalId, support, "because");
    }

    function _override(address account, uint256 proposalId, uint8 support, string memory reason) internal {
        vm.prank(account);
        governor.castOverrideVote(proposalId, support, reason);
    }

    /// @dev To the next epoch.
    function _nextEpoch() internal {
        vm.warp(clock.epochStart(clock.currentEpoch() + 1));
    }

    function _none() internal pure returns (address[] memory) {
        return new address[](0);
    }
}
