/** Deploys the protocol through Ignition: once, whatever was done before, and up to the manifest. */
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { HardhatArtifactResolver } from "@nomicfoundation/hardhat-ignition/helpers";
import { deploy, DeploymentResultType, listTransactions, status } from "@nomicfoundation/ignition-core";
import type { DeploymentResult, EIP1193Provider } from "@nomicfoundation/ignition-core";
import { BrowserProvider, getAddress } from "ethers";
import type { ArtifactManager } from "hardhat/types/artifacts";

import { MasaError } from "../sdk/src/errors.ts";
import { formatManifest, loadManifest, manifestSchema, writeManifest } from "../sdk/src/manifest.ts";
import type { Manifest } from "../sdk/src/manifest.ts";
import { checkJournal, checkTokens, findDifferences } from "./checks.ts";
import { masaModule } from "./modules/handover.ts";
import { LOCAL_CHAIN_ID } from "./modules/tokens.ts";
import { askNode } from "./node.ts";
import { hashParameters } from "./params.ts";
import type { DeployParameters } from "./params.ts";
import { progressListener } from "./progress.ts";
import { hasJournal, mendJournal, repairJournal } from "./resume.ts";

export interface DeployOptions {
  /** A connection of Hardhat, or anything with an EIP-1193 provider whose first account signs. */
  readonly connection: { readonly provider: EIP1193Provider };
  /** `hre.artifacts`; the contracts must be compiled. */
  readonly artifacts: ArtifactManager;
  readonly params: DeployParameters;
  /** Where to write the manifest; it is returned in any case. */
  readonly manifestPath?: string;
  /** Folder of Ignition's journal, without which nothing can be resumed; a temporary one if absent. */
  readonly deploymentDir?: string;
  /** Forget an earlier deployment first; only on a local chain. */
  readonly reset?: boolean;
  /** Receives a line for each step. */
  readonly log?: (line: string) => void;
}

export interface DeployOutcome {
  readonly manifest: Manifest;
  /** Transactions sent by this run; 0 if everything was there already. */
  readonly transactions: number;
}

/** Deploys, resumes or finds the protocol, checks it on chain, and writes its manifest. Throws MASA-2xx, 301 or 303. */
export async function deployProtocol(options: DeployOptions): Promise<Manifest> {
  return (await runDeployment(options)).manifest;
}

