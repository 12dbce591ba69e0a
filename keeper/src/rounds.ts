/**
 * Score reports. The proposer of an attempt asks its peers for their own scores, assembles the medians, collects
 * signatures and posts. Everybody else signs only what follows from the vectors shown, proposed by whose turn it is.
 */
import { keccak256, toUtf8Bytes } from "ethers";

import {
  assembleResults,
  epochStart,
  hasSeat,
  isEnough,
  isRevert,
  isVectorSigned,
  MasaError,
  packSignatures,
  proposerOf,
  scoreReportDigest,
  seatsOf,
  signScoreReport,
  signVector,
} from "#sdk";
import type { FrozenSeats, RequestResult, ScoreReport, SignedVector } from "#sdk";

import { placeInTime } from "./runtime.ts";
import type { KeeperRuntime } from "./runtime.ts";
import type { StoredRequest } from "./store.ts";
import { verifySignature } from "./verify.ts";
import {
  decodeSignature,
  decodeVector,
  encode,
  encodeResults,
  MAX_MESSAGE_BYTES,
  MAX_RESPONSES,
  MAX_RESULTS,
} from "./wire.ts";
import type { RoundArchive, VectorCall } from "./wire.ts";

export interface Turn {
  readonly epoch: number;
  readonly round: number;
  readonly attempt: number;
}

/** Answers are closed and there is time to settle: what a report may carry. */
export function isClosed(runtime: KeeperRuntime, request: StoredRequest, now: number): boolean {
  const responses = runtime.store.commitments(request.requestId).length;
  if (responses === 0 || now > request.scoringDeadline) return false;
  return responses === request.maxResponses || now > request.responseDeadline;
}

export async function ownSeat(
  runtime: KeeperRuntime,
  epoch: number,
): Promise<{ frozen: FrozenSeats; seat: number }> {
  const frozen = await runtime.frozenSeats(epoch);
  if (frozen === null) throw new MasaError("MASA-503", `no set is frozen for epoch ${epoch}`);
  const seat = frozen.hotKeys.findIndex((hotKey) => hotKey === runtime.hotKey);
  if (seat < 0) throw new MasaError("MASA-503", `this keeper has no seat in epoch ${epoch}`);
  return { frozen, seat };
}

/** Throws MASA-503 unless `proposer` is the seat drawn for the turn and the turn has begun, MASA-504 if it was revoked. */
export async function requireTurn(
  runtime: KeeperRuntime,
  frozen: FrozenSeats,
  turn: Turn,
  proposer: string,
  now: number,
): Promise<void> {
  const begins =
    epochStart(await runtime.clock(), turn.epoch) +
    turn.round * runtime.roundLength +
    turn.attempt * runtime.times.attemptSeconds;
  if (now + 1 < begins) throw new MasaError("MASA-503", `attempt ${turn.attempt} has not begun`);
  const drawn = proposerOf(frozen, turn.round, turn.attempt);
  if (frozen.hotKeys[drawn] !== proposer)
    throw new MasaError(
      "MASA-503",
      `attempt ${turn.attempt} is ${frozen.hotKeys[drawn]}'s turn, not ${proposer}'s`,
    );
  // Who was robbed of its key revokes it: from then on the key proposes nothing.
  if (hasSeat(await runtime.maskOf(turn.epoch), drawn))
    throw new MasaError("MASA-504", `${proposer} was revoked`);
}

/** This keeper's own scores for a turn, signed once. Answers POST /vectors. */
export async function ownVector(runtime: KeeperRuntime, call: VectorCall): Promise<SignedVector> {
  const { store, connection } = runtime;
  const { seat } = await ownSeat(runtime, call.epoch);
  const results = [...new Set(call.requestIds)].flatMap((requestId) => store.ownResult(requestId) ?? []);
  const vector = { seat, epoch: call.epoch, round: call.round, attempt: call.attempt, results };
  const digest = keccak256(toUtf8Bytes(encodeResults(results)));
  if (!store.claimSignature("vector", call.epoch, call.round, call.attempt, digest)) {
    throw new MasaError("MASA-503", "another vector was signed for this attempt");
  }
  if (connection.wallet === null) throw new MasaError("MASA-104");
  return signVector(connection.wallet, connection.manifest, vector);
}

