/** `masa register`, `deregister`, `join`, `poke`, `roll`: a node's membership, and what anyone may do for the network. */
import { Argument, Option } from "commander";
import type { Command } from "commander";
import { ZeroAddress } from "ethers";

import { MasaError, ROLES } from "#sdk";
import type { Role } from "#sdk";

import { masa } from "../format.ts";
import { address } from "../options.ts";
import type { KeyOptions, NetworkOptions } from "../options.ts";
import { accountCommand, withAccount } from "./account.ts";

type Options = NetworkOptions & KeyOptions;

interface RegisterOptions extends Options {
  readonly endpoint: string;
  readonly hotKey?: string;
}

const say = (line: string): void => void process.stdout.write(`${line}\n`);

function register(): Command {
  return accountCommand(
    "register",
    "registers the account of MASA_KEY; its stake must meet the role's requirement",
  )
    .addArgument(new Argument("<role>", "role of the node").choices(ROLES.filter((role) => role !== "none")))
    .requiredOption("--endpoint <url>", "where the node can be reached by others")
    .addOption(
      new Option("--hot-key <address>", "address whose key signs reports; required for validators").argParser(
        address,
      ),
    )
    .action((role: Role, options: RegisterOptions) =>
      withAccount(options, async (connection, account) => {
        if (!URL.canParse(options.endpoint))
          throw new MasaError("MASA-103", `not a URL: ${options.endpoint}`);
        const { registry } = connection.contracts;
        await connection.send(() =>
          registry.register(
            ROLES.indexOf(role),
            options.hotKey ?? ZeroAddress,
            JSON.stringify({ endpoint: options.endpoint }),
          ),
        );
        const node = await registry.nodeOf(account);
        say(
          `${account} is a ${role}; it stakes ${masa(node.stakeUnits)} and needs ${masa(node.requirement)} MASA`,
        );
      }),
    );
}

export function nodeCommands(): Command[] {
  return [
    register(),
    accountCommand("deregister", "ends the role of the account; its stake stays until it is unbonded").action(
      (options: Options) =>
        withAccount(options, async (connection, account) => {
          await connection.send(() => connection.contracts.registry.deregister());
          say(`${account} has no role any more`);
        }),
    ),
    accountCommand("join", "puts a validator on the waitlist for a seat").action((options: Options) =>
      withAccount(options, async (connection, account) => {
        await connection.send(() => connection.contracts.validatorSet.joinWaitlist());
        say(`${account} waits for a seat; free seats are filled at the next roll`);
      }),
    ),
    accountCommand("poke", "folds a node's finished work into its utility and holds it to its requirement")
      .addArgument(new Argument("<account>", "account of the node").argParser(address))
      .action((node: string, options: Options) =>
        withAccount(options, async (connection) => {
          await connection.send(() => connection.contracts.registry.poke(node));
          const { short, requirement, stakeUnits } = await connection.contracts.registry.nodeOf(node);
          say(
            `${node} stakes ${masa(stakeUnits)}, needs ${masa(requirement)} MASA${short ? " and is marked short" : ""}`,
          );
        }),
      ),
    accountCommand("roll", "rolls into the current epoch if nobody has").action((options: Options) =>
      withAccount(options, async (connection) => {
        const before = await connection.contracts.epochManager.rolledEpoch();
        await connection.send(() => connection.contracts.epochManager.roll());
        const after = await connection.contracts.epochManager.rolledEpoch();
        say(after === before ? `epoch ${after} is rolled already` : `rolled into epoch ${after}`);
      }),
    ),
  ];
}