/** {@link deployProtocol}, telling how much it had to do. */
export async function runDeployment(options: DeployOptions): Promise<DeployOutcome> {
  if (options.deploymentDir !== undefined) return await runIn(options.deploymentDir, options);
  const temporary = mkdtempSync(join(tmpdir(), "masa-deployment-"));
  try {
    return await runIn(temporary, options);
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

async function runIn(deploymentDir: string, options: DeployOptions): Promise<DeployOutcome> {
  const { params } = options;
  const { chainId, deployer } = await identify(options.connection.provider, params);
  // With its network given, the provider does not look for one by itself, again and again, when the node goes away.
  const provider = new BrowserProvider(options.connection.provider, chainId, {
    staticNetwork: true,
    cacheTimeout: -1,
  });
  if (options.reset === true) reset(deploymentDir, chainId);
  mendJournal(deploymentDir);
  const known = await sentTransactions(deploymentDir);
  await checkJournal(provider, deploymentDir, chainId, known);
  await checkTokens(provider, params);

  await execute(provider, deploymentDir, chainId, deployer, options);

  const sent = await sentTransactions(deploymentDir);
  const { contracts } = await status(deploymentDir);
  const module = masaModule(params, chainId);
  const addresses = Object.entries(module.results).map(([key, future]) => [
    key,
    contracts[future.id]?.address,
  ]);
  const manifest = manifestSchema.parse({
    name: params.name,
    chainId,
    deployedAtBlock: await firstBlock(provider, sent),
    deployer,
    contracts: Object.fromEntries(addresses) as Record<string, unknown>,
    parametersHash: hashParameters(params),
  });
  const differences = await findDifferences(provider, manifest, params);
  if (differences.length > 0 && !wasGood(options.manifestPath, manifest)) {
    throw new MasaError("MASA-207", differences.map((line) => `\n  ${line}`).join(""));
  }
  for (const line of differences) options.log?.(`changed since the deployment: ${line}`);
  if (options.manifestPath !== undefined) writeManifest(options.manifestPath, manifest);
  return { manifest, transactions: sent.length - known.length };
}

/** A manifest is written when everything was right: what differs from then on, governance changed. */
function wasGood(manifestPath: string | undefined, manifest: Manifest): boolean {
  if (manifestPath === undefined || !existsSync(manifestPath)) return false;
  try {
    return formatManifest(loadManifest(manifestPath)) === formatManifest(manifest);
  } catch {
    return false;
  }
}

/** Asks the node who it is and who signs, and holds the answer against the parameters. */
async function identify(node: EIP1193Provider, params: DeployParameters) {
  const chainId = Number(await askNode(node, "eth_chainId"));
  const accounts = (await askNode(node, "eth_accounts")) as string[];
  if (params.chainId !== null && params.chainId !== chainId) {
    throw new MasaError(
      "MASA-202",
      `"${params.name}" is for chain ${params.chainId}; this is chain ${chainId}`,
    );
  }
  const first = accounts[0];
  if (first === undefined) throw new MasaError("MASA-208", `the network has no account to sign with`);
  const deployer = getAddress(first);
  return { chainId, deployer };
}

function reset(deploymentDir: string, chainId: number): void {
  if (chainId !== LOCAL_CHAIN_ID) {
    throw new MasaError(
      "MASA-209",
      `chain ${chainId} is not a local chain; its journal is the only record of it`,
    );
  }
  rmSync(deploymentDir, { recursive: true, force: true });
}

async function sentTransactions(deploymentDir: string) {
  if (!hasJournal(deploymentDir)) return [];
  // The resolver is deprecated in Ignition and not used.
  return await listTransactions(deploymentDir, undefined as never);
}

async function firstBlock(provider: BrowserProvider, sent: readonly { txHash: string }[]): Promise<number> {
  const receipts = await Promise.all(sent.map(({ txHash }) => provider.getTransactionReceipt(txHash)));
  const blocks = receipts.flatMap((receipt) => (receipt === null ? [] : [receipt.blockNumber]));
  return Math.min(...blocks);
}

/** Runs Ignition from where an earlier run ended. */
async function execute(
  provider: BrowserProvider,
  deploymentDir: string,
  chainId: number,
  deployer: string,
  options: DeployOptions,
): Promise<void> {
  const { log } = options;
  const node = options.connection.provider;
  const artifactResolver = new HardhatArtifactResolver(options.artifacts);
  let result: DeploymentResult;
  try {
    await repairJournal(provider, node, deploymentDir, artifactResolver, log ?? (() => undefined));
    result = await deploy({
      artifactResolver,
      provider: node,
      deploymentDir,
      ignitionModule: masaModule(options.params, chainId),
      deploymentParameters: {},
      accounts: [deployer],
      // A local chain mines at once: asking it every second would be most of the time that a deployment takes.
      config: chainId === LOCAL_CHAIN_ID ? { blockPollingInterval: 50, retryInterval: 100 } : {},
      ...(log === undefined ? {} : { executionEventListener: progressListener(log) }),
    });
  } catch (cause) {
    if (cause instanceof MasaError) throw cause;
    const code = /insufficient funds|doesn't have enough funds|insufficient balance/i.test(messageOf(cause))
      ? "MASA-303"
      : "MASA-205";
    throw new MasaError(code, messageOf(cause), { cause });
  }
  refuseUnlessSuccessful(result);
}

function refuseUnlessSuccessful(result: DeploymentResult): void {
  switch (result.type) {
    case DeploymentResultType.SUCCESSFUL_DEPLOYMENT:
      return;
    case DeploymentResultType.RECONCILIATION_ERROR:
      throw new MasaError("MASA-206", listErrors(result.errors));
    case DeploymentResultType.EXECUTION_ERROR: {
      const failed = result.failed.map(({ futureId, error }) => `\n  ${futureId}: ${error}`);
      const waiting = result.timedOut.map(({ futureId }) => `\n  ${futureId}: not mined in time`);
      throw new MasaError("MASA-205", `some steps did not succeed:${[...failed, ...waiting].join("")}`);
    }
    case DeploymentResultType.VALIDATION_ERROR:
    case DeploymentResultType.PREVIOUS_RUN_ERROR:
      throw new MasaError("MASA-205", listErrors(result.errors));
  }
}

function listErrors(errors: Readonly<Record<string, readonly string[]>>): string {
  return Object.entries(errors)
    .map(([futureId, reasons]) => `\n  ${futureId}: ${reasons.join("; ")}`)
    .join("");
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
