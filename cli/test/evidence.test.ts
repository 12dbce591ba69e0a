/** Evidence at the command line, on a real chain: from two signed messages in a file to the slash and its bounty. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";

import { id, ZeroHash } from "ethers";
import type { Wallet } from "ethers";

import {
  encodeResults,
  epochReportMessage,
  offenceCommitment,
  offenceDigests,
  offenceSchema,
  readFrozenSeats,
  scoreReportDigest,
  signEpochReport,
  signScoreReport,
  signVector,
  vectorDigest,
} from "#sdk";
import type { EpochReport, FrozenSeats, ResponseScore, ScoreReport } from "#sdk";

import { GOOD, startNetwork } from "../../nodes/test/support.ts";
import type { Network } from "../../nodes/test/support.ts";
import { temporaryFolder, walletOf } from "../../sdk/test/support.ts";
import { networkArgs, refused, runOn } from "./support.ts";

const REPORTER = walletOf("reporter of offences");
const BAD: ResponseScore = { ...GOOD, relevance: 1 };

let network: Network;
let folder: string;
let frozen: FrozenSeats;
/** Three seats with a key, ascending. */
let seats: number[];

const net = (): string[] => networkArgs(network);
const run = (key: Wallet | null, ...args: string[]): Promise<string> => runOn(network, key, ...args);
const keyOf = (seat: number): Wallet =>
  network.members.find((one) => one.hotKey?.address === frozen.hotKeys[seat])?.hotKey ?? assert.fail();
const ownerOf = (seat: number): string =>
  network.members.find((one) => one.hotKey?.address === frozen.hotKeys[seat])?.account.address ??
  assert.fail();

function file(name: string, evidence: unknown): string {
  const path = join(folder, name);
  writeFileSync(path, JSON.stringify(evidence));
  return path;
}

async function vectorOf(seat: number, response: ResponseScore, round = 0) {
  const turn = { epoch: frozen.epoch, round, attempt: 0 };
  const results = [{ requestId: 7n, responses: [response] }];
  const { signature } = await signVector(keyOf(seat), network.manifest, { ...turn, seat, results });
  return { ...turn, validator: keyOf(seat).address, results: encodeResults(results), signature };
}

before(async () => {
  network = await startNetwork();
  folder = temporaryFolder();
  frozen = (await readFrozenSeats(network.contracts, 1)) ?? assert.fail();
  seats = [...frozen.weights.entries()].flatMap(([seat, weight]) => (weight === 0n ? [] : [seat]));
  const money = { to: REPORTER.address, value: 10n ** 18n };
  await (await (await network.open(network.member("oracle"))).wallet?.sendTransaction(money))?.wait();
});
after(() => network.close());

