/** Citations: does each quote occur in the source it names? */
import type { EvidenceIndex, IndexedDocument } from "./evidence.ts";
import { foldForQuotes, triplesOf } from "./text.ts";
import type { FraudReason, ResponsePayload } from "./types.ts";

type CitationCheck = {
  /** what the citations leave of the trust in the answer, in [0,1]; 1 without any */
  trust: number;
  fraud: FraudReason | null;
};

const MAX_CITATIONS = 64;
const MAX_QUOTE_CHARACTERS = 4_000;
const MAX_PIECES = 8;
/** Below this share of the quote's word triples in the source, the quote was never there. */
const FABRICATED_BELOW = 0.3;
const EXACT_FROM = 0.9;

const baseName = (s: string): string => s.toLowerCase().replaceAll("\\", "/").split("/").at(-1) ?? "";

function documentsNamed(index: EvidenceIndex, source: string): IndexedDocument[] {
  const wanted = source.trim().toLowerCase();
  const exact = index.documents.filter(
    (d) => d.id.toLowerCase() === wanted || d.title.toLowerCase() === wanted,
  );
  return exact.length > 0 || wanted === ""
    ? exact
    : index.documents.filter((d) => baseName(d.id) === baseName(wanted));
}

/** Share of the quote's word triples that the document contains; shorter quotes are there or not. */
function presence(quote: Quote, document: IndexedDocument): number {
  if (document.folded.includes(quote.folded)) return 1;
  if (quote.triples.length === 0) return 0;
  return quote.triples.filter((t) => document.triples.has(t)).length / quote.triples.length;
}

type Quote = { folded: string; triples: string[] };

/** The pieces of a quote: an ellipsis joins pieces that must each be in the source. */
function piecesOf(quote: string): Quote[] {
  return quote
    .slice(0, MAX_QUOTE_CHARACTERS)
    .split(/\.\.\.|…|\[\.\.\.\]/)
    .slice(0, MAX_PIECES)
    .map(foldForQuotes)
    .filter((folded) => folded.trim() !== "")
    .map((folded) => ({ folded, triples: triplesOf(folded) }));
}

export function checkCitations(citations: ResponsePayload["citations"], index: EvidenceIndex): CitationCheck {
  const checked = citations.slice(0, MAX_CITATIONS);
  if (checked.length === 0) return { trust: 1, fraud: null };
  let trust = 0;
  let fabricated = 0;
  for (const { source, quote } of checked) {
    const pieces = piecesOf(quote);
    const inDocument = (document: IndexedDocument): number =>
      pieces.length === 0 ? 0 : Math.min(...pieces.map((piece) => presence(piece, document)));
    const named = documentsNamed(index, source);
    const there = Math.max(0, ...named.map(inDocument));
    if (there >= EXACT_FROM) {
      trust += 1;
      continue;
    }
    const elsewhere = Math.max(0, ...index.documents.map(inDocument));
    // named wrongly but real: half; altered: by what is left of it; a source outside the evidence proves nothing
    trust += elsewhere >= EXACT_FROM ? 0.5 : there * 0.8;
    if (named.length > 0 && elsewhere < FABRICATED_BELOW) fabricated++;
  }
  // blatant: at least two invented quotes, and more than half of all
  const blatant = fabricated >= 2 && fabricated * 2 > checked.length;
  return { trust: trust / checked.length, fraud: blatant ? "FABRICATED_CITATION" : null };
}
