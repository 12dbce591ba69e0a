/** The worker node on a real chain: it answers once whatever dies, and serves its answers to those who may have them. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";

import { keccak256, toUtf8Bytes } from "ethers";

import { payloadHash, responseCommitment } from "#sdk";
import type { Connection, RequestPayload } from "#sdk";

import { refusal, walletOf } from "../../sdk/test/support.ts";
import { createEngine } from "../src/answer/index.ts";
import type { AnswerEngine } from "../src/answer/index.ts";
import { startWorker } from "../src/worker.ts";
import type { Worker, WorkerOptions } from "../src/worker.ts";
import { faultyRpc, getAs, GOOD, quiet, startNetwork, submit, until } from "./support.ts";
import type { Network } from "./support.ts";

const CORPUS = fileURLToPath(new URL("answer/corpus/", import.meta.url));
const WINDOWS = { response: 60, scoring: 120 };

let network: Network;
let asker: Connection;
let answered = 0;
let engine: AnswerEngine;
/** Payloads that the asker's stand-in serves. */
const payloads = new Map<string, string>();

before(async () => {
  network = await startNetwork();
  asker = await network.open(network.member("oracle"));
  await network.standIn(network.member("oracle"), ({ path }) => {
    const text = payloads.get(path);
    return text === undefined ? { status: 404, body: "" } : { status: 200, body: text };
  });
  const real = await createEngine({ engine: "quoting", folder: CORPUS });
  engine = {
    name: real.name,
    answer: (request) => {
      answered++;
      return real.answer(request);
    },
  };
});

after(() => network.close());

const statePath = (name: string): string => join(network.folder, `${name}.sqlite`);

function options(state: string, changes: Partial<WorkerOptions> = {}): WorkerOptions {
  const { account } = network.member("worker");
  return {
    rpcUrl: network.url,
    manifestPath: network.manifestPath,
    privateKey: account.privateKey,
    statePath: statePath(state),
    host: "127.0.0.1",
    port: 0,
    engine,
    allowPrivateHosts: true,
    pollMs: 100,
    log: quiet,
    ...changes,
  };
}

/** Runs a worker for as long as `work` takes. */
async function running<T>(of: WorkerOptions, work: (worker: Worker) => Promise<T>): Promise<T> {
  const worker = await startWorker(of);
  const stop = new AbortController();
  const loop = worker.run(stop.signal);
  try {
    return await work(worker);
  } finally {
    stop.abort();
    await loop;
    await worker.close();
  }
}

/** Asks a question whose payload is served; returns the request's id. */
async function ask(prompt: string): Promise<bigint> {
  const payload: RequestPayload = {
    schema: "masa.request/1",
    nonce: keccak256(toUtf8Bytes(prompt)),
    kind: "llm-completion",
    prompt,
    evidence: [],
  };
  const text = JSON.stringify(payload);
  payloads.set(`/payloads/${payloadHash(text)}`, text);
  return submit(asker, payloadHash(text), WINDOWS);
}

const committed = async (id: bigint): Promise<number> =>
  (await network.contracts.escrow.workersOf(id)).length;
const isCommitted = (id: bigint) => until(`a commitment to ${id}`, async () => (await committed(id)) > 0);

async function commitmentOnChain(id: bigint): Promise<string> {
  const { escrow } = network.contracts;
  const [event] = await escrow.queryFilter(escrow.filters.ResponseCommitted(id));
  return event?.args.commitment ?? "";
}

async function assertServesCommitted(worker: Worker, id: bigint): Promise<{ salt: string; payload: string }> {
  const { address } = network.member("worker").account;
  const key = network.member("validator-0").hotKey;
  assert.ok(key !== null);
  const { status, text } = await getAs(
    network.clerk,
    { key, audience: address },
    `${worker.url}/responses/${id}`,
  );
  assert.equal(status, 200, text);
  const served = JSON.parse(text) as { salt: string; payload: string };
  const nonce = await network.contracts.registry.nonceOf(address);
  const made = responseCommitment(id, address, nonce, served.salt, payloadHash(served.payload));
  assert.equal(made, await commitmentOnChain(id), "it serves what it committed to");
  return served;
}

