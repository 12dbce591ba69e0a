/** `masa vote`: votes with what is delegated to the account, or with its own units in their delegate's place. */
import { Argument } from "commander";
import type { Command } from "commander";

import { readProposal, SUPPORT, titleOf } from "#sdk";
import type { Connection, Proposal, Support } from "#sdk";

import { accountCommand, say, withAccount } from "../account.ts";
import type { AccountOptions } from "../account.ts";
import { proposalArgument } from "../governance/argument.ts";
import { votesText } from "../governance/describe.ts";
import { addressList } from "../options.ts";

interface VoteOptions extends AccountOptions {
  readonly reason?: string;
  readonly override: boolean;
  readonly edges?: readonly string[];
}

/** Sends the vote that the options ask for. */
async function cast(
  connection: Connection,
  { proposalId }: Proposal,
  support: Support,
  options: VoteOptions,
): Promise<void> {
  const { governor } = connection.contracts;
  const reason = options.reason ?? "";
  const value = SUPPORT[support];
  if (options.override || options.edges !== undefined) {
    const edges = [...(options.edges ?? [])];
    await connection.send(() =>
      governor.castOverrideVoteOn(proposalId, value, options.override, edges, reason),
    );
  } else if (reason === "") {
    await connection.send(() => governor.castVote(proposalId, value));
  } else {
    await connection.send(() => governor.castVoteWithReason(proposalId, value, reason));
  }
}

export function voteCommand(): Command {
  return accountCommand("vote", "votes on a proposal")
    .addArgument(proposalArgument())
    .addArgument(new Argument("<support>", "how").choices(Object.keys(SUPPORT)))
    .option("--reason <words>", "why; it counts for the account's reputation")
    .option(
      "--override",
      "with the account's own units that are on no edge, whatever their delegate votes",
      false,
    )
    .option("--edges <accounts>", "with its units on the edges to these, whatever they vote", addressList)
    .action((text: string, support: Support, options: VoteOptions) =>
      withAccount(options, async (connection) => {
        const proposal = await readProposal(connection, text);
        await cast(connection, proposal, support, options);
        const votes = await connection.contracts.governor.proposalVotes(proposal.proposalId);
        say(`voted ${support}: ${titleOf(proposal.description)}`);
        say(votesText(votes));
      }),
    );
}
