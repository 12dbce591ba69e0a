/** Parameters of the vault: windows, collateral, slashes. */
import { WAD } from "../math/fixed.ts";
import { account, DAY, masa, ratio, seconds } from "./define.ts";
import type { ParameterSet } from "./types.ts";

const DELAYS: ParameterSet = {
  group: "vault.delays",
  contract: "vault",
  setter: "setDelays",
  classId: 2,
  effect: "for entries queued and rights granted from then on",
  read: async ({ vault }) => ({
    unbondingDelay: await vault.unbondingDelay(),
    moduleDelay: await vault.moduleDelay(),
  }),
  parameters: [
    seconds("vault.unbondingDelay", "unbondingDelay", {
      meaning: "from the start of unbonding to the withdrawal",
      bounds: [2n, 90n * DAY],
      rule: "longer than the four immutable windows of an offence together",
      readBy: "vault",
      default: "vault.unbondingDelay",
    }),
    seconds("vault.moduleDelay", "moduleDelay", {
      meaning: "before a new module may use its right, or a higher cap on slashes holds",
      bounds: [3n * DAY + 3n, 180n * DAY],
      rule: "longer than vault.unbondingDelay + 3d",
      readBy: "vault and every contract with rights of modules",
      default: "vault.moduleDelay",
    }),
  ],
};

const COLLATERAL: ParameterSet = {
  group: "vault.collateral",
  contract: "vault",
  setter: "setCollateral",
  classId: 1,
  effect: "at once",
  read: ({ vault }) => vault.collateral(),
  parameters: [
    ratio("vault.taoWeight", "taoWeight", {
      meaning: "MASA that one TAO counts as",
      bounds: [1n, 1_000_000n * WAD],
      rule: "between half and twice what it is",
      readBy: "vault, standing",
      default: "vault.collateral.taoWeight",
    }),
    ratio("vault.taoMaxShare", "taoMaxShare", {
      meaning: "most of a requirement that TAO may cover",
      readBy: "standing",
      default: "vault.collateral.taoMaxShare",
    }),
  ],
};

const SLASH_CAP: ParameterSet = {
  group: "vault.slashCap",
  contract: "vault",
  setter: "setSlashCap",
  classId: 2,
  effect: "lower with the next epoch, higher after vault.moduleDelay",
  leading: async ({ escrow }) => [await escrow.getAddress()],
  read: async ({ vault, escrow }) => vault.slasherOf(await escrow.getAddress()),
  parameters: [
    ratio("vault.slashCap", "capShare", {
      meaning: "most that the market may slash in an epoch, of all staked MASA",
      bounds: [1n, WAD],
      readBy: "vault",
      default: "vault.slashCap",
    }),
  ],
};

const DESTINATIONS: ParameterSet = {
  group: "vault.slashDestinations",
  contract: "vault",
  setter: "setSlashDestinations",
  classId: 2,
  effect: "for slashes released from then on",
  read: ({ vault }) => vault.slashDestinations(),
  parameters: [
    account("vault.treasury", "treasury", {
      meaning: "takes what the two shares leave of a released slash",
      readBy: "vault",
      default: null,
    }),
    account("vault.compensation", "compensation", {
      meaning: "pays askers back out of its share of released slashes",
      bounds: [0n, 2n ** 160n - 1n],
      rule: "not 0 while vault.compensationShare is not 0",
      readBy: "vault",
      default: null,
    }),
    ratio("vault.compensationShare", "compensationShare", {
      meaning: "share of released slashes for compensation",
      rule: "with vault.burnShare at most 1",
      readBy: "vault",
      default: "vault.slashDestinations.compensationShare",
    }),
    ratio("vault.burnShare", "burnShare", {
      meaning: "share of released slashes that is burnt",
      rule: "with vault.compensationShare at most 1",
      readBy: "vault",
      default: "vault.slashDestinations.burnShare",
    }),
  ],
};

const GUARDIAN: ParameterSet = {
  group: "vault.guardian",
  contract: "vault",
  setter: "setGuardian",
  classId: 2,
  effect: "at once",
  read: async ({ vault }) => ({ guardian: await vault.guardian() }),
  parameters: [
    account("vault.guardian", "guardian", {
      meaning: "contract through which slashes are reversed and reward roots cancelled",
      readBy: "vault, distributor",
      default: null,
    }),
  ],
};

const POKE: ParameterSet = {
  group: "registry.poke",
  contract: "registry",
  setter: "setPokeParameters",
  classId: 0,
  effect: "the deposit for registrations from then on, the bounty at once",
  read: ({ registry }) => registry.pokeParameters(),
  parameters: [
    masa("registry.deposit", "deposit", {
      meaning: "paid in at a registration, and given back",
      bounds: [0n, 1_000_000n * WAD],
      readBy: "registry",
      default: "poke.deposit",
    }),
    masa("registry.bounty", "bounty", {
      meaning: "out of the deposit, for whoever marks the node short",
      bounds: [0n, 1_000_000n * WAD],
      rule: "not above registry.deposit",
      readBy: "registry",
      default: "poke.bounty",
    }),
  ],
};

export const STAKE_SETS: readonly ParameterSet[] = [
  DELAYS,
  COLLATERAL,
  SLASH_CAP,
  DESTINATIONS,
  GUARDIAN,
  POKE,
];
