/** `masa seat join|leave|check-in|refresh`: a validator's place among the 64. */
import { Command } from "commander";

import { amountOf } from "#sdk";

import { accountArgument, accountCommand, eventOf, say, withAccount } from "../account.ts";
import type { AccountOptions } from "../account.ts";

export function seatCommand(): Command {
  const join = accountCommand("join", "puts the validator on the waitlist for a seat").action(
    (options: AccountOptions) =>
      withAccount(options, async (connection) => {
        await connection.send(() => connection.contracts.validatorSet.joinWaitlist());
        say("it waits for a seat; free seats are filled at the next roll");
      }),
  );
  const leave = accountCommand(
    "leave",
    "gives the seat up at the next roll, or the place on the waitlist at once",
  ).action((options: AccountOptions) =>
    withAccount(options, async (connection, key) => {
      const { validatorSet, registry } = connection.contracts;
      const account = await registry.accountOf(key);
      if (await validatorSet.isWaiting(account)) {
        await connection.send(() => validatorSet.leaveWaitlist());
        return say(`${account} does not wait any more`);
      }
      await connection.send(() => validatorSet.leaveSeat());
      say(`${account} gives its seat up at the next roll, and signs until then`);
    }),
  );
  const checkIn = accountCommand(
    "check-in",
    "says that the validator is there, while the set is silent: it keeps its seat",
  ).action((options: AccountOptions) =>
    withAccount(options, async (connection) => {
      await connection.send(() => connection.contracts.validatorSet.checkIn());
      say("checked in");
    }),
  );
  const refresh = accountCommand(
    "refresh",
    "makes the weight of a seat or candidate anew from its stake and utility; anyone may",
  )
    .addArgument(accountArgument())
    .action((owner: string, options: AccountOptions) =>
      withAccount(options, async (connection) => {
        const { validatorSet } = connection.contracts;
        const receipt = await connection.send(() => validatorSet.refresh(owner));
        const event = eventOf(receipt, validatorSet, "WeightRefreshed");
        const [previous, current] = [event?.["previous"] as bigint, event?.["current"] as bigint];
        say(`the weight of ${owner} was ${amountOf(previous, 6)} MASA and is ${amountOf(current, 6)} MASA`);
      }),
    );
  return new Command("seat")
    .description("a validator's seat; with the account's key, or an operator's with the right seat")
    .addCommand(join)
    .addCommand(leave)
    .addCommand(checkIn)
    .addCommand(refresh);
}
