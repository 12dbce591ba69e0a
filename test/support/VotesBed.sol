// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IStakeVotes} from "../../contracts/interfaces/IStakeVotes.sol";
import {StakeVotes} from "../../contracts/staking/StakeVotes.sol";
import {VaultBed} from "./VaultBed.sol";

/// @title The protocol with votes that follow the vault
/// @notice The test holds the right SNAPSHOT, as the governor does after deployment. Three workers may be delegated to.
abstract contract VotesBed is VaultBed {
    uint256 internal constant NODE_STAKE = 100_000e18;

    StakeVotes internal votes;
    address internal dora;
    address internal egon;
    address internal finn;

    function setUp() public virtual override {
        super.setUp();
        votes = new StakeVotes(address(this), vault, registry);
        _follow(votes);
        votes.wire(address(this));
        dora = _registerWorker(11, NODE_STAKE);
        egon = _registerWorker(12, NODE_STAKE);
        finn = _registerWorker(13, NODE_STAKE);
        _later(1);
    }

    // ---------------------------------------------------------------- acting

    /// @dev Names the vault's observer as governance does: after the delay.
    function _follow(StakeVotes follower) internal {
        vault.scheduleObserver(follower);
        _later(MODULE_DELAY);
        vault.activateObserver();
    }

    function _later(uint256 passed) internal {
        vm.warp(vm.getBlockTimestamp() + passed);
    }

    function _delegate(address account, address delegatee) internal {
        vm.prank(account);
        votes.delegate(delegatee);
    }

    function _setEdge(address account, address delegatee, uint256 units) internal {
        vm.prank(account);
        votes.delegateUnits(delegatee, units);
    }

    // ---------------------------------------------------------------- reading

    function _now() internal view returns (uint256) {
        return vm.getBlockTimestamp();
    }

    function _edgeUnits(address account, address delegatee) internal view returns (uint256) {
        IStakeVotes.Edge[] memory edges = votes.edgesOf(account);
        for (uint256 i; i < edges.length; ++i) {
            if (edges[i].delegatee == delegatee) return edges[i].units;
        }
        return 0;
    }

    function _allStaked() internal view returns (uint256 staked) {
        (staked, , ) = vault.totalsOf(address(masa));
    }

    /// @dev Those of these accounts and of the workers.
    function _sumOfVotes(address[3] memory accounts) internal view returns (uint256 sum) {
        sum = votes.getVotes(dora) + votes.getVotes(egon) + votes.getVotes(finn);
        for (uint256 i; i < accounts.length; ++i) {
            sum += votes.getVotes(accounts[i]);
        }
    }
}
