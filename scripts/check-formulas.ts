/**
 * Checks the register of formulas, docs/formulas.md, against the code: every formula that is implemented has exactly
 * one home in contracts/math, the mirror in sdk/src/math that the register claims, and vectors with rows.
 *
 * `node scripts/check-formulas.ts [--root DIR]`; exit code 1 with one numbered message for each mismatch.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";

const REGISTER = "docs/formulas.md";
const CONTRACTS = "contracts";
const HOMES = "contracts/math/";
const MIRRORS = "sdk/src/math";
const FORMULAS = 29;

const CODES = {
  register: "FORMULA-01",
  unknownId: "FORMULA-02",
  tagOutside: "FORMULA-03",
  duplicate: "FORMULA-04",
  home: "FORMULA-05",
  planned: "FORMULA-06",
  mirror: "FORMULA-07",
  vectors: "FORMULA-08",
} as const;

type Problem = `${(typeof CODES)[keyof typeof CODES]} ${string}`;

/** A row of the register. */
interface Entry {
  id: string;
  home: string;
  mirror: string;
  vectors: string;
}

/** A formula tag in the code, with the function it stands over. */
interface Tag {
  id: string;
  /** path#function; the function is empty if the tag stands over none. */
  place: string;
}

export interface Report {
  problems: Problem[];
  summary: string;
}

/** The text of a cell without the link and code marks around it: `[a#b](../a)` and `` `a#b` `` are both a#b. */
function plain(cell: string): string {
  return cell
    .trim()
    .replace(/^\[(.*)\]\(.*\)$/, "$1")
    .replaceAll("`", "")
    .trim();
}

function readRegister(root: string, problems: Problem[]): Map<string, Entry> {
  const entries = new Map<string, Entry>();
  const path = join(root, REGISTER);
  if (!existsSync(path)) {
    problems.push(`${CODES.register} ${REGISTER} does not exist`);
    return entries;
  }
  const text = readFileSync(path, "utf8");
  for (const line of text.split(/\r?\n/)) {
    if (!/^\|\s*EQ-/.test(line)) continue;
    const cells = line.split(/(?<!\\)\|/).slice(1, -1);
    const [id, , , home, mirror, vectors] = cells.map(plain);
    if (cells.length !== 6 || id === undefined || !home || !mirror || !vectors) {
      problems.push(`${CODES.register} a row needs six filled cells, id to vectors: ${line}`);
      continue;
    }
    if (entries.has(id)) problems.push(`${CODES.register} ${id} has two rows in ${REGISTER}`);
    if (!new RegExp(`^### ${id}\\b`, "m").test(text)) {
      problems.push(`${CODES.register} ${id} has no section "### ${id}" that says how it is read`);
    }
    entries.set(id, { id, home, mirror, vectors });
  }
  for (let n = 1; n <= FORMULAS; n++) {
    const id = `EQ-${String(n).padStart(2, "0")}`;
    if (!entries.has(id)) problems.push(`${CODES.register} ${id} has no row in ${REGISTER}`);
  }
  return entries;
}

/** Files below `folder` with the ending, as paths from the root with forward slashes, sorted. */
function filesBelow(root: string, folder: string, ending: string): string[] {
  const start = join(root, folder);
  if (!existsSync(start)) return [];
  return readdirSync(start, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(ending))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).split(sep).join("/"))
    .toSorted();
}

/** The tags of a file, each with the function declared next after its comment. */
function readTags(root: string, path: string, tag: RegExp, declaration: RegExp): Tag[] {
  const tags: Tag[] = [];
  let pending: string[] = [];
  const settle = (name: string): void => {
    tags.push(...pending.map((id) => ({ id, place: `${path}#${name}` })));
    pending = [];
  };
  for (const line of readFileSync(join(root, path), "utf8").split(/\r?\n/)) {
    const found = tag.exec(line)?.[1];
    if (found !== undefined) pending.push(found);
    else if (!/^\s*(\/\/|\/?\*|$)/.test(line) && pending.length > 0)
      settle(declaration.exec(line)?.[1] ?? "");
  }
  settle("");
  return tags;
}

/** The tag of every known id; reports unknown ids, tags over nothing and ids with two places. */
function uniqueTags(
  tags: readonly Tag[],
  entries: Map<string, Entry>,
  problems: Problem[],
): Map<string, string> {
  const places = new Map<string, string>();
  for (const { id, place } of tags) {
    const other = places.get(id);
    if (!entries.has(id))
      problems.push(`${CODES.unknownId} ${place} carries ${id}, which is not in ${REGISTER}`);
    else if (place.endsWith("#"))
      problems.push(`${CODES.home} the tag of ${id} in ${place} stands over no function`);
    else if (other !== undefined)
      problems.push(`${CODES.duplicate} ${id} is tagged twice: ${other} and ${place}`);
    else places.set(id, place);
  }
  return places;
}

