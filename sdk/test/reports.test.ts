/** Reports as validators sign them, and the draw of who proposes. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { recoverAddress } from "ethers";

import { packSignatures, seatsOf } from "../src/frozen.ts";
import { epochReportDigest, scoreReportDigest, signEpochReport, signScoreReport } from "../src/reports.ts";
import type { EpochReport, ScoreReport } from "../src/reports.ts";
import { proposerOf } from "../src/selection.ts";
import { exampleManifest, frozenSeats, refusal, score, walletOf } from "./support.ts";

describe("signatures", () => {
  const manifest = exampleManifest();
  const results = [{ requestId: 12n, responses: [score(), score({ relevance: 1 })] }];
  const key = walletOf("seat 2");

  it("of reports recover to their signers, and change with every field", async () => {
    const report: ScoreReport = {
      epoch: 7,
      round: 3,
      attempt: 1,
      poster: key.address,
      commitmentSet: `0x${"01".repeat(32)}`,
      results,
    };
    const digest = scoreReportDigest(manifest, report);
    assert.equal(recoverAddress(digest, await signScoreReport(key, manifest, report)), key.address);
    const changed: ScoreReport[] = [
      { ...report, epoch: 8 },
      { ...report, round: 4 },
      { ...report, attempt: 2 },
      { ...report, poster: walletOf("other").address },
      { ...report, commitmentSet: `0x${"02".repeat(32)}` },
      { ...report, results: [] },
    ];
    const epochReport: EpochReport = {
      epoch: 7,
      attempt: 1,
      poster: key.address,
      scores: { epoch: 7, hasData: false, hasLlm: true, consensus: [1], data: [0], llm: [2] },
      rewardRoot: `0x${"03".repeat(32)}`,
      validatorTotal: 5n,
      workerTotal: 6n,
      idle: 1n,
    };
    const epochDigest = epochReportDigest(manifest, epochReport);
    assert.equal(recoverAddress(epochDigest, await signEpochReport(key, manifest, epochReport)), key.address);
    const { scores } = epochReport;
    const digests = [
      digest,
      epochDigest,
      ...changed.map((other) => scoreReportDigest(manifest, other)),
      ...[
        { ...scores, hasData: true },
        { ...scores, llm: [3] },
        { ...scores, consensus: [2] },
      ].map((other) => epochReportDigest(manifest, { ...epochReport, scores: other })),
      ...[
        { epoch: 8 },
        { attempt: 2 },
        { poster: walletOf("other").address },
        { rewardRoot: `0x${"04".repeat(32)}` },
        { validatorTotal: 6n },
        { workerTotal: 5n },
        { idle: 2n },
      ].map((change) => epochReportDigest(manifest, { ...epochReport, ...change })),
      scoreReportDigest(exampleManifest({ chainId: 1 }), report),
    ];
    assert.equal(new Set(digests).size, digests.length);
  });

  it("are packed in the order of their seats, whatever order they came in", () => {
    const bySeat = new Map([
      [40, `0x${"28".repeat(64)}1b`],
      [0, `0x${"00".repeat(64)}1c`],
      [63, `0x${"3f".repeat(64)}1c`],
      [3, `0x${"03".repeat(64)}1b`],
    ]);
    const { signers, signatures } = packSignatures(bySeat);
    assert.deepEqual(seatsOf(signers), [0, 3, 40, 63]);
    const packed = ["00", "03", "28", "3f"].map(
      (byte, index) => `${index % 3 === 0 ? "1c" : "1b"}${byte.repeat(64)}`,
    );
    assert.equal(signatures, `0x${packed.join("")}`, "v before r and s");
    assert.equal(packSignatures(new Map()).signatures, "0x");
    assert.deepEqual(seatsOf(0n), []);
  });
});

describe("proposerOf", () => {
  it("draws seats about as often as their weights say, never a free one", (t) => {
    t.diagnostic("draws follow from a fixed randomness");
    const { frozen } = frozenSeats([10n, 0n, 30n, 60n]);
    const drawn = [0, 0, 0, 0];
    const draws = 3_000;
    for (let round = 0; round < draws; round++) {
      const seat = proposerOf(frozen, round, 0);
      drawn[seat] = (drawn[seat] as number) + 1;
    }
    assert.equal(drawn[1], 0);
    // Five standard deviations of a binomial draw.
    for (const [seat, share] of [
      [0, 0.1],
      [2, 0.3],
      [3, 0.6],
    ] as const) {
      const margin = 5 * Math.sqrt(draws * share * (1 - share));
      assert.ok(Math.abs((drawn[seat] as number) - draws * share) < margin, `seat ${seat}: ${drawn[seat]}`);
    }
  });

  it("refuses an empty set", () => refusal(() => proposerOf(frozenSeats([0n, 0n]).frozen, 0, 0), "MASA-503"));
});
