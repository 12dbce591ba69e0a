/** Amounts, shares and times as people read them. Amounts are exact: nothing is rounded away. */
import { formatUnits } from "ethers";

/** Units of a token with `decimals` decimals, thousands apart. */
export function amountOf(units: bigint, decimals: number): string {
  const [whole = "0", fraction = ""] = formatUnits(units, decimals).split(".");
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, " ");
  const rest = fraction.replace(/0+$/, "");
  return rest === "" ? grouped : `${grouped}.${rest}`;
}

/** A WAD number as a decimal. */
export const decimalOf = (wad: bigint): string => amountOf(wad, 18);

/** A Unix second, in UTC. */
export const dateOf = (seconds: bigint): string =>
  seconds > 8_640_000_000_000n
    ? `second ${seconds}`
    : new Date(Number(seconds) * 1_000).toISOString().replace("T", " ").replace(".000Z", " UTC");

const PARTS = [
  [86_400n, "d"],
  [3_600n, "h"],
  [60n, "min"],
  [1n, "s"],
] as const;

/** A number of seconds by its two largest units: "3 d 4 h". */
export function durationOf(seconds: bigint): string {
  const parts: string[] = [];
  let left = seconds;
  for (const [size, unit] of PARTS) {
    const count = left / size;
    if (count > 0n) parts.push(`${count} ${unit}`);
    left %= size;
    if (parts.length === 2 || (parts.length === 1 && count === 0n)) break;
  }
  return parts.length === 0 ? "0 s" : parts.join(" ");
}

/** When something is, and how far off: "2026-07-26 10:00:00 UTC, in 3 d 4 h". */
export const momentOf = (at: bigint, now: bigint): string =>
  at >= now ? `${dateOf(at)}, in ${durationOf(at - now)}` : `${dateOf(at)}, ${durationOf(now - at)} ago`;
