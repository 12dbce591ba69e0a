import { createRequire } from "node:module";

import hardhatToolbox from "@nomicfoundation/hardhat-toolbox";
import { configVariable, defineConfig, overrideTask, task } from "hardhat/config";
import { ArgumentType } from "hardhat/types/arguments";
import type { HardhatPlugin } from "hardhat/types/plugins";

import { solidityTestConfig } from "./scripts/invariant-campaigns.ts";

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

/** As {@link compiler}, through the IR: the contracts that would not fit 24,576 bytes otherwise (docs/adr/0004). */
const compact = {
  ...compiler,
  settings: { ...compiler.settings, optimizer: { enabled: true, runs: 800 }, viaIR: true },
};
/** As {@link compact}, smaller still: OpenZeppelin's Governor and what is added to it. */
const smallest = {
  ...compact,
  settings: { ...compact.settings, optimizer: { enabled: true, runs: 400 } },
};
/** As {@link compiler}, through the IR for its cheaper code: what every request or report calls, and small. */
const inlined = { ...compiler, settings: { ...compiler.settings, viaIR: true } };
const profile = {
  compilers: [compiler],
  overrides: {
    "contracts/staking/StakeVault.sol": compact,
    "contracts/registry/NodeStanding.sol": compact,
    "contracts/registry/ValidatorSet.sol": compact,
    "contracts/consensus/ScoreConsensus.sol": inlined,
    "contracts/market/FeeCurve.sol": inlined,
    "contracts/market/RequestEscrow.sol": compact,
    "contracts/governance/MasaGovernor.sol": smallest,
  },
};

/**
 * Drops compiler warnings that nobody can act on here: about files of dependencies, and about the size of contracts as
 * tests compile them, without the overrides above. Ours and all errors stay; test/integration/codeSize.test.ts is the
 * gate for sizes.
 */
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
                  severity === "error" ||
                  !/^ *--> (\.\/)?node_modules\/|^Warning: Contract code size is/m.test(
                    formattedMessage ?? "",
                  ),
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

/** Makes the histories of test/model before Solidity tests, prints what the invariant campaigns did after them. */
const testSolidity = overrideTask(["test", "solidity"])
  .setAction(() => import("./scripts/solidity-tests.ts"))
  .build();

export default defineConfig({
  plugins: [hardhatToolbox, quietDependencies],
  tasks: [deploy, testSolidity],
  // Tests apart from contracts: scripts/solidity-tests.ts compiles them in parts.
  solidity: { profiles: { default: profile, production: profile }, splitTestsCompilation: true },
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
    solidity: solidityTestConfig(process.env),
  },
  // Generated code declares namespaces of types, which our rule of erasable syntax forbids: unchecked, but typed.
  typechain: { outDir: "types/contracts", tsNocheck: true },
});
