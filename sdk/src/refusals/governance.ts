/** What the clock, the epoch manager, the guardian and the timelock refuse, and what belongs to owners. */
import type { Sentences } from "./values.ts";

export const EPOCH_REFUSALS: Sentences = {
  EpochClock_LengthOutOfRange: (v) => [
    `an epoch of ${v.duration("length")} is not between ${v.duration("least")} and ${v.duration("most")}`,
    "Give a length within these bounds.",
  ],
  EpochClock_GenesisOutOfRange: (v) => [
    `genesis at ${v.moment("genesis")}, lies further off than one epoch`,
    "Choose a genesis near the deployment, or 0 for its block.",
  ],
  EpochClock_NotManager: (v) => [
    `${v.plain("caller")} is not the epoch manager`,
    "Change the length through the epoch manager.",
  ],
  EpochClock_NotDeployer: (v) => [
    `${v.plain("caller")} may not wire the clock: it is not its deployer, or the clock is wired already`,
    "There is nothing to do once it is wired.",
  ],
  EpochManager_ZeroAddress: () => ["an address that is needed is the zero address", "Name a real address."],
  EpochManager_LengthOutOfRange: (v) => [
    `an epoch of ${v.duration("length")} must be between a round, ${v.duration("least")}, and half of the vault's report path, ${v.duration("most")}`,
    "Give a length within these bounds.",
  ],
};

export const GOVERNANCE_REFUSALS: Sentences = {
  Guardian_ZeroAddress: () => ["an address that is needed is the zero address", "Name a real address."],
  Guardian_TermTooLong: (v) => [
    `a term of ${v.duration("term")} is longer than ${v.duration("most")}`,
    "Lend the right for a shorter term and renew it.",
  ],
  Guardian_RightNotHeld: (v) =>
    v.number("until") === 0n
      ? [
          `${v.plain("caller")} may not ${v.guardianRight("right")} at ${v.date("now_")}: nobody was lent the right`,
          "Only the timelock may.",
        ]
      : [
          `${v.plain("caller")} may not ${v.guardianRight("right")}: the right is another's, or its term ended at ${v.moment("until")}`,
          "Only its holder, within the term, and the timelock may.",
        ],
  Guardian_AlreadyRestored: (v) => [
    `the utility that slash ${v.plain("id")} took from ${v.plain("account")} was given back already`,
    "Give back its funds alone, with a utility of 0.",
  ],
  OwnableUnauthorizedAccount: (v) => [
    `${v.plain("account")} is not the owner of the contract`,
    "Parameters belong to the timelock: propose the change with `masa propose`.",
  ],
  OwnableInvalidOwner: (v) => [`${v.plain("owner")} cannot own a contract`, "Name a real owner."],
  AccessControlBadConfirmation: () => [
    "a role can be renounced by its own holder only",
    "Confirm with the account that calls.",
  ],
  AccessControlUnauthorizedAccount: (v) => [
    `${v.plain("account")} does not have the role ${v.plain("neededRole")} of the timelock`,
    "Only the governor may, and a council where there is one: see `masa roles`.",
  ],
  TimelockInsufficientDelay: (v) => [
    `a delay of ${v.duration("delay")} is shorter than the least, ${v.duration("minDelay")}`,
    "Schedule with the least delay or more.",
  ],
  TimelockInvalidOperationLength: (v) => [
    `a batch has ${v.plain("targets")} targets, ${v.plain("payloads")} payloads and ${v.plain("values")} values`,
    "Give one of each for every call.",
  ],
  TimelockUnauthorizedCaller: (v) => [
    `${v.plain("caller")} is not the timelock itself`,
    "Propose the change in the timelock.",
  ],
  TimelockUnexecutedPredecessor: (v) => [
    `the operation ${v.plain("predecessorId")} must be executed first`,
    "Execute it, then repeat.",
  ],
  TimelockUnexpectedOperationState: (v) => [
    `the operation ${v.plain("operationId")} is in none of the states that this needs (${v.plain("expectedStates")})`,
    "Check that it is scheduled, has waited, and was not executed or cancelled.",
  ],
};
