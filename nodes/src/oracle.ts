/**
 * The oracle node: publishes its questions and their evidence, submits requests, waits for settlement and fetches the
 * accepted answers. Each question is in the state before its transaction is sent, so a restart neither loses one nor
 * asks it twice.
 */
import { keccak256, toUtf8Bytes } from "ethers";

import {
  AUTH_HEADER,
  explainChainError,
  guardedFetch,
  MasaError,
  MAX_EVIDENCE_BYTES,
  MAX_PAYLOAD_BYTES,
  parseResponsePayload,
  payloadHash,
  readEndpoint,
  recoverHttpSigner,
  REQUEST_KINDS,
  responseCommitment,
  signHttpRequest,
  signsFor,
  startNodeServer,
} from "#sdk";
import type { Connection, NodeAnswer, NodeRequest, RequestKind } from "#sdk";

import { loadDocuments } from "./answer/documents.ts";
import { AskBook } from "./askBook.ts";
import type { Ask, Question, Won } from "./askBook.ts";
import { followEvents, isValidator, pause, validatorKeys } from "./follow.ts";
import { openNode } from "./node.ts";
import type { NodeOptions } from "./node.ts";

const FETCH_TIMEOUT_MS = 10_000;
const MAX_BODY_BYTES = 1_024;

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
  readonly #book: AskBook;
  readonly #account: string;
  readonly #options: NodeOptions;
  #evidence: { id: string; hash: string }[] = [];

  constructor(connection: Connection, book: AskBook, account: string, options: NodeOptions) {
    this.#connection = connection;
    this.#book = book;
    this.#account = account;
    this.#options = options;
  }

  async publishEvidence(folder: string): Promise<void> {
    const documents = await loadDocuments(folder).catch((cause: unknown) => {
      throw new MasaError("MASA-107", (cause as Error).message, { cause });
    });
    this.#evidence = documents.map((document) => {
      if (Buffer.byteLength(document.text) > MAX_EVIDENCE_BYTES) {
        throw new MasaError("MASA-107", `${document.source} is larger than ${MAX_EVIDENCE_BYTES} bytes`);
      }
      const hash = keccak256(toUtf8Bytes(document.text));
      this.#book.publish(hash, document.text);
      return { id: document.source, hash };
    });
  }

  prepare(question: Question, kind: RequestKind): void {
    this.#book.prepare(question, kind, this.#evidence);
  }

  asks(keys: readonly string[]): Ask[] {
    return this.#book.asks(keys);
  }

  async #follow(): Promise<void> {
    await followEvents(this.#connection, this.#book.db, (event) => this.#book.take(event));
  }

  async tick(): Promise<void> {
    await this.#follow();
    const { timestamp } = await this.#connection.latest();
    await this.#closeOverdue(timestamp);
    await this.#fetchAnswers();
  }

  /** Submits the next prepared question. False where there is none. */
  async submitNext(terms: AskTerms): Promise<boolean> {
    // What was sent before a restart shows up as an event first, so nothing is asked twice.
    await this.#follow();
    const next = this.#book.nextPrepared();
    if (next === null) return false;
    await this.#connection.send(() =>
      this.#connection.contracts.escrow.submit({
        payloadHash: next.payloadHash,
        kind: REQUEST_KINDS.indexOf(terms.kind),
        hasEvidence: this.#evidence.length > 0,
        maxResponses: terms.maxResponses,
        baseReward: terms.baseRewardWei,
        minQuality: terms.minQualityWad,
        responseWindow: terms.responseWindowS,
        scoringWindow: terms.scoringWindowS,
      }),
    );
    this.#options.log.info({ key: next.key }, "question submitted");
    await this.#follow();
    return true;
  }

  /** Takes refunds of requests that nobody answered or scored in time. */
  async #closeOverdue(now: number): Promise<void> {
    for (const id of this.#book.overdue(now)) {
      try {
        await this.#connection.send(() => this.#connection.contracts.escrow.close(id));
      } catch (error) {
        this.#options.log.warn({ requestId: String(id), error: String(error) }, "not closed, tried again");
      }
    }
  }

  async #fetchAnswers(): Promise<void> {
    for (const won of this.#book.won()) {
      try {
        this.#book.saveAnswer(won.requestId, await this.#fetchAnswer(won));
      } catch (error) {
        const facts = { requestId: won.requestId, error: String(error) };
        this.#options.log.warn(facts, "accepted answer not fetched yet");
      }
    }
  }

  /** From the worker, or from any validator where the worker does not serve it. */
  async #fetchAnswer({ requestId, worker, nonce, commitment }: Won): Promise<string> {
    const holders = [worker, ...(await this.#validatorAccounts())];
    let last: unknown = new MasaError("MASA-501", "nobody serves it");
    for (const holder of holders) {
      try {
        const text = await this.#call(holder, `/responses/${requestId}`);
        const served = JSON.parse(text) as { salt: string; payload: string };
        const hash = payloadHash(served.payload);
        const made = responseCommitment(BigInt(requestId), worker, nonce, served.salt, hash);
        if (made !== commitment) throw new MasaError("MASA-502", `${holder} served another response`);
        parseResponsePayload(served.payload);
        return served.payload;
      } catch (error) {
        last = error;
      }
    }
    throw last;
  }

  async #validatorAccounts(): Promise<string[]> {
    const keys = [...(await validatorKeys(this.#connection))];
    const accounts = await Promise.all(keys.map((key) => signsFor(this.#connection.contracts, key)));
    return accounts.filter((account) => account !== null);
  }

  async #call(account: string, path: string): Promise<string> {
    const { wallet, manifest, contracts } = this.#connection;
    const endpoint = await readEndpoint(contracts, account);
    if (endpoint === null) throw new MasaError("MASA-501", `${account} publishes no endpoint`);
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
      const payload = this.#book.payload(hash);
      if (payload === null) throw new MasaError("MASA-501", `no payload ${hash}`);
      return { status: 200, body: payload, contentType: "application/json" };
    }
    const { timestamp } = await this.#connection.latest();
    const signed = { audience: this.#account, method: "GET", path: request.path, body: request.body };
    const caller = recoverHttpSigner(
      this.#connection.manifest,
      signed,
      request.header(AUTH_HEADER),
      timestamp,
    );
    if (!(await isValidator(this.#connection, caller))) {
      throw new MasaError("MASA-504", "evidence is for validators");
    }
    const document = this.#book.evidence(hash);
    if (document === null) throw new MasaError("MASA-501", `no evidence ${hash}`);
    return { status: 200, body: document };
  }
}

const isPending = (ask: Ask): boolean =>
  ask.state === "prepared" ||
  ask.state === "open" ||
  (ask.state === "settled" && ask.worker !== null && ask.answer === null);

async function askAll(
  oracle: Oracle,
  options: NodeOptions,
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
export function startOracle(options: NodeOptions): Promise<OracleNode> {
  return openNode(options, "oracle", async ({ connection, account, identity }) => {
    const book = new AskBook(options.statePath, identity, account);
    const oracle = new Oracle(connection, book, account, options);
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
        book.db.close();
        connection.close();
      },
    };
  });
}
