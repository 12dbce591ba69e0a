// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IReputation} from "../../contracts/interfaces/IReputation.sol";
import {IncentivesBed} from "./IncentivesBed.sol";

/// @title What the tests of reputation and rewards share
/// @notice Alice stakes 600,000 and proposes, Bob and Carol 200,000 each; two workers whom one may delegate to stake
/// 100,000 each. Proposals are of class 1, of weight 1, unless said otherwise: a quorum is 96,000.
abstract contract ReputationBed is IncentivesBed {
    uint256 internal constant ALICE = 600_000e18;
    uint256 internal constant BOB = 200_000e18;
    uint256 internal constant CAROL = 200_000e18;
    uint256 internal constant WORKER = 100_000e18;
    uint8 internal constant CLASS = 1;

    address internal worker;
    address internal other;

    function setUp() public virtual override {
        super.setUp();
        _stake(alice, ALICE);
        _stake(bob, BOB);
        _stake(carol, CAROL);
        worker = _registerWorker(7, WORKER);
        other = _registerWorker(8, WORKER);
        _fillPot(100_000e18);
    }

    /// @dev Of alice, in its voting.
    function _open() internal returns (uint256 proposalId) {
        proposalId = _propose(alice, CLASS);
        _open(proposalId);
    }

    /// @dev To the end of its vote, and counts it.
    function _count(uint256 proposalId) internal {
        _close(proposalId);
        reputation.close(proposalId);
    }

    /// @dev A closed proposal that alice made and voted for, which is its quorum; nobody else voted.
    function _passed() internal returns (uint256 proposalId) {
        proposalId = _open();
        _vote(alice, proposalId, FOR);
        _count(proposalId);
    }

    /// @dev A closed proposal that alice and one more voted for.
    function _passedWith(address account) internal returns (uint256 proposalId) {
        proposalId = _open();
        _vote(alice, proposalId, FOR);
        _vote(account, proposalId, FOR);
        _count(proposalId);
    }

    /// @dev The account's own credit for its residual.
    function _credit(address account, uint256 proposalId) internal {
        vm.prank(account);
        reputation.credit(account, proposalId, true, _none());
    }

    function _creditEdge(address account, uint256 proposalId, address delegatee) internal {
        vm.prank(account);
        reputation.credit(account, proposalId, false, _list(delegatee));
    }

    function _epoch() internal view returns (uint64) {
        return clock.currentEpoch();
    }

    function _weight(address account) internal view returns (uint256) {
        return reputation.weightOf(account, _epoch());
    }

    function _standing(address account) internal view returns (IReputation.Standing memory) {
        return reputation.standingOf(account);
    }

    function _wad(uint256 left, uint256 right) internal pure returns (uint256) {
        return (left * right) / WAD;
    }
}
