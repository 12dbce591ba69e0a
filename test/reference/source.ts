/**
 * A deterministic source of inputs for the vectors: SHA-256 in counter mode, so that one seed gives the same
 * numbers on every machine.
 */
import { createHash } from "node:crypto";

export const WAD = 10n ** 18n;

export class Source {
  readonly #seed: string;
  #drawn = 0;

  constructor(seed: string) {
    this.#seed = seed;
  }

  /** A number in [low, high]; 256 bits make the bias of the remainder far smaller than anything seen here. */
  between(low: bigint, high: bigint): bigint {
    const digest = createHash("sha256").update(`${this.#seed}/${this.#drawn++}`).digest("hex");
    return low + (BigInt(`0x${digest}`) % (high - low + 1n));
  }

  /** A small number, for counts and indices. */
  int(low: number, high: number): number {
    return Number(this.between(BigInt(low), BigInt(high)));
  }

  /** A ratio in [0, 1], WAD: one in eight is an end point, one in eight lies a wei from one. */
  ratio(): bigint {
    const kind = this.int(0, 15);
    const special = [0n, WAD, 1n, WAD - 1n][kind];
    return special ?? this.between(0n, WAD);
  }

  /** An amount up to 10^`digits` wei, of any order of magnitude. */
  amount(digits: number): bigint {
    return this.between(0n, 10n ** BigInt(this.int(0, digits)));
  }

  /** `parts` ratios above 0 that sum to 1. */
  weights(parts: number): bigint[] {
    const cuts = Array.from({ length: parts - 1 }, () => this.between(1n, WAD - 1n)).toSorted((a, b) =>
      a < b ? -1 : 1,
    );
    const ends = [0n, ...cuts, WAD];
    const weights = ends.slice(1).map((end, index) => end - (ends[index] ?? 0n));
    return weights.some((weight) => weight === 0n) ? this.weights(parts) : weights;
  }

  flag(): boolean {
    return this.int(0, 1) === 1;
  }
}
