/**
 * Makes the journal of an interrupted deployment fit to go on from. Ignition resumes by itself wherever it knows what
 * became of a transaction; it stops where it does not: a process that ended, or a connection that broke, between the
 * decision to send a transaction and the answer with its hash. The chain knows, so it is asked here.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { status, trackTransaction, wipe } from "@nomicfoundation/ignition-core";
import type { ArtifactResolver, EIP1193Provider } from "@nomicfoundation/ignition-core";
import type { BrowserProvider } from "ethers";
import { z } from "zod";

import { MasaError } from "../sdk/src/errors.ts";

const JOURNAL = "journal.jsonl";
/** Time given to a transaction that is known to wait in the node's pool. */
const POOL_PATIENCE_MS = 120_000;
const POLL_MS = 1_000;

/** The part of a journal's line that is read here; Ignition owns the rest. */
const messageSchema = z.object({
  type: z.string(),
  futureId: z.string().optional(),
  networkInteractionId: z.number().optional(),
  nonce: z.number().optional(),
  from: z.string().optional(),
  receipt: z.object({ blockNumber: z.number() }).optional(),
});

interface UnknownFate {
  readonly futureId: string;
  readonly from: string;
  readonly nonce: number;
}

/** Whether an earlier run left anything to go on from. */
export function hasJournal(deploymentDir: string): boolean {
  const file = join(deploymentDir, JOURNAL);
  return existsSync(file) && readFileSync(file, "utf8").trim() !== "";
}

const parseLine = (line: string) => messageSchema.parse(JSON.parse(line));

const readLines = (deploymentDir: string): string[] =>
  readFileSync(join(deploymentDir, JOURNAL), "utf8")
    .split("\n")
    .filter((line) => line !== "");

/** Cuts off a last line that a killed process left unfinished; the chain will tell what it would have said. */
export function mendJournal(deploymentDir: string): void {
  if (!hasJournal(deploymentDir)) return;
  const lines = readLines(deploymentDir);
  try {
    parseLine(lines.at(-1) ?? "{}");
  } catch {
    writeFileSync(
      join(deploymentDir, JOURNAL),
      lines
        .slice(0, -1)
        .map((line) => `\n${line}`)
        .join(""),
    );
  }
}

/** Transactions that were prepared, and of which the journal does not tell whether they were sent. */
function unknownFates(messages: readonly z.output<typeof messageSchema>[]): UnknownFate[] {
  const senders = new Map<string, string>();
  const open = new Map<string, UnknownFate>();
  for (const { type, futureId, from, nonce } of messages) {
    if (futureId === undefined) continue;
    if (from !== undefined) senders.set(futureId, from);
    if (type === "TRANSACTION_PREPARE_SEND" && nonce !== undefined) {
      open.set(futureId, { futureId, from: senders.get(futureId) ?? "", nonce });
    } else if (type === "TRANSACTION_SEND" || type === "WIPE_APPLY") {
      open.delete(futureId);
    }
  }
  return [...open.values()].sort((left, right) => left.nonce - right.nonce);
}

/**
 * The hash of the transaction of `from` with `nonce`, by bisecting the nonce over blocks from `firstBlock` on.
 * Undefined if the node no longer knows states that old.
 */
async function findTransaction(provider: BrowserProvider, { from, nonce }: UnknownFate, firstBlock: number) {
  let low = firstBlock;
  let high = await provider.getBlockNumber();
  try {
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      if ((await provider.getTransactionCount(from, middle)) > nonce) high = middle;
      else low = middle + 1;
    }
  } catch {
    return undefined;
  }
  const block = await provider.getBlock(low, true);
  return block?.prefetchedTransactions.find((sent) => sent.from === from && sent.nonce === nonce)?.hash;
}

/** Waits for a transaction known to the pool. */
async function isMined(provider: BrowserProvider, { from, nonce, futureId }: UnknownFate): Promise<boolean> {
  if ((await provider.getTransactionCount(from, "latest")) > nonce) return true;
  const deadline = Date.now() + POOL_PATIENCE_MS;
  while ((await provider.getTransactionCount(from, "pending")) > nonce) {
    if ((await provider.getTransactionCount(from, "latest")) > nonce) return true;
    if (Date.now() > deadline) {
      throw new MasaError(
        "MASA-205",
        `transaction ${nonce} of ${from}, for ${futureId}, still waits to be mined`,
      );
    }
    await sleep(POLL_MS);
  }
  return (await provider.getTransactionCount(from, "latest")) > nonce;
}

/** Settles the fate of everything an earlier run left open, by asking the chain. Throws MASA-205 where it cannot. */
export async function repairJournal(
  provider: BrowserProvider,
  node: EIP1193Provider,
  deploymentDir: string,
  artifacts: ArtifactResolver,
  log: (line: string) => void,
): Promise<void> {
  if (!hasJournal(deploymentDir)) return;
  const messages = readLines(deploymentDir).map(parseLine);
  const blocks = messages.flatMap(({ receipt }) => (receipt === undefined ? [] : [receipt.blockNumber]));
  for (const fate of unknownFates(messages)) {
    if (!(await isMined(provider, fate))) {
      log(`never sent: ${fate.futureId}; sending it now`);
      await wipe(deploymentDir, artifacts, fate.futureId);
      continue;
    }
    const hash = await findTransaction(provider, fate, blocks.length === 0 ? 0 : Math.min(...blocks));
    if (hash === undefined) {
      throw new MasaError(
        "MASA-205",
        `transaction ${fate.nonce} of ${fate.from}, for ${fate.futureId}, was mined, but this node does not tell its hash; look it up in an explorer and run \`npx hardhat ignition track-tx HASH DEPLOYMENT_ID\``,
      );
    }
    log(`sent by the earlier run: ${fate.futureId} in ${hash}`);
    await trackTransaction(deploymentDir, hash, node);
  }
  for (const { futureId } of (await status(deploymentDir)).failed) {
    log(`failed in the earlier run, without effect: ${futureId}; trying it again`);
    await wipe(deploymentDir, artifacts, futureId);
  }
}
