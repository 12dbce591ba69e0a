// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {UD2x18} from "@prb/math/src/UD2x18.sol";

/// @title Who is a node, how well it works, and what it must stake
/// @notice One account has one role; its whole stake counts for that role. A node's requirement is
/// max(floor, φ·S / max(n, target) · σ(Ū − U)) (EQ-03, EQ-07, EQ-09) with S, n and Ū frozen at the epoch's roll.
/// No list of nodes exists: counts and sums are kept as nodes come, go, fall short and recover (decision D4).
interface INodeRegistry {
    enum Role {
        None,
        Validator,
        Worker,
        Oracle
    }

    /// @dev Two slots.
    struct RoleParameters {
        UD2x18 budgetShare; // φ in [0, 1]; 0: the floor alone is asked for
        UD2x18 lambda; // λ > 0
        UD2x18 maxExponent; // x_max in [0, ln 16]; 0: performance does not move the requirement
        uint32 target; // least divisor of the budget; 0 is the paper's literal formula
        uint128 floor; // absolute least stake, stake units
    }

    /// @dev Governs how utility moves and how strictly the requirement is held. Two slots.
    struct StandingParameters {
        UD2x18 decayPerEpoch; // γ in (0, 1) of EQ-01
        UD2x18 tolerance; // share of the requirement that may be missing before a node counts as below it
        UD2x18 baseStep; // most a role's base moves at a snapshot, as a share of itself
        UD2x18 meanStep; // most a role's mean moves at a snapshot
        UD2x18 supplyStep; // most S moves at a snapshot, as a share of itself
        UD2x18 weightThroughput; // α of EQ-10; β = 1 − α
        uint32 targetThroughput; // bytes of answer a second that count as P_w = 1; 0 disables the measure
        uint32 graceCooldown; // epochs from one grace to the next
    }

    /// @dev What one epoch of work must amount to before it moves utility in full, in WORK_UNITs (1e9 wei of MASA).
    struct ReferenceWork {
        uint64 worker; // Σ R_base answered
        uint64 oracle; // Σ accepted value consumed
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

    /// @dev Everything about an account in one call.
    struct NodeView {
        Role role;
        bool short; // marked short: ineligible and outside the counts
        uint64 utility; // with the finished epochs' work folded in, WAD
        address hotKey; // signs reports and requests for payloads; 0 if it has none
        uint32 nonce; // registration nonce: commitments bind it
        uint32 graceUntil; // last epoch of the latest grace, 0 if there was none
        uint32 registeredEpoch;
        uint256 requirement; // now, stake units
        uint256 stakeUnits;
    }

    event Registered(
        address indexed account,
        Role indexed role,
        address hotKey,
        uint32 nonce,
        uint256 utility,
        string metadata
    );
    event Deregistered(address indexed account, Role indexed role, uint256 utility);
    event MetadataSet(address indexed account, string metadata);
    event HotKeySet(address indexed account, address indexed previous, address indexed current);
    event WorkRecorded(address indexed account, uint256 work, uint256 performance);
    event UtilityFolded(address indexed account, uint256 previous, uint256 current, uint64 epoch);
    event GraceGranted(address indexed account, uint64 untilEpoch, uint256 requirement, uint256 stakeUnits);
    event MarkedShort(address indexed account, uint256 requirement, uint256 stakeUnits);
    event ShortCleared(address indexed account, uint256 requirement, uint256 stakeUnits);
    event SnapshotTaken(Role indexed role, uint64 indexed epoch, uint256 base, uint256 meanUtility, uint256 count);
    event RoleParametersSet(Role indexed role, RoleParameters previous, RoleParameters current);
    event StandingParametersSet(StandingParameters previous, StandingParameters current);
    event ReferenceWorkSet(ReferenceWork previous, ReferenceWork current);
    event CurveSet(address indexed previous, address indexed current);
    event Wired(address indexed market, address indexed validatorSet, address indexed epochManager);

