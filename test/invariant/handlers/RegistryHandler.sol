// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ud2x18} from "@prb/math/src/UD2x18.sol";

import {EpochManager} from "../../../contracts/epoch/EpochManager.sol";
import {IEpochClock} from "../../../contracts/interfaces/IEpochClock.sol";
import {INodeRegistry, NodeRole} from "../../../contracts/interfaces/INodeRegistry.sol";
import {INodeStanding} from "../../../contracts/interfaces/INodeStanding.sol";
import {IStakeVault} from "../../../contracts/interfaces/IStakeVault.sol";
import {WrappedTaoMock} from "../../../contracts/mocks/WrappedTaoMock.sol";
import {NodeRegistry} from "../../../contracts/registry/NodeRegistry.sol";
import {NodeStanding} from "../../../contracts/registry/NodeStanding.sol";
import {StakeVault} from "../../../contracts/staking/StakeVault.sol";
import {MasaToken} from "../../../contracts/token/MasaToken.sol";
import {Works} from "../../support/Works.sol";
import {Handler} from "./Handler.sol";

/// @title Drives registry and standing: nodes of all roles come, work, fall short, recover, fail, leave and return
abstract contract RegistryHandler is Handler {
    NodeStanding public immutable standing;
    NodeRegistry public immutable registry;
    StakeVault public immutable vault;
    MasaToken public immutable masa;
    WrappedTaoMock public immutable tao;
    IEpochClock public immutable clock;
    EpochManager public immutable manager;
    address private immutable _market;
    address private immutable _guardian;
    address private immutable _owner;

    /// @notice Requirement at U = 1/2 since the last roll or change of parameters.
    mapping(NodeRole role => uint256) public frozenRequirement;
    /// @notice Last key that each actor named, and keys in use.
    mapping(address actor => uint256) public latestKey;
    uint256 private _nextKey = 1;

    constructor(
        NodeRegistry registry_,
        NodeStanding standing_,
        EpochManager manager_,
        MasaToken masa_,
        WrappedTaoMock tao_,
        address market_,
        address guardian_
    ) {
        (registry, standing, manager, masa, tao) = (registry_, standing_, manager_, masa_, tao_);
        (_market, _guardian) = (market_, guardian_);
        vault = StakeVault(address(registry_.vault()));
        clock = manager_.clock();
        _owner = registry_.owner();
        for (uint256 i; i < 6; ++i) {
            actors.push(address(uint160(0xac7000 + i)));
        }
        _freezeRequirements();
    }

    // ---------------------------------------------------------------- nodes

    function join(uint256 seed) external act {
        address actor = _actor(seed);
        _only(registry.roleOf(actor) == NodeRole.None);
        NodeRole role = NodeRole(1 + ((seed >> 8) % 3));
        uint256 deposit = registry.pokeParameters().deposit;
        _only(!(masa.balanceOf(address(this)) < deposit));
        _only(_stakeUpTo(actor, standing.requirementAt(role, 0)));
        INodeStanding.RoleTotals memory before = standing.totalsOf(role);
        _tookIf(standing.storedUtilityOf(actor, role) != 0, "returned with its utility");
        bool keyed = role == NodeRole.Validator || seed % 2 == 0;
        INodeRegistry.OperatorGrant[] memory operators = new INodeRegistry.OperatorGrant[](keyed ? 1 : 0);
        if (keyed) operators[0] = _grant(actor, 31);
        masa.transfer(actor, deposit);
        vm.startPrank(actor);
        masa.approve(address(registry), deposit);
        registry.register(role, "{}", operators);
        vm.stopPrank();
        INodeStanding.RoleTotals memory totals = standing.totalsOf(role);
        assertEq(totals.count, before.count + 1, "I-08 a newcomer counts");
        uint256 utility = standing.utilityOf(actor, role);
        if (before.count != 0 && utility == before.utilitySum / before.count) {
            assertEq(totals.utilitySum / totals.count, utility, "D3 the mean moved");
        }
    }

    function deregister(uint256 seed) external act {
        address actor = _actor(seed);
        NodeRole role = registry.roleOf(actor);
        // Half of the calls stay: most nodes must live long enough to work.
        _only(!(role == NodeRole.None || seed % 2 == 0));
        uint256 deposit = registry.membershipOf(actor).deposit;
        uint256 before = masa.balanceOf(actor);
        vm.prank(actor);
        registry.deregister();
        assertEq(masa.balanceOf(actor), before + deposit, "the deposit comes back");
        assertFalse(standing.isEligible(actor, role), "who left is not eligible");
    }

    function setMetadata(uint256 seed) external act {
        address actor = _actor(seed);
        _only(registry.roleOf(actor) != NodeRole.None);
        vm.prank(actor);
        registry.setMetadata('{"endpoint":"http://node"}');
    }

    function setOperator(uint256 seed) external act {
        address actor = _actor(seed);
        _only(registry.roleOf(actor) != NodeRole.None);
        INodeRegistry.OperatorGrant memory grant = _grant(actor, uint16(1 + ((seed >> 8) % 31)));
        vm.prank(actor);
        registry.setOperator(grant);
    }

    function revokeOperator(uint256 seed) external act {
        address actor = _actor(seed);
        uint256 key = latestKey[actor];
        _only(!(key == 0 || registry.operatorOf(vm.addr(key)).account != actor));
        vm.prank(seed % 2 == 0 ? actor : vm.addr(key));
        registry.revokeOperator(vm.addr(key));
        assertEq(registry.accountOf(vm.addr(key)), address(0), "D20 revoked at once");
    }

    function topUpDeposit(uint256 seed, uint96 amount) external act {
        address actor = _actor(seed);
        _only(!(registry.roleOf(actor) == NodeRole.None || masa.balanceOf(address(this)) < 100e18));
        amount = uint96(bound(amount, 1, 100e18));
        _only(!(registry.membershipOf(actor).deposit > 10_000e18));
        masa.transfer(actor, amount);
        vm.startPrank(actor);
        masa.approve(address(registry), amount);
        registry.topUpDeposit(amount);
        vm.stopPrank();
    }

    /// @dev Down to somewhere around the requirement, or to nothing.
    function unbond(uint256 seed, uint256 left) external act {
        address actor = _actor(seed);
        NodeRole role = registry.roleOf(actor);
        _only(role != NodeRole.None);
        uint256 staked = vault.masaStakeOf(actor);
        left = bound(left, 0, standing.requirementOf(actor, role));
        _only(staked > left);
        vm.prank(actor);
        vault.startUnbonding(address(masa), staked - left);
    }

    function topUp(uint256 seed) external act {
        address actor = _actor(seed);
        NodeRole role = registry.roleOf(actor);
        _only(role != NodeRole.None);
        _only(_stakeUpTo(actor, (standing.requirementOf(actor, role) * 11) / 10));
    }

    function stakeTao(uint256 seed, uint256 amount) external act {
        address actor = _actor(seed);
        amount = bound(amount, 1, 1_000e9);
        _only(tao.totalSupply() < 40_000_000e9);
        tao.mint(actor, amount);
        vm.startPrank(actor);
        tao.approve(address(vault), amount);
        vault.stake(address(tao), amount);
        vm.stopPrank();
    }

    /// @dev Through the registry, which pays, or past it.
    function poke(uint256 seed) external act {
        address actor = _actor(seed);
        NodeRole role = registry.roleOf(actor);
        _only(role != NodeRole.None);
        bool before = standing.standingOf(actor, role).short;
        uint256 deposit = registry.membershipOf(actor).deposit;
        if (seed % 3 == 0) {
            standing.poke(actor, role);
        } else {
            uint256 paid = registry.poke(actor);
            _tookIf(paid != 0, "bounty paid");
            assertEq(registry.membershipOf(actor).deposit, deposit - paid, "a bounty comes from the node's deposit");
            bool short = standing.standingOf(actor, role).short;
            assertTrue(paid == 0 || (short && !before), "D4 paid for marking short alone");
        }
        _note(actor, role, before);
    }

    function pokeAll(uint256 seed) external act {
        _only(seed % 2 == 1);
        for (uint256 i; i < actors.length; ++i) {
            NodeRole role = registry.roleOf(actors[i]);
            if (role == NodeRole.None) continue;
            bool before = standing.standingOf(actors[i], role).short;
            registry.poke(actors[i]);
            _note(actors[i], role, before);
        }
    }

    // ---------------------------------------------------------------- modules

    function use(uint256 seed) external act {
        address actor = _actor(seed);
        NodeRole role = registry.roleOf(actor);
        _only(role != NodeRole.None);
        bool before = standing.standingOf(actor, role).short;
        vm.prank(_market);
        bool eligible = standing.use(actor, role);
        assertEq(eligible, standing.isEligible(actor, role), "D4 use and view differ");
        _note(actor, role, before);
    }

    /// @dev Of any role, whether the account has it now or not: work of who left counts as well.
    function work(uint256 seed, uint256 amount, uint256 performance) external act {
        address actor = _actor(seed);
        NodeRole role = registry.roleOf(actor);
        if (role == NodeRole.None || seed % 8 == 0) role = NodeRole(2 + ((seed >> 16) % 2));
        _only(role != NodeRole.Validator);
        _tookIf(registry.roleOf(actor) != role, "work of who has left");
        // Now and then far more than all of S: the counters saturate.
        Works.record(
            standing,
            _market,
            actor,
            role,
            bound(amount, 0, seed % 16 == 0 ? type(uint104).max : 200e18),
            bound(performance, 0, 1e18)
        );
    }

    function strike(uint256 seed) external act {
        address actor = _actor(seed);
        _only(registry.roleOf(actor) == NodeRole.Worker);
        Works.record(standing, _market, actor, NodeRole.Worker, 10e18, 0);
        vm.startPrank(_market);
        bool before = standing.standingOf(actor, NodeRole.Worker).suspended;
        // One failed answer, or enough of different askers to suspend.
        for (uint256 i; i < 1 + ((seed >> 16) % 3); ++i) {
            standing.strike(actor, address(uint160(1 + (((seed >> 8) + i) % 5))), 10e18);
        }
        vm.stopPrank();
        _tookIf(!before && standing.standingOf(actor, NodeRole.Worker).suspended, "suspended by strikes");
    }

    function score(uint256 seed, uint256 performance) external act {
        address actor = _actor(seed);
        _only(registry.roleOf(actor) == NodeRole.Validator);
        address[] memory accounts = new address[](1);
        uint256[] memory performances = new uint256[](1);
        (accounts[0], performances[0]) = (actor, bound(performance, 0, 1e18));
        bool before = standing.standingOf(actor, NodeRole.Validator).short;
        vm.prank(address(registry.observer()));
        (, uint256 eligible) = standing.scoreValidators(accounts, performances);
        assertEq(eligible == 1, standing.isEligible(actor, NodeRole.Validator), "D4 score and view differ");
        _note(actor, NodeRole.Validator, before);
    }

    function forgive(uint256 seed, uint256 more) external act {
        address actor = _actor(seed);
        NodeRole role = registry.roleOf(actor);
        _only(role != NodeRole.None);
        uint256 utility = standing.utilityOf(actor, role);
        uint256 most = utility + 1e18 - standing.standingParameters().decayPerEpoch.unwrap();
        if (most > 1e18) most = 1e18;
        _tookIf(standing.standingOf(actor, role).suspended, "suspension lifted");
        vm.prank(_guardian);
        standing.forgive(actor, role, utility == 0 ? 0 : bound(more, utility, most));
    }

    /// @dev Now and then several epochs late, and now and then with another length from the next one on.
    function roll(uint256 seed) external act {
        if (seed % 16 == 0) {
            vm.prank(_owner);
            manager.setEpochLength(uint32(1_800 + ((seed >> 8) % 5_400)));
        }
        uint256 epochs = seed % 5 == 0 ? 5 : 1;
        _tookIf(epochs == 5, "epochs nobody rolled into");
        _tookIf(seed % 16 == 0, "another epoch length");
        vm.warp(clock.epochStart(clock.currentEpoch() + uint64(epochs)));
        manager.roll();
        _freezeRequirements();
    }

    // ---------------------------------------------------------------- owner

    function setRoleParameters(uint256 seed, uint256 lambda, uint256 floor) external act {
        _only(seed % 3 == 0);
        NodeRole role = NodeRole(1 + ((seed >> 8) % 3));
        INodeStanding.RoleParameters memory p = standing.roleParametersOf(role);
        p.lambda = ud2x18(uint64(bound(lambda, 1, 2e18)));
        p.maxExponent = ud2x18(uint64(bound(seed, 1, 1.3e18)));
        p.target = uint32((seed >> 16) % 40);
        p.floor = uint96(bound(floor, 1, 200_000e18));
        vm.prank(_owner);
        standing.setRoleParameters(role, p);
        _freezeRequirements();
    }

    function setCollateral(uint256 seed) external act {
        _only(seed % 3 == 0);
        uint256 weight = vault.collateral().taoWeight;
        uint256 next = bound(seed, (weight + 1) / 2, weight * 2);
        _only(!(next > 100e18 || next < 1e17));
        vm.prank(_owner);
        vault.setCollateral(IStakeVault.Collateral(uint128(next), uint64((seed >> 16) % 1e18)));
    }

    // ---------------------------------------------------------------- internal

    function _grant(address actor, uint16 rights) private returns (INodeRegistry.OperatorGrant memory) {
        uint256 key = _nextKey++;
        latestKey[actor] = key;
        address operator = vm.addr(key);
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, registry.operatorDigest(actor, operator, rights));
        return INodeRegistry.OperatorGrant(operator, rights, abi.encodePacked(r, s, v));
    }

    function _note(address actor, NodeRole role, bool before) private {
        bool short = standing.standingOf(actor, role).short;
        _tookIf(short && !before, "found short");
        _tookIf(!short && before, "cleared");
    }

    function _freezeRequirements() private {
        for (uint256 i = 1; i < 4; ++i) {
            NodeRole role = NodeRole(i);
            frozenRequirement[role] = standing.requirementAt(role, 0.5e18);
        }
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
