/** The votes of an account (EQ-20): the contract and the SDK, change by change, against the reference's sum. */
import { expect } from "chai";

import * as sdk from "../../sdk/src/math/index.ts";
import { deployHarness, inBatches, readVectors } from "./harness.ts";

type Change = [previous: bigint, current: bigint];

describe("EQ-20: votes", () => {
  let harness: Awaited<ReturnType<typeof deployHarness>>;
  const { rows } = readVectors("votes");

  /** The stake comes, parts of it go, delegations come and change. */
  const histories = rows.map((row): Change[] => {
    const [own, received] = [row.int("own"), row.list("received")];
    let residual = own;
    const changes: Change[] = [[0n, own]];
    for (const units of row.list("given")) {
      changes.push([residual, residual - units]);
      residual -= units;
    }
    const before = row.list("before");
    changes.push(...before.map((units): Change => [0n, units]));
    changes.push(...before.map((units, index): Change => [units, received[index] ?? 0n]));
    return changes;
  });
  const expected = rows.map((row) => row.int("votes"));

  before(async () => {
    harness = await deployHarness();
  });

  it("follow every change to the sum of the parts", async () => {
    expect(await inBatches(histories, (batch) => harness.votesAfter(batch))).to.deep.equal(expected);
    const mirrored = histories.map((changes) =>
      changes.reduce((votes, [previous, current]) => sdk.votesAfter(votes, previous, current), 0n),
    );
    expect(mirrored).to.deep.equal(expected);
  });

  it("refuse what no account can have", () => {
    expect(() => sdk.votesAfter(1n, 2n, 5n)).to.throw(RangeError, "votes - previous");
    expect(() => sdk.votesAfter(1n, -1n, 5n)).to.throw(RangeError, "previous");
    expect(() => sdk.votesAfter(1n, 1n, -1n)).to.throw(RangeError, "current");
    expect(() => sdk.votesAfter(2n ** 255n, 0n, 2n ** 255n)).to.throw(
      RangeError,
      "votes - previous + current",
    );
  });
});
