// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAccessControl} from "@openzeppelin/contracts/access/IAccessControl.sol";
import {IGovernor} from "@openzeppelin/contracts/governance/IGovernor.sol";
import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";
import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {IERC165} from "@openzeppelin/contracts/utils/introspection/IERC165.sol";
import {Strings} from "@openzeppelin/contracts/utils/Strings.sol";

import {MasaGovernor} from "../../contracts/governance/MasaGovernor.sol";
import {MasaTimelock} from "../../contracts/governance/MasaTimelock.sol";
import {IGuardian} from "../../contracts/interfaces/IGuardian.sol";
import {IMasaGovernor} from "../../contracts/interfaces/IMasaGovernor.sol";
import {IProposalClasses} from "../../contracts/interfaces/IProposalClasses.sol";
import {IReputation} from "../../contracts/interfaces/IReputation.sol";
import {IStakeVault} from "../../contracts/interfaces/IStakeVault.sol";
import {IStakeVotes} from "../../contracts/interfaces/IStakeVotes.sol";
import {GovernanceBed} from "../support/GovernanceBed.sol";

/// @dev Called by the timelock, it tries to have its own proposal executed a second time.
contract Reenterer {
    IGovernor private immutable _governor;
    bytes private _again;
    uint256 public calls;
    bytes public answer;

    constructor(IGovernor governor) {
        _governor = governor;
    }

    function prepare(bytes calldata again) external {
        _again = again;
    }

    function run() external {
        ++calls;
        (, answer) = address(_governor).call(_again);
    }
}

/// @dev A governor of modules given by their addresses.
contract GovernorFor is MasaGovernor {
    constructor(
        address vault_,
        address votes_,
        address classes_,
        address guardian_,
        address timelock_,
        Settings memory first
    )
        MasaGovernor(
            IStakeVault(vault_),
            IStakeVotes(votes_),
            IProposalClasses(classes_),
            IGuardian(guardian_),
            TimelockController(payable(timelock_)),
            first
        )
    {}
}

