/**
 * A whole pass with the SDK on a real chain: deposit, ask, answer, score, agree, settle, withdraw, report the epoch, claim
 * rewards. Every wei is accounted for. No keeper runs here.
 */
import { assert } from "chai";

import { assembleResults } from "../../sdk/src/assembly.ts";
import {
  commitmentOf,
  commitmentSetHash,
  signCommitment,
  signCommitmentSet,
  signVector,
  vectorDigest,
} from "../../sdk/src/commitments.ts";
import type { CosignedSet, Reveal } from "../../sdk/src/commitments.ts";
import { assembleEpochScores, idleSeats } from "../../sdk/src/epochScores.ts";
import { seatsOf } from "../../sdk/src/frozen.ts";
import type { FrozenSeats, Turn } from "../../sdk/src/frozen.ts";
import { payloadHash, responseCommitment } from "../../sdk/src/payloads.ts";
import {
  epochReportDigest,
  scoreReportDigest,
  signEpochReport,
  signScoreReport,
} from "../../sdk/src/reports.ts";
import type { EpochReport, ScoreReport } from "../../sdk/src/reports.ts";
import { SCORE_ONE } from "../../sdk/src/results.ts";
import type { RequestResult } from "../../sdk/src/results.ts";
import { addAllocation, allocateRewards, EMPTY_TABLE } from "../../sdk/src/rewards.ts";
import type { RewardTable } from "../../sdk/src/rewards.ts";
import { RewardTree } from "../../sdk/src/rewardTree.ts";
import { proposerOf } from "../../sdk/src/selection.ts";
import { roundFaults } from "../../sdk/src/signingRule.ts";
import { localParameters, removeTemporaryFolders } from "./deployment.ts";
import { refused } from "./network.ts";
import type { Node } from "./network.ts";
import {
  answerOf,
  BAD,
  DEPOSIT,
  EPOCH_ROUND,
  feeOf,
  GOOD,
  openMarket,
  qualityOf,
  REWARD,
  salt,
  submission,
  WAD,
  without,
} from "./pass.ts";

