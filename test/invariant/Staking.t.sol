// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IStakeVault} from "../../contracts/interfaces/IStakeVault.sol";
import {StakeVault} from "../../contracts/staking/StakeVault.sol";
import {MasaToken} from "../../contracts/token/MasaToken.sol";
import {MasaFixture} from "../support/MasaFixture.sol";
import {InvariantTargets} from "./handlers/Handler.sol";
import {StakingHandler} from "./handlers/StakingHandler.sol";

contract StakingActions is StakingHandler {
    constructor(StakeVault vault_, MasaToken masa_, address market_) StakingHandler(vault_, masa_, market_) {}
}

/// @title Invariants of custody
/// hardhat-config: invariant.runs = 64
/// hardhat-config: invariant.depth = 150
/// hardhat-config: invariant.failOnRevert = true
contract StakingInvariant is MasaFixture, InvariantTargets {
    StakingHandler internal handler;

    function setUp() public override {
        super.setUp();
        handler = new StakingActions(vault, masa, address(escrow));
        masa.transfer(address(handler), 1_000_000e18);
        bytes4[] memory selectors = new bytes4[](10);
        selectors[0] = StakingHandler.stake.selector;
        selectors[1] = StakingHandler.unbond.selector;
        selectors[2] = StakingHandler.withdraw.selector;
        selectors[3] = StakingHandler.donate.selector;
        selectors[4] = StakingHandler.reserve.selector;
        selectors[5] = StakingHandler.release.selector;
        selectors[6] = StakingHandler.slashReserved.selector;
        selectors[7] = StakingHandler.slashFree.selector;
        selectors[8] = StakingHandler.releaseSlashed.selector;
        selectors[9] = StakingHandler.pass.selector;
        _targetHandler(address(handler), selectors);
    }

    /// I-01: Σ stakes = vault balance − unbonding − appeal pot, and the totals are the sums of the accounts.
    function invariant_I01_LedgerEqualsBalance() public view {
        (uint256 staked, uint256 unbonding, uint256 pot) = vault.totalsOf(address(masa));
        assertEq(
            masa.balanceOf(address(vault)),
            staked + unbonding + pot + handler.donated(),
            "I-01 balance and ledger differ"
        );
        uint256 stakedSum;
        uint256 unbondingSum;
        uint256 slashedSum;
        for (uint256 i; i < handler.actorCount(); ++i) {
            address actor = handler.actors(i);
            stakedSum += vault.positionOf(actor, address(masa)).staked;
            unbondingSum += vault.unbondingPoolOf(actor, address(masa)).amount;
            slashedSum += handler.slashedFrom(actor);
        }
        assertEq(stakedSum, staked, "I-01 sum of stakes");
        assertEq(unbondingSum, unbonding, "I-01 sum of queues");
        assertEq(slashedSum, pot + handler.released(), "I-01 sum of slashes");
        assertEq(masa.balanceOf(treasury), handler.released(), "I-01 treasury");
    }

    /// I-14: what an account put in is what it holds, took out and lost, to the last wei: nobody pays for another.
    function invariant_I14_EveryAccountIsConserved() public view {
        for (uint256 i; i < handler.actorCount(); ++i) {
            address actor = handler.actors(i);
            uint256 held =
                uint256(vault.positionOf(actor, address(masa)).staked) +
                    vault.unbondingPoolOf(actor, address(masa)).amount;
            assertEq(
                handler.paidIn(actor),
                held + handler.paidOut(actor) + handler.slashedFrom(actor),
                "I-14 account not conserved"
            );
        }
    }

    /// I-15: the entries of a queue are worth the queue, rounded down each; an emptied queue has no live shares.
    function invariant_I15_EntriesAreWorthTheirQueue() public view {
        for (uint256 i; i < handler.actorCount(); ++i) {
            address actor = handler.actors(i);
            uint256[] memory ids = handler.queuedOf(actor);
            IStakeVault.UnbondingPool memory pool = vault.unbondingPoolOf(actor, address(masa));
            uint24 generation = vault.positionOf(actor, address(masa)).generation;
            uint256 worth;
            uint256 shares;
            uint256 live;
            for (uint256 j; j < ids.length; ++j) {
                (IStakeVault.UnbondingEntry memory entry, uint256 amount) = vault.unbondingEntryOf(
                    actor,
                    address(masa),
                    ids[j]
                );
                assertGt(entry.shares, 0, "I-15 an entry is lost");
                if (entry.generation == generation) {
                    shares += entry.shares;
                    ++live;
                } else assertEq(amount, 0, "I-15 an entry of a slashed queue has worth");
                worth += amount;
            }
            assertEq(shares, pool.shares, "I-15 shares");
            assertLe(worth, pool.amount, "I-15 entries exceed the queue");
            if (live != 0) assertLt(pool.amount - worth, live, "I-15 a wei an entry at most");
            assertLe(pool.amount, pool.shares, "I-15 a share is worth a wei at most");
        }
    }

    /// I-19: Σ stake reserved by open commitments ≤ stake.
    function invariant_I19_ReservedWithinStake() public view {
        for (uint256 i; i < handler.actorCount(); ++i) {
            address actor = handler.actors(i);
            uint256[] memory open = handler.reservationsOf(actor);
            uint256 sum;
            for (uint256 j; j < open.length; ++j) {
                sum += open[j];
            }
            IStakeVault.Position memory position = vault.positionOf(actor, address(masa));
            assertEq(position.reserved, sum, "I-19 sum of reservations");
            assertLe(position.reserved, position.staked, "I-19 reserved exceeds stake");
        }
    }

    function afterInvariant() public view {
        _assertActed(150, 10);
    }
}
