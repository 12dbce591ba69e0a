/** The protocol's own contracts, from the lowest floor to the highest, owned by the deployer until the handover. */
import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";

import { WORK_UNIT } from "../feasibility.ts";
import type { DeployParameters } from "../params.ts";
import type { TimelockModule } from "./timelock.ts";
import type { MasaTokenModule } from "./tokens.ts";

/** The structs of the constructors, with the field names of the interfaces. */
function structs(p: DeployParameters) {
  const { weights: seatWeights, ...seats } = p.seats;
  const { weights: qualityWeights, ...terms } = p.terms;
  return {
    roles: [p.roles.validator, p.roles.worker, p.roles.oracle],
    standing: p.standing,
    referenceWork: {
      worker: p.referenceWork.worker / WORK_UNIT,
      oracle: p.referenceWork.oracle / WORK_UNIT,
    },
    seats: {
      ...seats,
      weightConsensus: seatWeights.consensus,
      weightData: seatWeights.data,
      weightLlm: seatWeights.llm,
    },
    terms: {
      ...terms,
      weightRelevance: qualityWeights.relevance,
      weightCoherence: qualityWeights.coherence,
      weightFactual: qualityWeights.factual,
      weightResponseTime: qualityWeights.responseTime,
    },
    limits: p.limits,
  };
}

export function protocolModule(p: DeployParameters, tokens: MasaTokenModule, governance: TimelockModule) {
  const { roles, standing, referenceWork, seats, terms, limits } = structs(p);
  return buildModule("MasaProtocol", (m) => {
    const owner = m.getAccount(0);
    const { masa } = m.useModule(tokens);
    const { timelock } = m.useModule(governance);
    const clock = m.contract("EpochClock", [0n, p.clock.epochLength]);
    const curve = m.contract("StakingCurve");
    const { unbondingDelay, appealWindow, longestOffencePath } = p.vault;
    const vault = m.contract("StakeVault", [
      owner,
      clock,
      masa,
      timelock,
      unbondingDelay,
      appealWindow,
      longestOffencePath,
    ]);
    const registry = m.contract("NodeRegistry", [
      owner,
      masa,
      clock,
      vault,
      curve,
      p.maxStakedShare,
      roles,
      standing,
      referenceWork,
    ]);
    const validatorSet = m.contract("ValidatorSet", [owner, registry, vault, seats]);
    const escrow = m.contract("RequestEscrow", [owner, masa, registry, vault, terms, limits]);
    const consensus = m.contract("ScoreConsensus", [clock, validatorSet, escrow, p.clock.roundLength]);
    const epochManager = m.contract("EpochManager", [clock, registry, validatorSet]);
    return { clock, curve, vault, registry, validatorSet, escrow, consensus, epochManager };
  });
}
