/** What reputation and the rewards of governance refuse. */
import type { Sentences } from "./values.ts";

const NOTHING = "There is nothing to do.";

export const REPUTATION_REFUSALS: Sentences = {
  Reputation_ZeroAddress: () => ["an address that is needed is the zero address", "Name a real address."],
  Reputation_OutOfRange: (v) => [
    `${v.word("name")} is ${v.bounded("value")}; it must lie between ${v.bounded("least")} and ${v.bounded("most")}`,
    "Give a value within these bounds.",
  ],
  Reputation_VoteNotOver: (v) => [
    `the vote on proposal ${v.plain("proposalId")} is not over, or the proposal was cancelled`,
    "Close it when the vote is over.",
  ],
  Reputation_QuorumNotReached: (v) => [
    `proposal ${v.plain("proposalId")} did not reach its quorum`,
    "Nothing is paid for it.",
  ],
  Reputation_AlreadyClosed: (v) => [`proposal ${v.plain("proposalId")} was counted already`, NOTHING],
  Reputation_NotClosed: (v) => [
    `proposal ${v.plain("proposalId")} was not counted yet`,
    "Close it first: anyone may, and keepers do.",
  ],
  Reputation_NotCrediter: (v) => [
    `${v.plain("caller")} may not credit for ${v.plain("account")}`,
    "The account itself may, or whom it named.",
  ],
  Reputation_AlreadyCredited: (v) => [
    `${v.plain("account")} was credited for proposal ${v.plain("proposalId")} already`,
    NOTHING,
  ],
  Reputation_OutOfOrder: (v) => [
    `${v.plain("account")} was credited for the proposal counted as number ${v.plain("last")}, and number ${v.plain("number")} came before`,
    "Credits go in the order of counting: what was passed over is lost.",
  ],
  Reputation_NothingToCredit: (v) => [
    `${v.plain("account")} took no part in proposal ${v.plain("proposalId")}`,
    NOTHING,
  ],
  Reputation_EpochNotOver: (v) => [
    `epoch ${v.plain("epoch")} is not over in epoch ${v.plain("currentEpoch")}`,
    "Claim when it is over.",
  ],
  Reputation_NothingToClaim: (v) => [
    `${v.plain("account")} has nothing to claim of epoch ${v.plain("epoch")}`,
    "Credit first what it voted on, or what it earned is paid already.",
  ],
  Reputation_ClaimsClosed: (v) => [
    `epoch ${v.plain("epoch")} could be claimed until epoch ${v.plain("until")}`,
    "What was not claimed has gone back to the pot.",
  ],
  Reputation_ClaimsOpen: (v) => [
    `epoch ${v.plain("epoch")} can be claimed until epoch ${v.plain("until")}`,
    "Release what is left after that.",
  ],
  Reputation_NoBudget: (v) => [
    `nothing is in the pot that epoch ${v.plain("epoch")} could pay from`,
    "Claim when emissions have filled it.",
  ],
  Reputation_NothingToRelease: (v) => [`nothing is left of epoch ${v.plain("epoch")}`, NOTHING],
  Reputation_ProposerAlreadyPaid: (v) => [
    `the proposer of proposal ${v.plain("proposalId")} was paid already`,
    NOTHING,
  ],
};
