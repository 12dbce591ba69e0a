/** What the SDK computes off chain against what the contracts compute: digests, commitments, proposers, frozen seats. */
import { assert } from "chai";
import { getAddress, hexlify, ZeroAddress } from "ethers";

import { epochStart, locate, readClock } from "../../sdk/src/clock.ts";
import { readFrozenSeats, readMask } from "../../sdk/src/connection.ts";
import { actsFor, signsFor } from "../../sdk/src/nodes.ts";
import { makeOperatorGrant, operatorDigest, rightsOf } from "../../sdk/src/operators.ts";
import { responseCommitment } from "../../sdk/src/payloads.ts";
import {
  epochReportCall,
  epochReportDigest,
  scoreReportCall,
  scoreReportDigest,
} from "../../sdk/src/reports.ts";
import type { EpochReport, ScoreReport } from "../../sdk/src/reports.ts";
import { SCORE_ONE, UNSCORED } from "../../sdk/src/results.ts";
import type { ResponseScore } from "../../sdk/src/results.ts";
import { proposerOf } from "../../sdk/src/selection.ts";
import { removeTemporaryFolders } from "./deployment.ts";
import { deployedNetwork, hotKeyOf, refused } from "./network.ts";

const SEED = Number(process.env["SEED"] ?? 20_260_726);
const REPORTS = 60;
const TURNS = 400;

/** Random numbers in [0, 1) that follow from the seed alone (mulberry32). */
function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const random = seededRandom(SEED);
const int = (most: number): number => Math.floor(random() * (most + 1));
const bytes = (count: number): string => hexlify(Uint8Array.from({ length: count }, () => int(255)));
const uint = (byteCount: number): bigint => BigInt(bytes(byteCount));
const list = <T>(most: number, make: () => T): T[] => Array.from({ length: int(most) }, make);

const randomScore = (): ResponseScore =>
  random() < 0.2
    ? UNSCORED
    : {
        relevance: int(SCORE_ONE),
        coherence: int(SCORE_ONE),
        factual: int(SCORE_ONE),
        responseTime: int(SCORE_ONE),
        throughput: int(0xffff_ffff),
        scored: true,
        fraud: random() < 0.5 ? 0 : int(254),
      };
const randomReport = (): ScoreReport => {
  const ids = [...new Set(list(5, () => uint(5)))].sort((a, b) => (a < b ? -1 : 1));
  return {
    epoch: int(0xffff_ffff),
    round: int(0xffff_ffff),
    attempt: int(0xffff_ffff),
    poster: bytes(20),
    commitmentSet: bytes(32),
    results: ids.map((requestId) => ({ requestId, responses: [randomScore(), ...list(15, randomScore)] })),
  };
};
const randomEpochReport = (): EpochReport => ({
  epoch: int(0xffff_ffff),
  attempt: int(0xffff_ffff),
  poster: bytes(20),
  scores: {
    epoch: int(0xffff_ffff),
    hasData: random() < 0.5,
    hasLlm: random() < 0.5,
    consensus: list(64, () => int(0xffff_ffff)),
    data: list(64, () => int(0xffff_ffff)),
    llm: list(64, () => int(0xffff_ffff)),
  },
  rewardRoot: bytes(32),
  validatorTotal: uint(16),
  workerTotal: uint(16),
  idle: uint(8),
});

