/** Runs the real command line in a process of its own, as a user would, and looks at how it refuses. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { existsSync } from "node:fs";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { stripVTControlCharacters } from "node:util";

import type { Wallet } from "ethers";

import type { MasaErrorCode } from "#sdk";

import type { Network } from "../../nodes/test/support.ts";

export const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const MAIN = fileURLToPath(new URL("../src/main.ts", import.meta.url));

export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The environment without anything that would help a command along. */
function cleanEnvironment(changes: Readonly<Record<string, string>>): Record<string, string> {
  const kept = Object.entries(process.env).filter(
    ([name, value]) =>
      value !== undefined && !/^(MASA_|HARDHAT_|HH_|NODE_OPTIONS$|NODE_TEST_CONTEXT$)/.test(name),
  );
  return { ...(Object.fromEntries(kept) as Record<string, string>), NO_COLOR: "1", ...changes };
}

/** Starts `masa` with these arguments. */
export function spawnMasa(args: readonly string[], env: Readonly<Record<string, string>> = {}): ChildProcess {
  return spawn(process.execPath, ["--disable-warning=ExperimentalWarning", MAIN, ...args], {
    cwd: ROOT,
    env: cleanEnvironment(env),
    stdio: ["ignore", "pipe", "pipe"],
  });
}

/** Runs `masa` to its end; it is killed when it takes longer than a minute. */
export function masa(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Outcome> {
  const child = spawnMasa(args, env);
  let stdout = "";
  let stderr = "";
  child.stdout?.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr?.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
  const timer = setTimeout(() => child.kill("SIGKILL"), 60_000);
  return new Promise((resolve) => {
    child.once("close", (code) => {
      clearTimeout(timer);
      resolve({ code, stdout, stderr });
    });
  });
}

export interface Refusal {
  readonly code: MasaErrorCode;
  readonly args: readonly string[];
  readonly key?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly words?: RegExp;
  /** Must not be in the output; the key never may. */
  readonly secret?: string;
}

/** Runs what must be refused, and looks at everything it says. */
export async function refused({ code, args, key, env = {}, words = /./, secret }: Refusal): Promise<void> {
  const outcome = await masa(args, { ...(key === undefined ? {} : { MASA_KEY: key }), ...env });
  const said = `${outcome.stdout}\n${outcome.stderr}`;
  const shown = `masa ${args.join(" ")}\n${said}`;
  assert.ok(outcome.code === 1 || outcome.code === 2, `exit code ${outcome.code}: ${shown}`);
  const line = outcome.stderr.split("\n").find((text) => text.startsWith("MASA-"));
  assert.ok(line !== undefined, `no numbered error: ${shown}`);
  assert.ok(line.startsWith(code), `not ${code}: ${shown}`);
  assert.match(said, words, shown);
  assert.doesNotMatch(said, /^ {4}at /m, `a stack trace: ${shown}`);
  for (const hidden of [key, secret, ...Object.values(env)]) {
    if (hidden === undefined || hidden.length < 8 || existsSync(hidden)) continue;
    assert.equal(
      said.toLowerCase().includes(hidden.replace(/^0x/, "").toLowerCase()),
      false,
      `a secret: ${shown}`,
    );
  }
  if (outcome.code === 1) assert.match(outcome.stderr, /\n {2}[A-Z].*\.\n/, `no advice: ${shown}`);
}

/** Options that name the network of a test. */
export const networkArgs = ({ url, manifestPath }: Pick<Network, "url" | "manifestPath">): string[] => [
  "--rpc",
  url,
  "--manifest",
  manifestPath,
];

/** Runs what must go well on a network, with an account's key or without one, and gives what it says. */
export async function runOn(network: Network, key: Wallet | null, ...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await masa(
    [...args, ...networkArgs(network)],
    key === null ? {} : { MASA_KEY: key.privateKey },
  );
  assert.equal(code, 0, `masa ${args.join(" ")}\n${stdout}\n${stderr}`);
  return stripVTControlCharacters(stdout);
}

/** What is looked at when the test runs, since the network is up only then. */
export const cases = (title: string, list: readonly [string, () => Refusal][]): void => {
  void describe(title, { concurrency: 2 }, () => {
    for (const [what, make] of list) void it(what, () => refused(make()));
  });
};
