/** `masa delegate`, `masa delegate show`, `masa undelegate`: to whom votes are delegated, in whole or in part. */
import { Argument, Option } from "commander";
import type { Command } from "commander";
import Table from "cli-table3";

import { amountOf, ROLES } from "#sdk";
import type { Connection } from "#sdk";

import { accountArgument, accountCommand, readCommand, say, withAccount, withNetwork } from "../account.ts";
import type { AccountOptions } from "../account.ts";
import { recordLines } from "../governance/record.ts";
import { address, masaAmount } from "../options.ts";
import type { NetworkOptions } from "../options.ts";

interface DelegateOptions extends AccountOptions {
  readonly units?: bigint;
}

async function describe(connection: Connection, account: string): Promise<string> {
  const { votes, registry } = connection.contracts;
  const [units, residual, edges, delegatee, current, role] = await Promise.all([
    votes.unitsOf(account),
    votes.residualOf(account),
    votes.edgesOf(account),
    votes.delegates(account),
    votes.getVotes(account),
    registry.roleOf(account),
  ]);
  const table = new Table({ head: ["delegated to", "MASA"] });
  table.push([delegatee === account ? "itself" : delegatee, amountOf(residual, 18)]);
  for (const edge of edges) table.push([edge.delegatee, amountOf(edge.units, 18)]);
  const own = delegatee === account ? residual : 0n;
  return [
    `${account}, ${ROLES[Number(role)] ?? "none"}: stakes ${amountOf(units, 18)} MASA`,
    table.toString(),
    `votes with ${amountOf(current, 18)} MASA, ${amountOf(current - own, 18)} of it delegated by others`,
    ...(await recordLines(connection, account)),
  ].join("\n");
}

export function delegateCommands(): Command[] {
  const show = readCommand("show", "shows an account's delegations, its votes and its record")
    .addArgument(accountArgument())
    .action((account: string, options: NetworkOptions) =>
      withNetwork(options, async (connection) => say(await describe(connection, account))),
    );
  const delegate = accountCommand(
    "delegate",
    "delegates votes to a validator or worker: all that is on no edge, or a part as an edge of its own",
  )
    .addArgument(new Argument("<to>", "validator or worker").argParser(address))
    .addOption(new Option("--units <masa>", "this much of the stake, as an edge").argParser(masaAmount))
    .action((to: string, { units, ...options }: DelegateOptions) =>
      withAccount(options, async (connection, account) => {
        const { votes } = connection.contracts;
        await connection.send(() =>
          units === undefined ? votes.delegate(to) : votes.delegateUnits(to, units),
        );
        const residual = await votes.residualOf(account);
        say(
          units === undefined
            ? `${amountOf(residual, 18)} MASA of ${account} vote through ${to}`
            : `${amountOf(units, 18)} MASA of ${account} vote through ${to}, ${amountOf(residual, 18)} are on no edge`,
        );
      }),
    )
    .enablePositionalOptions()
    .addCommand(show);
  const undelegate = accountCommand(
    "undelegate",
    "takes delegated votes back: all of them, or what goes to one account",
  )
    .addArgument(new Argument("[from]", "only what goes to this account").argParser(address))
    .action((from: string | undefined, options: AccountOptions) =>
      withAccount(options, async (connection, account) => {
        const { votes } = connection.contracts;
        const [edges, delegatee] = await Promise.all([votes.edgesOf(account), votes.delegates(account)]);
        const ended = edges.filter((edge) => from === undefined || edge.delegatee === from);
        for (const edge of ended) await connection.send(() => votes.delegateUnits(edge.delegatee, 0n));
        const moved = delegatee !== account && (from === undefined || from === delegatee);
        if (moved) await connection.send(() => votes.delegate(account));
        if (ended.length === 0 && !moved) return say(`${account} has nothing to take back`);
        say(`${account} votes with ${amountOf(await votes.getVotes(account), 18)} MASA`);
      }),
    );
  return [delegate, undelegate];
}
