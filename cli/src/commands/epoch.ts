/** `masa epoch verify N`: recomputes the report of an epoch and its reward root, and says what differs. */
import { Argument, Command, Option } from "commander";
import Table from "cli-table3";
import { ZeroHash } from "ethers";

import {
  epochReportDigest,
  MasaError,
  queryBackwards,
  queryPages,
  readFrozenSeats,
  readRewardFacts,
  readRewardState,
  relatedSeats,
  REQUEST_KINDS,
  RewardTree,
  scoreReportDigest,
  tableOfRoot,
} from "#sdk";
import type { AcceptedRoot, Connection, FrozenSeats, RequestFacts, RewardTable, RoundEvidence } from "#sdk";

import { auditEpoch } from "../../../keeper/src/epochAudit.ts";
import type { EpochAudit } from "../../../keeper/src/epochAudit.ts";
import { decodeEpochArchive, decodeTable, MAX_TABLE_BYTES } from "../../../keeper/src/rewardWire.ts";
import { decodeScoreArchive, MAX_MESSAGE_BYTES } from "../../../keeper/src/wire.ts";
import { readCommand, say, withNetwork } from "../account.ts";
import { masa } from "../format.ts";
import { wholeNumber } from "../options.ts";
import type { NetworkOptions } from "../options.ts";
import { openSource, sourceOptions } from "../rewardSource.ts";
import type { Source, SourceOptions } from "../rewardSource.ts";

interface VerifyOptions extends NetworkOptions, SourceOptions {
  readonly save?: string;
}

/** Accounts that are named where tables differ. */
const MOST_SHOWN = 20;

/** The final report of an epoch as the chain has it. Throws MASA-503 where there is none. */
async function readFinal({ contracts, manifest }: Connection, epoch: number, latest: number) {
  const { consensus } = contracts;
  const found = await queryBackwards(
    (from, to) => consensus.queryFilter(consensus.filters.EpochReportFinalised(epoch), from, to),
    manifest.deployedAtBlock,
    latest,
  );
  if (found === null) {
    throw new MasaError("MASA-503", `epoch ${epoch} has no final report`, {
      advice: "An epoch is reported in the one that follows; one without a report brings no rewards.",
    });
  }
  return { digest: found.args.digest, blockNumber: found.blockNumber };
}

/** What the chain says of requests: how many responses, whose scores do not count, which kind of work. */
async function readRequests({ contracts }: Connection, frozen: FrozenSeats, ids: readonly bigint[]) {
  const { escrow, registry } = contracts;
  const seats = await Promise.all(
    frozen.hotKeys.map(async (hotKey) => ({ hotKey, account: (await registry.signerOf(hotKey)).account })),
  );
  const responses = new Map<bigint, number>();
  const requests = new Map<bigint, RequestFacts>();
  await Promise.all(
    ids.map(async (id) => {
      const [request, workers] = await Promise.all([escrow.requestOf(id), escrow.workersOf(id)]);
      responses.set(id, workers.length);
      requests.set(id, {
        isLlm: REQUEST_KINDS[Number(request.kind)] === "llm-completion",
        hasEvidence: request.hasEvidence,
        related: relatedSeats(seats, request.asker, workers),
      });
    }),
  );
  return { responses, requests };
}

async function readTable(source: Source, accepted: AcceptedRoot): Promise<RewardTable> {
  if (accepted.root === ZeroHash) return tableOfRoot(accepted, new Map());
  return source(`/rewards/${accepted.root}`, MAX_TABLE_BYTES, (text) =>
    tableOfRoot(accepted, decodeTable(text).balances),
  );
}

