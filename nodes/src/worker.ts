/**
 * The worker node: sees a request, answers it with its engine, commits to the answer on chain and serves it to
 * validators, and to the asker once accepted. The answer is in the state before the commitment is sent.
 */
import type { DatabaseSync } from "node:sqlite";

import { hexlify, randomBytes } from "ethers";

import {
  actsFor,
  AUTH_HEADER,
  explainChainError,
  guardedFetch,
  isRevert,
  MasaError,
  MAX_PAYLOAD_BYTES,
  parseRequestPayload,
  payloadHash,
  readEndpoint,
  recoverHttpSigner,
  responseCommitment,
  startNodeServer,
} from "#sdk";
import type { Connection, MasaEvent, NodeAnswer, NodeRequest, RequestPayload, ResponsePayload } from "#sdk";

import type { AnswerEngine } from "./answer/index.ts";
import { followEvents, isValidator, pause } from "./follow.ts";
import { openNode } from "./node.ts";
import type { NodeOptions } from "./node.ts";
import { openState } from "./store.ts";

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS requests (
    id TEXT PRIMARY KEY, asker TEXT NOT NULL, payload_hash TEXT NOT NULL, deadline INTEGER NOT NULL,
    max_responses INTEGER NOT NULL, is_open INTEGER NOT NULL, given_up INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE IF NOT EXISTS taken (request_id TEXT NOT NULL, worker TEXT NOT NULL, PRIMARY KEY (request_id, worker)) STRICT;
  CREATE TABLE IF NOT EXISTS answers (
    request_id TEXT PRIMARY KEY, salt TEXT NOT NULL, payload TEXT NOT NULL, accepted INTEGER NOT NULL
  ) STRICT;
`;
const FETCH_TIMEOUT_MS = 10_000;
/** Requests and bodies that strangers may send are small: everything a worker serves is asked for by GET. */
const MAX_BODY_BYTES = 1_024;

export interface WorkerOptions extends NodeOptions {
  readonly engine: AnswerEngine;
}

export interface Worker {
  readonly url: string;
  run(signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

interface OpenRequest {
  readonly id: bigint;
  readonly asker: string;
  readonly hash: string;
}

class WorkerNode {
  readonly #connection: Connection;
  readonly #db: DatabaseSync;
  readonly #account: string;
  readonly #options: WorkerOptions;
  #wasShort = false;
  #wasSuspended = false;

  constructor(connection: Connection, db: DatabaseSync, account: string, options: WorkerOptions) {
    this.#connection = connection;
    this.#db = db;
    this.#account = account;
    this.#options = options;
  }

  take(event: MasaEvent): void {
    const db = this.#db;
    switch (event.type) {
      case "submitted":
        db.prepare("INSERT INTO requests VALUES (?, ?, ?, ?, ?, 1, 0) ON CONFLICT DO NOTHING").run(
          String(event.requestId),
          event.asker,
          event.payloadHash,
          event.responseDeadline,
          event.maxResponses,
        );
        return;
      case "committed":
        db.prepare("INSERT INTO taken VALUES (?, ?) ON CONFLICT DO NOTHING").run(
          String(event.requestId),
          event.worker,
        );
        return;
      case "responseSettled":
        if (event.worker === this.#account && event.outcome === "paid") {
          db.prepare("UPDATE answers SET accepted = 1 WHERE request_id = ?").run(String(event.requestId));
        }
        return;
      case "settled":
      case "closed":
        db.prepare("UPDATE requests SET is_open = 0 WHERE id = ?").run(String(event.requestId));
        return;
      case "roundFinal":
      case "epochFinal":
      case "slashBooked":
      case "slashApplied":
      case "seatLeft":
      case "waitlistJoined":
        return; // of interest to validators only
    }
  }

  /** Requests that still take answers and that this worker has not committed to. */
  #waiting(now: number): OpenRequest[] {
    const rows = this.#db
      .prepare(
        `SELECT * FROM requests WHERE is_open = 1 AND given_up = 0 AND deadline >= ?
           AND NOT EXISTS (SELECT 1 FROM taken WHERE request_id = id AND worker = ?)
           AND (SELECT count(*) FROM taken WHERE request_id = id) < max_responses
         ORDER BY length(id), id`,
      )
      .all(now, this.#account);
    return rows.map((row) => ({
      id: BigInt(row["id"] as string),
      asker: row["asker"] as string,
      hash: row["payload_hash"] as string,
    }));
  }

  async tick(): Promise<void> {
    const { log } = this.#options;
    await followEvents(this.#connection, this.#db, (event) => this.take(event));
    const { timestamp } = await this.#connection.latest();
    const waiting = this.#waiting(timestamp);
    if (waiting.length === 0 || !(await this.#isEligible())) return;
    for (const request of waiting) {
      try {
        await this.#answer(request);
      } catch (error) {
        const explained = explainChainError(error);
        // A refusal by the contract is final for this request; anything else may go through at the next look.
        const final = explained instanceof MasaError && explained.code === "MASA-304";
        if (final) this.#giveUp(request.id);
        log.warn({ requestId: String(request.id), final, error: String(explained) }, "request not answered");
      }
    }
  }

  #giveUp(requestId: bigint): void {
    this.#db.prepare("UPDATE requests SET given_up = 1 WHERE id = ?").run(String(requestId));
  }

  /** Says once when the worker becomes ineligible, and once when it is eligible again. */
  async #isEligible(): Promise<boolean> {
    const { short, suspended, requirement, stakeUnits } = await this.#connection.contracts.registry.nodeOf(
      this.#account,
    );
    const { log } = this.#options;
    const facts = { requirement: String(requirement), stakeUnits: String(stakeUnits) };
    if (short && !this.#wasShort)
      log.warn(facts, "marked short: no new work until the stake meets the requirement");
    if (suspended && !this.#wasSuspended) log.warn(facts, "suspended: no new work until the next epoch");
    if ((this.#wasShort || this.#wasSuspended) && !short && !suspended) log.info(facts, "eligible again");
    this.#wasShort = short;
    this.#wasSuspended = suspended;
    // Topping up clears the mark only when somebody pokes the node: it does so itself.
    if (short && stakeUnits >= requirement) {
      await this.#connection.send(() => this.#connection.contracts.registry.poke(this.#account));
      return !suspended;
    }
    return !short && !suspended;
  }

  async #answer(request: OpenRequest): Promise<void> {
    const { contracts } = this.#connection;
    const { engine, log } = this.#options;
    const known = this.#db.prepare("SELECT * FROM answers WHERE request_id = ?").get(String(request.id));
    let salt = known?.["salt"] as string | undefined;
    let payload = known?.["payload"] as string | undefined;
    if (salt === undefined || payload === undefined) {
      const question = await this.#fetchQuestion(request);
      const answer = await engine.answer({ prompt: question.prompt, kind: question.kind });
      if (answer === null) {
        this.#giveUp(request.id);
        log.info({ requestId: String(request.id) }, "nothing to answer with, left to others");
        return;
      }
      const { text, citations, model, usage } = answer;
      const response: ResponsePayload = {
        schema: "masa.response/1",
        requestId: String(request.id),
        text,
        citations,
        engine: engine.name,
        model,
        usage: { ...usage },
      };
      salt = hexlify(randomBytes(32));
      payload = JSON.stringify(response);
      this.#db
        .prepare("INSERT INTO answers VALUES (?, ?, ?, 0) ON CONFLICT DO NOTHING")
        .run(String(request.id), salt, payload);
    }
    const nonce = await contracts.registry.nonceOf(this.#account);
    const commitment = responseCommitment(request.id, this.#account, nonce, salt, payloadHash(payload));
    try {
      await this.#connection.send(() => contracts.escrow.commit(request.id, commitment));
      log.info({ requestId: String(request.id) }, "answer committed");
    } catch (error) {
      // Committed before a restart: the event has not been read yet.
      if (!isRevert(error, "RequestEscrow_AlreadyCommitted")) throw error;
    }
    this.#db
      .prepare("INSERT INTO taken VALUES (?, ?) ON CONFLICT DO NOTHING")
      .run(String(request.id), this.#account);
  }

  async #fetchQuestion(request: OpenRequest): Promise<RequestPayload> {
    const endpoint = await readEndpoint(this.#connection.contracts, request.asker);
    if (endpoint === null) {
      throw new MasaError("MASA-501", `the asker ${request.asker} publishes no endpoint`);
    }
    const answer = await guardedFetch(`${endpoint}/payloads/${request.hash}`, {
      maxBytes: MAX_PAYLOAD_BYTES,
      timeoutMs: FETCH_TIMEOUT_MS,
      allowPrivateHosts: this.#options.allowPrivateHosts,
    });
    if (answer.status !== 200) throw new MasaError("MASA-501", `${endpoint} answered ${answer.status}`);
    if (payloadHash(answer.text) !== request.hash) {
      throw new MasaError("MASA-502", `request ${request.id}: its payload has another hash than on chain`);
    }
    return parseRequestPayload(answer.text);
  }

  /** GET /responses/ID: to validators, and to the asker once the answer was accepted (decision D11). */
  async serve(request: NodeRequest): Promise<NodeAnswer> {
    if (request.method === "GET" && request.path === "/health") {
      return {
        status: 200,
        body: JSON.stringify({ account: this.#account, engine: this.#options.engine.name }),
      };
    }
    const match = /^\/responses\/([0-9]{1,78})$/.exec(request.path);
    if (request.method !== "GET" || match === null) throw new MasaError("MASA-501", "no such page");
    const id = match[1] as string;
    const { timestamp } = await this.#connection.latest();
    const signed = { audience: this.#account, method: "GET", path: request.path, body: request.body };
    const caller = recoverHttpSigner(
      this.#connection.manifest,
      signed,
      request.header(AUTH_HEADER),
      timestamp,
    );
    const answer = this.#db.prepare("SELECT * FROM answers WHERE request_id = ?").get(id);
    const accepted = answer?.["accepted"] === 1;
    if (!(accepted && (await this.#isAsker(id, caller))) && !(await isValidator(this.#connection, caller))) {
      throw new MasaError("MASA-504", "responses are for validators, and for the asker who paid");
    }
    if (answer === undefined) throw new MasaError("MASA-501", `no response to request ${id}`);
    return {
      status: 200,
      contentType: "application/json",
      body: JSON.stringify({ salt: answer["salt"], payload: answer["payload"] }),
    };
  }

  async #isAsker(requestId: string, caller: string): Promise<boolean> {
    const asker = this.#db.prepare("SELECT asker FROM requests WHERE id = ?").get(requestId)?.["asker"];
    if (asker === undefined) return false;
    return caller === asker || (await actsFor(this.#connection.contracts, caller, "serve")) === asker;
  }
}

/** Connects, opens the state and starts to serve. Throws numbered errors for anything that is not in order. */
export function startWorker(options: WorkerOptions): Promise<Worker> {
  return openNode(options, "worker", async ({ connection, account, identity }) => {
    const db = openState(options.statePath, SCHEMA, identity);
    const node = new WorkerNode(connection, db, account, options);
    const server = await startNodeServer({
      host: options.host,
      port: options.port,
      maxBytes: MAX_BODY_BYTES,
      handle: (request) => node.serve(request),
    });
    return {
      url: server.url,
      async run(signal) {
        while (!signal.aborted) {
          await node.tick().catch((error: unknown) => {
            options.log.warn({ error: String(explainChainError(error)) }, "look failed, tried again");
          });
          await pause(options.pollMs, signal);
        }
      },
      async close() {
        await server.close();
        db.close();
        connection.close();
      },
    };
  });
}
