/**
 * The oracle node: publishes its questions and their evidence, submits requests, waits for settlement and fetches the
 * accepted answers. Each question is in the state before its transaction is sent, so a restart neither loses one nor
 * asks it twice.
 */
import type { DatabaseSync } from "node:sqlite";

import { hexlify, keccak256, randomBytes, toUtf8Bytes } from "ethers";
import type { Logger } from "pino";

import {
  AUTH_HEADER,
  connect,
  explainChainError,
  guardedFetch,
  MasaError,
  MAX_EVIDENCE_BYTES,
  MAX_PAYLOAD_BYTES,
  parseResponsePayload,
  payloadHash,
  recoverHttpSigner,
  REQUEST_KINDS,
  responseCommitment,
  signHttpRequest,
  startNodeServer,
} from "#sdk";
import type {
  Connection,
  MasaEvent,
  NodeAnswer,
  NodeRequest,
  RequestKind,
  RequestPayload,
  ResponsePayload,
} from "#sdk";

import { loadDocuments } from "./answer/documents.ts";
import { followEvents, pause, validatorKeys } from "./follow.ts";
import { openState } from "./store.ts";

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS endpoints (account TEXT PRIMARY KEY, endpoint TEXT) STRICT;
  CREATE TABLE IF NOT EXISTS evidence (hash TEXT PRIMARY KEY, body TEXT NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS asks (
    key TEXT PRIMARY KEY, prompt TEXT NOT NULL, payload_hash TEXT NOT NULL UNIQUE, payload TEXT NOT NULL,
    request_id TEXT UNIQUE, state TEXT NOT NULL, deadline INTEGER, scoring_deadline INTEGER, responses INTEGER NOT NULL,
    winner TEXT, quality TEXT, paid TEXT, refunded TEXT, nonce TEXT, commitment TEXT, answer TEXT
  ) STRICT;
  CREATE TABLE IF NOT EXISTS commitments (
    request_id TEXT NOT NULL, worker TEXT NOT NULL, nonce TEXT NOT NULL, hash TEXT NOT NULL,
    PRIMARY KEY (request_id, worker)
  ) STRICT;
`;
const FETCH_TIMEOUT_MS = 10_000;
const MAX_BODY_BYTES = 1_024;

export interface OracleOptions {
  readonly rpcUrl: string;
  readonly manifestPath: string;
  /** Of the oracle node's account. */
  readonly privateKey: string;
  readonly statePath: string;
  readonly host: string;
  readonly port: number;
  readonly allowPrivateHosts: boolean;
  readonly pollMs: number;
  readonly log: Logger;
}

/** A question as the caller gives it; `key` is the caller's own name for it. */
export interface Question {
  readonly key: string;
  readonly prompt: string;
}

export interface AskTerms {
  readonly kind: RequestKind;
  readonly baseRewardWei: bigint;
  readonly minQualityWad: bigint;
  readonly maxResponses: number;
  readonly responseWindowS: number;
  readonly scoringWindowS: number;
  /** Milliseconds between two submissions. */
  readonly paceMs: number;
}

export type AskState = "prepared" | "open" | "settled" | "expired" | "unscored" | "cancelled";

export interface Ask {
  readonly key: string;
  readonly prompt: string;
  readonly requestId: bigint | null;
  readonly state: AskState;
  readonly paidWei: bigint;
  readonly refundedWei: bigint;
  readonly qualityWad: bigint | null;
  readonly worker: string | null;
  readonly answer: ResponsePayload | null;
}

export interface OracleNode {
  readonly url: string;
  /** Publishes the .md and .txt files of a folder as the evidence of the questions asked from now on. */
  publishEvidence(folder: string): Promise<void>;
  /** Asks what was not asked before, waits until everything has ended and returns all of it. */
  ask(questions: readonly Question[], terms: AskTerms, signal: AbortSignal): Promise<Ask[]>;
  close(): Promise<void>;
}

class Oracle {
  readonly #connection: Connection;
  readonly #db: DatabaseSync;
  readonly #account: string;
  readonly #options: OracleOptions;
  #evidence: { id: string; hash: string }[] = [];

  constructor(connection: Connection, db: DatabaseSync, account: string, options: OracleOptions) {
    this.#connection = connection;
    this.#db = db;
    this.#account = account;
    this.#options = options;
  }

  async publishEvidence(folder: string): Promise<void> {
    const documents = await loadDocuments(folder).catch((cause: unknown) => {
      throw new MasaError("MASA-107", (cause as Error).message, { cause });
    });
    this.#evidence = documents.map((document) => {
      const hash = keccak256(toUtf8Bytes(document.text));
      if (Buffer.byteLength(document.text) > MAX_EVIDENCE_BYTES) {
        throw new MasaError("MASA-107", `${document.source} is larger than ${MAX_EVIDENCE_BYTES} bytes`);
      }
      this.#db.prepare("INSERT INTO evidence VALUES (?, ?) ON CONFLICT DO NOTHING").run(hash, document.text);
      return { id: document.source, hash };
    });
  }

  /** Writes a question down with its payload; an earlier one of the same key stays as it is. */
  prepare(question: Question, kind: RequestKind): void {
    const payload: RequestPayload = {
      schema: "masa.request/1",
      nonce: hexlify(randomBytes(32)),
      kind,
      prompt: question.prompt,
      evidence: this.#evidence,
    };
    const text = JSON.stringify(payload);
    if (Buffer.byteLength(text) > MAX_PAYLOAD_BYTES) {
      throw new MasaError("MASA-103", `question ${question.key} is larger than ${MAX_PAYLOAD_BYTES} bytes`);
    }
    this.#db
      .prepare(
        `INSERT INTO asks (key, prompt, payload_hash, payload, state, responses) VALUES (?, ?, ?, ?, 'prepared', 0)
         ON CONFLICT (key) DO NOTHING`,
      )
      .run(question.key, question.prompt, payloadHash(text), text);
  }

  take(event: MasaEvent): void {
    const db = this.#db;
    switch (event.type) {
      case "registered":
      case "metadata":
        db.prepare("INSERT OR REPLACE INTO endpoints VALUES (?, ?)").run(event.account, event.endpoint);
        return;
      case "submitted":
        if (event.asker !== this.#account) return;
        db.prepare(
          `UPDATE asks SET request_id = ?, deadline = ?, scoring_deadline = ?, state = 'open'
             WHERE payload_hash = ? AND state = 'prepared'`,
        ).run(String(event.requestId), event.responseDeadline, event.scoringDeadline, event.payloadHash);
        return;
      case "committed":
        db.prepare("INSERT INTO commitments VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING").run(
          String(event.requestId),
          event.worker,
          String(event.nonce),
          event.commitment,
        );
        return;
      case "responseSettled":
        if (event.outcome !== "paid") return;
        db.prepare("UPDATE asks SET winner = ?, quality = ? WHERE request_id = ?").run(
          event.worker,
          String(event.qualityWad),
          String(event.requestId),
        );
        return;
      case "settled":
        db.prepare("UPDATE asks SET state = 'settled', paid = ?, refunded = ? WHERE request_id = ?").run(
          String(event.paidWei),
          String(event.refundedWei),
          String(event.requestId),
        );
        return;
      case "closed":
        db.prepare("UPDATE asks SET state = ? WHERE request_id = ?").run(
          event.state,
          String(event.requestId),
        );
        return;
      case "roundFinal":
      case "epochFinal":
        return; // of interest to validators only
    }
  }

  async tick(): Promise<void> {
    await followEvents(this.#connection, this.#db, (event) => this.take(event));
    const { timestamp } = await this.#connection.latest();
    await this.#closeOverdue(timestamp);
    await this.#fetchAnswers();
  }

  /** Submits the next prepared question. False where there is none. */
  async submitNext(terms: AskTerms): Promise<boolean> {
    // What was sent before a restart shows up as an event first, so nothing is asked twice.
    await followEvents(this.#connection, this.#db, (event) => this.take(event));
    const row = this.#db.prepare("SELECT * FROM asks WHERE state = 'prepared' ORDER BY rowid LIMIT 1").get();
    if (row === undefined) return false;
    const { escrow } = this.#connection.contracts;
    await this.#connection.send(() =>
      escrow.submit({
        payloadHash: row["payload_hash"] as string,
        kind: REQUEST_KINDS.indexOf(terms.kind),
        hasEvidence: this.#evidence.length > 0,
        maxResponses: terms.maxResponses,
        baseReward: terms.baseRewardWei,
        minQuality: terms.minQualityWad,
        responseWindow: terms.responseWindowS,
        scoringWindow: terms.scoringWindowS,
      }),
    );
    this.#options.log.info({ key: row["key"] }, "question submitted");
    await followEvents(this.#connection, this.#db, (event) => this.take(event));
    return true;
  }

  /** Takes refunds of requests that nobody answered or scored in time. */
  async #closeOverdue(now: number): Promise<void> {
    const rows = this.#db
      .prepare(
        `SELECT request_id FROM asks WHERE state = 'open' AND (scoring_deadline < ? OR (deadline < ? AND NOT EXISTS
           (SELECT 1 FROM commitments WHERE commitments.request_id = asks.request_id)))`,
      )
      .all(now, now);
    for (const row of rows) {
      const id = BigInt(row["request_id"] as string);
      try {
        await this.#connection.send(() => this.#connection.contracts.escrow.close(id));
      } catch (error) {
        this.#options.log.warn({ requestId: String(id), error: String(error) }, "not closed, tried again");
      }
    }
  }

  async #fetchAnswers(): Promise<void> {
    const rows = this.#db
      .prepare("SELECT * FROM asks WHERE state = 'settled' AND winner IS NOT NULL AND answer IS NULL")
      .all();
    for (const row of rows) {
      const id = row["request_id"] as string;
      const winner = row["winner"] as string;
      try {
        const text = await this.#fetchAnswer(id, winner);
        this.#db.prepare("UPDATE asks SET answer = ? WHERE request_id = ?").run(text, id);
      } catch (error) {
        this.#options.log.warn({ requestId: id, error: String(error) }, "accepted answer not fetched yet");
      }
    }
  }

  /** From the worker, or from any validator where the worker does not serve it. */
  async #fetchAnswer(requestId: string, worker: string): Promise<string> {
    const committed = this.#db
      .prepare("SELECT * FROM commitments WHERE request_id = ? AND worker = ?")
      .get(requestId, worker);
    const holders = [worker, ...(await this.#validatorAccounts())];
    let last: unknown = new MasaError("MASA-501", "nobody serves it");
    for (const holder of holders) {
      try {
        const served = JSON.parse(await this.#call(holder, `/responses/${requestId}`)) as {
          salt: string;
          payload: string;
        };
        const made = responseCommitment(
          BigInt(requestId),
          worker,
          BigInt(committed?.["nonce"] as string),
          served.salt,
          payloadHash(served.payload),
        );
        if (made !== committed?.["hash"])
          throw new MasaError("MASA-502", `${holder} served another response`);
        parseResponsePayload(served.payload);
        return served.payload;
      } catch (error) {
        last = error;
      }
    }
    throw last;
  }

  async #validatorAccounts(): Promise<string[]> {
    const { registry } = this.#connection.contracts;
    const keys = [...(await validatorKeys(this.#connection))];
    return Promise.all(keys.map((key) => registry.accountOfHotKey(key)));
  }

  async #call(account: string, path: string): Promise<string> {
    const { wallet, manifest } = this.#connection;
    const endpoint = this.#db.prepare("SELECT endpoint FROM endpoints WHERE account = ?").get(account)?.[
      "endpoint"
    ];
    if (typeof endpoint !== "string") throw new MasaError("MASA-501", `${account} publishes no endpoint`);
    if (wallet === null) throw new MasaError("MASA-104");
    const { timestamp } = await this.#connection.latest();
    const auth = await signHttpRequest(
      wallet,
      manifest,
      { audience: account, method: "GET", path, body: "" },
      timestamp,
    );
    const answer = await guardedFetch(`${endpoint}${path}`, {
      headers: { [AUTH_HEADER]: auth },
      maxBytes: 2 * MAX_PAYLOAD_BYTES,
      timeoutMs: FETCH_TIMEOUT_MS,
      allowPrivateHosts: this.#options.allowPrivateHosts,
    });
    if (answer.status !== 200)
      throw new MasaError("MASA-501", `${endpoint}${path} answered ${answer.status}`);
    return answer.text;
  }

  /** The questions are for everyone, the evidence for validators. */
  async serve(request: NodeRequest): Promise<NodeAnswer> {
    if (request.method === "GET" && request.path === "/health") {
      return { status: 200, body: JSON.stringify({ account: this.#account }) };
    }
    const match = /^\/(payloads|evidence)\/(0x[0-9a-f]{64})$/.exec(request.path);
    if (request.method !== "GET" || match === null) throw new MasaError("MASA-501", "no such page");
    const hash = match[2] as string;
    if (match[1] === "payloads") {
      const row = this.#db.prepare("SELECT payload FROM asks WHERE payload_hash = ?").get(hash);
      if (row === undefined) throw new MasaError("MASA-501", `no payload ${hash}`);
      return { status: 200, body: row["payload"] as string, contentType: "application/json" };
    }
    const { timestamp } = await this.#connection.latest();
    const signed = { audience: this.#account, method: "GET", path: request.path, body: request.body };
    const caller = recoverHttpSigner(
      this.#connection.manifest,
      signed,
      request.header(AUTH_HEADER),
      timestamp,
    );
    if (!(await validatorKeys(this.#connection)).has(caller)) {
      throw new MasaError("MASA-504", "evidence is for validators");
    }
    const row = this.#db.prepare("SELECT body FROM evidence WHERE hash = ?").get(hash);
    if (row === undefined) throw new MasaError("MASA-501", `no evidence ${hash}`);
    return { status: 200, body: row["body"] as string };
  }

  asks(keys: readonly string[]): Ask[] {
    return keys.map((key) => {
      const row = this.#db.prepare("SELECT * FROM asks WHERE key = ?").get(key);
      if (row === undefined) throw new MasaError("MASA-103", `no question ${key}`);
      const number = (name: string): bigint => BigInt((row[name] as string | null) ?? "0");
      return {
        key,
        prompt: row["prompt"] as string,
        requestId: row["request_id"] === null ? null : number("request_id"),
        state: row["state"] as AskState,
        paidWei: number("paid"),
        refundedWei: number("refunded"),
        qualityWad: row["quality"] === null ? null : number("quality"),
        worker: row["winner"] as string | null,
        answer: row["answer"] === null ? null : parseResponsePayload(row["answer"] as string),
      };
    });
  }
}

const isPending = (ask: Ask): boolean =>
  ask.state === "prepared" ||
  ask.state === "open" ||
  (ask.state === "settled" && ask.worker !== null && ask.answer === null);

async function askAll(
  oracle: Oracle,
  options: OracleOptions,
  questions: readonly Question[],
  terms: AskTerms,
  signal: AbortSignal,
): Promise<Ask[]> {
  for (const question of questions) oracle.prepare(question, terms.kind);
  const keys = questions.map(({ key }) => key);
  let nextSubmission = Date.now();
  while (!signal.aborted) {
    try {
      if (Date.now() >= nextSubmission && (await oracle.submitNext(terms))) nextSubmission += terms.paceMs;
      await oracle.tick();
    } catch (error) {
      const explained = explainChainError(error);
      // The contract's refusal stands until a person acts; what the network does passes.
      if (explained instanceof MasaError && !explained.retryable) throw explained;
      options.log.warn({ error: String(explained) }, "look failed, tried again");
    }
    if (!oracle.asks(keys).some(isPending)) break;
    await pause(options.pollMs, signal);
  }
  return oracle.asks(keys);
}

/** Connects, opens the state and starts to serve. Throws numbered errors for anything that is not in order. */
export async function startOracle(options: OracleOptions): Promise<OracleNode> {
  const connection = await connect(options);
  try {
    const account = connection.wallet?.address;
    if (account === undefined) throw new MasaError("MASA-104");
    const role = await connection.contracts.registry.roleOf(account);
    if (role !== 3n) throw new MasaError("MASA-403", `${account} is not registered as an oracle node`);
    const identity = `${connection.manifest.chainId}:${connection.manifest.contracts.escrow}:${account}`;
    const db = openState(options.statePath, SCHEMA, identity);
    const oracle = new Oracle(connection, db, account, options);
    const server = await startNodeServer({
      host: options.host,
      port: options.port,
      maxBytes: MAX_BODY_BYTES,
      handle: (request) => oracle.serve(request),
    });
    return {
      url: server.url,
      publishEvidence: (folder) => oracle.publishEvidence(folder),
      ask: (questions, terms, signal) => askAll(oracle, options, questions, terms, signal),
      async close() {
        await server.close();
        db.close();
        connection.close();
      },
    };
  } catch (error) {
    connection.close();
    throw explainChainError(error);
  }
}
