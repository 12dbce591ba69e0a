/** `masa roll`: rolls into the current epoch, and is paid the bounty. */
import type { Command } from "commander";

import { accountCommand, eventOf, say, withAccount } from "../account.ts";
import type { AccountOptions } from "../account.ts";
import { masa } from "../format.ts";

export function rollCommand(): Command {
  return accountCommand("roll", "rolls into the current epoch if nobody has").action(
    (options: AccountOptions) =>
      withAccount(options, async (connection) => {
        const { epochManager } = connection.contracts;
        const receipt = await connection.send(() => epochManager.roll());
        const rolled = eventOf(receipt, epochManager, "EpochRolled");
        if (!rolled) return say(`epoch ${await epochManager.rolledEpoch()} is rolled already`);
        const [epoch, bounty] = [rolled["epoch"] as bigint, rolled["bounty"] as bigint];
        say(`rolled into epoch ${epoch}, for ${masa(bounty)} MASA`);
      }),
  );
}
