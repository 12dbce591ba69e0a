/** Values of parameters as people write and read them. */
import { formatUnits, getAddress, isAddress, parseUnits } from "ethers";

import { MasaError } from "../errors.ts";
import { amountOf } from "../format.ts";
import type { Parameter, ParameterValue, Unit } from "./types.ts";

const DECIMALS: Readonly<Partial<Record<Unit, number>>> = { ratio: 18, masa: 18, work: 9, gwei: 9, count: 0 };
const SYMBOLS: Readonly<Partial<Record<Unit, string>>> = { masa: " MASA", work: " MASA", gwei: " gwei" };
const SECONDS = { s: 1n, m: 60n, h: 3_600n, d: 86_400n } as const;
const FORMS: Readonly<Record<Unit, string>> = {
  ratio: "a decimal number of at most 18 places, such as 0.62",
  masa: "an amount of MASA of at most 18 places, such as 12.5",
  work: "an amount of MASA of at most 9 places, such as 12.5",
  seconds: "a duration, such as 30s, 5m, 6h or 14d",
  gwei: "a price in gwei of at most 9 places, such as 0.5",
  count: "a whole number",
  flag: "yes or no",
  kinds: "numbers from 0 to 23 with commas between, or none",
  address: "an address",
};

const malformed = ({ id, unit }: Parameter, text: string): MasaError =>
  new MasaError("MASA-110", `${id}: "${text}" is not ${FORMS[unit]}`);

function readNumber(parameter: Parameter, text: string): bigint {
  const { unit } = parameter;
  if (unit === "seconds") {
    const match = /^(\d+)([smhd])$/.exec(text);
    if (match === null) throw malformed(parameter, text);
    return BigInt(match[1] ?? "") * SECONDS[match[2] as keyof typeof SECONDS];
  }
  if (unit === "kinds") {
    if (text === "none") return 0n;
    if (!/^\d+(,\d+)*$/.test(text)) throw malformed(parameter, text);
    const bits = text.split(",").map(Number);
    if (bits.some((bit) => bit > 23)) throw malformed(parameter, text);
    return bits.reduce((mask, bit) => mask | (1n << BigInt(bit)), 0n);
  }
  const places = DECIMALS[unit] ?? 0;
  const form = places === 0 ? /^\d+$/ : new RegExp(`^\\d+(\\.\\d{1,${places}})?$`);
  if (!form.test(text)) throw malformed(parameter, text);
  return parseUnits(text, places);
}

/** A value as the contract takes it. Throws MASA-110 where it is malformed or outside the hard bounds. */
export function parseParameter(parameter: Parameter, text: string): ParameterValue {
  const { id, unit, least, most } = parameter;
  if (unit === "flag") {
    if (text !== "yes" && text !== "no") throw malformed(parameter, text);
    return text === "yes";
  }
  if (unit === "address") {
    if (!isAddress(text)) throw malformed(parameter, text);
    if (BigInt(text) < least) throw new MasaError("MASA-110", `${id}: it must name somebody`);
    return getAddress(text);
  }
  const value = readNumber(parameter, text);
  if (value < least || value > most) {
    throw new MasaError(
      "MASA-110",
      `${id} is ${formatParameter(parameter, value)}; it must lie between ${formatParameter(parameter, least)} and ${formatParameter(parameter, most)}`,
    );
  }
  return value;
}

function durationText(seconds: bigint): string {
  for (const [name, size] of [
    ["d", SECONDS.d],
    ["h", SECONDS.h],
    ["m", SECONDS.m],
  ] as const) {
    if (seconds >= size && seconds % size === 0n) return `${seconds / size}${name}`;
  }
  return `${seconds}s`;
}

function maskText(mask: bigint): string {
  const bits = Array.from({ length: 24 }, (_, bit) => bit).filter((bit) => (mask >> BigInt(bit)) & 1n);
  return bits.length === 0 ? "none" : bits.join(",");
}

/** A value as people read it. */
export function formatParameter({ unit }: Parameter, value: ParameterValue): string {
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (typeof value === "string") return value;
  if (unit === "seconds") return durationText(value);
  if (unit === "kinds") return maskText(value);
  return `${amountOf(value, DECIMALS[unit] ?? 0)}${SYMBOLS[unit] ?? ""}`;
}

/** A value in the form that {@link parseParameter} reads. */
export function textOfParameter(parameter: Parameter, value: ParameterValue): string {
  const places = DECIMALS[parameter.unit];
  if (typeof value !== "bigint" || places === undefined) return formatParameter(parameter, value);
  return formatUnits(value, places).replace(/\.0$/, "");
}
