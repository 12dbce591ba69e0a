/**
 * The vault as the model sees it: per account and token an active stake and a list of unbonding entries, a sum that is
 * booked against the account, and the list of its slashes. Sums over accounts are recounted from these lists.
 */
import { ceilDiv, floorDiv, less, min, sum, WAD } from "./numbers.ts";
import { Refusal } from "./refusal.ts";

export const MASA = 0;
export const TAO = 1;
export type Token = typeof MASA | typeof TAO;

/** A unit of TAO is 1e-9 TAO, one of MASA 1e-18. */
const TAO_SCALE = 10n ** 9n;
/** Budgets of slashers are counted in lots of stake units. */
export const LOT = 10n ** 9n;
const MOST_SHARES = 2n ** 152n - 1n;
const MOST_LOTS = 2n ** 64n - 1n;
/** The cap share that means no cap. */
export const NO_CAP = MOST_LOTS;

export interface Entry {
  shares: bigint;
  maturesAt: number;
  generation: number;
}

/** One token of one account. `queued` is what the entries of this generation share. */
export interface Holding {
  staked: bigint;
  queued: bigint;
  generation: number;
  /** By id; null once it is gone. */
  entries: (Entry | null)[];
}

export interface Slash {
  amounts: [bigint, bigint];
  releasableAt: number;
  /** Whether the guardian has given utility back for it. */
  restored: boolean;
}

export interface Deferral {
  slasher: number;
  amount: bigint;
}

export interface StakeAccount {
  holdings: [Holding, Holding];
  reserved: bigint;
  booked: bigint;
  /** By id − 1; null once it is released. */
  slashes: (Slash | null)[];
  deferral: Deferral | null;
}

/** A module that may slash. */
export interface Slasher {
  activeFrom: number;
  capShare: bigint;
  next: { from: number; capShare: bigint } | null;
  budgetEndsAt: number;
  left: bigint;
  deferredLeft: bigint;
  /** Of a revoked slasher: what it had deferred then. */
  revokedWith: bigint | null;
}

export interface Destinations {
  compensationShare: bigint;
  burnShare: bigint;
}

export const lots = (amount: bigint): bigint => ceilDiv(amount, LOT);

const newHolding = (): Holding => ({ staked: 0n, queued: 0n, generation: 0, entries: [] });

export const newStakeAccount = (): StakeAccount => ({
  holdings: [newHolding(), newHolding()],
  reserved: 0n,
  booked: 0n,
  slashes: [],
  deferral: null,
});

const copyHolding = (h: Holding): Holding => ({
  ...h,
  entries: h.entries.map((entry) => entry && { ...entry }),
});

export const copyStakeAccount = (a: StakeAccount): StakeAccount => ({
  holdings: [copyHolding(a.holdings[MASA]), copyHolding(a.holdings[TAO])],
  reserved: a.reserved,
  booked: a.booked,
  slashes: a.slashes.map((slash) => slash && { ...slash, amounts: [...slash.amounts] }),
  deferral: a.deferral && { ...a.deferral },
});

/** Shares of all entries of the running queue. */
export const poolOf = (h: Holding): bigint =>
  sum(h.entries.map((entry) => (entry?.generation === h.generation ? entry.shares : 0n)));

/** What an entry is worth: its part of what its queue holds. Of a queue that was slashed away, nothing. */
export const worthOf = (h: Holding, entry: Entry): bigint =>
  entry.generation === h.generation && entry.shares !== 0n
    ? floorDiv(entry.shares * h.queued, poolOf(h))
    : 0n;

/** TAO in stake units, at a weight. */
export const taoUnits = (amount: bigint, weight: bigint): bigint =>
  floorDiv(amount * TAO_SCALE * weight, WAD);

/** All that an account holds, active and unbonding, stake units. */
export const heldUnits = (a: StakeAccount, weight: bigint): bigint => {
  const [masa, tao] = a.holdings;
  return masa.staked + masa.queued + taoUnits(tao.staked + tao.queued, weight);
};

