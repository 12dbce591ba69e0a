/** The timelock: owner of every parameter and holder of the treasury. The deployer is its admin until the hand-over. */
import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";

import type { DeployParameters } from "../params.ts";

export function timelockModule(parameters: DeployParameters) {
  const { minDelay, council } = parameters.timelock;
  return buildModule("MasaTimelocks", (m) => ({
    timelock: m.contract("MasaTimelock", [minDelay, council ?? [], m.getAccount(0)]),
  }));
}

export type TimelockModule = ReturnType<typeof timelockModule>;
