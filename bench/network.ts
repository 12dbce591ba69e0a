/** The protocol as deployed, on the bench's chain, with as many validators, workers and oracle nodes as are asked for. */
import { fileURLToPath } from "node:url";

import { computeAddress, id, parseEther, SigningKey, ZeroHash } from "ethers";
import hre from "hardhat";

import {
  connectContracts,
  EPOCH_ROUND,
  epochReportCall,
  epochReportDigest,
  packSignatures,
  SCORE_ONE,
  scoreReportCall,
  scoreReportDigest,
} from "#sdk";
import type { EpochReport, Manifest, MasaContracts, RequestResult, ScoreReport, SeatScores } from "#sdk";

import { runDeployment } from "../deploy/deploy.ts";
import { parseParameters, readRawParameters } from "../deploy/params.ts";
import type { DeployParameters, RawParameters } from "../deploy/params.ts";
import type { BenchChain } from "./chain.ts";

/** Seats, and the signatures that ANCHORS' figures are for: more than two thirds of 64 equal weights. */
export const SEATS = 64;
export const SIGNERS = 43;

/** Values of NodeRole. */
export const ROLE = { validator: 1, worker: 2, oracle: 3 } as const;
export type RoleName = keyof typeof ROLE;

/** Above four times the base of each role, so that nobody falls short while the bench runs. */
export const STAKE_WEI: Record<RoleName, bigint> = {
  validator: parseEther("2000000"),
  worker: parseEther("10000"),
  oracle: parseEther("800000"),
};
/** Every right of INodeRegistry. */
const ALL_RIGHTS = 31;
/** Workers that fit a transaction. */
const CROWD_BATCH = 25;
/** More than the deposit of a registration. */
const DEPOSIT_ROOM_WEI = parseEther("1000");
const CREDIT_WEI = parseEther("100000");
const BASE_REWARD_WEI = parseEther("10");
/** Given to every account beside its stake, so that no balance falls to zero by chance. */
const POCKET_WEI = parseEther("10000");

/** The testnet's parameters, with divisors for the sizes measured here and validators that can be pruned at once. */
function benchParameters(adjust: (raw: RawParameters) => void): DeployParameters {
  const file = fileURLToPath(new URL("../deploy/params/testnet.json5", import.meta.url));
  const raw = readRawParameters(file) as RawParameters;
  raw.name = "bench";
  raw.chainId = null;
  raw.roles.validator.target = 2 * SEATS;
  raw.roles.worker.target = 10_000;
  raw.roles.oracle.target = 50;
  raw.seats.immunityEpochs = 1;
  adjust(raw);
  return parseParameters(raw, "the bench's parameters");
}

export class BenchNetwork {
  readonly chain: BenchChain;
  readonly manifest: Manifest;
  readonly contracts: MasaContracts;
  readonly parameters: DeployParameters;
  readonly #signingKeys = new Map<string, SigningKey>();
  /** Keys that sign nothing any more. */
  readonly #silent = new Set<string>();
  #round = 0;

  private constructor(chain: BenchChain, manifest: Manifest, parameters: DeployParameters) {
    this.chain = chain;
    this.manifest = manifest;
    this.parameters = parameters;
    this.contracts = connectContracts(manifest, chain.connection.ethers.provider);
  }

  /** @param adjust Changes the parameters before the deployment: a scenario has its own sizes. */
  static async deploy(
    chain: BenchChain,
    adjust: (raw: RawParameters) => void = () => undefined,
  ): Promise<BenchNetwork> {
    const params = benchParameters(adjust);
    const { manifest } = await runDeployment({
      connection: { provider: chain.connection.provider },
      artifacts: hre.artifacts,
      params,
    });
    return new BenchNetwork(chain, manifest, params);
  }

  /** The address of account `index` of a kind; nobody holds its key, the chain lets it send all the same. */
  account(kind: string, index: number): string {
    return computeAddress(id(`bench ${kind} ${index}`));
  }

  /** Gives an account MASA and lets `spender` take it. */
  async fund(account: string, amountWei: bigint, spender: string): Promise<void> {
    const { masa } = this.contracts;
    await this.chain.send(this.manifest.deployer, masa.transfer.populateTransaction(account, amountWei));
    await this.chain.send(account, masa.approve.populateTransaction(spender, 2n ** 256n - 1n));
  }

  async stake(account: string, amountWei: bigint): Promise<void> {
    const { masa, vault } = this.manifest.contracts;
    await this.fund(account, amountWei + POCKET_WEI, vault);
    await this.chain.send(account, this.contracts.vault.stake.populateTransaction(masa, amountWei));
  }

