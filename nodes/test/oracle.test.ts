/** The oracle node on a real chain: it asks once whatever dies, gets its refunds, and takes no answer that was not paid. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";

import { hexlify, keccak256, toUtf8Bytes } from "ethers";

import { payloadHash, responseCommitment } from "#sdk";
import type { Connection, NodeAnswer, NodeRequest } from "#sdk";

import { refusal, walletOf } from "../../sdk/test/support.ts";
import type { Ask, Question } from "../src/askBook.ts";
import type { NodeOptions } from "../src/node.ts";
import { startOracle } from "../src/oracle.ts";
import type { AskTerms, OracleNode } from "../src/oracle.ts";
import { faultyRpc, getAs, GOOD, MASA, quiet, REWARD, startNetwork, until } from "./support.ts";
import type { Network } from "./support.ts";

const CORPUS = fileURLToPath(new URL("answer/corpus/", import.meta.url));
const SALT = `0x${"5a".repeat(32)}`;
const QUESTIONS: readonly Question[] = [
  { key: "q1", prompt: "When does the ferry leave the island?" },
  { key: "q2", prompt: "Who looks after the lighthouse?" },
  { key: "q3", prompt: "How is salt made?" },
];

let network: Network;
let worker: Connection;
/** What the stand-ins of worker and validators serve, by path. */
let workerPage: string | null = null;
let validatorPage: string | null = null;
let workerAsked: string[];
let validatorAsked: string[];

before(async () => {
  network = await startNetwork();
  worker = await network.open(network.member("worker"));
  const serve =
    (page: () => string | null) =>
    ({ path }: NodeRequest): NodeAnswer => {
      const body = path.startsWith("/responses/") ? page() : null;
      return body === null ? { status: 404, body: "" } : { status: 200, body };
    };
  workerAsked = await network.standIn(
    network.member("worker"),
    serve(() => workerPage),
  );
  validatorAsked = await network.standIn(
    network.member("validator-0"),
    serve(() => validatorPage),
  );
});
after(() => network.close());

function options(state: string, changes: Partial<NodeOptions> = {}): NodeOptions {
  const { account } = network.member("oracle");
  return {
    rpcUrl: network.url,
    manifestPath: network.manifestPath,
    privateKey: account.privateKey,
    statePath: join(network.folder, `${state}.sqlite`),
    host: "127.0.0.1",
    port: 0,
    allowPrivateHosts: true,
    pollMs: 100,
    log: quiet,
    ...changes,
  };
}
const terms = (changes: Partial<AskTerms> = {}): AskTerms => ({
  kind: "llm-completion",
  baseRewardWei: REWARD,
  minQualityWad: (6n * MASA) / 10n,
  maxResponses: 1,
  responseWindowS: 2,
  scoringWindowS: 5,
  paceMs: 0,
  ...changes,
});

async function running<T>(of: NodeOptions, work: (oracle: OracleNode) => Promise<T>): Promise<T> {
  const oracle = await startOracle(of);
  try {
    return await work(oracle);
  } finally {
    await oracle.close();
  }
}
const forever = (): AbortSignal => new AbortController().signal;
const requestCount = async (): Promise<bigint> => network.contracts.escrow.requestCount();
const creditOf = (): Promise<bigint> =>
  network.contracts.escrow.creditOf(network.member("oracle").account.address);

