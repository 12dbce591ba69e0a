/**
 * CollateralMath (decisions D13, D14) and consumption (D5): the contract against the SDK on seeded cases, and both
 * against what the words promise, in exact fractions.
 */
import { expect } from "chai";

import * as sdk from "../../sdk/src/math/index.ts";
import { Exact } from "../reference/exact.ts";
import { Source } from "../reference/source.ts";
import { deployHarness, inBatches, WAD } from "./harness.ts";

type Three = [bigint, bigint, bigint];
/** MASA staked, MASA queued, TAO staked, TAO queued, reserved, amount, scale, weight. */
type CutRow = [bigint, bigint, bigint, bigint, bigint, bigint, bigint, bigint];

/** 12,000 in all; a cut costs the chain ten times what the others do. */
const CASES = 2_000;
const CUTS = 6_000;
/** The vault keeps amounts of tokens below this. */
const MOST_TOKENS = 2n ** 104n - 1n;
/** Of TAO with 18, 9, 6 and no decimals. */
const SCALES = [1n, 10n ** 9n, 10n ** 12n, 10n ** 18n] as const;
const MOST_WEIGHT = 10n ** 24n;

function make<Row>(seed: string, count: number, row: (source: Source, index: number) => Row): Row[] {
  const source = new Source(`collateral/${seed}`);
  return Array.from({ length: count }, (_, index) => row(source, index));
}

/** Nothing, dust, or anything up to what the vault holds. */
function tokens(source: Source): bigint {
  const kind = source.int(0, 9);
  if (kind < 2) return 0n;
  if (kind === 2) return source.between(1n, 5n);
  return kind === 3 ? source.between(0n, MOST_TOKENS / 4n) : source.amount(28);
}

function scaleAndWeight(source: Source): [bigint, bigint] {
  const scale = SCALES[source.int(0, SCALES.length - 1)] ?? 1n;
  const kind = source.int(0, 4);
  if (kind === 0) return [scale, source.between(1n, 10n)];
  return [scale, kind === 1 ? source.between(1n, MOST_WEIGHT) : 1n + source.amount(20)];
}

function cutRow(source: Source, index: number): CutRow {
  const [masaStaked, masaQueued, taoStaked, taoQueued] = [
    tokens(source),
    tokens(source),
    tokens(source),
    tokens(source),
  ];
  const [scale, weight] = scaleAndWeight(source);
  const reserved =
    [0n, masaStaked, masaStaked / 2n][index % 4] ?? source.between(0n, masaStaked === 0n ? 0n : masaStaked);
  const units = masaStaked + masaQueued + ((taoStaked + taoQueued) * scale * weight) / WAD;
  const most = units - reserved;
  // None of it, a unit, all of it, all but a unit, more than all, and anything between.
  const amounts = [
    0n,
    1n,
    most,
    most === 0n ? 0n : most - 1n,
    most + 1n,
    2n * units,
    source.between(0n, most),
  ];
  const amount = amounts[source.int(0, 11)] ?? source.between(0n, most);
  return [masaStaked, masaQueued, taoStaked, taoQueued, reserved, amount, scale, weight];
}

const mirrorCut = ([a, b, c, d, reserved, amount, scale, weight]: CutRow): sdk.Cut =>
  sdk.cut([a, b, c, d], reserved, amount, scale, weight);

