/** Words, stems and sentences. Only +, -, *, / on numbers, so that every machine gets the same result. */
import { isContentWord, NEGATIONS, NUMBER_WORDS } from "./lexicon.ts";

export type Word = {
  /** as written, without surrounding punctuation */
  text: string;
  lower: string;
  /** light stem, or the canonical number */
  stem: string;
  isContent: boolean;
  isNumber: boolean;
  /** capitalised inside a sentence: probably a name */
  isName: boolean;
};

export type Sentence = {
  text: string;
  words: Word[];
  /** distinct content stems in order of appearance */
  content: string[];
  stems: Set<string>;
  bigrams: Set<string>;
  numbers: Set<string>;
  /** stems of the words that a negation denies: the next two that carry content */
  negated: Set<string>;
};

/** Longest endings first; the number is the least length of what remains. */
const ENDINGS: readonly (readonly [string, string, number])[] = [
  ["izations", "", 4],
  ["isations", "", 4],
  ["ization", "", 4],
  ["isation", "", 4],
  ["ations", "", 4],
  ["ation", "", 4],
  ["ators", "", 4],
  ["ator", "", 4],
  ["ating", "", 4],
  ["ated", "", 4],
  ["ates", "", 4],
  ["ments", "", 4],
  ["ment", "", 4],
  ["ances", "", 4],
  ["ance", "", 4],
  ["ences", "", 4],
  ["ence", "", 4],
  ["ities", "", 4],
  ["ity", "", 4],
  ["ions", "", 4],
  ["ion", "", 4],
  ["ness", "", 4],
  ["izes", "", 4],
  ["ises", "", 4],
  ["ize", "", 4],
  ["ise", "", 4],
  ["ate", "", 4],
  ["edly", "", 4],
  ["ings", "", 4],
  ["ing", "", 3],
  ["iest", "i", 3],
  ["ies", "i", 2],
  ["ied", "i", 2],
  ["ers", "", 4],
  ["ors", "", 4],
  ["ed", "", 3],
  ["es", "", 3],
  ["er", "", 4],
  ["or", "", 4],
  ["ly", "", 4],
  ["e", "", 3],
  ["y", "i", 2],
];

/** Strips inflection and the commonest derivations; consistent rather than linguistically right. */
export function stem(word: string): string {
  if (word.length < 4) return word;
  for (const [ending, instead, least] of ENDINGS) {
    if (!word.endsWith(ending) || word.length - ending.length < least) continue;
    return undouble(word.slice(0, -ending.length) + instead);
  }
  if (word.endsWith("s") && !/[sui]s$/.test(word)) return stem(word.slice(0, -1));
  return word;
}

function undouble(s: string): string {
  return s.length > 3 && s.at(-1) === s.at(-2) && !/[lsz]$/.test(s) ? s.slice(0, -1) : s;
}

const WORD = /\d[\d,]*(?:\.\d+)?|[\p{L}\p{N}\p{M}]+/gu;