describe("evidence", { concurrency: 1 }, () => {
  it("that proves nothing is refused before anything is sent", async () => {
    const [seat = 0, other = 0] = seats;
    const [first, second] = [await vectorOf(seat, GOOD), await vectorOf(seat, BAD)];
    const good = { kind: "score-vectors", seat, first, second };
    const wrong: readonly [string, unknown, RegExp][] = [
      ["same.json", { ...good, second: first }, /both messages are the same one/],
      ["turns.json", { ...good, second: await vectorOf(seat, BAD, 1) }, /different turns/],
      ["seat.json", { ...good, seat: other }, /names 0x\w+, not 0x\w+, the key of seat/],
      ["free.json", { ...good, seat: 63 }, /seat 63 has no key/],
      [
        "key.json",
        { ...good, second: { ...second, signature: first.signature } },
        /second message is not by/,
      ],
      ["later.json", { ...good, first: { ...first, epoch: 9 }, second: { ...second, epoch: 9 } }, /epoch 9/],
      ["kind.json", { ...good, kind: "votes" }, /kind/],
      ["short.json", { ...good, first: { ...first, signature: "0x12" } }, /65 bytes in hex/],
    ];
    for (const [name, evidence, words] of wrong) {
      const args = ["evidence", "check", file(name, evidence), ...net()];
      await refused({ code: "MASA-102", args, words });
    }
    await refused({ code: "MASA-101", args: ["evidence", "check", join(folder, "none.json"), ...net()] });
  });

  it("of two vectors slashes its signer, and pays who had committed to it", async () => {
    const [seat = 0] = seats;
    const evidence = {
      kind: "score-vectors",
      seat,
      first: await vectorOf(seat, GOOD),
      second: await vectorOf(seat, BAD),
    };
    const path = file("vectors.json", evidence);
    const { offences, vault } = network.contracts;
    const owner = ownerOf(seat);
    const shown = await run(null, "evidence", "check", path);
    assert.ok(
      shown.includes(`seat ${seat} of epoch 1, ${owner}, signed two score vectors for round 0, attempt 0`),
      shown,
    );
    assert.match(shown, /it can be proven until .*, in /);
    const prove = ["evidence", "prove", path];
    const mine = { key: REPORTER.privateKey, args: [...prove, ...net()] };
    await refused({ code: "MASA-103", ...mine, words: /has not committed to the evidence/ });
    assert.match(await run(REPORTER, "evidence", "commit", path), /committed; from .* UTC on/);
    assert.match(await run(REPORTER, "evidence", "commit", path), /committed; from/, "once more is no harm");
    await refused({ code: "MASA-103", ...mine, words: /too young to bring a bounty/ });
    await network.passTime(61);

    const before = await vault.masaStakeOf(owner);
    const said = await run(REPORTER, ...prove);
    assert.match(
      said,
      /slash 1 of 0x\w+; after its appeal: masa slash release 0x\w+ 1, which pays you the bounty/,
    );
    const record = await vault.slashRecordOf(owner, 1);
    assert.equal(before - (await vault.masaStakeOf(owner)), record.masa);
    assert.equal(record.masa, (before * 3n + 9n) / 10n, "κ_v of the local network");
    assert.match(await run(null, "evidence", "check", path), /punished for this epoch already/);
    await refused({ code: "MASA-304", ...mine, words: /was punished for epoch 1 already/ });

    const [made] = await offences.queryFilter(offences.filters.OffenceProven);
    const parsed = offenceSchema.parse(evidence);
    const digests = offenceDigests(network.manifest, parsed);
    assert.deepEqual([made?.args.first, made?.args.second], digests);
    assert.equal(made?.args.reporter, REPORTER.address);
    assert.equal(
      await offences.commitmentOf(REPORTER.address, ...digests, id("salt")),
      offenceCommitment(REPORTER.address, digests, id("salt")),
    );
    assert.equal(
      digests[0],
      vectorDigest(
        network.manifest,
        { epoch: 1, round: 0, attempt: 0, seat, results: [{ requestId: 7n, responses: [GOOD] }] },
        keyOf(seat).address,
      ),
    );
  });

  it("of two reports is proven as well, without a bounty where nobody had committed", async () => {
    const [, scoreSeat = 0, epochSeat = 0] = seats;
    const report = (poster: string): ScoreReport => ({
      ...{ epoch: frozen.epoch, round: 0, attempt: 0 },
      poster,
      commitmentSet: ZeroHash,
      results: [{ requestId: 7n, responses: [GOOD] }],
    });
    const posters = [walletOf("poster one").address, walletOf("poster two").address] as const;
    const [one, two] = await Promise.all(
      posters.map(async (poster) => ({
        ...report(poster),
        results: encodeResults(report(poster).results),
        signature: await signScoreReport(keyOf(scoreSeat), network.manifest, report(poster)),
      })),
    );
    const reports = { kind: "score-reports", seat: scoreSeat, first: one, second: two };
    assert.deepEqual(
      offenceDigests(network.manifest, offenceSchema.parse(reports)),
      posters.map((poster) => scoreReportDigest(network.manifest, report(poster))),
    );
    const said = await run(REPORTER, "evidence", "prove", file("reports.json", reports), "--without-bounty");
    assert.match(said, /signed two score reports for round 0, attempt 0/);
    assert.doesNotMatch(said, /bounty/);

    const none = frozen.weights.map(() => 0);
    const epochReport = (poster: string): EpochReport => ({
      epoch: frozen.epoch,
      attempt: 0,
      poster,
      scores: { epoch: 1, hasData: false, hasLlm: false, consensus: none, data: none, llm: none },
      ...{ rewardRoot: ZeroHash, validatorTotal: 3n, workerTotal: 0n, idle: 0n },
    });
    const text = (value: bigint): string => String(value);
    const [first, second] = await Promise.all(
      posters.map(async (poster) => ({
        ...epochReportMessage(epochReport(poster)),
        ...{ validatorTotal: text(3n), workerTotal: text(0n), idle: text(0n) },
        signature: await signEpochReport(keyOf(epochSeat), network.manifest, epochReport(poster)),
      })),
    );
    const pair = { kind: "epoch-reports", seat: epochSeat, first, second };
    assert.match(
      await run(REPORTER, "evidence", "prove", file("epochs.json", pair), "--without-bounty"),
      /signed two epoch reports for attempt 0/,
    );
    const { proven } = await network.contracts.offences.punishedSeatsOf(1);
    assert.equal(
      proven,
      seats.slice(0, 3).reduce((bits, seat) => bits | (1n << BigInt(seat)), 0n),
    );
  });
});
