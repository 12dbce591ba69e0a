/** The budgets that the bench demands, measured with the bench's own functions, and the shape of its rows. */
import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

import { expect } from "chai";
import { parseEther } from "ethers";
import hre from "hardhat";

import { BenchChain } from "../../bench/chain.ts";
import { BenchNetwork } from "../../bench/network.ts";
import { measureMath } from "../../bench/operations/math.ts";
import { measureRequirements } from "../../bench/operations/requirement.ts";
import { assembleRows, failures } from "../../bench/rows.ts";
import type { Figures } from "../../bench/rows.ts";

const COLUMNS = ["operation", "cold", "warm", "budget", "peer", "peerCold", "peerWarm"];
const WAD = 10n ** 18n;

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

describe("bench", function () {
  this.timeout(120_000);

  let figures: Figures;
  let chain: BenchChain;

  before(async () => {
    chain = await BenchChain.open();
    const network = await BenchNetwork.deploy(chain);
    const [idle = "", worked = ""] = await network.register("worker", 0, 2);
    await network.enterEpoch(1);
    const { escrow } = network.manifest.contracts;
    const record = network.contracts.registry.recordWork.populateTransaction(
      worked,
      2, // a worker
      parseEther("100"),
      WAD / 2n,
    );
    await chain.send(escrow, record);
    figures = { ...(await measureMath(chain)), ...(await measureRequirements(network, 2, idle, worked)) };
  });

  after(async () => {
    await chain.close();
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
      expect(row.cold !== null || row.warm !== null, row.operation).to.equal(true);
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
    const met = { sigma: within, argmin: within, requirement: within, requirementFolding: within };
    expect(names({ ...met, commit: { cold: 1, warm: 1_000_000 } })).to.deep.equal([]);
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

  // Coverage adds instructions to every contract, so gas means nothing there.
  if (hre.globalOptions.coverage) return;

  it("meets sigma <= 500, requirement view <= 10,000 and argmin of 64 <= 45,000", () => {
    expect(figures.sigma?.warm).to.be.within(100, 500);
    expect(figures.requirement?.warm).to.be.within(1_000, 10_000);
    expect(figures.requirementFolding?.warm).to.be.within(1_000, 10_000);
    expect(figures.argmin?.cold).to.be.within(21_000, 45_000);
    expect(figures.argmin?.warm).to.be.within(21_000, 45_000);
    expect(failures(assembleRows(figures)).map(({ row }) => row.operation)).to.deep.equal([]);
  });
});
