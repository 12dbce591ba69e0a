/** Rewards of the local network: every epoch's report is recomputed, and what the active root gives is claimed. */
import { connect, MasaError } from "#sdk";
import type { Connection } from "#sdk";

import { claim, readProof } from "../commands/claim.ts";
import { verifyEpoch } from "../commands/epoch.ts";
import { openSource } from "../rewardSource.ts";
import type { SourceOptions } from "../rewardSource.ts";
import type { Member } from "./accounts.ts";
import type { Observer } from "./observe.ts";

export interface RootSummary {
  readonly epoch: number;
  readonly root: string;
  /** Σ since the beginning. */
  readonly validatorsWei: bigint;
  readonly workersWei: bigint;
  readonly active: boolean;
}

export interface ClaimSummary {
  readonly name: string;
  readonly role: string;
  readonly claimedWei: bigint;
}

export interface RewardSummary {
  readonly roots: readonly RootSummary[];
  readonly claims: readonly ClaimSummary[];
  /** Epochs whose report was recomputed, and what of it differs; nothing where all agrees. */
  readonly verified: Readonly<Record<string, readonly string[]>>;
}

/** Seconds after which keepers, or a root that should be active, are not waited for any longer. */
const PATIENCE_S = 30;
const LOOK_MS = 500;

/** Waits for the first root, which claims need. */
async function activeRoot(connection: Connection, signal: AbortSignal): Promise<void> {
  const { contracts } = connection;
  const [waiting] = await contracts.distributor.pendingRoots();
  if (waiting === undefined) return;
  const isActive = async (): Promise<boolean> => (await contracts.distributor.activeRoot()).epoch !== 0n;
  const deadline = Number(waiting.activeFrom) + PATIENCE_S;
  while (!signal.aborted && !(await isActive()) && (await connection.latest()).timestamp < deadline) {
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

/** What of an epoch's report does not agree. Keepers may take a moment to read that the last one is final. */
async function recompute(
  connection: Connection,
  epoch: number,
  options: SourceOptions,
): Promise<readonly string[]> {
  const deadline = Date.now() + PATIENCE_S * 1_000;
  for (;;) {
    try {
      const { lines } = await verifyEpoch(connection, epoch, openSource(connection, options));
      return lines.filter(({ agrees }) => !agrees).map(({ what, note }) => `${what}: ${note}`);
    } catch (error) {
      if (Date.now() > deadline) return [`not recomputed: ${(error as Error).message}`];
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
  }
}

async function readRoots({ contracts }: Connection, epochs: readonly number[]): Promise<RootSummary[]> {
  const { distributor } = contracts;
  const [active, ...roots] = await Promise.all([
    distributor.activeRoot(),
    ...epochs.map((epoch) => distributor.rootOf(epoch)),
  ]);
  return roots
    .filter(({ epoch }) => epoch !== 0n)
    .map(({ epoch, root, validatorTotal, workerTotal }) => ({
      epoch: Number(epoch),
      root,
      validatorsWei: validatorTotal,
      workersWei: workerTotal,
      active: epoch <= active.epoch,
    }));
}

/** One validator claims for everybody: its account sends nothing else. */
async function claimForAll(
  rpcUrl: string,
  manifestPath: string,
  members: readonly Member[],
  options: SourceOptions,
): Promise<ClaimSummary[]> {
  const privateKey = members.find(({ role }) => role === "validator")?.account.privateKey ?? "";
  const connection = await connect({ rpcUrl, manifestPath, privateKey });
  const claims: ClaimSummary[] = [];
  try {
    for (const { name, role, account } of members) {
      try {
        const proof = await readProof(connection, account.address, options);
        const claimedWei = proof === null ? 0n : await claim(connection, account.address, proof);
        claims.push({ name, role, claimedWei });
      } catch (error) {
        // Who earned nothing has no leaf, and no keeper gives a proof of none.
        if (!(error instanceof MasaError) || error.code !== "MASA-501") throw error;
        claims.push({ name, role, claimedWei: 0n });
      }
    }
  } finally {
    connection.close();
  }
  return claims;
}

/** Recomputes the reports of all epochs that have one, and claims for every member what the active root gives it. */
export async function shareOut(
  connection: Connection,
  url: string,
  manifestPath: string,
  members: readonly Member[],
  observer: Observer,
  signal: AbortSignal,
): Promise<RewardSummary> {
  const options: SourceOptions = { allowPrivateHosts: true };
  const epochs = [...observer.finalEpochs].sort((a, b) => a - b);
  const verified: Record<string, readonly string[]> = {};
  for (const epoch of epochs) {
    verified[epoch] = await recompute(connection, epoch, options);
  }
  await activeRoot(connection, signal);
  const { distributor } = connection.contracts;
  let claims: readonly ClaimSummary[] = [];
  for (;;) {
    const { epoch: active } = await distributor.activeRoot();
    const more = await claimForAll(url, manifestPath, members, options);
    claims = more.map((one, index) => ({
      ...one,
      claimedWei: one.claimedWei + (claims[index]?.claimedWei ?? 0n),
    }));
    const roots = await readRoots(connection, epochs);
    // Another root may have become active on the way: then some were paid by the one before.
    if ((await distributor.activeRoot()).epoch === active) return { roots, claims, verified };
  }
}
