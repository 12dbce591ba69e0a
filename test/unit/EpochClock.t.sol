// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {EpochClock} from "../../contracts/epoch/EpochClock.sol";
import {IEpochClock} from "../../contracts/interfaces/IEpochClock.sol";
import {Test} from "../support/Test.sol";

/// @dev A clock whose manager is the test.
abstract contract EpochClockBase is Test {
    uint64 internal constant START = 1_800_000_000;

    EpochClock internal clock;

    function setUp() public virtual {
        vm.warp(START);
        clock = _clock(0, 100);
    }

    function _clock(uint64 genesis, uint32 length) internal returns (EpochClock made) {
        made = new EpochClock(genesis, length, address(this));
        made.wire(address(this));
    }

    function _lengthOutOfRange(uint256 length) internal pure returns (bytes memory) {
        return
            abi.encodeWithSelector(
                IEpochClock.EpochClock_LengthOutOfRange.selector,
                length,
                uint256(10),
                uint256(30 days)
            );
    }
}

/// @title EpochClock: construction, wiring and the boundary second
contract EpochClockTest is EpochClockBase {
    function test_ZeroGenesisIsTheBlockOfDeployment() public {
        vm.expectEmit();
        emit IEpochClock.EpochLengthSet(0, START, 0, 100);
        EpochClock fresh = new EpochClock(0, 100, address(this));
        assertEq(fresh.genesis(), START, "genesis");
        assertEq(fresh.epochLength(), 100, "length");
        assertEq(fresh.currentEpoch(), 0, "first epoch");
        assertEq(fresh.deployer(), address(this), "deployer");
        assertEq(fresh.manager(), address(0), "no manager yet");
    }

    function test_WiresOnce() public {
        EpochClock fresh = new EpochClock(0, 100, address(this));
        bytes memory refused = abi.encodeWithSelector(IEpochClock.EpochClock_NotDeployer.selector, address(1));
        vm.expectRevert(refused);
        vm.prank(address(1));
        fresh.wire(address(1));
        refused = abi.encodeWithSelector(IEpochClock.EpochClock_NotDeployer.selector, address(this));
        vm.expectRevert(refused);
        fresh.wire(address(0));
        vm.expectEmit(address(fresh));
        emit IEpochClock.ManagerSet(address(2));
        fresh.wire(address(2));
        assertEq(fresh.manager(), address(2), "manager");
        vm.expectRevert(refused);
        fresh.wire(address(3));
    }

    function test_EPO01_BoundarySecondBelongsToTheLaterEpochAlone() public {
        for (uint64 epoch = 1; epoch < 5; ++epoch) {
            uint64 start = clock.epochStart(epoch);
            assertEq(start, START + epoch * 100, "EPO-01 start");
            vm.warp(start - 1);
            assertEq(clock.currentEpoch(), epoch - 1, "EPO-01 second before");
            vm.warp(start);
            assertEq(clock.currentEpoch(), epoch, "EPO-01 boundary second");
            vm.warp(start + 99);
            assertEq(clock.currentEpoch(), epoch, "EPO-01 last second");
        }
    }

    function testFuzz_EPO01_EverySecondBelongsToOneEpoch(uint32 length, uint64 elapsed) public {
        length = uint32(bound(length, 10, 30 days));
        elapsed = uint64(bound(elapsed, 0, 100 * 365 days));
        clock = _clock(0, length);
        vm.warp(START + elapsed);
        uint64 epoch = clock.currentEpoch();
        assertLe(clock.epochStart(epoch), block.timestamp, "EPO-01 begun");
        assertGt(clock.epochStart(epoch + 1), block.timestamp, "EPO-01 not over");
    }

    function test_BeforeGenesisItIsEpochZero() public {
        clock = _clock(START + 100, 100);
        assertEq(clock.currentEpoch(), 0, "before genesis");
        assertEq(clock.epochLength(), 100, "length");
        vm.warp(START + 199);
        assertEq(clock.currentEpoch(), 0, "last second of epoch 0");
        vm.warp(START + 200);
        assertEq(clock.currentEpoch(), 1, "epoch 1");
    }

    function test_LengthWithinBounds() public {
        assertEq(_clock(0, 10).epochLength(), 10, "least");
        assertEq(_clock(0, 30 days).epochLength(), 30 days, "most");
        clock.setEpochLength(10);
        clock.setEpochLength(30 days);
        assertEq(clock.lengthOf(1), 30 days, "set");
    }

    function test_RevertGiven_LengthOutOfRange() public {
        vm.expectRevert(_lengthOutOfRange(9));
        new EpochClock(0, 9, address(this));
        vm.expectRevert(_lengthOutOfRange(30 days + 1));
        new EpochClock(0, 30 days + 1, address(this));
        vm.expectRevert(_lengthOutOfRange(9));
        clock.setEpochLength(9);
        vm.expectRevert(_lengthOutOfRange(30 days + 1));
        clock.setEpochLength(30 days + 1);
    }

    function test_GenesisMayLieOneEpochAway() public {
        assertEq(_clock(START - 100, 100).currentEpoch(), 1, "one epoch ago");
        assertEq(_clock(START + 100, 100).currentEpoch(), 0, "one epoch ahead");
    }

    function test_RevertGiven_GenesisFurtherThanOneEpoch() public {
        vm.expectRevert(
            abi.encodeWithSelector(IEpochClock.EpochClock_GenesisOutOfRange.selector, START - 101, uint256(START))
        );
        new EpochClock(START - 101, 100, address(this));
        vm.expectRevert(
            abi.encodeWithSelector(IEpochClock.EpochClock_GenesisOutOfRange.selector, START + 101, uint256(START))
        );
        new EpochClock(START + 101, 100, address(this));
    }

    function test_RevertGiven_NotTheManager() public {
        vm.expectRevert(abi.encodeWithSelector(IEpochClock.EpochClock_NotManager.selector, address(1)));
        vm.prank(address(1));
        clock.setEpochLength(50);
    }
}

