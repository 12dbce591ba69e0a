// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {UD2x18} from "@prb/math/src/UD2x18.sol";

import {NodeRole} from "./INodeRegistry.sol";

/// @title How well a node works, and what it must stake for it
/// @notice A node's requirement is max(floor, φ·S / max(n, target) · σ(Ū − U)) (EQ-03, EQ-07, EQ-09) with S, n and Ū
/// frozen at the epoch's roll. Utility belongs to the pair of account and role and outlasts every registration. No list
/// of nodes exists: counts and sums are kept as nodes come, go, fall short and recover (decision D4).
/// @dev "This epoch" is the epoch last rolled into: a late roll makes it longer and breaks nothing (decision D18).
interface INodeStanding {
    /// @dev Two slots; the first is all that a requirement reads.
    struct RoleParameters {
        UD2x18 lambda; // λ > 0
        UD2x18 maxExponent; // x_max in [0, ln 16]; 0: performance does not move the requirement
        uint96 floor; // absolute least stake, stake units
        uint32 target; // least divisor of the budget; 0 is the paper's literal formula
        UD2x18 budgetShare; // φ in [0, 1]; 0: the floor alone is asked for
    }

    /// @dev How utility moves and how strictly the requirement is held. Three slots; the first is all that using a node
    /// reads.
    struct StandingParameters {
        UD2x18 decayPerEpoch; // γ in (0, 1) of EQ-01
        UD2x18 tolerance; // share of the requirement that may be missing before a node counts as below it
        uint64 workerReference; // Σ R_base answered in an epoch that moves utility in full, WORK_UNITs
        uint64 oracleReference; // consumption of an epoch that counts as c_o = 1, WORK_UNITs
        UD2x18 baseStep; // most a role's base moves at a snapshot, as a share of itself
        UD2x18 meanStep; // most a role's mean moves at a snapshot
        UD2x18 supplyStep; // most S moves at a snapshot, as a share of itself
        uint32 graceCooldown; // epochs from one grace to the next
        UD2x18 weightThroughput; // α of EQ-10; β = 1 − α
        UD2x18 resourceShare; // of consumption: what was asked for counts with it, accepted value with the rest (D5)
        uint32 targetThroughput; // bytes of answer a second that count as P_w = 1; 0 disables the measure
        uint8 maxStrikes; // failures for different askers in an epoch that suspend a worker, at most 6; 0: never
        uint88 strikeSize; // R_base from which a failure is a strike, wei
    }

    /// @dev Frozen by the roll. One slot.
    struct RoleSnapshot {
        uint112 base; // φ·S / max(n, target), stake units
        uint64 meanUtility; // Ū, WAD
        uint32 count; // n
        uint32 epoch; // of the roll that took it
    }

    /// @dev Running sums over the nodes not marked short (invariant I-08). One slot.
    struct RoleTotals {
        uint32 count;
        uint128 utilitySum; // WAD
    }

    /// @dev What an account is in one role.
    struct Standing {
        bool registered;
        bool short; // marked short: ineligible and outside the counts
        bool suspended; // for the rest of this epoch
        uint64 utility; // with the finished epochs' work folded in, WAD
        uint32 graceUntil; // last epoch of the latest grace, 0 if there was none
        uint8 strikes; // of this epoch
        uint256 workThisEpoch; // wei; R_base answered, or an oracle node's consumption
        uint256 requirement; // now, stake units
        uint256 stakeUnits; // what counts toward it
    }

    /// @dev A requirement now and as the next roll would make it if nothing else changed. Stake units.
    struct RequirementPreview {
        uint256 requirement;
        uint256 stakeUnits; // what counts toward it
        uint256 shortfall;
        uint256 nextRequirement; // base, mean and this epoch's work as of the next roll
        uint256 nextStakeUnits;
        uint256 nextShortfall;
        uint32 graceLeft; // epochs, this one included, in which falling short keeps the node eligible; 0: marked short
        uint64 nextUtility; // WAD
        uint256 requirementIfChanged; // now, at the utility moved by what was asked
    }

    event Entered(address indexed account, NodeRole indexed role, uint256 utility);
    event Exited(address indexed account, NodeRole indexed role, uint256 utility);
    event UtilityFolded(
        address indexed account,
        NodeRole indexed role,
        uint256 previous,
        uint256 current,
        uint64 epoch
    );
    event UtilityRestored(address indexed account, NodeRole indexed role, uint256 previous, uint256 current);
    event GraceGranted(
        address indexed account,
        NodeRole indexed role,
        uint64 untilEpoch,
        uint256 requirement,
        uint256 stakeUnits
    );
    event MarkedShort(address indexed account, NodeRole indexed role, uint256 requirement, uint256 stakeUnits);
    event ShortCleared(address indexed account, NodeRole indexed role, uint256 requirement, uint256 stakeUnits);
    event Struck(address indexed worker, address indexed asker, uint64 indexed epoch, uint256 strikes);
    event Suspended(address indexed worker, uint64 indexed epoch);
    event SuspensionLifted(address indexed worker, uint64 indexed epoch);
    event SnapshotTaken(NodeRole indexed role, uint64 indexed epoch, uint256 base, uint256 meanUtility, uint256 count);
    event RoleParametersSet(NodeRole indexed role, RoleParameters previous, RoleParameters current);
    event StandingParametersSet(StandingParameters previous, StandingParameters current);
    event CurveSet(address indexed previous, address indexed current);

