import { createRequire } from "node:module";

import hardhatToolbox from "@nomicfoundation/hardhat-toolbox";
import { configVariable, defineConfig } from "hardhat/config";

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

export default defineConfig({
  plugins: [hardhatToolbox],
  solidity: { profiles: { default: compiler, production: compiler } },
  paths: {
    tests: { mocha: "test", solidity: "test" },
    ignition: "deploy",
  },
  typechain: { outDir: "types/contracts" },
});