describe("worker node", () => {
  it("serves its answer to validators, to the asker only once it was accepted, to nobody else", async () => {
    const { member } = network;
    const audience = member("worker").account.address;
    await running(options("serve"), async (worker) => {
      const id = await ask("When does the ferry leave the island?");
      await isCommitted(id);
      const url = `${worker.url}/responses/${id}`;
      const get = async (key: typeof asker.wallet, to = audience) =>
        (await getAs(asker, key === null ? null : { key, audience: to }, url)).status;

      const { payload } = await assertServesCommitted(worker, id);
      assert.match(payload, /ferry/i);
      const oracle = member("oracle").account;
      const validator = member("validator-1").hotKey;
      assert.equal(await get(null), 401, "without a signature");
      assert.equal(await get(walletOf("stranger")), 401, "a stranger");
      assert.equal(await get(member("worker-2").account), 401, "a competitor");
      assert.equal(await get(member("validator-1").account), 200, "a validator's account, as its hot key");
      assert.equal(await get(oracle), 401, "the asker, before it was accepted");
      assert.equal(await get(validator, member("worker-2").account.address), 401, "signed for another node");

      await network.settle(id, [GOOD]);
      await until("the acceptance", async () => (await get(oracle)) === 200);
      assert.equal(await get(walletOf("stranger")), 401);
      assert.equal(await get(member("worker-2").account), 401);
    });
  });

  it("keeps its answer to the asker when the answer was not accepted", async () => {
    const { member } = network;
    await running(options("refused"), async (worker) => {
      const id = await ask("Who looks after the lighthouse?");
      await isCommitted(id);
      await network.settle(id, [{ ...GOOD, relevance: 0, factual: 0 }]);
      await network.passTime(1);
      const { state } = await network.contracts.escrow.requestOf(id);
      assert.equal(state, 2n, "it is settled");
      await assertServesCommitted(worker, id);
      const signer = { key: member("oracle").account, audience: member("worker").account.address };
      assert.equal((await getAs(asker, signer, `${worker.url}/responses/${id}`)).status, 401);
    });
  });

  it("has the answer before the commitment is sent, and commits to the same one after a restart", async () => {
    const rpc = await faultyRpc(network.url, "refused");
    answered = 0;
    const id = await running(options("restart", { rpcUrl: rpc.url }), async () => {
      const asked = await ask("What is peat used for?");
      await until("an attempt to commit", () => Promise.resolve(rpc.hits() > 0));
      return asked;
    });
    rpc.close();
    assert.equal(answered, 1);
    assert.equal(await committed(id), 0);
    await running(options("restart"), async (worker) => {
      await isCommitted(id);
      await assertServesCommitted(worker, id);
    });
    assert.equal(answered, 1, "it did not answer anew");
  });

  it("commits once where the answer to its transaction was lost, and serves what it committed to", async () => {
    const rpc = await faultyRpc(network.url, "lost");
    answered = 0;
    const id = await running(options("lost", { rpcUrl: rpc.url }), async () => {
      const asked = await ask("How is salt made?");
      await isCommitted(asked);
      return asked;
    });
    rpc.close();
    await running(options("lost"), async (worker) => {
      await network.passTime(2);
      await assertServesCommitted(worker, id);
    });
    assert.equal(await committed(id), 1);
    assert.equal(answered, 1);
  });

  it("does not answer what is served with another hash, and goes on with the next", async () => {
    const hash = payloadHash("the question that was meant");
    payloads.set(`/payloads/${hash}`, "another question");
    const spoiled = await submit(asker, hash, WINDOWS);
    const missing = await submit(asker, payloadHash("served nowhere"), WINDOWS);
    await running(options("hash"), async () => {
      const good = await ask("Where are bees kept?");
      await isCommitted(good);
    });
    assert.equal(await committed(spoiled), 0);
    assert.equal(await committed(missing), 0);
  });

  it("is refused without the role, and with the state of another node", async () => {
    const { privateKey } = network.member("oracle").account;
    await refusal(() => startWorker(options("role", { privateKey })), "MASA-403", /not registered as/);
    await (await startWorker(options("mine"))).close();
    const other = network.member("worker-2").account.privateKey;
    await refusal(() => startWorker(options("mine", { privateKey: other })), "MASA-108", /belongs to/);
    await (await startWorker(options("mine"))).close();
  });
});
