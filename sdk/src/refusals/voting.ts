/** What votes, the governor and the classes of proposals refuse. */
import type { Sentences } from "./values.ts";

const AGAIN = "Sign again.";
const BOUNDS = "Give a value within these bounds.";
const REAL = "Name a real address.";

export const VOTES_REFUSALS: Sentences = {
  StakeVotes_NotVault: (v) => [
    `${v.plain("caller")} is not the vault`,
    "Votes follow stakes by themselves: stake or unbond instead.",
  ],
  StakeVotes_ZeroAddress: () => ["an address that is needed is the zero address", REAL],
  StakeVotes_DelegateeRefused: (v) => [
    `${v.plain("delegatee")} is neither validator nor worker`,
    "Delegate to a registered one: see `masa nodes`.",
  ],
  StakeVotes_EdgeToSelf: (v) => [
    `${v.plain("account")} cannot have an edge to itself`,
    "What is on no edge is its own already, unless it delegates that: `masa undelegate` takes it back.",
  ],
  StakeVotes_TooManyEdges: (v) => [
    `${v.plain("account")} delegates to ${v.plain("most")} accounts in part already, the most there may be`,
    "End one of its edges first: `masa undelegate ACCOUNT`.",
  ],
  StakeVotes_InsufficientResidual: (v) => [
    `${v.plain("account")} has ${v.masa("available")} on no edge and was asked for ${v.masa("asked")}`,
    "Delegate less, or shrink another edge first.",
  ],
  StakeVotes_NothingChanged: (v) => [
    `the edge from ${v.plain("account")} to ${v.plain("delegatee")} has ${v.masa("units")} already`,
    "There is nothing to do.",
  ],
  StakeVotes_SignatureExpired: (v) => [`the signature ended at ${v.moment("expiry")}`, AGAIN],
  StakeVotes_InvalidSignature: (v) => [
    `the signature is not one of ${v.plain("account")} for this delegation, with its present nonce`,
    AGAIN,
  ],
  StakeVotes_FutureLookup: (v) => [
    `votes of ${v.moment("timepoint")}, are not known yet`,
    "Ask for a second that is over.",
  ],
  StakeVotes_SnapshotPast: (v) => [
    `a snapshot at ${v.moment("until")}, is past`,
    "Await a second that is not over.",
  ],
  StakeVotes_TotalNotRecorded: (v) => [
    `the total of votes at ${v.date("timepoint")} was not recorded: no proposal had its snapshot then`,
    "Ask for the snapshot of a proposal.",
  ],
  VotesExpiredSignature: (v) => [`the signature ended at ${v.date("expiry")}`, AGAIN],
};

export const GOVERNOR_REFUSALS: Sentences = {
  MasaGovernor_ZeroAddress: () => ["an address that is needed is the zero address", REAL],
  MasaGovernor_OutOfRange: (v) => [
    `${v.word("name")} is ${v.bounded("value")}; it must lie between ${v.bounded("least")} and ${v.bounded("most")}`,
    BOUNDS,
  ],
  MasaGovernor_TextMissing: (v) => [
    `the proposal's text has no ${v.word("part")}`,
    "Begin with a line `# Title`, then a description, then a line `## Rationale` and the rationale.",
  ],
  MasaGovernor_StakeTooLow: (v) => [
    `${v.plain("proposer")} stakes ${v.masa("stake")} and needs ${v.masa("required")} to propose this`,
    "Stake more, or let somebody propose it who does.",
  ],
  MasaGovernor_TooManyOpenProposals: (v) => [
    `${v.plain("proposer")} has ${v.plain("most")} proposals whose vote is not over`,
    `Propose again from ${v.date("nextAt")} on.`,
  ],
  MasaGovernor_DelegatesClosed: (v) => [
    `delegates could vote on proposal ${v.plain("proposalId")} until ${v.date("closedAt")}`,
    "Vote with your own units: `masa vote ID … --override`.",
  ],
  MasaGovernor_AlreadyOverridden: (v) => [
    `${v.plain("account")} has voted on proposal ${v.plain("proposalId")} with its own units`,
    "A vote is final.",
  ],
  MasaGovernor_NothingToOverride: (v) => [
    `${v.plain("account")} had no units of its own at the snapshot of proposal ${v.plain("proposalId")}`,
    "Name edges that held some then, or leave --override out.",
  ],
  GovernorAlreadyCastVote: (v) => [`${v.plain("voter")} has voted already`, "A vote is final."],
  GovernorAlreadyQueuedProposal: (v) => [
    `proposal ${v.plain("proposalId")} is queued already`,
    "Execute it when it has waited.",
  ],
  GovernorDisabledDeposit: () => ["the governor takes no coin and no tokens", "Send them to the timelock."],
  GovernorInsufficientProposerVotes: (v) => [
    `${v.plain("proposer")} has ${v.masa("votes")} of votes and needs ${v.masa("threshold")}`,
    "Stake more first.",
  ],
  GovernorInvalidProposalLength: (v) => [
    `a proposal has ${v.plain("targets")} targets, ${v.plain("calldatas")} calls and ${v.plain("values")} values`,
    "Give one of each for every call, and at least one call.",
  ],
  GovernorInvalidSignature: (v) => [
    `the signature is not one of ${v.plain("voter")} for this vote, with its present nonce`,
    AGAIN,
  ],
  GovernorInvalidVoteParams: () => ["votes take no params", "Vote without them."],
  GovernorInvalidVoteType: () => [
    "a vote is 0 (against), 1 (for) or 2 (abstain)",
    "Vote for, against or abstain.",
  ],
  GovernorInvalidVotingPeriod: (v) => [
    `a voting period of ${v.duration("votingPeriod")} is none`,
    "Give the class a longer one.",
  ],
  GovernorNonexistentProposal: (v) => [
    `there is no proposal ${v.plain("proposalId")}`,
    "See `masa proposals` for those there are.",
  ],
  GovernorOnlyExecutor: (v) => [
    `${v.plain("account")} is not the timelock`,
    "Propose the change: only an executed proposal makes it.",
  ],
  GovernorProposalQueueingFailed: (v) => [
    `proposal ${v.plain("proposalId")} could not be queued`,
    "Check that the governor is the timelock's proposer: `masa roles`.",
  ],
  GovernorProposalQueueingNotRequired: (v) => [
    `proposal ${v.plain("proposalId")} needs no queue`,
    "Execute it.",
  ],
  GovernorRestrictedProposer: (v) => [
    `the text of the proposal names another proposer than ${v.plain("proposer")}`,
    "Propose it from the account that its last line names.",
  ],
  GovernorUnableToCancel: (v) => [
    `${v.plain("account")} may not cancel proposal ${v.plain("proposalId")}`,
    "Its proposer may before the vote begins, the holder of the guardian's right until it is executed.",
  ],
  GovernorUnexpectedProposalState: (v) => [
    `proposal ${v.plain("proposalId")} is ${v.proposalState("current")}, and this needs it to be ${v.proposalStates("expectedStates")}`,
    "See `masa proposal ID` for what can be done with it, and when.",
  ],
};

