/** How amounts and ratios are shown to people. */
import { amountOf } from "#sdk";

/** Units of a token with up to `shown` decimals, cut, not rounded: nothing is shown that is not there. */
export function tokens(units: bigint, decimals: number, shown = 3): string {
  const [whole = "0", fraction = ""] = amountOf(units, decimals).split(".");
  const cut = fraction.slice(0, shown).replace(/0+$/, "");
  return cut === "" ? whole : `${whole}.${cut}`;
}

/** Wei as MASA, cut likewise. */
export const masa = (wei: bigint, shown = 3): string => tokens(wei, 18, shown);

/** A WAD ratio with three decimals. */
export const share = (wad: bigint): string => (Number(wad) / 1e18).toFixed(3);

/** JSON with bigints as decimal strings. */
export const toJson = (value: unknown, indent?: number): string =>
  JSON.stringify(
    value,
    (_, member: unknown) => (typeof member === "bigint" ? member.toString() : member),
    indent,
  );
