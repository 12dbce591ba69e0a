/**
 * The main job, short but whole: a network on this machine, real questions about real documents, a keeper and a worker
 * killed half-way. What it reports must add up, and each kind of node must end where its work leads it. About 3 minutes.
 */
import assert from "node:assert/strict";
import type { ChildProcess } from "node:child_process";
import { readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { before, after, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { z } from "zod";

import { temporaryFolder } from "../../sdk/test/support.ts";
import { spawnMasa } from "./support.ts";

const EPOCHS = 4;
const SEED = 7;
const KILLED = ["validator-2", "worker-complete"] as const;
/** Milliseconds that the whole run may take. */
const PATIENCE_MS = 400_000;

const wei = z.string().regex(/^\d+$/).transform(BigInt);
const standing = z.object({ utilityWad: wei, requirementWei: wei, stakeWei: wei, short: z.boolean() });
const summarySchema = z.object({
  seed: z.number(),
  epochs: z.number(),
  seconds: z.number(),
  requests: z.record(z.string(), z.int()),
  reports: z.object({ rounds: z.int(), epochs: z.int() }),
  workers: z.array(
    z.object({
      name: z.string(),
      paid: z.int(),
      unpaid: z.int(),
      slashed: z.int(),
      paidWei: wei,
      slashedWei: wei,
      meanQuality: z.number().nullable(),
    }),
  ),
  nodes: z.array(z.object({ name: z.string(), role: z.string(), before: standing, after: standing })),
  pruned: z.array(z.object({ name: z.string(), epoch: z.int(), reason: z.string() })),
  rewards: z.object({
    roots: z.array(
      z.object({
        epoch: z.int(),
        root: z.string().regex(/^0x[0-9a-f]{64}$/),
        validatorsWei: wei,
        workersWei: wei,
        active: z.boolean(),
      }),
    ),
    claims: z.array(z.object({ name: z.string(), role: z.string(), claimedWei: wei })),
    verified: z.record(z.string(), z.array(z.string())),
  }),
  gas: z.array(z.object({ operation: z.string(), count: z.int(), least: wei, mean: wei, most: wei })),
  conservation: z.array(z.object({ what: z.string(), expectedWei: wei, foundWei: wei })),
  restarts: z.record(z.string(), z.int()),
  checks: z.array(z.object({ what: z.string(), ok: z.boolean(), detail: z.string() })),
});
type Summary = z.infer<typeof summarySchema>;

/** Direct children of a process whose command line has all of these words, with what it says. */
function childrenOf(parent: number, words: readonly string[]): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        const ppid = Number(
          readFileSync(`/proc/${pid}/stat`, "utf8")
            .replace(/^.*\) . /s, "")
            .split(" ")[0],
        );
        const line = readFileSync(`/proc/${pid}/cmdline`, "utf8");
        return ppid === parent && words.every((word) => line.includes(word));
      } catch {
        return false; // it has ended in the meantime
      }
    });
}

/** Kills the process of a node with SIGKILL. Its command line names the file of its state. */
function killNode(parent: number, folder: string, name: string): void {
  const pids = childrenOf(parent, [join(folder, `${name}.sqlite`)]);
  assert.equal(pids.length, 1, `processes of ${name}: ${pids.join(", ")}`);
  process.kill(pids[0] as number, "SIGKILL");
}