/// @title EpochClock: lengths that change
contract EpochLengthTest is EpochClockBase {
    function test_D18_AChangeHoldsFromTheNextBoundaryOn() public {
        vm.warp(START + 250); // epoch 2
        vm.expectEmit(address(clock));
        emit IEpochClock.EpochLengthSet(3, START + 300, 100, 40);
        assertEq(clock.setEpochLength(40), 3, "fromEpoch");
        assertEq(clock.epochLength(), 100, "the running epoch keeps its length");
        assertEq(clock.lengthOf(2), 100, "lengthOf the running");
        assertEq(clock.lengthOf(3), 40, "lengthOf the next");
        assertEq(clock.currentEpoch(), 2, "still 2");
        vm.warp(START + 299);
        assertEq(clock.currentEpoch(), 2, "EPO-01 its last second");
        vm.warp(START + 300);
        assertEq(clock.currentEpoch(), 3, "EPO-01 the boundary is where it was");
        assertEq(clock.epochLength(), 40, "the new length");
        vm.warp(START + 339);
        assertEq(clock.currentEpoch(), 3, "EPO-01 last second of the short one");
        vm.warp(START + 340);
        assertEq(clock.currentEpoch(), 4, "EPO-01 next");
        assertEq(clock.epochStart(2), START + 200, "the past keeps its own");
        assertEq(clock.epochStart(3), START + 300, "the first short one");
        assertEq(clock.epochStart(10), START + 580, "epochs to come");
    }

    function test_D18_AChangeBeforeTheBoundaryIsReplaced() public {
        vm.warp(START + 150);
        clock.setEpochLength(40);
        vm.warp(START + 180);
        vm.expectEmit(address(clock));
        emit IEpochClock.EpochLengthSet(2, START + 200, 100, 1_000);
        assertEq(clock.setEpochLength(1_000), 2, "fromEpoch");
        assertEq(clock.lengthOf(2), 1_000, "the latest wins");
        assertEq(clock.epochStart(3), START + 1_200, "and moves what was announced");
        vm.warp(START + 199);
        assertEq(clock.currentEpoch(), 1, "EPO-01 before");
        vm.warp(START + 1_199);
        assertEq(clock.currentEpoch(), 2, "EPO-01 the long one");
        vm.warp(START + 1_200);
        assertEq(clock.currentEpoch(), 3, "EPO-01 after it");
        assertEq(clock.epochStart(1), START + 100, "the past keeps its own");
    }

    /// Taken back within the epoch, a change leaves no trace.
    function test_D18_AChangeCanBeTakenBack() public {
        clock.setEpochLength(40);
        clock.setEpochLength(100);
        for (uint64 epoch; epoch < 20; ++epoch) {
            assertEq(clock.epochStart(epoch), START + epoch * 100, "as before");
        }
    }

    function test_D18_AChangeInTheBoundarySecondHoldsFromTheNextBoundaryOn() public {
        vm.warp(START + 100);
        assertEq(clock.setEpochLength(40), 2, "EPO-01 it is epoch 1 already");
        assertEq(clock.epochStart(2), START + 200, "EPO-01 which lasts as long as it was to");
    }

    function test_D18_AChangeBeforeGenesisHoldsFromEpochOneOn() public {
        clock = _clock(START + 100, 100);
        assertEq(clock.setEpochLength(40), 1, "fromEpoch");
        assertEq(clock.setEpochLength(50), 1, "and once more");
        assertEq(clock.currentEpoch(), 0, "before genesis");
        assertEq(clock.epochStart(0), START + 100, "genesis stays");
        assertEq(clock.lengthOf(0), 100, "epoch 0 keeps its length");
        assertEq(clock.epochStart(2), START + 250, "the rest is shorter");
        vm.warp(START + 200);
        assertEq(clock.currentEpoch(), 1, "epoch 1");
    }

    /// Any number of changes at any time: every second and every epoch, past and to come, is where a naive list that
    /// is continued epoch by epoch has it.
    function testFuzz_D18_TheClockAgreesWithANaiveList(uint256 seed) public {
        uint256[] memory starts = new uint256[](600);
        uint256[] memory lengths = new uint256[](600);
        (starts[0], lengths[0]) = (START, 100);
        uint256 epoch;
        uint256 next = 100; // length of the epochs after this one
        for (uint256 step; step < 24; ++step) {
            uint256 word = uint256(keccak256(abi.encode(seed, step)));
            // Now and then to the boundary second itself or the one before it.
            uint256 end = starts[epoch] + lengths[epoch];
            uint256 to = block.timestamp + ((word >> 8) % 2_000);
            if (word % 4 == 0) to = end - ((word >> 16) % 2);
            if (to < block.timestamp) to = block.timestamp;
            vm.warp(to);
            while (starts[epoch] + lengths[epoch] <= to) {
                ++epoch;
                starts[epoch] = starts[epoch - 1] + lengths[epoch - 1];
                lengths[epoch] = next;
            }
            if (word % 3 != 0) {
                next = 100 + ((word >> 32) % 900);
                assertEq(clock.setEpochLength(uint32(next)), epoch + 1, "D18 fromEpoch");
            }
            assertEq(clock.currentEpoch(), epoch, "EPO-01 epoch");
            assertEq(clock.epochLength(), lengths[epoch], "D18 length");
            for (uint256 i; i <= epoch; ++i) {
                assertEq(clock.epochStart(uint64(i)), starts[i], "D18 start of the past");
                assertEq(clock.lengthOf(uint64(i)), lengths[i], "D18 length of the past");
            }
            uint256 ahead = 1 + ((word >> 64) % 50);
            uint256 foreseen = starts[epoch] + lengths[epoch] + (ahead - 1) * next;
            assertEq(clock.epochStart(uint64(epoch + ahead)), foreseen, "D18 start to come");
            assertEq(clock.lengthOf(uint64(epoch + ahead)), next, "D18 length to come");
        }
    }

    /// What the protocol asks in every transaction does not cost more for the changes behind it.
    function test_D18_ReadingTheTimeCostsTheSameAfterManyChanges() public {
        uint256 few = _gasOfReading();
        for (uint256 i; i < 60; ++i) {
            clock.setEpochLength(uint32(100 + i));
            vm.warp(clock.epochStart(clock.currentEpoch() + 1));
        }
        assertNear(_gasOfReading(), few, 300, "D18 gas");
    }

    /// @dev Warm, so that the first measurement has no advantage: a search through the changes would cost 100 a slot.
    function _gasOfReading() private view returns (uint256 used) {
        _read();
        used = gasleft();
        _read();
        used -= gasleft();
    }

    function _read() private view {
        uint64 epoch = clock.currentEpoch();
        clock.epochStart(epoch);
        clock.epochStart(epoch + 1);
    }
}