describe("oracle node", () => {
  it("asks each question once, is refunded what nobody answered, and does not ask again", async () => {
    const [credit, count] = [await creditOf(), await requestCount()];
    const ask = () => running(options("plain"), (oracle) => oracle.ask(QUESTIONS, terms(), forever()));
    const asks = await ask();
    assert.deepEqual(
      asks.map(({ key, state, answer }) => ({ key, state, answer })),
      QUESTIONS.map(({ key }) => ({ key, state: "expired", answer: null })),
    );
    assert.equal(await requestCount(), count + 3n);
    assert.equal(await creditOf(), credit, "to the last wei");
    assert.deepEqual(await ask(), asks);
    assert.equal(await requestCount(), count + 3n);
  });

  it("does not ask twice after a crash between sending and noting it down", async () => {
    const count = await requestCount();
    const of = options("crash");
    const stop = new AbortController();
    await running(of, async (oracle) => {
      const asking = oracle.ask(QUESTIONS, terms({ paceMs: 600_000 }), stop.signal);
      await until("the first request", async () => (await requestCount()) === count + 1n);
      stop.abort();
      await asking;
    });
    // The state as it was when the transaction left: prepared, and events not read since.
    const db = new DatabaseSync(of.statePath);
    db.exec(
      "UPDATE asks SET state = 'prepared', request_id = NULL, deadline = NULL, scoring_deadline = NULL",
    );
    db.exec("DELETE FROM meta WHERE key = 'nextBlock'");
    db.close();
    const asks = await running(of, (oracle) => oracle.ask(QUESTIONS, terms(), forever()));
    assert.equal(await requestCount(), count + 3n);
    assert.deepEqual(new Set(asks.map(({ requestId }) => requestId)).size, 3);
    assert.equal(asks[0]?.requestId, count + 1n, "the one from before the crash");
  });

  it("does not ask twice where the answer to its transaction was lost", async () => {
    const count = await requestCount();
    const rpc = await faultyRpc(network.url, "lost");
    const stop = new AbortController();
    const of = options("lost");
    await running({ ...of, rpcUrl: rpc.url }, async (oracle) => {
      const asking = oracle.ask(QUESTIONS.slice(0, 1), terms(), stop.signal);
      await until("the request", async () => (await requestCount()) > count);
      stop.abort();
      await asking;
    });
    rpc.close();
    const [ask] = await running(of, (oracle) => oracle.ask(QUESTIONS.slice(0, 1), terms(), forever()));
    assert.equal(await requestCount(), count + 1n);
    assert.equal(ask?.state, "expired");
  });

  /** Answers the question as the worker and has it settled while the oracle node is down; `finish` starts it again. */
  async function settled(
    state: string,
    spoil: (right: string) => { worker: string | null; validator: string | null },
  ) {
    const count = await requestCount();
    const of = options(state);
    const id = count + 1n;
    const payload = JSON.stringify({
      schema: "masa.response/1",
      requestId: String(id),
      text: "At eight.",
      citations: [],
      engine: "test",
    });
    const right = JSON.stringify({ salt: SALT, payload });
    ({ worker: workerPage, validator: validatorPage } = spoil(right));
    workerAsked.length = 0;
    validatorAsked.length = 0;
    const { address } = network.member("worker").account;
    return running(of, async (oracle) => {
      const stop = new AbortController();
      const asking = oracle.ask(
        QUESTIONS.slice(0, 1),
        terms({ responseWindowS: 50, scoringWindowS: 100 }),
        stop.signal,
      );
      await until("the request", async () => (await requestCount()) === id);
      const nonce = await worker.contracts.registry.nonceOf(address);
      const commitment = responseCommitment(id, address, nonce, SALT, payloadHash(payload));
      await worker.send(() => worker.contracts.escrow.commit(id, commitment));
      // It dies before the settlement: the next run finds it and fetches the answer.
      stop.abort();
      await asking;
      await network.settle(id, [GOOD]);
      const finish = () => running(of, (next) => next.ask(QUESTIONS.slice(0, 1), terms(), forever()));
      return { id, payload, address, finish };
    });
  }

  it("fetches the accepted answer from its worker", async () => {
    const { finish, payload, address, id } = await settled("answer", (right) => ({
      worker: right,
      validator: null,
    }));
    const [ask] = (await finish()) as [Ask];
    assert.equal(ask.state, "settled");
    assert.equal(ask.worker, address);
    assert.deepEqual(ask.answer, JSON.parse(payload));
    assert.equal(ask.qualityWad, (9n * MASA) / 10n);
    assert.equal(ask.paidWei, (REWARD * 9n) / 10n);
    assert.equal(ask.paidWei + ask.refundedWei, REWARD);
    assert.deepEqual(workerAsked, [`/responses/${id}`]);
    assert.deepEqual(validatorAsked, []);
  });

  for (const [what, wrong] of [
    ["another text", (right: string) => right.replace("At eight", "At nine")],
    ["another salt", (right: string) => right.replace(SALT, `0x${"00".repeat(32)}`)],
    ["garbage", () => "<html>"],
    ["nothing", () => null],
  ] as const)
    it(`takes the answer from a validator where the worker serves ${what}`, async () => {
      const { finish, payload } = await settled(`wrong ${what}`, (right) => ({
        worker: wrong(right),
        validator: right,
      }));
      const [ask] = (await finish()) as [Ask];
      assert.deepEqual(ask.answer, JSON.parse(payload));
      assert.ok(workerAsked.length >= 1 && validatorAsked.length >= 1);
    });

  it("serves questions to everyone and evidence to validators", async () => {
    const { member } = network;
    const of = options("evidence");
    await running(of, async (oracle) => {
      await oracle.publishEvidence(CORPUS);
      await oracle.ask(QUESTIONS.slice(0, 1), terms(), forever());
      const db = new DatabaseSync(of.statePath);
      const question = db.prepare("SELECT payload_hash, payload FROM asks").get() as Record<string, string>;
      const evidence = db.prepare("SELECT hash, body FROM evidence LIMIT 1").get() as Record<string, string>;
      db.close();
      const url = `${oracle.url}/evidence/${evidence["hash"]}`;
      const audience = member("oracle").account.address;
      const get = async (key: ReturnType<typeof walletOf> | null) =>
        getAs(worker, key === null ? null : { key, audience }, url);
      const open = await getAs(worker, null, `${oracle.url}/payloads/${question["payload_hash"]}`);
      assert.deepEqual(open, { status: 200, text: question["payload"] });
      const hotKey = member("validator-2").hotKey;
      assert.deepEqual(await get(hotKey), { status: 200, text: evidence["body"] });
      assert.equal((await get(null)).status, 401);
      assert.equal((await get(walletOf("stranger"))).status, 401);
      assert.equal((await get(member("worker").account)).status, 401);
      const missing = `${oracle.url}/payloads/${keccak256(toUtf8Bytes("nothing"))}`;
      assert.equal((await getAs(worker, null, missing)).status, 404);
      assert.equal((await getAs(worker, null, `${oracle.url}/../etc/passwd`)).status, 404);
    });
  });

  it("refuses a folder without documents, a question that is too long, and credit that it does not have", async () => {
    const count = await requestCount();
    await running(options("refusals"), async (oracle) => {
      await refusal(() => oracle.publishEvidence(join(network.folder, "nothing")), "MASA-107");
      const long = { key: "long", prompt: "x".repeat(300_000) };
      await refusal(() => oracle.ask([long], terms(), forever()), "MASA-103", /long is larger/);
      const dear = terms({ baseRewardWei: 100_000n * MASA });
      const one = [{ key: hexlify(toUtf8Bytes("dear")), prompt: "What does it cost?" }];
      await refusal(() => oracle.ask(one, dear, forever()), "MASA-304", /RequestEscrow_InsufficientCredit/);
      assert.equal(await requestCount(), count);
      // Nothing is lost: with a reward that it can pay, the same question is asked.
      const [ask] = await oracle.ask(one, terms(), forever());
      assert.equal(ask?.state, "expired");
    });
    assert.equal(await requestCount(), count + 1n);
  });
});
