/**
 * Who earns how much of an epoch's pots, and the reward root that follows (EQ-26, decision D17). Integers only, every
 * share rounded down, independent of the order of what goes in: whoever has the chain and the signed data gets the same
 * root. What rounding leaves stays in the pot for the next epoch.
 */
import { getAddress, ZeroAddress, ZeroHash } from "ethers";

import { MasaError } from "./errors.ts";
import { rewardPartsDown, validatorRewardDown } from "./math/emission.ts";
import type { ByKind } from "./math/emission.ts";
import { weightedMedian } from "./assembly.ts";
import type { AvailabilityVector } from "./availability.ts";
import type { FrozenSeats } from "./frozen.ts";
import { SCORE_ONE } from "./results.ts";
import { RewardTree } from "./rewardTree.ts";

/** A seat of the epoch's frozen set with its scores, on the scale 1e9 = 1. */
export interface RewardSeat {
  /** The account that owns the seat: it is paid, not the hot key. */
  readonly owner: string;
  /** Frozen capped weight, micro-MASA; 0 earns nothing. */
  readonly weight: bigint;
  readonly consensus: number;
  readonly data: number;
  readonly llm: number;
}

/** A worker with what it did in the epoch. */
export interface RewardWorker {
  readonly account: string;
  /** Stake that counts, and what its role requires of it, stake units. */
  readonly stakeUnits: bigint;
  readonly requirement: bigint;
  /** Σ R_base·Q of its responses at or above τ that were settled in the epoch, wei. */
  readonly settledWork: bigint;
  /** On the scale 1e9 = 1; see {@link medianAvailability}. */
  readonly availability: number;
}

export interface AllocationInputs {
  /** Validators' pot after the release, less what was given before, wei: RewardDistributor.nextPots at the roll. */
  readonly validatorPot: bigint;
  readonly workerPot: bigint;
  /** α, β, γ of EQ-05, WAD. */
  readonly weights: ByKind;
  /** Whether data work, and LLM work, was scored in the epoch. */
  readonly hasData: boolean;
  readonly hasLlm: boolean;
  readonly seats: readonly RewardSeat[];
  readonly workers: readonly RewardWorker[];
}

/** Wei by account, checksummed and ascending; nobody with 0. */
export type Balances = ReadonlyMap<string, bigint>;

export interface Allocation {
  readonly validators: Balances;
  readonly workers: Balances;
  readonly validatorTotal: bigint;
  readonly workerTotal: bigint;
}

/** What every account was given since the beginning, and from which pots. */
export interface RewardTable {
  readonly balances: Balances;
  readonly validatorTotal: bigint;
  readonly workerTotal: bigint;
}

export const EMPTY_TABLE: RewardTable = { balances: new Map(), validatorTotal: 0n, workerTotal: 0n };

/** What an epoch report carries, with the table behind it. */
export interface RewardRoot {
  readonly table: RewardTable;
  /** Zero where nobody earned anything: the chain keeps the root it has. */
  readonly root: string;
}

const sumOf = (amounts: Iterable<bigint>): bigint => [...amounts].reduce((sum, amount) => sum + amount, 0n);

/** One spelling, one order, no zeros. */
function balancesOf(entries: Iterable<readonly [string, bigint]>): Balances {
  const sums = new Map<string, bigint>();
  for (const [account, amount] of entries) {
    if (amount !== 0n) sums.set(account, (sums.get(account) ?? 0n) + amount);
  }
  return new Map([...sums].sort(([a], [b]) => (a.toLowerCase() < b.toLowerCase() ? -1 : 1)));
}

function requireScore(name: string, value: number): void {
  if (!Number.isSafeInteger(value) || value < 0 || value > SCORE_ONE) {
    throw new MasaError("MASA-503", `${name} must be a whole number from 0 to ${SCORE_ONE}, got ${value}`);
  }
}

function requireAmount(name: string, value: bigint): void {
  if (value < 0n) throw new MasaError("MASA-503", `${name} must not be negative, got ${value}`);
}

function requireOnce(what: string, accounts: readonly string[]): void {
  if (new Set(accounts).size !== accounts.length) throw new MasaError("MASA-503", `${what} appears twice`);
}

/** Of the validators' pot: in three by the kinds that occurred, each part by weight times score. */
function allocateValidators(inputs: AllocationInputs): Balances {
  const seats = inputs.seats
    .filter((seat) => seat.weight !== 0n)
    .map((seat) => {
      requireAmount("a seat's weight", seat.weight);
      requireScore("C", seat.consensus);
      requireScore("D", seat.data);
      requireScore("L", seat.llm);
      const owner = getAddress(seat.owner);
      if (owner === ZeroAddress) throw new MasaError("MASA-503", "a seat with weight has no owner");
      const scores: ByKind = [BigInt(seat.consensus), BigInt(seat.data), BigInt(seat.llm)];
      return { owner, weight: seat.weight, scores };
    });
  requireOnce(
    "the owner of a seat",
    seats.map((seat) => seat.owner),
  );
  const parts = rewardPartsDown(inputs.validatorPot, inputs.weights, inputs.hasData, inputs.hasLlm);
  const sumOfKind = (kind: 0 | 1 | 2): bigint => sumOf(seats.map((seat) => seat.weight * seat.scores[kind]));
  const sums: ByKind = [sumOfKind(0), sumOfKind(1), sumOfKind(2)];
  return balancesOf(
    seats.map(({ owner, weight, scores }) => [owner, validatorRewardDown(parts, weight, scores, sums)]),
  );
}

