/** What a keeper must not forget of a turn: what it committed to, what others revealed to it, and what of it is over. */
import type { DatabaseSync } from "node:sqlite";

import type { Turn } from "#sdk";

export const TURN_SCHEMA = `
  CREATE TABLE IF NOT EXISTS own_vectors (
    epoch INTEGER NOT NULL, round INTEGER NOT NULL, attempt INTEGER NOT NULL, commitment TEXT NOT NULL,
    reveal TEXT NOT NULL, PRIMARY KEY (epoch, round, attempt)
  ) STRICT;
  CREATE TABLE IF NOT EXISTS reveals (
    epoch INTEGER NOT NULL, round INTEGER NOT NULL, attempt INTEGER NOT NULL, seat INTEGER NOT NULL,
    body TEXT NOT NULL, PRIMARY KEY (epoch, round, attempt, seat)
  ) STRICT;
  CREATE TABLE IF NOT EXISTS seen_vectors (
    epoch INTEGER NOT NULL, round INTEGER NOT NULL, attempt INTEGER NOT NULL, seat INTEGER NOT NULL,
    digest TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (epoch, round, attempt, seat, digest)
  ) STRICT;
  CREATE TABLE IF NOT EXISTS turn_steps (
    epoch INTEGER NOT NULL, round INTEGER NOT NULL, attempt INTEGER NOT NULL, step TEXT NOT NULL,
    PRIMARY KEY (epoch, round, attempt, step)
  ) STRICT;
`;

/** Opened: the own vector may be shown. Closed: what is revealed from now on came too late. */
export type TurnStep = "opened" | "closed";

export class TurnStore {
  readonly #db: DatabaseSync;

  constructor(db: DatabaseSync) {
    this.#db = db;
  }

  /** Keeps the vector of a turn with its salt before its commitment leaves. The first one stays. */
  saveOwn({ epoch, round, attempt }: Turn, commitment: string, reveal: string): void {
    this.#db
      .prepare("INSERT INTO own_vectors VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING")
      .run(epoch, round, attempt, commitment, reveal);
  }

  own({ epoch, round, attempt }: Turn): { commitment: string; reveal: string } | null {
    const row = this.#db
      .prepare("SELECT * FROM own_vectors WHERE epoch = ? AND round = ? AND attempt = ?")
      .get(epoch, round, attempt);
    if (row === undefined) return null;
    return { commitment: row["commitment"] as string, reveal: row["reveal"] as string };
  }

  /** Takes a step of a turn; false if it was taken before. */
  take(step: TurnStep, { epoch, round, attempt }: Turn): boolean {
    const { changes } = this.#db
      .prepare("INSERT INTO turn_steps VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING")
      .run(epoch, round, attempt, step);
    return changes === 1;
  }

  hasTaken(step: TurnStep, { epoch, round, attempt }: Turn): boolean {
    const row = this.#db
      .prepare("SELECT 1 FROM turn_steps WHERE epoch = ? AND round = ? AND attempt = ? AND step = ?")
      .get(epoch, round, attempt, step);
    return row !== undefined;
  }

  /** Keeps what a seat revealed, the first one, unless the turn is closed. */
  saveReveal(turn: Turn, seat: number, body: string): void {
    if (this.hasTaken("closed", turn)) return;
    this.#db
      .prepare("INSERT INTO reveals VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING")
      .run(turn.epoch, turn.round, turn.attempt, seat, body);
  }

  /**
   * Keeps a vector that a seat signed. Gives the one it had signed before when this is its second one, and null ever after:
   * two are all that a proof takes.
   */
  sawVector({ epoch, round, attempt }: Turn, seat: number, digest: string, body: string): string | null {
    const seen = this.#db
      .prepare(
        "SELECT digest, body FROM seen_vectors WHERE epoch = ? AND round = ? AND attempt = ? AND seat = ?",
      )
      .all(epoch, round, attempt, seat);
    if (seen.length > 1 || seen.some((row) => row["digest"] === digest)) return null;
    this.#db
      .prepare("INSERT INTO seen_vectors VALUES (?, ?, ?, ?, ?, ?)")
      .run(epoch, round, attempt, seat, digest, body);
    return (seen[0]?.["body"] as string | undefined) ?? null;
  }

  /** How many seats revealed in time. */
  revealCount({ epoch, round, attempt }: Turn): number {
    const row = this.#db
      .prepare("SELECT count(*) AS n FROM reveals WHERE epoch = ? AND round = ? AND attempt = ?")
      .get(epoch, round, attempt);
    return row?.["n"] as number;
  }

  /** What was revealed in time, ascending by seat. */
  reveals({ epoch, round, attempt }: Turn): string[] {
    return this.#db
      .prepare("SELECT body FROM reveals WHERE epoch = ? AND round = ? AND attempt = ? ORDER BY seat")
      .all(epoch, round, attempt)
      .map((row) => row["body"] as string);
  }
}
