/** Epochs as a plain list of the seconds at which they begin. */
export class Calendar {
  readonly #starts: number[];
  #length: number;

  constructor(genesis: number, length: number) {
    this.#starts = [genesis];
    this.#length = length;
  }

  start(epoch: number): number {
    while (this.#starts.length <= epoch) this.#starts.push(this.#starts.at(-1)! + this.#length);
    return this.#starts[epoch]!;
  }

  epochAt(now: number): number {
    while (this.#starts.at(-1)! <= now) this.start(this.#starts.length);
    return this.#starts.findLastIndex((start) => start <= now);
  }

  /** Epochs after the one of `now` last `length` seconds. */
  setLength(length: number, now: number): void {
    // The next boundary stands, whatever was said before of what comes after it.
    this.#starts.length = this.epochAt(now) + 2;
    this.#length = length;
  }
}
