// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IGovernor} from "@openzeppelin/contracts/governance/IGovernor.sol";

import {MasaGovernor} from "../../contracts/governance/MasaGovernor.sol";
import {MasaTimelock} from "../../contracts/governance/MasaTimelock.sol";
import {ProposalClasses} from "../../contracts/governance/ProposalClasses.sol";
import {IMasaGovernor} from "../../contracts/interfaces/IMasaGovernor.sol";
import {IProposalClasses} from "../../contracts/interfaces/IProposalClasses.sol";
import {StakeVotes} from "../../contracts/staking/StakeVotes.sol";
import {VaultBed} from "./VaultBed.sol";

/// @title The protocol with its governance
/// @notice Votes follow the vault, the governor alone works the timelock, and the timelock owns the classes. The test
/// still owns the other modules; those that a proposal is to change are handed over by {_handOver}.
abstract contract GovernanceBed is VaultBed {
    uint8 internal constant AGAINST = 0;
    uint8 internal constant FOR = 1;
    uint8 internal constant ABSTAIN = 2;
    uint32 internal constant VOTING_DELAY = 1 days;
    uint32 internal constant EXTENSION = 2 days;
    uint32 internal constant WINDOW = 1 days;
    uint32 internal constant EXPIRY = 14 days;
    uint256 internal constant TIMELOCK_DELAY = 2 days;

    /// @dev What a proposal does, and its text.
    struct Draft {
        address[] targets;
        uint256[] values;
        bytes[] calldatas;
        string description;
    }

    StakeVotes internal votes;
    ProposalClasses internal classes;
    MasaTimelock internal timelock;
    MasaGovernor internal governor;

    function setUp() public virtual override {
        super.setUp();
        _deployGovernance();
    }

    function _deployGovernance() internal {
        votes = new StakeVotes(address(this), vault, registry);
        // Nobody has staked: what the vault's delay protects does not exist yet.
        vault.scheduleObserver(votes);
        vm.warp(block.timestamp + MODULE_DELAY);
        vault.activateObserver();
        classes = new ProposalClasses(address(this), masa, votes, 1 hours, _classes());
        timelock = new MasaTimelock(TIMELOCK_DELAY, new address[](0), address(this));
        governor = new MasaGovernor(vault, votes, classes, guardian, timelock, _governorSettings());
        votes.wire(address(governor));
        classes.wire(address(governor));
        timelock.grantRole(timelock.PROPOSER_ROLE(), address(governor));
        timelock.grantRole(timelock.CANCELLER_ROLE(), address(governor));
        timelock.grantRole(timelock.EXECUTOR_ROLE(), address(governor));
        timelock.renounceRole(timelock.DEFAULT_ADMIN_ROLE(), address(this));
        _assignClasses();
        classes.transferOwnership(address(timelock));
    }

    // ---------------------------------------------------------------- parameters

    function _governorSettings() internal pure virtual returns (IMasaGovernor.Settings memory) {
        return
            IMasaGovernor.Settings({
                votingDelay: VOTING_DELAY,
                voteExtension: EXTENSION,
                directWindow: WINDOW,
                expiry: EXPIRY,
                leastQuorum: 0
            });
    }

    function _classes() internal pure virtual returns (IProposalClasses.Class[4] memory list) {
        list[0] = _class(0.04e18, 0.5e18, 3 days, 1_000e18);
        list[1] = _class(0.1e18, 0.6e18, 5 days, 2_000e18);
        list[2] = _class(0.2e18, 0.65e18, 7 days, 5_000e18);
        list[3] = _class(0.3e18, 0.75e18, 10 days, 10_000e18);
    }

    function _class(
        uint64 quorum,
        uint64 threshold,
        uint32 period,
        uint128 minStake
    ) internal pure returns (IProposalClasses.Class memory) {
        return
            IProposalClasses.Class({
                quorum: quorum,
                threshold: threshold,
                votingPeriod: period,
                reviewInterval: 180 days,
                weight: 1e18,
                minStake: minStake,
                maxQuorum: 0.5e18,
                dynamicQuorum: false
            });
    }

    /// @dev What is of another class than the strictest. Donations to a contract and the like: routine.
    function _assignClasses() internal virtual {
        classes.assign(address(masa), masa.transfer.selector, 0);
    }

    // ---------------------------------------------------------------- proposals

    function _draft(address target, bytes memory call, string memory title) internal pure returns (Draft memory draft) {
        draft.targets = new address[](1);
        draft.values = new uint256[](1);
        draft.calldatas = new bytes[](1);
        draft.targets[0] = target;
        draft.calldatas[0] = call;
        draft.description = _text(title);
    }

    function _text(string memory title) internal pure returns (string memory) {
        return string.concat("# ", title, "\nWhat it does.\n## Rationale\nWhy it does it.\n");
    }

    /// @dev A routine proposal: the timelock pays one wei of MASA to itself, so that it can always be executed.
    function _routine(string memory title) internal view returns (Draft memory) {
        return _draft(address(masa), abi.encodeCall(masa.transfer, (address(timelock), 0)), title);
    }

    function _propose(address proposer, Draft memory d) internal returns (uint256 proposalId) {
        vm.prank(proposer);
        return governor.propose(d.targets, d.values, d.calldatas, d.description);
    }

    function _id(Draft memory d) internal view returns (uint256) {
        return governor.getProposalId(d.targets, d.values, d.calldatas, keccak256(bytes(d.description)));
    }

    function _queue(Draft memory d) internal returns (uint256) {
        return governor.queue(d.targets, d.values, d.calldatas, keccak256(bytes(d.description)));
    }

    function _execute(Draft memory d) internal returns (uint256) {
        return governor.execute(d.targets, d.values, d.calldatas, keccak256(bytes(d.description)));
    }

    function _cancelBy(address caller, Draft memory d) internal returns (uint256) {
        vm.prank(caller);
        return governor.cancel(d.targets, d.values, d.calldatas, keccak256(bytes(d.description)));
    }

    function _vote(address voter, uint256 proposalId, uint8 support) internal returns (uint256) {
        vm.prank(voter);
        return governor.castVote(proposalId, support);
    }

    function _override(address voter, uint256 proposalId, uint8 support) internal returns (uint256) {
        vm.prank(voter);
        return governor.castOverrideVote(proposalId, support, "");
    }

    function _overrideOn(
        address voter,
        uint256 proposalId,
        uint8 support,
        bool residual,
        address[] memory delegatees
    ) internal returns (uint256) {
        vm.prank(voter);
        return governor.castOverrideVoteOn(proposalId, support, residual, delegatees, "");
    }

    // ---------------------------------------------------------------- delegation

    function _delegate(address account, address delegatee) internal {
        vm.prank(account);
        votes.delegate(delegatee);
    }

    function _edge(address account, address delegatee, uint256 units) internal {
        vm.prank(account);
        votes.delegateUnits(delegatee, units);
    }

    function _list(address one) internal pure returns (address[] memory list) {
        list = new address[](1);
        list[0] = one;
    }

    function _list(address one, address two) internal pure returns (address[] memory list) {
        list = new address[](2);
        (list[0], list[1]) = (one, two);
    }

    // ---------------------------------------------------------------- time

    /// @dev The first second of the vote.
    function _open(uint256 proposalId) internal {
        vm.warp(governor.proposalSnapshot(proposalId) + 1);
    }

    /// @dev The first second after the vote.
    function _close(uint256 proposalId) internal {
        vm.warp(governor.proposalDeadline(proposalId) + 1);
    }

    // ---------------------------------------------------------------- reading

    function _assertTally(
        uint256 proposalId,
        uint256 against,
        uint256 for_,
        uint256 abstain,
        string memory message
    ) internal view {
        (uint256 a, uint256 f, uint256 n) = governor.proposalVotes(proposalId);
        assertEq(a, against, string.concat(message, ": against"));
        assertEq(f, for_, string.concat(message, ": for"));
        assertEq(n, abstain, string.concat(message, ": abstain"));
    }

    function _assertState(uint256 proposalId, IGovernor.ProposalState expected, string memory message) internal view {
        assertEq(uint256(governor.state(proposalId)), uint256(expected), message);
    }

    /// @dev The refusal of a proposal in another state than the allowed ones.
    function _wrongState(
        uint256 proposalId,
        IGovernor.ProposalState current,
        uint256 allowed
    ) internal pure returns (bytes memory) {
        return
            abi.encodeWithSelector(
                IGovernor.GovernorUnexpectedProposalState.selector,
                proposalId,
                current,
                bytes32(allowed)
            );
    }

    /// @dev Only this state is allowed.
    function _onlyState(IGovernor.ProposalState state) internal pure returns (uint256) {
        return 1 << uint8(state);
    }
}
