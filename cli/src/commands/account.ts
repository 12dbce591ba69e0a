/** `masa stake`, `unbond`, `withdraw`, `deposit`, `withdraw-credit`: moving an account's MASA in and out. */
import { Argument, Command } from "commander";

import { connect } from "#sdk";
import type { Connection } from "#sdk";

import { masa } from "../format.ts";
import { keyOption, masaAmount, networkOptions, readKey, wholeNumber } from "../options.ts";
import type { KeyOptions, NetworkOptions } from "../options.ts";

type Options = NetworkOptions & KeyOptions;

/** Opens a connection with the user's key for one piece of work, and closes it whatever happens. */
export async function withAccount(
  options: Options,
  work: (connection: Connection, account: string) => Promise<void>,
): Promise<void> {
  const connection = await connect({
    rpcUrl: options.rpc,
    manifestPath: options.manifest,
    privateKey: await readKey(options),
  });
  try {
    await work(connection, connection.wallet?.address ?? "");
  } finally {
    connection.close();
  }
}

export function accountCommand(name: string, description: string): Command {
  const command = new Command(name).description(description);
  for (const option of [...networkOptions(), keyOption()]) command.addOption(option);
  return command;
}

const say = (line: string): void => void process.stdout.write(`${line}\n`);
const amount = (): Argument => new Argument("<masa>", "amount of MASA, such as 12.5").argParser(masaAmount);

/** Approves exactly what is about to be taken, where the allowance does not cover it. */
async function approve(
  connection: Connection,
  account: string,
  spender: string,
  amountWei: bigint,
): Promise<void> {
  const { masa: token } = connection.contracts;
  if ((await token.allowance(account, spender)) >= amountWei) return;
  await connection.send(() => token.approve(spender, amountWei));
}

export function accountCommands(): Command[] {
  return [
    accountCommand("stake", "stakes MASA of the account of MASA_KEY")
      .addArgument(amount())
      .action((amountWei: bigint, options: Options) =>
        withAccount(options, async (connection, account) => {
          const { vault } = connection.contracts;
          const { masa: token } = connection.manifest.contracts;
          await approve(connection, account, connection.manifest.contracts.vault, amountWei);
          await connection.send(() => vault.stake(token, amountWei));
          say(`${account} stakes ${masa(await vault.masaStakeOf(account))} MASA`);
        }),
      ),
    accountCommand("unbond", "starts to unbond stake; it stays slashable until it is withdrawn")
      .addArgument(amount())
      .action((amountWei: bigint, options: Options) =>
        withAccount(options, async (connection, account) => {
          const { vault } = connection.contracts;
          const { masa: token } = connection.manifest.contracts;
          const id = (await vault.positionOf(account, token)).nextUnbondingId;
          await connection.send(() => vault.startUnbonding(token, amountWei));
          const { entry } = await vault.unbondingEntryOf(account, token, id);
          say(`entry ${id} can be withdrawn from ${new Date(Number(entry.maturesAt) * 1_000).toISOString()}`);
        }),
      ),
    accountCommand("withdraw", "withdraws a matured unbonding entry")
      .addArgument(new Argument("<id>", "id of the entry").argParser(wholeNumber(0, 16_777_215)))
      .action((id: number, options: Options) =>
        withAccount(options, async (connection, account) => {
          const { vault } = connection.contracts;
          const { masa: token } = connection.manifest.contracts;
          const { amount: worth } = await vault.unbondingEntryOf(account, token, id);
          await connection.send(() => vault.withdraw(token, id));
          say(`${masa(worth)} MASA withdrawn`);
        }),
      ),
    accountCommand("deposit", "adds MASA to the account's prepaid credit for requests")
      .addArgument(amount())
      .action((amountWei: bigint, options: Options) =>
        withAccount(options, async (connection, account) => {
          const { escrow } = connection.contracts;
          await approve(connection, account, connection.manifest.contracts.escrow, amountWei);
          await connection.send(() => escrow.deposit(amountWei));
          say(`${account} has ${masa(await escrow.creditOf(account))} MASA of credit`);
        }),
      ),
    accountCommand("withdraw-credit", "pays out credit: what was earned, refunded or never used")
      .addArgument(amount())
      .action((amountWei: bigint, options: Options) =>
        withAccount(options, async (connection, account) => {
          const { escrow } = connection.contracts;
          await connection.send(() => escrow.withdrawCredit(account, amountWei));
          say(
            `${masa(amountWei)} MASA paid out, ${masa(await escrow.creditOf(account))} MASA of credit left`,
          );
        }),
      ),
  ];
}