describe(
  "masa start",
  { skip: process.platform === "linux" ? false : "finds its processes in /proc" },
  () => {
    let summary: Summary;
    let code: number | null;
    let output = "";
    let folder = "";
    let child: ChildProcess | null = null;

    before(
      async () => {
        const file = join(temporaryFolder(), "summary.json");
        const args = ["start", "--epochs", String(EPOCHS), "--seed", String(SEED), "--json", file];
        const started = spawnMasa(args);
        child = started;
        const heard = (chunk: Buffer): void => void (output += chunk.toString());
        started.stdout?.on("data", heard);
        started.stderr?.on("data", heard);
        const ended = new Promise<number | null>((resolve) => started.once("close", resolve));
        const end = { done: false };
        void ended.then(() => (end.done = true));
        const deadline = Date.now() + PATIENCE_MS;
        let killed = false;
        while (!end.done && Date.now() < deadline) {
          await sleep(250);
          folder ||= /kept in (\S+)/.exec(output)?.[1] ?? "";
          const settled = Number([...output.matchAll(/· settled (\d+)/g)].at(-1)?.[1] ?? 0);
          if (killed || settled < 20) continue;
          killed = true;
          for (const name of KILLED) killNode(started.pid as number, folder, name);
        }
        assert.ok(end.done, `not done after ${PATIENCE_MS} ms:\n${output.slice(-3_000)}`);
        assert.ok(killed, `ended before half of it was settled:\n${output.slice(-3_000)}`);
        code = await ended;
        assert.ok(readFileSync(file, "utf8") !== "", `exit code ${code}:\n${output.slice(-3_000)}`);
        summary = summarySchema.parse(JSON.parse(readFileSync(file, "utf8")));
      },
      { timeout: PATIENCE_MS + 60_000 },
    );
    after(() => {
      if (child?.exitCode === null) child.kill("SIGKILL");
      if (folder.includes("masa-start-")) rmSync(folder, { recursive: true, force: true });
    });

    const node = (name: string) => {
      const found = summary.nodes.find((one) => one.name === name);
      assert.ok(found !== undefined, `no ${name}`);
      return found;
    };
    const worker = (name: string) => {
      const found = summary.workers.find((one) => one.name === name);
      assert.ok(found !== undefined, `no ${name}`);
      return found;
    };

    it("ends well although a keeper and a worker were killed, which are started again", () => {
      assert.equal(code, 0, output.slice(-3_000));
      assert.deepEqual(summary.restarts, Object.fromEntries(KILLED.map((name) => [name, 1])));
      assert.deepEqual(
        summary.checks.filter(({ ok }) => !ok),
        [],
      );
      assert.ok(summary.checks.length >= 6);
      assert.equal(summary.seed, SEED);
    });

    it("settles at least 40 requests over at least 4 reported epochs", () => {
      const { requests, reports } = summary;
      assert.ok((requests["settled"] ?? 0) >= 40, JSON.stringify(requests));
      assert.equal(requests["open"], 0);
      assert.ok(reports.epochs >= EPOCHS && reports.rounds >= EPOCHS, JSON.stringify(reports));
    });

    it("makes the careless worker pay: slashed, less utility, a higher requirement", () => {
      const careless = worker("worker-careless");
      const others = summary.workers.filter(({ name }) => name !== careless.name);
      assert.ok(careless.slashed > 0 && careless.slashedWei > 0n);
      for (const other of others)
        assert.ok(careless.slashed > other.slashed, `${other.name} was slashed ${other.slashed} times`);
      const { before: first, after: last } = node(careless.name);
      assert.ok(last.utilityWad < first.utilityWad);
      assert.ok(last.requirementWei > first.requirementWei);
      assert.equal(
        first.stakeWei - last.stakeWei,
        careless.slashedWei,
        "its stake is less by what was slashed",
      );
    });

    it("pays the complete worker most, and asks less stake of it", () => {
      const complete = worker("worker-complete");
      for (const other of summary.workers) {
        if (other.name === complete.name) continue;
        assert.ok(complete.paidWei > other.paidWei, `${other.name} earned ${other.paidWei}`);
        assert.ok(
          (complete.meanQuality ?? 0) > (other.meanQuality ?? 0),
          `${other.name} had a better mean Q`,
        );
      }
      const { before: first, after: last } = node(complete.name);
      assert.ok(last.utilityWad > first.utilityWad);
      assert.ok(last.requirementWei < first.requirementWei);
    });

    it("prunes the naive validator, first and by its score", () => {
      const [first] = summary.pruned;
      assert.ok(first !== undefined, "nobody was pruned");
      assert.equal(first.name, "validator-naive");
      const [, own, next] =
        /lowest P_v of epoch \d+: ([\d.]+) .*the next lowest had ([\d.]+)/.exec(first.reason) ?? [];
      assert.ok(Number(own) < Number(next), first.reason);
      assert.deepEqual(
        summary.pruned.map(({ name }) => name),
        ["validator-naive"],
      );
    });

    it("accounts for every token to the last wei", () => {
      const { conservation, workers, nodes } = summary;
      assert.ok(conservation.length >= 15, `${conservation.length} equations`);
      for (const { what, expectedWei, foundWei } of conservation) assert.equal(foundWei, expectedWei, what);
      const line = (words: RegExp): bigint => {
        const found = conservation.find(({ what }) => words.test(what));
        assert.ok(found !== undefined, String(words));
        return found.foundWei;
      };
      const sum = (values: readonly bigint[]): bigint => values.reduce((total, value) => total + value, 0n);
      assert.equal(sum(workers.map(({ paidWei }) => paidWei)), line(/^workers: earned/));
      assert.equal(sum(workers.map(({ slashedWei }) => slashedWei)), line(/^slashed from workers/));
      const lost = nodes.map(({ before: first, after: last }) => first.stakeWei - last.stakeWei);
      assert.equal(sum(lost), line(/^slashed from workers/), "stake left the nodes by slashing alone");
      const rewards = line(/^requests: rewards put up/);
      const ended =
        (summary.requests["settled"] ?? 0) +
        (summary.requests["expired"] ?? 0) +
        (summary.requests["unscored"] ?? 0);
      assert.equal(rewards % BigInt(ended), 0n, "every question had the same reward");
      assert.ok(line(/^workers: earned/) < rewards, "no question is paid more than its reward");
    });

    it("pays validators and workers by roots that anyone can recompute, and they claim them", () => {
      const { roots, claims, verified } = summary.rewards;
      assert.ok(roots.length >= EPOCHS, `${roots.length} roots`);
      for (let epoch = 1; epoch <= EPOCHS; epoch++) assert.deepEqual(verified[epoch], [], `epoch ${epoch}`);
      roots.slice(1).forEach((root, index) => {
        const before = roots[index] as (typeof roots)[number];
        assert.ok(root.epoch > before.epoch);
        assert.ok(root.validatorsWei > before.validatorsWei, "each epoch gives validators more");
        assert.ok(root.workersWei > before.workersWei, "and workers");
      });
      const active = roots.filter((root) => root.active).at(-1) ?? assert.fail("no root is active");
      const paid = (role: string): bigint =>
        claims.filter((one) => one.role === role).reduce((sum, { claimedWei }) => sum + claimedWei, 0n);
      assert.equal(paid("validator"), active.validatorsWei);
      assert.equal(paid("worker"), active.workersWei);
      assert.equal(paid("oracle"), 0n);
      const of = (name: string): bigint =>
        claims.find((one) => one.name === name)?.claimedWei ?? assert.fail(name);
      assert.ok(of("worker-complete") > of("worker-careless"), "by the work that was good");
      // 1 % of the pool an epoch at first, four tenths of it to validators, and nothing gets lost in between.
      assert.ok(active.validatorsWei <= BigInt(active.epoch) * 4_100n * 10n ** 18n);
      assert.ok(active.validatorsWei >= 3_900n * 10n ** 18n);
    });

    it("reports the gas of every operation that took place", () => {
      const named = new Map(summary.gas.map((line) => [line.operation, line]));
      for (const operation of [
        "vault.stake",
        "registry.register",
        "validatorSet.joinWaitlist",
        "escrow.submit",
        "escrow.commit",
        "consensus.postScoreReport",
        "consensus.postEpochReport",
        "epochManager.roll",
        "distributor.claim",
      ]) {
        const line = named.get(operation);
        assert.ok(line !== undefined, operation);
        assert.ok(
          line.count > 0 && line.least > 21_000n && line.least <= line.mean && line.mean <= line.most,
          operation,
        );
      }
    });
  },
);
