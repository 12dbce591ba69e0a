/** `masa deposit`, `withdraw-credit`: an account's prepaid credit for requests, and its earnings. */
import { Argument } from "commander";
import type { Command } from "commander";

import { accountCommand, approve, say, withAccount } from "../account.ts";
import type { AccountOptions } from "../account.ts";
import { masa } from "../format.ts";
import { masaAmount } from "../options.ts";

const amount = (): Argument => new Argument("<masa>", "amount of MASA, such as 12.5").argParser(masaAmount);

export function creditCommands(): Command[] {
  return [
    accountCommand("deposit", "adds MASA to the account's prepaid credit for requests")
      .addArgument(amount())
      .action((amountWei: bigint, options: AccountOptions) =>
        withAccount(options, async (connection, account) => {
          const { escrow } = connection.contracts;
          await approve(connection, account, connection.manifest.contracts.escrow, amountWei);
          await connection.send(() => escrow.deposit(amountWei));
          say(`${account} has ${masa(await escrow.creditOf(account))} MASA of credit`);
        }),
      ),
    accountCommand("withdraw-credit", "pays out credit: what was earned, refunded or never used")
      .addArgument(amount())
      .action((amountWei: bigint, options: AccountOptions) =>
        withAccount(options, async (connection, account) => {
          const { escrow } = connection.contracts;
          await connection.send(() => escrow.withdrawCredit(account, amountWei));
          const left = await escrow.creditOf(account);
          say(`${masa(amountWei)} MASA paid out, ${masa(left)} MASA of credit left`);
        }),
      ),
  ];
}