export const CLASS_REFUSALS: Sentences = {
  ProposalClasses_ZeroAddress: () => ["an address that is needed is the zero address", REAL],
  ProposalClasses_AlreadyWired: () => ["the classes know their governor already", "There is nothing to do."],
  ProposalClasses_UnknownClass: (v) => [
    `there is no class ${v.plain("classId")}: they are ${v.plain("classes")}, from 0 on`,
    "Name one of them.",
  ],
  ProposalClasses_OutOfRange: (v) => [
    `${v.word("name")} is ${v.bounded("value")}; it must lie between ${v.bounded("least")} and ${v.bounded("most")}`,
    BOUNDS,
  ],
  ProposalClasses_OutOfOrder: (v) => [
    `with ${v.word("name")} of ${v.bounded("value")} class ${v.plain("classId")} would be out of order: its neighbour has ${v.bounded("neighbour")}`,
    "A class is never laxer than the one before: change the neighbour first.",
  ],
  ProposalClasses_NoCalls: () => ["a proposal without calls is of no class", "Give it a call."],
  ProposalClasses_LengthMismatch: (v) => [
    `there are ${v.plain("targets")} targets and ${v.plain("calldatas")} calls`,
    "Give one of each for every call.",
  ],
  ProposalClasses_VoteNotOver: (v) => [
    `the vote on proposal ${v.plain("proposalId")} is not over, or the proposal was cancelled`,
    "Record its turnout when the vote is over.",
  ],
  ProposalClasses_AlreadyRecorded: (v) => [
    `the turnout of proposal ${v.plain("proposalId")} is recorded already`,
    "There is nothing to do.",
  ],
  Reviews_ZeroAddress: () => ["an address that is needed is the zero address", REAL],
  Reviews_NoName: () => ["a group needs a name", "Give it one of at most 31 bytes."],
  Reviews_LengthMismatch: (v) => [
    `there are ${v.plain("groups")} groups and ${v.plain("classIds")} classes`,
    "Give one of each.",
  ],
  Reviews_UnknownGroup: (v) => [
    `there is no group ${v.word("group")}`,
    "See docs/parameters.md for the groups.",
  ],
  Reviews_GroupExists: (v) => [`there is a group ${v.word("group")} already`, "Choose another name."],
  Reviews_GroupOfClass: (v) => [
    `${v.word("group")} is the group of a class`,
    "It stays as long as the class does.",
  ],
  Reviews_NotDue: (v) => [`the review of ${v.word("group")} is due at ${v.moment("dueAt")}`, "Mark it then."],
  Reviews_AlreadyMarked: (v) => [
    `the review of ${v.word("group")} was marked as due at ${v.date("markedAt")}`,
    "Propose the review: `masa propose review GROUP`.",
  ],
};
