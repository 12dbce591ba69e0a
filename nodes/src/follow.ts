/** Follows the chain's events from where the state left off, and waits between looks. */
import type { DatabaseSync } from "node:sqlite";

import { readEvents, readFrozenSeats } from "#sdk";
import type { Connection, MasaEvent } from "#sdk";

/** Blocks read again at every look, so that events of a short reorganisation are not missed. */
const OVERLAP_BLOCKS = 12;

/**
 * Hands every event since the last look to `take` and then moves the cursor, in one transaction of the state. Events
 * near the cursor are handed on more than once: `take` must not mind.
 */
export async function followEvents(
  connection: Connection,
  db: DatabaseSync,
  take: (event: MasaEvent) => void,
): Promise<void> {
  const { number } = await connection.latest();
  const row = db.prepare("SELECT value FROM meta WHERE key = 'nextBlock'").get();
  const first = connection.manifest.deployedAtBlock;
  const next = row === undefined ? first : Number(row["value"]);
  const from = Math.max(first, Math.min(next, number + 1) - OVERLAP_BLOCKS);
  const events = await readEvents(connection.contracts, from, number);
  db.exec("BEGIN IMMEDIATE");
  try {
    events.forEach(take);
    db.prepare("INSERT OR REPLACE INTO meta VALUES ('nextBlock', ?)").run(String(number + 1));
    db.exec("COMMIT");
  } catch (error) {
    db.exec("ROLLBACK");
    throw error;
  }
}

/** Hot keys that may see payloads: those seated in this epoch or the one before, whose reports may still be open. */
export async function validatorKeys(connection: Connection): Promise<Set<string>> {
  const rolled = Number(await connection.contracts.epochManager.rolledEpoch());
  const sets = await Promise.all(
    [rolled, rolled - 1]
      .filter((epoch) => epoch > 0)
      .map((epoch) => readFrozenSeats(connection.contracts, epoch)),
  );
  return new Set(sets.flatMap((frozen) => frozen?.hotKeys ?? []));
}

/** Resolves after `ms`, or at once when the signal aborts. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, ms);
    function done(): void {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    }
    if (signal.aborted) done();
    else signal.addEventListener("abort", done);
  });
}
