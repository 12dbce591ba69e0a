// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {EpochManager} from "../../contracts/epoch/EpochManager.sol";
import {IEpochClock} from "../../contracts/interfaces/IEpochClock.sol";
import {IEpochManager} from "../../contracts/interfaces/IEpochManager.sol";
import {INodeRegistry} from "../../contracts/interfaces/INodeRegistry.sol";
import {IValidatorSet} from "../../contracts/interfaces/IValidatorSet.sol";
import {MasaFixture} from "../support/MasaFixture.sol";

/// @title EpochManager: the roll
contract EpochManagerTest is MasaFixture {
    function test_RevertGiven_ZeroAddress() public {
        vm.expectRevert(abi.encodeWithSelector(IEpochManager.EpochManager_ZeroAddress.selector));
        new EpochManager(IEpochClock(address(0)), registry, validatorSet);
        vm.expectRevert(abi.encodeWithSelector(IEpochManager.EpochManager_ZeroAddress.selector));
        new EpochManager(clock, INodeRegistry(address(0)), validatorSet);
        vm.expectRevert(abi.encodeWithSelector(IEpochManager.EpochManager_ZeroAddress.selector));
        new EpochManager(clock, registry, IValidatorSet(address(0)));
    }

    function test_EpochZeroIsNotRolled() public {
        assertFalse(manager.roll(), "rolled in epoch 0");
        assertEq(manager.rolledEpoch(), 0, "rolledEpoch");
        vm.warp(clock.epochStart(1) - 1);
        assertFalse(manager.roll(), "rolled a second early");
    }

    function test_EPO01_RollAtTheBoundarySecond() public {
        _warpTo(1);
        vm.expectEmit(address(manager));
        emit IEpochManager.EpochRolled(1, 0, address(this));
        assertTrue(manager.roll(), "EPO-01");
        assertEq(manager.rolledEpoch(), 1, "EPO-01 rolledEpoch");
    }

    function test_EPO03_SecondRollOfAnEpochDoesNothing() public {
        _seatValidators(4, 200_000e18);
        bytes32 frozen = keccak256(abi.encode(validatorSet.frozenSetOf(1)));
        vm.prank(address(0xb0b));
        assertFalse(manager.roll(), "EPO-03 another caller");
        vm.warp(clock.epochStart(2) - 1);
        assertFalse(manager.roll(), "EPO-03 later in the epoch");
        assertEq(keccak256(abi.encode(validatorSet.frozenSetOf(1))), frozen, "EPO-03 frozen set moved");
    }

    function test_AnyoneMayRoll() public {
        _warpTo(3);
        vm.expectEmit(address(manager));
        emit IEpochManager.EpochRolled(3, 0, address(0xb0b));
        vm.prank(address(0xb0b));
        assertTrue(manager.roll(), "rolled");
    }

    /// D18: what was missed is not caught up, so that it costs nothing.
    function test_RollOverThousandMissedEpochsCostsWhatOneCosts() public {
        _seatValidators(8, 200_000e18);
        _rollTo(2);
        uint256 state = vm.snapshotState();
        uint256 one = _gasOfRollInto(3);
        vm.revertToState(state);
        uint256 thousand = _gasOfRollInto(1_002);
        assertEq(manager.rolledEpoch(), 1_002, "rolled");
        assertNear(one, thousand, one / 50, "D18 gas");
    }

    function _gasOfRollInto(uint64 epoch) private returns (uint256 used) {
        _warpTo(epoch);
        uint256 before = gasleft();
        manager.roll();
        used = before - gasleft();
    }
}
