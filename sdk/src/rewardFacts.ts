/**
 * The reward root of an epoch as a function of the chain and of signed messages alone (EQ-26, decision D17). What is read
 * of the chain is its state at the end of the block of the roll that ended the epoch, and the answers that were settled in
 * the blocks after the roll that began it, up to and with that block: work belongs to the epoch in which it was settled,
 * whichever epoch's report settled it, and thus to one epoch only.
 */
import { ZeroAddress } from "ethers";

import type { AvailabilityVector } from "./availability.ts";
import type { Connection } from "./connection.ts";
import type { MasaContracts } from "./contracts.ts";
import { MasaError } from "./errors.ts";
import { queryBackwards, queryPages, RESPONSE_OUTCOMES } from "./events.ts";
import type { FrozenSeats } from "./frozen.ts";
import type { ByKind } from "./math/emission.ts";
import { WAD } from "./math/fixed.ts";
import { ROLES } from "./nodes.ts";
import type { SeatScores } from "./reports.ts";
import { unpackRequest } from "./requestWord.ts";
import { SCORE_ONE } from "./results.ts";
import { addAllocation, allocateRewards, medianAvailability } from "./rewards.ts";
import type { RewardRoot, RewardTable, RewardWorker } from "./rewards.ts";
import type { AcceptedRoot } from "./rewardTable.ts";

/** What the distributor says at the end of a block. */
export interface RewardState {
  /** The root to build on. */
  readonly lastRoot: AcceptedRoot;
  /** RewardDistributor.nextPots, wei. */
  readonly validatorPot: bigint;
  readonly workerPot: bigint;
}

/** What the chain says of an epoch that is over, at the block of the roll that ended it. */
export interface RewardFacts extends RewardState {
  readonly epoch: number;
  readonly blockNumber: number;
  readonly blockHash: string;
  /** α, β, γ of EQ-05, WAD. */
  readonly weights: ByKind;
  /** Owners by seat of the epoch's frozen set; zero for free seats. */
  readonly owners: readonly string[];
  /** Workers with settled work, ascending. */
  readonly workers: readonly Omit<RewardWorker, "availability">[];
}

/** What validators signed in an epoch that its rewards follow from. */
export interface RewardEvidence {
  readonly frozen: FrozenSeats;
  readonly scores: SeatScores;
  readonly availability: readonly Pick<AvailabilityVector, "seat" | "entries">[];
}

/** An answer that was settled at or above τ. */
export interface SettledAnswer {
  readonly worker: string;
  readonly baseRewardWei: bigint;
  readonly qualityWad: bigint;
}

/** Σ ⌊R_base·Q⌋ by worker, ascending, wei. */
export function settledWork(answers: readonly SettledAnswer[]): Map<string, bigint> {
  const sums = new Map<string, bigint>();
  for (const { worker, baseRewardWei, qualityWad } of answers)
    sums.set(worker, (sums.get(worker) ?? 0n) + (baseRewardWei * qualityWad) / WAD);
  return new Map([...sums].sort(([a], [b]) => (a.toLowerCase() < b.toLowerCase() ? -1 : 1)));
}

/**
 * The root, the totals and the table that follow from the facts, from the table that the chain's last root stands for, and
 * from what was signed. The order of nothing matters.
 */
export function epochRewards(
  facts: RewardFacts,
  previous: RewardTable,
  { frozen, scores, availability }: RewardEvidence,
): RewardRoot {
  const measured = medianAvailability(availability, frozen);
  const allocation = allocateRewards({
    validatorPot: facts.validatorPot,
    workerPot: facts.workerPot,
    weights: facts.weights,
    hasData: scores.hasData,
    hasLlm: scores.hasLlm,
    seats: frozen.weights.map((weight, seat) => ({
      owner: facts.owners[seat] ?? ZeroAddress,
      weight,
      consensus: scores.consensus[seat] ?? 0,
      data: scores.data[seat] ?? 0,
      llm: scores.llm[seat] ?? 0,
    })),
    workers: facts.workers.map((worker) => ({
      ...worker,
      availability: measured.get(worker.account) ?? SCORE_ONE,
    })),
  });
  return addAllocation(previous, allocation);
}

/**
 * Why a report of these facts brings no new root, so that what the epoch releases waits in the pots; null: nothing stands
 * in the way. What a cancelled root gave is in the pots again, but the facts of the roll still count it as given.
 */
export function rootHindrance(facts: RewardFacts, now: RewardState): string | null {
  const { root, epoch } = now.lastRoot;
  if (root !== facts.lastRoot.root || epoch !== facts.lastRoot.epoch)
    return "a root was cancelled since the roll";
  // Governance can take the right to release emission away.
  if (now.validatorPot < facts.validatorPot || now.workerPot < facts.workerPot)
    return "the pots hold less than they did at the roll";
  return null;
}

/**
 * Answers settled between two blocks, both included, at or above τ: paid ones, and those that another one beat or that the
 * asker wanted better.
 */
