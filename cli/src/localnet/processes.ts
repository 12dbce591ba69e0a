/**
 * The local network's processes: each a `masa` command of its own with a log file, started again when it dies, as a
 * service manager would.
 */
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** Milliseconds before a dead process is started again. */
const RESTART_MS = 500;
/** Milliseconds that a process gets to end on its own. */
const STOP_MS = 5_000;
/** Deaths after which a process is given up: something is wrong with it, not with its luck. */
const MAX_RESTARTS = 25;

const MASA = fileURLToPath(new URL("../main.ts", import.meta.url));

export interface ProcessPlan {
  readonly name: string;
  readonly args: readonly string[];
  /** Handed over in MASA_KEY, never on the command line. */
  readonly privateKey: string;
}

/** Free ports of the loopback interface. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer();
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      return server;
    }),
  );
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

export class Supervisor {
  readonly #folder: string;
  readonly #children = new Map<string, ChildProcess>();
  readonly #restarts = new Map<string, number>();
  readonly #exits = new Map<string, Promise<number | null>>();
  readonly #stopping = new AbortController();

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** How often each process had to be started again. */
  get restarts(): ReadonlyMap<string, number> {
    return this.#restarts;
  }

  get pids(): ReadonlyMap<string, number> {
    return new Map(
      [...this.#children].flatMap(([name, child]) => (child.pid === undefined ? [] : [[name, child.pid]])),
    );
  }

  logFile(name: string): string {
    return join(this.#folder, `${name}.log`);
  }

  /** Starts a process and keeps it running; one that ends with code 0 has done its work and is left alone. */
  start(plan: ProcessPlan): void {
    this.#exits.set(plan.name, this.#keepRunning(plan));
  }

  /** Resolves when the process has ended for good, with its exit code. */
  async ended(name: string): Promise<number | null> {
    return (await this.#exits.get(name)) ?? null;
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    for (const child of this.#children.values()) child.kill("SIGTERM");
    const timer = setTimeout(() => {
      for (const child of this.#children.values()) child.kill("SIGKILL");
    }, STOP_MS);
    await Promise.all(this.#exits.values());
    clearTimeout(timer);
  }

  #isStopping(): boolean {
    return this.#stopping.signal.aborted;
  }

  async #keepRunning(plan: ProcessPlan): Promise<number | null> {
    for (;;) {
      const code = await this.#runOnce(plan);
      const restarts = this.#restarts.get(plan.name) ?? 0;
      if (code === 0 || this.#isStopping() || restarts >= MAX_RESTARTS) return code;
      this.#restarts.set(plan.name, restarts + 1);
      await new Promise((resolve) => setTimeout(resolve, RESTART_MS));
      if (this.#isStopping()) return code;
    }
  }

  #runOnce(plan: ProcessPlan): Promise<number | null> {
    const out = openSync(this.logFile(plan.name), "a");
    const results = openSync(join(this.#folder, `${plan.name}.out`), "a");
    const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", MASA, ...plan.args], {
      // The channel tells the child when this process dies, however it dies.
      stdio: ["ignore", results, out, "ipc"],
      env: { ...process.env, MASA_KEY: plan.privateKey, NO_COLOR: "1" },
    });
    closeSync(out);
    closeSync(results);
    this.#children.set(plan.name, child);
    return new Promise((resolve) => {
      child.once("exit", (code) => resolve(code));
      child.once("error", () => resolve(null));
    });
  }
}
