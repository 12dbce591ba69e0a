/**
 * The vectors of every formula that exists on chain: inputs from a seeded source, results from the reference.
 * `buildVectors()` returns the files as text; generate.ts writes them, a test compares them with what is committed.
 *
 * A row is one string of fields between spaces. Integers are what the chain takes and gives. A field named `…Real`
 * is the exact result in the unit of the chain's integer, with nine decimals, rounded down.
 */
import { Exact } from "./exact.ts";
import * as paper from "./formulas.ts";
import { passageVectors } from "./governance.ts";
import { votesVectors } from "./votes.ts";
import { Source, WAD } from "./source.ts";

const SEED = "masa-vectors-1";
const REAL_DIGITS = 9;
const SIGMA_POINTS = 10_000;

/** ln 16 and ln 4 in WAD, rounded towards zero: the widest clamp a role may have, and the usual one. */
const LN_16 = 2_772588722239781237n;
const LN_4 = 1_386294361119890618n;
/** ln 2 in WAD, rounded down: implementations of exp change branch at its odd halves. */
const LN_2 = 693147180559945309n;

interface VectorFile {
  /** Ids between spaces. */
  formulas: string;
  about: string;
  columns: string;
  rows: string[];
}

type Field = bigint | number | boolean | string;

function row(...fields: Field[]): string {
  return fields.map((field) => (typeof field === "boolean" ? Number(field) : field)).join(" ");
}

function rows(count: number, make: (index: number) => string): string[] {
  return Array.from({ length: count }, (_, index) => make(index));
}

function real(value: Exact): string {
  return value.toDecimal(REAL_DIGITS);
}

/** A real ratio in wei of a WAD. */
function realWad(value: Exact): string {
  return real(value.times(new Exact(WAD)));
}

const wad = (value: bigint): Exact => Exact.wad(value);
const whole = (value: bigint): Exact => new Exact(value);

function sigmaVectors(): VectorFile {
  const source = new Source(`${SEED}/sigma`);
  const points = new Set<bigint>([0n]);
  for (const edge of [
    LN_16,
    LN_4,
    LN_2,
    LN_2 / 2n,
    (3n * LN_2) / 2n,
    (5n * LN_2) / 2n,
    (7n * LN_2) / 2n,
    WAD,
    2n,
  ]) {
    for (const near of [edge - 1n, edge, edge + 1n]) {
      if (near <= LN_16) points.add(near).add(-near);
    }
  }
  const strata = BigInt(SIGMA_POINTS - points.size);
  for (let i = 0n; points.size < SIGMA_POINTS; i = (i + 1n) % strata) {
    const low = -LN_16 + (2n * LN_16 * i) / strata;
    points.add(source.between(low, low + (2n * LN_16) / strata));
  }
  return {
    formulas: "EQ-04",
    about: "sigma = exp(exponent) over the whole range of +-ln 16, in rising order",
    columns: "exponent sigmaReal",
    rows: [...points]
      .toSorted((a, b) => (a < b ? -1 : 1))
      .map((x) => row(x, realWad(paper.stakingCoefficient(wad(x))))),
  };
}

function requirementVectors(): VectorFile {
  const source = new Source(`${SEED}/requirement`);
  return {
    formulas: "EQ-03 EQ-07 EQ-09",
    about: "A node's least stake from the supply, its role and its utility, with the decisions D1, D2, D4",
    columns: "supply share count target mean utility lambda limit floor exponent base requirementReal",
    rows: rows(600, (index) => {
      const supply = source.between(WAD, 10n ** 28n);
      const share = source.between(1n, WAD);
      const count = source.between(0n, index % 2 === 0 ? 64n : 1_000_000n);
      const target = index % 5 === 0 ? 0n : source.between(0n, 1_000n);
      const mean = source.ratio();
      const utility = index % 7 === 0 ? mean : source.ratio();
      const lambda = source.between(WAD / 20n, 3n * WAD);
      const limit = [LN_4, LN_16, LN_2, 1n][index % 4] ?? LN_4;
      const floor = 1n + source.amount(index % 3 === 0 ? 27 : 18);
      const exponent = paper.exponentOf(wad(mean), wad(utility), wad(lambda), wad(limit));
      const base = paper.roleBase(whole(supply), wad(share), count, target);
      return row(
        ...[supply, share, count, target, mean, utility, lambda, limit, floor],
        exponent.times(whole(WAD)).truncate(),
        base.ceil(),
        real(paper.leastStake(base, exponent, whole(floor))),
      );
    }),
  };
}

