/** `masa register`, `deregister`, `metadata`: a node's membership, and what it says about itself. */
import { Argument, Option } from "commander";
import type { Command } from "commander";

import { formatNodeMetadata, isRevert, MasaError, REQUEST_KINDS, ROLES } from "#sdk";
import type { NodeMetadata, RequestKind, Right, Role } from "#sdk";

import { accountCommand, approve, say, withAccount } from "../account.ts";
import type { AccountOptions } from "../account.ts";
import { masa } from "../format.ts";
import { rightList, wordList } from "../options.ts";
import { operatorGrant, operatorOptions } from "./operator.ts";
import type { OperatorOptions } from "./operator.ts";

interface MetadataOptions {
  readonly endpoint: string;
  readonly multiaddr?: string;
  readonly publicKey?: string;
  readonly nodeVersion?: string;
  readonly kinds?: readonly RequestKind[];
  readonly models?: readonly string[];
  readonly topics?: readonly string[];
  readonly price?: string;
  readonly licence?: string;
}

interface RegisterOptions extends AccountOptions, OperatorOptions, MetadataOptions {
  readonly rights?: readonly Right[];
}

/** What an operator key is lent where nothing else is said. */
const USUAL_RIGHTS: Readonly<Record<Role, readonly Right[]>> = {
  none: [],
  validator: ["sign", "serve", "seat"],
  worker: ["commit", "serve"],
  oracle: ["ask", "serve"],
};

function withMetadata(command: Command): Command {
  return command
    .requiredOption("--endpoint <url>", "where the node can be reached by others")
    .option("--multiaddr <multiaddr>", "where it can be reached over libp2p")
    .option("--public-key <hex>", "key for encrypting to it")
    .option("--node-version <text>", "version of its software")
    .addOption(
      new Option("--kinds <names>", `kinds of work, of ${REQUEST_KINDS.join(", ")}`).argParser(wordList),
    )
    .addOption(new Option("--models <names>", "models it answers with").argParser(wordList))
    .addOption(new Option("--topics <names>", "what it knows about").argParser(wordList))
    .option("--price <masa>", "least reward that it answers for")
    .option("--licence <expression>", "under which its answers may be used, such as CC-BY-4.0");
}

/** The text to register. Throws MASA-103, since all of it comes from options. */
function metadataText(options: MetadataOptions): string {
  const {
    endpoint,
    multiaddr,
    publicKey,
    nodeVersion: version,
    kinds,
    models,
    topics,
    price,
    licence,
  } = options;
  const given = { endpoint, multiaddr, publicKey, version, kinds, models, topics, price, licence };
  const known = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  try {
    return formatNodeMetadata(known as NodeMetadata);
  } catch (cause) {
    if (cause instanceof MasaError) throw new MasaError("MASA-103", cause.message, { cause });
    throw cause;
  }
}

function register(): Command {
  const command = withMetadata(
    accountCommand(
      "register",
      "registers the account of MASA_KEY; its stake must meet the role's requirement",
    ),
  )
    .addArgument(new Argument("<role>", "role of the node").choices(ROLES.filter((role) => role !== "none")))
    .addOption(
      new Option(
        "--rights <names>",
        "rights of the operator key of MASA_OPERATOR_KEY or --operator-keystore (default: what the role needs)",
      ).argParser(rightList),
    );
  for (const option of operatorOptions()) command.addOption(option);
  return command.action((role: Role, options: RegisterOptions) =>
    withAccount(options, async (connection, account) => {
      const { registry } = connection.contracts;
      const metadata = metadataText(options);
      const grant = await operatorGrant(connection, account, options.rights ?? USUAL_RIGHTS[role], options);
      const operators = grant === null ? [] : [grant];
      const { deposit } = await registry.pokeParameters();
      const index = ROLES.indexOf(role);
      // Refused now rather than after the approval was paid for; the deposit is what it takes last.
      await registry.register.staticCall(index, metadata, operators).catch((error: unknown) => {
        if (!isRevert(error, "ERC20InsufficientAllowance")) throw error;
      });
      await approve(connection, account, connection.manifest.contracts.registry, deposit);
      await connection.send(() => registry.register(index, metadata, operators));
      const { stakeUnits, requirement } = await registry.nodeOf(account);
      say(
        `${account} is a ${role}; it stakes ${masa(stakeUnits)} and needs ${masa(requirement)} MASA, and has paid in a deposit of ${masa(deposit)} MASA`,
      );
    }),
  );
}

function deregister(): Command {
  return accountCommand(
    "deregister",
    "ends the role of the account and pays its deposit back; its stake stays until it is unbonded",
  ).action((options: AccountOptions) =>
    withAccount(options, async (connection, account) => {
      const { registry } = connection.contracts;
      const { deposit } = await registry.membershipOf(account);
      await connection.send(() => registry.deregister());
      say(`${account} has no role any more; its deposit of ${masa(deposit)} MASA is paid back`);
    }),
  );
}

function metadata(): Command {
  return withMetadata(accountCommand("metadata", "replaces what the node says about itself")).action(
    (options: AccountOptions & MetadataOptions) =>
      withAccount(options, async (connection, account) => {
        const text = metadataText(options);
        await connection.send(() => connection.contracts.registry.setMetadata(text));
        say(`${account}: ${text}`);
      }),
  );
}

export const registerCommands = (): Command[] => [register(), deregister(), metadata()];
