/** Nodes whose staking key is not online: an operator's key asks, answers and fetches, within the rights that it was lent. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";

import type { Wallet } from "ethers";

import { makeOperatorGrant } from "#sdk";
import type { Right } from "#sdk";

import { refusal, walletOf } from "../../sdk/test/support.ts";
import { createEngine } from "../src/answer/index.ts";
import type { NodeOptions } from "../src/node.ts";
import { startOracle } from "../src/oracle.ts";
import { startWorker } from "../src/worker.ts";
import { getAs, GOOD, MASA, quiet, REWARD, startNetwork, until } from "./support.ts";
import type { Network } from "./support.ts";

const CORPUS = fileURLToPath(new URL("answer/corpus/", import.meta.url));

let network: Network;

before(async () => {
  network = await startNetwork();
});
after(() => network.close());

/** Lends rights of a member to a key that has gas and nothing else. */
async function lend(name: string, key: Wallet, rights: readonly Right[]): Promise<void> {
  const member = network.member(name);
  const connection = await network.open(member);
  const { contracts, manifest, wallet } = connection;
  const grant = await makeOperatorGrant(contracts, manifest, key, member.account.address, rights);
  await connection.send(() => contracts.registry.setOperator(grant));
  await (await wallet?.sendTransaction({ to: key.address, value: 10n ** 18n }))?.wait();
}

function options(name: string, key: Wallet): NodeOptions {
  return {
    rpcUrl: network.url,
    manifestPath: network.manifestPath,
    privateKey: key.privateKey,
    statePath: join(network.folder, `operator-${name}.sqlite`),
    host: "127.0.0.1",
    port: network.member(name).port,
    allowPrivateHosts: true,
    pollMs: 100,
    log: quiet,
  };
}

describe("operator keys", () => {
  const workerKey = walletOf("operator of the worker");
  const oracleKey = walletOf("operator of the oracle");

  it("are refused without the rights of the role, which are named", async () => {
    const engine = await createEngine({ engine: "quoting", folder: CORPUS });
    const stranger = walletOf("operator of nobody");
    const worker = (key: Wallet) => startWorker({ ...options("worker", key), engine });
    await refusal(() => worker(stranger), "MASA-403", /nor is it the operator of one/);
    await lend("worker", workerKey, ["serve"]);
    await refusal(() => worker(workerKey), "MASA-403", /without the right to commit/);
    await lend("oracle", oracleKey, ["serve"]);
    await refusal(() => startOracle(options("oracle", oracleKey)), "MASA-403", /without the right to ask/);
    await refusal(() => worker(oracleKey), "MASA-403", /not registered as worker/);
  });

  it("ask, answer and fetch for their accounts", async () => {
    await lend("worker", workerKey, ["commit"]);
    await lend("oracle", oracleKey, ["ask", "serve"]);
    const { escrow } = network.contracts;
    const engine = await createEngine({ engine: "quoting", folder: CORPUS });
    const worker = await startWorker({ ...options("worker", workerKey), engine });
    const oracle = await startOracle(options("oracle", oracleKey));
    const stop = new AbortController();
    const loop = worker.run(stop.signal);
    try {
      const asking = oracle.ask(
        [{ key: "q", prompt: "When does the ferry leave the island?" }],
        {
          kind: "llm-completion",
          baseRewardWei: REWARD,
          minQualityWad: (6n * MASA) / 10n,
          maxResponses: 1,
          responseWindowS: 60,
          scoringWindowS: 100,
          paceMs: 0,
        },
        stop.signal,
      );
      const id = await until("a request", async () => {
        const count = await escrow.requestCount();
        return count > 0n && count;
      });
      const [worker] = await until("a commitment", async () => {
        const found = await escrow.workersOf(id);
        return found.length > 0 && found;
      });
      assert.equal(worker, network.member("worker").account.address);
      assert.equal((await escrow.requestOf(id)).asker, network.member("oracle").account.address);
      await network.settle(id, [GOOD]);
      const [asked] = await asking;
      assert.match(JSON.stringify(asked?.answer?.citations), /ferry/i);
      assert.equal(asked?.worker, network.member("worker").account.address);
    } finally {
      stop.abort();
      await loop;
      await worker.close();
      await oracle.close();
    }
  });

  it("see payloads for a validator while they have the right to serve, and not once it is revoked", async () => {
    const engine = await createEngine({ engine: "quoting", folder: CORPUS });
    const worker = await startWorker({ ...options("worker", workerKey), engine });
    try {
      const key = walletOf("server of a validator");
      const audience = network.member("worker").account.address;
      const get = async (by: Wallet): Promise<number> =>
        (await getAs(network.clerk, { key: by, audience }, `${worker.url}/responses/1`)).status;
      assert.equal(await get(key), 401);
      await lend("validator-1", key, ["seat"]);
      assert.equal(await get(key), 401, "the right to act for the seat is another");
      await lend("validator-1", key, ["serve"]);
      assert.equal(await get(key), 200);
      const { hotKey } = network.member("validator-1");
      assert.ok(hotKey !== null);
      assert.equal(await get(hotKey), 200);
      const owner = await network.open(network.member("validator-1"));
      for (const revoked of [key, hotKey])
        await owner.send(() => owner.contracts.registry.revokeOperator(revoked.address));
      assert.equal(await get(key), 401);
      assert.equal(await get(hotKey), 401, "at once, in the frozen set too");
    } finally {
      await worker.close();
    }
  });
});
