/** SQLite for nodes: opened the same way everywhere, so that a process killed at any point goes on where it stopped. */
import { DatabaseSync } from "node:sqlite";

import { MasaError } from "#sdk";

/** Opens or creates a state file with `schema`. Throws MASA-108, also where the file belongs to another node. */
export function openState(path: string, schema: string, identity: string): DatabaseSync {
  let db: DatabaseSync;
  let known: string;
  try {
    db = new DatabaseSync(path);
    db.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA busy_timeout = 5000;");
    db.exec("CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;");
    db.exec(schema);
    db.prepare("INSERT INTO meta VALUES ('identity', ?) ON CONFLICT DO NOTHING").run(identity);
    known = db.prepare("SELECT value FROM meta WHERE key = 'identity'").get()?.["value"] as string;
  } catch (cause) {
    throw new MasaError("MASA-108", `${path}: ${(cause as Error).message}`, { cause });
  }
  if (known !== identity) {
    db.close();
    throw new MasaError("MASA-108", `${path} belongs to ${known}, not to ${identity}`);
  }
  return db;
}
