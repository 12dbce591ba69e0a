/** What every part of a keeper works with, made once at start. */
import { ZeroAddress } from "ethers";
import type { Logger } from "pino";

import {
  guardedFetch,
  locate,
  MasaError,
  readClock,
  readEndpoint,
  readFrozenSeats,
  readMask,
  signHttpRequest,
  signsFor,
} from "#sdk";
import type { Clock, Connection, FrozenSeats, RewardFacts } from "#sdk";

import type { Scorer } from "./scoring/index.ts";
import type { KeeperStore } from "./store.ts";
import { MAX_MESSAGE_BYTES } from "./wire.ts";

export interface KeeperTimes {
  /** Milliseconds for a peer to answer. */
  readonly peerTimeoutMs: number;
  /** Seconds before a scoring deadline at which an unserved payload is given up and scores 0. */
  readonly giveUpSeconds: number;
}

export interface KeeperRuntime {
  readonly connection: Connection;
  /** Address that signs reports: the hot key, which also pays for posting. */
  readonly hotKey: string;
  /** The validator that it signs for. */
  readonly account: string;
  readonly store: KeeperStore;
  readonly scorer: Scorer;
  /** Seconds of a round, as fixed at deployment. */
  readonly roundLength: number;
  /** Seconds of a proposer's turn, likewise; the next drawn seat follows when it stays silent. */
  readonly attemptLength: number;
  /** Final rounds of an epoch that a seat may miss without being idle. */
  readonly maxMissed: (epoch: number) => Promise<number>;
  /** What the chain says of an epoch at the roll that ended it; `known` where that holds still. See readRewardFacts. */
  readonly readRewardFacts: (frozen: FrozenSeats, known: RewardFacts | null) => Promise<RewardFacts>;
  /** Accounts beside the validator's own that belong to the same owner: their responses are left unscored (SCO-09). */
  readonly relatedAccounts: ReadonlySet<string>;
  readonly times: KeeperTimes;
  readonly allowPrivateHosts: boolean;
  /** Whether to ask for a seat again when the validator has lost its own. */
  readonly rejoin: boolean;
  readonly log: Logger;
  /** The clock around the present epoch; its length may change at any boundary. */
  clock(): Promise<Clock>;
  /** The set frozen for an epoch, cached: it never changes. */
  frozenSeats(epoch: number): Promise<FrozenSeats | null>;
  /** The account of each seat of the set frozen for an epoch, cached; zero for free seats. */
  accountsOf(epoch: number): Promise<readonly string[]>;
  /** Seats of a frozen set whose keys were revoked since, by now. */
  maskOf(epoch: number): Promise<bigint>;
  /** Account and endpoint of a hot key; null where it is not registered or publishes none. */
  peerOf(hotKey: string): Promise<Peer | null>;
  /** A node by its account; null where it publishes no endpoint. */
  peerAt(account: string): Promise<Peer | null>;
  /** A signed HTTP call to a node. Throws MASA-501, or MASA-504 where the node refuses. */
  call(peer: Peer, method: "GET" | "POST", path: string, body: string, maxBytes: number): Promise<string>;
}

export interface Peer {
  readonly account: string;
  readonly endpoint: string;
}

/** Milliseconds for which a peer's account and endpoint are taken for what they were: they seldom change. */
const PEER_MS = 20_000;
/** Frozen sets kept in memory: reports reach back one epoch. */
const KEPT_EPOCHS = 8;

/** What was found for a name, for a while; what was not found is looked for again. */
function remembered(look: (name: string) => Promise<Peer | null>): (name: string) => Promise<Peer | null> {
  const known = new Map<string, { readonly at: number; readonly peer: Peer }>();
  return async (name) => {
    const found = known.get(name);
    if (found !== undefined && Date.now() - found.at < PEER_MS) return found.peer;
    const peer = await look(name);
    if (peer === null) known.delete(name);
    else known.set(name, { at: Date.now(), peer });
    return peer;
  };
}

