// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IGovernor} from "@openzeppelin/contracts/governance/IGovernor.sol";

import {GovernorHandler} from "../invariant/handlers/GovernorHandler.sol";

/// @title The tally against the naive model, over random histories
/// @notice A history is two proposals at once: delegations before the snapshot, then votes, overrides of residuals and
/// edges in any order, stake that comes, unbonds and is slashed, until both are over. After every step tallies, weights,
/// deadlines, quorum and states must be the model's (test/invariant/handlers/GovernorModel.sol).
contract MasaGovernorHistoriesTest is GovernorHandler {
    /// @dev Of a run; 256 runs make 5,120.
    uint256 private constant HISTORIES = 20;
    uint256 private constant STEPS = 10;
    /// @dev What a cheatcode answers where an action gives itself up.
    bytes32 private constant GIVEN_UP = keccak256("FOUNDRY::ASSUME");

    error MasaGovernorHistories_Failed(uint256 history, bytes4 action, bytes reason);

    function testFuzz_I17_TallyEqualsTheModelOver5120Histories(uint256 seed) public {
        for (uint256 h; h < HISTORIES; ++h) {
            // A call of its own each, or memory would grow without end.
            this.history(h, uint256(keccak256(abi.encode(seed, h))));
        }
        assertEq(_book.length, 2 * HISTORIES, "histories");
    }

    function history(uint256 h, uint256 word) external {
        uint256 first = _book.length;
        while (_book.length < first + 2) {
            word = uint256(keccak256(abi.encode(word)));
            _try(h, word % 4 == 0 ? this.makeProposal.selector : _change(word), word);
        }
        _warp(_book[first + 1].snapshot + 1);
        for (uint256 step; step < STEPS; ++step) {
            word = uint256(keccak256(abi.encode(word)));
            uint256 kind = word % 16;
            bytes4 action = _change(word);
            if (kind < 5) action = this.castVote.selector;
            else if (kind < 11) action = this.castOverride.selector;
            else if (kind < 13) action = this.pass.selector;
            _try(h, action, word);
            // By turns the one that was acted on, and both.
            _check(_touched);
            if (step % 4 == 3) _check(_touched == first ? first + 1 : first);
        }
        _warp(_book[first].deadline + _book[first + 1].deadline - _book[first].snapshot);
        _check(first);
        _check(first + 1);
        IGovernor.ProposalState state = _stateOf(first, _now);
        assertTrue(
            state == IGovernor.ProposalState.Succeeded ||
                state == IGovernor.ProposalState.Defeated ||
                state == IGovernor.ProposalState.Expired,
            "over"
        );
        // Everything of it expires before the next begins.
        _warp(_now + 30 days);
    }

    /// @dev What changes the stake or the delegations.
    function _change(uint256 word) private pure returns (bytes4) {
        uint256 kind = (word >> 16) % 8;
        if (kind == 0) return this.slashSome.selector;
        if (kind == 1) return this.unbond.selector;
        if (kind < 4) return this.delegateResidual.selector;
        return kind < 6 ? this.stakeMore.selector : this.setEdge.selector;
    }

    function _try(uint256 h, bytes4 action, uint256 seed) private {
        (bool ok, bytes memory reason) = address(this).call(abi.encodeWithSelector(action, seed));
        if (!ok && keccak256(reason) != GIVEN_UP) revert MasaGovernorHistories_Failed(h, action, reason);
    }
}
