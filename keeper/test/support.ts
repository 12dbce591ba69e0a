/**
 * A network of keepers whose chain is a small stand-in and everything else is real: stores on disk, HTTP servers,
 * signatures, medians. The stand-in knows a clock, one frozen set, commitments, and takes reports down.
 */
import { join } from "node:path";

import { pino } from "pino";
import type { Logger } from "pino";
import { concat, dataSlice, recoverAddress, ZeroAddress } from "ethers";
import type { Wallet } from "ethers";

import { contractInterface, decodeResults, proposerOf, RIGHTS, seatsOf } from "#sdk";
import type {
  Connection,
  EpochReport,
  FrozenSeats,
  Manifest,
  MasaEvent,
  RequestResult,
  ScoreReport,
  scoreReportCall,
} from "#sdk";

import { exampleManifest, frozenSeats, score, temporaryFolder, walletOf } from "../../sdk/test/support.ts";
import { makeRuntime } from "../src/runtime.ts";
import type { KeeperRuntime, KeeperTimes } from "../src/runtime.ts";
import { scorers } from "../src/scoring/index.ts";
import type { Scorer } from "../src/scoring/index.ts";
import { startKeeperServer } from "../src/server.ts";
import { KeeperStore } from "../src/store.ts";
import { FakeRewards } from "./fakeRewards.ts";

export const EPOCH = 7;
/** Seconds: epochs of one length since genesis. */
export const CLOCK = { genesis: 1_800_000_000, epochLength: 60, roundLength: 20 };
export const ATTEMPT = 5;
export const TIMES: KeeperTimes = { peerTimeoutMs: 8_000, giveUpSeconds: 10 };
export const START = CLOCK.genesis + EPOCH * CLOCK.epochLength;

export const quiet: Logger = pino({ level: "silent" });

export interface Posted<T> {
  readonly report: T;
  readonly signers: bigint;
  readonly signatures: string;
}

/** The chain as keepers see it. */
export class FakeChain {
  readonly manifest: Manifest = exampleManifest();
  readonly frozen: FrozenSeats;
  readonly keys: Wallet[];
  time = START;
  rolled = EPOCH;
  /** By account: what its metadata says. */
  readonly endpoints = new Map<string, string>();
  /** Seats whose keys were revoked. */
  mask = 0n;
  /** Of every hot key. */
  rights: number = RIGHTS.sign | RIGHTS.seat;
  /** What the set says of a validator's place in it. */
  place = { seated: true, isWaiting: false, coolingUntil: 0n, isEligible: true };
  silence = { rolls: 0n, checkedIn: 0n };
  /** Calls that a keeper sent for its seat, and accounts whose slashes it applied. */
  readonly sent: string[] = [];
  /** By request id: who committed. */
  readonly commitments = new Map<bigint, { worker: string }[]>();
  /** Registered workers with their endpoints, null where they publish none. */
  readonly workers = new Map<string, string | null>();
  /** Rounds that a seat may miss. */
  maxMissed = 0;
  readonly scoreReports: Posted<ScoreReport>[] = [];
  readonly epochReports: Posted<EpochReport>[] = [];
  rolls = 0;
  readonly rewards = new FakeRewards();
  /** Epochs beside the first for which the same set is frozen. */
  readonly frozenEpochs = new Set<number>([EPOCH]);
  /** Whether score reports get through. */
  isDown = false;

  constructor(weights: readonly bigint[]) {
    ({ frozen: this.frozen, keys: this.keys } = frozenSeats(weights, { epoch: EPOCH }));
    this.rewards.owners = weights.map((_, seat) => this.accountOfSeat(seat));
  }

  accountOfSeat(seat: number): string {
    return walletOf(`account of seat ${seat}`).address;
  }