function performanceVectors(): VectorFile {
  const source = new Source(`${SEED}/performance`);
  return {
    formulas: "EQ-05",
    about: "P_v; a kind of work that did not occur passes its weight on",
    columns: "consensus data llm weightConsensus weightData weightLlm hasData hasLlm performance",
    rows: rows(400, () => {
      const values = [source.ratio(), source.ratio(), source.ratio()] as const;
      const weights = source.weights(3);
      const present = [true, source.flag(), source.flag()];
      const performance = paper.weightedMean(
        values.map((value, part) => ({
          weight: wad(weights[part] ?? 0n),
          value: wad(value),
          present: present[part] === true,
        })),
      );
      const floor = performance.times(whole(WAD)).floor();
      return row(...values, ...weights, present[1] === true, present[2] === true, floor);
    }),
  };
}

function lowestVectors(): VectorFile {
  const source = new Source(`${SEED}/lowest`);
  return {
    formulas: "EQ-06",
    about: "argmin over 64 seats; scores and tied seats are lists between commas, - is an empty list",
    columns: "scores absent lowest tied",
    rows: rows(120, (index) => {
      const top = [2 ** 32 - 1, 1_000_000, 3, 0][index % 4] ?? 3;
      const scores = Array.from({ length: 64 }, () => source.int(0, top));
      if (index % 6 === 0) scores[index % 64] = 2 ** 32 - 1;
      const seats = [64, 64, 1, 0, 33, 5][index % 6] ?? 64;
      const takesPart = scores.map((_, seat) => (index % 3 === 0 ? source.flag() : seat < seats));
      const { lowest, who } = paper.lowestOf(scores, takesPart);
      const absent = takesPart.flatMap((yes, seat) => (yes ? [] : [seat]));
      return row(scores.join(","), absent.join(",") || "-", lowest, who.join(",") || "-");
    }),
  };
}

function feeVectors(): VectorFile {
  const source = new Source(`${SEED}/fee`);
  const mostReference = 2n ** 104n - 1n;
  const mostRate = 2n ** 64n - 1n;
  /** One of `special` half of the time, else what `usual` draws. */
  const pick = (special: readonly bigint[], usual: () => bigint): bigint =>
    special[source.int(0, 2 * special.length - 1)] ?? usual();
  return {
    formulas: "EQ-08",
    about: "The fee for adding to an epoch's consumption, before and after its rounding up to the wei",
    columns: "before added baseRate maxRate reference minimum feeReal fee",
    rows: rows(300, () => {
      const reference = pick([1n, 2n, mostReference], () => 1n + source.amount(31));
      const maxRate = pick([0n, WAD, mostRate, mostRate - 1n], () => source.between(0n, WAD));
      const baseRate = pick([0n, maxRate], () => source.between(0n, maxRate));
      const before = pick([0n, 0n, reference - 1n, reference, reference + 1n], () => source.amount(31));
      const toReference = before < reference ? reference - before : 0n;
      const edges = [0n, 1n, toReference, toReference + 1n, mostReference + 1n - before];
      const added = pick(edges, () => source.amount(31));
      const upTo = (consumed: bigint): Exact =>
        paper.consumptionFee(whole(consumed), wad(baseRate), wad(maxRate), whole(reference));
      const exact = upTo(before + added).minus(upTo(before));
      const ceil = exact.ceil();
      const minimum = pick([0n, ceil, ceil + 1n, ceil === 0n ? 1n : ceil - 1n], () => source.amount(21));
      const fee = exact.max(whole(minimum));
      return row(before, added, baseRate, maxRate, reference, minimum, real(fee), fee.ceil());
    }),
  };
}

function workerVectors(): VectorFile {
  const source = new Source(`${SEED}/worker`);
  return {
    formulas: "EQ-10",
    about: "A worker's performance from its measured throughput, the target and the quality of its work",
    columns: "measured target quality weightThroughput throughput performanceReal",
    rows: rows(300, (index) => {
      const target = index % 10 === 0 ? 0n : source.amount(24);
      const measured = index % 4 === 0 ? target : source.amount(24);
      const quality = source.ratio();
      const weight = source.ratio();
      const result = paper.workerPerformance(measured, target, wad(quality), wad(weight));
      const throughput = result.throughput.times(whole(WAD)).floor();
      return row(measured, target, quality, weight, throughput, realWad(result.performance));
    }),
  };
}

