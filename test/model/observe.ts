/**
 * All that is compared after every action, as a list of words in the order in which Replay.t.sol reads the contracts:
 * first what all accounts share, then each account. Entries and slashes have a fixed number of places, so that a word's
 * number is always the same field.
 */
import { addressOf, KEYS, PARTY } from "./parties.ts";
import type { Protocol } from "./protocol.ts";
import { ACCOUNTS } from "./setup.ts";
import { MASA, netOf, TAO, type Holding, type Slasher, worthOf } from "./stakes.ts";
import { ROLES, VALIDATOR, type Role } from "./standings.ts";

/** Histories keep to these: a longer queue would not be seen. */
export const MOST_ENTRIES = 8;
export const MOST_SLASHES = 8;

/** Takes words one by one, and their names where they are wanted. */
class Words {
  readonly values: bigint[] = [];
  readonly names: string[] | null;
  #prefix = "";

  constructor(named: boolean) {
    this.names = named ? [] : null;
  }

  in(prefix: string): void {
    this.#prefix = prefix;
  }

  put(names: string, ...values: (bigint | number | boolean)[]): void {
    this.putIn("", 0, names, ...values);
  }

  /** Fields of the element `id` of a list. */
  putIn(list: string, id: number, names: string, ...values: (bigint | number | boolean)[]): void {
    for (const value of values) this.values.push(typeof value === "bigint" ? value : BigInt(value));
    if (this.names === null) return;
    const each = names.split(" ");
    if (each.length !== values.length) throw new Error(`${names}: ${values.length} values`);
    const prefix = this.#prefix + (list === "" ? "" : `${list}[${id}].`);
    this.names.push(...each.map((name) => prefix + name));
  }
}

function slasher(w: Words, p: Protocol, party: number): void {
  const s: Slasher = p.books.slashers[party]!;
  const revoked = s.revokedWith !== null;
  w.put(
    "epochEndsAt left deferredLeft deferredTotal activeFrom nextFrom capShare nextCapShare revoked",
    revoked ? 0 : s.budgetEndsAt,
    s.left,
    s.deferredLeft,
    p.deferredTotal(party),
    s.activeFrom,
    s.next?.from ?? 0,
    s.capShare,
    s.next?.capShare ?? 0n,
    revoked,
  );
}

function shared(w: Words, p: Protocol): void {
  const { standings } = p;
  for (const token of [MASA, TAO] as const) {
    w.in(token === MASA ? "vault.totals.masa." : "vault.totals.tao.");
    w.put("staked unbonding appealPot", ...p.totals(token));
  }
  for (const [party, name] of [
    [PARTY.slasherA, "A"],
    [PARTY.slasherB, "B"],
  ] as const) {
    w.in(`vault.slasher${name}.`);
    slasher(w, p, party);
  }
  w.in("vault.");
  w.put("taoWeight taoMaxShare", p.weight, p.maxTaoShare);
  w.put("unbondingDelay moduleDelay", p.unbondingDelay, p.moduleDelay);
  for (const role of ROLES) {
    const totals = standings.counted(role).length;
    w.in(`standing.role${role}.`);
    w.put("count utilitySum", totals, standings.utilitySum(role));
    const { base, mean, count } = standings.snapshots[role];
    w.put("snapshot.base snapshot.mean snapshot.count snapshot.epoch", base, mean, count, standings.epoch);
    const next = standings.nextSnapshot(role);
    w.put("next.base next.mean next.count next.epoch", next.base, next.mean, next.count, standings.epoch);
    w.put("registered", p.books.memberships.filter((m) => m.role === role).length);
  }
  w.in("");
  w.put("standing.supply standing.rolledEpoch", standings.supply, standings.epoch);
  w.put("manager.rolledEpoch clock.currentEpoch", p.rolledEpoch, p.epoch);
  w.put("clock.epochStart(next)", p.calendar.start(p.epoch + 1));
  w.put("guardian.rightUntil", p.guardUntil);
  for (const token of [MASA, TAO] as const) {
    w.in(token === MASA ? "masa.balance." : "tao.balance.");
    const held = p.totals(token);
    w.put("vault", held[0] + held[1] + held[2]);
    const of = (party: number): bigint => p.books.balances[party]![token];
    w.put("treasury compensation burn", of(PARTY.treasury), of(PARTY.compensation), of(PARTY.burn));
    w.put("registry stranger", token === MASA ? p.books.registryMasa : 0n, of(PARTY.stranger));
  }
}

function holding(w: Words, of: Holding): void {
  w.put("staked queued nextId generation", of.staked, of.queued, of.entries.length, of.generation);
}