describe("stake in two tokens, and consumption", function () {
  this.timeout(60_000);

  let harness: Awaited<ReturnType<typeof deployHarness>>;

  before(async () => {
    harness = await deployHarness();
  });

  it("D13: stake units of TAO, rounded down", async () => {
    const rows = make("units", CASES, (source): Three => [tokens(source), ...scaleAndWeight(source)]);
    const onChain = await inBatches(rows, (batch) => harness.unitsDown(batch));
    expect(rows.map((row) => sdk.unitsDown(...row))).to.deep.equal(onChain);
    for (const [i, [amount, scale, weight]] of rows.entries())
      expect(onChain[i], `row ${i}`).to.equal(
        Exact.wad(weight)
          .times(new Exact(amount * scale))
          .floor(),
      );
  });

  it("D13: TAO covers at most its share of a requirement", async () => {
    const rows = make("capped", CASES, (source, index): Three => {
      const [required, share] = [source.amount(30), source.ratio()];
      const cap = (required * share) / WAD;
      // Just below, at and above the cap, and anything else.
      return [[cap === 0n ? 0n : cap - 1n, cap, cap + 1n][index % 5] ?? source.amount(30), required, share];
    });
    const onChain = await inBatches(rows, (batch) => harness.cappedUnitsDown(batch));
    expect(rows.map((row) => sdk.cappedUnitsDown(...row))).to.deep.equal(onChain);
    for (const [i, [units, required, share]] of rows.entries()) {
      const cap = Exact.wad(share).times(new Exact(required)).floor();
      expect(onChain[i], `row ${i}`).to.equal(units < cap ? units : cap);
    }
  });

  it("D14: the contract and the SDK split a slash alike", async () => {
    const rows = make("cut", CUTS, cutRow);
    const onChain = await inBatches(rows, (batch) => harness.cut(batch));
    const wrong = rows.flatMap((row, i) => {
      const mine = mirrorCut(row);
      const same = [mine.masaStaked, mine.masaQueued, mine.taoStaked, mine.taoQueued, mine.shortfall].join();
      return onChain[i]?.join() === same ? [] : [i];
    });
    expect(wrong).to.deep.equal([]);
  });

  it("D14: a slash takes what it says, from what is there, and leaves what is reserved (I-14, I-19)", () => {
    const reached = { tao: 0, reserved: 0, shortfall: 0, all: 0 };
    for (const [i, row] of make("cut", CUTS, cutRow).entries()) {
      const [masaStaked, masaQueued, taoStaked, taoQueued, reserved, amount, scale, weight] = row;
      const c = mirrorCut(row);
      const message = `row ${i}`;
      const masaHeld = masaStaked + masaQueued;
      expect(c.masaStaked + c.masaQueued <= masaHeld - reserved, `I-19 ${message}`).to.equal(true);
      expect(c.masaQueued <= masaQueued && c.taoStaked <= taoStaked && c.taoQueued <= taoQueued).to.equal(
        true,
      );
      for (const part of Object.values(c)) expect(part >= 0n, `I-14 ${message}`).to.equal(true);

      const one = Exact.wad(weight).times(new Exact(scale)); // a unit of TAO
      const worth = one
        .times(new Exact(c.taoStaked + c.taoQueued))
        .plus(new Exact(c.masaStaked + c.masaQueued));
      const asked = new Exact(amount - c.shortfall);
      expect(worth.lessThan(asked), `I-14 worth what it says: ${message}`).to.equal(false);
      // Where it takes everything, the dust of the TAO below one stake unit goes too.
      const slack = one.plus(new Exact(1n));
      expect(worth.minus(asked).lessThan(slack), `I-14 by less than a unit of TAO: ${message}`).to.equal(
        true,
      );

      const units = masaStaked + masaQueued + one.times(new Exact(taoStaked + taoQueued)).floor();
      const most = units - reserved;
      expect(c.shortfall, message).to.equal(amount > most ? amount - most : 0n);
      if (amount >= units && units !== 0n && reserved === 0n)
        expect([c.masaStaked, c.masaQueued, c.taoStaked, c.taoQueued], message).to.deep.equal(
          row.slice(0, 4),
        );
      reached.tao += c.taoStaked + c.taoQueued !== 0n && c.masaStaked + c.masaQueued !== 0n ? 1 : 0;
      reached.reserved += reserved !== 0n && c.masaStaked + c.masaQueued === masaHeld - reserved ? 1 : 0;
      reached.shortfall += c.shortfall !== 0n ? 1 : 0;
      reached.all += units !== 0n && amount === units ? 1 : 0;
    }
    for (const [name, count] of Object.entries(reached)) expect(count, name).to.be.greaterThan(150);
  });

  it("D14: a slash by hand", () => {
    // 300 MASA, a third of it queued, and 50 TAO at 4, a fifth of it queued: 500 stake units.
    const held = [200n * WAD, 100n * WAD, 40n * 10n ** 9n, 10n * 10n ** 9n] as const;
    const [scale, weight] = [10n ** 9n, 4n * WAD];
    expect(sdk.cut(held, 0n, 50n * WAD, scale, weight)).to.deep.equal({
      masaStaked: 20n * WAD,
      masaQueued: 10n * WAD,
      taoStaked: 4n * 10n ** 9n,
      taoQueued: 10n ** 9n,
      shortfall: 0n,
    });
    // Everything but what is reserved: 150 MASA stay, and 30 units are not there.
    expect(sdk.cut(held, 150n * WAD, 380n * WAD, scale, weight)).to.deep.equal({
      masaStaked: 100n * WAD,
      masaQueued: 50n * WAD,
      taoStaked: 40n * 10n ** 9n,
      taoQueued: 10n * 10n ** 9n,
      shortfall: 30n * WAD,
    });
    // One stake unit of TAO that is worth four of them: rounded against the offender.
    expect(sdk.cut([0n, 0n, 5n, 5n], 0n, 1n, 1n, 4n * WAD)).to.deep.equal({
      masaStaked: 0n,
      masaQueued: 0n,
      taoStaked: 1n,
      taoQueued: 0n,
      shortfall: 0n,
    });
  });

  it("D5: consumption, rounded down", async () => {
    const rows = make("consumption", CASES, (source): Three => {
      const asked = source.amount(28);
      return [asked, source.between(0n, asked), source.ratio()];
    });
    const onChain = await inBatches(rows, (batch) => harness.consumptionDown(batch));
    expect(rows.map((row) => sdk.consumptionDown(...row))).to.deep.equal(onChain);
    for (const [i, [asked, accepted, share]] of rows.entries()) {
      const exact = Exact.wad(share)
        .times(new Exact(asked))
        .plus(Exact.wad(WAD - share).times(new Exact(accepted)));
      expect(onChain[i], `row ${i}`).to.equal(exact.floor());
    }
  });

  it("the SDK refuses what the contract refuses, and what is out of its bounds", async () => {
    const most = 2n ** 256n - 1n;
    const overflow = "panic code 0x11";
    const refused: [() => unknown, string, Promise<unknown>, string][] = [
      [
        () => sdk.consumptionDown(1n, 1n, WAD + 1n),
        "resourceShare must be a ratio",
        harness.consumptionDown([[1n, 1n, WAD + 1n]]),
        overflow,
      ],
      [
        () => sdk.consumptionDown(most, 0n, 2n),
        "must be a uint256",
        harness.consumptionDown([[most, 0n, 2n]]),
        overflow,
      ],
      [
        () => sdk.unitsDown(most, 2n, 1n),
        "amount*scale*weight must be a uint256",
        harness.unitsDown([[most, 2n, 1n]]),
        overflow,
      ],
    ];
    for (const [inSdk, message, call, onChain] of refused) {
      expect(inSdk).to.throw(RangeError, message);
      expect(await call.then(String, String))
        .to.include("reverted")
        .and.to.include(onChain);
    }
    expect(() => sdk.cappedUnitsDown(1n, 1n, WAD + 1n)).to.throw(RangeError, "maxShare must be a ratio");
    expect(() => sdk.cut([-1n, 0n, 0n, 0n], 0n, 1n, 1n, 1n)).to.throw(
      RangeError,
      "held[0] must be a uint256",
    );
    expect(() => sdk.cut([0n, 0n, 0n, 0n], 0n, -1n, 1n, 1n)).to.throw(RangeError, "amount must be a uint256");
  });
});
