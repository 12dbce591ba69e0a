/** The protocol's own contracts, from the lowest floor to the highest; those to be wired are the deployer's until then. */
import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";
import { ZeroAddress } from "ethers";

import { WORK_UNIT } from "../feasibility.ts";
import type { DeployParameters } from "../params.ts";
import type { TimelockModule } from "./timelock.ts";
import type { MasaTokenModule, WrappedTaoModule } from "./tokens.ts";

/** The structs of the constructors, with the field names of the interfaces. */
function structs(p: DeployParameters) {
  const { weights: seatWeights, ...seats } = p.seats;
  const { weights: qualityWeights, ...terms } = p.terms;
  const { shares: emissionShares, rate } = p.emission;
  const { references, ...standing } = p.standing;
  const { requestPath, reportPath, evidenceWindow, appealWindow, unbondingDelay, moduleDelay } = p.vault;
  return {
    delays: { requestPath, reportPath, evidenceWindow, appealWindow, unbondingDelay, moduleDelay },
    roles: [p.roles.validator, p.roles.worker, p.roles.oracle],
    standing: {
      ...standing,
      workerReference: references.worker / WORK_UNIT,
      oracleReference: references.oracle / WORK_UNIT,
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
      attributionShare: 0n, // until there is a registry of data
    },
    emission: { rate, ...emissionShares },
  };
}

export function protocolModule(
  p: DeployParameters,
  tokens: MasaTokenModule,
  wrappedTao: WrappedTaoModule | undefined,
  governance: TimelockModule,
) {
  const { delays, roles, standing: standingParameters, seats, terms, emission } = structs(p);
  const { collateral, slashDestinations: to } = p.vault;
  return buildModule("MasaProtocol", (m) => {
    const deployer = m.getAccount(0);
    const { masa } = m.useModule(tokens);
    const tao = wrappedTao === undefined ? ZeroAddress : m.useModule(wrappedTao).tao;
    const { timelock } = m.useModule(governance);
    const clock = m.contract("EpochClock", [0n, p.clock.epochLength, deployer]);
    const curve = m.contract("StakingCurve");
    const { baseRate, maxRate, referenceConsumption, minimumFee } = p.feeCurve;
    const feeCurve = m.contract("FeeCurve", [baseRate, maxRate, referenceConsumption, minimumFee]);
    const vault = m.contract("StakeVault", [
      deployer,
      clock,
      masa,
      tao,
      delays,
      collateral,
      { ...to, treasury: to.treasury ?? timelock, compensation: to.compensation ?? ZeroAddress },
    ]);
    const standing = m.contract("NodeStanding", [
      deployer,
      masa,
      vault,
      curve,
      0, // no epoch is rolled into yet, whatever the clock says by then
      p.maxStakedShare,
      roles,
      standingParameters,
    ]);
    const registry = m.contract("NodeRegistry", [deployer, masa, standing, vault, p.poke]);
    const validatorSet = m.contract("ValidatorSet", [deployer, registry, standing, vault, seats]);
    const escrow = m.contract("RequestEscrow", [
      deployer,
      masa,
      clock,
      registry,
      standing,
      vault,
      feeCurve,
      terms,
      p.limits,
      p.poster,
    ]);
    const emissions = m.contract("Emissions", [deployer, masa, clock, vault, emission]);
    const distributor = m.contract("RewardDistributor", [
      deployer,
      masa,
      emissions,
      vault,
      p.emission.activationDelay,
    ]);
    const treasury = to.treasury ?? timelock;
    const feePool = m.contract("FeePool", [timelock, masa, { distributor, emissions, treasury }, p.feeSplit]);
    const { roundLength, attemptLength } = p.clock;
    const { maxMissed, ...offenceTerms } = p.offences;
    const consensus = m.contract("ScoreConsensus", [
      clock,
      validatorSet,
      escrow,
      distributor,
      roundLength,
      attemptLength,
      deployer,
    ]);
    const offences = m.contract("Offences", [
      deployer,
      clock,
      vault,
      registry,
      validatorSet,
      consensus,
      offenceTerms,
      maxMissed,
    ]);
    // These are never wired: the timelock owns them from the start.
    const epochManager = m.contract("EpochManager", [
      timelock,
      clock,
      masa,
      vault,
      standing,
      validatorSet,
      consensus,
      p.roll.bounty,
    ]);
    const holder = p.guardian.holder ?? p.timelock.council?.[0] ?? deployer;
    const guardian = m.contract("Guardian", [timelock, vault, standing, holder, p.guardian.term]);
    const lens = m.contract("ProtocolLens", [
      clock,
      vault,
      standing,
      registry,
      validatorSet,
      escrow,
      epochManager,
      feeCurve,
    ]);
    return {
      clock,
      curve,
      feeCurve,
      vault,
      standing,
      registry,
      validatorSet,
      escrow,
      feePool,
      emissions,
      distributor,
      consensus,
      offences,
      epochManager,
      guardian,
      lens,
    };
  });
}

export type ProtocolModule = ReturnType<typeof protocolModule>;
