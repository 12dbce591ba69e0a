/** `masa status [account]`: the network, or everything about one account, in one call each. */
import { Argument } from "commander";
import type { Command } from "commander";
import Table from "cli-table3";
import { ZeroAddress } from "ethers";

import { dateOf, ROLES } from "#sdk";
import type { Connection } from "#sdk";

import { readCommand, say, withNetwork } from "../account.ts";
import { masa, share, tokens } from "../format.ts";
import { address } from "../options.ts";
import type { NetworkOptions } from "../options.ts";

/** Names of IValidatorSet.PruneReason. */
const PRUNE_REASONS = [
  "nobody is due: no report waits for a roll",
  "nobody is due yet: the scores serve a later roll",
  "nobody is due: every scored seat is fresh",
  "nobody is due: the set is at its least size",
  "the lowest score",
  "the lowest score, and the lower stake",
  "the lowest score, and the later seat",
  "the lowest score, and the lower seat number",
];

async function networkStatus(connection: Connection): Promise<string> {
  const { contracts, tokens: units } = connection;
  const [net, { timestamp }] = await Promise.all([contracts.lens.network(), connection.latest()]);
  const roles = new Table({
    head: [
      "role",
      "nodes",
      "of them short",
      "mean utility",
      "base now (MASA)",
      "base next",
      "requirement at the mean",
    ],
  });
  for (const line of net.roles) {
    roles.push([
      ROLES[Number(line.role)] ?? "",
      String(line.registered),
      String(line.registered - line.counted),
      share(line.frozen.meanUtility),
      masa(line.frozen.base),
      masa(line.next.base),
      masa(line.requirementAtMean),
    ]);
  }
  const stakes = new Table({ head: ["token", "staked", "unbonding", "in the appeal pot"] });
  stakes.push(["MASA", ...[net.masaStaked, net.masaUnbonding, net.masaPot].map((wei) => masa(wei))]);
  if (units.tao !== null) {
    const { decimals } = units.tao;
    stakes.push([
      "TAO",
      ...[net.taoStaked, net.taoUnbonding, net.taoPot].map((held) => tokens(held, decimals)),
    ]);
  }
  const { next } = net;
  const reason = PRUNE_REASONS[Number(next.reason)] ?? "";
  return [
    `epoch ${net.epoch} (rolled into ${net.rolledEpoch}), ends at ${dateOf(net.epochEndsAt)}; chain time ${dateOf(BigInt(timestamp))}`,
    `${net.seats} of 64 seats taken, ${net.waiting} waiting; ${net.silentRolls} rolls since the last epoch report`,
    next.owner === ZeroAddress
      ? reason
      : `next to be pruned: ${next.owner} in seat ${next.seat}, ${Number(next.score) / 1e9} in epoch ${next.scoredEpoch}: ${reason}`,
    `supply as of the last roll: ${masa(net.supply)} MASA; the next roll pays ${masa(net.rollBounty)} MASA`,
    roles.toString(),
    stakes.toString(),
  ].join("\n");
}

async function accountStatus({ contracts, tokens: units }: Connection, account: string): Promise<string> {
  const v = await contracts.lens.accountOf(account);
  const { node, preview, seat } = v;
  const table = new Table();
  const line = (name: string, value: string): void => void table.push([name, value]);
  const role = ROLES[Number(node.role)] ?? "none";
  const marks = [
    ...(node.short ? ["marked short: ineligible"] : []),
    ...(node.suspended ? ["suspended until the next epoch"] : []),
  ];
  line("account", account);
  line("role", [role, ...marks].join(", "));
  line("MASA in the wallet", masa(v.masaBalance));
  line("MASA staked", masa(v.masa.staked));
  line("  of it reserved by open commitments", masa(v.exposure.reserved));
  line("MASA unbonding", masa(v.masa.queued));
  if (units.tao !== null) {
    const { decimals } = units.tao;
    line("TAO in the wallet", tokens(v.taoBalance, decimals));
    line("TAO staked", tokens(v.tao.staked, decimals));
    line("TAO unbonding", tokens(v.tao.queued, decimals));
  }
  if (v.exposure.pendingCut > 0n) line("slashed, not yet applied", masa(v.exposure.pendingCut));
  if (v.deferral.amount > 0n) line("slashed, booked next epoch", masa(v.deferral.amount));
  line("credit", masa(v.market.credit));
  if (v.market.reserved > 0n) line("  reserved for open requests", masa(v.market.reserved));
  if (v.market.untold > 0n) line("consumption still to be told", masa(v.market.untold));
  if (node.role !== 0n) {
    line("utility", share(node.utility));
    line("stake that counts", masa(preview.stakeUnits));
    line("requirement now", masa(preview.requirement));
    line("requirement after the next roll", masa(preview.nextRequirement));
    if (preview.shortfall > 0n) line("missing now", masa(preview.shortfall));
    if (preview.nextShortfall > 0n) line("missing then", masa(preview.nextShortfall));
    line("epochs of grace", String(preview.graceLeft));
    line("deposit for pokes", masa(node.deposit));
    if (node.signingKey !== ZeroAddress) line("signing key", node.signingKey);
    if (role === "oracle") line("consumed this epoch", masa(v.market.consumption));
    line("says about itself", node.metadata);
  }
  if (seat.seated) {
    line("seat", `${seat.seat}, since epoch ${seat.seatedEpoch}`);
    if (seat.scored) line("last score", (Number(seat.score) / 1e9).toFixed(3));
  } else if (seat.waiting) line("seat", "waits for one");
  else if (seat.coolingUntil > 0n) line("may wait for a seat from epoch", String(seat.coolingUntil));
  return table.toString();
}

export function statusCommand(): Command {
  return readCommand("status", "shows the network, or everything about one account")
    .addArgument(new Argument("[account]", "account to show").argParser(address))
    .action((account: string | undefined, options: NetworkOptions) =>
      withNetwork(options, async (connection) =>
        say(await (account === undefined ? networkStatus(connection) : accountStatus(connection, account))),
      ),
    );
}
