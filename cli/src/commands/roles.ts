/** `masa roles`: who may do what, read from the chain. `masa handover`: a council renounces its roles. */
import type { Command } from "commander";
import Table from "cli-table3";

import { dateOf, decimalOf, MasaError, momentOf, nameOf, readRoles, TIMELOCK_ROLES } from "#sdk";
import type { Connection } from "#sdk";

import { accountCommand, readCommand, say, withAccount, withNetwork } from "../account.ts";
import type { AccountOptions } from "../account.ts";
import type { NetworkOptions } from "../options.ts";

const RULING = ["proposer", "canceller", "executor"] as const;

async function describeRoles(connection: Connection): Promise<string> {
  const { contracts, manifest } = connection;
  const { number, timestamp } = await connection.latest();
  const now = BigInt(timestamp);
  const roles = await readRoles(contracts, manifest, number);
  const named = (account: string): string => {
    const name = nameOf(manifest, account);
    return name === null ? account : `${name} ${account}`;
  };
  const table = new Table({ head: ["what", "who", "since, until, how much"] });
  for (const [contract, owner] of roles.owners) table.push([`owner of ${contract}`, named(owner), ""]);
  for (const [role, holders] of Object.entries(roles.timelock)) {
    for (const holder of holders) table.push([`${role} of the timelock`, named(holder), ""]);
    if (holders.length === 0) table.push([`${role} of the timelock`, "nobody", ""]);
  }
  for (const { contract, right, module, activeFrom } of roles.modules)
    table.push([
      `right ${right} of ${contract}`,
      named(module),
      activeFrom <= now ? `since ${dateOf(activeFrom)}` : `from ${momentOf(activeFrom, now)}`,
    ]);
  for (const { slasher, capShare, activeFrom, activated } of roles.slashers) {
    const cap = capShare === null ? "no cap: proofs" : `at most ${decimalOf(capShare)} of all stake an epoch`;
    table.push([
      "slashes stake",
      named(slasher),
      activated ? cap : `${cap}; from ${momentOf(activeFrom, now)}, once activated`,
    ]);
  }
  for (const { right, holder, until } of roles.guardian) {
    const over = holder === null || until < now;
    table.push([
      `may ${right}`,
      over ? "timelock alone" : named(holder),
      holder === null ? "" : `until ${momentOf(until, now)}`,
    ]);
  }
  return table.toString();
}

export function roleCommands(): Command[] {
  return [
    readCommand("roles", "lists who may do what: owners, rights, roles of the timelock, the guardian").action(
      (options: NetworkOptions) =>
        withNetwork(options, async (connection) => say(await describeRoles(connection))),
    ),
    accountCommand(
      "handover",
      "for a member of the bootstrap council: renounces its roles of the timelock, so that the governor alone holds them",
    ).action((options: AccountOptions) =>
      withAccount(options, async (connection, account) => {
        const { timelock } = connection.contracts;
        const held: (typeof RULING)[number][] = [];
        for (const role of RULING) if (await timelock.hasRole(TIMELOCK_ROLES[role], account)) held.push(role);
        if (held.length === 0) throw new MasaError("MASA-704", `${account} holds no role of the timelock`);
        for (const role of held)
          await connection.send(() => timelock.renounceRole(TIMELOCK_ROLES[role], account));
        say(`${account} is no ${held.join(", no ")} of the timelock any more`);
      }),
    ),
  ];
}
