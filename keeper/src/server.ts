/** The keeper's HTTP face: other keepers ask for their part in reports; askers for what they paid for; anyone for archives. */
import { actsFor, AUTH_HEADER, MasaError, recoverHttpSigner, startNodeServer } from "#sdk";
import type { NodeAnswer, NodeRequest, NodeServer } from "#sdk";

import { publicArchive } from "./archive.ts";
import { ownAvailability } from "./availability.ts";
import { commit, cosign, reveal, takeReveal } from "./commitments.ts";
import { signProposedEpoch } from "./epochs.ts";
import { serveRewards } from "./rewards.ts";
import { signProposedRound } from "./rounds.ts";
import type { KeeperRuntime } from "./runtime.ts";
import { ownSeat, requireTurn } from "./turns.ts";
import {
  decodeAvailabilityCall,
  decodeCommitCall,
  decodeCosignCall,
  decodeDigest,
  decodeEpochCall,
  decodeRevealCall,
  decodeRevealedCall,
  decodeRound,
  encode,
  MAX_MESSAGE_BYTES,
} from "./wire.ts";

const json = (value: unknown): NodeAnswer => ({
  status: 200,
  body: encode(value),
  contentType: "application/json",
});

/** What the keeper's main loop knows about its own health. */
export interface KeeperHealth {
  readonly lastTickAt: () => number;
  readonly lastError: () => string | null;
}

/** Seconds without a completed look at the chain after which the keeper says that it is ill. */
const STALE_SECONDS = 60;

function healthAnswer(runtime: KeeperRuntime, health: KeeperHealth): NodeAnswer {
  const sinceTick = (Date.now() - health.lastTickAt()) / 1_000;
  const well = sinceTick < STALE_SECONDS;
  return {
    ...json({
      well,
      hotKey: runtime.hotKey,
      scorer: runtime.scorer.version,
      secondsSinceTick: sinceTick,
      lastError: health.lastError(),
    }),
    status: well ? 200 : 503,
  };
}

/** A response that was accepted, for the asker who paid for it: the worker cannot withhold it (decision D11). */
async function acceptedResponse(
  runtime: KeeperRuntime,
  caller: string,
  requestId: bigint,
): Promise<NodeAnswer> {
  const request = runtime.store.request(requestId);
  if (request === null) throw new MasaError("MASA-501", `request ${requestId} is not known`);
  const { contracts } = runtime.connection;
  if (caller !== request.asker && (await actsFor(contracts, caller, "serve")) !== request.asker) {
    throw new MasaError("MASA-504", "only the asker gets the response");
  }
  const settled = await contracts.escrow.queryFilter(
    contracts.escrow.filters.RequestSettled(requestId),
    runtime.connection.manifest.deployedAtBlock,
  );
  const winner = settled[0]?.args.winner;
  const response = runtime.store.commitments(requestId).find(({ worker }) => worker === winner);
  if (response === undefined || response.payload === null) {
    throw new MasaError("MASA-501", `request ${requestId} has no accepted response here`);
  }
  return json({ salt: response.salt, payload: response.payload });
}

/** The set of an epoch, if `caller` holds a key of it that was not revoked; else throws MASA-504. */
async function requireValidator(runtime: KeeperRuntime, epoch: number, caller: string): Promise<void> {
  const { frozen } = await ownSeat(runtime, epoch);
  if (!frozen.hotKeys.includes(caller)) {
    throw new MasaError("MASA-504", `only validators of epoch ${epoch} are answered`);
  }
}

/** What a keeper says to another keeper, whose key is `caller`. */
export async function answerPeer(
  runtime: KeeperRuntime,
  sync: () => Promise<void>,
  caller: string,
  path: string,
  body: string,
): Promise<NodeAnswer> {
  const ofTurn = async (turn: { epoch: number; round: number; attempt: number }): Promise<void> => {
    const { timestamp } = await runtime.connection.latest();
    const { frozen } = await ownSeat(runtime, turn.epoch);
    await requireTurn(runtime, frozen, turn, caller, timestamp);
  };
  switch (path) {
    case "/commit": {
      const call = decodeCommitCall(body);
      await sync();
      await ofTurn(call);
      return json(await commit(runtime, call));
    }
    case "/cosign": {
      const call = decodeCosignCall(body);
      await ofTurn(call);
      return json({ signature: await cosign(runtime, call) });
    }
    case "/reveal": {
      const call = decodeRevealCall(body);
      await ofTurn(call);
      return json({ reveals: await reveal(runtime, call) });
    }
    case "/revealed":
      await takeReveal(runtime, decodeRevealedCall(body), caller);
      return json({});
    case "/sign/score": {
      const round = decodeRound(body);
      await sync();
      return json({ signature: await signProposedRound(runtime, round, caller) });
    }
    case "/sign/epoch": {
      const call = decodeEpochCall(body);
      await sync();
      return json({ signature: await signProposedEpoch(runtime, call, caller) });
    }
    case "/availability": {
      const epoch = decodeAvailabilityCall(body);
      await requireValidator(runtime, epoch, caller);
      const vector = await ownAvailability(runtime, epoch);
      if (vector === null) throw new MasaError("MASA-501", `no probes of epoch ${epoch}`);
      return json(vector);
    }
    case "/archive": {
      const digest = decodeDigest(body);
      const archive = runtime.store.archive(digest);
      const epoch = runtime.store.archiveEpoch(digest);
      if (archive === null || epoch === null) throw new MasaError("MASA-501", `no archive of ${digest}`);
      await requireValidator(runtime, epoch, caller);
      return { status: 200, body: archive, contentType: "application/json" };
    }
    default:
      throw new MasaError("MASA-501", "no such page");
  }
}

async function handle(
  runtime: KeeperRuntime,
  sync: () => Promise<void>,
  health: KeeperHealth,
  request: NodeRequest,
): Promise<NodeAnswer> {
  const { connection } = runtime;
  const { method, path, body } = request;
  if (method === "GET" && path === "/health") return healthAnswer(runtime, health);
  const archive = /^\/archive\/(0x[0-9a-f]{64})$/.exec(path);
  if (method === "GET" && archive !== null) return json(await publicArchive(runtime, archive[1] as string));
  const rewards = /^\/rewards\/(0x[0-9a-f]{64})(?:\/(0x[0-9a-fA-F]{40}))?$/.exec(path);
  if (method === "GET" && rewards !== null) {
    const body = serveRewards(runtime, rewards[1] as string, rewards[2] ?? null);
    return { status: 200, body, contentType: "application/json" };
  }
  const { timestamp } = await connection.latest();
  const signed = { audience: runtime.account, method, path, body };
  const caller = recoverHttpSigner(connection.manifest, signed, request.header(AUTH_HEADER), timestamp);
  const response = /^\/responses\/([0-9]{1,78})$/.exec(path);
  if (method === "GET" && response !== null) {
    return acceptedResponse(runtime, caller, BigInt(response[1] as string));
  }
  if (method !== "POST") throw new MasaError("MASA-501", "no such page");
  return answerPeer(runtime, sync, caller, path, body);
}

export function startKeeperServer(
  runtime: KeeperRuntime,
  sync: () => Promise<void>,
  health: KeeperHealth,
  listen: { host: string; port: number },
): Promise<NodeServer> {
  return startNodeServer({
    ...listen,
    maxBytes: MAX_MESSAGE_BYTES,
    handle: (request) => handle(runtime, sync, health, request),
  });
}
