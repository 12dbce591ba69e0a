// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {EpochClock} from "../../contracts/epoch/EpochClock.sol";
import {IEpochClock} from "../../contracts/interfaces/IEpochClock.sol";
import {Test} from "../support/Test.sol";

/// @title EpochClock: the boundary second and the bounds of its parameters
contract EpochClockTest is Test {
    uint64 internal constant START = 1_800_000_000;

    function setUp() public {
        vm.warp(START);
    }

    function test_ZeroGenesisIsTheBlockOfDeployment() public {
        EpochClock clock = new EpochClock(0, 100);
        assertEq(clock.genesis(), START, "genesis");
        assertEq(clock.epochLength(), 100, "length");
        assertEq(clock.currentEpoch(), 0, "first epoch");
    }

    function test_EPO01_BoundarySecondBelongsToTheLaterEpochAlone() public {
        EpochClock clock = new EpochClock(0, 100);
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

    function testFuzz_EPO01_EverySecondBelongsToOneEpoch(uint64 length, uint64 elapsed) public {
        length = uint64(bound(length, 10, 30 days));
        elapsed = uint64(bound(elapsed, 0, 100 * 365 days));
        EpochClock clock = new EpochClock(0, length);
        vm.warp(START + elapsed);
        uint64 epoch = clock.currentEpoch();
        assertLe(clock.epochStart(epoch), block.timestamp, "EPO-01 begun");
        assertGt(clock.epochStart(epoch + 1), block.timestamp, "EPO-01 not over");
    }

    function test_BeforeGenesisItIsEpochZero() public {
        EpochClock clock = new EpochClock(START + 100, 100);
        assertEq(clock.currentEpoch(), 0, "before genesis");
        vm.warp(START + 199);
        assertEq(clock.currentEpoch(), 0, "last second of epoch 0");
        vm.warp(START + 200);
        assertEq(clock.currentEpoch(), 1, "epoch 1");
    }

    function test_LengthWithinBounds() public {
        assertEq(new EpochClock(0, 10).epochLength(), 10, "least");
        assertEq(new EpochClock(0, 30 days).epochLength(), 30 days, "most");
    }

    function test_RevertGiven_LengthOutOfRange() public {
        vm.expectRevert(
            abi.encodeWithSelector(IEpochClock.EpochClock_LengthOutOfRange.selector, 9, 10, uint256(30 days))
        );
        new EpochClock(0, 9);
        vm.expectRevert(
            abi.encodeWithSelector(
                IEpochClock.EpochClock_LengthOutOfRange.selector,
                uint256(30 days + 1),
                10,
                uint256(30 days)
            )
        );
        new EpochClock(0, 30 days + 1);
    }

    function test_GenesisMayLieOneEpochAway() public {
        assertEq(new EpochClock(START - 100, 100).currentEpoch(), 1, "one epoch ago");
        assertEq(new EpochClock(START + 100, 100).currentEpoch(), 0, "one epoch ahead");
    }

    function test_RevertGiven_GenesisFurtherThanOneEpoch() public {
        vm.expectRevert(
            abi.encodeWithSelector(IEpochClock.EpochClock_GenesisOutOfRange.selector, START - 101, uint256(START))
        );
        new EpochClock(START - 101, 100);
        vm.expectRevert(
            abi.encodeWithSelector(IEpochClock.EpochClock_GenesisOutOfRange.selector, START + 101, uint256(START))
        );
        new EpochClock(START + 101, 100);
    }
}
