/** What validators say of workers' availability in an epoch: answered out of tried probes, signed (decision D17). */
import { concat, getAddress, getBytes, hexlify, toBeHex } from "ethers";
import type { Signer } from "ethers";

import { MasaError } from "./errors.ts";
import type { FrozenSeats } from "./frozen.ts";
import { isSignedBy, digestOf, messageKind, signMessage } from "./messages.ts";
import type { ConsensusDomain } from "./messages.ts";

/** One worker's probes by one validator. */
export interface AvailabilityEntry {
  readonly worker: string;
  readonly answered: number;
  /** At least 1: a worker that was not probed is left out. */
  readonly tried: number;
}

/** All of one validator's probes of an epoch, ascending by worker. */
export interface AvailabilityVector {
  readonly seat: number;
  readonly epoch: number;
  readonly entries: readonly AvailabilityEntry[];
  readonly signature: string;
}

/** Most workers that one vector names. */
export const MAX_PROBED = 4_096;
/** Most probes of a worker in an epoch. */
const MOST_TRIED = 0xffff;
const ENTRY = 24;

const malformed = (message: string): MasaError => new MasaError("MASA-505", `availability: ${message}`);

/** Worker (20 bytes) · answered (2 bytes) · tried (2 bytes), ascending by worker. Throws MASA-505. */
export function encodeAvailability(entries: readonly AvailabilityEntry[]): string {
  if (entries.length > MAX_PROBED) throw malformed(`${entries.length} workers, at most ${MAX_PROBED}`);
  let previous = -1n;
  const parts = entries.map(({ worker, answered, tried }) => {
    if (BigInt(worker) <= previous) throw malformed("workers do not ascend");
    previous = BigInt(worker);
    const inRange = Number.isInteger(tried) && tried >= 1 && tried <= MOST_TRIED;
    if (!inRange || !Number.isInteger(answered) || answered < 0 || answered > tried) {
      throw malformed(`${worker} answered ${answered} of ${tried}`);
    }
    return concat([worker, toBeHex(answered, 2), toBeHex(tried, 2)]);
  });
  return concat(parts);
}

/** Throws MASA-505 for everything that {@link encodeAvailability} does not produce. */
export function decodeAvailability(encoded: string): AvailabilityEntry[] {
  if (!/^0x([0-9a-f]{48})*$/.test(encoded)) throw malformed("not a list of entries in lower-case hex");
  const bytes = getBytes(encoded);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const entries: AvailabilityEntry[] = [];
  for (let at = 0; at < bytes.length; at += ENTRY) {
    entries.push({
      worker: getAddress(hexlify(bytes.subarray(at, at + 20))),
      answered: view.getUint16(at + 20),
      tried: view.getUint16(at + 22),
    });
  }
  encodeAvailability(entries);
  return entries;
}

type Unsigned = Omit<AvailabilityVector, "signature">;

const AVAILABILITY = messageKind<Unsigned & { readonly validator: string }>(
  "AvailabilityVector",
  [
    ["uint64", "epoch"],
    ["address", "validator"],
    ["bytes", "entries"],
  ],
  (vector) => ({ ...vector, entries: encodeAvailability(vector.entries) }),
);

/** Digest of an availability vector as `validator` signs it. */
export const availabilityDigest = (manifest: ConsensusDomain, vector: Unsigned, validator: string): string =>
  digestOf(AVAILABILITY, manifest, { ...vector, validator });

/** Signs a validator's probes as the holder of `seat`. */
export async function signAvailability(
  signer: Signer,
  manifest: ConsensusDomain,
  vector: Unsigned,
): Promise<AvailabilityVector> {
  const validator = await signer.getAddress();
  const signature = await signMessage(AVAILABILITY, signer, manifest, { ...vector, validator });
  return { ...vector, signature };
}

/** Whether the seat's frozen hot key signed the vector. */
export function isAvailabilitySigned(
  manifest: ConsensusDomain,
  frozen: FrozenSeats,
  vector: AvailabilityVector,
): boolean {
  const hotKey = frozen.hotKeys[vector.seat];
  if (hotKey === undefined || vector.epoch !== frozen.epoch || frozen.weights[vector.seat] === 0n)
    return false;
  return isSignedBy(availabilityDigest(manifest, vector, hotKey), vector.signature, hotKey);
}