/** Of the workers' pot: by min(stake, requirement) · settled work · availability. */
function allocateWorkers({ workerPot, workers }: AllocationInputs): Balances {
  const merits = workers.map((worker) => {
    requireAmount("a worker's stake", worker.stakeUnits);
    requireAmount("a worker's requirement", worker.requirement);
    requireAmount("a worker's settled work", worker.settledWork);
    requireScore("a worker's availability", worker.availability);
    const stake = worker.stakeUnits < worker.requirement ? worker.stakeUnits : worker.requirement;
    return {
      account: getAddress(worker.account),
      merit: stake * worker.settledWork * BigInt(worker.availability),
    };
  });
  requireOnce(
    "a worker",
    merits.map(({ account }) => account),
  );
  const sum = sumOf(merits.map(({ merit }) => merit));
  if (sum === 0n) return new Map();
  return balancesOf(merits.map(({ account, merit }) => [account, (workerPot * merit) / sum]));
}

/**
 * Splits the pots of an epoch. Never gives more than a pot holds. Throws MASA-503 for a seat's owner or a worker that
 * appears twice, and for scores out of their range.
 */
export function allocateRewards(inputs: AllocationInputs): Allocation {
  requireAmount("the validators' pot", inputs.validatorPot);
  requireAmount("the workers' pot", inputs.workerPot);
  const validators = allocateValidators(inputs);
  const workers = allocateWorkers(inputs);
  return {
    validators,
    workers,
    validatorTotal: sumOf(validators.values()),
    workerTotal: sumOf(workers.values()),
  };
}

/**
 * Adds an epoch's allocation to the table of the last accepted root: the table, the root and the totals of its report.
 * An account that earned in both roles has one leaf with the sum.
 */
export function addAllocation(previous: RewardTable, allocation: Allocation): RewardRoot {
  const balances = balancesOf([...previous.balances, ...allocation.validators, ...allocation.workers]);
  const table: RewardTable = {
    balances,
    validatorTotal: previous.validatorTotal + allocation.validatorTotal,
    workerTotal: previous.workerTotal + allocation.workerTotal,
  };
  if (sumOf(balances.values()) !== table.validatorTotal + table.workerTotal) {
    throw new MasaError("MASA-503", "the balances of the table do not sum to its totals");
  }
  const gave = allocation.validatorTotal + allocation.workerTotal !== 0n;
  return { table, root: gave ? new RewardTree(balances).root : ZeroHash };
}

/** What one validator's probes of a worker came to in an epoch. */
export interface Probes {
  readonly worker: string;
  readonly answered: number;
  readonly tried: number;
}

/** Answered share on the scale of scores, rounded down; null for a claim that cannot be. */
function answeredShare({ answered, tried }: Probes): number | null {
  const whole = Number.isSafeInteger(answered) && Number.isSafeInteger(tried);
  if (!whole || tried <= 0 || answered < 0 || answered > tried) return null;
  return Number((BigInt(answered) * BigInt(SCORE_ONE)) / BigInt(tried));
}

/**
 * Stake-weighted median, by worker, of the shares of probes that validators saw answered, on the scale 1e9 = 1. Workers
 * that validators with more than two thirds of the frozen weight did not probe are left out: nobody measured them, and
 * they count as available, as a response without enough scores stays unscored (D16). Otherwise one validator that alone
 * probes a worker would decide about its income. Entries that cannot be are ignored; of two about one worker the lower
 * counts. Throws MASA-503 for two vectors of one seat.
 */
export function medianAvailability(
  vectors: readonly Pick<AvailabilityVector, "seat" | "entries">[],
  frozen: Pick<FrozenSeats, "weights" | "totalWeight">,
): ReadonlyMap<string, number> {
  if (new Set(vectors.map((vector) => vector.seat)).size !== vectors.length) {
    throw new MasaError("MASA-503", "two vectors of one seat");
  }
  const seen = new Map<string, Map<number, number>>();
  for (const { seat, entries } of vectors) {
    for (const probes of entries) {
      const share = answeredShare(probes);
      if (share === null || (frozen.weights[seat] ?? 0n) === 0n) continue;
      const worker = getAddress(probes.worker);
      const shares = seen.get(worker) ?? new Map<number, number>();
      shares.set(seat, Math.min(share, shares.get(seat) ?? share));
      seen.set(worker, shares);
    }
  }
  const medians: [string, number][] = [];
  for (const [worker, shares] of seen) {
    const weighted = [...shares].map(([seat, value]) => ({ value, weight: frozen.weights[seat] ?? 0n }));
    const weight = sumOf(weighted.map((entry) => entry.weight));
    if (3n * weight > 2n * frozen.totalWeight) medians.push([worker, weightedMedian(weighted)]);
  }
  return new Map(medians.sort(([a], [b]) => (a.toLowerCase() < b.toLowerCase() ? -1 : 1)));
}
