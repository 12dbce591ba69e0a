/** Names of the contracts' enums, in their order. */

/** IGovernor.ProposalState. */
export const PROPOSAL_STATES = [
  "pending",
  "active",
  "cancelled",
  "defeated",
  "succeeded",
  "queued",
  "expired",
  "executed",
] as const;
export type ProposalState = (typeof PROPOSAL_STATES)[number];

/** IGuardian.Right. */
export const GUARDIAN_RIGHTS = ["cancel a proposal", "reverse a slash", "cancel a reward root"] as const;
