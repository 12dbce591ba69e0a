/** What is checked on chain of who governs: roles of the timelock, classes of calls, terms, the guardian's rights. */
import { encodeBytes32String } from "ethers";

import { contractInterface } from "../sdk/src/contracts.ts";
import type { MasaContracts } from "../sdk/src/contracts.ts";
import type { Manifest } from "../sdk/src/manifest.ts";
import { classAssignments, PARAMETER_SETS } from "../sdk/src/parameters/index.ts";
import { CLASS_NAMES } from "../sdk/src/parameters/types.ts";
import type { Roles } from "../sdk/src/roles.ts";
import type { DeployParameters } from "./params.ts";

export function wrongRoles(roles: Roles, manifest: Manifest, params: DeployParameters): string[] {
  const { timelock, governor } = manifest.contracts;
  const rulers = [governor, ...(params.timelock.council ?? [])];
  const wrong: string[] = [];
  for (const [role, holders] of Object.entries(roles.timelock)) {
    const expected = role === "admin" ? [timelock] : rulers;
    for (const account of holders.filter((holder) => !expected.includes(holder)))
      wrong.push(`${account} is ${role} of the timelock`);
    for (const account of expected.filter((holder) => !holders.includes(holder)))
      wrong.push(`${account} is not ${role} of the timelock`);
  }
  return wrong;
}

/** Calls of the classes belong at least to what they change: here they change what is of the laxest class. */
function ownCall(selector: string, { contracts: at }: Manifest): string {
  const classes = contractInterface("classes");
  const reviewed = contractInterface("reviews").getFunction("markReviewed")?.selector;
  if (selector !== classes.getFunction("assign")?.selector) return `${selector}${"0".repeat(64 * 3)}`;
  return classes.encodeFunctionData("assign", [at.reviews, reviewed, 0]);
}

/** Every call that the registry knows must be of its class. */
export async function wrongClasses(c: MasaContracts, manifest: Manifest): Promise<string[]> {
  const calls = classAssignments().flatMap(({ contract, classId, selectors }) =>
    selectors.map((selector) => ({ contract, classId, selector })),
  );
  const found = await Promise.all(
    calls.map(async ({ contract, classId, selector }) => {
      const data = contract === "classes" ? ownCall(selector, manifest) : selector;
      const own = await c.classes.classOf(manifest.contracts[contract], data);
      return own === BigInt(classId) ? [] : [`${contract} ${selector} is of class ${own}, not ${classId}`];
    }),
  );
  return found.flat();
}

export async function wrongTerms(c: MasaContracts, params: DeployParameters): Promise<string[]> {
  const wrong: string[] = [];
  const { classes, minVotingPeriod, ...settings } = params.governance;
  if ((await c.classes.minVotingPeriod()) !== minVotingPeriod) wrong.push("classes.minVotingPeriod differs");
  const found = await c.governor.settings();
  for (const [name, value] of Object.entries(settings)) {
    if (found[name as keyof typeof settings] !== value) wrong.push(`governor.${name} differs`);
  }
  for (const [index, name] of CLASS_NAMES.entries()) {
    const own = await c.classes.classAt(index);
    for (const [member, value] of Object.entries(classes[name])) {
      if (own[member as keyof typeof own] !== value) wrong.push(`classes.${name}.${member} differs`);
    }
  }
  for (const { group, classId, contract } of PARAMETER_SETS) {
    if (contract === "classes") continue;
    const known = await c.reviews.groupOf(encodeBytes32String(group));
    if (known.position === 0n || known.classId !== BigInt(classId)) wrong.push(`${group} is not reviewed`);
  }
  return wrong;
}

export function wrongGuardian({ guardian }: Roles, manifest: Manifest, params: DeployParameters): string[] {
  const holder = params.guardian.holder ?? params.timelock.council?.[0] ?? manifest.deployer;
  const expected = params.guardian.term === 0n ? null : holder;
  return guardian
    .filter((lent) => lent.holder !== expected)
    .map((lent) => `${lent.holder ?? "nobody"} may ${lent.right}, not ${expected ?? "nobody"}`);
}