/** What of a slash of `amount` stake units each token bears; MASA that is reserved, active or queued, bears nothing. */
const partsOf = (a: StakeAccount, amount: bigint, weight: bigint): [bigint, bigint] => {
  const [masa, tao] = a.holdings;
  const taoHeld = tao.staked + tao.queued;
  const units = heldUnits(a, weight);
  const kept = min(a.reserved, masa.staked + masa.queued);
  const taken = min(amount, units - kept);
  if (taken === 0n) return [0n, 0n];
  // Pro rata: TAO rounded down, MASA bears the rest ...
  const ofTao = floorDiv(taken * taoHeld, units);
  const ofMasa = taken - taoUnits(ofTao, weight);
  const free = masa.staked + masa.queued - kept;
  if (ofMasa <= free) return [ofMasa, ofTao];
  // ... as far as it goes: what is missing then is TAO's, rounded up against the offender.
  return [free, min(taoHeld, ceilDiv((taken - free) * WAD, TAO_SCALE * weight))];
};

/** Takes from one token of an account, the queue's part rounded down. A queue that is left with nothing is over. */
const take = (h: Holding, amount: bigint): void => {
  const held = h.staked + h.queued;
  const fromQueue = held === 0n ? 0n : floorDiv(amount * h.queued, held);
  h.staked -= amount - fromQueue;
  h.queued -= fromQueue;
  if (fromQueue !== 0n && h.queued === 0n) ++h.generation;
};

/** Applies what is booked: the account's holdings fall, and the slash is kept as a record. */
export const settle = (a: StakeAccount, weight: bigint, releasableAt: number): void => {
  if (a.booked === 0n) return;
  const amounts = partsOf(a, a.booked, weight);
  take(a.holdings[MASA], amounts[MASA]);
  take(a.holdings[TAO], amounts[TAO]);
  a.booked = 0n;
  a.slashes.push({ amounts, releasableAt, restored: false });
};

/** The account as it will be once what is booked is applied. */
export const netOf = (a: StakeAccount, weight: bigint): StakeAccount => {
  if (a.booked === 0n) return a;
  const net = copyStakeAccount(a);
  settle(net, weight, 0);
  return net;
};

/** Moves free stake into the queue. */
export const enqueue = (h: Holding, amount: bigint, maturesAt: number, account: bigint): void => {
  const pool = poolOf(h);
  const shares = pool === 0n ? amount : floorDiv(amount * pool, h.queued);
  if (shares === 0n || pool + shares > MOST_SHARES) throw new Refusal("QueueDiluted", account);
  h.entries.push({ shares, maturesAt, generation: h.generation });
  h.staked -= amount;
  h.queued += amount;
};

/** Takes `amount`, or all that it is worth, out of an entry. */
export const dequeue = (h: Holding, id: number, amount: bigint): bigint => {
  const entry = h.entries[id]!;
  const worth = worthOf(h, entry);
  if (amount < worth) {
    entry.shares -= ceilDiv(amount * poolOf(h), h.queued);
    h.queued -= amount;
    return amount;
  }
  h.entries[id] = null;
  h.queued -= worth;
  return worth;
};

/** Units that count as stake: MASA, and TAO in units, without what is booked or frozen. Frozen takes MASA first. */
export const netStakeOf = (a: StakeAccount, frozen: bigint, weight: bigint): [bigint, bigint] => {
  const [masa, tao] = netOf(a, weight).holdings;
  return [less(masa.staked, frozen), less(taoUnits(tao.staked, weight), less(frozen, masa.staked))];
};

/** The cap of one epoch, lots. */
export const capOf = (s: Slasher, masaStaked: bigint): bigint =>
  s.capShare === NO_CAP ? MOST_LOTS : min(MOST_LOTS, floorDiv(floorDiv(masaStaked * s.capShare, WAD), LOT));

/** What was scheduled takes effect once its second has come and the budget of the epoch before is over. */
export const takeEffect = (s: Slasher, now: number): void => {
  if (now < s.budgetEndsAt || s.next === null || now < s.next.from) return;
  s.capShare = s.next.capShare;
  s.next = null;
};

/** Gives a slasher the budget of a new epoch; what it has deferred comes first. */
export const renew = (
  s: Slasher,
  now: number,
  endsAt: number,
  masaStaked: bigint,
  deferred: bigint,
): void => {
  if (now < s.budgetEndsAt) return;
  takeEffect(s, now);
  const cap = capOf(s, masaStaked);
  s.budgetEndsAt = endsAt;
  s.deferredLeft = min(deferred, cap);
  s.left = cap - s.deferredLeft;
};
