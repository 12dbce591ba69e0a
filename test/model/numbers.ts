/** Numbers of the model: ratios, bounds and a seeded source of randomness. */

/** One, as a ratio. */
export const WAD = 10n ** 18n;

/** What an amount argument says for "all of it". */
export const ALL = 2n ** 256n - 1n;

/** ⌊a / b⌋ of non-negative numbers. */
export const floorDiv = (a: bigint, b: bigint): bigint => a / b;

/** ⌈a / b⌉ of non-negative numbers. */
export const ceilDiv = (a: bigint, b: bigint): bigint => (a + b - 1n) / b;

export const min = (a: bigint, b: bigint): bigint => (a < b ? a : b);
export const max = (a: bigint, b: bigint): bigint => (a > b ? a : b);

/** a − b, or nothing. */
export const less = (a: bigint, b: bigint): bigint => (a > b ? a - b : 0n);

export const sum = (values: Iterable<bigint>): bigint => {
  let total = 0n;
  for (const value of values) total += value;
  return total;
};

/** `value`, no further than `step` from `from`. */
export const within = (from: bigint, value: bigint, step: bigint): bigint =>
  min(max(value, less(from, step)), from + step);

/**
 * Seeded randomness: sfc32 by Chris Doty-Humphrey (public domain). Good enough to pick actions, and the same on every
 * machine.
 */
export class Random {
  #a = 0x9e3779b9;
  #b = 0x243f6a88;
  #c: number;
  #counter: number;

  /** @param stream Tells apart the histories of one seed. */
  constructor(seed: number, stream: number) {
    this.#c = seed >>> 0;
    this.#counter = stream >>> 0;
    for (let i = 0; i < 16; ++i) this.bits();
  }

  /** 32 uniform bits. */
  bits(): number {
    const t = (this.#a + this.#b + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + t) | 0;
    return t >>> 0;
  }

  /** Uniform in [0, end). */
  below(end: number): number {
    return Math.floor((this.bits() / 2 ** 32) * end);
  }

  /** True once in `n`. */
  oneIn(n: number): boolean {
    return this.below(n) === 0;
  }

  pick<T>(values: readonly T[]): T {
    return values[this.below(values.length)]!;
  }

  /** Uniform in [low, high], nearly. */
  between(low: bigint, high: bigint): bigint {
    if (high <= low) return low;
    let wide = 0n;
    for (let i = 0; i < 4; ++i) wide = (wide << 32n) | BigInt(this.bits());
    return low + (wide % (high - low + 1n));
  }

  /** Up to `most`: the ends, a little, or any size of number, each as likely. */
  amount(most: bigint): bigint {
    if (most <= 0n) return 0n;
    switch (this.below(6)) {
      case 0:
        return most;
      case 1:
        return min(most, this.between(1n, 9n));
      case 2:
        return most - min(most - 1n, this.between(0n, 3n));
      case 3:
        return max(1n, most / 2n ** this.between(0n, 40n));
      default:
        return this.between(1n, most);
    }
  }

  /** An index, drawn by weights. */
  weighted(weights: readonly number[]): number {
    let left = this.below(weights.reduce((a, b) => a + b, 0));
    return weights.findIndex((weight) => (left -= weight) < 0);
  }
}
