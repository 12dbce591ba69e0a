/** What emissions, the reward distributor and the fee pool refuse. */
import type { Sentences } from "./values.ts";

const ZERO_ADDRESS: Sentences[string] = () => [
  "an address that is needed is the zero address",
  "Name a real address.",
];
const ZERO_AMOUNT: Sentences[string] = () => ["the amount is 0", "Give an amount above 0."];
const OUT_OF_RANGE: Sentences[string] = (v) => [
  `${v.word("name")} is ${v.bounded("value")}; it must lie between ${v.bounded("least")} and ${v.bounded("most")}`,
  "Give a value within these bounds.",
];
const FEE_ON_TRANSFER: Sentences[string] = (v) => [
  `${v.masa("received")} of ${v.masa("asked")} arrived: the token takes a fee on transfer`,
  "Such a token cannot pay rewards.",
];

const EMISSION_POTS = ["data contributors", "governance participants"];
const REWARD_POTS = ["validators", "workers"];

export const EMISSIONS_REFUSALS: Sentences = {
  Emissions_ZeroAddress: ZERO_ADDRESS,
  Emissions_ZeroAmount: ZERO_AMOUNT,
  Emissions_FeeOnTransfer: FEE_ON_TRANSFER,
  Emissions_OutOfRange: OUT_OF_RANGE,
  Emissions_EpochNotAfter: (v) => [
    `epoch ${v.plain("epoch")} comes too late: epoch ${v.plain("lastReleased")} was released already`,
    "An epoch is released once, and none before it afterwards.",
  ],
  Emissions_EpochNotOver: (v) => [
    `epoch ${v.plain("epoch")} is not over in epoch ${v.plain("currentEpoch")}`,
    "Wait until it is.",
  ],
  Emissions_SharesDoNotSumToOne: (v) => [
    `the shares of a release sum to ${v.share("sum")}, not to 1`,
    "Correct them.",
  ],
  Emissions_InsufficientPot: (v) => [
    `the pot of ${EMISSION_POTS[Number(v.number("pot"))] ?? "nobody"} holds ${v.masa("held")}, less than ${v.masa("asked")}`,
    "Pay less, or wait for further releases.",
  ],
};

export const DISTRIBUTOR_REFUSALS: Sentences = {
  RewardDistributor_ZeroAddress: ZERO_ADDRESS,
  RewardDistributor_ZeroAmount: ZERO_AMOUNT,
  RewardDistributor_FeeOnTransfer: FEE_ON_TRANSFER,
  RewardDistributor_OutOfRange: OUT_OF_RANGE,
  RewardDistributor_EpochNotAfter: (v) => [
    `a report of epoch ${v.plain("epoch")} comes after that of epoch ${v.plain("lastEpoch")}`,
    "There is nothing to do: an epoch brings one root.",
  ],
  RewardDistributor_NotFunded: (v) => [
    `the root gives ${REWARD_POTS[Number(v.number("pot"))] ?? "nobody"} ${v.masa("total")}, and their pot was funded with ${v.masa("funded")}`,
    "Allocate what the pots hold, or fund them first.",
  ],
  RewardDistributor_TotalFell: (v) => [
    `the root gives ${REWARD_POTS[Number(v.number("pot"))] ?? "nobody"} ${v.masa("total")}, less than the ${v.masa("previous")} of the root before`,
    "Build on the table of the last accepted root.",
  ],
  RewardDistributor_RootMissing: (v) => [
    `the totals rose to ${v.masa("validatorTotal")} and ${v.masa("workerTotal")}, and there is no root for them`,
    "Give the root, or the totals of the last accepted one.",
  ],
  RewardDistributor_UnknownRoot: (v) => [
    `no root of epoch ${v.plain("epoch")} stands`,
    "It brought none, or it was cancelled: see the pending roots.",
  ],
  RewardDistributor_AlreadyActive: (v) => [
    `the root of epoch ${v.plain("epoch")} is active since ${v.moment("activeFrom")}`,
    "A root can be cancelled only before it is active.",
  ],
  RewardDistributor_NoActiveRoot: () => [
    "no reward root is active yet",
    "Wait for the activation delay after the first epoch report.",
  ],
  RewardDistributor_InvalidProof: (v) => [
    `the proof does not show that the active root gives ${v.plain("account")} ${v.masa("cumulative")}`,
    "Make it anew from the table of the active root: another may have become active.",
  ],
  RewardDistributor_NothingToClaim: (v) => [
    `${v.plain("account")} was paid ${v.masa("claimed")} already, of ${v.masa("cumulative")}`,
    "There is nothing to do until a later root gives more.",
  ],
};

export const FEE_POOL_REFUSALS: Sentences = {
  FeePool_ZeroAddress: ZERO_ADDRESS,
  FeePool_OutOfRange: OUT_OF_RANGE,
  FeePool_NothingToDistribute: () => ["the fee pool is empty", "Collect the fees of settled requests first."],
};
