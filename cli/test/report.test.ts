/** `masa report verify`: a report agrees with what was signed, or the command says what does not and ends with 1. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { before, describe, it } from "node:test";
import { stripVTControlCharacters } from "node:util";

import type { Wallet } from "ethers";

import { proposerOf, scoreReportDigest, signScoreReport } from "#sdk";
import type { ScoreReport } from "#sdk";

import type { ScoreArchive } from "../../keeper/src/audit.ts";
import { encode } from "../../keeper/src/wire.ts";
import { honestRound } from "../../sdk/test/rounds.ts";
import { score, temporaryFolder } from "../../sdk/test/support.ts";
import { cases, masa } from "./support.ts";
import type { Outcome } from "./support.ts";

const folder = temporaryFolder();
let good: ScoreArchive;
let keys: readonly Wallet[];

async function archiveOf(changes: Partial<ScoreReport> = {}): Promise<ScoreArchive> {
  const { network, round, report: honest } = await honestRound();
  ({ keys } = network);
  const { manifest, frozen } = network;
  const report = { ...honest, ...changes };
  const signatures = await Promise.all(
    network.keys.map(async (key, seat) => ({
      seat,
      signature: await signScoreReport(key, manifest, report),
    })),
  );
  return {
    ...round,
    report,
    chainId: manifest.chainId,
    consensus: manifest.contracts.consensus,
    digest: scoreReportDigest(manifest, report),
    frozen,
    requests: [{ requestId: 1n, responses: 2, hasEvidence: true, related: [[], []] }],
    signatures,
  };
}

let files = 0;
function file(text: string): string {
  const path = join(folder, `${files++}.json`);
  writeFileSync(path, text);
  return path;
}
const verify = (archive: unknown): Promise<Outcome> =>
  masa(["report", "verify", file(typeof archive === "string" ? archive : encode(archive))]);

/** The parts that do not agree, in the order printed. */
const wrongParts = ({ stdout }: Outcome): string[] =>
  [...stripVTControlCharacters(stdout).matchAll(/│ ([^│]*?) *│ NO /g)].map(([, part]) => part ?? "");

before(async () => {
  good = await archiveOf();
});

describe("masa report verify", () => {
  it("agrees with an archive as it should be, and ends with 0", async () => {
    const outcome = await verify(good);
    assert.equal(outcome.code, 0, outcome.stdout + outcome.stderr);
    assert.match(outcome.stdout, /epoch 7, round 3, attempt 1/);
    assert.match(outcome.stdout, /follows from what the validators signed/);
    assert.deepEqual(wrongParts(outcome), []);
  });

  it("finds results that are not the medians, although everybody signed them", async () => {
    const forged = await archiveOf({
      results: [{ requestId: 1n, responses: [score(), score({ relevance: 1e9 })] }],
    });
    const outcome = await verify(forged);
    assert.equal(outcome.code, 1);
    assert.deepEqual(wrongParts(outcome), ["results"]);
    assert.match(outcome.stdout, /not the medians/);
  });

  it("finds what was changed afterwards, part by part", async () => {
    const [first] = good.reveals;
    assert.ok(first !== undefined);
    const changed: [string, Partial<ScoreArchive>, string[]][] = [
      [
        "the poster",
        { report: { ...good.report, poster: keys[1]?.address ?? "" } },
        ["digest", "signatures"],
      ],
      [
        "a salt",
        { reveals: [{ ...first, salt: good.digest }, ...good.reveals.slice(1)] },
        ["reveals", "results"],
      ],
      ["a vector less", { reveals: good.reveals.slice(0, 3) }, ["results"]],
      ["co-signatures", { cosignatures: good.cosignatures.slice(0, 2) }, ["co-signatures"]],
      [
        "commitments",
        { commitments: good.commitments.slice(1) },
        ["commitment set", "co-signatures", "reveals", "results"],
      ],
      ["two signatures", { signatures: good.signatures.slice(0, 2) }, ["more than two thirds"]],
      ["none", { signatures: [] }, ["signatures"]],
      ["a weight", { frozen: { ...good.frozen, totalWeight: 101n } }, ["frozen set"]],
      [
        "the chain",
        { chainId: 1 },
        ["digest", "commitments", "co-signatures", "reveals", "results", "signatures"],
      ],
    ];
    for (const [what, changes, parts] of changed) {
      const outcome = await verify({ ...good, ...changes });
      assert.equal(outcome.code, 1, what);
      const found = wrongParts(outcome).filter((part) => part !== "proposer");
      assert.deepEqual(found, parts, `${what}: ${outcome.stdout}`);
    }
  });

  it("misses the drawn proposer's signature", async () => {
    const drawn = proposerOf(good.frozen, good.report.round, good.report.attempt);
    const without = good.signatures.filter(({ seat }) => seat !== drawn);
    assert.deepEqual(wrongParts(await verify({ ...good, signatures: without })), ["proposer"]);
  });
});

cases("archives that cannot be read", [
  ["a missing file", () => ({ code: "MASA-101", args: ["report", "verify", join(folder, "none.json")] })],
  ["no JSON", () => ({ code: "MASA-102", args: ["report", "verify", file("{")] })],
  [
    "an epoch report",
    () => ({ code: "MASA-102", args: ["report", "verify", file(encode({ report: {}, availability: [] }))] }),
  ],
  [
    "results that are not canonical",
    () => ({
      code: "MASA-102",
      args: ["report", "verify", file(encode(good).replace(/"results":"0x/, '"results":"0x00'))],
      words: /results/,
    }),
  ],
  ["no command", () => ({ code: "MASA-103", args: ["report", "check"] })],
]);
