// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Reputation and rewards of those who govern (paper section 9.2, decision D17)
/// @notice Everything is worked out lazily from what the governor keeps: a vote costs nothing more. A proposal whose vote
/// is over and reached its quorum is counted once, by {close}, in the epoch it is closed in; each account, or whom it
/// named, then credits what it did, by {credit}, in the order of counting. When the epoch is over, its budget is paid by
/// {claim}. How somebody voted makes no difference, and when a credit is taken makes none either: it is worked out as of
/// the epoch in which the proposal was closed.
///
/// Weight of a credit = own units × rate × class weight × (base + (1 − base) · reputation) × activity, where the rate is
/// 1 for units that their owner voted with, {ReputationParameters.delegatedRate} for units whose delegate voted, else 0.
/// It is linear in the units, so that splitting an account gains nothing, and never more than the units' part of all
/// that was cast, which the budget is divided by: an epoch cannot be overpaid, and what discounts leave stays in the pot.
///
/// Reputation is per account, in [0, 1], starts at 0, decays with epochs and never multiplies votes.
/// @dev What is not claimed within {ReputationParameters.claimEpochs} returns to the pot by {release}. A proposal whose
/// snapshot an account had no stake at counts among those it missed, within its grace.
interface IReputation {
    /// @dev Four slots.
    struct ReputationParameters {
        uint64 delegatedRate; // rate of units whose delegate voted, WAD, below 1
        uint64 base; // share of the reward that reputation does not touch, WAD, in [0.2, 1]
        uint64 voteGain; // R += gain · (1 − R) for an own vote, WAD, at most 0.5
        uint64 reasonGain; // as well, if it came with a reason, WAD, at most 0.5
        uint64 proposalGain; // for having proposed what passed, WAD, at most 0.5
        uint64 decay; // what an epoch leaves of reputation, WAD, in [0.5, 1)
        uint64 maxDiscount; // of the stake needed to propose, at reputation 1, WAD, at most 0.5
        uint64 inactivityCut; // share of activity that each missed proposal beyond the grace takes, WAD, at most 0.5
        uint64 activityFloor; // WAD, at most 1
        uint64 activityStep; // what attending gives back, WAD, in [0.01, 1]
        uint64 maxPotShare; // of what the pot holds and no epoch reserved, for one epoch, WAD, in (0, 0.5]
        uint64 proposerShare; // of an epoch's budget, WAD, at most 0.25
        uint64 maxPerWeight; // wei of budget for a wei of weight, WAD, in (0, 0.05]
        uint96 maxPerProposal; // the most that a proposer is paid for one proposal, wei
        uint32 graceMissed; // proposals in a row that may be missed, in [1, 1000]
        uint32 claimEpochs; // epochs after its own in which an epoch is claimed, in [1, 100000]
    }

    /// @dev One slot an account.
    struct Standing {
        uint64 reputation; // WAD, as of `epoch`
        uint64 activity; // WAD, what inactivity left of the reward share
        uint32 lastEligible; // number of the last proposal it was credited for; 0: none
        uint32 attended; // proposals it was credited for
        uint40 epoch; // of the last proposal it was credited for
        uint8 gained; // what it gained for that one: 1 its vote, 2 its reason, 4 its proposal
    }

    /// @dev A proposal that was closed. One slot. `number` counts from 1.
    struct Closed {
        uint32 number;
        uint8 classId;
        bool passed;
        bool proposerPaid;
        uint32 epoch; // in which it was closed
        uint104 cast; // votes cast, wei of MASA
        uint64 weight; // of its class then, WAD
    }

    /// @dev Three slots. The budget is fixed by the first claim.
    struct EpochBook {
        uint128 weight; // Σ cast × class weight over the proposals closed in it, wei
        uint96 proposalWeight; // Σ class weight over them, WAD
        uint32 until; // last epoch in which it is claimed; 0: the budget is not fixed yet
        uint128 voters; // budget, wei
        uint128 proposers; // budget, wei
        uint128 perProposal; // the most for one, wei
        uint128 left; // of both budgets, wei
    }

    /// @dev Of an account's own votes in one class. One slot.
    struct ClassRecord {
        uint32 votes; // proposals that it voted on itself
        uint32 rationales; // of them, with a reason
        uint32 passed; // of them, that passed
        uint32 won; // of them, that came out as it voted
    }

    struct Record {
        uint256 reputation; // WAD, now
        uint256 activity; // WAD, as the next credit would find it
        uint256 eligible; // proposals closed since its first credit, that one included
        uint256 attended; // of them
        uint256 missed; // in a row, until now
        uint256 proposed; // own proposals that reached their quorum
        uint256 passed; // of them
        ClassRecord[4] classes;
    }

