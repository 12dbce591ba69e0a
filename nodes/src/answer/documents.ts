/** Loads a folder of documents (.md, .txt) and cuts it into passages. */
import { readdir, readFile, stat } from "node:fs/promises";
import { join, relative, sep } from "node:path";

export type Passage = {
  /** position in folder order */
  id: number;
  /** file name relative to the folder */
  source: string;
  /** titles the passage stands under */
  heading: string;
  sentences: string[];
  text: string;
};

/** A folder larger than this is no reading matter for a worker; the limits keep memory bounded. */
const MAX_FILES = 5_000;
const MAX_FILE_BYTES = 4 * 1024 * 1024;
const MAX_TOTAL_BYTES = 64 * 1024 * 1024;
const MAX_DEPTH = 8;
/** A passage is a paragraph, or part of a long one. */
const PASSAGE_CHARACTERS = 900;
const SENTENCE_CHARACTERS = 1_500;

const READABLE = /\.(?:md|markdown|txt)$/i;

async function listFiles(folder: string, depth = 0): Promise<string[]> {
  const out: string[] = [];
  let entries;
  try {
    entries = await readdir(folder, { withFileTypes: true });
  } catch (error) {
    throw new Error(
      `cannot read the folder of documents ${folder}: ${reason(error)}; check the path and its permissions`,
    );
  }
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    if (entry.name.startsWith(".")) continue;
    const path = join(folder, entry.name);
    if (entry.isDirectory() && depth < MAX_DEPTH) out.push(...(await listFiles(path, depth + 1)));
    else if (entry.isFile() && READABLE.test(entry.name)) out.push(path);
    if (out.length > MAX_FILES)
      throw new Error(`${folder} holds more than ${MAX_FILES} documents; give a smaller folder`);
  }
  return out;
}

function reason(error: unknown): string {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code === "ENOENT") return "it does not exist";
  if (code === "ENOTDIR") return "it is not a folder";
  if (code === "EACCES" || code === "EPERM") return "permission denied";
  return error instanceof Error ? error.message : String(error);
}

async function readText(path: string): Promise<string> {
  const { size } = await stat(path);
  if (size > MAX_FILE_BYTES)
    throw new Error(`${path} has ${size} bytes, more than ${MAX_FILE_BYTES}; split it or leave it out`);
  let bytes: Buffer;
  try {
    bytes = await readFile(path);
  } catch (error) {
    throw new Error(`cannot read the document ${path}: ${reason(error)}`);
  }
  if (bytes.includes(0))
    throw new Error(`${path} is a binary file although its name says text; remove it from the folder`);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new Error(`${path} is not UTF-8 text; convert it or remove it from the folder`);
  }
}

type SourceDocument = {
  /** file name relative to the folder, with forward slashes */
  source: string;
  text: string;
};

/** Reads all documents of a folder, in the order of their names. */
export async function loadDocuments(folder: string): Promise<SourceDocument[]> {
  const files = await listFiles(folder);
  if (files.length === 0)
    throw new Error(`no .md or .txt documents in ${folder}; put the documents there or name another folder`);
  const out: SourceDocument[] = [];
  let total = 0;
  for (const file of files) {
    const text = await readText(file);
    total += text.length;
    if (total > MAX_TOTAL_BYTES)
      throw new Error(`the documents in ${folder} exceed ${MAX_TOTAL_BYTES} bytes; give a smaller folder`);
    out.push({ source: relative(folder, file).split(sep).join("/"), text });
  }
  return out;
}

/** Reads a folder and cuts its documents into passages, in folder order. */
export async function loadPassages(folder: string): Promise<Passage[]> {
  const out: Passage[] = [];
  for (const { source, text } of await loadDocuments(folder)) {
    for (const piece of cut(text)) out.push({ id: out.length, source, ...piece });
  }
  if (out.length === 0)
    throw new Error(`the documents in ${folder} hold no text; fill them or name another folder`);
  return out;
}

type Piece = Omit<Passage, "id" | "source">;

/** Paragraphs, list items together, each under its headings; fenced code and tables are no prose and are left out. */
function cut(text: string): Piece[] {
  const out: Piece[] = [];
  const trail: string[] = [];
  let lines: string[] = [];
  let fenced = false;
  const flush = (): void => {
    if (lines.length > 0) out.push(...toPieces(trail.join(" / "), lines));
    lines = [];
  };
  for (const line of text.replace(/^\ufeff/, "").split(/\r\n?|\n/)) {
    if (/^\s*(?:```|~~~)/.test(line)) {
      flush();
      fenced = !fenced;
      continue;
    }
    if (fenced) continue;
    const heading = /^(#{1,6})\s+(.*?)\s*#*$/.exec(line);
    if (heading !== null) {
      flush();
      trail.length = Math.min(trail.length, heading[1]!.length - 1);
      trail.push(heading[2]!);
    } else if (line.trim() === "" || /^\s*\|/.test(line)) flush();
    else lines.push(line);
  }
  flush();
  return out;
}

function toPieces(heading: string, lines: string[]): Piece[] {
  const out: Piece[] = [];
  let group: string[] = [];
  const flush = (): void => {
    if (group.length > 0) out.push({ heading, sentences: group, text: group.join(" ") });
    group = [];
  };
  let size = 0;
  for (const item of lines.join("\n").split(/\n(?=\s*(?:[-*+]|\d{1,3}[.)])\s)/))
    for (const sentence of splitSentences(plain(item)).flatMap(wrap)) {
      if (size > 0 && size + sentence.length > PASSAGE_CHARACTERS) {
        flush();
        size = 0;
      }
      group.push(sentence);
      size += sentence.length;
    }
  flush();
  return out;
}

/** Text without full stops is cut at white space, since a quote in a payload is bounded. */
function wrap(sentence: string): string[] {
  const out: string[] = [];
  let rest = sentence;
  while (rest.length > SENTENCE_CHARACTERS) {
    const space = rest.lastIndexOf(" ", SENTENCE_CHARACTERS);
    const end = space > 0 ? space : SENTENCE_CHARACTERS;
    out.push(rest.slice(0, end));
    rest = rest.slice(end).trimStart();
  }
  return [...out, rest];
}

/** Markdown marks go, words stay. */
function plain(text: string): string {
  return text
    .replace(/^\s*(?:[-*+]|\d{1,3}[.)]|>)\s+/, "")
    .replace(/!?\[([^\]\n]*)\]\([^)\n]*\)/g, "$1")
    .replace(/\*\*|__|`/g, "")
    .replace(/(^|[\s(])[*_](?=\S)|(?<=\S)[*_](?=[\s).,;:!?]|$)/g, "$1")
    .replace(/\s+/g, " ")
    .trim();
}

const ABBREVIATION = /(?:^|[\s(])(?:e\.g|i\.e|etc|cf|vs|approx|mr|mrs|ms|dr|st|\p{L})\.$/iu;

export function splitSentences(text: string): string[] {
  const out: string[] = [];
  let from = 0;
  for (const match of text.matchAll(/[.!?]+["')\]]*(?=\s|$)/g)) {
    const end = match.index + match[0].length;
    const piece = text.slice(from, end).trim();
    if (end < text.length && ABBREVIATION.test(piece.slice(-12))) continue;
    if (piece !== "") out.push(piece);
    from = end;
  }
  const rest = text.slice(from).trim();
  if (rest !== "") out.push(rest);
  return out;
}
