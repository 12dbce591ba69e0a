/**
 * Utilities, requirements and snapshots as the model sees them: one object a node, recounted whenever a sum is asked
 * for. Of the code outside the model only e^x is used (sdk/src/math, itself checked against vectors).
 */
import { expWad } from "../../sdk/src/math/index.ts";

import { ceilDiv, floorDiv, max, min, sum, WAD, within } from "./numbers.ts";
import { Refusal, requireWithin } from "./refusal.ts";

export const VALIDATOR = 1;
export const WORKER = 2;
export const ORACLE = 3;
export const ROLES = [VALIDATOR, WORKER, ORACLE] as const;
export type Role = (typeof ROLES)[number];

/** Work is counted in units of 1e9 wei, seat weights in micro-MASA. */
export const WORK_UNIT = 10n ** 9n;
const WEIGHT_UNIT = 10n ** 12n;
const FIRST_UTILITY = WAD / 2n;
const MAX_EXPONENT = 2_772588722239781237n;

export interface RoleParameters {
  lambda: bigint;
  maxExponent: bigint;
  floor: bigint;
  target: bigint;
  budgetShare: bigint;
}

export interface StandingParameters {
  decay: bigint;
  tolerance: bigint;
  workerReference: bigint;
  oracleReference: bigint;
  baseStep: bigint;
  meanStep: bigint;
  supplyStep: bigint;
  graceCooldown: number;
  maxStrikes: number;
  strikeSize: bigint;
}

export interface Snapshot {
  base: bigint;
  mean: bigint;
  count: number;
}

/** One account in one role. */
export interface Node {
  known: boolean;
  registered: boolean;
  short: boolean;
  utility: bigint;
  /** What is not folded yet: work of one epoch and Σ work · p, work units. */
  work: { epoch: number; units: bigint; weighted: bigint } | null;
  suspendedIn: number | null;
  graceUntil: number;
}

/** What an account stakes toward a requirement. */
export type StakeToward = (account: number, required: bigint) => bigint;

const sigmas = new Map<bigint, bigint>();

/** e^x, WAD. */
export const exponential = (x: bigint): bigint => {
  let known = sigmas.get(x);
  if (known === undefined) {
    if (sigmas.size > 200_000) sigmas.clear();
    sigmas.set(x, (known = expWad(x)));
  }
  return known;
};

/** U' = U + (1 − γ)·w·(p − U). */
const moved = (utility: bigint, performance: bigint, weight: bigint, decay: bigint): bigint => {
  const rate = floorDiv((WAD - decay) * weight, WAD);
  const distance = performance - utility;
  // Division of bigints truncates, so the step is rounded towards U on both sides.
  return utility + (rate * distance) / WAD;
};

export class Standings {
  epoch: number;
  supply: bigint;
  parameters: StandingParameters;
  roles: Record<Role, RoleParameters>;
  snapshots: Record<Role, Snapshot>;
  nodes: Record<Role, Node[]>;
  /** Per account: the epoch of its latest failures and who saw them. */
  strikes: { epoch: number; askers: number[] }[];
  readonly #maxStakedShare: bigint;
  readonly #totalSupply: bigint;

  constructor(
    accounts: number,
    epoch: number,
    totalSupply: bigint,
    maxStakedShare: bigint,
    roles: Record<Role, RoleParameters>,
    parameters: StandingParameters,
  ) {
    this.epoch = epoch;
    this.supply = this.#totalSupply = totalSupply;
    this.#maxStakedShare = maxStakedShare;
    this.parameters = parameters;
    this.roles = roles;
    const node = (): Node => ({
      known: false,
      registered: false,
      short: false,
      utility: 0n,
      work: null,
      suspendedIn: null,
      graceUntil: 0,
    });
    const perRole = <T>(make: (role: Role) => T): Record<Role, T> => ({ 1: make(1), 2: make(2), 3: make(3) });
    this.nodes = perRole(() => Array.from({ length: accounts }, node));
    this.strikes = Array.from({ length: accounts }, () => ({ epoch: 0, askers: [] }));
    this.snapshots = perRole((role) => ({
      base: this.#base(role, 0, totalSupply),
      mean: FIRST_UTILITY,
      count: 0,
    }));
  }

  /** @returns What brings the nodes back to how they are now. */
  save(): () => void {
    const { nodes, strikes } = this;
    const copies = (role: Role): Node[] =>
      nodes[role].map((node) => ({ ...node, work: node.work && { ...node.work } }));
    this.nodes = { 1: copies(1), 2: copies(2), 3: copies(3) };
    this.strikes = [...strikes];
    return () => Object.assign(this, { nodes, strikes });
  }

  // ---------------------------------------------------------------- sums

  counted(role: Role): Node[] {
    return this.nodes[role].filter((node) => node.registered && !node.short);
  }

