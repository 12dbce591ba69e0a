/**
 * Wires the contracts to each other, once, puts the first bounties into the pot of the roll, and gives every contract
 * that still has another owner to the timelock.
 */
import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";
import { encodeBytes32String, ZeroAddress } from "ethers";

import type { DeployParameters } from "../params.ts";
import { protocolModule } from "./protocol.ts";
import { timelockModule } from "./timelock.ts";
import { masaTokenModule, wrappedTaoModule } from "./tokens.ts";

/** Proven offences are outside the cap on slashes (decision D8). */
const UNCAPPED = 2n ** 64n - 1n;

/** The whole deployment: what {@link deployProtocol} runs. */
export function masaModule(parameters: DeployParameters, chainId: number) {
  const tokens = masaTokenModule(parameters);
  const wrappedTao = wrappedTaoModule(parameters, chainId);
  const governance = timelockModule(parameters);
  const protocol = protocolModule(parameters, tokens, wrappedTao, governance);
  return buildModule("Masa", (m) => {
    const { masa } = m.useModule(tokens);
    const tao = wrappedTao === undefined ? {} : m.useModule(wrappedTao);
    const { timelock } = m.useModule(governance);
    const contracts = m.useModule(protocol);
    const { clock, vault, standing, registry, validatorSet, escrow } = contracts;
    const { feePool, emissions, distributor, consensus, offences, epochManager, guardian } = contracts;
    // Before the vault and the set are wired nobody has staked, and no right has to wait.
    const scheduled = m.call(vault, "scheduleSlasher", [offences, UNCAPPED]);
    const activated = m.call(vault, "activateSlasher", [offences], { after: [scheduled] });
    const expels = m.call(validatorSet, "grantModule", [encodeBytes32String("EXPEL"), offences]);
    const wiring = [
      m.call(clock, "wire", [epochManager]),
      // Nobody observes stakes before votes exist.
      m.call(vault, "wire", [escrow, parameters.vault.slashCap, guardian, ZeroAddress], {
        after: [activated],
      }),
      m.call(standing, "wire", [registry, escrow, validatorSet, guardian, epochManager]),
      m.call(registry, "wire", [validatorSet]),
      m.call(validatorSet, "wire", [consensus, epochManager], { after: [expels] }),
      m.call(escrow, "wire", [consensus, feePool]),
      m.call(emissions, "wire", [distributor]),
      m.call(distributor, "wire", [consensus]),
      m.call(consensus, "wire", [offences]),
      m.call(offences, "wire", [consensus]),
    ];
    if (parameters.roll.funding > 0n) m.call(masa, "transfer", [epochManager, parameters.roll.funding]);
    const pool = parameters.emission.funding;
    if (pool > 0n) {
      const approved = m.call(masa, "approve", [emissions, pool]);
      m.call(emissions, "fund", [pool], { after: [approved] });
    }
    for (const owned of [vault, standing, registry, validatorSet, escrow, emissions, distributor, offences]) {
      m.call(owned, "transferOwnership", [timelock], { after: wiring });
    }
    return { masa, ...tao, timelock, ...contracts };
  });
}
