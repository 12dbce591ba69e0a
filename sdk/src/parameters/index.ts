/** The registry of everything that governance can change: its values, its setters, and the calls that change them. */
import { Result } from "ethers";
import type { FunctionFragment, ParamType } from "ethers";

import { contractInterface } from "../contracts.ts";
import type { ContractKey, MasaContracts } from "../contracts.ts";
import { MasaError } from "../errors.ts";
import { OWNER_ACTS, TREASURY_ACTS } from "./acts.ts";
import { GOVERNANCE_SETS } from "./governance.ts";
import { MARKET_SETS } from "./market.ts";
import { NODE_SETS } from "./nodes.ts";
import { REWARD_SETS } from "./rewards.ts";
import { STAKE_SETS } from "./stake.ts";
import type { ClassId, Parameter, ParameterSet, ParameterValue } from "./types.ts";
import { parseParameter } from "./values.ts";

export { OWNED, OWNER_ACTS, TREASURY_ACTS } from "./acts.ts";
export { CLASS_NAMES } from "./types.ts";
export type { ClassId, OwnerAct, Parameter, ParameterSet, ParameterValue, Unit } from "./types.ts";
export { formatParameter, parseParameter, textOfParameter } from "./values.ts";

export const PARAMETER_SETS: readonly ParameterSet[] = [
  ...MARKET_SETS,
  ...NODE_SETS,
  ...STAKE_SETS,
  ...REWARD_SETS,
  ...GOVERNANCE_SETS,
];

interface Found {
  readonly set: ParameterSet;
  readonly parameter: Parameter;
}

const BY_ID: ReadonlyMap<string, Found> = new Map(
  PARAMETER_SETS.flatMap((set) => set.parameters.map((parameter) => [parameter.id, { set, parameter }])),
);

/** Ids of all parameters, in the order of the registry. */
export const PARAMETER_IDS: readonly string[] = [...BY_ID.keys()];

/** Throws MASA-109 for an id that the registry does not know, with those that come near. */
export function findParameter(id: string): Found {
  const found = BY_ID.get(id);
  if (found !== undefined) return found;
  const last = id.slice(id.lastIndexOf(".") + 1).toLowerCase();
  const near = PARAMETER_IDS.filter((known) => known.toLowerCase().includes(last) && last !== "").slice(0, 5);
  throw new MasaError(
    "MASA-109",
    `no parameter ${id}${near.length > 0 ? `; there are ${near.join(", ")}` : ""}`,
  );
}

export function setterFragment({
  contract,
  setter,
}: Pick<ParameterSet, "contract" | "setter">): FunctionFragment {
  const fragment = contractInterface(contract).getFunction(setter);
  if (fragment === null) throw new TypeError(`${contract} has no function ${setter}`);
  return fragment;
}

const plain = (name: string): string => name.replace(/_$/, "");

/** The values that a setter takes, in its order: members of its struct, or its arguments after the leading ones. */
export function setterFields(set: ParameterSet): readonly ParamType[] {
  const { inputs } = setterFragment(set);
  const last = inputs.at(-1);
  if (last?.baseType === "tuple" && last.components !== null) return last.components;
  return inputs.slice(-set.parameters.length);
}

const takesStruct = (set: ParameterSet): boolean => setterFragment(set).inputs.at(-1)?.baseType === "tuple";

/** The values of today, by field. */
export async function readParameterSet(
  contracts: MasaContracts,
  set: ParameterSet,
): Promise<ReadonlyMap<string, ParameterValue>> {
  const answer = await set.read(contracts);
  const values = (answer instanceof Result ? answer.toObject() : answer) as Record<string, ParameterValue>;
  return new Map(
    set.parameters.map(({ field }) => {
      const value = values[field];
      if (value === undefined) throw new TypeError(`${set.group} does not read ${field}`);
      return [field, value];
    }),
  );
}

export interface ParameterChange {
  readonly parameter: Parameter;
  readonly previous: ParameterValue;
  readonly current: ParameterValue;
}

/** One call of a setter, and what it changes. */
export interface ParameterCall {
  readonly set: ParameterSet;
  readonly target: string;
  readonly data: string;
  readonly changes: readonly ParameterChange[];
}

