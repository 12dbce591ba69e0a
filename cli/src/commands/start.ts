/** `masa start` (npm start): a whole network on this machine, asked real questions about real documents. */
import {
  closeSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { Command, Option } from "commander";

import { connect, MasaError } from "#sdk";
import type { Connection } from "#sdk";

import type { Question } from "../../../nodes/src/askBook.ts";
import { toJson } from "../format.ts";
import { makeMembers, populate } from "../localnet/accounts.ts";
import type { Member } from "../localnet/accounts.ts";
import { checkConservation } from "../localnet/conservation.ts";
import { measureGas, Observer, readStandings } from "../localnet/observe.ts";
import { freePorts, Supervisor } from "../localnet/processes.ts";
import { makeProgress } from "../localnet/progress.ts";
import type { Progress } from "../localnet/progress.ts";
import { shareOut } from "../localnet/rewards.ts";
import { makeRandom, sample, shuffle } from "../localnet/random.ts";
import { formatSummary, makeSummary } from "../localnet/summary.ts";
import type { Summary } from "../localnet/summary.ts";
import { untilStopped, wholeNumber } from "../options.ts";
import { readQuestions } from "./oracle.ts";

interface StartOptions {
  readonly questions: string;
  readonly docs: string;
  readonly epochs: number;
  readonly seed: number;
  readonly llm?: string;
  readonly model?: string;
  readonly json?: string;
  readonly stay: boolean;
  readonly port: number;
}

/** Six seats, so that the set keeps more than two thirds of its weight when one is pruned and another one dies. */
const PLAN = [
  ...["validator-1", "validator-2", "validator-3", "validator-4", "validator-5"].map((name) => ({
    name,
    role: "validator" as const,
  })),
  { name: "validator-naive", role: "validator" as const },
  { name: "worker-complete", role: "worker" as const },
  { name: "worker-outdated", role: "worker" as const },
  { name: "worker-careless", role: "worker" as const },
  { name: "oracle", role: "oracle" as const },
];
/** Share of the documents that the outdated worker has, in percent. */
const OUTDATED_PERCENT = 50;
const REWARD_MASA = 20n;
const RESPONSE_WINDOW_S = 10;
const SCORING_WINDOW_S = 40;
const POLL_MS = 500;
/** Seconds before the end of the last epoch by which the last question is asked, so that it settles in it. */
const TAIL_S = 12;
/** Seconds that the run may outlast its epochs before it gives up waiting. */
const PATIENCE_S = 90;

function documentsOf(folder: string): string[] {
  let names: string[];
  try {
    names = readdirSync(folder, { recursive: true, encoding: "utf8" });
  } catch (cause) {
    throw new MasaError("MASA-101", `cannot read the folder ${folder}`, { cause });
  }
  const documents = names
    .filter((name) => /\.(md|txt)$/i.test(name) && statSync(join(folder, name)).isFile())
    .sort();
  if (documents.length === 0) throw new MasaError("MASA-107", `no .md or .txt documents in ${folder}`);
  return documents;
}

/** Copies what the outdated worker has: an old part of the documents, chosen by the seed. */
function makeOutdatedFolder(options: StartOptions, folder: string, random: () => number): string {
  const documents = documentsOf(options.docs);
  const kept = sample(
    documents,
    Math.max(1, Math.floor((documents.length * OUTDATED_PERCENT) / 100)),
    random,
  );
  const target = join(folder, "outdated-documents");
  for (const name of kept) cpSync(join(options.docs, name), join(target, name));
  return target;
}

interface Setting {
  readonly options: StartOptions;
  readonly folder: string;
  readonly url: string;
  readonly manifestPath: string;
  readonly outdatedDocs: string;
}

function nodeArgs(setting: Setting, member: Member): string[] {
  const { options, folder, url, manifestPath } = setting;
  const common = [
    ...["--rpc", url, "--manifest", manifestPath, "--port", String(member.port), "--poll", String(POLL_MS)],
    ...["--state", join(folder, `${member.name}.sqlite`), "--allow-private-hosts"],
  ];
  if (member.role === "validator") {
    const scorer = member.name === "validator-naive" ? "naive" : "evidence";
    const times = ["--give-up", "15", "--peer-timeout", "3000"];
    return ["keeper", "run", ...common, ...times, "--scorer", scorer];
  }
  if (member.name === "worker-careless")
    return ["worker", ...common, "--engine", "hasty", "--docs", options.docs];
  if (member.name === "worker-outdated") return ["worker", ...common, "--docs", setting.outdatedDocs];
  const llm = options.llm === undefined ? [] : ["--llm", options.llm, "--model", options.model ?? ""];
  return ["worker", ...common, "--docs", options.docs, ...llm];
}

function oracleArgs(setting: Setting, oracle: Member, questionsPath: string, paceMs: number): string[] {
  return [
    ...[
      "oracle",
      "ask",
      "--rpc",
      setting.url,
      "--manifest",
      setting.manifestPath,
      "--port",
      String(oracle.port),
    ],
    ...[
      "--state",
      join(setting.folder, `${oracle.name}.sqlite`),
      "--allow-private-hosts",
      "--poll",
      String(POLL_MS),
    ],
    ...["--questions", questionsPath, "--evidence", setting.options.docs, "--reward", String(REWARD_MASA)],
    ...["--response-window", String(RESPONSE_WINDOW_S), "--scoring-window", String(SCORING_WINDOW_S)],
    ...["--pace", String(paceMs)],
  ];
}

/** Watches until the last question has ended and the last epoch is reported, or patience runs out. */
async function watch(
  observer: Observer,
  progress: Progress,
  members: readonly Member[],
  total: number,
  epochs: number,
  oracleEnded: () => boolean,
  deadlineMs: number,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted && Date.now() < deadlineMs) {
    await observer.look();
    progress.show(observer, members, total, epochs);
    const reported = observer.unreported(epochs).length === 0;
    if (oracleEnded() && observer.rolledEpoch > epochs && reported) break;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  progress.done();
}

async function seatedEpoch(connection: Connection, progress: Progress, signal: AbortSignal): Promise<void> {
  progress.note("waiting for the roll into epoch 1, which seats the validators");
  while (!signal.aborted && (await connection.contracts.epochManager.rolledEpoch()) === 0n) {
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

async function runNetwork(
  options: StartOptions,
  questions: readonly Question[],
  progress: Progress,
): Promise<Summary> {
  const started = Date.now();
  const signal = untilStopped();
  const random = makeRandom(options.seed);
  const folder = mkdtempSync(join(tmpdir(), "masa-start-"));
  mkdirSync(folder, { recursive: true });
  const outdatedDocs = makeOutdatedFolder(options, folder, random);
  const asked = shuffle(questions, random);
  const questionsPath = join(folder, "questions.json");
  writeFileSync(
    questionsPath,
    toJson({ version: 1, questions: asked.map(({ key, prompt }) => ({ id: key, prompt })) }),
  );

  progress.note(`logs and state are kept in ${folder}`);
  // Loaded here: no other command needs Hardhat.
  const { startLocalChain } = await import("../localnet/chain.ts");
  const chain = await startLocalChain(folder, options.port);
  progress.note(`local chain at ${chain.url}, protocol deployed`);
  const supervisor = new Supervisor(folder);
  let connection: Connection | null = null;
  try {
    const members = makeMembers(options.seed, PLAN, await freePorts(PLAN.length));
    // The fee (EQ-08) comes on top of each reward: at most 6 % with the parameters of a local network.
    const creditWei = (BigInt(questions.length) * REWARD_MASA * 10n ** 18n * 11n) / 10n;
    const { holders } = await populate(chain.url, chain.manifest, members, creditWei);
    progress.note(`${members.length} nodes staked and registered`);
    connection = await connect({ rpcUrl: chain.url, manifestPath: chain.manifestPath });
    const before = await readStandings(connection, members);
    const setting: Setting = {
      options,
      folder,
      url: chain.url,
      manifestPath: chain.manifestPath,
      outdatedDocs,
    };
    const oracle = members.find(({ role }) => role === "oracle") as Member;
    for (const member of members) {
      if (member === oracle) continue;
      const privateKey = (member.hotKey ?? member.account).privateKey;
      supervisor.start({ name: member.name, args: nodeArgs(setting, member), privateKey });
    }
    await seatedEpoch(connection, progress, signal);
    const epochLength = Number(await connection.contracts.clock.epochLength());
    const paceMs = Math.floor(((options.epochs * epochLength - TAIL_S) * 1_000) / questions.length);
    supervisor.start({
      name: oracle.name,
      args: oracleArgs(setting, oracle, questionsPath, paceMs),
      privateKey: oracle.account.privateKey,
    });
    let oracleEnded = false;
    void supervisor.ended(oracle.name).then(() => (oracleEnded = true));
    const observer = new Observer(connection);
    const deadline = Date.now() + ((options.epochs + 1) * epochLength + PATIENCE_S) * 1_000;
    await watch(
      observer,
      progress,
      members,
      questions.length,
      options.epochs,
      () => oracleEnded,
      deadline,
      signal,
    );
    progress.note("recomputing the epoch reports, claiming what the active root of rewards gives");
    await observer.look();
    // As the questions left them: claiming takes its time, and the network goes on in the meantime.
    const after = await readStandings(connection, members);
    const rewards = await shareOut(connection, chain.url, chain.manifestPath, members, observer, signal);
    const summary = makeSummary({
      seed: options.seed,
      epochs: options.epochs,
      seconds: Math.round((Date.now() - started) / 1_000),
      members,
      observer,
      before,
      after,
      gas: await measureGas(connection),
      rewards,
      conservation: await checkConservation(connection, observer, holders),
      restarts: supervisor.restarts,
      asked: questions.length,
    });
    if (options.stay && !signal.aborted) {
      process.stdout.write(formatSummary(summary));
      await stay(chain.url, chain.manifestPath, members, signal);
    }
    return summary;
  } finally {
    connection?.close();
    await supervisor.stop();
    await chain.close();
  }
}

async function stay(
  url: string,
  manifestPath: string,
  members: readonly Member[],
  signal: AbortSignal,
): Promise<void> {
  const oracle = members.find(({ role }) => role === "oracle");
  process.stdout.write(
    [
      "the network stays up; end it with Ctrl-C",
      `  npm run masa -- status --rpc ${url} --manifest ${manifestPath}`,
      ...members.map(({ name, account }) => `  ${name}: ${account.address}`),
      "ask it something (the key is worth nothing outside this machine):",
      `  MASA_KEY=${oracle?.account.privateKey ?? ""} npm run masa -- oracle ask --rpc ${url} --manifest ${manifestPath} \\`,
      `    --port ${oracle?.port ?? 0} --allow-private-hosts --poll 500 --evidence docs/guide --response-window 10 "What is a seat?"`,
      "",
    ].join("\n"),
  );
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve());
  });
}

