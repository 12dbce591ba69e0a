/** Calls that governance can make and that set no parameter. */
import type { ContractKey } from "../contracts.ts";
import type { OwnerAct } from "./types.ts";

/** Contracts that lend rights to modules (contracts/access/ModuleRights.sol). */
export const WITH_MODULES = [
  "standing",
  "validatorSet",
  "escrow",
  "emissions",
  "distributor",
  "offences",
  "votes",
] as const satisfies readonly ContractKey[];

/** Contracts with an owner. */
export const OWNED = [
  "vault",
  "registry",
  "feePool",
  "epochManager",
  "guardian",
  "classes",
  "reviews",
  "reputation",
  ...WITH_MODULES,
] as const satisfies readonly ContractKey[];

const act = (
  contract: ContractKey,
  name: string,
  classId: OwnerAct["classId"],
  meaning: string,
): OwnerAct => ({
  contract,
  name,
  classId,
  meaning,
});

/** Calls that nobody but the timelock may make. */
export const OWNER_ACTS: readonly OwnerAct[] = [
  act("vault", "scheduleSlasher", 2, "lets a contract slash, after vault.moduleDelay"),
  act("vault", "revokeSlasher", 2, "takes the right to slash away, at once and for good"),
  act("vault", "scheduleObserver", 2, "names who is told of every change of stake, after vault.moduleDelay"),
  act("guardian", "lend", 2, "lends one of the guardian's three rights for a term, or takes it back"),
  act("reviews", "markReviewed", 0, "says that a group of parameters was reviewed"),
  act("reviews", "addGroup", 2, "adds a group to those that are reviewed"),
  act("reviews", "removeGroup", 2, "removes a group from those that are reviewed"),
  act(
    "classes",
    "assign",
    2,
    "puts calls of a selector into a class; as strict as the stricter of both classes",
  ),
  act("classes", "assignMany", 2, "likewise, for many selectors"),
  ...WITH_MODULES.flatMap((contract) => [
    act(contract, "grantModule", 2, "lets a contract use a right, after vault.moduleDelay"),
    act(contract, "revokeModule", 2, "takes a right away, at once"),
  ]),
  ...OWNED.flatMap((contract) => [
    act(contract, "transferOwnership", 3, "gives the contract to another owner"),
    act(contract, "renounceOwnership", 3, "leaves the contract without an owner, for good"),
  ]),
  act("timelock", "grantRole", 3, "gives somebody a role of the timelock"),
  act("timelock", "revokeRole", 3, "takes a role of the timelock from somebody"),
  act("governor", "relay", 3, "makes a call in the governor's name"),
  act("governor", "updateTimelock", 3, "moves the governor to another timelock"),
];

/** Calls that others may make as well: of the treasury, and of the guardian's holder. */
export const TREASURY_ACTS: readonly OwnerAct[] = [
  act("masa", "transfer", 2, "pays MASA out of the treasury"),
  act("masa", "approve", 2, "lets somebody take MASA out of the treasury"),
  act("emissions", "fund", 1, "pays MASA of the treasury into the pool of emissions"),
  act("vault", "releaseSlash", 1, "releases a slash whose guardian had lapsed"),
  act("guardian", "reverseSlash", 1, "reverses a slash during its appeal"),
  act("distributor", "cancelRoot", 1, "cancels a root of rewards before it pays"),
];
