/** The roll and the epoch report: what a keeper does once an epoch. */
import {
  assembleEpochScores,
  epochReportDigest,
  hasSeat,
  isEnough,
  isRevert,
  MasaError,
  packSignatures,
  proposerOf,
  scoreReportDigest,
  seatsOf,
  signEpochReport,
} from "#sdk";
import type { EpochReport, FinalRound, FrozenSeats, RequestFacts } from "#sdk";

import { askPeers, checkRound, ownSeat, withoutRevoked } from "./rounds.ts";
import { placeInTime } from "./runtime.ts";
import type { KeeperRuntime } from "./runtime.ts";
import { verifySignature } from "./verify.ts";
import { decodeArchive, decodeSignature, encode } from "./wire.ts";
import type { EpochCall, RoundArchive } from "./wire.ts";

/** Stands for a round number in the draw of an epoch report's proposer. */
const EPOCH_ROUND = 0xffff_ffff;

/** Rolls into the current epoch if nobody has. The seat drawn first goes at once, the others one attempt later. */
export async function rollEpoch(runtime: KeeperRuntime, now: number): Promise<boolean> {
  const { connection, log, times } = runtime;
  const place = await placeInTime(runtime, now);
  if (place.epoch <= Number(await connection.contracts.epochManager.rolledEpoch())) return false;
  const previous = await runtime.frozenSeats(place.epoch - 1);
  const first =
    previous === null || previous.totalWeight === 0n ? null : proposerOf(previous, EPOCH_ROUND, 0);
  const patient = first !== null && previous?.hotKeys[first] !== runtime.hotKey;
  if (patient && place.secondsInEpoch < times.attemptSeconds) return false;
  await connection.send(() => connection.contracts.epochManager.roll());
  log.info({ epoch: place.epoch }, "epoch rolled");
  return true;
}

/** The final rounds of an epoch with their vectors; those this keeper was not shown are asked of its peers. */
async function collectRounds(runtime: KeeperRuntime, frozen: FrozenSeats): Promise<RoundArchive[] | null> {
  const { store } = runtime;
  const rounds: RoundArchive[] = [];
  for (const final of store.finalRounds(frozen.epoch)) {
    let body = store.archive(final.digest);
    if (body === null) {
      await askPeers(runtime, frozen, "/archive", encode({ digest: final.digest }), (text) => {
        const round = decodeArchive(text);
        if (scoreReportDigest(runtime.connection.manifest, round.report) !== final.digest) {
          throw new MasaError("MASA-503", "an archive of another report");
        }
        checkRound(runtime, frozen, round);
        store.saveArchive(final.digest, frozen.epoch, encode(round));
      });
      body = store.archive(final.digest);
    }
    if (body === null) return null;
    rounds.push(decodeArchive(body));
  }
  return rounds;
}

/** The seats' scores that follow from the epoch's final rounds. Throws MASA-503 where the rounds shown are not those. */
function scoresOf(runtime: KeeperRuntime, frozen: FrozenSeats, archives: readonly RoundArchive[]) {
  const { store, connection } = runtime;
  const finals = store.finalRounds(frozen.epoch);
  if (finals.length !== archives.length) {
    throw new MasaError("MASA-503", `${archives.length} rounds shown, ${finals.length} are final`);
  }
  const facts = new Map<bigint, RequestFacts>();
  const rounds: FinalRound[] = finals.map((final) => {
    const archive = archives.find((shown) => shown.report.round === final.round);
    if (archive === undefined || scoreReportDigest(connection.manifest, archive.report) !== final.digest) {
      throw new MasaError("MASA-503", `round ${final.round} is not the one that is final`);
    }
    checkRound(runtime, frozen, archive);
    for (const { requestId } of archive.report.results) {
      const request = store.request(requestId);
      if (request !== null) facts.set(requestId, request);
    }
    return {
      round: final.round,
      results: archive.report.results,
      vectors: archive.vectors,
      signers: seatsOf(final.signers),
    };
  });
  return assembleEpochScores(rounds, frozen, facts);
}

async function signOnce(runtime: KeeperRuntime, report: EpochReport): Promise<string> {
  const { store, connection } = runtime;
  const digest = epochReportDigest(connection.manifest, report);
  if (!store.claimSignature("epochReport", report.epoch, 0, report.attempt, digest)) {
    throw new MasaError("MASA-503", "another epoch report was signed for this attempt");
  }
  if (connection.wallet === null) throw new MasaError("MASA-104");
  return signEpochReport(connection.wallet, connection.manifest, report);
}

