/** From a closed request to own scores, against real HTTP servers that serve what they should, something else or nothing. */
import assert from "node:assert/strict";
import { after, describe, it } from "node:test";

import { keccak256, toUtf8Bytes } from "ethers";

import {
  AUTH_HEADER,
  MasaError,
  payloadHash,
  recoverHttpSigner,
  responseCommitment,
  SCORE_ONE,
  startNodeServer,
  UNSCORED,
} from "#sdk";
import type { MasaEvent, NodeServer, RequestPayload, ResponsePayload, ResponseScore } from "#sdk";

import { refusal, walletOf } from "../../sdk/test/support.ts";
import { judgeRequest } from "../src/judge.ts";
import { makeRuntime } from "../src/runtime.ts";
import { scorers } from "../src/scoring/index.ts";
import type { Scorer } from "../src/scoring/index.ts";
import type { KeeperStore, StoredRequest } from "../src/store.ts";
import { FakeChain, makeKeeper, START, TIMES } from "./support.ts";
import type { KeeperUnderTest } from "./support.ts";

const asker = walletOf("asker").address;
const DOCUMENT =
  "# Seats\n\nA seat is one of the 64 slots of the validators. Free seats are filled at the roll, heaviest first. " +
  "The validator with the lowest score leaves its seat at the roll.\n";
const QUESTION = "How many seats do the validators have, and when are free seats filled?";
const ANSWER =
  "A seat is one of the 64 slots of the validators. Free seats are filled at the roll, heaviest first.";
const SALT = `0x${"5a".repeat(32)}`;
const SCORING_DEADLINE = START + 100;
const EARLY = START;
const LATE = SCORING_DEADLINE - TIMES.giveUpSeconds;

const WORTHLESS = { ...UNSCORED, scored: true };

const servers: NodeServer[] = [];
after(() => Promise.all(servers.map((server) => server.close())));

type Pages = Map<string, string>;

/** Serves these pages to a signed caller; says 404 for the rest. Pages can change while it runs. */
async function serve(account: string, pages: Pages, chain: FakeChain, callers: string[]): Promise<string> {
  const server = await startNodeServer({
    host: "127.0.0.1",
    port: 0,
    maxBytes: 1_000,
    handle: ({ method, path, body, header }) => {
      const signed = { audience: account, method, path, body };
      callers.push(recoverHttpSigner(chain.manifest, signed, header(AUTH_HEADER), chain.time));
      const page = pages.get(path);
      return Promise.resolve(page === undefined ? { status: 404, body: "no" } : { status: 200, body: page });
    },
  });
  servers.push(server);
  return server.url;
}

interface Answer {
  /** What the worker committed to. */
  readonly payload: string;
  /** What it serves for it; the same if absent, nothing if null. */
  readonly served?: string | null;
}

interface Case {
  readonly chain: FakeChain;
  readonly keeper: KeeperUnderTest;
  readonly store: KeeperStore;
  readonly request: StoredRequest;
  readonly askerPages: Pages;
  readonly workerPages: Pages[];
  readonly callers: string[];
  readonly hotKey: string;
  judge(now: number): Promise<boolean>;
  scores(): readonly ResponseScore[] | undefined;
}

let cases = 0;

const responseText = (requestId: bigint, text: string): string => {
  const response: ResponsePayload = {
    schema: "masa.response/1",
    requestId: String(requestId),
    text,
    citations: [{ source: "seats.md", quote: "one of the 64 slots of the validators" }],
    engine: "test",
  };
  return JSON.stringify(response);
};
const served = (payload: string, salt = SALT): string => JSON.stringify({ salt, payload });

