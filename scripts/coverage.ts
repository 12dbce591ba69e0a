/**
 * `npm run coverage`: lines of every deployed contract that the Solidity tests run. All tests instrumented at once are more
 * than npm's solc can write (docs/adr/0004), so that they run in groups, whose counts are added up. Instrumented code
 * costs more gas than the code it stands for: a test of gas may fail here, and is named. Exit code 1 if a contract has
 * fewer lines covered than LEAST, 2 if a group could not be measured.
 */
import { spawnSync } from "node:child_process";
import { globSync, readFileSync, rmSync } from "node:fs";

import Table from "cli-table3";

/** Test files that are instrumented and run at once. */
const GROUP = 6;
/** Least share of a file's lines. A short file may miss one: an override that Solidity demands and nothing calls. */
const LEAST = 0.98;
/** Ranges of lines that did not run, named in a row. */
const RANGES = 8;
const LCOV = "coverage/lcov.info";

type Lines = Map<number, number>;

/** Adds the counts of a report to those of the groups before it. */
function addReport(report: string, all: Map<string, Lines>): void {
  let lines: Lines = new Map();
  for (const row of report.split("\n")) {
    if (row.startsWith("SF:")) {
      const file = row.slice(3);
      lines = all.get(file) ?? new Map<number, number>();
      all.set(file, lines);
    } else if (row.startsWith("DA:")) {
      const [line, count] = row.slice(3).split(",").map(Number);
      if (line === undefined || count === undefined) throw new Error(`unreadable line of ${LCOV}: ${row}`);
      lines.set(line, (lines.get(line) ?? 0) + count);
    }
  }
}

/** Runs a group; the names of the tests that failed. Throws if there is no report afterwards. */
function measure(files: readonly string[], all: Map<string, Lines>): string[] {
  rmSync(LCOV, { force: true });
  const { stdout, stderr } = spawnSync(
    process.execPath,
    ["node_modules/hardhat/dist/src/cli.js", "test", "solidity", ...files, "--coverage"],
    { encoding: "utf8", env: { INVARIANT_RUNS: "2", ...process.env }, maxBuffer: 2 ** 28 },
  );
  let report: string;
  try {
    report = readFileSync(LCOV, "utf8");
  } catch (cause) {
    throw new Error(`no report of ${files.join(", ")}:\n${(stdout + stderr).slice(-4_000)}`, { cause });
  }
  addReport(report, all);
  return [...stdout.matchAll(/^\s+\d+\) (\w+)/gm)].map(([, name]) => String(name));
}

/** Whether a file holds code that is deployed: no interface, no double of a test, nothing of a bench. */
function isDeployed(file: string): boolean {
  return file.startsWith("contracts/") && !/^contracts\/(mocks|interfaces)\//.test(file);
}

/** Prints a row a contract; whether all of them have enough. */
function print(all: Map<string, Lines>): boolean {
  const table = new Table({
    head: ["contract", "lines", "covered", "share", "lines not run"],
    style: { head: [], border: [] },
  });
  let enough = true;
  const total = { lines: 0, covered: 0 };
  for (const [file, lines] of [...all].filter(([name]) => isDeployed(name)).sort()) {
    const missed = [...lines].filter(([, count]) => count === 0).map(([line]) => line);
    const covered = lines.size - missed.length;
    total.lines += lines.size;
    total.covered += covered;
    enough &&= covered >= Math.min(lines.size * LEAST, lines.size - 1);
    table.push([
      file.slice("contracts/".length),
      lines.size,
      covered,
      share(covered, lines.size),
      ranges(missed),
    ]);
  }
  table.push(["all", total.lines, total.covered, share(total.covered, total.lines), ""]);
  console.log(table.toString());
  return enough;
}

/** Line numbers as ranges, the first of them: `3-5 9`. */
function ranges(lines: readonly number[]): string {
  const found: [number, number][] = [];
  for (const line of lines) {
    const last = found.at(-1);
    if (last?.[1] === line - 1) last[1] = line;
    else found.push([line, line]);
  }
  const shown = found.slice(0, RANGES).map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`));
  return [...shown, ...(found.length > RANGES ? ["…"] : [])].join(" ");
}

function share(part: number, whole: number): string {
  return `${((100 * part) / whole).toFixed(2)} %`;
}

const asked = process.argv.slice(2);
const files = asked.length > 0 ? asked : globSync("test/**/*.t.sol").sort();
const all = new Map<string, Lines>();
const failed: string[] = [];
try {
  for (let start = 0; start < files.length; start += GROUP) {
    const group = files.slice(start, start + GROUP);
    process.stderr.write(`measuring ${start + group.length} of ${files.length} files\n`);
    failed.push(...measure(group, all));
  }
  if (failed.length > 0) console.log(`failed with instrumented code: ${[...new Set(failed)].join(", ")}`);
  if (!print(all)) process.exitCode = 1;
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 2;
}
