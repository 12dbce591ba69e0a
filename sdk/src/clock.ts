/** Where a second lies in epochs: the mirror of EpochClock for the epochs around the present one. */
import type { MasaContracts } from "./contracts.ts";

/** Epochs of one length that follow each other. */
export interface Stretch {
  readonly firstEpoch: number;
  /** Unix second at which `firstEpoch` begins. */
  readonly startsAt: number;
  /** Seconds. */
  readonly length: number;
}

/** Stretches in ascending order; the last one goes on, as things stand. */
export interface Clock {
  readonly stretches: readonly Stretch[];
}

/**
 * The clock around the epoch of the latest block: exact from the epoch before it to the end of the next one, whatever
 * change of length waits. Read it again when the epoch has changed.
 */
export async function readClock(contracts: MasaContracts, current: number): Promise<Clock> {
  const { clock } = contracts;
  const epochs = current === 0 ? [0, 1] : [current - 1, current, current + 1];
  const stretches = await Promise.all(
    epochs.map(async (epoch) => {
      const [startsAt, length] = await Promise.all([clock.epochStart(epoch), clock.lengthOf(epoch)]);
      return { firstEpoch: epoch, startsAt: Number(startsAt), length: Number(length) };
    }),
  );
  return { stretches };
}

const lastOf = (clock: Clock, holds: (stretch: Stretch) => boolean): Stretch => {
  const found = clock.stretches.findLast(holds) ?? clock.stretches[0];
  if (found === undefined) throw new RangeError("a clock without stretches");
  return found;
};

/** Unix second at which `epoch` begins. */
export function epochStart(clock: Clock, epoch: number): number {
  const stretch = lastOf(clock, ({ firstEpoch }) => firstEpoch <= epoch);
  return stretch.startsAt + (epoch - stretch.firstEpoch) * stretch.length;
}

/** The epoch that a Unix second belongs to, and how long it has lasted by then. Times before the clock count as its first. */
export function locate(clock: Clock, timestamp: number) {
  const stretch = lastOf(clock, ({ startsAt }) => startsAt <= timestamp);
  const since = Math.max(0, timestamp - stretch.startsAt);
  return {
    epoch: stretch.firstEpoch + Math.floor(since / stretch.length),
    secondsInEpoch: since % stretch.length,
    length: stretch.length,
  };
}
