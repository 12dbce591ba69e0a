/** Turns what a call threw into a numbered error with a sentence. */
import { isError } from "ethers";
import type { ErrorDescription } from "ethers";

import { contractInterface } from "./contracts.ts";
import { MasaError } from "./errors.ts";

const KEYS = [
  "vault",
  "registry",
  "validatorSet",
  "escrow",
  "consensus",
  "clock",
  "epochManager",
  "masa",
  "timelock",
] as const;

/** Decodes revert data against every contract's errors; null if none matches. */
export function decodeRevert(data: string): ErrorDescription | null {
  for (const key of KEYS) {
    const found = contractInterface(key).parseError(data);
    if (found !== null) return found;
  }
  return null;
}

/** `RequestEscrow_InsufficientCredit(account 0x…, credit 0, asked 5)`: name and values of a contract's error. */
function describe(error: ErrorDescription): string {
  const values = error.fragment.inputs.map((input, i) => `${input.name} ${String(error.args[i])}`);
  return `${error.name}(${values.join(", ")})`;
}

function revertData(error: unknown): string | undefined {
  if (typeof error !== "object" || error === null) return undefined;
  const { data, error: inner, info, cause } = error as Record<string, unknown>;
  if (typeof data === "string" && data.startsWith("0x") && data.length >= 10) return data;
  return revertData(inner) ?? revertData(info) ?? revertData(cause) ?? revertData(data);
}

/**
 * A MasaError for anything thrown by a call or transaction: a contract's refusal (MASA-304, with its typed error and
 * values), an account without gas money (MASA-303), an RPC server that fails (MASA-301). Other errors come back as they
 * are.
 */
export function explainChainError(error: unknown): unknown {
  if (error instanceof MasaError) return error;
  const data = revertData(error);
  const decoded = data === undefined ? null : decodeRevert(data);
  if (decoded !== null) return new MasaError("MASA-304", describe(decoded), { cause: error });
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
  return (
    explained instanceof MasaError &&
    explained.code === "MASA-304" &&
    explained.message.startsWith(`${name}(`)
  );
}
