/**
 * Probes of workers (decision D17). A few times an epoch, at seconds that only the keeper can know beforehand, it asks every
 * registered worker's public health page. What it counted it signs once the epoch is over, for the epoch report.
 */
import { AbiCoder, keccak256 } from "ethers";

import {
  encodeAvailability,
  endpointOf,
  guardedFetch,
  isAvailabilitySigned,
  MasaError,
  MAX_PROBED,
  ROLES,
  signAvailability,
} from "#sdk";
import type { AvailabilityVector, FrozenSeats } from "#sdk";

import { placeInTime } from "./runtime.ts";
import type { KeeperRuntime } from "./runtime.ts";
import { askPeers, ownSeat } from "./turns.ts";
import { decodeAvailabilityVector, encode } from "./wire.ts";

/** Probes of each worker in an epoch. */
export const PROBES_AN_EPOCH = 4;
/** Workers read from the chain in one call. */
const PAGE = 100;
/** Workers probed side by side. */
const PROBED_AT_ONCE = 64;
/** Most bytes of a health page, and milliseconds for it. */
const MAX_HEALTH_BYTES = 16 * 1024;
const MOST_PROBE_MS = 5_000;

/**
 * Seconds of an epoch at which to probe: one in each of as many equal stretches. They follow from a secret of the keeper, so
 * that a worker cannot be up for its probes alone, and are the same after a restart.
 */
export function probeSeconds(secret: string, epoch: number, length: number): number[] {
  return Array.from({ length: PROBES_AN_EPOCH }, (_, index) => {
    const from = Math.floor((length * index) / PROBES_AN_EPOCH);
    const to = Math.floor((length * (index + 1)) / PROBES_AN_EPOCH);
    const draw = BigInt(
      keccak256(AbiCoder.defaultAbiCoder().encode(["bytes32", "uint256", "uint256"], [secret, epoch, index])),
    );
    return from + Number(draw % BigInt(Math.max(1, to - from)));
  });
}

/** Every registered worker with its endpoint, null where it publishes none. */
async function readWorkers({ connection }: KeeperRuntime): Promise<Map<string, string | null>> {
  const workers = new Map<string, string | null>();
  for (let offset = 0; offset < MAX_PROBED; offset += PAGE) {
    const { page, total } = await connection.contracts.lens.nodesOf(ROLES.indexOf("worker"), offset, PAGE);
    for (const { account, metadata } of page) workers.set(account, endpointOf(metadata));
    if (offset + PAGE >= Number(total)) break;
  }
  return workers;
}

async function answers(runtime: KeeperRuntime, endpoint: string | null): Promise<boolean> {
  if (endpoint === null) return false;
  try {
    const { status } = await guardedFetch(`${endpoint}/health`, {
      maxBytes: MAX_HEALTH_BYTES,
      timeoutMs: Math.min(runtime.times.peerTimeoutMs, MOST_PROBE_MS),
      allowPrivateHosts: runtime.allowPrivateHosts,
    });
    return status === 200;
  } catch {
    return false; // whatever kept it from answering
  }
}

/** Probes every worker if one of the epoch's probes is due; what was missed while the keeper was down is not made up for. */
export async function probeWorkers(runtime: KeeperRuntime, now: number): Promise<number> {
  const { store, log } = runtime;
  const { epoch, secondsInEpoch, length } = await placeInTime(runtime, now);
  const due = probeSeconds(store.secret(), epoch, length).filter((second) => second <= secondsInEpoch).length;
  if (due <= store.probes.done(epoch)) return 0;
  const workers = await readWorkers(runtime);
  store.probes.begin(epoch, due);
  const waiting = [...workers];
  const found = new Map<string, boolean>();
  const probeOnes = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      found.set(next[0], await answers(runtime, next[1]));
    }
  };
  await Promise.all(Array.from({ length: PROBED_AT_ONCE }, probeOnes));
  if (found.size > 1 && ![...found.values()].includes(true)) {
    // Nobody at all answers: that says more about this keeper's own line.
    log.warn({ epoch, workers: found.size }, "no worker answered a probe, not counted");
    return 0;
  }
  // Signed while the last answers were still awaited: what was signed stays what it is.
  if (store.hasSigned("availability", { epoch, round: 0, attempt: 0 })) return 0;
  store.probes.count(epoch, found);
  return found.size;
}

/** This keeper's probes of an epoch that is over, signed once; null where it made none. Answers POST /availability. */
export async function ownAvailability(
  runtime: KeeperRuntime,
  epoch: number,
): Promise<AvailabilityVector | null> {
  const { store, connection } = runtime;
  const { seat } = await ownSeat(runtime, epoch);
  const { timestamp } = await connection.latest();
  if ((await placeInTime(runtime, timestamp)).epoch <= epoch) {
    throw new MasaError("MASA-503", `epoch ${epoch} is not over`);
  }
  const entries = store.probes.entries(epoch);
  if (entries.length === 0) return null;
  const digest = keccak256(encodeAvailability(entries));
  if (!store.claimSignature("availability", epoch, 0, 0, digest)) {
    throw new MasaError("MASA-503", "other probes were signed for this epoch");
  }
  if (connection.wallet === null) throw new MasaError("MASA-104");
  return signAvailability(connection.wallet, connection.manifest, { seat, epoch, entries });
}

/** Everybody's probes of an epoch, ascending by seat. */
export async function gatherAvailability(
  runtime: KeeperRuntime,
  frozen: FrozenSeats,
): Promise<AvailabilityVector[]> {
  const { epoch } = frozen;
  const given = await askPeers(runtime, frozen, "/availability", encode({ epoch }), (text, seat) => {
    const vector = decodeAvailabilityVector(text);
    if (vector.seat !== seat || !isAvailabilitySigned(runtime.connection.manifest, frozen, vector)) {
      throw new MasaError("MASA-503", `seat ${seat} did not sign its probes`);
    }
    return vector;
  });
  const own = await ownAvailability(runtime, epoch);
  if (own !== null) given.set(own.seat, own);
  return [...given.values()].sort((a, b) => a.seat - b.seat);
}

/** Throws MASA-503 unless the vectors are of different seats, ascending, each signed, and this keeper's own among them. */
export async function checkAvailability(
  runtime: KeeperRuntime,
  frozen: FrozenSeats,
  shown: readonly AvailabilityVector[],
): Promise<void> {
  const refuse = (message: string): MasaError => new MasaError("MASA-503", message);
  for (const [index, vector] of shown.entries()) {
    if (index > 0 && vector.seat <= (shown[index - 1]?.seat ?? vector.seat)) {
      throw refuse("the seats of the probes do not ascend");
    }
    if (!isAvailabilitySigned(runtime.connection.manifest, frozen, vector)) {
      throw refuse(`the probes of seat ${vector.seat} are not signed for epoch ${frozen.epoch}`);
    }
  }
  const own = await ownAvailability(runtime, frozen.epoch);
  if (own !== null && !shown.some(({ seat }) => seat === own.seat)) {
    throw refuse("the report leaves out this keeper's probes");
  }
}
