/**
 * Score reports. The proposer of an attempt gathers commitments, co-signatures and what is revealed (commitments.ts),
 * assembles the medians, collects signatures and posts. Everybody else signs by the rule of the SDK alone.
 */
import {
  assembleResults,
  commitmentSetHash,
  hasSeat,
  isEnough,
  isRevert,
  MasaError,
  MAX_RESPONSES,
  MAX_RESULTS,
  packSignatures,
  proposerOf,
  relatedSeats,
  roundFaults,
  scoreReportCall,
  scoreReportDigest,
  seatsOf,
  signingRefusal,
  signScoreReport,
} from "#sdk";
import type { FrozenSeats, RoundContext, RoundEvidence, ScoreReport, Turn } from "#sdk";

import { gather, heldReveals } from "./commitments.ts";
import { placeInTime } from "./runtime.ts";
import { watchReveals } from "./offences.ts";
import type { KeeperRuntime } from "./runtime.ts";
import type { StoredRequest } from "./store.ts";
import { askPeers, isClosed, ownSeat, requireTurn, turnOf, withoutRevoked } from "./turns.ts";
import { verifySignature } from "./verify.ts";
import { decodeSignature, encode } from "./wire.ts";

/** What the chain says of these requests: how many responses, whether F counts, and whose scores do not. */
export async function contextOf(
  runtime: KeeperRuntime,
  frozen: FrozenSeats,
  requestIds: Iterable<bigint>,
): Promise<RoundContext> {
  const { store, connection } = runtime;
  const accounts = await runtime.accountsOf(frozen.epoch);
  const seats = frozen.hotKeys.map((hotKey, seat) => ({ hotKey, account: accounts[seat] ?? hotKey }));
  const responseCounts = new Map<bigint, number>();
  const withoutEvidence = new Set<bigint>();
  const related = new Map<bigint, readonly ReadonlySet<number>[]>();
  for (const requestId of requestIds) {
    const request = store.request(requestId);
    if (request === null) continue;
    const workers = store.commitments(requestId).map(({ worker }) => worker);
    responseCounts.set(requestId, workers.length);
    if (!request.hasEvidence) withoutEvidence.add(requestId);
    related.set(requestId, relatedSeats(seats, request.asker, workers));
  }
  return { manifest: connection.manifest, frozen, responseCounts, facts: { withoutEvidence, related } };
}

/** Requests of the vectors that can be settled now: a report carries every one of them that enough seats scored. */
function settleable(runtime: KeeperRuntime, reveals: RoundEvidence["reveals"], now: number): Set<bigint> {
  const named = new Set(reveals.flatMap(({ vector }) => vector.results.map(({ requestId }) => requestId)));
  const open = new Map(runtime.store.openRequests().map((request) => [request.requestId, request]));
  return new Set(
    [...named].filter((requestId) => {
      const request = open.get(requestId);
      return request !== undefined && isClosed(runtime, request, now);
    }),
  );
}

/** Throws MASA-503 unless the report of a final round follows from what it came with. */
export async function checkRound(
  runtime: KeeperRuntime,
  frozen: FrozenSeats,
  round: RoundEvidence,
): Promise<void> {
  const requestIds = round.report.results.map(({ requestId }) => requestId);
  const [fault] = roundFaults(await contextOf(runtime, frozen, requestIds), round);
  if (fault !== undefined) throw new MasaError("MASA-503", `${fault.part}: ${fault.message}`);
}

