/** Epochs off chain: the boundary second belongs to the later epoch, a change of length holds from its boundary on. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { epochStart, locate } from "../src/clock.ts";
import type { Clock } from "../src/clock.ts";

/** Epochs of 60 s from second 1,000 on, of 20 s from epoch 10 on. */
const clock: Clock = {
  stretches: [
    { firstEpoch: 0, startsAt: 1_000, length: 60 },
    { firstEpoch: 10, startsAt: 1_600, length: 20 },
  ],
};

describe("clock", () => {
  it("gives the boundary second to the later epoch alone", () => {
    assert.deepEqual(locate(clock, 1_059), { epoch: 0, secondsInEpoch: 59, length: 60 });
    assert.deepEqual(locate(clock, 1_060), { epoch: 1, secondsInEpoch: 0, length: 60 });
  });

  it("takes a new length from its boundary on, and leaves the past its own", () => {
    assert.deepEqual(locate(clock, 1_599), { epoch: 9, secondsInEpoch: 59, length: 60 });
    assert.deepEqual(locate(clock, 1_600), { epoch: 10, secondsInEpoch: 0, length: 20 });
    assert.deepEqual(locate(clock, 1_619), { epoch: 10, secondsInEpoch: 19, length: 20 });
    assert.deepEqual(locate(clock, 1_620), { epoch: 11, secondsInEpoch: 0, length: 20 });
    assert.deepEqual(
      [0, 9, 10, 12].map((epoch) => epochStart(clock, epoch)),
      [1_000, 1_540, 1_600, 1_640],
    );
  });

  it("counts what lies before it as its beginning", () => {
    assert.deepEqual(locate(clock, 1), { epoch: 0, secondsInEpoch: 0, length: 60 });
  });
});
