/** The roll and the epoch report, with 64 seats, and what the roll must not grow with. */
import { MANY_WORKERS, MARKET_WORKERS } from "./market.ts";
import { SEATS } from "../network.ts";
import type { BenchNetwork } from "../network.ts";
import type { Figures } from "../rows.ts";

/** Epoch in which {@link measureEpochs} leaves the network, rolled and reported. */
export const LAST_EPOCH = 3;
const MISSED_EPOCHS = 1_000;
const FEW_WORKERS = 10;
/** One of them is seated by the roll into each of the epochs 3 and 4. */
const WAITING = 2;

/** A roll into an epoch; throws unless it is a whole one, with a prune and a newcomer on every seat that fell free. */
async function wholeRoll(network: BenchNetwork, epoch: number): Promise<number> {
  const { validatorSet } = network.contracts;
  const waiting = (await validatorSet.waitlist()).length;
  const { owner: pruned } = await validatorSet.nextToBePruned();
  await network.enterEpoch(epoch);
  const gas = await network.roll();
  const [stillSeated] = await validatorSet.seatOf(pruned);
  const seats = Number(await validatorSet.seatCount());
  if (stillSeated || seats !== SEATS || (await validatorSet.waitlist()).length !== waiting - 1) {
    throw new Error(`the roll into epoch ${epoch} did not prune one validator and seat another`);
  }
  return gas;
}

/** {@link wholeRoll} without leaving a trace. */
async function rollInto(network: BenchNetwork, epoch: number): Promise<number> {
  return await network.chain.inBranch(async () => await wholeRoll(network, epoch));
}

/**
 * Seats 64 validators and lives three epochs as a network does: roll, then the report of the epoch before. From the
 * third on every roll folds the utilities of 64 validators, prunes one and seats one.
 */
export async function measureEpochs(network: BenchNetwork): Promise<{ figures: Figures; workers: string[] }> {
  await network.register("validator", 0, SEATS);
  const workers = await network.register("worker", 0, FEW_WORKERS);
  await network.enterEpoch(1);
  const firstRoll = await network.roll();
  await network.register("validator", SEATS, SEATS + WAITING);

  await network.enterEpoch(2);
  await network.roll();
  const firstReport = await network.postEpochReport(1);
  const coldRoll = await wholeRoll(network, LAST_EPOCH);
  const secondReport = await network.postEpochReport(2);

  const warmRoll = await rollInto(network, LAST_EPOCH + 1);
  const rollThousandMissed = await rollInto(network, LAST_EPOCH + 1 + MISSED_EPOCHS);
  const rollFullWaitlist = await network.chain.inBranch(async () => {
    await network.register("validator", SEATS + WAITING, 2 * SEATS + 1);
    return await rollInto(network, LAST_EPOCH + 1);
  });
  const rollManyWorkers = await network.chain.inBranch(async () => {
    await network.registerCrowd(MANY_WORKERS - FEW_WORKERS);
    return await rollInto(network, LAST_EPOCH + 1);
  });
  workers.push(...(await network.register("worker", FEW_WORKERS, MARKET_WORKERS + 1)));
  return {
    workers,
    figures: {
      firstRoll: { cold: firstRoll, warm: null },
      epochReport: { cold: firstReport, warm: secondReport },
      roll: { cold: coldRoll, warm: warmRoll },
      rollThousandMissed: { cold: null, warm: rollThousandMissed },
      rollFullWaitlist: { cold: null, warm: rollFullWaitlist },
      rollManyWorkers: { cold: null, warm: rollManyWorkers },
    },
  };
}
