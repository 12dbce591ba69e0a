/** A whole pass with the SDK on a real chain: ask, answer, score, agree, settle, report the epoch. No keeper runs here. */
import { assert } from "chai";
import { keccak256, toUtf8Bytes } from "ethers";
import type { TransactionReceipt, Wallet } from "ethers";

import { assembleEpochScores } from "../../sdk/src/epochScores.ts";
import { readEvents } from "../../sdk/src/events.ts";
import type { MasaEvent } from "../../sdk/src/events.ts";
import { payloadHash, responseCommitment } from "../../sdk/src/payloads.ts";
import {
  assembleResults,
  isVectorSigned,
  packSignatures,
  seatsOf,
  signEpochReport,
  signScoreReport,
  signVector,
} from "../../sdk/src/reports.ts";
import type {
  EpochReport,
  FrozenSeats,
  RequestResult,
  ResponseScore,
  ScoreReport,
  SignedVector,
} from "../../sdk/src/reports.ts";
import { removeTemporaryFolders } from "./deployment.ts";
import { deployedNetwork, refused } from "./network.ts";
import type { Node } from "./network.ts";

const MASA = 10n ** 18n;
const WAD = 10n ** 18n;
const REWARD = 20n * MASA;
const salt = (index: number): string => keccak256(toUtf8Bytes(`salt ${index}`));
const answerOf = (index: number): string => JSON.stringify({ answer: index });

const GOOD: ResponseScore = {
  relevance: 900_000_000,
  coherence: 800_000_000,
  factual: 950_000_000,
  responseTime: 700_000_000,
  throughput: 60,
  scored: true,
  fraud: 0,
};
const BAD: ResponseScore = { ...GOOD, relevance: 100_000_000, factual: 0 };
/** EQ-18 with the weights of local.json5: 0.35 R + 0.2 C + 0.35 F + 0.1 T. */
const qualityOf = ({ relevance, coherence, factual, responseTime }: ResponseScore): bigint =>
  (WAD *
    (35n * BigInt(relevance) +
      20n * BigInt(coherence) +
      35n * BigInt(factual) +
      10n * BigInt(responseTime))) /
  (100n * 10n ** 9n);

