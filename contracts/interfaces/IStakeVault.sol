// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IGuardian} from "./IGuardian.sol";
import {IStakeObserver} from "./IStakeObserver.sol";

/// @title Custody of stakes
/// @notice Accounts stake MASA and, where the network has one, a wrapped TAO; unbond; and withdraw after the delay.
/// Stake is measured in stake units of 18 decimals: MASA + weight · TAO (decision D13). A slash is booked in one slot
/// and applied to the account's stakes and queues afterwards by anyone; before that the account itself can do nothing
/// else (decision D14). What is slashed waits in the appeal pot, per slash (decision D15).
/// @dev A direct transfer to the vault is a donation: no ledger entry reads the vault's balance. Safety relies on an
/// unbonding delay longer than the longest way from an offence to the end of its appeal, and on a `moduleDelay` longer
/// than unbonding, so that everyone can leave before another contract may slash.
interface IStakeVault {
    /// @dev Of one token. One slot.
    struct Position {
        uint104 staked; // active stake, token units
        uint104 queued; // in the unbonding queue, still slashable, token units
        uint24 nextUnbondingId; // ids are stable and never reused
        uint24 generation; // of the queue: a queue slashed to nothing starts a new one
    }

    /// @dev Of one account. One slot: all that booking a slash writes.
    struct Exposure {
        uint104 reserved; // MASA that backs open commitments, wei: free stake when it was reserved (invariant I-19)
        uint104 pendingCut; // booked slashes that are not applied yet, stake units
        uint8 flags; // internal
        uint32 slashes; // records made so far
    }

    /// @dev One slot. Its delay is fixed when it is queued. All entries of a queue share it by `shares`: a slash lowers
    /// what the queue holds, at the same cost whatever its length.
    struct UnbondingEntry {
        uint152 shares;
        uint40 maturesAt; // Unix second from which it can be withdrawn; slashable until it is
        uint24 generation;
    }

    /// @dev One slot. Lives in the appeal pot until it is released or reversed.
    struct SlashRecord {
        uint104 masa; // wei left in the pot
        uint104 tao; // units left in the pot
        uint40 releasableAt; // end of its appeal window, Unix second
    }

    /// @dev What is paid for the proof behind a slash, once its appeal is over. One slot.
    struct Bounty {
        address reporter;
        uint64 share; // of what is then left of the slash, WAD
    }

    /// @dev A slash above its module's epoch cap: frozen on the account, booked first in the next epoch. One slot.
    struct Deferral {
        address slasher;
        uint96 amount; // stake units
    }

    /// @dev What a slashing module may do. Two slots; the first is all that a warm booking reads.
    struct Slasher {
        uint40 epochEndsAt; // Unix second at which the budget renews; 0: no right
        uint64 left; // of this epoch's cap, LOTs
        uint64 deferredLeft; // of this epoch's cap, set aside for deferrals, LOTs
        uint64 deferredTotal; // frozen on accounts, LOTs
        uint40 activeFrom; // Unix second; type(uint40).max if it was revoked before it began
        uint40 nextFrom; // when `nextCapShare` takes effect; 0: none waits
        uint64 capShare; // of all staked MASA, an epoch, WAD; type(uint64).max: no cap
        uint64 nextCapShare;
        bool revoked; // for good
    }

    /// @dev Windows of D14, seconds; immutable but the last two.
    struct Delays {
        uint40 requestPath; // longest way from a commitment to its report
        uint40 reportPath; // longest way from a round to the end of its report window
        uint40 evidenceWindow; // in which an offence can be proven
        uint40 appealWindow; // from the application of a slash
        uint40 unbondingDelay; // longer than the four together
        uint40 moduleDelay; // longer than unbonding by MODULE_MARGIN
    }

    /// @dev How TAO counts. One slot.
    struct Collateral {
        uint128 taoWeight; // MASA for one TAO, WAD
        uint64 taoMaxShare; // most of a requirement that TAO may cover, WAD
    }

    /// @dev Where slashed funds go after their appeal; what the two shares leave goes to the treasury.
    struct SlashDestinations {
        address treasury;
        address compensation; // pays askers back, never more than their fee
        uint64 compensationShare; // WAD
        uint64 burnShare; // WAD, sent to BURN_ADDRESS
    }

