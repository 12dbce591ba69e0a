/** Probes of workers: when they come, what counts, and what of them an epoch report carries. */
import assert from "node:assert/strict";
import { afterEach, after, describe, it } from "node:test";

import type { Wallet } from "ethers";

import {
  epochReportDigest,
  isAvailabilitySigned,
  proposerOf,
  scoreReportDigest,
  startNodeServer,
} from "#sdk";
import type { AvailabilityVector, NodeServer, ScoreReport } from "#sdk";

import { refusal, walletOf } from "../../sdk/test/support.ts";
import {
  checkAvailability,
  ownAvailability,
  PROBES_AN_EPOCH,
  probeSeconds,
  probeWorkers,
} from "../src/availability.ts";
import { proposeEpoch } from "../src/epochs.ts";
import { proposeRound } from "../src/rounds.ts";
import { ATTEMPT, CLOCK, closeKeepers, EPOCH, FakeChain, makeKeeper, network, START } from "./support.ts";
import type { Posted } from "./support.ts";

const servers: NodeServer[] = [];
after(() => Promise.all(servers.map((server) => server.close())));
afterEach(closeKeepers);

const EPOCH_ROUND = 0xffff_ffff;
const LAST_SECOND = START + CLOCK.epochLength - 1;

/** A worker whose health page says this; counts how often it is asked. */
async function worker(status: number, asked: string[] = []): Promise<string> {
  const server = await startNodeServer({
    host: "127.0.0.1",
    port: 0,
    maxBytes: 100,
    handle: ({ path }) => {
      asked.push(path);
      return Promise.resolve({ status, body: "{}" });
    },
  });
  servers.push(server);
  return server.url;
}

const name = (index: number): string => walletOf(`worker ${index}`).address;

describe("probes", () => {
  it("come once in every quarter of an epoch, at seconds that nobody else can tell", () => {
    const secret = `0x${"12".repeat(32)}`;
    for (const length of [4, 60, 86_400]) {
      const seconds = probeSeconds(secret, 7, length);
      assert.equal(seconds.length, PROBES_AN_EPOCH);
      seconds.forEach((second, index) => {
        assert.ok(
          second >= (length * index) / 4 && second < (length * (index + 1)) / 4,
          `${second} of ${length}`,
        );
      });
      assert.deepEqual(probeSeconds(secret, 7, length), seconds);
    }
    const of = (key: string, epoch: number) => probeSeconds(key, epoch, 86_400).join();
    assert.notEqual(of(secret, 7), of(secret, 8));
    assert.notEqual(of(secret, 7), of(`0x${"13".repeat(32)}`, 7));
  });

  it("count who answers its health page, and try everybody who is registered", async () => {
    const chain = new FakeChain([1n, 1n, 1n]);
    let { runtime, store } = makeKeeper(chain, chain.keys[0] as Wallet);
    // Secrets are random: one whose first probe is not in the epoch's first second.
    const firstOf = (secret: string) => probeSeconds(secret, EPOCH, CLOCK.epochLength)[0] as number;
    while (firstOf(store.secret()) === 0) {
      store.close();
      ({ runtime, store } = makeKeeper(chain, chain.keys[0] as Wallet));
    }
    const asked: string[] = [];
    chain.workers.set(name(0), await worker(200, asked));
    chain.workers.set(name(1), await worker(503));
    chain.workers.set(name(2), null);
    chain.workers.set(name(3), "http://127.0.0.1:9");
    const seconds = probeSeconds(store.secret(), EPOCH, CLOCK.epochLength);
    assert.equal(await probeWorkers(runtime, START + (seconds[0] as number) - 1), 0, "not due");
    assert.equal(await probeWorkers(runtime, START + (seconds[0] as number)), 4);
    assert.equal(await probeWorkers(runtime, START + (seconds[1] as number) - 1), 0, "done");
    assert.equal(await probeWorkers(runtime, LAST_SECOND), 4, "what was missed is not made up for");
    assert.equal(await probeWorkers(runtime, LAST_SECOND), 0);
    assert.deepEqual(asked, ["/health", "/health"]);
    const counted = new Map(store.probes.entries(EPOCH).map((entry) => [entry.worker, entry]));
    for (const [index, answered] of [2, 0, 0, 0].entries())
      assert.deepEqual(counted.get(name(index)), { worker: name(index), answered, tried: 2 });
    store.close();
  });

  it("count for nothing when nobody at all answers: that is the keeper's own line", async () => {
    const chain = new FakeChain([1n, 1n, 1n]);
    const { runtime, store } = makeKeeper(chain, chain.keys[0] as Wallet);
    for (const index of [0, 1]) chain.workers.set(name(index), "http://127.0.0.1:9");
    assert.equal(await probeWorkers(runtime, LAST_SECOND), 0);
    assert.deepEqual(store.probes.entries(EPOCH), []);
    store.close();
  });

  it("read a register of many pages", async () => {
    const chain = new FakeChain([1n, 1n, 1n]);
    const { runtime, store } = makeKeeper(chain, chain.keys[0] as Wallet);
    for (let index = 0; index < 250; index++) chain.workers.set(name(index), null);
    chain.workers.set(name(250), await worker(200));
    assert.equal(await probeWorkers(runtime, LAST_SECOND), 251);
    assert.equal(store.probes.entries(EPOCH).length, 251);
    store.close();
  });
});

