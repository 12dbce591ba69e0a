/** A random history under way. */
import { max, min, Random, WAD } from "./numbers.ts";
import { PARTY } from "./parties.ts";
import { Protocol } from "./protocol.ts";
import * as setup from "./setup.ts";
import { MASA, TAO } from "./stakes.ts";
import { ROLES, type Role } from "./standings.ts";

type Arguments = readonly (bigint | number)[];
export type Draw = (g: Generator) => { caller?: number; args?: Arguments; subject?: number };

/** A history under way, and what may be drawn from its state. */
export class Generator {
  readonly random: Random;
  readonly protocol = new Protocol();

  constructor(seed: number, history: number) {
    this.random = new Random(seed, history);
  }

  /** The first accounts are drawn more often: their histories get long. */
  account(): number {
    return Math.min(this.random.below(setup.ACCOUNTS), this.random.below(setup.ACCOUNTS + 2));
  }

  /** An account for which `holds`, if there is one. */
  accountWith(holds: (account: number) => boolean): number {
    const first = this.account();
    if (this.random.oneIn(12)) return first;
    for (let i = 0; i < setup.ACCOUNTS; ++i) {
      const account = (first + i) % setup.ACCOUNTS;
      if (holds(account)) return account;
    }
    return first;
  }

  token(): number {
    if (this.random.oneIn(150)) return 2;
    return this.random.below(5) < 3 ? MASA : TAO;
  }

  role(): Role {
    return this.random.pick(ROLES);
  }

  roleOf(account: number): Role {
    const { role, lastRole } = this.protocol.books.memberships[account]!;
    return role !== 0 && !this.random.oneIn(12) ? role : lastRole === 0 ? this.role() : lastRole;
  }

  /** Roles whose requirement the account's stake meets. */
  rolesMet(account: number): Role[] {
    const { standings, stakeToward } = this.protocol;
    return ROLES.filter((role) => {
      const utility = standings.utilityOf(role, standings.nodes[role][account]!);
      const required = standings.requirementAt(role, utility);
      return stakeToward(account, required) >= required;
    });
  }

  /** Who holds a right, or now and then somebody else. */
  holder(...parties: number[]): number {
    return this.random.oneIn(40) ? PARTY.stranger : this.random.pick(parties);
  }

  ratio(): bigint {
    return this.random.oneIn(5) ? this.random.pick([0n, WAD / 2n, WAD]) : this.random.between(0n, WAD);
  }

  /** `value`, moved by up to a factor of two, never far from `least` and `most`. */
  near(value: bigint, least: bigint, most: bigint): bigint {
    return max(least, min(most, this.random.between(value / 2n, value * 2n)));
  }
}
