/** The market: credit, requests, commitments, and reports of one, 10 and 100 results. */
import { parseEther } from "ethers";

import type { BenchNetwork } from "../network.ts";
import type { Figures } from "../rows.ts";

const DEPOSIT_WEI = parseEther("100");
const SMALL_REPORT = 10;
const LARGE_REPORT = 100;

/** Gas of a report of 10 and of one of 100 results, on the same chain state, and what a further result adds. */
interface Reports {
  readonly further: number;
  readonly large: number;
}

/** Submits and answers 100 requests, measures both reports, and leaves the chain behind the large one. */
async function measureReports(
  network: BenchNetwork,
  epoch: number,
  oracle: string,
  workerOf: (index: number) => string,
): Promise<Reports> {
  const requestIds: bigint[] = [];
  for (let index = 0; index < LARGE_REPORT; index++) {
    const { requestId } = await network.submit(oracle);
    await network.commit(workerOf(index), requestId);
    requestIds.push(requestId);
  }
  const small = await network.chain.inBranch(
    async () => await network.postScoreReport(epoch, requestIds.slice(0, SMALL_REPORT)),
  );
  const large = await network.postScoreReport(epoch, requestIds);
  return { further: Math.round((large - small) / (LARGE_REPORT - SMALL_REPORT)), large };
}

/** Needs 64 frozen seats for `epoch`, which must be running, one oracle node and 101 workers that have not answered. */
export async function measureMarket(
  network: BenchNetwork,
  epoch: number,
  oracle: string,
  workers: readonly string[],
): Promise<Figures> {
  const { chain, contracts, manifest } = network;
  const { escrow } = contracts;
  const [worker, ...crowd] = workers;
  if (worker === undefined || crowd.length < LARGE_REPORT) throw new Error("too few workers for the market");

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
    warm: await network.postScoreReport(epoch, [requests[1].requestId]),
  };

  const same = await measureReports(network, epoch, oracle, () => worker);
  const workerOf = (index: number): string => crowd[index] as string;
  const firstTime = await measureReports(network, epoch, oracle, workerOf);
  const again = await measureReports(network, epoch, oracle, workerOf);
  return {
    deposit: credit,
    submit: { cold: requests[0].gas, warm: requests[1].gas },
    commit: { cold: commits[0], warm: commits[1] },
    report,
    furtherSameWorker: { cold: null, warm: same.further },
    furtherOwnWorker: { cold: firstTime.further, warm: again.further },
    wholeLife: {
      cold: requests[0].gas + commits[0] + Math.round(firstTime.large / LARGE_REPORT),
      warm: requests[1].gas + commits[1] + Math.round(again.large / LARGE_REPORT),
    },
  };
}
