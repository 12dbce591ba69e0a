/** Votes, classes, reviews, reputation and the governor; those to be wired are the deployer's until then. */
import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";
import { encodeBytes32String } from "ethers";

import { PARAMETER_SETS } from "../../sdk/src/parameters/index.ts";
import { CLASS_NAMES } from "../../sdk/src/parameters/types.ts";
import type { DeployParameters } from "../params.ts";
import type { ProtocolModule } from "./protocol.ts";
import type { TimelockModule } from "./timelock.ts";
import type { MasaTokenModule } from "./tokens.ts";

export function governanceModule(
  p: DeployParameters,
  tokens: MasaTokenModule,
  timelocks: TimelockModule,
  protocol: ProtocolModule,
) {
  const { classes: given, minVotingPeriod, ...settings } = p.governance;
  // Each class is a group of its own accord.
  const groups = PARAMETER_SETS.filter(({ contract }) => contract !== "classes");
  return buildModule("MasaGovernance", (m) => {
    const deployer = m.getAccount(0);
    const { masa } = m.useModule(tokens);
    const { timelock } = m.useModule(timelocks);
    const { vault, registry, emissions, clock, guardian } = m.useModule(protocol);
    const votes = m.contract("StakeVotes", [deployer, vault, registry]);
    const classes = m.contract("ProposalClasses", [
      deployer,
      masa,
      votes,
      minVotingPeriod,
      CLASS_NAMES.map((name) => given[name]),
    ]);
    const reviews = m.contract("Reviews", [
      timelock,
      classes,
      groups.map(({ group }) => encodeBytes32String(group)),
      groups.map(({ classId }) => classId),
    ]);
    const governor = m.contract("MasaGovernor", [vault, votes, classes, guardian, timelock, settings]);
    const reputation = m.contract("Reputation", [
      timelock,
      governor,
      votes,
      classes,
      clock,
      emissions,
      p.reputation,
    ]);
    return { votes, classes, reviews, reputation, governor };
  });
}
