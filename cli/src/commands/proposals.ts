/** `masa proposals`, `masa proposal`: what is proposed and where it stands. */
import { Option } from "commander";
import type { Command } from "commander";
import Table from "cli-table3";

import {
  amountOf,
  dateOf,
  decimalOf,
  PROPOSAL_STATES,
  readProposal,
  readProposals,
  stateOf,
  titleOf,
} from "#sdk";
import type { Connection, Proposal, ProposalState } from "#sdk";

import { readCommand, say, withNetwork } from "../account.ts";
import { masa } from "../format.ts";
import { proposalArgument } from "../governance/argument.ts";
import { callLines, className, momentLines, votesText } from "../governance/describe.ts";
import { wholeNumber } from "../options.ts";
import type { NetworkOptions } from "../options.ts";

interface ListOptions extends NetworkOptions {
  readonly state?: ProposalState;
  readonly last: number;
}

/** First digits of a proposal's number that the list shows. */
const SHORT_DIGITS = 8;

async function rowOf(connection: Connection, proposal: Proposal): Promise<[ProposalState, string[]]> {
  const { governor } = connection.contracts;
  const { proposalId, description } = proposal;
  const [state, terms, end, [against, forVotes, abstain]] = await Promise.all([
    stateOf(connection, proposalId),
    governor.termsOf(proposalId),
    governor.proposalDeadline(proposalId),
    governor.proposalVotes(proposalId),
  ]);
  const votes = [forVotes, against, abstain].map((wei) => masa(wei)).join(" / ");
  const title = titleOf(description);
  const shown = title.length > 48 ? `${title.slice(0, 47)}…` : title;
  const id = String(proposalId).slice(0, SHORT_DIGITS);
  return [state, [id, state, String(terms.classId), votes, dateOf(end), shown]];
}

async function list(connection: Connection, { state, last }: ListOptions): Promise<string> {
  const proposals = await readProposals(connection);
  if (proposals.length === 0) return "nothing was proposed yet";
  const rows = await Promise.all(proposals.slice(-last).map((proposal) => rowOf(connection, proposal)));
  const table = new Table({
    head: ["proposal", "state", "class", "for / against / abstaining, MASA", "vote ends", "title"],
  });
  for (const [at, row] of rows) if (state === undefined || at === state) table.push(row);
  return table.toString();
}

async function show(connection: Connection, proposal: Proposal): Promise<string> {
  const { governor } = connection.contracts;
  const { proposalId, proposer, calls, description } = proposal;
  const [state, terms, votes, { timestamp }] = await Promise.all([
    stateOf(connection, proposalId),
    governor.termsOf(proposalId),
    governor.proposalVotes(proposalId),
    connection.latest(),
  ]);
  const now = BigInt(timestamp);
  const begun = proposal.voteStart < now;
  const [quorum, reached] = begun
    ? await Promise.all([governor.quorumOf(proposalId), governor.quorumReached(proposalId)])
    : [null, false];
  const changes = (await Promise.all(calls.map((call) => callLines(connection, call)))).flat();
  return [
    `proposal ${proposalId}, by ${proposer}`,
    `${state}, ${className(terms.classId)}: quorum ${decimalOf(terms.quorum)}, threshold ${decimalOf(terms.threshold)}`,
    votesText(votes),
    ...(quorum === null
      ? []
      : [`quorum of ${amountOf(quorum, 18)} MASA: ${reached ? "reached" : "not reached"}`]),
    ...(await momentLines(connection, proposalId, state, now)),
    "",
    ...changes.map((change) => `  ${change}`),
    "",
    description,
  ].join("\n");
}

export function proposalCommands(): Command[] {
  return [
    readCommand("proposals", "lists proposals, the latest last")
      .addOption(new Option("--state <state>", "of these, those in this state").choices(PROPOSAL_STATES))
      .addOption(
        new Option("--last <n>", "how many of the latest").default(20).argParser(wholeNumber(1, 10_000)),
      )
      .action((options: ListOptions) =>
        withNetwork(options, async (connection) => say(await list(connection, options))),
      ),
    readCommand("proposal", "shows a proposal: its text, what it changes, its votes and its dates")
      .addArgument(proposalArgument())
      .action((text: string, options: NetworkOptions) =>
        withNetwork(options, async (connection) =>
          say(await show(connection, await readProposal(connection, text))),
        ),
      ),
  ];
}
