/** HTTP for talking to strangers: what a hostile server or a hostile address can do, and what it cannot (KEE-15, KEE-16). */
import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { after, before, describe, it } from "node:test";
import { gzipSync } from "node:zlib";

import { guardedFetch, isPrivateAddress } from "../src/guardedFetch.ts";
import type { GuardedFetchOptions } from "../src/guardedFetch.ts";
import { refusal } from "./support.ts";

const LOCAL: GuardedFetchOptions = { maxBytes: 10_000, timeoutMs: 2_000, allowPrivateHosts: true };
const STRICT: GuardedFetchOptions = { ...LOCAL, allowPrivateHosts: false };
const zipped = gzipSync("x".repeat(1_000_000));

let server: Server;
let base: string;
let hits: string[] = [];
const sockets = new Set<Socket>();

function answer(request: IncomingMessage, response: ServerResponse): void {
  hits.push(request.url ?? "");
  switch (request.url) {
    case "/echo": {
      let body = "";
      request.on("data", (chunk: Buffer) => (body += chunk.toString()));
      request.on("end", () =>
        response.end(
          JSON.stringify({ method: request.method, body, encoding: request.headers["accept-encoding"] }),
        ),
      );
      return;
    }
    case "/exact":
      return void response.end("x".repeat(LOCAL.maxBytes));
    case "/large":
      return void response.end("x".repeat(LOCAL.maxBytes + 1));
    case "/endless": {
      const timer = setInterval(() => response.write("x".repeat(64 * 1024)), 1);
      return void response.on("close", () => clearInterval(timer));
    }
    case "/drip": {
      const timer = setInterval(() => response.write("x"), 50);
      return void response.on("close", () => clearInterval(timer));
    }
    case "/silent":
      return;
    case "/redirect":
      return void response.writeHead(302, { location: "/secret" }).end("elsewhere");
    case "/gzip":
      return void response.writeHead(200, { "content-encoding": "gzip" }).end(zipped);
    case "/cut":
      response.writeHead(200, { "content-length": "100" });
      response.write("half");
      return void setTimeout(() => response.destroy(), 50);
    case "/missing":
      return void response.writeHead(404).end("no");
    default:
      response.end("secret");
  }
}

before(async () => {
  server = createServer(answer);
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
after(() => {
  for (const socket of sockets) socket.destroy();
  server.close();
});

describe("guardedFetch", () => {
  it("exchanges bodies and asks for no compression", async () => {
    const got = await guardedFetch(`${base}/echo`, { ...LOCAL, method: "POST", body: "héllo" });
    assert.deepEqual(
      { ...got, text: JSON.parse(got.text) as unknown },
      {
        status: 200,
        text: { method: "POST", body: "héllo", encoding: "identity" },
      },
    );
  });

  it("takes an answer of exactly the bound, none above it", async () => {
    assert.equal((await guardedFetch(`${base}/exact`, LOCAL)).text.length, LOCAL.maxBytes);
    await refusal(() => guardedFetch(`${base}/large`, LOCAL), "MASA-501", /larger than 10000 bytes/);
  });

  it("hangs up on an answer without end and holds no more of it than the bound", async () => {
    const before = process.memoryUsage().rss;
    await refusal(() => guardedFetch(`${base}/endless`, { ...LOCAL, maxBytes: 1_000_000 }), "MASA-501");
    const grown = process.memoryUsage().rss - before;
    assert.ok(grown < 100_000_000, `memory grew by ${grown} bytes`);
  });

  it("gives up on servers that are silent or drip, after the whole time allowed", async () => {
    for (const path of ["/silent", "/drip"]) {
      const started = Date.now();
      await refusal(() => guardedFetch(`${base}${path}`, { ...LOCAL, timeoutMs: 400 }), "MASA-501");
      const took = Date.now() - started;
      assert.ok(took >= 350 && took < 3_000, `${path} took ${took} ms`);
    }
  });

  it("does not follow redirects", async () => {
    hits = [];
    assert.deepEqual(await guardedFetch(`${base}/redirect`, LOCAL), { status: 302, text: "elsewhere" });
    assert.deepEqual(hits, ["/redirect"]);
  });

  it("does not unpack what a server compressed unasked", async () => {
    const { text } = await guardedFetch(`${base}/gzip`, LOCAL);
    assert.equal(text, zipped.toString("utf8"));
    assert.ok(text.length <= zipped.length);
  });

  it("returns statuses and refuses an answer that was cut off", async () => {
    assert.deepEqual(await guardedFetch(`${base}/missing`, LOCAL), { status: 404, text: "no" });
    await refusal(() => guardedFetch(`${base}/cut`, LOCAL), "MASA-501");
  });

  it("says MASA-501 for a port where nobody listens", () =>
    refusal(() => guardedFetch("http://127.0.0.1:9/", LOCAL), "MASA-501", /127\.0\.0\.1:9/));

  for (const url of [
    "file:///etc/passwd",
    "ftp://example.org/",
    "gopher://127.0.0.1/",
    "data:text/plain,hi",
    "nonsense",
    "",
  ])
    it(`refuses ${JSON.stringify(url)} even where private hosts are allowed`, () =>
      refusal(() => guardedFetch(url, LOCAL), "MASA-506"));

  for (const host of [
    "127.0.0.1",
    "127.1",
    "2130706433",
    "0x7f000001",
    "0177.0.0.1",
    "0",
    "localhost",
    "LOCALHOST",
    "[::1]",
    "[::]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[0:0:0:0:0:ffff:7f00:0001]",
    "[64:ff9b::7f00:1]",
    "169.254.169.254",
    "[::ffff:169.254.169.254]",
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "100.64.0.1",
    "[fd00::1]",
    "[fe80::1]",
    "224.0.0.1",
    "255.255.255.255",
    "user:password@127.0.0.1",
    "127.0.0.1.",
  ])
    it(`does not connect to ${host}`, async () => {
      hits = [];
      const { port } = new URL(base);
      await refusal(() => guardedFetch(`http://${host}:${port}/secret`, STRICT), "MASA-506");
      assert.deepEqual(hits, [], "it was asked");
    });
});

describe("isPrivateAddress", () => {
  it("knows private networks at both ends, and the neighbours that are public", () => {
    const privately = [
      "10.0.0.0",
      "10.255.255.255",
      "172.16.0.0",
      "172.31.255.255",
      "100.127.255.255",
      "192.0.0.8",
    ];
    const publicly = [
      "9.255.255.255",
      "11.0.0.0",
      "172.15.255.255",
      "172.32.0.0",
      "100.128.0.0",
      "8.8.8.8",
      "2606:4700::1",
    ];
    for (const address of privately) {
      assert.ok(isPrivateAddress(address), address);
      assert.ok(isPrivateAddress(`::ffff:${address}`), `mapped ${address}`);
    }
    for (const address of publicly) assert.equal(isPrivateAddress(address), false, address);
    assert.equal(isPrivateAddress("::ffff:8.8.8.8"), false);
  });
});
