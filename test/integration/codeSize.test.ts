/** DEP-06: every contract of ours fits the limit of EIP-170, as compiled for deployment. */
import { assert } from "chai";
import hre from "hardhat";

const LIMIT_BYTES = 24_576;

describe("code size", () => {
  it("DEP-06: every contract is below 24,576 bytes", async function () {
    // Coverage instruments the code; sizes mean nothing then.
    if (hre.globalOptions.coverage) return this.skip();
    const names = [...(await hre.artifacts.getAllFullyQualifiedNames())].filter(
      (name) => name.startsWith("contracts/") && !name.startsWith("contracts/mocks/"),
    );
    const sizes = await Promise.all(
      names.map(async (name) => {
        const { deployedBytecode } = await hre.artifacts.readArtifact(name);
        return { name, bytes: (deployedBytecode.length - 2) / 2 };
      }),
    );
    const contracts = sizes.filter(({ bytes }) => bytes > 100).sort((a, b) => b.bytes - a.bytes);
    assert.isAtLeast(contracts.length, 10, "the contracts are compiled");
    for (const { name, bytes } of contracts) {
      console.log(`      ${bytes.toLocaleString("en").padStart(6)}  ${name.split(":")[1] ?? name}`);
    }
    assert.deepEqual(
      contracts.filter(({ bytes }) => bytes >= LIMIT_BYTES),
      [],
    );
  });
});
