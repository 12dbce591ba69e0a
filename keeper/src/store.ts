/**
 * What a keeper must not forget, in one SQLite file: the requests and slashes it has read from the chain, the payloads and
 * scores of its own work, the vectors behind final rounds, and above all what it has signed. Every write is committed
 * before the keeper acts on it, so a process killed at any point goes on where it stopped.
 */
import { DatabaseSync } from "node:sqlite";

import { hexlify, randomBytes } from "ethers";

import { decodeResults, encodeResults, MasaError } from "#sdk";
import type { MasaEvent, RequestResult } from "#sdk";

import { PROBE_SCHEMA, ProbeStore } from "./probeStore.ts";
import { PROPOSAL_SCHEMA, ProposalStore } from "./proposalStore.ts";
import { REWARD_SCHEMA, RewardStore } from "./rewardStore.ts";
import { TURN_SCHEMA, TurnStore } from "./turnStore.ts";

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS pending_slashes (account TEXT PRIMARY KEY) STRICT;
  CREATE TABLE IF NOT EXISTS seats_left (account TEXT PRIMARY KEY) STRICT;
  CREATE TABLE IF NOT EXISTS requests (
    id TEXT PRIMARY KEY, asker TEXT NOT NULL, payload_hash TEXT NOT NULL, kind TEXT NOT NULL,
    has_evidence INTEGER NOT NULL, max_responses INTEGER NOT NULL, submitted_at INTEGER NOT NULL,
    response_deadline INTEGER NOT NULL, scoring_deadline INTEGER NOT NULL, is_open INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE IF NOT EXISTS commitments (
    request_id TEXT NOT NULL, idx INTEGER NOT NULL, worker TEXT NOT NULL, nonce TEXT NOT NULL, hash TEXT NOT NULL,
    committed_at INTEGER NOT NULL, salt TEXT, payload TEXT, PRIMARY KEY (request_id, idx)
  ) STRICT;
  CREATE TABLE IF NOT EXISTS own_scores (request_id TEXT PRIMARY KEY, result TEXT NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS signed (
    what TEXT NOT NULL, epoch INTEGER NOT NULL, round INTEGER NOT NULL, attempt INTEGER NOT NULL,
    digest TEXT NOT NULL, PRIMARY KEY (what, epoch, round, attempt)
  ) STRICT;
  CREATE TABLE IF NOT EXISTS archives (digest TEXT PRIMARY KEY, epoch INTEGER NOT NULL, body TEXT NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS report_signatures (digest TEXT PRIMARY KEY, body TEXT NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS final_rounds (
    epoch INTEGER NOT NULL, round INTEGER NOT NULL, digest TEXT NOT NULL, signers TEXT NOT NULL,
    PRIMARY KEY (epoch, round)
  ) STRICT;
  CREATE TABLE IF NOT EXISTS final_epochs (epoch INTEGER PRIMARY KEY, digest TEXT NOT NULL) STRICT;
`;

export interface StoredRequest {
  readonly requestId: bigint;
  readonly asker: string;
  readonly payloadHash: string;
  readonly isLlm: boolean;
  readonly hasEvidence: boolean;
  readonly maxResponses: number;
  readonly submittedAt: number;
  readonly responseDeadline: number;
  readonly scoringDeadline: number;
}

export interface StoredCommitment {
  readonly index: number;
  readonly worker: string;
  readonly nonce: bigint;
  readonly hash: string;
  /** Unix second. */
  readonly committedAt: number;
  readonly salt: string | null;
  readonly payload: string | null;
}

/** What may be signed once for each (epoch, round, attempt). */
export type Signable =
  "vector" | "commitment" | "commitmentSet" | "scoreReport" | "epochReport" | "availability";

type Row = Record<string, unknown>;

const toRequest = (row: Row): StoredRequest => ({
  requestId: BigInt(row["id"] as string),
  asker: row["asker"] as string,
  payloadHash: row["payload_hash"] as string,
  isLlm: row["kind"] === "llm-completion",
  hasEvidence: row["has_evidence"] === 1,
  maxResponses: row["max_responses"] as number,
  submittedAt: row["submitted_at"] as number,
  responseDeadline: row["response_deadline"] as number,
  scoringDeadline: row["scoring_deadline"] as number,
});

export class KeeperStore {
  readonly #db: DatabaseSync;
  readonly turns: TurnStore;
  readonly probes: ProbeStore;
  readonly rewards: RewardStore;
  readonly proposals: ProposalStore;

  /** Opens or creates the file. Throws MASA-108. */
  constructor(path: string) {
    try {
      this.#db = new DatabaseSync(path);
      this.#db.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA busy_timeout = 5000;");
      for (const schema of [SCHEMA, TURN_SCHEMA, PROBE_SCHEMA, REWARD_SCHEMA, PROPOSAL_SCHEMA]) {
        this.#db.exec(schema);
      }
      this.turns = new TurnStore(this.#db);
      this.probes = new ProbeStore(this.#db);
      this.rewards = new RewardStore(this.#db);
      this.proposals = new ProposalStore(this.#db);
    } catch (cause) {
      throw new MasaError("MASA-108", `${path}: ${(cause as Error).message}`, { cause });
    }
  }

  close(): void {
    this.#db.close();
  }

  /** Binds the file to one deployment and seat key, so that a mix-up of files cannot lose signing history. */
  bind(identity: string): void {
    const known = this.#meta("identity");
    if (known === null) this.#setMeta("identity", identity);
    else if (known !== identity) {
      throw new MasaError("MASA-108", `the file belongs to ${known}, not to ${identity}`);
    }
  }

  /** First block not read yet; null before the first read. */
  nextBlock(): number | null {
    const value = this.#meta("nextBlock");
    return value === null ? null : Number(value);
  }

  /** Takes in events and moves the cursor, both or neither. Taking the same events again changes nothing. */
  apply(events: readonly MasaEvent[], nextBlock: number): void {
    this.#db.exec("BEGIN IMMEDIATE");
    try {
      for (const event of events) this.#applyEvent(event);
      this.#setMeta("nextBlock", String(nextBlock));
      this.#db.exec("COMMIT");
    } catch (error) {
      this.#db.exec("ROLLBACK");
      throw error;
    }
  }

  /** Accounts against which a slash is booked that nobody has applied yet. */
  pendingSlashes(): string[] {
    const rows = this.#db.prepare("SELECT account FROM pending_slashes ORDER BY account").all();
    return rows.map((row) => row["account"] as string);
  }

  /** Whether the account gave up its seat by its own will, and has not asked for another since. */
  hasLeft(account: string): boolean {
    return this.#db.prepare("SELECT 1 FROM seats_left WHERE account = ?").get(account) !== undefined;
  }

  openRequests(): StoredRequest[] {
    const rows = this.#db.prepare("SELECT * FROM requests WHERE is_open = 1 ORDER BY length(id), id").all();
    return rows.map((row) => toRequest(row));
  }

  request(requestId: bigint): StoredRequest | null {
    const row = this.#db.prepare("SELECT * FROM requests WHERE id = ?").get(String(requestId));
    return row === undefined ? null : toRequest(row);
  }

  commitments(requestId: bigint): StoredCommitment[] {
    const rows = this.#db
      .prepare("SELECT * FROM commitments WHERE request_id = ? ORDER BY idx")
      .all(String(requestId));
    return rows.map((row) => ({
      index: row["idx"] as number,
      worker: row["worker"] as string,
      nonce: BigInt(row["nonce"] as string),
      hash: row["hash"] as string,
      committedAt: row["committed_at"] as number,
      salt: row["salt"] as string | null,
      payload: row["payload"] as string | null,
    }));
  }

  savePayload(requestId: bigint, index: number, salt: string, payload: string): void {
    this.#db
      .prepare("UPDATE commitments SET salt = ?, payload = ? WHERE request_id = ? AND idx = ?")
      .run(salt, payload, String(requestId), index);
  }

  ownResult(requestId: bigint): RequestResult | null {
    const row = this.#db.prepare("SELECT result FROM own_scores WHERE request_id = ?").get(String(requestId));
    return row === undefined ? null : (decodeResults(row["result"] as string)[0] ?? null);
  }

  /** Keeps the first result of a request: a validator does not change its mind about what it may have signed. */
  saveOwnResult(result: RequestResult): void {
    this.#db
      .prepare("INSERT INTO own_scores (request_id, result) VALUES (?, ?) ON CONFLICT DO NOTHING")
      .run(String(result.requestId), encodeResults([result]));
  }

  /**
   * Records the intention to sign before the signature leaves the process. False if something else was signed for the
   * same (epoch, round, attempt): signing both would cost the stake (decision D8).
   */
  claimSignature(what: Signable, epoch: number, round: number, attempt: number, digest: string): boolean {
    this.#db
      .prepare(
        "INSERT INTO signed (what, epoch, round, attempt, digest) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
      )
      .run(what, epoch, round, attempt, digest);
    const row = this.#db
      .prepare("SELECT digest FROM signed WHERE what = ? AND epoch = ? AND round = ? AND attempt = ?")
      .get(what, epoch, round, attempt);
    return row?.["digest"] === digest;
  }

  /** What was signed for the turn; null: nothing. */
  signedDigest(
    what: Signable,
    { epoch, round, attempt }: { epoch: number; round: number; attempt: number },
  ): string | null {
    const row = this.#db
      .prepare("SELECT digest FROM signed WHERE what = ? AND epoch = ? AND round = ? AND attempt = ?")
      .get(what, epoch, round, attempt);
    return (row?.["digest"] as string | undefined) ?? null;
  }

  hasSigned(what: Signable, turn: { epoch: number; round: number; attempt: number }): boolean {
    return this.signedDigest(what, turn) !== null;
  }

  /** A number that only this keeper knows, made once: when it probes workers follows from it. */
  secret(): string {
    const known = this.#meta("secret");
    if (known !== null) return known;
    const made = hexlify(randomBytes(32));
    this.#setMeta("secret", made);
    return made;
  }

  /** What is behind a report, kept by its digest: auditors recompute the report from it. */
  saveArchive(digest: string, epoch: number, body: string): void {
    this.#db
      .prepare("INSERT INTO archives (digest, epoch, body) VALUES (?, ?, ?) ON CONFLICT DO NOTHING")
      .run(digest, epoch, body);
  }

  archive(digest: string): string | null {
    const row = this.#db.prepare("SELECT body FROM archives WHERE digest = ?").get(digest);
    return (row?.["body"] as string | undefined) ?? null;
  }

  /** The signatures that a report was posted with, where this keeper posted it. */
  saveSignatures(digest: string, body: string): void {
    this.#db.prepare("INSERT INTO report_signatures VALUES (?, ?) ON CONFLICT DO NOTHING").run(digest, body);
  }

  signatures(digest: string): string | null {
    const row = this.#db.prepare("SELECT body FROM report_signatures WHERE digest = ?").get(digest);
    return (row?.["body"] as string | undefined) ?? null;
  }

  archiveEpoch(digest: string): number | null {
    const row = this.#db.prepare("SELECT epoch FROM archives WHERE digest = ?").get(digest);
    return (row?.["epoch"] as number | undefined) ?? null;
  }

  finalRounds(epoch: number): { round: number; digest: string; signers: bigint }[] {
    const rows = this.#db.prepare("SELECT * FROM final_rounds WHERE epoch = ? ORDER BY round").all(epoch);
    return rows.map((row) => ({
      round: row["round"] as number,
      digest: row["digest"] as string,
      signers: BigInt(row["signers"] as string),
    }));
  }

  isEpochFinal(epoch: number): boolean {
    return this.#db.prepare("SELECT 1 FROM final_epochs WHERE epoch = ?").get(epoch) !== undefined;
  }

  /** Whether the report of this digest is final. */
  isFinal(digest: string): boolean {
    const row = this.#db
      .prepare(
        "SELECT 1 FROM final_rounds WHERE digest = ? UNION SELECT 1 FROM final_epochs WHERE digest = ?",
      )
      .get(digest, digest);
    return row !== undefined;
  }

  #applyEvent(event: MasaEvent): void {
    switch (event.type) {
      case "submitted":
        this.#db
          .prepare("INSERT INTO requests VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 1) ON CONFLICT DO NOTHING")
          .run(
            String(event.requestId),
            event.asker,
            event.payloadHash,
            event.kind,
            event.hasEvidence ? 1 : 0,
            event.maxResponses,
            event.submittedAt,
            event.responseDeadline,
            event.scoringDeadline,
          );
        return;
      case "committed":
        this.#db
          .prepare("INSERT INTO commitments VALUES (?, ?, ?, ?, ?, ?, NULL, NULL) ON CONFLICT DO NOTHING")
          .run(
            String(event.requestId),
            event.index,
            event.worker,
            String(event.nonce),
            event.commitment,
            event.committedAt,
          );
        return;
      case "settled":
      case "closed":
        this.#db.prepare("UPDATE requests SET is_open = 0 WHERE id = ?").run(String(event.requestId));
        return;
      case "slashBooked":
        if (event.bookedUnits === 0n) return;
        this.#db.prepare("INSERT INTO pending_slashes VALUES (?) ON CONFLICT DO NOTHING").run(event.account);
        return;
      case "slashApplied":
        this.#db.prepare("DELETE FROM pending_slashes WHERE account = ?").run(event.account);
        return;
      case "seatLeft":
        this.#db.prepare("INSERT INTO seats_left VALUES (?) ON CONFLICT DO NOTHING").run(event.account);
        return;
      case "waitlistJoined":
        this.#db.prepare("DELETE FROM seats_left WHERE account = ?").run(event.account);
        return;
      case "roundFinal":
        this.#db
          .prepare("INSERT OR REPLACE INTO final_rounds VALUES (?, ?, ?, ?)")
          .run(event.epoch, event.round, event.digest, String(event.signers));
        return;
      case "epochFinal":
        this.#db
          .prepare("INSERT INTO final_epochs VALUES (?, ?) ON CONFLICT DO NOTHING")
          .run(event.epoch, event.digest);
        return;
      case "proposed":
      case "extended":
      case "cancelled":
      case "turnoutRecorded":
      case "proposalCounted":
        this.proposals.apply(event);
        return;
      case "responseSettled":
        return; // of interest to workers and askers only
    }
  }

  #meta(key: string): string | null {
    const row = this.#db.prepare("SELECT value FROM meta WHERE key = ?").get(key);
    return (row?.["value"] as string | undefined) ?? null;
  }

  #setMeta(key: string, value: string): void {
    this.#db
      .prepare("INSERT INTO meta VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value")
      .run(key, value);
  }
}
