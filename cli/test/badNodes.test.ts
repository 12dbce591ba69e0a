/**
 * What people get wrong with accounts and nodes at the command line: a numbered error, an exit code that is not 0, and
 * nothing changed. At the end, that the same commands do their work where everything is right.
 */
import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";

import { startNetwork } from "../../nodes/test/support.ts";
import type { Network } from "../../nodes/test/support.ts";
import { temporaryFolder, walletOf } from "../../sdk/test/support.ts";
import { cases, masa, refused, ROOT } from "./support.ts";

const STRANGER = walletOf("stranger at the command line");
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
const net = (): string[] => ["--rpc", network.url, "--manifest", network.manifestPath];
const state = (name: string): string[] => ["--state", join(folder, `${name}.sqlite`)];
const keyOf = (name: string, hot = false): string => {
  const member = network.member(name);
  return (hot ? member.hotKey : member.account)?.privateKey ?? "";
};

cases("accounts", [
  [
    "without money for gas",
    () => ({ code: "MASA-303", args: ["stake", "1", ...net()], key: STRANGER.privateKey }),
  ],
  [
    "without money for gas that joins",
    () => ({
      code: "MASA-304",
      args: ["seat", "join", ...net()],
      key: STRANGER.privateKey,
      words: /neither a node nor an operator with the right seat \(NodeRegistry_NotAuthorised\)/,
    }),
  ],
  [
    "that stake more MASA than they have",
    () => ({
      code: "MASA-304",
      args: ["stake", "1000000000", ...net()],
      key: keyOf("worker"),
      words: /holds [\d .]+ MASA and needs 1 000 000 000 MASA \(ERC20InsufficientBalance\)/,
    }),
  ],
  [
    "that unbond more than they stake",
    () => ({
      code: "MASA-304",
      args: ["unbond", "start", "1000000000", ...net()],
      key: keyOf("worker"),
      words: /stakes [\d .]+ MASA and was asked for 1 000 000 000 MASA \(StakeVault_InsufficientStake\)/,
    }),
  ],
  [
    "that withdraw what was never unbonded",
    () => ({
      code: "MASA-304",
      args: ["withdraw", "9", ...net()],
      key: keyOf("worker"),
      words: /has no unbonding entry 9 \(StakeVault_UnknownEntry\)/,
    }),
  ],
  [
    "that withdraw more credit than they have",
    () => ({
      code: "MASA-304",
      args: ["withdraw-credit", "1000000000", ...net()],
      key: keyOf("oracle"),
      words: /RequestEscrow_InsufficientCredit/,
    }),
  ],
  [
    "that register twice",
    () => ({
      code: "MASA-304",
      args: ["register", "worker", "--endpoint", "http://a.example", ...net()],
      key: keyOf("oracle"),
      words: /NodeRegistry_AlreadyRegistered/,
    }),
  ],
  [
    "that register without stake",
    () => ({
      code: "MASA-304",
      args: ["register", "worker", "--endpoint", "http://a.example", ...net()],
      key: STRANGER.privateKey,
      words: /has 0 of stake that counts, and needs [\d .]+ of stake \(NodeStanding_BelowRequirement\)/,
    }),
  ],
  [
    "that register an endpoint that is no URL",
    () => ({
      code: "MASA-103",
      args: ["register", "worker", "--endpoint", "here", ...net()],
      key: STRANGER.privateKey,
    }),
  ],
]);

