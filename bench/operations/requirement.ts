/** The requirement view, as another contract pays for it. */
import { ROLE } from "../network.ts";
import type { BenchNetwork } from "../network.ts";
import type { Figures, Measured } from "../rows.ts";

/** The first call of a transaction finds every account and slot cold, the second finds them warm. */
async function measureRequirement(network: BenchNetwork, node: string): Promise<Measured> {
  const { ethers } = network.chain.connection;
  const { standing } = network.manifest.contracts;
  const gauge = await (await ethers.getContractFactory("RequirementGauge")).deploy();
  const { cold, warm, requirement } = await gauge.measure(standing, node, ROLE.worker);
  if (requirement !== (await network.contracts.standing.requirementOf(node, ROLE.worker))) {
    throw new Error("the gauge and the contract disagree");
  }
  return { cold: Number(cold), warm: Number(warm) };
}

/** A worker without open work, and one whose work of the epoch before `epoch` waits to be folded. */
export async function measureRequirements(
  network: BenchNetwork,
  epoch: number,
  idle: string,
  worked: string,
): Promise<Figures> {
  return await network.chain.inBranch(async () => {
    await network.enterEpoch(epoch);
    const [requirement, requirementFolding] = [
      await measureRequirement(network, idle),
      await measureRequirement(network, worked),
    ];
    return {
      requirement,
      requirementFolding,
      requirementCold: { cold: requirementFolding.cold, warm: null },
    };
  });
}
