/** `masa score IN OUT`: scores a file of responses offline, for comparing a scorer with human judgement. */
import { Command, Option } from "commander";

import { MasaError } from "#sdk";

import { scorers } from "../../../keeper/src/scoring/index.ts";
import type { ScorerName } from "../../../keeper/src/scoring/index.ts";
import { scoreFile } from "../../../keeper/src/scoring/scoreFile.ts";

export function scoreCommand(): Command {
  return new Command("score")
    .description("scores rows {id, prompt, evidence[], response} of a JSONL file")
    .argument("<input>", "JSONL file of responses")
    .argument("<output>", "JSONL file to write: {id, relevance, coherence, factual, q} a row")
    .addOption(
      new Option("--scorer <name>", "scorer to use").choices(Object.keys(scorers)).default("evidence"),
    )
    .action(async (input: string, output: string, options: { scorer: ScorerName }) => {
      let rows: number;
      try {
        rows = await scoreFile({ input, output, scorer: options.scorer });
      } catch (cause) {
        const missing = (cause as NodeJS.ErrnoException).code !== undefined;
        throw new MasaError(missing ? "MASA-101" : "MASA-102", (cause as Error).message, { cause });
      }
      process.stdout.write(`${rows} responses scored by ${scorers[options.scorer].version}\n`);
    });
}
