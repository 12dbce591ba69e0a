/**
 * What an epoch report says of rewards (EQ-26, decision D17). Every keeper computes the same root from the chain's state at
 * the roll, from the probes that the proposer shows, and from the table that the chain's last root stands for.
 */
import { ZeroHash } from "ethers";

import {
  epochRewards,
  guardedFetch,
  MasaError,
  readRewardState,
  RewardTree,
  rootHindrance,
  tableOfRoot,
} from "#sdk";
import type {
  AcceptedRoot,
  Balances,
  EpochRewards,
  FrozenSeats,
  RewardEvidence,
  RewardFacts,
  RewardTable,
} from "#sdk";
import { decodeTable, encodeProof, MAX_TABLE_BYTES } from "./rewardWire.ts";
import type { KeeperRuntime } from "./runtime.ts";

/** The facts of an epoch that is over, read once: the state of that block may not be there for long. */
export async function rewardFacts(runtime: KeeperRuntime, frozen: FrozenSeats): Promise<RewardFacts> {
  const { rewards } = runtime.store;
  const known = rewards.facts(frozen.epoch);
  const facts = await runtime.readRewardFacts(frozen, known);
  if (facts !== known) rewards.saveFacts(facts);
  return facts;
}

/** A table from the first peer whose copy leads to the root; null where nobody has one. */
async function fetchTable(
  runtime: KeeperRuntime,
  frozen: FrozenSeats,
  accepted: AcceptedRoot,
): Promise<RewardTable | null> {
  for (const [seat, hotKey] of frozen.hotKeys.entries()) {
    if (hotKey === runtime.hotKey || frozen.weights[seat] === 0n) continue;
    try {
      const peer = await runtime.peerOf(hotKey);
      if (peer === null) continue;
      const { status, text } = await guardedFetch(`${peer.endpoint}/rewards/${accepted.root}`, {
        maxBytes: MAX_TABLE_BYTES,
        timeoutMs: runtime.times.peerTimeoutMs,
        allowPrivateHosts: runtime.allowPrivateHosts,
      });
      if (status === 200) return tableOfRoot(accepted, decodeTable(text).balances);
    } catch (error) {
      runtime.log.debug({ seat, error: String(error) }, "a peer's reward table was no use");
    }
  }
  return null;
}

/**
 * The table that an accepted root stands for: this keeper's own, or a peer's that leads to the root. Throws MASA-501 where
 * none can be had.
 */
async function tableOf(
  runtime: KeeperRuntime,
  frozen: FrozenSeats,
  accepted: AcceptedRoot,
): Promise<RewardTable> {
  const { rewards } = runtime.store;
  if (accepted.root === ZeroHash) return tableOfRoot(accepted, new Map());
  const { validatorTotal, workerTotal } = accepted;
  // Made by this keeper or checked when it came: its tree is not made again.
  const own = rewards.table(accepted.root);
  if (own !== null) return { balances: own, validatorTotal, workerTotal };
  const fetched = await fetchTable(runtime, frozen, accepted);
  if (fetched === null) {
    throw new MasaError(
      "MASA-501",
      `no table of the reward root ${accepted.root} of epoch ${accepted.epoch}`,
    );
  }
  rewards.saveTable(accepted.root, accepted.epoch, fetched.balances);
  return fetched;
}

/** Rewards that the report of the evidence's epoch carries, and the table behind a new root. */
export interface EpochShares extends EpochRewards {
  readonly balances: Balances | null;
}

/** Throws where the rewards cannot be known. Keeps no table: nobody has held the evidence against a report yet. */
export async function rewardsFor(runtime: KeeperRuntime, evidence: RewardEvidence): Promise<EpochShares> {
  const { frozen } = evidence;
  const { epoch } = frozen;
  const facts = await rewardFacts(runtime, frozen);
  const now = await readRewardState(runtime.connection);
  // Else the report's own root would look like one that was cancelled.
  if (now.lastRoot.epoch >= epoch) throw new MasaError("MASA-503", `epoch ${epoch} is reported already`);
  const why = rootHindrance(facts, now);
  if (why !== null) {
    runtime.log.warn({ epoch, why }, "no new reward root");
    const { validatorTotal, workerTotal } = now.lastRoot;
    return { rewardRoot: ZeroHash, validatorTotal, workerTotal, balances: null };
  }
  const previous = await tableOf(runtime, frozen, facts.lastRoot);
  const { root, table } = epochRewards(facts, previous, evidence);
  const { validatorTotal, workerTotal } = table;
  return {
    rewardRoot: root,
    validatorTotal,
    workerTotal,
    balances: root === ZeroHash ? null : table.balances,
  };
}

/**
 * Reads what the next epoch report needs while it is there, and keeps a copy of the last root's table, so that claims and
 * reports go on whoever else leaves.
 */
export async function prepareRewards(runtime: KeeperRuntime): Promise<void> {
  const rolled = Number(await runtime.connection.contracts.epochManager.rolledEpoch());
  const ended = rolled < 2 ? null : await runtime.frozenSeats(rolled - 1);
  if (ended !== null && !runtime.store.rewards.hasFacts(ended.epoch)) await rewardFacts(runtime, ended);
  const present = await runtime.frozenSeats(rolled);
  const { lastRoot } = await readRewardState(runtime.connection);
  if (present !== null && !runtime.store.rewards.hasTable(lastRoot.root))
    await tableOf(runtime, present, lastRoot);
}

/** Trees of roots that were asked for lately: making one takes a hash for every account. */
const trees = new Map<string, RewardTree>();
const KEPT_TREES = 2;

/** Answers GET /rewards/ROOT and GET /rewards/ROOT/ACCOUNT. Throws MASA-501. */
export function serveRewards({ store }: KeeperRuntime, root: string, account: string | null): string {
  if (!store.rewards.hasTable(root))
    throw new MasaError("MASA-501", `no table of the reward root ${root} here`);
  if (account === null) return store.rewards.tableText(root) as string;
  // The table is parsed only where no tree of it is at hand: anybody may ask.
  const tree = trees.get(root) ?? new RewardTree(store.rewards.table(root) as Balances);
  trees.delete(root);
  trees.set(root, tree);
  for (const old of [...trees.keys()].slice(0, -KEPT_TREES)) trees.delete(old);
  const proof = tree.proofOf(account);
  if (proof === null) throw new MasaError("MASA-501", `${account} has no part in the reward root ${root}`);
  return encodeProof(root, proof);
}