  /** Stakes one TAO of 9 decimals. */
  async stakeTao(account: string, tao: string): Promise<void> {
    const { ethers } = this.chain.connection;
    const token = await ethers.getContractAt("WrappedTaoMock", tao);
    await this.chain.send(account, token.mint.populateTransaction(account, 10n ** 9n));
    await this.chain.send(
      account,
      token.approve.populateTransaction(this.manifest.contracts.vault, 2n ** 256n - 1n),
    );
    await this.chain.send(account, this.contracts.vault.stake.populateTransaction(tao, 10n ** 9n));
  }

  /** Stakes and registers the nodes from `first` up to `end`, which is not among them. */
  async register(role: RoleName, first: number, end: number, stakeWei = STAKE_WEI[role]): Promise<string[]> {
    const accounts: string[] = [];
    const { registry, validatorSet, escrow } = this.contracts;
    for (let index = first; index < end; index++) {
      const account = this.account(role, index);
      await this.stake(account, stakeWei);
      const { masa } = this.contracts;
      const { registry: spender } = this.manifest.contracts;
      await this.chain.send(account, masa.approve.populateTransaction(spender, 2n ** 256n - 1n));
      const operators = [await this.#grant(account, `${role} ${index}`)];
      await this.chain.send(account, registry.register.populateTransaction(ROLE[role], "{}", operators));
      if (role === "validator")
        await this.chain.send(account, validatorSet.joinWaitlist.populateTransaction());
      if (role === "oracle") {
        await this.fund(account, CREDIT_WEI, this.manifest.contracts.escrow);
        await this.chain.send(account, escrow.deposit.populateTransaction(CREDIT_WEI));
      }
      accounts.push(account);
    }
    return accounts;
  }

  /** A key with every right for `account`, and its proof. */
  async #grant(account: string, name: string): Promise<{ key: string; rights: number; proof: string }> {
    const signingKey = new SigningKey(id(`bench signing key of ${name}`));
    const key = computeAddress(signingKey);
    this.#signingKeys.set(key, signingKey);
    const digest = await this.contracts.registry.operatorDigest(account, key, ALL_RIGHTS);
    return { key, rights: ALL_RIGHTS, proof: signingKey.sign(digest).serialized };
  }

  /** From now on the account's key signs nothing. */
  async silence(account: string): Promise<void> {
    this.#silent.add(await this.contracts.registry.signingKeyOf(account));
  }

  /** Registers `count` workers that are contracts, many in a transaction: for numbers, not for work. */
  async registerCrowd(count: number): Promise<void> {
    const { masa, vault, registry } = this.manifest.contracts;
    const { ethers } = this.chain.connection;
    const crowd = await (await ethers.getContractFactory("WorkerCrowd")).deploy();
    const address = await crowd.getAddress();
    await this.fund(address, BigInt(count) * (STAKE_WEI.worker + DEPOSIT_ROOM_WEI), vault);
    for (let left = count; left > 0; left -= CROWD_BATCH) {
      const more = Math.min(left, CROWD_BATCH);
      await this.chain.gasOf(
        this.manifest.deployer,
        crowd.enlist.populateTransaction(masa, vault, registry, STAKE_WEI.worker, more),
      );
    }
  }

  /** Moves to the middle of an epoch: half of its rounds have begun then. */
  async enterEpoch(epoch: number): Promise<void> {
    const start = Number(await this.contracts.clock.epochStart(epoch));
    await this.chain.travelTo(start + Number(this.parameters.clock.epochLength) / 2);
    this.#round = 0;
  }

  /** Rolls into the epoch of now; returns the gas. */
  async roll(): Promise<number> {
    const { epochManager } = this.contracts;
    return await this.chain.gasOf(this.manifest.deployer, epochManager.roll.populateTransaction());
  }