/** Compatibility forms, quotes and the negations written as a clitic are brought to one spelling. */
export function normalise(text: string): string {
  return (
    text
      .normalize("NFKC")
      .replace(/[\u200b-\u200f\u202a-\u202e\u2060\ufeff\u00ad]/g, "")
      .replace(/[‘’ʼ]/g, "'")
      .replace(/\bcan't\b/gi, "cannot")
      .replace(/ ?n't\b/gi, " not")
      // numbers that a tokeniser took apart
      .replace(/(\d) , (?=\d{3}(?!\d))/g, "$1,")
      .replace(/(\d) \. (?=\d)/g, "$1.")
  );
}

/** Words of a text that went through `normalise`. */
export function wordsOf(text: string): Word[] {
  const out: Word[] = [];
  for (const match of text.matchAll(WORD)) {
    const raw = match[0];
    const lower = raw.toLowerCase();
    const digits = /^\d/.test(raw) ? canonicalNumber(lower) : NUMBER_WORDS.get(lower);
    const content = isContentWord(lower);
    out.push({
      text: raw,
      lower,
      stem: digits ?? stem(lower),
      isContent: content,
      isNumber: digits !== undefined,
      isName: content && out.length > 0 && /^\p{Lu}/u.test(raw) && raw.length > 1,
    });
  }
  return out;
}

function canonicalNumber(s: string): string {
  const plain = s.replaceAll(",", "");
  return plain.includes(".") ? plain.replace(/\.?0+$/, "") : plain.replace(/^0+(?=\d)/, "");
}

const ABBREVIATION =
  /(?:^|[\s(])(?:e\.g|i\.e|etc|cf|vs|approx|mr|mrs|ms|dr|st|prof|inc|ltd|jr|sr|\p{L})\.$/iu;

/** Splits plain prose or Markdown-like text into sentences; line breaks between blocks end a sentence. */
export function splitSentences(text: string): string[] {
  const out: string[] = [];
  for (const block of text.split(/\n[ \t]*(?=\n)|\n(?=[ \t]{0,40}(?:[-*+•|#>]|\d{1,3}[.)]\s))/)) {
    const flat = block.replace(/\s+/g, " ").trim();
    let from = 0;
    for (const match of flat.matchAll(/(?<![.!?])[.!?]+["')\]]{0,4}(?=\s|$)/g)) {
      const end = match.index + match[0].length;
      const piece = flat.slice(from, end).trim();
      if (end < flat.length && (ABBREVIATION.test(piece.slice(-12)) || /^\d{1,3}\.$/.test(piece))) continue;
      if (piece !== "") out.push(piece);
      from = end;
    }
    const rest = flat.slice(from).trim();
    if (rest !== "") out.push(rest);
  }
  return out;
}

function bigramsOf(words: readonly Word[]): Set<string> {
  const out = new Set<string>();
  for (let i = 1; i < words.length; i++) out.add(`${words[i - 1]!.stem} ${words[i]!.stem}`);
  return out;
}

function negatedStems(words: readonly Word[]): Set<string> {
  const out = new Set<string>();
  for (const [i, word] of words.entries())
    if (NEGATIONS.has(word.lower))
      for (const next of words
        .slice(i + 1, i + 6)
        .filter((w) => w.isContent)
        .slice(0, 2))
        out.add(next.stem);
  return out;
}

function toSentence(text: string): Sentence {
  const words = wordsOf(text);
  return {
    text,
    words,
    content: [...new Set(words.filter((w) => w.isContent).map((w) => w.stem))],
    stems: new Set(words.map((w) => w.stem)),
    bigrams: bigramsOf(words),
    numbers: new Set(words.filter((w) => w.isNumber).map((w) => w.stem)),
    negated: negatedStems(words),
  };
}

export function sentencesOf(text: string): Sentence[] {
  return splitSentences(text)
    .map(toSentence)
    .filter((s) => s.words.length > 0);
}

/** A Markdown link or image as its text alone. */
export function plainLinks(text: string): string {
  return text.replace(/!?\[([^\]\n]{0,300})\]\([^)\n]{0,500}\)/g, "$1");
}

/** Lower-case words joined by single spaces, for looking up quotes whatever their punctuation. */
export function foldForQuotes(text: string): string {
  return ` ${wordsOf(plainLinks(normalise(text)))
    .map((w) => w.lower)
    .join(" ")} `;
}

/** Every three words in a row of a folded text. */
export function triplesOf(folded: string): string[] {
  const words = folded.trim().split(" ");
  return words.slice(2).map((word, i) => `${words[i]} ${words[i + 1]} ${word}`);
}

const LN2 = 0.6931471805599453;

/** Natural logarithm from the four operations alone: Math.log may differ in the last bit between engines. */
export function ln(x: number): number {
  let exponent = 0;
  while (x >= 2) [x, exponent] = [x / 2, exponent + 1];
  while (x < 1) [x, exponent] = [x * 2, exponent - 1];
  const y = (x - 1) / (x + 1);
  let power = y;
  let sum = 0;
  for (let n = 1; n <= 41; n += 2) {
    sum += power / n;
    power *= y * y;
  }
  return 2 * sum + exponent * LN2;
}
