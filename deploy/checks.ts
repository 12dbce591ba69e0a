/** What is checked on chain: the journal and given tokens before a deployment, owners, roles and wiring after it. */
import { status } from "@nomicfoundation/ignition-core";
import { Contract, ZeroAddress } from "ethers";
import type { Provider } from "ethers";

import { connectContracts } from "../sdk/src/contracts.ts";
import type { MasaContracts } from "../sdk/src/contracts.ts";
import { MasaError } from "../sdk/src/errors.ts";
import type { Manifest } from "../sdk/src/manifest.ts";
import { supplyInfeasibilities, UINT104 } from "./feasibility.ts";
import { LOCAL_CHAIN_ID } from "./modules/tokens.ts";
import type { DeployParameters } from "./params.ts";
import { hasJournal } from "./resume.ts";

/** Refuses a journal that tells of another chain than the one that answers: a local chain that was restarted. */
export async function checkJournal(
  provider: Provider,
  deploymentDir: string,
  chainId: number,
  sent: readonly { txHash: string; status: string }[],
): Promise<void> {
  if (!hasJournal(deploymentDir)) return;
  const journal = await status(deploymentDir);
  if (journal.chainId !== chainId) {
    throw new MasaError(
      "MASA-204",
      `${deploymentDir} tells of chain ${journal.chainId}; this is chain ${chainId}`,
    );
  }
  for (const { id, address } of Object.values(journal.contracts)) {
    if ((await provider.getCode(address)) === "0x") {
      throw new MasaError(
        "MASA-204",
        `${deploymentDir} says that ${id} is at ${address}, where there is no code`,
      );
    }
  }
  if (chainId !== LOCAL_CHAIN_ID) return;
  // A new local chain gives the same addresses again, so that code alone does not tell two of them apart.
  for (const { txHash } of sent.filter((transaction) => transaction.status === "SUCCESS")) {
    if ((await provider.getTransaction(txHash)) === null) {
      throw new MasaError(
        "MASA-204",
        `${deploymentDir} tells of transaction ${txHash}, which this chain never saw`,
      );
    }
  }
}

/** Token addresses given in the parameters must be tokens the ledgers can hold. */
export async function checkTokens(provider: Provider, params: DeployParameters): Promise<void> {
  const { masa, tao } = params.tokens;
  if (masa !== null) {
    const token = await readToken(provider, "masa", masa);
    if (token.decimals !== 18n) {
      throw new MasaError("MASA-203", `tokens.masa ${masa} has ${token.decimals} decimals; MASA has 18`);
    }
    if (token.supply === 0n || token.supply > UINT104) {
      throw new MasaError(
        "MASA-203",
        `tokens.masa ${masa} has a supply of ${token.supply} wei; it must be above 0 and at most ${UINT104}`,
      );
    }
    const reasons = supplyInfeasibilities(params, token.supply);
    if (reasons.length > 0)
      throw new MasaError("MASA-201", `with the supply of ${masa}: ${reasons.join(" ")}`);
  }
  if (tao !== null) {
    const token = await readToken(provider, "tao", tao);
    if (token.decimals > 18n) {
      throw new MasaError(
        "MASA-203",
        `tokens.tao ${tao} has ${token.decimals} decimals; at most 18 are supported`,
      );
    }
  }
}

async function readToken(provider: Provider, name: string, address: string) {
  if ((await provider.getCode(address)) === "0x") {
    throw new MasaError("MASA-203", `tokens.${name} ${address} has no code on this chain`);
  }
  const token = new Contract(
    address,
    ["function decimals() view returns (uint8)", "function totalSupply() view returns (uint256)"],
    provider,
  );
  try {
    return {
      decimals: (await token.getFunction("decimals")()) as bigint,
      supply: (await token.getFunction("totalSupply")()) as bigint,
    };
  } catch (cause) {
    throw new MasaError("MASA-203", `tokens.${name} ${address} does not answer as an ERC-20`, { cause });
  }
}

/** Owners, roles and wiring that are not what this repository promises (ADR 0002); empty if all is right. */
export async function findDifferences(
  provider: Provider,
  manifest: Manifest,
  params: DeployParameters,
): Promise<string[]> {
  const contracts = connectContracts(manifest, provider);
  return [
    ...(await wrongOwners(contracts, manifest)),
    ...(await wrongRoles(contracts, manifest, params)),
    ...(await wrongWiring(contracts, manifest)),
  ];
}

async function wrongOwners(c: MasaContracts, manifest: Manifest): Promise<string[]> {
  const owners = {
    "vault.owner": await c.vault.owner(),
    "registry.owner": await c.registry.owner(),
    "validatorSet.owner": await c.validatorSet.owner(),
    "escrow.owner": await c.escrow.owner(),
    "vault.treasury": await c.vault.treasury(),
  };
  const { timelock } = manifest.contracts;
  return Object.entries(owners)
    .filter(([, address]) => address !== timelock)
    .map(([name, address]) => `${name} is ${address}, not the timelock ${timelock}`);
}

async function wrongRoles(c: MasaContracts, manifest: Manifest, params: DeployParameters): Promise<string[]> {
  const { timelock } = c;
  const council = params.timelock.council ?? [manifest.deployer];
  const admin = await timelock.DEFAULT_ADMIN_ROLE();
  const proposer = await timelock.PROPOSER_ROLE();
  const executor = await timelock.EXECUTOR_ROLE();
  const wrong: string[] = [];
  for (const account of new Set([manifest.deployer, ...council])) {
    if (await timelock.hasRole(admin, account)) wrong.push(`${account} is admin of the timelock`);
    const proposes = await timelock.hasRole(proposer, account);
    if (proposes !== council.includes(account)) {
      wrong.push(
        `${account} is ${proposes ? "a" : "no"} proposer, against timelock.council of the parameters`,
      );
    }
  }
  if (!(await timelock.hasRole(executor, ZeroAddress)))
    wrong.push("not everyone may execute what has waited");
  return wrong;
}

async function wrongWiring(c: MasaContracts, manifest: Manifest): Promise<string[]> {
  const at = manifest.contracts;
  const wires: [string, string, string][] = [
    ["vault.market", await c.vault.market(), at.escrow],
    ["vault.masa", await c.vault.masa(), at.masa],
    ["registry.market", await c.registry.market(), at.escrow],
    ["registry.validatorSet", await c.registry.validatorSet(), at.validatorSet],
    ["registry.epochManager", await c.registry.epochManager(), at.epochManager],
    ["registry.curve", await c.registry.curve(), at.curve],
    ["registry.vault", await c.registry.vault(), at.vault],
    ["validatorSet.consensus", await c.validatorSet.consensus(), at.consensus],
    ["validatorSet.epochManager", await c.validatorSet.epochManager(), at.epochManager],
    ["validatorSet.registry", await c.validatorSet.registry(), at.registry],
    ["escrow.consensus", await c.escrow.consensus(), at.consensus],
    ["escrow.registry", await c.escrow.registry(), at.registry],
    ["consensus.escrow", await c.consensus.escrow(), at.escrow],
    ["consensus.validatorSet", await c.consensus.validatorSet(), at.validatorSet],
    ["epochManager.registry", await c.epochManager.registry(), at.registry],
  ];
  return wires
    .filter(([, found, expected]) => found !== expected)
    .map(([name, found, expected]) => `${name} is ${found}, not ${expected}`);
}
