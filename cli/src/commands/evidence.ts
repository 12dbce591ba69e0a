/** `masa evidence check|commit|prove`: two messages that a validator signed for one turn, from the file to the slash. */
import { Argument, Command, Option } from "commander";
import { keccak256 } from "ethers";

import {
  dateOf,
  MasaError,
  momentOf,
  offenceCommitment,
  offenceDigests,
  offenceFault,
  offenceSchema,
  readFrozenSeats,
  withResultsHash,
} from "#sdk";
import type { Connection, OffenceEvidence } from "#sdk";

import { accountCommand, eventOf, readCommand, say, withAccount, withNetwork } from "../account.ts";
import type { AccountOptions } from "../account.ts";
import { readJsonFile } from "../options.ts";
import type { NetworkOptions } from "../options.ts";

interface ProveOptions extends AccountOptions {
  readonly withoutBounty: boolean;
}

/** Evidence that proves something, and whom it proves it of. */
interface Offence {
  readonly evidence: OffenceEvidence;
  readonly digests: [string, string];
  readonly account: string;
}

const fileArgument = (): Argument =>
  new Argument("<file>", "the two messages as they were signed: see docs/operations/offences.md");

/** Reads evidence and holds it against the set of its epoch. Throws MASA-101, or MASA-102 where it proves nothing. */
async function readOffence({ contracts, manifest }: Connection, file: string): Promise<Offence> {
  const evidence = readJsonFile(file, offenceSchema);
  const { epoch } = evidence.first;
  const frozen = await readFrozenSeats(contracts, epoch);
  if (frozen === null) throw new MasaError("MASA-102", `${file}: nobody was frozen for epoch ${epoch}`);
  const fault = offenceFault(manifest, frozen, evidence);
  if (fault !== null) throw new MasaError("MASA-102", `${file}: ${fault}`);
  const key = frozen.hotKeys[evidence.seat] as string;
  const { account } = await contracts.registry.signerOf(key);
  return { evidence, digests: offenceDigests(manifest, evidence), account };
}

const KINDS = {
  "score-vectors": "score vectors",
  "score-reports": "score reports",
  "epoch-reports": "epoch reports",
} as const;

function describe({ evidence, account }: Offence): string {
  const { kind, seat, first } = evidence;
  const round = "round" in first ? `round ${first.round}, ` : "";
  return `seat ${seat} of epoch ${first.epoch}, ${account}, signed two ${KINDS[kind]} for ${round}attempt ${first.attempt}`;
}

/** Salt of a reporter's commitment: nobody else can make it, and it need not be kept. */
async function saltOf({ wallet }: Connection, [first, second]: readonly [string, string]): Promise<string> {
  return keccak256((await wallet?.signMessage(`Masa evidence ${first} ${second}`)) ?? "0x");
}

function check(): Command {
  return readCommand("check", "says what evidence proves, of whom, and until when")
    .addArgument(fileArgument())
    .action((file: string, options: NetworkOptions) =>
      withNetwork(options, async (connection) => {
        const { offences } = connection.contracts;
        const offence = await readOffence(connection, file);
        const { epoch } = offence.evidence.first;
        const [until, { proven }, { timestamp }] = await Promise.all([
          offences.provableUntil(epoch),
          offences.punishedSeatsOf(epoch),
          connection.latest(),
        ]);
        say(describe(offence));
        say(`it can be proven until ${momentOf(until, BigInt(timestamp))}`);
        if (((proven >> BigInt(offence.evidence.seat)) & 1n) === 1n)
          say("the account was punished for this epoch already");
      }),
    );
}

function commit(): Command {
  return accountCommand("commit", "commits to evidence, so that nobody else can take the bounty for it")
    .addArgument(fileArgument())
    .action((file: string, options: AccountOptions) =>
      withAccount(options, async (connection, account) => {
        const { offences } = connection.contracts;
        const { digests } = await readOffence(connection, file);
        const commitment = offenceCommitment(account, digests, await saltOf(connection, digests));
        if ((await offences.committedAt(commitment)) === 0n)
          await connection.send(() => offences.commitEvidence(commitment));
        const [since, age] = await Promise.all([offences.committedAt(commitment), offences.COMMITMENT_AGE()]);
        say(`committed; from ${dateOf(since + age)} on: masa evidence prove ${file}`);
      }),
    );
}

/** Throws MASA-103 where the proof would bring no bounty and the user has not said that it need not. */
async function requireCommitment(connection: Connection, commitment: string): Promise<void> {
  const { offences } = connection.contracts;
  const [since, age, { timestamp }] = await Promise.all([
    offences.committedAt(commitment),
    offences.COMMITMENT_AGE(),
    connection.latest(),
  ]);
  if (since === 0n)
    throw new MasaError(
      "MASA-103",
      "this account has not committed to the evidence, and would get no bounty: run masa evidence commit first, or give --without-bounty",
    );
  // The proof lands in a later block than the latest.
  if (BigInt(timestamp) < since + age)
    throw new MasaError(
      "MASA-103",
      `the commitment is too young to bring a bounty: wait until ${dateOf(since + age)}, or give --without-bounty`,
    );
}

async function sendProof(connection: Connection, { evidence }: Offence, salt: string) {
  const { offences } = connection.contracts;
  const proof = {
    seat: evidence.seat,
    firstSignature: evidence.first.signature,
    secondSignature: evidence.second.signature,
    salt,
  };
  return await connection.send(() => {
    switch (evidence.kind) {
      case "score-vectors":
        return offences.proveScoreVectors(
          withResultsHash(evidence.first),
          withResultsHash(evidence.second),
          proof,
        );
      case "score-reports":
        return offences.proveScoreReports(
          withResultsHash(evidence.first),
          withResultsHash(evidence.second),
          proof,
        );
      case "epoch-reports":
        return offences.proveEpochReports(evidence.first, evidence.second, proof);
    }
  });
}

function prove(): Command {
  return accountCommand("prove", "proves an offence: its account is slashed and loses its seat")
    .addArgument(fileArgument())
    .addOption(
      new Option("--without-bounty", "prove it although this account has not committed to it").default(false),
    )
    .action((file: string, options: ProveOptions) =>
      withAccount(options, async (connection, account) => {
        const offence = await readOffence(connection, file);
        const salt = await saltOf(connection, offence.digests);
        if (!options.withoutBounty)
          await requireCommitment(connection, offenceCommitment(account, offence.digests, salt));
        const receipt = await sendProof(connection, offence, salt);
        const proven = eventOf(receipt, connection.contracts.offences, "OffenceProven");
        const slashId = (proven?.["slashId"] as bigint | undefined) ?? 0n;
        say(`proven: ${describe(offence)}`);
        if (slashId === 0n) return say("it held nothing that could be slashed");
        const paid = proven?.["rewarded"] === true ? ", which pays you the bounty" : "";
        say(
          `slash ${slashId} of ${offence.account}; after its appeal: masa slash release ${offence.account} ${slashId}${paid}`,
        );
      }),
    );
}

export function evidenceCommand(): Command {
  return new Command("evidence")
    .description("proves that a validator signed two messages for one turn: anyone may")
    .addCommand(check())
    .addCommand(commit())
    .addCommand(prove());
}