type Made = "clock" | "frozenSeats" | "accountsOf" | "maskOf" | "peerOf" | "peerAt" | "call";

export function makeRuntime(parts: Omit<KeeperRuntime, Made>): KeeperRuntime {
  const { connection } = parts;
  const wallet = connection.wallet;
  if (wallet === null) throw new MasaError("MASA-104");
  const frozen = new Map<number, FrozenSeats>();
  const accounts = new Map<number, readonly string[]>();
  let clock: { epoch: number; read: Clock } | null = null;
  const peerAt = remembered(async (account) => {
    const endpoint = await readEndpoint(connection.contracts, account);
    return endpoint === null ? null : { account, endpoint };
  });
  const peerOf = remembered(async (hotKey) => {
    const account = await signsFor(connection.contracts, hotKey);
    return account === null ? null : peerAt(account);
  });
  const frozenSeats = async (epoch: number): Promise<FrozenSeats | null> => {
    const known = frozen.get(epoch);
    if (known !== undefined) return known;
    const read = await readFrozenSeats(connection.contracts, epoch);
    if (read !== null) {
      frozen.set(epoch, read);
      frozen.delete(epoch - KEPT_EPOCHS);
    }
    return read;
  };
  return {
    ...parts,
    async clock() {
      const epoch = Number(await connection.contracts.clock.currentEpoch());
      if (clock?.epoch !== epoch) clock = { epoch, read: await readClock(connection.contracts, epoch) };
      return clock.read;
    },
    frozenSeats,
    async accountsOf(epoch) {
      const known = accounts.get(epoch);
      if (known !== undefined) return known;
      const hotKeys = (await frozenSeats(epoch))?.hotKeys ?? [];
      const read = await Promise.all(
        hotKeys.map(async (hotKey) =>
          // Not accountOf: a key that was revoked since still signed for its account in that epoch.
          hotKey === ZeroAddress
            ? ZeroAddress
            : (await connection.contracts.registry.signerOf(hotKey)).account,
        ),
      );
      accounts.set(epoch, read);
      accounts.delete(epoch - KEPT_EPOCHS);
      return read;
    },
    maskOf: (epoch) => readMask(connection.contracts, epoch),
    peerAt,
    peerOf,
    async call(peer, method, path, body, maxBytes) {
      const { timestamp } = await connection.latest();
      const auth = await signHttpRequest(
        wallet,
        connection.manifest,
        { audience: peer.account, method, path, body },
        timestamp,
      );
      const answer = await guardedFetch(`${peer.endpoint}${path}`, {
        method,
        headers: { "x-masa-auth": auth, "content-type": "application/json" },
        maxBytes: Math.min(maxBytes, MAX_MESSAGE_BYTES),
        timeoutMs: parts.times.peerTimeoutMs,
        allowPrivateHosts: parts.allowPrivateHosts,
        ...(method === "POST" ? { body } : {}),
      });
      if (answer.status === 200) return answer.text;
      const code = answer.status === 401 || answer.status === 403 ? "MASA-504" : "MASA-501";
      throw new MasaError(
        code,
        `${peer.endpoint}${path} answered ${answer.status}: ${answer.text.slice(0, 200)}`,
      );
    },
  };
}

/** Where a Unix second lies: its epoch, the round in it and the attempt in that. */
export async function placeInTime(
  runtime: Pick<KeeperRuntime, "clock" | "roundLength" | "attemptLength">,
  timestamp: number,
) {
  const { roundLength, attemptLength } = runtime;
  const { epoch, secondsInEpoch, length } = locate(await runtime.clock(), timestamp);
  const rounds = Math.floor(length / roundLength);
  // The remainder of an epoch that its rounds do not fill belongs to its last round, and so for attempts of a round.
  const round = Math.min(Math.floor(secondsInEpoch / roundLength), rounds - 1);
  const attempts = Math.floor(roundLength / attemptLength);
  const attempt = Math.min(Math.floor((secondsInEpoch - round * roundLength) / attemptLength), attempts - 1);
  return { epoch, round, attempt, secondsInEpoch, length };
}
