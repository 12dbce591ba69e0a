/** What a proposal calls may be looked at before the vote: whether it is still that when the proposal is executed. */
import { expect } from "chai";
import { getCreate2Address, keccak256, ZeroHash } from "ethers";
import hre from "hardhat";

/** CALLER SELFDESTRUCT: any call would end it. */
const RUNTIME = "0x33ff";
/** PUSH2 33ff, PUSH1 0, MSTORE, PUSH1 2, PUSH1 30, RETURN: returns {@link RUNTIME}. */
const INIT = "0x6133ff6000526002601ef3";

describe("targets of proposals (TLK-05)", () => {
  async function setUp() {
    const { ethers } = await hre.network.create();
    const factory = await (await ethers.getContractFactory("FickleFactory")).deploy();
    const target = getCreate2Address(await factory.getAddress(), ZeroHash, keccak256(INIT));
    const [signer] = await ethers.getSigners();
    if (signer === undefined) throw new Error("the chain has no accounts");
    return { ethers, factory, target, signer };
  }

  it("TLK-05: a contract that outlived its creation keeps its code", async () => {
    const { ethers, factory, target, signer } = await setUp();
    await (await factory.create(INIT, ZeroHash)).wait();
    expect(await ethers.provider.getCode(target)).to.equal(RUNTIME);
    await (await signer.sendTransaction({ to: target })).wait();
    expect(await ethers.provider.getCode(target), "after its selfdestruct").to.equal(RUNTIME);
    await expect(factory.create(INIT, ZeroHash)).to.be.revertedWithCustomError(factory, "FailedDeployment");
  });

  it("TLK-05: an address whose contract died in its own transaction has none when voters look", async () => {
    const { ethers, factory, target } = await setUp();
    await (await factory.createAndCall(INIT, ZeroHash)).wait();
    expect(await ethers.provider.getCode(target), "nothing to vote for").to.equal("0x");
    // Code can come later: a call to an address without code is a blank cheque.
    await (await factory.create(INIT, ZeroHash)).wait();
    expect(await ethers.provider.getCode(target)).to.equal(RUNTIME);
  });
});
