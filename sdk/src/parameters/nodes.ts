/** Parameters of nodes: what they must stake, how their standing moves, seats. */
import { WAD } from "../math/fixed.ts";
import { account, count, masa, ratio, UINT, work } from "./define.ts";
import type { ParameterSet } from "./types.ts";

const MAX_EXPONENT = 2_772588722239781237n; // ln 16

const ROLES = [
  ["validator", 1],
  ["worker", 2],
  ["oracle", 3],
] as const;

const roleSet = ([role, index]: (typeof ROLES)[number]): ParameterSet => ({
  group: `standing.${role}`,
  contract: "standing",
  setter: "setRoleParameters",
  classId: 1,
  effect: "on the base with the next roll, on λ, the clamp and the floor at once",
  leading: () => [index],
  read: ({ standing }) => standing.roleParametersOf(index),
  parameters: [
    ratio(`standing.${role}.lambda`, "lambda", {
      meaning: "λ of σ(x) = exp(x/λ): the smaller, the more performance moves the requirement",
      bounds: [1n, UINT(64)],
      readBy: "σ, requirement",
      default: `roles.${role}.lambda`,
    }),
    ratio(`standing.${role}.maxExponent`, "maxExponent", {
      meaning: "x_max: clamp of σ's exponent; 0 makes performance count for nothing",
      bounds: [0n, MAX_EXPONENT],
      rule: "Σ φ·e^x_max of the roles is at most the immutable maxStakedShare",
      readBy: "σ, requirement",
      default: `roles.${role}.maxExponent`,
    }),
    masa(`standing.${role}.floor`, "floor", {
      meaning: "least stake of the role, whatever σ says",
      bounds: [1n, UINT(96)],
      readBy: "requirement",
      default: `roles.${role}.floor`,
    }),
    count(`standing.${role}.target`, "target", {
      meaning: "least number of nodes that the role's budget is divided by",
      readBy: "the roll",
      default: `roles.${role}.target`,
    }),
    ratio(`standing.${role}.budgetShare`, "budgetShare", {
      meaning: "φ: the role's share of the supply as its budget of security",
      rule: "Σ φ·e^x_max of the roles is at most the immutable maxStakedShare",
      readBy: "the roll",
      default: `roles.${role}.budgetShare`,
    }),
  ],
});

const STANDING: ParameterSet = {
  group: "standing.parameters",
  contract: "standing",
  setter: "setStandingParameters",
  classId: 1,
  effect: "at once; steps with the next roll",
  read: ({ standing }) => standing.standingParameters(),
  parameters: [
    ratio("standing.decayPerEpoch", "decayPerEpoch", {
      meaning: "γ of utility: how much of it an epoch of full work keeps",
      bounds: [1n, WAD - 1n],
      readBy: "standing",
      default: "standing.decayPerEpoch",
    }),
    ratio("standing.tolerance", "tolerance", {
      meaning: "share of a requirement that may be missing",
      bounds: [0n, WAD / 2n],
      readBy: "standing",
      default: "standing.tolerance",
    }),
    work("standing.workerReference", "workerReference", {
      meaning: "Σ R_base answered in an epoch that moves a worker's utility in full",
      readBy: "standing",
      default: "standing.references.worker",
    }),
    work("standing.oracleReference", "oracleReference", {
      meaning: "consumption of an epoch that counts as c_o = 1",
      readBy: "standing",
      default: "standing.references.oracle",
    }),
    ratio("standing.baseStep", "baseStep", {
      meaning: "most a role's base moves at a roll, as a share of itself",
      bounds: [1n, WAD],
      readBy: "the roll",
      default: "standing.baseStep",
    }),
    ratio("standing.meanStep", "meanStep", {
      meaning: "most a role's mean utility moves at a roll",
      bounds: [1n, WAD],
      readBy: "the roll",
      default: "standing.meanStep",
    }),
    ratio("standing.supplyStep", "supplyStep", {
      meaning: "most the supply that counts moves at a roll, as a share of itself",
      bounds: [1n, WAD],
      readBy: "the roll",
      default: "standing.supplyStep",
    }),
    count("standing.graceCooldown", "graceCooldown", {
      meaning: "epochs from one grace to the next",
      readBy: "standing",
      default: "standing.graceCooldown",
    }),
    ratio("standing.weightThroughput", "weightThroughput", {
      meaning: "α of a worker's performance: throughput; the rest is quality",
      readBy: "settlement",
      default: "standing.weightThroughput",
    }),
    ratio("standing.resourceShare", "resourceShare", {
      meaning:
        "of an oracle node's consumption: what was asked for counts with it, accepted value with the rest",
      readBy: "settlement",
      default: "standing.resourceShare",
    }),
    count("standing.targetThroughput", "targetThroughput", {
      meaning: "bytes of answer a second that count as P_w = 1; 0 disables the measure",
      readBy: "settlement",
      default: "standing.targetThroughput",
    }),
    count("standing.maxStrikes", "maxStrikes", {
      meaning: "failures for different askers in an epoch that suspend a worker; 0 never",
      bounds: [0n, 6n],
      readBy: "standing",
      default: "standing.maxStrikes",
    }),
    masa("standing.strikeSize", "strikeSize", {
      meaning: "R_base from which a failure is a strike",
      bounds: [0n, UINT(88)],
      readBy: "standing",
      default: "standing.strikeSize",
    }),
  ],
};

