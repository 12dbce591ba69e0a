/** A request's word as the escrow packs it: every field from its own bits, whatever the others are. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { unpackRequest } from "../src/requestWord.ts";

/** Widths of the fields from the lowest bit up, as RequestWord.sol documents them. */
const WIDTHS = {
  state: 3,
  kind: 5,
  hasEvidence: 1,
  maxResponsesLessOne: 4,
  responses: 5,
  terms: 12,
  margin: 14,
  asker: 32,
  worker: 32,
  responseDeadline: 32,
  scoringWindow: 20,
  baseReward: 48,
  fee: 44,
} as const;
type Field = keyof typeof WIDTHS;

function pack(fields: Readonly<Record<Field, bigint>>): bigint {
  let word = 0n;
  let at = 0n;
  for (const [name, width] of Object.entries(WIDTHS)) {
    word |= fields[name as Field] << at;
    at += BigInt(width);
  }
  return word;
}

const filled = (value: (width: number) => bigint): Record<Field, bigint> =>
  Object.fromEntries(Object.entries(WIDTHS).map(([name, width]) => [name, value(width)])) as Record<
    Field,
    bigint
  >;

const NOTHING = {
  kind: "llm-completion",
  hasEvidence: false,
  maxResponses: 1,
  baseRewardWei: 0n,
  feeWei: 0n,
  responseDeadline: 0,
  scoringDeadline: 0,
  terms: 0,
};

describe("unpackRequest", () => {
  it("reads every field from its own bits alone", () => {
    const only = (field: Field, value: bigint) =>
      unpackRequest(pack({ ...filled(() => 0n), [field]: value }));
    for (const field of ["state", "responses", "margin", "asker", "worker"] as const) {
      assert.deepEqual(only(field, 2n ** BigInt(WIDTHS[field]) - 1n), NOTHING, field);
    }
    assert.deepEqual(only("kind", 2n), { ...NOTHING, kind: "data-scrape" });
    assert.deepEqual(only("hasEvidence", 1n), { ...NOTHING, hasEvidence: true });
    assert.deepEqual(only("maxResponsesLessOne", 15n), { ...NOTHING, maxResponses: 16 });
    assert.deepEqual(only("terms", 4_095n), { ...NOTHING, terms: 4_095 });
    const second = 2 ** 32 - 1;
    assert.deepEqual(only("responseDeadline", BigInt(second)), {
      ...NOTHING,
      responseDeadline: second,
      scoringDeadline: second,
    });
    assert.deepEqual(only("scoringWindow", 1_048_575n), { ...NOTHING, scoringDeadline: 1_048_575 });
    assert.deepEqual(only("baseReward", 2n ** 48n - 1n), {
      ...NOTHING,
      baseRewardWei: (2n ** 48n - 1n) * 1_000_000_000n,
    });
    assert.deepEqual(only("fee", 2n ** 44n - 1n), { ...NOTHING, feeWei: (2n ** 44n - 1n) * 1_000_000_000n });
  });

  it("reads them all together", () => {
    const word = pack({ ...filled((width) => 2n ** BigInt(width) - 1n), kind: 1n });
    assert.deepEqual(unpackRequest(word), {
      kind: "data-query",
      hasEvidence: true,
      maxResponses: 16,
      baseRewardWei: (2n ** 48n - 1n) * 1_000_000_000n,
      feeWei: (2n ** 44n - 1n) * 1_000_000_000n,
      responseDeadline: 2 ** 32 - 1,
      scoringDeadline: 2 ** 32 - 1 + 2 ** 20 - 1,
      terms: 4_095,
    });
  });
});
