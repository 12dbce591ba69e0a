// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IGovernor} from "@openzeppelin/contracts/governance/IGovernor.sol";
import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";

import {IGuardian} from "../../../contracts/interfaces/IGuardian.sol";
import {IMasaGovernor} from "../../../contracts/interfaces/IMasaGovernor.sol";
import {IProposalClasses} from "../../../contracts/interfaces/IProposalClasses.sol";
import {IReputation} from "../../../contracts/interfaces/IReputation.sol";
import {GovernanceBed} from "../../support/GovernanceBed.sol";
import {MasaFixture} from "../../support/MasaFixture.sol";
import {GovernorModel} from "./GovernorModel.sol";
import {ProtocolHandler} from "./ProtocolHandler.sol";

/// @title Drives proposals and votes while stake comes, goes and is slashed
/// @notice Three nodes and three others stake, delegate and vote on up to five proposals at once, each step by the model
/// and by the protocol. Calls that the model refuses are tried as well, and must fail as it says.
abstract contract GovernorHandler is ProtocolHandler, GovernanceBed, GovernorModel {
    uint256 internal constant LIVE = 5;
    uint256 private constant LEAST_STAKE = 10e18;

    address[6] public actors;
    uint256 private _titles;
    /// @dev The proposal that was acted on last.
    uint256 internal _touched;
    mapping(uint256 index => Draft) private _drafts;
    /// @dev What a proposal of new settings asks for; votingDelay 0: it asks for none.
    mapping(uint256 index => IMasaGovernor.Settings) private _asked;

    function setUp() public virtual override(MasaFixture, GovernanceBed) {
        GovernanceBed.setUp();
        _settings = _governorSettings();
        actors[0] = _registerValidator(1, 200_000e18);
        actors[1] = _registerValidator(2, 150_000e18);
        actors[2] = _registerWorker(2_001, 100_000e18);
        for (uint256 i = NODES; i < ACTORS; ++i) {
            actors[i] = _account(i);
            _stake(actors[i], 50_000e18 * i);
        }
        for (uint256 i; i < ACTORS; ++i) {
            _world.follows[i] = uint8(i);
            _world.residual[i] = uint128(_staked(actors[i]));
        }
        _warp(block.timestamp + 1);
    }

    // ---------------------------------------------------------------- parameters

    function _classes() internal pure override returns (IProposalClasses.Class[4] memory list) {
        list[0] = _class(0.05e18, 0.5e18, 2 days, uint128(LEAST_STAKE));
        list[1] = _class(0.3e18, 0.6e18, 4 days, uint128(LEAST_STAKE));
        list[2] = list[3] = list[1];
    }

    function _assignClasses() internal override {
        super._assignClasses();
        classes.assign(address(governor), governor.setSettings.selector, 1);
    }

    // ---------------------------------------------------------------- time and stake

    /// @dev To a second at which something begins or ends for a proposal, or the one before or after; or some hours on.
    function pass(uint256 seed) public action(seed) {
        uint256 at = _now + _between(1, 1 days);
        if (_book.length != 0 && !_oneIn(3)) {
            Vote storage vote = _book[_recent()];
            uint256 kind = _below(6);
            if (kind == 0) at = vote.snapshot + 1;
            if (kind == 1) at = _closesAt(_indexOf(vote.id));
            if (kind == 2) at = vote.deadline;
            if (kind == 3) at = vote.deadline - vote.settings.voteExtension;
            if (kind == 4) at = vote.eta;
            if (kind == 5) at = (vote.eta == 0 ? vote.deadline : vote.eta) + vote.settings.expiry;
            at += _below(2);
        }
        _only(at > _now && at < _now + 8 days);
        _warp(at);
        _tookIf(_book.length != 0, "time passed with proposals");
    }

    function stakeMore(uint256 seed) public action(seed) {
        uint256 i = _below(ACTORS);
        _freeze(_now);
        _stake(actors[i], _between(1, 20_000e18));
        _modelSetStake(i, _staked(actors[i]));
    }

    function unbond(uint256 seed) public action(seed) {
        uint256 i = _below(ACTORS);
        uint256 units = _unitsOf(i);
        _only(units > LEAST_STAKE);
        _freeze(_now);
        uint256 residual = _world.residual[i];
        _unbond(actors[i], _size(units - LEAST_STAKE));
        _modelSetStake(i, _staked(actors[i]));
        _tookIf(residual != 0 && _world.residual[i] == 0, "unbonding took of edges");
    }

    function slashSome(uint256 seed) public action(seed) {
        uint256 i = _below(ACTORS);
        uint256 units = _unitsOf(i);
        _only(units > 2 * LEAST_STAKE);
        _freeze(_now);
        _slashNow(actors[i], _between(1, units / 2));
        _modelSetStake(i, _staked(actors[i]));
        _tookIf(_world.residual[i] == 0, "slash took of edges");
    }

    function delegateResidual(uint256 seed) public action(seed) {
        uint256 i = _below(ACTORS);
        uint256 to = _oneIn(3) ? i : _below(NODES);
        _freeze(_now);
        _delegate(actors[i], to == i && _oneIn(2) ? address(0) : actors[to]);
        _world.follows[i] = uint8(to);
    }

    function setEdge(uint256 seed) public action(seed) {
        uint256 i = _below(ACTORS);
        uint256 j = _below(NODES);
        uint256 before = _world.edge[i][j];
        uint256 most = before + _world.residual[i];
        uint256 units =
            _oneIn(4)
                ? 0
                : most == 0
                    ? 0
                    : _size(most);
        _only(i != j && units != before);
        _freeze(_now);
        _edge(actors[i], actors[j], units);
        _modelSetEdge(i, j, units);
    }

    // ---------------------------------------------------------------- proposals

    function makeProposal(uint256 seed) public action(seed) {
        uint256 i = _below(ACTORS);
        uint256 busy;
        for (uint256 v = _firstRecent(); v < _book.length; ++v) if (!_isFinal(v, _now)) ++busy;
        _only(busy < LIVE && _unitsOf(i) >= LEAST_STAKE && _hasPlace(i));
        IMasaGovernor.Settings memory asked;
        Draft memory d = _routine(vm.toString(++_titles));
        bool economic = _oneIn(3);
        if (economic) {
            asked = _someSettings();
            d = _draft(address(governor), abi.encodeCall(governor.setSettings, (asked)), vm.toString(_titles));
        }
        _freeze(_now);
        uint256 id = _propose(actors[i], d);
        uint256 v = _touched = _book.length;
        _drafts[v] = d;
        _asked[v] = asked;
        Vote storage vote = _book.push();
        (vote.id, vote.proposer, vote.settings) = (id, i, _settings);
        vote.snapshot = _now + _settings.votingDelay;
        vote.deadline = vote.snapshot + (economic ? 4 days : 2 days);
        (vote.quorum, vote.threshold) = economic ? (0.3e18, 0.6e18) : (0.05e18, 0.5e18);
        _tookIf(busy != 0, "several proposals at once");
    }

    /// @dev A fifth place there is none; places count from the proposal to its deadline, or to its own cancelling.
    function _hasPlace(uint256 i) private view returns (bool) {
        uint256[4] memory deadlines = governor.openDeadlinesOf(actors[i]);
        for (uint256 k; k < 4; ++k) if (deadlines[k] < _now) return true;
        return false;
    }

    function _someSettings() private returns (IMasaGovernor.Settings memory s) {
        s.votingDelay = uint32(_between(1 minutes, 1 days));
        s.directWindow = uint32(_below(2 days));
        s.voteExtension = uint32(_between(s.directWindow + 1 minutes, 3 days));
        s.expiry = uint32(_between(1 hours, 14 days));
        s.leastQuorum = uint104(_below(200_000e18));
        // Now and then out of bounds.
        if (_oneIn(8)) s.expiry = 1;
    }

    function queueIt(uint256 seed) public action(seed) {
        uint256 v = _pick(IGovernor.ProposalState.Succeeded);
        _freeze(_now);
        _queue(_drafts[v]);
        _book[v].eta = _now + TIMELOCK_DELAY;
        _took("queued");
    }

    function executeIt(uint256 seed) public action(seed) {
        uint256 v = _pick(IGovernor.ProposalState.Queued);
        Draft memory d = _drafts[v];
        IMasaGovernor.Settings memory asked = _asked[v];
        _freeze(_now);
        bytes32 hash = keccak256(bytes(d.description));
        (bool done, ) = address(governor).call(
            abi.encodeCall(governor.execute, (d.targets, d.values, d.calldatas, hash))
        );
        bool inBounds = asked.expiry != 1;
        assertEq(done, _now >= _book[v].eta && inBounds, "TLK-01 executed when its time has come, within bounds alone");
        if (!done) {
            _tookIf(!inBounds, "settings out of bounds refused");
            return;
        }
        _book[v].executed = true;
        if (asked.votingDelay != 0) _settings = asked;
        _took(asked.votingDelay != 0 ? bytes32("settings changed") : bytes32("executed"));
    }

    function cancelIt(uint256 seed) public action(seed) {
        _only(_oneIn(3));
        uint256 v = _recent();
        IGovernor.ProposalState state = _stateOf(v, _now);
        bool byProposer = state == IGovernor.ProposalState.Pending && _oneIn(2);
        _only(!_isFinal(v, _now) || state == IGovernor.ProposalState.Defeated);
        _freeze(_now);
        guardian.lend(IGuardian.Right.CancelProposal, guard, 1 days);
        _cancelBy(byProposer ? actors[_book[v].proposer] : guard, _drafts[v]);
        _book[v].cancelled = true;
        _took(byProposer ? bytes32("cancelled by its proposer") : bytes32("cancelled by the guardian"));
    }

    // ---------------------------------------------------------------- votes

    function castVote(uint256 seed) public action(seed) {
        uint256 v = _pick(IGovernor.ProposalState.Active);
        uint256 i = _below(ACTORS);
        uint8 support = uint8(_below(3));
        _freeze(_now);
        (uint256 weight, bool direct) = _weightOf(v, i);
        uint256 id = _book[v].id;
        if (_ballots[v].cast[i] != 0) {
            _only(_oneIn(4));
            vm.expectRevert(abi.encodeWithSelector(IGovernor.GovernorAlreadyCastVote.selector, actors[i]));
            _vote(actors[i], id, support);
            return;
        }
        bool late = _now > _closesAt(v);
        if (late && !direct) {
            vm.expectRevert(
                abi.encodeWithSelector(IMasaGovernor.MasaGovernor_DelegatesClosed.selector, id, _closesAt(v))
            );
            _vote(actors[i], id, support);
            _took("delegate came too late");
            return;
        }
        uint256 before = _outcomeOf(v);
        assertEq(_vote(actors[i], id, support), weight, "I-17 weight of a delegate");
        _ballots[v].cast[i] = support + 1;
        _tookIf(_modelExtend(v, before, _now), "extended by a vote");
        _tookIf(late && weight != 0, "direct vote in the window");
    }

    /// @dev Any of an actor's bundles, whether there are units in them or they have voted already or not.
    function castOverride(uint256 seed) public action(seed) {
        uint256 v = _pick(IGovernor.ProposalState.Active);
        uint256 i = _below(ACTORS);
        uint8 support = uint8(_below(3));
        bool residual = _oneIn(2);
        _freeze(_now);
        uint256[] memory nodes = _someNodes(i);
        uint256 expected;
        bytes memory refusal;
        (expected, refusal) = _foresee(v, i, residual, nodes);
        address[] memory list = new address[](nodes.length);
        for (uint256 k; k < nodes.length; ++k) list[k] = actors[nodes[k]];
        if (refusal.length != 0) {
            _only(_oneIn(4));
            vm.expectRevert(refusal);
            _overrideOn(actors[i], _book[v].id, support, residual, list);
            _took("override refused");
            return;
        }
        uint256 before = _outcomeOf(v);
        assertEq(_overrideOn(actors[i], _book[v].id, support, residual, list), expected, "I-17 weight of an override");
        if (residual) _ballots[v].own[i] = support + 1;
        for (uint256 k; k < nodes.length; ++k) _ballots[v].edge[i][nodes[k]] = support + 1;
        _tookIf(_modelExtend(v, before, _now), "extended by an override");
        _tookIf(nodes.length != 0, "edges overridden");
        _tookIf(_now > _closesAt(v), "override in the window");
    }

    function _someNodes(uint256 i) private returns (uint256[] memory nodes) {
        uint256 bits = _below(8);
        uint256 count;
        uint256[3] memory found;
        // Mostly edges that there are.
        for (uint256 j; j < NODES; ++j) {
            if ((bits >> j) & 1 == 1 && j != i && (_world.edge[i][j] != 0 || _oneIn(6))) found[count++] = j;
        }
        nodes = new uint256[](count);
        for (uint256 k; k < count; ++k) nodes[k] = found[k];
    }

    /// @dev The weight, or how the first of the bundles that cannot vote is refused.
    function _foresee(
        uint256 v,
        uint256 i,
        bool residual,
        uint256[] memory nodes
    ) private view returns (uint256 weight, bytes memory refusal) {
        World memory w = _worldOf(v);
        uint256 id = _book[v].id;
        bytes4 nothing = IMasaGovernor.MasaGovernor_NothingToOverride.selector;
        bytes4 again = IMasaGovernor.MasaGovernor_AlreadyOverridden.selector;
        if (!residual && nodes.length == 0) return (0, abi.encodeWithSelector(nothing, id, actors[i]));
        if (residual) {
            if (_ballots[v].own[i] != 0) return (0, abi.encodeWithSelector(again, id, actors[i]));
            if (w.residual[i] == 0) return (0, abi.encodeWithSelector(nothing, id, actors[i]));
            weight = w.residual[i];
        }
        for (uint256 k; k < nodes.length; ++k) {
            uint256 j = nodes[k];
            address account = address(uint160(uint256(keccak256(abi.encode(actors[i], actors[j])))));
            if (_ballots[v].edge[i][j] != 0) return (0, abi.encodeWithSelector(again, id, account));
            if (w.edge[i][j] == 0) return (0, abi.encodeWithSelector(nothing, id, account));
            weight += w.edge[i][j];
        }
    }

    // ---------------------------------------------------------------- strangers

    /// @dev Every setter, by an actor, the guardian's holder or the deployer.
    function tryAsStranger(uint256 seed) public action(seed) {
        uint256 who = _below(ACTORS + 2);
        address caller =
            who == ACTORS
                ? guard
                : who > ACTORS
                    ? address(this)
                    : actors[who];
        IMasaGovernor.Settings memory s = _someSettings();
        bytes[5] memory attempts = [
            abi.encodeCall(governor.setSettings, (s)),
            abi.encodeCall(governor.updateTimelock, (TimelockController(payable(caller)))),
            abi.encodeCall(governor.relay, (address(timelock), 0, "")),
            abi.encodeCall(governor.setReputation, (IReputation(caller))),
            abi.encodeCall(governor.setSettings, (_settings))
        ];
        uint256 pick = _below(5);
        // The deployer names the reputation once; that it does is tested elsewhere.
        _only(pick != 3 || caller != address(this));
        vm.prank(caller);
        (bool ok, bytes memory answer) = address(governor).call(attempts[pick]);
        assertFalse(ok, "I-16 a stranger changed a parameter");
        assertEq(
            answer,
            abi.encodeWithSelector(IGovernor.GovernorOnlyExecutor.selector, caller),
            "I-16 refused as such"
        );
    }

    // ---------------------------------------------------------------- choosing

    function _firstRecent() internal view returns (uint256) {
        return _book.length > 8 ? _book.length - 8 : 0;
    }

    function _recent() private returns (uint256) {
        _only(_book.length != 0);
        return _touched = _between(_firstRecent(), _book.length - 1);
    }

    function _pick(IGovernor.ProposalState state) private returns (uint256 v) {
        _only(_book.length != 0);
        uint256 first = _firstRecent();
        uint256 span = _book.length - first;
        uint256 from = _below(span);
        for (uint256 k; k < span; ++k) {
            v = first + ((from + k) % span);
            // Counting the others' votes would be in vain.
            if (state == IGovernor.ProposalState.Active && _now > _book[v].deadline) continue;
            if (_stateOf(v, _now) == state) return _touched = v;
        }
        _only(false);
    }

    function _indexOf(uint256 id) private view returns (uint256 v) {
        v = _book.length - 1;
        while (_book[v].id != id) --v;
    }

    // ---------------------------------------------------------------- checking

    /// @notice The protocol as the model has it: the proposal that was acted on last, and by turns one of the recent.
    function check() external {
        vm.warp(_now);
        if (_book.length != 0) {
            _check(_touched);
            uint256 first = _firstRecent();
            uint256 turn = first + ((calls / 4) % (_book.length - first));
            if (turn != _touched && calls % 4 == 0) _check(turn);
        }
        assertEq(
            keccak256(abi.encode(governor.settings())),
            keccak256(abi.encode(_settings)),
            "I-16 settings are those that governance set"
        );
    }

    function _check(uint256 v) internal {
        _freeze(_now);
        Vote storage vote = _book[v];
        assertEq(uint256(governor.state(vote.id)), uint256(_stateOf(v, _now)), "I-17 state");
        assertEq(governor.proposalDeadline(vote.id), vote.deadline, "I-17 deadline");
        if (!vote.frozen) return;
        uint256[3] memory sums = _tally(v);
        _assertTally(vote.id, sums[0], sums[1], sums[2], "I-17 tally");
        uint256 total = votes.getPastTotalSupply(vote.snapshot);
        assertEq(total, _total(v), "I-02 total at the snapshot");
        assertLe(sums[0] + sums[1] + sums[2], total, "I-17 more votes than there are");
        assertEq(governor.quorumOf(vote.id), _neededOf(v), "I-17 quorum");
    }
}