/** Found out now rather than after minutes of work. Throws MASA-101. */
function requireWritable(path: string | undefined): void {
  if (path === undefined) return;
  try {
    closeSync(openSync(path, "a"));
  } catch (cause) {
    throw new MasaError("MASA-101", `cannot write ${path}`, { cause });
  }
}

export function startCommand(): Command {
  return new Command("start")
    .description(
      "runs a whole network on this machine and asks it a file of questions about a folder of documents",
    )
    .option("--questions <file>", "questions to ask", "examples/questions.json")
    .option("--docs <folder>", "documents they are about", "docs/guide")
    .addOption(new Option("--epochs <n>", "epochs with work").default(5).argParser(wholeNumber(1, 100)))
    .addOption(
      new Option("--seed <n>", "decides keys, the order of questions and the outdated worker's documents")
        .default(1)
        .argParser(wholeNumber(0, 2 ** 31 - 1)),
    )
    .addOption(
      new Option("--port <n>", "port of the chain, 0 for any").default(0).argParser(wholeNumber(0, 65_535)),
    )
    .option("--llm <url>", "an OpenAI-compatible server for the complete worker")
    .option("--model <name>", "the model to ask there")
    .option("--json <file>", "writes the summary as JSON")
    .option("--stay", "keeps the network up afterwards", false)
    .action(async (options: StartOptions) => {
      if (options.llm !== undefined && options.model === undefined)
        throw new MasaError("MASA-103", "--llm needs --model");
      const questions = readQuestions(options.questions);
      documentsOf(options.docs);
      requireWritable(options.json);
      const progress = makeProgress(process.stdout);
      const summary = await runNetwork(options, questions, progress);
      if (!options.stay) process.stdout.write(formatSummary(summary));
      if (options.json !== undefined) {
        try {
          writeFileSync(options.json, `${toJson(summary, 2)}\n`);
        } catch (cause) {
          throw new MasaError("MASA-101", `cannot write ${options.json}`, { cause });
        }
      }
      const failed = summary.checks.filter(({ ok }) => !ok);
      if (failed.length > 0) throw new MasaError("MASA-602", failed.map(({ what }) => what).join("; "));
    });
}
