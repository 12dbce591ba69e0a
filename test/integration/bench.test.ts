/** The budgets that the bench demands, measured with the bench's own functions, and the shape of its rows. */
import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

import { expect } from "chai";
import hre from "hardhat";

import { assembleRows, failures } from "../../bench/rows.ts";
import type { Figures, Measured } from "../../bench/rows.ts";
import { runBench } from "../../bench/run.ts";

const COLUMNS = ["operation", "cold", "warm", "budget", "peer", "peerCold", "peerWarm"];

const runFile = promisify(execFile);

async function runBenchCommand(...flags: string[]): Promise<{ code: number; stderr: string }> {
  const main = join(hre.config.paths.root, "bench", "main.ts");
  const node = join(hre.config.paths.root, "node_modules", ".bin", "node");
  try {
    const { stderr } = await runFile(node, [main, ...flags], { cwd: hre.config.paths.root });
    return { code: 0, stderr };
  } catch (error) {
    const { code, stderr } = error as { code: number; stderr: string };
    return { code, stderr };
  }
}

// Coverage adds instructions to every contract, so gas means nothing there.
(hre.globalOptions.coverage ? describe.skip : describe)("bench", function () {
  this.timeout(300_000);

  let figures: Figures;

  before(async () => {
    ({ figures } = await runBench(() => undefined));
  });

  it("gives rows of seven columns, whole numbers of gas or null", () => {
    const rows = assembleRows(figures).map(({ row }) => row);
    expect(rows.map(({ operation }) => operation)).to.include.members([
      "argmin of 64 scores, as a transaction",
      "requirement of a node, view",
      "sigma, worst of 201 points",
    ]);
    for (const row of rows) {
      expect(Object.keys(row), row.operation).to.deep.equal(COLUMNS);
      const measured = [row.cold, row.warm, row.peerCold, row.peerWarm].some((value) => value !== null);
      expect(measured, row.operation).to.equal(true);
      for (const value of [row.cold, row.warm, row.budget, row.peerCold, row.peerWarm]) {
        expect(value === null || (Number.isSafeInteger(value) && value > 0), row.operation).to.equal(true);
      }
      expect(row.peer === null && (row.peerCold !== null || row.peerWarm !== null), row.operation).to.equal(
        false,
      );
    }
  });

  it("fails on a demanded budget that is missed, and only on such a one", () => {
    const names = (changed: Figures) =>
      failures(assembleRows({ ...figures, ...changed })).map(({ row }) => row.operation);
    expect(names({ sigma: { cold: null, warm: 501 } })).to.include("sigma, worst of 201 points");
    expect(names({ argmin: { cold: 1, warm: 45_001 } })).to.include("argmin of 64 scores, as a transaction");
    expect(names({ requirement: { cold: 1, warm: 10_001 } })).to.include("requirement of a node, view");
    const within = { cold: 1, warm: 1 };
    const met = Object.fromEntries(Object.keys(figures).map((name) => [name, within]));
    expect(names({ ...met, requirementCold: { cold: 1_000_000, warm: null } })).to.deep.equal([]);
  });

  it("folds work in the dearer of the two requirements", () => {
    expect(figures.requirementFolding?.warm).to.be.greaterThan(figures.requirement?.warm ?? Infinity);
    expect(figures.requirement?.cold).to.be.greaterThan(figures.requirement?.warm ?? Infinity);
  });

  it("refuses what it does not know, before it measures anything (MASA-101, MASA-103)", async () => {
    const unknown = await runBenchCommand("--frobnicate");
    expect(unknown.code).to.equal(2);
    expect(unknown.stderr).to.include("MASA-103").and.to.include("--frobnicate");
    expect((await runBenchCommand("extra")).stderr).to.include("MASA-103");
    expect((await runBenchCommand("--json")).stderr).to.include("MASA-103");
    const folder = mkdtempSync(join(tmpdir(), "masa-bench-test-"));
    try {
      const file = join(folder, "absent", "bench.json");
      const refused = await runBenchCommand("--json", file);
      expect(refused.code).to.equal(1);
      expect(refused.stderr).to.include("MASA-101");
      expect(existsSync(file)).to.equal(false);
      expect((await runBenchCommand("--json", folder)).stderr).to.include("MASA-101");
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("meets every demanded budget", () => {
    expect(figures.sigma?.warm).to.be.within(100, 500);
    expect(figures.requirement?.warm).to.be.within(1_000, 10_000);
    expect(figures.slash?.warm).to.be.within(21_000, 35_000);
    // Not less either: a second change within one second would cost no new checkpoint.
    expect(figures.stake?.warm).to.be.within(85_000, 100_000);
    expect(figures.delegateResidual?.warm).to.be.within(100_000, 120_000);
    expect(failures(assembleRows(figures)).map(({ row }) => row.operation)).to.deep.equal([]);
  });

  it("books a slash at the same cost whatever the queue", () => {
    expect(figures.slashOneEntry).to.deep.equal(figures.slash);
    expect(figures.slashThousandEntries).to.deep.equal(figures.slash);
  });

  it("rolls within 2 % of itself for 10 and 10,000 workers, for 1 and 1,000 missed epochs", () => {
    const roll = figures.roll?.warm ?? 0;
    for (const other of [figures.rollManyWorkers?.warm, figures.rollThousandMissed?.warm]) {
      expect(other).to.be.within(roll * 0.98, roll * 1.02);
    }
  });

  it("settles a further result within 2 % of itself, from 10 to 200 results and among 10,000 workers", () => {
    const own = figures.furtherOwnWorker?.warm ?? 0;
    const same = figures.furtherSameWorker?.warm ?? 0;
    const compared = [
      [own, figures.furtherOwnWorkerBeyond?.warm],
      [own, figures.furtherManyWorkers?.warm],
      [figures.furtherOwnWorker?.cold ?? 0, figures.furtherOwnWorkerBeyond?.cold],
      [same, figures.furtherSameWorkerBeyond?.warm],
    ] as const;
    for (const [first, other] of compared) expect(other).to.be.within(first * 0.98, first * 1.02);
  });

  it("keeps the frozen set where freezing and twenty reports together cost least", () => {
    const REPORTS = 20;
    const costOf = (freeze: Measured | undefined, check: Measured | undefined): number =>
      (freeze?.warm ?? 0) + REPORTS * (check?.warm ?? 0);
    const code = costOf(figures.freezeCode, figures.checkCode);
    expect(code).to.be.greaterThan(0);
    expect(code).to.be.lessThan(costOf(figures.freezeSlots, figures.checkSlots));
    expect(code).to.be.lessThan(costOf(figures.freezeHash, figures.checkHash));
  });
});
