/**
 * Writes the histories that Replay.t.sol reads: cache/model/histories-<part>.bin, the names of fields and actions beside
 * them, and a summary. Nothing is done if the files of this model, seed and size are there already.
 *
 *   node test/model/generate.ts        MODEL_SEED, MODEL_HISTORIES and MODEL_STEPS as environment variables
 */
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

import { ACTION_NAMES, type Action, type Outcome } from "./actions.ts";
import { HistoryWriter } from "./encode.ts";
import { play } from "./histories.ts";
import { fieldNames, wordsOf } from "./observe.ts";
import { Protocol } from "./protocol.ts";
import { Refusal } from "./refusal.ts";

/** Tests of Replay.t.sol; each reads one file. */
const PARTS = 8;

interface Size {
  seed: number;
  histories: number;
  steps: number;
}

interface Summary extends Size {
  model: string;
  refused: number;
  actions: Record<string, number>;
  refusals: Record<string, number>;
}

const ROOT = resolve(import.meta.dirname, "../..");
const FOLDER = join(ROOT, "cache/model");

function numberFrom(name: string, otherwise: number, least: number): number {
  const value = Number(process.env[name] ?? otherwise);
  if (!Number.isSafeInteger(value) || value < least || value > 2 ** 32 - 1) {
    throw new RangeError(`${name} must be a whole number from ${least} to 4294967295`);
  }
  return value;
}

/** At least one history a part, and steps for the scripted opening. */
const sizeFromEnvironment = (): Size => ({
  seed: numberFrom("MODEL_SEED", 20_240_607, 0),
  histories: numberFrom("MODEL_HISTORIES", 2_000, PARTS),
  steps: numberFrom("MODEL_STEPS", 50, 10),
});

/** Changes whenever the model, or what it takes from the SDK, does. */
function modelHash(): string {
  const hash = createHash("sha256");
  for (const folder of [import.meta.dirname, join(ROOT, "sdk/src/math")]) {
    for (const name of readdirSync(folder).sort()) {
      if (name.endsWith(".ts") && !name.endsWith(".test.ts")) hash.update(readFileSync(join(folder, name)));
    }
  }
  return hash.digest("hex");
}

/** One part: every {PARTS}th history. */
function writePart(
  size: Size,
  part: number,
  summary: Pick<Summary, "refused" | "actions" | "refusals">,
): Buffer {
  const writer = new HistoryWriter();
  for (let history = part; history < size.histories; history += PARTS) {
    writer.begin(history, size.steps);
    play(size.seed, history, size.steps, (protocol, { action, outcome }, index) => {
      writer.step(action, outcome, wordsOf(protocol, action.subject, index));
      summary.actions[action.name] = (summary.actions[action.name] ?? 0) + 1;
      if (!(outcome instanceof Refusal)) return;
      ++summary.refused;
      summary.refusals[outcome.name] = (summary.refusals[outcome.name] ?? 0) + 1;
    });
    writer.end();
  }
  return writer.finish();
}

/** Of the first history: its opening stakes at step 3, and is refused at step 5. */
const CORRUPTIONS = {
  word: (step: Told, index: number) => {
    if (index === 3) ++step.words[fieldNames(new Protocol()).indexOf("account0.masa.staked")]!;
  },
  argument: ({ action }: Told, index: number) => {
    if (index === 3) action.args = [action.args[0]!, action.args[1]! + 1n];
  },
  refusal: (step: Told, index: number) => {
    if (index === 5) step.outcome = new Refusal("QueueDiluted", 0);
  },
  success: (step: Told, index: number) => {
    if (index === 5) step.outcome = [1n];
  },
};

interface Told {
  action: Action;
  outcome: Outcome;
  words: bigint[];
}

/** The first history with one lie in it: the replay must find it. */
function writeCorrupted(size: Size, corrupt: (step: Told, index: number) => void): Buffer {
  const writer = new HistoryWriter();
  writer.begin(0, size.steps);
  play(size.seed, 0, size.steps, (protocol, { action, outcome }, index) => {
    const step = { action: { ...action }, outcome, words: wordsOf(protocol, action.subject, index) };
    corrupt(step, index);
    writer.step(step.action, step.outcome, step.words);
  });
  writer.end();
  return writer.finish();
}

function isFresh(size: Size, model: string): boolean {
  try {
    const known = JSON.parse(readFileSync(join(FOLDER, "summary.json"), "utf8")) as Summary;
    return (
      known.model === model &&
      known.seed === size.seed &&
      known.histories === size.histories &&
      known.steps === size.steps
    );
  } catch {
    return false;
  }
}

/** Makes sure that the files are there. Says what it does. */
export function ensureHistories(): void {
  const size = sizeFromEnvironment();
  const model = modelHash();
  const label = `Model: ${size.histories} histories of ${size.steps} actions, MODEL_SEED=${size.seed}`;
  if (isFresh(size, model)) {
    console.log(`${label} (kept)`);
    return;
  }
  const started = performance.now();
  const summary: Summary = { ...size, model, refused: 0, actions: {}, refusals: {} };
  mkdirSync(FOLDER, { recursive: true });
  // Files that are half written must not pass for fresh.
  rmSync(join(FOLDER, "summary.json"), { force: true });
  const fields = fieldNames(new Protocol());
  writeFileSync(join(FOLDER, "actions.txt"), ACTION_NAMES.join("\n"));
  writeFileSync(join(FOLDER, "fields.txt"), fields.join("\n"));
  for (let part = 0; part < PARTS; ++part) {
    writeFileSync(join(FOLDER, `histories-${part}.bin`), writePart(size, part, summary));
  }
  for (const [name, corrupt] of Object.entries(CORRUPTIONS)) {
    writeFileSync(join(FOLDER, `corrupted-${name}.bin`), writeCorrupted(size, corrupt));
  }
  writeFileSync(join(FOLDER, "summary.json"), JSON.stringify(summary, null, 2));
  const seconds = ((performance.now() - started) / 1_000).toFixed(1);
  console.log(`${label}, ${summary.refused} of them refused; written in ${seconds} s`);
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href)
  ensureHistories();
