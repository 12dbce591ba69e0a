/**
 * Every formula but σ on its vectors: the contract and the SDK give the same integer, and it is the exact result
 * rounded the way the name says.
 */
import { readdirSync, readFileSync } from "node:fs";

import { expect } from "chai";

import * as sdk from "../../sdk/src/math/index.ts";
import { Exact, exp } from "../reference/exact.ts";
import { VECTORS_FOLDER } from "../reference/generate.ts";
import { Source } from "../reference/source.ts";
import { buildVectors } from "../reference/vectors.ts";
import { deployHarness, inBatches, readVectors, relativeError, scientific, WAD } from "./harness.ts";

const LN_2_DIGITS =
  "693147180559945309417232121458176568075500134360255254120680009493393621969694715605863326996";
const LN_2 = new Exact(BigInt(LN_2_DIGITS), 10n ** BigInt(LN_2_DIGITS.length));
const E_60_DIGITS = "2.718281828459045235360287471352662497757247093699959574966967";
const MILLIONTH_OF_A_BILLIONTH = new Exact(1n, 10n ** 15n);

/** Asserts low ≤ exact − value < high, in units of the last place. */
function expectBelowExact(value: bigint, exact: Exact, low: bigint, high: bigint, message: string): void {
  const missing = exact.minus(new Exact(value));
  const inside = !missing.lessThan(new Exact(low)) && missing.lessThan(new Exact(high));
  expect(inside, `${message}: ${value} against ${exact.toDecimal(9)}`).to.equal(true);
}

/** Asserts that the register states a measured figure. */
function expectRegistered(figure: string): void {
  const register = readFileSync(new URL("../../docs/formulas.md", import.meta.url), "utf8").replaceAll(
    /\s+/g,
    " ",
  );
  expect(register).to.include(figure);
}

