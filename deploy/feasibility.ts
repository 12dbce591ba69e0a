/**
 * What the contracts' constructors would refuse, and what they cannot see but would never work, in sentences.
 * The bounds are the contracts'; test/integration/deploy.test.ts deploys at them.
 */
import { WAD } from "../sdk/src/math/fixed.ts";
import { baseRequirementUp, largestBudgetUp, requirementUp, sigma } from "../sdk/src/math/staking.ts";
import { checkGovernance } from "./feasibilityGovernance.ts";
import type { DeployParameters } from "./params.ts";
import { Reasons, show } from "./reasons.ts";

const MINUTE = 60n;
const DAY = 86_400n;
const MAX_EXPONENT = 2_772588722239781237n; // NodeStanding: ln 16
const MAX_STRIKES = 6n; // NodeStanding
const MAX_SEATS = 64n;
const MAX_UNBONDING = 90n * DAY; // VaultRights
const MAX_MODULE_DELAY = 180n * DAY; // VaultRights
const MODULE_MARGIN = 3n * DAY; // VaultRights
const MAX_TAO_WEIGHT = 1_000_000n * WAD; // StakeVault
const MAX_TERM = 365n * DAY; // Guardian
const MAX_DEPOSIT = 1_000_000n * WAD; // NodeRegistry
const MOST_MINIMUM_FEE = 1_000n * WAD; // FeeCurve
const UINT40 = 2n ** 40n - 1n;
const MAX_IDLE_SHARE = WAD / 100n; // Offences
const MAX_BOUNTY_SHARE = WAD / 4n; // Offences
const MAX_EXPULSION_EPOCHS = 10_000n; // Offences
const UINT16 = 2n ** 16n - 1n;
const MAX_WINDOW = 2n ** 20n - 1n; // RequestWord
const MARGIN_STEP = 10n ** 14n; // RequestWord
/** Rewards and fees of requests are whole multiples of this, wei. */
const UNIT = 10n ** 9n; // RequestWord
const MAX_BASE_REWARD = (2n ** 48n - 1n) * UNIT; // RequestWord
const TERM_STEP = 10n ** 9n; // MarketTermsBook
const MAX_BOUNTY = 1_000n * WAD; // MarketTermsBook
const MAX_MASA_PER_ETHER = 10_000_000n * WAD; // MarketTermsBook
const MAX_EMISSION_RATE = WAD / 10n; // Emissions
const MAX_TREASURY_SHARE = WAD / 2n; // FeePool
const UINT32 = 2n ** 32n - 1n;
const UINT64 = 2n ** 64n - 1n;
const UINT88 = 2n ** 88n - 1n;
const UINT96 = 2n ** 96n - 1n;
export const UINT104 = 2n ** 104n - 1n;
/** NodeStanding counts work in units of 1e9 wei. */
export const WORK_UNIT = 10n ** 9n;

const ROLES = ["validator", "worker", "oracle"] as const;

/** Reasons that need S; also used with the supply of an existing token. */
export function supplyInfeasibilities(p: DeployParameters, supplyWei: bigint): string[] {
  const reasons = new Reasons();
  for (const name of ROLES) {
    const role = p.roles[name];
    // Without a budget the floor is all that is asked for, on purpose.
    if (role.budgetShare === 0n) continue;
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
  checkClock(reasons, p);
  checkDelays(reasons, p);
  checkSlashing(reasons, p);
  checkStanding(reasons, p);
  checkSeats(reasons, p);
  checkMarket(reasons, p);
  checkOffences(reasons, p);
  checkFees(reasons, p);
  checkRewards(reasons, p);
  checkFunding(reasons, p);
  checkGovernance(reasons, p);
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
    reasons.withinWad(`roles.${name}.budgetShare`, role.budgetShare, 0n, WAD);
    reasons.withinWad(`roles.${name}.maxExponent`, role.maxExponent, 1n, MAX_EXPONENT);
    reasons.withinWad(`roles.${name}.floor`, role.floor, 1n, UINT96);
    reasons.within(`roles.${name}.target`, role.target, 0n, UINT32);
    if (role.maxExponent <= MAX_EXPONENT) budget += largestBudgetUp(role.budgetShare, role.maxExponent);
  }
  reasons.need(
    budget <= p.maxStakedShare,
    `the roles together could be asked for Σ φ·e^x_max = ${show(budget)} of the supply, above maxStakedShare = ${show(p.maxStakedShare)} (decision D1); lower budgetShare or maxExponent.`,
  );
}

