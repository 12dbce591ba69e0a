/** What a keeper does for its seat, and for the slashes that nobody has applied. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";

import type { Wallet } from "ethers";

import { proposerOf, RIGHTS } from "#sdk";

import { walletOf } from "../../sdk/test/support.ts";
import { applySlashes, keepSeat } from "../src/seat.ts";
import { FakeChain, makeKeeper, START } from "./support.ts";

const LOST = { seated: false, isWaiting: false, coolingUntil: 0n, isEligible: true };

function setUp(seat = 1) {
  const chain = new FakeChain([1n, 1n, 1n]);
  const { runtime, store } = makeKeeper(chain, chain.keys[seat] as Wallet);
  return { chain, runtime, store, account: chain.accountOfSeat(seat) };
}

describe("a keeper with a seat", () => {
  it("checks in once two rolls came without a report, once, and not before", async () => {
    const { chain, runtime, account } = setUp();
    for (const rolls of [0n, 1n]) {
      chain.silence = { rolls, checkedIn: 0n };
      assert.equal(await keepSeat(runtime), null, `${rolls} rolls`);
    }
    chain.silence = { rolls: 2n, checkedIn: 0b101n };
    assert.equal(await keepSeat(runtime), "checkedIn");
    assert.deepEqual(chain.sent, [`checkIn ${account}`]);
    chain.silence = { rolls: 2n, checkedIn: 0b111n };
    assert.equal(await keepSeat(runtime), null);
    assert.equal(chain.sent.length, 1);
  });

  it("sends nothing with a key that may not act for the seat", async () => {
    const { chain, runtime } = setUp();
    chain.rights = RIGHTS.sign;
    chain.silence = { rolls: 9n, checkedIn: 0n };
    assert.equal(await keepSeat(runtime), null);
    chain.place = LOST;
    assert.equal(await keepSeat(runtime), null);
    assert.deepEqual(chain.sent, []);
  });
});

describe("a keeper without a seat", () => {
  it("joins the waitlist", async () => {
    const { chain, runtime, account } = setUp();
    chain.place = LOST;
    assert.equal(await keepSeat(runtime), "joined");
    assert.deepEqual(chain.sent, [`joinWaitlist ${account}`]);
  });

  const reasons: [string, Partial<typeof LOST>][] = [
    ["waits already", { isWaiting: true }],
    ["cools down", { coolingUntil: 8n }],
    ["is not eligible", { isEligible: false }],
  ];
  for (const [reason, change] of reasons)
    it(`does not while it ${reason}`, async () => {
      const { chain, runtime } = setUp();
      chain.place = { ...LOST, ...change };
      assert.equal(await keepSeat(runtime), null);
      assert.deepEqual(chain.sent, []);
    });

  it("does not when it is told not to, or when the validator gave its seat up itself", async () => {
    const { chain, runtime, store, account } = setUp();
    chain.place = LOST;
    assert.equal(await keepSeat({ ...runtime, rejoin: false }), null);
    store.apply([{ type: "seatLeft", account }], 5);
    assert.equal(await keepSeat(runtime), null);
    assert.deepEqual(chain.sent, []);
    store.apply([{ type: "waitlistJoined", account }], 6);
    assert.equal(await keepSeat(runtime), "joined", "until it asks for one again");
  });
});

describe("booked slashes", () => {
  it("are applied together by the seat whose turn it is, and by no other", async () => {
    const chain = new FakeChain([1n, 1n, 1n]);
    chain.time = START;
    const turn = proposerOf(chain.frozen, 0, 0);
    const [first, second] = [walletOf("first").address, walletOf("second").address].sort();
    for (const [seat, wallet] of chain.keys.entries()) {
      const { runtime, store } = makeKeeper(chain, wallet);
      assert.equal(await applySlashes(runtime, chain.time), 0, "there is nothing to apply");
      for (const account of [first, second] as string[])
        store.apply([{ type: "slashBooked", account, bookedUnits: 1n }], 5);
      assert.equal(await applySlashes(runtime, chain.time), seat === turn ? 2 : 0);
      assert.equal(await applySlashes(runtime, chain.time), 0, "nor is anything once it was applied");
    }
    assert.deepEqual(chain.sent, [`applySlash ${first}`, `applySlash ${second}`]);
  });
});
