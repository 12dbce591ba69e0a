/** What the model answers where the contracts must revert: the typed error with its values. */
import { encodeBytes32String, id } from "ethers";

/** Signatures of the errors that a history may meet; the rest of an error's data are words. */
const SIGNATURES = {
  ERC20InsufficientBalance: "ERC20InsufficientBalance(address,uint256,uint256)",
  OwnableUnauthorizedAccount: "OwnableUnauthorizedAccount(address)",
  UnlistedToken: "StakeVault_UnlistedToken(address)",
  ZeroAmount: "StakeVault_ZeroAmount()",
  ZeroAddress: "StakeVault_ZeroAddress()",
  InsufficientStake: "StakeVault_InsufficientStake(address,uint256,uint256)",
  InsufficientFreeStake: "StakeVault_InsufficientFreeStake(address,uint256,uint256)",
  UnknownEntry: "StakeVault_UnknownEntry(address,uint256)",
  NotMatured: "StakeVault_NotMatured(address,uint256,uint256,uint256)",
  EntryTooSmall: "StakeVault_EntryTooSmall(address,uint256,uint256,uint256)",
  Frozen: "StakeVault_Frozen(address,uint256,uint256)",
  QueueDiluted: "StakeVault_QueueDiluted(address)",
  NotSlasher: "StakeVault_NotSlasher(address)",
  SlasherUnknown: "StakeVault_SlasherUnknown(address)",
  VaultOutOfRange: "StakeVault_OutOfRange(bytes32,uint256,uint256,uint256)",
  ActivationPending: "StakeVault_ActivationPending(uint256,uint256)",
  NothingDeferred: "StakeVault_NothingDeferred(address)",
  CapReached: "StakeVault_CapReached(address,uint256)",
  NoSuchSlash: "StakeVault_NoSuchSlash(address,uint256)",
  AppealOpen: "StakeVault_AppealOpen(address,uint256,uint256,uint256)",
  WaitsForGovernance: "StakeVault_WaitsForGovernance(address,uint256)",
  NotGuardian: "StakeVault_NotGuardian(address)",
  MoreThanSlashed: "StakeVault_MoreThanSlashed(address,uint256,uint256,uint256)",
  AlreadyRestored: "Guardian_AlreadyRestored(address,uint256)",
  RightNotHeld: "Guardian_RightNotHeld(uint8,address,uint256,uint256)",
  NoRole: "NodeRegistry_NoRole()",
  AlreadyRegistered: "NodeRegistry_AlreadyRegistered(address,uint8)",
  NotRegistered: "NodeRegistry_NotRegistered(address)",
  StakeReserved: "NodeRegistry_StakeReserved(address,uint256)",
  KeyTaken: "NodeRegistry_KeyTaken(address,address)",
  NotOperator: "NodeRegistry_NotOperator(address,address)",
  SigningKeyMissing: "NodeRegistry_SigningKeyMissing(uint8)",
  MetadataLength: "NodeRegistry_MetadataLength(uint256,uint256,uint256)",
  RegistryOutOfRange: "NodeRegistry_OutOfRange(bytes32,uint256,uint256,uint256)",
  StandingNoRole: "NodeStanding_NoRole()",
  StandingNotRegistered: "NodeStanding_NotRegistered(address,uint8)",
  BelowRequirement: "NodeStanding_BelowRequirement(address,uint256,uint256)",
  ZeroLambda: "NodeStanding_ZeroLambda(uint8)",
  StandingOutOfRange: "NodeStanding_OutOfRange(bytes32,uint256,uint256,uint256)",
  InfeasibleBudget: "NodeStanding_InfeasibleBudget(uint256,uint256)",
  Unauthorised: "ModuleRights_Unauthorised(bytes32,address,uint256)",
} as const;

export type RefusalName = keyof typeof SIGNATURES;

export const REFUSAL_NAMES = Object.keys(SIGNATURES) as RefusalName[];

/** A bytes32 that holds text, as a number. */
export const text = (value: string): bigint => BigInt(encodeBytes32String(value));

export class Refusal extends Error {
  override readonly name: RefusalName;
  readonly values: readonly bigint[];

  constructor(name: RefusalName, ...values: (bigint | number)[]) {
    super(name);
    this.name = name;
    this.values = values.map(BigInt);
  }

  /** The data of the revert, hexadecimal. */
  get data(): string {
    const words = this.values.map((value) => value.toString(16).padStart(64, "0"));
    return id(SIGNATURES[this.name]).slice(2, 10) + words.join("");
  }
}

/** Refuses unless least ≤ value ≤ most. */
export const requireWithin = (
  name: "VaultOutOfRange" | "RegistryOutOfRange" | "StandingOutOfRange",
  of: string,
  value: bigint,
  least: bigint,
  most: bigint,
): void => {
  if (value < least || value > most) throw new Refusal(name, text(of), value, least, most);
};
