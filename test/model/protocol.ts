/**
 * The protocol as the model sees it: the state and every action on it, those of governance here. An action that the
 * contracts must refuse throws {@link Refusal}; {@link State.attempt} leaves everything as it was then.
 */
import { WAD } from "./numbers.ts";
import { Nodes } from "./nodes.ts";
import { addressOf } from "./parties.ts";
import { Refusal, requireWithin } from "./refusal.ts";
import * as setup from "./setup.ts";
import * as stakes from "./stakes.ts";
import type { Role, RoleParameters } from "./standings.ts";

const MOST_WEIGHT = 10n ** 24n;

export class Protocol extends Nodes {
  setCollateral(caller: number, weight: bigint, maxShare: bigint): void {
    this.requireOwner(caller);
    requireWithin("VaultOutOfRange", "taoWeight", weight, (this.weight + 1n) / 2n, this.weight * 2n);
    requireWithin("VaultOutOfRange", "taoWeight", weight, 1n, MOST_WEIGHT);
    requireWithin("VaultOutOfRange", "taoMaxShare", maxShare, 0n, WAD);
    this.weight = weight;
    this.maxTaoShare = maxShare;
  }

  setDestinations(caller: number, compensationShare: bigint, burnShare: bigint): void {
    this.requireOwner(caller);
    requireWithin("VaultOutOfRange", "burnShare", burnShare, 0n, WAD);
    requireWithin("VaultOutOfRange", "compensationShare", compensationShare, 0n, WAD - burnShare);
    this.destinations = { compensationShare, burnShare };
  }

  setRole(caller: number, role: Role, parameters: RoleParameters): void {
    this.requireOwner(caller);
    this.standings.setRole(role, parameters);
  }

  setStanding(caller: number, decay: bigint, tolerance: bigint, maxStrikes: number): void {
    this.requireOwner(caller);
    requireWithin("StandingOutOfRange", "decayPerEpoch", decay, 1n, WAD - 1n);
    requireWithin("StandingOutOfRange", "tolerance", tolerance, 0n, WAD / 2n);
    requireWithin("StandingOutOfRange", "maxStrikes", BigInt(maxStrikes), 0n, 6n);
    this.standings.parameters = { ...this.standings.parameters, decay, tolerance, maxStrikes };
  }

  setSlashCap(caller: number, party: number, capShare: bigint): void {
    this.requireOwner(caller);
    const slasher = this.#requireKnownSlasher(party);
    if (capShare !== stakes.NO_CAP) requireWithin("VaultOutOfRange", "capShare", capShare, 1n, WAD);
    stakes.takeEffect(slasher, this.now);
    const raised = capShare > slasher.capShare;
    const from = raised ? this.now + this.moduleDelay : this.now;
    if (raised) this.lastActivation = Math.max(this.lastActivation, from);
    slasher.next = { from, capShare };
  }

  revokeSlasher(caller: number, party: number): void {
    this.requireOwner(caller);
    this.#requireKnownSlasher(party).revokedWith = this.deferredTotal(party);
  }

  setDelays(caller: number, unbonding: number, module: number): void {
    this.requireOwner(caller);
    const range = (name: string, value: number, least: number, most: number): void =>
      requireWithin("VaultOutOfRange", name, BigInt(value), BigInt(least), BigInt(most));
    range("unbondingDelay", unbonding, setup.OFFENCE_PATH + 1, 90 * setup.DAY);
    range("moduleDelay", module, unbonding + 3 * setup.DAY + 1, 180 * setup.DAY);
    const needed = this.now + unbonding + 3 * setup.DAY;
    if (unbonding > this.unbondingDelay && this.lastActivation > this.now && this.lastActivation < needed) {
      throw new Refusal("ActivationPending", this.lastActivation, needed);
    }
    this.unbondingDelay = unbonding;
    this.moduleDelay = module;
  }

  setEpochLength(caller: number, length: number): void {
    this.requireOwner(caller);
    this.calendar.setLength(length, this.now);
  }

  lendReversal(caller: number, term: number): void {
    this.requireOwner(caller);
    this.guardUntil = term === 0 ? 0 : this.now + term;
  }

  #requireKnownSlasher(party: number): stakes.Slasher {
    const slasher = this.books.slashers[party];
    if (slasher?.revokedWith !== null) throw new Refusal("SlasherUnknown", addressOf(party));
    return slasher;
  }
}
