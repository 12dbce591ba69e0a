/**
 * What the invariant campaigns of the Solidity tests run with, and what they print: their size and their seed, how often
 * each action was carried out, and what came of it. The counts of actions are the runner's own: a call that its handler
 * gave up (`vm.assume`) is a discard, and the runner makes another in its place. The counts of outcomes are what
 * test/support/InvariantTest.sol has written.
 */
import { randomBytes } from "node:crypto";
import { mkdir, readFile, rm } from "node:fs/promises";
import path from "node:path";

import type { HardhatRuntimeEnvironment } from "hardhat/types/hre";
import type { TaskArguments } from "hardhat/types/tasks";

/** Calls of one run; the protocol begins anew with the next. */
const DEPTH = 256;
/** 400 runs of 256 calls are 102,400 calls. */
const RUNS = 400;
/** 8,000 of them are 2,048,000. */
const DEEP_RUNS = 8_000;
/** Where nothing else is asked for, so that `npm test` repeats itself. */
const SEED = "0x6d617361";
/** Test contracts that write what came of their campaigns, one file each. */
const CAMPAIGNS = [
  "StakingInvariants",
  "RegistryInvariant",
  "FewSeatsInvariant",
  "EscrowInvariants",
  "ReportsInvariants",
  "RewardsInvariants",
  "VotesInvariants",
  "GovernorInvariants",
];
const FOLDER = "cache/invariants";
/** Share of a campaign's calls that each of its actions must have: one that hardly ever acts tests nothing. */
const LEAST_SHARE = 0.002;
/** Calls from which on a campaign is long enough to be held to that, and to have met all of its outcomes. */
const LONG = 50_000;

interface CampaignConfig {
  fsPermissions: { readDirectory: string[]; writeFile: string[] };
  fuzz: { runs: number; seed: string };
  invariant: {
    runs: number;
    depth: number;
    failOnRevert: true;
    dictionaryWeight: number;
    includeStorage: boolean;
    includePushBytes: boolean;
  };
}

/**
 * Reads INVARIANT_RUNS (a number, or "deep" for 2,048,000 calls) and TEST_SEED (hexadecimal, or "random").
 */
export function solidityTestConfig(environment: NodeJS.ProcessEnv): CampaignConfig {
  const asked = environment["INVARIANT_RUNS"];
  const runs = asked === undefined ? RUNS : asked === "deep" ? DEEP_RUNS : Number(asked);
  if (!Number.isSafeInteger(runs) || runs < 1) {
    throw new Error(`INVARIANT_RUNS is ${String(asked)}: give a number above 0, or "deep"`);
  }
  const seed = environment["TEST_SEED"] ?? SEED;
  if (seed !== "random" && !/^0x[0-9a-f]{1,64}$/i.test(seed)) {
    throw new Error(`TEST_SEED is ${seed}: give 0x and up to 64 hexadecimal digits, or "random"`);
  }
  return {
    fsPermissions: {
      readDirectory: ["test/reference", "cache/model"],
      writeFile: CAMPAIGNS.map((name) => `${FOLDER}/${name}.txt`),
    },
    fuzz: { runs: 256, seed: seed === "random" ? `0x${randomBytes(32).toString("hex")}` : seed },
    // Handlers draw all that they need from their seeds: values picked from code and storage would add nothing, and a
    // campaign that is fed with them does not repeat itself.
    invariant: {
      runs,
      depth: DEPTH,
      failOnRevert: true,
      dictionaryWeight: 0,
      includeStorage: false,
      includePushBytes: false,
    },
  };
}

/** What the runner tells of a test contract, as far as it is read here; `metrics` is there for campaigns alone. */
interface SuiteResult {
  id: { name: string };
  testResults: {
    name: string;
    durationNs: bigint;
    kind: {
      runs?: bigint;
      calls?: bigint;
      metrics?: Record<string, { calls: bigint; discards: bigint }>;
    };
  }[];
}