    event Staked(address indexed account, address indexed token, uint256 amount, uint256 staked);
    event UnbondingStarted(
        address indexed account,
        address indexed token,
        uint256 indexed id,
        uint256 amount,
        uint256 maturesAt
    );
    event UnbondingCancelled(address indexed account, address indexed token, uint256 indexed id, uint256 amount);
    event Withdrawn(
        address indexed account,
        address indexed token,
        uint256 indexed id,
        address recipient,
        uint256 amount
    );
    event Reserved(address indexed account, uint256 amount, uint256 reserved);
    event Released(address indexed account, uint256 amount, uint256 reserved);
    /// @param booked Stake units, to be applied by {applySlash}.
    event SlashBooked(address indexed account, address indexed slasher, uint256 booked);
    /// @param amount Stake units above the module's epoch cap, frozen until {bookDeferred}.
    event SlashDeferred(address indexed account, address indexed slasher, uint256 amount);
    /// @notice Not booked and not frozen: the module's deferrals have reached its cap, or another module's stands.
    event SlashForgone(address indexed account, address indexed slasher, uint256 amount);
    event DeferredSlashBooked(address indexed account, address indexed slasher, uint256 booked, uint256 deferred);
    /// @param amount Stake units booked; `shortfall` of them the account no longer held.
    event SlashApplied(
        address indexed account,
        uint256 indexed id,
        uint256 amount,
        uint256 masaFromStake,
        uint256 masaFromQueue,
        uint256 taoFromStake,
        uint256 taoFromQueue,
        uint256 shortfall
    );
    /// @param share Of what is left of the slash when it is released, WAD.
    event BountySet(address indexed account, uint256 indexed id, address indexed reporter, uint256 share);
    event BountyPaid(
        address indexed account,
        uint256 indexed id,
        address indexed token,
        address reporter,
        uint256 amount
    );
    event SlashReversed(address indexed account, uint256 indexed id, uint256 masa, uint256 tao);
    /// @notice What a bounty left of the slash.
    event SlashReleased(
        address indexed account,
        uint256 indexed id,
        address indexed token,
        uint256 toTreasury,
        uint256 toCompensation,
        uint256 burned
    );
    event SlasherScheduled(address indexed slasher, uint64 capShare, uint256 activeFrom);
    event SlasherActivated(address indexed slasher);
    event SlasherRevoked(address indexed slasher);
    event SlashCapSet(address indexed slasher, uint64 previous, uint64 current, uint256 from);
    event DelaysSet(uint40 previousUnbonding, uint40 unbonding, uint40 previousModule, uint40 module);
    event CollateralSet(Collateral previous, Collateral current);
    event SlashDestinationsSet(SlashDestinations previous, SlashDestinations current);
    event GuardianSet(address indexed previous, address indexed current);
    event ObserverScheduled(address indexed observer, uint256 activeFrom);
    event ObserverSet(address indexed previous, address indexed current);

