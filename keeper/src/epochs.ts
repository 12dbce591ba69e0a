/** The roll and the epoch report: what a keeper does once an epoch. */
import {
  assembleEpochScores,
  epochReportCall,
  epochReportDigest,
  explainChainError,
  hasSeat,
  idleSeats,
  isEnough,
  isRevert,
  MasaError,
  EPOCH_ROUND,
  packSignatures,
  proposerOf,
  scoreReportDigest,
  seatsOf,
  signEpochReport,
} from "#sdk";
import type {
  AvailabilityVector,
  Balances,
  EpochReport,
  FinalRound,
  FrozenSeats,
  RequestFacts,
  RoundEvidence,
} from "#sdk";

import { checkAvailability, gatherAvailability } from "./availability.ts";
import { moveFees } from "./fees.ts";
import { rewardsFor } from "./rewards.ts";
import { checkRound, contextOf } from "./rounds.ts";
import { placeInTime } from "./runtime.ts";
import type { KeeperRuntime } from "./runtime.ts";
import { askPeers, ownSeat, withoutRevoked } from "./turns.ts";
import { verifySignature } from "./verify.ts";
import { decodeRound, decodeSignature, encode } from "./wire.ts";
import type { EpochCall } from "./wire.ts";

/** Rolls into the current epoch if nobody has. The seat drawn first goes at once, the others one attempt later. */
export async function rollEpoch(runtime: KeeperRuntime, now: number): Promise<boolean> {
  const { connection, log } = runtime;
  const place = await placeInTime(runtime, now);
  if (place.epoch <= Number(await connection.contracts.epochManager.rolledEpoch())) return false;
  const previous = await runtime.frozenSeats(place.epoch - 1);
  const first =
    previous === null || previous.totalWeight === 0n ? null : proposerOf(previous, EPOCH_ROUND, 0);
  const patient = first !== null && previous?.hotKeys[first] !== runtime.hotKey;
  if (patient && place.secondsInEpoch < runtime.attemptLength) return false;
  await connection.send(() => connection.contracts.epochManager.roll());
  log.info({ epoch: place.epoch }, "epoch rolled");
  return true;
}

/** What is behind the final rounds of an epoch; what this keeper was not shown is asked of its peers. */
async function collectRounds(runtime: KeeperRuntime, frozen: FrozenSeats): Promise<RoundEvidence[] | null> {
  const { store } = runtime;
  const rounds: RoundEvidence[] = [];
  for (const final of store.finalRounds(frozen.epoch)) {
    let body = store.archive(final.digest);
    if (body === null) {
      const shown = await askPeers(
        runtime,
        frozen,
        "/archive",
        encode({ digest: final.digest }),
        decodeRound,
      );
      for (const round of shown.values()) {
        try {
          if (scoreReportDigest(runtime.connection.manifest, round.report) !== final.digest) {
            throw new MasaError("MASA-503", "an archive of another report");
          }
          await checkRound(runtime, frozen, round);
          store.saveArchive(final.digest, frozen.epoch, encode(round));
          break;
        } catch (error) {
          runtime.log.debug({ round: final.round, error: String(error) }, "a peer's archive was no use");
        }
      }
      body = store.archive(final.digest);
    }
    if (body === null) return null;
    rounds.push(decodeRound(body));
  }
  return rounds;
}

/** What an epoch report says beside who posts it. */
type EpochContent = Omit<EpochReport, "attempt" | "poster">;

/**
 * The content that follows from the epoch's final rounds and probes, and the balances behind its reward root. Throws
 * MASA-503 where the rounds are not those.
 */
async function contentOf(
  runtime: KeeperRuntime,
  frozen: FrozenSeats,
  shown: readonly RoundEvidence[],
  availability: readonly AvailabilityVector[],
): Promise<{ content: EpochContent; balances: Balances | null }> {
  const { store, connection } = runtime;
  const { epoch } = frozen;
  const finals = store.finalRounds(epoch);
  if (finals.length !== shown.length) {
    throw new MasaError("MASA-503", `${shown.length} rounds shown, ${finals.length} are final`);
  }
  const facts = new Map<bigint, RequestFacts>();
  const rounds: FinalRound[] = [];
  for (const final of finals) {
    const found = shown.find(({ report }) => report.round === final.round);
    if (found === undefined || scoreReportDigest(connection.manifest, found.report) !== final.digest) {
      throw new MasaError("MASA-503", `round ${final.round} is not the one that is final`);
    }
    await checkRound(runtime, frozen, found);
    const requestIds = found.report.results.map(({ requestId }) => requestId);
    const { related } = (await contextOf(runtime, frozen, requestIds)).facts;
    for (const requestId of requestIds) {
      const request = store.request(requestId);
      if (request !== null) facts.set(requestId, { ...request, related: related?.get(requestId) ?? [] });
    }
    rounds.push({
      round: final.round,
      results: found.report.results,
      vectors: found.reveals.map(({ vector }) => vector),
      committed: found.commitments.map(({ seat }) => seat),
      signers: seatsOf(final.signers),
    });
  }
  const scores = assembleEpochScores(rounds, frozen, facts);
  const idle = idleSeats(rounds, frozen, await runtime.maxMissed(epoch));
  const { balances, ...rewards } = await rewardsFor(runtime, { frozen, scores, availability });
  return { content: { epoch, scores, ...rewards, idle }, balances };
}

