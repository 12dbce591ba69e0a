/** `masa nodes`: the nodes of a role, a page at a time. */
import { Argument, Option } from "commander";
import type { Command } from "commander";
import Table from "cli-table3";

import { endpointOf, ROLES } from "#sdk";
import type { Role } from "#sdk";

import { readCommand, say, withNetwork } from "../account.ts";
import { masa, share } from "../format.ts";
import { wholeNumber } from "../options.ts";
import type { NetworkOptions } from "../options.ts";

interface NodesOptions extends NetworkOptions {
  readonly page: number;
  readonly size: number;
}

export function nodesCommand(): Command {
  return readCommand("nodes", "lists the nodes of a role")
    .addArgument(new Argument("<role>", "role").choices(ROLES.filter((role) => role !== "none")))
    .addOption(new Option("--page <n>", "page, from 1 on").default(1).argParser(wholeNumber(1, 1_000_000)))
    .addOption(new Option("--size <n>", "nodes a page").default(20).argParser(wholeNumber(1, 100)))
    .action((role: Role, options: NodesOptions) =>
      withNetwork(options, async ({ contracts: { lens } }) => {
        const { page, size } = options;
        const found = await lens.nodesOf(ROLES.indexOf(role), (page - 1) * size, size);
        const pages = Math.max(1, Math.ceil(Number(found.total) / size));
        const table = new Table({
          head: ["account", "utility", "stake", "requirement (MASA)", "state", "endpoint"],
        });
        for (const node of found.page) {
          const states = [
            ...(node.short ? ["short"] : []),
            ...(node.suspended ? ["suspended"] : []),
            ...(node.seated ? ["seated"] : []),
          ];
          table.push([
            node.account,
            share(node.utility),
            masa(node.stakeUnits),
            masa(node.requirement),
            states.join(", ") || "eligible",
            endpointOf(node.metadata) ?? "",
          ]);
        }
        if (found.page.length > 0) say(table.toString());
        say(`${found.total} ${role === "oracle" ? "oracle nodes" : `${role}s`}, page ${page} of ${pages}`);
      }),
    );
}
