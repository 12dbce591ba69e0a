/** Follows the chain's events from where the state left off, and waits between looks. */
import type { DatabaseSync } from "node:sqlite";

import { actsFor, readEvents, readFrozenSeats, readMask, hasSeat } from "#sdk";
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

/**
 * Hot keys of those seated in this epoch or the one before, whose reports may still be open; without what was revoked
 * since.
 */
export async function validatorKeys({ contracts }: Connection): Promise<Set<string>> {
  const rolled = Number(await contracts.epochManager.rolledEpoch());
  const sets = await Promise.all(
    [rolled, rolled - 1]
      .filter((epoch) => epoch > 0)
      .map(async (epoch) => {
        const [frozen, mask] = await Promise.all([
          readFrozenSeats(contracts, epoch),
          readMask(contracts, epoch),
        ]);
        return frozen?.hotKeys.filter((_, seat) => !hasSeat(mask, seat)) ?? [];
      }),
  );
  return new Set(sets.flat());
}

/** Whether `caller` may see payloads: a validator's hot key, or another key that serves for one. */
export async function isValidator(connection: Connection, caller: string): Promise<boolean> {
  const keys = await validatorKeys(connection);
  if (keys.has(caller)) return true;
  const account = await actsFor(connection.contracts, caller, "serve");
  return account !== null && keys.has(await connection.contracts.registry.signingKeyOf(account));
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
