// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {INodeRegistry, NodeRole} from "../../contracts/interfaces/INodeRegistry.sol";
import {IValidatorSet} from "../../contracts/interfaces/IValidatorSet.sol";
import {SeatsFixture} from "../support/SeatsFixture.sol";

/// @dev What the tests of the waitlist share.
abstract contract WaitlistBase is SeatsFixture {
    /// @dev Registers validators with the keys from `first` on and puts them on the waitlist.
    function _fill(uint256 first, uint256 count, uint256 stake) internal returns (address[] memory owners) {
        owners = new address[](count);
        for (uint256 i; i < count; ++i) {
            owners[i] = _registerValidator(first + i, stake);
            _joinWaitlist(owners[i]);
        }
    }

    function _weightOf(address owner) internal view returns (uint64) {
        IValidatorSet.Candidate[] memory waiting = validatorSet.waitlist();
        for (uint256 i; i < waiting.length; ++i) {
            if (waiting[i].owner == owner) return waiting[i].weight;
        }
        revert("not waiting");
    }

    function _expectFull(address owner, uint64 lightest, uint64 weight) internal {
        vm.expectRevert(abi.encodeWithSelector(IValidatorSet.ValidatorSet_WaitlistFull.selector, 64, lightest, weight));
        _joinWaitlist(owner);
    }
}

