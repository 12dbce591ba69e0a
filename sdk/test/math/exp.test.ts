/** expWad and the range checks of the mirror, without a chain: known values, monotonicity, clear errors. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";

import * as math from "../../src/math/index.ts";

const WAD = math.WAD;
/** ln 2 in WAD, rounded down. The branch of expWad changes at its odd halves. */
const LN_2 = 693147180559945309n;

describe("expWad", () => {
  it("gives known values", () => {
    assert.equal(math.expWad(0n), WAD);
    assert.equal(math.expWad(WAD), 2718281828459045235n);
    assert.equal(math.expWad(-WAD), 367879441171442321n);
    assert.equal(math.expWad(-41446531673892822313n), 0n);
    assert.throws(() => math.expWad(135305999368893231589n), /exponent must be below/);
  });

  it("never falls around the points where its branch changes, wei by wei (I-12)", () => {
    for (const half of [-9n, -7n, -5n, -3n, -1n, 1n, 3n, 5n, 7n, 9n]) {
      const middle = (half * LN_2) / 2n;
      let previous = math.expWad(middle - 1_001n);
      for (let x = middle - 1_000n; x <= middle + 1_000n; x++) {
        const value = math.expWad(x);
        assert.ok(value >= previous, `I-12: falls at ${x}`);
        previous = value;
      }
    }
  });
});

describe("mirror of the formulas", () => {
  it("rounds as its names say", () => {
    assert.equal(math.mulDivDown(10n, 10n, 3n), 33n);
    assert.equal(math.mulDivUp(10n, 10n, 3n), 34n);
    assert.equal(math.mulDivUp(10n, 9n, 3n), 30n);
    assert.equal(math.baseRequirementUp(1n, WAD, 3n, 0n), 1n);
    assert.equal(math.rewardDown(1n, WAD - 1n, 0n), 0n);
    assert.equal(math.slashAmountUp(0n, WAD / 10n), 1n);
  });

  it("gives a whole requirement from supply to stake", () => {
    // 1,000 MASA, a fifth of it asked of 10 nodes; the node is 0.25 below the mean with λ = 0.5: 20·e^0.5.
    const base = math.baseRequirementUp(1_000n * WAD, WAD / 5n, 10n, 0n);
    const exponent = math.clampedExponent(WAD / 2n, WAD / 4n, WAD / 2n, 1386294361119890618n);
    assert.equal(base, 20n * WAD);
    assert.equal(exponent, WAD / 2n);
    const required = math.requirementUp(base, math.sigma(exponent), WAD);
    assert.ok(required > 32974425414002562900n && required < 32974425414002562980n, String(required));
  });

  it("refuses what the contracts refuse, and says which argument it was", () => {
    const largest = (1n << 256n) - 1n;
    assert.throws(() => math.mulDivDown(largest, 2n, 1n), /x\*y must be a uint256/);
    assert.throws(() => math.mulDivDown(1n, 1n, 0n), /divisor must be above 0/);
    assert.throws(() => math.seatWeightDown(WAD, 0n), /divisor must be above 0/);
    assert.throws(() => math.clampedExponent(0n, 0n, 0n, WAD), /lambda must be above 0/);
    assert.throws(
      () => math.foldUtility(WAD + 1n, 0n, 0n, 0n),
      /utility must be a ratio in \[0, 10\^18\], got 1000/,
    );
    assert.throws(() => math.foldUtility(-1n, 0n, 0n, 0n), /utility must be a ratio/);
    assert.throws(() => math.lowestScores([0n], 1n), /packedScores must be 8 words, got 1/);
    assert.throws(() => math.lowestScores(math.packScores([]), 1n << 64n), /candidates must be a uint64/);
    assert.throws(() => math.packScores([1n << 32n]), /score of seat 0 must be a uint32/);
    assert.throws(() => math.packScores(Array.from({ length: 65 }, () => 0n)), /at most 64 scores, got 65/);
    assert.throws(() => math.isFinal(largest, 1n, 1n, 1n), /3\*signedWeight must be a uint256/);
    const weights = [0n, 0n, WAD, 0n] as const;
    assert.throws(
      () => math.qualityDown(WAD, WAD, 0n, WAD, weights, false),
      /below 1 for a request without evidence/,
    );
    assert.equal(math.qualityDown(WAD, WAD, WAD / 2n, WAD, weights, true), WAD / 2n);
  });

  it("holds a value within a step of the previous one", () => {
    assert.equal(math.limitStep(100n, 130n, 10n), 110n);
    assert.equal(math.limitStep(100n, 70n, 10n), 90n);
    assert.equal(math.limitStep(100n, 95n, 10n), 95n);
    assert.equal(math.limitStep(100n, 105n, 10n), 105n);
  });

  it("lets an oracle node's performance fall with its consumption (D5)", () => {
    assert.equal(math.oraclePerformanceUp(0n, 10n), WAD);
    assert.equal(math.oraclePerformanceUp(4n, 10n), (6n * WAD) / 10n);
    assert.equal(math.oraclePerformanceUp(1n, 3n), WAD - WAD / 3n);
    assert.equal(math.oraclePerformanceUp(11n, 10n), 0n);
  });
});
