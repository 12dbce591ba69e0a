/** Reward tables by their roots, and what the chain said of epochs at the rolls that ended them. */
import type { DatabaseSync } from "node:sqlite";

import type { Balances, RewardFacts } from "#sdk";

import { decodeFacts, decodeTable, encodeFacts, encodeTable } from "./rewardWire.ts";

export const REWARD_SCHEMA = `
  CREATE TABLE IF NOT EXISTS reward_tables (root TEXT PRIMARY KEY, epoch INTEGER NOT NULL, body TEXT NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS reward_facts (epoch INTEGER PRIMARY KEY, body TEXT NOT NULL) STRICT;
`;

export class RewardStore {
  readonly #db: DatabaseSync;

  constructor(db: DatabaseSync) {
    this.#db = db;
  }

  /** Keeps the table behind a root that this keeper has signed or checked, whether the chain accepts it or not. */
  saveTable(root: string, epoch: number, balances: Balances): void {
    this.#db
      .prepare("INSERT INTO reward_tables VALUES (?, ?, ?) ON CONFLICT DO NOTHING")
      .run(root, epoch, encodeTable(root, balances));
  }

  /** As it is served; null for a root that is not known. */
  tableText(root: string): string | null {
    const row = this.#db.prepare("SELECT body FROM reward_tables WHERE root = ?").get(root);
    return (row?.["body"] as string | undefined) ?? null;
  }

  hasTable(root: string): boolean {
    return this.#db.prepare("SELECT 1 FROM reward_tables WHERE root = ?").get(root) !== undefined;
  }

  table(root: string): Balances | null {
    const text = this.tableText(root);
    return text === null ? null : decodeTable(text).balances;
  }

  /** Keeps the latest reading: an earlier one may be of a block that the chain has dropped. */
  saveFacts(facts: RewardFacts): void {
    this.#db
      .prepare(
        "INSERT INTO reward_facts VALUES (?, ?) ON CONFLICT (epoch) DO UPDATE SET body = excluded.body",
      )
      .run(facts.epoch, encodeFacts(facts));
  }

  hasFacts(epoch: number): boolean {
    return this.#db.prepare("SELECT 1 FROM reward_facts WHERE epoch = ?").get(epoch) !== undefined;
  }

  facts(epoch: number): RewardFacts | null {
    const row = this.#db.prepare("SELECT body FROM reward_facts WHERE epoch = ?").get(epoch);
    return row === undefined ? null : decodeFacts(row["body"] as string);
  }
}