async function readAnswers(
  { escrow }: MasaContracts,
  fromBlock: number,
  toBlock: number,
): Promise<SettledAnswer[]> {
  const { filters } = escrow;
  const [requests, responses, submitted] = await Promise.all([
    queryPages((from, to) => escrow.queryFilter(filters.RequestSettled(), from, to), fromBlock, toBlock),
    queryPages((from, to) => escrow.queryFilter(filters.ResponseSettled(), from, to), fromBlock, toBlock),
    queryPages((from, to) => escrow.queryFilter(filters.RequestSubmitted(), from, to), fromBlock, toBlock),
  ]);
  const rewards = new Map(
    submitted.map(({ args }) => [args.requestId, Promise.resolve(unpackRequest(args.request).baseRewardWei)]),
  );
  // A request of before the first block: its slot keeps R_base for good.
  const rewardOf = (requestId: bigint): Promise<bigint> => {
    const known = rewards.get(requestId) ?? escrow.requestOf(requestId).then(({ baseReward }) => baseReward);
    rewards.set(requestId, known);
    return known;
  };
  const unpaid = BigInt(RESPONSE_OUTCOMES.indexOf("unpaid"));
  return Promise.all([
    ...requests
      .filter(({ args }) => args.winner !== ZeroAddress)
      .map(async ({ args }) => ({
        worker: args.winner,
        baseRewardWei: await rewardOf(args.requestId),
        qualityWad: args.quality,
      })),
    ...responses
      .filter(({ args }) => args.outcome === unpaid)
      .map(async ({ args }) => ({
        worker: args.worker,
        baseRewardWei: await rewardOf(args.requestId),
        qualityWad: args.quality,
      })),
  ]);
}

/** The event of the roll into `epoch`, which names its block by number and hash; null where nobody rolled into it. */
async function rollInto({ contracts, manifest }: Connection, epoch: number, latest: number) {
  const { epochManager } = contracts;
  return queryBackwards(
    (from, to) => epochManager.queryFilter(epochManager.filters.EpochRolled(epoch), from, to),
    manifest.deployedAtBlock,
    latest,
  );
}

/** The root that the next one builds on, and what the pots can give, at the end of a block. */
export async function readRewardState(
  { contracts }: Connection,
  blockTag: number | "latest" = "latest",
): Promise<RewardState> {
  const { distributor } = contracts;
  const [{ root, epoch, validatorTotal, workerTotal }, [validatorPot, workerPot]] = await Promise.all([
    distributor.lastRoot({ blockTag }),
    distributor.nextPots({ blockTag }),
  ]);
  return {
    lastRoot: { root, epoch: Number(epoch), validatorTotal, workerTotal },
    validatorPot,
    workerPot,
  };
}

async function readParties(
  connection: Connection,
  frozen: FrozenSeats,
  work: ReadonlyMap<string, bigint>,
  blockTag: number,
) {
  const { validatorSet, registry, standing } = connection.contracts;
  const worker = ROLES.indexOf("worker");
  const at = { blockTag };
  const [parameters, owners, workers] = await Promise.all([
    validatorSet.seatParameters(at),
    Promise.all(
      frozen.hotKeys.map(async (hotKey) =>
        hotKey === ZeroAddress ? ZeroAddress : (await registry.signerOf(hotKey, at)).account,
      ),
    ),
    Promise.all(
      [...work].map(async ([account, done]) => {
        const { stakeUnits, requirement } = await standing.standingOf(account, worker, at);
        return { account, stakeUnits, requirement, settledWork: done };
      }),
    ),
  ]);
  const weights: ByKind = [parameters.weightConsensus, parameters.weightData, parameters.weightLlm];
  return { weights, owners, workers };
}

async function atBlock<T>(blockNumber: number, read: Promise<T>): Promise<T> {
  try {
    return await read;
  } catch (cause) {
    throw new MasaError("MASA-301", `the state of block ${blockNumber} cannot be read`, {
      cause,
      advice: "Use an RPC server that has the state of that block: for old epochs an archive node.",
    });
  }
}

/**
 * Reads the facts of an epoch that is over; `known` where that block is still the chain's. Throws MASA-503 where nobody
 * rolled into the epoch or out of it into the next one, MASA-301 where the server does not have the state of that block.
 */
export async function readRewardFacts(
  connection: Connection,
  frozen: FrozenSeats,
  known: RewardFacts | null = null,
): Promise<RewardFacts> {
  const { contracts, provider } = connection;
  const { epoch } = frozen;
  if (known !== null && (await provider.getBlock(known.blockNumber))?.hash === known.blockHash) return known;
  const { number } = await connection.latest();
  const ended = await rollInto(connection, epoch + 1, number);
  if (ended === null) throw new MasaError("MASA-503", `nobody has rolled into epoch ${epoch + 1}`);
  // Of one event, so that both are of one block, whichever the chain keeps.
  const { blockNumber, blockHash } = ended;
  const began = await rollInto(connection, epoch, blockNumber);
  if (began === null) throw new MasaError("MASA-503", `nobody has rolled into epoch ${epoch}`);
  // Before the answers are read: a server without this state is found out at once.
  const state = await atBlock(blockNumber, readRewardState(connection, blockNumber));
  const work = settledWork(await readAnswers(contracts, began.blockNumber + 1, blockNumber));
  const parties = await atBlock(blockNumber, readParties(connection, frozen, work, blockNumber));
  return { epoch, blockNumber, blockHash, ...state, ...parties };
}
