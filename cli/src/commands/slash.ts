/** `masa slash list|apply|release`: what an account was slashed, from its booking to where the funds go. */
import { Argument, Command } from "commander";
import Table from "cli-table3";

import { amountOf, dateOf, tokenAmount } from "#sdk";
import type { Connection } from "#sdk";

import { accountArgument, accountCommand, readCommand, say, withAccount, withNetwork } from "../account.ts";
import type { AccountOptions } from "../account.ts";
import { wholeNumber } from "../options.ts";
import type { NetworkOptions } from "../options.ts";

/** Records that are read in one call. */
const PAGE = 200n;

/** Records in the appeal pot, oldest first. */
async function recordsOf({ contracts }: Connection, account: string) {
  const { slashes: last } = await contracts.vault.exposureOf(account);
  const records = [];
  for (let id = 1n; id <= last; id += PAGE)
    records.push(...(await contracts.lens.slashesOf(account, id, PAGE)));
  return records;
}

async function describeSlashes(connection: Connection, account: string): Promise<string> {
  const { vault, guardian } = connection.contracts;
  const { masa, tao } = connection.tokens;
  const [{ pendingCut }, deferral, records, { timestamp }, guarded] = await Promise.all([
    vault.exposureOf(account),
    vault.deferralOf(account),
    recordsOf(connection, account),
    connection.latest(),
    guardian.rightUntil(REVERSE_SLASH),
  ]);
  const lines: string[] = [];
  if (pendingCut > 0n) lines.push(`booked and not yet applied: ${amountOf(pendingCut, 18)} of stake`);
  if (deferral.amount > 0n) {
    lines.push(`above the epoch's cap, booked in the next epoch: ${amountOf(deferral.amount, 18)} of stake`);
  }
  const table = new Table({ head: ["slash", "in the appeal pot", "can be released"] });
  for (const record of records) {
    const held = [
      ...(record.masa > 0n ? [tokenAmount(record.masa, masa)] : []),
      ...(record.tao > 0n && tao !== null ? [tokenAmount(record.tao, tao)] : []),
    ];
    const open = record.releasableAt >= BigInt(timestamp);
    const when = open
      ? `after ${dateOf(record.releasableAt)}`
      : guarded >= record.releasableAt
        ? "now, by anyone"
        : "by governance alone";
    table.push([String(record.id), held.join(" and ") || "nothing: it was reversed", when]);
  }
  if (records.length > 0) lines.push(table.toString());
  return lines.length === 0 ? `nothing of ${account} is slashed and still here` : lines.join("\n");
}

/** IGuardian.Right.ReverseSlash. */
const REVERSE_SLASH = 1;

function list(): Command {
  return readCommand("list", "shows slashes that are booked, deferred, or in the appeal pot")
    .addArgument(accountArgument())
    .action((account: string, options: NetworkOptions) =>
      withNetwork(options, async (connection) => say(await describeSlashes(connection, account))),
    );
}

function apply(): Command {
  return accountCommand("apply", "takes what is booked against an account into the appeal pot")
    .addArgument(accountArgument())
    .action((slashed: string, options: AccountOptions) =>
      withAccount(options, async (connection) => {
        const { vault } = connection.contracts;
        const { pendingCut, slashes } = await vault.exposureOf(slashed);
        if (pendingCut === 0n) return say(`nothing is booked against ${slashed}`);
        await connection.send(() => vault.applySlash(slashed));
        say(
          `slash ${slashes + 1n} of ${slashed}: ${amountOf(pendingCut, 18)} of stake; its appeal has begun`,
        );
      }),
    );
}

function release(): Command {
  return accountCommand("release", "sends a slash whose appeal is over to where governance says")
    .addArgument(accountArgument())
    .addArgument(new Argument("<id>", "number of the slash").argParser(wholeNumber(1, 0xffff_ffff)))
    .action((slashed: string, id: number, options: AccountOptions) =>
      withAccount(options, async (connection) => {
        const { vault } = connection.contracts;
        const { masa, tao } = await vault.slashRecordOf(slashed, id);
        await connection.send(() => vault.releaseSlash(slashed, id));
        const { tokens } = connection;
        const sums = [
          tokenAmount(masa, tokens.masa),
          ...(tokens.tao && tao > 0n ? [tokenAmount(tao, tokens.tao)] : []),
        ];
        say(`slash ${id} of ${slashed} is released: ${sums.join(" and ")}`);
      }),
    );
}

export function slashCommand(): Command {
  return new Command("slash")
    .description("shows slashes, and moves them on: anyone may")
    .addCommand(list())
    .addCommand(apply())
    .addCommand(release());
}
