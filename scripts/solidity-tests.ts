/** Action of the task `test solidity`: the histories of test/model before the tests, the campaigns' tables after them. */
import type { TaskOverrideActionFunction } from "hardhat/types/tasks";

import withHistories from "../test/model/task.ts";
import runSolidityTests from "./invariant-campaigns.ts";

const action: TaskOverrideActionFunction = async (args, hre, runSuper): Promise<unknown> => {
  const result: unknown = await withHistories(args, hre, (own) =>
    runSolidityTests(own, hre, runSuper as never),
  );
  return result;
};

export default action;
