/** Parameters of emissions, reward roots, offences and epochs. */
import { WAD } from "../math/fixed.ts";
import { count, DAY, masa, ratio, seconds, UINT } from "./define.ts";
import type { ParameterSet } from "./types.ts";

const shares = "the four shares sum to 1";

const EMISSION: ParameterSet = {
  group: "emissions.parameters",
  contract: "emissions",
  setter: "setEmissionParameters",
  classId: 1,
  effect: "from the release of the current epoch on",
  read: async ({ emissions, clock }) => emissions.emissionParametersFor(await clock.currentEpoch()),
  parameters: [
    ratio("emissions.rate", "rate", {
      meaning: "share of the pool that an epoch with a report releases",
      bounds: [1n, WAD / 10n],
      readBy: "release",
      default: "emission.rate",
    }),
    ratio("emissions.validators", "validators", {
      meaning: "share of a release for validators",
      rule: shares,
      readBy: "release",
      default: "emission.shares.validators",
    }),
    ratio("emissions.workers", "workers", {
      meaning: "share of a release for workers",
      rule: shares,
      readBy: "release",
      default: "emission.shares.workers",
    }),
    ratio("emissions.dataContributors", "dataContributors", {
      meaning: "share of a release for data contributors",
      rule: shares,
      readBy: "release",
      default: "emission.shares.dataContributors",
    }),
    ratio("emissions.governanceParticipants", "governanceParticipants", {
      meaning: "share of a release for those who govern",
      rule: shares,
      readBy: "release",
      default: "emission.shares.governanceParticipants",
    }),
  ],
};

const ACTIVATION: ParameterSet = {
  group: "distributor.activation",
  contract: "distributor",
  setter: "setActivationDelay",
  classId: 1,
  effect: "for roots posted from then on",
  read: async ({ distributor }) => ({ delay: await distributor.activationDelay() }),
  parameters: [
    seconds("distributor.activationDelay", "delay", {
      meaning: "before a root of rewards pays, in which it can be cancelled",
      bounds: [60n, 30n * DAY],
      readBy: "distributor",
      default: "emission.activationDelay",
    }),
  ],
};

const OFFENCES: ParameterSet = {
  group: "offences.terms",
  contract: "offences",
  setter: "setOffenceTerms",
  classId: 1,
  effect: "for proofs and reports from then on",
  read: ({ offences }) => offences.offenceTerms(),
  parameters: [
    ratio("offences.offenceShare", "offenceShare", {
      meaning: "κ_v: share of the whole stake that a proven validator loses",
      bounds: [1n, WAD - 1n],
      readBy: "offences",
      default: "offences.offenceShare",
    }),
    ratio("offences.idleShare", "idleShare", {
      meaning: "κ_idle: share of the staked MASA that an idle seat loses",
      bounds: [1n, WAD / 100n],
      readBy: "offences",
      default: "offences.idleShare",
    }),
    ratio("offences.bountyShare", "bountyShare", {
      meaning: "share of the slash for whoever proves an offence",
      bounds: [0n, WAD / 4n],
      readBy: "offences",
      default: "offences.bountyShare",
    }),
    count("offences.expulsionEpochs", "expulsionEpochs", {
      meaning: "epochs before an offender may wait for a seat again",
      bounds: [1n, 10_000n],
      readBy: "offences",
      default: "offences.expulsionEpochs",
    }),
  ],
};

const IDLENESS: ParameterSet = {
  group: "offences.idleness",
  contract: "offences",
  setter: "setMaxMissed",
  classId: 1,
  effect: "from the next epoch on",
  read: async ({ offences, clock }) => ({
    maxMissed: await offences.maxMissedOf((await clock.currentEpoch()) + 1n),
  }),
  parameters: [
    count("offences.maxMissed", "maxMissed", {
      meaning: "final rounds of an epoch that a seat may miss",
      rule: "below the number of rounds of an epoch",
      readBy: "keepers, offences",
      default: "offences.maxMissed",
    }),
  ],
};

const EPOCH_LENGTH: ParameterSet = {
  group: "epochManager.length",
  contract: "epochManager",
  setter: "setEpochLength",
  classId: 1,
  effect: "with the next boundary",
  read: async ({ clock }) => ({ length: await clock.lengthOf((await clock.currentEpoch()) + 1n) }),
  parameters: [
    seconds("epochManager.epochLength", "length", {
      meaning: "length of an epoch",
      bounds: [10n, 30n * DAY],
      rule: "between a round and half of vault.reportPath",
      readBy: "the clock",
      default: "clock.epochLength",
    }),
  ],
};

const ROLL: ParameterSet = {
  group: "epochManager.bounty",
  contract: "epochManager",
  setter: "setRollBounty",
  classId: 0,
  effect: "at once",
  read: async ({ epochManager }) => ({ bounty: await epochManager.rollBounty() }),
  parameters: [
    masa("epochManager.rollBounty", "bounty", {
      meaning: "for whoever rolls into an epoch, as far as the pot goes",
      bounds: [0n, UINT(256)],
      readBy: "the roll",
      default: "roll.bounty",
    }),
  ],
};

export const REWARD_SETS: readonly ParameterSet[] = [
  EMISSION,
  ACTIVATION,
  OFFENCES,
  IDLENESS,
  EPOCH_LENGTH,
  ROLL,
];