function responseCounts(runtime: KeeperRuntime, requestIds: readonly bigint[]): Map<bigint, number> {
  return new Map(requestIds.map((id) => [id, runtime.store.commitments(id).length]));
}

/** Throws MASA-503 unless the report follows from the vectors. */
export function checkRound(runtime: KeeperRuntime, frozen: FrozenSeats, round: RoundArchive): void {
  const { report, vectors } = round;
  for (const vector of vectors) {
    const sameTurn =
      vector.epoch === report.epoch && vector.round === report.round && vector.attempt === report.attempt;
    if (!sameTurn || !isVectorSigned(runtime.connection.manifest, frozen, vector)) {
      throw new MasaError("MASA-503", `the vector of seat ${vector.seat} is not signed for this attempt`);
    }
  }
  const counts = responseCounts(
    runtime,
    report.results.map((result) => result.requestId),
  );
  const expected: readonly RequestResult[] = assembleResults(vectors, frozen, counts);
  if (encodeResults(expected) !== encodeResults(report.results)) {
    throw new MasaError("MASA-503", "the results are not the medians of the vectors");
  }
}

/** Signs a proposed score report if it follows from the vectors. Answers POST /sign/score. */
export async function signProposedRound(
  runtime: KeeperRuntime,
  round: RoundArchive,
  proposer: string,
): Promise<string> {
  const { store, connection } = runtime;
  const { report, vectors } = round;
  const { frozen, seat } = await ownSeat(runtime, report.epoch);
  const { timestamp } = await connection.latest();
  await requireTurn(runtime, frozen, report, proposer, timestamp);
  if (report.poster !== proposer)
    throw new MasaError("MASA-503", "the report names another poster than its proposer");
  for (const result of report.results) {
    const request = store.request(result.requestId);
    if (request === null || !isClosed(runtime, request, timestamp)) {
      throw new MasaError("MASA-503", `request ${result.requestId} cannot be settled now`);
    }
  }
  checkRound(runtime, frozen, round);
  const mask = await runtime.maskOf(report.epoch);
  const revoked = vectors.find((vector) => hasSeat(mask, vector.seat));
  if (revoked !== undefined) throw new MasaError("MASA-503", `the key of seat ${revoked.seat} was revoked`);
  const own = vectors.find((vector) => vector.seat === seat);
  const known = report.results.filter((result) => store.ownResult(result.requestId) !== null);
  if (own === undefined && known.length === report.results.length) {
    throw new MasaError("MASA-503", "the report leaves out this keeper's vector");
  }
  return signReportOnce(runtime, round);
}

async function signReportOnce(runtime: KeeperRuntime, round: RoundArchive): Promise<string> {
  const { store, connection } = runtime;
  const { epoch, round: number, attempt } = round.report;
  const digest = scoreReportDigest(connection.manifest, round.report);
  if (!store.claimSignature("scoreReport", epoch, number, attempt, digest)) {
    throw new MasaError("MASA-503", "another report was signed for this attempt");
  }
  store.saveArchive(digest, epoch, encode(round));
  if (connection.wallet === null) throw new MasaError("MASA-104");
  return signScoreReport(connection.wallet, connection.manifest, round.report);
}

/** Asks every other seat at once; seats that fail are left out. */
export async function askPeers<T>(
  runtime: KeeperRuntime,
  frozen: FrozenSeats,
  path: string,
  body: string,
  read: (text: string, seat: number) => T,
): Promise<Map<number, T>> {
  const answers = new Map<number, T>();
  await Promise.all(
    frozen.hotKeys.map(async (hotKey, seat) => {
      if (hotKey === runtime.hotKey || frozen.weights[seat] === 0n) return;
      try {
        const peer = await runtime.peerOf(hotKey);
        if (peer === null) return;
        answers.set(seat, read(await runtime.call(peer, "POST", path, body, MAX_MESSAGE_BYTES), seat));
      } catch (error) {
        runtime.log.debug({ seat, path, error: String(error) }, "peer did not answer");
      }
    }),
  );
  return answers;
}

