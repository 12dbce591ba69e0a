/** Wires the contracts to each other, once, then gives every one that has an owner to the timelock. */
import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";

import type { DeployParameters } from "../params.ts";
import { protocolModule } from "./protocol.ts";
import { timelockModule } from "./timelock.ts";
import { masaTokenModule, wrappedTaoModule } from "./tokens.ts";

/** The whole deployment: what {@link deployProtocol} runs. */
export function masaModule(parameters: DeployParameters, chainId: number) {
  const tokens = masaTokenModule(parameters);
  const wrappedTao = wrappedTaoModule(parameters, chainId);
  const governance = timelockModule(parameters);
  const protocol = protocolModule(parameters, tokens, governance);
  return buildModule("Masa", (m) => {
    const { masa } = m.useModule(tokens);
    const tao = wrappedTao === undefined ? {} : m.useModule(wrappedTao);
    const { timelock } = m.useModule(governance);
    const contracts = m.useModule(protocol);
    const { vault, registry, validatorSet, escrow, consensus, epochManager } = contracts;
    const wiring = [
      m.call(vault, "wire", [escrow]),
      m.call(registry, "wire", [escrow, validatorSet, epochManager]),
      m.call(validatorSet, "wire", [consensus, epochManager]),
      m.call(escrow, "wire", [consensus]),
    ];
    for (const owned of [vault, registry, validatorSet, escrow]) {
      m.call(owned, "transferOwnership", [timelock], { after: wiring });
    }
    return { masa, ...tao, timelock, ...contracts };
  });
}
