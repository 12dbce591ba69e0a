/** The registry of parameters: complete by the ABIs, true to its document, and values that read as they are written. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";

import { getAddress } from "ethers";

import {
  classAssignments,
  findParameter,
  formatParameter,
  OWNER_ACTS,
  PARAMETER_IDS,
  PARAMETER_SETS,
  parseParameter,
  setterFields,
  setterFragment,
  textOfParameter,
  TREASURY_ACTS,
} from "#sdk";
import type { Parameter } from "#sdk";

import { PARAMETERS_FILE, renderParameters } from "../../scripts/parameters.ts";
import { refusal } from "./support.ts";

const one = (id: string): Parameter => findParameter(id).parameter;
const TAU = one("escrow.tau");

describe("registry of parameters", () => {
  it("is what docs/parameters.md says; run: node scripts/parameters.ts", () => {
    const committed = readFileSync(PARAMETERS_FILE, "utf8").replaceAll("\r\n", "\n");
    assert.equal(committed === renderParameters(), true, "docs/parameters.md is stale");
  });

  it("has one entry for every value that a setter takes, of its type", () => {
    for (const set of PARAMETER_SETS) {
      const fields = setterFields(set).map(({ name }) => name.replace(/_$/, ""));
      assert.deepEqual(set.parameters.map(({ field }) => field).toSorted(), fields.toSorted(), set.group);
      for (const [index, field] of fields.entries()) {
        const parameter = set.parameters.find((found) => found.field === field) as Parameter;
        const type = setterFields(set)[index]?.type ?? "";
        if (type === "address") assert.equal(parameter.unit, "address", parameter.id);
        else if (type === "bool") assert.equal(parameter.unit, "flag", parameter.id);
        else {
          const bits = Number(/^uint(\d+)$/.exec(type)?.[1]);
          assert.ok(parameter.most < 2n ** BigInt(bits), `${parameter.id} does not fit ${type}`);
        }
      }
    }
  });

  it("names every parameter once, under its contract", () => {
    assert.equal(new Set(PARAMETER_IDS).size, PARAMETER_IDS.length);
    assert.equal(PARAMETER_SETS.flatMap(({ parameters }) => parameters).length, PARAMETER_IDS.length);
    for (const { contract, group, parameters } of PARAMETER_SETS) {
      for (const { id } of parameters) assert.ok(id.startsWith(`${contract}.`), id);
      assert.ok(Buffer.byteLength(group) <= 31, `${group} does not fit a word`);
    }
  });

  it("puts every call of one selector into one class", () => {
    const seen = new Map<string, number>();
    const calls = [
      ...PARAMETER_SETS.map(({ contract, setter, classId }) => ({ contract, name: setter, classId })),
      ...OWNER_ACTS,
      ...TREASURY_ACTS,
    ];
    for (const { contract, name, classId } of calls) {
      const key = `${contract}.${setterFragment({ contract, setter: name }).selector}`;
      assert.equal(seen.get(key) ?? classId, classId, `${contract}.${name}`);
      seen.set(key, classId);
    }
    for (const { contract, classId, selectors } of classAssignments()) {
      assert.ok(classId < 3, "the strictest is what is not assigned");
      for (const selector of selectors) assert.equal(seen.get(`${contract}.${selector}`), classId);
    }
  });

  it("finds what was meant", async () => {
    await refusal(() => findParameter("escrow.threshold"), "MASA-109");
    await refusal(() => findParameter("market.tau"), "MASA-109", /there are escrow\.tau/);
    await refusal(() => findParameter(""), "MASA-109");
  });
});

describe("values of parameters", () => {
  it("are read in their unit, within hard bounds", async () => {
    assert.equal(parseParameter(TAU, "0.62"), 620_000_000_000_000_000n);
    for (const text of ["1", "0", "1.5"])
      await refusal(() => parseParameter(TAU, text), "MASA-110", /must lie between/);
    for (const text of ["", "-0.1", "0.6x", ".5", "0.1234567890123456789", "6e-1", "0x1"])
      await refusal(() => parseParameter(TAU, text), "MASA-110", /is not a decimal number/);

    assert.equal(parseParameter(one("vault.unbondingDelay"), "14d"), 1_209_600n);
    await refusal(() => parseParameter(one("vault.unbondingDelay"), "91d"), "MASA-110", /between 2s and 90d/);
    await refusal(() => parseParameter(one("vault.unbondingDelay"), "14"), "MASA-110");
    assert.equal(parseParameter(one("escrow.maxGasPrice"), "0.5"), 500_000_000n);
    assert.equal(parseParameter(one("standing.workerReference"), "200"), 200n * 10n ** 9n);
    assert.equal(parseParameter(one("escrow.maxResponses"), "16"), 16n);
    await refusal(() => parseParameter(one("escrow.maxResponses"), "1.5"), "MASA-110", /whole number/);
    assert.equal(parseParameter(one("escrow.openKinds"), "0,3"), 9n);
    assert.equal(parseParameter(one("escrow.openKinds"), "none"), 0n);
    await refusal(() => parseParameter(one("escrow.openKinds"), "24"), "MASA-110");
    const address = "0x00000000000000000000000000000000005a4a5e";
    assert.equal(parseParameter(one("standing.curve"), address), getAddress(address));
    await refusal(
      () => parseParameter(one("standing.curve"), `0x${"0".repeat(40)}`),
      "MASA-110",
      /name somebody/,
    );
    assert.equal(parseParameter(one("vault.compensation"), `0x${"0".repeat(40)}`), `0x${"0".repeat(40)}`);
    await refusal(() => parseParameter(one("standing.curve"), "0x12"), "MASA-110", /is not an address/);
  });

  it("read back what they say, at their bounds and between", () => {
    for (const { parameters } of PARAMETER_SETS) {
      for (const parameter of parameters) {
        const { least, most, unit, id } = parameter;
        if (unit === "address" || unit === "flag") continue;
        for (const value of new Set([
          least,
          most,
          (least + most) / 3n > least ? (least + most) / 3n : least,
        ])) {
          assert.equal(parseParameter(parameter, textOfParameter(parameter, value)), value, id);
          assert.doesNotMatch(formatParameter(parameter, value), /undefined|NaN/, id);
        }
      }
    }
  });
});
