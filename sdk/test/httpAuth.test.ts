/** Signed HTTP requests: good for one audience, path, body and a short time; anything else recovers to nobody useful. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { AUTH_WINDOW_S, recoverHttpSigner, signHttpRequest } from "../src/httpAuth.ts";
import { exampleManifest, refusal, walletOf } from "./support.ts";

const NOW = 1_800_000_000;
const manifest = exampleManifest();
const signer = walletOf("validator");
const request = {
  audience: walletOf("worker").address,
  method: "GET",
  path: "/responses/12",
  body: "",
};

describe("signed HTTP requests", () => {
  it("recover to their signer within the window, before and after", async () => {
    const header = await signHttpRequest(signer, manifest, request, NOW);
    for (const time of [NOW, NOW - AUTH_WINDOW_S, NOW + AUTH_WINDOW_S]) {
      assert.equal(recoverHttpSigner(manifest, request, header, time), signer.address);
    }
  });

  it("do not recover to their signer for anything else than was signed", async () => {
    const header = await signHttpRequest(signer, manifest, request, NOW);
    const others = [
      { ...request, audience: walletOf("another worker").address },
      { ...request, method: "POST" },
      { ...request, path: "/responses/13" },
      { ...request, body: "{}" },
    ];
    for (const other of others) {
      assert.notEqual(recoverHttpSigner(manifest, other, header, NOW), signer.address, JSON.stringify(other));
    }
    assert.notEqual(recoverHttpSigner(exampleManifest({ chainId: 1 }), request, header, NOW), signer.address);
    const later = `${NOW + 1}.${header.split(".")[1] ?? ""}`;
    assert.notEqual(
      recoverHttpSigner(manifest, request, later, NOW),
      signer.address,
      "its time is signed too",
    );
  });

  it("are refused when they are stale or from the future", async () => {
    const header = await signHttpRequest(signer, manifest, request, NOW);
    for (const time of [NOW + AUTH_WINDOW_S + 1, NOW - AUTH_WINDOW_S - 1]) {
      await refusal(() => recoverHttpSigner(manifest, request, header, time), "MASA-504", /signed at/);
    }
  });

  const good = `0x${"11".repeat(64)}1b`;
  const garbage: [string, string | undefined][] = [
    ["nothing", undefined],
    ["an empty header", ""],
    ["words", "let me in"],
    ["no time", good],
    ["a negative time", `-1.${good}`],
    ["an endless time", `${"9".repeat(400)}.${good}`],
    ["no signature", `${NOW}.`],
    ["a short signature", `${NOW}.0x11`],
    ["upper-case hex", `${NOW}.0X${"11".repeat(65)}`],
    ["two signatures", `${NOW}.${good}${good.slice(2)}`],
    ["a signature that is on no curve", `${NOW}.0x${"ff".repeat(65)}`],
  ];
  for (const [what, header] of garbage)
    it(`with ${what} are refused`, () =>
      refusal(() => recoverHttpSigner(manifest, request, header, NOW), "MASA-504"));
});