describe(`SDK and contracts agree (seed ${SEED})`, () => {
  let network: Awaited<ReturnType<typeof deployedNetwork>>;
  let epoch = 0;
  before(async () => {
    network = await deployedNetwork();
  });
  after(removeTemporaryFolders);

  it("on the digests of score reports", async () => {
    const { contracts, manifest } = network;
    const seen = new Set<string>();
    for (let index = 0; index < REPORTS; index++) {
      const report = randomReport();
      const onChain = await contracts.consensus.scoreReportDigest(scoreReportCall(report));
      assert.equal(
        scoreReportDigest(manifest, report),
        onChain,
        JSON.stringify(report, (_, x: unknown) => (typeof x === "bigint" ? String(x) : x)),
      );
      seen.add(onChain);
    }
    assert.equal(seen.size, REPORTS);
  });

  it("on the digests of epoch reports", async () => {
    const { contracts, manifest } = network;
    for (let index = 0; index < REPORTS; index++) {
      const report = randomEpochReport();
      const onChain = await contracts.consensus.epochReportDigest(epochReportCall(report));
      assert.equal(epochReportDigest(manifest, report), onChain);
    }
  });

  it("on commitments", async () => {
    for (let index = 0; index < REPORTS; index++) {
      const parts = [uint(32), bytes(20), uint(4), bytes(32), bytes(32)] as const;
      assert.equal(responseCommitment(...parts), await network.contracts.escrow.commitmentOf(...parts));
    }
  });

  it("on what operator keys sign, and the registry takes the proof once", async () => {
    const { contracts, manifest, ethers, admit } = network;
    const key = hotKeyOf(99);
    for (let index = 0; index < REPORTS; index++) {
      const grant = { account: getAddress(bytes(20)), key: key.address, rights: int(0xffff), nonce: 0n };
      assert.equal(
        operatorDigest(manifest, grant),
        await contracts.registry.operatorDigest(grant.account, grant.key, grant.rights),
      );
    }
    const { account, contracts: own } = await admit("worker", 200n, "http://worker.example");
    const grant = await makeOperatorGrant(contracts, manifest, key, account, ["commit", "serve"]);
    await own.registry.setOperator(grant);
    const { account: lender, rights, nonce } = await contracts.registry.operatorOf(key.address);
    assert.deepEqual([lender, rightsOf(rights), nonce], [account, ["serve", "commit"], 1n]);
    assert.equal(await actsFor(contracts, key.address, "commit"), account);
    assert.isNull(await actsFor(contracts, key.address, "seat"));
    assert.equal(await actsFor(contracts, account, "seat"), account, "an account may do what it may lend");
    assert.isNull(await signsFor(contracts, key.address));
    await refused(own.registry.setOperator(grant), "NodeRegistry_BadProof");
    const renewed = await makeOperatorGrant(contracts, manifest, key, account, ["sign"]);
    await own.registry.setOperator(renewed);
    assert.equal(await signsFor(contracts, key.address), account);
    await own.registry.revokeOperator(key.address);
    assert.isNull(await signsFor(contracts, key.address));
    assert.isNull(await actsFor(contracts, key.address, "sign"));
    assert.equal(await ethers.provider.getBalance(key.address), 0n, "it needed no gas");
  });

  it("on the clock, also where its length is about to change", async () => {
    const { contracts, manifest, ethers, provider } = network;
    const current = Number(await contracts.clock.currentEpoch());
    await provider.request({
      method: "hardhat_impersonateAccount",
      params: [manifest.contracts.epochManager],
    });
    await provider.request({
      method: "hardhat_setBalance",
      params: [manifest.contracts.epochManager, "0x56bc75e2d63100000"],
    });
    const manager = await ethers.getSigner(manifest.contracts.epochManager);
    await contracts.clock.connect(manager).setEpochLength(20);
    const clock = await readClock(contracts, current);
    for (const epoch of [current, current + 1, current + 2]) {
      const start = Number(await contracts.clock.epochStart(epoch));
      assert.equal(epochStart(clock, epoch), start, `epoch ${epoch}`);
      assert.deepInclude(locate(clock, start), { epoch, secondsInEpoch: 0 });
      if (epoch > current) assert.equal(locate(clock, start - 1).epoch, epoch - 1);
    }
    assert.equal(locate(clock, epochStart(clock, current + 1)).length, 20);
    await contracts.clock.connect(manager).setEpochLength(30);
  });

  it("on who is frozen, with which weight, and on whose turn every attempt is", async () => {
    const { admitValidators, rollNext, contracts, frozenAt } = network;
    const validators = await admitValidators(7);
    epoch = await rollNext();
    const frozen = await frozenAt(epoch);
    assert.sameMembers(
      frozen.hotKeys.filter((key) => key !== ZeroAddress),
      validators.map(({ hotKey }) => hotKey.address),
    );
    assert.equal(
      frozen.totalWeight,
      frozen.weights.reduce((sum, weight) => sum + weight, 0n),
    );
    const drawn = new Set<number>();
    for (let turn = 0; turn < TURNS; turn++) {
      const round = turn % 3 === 0 ? int(0xffff_ffff) : int(9);
      const attempt = turn % 5 === 0 ? int(0xffff_ffff) : int(6);
      const seat = proposerOf(frozen, round, attempt);
      assert.equal(
        BigInt(seat),
        await contracts.validatorSet.proposerOf(epoch, round, attempt),
        `${round}/${attempt}`,
      );
      drawn.add(seat);
    }
    assert.equal(drawn.size, validators.length, "every seat had its turn");
  });

  it("on seats that were vacated: they are free in the next frozen set, and never drawn", async () => {
    const { rollNext, contracts, frozenAt, ethers } = network;
    const before = await frozenAt(epoch);
    const { owner } = await contracts.validatorSet.seatAt(3);
    await network.contracts.registry.connect(await ethers.getSigner(owner)).deregister();
    const next = await rollNext();
    const frozen = await frozenAt(next);
    assert.equal(frozen.hotKeys[3], ZeroAddress);
    assert.equal(frozen.weights[3], 0n);
    assert.deepEqual(await frozenAt(epoch), before, "a frozen set never changes");
    assert.notEqual(frozen.randomness, before.randomness);
    for (let turn = 0; turn < TURNS / 4; turn++) {
      const [round, attempt] = [int(9), int(9)];
      const seat = proposerOf(frozen, round, attempt);
      assert.equal(BigInt(seat), await contracts.validatorSet.proposerOf(next, round, attempt));
      assert.notEqual(seat, 3);
    }
  });

  it("on keys that were revoked: masked in the sets whose reports may still come in", async () => {
    const { contracts, ethers } = network;
    const epoch = Number(await contracts.epochManager.rolledEpoch());
    const { owner, 0: seat } = await contracts.validatorSet.seatAt(1);
    await contracts.registry.connect(await ethers.getSigner(owner)).revokeOperator(seat.signingKey);
    assert.equal(await readMask(contracts, epoch), 0b10n);
    assert.equal(await readMask(contracts, epoch - 1), 0b10n);
    assert.equal(await readMask(contracts, epoch - 2), 0n);
  });

  it("on an epoch that was not rolled into: nobody is frozen", async () => {
    assert.isNull(await readFrozenSeats(network.contracts, 99));
  });
});