    error StakeVault_UnlistedToken(address token);
    error StakeVault_ZeroAmount();
    error StakeVault_ZeroAddress();
    /// @notice MASA and TAO are the same token, or one of them is no token: no code, more than 18 decimals, balances
    /// that move by themselves, or transfers by the vault that fail.
    error StakeVault_TokenRefused(address token, string reason);
    error StakeVault_InsufficientStake(address account, uint256 staked, uint256 asked);
    /// @notice More than the account's free stake: `free` is what neither commitments nor deferred slashes hold.
    error StakeVault_InsufficientFreeStake(address account, uint256 free, uint256 asked);
    error StakeVault_UnknownEntry(address account, uint256 id);
    error StakeVault_NotMatured(address account, uint256 id, uint256 maturesAt, uint256 now_);
    /// @notice More than the entry is worth now.
    error StakeVault_EntryTooSmall(address account, uint256 id, uint256 worth, uint256 asked);
    /// @notice A deferred slash holds `frozen` stake units of the account until the next epoch books it; `heldAfter` is
    /// what the account would hold beyond its reservations.
    error StakeVault_Frozen(address account, uint256 frozen, uint256 heldAfter);
    /// @notice The account's queue was slashed so deeply that new entries cannot be expressed in its shares; withdraw
    /// or cancel the old entries first.
    error StakeVault_QueueDiluted(address account);
    error StakeVault_NotSlasher(address caller);
    error StakeVault_AlreadyWired();
    error StakeVault_SlasherKnown(address slasher);
    error StakeVault_SlasherUnknown(address slasher);
    error StakeVault_TooEarly(uint256 activeFrom, uint256 now_);
    error StakeVault_OutOfRange(bytes32 name, uint256 value, uint256 least, uint256 most);
    /// @notice With this unbonding delay stake queued now would outstay the activation of a slasher that waits.
    error StakeVault_ActivationPending(uint256 activeFrom, uint256 needed);
    error StakeVault_NothingDeferred(address account);
    /// @notice Deferrals have used up this epoch's cap; the next epoch has another.
    error StakeVault_CapReached(address slasher, uint256 epochEndsAt);
    error StakeVault_NoSuchSlash(address account, uint256 id);
    /// @notice The appeal window of this slash is still open.
    error StakeVault_AppealOpen(address account, uint256 id, uint256 releasableAt, uint256 now_);
    /// @notice The guardian's right lapsed before the window closed: the pot waits for governance.
    error StakeVault_WaitsForGovernance(address account, uint256 id);
    error StakeVault_NotGuardian(address caller);
    error StakeVault_MoreThanSlashed(address account, uint256 id, uint256 masa, uint256 tao);
    error StakeVault_BountyAlreadySet(address account, uint256 id, address reporter);
    /// @notice The reporter is nobody, the vault itself or the account that was slashed.
    error StakeVault_ReporterRefused(address account, address reporter);
    /// @notice The vault received less than it asked for: the token takes a fee on transfer.
    error StakeVault_FeeOnTransfer(address token, uint256 asked, uint256 received);
    /// @notice The vault holds less than its ledger says: the token has lowered balances by itself.
    error StakeVault_Insolvent(address token, uint256 ledger, uint256 balance);

    // ---------------------------------------------------------------- accounts

    /// @notice Adds `amount` of `token` to the caller's own stake.
    function stake(address token, uint256 amount) external;

    /// @notice {stake} with an EIP-2612 permit; a permit that was already used is no obstacle.
    function stakeWithPermit(address token, uint256 amount, uint256 deadline, uint8 v, bytes32 r, bytes32 s) external;

    /// @notice Moves `amount` of the caller's stake into the unbonding queue, where it stays slashable for longer than
    /// any open commitment can take to settle.
    /// @param amount Token units; type(uint256).max for all of it.
    /// @return id Of the entry, for {withdraw} and {cancelUnbonding}.
    function startUnbonding(address token, uint256 amount) external returns (uint256 id);

    /// @notice Moves an entry, matured or not, back to the caller's active stake. Slashes it took stay taken.
    /// @return amount Token units.
    function cancelUnbonding(address token, uint256 id) external returns (uint256 amount);

    /// @notice Pays a matured entry, or part of it, to `recipient`: what was queued less its share of slashes since.
    /// @param amount Token units; type(uint256).max for all of the entry.
    /// @return paid Token units. A partial payment rounds the shares it costs up; the last entry of a queue takes what
    /// is left.
    function withdraw(address token, uint256 id, uint256 amount, address recipient) external returns (uint256 paid);

    // ---------------------------------------------------------------- modules

    /// @notice Reserves part of an account's free staked MASA behind a commitment (decision D7). Slashers only.
    function reserve(address account, uint256 amount) external;

    /// @notice Gives a reservation back, as far as there is one. Slashers, and slashers that were revoked after they
    /// began.
    function release(address account, uint256 amount) external;

    /// @notice Releases `reservation`, as far as there is one, and books `amount` against the account, within the caller's epoch cap; the excess
    /// is frozen, up to one more cap for all accounts together. Never calls the account and never reverts for what it
    /// holds. Slashers only.
    /// @param amount Stake units; what exceeds the reservation released is cut down to what the account holds beyond its other
    /// reservations and earlier bookings (invariants I-14, I-19).
    /// @return booked Stake units, without the excess.
    function slash(address account, uint256 reservation, uint256 amount) external returns (uint256 booked);

