/** Turns what a call threw into a numbered error with a sentence. */
import { isError } from "ethers";
import type { ErrorDescription } from "ethers";

import { CONTRACT_KEYS, contractInterface } from "./contracts.ts";
import { MasaError } from "./errors.ts";
import { REFUSALS } from "./refusals/index.ts";
import { Values } from "./refusals/values.ts";
import type { FailedCall } from "./refusals/values.ts";
import type { Tokens } from "./tokens.ts";

/** Decodes revert data against every contract's errors; null if none matches. */
export function decodeRevert(data: string): ErrorDescription | null {
  for (const key of CONTRACT_KEYS) {
    const found = contractInterface(key).parseError(data);
    if (found !== null) return found;
  }
  return null;
}

/** What happened and what to do, with the values of a contract's error, and its name for those who look it up. */
export function describeRevert(
  error: ErrorDescription,
  tokens: Tokens | null,
  call: FailedCall | null,
): { readonly what: string; readonly advice?: string } {
  const sentence = REFUSALS[error.name];
  if (sentence !== undefined) {
    const [what, advice] = sentence(new Values(error, tokens, call));
    return { what: `${what} (${error.name})`, advice };
  }
  // Solidity's own: a reason in words, or the number of a panic.
  const values = error.fragment.inputs.map((input, i) => `${input.name} ${String(error.args[i])}`);
  return { what: `${error.name}(${values.join(", ")})` };
}

/** The transaction or call that an error is about, where it says so. */
function failedCall(error: unknown): FailedCall | null {
  if (typeof error !== "object" || error === null) return null;
  const { transaction } = error as { transaction?: { to?: unknown; data?: unknown } };
  if (transaction === undefined || typeof transaction.data !== "string") return null;
  return { to: typeof transaction.to === "string" ? transaction.to : null, data: transaction.data };
}

function revertData(error: unknown): string | undefined {
  if (typeof error !== "object" || error === null) return undefined;
  const { data, error: inner, info, cause } = error as Record<string, unknown>;
  if (typeof data === "string" && data.startsWith("0x") && data.length >= 10) return data;
  return revertData(inner) ?? revertData(info) ?? revertData(cause) ?? revertData(data);
}

/**
 * A MasaError for anything thrown by a call or transaction: a contract's refusal (MASA-304, a sentence with the values of
 * its typed error; amounts in tokens other than MASA need to be told what the tokens are), an account without gas money (MASA-303), an RPC server that fails (MASA-301). Other errors come back as they
 * are.
 */
export function explainChainError(error: unknown, tokens: Tokens | null = null): unknown {
  if (error instanceof MasaError) return error;
  const data = revertData(error);
  const decoded = data === undefined ? null : decodeRevert(data);
  if (decoded !== null) {
    const { what, advice } = describeRevert(decoded, tokens, failedCall(error));
    return new MasaError("MASA-304", what, { cause: error, advice, refusal: decoded.name });
  }
  if (/ran out of gas|out of gas/i.test(String(error))) {
    return new MasaError("MASA-307", "the transaction ran out of gas", { cause: error });
  }
  // Nodes word it differently, and ethers knows the wording of some alone.
  if (
    isError(error, "INSUFFICIENT_FUNDS") ||
    /(?:doesn't have enough|insufficient) funds/i.test(String(error))
  ) {
    return new MasaError("MASA-303", "the account's balance does not cover the gas", { cause: error });
  }
  if (isError(error, "NONCE_EXPIRED") || isError(error, "REPLACEMENT_UNDERPRICED")) {
    return new MasaError("MASA-308", error.shortMessage, { cause: error });
  }
  if (isError(error, "CALL_EXCEPTION"))
    return new MasaError("MASA-304", error.shortMessage, { cause: error });
  if (isError(error, "TIMEOUT") || isError(error, "SERVER_ERROR") || isError(error, "NETWORK_ERROR")) {
    return new MasaError("MASA-301", error.shortMessage, { cause: error });
  }
  const code = (error as { code?: unknown } | null)?.code;
  if (code === "ECONNREFUSED" || code === "ECONNRESET" || code === "ETIMEDOUT") {
    return new MasaError("MASA-301", (error as Error).message, { cause: error });
  }
  return error;
}

/** Whether `error` is the contract's typed error `name`. */
export function isRevert(error: unknown, name: string): boolean {
  const explained = explainChainError(error);
  return explained instanceof MasaError && explained.refusal === name;
}
