// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {EpochManager} from "../../contracts/epoch/EpochManager.sol";
import {INodeRegistry, NodeRole} from "../../contracts/interfaces/INodeRegistry.sol";
import {INodeStanding} from "../../contracts/interfaces/INodeStanding.sol";
import {StakingMath} from "../../contracts/math/StakingMath.sol";
import {WrappedTaoMock} from "../../contracts/mocks/WrappedTaoMock.sol";
import {NodeRegistry} from "../../contracts/registry/NodeRegistry.sol";
import {NodeStanding} from "../../contracts/registry/NodeStanding.sol";
import {MasaToken} from "../../contracts/token/MasaToken.sol";
import {InvariantTest} from "../support/InvariantTest.sol";
import {MasaFixture} from "../support/MasaFixture.sol";
import {RegistryHandler} from "./handlers/RegistryHandler.sol";

contract RegistryActions is RegistryHandler {
    constructor(
        NodeRegistry registry_,
        NodeStanding standing_,
        EpochManager manager_,
        MasaToken masa_,
        WrappedTaoMock tao_,
        address market_,
        address guardian_
    ) RegistryHandler(registry_, standing_, manager_, masa_, tao_, market_, guardian_) {}
}

/// @title Invariants of roles, sums, deposits and requirements
contract RegistryInvariant is MasaFixture, InvariantTest {
    RegistryHandler internal handler;

    function setUp() public override {
        super.setUp();
        handler = new RegistryActions(registry, standing, manager, masa, tao, address(escrow), address(guardian));
        masa.transfer(address(handler), 60_000_000e18);
        bytes4[] memory selectors = new bytes4[](20);
        selectors[0] = RegistryHandler.join.selector;
        selectors[1] = RegistryHandler.deregister.selector;
        selectors[2] = RegistryHandler.setMetadata.selector;
        selectors[3] = RegistryHandler.setOperator.selector;
        selectors[4] = RegistryHandler.revokeOperator.selector;
        selectors[5] = RegistryHandler.topUpDeposit.selector;
        selectors[6] = RegistryHandler.unbond.selector;
        selectors[7] = RegistryHandler.topUp.selector;
        selectors[8] = RegistryHandler.stakeTao.selector;
        selectors[9] = RegistryHandler.poke.selector;
        selectors[10] = RegistryHandler.pokeAll.selector;
        selectors[11] = RegistryHandler.use.selector;
        selectors[12] = RegistryHandler.work.selector;
        selectors[13] = RegistryHandler.strike.selector;
        selectors[14] = RegistryHandler.score.selector;
        selectors[15] = RegistryHandler.forgive.selector;
        selectors[16] = RegistryHandler.roll.selector;
        selectors[17] = RegistryHandler.setRoleParameters.selector;
        selectors[18] = RegistryHandler.setCollateral.selector;
        // Twice as likely: without nodes nothing else happens.
        selectors[19] = RegistryHandler.join.selector;
        _target(address(handler), selectors, new bytes4[](0));
    }

    /// @dev A standing that the fixture leaves out of play: three strikes suspend, and consumption counts what was asked.
    function _standingParameters() internal pure override returns (INodeStanding.StandingParameters memory p) {
        p = super._standingParameters();
        p.graceCooldown = 2;
        p.maxStrikes = 3;
        p.strikeSize = 1e18;
    }

    /// The ids are in the assertions; one campaign checks them all after every call.
    function invariant_I08_I11_I12_REG08_Registry() public view {
        _assertRecount();
        _assertRequirements();
        _assertOperatorsAndLists();
    }

    function afterInvariant() public {
        bytes32[] memory outcomes = new bytes32[](9);
        outcomes[0] = "returned with its utility";
        outcomes[1] = "found short";
        outcomes[2] = "cleared";
        outcomes[3] = "bounty paid";
        outcomes[4] = "suspended by strikes";
        outcomes[5] = "suspension lifted";
        outcomes[6] = "work of who has left";
        outcomes[7] = "epochs nobody rolled into";
        outcomes[8] = "another epoch length";
        _writeOutcomes("RegistryInvariant", outcomes, handler.times);
    }

    /// I-08: count and sum of utilities per role equal the recount, over stored utilities: work that waits is folded by
    /// the next use, and the view that shows it does not touch the sums.
    function _assertRecount() private view {
        uint256[4] memory counts;
        uint256[4] memory sums;
        for (uint256 i; i < handler.actorCount(); ++i) {
            address actor = handler.actors(i);
            NodeRole role = registry.roleOf(actor);
            INodeStanding.Standing memory s = standing.standingOf(actor, role);
            assertEq(s.registered, role != NodeRole.None, "I-08 registry and standing differ");
            if (!s.registered || s.short) continue;
            ++counts[uint256(role)];
            sums[uint256(role)] += standing.storedUtilityOf(actor, role);
        }
        for (uint256 i = 1; i < 4; ++i) {
            INodeStanding.RoleTotals memory totals = standing.totalsOf(NodeRole(i));
            assertEq(totals.count, counts[i], "I-08 count");
            assertEq(totals.utilitySum, sums[i], "I-08 sum");
        }
    }

    /// I-11: a requirement is above zero and inside [floor, max(floor, base·exp(x_max))], and frozen within an epoch
    /// (STK-08). I-12: higher utility never raises one's own requirement.
    function _assertRequirements() private view {
        for (uint256 i = 1; i < 4; ++i) {
            NodeRole role = NodeRole(i);
            assertEq(standing.requirementAt(role, 0.5e18), handler.frozenRequirement(role), "STK-08 not frozen");
            // The grid moves with rolls and parameters alone.
            if (handler.calls() % 8 != 0) continue;
            uint256 previous = type(uint256).max;
            for (uint256 step; step <= 8; ++step) {
                uint256 required = standing.requirementAt(role, (step * WAD) / 8);
                _assertBounded(role, required);
                assertLe(required, previous, "I-12");
                previous = required;
            }
        }
        for (uint256 i; i < handler.actorCount(); ++i) {
            address actor = handler.actors(i);
            NodeRole role = registry.roleOf(actor);
            if (role == NodeRole.None) continue;
            uint256 required = standing.requirementOf(actor, role);
            uint256 utility = standing.utilityOf(actor, role);
            assertLe(utility, WAD, "I-08 utility above one");
            _assertBounded(role, required);
            assertLe(standing.requirementAt(role, utility < WAD - 1e15 ? utility + 1e15 : WAD), required, "I-12 own");
        }
    }

    function _assertBounded(NodeRole role, uint256 required) private view {
        INodeStanding.RoleParameters memory p = standing.roleParametersOf(role);
        uint256 base = standing.snapshotOf(role).base;
        uint256 cap = (base * StakingMath.sigma(int256(uint256(p.maxExponent.unwrap())))) / WAD + 1;
        assertGt(required, 0, "I-11 zero");
        assertGe(required, p.floor, "I-11 below the floor");
        assertLe(required, cap > p.floor ? cap : p.floor, "I-11 above the cap");
    }

    /// REG-08: lists name every node once, operators name their account; deposits are all that the registry holds.
    function _assertOperatorsAndLists() private view {
        uint256 deposits;
        uint256 nodes;
        for (uint256 i; i < handler.actorCount(); ++i) {
            address actor = handler.actors(i);
            INodeRegistry.Membership memory m = registry.membershipOf(actor);
            deposits += m.deposit;
            if (m.role != NodeRole.None) ++nodes;
            else assertEq(m.deposit, 0, "a deposit without a role");
            if (m.signingKey == address(0)) continue;
            INodeRegistry.Operator memory o = registry.operatorOf(m.signingKey);
            assertEq(o.account, actor, "REG-08 the signing key acts for another");
            assertEq(o.rights & 1, 1, "REG-09 the signing key may not sign");
        }
        assertEq(masa.balanceOf(address(registry)), deposits, "deposits and balance differ");
        uint256 listed;
        for (uint256 i = 1; i < 4; ++i) {
            address[] memory page = registry.nodesOf(NodeRole(i), 0, 100);
            assertEq(page.length, registry.countOf(NodeRole(i)), "REG-08 length");
            listed += page.length;
            for (uint256 j; j < page.length; ++j) {
                assertEq(uint256(registry.roleOf(page[j])), i, "REG-08 on the list of another role");
                for (uint256 k; k < j; ++k) {
                    assertNotEq(page[j], page[k], "REG-08 listed twice");
                }
            }
        }
        assertEq(listed, nodes, "REG-08 listed nodes");
    }
}