/** Signs a proposed score report if the signing rule lets it. Answers POST /sign/score. */
export async function signProposedRound(
  runtime: KeeperRuntime,
  round: RoundEvidence,
  proposer: string,
): Promise<string> {
  const { store, connection } = runtime;
  const turn = turnOf(round.report);
  const { frozen } = await ownSeat(runtime, turn.epoch);
  const { timestamp } = await connection.latest();
  await requireTurn(runtime, frozen, turn, proposer, timestamp);
  watchReveals(runtime, frozen, turn, round.reveals);
  const context = await contextOf(runtime, frozen, settleable(runtime, round.reveals, timestamp));
  const refusal = signingRefusal(context, round, {
    mask: await runtime.maskOf(turn.epoch),
    held: heldReveals(runtime, turn),
    signedDigest: store.signedDigest("scoreReport", turn),
  });
  if (refusal !== null) throw new MasaError("MASA-503", `${refusal.part}: ${refusal.message}`);
  return signReportOnce(runtime, round);
}

async function signReportOnce(runtime: KeeperRuntime, round: RoundEvidence): Promise<string> {
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

/** The turn of now if it is this keeper's to propose a report in, and nothing stands in the way. */
async function ownTurn(
  runtime: KeeperRuntime,
  now: number,
): Promise<{ turn: Turn; frozen: FrozenSeats; seat: number } | null> {
  const { store } = runtime;
  const turn = turnOf(await placeInTime(runtime, now));
  const frozen = await runtime.frozenSeats(turn.epoch);
  if (frozen === null || frozen.totalWeight === 0n) return null;
  const seat = proposerOf(frozen, turn.round, turn.attempt);
  if (frozen.hotKeys[seat] !== runtime.hotKey) return null;
  if (store.finalRounds(turn.epoch).some((final) => final.round === turn.round)) return null;
  // One set of commitments and one report an attempt: what came too late for them waits for the next.
  if (store.hasSigned("commitmentSet", turn) || store.hasSigned("scoreReport", turn)) return null;
  if (hasSeat(await runtime.maskOf(turn.epoch), seat)) return null;
  return { turn, frozen, seat };
}

/** The proposer's round: all that was revealed, and the report that follows from it; null where there is none. */
async function makeRound(
  runtime: KeeperRuntime,
  frozen: FrozenSeats,
  turn: Turn,
  requestIds: readonly bigint[],
  now: number,
): Promise<RoundEvidence | null> {
  const gathered = await gather(runtime, frozen, turn, requestIds);
  if (gathered === null) return null;
  const context = await contextOf(runtime, frozen, settleable(runtime, gathered.reveals, now));
  const vectors = gathered.reveals.map(({ vector }) => vector);
  const results = assembleResults(vectors, frozen, context.responseCounts, context.facts);
  if (results.length === 0) return null;
  const commitmentSet = commitmentSetHash(gathered.commitments);
  const report: ScoreReport = { ...turn, poster: runtime.hotKey, commitmentSet, results };
  return { report, ...gathered };
}

/** Proposes and posts a round's report if it is this keeper's turn and there is something to settle. */
export async function proposeRound(
  runtime: KeeperRuntime,
  requests: readonly StoredRequest[],
  now: number,
): Promise<boolean> {
  const { connection, store, log } = runtime;
  const requestIds = chooseRequests(runtime, requests, now);
  if (requestIds.length === 0) return false;
  const own = await ownTurn(runtime, now);
  if (own === null) return false;
  const { turn, frozen, seat } = own;
  const round = await makeRound(runtime, frozen, turn, requestIds, now);
  if (round === null) return false;
  const { report } = round;
  const digest = scoreReportDigest(connection.manifest, report);
  const signatures = new Map([[seat, await signReportOnce(runtime, round)]]);
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
  store.saveSignatures(digest, encode([...signatures].map(([at, signature]) => ({ seat: at, signature }))));
  const packed = packSignatures(signatures);
  try {
    await connection.send(() =>
      connection.contracts.consensus.postScoreReport(
        scoreReportCall(report),
        packed.signers,
        packed.signatures,
      ),
    );
    const signers = seatsOf(packed.signers);
    log.info({ ...turn, results: report.results.length, signers }, "score report posted");
    return true;
  } catch (error) {
    if (!isRevert(error, "ScoreConsensus_AlreadyFinal")) throw error;
    return false; // another attempt was faster
  }
}
