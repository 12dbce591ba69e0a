// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IGovernor} from "@openzeppelin/contracts/governance/IGovernor.sol";

import {IMasaGovernor} from "../../../contracts/interfaces/IMasaGovernor.sol";

/// @title A naive model of votes and proposals
/// @notice Who gave how much to whom is a table, copied whole for every proposal when its snapshot is over. A tally is
/// counted anew whenever it is asked for: each bundle of units, a residual or an edge, votes as its owner said, or else as
/// the one it points to said. Nothing is added up as the protocol does it, and nothing here asks the protocol.
abstract contract GovernorModel {
    uint256 public constant ACTORS = 6;
    /// @dev The first of the actors are validators and workers, who may be named as delegates.
    uint256 internal constant NODES = 3;
    uint256 private constant ONE = 1e18;

    /// @dev Units by owner.
    struct World {
        uint128[6] residual;
        uint8[6] follows; // whom the residual points to
        uint128[3][6] edge; // to each node
    }

    struct Ballots {
        uint8[6] cast; // as a delegate: support + 1
        uint8[6] own; // for the residual: support + 1
        uint8[3][6] edge; // for the edge to each node: support + 1
    }

    struct Vote {
        uint256 id;
        uint256 proposer;
        uint256 snapshot;
        uint256 deadline;
        uint256 eta; // 0: not queued
        bool extended;
        bool frozen;
        bool executed;
        bool cancelled;
        uint64 quorum;
        uint64 threshold;
        IMasaGovernor.Settings settings;
    }

    IMasaGovernor.Settings internal _settings;
    World internal _world;
    /// @dev Nodes that the edges of an actor lead to, oldest first.
    uint8[][6] private _order;
    Vote[] internal _book;
    mapping(uint256 index => World) private _worlds;
    mapping(uint256 index => Ballots) internal _ballots;

    // ---------------------------------------------------------------- the world

    /// @dev Before any change: snapshots whose second is over are of the world as it is.
    function _freeze(uint256 now_) internal {
        for (uint256 v = _book.length > 8 ? _book.length - 8 : 0; v < _book.length; ++v) {
            if (_book[v].frozen || now_ <= _book[v].snapshot) continue;
            _book[v].frozen = true;
            _worlds[v] = _world;
        }
    }

    function _modelSetStake(uint256 i, uint256 units) internal {
        uint256 before = _unitsOf(i);
        if (units >= before) {
            _world.residual[i] += uint128(units - before);
            return;
        }
        uint256 lost = before - units;
        uint256 part = lost < _world.residual[i] ? lost : _world.residual[i];
        _world.residual[i] -= uint128(part);
        lost -= part;
        while (lost != 0) {
            uint8 newest = _order[i][_order[i].length - 1];
            part = lost < _world.edge[i][newest] ? lost : _world.edge[i][newest];
            _world.edge[i][newest] -= uint128(part);
            lost -= part;
            if (_world.edge[i][newest] == 0) _order[i].pop();
        }
    }

    function _modelSetEdge(uint256 i, uint256 node, uint256 units) internal {
        uint256 before = _world.edge[i][node];
        _world.residual[i] = uint128(_world.residual[i] + before - units);
        _world.edge[i][node] = uint128(units);
        uint8[] storage order = _order[i];
        if (before == 0) order.push(uint8(node));
        if (units != 0) return;
        uint256 at;
        while (order[at] != node) ++at;
        for (; at + 1 < order.length; ++at) order[at] = order[at + 1];
        order.pop();
    }

    function _unitsOf(uint256 i) internal view returns (uint256 units) {
        units = _world.residual[i];
        for (uint256 j; j < NODES; ++j) units += _world.edge[i][j];
    }

    // ---------------------------------------------------------------- votes

    function _worldOf(uint256 v) internal view returns (World memory) {
        return _book[v].frozen ? _worlds[v] : _world;
    }

    /// @dev Against, for, abstain.
    function _tally(uint256 v) internal view returns (uint256[3] memory sums) {
        if (!_book[v].frozen) return sums;
        World memory w = _worlds[v];
        Ballots memory b = _ballots[v];
        for (uint256 i; i < ACTORS; ++i) {
            uint256 said = b.own[i] != 0 ? b.own[i] : b.cast[w.follows[i]];
            if (said != 0) sums[said - 1] += w.residual[i];
            for (uint256 j; j < NODES; ++j) {
                said = b.edge[i][j] != 0 ? b.edge[i][j] : b.cast[j];
                if (said != 0) sums[said - 1] += w.edge[i][j];
            }
        }
    }

    function _total(uint256 v) internal view returns (uint256 total) {
        World memory w = _worldOf(v);
        for (uint256 i; i < ACTORS; ++i) {
            total += w.residual[i];
            for (uint256 j; j < NODES; ++j) total += w.edge[i][j];
        }
    }

    /// @dev What `i` would cast as a delegate, and whether all that points to it is its own.
    function _weightOf(uint256 v, uint256 i) internal view returns (uint256 weight, bool direct) {
        World memory w = _worldOf(v);
        Ballots memory b = _ballots[v];
        direct = w.follows[i] == i;
        for (uint256 k; k < ACTORS; ++k) {
            if (w.follows[k] == i) {
                if (b.own[k] == 0) weight += w.residual[k];
                if (k != i && w.residual[k] != 0) direct = false;
            }
            if (i >= NODES) continue;
            if (b.edge[k][i] == 0) weight += w.edge[k][i];
            if (w.edge[k][i] != 0) direct = false;
        }
    }

    function _neededOf(uint256 v) internal view returns (uint256 needed) {
        uint256 product = _total(v) * _book[v].quorum;
        needed = product / ONE + (product % ONE == 0 ? 0 : 1);
        uint256 least = _book[v].settings.leastQuorum;
        if (needed < least) needed = least;
    }

    /// @dev 0: no quorum, 1: quorum, 2: passes.
    function _outcomeOf(uint256 v) internal view returns (uint256) {
        uint256[3] memory sums = _tally(v);
        if (sums[1] + sums[2] < _neededOf(v)) return 0;
        // The share of votes for, against that of votes against.
        bool enough = sums[1] * (ONE - _book[v].threshold) >= sums[0] * _book[v].threshold;
        return sums[1] != 0 && enough ? 2 : 1;
    }

    function _closesAt(uint256 v) internal view returns (uint256) {
        uint256 length = _book[v].deadline - _book[v].snapshot;
        uint256 window = _book[v].settings.directWindow;
        return _book[v].deadline - (2 * window > length ? length / 2 : window);
    }

    /// @dev After a change of the tally, whose outcome was `before` it.
    function _modelExtend(uint256 v, uint256 before, uint256 now_) internal returns (bool extended) {
        Vote storage vote = _book[v];
        if (vote.extended || vote.deadline - now_ >= vote.settings.voteExtension) return false;
        uint256 after_ = _outcomeOf(v);
        extended = after_ != before && (before == 0 || after_ == 2 || before == 2);
        if (!extended) return false;
        vote.extended = true;
        vote.deadline = now_ + vote.settings.voteExtension;
    }

    function _stateOf(uint256 v, uint256 now_) internal view returns (IGovernor.ProposalState) {
        Vote storage vote = _book[v];
        if (vote.executed) return IGovernor.ProposalState.Executed;
        if (vote.cancelled) return IGovernor.ProposalState.Canceled;
        if (now_ <= vote.snapshot) return IGovernor.ProposalState.Pending;
        if (now_ <= vote.deadline) return IGovernor.ProposalState.Active;
        if (_outcomeOf(v) != 2) return IGovernor.ProposalState.Defeated;
        if (vote.eta == 0) {
            return
                now_ > vote.deadline + vote.settings.expiry
                    ? IGovernor.ProposalState.Expired
                    : IGovernor.ProposalState.Succeeded;
        }
        return
            now_ > vote.eta + vote.settings.expiry ? IGovernor.ProposalState.Expired : IGovernor.ProposalState.Queued;
    }

    function _isFinal(uint256 v, uint256 now_) internal view returns (bool) {
        IGovernor.ProposalState state = _stateOf(v, now_);
        return
            state != IGovernor.ProposalState.Pending &&
            state != IGovernor.ProposalState.Active &&
            state != IGovernor.ProposalState.Succeeded &&
            state != IGovernor.ProposalState.Queued;
    }
}
