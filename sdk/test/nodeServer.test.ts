/** The HTTP face of nodes: bounded bodies, numbered errors with fitting statuses, and no word about anything internal. */
import assert from "node:assert/strict";
import { request as httpRequest } from "node:http";
import { after, before, describe, it } from "node:test";

import { MasaError } from "../src/errors.ts";
import type { MasaErrorCode } from "../src/errors.ts";
import { startNodeServer } from "../src/nodeServer.ts";
import type { NodeServer } from "../src/nodeServer.ts";
import { refusal } from "./support.ts";

const MAX_BYTES = 1_000;
let server: NodeServer;

before(async () => {
  server = await startNodeServer({
    host: "127.0.0.1",
    port: 0,
    maxBytes: MAX_BYTES,
    handle: ({ method, path, body, header }) => {
      if (path.startsWith("/fail/")) throw new MasaError(path.slice(6) as MasaErrorCode, "for a reason");
      if (path === "/bug") throw new Error("password hunter2 in /home/keeper/.env");
      if (path === "/late-bug") return Promise.reject(new TypeError("hunter2"));
      return Promise.resolve({
        status: 200,
        body: JSON.stringify({ method, path, body, asked: header("x-asked") }),
        contentType: "application/json",
      });
    },
  });
});
after(() => server.close());

/** Sends a body in pieces, without saying how long it is going to be. */
function sendChunked(url: string, pieces: number, size: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const sent = httpRequest(url, { method: "POST" }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    sent.on("error", reject);
    for (let piece = 0; piece < pieces; piece++) sent.write("x".repeat(size));
    sent.end();
  });
}

describe("node server", () => {
  it("hands method, path, body and headers on and answers as told", async () => {
    const response = await fetch(`${server.url}/a/b`, {
      method: "POST",
      body: "héllo",
      headers: { "x-asked": "yes" },
    });
    assert.equal(response.status, 200);
    assert.equal(response.headers.get("content-type"), "application/json");
    assert.equal(response.headers.get("x-content-type-options"), "nosniff");
    assert.deepEqual(await response.json(), { method: "POST", path: "/a/b", body: "héllo", asked: "yes" });
  });

  it("takes bodies up to its bound and refuses larger ones", async () => {
    const post = (size: number) => fetch(server.url, { method: "POST", body: "x".repeat(size) });
    assert.equal((await post(MAX_BYTES)).status, 200);
    const refused = await post(MAX_BYTES + 1);
    assert.equal(refused.status, 413);
    assert.match(await refused.text(), /^MASA-505/);
  });

  it("refuses larger bodies that do not say their length", async () => {
    assert.equal(await sendChunked(server.url, 10, 100), 200);
    assert.equal(await sendChunked(server.url, 11, 100), 413);
  });

  it("answers numbered errors with their number and a fitting status", async () => {
    for (const [code, status] of [
      ["MASA-501", 404],
      ["MASA-503", 409],
      ["MASA-504", 401],
      ["MASA-505", 400],
      ["MASA-301", 500],
    ] as const) {
      const response = await fetch(`${server.url}/fail/${code}`);
      assert.equal(response.status, status, code);
      assert.equal(await response.text(), `${code} for a reason`);
    }
  });

  it("tells strangers nothing about errors that were not meant for them", async () => {
    for (const path of ["/bug", "/late-bug"]) {
      const response = await fetch(`${server.url}${path}`);
      assert.equal(response.status, 500);
      assert.equal(await response.text(), "internal error");
      assert.equal(
        [...response.headers.values()].some((value) => value.includes("hunter2")),
        false,
      );
    }
  });

  it("says MASA-402 where it cannot listen", async () => {
    const { port } = new URL(server.url);
    const options = {
      host: "127.0.0.1",
      maxBytes: 1,
      handle: () => Promise.resolve({ status: 200, body: "" }),
    };
    await refusal(() => startNodeServer({ ...options, port: Number(port) }), "MASA-402", /EADDRINUSE/);
    await refusal(() => startNodeServer({ ...options, host: "203.0.113.7", port: 0 }), "MASA-402");
  });
});