/** Fetches what is behind the report of an epoch and holds it against the chain. Throws MASA-101, 301, 501 or 503. */
export async function verifyEpoch(
  connection: Connection,
  epoch: number,
  source: Source,
): Promise<EpochAudit & { readonly rewardRoot: string }> {
  const { contracts, manifest } = connection;
  const { consensus } = contracts;
  const frozen = await readFrozenSeats(contracts, epoch);
  if (frozen === null) throw new MasaError("MASA-503", `nobody has rolled into epoch ${epoch}`);
  const { number } = await connection.latest();
  const final = await readFinal(connection, epoch, number);
  const facts = await readRewardFacts(connection, frozen);
  const [before, events, maxMissed] = await Promise.all([
    readRewardState(connection, final.blockNumber - 1),
    queryPages(
      (from, to) => consensus.queryFilter(consensus.filters.ScoreReportFinalised(epoch), from, to),
      manifest.deployedAtBlock,
      final.blockNumber,
    ),
    contracts.offences.maxMissedOf(epoch),
  ]);
  const archive = await source(`/archive/${final.digest}`, MAX_MESSAGE_BYTES, (text) => {
    const read = decodeEpochArchive(text);
    if (epochReportDigest(manifest, read.report) !== final.digest)
      throw new MasaError("MASA-505", `the archive is not of the report ${final.digest}`);
    return read;
  });
  const rounds: RoundEvidence[] = [];
  for (const digest of archive.rounds) {
    rounds.push(
      await source(`/archive/${digest}`, MAX_MESSAGE_BYTES, (text) => {
        const read = decodeScoreArchive(text);
        if (scoreReportDigest(manifest, read.report) !== digest)
          throw new MasaError("MASA-505", `the archive is not of the report ${digest}`);
        return read;
      }),
    );
  }
  const ids = rounds.flatMap(({ report }) => report.results.map(({ requestId }) => requestId));
  const audit = auditEpoch(archive, rounds, await readTable(source, facts.lastRoot), {
    manifest,
    frozen,
    digest: final.digest,
    rounds: events.map(({ args, blockNumber }) => ({
      round: Number(args.round),
      digest: args.digest,
      signers: args.signers,
      blockNumber,
    })),
    maxMissed: Number(maxMissed),
    ...(await readRequests(connection, frozen, ids)),
    facts,
    before,
  });
  return { ...audit, rewardRoot: archive.report.rewardRoot };
}

/** Whose rewards differ between the table behind the report's root and the one that should be. */
async function sayDifferences(source: Source, root: string, expected: RewardTable): Promise<void> {
  if (root === ZeroHash) return;
  const balances = await source(`/rewards/${root}`, MAX_TABLE_BYTES, (text) => {
    const read = decodeTable(text).balances;
    // Its totals may be what is wrong with the report: the root alone must be the table's.
    if (read.size === 0 || new RewardTree(read).root !== root)
      throw new MasaError("MASA-505", `the table does not lead to the root ${root}`);
    return read;
  });
  const accounts = [...new Set([...balances.keys(), ...expected.balances.keys()])].filter(
    (account) => balances.get(account) !== expected.balances.get(account),
  );
  const table = new Table({ head: ["account", "the report gives (MASA)", "it should give (MASA)"] });
  for (const account of accounts.slice(0, MOST_SHOWN)) {
    table.push([
      account,
      masa(balances.get(account) ?? 0n, 18),
      masa(expected.balances.get(account) ?? 0n, 18),
    ]);
  }
  say(table.toString());
  if (accounts.length > MOST_SHOWN) say(`and ${accounts.length - MOST_SHOWN} more`);
}

async function run(epoch: number, options: VerifyOptions, connection: Connection): Promise<void> {
  const source = openSource(connection, options, options.save);
  const { lines, expected, rewardRoot } = await verifyEpoch(connection, epoch, source);
  say(`report of epoch ${epoch}`);
  const table = new Table({ head: ["part", "agrees", ""] });
  for (const { what, agrees, note } of lines) table.push([what, agrees ? "yes" : "NO", note]);
  say(table.toString());
  const wrong = lines.filter(({ agrees }) => !agrees);
  if (wrong.length === 0) return say("the report follows from the chain and from what the validators signed");
  say(`${wrong.length} of ${lines.length} do not agree`);
  process.exitCode = 1;
  if (!wrong.some(({ what }) => what === "reward root")) return;
  try {
    await sayDifferences(source, rewardRoot, expected);
  } catch (error) {
    say(`the table behind the report's root cannot be had: ${(error as Error).message}`);
  }
}

export function epochCommand(): Command {
  const verify = readCommand(
    "verify",
    "recomputes the report of an epoch and its reward root; exit code 1 if it differs",
  ).addArgument(new Argument("<epoch>", "number of the epoch").argParser(wholeNumber(1, 0xffff_ffff)));
  for (const option of sourceOptions()) verify.addOption(option);
  verify
    .addOption(new Option("--save <folder>", "keeps what was fetched, for --from"))
    .action((epoch: number, options: VerifyOptions) =>
      withNetwork(options, (connection) => run(epoch, options, connection)),
    );
  return new Command("epoch").description("checks what epochs brought").addCommand(verify);
}