/// @title Waitlist: joining, leaving, displacing
contract WaitlistTest is WaitlistBase {
    function test_JoinAndLeave() public {
        address owner = _registerValidator(1, STAKE);
        vm.expectEmit(address(validatorSet));
        emit IValidatorSet.WaitlistJoined(owner, WEIGHT);
        _joinWaitlist(owner);
        IValidatorSet.Candidate[] memory waiting = validatorSet.waitlist();
        assertEq(waiting.length, 1, "waiting");
        assertEq(waiting[0].owner, owner, "owner");
        assertEq(waiting[0].weight, WEIGHT, "weight");
        assertEq(waiting[0].joinedEpoch, 0, "epoch");
        assertTrue(validatorSet.isWaiting(owner), "isWaiting");
        vm.expectRevert(abi.encodeWithSelector(IValidatorSet.ValidatorSet_AlreadyWaiting.selector, owner));
        _joinWaitlist(owner);
        vm.expectEmit(address(validatorSet));
        emit IValidatorSet.WaitlistLeft(owner);
        vm.prank(owner);
        validatorSet.leaveWaitlist();
        assertEq(validatorSet.waitlist().length, 0, "empty");
        assertFalse(validatorSet.isWaiting(owner), "gone");
        vm.expectRevert(abi.encodeWithSelector(IValidatorSet.ValidatorSet_NotWaiting.selector, owner));
        vm.prank(owner);
        validatorSet.leaveWaitlist();
        _rollNext();
        assertFalse(_isSeated(owner), "who left the list is not seated");
        _joinWaitlist(owner);
        assertEq(validatorSet.waitlist()[0].joinedEpoch, 1, "joined in the epoch last rolled into");
    }

    function test_AnOperatorWithTheRightActsForTheAccount() public {
        address owner = _registerValidator(1, STAKE);
        address operator = _newKey(50);
        _setOperator(owner, operator, RIGHT_SEAT);
        vm.prank(operator);
        validatorSet.joinWaitlist();
        assertTrue(validatorSet.isWaiting(owner), "joined");
        vm.prank(operator);
        validatorSet.leaveWaitlist();
        assertFalse(validatorSet.isWaiting(owner), "left");
    }

    function test_RevertGiven_AnOperatorWithoutTheRight() public {
        address owner = _registerValidator(1, STAKE);
        address operator = _newKey(50);
        _setOperator(owner, operator, 31 - RIGHT_SEAT - 1);
        bytes memory refused = abi.encodeWithSelector(
            INodeRegistry.NodeRegistry_NotAuthorised.selector,
            operator,
            RIGHT_SEAT
        );
        vm.startPrank(operator);
        vm.expectRevert(refused);
        validatorSet.joinWaitlist();
        vm.expectRevert(refused);
        validatorSet.leaveWaitlist();
        vm.expectRevert(refused);
        validatorSet.leaveSeat();
        vm.expectRevert(refused);
        validatorSet.checkIn();
        vm.stopPrank();
    }

    function test_RevertGiven_NotEligibleToJoin() public {
        address worker = _registerWorker(1, STAKE);
        vm.expectRevert(abi.encodeWithSelector(IValidatorSet.ValidatorSet_NotEligible.selector, worker));
        _joinWaitlist(worker);
        vm.expectRevert(
            abi.encodeWithSelector(INodeRegistry.NodeRegistry_NotAuthorised.selector, _account(2), RIGHT_SEAT)
        );
        _joinWaitlist(_account(2));
        address short = _registerValidator(3, STAKE);
        _fallShort(short);
        vm.expectRevert(abi.encodeWithSelector(IValidatorSet.ValidatorSet_NotEligible.selector, short));
        _joinWaitlist(short);
    }

    function test_RevertGiven_AlreadySeated() public {
        address[] memory owners = _seatValidators(3, STAKE);
        vm.expectRevert(abi.encodeWithSelector(IValidatorSet.ValidatorSet_AlreadySeated.selector, owners[2], 2));
        _joinWaitlist(owners[2]);
    }

    /// REG-08: leaving from the front, the middle and the end keeps list and index in step.
    function test_REG08_SwapAndPopKeepsTheIndex() public {
        address[] memory owners = _fill(1, 5, STAKE);
        uint256[5] memory order = [uint256(0), 2, 4, 1, 3];
        for (uint256 left; left < 5; ++left) {
            vm.prank(owners[order[left]]);
            validatorSet.leaveWaitlist();
            IValidatorSet.Candidate[] memory waiting = validatorSet.waitlist();
            assertEq(waiting.length, 4 - left, "REG-08 length");
            for (uint256 i; i < 5; ++i) {
                bool gone;
                for (uint256 j; j <= left; ++j) {
                    if (order[j] == i) gone = true;
                }
                uint256 found;
                for (uint256 j; j < waiting.length; ++j) {
                    if (waiting[j].owner == owners[i]) ++found;
                }
                assertEq(found, gone ? 0 : 1, "REG-08 who stays is there once");
                assertEq(validatorSet.isWaiting(owners[i]), !gone, "REG-08 index");
            }
        }
        _joinWaitlist(owners[0]);
        assertEq(validatorSet.waitlist()[0].owner, owners[0], "REG-08 back again");
    }

    /// REG-07: a full list takes a newcomer only in place of a lighter one; which one does not depend on who asks.
    function test_REG07_AHeavierNewcomerDisplacesTheLightest() public {
        address[] memory owners = _fill(1, 64, STAKE);
        _stake(owners[0], 1e18);
        validatorSet.refresh(owners[0]);
        address equal = _registerValidator(65, STAKE);
        _expectFull(equal, WEIGHT, WEIGHT);
        address lighter = _registerValidator(66, STAKE - 1e18);
        _expectFull(lighter, WEIGHT, WEIGHT - 1e6);

        address heavier = _registerValidator(67, STAKE + 1e12);
        // All but the first weigh the same and came in one epoch: the last on the list goes.
        vm.expectEmit(address(validatorSet));
        emit IValidatorSet.WaitlistLeft(owners[63]);
        vm.expectEmit(address(validatorSet));
        emit IValidatorSet.WaitlistJoined(heavier, WEIGHT + 1);
        _joinWaitlist(heavier);
        assertEq(validatorSet.waitlist().length, 64, "REG-07 bounded");
        assertFalse(validatorSet.isWaiting(owners[63]), "REG-07 displaced");
        assertTrue(validatorSet.isWaiting(heavier), "REG-07 joined");

        // Who was displaced has nothing to wait for: with more stake it displaces the next.
        _stake(owners[63], 2e18);
        _joinWaitlist(owners[63]);
        assertTrue(validatorSet.isWaiting(owners[63]), "REG-07 back");
        assertFalse(validatorSet.isWaiting(owners[62]), "REG-07 the next one went");
    }

    /// Of equals the one that joined in the later epoch goes, wherever it stands on the list.
    function test_REG07_OfEqualsTheLaterIsDisplaced() public {
        _seatValidators(64, STAKE);
        address[] memory early = _fill(101, 30, STAKE);
        _rollNext();
        address[] memory late = _fill(201, 34, STAKE);
        // The last, an early one, moves into the second place of the list once more.
        vm.prank(early[1]);
        validatorSet.leaveWaitlist();
        assertEq(validatorSet.waitlist()[1].owner, late[33], "REG-07 moved by swap and pop");
        _rollNext();
        address last = _registerValidator(300, STAKE);
        _joinWaitlist(last);
        address heavier = _registerValidator(301, STAKE + 1e18);
        _joinWaitlist(heavier);
        assertFalse(validatorSet.isWaiting(last), "REG-07 the latest goes first");
        heavier = _registerValidator(302, STAKE + 1e18);
        _joinWaitlist(heavier);
        assertFalse(validatorSet.isWaiting(late[32]), "REG-07 then the last place of the next epoch");
        assertTrue(validatorSet.isWaiting(late[33]), "REG-07 its place is an early one");
        assertTrue(validatorSet.isWaiting(early[0]), "REG-07 the earliest stay");
    }

    /// REG-07: 64 candidates at the least stake keep nobody out, for every one of them can be outbid; and once there is
    /// room, the heavy ones are seated before all of them.
    function test_REG07_SpamAtMinimumStakeIsOutbid() public {
        uint256 least = standing.requirementAt(NodeRole.Validator, 0.5e18);
        address[] memory spam = _fill(1, 64, least);
        address[] memory honest = _fill(101, 64, least + 1e18);
        assertEq(validatorSet.waitlist().length, 64, "REG-07 bounded");
        _rollNext();
        for (uint256 i; i < 64; ++i) {
            assertTrue(_isSeated(honest[i]), "REG-07 seated");
            assertFalse(validatorSet.isWaiting(spam[i]), "REG-07 outbid");
        }
    }

    function test_ALeftOverWaitsForTheNextSeat() public {
        _fill(1, 64, STAKE);
        _rollNext();
        assertEq(validatorSet.seatCount(), 64, "I-06 all seats");
        assertEq(validatorSet.waitlist().length, 0, "the list is empty again");
        address late = _registerValidator(65, 4 * STAKE);
        _joinWaitlist(late);
        _rollNext();
        assertFalse(_isSeated(late), "I-06 no 65th seat");
        assertTrue(validatorSet.isWaiting(late), "it keeps waiting");
        _leaveSeat(_ownerAt(40));
        _rollNext();
        assertEq(_seatIndexOf(late), 40, "I-06 the freed seat");
    }

    function test_WhoDeregistersDropsOffTheList() public {
        address[] memory owners = _fill(1, 2, STAKE);
        vm.expectEmit(address(validatorSet));
        emit IValidatorSet.WaitlistLeft(owners[0]);
        _deregister(owners[0]);
        assertFalse(validatorSet.isWaiting(owners[0]), "dropped");
        assertTrue(validatorSet.isWaiting(owners[1]), "the other one waits");
    }

    function test_WhoFallsShortDropsOffTheListWhenPoked() public {
        _seatValidators(64, STAKE);
        address owner = _registerValidator(65, STAKE);
        _joinWaitlist(owner);
        _fallShort(owner);
        assertFalse(validatorSet.isWaiting(owner), "dropped");
    }
}