  /**
   * Signatures of the drawn proposer and of the heaviest other seats frozen for the epoch that are not silent, `SIGNERS`
   * in all, made with their keys.
   */
  async #sign(
    turn: { epoch: number; round: number; attempt: number },
    digest: string,
  ): Promise<{ signers: bigint; signatures: string }> {
    const { validatorSet } = this.contracts;
    const [keys, weights] = await validatorSet.frozenSeatsOf(turn.epoch);
    const proposer = Number(await validatorSet.proposerOf(turn.epoch, turn.round, turn.attempt));
    const heaviest = keys
      .map((key, seat) => ({ key, seat, weight: weights[seat] ?? 0n }))
      .filter(({ key, weight }) => weight > 0n && !this.#silent.has(key))
      .sort((a, b) => (a.weight === b.weight ? a.seat - b.seat : a.weight > b.weight ? -1 : 1))
      .sort((a, b) => Number(b.seat === proposer) - Number(a.seat === proposer))
      .slice(0, SIGNERS);
    const signatures = new Map<number, string>();
    for (const { key, seat } of heaviest) {
      const signingKey = this.#signingKeys.get(key);
      if (signingKey === undefined) throw new Error(`no key of seat ${seat}`);
      signatures.set(seat, signingKey.sign(digest).serialized);
    }
    return packSignatures(signatures);
  }

  /**
   * Posts the epoch report of `epoch` with scores that differ from seat to seat, and with a root that gives workers
   * `workersWei` more where one is named; returns the gas.
   */
  async postEpochReport(epoch: number, rewards = { root: ZeroHash, workersWei: 0n }): Promise<number> {
    const [keys] = await this.contracts.validatorSet.frozenSeatsOf(epoch);
    const scores: SeatScores = {
      epoch,
      hasData: true,
      hasLlm: true,
      consensus: keys.map(() => SCORE_ONE),
      data: keys.map((_, seat) => SCORE_ONE - seat * 1_000_000),
      llm: keys.map((_, seat) => SCORE_ONE - ((seat * 7) % SEATS) * 1_000_000),
    };
    const attempt = await this.#liveAttempt(epoch, EPOCH_ROUND);
    const [validatorTotal, workerTotal] = await this.contracts.distributor.lastTotals();
    const report: EpochReport = {
      epoch,
      attempt,
      poster: this.account("poster", 0),
      scores,
      rewardRoot: rewards.root,
      validatorTotal,
      workerTotal: workerTotal + rewards.workersWei,
      idle: 0n,
    };
    const { signers, signatures } = await this.#sign(
      { epoch, round: EPOCH_ROUND, attempt },
      epochReportDigest(this.manifest, report),
    );
    return await this.chain.gasOf(
      report.poster,
      this.contracts.consensus.postEpochReport.populateTransaction(
        epochReportCall(report),
        signers,
        signatures,
      ),
    );
  }

  /** Submits a request that takes one answer; returns its id and the gas. */
  async submit(oracle: string): Promise<{ requestId: bigint; gas: number }> {
    const { escrow } = this.contracts;
    const { terms, limits } = this.parameters;
    const gas = await this.chain.gasOf(
      oracle,
      escrow.submit.populateTransaction({
        payloadHash: id("a question"),
        kind: 0,
        hasEvidence: true,
        maxResponses: 1,
        baseReward: BASE_REWARD_WEI,
        minQuality: terms.qualityThreshold,
        responseWindow: limits.maxResponseWindow,
        scoringWindow: limits.maxScoringWindow,
      }),
    );
    return { requestId: await escrow.requestCount(), gas };
  }

  async commit(worker: string, requestId: bigint): Promise<number> {
    const { escrow } = this.contracts;
    return await this.chain.gasOf(
      worker,
      escrow.commit.populateTransaction(requestId, id(`answer ${requestId}`)),
    );
  }

  /** Posts one report that pays the one answer of each request, in `round` of the epoch or the next; returns the gas. */
  async postScoreReport(
    epoch: number,
    requestIds: readonly bigint[],
    round = this.#round++,
  ): Promise<number> {
    const results: RequestResult[] = requestIds.map((requestId, index) => ({
      requestId,
      responses: [
        {
          relevance: 900_000_000 + index,
          coherence: 910_000_000 + index,
          factual: 920_000_000 + index,
          responseTime: 930_000_000 + index,
          throughput: 35,
          scored: true,
          fraud: 0,
        },
      ],
    }));
    const attempt = await this.#liveAttempt(epoch, round);
    const report: ScoreReport = {
      epoch,
      round,
      attempt,
      poster: this.account("poster", 0),
      commitmentSet: id("the commitments behind it"),
      results,
    };
    const { signers, signatures } = await this.#sign(report, scoreReportDigest(this.manifest, report));
    return await this.chain.gasOf(
      report.poster,
      this.contracts.consensus.postScoreReport.populateTransaction(
        scoreReportCall(report),
        signers,
        signatures,
      ),
    );
  }

  /** The first attempt whose proposer is not silent; its turn must have begun. */
  async #liveAttempt(epoch: number, round: number): Promise<number> {
    const { validatorSet } = this.contracts;
    const [keys] = await validatorSet.frozenSeatsOf(epoch);
    for (let attempt = 0; ; attempt++) {
      const seat = Number(await validatorSet.proposerOf(epoch, round, attempt));
      if (!this.#silent.has(keys[seat] as string)) return attempt;
    }
  }
}
