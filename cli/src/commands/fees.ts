/**
 * `masa fees show|collect|distribute|backing|consumption`: moves fees on to the pots, stake back to workers, and tells what
 * askers consumed. Anyone may.
 */
import { Command } from "commander";

import {
  accountArgument,
  accountCommand,
  eventOf,
  readCommand,
  say,
  withAccount,
  withNetwork,
} from "../account.ts";
import type { AccountOptions } from "../account.ts";
import { masa } from "../format.ts";
import type { NetworkOptions } from "../options.ts";

function show(): Command {
  return readCommand("show", "shows where fees are, and what the pots can still give").action(
    (options: NetworkOptions) =>
      withNetwork(options, async ({ contracts, manifest }) => {
        const { escrow, distributor, emissions } = contracts;
        const [{ heldFees, fees }, pooled, [validators, workers], pool] = await Promise.all([
          escrow.totals(),
          contracts.masa.balanceOf(manifest.contracts.feePool),
          distributor.pots(),
          emissions.pool(),
        ]);
        say(`${masa(heldFees)} MASA of fees are held for open requests`);
        say(`${masa(fees)} MASA wait to be collected, ${masa(pooled)} MASA to be distributed`);
        say(
          `the pots hold ${masa(validators)} MASA for validators and ${masa(workers)} MASA for workers; ` +
            `${masa(pool)} MASA are left to be released`,
        );
      }),
  );
}

function collect(): Command {
  return accountCommand("collect", "sends the fees of settled requests to the fee pool").action(
    (options: AccountOptions) =>
      withAccount(options, async (connection) => {
        const { escrow } = connection.contracts;
        const { fees } = await escrow.totals();
        if (fees === 0n) return say("no fees wait to be collected");
        const receipt = await connection.send(() => escrow.collectFees());
        const event = eventOf(receipt, escrow, "FeesCollected");
        say(`${masa((event?.["amount"] as bigint | undefined) ?? 0n)} MASA collected`);
      }),
  );
}

function distribute(): Command {
  return accountCommand("distribute", "splits what the fee pool holds between pots and treasury").action(
    (options: AccountOptions) =>
      withAccount(options, async (connection) => {
        const { feePool } = connection.contracts;
        if ((await connection.contracts.masa.balanceOf(connection.manifest.contracts.feePool)) === 0n)
          return say("the fee pool is empty");
        const receipt = await connection.send(() => feePool.distribute());
        const event = eventOf(receipt, feePool, "FeesDistributed");
        const part = (name: string): string => masa((event?.[name] as bigint | undefined) ?? 0n);
        say(
          `distributed: ${part("validators")} MASA to the validators' pot, ${part("emission")} MASA to the ` +
            `emission pool, ${part("treasury")} MASA to the treasury`,
        );
      }),
  );
}

function backing(): Command {
  return accountCommand("backing", "gives a worker back the stake that no open commitment of it needs")
    .addArgument(accountArgument())
    .action((worker: string, options: AccountOptions) =>
      withAccount(options, async (connection) => {
        const { escrow, lens } = connection.contracts;
        const before = (await lens.holdingsOf(worker)).backing;
        await connection.send(() => escrow.releaseBacking(worker));
        const { backing: left } = await lens.holdingsOf(worker);
        say(
          `${masa(before - left)} MASA of stake given back to ${worker}, ${masa(left)} MASA still reserved`,
        );
      }),
    );
}

function consumption(): Command {
  return accountCommand("consumption", "tells the standing what settled requests of an asker consumed")
    .addArgument(accountArgument())
    .action((asker: string, options: AccountOptions) =>
      withAccount(options, async (connection) => {
        const { escrow, lens } = connection.contracts;
        const { untold } = await lens.holdingsOf(asker);
        if (untold === 0n) return say(`nothing that ${asker} consumed is still to be told`);
        await connection.send(() => escrow.tellConsumption(asker));
        say(`${masa(untold)} MASA told as what ${asker} consumed in this epoch`);
      }),
    );
}

export function feesCommand(): Command {
  return new Command("fees")
    .description("moves fees and reserved stake on, tells consumption: anyone may")
    .addCommand(show())
    .addCommand(collect())
    .addCommand(distribute())
    .addCommand(backing())
    .addCommand(consumption());
}
