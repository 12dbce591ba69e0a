// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {UD2x18, ud2x18} from "@prb/math/src/UD2x18.sol";

import {NodeRole} from "../../contracts/interfaces/INodeRegistry.sol";
import {INodeStanding} from "../../contracts/interfaces/INodeStanding.sol";
import {IStakeVault} from "../../contracts/interfaces/IStakeVault.sol";
import {IStakingCurve} from "../../contracts/interfaces/IStakingCurve.sol";
import {StakingMath} from "../../contracts/math/StakingMath.sol";
import {NodeStanding} from "../../contracts/registry/NodeStanding.sol";
import {StakingCurve} from "../../contracts/staking/StakingCurve.sol";
import {StandingBed} from "../support/StandingBed.sol";

/// @dev σ = 1 whatever happens.
contract FlatCurve is IStakingCurve {
    function coefficient(uint256, uint256, uint256, uint256) external pure returns (uint256) {
        return 1e18;
    }
}

/// @dev σ falls where it must rise.
contract FallingCurve is IStakingCurve {
    function coefficient(uint256 mean, uint256 utility, uint256, uint256) external pure returns (uint256) {
        return 1.5e18 + utility / 2 - mean / 2;
    }
}

/// @dev σ exceeds the clamp by one wei at its upper end.
contract HighCurve is IStakingCurve {
    function coefficient(uint256 mean, uint256, uint256, uint256 most) external pure returns (uint256) {
        return mean == 1e18 ? StakingMath.sigma(int256(most)) + 1 : 1e18;
    }
}

/// @dev σ vanishes for the best.
contract VanishingCurve is IStakingCurve {
    function coefficient(uint256, uint256 utility, uint256, uint256) external pure returns (uint256) {
        return utility == 1e18 ? 0 : 1e18;
    }
}

