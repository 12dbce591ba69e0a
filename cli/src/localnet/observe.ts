/** What happens on the local network, read from its chain alone: nothing here is told by the processes. */
import type { TransactionReceipt } from "ethers";

import { CONTRACT_KEYS, contractInterface, readEvents, REQUEST_STATES } from "#sdk";
import type { Connection, RequestState } from "#sdk";

import type { Member } from "./accounts.ts";

export interface WorkerTally {
  paid: number;
  unpaid: number;
  slashed: number;
  unscored: number;
  paidWei: bigint;
  slashedWei: bigint;
  /** Σ quality of scored answers, WAD, and their number. */
  qualitySumWad: bigint;
  scored: number;
}

export interface Pruning {
  readonly owner: string;
  readonly seat: number;
  readonly epoch: number;
  readonly scoredEpoch: number;
  /** P_v, 0..1. */
  readonly score: number;
}

export interface SeatScore {
  readonly owner: string;
  readonly epoch: number;
  readonly consensus: number;
  readonly llm: number;
  readonly score: number;
}

export interface Standing {
  readonly utilityWad: bigint;
  readonly requirementWei: bigint;
  /** Stake units, net of booked slashes. */
  readonly stakeWei: bigint;
  readonly short: boolean;
}

const emptyTally = (): WorkerTally => ({
  paid: 0,
  unpaid: 0,
  slashed: 0,
  unscored: 0,
  paidWei: 0n,
  slashedWei: 0n,
  qualitySumWad: 0n,
  scored: 0,
});

/** Follows the chain from the deployment on. */
export class Observer {
  readonly #connection: Connection;
  #nextBlock: number;
  epoch = 0;
  rolledEpoch = 0;
  readonly requests = new Map<
    bigint,
    { state: RequestState; baseRewardWei: bigint; paidWei: bigint; refundedWei: bigint }
  >();
  readonly tallies = new Map<string, WorkerTally>();
  readonly prunings: Pruning[] = [];
  readonly seatScores: SeatScore[] = [];
  readonly finalEpochs = new Set<number>();
  finalRounds = 0;
  /** Epochs in which a round became final: each of them must be reported. */
  readonly workedEpochs = new Set<number>();

  constructor(connection: Connection) {
    this.#connection = connection;
    this.#nextBlock = connection.manifest.deployedAtBlock;
  }

