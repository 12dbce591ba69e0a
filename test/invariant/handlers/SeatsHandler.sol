// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {EpochManager} from "../../../contracts/epoch/EpochManager.sol";
import {IEpochClock} from "../../../contracts/interfaces/IEpochClock.sol";
import {INodeRegistry} from "../../../contracts/interfaces/INodeRegistry.sol";
import {IValidatorSet} from "../../../contracts/interfaces/IValidatorSet.sol";
import {NodeRegistry} from "../../../contracts/registry/NodeRegistry.sol";
import {ValidatorSet} from "../../../contracts/registry/ValidatorSet.sol";
import {StakeVault} from "../../../contracts/staking/StakeVault.sol";
import {MasaToken} from "../../../contracts/token/MasaToken.sol";
import {Handler} from "../handlers/Handler.sol";
import {Vm} from "../../support/Vm.sol";

/// @title Drives the seats: validators wait, are seated, scored, pruned, fall short, leave and return
abstract contract SeatsHandler is Handler {
    NodeRegistry public immutable registry;
    ValidatorSet public immutable validatorSet;
    StakeVault public immutable vault;
    MasaToken public immutable masa;
    IEpochClock public immutable clock;
    EpochManager public immutable manager;
    address private immutable _owner;

    /// @notice Hash of what was frozen for the epochs that were rolled into.
    uint64[] public frozenEpochs;
    mapping(uint64 epoch => bytes32) public frozenHash;
    mapping(uint64 epoch => bool) private _reported;
    uint256 public pruned;
    uint256 private _nextKey = 1;

    constructor(ValidatorSet validatorSet_, EpochManager manager_, MasaToken masa_, uint256 actorCount_) {
        (validatorSet, manager, masa) = (validatorSet_, manager_, masa_);
        registry = NodeRegistry(address(validatorSet_.registry()));
        vault = StakeVault(address(validatorSet_.vault()));
        clock = registry.clock();
        _owner = validatorSet_.owner();
        for (uint256 i; i < actorCount_; ++i) {
            actors.push(address(uint160(0xac7000 + i)));
        }
    }

    /// @notice Registers the first `count` actors and seats them; called once by the test.
    function begin(uint256 count) external {
        for (uint256 i; i < count; ++i) {
            _register(actors[i]);
            vm.prank(actors[i]);
            validatorSet.joinWaitlist();
        }
        _roll(1);
    }

    // ---------------------------------------------------------------- validators

    function register(uint256 seed) external act {
        address actor = _actor(seed);
        if (registry.roleOf(actor) != INodeRegistry.Role.None) return;
        if (_register(actor)) _count();
    }

    function deregister(uint256 seed) external act {
        address actor = _actor(seed);
        if (registry.roleOf(actor) == INodeRegistry.Role.None || seed % 2 == 0) return;
        vm.prank(actor);
        registry.deregister();
        _count();
    }

    /// @dev Whoever can joins; a refusal must be one of those that the interface names.
    function join(uint256 seed) external act {
        address actor = _actor(seed);
        vm.prank(actor);
        try validatorSet.joinWaitlist() {
            _count();
        } catch (bytes memory reason) {
            bytes4 refusal = bytes4(reason);
            assertTrue(
                refusal == IValidatorSet.ValidatorSet_NotEligible.selector ||
                    refusal == IValidatorSet.ValidatorSet_AlreadySeated.selector ||
                    refusal == IValidatorSet.ValidatorSet_AlreadyWaiting.selector ||
                    refusal == IValidatorSet.ValidatorSet_WaitlistFull.selector ||
                    refusal == IValidatorSet.ValidatorSet_CoolingDown.selector,
                "I-18 a refusal without a rule"
            );
        }
    }

    function leaveWaitlist(uint256 seed) external act {
        address[] memory waiting = validatorSet.waitlist();
        if (waiting.length == 0 || seed % 4 != 0) return;
        vm.prank(waiting[(seed >> 8) % waiting.length]);
        validatorSet.leaveWaitlist();
        _count();
    }

    /// @dev Below the requirement, or down to nothing: grace, then short.
    function unbond(uint256 seed) external act {
        address actor = _actor(seed);
        uint256 staked = vault.stakeUnitsOf(actor);
        if (registry.roleOf(actor) == INodeRegistry.Role.None || staked == 0) return;
        vm.prank(actor);
        vault.startUnbonding(address(masa), seed % 2 == 0 ? staked : staked / 2 + 1);
        _count();
    }

    function topUp(uint256 seed, uint256 extra) external act {
        address actor = _actor(seed);
        if (registry.roleOf(actor) == INodeRegistry.Role.None) return;
        if (_stakeUpTo(actor, registry.requirementOf(actor) + bound(extra, 0, 100_000e18))) _count();
    }

    // ---------------------------------------------------------------- reports and rolls

    /// @dev As the consensus contract does it: last epoch's report, once. Few different scores, so that many tie.
    function report(uint256 seed) external act {
        uint64 current = clock.currentEpoch();
        if (current == 0) return;
        uint64 epoch = current - 1;
        if (validatorSet.frozenSetOf(epoch).table == address(0) || _reported[epoch]) return;
        (address[] memory hotKeys, ) = validatorSet.frozenSeatsOf(epoch);
        IValidatorSet.SeatScores memory scores = IValidatorSet.SeatScores(
            epoch,
            seed % 3 == 0,
            seed % 5 == 0,
            new uint32[](hotKeys.length),
            new uint32[](hotKeys.length),
            new uint32[](hotKeys.length)
        );
        for (uint256 i; i < hotKeys.length; ++i) {
            uint32 score = uint32((uint256(keccak256(abi.encode(seed, i))) % 4) * 3e8);
            scores.consensus[i] = scores.data[i] = scores.llm[i] = score;
        }
        vm.prank(validatorSet.consensus());
        validatorSet.recordScores(scores);
        _reported[epoch] = true;
        _count();
    }

    function roll(uint256 seed) external act {
        _roll(seed % 8 == 0 ? 3 : 1);
        _count();
    }

    function setSeatParameters(uint256 seed) external act {
        if (seed % 4 != 0) return;
        IValidatorSet.SeatParameters memory p = validatorSet.seatParameters();
        p.leastConfirmations = uint8(1 + ((seed >> 8) % 3));
        p.minValidators = uint8(p.leastConfirmations + ((seed >> 16) % 4));
        p.immunityEpochs = uint32((seed >> 24) % p.minValidators);
        p.cooldownEpochs = uint32((seed >> 32) % 4);
        vm.prank(_owner);
        validatorSet.setSeatParameters(p);
        _count();
    }

    function frozenCount() external view returns (uint256) {
        return frozenEpochs.length;
    }

    function hashOfFrozen(uint64 epoch) public view returns (bytes32) {
        (address[] memory hotKeys, uint64[] memory weights) = validatorSet.frozenSeatsOf(epoch);
        return
            keccak256(abi.encode(hotKeys, weights, validatorSet.frozenSetOf(epoch), validatorSet.randomnessOf(epoch)));
    }

    // ---------------------------------------------------------------- internal

    /// @dev I-07 around every roll: at most one is pruned, and an eligible one only while the floor is kept.
    function _roll(uint64 epochs) private {
        uint64 epoch = clock.currentEpoch() + epochs;
        IValidatorSet.SeatParameters memory p = validatorSet.seatParameters();
        IValidatorSet.Seat[64] memory before;
        for (uint256 i; i < 64; ++i) {
            before[i] = validatorSet.seatAt(i);
        }
        vm.warp(clock.epochStart(epoch));
        vm.prevrandao(uint256(keccak256(abi.encode(epoch))));
        vm.recordLogs();
        assertTrue(manager.roll(), "D18 the roll did nothing");
        Vm.Log[] memory logs = vm.getRecordedLogs();
        uint256 prunedNow;
        for (uint256 i; i < logs.length; ++i) {
            if (logs[i].topics[0] != IValidatorSet.Pruned.selector) continue;
            ++prunedNow;
            uint256 seat = uint256(logs[i].topics[2]);
            address owner = address(uint160(uint256(logs[i].topics[1])));
            assertEq(before[seat].owner, owner, "I-06 pruned from another seat");
            assertLe(before[seat].seatedEpoch + p.immunityEpochs, epoch, "D6 pruned while immune");
            if (registry.isEligible(owner, INodeRegistry.Role.Validator)) {
                assertGe(_survivors(before), p.minValidators, "I-07 pruned below the floor");
            }
        }
        assertLe(prunedNow, 1, "D6 more than one pruned");
        pruned += prunedNow;
        frozenEpochs.push(epoch);
        frozenHash[epoch] = hashOfFrozen(epoch);
    }

    function _survivors(IValidatorSet.Seat[64] memory before) private view returns (uint256 count) {
        for (uint256 i; i < 64; ++i) {
            IValidatorSet.Seat memory seat = validatorSet.seatAt(i);
            bool same = seat.owner == before[i].owner && seat.seatedEpoch == before[i].seatedEpoch;
            if (seat.owner != address(0) && same) ++count;
        }
    }

    function _register(address actor) private returns (bool) {
        if (!_stakeUpTo(actor, registry.requirementAt(INodeRegistry.Role.Validator, 0))) return false;
        address hotKey = vm.addr(_nextKey++);
        vm.prank(actor);
        registry.register(INodeRegistry.Role.Validator, hotKey, "{}");
        return true;
    }

    /// @dev False if there is not enough MASA left.
    function _stakeUpTo(address actor, uint256 wanted) private returns (bool) {
        uint256 staked = vault.stakeUnitsOf(actor);
        if (staked >= wanted) return true;
        if (wanted - staked > masa.balanceOf(address(this))) return false;
        masa.transfer(actor, wanted - staked);
        vm.startPrank(actor);
        masa.approve(address(vault), wanted - staked);
        vault.stake(address(masa), wanted - staked);
        vm.stopPrank();
        return true;
    }
}
