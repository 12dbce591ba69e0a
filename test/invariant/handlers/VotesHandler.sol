// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IStakeVault} from "../../../contracts/interfaces/IStakeVault.sol";
import {IStakeVotes} from "../../../contracts/interfaces/IStakeVotes.sol";
import {NodeRole} from "../../../contracts/interfaces/INodeRegistry.sol";
import {StakeVotes} from "../../../contracts/staking/StakeVotes.sol";
import {ProtocolHandler} from "./ProtocolHandler.sol";

/// @title Drives stake and delegation: holders, nodes that are delegates and delegate as well, the slasher, the guardian
/// and the governor
/// @notice The model is what was noted of awaited seconds when they ended: the vault's total, and the votes of all.
abstract contract VotesHandler is ProtocolHandler {
    /// @dev What an awaited second ended with.
    struct Snapshot {
        uint256 second;
        uint256 total;
        bytes32 votes; // hash of the list by actor
    }

    struct Entry {
        address actor;
        uint256 id;
    }

    uint256 public constant HOLDERS = 4;
    /// @dev When some have left there are still more than an account may have edges.
    uint256 public constant NODES = 12;
    uint256 private constant FIRST_HOLDER = 100;
    uint256 private constant FIRST_NODE = 200;
    uint256 private constant NODE_STAKE = 100_000e18;
    uint256 private constant MOST_STAKED = 1_000e18;
    uint256 private constant KEPT_SNAPSHOTS = 6;
    uint256 private constant MOST_LEAVERS = 3;

    StakeVotes public votes;
    address[] public actors;
    /// @notice Whom the latest actions were about; others have been checked when theirs were.
    address public last;
    /// @dev The latest ones, in a ring.
    Snapshot[] private _snapshots;
    uint256 private _noted;
    Entry[] private _entries;
    Entry[] private _records;
    uint256 private _awaitedUntil;
    uint256 private _leavers;

    function setUp() public virtual override {
        super.setUp();
        votes = new StakeVotes(address(this), vault, registry);
        vault.scheduleObserver(votes);
        _warp(block.timestamp + MODULE_DELAY);
        vault.activateObserver();
        votes.wire(address(this));
        for (uint256 i; i < HOLDERS; ++i) {
            actors.push(_account(FIRST_HOLDER + i));
        }
        for (uint256 i; i < NODES; ++i) {
            actors.push(_registerWorker(FIRST_NODE + i, NODE_STAKE));
        }
    }

    // ---------------------------------------------------------------- stake

    function stake(uint256 seed) external action(seed) {
        _stakeSome(_anybody());
    }

    function startUnbonding(uint256 seed) external action(seed) {
        address actor = _anybody();
        uint256 staked = _masaStaked(actor);
        _only(staked != 0);
        uint256 edges = votes.edgesOf(actor).length;
        _entries.push(Entry(actor, _unbond(actor, _size(staked))));
        _noteEdges(actor, edges);
    }

    function cancelUnbonding(uint256 seed) external action(seed) {
        _only(_entries.length != 0);
        uint256 spot = _below(_entries.length);
        Entry memory entry = _entries[spot];
        last = entry.actor;
        vm.prank(entry.actor);
        vault.cancelUnbonding(address(masa), entry.id);
        _entries[spot] = _entries[_entries.length - 1];
        _entries.pop();
    }

    /// @dev Booked, and applied by a later action of the account or of anybody. Everything, or about half at most: a queue
    /// cut down to dust takes no new entries.
    function slash(uint256 seed) external action(seed) {
        address actor = _anybody();
        IStakeVault.Position memory p = vault.positionOf(actor, address(masa));
        uint256 held = uint256(p.staked) + p.queued;
        _only(held > 1);
        vm.prank(address(escrow));
        vault.slash(actor, 0, _oneIn(8) ? held : _size(held / 2));
    }

    function applySlash(uint256 seed) external action(seed) {
        address actor = _booked();
        last = actor;
        uint256 edges = votes.edgesOf(actor).length;
        uint256 votesBefore = votes.unitsOf(actor);
        uint256 id = vault.applySlash(actor);
        _tookIf(votes.unitsOf(actor) != votesBefore, "slash of what votes");
        _records.push(Entry(actor, id));
        _noteEdges(actor, edges);
    }

    function reverseSlash(uint256 seed) external action(seed) {
        _only(_records.length != 0);
        uint256 spot = _below(_records.length);
        Entry memory record = _records[spot];
        last = record.actor;
        uint256 taken = vault.slashRecordOf(record.actor, record.id).masa;
        vm.prank(address(guardian));
        vault.reverseSlash(record.actor, record.id, _oneIn(2) ? taken : _below(taken + 1), 0);
        _records[spot] = _records[_records.length - 1];
        _records.pop();
    }

    // ---------------------------------------------------------------- delegation

    function delegate(uint256 seed) external action(seed) {
        address actor = _anybody();
        address node = _someNode();
        vm.prank(actor);
        votes.delegate(node);
        _tookIf(votes.delegates(node) == actor && node != actor, "two that delegate to each other");
        _tookIf(_edgeUnits(actor, node) != 0, "residual and edge to one node");
    }

    function delegateToOneself(uint256 seed) external action(seed) {
        address actor = _anybody();
        _only(votes.delegates(actor) != actor);
        vm.prank(actor);
        votes.delegate(_oneIn(2) ? actor : address(0));
    }

    function addEdge(uint256 seed) external action(seed) {
        address actor = actors[_below(HOLDERS + 2)];
        address node = _someNode();
        uint256 residual = votes.residualOf(actor);
        uint256 edges = votes.edgesOf(actor).length;
        _only(node != actor && residual != 0 && edges < votes.MAX_EDGES() && _edgeUnits(actor, node) == 0);
        // Some leave room for more.
        _setEdge(actor, node, _size(_oneIn(3) ? residual : residual / 4 + 1));
        _tookIf(votes.delegates(actor) == node, "residual and edge to one node");
    }

    /// @dev As many edges as an account may have.
    function fillEdges(uint256 seed) external action(seed) {
        address actor = actors[_below(HOLDERS)];
        uint256 most = votes.MAX_EDGES();
        uint256 edges = votes.edgesOf(actor).length;
        uint256 part = votes.residualOf(actor) / (2 * most);
        _only(part != 0 && edges != most);
        for (uint256 i = HOLDERS + _leavers; edges < most; ++i) {
            if (_edgeUnits(actor, actors[i]) != 0) continue;
            _setEdge(actor, actors[i], part);
            ++edges;
        }
        _took("eight edges");
    }

    function growEdge(uint256 seed) external action(seed) {
        (address actor, IStakeVotes.Edge memory edge) = _someEdge();
        uint256 residual = votes.residualOf(actor);
        _only(residual != 0 && registry.roleOf(edge.delegatee) == NodeRole.Worker);
        _setEdge(actor, edge.delegatee, edge.units + _size(residual));
    }

    function shrinkEdge(uint256 seed) external action(seed) {
        (address actor, IStakeVotes.Edge memory edge) = _someEdge();
        _only(edge.units > 1);
        _setEdge(actor, edge.delegatee, _size(edge.units - 1));
        _tookIf(registry.roleOf(edge.delegatee) == NodeRole.None, "edge to one without a role");
    }

    function endEdge(uint256 seed) external action(seed) {
        (address actor, IStakeVotes.Edge memory edge) = _someEdge();
        _setEdge(actor, edge.delegatee, 0);
    }

    function leaveRole(uint256 seed) external action(seed) {
        // Rare, so that the actors last for a run; what else happens then is a stake.
        if (_leavers == MOST_LEAVERS || !_oneIn(4)) return _stakeSome(_anybody());
        address node = actors[HOLDERS + _leavers++];
        vm.prank(node);
        registry.deregister();
        _took("node that left");
    }

    // ---------------------------------------------------------------- time

    function awaitSnapshot(uint256 seed) external action(seed) {
        uint256 until = _now + _below(30);
        _tookIf(_awaitedUntil < _now, "wait when none was open");
        votes.awaitSnapshot(until);
        if (until > _awaitedUntil) _awaitedUntil = until;
    }

    function passSeconds(uint256 seed) external action(seed) {
        _noteSecond();
        _warp(_now + _between(1, 4));
    }

    function pass(uint256 seed) external action(seed) {
        _noteSecond();
        _warp(_now + _between(5, 3 days));
    }

    // ---------------------------------------------------------------- what the test asks

    function count() external view returns (uint256) {
        return actors.length;
    }

    function vaultAndToken() external view returns (IStakeVault, address) {
        return (vault, address(masa));
    }

    function snapshots() external view returns (Snapshot[] memory) {
        return _snapshots;
    }

    // ---------------------------------------------------------------- helpers

    /// @dev This second ends; it is kept if somebody waited for it.
    function _noteSecond() private {
        if (_awaitedUntil < _now) return;
        (uint256 total, , ) = vault.totalsOf(address(masa));
        uint256[] memory list = new uint256[](actors.length);
        for (uint256 i; i < list.length; ++i) {
            list[i] = votes.getVotes(actors[i]);
        }
        Snapshot memory snapshot = Snapshot(_now, total, keccak256(abi.encode(list)));
        if (_snapshots.length < KEPT_SNAPSHOTS) _snapshots.push(snapshot);
        else _snapshots[_noted % KEPT_SNAPSHOTS] = snapshot;
        ++_noted;
        _took("awaited second that ended");
    }

    function _stakeSome(address actor) private {
        uint256 amount = _size(MOST_STAKED);
        _only(masa.balanceOf(address(this)) >= amount);
        _tookIf(_awaitedUntil >= _now, "stake in an awaited second");
        _stake(actor, amount);
    }

    function _setEdge(address actor, address delegatee, uint256 units) private {
        last = actor;
        vm.prank(actor);
        votes.delegateUnits(delegatee, units);
    }

    function _noteEdges(address actor, uint256 before) private {
        uint256 left = votes.edgesOf(actor).length;
        _tookIf(before != 0 && votes.residualOf(actor) == 0, "fall below the edges");
        _tookIf(before >= left + 2, "several edges consumed at once");
        _tookIf(before == votes.MAX_EDGES() && left == 0, "eight edges consumed at once");
    }

    function _anybody() private returns (address) {
        // Holders twice as often as their number.
        uint256 who = _below(2 * HOLDERS + NODES);
        return last = actors[who < 2 * HOLDERS ? who % HOLDERS : who - HOLDERS];
    }

    function _someNode() private returns (address node) {
        node = actors[HOLDERS + _leavers + _below(NODES - _leavers)];
    }

    /// @dev The first account from a random one on that has a booked slash.
    function _booked() private returns (address actor) {
        uint256 first = _below(actors.length);
        for (uint256 i; i < actors.length; ++i) {
            actor = actors[(first + i) % actors.length];
            if (vault.exposureOf(actor).pendingCut != 0) return actor;
        }
        _only(false);
    }

    /// @dev An edge of the first account from a random one on that has one.
    function _someEdge() private returns (address actor, IStakeVotes.Edge memory edge) {
        uint256 first = _below(actors.length);
        for (uint256 i; i < actors.length; ++i) {
            actor = actors[(first + i) % actors.length];
            IStakeVotes.Edge[] memory edges = votes.edgesOf(actor);
            if (edges.length != 0) return (actor, edges[_below(edges.length)]);
        }
        _only(false);
    }

    function _edgeUnits(address actor, address delegatee) private view returns (uint256) {
        IStakeVotes.Edge[] memory edges = votes.edgesOf(actor);
        for (uint256 i; i < edges.length; ++i) {
            if (edges[i].delegatee == delegatee) return edges[i].units;
        }
        return 0;
    }

    function _masaStaked(address actor) private view returns (uint256) {
        return vault.positionOf(actor, address(masa)).staked;
    }
}
