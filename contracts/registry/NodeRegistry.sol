// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {IEpochClock} from "../interfaces/IEpochClock.sol";
import {INodeRegistry} from "../interfaces/INodeRegistry.sol";
import {IStakeVault} from "../interfaces/IStakeVault.sol";
import {IStakingCurve} from "../interfaces/IStakingCurve.sol";
import {StakingMath} from "../math/StakingMath.sol";
import {UtilityMath} from "../math/UtilityMath.sol";

/// @title NodeRegistry
/// @notice Roles, utilities and requirements. See {INodeRegistry} for what each function promises.
contract NodeRegistry is INodeRegistry, Ownable {
    using SafeCast for uint256;

    /// @dev One slot: touched at every use and settlement of the node.
    struct Node {
        Role role;
        bool short;
        uint32 workEpoch; // epoch in which `work` was recorded
        uint64 utility; // WAD, without `work`
        uint72 work; // WORK_UNITs recorded in `workEpoch`
        uint72 weightedWork; // Σ work · p, WORK_UNITs
    }

    /// @dev One slot: written at registration, grace and key changes.
    struct Membership {
        address hotKey;
        uint32 nonce;
        uint32 graceUntil;
        uint32 registeredEpoch;
    }

    uint256 private constant WAD = 1e18;
    /// @notice Work is kept in units of 1e9 wei, rounded down.
    uint256 public constant WORK_UNIT = 1e9;
    uint256 public constant MAX_METADATA_LENGTH = 2_048;
    /// @notice ln 16, WAD: σ stays within [1/16, 16] whatever governance sets.
    uint64 public constant MAX_EXPONENT = 2_772588722239781237;
    /// @notice Utility of the first node of a role that has no mean yet, WAD.
    uint64 public constant FIRST_UTILITY = 0.5e18;

    IERC20 public immutable masa;
    IEpochClock public immutable clock;
    IStakeVault public immutable vault;
    /// @notice The most that all roles together may ever ask for, as a share of S, WAD (decision D1).
    uint64 public immutable maxStakedShare;

    IStakingCurve public curve;
    address public market;
    address public validatorSet;
    address public epochManager;
    /// @notice S as of the latest snapshot, wei.
    uint256 public supplySnapshot;

    StandingParameters private _standing;
    ReferenceWork private _referenceWork;
    mapping(Role role => RoleParameters) private _roleParameters;
    mapping(Role role => RoleSnapshot) private _snapshots;
    mapping(Role role => RoleTotals) private _totals;
    mapping(address account => Node) private _nodes;
    mapping(address account => Membership) private _memberships;
    mapping(address hotKey => address account) private _accountOfHotKey;
    /// @dev Utility an account left a role with, plus one (0: it never left that role).
    mapping(address account => mapping(Role role => uint256)) private _rememberedUtility;

    /// @param roles Parameters of validators, workers and oracle nodes, in this order.
    constructor(
        address owner_,
        IERC20 masa_,
        IEpochClock clock_,
        IStakeVault vault_,
        IStakingCurve curve_,
        uint64 maxStakedShare_,
        RoleParameters[3] memory roles,
        StandingParameters memory standing,
        ReferenceWork memory referenceWork_
    ) Ownable(owner_) {
        if (address(curve_) == address(0) || address(vault_) == address(0)) revert NodeRegistry_ZeroAddress();
        _requireWithin("maxStakedShare", maxStakedShare_, 1, WAD);
        masa = masa_;
        clock = clock_;
        vault = vault_;
        curve = curve_;
        maxStakedShare = maxStakedShare_;
        supplySnapshot = masa_.totalSupply();
        _setStandingParameters(standing);
        _setReferenceWork(referenceWork_);
        uint32 epoch = uint32(clock_.currentEpoch());
        for (uint256 i; i < 3; ++i) {
            Role role = Role(i + 1);
            _validateRole(role, roles[i]);
            _roleParameters[role] = roles[i];
            emit RoleParametersSet(role, _roleParameters[Role.None], roles[i]);
            _writeSnapshot(role, epoch, _rawBase(role, 0), FIRST_UTILITY, 0);
        }
        _requireFeasible();
    }

    modifier onlyModule() {
        if (msg.sender != market && msg.sender != validatorSet) revert NodeRegistry_Unauthorised(msg.sender);
        _;
    }

    // ---------------------------------------------------------------- accounts

    /// @inheritdoc INodeRegistry
    function register(Role role, address hotKey, string calldata metadata) external {
        if (role == Role.None) revert NodeRegistry_NoRole();
        Node storage node = _nodes[msg.sender];
        if (node.role != Role.None) revert NodeRegistry_AlreadyRegistered(msg.sender, node.role);
        _requireMetadata(metadata);
        if (role == Role.Validator && hotKey == address(0)) revert NodeRegistry_HotKeyMissing(role);

        uint256 remembered = _rememberedUtility[msg.sender][role];
        RoleTotals memory totals = _totals[role];
        uint256 utility =
            remembered != 0
                ? remembered - 1
                : StakingMath.meanUtilityDown(totals.utilitySum, totals.count, _snapshots[role].meanUtility);
        uint256 required = requirementAt(role, utility);
        uint256 staked = vault.stakeUnitsOf(msg.sender);
        if (staked < required) revert NodeRegistry_BelowRequirement(msg.sender, required, staked);

        node.role = role;
        node.short = false;
        node.utility = uint64(utility);
        node.work = 0;
        node.weightedWork = 0;
        Membership storage membership = _memberships[msg.sender];
        uint32 nonce = ++membership.nonce;
        membership.registeredEpoch = uint32(clock.currentEpoch());
        _setHotKey(membership, hotKey);
        _totals[role] = RoleTotals(totals.count + 1, totals.utilitySum + uint128(utility));
        emit Registered(msg.sender, role, hotKey, nonce, utility, metadata);
    }

    /// @inheritdoc INodeRegistry
    function deregister() external {
        Node memory node = _requireNode(msg.sender);
        uint256 reserved = vault.positionOf(msg.sender, address(masa)).reserved;
        if (reserved != 0) revert NodeRegistry_StakeReserved(msg.sender, reserved);
        // Work of the running epoch is folded now: leaving early must not shed a bad epoch.
        node = _fold(msg.sender, node, type(uint64).max);
        if (!node.short) {
            RoleTotals storage totals = _totals[node.role];
            --totals.count;
            totals.utilitySum -= node.utility;
        }
        _rememberedUtility[msg.sender][node.role] = uint256(node.utility) + 1;
        emit Deregistered(msg.sender, node.role, node.utility);
        delete _nodes[msg.sender];
        _setHotKey(_memberships[msg.sender], address(0));
    }

    /// @inheritdoc INodeRegistry
    function setMetadata(string calldata metadata) external {
        _requireNode(msg.sender);
        _requireMetadata(metadata);
        emit MetadataSet(msg.sender, metadata);
    }

    /// @inheritdoc INodeRegistry
    function setHotKey(address hotKey) external {
        Role role = _requireNode(msg.sender).role;
        if (role == Role.Validator && hotKey == address(0)) revert NodeRegistry_HotKeyMissing(role);
        _setHotKey(_memberships[msg.sender], hotKey);
    }

    /// @inheritdoc INodeRegistry
    function poke(address account) external {
        _poke(account, _requireNode(account));
    }

    // ---------------------------------------------------------------- modules

    /// @inheritdoc INodeRegistry
    function use(address account, Role role) external onlyModule returns (bool) {
        Node memory node = _nodes[account];
        if (role == Role.None || node.role != role) return false;
        return !_poke(account, node).short;
    }

    /// @inheritdoc INodeRegistry
    function recordWork(address account, Role role, uint256 work, uint256 performance) external onlyModule {
        Node memory node = _nodes[account];
        if (node.role != role || role == Role.None) return;
        uint64 epoch = clock.currentEpoch();
        node = _fold(account, node, epoch);
        uint256 units = work / WORK_UNIT;
        node.workEpoch = uint32(epoch);
        // Saturating: 4.7e12 MASA of work in one epoch is beyond any reference, and no report may revert for it.
        node.work = _saturate(node.work + units);
        node.weightedWork = _saturate(node.weightedWork + (units * performance) / WAD);
        _nodes[account] = node;
        emit WorkRecorded(account, work, performance);
    }

    /// @inheritdoc INodeRegistry
    function snapshot(uint64 epoch) external {
        if (msg.sender != epochManager) revert NodeRegistry_Unauthorised(msg.sender);
        uint256 previousSupply = supplySnapshot;
        supplySnapshot = StakingMath.limitStep(
            previousSupply,
            masa.totalSupply(),
            (previousSupply * _standing.supplyStep.unwrap()) / WAD
        );
        for (uint256 i = 1; i < 4; ++i) {
            Role role = Role(i);
            RoleSnapshot memory previous = _snapshots[role];
            RoleTotals memory totals = _totals[role];
            uint256 base = StakingMath.limitStep(
                previous.base,
                _rawBase(role, totals.count),
                (uint256(previous.base) * _standing.baseStep.unwrap()) / WAD + 1
            );
            uint256 mean = StakingMath.limitStep(
                previous.meanUtility,
                StakingMath.meanUtilityDown(totals.utilitySum, totals.count, previous.meanUtility),
                _standing.meanStep.unwrap()
            );
            _writeSnapshot(role, uint32(epoch), base, mean, totals.count);
        }
    }

    // ---------------------------------------------------------------- owner

    /// @notice Names the modules, once.
    function wire(address market_, address validatorSet_, address epochManager_) external onlyOwner {
        if (market != address(0)) revert NodeRegistry_AlreadyWired();
        if (market_ == address(0) || validatorSet_ == address(0) || epochManager_ == address(0)) {
            revert NodeRegistry_ZeroAddress();
        }
        market = market_;
        validatorSet = validatorSet_;
        epochManager = epochManager_;
        emit Wired(market_, validatorSet_, epochManager_);
    }

    /// @notice Takes effect on the base with the next roll, on λ, the clamp and the floor at once.
    function setRoleParameters(Role role, RoleParameters calldata parameters) external onlyOwner {
        if (role == Role.None) revert NodeRegistry_NoRole();
        _validateRole(role, parameters);
        emit RoleParametersSet(role, _roleParameters[role], parameters);
        _roleParameters[role] = parameters;
        _requireFeasible();
    }

    function setStandingParameters(StandingParameters calldata parameters) external onlyOwner {
        _setStandingParameters(parameters);
    }

    function setReferenceWork(ReferenceWork calldata referenceWork_) external onlyOwner {
        _setReferenceWork(referenceWork_);
    }

    /// @notice Replaces σ. The curve is sampled: positive, within the clamp of every role, never falling as Ū − U rises.
    function setCurve(IStakingCurve curve_) external onlyOwner {
        if (address(curve_) == address(0)) revert NodeRegistry_ZeroAddress();
        for (uint256 i = 1; i < 4; ++i) {
            RoleParameters memory p = _roleParameters[Role(i)];
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

    /// @inheritdoc INodeRegistry
    function requirementOf(address account) external view returns (uint256) {
        Node memory node = _requireNode(account);
        return requirementAt(node.role, _utilityNow(node));
    }

    /// @inheritdoc INodeRegistry
    function requirementAt(Role role, uint256 utility) public view returns (uint256) {
        RoleParameters storage p = _roleParameters[role];
        RoleSnapshot memory frozen = _snapshots[role];
        uint256 sigma = curve.coefficient(frozen.meanUtility, utility, p.lambda.unwrap(), p.maxExponent.unwrap());
        return StakingMath.requirementUp(frozen.base, sigma, p.floor);
    }

    /// @inheritdoc INodeRegistry
    function sigmaOf(address account) external view returns (uint256) {
        Node memory node = _requireNode(account);
        RoleParameters storage p = _roleParameters[node.role];
        uint256 utility = _utilityNow(node);
        return curve.coefficient(_snapshots[node.role].meanUtility, utility, p.lambda.unwrap(), p.maxExponent.unwrap());
    }

    /// @inheritdoc INodeRegistry
    function roleOf(address account) external view returns (Role) {
        return _nodes[account].role;
    }

    /// @inheritdoc INodeRegistry
    function hotKeyOf(address account) external view returns (address) {
        return _memberships[account].hotKey;
    }

    /// @inheritdoc INodeRegistry
    function nonceOf(address account) external view returns (uint32) {
        return _memberships[account].nonce;
    }

    /// @inheritdoc INodeRegistry
    function accountOfHotKey(address hotKey) external view returns (address) {
        return _accountOfHotKey[hotKey];
    }

    /// @inheritdoc INodeRegistry
    function isEligible(address account, Role role) external view returns (bool) {
        Node storage node = _nodes[account];
        return role != Role.None && node.role == role && !node.short;
    }

    /// @inheritdoc INodeRegistry
    function nodeOf(address account) external view returns (NodeView memory view_) {
        Node memory node = _nodes[account];
        Membership memory membership = _memberships[account];
        view_.role = node.role;
        view_.short = node.short;
        view_.hotKey = membership.hotKey;
        view_.nonce = membership.nonce;
        view_.graceUntil = membership.graceUntil;
        view_.registeredEpoch = membership.registeredEpoch;
        view_.stakeUnits = vault.stakeUnitsOf(account);
        if (node.role != Role.None) {
            view_.utility = uint64(_utilityNow(node));
            view_.requirement = requirementAt(node.role, view_.utility);
        }
    }

    /// @inheritdoc INodeRegistry
    function totalsOf(Role role) external view returns (RoleTotals memory) {
        return _totals[role];
    }

    /// @inheritdoc INodeRegistry
    function snapshotOf(Role role) external view returns (RoleSnapshot memory) {
        return _snapshots[role];
    }

    /// @inheritdoc INodeRegistry
    function roleParametersOf(Role role) external view returns (RoleParameters memory) {
        return _roleParameters[role];
    }

    /// @inheritdoc INodeRegistry
    function standingParameters() external view returns (StandingParameters memory) {
        return _standing;
    }

    /// @inheritdoc INodeRegistry
    function referenceWork() external view returns (ReferenceWork memory) {
        return _referenceWork;
    }

    // ---------------------------------------------------------------- standing

    /// @dev Folds work of finished epochs, then holds the node's stake against its requirement. Stake is never taken
    /// for falling short: the node has one epoch of grace (one in `graceCooldown`), then is marked short.
    function _poke(address account, Node memory node) private returns (Node memory) {
        uint64 epoch = clock.currentEpoch();
        node = _fold(account, node, epoch);
        uint256 required = requirementAt(node.role, node.utility);
        uint256 staked = vault.stakeUnitsOf(account);
        bool below = staked < required - (required * _standing.tolerance.unwrap()) / WAD;
        if (!below && node.short && staked >= required) {
            node.short = false;
            RoleTotals storage totals = _totals[node.role];
            ++totals.count;
            totals.utilitySum += node.utility;
            emit ShortCleared(account, required, staked);
        } else if (below && !node.short) {
            Membership storage membership = _memberships[account];
            uint256 graceUntil = membership.graceUntil;
            if (graceUntil == 0 || epoch > graceUntil + _standing.graceCooldown) {
                membership.graceUntil = uint32(epoch + 1);
                emit GraceGranted(account, epoch + 1, required, staked);
            } else if (epoch > graceUntil) {
                node.short = true;
                RoleTotals storage totals = _totals[node.role];
                --totals.count;
                totals.utilitySum -= node.utility;
                emit MarkedShort(account, required, staked);
            }
        }
        _nodes[account] = node;
        return node;
    }

    /// @dev Applies EQ-01 once for the epoch in which work was recorded, if it is over; idle epochs change nothing, so
    /// any number of them costs the same. Does not store the node.
    function _fold(address account, Node memory node, uint64 epoch) private returns (Node memory) {
        if (node.work == 0 || node.workEpoch >= epoch) return node;
        uint256 utility = _foldedUtility(node, epoch);
        emit UtilityFolded(account, node.utility, utility, node.workEpoch);
        if (!node.short) {
            RoleTotals storage totals = _totals[node.role];
            totals.utilitySum = totals.utilitySum + uint128(utility) - node.utility;
        }
        node.utility = uint64(utility);
        node.work = 0;
        node.weightedWork = 0;
        return node;
    }

    /// @dev Asks the clock only where there is work to fold.
    function _utilityNow(Node memory node) private view returns (uint256) {
        return node.work == 0 ? node.utility : _foldedUtility(node, clock.currentEpoch());
    }

    function _foldedUtility(Node memory node, uint64 epoch) private view returns (uint256) {
        if (node.work == 0 || node.workEpoch >= epoch) return node.utility;
        uint256 decay = _standing.decayPerEpoch.unwrap();
        if (node.role == Role.Oracle) {
            uint256 saved = UtilityMath.oraclePerformanceUp(node.work, _referenceWork.oracle);
            return UtilityMath.foldUtility(node.utility, saved, WAD, decay);
        }
        uint256 weight = node.role == Role.Worker ? UtilityMath.workWeightDown(node.work, _referenceWork.worker) : WAD;
        uint256 performance = (uint256(node.weightedWork) * WAD) / node.work;
        return UtilityMath.foldUtility(node.utility, performance, weight, decay);
    }

    function _rawBase(Role role, uint256 count) private view returns (uint256) {
        RoleParameters storage p = _roleParameters[role];
        return StakingMath.baseRequirementUp(supplySnapshot, p.budgetShare.unwrap(), count, p.target);
    }

    function _writeSnapshot(Role role, uint32 epoch, uint256 base, uint256 mean, uint256 count) private {
        _snapshots[role] = RoleSnapshot(base.toUint112(), uint64(mean), uint32(count), epoch);
        emit SnapshotTaken(role, epoch, base, mean, count);
    }

    // ---------------------------------------------------------------- checks

    function _requireNode(address account) private view returns (Node memory node) {
        node = _nodes[account];
        if (node.role == Role.None) revert NodeRegistry_NotRegistered(account);
    }

    function _requireMetadata(string calldata metadata) private pure {
        if (bytes(metadata).length > MAX_METADATA_LENGTH) {
            revert NodeRegistry_MetadataTooLong(bytes(metadata).length, MAX_METADATA_LENGTH);
        }
    }

    function _setHotKey(Membership storage membership, address hotKey) private {
        address previous = membership.hotKey;
        if (previous == hotKey) return;
        if (hotKey != address(0)) {
            address holder = _accountOfHotKey[hotKey];
            if (holder != address(0)) revert NodeRegistry_HotKeyTaken(hotKey, holder);
            _accountOfHotKey[hotKey] = msg.sender;
        }
        if (previous != address(0)) delete _accountOfHotKey[previous];
        membership.hotKey = hotKey;
        emit HotKeySet(msg.sender, previous, hotKey);
    }

    function _validateRole(Role role, RoleParameters memory p) private pure {
        if (p.lambda.unwrap() == 0) revert NodeRegistry_ZeroLambda(role);
        _requireWithin("budgetShare", p.budgetShare.unwrap(), 0, WAD);
        _requireWithin("maxExponent", p.maxExponent.unwrap(), 0, MAX_EXPONENT);
        _requireWithin("floor", p.floor, 1, type(uint104).max);
    }

    function _requireFeasible() private view {
        uint256 budget;
        for (uint256 i = 1; i < 4; ++i) {
            RoleParameters storage p = _roleParameters[Role(i)];
            budget += StakingMath.largestBudgetUp(p.budgetShare.unwrap(), p.maxExponent.unwrap());
        }
        if (budget > maxStakedShare) revert NodeRegistry_InfeasibleBudget(budget, maxStakedShare);
    }

    function _setStandingParameters(StandingParameters memory p) private {
        _requireWithin("decayPerEpoch", p.decayPerEpoch.unwrap(), 1, WAD - 1);
        _requireWithin("tolerance", p.tolerance.unwrap(), 0, WAD / 2);
        _requireWithin("baseStep", p.baseStep.unwrap(), 1, WAD);
        _requireWithin("meanStep", p.meanStep.unwrap(), 1, WAD);
        _requireWithin("supplyStep", p.supplyStep.unwrap(), 1, WAD);
        _requireWithin("weightThroughput", p.weightThroughput.unwrap(), 0, WAD);
        emit StandingParametersSet(_standing, p);
        _standing = p;
    }

    function _setReferenceWork(ReferenceWork memory p) private {
        _requireWithin("referenceWork.worker", p.worker, 1, type(uint64).max);
        _requireWithin("referenceWork.oracle", p.oracle, 1, type(uint64).max);
        emit ReferenceWorkSet(_referenceWork, p);
        _referenceWork = p;
    }

    function _saturate(uint256 value) private pure returns (uint72) {
        return value > type(uint72).max ? type(uint72).max : uint72(value);
    }

    function _requireWithin(bytes32 name, uint256 value, uint256 least, uint256 most) private pure {
        if (value < least || value > most) revert NodeRegistry_ParameterOutOfRange(name, value, least, most);
    }
}