async function encodeSet(
  contracts: MasaContracts,
  set: ParameterSet,
  asked: ReadonlyMap<string, ParameterValue>,
): Promise<ParameterCall> {
  const present = await readParameterSet(contracts, set);
  const values = setterFields(set).map(({ name }) => asked.get(plain(name)) ?? present.get(plain(name)));
  const leading = (await set.leading?.(contracts)) ?? [];
  const data = contractInterface(set.contract).encodeFunctionData(setterFragment(set), [
    ...leading,
    ...(takesStruct(set) ? [values] : values),
  ]);
  const changes = set.parameters.flatMap((parameter) => {
    const current = asked.get(parameter.field);
    const previous = present.get(parameter.field) as ParameterValue;
    return current === undefined ? [] : [{ parameter, previous, current }];
  });
  return { set, target: await contracts[set.contract].getAddress(), data, changes };
}

/**
 * The calls that give parameters new values: one for each setter, the others of its values as they are today. Throws
 * MASA-109 for an unknown id, MASA-110 for a value that is malformed, outside the hard bounds, or what it is already.
 */
export async function encodeParameters(
  contracts: MasaContracts,
  wanted: readonly (readonly [id: string, text: string])[],
): Promise<ParameterCall[]> {
  const asked = new Map<ParameterSet, Map<string, ParameterValue>>();
  for (const [id, text] of wanted) {
    const { set, parameter } = findParameter(id);
    const values = asked.get(set) ?? new Map<string, ParameterValue>();
    if (values.has(parameter.field)) throw new MasaError("MASA-110", `${id} is given twice`);
    asked.set(set, values.set(parameter.field, parseParameter(parameter, text)));
  }
  const calls: ParameterCall[] = [];
  for (const [set, values] of asked) calls.push(await encodeSet(contracts, set, values));
  for (const { parameter, previous, current } of calls.flatMap(({ changes }) => changes)) {
    if (previous === current) throw new MasaError("MASA-110", `${parameter.id} has this value already`);
  }
  return calls;
}

/** The set that a call of a setter is about: by the setter, and by its leading arguments where several sets share it. */
async function setOfCall(
  contracts: MasaContracts,
  contract: ContractKey,
  data: string,
): Promise<{ readonly set: ParameterSet; readonly args: Result } | null> {
  for (const set of PARAMETER_SETS) {
    const fragment = setterFragment(set);
    if (set.contract !== contract || !data.startsWith(fragment.selector)) continue;
    const args = contractInterface(contract).decodeFunctionData(fragment, data);
    const leading = (await set.leading?.(contracts)) ?? [];
    if (leading.every((value, index) => String(value) === String(args[index]))) return { set, args };
  }
  return null;
}

/** What a call of a setter changes of the values of today; null where `data` is no call of a setter of `contract`. */
export async function readParameterCall(
  contracts: MasaContracts,
  contract: ContractKey,
  data: string,
): Promise<{ readonly set: ParameterSet; readonly changes: readonly ParameterChange[] } | null> {
  const found = await setOfCall(contracts, contract, data);
  if (found === null) return null;
  const { set, args } = found;
  const given = (takesStruct(set) ? args.at(-1) : args.slice(-set.parameters.length)) as Result;
  const names = setterFields(set).map(({ name }) => plain(name));
  const present = await readParameterSet(contracts, set);
  const changes = set.parameters.map((parameter) => ({
    parameter,
    previous: present.get(parameter.field) as ParameterValue,
    current: given[names.indexOf(parameter.field)] as ParameterValue,
  }));
  return { set, changes: changes.filter(({ previous, current }) => previous !== current) };
}

export interface Assignment {
  readonly contract: ContractKey;
  readonly classId: ClassId;
  readonly selectors: readonly string[];
}

/** What the deployment assigns to classes: every call that the registry knows and the strictest class need not hold. */
export function classAssignments(): Assignment[] {
  const found = new Map<string, { contract: ContractKey; classId: ClassId; selectors: Set<string> }>();
  const calls = [
    ...PARAMETER_SETS.map(({ contract, setter, classId }) => ({ contract, name: setter, classId })),
    ...OWNER_ACTS,
    ...TREASURY_ACTS,
  ];
  for (const { contract, name, classId } of calls) {
    if (classId === 3) continue;
    const key = `${contract}:${classId}`;
    const one = found.get(key) ?? { contract, classId, selectors: new Set<string>() };
    one.selectors.add(setterFragment({ contract, setter: name }).selector);
    found.set(key, one);
  }
  return [...found.values()].map((one) => ({ ...one, selectors: [...one.selectors] }));
}
