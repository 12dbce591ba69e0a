/** `masa worker`: answers requests from a folder of documents or through a language model. */
import { Command, Option } from "commander";

import { MasaError } from "#sdk";

import { createEngine } from "../../../nodes/src/answer/index.ts";
import type { AnswerEngine } from "../../../nodes/src/answer/index.ts";
import { startWorker } from "../../../nodes/src/worker.ts";
import { keyOption, networkOptions, nodeOptions, serveOptions, untilStopped } from "../options.ts";
import type { KeyOptions, NetworkOptions, ServeOptions } from "../options.ts";

interface WorkerCommandOptions extends NetworkOptions, KeyOptions, ServeOptions {
  readonly docs?: string;
  readonly engine: "quoting" | "hasty";
  readonly llm?: string;
  readonly model?: string;
}

async function makeEngine(options: WorkerCommandOptions): Promise<AnswerEngine> {
  const { docs, llm, model } = options;
  try {
    if (llm !== undefined) {
      if (model === undefined) throw new MasaError("MASA-103", "--llm needs --model");
      return await createEngine({
        engine: "llm",
        url: llm,
        model,
        ...(docs === undefined ? {} : { folder: docs }),
      });
    }
    if (docs === undefined)
      throw new MasaError("MASA-103", "give --docs FOLDER, or --llm URL with --model NAME");
    return await createEngine({ engine: options.engine, folder: docs });
  } catch (cause) {
    if (cause instanceof MasaError) throw cause;
    throw new MasaError(llm === undefined ? "MASA-107" : "MASA-401", (cause as Error).message, { cause });
  }
}

export function workerCommand(): Command {
  const command = new Command("worker").description(
    "answers requests and serves the answers; MASA_KEY is the worker's, or an operator's with the right commit",
  );
  for (const option of [...networkOptions(), keyOption(), ...serveOptions("worker.sqlite")])
    command.addOption(option);
  return command
    .option("--docs <folder>", "documents to answer from (.md, .txt)")
    .addOption(
      new Option("--engine <name>", "how answers are made from documents")
        .choices(["quoting", "hasty"])
        .default("quoting"),
    )
    .option("--llm <url>", "an OpenAI-compatible server, such as http://127.0.0.1:11434/v1")
    .option("--model <name>", "the model to ask there")
    .action(async (options: WorkerCommandOptions) => {
      const worker = await startWorker({
        ...(await nodeOptions(options)),
        engine: await makeEngine(options),
      });
      process.stderr.write(`worker serves ${worker.url}\n`);
      await worker.run(untilStopped());
      await worker.close();
    });
}
