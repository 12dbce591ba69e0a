/**
 * `npm run bench`: gas of the protocol's operations beside budgets and peers, measured on a chain in this process with
 * the production compiler settings. Exit code 1 if a demanded budget is missed or a measurement fails, 2 for wrong usage.
 */
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";

import { Command, CommanderError } from "commander";
import hre from "hardhat";

import { MasaError } from "#sdk";

import { assembleRows, failures } from "./rows.ts";
import { runBench } from "./run.ts";
import { renderTable } from "./table.ts";

const PEERS = ["@openzeppelin/contracts", "@prb/math", "solady", "hardhat"] as const;

function readOptions(): { json?: string } {
  const command = new Command("npm run bench --")
    .description("Measures gas of the protocol's operations beside budgets and peers")
    .option("--json <file>", "write rows and settings to a file")
    .allowExcessArguments(false)
    .exitOverride()
    .configureOutput({ outputError: () => undefined });
  command.parse();
  return command.opts<{ json?: string }>();
}

/** Finds out before the run whether its result can be kept. Throws MASA-101. */
function requireWritable(file: string): void {
  const folder = statSync(dirname(resolve(file)), { throwIfNoEntry: false });
  if (folder?.isDirectory() !== true) {
    throw new MasaError("MASA-101", `cannot write ${file}: its folder does not exist`);
  }
  if (statSync(file, { throwIfNoEntry: false })?.isDirectory() === true) {
    throw new MasaError("MASA-101", `cannot write ${file}: it is a folder`);
  }
}

function writeResult(file: string, result: unknown): void {
  try {
    writeFileSync(file, `${JSON.stringify(result, null, 2)}\n`);
  } catch (cause) {
    throw new MasaError("MASA-101", `cannot write ${file}: ${(cause as Error).message}`, { cause });
  }
}

function settings(hardfork: string): Record<string, unknown> {
  const compiler = hre.config.solidity.profiles["default"]?.compilers[0];
  if (compiler === undefined) throw new MasaError("MASA-102", "hardhat.config.ts has no default profile");
  const { optimizer, evmVersion } = compiler.settings as {
    optimizer: { enabled: boolean; runs: number };
    evmVersion: string;
  };
  // Every version is pinned there.
  const { devDependencies } = JSON.parse(
    readFileSync(new URL("../package.json", import.meta.url), "utf8"),
  ) as { devDependencies: Record<string, string> };
  return {
    date: new Date().toISOString(),
    solc: compiler.version,
    optimizerRuns: optimizer.enabled ? optimizer.runs : null,
    evmVersion,
    hardfork,
    peers: Object.fromEntries(PEERS.map((name) => [name, devDependencies[name]])),
    node: process.version,
  };
}

async function main(): Promise<void> {
  const { json } = readOptions();
  if (json !== undefined) requireWritable(json);
  // The table alone goes to standard output.
  const progress = (line: string): void => {
    process.stderr.write(`measuring ${line}\n`);
  };
  await hre.tasks.getTask("build").run({ quiet: true, noTests: true });
  const { figures, hardfork } = await runBench(progress);
  const verdicts = assembleRows(figures);
  process.stdout.write(`${renderTable(verdicts)}\n`);
  if (json !== undefined)
    writeResult(json, { settings: settings(hardfork), rows: verdicts.map(({ row }) => row) });
  const missed = failures(verdicts);
  if (missed.length > 0) {
    process.stderr.write(`missed: ${missed.map(({ row }) => row.operation).join("; ")}\n`);
    process.exitCode = 1;
  }
}

try {
  await main();
} catch (error) {
  if (error instanceof CommanderError) {
    if (error.exitCode !== 0) {
      const message = error.message.replace(/^error: /, "");
      process.stderr.write(`${new MasaError("MASA-103", message).toString()}\n`);
      process.exitCode = 2;
    }
  } else {
    process.stderr.write(
      `${error instanceof MasaError ? error.toString() : String((error as Error).stack)}\n`,
    );
    process.exitCode = 1;
  }
}
