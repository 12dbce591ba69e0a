/** What the registry, standings, the validator set and the rights of modules refuse. */
import type { Sentences } from "./values.ts";

export const REGISTRY_REFUSALS: Sentences = {
  NodeRegistry_AlreadyRegistered: (v) => [
    `${v.plain("account")} is registered as ${v.role("role")} already`,
    "Deregister first to take another role.",
  ],
  NodeRegistry_NotRegistered: (v) => [
    `${v.plain("account")} is not registered`,
    "Register it first, or check the address.",
  ],
  NodeRegistry_NoRole: () => ["no role is named", "Choose validator, worker or oracle."],
  NodeRegistry_StakeReserved: (v) => [
    `open commitments of ${v.plain("account")} reserve ${v.masa("reserved")}`,
    "Wait until they are settled or closed, then deregister.",
  ],
  NodeRegistry_KeyTaken: (v) => [
    `${v.plain("key")} belongs to ${v.plain("account")} already`,
    "Use a key of its own for each account: one that has signed never moves, any other once it is revoked there.",
  ],
  NodeRegistry_UnknownRights: (v) => [
    `${v.plain("rights")} names no rights, or rights that there are not`,
    "Choose among sign, serve, commit, ask and seat.",
  ],
  NodeRegistry_NotOperator: (v) => [
    `${v.plain("key")} is no operator that ${v.plain("caller")} could revoke`,
    "Revoke a key with its account, or with the key itself.",
  ],
  NodeRegistry_BadProof: (v) => [
    `the proof is not signed by ${v.plain("key")} for its nonce ${v.plain("nonce")}`,
    "Sign a new proof with that key: each is good for one grant.",
  ],
  NodeRegistry_SigningKeyMissing: (v) => [
    `a ${v.role("role")} needs a key with the right to sign`,
    "Name an operator with the right sign when you register.",
  ],
  NodeRegistry_NotAuthorised: (v) => [
    `${v.plain("caller")} is neither a node nor an operator with the right ${v.rights("right")}`,
    "Use the account's own key, or grant the right with `masa operator set`.",
  ],
  NodeRegistry_MetadataLength: (v) => [
    `the metadata has ${v.plain("length")} bytes; it must have between ${v.plain("least")} and ${v.plain("most")}`,
    "Shorten it.",
  ],
  NodeRegistry_ZeroAddress: () => ["an address that is needed is the zero address", "Name a real address."],
  NodeRegistry_AlreadyWired: () => ["the registry is wired already", "There is nothing to do."],
  NodeRegistry_OutOfRange: (v) => [
    `${v.word("name")} is ${v.bounded("value")}; it must lie between ${v.bounded("least")} and ${v.bounded("most")}`,
    "Give a value within these bounds.",
  ],
};

export const STANDING_REFUSALS: Sentences = {
  NodeStanding_NoRole: () => ["no role is named", "Choose validator, worker or oracle."],
  NodeStanding_NotRegistered: (v) => [
    `${v.plain("account")} is not registered as ${v.role("role")}`,
    "Register it first, or check address and role.",
  ],
  NodeStanding_BelowRequirement: (v) => [
    `${v.plain("account")} has ${v.stake("stakeUnits")} that counts, and needs ${v.stake("requirement")}`,
    "Stake what is missing; TAO covers a part of a requirement only.",
  ],
  NodeStanding_ZeroAddress: () => ["an address that is needed is the zero address", "Name a real address."],
  NodeStanding_ZeroLambda: (v) => [
    `λ of the role ${v.role("role")} is 0, where σ(x) = exp(x/λ) has no meaning`,
    "Give a λ above 0.",
  ],
  NodeStanding_OutOfRange: (v) => [
    `${v.word("name")} is ${v.bounded("value")}; it must lie between ${v.bounded("least")} and ${v.bounded("most")}`,
    "Give a value within these bounds.",
  ],
  NodeStanding_InfeasibleBudget: (v) => [
    `the roles together could be asked for ${v.share("budget")} of the supply, above maxStakedShare, ${v.share("maxStakedShare")}`,
    "Lower a budget share or a largest exponent (decision D1).",
  ],
  StakingCurve_ZeroLambda: () => ["λ is 0, where σ(x) = exp(x/λ) has no meaning", "Give a λ above 0."],
};

