/**
 * EQ-04, σ = exp(x): the contract, PRB-math and the SDK against the independent reference on 10,000 points, and what
 * σ and the argmin (EQ-06) cost.
 */
import { readFileSync } from "node:fs";

import { expect } from "chai";
import hre from "hardhat";

import { packScores, sigma } from "../../sdk/src/math/index.ts";
import { Exact } from "../reference/exact.ts";
import { deployHarness, inBatches, readVectors, relativeError, scientific, WAD } from "./harness.ts";

const LN_16 = 2772588722239781237n;
const TOLERANCE = new Exact(1n, 10n ** 15n);
const SIGMA_GAS_BUDGET = 500n;
const ARGMIN_TRANSACTION_BUDGET = 45_000n;
/** A transaction costs 21,000 and eight cold slots 2,100 each before anything is compared. */
const ARGMIN_GAS_BUDGET = ARGMIN_TRANSACTION_BUDGET - 21_000n - 8n * 2_100n;

function worst(values: readonly bigint[], exact: readonly Exact[]): Exact {
  return values.reduce((most, value, index) => {
    const reference = exact[index];
    if (reference === undefined) throw new Error(`no reference for point ${index}`);
    return most.max(relativeError(value, reference));
  }, new Exact(0n));
}

describe("EQ-04 sigma", function () {
  this.timeout(60_000);

  const { rows } = readVectors("sigma");
  const points = rows.map((row) => row.int("exponent"));
  const exact = rows.map((row) => row.real("sigmaReal"));
  let harness: Awaited<ReturnType<typeof deployHarness>>;
  let onChain: bigint[];

  before(async () => {
    harness = await deployHarness();
    onChain = await inBatches(points, (batch) => harness.sigma(batch));
  });

  it("covers the whole range at 10,000 points with its ends and zero", () => {
    expect(points.length).to.equal(10_000);
    expect(new Set(points).size).to.equal(10_000);
    for (const point of [-LN_16, LN_16, 0n, 1n, -1n]) expect(points).to.include(point);
    const gaps = points.slice(1).map((point, index) => point - (points[index] ?? point));
    expect(gaps.every((gap) => gap > 0n && gap < (4n * LN_16) / 9_000n)).to.equal(true);
  });

  it("is within 1e-15 relative of the reference, as the register says", () => {
    const error = worst(onChain, exact);
    console.log(`      sigma: worst relative error ${scientific(error)} over ${points.length} points`);
    expect(error.lessThan(TOLERANCE)).to.equal(true);
    const register = readFileSync(new URL("../../docs/formulas.md", import.meta.url), "utf8").replaceAll(
      /\s+/g,
      " ",
    );
    expect(register).to.include(`worst relative error of σ ${scientific(error)}`);
  });

  it("agrees with PRB-math within 1e-15 relative", async () => {
    const byPrb = await inBatches(points, (batch) => harness.sigmaByPrb(batch));
    const error = worst(byPrb, exact);
    console.log(`      PRB-math: worst relative error ${scientific(error)}`);
    expect(error.lessThan(TOLERANCE)).to.equal(true);
    const between = worst(
      byPrb,
      onChain.map((value) => new Exact(value)),
    );
    expect(between.lessThan(TOLERANCE)).to.equal(true);
  });

  it("is the same in the SDK, bit for bit", () => {
    expect(points.map((point) => sigma(point))).to.deep.equal(onChain);
  });

  it("is the same in the SDK over the whole domain of expWad", async () => {
    const top = 135305999368893231588n;
    const bottom = -41446531673892822314n;
    const wide = Array.from(
      { length: 2_001 },
      (_, index) => bottom + ((top - bottom) * BigInt(index)) / 2_000n,
    );
    expect(wide.map((point) => sigma(point))).to.deep.equal(
      await inBatches(wide, (batch) => harness.sigma(batch)),
    );
    expect(() => sigma(top + 1n)).to.throw(RangeError, "exponent must be below");
  });

  it("never falls as the exponent rises, is 1 at 0 and stays in [1/16, 16] (D2, I-12)", () => {
    expect(onChain[points.indexOf(0n)]).to.equal(WAD);
    const falls = onChain.slice(1).filter((value, index) => value < (onChain[index] ?? 0n));
    expect(falls, "I-12").to.deep.equal([]);
    expect(onChain[0]).to.be.greaterThanOrEqual(WAD / 16n);
    expect(onChain.at(-1)).to.be.lessThanOrEqual(16n * WAD);
  });

  // Coverage adds instructions to every contract, so gas means nothing there.
  if (hre.globalOptions.coverage) return;

  it("costs at most 500 gas", async () => {
    const costs: bigint[] = [];
    for (const point of points.filter((_, index) => index % 500 === 0 || index === points.length - 1)) {
      const [used, value] = await harness.sigmaGas(point);
      expect(value).to.equal(sigma(point));
      costs.push(used);
    }
    const most = costs.reduce((a, b) => (a > b ? a : b));
    console.log(`      sigma: ${most} gas at most over ${costs.length} points`);
    expect(most).to.be.lessThanOrEqual(SIGMA_GAS_BUDGET);
    expect(most).to.be.greaterThan(100n);
  });

  it("leaves the argmin of 64 scores within its budget (EQ-06)", async () => {
    const all = (1n << 64n) - 1n;
    const orders: [string, bigint[]][] = [
      ["rising", Array.from({ length: 64 }, (_, seat) => BigInt(seat))],
      ["falling", Array.from({ length: 64 }, (_, seat) => 64n - BigInt(seat))],
      ["equal", Array.from({ length: 64 }, () => 7n)],
    ];
    for (const [name, scores] of orders) {
      const [used, lowest] = await harness.lowestScoresGas(packScores(scores), all);
      console.log(`      argmin of 64, ${name} scores: ${used} gas`);
      expect(lowest).to.equal(scores.reduce((a, b) => (a < b ? a : b)));
      expect(used).to.be.lessThanOrEqual(ARGMIN_GAS_BUDGET);
      await (await harness.storeScores(packScores(scores))).wait();
      const whole = await harness.findLowest.estimateGas(all);
      console.log(`      argmin of 64, ${name} scores, from storage as a transaction: ${whole} gas`);
      expect(whole).to.be.lessThanOrEqual(ARGMIN_TRANSACTION_BUDGET);
    }
  });
});