function utilityVectors(): VectorFile {
  const source = new Source(`${SEED}/utility`);
  return {
    formulas: "EQ-01 EQ-16",
    about: "One fold of utility by an epoch with work",
    columns: "utility performance weight decay updatedReal",
    rows: rows(600, (index) => {
      const utility = source.ratio();
      const performance = index % 9 === 0 ? utility : source.ratio();
      const weight = source.ratio();
      const decay = index % 8 === 0 ? 0n : source.between(0n, WAD - 1n);
      const updated = paper.nextUtility(wad(utility), wad(performance), wad(weight), wad(decay));
      return row(utility, performance, weight, decay, realWad(updated));
    }),
  };
}

function historyVectors(): VectorFile {
  const source = new Source(`${SEED}/history`);
  return {
    formulas: "EQ-01 EQ-16",
    about: "Utility after a list of epochs with full weight, in the closed form of the decayed mean",
    columns: "start decay performances utilityReal",
    rows: rows(60, (index) => {
      const start = source.ratio();
      const decay = [WAD / 2n, (9n * WAD) / 10n, (99n * WAD) / 100n, 0n][index % 4] ?? 0n;
      const performances = Array.from({ length: source.int(1, 40) }, () => source.ratio());
      const utility = paper.decayedMean(wad(start), performances.map(wad), wad(decay));
      return row(start, decay, performances.join(","), realWad(utility));
    }),
  };
}

function qualityVectors(): VectorFile {
  const source = new Source(`${SEED}/quality`);
  return {
    formulas: "EQ-18",
    about: "Q of a response, with and without evidence",
    columns: "relevance coherence factual responseTime alpha beta gamma delta hasEvidence quality",
    rows: rows(400, (index) => {
      const scores = [source.ratio(), source.ratio(), source.ratio(), source.ratio()];
      const weights = source.weights(4);
      const hasEvidence = index % 2 === 0;
      const quality = paper.weightedMean(
        scores.map((score, part) => ({
          weight: wad(weights[part] ?? 0n),
          value: wad(score),
          present: part !== 2 || hasEvidence,
        })),
      );
      return row(...scores, ...weights, hasEvidence, quality.times(whole(WAD)).floor());
    }),
  };
}

function rewardVectors(): VectorFile {
  const source = new Source(`${SEED}/reward`);
  return {
    formulas: "EQ-17",
    about: "R_req, graded by quality, 0 below the threshold",
    columns: "baseReward quality threshold reward",
    rows: rows(300, (index) => {
      const baseReward = source.amount(27);
      const quality = source.ratio();
      const nearby = [quality, quality + 1n, quality === 0n ? 0n : quality - 1n][index % 6];
      const threshold = nearby ?? source.ratio();
      return row(
        ...[baseReward, quality, threshold],
        paper.reward(whole(baseReward), wad(quality), wad(threshold)).floor(),
      );
    }),
  };
}

function slashVectors(): VectorFile {
  const source = new Source(`${SEED}/slash`);
  return {
    formulas: "EQ-19",
    about: "What a slash takes (at least one unit, D7) and what it leaves",
    columns: "stake baseReward share amount remaining",
    rows: rows(300, (index) => {
      const baseReward = source.amount(27);
      const share = source.between(1n, WAD - 1n);
      const exact = wad(share).times(whole(baseReward)).ceil();
      const amount = exact === 0n ? 1n : exact;
      const stake = [amount, amount + 1n, amount - 1n, 0n][index % 8] ?? source.amount(27);
      return row(stake, baseReward, share, amount, paper.afterSlash(whole(stake), whole(amount)).floor());
    }),
  };
}

function seatWeightVectors(): VectorFile {
  const source = new Source(`${SEED}/seat-weight`);
  return {
    formulas: "EQ-27",
    about: "stake / sigma = stake * exp((U - mean) / lambda), from the exponent of sigma",
    columns: "stake exponent weightReal",
    rows: rows(400, (index) => {
      const stake = source.amount(27);
      const exponent = [0n, LN_4, -LN_4, LN_16, -LN_16, 1n][index % 12] ?? source.between(-LN_16, LN_16);
      return row(stake, exponent, real(paper.seatWeight(whole(stake), wad(exponent))));
    }),
  };
}

