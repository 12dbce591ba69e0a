// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {IStakeVault} from "../../contracts/interfaces/IStakeVault.sol";
import {SlashBudget} from "../../contracts/staking/SlashBudget.sol";
import {StakeVault} from "../../contracts/staking/StakeVault.sol";
import {InvariantTest} from "../support/InvariantTest.sol";
import {StakingHandler} from "./handlers/StakingHandler.sol";

/// @dev The runner calls only contracts of the file of its test.
contract StakingActions is StakingHandler {}

/// @title Invariants of custody
/// @notice I-14 and I-15 are asserted around every slash and withdrawal, in the handler, and as conservation here.
contract StakingInvariants is InvariantTest {
    uint256 private constant FULL_EVERY = 16;

    StakingActions private handler;
    StakeVault private vault;
    IERC20[2] private tokens;
    address private treasury;
    address[] private actors;

    function setUp() public {
        handler = new StakingActions();
        handler.setUp();
        (address vault_, address masa, address tao, address treasury_) = handler.protocol();
        (vault, tokens, treasury) = (StakeVault(vault_), [IERC20(masa), IERC20(tao)], treasury_);
        for (uint256 i; i < handler.ACTORS(); ++i) {
            actors.push(handler.actors(i));
        }
        bytes4[] memory actions = new bytes4[](25);
        actions[0] = handler.stakeMasa.selector;
        actions[1] = handler.stakeTao.selector;
        actions[2] = handler.stakeWithPermit.selector;
        actions[3] = handler.startUnbonding.selector;
        actions[4] = handler.cancelUnbonding.selector;
        actions[5] = handler.withdraw.selector;
        actions[6] = handler.withdrawPart.selector;
        actions[7] = handler.donate.selector;
        actions[8] = handler.reserve.selector;
        actions[9] = handler.release.selector;
        actions[10] = handler.slashBacked.selector;
        actions[11] = handler.slashBeyond.selector;
        actions[12] = handler.slashAboveCap.selector;
        actions[13] = handler.applySlash.selector;
        actions[14] = handler.bookDeferred.selector;
        actions[15] = handler.reverseSlash.selector;
        actions[16] = handler.releaseSlash.selector;
        actions[17] = handler.scheduleSlasher.selector;
        actions[18] = handler.activateSlasher.selector;
        actions[19] = handler.revokeSlasher.selector;
        actions[20] = handler.setSlashCap.selector;
        actions[21] = handler.setCollateral.selector;
        actions[22] = handler.lendGuardian.selector;
        actions[23] = handler.setDelays.selector;
        actions[24] = handler.setBounty.selector;
        // What custody is about comes up more often than what governance does.
        bytes4[] memory often = new bytes4[](12);
        (often[0], often[1], often[2]) = (actions[0], actions[1], actions[3]);
        (often[3], often[4], often[5]) = (actions[3], actions[8], actions[8]);
        (often[6], often[7], often[8]) = (actions[10], actions[11], actions[12]);
        (often[9], often[10]) = (handler.pass.selector, handler.pass.selector);
        often[11] = handler.setDestinations.selector;
        _target(address(handler), actions, often);
    }

    function invariant_I01_I14_I15_I19_Custody() public {
        for (uint256 i; i < actors.length; ++i) {
            _checkAccount(actors[i]);
        }
        for (uint256 i; i < 2; ++i) {
            _checkBalance(i);
        }
        _checkDeferrals();
        if (handler.calls() % FULL_EVERY == 0) _recount();
    }

    function afterInvariant() public {
        _recount();
        bytes32[] memory outcomes = new bytes32[](15);
        outcomes[0] = "permit used before";
        outcomes[1] = "slash of a queue";
        outcomes[2] = "slash on a slash";
        outcomes[3] = "queue slashed to nothing";
        outcomes[4] = "slash applied by an action";
        outcomes[5] = "withdrawal under a booked slash";
        outcomes[6] = "slash deferred";
        outcomes[7] = "slash forgone";
        outcomes[8] = "deferral booked in part";
        outcomes[9] = "cap used up";
        outcomes[10] = "uncovered by a weight";
        outcomes[11] = "reversed by governance";
        outcomes[12] = "released by governance";
        outcomes[13] = "bounty paid";
        outcomes[14] = "second bounty refused";
        _writeOutcomes("StakingInvariants", outcomes, handler.times);
    }

    // ---------------------------------------------------------------- after every call

    /// @dev I-19, and that what is promised is there.
    function _checkAccount(address actor) private view {
        IStakeVault.Exposure memory e = vault.exposureOf(actor);
        IStakeVault.Position memory p = vault.positionOf(actor, address(tokens[0]));
        assertLe(e.reserved, uint256(p.staked) + p.queued, "I-19 more is reserved than held, net of bookings");
        assertEq(e.pendingCut, handler.modelPending(actor), "D14 what is booked waits to be applied");
        if (!handler.uncovered(actor)) {
            // Every cut may take a unit of TAO more than what was booked.
            assertTrue(
                handler.isCovered(actor, 16 * handler.dust()),
                "D15 reservations and deferrals are not backed by what is held"
            );
        }
    }

    /// @dev I-01: Σ stakes = vault balance − unbonding − appeal pot, donations apart.
    function _checkBalance(uint256 i) private view {
        (uint256 staked, uint256 unbonding, uint256 pot) = vault.totalsOf(address(tokens[i]));
        assertEq(
            tokens[i].balanceOf(address(vault)),
            staked + unbonding + pot + handler.donated(i),
            "I-01 balance and ledger differ"
        );
    }

    /// @dev D15: what a module has deferred is the sum of its deferrals, in LOTs.
    function _checkDeferrals() private view {
        uint256 count = handler.slasherCount();
        for (uint256 k; k < count; ++k) {
            address slasher = handler.slashers(k);
            IStakeVault.Slasher memory right = vault.slasherOf(slasher);
            if (right.revoked) continue;
            uint256 lots;
            for (uint256 i; right.deferredTotal != 0 && i < actors.length; ++i) {
                IStakeVault.Deferral memory d = vault.deferralOf(actors[i]);
                if (d.slasher == slasher) lots += SlashBudget.lotsUp(d.amount);
            }
            assertEq(right.deferredTotal, lots, "D15 the total of deferrals");
        }
    }

    // ---------------------------------------------------------------- recount

    /// @dev Applies everything that is booked, so that the ledger can be counted; the runner forgets it again.
    function _recount() private {
        uint256[2] memory staked;
        uint256[2] memory queued;
        uint256[2] memory pot;
        for (uint256 k; k < actors.length; ++k) {
            address actor = actors[k];
            StakingHandler.Held memory seen = handler.heldOf(actor);
            vault.applySlash(actor);
            StakingHandler.Held memory held = handler.heldOf(actor);
            assertEq(keccak256(abi.encode(held)), keccak256(abi.encode(seen)), "D14 the views foretold another state");
            assertEq(handler.follower().stakeOf(actor), held.staked[0], "D9 the observer missed a change");
            for (uint256 i; i < 2; ++i) {
                staked[i] += held.staked[i];
                queued[i] += held.queued[i];
                _recountEntries(actor, i, held.queued[i]);
            }
            _recountRecords(actor, pot);
            _recountReservations(actor);
            _recountFlows(actor, held);
        }
        for (uint256 i; i < 2; ++i) {
            (uint256 totalStaked, uint256 unbonding, uint256 appealPot) = vault.totalsOf(address(tokens[i]));
            assertEq(totalStaked, staked[i], "I-01 sum of stakes");
            assertEq(unbonding, queued[i], "I-01 sum of queues");
            assertEq(appealPot, pot[i], "I-01 sum of records");
            uint256[4] memory sent = handler.sentOf(i);
            assertEq(tokens[i].balanceOf(treasury), sent[0], "I-01 what was released");
            assertEq(tokens[i].balanceOf(address(0xc0a9)), sent[1], "I-01 what compensates");
            assertEq(tokens[i].balanceOf(vault.BURN_ADDRESS()), sent[2], "I-01 what was burned");
            assertEq(handler.heldByReporters(i), sent[3], "I-01 what reporters were paid");
        }
    }

    /// @dev I-15: the entries of a queue are worth the queue, rounded down each; an emptied queue has none.
    function _recountEntries(address actor, uint256 i, uint256 queued) private view {
        StakingHandler.Entry[] memory entries = handler.entriesOf(actor, i);
        uint24 generation = vault.positionOf(actor, address(tokens[i])).generation;
        uint256 worth;
        uint256 live;
        for (uint256 j; j < entries.length; ++j) {
            (IStakeVault.UnbondingEntry memory entry, uint256 amount) = vault.unbondingEntryOf(
                actor,
                address(tokens[i]),
                entries[j].id
            );
            assertGt(entry.shares, 0, "I-15 an entry is lost");
            assertEq(entry.maturesAt, entries[j].maturesAt, "D14 the delay of an entry changed");
            if (entry.generation == generation) ++live;
            else assertEq(amount, 0, "I-15 an entry of a queue slashed to nothing has worth");
            worth += amount;
        }
        assertLe(worth, queued, "I-15 entries exceed the queue");
        if (live == 0) assertEq(queued, 0, "I-15 a queue without entries");
        else assertLt(queued - worth, live, "I-15 a unit an entry is lost to rounding at most");
    }

    function _recountRecords(address actor, uint256[2] memory pot) private view {
        uint256[] memory records = handler.recordsOf(actor);
        for (uint256 j; j < records.length; ++j) {
            IStakeVault.SlashRecord memory record = vault.slashRecordOf(actor, records[j]);
            pot[0] += record.masa;
            pot[1] += record.tao;
            StakingHandler.Promise memory promised = handler.promiseOf(actor, records[j]);
            (address reporter, uint64 share) = vault.bountyOf(actor, records[j]);
            assertEq(reporter, promised.reporter, "D15 the reporter of a slash changed");
            assertEq(share, promised.share, "D15 the bounty of a slash changed");
        }
        // Applied by this recount, so that the handler does not know it.
        if (handler.modelPending(actor) == 0) return;
        IStakeVault.SlashRecord memory last = vault.slashRecordOf(actor, vault.exposureOf(actor).slashes);
        pot[0] += last.masa;
        pot[1] += last.tao;
    }

    function _recountReservations(address actor) private view {
        uint256[] memory open = handler.reservationsOf(actor);
        uint256 sum;
        for (uint256 j; j < open.length; ++j) {
            sum += open[j];
        }
        assertEq(vault.exposureOf(actor).reserved, sum, "I-19 sum of reservations");
    }

    /// @dev I-14: what an account put in is what it holds, took out and lost, to the last unit: nobody pays for another.
    function _recountFlows(address actor, StakingHandler.Held memory held) private view {
        IStakeVault.SlashRecord memory last;
        if (handler.modelPending(actor) != 0) {
            last = vault.slashRecordOf(actor, vault.exposureOf(actor).slashes);
        }
        for (uint256 i; i < 2; ++i) {
            StakingHandler.Flow memory flow = handler.flowOf(actor, i);
            assertEq(
                flow.paidIn + flow.restored,
                held.staked[i] + held.queued[i] + flow.paidOut + flow.lost + (i == 0 ? last.masa : last.tao),
                "I-14 an account is not conserved"
            );
        }
    }
}
