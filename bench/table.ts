/** The bench's rows as one table for people. */
import Table from "cli-table3";

import type { Verdict } from "./rows.ts";

const gas = (value: number | null): string => (value === null ? "–" : value.toLocaleString("en-US"));

const VERDICTS = { true: "met", false: "over", null: "" } as const;

export function renderTable(verdicts: readonly Verdict[]): string {
  const table = new Table({
    head: ["operation (gas)", "cold", "warm", "budget", "", "peer", "cold", "warm"],
    colAligns: ["left", "right", "right", "right", "left", "left", "right", "right"],
    style: { head: [], border: [], compact: true },
  });
  for (const { row, met } of verdicts) {
    table.push([
      row.operation,
      gas(row.cold),
      gas(row.warm),
      gas(row.budget),
      VERDICTS[`${met}`],
      row.peer ?? "",
      row.peer === null ? "" : gas(row.peerCold),
      row.peer === null ? "" : gas(row.peerWarm),
    ]);
  }
  const budgeted = verdicts.filter(({ met }) => met !== null);
  const met = budgeted.filter((verdict) => verdict.met === true).length;
  return `${table.toString()}\nbudgets met: ${met} of ${budgeted.length}`;
}