/// @title NodeStanding: construction, setters and the security budget
contract StandingParametersTest is StandingBed {
    // ---------------------------------------------------------------- construction

    function test_Construction() public view {
        assertEq(address(standing.masa()), address(masa), "masa");
        assertEq(address(standing.vault()), address(vault), "vault");
        assertEq(address(standing.curve()), address(curve), "curve");
        assertEq(standing.owner(), address(this), "owner");
        assertEq(standing.maxStakedShare(), 0.5e18, "maxStakedShare");
        assertEq(standing.supplySnapshot(), SUPPLY, "supply");
        assertEq(standing.rolledEpoch(), 0, "epoch");
        assertEq(
            keccak256(abi.encode(standing.standingParameters())),
            keccak256(abi.encode(_standingParameters())),
            "standing"
        );
        uint256[3] memory bases = [VALIDATOR_BASE, WORKER_BASE, ORACLE_BASE];
        for (uint256 i; i < 3; ++i) {
            NodeRole role = NodeRole(i + 1);
            INodeStanding.RoleSnapshot memory frozen = standing.snapshotOf(role);
            assertEq(frozen.base, bases[i], "base");
            assertEq(frozen.meanUtility, 0.5e18, "first mean");
            assertEq(frozen.count, 0, "count");
            assertEq(frozen.epoch, 0, "epoch");
            assertEq(standing.requirementAt(role, 0.5e18), bases[i], "requirement of the first node");
            assertEq(
                keccak256(abi.encode(standing.roleParametersOf(role))),
                keccak256(abi.encode(_roleParameters(role))),
                "parameters"
            );
        }
    }

    function test_ConstructionBeginsInTheEpochItIsTold() public {
        NodeStanding late = new NodeStanding(
            address(this),
            masa,
            vault,
            curve,
            77,
            0.5e18,
            _threeRoles(),
            _standingParameters()
        );
        assertEq(late.rolledEpoch(), 77, "epoch");
        assertEq(late.snapshotOf(ORACLE).epoch, 77, "of every role");
    }

    function test_ConstructionEmits() public {
        INodeStanding.RoleParameters memory none;
        INodeStanding.StandingParameters memory noStanding;
        vm.expectEmit();
        emit INodeStanding.StandingParametersSet(noStanding, _standingParameters());
        vm.expectEmit();
        emit INodeStanding.RoleParametersSet(VALIDATOR, none, _roleParameters(VALIDATOR));
        vm.expectEmit();
        emit INodeStanding.SnapshotTaken(VALIDATOR, 0, VALIDATOR_BASE, 0.5e18, 0);
        vm.expectEmit();
        emit INodeStanding.RoleParametersSet(WORKER, none, _roleParameters(WORKER));
        vm.expectEmit();
        emit INodeStanding.SnapshotTaken(WORKER, 0, WORKER_BASE, 0.5e18, 0);
        vm.expectEmit();
        emit INodeStanding.RoleParametersSet(ORACLE, none, _roleParameters(ORACLE));
        vm.expectEmit();
        emit INodeStanding.SnapshotTaken(ORACLE, 0, ORACLE_BASE, 0.5e18, 0);
        new NodeStanding(address(this), masa, vault, curve, 0, 0.5e18, _threeRoles(), _standingParameters());
    }

    function test_RevertGiven_ConstructedWithoutVaultCurveOrShare() public {
        bytes memory zero = abi.encodeWithSelector(INodeStanding.NodeStanding_ZeroAddress.selector);
        INodeStanding.RoleParameters[3] memory roles = _threeRoles();
        INodeStanding.StandingParameters memory p = _standingParameters();
        vm.expectRevert(zero);
        new NodeStanding(address(this), masa, IStakeVault(address(0)), curve, 0, 0.5e18, roles, p);
        vm.expectRevert(zero);
        new NodeStanding(address(this), masa, vault, StakingCurve(address(0)), 0, 0.5e18, roles, p);
        _expectRange("maxStakedShare", 0, 1, WAD);
        new NodeStanding(address(this), masa, vault, curve, 0, 0, roles, p);
        _expectRange("maxStakedShare", WAD + 1, 1, WAD);
        new NodeStanding(address(this), masa, vault, curve, 0, uint64(WAD + 1), roles, p);
        vm.expectRevert(abi.encodeWithSelector(Ownable.OwnableInvalidOwner.selector, address(0)));
        new NodeStanding(address(0), masa, vault, curve, 0, 0.5e18, roles, p);
    }

    function test_RevertGiven_ConstructedWithParametersOutOfRange() public {
        INodeStanding.RoleParameters[3] memory roles = _threeRoles();
        INodeStanding.StandingParameters memory p = _standingParameters();
        p.decayPerEpoch = ud2x18(uint64(WAD));
        _expectRange("decayPerEpoch", WAD, 1, WAD - 1);
        new NodeStanding(address(this), masa, vault, curve, 0, 0.5e18, roles, p);
        roles[2].lambda = ud2x18(0);
        vm.expectRevert(abi.encodeWithSelector(INodeStanding.NodeStanding_ZeroLambda.selector, ORACLE));
        new NodeStanding(address(this), masa, vault, curve, 0, 0.5e18, roles, _standingParameters());
    }

    // ---------------------------------------------------------------- who may

    function test_RevertGiven_NotOwner() public {
        bytes memory refused = abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, alice);
        vm.startPrank(alice);
        vm.expectRevert(refused);
        standing.setRoleParameters(WORKER, _roleParameters(WORKER));
        vm.expectRevert(refused);
        standing.setStandingParameters(_standingParameters());
        vm.expectRevert(refused);
        standing.setCurve(curve);
        vm.stopPrank();
    }

    // ---------------------------------------------------------------- a role's parameters

    function test_SetRoleParameters() public {
        INodeStanding.RoleParameters memory p = _roleParameters(WORKER);
        (p.lambda, p.floor, p.target) = (ud2x18(0.5e18), 70_000e18, 1);
        vm.expectEmit(address(standing));
        emit INodeStanding.RoleParametersSet(WORKER, _roleParameters(WORKER), p);
        standing.setRoleParameters(WORKER, p);
        assertEq(keccak256(abi.encode(standing.roleParametersOf(WORKER))), keccak256(abi.encode(p)), "stored");
        assertEq(standing.requirementAt(WORKER, 0.5e18), 70_000e18, "the floor holds at once");
        // exp(0.5 / 0.5) = e
        assertNear(
            standing.requirementAt(WORKER, 0),
            (WORKER_BASE * 2_718281828459045235) / WAD,
            1e9,
            "so does lambda"
        );
        assertEq(standing.snapshotOf(WORKER).base, WORKER_BASE, "the base waits for the roll");
        _rollNext();
        assertEq(standing.snapshotOf(WORKER).base, WORKER_BASE + WORKER_BASE / 10 + 1, "which moves it by a step");
    }

    function test_RevertGiven_RoleParametersOutOfRange() public {
        vm.expectRevert(abi.encodeWithSelector(INodeStanding.NodeStanding_NoRole.selector));
        standing.setRoleParameters(NONE, _roleParameters(WORKER));

        INodeStanding.RoleParameters memory p = _roleParameters(WORKER);
        p.lambda = ud2x18(0);
        vm.expectRevert(abi.encodeWithSelector(INodeStanding.NodeStanding_ZeroLambda.selector, WORKER));
        standing.setRoleParameters(WORKER, p);

        p = _roleParameters(WORKER);
        p.budgetShare = ud2x18(uint64(WAD + 1));
        _expectRange("budgetShare", WAD + 1, 0, WAD);
        standing.setRoleParameters(WORKER, p);

        p = _roleParameters(WORKER);
        p.maxExponent = ud2x18(2_772588722239781238);
        _expectRange("maxExponent", 2_772588722239781238, 0, 2_772588722239781237);
        standing.setRoleParameters(WORKER, p);

        p = _roleParameters(WORKER);
        p.floor = 0;
        _expectRange("floor", 0, 1, type(uint96).max);
        standing.setRoleParameters(WORKER, p);
        p.floor = type(uint96).max;
        standing.setRoleParameters(WORKER, p);
        assertEq(standing.requirementAt(WORKER, WAD), type(uint96).max, "the largest floor");
    }

    // ---------------------------------------------------------------- the budget (D1)

    function test_STK01_InfeasibleBudgetIsRefused() public {
        // Workers and oracle nodes may ask for 0.02·4 + 0.01·4 of S already, of 0.5.
        INodeStanding.RoleParameters memory p = _roleParameters(VALIDATOR);
        p.budgetShare = ud2x18(0.095e18 + 1);
        uint256 budget =
            StakingMath.largestBudgetUp(0.095e18 + 1, LN_4) +
                StakingMath.largestBudgetUp(0.02e18, LN_4) +
                StakingMath.largestBudgetUp(0.01e18, LN_4);
        assertGt(budget, 0.5e18, "STK-01 the case is infeasible");
        vm.expectRevert(
            abi.encodeWithSelector(INodeStanding.NodeStanding_InfeasibleBudget.selector, budget, uint256(0.5e18))
        );
        standing.setRoleParameters(VALIDATOR, p);
        assertEq(standing.roleParametersOf(VALIDATOR).budgetShare.unwrap(), 0.02e18, "STK-01 nothing is kept of it");
        p.budgetShare = ud2x18(0.0949e18);
        standing.setRoleParameters(VALIDATOR, p);
        // A wider clamp asks for more as well.
        p.maxExponent = ud2x18(LN_4 * 2);
        budget =
            StakingMath.largestBudgetUp(0.0949e18, LN_4 * 2) +
            StakingMath.largestBudgetUp(0.02e18, LN_4) +
            StakingMath.largestBudgetUp(0.01e18, LN_4);
        vm.expectRevert(
            abi.encodeWithSelector(INodeStanding.NodeStanding_InfeasibleBudget.selector, budget, uint256(0.5e18))
        );
        standing.setRoleParameters(VALIDATOR, p);
    }

    function test_STK01_InfeasibleBudgetIsRefusedAtDeployment() public {
        INodeStanding.RoleParameters[3] memory roles = _threeRoles();
        uint256 budget = 2 * StakingMath.largestBudgetUp(0.02e18, LN_4) + StakingMath.largestBudgetUp(0.01e18, LN_4);
        vm.expectRevert(
            abi.encodeWithSelector(INodeStanding.NodeStanding_InfeasibleBudget.selector, budget, budget - 1)
        );
        new NodeStanding(address(this), masa, vault, curve, 0, uint64(budget - 1), roles, _standingParameters());
        NodeStanding tight = _standingOver(masa, vault, uint64(budget), roles);
        assertEq(tight.maxStakedShare(), budget, "STK-01 at equality");
    }

    /// With every node at the worst utility, and no more of them than the target, Σ requirements stays within the share.
    function test_STK01_TheWorstCaseIsWithinTheShare() public view {
        uint256 sum;
        for (uint256 i = 1; i < 4; ++i) {
            NodeRole role = NodeRole(i);
            uint256 nodes = standing.roleParametersOf(role).target;
            sum += nodes * standing.requirementAt(role, 0);
        }
        assertGt(sum, SUPPLY / 10, "STK-01 the case asks for something");
        assertLe(sum, SUPPLY / 2, "STK-01");
    }

    /// The paper's S/|V|·σ, that is φ = 1 and no target, asks for at least S by Jensen's inequality: why φ exists.
    function test_STK01_LiteralFormulaAsksForTheWholeSupply() public view {
        uint256[3] memory utilities = [uint256(0.2e18), 0.5e18, 0.8e18];
        uint256 base = StakingMath.baseRequirementUp(SUPPLY, WAD, 3, 0);
        assertEq(base, SUPPLY / 3 + 1, "S/|V|");
        uint256 sum;
        for (uint256 i; i < 3; ++i) {
            sum += StakingMath.requirementUp(base, curve.coefficient(0.5e18, utilities[i], 0.25e18, LN_4), 1);
        }
        assertGt(sum, SUPPLY, "STK-01 more than there is");
    }

    /// φ = 1 for one role alone, the paper's literal formula: with x_max = 0 and no budget for the others.
    function test_D1_OneRoleMayHaveAllOfTheSupply() public {
        INodeStanding.RoleParameters[3] memory roles = _threeRoles();
        for (uint256 i; i < 3; ++i) {
            roles[i].maxExponent = ud2x18(0);
            roles[i].budgetShare = ud2x18(i == 0 ? uint64(WAD) : 0);
            roles[i].target = 0;
        }
        NodeStanding literal = _standingOver(masa, vault, uint64(WAD), roles);
        assertEq(literal.requirementAt(VALIDATOR, 0.5e18), SUPPLY, "S/|V| with |V| = 1");
        assertEq(literal.requirementAt(VALIDATOR, 0), SUPPLY, "x_max = 0: utility does not move it");
        assertEq(literal.requirementAt(WORKER, 0.5e18), roles[1].floor, "no budget: the floor alone");
        roles[1].budgetShare = ud2x18(1);
        vm.expectRevert(
            abi.encodeWithSelector(INodeStanding.NodeStanding_InfeasibleBudget.selector, WAD + 1, uint256(WAD))
        );
        literal.setRoleParameters(WORKER, roles[1]);
    }

    // ---------------------------------------------------------------- standing's parameters

    function test_SetStandingParameters() public {
        INodeStanding.StandingParameters memory p = _standingParameters();
        (p.graceCooldown, p.tolerance, p.maxStrikes, p.strikeSize) = (3, ud2x18(0.5e18), 6, 5e18);
        vm.expectEmit(address(standing));
        emit INodeStanding.StandingParametersSet(_standingParameters(), p);
        standing.setStandingParameters(p);
        assertEq(keccak256(abi.encode(standing.standingParameters())), keccak256(abi.encode(p)), "stored");
    }

    function test_RevertGiven_StandingParametersOutOfRange() public {
        bytes32[10] memory names = [
            bytes32("decayPerEpoch"),
            "tolerance",
            "baseStep",
            "meanStep",
            "supplyStep",
            "weightThroughput",
            "resourceShare",
            "maxStrikes",
            "workerReference",
            "oracleReference"
        ];
        uint256[10] memory least = [uint256(1), 0, 1, 1, 1, 0, 0, 0, 1, 1];
        uint256[10] memory most = [WAD - 1, WAD / 2, WAD, WAD, WAD, WAD, WAD, 6, type(uint64).max, type(uint64).max];
        for (uint256 i; i < 10; ++i) {
            if (least[i] != 0) {
                _expectRange(names[i], least[i] - 1, least[i], most[i]);
                standing.setStandingParameters(_standingWith(i, least[i] - 1));
            }
            if (most[i] != type(uint64).max) {
                _expectRange(names[i], most[i] + 1, least[i], most[i]);
                standing.setStandingParameters(_standingWith(i, most[i] + 1));
            }
            standing.setStandingParameters(_standingWith(i, least[i]));
            standing.setStandingParameters(_standingWith(i, most[i]));
        }
    }

    function _standingWith(
        uint256 field,
        uint256 value
    ) private pure returns (INodeStanding.StandingParameters memory p) {
        p = _standingParameters();
        UD2x18 v = ud2x18(uint64(value));
        if (field == 0) p.decayPerEpoch = v;
        else if (field == 1) p.tolerance = v;
        else if (field == 2) p.baseStep = v;
        else if (field == 3) p.meanStep = v;
        else if (field == 4) p.supplyStep = v;
        else if (field == 5) p.weightThroughput = v;
        else if (field == 6) p.resourceShare = v;
        else if (field == 7) p.maxStrikes = uint8(value);
        else if (field == 8) p.workerReference = uint64(value);
        else p.oracleReference = uint64(value);
    }

    // ---------------------------------------------------------------- the curve

    function test_SetCurve() public {
        FlatCurve flat = new FlatCurve();
        vm.expectEmit(address(standing));
        emit INodeStanding.CurveSet(address(curve), address(flat));
        standing.setCurve(flat);
        assertEq(address(standing.curve()), address(flat), "stored");
        assertEq(standing.requirementAt(WORKER, 0), WORKER_BASE, "in force");
        standing.setCurve(curve);
        assertGt(standing.requirementAt(WORKER, 0), WORKER_BASE, "the paper's curve passes its own check");
    }

    function test_RevertGiven_CurveThatBreaksItsPromise() public {
        vm.expectRevert(abi.encodeWithSelector(INodeStanding.NodeStanding_ZeroAddress.selector));
        standing.setCurve(IStakingCurve(address(0)));
        uint256 most = StakingMath.sigma(int256(uint256(LN_4)));
        uint256 least = StakingMath.sigma(-int256(uint256(LN_4)));
        IStakingCurve bad = new FallingCurve();
        _expectRange("sigma", 2e18 - WAD / 16, 2e18, most);
        standing.setCurve(bad);
        bad = new HighCurve();
        _expectRange("sigma", most + 1, WAD, most);
        standing.setCurve(bad);
        bad = new VanishingCurve();
        _expectRange("sigma", 0, least, most);
        standing.setCurve(bad);
        assertEq(address(standing.curve()), address(curve), "the curve stays");
    }

    /// A curve that is fine within one role's clamp may exceed another's.
    function test_RevertGiven_CurveOutsideTheClampOfOneRole() public {
        INodeStanding.RoleParameters memory p = _roleParameters(ORACLE);
        p.maxExponent = ud2x18(0);
        standing.setRoleParameters(ORACLE, p);
        StepCurve step = new StepCurve();
        _expectRange("sigma", 2e18, WAD, WAD);
        standing.setCurve(step);
    }

    // ---------------------------------------------------------------- extremes

    function test_STK03_CountsOfZeroToSixtyFour() public {
        INodeStanding.RoleParameters[3] memory roles = _threeRoles();
        for (uint256 i; i < 3; ++i) {
            roles[i].target = 0;
            roles[i].budgetShare = ud2x18(0.0001e18);
        }
        NodeStanding literal = _standingOver(masa, vault, 0.5e18, roles);
        INodeStanding.StandingParameters memory p = _standingParameters();
        p.baseStep = ud2x18(uint64(WAD));
        literal.setStandingParameters(p);
        uint256 whole = SUPPLY / 10_000;
        assertEq(literal.requirementAt(VALIDATOR, 0.5e18), whole, "STK-03 |V| = 0");
        literal.snapshot(1);
        assertEq(literal.requirementAt(VALIDATOR, 0.5e18), whole, "STK-03 |V| = 0 at a roll");
        for (uint256 n = 1; n <= 64; ++n) {
            address account = _account(1_000 + n);
            _stake(account, whole);
            literal.enter(account, VALIDATOR);
            if (n != 1 && n != 2 && n != 64) continue;
            literal.snapshot(uint64(n + 1));
            assertEq(literal.requirementAt(VALIDATOR, 0.5e18), (whole + n - 1) / n, "STK-03 phi S / |V|");
            assertEq(literal.snapshotOf(VALIDATOR).meanUtility, 0.5e18, "STK-03 mean");
        }
        for (uint256 n = 1; n <= 64; ++n) {
            literal.exit(_account(1_000 + n), VALIDATOR);
        }
        literal.snapshot(66);
        assertEq(literal.snapshotOf(VALIDATOR).meanUtility, 0.5e18, "STK-03 the mean outlives the last node");
    }

    function test_STK04_ExtremeExponentsStayInsideTheBounds() public {
        INodeStanding.RoleParameters memory p = _roleParameters(WORKER);
        p.lambda = ud2x18(1);
        standing.setRoleParameters(WORKER, p);
        // (Ū − U)/λ is ±5e17, far beyond where exp reverts or vanishes.
        uint256 worst = standing.requirementAt(WORKER, 0);
        uint256 best = standing.requirementAt(WORKER, WAD);
        assertNear(worst, WORKER_BASE * 4, WORKER_BASE / 1e12, "STK-04 at most four times");
        assertNear(best, WORKER_BASE / 4, WORKER_BASE / 1e12, "STK-04 at least a quarter");
        p.lambda = ud2x18(type(uint64).max);
        p.floor = 70_000e18;
        standing.setRoleParameters(WORKER, p);
        assertEq(standing.requirementAt(WORKER, WAD), 70_000e18, "STK-04 never below the floor");
    }

    /// I-11 and I-12 over parameters that governance may set.
    function testFuzz_I11_I12_RequirementIsBoundedAndMonotonic(
        uint256 low,
        uint256 high,
        uint256 lambda,
        uint256 most,
        uint256 floor
    ) public {
        INodeStanding.RoleParameters memory p = _roleParameters(WORKER);
        p.lambda = ud2x18(uint64(bound(lambda, 1, type(uint64).max)));
        p.maxExponent = ud2x18(uint64(bound(most, 0, standing.MAX_EXPONENT())));
        p.floor = uint96(bound(floor, 1, type(uint96).max));
        standing.setRoleParameters(WORKER, p);
        low = bound(low, 0, WAD);
        high = bound(high, low, WAD);
        uint256 asked = standing.requirementAt(WORKER, low);
        uint256 askedOfBetter = standing.requirementAt(WORKER, high);
        assertLe(askedOfBetter, asked, "I-12");
        assertGe(askedOfBetter, p.floor, "I-11 floor");
        assertGt(askedOfBetter, 0, "I-11 positive");
        uint256 cap = (WORKER_BASE * StakingMath.sigma(int256(uint256(p.maxExponent.unwrap())))) / WAD + 1;
        assertLe(asked, cap > p.floor ? cap : p.floor, "I-11 cap");
    }
}

/// @dev σ = 2 above the mean, 1 at it and below; within any clamp of ln 2 and more.
contract StepCurve is IStakingCurve {
    function coefficient(uint256 mean, uint256 utility, uint256, uint256) external pure returns (uint256) {
        return mean > utility ? 2e18 : 1e18;
    }
}
