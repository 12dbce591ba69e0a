// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IVotes} from "@openzeppelin/contracts/governance/utils/IVotes.sol";

import {IStakeVotes} from "../../contracts/interfaces/IStakeVotes.sol";
import {VotesBed} from "../support/VotesBed.sol";

/// @title StakeVotes: partial delegation by edges
contract StakeVotesEdgesTest is VotesBed {
    uint256 private constant STAKE = 100e18;

    address[] private _nodes;

    function setUp() public override {
        super.setUp();
        _stake(alice, STAKE);
        _later(1);
    }

    // ---------------------------------------------------------------- setting

    function test_AnEdgeMovesUnitsFromTheResidual() public {
        vm.expectEmit(address(votes));
        emit IStakeVotes.EdgeChanged(alice, dora, 0, 30e18);
        vm.expectEmit(address(votes));
        emit IVotes.DelegateVotesChanged(alice, STAKE, 70e18);
        vm.expectEmit(address(votes));
        emit IVotes.DelegateVotesChanged(dora, NODE_STAKE, NODE_STAKE + 30e18);
        _setEdge(alice, dora, 30e18);
        assertEq(votes.residualOf(alice), 70e18, "residual");
        assertEq(votes.unitsOf(alice), STAKE, "own units");
        assertEq(votes.getVotes(alice), 70e18, "votes");
        assertEq(votes.getVotes(dora), NODE_STAKE + 30e18, "the delegatee's");
        IStakeVotes.Edge[] memory edges = votes.edgesOf(alice);
        assertEq(edges.length, 1, "edges");
        assertEq(edges[0].delegatee, dora, "delegatee");
        assertEq(edges[0].units, 30e18, "units");
    }

    function test_AnEdgeGrowsShrinksEndsAndComesBack() public {
        uint256 start = _now();
        uint256[5] memory units = [uint256(30e18), 50e18, 10e18, 0, 100e18];
        for (uint256 i; i < units.length; ++i) {
            _setEdge(alice, dora, units[i]);
            assertEq(votes.residualOf(alice), STAKE - units[i], "residual");
            assertEq(votes.getVotes(alice), STAKE - units[i], "own votes");
            assertEq(votes.getVotes(dora), NODE_STAKE + units[i], "the delegatee's");
            assertEq(votes.edgesOf(alice).length, units[i] == 0 ? 0 : 1, "edges");
            _later(1);
        }
        address edge = votes.edgeAccount(alice, dora);
        for (uint256 i; i < units.length; ++i) {
            assertEq(votes.getPastBalanceOf(edge, start + i), units[i], "past units");
            assertEq(votes.getPastBalanceOf(alice, start + i), STAKE - units[i], "past residual");
        }
    }

    function test_AnEdgeAccountAnswersAsAnAccountThatOnlyDelegates() public {
        address edge = votes.edgeAccount(alice, dora);
        assertEq(edge, address(uint160(uint256(keccak256(abi.encode(alice, dora))))), "address");
        assertEq(votes.delegates(edge), edge, "before it is one");
        _setEdge(alice, dora, 30e18);
        _later(1);
        assertEq(votes.delegates(edge), dora, "delegate");
        assertEq(votes.getPastDelegate(edge, _now() - 1), dora, "past delegate");
        assertEq(votes.getVotes(edge), 0, "votes");
        assertEq(votes.getPastVotes(edge, _now() - 1), 0, "past votes");
        assertEq(votes.residualOf(edge), 0, "residual");
        assertEq(votes.unitsOf(edge), 0, "own units");
        assertEq(votes.edgesOf(edge).length, 0, "edges");
        _setEdge(alice, dora, 0);
        assertEq(votes.delegates(edge), dora, "delegate when it is over");
    }

    function test_AnEdgeAndTheResidualForOneDelegateMoveNothingBetweenThem() public {
        _delegate(alice, dora);
        _later(1);
        vm.recordLogs();
        _setEdge(alice, dora, 30e18);
        assertEq(vm.getRecordedLogs().length, 1, "EdgeChanged alone");
        assertEq(votes.getVotes(dora), NODE_STAKE + STAKE, "votes");
        assertEq(votes.residualOf(alice), 70e18, "residual");
        _later(1);
        _setEdge(alice, dora, 20e18);
        assertEq(votes.getVotes(dora), NODE_STAKE + STAKE, "votes of the smaller edge");
        _later(1);
        _delegate(alice, address(0));
        assertEq(votes.getVotes(dora), NODE_STAKE + 20e18, "the edge stays");
        assertEq(votes.getVotes(alice), 80e18, "the residual comes back");
    }

    function test_AnEdgeComesFromTheDelegateOfTheResidual() public {
        _delegate(alice, dora);
        _setEdge(alice, egon, 30e18);
        assertEq(votes.getVotes(dora), NODE_STAKE + 70e18, "the residual's delegate");
        assertEq(votes.getVotes(egon), NODE_STAKE + 30e18, "the delegatee");
        _setEdge(alice, egon, 0);
        assertEq(votes.getVotes(dora), NODE_STAKE + STAKE, "given back");
        assertEq(votes.getVotes(egon), NODE_STAKE, "ended");
    }

    function test_ReceivedVotesCannotBePassedOn() public {
        _setEdge(alice, dora, STAKE);
        vm.expectRevert(
            abi.encodeWithSelector(
                IStakeVotes.StakeVotes_InsufficientResidual.selector,
                dora,
                NODE_STAKE,
                NODE_STAKE + 1
            )
        );
        _setEdge(dora, egon, NODE_STAKE + 1);
        _setEdge(dora, egon, NODE_STAKE);
        assertEq(votes.getVotes(dora), STAKE, "what it received");
        assertEq(votes.getVotes(egon), 2 * NODE_STAKE, "what it gave");
    }

    // ---------------------------------------------------------------- refusals

    function test_RevertGiven_AnEdgeToOneself() public {
        vm.expectRevert(abi.encodeWithSelector(IStakeVotes.StakeVotes_EdgeToSelf.selector, alice));
        _setEdge(alice, alice, 1);
        vm.expectRevert(abi.encodeWithSelector(IStakeVotes.StakeVotes_EdgeToSelf.selector, dora));
        _setEdge(dora, dora, 1);
    }

    function test_RevertGiven_AnEdgeThatStaysAsItIs() public {
        _setEdge(alice, dora, 30e18);
        vm.expectRevert(abi.encodeWithSelector(IStakeVotes.StakeVotes_NothingChanged.selector, alice, dora, 30e18));
        _setEdge(alice, dora, 30e18);
        vm.expectRevert(abi.encodeWithSelector(IStakeVotes.StakeVotes_NothingChanged.selector, alice, egon, 0));
        _setEdge(alice, egon, 0);
        vm.expectRevert(abi.encodeWithSelector(IStakeVotes.StakeVotes_NothingChanged.selector, alice, address(0), 0));
        _setEdge(alice, address(0), 0);
    }

    function test_RevertGiven_MoreThanTheResidual() public {
        _setEdge(alice, dora, 60e18);
        vm.expectRevert(
            abi.encodeWithSelector(IStakeVotes.StakeVotes_InsufficientResidual.selector, alice, 40e18, 40e18 + 1)
        );
        _setEdge(alice, egon, 40e18 + 1);
        vm.expectRevert(
            abi.encodeWithSelector(
                IStakeVotes.StakeVotes_InsufficientResidual.selector,
                alice,
                40e18,
                type(uint256).max - 60e18
            )
        );
        _setEdge(alice, dora, type(uint256).max);
        vm.expectRevert(abi.encodeWithSelector(IStakeVotes.StakeVotes_InsufficientResidual.selector, bob, 0, 1));
        _setEdge(bob, dora, 1);
    }

    function test_RevertGiven_ADelegateeThatIsNoNode() public {
        bytes4 refused = IStakeVotes.StakeVotes_DelegateeRefused.selector;
        vm.expectRevert(abi.encodeWithSelector(refused, bob));
        _setEdge(alice, bob, 1);
        vm.expectRevert(abi.encodeWithSelector(refused, address(0)));
        _setEdge(alice, address(0), 1);
        address asker = _registerOracle(21, 100_000e18, 0);
        vm.expectRevert(abi.encodeWithSelector(refused, asker));
        _setEdge(alice, asker, 1);
    }

    function test_AnEdgeToOneThatLostItsRoleShrinksButDoesNotGrow() public {
        _setEdge(alice, dora, 30e18);
        vm.prank(dora);
        registry.deregister();
        vm.expectRevert(abi.encodeWithSelector(IStakeVotes.StakeVotes_DelegateeRefused.selector, dora));
        _setEdge(alice, dora, 31e18);
        assertEq(votes.getVotes(dora), NODE_STAKE + 30e18, "it keeps what it has");
        _setEdge(alice, dora, 10e18);
        assertEq(votes.getVotes(dora), NODE_STAKE + 10e18, "shrunk");
        _setEdge(alice, dora, 0);
        assertEq(votes.getVotes(dora), NODE_STAKE, "ended");
        vm.expectRevert(abi.encodeWithSelector(IStakeVotes.StakeVotes_DelegateeRefused.selector, dora));
        _setEdge(alice, dora, 1);
    }

    function test_RevertGiven_ANinthEdge() public {
        _setEdges(8);
        address ninth = _registerWorker(39, NODE_STAKE);
        vm.expectRevert(abi.encodeWithSelector(IStakeVotes.StakeVotes_TooManyEdges.selector, alice, 8));
        _setEdge(alice, ninth, 1);
        // One that is there may still grow, and one that ends makes room.
        _setEdge(alice, _nodes[7], 9e18);
        _setEdge(alice, _nodes[3], 0);
        _setEdge(alice, ninth, 1);
        assertEq(votes.edgesOf(alice).length, 8, "edges");
        assertEq(votes.MAX_EDGES(), 8, "most");
    }

    // ---------------------------------------------------------------- order

    function test_EdgesKeepTheirOrderWhicheverEnds() public {
        for (uint256 ended; ended < 8; ++ended) {
            uint256 state = vm.snapshotState();
            _setEdges(8);
            _setEdge(alice, _nodes[ended], 0);
            IStakeVotes.Edge[] memory edges = votes.edgesOf(alice);
            assertEq(edges.length, 7, "edges");
            for (uint256 i; i < 7; ++i) {
                assertEq(edges[i].delegatee, _nodes[i < ended ? i : i + 1], "order");
                assertEq(edges[i].units, (i < ended ? i + 1 : i + 2) * 1e18, "units");
            }
            // Set again, it is the newest.
            _setEdge(alice, _nodes[ended], 1e18);
            assertEq(votes.edgesOf(alice)[7].delegatee, _nodes[ended], "newest");
            vm.revertToState(state);
            delete _nodes;
        }
    }

    /// @dev A delegation of the residual and two edges in each of their six orders, in one second and in three.
    function test_DelegationAndEdgesComeToTheSameInEveryOrder() public {
        for (uint256 order; order < 12; ++order) {
            uint256 state = vm.snapshotState();
            uint256 first = order % 3;
            uint256 second = (first + 1 + ((order / 3) % 2)) % 3;
            uint256[3] memory steps = [first, second, 3 - first - second];
            for (uint256 i; i < 3; ++i) {
                if (steps[i] == 0) _delegate(alice, dora);
                else _setEdge(alice, steps[i] == 1 ? egon : finn, steps[i] * 10e18);
                if (order > 5) _later(1);
            }
            _later(1);
            assertEq(votes.residualOf(alice), 70e18, "residual");
            assertEq(votes.getVotes(alice), 0, "own votes");
            assertEq(votes.getPastVotes(dora, _now() - 1), NODE_STAKE + 70e18, "the residual's delegate");
            assertEq(votes.getPastVotes(egon, _now() - 1), NODE_STAKE + 10e18, "the first edge");
            assertEq(votes.getPastVotes(finn, _now() - 1), NODE_STAKE + 20e18, "the second edge");
            assertEq(votes.edgesOf(alice)[0].delegatee, _of(steps, 1) < _of(steps, 2) ? egon : finn, "oldest");
            vm.revertToState(state);
        }
    }

    function _of(uint256[3] memory steps, uint256 step) private pure returns (uint256 i) {
        while (steps[i] != step) ++i;
    }

    function test_AGrownEdgeKeepsItsPlace() public {
        _setEdges(3);
        _setEdge(alice, _nodes[0], 20e18);
        assertEq(votes.edgesOf(alice)[0].delegatee, _nodes[0], "oldest");
        assertEq(votes.edgesOf(alice)[0].units, 20e18, "units");
    }

    // ---------------------------------------------------------------- stake below the edges

    function test_AFallTakesTheResidualThenTheNewestEdges() public {
        _setEdge(alice, dora, 30e18);
        _setEdge(alice, egon, 20e18);
        _setEdge(alice, finn, 10e18);
        _later(1);
        _slashNow(alice, 40e18);
        assertEq(votes.residualOf(alice), 0, "residual");
        _assertEdges(30e18, 20e18, 10e18);
        _slash(alice, 0, 3e18);
        vm.expectEmit(address(votes));
        emit IStakeVotes.EdgeChanged(alice, finn, 10e18, 7e18);
        vault.applySlash(alice);
        _assertEdges(30e18, 20e18, 7e18);
        _later(1);
        _slashNow(alice, 12e18);
        _assertEdges(30e18, 15e18, 0);
        assertEq(votes.edgesOf(alice).length, 2, "the newest is gone");
        _later(1);
        _unbond(alice, 45e18);
        _assertEdges(0, 0, 0);
        assertEq(votes.edgesOf(alice).length, 0, "all are gone");
        assertEq(votes.unitsOf(alice), 0, "own units");
    }

    function test_AFallTakesFromResidualAndEdgesAtOnce() public {
        _delegate(alice, dora);
        _setEdge(alice, egon, 30e18);
        _later(1);
        _unbond(alice, 75e18);
        assertEq(votes.residualOf(alice), 0, "residual");
        assertEq(votes.getVotes(dora), NODE_STAKE, "the residual's delegate");
        _assertEdges(0, 25e18, 0);
    }

    function test_WhatComesBackIsResidual() public {
        _setEdge(alice, dora, STAKE);
        uint256 id = _slashNow(alice, 40e18);
        _assertEdges(60e18, 0, 0);
        _later(1);
        _reverse(alice, id, 40e18, 0);
        assertEq(votes.residualOf(alice), 40e18, "reversed");
        _assertEdges(60e18, 0, 0);
        uint256 entry = _unbond(alice, 50e18);
        _assertEdges(50e18, 0, 0);
        _cancel(alice, entry);
        assertEq(votes.residualOf(alice), 50e18, "cancelled");
        assertEq(votes.getVotes(alice), 50e18, "own votes");
    }

    function test_OneSlashConsumesEightEdgesAtABoundedCost() public {
        _setEdges(8);
        _delegate(alice, dora);
        _later(1);
        _slash(alice, 0, STAKE);
        vm.cool(address(votes));
        vm.cool(address(vault));
        uint256 left = gasleft();
        vault.applySlash(alice);
        uint256 used = left - gasleft();
        assertLe(used, 800_000, "gas of a slash that consumes eight edges");
        assertEq(votes.unitsOf(alice), 0, "own units");
        assertEq(votes.edgesOf(alice).length, 0, "edges");
        for (uint256 i; i < 8; ++i) {
            assertEq(votes.getVotes(_nodes[i]), NODE_STAKE, "a delegatee's votes");
        }
        assertEq(votes.getVotes(dora), NODE_STAKE, "the residual's delegate");
        _later(1);
        assertEq(votes.getPastBalanceOf(votes.edgeAccount(alice, _nodes[7]), _now() - 2), 8e18, "past units");
    }

    function _assertEdges(uint256 ofDora, uint256 ofEgon, uint256 ofFinn) private view {
        assertEq(_edgeUnits(alice, dora), ofDora, "edge to dora");
        assertEq(_edgeUnits(alice, egon), ofEgon, "edge to egon");
        assertEq(_edgeUnits(alice, finn), ofFinn, "edge to finn");
        assertEq(votes.getVotes(egon), NODE_STAKE + ofEgon, "egon's votes");
        assertEq(votes.getVotes(finn), NODE_STAKE + ofFinn, "finn's votes");
        assertEq(_sumOfVotes([alice, bob, carol]), _allStaked(), "I-02 sum of votes");
    }

    /// @dev Edges of 1, 2, 3 … MASA to workers of their own.
    function _setEdges(uint256 count) private {
        for (uint256 i; i < count; ++i) {
            _nodes.push(_registerWorker(30 + i, NODE_STAKE));
            _setEdge(alice, _nodes[i], (i + 1) * 1e18);
        }
    }
}