/// @title Waitlist: whose turn it is
contract WaitlistOrderTest is WaitlistBase {
    function test_HeaviestAreSeatedFirst() public {
        _fill(1, 62, STAKE);
        _rollNext();
        address[] memory owners = new address[](4);
        for (uint256 i; i < 4; ++i) {
            owners[i] = _registerValidator(100 + i, STAKE + (i % 2) * 1e18 + i * 1e12);
            _joinWaitlist(owners[i]);
        }
        vm.expectEmit(address(validatorSet));
        emit IValidatorSet.Seated(owners[3], 62, 2, WEIGHT + 1e6 + 3);
        vm.expectEmit(address(validatorSet));
        emit IValidatorSet.Seated(owners[1], 63, 2, WEIGHT + 1e6 + 1);
        _rollNext();
        assertEq(validatorSet.waitlist().length, 2, "two seats, two left over");
        assertTrue(validatorSet.isWaiting(owners[0]) && validatorSet.isWaiting(owners[2]), "the lighter two");
    }

    /// A thousand-millionth of a MASA is below the weights' unit: equals go by the epoch they joined in, then by place.
    function test_REG01_EqualsGoByEpochThenByPlace() public {
        _seatValidators(64, STAKE);
        address[] memory early = _fill(101, 2, STAKE);
        _rollNext();
        address[] memory late = _fill(201, 2, STAKE + 1e9);
        for (uint256 seat; seat < 4; ++seat) {
            _leaveSeat(_ownerAt(seat));
        }
        _rollNext();
        assertEq(_ownerAt(0), early[0], "REG-01 the first");
        assertEq(_ownerAt(1), early[1], "REG-01 the second of the earlier epoch");
        assertEq(_ownerAt(2), late[0], "REG-01 the first of the later epoch");
        assertEq(_ownerAt(3), late[1], "REG-01 the last");
    }

    /// A weight claimed by stake that has left since is corrected when its turn comes: the candidate goes back into the
    /// line, before those that are lighter still.
    function test_AStaleWeightIsCorrectedInTurn() public {
        _seatValidators(62, STAKE);
        address fallen = _registerValidator(101, 4 * STAKE);
        address better = _registerValidator(102, 2 * STAKE);
        address worse = _registerValidator(103, STAKE);
        _joinWaitlist(fallen);
        _joinWaitlist(better);
        _joinWaitlist(worse);
        _unbond(fallen, (STAKE * 5) / 2); // 1.5 STAKE left
        assertEq(_weightOf(fallen), 4 * WEIGHT, "stale");
        vm.expectEmit(address(validatorSet));
        emit IValidatorSet.Seated(better, 62, 2, 2 * WEIGHT);
        vm.expectEmit(address(validatorSet));
        emit IValidatorSet.Seated(fallen, 63, 2, (WEIGHT * 3) / 2);
        _rollNext();
        assertTrue(validatorSet.isWaiting(worse), "lighter than what is left");
    }

    /// If others are heavier than what is left, it stays on the list with the weight it has.
    function test_AStaleWeightLosesItsTurn() public {
        _seatValidators(63, STAKE);
        address fallen = _registerValidator(101, 4 * STAKE);
        address better = _registerValidator(102, 2 * STAKE);
        _joinWaitlist(fallen);
        _joinWaitlist(better);
        _unbond(fallen, 3 * STAKE);
        _rollNext();
        assertEq(_seatIndexOf(better), 63, "takes the seat");
        assertTrue(validatorSet.isWaiting(fallen), "still waits");
        assertEq(_weightOf(fallen), WEIGHT, "corrected");
        assertEq(validatorSet.waitlist()[0].joinedEpoch, 1, "with the epoch it joined in");
    }

    /// Nor does a heavy claim keep a place on the full list once someone looks.
    function test_AStaleWeightIsDisplacedOnceRefreshed() public {
        address[] memory owners = _fill(1, 64, 2 * STAKE);
        _unbond(owners[5], STAKE);
        address late = _registerValidator(65, STAKE + 1e18);
        _expectFull(late, 2 * WEIGHT, WEIGHT + 1e6);
        vm.expectEmit(address(validatorSet));
        emit IValidatorSet.WeightRefreshed(owners[5], 2 * WEIGHT, WEIGHT);
        assertEq(validatorSet.refresh(owners[5]), WEIGHT, "returned");
        _joinWaitlist(late);
        assertFalse(validatorSet.isWaiting(owners[5]), "displaced");
    }

    /// A weight that grew since is taken when the seat is taken, but does not move its place in the line by itself.
    function test_AGrownWeightCountsOnceRefreshed() public {
        _seatValidators(63, STAKE);
        address[] memory owners = _fill(101, 2, 2 * STAKE);
        _stake(owners[1], STAKE);
        _rollNext();
        assertEq(_seatIndexOf(owners[0]), 63, "the claim decides");
        _stake(owners[1], STAKE);
        address rival = _registerValidator(103, 3 * STAKE);
        _joinWaitlist(rival);
        validatorSet.refresh(owners[1]);
        assertEq(_weightOf(owners[1]), 4 * WEIGHT, "refreshed");
        _leaveSeat(_ownerAt(7));
        _rollNext();
        assertEq(_seatIndexOf(owners[1]), 7, "before the rival");
        assertEq(_seat(7).weight, 4 * WEIGHT, "weight");
    }

    /// A seat's weight is what its owner has when it takes it.
    function test_AGrownWeightIsSeatedWithWhatItIs() public {
        address owner = _registerValidator(1, STAKE);
        _joinWaitlist(owner);
        _stake(owner, STAKE);
        vm.expectEmit(address(validatorSet));
        emit IValidatorSet.Seated(owner, 0, 1, 2 * WEIGHT);
        _rollNext();
    }

    /// In grace an account is eligible; without stake it has no weight and gets no seat.
    function test_NobodyIsSeatedWithoutStake() public {
        address owner = _registerValidator(1, STAKE);
        _joinWaitlist(owner);
        _unbond(owner, STAKE);
        vm.expectEmit(address(validatorSet));
        emit IValidatorSet.WaitlistLeft(owner);
        _rollNext();
        assertFalse(_isSeated(owner), "no seat");
        assertTrue(standing.isEligible(owner, NodeRole.Validator), "D4 in grace");
        assertFalse(validatorSet.isWaiting(owner), "off the list");
    }

    /// A candidate in grace whose weight was refreshed to nothing keeps its place and is passed over.
    function test_ACandidateWithoutWeightIsPassedOver() public {
        address[] memory owners = _fill(1, 2, STAKE);
        _unbond(owners[0], STAKE);
        assertEq(validatorSet.refresh(owners[0]), 0, "no weight");
        assertTrue(validatorSet.isWaiting(owners[0]), "D4 in grace");
        _rollNext();
        assertEq(_seatIndexOf(owners[1]), 0, "the other one");
        assertTrue(validatorSet.isWaiting(owners[0]), "keeps waiting");
        _stake(owners[0], STAKE);
        validatorSet.refresh(owners[0]);
        _rollNext();
        assertTrue(_isSeated(owners[0]), "seated once it has weight again");
    }

    function test_WhoFellShortUnseenDropsOffInTurn() public {
        _seatValidators(63, STAKE);
        address owner = _registerValidator(101, 2 * STAKE);
        _joinWaitlist(owner);
        address other = _registerValidator(102, STAKE);
        // Marked short behind the set's back: nobody told it.
        _unbond(owner, (2 * STAKE * 9) / 10);
        standing.poke(owner, NodeRole.Validator);
        vm.warp(clock.epochStart(4));
        vm.prank(address(manager));
        standing.snapshot(4);
        standing.poke(owner, NodeRole.Validator);
        assertFalse(standing.isEligible(owner, NodeRole.Validator), "short");
        assertTrue(validatorSet.isWaiting(owner), "the set does not know");
        _joinWaitlist(other);
        manager.roll();
        assertFalse(validatorSet.isWaiting(owner), "dropped");
        assertEq(_seatIndexOf(other), 63, "the next one in the line");
    }

    /// The order is a function of weights, epochs and places alone: a naive selection sort over the public list names the
    /// same ones. Few values, so that many tie.
    /// hardhat-config: fuzz.runs = 24
    function testFuzz_REG01_TheOrderIsThatOfTheList(uint256 seed) public {
        _seatValidators(64, STAKE);
        for (uint256 i; i < 12; ++i) {
            uint256 word = uint256(keccak256(abi.encode(seed, i)));
            _joinWaitlist(_registerValidator(101 + i, STAKE + (word % 3) * 1e18));
            if (word % 5 == 0) _rollNext();
            if (word % 7 == 0 && validatorSet.waitlist().length != 0) {
                vm.prank(validatorSet.waitlist()[0].owner);
                validatorSet.leaveWaitlist();
            }
        }
        uint256 free = 1 + (seed % 4);
        for (uint256 seat; seat < free; ++seat) {
            _leaveSeat(_ownerAt(seat));
        }
        IValidatorSet.Candidate[] memory line = validatorSet.waitlist();
        if (free > line.length) free = line.length;
        _rollNext();
        for (uint256 seat; seat < free; ++seat) {
            uint256 first = line.length;
            for (uint256 i; i < line.length; ++i) {
                if (line[i].weight == 0) continue; // taken
                if (first == line.length || _comesBefore(line[i], line[first])) first = i;
            }
            assertEq(_ownerAt(seat), line[first].owner, "REG-01 order");
            line[first].weight = 0;
        }
    }

    /// @dev Of equals the one that stands before stays first.
    function _comesBefore(
        IValidatorSet.Candidate memory a,
        IValidatorSet.Candidate memory b
    ) private pure returns (bool) {
        if (a.weight != b.weight) return a.weight > b.weight;
        return a.joinedEpoch < b.joinedEpoch;
    }
}