function checkClock(reasons: Reasons, p: DeployParameters): void {
  const { epochLength, roundLength } = p.clock;
  reasons.within("clock.epochLength (seconds)", epochLength, 10n, 30n * DAY);
  reasons.need(
    roundLength > 0n && roundLength <= epochLength,
    `clock.roundLength is ${roundLength} s; it must be above 0 and at most an epoch, ${epochLength} s.`,
  );
  const { attemptLength } = p.clock;
  reasons.need(
    attemptLength > 0n && attemptLength <= roundLength / 2n,
    `clock.attemptLength is ${attemptLength} s; it must be above 0 and at most half a round, ${roundLength / 2n} s.`,
  );
  reasons.need(
    2n * epochLength <= p.vault.reportPath,
    `vault.reportPath is ${p.vault.reportPath} s; reports come in until the end of the next epoch, so it must be at least two epochs, ${2n * epochLength} s.`,
  );
  for (const kind of ["Response", "Scoring"] as const) {
    const least = p.limits[`min${kind}Window`];
    const most = p.limits[`max${kind}Window`];
    reasons.need(
      least >= 1n && least <= most && least <= UINT16 && most <= MAX_WINDOW,
      `limits.min${kind}Window is ${least} s and max${kind}Window ${most} s; the least must be above 0, not above the most and at most ${UINT16} s, the most at most ${MAX_WINDOW} s.`,
    );
  }
}

/** The inequality that ties all the delays (decisions D14 and D19). */
function checkDelays(reasons: Reasons, p: DeployParameters): void {
  const { requestPath, reportPath, evidenceWindow, appealWindow, unbondingDelay, moduleDelay } = p.vault;
  for (const [name, value] of Object.entries({ requestPath, reportPath, evidenceWindow })) {
    reasons.within(`vault.${name} (seconds)`, value, 0n, UINT40);
  }
  reasons.within("vault.appealWindow (seconds)", appealWindow, 1n, MAX_UNBONDING);
  const windows = p.limits.maxResponseWindow + p.limits.maxScoringWindow;
  reasons.need(
    windows <= requestPath,
    `limits.maxResponseWindow + maxScoringWindow are ${windows} s; they must fit vault.requestPath, ${requestPath} s.`,
  );
  const path = requestPath + reportPath + evidenceWindow + appealWindow;
  reasons.need(
    unbondingDelay > path,
    `vault.unbondingDelay is ${unbondingDelay} s; it must be longer than requestPath + reportPath + evidenceWindow + appealWindow, ${path} s, or offenders leave before their slash (decision D14).`,
  );
  reasons.need(
    unbondingDelay <= MAX_UNBONDING,
    `vault.unbondingDelay is ${unbondingDelay} s; at most ${MAX_UNBONDING} s (90 days) is allowed.`,
  );
  reasons.need(
    moduleDelay > unbondingDelay + MODULE_MARGIN,
    `vault.moduleDelay is ${moduleDelay} s; it must be longer than unbondingDelay and three days, ${unbondingDelay + MODULE_MARGIN} s, so that everyone can leave before another contract may slash (decision D19).`,
  );
  reasons.need(
    moduleDelay <= MAX_MODULE_DELAY,
    `vault.moduleDelay is ${moduleDelay} s; at most ${MAX_MODULE_DELAY} s (180 days) is allowed.`,
  );
}

function checkSlashing(reasons: Reasons, p: DeployParameters): void {
  const { slashCap, collateral, slashDestinations: to, appealWindow } = p.vault;
  reasons.withinWad("vault.slashCap", slashCap, 1n, WAD);
  reasons.withinWad("vault.collateral.taoWeight", collateral.taoWeight, 1n, MAX_TAO_WEIGHT);
  reasons.withinWad("vault.collateral.taoMaxShare", collateral.taoMaxShare, 0n, WAD);
  reasons.withinWad("vault.slashDestinations.burnShare", to.burnShare, 0n, WAD);
  reasons.need(
    to.compensationShare + to.burnShare <= WAD,
    `vault.slashDestinations.compensationShare and burnShare sum to ${show(to.compensationShare + to.burnShare)}; there is not more than 1 to give.`,
  );
  reasons.need(
    to.compensationShare === 0n || to.compensation !== null,
    "vault.slashDestinations.compensation is null, but compensationShare is not 0: name who pays askers back.",
  );
  const { term } = p.guardian;
  reasons.within("guardian.term (seconds)", term, 0n, MAX_TERM);
  reasons.need(
    term === 0n || term > appealWindow,
    `guardian.term is ${term} s, within the first appeal window of ${appealWindow} s: every slash would wait for the timelock; take 0 for no guardian.`,
  );
  reasons.withinWad("poke.deposit", p.poke.deposit, 0n, MAX_DEPOSIT);
  reasons.need(
    p.poke.bounty <= p.poke.deposit,
    `poke.bounty is ${show(p.poke.bounty)} MASA, above poke.deposit, ${show(p.poke.deposit)} MASA, that it is paid from.`,
  );
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
  reasons.withinWad("standing.resourceShare", s.resourceShare, 0n, WAD);
  reasons.within("standing.maxStrikes", s.maxStrikes, 0n, MAX_STRIKES);
  reasons.withinWad("standing.strikeSize", s.strikeSize, 0n, UINT88);
  reasons.withinWad("standing.references.worker", s.references.worker, WORK_UNIT, UINT64 * WORK_UNIT);
  reasons.withinWad("standing.references.oracle", s.references.oracle, WORK_UNIT, UINT64 * WORK_UNIT);
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
  reasons.within("seats.haltEpochs", s.haltEpochs, 2n, 1_000n);
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
    t.qualityThreshold + p.limits.maxMargin < WAD,
    `limits.maxMargin is ${show(p.limits.maxMargin)}; τ + maxMargin must stay below 1.`,
  );
  reasons.need(
    t.weights.factual < WAD,
    "terms.weights.factual is 1; without evidence nothing would be left to score, so it must be below 1.",
  );
  reasons.sumsToOne("terms.weights", t.weights);
  reasons.withinWad("terms.posterShare", t.posterShare, 0n, WAD);
  const { qualityThreshold, slashShare, posterShare } = t;
  for (const [name, value] of Object.entries({ qualityThreshold, slashShare, posterShare, ...t.weights })) {
    reasons.need(
      value % TERM_STEP === 0n,
      `terms (${name}) is ${show(value)}; it must be a multiple of ${show(TERM_STEP)}.`,
    );
  }
  reasons.need(
    p.limits.maxMargin % MARGIN_STEP === 0n,
    `limits.maxMargin is ${show(p.limits.maxMargin)}; it must be a multiple of ${show(MARGIN_STEP)}.`,
  );
  reasons.withinWad("limits.minBaseReward", p.limits.minBaseReward, UNIT, MAX_BASE_REWARD);
  reasons.need(
    p.limits.minBaseReward % UNIT === 0n,
    `limits.minBaseReward is ${show(p.limits.minBaseReward)}; it must be a multiple of ${show(UNIT)}.`,
  );
  reasons.within("limits.maxResponses", p.limits.maxResponses, 1n, 16n);
}

