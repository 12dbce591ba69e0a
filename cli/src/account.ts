/** What commands that act for an account, or read about one, have in common. */
import { Argument, Command, InvalidArgumentError, Option } from "commander";
import { MaxUint256, parseUnits } from "ethers";
import type { BaseContract, Result, TransactionReceipt } from "ethers";

import { connect, explainChainError, MasaError } from "#sdk";
import type { Connection, TokenInfo } from "#sdk";

import { address, keyOption, networkOptions, readKey } from "./options.ts";
import type { KeyOptions, NetworkOptions } from "./options.ts";

export type AccountOptions = NetworkOptions & KeyOptions;

export interface TokenOptions {
  readonly token: "masa" | "tao";
}

export const say = (line: string): void => void process.stdout.write(`${line}\n`);

/** The first event of a name that a contract emitted in a transaction; undefined where it emitted none. */
export function eventOf(
  receipt: TransactionReceipt,
  contract: BaseContract,
  name: string,
): Result | undefined {
  return receipt.logs.map((log) => contract.interface.parseLog(log)).find((event) => event?.name === name)
    ?.args;
}

async function closing(connection: Connection, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    throw explainChainError(error, connection.tokens);
  } finally {
    connection.close();
  }
}

/** Opens a connection with the user's key for one piece of work, and closes it whatever happens. */
export async function withAccount(
  options: AccountOptions,
  work: (connection: Connection, account: string) => Promise<void>,
): Promise<void> {
  const privateKey = await readKey(options);
  const connection = await connect({ rpcUrl: options.rpc, manifestPath: options.manifest, privateKey });
  await closing(connection, () => work(connection, connection.wallet?.address ?? ""));
}

/** Opens a connection that only reads. */
export async function withNetwork(
  options: NetworkOptions,
  work: (connection: Connection) => Promise<void>,
): Promise<void> {
  const connection = await connect({ rpcUrl: options.rpc, manifestPath: options.manifest });
  await closing(connection, () => work(connection));
}

/** A command that signs with the account of MASA_KEY. */
export function accountCommand(name: string, description: string): Command {
  const command = new Command(name).description(description);
  for (const option of [...networkOptions(), keyOption()]) command.addOption(option);
  return command;
}

/** A command that needs no key. */
export function readCommand(name: string, description: string): Command {
  const command = new Command(name).description(description);
  for (const option of networkOptions()) command.addOption(option);
  return command;
}

export const tokenOption = (): Option =>
  new Option("--token <token>", "which of the two tokens").choices(["masa", "tao"]).default("masa");

export const accountArgument = (): Argument =>
  new Argument("<account>", "account to look at").argParser(address);

/** The token that was chosen. Throws MASA-103 where the network has no TAO. */
export function chosenToken({ tokens }: Connection, { token }: TokenOptions): TokenInfo {
  const found = tokens[token];
  if (found === null) throw new MasaError("MASA-103", "--token tao: this network has no wrapped TAO");
  return found;
}

/** A parser of amounts, which are read with {@link readAmount} once the token is known. */
export function amountText(text: string): string {
  if (text !== "all" && !/^[0-9]+(\.[0-9]+)?$/.test(text))
    throw new InvalidArgumentError("not an amount, such as 12.5, nor all");
  return text;
}

/** An amount in a token's units; everything for "all". Throws MASA-103. */
export function readAmount(text: string, { symbol, decimals }: TokenInfo): bigint {
  if (text === "all") return MaxUint256;
  if ((text.split(".")[1] ?? "").length > decimals)
    throw new MasaError("MASA-103", `${text}: ${symbol} has at most ${decimals} decimals`);
  return parseUnits(text, decimals);
}

/** Approves exactly what is about to be taken, where the allowance does not cover it. */
export async function approve(
  connection: Connection,
  account: string,
  spender: string,
  units: bigint,
  token: TokenInfo = connection.tokens.masa,
): Promise<void> {
  const erc20 = tokenContract(connection, token);
  if ((await erc20.allowance(account, spender)) >= units) return;
  await connection.send(() => erc20.approve(spender, units));
}

export function tokenContract({ contracts }: Connection, { symbol }: TokenInfo) {
  const found = symbol === "MASA" ? contracts.masa : contracts.tao;
  if (found === null) throw new MasaError("MASA-103", "--token tao: this network has no wrapped TAO");
  return found;
}
