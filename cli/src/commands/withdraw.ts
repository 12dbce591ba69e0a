/** `masa withdraw`: pays out a matured unbonding entry, or a part of it. */
import { Option } from "commander";
import type { Command } from "commander";

import { tokenAmount } from "#sdk";

import {
  accountCommand,
  amountText,
  chosenToken,
  eventOf,
  readAmount,
  say,
  tokenOption,
  withAccount,
} from "../account.ts";
import type { AccountOptions, TokenOptions } from "../account.ts";
import { address } from "../options.ts";
import { entryArgument } from "./unbond.ts";

interface WithdrawOptions extends AccountOptions, TokenOptions {
  readonly amount: string;
  readonly to?: string;
}

export function withdrawCommand(): Command {
  return accountCommand("withdraw", "withdraws a matured unbonding entry")
    .addArgument(entryArgument())
    .addOption(tokenOption())
    .addOption(
      new Option("--amount <amount>", "a part of the entry; the rest stays in it")
        .default("all")
        .argParser(amountText),
    )
    .addOption(new Option("--to <address>", "who receives it (default: the account)").argParser(address))
    .action((id: number, options: WithdrawOptions) =>
      withAccount(options, async (connection, account) => {
        const { vault } = connection.contracts;
        const token = chosenToken(connection, options);
        const units = readAmount(options.amount, token);
        const recipient = options.to ?? account;
        const receipt = await connection.send(() => vault.withdraw(token.address, id, units, recipient));
        const paid = eventOf(receipt, vault, "Withdrawn")?.["amount"] as bigint;
        say(`${tokenAmount(paid, token)} withdrawn to ${recipient}`);
      }),
    );
}
