/** The state of the model, what follows from it, and how an action that is refused is undone. */
import { Calendar } from "./calendar.ts";
import { floorDiv, min, sum, WAD } from "./numbers.ts";
import { addressOf, PARTY } from "./parties.ts";
import { Refusal } from "./refusal.ts";
import * as setup from "./setup.ts";
import * as stakes from "./stakes.ts";
import type { Token } from "./stakes.ts";
import { Standings, type Role } from "./standings.ts";

export interface Membership {
  role: Role | 0;
  /** In which it was registered last. */
  lastRole: Role | 0;
  nonce: number;
  registeredEpoch: number;
  /** Number of its signing key plus one; 0: it has none. */
  signingKey: number;
  deposit: bigint;
  paidEpoch: number;
}

export interface Operator {
  account: number | null;
  rights: bigint;
  nonce: number;
  sinceEpoch: number;
  /** Whom it has ever signed for. */
  signer: number | null;
  /** Second of the revocation since it had the right to sign last; 0: none. */
  revokedAt: number;
}

/** What an action changes before it may be refused: plain, so that it can be undone. */
interface Books {
  stakes: stakes.StakeAccount[];
  slashers: Record<number, stakes.Slasher>;
  memberships: Membership[];
  operators: Operator[];
  /** By party: MASA and TAO. */
  balances: [bigint, bigint][];
  registryMasa: bigint;
}

export class State {
  now = setup.START_OF_HISTORIES;
  readonly calendar = new Calendar(setup.GENESIS, setup.EPOCH_LENGTH);
  rolledEpoch: number;
  readonly standings: Standings;
  books: Books;
  weight = setup.TAO_WEIGHT;
  maxTaoShare = setup.TAO_MAX_SHARE;
  destinations: stakes.Destinations = { compensationShare: 0n, burnShare: 0n };
  unbondingDelay = setup.UNBONDING_DELAY;
  moduleDelay = setup.MODULE_DELAY;
  lastActivation = setup.START_OF_HISTORIES;
  guardUntil = setup.GENESIS + setup.GUARD_TERM;

  constructor() {
    this.standings = new Standings(
      setup.ACCOUNTS,
      0,
      setup.SUPPLY,
      setup.MAX_STAKED_SHARE,
      setup.ROLES,
      setup.STANDING,
    );
    const slasher = (activeFrom: number, capShare: bigint): stakes.Slasher => ({
      activeFrom,
      capShare,
      next: null,
      budgetEndsAt: 1,
      left: 0n,
      deferredLeft: 0n,
      revokedWith: null,
    });
    const each = <T>(make: () => T): T[] => Array.from({ length: setup.ACCOUNTS }, make);
    this.books = {
      stakes: each(stakes.newStakeAccount),
      slashers: {
        [PARTY.slasherA]: slasher(setup.GENESIS + setup.MODULE_DELAY, setup.CAP_A),
        [PARTY.slasherB]: slasher(setup.GENESIS + setup.MODULE_DELAY, setup.CAP_B),
      },
      memberships: each(() => ({
        role: 0,
        lastRole: 0,
        nonce: 0,
        registeredEpoch: 0,
        signingKey: 0,
        deposit: 0n,
        paidEpoch: -1,
      })),
      operators: each(() => ({
        account: null,
        rights: 0n,
        nonce: 0,
        sinceEpoch: 0,
        signer: null,
        revokedAt: 0,
      })),
      balances: Array.from({ length: PARTY.burn + 1 }, (_, party) =>
        party < setup.ACCOUNTS ? [setup.MASA_EACH, setup.TAO_EACH] : [0n, 0n],
      ),
      registryMasa: 0n,
    };
    this.rolledEpoch = this.epoch;
    this.standings.snapshot(this.epoch);
  }

  /** Runs an action; undoes it if it is refused. */
  attempt<T>(action: () => T): T | Refusal {
    const { books } = this;
    this.books = {
      stakes: books.stakes.map(stakes.copyStakeAccount),
      slashers: Object.fromEntries(Object.entries(books.slashers).map(([key, s]) => [key, { ...s }])),
      memberships: books.memberships.map((m) => ({ ...m })),
      operators: books.operators.map((o) => ({ ...o })),
      balances: books.balances.map((pair) => [...pair]),
      registryMasa: books.registryMasa,
    };
    const restore = this.standings.save();
    try {
      return action();
    } catch (refusal) {
      if (!(refusal instanceof Refusal)) throw refusal;
      this.books = books;
      restore();
      return refusal;
    }
  }

  // ---------------------------------------------------------------- helpers

  get epoch(): number {
    return this.calendar.epochAt(this.now);
  }

  stakeOf(account: number): stakes.StakeAccount {
    return this.books.stakes[account]!;
  }

  totals(token: Token): [bigint, bigint, bigint] {
    const all = this.books.stakes;
    return [
      sum(all.map((a) => a.holdings[token].staked)),
      sum(all.map((a) => a.holdings[token].queued)),
      sum(all.flatMap((a) => a.slashes.map((slash) => slash?.amounts[token] ?? 0n))),
    ];
  }

  deferredTotal(slasher: number): bigint {
    return (
      this.books.slashers[slasher]!.revokedWith ??
      sum(
        this.books.stakes.map(({ deferral }) =>
          deferral?.slasher === slasher ? stakes.lots(deferral.amount) : 0n,
        ),
      )
    );
  }

  /** What a deferral holds; nothing once its slasher is revoked. */
  frozen(a: stakes.StakeAccount): bigint {
    return a.deferral === null || this.books.slashers[a.deferral.slasher]!.revokedWith !== null
      ? 0n
      : a.deferral.amount;
  }

  netStake(account: number): [bigint, bigint] {
    const a = this.stakeOf(account);
    return stakes.netStakeOf(a, this.frozen(a), this.weight);
  }

  readonly stakeToward = (account: number, required: bigint): bigint => {
    const [masa, tao] = this.netStake(account);
    return masa + min(tao, floorDiv(required * this.maxTaoShare, WAD));
  };

  protected settled(account: number): stakes.StakeAccount {
    const a = this.stakeOf(account);
    stakes.settle(a, this.weight, this.now + setup.APPEAL_WINDOW);
    return a;
  }

  protected pay(party: number, token: Token, amount: bigint): void {
    this.books.balances[party]![token] += amount;
  }

  protected charge(party: number, token: Token, amount: bigint): void {
    const held = this.books.balances[party]![token];
    if (held < amount) throw new Refusal("ERC20InsufficientBalance", addressOf(party), held, amount);
    this.books.balances[party]![token] -= amount;
  }

  protected requireOwner(caller: number): void {
    if (caller !== PARTY.owner) throw new Refusal("OwnableUnauthorizedAccount", addressOf(caller));
  }
}
