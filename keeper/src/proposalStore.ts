/** Proposals that a keeper has seen and that wait for what anyone may do once their vote is over. */
import type { DatabaseSync } from "node:sqlite";

import type { MasaEvent } from "#sdk";

export const PROPOSAL_SCHEMA = `
  CREATE TABLE IF NOT EXISTS proposals (
    id TEXT PRIMARY KEY, deadline INTEGER NOT NULL, turnout_open INTEGER NOT NULL, count_open INTEGER NOT NULL
  ) STRICT;
`;

export interface DecidedProposal {
  readonly proposalId: bigint;
  /** Nobody has recorded its turnout. */
  readonly turnoutOpen: boolean;
  /** Nobody has counted it for reputation and rewards. */
  readonly countOpen: boolean;
}

export type ProposalEvent = Extract<
  MasaEvent,
  { type: "proposed" | "extended" | "cancelled" | "turnoutRecorded" | "proposalCounted" }
>;

export class ProposalStore {
  readonly #db: DatabaseSync;

  constructor(db: DatabaseSync) {
    this.#db = db;
  }

  apply(event: ProposalEvent): void {
    const id = String(event.proposalId);
    switch (event.type) {
      case "proposed":
        this.#db
          .prepare("INSERT INTO proposals VALUES (?, ?, 1, 1) ON CONFLICT DO NOTHING")
          .run(id, event.deadline);
        return;
      case "extended":
        this.#db.prepare("UPDATE proposals SET deadline = ? WHERE id = ?").run(event.deadline, id);
        return;
      case "cancelled":
        this.#db.prepare("UPDATE proposals SET turnout_open = 0, count_open = 0 WHERE id = ?").run(id);
        return;
      case "turnoutRecorded":
        this.#db.prepare("UPDATE proposals SET turnout_open = 0 WHERE id = ?").run(id);
        return;
      case "proposalCounted":
        this.#db.prepare("UPDATE proposals SET count_open = 0 WHERE id = ?").run(id);
        return;
    }
  }

  /** Those whose vote was over before `now`, and that wait for something. */
  decided(now: number): DecidedProposal[] {
    return this.#db
      .prepare(
        `SELECT id, turnout_open, count_open FROM proposals
           WHERE deadline < ? AND turnout_open + count_open > 0 ORDER BY deadline, id`,
      )
      .all(now)
      .map((row) => ({
        proposalId: BigInt(row["id"] as string),
        turnoutOpen: row["turnout_open"] === 1,
        countOpen: row["count_open"] === 1,
      }));
  }

  /** It did not reach its quorum, so that it is never counted. */
  passOver(proposalId: bigint): void {
    this.#db.prepare("UPDATE proposals SET count_open = 0 WHERE id = ?").run(String(proposalId));
  }
}
