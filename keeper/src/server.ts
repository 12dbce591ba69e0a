/** The keeper's HTTP face: other keepers ask for vectors, signatures and archives; askers for what they paid for. */
import { actsFor, AUTH_HEADER, MasaError, recoverHttpSigner, startNodeServer } from "#sdk";
import type { NodeAnswer, NodeRequest, NodeServer } from "#sdk";

import { signProposedEpoch } from "./epochs.ts";
import { ownSeat, ownVector, requireTurn, signProposedRound } from "./rounds.ts";
import type { KeeperRuntime } from "./runtime.ts";
import {
  decodeDigest,
  decodeEpochCall,
  decodeScoreCall,
  decodeVectorCall,
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
    contracts.escrow.filters.ResponseSettled(requestId),
    runtime.connection.manifest.deployedAtBlock,
  );
  const paid = settled.find((event) => event.args.outcome === 3n);
  const response = runtime.store.commitments(requestId).find(({ worker }) => worker === paid?.args.worker);
  if (response === undefined || response.payload === null) {
    throw new MasaError("MASA-501", `request ${requestId} has no accepted response here`);
  }
  return json({ salt: response.salt, payload: response.payload });
}

async function handle(
  runtime: KeeperRuntime,
  sync: () => Promise<void>,
  health: KeeperHealth,
  request: NodeRequest,
): Promise<NodeAnswer> {
  const { connection } = runtime;
  if (request.method === "GET" && request.path === "/health") return healthAnswer(runtime, health);
  const { timestamp } = await connection.latest();
  const signed = {
    audience: runtime.account,
    method: request.method,
    path: request.path,
    body: request.body,
  };
  const caller = recoverHttpSigner(connection.manifest, signed, request.header(AUTH_HEADER), timestamp);

  const response = /^\/responses\/([0-9]{1,78})$/.exec(request.path);
  if (request.method === "GET" && response !== null) {
    return acceptedResponse(runtime, caller, BigInt(response[1] as string));
  }
  if (request.method !== "POST") throw new MasaError("MASA-501", "no such page");
  await sync();
  switch (request.path) {
    case "/vectors": {
      const call = decodeVectorCall(request.body);
      const { frozen } = await ownSeat(runtime, call.epoch);
      await requireTurn(runtime, frozen, call, caller, timestamp);
      return json(await ownVector(runtime, call));
    }
    case "/sign/score":
      return json({ signature: await signProposedRound(runtime, decodeScoreCall(request.body), caller) });
    case "/sign/epoch":
      return json({ signature: await signProposedEpoch(runtime, decodeEpochCall(request.body), caller) });
    case "/archive": {
      const digest = decodeDigest(request.body);
      const body = runtime.store.archive(digest);
      const epoch = runtime.store.archiveEpoch(digest);
      if (body === null || epoch === null) throw new MasaError("MASA-501", `no archive of ${digest}`);
      const { frozen } = await ownSeat(runtime, epoch);
      if (!frozen.hotKeys.includes(caller))
        throw new MasaError("MASA-504", "archives are for the epoch's validators");
      return { status: 200, body, contentType: "application/json" };
    }
    default:
      throw new MasaError("MASA-501", "no such page");
  }
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
