// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Custody of stakes
/// @notice Accounts stake a listed token, unbond it, and withdraw it after the unbonding delay. The market reserves
/// and slashes. A direct transfer to the vault is a donation: no ledger entry reads the vault's balance.
/// Safety relies on listed tokens that neither take fees on transfer nor rebase, and on an unbonding delay longer than
/// the longest way from an offence to its slash (decision D14).
interface IStakeVault {
    /// @dev One slot. `reserved <= staked` always (invariant I-19).
    struct Position {
        uint104 staked; // active stake, token units
        uint104 reserved; // part of it that backs open commitments, token units
        uint24 nextUnbondingId; // ids are stable and never reused
        uint24 generation; // of the queue: a queue slashed to nothing starts a new one
    }

    /// @dev One slot. All unbonding entries of an account share one pool, so that a slash costs the same whatever the
    /// length of the queue: it lowers `amount`, and each entry is worth `shares * amount / pool shares`.
    struct UnbondingPool {
        uint104 amount; // token units
        uint152 shares;
    }

    /// @dev One slot. Its delay is fixed when it is queued.
    struct UnbondingEntry {
        uint152 shares;
        uint40 maturesAt; // Unix second from which it can be withdrawn
        uint24 generation;
    }

    event Staked(address indexed account, address indexed token, uint256 amount, uint256 staked);
    event UnbondingStarted(
        address indexed account,
        address indexed token,
        uint256 indexed id,
        uint256 amount,
        uint256 maturesAt
    );
    event Withdrawn(address indexed account, address indexed token, uint256 indexed id, uint256 amount);
    event Reserved(address indexed account, uint256 amount, uint256 reserved);
    event Released(address indexed account, uint256 amount, uint256 reserved);
    /// @param asked κ·R_base; `fromStake + fromUnbonding` is less where the account holds less.
    event Slashed(
        address indexed account,
        address indexed token,
        uint256 asked,
        uint256 fromStake,
        uint256 fromUnbonding,
        uint64 indexed epoch
    );
    event SlashedFundsReleased(address indexed token, uint64 indexed epoch, address indexed to, uint256 amount);
    event UnbondingDelaySet(uint64 previous, uint64 current);
    event TreasurySet(address indexed previous, address indexed current);
    event Wired(address indexed market);

    error StakeVault_UnlistedToken(address token);
    error StakeVault_ZeroAmount();
    error StakeVault_ZeroAddress();
    /// @notice More than the account's free stake: `free` is what open commitments do not reserve.
    error StakeVault_InsufficientFreeStake(address account, uint256 free, uint256 asked);
    error StakeVault_UnknownEntry(address account, uint256 id);
    error StakeVault_NotMatured(address account, uint256 id, uint256 maturesAt, uint256 now_);
    /// @notice The account's queue was slashed so deeply that new entries cannot be expressed in its shares; withdraw
    /// the old entries first.
    error StakeVault_QueueDiluted(address account);
    error StakeVault_NotMarket(address caller);
    error StakeVault_AlreadyWired(address market);
    error StakeVault_DelayOutOfRange(uint256 delay, uint256 least, uint256 most);
    /// @notice The appeal window of `epoch`'s slashes is still open.
    error StakeVault_AppealOpen(uint64 epoch, uint256 releasableAt, uint256 now_);
    error StakeVault_NothingToRelease(uint64 epoch);
    /// @notice The vault received less than it asked for: the token takes a fee on transfer.
    error StakeVault_FeeOnTransfer(address token, uint256 asked, uint256 received);

    /// @notice Adds `amount` of `token` to the caller's own stake.
    function stake(address token, uint256 amount) external;

    /// @notice Moves `amount` of the caller's free stake into the unbonding queue, where it stays slashable.
    /// @return id Of the entry, for {withdraw}.
    function startUnbonding(address token, uint256 amount) external returns (uint256 id);

    /// @notice Pays out a matured entry to the caller: its amount less its share of slashes since it was queued.
    /// @return amount Token units, rounded down; the last entry of a queue takes what is left.
    function withdraw(address token, uint256 id) external returns (uint256 amount);

    /// @notice Reserves part of an account's free MASA stake behind a commitment (decision D7). Market only.
    function reserve(address account, uint256 amount) external;

    /// @notice Gives a reservation back. Market only.
    function release(address account, uint256 amount) external;

    /// @notice Releases `reservation` and slashes up to `amount` from stake and unbonding pro rata. Market only. Never
    /// calls the account; funds wait in the appeal pot of the current epoch (decision D15).
    /// @return slashed Token units, at most `amount` and at most what the account holds (invariant I-14).
    function slash(address account, uint256 reservation, uint256 amount) external returns (uint256 slashed);

    /// @notice Sends the funds slashed in `epoch`, whose appeal window has passed, to the treasury. Anyone may call.
    function releaseSlashedFunds(address token, uint64 epoch) external returns (uint256 amount);

    /// @notice The longest way from an offence to the end of its appeal, seconds: unbonding lasts longer (D14).
    function longestOffencePath() external view returns (uint64);

    /// @notice Seconds after the end of an epoch during which its slashes can be appealed.
    function appealWindow() external view returns (uint64);

    /// @notice Stake of an account in stake units (18 decimals), without what is unbonding.
    function stakeUnitsOf(address account) external view returns (uint256);

    /// @notice The part of it in MASA, wei: what seat weight and votes count (decision D13).
    function masaStakeOf(address account) external view returns (uint256);

    function positionOf(address account, address token) external view returns (Position memory);
    function unbondingPoolOf(address account, address token) external view returns (UnbondingPool memory);

    /// @notice An entry with what it is worth now, token units.
    function unbondingEntryOf(
        address account,
        address token,
        uint256 id
    ) external view returns (UnbondingEntry memory entry, uint256 amount);

    /// @notice Sums over all accounts, token units (invariant I-01).
    function totalsOf(address token) external view returns (uint256 staked, uint256 unbonding, uint256 appealPot);

    function slashedFundsOf(address token, uint64 epoch) external view returns (uint256);
}
