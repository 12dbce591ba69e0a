/** Parameters of governance itself: classes of proposals, the governor, the timelock, reputation. */
import { WAD } from "../math/fixed.ts";
import { account, count, DAY, flag, masa, ratio, seconds, UINT } from "./define.ts";
import { CLASS_NAMES } from "./types.ts";
import type { ParameterSet } from "./types.ts";

const HALF = WAD / 2n;
const order = "not laxer than the class before, nor stricter than the next";

const classSet = (name: (typeof CLASS_NAMES)[number], index: number): ParameterSet => ({
  group: `class-${index}`,
  contract: "classes",
  setter: "setClass",
  classId: 2,
  effect: "for proposals from then on; it needs what the class itself asks for, if that is more",
  leading: () => [index],
  read: ({ classes }) => classes.classAt(index),
  parameters: [
    ratio(`classes.${name}.quorum`, "quorum", {
      meaning: "q_p: least share of all votes cast for or abstaining",
      bounds: [WAD / 100n, (WAD * 6n) / 10n],
      rule: order,
      readBy: "propose",
      default: `governance.classes.${name}.quorum`,
    }),
    ratio(`classes.${name}.threshold`, "threshold", {
      meaning: "τ_p: least share of the votes for in those for and against",
      bounds: [HALF, (WAD * 9n) / 10n],
      rule: order,
      readBy: "propose",
      default: `governance.classes.${name}.threshold`,
    }),
    seconds(`classes.${name}.votingPeriod`, "votingPeriod", {
      meaning: "how long is voted",
      bounds: [1n, 30n * DAY],
      rule: `at least the immutable minVotingPeriod; ${order}`,
      readBy: "propose",
      default: `governance.classes.${name}.votingPeriod`,
    }),
    seconds(`classes.${name}.reviewInterval`, "reviewInterval", {
      meaning: "after which the class and its groups of parameters are due for a review",
      bounds: [DAY, 1_095n * DAY],
      readBy: "reviews",
      default: `governance.classes.${name}.reviewInterval`,
    }),
    ratio(`classes.${name}.weight`, "weight", {
      meaning: "weight of a vote in the rewards of governance",
      bounds: [WAD / 10n, 4n * WAD],
      readBy: "reputation",
      default: `governance.classes.${name}.weight`,
    }),
    masa(`classes.${name}.minStake`, "minStake", {
      meaning: "staked MASA of a proposer",
      bounds: [1n, UINT(104)],
      rule: `at most a hundredth of the supply; ${order}`,
      readBy: "propose",
      default: `governance.classes.${name}.minStake`,
    }),
    ratio(`classes.${name}.maxQuorum`, "maxQuorum", {
      meaning: "most that the dynamic quorum asks for",
      bounds: [WAD / 100n, (WAD * 6n) / 10n],
      rule: `not below its quorum; ${order}`,
      readBy: "propose",
      default: `governance.classes.${name}.maxQuorum`,
    }),
    flag(`classes.${name}.dynamicQuorum`, "dynamicQuorum", {
      meaning: "whether the quorum follows the average turnout, between quorum and maxQuorum",
      readBy: "propose",
      default: `governance.classes.${name}.dynamicQuorum`,
    }),
  ],
});

const SETTINGS: ParameterSet = {
  group: "governor.settings",
  contract: "governor",
  setter: "setSettings",
  classId: 3,
  effect: "for proposals from then on",
  read: ({ governor }) => governor.settings(),
  parameters: [
    seconds("governor.votingDelay", "votingDelay", {
      meaning: "from a proposal to the snapshot of votes",
      bounds: [60n, 30n * DAY],
      readBy: "propose",
      default: "governance.votingDelay",
    }),
    seconds("governor.voteExtension", "voteExtension", {
      meaning: "what a late vote that changes the outcome gives, once",
      bounds: [60n, 14n * DAY],
      rule: "longer than governor.directWindow by 1m",
      readBy: "votes",
      default: "governance.voteExtension",
    }),
    seconds("governor.directWindow", "directWindow", {
      meaning: "before the deadline: delegates vote no more, their delegators still do",
      bounds: [0n, 7n * DAY],
      readBy: "votes",
      default: "governance.directWindow",
    }),
    seconds("governor.expiry", "expiry", {
      meaning: "to queue what succeeded, and to execute what has waited",
      bounds: [3_600n, 180n * DAY],
      readBy: "queue, execute",
      default: "governance.expiry",
    }),
    masa("governor.leastQuorum", "leastQuorum", {
      meaning: "floor of every quorum",
      bounds: [0n, UINT(104)],
      rule: "at most a tenth of the supply",
      readBy: "votes",
      default: "governance.leastQuorum",
    }),
  ],
};

