/**
 * What the contracts' constructors would refuse, and what they cannot see but would never work, in sentences.
 * The bounds are the contracts'; test/integration/deploy.test.ts deploys at them.
 */
import { formatUnits } from "ethers";

import { WAD } from "../sdk/src/math/fixed.ts";
import { baseRequirementUp, largestBudgetUp, requirementUp, sigma } from "../sdk/src/math/staking.ts";
import type { DeployParameters } from "./params.ts";

const MAX_EXPONENT = 2_772588722239781237n; // NodeRegistry: ln 16
const MAX_SEATS = 64n;
const MAX_UNBONDING = 90n * 86_400n;
const UINT32 = 2n ** 32n - 1n;
const UINT64 = 2n ** 64n - 1n;
const UINT96 = 2n ** 96n - 1n;
export const UINT104 = 2n ** 104n - 1n;
/** INodeRegistry.ReferenceWork counts in units of 1e9 wei. */
export const WORK_UNIT = 10n ** 9n;

const ROLES = ["validator", "worker", "oracle"] as const;

const show = (wad: bigint): string => formatUnits(wad, 18).replace(/\.0$/, "");

class Reasons {
  readonly list: string[] = [];

  /** Adds `reason` unless `holds`. */
  need(holds: boolean, reason: string): void {
    if (!holds) this.list.push(reason);
  }

  /** A whole number or a number of seconds. */
  within(name: string, value: bigint | number, least: bigint, most: bigint): void {
    this.need(
      BigInt(value) >= least && BigInt(value) <= most,
      `${name} is ${value}; it must lie between ${least} and ${most}.`,
    );
  }

  /** A value of 18 decimals. */
  withinWad(name: string, value: bigint, least: bigint, most: bigint): void {
    this.need(
      value >= least && value <= most,
      `${name} is ${show(value)}; it must lie between ${show(least)} and ${show(most)}.`,
    );
  }

  sumsToOne(name: string, weights: Readonly<Record<string, bigint>>): void {
    const sum = Object.values(weights).reduce((left, right) => left + right, 0n);
    this.need(
      sum === WAD,
      `${name} (${Object.keys(weights).join(", ")}) sum to ${show(sum)}; they must sum to 1.`,
    );
  }
}

/** Reasons that need S; also used with the supply of an existing token. */
export function supplyInfeasibilities(p: DeployParameters, supplyWei: bigint): string[] {
  const reasons = new Reasons();
  for (const name of ROLES) {
    const role = p.roles[name];
    const base = baseRequirementUp(supplyWei, role.budgetShare, 0n, BigInt(role.target));
    const most = requirementUp(base, sigma(role.maxExponent), 0n);
    reasons.need(
      role.floor < most,
      `roles.${name}.floor is ${show(role.floor)} MASA, not below the largest requirement of ${show(most)} MASA, so performance would never matter; lower the floor or the target, or raise budgetShare.`,
    );
  }
  return reasons.list;
}

/** Every reason why `p` cannot be deployed; empty if there is none. */
export function infeasibilities(p: DeployParameters): string[] {
  const reasons = new Reasons();
  checkRoles(reasons, p);
  checkTimes(reasons, p);
  checkStanding(reasons, p);
  checkSeats(reasons, p);
  checkMarket(reasons, p);
  if (p.tokens.masa === null) {
    reasons.withinWad("tokens.genesisSupply", p.tokens.genesisSupply, 1n, UINT104);
    if (reasons.list.length === 0) reasons.list.push(...supplyInfeasibilities(p, p.tokens.genesisSupply));
  }
  reasons.need(
    p.tokens.masa === null || p.tokens.masa !== p.tokens.tao,
    "tokens.masa and tokens.tao are the same address.",
  );
  return reasons.list;
}

function checkRoles(reasons: Reasons, p: DeployParameters): void {
  reasons.withinWad("maxStakedShare", p.maxStakedShare, 1n, WAD);
  let budget = 0n;
  for (const name of ROLES) {
    const role = p.roles[name];
    reasons.need(
      role.lambda > 0n,
      `roles.${name}.lambda is 0; σ(x) = exp(x/λ) has no meaning there, so λ must be above 0.`,
    );
    reasons.need(
      role.lambda <= UINT64,
      `roles.${name}.lambda is ${show(role.lambda)}; at most ${show(UINT64)} fits.`,
    );
    reasons.withinWad(`roles.${name}.budgetShare`, role.budgetShare, 1n, WAD);
    reasons.withinWad(`roles.${name}.maxExponent`, role.maxExponent, 1n, MAX_EXPONENT);
    reasons.withinWad(`roles.${name}.floor`, role.floor, 1n, UINT104);
    reasons.within(`roles.${name}.target`, role.target, 0n, UINT32);
    if (role.maxExponent <= MAX_EXPONENT) budget += largestBudgetUp(role.budgetShare, role.maxExponent);
  }
  reasons.need(
    budget <= p.maxStakedShare,
    `the roles together could be asked for Σ φ·e^x_max = ${show(budget)} of the supply, above maxStakedShare = ${show(p.maxStakedShare)} (decision D1); lower budgetShare or maxExponent.`,
  );
}

