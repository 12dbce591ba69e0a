/** The default engine: answers with the sentences of the documents that answer the question best, quoted and cited. */
import { loadPassages, type Passage } from "./documents.ts";
import { openLibrary, termsOf, type Found, type Library } from "./retrieval.ts";
import type { AnswerEngine, AnswerPayload, Citation } from "./types.ts";

/** Passages read for an answer. */
const READ_PASSAGES = 6;
/** Sentences and characters an answer may have. */
const MAX_SENTENCES = 4;
const MAX_CHARACTERS = 900;
/** A further sentence must be at least this good, measured by the best one. */
const WORTH_ADDING = 0.45;
/** Share of a sentence's value that comes from its passage's rank. */
const PASSAGE_SHARE = 0.35;
/** What a sentence gets for following one that was chosen: it continues the thought. */
const FOLLOWS = 0.25;

type Pick = { passage: Passage; at: number; value: number };

function valueSentences(question: Set<string>, found: Found[], library: Library): Pick[] {
  const total = [...question].reduce((sum, t) => sum + library.rarity(t), 0) || 1;
  const top = found[0]!.score;
  const picks: Pick[] = [];
  for (const { passage, score } of found)
    for (const [at, sentence] of passage.sentences.entries()) {
      if (sentence.endsWith("?") || sentence.endsWith(":") || sentence.length < 20) continue;
      let shared = 0;
      for (const term of termsOf(sentence)) if (question.has(term)) shared += library.rarity(term);
      const rank = score / top;
      const value = (PASSAGE_SHARE + (1 - PASSAGE_SHARE) * (shared / total)) * rank;
      picks.push({ passage, at, value });
    }
  return picks;
}

/** Greedy choice: the best sentence, then what is nearly as good or continues it. */
function choose(picks: Pick[]): Pick[] {
  const chosen: Pick[] = [];
  let left = [...picks];
  let characters = 0;
  let best = 0;
  while (chosen.length < MAX_SENTENCES && left.length > 0) {
    const worth = (p: Pick): number =>
      p.value + (chosen.some((c) => c.passage.id === p.passage.id && c.at === p.at - 1) ? FOLLOWS * best : 0);
    const next = left.reduce((a, b) => (worth(b) > worth(a) ? b : a));
    if (chosen.length > 0 && worth(next) < WORTH_ADDING * best) break;
    left = left.filter((p) => p !== next);
    const length = next.passage.sentences[next.at]!.length;
    if (chosen.length > 0 && characters + length > MAX_CHARACTERS) continue;
    best = Math.max(best, next.value);
    characters += length;
    chosen.push(next);
  }
  // read in the order of the documents, the passage of the best sentence first
  const first = chosen[0]?.passage.id;
  return chosen.sort((a, b) => {
    if (a.passage.id !== b.passage.id)
      return a.passage.id === first ? -1 : b.passage.id === first ? 1 : a.passage.id - b.passage.id;
    return a.at - b.at;
  });
}

/** Sentences joined to prose, each with the number of its citation. */
export function compose(picks: { source: string; quote: string }[]): { text: string; citations: Citation[] } {
  const citations = picks.map(({ source, quote }) => ({ source, quote }));
  const text = picks
    .map(({ quote }, i) =>
      /[.!?]$/.test(quote) ? `${quote.slice(0, -1)} [${i + 1}]${quote.at(-1)}` : `${quote} [${i + 1}].`,
    )
    .join(" ");
  return { text, citations };
}

export async function createQuotingEngine(folder: string): Promise<AnswerEngine> {
  const library = openLibrary(await loadPassages(folder));
  return {
    name: "quoting",
    answer: ({ prompt }) => Promise.resolve(answerFrom(library, prompt)),
  };
}

function answerFrom(library: Library, prompt: string): AnswerPayload | null {
  const found = library.find(prompt, READ_PASSAGES);
  const chosen = found.length === 0 ? [] : choose(valueSentences(termsOf(prompt), found, library));
  if (chosen.length === 0) return null;
  const { text, citations } = compose(
    chosen.map(({ passage, at }) => ({ source: passage.source, quote: passage.sentences[at]! })),
  );
  const passages = new Set(chosen.map((p) => p.passage.id)).size;
  return { text, citations, engine: "quoting", usage: { passages, characters: text.length } };
}