  utilitySum(role: Role): bigint {
    return sum(this.counted(role).map((node) => node.utility));
  }

  #meanOf(role: Role): bigint {
    const counted = this.counted(role);
    return counted.length === 0
      ? this.snapshots[role].mean
      : floorDiv(this.utilitySum(role), BigInt(counted.length));
  }

  // ---------------------------------------------------------------- requirement

  sigma(role: Role, mean: bigint, utility: bigint): bigint {
    const { lambda, maxExponent } = this.roles[role];
    const distance = ((mean - utility) * WAD) / lambda;
    return exponential(min(max(distance, -maxExponent), maxExponent));
  }

  requirementAt(role: Role, utility: bigint, snapshot = this.snapshots[role]): bigint {
    const required = ceilDiv(snapshot.base * this.sigma(role, snapshot.mean, utility), WAD);
    return max(required, this.roles[role].floor);
  }

  seatWeight(account: number, masaStake: bigint): bigint {
    const utility = this.nodes[VALIDATOR][account]!.utility;
    const sigma = this.sigma(VALIDATOR, this.snapshots[VALIDATOR].mean, utility);
    return floorDiv(floorDiv(masaStake * WAD, sigma), WEIGHT_UNIT);
  }

  #base(role: Role, count: number, supply: bigint): bigint {
    const { budgetShare, target } = this.roles[role];
    return ceilDiv(supply * budgetShare, max(max(BigInt(count), target), 1n) * WAD);
  }

  #nextSupply(): bigint {
    return within(this.supply, this.#totalSupply, floorDiv(this.supply * this.parameters.supplyStep, WAD));
  }

  nextSnapshot(role: Role): Snapshot {
    const { base, mean } = this.snapshots[role];
    const count = this.counted(role).length;
    const step = floorDiv(base * this.parameters.baseStep, WAD) + 1n;
    return {
      base: within(base, this.#base(role, count, this.#nextSupply()), step),
      mean: within(mean, this.#meanOf(role), this.parameters.meanStep),
      count,
    };
  }

  snapshot(epoch: number): void {
    const next = ROLES.map((role) => this.nextSnapshot(role));
    this.supply = this.#nextSupply();
    for (const role of ROLES) this.snapshots[role] = next[role - 1]!;
    this.epoch = epoch;
  }

  // ---------------------------------------------------------------- utility

  /** Utility with the work of epochs before `before` folded in. */
  utilityOf(role: Role, node: Node, before = this.epoch): bigint {
    const { work } = node;
    if (work === null || work.epoch >= before) return node.utility;
    const { decay, workerReference, oracleReference } = this.parameters;
    if (role === ORACLE) {
      const consumed = min(WAD, floorDiv(work.units * WAD, oracleReference));
      return moved(node.utility, WAD - consumed, WAD, decay);
    }
    const performance = floorDiv(work.weighted * WAD, work.units);
    return moved(node.utility, performance, min(WAD, floorDiv(work.units * WAD, workerReference)), decay);
  }

  #fold(role: Role, node: Node, before = this.epoch): void {
    if (node.work === null || node.work.epoch >= before) return;
    node.utility = this.utilityOf(role, node, before);
    node.work = null;
  }

  isSuspended(node: Node): boolean {
    return node.suspendedIn === this.epoch;
  }

  isEligible(node: Node): boolean {
    return node.registered && !node.short && !this.isSuspended(node);
  }

  // ---------------------------------------------------------------- actions

  /** Folds, then grants grace, marks or clears. @returns Whether this marked the node. */
  poke(account: number, role: Role, stakeToward: StakeToward): boolean {
    const node = this.nodes[role][account]!;
    this.#fold(role, node);
    const required = this.requirementAt(role, node.utility);
    const staked = stakeToward(account, required);
    if (staked >= required) {
      node.short = false;
      return false;
    }
    const tolerated = required - floorDiv(required * this.parameters.tolerance, WAD);
    if (node.short || staked >= tolerated) return false;
    if (this.#mayHaveGrace(node)) {
      node.graceUntil = this.epoch + 1;
      return false;
    }
    return (node.short = this.epoch > node.graceUntil);
  }

  #mayHaveGrace({ graceUntil }: Node): boolean {
    return graceUntil === 0 || this.epoch > graceUntil + this.parameters.graceCooldown;
  }

  graceLeft(node: Node): number {
    if (node.graceUntil !== 0 && this.epoch <= node.graceUntil) return node.graceUntil - this.epoch + 1;
    return this.#mayHaveGrace(node) ? 2 : 0;
  }

  enter(account: number, role: Role, address: bigint, stakeToward: StakeToward): void {
    const node = this.nodes[role][account]!;
    if (node.known) this.#fold(role, node);
    else node.utility = this.#meanOf(role);
    const required = this.requirementAt(role, node.utility);
    const staked = stakeToward(account, required);
    if (staked < required) throw new Refusal("BelowRequirement", address, required, staked);
    node.known = node.registered = true;
    node.short = false;
  }

  exit(account: number, role: Role): void {
    const node = this.nodes[role][account]!;
    // Work of the running epoch stays, for whoever comes back within it and for the fold after it.
    this.#fold(role, node);
    node.registered = node.short = false;
  }

  /** @param weighted Of an answer; the word of an oracle node carries none. */
  recordWorkOf(account: number, role: Role, units: bigint, weighted: bigint): void {
    const node = this.nodes[role][account]!;
    this.#fold(role, node);
    if (units === 0n) return;
    node.work ??= { epoch: this.epoch, units: 0n, weighted: 0n };
    node.work.units += units;
    node.work.weighted += role === ORACLE ? 0n : weighted;
  }

  strike(account: number, asker: number, size: bigint): void {
    const { maxStrikes, strikeSize } = this.parameters;
    if (maxStrikes === 0 || size < strikeSize) return;
    const seen = this.strikes[account]!;
    const askers = seen.epoch === this.epoch ? seen.askers : [];
    if (askers.includes(asker) || askers.length >= maxStrikes) return;
    this.strikes[account] = { epoch: this.epoch, askers: [...askers, asker] };
    if (askers.length + 1 < maxStrikes) return;
    const node = this.nodes[WORKER][account]!;
    this.#fold(WORKER, node);
    node.suspendedIn = this.epoch;
  }

  /** @returns Its weight and whether it is eligible. */
  scoreValidator(
    account: number,
    performance: bigint,
    stakeToward: StakeToward,
    masaStake: bigint,
  ): { weight: bigint; eligible: boolean } {
    const node = this.nodes[VALIDATOR][account]!;
    node.utility = moved(node.utility, performance, WAD, this.parameters.decay);
    if (!node.registered) return { weight: 0n, eligible: false };
    this.poke(account, VALIDATOR, stakeToward);
    return { weight: this.seatWeight(account, masaStake), eligible: !node.short };
  }

  forgive(account: number, role: Role, utility: bigint): void {
    const node = this.nodes[role][account]!;
    this.#fold(role, node);
    if (utility !== 0n) {
      const most = min(WAD, node.utility + WAD - this.parameters.decay);
      requireWithin("StandingOutOfRange", "utility", utility, node.utility, most);
      node.utility = utility;
    }
    if (role === WORKER) this.strikes[account] = { epoch: 0, askers: [] };
    if (this.isSuspended(node)) node.suspendedIn = null;
  }

  // ---------------------------------------------------------------- governance

  setRole(role: Role, p: RoleParameters): void {
    if (p.lambda === 0n) throw new Refusal("ZeroLambda", role);
    requireWithin("StandingOutOfRange", "budgetShare", p.budgetShare, 0n, WAD);
    requireWithin("StandingOutOfRange", "maxExponent", p.maxExponent, 0n, MAX_EXPONENT);
    requireWithin("StandingOutOfRange", "floor", p.floor, 1n, 2n ** 96n - 1n);
    const roles = { ...this.roles, [role]: p };
    const budget = sum(
      ROLES.map((each) => ceilDiv(roles[each].budgetShare * exponential(roles[each].maxExponent), WAD)),
    );
    if (budget > this.#maxStakedShare) throw new Refusal("InfeasibleBudget", budget, this.#maxStakedShare);
    this.roles = roles;
  }

  // ---------------------------------------------------------------- views

  /** What {previewRequirement} answers, in its order. */
  preview(account: number, role: Role, change: bigint, stakeToward: StakeToward): bigint[] {
    const node = this.nodes[role][account]!;
    const held = (utility: bigint, snapshot: Snapshot): [bigint, bigint, bigint] => {
      const required = this.requirementAt(role, utility, snapshot);
      const staked = stakeToward(account, required);
      return [required, staked, max(required - staked, 0n)];
    };
    const utility = this.utilityOf(role, node);
    const next = this.utilityOf(role, node, Infinity);
    return [
      ...held(utility, this.snapshots[role]),
      ...held(next, this.nextSnapshot(role)),
      node.short ? 0n : BigInt(this.graceLeft(node)),
      next,
      this.requirementAt(role, min(max(utility + change, 0n), WAD)),
    ];
  }

  workThisEpoch(node: Node): bigint {
    return node.work?.epoch === this.epoch ? node.work.units * WORK_UNIT : 0n;
  }

  strikesThisEpoch(account: number): number {
    const seen = this.strikes[account]!;
    return seen.epoch === this.epoch ? seen.askers.length : 0;
  }
}
