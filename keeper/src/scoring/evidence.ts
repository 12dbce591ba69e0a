/** The evidence of a request, cut into passages and indexed, and the ranking of those passages for a prompt (BM25). */
import type { EvidenceDocument } from "./types.ts";
import {
  foldForQuotes,
  ln,
  normalise,
  plainLinks,
  sentencesOf,
  triplesOf,
  wordsOf,
  type Sentence,
} from "./text.ts";

export type Passage = {
  document: number;
  /** number of its first sentence in the whole evidence */
  firstSentence: number;
  sentences: Sentence[];
  words: number;
  stems: Set<string>;
  bigrams: Set<string>;
};

/** A document as quotes are looked up in it: its words in lower case, and every three in a row. */
export type IndexedDocument = { id: string; title: string; folded: string; triples: Set<string> };

export type EvidenceIndex = {
  documents: IndexedDocument[];
  passages: Passage[];
  /** stem -> [passage, occurrences]; words of headings and titles count for every passage below them */
  postings: Map<string, [number, number][]>;
  averageWords: number;
  totalWords: number;
  totalSentences: number;
  bigrams: Set<string>;
};

/** BM25's usual constants. */
const K1 = 1.2;
const B = 0.75;
/** Target size of a passage in words: a paragraph. */
const PASSAGE_WORDS = 90;

/** Bound of the text that is indexed for one request; memory and time grow with it. */
const MAX_EVIDENCE_CHARACTERS = 2_000_000;

type Block = { heading: string; text: string };

/** Paragraphs of a plain or Markdown text with the headings they stand under. */
function blocksOf(text: string): Block[] {
  const out: Block[] = [];
  const trail: string[] = [];
  let lines: string[] = [];
  const flush = (): void => {
    if (lines.length > 0) out.push({ heading: trail.join(" "), text: lines.join("\n") });
    lines = [];
  };
  for (const line of text.split(/\r\n?|\n/)) {
    const heading = /^(#{1,6}) +(.*)$/.exec(line);
    if (heading !== null) {
      flush();
      trail.length = Math.min(trail.length, heading[1]!.length - 1);
      trail.push(heading[2]!);
    } else if (line.trim() === "" || /^\s*(?:```|~~~)/.test(line)) flush();
    else lines.push(line);
  }
  flush();
  return out;
}

function addTerms(counts: Map<string, number>, stems: Iterable<string>, times: number): void {
  for (const stem of stems) counts.set(stem, (counts.get(stem) ?? 0) + times);
}

/** Builds the index; cost is linear in the text. The caller keeps it for all responses to the same evidence. */
export function indexEvidence(documents: readonly EvidenceDocument[]): EvidenceIndex {
  const index: EvidenceIndex = {
    documents: [],
    passages: [],
    postings: new Map(),
    averageWords: 1,
    totalWords: 0,
    totalSentences: 0,
    bigrams: new Set(),
  };
  let left = MAX_EVIDENCE_CHARACTERS;
  documents.forEach((document, number) => {
    const text = document.text.slice(0, left);
    left -= text.length;
    const folded = foldForQuotes(text);
    const triples = new Set(triplesOf(folded));
    index.documents.push({ id: document.id, title: document.title ?? "", folded, triples });
    const title = wordsOf(normalise(document.title ?? ""));
    for (const block of blocksOf(plainLinks(normalise(text)))) {
      const context = [...title, ...wordsOf(block.heading)].filter((w) => w.isContent).map((w) => w.stem);
      let group: Sentence[] = [];
      const flush = (): void => {
        if (group.length > 0) addPassage(index, number, group, context);
        group = [];
      };
      let size = 0;
      for (const sentence of sentencesOf(block.text)) {
        if (size > 0 && size + sentence.words.length > PASSAGE_WORDS * 1.3) {
          flush();
          size = 0;
        }
        group.push(sentence);
        size += sentence.words.length;
      }
      flush();
    }
  });
  index.averageWords = index.totalWords / Math.max(1, index.passages.length);
  return index;
}

function addPassage(index: EvidenceIndex, document: number, sentences: Sentence[], context: string[]): void {
  const id = index.passages.length;
  const passage: Passage = {
    document,
    firstSentence: index.totalSentences,
    sentences,
    words: 0,
    stems: new Set(),
    bigrams: new Set(),
  };
  const counts = new Map<string, number>();
  for (const sentence of sentences) {
    passage.words += sentence.words.length;
    for (const stem of sentence.stems) passage.stems.add(stem);
    for (const bigram of sentence.bigrams) {
      passage.bigrams.add(bigram);
      index.bigrams.add(bigram);
    }
    addTerms(
      counts,
      sentence.words.filter((w) => w.isContent).map((w) => w.stem),
      1,
    );
  }
  addTerms(counts, new Set(context), 0.5);
  for (const [stem, count] of counts) {
    const list = index.postings.get(stem);
    if (list === undefined) index.postings.set(stem, [[id, count]]);
    else list.push([id, count]);
  }
  index.passages.push(passage);
  index.totalWords += passage.words;
  index.totalSentences += sentences.length;
}

/** Inverse document frequency over passages, always positive; the rarest terms weigh most. */
export function idf(index: EvidenceIndex, stem: string): number {
  const n = index.passages.length;
  const df = index.postings.get(stem)?.length ?? 0;
  return ln(1 + (n - df + 0.5) / (df + 0.5));
}

/** Passages by BM25 for weighted terms, best first; ties in the order of the evidence. */
export function rankPassages(
  index: EvidenceIndex,
  terms: ReadonlyMap<string, number>,
): { passage: number; score: number }[] {
  const scores = new Map<number, number>();
  for (const [stem, weight] of terms) {
    const list = index.postings.get(stem);
    if (list === undefined) continue;
    const value = idf(index, stem) * weight;
    for (const [passage, count] of list) {
      const norm = K1 * (1 - B + (B * index.passages[passage]!.words) / index.averageWords);
      scores.set(passage, (scores.get(passage) ?? 0) + (value * count * (K1 + 1)) / (count + norm));
    }
  }
  return [...scores]
    .map(([passage, score]) => ({ passage, score }))
    .sort((a, b) => b.score - a.score || a.passage - b.passage);
}