describe("an availability vector", () => {
  it("is signed once, when its epoch is over, and counts no later answer", async () => {
    const chain = new FakeChain([1n, 1n, 1n]);
    const { runtime, store } = makeKeeper(chain, chain.keys[0] as Wallet);
    store.probes.count(EPOCH, new Map([[name(0), true]]));
    await refusal(() => ownAvailability(runtime, EPOCH), "MASA-503", /is not over/);
    chain.time = START + CLOCK.epochLength;
    const vector = (await ownAvailability(runtime, EPOCH)) ?? assert.fail();
    assert.ok(isAvailabilitySigned(chain.manifest, chain.frozen, vector));
    assert.deepEqual(vector.entries, [{ worker: name(0), answered: 1, tried: 1 }]);
    assert.deepEqual(await ownAvailability(runtime, EPOCH), vector);
    chain.workers.set(name(1), await worker(200));
    assert.equal(await probeWorkers(runtime, LAST_SECOND), 0, "a probe that comes back after the signature");
    assert.deepEqual(await ownAvailability(runtime, EPOCH), vector);
    store.close();
  });

  it("is part of an epoch report, everybody's, and none may be left out or made up", async () => {
    const { chain, at, proposer, keepers } = await network();
    const { runtime, store } = at(proposer);
    assert.equal(await proposeRound(runtime, store.openRequests(), chain.time), true);
    const posted = chain.scoreReports[0] as Posted<ScoreReport>;
    const digest = scoreReportDigest(chain.manifest, posted.report);
    for (const [seat, keeper] of keepers) {
      keeper.store.apply(
        [{ type: "roundFinal", epoch: EPOCH, round: 0, digest, signers: posted.signers }],
        9,
      );
      // Seat 5 has probed nobody.
      if (seat !== 5) keeper.store.probes.count(EPOCH, new Map([[name(0), seat !== 4]]));
    }
    chain.time = START + CLOCK.epochLength + ATTEMPT;
    const last = proposerOf(chain.frozen, EPOCH_ROUND, 0);
    assert.equal(await proposeEpoch(at(last).runtime, chain.time), true);
    const report = chain.epochReports[0]?.report ?? assert.fail();
    const body = at(last).store.archive(epochReportDigest(chain.manifest, report)) ?? "";
    const { availability } = JSON.parse(body) as { availability: { seat: number; entries: string }[] };
    assert.deepEqual(
      availability.map(({ seat }) => seat),
      [0, 1, 3, 4],
    );
    const check = (seat: number, given: readonly AvailabilityVector[]) =>
      checkAvailability(at(seat).runtime, chain.frozen, given);
    const vectors = await Promise.all([0, 1, 3, 4].map((seat) => ownAvailability(at(seat).runtime, EPOCH)));
    const all = vectors.filter((vector) => vector !== null);
    await check(0, all);
    await check(5, []);
    await refusal(() => check(0, all.slice(1)), "MASA-503", /leaves out this keeper's probes/);
    await refusal(() => check(0, [...all].reverse()), "MASA-503", /do not ascend/);
    await refusal(() => check(0, [...all, ...all]), "MASA-503", /do not ascend/);
    const [first, ...rest] = all as [AvailabilityVector, ...AvailabilityVector[]];
    const raised = { ...first, entries: [{ worker: name(0), answered: 9, tried: 9 }] };
    await refusal(() => check(1, [raised, ...rest]), "MASA-503", /probes of seat 0 are not signed/);
  });
});
