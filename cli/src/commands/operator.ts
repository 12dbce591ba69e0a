/** `masa operator set|revoke|list|prove`: keys that act for an account, so that the one that stakes need not be online. */
import { Argument, Command, Option } from "commander";
import Table from "cli-table3";
import { Wallet } from "ethers";
import { z } from "zod";

import { makeOperatorGrant, MasaError, queryPages, RIGHT_NAMES, rightsMask, rightsOf } from "#sdk";
import type { Connection, OperatorGrant, Right } from "#sdk";

import { accountArgument, accountCommand, readCommand, say, withAccount, withNetwork } from "../account.ts";
import type { AccountOptions } from "../account.ts";
import { toJson } from "../format.ts";
import { address, keyFrom, readJsonFile, rightList } from "../options.ts";
import type { NetworkOptions } from "../options.ts";

export interface OperatorOptions {
  readonly operatorKeystore?: string;
  readonly grant?: string;
}

/** Where an operator key, or what it signed elsewhere, comes from. */
export const operatorOptions = (): Option[] => [
  new Option(
    "--operator-keystore <file>",
    "encrypted JSON wallet of the operator key; its password is read from MASA_OPERATOR_KEYSTORE_PASSWORD",
  ).env("MASA_OPERATOR_KEYSTORE"),
  new Option("--grant <file>", "what `masa operator prove` printed where the operator key is kept"),
];

const grantSchema = z.strictObject({
  key: z.string().regex(/^0x[0-9a-fA-F]{40}$/),
  rights: z.int().min(1).max(rightsMask(RIGHT_NAMES)),
  proof: z.string().regex(/^0x[0-9a-fA-F]{130}$/),
});

/** The grant that the options describe, from a file or from the key itself; null where they name neither. Throws MASA-101 or MASA-102. */
export async function operatorGrant(
  { contracts, manifest }: Connection,
  account: string,
  rights: readonly Right[],
  options: OperatorOptions,
): Promise<OperatorGrant | null> {
  if (options.grant !== undefined) return readJsonFile(options.grant, grantSchema);
  const key = await keyFrom("MASA_OPERATOR_KEY", options.operatorKeystore, "MASA_OPERATOR_KEYSTORE_PASSWORD");
  if (key === null) return null;
  return makeOperatorGrant(contracts, manifest, walletOf(key), account, rights);
}

function walletOf(key: string): Wallet {
  try {
    return new Wallet(key);
  } catch {
    // The cause is dropped on purpose: it would carry the key into logs.
    throw new MasaError("MASA-106", "the operator's key is not within the range of its curve");
  }
}

interface SetOptions extends AccountOptions, OperatorOptions {
  readonly rights: readonly Right[];
}

function set(): Command {
  const command = accountCommand(
    "set",
    "grants rights to a key, or changes them; MASA_KEY is the account's",
  ).addOption(
    new Option("--rights <names>", "comma-separated rights, unless --grant names them")
      .default(["commit", "ask", "serve", "seat"], "commit,ask,serve,seat")
      .argParser(rightList),
  );
  for (const option of operatorOptions()) command.addOption(option);
  return command.action((options: SetOptions) =>
    withAccount(options, async (connection, account) => {
      const grant = await operatorGrant(connection, account, options.rights, options);
      if (grant === null)
        throw new MasaError("MASA-104", "no operator key: set MASA_OPERATOR_KEY, or give --grant FILE");
      await connection.send(() => connection.contracts.registry.setOperator(grant));
      say(`${grant.key} may ${rightsOf(grant.rights).join(", ")} for ${account}`);
    }),
  );
}

function revoke(): Command {
  return accountCommand(
    "revoke",
    "ends all rights of a key at once; with the account's key, or the key itself",
  )
    .addArgument(new Argument("<key>", "address of the operator key").argParser(address))
    .action((key: string, options: AccountOptions) =>
      withAccount(options, async (connection) => {
        await connection.send(() => connection.contracts.registry.revokeOperator(key));
        say(`${key} acts for nobody any more`);
      }),
    );
}

function list(): Command {
  return readCommand("list", "shows the keys that act for an account, and their rights")
    .addArgument(accountArgument())
    .action((account: string, options: NetworkOptions) =>
      withNetwork(options, async (connection) => {
        const { registry } = connection.contracts;
        const { number } = await connection.latest();
        const filter = registry.filters.OperatorSet(account);
        const set = await queryPages(
          (from, to) => registry.queryFilter(filter, from, to),
          connection.manifest.deployedAtBlock,
          number,
        );
        const table = new Table({ head: ["key", "rights", "since epoch"] });
        for (const key of new Set(set.map(({ args }) => args.key))) {
          const operator = await registry.operatorOf(key);
          if (operator.account !== account) continue;
          table.push([key, rightsOf(operator.rights).join(", "), String(operator.sinceEpoch)]);
        }
        say(table.length === 0 ? `nobody acts for ${account} but itself` : table.toString());
      }),
    );
}

function prove(): Command {
  return accountCommand(
    "prove",
    "signs, with MASA_KEY as the operator key, that it wants to act for an account",
  )
    .addArgument(accountArgument())
    .addOption(
      new Option("--rights <names>", "comma-separated rights").makeOptionMandatory().argParser(rightList),
    )
    .action((account: string, options: SetOptions) =>
      withAccount(options, async ({ contracts, manifest, wallet }) => {
        if (wallet === null) throw new MasaError("MASA-104");
        say(toJson(await makeOperatorGrant(contracts, manifest, wallet, account, options.rights)));
      }),
    );
}

export function operatorCommand(): Command {
  return new Command("operator")
    .description("lends scoped rights of an account to other keys")
    .addCommand(set())
    .addCommand(revoke())
    .addCommand(list())
    .addCommand(prove());
}
