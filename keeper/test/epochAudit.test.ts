/** An epoch report from the archives that keepers serve: all of it agrees, or the part that was tampered with is named. */
import assert from "node:assert/strict";
import { afterEach, before, describe, it } from "node:test";

import { ZeroHash } from "ethers";

import { EMPTY_TABLE, epochReportDigest, guardedFetch } from "#sdk";
import type { RequestFacts, RewardTable, RoundEvidence } from "#sdk";

import { auditEpoch } from "../src/epochAudit.ts";
import type { EpochChainView } from "../src/epochAudit.ts";
import { decodeEpochArchive } from "../src/rewardWire.ts";
import type { EpochArchive } from "../src/rewardWire.ts";
import { decodeScoreArchive } from "../src/wire.ts";
import { afterTheEpoch, MASA } from "./rewardSupport.ts";
import { closeKeepers, EPOCH, WORKER } from "./support.ts";

afterEach(closeKeepers);

interface Given {
  readonly archive: EpochArchive;
  readonly rounds: readonly RoundEvidence[];
  readonly previous: RewardTable;
  readonly chain: EpochChainView;
}

/** What somebody has who asks one keeper for everything, and the chain for the rest. */
async function collect(): Promise<Given> {
  const { chain, at, keepers, final, propose } = await afterTheEpoch();
  for (const { store } of keepers.values()) store.probes.count(EPOCH, new Map([[WORKER, true]]));
  assert.equal(await propose(), true);
  const { report } = chain.epochReports[0] ?? assert.fail();
  const digest = epochReportDigest(chain.manifest, report);
  at(3).store.apply([{ type: "epochFinal", epoch: EPOCH, digest }], 12);
  const get = async (path: string): Promise<string> => {
    const page = await guardedFetch(`${at(3).url}${path}`, {
      maxBytes: 1e7,
      timeoutMs: 5_000,
      allowPrivateHosts: true,
    });
    assert.equal(page.status, 200, page.text);
    return page.text;
  };
  const archive = decodeEpochArchive(await get(`/archive/${digest}`));
  assert.deepEqual(archive.rounds, [final]);
  const rounds = [decodeScoreArchive(await get(`/archive/${final}`))];
  const facts = chain.rewards.factsOf(EPOCH);
  return {
    archive,
    rounds,
    previous: EMPTY_TABLE,
    chain: {
      manifest: chain.manifest,
      frozen: chain.frozen,
      digest,
      rounds: [
        {
          round: 0,
          digest: final,
          signers: chain.scoreReports[0]?.signers ?? 0n,
          blockNumber: facts.blockNumber - 1,
        },
      ],
      maxMissed: 0,
      responses: new Map([[2n, 1]]),
      requests: new Map<bigint, RequestFacts>([[2n, { isLlm: true, hasEvidence: true, related: [] }]]),
      facts,
      before: {
        lastRoot: facts.lastRoot,
        validatorPot: facts.validatorPot,
        workerPot: facts.workerPot,
      },
    },
  };
}

const wrong = ({ archive, rounds, previous, chain }: Given): string[] =>
  auditEpoch(archive, rounds, previous, chain)
    .lines.filter(({ agrees }) => !agrees)
    .map(({ what }) => what);