  connectionOf(wallet: Wallet): Connection {
    const seatOfKey = (hotKey: string): number => this.frozen.hotKeys.indexOf(hotKey);
    const owner = this.accountOfSeat(seatOfKey(wallet.address));
    const contracts = {
      clock: {
        currentEpoch: () =>
          Promise.resolve(BigInt(Math.floor((this.time - CLOCK.genesis) / CLOCK.epochLength))),
        epochStart: (epoch: number) => Promise.resolve(BigInt(CLOCK.genesis + epoch * CLOCK.epochLength)),
        lengthOf: () => Promise.resolve(BigInt(CLOCK.epochLength)),
      },
      validatorSet: {
        maskOf: () => Promise.resolve(this.mask),
        seatOf: () =>
          Promise.resolve({
            seated: this.place.seated,
            seat: BigInt(Math.max(0, seatOfKey(wallet.address))),
          }),
        silence: () => Promise.resolve(this.silence),
        isWaiting: () => Promise.resolve(this.place.isWaiting),
        coolingUntil: () => Promise.resolve(this.place.coolingUntil),
        checkIn: () => Promise.resolve(void this.sent.push(`checkIn ${owner}`)),
        joinWaitlist: () => Promise.resolve(void this.sent.push(`joinWaitlist ${owner}`)),
        frozenSetOf: (epoch: number) =>
          Promise.resolve({
            table: this.frozenEpochs.has(epoch) ? "0x01" : "0x00",
            totalWeight: this.frozen.totalWeight,
            leastConfirmations: BigInt(this.frozen.leastConfirmations),
          }),
        frozenSeatsOf: () =>
          Promise.resolve({ signingKeys: this.frozen.hotKeys, weights: this.frozen.weights }),
        randomnessOf: () => Promise.resolve(this.frozen.randomness),
      },
      ...this.rewards.contracts(),
      registry: {
        accountOf: (hotKey: string) =>
          Promise.resolve(seatOfKey(hotKey) < 0 ? ZeroAddress : this.accountOfSeat(seatOfKey(hotKey))),
        signerOf: (hotKey: string) =>
          Promise.resolve({
            account: seatOfKey(hotKey) < 0 ? ZeroAddress : this.accountOfSeat(seatOfKey(hotKey)),
          }),
        signingKeyOf: (account: string) =>
          Promise.resolve(
            this.frozen.hotKeys.find((_, seat) => this.accountOfSeat(seat) === account) ?? ZeroAddress,
          ),
        roleOf: () => Promise.resolve(0n),
        operatorOf: (hotKey: string) =>
          Promise.resolve({
            account: seatOfKey(hotKey) < 0 ? ZeroAddress : this.accountOfSeat(seatOfKey(hotKey)),
            rights: seatOfKey(hotKey) < 0 ? 0n : BigInt(this.rights),
          }),
        metadataOf: (account: string) => {
          const endpoint = this.endpoints.get(account);
          return Promise.resolve(endpoint === undefined ? "" : JSON.stringify({ endpoint }));
        },
      },
      standing: {
        rolledEpoch: () => Promise.resolve(BigInt(this.rolled)),
        isEligible: () => Promise.resolve(this.place.isEligible),
      },
      vault: {
        exposureOf: (account: string) =>
          Promise.resolve({ pendingCut: this.sent.includes(`applySlash ${account}`) ? 0n : 1n }),
        interface: contractInterface("vault"),
        multicall: (calls: string[]) => {
          for (const data of calls) {
            const call = contractInterface("vault").parseTransaction({ data });
            this.sent.push(`${call?.name} ${String(call?.args[0])}`);
          }
          return Promise.resolve();
        },
      },
      escrow: {
        ...this.rewards.escrow(),
        requestOf: (requestId: bigint) =>
          Promise.resolve({ responses: BigInt(this.commitments.get(requestId)?.length ?? 0) }),
        filters: { RequestSettled: (requestId: bigint) => requestId },
        queryFilter: (requestId: bigint) =>
          Promise.resolve(
            this.commitments.has(requestId)
              ? [{ args: { winner: this.commitments.get(requestId)?.[0]?.worker } }]
              : [],
          ),
      },
      lens: {
        nodesOf: (_role: number, offset: number, limit: number) => {
          const nodes = [...this.workers].map(([account, endpoint]) => ({
            account,
            metadata: endpoint === null ? "" : JSON.stringify({ endpoint }),
          }));
          return Promise.resolve({
            page: nodes.slice(offset, offset + limit),
            total: BigInt(nodes.length),
          });
        },
      },
      consensus: {
        postScoreReport: (
          report: ReturnType<typeof scoreReportCall>,
          signers: bigint,
          signatures: string,
        ) => {
          if (this.isDown) return Promise.reject(new Error("the poster's line is down"));
          const results = decodeResults(report.results);
          this.scoreReports.push({ report: { ...report, results }, signers, signatures });
          return Promise.resolve();
        },
        isEpochFinal: (epoch: number) =>
          Promise.resolve(this.epochReports.some(({ report }) => report.epoch === epoch)),
        postEpochReport: (report: EpochReport, signers: bigint, signatures: string) => {
          this.rewards.accept(report);
          return Promise.resolve(void this.epochReports.push({ report, signers, signatures }));
        },
      },
      epochManager: {
        rolledEpoch: () => Promise.resolve(BigInt(this.rolled)),
        roll: () => {
          this.rolls++;
          return Promise.resolve();
        },
      },
    };
    return {
      manifest: this.manifest,
      wallet,
      contracts,
      latest: () => Promise.resolve({ number: 100, timestamp: this.time }),
      gasPrice: () => Promise.resolve(10n ** 9n),
      send: async (call: () => Promise<unknown>) => call(),
      close: () => undefined,
    } as unknown as Connection;
  }
}