function entries(w: Words, of: Holding, list: string): void {
  for (let id = 0; id < MOST_ENTRIES; ++id) {
    const entry = of.entries[id];
    if (entry) {
      const { shares, maturesAt, generation } = entry;
      w.putIn(
        list,
        id,
        "shares maturesAt generation worth",
        shares,
        maturesAt,
        generation,
        worthOf(of, entry),
      );
    } else w.putIn(list, id, "shares maturesAt generation worth", 0n, 0n, 0n, 0n);
  }
}

function standing(w: Words, p: Protocol, account: number, role: Role | 0): void {
  const { standings } = p;
  const fields =
    "registered short suspended utility graceUntil strikes workThisEpoch requirement stakeUnits eligible";
  if (role === 0) return w.put(fields, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
  const node = standings.nodes[role][account]!;
  const utility = standings.utilityOf(role, node);
  const required = standings.requirementAt(role, utility);
  w.put(
    fields,
    node.registered,
    node.short,
    standings.isSuspended(node),
    utility,
    node.graceUntil,
    role === 2 ? standings.strikesThisEpoch(account) : 0,
    standings.workThisEpoch(node),
    required,
    p.stakeToward(account, required),
    standings.isEligible(node),
  );
}

function account(w: Words, p: Protocol, index: number): void {
  const a = p.stakeOf(index);
  const m = p.books.memberships[index]!;
  const [masa, tao] = p.books.balances[index]!;
  w.put("balance.masa balance.tao", masa, tao);
  const net = netOf(a, p.weight).holdings;
  w.in(`account${index}.masa.`);
  holding(w, net[MASA]);
  w.in(`account${index}.tao.`);
  holding(w, net[TAO]);
  w.in(`account${index}.`);
  w.put("reserved pendingCut slashes", a.reserved, a.booked, a.slashes.length);
  const frozen = p.frozen(a);
  w.put("deferral.slasher deferral.amount", frozen === 0n ? 0n : addressOf(a.deferral!.slasher), frozen);
  const [masaStake, taoStake] = p.netStake(index);
  w.put("stakeUnits masaStake", masaStake + taoStake, masaStake);
  for (const role of ROLES) {
    w.putIn("role", role, "utility", p.standings.utilityOf(role, p.standings.nodes[role][index]!));
  }
  standing(w, p, index, m.lastRole);
  w.put("seatWeight", m.lastRole === VALIDATOR ? p.standings.seatWeight(index, masaStake) : 0);
  w.put(
    "role nonce registeredEpoch signingKey deposit",
    m.role,
    m.nonce,
    m.registeredEpoch,
    m.signingKey === 0 ? 0n : KEYS[m.signingKey - 1]!,
    m.deposit,
  );
  const operator = p.books.operators[index]!;
  w.put(
    "key.account key.rights key.nonce key.sinceEpoch",
    operator.account === null ? 0n : addressOf(operator.account),
    operator.rights,
    operator.nonce,
    operator.sinceEpoch,
  );
  w.put(
    "key.signer key.revokedAt",
    operator.signer === null ? 0n : addressOf(operator.signer),
    operator.revokedAt,
  );
  entries(w, net[MASA], "masa.entry");
  entries(w, net[TAO], "tao.entry");
  for (let id = 1; id <= MOST_SLASHES; ++id) {
    const slash = a.slashes[id - 1];
    if (slash) w.putIn("slash", id, "masa tao releasableAt", ...slash.amounts, slash.releasableAt);
    else w.putIn("slash", id, "masa tao releasableAt", 0n, 0n, 0n);
  }
}

/** What the preview's utility change is after step `step`, WAD. */
const changeAt = (step: number): bigint => (BigInt(step % 5) - 2n) * 10n ** 17n;

function preview(w: Words, p: Protocol, subject: number, step: number): void {
  const { role } = p.books.memberships[subject]!;
  w.put(
    "requirement stakeUnits shortfall nextRequirement nextStakeUnits nextShortfall graceLeft nextUtility ifChanged",
    ...(role === 0
      ? Array.from({ length: 9 }, () => 0)
      : p.standings.preview(subject, role, changeAt(step), p.stakeToward)),
  );
}

function observe(w: Words, p: Protocol, subject: number, step: number): void {
  w.in("");
  shared(w, p);
  w.in("preview.");
  preview(w, p, subject, step);
  for (let index = 0; index < ACCOUNTS; ++index) {
    w.in(`account${index}.`);
    account(w, p, index);
  }
}

/** The words after step `step`, whose action was about `subject`. */
export function wordsOf(p: Protocol, subject: number, step: number): bigint[] {
  const w = new Words(false);
  observe(w, p, subject, step);
  return w.values;
}

/** The names of the words. */
export function fieldNames(p: Protocol): string[] {
  const w = new Words(true);
  observe(w, p, 0, 0);
  return w.names!;
}
