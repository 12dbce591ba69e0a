/** Which proposals pass (EQ-21): the contract and the SDK against the reference. */
import { expect } from "chai";

import * as sdk from "../../sdk/src/math/index.ts";
import { deployHarness, inBatches, readVectors } from "./harness.ts";

type Three = [bigint, bigint, bigint];
type Five = [bigint, bigint, bigint, bigint, bigint];

describe("EQ-21: quorum and threshold", () => {
  let harness: Awaited<ReturnType<typeof deployHarness>>;
  const { rows } = readVectors("passage");

  before(async () => {
    harness = await deployHarness();
  });

  it("the quorum asks for a share of the total, rounded up, or the floor", async () => {
    const inputs = rows.map((row) => row.ints("total", "quorum", "leastQuorum") as Three);
    const expected = rows.map((row) => row.int("needed"));
    expect(await inBatches(inputs, (batch) => harness.quorumUp(batch))).to.deep.equal(expected);
    expect(inputs.map((row) => sdk.quorumUp(...row))).to.deep.equal(expected);
  });

  it("a proposal passes where the reference says so, to the wei (D10)", async () => {
    const inputs = rows.map((row) => row.ints("for", "against", "abstain", "needed", "threshold") as Five);
    const expected = rows.map((row) => row.flag("passes"));
    expect(await inBatches(inputs, (batch) => harness.passes(batch))).to.deep.equal(expected);
    expect(inputs.map((row) => sdk.passes(...row))).to.deep.equal(expected);
    expect(
      [true, false].map((way) => expected.filter((passed) => passed === way).length > 300),
    ).to.deep.equal([true, true]);
  });

  it("refuses what the contract could not compute", () => {
    const huge = 2n ** 255n;
    expect(() => sdk.quorumUp(1n, 1n, -1n)).to.throw(RangeError, "leastQuorum");
    expect(() => sdk.isQuorumMet(huge, huge, 0n)).to.throw(RangeError, "forVotes + abstainVotes");
    expect(() => sdk.isQuorumMet(0n, 0n, -1n)).to.throw(RangeError, "needed");
    expect(() => sdk.isThresholdMet(huge, 0n, 1n)).to.throw(RangeError, "forVotes * WAD");
    expect(() => sdk.isThresholdMet(0n, huge, huge)).to.throw(RangeError, "threshold");
  });
});
