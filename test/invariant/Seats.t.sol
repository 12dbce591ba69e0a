// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {EpochManager} from "../../contracts/epoch/EpochManager.sol";
import {INodeRegistry, NodeRole} from "../../contracts/interfaces/INodeRegistry.sol";
import {INodeStanding} from "../../contracts/interfaces/INodeStanding.sol";
import {IValidatorSet} from "../../contracts/interfaces/IValidatorSet.sol";
import {ValidatorSet} from "../../contracts/registry/ValidatorSet.sol";
import {MasaToken} from "../../contracts/token/MasaToken.sol";
import {InvariantTest} from "../support/InvariantTest.sol";
import {MasaFixture} from "../support/MasaFixture.sol";
import {SeatsHandler} from "./handlers/SeatsHandler.sol";

contract SeatsActions is SeatsHandler {
    constructor(
        ValidatorSet validatorSet_,
        EpochManager manager_,
        MasaToken masa_,
        address market_,
        uint256 actorCount_
    ) SeatsHandler(validatorSet_, manager_, masa_, market_, actorCount_) {}
}

/// @dev What must hold of the seats, with many validators and with few.
abstract contract SeatsInvariantBase is MasaFixture, InvariantTest {
    SeatsHandler internal handler;

    /// @param actorCount Validators there can be.
    /// @param seated How many of them have a seat at the start.
    function _begin(uint256 actorCount, uint256 seated) internal {
        super.setUp();
        handler = new SeatsActions(validatorSet, manager, masa, address(escrow), actorCount);
        masa.transfer(address(handler), 80_000_000e18);
        handler.begin(seated);
        bytes4[] memory selectors = new bytes4[](17);
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
        selectors[10] = SeatsHandler.leaveSeat.selector;
        selectors[11] = SeatsHandler.checkIn.selector;
        selectors[12] = SeatsHandler.refresh.selector;
        selectors[13] = SeatsHandler.rekey.selector;
        selectors[14] = SeatsHandler.revoke.selector;
        selectors[15] = SeatsHandler.slash.selector;
        selectors[16] = SeatsHandler.pass.selector;
        _target(address(handler), selectors, new bytes4[](0));
    }

    /// I-06: at most 64 seats, seats and index agree, no duplicates, nobody both waits and sits.
    /// (I-07 is asserted around every roll, in the handler.)
    function _assertSeats() internal view {
        uint256 occupied;
        for (uint256 i; i < 64; ++i) {
            (IValidatorSet.Seat memory seat, address owner) = validatorSet.seatAt(i);
            if (owner == address(0)) {
                assertEq(seat.seatedEpoch, 0, "I-06 a free seat has a past");
                assertEq(seat.signingKey, address(0), "I-06 a free seat has a key");
                assertEq(seat.weight, 0, "I-06 a free seat weighs");
                continue;
            }
            ++occupied;
            assertFalse(validatorSet.isWaiting(owner), "I-06 sits and waits");
            (bool seated, uint256 index) = validatorSet.seatOf(owner);
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
            (, address owner) = validatorSet.seatAt(index);
            assertEq(owner, handler.actors(i), "I-06 seat and index differ");
        }
        assertEq(indexed_, occupied, "I-06 index and seats differ in number");
    }

    /// REG-08: nobody is on the waitlist twice, or sits while waiting.
    function _assertWaitlist() internal view {
        IValidatorSet.Candidate[] memory waiting = validatorSet.waitlist();
        assertLe(waiting.length, 64, "REG-07 bounded");
        for (uint256 i; i < waiting.length; ++i) {
            (bool seated, ) = validatorSet.seatOf(waiting[i].owner);
            assertFalse(seated, "I-06 waits and sits");
            for (uint256 j; j < i; ++j) {
                assertNotEq(waiting[i].owner, waiting[j].owner, "REG-08 twice on the waitlist");
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
        (address[] memory keys, uint64[] memory weights) = validatorSet.frozenSeatsOf(last);
        uint256 sum;
        for (uint256 i; i < weights.length; ++i) {
            sum += weights[i];
            if (weights[i] == 0) continue;
            assertNotEq(keys[i], address(0), "SIG-05 weight without a key");
            for (uint256 j; j < i; ++j) {
                assertNotEq(keys[i], keys[j], "SCO-13 a key counts twice");
            }
        }
        assertEq(validatorSet.frozenSetOf(last).totalWeight, sum, "SCO-13 total weight");
    }

    /// I-08 for the validators that come and go with the seats.
    function _assertRecount() internal view {
        uint256 count;
        uint256 sum;
        for (uint256 i; i < handler.actorCount(); ++i) {
            address actor = handler.actors(i);
            INodeStanding.Standing memory s = standing.standingOf(actor, NodeRole.Validator);
            if (!s.registered || s.short) continue;
            ++count;
            sum += standing.storedUtilityOf(actor, NodeRole.Validator);
        }
        INodeStanding.RoleTotals memory totals = standing.totalsOf(NodeRole.Validator);
        assertEq(totals.count, count, "I-08 count");
        assertEq(totals.utilitySum, sum, "I-08 sum");
    }
}

/// @title Few validators around the floor: pruning, immunity, cooldown, silence
contract FewSeatsInvariant is SeatsInvariantBase {
    function setUp() public override {
        _begin(9, 7);
    }

    /// The ids are in the assertions; one campaign checks them all after every call.
    function invariant_I06_I07_I08_SCO13_Seats() public view {
        _assertSeats();
        _assertWaitlist();
        _assertFrozen();
        _assertRecount();
    }

    function afterInvariant() public {
        bytes32[] memory outcomes = new bytes32[](11);
        outcomes[0] = "seated";
        outcomes[1] = "pruned";
        outcomes[2] = "pruned while leaving";
        outcomes[3] = "pruned by a report";
        outcomes[4] = "spared at the floor";
        outcomes[5] = "vacated";
        outcomes[6] = "vacated as silent";
        outcomes[7] = "refused while cooling down";
        outcomes[8] = "refused as not eligible";
        outcomes[9] = "key masked";
        outcomes[10] = "joined the waitlist";
        _writeOutcomes("FewSeatsInvariant", outcomes, handler.times);
    }
}

/// @title More validators than seats
/// hardhat-config: invariant.runs = 6
/// hardhat-config: invariant.depth = 60
contract FullSeatsInvariant is SeatsInvariantBase {
    function setUp() public override {
        _begin(68, 63);
    }

    function invariant_I06_I07_SixtyFourSeatsAtMost() public view {
        _assertSeats();
        _assertWaitlist();
        _assertFrozen();
    }
}