export const SEAT_REFUSALS: Sentences = {
  ValidatorSet_NotEligible: (v) => [
    `${v.plain("account")} is no eligible validator`,
    "Register as validator and meet the requirement: see `masa requirement`.",
  ],
  ValidatorSet_AlreadySeated: (v) => [
    `${v.plain("account")} has seat ${v.plain("seat")} already`,
    "There is nothing to do.",
  ],
  ValidatorSet_AlreadyWaiting: (v) => [
    `${v.plain("account")} waits for a seat already`,
    "Free seats are filled at the next roll.",
  ],
  ValidatorSet_NotWaiting: (v) => [
    `${v.plain("account")} does not wait for a seat`,
    "There is nothing to do.",
  ],
  ValidatorSet_NotSeated: (v) => [
    `${v.plain("account")} has no seat`,
    "Join the waitlist with `masa seat join` first.",
  ],
  ValidatorSet_WaitlistFull: (v) => [
    `all ${v.plain("size")} places of the waitlist are taken; its lightest candidate has ${v.weight("lightest")}, you have ${v.weight("weight")}`,
    "Stake more MASA, or try again when places are free.",
  ],
  ValidatorSet_CoolingDown: (v) => [
    `${v.plain("account")} may wait for a seat again from epoch ${v.plain("untilEpoch")} on`,
    "Try again then.",
  ],
  ValidatorSet_Unauthorised: (v) => [
    `${v.plain("caller")} may not tell the set about members`,
    "Only the registry may.",
  ],
  ValidatorSet_ZeroAddress: () => ["an address that is needed is the zero address", "Name a real address."],
  ValidatorSet_ParameterOutOfRange: (v) => [
    `${v.word("name")} is ${v.bounded("value")}; it must lie between ${v.bounded("least")} and ${v.bounded("most")}`,
    "Give a value within these bounds.",
  ],
  ValidatorSet_WeightsDoNotSumToOne: (v) => [
    `the weights of C, D and L sum to ${v.share("sum")}, not to 1`,
    "Correct them.",
  ],
  ValidatorSet_ScoreCount: (v) => [
    `${v.plain("given")} scores are given for ${v.plain("wanted")} seats`,
    "Give one score for each seat of the frozen table.",
  ],
  ValidatorSet_ScoreOutOfRange: (v) => [
    `the score of seat ${v.plain("seat")} is ${v.score("score")}, above 1`,
    "Give scores from 0 to 1.",
  ],
  ValidatorSet_EpochNotFrozen: (v) => [
    `no set is frozen for epoch ${v.plain("epoch")}: it was not rolled into`,
    "Ask for an epoch that was.",
  ],
  ValidatorSet_EmptySet: (v) => [
    `nobody is seated in epoch ${v.plain("epoch")}`,
    "Wait until validators have seats.",
  ],
};

export const RIGHT_REFUSALS: Sentences = {
  ModuleRights_ZeroAddress: () => ["the module is the zero address", "Name a real contract."],
  ModuleRights_AlreadyWired: () => [
    "the contract is wired already",
    "Grant rights through governance instead.",
  ],
  ModuleRights_AlreadyGranted: (v) => [
    `${v.plain("module")} has the right ${v.word("right")}, from ${v.date("activeFrom")} on`,
    "There is nothing to do.",
  ],
  ModuleRights_NotGranted: (v) => [
    `${v.plain("module")} does not have the right ${v.word("right")}`,
    "Check the address and the right.",
  ],
  ModuleRights_Unauthorised: (v) =>
    v.number("activeFrom") === 0n
      ? [
          `${v.plain("caller")} does not have the right ${v.word("right")}`,
          "Only a contract that governance gave this right may.",
        ]
      : [
          `${v.plain("caller")} has the right ${v.word("right")} from ${v.date("activeFrom")} on`,
          "Wait until then: everyone can leave first.",
        ],
};
