/** What the tests of the TypeScript parts share: a manifest, seeded random numbers, refusals, frozen seats with keys. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { id, Wallet, ZeroAddress } from "ethers";

import { MasaError } from "../src/errors.ts";
import type { MasaErrorCode } from "../src/errors.ts";
import type { FrozenSeats } from "../src/frozen.ts";
import type { Manifest } from "../src/manifest.ts";
import type { ResponseScore } from "../src/results.ts";

/** Seed of every random set in these tests; SEED=n gives another. */
export const SEED = Number(process.env["SEED"] ?? 20_260_725);

/** Random numbers in [0, 1) that follow from the seed alone (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export const randomInt = (random: () => number, least: number, most: number): number =>
  least + Math.floor(random() * (most - least + 1));

export function shuffled<T>(items: readonly T[], random: () => number): T[] {
  const mixed = [...items];
  for (let last = mixed.length - 1; last > 0; last--) {
    const pick = randomInt(random, 0, last);
    [mixed[last], mixed[pick]] = [mixed[pick] as T, mixed[last] as T];
  }
  return mixed;
}

const addressOf = (index: number): string => `0x${(index + 1).toString().padStart(40, "0")}`;

export function exampleManifest(changes: Partial<Pick<Manifest, "chainId">> = {}): Manifest {
  return {
    name: "local",
    chainId: 31_337,
    deployedAtBlock: 1,
    deployer: addressOf(99),
    contracts: {
      masa: addressOf(0),
      timelock: addressOf(1),
      clock: addressOf(2),
      curve: addressOf(3),
      vault: addressOf(4),
      registry: addressOf(5),
      validatorSet: addressOf(6),
      escrow: addressOf(7),
      consensus: addressOf(8),
      epochManager: addressOf(9),
      feeCurve: addressOf(10),
      standing: addressOf(11),
      guardian: addressOf(12),
      lens: addressOf(13),
      feePool: addressOf(14),
      emissions: addressOf(15),
      distributor: addressOf(16),
      offences: addressOf(17),
      votes: addressOf(18),
      classes: addressOf(19),
      reviews: addressOf(20),
      reputation: addressOf(21),
      governor: addressOf(22),
    },
    parametersHash: `0x${"ab".repeat(32)}`,
    ...changes,
  };
}

/** A key that is worth nothing and always the same. */
export const walletOf = (name: string): Wallet => new Wallet(id(`masa test key ${name}`));

/** A frozen set with these weights; weight 0 is a free seat. */
export function frozenSeats(
  weights: readonly bigint[],
  changes: Partial<FrozenSeats> = {},
): { frozen: FrozenSeats; keys: Wallet[] } {
  const keys = weights.map((_, seat) => walletOf(`seat ${seat}`));
  const frozen: FrozenSeats = {
    epoch: 7,
    hotKeys: keys.map((key, seat) => (weights[seat] === 0n ? ZeroAddress : key.address)),
    weights,
    totalWeight: weights.reduce((sum, weight) => sum + weight, 0n),
    leastConfirmations: 3,
    randomness: BigInt(id("randomness")),
    ...changes,
  };
  return { frozen, keys };
}

export const score = (changes: Partial<ResponseScore> = {}): ResponseScore => ({
  relevance: 800_000_000,
  coherence: 700_000_000,
  factual: 600_000_000,
  responseTime: 500_000_000,
  throughput: 40,
  scored: true,
  fraud: 0,
  ...changes,
});

/** Runs what must be refused with this number. */
export async function refusal(work: () => unknown, code: MasaErrorCode, words: RegExp = /./): Promise<void> {
  try {
    await work();
  } catch (error) {
    assert.ok(error instanceof MasaError, `not a numbered error: ${String((error as Error).stack ?? error)}`);
    assert.equal(error.code, code, error.message);
    assert.match(error.message, words);
    return;
  }
  throw new assert.AssertionError({ message: `nothing was refused, expected ${code}` });
}

const folders: string[] = [];

/** A folder that is removed when the process ends. */
export function temporaryFolder(): string {
  if (folders.length === 0) {
    process.once("exit", () => {
      for (const folder of folders) rmSync(folder, { recursive: true, force: true });
    });
  }
  const folder = mkdtempSync(join(tmpdir(), "masa-test-"));
  folders.push(folder);
  return folder;
}
