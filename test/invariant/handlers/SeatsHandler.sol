// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {EpochManager} from "../../../contracts/epoch/EpochManager.sol";
import {IEpochClock} from "../../../contracts/interfaces/IEpochClock.sol";
import {INodeRegistry, NodeRole} from "../../../contracts/interfaces/INodeRegistry.sol";
import {IValidatorSet} from "../../../contracts/interfaces/IValidatorSet.sol";
import {NodeRegistry} from "../../../contracts/registry/NodeRegistry.sol";
import {NodeStanding} from "../../../contracts/registry/NodeStanding.sol";
import {ValidatorSet} from "../../../contracts/registry/ValidatorSet.sol";
import {StakeVault} from "../../../contracts/staking/StakeVault.sol";
import {MasaToken} from "../../../contracts/token/MasaToken.sol";
import {Handler} from "../handlers/Handler.sol";
import {Vm} from "../../support/Vm.sol";

/// @title Drives the seats: validators wait, are seated, scored, pruned, fall short, leave and return
abstract contract SeatsHandler is Handler {
    NodeRegistry public immutable registry;
    NodeStanding public immutable standing;
    ValidatorSet public immutable validatorSet;
    StakeVault public immutable vault;
    MasaToken public immutable masa;
    IEpochClock public immutable clock;
    EpochManager public immutable manager;
    address private immutable _owner;
    address private immutable _consensus;
    address private immutable _market;

    /// @notice Hash of what was frozen for the epochs that were rolled into.
    uint64[] public frozenEpochs;
    mapping(uint64 epoch => bytes32) public frozenHash;
    mapping(uint64 epoch => bool) private _reported;
    mapping(address actor => uint256) private _latestKey;
    /// @dev Has given its seat up: it does not count for the floor, and is pruned even so if it is the lowest.
    mapping(address actor => bool) private _leaving;
    uint256 private _nextKey = 1;

    constructor(
        ValidatorSet validatorSet_,
        EpochManager manager_,
        MasaToken masa_,
        address market_,
        uint256 actorCount_
    ) {
        (validatorSet, manager, masa, _market) = (validatorSet_, manager_, masa_, market_);
        registry = NodeRegistry(address(validatorSet_.registry()));
        vault = StakeVault(address(validatorSet_.vault()));
        standing = NodeStanding(address(validatorSet_.standing()));
        clock = manager_.clock();
        _consensus = address(manager_.consensus());
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
        _only(registry.roleOf(actor) == NodeRole.None);
        _only(_register(actor));
    }

    function deregister(uint256 seed) external act {
        address actor = _actor(seed);
        _only(!(registry.roleOf(actor) == NodeRole.None || seed % 2 == 0));
        (bool seated, ) = validatorSet.seatOf(actor);
        vm.prank(actor);
        registry.deregister();
        // Whoever registers again before the roll does not have the seat back.
        if (seated) _leaving[actor] = true;
    }

    /// @dev Whoever can joins; a refusal must be one of those that the interface names.
    function join(uint256 seed) external act {
        address actor = _actor(seed);
        _only(registry.roleOf(actor) != NodeRole.None);
        vm.prank(actor);
        try validatorSet.joinWaitlist() {
            _tookIf(true, "joined the waitlist");
        } catch (bytes memory reason) {
            bytes4 refusal = bytes4(reason);
            _tookIf(refusal == IValidatorSet.ValidatorSet_CoolingDown.selector, "refused while cooling down");
            _tookIf(refusal == IValidatorSet.ValidatorSet_NotEligible.selector, "refused as not eligible");
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
        IValidatorSet.Candidate[] memory waiting = validatorSet.waitlist();
        _only(waiting.length != 0 && seed % 4 == 0);
        vm.prank(waiting[(seed >> 8) % waiting.length].owner);
        validatorSet.leaveWaitlist();
    }

    function leaveSeat(uint256 seed) external act {
        address actor = _actor(seed);
        (bool seated, ) = validatorSet.seatOf(actor);
        _only(seated && registry.roleOf(actor) != NodeRole.None && seed % 4 == 0);
        vm.prank(actor);
        validatorSet.leaveSeat();
        _leaving[actor] = true;
    }

    function checkIn(uint256 seed) external act {
        address actor = _actor(seed);
        (bool seated, ) = validatorSet.seatOf(actor);
        _only(seated && registry.roleOf(actor) != NodeRole.None);
        // The account, or its operator.
        uint256 key = _latestKey[actor];
        bool byKey = seed % 2 == 0 && registry.operatorOf(vm.addr(key)).account == actor;
        vm.prank(byKey ? vm.addr(key) : actor);
        validatorSet.checkIn();
    }

    function refresh(uint256 seed) external act {
        address actor = _actor(seed);
        (bool seated, ) = validatorSet.seatOf(actor);
        _only(seated || validatorSet.isWaiting(actor));
        uint64 weight = validatorSet.refresh(actor);
        if (standing.isEligible(actor, NodeRole.Validator)) {
            assertEq(weight, standing.seatWeightOf(actor), "EQ-27 a weight that anyone can recompute");
        } else {
            assertEq(weight, 0, "who is not eligible weighs nothing");
        }
    }

    function rekey(uint256 seed) external act {
        address actor = _actor(seed);
        _only(registry.roleOf(actor) != NodeRole.None);
        INodeRegistry.OperatorGrant memory grant = _grant(actor);
        vm.prank(actor);
        registry.setOperator(grant);
    }

    function revoke(uint256 seed) external act {
        address actor = _actor(seed);
        uint256 key = _latestKey[actor];
        _only(key != 0 && registry.operatorOf(vm.addr(key)).account == actor && seed % 2 == 0);
        vm.prank(actor);
        registry.revokeOperator(vm.addr(key));
        (bool seated, uint256 seat) = validatorSet.seatOf(actor);
        if (seated) {
            (IValidatorSet.Seat memory s, ) = validatorSet.seatAt(seat);
            assertEq(s.signingKey, address(0), "D20 a seat keeps a revoked key");
        }
        _assertMasked(manager.rolledEpoch(), vm.addr(key));
        _assertMasked(manager.rolledEpoch() - 1, vm.addr(key));
    }

    /// @dev A slash of a part of the stake, by the market, applied at once.
    function slash(uint256 seed) external act {
        address actor = _actor(seed);
        uint256 staked = vault.masaStakeOf(actor);
        _only(staked != 0 && seed % 3 == 0);
        vm.prank(_market);
        vault.slash(actor, 0, staked / (2 + ((seed >> 8) % 20)) + 1);
        vault.applySlash(actor);
    }

    /// @dev Below the requirement, or down to nothing: grace, then short.
    function unbond(uint256 seed) external act {
        address actor = _actor(seed);
        uint256 staked = vault.masaStakeOf(actor);
        _only(!(registry.roleOf(actor) == NodeRole.None || staked == 0));
        vm.prank(actor);
        vault.startUnbonding(address(masa), seed % 2 == 0 ? staked : staked / 2 + 1);
    }

    function topUp(uint256 seed, uint256 extra) external act {
        address actor = _actor(seed);
        _only(registry.roleOf(actor) != NodeRole.None);
        _only(_stakeUpTo(actor, standing.requirementOf(actor, registry.roleOf(actor)) + bound(extra, 0, 100_000e18)));
    }

    // ---------------------------------------------------------------- reports and rolls

    /// @dev As the consensus contract does it: last epoch's report, once. Few different scores, so that many tie.
    function report(uint256 seed) external act {
        uint64 current = clock.currentEpoch();
        _only(current != 0);
        uint64 epoch = current - 1;
        _only(!(validatorSet.frozenSetOf(epoch).table == address(0) || _reported[epoch]));
        (address[] memory keys, ) = validatorSet.frozenSeatsOf(epoch);
        IValidatorSet.SeatScores memory scores = IValidatorSet.SeatScores(
            epoch,
            seed % 3 == 0,
            seed % 5 == 0,
            new uint32[](keys.length),
            new uint32[](keys.length),
            new uint32[](keys.length)
        );
        for (uint256 i; i < keys.length; ++i) {
            uint32 score = uint32((uint256(keccak256(abi.encode(seed, i))) % 4) * 3e8);
            scores.consensus[i] = scores.data[i] = scores.llm[i] = score;
        }
        (address[64] memory owners, uint32[64] memory seatedEpochs) = _seats();
        vm.recordLogs();
        vm.prank(_consensus);
        validatorSet.recordScores(scores);
        _reported[epoch] = true;
        // A roll that is late has its prune done by the report that would replace its scores.
        uint256 prunedNow = _checkPruned(epoch + 1, owners, seatedEpochs, vm.getRecordedLogs());
        _tookIf(prunedNow != 0, "pruned by a report");
    }

    function roll(uint256 seed) external act {
        _roll(seed % 8 == 0 ? 3 : 1);
    }

    /// @dev Into the next epoch, which nobody has rolled into yet.
    function pass(uint256) external act {
        uint64 current = clock.currentEpoch();
        _only(current == manager.rolledEpoch());
        vm.warp(clock.epochStart(current + 1));
    }

    function setSeatParameters(uint256 seed) external act {
        _only(seed % 4 == 0);
        IValidatorSet.SeatParameters memory p = validatorSet.seatParameters();
        p.leastConfirmations = uint8(1 + ((seed >> 8) % 3));
        p.minValidators = uint8(p.leastConfirmations + ((seed >> 16) % 4));
        p.immunityEpochs = uint32((seed >> 24) % p.minValidators);
        p.cooldownEpochs = uint32((seed >> 32) % 4);
        p.haltEpochs = uint32(2 + ((seed >> 40) % 5));
        vm.prank(_owner);
        validatorSet.setSeatParameters(p);
    }

    function frozenCount() external view returns (uint256) {
        return frozenEpochs.length;
    }

    function hashOfFrozen(uint64 epoch) public view returns (bytes32) {
        (address[] memory keys, uint64[] memory weights) = validatorSet.frozenSeatsOf(epoch);
        return keccak256(abi.encode(keys, weights, validatorSet.frozenSetOf(epoch), validatorSet.randomnessOf(epoch)));
    }

    // ---------------------------------------------------------------- internal

    function _roll(uint64 epochs) private {
        uint64 epoch = clock.currentEpoch() + epochs;
        (address[64] memory owners, uint32[64] memory seatedEpochs) = _seats();
        _tookIf(validatorSet.nextToBePruned().reason == IValidatorSet.PruneReason.AtFloor, "spared at the floor");
        vm.warp(clock.epochStart(epoch));
        vm.prevrandao(uint256(keccak256(abi.encode(epoch))));
        vm.recordLogs();
        assertTrue(manager.roll(), "D18 the roll did nothing");
        Vm.Log[] memory logs = vm.getRecordedLogs();
        _checkPruned(epoch, owners, seatedEpochs, logs);
        for (uint256 i; i < logs.length; ++i) {
            _tookIf(logs[i].topics[0] == IValidatorSet.Seated.selector, "seated");
            _tookIf(logs[i].topics[0] == IValidatorSet.Vacated.selector, "vacated");
            _tookIf(logs[i].topics[0] == IValidatorSet.VacatedSilent.selector, "vacated as silent");
        }
        for (uint256 i; i < actors.length; ++i) {
            _leaving[actors[i]] = false;
        }
        frozenEpochs.push(epoch);
        frozenHash[epoch] = hashOfFrozen(epoch);
    }

    /// @dev I-07 around every roll and report: at most one is pruned, and an eligible one only while the floor is kept.
    function _checkPruned(
        uint64 epoch,
        address[64] memory owners,
        uint32[64] memory seatedEpochs,
        Vm.Log[] memory logs
    ) private returns (uint256 prunedNow) {
        IValidatorSet.SeatParameters memory p = validatorSet.seatParameters();
        for (uint256 i; i < logs.length; ++i) {
            if (logs[i].topics[0] != IValidatorSet.Pruned.selector) continue;
            ++prunedNow;
            uint256 seat = uint256(logs[i].topics[2]);
            address owner = address(uint160(uint256(logs[i].topics[1])));
            assertEq(owners[seat], owner, "I-06 pruned from another seat");
            assertLe(seatedEpochs[seat] + p.immunityEpochs, epoch, "D6 pruned while immune");
            bool counts = standing.isEligible(owner, NodeRole.Validator) && !_leaving[owner];
            _tookIf(counts, "pruned");
            _tookIf(!counts, "pruned while leaving");
            if (counts) {
                assertGe(_survivors(owners, seatedEpochs, logs), p.minValidators, "I-07 pruned below the floor");
            }
        }
        assertLe(prunedNow, 1, "D6 more than one pruned");
    }

    function _seats() private view returns (address[64] memory owners, uint32[64] memory seatedEpochs) {
        for (uint256 i; i < 64; ++i) {
            IValidatorSet.Seat memory seat;
            (seat, owners[i]) = validatorSet.seatAt(i);
            seatedEpochs[i] = seat.seatedEpoch;
        }
    }

    /// @dev Seats that were there before the roll and are still, or were vacated as silent by it: those are no matter of
    /// the prune, which came first.
    function _survivors(
        address[64] memory owners,
        uint32[64] memory seatedEpochs,
        Vm.Log[] memory logs
    ) private view returns (uint256 count) {
        for (uint256 i; i < 64; ++i) {
            (IValidatorSet.Seat memory seat, address owner) = validatorSet.seatAt(i);
            if (owner != address(0) && owner == owners[i] && seat.seatedEpoch == seatedEpochs[i]) ++count;
        }
        for (uint256 i; i < logs.length; ++i) {
            if (logs[i].topics[0] == IValidatorSet.VacatedSilent.selector) ++count;
        }
    }

    function _assertMasked(uint64 epoch, address key) private {
        if (validatorSet.frozenSetOf(epoch).table == address(0)) return;
        (address[] memory keys, ) = validatorSet.frozenSeatsOf(epoch);
        for (uint256 i; i < keys.length; ++i) {
            if (keys[i] != key) continue;
            _tookIf(true, "key masked");
            assertEq((validatorSet.maskOf(epoch) >> i) & 1, 1, "D20 a revoked key counts");
        }
    }

    function _grant(address actor) private returns (INodeRegistry.OperatorGrant memory) {
        uint256 key = _nextKey++;
        _latestKey[actor] = key;
        address operator = vm.addr(key);
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, registry.operatorDigest(actor, operator, 31));
        return INodeRegistry.OperatorGrant(operator, 31, abi.encodePacked(r, s, v));
    }

    function _register(address actor) private returns (bool) {
        if (!_stakeUpTo(actor, standing.requirementAt(NodeRole.Validator, 0))) return false;
        INodeRegistry.OperatorGrant[] memory operators = new INodeRegistry.OperatorGrant[](1);
        operators[0] = _grant(actor);
        uint256 deposit = registry.pokeParameters().deposit;
        if (masa.balanceOf(address(this)) < deposit) return false;
        masa.transfer(actor, deposit);
        vm.startPrank(actor);
        masa.approve(address(registry), deposit);
        registry.register(NodeRole.Validator, "{}", operators);
        vm.stopPrank();
        return true;
    }

    /// @dev False if there is not enough MASA left.
    function _stakeUpTo(address actor, uint256 wanted) private returns (bool) {
        uint256 staked = vault.masaStakeOf(actor);
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
