// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {InvariantTest} from "../support/InvariantTest.sol";
import {GovernorHandler} from "./handlers/GovernorHandler.sol";

/// @dev The runner calls only contracts of the file of its test.
contract GovernorActions is GovernorHandler {}

/// @title Invariants of proposals and their votes
contract GovernorInvariants is InvariantTest {
    GovernorActions private handler;

    function setUp() public {
        handler = new GovernorActions();
        handler.setUp();
        bytes4[] memory actions = new bytes4[](13);
        actions[0] = handler.pass.selector;
        actions[1] = handler.stakeMore.selector;
        actions[2] = handler.unbond.selector;
        actions[3] = handler.slashSome.selector;
        actions[4] = handler.delegateResidual.selector;
        actions[5] = handler.setEdge.selector;
        actions[6] = handler.makeProposal.selector;
        actions[7] = handler.queueIt.selector;
        actions[8] = handler.executeIt.selector;
        actions[9] = handler.cancelIt.selector;
        actions[10] = handler.castVote.selector;
        actions[11] = handler.castOverride.selector;
        actions[12] = handler.tryAsStranger.selector;
        // Time, proposals and votes come up more often than the rest.
        bytes4[] memory often = new bytes4[](6);
        (often[0], often[1]) = (actions[0], actions[6]);
        (often[2], often[3]) = (actions[10], actions[10]);
        (often[4], often[5]) = (actions[11], actions[11]);
        _target(address(handler), actions, often);
    }

    function invariant_I16_I17_VotesAndParameters() public {
        handler.check();
    }

    function afterInvariant() public {
        bytes32[] memory outcomes = new bytes32[](17);
        outcomes[0] = "time passed with proposals";
        outcomes[1] = "unbonding took of edges";
        outcomes[2] = "slash took of edges";
        outcomes[3] = "several proposals at once";
        outcomes[4] = "queued";
        outcomes[5] = "executed";
        outcomes[6] = "settings changed";
        outcomes[7] = "settings out of bounds refused";
        outcomes[8] = "cancelled by its proposer";
        outcomes[9] = "cancelled by the guardian";
        outcomes[10] = "delegate came too late";
        outcomes[11] = "direct vote in the window";
        outcomes[12] = "extended by a vote";
        outcomes[13] = "extended by an override";
        outcomes[14] = "override refused";
        outcomes[15] = "edges overridden";
        outcomes[16] = "override in the window";
        _writeOutcomes("GovernorInvariants", outcomes, handler.times);
    }
}
