/** What the tests of the deployment share: parameters to change, a chain of one's own, a node that fails on purpose. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { EIP1193Provider, RequestArguments } from "@nomicfoundation/ignition-core";
import hre from "hardhat";

import { runDeployment } from "../../deploy/deploy.ts";
import type { DeployOptions } from "../../deploy/deploy.ts";
import { parseParameters, readRawParameters } from "../../deploy/params.ts";
import type { DeployParameters, RawParameters } from "../../deploy/params.ts";
import { MasaError } from "../../sdk/src/errors.ts";

/**
 * Of a deployment that deploys both tokens: 24 contracts, 17 wirings, the first bounties, the pool of emissions (an
 * allowance and its use), calls of 28 contracts and classes assigned, 10 transfers of ownership, 4 roles of the timelock.
 */
export const TRANSACTIONS = 86;

/** local.json5 after `change`. */
export function localParameters(change: (raw: RawParameters) => void = () => undefined): DeployParameters {
  const raw = readRawParameters(
    join(hre.config.paths.root, "deploy", "params", "local.json5"),
  ) as RawParameters;
  change(raw);
  return parseParameters(raw, "changed local.json5");
}

/** The numbered error that something must end with. */
export async function refusal(promise: Promise<unknown> | (() => unknown)): Promise<MasaError> {
  try {
    await (typeof promise === "function" ? promise() : promise);
  } catch (error) {
    if (error instanceof MasaError) return error;
    throw error;
  }
  throw new Error("nothing was refused");
}

const folders: string[] = [];

export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "masa-deploy-test-"));
  folders.push(folder);
  return folder;
}

export function removeTemporaryFolders(): void {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
}

/** An in-memory chain with a folder for a journal and a manifest. */
export async function freshChain() {
  const { ethers, provider } = await hre.network.create();
  const folder = temporaryFolder();
  const [deployer, stranger] = await ethers.getSigners();
  if (deployer === undefined || stranger === undefined) throw new Error("the chain has no accounts");
  const manifestPath = join(folder, "manifest.json");
  const run = async (params: DeployParameters, options: Partial<DeployOptions> = {}) =>
    await runDeployment({
      connection: { provider },
      artifacts: hre.artifacts,
      params,
      manifestPath,
      deploymentDir: join(folder, "journal"),
      ...options,
    });
  const nonce = async () => await ethers.provider.getTransactionCount(deployer.address);
  return { ethers, provider, folder, manifestPath, deployer, stranger, run, nonce };
}

/**
 * A node that fails from transaction `failAt` on. "lost" takes that one and loses the answer, "refused" takes nothing.
 */
export function failingNode(
  provider: EIP1193Provider,
  failAt: number,
  mode: "lost" | "refused",
): EIP1193Provider {
  let sends = 0;
  return {
    request: async (args: RequestArguments): Promise<unknown> => {
      if (args.method === "eth_sendTransaction" && ++sends >= failAt) {
        if (mode === "lost" && sends === failAt) await provider.request(args);
        throw new Error("socket hang up");
      }
      return await provider.request(args);
    },
  };
}
