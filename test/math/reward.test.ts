/**
 * Quality, reward and slash on 100,000 drawn inputs each: the contract and the SDK give the same integer. Words travel
 * in bulk, so that this takes seconds.
 */
import { createHash } from "node:crypto";

import { expect } from "chai";
import hre from "hardhat";

import * as sdk from "../../sdk/src/math/index.ts";

const ROWS = 100_000;
/** Rows a call. */
const BATCH = 2_000;
const WAD = 10n ** 18n;
const WORD = 64; // hexadecimal digits
/** Printed, and taken from the environment, so that a failure repeats itself. */
const SEED = process.env["TEST_SEED"] ?? "0x6d617361";

type Row = readonly bigint[];
type Formula = "qualityDown" | "rewardDown" | "slashAmountUp" | "stakeAfterSlash";

/** Drawn numbers of one row: SHA-512 of its name, eight bytes a number, and a second digest where that is not enough. */
class Draw {
  readonly #name: string;
  #bytes: Buffer;
  #used = 0;
  #digests = 0;

  constructor(name: string) {
    this.#name = name;
    this.#bytes = this.#digest();
  }

  #digest(): Buffer {
    return createHash("sha512").update(`${this.#name}/${(this.#digests++).toString()}`).digest();
  }

  /** 64 bits. */
  word(): bigint {
    if (this.#used === this.#bytes.length) [this.#bytes, this.#used] = [this.#digest(), 0];
    const word = this.#bytes.readBigUInt64BE(this.#used);
    this.#used += 8;
    return word;
  }

  /** In 0..1, WAD: an end or a wei from it in a quarter of all draws, on the scale of reports in half of the rest. */
  ratio(): bigint {
    const word = this.word();
    const ends = [0n, WAD, 1n, WAD - 1n];
    const end = ends[Number(word >> 60n)];
    if (end !== undefined) return end;
    const ratio = word % (WAD + 1n);
    return (word >> 59n) % 2n === 0n ? ratio : ratio - (ratio % 10n ** 9n);
  }

  /** Up to 1e32, of any order of magnitude. */
  amount(): bigint {
    return ((this.word() << 64n) | this.word()) % 10n ** (this.word() % 33n);
  }

  /** α, β, γ, δ, which sum to 1; γ is below it. */
  weights(): [bigint, bigint, bigint, bigint] {
    const factual = this.ratio() % WAD;
    const relevance = this.ratio() % (WAD - factual + 1n);
    const coherence = this.ratio() % (WAD - factual - relevance + 1n);
    return [relevance, coherence, factual, WAD - factual - relevance - coherence];
  }
}

function draw<T>(name: string, make: (draw: Draw) => T): T[] {
  return Array.from({ length: ROWS }, (_, i) => make(new Draw(`${SEED}/${name}/${i.toString()}`)));
}

describe("reward, slash and quality, contract against SDK", function () {
  this.timeout(120_000);

  let call: (name: Formula, rows: readonly Row[]) => Promise<bigint[]>;

  before(async () => {
    const { ethers, provider } = await hre.network.create();
    const factory = await ethers.getContractFactory("MathHarness");
    const harness = await factory.deploy();
    await harness.waitForDeployment();
    const to = await harness.getAddress();
    call = async (name, rows) => {
      const selector = harness.interface.getFunction(name).selector;
      const results: bigint[] = [];
      for (let at = 0; at < rows.length; at += BATCH) {
        const batch = rows.slice(at, at + BATCH);
        const words = [32n, BigInt(batch.length), ...batch.flat()].map((word) =>
          word.toString(16).padStart(WORD, "0"),
        );
        const data = `${selector}${words.join("")}`;
        const answer = (await provider.request({
          method: "eth_call",
          params: [{ to, data }, "latest"],
        })) as string;
        // Offset and length, then the numbers.
        for (let from = 2 + 2 * WORD; from < answer.length; from += WORD) {
          results.push(BigInt(`0x${answer.slice(from, from + WORD)}`));
        }
      }
      return results;
    };
  });

  function expectSame(fromContract: bigint[], fromSdk: bigint[], rows: readonly Row[]): void {
    expect(fromContract.length).to.equal(ROWS);
    const mismatches = rows.filter((_, i) => fromContract[i] !== fromSdk[i]);
    expect(mismatches.length, `SEED=${SEED}, first: ${String(mismatches[0])}`).to.equal(0);
  }

  it("EQ-18: Q of 100,000 answers", async () => {
    const rows = draw("quality", (source) => {
      const scores = [source.ratio(), source.ratio(), source.ratio(), source.ratio()];
      return [...scores, ...source.weights(), source.word() % 2n];
    });
    const fromSdk = rows.map((row) => {
      const [relevance, coherence, factual, responseTime, ...rest] = row as unknown as Nine;
      const [alpha, beta, gamma, delta, hasEvidence] = rest;
      return sdk.qualityDown(
        relevance,
        coherence,
        factual,
        responseTime,
        [alpha, beta, gamma, delta],
        hasEvidence === 1n,
      );
    });
    // Neither all of one kind nor all of one value.
    expect(new Set(fromSdk).size).to.be.greaterThan(ROWS / 2);
    expectSame(await call("qualityDown", rows), fromSdk, rows);
  });

  it("EQ-17: the reward of 100,000 answers, a tenth of them at the threshold", async () => {
    const rows = draw("reward", (source) => {
      const threshold = source.ratio();
      const beside = [threshold, threshold + 1n, threshold - 1n][Number(source.word() % 30n)];
      const quality = beside === undefined || beside < 0n || beside > WAD ? source.ratio() : beside;
      return [source.amount(), quality, threshold];
    });
    const fromSdk = rows.map((row) => sdk.rewardDown(...(row as unknown as Three)));
    const paid = fromSdk.filter((reward) => reward !== 0n).length;
    expect(paid).to.be.within(ROWS / 4, (3 * ROWS) / 4);
    expectSame(await call("rewardDown", rows), fromSdk, rows);
  });

  it("D7: the slash of 100,000 answers, and EQ-19: the stake it leaves", async () => {
    const rows = draw("slash", (source) => [source.amount(), (source.ratio() % (WAD - 1n)) + 1n]);
    const slashes = rows.map((row) => sdk.slashAmountUp(...(row as unknown as Two)));
    expectSame(await call("slashAmountUp", rows), slashes, rows);
    const stakes = draw("stake", (source) => source.amount()).map((stake, i) => [stake, slashes[i] ?? 0n]);
    const left = stakes.map((row) => sdk.stakeAfterSlash(...(row as unknown as Two)));
    expect(left.filter((stake) => stake === 0n).length).to.be.within(ROWS / 4, (3 * ROWS) / 4);
    expectSame(await call("stakeAfterSlash", stakes), left, stakes);
  });
});

type Two = [bigint, bigint];
type Three = [bigint, bigint, bigint];
type Nine = [bigint, bigint, bigint, bigint, bigint, bigint, bigint, bigint, bigint];
