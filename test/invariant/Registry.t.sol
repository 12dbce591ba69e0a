// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {EpochManager} from "../../contracts/epoch/EpochManager.sol";
import {INodeRegistry} from "../../contracts/interfaces/INodeRegistry.sol";
import {StakingMath} from "../../contracts/math/StakingMath.sol";
import {NodeRegistry} from "../../contracts/registry/NodeRegistry.sol";
import {MasaToken} from "../../contracts/token/MasaToken.sol";
import {MasaFixture} from "../support/MasaFixture.sol";
import {InvariantTargets} from "./handlers/Handler.sol";
import {RegistryHandler} from "./handlers/RegistryHandler.sol";

contract RegistryActions is RegistryHandler {
    constructor(
        NodeRegistry registry_,
        EpochManager manager_,
        MasaToken masa_
    ) RegistryHandler(registry_, manager_, masa_) {}
}

/// @title Invariants of roles, sums and requirements
/// hardhat-config: invariant.runs = 48
/// hardhat-config: invariant.depth = 150
/// hardhat-config: invariant.failOnRevert = true
contract RegistryInvariant is MasaFixture, InvariantTargets {
    RegistryHandler internal handler;

    function setUp() public override {
        super.setUp();
        handler = new RegistryActions(registry, manager, masa);
        masa.transfer(address(handler), 60_000_000e18);
        bytes4[] memory selectors = new bytes4[](10);
        selectors[0] = RegistryHandler.join.selector;
        selectors[1] = RegistryHandler.deregister.selector;
        selectors[2] = RegistryHandler.rekey.selector;
        selectors[3] = RegistryHandler.unbond.selector;
        selectors[4] = RegistryHandler.topUp.selector;
        selectors[5] = RegistryHandler.poke.selector;
        selectors[6] = RegistryHandler.use.selector;
        selectors[7] = RegistryHandler.work.selector;
        selectors[8] = RegistryHandler.roll.selector;
        selectors[9] = RegistryHandler.setRoleParameters.selector;
        _targetHandler(address(handler), selectors);
    }

    /// I-08: count and sum of utilities per role equal the recount, before and after everybody is poked.
    function invariant_I08_CountsAndSumsEqualTheRecount() public {
        _assertCounts();
        for (uint256 i; i < handler.actorCount(); ++i) {
            address actor = handler.actors(i);
            if (registry.roleOf(actor) != INodeRegistry.Role.None) registry.poke(actor);
        }
        // Everybody's work is folded now, so that the views show what the sums hold.
        _assertCounts();
        uint256[4] memory sums;
        for (uint256 i; i < handler.actorCount(); ++i) {
            INodeRegistry.NodeView memory node = registry.nodeOf(handler.actors(i));
            assertLe(node.utility, WAD, "I-08 utility above one");
            if (!node.short) sums[uint256(node.role)] += node.utility;
        }
        for (uint256 i = 1; i < 4; ++i) {
            assertEq(registry.totalsOf(INodeRegistry.Role(i)).utilitySum, sums[i], "I-08 sum");
        }
    }

    function _assertCounts() private view {
        uint256[4] memory counts;
        for (uint256 i; i < handler.actorCount(); ++i) {
            INodeRegistry.NodeView memory node = registry.nodeOf(handler.actors(i));
            if (!node.short) ++counts[uint256(node.role)];
            else assertTrue(node.role != INodeRegistry.Role.None, "I-08 nobody is short");
        }
        for (uint256 i = 1; i < 4; ++i) {
            assertEq(registry.totalsOf(INodeRegistry.Role(i)).count, counts[i], "I-08 count");
        }
    }

    /// I-11: a requirement is above zero and inside [floor, max(floor, base·exp(x_max))]; D4: it is frozen.
    function invariant_I11_RequirementsAreBoundedAndFrozen() public view {
        for (uint256 i = 1; i < 4; ++i) {
            INodeRegistry.Role role = INodeRegistry.Role(i);
            for (uint256 step; step <= 4; ++step) {
                _assertBounded(role, registry.requirementAt(role, (step * WAD) / 4));
            }
            assertEq(registry.requirementAt(role, 0.5e18), handler.frozenRequirement(role), "STK-08 not frozen");
        }
        for (uint256 i; i < handler.actorCount(); ++i) {
            INodeRegistry.NodeView memory node = registry.nodeOf(handler.actors(i));
            if (node.role != INodeRegistry.Role.None) _assertBounded(node.role, node.requirement);
        }
    }

    function _assertBounded(INodeRegistry.Role role, uint256 required) private view {
        INodeRegistry.RoleParameters memory p = registry.roleParametersOf(role);
        uint256 base = registry.snapshotOf(role).base;
        uint256 cap = (base * StakingMath.sigma(int256(uint256(p.maxExponent.unwrap())))) / WAD + 1;
        assertGt(required, 0, "I-11 zero");
        assertGe(required, p.floor, "I-11 below the floor");
        assertLe(required, cap > p.floor ? cap : p.floor, "I-11 above the cap");
    }

    /// I-12: higher utility never raises one's own requirement.
    function invariant_I12_RequirementFallsWithUtility() public view {
        for (uint256 i = 1; i < 4; ++i) {
            INodeRegistry.Role role = INodeRegistry.Role(i);
            uint256 previous = type(uint256).max;
            for (uint256 step; step <= 10; ++step) {
                uint256 required = registry.requirementAt(role, (step * WAD) / 10);
                assertLe(required, previous, "I-12");
                previous = required;
            }
        }
    }

    /// REG-08: hot keys and accounts name each other, and nobody without a role keeps a key.
    function invariant_REG08_HotKeysAndAccountsAgree() public view {
        for (uint256 i; i < handler.actorCount(); ++i) {
            address actor = handler.actors(i);
            address hotKey = registry.hotKeyOf(actor);
            INodeRegistry.Role role = registry.roleOf(actor);
            if (role == INodeRegistry.Role.None) assertEq(hotKey, address(0), "REG-08 key without a role");
            if (role == INodeRegistry.Role.Validator) assertNotEq(hotKey, address(0), "REG-08 validator without a key");
            if (hotKey != address(0)) assertEq(registry.accountOfHotKey(hotKey), actor, "REG-08 bijection");
        }
    }

    function afterInvariant() public view {
        _assertActed(150, 10);
    }
}
