/** The right to slash is captured: what it can take, and whether everybody is out before a second module gets it (D15, D19). */
import { expect } from "chai";
import { formatUnits, MaxUint256, parseEther } from "ethers";
import hre from "hardhat";

import { BenchChain } from "../../bench/chain.ts";
import { BenchNetwork } from "../../bench/network.ts";
import { printTable } from "./table.ts";

const HOLDERS = 20;
const STAKE_WEI = parseEther("100000");
const CAP = "0.02";
const WAD = 10n ** 18n;

const masa = (wei: bigint): string => Number(formatUnits(wei, 18)).toFixed(2);

async function bookDeferred(network: BenchNetwork, account: string): Promise<void> {
  const { vault } = network.contracts;
  try {
    await network.chain.send(network.manifest.deployer, vault.bookDeferred.populateTransaction(account));
  } catch (error) {
    expect(String(error)).to.match(/StakeVault_(NothingDeferred|CapReached)/);
  }
}

(hre.globalOptions.coverage ? describe.skip : describe)("scenario: a captured slasher", function () {
  this.timeout(300_000);

  it("is held by its cap each epoch, and everybody leaves before a second module may slash", async () => {
    const chain = await BenchChain.open();
    try {
      const network = await BenchNetwork.deploy(chain, (raw) => {
        raw.vault.slashCap = CAP;
      });
      const { vault, masa: token } = network.contracts;
      const { escrow, timelock, masa: masaAddress } = network.manifest.contracts;
      const holders = Array.from({ length: HOLDERS }, (_, index) => network.account("holder", index));
      const victim = network.account("victim", 0);
      for (const holder of [...holders, victim]) await network.stake(holder, STAKE_WEI);

      // The captured market slashes the victim and everybody else it can, as fast as it can, from now on.
      const second = network.account("second module", 0);
      await chain.send(timelock, vault.scheduleSlasher.populateTransaction(second, WAD / 50n));
      const { activeFrom } = await vault.slasherOf(second);
      for (const holder of holders) {
        await chain.send(holder, vault.startUnbonding.populateTransaction(masaAddress, MaxUint256));
      }

      const rows: (string | number)[][] = [];
      const epochLength = Number(network.parameters.clock.epochLength);
      let epoch = 1;
      let totalTaken = 0n;
      for (; (await chain.now()) + epochLength < Number(activeFrom); epoch++) {
        await network.enterEpoch(epoch);
        const [stakedBefore] = await vault.totalsOf(masaAddress);
        const cap = (stakedBefore * WAD) / 50n / WAD;
        let booked = 0n;
        for (const target of [victim, ...holders]) {
          const before = (await vault.exposureOf(target)).pendingCut;
          await chain.send(escrow, vault.slash.populateTransaction(target, 0n, STAKE_WEI));
          // What was frozen in the epoch before comes on top, out of the same cap.
          await bookDeferred(network, target);
          booked += (await vault.exposureOf(target)).pendingCut - before;
        }
        expect(booked, `epoch ${epoch}`).to.be.at.most(cap);
        totalTaken += booked;
        if (epoch <= 3 || epoch % 10 === 0) {
          rows.push([epoch, masa(stakedBefore), masa(cap), masa(booked), masa(totalTaken)]);
        }
        for (const target of [victim, ...holders]) {
          await chain.send(network.manifest.deployer, vault.applySlash.populateTransaction(target));
        }
        // Governance takes the right away once it has seen what happens: deferred slashes are void then.
        if (epoch === 8) {
          await chain.send(timelock, vault.revokeSlasher.populateTransaction(escrow));
          break;
        }
      }
      printTable(
        "a captured slasher at full speed, revoked after 8 epochs",
        ["epoch", "MASA staked", "cap", "booked", "taken in all"],
        rows,
      );

      await chain.travelTo((await chain.now()) + Number(network.parameters.vault.unbondingDelay));
      let paid = 0n;
      for (const holder of holders) {
        const before = await token.balanceOf(holder);
        await chain.send(holder, vault.withdraw.populateTransaction(masaAddress, 0, MaxUint256, holder));
        paid += (await token.balanceOf(holder)) - before;
        expect((await vault.positionOf(holder, masaAddress)).queued, "nothing stays behind").to.equal(0n);
      }
      const left = (await vault.positionOf(victim, masaAddress)).staked;
      expect(paid + left + totalTaken, "every wei is somewhere").to.equal(BigInt(HOLDERS + 1) * STAKE_WEI);
      expect(await chain.now(), "and all that before the second module may slash").to.be.lessThan(
        Number(activeFrom),
      );
      const early = vault.activateSlasher.populateTransaction(second);
      const refused = await chain.send(second, early).then(
        () => "",
        (error: unknown) => String(error),
      );
      expect(refused).to.match(/StakeVault_TooEarly/);
    } finally {
      await chain.close();
    }
  });
});
