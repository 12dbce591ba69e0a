/** Sixty-four equal seats whose keepers talk without a wire in between: messages, signatures and medians are real. */
import assert from "node:assert/strict";
import { after, describe, it } from "node:test";

import type { Wallet } from "ethers";

import { MasaError, proposerOf, scoreReportDigest, seatsOf } from "#sdk";

import { proposeRound } from "../src/rounds.ts";
import type { KeeperRuntime } from "../src/runtime.ts";
import { scorers } from "../src/scoring/index.ts";
import { answerPeer } from "../src/server.ts";
import { FakeChain, makeKeeper, ownResult, requestEvents, signersOf, WORKER } from "./support.ts";
import type { KeeperUnderTest } from "./support.ts";

const SEATS = 64;
const keepers: KeeperUnderTest[] = [];
after(() => {
  for (const { store } of keepers) store.close();
});

/** All keepers of a set of equal seats, `silent` of which answer nothing, and the proposer of the first turn. */
function setUp(silent: number) {
  const chain = new FakeChain(new Array<bigint>(SEATS).fill(1_000_000n));
  const proposer = proposerOf(chain.frozen, 0, 0);
  const mute = new Set([...chain.keys.keys()].filter((seat) => seat !== proposer).slice(0, silent));
  const byAccount = new Map<string, KeeperRuntime>();
  const runtimes = chain.keys.map((key: Wallet, seat) => {
    const keeper = makeKeeper(chain, key, scorers.evidence, ":memory:");
    keepers.push(keeper);
    keeper.store.apply(requestEvents(1n, [WORKER]), 2);
    keeper.store.saveOwnResult(ownResult(seat));
    const { runtime } = keeper;
    const account = chain.accountOfSeat(seat);
    Object.assign(runtime, {
      peerOf: (hotKey: string) => {
        const at = chain.frozen.hotKeys.indexOf(hotKey);
        return Promise.resolve({ account: chain.accountOfSeat(at), endpoint: "in memory" });
      },
      call: async (peer: { account: string }, _method: string, path: string, body: string) => {
        const asked = byAccount.get(peer.account);
        if (asked === undefined) throw new MasaError("MASA-501", "silent");
        return (await answerPeer(asked, () => Promise.resolve(), key.address, path, body)).body;
      },
    });
    if (!mute.has(seat)) byAccount.set(account, runtime);
    return keeper;
  });
  return { chain, mute, ...(runtimes[proposer] as KeeperUnderTest) };
}

describe("SCO-12: of 64 equal seats", () => {
  it("21 may be silent: the report gets the signatures that it needs", async () => {
    const { chain, mute, runtime, store } = setUp(21);
    assert.equal(await proposeRound(runtime, store.openRequests(), chain.time), true);
    const [posted] = chain.scoreReports;
    assert.ok(posted !== undefined);
    const signers = seatsOf(posted.signers);
    assert.equal(signers.length, 43);
    assert.ok(signers.every((seat) => !mute.has(seat)));
    assert.deepEqual(
      signersOf(scoreReportDigest(chain.manifest, posted.report), posted),
      signers.map((seat) => chain.frozen.hotKeys[seat]),
    );
  });

  it("22 may not: nothing is shown, nothing signed, nothing posted", async () => {
    const { chain, runtime, store } = setUp(22);
    assert.equal(await proposeRound(runtime, store.openRequests(), chain.time), false);
    assert.deepEqual(chain.scoreReports, []);
    const turn = { epoch: chain.frozen.epoch, round: 0, attempt: 0 };
    for (const keeper of keepers.slice(-SEATS)) {
      assert.equal(keeper.store.hasSigned("scoreReport", turn), false);
      assert.deepEqual(
        keeper.store.turns.reveals(turn),
        [],
        "scores stay hidden until enough have co-signed",
      );
    }
  });
});
