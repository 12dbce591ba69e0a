/**
 * What people get wrong at the command line: each mistake ends with its number, what to do about it and an exit code that
 * is not 0, shows no stack and no key, and changes nothing. Here: flags, files, manifest, RPC server and keys.
 */
import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";

import { encryptKeystoreJson } from "ethers";

import { startNetwork } from "../../nodes/test/support.ts";
import type { Network } from "../../nodes/test/support.ts";
import { temporaryFolder, walletOf } from "../../sdk/test/support.ts";
import { cases, masa, refused, ROOT } from "./support.ts";

const STRANGER = walletOf("stranger at the command line");
const QUESTIONS = join(ROOT, "examples/questions.json");
const DOCS = join(ROOT, "docs/guide");

let network: Network;
let folder: string;
let server: Server;
/** An HTTP server that is no RPC server, in use on its port. */
let port: number;

before(async () => {
  network = await startNetwork();
  folder = temporaryFolder();
  mkdirSync(join(folder, "empty"));
  server = createServer((_, response) => response.end("<html>hello</html>"));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  ({ port } = server.address() as AddressInfo);
});
after(async () => {
  server.close();
  server.closeAllConnections();
  await network.close();
});

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}
const questionFile = (name: string, questions: unknown): string =>
  file(name, JSON.stringify({ version: 1, questions }));
const net = (): string[] => ["--rpc", network.url, "--manifest", network.manifestPath];
const state = (name: string): string[] => ["--state", join(folder, `${name}.sqlite`)];

cases("flags", [
  ["an unknown command", () => ({ code: "MASA-103", args: ["stakes"] })],
  ["an unknown flag", () => ({ code: "MASA-103", args: ["status", "--verbose"] })],
  ["a flag without its value", () => ({ code: "MASA-103", args: ["status", "--rpc"] })],
  ["a missing argument", () => ({ code: "MASA-103", args: ["stake"] })],
  ["an argument too many", () => ({ code: "MASA-103", args: ["status", STRANGER.address, "more"] })],
  ["an amount that is none", () => ({ code: "MASA-103", args: ["stake", "-5"] })],
  [
    "an amount with too many decimals",
    () => ({ code: "MASA-103", args: ["deposit", `0.${"0".repeat(18)}1`] }),
  ],
  ["an address that is none", () => ({ code: "MASA-103", args: ["poke", "0x12"] })],
  ["an amount in words", () => ({ code: "MASA-103", args: ["unbond", "start", "some"] })],
  ["an unknown token", () => ({ code: "MASA-103", args: ["stake", "1", "--token", "eth"] })],
  [
    "a change of utility above 1",
    () => ({ code: "MASA-103", args: ["requirement", STRANGER.address, "--utility-change", "-1.5"] }),
  ],
  ["an unknown right", () => ({ code: "MASA-103", args: ["operator", "set", "--rights", "sign,slash"] })],
  ["a page before the first", () => ({ code: "MASA-103", args: ["nodes", "worker", "--page", "0"] })],
  ["a command without its part", () => ({ code: "MASA-103", args: ["slash", "everything"] })],
  [
    "an unknown role",
    () => ({ code: "MASA-103", args: ["register", "miner", "--endpoint", "http://a.example"] }),
  ],
  ["an unknown scorer", () => ({ code: "MASA-103", args: ["keeper", "run", "--scorer", "lucky"] })],
  ["a port that is none", () => ({ code: "MASA-103", args: ["worker", "--port", "65536"] })],
  ["a quality above 1", () => ({ code: "MASA-103", args: ["oracle", "ask", "q", "--min-quality", "1.1"] })],
  ["no epochs", () => ({ code: "MASA-103", args: ["start", "--epochs", "0"] })],
  ["epochs in words", () => ({ code: "MASA-103", args: ["start", "--epochs", "many"] })],
  ["a seed that is negative", () => ({ code: "MASA-103", args: ["start", "--seed", "-1"] })],
  [
    "start with --llm, without --model",
    () => ({ code: "MASA-103", args: ["start", "--llm", "http://127.0.0.1:1/v1"] }),
  ],
]);