function finalityVectors(): VectorFile {
  const source = new Source(`${SEED}/finality`);
  const lines: string[] = [];
  const add = (signed: bigint, total: bigint, confirmations: number, least: number): void => {
    lines.push(row(signed, total, confirmations, least, paper.final(signed, total, confirmations, least)));
  };
  for (let n = 1; n <= 64; n++) {
    const weight = source.between(1n, 10n ** (n % 16 === 0 ? 27n : 6n));
    for (let signed = 0; signed <= n; signed++) {
      add(weight * BigInt(signed), weight * BigInt(n), signed, signed % 3 === 0 ? signed + 1 : 1);
      add(weight * BigInt(signed), weight * BigInt(n), signed, 0);
    }
  }
  for (let i = 0; i < 400; i++) {
    const weights = Array.from({ length: source.int(1, 64) }, () => source.amount(27));
    const signers = weights.filter(() => source.int(0, 9) < 7);
    const total = weights.reduce((all, weight) => all + weight, 0n);
    const signing = signers.reduce((all, weight) => all + weight, 0n);
    add(signing, total, signers.length, source.int(0, 45));
    const edge = (2n * total) / 3n;
    for (const signed of [edge, edge + 1n]) add(signed, total, 43, 43);
  }
  return {
    formulas: "EQ-28",
    about: "Finality for 1 to 64 equal seats, for unequal ones, and around two thirds to the wei",
    columns: "signed total confirmations least isFinal",
    rows: lines,
  };
}

function meanVectors(): VectorFile {
  const source = new Source(`${SEED}/mean`);
  return {
    formulas: "EQ-29",
    about: "Mean utility of a role; the list is between commas, - is an empty list",
    columns: "utilities kept mean",
    rows: rows(100, (index) => {
      const utilities = Array.from({ length: index % 25 }, () => source.ratio());
      const kept = source.ratio();
      const mean = paper.meanUtility(utilities.map(wad), wad(kept)).times(whole(WAD)).floor();
      return row(utilities.join(",") || "-", kept, mean);
    }),
  };
}

function emissionVectors(): VectorFile {
  const source = new Source(`${SEED}/emission`);
  return {
    formulas: "EQ-26",
    about: "r = R_V + R_D + R_L of one seat of three, before rounding; lists are between commas, by seat",
    columns: "pot alpha beta gamma hasData hasLlm weights consensus data llm seat rewardReal",
    rows: rows(300, (index) => {
      const [pot, seat] = [source.amount(27), source.int(0, 2)];
      const shares = index % 20 === 0 ? [0n, WAD, 0n] : source.weights(3);
      const occurred = [true, source.flag(), source.flag()];
      const kinds = shares.map((share, k) => ({ weight: wad(share), occurred: occurred[k] === true }));
      const weights = shares.map(() => source.amount(15));
      const scores = kinds.map(() => weights.map(() => (source.flag() ? source.ratio() / 10n ** 9n : 0n)));
      const exact = scores.map((list) => list.map(whole));
      const reward = paper.validatorReward(whole(pot), kinds, weights.map(whole), exact, seat);
      const lists = [weights, ...scores].map(String);
      return row(pot, ...shares, ...occurred.slice(1), ...lists, seat, real(reward));
    }),
  };
}

/** Every vector file by its name, as the text that is committed. */
export function buildVectors(): Map<string, string> {
  const files: Record<string, () => VectorFile> = {
    emission: emissionVectors,
    fee: feeVectors,
    finality: finalityVectors,
    "lowest-score": lowestVectors,
    "mean-utility": meanVectors,
    passage: () => passageVectors(SEED),
    performance: performanceVectors,
    quality: qualityVectors,
    requirement: requirementVectors,
    reward: rewardVectors,
    "seat-weight": seatWeightVectors,
    sigma: sigmaVectors,
    slash: slashVectors,
    "utility-fold": utilityVectors,
    "utility-history": historyVectors,
    votes: () => votesVectors(SEED),
    "worker-performance": workerVectors,
  };
  return new Map(
    Object.entries(files).map(([name, build]) => [`${name}.json`, `${JSON.stringify(build(), null, 2)}\n`]),
  );
}
