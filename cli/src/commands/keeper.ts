/** `masa keeper once|run`: the validator's cron job and daemon. */
import { Command, Option } from "commander";

import { startKeeper } from "../../../keeper/src/keeper.ts";
import type { Keeper } from "../../../keeper/src/keeper.ts";
import { scorers } from "../../../keeper/src/scoring/index.ts";
import type { ScorerName } from "../../../keeper/src/scoring/index.ts";
import {
  address,
  keyOption,
  networkOptions,
  nodeOptions,
  serveOptions,
  untilStopped,
  wholeNumber,
  wordList,
} from "../options.ts";
import type { KeyOptions, NetworkOptions, ServeOptions } from "../options.ts";

interface KeeperCommandOptions extends NetworkOptions, KeyOptions, ServeOptions {
  readonly scorer: ScorerName;
  readonly related: readonly string[];
  readonly giveUp: number;
  readonly peerTimeout: number;
  readonly rejoin: boolean;
}

async function start(options: KeeperCommandOptions): Promise<Keeper> {
  return startKeeper({
    ...(await nodeOptions(options)),
    scorer: options.scorer,
    relatedAccounts: options.related,
    giveUpSeconds: options.giveUp,
    peerTimeoutMs: options.peerTimeout,
    rejoin: options.rejoin,
  });
}

function withOptions(command: Command): Command {
  for (const option of [...networkOptions(), keyOption(), ...serveOptions("keeper.sqlite")])
    command.addOption(option);
  return command
    .addOption(
      new Option("--scorer <name>", "how responses are judged")
        .choices(Object.keys(scorers))
        .default("evidence"),
    )
    .addOption(
      new Option(
        "--related <accounts>",
        "accounts of the same owner, with commas between: their answers and requests are left to the others",
      )
        .default([], "none")
        .argParser((text: string) => wordList(text).map(address)),
    )
    .addOption(
      new Option("--give-up <s>", "seconds before a scoring deadline at which an unserved response scores 0")
        .default(120)
        .argParser(wholeNumber(1, 86_400)),
    )
    .option("--no-rejoin", "leave it to people to ask for a seat again when the validator has lost its own")
    .addOption(
      new Option("--peer-timeout <ms>", "milliseconds for another node to answer")
        .default(10_000)
        .argParser(wholeNumber(100, 120_000)),
    );
}

export function keeperCommand(): Command {
  const once = withOptions(new Command("once"))
    .description("looks at the chain once, does what is due, and ends")
    .action(async (options: KeeperCommandOptions) => {
      const keeper = await start(options);
      try {
        await keeper.once();
      } finally {
        await keeper.close();
      }
    });
  const run = withOptions(new Command("run"))
    .description("looks again and again and answers the other validators, until stopped")
    .action(async (options: KeeperCommandOptions) => {
      const keeper = await start(options);
      process.stderr.write(`keeper serves ${keeper.url}\n`);
      await keeper.run(untilStopped());
      await keeper.close();
    });
  return new Command("keeper")
    .description("scores answers, signs and posts reports; MASA_KEY is the validator's hot key")
    .addCommand(once)
    .addCommand(run);
}