cases("files of questions, documents and results", [
  [
    "a question file that is missing",
    () => ({ code: "MASA-101", args: ["start", "--questions", join(folder, "none")] }),
  ],
  ["a folder as question file", () => ({ code: "MASA-101", args: ["start", "--questions", folder] })],
  [
    "a question file that is not JSON",
    () => ({ code: "MASA-102", args: ["start", "--questions", file("q1.json", "What?")] }),
  ],
  [
    "a question file of another shape",
    () => ({ code: "MASA-102", args: ["start", "--questions", file("q2.json", '["What?"]')] }),
  ],
  [
    "two questions of one id",
    () => ({
      code: "MASA-102",
      args: [
        "start",
        "--questions",
        questionFile("q3.json", [
          { id: "a", prompt: "What?" },
          { id: "a", prompt: "Why?" },
        ]),
      ],
      words: /two questions have the id a/,
    }),
  ],
  ["no questions", () => ({ code: "MASA-102", args: ["start", "--questions", questionFile("q4.json", [])] })],
  [
    "a question without words",
    () => ({
      code: "MASA-102",
      args: ["start", "--questions", questionFile("q5.json", [{ id: "a", prompt: "" }])],
    }),
  ],
  [
    "a folder of documents that is missing",
    () => ({ code: "MASA-101", args: ["start", "--docs", join(folder, "none")] }),
  ],
  ["a file as folder of documents", () => ({ code: "MASA-101", args: ["start", "--docs", QUESTIONS] })],
  [
    "an empty folder of documents",
    () => ({ code: "MASA-107", args: ["start", "--docs", join(folder, "empty")] }),
  ],
  [
    "a summary that cannot be written, before anything is run",
    () => ({
      code: "MASA-101",
      args: ["start", "--json", join(folder, "no/such/folder/out.json")],
    }),
  ],
  [
    "responses to score that are missing",
    () => ({ code: "MASA-101", args: ["score", join(folder, "none"), join(folder, "o1")] }),
  ],
  [
    "responses to score that are malformed",
    () => ({ code: "MASA-102", args: ["score", file("r.jsonl", '{"id":1}\n'), join(folder, "o2")] }),
  ],
  [
    "scores that cannot be written",
    () => ({
      code: "MASA-101",
      args: [
        "score",
        file("s.jsonl", '{"id":1,"prompt":"a","response":"b"}\n'),
        join(folder, "no/such/folder/o3"),
      ],
    }),
  ],
]);

cases("manifest and chain", [
  [
    "a manifest that is missing",
    () => ({ code: "MASA-101", args: ["status", "--manifest", join(folder, "none.json")] }),
  ],
  [
    "a manifest that is not JSON",
    () => ({ code: "MASA-102", args: ["status", "--manifest", file("m1.json", "{")] }),
  ],
  [
    "a manifest of another shape",
    () => ({ code: "MASA-102", args: ["status", "--manifest", file("m2.json", "{}")], words: /chainId/ }),
  ],
  [
    "a server that is down",
    () => ({
      code: "MASA-301",
      args: ["status", "--manifest", network.manifestPath, "--rpc", "http://127.0.0.1:9"],
    }),
  ],
  [
    "a server that is no RPC server",
    () => ({
      code: "MASA-301",
      args: ["status", "--manifest", network.manifestPath, "--rpc", `http://127.0.0.1:${port}`],
    }),
  ],
  [
    "an RPC address that is no URL",
    () => ({ code: "MASA-301", args: ["status", "--manifest", network.manifestPath, "--rpc", "localhost"] }),
  ],
  [
    "a manifest of another chain",
    () => ({
      code: "MASA-302",
      args: ["status", "--rpc", network.url, "--manifest", changedManifest("m3.json", { chainId: 1 })],
      words: /serves chain 31337, the manifest is for 1/,
    }),
  ],
  [
    "a manifest of another deployment",
    () => ({
      code: "MASA-305",
      args: [
        "status",
        "--rpc",
        network.url,
        "--manifest",
        changedManifest("m4.json", { escrow: STRANGER.address }),
      ],
    }),
  ],
]);

