/** What is known of somebody who governs, or wants to be delegated to. */
import Table from "cli-table3";

import { CLASS_NAMES } from "#sdk";
import type { Connection } from "#sdk";

import { share } from "../format.ts";

export async function recordLines({ contracts }: Connection, account: string): Promise<string[]> {
  const record = await contracts.reputation.recordOf(account);
  const table = new Table({
    head: ["class", "own votes", "with a reason", "passed", "came out as it voted"],
  });
  for (const [index, line] of record.classes.entries()) {
    table.push([
      CLASS_NAMES[index] ?? String(index),
      ...[line.votes, line.rationales, line.passed, line.won].map(String),
    ]);
  }
  return [
    `reputation ${share(record.reputation)}, activity ${share(record.activity)}`,
    `attended ${record.attended} of ${record.eligible} proposals, ${record.missed} missed in a row; proposed ${record.proposed} that reached their quorum, of which ${record.passed} passed`,
    table.toString(),
  ];
}
