/** `masa claim`: pays out rewards that the active root gives an account, to it or to the claimer it has chosen. */
import { Option } from "commander";
import type { Command } from "commander";
import { ZeroHash } from "ethers";

import { MasaError, requireProof, RewardTree } from "#sdk";
import type { Connection, RewardProof } from "#sdk";

import {
  decodeProof,
  decodeTable,
  MAX_PROOF_BYTES,
  MAX_TABLE_BYTES,
} from "../../../keeper/src/rewardWire.ts";
import { accountCommand, say, withAccount, withNetwork } from "../account.ts";
import type { AccountOptions } from "../account.ts";
import { masa } from "../format.ts";
import { address } from "../options.ts";
import { openSource, sourceOptions } from "../rewardSource.ts";
import type { SourceOptions } from "../rewardSource.ts";

interface ClaimOptions extends AccountOptions, SourceOptions {
  readonly for?: string;
  readonly to?: string;
  readonly show: boolean;
}

/** What the active root gives an account, checked against it; null while no root is active. Throws MASA-501. */
export async function readProof(
  connection: Connection,
  account: string,
  options: SourceOptions,
): Promise<RewardProof | null> {
  const { root } = await connection.contracts.distributor.activeRoot();
  if (root === ZeroHash) return null;
  const source = openSource(connection, options);
  // A folder holds tables: whoever has one needs no keeper's proof.
  if (options.from !== undefined) {
    const proof = await source(`/rewards/${root}`, MAX_TABLE_BYTES, (text) =>
      new RewardTree(decodeTable(text).balances).proofOf(account),
    );
    if (proof === null) throw new MasaError("MASA-501", `${account} has no part in the reward root ${root}`);
    return requireProof(root, account, proof);
  }
  return source(`/rewards/${root}/${account}`, MAX_PROOF_BYTES, (text) =>
    requireProof(root, account, decodeProof(text)),
  );
}

/** Says what is known of an account's rewards; gives the proof of what is claimable, null if nothing is. Sends nothing. */
async function show(
  connection: Connection,
  account: string,
  options: SourceOptions,
): Promise<RewardProof | null> {
  const { distributor } = connection.contracts;
  const [active, claimed, claimer] = await Promise.all([
    distributor.activeRoot(),
    distributor.claimedOf(account),
    distributor.claimerOf(account),
  ]);
  const proof = await readProof(connection, account, options);
  if (proof === null) {
    say("no reward root is active yet");
    return null;
  }
  const claimable = await distributor.claimable(account, proof.cumulative, [...proof.proof]);
  say(`the root of epoch ${active.epoch} gives ${account} ${masa(proof.cumulative)} MASA in all`);
  say(`${masa(claimed)} MASA of it are paid, ${masa(claimable)} MASA can be claimed for ${claimer}`);
  return claimable === 0n ? null : proof;
}

/** Sends the claim that a proof allows; anyone may. Gives what was paid, wei. */
export async function claim(connection: Connection, account: string, proof: RewardProof): Promise<bigint> {
  const { distributor } = connection.contracts;
  const before = await distributor.claimedOf(account);
  if (proof.cumulative <= before) return 0n;
  await connection.send(() => distributor.claim(account, proof.cumulative, [...proof.proof]));
  return (await distributor.claimedOf(account)) - before;
}

async function run(connection: Connection, own: string, options: ClaimOptions): Promise<void> {
  const { distributor } = connection.contracts;
  const account = options.for ?? own;
  if (options.to !== undefined) {
    if (account !== own)
      throw new MasaError("MASA-103", "--to: an account's claimer is chosen with the account's own key");
    if ((await distributor.claimerOf(own)) !== options.to) {
      const { to } = options;
      await connection.send(() => distributor.setClaimer(to));
      say(`rewards of ${own} go to ${to} from now on`);
    }
  }
  const proof = await show(connection, account, options);
  if (proof === null) return say("nothing to claim");
  const paid = await claim(connection, account, proof);
  say(`${masa(paid)} MASA paid to ${await distributor.claimerOf(account)}`);
}

export function claimCommand(): Command {
  const command = accountCommand("claim", "pays out the rewards that the active root gives an account");
  for (const option of sourceOptions()) command.addOption(option);
  return command
    .addOption(
      new Option("--for <account>", "whose rewards; anyone may claim for another").argParser(address),
    )
    .addOption(
      new Option(
        "--to <claimer>",
        "who receives this account's rewards from now on; the account itself to end that",
      ).argParser(address),
    )
    .addOption(new Option("--show", "sends nothing; with --for it needs no key").default(false))
    .action(async (options: ClaimOptions) => {
      if (options.show && options.for !== undefined) {
        const account = options.for;
        await withNetwork(options, async (connection) => {
          await show(connection, account, options);
        });
        return;
      }
      await withAccount(options, async (connection, own) => {
        if (options.show) await show(connection, options.for ?? own, options);
        else await run(connection, own, options);
      });
    });
}
