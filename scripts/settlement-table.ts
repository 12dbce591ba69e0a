/**
 * Writes the truth table of settlements, for people and for test/unit/SettlementTable.t.sol:
 * `node scripts/settlement-table.ts`. Does nothing when it is only imported.
 */
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

import { encodeRows, renderTable, settlementRows } from "../test/reference/settlement.ts";

/** What belongs into which file. */
export function settlementFiles(): Map<string, string> {
  const rows = settlementRows();
  return new Map([
    [fileURLToPath(new URL("../docs/settlement-table.md", import.meta.url)), renderTable(rows)],
    [fileURLToPath(new URL("../test/reference/settlement.hex", import.meta.url)), encodeRows(rows)],
  ]);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const [file, text] of settlementFiles()) writeFileSync(file, text);
}
