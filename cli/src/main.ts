#!/usr/bin/env node
/** The `masa` command. Errors end with their number, what happened, what to do, and exit code 1 (2 for wrong usage). */
import { Command, CommanderError } from "commander";

import { explainChainError, MasaError } from "#sdk";

import { claimCommand } from "./commands/claim.ts";
import { creditCommands } from "./commands/credit.ts";
import { decideCommands } from "./commands/decide.ts";
import { delegateCommands } from "./commands/delegate.ts";
import { governanceCommand } from "./commands/governance.ts";
import { epochCommand } from "./commands/epoch.ts";
import { evidenceCommand } from "./commands/evidence.ts";
import { feesCommand } from "./commands/fees.ts";
import { keeperCommand } from "./commands/keeper.ts";
import { nodesCommand } from "./commands/nodes.ts";
import { operatorCommand } from "./commands/operator.ts";
import { oracleCommand } from "./commands/oracle.ts";
import { pokeCommand } from "./commands/poke.ts";
import { proposalCommands } from "./commands/proposals.ts";
import { proposeCommand } from "./commands/propose.ts";
import { registerCommands } from "./commands/register.ts";
import { reportCommand } from "./commands/report.ts";
import { requirementCommand } from "./commands/requirement.ts";
import { roleCommands } from "./commands/roles.ts";
import { rollCommand } from "./commands/roll.ts";
import { scoreCommand } from "./commands/score.ts";
import { seatCommand } from "./commands/seat.ts";
import { slashCommand } from "./commands/slash.ts";
import { stakeCommand } from "./commands/stake.ts";
import { startCommand } from "./commands/start.ts";
import { statusCommand } from "./commands/status.ts";
import { unbondCommand } from "./commands/unbond.ts";
import { voteCommand } from "./commands/vote.ts";
import { withdrawCommand } from "./commands/withdraw.ts";
import { workerCommand } from "./commands/worker.ts";

const program = new Command("masa")
  .description("Masa Protocol: a decentralised market of AI work")
  .exitOverride()
  // A command whose subcommand has the same options leaves them to it.
  .enablePositionalOptions()
  .configureOutput({
    outputError: (text, write) => write(`MASA-103 invalid option: ${text.replace(/^error: /, "")}`),
  });

/** Commands made on their own do not inherit how the program ends and what it prints: nor do theirs. */
function asProgram(command: Command): Command {
  command.commands.forEach((inner) => asProgram(inner));
  return command.exitOverride().configureOutput(program.configureOutput());
}

for (const command of [
  startCommand(),
  statusCommand(),
  nodesCommand(),
  requirementCommand(),
  stakeCommand(),
  unbondCommand(),
  withdrawCommand(),
  slashCommand(),
  evidenceCommand(),
  ...creditCommands(),
  ...registerCommands(),
  operatorCommand(),
  seatCommand(),
  pokeCommand(),
  rollCommand(),
  ...delegateCommands(),
  proposeCommand(),
  ...proposalCommands(),
  voteCommand(),
  ...decideCommands(),
  governanceCommand(),
  ...roleCommands(),
  workerCommand(),
  oracleCommand(),
  keeperCommand(),
  reportCommand(),
  epochCommand(),
  claimCommand(),
  feesCommand(),
  scoreCommand(),
]) {
  program.addCommand(asProgram(command));
}

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) {
    process.exitCode = error.exitCode === 0 ? 0 : 2;
  } else {
    const explained = explainChainError(error);
    process.stderr.write(
      `${explained instanceof MasaError ? explained.toString() : String((explained as Error).stack ?? explained)}\n`,
    );
    process.exitCode = 1;
  }
}
