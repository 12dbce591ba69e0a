/** Citations: does each quote occur in the source it names? */
import type { EvidenceIndex } from "./evidence.ts";
import { foldForQuotes } from "./text.ts";
import type { FraudReason, ResponsePayload } from "./types.ts";

export type CitationCheck = {
  /** what the citations leave of the trust in the answer, in [0,1]; 1 without any */
  trust: number;
  fraud: FraudReason | null;
};

const MAX_CITATIONS = 64;
const MAX_QUOTE_CHARACTERS = 4_000;
/** Below this share of the quote's word triples in the source, the quote was never there. */
const FABRICATED_BELOW = 0.3;
const EXACT_FROM = 0.9;

const baseName = (s: string): string => s.toLowerCase().replaceAll("\\", "/").split("/").at(-1) ?? "";

function documentsNamed(index: EvidenceIndex, source: string): { folded: string }[] {
  const wanted = source.trim().toLowerCase();
  const exact = index.documents.filter((d) => d.id.toLowerCase() === wanted || d.title.toLowerCase() === wanted);
  return exact.length > 0 || wanted === "" ? exact : index.documents.filter((d) => baseName(d.id) === baseName(wanted));
}

/** Share of the quote's word triples (words, for shorter quotes) that the text contains. */
function presence(quote: string, text: string): number {
  if (quote.trim() === "") return 0;
  if (text.includes(quote)) return 1;
  const words = quote.trim().split(" ");
  const size = Math.min(3, words.length);
  let found = 0;
  const pieces = words.length - size + 1;
  for (let i = 0; i < pieces; i++) if (text.includes(` ${words.slice(i, i + size).join(" ")} `)) found++;
  return found / pieces;
}

export function checkCitations(citations: ResponsePayload["citations"], index: EvidenceIndex): CitationCheck {
  const checked = citations.slice(0, MAX_CITATIONS);
  if (checked.length === 0) return { trust: 1, fraud: null };
  let trust = 0;
  let fabricated = 0;
  for (const { source, quote } of checked) {
    // an ellipsis joins pieces that must each be in the source
    const pieces = String(quote)
      .slice(0, MAX_QUOTE_CHARACTERS)
      .split(/\.\.\.|…|\[\.\.\.\]/)
      .map(foldForQuotes)
      .filter((p) => p.trim() !== "");
    const inText = (text: string): number =>
      pieces.length === 0 ? 0 : Math.min(...pieces.map((piece) => presence(piece, text)));
    const named = documentsNamed(index, String(source));
    const there = Math.max(0, ...named.map((d) => inText(d.folded)));
    if (there >= EXACT_FROM) {
      trust += 1;
      continue;
    }
    const elsewhere = Math.max(0, ...index.documents.map((d) => inText(d.folded)));
    // named wrongly but real: half; altered: by what is left of it; a source outside the evidence proves nothing
    trust += elsewhere >= EXACT_FROM ? 0.5 : there * 0.8;
    if (named.length > 0 && elsewhere < FABRICATED_BELOW) fabricated++;
  }
  // blatant: at least two invented quotes, and more than half of all
  const blatant = fabricated >= 2 && fabricated * 2 > checked.length;
  return { trust: trust / checked.length, fraud: blatant ? "FABRICATED_CITATION" : null };
}