/** Signs a proposed epoch report if it follows from the final rounds. Answers POST /sign/epoch. */
export async function signProposedEpoch(
  runtime: KeeperRuntime,
  call: EpochCall,
  proposer: string,
): Promise<string> {
  const { report, rounds } = call;
  const { frozen } = await ownSeat(runtime, report.epoch);
  const { timestamp } = await runtime.connection.latest();
  const place = await placeInTime(runtime, timestamp);
  if (place.epoch !== report.epoch + 1)
    throw new MasaError("MASA-503", `epoch ${report.epoch} cannot be reported now`);
  const drawn = proposerOf(frozen, EPOCH_ROUND, report.attempt);
  if (frozen.hotKeys[drawn] !== proposer)
    throw new MasaError("MASA-503", `attempt ${report.attempt} is ${frozen.hotKeys[drawn]}'s turn`);
  if (hasSeat(await runtime.maskOf(report.epoch), drawn))
    throw new MasaError("MASA-504", `${proposer} was revoked`);
  if (report.poster !== proposer)
    throw new MasaError("MASA-503", "the report names another poster than its proposer");
  if (encode(scoresOf(runtime, frozen, rounds)) !== encode(report.scores)) {
    throw new MasaError("MASA-503", "the seats' scores do not follow from the final rounds");
  }
  return signOnce(runtime, report);
}

/** Proposes and posts the report of the epoch that has just ended, if it is this keeper's turn. */
export async function proposeEpoch(runtime: KeeperRuntime, now: number): Promise<boolean> {
  const { connection, store, log } = runtime;
  const place = await placeInTime(runtime, now);
  const epoch = place.epoch - 1;
  if (epoch < 1 || store.isEpochFinal(epoch)) return false;
  const frozen = await runtime.frozenSeats(epoch);
  if (frozen === null || frozen.totalWeight === 0n) return false;
  // A round of the old epoch may still be on its way while the new one begins: leave it one attempt to land.
  const attempt = Math.floor(place.secondsInEpoch / runtime.times.attemptSeconds) - 1;
  if (attempt < 0) return false;
  const seat = proposerOf(frozen, EPOCH_ROUND, attempt);
  if (frozen.hotKeys[seat] !== runtime.hotKey || store.hasSigned("epochReport", { epoch, round: 0, attempt }))
    return false;
  const rounds = await collectRounds(runtime, frozen);
  if (rounds === null || rounds.length === 0) return false;
  const report: EpochReport = {
    epoch,
    attempt,
    poster: runtime.hotKey,
    scores: scoresOf(runtime, frozen, rounds),
  };
  const digest = epochReportDigest(connection.manifest, report);
  const signatures = new Map([[seat, await signOnce(runtime, report)]]);
  const signed = await askPeers(
    runtime,
    frozen,
    "/sign/epoch",
    encode({ report, rounds }),
    (text, peerSeat) => {
      const signature = decodeSignature(text);
      verifySignature(digest, signature, frozen.hotKeys[peerSeat] ?? "");
      return signature;
    },
  );
  for (const [peerSeat, signature] of signed) signatures.set(peerSeat, signature);
  withoutRevoked(signatures, await runtime.maskOf(epoch));
  if (!isEnough(frozen, signatures.keys())) {
    log.warn({ epoch, attempt, signatures: signatures.size }, "too few signatures for an epoch report");
    return false;
  }
  const packed = packSignatures(signatures);
  const { scores } = report;
  try {
    await connection.send(() =>
      connection.contracts.consensus.postEpochReport(
        {
          ...report,
          scores: {
            ...scores,
            consensus: [...scores.consensus],
            data: [...scores.data],
            llm: [...scores.llm],
          },
        },
        packed.signers,
        packed.signatures,
      ),
    );
    log.info(
      { epoch, rounds: rounds.length, llm: scores.llm, consensus: scores.consensus },
      "epoch report posted",
    );
    return true;
  } catch (error) {
    if (!isRevert(error, "ScoreConsensus_EpochAlreadyFinal")) throw error;
    return false;
  }
}
