/** `masa propose parameter|calls|review`: shows what a proposal would do, tries it on a copy of the chain, submits it. */
import { Argument, Command, Option } from "commander";
import { encodeBytes32String, getAddress, isAddress } from "ethers";
import { z } from "zod";

import {
  CONTRACT_KEYS,
  encodeCall,
  encodeParameters,
  formatProposalText,
  governorArguments,
  MasaError,
  proposalIdOf,
} from "#sdk";
import type { Connection, Manifest, ProposalCall, ProposalText } from "#sdk";

import { accountCommand, say, withAccount } from "../account.ts";
import type { AccountOptions } from "../account.ts";
import { callLines, requirementLines, REVIEW_GROUPS } from "../governance/describe.ts";
import { simulateProposal } from "../governance/fork.ts";
import { readJsonFile, readTextFile } from "../options.ts";

interface ProposeOptions extends AccountOptions {
  readonly title?: string;
  readonly description?: string;
  readonly rationale?: string;
  readonly rationaleFile?: string;
  readonly dryRun: boolean;
}

const withText = (command: Command): Command =>
  command
    .option("--title <words>", "title of the proposal (default: what it changes)")
    .option("--description <words>", "what it does (default: the list of its changes)")
    .addOption(new Option("--rationale <words>", "why it should be done").conflicts("rationaleFile"))
    .option("--rationale-file <file>", "file with the rationale, in Markdown")
    .option("--dry-run", "show and try it, and submit nothing", false);

/** The text, with what the calls do where nothing else was given. */
function textOf(options: ProposeOptions, changes: readonly string[]): ProposalText {
  const { title, description, rationale, rationaleFile } = options;
  const given = rationaleFile === undefined ? rationale : readTextFile(rationaleFile);
  if (given === undefined)
    throw new MasaError("MASA-103", "a proposal needs a rationale: give --rationale or --rationale-file");
  const first = changes[0] ?? "";
  return {
    title: title ?? (changes.length > 1 ? `${first}, and more` : first),
    description: description ?? changes.map((change) => `- ${change}`).join("\n"),
    rationale: given,
  };
}

/** Preview, simulation, submission. */
async function propose(
  connection: Connection,
  account: string,
  calls: readonly ProposalCall[],
  options: ProposeOptions,
): Promise<void> {
  const changes = (await Promise.all(calls.map((call) => callLines(connection, call)))).flat();
  const description = formatProposalText(textOf(options, changes), account);
  for (const line of changes) say(line);
  for (const line of await requirementLines(connection, calls, account)) say(line);
  const gas = await simulateProposal(connection, options.rpc, { proposer: account, calls, description });
  say(`tried on a copy of the chain, from its proposal to its execution: it goes through, with ${gas} gas`);
  if (options.dryRun) return say("nothing was submitted");
  const { governor } = connection.contracts;
  const [targets, values, calldatas] = governorArguments(calls, description);
  await connection.send(() => governor.propose(targets, values, calldatas, description));
  say(`proposal ${proposalIdOf(calls, description)} is submitted`);
}

function pairsOf(words: readonly string[]): [id: string, value: string][] {
  if (words.length % 2 !== 0) throw new MasaError("MASA-103", "give each parameter its value: NAME VALUE …");
  return words.flatMap((word, index) => (index % 2 === 0 ? [[word, words[index + 1] ?? ""]] : []));
}

function parameter(): Command {
  return withText(accountCommand("parameter", "proposes new values of parameters; see docs/parameters.md"))
    .addArgument(new Argument("<name-value...>", "such as escrow.tau 0.62, once or more"))
    .action((words: string[], options: ProposeOptions) =>
      withAccount(options, async (connection, account) => {
        const encoded = await encodeParameters(connection.contracts, pairsOf(words));
        const calls = encoded.map(({ target, data }) => ({ target, value: 0n, data }));
        await propose(connection, account, calls, options);
      }),
    );
}

const callSchema = z.union([
  z.strictObject({
    target: z.string(),
    value: z.string().regex(/^\d+$/, "wei as a decimal string").optional(),
    data: z.string().regex(/^0x([0-9a-fA-F]{2})*$/, "bytes as hex"),
  }),
  z.strictObject({
    target: z.string(),
    value: z.string().regex(/^\d+$/, "wei as a decimal string").optional(),
    function: z.string(),
    args: z.array(z.unknown()),
  }),
]);

const callFile = z.strictObject({ calls: z.array(callSchema).min(1) });

/** A contract by its name in the manifest, or any address. Throws MASA-102. */
function addressOf({ contracts }: Manifest, target: string): string {
  const key = CONTRACT_KEYS.find((name) => name === target);
  if (key !== undefined) return contracts[key];
  // Its guard is for any value: of a string it would leave nothing.
  const valid: boolean = isAddress(target);
  if (valid) return getAddress(target);
  throw new MasaError("MASA-102", `"${target}" is neither an address nor one of ${CONTRACT_KEYS.join(", ")}`);
}

/** Calls of a file: {"calls": [{target, function, args} or {target, data}, …]}. Throws MASA-101 or 102. */
function readCalls(path: string, manifest: Manifest): ProposalCall[] {
  const { calls } = readJsonFile(path, callFile);
  return calls.map((call) => ({
    target: addressOf(manifest, call.target),
    value: BigInt(call.value ?? "0"),
    data: "data" in call ? call.data : encodeCall(call.target, call.function, call.args),
  }));
}

function calls(): Command {
  return withText(accountCommand("calls", "proposes calls that a JSON file lists"))
    .addArgument(
      new Argument(
        "<file>",
        `{"calls": [{"target": one of ${CONTRACT_KEYS.slice(0, 3).join(", ")}, … or an address, "function": …, "args": […]}]}`,
      ),
    )
    .action((file: string, options: ProposeOptions) =>
      withAccount(options, async (connection, account) => {
        await propose(connection, account, readCalls(file, connection.manifest), options);
      }),
    );
}

function review(): Command {
  return withText(accountCommand("review", "proposes to take a group of parameters as reviewed"))
    .addArgument(new Argument("<group>", "such as escrow.terms or class-1").choices(REVIEW_GROUPS))
    .action((group: string, options: ProposeOptions) =>
      withAccount(options, async (connection, account) => {
        const { reviews } = connection.contracts;
        const data = reviews.interface.encodeFunctionData("markReviewed", [encodeBytes32String(group)]);
        const call = { target: connection.manifest.contracts.reviews, value: 0n, data };
        const title = options.title ?? `Review of ${group}`;
        const description = options.description ?? `Takes ${group} as reviewed, with its values as they are.`;
        await propose(connection, account, [call], { ...options, title, description });
      }),
    );
}

export function proposeCommand(): Command {
  return new Command("propose")
    .description("proposes a change to those who stake, after showing and trying it")
    .addCommand(parameter())
    .addCommand(calls())
    .addCommand(review());
}
