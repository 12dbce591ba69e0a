/** The first questions to a node, which may be down, or may never answer. */
import type { EIP1193Provider } from "@nomicfoundation/ignition-core";

import { MasaError } from "../sdk/src/errors.ts";

const PATIENCE_MS = 30_000;

/** Sends a request without parameters. Throws MASA-301 if it fails or stays without an answer. */
export async function askNode(node: EIP1193Provider, method: string): Promise<unknown> {
  let timer: NodeJS.Timeout | undefined;
  // The timer also keeps the process alive: a connection that is lost without a word would let it end as if all was well.
  const silence = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${PATIENCE_MS / 1_000} s`)), PATIENCE_MS);
  });
  try {
    return (await Promise.race([node.request({ method }), silence])) as unknown;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new MasaError("MASA-301", `the node of the network does not answer: ${reason}`, { cause });
  } finally {
    clearTimeout(timer);
  }
}
