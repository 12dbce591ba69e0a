/** `masa unbond start|cancel|list`: the queue in which stake waits, slashable, before it can be withdrawn. */
import { Argument, Command } from "commander";
import Table from "cli-table3";

import { dateOf, tokenAmount } from "#sdk";
import type { Connection, TokenInfo } from "#sdk";

import {
  accountArgument,
  accountCommand,
  amountText,
  chosenToken,
  readAmount,
  readCommand,
  say,
  tokenOption,
  withAccount,
  withNetwork,
} from "../account.ts";
import type { AccountOptions, TokenOptions } from "../account.ts";
import { wholeNumber } from "../options.ts";
import type { NetworkOptions } from "../options.ts";

type Options = AccountOptions & TokenOptions;

/** Entries of a queue that are read in one call. */
const PAGE = 200n;

function start(): Command {
  return accountCommand("start", "starts to unbond stake; it stays slashable until it is withdrawn")
    .addArgument(new Argument("<amount>", "amount, such as 12.5, or all of it").argParser(amountText))
    .addOption(tokenOption())
    .action((amount: string, options: Options) =>
      withAccount(options, async (connection, account) => {
        const { vault } = connection.contracts;
        const token = chosenToken(connection, options);
        const units = readAmount(amount, token);
        const id = (await vault.positionOf(account, token.address)).nextUnbondingId;
        await connection.send(() => vault.startUnbonding(token.address, units));
        const { entry, worth } = await vault.unbondingEntryOf(account, token.address, id);
        say(`entry ${id}: ${tokenAmount(worth, token)}, can be withdrawn from ${dateOf(entry.maturesAt)}`);
      }),
    );
}

function cancel(): Command {
  return accountCommand("cancel", "stakes an entry again, matured or not")
    .addArgument(entryArgument())
    .addOption(tokenOption())
    .action((id: number, options: Options) =>
      withAccount(options, async (connection, account) => {
        const { vault } = connection.contracts;
        const token = chosenToken(connection, options);
        await connection.send(() => vault.cancelUnbonding(token.address, id));
        const { staked } = await vault.positionOf(account, token.address);
        say(`entry ${id} is cancelled; ${account} stakes ${tokenAmount(staked, token)}`);
      }),
    );
}

/** Entries that were neither withdrawn nor cancelled, oldest first. */
async function entriesOf({ contracts }: Connection, account: string, token: TokenInfo) {
  const { nextUnbondingId: end } = await contracts.vault.positionOf(account, token.address);
  const entries = [];
  for (let id = 0n; id < end; id += PAGE) {
    entries.push(...(await contracts.lens.unbondingOf(account, token.address, id, PAGE)));
  }
  return entries;
}

function list(): Command {
  return readCommand("list", "shows what is unbonding, of both tokens")
    .addArgument(accountArgument())
    .action((account: string, options: NetworkOptions) =>
      withNetwork(options, async (connection) => {
        const { timestamp } = await connection.latest();
        const table = new Table({ head: ["token", "entry", "worth now", "can be withdrawn from"] });
        for (const token of [connection.tokens.masa, connection.tokens.tao]) {
          if (token === null) continue;
          for (const { id, worth, maturesAt } of await entriesOf(connection, account, token)) {
            const when = maturesAt <= BigInt(timestamp) ? "now" : dateOf(maturesAt);
            table.push([token.symbol.toLowerCase(), String(id), tokenAmount(worth, token), when]);
          }
        }
        say(table.length === 0 ? `nothing of ${account} is unbonding` : table.toString());
      }),
    );
}

export const entryArgument = (): Argument =>
  new Argument("<id>", "number of the entry").argParser(wholeNumber(0, 16_777_215));

export function unbondCommand(): Command {
  return new Command("unbond")
    .description("takes stake out, through a queue in which it can still be slashed")
    .addCommand(start())
    .addCommand(cancel())
    .addCommand(list());
}
