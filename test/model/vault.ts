/** What the vault and the guardian do to the state: stake, unbonding, slashes and their appeal. */
import { State } from "./books.ts";
import { ALL, floorDiv, less, min, WAD } from "./numbers.ts";
import { addressOf, PARTY } from "./parties.ts";
import { Refusal } from "./refusal.ts";
import * as stakes from "./stakes.ts";
import { MASA, TAO, type Token } from "./stakes.ts";
import type { Role } from "./standings.ts";

const UNLISTED = 0xdeadbeefn;
const REVERSE_SLASH = 1;

export class Vault extends State {
  // ---------------------------------------------------------------- stake

  stake(account: number, token: number, amount: bigint): void {
    const listed = this.#requireToken(token);
    if (amount === 0n) throw new Refusal("ZeroAmount");
    this.settled(account).holdings[listed].staked += amount;
    this.charge(account, listed, amount);
  }

  startUnbonding(account: number, token: number, amount: bigint): bigint {
    const listed = this.#requireToken(token);
    const a = this.settled(account);
    const holding = a.holdings[listed];
    const { staked } = holding;
    const asked = amount === ALL ? staked : amount;
    if (asked === 0n) throw new Refusal("ZeroAmount");
    if (asked > staked) throw new Refusal("InsufficientStake", addressOf(account), staked, asked);
    stakes.enqueue(holding, asked, this.now + this.unbondingDelay, addressOf(account));
    return BigInt(holding.entries.length - 1);
  }

  cancelUnbonding(account: number, token: number, id: number): bigint {
    const listed = this.#requireToken(token);
    const holding = this.settled(account).holdings[listed];
    this.#requireEntry(account, listed, id);
    const amount = stakes.dequeue(holding, id, ALL);
    holding.staked += amount;
    return amount;
  }

  withdraw(account: number, token: number, id: number, amount: bigint, recipient: number): bigint {
    if (recipient === PARTY.nobody) throw new Refusal("ZeroAddress");
    const listed = this.#requireToken(token);
    const a = this.settled(account);
    const entry = this.#requireEntry(account, listed, id);
    if (this.now < entry.maturesAt) {
      throw new Refusal("NotMatured", addressOf(account), id, entry.maturesAt, this.now);
    }
    const worth = stakes.worthOf(a.holdings[listed], entry);
    if (amount === 0n) throw new Refusal("ZeroAmount");
    if (amount !== ALL && amount > worth) {
      throw new Refusal("EntryTooSmall", addressOf(account), id, worth, amount);
    }
    const paid = stakes.dequeue(a.holdings[listed], id, amount);
    const frozen = this.frozen(a);
    // Active stake that backs commitments cannot pay for the deferred slash as well.
    const left = less(stakes.heldUnits(a, this.weight), min(a.reserved, a.holdings[MASA].staked));
    if (left < frozen) throw new Refusal("Frozen", addressOf(account), frozen, left);
    this.pay(recipient, listed, paid);
    return paid;
  }

  // ---------------------------------------------------------------- slashes

  reserve(caller: number, account: number, amount: bigint): void {
    this.#requireSlasher(caller);
    const a = this.settled(account);
    const free = less(a.holdings[MASA].staked, a.reserved + this.frozen(a));
    if (amount > free) throw new Refusal("InsufficientFreeStake", addressOf(account), free, amount);
    a.reserved += amount;
  }

  /** Open to a revoked slasher too: its commitments must be able to end. */
  release(caller: number, account: number, amount: bigint): void {
    if (!this.books.slashers[caller]) throw new Refusal("NotSlasher", addressOf(caller));
    const a = this.stakeOf(account);
    a.reserved = less(a.reserved, amount);
  }

