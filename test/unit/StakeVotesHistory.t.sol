// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {VotesBed} from "../support/VotesBed.sol";

/// @title StakeVotes: random histories beside a naive model that remembers everything
/// @notice The model keeps who delegates what, works out all votes from that after every action (EQ-20, not differences),
/// and notes the whole state at the end of every second. At the end each second is looked up.
contract StakeVotesHistoryTest is VotesBed {
    uint256 private constant ACTORS = 6;
    /// @dev The last of the actors are nodes.
    uint256 private constant NODES = 3;
    uint256 private constant STEPS = 24;

    struct ModelEdge {
        uint256 node; // of the nodes
        uint256 units;
    }

    /// @dev All at the end of a second, by actor.
    struct Moment {
        uint256 second;
        uint256 total;
        uint256 awaitedUntil; // as known by then
        uint256[ACTORS] votes;
        uint256[ACTORS] residuals;
        uint256[ACTORS] delegates; // of the actors
        uint256[NODES][ACTORS] edges;
    }

    address[ACTORS] private actors;
    uint256[ACTORS] private delegateOf;
    ModelEdge[][ACTORS] private edgesOf;
    uint256[][ACTORS] private entries;
    uint256[][ACTORS] private records;
    uint256 private awaitedUntil;
    uint256 private entropy;

    function setUp() public override {
        super.setUp();
        actors = [alice, bob, carol, dora, egon, finn];
        for (uint256 i; i < ACTORS; ++i) {
            delegateOf[i] = i;
        }
    }

    // ---------------------------------------------------------------- tests

    function testFuzz_I02_HistoriesEqualTheModel(uint256 seed) public {
        _follow(seed);
    }

    /// @dev As above, with everything in few seconds: most changes replace one of their second.
    function testFuzz_I02_HistoriesOfFewSecondsEqualTheModel(uint256 seed) public {
        _follow(seed | (1 << 255));
    }

    function _follow(uint256 seed) private {
        entropy = seed;
        bool hurried = seed >> 255 == 1;
        Moment[] memory moments = new Moment[](STEPS + 1);
        uint256 count;
        for (uint256 i; i < STEPS; ++i) {
            _act();
            Moment memory moment = _moment();
            _assertPresent(moment);
            if (_below(hurried ? 6 : 2) != 0 && i + 1 != STEPS) continue;
            moment.awaitedUntil = awaitedUntil;
            moments[count++] = moment;
            _later(1 + _below(3));
        }
        for (uint256 i; i < count; ++i) {
            uint256 end = i + 1 == count ? _now() : moments[i + 1].second;
            for (uint256 second = moments[i].second; second < end; ++second) {
                _assertPast(moments[i], second);
            }
        }
    }

    // ---------------------------------------------------------------- actions

    function _act() private {
        uint256 who = _below(ACTORS);
        address account = actors[who];
        uint256 staked = _staked(account);
        uint256 kind = _below(14);
        if (kind < 2) {
            _stake(account, _amount(1_000e18));
        } else if (kind < 4) {
            if (staked != 0) entries[who].push(_unbond(account, _amount(staked)));
        } else if (kind == 4) {
            if (entries[who].length != 0) _cancelOne(who);
        } else if (kind < 7) {
            if (staked != 0) records[who].push(_slashNow(account, _amount(staked)));
        } else if (kind == 7) {
            if (records[who].length != 0) _reverseOne(who);
        } else if (kind < 10) {
            delegateOf[who] = _below(3) == 0 ? who : ACTORS - NODES + _below(NODES);
            _delegate(account, delegateOf[who] == who && _below(2) == 0 ? address(0) : actors[delegateOf[who]]);
        } else if (kind < 13) {
            _setOneEdge(who);
        } else {
            uint256 until = _now() + _below(6);
            votes.awaitSnapshot(until);
            if (until > awaitedUntil) awaitedUntil = until;
        }
        _settleModel(who);
    }

    function _cancelOne(uint256 who) private {
        uint256[] storage open = entries[who];
        _cancel(actors[who], open[open.length - 1]);
        open.pop();
    }

    function _reverseOne(uint256 who) private {
        uint256[] storage open = records[who];
        uint256 id = open[open.length - 1];
        uint256 taken = vault.slashRecordOf(actors[who], id).masa;
        _reverse(actors[who], id, _below(2) == 0 ? taken : taken / 2, 0);
        open.pop();
    }

    function _setOneEdge(uint256 who) private {
        uint256 node = _below(NODES);
        if (ACTORS - NODES + node == who) return;
        uint256 present = _unitsOn(who, node);
        uint256 most = _residual(who) + present;
        uint256 units = _below(4) == 0 ? 0 : _amount(most);
        if (units == present || units > most) return;
        _setEdge(actors[who], actors[ACTORS - NODES + node], units);
        ModelEdge[] storage edges = edgesOf[who];
        if (present == 0) {
            edges.push(ModelEdge(node, units));
            return;
        }
        uint256 i;
        while (edges[i].node != node) ++i;
        edges[i].units = units;
        if (units != 0) return;
        for (; i + 1 < edges.length; ++i) {
            edges[i] = edges[i + 1];
        }
        edges.pop();
    }

    // ---------------------------------------------------------------- model

    /// @dev Edges that the stake does not cover any more shrink, the newest first.
    function _settleModel(uint256 who) private {
        ModelEdge[] storage edges = edgesOf[who];
        uint256 staked = _staked(actors[who]);
        uint256 covered;
        uint256 kept;
        for (; kept < edges.length && covered < staked; ++kept) {
            if (covered + edges[kept].units > staked) edges[kept].units = staked - covered;
            covered += edges[kept].units;
        }
        while (edges.length > kept) edges.pop();
    }

    function _unitsOn(uint256 who, uint256 node) private view returns (uint256) {
        ModelEdge[] storage edges = edgesOf[who];
        for (uint256 i; i < edges.length; ++i) {
            if (edges[i].node == node) return edges[i].units;
        }
        return 0;
    }

    function _residual(uint256 who) private view returns (uint256 residual) {
        residual = _staked(actors[who]);
        for (uint256 node; node < NODES; ++node) {
            residual -= _unitsOn(who, node);
        }
    }

    function _moment() private view returns (Moment memory moment) {
        moment.second = _now();
        for (uint256 i; i < ACTORS; ++i) {
            moment.total += _staked(actors[i]);
            moment.delegates[i] = delegateOf[i];
            moment.residuals[i] = _residual(i);
            moment.votes[delegateOf[i]] += moment.residuals[i];
            for (uint256 node; node < NODES; ++node) {
                moment.edges[i][node] = _unitsOn(i, node);
                moment.votes[ACTORS - NODES + node] += moment.edges[i][node];
            }
        }
    }

    // ---------------------------------------------------------------- comparison

    function _assertPresent(Moment memory moment) private view {
        for (uint256 i; i < ACTORS; ++i) {
            address account = actors[i];
            assertEq(votes.getVotes(account), moment.votes[i], "I-02 votes");
            assertEq(votes.residualOf(account), moment.residuals[i], "residual");
            assertEq(votes.unitsOf(account), _staked(account), "own units");
            assertEq(votes.delegates(account), actors[moment.delegates[i]], "delegate");
            assertEq(votes.edgesOf(account).length, edgesOf[i].length, "edges");
            for (uint256 k; k < edgesOf[i].length; ++k) {
                assertEq(
                    votes.edgesOf(account)[k].delegatee,
                    actors[ACTORS - NODES + edgesOf[i][k].node],
                    "order of edges"
                );
            }
        }
    }

    function _assertPast(Moment memory moment, uint256 second) private view {
        for (uint256 i; i < ACTORS; ++i) {
            address account = actors[i];
            assertEq(votes.getPastVotes(account, second), moment.votes[i], "I-02 past votes");
            assertEq(votes.getPastBalanceOf(account, second), moment.residuals[i], "past residual");
            assertEq(votes.getPastDelegate(account, second), actors[moment.delegates[i]], "past delegate");
            for (uint256 node; node < NODES; ++node) {
                address edge = votes.edgeAccount(account, actors[ACTORS - NODES + node]);
                assertEq(votes.getPastBalanceOf(edge, second), moment.edges[i][node], "past edge");
            }
        }
        // A second up to the end of a wait is known; another may be, and is right then.
        if (second <= moment.awaitedUntil) assertTrue(votes.isRecorded(second), "an awaited second is not recorded");
        if (votes.isRecorded(second)) assertEq(votes.getPastTotalSupply(second), moment.total, "I-02 past total");
    }

    // ---------------------------------------------------------------- chance

    function _below(uint256 most) private returns (uint256) {
        entropy = uint256(keccak256(abi.encode(entropy)));
        return entropy % most;
    }

    /// @dev A single wei, all of it, or anything between; at least 1.
    function _amount(uint256 most) private returns (uint256) {
        uint256 kind = _below(6);
        if (most == 0 || kind == 0) return 1;
        return kind == 1 ? most : 1 + _below(most);
    }
}
