// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Rewards of validators and workers, by a cumulative Merkle root (decision D17)
/// @notice Two pots are funded by emissions and by fees. The epoch report carries a root over what every account was
/// given since the beginning, and the sums of it by pot; it is accepted only if both sums are funded. It pays after a
/// delay in which the guardian can cancel it.
/// @dev A leaf is keccak256(keccak256(abi.encode(account, cumulative))), cumulative in wei below 2^96, and a node the
/// hash of its two children in ascending order. Only single proofs are taken. One MASA may pass through here again and
/// again: sums are cumulative and may exceed the supply.
interface IRewardDistributor {
    enum Pot {
        Validators,
        Workers
    }

    /// @dev Three slots; a claim reads the first alone.
    struct Root {
        bytes32 root;
        uint128 validatorTotal; // Σ given to validators by this root and all before, wei
        uint128 workerTotal; // likewise to workers
        uint64 epoch; // of the report that carried it
        uint40 activeFrom; // Unix second
    }

    event PotFunded(Pot indexed pot, address indexed from, uint256 amount, uint256 funded);
    event RootPosted(
        uint64 indexed epoch,
        bytes32 root,
        uint256 validatorTotal,
        uint256 workerTotal,
        uint256 activeFrom
    );
    /// @notice The report of `epoch` brought no new root: nobody earned anything, or a root was cancelled since the roll.
    event RootKept(uint64 indexed epoch);
    event RootCancelled(uint64 indexed epoch, bytes32 root, address indexed by);
    /// @param amount Paid now, wei.
    /// @param cumulative Paid to `account` since the beginning, wei.
    event RewardClaimed(address indexed account, address indexed recipient, uint256 amount, uint256 cumulative);
    event ClaimerSet(address indexed account, address previous, address current);
    event ActivationDelaySet(uint256 previous, uint256 current);

    error RewardDistributor_ZeroAddress();
    error RewardDistributor_ZeroAmount();
    error RewardDistributor_FeeOnTransfer(uint256 asked, uint256 received);
    error RewardDistributor_OutOfRange(bytes32 name, uint256 value, uint256 least, uint256 most);
    /// @notice A root of this epoch, or of a later one, was posted already.
    error RewardDistributor_EpochNotAfter(uint64 epoch, uint64 lastEpoch);
    /// @notice The root gives more than the pot was ever funded with.
    error RewardDistributor_NotFunded(Pot pot, uint256 total, uint256 funded);
    /// @notice The root gives less than the last accepted one: what was given is not taken back.
    error RewardDistributor_TotalFell(Pot pot, uint256 total, uint256 previous);
    /// @notice Totals rose without a root that gives the difference to anybody.
    error RewardDistributor_RootMissing(uint256 validatorTotal, uint256 workerTotal);
    error RewardDistributor_UnknownRoot(uint64 epoch);
    /// @notice A root can be cancelled only before it is active.
    error RewardDistributor_AlreadyActive(uint64 epoch, uint256 activeFrom, uint256 now_);
    error RewardDistributor_NoActiveRoot();
    error RewardDistributor_InvalidProof(address account, uint256 cumulative);
    /// @notice The account was paid this much or more.
    error RewardDistributor_NothingToClaim(address account, uint256 cumulative, uint256 claimed);

    /// @notice Adds `amount` of the caller's MASA to the validators' pot. Anyone may call, with an allowance.
    function fundValidators(uint256 amount) external;

    /// @notice Adds `amount` of the caller's MASA to the workers' pot. Anyone may call, with an allowance.
    function fundWorkers(uint256 amount) external;

    /// @notice Releases the emission of `epoch`, then accepts its root, if both totals are funded and neither is below
    /// that of the last accepted root. Root 0 with the totals of the last accepted one keeps that root. Right POST.
    /// @dev Where governance has taken the right RELEASE away, nothing is released and the report still becomes final.
    /// @param validatorTotal Σ of the root's leaves that comes from the validators' pot, wei.
    /// @param workerTotal Σ of the root's leaves that comes from the workers' pot, wei.
    function postRoot(uint64 epoch, bytes32 root, uint128 validatorTotal, uint128 workerTotal) external;

    /// @notice Cancels the root of `epoch`, which is not active yet, and all later ones, which build on it. The totals go
    /// back to those of the root before. The guardian that holds CancelRewardRoot, or the owner.
    function cancelRoot(uint64 epoch) external;

    /// @notice Pays what the latest active root gives `account` beyond what it was paid before, to the account or to the
    /// claimer that it has chosen. Anyone may call.
    /// @param cumulative Of the account's leaf, wei.
    /// @return amount Paid now, wei.
    function claim(address account, uint256 cumulative, bytes32[] calldata proof) external returns (uint256 amount);

    /// @notice Names who receives the caller's rewards from now on; the zero address is the caller itself again.
    function setClaimer(address claimer) external;

    /// @notice Sets the seconds from a root's posting to its first claim, for roots posted from now on. Owner only.
    function setActivationDelay(uint32 delay) external;

    /// @notice What each pot was funded with since the beginning, wei.
    function funded() external view returns (uint256 validators, uint256 workers);

    /// @notice What each pot can still give: funded less the totals of the last accepted root, wei.
    function pots() external view returns (uint256 validators, uint256 workers);

    /// @notice As {pots} after the release that comes next: what a report of the epoch before this one may allocate. To
    /// be read at the block of the roll, so that everyone reads the same.
    function nextPots() external view returns (uint256 validators, uint256 workers);

    /// @notice Totals of the last accepted root, active or not; 0 if there is none.
    function lastTotals() external view returns (uint128 validatorTotal, uint128 workerTotal);

    /// @notice Epoch of the last report that came, with a root or without; 0 if none. It stays when a root is cancelled.
    function lastEpoch() external view returns (uint64);

    /// @notice The last accepted root, active or not; all zero if there is none. Allocations build on it.
    function lastRoot() external view returns (Root memory);

    /// @notice The root that claims are checked against; all zero if none is active.
    function activeRoot() external view returns (Root memory);

    /// @notice Accepted roots that are not active yet, oldest first.
    function pendingRoots() external view returns (Root[] memory);

    /// @notice The accepted root that the report of `epoch` brought; all zero if it brought none, or it was cancelled.
    function rootOf(uint64 epoch) external view returns (Root memory);

    /// @notice What `account` was paid since the beginning, wei.
    function claimedOf(address account) external view returns (uint256);

    /// @notice Who receives the rewards of `account`: itself unless it chose another.
    function claimerOf(address account) external view returns (address);

    /// @notice What {claim} would pay with these arguments; 0 where it would revert.
    function claimable(address account, uint256 cumulative, bytes32[] calldata proof) external view returns (uint256);

    /// @notice Seconds from a root's posting to its first claim.
    function activationDelay() external view returns (uint256);

    /// @notice The leaf of `account` in a root's tree.
    function leafOf(address account, uint256 cumulative) external pure returns (bytes32);
}
