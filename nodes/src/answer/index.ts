/** Answer engines of workers, chosen by name. */
import { createHastyEngine } from "./hasty.ts";
import { createLlmEngine, type LlmOptions } from "./llm.ts";
import { createQuotingEngine } from "./quoting.ts";
import type { AnswerEngine } from "./types.ts";

export { createHastyEngine, createLlmEngine, createQuotingEngine };
export type { LlmOptions } from "./llm.ts";
export type { AnswerEngine, AnswerPayload, AnswerRequest, Citation, Usage } from "./types.ts";

type EngineOptions = { engine: "quoting" | "hasty"; folder: string } | ({ engine: "llm" } & LlmOptions);

export function createEngine(options: EngineOptions): Promise<AnswerEngine> {
  switch (options.engine) {
    case "quoting":
      return createQuotingEngine(options.folder);
    case "hasty":
      return createHastyEngine(options.folder);
    case "llm":
      return createLlmEngine(options);
  }
}
