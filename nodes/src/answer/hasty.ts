/** A careless strategy: the first passage in folder order that shares any word with the question, without ranking. */
import { loadPassages, type Passage } from "./documents.ts";
import { compose } from "./quoting.ts";
import { termsOf } from "./retrieval.ts";
import type { AnswerEngine } from "./types.ts";

/** It stops reading after so many sentences. */
const SENTENCES = 3;

export async function createHastyEngine(folder: string): Promise<AnswerEngine> {
  const passages = await loadPassages(folder);
  return {
    name: "hasty",
    answer({ prompt }) {
      const asked = termsOf(prompt);
      const first = passages.find(({ text }) => [...termsOf(text)].some((t) => asked.has(t))) ?? passages[0]!;
      const { text, citations } = compose(takeFirst(first));
      return Promise.resolve({
        text,
        citations,
        engine: "hasty",
        usage: { passages: 1, characters: text.length },
      });
    },
  };
}

function takeFirst(passage: Passage): { source: string; quote: string }[] {
  return passage.sentences.slice(0, SENTENCES).map((quote) => ({ source: passage.source, quote }));
}