    /// @notice Promises `reporter` a share of a slash that is in the pot, for having proven the offence: ⌊share · what is
    /// left⌋ of each token when the slash is released. Once a slash, for good. Slashers only, whoever booked the slash:
    /// several bookings may have become one record.
    /// @param id Of the record: {applySlash} first.
    /// @param share WAD, 1 to MAX_BOUNTY_SHARE.
    function setBounty(address account, uint256 id, address reporter, uint64 share) external;

    /// @notice Gives a slash, or part of it, back to the account's stake while it is in the pot. Guardian only.
    function reverseSlash(address account, uint256 id, uint256 masa, uint256 tao) external;

    // ---------------------------------------------------------------- anyone

    /// @notice Applies what is booked against `account`, pro rata to active and queued stake of both tokens, and puts it
    /// into the appeal pot as one record. Anyone may call; every action of the account does it first.
    /// @return id Of the record; 0 if nothing was booked (the first record is 1).
    function applySlash(address account) external returns (uint256 id);

    /// @notice Books a deferred slash within the cap that the new epoch sets aside for deferrals.
    function bookDeferred(address account) external returns (uint256 booked);

    /// @notice Sends a slash whose appeal window has passed to its reporter, if there is a bounty, and what that leaves to
    /// governance's destinations. Anyone may call while the guardian's right lasted through the window; else the owner
    /// alone. A bounty that the reporter cannot receive goes to the treasury.
    function releaseSlash(address account, uint256 id) external;

    /// @notice Lets a scheduled slasher begin, once its delay is over.
    function activateSlasher(address slasher) external;

    /// @notice Lets a scheduled observer begin, once its delay is over.
    function activateObserver() external;

    // ---------------------------------------------------------------- views

    function masa() external view returns (address);

    /// @notice The wrapped TAO; the zero address where the network has none.
    function tao() external view returns (address);

    /// @notice MASA + weight · TAO that the account has staked, stake units, net of booked and frozen slashes, without
    /// what is unbonding. TAO rounds down.
    function stakeUnitsOf(address account) external view returns (uint256);

    /// @notice As {stakeUnitsOf}, with TAO covering at most `taoMaxShare` of `required`.
    function stakeToward(address account, uint256 required) external view returns (uint256);

    /// @notice {stakeToward} and {masaStakeOf} in one call.
    function standingStakeOf(
        address account,
        uint256 required
    ) external view returns (uint256 units, uint256 masaStaked);

    /// @notice Staked MASA net of booked and frozen slashes, wei: what seat weight and votes count (decision D13).
    function masaStakeOf(address account) external view returns (uint256);

    /// @notice Stake units of an amount of TAO, rounded down.
    function taoUnitsDown(uint256 amount) external view returns (uint256);

    /// @notice Position as it will be once booked slashes are applied.
    function positionOf(address account, address token) external view returns (Position memory);

    function exposureOf(address account) external view returns (Exposure memory);

    function deferralOf(address account) external view returns (Deferral memory);

    /// @notice An entry with what it is worth once booked slashes are applied, token units.
    function unbondingEntryOf(
        address account,
        address token,
        uint256 id
    ) external view returns (UnbondingEntry memory entry, uint256 worth);

    function slashRecordOf(address account, uint256 id) external view returns (SlashRecord memory);

    /// @notice Nobody and 0 where there is none, or no record any more.
    function bountyOf(address account, uint256 id) external view returns (address reporter, uint64 share);

    /// @notice Sums over all accounts, token units (invariant I-01). Booked slashes count as stake until applied.
    function totalsOf(address token) external view returns (uint256 staked, uint256 unbonding, uint256 appealPot);

    function slasherOf(address slasher) external view returns (Slasher memory);

    function collateral() external view returns (Collateral memory);

    function slashDestinations() external view returns (SlashDestinations memory);

    function guardian() external view returns (IGuardian);

    function observer() external view returns (IStakeObserver);

    /// @notice Seconds.
    function unbondingDelay() external view returns (uint40);

    /// @notice Seconds from the grant of a module's right to its first use.
    function moduleDelay() external view returns (uint40);

    function requestPath() external view returns (uint40);

    function reportPath() external view returns (uint40);

    function evidenceWindow() external view returns (uint40);

    function appealWindow() external view returns (uint40);

    /// @notice Sum of the four windows: unbonding lasts longer (decision D14).
    function longestOffencePath() external view returns (uint256);
}
