/** Payloads from strangers: well-formed ones are read, every kind of malformed one is refused with a number. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { keccak256, toUtf8Bytes } from "ethers";

import {
  endpointOf,
  formatNodeMetadata,
  parseNodeMetadata,
  parseRequestPayload,
  parseResponsePayload,
  payloadHash,
  responseCommitment,
} from "../src/payloads.ts";
import type { NodeMetadata } from "../src/payloads.ts";
import { refusal, walletOf } from "./support.ts";

const hash = `0x${"0a".repeat(32)}`;
const request = {
  schema: "masa.request/1",
  nonce: hash,
  kind: "llm-completion",
  prompt: "What is a seat?",
  evidence: [{ id: "seats.md", hash }],
};
const response = {
  schema: "masa.response/1",
  requestId: "12",
  text: "A seat is a slot.",
  citations: [{ source: "seats.md", quote: "a slot" }],
  engine: "quoting",
  usage: { passages: 1 },
};

function without(value: object, member: string): object {
  return Object.fromEntries(Object.entries(value).filter(([name]) => name !== member));
}

const NOT_OBJECTS: [string, string][] = [
  ["nothing", ""],
  ["no JSON", "{"],
  ["a number", "1"],
  ["null", "null"],
  ["a list", "[]"],
  ["a string", '"masa.request/1"'],
  ["deep nesting", `${"[".repeat(50_000)}${"]".repeat(50_000)}`],
];

describe("request payloads", () => {
  it("are read, with members of later versions ignored", () => {
    assert.deepEqual(parseRequestPayload(JSON.stringify({ ...request, later: 1 })), request);
    assert.deepEqual(parseRequestPayload(JSON.stringify({ ...request, evidence: [] })).evidence, []);
  });

  const malformed: [string, unknown][] = [
    ...Object.keys(request).map((name): [string, unknown] => [`no ${name}`, without(request, name)]),
    ["another schema", { ...request, schema: "masa.request/2" }],
    ["a short nonce", { ...request, nonce: "0x0a" }],
    ["an upper-case hash", { ...request, nonce: hash.toUpperCase() }],
    ["an unknown kind", { ...request, kind: "mining" }],
    ["an empty prompt", { ...request, prompt: "" }],
    ["a prompt that is too long", { ...request, prompt: "x".repeat(20_001) }],
    ["evidence that is no list", { ...request, evidence: {} }],
    ["evidence without id", { ...request, evidence: [{ hash }] }],
    ["evidence with a bad hash", { ...request, evidence: [{ id: "a", hash: "0x" }] }],
    ["too much evidence", { ...request, evidence: Array(201).fill({ id: "a", hash }) }],
  ];
  for (const [what, text] of NOT_OBJECTS)
    it(`of ${what} are refused`, () =>
      refusal(() => parseRequestPayload(text), "MASA-505", /request payload/));
  for (const [what, value] of malformed)
    it(`with ${what} are refused`, () =>
      refusal(() => parseRequestPayload(JSON.stringify(value)), "MASA-505", /request payload/));
});

describe("response payloads", () => {
  it("are read", () => {
    assert.deepEqual(parseResponsePayload(JSON.stringify(response)), response);
    const least = { ...response, citations: [], text: "", usage: undefined };
    assert.deepEqual(parseResponsePayload(JSON.stringify(least)).citations, []);
  });

  const malformed: [string, unknown][] = [
    ...["schema", "requestId", "text", "citations", "engine"].map((name): [string, unknown] => [
      `no ${name}`,
      without(response, name),
    ]),
    ["a request's schema", { ...response, schema: "masa.request/1" }],
    ["a request id that is no number", { ...response, requestId: "0x1" }],
    ["a request id as a number", { ...response, requestId: 12 }],
    ["a text that is too long", { ...response, text: "x".repeat(100_001) }],
    ["a text that is an object", { ...response, text: { toString: "evil" } }],
    ["too many citations", { ...response, citations: Array(65).fill({ source: "a", quote: "b" }) }],
    ["a quote that is too long", { ...response, citations: [{ source: "a", quote: "x".repeat(4_001) }] }],
    ["usage that is text", { ...response, usage: { passages: "1" } }],
  ];
  for (const [what, text] of NOT_OBJECTS)
    it(`of ${what} are refused`, () =>
      refusal(() => parseResponsePayload(text), "MASA-505", /response payload/));
  for (const [what, value] of malformed)
    it(`with ${what} are refused`, () =>
      refusal(() => parseResponsePayload(JSON.stringify(value)), "MASA-505", /response payload/));
});

describe("node metadata", () => {
  it("has an endpoint over HTTP, and may say more", () => {
    const metadata = { endpoint: "http://127.0.0.1:4000", name: "one" };
    assert.deepEqual(parseNodeMetadata(JSON.stringify(metadata)), metadata);
    assert.equal(
      parseNodeMetadata('{"endpoint":"https://node.example/masa"}').endpoint,
      "https://node.example/masa",
    );
  });

  for (const endpoint of [
    "",
    "node.example",
    "file:///etc/passwd",
    "ftp://node.example",
    "javascript:alert(1)",
  ])
    it(`with the endpoint ${JSON.stringify(endpoint)} is refused`, () =>
      refusal(() => parseNodeMetadata(JSON.stringify({ endpoint })), "MASA-505", /node metadata/));
  it("without an endpoint is refused", () => refusal(() => parseNodeMetadata("{}"), "MASA-505"));

  const full = {
    endpoint: "https://node.example/masa",
    multiaddr: "/dns4/node.example/tcp/4001/p2p/12D3KooW",
    publicKey: `0x02${"ab".repeat(32)}`,
    version: "masa 0.1.0",
    kinds: ["llm-completion", "data-query"],
    models: ["llama-3.3-70b"],
    topics: ["ferries", "salt"],
    price: "12.5",
    licence: "CC-BY-4.0",
  } satisfies NodeMetadata;
  it("says everything that a node may say, and comes back as it was written", () => {
    assert.deepEqual(parseNodeMetadata(formatNodeMetadata(full)), full);
  });

  const wrong: [string, object][] = [
    ["a multiaddr that is none", { multiaddr: "node.example:4001" }],
    ["a key that is too short", { publicKey: "0x02ab" }],
    ["an unknown kind", { kinds: ["telling-fortunes"] }],
    ["no kinds", { kinds: [] }],
    ["models that are one text", { models: "llama" }],
    ["a price in words", { price: "cheap" }],
    ["a price below nothing", { price: "-1" }],
    ["an empty licence", { licence: "" }],
    [
      "more than the registry takes",
      { topics: Array.from({ length: 32 }, (_, i) => `${i}`.padEnd(90, "x")) },
    ],
  ];
  for (const [what, change] of wrong)
    it(`with ${what} is not registered`, () =>
      refusal(() => formatNodeMetadata({ ...full, ...change }), "MASA-102", /node metadata/));

  it("of others is looked at for its endpoint alone", () => {
    assert.equal(endpointOf('{"endpoint":"http://node.example/","price":7}'), "http://node.example");
    for (const text of ["", "{}", "null", "[", '{"endpoint":"ftp://node.example"}']) {
      assert.equal(endpointOf(text), null, text);
    }
  });
});

describe("hashes", () => {
  it("of payloads are of their bytes, so that writing JSON differently is another payload", () => {
    assert.equal(payloadHash("é"), keccak256(toUtf8Bytes("é")));
    assert.notEqual(payloadHash('{"a":1}'), payloadHash('{"a": 1}'));
  });

  it("of commitments change with every part", () => {
    const { address } = walletOf("worker");
    const other = walletOf("other").address;
    const made = [
      responseCommitment(1n, address, 0n, hash, hash),
      responseCommitment(2n, address, 0n, hash, hash),
      responseCommitment(1n, other, 0n, hash, hash),
      responseCommitment(1n, address, 1n, hash, hash),
      responseCommitment(1n, address, 0n, payloadHash("a"), hash),
      responseCommitment(1n, address, 0n, hash, payloadHash("a")),
    ];
    assert.equal(new Set(made).size, made.length);
  });
});
