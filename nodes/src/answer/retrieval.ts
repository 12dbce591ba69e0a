/** BM25 retrieval of passages through minisearch, and how rare each term is in the documents. */
import MiniSearch from "minisearch";
import type { Passage } from "./documents.ts";

const STOP = new Set(
  (
    "a an the of in on at by for from with into onto to about against between through during without within under over among upon per via than toward towards " +
    "am is are was were be been being do does did has have had having can could may might must shall should will would cannot " +
    "and or but nor if because although though while whereas unless until since whether as so i me you he him she it we us they them " +
    "my your his its our their this that these those who whom whose which what when where why how not no there here then also very too just only even " +
    "such same other another some any all both either each every out up down please tell explain describe give name list say does"
  ).split(" "),
);

/** Endings that inflect; what remains keeps at least three letters. */
export function stem(word: string): string {
  for (const [ending, instead] of [
    ["ations", ""],
    ["ation", ""],
    ["ators", ""],
    ["ator", ""],
    ["ments", ""],
    ["ment", ""],
    ["ions", ""],
    ["ion", ""],
    ["ings", ""],
    ["ing", ""],
    ["ies", "i"],
    ["ied", "i"],
    ["ates", ""],
    ["ated", ""],
    ["ate", ""],
    ["ed", ""],
    ["es", ""],
    ["ers", ""],
    ["er", ""],
    ["ors", ""],
    ["or", ""],
    ["ly", ""],
    ["e", ""],
    ["y", "i"],
  ] as const) {
    const least = ending.length > 2 ? 4 : 3;
    if (word.endsWith(ending) && word.length - ending.length >= least)
      return word.slice(0, -ending.length) + instead;
  }
  return word.length > 3 && /[^sui]s$/.test(word) ? stem(word.slice(0, -1)) : word;
}

/** Distinct stems of the words that carry content. */
export function termsOf(text: string): Set<string> {
  const words =
    text
      .normalize("NFKC")
      .toLowerCase()
      .match(/\d[\d,]*(?:\.\d+)?|[\p{L}\p{N}]+/gu) ?? [];
  return new Set(words.filter((w) => !STOP.has(w)).map(stem));
}

export type Found = { passage: Passage; score: number };

export type Library = {
  passages: Passage[];
  find(query: string, count: number): Found[];
  /** higher for rarer terms, 0 for terms of every passage */
  rarity(term: string): number;
};

export function openLibrary(passages: Passage[]): Library {
  const search = new MiniSearch<Passage>({
    fields: ["text", "heading", "source"],
    tokenize: (text) =>
      text
        .normalize("NFKC")
        .toLowerCase()
        .match(/\d[\d,]*(?:\.\d+)?|[\p{L}\p{N}]+/gu) ?? [],
    processTerm: (term) => (STOP.has(term) ? null : stem(term)),
    searchOptions: {
      boost: { text: 1, heading: 0.6, source: 0.2 },
      combineWith: "OR",
      prefix: false,
      fuzzy: false,
    },
  });
  search.addAll(passages);
  const frequency = new Map<string, number>();
  for (const { text } of passages)
    for (const term of termsOf(text)) frequency.set(term, (frequency.get(term) ?? 0) + 1);
  return {
    passages,
    find: (query, count) =>
      search
        .search(query)
        .slice(0, count)
        .map((hit) => ({ passage: passages[hit.id as number]!, score: hit.score })),
    rarity: (term) => Math.log((passages.length + 1) / ((frequency.get(term) ?? 0) + 0.5)),
  };
}
