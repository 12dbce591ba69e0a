/**
 * Writes docs/parameters.md from the registry of parameters: `node scripts/parameters.ts`. Does nothing when it is only
 * imported. The ABIs must be compiled.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

import JSON5 from "json5";

import { CLASS_NAMES, formatParameter, OWNER_ACTS, PARAMETER_SETS, TREASURY_ACTS, WAD } from "#sdk";
import type { OwnerAct, Parameter, ParameterSet } from "#sdk";

const NETWORKS = ["testnet", "local"] as const;
const UNITS: Readonly<Record<Parameter["unit"], string>> = {
  ratio: "number",
  masa: "MASA",
  work: "MASA",
  seconds: "time",
  gwei: "gwei",
  count: "count",
  flag: "yes or no",
  kinds: "kinds",
  address: "address",
};

export const PARAMETERS_FILE = fileURLToPath(new URL("../docs/parameters.md", import.meta.url));

const readNetwork = (name: string): unknown =>
  JSON5.parse(readFileSync(new URL(`../deploy/params/${name}.json5`, import.meta.url), "utf8"));

/** What a parameter file writes at a path such as terms.weights.factual. */
function lookUp(file: unknown, path: string): unknown {
  return path.split(".").reduce<unknown>((at, key) => (at as Record<string, unknown>)[key], file);
}

function defaultsOf({ id, default: path }: Parameter, files: readonly unknown[]): string {
  if (path === null) return "–";
  const [first, ...others] = files.map((file) => {
    const value = lookUp(file, path);
    if (value === undefined) throw new TypeError(`${id}: deploy/params has no ${path}`);
    return JSON.stringify(value).replaceAll('"', "");
  });
  return others.every((other) => other === first) ? String(first) : [first, ...others].join(" / ");
}

/** A least or most of one unit of the chain inside a round number is said as that number. */
function rangeOf(parameter: Parameter): string {
  const { unit, least, most } = parameter;
  const fine = unit === "ratio" || unit === "masa" || unit === "work";
  const from = fine && least === 1n ? "above 0" : formatParameter(parameter, least);
  const to =
    fine && (most + 1n) % WAD === 0n
      ? `below ${formatParameter(parameter, most + 1n)}`
      : formatParameter(parameter, most);
  return from.startsWith("above") || to.startsWith("below")
    ? `${from}, ${to.replace(/^(?=\d)/, "at most ")}`
    : `${from} to ${to}`;
}

function boundsOf(parameter: Parameter): string {
  const { unit, least, rule } = parameter;
  const hard =
    unit === "address"
      ? least === 0n
        ? []
        : ["not 0"]
      : unit === "flag" || unit === "kinds"
        ? []
        : [rangeOf(parameter)];
  return [...hard, ...(rule === undefined ? [] : [rule])].join("; ") || "any";
}

function renderSet(set: ParameterSet, files: readonly unknown[]): string {
  const rows = set.parameters.map((parameter) => {
    const { id, meaning, unit, readBy } = parameter;
    const cells = [
      `\`${id}\``,
      meaning,
      UNITS[unit],
      boundsOf(parameter),
      defaultsOf(parameter, files),
      readBy,
    ];
    return `| ${cells.join(" | ")} |`;
  });
  return [
    `### ${set.group}`,
    "",
    `\`${set.contract}.${set.setter}\`, class ${set.classId} (${CLASS_NAMES[set.classId]}). Takes effect ${set.effect}.`,
    "",
    "| parameter | meaning | unit | bounds | default | read by |",
    "| --- | --- | --- | --- | --- | --- |",
    ...rows,
    "",
  ].join("\n");
}

/** Acts that several contracts have in common stand in one line. */
function renderActs(): string {
  const lines = new Map<string, { act: OwnerAct; contracts: string[] }>();
  for (const act of [...OWNER_ACTS, ...TREASURY_ACTS]) {
    const key = `${act.name}:${act.classId}`;
    const line = lines.get(key) ?? { act, contracts: [] };
    line.contracts.push(act.contract);
    lines.set(key, line);
  }
  return [...lines.values()]
    .map(
      ({ act, contracts }) =>
        `| \`${act.name}\` | ${contracts.join(", ")} | ${act.classId} (${CLASS_NAMES[act.classId]}) | ${act.meaning} |`,
    )
    .join("\n");
}

/** The whole document. */
export function renderParameters(): string {
  const files = NETWORKS.map(readNetwork);
  const contracts = [...new Set(PARAMETER_SETS.map(({ contract }) => contract))];
  const sections = contracts.map((contract) =>
    [
      `## ${contract}`,
      "",
      ...PARAMETER_SETS.filter((set) => set.contract === contract).map((set) => renderSet(set, files)),
    ].join("\n"),
  );
  return `# Parameters

Everything that governance can change, from the registry in \`sdk/src/parameters\`; written by \`node scripts/parameters.ts\`.
A change is proposed with \`masa propose parameter NAME VALUE\`. Parameters of one group are set together, in one call; the
group is also what a periodic review is about. Bounds are hard: the contract refuses what lies outside, whoever votes for
it. Defaults are those of \`deploy/params\`: the testnet's, then those of a local chain where they differ.

${sections.join("\n")}
## Acts

What else governance can do: calls that move rights or funds, or act once. A call that is listed nowhere on this page needs
a proposal of the strictest class.

| call | contracts | class | what it does |
| --- | --- | --- | --- |
${renderActs()}
`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(PARAMETERS_FILE, renderParameters());