/** Drops what seats sent whose keys were revoked since the set was frozen: the contract takes no such signature. */
export function withoutRevoked(bySeat: Map<number, unknown>, mask: bigint): void {
  for (const seat of [...bySeat.keys()].filter((given) => hasSeat(mask, given))) bySeat.delete(seat);
}

/** What this keeper can put into a report now, oldest first, within the bounds of one report. */
function chooseRequests(runtime: KeeperRuntime, requests: readonly StoredRequest[], now: number): bigint[] {
  const chosen: bigint[] = [];
  let responses = 0;
  for (const request of requests) {
    const own = runtime.store.ownResult(request.requestId);
    if (own === null || !isClosed(runtime, request, now)) continue;
    responses += own.responses.length;
    if (chosen.length === MAX_RESULTS || responses > MAX_RESPONSES) break;
    chosen.push(request.requestId);
  }
  return chosen;
}

/** Proposes and posts a round's report if it is this keeper's turn and there is something to settle. */
export async function proposeRound(
  runtime: KeeperRuntime,
  requests: readonly StoredRequest[],
  now: number,
): Promise<boolean> {
  const { connection, store, log } = runtime;
  const turn: Turn = await placeInTime(runtime, now);
  const frozen = await runtime.frozenSeats(turn.epoch);
  if (frozen === null || frozen.totalWeight === 0n) return false;
  const seat = proposerOf(frozen, turn.round, turn.attempt);
  if (frozen.hotKeys[seat] !== runtime.hotKey) return false;
  if (store.finalRounds(turn.epoch).some((final) => final.round === turn.round)) return false;
  const requestIds = chooseRequests(runtime, requests, now);
  if (requestIds.length === 0 || store.hasSigned("scoreReport", turn)) return false;
  if (hasSeat(await runtime.maskOf(turn.epoch), seat)) return false;

  const own = await ownVector(runtime, { ...turn, requestIds });
  const call = encode({ epoch: turn.epoch, round: turn.round, attempt: turn.attempt, requestIds });
  const answers = await askPeers(runtime, frozen, "/vectors", call, (text, peerSeat) => {
    const vector = decodeVector(text);
    if (vector.seat !== peerSeat) throw new MasaError("MASA-503", "a vector of another seat");
    return vector;
  });
  withoutRevoked(answers, await runtime.maskOf(turn.epoch));
  const vectors = [own, ...answers.values()]
    .filter((vector) => isVectorSigned(connection.manifest, frozen, vector))
    .sort((a, b) => a.seat - b.seat);
  const results = assembleResults(vectors, frozen, responseCounts(runtime, requestIds));
  if (results.length === 0) return false;
  const report: ScoreReport = {
    epoch: turn.epoch,
    round: turn.round,
    attempt: turn.attempt,
    poster: runtime.hotKey,
    results,
  };
  const round: RoundArchive = { report, vectors };
  const signatures = new Map([[seat, await signReportOnce(runtime, round)]]);
  const digest = scoreReportDigest(connection.manifest, report);
  const signed = await askPeers(runtime, frozen, "/sign/score", encode(round), (text, peerSeat) => {
    const signature = decodeSignature(text);
    verifySignature(digest, signature, frozen.hotKeys[peerSeat] ?? "");
    return signature;
  });
  for (const [peerSeat, signature] of signed) signatures.set(peerSeat, signature);
  withoutRevoked(signatures, await runtime.maskOf(turn.epoch));
  if (!isEnough(frozen, signatures.keys())) {
    log.warn({ ...turn, signatures: signatures.size }, "too few signatures for a score report");
    return false;
  }
  const packed = packSignatures(signatures);
  try {
    await connection.send(() =>
      connection.contracts.consensus.postScoreReport(
        { ...report, results: report.results.map((r) => ({ ...r, responses: [...r.responses] })) },
        packed.signers,
        packed.signatures,
      ),
    );
    log.info({ ...turn, results: results.length, signers: seatsOf(packed.signers) }, "score report posted");
    return true;
  } catch (error) {
    if (!isRevert(error, "ScoreConsensus_AlreadyFinal")) throw error;
    return false; // another attempt was faster
  }
}
