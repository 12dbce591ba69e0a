/**
 * Wires the contracts to each other, once, puts the first bounties into the pot of the roll, and gives every contract
 * that still has another owner to the timelock.
 */
import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";
import { ZeroAddress } from "ethers";

import type { DeployParameters } from "../params.ts";
import { protocolModule } from "./protocol.ts";
import { timelockModule } from "./timelock.ts";
import { masaTokenModule, wrappedTaoModule } from "./tokens.ts";

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
    const { consensus, epochManager, guardian } = contracts;
    const wiring = [
      m.call(clock, "wire", [epochManager]),
      // Nobody observes stakes before votes exist.
      m.call(vault, "wire", [escrow, parameters.vault.slashCap, guardian, ZeroAddress]),
      m.call(standing, "wire", [registry, escrow, validatorSet, guardian, epochManager]),
      m.call(registry, "wire", [validatorSet]),
      m.call(validatorSet, "wire", [consensus, epochManager]),
      m.call(escrow, "wire", [consensus]),
    ];
    if (parameters.roll.funding > 0n) m.call(masa, "transfer", [epochManager, parameters.roll.funding]);
    for (const owned of [vault, standing, registry, validatorSet, escrow]) {
      m.call(owned, "transferOwnership", [timelock], { after: wiring });
    }
    return { masa, ...tao, timelock, ...contracts };
  });
}