interface TestRun {
  summary: { failed: number; passed: number; skipped: number; todo: number; failureOutput: string };
  suiteResults: SuiteResult[];
}
export type TestResult = { success: true; value: TestRun } | { success: false; error: TestRun };

/** Action of the task `test solidity`: Hardhat's own, then the tables of the campaigns. */
export default async function runSolidityTests(
  taskArguments: TaskArguments,
  hre: HardhatRuntimeEnvironment,
  runSuper: (taskArguments: TaskArguments) => Promise<TestResult>,
): Promise<TestResult> {
  const folder = path.join(hre.config.paths.root, FOLDER);
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const result = await runSuper(taskArguments);
  const run = result.success ? result.value : result.error;
  const campaigns = run.suiteResults.flatMap(campaignsOf);
  if (campaigns.length === 0) return result;
  const seed = hre.config.test.solidity.profiles["default"]?.fuzz.seed;
  console.log(`Invariant campaigns, TEST_SEED=${String(seed)}`);
  let lacking = 0;
  for (const campaign of campaigns) {
    lacking += print(campaign, await outcomesOf(path.join(folder, `${campaign.contract}.txt`)));
  }
  if (lacking === 0 || !result.success) return result;
  console.log(
    `\n  ${lacking.toString()} actions or outcomes came up too rarely: their campaigns test too little`,
  );
  return { success: false, error: result.value };
}

interface Campaign {
  contract: string;
  test: string;
  runs: number;
  calls: number;
  seconds: number;
  actions: { name: string; acted: number; givenUp: number }[];
}

function campaignsOf(suite: SuiteResult): Campaign[] {
  return suite.testResults.flatMap((test) => {
    const { kind } = test;
    if (kind.metrics === undefined) return [];
    const actions = Object.entries(kind.metrics).map(([target, { calls, discards }]) => ({
      name: target.slice(target.lastIndexOf(".") + 1),
      acted: Number(calls - discards),
      givenUp: Number(discards),
    }));
    actions.sort((left, right) => left.name.localeCompare(right.name));
    return [
      {
        contract: suite.id.name,
        test: test.name,
        runs: Number(kind.runs),
        calls: Number(kind.calls),
        seconds: Number(test.durationNs) / 1e9,
        actions,
      },
    ];
  });
}

/** Sums of the lines "name=count;name=count" that the runs have left. */
async function outcomesOf(file: string): Promise<Map<string, number>> {
  const sums = new Map<string, number>();
  const text = await readFile(file, "utf8").catch(() => "");
  for (const pair of text.split(/[;\n]/)) {
    const [name, count] = pair.split("=");
    if (name !== undefined && count !== undefined) sums.set(name, (sums.get(name) ?? 0) + Number(count));
  }
  return sums;
}

/** @returns How many actions and outcomes of a long campaign came up too rarely. */
function print(campaign: Campaign, outcomes: Map<string, number>): number {
  const { contract, test, runs, calls, seconds, actions } = campaign;
  console.log(
    `\n  ${contract} ${test}: ${runs.toString()} runs, ${calls.toLocaleString("en")} calls, ${seconds.toFixed(0)} s`,
  );
  const long = calls >= LONG;
  let lacking = 0;
  const line = (name: string, count: number, note: string, enough: boolean) => {
    if (!enough) ++lacking;
    console.log(
      `    ${name.padEnd(36)}${count.toLocaleString("en").padStart(10)}${note}${enough ? "" : "  TOO RARE"}`,
    );
  };
  for (const { name, acted, givenUp } of actions) {
    const note = givenUp === 0 ? "" : `  (${givenUp.toLocaleString("en")} more given up)`;
    line(name, acted, note, !long || acted >= calls * LEAST_SHARE);
  }
  for (const [name, count] of outcomes) line(`→ ${name}`, count, "", !long || count > 0);
  return lacking;
}
