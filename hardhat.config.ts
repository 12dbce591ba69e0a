import { createRequire } from "node:module";

import hardhatToolbox from "@nomicfoundation/hardhat-toolbox";
import { configVariable, defineConfig, task } from "hardhat/config";
import { ArgumentType } from "hardhat/types/arguments";
import type { HardhatPlugin } from "hardhat/types/plugins";

const require = createRequire(import.meta.url);

/** Compiler of every contract: npm's solc, nothing is downloaded (ADR 0001). */
const compiler = {
  version: "0.8.37",
  path: require.resolve("solc/soljson.js"),
  settings: {
    optimizer: { enabled: true, runs: 10_000 },
    evmVersion: "cancun",
  },
};

/** Drops compiler warnings about files of dependencies, which nobody can act on here; ours and all errors stay. */
const quietDependencies: HardhatPlugin = {
  id: "masa-quiet-dependencies",
  hookHandlers: {
    solidity: () =>
      Promise.resolve({
        default: () =>
          Promise.resolve({
            getCompilationJobErrors: async (context, job, output, next) => {
              const errors = await next(context, job, output);
              return errors.filter(
                ({ severity, formattedMessage }) =>
                  severity === "error" || !/^ *--> (\.\/)?node_modules\//m.test(formattedMessage ?? ""),
              );
            },
          }),
      }),
  },
};

const deploy = task(
  "deploy",
  "Deploys the protocol, or resumes or finds what was deployed, and writes its manifest",
)
  .addOption({
    name: "params",
    type: ArgumentType.FILE_WITHOUT_DEFAULT,
    description: "Parameter file (default: deploy/params/<network>.json5, local.json5 on a local chain)",
    defaultValue: undefined,
  })
  .addOption({
    name: "manifest",
    type: ArgumentType.STRING_WITHOUT_DEFAULT,
    description: "Where to write the manifest (default: manifests/<name in the parameters>.json)",
    defaultValue: undefined,
  })
  .addOption({
    name: "deploymentId",
    type: ArgumentType.STRING_WITHOUT_DEFAULT,
    description: "Journal folder under deploy/deployments (default: chain-<chain id>)",
    defaultValue: undefined,
  })
  .addFlag({ name: "reset", description: "Forget an earlier deployment first; only on a local chain" })
  .addFlag({ name: "noCompile", description: "Deploy the contracts as they were compiled last" })
  .setAction(() => import("./deploy/task.ts"))
  .build();

export default defineConfig({
  plugins: [hardhatToolbox, quietDependencies],
  tasks: [deploy],
  solidity: { profiles: { default: compiler, production: compiler } },
  paths: {
    tests: { mocha: "test", solidity: "test" },
    ignition: "deploy",
  },
  networks: {
    // The chain of `npm start`: a block for every transaction, and one a second, so that its clock moves on its own and
    // with the clock on the wall.
    localnet: {
      type: "edr-simulated",
      chainType: "l1",
      chainId: 31337,
      mining: { auto: true, interval: 1_000 },
      allowBlocksWithSameTimestamp: true,
    },
    localhost: {
      type: "http",
      chainType: "l1",
      url: configVariable("MASA_LOCAL_RPC_URL", { default: "http://127.0.0.1:8545" }),
    },
    // Base Sepolia (84532). Address and key: `npx hardhat keystore set NAME`, see docs/operations/deploy.md.
    testnet: {
      type: "http",
      chainType: "op",
      url: configVariable("MASA_RPC_URL"),
      accounts: [configVariable("MASA_DEPLOYER_KEY")],
    },
    // Any other chain: the same two variables, and --params FILE.
    custom: {
      type: "http",
      url: configVariable("MASA_RPC_URL"),
      accounts: [configVariable("MASA_DEPLOYER_KEY")],
    },
  },
  verify: { etherscan: { apiKey: configVariable("MASA_ETHERSCAN_KEY") } },
  test: {
    mocha: { timeout: 120_000 },
    solidity: {
      fsPermissions: { readDirectory: ["test/reference"] },
      fuzz: { runs: 256 },
      invariant: { runs: 32, depth: 64, failOnRevert: true },
    },
  },
  // Generated code declares namespaces of types, which our rule of erasable syntax forbids: unchecked, but typed.
  typechain: { outDir: "types/contracts", tsNocheck: true },
});
