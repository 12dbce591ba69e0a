/** `masa status [account]`: the network, or everything about one account. */
import { Argument, Command } from "commander";
import Table from "cli-table3";
import { ZeroAddress } from "ethers";

import { connect, explainChainError, ROLES } from "#sdk";
import type { Connection } from "#sdk";

import { masa, share } from "../format.ts";
import { address, networkOptions } from "../options.ts";
import type { NetworkOptions } from "../options.ts";

async function networkStatus(connection: Connection): Promise<string> {
  const { contracts } = connection;
  const { timestamp } = await connection.latest();
  const [epoch, rolled, seats, next] = await Promise.all([
    contracts.clock.currentEpoch(),
    contracts.epochManager.rolledEpoch(),
    contracts.validatorSet.seatCount(),
    contracts.validatorSet.nextToBePruned(),
  ]);
  const table = new Table({ head: ["role", "nodes", "mean utility", "base requirement (MASA)"] });
  for (const [index, role] of ROLES.entries()) {
    if (role === "none") continue;
    const [totals, snapshot] = await Promise.all([
      contracts.registry.totalsOf(index),
      contracts.registry.snapshotOf(index),
    ]);
    table.push([role, String(totals.count), share(snapshot.meanUtility), masa(snapshot.base)]);
  }
  const pruned =
    next.owner === ZeroAddress
      ? "nobody is due to be pruned"
      : `next to be pruned: ${next.owner} in seat ${next.seat}, whose score ${Number(next.score) / 1e9} is the lowest`;
  return [
    `epoch ${epoch} (rolled into ${rolled}), chain time ${new Date(timestamp * 1_000).toISOString()}`,
    `${seats} of 64 seats taken; ${pruned}`,
    table.toString(),
  ].join("\n");
}

async function accountStatus({ contracts, manifest }: Connection, account: string): Promise<string> {
  const [node, position, pool, credit, balance, seat] = await Promise.all([
    contracts.registry.nodeOf(account),
    contracts.vault.positionOf(account, manifest.contracts.masa),
    contracts.vault.unbondingPoolOf(account, manifest.contracts.masa),
    contracts.escrow.creditOf(account),
    contracts.masa.balanceOf(account),
    contracts.validatorSet.seatOf(account),
  ]);
  const table = new Table();
  table.push(
    ["account", account],
    ["role", `${ROLES[Number(node.role)] ?? "none"}${node.short ? ", marked short: ineligible" : ""}`],
    ["MASA in the wallet", masa(balance)],
    ["staked", masa(position.staked)],
    ["  of it reserved by open commitments", masa(position.reserved)],
    ["unbonding", masa(pool.amount)],
    ["credit", masa(credit)],
  );
  if (node.role !== 0n) {
    table.push(["utility", share(node.utility)], ["requirement now", masa(node.requirement)]);
    if (node.requirement > node.stakeUnits) table.push(["missing", masa(node.requirement - node.stakeUnits)]);
  }
  if (seat.seated) table.push(["seat", String(seat.seat)]);
  return table.toString();
}

export function statusCommand(): Command {
  const command = new Command("status").description("shows the network, or everything about one account");
  for (const option of networkOptions()) command.addOption(option);
  return command
    .addArgument(new Argument("[account]", "account to show").argParser(address))
    .action(async (account: string | undefined, options: NetworkOptions) => {
      const connection = await connect({ rpcUrl: options.rpc, manifestPath: options.manifest });
      try {
        const text = await (account === undefined
          ? networkStatus(connection)
          : accountStatus(connection, account));
        process.stdout.write(`${text}\n`);
      } catch (error) {
        throw explainChainError(error);
      } finally {
        connection.close();
      }
    });
}
