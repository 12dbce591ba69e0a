/** What every part of a keeper works with, made once at start. */
import type { Logger } from "pino";

import { guardedFetch, MasaError, readFrozenSeats, signHttpRequest } from "#sdk";
import type { Connection, FrozenSeats } from "#sdk";

import type { Scorer } from "./scoring/index.ts";
import type { KeeperStore } from "./store.ts";
import { MAX_MESSAGE_BYTES } from "./wire.ts";

export interface KeeperTimes {
  /** Seconds of a proposer's turn; the next drawn seat follows when it stays silent. */
  readonly attemptSeconds: number;
  /** Milliseconds for a peer to answer. */
  readonly peerTimeoutMs: number;
  /** Seconds before a scoring deadline at which an unserved payload is given up and scores 0. */
  readonly giveUpSeconds: number;
}

/** The epoch's clock as fixed at deployment, seconds. */
export interface ClockFacts {
  readonly genesis: number;
  readonly epochLength: number;
  readonly roundLength: number;
}

export interface KeeperRuntime {
  readonly connection: Connection;
  /** Address that signs reports: the hot key, which also pays for posting. */
  readonly hotKey: string;
  readonly store: KeeperStore;
  readonly scorer: Scorer;
  readonly clock: ClockFacts;
  readonly times: KeeperTimes;
  readonly allowPrivateHosts: boolean;
  readonly log: Logger;
  /** The set frozen for an epoch, cached: it never changes. */
  frozenSeats(epoch: number): Promise<FrozenSeats | null>;
  /** Account and endpoint of a hot key; null where it is not registered or publishes none. */
  peerOf(hotKey: string): Promise<Peer | null>;
  /** A signed HTTP call to a node. Throws MASA-501, or MASA-504 where the node refuses. */
  call(peer: Peer, method: "GET" | "POST", path: string, body: string, maxBytes: number): Promise<string>;
}

export interface Peer {
  readonly account: string;
  readonly endpoint: string;
}

/** Frozen sets kept in memory: reports reach back one epoch. */
const KEPT_EPOCHS = 8;

type Made = "frozenSeats" | "peerOf" | "call";

export function makeRuntime(parts: Omit<KeeperRuntime, Made>): KeeperRuntime {
  const { connection, store } = parts;
  const wallet = connection.wallet;
  if (wallet === null) throw new MasaError("MASA-104");
  const frozen = new Map<number, FrozenSeats>();
  return {
    ...parts,
    async frozenSeats(epoch) {
      const known = frozen.get(epoch);
      if (known !== undefined) return known;
      const read = await readFrozenSeats(connection.contracts, epoch);
      if (read !== null) {
        frozen.set(epoch, read);
        frozen.delete(epoch - KEPT_EPOCHS);
      }
      return read;
    },
    async peerOf(hotKey) {
      const account = await connection.contracts.registry.accountOfHotKey(hotKey);
      const endpoint = store.endpointOf(account);
      return endpoint === null ? null : { account, endpoint };
    },
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
export function placeInTime(clock: ClockFacts, times: KeeperTimes, timestamp: number) {
  const since = Math.max(0, timestamp - clock.genesis);
  const epoch = Math.floor(since / clock.epochLength);
  const inEpoch = since % clock.epochLength;
  const rounds = Math.floor(clock.epochLength / clock.roundLength);
  // The remainder of an epoch that its rounds do not fill belongs to its last round.
  const round = Math.min(Math.floor(inEpoch / clock.roundLength), rounds - 1);
  const attempt = Math.floor((inEpoch - round * clock.roundLength) / times.attemptSeconds);
  return { epoch, round, attempt, secondsInEpoch: inEpoch };
}
