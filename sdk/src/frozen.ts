/** The set of validators frozen for an epoch, and what its signatures amount to (EQ-27, EQ-28). */
import { concat, dataSlice } from "ethers";

/** Most seats of a set. */
export const MAX_SEATS = 64;

/**
 * Hot keys and capped weights frozen for an epoch, by seat index; free seats have the zero address and weight 0. This
 * never changes; which of its keys were revoked since is a matter of the mask beside it.
 */
export interface FrozenSeats {
  readonly epoch: number;
  readonly hotKeys: readonly string[];
  /** Micro-MASA. */
  readonly weights: readonly bigint[];
  readonly totalWeight: bigint;
  readonly leastConfirmations: number;
  readonly randomness: bigint;
}

/** One proposer's turn. */
export interface Turn {
  readonly epoch: number;
  readonly round: number;
  readonly attempt: number;
}

/** A seat's signature on something that is known beside it. */
export interface SeatSignature {
  readonly seat: number;
  readonly signature: string;
}

export const isSameTurn = (a: Turn, b: Turn): boolean =>
  a.epoch === b.epoch && a.round === b.round && a.attempt === b.attempt;

/** Whether a seat is in a bitmap: of signers, of absent seats, or of the keys that were revoked. */
export const hasSeat = (bits: bigint, seat: number): boolean => ((bits >> BigInt(seat)) & 1n) === 1n;

/** The bitmap of seats. */
export const seatBits = (seats: Iterable<number>): bigint =>
  [...seats].reduce((bits, seat) => bits | (1n << BigInt(seat)), 0n);

/** Seats of a bitmap, ascending. */
export function seatsOf(bits: bigint): number[] {
  const seats: number[] = [];
  for (let seat = 0; bits >> BigInt(seat) !== 0n; seat++) {
    if (hasSeat(bits, seat)) seats.push(seat);
  }
  return seats;
}

/** Whether signatures of these seats finalise a report of the frozen set (EQ-28). */
export function isEnough(frozen: FrozenSeats, seats: Iterable<number>): boolean {
  const list = [...new Set(seats)].filter((seat) => (frozen.weights[seat] ?? 0n) !== 0n);
  const signed = list.reduce((sum, seat) => sum + (frozen.weights[seat] as bigint), 0n);
  return 3n * signed > 2n * frozen.totalWeight && list.length >= frozen.leastConfirmations;
}

/**
 * Signatures (r, s, v) in ascending order of seats with the bitmap that names them, as ScoreConsensus takes them: v comes
 * first, as it does where the key is recovered.
 */
export function packSignatures(bySeat: ReadonlyMap<number, string>): { signers: bigint; signatures: string } {
  const seats = [...bySeat.keys()].sort((a, b) => a - b);
  return {
    signers: seatBits(seats),
    signatures: concat(
      seats.map((seat) => {
        const signature = bySeat.get(seat) as string;
        return concat([dataSlice(signature, 64), dataSlice(signature, 0, 64)]);
      }),
    ),
  };
}