    error NodeRegistry_AlreadyRegistered(address account, Role role);
    error NodeRegistry_NotRegistered(address account);
    error NodeRegistry_NoRole();
    error NodeRegistry_BelowRequirement(address account, uint256 requirement, uint256 stakeUnits);
    /// @notice Open commitments still reserve stake of the account.
    error NodeRegistry_StakeReserved(address account, uint256 reserved);
    error NodeRegistry_HotKeyTaken(address hotKey, address account);
    error NodeRegistry_HotKeyMissing(Role role);
    error NodeRegistry_MetadataTooLong(uint256 length, uint256 most);
    error NodeRegistry_Unauthorised(address caller);
    error NodeRegistry_AlreadyWired();
    error NodeRegistry_ZeroAddress();
    error NodeRegistry_ZeroLambda(Role role);
    error NodeRegistry_ParameterOutOfRange(bytes32 name, uint256 value, uint256 least, uint256 most);
    /// @notice Σ φ·exp(x_max) over the roles exceeds `maxStakedShare`: the roles together could be asked for more stake
    /// than there can be (decision D1).
    error NodeRegistry_InfeasibleBudget(uint256 budget, uint256 maxStakedShare);

    /// @notice Registers the caller. Its stake must meet the requirement at its utility: the role's mean for a new node,
    /// or what the account had in that role before.
    /// @param hotKey Signs for a validator; required there, unique among registered accounts, optional elsewhere.
    /// @param metadata A JSON object, at most MAX_METADATA_LENGTH bytes: at least `endpoint`, see docs/payloads.md.
    function register(Role role, address hotKey, string calldata metadata) external;

    /// @notice Ends the caller's role. Stake stays in the vault, slashable until withdrawn; utility is remembered.
    function deregister() external;

    function setMetadata(string calldata metadata) external;

    /// @notice Replaces the caller's hot key; a validator's frozen key changes with the next roll.
    function setHotKey(address hotKey) external;

    /// @notice Folds a node's finished epochs of work into its utility and marks or clears it as short. Anyone may call.
    function poke(address account) external;

    /// @notice {poke}, then whether the account is an eligible node of `role`. Market and validator set only.
    function use(address account, Role role) external returns (bool eligible);

    /// @notice Records paid work of the current epoch, if the account still has `role`: who has left, or come back as
    /// something else, did no work in that role. Market and validator set only.
    /// @param work Wei of MASA; for a validator any positive number.
    /// @param performance p of EQ-01, WAD, 0..1; ignored for oracle nodes, whose performance is 1 − consumption (D5).
    function recordWork(address account, Role role, uint256 work, uint256 performance) external;

    /// @notice Freezes S, n and Ū of every role for `epoch`. Epoch manager only.
    function snapshot(uint64 epoch) external;

    /// @notice The least stake of `account` in its role now, stake units.
    function requirementOf(address account) external view returns (uint256);

    /// @notice The least stake in `role` of a node with `utility`.
    function requirementAt(Role role, uint256 utility) external view returns (uint256);

    /// @notice σ(Ū − U) of a node, WAD, with the role's parameters and the snapshot.
    function sigmaOf(address account) external view returns (uint256);

    function roleOf(address account) external view returns (Role);
    function hotKeyOf(address account) external view returns (address);
    function nonceOf(address account) external view returns (uint32);
    function accountOfHotKey(address hotKey) external view returns (address);

    /// @notice Registered and not marked short. A node that fell below its requirement since it was last used is
    /// found out by its next use.
    function isEligible(address account, Role role) external view returns (bool);

    function nodeOf(address account) external view returns (NodeView memory);
    function totalsOf(Role role) external view returns (RoleTotals memory);
    function snapshotOf(Role role) external view returns (RoleSnapshot memory);
    function roleParametersOf(Role role) external view returns (RoleParameters memory);
    function standingParameters() external view returns (StandingParameters memory);
    function referenceWork() external view returns (ReferenceWork memory);
}
