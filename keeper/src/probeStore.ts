/** A keeper's probes of workers: how many each answered in an epoch, and which of the epoch's probes are done. */
import type { DatabaseSync } from "node:sqlite";

import type { AvailabilityEntry } from "#sdk";

export const PROBE_SCHEMA = `
  CREATE TABLE IF NOT EXISTS probes (
    epoch INTEGER NOT NULL, worker TEXT NOT NULL, answered INTEGER NOT NULL, tried INTEGER NOT NULL,
    PRIMARY KEY (epoch, worker)
  ) STRICT;
  CREATE TABLE IF NOT EXISTS probes_done (epoch INTEGER PRIMARY KEY, done INTEGER NOT NULL) STRICT;
`;

export class ProbeStore {
  readonly #db: DatabaseSync;

  constructor(db: DatabaseSync) {
    this.#db = db;
  }

  /** Probes of the epoch that were begun. */
  done(epoch: number): number {
    const row = this.#db.prepare("SELECT done FROM probes_done WHERE epoch = ?").get(epoch);
    return (row?.["done"] as number | undefined) ?? 0;
  }

  /** Remembers that probes were begun, so that a crash makes none of them twice. */
  begin(epoch: number, done: number): void {
    this.#db
      .prepare(
        "INSERT INTO probes_done VALUES (?, ?) ON CONFLICT (epoch) DO UPDATE SET done = max(done, excluded.done)",
      )
      .run(epoch, done);
  }

  /** Counts one probe of each worker. */
  count(epoch: number, answers: ReadonlyMap<string, boolean>): void {
    this.#db.exec("BEGIN IMMEDIATE");
    try {
      for (const [worker, answered] of answers) {
        this.#db
          .prepare(
            `INSERT INTO probes VALUES (?, ?, ?, 1) ON CONFLICT (epoch, worker)
               DO UPDATE SET answered = answered + excluded.answered, tried = tried + 1`,
          )
          .run(epoch, worker, answered ? 1 : 0);
      }
      this.#db.exec("COMMIT");
    } catch (error) {
      this.#db.exec("ROLLBACK");
      throw error;
    }
  }

  /** Everybody probed in the epoch, ascending by address. */
  entries(epoch: number): AvailabilityEntry[] {
    return this.#db
      .prepare("SELECT * FROM probes WHERE epoch = ? ORDER BY lower(worker)")
      .all(epoch)
      .map((row) => ({
        worker: row["worker"] as string,
        answered: row["answered"] as number,
        tried: row["tried"] as number,
      }));
  }
}
