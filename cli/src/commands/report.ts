/** `masa report verify FILE`: recomputes a final score report from the messages that validators signed. */
import { Command } from "commander";
import Table from "cli-table3";

import { MasaError, queryPages, readFrozenSeats } from "#sdk";
import type { Connection } from "#sdk";

import { auditArchive } from "../../../keeper/src/audit.ts";
import type { AuditLine, ChainView, ScoreArchive } from "../../../keeper/src/audit.ts";
import { decodeScoreArchive } from "../../../keeper/src/wire.ts";
import { readCommand, say, withNetwork } from "../account.ts";
import { readTextFile } from "../options.ts";
import type { NetworkOptions } from "../options.ts";

interface VerifyOptions extends NetworkOptions {
  readonly chain: boolean;
}

function readArchive(path: string): ScoreArchive {
  const text = readTextFile(path);
  try {
    return decodeScoreArchive(text);
  } catch (cause) {
    throw new MasaError("MASA-102", `${path} is no archive of a score report: ${(cause as Error).message}`, {
      cause,
    });
  }
}

/** What the chain says of the archive's round. */
async function readChain(connection: Connection, archive: ScoreArchive): Promise<ChainView> {
  const { contracts, manifest } = connection;
  const { consensus, escrow } = contracts;
  const { epoch, round } = archive.report;
  const isThis = consensus.filters.ScoreReportFinalised(epoch, round);
  const { number } = await connection.latest();
  const [frozen, found, requests] = await Promise.all([
    readFrozenSeats(contracts, epoch),
    queryPages((from, to) => consensus.queryFilter(isThis, from, to), manifest.deployedAtBlock, number),
    Promise.all(
      archive.requests.map(async ({ requestId }) => {
        const { responses, hasEvidence } = await escrow.requestOf(requestId);
        return { requestId, responses: Number(responses), hasEvidence };
      }),
    ),
  ]);
  const [final] = found;
  return {
    chainId: manifest.chainId,
    consensus: manifest.contracts.consensus,
    frozen,
    final: final === undefined ? null : { digest: final.args.digest, signers: final.args.signers },
    requests,
  };
}

function print(archive: ScoreArchive, lines: readonly AuditLine[]): void {
  const { epoch, round, attempt } = archive.report;
  say(`score report of epoch ${epoch}, round ${round}, attempt ${attempt}`);
  const table = new Table({ head: ["part", "agrees", ""] });
  for (const { what, agrees, note } of lines) table.push([what, agrees ? "yes" : "NO", note]);
  say(table.toString());
  const wrong = lines.filter(({ agrees }) => !agrees).length;
  say(
    wrong === 0
      ? "the report follows from what the validators signed"
      : `${wrong} of ${lines.length} do not agree`,
  );
  if (wrong > 0) process.exitCode = 1;
}

export function reportCommand(): Command {
  const verify = readCommand(
    "verify",
    "recomputes a score report from the signed vectors; exit code 1 if it differs",
  )
    .argument("<archive>", "JSON file, as keepers serve it at /archive/DIGEST")
    .option("--chain", "compare the frozen set, the requests and the final report with the chain too", false)
    .action(async (path: string, options: VerifyOptions) => {
      const archive = readArchive(path);
      if (!options.chain) {
        print(archive, auditArchive(archive));
        return;
      }
      await withNetwork(options, async (connection) =>
        print(archive, auditArchive(archive, await readChain(connection, archive))),
      );
    });
  return new Command("report").description("checks reports").addCommand(verify);
}
