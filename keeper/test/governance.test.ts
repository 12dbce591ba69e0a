/** What keepers do for governance, on a real local chain: turnouts, counting, reviews, each once. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";

import { encodeBytes32String } from "ethers";

import { connect, formatProposalText, proposerOf, readEvents, readRewardFacts } from "#sdk";
import type { Connection, FrozenSeats } from "#sdk";

import { startNetwork } from "../../nodes/test/support.ts";
import type { Network } from "../../nodes/test/support.ts";
import { temporaryFolder } from "../../sdk/test/support.ts";
import { keepGovernance } from "../src/governance.ts";
import { makeRuntime, placeInTime } from "../src/runtime.ts";
import type { KeeperRuntime } from "../src/runtime.ts";
import { scorers } from "../src/scoring/index.ts";
import { KeeperStore } from "../src/store.ts";
import { quiet, TIMES } from "./support.ts";

let network: Network;
/** Keepers of all seats, by seat. */
const keepers: { runtime: KeeperRuntime; connection: Connection; store: KeeperStore }[] = [];

before(async () => {
  network = await startNetwork();
  const { url, manifestPath, contracts, members } = network;
  for (const member of members.filter(({ hotKey }) => hotKey !== null)) {
    const { hotKey, account, name } = member;
    if (hotKey === null) continue;
    const connection = await connect({ rpcUrl: url, manifestPath, privateKey: hotKey.privateKey });
    const store = new KeeperStore(join(temporaryFolder(), `${name}.sqlite`));
    const runtime = makeRuntime({
      connection,
      hotKey: hotKey.address,
      account: account.address,
      store,
      scorer: scorers.evidence,
      roundLength: Number(await contracts.consensus.roundLength()),
      attemptLength: Number(await contracts.consensus.attemptLength()),
      maxMissed: async (epoch) => Number(await contracts.offences.maxMissedOf(epoch)),
      readRewardFacts: (frozen, known) => readRewardFacts(connection, frozen, known),
      relatedAccounts: new Set<string>(),
      times: TIMES,
      allowPrivateHosts: true,
      rejoin: false,
      log: quiet,
    });
    keepers.push({ runtime, connection, store });
  }
});
after(async () => {
  for (const { connection, store } of keepers) {
    connection.close();
    store.close();
  }
  await network.close();
});

/** Every keeper looks once, in a second when all see the same turn; gives what each sent. */
async function lookAll(): Promise<{ sent: number[]; drawn: number }> {
  const { contracts, clerk, passTime } = network;
  await passTime(1);
  await clerk.send(() => contracts.epochManager.roll());
  const { number, timestamp } = await clerk.latest();
  const [first] = keepers;
  assert.ok(first !== undefined);
  const place = await placeInTime(first.runtime, timestamp);
  const frozen = (await first.runtime.frozenSeats(place.epoch)) as FrozenSeats;
  const drawn = frozen.hotKeys[proposerOf(frozen, place.round, place.attempt)];
  const sent: number[] = [];
  for (const { runtime, connection, store } of keepers) {
    store.apply(await readEvents(connection.contracts, 1, number), number + 1);
    sent.push(await keepGovernance(runtime, timestamp));
  }
  return { sent, drawn: keepers.findIndex(({ runtime }) => runtime.hotKey === drawn) };
}

/** Moves to the first second of the first round of the next epoch. */
async function nextEpoch(): Promise<void> {
  const { contracts, clerk, passTime } = network;
  const { timestamp } = await clerk.latest();
  const start = await contracts.clock.epochStart((await contracts.clock.currentEpoch()) + 1n);
  await passTime(Number(start) - timestamp);
}

/** Gives the number of a proposal for nothing in particular. */
async function propose(own: Connection, title: string): Promise<bigint> {
  const { contracts, manifest } = network;
  const data = contracts.epochManager.interface.encodeFunctionData("setRollBounty", [BigInt(title.length)]);
  const text = formatProposalText({ title, description: "It.", rationale: "So." }, own.wallet?.address ?? "");
  const calls = [[manifest.contracts.epochManager], [0n], [data]] as const;
  const targets = [...calls[0]];
  await own.send(() => own.contracts.governor.propose(targets, [...calls[1]], [...calls[2]], text));
  const created = await contracts.governor.queryFilter(contracts.governor.filters.ProposalCreated());
  return created.at(-1)?.args.proposalId ?? 0n;
}

describe("keepers", () => {
  it("record and count what was decided, by the seat whose turn it is, once, and pass over what had no quorum", async () => {
    const { contracts, open, member, passTime } = network;
    const own = await open(member("validator-0"));
    const decided = await propose(own, "Decided");
    const ignored = await propose(own, "Ignored");
    await passTime(62);
    await own.send(() => own.contracts.governor.castVote(decided, 1));
    const early = await lookAll();
    assert.equal(early.sent.filter((count) => count > 0).length, 0, "the vote goes on");
    await passTime(91);

    const { sent, drawn } = await lookAll();
    assert.deepEqual(
      sent,
      sent.map((_, seat) => (seat === drawn ? 3 : 0)),
      "two turnouts, one counted",
    );
    assert.equal((await contracts.reputation.closedOf(decided)).number, 1n);
    assert.equal((await contracts.reputation.closedOf(ignored)).number, 0n);
    const filter = contracts.classes.filters.TurnoutRecorded();
    const recorded = (await contracts.classes.queryFilter(filter)).map(({ args }) => args.proposalId);
    assert.deepEqual(new Set(recorded), new Set([decided, ignored]));

    await passTime(6);
    const again = await lookAll();
    assert.deepEqual(
      again.sent,
      sent.map(() => 0),
      "there is nothing left",
    );
  });

  it("mark reviews that are due, in the first round of an epoch", async () => {
    const { contracts, passTime } = network;
    await nextEpoch();
    assert.deepEqual(
      (await lookAll()).sent,
      keepers.map(() => 0),
      "none is due",
    );
    await passTime(31 * 86_400);
    await nextEpoch();
    const { sent, drawn } = await lookAll();
    assert.deepEqual(
      sent,
      sent.map((_, seat) => (seat === drawn ? 5 : 0)),
      "some at a time",
    );
    const marked = await contracts.reviews.queryFilter(contracts.reviews.filters.ReviewDue());
    assert.equal(marked.length, 5);
    assert.notEqual((await contracts.reviews.groupOf(encodeBytes32String("class-0"))).markedAt, 0n);
  });
});
