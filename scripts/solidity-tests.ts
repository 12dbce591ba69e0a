/**
 * Action of the task `test solidity`: the histories of test/model before the tests, the campaigns' tables after them, and
 * the test files in parts: every test holds the whole protocol, and what comes out of one compilation of all of them is
 * more than npm's solc can write.
 */
import type { HardhatRuntimeEnvironment } from "hardhat/types/hre";
import type { TaskArguments, TaskOverrideActionFunction } from "hardhat/types/tasks";

import withHistories from "../test/model/task.ts";
import runSolidityTests from "./invariant-campaigns.ts";
import type { TestResult } from "./invariant-campaigns.ts";

/** Test files that are compiled and run at once. */
const PART = 20;

type Run = (taskArguments: TaskArguments) => Promise<TestResult>;

/** The files asked for, or all. */
async function testFiles(args: TaskArguments, hre: HardhatRuntimeEnvironment): Promise<string[]> {
  const asked = args["testFiles"] as string[];
  if (asked.length > 0) return asked;
  const roots = await hre.solidity.getRootFilePaths({ scope: "tests" });
  return roots.filter((root) => root.endsWith(".t.sol")).sort();
}

/** Runs part after part, whether one fails or not, and puts their results together. */
const inParts =
  (run: Run, hre: HardhatRuntimeEnvironment): Run =>
  async (args) => {
    const files = await testFiles(args, hre);
    const results: TestResult[] = [];
    for (let start = 0; start < files.length; start += PART) {
      results.push(await run({ ...args, testFiles: files.slice(start, start + PART) }));
    }
    const runs = results.map((result) => (result.success ? result.value : result.error));
    const sum = (key: "failed" | "passed" | "skipped" | "todo"): number =>
      runs.reduce((total, { summary }) => total + summary[key], 0);
    const all = {
      summary: {
        failed: sum("failed"),
        passed: sum("passed"),
        skipped: sum("skipped"),
        todo: sum("todo"),
        failureOutput: runs.map(({ summary }) => summary.failureOutput).join(""),
      },
      suiteResults: runs.flatMap(({ suiteResults }) => suiteResults),
    };
    return results.every(({ success }) => success)
      ? { success: true, value: all }
      : { success: false, error: all };
  };

const action: TaskOverrideActionFunction = async (args, hre, runSuper): Promise<unknown> => {
  const result: unknown = await withHistories(args, hre, (own) =>
    runSolidityTests(own, hre, inParts(runSuper, hre)),
  );
  return result;
};

export default action;
