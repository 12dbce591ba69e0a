/** The formulas of the paper in bigint, equal to contracts/math to the last bit. See docs/formulas.md. */
export * from "./collateral.ts";
export * from "./consensus.ts";
export * from "./emission.ts";
export * from "./fee.ts";
export { expWad, mulDivDown, mulDivUp, WAD } from "./fixed.ts";
export * from "./governance.ts";
export * from "./reward.ts";
export * from "./staking.ts";
export * from "./utility.ts";
export * from "./votes.ts";
