/** What the registry of parameters says of each, and of the setters that change them. */
import type { ContractKey, MasaContracts } from "../contracts.ts";

/** Classes of proposals, from the laxest to the strictest (contracts/governance/ProposalClasses.sol). */
export const CLASS_NAMES = ["routine", "economic", "rights", "constitutional"] as const;
export type ClassId = 0 | 1 | 2 | 3;

/**
 * How a value is counted on chain and written by people: "ratio" WAD as a decimal, "masa" wei as MASA, "work" 1e9 wei as
 * MASA, "seconds" as 30s, 5m, 6h or 14d, "gwei" wei as gwei, "count" as it is, "flag" yes or no, "kinds" a mask as the
 * numbers of its bits, "address" an account or contract.
 */
export type Unit = "ratio" | "masa" | "work" | "seconds" | "gwei" | "count" | "flag" | "kinds" | "address";

export type ParameterValue = bigint | boolean | string;

export interface Parameter {
  /** Such as escrow.tau. */
  readonly id: string;
  /** Name of the argument, or of the member of the struct, that the setter takes. */
  readonly field: string;
  readonly meaning: string;
  readonly unit: Unit;
  /** Hard bounds of the contract, in units of the chain; both included. */
  readonly least: bigint;
  readonly most: bigint;
  /** Bounds that other values give. */
  readonly rule?: string;
  readonly readBy: string;
  /** Where deploy/params has its first value; null: from the addresses of the deployment. */
  readonly default: string | null;
}

/** Parameters that one call sets together. */
export interface ParameterSet {
  /** Its name among the groups that are reviewed. */
  readonly group: string;
  readonly contract: ContractKey;
  readonly setter: string;
  readonly classId: ClassId;
  /** When a change takes effect. */
  readonly effect: string;
  /** Arguments of the setter that come first and are no parameters. */
  readonly leading?: (contracts: MasaContracts) => Promise<readonly unknown[]> | readonly unknown[];
  /** The values of today, by field. */
  readonly read: (contracts: MasaContracts) => Promise<unknown>;
  readonly parameters: readonly Parameter[];
}

/** Calls that governance can make and that set no parameter: they move rights or funds, or act once. */
export interface OwnerAct {
  readonly contract: ContractKey;
  readonly name: string;
  readonly classId: ClassId;
  readonly meaning: string;
}