cases("nodes", [
  [
    "a worker that is not registered",
    () => ({
      code: "MASA-403",
      args: ["worker", "--docs", DOCS, ...net(), ...state("n1")],
      key: keyOf("oracle"),
    }),
  ],
  [
    "an oracle node that is not registered",
    () => ({
      code: "MASA-403",
      args: ["oracle", "ask", "Why?", ...net(), ...state("n2")],
      key: keyOf("worker"),
    }),
  ],
  [
    "a keeper with an account's key instead of a hot key",
    () => ({
      code: "MASA-403",
      args: ["keeper", "once", ...net(), ...state("n3")],
      key: keyOf("validator-1"),
    }),
  ],
  [
    "a worker with nothing to answer from",
    () => ({ code: "MASA-103", args: ["worker", ...net(), ...state("n4")], key: keyOf("worker") }),
  ],
  [
    "a worker with --llm, without --model",
    () => ({
      code: "MASA-103",
      args: ["worker", "--llm", "http://127.0.0.1:1/v1", ...net(), ...state("n5")],
      key: keyOf("worker"),
    }),
  ],
  [
    "a worker whose documents are missing",
    () => ({
      code: "MASA-107",
      args: ["worker", "--docs", join(folder, "none"), ...net(), ...state("n6")],
      key: keyOf("worker"),
    }),
  ],
  [
    "a worker whose folder is empty",
    () => ({
      code: "MASA-107",
      args: ["worker", "--docs", join(folder, "empty"), ...net(), ...state("n7")],
      key: keyOf("worker"),
    }),
  ],
  [
    "a worker on a port in use",
    () => ({
      code: "MASA-402",
      args: ["worker", "--docs", DOCS, "--port", String(port), ...net(), ...state("n8")],
      key: keyOf("worker"),
    }),
  ],
  [
    "a keeper on a port in use",
    () => ({
      code: "MASA-402",
      args: ["keeper", "once", "--port", String(port), ...net(), ...state("n9")],
      key: keyOf("validator-1", true),
    }),
  ],
  [
    "a state file in a folder that is missing",
    () => ({
      code: "MASA-108",
      args: ["worker", "--docs", DOCS, ...net(), "--state", join(folder, "no/such/state")],
      key: keyOf("worker"),
    }),
  ],
  [
    "a state file that is none",
    () => ({
      code: "MASA-108",
      args: ["keeper", "once", ...net(), "--state", file("letter.sqlite", "Dear friend, ".repeat(50))],
      key: keyOf("validator-1", true),
    }),
  ],
  [
    "an oracle node without a question",
    () => ({ code: "MASA-103", args: ["oracle", "ask", ...net(), ...state("n10")], key: keyOf("oracle") }),
  ],
  [
    "an oracle node whose evidence is missing",
    () => ({
      code: "MASA-107",
      args: ["oracle", "ask", "Why?", "--evidence", join(folder, "none"), ...net(), ...state("n11")],
      key: keyOf("oracle"),
    }),
  ],
  [
    "an oracle node that cannot pay",
    () => ({
      code: "MASA-304",
      args: [
        "oracle",
        "ask",
        "Why?",
        "--reward",
        "200000",
        "--response-window",
        "5",
        "--scoring-window",
        "10",
        ...net(),
        ...state("n12"),
      ],
      key: keyOf("oracle"),
      words: /RequestEscrow_InsufficientCredit/,
    }),
  ],
]);

describe("state files", () => {
  it("of another node are refused, and stay that node's", async () => {
    const keeper = (name: string) =>
      masa(["keeper", "once", ...net(), ...state("shared")], { MASA_KEY: keyOf(name, true) });
    assert.equal((await keeper("validator-1")).code, 0);
    const path = join(folder, "shared.sqlite");
    const before = readFileSync(path);
    await refused({
      code: "MASA-108",
      args: ["keeper", "once", ...net(), ...state("shared")],
      key: keyOf("validator-2", true),
    });
    assert.deepEqual(readFileSync(path), before);
    assert.equal((await keeper("validator-1")).code, 0, "its owner goes on");
  });
});

describe("what was refused", () => {
  it("changed nothing on the chain", async () => {
    const { escrow, vault } = network.contracts;
    assert.equal(await escrow.requestCount(), 0n);
    assert.equal(await vault.masaStakeOf(STRANGER.address), 0n);
  });
});

describe("what is right", { concurrency: 2 }, () => {
  it("is said with exit code 0: help, the network, an account", async () => {
    for (const args of [
      ["--help"],
      ["oracle", "ask", "--help"],
      ["status", ...net()],
      ["status", network.member("worker").account.address, ...net()],
    ]) {
      const { code, stdout, stderr } = await masa(args);
      assert.equal(code, 0, stderr);
      assert.ok(stdout.length > 100);
    }
  });

  it("is done: deposit and withdraw credit, to the last wei", async () => {
    const { address } = network.member("oracle").account;
    const credit = await network.contracts.escrow.creditOf(address);
    const run = async (...args: string[]) => {
      const { code, stderr } = await masa([...args, ...net()], { MASA_KEY: keyOf("oracle") });
      assert.equal(code, 0, stderr);
    };
    await run("withdraw-credit", "0.000000000000000001");
    assert.equal(await network.contracts.escrow.creditOf(address), credit - 1n);
    await run("deposit", "0.000000000000000001");
    assert.equal(await network.contracts.escrow.creditOf(address), credit);
  });
});