  async look(): Promise<void> {
    const { contracts, provider } = this.#connection;
    const latest = await provider.getBlockNumber();
    [this.epoch, this.rolledEpoch] = (
      await Promise.all([contracts.clock.currentEpoch(), contracts.epochManager.rolledEpoch()])
    ).map(Number) as [number, number];
    if (latest < this.#nextBlock) return;
    for (const event of await readEvents(contracts, this.#nextBlock, latest)) this.#take(event);
    const { validatorSet } = contracts;
    for (const { args } of await validatorSet.queryFilter(
      validatorSet.filters.Pruned(),
      this.#nextBlock,
      latest,
    )) {
      this.prunings.push({
        owner: args.owner,
        seat: Number(args.seat),
        epoch: Number(args.epoch),
        scoredEpoch: Number(args.scoredEpoch),
        score: Number(args.score) / 1e9,
      });
    }
    const scored = await validatorSet.queryFilter(
      validatorSet.filters.PerformanceScored(),
      this.#nextBlock,
      latest,
    );
    for (const { args } of scored) {
      this.seatScores.push({
        owner: args.owner,
        epoch: Number(args.epoch),
        consensus: Number(args.consensus) / 1e9,
        llm: Number(args.llm) / 1e9,
        score: Number(args.score) / 1e9,
      });
    }
    this.#nextBlock = latest + 1;
  }

  /** Epochs up to `last` that had work and are not reported yet. */
  unreported(last: number): number[] {
    return [...this.workedEpochs].filter((epoch) => epoch <= last && !this.finalEpochs.has(epoch));
  }

  count(state: RequestState): number {
    return [...this.requests.values()].filter((request) => request.state === state).length;
  }

  tallyOf(worker: string): WorkerTally {
    const known = this.tallies.get(worker) ?? emptyTally();
    this.tallies.set(worker, known);
    return known;
  }

  #take(event: Awaited<ReturnType<typeof readEvents>>[number]): void {
    switch (event.type) {
      case "submitted":
        this.requests.set(event.requestId, {
          state: "open",
          baseRewardWei: event.baseRewardWei,
          paidWei: 0n,
          refundedWei: 0n,
        });
        return;
      case "responseSettled": {
        const tally = this.tallyOf(event.worker);
        tally[event.outcome] += 1;
        tally.paidWei += event.rewardWei;
        tally.slashedWei += event.slashedWei;
        if (event.outcome !== "unscored") {
          tally.qualitySumWad += event.qualityWad;
          tally.scored += 1;
        }
        return;
      }
      case "settled":
      case "closed": {
        const request = this.requests.get(event.requestId);
        if (request === undefined) return;
        request.state = event.type === "settled" ? "settled" : event.state;
        request.paidWei = event.type === "settled" ? event.paidWei : 0n;
        request.refundedWei = request.baseRewardWei - request.paidWei;
        return;
      }
      case "roundFinal":
        this.finalRounds += 1;
        this.workedEpochs.add(event.epoch);
        return;
      case "epochFinal":
        this.finalEpochs.add(event.epoch);
        return;
      case "committed":
      case "slashBooked":
      case "slashApplied":
      case "seatLeft":
      case "waitlistJoined":
        return;
    }
  }
}

/** Utility, requirement and stake of every member now. */
export async function readStandings(
  { contracts }: Connection,
  members: readonly Member[],
): Promise<Map<string, Standing>> {
  const standings = await Promise.all(
    members.map(async ({ name, account }) => {
      const [node, stakeWei] = await Promise.all([
        contracts.registry.nodeOf(account.address),
        // All of it: what counts toward a requirement depends on the requirement where some of it is TAO.
        contracts.vault.stakeUnitsOf(account.address),
      ]);
      const standing: Standing = {
        utilityWad: node.utility,
        requirementWei: node.requirement,
        stakeWei,
        short: node.short,
      };
      return [name, standing] as const;
    }),
  );
  return new Map(standings);
}

export interface GasLine {
  readonly operation: string;
  readonly count: number;
  readonly least: bigint;
  readonly mean: bigint;
  readonly most: bigint;
}

/** Gas of every operation since the deployment, from the receipts of the chain's blocks. */
export async function measureGas({ provider, manifest }: Connection): Promise<GasLine[]> {
  const names = new Map(CONTRACT_KEYS.map((key) => [manifest.contracts[key], key]));
  const used = new Map<string, bigint[]>();
  const last = await provider.getBlockNumber();
  for (let number = manifest.deployedAtBlock; number <= last; number++) {
    const block = await provider.getBlock(number, true);
    for (const transaction of block?.prefetchedTransactions ?? []) {
      const key = transaction.to === null ? undefined : names.get(transaction.to);
      const call = key === undefined ? null : contractInterface(key).parseTransaction(transaction);
      if (key === undefined || call === null) continue;
      const receipt: TransactionReceipt | null = await provider.getTransactionReceipt(transaction.hash);
      if (receipt?.status !== 1) continue;
      const operation = `${key}.${call.name}`;
      used.set(operation, [...(used.get(operation) ?? []), receipt.gasUsed]);
    }
  }
  return [...used.entries()]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([operation, gas]) => ({
      operation,
      count: gas.length,
      least: gas.reduce((a, b) => (a < b ? a : b)),
      mean: gas.reduce((a, b) => a + b) / BigInt(gas.length),
      most: gas.reduce((a, b) => (a > b ? a : b)),
    }));
}

/** Known states in the order people read them. */
export const SHOWN_STATES = REQUEST_STATES.filter((state) => state !== "none");
