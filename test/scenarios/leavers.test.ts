/** Two hundred workers, of whom one in twenty leaves each epoch: the others' requirement must not run away from them. */
import { expect } from "chai";
import { formatUnits, parseEther } from "ethers";
import hre from "hardhat";

import { BenchChain } from "../../bench/chain.ts";
import { BenchNetwork, ROLE } from "../../bench/network.ts";
import { printTable } from "./table.ts";

const WORKERS = 200;
const EPOCHS = 50;
const SMALL_TARGET = 50;
/** In percent of what a worker must stake when it registers. */
const STAKE_PERCENT = 110n;
const WAD = 10n ** 18n;
const WORK_UNIT = 10n ** 9n;
/** Units that a word of an answer holds. */
const MOST_UNITS = 2n ** 48n - 1n;

interface Outcome {
  readonly rows: (string | number)[][];
  /** Workers that stayed and were found short at least once. */
  readonly short: number;
}

/** Words that record `work` of a worker as many equal answers. */
function workOf(worker: string, work: bigint, performance: bigint): bigint[] {
  const units = work / WORK_UNIT;
  const answers = Number((units + MOST_UNITS - 1n) / MOST_UNITS);
  const each = units / BigInt(answers);
  const word = BigInt(worker) | (each << 160n) | (((each * performance) / WAD) << 208n);
  return Array.from({ length: answers }, () => word);
}

/**
 * Registers the workers with a buffer of 10 % and utilities that differ by ±0.05, then lets every twentieth leave each
 * epoch and pokes the rest. Who leaves is fixed by the order of registration: utilities and leaving are independent.
 */
async function live(target: number): Promise<Outcome> {
  const chain = await BenchChain.open();
  try {
    const network = await BenchNetwork.deploy(chain, (raw) => {
      raw.roles.worker.target = target;
      raw.standing.graceCooldown = 0;
      raw.roles.worker.floor = "1";
    });
    const { standing, registry } = network.contracts;
    const { escrow } = network.manifest.contracts;
    // The role is small at first, and its base moves by a bounded step: stakes are set once everybody is there.
    const staying = await network.register("worker", 0, WORKERS, parseEther("4000000"));
    const performance = (index: number): bigint =>
      WAD / 2n + ((BigInt((index * 73) % 101) - 50n) * WAD) / 200n;
    for (const [index, worker] of staying.entries()) {
      await chain.send(
        escrow,
        standing.recordWorkOf.populateTransaction(
          ROLE.worker,
          workOf(worker, parseEther("1000000"), performance(index)),
        ),
      );
    }
    for (let epoch = 1; epoch <= EPOCHS; epoch++) {
      await network.enterEpoch(epoch);
      await network.roll();
    }
    await settleStakes(network, staying);

    const rows: (string | number)[][] = [];
    const short = new Set<string>();
    for (let epoch = EPOCHS + 1; epoch <= 2 * EPOCHS; epoch++) {
      const leaving = Math.ceil(staying.length / 20);
      for (let k = 0; k < leaving; k++) {
        const [worker = ""] = staying.splice((k * 20) % staying.length, 1);
        await chain.send(worker, registry.deregister.populateTransaction());
      }
      await network.enterEpoch(epoch);
      await network.roll();
      const { requirement, worst } = await pokeAll(network, staying, short);
      if (epoch % 5 === 0 || epoch === EPOCHS + 1) {
        rows.push([
          epoch - EPOCHS,
          staying.length,
          Number(formatUnits(requirement, 18)).toFixed(0),
          `${(Number(worst) / 100).toFixed(2)} %`,
          short.size,
        ]);
      }
    }
    return { rows, short: short.size };
  } finally {
    await chain.close();
  }
}

/** Leaves every worker with 110 % of its requirement, by unbonding the rest. */
async function settleStakes(network: BenchNetwork, workers: readonly string[]): Promise<void> {
  const { vault, standing } = network.contracts;
  const { masa } = network.manifest.contracts;
  for (const worker of workers) {
    await network.chain.send(worker, network.contracts.registry.poke.populateTransaction(worker));
    const wanted = ((await standing.requirementOf(worker, ROLE.worker)) * STAKE_PERCENT) / 100n;
    const surplus = (await vault.masaStakeOf(worker)) - wanted;
    await network.chain.send(worker, vault.startUnbonding.populateTransaction(masa, surplus));
  }
}

/** Pokes everybody; notes who is short. `worst` is the least stake over requirement, in hundredths of a percent. */
async function pokeAll(
  network: BenchNetwork,
  workers: readonly string[],
  short: Set<string>,
): Promise<{ requirement: bigint; worst: bigint }> {
  const { standing, registry } = network.contracts;
  let worst = 2n ** 255n;
  for (const worker of workers) {
    await network.chain.send(worker, registry.poke.populateTransaction(worker));
    const state = await standing.standingOf(worker, ROLE.worker);
    if (state.short || state.stakeUnits < state.requirement) short.add(worker);
    const cover = (state.stakeUnits * 10_000n) / state.requirement;
    if (cover < worst) worst = cover;
  }
  const { meanUtility } = await standing.snapshotOf(ROLE.worker);
  return { requirement: await standing.requirementAt(ROLE.worker, meanUtility), worst };
}

(hre.globalOptions.coverage ? describe.skip : describe)("scenario: workers leave", function () {
  this.timeout(600_000);
  const head = ["epoch", "workers", "requirement at the mean", "least cover", "ever short"];

  it("nobody with a buffer of 10 % falls short because others leave, down to a tenth of the role", async () => {
    const { rows, short } = await live(WORKERS);
    printTable(`200 workers, 1 in 20 leaves each epoch, target ${WORKERS}`, head, rows);
    expect(short).to.equal(0);
  });

  it("with a target below the size of the role they do, as it shrinks towards its target", async () => {
    const { rows, short } = await live(SMALL_TARGET);
    printTable(`the same with a target of ${SMALL_TARGET}`, head, rows);
    expect(short).to.be.greaterThan(0);
  });
});