  #renewed(party: number): stakes.Slasher {
    const slasher = this.books.slashers[party]!;
    const endsAt = this.calendar.start(this.epoch + 1);
    stakes.renew(slasher, this.now, endsAt, this.totals(MASA)[0], this.deferredTotal(party));
    return slasher;
  }

  slash(caller: number, account: number, given: bigint, asked: bigint): bigint {
    const a = this.stakeOf(account);
    const reservation = min(given, a.reserved);
    this.#requireSlasher(caller);
    const spokenFor = a.reserved + a.booked + this.frozen(a);
    const most = less(stakes.heldUnits(a, this.weight) + reservation, spokenFor);
    const amount = min(asked, most > reservation ? most : reservation);
    a.reserved -= reservation;

    const slasher = this.#renewed(caller);
    const covered = stakes.lots(amount) <= slasher.left;
    const booked = covered ? amount : slasher.left * stakes.LOT;
    slasher.left -= covered ? stakes.lots(amount) : slasher.left;
    a.booked += booked;
    this.#defer(a, caller, amount - booked);
    return booked;
  }

  /** One deferral an account, and one cap for all of a slasher's: what exceeds either is forgone. */
  #defer(a: stakes.StakeAccount, slasher: number, excess: bigint): void {
    if (excess === 0n) return;
    const isNew = this.frozen(a) === 0n;
    if (!isNew && a.deferral!.slasher !== slasher) return;
    const before = isNew ? 0n : a.deferral!.amount;
    const cap = stakes.capOf(this.books.slashers[slasher]!, this.totals(MASA)[0]);
    const room = less(cap, this.deferredTotal(slasher));
    const fits = stakes.lots(before + excess) - stakes.lots(before) <= room;
    const accepted = fits ? excess : room * stakes.LOT;
    if (accepted !== 0n) a.deferral = { slasher, amount: before + accepted };
  }

  applySlash(account: number): bigint {
    if (this.stakeOf(account).booked === 0n) return 0n;
    return BigInt(this.settled(account).slashes.length);
  }

  bookDeferred(account: number): bigint {
    const a = this.stakeOf(account);
    const { deferral } = a;
    if (deferral === null || this.frozen(a) === 0n) throw new Refusal("NothingDeferred", addressOf(account));
    const slasher = this.#renewed(deferral.slasher);
    const booked = min(deferral.amount, slasher.deferredLeft * stakes.LOT);
    if (booked === 0n) throw new Refusal("CapReached", addressOf(deferral.slasher), slasher.budgetEndsAt);
    slasher.deferredLeft -= stakes.lots(booked);
    deferral.amount -= booked;
    if (deferral.amount === 0n) a.deferral = null;
    a.booked += booked;
    return booked;
  }

  /** Through the guardian: stake, utility and suspension come back together. */
  reverseSlash(
    caller: number,
    account: number,
    id: number,
    amounts: [bigint, bigint],
    role: Role | 0,
    utility: bigint,
  ): void {
    if (caller !== PARTY.owner && (caller !== PARTY.guard || this.now > this.guardUntil)) {
      throw new Refusal("RightNotHeld", REVERSE_SLASH, addressOf(caller), this.guardUntil, this.now);
    }
    const slash = this.#requireSlash(account, id);
    if (amounts[MASA] > slash.amounts[MASA] || amounts[TAO] > slash.amounts[TAO]) {
      throw new Refusal("MoreThanSlashed", addressOf(account), id, ...slash.amounts);
    }
    const a = this.settled(account);
    for (const token of [MASA, TAO] as const) {
      slash.amounts[token] -= amounts[token];
      a.holdings[token].staked += amounts[token];
    }
    if (utility !== 0n) {
      if (slash.restored) throw new Refusal("AlreadyRestored", addressOf(account), id);
      slash.restored = true;
    }
    if (role === 0) throw new Refusal("StandingNoRole");
    this.standings.forgive(account, role, utility);
  }

  reverseSlashDirectly(caller: number): void {
    throw new Refusal("NotGuardian", addressOf(caller));
  }

  releaseSlash(caller: number, account: number, id: number): void {
    const slash = this.#requireSlash(account, id);
    if (this.now <= slash.releasableAt) {
      throw new Refusal("AppealOpen", addressOf(account), id, slash.releasableAt, this.now);
    }
    if (this.guardUntil < slash.releasableAt && caller !== PARTY.owner) {
      throw new Refusal("WaitsForGovernance", addressOf(account), id);
    }
    const { compensationShare, burnShare } = this.destinations;
    for (const token of [MASA, TAO] as const) {
      const amount = slash.amounts[token];
      const compensated = floorDiv(amount * compensationShare, WAD);
      const burned = floorDiv(amount * burnShare, WAD);
      this.pay(PARTY.compensation, token, compensated);
      this.pay(PARTY.burn, token, burned);
      this.pay(PARTY.treasury, token, amount - compensated - burned);
    }
    this.stakeOf(account).slashes[id - 1] = null;
  }

  #requireToken(token: number): Token {
    if (token !== MASA && token !== TAO) throw new Refusal("UnlistedToken", UNLISTED);
    return token;
  }

  #requireSlasher(caller: number): stakes.Slasher {
    const slasher = this.books.slashers[caller];
    if (slasher?.revokedWith !== null) throw new Refusal("NotSlasher", addressOf(caller));
    return slasher;
  }

  #requireEntry(account: number, token: Token, id: number): stakes.Entry {
    const entry = this.stakeOf(account).holdings[token].entries[id];
    if (!entry) throw new Refusal("UnknownEntry", addressOf(account), id);
    return entry;
  }

  #requireSlash(account: number, id: number): stakes.Slash {
    const slash = this.stakeOf(account).slashes[id - 1];
    if (!slash) throw new Refusal("NoSuchSlash", addressOf(account), id);
    return slash;
  }
}
