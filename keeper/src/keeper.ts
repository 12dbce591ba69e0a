/** The validator's keeper: one look at the chain after another, as a daemon (`run`) or from a cron job (`once`). */
import type { Logger } from "pino";

import { connect, explainChainError, MasaError, readEvents, readRewardFacts, signsFor } from "#sdk";

import { probeWorkers } from "./availability.ts";
import { proposeEpoch, rollEpoch } from "./epochs.ts";
import { keepGovernance } from "./governance.ts";
import { judgeRequest } from "./judge.ts";
import { prepareRewards } from "./rewards.ts";
import { proposeRound } from "./rounds.ts";
import { makeRuntime } from "./runtime.ts";
import type { KeeperRuntime } from "./runtime.ts";
import { scorers } from "./scoring/index.ts";
import type { ScorerName } from "./scoring/index.ts";
import { applySlashes, keepSeat } from "./seat.ts";
import { startKeeperServer } from "./server.ts";
import { KeeperStore } from "./store.ts";
import { isClosed } from "./turns.ts";

/** Blocks read again at every look, so that events of a short reorganisation are not missed. */
const OVERLAP_BLOCKS = 12;

/** Requests whose payloads are fetched side by side. */
const JUDGED_AT_ONCE = 16;

export interface KeeperOptions {
  readonly rpcUrl: string;
  readonly manifestPath: string;
  /** Of the hot key. */
  readonly privateKey: string;
  readonly statePath: string;
  readonly host: string;
  readonly port: number;
  readonly scorer: ScorerName;
  readonly allowPrivateHosts: boolean;
  /** Milliseconds between looks. */
  readonly pollMs: number;
  readonly giveUpSeconds: number;
  readonly peerTimeoutMs: number;
  /** Accounts of the same owner as the validator, whose responses and requests it does not judge. */
  readonly relatedAccounts: readonly string[];
  /** Whether to ask for a seat again when the validator has lost its own; needs the right "seat". */
  readonly rejoin: boolean;
  readonly log: Logger;
}

async function syncEvents(runtime: KeeperRuntime): Promise<void> {
  const { connection, store } = runtime;
  const { number } = await connection.latest();
  const next = store.nextBlock() ?? connection.manifest.deployedAtBlock;
  const from = Math.max(connection.manifest.deployedAtBlock, Math.min(next, number + 1) - OVERLAP_BLOCKS);
  store.apply(await readEvents(connection.contracts, from, number), number + 1);
}

/** One look: read, roll, judge, propose. Every step stands alone: what fails in one is tried again at the next look. */
async function tick(runtime: KeeperRuntime, sync: () => Promise<void>): Promise<void> {
  const { store, connection } = runtime;
  await sync();
  const { timestamp: now } = await connection.latest();
  const steps: [string, () => Promise<unknown>][] = [
    ["roll", () => rollEpoch(runtime, now)],
    ["seat", () => keepSeat(runtime)],
    [
      "judge",
      async () => {
        const closed = store.openRequests().filter((request) => isClosed(runtime, request, now));
        const waiting = closed.filter(({ requestId }) => store.ownResult(requestId) === null);
        // Side by side, so that one slow worker does not cost the keeper its turn with the others.
        for (let first = 0; first < waiting.length; first += JUDGED_AT_ONCE) {
          const batch = waiting.slice(first, first + JUDGED_AT_ONCE);
          await Promise.all(batch.map((request) => judgeRequest(runtime, request, now)));
        }
      },
    ],
    [
      "score report",
      async () => {
        const { timestamp } = await connection.latest();
        await proposeRound(runtime, store.openRequests(), timestamp);
      },
    ],
    ["rewards", () => prepareRewards(runtime)],
    ["epoch report", () => proposeEpoch(runtime, now)],
    ["probes", () => probeWorkers(runtime, now)],
    ["slashes", () => applySlashes(runtime, now)],
    ["governance", () => keepGovernance(runtime, now)],
  ];
  const failures: unknown[] = [];
  for (const [name, step] of steps) {
    try {
      await step();
    } catch (error) {
      const explained = explainChainError(error);
      runtime.log.warn({ step: name, error: String(explained) }, "step failed, tried again at the next look");
      failures.push(explained);
    }
  }
  if (failures.length > 0) throw failures[0];
}

export interface Keeper {
  readonly url: string;
  /** One look at the chain. Throws what its first failing step threw, after trying the others. */
  once(): Promise<void>;
  /** Looks again and again until the signal aborts; failures are logged and retried. */
  run(signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

/** Connects, opens the state and starts to serve. Throws numbered errors for anything that is not in order. */
export async function startKeeper(options: KeeperOptions): Promise<Keeper> {
  const connection = await connect(options);
  const { wallet, contracts, manifest } = connection;
  if (wallet === null) throw new MasaError("MASA-104");
  const store = new KeeperStore(options.statePath);
  try {
    store.bind(`${manifest.chainId}:${manifest.contracts.consensus}:${wallet.address}`);
    const account = await signsFor(contracts, wallet.address);
    if (account === null) throw new MasaError("MASA-403", `${wallet.address} is no validator's hot key`);
    const runtime = makeRuntime({
      connection,
      hotKey: wallet.address,
      account,
      store,
      scorer: scorers[options.scorer],
      roundLength: Number(await contracts.consensus.roundLength()),
      attemptLength: Number(await contracts.consensus.attemptLength()),
      maxMissed: async (epoch) => Number(await contracts.offences.maxMissedOf(epoch)),
      readRewardFacts: (frozen, known) => readRewardFacts(connection, frozen, known),
      relatedAccounts: new Set([account, ...options.relatedAccounts]),
      times: options,
      allowPrivateHosts: options.allowPrivateHosts,
      rejoin: options.rejoin,
      log: options.log,
    });
    // Reads of the loop and of served requests share one queue: the store's cursor moves in one place at a time.
    let syncing: Promise<void> = Promise.resolve();
    const sync = (): Promise<void> => {
      syncing = syncing.catch(() => undefined).then(() => syncEvents(runtime));
      return syncing;
    };
    let lastTickAt = Date.now();
    let lastError: string | null = null;
    const server = await startKeeperServer(
      runtime,
      sync,
      { lastTickAt: () => lastTickAt, lastError: () => lastError },
      options,
    );
    const once = async (): Promise<void> => {
      try {
        await tick(runtime, sync);
        lastError = null;
      } catch (error) {
        lastError = String(explainChainError(error));
        throw explainChainError(error);
      } finally {
        if (lastError === null) lastTickAt = Date.now();
      }
    };
    return {
      url: server.url,
      once,
      async run(signal) {
        while (!signal.aborted) {
          await once().catch((error: unknown) => {
            options.log.warn({ error: String(error) }, "look failed");
          });
          await new Promise<void>((resolve) => {
            const timer = setTimeout(done, options.pollMs);
            function done(): void {
              clearTimeout(timer);
              signal.removeEventListener("abort", done);
              resolve();
            }
            signal.addEventListener("abort", done);
          });
        }
      },
      async close() {
        await server.close();
        store.close();
        connection.close();
      },
    };
  } catch (error) {
    store.close();
    connection.close();
    throw explainChainError(error);
  }
}
