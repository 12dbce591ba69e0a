/** `masa oracle ask`: submits questions, waits for settlement and prints the accepted answers. */
import { Command, Option } from "commander";
import { z } from "zod";

import { MasaError, REQUEST_KINDS } from "#sdk";
import type { RequestKind } from "#sdk";

import { startOracle } from "../../../nodes/src/oracle.ts";
import type { Question } from "../../../nodes/src/askBook.ts";
import { toJson } from "../format.ts";
import {
  keyOption,
  masaAmount,
  networkOptions,
  nodeOptions,
  ratio,
  readJsonFile,
  serveOptions,
  untilStopped,
  wholeNumber,
} from "../options.ts";
import type { KeyOptions, NetworkOptions, ServeOptions } from "../options.ts";

interface AskOptions extends NetworkOptions, KeyOptions, ServeOptions {
  readonly questions?: string;
  readonly evidence?: string;
  readonly kind: RequestKind;
  readonly reward: bigint;
  readonly minQuality: bigint;
  readonly maxResponses: number;
  readonly responseWindow: number;
  readonly scoringWindow: number;
  readonly pace: number;
}

const questionFile = z.object({
  version: z.literal(1),
  questions: z
    .array(z.object({ id: z.string().min(1).max(100), prompt: z.string().min(1).max(20_000) }))
    .min(1),
});

/** Reads a question file. Throws MASA-101 or MASA-102. */
export function readQuestions(path: string): Question[] {
  const { questions } = readJsonFile(path, questionFile);
  const keys = questions.map(({ id }) => id);
  const twice = keys.find((key, index) => keys.indexOf(key) !== index);
  if (twice !== undefined) throw new MasaError("MASA-102", `${path}: two questions have the id ${twice}`);
  return questions.map(({ id, prompt }) => ({ key: id, prompt }));
}

async function ask(prompt: string | undefined, options: AskOptions): Promise<void> {
  const questions =
    options.questions !== undefined
      ? readQuestions(options.questions)
      : prompt !== undefined
        ? [{ key: prompt, prompt }]
        : [];
  if (questions.length === 0) throw new MasaError("MASA-103", "give a question, or --questions FILE");
  const oracle = await startOracle(await nodeOptions(options));
  try {
    if (options.evidence !== undefined) await oracle.publishEvidence(options.evidence);
    const asks = await oracle.ask(
      questions,
      {
        kind: options.kind,
        baseRewardWei: options.reward,
        minQualityWad: options.minQuality,
        maxResponses: options.maxResponses,
        responseWindowS: options.responseWindow,
        scoringWindowS: options.scoringWindow,
        paceMs: options.pace,
      },
      untilStopped(),
    );
    for (const result of asks) process.stdout.write(`${toJson(result)}\n`);
    if (asks.every(({ state }) => state !== "settled"))
      throw new MasaError("MASA-404", "no question was settled");
  } finally {
    await oracle.close();
  }
}

export function oracleCommand(): Command {
  const command = new Command("ask").description("asks, waits, and prints each outcome as a line of JSON");
  for (const option of [...networkOptions(), keyOption(), ...serveOptions("oracle.sqlite")])
    command.addOption(option);
  command
    .argument("[question]", "a single question")
    .option("--questions <file>", "a file of questions, see docs/payloads.md")
    .option("--evidence <folder>", "documents that answers are judged against")
    .addOption(
      new Option("--kind <kind>", "kind of work").choices([...REQUEST_KINDS]).default("llm-completion"),
    )
    .addOption(
      new Option("--reward <masa>", "R_base of each question")
        .default(10n ** 19n, "10")
        .argParser(masaAmount),
    )
    .addOption(
      new Option("--min-quality <q>", "least quality that is paid for, at or above τ")
        .default(6n * 10n ** 17n, "0.6")
        .argParser(ratio),
    )
    .addOption(
      new Option("--max-responses <n>", "most competing answers").default(3).argParser(wholeNumber(1, 16)),
    )
    .addOption(
      new Option("--response-window <s>", "seconds for answers")
        .default(60)
        .argParser(wholeNumber(1, 86_400)),
    )
    .addOption(
      new Option("--scoring-window <s>", "seconds for the report after that")
        .default(120)
        .argParser(wholeNumber(1, 604_800)),
    )
    .addOption(
      new Option("--pace <ms>", "milliseconds between two submissions")
        .default(0)
        .argParser(wholeNumber(0, 3_600_000)),
    )
    .action(ask);
  return new Command("oracle")
    .description(
      "asks the network; MASA_KEY is the oracle node's, or an operator's with the rights ask and serve",
    )
    .addCommand(command);
}
