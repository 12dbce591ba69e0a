// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {EpochManager} from "../../contracts/epoch/EpochManager.sol";
import {INodeRegistry} from "../../contracts/interfaces/INodeRegistry.sol";
import {IValidatorSet} from "../../contracts/interfaces/IValidatorSet.sol";
import {ValidatorSet} from "../../contracts/registry/ValidatorSet.sol";
import {MasaToken} from "../../contracts/token/MasaToken.sol";
import {MasaFixture} from "../support/MasaFixture.sol";
import {InvariantTargets} from "./handlers/Handler.sol";
import {SeatsHandler} from "./handlers/SeatsHandler.sol";

contract SeatsActions is SeatsHandler {
    constructor(
        ValidatorSet validatorSet_,
        EpochManager manager_,
        MasaToken masa_,
        uint256 actorCount_
    ) SeatsHandler(validatorSet_, manager_, masa_, actorCount_) {}
}

/// @dev What must hold of the seats, with many validators and with few.
abstract contract SeatsInvariantBase is MasaFixture, InvariantTargets {
    SeatsHandler internal handler;

    /// @param actorCount Validators there can be.
    /// @param seated How many of them have a seat at the start.
    function _begin(uint256 actorCount, uint256 seated) internal {
        super.setUp();
        handler = new SeatsActions(validatorSet, manager, masa, actorCount);
        masa.transfer(address(handler), 80_000_000e18);
        handler.begin(seated);
        bytes4[] memory selectors = new bytes4[](10);
        selectors[0] = SeatsHandler.register.selector;
        selectors[1] = SeatsHandler.deregister.selector;
        selectors[2] = SeatsHandler.join.selector;
        selectors[3] = SeatsHandler.leaveWaitlist.selector;
        selectors[4] = SeatsHandler.unbond.selector;
        selectors[5] = SeatsHandler.topUp.selector;
        selectors[6] = SeatsHandler.report.selector;
        selectors[7] = SeatsHandler.roll.selector;
        selectors[8] = SeatsHandler.setSeatParameters.selector;
        // Twice as likely: reports and rolls are what the seats live by.
        selectors[9] = SeatsHandler.roll.selector;
        _targetHandler(address(handler), selectors);
    }

    /// I-06: at most 64 seats, seats and index agree, no duplicates, nobody both waits and sits.
    /// (I-07 is asserted around every roll, in the handler.)
    function _assertSeats() internal view {
        uint256 occupied;
        for (uint256 i; i < 64; ++i) {
            IValidatorSet.Seat memory seat = validatorSet.seatAt(i);
            if (seat.owner == address(0)) {
                assertEq(seat.seatedEpoch, 0, "I-06 a free seat has a past");
                continue;
            }
            ++occupied;
            (bool seated, uint256 index) = validatorSet.seatOf(seat.owner);
            assertTrue(seated, "I-06 the index misses a seat");
            assertEq(index, i, "I-06 index and seat differ");
            assertLe(seat.seatedEpoch, manager.rolledEpoch(), "I-06 seated in the future");
        }
        assertEq(validatorSet.seatCount(), occupied, "I-06 count");
        assertLe(occupied, 64, "I-06 more than 64");
        uint256 indexed_;
        for (uint256 i; i < handler.actorCount(); ++i) {
            (bool seated, uint256 index) = validatorSet.seatOf(handler.actors(i));
            if (!seated) continue;
            ++indexed_;
            assertEq(validatorSet.seatAt(index).owner, handler.actors(i), "I-06 seat and index differ");
        }
        assertEq(indexed_, occupied, "I-06 index and seats differ in number");
    }

    /// REG-08: nobody is on the waitlist twice, or sits while waiting.
    function _assertWaitlist() internal view {
        address[] memory waiting = validatorSet.waitlist();
        assertLe(waiting.length, 64, "REG-07 bounded");
        for (uint256 i; i < waiting.length; ++i) {
            (bool seated, ) = validatorSet.seatOf(waiting[i]);
            assertFalse(seated, "I-06 waits and sits");
            for (uint256 j; j < i; ++j) {
                assertNotEq(waiting[i], waiting[j], "REG-08 twice on the waitlist");
            }
        }
    }

    /// SCO-13: a frozen set never changes; its weights sum to its total, at most one; a key counts once.
    function _assertFrozen() internal view {
        uint256 count = handler.frozenCount();
        for (uint256 i = count > 6 ? count - 6 : 0; i < count; ++i) {
            uint64 epoch = handler.frozenEpochs(i);
            assertEq(handler.hashOfFrozen(epoch), handler.frozenHash(epoch), "SCO-13 a frozen set changed");
        }
        uint64 last = handler.frozenEpochs(count - 1);
        (address[] memory hotKeys, uint64[] memory weights) = validatorSet.frozenSeatsOf(last);
        uint256 sum;
        for (uint256 i; i < weights.length; ++i) {
            sum += weights[i];
            if (weights[i] == 0) continue;
            assertNotEq(hotKeys[i], address(0), "SIG-05 weight without a key");
            for (uint256 j; j < i; ++j) {
                assertNotEq(hotKeys[i], hotKeys[j], "SCO-13 a key counts twice");
            }
        }
        assertEq(validatorSet.frozenSetOf(last).totalWeight, sum, "SCO-13 total weight");
        assertLe(sum, WAD, "SCO-13 weights above one");
    }

    /// I-08 for the validators that come and go with the seats.
    function _assertRecount() internal {
        uint256 count;
        uint256 sum;
        for (uint256 i; i < handler.actorCount(); ++i) {
            address actor = handler.actors(i);
            if (registry.roleOf(actor) == INodeRegistry.Role.None) continue;
            registry.poke(actor);
            INodeRegistry.NodeView memory node = registry.nodeOf(actor);
            if (node.short) continue;
            ++count;
            sum += node.utility;
        }
        INodeRegistry.RoleTotals memory totals = registry.totalsOf(INodeRegistry.Role.Validator);
        assertEq(totals.count, count, "I-08 count");
        assertEq(totals.utilitySum, sum, "I-08 sum");
    }
}

/// @title Few validators around the floor: pruning, immunity, cooldown
/// hardhat-config: invariant.runs = 32
/// hardhat-config: invariant.depth = 120
/// hardhat-config: invariant.failOnRevert = true
contract FewSeatsInvariant is SeatsInvariantBase {
    function setUp() public override {
        _begin(9, 7);
    }

    function invariant_I06_I07_SeatsAndIndexAgree() public view {
        _assertSeats();
        _assertWaitlist();
    }

    function invariant_SCO13_FrozenSetsNeverChange() public view {
        _assertFrozen();
    }

    function invariant_I08_CountsAndSumsEqualTheRecount() public {
        _assertRecount();
    }

    function afterInvariant() public view {
        _assertActed(120, 10);
    }
}

/// @title More validators than seats
/// hardhat-config: invariant.runs = 6
/// hardhat-config: invariant.depth = 60
/// hardhat-config: invariant.failOnRevert = true
contract FullSeatsInvariant is SeatsInvariantBase {
    function setUp() public override {
        _begin(68, 63);
    }

    function invariant_I06_I07_SixtyFourSeatsAtMost() public view {
        _assertSeats();
        _assertWaitlist();
        _assertFrozen();
    }

    function afterInvariant() public view {
        _assertActed(60, 5);
    }
}
