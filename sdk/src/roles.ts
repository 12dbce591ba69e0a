/** Who may do what, from the chain: owners, roles of the timelock, rights of modules, slashers, the guardian's rights. */
import { decodeBytes32String, id, ZeroAddress, ZeroHash } from "ethers";

import { CONTRACT_KEYS } from "./contracts.ts";
import type { ContractKey, MasaContracts } from "./contracts.ts";
import { queryPages } from "./events.ts";
import type { Manifest } from "./manifest.ts";
import { GUARDIAN_RIGHTS } from "./names.ts";
import { OWNED, WITH_MODULES } from "./parameters/acts.ts";

export const TIMELOCK_ROLES = {
  admin: ZeroHash,
  proposer: id("PROPOSER_ROLE"),
  canceller: id("CANCELLER_ROLE"),
  executor: id("EXECUTOR_ROLE"),
} as const;
export type TimelockRole = keyof typeof TIMELOCK_ROLES;

export interface ModuleRight {
  readonly contract: ContractKey;
  readonly right: string;
  readonly module: string;
  /** Unix second. */
  readonly activeFrom: bigint;
}

export interface SlasherRight {
  readonly slasher: string;
  /** Of all staked MASA, an epoch, WAD; null: no cap, for proofs. */
  readonly capShare: bigint | null;
  /** Unix second. */
  readonly activeFrom: bigint;
  readonly activated: boolean;
}

export interface LentRight {
  readonly right: (typeof GUARDIAN_RIGHTS)[number];
  /** Null: nobody but the timelock. */
  readonly holder: string | null;
  /** Last Unix second of its term. */
  readonly until: bigint;
}

export interface Roles {
  readonly owners: readonly (readonly [contract: ContractKey, owner: string])[];
  readonly timelock: Readonly<Record<TimelockRole, readonly string[]>>;
  readonly modules: readonly ModuleRight[];
  readonly slashers: readonly SlasherRight[];
  readonly guardian: readonly LentRight[];
}

/** A cap share that stands for none: proven offences are outside the cap (decision D8). */
export const NO_CAP = 2n ** 64n - 1n;

/** Accounts that were ever given a role of the timelock and hold it now. */
async function readTimelock(
  { timelock }: MasaContracts,
  from: number,
  to: number,
): Promise<Roles["timelock"]> {
  const granted = await queryPages(
    (start, end) => timelock.queryFilter(timelock.filters.RoleGranted(), start, end),
    from,
    to,
  );
  const holders = async (role: string): Promise<string[]> => {
    const ever = new Set(granted.filter(({ args }) => args.role === role).map(({ args }) => args.account));
    const now = await Promise.all(
      [...ever].map(async (account) => ((await timelock.hasRole(role, account)) ? [account] : [])),
    );
    return now.flat();
  };
  const [admin, proposer, canceller, executor] = await Promise.all([
    holders(TIMELOCK_ROLES.admin),
    holders(TIMELOCK_ROLES.proposer),
    holders(TIMELOCK_ROLES.canceller),
    holders(TIMELOCK_ROLES.executor),
  ]);
  return { admin, proposer, canceller, executor };
}

/** Rights that were ever granted by a contract and hold now, or will from a later second on. */
async function readModules(contracts: MasaContracts, from: number, to: number): Promise<ModuleRight[]> {
  const found = await Promise.all(
    WITH_MODULES.map(async (key) => {
      const contract = contracts[key];
      const granted = await queryPages(
        (start, end) => contract.queryFilter(contract.filters.ModuleGranted(), start, end),
        from,
        to,
      );
      const ever = new Map(granted.map(({ args }) => [`${args.right}:${args.module}`, args] as const));
      return Promise.all(
        [...ever.values()].map(async ({ right, module }) => ({
          contract: key,
          right: decodeBytes32String(right),
          module,
          activeFrom: await contract.moduleActiveFrom(right, module),
        })),
      );
    }),
  );
  return found.flat().filter(({ activeFrom }) => activeFrom !== 0n);
}

async function readSlashers({ vault }: MasaContracts, from: number, to: number): Promise<SlasherRight[]> {
  const scheduled = await queryPages(
    (start, end) => vault.queryFilter(vault.filters.SlasherScheduled(), start, end),
    from,
    to,
  );
  const ever = [...new Set(scheduled.map(({ args }) => args.slasher))];
  const found = await Promise.all(
    ever.map(async (slasher) => ({ slasher, right: await vault.slasherOf(slasher) })),
  );
  return found
    .filter(({ right }) => !right.revoked)
    .map(({ slasher, right }) => ({
      slasher,
      capShare: right.capShare === NO_CAP ? null : right.capShare,
      activeFrom: right.activeFrom,
      activated: right.epochEndsAt !== 0n,
    }));
}

async function readGuardian({ guardian }: MasaContracts): Promise<LentRight[]> {
  return Promise.all(
    GUARDIAN_RIGHTS.map(async (right, index) => {
      const [holder, until] = await Promise.all([guardian.holderOf(index), guardian.rightUntil(index)]);
      return { right, holder: holder === ZeroAddress || until === 0n ? null : holder, until };
    }),
  );
}

/** Everything as of block `to`, the latest. */
export async function readRoles(
  contracts: MasaContracts,
  { deployedAtBlock }: Pick<Manifest, "deployedAtBlock">,
  to: number,
): Promise<Roles> {
  const [owners, timelock, modules, slashers, guardian] = await Promise.all([
    Promise.all(OWNED.map(async (key) => [key, await contracts[key].owner()] as const)),
    readTimelock(contracts, deployedAtBlock, to),
    readModules(contracts, deployedAtBlock, to),
    readSlashers(contracts, deployedAtBlock, to),
    readGuardian(contracts),
  ]);
  return { owners, timelock, modules, slashers, guardian };
}

/** The manifest's name of a contract at an address; null for any other account. */
export function nameOf({ contracts }: Pick<Manifest, "contracts">, address: string): ContractKey | null {
  return CONTRACT_KEYS.find((key) => contracts[key].toLowerCase() === address.toLowerCase()) ?? null;
}
