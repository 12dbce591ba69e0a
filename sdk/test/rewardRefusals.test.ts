/** The typed errors of emissions, distributor and fee pool are sentences with all of their values. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";

import { encodeBytes32String, Interface } from "ethers";
import type { ErrorFragment } from "ethers";

import { DISTRIBUTOR_REFUSALS, EMISSIONS_REFUSALS, FEE_POOL_REFUSALS } from "../src/refusals/rewards.ts";
import { Values } from "../src/refusals/values.ts";
import type { Sentences } from "../src/refusals/values.ts";
import { walletOf } from "./support.ts";

const CONTRACTS: readonly (readonly [string, string, Sentences])[] = [
  ["rewards", "Emissions", EMISSIONS_REFUSALS],
  ["rewards", "RewardDistributor", DISTRIBUTOR_REFUSALS],
  ["market", "FeePool", FEE_POOL_REFUSALS],
];

/** Errors of a contract's own, by its compiled ABI. */
function errorsOf(folder: string, name: string): ErrorFragment[] {
  const file = new URL(`../../artifacts/contracts/${folder}/${name}.sol/${name}.json`, import.meta.url);
  const { abi } = JSON.parse(readFileSync(file, "utf8")) as {
    abi: ConstructorParameters<typeof Interface>[0];
  };
  const errors: ErrorFragment[] = [];
  new Interface(abi).forEachError((fragment) => {
    if (fragment.name.startsWith(`${name}_`)) errors.push(fragment);
  });
  return errors;
}

function say(fragment: ErrorFragment, sentences: Sentences, number: bigint): [string, Values] {
  const args = fragment.inputs.map(({ type, name }) => {
    if (type === "address") return walletOf("ann").address;
    if (type === "bytes32") return encodeBytes32String("activationDelay");
    return name === "pot" ? number % 2n : number;
  });
  const abi = new Interface([fragment]);
  const thrown = abi.parseError(abi.encodeErrorResult(fragment, args));
  const sentence = sentences[fragment.name];
  assert.ok(thrown !== null && sentence !== undefined, fragment.name);
  const values = new Values(thrown, null, null);
  const [what, advice] = sentence(values);
  assert.match(what, /^\S.*[^.\s]$/s, fragment.name);
  assert.match(advice, /^[A-Z].*\.$/, fragment.name);
  assert.doesNotMatch(`${what} ${advice}`, /undefined|\[object|NaN|null|nobody/, fragment.name);
  return [what, values];
}

for (const [folder, name, sentences] of CONTRACTS) {
  describe(`typed errors of ${name}`, () => {
    const errors = errorsOf(folder, name);

    it("each have a sentence, and no sentence is about none of them", () => {
      assert.deepEqual(Object.keys(sentences).toSorted(), errors.map((error) => error.name).toSorted());
    });

    it("each say all of their values", () => {
      for (const fragment of errors) {
        for (const number of [0n, 1_800_000_007n]) {
          const [, values] = say(fragment, sentences, number);
          assert.deepEqual([...values.used].sort(), fragment.inputs.map((input) => input.name).sort());
        }
      }
    });
  });
}

describe("values of reward errors", () => {
  it("are pots by name, times and shares", () => {
    const fragment = (folder: string, name: string, error: string): ErrorFragment => {
      const found = errorsOf(folder, name).find((one) => one.name === error);
      assert.ok(found !== undefined, error);
      return found;
    };
    const range = fragment("rewards", "RewardDistributor", "RewardDistributor_OutOfRange");
    assert.match(say(range, DISTRIBUTOR_REFUSALS, 60n)[0], /activationDelay is 1 min; /);
    const unfunded = fragment("rewards", "RewardDistributor", "RewardDistributor_NotFunded");
    assert.match(say(unfunded, DISTRIBUTOR_REFUSALS, 0n)[0], /gives validators 0 MASA/);
    assert.match(say(unfunded, DISTRIBUTOR_REFUSALS, 10n ** 18n + 1n)[0], /gives workers 1\.0+1 MASA/);
    const pot = fragment("rewards", "Emissions", "Emissions_InsufficientPot");
    assert.match(say(pot, EMISSIONS_REFUSALS, 1n)[0], /pot of governance participants/);
  });
});
