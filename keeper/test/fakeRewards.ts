/** The part of the stand-in chain that holds pots and roots: accepts, cancels and counts them as RewardDistributor does. */
import assert from "node:assert/strict";

import { ZeroHash } from "ethers";

import type { AcceptedRoot, EpochReport, RewardFacts } from "#sdk";

const MASA = 10n ** 18n;
const NONE: AcceptedRoot = { root: ZeroHash, epoch: 0, validatorTotal: 0n, workerTotal: 0n };

export class FakeRewards {
  /** Accepted roots, oldest first. */
  readonly roots: AcceptedRoot[] = [];
  /** Funded since the beginning, wei. */
  funded = { validators: 0n, workers: 0n };
  owners: readonly string[] = [];
  /** With settled work in the epochs to come. */
  workers: RewardFacts["workers"] = [];
  /** Fees that wait in the escrow and in the pool, wei. */
  fees = { escrow: 0n, pool: 0n };
  masaPerEther = 10_000n * MASA;
  readonly sent: string[] = [];
  readonly #facts = new Map<number, RewardFacts>();

  get last(): AcceptedRoot {
    return this.roots.at(-1) ?? NONE;
  }

  get pots(): [bigint, bigint] {
    const { validatorTotal, workerTotal } = this.last;
    return [this.funded.validators - validatorTotal, this.funded.workers - workerTotal];
  }

  /** The roll that ends `epoch`: what is read of it stays what it is. */
  roll(epoch: number): void {
    const [validatorPot, workerPot] = this.pots;
    this.#facts.set(epoch, {
      epoch,
      blockNumber: 100 + epoch,
      blockHash: `0x${epoch.toString(16).padStart(64, "0")}`,
      validatorPot,
      workerPot,
      lastRoot: this.last,
      weights: [(3n * MASA) / 10n, (2n * MASA) / 10n, (5n * MASA) / 10n],
      owners: this.owners,
      workers: this.workers,
    });
  }

  factsOf(epoch: number): RewardFacts {
    if (!this.#facts.has(epoch)) this.roll(epoch);
    return this.#facts.get(epoch) as RewardFacts;
  }

  accept({ epoch, rewardRoot, validatorTotal, workerTotal }: EpochReport): void {
    const { last, funded } = this;
    assert.ok(validatorTotal >= last.validatorTotal && workerTotal >= last.workerTotal, "a total fell");
    assert.ok(validatorTotal <= funded.validators && workerTotal <= funded.workers, "not funded");
    if (rewardRoot === ZeroHash) {
      assert.deepEqual([validatorTotal, workerTotal], [last.validatorTotal, last.workerTotal]);
      return;
    }
    this.roots.push({ root: rewardRoot, epoch, validatorTotal, workerTotal });
  }

  /** The guardian cancels the root of `epoch` and all later ones. */
  cancel(epoch: number): void {
    this.roots.splice(this.roots.findIndex((root) => root.epoch === epoch));
  }

  contracts() {
    return {
      distributor: {
        lastRoot: () => Promise.resolve({ ...this.last, epoch: BigInt(this.last.epoch) }),
        nextPots: () => Promise.resolve(this.pots),
      },
      feePool: {
        distribute: () => {
          this.sent.push("distribute");
          this.fees.pool = 0n;
          return Promise.resolve();
        },
      },
      masa: { balanceOf: () => Promise.resolve(this.fees.pool) },
    };
  }

  escrow() {
    return {
      totals: () => Promise.resolve({ fees: this.fees.escrow }),
      posterTerms: () => Promise.resolve({ masaPerEther: this.masaPerEther }),
      collectFees: () => {
        this.sent.push("collectFees");
        this.fees = { escrow: 0n, pool: this.fees.pool + this.fees.escrow };
        return Promise.resolve();
      },
    };
  }
}
