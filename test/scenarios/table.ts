/** What a scenario prints: one table, so that a reader of the log sees what happened. */
import Table from "cli-table3";

export function printTable(
  title: string,
  head: readonly string[],
  rows: readonly (readonly (string | number)[])[],
): void {
  const table = new Table({
    head: [...head],
    colAligns: head.map(() => "right" as const),
    style: { head: [], border: [], compact: true },
  });
  table.push(...rows.map((row) => [...row]));
  console.log(`\n${title}\n${table.toString()}`);
}