const CURVE: ParameterSet = {
  group: "standing.curve",
  contract: "standing",
  setter: "setCurve",
  classId: 2,
  effect: "at once",
  read: async ({ standing }) => ({ curve: await standing.curve() }),
  parameters: [
    account("standing.curve", "curve", {
      meaning: "contract of σ; it is sampled when it is set",
      rule: "positive, within every role's clamp, never falling as utility falls",
      readBy: "requirement, seat weights",
      default: null,
    }),
  ],
};

const weights = "the three weights sum to 1";

const SEATS: ParameterSet = {
  group: "validatorSet.seats",
  contract: "validatorSet",
  setter: "setSeatParameters",
  classId: 1,
  effect: "confirmations with the next frozen set, the rest at once",
  read: ({ validatorSet }) => validatorSet.seatParameters(),
  parameters: [
    count("validatorSet.leastConfirmations", "leastConfirmations", {
      meaning: "signatures that a report needs at least",
      bounds: [1n, 64n],
      readBy: "consensus",
      default: "seats.leastConfirmations",
    }),
    count("validatorSet.minValidators", "minValidators", {
      meaning: "number of validators at which pruning stops",
      bounds: [1n, 64n],
      rule: "not below validatorSet.leastConfirmations",
      readBy: "the roll",
      default: "seats.minValidators",
    }),
    count("validatorSet.immunityEpochs", "immunityEpochs", {
      meaning: "epochs in which a fresh seat is not pruned",
      bounds: [0n, 63n],
      rule: "below validatorSet.minValidators",
      readBy: "the roll",
      default: "seats.immunityEpochs",
    }),
    count("validatorSet.cooldownEpochs", "cooldownEpochs", {
      meaning: "epochs before a pruned validator may wait for a seat again",
      bounds: [0n, 1_000n],
      readBy: "waitlist",
      default: "seats.cooldownEpochs",
    }),
    count("validatorSet.haltEpochs", "haltEpochs", {
      meaning: "rolls without an epoch report after which silent seats are vacated",
      bounds: [2n, 1_000n],
      readBy: "the roll",
      default: "seats.haltEpochs",
    }),
    ratio("validatorSet.maxSeatShare", "maxSeatShare", {
      meaning: "most of the total weight that one seat carries",
      bounds: [WAD / 64n, WAD],
      readBy: "the roll",
      default: "seats.maxSeatShare",
    }),
    ratio("validatorSet.weightConsensus", "weightConsensus", {
      meaning: "α of a validator's performance: signatures in time",
      rule: weights,
      readBy: "epoch reports",
      default: "seats.weights.consensus",
    }),
    ratio("validatorSet.weightData", "weightData", {
      meaning: "β of a validator's performance: scores of data work",
      rule: weights,
      readBy: "epoch reports",
      default: "seats.weights.data",
    }),
    ratio("validatorSet.weightLlm", "weightLlm", {
      meaning: "γ of a validator's performance: scores of language model work",
      rule: weights,
      readBy: "epoch reports",
      default: "seats.weights.llm",
    }),
  ],
};

export const NODE_SETS: readonly ParameterSet[] = [...ROLES.map(roleSet), STANDING, CURVE, SEATS];
