/** The market: credit, requests, commitments, and reports of one, 10, 100 and 200 results. */
import { parseEther } from "ethers";

import { ROLE } from "../network.ts";
import type { BenchNetwork } from "../network.ts";
import type { Figures } from "../rows.ts";

const DEPOSIT_WEI = parseEther("100");
export const MANY_WORKERS = 10_000;
/** Rounds that have begun in the middle of an epoch, less some. */
const TURNS = 32;
const SMALL_REPORT = 10;
const LARGE_REPORT = 100;
/** ResultCodec.MAX_RESULTS. */
const FULL_REPORT = 200;
/** Workers that {@link measureMarket} needs. */
export const MARKET_WORKERS = FULL_REPORT + 1;

/** What a further result adds up to 100 results and beyond, on the same chain state, and the gas of a report of 100. */
interface Reports {
  readonly further: number;
  readonly furtherBeyond: number;
  readonly large: number;
}

/** Submits and answers 200 requests, measures reports of 10, 100 and all, and leaves the chain behind the last. */
async function measureReports(
  network: BenchNetwork,
  epoch: number,
  oracle: string,
  workerOf: (index: number) => string,
): Promise<Reports> {
  const requestIds: bigint[] = [];
  for (let index = 0; index < FULL_REPORT; index++) {
    const { requestId } = await network.submit(oracle);
    await network.commit(workerOf(index), requestId);
    requestIds.push(requestId);
  }
  const ofSize = async (size: number): Promise<number> =>
    await network.chain.inBranch(async () => await network.postScoreReport(epoch, requestIds.slice(0, size)));
  const small = await ofSize(SMALL_REPORT);
  const large = await ofSize(LARGE_REPORT);
  const full = await network.postScoreReport(epoch, requestIds);
  return {
    further: Math.round((large - small) / (LARGE_REPORT - SMALL_REPORT)),
    furtherBeyond: Math.round((full - large) / (FULL_REPORT - LARGE_REPORT)),
    large,
  };
}

/** Posts a report of one result, in each of many rounds on the same state: the dearest is that of a far proposer's turn. */
async function dearestTurn(network: BenchNetwork, epoch: number, requestId: bigint): Promise<number> {
  let dearest = 0;
  for (let round = 1; round <= TURNS; round++) {
    const gas = await network.chain.inBranch(
      async () => await network.postScoreReport(epoch, [requestId], round),
    );
    dearest = Math.max(dearest, gas);
  }
  await network.postScoreReport(epoch, [requestId]);
  return dearest;
}

/**
 * Needs 64 frozen seats for `epoch`, which must be running, one oracle node and {@link MARKET_WORKERS} workers that have
 * not answered.
 */
export async function measureMarket(
  network: BenchNetwork,
  epoch: number,
  oracle: string,
  workers: readonly string[],
): Promise<Figures> {
  const { chain, contracts, manifest } = network;
  const { escrow } = contracts;
  const [worker, ...crowd] = workers;
  if (worker === undefined || crowd.length < FULL_REPORT) throw new Error("too few workers for the market");

  const depositor = network.account("depositor", 0);
  await network.fund(depositor, 3n * DEPOSIT_WEI, manifest.contracts.escrow);
  const deposit = async () => await chain.gasOf(depositor, escrow.deposit.populateTransaction(DEPOSIT_WEI));
  const credit = { cold: await deposit(), warm: await deposit() };

  const requests = [await network.submit(oracle), await network.submit(oracle)] as const;
  const commits = [
    await network.commit(worker, requests[0].requestId),
    await network.commit(worker, requests[1].requestId),
  ] as const;
  const report = {
    cold: await network.postScoreReport(epoch, [requests[0].requestId]),
    warm: await dearestTurn(network, epoch, requests[1].requestId),
  };

  const same = await measureReports(network, epoch, oracle, () => worker);
  const workerOf = (index: number): string => crowd[index] as string;
  const firstTime = await measureReports(network, epoch, oracle, workerOf);
  const again = await measureReports(network, epoch, oracle, workerOf);
  const amongMany = await chain.inBranch(async () => {
    const { registry } = contracts;
    const workersBefore = Number(await registry.countOf(ROLE.worker));
    await network.registerCrowd(MANY_WORKERS - workersBefore);
    return await measureReports(network, epoch, oracle, workerOf);
  });
  return {
    deposit: credit,
    submit: { cold: requests[0].gas, warm: requests[1].gas },
    commit: { cold: commits[0], warm: commits[1] },
    report,
    furtherSameWorker: { cold: null, warm: same.further },
    furtherSameWorkerBeyond: { cold: null, warm: same.furtherBeyond },
    furtherOwnWorker: { cold: firstTime.further, warm: again.further },
    furtherOwnWorkerBeyond: { cold: firstTime.furtherBeyond, warm: again.furtherBeyond },
    furtherManyWorkers: { cold: null, warm: amongMany.further },
    wholeLife: {
      cold: requests[0].gas + commits[0] + Math.round(firstTime.large / LARGE_REPORT),
      warm: requests[1].gas + commits[1] + Math.round(again.large / LARGE_REPORT),
    },
  };
}
