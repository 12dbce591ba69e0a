/** Child processes of the tests: the project's own hardhat, answered where it asks, and local nodes on free ports. */
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import hre from "hardhat";

/** What Hardhat sets for its own tests, or takes as a sign to leave the keystore alone. */
const NOT_INHERITED =
  /^(HH_|HARDHAT_|NODE_ENV$|NODE_OPTIONS$|CI$|GITHUB_ACTIONS$|BUILD_NUMBER$|RUN_ID$|NOW$|MASA_)/;
const NOT_INHERITED_EITHER = new Set(["CONTINUOUS_INTEGRATION", "CODEBUILD_BUILD_NUMBER", "DEPLOYMENT_ID"]);

/** A process that asks what nobody answers would wait for ever. */
const PATIENCE_MS = 120_000;

export interface Outcome {
  readonly code: number | null;
  readonly output: string;
}

export interface HardhatCall {
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Prompts in the order in which they come, with what to answer. */
  readonly answers?: readonly (readonly [prompt: RegExp, answer: string])[];
  /** SIGKILL when the output shows this. */
  readonly killAt?: RegExp;
}

function cleanEnvironment(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(process.env).flatMap(([name, value]) =>
      value === undefined || NOT_INHERITED.test(name) || NOT_INHERITED_EITHER.has(name)
        ? []
        : [[name, value]],
    ),
  );
}

/** Runs `hardhat` as a user would, in a process of its own. */
export async function hardhat({ args, env = {}, answers = [], killAt }: HardhatCall): Promise<Outcome> {
  const { root } = hre.config.paths;
  const child = spawn(process.execPath, [join(root, "node_modules/hardhat/dist/src/cli.js"), ...args], {
    cwd: root,
    env: { ...cleanEnvironment(), NO_COLOR: "1", ...env },
  });
  let output = "";
  let unanswered = "";
  const left = [...answers];
  const hear = (chunk: Buffer): void => {
    output += chunk.toString();
    unanswered += chunk.toString();
    const next = left[0];
    if (next?.[0].test(unanswered) === true) {
      left.shift();
      unanswered = "";
      child.stdin.write(`${next[1]}\n`);
      // A process does not end while a pipe it has read from stays open.
      if (left.length === 0) child.stdin.end();
    }
    if (killAt?.test(output) === true) child.kill("SIGKILL");
  };
  child.stdout.on("data", hear);
  child.stderr.on("data", hear);
  const timer = setTimeout(() => {
    output += `\n(killed after ${PATIENCE_MS / 1_000} s)`;
    child.kill("SIGKILL");
  }, PATIENCE_MS);
  const [code] = (await once(child, "close")) as [number | null];
  clearTimeout(timer);
  return { code, output };
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

export async function rpc(url: string, method: string, params: readonly unknown[] = []): Promise<unknown> {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
  });
  const { result, error } = (await response.json()) as { result?: unknown; error?: { message: string } };
  if (error !== undefined) throw new Error(error.message);
  return result;
}

/** Starts an anvil and waits until it answers. `anySize`: take contracts that coverage has blown up. */
export async function startAnvil(
  binary: string,
  chainId: number,
  anySize: boolean,
): Promise<{ url: string; child: ChildProcess }> {
  const port = await freePort();
  const args = ["--chain-id", `${chainId}`, "--port", `${port}`, "--silent"];
  const child = spawn(binary, anySize ? [...args, "--disable-code-size-limit"] : args, { stdio: "ignore" });
  const url = `http://127.0.0.1:${port}`;
  for (let attempt = 0; attempt < 100; attempt++) {
    if (child.exitCode !== null) throw new Error(`anvil ended with ${child.exitCode}`);
    try {
      await rpc(url, "eth_chainId");
      return { url, child };
    } catch {
      await sleep(100);
    }
  }
  child.kill();
  throw new Error("anvil did not answer within 10 s");
}

export async function stop(child: ChildProcess | undefined): Promise<void> {
  if (child === undefined || child.exitCode !== null) return;
  const closed = once(child, "close");
  child.kill();
  await closed;
}
