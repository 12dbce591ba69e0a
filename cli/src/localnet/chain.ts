/** A local chain inside this process, reachable over HTTP, with the protocol deployed on it. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";

import hre from "hardhat";

import { MasaError } from "#sdk";
import type { Manifest } from "#sdk";

import { deployProtocol } from "../../../deploy/deploy.ts";
import { loadParameters } from "../../../deploy/params.ts";

export interface LocalChain {
  readonly url: string;
  readonly manifest: Manifest;
  readonly manifestPath: string;
  close(): Promise<void>;
}

/** Starts the chain of network `localnet` (hardhat.config.ts) and deploys params/local.json5. Throws MASA-601. */
export async function startLocalChain(folder: string, port: number): Promise<LocalChain> {
  mkdirSync(folder, { recursive: true });
  const server = await hre.network.createServer("localnet", "127.0.0.1", port);
  try {
    const listening = await server.listen();
    const url = `http://127.0.0.1:${listening.port}`;
    const connection = await hre.network.create({ network: "localhost", override: { url } });
    const manifestPath = join(folder, "manifest.json");
    const manifest = await deployProtocol({
      connection,
      artifacts: hre.artifacts,
      params: loadParameters("deploy/params/local.json5"),
      manifestPath,
      deploymentDir: join(folder, "deployment"),
    });
    await connection.close();
    return { url, manifest, manifestPath, close: () => server.close() };
  } catch (cause) {
    await server.close();
    if (cause instanceof MasaError) throw cause;
    throw new MasaError("MASA-601", (cause as Error).message, { cause });
  }
}
