// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IStakeVault} from "../../contracts/interfaces/IStakeVault.sol";
import {IStakeVotes} from "../../contracts/interfaces/IStakeVotes.sol";
import {StakeVotes} from "../../contracts/staking/StakeVotes.sol";
import {InvariantTest} from "../support/InvariantTest.sol";
import {VotesHandler} from "./handlers/VotesHandler.sol";

/// @dev The runner calls only contracts of the file of its test.
contract VotesActions is VotesHandler {}

/// @title I-02: the votes of all accounts add up to the staked MASA, now and at every awaited second
contract VotesInvariants is InvariantTest {
    uint256 private constant FULL_EVERY = 16;

    VotesActions private handler;
    StakeVotes private votes;
    IStakeVault private vault;
    address private masa;
    address[] private actors;

    function setUp() public {
        handler = new VotesActions();
        handler.setUp();
        votes = handler.votes();
        (vault, masa) = handler.vaultAndToken();
        for (uint256 i; i < handler.count(); ++i) {
            actors.push(handler.actors(i));
        }
        bytes4[] memory actions = new bytes4[](16);
        actions[0] = handler.stake.selector;
        actions[1] = handler.startUnbonding.selector;
        actions[2] = handler.cancelUnbonding.selector;
        actions[3] = handler.slash.selector;
        actions[4] = handler.applySlash.selector;
        actions[5] = handler.reverseSlash.selector;
        actions[6] = handler.delegate.selector;
        actions[7] = handler.delegateToOneself.selector;
        actions[8] = handler.addEdge.selector;
        actions[9] = handler.growEdge.selector;
        actions[10] = handler.shrinkEdge.selector;
        actions[11] = handler.endEdge.selector;
        actions[12] = handler.leaveRole.selector;
        actions[13] = handler.awaitSnapshot.selector;
        actions[14] = handler.pass.selector;
        actions[15] = handler.fillEdges.selector;
        bytes4[] memory often = new bytes4[](7);
        (often[0], often[1], often[2]) = (actions[0], actions[1], actions[6]);
        (often[3], often[4], often[5]) = (actions[8], actions[8], actions[13]);
        often[6] = handler.passSeconds.selector;
        _target(address(handler), actions, often);
    }

    function invariant_I02_VotesAreTheStake() public view {
        uint256 sum;
        for (uint256 i; i < actors.length; ++i) {
            sum += votes.getVotes(actors[i]);
        }
        (uint256 staked, , ) = vault.totalsOf(masa);
        assertEq(sum, staked, "I-02 sum of votes");
        if (handler.calls() % FULL_EVERY == 0) _checkAll();
        else if (handler.last() != address(0)) _checkAccount(handler.last());
    }

    function afterInvariant() public {
        _checkAll();
        bytes32[] memory outcomes = new bytes32[](12);
        outcomes[0] = "slash of what votes";
        outcomes[1] = "fall below the edges";
        outcomes[2] = "several edges consumed at once";
        outcomes[3] = "eight edges";
        outcomes[4] = "residual and edge to one node";
        outcomes[5] = "two that delegate to each other";
        outcomes[6] = "edge to one without a role";
        outcomes[7] = "stake in an awaited second";
        outcomes[8] = "awaited second that ended";
        outcomes[9] = "wait when none was open";
        outcomes[10] = "node that left";
        outcomes[11] = "eight edges consumed at once";
        _writeOutcomes("VotesInvariants", outcomes, handler.times);
    }

    function _checkAll() private view {
        for (uint256 i; i < actors.length; ++i) {
            _checkAccount(actors[i]);
        }
        _checkPast();
    }

    /// @dev Edges and residual of an account are its stake; a booked slash still votes until it is applied.
    function _checkAccount(address actor) private view {
        IStakeVotes.Edge[] memory edges = votes.edgesOf(actor);
        assertLe(edges.length, votes.MAX_EDGES(), "D9 edges of an account");
        uint256 units = votes.residualOf(actor);
        for (uint256 i; i < edges.length; ++i) {
            assertGt(edges[i].units, 0, "D9 an edge without units");
            units += edges[i].units;
        }
        if (vault.exposureOf(actor).pendingCut == 0) {
            assertEq(units, vault.positionOf(actor, masa).staked, "I-02 edges and residual are the stake");
        } else {
            assertGe(units, vault.positionOf(actor, masa).staked, "I-02 a booked slash is not yet taken");
        }
    }

    /// @dev What was noted when an awaited second ended is what the contract says of it ever after.
    function _checkPast() private view {
        VotesHandler.Snapshot[] memory snapshots = handler.snapshots();
        for (uint256 i; i < snapshots.length; ++i) {
            uint256 second = snapshots[i].second;
            assertTrue(votes.isRecorded(second), "I-02 an awaited second is not recorded");
            assertEq(votes.getPastTotalSupply(second), snapshots[i].total, "I-02 the total of a past second");
            uint256[] memory list = new uint256[](actors.length);
            uint256 sum;
            for (uint256 k; k < list.length; ++k) {
                list[k] = votes.getPastVotes(actors[k], second);
                sum += list[k];
            }
            assertEq(sum, snapshots[i].total, "I-02 sum of votes at a past second");
            assertEq(keccak256(abi.encode(list)), snapshots[i].votes, "I-02 votes of a past second have changed");
        }
    }
}