/// @title MasaGovernor: from a proposal to its execution
/// @notice Val has 200,000 MASA and Bob's 5,000 follow it, Alice has 10,000: what the strictest class asks of a proposer.
contract MasaGovernorTest is GovernanceBed {
    IGuardian.Right private constant CANCEL = IGuardian.Right.CancelProposal;
    uint256 private constant CANCELLABLE = (1 << 8) - 1 - (1 << 2) - (1 << 6) - (1 << 7);
    address private val;

    function setUp() public override {
        super.setUp();
        val = _registerValidator(1, 200_000e18);
        _stake(alice, 10_000e18);
        _stake(bob, 5_000e18);
        _delegate(bob, val);
    }

    // ---------------------------------------------------------------- helpers

    function _pass(Draft memory d) private returns (uint256 id) {
        id = _propose(alice, d);
        _open(id);
        _vote(val, id, FOR);
        _close(id);
    }

    function _passAndQueue(Draft memory d) private returns (uint256 id) {
        id = _pass(d);
        _queue(d);
    }

    function _carryOut(Draft memory d) private {
        _passAndQueue(d);
        vm.warp(block.timestamp + TIMELOCK_DELAY);
        _execute(d);
    }

    function _operation(Draft memory d) private view returns (bytes32) {
        bytes32 salt = bytes20(address(governor)) ^ keccak256(bytes(d.description));
        return timelock.hashOperationBatch(d.targets, d.values, d.calldatas, 0, salt);
    }

    function _missing(bytes32 part) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IMasaGovernor.MasaGovernor_TextMissing.selector, part);
    }

    function _onlyExecutor(address caller) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IGovernor.GovernorOnlyExecutor.selector, caller);
    }

    function _unable(uint256 id, address caller) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IGovernor.GovernorUnableToCancel.selector, id, caller);
    }

    function _range(bytes32 name, uint256 value, uint256 least, uint256 most) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IMasaGovernor.MasaGovernor_OutOfRange.selector, name, value, least, most);
    }

    function _settingsCall(IMasaGovernor.Settings memory next) private view returns (Draft memory) {
        return _draft(address(governor), abi.encodeCall(governor.setSettings, (next)), "Settings");
    }

    // ---------------------------------------------------------------- the whole way

    function test_FromDraftToExecution() public {
        masa.transfer(address(timelock), 1e18);
        Draft memory d = _draft(address(masa), abi.encodeCall(masa.transfer, (carol, 1e18)), "Pay Carol");
        uint256 start = block.timestamp + VOTING_DELAY;
        vm.expectEmit(address(governor));
        emit IGovernor.ProposalCreated(
            _id(d),
            alice,
            d.targets,
            d.values,
            new string[](1),
            d.calldatas,
            start,
            start + 3 days,
            d.description
        );
        uint256 id = _propose(alice, d);
        assertEq(id, _id(d), "id");
        _assertState(id, IGovernor.ProposalState.Pending, "pending");
        assertEq(governor.proposalProposer(id), alice, "proposer");
        assertEq(governor.proposalSnapshot(id), start, "snapshot");
        assertEq(governor.proposalDeadline(id), start + 3 days, "deadline");
        assertTrue(votes.isRecorded(start), "the total will be known");
        vm.warp(start);
        _assertState(id, IGovernor.ProposalState.Pending, "in the snapshot's own second");
        vm.warp(start + 1);
        _assertState(id, IGovernor.ProposalState.Active, "active");
        assertEq(_vote(val, id, FOR), 205_000e18, "own and delegated");
        assertEq(_override(bob, id, AGAINST), 5_000e18, "taken back");
        _assertTally(id, 5_000e18, 200_000e18, 0, "tally");
        vm.warp(start + 3 days);
        _assertState(id, IGovernor.ProposalState.Active, "the last second");
        vm.warp(start + 3 days + 1);
        _assertState(id, IGovernor.ProposalState.Succeeded, "succeeded");
        vm.expectEmit(address(governor));
        emit IGovernor.ProposalQueued(id, block.timestamp + TIMELOCK_DELAY);
        assertEq(_queue(d), id, "queued");
        _assertState(id, IGovernor.ProposalState.Queued, "queued");
        assertEq(governor.proposalEta(id), block.timestamp + TIMELOCK_DELAY, "eta");
        vm.warp(block.timestamp + TIMELOCK_DELAY);
        vm.expectEmit(address(governor));
        emit IGovernor.ProposalExecuted(id);
        _execute(d);
        _assertState(id, IGovernor.ProposalState.Executed, "executed");
        assertEq(masa.balanceOf(carol), 1e18, "paid");
    }

    /// @notice A parameter of a module that the timelock owns.
    function test_ModuleIsGovernedThroughTheTimelock() public {
        guardian.transferOwnership(address(timelock));
        _carryOut(_draft(address(guardian), abi.encodeCall(guardian.lend, (CANCEL, carol, 30 days)), "Lend"));
        assertEq(guardian.holderOf(CANCEL), carol, "lent");
        assertEq(guardian.rightUntil(CANCEL), block.timestamp + 30 days, "for its term");
    }

    function test_DefeatedIsNeitherQueuedNorExecuted() public {
        Draft memory d = _routine("Bad");
        uint256 id = _propose(alice, d);
        _open(id);
        _vote(val, id, AGAINST);
        _close(id);
        IGovernor.ProposalState defeated = IGovernor.ProposalState.Defeated;
        _assertState(id, defeated, "defeated");
        vm.expectRevert(_wrongState(id, defeated, _onlyState(IGovernor.ProposalState.Succeeded)));
        _queue(d);
        vm.expectRevert(_wrongState(id, defeated, _onlyState(IGovernor.ProposalState.Queued)));
        _execute(d);
    }

    // ---------------------------------------------------------------- construction

    function test_Construction() public view {
        assertEq(governor.name(), "MasaGovernor", "name");
        assertEq(governor.version(), "1", "version");
        assertEq(address(governor.token()), address(votes), "token");
        assertEq(address(governor.vault()), address(vault), "vault");
        assertEq(address(governor.classes()), address(classes), "classes");
        assertEq(address(governor.guardian()), address(guardian), "guardian");
        assertEq(address(governor.reputation()), address(0), "no reputation yet");
        assertEq(governor.timelock(), address(timelock), "timelock");
        assertEq(governor.clock(), block.timestamp, "clock");
        assertEq(governor.CLOCK_MODE(), "mode=timestamp", "CLOCK_MODE");
        assertEq(
            governor.COUNTING_MODE(),
            "support=bravo,override&quorum=for,abstain&overridable=true",
            "COUNTING_MODE"
        );
        assertEq(governor.votingDelay(), VOTING_DELAY, "votingDelay");
        assertEq(governor.votingPeriod(), 10 days, "of the strictest class");
        assertEq(governor.proposalThreshold(), 1_000e18, "of the laxest class");
        assertTrue(governor.proposalNeedsQueuing(0), "always queued");
        assertTrue(governor.supportsInterface(type(IGovernor).interfaceId), "IGovernor");
        assertTrue(governor.supportsInterface(type(IERC165).interfaceId), "IERC165");
        assertEq(governor.MAX_OPEN(), 4, "MAX_OPEN");
    }

    function test_QuorumOfAClientIsTheStrictestClass() public {
        uint256 id = _propose(alice, _routine("First"));
        _open(id);
        uint256 snapshot = governor.proposalSnapshot(id);
        assertEq(governor.quorum(snapshot), 64_500e18, "30 % of 215,000");
        assertEq(governor.quorumOf(id), 8_600e18, "4 % for the proposal");
    }

    function test_RevertGiven_ConstructionOutOfRange() public {
        bytes memory zero = abi.encodeWithSelector(IMasaGovernor.MasaGovernor_ZeroAddress.selector);
        for (uint256 i; i < 5; ++i) {
            vm.expectRevert(zero);
            new GovernorFor(
                i == 0 ? address(0) : address(vault),
                i == 1 ? address(0) : address(votes),
                i == 2 ? address(0) : address(classes),
                i == 3 ? address(0) : address(guardian),
                i == 4 ? address(0) : address(timelock),
                _governorSettings()
            );
        }
        bytes[10] memory refusals = [
            _range("votingDelay", 59, 1 minutes, 30 days),
            _range("votingDelay", 30 days + 1, 1 minutes, 30 days),
            _range("directWindow", 7 days + 1, 0, 7 days),
            _range("voteExtension", WINDOW + 59, WINDOW + 60, 14 days),
            _range("voteExtension", 14 days + 1, WINDOW + 60, 14 days),
            _range("expiry", 1 hours - 1, 1 hours, 180 days),
            _range("expiry", 180 days + 1, 1 hours, 180 days),
            _range("leastQuorum", SUPPLY / 10 + 1, 0, SUPPLY / 10),
            bytes(""),
            bytes("")
        ];
        for (uint256 i; i < 10; ++i) {
            IMasaGovernor.Settings memory s = _governorSettings();
            if (i == 0) s.votingDelay = 59;
            if (i == 1) s.votingDelay = 30 days + 1;
            if (i == 2) s.directWindow = 7 days + 1;
            if (i == 3) s.voteExtension = WINDOW + 59;
            if (i == 4) s.voteExtension = 14 days + 1;
            if (i == 5) s.expiry = 1 hours - 1;
            if (i == 6) s.expiry = 180 days + 1;
            if (i == 7) s.leastQuorum = uint104(SUPPLY / 10 + 1);
            if (i == 8) s = IMasaGovernor.Settings(1 minutes, 1 minutes, 0, 1 hours, 0);
            if (i == 9) s = IMasaGovernor.Settings(30 days, 14 days, 7 days, 180 days, uint104(SUPPLY / 10));
            if (refusals[i].length != 0) vm.expectRevert(refusals[i]);
            new GovernorFor(address(vault), address(votes), address(classes), address(guardian), address(timelock), s);
        }
    }

    // ---------------------------------------------------------------- settings

    function test_SettingsAreGovernedAndKeptByOlderProposals() public {
        IMasaGovernor.Settings memory next = IMasaGovernor.Settings(3 days, 4 days, 2 days, 30 days, 20_000e18);
        Draft memory d = _settingsCall(next);
        uint256 id = _passAndQueue(d);
        assertEq(governor.termsOf(id).classId, 3, "the strictest");
        // Proposed under the old settings, voted on under them as well.
        uint256 old = _propose(val, _routine("Old"));
        vm.warp(block.timestamp + TIMELOCK_DELAY);
        vm.expectEmit(address(governor));
        emit IMasaGovernor.SettingsSet(_governorSettings(), next);
        _execute(d);
        assertEq(keccak256(abi.encode(governor.settings())), keccak256(abi.encode(next)), "next");
        assertEq(keccak256(abi.encode(governor.settingsOf(old))), keccak256(abi.encode(_governorSettings())), "kept");
        assertEq(governor.votingDelay(), 3 days, "votingDelay");
        assertEq(governor.delegateDeadline(old), governor.proposalDeadline(old) - WINDOW, "its window");
        assertEq(governor.quorumOf(old), 8_600e18, "its quorum: 4 % of 215,000");
        uint256 fresh = _propose(val, _routine("New"));
        assertEq(governor.proposalSnapshot(fresh), block.timestamp + 3 days, "delay");
        _open(fresh);
        assertEq(governor.quorumOf(fresh), 20_000e18, "an absolute floor, above 4 %");
        assertEq(governor.delegateDeadline(fresh), governor.proposalDeadline(fresh) - 1.5 days, "half of three days");
        assertEq(governor.quorum(governor.proposalSnapshot(fresh)), 64_500e18, "30 % are more than the floor");
    }

    function test_RevertGiven_SettingsOutOfRangeByGovernance() public {
        IMasaGovernor.Settings memory next = _governorSettings();
        next.expiry = 0;
        Draft memory d = _settingsCall(next);
        _passAndQueue(d);
        vm.warp(block.timestamp + TIMELOCK_DELAY);
        vm.expectRevert(_range("expiry", 0, 1 hours, 180 days));
        _execute(d);
    }

    function test_I16_NobodyButGovernanceChangesParameters() public {
        address[3] memory callers = [alice, address(this), guard];
        for (uint256 i; i < 3; ++i) {
            vm.startPrank(callers[i]);
            vm.expectRevert(_onlyExecutor(callers[i]));
            governor.setSettings(_governorSettings());
            vm.expectRevert(_onlyExecutor(callers[i]));
            governor.updateTimelock(TimelockController(payable(callers[i])));
            vm.expectRevert(_onlyExecutor(callers[i]));
            governor.relay(address(masa), 0, "");
            vm.stopPrank();
        }
        // The timelock itself may only pass on what was proposed.
        vm.expectRevert(abi.encodeWithSignature("Panic(uint256)", 0x31));
        vm.prank(address(timelock));
        governor.setSettings(_governorSettings());
    }

    function test_I16_ReputationIsNamedOnceByTheDeployerAndThenByGovernance() public {
        vm.expectRevert(_onlyExecutor(alice));
        vm.prank(alice);
        governor.setReputation(IReputation(carol));
        vm.expectRevert(abi.encodeWithSelector(IMasaGovernor.MasaGovernor_ZeroAddress.selector));
        governor.setReputation(IReputation(address(0)));
        vm.expectEmit(address(governor));
        emit IMasaGovernor.ReputationSet(IReputation(address(0)), IReputation(bob));
        governor.setReputation(IReputation(bob));
        vm.expectRevert(_onlyExecutor(address(this)));
        governor.setReputation(IReputation(carol));
        Draft memory d = _draft(
            address(governor),
            abi.encodeCall(governor.setReputation, (IReputation(carol))),
            "Another reputation"
        );
        _passAndQueue(d);
        vm.warp(block.timestamp + TIMELOCK_DELAY);
        vm.expectEmit(address(governor));
        emit IMasaGovernor.ReputationSet(IReputation(bob), IReputation(carol));
        _execute(d);
        assertEq(address(governor.reputation()), carol, "by governance");
    }

    function test_I16_TimelockIsMovedByGovernanceAndNeverGone() public {
        vm.startPrank(address(timelock));
        classes.assign(address(governor), governor.updateTimelock.selector, 0);
        vm.stopPrank();
        TimelockController none = TimelockController(payable(address(0)));
        Draft memory d = _draft(address(governor), abi.encodeCall(governor.updateTimelock, (none)), "No timelock");
        _passAndQueue(d);
        vm.warp(block.timestamp + TIMELOCK_DELAY);
        vm.expectRevert(abi.encodeWithSelector(IMasaGovernor.MasaGovernor_ZeroAddress.selector));
        _execute(d);
        MasaTimelock next = new MasaTimelock(1 days, new address[](0), address(this));
        _carryOut(_draft(address(governor), abi.encodeCall(governor.updateTimelock, (next)), "Another timelock"));
        assertEq(governor.timelock(), address(next), "moved");
        vm.expectRevert(_onlyExecutor(address(timelock)));
        vm.prank(address(timelock));
        governor.setSettings(_governorSettings());
    }

    function test_GovernorKeepsNoEther() public {
        vm.deal(address(this), 1 ether);
        (bool ok, bytes memory answer) = address(governor).call{value: 1}("");
        assertFalse(ok, "refused");
        assertEq(answer, abi.encodeWithSelector(IGovernor.GovernorDisabledDeposit.selector), "as OpenZeppelin does");
        vm.expectRevert(IGovernor.GovernorDisabledDeposit.selector);
        governor.onERC721Received(address(0), address(0), 0, "");
    }

    /// @notice Proposals share their terms as long as nothing of them changes, and keep them when it does.
    function test_TermsAreThoseOfTheTimeOfTheProposal() public {
        uint256 first = _propose(alice, _routine("First"));
        uint256 second = _propose(val, _routine("Second"));
        vm.prank(address(timelock));
        classes.setClass(0, _class(0.05e18, 0.55e18, 4 days, 1_000e18));
        uint256 third = _propose(val, _routine("Third"));
        uint256 strict = _propose(val, _draft(address(vault), hex"12345678", "Unknown"));
        vm.prank(address(timelock));
        classes.setClass(0, _class(0.04e18, 0.5e18, 3 days, 1_000e18));
        uint256 fifth = _propose(alice, _routine("Fifth"));
        uint64[2][5] memory expected = [
            [uint64(0.04e18), 0.5e18],
            [uint64(0.04e18), 0.5e18],
            [uint64(0.05e18), 0.55e18],
            [uint64(0.3e18), 0.75e18],
            [uint64(0.04e18), 0.5e18]
        ];
        uint256[5] memory ids = [first, second, third, strict, fifth];
        for (uint256 i; i < 5; ++i) {
            IMasaGovernor.ProposalTerms memory terms = governor.termsOf(ids[i]);
            assertEq(terms.quorum, expected[i][0], "quorum");
            assertEq(terms.threshold, expected[i][1], "threshold");
            assertEq(terms.classId, i == 3 ? 3 : 0, "class");
            assertEq(
                keccak256(abi.encode(governor.settingsOf(ids[i]))),
                keccak256(abi.encode(_governorSettings())),
                ""
            );
        }
        assertEq(governor.proposalDeadline(third) - governor.proposalSnapshot(third), 4 days, "period");
        assertEq(governor.proposalDeadline(fifth) - governor.proposalSnapshot(fifth), 3 days, "period");
    }

    // ---------------------------------------------------------------- text

    function test_RevertGiven_TextMissing() public {
        string[2][23] memory texts = [
            ["", "title"],
            ["#", "title"],
            ["# ", "title"],
            ["#  \nWhat.\n## Rationale\nWhy.", "title"],
            ["Title\nWhat.\n## Rationale\nWhy.", "title"],
            ["## Title\nWhat.\n## Rationale\nWhy.", "title"],
            ["\n# Title\nWhat.\n## Rationale\nWhy.", "title"],
            ["# Title", "description"],
            ["# Title\n", "description"],
            ["# Title\n \t\r\n## Rationale\nWhy.", "description"],
            ["# Title\n## Rationale\nWhy.", "description"],
            ["# Title\nWhat.", "rationale"],
            ["# Title\nWhat.\nWhy.\n", "rationale"],
            ["# Title\nWhat.\n## Rationale", "rationale"],
            ["# Title\nWhat.\n## Rationale\n \n\t", "rationale"],
            ["# Title\nWhat.\n## Rationales\nWhy.", "rationale"],
            ["# Title\nWhat.\n ## Rationale\nWhy.", "rationale"],
            ["# Title\nWhat.\n# Rationale\nWhy.", "rationale"],
            ["# Title\nWhat. ## Rationale\nWhy.", "rationale"],
            ["# Title\nWhat.\n## Rationale\n## Costs\nNone.", "rationale"],
            ["# Title\nWhat.\n## Rationale\n\n# Costs\nNone.", "rationale"],
            ["# Title\nWhat.\n## Rationale\n#proposer=0x0000000000000000000000000000000000000001", "rationale"],
            [
                "# Title\nA description that is much longer than a word of thirty-two bytes.\n## Rationale: why\n",
                "rationale"
            ]
        ];
        Draft memory d = _routine("");
        for (uint256 i; i < texts.length; ++i) {
            d.description = texts[i][0];
            bytes memory refusal = _missing(bytes32(bytes(texts[i][1])));
            // The suffix names somebody else, whom the check before asks about.
            vm.expectRevert(refusal);
            vm.prank(i == 21 ? address(1) : alice);
            governor.propose(d.targets, d.values, d.calldatas, d.description);
        }
    }

    function test_TextsThatAreComplete() public {
        string[7] memory texts = [
            "# T\nD\n## Rationale\nR",
            "# T\r\n\r\nD\r\n\r\n## Rationale \t\r\n\r\nR\r\n",
            "# A title that is much longer than a word of thirty-two bytes\n\nThe description is longer as well.\n\n## Rationale\n\nBecause.",
            "# T\n## Summary\nD\n## Rationale\n### In short\nR",
            "# T\nD\n## Rationales\nnot yet\n## Rationale\n#1 of reasons",
            unicode"# Пример\nОписание\n## Rationale\nПотому",
            "# T\nD\x0b\n\x0b\n## Rationale\n\n\nR"
        ];
        Draft memory d = _routine("");
        for (uint256 i; i < texts.length; ++i) {
            d.description = texts[i];
            _propose(alice, d);
            vm.warp(block.timestamp + VOTING_DELAY + 3 days + 1);
        }
    }

    /// @notice What a long text costs beyond its calldata.
    function test_TextCostsAFewGasAByte() public {
        Draft memory d = _routine("Short");
        string memory line = "A line of sixty-four characters, with which a text can be filled\n";
        string memory filling = "";
        for (uint256 i; i < 100; ++i) filling = string.concat(filling, line);
        uint256 short_ = _costOf(d);
        d.description = string.concat("# Long\n", filling, "## Rationale\nWhy.\n");
        uint256 long_ = _costOf(d);
        assertLt(long_ - short_, 6_500 * 60, "below 60 gas a byte, with the event and its copies");
    }

    function _costOf(Draft memory d) private returns (uint256 spent) {
        vm.prank(alice);
        spent = gasleft();
        governor.propose(d.targets, d.values, d.calldatas, d.description);
        spent -= gasleft();
    }

    // ---------------------------------------------------------------- who may propose

    function test_RevertGiven_ProposalOfNoCallsOrTwice() public {
        Draft memory d = _routine("First");
        bytes4 length = IGovernor.GovernorInvalidProposalLength.selector;
        vm.expectRevert(abi.encodeWithSelector(length, 0, 0, 0));
        vm.prank(alice);
        governor.propose(new address[](0), new uint256[](0), new bytes[](0), d.description);
        vm.expectRevert(abi.encodeWithSelector(length, 1, 2, 1));
        vm.prank(alice);
        governor.propose(d.targets, d.values, new bytes[](2), d.description);
        vm.expectRevert(abi.encodeWithSelector(length, 1, 1, 2));
        vm.prank(alice);
        governor.propose(d.targets, new uint256[](2), d.calldatas, d.description);
        uint256 id = _propose(alice, d);
        vm.expectRevert(_wrongState(id, IGovernor.ProposalState.Pending, 0));
        _propose(val, d);
    }

    function test_ProposerSuffixProtectsAgainstFrontRunning() public {
        Draft memory d = _routine("Mine");
        d.description = string.concat(d.description, "#proposer=", Strings.toHexString(alice));
        vm.expectRevert(abi.encodeWithSelector(IGovernor.GovernorRestrictedProposer.selector, val));
        _propose(val, d);
        assertEq(governor.proposalProposer(_propose(alice, d)), alice, "hers");
    }

    function test_GOV11_ProposerStakesWhatTheClassAsksFor() public {
        // Transfers are routine: 1,000 MASA. The unknown is constitutional: 10,000.
        Draft memory strict = _draft(address(vault), hex"12345678", "Unknown");
        uint256 id = _propose(alice, strict);
        assertEq(governor.termsOf(id).classId, 3, "class");
        assertEq(governor.termsOf(id).quorum, 0.3e18, "quorum");
        assertEq(governor.termsOf(id).threshold, 0.75e18, "threshold");
        assertEq(governor.proposalDeadline(id) - governor.proposalSnapshot(id), 10 days, "period");
        strict.description = _text("Again");
        _unbond(alice, 1);
        bytes4 low = IMasaGovernor.MasaGovernor_StakeTooLow.selector;
        vm.expectRevert(abi.encodeWithSelector(low, alice, 10_000e18 - 1, 10_000e18));
        _propose(alice, strict);
        _propose(alice, _routine("Routine"));
        // The votes of others are not stake, and TAO is not MASA.
        vm.expectRevert(abi.encodeWithSelector(low, carol, 0, 1_000e18));
        _propose(carol, _routine("Carol's"));
        // A booked slash counts at once.
        _slash(bob, 0, 4_000e18 + 1);
        vm.expectRevert(abi.encodeWithSelector(low, bob, 1_000e18 - 1, 1_000e18));
        _propose(bob, _routine("Bob's"));
        // Several calls: the strictest of them.
        Draft memory both = _routine("Both");
        both.targets = _list(address(masa), address(vault));
        both.values = new uint256[](2);
        both.calldatas = new bytes[](2);
        both.calldatas[0] = abi.encodeCall(masa.transfer, (alice, 0));
        both.calldatas[1] = hex"12345678";
        assertEq(governor.termsOf(_propose(val, both)).classId, 3, "strictest");
    }

    function test_GOV11_AtMostFourOpenProposals() public {
        uint256 first = _propose(alice, _routine("0"));
        vm.warp(block.timestamp + 10);
        for (uint256 i = 1; i < 4; ++i) _propose(alice, _routine(vm.toString(i)));
        uint256 until = governor.proposalDeadline(first);
        bytes memory full = abi.encodeWithSelector(
            IMasaGovernor.MasaGovernor_TooManyOpenProposals.selector,
            alice,
            4,
            until + 1
        );
        vm.expectRevert(full);
        _propose(alice, _routine("4"));
        _propose(val, _routine("Another's"));
        vm.warp(until);
        vm.expectRevert(full);
        _propose(alice, _routine("4"));
        vm.warp(until + 1);
        uint256 fifth = _propose(alice, _routine("4"));
        uint256[4] memory deadlines = governor.openDeadlinesOf(alice);
        assertEq(deadlines[0], governor.proposalDeadline(fifth), "the first place");
        for (uint256 i = 1; i < 4; ++i) assertEq(deadlines[i], until + 10, "the others");
        vm.expectRevert();
        _propose(alice, _routine("5"));
    }

    function test_GOV11_OwnCancelFreesThePlaceTheGuardiansDoesNot() public {
        Draft memory d = _routine("0");
        _propose(alice, d);
        uint256 deadline = governor.openDeadlinesOf(alice)[0];
        _cancelBy(guard, d);
        assertEq(governor.openDeadlinesOf(alice)[0], deadline, "stopped by the guardian");
        d.description = _text("1");
        _propose(alice, d);
        assertEq(governor.openDeadlinesOf(alice)[1], deadline, "another place");
        _cancelBy(alice, d);
        uint256 left = governor.openDeadlinesOf(alice)[0] + governor.openDeadlinesOf(alice)[1];
        assertEq(left, deadline, "one of the two");
    }

    // ---------------------------------------------------------------- cancelling

    function test_ProposerCancelsBeforeTheVote() public {
        Draft memory d = _routine("Mine");
        uint256 id = _propose(alice, d);
        vm.expectRevert(_unable(id, bob));
        _cancelBy(bob, d);
        vm.warp(governor.proposalSnapshot(id));
        vm.expectEmit(address(governor));
        emit IGovernor.ProposalCanceled(id);
        _cancelBy(alice, d);
        _assertState(id, IGovernor.ProposalState.Canceled, "cancelled");
        vm.expectRevert(_unable(id, alice));
        _cancelBy(alice, d);
        vm.expectRevert(_wrongState(id, IGovernor.ProposalState.Canceled, 0));
        _propose(alice, d);
    }

    function test_RevertGiven_ProposerCancelsOnceTheVoteIsOpen() public {
        Draft memory d = _routine("Mine");
        uint256 id = _propose(alice, d);
        _open(id);
        vm.expectRevert(_unable(id, alice));
        _cancelBy(alice, d);
    }

    function test_GuardianCancelsInAnyStateBeforeExecution() public {
        string[4] memory names = ["pending", "active", "succeeded", "queued"];
        for (uint256 i; i < 4; ++i) {
            Draft memory d = _routine(names[i]);
            uint256 id = _propose(alice, d);
            if (i >= 1) _open(id);
            if (i >= 2) _vote(val, id, FOR);
            if (i >= 2) _close(id);
            if (i == 3) _queue(d);
            if (i == 3) assertTrue(timelock.isOperationPending(_operation(d)), "waits");
            _cancelBy(guard, d);
            _assertState(id, IGovernor.ProposalState.Canceled, names[i]);
            assertFalse(timelock.isOperation(_operation(d)), "nothing left in the timelock");
            vm.expectRevert(
                _wrongState(id, IGovernor.ProposalState.Canceled, _onlyState(IGovernor.ProposalState.Queued))
            );
            _execute(d);
            vm.expectRevert(_wrongState(id, IGovernor.ProposalState.Canceled, CANCELLABLE));
            _cancelBy(guard, d);
        }
        Draft memory done = _routine("executed");
        _carryOut(done);
        vm.expectRevert(_wrongState(_id(done), IGovernor.ProposalState.Executed, CANCELLABLE));
        _cancelBy(guard, done);
    }

    function test_GuardiansRightLapses() public {
        Draft memory d = _routine("Mine");
        guardian.lend(CANCEL, carol, 2 hours);
        uint256 id = _propose(alice, d);
        vm.expectRevert(_unable(id, guard));
        _cancelBy(guard, d);
        vm.warp(guardian.rightUntil(CANCEL) + 1);
        vm.expectRevert(_unable(id, carol));
        _cancelBy(carol, d);
        guardian.lend(CANCEL, carol, 1 hours);
        vm.warp(guardian.rightUntil(CANCEL));
        _cancelBy(carol, d);
        _assertState(id, IGovernor.ProposalState.Canceled, "in the last second");
    }

    function test_GovernanceItselfCancels() public {
        Draft memory bad = _draft(address(vault), hex"12345678", "Slow and bad");
        uint256 id = _propose(val, bad);
        bytes memory call = abi.encodeCall(
            governor.cancel,
            (bad.targets, bad.values, bad.calldatas, keccak256(bytes(bad.description)))
        );
        vm.prank(address(timelock));
        classes.assign(address(governor), governor.cancel.selector, 0);
        Draft memory d = _draft(address(governor), call, "Cancel it");
        _carryOut(d);
        _assertState(id, IGovernor.ProposalState.Canceled, "cancelled");
    }

    function test_GOV09_WhaleAtAWeekend() public {
        address whale = _account(99);
        masa.transfer(address(timelock), 1_000_000e18);
        Draft memory d = _draft(address(masa), abi.encodeCall(masa.approve, (whale, 1_000_000e18)), "Treasury grab");
        // A quarter of the total: the quorum of what nobody classified is 30 %.
        _stake(whale, 70_000e18);
        uint256 id = _propose(whale, d);
        // Stake that comes after the proposal but before its snapshot counts; after it, it does not.
        vm.warp(governor.proposalSnapshot(id) + 1);
        _stake(whale, 500_000e18);
        vm.warp(block.timestamp + 1);
        assertEq(_vote(whale, id, FOR), 70_000e18, "as at the snapshot");
        _close(id);
        _assertState(id, IGovernor.ProposalState.Defeated, "no quorum without the others");

        // With the majority, it waits for everybody to see it.
        uint256 begun = block.timestamp;
        d.description = _text("Treasury grab, again");
        id = _propose(whale, d);
        _open(id);
        _vote(whale, id, FOR);
        _close(id);
        _queue(d);
        assertEq(
            governor.proposalEta(id) - begun,
            VOTING_DELAY + 10 days + 1 + TIMELOCK_DELAY,
            "longer than a weekend"
        );
        _cancelBy(guard, d);
        _assertState(id, IGovernor.ProposalState.Canceled, "stopped");
        assertEq(masa.allowance(address(timelock), whale), 0, "nothing taken");
    }

    // ---------------------------------------------------------------- expiry

    function test_ProposalExpiresUnlessQueuedInTime() public {
        Draft memory d = _routine("Forgotten");
        uint256 id = _pass(d);
        vm.warp(governor.proposalDeadline(id) + EXPIRY);
        _assertState(id, IGovernor.ProposalState.Succeeded, "the last second");
        uint256 snapshot = vm.snapshotState();
        _queue(d);
        vm.revertToState(snapshot);
        vm.warp(block.timestamp + 1);
        _assertState(id, IGovernor.ProposalState.Expired, "expired");
        vm.expectRevert(
            _wrongState(id, IGovernor.ProposalState.Expired, _onlyState(IGovernor.ProposalState.Succeeded))
        );
        _queue(d);
        vm.expectRevert(_wrongState(id, IGovernor.ProposalState.Expired, CANCELLABLE));
        _cancelBy(guard, d);
    }

    function test_ProposalExpiresUnlessExecutedInTime() public {
        Draft memory d = _routine("Forgotten");
        uint256 id = _passAndQueue(d);
        vm.warp(governor.proposalEta(id) + EXPIRY);
        _assertState(id, IGovernor.ProposalState.Queued, "the last second");
        uint256 snapshot = vm.snapshotState();
        _execute(d);
        vm.revertToState(snapshot);
        vm.warp(governor.proposalEta(id) + EXPIRY + 1);
        _assertState(id, IGovernor.ProposalState.Expired, "expired");
        vm.expectRevert(_wrongState(id, IGovernor.ProposalState.Expired, _onlyState(IGovernor.ProposalState.Queued)));
        _execute(d);
    }

    // ---------------------------------------------------------------- timelock

    function test_TLK01_OneSecondEarlyFailsAndEqualityPasses() public {
        Draft memory d = _routine("On time");
        uint256 id = _passAndQueue(d);
        uint256 eta = governor.proposalEta(id);
        vm.warp(eta - 1);
        vm.expectRevert(
            abi.encodeWithSelector(
                TimelockController.TimelockUnexpectedOperationState.selector,
                _operation(d),
                bytes32(uint256(1 << uint8(TimelockController.OperationState.Ready)))
            )
        );
        _execute(d);
        vm.warp(eta);
        _execute(d);
        _assertState(id, IGovernor.ProposalState.Executed, "executed");
    }

    function test_TLK02_ReenteringExecuteDoesNothingTwice() public {
        Reenterer reenterer = new Reenterer(governor);
        Draft memory d = _draft(address(reenterer), abi.encodeCall(reenterer.run, ()), "Again and again");
        bytes32 hash = keccak256(bytes(d.description));
        reenterer.prepare(abi.encodeCall(governor.execute, (d.targets, d.values, d.calldatas, hash)));
        uint256 id = _passAndQueue(d);
        vm.warp(block.timestamp + TIMELOCK_DELAY);
        _execute(d);
        assertEq(reenterer.calls(), 1, "once");
        assertEq(
            reenterer.answer(),
            _wrongState(id, IGovernor.ProposalState.Executed, _onlyState(IGovernor.ProposalState.Queued)),
            "executed before its calls"
        );
        vm.expectRevert(_wrongState(id, IGovernor.ProposalState.Executed, _onlyState(IGovernor.ProposalState.Queued)));
        _execute(d);
    }

    function test_TLK03_NobodyHoldsARoleButGovernorAndTimelock() public {
        bytes32[4] memory roles = [
            timelock.DEFAULT_ADMIN_ROLE(),
            timelock.PROPOSER_ROLE(),
            timelock.CANCELLER_ROLE(),
            timelock.EXECUTOR_ROLE()
        ];
        address[5] memory others = [address(this), alice, guard, address(0), address(guardian)];
        for (uint256 i; i < 4; ++i) {
            for (uint256 j; j < 5; ++j) assertFalse(timelock.hasRole(roles[i], others[j]), "no role");
            assertEq(timelock.hasRole(roles[i], address(governor)), i != 0, "the governor's three");
        }
        Draft memory d = _routine("Past the vote");
        vm.expectRevert(
            abi.encodeWithSelector(
                IAccessControl.AccessControlUnauthorizedAccount.selector,
                address(this),
                timelock.PROPOSER_ROLE()
            )
        );
        timelock.scheduleBatch(d.targets, d.values, d.calldatas, 0, 0, TIMELOCK_DELAY);
        // What passed is executed through the governor alone: executed directly it would not expire.
        _passAndQueue(d);
        vm.warp(block.timestamp + TIMELOCK_DELAY);
        bytes32 salt = bytes20(address(governor)) ^ keccak256(bytes(d.description));
        vm.expectRevert(
            abi.encodeWithSelector(
                IAccessControl.AccessControlUnauthorizedAccount.selector,
                address(this),
                timelock.EXECUTOR_ROLE()
            )
        );
        timelock.executeBatch(d.targets, d.values, d.calldatas, 0, salt);
    }

    function test_TLK06_BatchIsAllOrNothingAndCanBeRetried() public {
        Draft memory d = _routine("Two payments");
        d.targets = _list(address(masa), address(masa));
        d.values = new uint256[](2);
        d.calldatas = new bytes[](2);
        d.calldatas[0] = abi.encodeCall(masa.transfer, (carol, 1e18));
        d.calldatas[1] = abi.encodeCall(masa.transfer, (carol, 2e18));
        masa.transfer(address(timelock), 1.5e18);
        uint256 id = _passAndQueue(d);
        vm.warp(block.timestamp + TIMELOCK_DELAY);
        vm.expectRevert(
            abi.encodeWithSelector(IERC20Errors.ERC20InsufficientBalance.selector, address(timelock), 0.5e18, 2e18)
        );
        _execute(d);
        _assertState(id, IGovernor.ProposalState.Queued, "waits");
        assertEq(masa.balanceOf(carol), 0, "nothing");
        masa.transfer(address(timelock), 1.5e18);
        vm.warp(block.timestamp + 1 days);
        _execute(d);
        assertEq(masa.balanceOf(carol), 3e18, "all");
    }

    function test_EtherGoesWithTheExecution() public {
        Draft memory d = _draft(carol, "", "A gift");
        d.values[0] = 1 ether;
        uint256 id = _passAndQueue(d);
        assertEq(governor.termsOf(id).classId, 3, "without a selector: the strictest");
        vm.warp(block.timestamp + TIMELOCK_DELAY);
        vm.deal(address(this), 1 ether);
        governor.execute{value: 1 ether}(d.targets, d.values, d.calldatas, keccak256(bytes(d.description)));
        assertEq(carol.balance, 1 ether, "sent");
    }
}
