/** Before Solidity tests that replay histories: makes sure that there are some. */
import type { TaskOverrideActionFunction } from "hardhat/types/tasks";

import { ensureHistories } from "./generate.ts";

/** Whether test/model is among the files that were asked for; none asked for means all. */
const replays = (files: unknown): boolean =>
  !Array.isArray(files) || files.length === 0 || files.some((file) => String(file).includes("test/model"));

const action: TaskOverrideActionFunction = async (args, _, runSuper): Promise<unknown> => {
  if (replays(args["testFiles"])) ensureHistories();
  return runSuper(args);
};

export default action;
