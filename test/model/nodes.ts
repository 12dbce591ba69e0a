/** What the registry, the standings and the roll do to the state. */
import type { Membership } from "./books.ts";
import { min } from "./numbers.ts";
import { addressOf, KEYS, PARTY } from "./parties.ts";
import { Refusal, requireWithin, text } from "./refusal.ts";
import * as setup from "./setup.ts";
import { MASA } from "./stakes.ts";
import { VALIDATOR, type Role } from "./standings.ts";
import { Vault } from "./vault.ts";

const RIGHTS = 31n;
const MOST_DEPOSIT = 10n ** 24n;
const MOST_METADATA = 2_048n;

export class Nodes extends Vault {
  // ---------------------------------------------------------------- registry

  /** @param key Number of the operator key it brings, plus one; 0: none. */
  register(account: number, role: Role | 0, key: number, metadataLength: number): void {
    if (role === 0) throw new Refusal("NoRole");
    const m = this.books.memberships[account]!;
    if (m.role !== 0) throw new Refusal("AlreadyRegistered", addressOf(account), m.role);
    this.settled(account);
    this.standings.enter(account, role, addressOf(account), this.stakeToward);
    const length = BigInt(metadataLength);
    if (length < 2n || length > MOST_METADATA) throw new Refusal("MetadataLength", length, 2, MOST_METADATA);
    m.role = m.lastRole = role;
    ++m.nonce;
    m.registeredEpoch = this.rolledEpoch;
    m.deposit = setup.DEPOSIT;
    if (key !== 0) this.#bindKey(account, key);
    if (role === VALIDATOR && m.signingKey === 0) throw new Refusal("SigningKeyMissing", role);
    this.charge(account, MASA, m.deposit);
    this.books.registryMasa += m.deposit;
  }

  #bindKey(account: number, key: number): void {
    const operator = this.books.operators[key - 1]!;
    if (operator.account !== null && operator.account !== account) {
      throw new Refusal("KeyTaken", KEYS[key - 1]!, addressOf(operator.account));
    }
    if (operator.signer !== null && operator.signer !== account) {
      throw new Refusal("KeyTaken", KEYS[key - 1]!, addressOf(operator.signer));
    }
    const m = this.books.memberships[account]!;
    // One key signs; the one before it keeps its other rights.
    if (m.signingKey !== 0 && m.signingKey !== key) this.books.operators[m.signingKey - 1]!.rights -= 1n;
    // It had the right before only if it signs for the account still.
    if (m.signingKey !== key) Object.assign(operator, { signer: account, revokedAt: 0 });
    m.signingKey = key;
    Object.assign(operator, { account, rights: RIGHTS, sinceEpoch: this.rolledEpoch });
    ++operator.nonce;
  }

  revokeOperator(caller: number, key: number): void {
    const operator = this.books.operators[key - 1]!;
    if (operator.account === null || operator.account !== caller) {
      throw new Refusal("NotOperator", addressOf(caller), KEYS[key - 1]!);
    }
    const m = this.books.memberships[operator.account]!;
    if (m.signingKey === key) m.signingKey = 0;
    operator.account = null;
    operator.rights = 0n;
    if (operator.signer !== null && operator.revokedAt === 0) operator.revokedAt = this.now;
  }

  deregister(account: number): void {
    const m = this.#requireNode(account);
    const { reserved } = this.settled(account);
    if (reserved !== 0n) throw new Refusal("StakeReserved", addressOf(account), reserved);
    this.standings.exit(account, m.role);
    this.pay(account, MASA, m.deposit);
    this.books.registryMasa -= m.deposit;
    const left: Partial<Membership> = { role: 0, deposit: 0n };
    Object.assign(m, left);
  }

  topUpDeposit(account: number, amount: bigint): void {
    const m = this.#requireNode(account);
    requireWithin("RegistryOutOfRange", "deposit", m.deposit + amount, 1n, MOST_DEPOSIT);
    m.deposit += amount;
    this.charge(account, MASA, amount);
    this.books.registryMasa += amount;
  }

  pokeForBounty(caller: number, account: number): bigint {
    const m = this.#requireNode(account);
    if (!this.standings.poke(account, m.role, this.stakeToward) || m.paidEpoch === this.rolledEpoch)
      return 0n;
    m.paidEpoch = this.rolledEpoch;
    const bounty = min(setup.BOUNTY, m.deposit);
    m.deposit -= bounty;
    this.books.registryMasa -= bounty;
    this.pay(caller, MASA, bounty);
    return bounty;
  }

  // ---------------------------------------------------------------- standing

  poke(account: number, role: Role): bigint {
    if (!this.standings.nodes[role][account]!.registered) {
      throw new Refusal("StandingNotRegistered", addressOf(account), role);
    }
    return this.standings.poke(account, role, this.stakeToward) ? 1n : 0n;
  }

  use(caller: number, account: number, role: Role): bigint {
    this.#requireModule(caller, "RECORD", PARTY.market, PARTY.validatorSet);
    const node = this.standings.nodes[role][account]!;
    if (!node.registered) return 0n;
    this.standings.poke(account, role, this.stakeToward);
    return this.standings.isEligible(node) ? 1n : 0n;
  }

  /** Work of one account. */
  recordWorkOf(caller: number, account: number, role: Role, units: bigint, weighted: bigint): void {
    this.#requireModule(caller, "RECORD", PARTY.market, PARTY.validatorSet);
    this.standings.recordWorkOf(account, role, units, weighted);
  }

  strike(caller: number, account: number, asker: number, size: bigint): void {
    this.#requireModule(caller, "RECORD", PARTY.market, PARTY.validatorSet);
    this.standings.strike(account, asker, size);
  }

  scoreValidator(
    caller: number,
    account: number,
    performance: bigint,
  ): { weight: bigint; eligible: boolean } {
    this.#requireModule(caller, "SCORE", PARTY.validatorSet);
    const masa = this.netStake(account)[0];
    return this.standings.scoreValidator(account, performance, this.stakeToward, masa);
  }

  roll(): bigint {
    if (this.epoch <= this.rolledEpoch) return 0n;
    this.rolledEpoch = this.epoch;
    this.standings.snapshot(this.epoch);
    return 1n;
  }

  #requireModule(caller: number, right: string, ...holders: number[]): void {
    if (!holders.includes(caller)) throw new Refusal("Unauthorised", text(right), addressOf(caller), 0);
  }

  #requireNode(account: number): Membership & { role: Role } {
    const m = this.books.memberships[account]!;
    if (m.role === 0) throw new Refusal("NotRegistered", addressOf(account));
    return m as Membership & { role: Role };
  }
}