export interface KeeperUnderTest {
  readonly runtime: KeeperRuntime;
  readonly store: KeeperStore;
  readonly statePath: string;
}

/** A keeper's runtime on the chain, with a store of its own. */
export function makeKeeper(
  chain: FakeChain,
  wallet: Wallet,
  scorer: Scorer = scorers.evidence,
  statePath: string = join(temporaryFolder(), "keeper.sqlite"),
): KeeperUnderTest {
  const store = new KeeperStore(statePath);
  const runtime = makeRuntime({
    connection: chain.connectionOf(wallet),
    hotKey: wallet.address,
    account: chain.accountOfSeat(chain.frozen.hotKeys.indexOf(wallet.address)),
    store,
    scorer,
    roundLength: CLOCK.roundLength,
    attemptLength: ATTEMPT,
    maxMissed: () => Promise.resolve(chain.maxMissed),
    readRewardFacts: (frozen) => Promise.resolve(chain.rewards.factsOf(frozen.epoch)),
    relatedAccounts: new Set<string>(),
    times: TIMES,
    allowPrivateHosts: true,
    rejoin: true,
    log: quiet,
  });
  return { runtime, store, statePath };
}

export interface RunningKeeper extends KeeperUnderTest {
  readonly url: string;
  close(): Promise<void>;
}

/** A keeper for every taken seat, each behind its own HTTP server and knowing the others' endpoints. */
export async function startKeepers(chain: FakeChain): Promise<Map<number, RunningKeeper>> {
  const running = new Map<number, RunningKeeper>();
  for (const [seat, wallet] of chain.keys.entries()) {
    if (chain.frozen.weights[seat] === 0n) continue;
    const keeper = makeKeeper(chain, wallet);
    const health = { lastTickAt: () => Date.now(), lastError: () => null };
    const server = await startKeeperServer(keeper.runtime, () => Promise.resolve(), health, {
      host: "127.0.0.1",
      port: 0,
    });
    running.set(seat, {
      ...keeper,
      url: server.url,
      close: async () => {
        await server.close();
        keeper.store.close();
      },
    });
  }
  for (const [seat, { url }] of running) chain.endpoints.set(chain.accountOfSeat(seat), url);
  return running;
}

/** Events of a request with `workers` commitments whose answers are closed at once. */
export function requestEvents(
  requestId: bigint,
  workers: readonly string[],
  changes: Partial<Extract<MasaEvent, { type: "submitted" }>> = {},
): MasaEvent[] {
  return [
    {
      type: "submitted",
      requestId,
      asker: walletOf("asker").address,
      payloadHash: `0x${"11".repeat(32)}`,
      kind: "llm-completion",
      hasEvidence: true,
      maxResponses: workers.length,
      baseRewardWei: 10n ** 18n,
      feeWei: 0n,
      minQualityWad: 6n * 10n ** 17n,
      submittedAt: START - 20,
      responseDeadline: START - 10,
      scoringDeadline: START + 100,
      terms: 0,
      ...changes,
    },
    ...workers.map((worker, index): MasaEvent => ({
      type: "committed",
      requestId,
      worker,
      index,
      nonce: 1n,
      commitment: `0x${"22".repeat(32)}`,
      committedAt: START - 15,
    })),
  ];
}

export const WORKER = walletOf("worker").address;

/** Keepers of this test that are still up. */
export const closing: RunningKeeper[] = [];

export async function closeKeepers(): Promise<void> {
  await Promise.all(closing.splice(0).map((keeper) => keeper.close()));
}

/** Five keepers (and a free seat) that have judged request 1, one of them by a measure of its own. */
export async function network() {
  const chain = new FakeChain([20n, 20n, 0n, 20n, 20n, 20n]);
  const keepers = await startKeepers(chain);
  closing.push(...keepers.values());
  for (const [seat, { store }] of keepers) {
    store.apply(requestEvents(1n, [WORKER]), 2);
    store.saveOwnResult(ownResult(seat));
  }
  const proposer = proposerOf(chain.frozen, 0, 0);
  return { chain, keepers, proposer, at: (seat: number) => keepers.get(seat) as RunningKeeper };
}
export const ownResult = (seat: number): RequestResult => ({
  requestId: 1n,
  responses: [score({ relevance: seat === 4 ? 1 : 800_000_000 + seat })],
});

/** Who signed what was posted. */
export function signersOf<T>(digest: string, posted: Posted<T>): string[] {
  return seatsOf(posted.signers).map((_, index) => {
    const packed = dataSlice(posted.signatures, 65 * index, 65 * (index + 1)); // v, r, s
    return recoverAddress(digest, concat([dataSlice(packed, 1), dataSlice(packed, 0, 1)]));
  });
}