/** Signs an epoch report, one an attempt, and keeps what it follows from and the balances behind its root. */
async function signOnce(
  runtime: KeeperRuntime,
  { report, rounds, availability }: EpochCall,
  balances: Balances | null,
): Promise<string> {
  const { store, connection } = runtime;
  const digest = epochReportDigest(connection.manifest, report);
  if (!store.claimSignature("epochReport", report.epoch, 0, report.attempt, digest)) {
    throw new MasaError("MASA-503", "another epoch report was signed for this attempt");
  }
  const digests = rounds.map((round) => scoreReportDigest(connection.manifest, round.report));
  store.saveArchive(digest, report.epoch, encode({ report, rounds: digests, availability }));
  if (balances !== null) store.rewards.saveTable(report.rewardRoot, report.epoch, balances);
  if (connection.wallet === null) throw new MasaError("MASA-104");
  return signEpochReport(connection.wallet, connection.manifest, report);
}

/** Signs a proposed epoch report if it follows from the final rounds. Answers POST /sign/epoch. */
export async function signProposedEpoch(
  runtime: KeeperRuntime,
  call: EpochCall,
  proposer: string,
): Promise<string> {
  const { report, rounds, availability } = call;
  const { frozen } = await ownSeat(runtime, report.epoch);
  const { timestamp } = await runtime.connection.latest();
  const place = await placeInTime(runtime, timestamp);
  if (place.epoch !== report.epoch + 1)
    throw new MasaError("MASA-503", `epoch ${report.epoch} cannot be reported now`);
  if (place.secondsInEpoch + 1 < (report.attempt + 1) * runtime.attemptLength)
    throw new MasaError("MASA-503", `attempt ${report.attempt} has not begun`);
  const drawn = proposerOf(frozen, EPOCH_ROUND, report.attempt);
  if (frozen.hotKeys[drawn] !== proposer)
    throw new MasaError("MASA-503", `attempt ${report.attempt} is ${frozen.hotKeys[drawn]}'s turn`);
  if (hasSeat(await runtime.maskOf(report.epoch), drawn))
    throw new MasaError("MASA-504", `${proposer} was revoked`);
  await checkAvailability(runtime, frozen, availability);
  const { attempt, poster } = report;
  const { content, balances } = await contentOf(runtime, frozen, rounds, availability);
  const expected = { ...content, attempt, poster };
  if (
    epochReportDigest(runtime.connection.manifest, expected) !==
    epochReportDigest(runtime.connection.manifest, report)
  ) {
    throw new MasaError("MASA-503", "the report does not follow from the final rounds and the probes");
  }
  return signOnce(runtime, call, balances);
}

/** The epoch that has just ended, if its report is this keeper's to propose now. */
async function ownEpochTurn(runtime: KeeperRuntime, now: number) {
  const { store } = runtime;
  const place = await placeInTime(runtime, now);
  const epoch = place.epoch - 1;
  if (epoch < 1 || store.isEpochFinal(epoch)) return null;
  const frozen = await runtime.frozenSeats(epoch);
  if (frozen === null || frozen.totalWeight === 0n) return null;
  // A round of the old epoch may still be on its way while the new one begins: leave it one attempt to land.
  const attempt = Math.floor(place.secondsInEpoch / runtime.attemptLength) - 1;
  if (attempt < 0) return null;
  const seat = proposerOf(frozen, EPOCH_ROUND, attempt);
  const isOwn = frozen.hotKeys[seat] === runtime.hotKey;
  if (!isOwn || store.hasSigned("epochReport", { epoch, round: 0, attempt })) return null;
  return { epoch, attempt, seat, frozen };
}

/** Proposes and posts the report of the epoch that has just ended, if it is this keeper's turn. */
export async function proposeEpoch(runtime: KeeperRuntime, now: number): Promise<boolean> {
  const { connection, store, log } = runtime;
  const turn = await ownEpochTurn(runtime, now);
  if (turn === null) return false;
  const { epoch, attempt, seat, frozen } = turn;
  // Reported since this keeper last read the chain's events.
  if (await connection.contracts.consensus.isEpochFinal(epoch)) return false;
  const rounds = await collectRounds(runtime, frozen);
  if (rounds === null || rounds.length === 0) return false;
  const availability = await gatherAvailability(runtime, frozen);
  const { content, balances } = await contentOf(runtime, frozen, rounds, availability);
  const call: EpochCall = {
    report: { ...content, attempt, poster: runtime.hotKey },
    rounds,
    availability,
  };
  const digest = epochReportDigest(connection.manifest, call.report);
  const signatures = new Map([[seat, await signOnce(runtime, call, balances)]]);
  const signed = await askPeers(runtime, frozen, "/sign/epoch", encode(call), (text, peerSeat) => {
    const signature = decodeSignature(text);
    verifySignature(digest, signature, frozen.hotKeys[peerSeat] ?? "");
    return signature;
  });
  for (const [peerSeat, signature] of signed) signatures.set(peerSeat, signature);
  withoutRevoked(signatures, await runtime.maskOf(epoch));
  if (!isEnough(frozen, signatures.keys())) {
    log.warn({ epoch, attempt, signatures: signatures.size }, "too few signatures for an epoch report");
    return false;
  }
  store.saveSignatures(digest, encode([...signatures].map(([at, signature]) => ({ seat: at, signature }))));
  const packed = packSignatures(signatures);
  const { llm, consensus } = content.scores;
  try {
    await connection.send(() =>
      connection.contracts.consensus.postEpochReport(
        epochReportCall(call.report),
        packed.signers,
        packed.signatures,
      ),
    );
    const { rewardRoot } = content;
    log.info({ epoch, rounds: rounds.length, llm, consensus, rewardRoot }, "epoch report posted");
  } catch (error) {
    if (!isRevert(error, "ScoreConsensus_EpochAlreadyFinal")) throw error;
    return false;
  }
  try {
    await moveFees(runtime);
  } catch (error) {
    // The report stands; fees wait for the next one.
    log.warn({ epoch, error: String(explainChainError(error)) }, "fees were not distributed");
  }
  return true;
}