describe("a pass through the market", () => {
  let market: Awaited<ReturnType<typeof openMarket>>;
  let network: (typeof market)["network"];
  let workers: Node[];
  let oracle: Node;
  /** Is paid for the reports: a validator's account, though anybody's would do. */
  let poster: Node;
  let frozen: FrozenSeats;
  let epoch: number;
  let round: number;
  let requestId: bigint;
  let reveals: Reveal[];
  let report: ScoreReport;
  let signatures: Map<number, string>;
  let posterPay: bigint;
  let table: RewardTable;

  const fee = feeOf(0n, REWARD);
  const paid = (REWARD * qualityOf(GOOD)) / WAD;
  const slash = REWARD / 2n; // κ is one half in local.json5

  before(async () => {
    market = await openMarket();
    ({ network, workers, oracle, epoch, frozen } = market);
    poster = (market.validators[0] as { node: Node }).node;
  });
  after(removeTemporaryFolders);

  it("is asked and answered: events say what was committed, to whom and until when", async () => {
    const { escrow } = network.contracts;
    assert.equal(await escrow.creditOf(oracle.account), DEPOSIT);
    const submitted = await oracle.contracts.escrow.submit(submission("what is a seat?"));
    const [asked] = await market.eventsOf(await submitted.wait());
    if (asked?.type !== "submitted") return assert.fail(`${asked?.type} instead of submitted`);
    requestId = asked.requestId;
    assert.include(asked, {
      asker: oracle.account,
      payloadHash: payloadHash("what is a seat?"),
      kind: "llm-completion",
      hasEvidence: true,
      maxResponses: 2,
      baseRewardWei: REWARD,
      feeWei: fee,
    });
    assert.equal(asked.responseDeadline - asked.submittedAt, 10);
    assert.equal(asked.scoringDeadline - asked.responseDeadline, 60);
    assert.equal(await escrow.creditOf(oracle.account), DEPOSIT - REWARD - fee, "the fee is due at once");

    for (const [index, worker] of workers.entries()) {
      const nonce = await worker.contracts.registry.nonceOf(worker.account);
      const answer = payloadHash(answerOf(index));
      const commitment = responseCommitment(requestId, worker.account, nonce, salt(index), answer);
      const sent = await worker.contracts.escrow.commit(requestId, commitment);
      const receipt = await sent.wait();
      const [event] = await market.eventsOf(receipt);
      assert.deepEqual(event, {
        type: "committed",
        requestId,
        worker: worker.account,
        index,
        nonce,
        commitment,
        committedAt: (await receipt?.getBlock())?.timestamp ?? 0,
      });
      await refused(worker.contracts.escrow.commit(requestId, commitment), "RequestEscrow_AlreadyCommitted");
    }
    await refused(oracle.contracts.escrow.commit(requestId, salt(2)), "RequestEscrow_ResponsesFull");
    await market.requireSolvent();
  });

  it("of which another is taken back: reward and fee return whole", async () => {
    const { escrow } = oracle.contracts;
    const before = await escrow.creditOf(oracle.account);
    await escrow.submit(submission("never mind"));
    const dearer = feeOf(REWARD, REWARD);
    assert.isTrue(dearer > fee, "the price rises with what the epoch has consumed");
    assert.equal(await escrow.creditOf(oracle.account), before - REWARD - dearer);
    await escrow.cancel(requestId + 1n);
    assert.equal(await escrow.creditOf(oracle.account), before);
    await market.requireSolvent();
  });

  it("is scored: a third of the weight cannot move what the others say", async () => {
    const { manifest } = network;
    const { clock, consensus } = network.contracts;
    const [start, length] = await Promise.all([clock.epochStart(epoch), consensus.roundLength()]);
    round = Math.floor(((await network.now()) - Number(start)) / Number(length));
    const turn: Turn = { epoch, round, attempt: 0 };
    let lying = 0n;
    reveals = await Promise.all(
      [...frozen.weights.keys()].map(async (seat) => {
        const weight = frozen.weights[seat] ?? 0n;
        const lies = 3n * (lying + weight) <= frozen.totalWeight;
        if (lies) lying += weight;
        const results: RequestResult[] = [{ requestId, responses: lies ? [BAD, GOOD] : [GOOD, BAD] }];
        return {
          vector: await signVector(market.keyOfSeat(seat), manifest, { ...turn, seat, results }),
          salt: salt(seat),
        };
      }),
    );
    assert.isAbove(Number(lying), 0, "nobody lied");
    const commitments = await Promise.all(
      reveals.map(({ vector, salt: secret }) => {
        const key = market.keyOfSeat(vector.seat);
        const commitment = commitmentOf(vectorDigest(manifest, vector, key.address), secret);
        return signCommitment(key, manifest, { ...turn, seat: vector.seat, commitment });
      }),
    );
    const cosigned = await market.bySeat((key) => signCommitmentSet(key, manifest, turn, commitments));
    const set: CosignedSet = {
      commitments,
      cosignatures: [...cosigned].map(([seat, signature]) => ({ seat, signature })),
    };
    const responseCounts = new Map([[requestId, 2]]);
    const vectors = reveals.map(({ vector }) => vector);
    const results = assembleResults(vectors, frozen, responseCounts);
    assert.deepEqual(results, [{ requestId, responses: [GOOD, BAD] }]);
    report = { ...turn, poster: poster.account, commitmentSet: commitmentSetHash(commitments), results };
    const context = { manifest, frozen, responseCounts, facts: {} };
    assert.deepEqual(roundFaults(context, { ...set, report, reveals }), []);
    signatures = await market.bySeat((key) => signScoreReport(key, manifest, report));
  });

  it("is not settled by too few, a stranger, without the proposer, too early, or on another report", async () => {
    const [first, second] = [signatures.get(0) ?? "", signatures.get(1) ?? ""];
    await refused(market.post(report, new Map([[0, first]])), "ScoreConsensus_NotEnoughWeight");
    await refused(market.post(report, new Map([...signatures, [0, second]])), "ScoreConsensus_BadSignature");
    await refused(market.post(report, new Map([...signatures, [63, first]])), "ScoreConsensus_UnknownSeat");
    const proposer = proposerOf(frozen, round, 0);
    await refused(market.post(report, without(signatures, proposer)), "ScoreConsensus_ProposerMissing");
    const forged = { ...report, results: [{ requestId, responses: [BAD, GOOD] }] };
    await refused(market.post(forged, signatures), "ScoreConsensus_BadSignature");
    const gifted = { ...report, poster: oracle.account };
    await refused(market.post(gifted, signatures), "ScoreConsensus_BadSignature");
    const empty = { ...report, results: [] };
    const emptySigned = await market.bySeat((key) => signScoreReport(key, network.manifest, empty));
    await refused(market.post(empty, emptySigned), "RequestEscrow_EmptyReport");
    // The last round's second attempt is half an epoch away.
    await refused(
      market.post({ ...report, round: 4, attempt: 1 }, signatures),
      "ScoreConsensus_AttemptNotBegun",
    );
    await refused(market.post({ ...report, attempt: 2 }, signatures), "ScoreConsensus_NoSuchAttempt");
    const { state } = await network.contracts.escrow.requestOf(requestId);
    assert.equal(state, 1n, "it is still open");
  });

  it("is settled by more than two thirds: the good answer is paid R_base·Q, the bad one slashed, the rest refunded", async () => {
    const { escrow, vault, consensus } = network.contracts;
    const creditBefore = await escrow.creditOf(oracle.account);
    const stakeBefore = await vault.masaStakeOf(workers[1]?.account ?? "");
    assert.isFalse(await consensus.isFinal(epoch, round));
    const posted = await (await market.post(report, signatures)).wait();
    if (posted === null) return assert.fail("not mined");
    const events = await market.eventsOf(posted);
    const final = events.find((event) => event.type === "roundFinal");
    if (final?.type !== "roundFinal") return assert.fail("no final round");
    const digest = scoreReportDigest(network.manifest, report);
    assert.deepInclude(final, { epoch, round, digest });
    assert.deepEqual(seatsOf(final.signers), [...signatures.keys()]);
    assert.isTrue(await consensus.isFinal(epoch, round));

    const settled = { type: "responseSettled", requestId, fraud: 0 } as const;
    assert.deepInclude(events, {
      ...{ ...settled, worker: workers[0]?.account ?? "", outcome: "paid", qualityWad: qualityOf(GOOD) },
      ...{ rewardWei: paid, slashedWei: 0n },
    });
    assert.deepInclude(events, {
      ...{ ...settled, worker: workers[1]?.account ?? "", outcome: "slashed", qualityWad: qualityOf(BAD) },
      ...{ rewardWei: 0n, slashedWei: slash },
    });
    assert.deepInclude(events, { type: "settled", requestId, paidWei: paid });
    assert.equal(await escrow.creditOf(workers[0]?.account ?? ""), paid);
    assert.equal((await escrow.creditOf(oracle.account)) - creditBefore, REWARD - paid, "the fee is kept");
    assert.equal(stakeBefore - (await vault.masaStakeOf(workers[1]?.account ?? "")), slash);
    await refused(market.post(report, signatures), "ScoreConsensus_AlreadyFinal");

    const { poster: terms, terms: shares } = localParameters();
    const most = (fee * shares.posterShare) / WAD;
    const price = posted.gasPrice < terms.maxGasPrice ? posted.gasPrice : terms.maxGasPrice;
    const gasCost = (posted.gasUsed * price * terms.masaPerEther) / WAD;
    const [pay] = await escrow.queryFilter(escrow.filters.PosterPaid, posted.blockNumber);
    const refund = (pay?.args.cost ?? 0n) - terms.bounty;
    const apart = refund > gasCost ? refund - gasCost : gasCost - refund;
    assert.isTrue(20n * apart <= gasCost, `${refund} wei for gas of ${gasCost} wei: within 5 %`);
    assert.isTrue(terms.bounty + refund > most, "which is more than the fees allow");
    posterPay = most;
    assert.equal(await escrow.creditOf(poster.account), most);
    const { reserved, heldFees, fees } = await escrow.totals();
    assert.deepEqual([reserved, heldFees, fees], [0n, 0n, fee - most]);
    await market.requireSolvent();
  });

  it("pays its fee to validators, emissions and treasury, and lets everybody withdraw what is theirs", async () => {
    const { escrow, feePool, masa, distributor, emissions } = network.contracts;
    const { escrow: escrowAddress, feePool: pool, timelock } = network.manifest.contracts;
    const rest = fee - posterPay;
    const poolBefore = await emissions.pool();
    const treasuryBefore = await masa.balanceOf(timelock);
    await escrow.collectFees();
    assert.equal(await masa.balanceOf(pool), rest);
    await feePool.distribute();
    const { feeSplit } = localParameters();
    const toValidators = (rest * feeSplit.validators) / WAD;
    const toEmissions = (rest * feeSplit.emission) / WAD;
    assert.deepEqual([...(await distributor.funded())], [toValidators, 0n]);
    assert.equal((await emissions.pool()) - poolBefore, toEmissions);
    assert.equal((await masa.balanceOf(timelock)) - treasuryBefore, rest - toValidators - toEmissions);
    assert.equal(await masa.balanceOf(pool), 0n);

    const owed = [
      [workers[0] as Node, paid],
      [oracle, DEPOSIT - paid - fee],
      [poster, posterPay],
    ] as const;
    for (const [{ account, contracts }, amount] of owed) {
      const before = await masa.balanceOf(account);
      await refused(
        contracts.escrow.withdrawCredit(account, amount + 1n),
        "RequestEscrow_InsufficientCredit",
      );
      await contracts.escrow.withdrawCredit(account, amount);
      assert.equal((await masa.balanceOf(account)) - before, amount);
      assert.equal(await escrow.creditOf(account), 0n);
    }
    assert.equal(await masa.balanceOf(escrowAddress), 0n, "no wei is left behind");
  });

  it("is reported at the epoch's end: who lied has the lowest L, and the root of rewards is accepted", async () => {
    const { manifest } = network;
    const { consensus, validatorSet, distributor, emissions, standing, clock } = network.contracts;
    await network.rollNext();
    const facts = new Map([[requestId, { isLlm: true, hasEvidence: true }]]);
    const vectors = reveals.map(({ vector }) => vector);
    const seats = [...frozen.weights.keys()];
    const rounds = [{ round, results: report.results, vectors, committed: seats, signers: seats }];
    const scores = assembleEpochScores(rounds, frozen, facts);
    const liars = vectors.filter((vector) => vector.results[0]?.responses[0]?.relevance === BAD.relevance);
    for (const [seat, llm] of scores.llm.entries()) {
      const isLiar = liars.some((vector) => vector.seat === seat);
      assert.equal(isLiar ? llm < 600_000_000 : llm === SCORE_ONE, true, `seat ${seat}: ${llm}`);
    }

    const { emission, seats: seatTerms } = localParameters();
    const released = ((await emissions.pool()) * emission.rate) / WAD;
    const [validatorPot, workerPot] = await distributor.nextPots();
    const [fundedBefore] = await distributor.funded();
    assert.equal(validatorPot, fundedBefore + (released * emission.shares.validators) / WAD);
    assert.equal(workerPot, (released * emission.shares.workers) / WAD);
    const allocation = allocateRewards({
      validatorPot,
      workerPot,
      weights: [seatTerms.weights.consensus, seatTerms.weights.data, seatTerms.weights.llm],
      hasData: scores.hasData,
      hasLlm: scores.hasLlm,
      seats: await market.seatsWith(scores),
      workers: await Promise.all(
        workers.map(async ({ account }, index) => {
          const { stakeUnits, requirement } = await standing.standingOf(account, 2);
          return {
            account,
            stakeUnits,
            requirement,
            settledWork: index === 0 ? paid : 0n,
            availability: SCORE_ONE,
          };
        }),
      ),
    });
    assert.deepEqual([...allocation.workers], [[workers[0]?.account ?? "", workerPot]], "one worked well");
    // Each of six seats rounds two parts down.
    const dust = validatorPot - allocation.validatorTotal;
    assert.isTrue(dust >= 0n && dust <= 13n, `${dust} wei are left in the pot`);
    const { table: given, root } = addAllocation(EMPTY_TABLE, allocation);
    table = given;

    const epochReport: EpochReport = {
      epoch,
      attempt: 0,
      poster: poster.account,
      scores,
      rewardRoot: root,
      validatorTotal: table.validatorTotal,
      workerTotal: table.workerTotal,
      idle: idleSeats(rounds, frozen, localParameters().offences.maxMissed),
    };
    assert.equal(epochReport.idle, 0n);
    const begins = Number(await clock.epochStart(epoch + 1)) + Number(await consensus.attemptLength());
    if ((await network.now()) < begins) await network.goTo(begins);
    const signed = await market.bySeat((key) => signEpochReport(key, manifest, epochReport));
    const higher = { ...epochReport, scores: { ...scores, llm: scores.llm.map(() => SCORE_ONE) } };
    await refused(market.postEpoch(higher, signed), "ScoreConsensus_BadSignature");
    const greedy = { ...epochReport, validatorTotal: validatorPot };
    await refused(market.postEpoch(greedy, signed), "ScoreConsensus_BadSignature");
    const proposer = proposerOf(frozen, EPOCH_ROUND, 0);
    await refused(market.postEpoch(epochReport, without(signed, proposer)), "ScoreConsensus_ProposerMissing");
    await refused(market.postEpoch({ ...epochReport, attempt: 8 }, signed), "ScoreConsensus_AttemptNotBegun");
    const beyond = { ...epochReport, workerTotal: workerPot + 1n };
    const beyondSigned = await market.bySeat((key) => signEpochReport(key, manifest, beyond));
    await refused(market.postEpoch(beyond, beyondSigned), "RewardDistributor_NotFunded");

    const posted = await (await market.postEpoch(epochReport, signed)).wait();
    const digest = epochReportDigest(manifest, epochReport);
    assert.deepInclude(await market.eventsOf(posted), { type: "epochFinal", epoch, digest });
    assert.isTrue(await consensus.isEpochFinal(epoch));
    assert.equal(await network.contracts.escrow.creditOf(poster.account), 0n, "no fees wait to pay it");
    assert.equal((await distributor.lastRoot()).root, root);
    assert.deepEqual([...(await distributor.funded())], [validatorPot, workerPot]);
    const lowest = Number((await validatorSet.nextToBePruned()).seat);
    assert.include(
      liars.map(({ seat }) => seat),
      lowest,
      "the next to be pruned is one of those who lied",
    );
    await refused(market.postEpoch(epochReport, signed), "ScoreConsensus_EpochAlreadyFinal");
  });

  it("rewards who worked: everybody claims to the wei, once the root is active", async () => {
    const { distributor, masa } = network.contracts;
    const tree = new RewardTree(table.balances);
    const callOf = (account: string): [string, bigint, string[]] => {
      const proof = tree.proofOf(account);
      if (proof === null) throw new Error(`no leaf of ${account}`);
      return [proof.account, proof.cumulative, [...proof.proof]];
    };
    const worker = workers[0]?.account ?? "";
    await refused(distributor.claim(...callOf(worker)), "RewardDistributor_NoActiveRoot");
    await network.goTo(Number((await distributor.lastRoot()).activeFrom));
    const [, most, proof] = callOf(worker);
    await refused(distributor.claim(worker, most + 1n, proof), "RewardDistributor_InvalidProof");
    await refused(distributor.claim(oracle.account, most, proof), "RewardDistributor_InvalidProof");

    for (const [account, cumulative] of table.balances) {
      const before = await masa.balanceOf(account);
      await distributor.claim(...callOf(account));
      assert.equal((await masa.balanceOf(account)) - before, cumulative);
      await refused(distributor.claim(...callOf(account)), "RewardDistributor_NothingToClaim");
    }
    assert.equal(table.balances.size, market.validators.length + 1);
    const [toValidators, toWorkers] = await distributor.funded();
    const left = toValidators + toWorkers - table.validatorTotal - table.workerTotal;
    assert.equal(await masa.balanceOf(network.manifest.contracts.distributor), left);
  });
});