const DISCOUNTS: ParameterSet = {
  group: "governor.reputation",
  contract: "governor",
  setter: "setReputation",
  classId: 3,
  effect: "at once",
  read: async ({ governor }) => ({ next: await governor.reputation() }),
  parameters: [
    account("governor.reputation", "next", {
      meaning: "contract that lowers the stake a proposer needs",
      readBy: "propose",
      default: null,
    }),
  ],
};

const TIMELOCK: ParameterSet = {
  group: "timelock.delay",
  contract: "timelock",
  setter: "updateDelay",
  classId: 3,
  effect: "for proposals queued from then on",
  read: async ({ timelock }) => ({ newDelay: await timelock.getMinDelay() }),
  parameters: [
    seconds("timelock.minDelay", "newDelay", {
      meaning: "between queueing and execution",
      bounds: [0n, UINT(256)],
      readBy: "queue",
      default: "timelock.minDelay",
    }),
  ],
};

const r = (name: string): string => `reputation.${name}`;

export const REPUTATION: ParameterSet = {
  group: "reputation.parameters",
  contract: "reputation",
  setter: "setReputationParameters",
  classId: 1,
  effect: "for credits and budgets to come",
  read: ({ reputation }) => reputation.reputationParameters(),
  parameters: [
    ratio(r("delegatedRate"), "delegatedRate", {
      meaning: "rate of units whose delegate voted, beside 1 for those their owner voted with",
      bounds: [0n, WAD - 1n],
      readBy: "credit",
      default: r("delegatedRate"),
    }),
    ratio(r("base"), "base", {
      meaning: "share of a reward that reputation does not touch",
      bounds: [WAD / 5n, WAD],
      readBy: "credit",
      default: r("base"),
    }),
    ratio(r("voteGain"), "voteGain", {
      meaning: "what an own vote adds of the reputation that is missing",
      bounds: [0n, HALF],
      readBy: "credit",
      default: r("voteGain"),
    }),
    ratio(r("reasonGain"), "reasonGain", {
      meaning: "likewise, for a reason with it",
      bounds: [0n, HALF],
      readBy: "credit",
      default: r("reasonGain"),
    }),
    ratio(r("proposalGain"), "proposalGain", {
      meaning: "likewise, for having proposed what passed",
      bounds: [0n, HALF],
      readBy: "credit",
      default: r("proposalGain"),
    }),
    ratio(r("decay"), "decay", {
      meaning: "what an epoch leaves of reputation",
      bounds: [HALF, WAD - 1n],
      readBy: "reputation",
      default: r("decay"),
    }),
    ratio(r("maxDiscount"), "maxDiscount", {
      meaning: "of the stake needed to propose, at reputation 1",
      bounds: [0n, HALF],
      readBy: "propose",
      default: r("maxDiscount"),
    }),
    ratio(r("inactivityCut"), "inactivityCut", {
      meaning: "share of activity that each proposal missed beyond the grace takes",
      bounds: [0n, HALF],
      readBy: "credit",
      default: r("inactivityCut"),
    }),
    ratio(r("activityFloor"), "activityFloor", {
      meaning: "what inactivity leaves at least",
      readBy: "credit",
      default: r("activityFloor"),
    }),
    ratio(r("activityStep"), "activityStep", {
      meaning: "what attending gives back",
      bounds: [WAD / 100n, WAD],
      readBy: "credit",
      default: r("activityStep"),
    }),
    ratio(r("maxPotShare"), "maxPotShare", {
      meaning: "most of the free pot for one epoch",
      bounds: [1n, HALF],
      readBy: "claim",
      default: r("maxPotShare"),
    }),
    ratio(r("proposerShare"), "proposerShare", {
      meaning: "share of an epoch's budget for proposers",
      bounds: [0n, WAD / 4n],
      readBy: "claim",
      default: r("proposerShare"),
    }),
    ratio(r("maxPerWeight"), "maxPerWeight", {
      meaning: "MASA of budget for a MASA of weight, at most",
      bounds: [1n, WAD / 20n],
      readBy: "claim",
      default: r("maxPerWeight"),
    }),
    masa(r("maxPerProposal"), "maxPerProposal", {
      meaning: "most that a proposer is paid for one proposal",
      readBy: "claim",
      default: r("maxPerProposal"),
    }),
    count(r("graceMissed"), "graceMissed", {
      meaning: "proposals in a row that may be missed",
      bounds: [1n, 1_000n],
      readBy: "credit",
      default: r("graceMissed"),
    }),
    count(r("claimEpochs"), "claimEpochs", {
      meaning: "epochs in which an epoch's rewards are claimed",
      bounds: [1n, 100_000n],
      readBy: "claim",
      default: r("claimEpochs"),
    }),
  ],
};

export const GOVERNANCE_SETS: readonly ParameterSet[] = [
  ...CLASS_NAMES.map(classSet),
  SETTINGS,
  DISCOUNTS,
  TIMELOCK,
  REPUTATION,
];