function changedManifest(name: string, { chainId, escrow }: { chainId?: number; escrow?: string }): string {
  const { manifest } = network;
  const contracts = escrow === undefined ? manifest.contracts : { ...manifest.contracts, escrow };
  return file(name, JSON.stringify({ ...manifest, chainId: chainId ?? manifest.chainId, contracts }));
}

/** A keystore of the stranger, light enough to open in a second. */
async function keystore(): Promise<string> {
  const path = join(folder, "keystore.json");
  if (!existsSync(path)) {
    const { address, privateKey } = STRANGER;
    writeFileSync(
      path,
      await encryptKeystoreJson({ address, privateKey }, "right password", { scrypt: { N: 1_024 } }),
    );
  }
  return path;
}

describe("keys (KEE-19)", { concurrency: 2 }, () => {
  const garbage = `${"12".repeat(31)}1g`;
  it("that are missing", () => refused({ code: "MASA-104", args: ["stake", "1", ...net()] }));
  it("that are garbage, which is not repeated", () =>
    refused({ code: "MASA-106", args: ["stake", "1", ...net()], key: garbage }));
  it("that are out of the curve's range", () =>
    refused({ code: "MASA-106", args: ["stake", "1", ...net()], key: `0x${"ff".repeat(32)}` }));
  it("for every command that signs", async () => {
    for (const args of [
      ["worker", "--docs", DOCS, ...state("no-key")],
      ["oracle", "ask", "What is a seat?", ...state("no-key")],
      ["keeper", "once", ...state("no-key")],
      ["register", "worker", "--endpoint", "http://a.example"],
      ["seat", "join"],
    ]) {
      await refused({ code: "MASA-106", args: [...args, ...net()], key: garbage });
    }
    assert.equal(existsSync(join(folder, "no-key.sqlite")), false, "and leaves no state behind");
  });
  it("in a keystore that is missing, without a password, with a wrong one, or that is none", async () => {
    const of = (path: string): string[] => ["stake", "1", ...net(), "--keystore", path];
    const password = { MASA_KEYSTORE_PASSWORD: "wrong password" };
    await refused({ code: "MASA-101", args: of(join(folder, "none.json")), env: password });
    await refused({ code: "MASA-104", args: of(await keystore()), words: /MASA_KEYSTORE_PASSWORD/ });
    await refused({
      code: "MASA-106",
      args: of(await keystore()),
      env: password,
      secret: STRANGER.privateKey,
    });
    await refused({ code: "MASA-106", args: of(file("k.json", "{}")), env: password });
  });
  it("in a keystore with the right password are used, and still not shown", async () => {
    const env = { MASA_KEYSTORE_PASSWORD: "right password" };
    const args = ["stake", "1", ...net(), "--keystore", await keystore()];
    await refused({ code: "MASA-303", args, env, secret: STRANGER.privateKey });
  });
});

describe("scores of before", () => {
  it("are kept when a row of the new file is malformed", async () => {
    const output = file("scores.jsonl", "scores of before\n");
    const input = file("half.jsonl", '{"id":1,"prompt":"a","response":"b"}\n{"id":2}\n');
    await refused({ code: "MASA-102", args: ["score", input, output], words: /half\.jsonl:2/ });
    assert.equal(readFileSync(output, "utf8"), "scores of before\n");
    assert.equal(
      (await masa(["score", file("one.jsonl", '{"id":1,"prompt":"a","response":"b"}\n'), output])).code,
      0,
    );
    assert.match(readFileSync(output, "utf8"), /^\{"id":1,/);
  });
});
