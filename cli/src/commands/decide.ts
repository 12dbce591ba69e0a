/** `masa queue|execute|cancel`: moves a proposal on once it is decided, or ends it. */
import type { Command } from "commander";

import { governorArguments, MasaError, momentOf, readProposal, stateOf, titleOf } from "#sdk";
import type { Connection, Proposal, ProposalState } from "#sdk";

import { accountCommand, say, withAccount } from "../account.ts";
import type { AccountOptions } from "../account.ts";
import { proposalArgument } from "../governance/argument.ts";
import { callLines } from "../governance/describe.ts";

type Move = (connection: Connection, proposal: Proposal) => Promise<void>;

async function requireState(
  connection: Connection,
  { proposalId }: Proposal,
  ...wanted: readonly ProposalState[]
): Promise<void> {
  const state = await stateOf(connection, proposalId);
  if (!wanted.includes(state))
    throw new MasaError("MASA-703", `proposal ${proposalId} is ${state}, not ${wanted.join(" or ")}`);
}

const queue: Move = async (connection, proposal) => {
  await requireState(connection, proposal, "succeeded");
  const { governor } = connection.contracts;
  await connection.send(() => governor.queue(...governorArguments(proposal.calls, proposal.description)));
  const [eta, { timestamp }] = await Promise.all([
    governor.proposalEta(proposal.proposalId),
    connection.latest(),
  ]);
  say(`queued: it can be executed from ${momentOf(eta, BigInt(timestamp))}`);
};

const execute: Move = async (connection, proposal) => {
  await requireState(connection, proposal, "queued");
  const { governor } = connection.contracts;
  const eta = await governor.proposalEta(proposal.proposalId);
  const { timestamp } = await connection.latest();
  if (BigInt(timestamp) < eta)
    throw new MasaError("MASA-703", `it can be executed from ${momentOf(eta, BigInt(timestamp))}`);
  const changes = (await Promise.all(proposal.calls.map((call) => callLines(connection, call)))).flat();
  await connection.send(() => governor.execute(...governorArguments(proposal.calls, proposal.description)));
  for (const change of changes) say(`done: ${change}`);
};

const cancel: Move = async (connection, proposal) => {
  const { governor } = connection.contracts;
  await connection.send(() => governor.cancel(...governorArguments(proposal.calls, proposal.description)));
  say(`cancelled: ${titleOf(proposal.description)}`);
};

const moveCommand = (name: string, description: string, move: Move): Command =>
  accountCommand(name, description)
    .addArgument(proposalArgument())
    .action((text: string, options: AccountOptions) =>
      withAccount(options, async (connection) => {
        await move(connection, await readProposal(connection, text));
      }),
    );

export function decideCommands(): Command[] {
  return [
    moveCommand("queue", "puts a proposal that passed into the timelock; anyone may", queue),
    moveCommand("execute", "executes a proposal that has waited in the timelock; anyone may", execute),
    moveCommand(
      "cancel",
      "cancels an own proposal before its vote begins; the guardian's holder until its execution",
      cancel,
    ),
  ];
}
