/** `masa governance claim`: rewards of those who govern. */
import { Command } from "commander";

import { amountOf } from "#sdk";

import { accountCommand, say, withAccount } from "../account.ts";
import type { AccountOptions } from "../account.ts";
import { claimGovernance } from "../governance/claim.ts";

export function governanceCommand(): Command {
  const claim = accountCommand(
    "claim",
    "credits the account for what it voted on, itself or through its delegates, and pays its rewards",
  ).action((options: AccountOptions) =>
    withAccount(options, async (connection, account) => {
      const { closed, credited, paidWei, comingWei } = await claimGovernance(connection, account);
      if (closed > 0) say(`${closed} decided proposals were counted`);
      say(`${account} was credited for ${credited} proposals and paid ${amountOf(paidWei, 18)} MASA`);
      if (comingWei > 0n)
        say(`the running epoch will pay about ${amountOf(comingWei, 18)} MASA, once it is over`);
    }),
  );
  return new Command("governance").description("rewards of those who govern").addCommand(claim);
}
