/** Tokens: the existing ones where the parameters name them, else MASA, and on a local chain a stand-in for TAO. */
import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";

import type { DeployParameters } from "../params.ts";

/** Chain id of every local development chain: Hardhat's, and anvil's by default. */
export const LOCAL_CHAIN_ID = 31_337;

export function masaTokenModule(parameters: DeployParameters) {
  const { masa, genesisSupply, genesisHolder } = parameters.tokens;
  return buildModule("MasaTokens", (m) => ({
    masa:
      masa === null
        ? m.contract("MasaToken", [genesisSupply, genesisHolder ?? m.getAccount(0)])
        : m.contractAt("MasaToken", masa),
  }));
}

export type MasaTokenModule = ReturnType<typeof masaTokenModule>;

/** Absent on a public network whose parameters name no TAO. For one that exists, the ABI of any ERC-20 does. */
export function wrappedTaoModule(parameters: DeployParameters, chainId: number) {
  const { tao } = parameters.tokens;
  if (tao === null && chainId !== LOCAL_CHAIN_ID) return undefined;
  return buildModule("WrappedTao", (m) => ({
    tao: tao === null ? m.contract("WrappedTaoMock") : m.contractAt("MasaToken", tao),
  }));
}

export type WrappedTaoModule = NonNullable<ReturnType<typeof wrappedTaoModule>>;
