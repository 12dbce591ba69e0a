/** `hardhat deploy`: finds parameters, journal and manifest of the network, deploys, and prints what is where. */
import { existsSync } from "node:fs";
import { join, relative } from "node:path";

import Table from "cli-table3";
import type { NewTaskActionFunction } from "hardhat/types/tasks";

import { MasaError } from "../sdk/src/errors.ts";
import type { Manifest } from "../sdk/src/manifest.ts";
import { runDeployment } from "./deploy.ts";
import { LOCAL_CHAIN_ID } from "./modules/tokens.ts";
import { askNode } from "./node.ts";
import { loadParameters } from "./params.ts";

interface DeployArguments {
  params: string | undefined;
  manifest: string | undefined;
  deploymentId: string | undefined;
  reset: boolean;
  noCompile: boolean;
}

/** The parameter file of a network: params/<network>.json5, and local.json5 for every local chain. */
function parameterFile(root: string, networkName: string, chainId: number): string {
  const folder = join(root, "deploy", "params");
  const own = join(folder, `${networkName}.json5`);
  if (existsSync(own)) return own;
  if (chainId === LOCAL_CHAIN_ID) return join(folder, "local.json5");
  throw new MasaError(
    "MASA-202",
    `there is no ${relative(root, own)}, and chain ${chainId} is not a local one`,
  );
}

function printTable(manifest: Manifest, print: (line: string) => void): void {
  const table = new Table({ head: ["contract", "address"], style: { head: [], border: [] } });
  for (const [name, address] of Object.entries(manifest.contracts)) table.push([name, address]);
  print(table.toString());
}

const run: NewTaskActionFunction<DeployArguments> = async (given, hre) => {
  const print = (line: string): void => console.log(line);
  const { root } = hre.config.paths;
  // Until all is done: a process that runs out of work because an answer never comes has not succeeded.
  process.exitCode = 1;
  try {
    if (given.deploymentId !== undefined && !/^[a-zA-Z][\w-]*$/.test(given.deploymentId)) {
      throw new MasaError(
        "MASA-103",
        `--deployment-id "${given.deploymentId}": a letter, then letters, digits, - and _`,
      );
    }
    const connection = await hre.network.create();
    const chainId = Number(await askNode(connection.provider, "eth_chainId"));
    const params = loadParameters(given.params ?? parameterFile(root, connection.networkName, chainId));
    // An in-memory chain ends with this process, and so does what a journal or a manifest could tell of it.
    const inMemory = connection.networkConfig.type === "edr-simulated";
    const manifestPath =
      given.manifest ?? (inMemory ? undefined : join(root, "manifests", `${params.name}.json`));
    const deploymentDir = join(
      hre.config.paths.ignition,
      "deployments",
      given.deploymentId ?? `chain-${chainId}`,
    );
    if (!given.noCompile) await hre.tasks.getTask("build").run({ quiet: true, noTests: true });

    print(`Deploying "${params.name}" to ${connection.networkName} (chain ${chainId})`);
    const { manifest, transactions } = await runDeployment({
      connection,
      artifacts: hre.artifacts,
      params,
      ...(manifestPath === undefined ? {} : { manifestPath }),
      ...(inMemory ? {} : { deploymentDir }),
      reset: given.reset,
      log: print,
    });
    printTable(manifest, print);
    print(
      transactions === 0
        ? "Nothing to do: all of it was deployed before."
        : `Sent ${transactions} transactions.`,
    );
    print(`Every parameter belongs to the timelock ${manifest.contracts.timelock}.`);
    if (manifestPath !== undefined) print(`Manifest: ${relative(process.cwd(), manifestPath)}`);
    await connection.close();
    process.exitCode = 0;
  } catch (error) {
    if (!(error instanceof MasaError)) throw error;
    console.error(error.toString());
  }
};

export default run;