    event ReputationParametersSet(ReputationParameters previous, ReputationParameters current);
    event CrediterSet(address indexed account, address previous, address current);
    event ProposalClosed(uint256 indexed proposalId, uint32 number, uint64 epoch, uint256 cast, bool passed);
    /// @param units Own units that count, whatever their rate, wei of MASA.
    /// @param weight What they weigh in the epoch, wei of MASA.
    /// @param reputation After it, WAD.
    /// @param activity After it, WAD.
    event Credited(
        address indexed account,
        uint256 indexed proposalId,
        uint256 units,
        uint256 weight,
        uint256 reputation,
        uint256 activity
    );
    /// @param until Last epoch in which it is claimed.
    event EpochBudgeted(uint64 indexed epoch, uint256 voters, uint256 proposers, uint64 until);
    event Rewarded(address indexed account, uint64 indexed epoch, uint256 amount);
    event ProposerRewarded(address indexed proposer, uint256 indexed proposalId, uint256 amount);
    /// @notice What nobody claimed is free for epochs to come.
    event EpochReleased(uint64 indexed epoch, uint256 amount);

    error Reputation_ZeroAddress();
    error Reputation_OutOfRange(bytes32 name, uint256 value, uint256 least, uint256 most);
    /// @notice It goes on, was not begun, or was cancelled.
    error Reputation_VoteNotOver(uint256 proposalId);
    error Reputation_QuorumNotReached(uint256 proposalId);
    error Reputation_AlreadyClosed(uint256 proposalId);
    error Reputation_NotClosed(uint256 proposalId);
    /// @notice The caller is neither the account nor whom it named: who credits decides in which order, and with what.
    error Reputation_NotCrediter(address account, address caller);
    /// @notice `account` is the account for its residual, or an edge account.
    error Reputation_AlreadyCredited(address account, uint256 proposalId);
    /// @notice Credits go in the order in which proposals were counted.
    error Reputation_OutOfOrder(address account, uint32 number, uint32 last);
    error Reputation_NothingToCredit(address account, uint256 proposalId);
    error Reputation_EpochNotOver(uint64 epoch, uint64 currentEpoch);
    /// @notice The pot is empty, or all of it reserved: claims wait.
    error Reputation_NoBudget(uint64 epoch);
    error Reputation_NothingToClaim(address account, uint64 epoch);
    error Reputation_ClaimsClosed(uint64 epoch, uint64 until);
    error Reputation_ClaimsOpen(uint64 epoch, uint64 until);
    error Reputation_NothingToRelease(uint64 epoch);
    error Reputation_ProposerAlreadyPaid(uint256 proposalId);

    /// @notice Holds for credits and budgets to come. Owner only.
    function setReputationParameters(ReputationParameters calldata parameters) external;

    /// @notice Lets `crediter` credit for the caller, beside the caller itself; the zero address for nobody.
    function setCrediter(address crediter) external;

    /// @notice Counts a proposal whose vote is over, was not cancelled and reached its quorum. Anyone, once.
    function close(uint256 proposalId) external;

    /// @notice Credits what `account` did in a closed proposal: its vote and its residual if `residual`, its edges to
    /// `delegatees`, its proposal if it was its own. Parts of one proposal may be credited one after the other, until one
    /// of a later proposal is; a part that nobody voted with is passed over. The account, or whom it named.
    function credit(address account, uint256 proposalId, bool residual, address[] calldata delegatees) external;

    /// @notice {credit} with the same parts for many proposals, in the order of counting.
    function creditMany(
        address account,
        uint256[] calldata proposalIds,
        bool residual,
        address[] calldata delegatees
    ) external;

    /// @notice Pays `account` its part of the budget of an epoch that is over, for what it was credited and not paid yet.
    /// Anyone.
    /// @return amount Wei of MASA, rounded down.
    function claim(address account, uint64 epoch) external returns (uint256 amount);

    /// @notice Pays the proposer of a closed proposal, when the epoch is over: by class weight, the same whether it
    /// passed. Anyone, once.
    /// @return amount Wei of MASA, rounded down.
    function claimProposal(uint256 proposalId) external returns (uint256 amount);

    /// @notice Frees what was not claimed of an epoch whose claims have closed. Anyone.
    function release(uint64 epoch) external;

    /// @notice Share by which reputation lowers the stake that `account` needs to propose, WAD, rounded down.
    function proposalDiscountOf(address account) external view returns (uint256);

    /// @notice Reputation now, WAD, rounded down.
    function reputationOf(address account) external view returns (uint256);

    /// @notice As it was left by the last credit.
    function standingOf(address account) external view returns (Standing memory);

    /// @notice What is known of somebody who governs, or wants to be delegated to.
    function recordOf(address account) external view returns (Record memory);

    function crediterOf(address account) external view returns (address);

    function closedOf(uint256 proposalId) external view returns (Closed memory);

    /// @notice How many proposals were closed.
    function closedCount() external view returns (uint32);

    /// @notice Number of the last proposal that the residual of `account`, or an edge account, was credited for; 0: none.
    function lastCreditedOf(address account) external view returns (uint32);

    /// @notice What an account was credited in an epoch and not paid yet, wei.
    function weightOf(address account, uint64 epoch) external view returns (uint256);

    function bookOf(uint64 epoch) external view returns (EpochBook memory);

    /// @notice What {claim} would pay now, wei; while the epoch runs, what it would pay if it were over.
    function claimableOf(address account, uint64 epoch) external view returns (uint256);

    /// @notice What epochs whose budget is fixed may still be paid from the pot, wei.
    function reserved() external view returns (uint256);

    function reputationParameters() external view returns (ReputationParameters memory);
}
