/** `masa poke`: holds a node to its requirement; who finds one short is paid from its deposit. */
import type { Command } from "commander";

import { accountArgument, accountCommand, eventOf, say, withAccount } from "../account.ts";
import type { AccountOptions } from "../account.ts";
import { masa } from "../format.ts";

export function pokeCommand(): Command {
  return accountCommand(
    "poke",
    "folds a node's finished work into its utility and holds it to its requirement",
  )
    .addArgument(accountArgument())
    .action((node: string, options: AccountOptions) =>
      withAccount(options, async (connection) => {
        const { registry } = connection.contracts;
        const receipt = await connection.send(() => registry.poke(node));
        const { short, requirement, stakeUnits } = await registry.nodeOf(node);
        say(
          `${node} stakes ${masa(stakeUnits)}, needs ${masa(requirement)} MASA${short ? " and is marked short" : ""}`,
        );
        const paid = eventOf(receipt, registry, "Poked");
        if (paid) say(`${masa(paid["bounty"] as bigint)} MASA of its deposit are yours for finding it short`);
      }),
    );
}
