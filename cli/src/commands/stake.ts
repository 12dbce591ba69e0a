/** `masa stake`: adds to the account's stake, of MASA or the wrapped TAO. */
import { Argument } from "commander";
import type { Command } from "commander";

import { MasaError, signPermit, tokenAmount } from "#sdk";
import type { Connection, TokenInfo } from "#sdk";

import {
  accountCommand,
  amountText,
  approve,
  chosenToken,
  readAmount,
  say,
  tokenContract,
  tokenOption,
  withAccount,
} from "../account.ts";
import type { AccountOptions, TokenOptions } from "../account.ts";
import { masa } from "../format.ts";

/** Seconds for which a permit is good. */
const PERMIT_SECONDS = 1_200;

interface StakeOptions extends AccountOptions, TokenOptions {
  readonly permit: boolean;
}

async function stakeWithPermit(connection: Connection, token: TokenInfo, units: bigint): Promise<void> {
  const { wallet, contracts, manifest } = connection;
  if (wallet === null) throw new MasaError("MASA-104");
  const { timestamp } = await connection.latest();
  const deadline = BigInt(timestamp + PERMIT_SECONDS);
  const { vault } = manifest.contracts;
  const { v, r, s } = await signPermit(wallet, tokenContract(connection, token), vault, units, deadline);
  await connection.send(() => contracts.vault.stakeWithPermit(token.address, units, deadline, v, r, s));
}

export function stakeCommand(): Command {
  return accountCommand("stake", "stakes tokens of the account of MASA_KEY")
    .addArgument(
      new Argument("<amount>", "amount, such as 12.5, or all for the whole balance").argParser(amountText),
    )
    .addOption(tokenOption())
    .option("--permit", "sign a permit (EIP-2612) in the place of an approval", false)
    .action((amount: string, options: StakeOptions) =>
      withAccount(options, async (connection, account) => {
        const { vault } = connection.contracts;
        const token = chosenToken(connection, options);
        const asked = readAmount(amount, token);
        const units = amount === "all" ? await tokenContract(connection, token).balanceOf(account) : asked;
        if (options.permit) {
          await stakeWithPermit(connection, token, units);
        } else {
          await approve(connection, account, connection.manifest.contracts.vault, units, token);
          await connection.send(() => vault.stake(token.address, units));
        }
        const { staked } = await vault.positionOf(account, token.address);
        const total = await vault.stakeUnitsOf(account);
        say(`${account} stakes ${tokenAmount(staked, token)}, ${masa(total)} of stake in all`);
      }),
    );
}
