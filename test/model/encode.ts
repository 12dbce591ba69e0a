/**
 * The format of the files that Replay.t.sol reads. Numbers are big-endian; a varint is its length in bytes (one byte)
 * and its bytes.
 *
 *   file     u32 histories, then each: u32 bytes that follow, u32 its number, u16 steps, steps
 *   step     u8 action, u8 caller, u8 subject, u8 arguments, varints
 *            u8 1: must return: u8 words, varints · u8 0: must revert: u16 bytes, data
 *            u16 words that changed, then each: u16 which, varint
 */
import { ACTION_NAMES, type Action, type Outcome } from "./actions.ts";
import { Refusal } from "./refusal.ts";

export class HistoryWriter {
  #bytes = Buffer.alloc(1 << 22);
  #length = 4;
  #histories = 0;
  #startsAt = 0;
  #known: bigint[] = [];

  begin(history: number, steps: number): void {
    this.#startsAt = this.#length;
    this.#length += 4;
    this.#u32(history);
    this.#u16(steps);
    this.#known = [];
  }

  step(action: Action, outcome: Outcome, words: readonly bigint[]): void {
    // The largest step: every word changes.
    this.#reserve(words.length * 35 + 4_096);
    this.#u8(ACTION_NAMES.indexOf(action.name));
    this.#u8(action.caller);
    this.#u8(action.subject);
    this.#varints(action.args);
    if (outcome instanceof Refusal) {
      const data = Buffer.from(outcome.data, "hex");
      this.#u8(0);
      this.#u16(data.length);
      this.#length += data.copy(this.#bytes, this.#length);
    } else {
      this.#u8(1);
      this.#varints(outcome);
    }
    this.#changes(words);
  }

  end(): void {
    this.#bytes.writeUInt32BE(this.#length - this.#startsAt - 4, this.#startsAt);
    ++this.#histories;
  }

  finish(): Buffer {
    this.#bytes.writeUInt32BE(this.#histories, 0);
    return this.#bytes.subarray(0, this.#length);
  }

  #changes(words: readonly bigint[]): void {
    const countAt = this.#length;
    this.#u16(0);
    let changes = 0;
    for (const [index, word] of words.entries()) {
      if (word === (this.#known[index] ?? 0n)) continue;
      ++changes;
      this.#u16(index);
      this.#varint(word);
    }
    this.#bytes.writeUInt16BE(changes, countAt);
    this.#known = [...words];
  }

  #varints(values: readonly bigint[]): void {
    this.#u8(values.length);
    for (const value of values) this.#varint(value);
  }

  #varint(value: bigint): void {
    if (value < 0n) throw new RangeError(`a word is below zero: ${value}`);
    if (value === 0n) return this.#u8(0);
    const digits = value.toString(16);
    const bytes = (digits.length + 1) >> 1;
    this.#u8(bytes);
    this.#length += this.#bytes.write(digits.padStart(2 * bytes, "0"), this.#length, "hex");
  }

  #reserve(more: number): void {
    if (this.#length + more <= this.#bytes.length) return;
    const larger = Buffer.alloc(2 * this.#bytes.length);
    this.#bytes.copy(larger);
    this.#bytes = larger;
  }

  #u8(value: number): void {
    this.#length = this.#bytes.writeUInt8(value, this.#length);
  }

  #u16(value: number): void {
    this.#length = this.#bytes.writeUInt16BE(value, this.#length);
  }

  #u32(value: number): void {
    this.#length = this.#bytes.writeUInt32BE(value, this.#length);
  }
}