function checkTimes(reasons: Reasons, p: DeployParameters): void {
  const { epochLength, roundLength } = p.clock;
  const { appealWindow, longestOffencePath, unbondingDelay } = p.vault;
  reasons.within("clock.epochLength (seconds)", epochLength, 10n, 30n * 86_400n);
  reasons.need(
    roundLength > 0n && roundLength <= epochLength,
    `clock.roundLength is ${roundLength} s; it must be above 0 and at most an epoch, ${epochLength} s.`,
  );
  reasons.need(
    longestOffencePath > appealWindow,
    `vault.longestOffencePath is ${longestOffencePath} s; it ends with the appeal, so it must be longer than appealWindow, ${appealWindow} s.`,
  );
  reasons.need(
    unbondingDelay > longestOffencePath,
    `vault.unbondingDelay is ${unbondingDelay} s; it must be longer than longestOffencePath, ${longestOffencePath} s, or offenders leave before their slash (decision D14).`,
  );
  reasons.need(
    unbondingDelay <= MAX_UNBONDING,
    `vault.unbondingDelay is ${unbondingDelay} s; at most ${MAX_UNBONDING} s (90 days) is allowed.`,
  );
  const windows = p.limits.maxResponseWindow + p.limits.maxScoringWindow;
  const room = longestOffencePath - appealWindow;
  reasons.need(
    windows <= room,
    `limits.maxResponseWindow + maxScoringWindow are ${windows} s; an offence and its score must fit longestOffencePath − appealWindow, ${room} s.`,
  );
  for (const kind of ["Response", "Scoring"] as const) {
    const least = p.limits[`min${kind}Window`];
    const most = p.limits[`max${kind}Window`];
    reasons.need(
      least >= 1n && least <= most && most <= UINT32,
      `limits.min${kind}Window is ${least} s and max${kind}Window ${most} s; the least must be above 0 and not above the most.`,
    );
  }
}

function checkStanding(reasons: Reasons, p: DeployParameters): void {
  const s = p.standing;
  reasons.withinWad("standing.decayPerEpoch", s.decayPerEpoch, 1n, WAD - 1n);
  reasons.withinWad("standing.tolerance", s.tolerance, 0n, WAD / 2n);
  reasons.withinWad("standing.baseStep", s.baseStep, 1n, WAD);
  reasons.withinWad("standing.meanStep", s.meanStep, 1n, WAD);
  reasons.withinWad("standing.supplyStep", s.supplyStep, 1n, WAD);
  reasons.withinWad("standing.weightThroughput", s.weightThroughput, 0n, WAD);
  reasons.within("standing.targetThroughput", s.targetThroughput, 0n, UINT32);
  reasons.within("standing.graceCooldown", s.graceCooldown, 0n, UINT32);
  reasons.withinWad("referenceWork.worker", p.referenceWork.worker, WORK_UNIT, UINT64 * WORK_UNIT);
  reasons.withinWad("referenceWork.oracle", p.referenceWork.oracle, WORK_UNIT, UINT64 * WORK_UNIT);
}

function checkSeats(reasons: Reasons, p: DeployParameters): void {
  const s = p.seats;
  reasons.within("seats.leastConfirmations", s.leastConfirmations, 1n, MAX_SEATS);
  reasons.within(
    "seats.minValidators",
    s.minValidators,
    BigInt(Math.max(1, s.leastConfirmations)),
    MAX_SEATS,
  );
  reasons.need(
    s.immunityEpochs < s.minValidators,
    `seats.immunityEpochs is ${s.immunityEpochs}; it must be below minValidators, ${s.minValidators}, or nobody could ever be pruned (decision D6).`,
  );
  reasons.within("seats.cooldownEpochs", s.cooldownEpochs, 0n, 1_000n);
  reasons.withinWad("seats.maxSeatShare", s.maxSeatShare, WAD / MAX_SEATS, WAD);
  reasons.sumsToOne("seats.weights", s.weights);
}

function checkMarket(reasons: Reasons, p: DeployParameters): void {
  const t = p.terms;
  reasons.need(
    t.qualityThreshold > 0n && t.qualityThreshold < WAD,
    `terms.qualityThreshold (τ) is ${show(t.qualityThreshold)}; it must lie strictly between 0 and 1.`,
  );
  reasons.need(
    t.slashShare > 0n && t.slashShare < WAD,
    `terms.slashShare (κ) is ${show(t.slashShare)}; it must lie strictly between 0 and 1: at 0 bad work costs nothing, at 1 or above a slash would exceed what was at stake in the request.`,
  );
  reasons.need(
    t.qualityThreshold + t.maxMargin < WAD,
    `terms.maxMargin is ${show(t.maxMargin)}; τ + maxMargin must stay below 1.`,
  );
  reasons.need(
    t.weights.factual < WAD,
    "terms.weights.factual is 1; without evidence nothing would be left to score, so it must be below 1.",
  );
  reasons.sumsToOne("terms.weights", t.weights);
  reasons.withinWad("limits.minBaseReward", p.limits.minBaseReward, 1n, UINT96);
  reasons.within("limits.maxResponses", p.limits.maxResponses, 1n, 16n);
}
