// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {ModuleRights} from "../access/ModuleRights.sol";
import {NodeRole} from "../interfaces/INodeRegistry.sol";
import {INodeStanding} from "../interfaces/INodeStanding.sol";
import {IStakeVault} from "../interfaces/IStakeVault.sol";
import {IStakingCurve} from "../interfaces/IStakingCurve.sol";
import {ConsensusMath} from "../math/ConsensusMath.sol";
import {StakingMath} from "../math/StakingMath.sol";

/// @title StandingSnapshots
/// @notice Parameters, the curve and the snapshots of an epoch: what a requirement is made of. Knows no node.
abstract contract StandingSnapshots is INodeStanding, ModuleRights {
    using SafeCast for uint256;

    /// @dev All that a report reads, once more in one slot.
    struct WorkTerms {
        uint64 weightThroughput;
        uint64 resourceShare;
        uint32 targetThroughput;
        uint32 epoch; // of the latest roll, that of every snapshot
    }

    bytes32 public constant ROLL = "ROLL";

    uint256 private constant WAD = 1e18;
    /// @notice Seat weights are kept in millionths of MASA, rounded down.
    uint256 public constant WEIGHT_UNIT = 1e12;
    /// @notice ln 16, WAD: σ stays within [1/16, 16] whatever governance sets.
    uint64 public constant MAX_EXPONENT = 2_772588722239781237;
    /// @notice Utility of the first node of a role that has no mean yet, WAD.
    uint64 public constant FIRST_UTILITY = 0.5e18;
    /// @notice Failures of a worker in one epoch that can be told apart: askers' fingerprints fit one slot.
    uint8 public constant MAX_STRIKES = 6;

    IERC20 public immutable masa;
    IStakeVault public immutable vault;
    /// @notice The most that all roles together may ever ask for, as a share of S, WAD (decision D1).
    uint64 public immutable maxStakedShare;

    IStakingCurve public curve;
    /// @inheritdoc INodeStanding
    uint256 public supplySnapshot;

    StandingParameters internal _standing;
    WorkTerms internal _workTerms;
    mapping(NodeRole role => RoleParameters) internal _roleParameters;
    mapping(NodeRole role => RoleSnapshot) internal _snapshots;
    mapping(NodeRole role => RoleTotals) internal _totals;

    constructor(
        IERC20 masa_,
        IStakeVault vault_,
        IStakingCurve curve_,
        uint32 epoch,
        uint64 maxStakedShare_,
        RoleParameters[3] memory roles,
        StandingParameters memory standing
    ) {
        if (address(curve_) == address(0) || address(vault_) == address(0)) revert NodeStanding_ZeroAddress();
        _requireWithin("maxStakedShare", maxStakedShare_, 1, WAD);
        masa = masa_;
        vault = vault_;
        curve = curve_;
        maxStakedShare = maxStakedShare_;
        supplySnapshot = masa_.totalSupply();
        _workTerms.epoch = epoch;
        _setStandingParameters(standing);
        for (uint256 i; i < 3; ++i) {
            NodeRole role = NodeRole(i + 1);
            _validateRole(role, roles[i]);
            _roleParameters[role] = roles[i];
            emit RoleParametersSet(role, _roleParameters[NodeRole.None], roles[i]);
            _writeSnapshot(role, RoleSnapshot(_rawBase(role, 0, supplySnapshot).toUint112(), FIRST_UTILITY, 0, epoch));
        }
        _requireFeasible();
    }

    // ---------------------------------------------------------------- modules

    /// @inheritdoc INodeStanding
    function snapshot(uint64 epoch) external onlyModule(ROLL) {
        uint256 supply = _nextSupply();
        supplySnapshot = supply;
        _workTerms.epoch = uint32(epoch);
        for (uint256 i = 1; i < 4; ++i) {
            RoleSnapshot memory next = _nextSnapshot(NodeRole(i), supply);
            next.epoch = uint32(epoch);
            _writeSnapshot(NodeRole(i), next);
        }
    }

    // ---------------------------------------------------------------- owner

    /// @notice Takes effect on the base with the next roll, on λ, the clamp and the floor at once.
    function setRoleParameters(NodeRole role, RoleParameters calldata parameters) external onlyOwner {
        if (role == NodeRole.None) revert NodeStanding_NoRole();
        _validateRole(role, parameters);
        emit RoleParametersSet(role, _roleParameters[role], parameters);
        _roleParameters[role] = parameters;
        _requireFeasible();
    }

    function setStandingParameters(StandingParameters calldata parameters) external onlyOwner {
        _setStandingParameters(parameters);
    }

    /// @notice Replaces σ. The curve is sampled: positive, within the clamp of every role, never falling as Ū − U rises.
    function setCurve(IStakingCurve curve_) external onlyOwner {
        if (address(curve_) == address(0)) revert NodeStanding_ZeroAddress();
        for (uint256 i = 1; i < 4; ++i) {
            RoleParameters memory p = _roleParameters[NodeRole(i)];
            uint256 most = StakingMath.sigma(int256(uint256(p.maxExponent.unwrap())));
            uint256 previous = StakingMath.sigma(-int256(uint256(p.maxExponent.unwrap())));
            for (uint256 step; step <= 16; ++step) {
                uint256 sigma = curve_.coefficient(
                    (step * WAD) / 16,
                    WAD - (step * WAD) / 16,
                    p.lambda.unwrap(),
                    p.maxExponent.unwrap()
                );
                _requireWithin("sigma", sigma, previous, most);
                previous = sigma;
            }
        }
        emit CurveSet(address(curve), address(curve_));
        curve = curve_;
    }

    // ---------------------------------------------------------------- views

    /// @inheritdoc INodeStanding
    function requirementAt(NodeRole role, uint256 utility) external view returns (uint256) {
        return _requirementAt(role, _snapshots[role], utility);
    }

    /// @inheritdoc INodeStanding
    function totalsOf(NodeRole role) external view returns (RoleTotals memory) {
        return _totals[role];
    }

    /// @inheritdoc INodeStanding
    function snapshotOf(NodeRole role) external view returns (RoleSnapshot memory) {
        return _snapshots[role];
    }

    /// @inheritdoc INodeStanding
    function nextSnapshotOf(NodeRole role) external view returns (RoleSnapshot memory) {
        return _nextSnapshot(role, _nextSupply());
    }

    /// @inheritdoc INodeStanding
    function rolledEpoch() external view returns (uint64) {
        return _snapshots[NodeRole.Validator].epoch;
    }

    /// @inheritdoc INodeStanding
    function roleParametersOf(NodeRole role) external view returns (RoleParameters memory) {
        return _roleParameters[role];
    }

    /// @inheritdoc INodeStanding
    function standingParameters() external view returns (StandingParameters memory) {
        return _standing;
    }

    /// @inheritdoc INodeStanding
    function measureTerms()
        external
        view
        returns (uint256 weightThroughput, uint256 targetThroughput, uint256 resourceShare)
    {
        WorkTerms storage w = _workTerms;
        return (w.weightThroughput, w.targetThroughput, w.resourceShare);
    }

    // ---------------------------------------------------------------- requirement

    function _sigma(NodeRole role, RoleSnapshot memory frozen, uint256 utility) internal view returns (uint256) {
        RoleParameters storage p = _roleParameters[role];
        return curve.coefficient(frozen.meanUtility, utility, p.lambda.unwrap(), p.maxExponent.unwrap());
    }

    function _requirementAt(
        NodeRole role,
        RoleSnapshot memory frozen,
        uint256 utility
    ) internal view returns (uint256) {
        return StakingMath.requirementUp(frozen.base, _sigma(role, frozen, utility), _roleParameters[role].floor);
    }

    function _seatWeight(uint256 masaStaked, uint256 utility) internal view returns (uint64) {
        uint256 sigma = _sigma(NodeRole.Validator, _snapshots[NodeRole.Validator], utility);
        return uint64(ConsensusMath.seatWeightDown(masaStaked, sigma) / WEIGHT_UNIT);
    }

    function _rawBase(NodeRole role, uint256 count, uint256 supply) internal view returns (uint256) {
        RoleParameters storage p = _roleParameters[role];
        return StakingMath.baseRequirementUp(supply, p.budgetShare.unwrap(), count, p.target);
    }

    function _nextSupply() internal view returns (uint256) {
        uint256 previous = supplySnapshot;
        return StakingMath.limitStep(previous, masa.totalSupply(), (previous * _standing.supplyStep.unwrap()) / WAD);
    }

    /// @return next With the epoch of the latest snapshot.
    function _nextSnapshot(NodeRole role, uint256 supply) internal view returns (RoleSnapshot memory next) {
        next = _snapshots[role];
        RoleTotals memory totals = _totals[role];
        next.base = StakingMath
            .limitStep(
                next.base,
                _rawBase(role, totals.count, supply),
                (uint256(next.base) * _standing.baseStep.unwrap()) / WAD + 1
            )
            .toUint112();
        next.meanUtility = uint64(
            StakingMath.limitStep(
                next.meanUtility,
                StakingMath.meanUtilityDown(totals.utilitySum, totals.count, next.meanUtility),
                _standing.meanStep.unwrap()
            )
        );
        next.count = totals.count;
    }

    function _writeSnapshot(NodeRole role, RoleSnapshot memory s) internal {
        _snapshots[role] = s;
        emit SnapshotTaken(role, s.epoch, s.base, s.meanUtility, s.count);
    }

    // ---------------------------------------------------------------- checks

    /// @inheritdoc ModuleRights
    function _moduleDelay() internal view override returns (uint256) {
        return vault.moduleDelay();
    }

    function _validateRole(NodeRole role, RoleParameters memory p) private pure {
        if (p.lambda.unwrap() == 0) revert NodeStanding_ZeroLambda(role);
        _requireWithin("budgetShare", p.budgetShare.unwrap(), 0, WAD);
        _requireWithin("maxExponent", p.maxExponent.unwrap(), 0, MAX_EXPONENT);
        _requireWithin("floor", p.floor, 1, type(uint96).max);
    }

    function _requireFeasible() private view {
        uint256 budget;
        for (uint256 i = 1; i < 4; ++i) {
            RoleParameters storage p = _roleParameters[NodeRole(i)];
            budget += StakingMath.largestBudgetUp(p.budgetShare.unwrap(), p.maxExponent.unwrap());
        }
        if (budget > maxStakedShare) revert NodeStanding_InfeasibleBudget(budget, maxStakedShare);
    }

    function _setStandingParameters(StandingParameters memory p) private {
        _requireWithin("decayPerEpoch", p.decayPerEpoch.unwrap(), 1, WAD - 1);
        _requireWithin("tolerance", p.tolerance.unwrap(), 0, WAD / 2);
        _requireWithin("workerReference", p.workerReference, 1, type(uint64).max);
        _requireWithin("oracleReference", p.oracleReference, 1, type(uint64).max);
        _requireWithin("baseStep", p.baseStep.unwrap(), 1, WAD);
        _requireWithin("meanStep", p.meanStep.unwrap(), 1, WAD);
        _requireWithin("supplyStep", p.supplyStep.unwrap(), 1, WAD);
        _requireWithin("weightThroughput", p.weightThroughput.unwrap(), 0, WAD);
        _requireWithin("resourceShare", p.resourceShare.unwrap(), 0, WAD);
        _requireWithin("maxStrikes", p.maxStrikes, 0, MAX_STRIKES);
        emit StandingParametersSet(_standing, p);
        _standing = p;
        _workTerms = WorkTerms(
            p.weightThroughput.unwrap(),
            p.resourceShare.unwrap(),
            p.targetThroughput,
            _workTerms.epoch
        );
    }

    function _requireWithin(bytes32 name, uint256 value, uint256 least, uint256 most) internal pure {
        if (value < least || value > most) revert NodeStanding_OutOfRange(name, value, least, most);
    }
}