    error NodeStanding_NoRole();
    error NodeStanding_NotRegistered(address account, NodeRole role);
    error NodeStanding_BelowRequirement(address account, uint256 requirement, uint256 stakeUnits);
    error NodeStanding_ZeroAddress();
    error NodeStanding_ZeroLambda(NodeRole role);
    error NodeStanding_OutOfRange(bytes32 name, uint256 value, uint256 least, uint256 most);
    /// @notice Σ φ·exp(x_max) over the roles exceeds `maxStakedShare`: the roles together could be asked for more stake
    /// than there can be (decision D1).
    error NodeStanding_InfeasibleBudget(uint256 budget, uint256 maxStakedShare);

    // ---------------------------------------------------------------- anyone

    /// @notice Folds a node's finished epochs of work into its utility and marks or clears it as short. Anyone may call;
    /// {INodeRegistry.poke} pays for it.
    /// @return newlyShort Whether this call marked it.
    function poke(address account, NodeRole role) external returns (bool newlyShort);

    // ---------------------------------------------------------------- modules

    /// @notice Begins a registration. The account's stake must meet the requirement at its utility: the role's mean for
    /// a newcomer, else what it had (decision D3). Right REGISTRY.
    function enter(address account, NodeRole role) external;

    /// @notice Ends a registration. Leaving sheds nothing: work of the running epoch stays with the account and is folded
    /// once, when its epoch is over, whether the account has come back by then or not. Right REGISTRY.
    function exit(address account, NodeRole role) external;

    /// @notice {poke}, then whether the account is an eligible node of `role`: registered, neither short nor suspended.
    /// Right RECORD.
    function use(address account, NodeRole role) external returns (bool eligible);

    /// @notice Records work of this epoch, whether the accounts are registered still or not. Sums saturate. No event: the
    /// market's say the same. Right RECORD.
    /// @param role Worker: answers that a report settled. Oracle: consumption of settled requests.
    /// @param words From the lowest bit up: account 160; of an answer R_base 48 and R_base · p 48 with p of EQ-01, of an
    /// oracle node its consumption 96, whose p is 1 − consumption (D5). In WORK_UNITs.
    function recordWorkOf(NodeRole role, uint256[] calldata words) external;

    /// @notice Counts a failed answer of `size` (R_base, wei) for `asker`; enough of them from different askers suspend
    /// the worker for the rest of the epoch (decision D7). Right RECORD.
    function strike(address worker, address asker, uint256 size) external;

    /// @notice Folds the performance of an epoch that is over into each validator's utility and pokes it. Right SCORE.
    /// @param performances P_v, WAD, one each.
    /// @return weights Uncapped seat weights (EQ-27), WEIGHT_UNITs of MASA.
    /// @return eligible Bit i: account i is an eligible validator.
    function scoreValidators(
        address[] calldata accounts,
        uint256[] calldata performances
    ) external returns (uint64[] memory weights, uint256 eligible);

    /// @notice Raises the utility of an account, lifts its suspension and forgets a worker's strikes of this epoch, after
    /// a slash was reversed (decision D15). Right FORGIVE.
    /// @param utility WAD, at most 1 − γ above what it is; 0 leaves utility alone.
    function forgive(address account, NodeRole role, uint256 utility) external;

    /// @notice Freezes S, n and Ū of every role for `epoch`. Right ROLL.
    function snapshot(uint64 epoch) external;

    // ---------------------------------------------------------------- views

    /// @notice The least stake of `account` in `role` now, stake units.
    function requirementOf(address account, NodeRole role) external view returns (uint256);

    /// @notice The least stake in `role` of a node with `utility`.
    function requirementAt(NodeRole role, uint256 utility) external view returns (uint256);

    /// @notice σ(Ū − U) of an account in `role`, WAD, with the role's parameters and the snapshot.
    function sigmaOf(address account, NodeRole role) external view returns (uint256);

    /// @notice Uncapped weight of a seat of `account`: staked MASA / σ, in WEIGHT_UNITs (EQ-27).
    function seatWeightOf(address account) external view returns (uint64);

    /// @notice U of an account in `role`, with the finished epochs' work folded in, WAD; 0 if it never had the role.
    function utilityOf(address account, NodeRole role) external view returns (uint256);

    /// @notice U as the role's sum counts it: without work that waits to be folded, WAD.
    function storedUtilityOf(address account, NodeRole role) external view returns (uint256);

    /// @notice Registered, neither marked short nor suspended. A node that fell below its requirement since it was last
    /// used is found out by its next use.
    function isEligible(address account, NodeRole role) external view returns (bool);

    function standingOf(address account, NodeRole role) external view returns (Standing memory);

    /// @notice What the node must stake now and next, what it lacks, and what a change of its utility would do.
    /// @param utilityChange WAD, added to its utility and clamped to 0..1.
    function previewRequirement(
        address account,
        NodeRole role,
        int256 utilityChange
    ) external view returns (RequirementPreview memory);

    function totalsOf(NodeRole role) external view returns (RoleTotals memory);
    function snapshotOf(NodeRole role) external view returns (RoleSnapshot memory);

    /// @notice What a roll in this block would freeze; its `epoch` is that of the latest roll.
    function nextSnapshotOf(NodeRole role) external view returns (RoleSnapshot memory);

    /// @notice The epoch last rolled into.
    function rolledEpoch() external view returns (uint64);

    /// @notice S as of the latest snapshot, wei.
    function supplySnapshot() external view returns (uint256);

    function roleParametersOf(NodeRole role) external view returns (RoleParameters memory);
    function standingParameters() external view returns (StandingParameters memory);

    /// @notice What the market needs of the parameters to measure work: α of EQ-10 (WAD), the throughput that counts as
    /// P_w = 1 (bytes a second) and the share of consumption that what was asked for counts with (WAD).
    function measureTerms()
        external
        view
        returns (uint256 weightThroughput, uint256 targetThroughput, uint256 resourceShare);
}
