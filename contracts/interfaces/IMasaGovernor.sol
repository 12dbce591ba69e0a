// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IGovernor} from "@openzeppelin/contracts/governance/IGovernor.sol";

import {IReputation} from "./IReputation.sol";

/// @title The governor of the protocol (EQ-21, paper section 9; decisions D9, D10, D15)
/// @notice OpenZeppelin's Governor with delegated votes that their owners can override, classes of proposals and a
/// timelock. Support is 0 against, 1 for, 2 abstain. Delegates vote until {delegateDeadline}; own units until the
/// deadline. A late vote that reaches the quorum or changes the outcome moves the deadline once.
/// {propose}: the text is Markdown, its first line `# Title`, then a description, then a line `## Rationale` and the
/// rationale; with a last line `#proposer=0x…` nobody else can propose it. The proposer stakes the least stake of the
/// proposal's class, less a discount for its reputation, and has at most 4 proposals whose voting is not over.
/// {cancel}: the proposer before the vote begins; until the execution the holder of the guardian's right, and governance.
/// {state} is Expired where nobody queued, or executed, in time. Params of votes are refused: there are none.
interface IMasaGovernor is IGovernor {
    /// @dev What an account, or an edge account, did in a proposal.
    struct Receipt {
        uint8 cast; // as a delegate: support + 1; 0: not voted
        uint8 overrode; // with its own units: support + 1; 0: did not
        bool withReason; // one of the two came with a reason
        uint104 overridden; // votes that delegators of the account took back, wei of MASA
    }

    /// @dev The governor's own parameters; each proposal keeps those it was made under. One slot.
    struct Settings {
        uint32 votingDelay; // seconds from the proposal to its snapshot
        uint32 voteExtension; // seconds that a late vote gives, above directWindow
        uint32 directWindow; // seconds before the deadline in which delegates vote no more
        uint32 expiry; // seconds to queue what succeeded, and to execute what is ready
        uint104 leastQuorum; // floor of every quorum, wei of MASA
    }

    /// @dev Frozen when proposed, but for the deadline.
    struct ProposalTerms {
        uint8 classId;
        uint64 quorum; // share, WAD
        uint64 threshold; // share, WAD
        uint48 extendedDeadline; // 0: not extended
    }

    /// @notice `weight` of the votes that `delegate` cast was taken back by their owner.
    event VoteReduced(address indexed delegate, uint256 proposalId, uint8 support, uint256 weight);
    /// @notice `voter` voted with its own units; `account` is the voter for its residual, or an edge account.
    event OverrideVoteCast(
        address indexed voter,
        address indexed account,
        uint256 proposalId,
        uint8 support,
        uint256 weight,
        string reason
    );
    event ProposalExtended(uint256 indexed proposalId, uint64 extendedDeadline);

    event SettingsSet(Settings previous, Settings current);
    event ReputationSet(IReputation previous, IReputation current);

    error MasaGovernor_ZeroAddress();
    error MasaGovernor_OutOfRange(bytes32 name, uint256 value, uint256 least, uint256 most);
    /// @notice The description has no title, no description or no rationale: see {propose}.
    error MasaGovernor_TextMissing(bytes32 part);
    error MasaGovernor_StakeTooLow(address proposer, uint256 stake, uint256 required);
    error MasaGovernor_TooManyOpenProposals(address proposer, uint256 most, uint256 nextAt);
    /// @notice Delegates stopped voting; own units vote by {castOverrideVote}.
    error MasaGovernor_DelegatesClosed(uint256 proposalId, uint256 closedAt);
    error MasaGovernor_AlreadyOverridden(uint256 proposalId, address account);
    error MasaGovernor_NothingToOverride(uint256 proposalId, address account);

    /// @notice Votes with the caller's own residual, whether its delegate voted or not, or is the caller itself.
    function castOverrideVote(uint256 proposalId, uint8 support, string calldata reason) external returns (uint256);

    /// @notice Votes with the caller's own units on the edges to `delegatees`, and with its residual if `residual`.
    function castOverrideVoteOn(
        uint256 proposalId,
        uint8 support,
        bool residual,
        address[] calldata delegatees,
        string calldata reason
    ) external returns (uint256 weight);

    /// @notice {castOverrideVoteOn} for `voter`, which signed it with its nonce for this proposal (EIP-712, ERC-1271).
    function castOverrideVoteBySig(
        uint256 proposalId,
        uint8 support,
        bool residual,
        address[] calldata delegatees,
        address voter,
        string calldata reason,
        bytes calldata signature
    ) external returns (uint256 weight);

    /// @notice Changes the parameters for proposals to come. Governance only, within hard bounds:
    /// `votingDelay` 1 minute to 30 days, `directWindow` up to 7 days, `voteExtension` more than that by a minute and up to
    /// 14 days, `expiry` 1 hour to 180 days, `leastQuorum` up to a tenth of MASA's supply.
    function setSettings(Settings calldata next) external;

    /// @notice Names what lowers the stake that a proposer needs. Governance only, but for the first time: the two
    /// contracts need each other's address, so the deployer completes the deployment by it.
    function setReputation(IReputation next) external;

    /// @notice Parameters of the next proposal.
    function settings() external view returns (Settings memory);

    /// @notice Parameters that a proposal was made under.
    function settingsOf(uint256 proposalId) external view returns (Settings memory);

    /// @notice Deadlines of the last proposals of `proposer` that take up its places, Unix seconds; a place is free once
    /// its deadline is over.
    function openDeadlinesOf(address proposer) external view returns (uint256[4] memory);

    /// @notice Last second in which votes of delegates count: the deadline less the direct window, which is never more
    /// than half of the voting period.
    function delegateDeadline(uint256 proposalId) external view returns (uint256);

    function termsOf(uint256 proposalId) external view returns (ProposalTerms memory);

    /// @notice What an account, or an edge account, did in a proposal.
    function receiptOf(uint256 proposalId, address account) external view returns (Receipt memory);

    function proposalVotes(
        uint256 proposalId
    ) external view returns (uint256 againstVotes, uint256 forVotes, uint256 abstainVotes);

    /// @notice Votes for and abstaining that the proposal needs, rounded up, wei of MASA; reverts before its snapshot.
    function quorumOf(uint256 proposalId) external view returns (uint256);

    /// @notice Whether the quorum is met as things stand.
    function quorumReached(uint256 proposalId) external view returns (bool);

    function hasVotedOverride(uint256 proposalId, address account) external view returns (bool);
}