describe("a pass through the market", () => {
  let network: Awaited<ReturnType<typeof deployedNetwork>>;
  let validators: { node: Node; hotKey: Wallet }[];
  let workers: Node[];
  let oracle: Node;
  let frozen: FrozenSeats;
  let epoch: number;
  let round: number;
  let requestId: bigint;
  let vectors: SignedVector[];
  let report: ScoreReport;
  let signatures: Map<number, string>;

  const mutable = (made: ScoreReport) => ({
    ...made,
    results: made.results.map((result) => ({ ...result, responses: [...result.responses] })),
  });
  const post = (made: ScoreReport, by: ReadonlyMap<number, string>) => {
    const packed = packSignatures(by);
    return network.contracts.consensus.postScoreReport(mutable(made), packed.signers, packed.signatures);
  };
  const keyOfSeat = (seat: number): Wallet => {
    const found = validators.find(({ hotKey }) => hotKey.address === frozen.hotKeys[seat]);
    if (found === undefined) throw new Error(`seat ${seat} is free`);
    return found.hotKey;
  };
  const eventsOf = async (receipt: TransactionReceipt | null): Promise<MasaEvent[]> => {
    if (receipt === null) throw new Error("not mined");
    return readEvents(network.contracts, receipt.blockNumber, receipt.blockNumber);
  };
  before(async () => {
    network = await deployedNetwork();
    validators = await network.admitValidators(6);
    workers = [
      await network.admit("worker", 200n, "http://worker-0.example"),
      await network.admit("worker", 200n, "http://worker-1.example/"),
    ];
    oracle = await network.admit("oracle", 200n, "http://oracle.example");
    await network.contracts.masa.transfer(oracle.account, 100n * MASA);
    await oracle.contracts.masa.approve(network.manifest.contracts.escrow, 100n * MASA);
    await oracle.contracts.escrow.deposit(100n * MASA);
    epoch = await network.rollNext();
    frozen = await network.frozenAt(epoch);
  });
  after(removeTemporaryFolders);

  it("is asked and answered: events say what was committed, to whom and until when", async () => {
    const payload = payloadHash("what is a seat?");
    const submitted = await oracle.contracts.escrow.submit({
      payloadHash: payload,
      kind: 0,
      hasEvidence: true,
      maxResponses: 2,
      baseReward: REWARD,
      minQuality: (6n * WAD) / 10n,
      responseWindow: 10,
      scoringWindow: 60,
    });
    const [asked] = await eventsOf(await submitted.wait());
    if (asked?.type !== "submitted") return assert.fail(`${asked?.type} instead of submitted`);
    requestId = asked.requestId;
    assert.include(asked, {
      asker: oracle.account,
      payloadHash: payload,
      kind: "llm-completion",
      hasEvidence: true,
      maxResponses: 2,
      baseRewardWei: REWARD,
    });
    assert.equal(asked.responseDeadline - asked.submittedAt, 10);
    assert.equal(asked.scoringDeadline - asked.responseDeadline, 60);

    for (const [index, worker] of workers.entries()) {
      const nonce = await worker.contracts.registry.nonceOf(worker.account);
      const commitment = responseCommitment(
        requestId,
        worker.account,
        nonce,
        salt(index),
        payloadHash(answerOf(index)),
      );
      const sent = await worker.contracts.escrow.commit(requestId, commitment);
      const [event] = await eventsOf(await sent.wait());
      assert.deepEqual(event, {
        type: "committed",
        requestId,
        worker: worker.account,
        index,
        nonce,
        commitment,
      });
      await refused(worker.contracts.escrow.commit(requestId, commitment), "RequestEscrow_AlreadyCommitted");
    }
    await refused(oracle.contracts.escrow.commit(requestId, salt(2)), "RequestEscrow_ResponsesFull");
  });

  it("is scored: a third of the weight cannot move what the others say", async () => {
    const { clock, consensus } = network.contracts;
    const [start, length] = await Promise.all([clock.epochStart(epoch), consensus.roundLength()]);
    round = Math.floor(((await network.now()) - Number(start)) / Number(length));
    let lying = 0n;
    vectors = await Promise.all(
      [...frozen.weights.keys()].map((seat) => {
        const weight = frozen.weights[seat] ?? 0n;
        const lies = 3n * (lying + weight) <= frozen.totalWeight;
        if (lies) lying += weight;
        const responses = lies ? [BAD, GOOD] : [GOOD, BAD];
        const results: RequestResult[] = [{ requestId, responses }];
        return signVector(keyOfSeat(seat), network.manifest, { seat, epoch, round, attempt: 0, results });
      }),
    );
    assert.isAbove(Number(lying), 0, "nobody lied");
    for (const vector of vectors) assert.isTrue(isVectorSigned(network.manifest, frozen, vector));
    const results = assembleResults(vectors, frozen, new Map([[requestId, 2]]));
    assert.deepEqual(results, [{ requestId, responses: [GOOD, BAD] }]);
    const poster = keyOfSeat(0).address;
    report = { epoch, round, attempt: 0, poster, results };
    signatures = new Map(
      await Promise.all(
        [...frozen.weights.keys()].map(
          async (seat) => [seat, await signScoreReport(keyOfSeat(seat), network.manifest, report)] as const,
        ),
      ),
    );
  });

  it("is not settled by too few, by a stranger, or by signatures of another report", async () => {
    const [first, second] = [signatures.get(0) ?? "", signatures.get(1) ?? ""];
    await refused(post(report, new Map([[0, first]])), "ScoreConsensus_NotEnoughWeight");
    await refused(post(report, new Map([...signatures, [0, second]])), "ScoreConsensus_BadSignature");
    await refused(post(report, new Map([...signatures, [63, first]])), "ScoreConsensus_UnknownSeat");
    const forged = { ...report, results: [{ requestId, responses: [BAD, GOOD] }] };
    await refused(post(forged, signatures), "ScoreConsensus_BadSignature");
    await refused(post({ ...report, attempt: 1 }, signatures), "ScoreConsensus_BadSignature");
    await refused(post({ ...report, results: [] }, signatures), "ScoreConsensus_EmptyReport");
    const { state } = await network.contracts.escrow.requestOf(requestId);
    assert.equal(state, 1n, "it is still open");
  });

  it("is settled by more than two thirds: the good answer is paid R_base·Q, the bad one slashed, the rest refunded", async () => {
    const { escrow, vault } = network.contracts;
    const creditBefore = await escrow.creditOf(oracle.account);
    const stakeBefore = await vault.masaStakeOf(workers[1]?.account ?? "");
    const posted = await (await post(report, signatures)).wait();
    const events = await eventsOf(posted);
    const final = events.find((event) => event.type === "roundFinal");
    if (final?.type !== "roundFinal") return assert.fail("no final round");
    assert.deepInclude(final, { epoch, round });
    assert.deepEqual(seatsOf(final.signers), [...signatures.keys()]);
    assert.equal(final.digest, await network.contracts.consensus.finalDigestOf(epoch, round));

    const paid = (REWARD * qualityOf(GOOD)) / WAD;
    const slash = REWARD / 2n; // κ is one half in local.json5
    assert.deepInclude(events, {
      type: "responseSettled",
      requestId,
      worker: workers[0]?.account ?? "",
      outcome: "paid",
      qualityWad: qualityOf(GOOD),
      rewardWei: paid,
      slashedWei: 0n,
      fraud: 0,
    });
    assert.deepInclude(events, {
      type: "responseSettled",
      requestId,
      worker: workers[1]?.account ?? "",
      outcome: "slashed",
      qualityWad: qualityOf(BAD),
      rewardWei: 0n,
      slashedWei: slash,
      fraud: 0,
    });
    assert.deepInclude(events, { type: "settled", requestId, paidWei: paid, refundedWei: REWARD - paid });
    assert.equal(await escrow.creditOf(workers[0]?.account ?? ""), paid);
    assert.equal((await escrow.creditOf(oracle.account)) - creditBefore, REWARD - paid);
    assert.equal(stakeBefore - (await vault.masaStakeOf(workers[1]?.account ?? "")), slash);
    await refused(post(report, signatures), "ScoreConsensus_AlreadyFinal");
  });

  it("is reported at the epoch's end: who lied has the lowest L, and the contract takes the SDK's scores", async () => {
    await network.rollNext();
    const facts = new Map([[requestId, { isLlm: true, hasEvidence: true }]]);
    const rounds = [{ round, results: report.results, vectors, signers: [...signatures.keys()] }];
    const scores = assembleEpochScores(rounds, frozen, facts);
    const liars = vectors.filter((vector) => vector.results[0]?.responses[0]?.relevance === BAD.relevance);
    for (const [seat, llm] of scores.llm.entries()) {
      const isLiar = liars.some((vector) => vector.seat === seat);
      assert.equal(isLiar ? llm < 600_000_000 : llm === 1_000_000_000, true, `seat ${seat}: ${llm}`);
    }
    const epochReport: EpochReport = { epoch, attempt: 0, poster: keyOfSeat(0).address, scores };
    const signed = new Map<number, string>();
    for (const seat of frozen.weights.keys())
      signed.set(seat, await signEpochReport(keyOfSeat(seat), network.manifest, epochReport));
    const { signers, signatures: bytes } = packSignatures(signed);
    const given = {
      ...epochReport,
      scores: { ...scores, consensus: [...scores.consensus], data: [...scores.data], llm: [...scores.llm] },
    };
    const { consensus, validatorSet } = network.contracts;
    const higher = { ...given, scores: { ...given.scores, llm: given.scores.llm.map(() => 1_000_000_000) } };
    await refused(consensus.postEpochReport(higher, signers, bytes), "ScoreConsensus_BadSignature");
    const posted = await (await consensus.postEpochReport(given, signers, bytes)).wait();
    assert.deepInclude(await eventsOf(posted), {
      type: "epochFinal",
      epoch,
      digest: await consensus.finalEpochDigestOf(epoch),
    });
    const next = await validatorSet.nextToBePruned();
    const expected = liars.map(({ seat }) => seat);
    assert.include(expected, Number(next.seat), "the next to be pruned is one of those who lied");
    await refused(consensus.postEpochReport(given, signers, bytes), "ScoreConsensus_EpochAlreadyFinal");
  });
});
