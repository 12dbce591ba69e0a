/** The catalogue of errors and the source agree, and whatever a chain throws becomes a numbered error. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, it } from "node:test";

import { JsonRpcProvider, makeError, toBeHex } from "ethers";

import { contractInterface } from "../src/contracts.ts";
import { ERROR_CATALOGUE, MasaError } from "../src/errors.ts";
import type { MasaErrorCode } from "../src/errors.ts";
import { decodeRevert, explainChainError, isRevert } from "../src/reverts.ts";
import { walletOf } from "./support.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const codes = Object.keys(ERROR_CATALOGUE) as MasaErrorCode[];

function usedCodes(): Map<string, string[]> {
  const used = new Map<string, string[]>();
  for (const folder of ["sdk/src", "keeper/src", "nodes/src", "cli/src", "deploy", "scripts"]) {
    for (const name of readdirSync(`${root}${folder}`, { recursive: true, encoding: "utf8" })) {
      const file = `${folder}/${name}`;
      if (!name.endsWith(".ts") || file === "sdk/src/errors.ts") continue;
      // Code alone: a number in a comment does not use an error.
      const code = readFileSync(`${root}${file}`, "utf8").replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, "");
      for (const [found] of code.matchAll(/MASA-\d{3}/g)) used.set(found, [...(used.get(found) ?? []), file]);
    }
  }
  return used;
}

describe("error catalogue", () => {
  it("has every code that the source uses, and none that it does not", () => {
    const used = usedCodes();
    const unknown = [...used].filter(([code]) => !codes.includes(code as MasaErrorCode));
    assert.deepEqual(unknown, [], "used but not in the catalogue");
    assert.deepEqual(
      codes.filter((code) => !used.has(code)),
      [],
      "in the catalogue but not used",
    );
  });

  it("has a summary that occurs once and advice in whole sentences for each", () => {
    const summaries = Object.values(ERROR_CATALOGUE).map(({ summary }) => summary);
    assert.equal(new Set(summaries).size, summaries.length);
    for (const [code, { summary, advice }] of Object.entries(ERROR_CATALOGUE)) {
      assert.match(code, /^MASA-[1-7]\d{2}$/);
      assert.match(summary, /^(?:RPC|[a-z-]).*[^.]$/, code);
      assert.match(advice, /^[A-Z].*\.$/, code);
    }
    assert.deepEqual(codes, [...codes].sort());
  });

  it("is printed with number, what happened and what to do", () => {
    const error = new MasaError("MASA-402", "127.0.0.1:80: EACCES");
    assert.equal(
      error.toString(),
      `MASA-402 ${ERROR_CATALOGUE["MASA-402"].summary}: 127.0.0.1:80: EACCES\n  ${ERROR_CATALOGUE["MASA-402"].advice}`,
    );
    assert.equal(error.retryable, false);
    assert.equal(new MasaError("MASA-301").retryable, true);
    assert.equal(new MasaError("MASA-301").message, ERROR_CATALOGUE["MASA-301"].summary);
  });
});

function explained(error: unknown): MasaError {
  const made = explainChainError(error);
  assert.ok(made instanceof MasaError, String(made));
  return made;
}

describe("explainChainError", () => {
  const { address } = walletOf("asker");
  const data = contractInterface("escrow").encodeErrorResult("RequestEscrow_InsufficientCredit", [
    address,
    15n * 10n ** 17n,
    5_000n * 10n ** 18n,
  ]);
  const transaction = { to: address, data: "0x" };

  it("names a contract's typed error with its values, however the RPC server wraps it", () => {
    const wrapped: [string, unknown][] = [
      [
        "ethers",
        makeError("reverted", "CALL_EXCEPTION", {
          action: "call",
          data,
          reason: null,
          transaction,
          invocation: null,
          revert: null,
        }),
      ],
      ["data", { code: -32_000, data }],
      ["data in data", { code: -32_603, data: { data, message: "reverted" } }],
      ["error.data", { error: { code: 3, data } }],
      ["info.error.data", { info: { error: { data } } }],
      ["cause", new Error("outer", { cause: { data } })],
    ];
    for (const [what, error] of wrapped) {
      const { code, message, advice, refusal } = explained(error);
      assert.equal(code, "MASA-304", what);
      assert.equal(
        message,
        `${address} has 1.5 MASA of credit and needs 5 000 MASA (RequestEscrow_InsufficientCredit)`,
        what,
      );
      assert.match(advice, /masa deposit/, what);
      assert.equal(refusal, "RequestEscrow_InsufficientCredit", what);
      assert.ok(isRevert(error, "RequestEscrow_InsufficientCredit"), what);
      assert.equal(isRevert(error, "RequestEscrow_NotOpen"), false, what);
    }
  });

  it("decodes an error of every contract, and nothing that is none", () => {
    const samples = [
      ["vault", "StakeVault_"],
      ["registry", "NodeRegistry_"],
      ["validatorSet", "ValidatorSet_"],
      ["escrow", "RequestEscrow_"],
      ["consensus", "ScoreConsensus_"],
    ] as const;
    for (const [key, prefix] of samples) {
      const abi = contractInterface(key);
      let own = 0;
      abi.forEachError((fragment) => {
        if (!fragment.name.startsWith(prefix)) return;
        own++;
        assert.equal(
          decodeRevert(fragment.selector + "00".repeat(32 * fragment.inputs.length))?.name,
          fragment.name,
        );
      });
      assert.ok(own > 3, `${key} has ${own} errors`);
    }
    assert.equal(decodeRevert("0xdeadbeef"), null);
  });

  it("says MASA-303 without gas money, MASA-304 for an unknown revert, MASA-308 for a used nonce, MASA-301 for a server that fails", () => {
    const funds = makeError("insufficient funds for intrinsic transaction cost", "INSUFFICIENT_FUNDS", {
      transaction,
    });
    const unknown = makeError("execution reverted", "CALL_EXCEPTION", {
      action: "estimateGas",
      data: null,
      reason: null,
      transaction,
      invocation: null,
      revert: null,
    });
    assert.equal(explained(funds).code, "MASA-303");
    const worded = new Error(
      "could not coalesce error: Sender doesn't have enough funds to send tx. The max is: 5",
    );
    assert.equal(explained(worded).code, "MASA-303");
    assert.equal(explained(unknown).code, "MASA-304");
    const nonce = makeError("nonce has already been used", "NONCE_EXPIRED", { transaction });
    assert.equal(explained(nonce).code, "MASA-308");
    assert.ok(explained(nonce).retryable);
    assert.equal(
      explained(makeError("timeout", "TIMEOUT", { operation: "request", reason: "timeout" })).code,
      "MASA-301",
    );
    for (const code of ["ECONNREFUSED", "ECONNRESET", "ETIMEDOUT"]) {
      assert.equal(explained(Object.assign(new Error(`connect ${code}`), { code })).code, "MASA-301");
    }
  });

  it("says MASA-301 for what ethers really throws where nobody listens", async () => {
    const provider = new JsonRpcProvider("http://127.0.0.1:9", 31_337, { staticNetwork: true });
    try {
      await assert.rejects(
        () => provider.send("eth_blockNumber", []),
        (error) => explained(error).code === "MASA-301" && explained(error).retryable,
      );
    } finally {
      provider.destroy();
    }
  });

  it("leaves numbered errors and strangers' errors as they are", () => {
    const numbered = new MasaError("MASA-502", "a");
    const stranger = new TypeError("x is not a function");
    assert.equal(explainChainError(numbered), numbered);
    for (const error of [stranger, null, undefined, "text", toBeHex(5)])
      assert.equal(explainChainError(error), error);
  });
});