/** A closed request with an asker and workers behind real servers. */
async function setUp(
  answers: (requestId: bigint) => readonly Answer[],
  changes: { hasEvidence?: boolean; evidence?: string[]; scorer?: Scorer; payloadText?: string } = {},
): Promise<Case> {
  const requestId = BigInt(++cases);
  // Documents differ from case to case: keepers remember by hash what they have fetched.
  const documents = changes.evidence ?? [`${DOCUMENT}\nCase ${requestId}.\n`];
  const payload: RequestPayload = {
    schema: "masa.request/1",
    nonce: keccak256(toUtf8Bytes(`nonce ${requestId}`)),
    kind: "llm-completion",
    prompt: QUESTION,
    evidence: documents.map((text, index) => ({ id: `doc-${index}.md`, hash: keccak256(toUtf8Bytes(text)) })),
  };
  const text = changes.payloadText ?? JSON.stringify(payload);
  const chain = new FakeChain([1n, 1n, 1n]);
  const wallet = chain.keys[0] as (typeof chain.keys)[number];
  const keeper = makeKeeper(chain, wallet, changes.scorer);
  const callers: string[] = [];
  const askerPages: Pages = new Map([
    [`/payloads/${payloadHash(text)}`, text],
    ...documents.map((body) => [`/evidence/${keccak256(toUtf8Bytes(body))}`, body] as const),
  ]);
  const events: MasaEvent[] = [
    {
      type: "submitted",
      requestId,
      asker,
      payloadHash: payloadHash(text),
      kind: "llm-completion",
      hasEvidence: changes.hasEvidence ?? documents.length > 0,
      maxResponses: 4,
      baseRewardWei: 1n,
      feeWei: 0n,
      minQualityWad: 6n * 10n ** 17n,
      submittedAt: START - 60,
      responseDeadline: START - 20,
      scoringDeadline: SCORING_DEADLINE,
      terms: 0,
    },
  ];
  chain.endpoints.set(asker, await serve(asker, askerPages, chain, callers));
  const workerPages: Pages[] = [];
  const commitments: { worker: string }[] = [];
  for (const [index, answer] of answers(requestId).entries()) {
    const worker = walletOf(`worker ${index}`).address;
    const page = answer.served === undefined ? served(answer.payload) : answer.served;
    const pages: Pages = new Map(page === null ? [] : [[`/responses/${requestId}`, page]]);
    workerPages.push(pages);
    commitments.push({ worker });
    chain.endpoints.set(worker, await serve(worker, pages, chain, callers));
    events.push({
      type: "committed",
      requestId,
      worker,
      index,
      nonce: 3n,
      commitment: responseCommitment(requestId, worker, 3n, SALT, payloadHash(answer.payload)),
      committedAt: START - 50,
    });
  }
  chain.commitments.set(requestId, commitments);
  keeper.store.apply(events, 10);
  after(() => keeper.store.close());
  const request = keeper.store.request(requestId) as StoredRequest;
  return {
    chain,
    keeper,
    store: keeper.store,
    request,
    askerPages,
    workerPages,
    callers,
    hotKey: wallet.address,
    judge: (now) => judgeRequest(keeper.runtime, request, now),
    scores: () => keeper.store.ownResult(requestId)?.responses,
  };
}

