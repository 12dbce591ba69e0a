/** The truth table of settlements in docs/ is what its rows say; test/unit/SettlementTable.t.sol carries them out. */
import { readFileSync } from "node:fs";

import { expect } from "chai";

import { settlementFiles } from "../../scripts/settlement-table.ts";
import { settlementRows } from "../reference/settlement.ts";

describe("truth table of settlements", () => {
  it("is in docs/ as its rows are; run: node scripts/settlement-table.ts", () => {
    for (const [file, text] of settlementFiles()) {
      const committed = readFileSync(file, "utf8").replaceAll("\r\n", "\n");
      expect(committed === text, `${file} is stale`).to.equal(true);
    }
  });

  it("conserves every wei", () => {
    for (const row of settlementRows()) {
      const paid = row.results.reduce((sum, result) => sum + result.paid, 0n);
      expect(paid + row.refunded + row.feeKept, row.name).to.equal(row.reward + row.fee);
    }
  });

  it("has every state and every outcome", () => {
    const rows = settlementRows();
    const states = new Set(rows.map((row) => row.state));
    expect([...states].toSorted()).to.deep.equal(["Cancelled", "Expired", "Settled", "Unscored"]);
    const outcomes = new Set(rows.flatMap((row) => row.results.map((result) => result.outcome)));
    expect([...outcomes].toSorted()).to.deep.equal(["paid", "slashed", "unpaid", "unscored"]);
  });
});
