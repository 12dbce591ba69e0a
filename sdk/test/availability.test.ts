/** Availability vectors: their bytes, and whose signature holds. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";

import {
  decodeAvailability,
  encodeAvailability,
  isAvailabilitySigned,
  MAX_PROBED,
  signAvailability,
} from "../src/availability.ts";
import type { AvailabilityEntry, AvailabilityVector } from "../src/availability.ts";
import { exampleManifest, frozenSeats, refusal, walletOf } from "./support.ts";

const [low, high] = [walletOf("one").address, walletOf("two").address].sort((a, b) =>
  BigInt(a) < BigInt(b) ? -1 : 1,
) as [string, string];
const entry = (worker: string, answered: number, tried: number): AvailabilityEntry => ({
  worker,
  answered,
  tried,
});

describe("availability as bytes", () => {
  it("is worker, answered and tried, ascending by worker, and decodes to itself", () => {
    const entries = [entry(low, 0, 1), entry(high, 65_535, 65_535)];
    const bytes = encodeAvailability(entries);
    assert.equal(bytes, `${low.toLowerCase()}00000001${high.toLowerCase().slice(2)}ffffffff`);
    assert.deepEqual(decodeAvailability(bytes), entries);
    assert.equal(encodeAvailability([]), "0x");
    assert.deepEqual(decodeAvailability("0x"), []);
  });

  it("refuses what has another order, impossible counts or cut bytes", async () => {
    const bad: AvailabilityEntry[][] = [
      [entry(high, 1, 1), entry(low, 1, 1)],
      [entry(low, 1, 1), entry(low, 1, 1)],
      [entry(low, 2, 1)],
      [entry(low, 0, 0)],
      [entry(low, -1, 1)],
      [entry(low, 0.5, 1)],
      [entry(low, 1, 65_536)],
    ];
    for (const entries of bad) await refusal(() => encodeAvailability(entries), "MASA-505");
    const bytes = encodeAvailability([entry(low, 1, 2)]);
    const second = encodeAvailability([entry(high, 1, 2)]).slice(2);
    for (const text of [
      bytes.slice(0, -2),
      `${bytes}00`,
      bytes.replace("0x", ""),
      `${bytes}${bytes.slice(2)}`,
    ])
      await refusal(() => decodeAvailability(text), "MASA-505");
    assert.equal(decodeAvailability(`${bytes}${second}`).length, 2);
    await refusal(() => decodeAvailability(`${low.toLowerCase()}00020001`), "MASA-505", /answered 2 of 1/);
    const many = Array.from({ length: MAX_PROBED + 1 }, (_, index) =>
      entry(`0x${(index + 1).toString(16).padStart(40, "0")}`, 1, 1),
    );
    assert.equal(decodeAvailability(encodeAvailability(many.slice(1))).length, MAX_PROBED);
    await refusal(() => encodeAvailability(many), "MASA-505", /at most/);
  });
});

describe("an availability vector", () => {
  it("holds for its seat, epoch, deployment and content alone", async () => {
    const manifest = exampleManifest();
    const { frozen, keys } = frozenSeats([5n, 0n, 3n]);
    const plain = { seat: 2, epoch: 7, entries: [entry(low, 1, 2)] };
    const vector = await signAvailability(keys[2] as (typeof keys)[number], manifest, plain);
    assert.ok(isAvailabilitySigned(manifest, frozen, vector));
    const forgeries: AvailabilityVector[] = [
      { ...vector, seat: 0 },
      { ...vector, seat: 1 },
      { ...vector, seat: 9 },
      { ...vector, epoch: 8 },
      { ...vector, entries: [entry(low, 2, 2)] },
      { ...vector, entries: [] },
      { ...vector, signature: "0x" },
      await signAvailability(walletOf("stranger"), manifest, plain),
    ];
    for (const [index, forged] of forgeries.entries())
      assert.equal(isAvailabilitySigned(manifest, frozen, forged), false, `forgery ${index}`);
    assert.equal(isAvailabilitySigned(exampleManifest({ chainId: 1 }), frozen, vector), false);
  });
});
