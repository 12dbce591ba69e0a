/** `masa requirement`: what a node must stake now and after the next roll, and what its utility would change. */
import { InvalidArgumentError, Option } from "commander";
import type { Command } from "commander";
import Table from "cli-table3";
import { parseUnits } from "ethers";

import { MasaError, ROLES } from "#sdk";

import { accountArgument, readCommand, say, withNetwork } from "../account.ts";
import { masa, share } from "../format.ts";
import type { NetworkOptions } from "../options.ts";

interface RequirementOptions extends NetworkOptions {
  readonly utilityChange: bigint;
}

function change(text: string): bigint {
  if (!/^[+-]?(0(\.[0-9]{1,18})?|1(\.0{1,18})?)$/.test(text))
    throw new InvalidArgumentError("not a number from -1 to 1");
  return parseUnits(text.replace(/^\+/, ""), 18);
}

export function requirementCommand(): Command {
  return readCommand("requirement", "shows what a node must stake now and next, and what it lacks")
    .addArgument(accountArgument())
    .addOption(
      new Option("--utility-change <d>", "what if its utility moved by this, such as -0.1")
        .default(0n, "0")
        .argParser(change),
    )
    .action((account: string, options: RequirementOptions) =>
      withNetwork(options, async ({ contracts: { registry, standing } }) => {
        const role = await registry.roleOf(account);
        if (role === 0n) throw new MasaError("MASA-403", `${account} is not registered`);
        const [view, utility] = await Promise.all([
          standing.previewRequirement(account, role, options.utilityChange),
          standing.utilityOf(account, role),
        ]);
        const table = new Table({ head: [`${ROLES[Number(role)]}, MASA`, "now", "after the next roll"] });
        table.push(
          ["utility", share(utility), share(view.nextUtility)],
          ["requirement", masa(view.requirement), masa(view.nextRequirement)],
          ["stake that counts", masa(view.stakeUnits), masa(view.nextStakeUnits)],
          ["shortfall", masa(view.shortfall), masa(view.nextShortfall)],
        );
        say(table.toString());
        const grace = view.graceLeft;
        say(
          grace === 0n
            ? "no grace is left: a node that falls short is ineligible at once"
            : `grace: falling short leaves it eligible for ${grace} ${grace === 1n ? "epoch" : "epochs"}, this one included`,
        );
        if (options.utilityChange !== 0n) {
          say(`with that utility it would need ${masa(view.requirementIfChanged)} MASA now`);
        }
      }),
    );
}
