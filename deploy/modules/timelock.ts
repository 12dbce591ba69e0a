/** The timelock: owner of every parameter and holder of the treasury. Nobody holds its admin role. */
import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";
import { ZeroAddress } from "ethers";

import type { DeployParameters } from "../params.ts";

export function timelockModule(parameters: DeployParameters) {
  const { minDelay, council } = parameters.timelock;
  return buildModule("MasaGovernance", (m) => ({
    // The zero address as executor: anyone may execute what has waited.
    timelock: m.contract("MasaTimelock", [minDelay, council ?? [m.getAccount(0)], [ZeroAddress]]),
  }));
}

export type TimelockModule = ReturnType<typeof timelockModule>;