describe("auditEpoch", () => {
  let given: Given;
  before(async () => {
    given = await collect();
    await closeKeepers();
  });
  const reported = (changes: Partial<EpochArchive["report"]>): Given => {
    const report = { ...given.archive.report, ...changes };
    return {
      ...given,
      archive: { ...given.archive, report },
      chain: { ...given.chain, digest: epochReportDigest(given.chain.manifest, report) },
    };
  };

  it("finds nothing wrong with what the keepers agreed on, whatever order the facts come in", () => {
    const { lines, expected } = auditEpoch(given.archive, given.rounds, given.previous, given.chain);
    assert.deepEqual(
      lines.map(({ what }) => what),
      [
        "report",
        "final rounds",
        "round 0",
        "scores",
        "idle seats",
        "probes",
        "built on",
        "reward root",
        "validators' total",
        "workers' total",
      ],
    );
    assert.deepEqual(wrong(given), []);
    assert.equal(expected.workerTotal, 600n * MASA);
    const facts = { ...given.chain.facts, workers: [...given.chain.facts.workers].reverse() };
    assert.deepEqual(wrong({ ...given, chain: { ...given.chain, facts } }), []);
  });

  it("names the part of the report that does not follow", () => {
    const { scores, workerTotal, validatorTotal } = given.archive.report;
    const cases: [Partial<EpochArchive["report"]>, string[]][] = [
      [{ rewardRoot: `0x${"12".repeat(32)}` }, ["reward root"]],
      [{ workerTotal: workerTotal + 1n }, ["workers' total"]],
      [{ validatorTotal: validatorTotal - 1n }, ["validators' total"]],
      [{ idle: 2n }, ["idle seats"]],
      [{ scores: { ...scores, llm: [...scores.llm].reverse() } }, ["scores"]],
      [{ scores: { ...scores, hasData: true } }, ["scores"]],
    ];
    for (const [changes, parts] of cases) assert.deepEqual(wrong(reported(changes)), parts);
    const archive = { ...given.archive, report: { ...given.archive.report, attempt: 1 } };
    assert.deepEqual(wrong({ ...given, archive }), ["report"], "not the final one");
  });

  it("names signed data that was changed, left out or made up", () => {
    const { archive, rounds, chain } = given;
    const [first, ...others] = archive.availability;
    assert.ok(first !== undefined);
    const forged = { ...first, entries: [{ worker: WORKER, answered: 0, tried: 9 }] };
    assert.deepEqual(wrong({ ...given, archive: { ...archive, availability: [forged, ...others] } }), [
      "probes",
    ]);
    const doubled = { ...archive, availability: [...archive.availability].reverse() };
    assert.deepEqual(wrong({ ...given, archive: doubled }), ["probes"]);
    const [round] = rounds as [RoundEvidence];
    const hidden = { ...round, reveals: round.reveals.slice(1) };
    assert.ok(!wrong({ ...given, rounds: [hidden] }).includes("round 0"), "still enough for a median");
    const other = { ...round, report: { ...round.report, attempt: 1 } };
    assert.ok(wrong({ ...given, rounds: [other] }).includes("round 0"));
    const unsigned = { ...round, cosignatures: [] };
    assert.deepEqual(wrong({ ...given, rounds: [unsigned] }), ["round 0"]);
    const none = { ...given, archive: { ...archive, rounds: [] }, rounds: [] };
    assert.ok(wrong(none).includes("final rounds") && wrong(none).includes("scores"));
    const late = { ...chain, rounds: chain.rounds.map((one) => ({ ...one, blockNumber: 1e6 })) };
    assert.equal(wrong({ ...none, chain: late }).includes("final rounds"), false, "final after the roll");
    const twice = { ...archive, rounds: [...archive.rounds, ...archive.rounds] };
    assert.ok(wrong({ ...given, archive: twice, rounds: [round, round] }).includes("final rounds"));
  });

  it("expects no new root where one was cancelled after the roll, or the pots have shrunk", () => {
    const { chain } = given;
    const lastRoot = { root: `0x${"77".repeat(32)}`, epoch: 3, validatorTotal: 1n, workerTotal: 2n };
    for (const before of [
      { ...chain.before, lastRoot },
      { ...chain.before, workerPot: chain.before.workerPot - 1n },
    ]) {
      const { validatorTotal, workerTotal } = before.lastRoot;
      const kept = reported({ rewardRoot: ZeroHash, validatorTotal, workerTotal });
      assert.deepEqual(wrong({ ...kept, chain: { ...kept.chain, before } }), []);
      const lines = wrong({ ...given, chain: { ...chain, before } });
      assert.deepEqual(lines, ["reward root", "validators' total", "workers' total"]);
    }
  });
});
