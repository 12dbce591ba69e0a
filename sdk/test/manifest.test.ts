/** The manifest: written and read back alike, refused with a number where it is missing or malformed. */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";

import { MasaError } from "../src/errors.ts";
import { formatManifest, loadManifest, writeManifest } from "../src/manifest.ts";
import type { Manifest } from "../src/manifest.ts";

const KEYS = [
  "masa",
  "timelock",
  "clock",
  "curve",
  "feeCurve",
  "vault",
  "standing",
  "registry",
  "validatorSet",
  "escrow",
  "feePool",
  "emissions",
  "distributor",
  "consensus",
  "offences",
  "epochManager",
  "guardian",
  "votes",
  "classes",
  "reviews",
  "reputation",
  "governor",
  "lens",
] as const;

const addressOf = (index: number): string => `0x${(index + 1).toString().padStart(40, "0")}`;

function example(): Manifest {
  return {
    name: "local",
    chainId: 31_337,
    deployedAtBlock: 1,
    deployer: addressOf(99),
    contracts: Object.fromEntries(KEYS.map((key, index) => [key, addressOf(index)])) as Manifest["contracts"],
    parametersHash: `0x${"ab".repeat(32)}`,
  };
}

const hasCode = (code: string, words: RegExp) => (error: unknown) =>
  error instanceof MasaError && error.code === code && words.test(error.message);

describe("manifest", () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "masa-manifest-"));
  });
  after(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  it("is read back as it was written, in a folder that did not exist", () => {
    const path = join(folder, "new", "local.json");
    writeManifest(path, example());
    assert.deepEqual(loadManifest(path), example());
    assert.equal(readFileSync(path, "utf8"), formatManifest(example()));
  });

  it("carries the wrapped TAO where there is one", () => {
    const path = join(folder, "tao.json");
    const manifest = { ...example(), contracts: { ...example().contracts, tao: addressOf(50) } };
    writeManifest(path, manifest);
    assert.equal(loadManifest(path).contracts.tao, addressOf(50));
  });

  it("gives addresses their checksum", () => {
    const path = join(folder, "lower.json");
    const lower = "0x5fbdb2315678afecb367f032d93f642f64180aa3";
    writeFileSync(path, JSON.stringify({ ...example(), deployer: lower }));
    assert.equal(loadManifest(path).deployer, "0x5FbDB2315678afecb367f032d93F642f64180aa3");
  });

  it("refuses a missing file with MASA-101", () => {
    assert.throws(() => loadManifest(join(folder, "none.json")), hasCode("MASA-101", /none\.json/));
  });

  const malformed: [string, string, RegExp][] = [
    ["no JSON", "{", /not JSON/],
    ["a missing contract", JSON.stringify({ ...example(), contracts: {} }), /contracts\.masa/],
    ["a bad address", JSON.stringify({ ...example(), deployer: "0x12" }), /deployer: not an address/],
    ["an unknown key", JSON.stringify({ ...example(), rpc: "http://x" }), /rpc/],
    ["a chain id in words", JSON.stringify({ ...example(), chainId: "31337" }), /chainId/],
  ];
  for (const [name, text, words] of malformed) {
    it(`refuses ${name} with MASA-102 and says where`, () => {
      const path = join(folder, "malformed.json");
      writeFileSync(path, text);
      assert.throws(() => loadManifest(path), hasCode("MASA-102", words));
    });
  }
});
