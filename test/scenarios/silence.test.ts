/** More than a third of the seats die: nothing is pruned or slashed, and the network recovers by itself (decision D6). */
import { expect } from "chai";
import hre from "hardhat";

import { BenchChain } from "../../bench/chain.ts";
import { BenchNetwork } from "../../bench/network.ts";
import { printTable } from "./table.ts";

const VALIDATORS = 12;
const DEAD = 5;
const HALT_EPOCHS = 6;
const LAST_EPOCH = 16;
/** The dead sign nothing from this epoch on. */
const DEATH = 4;

async function tryReport(network: BenchNetwork, epoch: number): Promise<boolean> {
  try {
    await network.postEpochReport(epoch);
    return true;
  } catch (error) {
    expect(String(error)).to.match(/ScoreConsensus_NotEnoughWeight/);
    return false;
  }
}

(hre.globalOptions.coverage ? describe.skip : describe)("scenario: a third of the seats dies", function () {
  this.timeout(120_000);

  it("prunes nobody while nothing is final, vacates the silent after haltEpochs, and goes on", async () => {
    const chain = await BenchChain.open();
    try {
      const network = await BenchNetwork.deploy(chain, (raw) => {
        raw.seats.haltEpochs = HALT_EPOCHS;
        raw.seats.minValidators = 8;
        raw.seats.leastConfirmations = 5;
        raw.roles.validator.target = VALIDATORS;
      });
      const { validatorSet, vault } = network.contracts;
      const validators = await network.register("validator", 0, VALIDATORS, 40_000_000n * 10n ** 18n);
      const dead = validators.slice(0, DEAD);
      const alive = validators.slice(DEAD);
      const stakesBefore = await Promise.all(validators.map((owner) => vault.masaStakeOf(owner)));
      const rows: (string | number)[][] = [];
      const finals: number[] = [];
      let prunedInSilence = 0;

      for (let epoch = 1; epoch <= LAST_EPOCH; epoch++) {
        await network.enterEpoch(epoch);
        const before = await validatorSet.seatCount();
        await network.roll();
        if (epoch === DEATH) for (const owner of dead) await network.silence(owner);
        const after = await validatorSet.seatCount();
        const isFinal = epoch > 1 && (await tryReport(network, epoch - 1));
        if (isFinal) finals.push(epoch - 1);
        const { rolls } = await validatorSet.silence();
        // What a keeper does when its set is silent.
        if (rolls > 0n) {
          for (const owner of alive) {
            const { seated } = await validatorSet.seatOf(owner);
            if (seated) await chain.send(owner, validatorSet.checkIn.populateTransaction());
          }
        }
        const vacated = before > after ? Number(before - after) : 0;
        if (epoch > DEATH && epoch < DEATH + HALT_EPOCHS) prunedInSilence += vacated;
        rows.push([
          epoch,
          `${after}`,
          vacated,
          isFinal ? `report of ${epoch - 1} final` : "no report",
          `${rolls}`,
        ]);
      }
      printTable(
        `${DEAD} of ${VALIDATORS} seats die in epoch ${DEATH}, haltEpochs ${HALT_EPOCHS}`,
        ["epoch", "seats", "vacated by the roll", "report", "rolls without report"],
        rows,
      );

      // The roll into the epoch after the death still prunes by the report before it; then there is no evidence.
      expect(prunedInSilence).to.be.at.most(1);
      for (const owner of dead)
        expect((await validatorSet.seatOf(owner)).seated, "the dead have no seat").to.equal(false);
      expect(finals.at(-1), "reports are final again").to.equal(LAST_EPOCH - 1);
      const stakesAfter = await Promise.all(validators.map((owner) => vault.masaStakeOf(owner)));
      expect(stakesAfter, "nobody was slashed").to.deep.equal(stakesBefore);
    } finally {
      await chain.close();
    }
  });
});
