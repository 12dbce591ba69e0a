/**
 * The assembly of a report: what the SDK makes of 100,000 drawn sets of vectors, against contracts/mocks/AssemblyHarness,
 * which draws the same vectors, makes the medians in another way, and reads the results as the escrow does.
 */
import { expect } from "chai";
import { AbiCoder, concat, keccak256, toBeHex } from "ethers";
import hre from "hardhat";

import { assembleResults, decodeResults, encodeResults, qualityDown, scoreReportDigest } from "#sdk";
import type { FrozenSeats, RequestResult, ResponseScore, ScoredSeat } from "#sdk";

const CHUNK = 50;
const CHUNKS = 2_000;
const SCORE_ONE = 1_000_000_000n;
const CONSENSUS = "0x00000000000000000000000000000000c0ffee00";
const WEIGHTS = [4n * 10n ** 17n, 3n * 10n ** 17n, 2n * 10n ** 17n, 10n ** 17n] as const;

const abi = AbiCoder.defaultAbiCoder();
const bytes32 = (value: bigint): string => toBeHex(value, 32);
const word = (number: number, index: number): bigint =>
  BigInt(keccak256(concat([bytes32(BigInt(number)), bytes32(BigInt(index))])));
const field = (value: bigint, at: number): number => Number(BigInt.asUintN(32, value >> BigInt(at)));

interface Drawn {
  readonly traits: bigint;
  readonly requestId: bigint;
  readonly responses: number;
  readonly hasEvidence: boolean;
  readonly frozen: FrozenSeats;
  readonly vectors: ScoredSeat[];
  /** Seats related to who answered, by response. */
  readonly related: Set<number>[];
}

function scoreOf(said: bigint, traits: bigint): ResponseScore {
  const subScore = (at: number): number => {
    const value = BigInt(field(said, at));
    return Number(((traits >> 18n) & 1n) !== 0n ? (value % 3n) * (SCORE_ONE / 2n) : value % (SCORE_ONE + 1n));
  };
  if ((said >> 160n) % 16n === 0n) {
    return {
      relevance: 0,
      coherence: 0,
      factual: 0,
      responseTime: 0,
      throughput: 0,
      scored: false,
      fraud: 0,
    };
  }
  return {
    relevance: subScore(0),
    coherence: subScore(32),
    factual: subScore(64),
    responseTime: subScore(96),
    throughput: field(said, 128),
    scored: true,
    fraud: (said >> 168n) % 2n === 0n ? 1 + Number((said >> 176n) % 254n) : 0,
  };
}

/** Number `number` of the vectors' sets; see the harness for what the bits of its words mean. */
function draw(number: number): Drawn {
  const traits = word(number, 0);
  const seats = 3 + Number(traits % 6n);
  const responses = 1 + Number((traits >> 8n) % 3n);
  const drawn = word(number, 1);
  const weights = Array.from({ length: seats }, (_, seat) =>
    ((traits >> 17n) & 1n) !== 0n ? 1_000n : 1n + BigInt.asUintN(16, drawn >> BigInt(16 * seat)),
  );
  const requestId = BigInt.asUintN(40, traits >> 24n);
  const related = Array.from({ length: responses }, () => new Set<number>());
  const vectors = weights.map((_, seat): ScoredSeat => {
    const knows = (traits >> BigInt(64 + 4 * seat)) & 15n;
    if (knows === 0n) return { seat, results: [] };
    const scores = Array.from({ length: responses }, (_, response) => {
      const said = word(number, 2 + 4 * seat + response);
      if ((said >> 192n) % 16n === 0n) related[response]?.add(seat);
      return scoreOf(said, traits);
    });
    if (knows === 1n) scores.push(scores[0] as ResponseScore);
    return { seat, results: [{ requestId, responses: scores }] };
  });
  const frozen = {
    epoch: number,
    hotKeys: weights.map((_, seat) => toBeHex(BigInt(seat + 1), 20)),
    weights,
    totalWeight: weights.reduce((sum, weight) => sum + weight, 0n),
    leastConfirmations: 1,
    randomness: 0n,
  };
  return {
    traits,
    requestId,
    responses,
    hasEvidence: ((traits >> 16n) & 1n) !== 0n,
    frozen,
    vectors,
    related,
  };
}

const assembleDrawn = (drawn: Drawn): RequestResult[] =>
  assembleResults(drawn.vectors, drawn.frozen, new Map([[drawn.requestId, drawn.responses]]), {
    withoutEvidence: new Set(drawn.hasEvidence ? [] : [drawn.requestId]),
    related: new Map([[drawn.requestId, drawn.related]]),
  });

/** What AssemblyHarness.judge finds in the results, from the results themselves. */
function found(results: readonly RequestResult[], hasEvidence: boolean): string {
  const wad = (score: number): bigint => BigInt(score) * SCORE_ONE;
  const words = results.flatMap(({ requestId, responses }) =>
    responses.map((r, index) => {
      const numbers = [r.relevance, r.coherence, r.factual, r.responseTime, r.throughput];
      const packed = numbers.reduce((sum, value) => (sum << 32n) | BigInt(value), 0n);
      const flag = r.scored ? r.fraud : 255;
      const quality =
        flag === 0
          ? qualityDown(
              wad(r.relevance),
              wad(r.coherence),
              wad(r.factual),
              wad(r.responseTime),
              WEIGHTS,
              hasEvidence,
            )
          : 0n;
      return abi.encode(
        ["uint256", "uint256", "uint256", "uint256", "uint256"],
        [requestId, index, packed, flag, quality],
      );
    }),
  );
  return concat(words);
}

describe("report assembly", function () {
  this.timeout(1_800_000);

  it(`the chain and the SDK agree on ${CHUNK * CHUNKS} reports: medians, encoding, digest and Q`, async () => {
    const { ethers } = await hre.network.create();
    const harness = await (await ethers.getContractFactory("AssemblyHarness")).deploy();
    const manifest = {
      chainId: Number((await ethers.provider.getNetwork()).chainId),
      contracts: { consensus: CONSENSUS },
    };
    const seen = { empty: 0, unscored: 0, frauds: 0, scored: 0 };
    let mismatches = 0;
    for (let chunk = 0; chunk < CHUNKS; ++chunk) {
      const onChain = await harness.fingerprints(chunk * CHUNK, CHUNK, CONSENSUS);
      expect(onChain).to.have.length(CHUNK);
      for (const [index, print] of onChain.entries()) {
        const number = chunk * CHUNK + index;
        const drawn = draw(number);
        const results = assembleDrawn(drawn);
        const decoded = decodeResults(encodeResults(results));
        const digest = scoreReportDigest(manifest, {
          epoch: number,
          round: number % 288,
          attempt: number % 5,
          poster: toBeHex(BigInt.asUintN(160, drawn.traits), 20),
          commitmentSet: bytes32(drawn.traits),
          results,
        });
        if (keccak256(concat([digest, found(decoded, drawn.hasEvidence)])) !== print) ++mismatches;
        if (results.length === 0) ++seen.empty;
        for (const { scored, fraud } of results.flatMap(({ responses }) => responses)) {
          if (!scored) ++seen.unscored;
          else if (fraud !== 0) ++seen.frauds;
          else ++seen.scored;
        }
      }
    }
    expect(mismatches, "mismatches").to.equal(0);
    // Every kind of outcome came up often.
    for (const [outcome, count] of Object.entries(seen)) expect(count, outcome).to.be.greaterThan(10_000);
  });
});
