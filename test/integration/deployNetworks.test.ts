/** `hardhat deploy` as a user runs it: on a local node, killed and resumed, and on a testnet with an encrypted key. */
import { existsSync, readFileSync, rmSync } from "node:fs";
import type { ChildProcess } from "node:child_process";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

import { assert } from "chai";
import { Wallet } from "ethers";
import hre from "hardhat";
import type { JsonRpcServer } from "hardhat/types/network";

import { loadManifest } from "../../sdk/src/manifest.ts";
import { removeTemporaryFolders, temporaryFolder, TRANSACTIONS } from "./deployment.ts";
import { hardhat, rpc, startAnvil, stop } from "./processes.ts";

const nonceOf = async (url: string, address: string): Promise<number> =>
  Number(await rpc(url, "eth_getTransactionCount", [address, "latest"]));

/** A journal of this process alone, removed afterwards. */
const deploymentId = (name: string): string => `test-${name}-${process.pid}`;
const journalOf = (id: string): string => join(hre.config.paths.ignition, "deployments", id);

describe("hardhat deploy --network localhost", () => {
  let server: JsonRpcServer;
  let url: string;
  let deployer: string;
  const id = deploymentId("localhost");
  const deployTo = async (manifest: string, more: readonly string[] = [], killAt?: RegExp) =>
    await hardhat({
      args: [
        "deploy",
        "--no-compile",
        "--network",
        "localhost",
        "--deployment-id",
        id,
        "--manifest",
        manifest,
        ...more,
      ],
      env: { MASA_LOCAL_RPC_URL: url },
      ...(killAt === undefined ? {} : { killAt }),
    });

  before(async () => {
    server = await hre.network.createServer("default", "127.0.0.1", 0);
    const { address, port } = await server.listen();
    url = `http://${address}:${port}`;
    [deployer = ""] = (await rpc(url, "eth_accounts")) as string[];
  });
  after(async () => {
    await server.close();
    rmSync(journalOf(id), { recursive: true, force: true });
    removeTemporaryFolders();
  });

  it("goes on where it was killed, then finds nothing to do", async function () {
    this.timeout(300_000);
    const manifest = join(temporaryFolder(), "manifest.json");
    const killed = await deployTo(manifest, [], /deployed MasaProtocol#NodeRegistry/);
    assert.isNull(killed.code, killed.output);
    const sent = await nonceOf(url, deployer);
    assert.isAbove(sent, 0);
    assert.isBelow(sent, TRANSACTIONS);
    assert.isFalse(existsSync(manifest));

    const resumed = await deployTo(manifest);
    assert.equal(resumed.code, 0, resumed.output);
    assert.equal(await nonceOf(url, deployer), TRANSACTIONS);
    const { contracts } = loadManifest(manifest);
    assert.include(resumed.output, contracts.escrow);

    const again = await deployTo(manifest);
    assert.equal(again.code, 0, again.output);
    assert.match(again.output, /Nothing to do/);
    assert.equal(await nonceOf(url, deployer), TRANSACTIONS, "the second run sent something");
    assert.deepEqual(loadManifest(manifest).contracts, contracts);
  });

  it("ends with a numbered error, advice and exit code 1 where it cannot deploy", async () => {
    const manifest = join(temporaryFolder(), "manifest.json");
    const before = await nonceOf(url, deployer);
    const testnet = await deployTo(manifest, ["--params", "deploy/params/testnet.json5"]);
    assert.equal(testnet.code, 1, testnet.output);
    assert.match(testnet.output, /MASA-202 .*for chain 84532; this is chain 31337/);
    const badId = await hardhat({ args: ["deploy", "--deployment-id", "../elsewhere"] });
    assert.equal(badId.code, 1, badId.output);
    assert.match(badId.output, /MASA-103/);
    assert.equal(await nonceOf(url, deployer), before);
    assert.isFalse(existsSync(manifest));
  });

  it("says so when no node answers", async () => {
    const { code, output } = await hardhat({
      args: ["deploy", "--no-compile", "--network", "localhost"],
      env: { MASA_LOCAL_RPC_URL: "http://127.0.0.1:1" },
    });
    assert.equal(code, 1, output);
    assert.match(output, /MASA-301/);
  });
});

describe("hardhat deploy --network testnet", () => {
  const CHAIN_ID = 84_532;
  const PASSWORD = "correct horse battery staple";
  const { address, privateKey } = Wallet.createRandom();
  const id = deploymentId("testnet");
  let anvil: ChildProcess | undefined;

  after(async () => {
    await stop(anvil);
    rmSync(journalOf(id), { recursive: true, force: true });
    removeTemporaryFolders();
  });

  it("deploys its parameters to its chain id with a key from the encrypted keystore, once", async function () {
    this.timeout(300_000);
    const require = createRequire(import.meta.url);
    let binary: string;
    try {
      binary = join(dirname(require.resolve("@foundry-rs/anvil-linux-amd64/package.json")), "bin", "anvil");
    } catch (error) {
      if (process.platform === "linux" && process.arch === "x64") throw error;
      console.log("      anvil's npm package is for linux-x64 only: not run here");
      return this.skip();
    }
    const node = await startAnvil(binary, CHAIN_ID, hre.globalOptions.coverage);
    anvil = node.child;
    await rpc(node.url, "anvil_setBalance", [address, `0x${(10n ** 18n).toString(16)}`]);

    // A keystore of the test alone: Hardhat keeps it in the user's configuration folder.
    const home = temporaryFolder();
    const env = { HOME: home, XDG_CONFIG_HOME: home, XDG_DATA_HOME: home, XDG_CACHE_HOME: home };
    const secret = /Enter secret/;
    const password = [/Enter the password/, PASSWORD] as const;
    const stored = [
      await hardhat({
        args: ["keystore", "set", "MASA_DEPLOYER_KEY"],
        env,
        answers: [password, [/confirm your password/, PASSWORD], [secret, privateKey]],
      }),
      await hardhat({
        args: ["keystore", "set", "MASA_RPC_URL"],
        env,
        answers: [password, [secret, node.url]],
      }),
    ];
    for (const { code, output } of stored) assert.equal(code, 0, output);
    const keystore = readFileSync(join(home, "hardhat-nodejs", "keystore.json"), "utf8");
    assert.notInclude(keystore, privateKey.slice(2), "the key lies in the keystore in the clear");

    const manifestPath = join(home, "manifest.json");
    const args = [
      "deploy",
      "--no-compile",
      "--network",
      "testnet",
      "--deployment-id",
      id,
      "--manifest",
      manifestPath,
    ];
    const answers = [password];
    const first = await hardhat({ args, env, answers });
    assert.equal(first.code, 0, first.output);
    const manifest = loadManifest(manifestPath);
    assert.equal(manifest.chainId, CHAIN_ID);
    assert.equal(manifest.deployer, address);
    assert.isUndefined(manifest.contracts.tao, "no stand-in for TAO on a public chain");
    for (const deployed of Object.values(manifest.contracts)) {
      assert.notEqual(await rpc(node.url, "eth_getCode", [deployed, "latest"]), "0x");
    }
    assert.equal(await nonceOf(node.url, address), TRANSACTIONS - 1);

    const written = readFileSync(manifestPath, "utf8");
    const second = await hardhat({ args, env, answers });
    assert.equal(second.code, 0, second.output);
    assert.match(second.output, /Nothing to do/);
    assert.equal(await nonceOf(node.url, address), TRANSACTIONS - 1, "the second run sent something");
    assert.equal(readFileSync(manifestPath, "utf8"), written);

    const guess = [/Enter the password/, "not the password"] as const;
    const wrong = await hardhat({ args, env, answers: [guess] });
    assert.equal(wrong.code, 1, wrong.output);
  });
});
