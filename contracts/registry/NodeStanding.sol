// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {NodeRole} from "../interfaces/INodeRegistry.sol";
import {INodeStanding} from "../interfaces/INodeStanding.sol";
import {IStakeVault} from "../interfaces/IStakeVault.sol";
import {IStakingCurve} from "../interfaces/IStakingCurve.sol";
import {StakingMath} from "../math/StakingMath.sol";
import {UtilityMath} from "../math/UtilityMath.sol";
import {StandingSnapshots} from "./StandingSnapshots.sol";

/// @title NodeStanding
/// @notice Utilities, strikes and what nodes must stake. See {INodeStanding} for what each function promises.
contract NodeStanding is StandingSnapshots {
    /// @dev Of one account in one role. One slot: touched at every use and settlement.
    struct Node {
        uint8 flags;
        uint32 workEpoch; // epoch in which `work` was recorded
        uint64 utility; // WAD, without `work`
        uint72 work; // WORK_UNITs recorded in `workEpoch`
        uint72 weightedWork; // Σ work · p, WORK_UNITs
    }

    /// @dev Failures of a worker in one epoch. One slot: no list of askers, a few fingerprints.
    struct Strikes {
        uint32 epoch;
        uint8 count;
        uint192 askers; // the last 32 bits of each asker's address
    }

    bytes32 public constant REGISTRY = "REGISTRY";
    bytes32 public constant RECORD = "RECORD";
    bytes32 public constant SCORE = "SCORE";
    bytes32 public constant FORGIVE = "FORGIVE";

    uint256 private constant WAD = 1e18;
    /// @notice Work is kept in units of 1e9 wei, rounded down.
    uint256 public constant WORK_UNIT = 1e9;

    /// @dev Flags of {Node}. KNOWN: it has been registered once. SUSPENDED holds for `workEpoch`.
    uint8 private constant KNOWN = 1;
    uint8 private constant REGISTERED = 2;
    uint8 private constant SHORT = 4;
    uint8 private constant SUSPENDED = 8;

    mapping(NodeRole role => mapping(address account => Node)) private _nodes;
    /// @dev Last epoch of the latest grace. Outlasts registrations, or leaving would buy another.
    mapping(NodeRole role => mapping(address account => uint32)) private _graceUntil;
    mapping(address worker => Strikes) private _strikes;

    /// @param epoch Current epoch of the clock.
    /// @param roles Parameters of validators, workers and oracle nodes, in this order.
    constructor(
        address owner_,
        IERC20 masa_,
        IStakeVault vault_,
        IStakingCurve curve_,
        uint32 epoch,
        uint64 maxStakedShare_,
        RoleParameters[3] memory roles,
        StandingParameters memory standing
    ) Ownable(owner_) StandingSnapshots(masa_, vault_, curve_, epoch, maxStakedShare_, roles, standing) {}

    // ---------------------------------------------------------------- anyone

    /// @inheritdoc INodeStanding
    function poke(address account, NodeRole role) external returns (bool newlyShort) {
        Node memory node = _nodes[role][account];
        if (node.flags & REGISTERED == 0) revert NodeStanding_NotRegistered(account, role);
        uint8 before = node.flags;
        (node, ) = _poke(account, role, node);
        return before & SHORT == 0 && node.flags & SHORT != 0;
    }

    // ---------------------------------------------------------------- modules

    /// @inheritdoc INodeStanding
    function enter(address account, NodeRole role) external onlyModule(REGISTRY) {
        if (role == NodeRole.None) revert NodeStanding_NoRole();
        Node memory node = _nodes[role][account];
        RoleSnapshot memory frozen = _snapshots[role];
        RoleTotals memory totals = _totals[role];
        if (node.flags & KNOWN == 0) {
            node.utility = uint64(StakingMath.meanUtilityDown(totals.utilitySum, totals.count, frozen.meanUtility));
        } else {
            node = _fold(account, role, node, frozen.epoch);
        }
        uint256 required = _requirementAt(role, frozen, node.utility);
        uint256 staked = vault.stakeToward(account, required);
        if (staked < required) revert NodeStanding_BelowRequirement(account, required, staked);
        node.flags = (node.flags | KNOWN | REGISTERED) & ~SHORT;
        _nodes[role][account] = node;
        _totals[role] = RoleTotals(totals.count + 1, totals.utilitySum + node.utility);
        emit Entered(account, role, node.utility);
    }

    /// @inheritdoc INodeStanding
    function exit(address account, NodeRole role) external onlyModule(REGISTRY) {
        Node memory node = _nodes[role][account];
        if (node.flags & REGISTERED == 0) revert NodeStanding_NotRegistered(account, role);
        node = _fold(account, role, node, _snapshots[role].epoch);
        if (node.flags & SHORT == 0) _uncount(role, node.utility);
        // Work of the running epoch and a suspension stay: coming back within the epoch finds both.
        node.flags &= ~(REGISTERED | SHORT);
        _nodes[role][account] = node;
        emit Exited(account, role, node.utility);
    }

    /// @inheritdoc INodeStanding
    function use(address account, NodeRole role) external onlyModule(RECORD) returns (bool) {
        Node memory node = _nodes[role][account];
        if (node.flags & REGISTERED == 0) return false;
        (node, ) = _poke(account, role, node);
        return node.flags & SHORT == 0 && !_isSuspended(role, node);
    }

    /// @inheritdoc INodeStanding
    function recordWorkOf(NodeRole role, uint256[] calldata words) external onlyModule(RECORD) {
        uint32 epoch = _workTerms.epoch;
        mapping(address account => Node) storage nodes = _nodes[role];
        for (uint256 i; i < words.length; ++i) {
            uint256 word = words[i];
            address account = address(uint160(word));
            uint256 units = word >> 160;
            uint256 weighted;
            if (role == NodeRole.Worker) (units, weighted) = (uint48(units), word >> 208);
            if (!_addToWord(nodes[account], epoch, units, weighted)) _addWork(account, role, epoch, units, weighted);
        }
    }

    /// @inheritdoc INodeStanding
    function strike(address worker, address asker, uint256 size) external onlyModule(RECORD) {
        uint8 most = _standing.maxStrikes;
        if (most == 0 || size < _standing.strikeSize) return;
        uint32 epoch = _snapshots[NodeRole.Worker].epoch;
        Strikes memory s = _strikes[worker];
        if (s.epoch != epoch) s = Strikes(epoch, 0, 0);
        if (s.count >= most || _hasStruck(s, uint32(uint160(asker)))) return;
        s.askers |= uint192(uint32(uint160(asker))) << (32 * s.count);
        ++s.count;
        _strikes[worker] = s;
        emit Struck(worker, asker, epoch, s.count);
        if (s.count < most) return;
        Node memory node = _fold(worker, NodeRole.Worker, _nodes[NodeRole.Worker][worker], epoch);
        node.flags |= SUSPENDED;
        node.workEpoch = epoch;
        _nodes[NodeRole.Worker][worker] = node;
        emit Suspended(worker, epoch);
    }

    /// @inheritdoc INodeStanding
    function scoreValidators(
        address[] calldata accounts,
        uint256[] calldata performances
    ) external onlyModule(SCORE) returns (uint64[] memory weights, uint256 eligible) {
        weights = new uint64[](accounts.length);
        uint256 decay = _standing.decayPerEpoch.unwrap();
        for (uint256 i; i < accounts.length; ++i) {
            address account = accounts[i];
            Node memory node = _nodes[NodeRole.Validator][account];
            uint256 utility = UtilityMath.foldUtility(node.utility, performances[i], WAD, decay);
            _setUtility(account, NodeRole.Validator, node, utility, _snapshots[NodeRole.Validator].epoch);
            if (node.flags & REGISTERED == 0) {
                _nodes[NodeRole.Validator][account] = node;
                continue;
            }
            uint256 masaStaked;
            (node, masaStaked) = _poke(account, NodeRole.Validator, node);
            if (node.flags & SHORT == 0) eligible |= 1 << i;
            weights[i] = _seatWeight(masaStaked, node.utility);
        }
    }

    /// @inheritdoc INodeStanding
    function forgive(address account, NodeRole role, uint256 utility) external onlyModule(FORGIVE) {
        if (role == NodeRole.None) revert NodeStanding_NoRole();
        uint32 epoch = _snapshots[role].epoch;
        Node memory node = _fold(account, role, _nodes[role][account], epoch);
        if (utility != 0) {
            uint256 most = node.utility + WAD - _standing.decayPerEpoch.unwrap();
            _requireWithin("utility", utility, node.utility, most < WAD ? most : WAD);
            emit UtilityRestored(account, role, node.utility, utility);
            if (_isCounted(node)) _recount(role, node.utility, utility);
            node.utility = uint64(utility);
        }
        if (role == NodeRole.Worker) delete _strikes[account];
        if (_isSuspended(role, node)) {
            node.flags &= ~SUSPENDED;
            emit SuspensionLifted(account, epoch);
        }
        _nodes[role][account] = node;
    }

    // ---------------------------------------------------------------- owner

    /// @notice Names the first modules, once.
    function wire(
        address registry,
        address market,
        address validatorSet,
        address guardian,
        address epochManager
    ) external {
        _beginWiring();
        _grant(REGISTRY, registry, block.timestamp);
        _grant(RECORD, market, block.timestamp);
        _grant(RECORD, validatorSet, block.timestamp);
        _grant(SCORE, validatorSet, block.timestamp);
        _grant(FORGIVE, guardian, block.timestamp);
        _grant(ROLL, epochManager, block.timestamp);
    }

    // ---------------------------------------------------------------- views

    /// @inheritdoc INodeStanding
    function requirementOf(address account, NodeRole role) external view returns (uint256) {
        RoleSnapshot memory frozen = _snapshots[role];
        return _requirementAt(role, frozen, _foldedUtility(role, _requireRegistered(account, role), frozen.epoch));
    }

    /// @inheritdoc INodeStanding
    function sigmaOf(address account, NodeRole role) external view returns (uint256) {
        RoleSnapshot memory frozen = _snapshots[role];
        return _sigma(role, frozen, _foldedUtility(role, _requireRegistered(account, role), frozen.epoch));
    }

    /// @inheritdoc INodeStanding
    function seatWeightOf(address account) external view returns (uint64) {
        return _seatWeight(vault.masaStakeOf(account), _nodes[NodeRole.Validator][account].utility);
    }

    /// @inheritdoc INodeStanding
    function utilityOf(address account, NodeRole role) public view returns (uint256) {
        return _foldedUtility(role, _nodes[role][account], _snapshots[role].epoch);
    }

    /// @inheritdoc INodeStanding
    function storedUtilityOf(address account, NodeRole role) external view returns (uint256) {
        return _nodes[role][account].utility;
    }

    /// @inheritdoc INodeStanding
    function isEligible(address account, NodeRole role) external view returns (bool) {
        Node memory node = _nodes[role][account];
        return _isCounted(node) && !_isSuspended(role, node);
    }

    /// @inheritdoc INodeStanding
    function standingOf(address account, NodeRole role) external view returns (Standing memory s) {
        Node memory node = _nodes[role][account];
        RoleSnapshot memory frozen = _snapshots[role];
        s.registered = node.flags & REGISTERED != 0;
        s.short = node.flags & SHORT != 0;
        s.suspended = _isSuspended(role, node);
        s.utility = uint64(_foldedUtility(role, node, frozen.epoch));
        s.graceUntil = _graceUntil[role][account];
        Strikes memory strikes = _strikes[account];
        if (role == NodeRole.Worker && strikes.epoch == frozen.epoch) s.strikes = strikes.count;
        if (node.workEpoch == frozen.epoch) s.workThisEpoch = node.work * WORK_UNIT;
        if (role == NodeRole.None) return s;
        s.requirement = _requirementAt(role, frozen, s.utility);
        s.stakeUnits = vault.stakeToward(account, s.requirement);
    }

    /// @inheritdoc INodeStanding
    function previewRequirement(
        address account,
        NodeRole role,
        int256 utilityChange
    ) external view returns (RequirementPreview memory v) {
        Node memory node = _requireRegistered(account, role);
        RoleSnapshot memory frozen = _snapshots[role];
        uint256 utility = _foldedUtility(role, node, frozen.epoch);
        (v.requirement, v.stakeUnits, v.shortfall) = _held(account, role, frozen, utility);
        v.nextUtility = uint64(_foldedUtility(role, node, type(uint64).max));
        RoleSnapshot memory next = _nextSnapshot(role, _nextSupply());
        (v.nextRequirement, v.nextStakeUnits, v.nextShortfall) = _held(account, role, next, v.nextUtility);
        // A node that is marked already has no use of a grace before it is cleared.
        if (node.flags & SHORT == 0) v.graceLeft = _graceLeft(_graceUntil[role][account], frozen.epoch);
        v.requirementIfChanged = _requirementAt(role, frozen, _moved(utility, utilityChange));
    }

    // ---------------------------------------------------------------- standing

    /// @dev Folds work of finished epochs, then holds the node's stake against its requirement. Stake is never taken
    /// for falling short: the node has one epoch of grace (one in `graceCooldown`), then is marked short. Stores.
    /// @return masaStaked Wei, for its weight.
    function _poke(address account, NodeRole role, Node memory node) private returns (Node memory, uint256 masaStaked) {
        RoleSnapshot memory frozen = _snapshots[role];
        node = _fold(account, role, node, frozen.epoch);
        uint256 required = _requirementAt(role, frozen, node.utility);
        uint256 staked;
        (staked, masaStaked) = vault.standingStakeOf(account, required);
        if (staked >= required) {
            if (node.flags & SHORT != 0) {
                node.flags &= ~SHORT;
                RoleTotals storage totals = _totals[role];
                ++totals.count;
                totals.utilitySum += node.utility;
                emit ShortCleared(account, role, required, staked);
            }
        } else if (node.flags & SHORT == 0 && staked < required - (required * _standing.tolerance.unwrap()) / WAD) {
            if (_graceSpent(account, role, frozen.epoch, required, staked)) {
                node.flags |= SHORT;
                _uncount(role, node.utility);
                emit MarkedShort(account, role, required, staked);
            }
        }
        _nodes[role][account] = node;
        return (node, masaStaked);
    }

    /// @dev Grants grace where there is some; whether it is over.
    function _graceSpent(
        address account,
        NodeRole role,
        uint32 epoch,
        uint256 required,
        uint256 staked
    ) private returns (bool) {
        uint32 graceUntil = _graceUntil[role][account];
        if (graceUntil == 0 || epoch > uint256(graceUntil) + _standing.graceCooldown) {
            _graceUntil[role][account] = epoch + 1;
            emit GraceGranted(account, role, epoch + 1, required, staked);
            return false;
        }
        return epoch > graceUntil;
    }

    /// @dev Epochs in which the node may be short: the rest of a running grace, or a fresh one of two epochs.
    function _graceLeft(uint32 graceUntil, uint32 epoch) private view returns (uint32) {
        if (graceUntil != 0 && epoch <= graceUntil) return graceUntil - epoch + 1;
        return graceUntil == 0 || epoch > uint256(graceUntil) + _standing.graceCooldown ? 2 : 0;
    }

    /// @dev Applies EQ-01 once for the epoch in which work was recorded, if it is over; idle epochs change nothing, so
    /// any number of them costs the same. Does not store the node.
    function _fold(address account, NodeRole role, Node memory node, uint64 epoch) private returns (Node memory) {
        if (node.work == 0 || node.workEpoch >= epoch) return node;
        uint256 utility = _foldedUtility(role, node, epoch);
        _setUtility(account, role, node, utility, node.workEpoch);
        node.work = 0;
        node.weightedWork = 0;
        return node;
    }

    /// @dev {_addWork} for a node that has worked in this epoch already: two fields of its one word grow. The sums and what
    /// is added are below 2^97.
    /// @return added False if it has not, or if a sum would outgrow its field.
    function _addToWord(Node storage node, uint32 epoch, uint256 units, uint256 weighted) private returns (bool added) {
        uint256 word;
        assembly ("memory-safe") {
            word := sload(node.slot)
        }
        if (uint32(word >> 8) != epoch) return false;
        unchecked {
            if (uint72(word >> 104) + units > type(uint72).max) return false;
            if (uint72(word >> 176) + weighted > type(uint72).max) return false;
        }
        assembly ("memory-safe") {
            sstore(node.slot, add(word, add(shl(104, units), shl(176, weighted))))
        }
        return true;
    }

    function _addWork(address account, NodeRole role, uint32 epoch, uint256 units, uint256 weighted) private {
        Node memory node = _fold(account, role, _nodes[role][account], epoch);
        if (node.workEpoch != epoch) node.flags &= ~SUSPENDED;
        node.workEpoch = epoch;
        // Saturating: 4.7e12 MASA of work in one epoch is beyond any reference, and no report may revert for it.
        node.work = _saturate(node.work + units);
        node.weightedWork = _saturate(node.weightedWork + weighted);
        _nodes[role][account] = node;
    }

    /// @dev Sets the utility of a node in memory and in the sums.
    function _setUtility(address account, NodeRole role, Node memory node, uint256 utility, uint64 epoch) private {
        emit UtilityFolded(account, role, node.utility, utility, epoch);
        if (_isCounted(node)) _recount(role, node.utility, utility);
        node.utility = uint64(utility);
    }

    function _recount(NodeRole role, uint256 previous, uint256 current) private {
        RoleTotals storage totals = _totals[role];
        totals.utilitySum = uint128(totals.utilitySum + current - previous);
    }

    function _uncount(NodeRole role, uint256 utility) private {
        RoleTotals storage totals = _totals[role];
        --totals.count;
        totals.utilitySum -= uint128(utility);
    }

    function _isCounted(Node memory node) private pure returns (bool) {
        return node.flags & (REGISTERED | SHORT) == REGISTERED;
    }

    function _isSuspended(NodeRole role, Node memory node) private view returns (bool) {
        return node.flags & SUSPENDED != 0 && node.workEpoch == _snapshots[role].epoch;
    }

    function _hasStruck(Strikes memory s, uint32 asker) private pure returns (bool) {
        for (uint256 i; i < s.count; ++i) {
            if (uint32(s.askers >> (32 * i)) == asker) return true;
        }
        return false;
    }

    function _foldedUtility(NodeRole role, Node memory node, uint64 epoch) private view returns (uint256) {
        if (node.work == 0 || node.workEpoch >= epoch) return node.utility;
        uint256 decay = _standing.decayPerEpoch.unwrap();
        if (role == NodeRole.Oracle) {
            uint256 saved = UtilityMath.oraclePerformanceUp(node.work, _standing.oracleReference);
            return UtilityMath.foldUtility(node.utility, saved, WAD, decay);
        }
        uint256 weight = UtilityMath.workWeightDown(node.work, _standing.workerReference);
        uint256 performance = (uint256(node.weightedWork) * WAD) / node.work;
        return UtilityMath.foldUtility(node.utility, performance, weight, decay);
    }

    // ---------------------------------------------------------------- requirement

    function _held(
        address account,
        NodeRole role,
        RoleSnapshot memory frozen,
        uint256 utility
    ) private view returns (uint256 required, uint256 staked, uint256 shortfall) {
        required = _requirementAt(role, frozen, utility);
        staked = vault.stakeToward(account, required);
        if (staked < required) shortfall = required - staked;
    }

    /// @dev `utility` + `change`, clamped to 0..1, whatever `change` is.
    function _moved(uint256 utility, int256 change) private pure returns (uint256) {
        if (change > int256(WAD - utility)) return WAD;
        return change < -int256(utility) ? 0 : uint256(int256(utility) + change);
    }

    // ---------------------------------------------------------------- checks

    function _requireRegistered(address account, NodeRole role) private view returns (Node memory node) {
        node = _nodes[role][account];
        if (node.flags & REGISTERED == 0) revert NodeStanding_NotRegistered(account, role);
    }

    function _saturate(uint256 value) private pure returns (uint72) {
        return value > type(uint72).max ? type(uint72).max : uint72(value);
    }
}
