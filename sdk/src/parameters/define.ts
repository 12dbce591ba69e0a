/** Short ways to write the registry's entries down. */
import { WAD } from "../math/fixed.ts";
import type { Parameter, Unit } from "./types.ts";

const UINT160 = 2n ** 160n - 1n;

export const DAY = 86_400n;
export const UINT = (bits: number): bigint => 2n ** BigInt(bits) - 1n;

/** What a parameter has beside its names: meaning, bounds, who reads it, its first value, bounds that others give. */
export interface Facts {
  readonly meaning: string;
  readonly bounds?: readonly [least: bigint, most: bigint];
  readonly readBy: string;
  readonly default: string | null;
  readonly rule?: string;
}

const define =
  (unit: Unit, least: bigint, most: bigint) =>
  (id: string, field: string, { bounds, ...facts }: Facts): Parameter => ({
    id,
    field,
    unit,
    least: bounds?.[0] ?? least,
    most: bounds?.[1] ?? most,
    ...facts,
  });

/** A share from 0 to 1 unless the bounds say otherwise. */
export const ratio = define("ratio", 0n, WAD);
export const masa = define("masa", 0n, UINT(96));
export const work = define("work", 1n, UINT(64));
export const seconds = define("seconds", 1n, UINT(40));
export const gwei = define("gwei", 0n, UINT(64));
export const count = define("count", 0n, UINT(32));
export const kinds = define("kinds", 0n, UINT(24));
export const flag = define("flag", 0n, 1n);
/** Any address but 0, unless the bounds say otherwise. */
export const account = define("address", 1n, UINT160);