describe("judgeRequest", () => {
  it("scores an answer that is served as committed, and asks every server as the validator it is", async () => {
    const made = await setUp((id) => [{ payload: responseText(id, ANSWER) }]);
    assert.equal(await made.judge(EARLY), true);
    const [score] = made.scores() ?? [];
    assert.ok(score !== undefined && score.scored && score.fraud === 0);
    assert.ok(score.relevance > 500_000_000 && score.factual > 500_000_000, JSON.stringify(score));
    // Committed 10 s into a window of 40 s: three quarters were left.
    assert.equal(score.responseTime, (SCORE_ONE * 3) / 4);
    assert.equal(score.throughput, Math.floor(ANSWER.length / 10));
    assert.deepEqual(new Set(made.callers), new Set([made.hotKey]));
    assert.equal(made.callers.length, 3, "question, evidence and answer, once each");
    assert.equal(
      made.store.commitments(made.request.requestId)[0]?.payload,
      responseText(made.request.requestId, ANSWER),
    );
  });

  it("tells a good answer from one that does not answer, in the order of the commitments", async () => {
    const made = await setUp((id) => [
      { payload: responseText(id, "Bees dance to tell each other where flowers are.") },
      { payload: responseText(id, ANSWER) },
    ]);
    assert.equal(await made.judge(EARLY), true);
    const [beside, good] = made.scores() ?? [];
    assert.ok(beside !== undefined && good !== undefined);
    assert.ok(good.relevance > beside.relevance + 200_000_000, JSON.stringify({ beside, good }));
  });

  it("waits for an answer that is not served, and gives it 0 when the time to give up has come", async () => {
    const made = await setUp((id) => [
      { payload: responseText(id, ANSWER) },
      { payload: responseText(id, ANSWER), served: null },
    ]);
    assert.equal(await made.judge(EARLY), false);
    assert.equal(await made.judge(LATE - 1), false);
    assert.equal(made.scores(), undefined, "no result before it is decided");
    assert.equal(await made.judge(LATE), true);
    assert.deepEqual(made.scores()?.[1], WORTHLESS);
    assert.ok((made.scores()?.[0]?.relevance ?? 0) > 500_000_000, "the other one is scored");
  });

  it("scores an answer that is served after all", async () => {
    const made = await setUp((id) => [{ payload: responseText(id, ANSWER), served: null }]);
    assert.equal(await made.judge(EARLY), false);
    made.workerPages[0]?.set(
      `/responses/${made.request.requestId}`,
      served(responseText(made.request.requestId, ANSWER)),
    );
    assert.equal(await made.judge(EARLY + 1), true);
    assert.ok((made.scores()?.[0]?.relevance ?? 0) > 500_000_000);
  });

  const lies: [string, (requestId: bigint) => string][] = [
    ["another text than was committed to", (id) => served(responseText(id, `${ANSWER} And more.`))],
    [
      "the committed text with another salt",
      (id) => served(responseText(id, ANSWER), `0x${"00".repeat(32)}`),
    ],
    ["no JSON", () => "<html>"],
    ["JSON of another shape", () => JSON.stringify({ salt: SALT })],
    ["further members", (id) => JSON.stringify({ salt: SALT, payload: responseText(id, ANSWER), more: 1 })],
    ["more than the bound", (id) => served(responseText(id, ANSWER)) + " ".repeat(600_000)],
  ];
  for (const [what, page] of lies)
    it(`treats ${what} as not served`, async () => {
      const made = await setUp((id) => [{ payload: responseText(id, ANSWER), served: page(id) }]);
      assert.equal(await made.judge(EARLY), false);
      assert.equal(await made.judge(LATE), true);
      assert.deepEqual(made.scores(), [WORTHLESS]);
      assert.equal(made.store.commitments(made.request.requestId)[0]?.payload, null, "it is not kept");
    });

  for (const payload of ["not JSON", "{}", JSON.stringify({ schema: "masa.response/1", text: 5 })])
    it(`gives 0 at once to the commitment to ${payload}, which is no response`, async () => {
      const made = await setUp(() => [{ payload }]);
      assert.equal(await made.judge(EARLY), true);
      assert.deepEqual(made.scores(), [WORTHLESS]);
    });

  it("flags quotes that the evidence does not contain", async () => {
    const quotes = [
      "Seats are sold by auction every spring to the highest bidders of the island.",
      "Whoever keeps a seat for ten years receives a golden bell from the council.",
    ];
    const made = await setUp((id) => {
      const response = JSON.parse(responseText(id, ANSWER)) as ResponsePayload;
      const citations = quotes.map((quote) => ({ source: "doc-0.md", quote }));
      return [{ payload: JSON.stringify({ ...response, citations }) }];
    });
    assert.equal(await made.judge(EARLY), true);
    assert.equal(made.scores()?.[0]?.fraud, 1);
  });

  it("decides nothing while its own RPC server is down: that is no fault of the worker", async () => {
    const made = await setUp((id) => [{ payload: responseText(id, ANSWER) }]);
    let asked = 0;
    const { connection } = made.keeper.runtime;
    const runtime = makeRuntime({
      ...made.keeper.runtime,
      connection: {
        ...connection,
        // Question and evidence are fetched before it dies.
        latest: () => (++asked > 2 ? Promise.reject(new MasaError("MASA-301")) : connection.latest()),
      },
    });
    assert.equal(await judgeRequest(runtime, made.request, LATE), false);
    assert.equal(asked, 3, "it died while the answer was to be fetched");
    assert.equal(made.scores(), undefined);
    assert.equal(await made.judge(LATE), true);
    assert.ok((made.scores()?.[0]?.relevance ?? 0) > 500_000_000);
  });

  it("leaves a response unscored where its own scorer fails: that costs the worker nothing", async () => {
    const failing: Scorer = {
      ...scorers.evidence,
      score: () => {
        throw new RangeError("the model returned NaN");
      },
    };
    const made = await setUp((id) => [{ payload: responseText(id, ANSWER) }], { scorer: failing });
    for (const now of [EARLY, LATE]) {
      if (made.scores() === undefined) await made.judge(now);
    }
    assert.deepEqual(made.scores(), [UNSCORED]);
  });

  it("never scores without the question and its evidence, not even at the end: the asker's fault costs no worker", async () => {
    const answer = (id: bigint): Answer[] => [{ payload: responseText(id, ANSWER) }];
    const noQuestion = await setUp(answer);
    const otherQuestion = await setUp(answer);
    const noEvidence = await setUp(answer);
    const otherEvidence = await setUp(answer);
    const page = (made: Case, prefix: string): string =>
      [...made.askerPages.keys()].find((path) => path.startsWith(prefix)) ?? "";
    noQuestion.askerPages.delete(page(noQuestion, "/payloads"));
    otherQuestion.askerPages.set(page(otherQuestion, "/payloads"), "{}");
    noEvidence.askerPages.delete(page(noEvidence, "/evidence"));
    otherEvidence.askerPages.set(page(otherEvidence, "/evidence"), "Seats are sold by auction.");
    const malformed = await setUp(answer, {
      payloadText: JSON.stringify({ schema: "masa.request/1", no: "prompt" }),
    });
    const saysEvidence = await setUp(answer, { evidence: [], hasEvidence: true });
    const saysNone = await setUp(answer, { hasEvidence: false });
    for (const [what, made] of Object.entries({
      noQuestion,
      otherQuestion,
      noEvidence,
      otherEvidence,
      malformed,
      saysEvidence,
      saysNone,
    })) {
      assert.equal(await made.judge(EARLY), false, what);
      assert.equal(await made.judge(LATE), false, what);
      assert.equal(made.scores(), undefined, what);
    }
  });

  it("scores without evidence where there is none: F is 0 and absent", async () => {
    const made = await setUp((id) => [{ payload: responseText(id, ANSWER) }], { evidence: [] });
    assert.equal(await made.judge(EARLY), true);
    assert.equal(made.scores()?.[0]?.factual, 0);
    assert.equal(made.scores()?.[0]?.scored, true);
  });

  it("SCO-09: leaves its own owner's other accounts to the others", async () => {
    const made = await setUp((id) => [
      { payload: responseText(id, ANSWER) },
      { payload: responseText(id, ANSWER), served: null },
    ]);
    const runtime = { ...made.keeper.runtime, relatedAccounts: new Set([walletOf("worker 1").address]) };
    // It does not even ask for an answer that it does not judge.
    assert.equal(await judgeRequest(runtime, made.request, EARLY), true);
    const [other, own] = made.scores() ?? [];
    assert.ok(other?.scored);
    assert.deepEqual(own, UNSCORED);
  });

  it("SCO-09: judges none of the answers that its own owner pays for", async () => {
    const made = await setUp((id) => [{ payload: responseText(id, ANSWER) }]);
    const runtime = { ...made.keeper.runtime, relatedAccounts: new Set([asker]) };
    assert.equal(await judgeRequest(runtime, made.request, EARLY), true);
    assert.deepEqual(made.scores(), [UNSCORED]);
  });

  it("waits while the chain knows of more commitments than it has read", async () => {
    const made = await setUp((id) => [{ payload: responseText(id, ANSWER) }]);
    made.chain.commitments.get(made.request.requestId)?.push({ worker: walletOf("late").address });
    assert.equal(await made.judge(LATE), false);
    assert.equal(made.scores(), undefined);
  });

  it("does not fetch again what it has, and does not change its mind", async () => {
    const made = await setUp((id) => [
      { payload: responseText(id, ANSWER) },
      { payload: responseText(id, ANSWER), served: null },
    ]);
    assert.equal(await made.judge(EARLY), false);
    made.workerPages[0]?.clear();
    assert.equal(await made.judge(LATE), true);
    const first = made.scores();
    assert.ok((first?.[0]?.relevance ?? 0) > 500_000_000, "the payload of the first look was kept");
    made.workerPages[1]?.set(
      `/responses/${made.request.requestId}`,
      served(responseText(made.request.requestId, ANSWER)),
    );
    await made.judge(LATE);
    assert.deepEqual(made.scores(), first);
  });

  it("does not fetch from private addresses unless it was told to", async () => {
    const made = await setUp((id) => [{ payload: responseText(id, ANSWER) }]);
    const peer = { account: asker, endpoint: "http://169.254.169.254" };
    const strict = { ...made.keeper.runtime, allowPrivateHosts: false };
    const runtime = makeRuntime(strict);
    await refusal(() => runtime.call(peer, "GET", "/latest/meta-data", "", 100), "MASA-506");
    assert.equal(await judgeRequest(runtime, made.request, LATE), false);
    assert.deepEqual(made.callers, []);
  });
});