function checkFees(reasons: Reasons, p: DeployParameters): void {
  const { baseRate, maxRate, referenceConsumption, minimumFee } = p.feeCurve;
  reasons.withinWad("feeCurve.maxRate", maxRate, 0n, WAD);
  reasons.need(
    baseRate <= maxRate,
    `feeCurve.baseRate is ${show(baseRate)}, above maxRate, ${show(maxRate)}: the fee would not be convex.`,
  );
  reasons.withinWad("feeCurve.referenceConsumption", referenceConsumption, 1n, UINT104);
  reasons.withinWad("feeCurve.minimumFee", minimumFee, 1n, MOST_MINIMUM_FEE);
}

function checkOffences(reasons: Reasons, p: DeployParameters): void {
  const o = p.offences;
  reasons.withinWad("offences.offenceShare", o.offenceShare, 1n, WAD - 1n);
  reasons.withinWad("offences.idleShare", o.idleShare, 1n, MAX_IDLE_SHARE);
  reasons.withinWad("offences.bountyShare", o.bountyShare, 0n, MAX_BOUNTY_SHARE);
  reasons.within("offences.expulsionEpochs", o.expulsionEpochs, 1n, MAX_EXPULSION_EPOCHS);
  const { epochLength, roundLength } = p.clock;
  // No rounds at all are refused with the clock.
  const rounds = roundLength === 0n ? 1n : epochLength / roundLength;
  reasons.need(
    BigInt(o.maxMissed) < rounds || roundLength > epochLength,
    `offences.maxMissed is ${o.maxMissed}; it must be below the ${rounds} rounds of an epoch, or nobody would ever be idle.`,
  );
}

/** What posters are paid, how fees are split and the emission pool is emptied. */
function checkRewards(reasons: Reasons, p: DeployParameters): void {
  reasons.withinWad("poster.bounty", p.poster.bounty, 0n, MAX_BOUNTY);
  reasons.withinWad("poster.masaPerEther", p.poster.masaPerEther, 0n, MAX_MASA_PER_ETHER);
  reasons.within("poster.maxGasPrice (wei)", p.poster.maxGasPrice, 0n, UINT64);
  const { validators, emission } = p.feeSplit;
  reasons.need(
    validators + emission <= WAD,
    `feeSplit.validators and emission sum to ${show(validators + emission)}; there is not more than 1 to give.`,
  );
  reasons.need(
    validators + emission >= WAD - MAX_TREASURY_SHARE,
    `feeSplit.validators and emission sum to ${show(validators + emission)}; the treasury gets the rest, and must not get more than ${show(MAX_TREASURY_SHARE)}.`,
  );
  reasons.withinWad("emission.rate", p.emission.rate, 1n, MAX_EMISSION_RATE);
  reasons.sumsToOne("emission.shares", p.emission.shares);
  reasons.within("emission.activationDelay (seconds)", p.emission.activationDelay, MINUTE, 30n * DAY);
}

/** The pots are filled from what the deployer holds: the genesis supply, if that is its own. */
function checkFunding(reasons: Reasons, p: DeployParameters): void {
  const { masa, genesisHolder, genesisSupply } = p.tokens;
  const funding = p.roll.funding + p.emission.funding;
  if (funding === 0n) return;
  reasons.need(
    masa === null && genesisHolder === null,
    `roll.funding and emission.funding are ${show(funding)} MASA, but the deployer holds none: take 0, and fund the epoch manager and the emissions later.`,
  );
  reasons.need(
    funding <= genesisSupply,
    `roll.funding and emission.funding are ${show(funding)} MASA, above tokens.genesisSupply, ${show(genesisSupply)} MASA.`,
  );
}
