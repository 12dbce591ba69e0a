/** Sentences on what is wrong with parameters, collected. */
import { formatUnits } from "ethers";

import { WAD } from "../sdk/src/math/fixed.ts";

export const show = (wad: bigint): string => formatUnits(wad, 18).replace(/\.0$/, "");

export class Reasons {
  readonly list: string[] = [];

  /** Adds `reason` unless `holds`. */
  need(holds: boolean, reason: string): void {
    if (!holds) this.list.push(reason);
  }

  /** A whole number or a number of seconds. */
  within(name: string, value: bigint | number, least: bigint, most: bigint): void {
    this.need(
      BigInt(value) >= least && BigInt(value) <= most,
      `${name} is ${value}; it must lie between ${least} and ${most}.`,
    );
  }

  /** A value of 18 decimals. */
  withinWad(name: string, value: bigint, least: bigint, most: bigint): void {
    this.need(
      value >= least && value <= most,
      `${name} is ${show(value)}; it must lie between ${show(least)} and ${show(most)}.`,
    );
  }

  sumsToOne(name: string, weights: Readonly<Record<string, bigint>>): void {
    const sum = Object.values(weights).reduce((left, right) => left + right, 0n);
    this.need(
      sum === WAD,
      `${name} (${Object.keys(weights).join(", ")}) sum to ${show(sum)}; they must sum to 1.`,
    );
  }
}
