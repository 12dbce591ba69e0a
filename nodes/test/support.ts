/** A real local chain with the protocol and its nodes' accounts, and stand-ins for the servers at their endpoints. */
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

import { ZeroHash } from "ethers";
import { pino } from "pino";

import {
  AUTH_HEADER,
  connect,
  guardedFetch,
  packSignatures,
  readFrozenSeats,
  REQUEST_KINDS,
  scoreReportCall,
  signHttpRequest,
  signScoreReport,
  startNodeServer,
} from "#sdk";
import type {
  Connection,
  FrozenSeats,
  NodeAnswer,
  NodeRequest,
  NodeServer,
  ResponseScore,
  Role,
  ScoreReport,
} from "#sdk";

import { makeMembers, populate } from "../../cli/src/localnet/accounts.ts";
import type { Member } from "../../cli/src/localnet/accounts.ts";
import { startLocalChain } from "../../cli/src/localnet/chain.ts";
import { freePorts } from "../../cli/src/localnet/processes.ts";
import { temporaryFolder } from "../../sdk/test/support.ts";

export const MASA = 10n ** 18n;
export const REWARD = 20n * MASA;
export const quiet = pino({ level: "silent" });

const PLAN: readonly { name: string; role: Role }[] = [
  ...["validator-0", "validator-1", "validator-2", "validator-3"].map((name) => ({
    name,
    role: "validator" as const,
  })),
  { name: "worker", role: "worker" },
  { name: "worker-2", role: "worker" },
  { name: "oracle", role: "oracle" },
];

/** Waits until `look` gives something, and gives that. */
export async function until<T>(what: string, look: () => Promise<T | null | undefined | false>): Promise<T> {
  const deadline = Date.now() + 30_000;
  for (;;) {
    const found = await look();
    if (found !== null && found !== undefined && found !== false) return found;
    if (Date.now() > deadline) throw new Error(`waited in vain for ${what}`);
    await sleep(50);
  }
}

export const GOOD: ResponseScore = {
  relevance: 900_000_000,
  coherence: 900_000_000,
  factual: 900_000_000,
  responseTime: 900_000_000,
  throughput: 10,
  scored: true,
  fraud: 0,
};

export type Network = Awaited<ReturnType<typeof startNetwork>>;

/** Starts it with the validators seated. */
export async function startNetwork() {
  const folder = temporaryFolder();
  const chain = await startLocalChain(folder, 0);
  const members = makeMembers(5, PLAN, await freePorts(PLAN.length));
  await populate(chain.url, chain.manifest, members, 1_000n * MASA);
  const connections: Connection[] = [];
  const open = async (member: Member | null, rpcUrl = chain.url): Promise<Connection> => {
    const key = member === null ? {} : { privateKey: member.account.privateKey };
    const connection = await connect({ rpcUrl, manifestPath: chain.manifestPath, ...key });
    connections.push(connection);
    return connection;
  };
  const servers: NodeServer[] = [];
  const close = async (): Promise<void> => {
    await Promise.all(servers.map((server) => server.close()));
    for (const connection of connections) connection.close();
    await chain.close();
  };
  const member = (name: string): Member => members.find((one) => one.name === name) as Member;
  // Sends what the tests need sent: an account of its own, so that no nonce is used twice.
  const clerk = await open(member("validator-3"));
  const { provider, contracts } = clerk;
  const passTime = async (seconds: number): Promise<void> => {
    await provider.send("evm_increaseTime", [seconds]);
    await provider.send("evm_mine", []);
  };
  await passTime(31);
  await clerk.send(() => contracts.epochManager.roll());
  const epoch = Number(await contracts.epochManager.rolledEpoch());
  const frozen = (await readFrozenSeats(contracts, epoch)) as FrozenSeats;

  /** Signs and posts a report that gives every response of these requests the same scores. */
  let round = -1;
  const settle = async (requestId: bigint, responses: readonly ResponseScore[]): Promise<void> => {
    round++;
    const start =
      Number(await contracts.clock.epochStart(epoch)) +
      round * Number(await contracts.consensus.roundLength());
    const { timestamp } = await clerk.latest();
    if (timestamp < start) await passTime(start - timestamp);
    const poster = frozen.hotKeys[0] as string;
    // What the set of commitments was is for the signers to know: the contract takes any.
    const commitmentSet = ZeroHash;
    const results = [{ requestId, responses }];
    const report: ScoreReport = { epoch, round, attempt: 0, poster, commitmentSet, results };
    const signatures = new Map<number, string>();
    for (const [seat, hotKey] of frozen.hotKeys.entries()) {
      const signer = members.find((one) => one.hotKey?.address === hotKey)?.hotKey;
      if (signer) signatures.set(seat, await signScoreReport(signer, chain.manifest, report));
    }
    const packed = packSignatures(signatures);
    await clerk.send(() =>
      contracts.consensus.postScoreReport(scoreReportCall(report), packed.signers, packed.signatures),
    );
  };
  /** Listens at a member's endpoint and remembers what was asked for. */
  const standIn = async (at: Member, answer: (request: NodeRequest) => NodeAnswer): Promise<string[]> => {
    const asked: string[] = [];
    const server = await startNodeServer({
      host: "127.0.0.1",
      port: at.port,
      maxBytes: 1_000,
      handle: (request) => {
        asked.push(request.path);
        return Promise.resolve(answer(request));
      },
    });
    servers.push(server);
    return asked;
  };
  return {
    ...chain,
    close,
    standIn,
    folder,
    members,
    member,
    open,
    clerk,
    contracts,
    passTime,
    epoch,
    frozen,
    settle,
  };
}

/** Submits a request of the oracle node; the payload is served by whoever listens at its endpoint. */
export async function submit(
  asker: Connection,
  hash: string,
  windows: { response: number; scoring: number },
): Promise<bigint> {
  await asker.send(() =>
    asker.contracts.escrow.submit({
      payloadHash: hash,
      kind: REQUEST_KINDS.indexOf("llm-completion"),
      hasEvidence: false,
      maxResponses: 1,
      baseReward: REWARD,
      minQuality: (6n * MASA) / 10n,
      responseWindow: windows.response,
      scoringWindow: windows.scoring,
    }),
  );
  return asker.contracts.escrow.requestCount();
}

/** GET as a signer would, or without a signature. */
export async function getAs(
  connection: Connection,
  signer: { key: Member["account"]; audience: string } | null,
  url: string,
): Promise<{ status: number; text: string }> {
  const { pathname } = new URL(url);
  const { timestamp } = await connection.latest();
  const headers: Record<string, string> =
    signer === null
      ? {}
      : {
          [AUTH_HEADER]: await signHttpRequest(
            signer.key,
            connection.manifest,
            { audience: signer.audience, method: "GET", path: pathname, body: "" },
            timestamp,
          ),
        };
  return guardedFetch(url, { headers, maxBytes: 1_000_000, timeoutMs: 5_000, allowPrivateHosts: true });
}

/** An RPC server that passes calls on, but takes no transactions ("refused") or loses the answer to them ("lost"). */
export async function faultyRpc(url: string, mode: "refused" | "lost") {
  let hit = 0;
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => (body += chunk.toString()));
    request.on("end", () => {
      void (async () => {
        const sends = body.includes("eth_sendRawTransaction");
        if (sends) hit++;
        const answer =
          sends && mode === "refused"
            ? ""
            : await (
                await fetch(url, { method: "POST", body, headers: { "content-type": "application/json" } })
              ).text();
        if (sends) return void response.destroy();
        response.setHeader("content-type", "application/json");
        response.end(answer);
      })();
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    hits: () => hit,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
