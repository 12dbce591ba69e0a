/** How amounts and ratios are shown to people. */
import { formatUnits } from "ethers";

/** Wei as MASA with up to `decimals` decimals, cut, not rounded: nothing is shown that is not there. */
export function masa(wei: bigint, decimals = 3): string {
  const [whole = "0", fraction = ""] = formatUnits(wei, 18).split(".");
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, " ");
  const cut = fraction.slice(0, decimals).replace(/0+$/, "");
  return cut === "" ? grouped : `${grouped}.${cut}`;
}

/** A WAD ratio with three decimals. */
export const share = (wad: bigint): string => (Number(wad) / 1e18).toFixed(3);

/** JSON with bigints as decimal strings. */
export const toJson = (value: unknown, indent?: number): string =>
  JSON.stringify(
    value,
    (_, member: unknown) => (typeof member === "bigint" ? member.toString() : member),
    indent,
  );