describe("vectors of the formulas", function () {
  this.timeout(60_000);

  let harness: Awaited<ReturnType<typeof deployHarness>>;

  before(async () => {
    harness = await deployHarness();
  });

  it("come from a reference whose exp has 60 digits", () => {
    expect(exp(new Exact(1n)).toDecimal(60)).to.equal(E_60_DIGITS);
    const tiny = new Exact(1n, 10n ** 60n);
    const sixteen = exp(LN_2.times(new Exact(4n)));
    expect(relativeError(16n, sixteen).lessThan(tiny)).to.equal(true);
    const one = exp(new Exact(27n, 10n)).times(exp(new Exact(-27n, 10n)));
    expect(relativeError(1n, one).lessThan(tiny)).to.equal(true);
  });

  it("are what the reference program generates", () => {
    const built = buildVectors();
    expect(readdirSync(VECTORS_FOLDER).toSorted()).to.deep.equal([...built.keys()].toSorted());
    for (const [name, text] of built) {
      const committed = readFileSync(`${VECTORS_FOLDER}/${name}`, "utf8").replaceAll("\r\n", "\n");
      expect(committed === text, `${name} differs; run: node test/reference/generate.ts`).to.equal(true);
    }
  });

  it("EQ-03, EQ-07, EQ-09: requirement, with D1, D2 and D4 (I-11)", async () => {
    const { rows } = readVectors("requirement");
    const forExponent = rows.map((row) => row.ints("mean", "utility", "lambda", "limit") as Four);
    const exponents = await inBatches(forExponent, (batch) => harness.clampedExponent(batch));
    expect(exponents).to.deep.equal(rows.map((row) => row.int("exponent")));
    expect(forExponent.map((row) => sdk.clampedExponent(...row))).to.deep.equal(exponents);

    const forBase = rows.map((row) => row.ints("supply", "share", "count", "target") as Four);
    const bases = await inBatches(forBase, (batch) => harness.baseRequirementUp(batch));
    expect(bases).to.deep.equal(rows.map((row) => row.int("base")));
    expect(forBase.map((row) => sdk.baseRequirementUp(...row))).to.deep.equal(bases);

    const sigmas = await inBatches(exponents, (batch) => harness.sigma(batch));
    const forRequirement = rows.map((row, i) => [bases[i] ?? 0n, sigmas[i] ?? 0n, row.int("floor")] as Three);
    const required = await inBatches(forRequirement, (batch) => harness.requirementUp(batch));
    expect(forRequirement.map((row) => sdk.requirementUp(...row))).to.deep.equal(required);

    let worst = new Exact(0n);
    for (const [i, row] of rows.entries()) {
      const value = required[i] ?? 0n;
      const [base, sigma, floor] = forRequirement[i] ?? [0n, 0n, 0n];
      const product = new Exact(base * sigma, WAD).ceil();
      expect(value, "rounded up from its arguments").to.equal(product > floor ? product : floor);
      expect(value > 0n && value >= floor, "I-11").to.equal(true);
      // The base is rounded up by less than a unit, which σ ≤ 16 makes 16, and the product by less than one.
      const exact = row.real("requirementReal");
      const below = exact.minus(exact.times(MILLIONTH_OF_A_BILLIONTH)).minus(new Exact(1n));
      const above = exact.plus(exact.times(MILLIONTH_OF_A_BILLIONTH)).plus(new Exact(18n));
      expect(below.lessThan(new Exact(value)), `row ${i} too low`).to.equal(true);
      expect(new Exact(value).lessThan(above), `row ${i} too high`).to.equal(true);
      if (exact.num > 10n ** 20n * exact.den) worst = worst.max(relativeError(value, exact));
    }
    expectRegistered(`error ${scientific(worst)} above 100 stake units`);
  });

  it("EQ-05: performance, rounded down", async () => {
    const { rows } = readVectors("performance");
    const columns = ["consensus", "data", "llm", "weightConsensus", "weightData", "weightLlm"];
    const inputs = rows.map((row) => row.ints(...columns, "hasData", "hasLlm"));
    const onChain = await inBatches(inputs, (batch) => harness.performanceDown(batch));
    expect(onChain).to.deep.equal(rows.map((row) => row.int("performance")));
    const mirrored = rows.map((row) => {
      const numbers = row.ints(...columns) as [...Four, bigint, bigint];
      return sdk.performanceDown(...numbers, row.flag("hasData"), row.flag("hasLlm"));
    });
    expect(mirrored).to.deep.equal(onChain);
  });

  it("EQ-06: every seat that ties for the lowest score", async () => {
    const { rows } = readVectors("lowest-score");
    const packed = rows.map((row) => sdk.packScores(row.list("scores")));
    const candidates = rows.map((row) =>
      row.list("absent").reduce((mask, seat) => mask & ~(1n << seat), (1n << 64n) - 1n),
    );
    const [lowest, tied] = await harness.lowestScores(packed, candidates);
    for (const [i, row] of rows.entries()) {
      const who = row.list("tied").reduce((mask, seat) => mask | (1n << seat), 0n);
      expect([lowest[i], tied[i]], `row ${i}`).to.deep.equal([row.int("lowest"), who]);
      const mirrored = sdk.lowestScores(packed[i] ?? [], candidates[i] ?? 0n);
      expect(mirrored, `row ${i}`).to.deep.equal({ lowest: row.int("lowest"), tied: who });
      expect(sdk.unpackScores(packed[i] ?? [])).to.deep.equal(row.list("scores"));
    }
  });

  it("EQ-08: fee on consumption, rounded up", async () => {
    const { rows } = readVectors("fee");
    const columns = ["before", "added", "baseRate", "maxRate", "reference", "minimum"];
    const inputs = rows.map((row) => row.ints(...columns) as Six);
    const onChain = await inBatches(inputs, (batch) => harness.feeUp(batch));
    expect(onChain).to.deep.equal(rows.map((row) => row.int("fee")));
    expect(inputs.map((row) => sdk.feeUp(...row))).to.deep.equal(onChain);
    for (const [i, row] of rows.entries()) {
      const value = onChain[i] ?? 0n;
      expect(new Exact(value).lessThan(row.real("feeReal")), `row ${i} too low`).to.equal(false);
      expectBelowExact(value, row.real("feeReal"), -1n, 1n, `row ${i}`);
    }
    // There are rows for each part of the curve, for both parts at once, and for products beyond 256 bits.
    const reached = inputs.map(([before, added, , maxRate, reference]) => ({
      below: before + added <= reference,
      beyond: before >= reference,
      wide: added * 2n * reference * maxRate >= 1n << 256n,
    }));
    for (const count of [
      reached.filter(({ below, beyond }) => below && !beyond),
      reached.filter(({ below, beyond }) => !below && beyond),
      reached.filter(({ below, beyond }) => !below && !beyond),
      reached.filter(({ wide }) => wide),
    ].map(({ length }) => length))
      expect(count).to.be.greaterThan(15);
  });

  it("EQ-08: the SDK refuses what the contract refuses, and what is out of its bounds", async () => {
    const most = 2n ** 256n - 1n;
    const overflow = "panic code 0x11";
    const fullMulDivFailed = "0xae47f702";
    const refused: [Six, string, string][] = [
      [[most, 1n, 0n, WAD, WAD, 0n], "before+added must be a uint256", overflow],
      [[0n, 1n, 2n, 1n, WAD, 0n], "baseRate must be at most maxRate", overflow],
      [[0n, 1n, 0n, WAD, 0n, 0n], "referenceConsumption must be above 0", fullMulDivFailed],
      [[0n, most, 0n, 2n ** 64n - 1n, WAD, 0n], "fee must be a uint256", fullMulDivFailed],
    ];
    for (const [row, inSdk, onChain] of refused) {
      expect(() => sdk.feeUp(...row)).to.throw(RangeError, inSdk);
      const outcome = await harness.feeUp([row]).then(String, String);
      expect(outcome).to.include("reverted").and.to.include(onChain);
    }
    expect(() => sdk.feeUp(0n, 1n, 0n, 2n ** 64n, WAD, 0n)).to.throw(RangeError, "maxRate must be a uint64");
    expect(() => sdk.feeUp(0n, 1n, 0n, WAD, 2n ** 104n, 0n)).to.throw(RangeError, "a uint104");
    expect(() => sdk.feeUp(-1n, 1n, 0n, WAD, WAD, 0n)).to.throw(RangeError, "before must be a uint256");
    expect(() => sdk.feeUp(0n, 1n, 0n, WAD, WAD, -1n)).to.throw(RangeError, "minimumFee must be a uint256");
  });

  it("EQ-10: a worker's performance, rounded down", async () => {
    const { rows } = readVectors("worker-performance");
    const forRatio = rows.map((row) => row.ints("measured", "target") as Two);
    const ratios = await inBatches(forRatio, (batch) => harness.throughputRatioDown(batch));
    expect(ratios).to.deep.equal(rows.map((row) => row.int("throughput")));
    expect(forRatio.map((row) => sdk.throughputRatioDown(...row))).to.deep.equal(ratios);

    const inputs = rows.map((row): Four => {
      const weight = row.int("weightThroughput");
      return [row.int("throughput"), row.int("quality"), weight, WAD - weight];
    });
    const onChain = await inBatches(inputs, (batch) => harness.workerPerformanceDown(batch));
    expect(inputs.map((row) => sdk.workerPerformanceDown(...row))).to.deep.equal(onChain);
    // Down twice: the ratio, then the sum.
    for (const [i, row] of rows.entries()) {
      expectBelowExact(onChain[i] ?? 0n, row.real("performanceReal"), 0n, 2n, `row ${i}`);
    }
  });

  it("EQ-01, EQ-16: a fold of utility, rounded towards the old one", async () => {
    const { rows } = readVectors("utility-fold");
    const inputs = rows.map((row) => row.ints("utility", "performance", "weight", "decay") as Four);
    const onChain = await inBatches(inputs, (batch) => harness.foldUtility(batch));
    expect(inputs.map((row) => sdk.foldUtility(...row))).to.deep.equal(onChain);
    for (const [i, row] of rows.entries()) {
      const rises = row.int("performance") >= row.int("utility");
      // Rising, less than two units too low. Falling, as much too high; nine decimals cut the reference itself.
      expectBelowExact(
        onChain[i] ?? 0n,
        row.real("updatedReal"),
        rises ? 0n : -2n,
        rises ? 2n : 1n,
        `row ${i}`,
      );
      if (!rises)
        expect(new Exact(onChain[i] ?? 0n).lessThan(row.real("updatedReal")), `row ${i}`).to.equal(false);
    }
  });

  it("EQ-01, EQ-16: epochs folded one by one are the decayed mean", async () => {
    const { rows } = readVectors("utility-history");
    let utilities = rows.map((row) => row.int("start"));
    const histories = rows.map((row) => row.list("performances"));
    const longest = Math.max(...histories.map((history) => history.length));
    for (let epoch = 0; epoch < longest; epoch++) {
      // An ended history goes on with weight 0, as an idle epoch does.
      const inputs = rows.map((row, i): Four => {
        const performance = histories[i]?.[epoch];
        return [
          utilities[i] ?? 0n,
          performance ?? 0n,
          performance === undefined ? 0n : WAD,
          row.int("decay"),
        ];
      });
      utilities = await inBatches(inputs, (batch) => harness.foldUtility(batch));
    }
    for (const [i, row] of rows.entries()) {
      // Less than one unit an epoch, and each fades with γ: less than 1 / (1 − γ) in all, and the cut reference.
      const bound = WAD / (WAD - row.int("decay")) + 1n;
      expectBelowExact(utilities[i] ?? 0n, row.real("utilityReal"), -bound, bound, `row ${i}`);
    }
  });

  it("EQ-18: quality with and without evidence, rounded down", async () => {
    const { rows } = readVectors("quality");
    const scores = ["relevance", "coherence", "factual", "responseTime"];
    const weights = ["alpha", "beta", "gamma", "delta"];
    const inputs = rows.map((row) => row.ints(...scores, ...weights, "hasEvidence"));
    const onChain = await inBatches(inputs, (batch) => harness.qualityDown(batch));
    expect(onChain).to.deep.equal(rows.map((row) => row.int("quality")));
    const mirrored = rows.map((row) =>
      sdk.qualityDown(
        ...(row.ints(...scores) as Four),
        row.ints(...weights) as Four,
        row.flag("hasEvidence"),
      ),
    );
    expect(mirrored).to.deep.equal(onChain);
  });

  it("EQ-17: reward, rounded down, never above R_base (I-04)", async () => {
    const { rows } = readVectors("reward");
    const inputs = rows.map((row) => row.ints("baseReward", "quality", "threshold") as Three);
    const onChain = await inBatches(inputs, (batch) => harness.rewardDown(batch));
    expect(onChain).to.deep.equal(rows.map((row) => row.int("reward")));
    expect(inputs.map((row) => sdk.rewardDown(...row))).to.deep.equal(onChain);
    for (const [i, [baseReward]] of inputs.entries())
      expect((onChain[i] ?? 0n) <= baseReward, "I-04").to.equal(true);
  });

  it("EQ-19: slash, rounded up, never above the stake (I-14)", async () => {
    const { rows } = readVectors("slash");
    const forAmount = rows.map((row) => row.ints("baseReward", "share") as Two);
    const amounts = await inBatches(forAmount, (batch) => harness.slashAmountUp(batch));
    expect(amounts).to.deep.equal(rows.map((row) => row.int("amount")));
    expect(forAmount.map((row) => sdk.slashAmountUp(...row))).to.deep.equal(amounts);

    const forStake = rows.map((row) => row.ints("stake", "amount") as Two);
    const remaining = await inBatches(forStake, (batch) => harness.stakeAfterSlash(batch));
    expect(remaining).to.deep.equal(rows.map((row) => row.int("remaining")));
    expect(forStake.map((row) => sdk.stakeAfterSlash(...row))).to.deep.equal(remaining);
    for (const [i, [stake]] of forStake.entries())
      expect((remaining[i] ?? 0n) <= stake, "I-14").to.equal(true);
  });

  it("EQ-26: a validator's reward in three parts, each rounded down", async () => {
    const { rows } = readVectors("emission");
    const forParts = rows.map((row) => row.ints("pot", "alpha", "beta", "gamma", "hasData", "hasLlm") as Six);
    const parts = await inBatches(forParts, (batch) => harness.rewardPartsDown(batch));
    const inSdk = forParts.map(([pot, a, b, c, data, llm]) =>
      sdk.rewardPartsDown(pot, [a, b, c], data === 1n, llm === 1n),
    );
    expect(inSdk).to.deep.equal(parts.map((three) => [...three]));
    const inputs = rows.map((row, i): [sdk.ByKind, bigint, sdk.ByKind, sdk.ByKind] => {
      const weights = row.list("weights");
      const scores = ["consensus", "data", "llm"].map((kind) => row.list(kind));
      const sums = scores.map((list) =>
        list.reduce((sum, one, seat) => sum + one * (weights[seat] ?? 0n), 0n),
      );
      const seat = Number(row.int("seat"));
      const own = scores.map((list) => list[seat] ?? 0n);
      return [inSdk[i] ?? [0n, 0n, 0n], weights[seat] ?? 0n, own as Three, sums as Three];
    });
    const rewards = await inBatches(inputs, (batch) =>
      harness.validatorRewardDown(batch.map((row) => row.flat() as Ten)),
    );
    expect(inputs.map((row) => sdk.validatorRewardDown(...row))).to.deep.equal(rewards);
    // Two roundings for each of three parts, all down.
    for (const [i, row] of rows.entries())
      expectBelowExact(rewards[i] ?? 0n, row.real("rewardReal"), 0n, 6n, `row ${i}`);
    expect(() => sdk.validatorRewardDown([1n, 0n, 0n], 2n, [3n, 0n, 0n], [5n, 0n, 0n])).to.throw(RangeError);
  });

  it("EQ-27: seat weight, rounded down from its arguments", async () => {
    const { rows } = readVectors("seat-weight");
    const sigmas = await inBatches(
      rows.map((row) => row.int("exponent")),
      (batch) => harness.sigma(batch),
    );
    const inputs = rows.map((row, i): Two => [row.int("stake"), sigmas[i] ?? 0n]);
    const onChain = await inBatches(inputs, (batch) => harness.seatWeightDown(batch));
    expect(inputs.map((row) => sdk.seatWeightDown(...row))).to.deep.equal(onChain);
    let worst = new Exact(0n);
    for (const [i, row] of rows.entries()) {
      const value = onChain[i] ?? 0n;
      const [stake, sigma] = inputs[i] ?? [0n, 1n];
      expect(value).to.equal(new Exact(stake * WAD, sigma).floor());
      const exact = row.real("weightReal");
      const slack = exact.times(MILLIONTH_OF_A_BILLIONTH).plus(new Exact(1n));
      const apart = exact.minus(new Exact(value));
      expect(apart.max(apart.negate()).lessThan(slack), `row ${i}`).to.equal(true);
      if (exact.num > 10n ** 20n * exact.den) worst = worst.max(relativeError(value, exact));
    }
    expectRegistered(`error ${scientific(worst)} above 100 MASA`);
  });

  it("EQ-27: a draw finds the seat whose stretch holds it", async () => {
    const weights = [5n, 0n, 1n, 7n, 0n, 3n];
    const draws = Array.from({ length: 16 }, (_, draw) => BigInt(draw));
    const seats = [0, 0, 0, 0, 0, 2, 3, 3, 3, 3, 3, 3, 3, 5, 5, 5];
    expect((await harness.seatAt(weights, draws)).map(Number)).to.deep.equal(seats);
    expect(draws.map((draw) => sdk.seatAt(weights, draw))).to.deep.equal(seats);
    expect(() => sdk.seatAt(weights, 16n)).to.throw(RangeError, "below the sum");
  });

  it("EQ-28: more than two thirds of the weight, for 1 to 64 seats and unequal ones (I-13)", async () => {
    const { rows } = readVectors("finality");
    const inputs = rows.map((row) => row.ints("signed", "total", "confirmations", "least") as Four);
    const onChain = await inBatches(inputs, (batch) => harness.isFinal(batch));
    const wrong = rows.flatMap((row, i) => (onChain[i] === row.flag("isFinal") ? [] : [i]));
    expect(wrong, "I-13").to.deep.equal([]);
    expect(inputs.map((row) => sdk.isFinal(...row))).to.deep.equal(onChain);
    // 43 of 64 is the least that is more than two thirds, 42 of 63 is not.
    expect([sdk.isFinal(42n, 64n, 42n, 1n), sdk.isFinal(43n, 64n, 43n, 1n)]).to.deep.equal([false, true]);
    expect(sdk.isFinal(42n, 63n, 42n, 1n)).to.equal(false);
  });

  it("helpers without an id of their own agree between the contract and the SDK", async () => {
    const source = new Source("helpers");
    const two = Array.from({ length: 300 }, (): Two => [source.amount(30), 1n + source.amount(30)]);
    const three = two.map(([a, b], i): Three => [a, i % 5 === 0 ? a : b, source.amount(30)]);
    const budgets = two.map((): Two => [source.ratio(), source.between(0n, 2772588722239781237n)]);
    expect(two.map((row) => sdk.workWeightDown(...row))).to.deep.equal(await harness.workWeightDown(two));
    expect(two.map((row) => sdk.oraclePerformanceUp(...row))).to.deep.equal(
      await harness.oraclePerformanceUp(two),
    );
    expect(three.map((row) => sdk.limitStep(...row))).to.deep.equal(await harness.limitStep(three));
    expect(budgets.map((row) => sdk.largestBudgetUp(...row))).to.deep.equal(
      await harness.largestBudgetUp(budgets),
    );
    const splits = two.map(([a]): Two => [a, source.ratio()]);
    expect(splits.map((row) => sdk.releaseDown(...row))).to.deep.equal(await harness.releaseDown(splits));
    expect(splits.map((row) => sdk.shareDown(...row))).to.deep.equal(await harness.shareDown(splits));
    const draws = two.map(([a, b]): Two => [(a << 156n) ^ b, b & (2n ** 64n - 1n)]);
    expect(draws.map((row) => sdk.drawDown(...row))).to.deep.equal(await harness.drawDown(draws));
    expect(() => sdk.drawDown(1n, 2n ** 64n)).to.throw(RangeError, "64 bits");
    for (const [share, clamp] of budgets) {
      const exact = Exact.wad(share)
        .times(exp(Exact.wad(clamp)))
        .times(new Exact(WAD));
      const value = new Exact(sdk.largestBudgetUp(share, clamp));
      const slack = exact.times(MILLIONTH_OF_A_BILLIONTH).plus(new Exact(1n));
      expect(value.minus(exact).lessThan(slack) && exact.minus(value).lessThan(slack), "D1").to.equal(true);
    }
  });

  it("EQ-29: mean utility, rounded down", async () => {
    const { rows } = readVectors("mean-utility");
    const inputs = rows.map((row): Three => {
      const utilities = row.list("utilities");
      return [utilities.reduce((a, b) => a + b, 0n), BigInt(utilities.length), row.int("kept")];
    });
    const onChain = await inBatches(inputs, (batch) => harness.meanUtilityDown(batch));
    expect(onChain).to.deep.equal(rows.map((row) => row.int("mean")));
    expect(inputs.map((row) => sdk.meanUtilityDown(...row))).to.deep.equal(onChain);
  });
});

type Two = [bigint, bigint];
type Three = [bigint, bigint, bigint];
type Four = [bigint, bigint, bigint, bigint];
type Six = [bigint, bigint, bigint, bigint, bigint, bigint];
type Ten = [bigint, bigint, bigint, bigint, bigint, bigint, bigint, bigint, bigint, bigint];