/// @title Waitlist: what the worst list costs a roll
contract WaitlistGasTest is WaitlistBase {
    /// @dev In rolls of an honest full list that seats one, about a million gas cold. A list whose every claim is stale
    /// costs a grace and a second look at each candidate, and no list can cost more.
    uint256 private constant WORST_ROLL = 6;
    /// @dev The same with 64 seats to check, vacate and fill: within the 16,777,216 that a transaction may use.
    uint256 private constant WORST_ROLL_OF_ALL = 14;

    function setUp() public override {
        super.setUp();
        _fill(1, 64, STAKE);
        _rollNext();
        _fill(101, 64, 4 * STAKE);
        _rollNext();
    }

    /// @dev With every slot of the protocol cold, as in a transaction of its own.
    function _gasOfRoll() private returns (uint256 used) {
        _warpTo(clock.currentEpoch() + 1);
        _coolDown();
        used = gasleft();
        manager.roll();
        used -= gasleft();
    }

    function _coolDown() private {
        vm.cool(address(vault));
        vm.cool(address(standing));
        vm.cool(address(registry));
        vm.cool(address(validatorSet));
        vm.cool(address(manager));
        vm.cool(address(masa));
    }

    /// @dev Far below what each must stake, a little less for each one, so that none keeps its place in the line.
    function _makeStale(IValidatorSet.Candidate[] memory waiting) private {
        for (uint256 i; i < waiting.length; ++i) {
            _unbond(waiting[i].owner, 4 * STAKE - 10_000e18 + i * 1e18);
        }
    }

    /// One seat is free and all 64 claims are stale: all are looked at, put back, and the heaviest is looked at again.
    function test_REG07_TheWorstListCostsABoundedRoll() public {
        IValidatorSet.Candidate[] memory waiting = validatorSet.waitlist();
        assertEq(waiting.length, 64, "full");
        _leaveSeat(_ownerAt(63));
        uint256 state = vm.snapshotState();
        uint256 honest = _gasOfRoll();
        vm.revertToState(state);
        _makeStale(waiting);
        uint256 worst = _gasOfRoll();
        assertTrue(_isSeated(waiting[0].owner), "the heaviest of what is left");
        waiting = validatorSet.waitlist();
        assertEq(waiting.length, 63, "the rest waits");
        for (uint256 i; i < 63; ++i) {
            assertLt(waiting[i].weight, WEIGHT / 25, "every claim was corrected");
        }
        assertLt(worst, WORST_ROLL * honest, "REG-07 bound");
        assertGt(worst, honest, "REG-07 the worst costs more");
        // What was corrected once costs nothing more.
        _leaveSeat(_ownerAt(62));
        assertNear(_gasOfRoll(), honest, honest / 10, "REG-07 the next roll is an ordinary one");
    }

    /// All 64 seats fell short and all 64 claims are stale: 64 seats held against their requirement once more, two looks
    /// at every candidate, 64 seatings.
    function test_REG07_TheWorstListForAllSeatsCostsABoundedRoll() public {
        IValidatorSet.Candidate[] memory waiting = validatorSet.waitlist();
        uint256 state = vm.snapshotState();
        _leaveSeat(_ownerAt(63));
        uint256 honest = _gasOfRoll();
        vm.revertToState(state);
        address[64] memory seated;
        for (uint256 i; i < 64; ++i) {
            seated[i] = _ownerAt(i);
            _unbond(seated[i], STAKE - 1e18);
            registry.poke(seated[i]);
        }
        _rollNext();
        _rollNext();
        for (uint256 i; i < 64; ++i) {
            registry.poke(seated[i]);
        }
        _makeStale(waiting);
        uint256 worst = _gasOfRoll();
        for (uint256 i; i < 64; ++i) {
            assertFalse(_isSeated(seated[i]), "vacated");
            assertEq(_ownerAt(i), waiting[i].owner, "by what is left");
        }
        assertLt(worst, WORST_ROLL_OF_ALL * honest, "REG-07 bound");
    }

    function test_JoiningAFullListIsBounded() public {
        address late = _registerValidator(300, 8 * STAKE);
        _coolDown();
        vm.prank(late);
        uint256 used = gasleft();
        validatorSet.joinWaitlist();
        used -= gasleft();
        // 64 cold slots take 134,400 of it.
        assertLt(used, 500_000, "REG-07 one look at each");
    }
}
