/** An oracle node's book: its questions, what became of them, and the evidence it publishes, in one SQLite file. */
import type { DatabaseSync } from "node:sqlite";

import { hexlify, randomBytes } from "ethers";

import { MasaError, MAX_PAYLOAD_BYTES, parseResponsePayload, payloadHash } from "#sdk";
import type { MasaEvent, RequestKind, RequestPayload, ResponsePayload } from "#sdk";

import { openState } from "./store.ts";

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS evidence (hash TEXT PRIMARY KEY, body TEXT NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS asks (
    key TEXT PRIMARY KEY, prompt TEXT NOT NULL, payload_hash TEXT NOT NULL UNIQUE, payload TEXT NOT NULL,
    request_id TEXT UNIQUE, state TEXT NOT NULL, deadline INTEGER, scoring_deadline INTEGER, winner TEXT,
    quality TEXT, reward TEXT, paid TEXT, refunded TEXT, answer TEXT
  ) STRICT;
  CREATE TABLE IF NOT EXISTS commitments (
    request_id TEXT NOT NULL, worker TEXT NOT NULL, nonce TEXT NOT NULL, hash TEXT NOT NULL,
    PRIMARY KEY (request_id, worker)
  ) STRICT;
`;

/** A question as the caller gives it; `key` is the caller's own name for it. */
export interface Question {
  readonly key: string;
  readonly prompt: string;
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

/** A request whose accepted answer has still to be fetched. */
export interface Won {
  readonly requestId: string;
  readonly worker: string;
  readonly nonce: bigint;
  readonly commitment: string;
}

export class AskBook {
  readonly db: DatabaseSync;
  readonly #account: string;

  /** Opens or creates the file. Throws MASA-108. */
  constructor(path: string, identity: string, account: string) {
    this.db = openState(path, SCHEMA, identity);
    this.#account = account;
  }

  publish(hash: string, text: string): void {
    this.db.prepare("INSERT INTO evidence VALUES (?, ?) ON CONFLICT DO NOTHING").run(hash, text);
  }

  evidence(hash: string): string | null {
    return (
      (this.db.prepare("SELECT body FROM evidence WHERE hash = ?").get(hash)?.["body"] as
        string | undefined) ?? null
    );
  }

  payload(hash: string): string | null {
    const row = this.db.prepare("SELECT payload FROM asks WHERE payload_hash = ?").get(hash);
    return (row?.["payload"] as string | undefined) ?? null;
  }

  /** Writes a question down with its payload; an earlier one of the same key stays as it is. */
  prepare(question: Question, kind: RequestKind, evidence: RequestPayload["evidence"]): void {
    const payload: RequestPayload = {
      schema: "masa.request/1",
      nonce: hexlify(randomBytes(32)),
      kind,
      prompt: question.prompt,
      evidence,
    };
    const text = JSON.stringify(payload);
    if (Buffer.byteLength(text) > MAX_PAYLOAD_BYTES) {
      throw new MasaError("MASA-103", `question ${question.key} is larger than ${MAX_PAYLOAD_BYTES} bytes`);
    }
    this.db
      .prepare(
        `INSERT INTO asks (key, prompt, payload_hash, payload, state) VALUES (?, ?, ?, ?, 'prepared')
         ON CONFLICT (key) DO NOTHING`,
      )
      .run(question.key, question.prompt, payloadHash(text), text);
  }

  /** The oldest question that was written down but not seen on chain. */
  nextPrepared(): { key: string; payloadHash: string } | null {
    const row = this.db.prepare("SELECT * FROM asks WHERE state = 'prepared' ORDER BY rowid LIMIT 1").get();
    return row === undefined
      ? null
      : { key: row["key"] as string, payloadHash: row["payload_hash"] as string };
  }

  /** Requests that nobody answered or scored in time. */
  overdue(now: number): bigint[] {
    const rows = this.db
      .prepare(
        `SELECT request_id FROM asks WHERE state = 'open' AND (scoring_deadline < ? OR (deadline < ? AND NOT EXISTS
           (SELECT 1 FROM commitments WHERE commitments.request_id = asks.request_id)))`,
      )
      .all(now, now);
    return rows.map((row) => BigInt(row["request_id"] as string));
  }

  won(): Won[] {
    const rows = this.db
      .prepare(
        `SELECT asks.request_id AS id, winner, nonce, hash FROM asks JOIN commitments
           ON commitments.request_id = asks.request_id AND worker = winner
         WHERE state = 'settled' AND answer IS NULL`,
      )
      .all();
    return rows.map((row) => ({
      requestId: row["id"] as string,
      worker: row["winner"] as string,
      nonce: BigInt(row["nonce"] as string),
      commitment: row["hash"] as string,
    }));
  }

  saveAnswer(requestId: string, payload: string): void {
    this.db.prepare("UPDATE asks SET answer = ? WHERE request_id = ?").run(payload, requestId);
  }

  /** Takes in an event; taking it again changes nothing. */
  take(event: MasaEvent): void {
    const { db } = this;
    switch (event.type) {
      case "submitted":
        if (event.asker !== this.#account) return;
        db.prepare(
          `UPDATE asks SET request_id = ?, deadline = ?, scoring_deadline = ?, reward = ?, state = 'open'
             WHERE payload_hash = ? AND state = 'prepared'`,
        ).run(
          String(event.requestId),
          event.responseDeadline,
          event.scoringDeadline,
          String(event.baseRewardWei),
          event.payloadHash,
        );
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
        this.#settle(String(event.requestId), event.paidWei);
        return;
      case "closed":
        db.prepare("UPDATE asks SET state = ? WHERE request_id = ?").run(
          event.state,
          String(event.requestId),
        );
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

  /** What is not paid of R_base comes back; the fee does not. */
  #settle(requestId: string, paidWei: bigint): void {
    const row = this.db.prepare("SELECT reward FROM asks WHERE request_id = ?").get(requestId);
    if (row === undefined) return;
    const refundedWei = BigInt((row["reward"] as string | null) ?? "0") - paidWei;
    this.db
      .prepare("UPDATE asks SET state = 'settled', paid = ?, refunded = ? WHERE request_id = ?")
      .run(String(paidWei), String(refundedWei), requestId);
  }

  asks(keys: readonly string[]): Ask[] {
    return keys.map((key) => {
      const row = this.db.prepare("SELECT * FROM asks WHERE key = ?").get(key);
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