function checkHome(entry: Entry, place: string | undefined, problems: Problem[]): void {
  if (place === undefined) {
    problems.push(
      `${CODES.home} ${entry.id} has its home at ${entry.home}, but no function there carries the tag`,
    );
  } else if (place !== entry.home) {
    problems.push(`${CODES.home} ${entry.id} is registered at ${entry.home}, but tagged at ${place}`);
  }
}

function checkMirror(entry: Entry, place: string | undefined, problems: Problem[]): void {
  const claimed = entry.mirror === "–" ? undefined : entry.mirror;
  if (claimed === place) return;
  const [said, found] = [claimed ?? "nowhere", place ?? "at no exported function"];
  problems.push(`${CODES.mirror} ${entry.id} is registered as mirrored ${said}, but tagged ${found}`);
}

function checkVectors(root: string, entry: Entry, problems: Problem[]): void {
  for (const path of entry.vectors.split(/,\s*/).map(plain)) {
    if (!existsSync(join(root, path))) {
      problems.push(`${CODES.vectors} ${entry.id} names the vectors ${path}, which do not exist`);
      continue;
    }
    let file: unknown;
    try {
      file = JSON.parse(readFileSync(join(root, path), "utf8"));
    } catch {
      problems.push(`${CODES.vectors} ${path} of ${entry.id} is not JSON`);
      continue;
    }
    const { formulas, rows } = file as { formulas?: unknown; rows?: unknown };
    if (!Array.isArray(rows) || rows.length === 0)
      problems.push(`${CODES.vectors} ${path} of ${entry.id} has no rows`);
    if (typeof formulas !== "string" || !formulas.split(" ").includes(entry.id)) {
      problems.push(`${CODES.vectors} ${path} does not say that it is about ${entry.id}`);
    }
  }
}

/** Checks the tree below `root`. */
export function checkFormulas(root: string): Report {
  const problems: Problem[] = [];
  const entries = readRegister(root, problems);
  const inSolidity = filesBelow(root, CONTRACTS, ".sol").flatMap((path) =>
    readTags(root, path, /@custom:formula\s+(\S+)/, /^\s*function\s+(\w+)/),
  );
  for (const { id, place } of inSolidity) {
    if (!place.startsWith(HOMES))
      problems.push(`${CODES.tagOutside} ${place} carries ${id}; only ${HOMES} may`);
  }
  const homes = uniqueTags(
    inSolidity.filter(({ place }) => place.startsWith(HOMES)),
    entries,
    problems,
  );
  const inSdk = filesBelow(root, MIRRORS, ".ts").flatMap((path) =>
    readTags(root, path, /@formula\s+(\S+)/, /^export function\s+(\w+)/),
  );
  const mirrors = uniqueTags(inSdk, entries, problems);

  let implemented = 0;
  for (const entry of entries.values()) {
    const home = homes.get(entry.id);
    checkMirror(entry, mirrors.get(entry.id), problems);
    if (entry.home.startsWith("planned:")) {
      if (home !== undefined)
        problems.push(`${CODES.planned} ${entry.id} is registered as planned, but has ${home}`);
      continue;
    }
    implemented++;
    checkHome(entry, home, problems);
    checkVectors(root, entry, problems);
  }
  const planned = entries.size - implemented;
  return {
    problems,
    summary:
      `formulas: ${entries.size} registered, ${implemented} implemented, ${mirrors.size} mirrored in sdk, ` +
      `${planned} planned, ${problems.length} problems`,
  };
}

/** Runs the check as a command; returns the exit code. */
export function run(
  args: readonly string[],
  print: (line: string) => void,
  fail: (line: string) => void,
): number {
  const [flag, folder] = args;
  if (flag !== undefined && (flag !== "--root" || folder === undefined)) {
    fail("usage: node scripts/check-formulas.ts [--root DIR]");
    return 2;
  }
  const { problems, summary } = checkFormulas(folder ?? fileURLToPath(new URL("..", import.meta.url)));
  for (const [index, problem] of problems.entries()) fail(`${index + 1}. ${problem}`);
  print(summary);
  return problems.length > 0 ? 1 : 0;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  process.exitCode = run(process.argv.slice(2), console.log, console.error);
}
