// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ud2x18} from "@prb/math/src/UD2x18.sol";

import {EpochManager} from "../../../contracts/epoch/EpochManager.sol";
import {IEpochClock} from "../../../contracts/interfaces/IEpochClock.sol";
import {INodeRegistry} from "../../../contracts/interfaces/INodeRegistry.sol";
import {NodeRegistry} from "../../../contracts/registry/NodeRegistry.sol";
import {StakeVault} from "../../../contracts/staking/StakeVault.sol";
import {MasaToken} from "../../../contracts/token/MasaToken.sol";
import {Handler} from "./Handler.sol";

/// @title Drives the registry: nodes of all roles come, work, fall short, recover, leave and return
abstract contract RegistryHandler is Handler {
    NodeRegistry public immutable registry;
    StakeVault public immutable vault;
    MasaToken public immutable masa;
    IEpochClock public immutable clock;
    EpochManager public immutable manager;
    address private immutable _owner;

    /// @notice Requirement at U = 1/2 since the last roll or change of parameters.
    mapping(INodeRegistry.Role role => uint256) public frozenRequirement;
    /// @notice Times a node was found short, and cleared.
    uint256 public shorts;
    uint256 public recoveries;
    uint256 private _nextKey = 1;

    constructor(NodeRegistry registry_, EpochManager manager_, MasaToken masa_) {
        (registry, manager, masa) = (registry_, manager_, masa_);
        vault = StakeVault(address(registry_.vault()));
        clock = registry_.clock();
        _owner = registry_.owner();
        for (uint256 i; i < 5; ++i) {
            actors.push(address(uint160(0xac7000 + i)));
        }
        _freezeRequirements();
    }

    // ---------------------------------------------------------------- nodes

    function join(uint256 seed) external act {
        address actor = _actor(seed);
        if (registry.roleOf(actor) != INodeRegistry.Role.None) return;
        INodeRegistry.Role role = INodeRegistry.Role(1 + ((seed >> 8) % 3));
        if (!_stakeUpTo(actor, registry.requirementAt(role, 0))) return;
        INodeRegistry.RoleTotals memory before = registry.totalsOf(role);
        address hotKey = role == INodeRegistry.Role.Validator || seed % 2 == 0 ? vm.addr(_nextKey++) : address(0);
        vm.prank(actor);
        registry.register(role, hotKey, "{}");
        INodeRegistry.RoleTotals memory totals = registry.totalsOf(role);
        assertEq(totals.count, before.count + 1, "I-08 a newcomer counts");
        uint256 utility = registry.nodeOf(actor).utility;
        if (before.count != 0 && utility == before.utilitySum / before.count) {
            assertEq(totals.utilitySum / totals.count, utility, "D3 the mean moved");
        }
        _count();
    }

    function deregister(uint256 seed) external act {
        address actor = _actor(seed);
        // Half of the calls stay: most nodes must live long enough to work.
        if (registry.roleOf(actor) == INodeRegistry.Role.None || seed % 2 == 0) return;
        vm.prank(actor);
        registry.deregister();
        _count();
    }

    function rekey(uint256 seed) external act {
        address actor = _actor(seed);
        if (registry.roleOf(actor) == INodeRegistry.Role.None) return;
        address hotKey = vm.addr(_nextKey++);
        vm.prank(actor);
        registry.setHotKey(hotKey);
        _count();
    }

    /// @dev Down to somewhere around the requirement, or to nothing.
    function unbond(uint256 seed, uint256 left) external act {
        address actor = _actor(seed);
        if (registry.roleOf(actor) == INodeRegistry.Role.None) return;
        uint256 staked = vault.stakeUnitsOf(actor);
        left = bound(left, 0, registry.requirementOf(actor));
        if (staked <= left) return;
        vm.prank(actor);
        vault.startUnbonding(address(masa), staked - left);
        _count();
    }

    function topUp(uint256 seed) external act {
        address actor = _actor(seed);
        if (registry.roleOf(actor) == INodeRegistry.Role.None) return;
        if (_stakeUpTo(actor, (registry.requirementOf(actor) * 11) / 10)) _count();
    }

    /// @dev Everybody, or one.
    function poke(uint256 seed) external act {
        for (uint256 i; i < actors.length; ++i) {
            address actor = actors[i];
            if (registry.roleOf(actor) == INodeRegistry.Role.None) continue;
            if (seed % 4 == 0 && actor != _actor(seed >> 8)) continue;
            bool before = registry.nodeOf(actor).short;
            registry.poke(actor);
            _note(actor, before);
            _count();
        }
    }

    // ---------------------------------------------------------------- modules

    function use(uint256 seed) external act {
        address actor = _actor(seed);
        INodeRegistry.Role role = registry.roleOf(actor);
        if (role == INodeRegistry.Role.None) return;
        bool before = registry.nodeOf(actor).short;
        vm.prank(registry.market());
        bool eligible = registry.use(actor, role);
        assertEq(eligible, registry.isEligible(actor, role), "D4 use and view differ");
        _note(actor, before);
        _count();
    }

    function work(uint256 seed, uint256 amount, uint256 performance) external act {
        address actor = _actor(seed);
        INodeRegistry.Role role = registry.roleOf(actor);
        if (role == INodeRegistry.Role.None) return;
        vm.prank(seed % 2 == 0 ? registry.market() : registry.validatorSet());
        // Now and then far more than all of S: the counters saturate.
        registry.recordWork(
            actor,
            role,
            bound(amount, 0, seed % 16 == 0 ? type(uint104).max : 200e18),
            bound(performance, 0, 1e18)
        );
        _count();
    }

    function roll(uint256 epochs) external act {
        epochs = bound(epochs, 1, 3);
        vm.warp(clock.epochStart(clock.currentEpoch() + uint64(epochs)));
        manager.roll();
        _freezeRequirements();
        _count();
    }

    // ---------------------------------------------------------------- owner

    function setRoleParameters(uint256 seed, uint256 lambda, uint256 floor) external act {
        if (seed % 3 != 0) return;
        INodeRegistry.Role role = INodeRegistry.Role(1 + ((seed >> 8) % 3));
        INodeRegistry.RoleParameters memory p = registry.roleParametersOf(role);
        p.lambda = ud2x18(uint64(bound(lambda, 1, 2e18)));
        p.maxExponent = ud2x18(uint64(bound(seed, 1, 1.3e18)));
        p.target = uint32((seed >> 16) % 40);
        p.floor = uint128(bound(floor, 1, 200_000e18));
        vm.prank(_owner);
        registry.setRoleParameters(role, p);
        _freezeRequirements();
        _count();
    }

    // ---------------------------------------------------------------- internal

    function _note(address actor, bool before) private {
        bool short = registry.nodeOf(actor).short;
        if (short && !before) ++shorts;
        if (!short && before) ++recoveries;
    }

    function _freezeRequirements() private {
        for (uint256 i = 1; i < 4; ++i) {
            INodeRegistry.Role role = INodeRegistry.Role(i);
            frozenRequirement[role] = registry.requirementAt(role, 0.5e18);
        }
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
