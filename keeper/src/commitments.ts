/**
 * Commit, co-sign, reveal between keepers (decision D16). A keeper hands out a commitment to its scores, co-signs the set of
 * commitments if its own is in it, and shows its scores to everybody once it is shown that set with co-signatures of more
 * than two thirds of the weight. It shows them to its peers no later than to the proposer, who therefore cannot leave out
 * what it does not like.
 */
import { hexlify, id, randomBytes } from "ethers";

import {
  commitmentOf,
  commitmentSetDigest,
  commitmentSetHash,
  cosignRefusal,
  hasSeat,
  isCommitmentSigned,
  isCosigned,
  isEnough,
  isSameTurn,
  isVectorSigned,
  MasaError,
  opens,
  signCommitment,
  signCommitmentSet,
  signVector,
  vectorDigest,
} from "#sdk";
import type { CosignedSet, FrozenSeats, Reveal, SeatSignature, SignedCommitment, Turn } from "#sdk";

import { watchReveals } from "./offences.ts";
import type { KeeperRuntime } from "./runtime.ts";
import { askPeers, ownSeat, turnOf, withoutRevoked } from "./turns.ts";
import { verifySignature } from "./verify.ts";
import { decodeCommitment, decodeReveal, decodeReveals, decodeSignature, encode } from "./wire.ts";
import type { CommitCall, CosignCall, RevealCall, RevealedCall } from "./wire.ts";

/** Milliseconds between looks whether everybody has revealed. */
const LOOK_MS = 20;

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const refuse = (message: string): MasaError => new MasaError("MASA-503", message);

function walletOf({ connection }: KeeperRuntime) {
  if (connection.wallet === null) throw new MasaError("MASA-104");
  return connection.wallet;
}

/** This keeper's commitment of a turn, if it made one. */
function ownCommitment(runtime: KeeperRuntime, turn: Turn): SignedCommitment | null {
  const own = runtime.store.turns.own(turn);
  return own === null ? null : decodeCommitment(own.commitment);
}

/**
 * This keeper's commitment to its own scores for a turn. Scores and salt are in the store before it leaves; asked again,
 * whatever for, it gives the same one. Answers POST /commit.
 */
export async function commit(runtime: KeeperRuntime, call: CommitCall): Promise<SignedCommitment> {
  const { store, connection } = runtime;
  const turn = turnOf(call);
  const known = ownCommitment(runtime, turn);
  if (known !== null) return known;
  const { seat } = await ownSeat(runtime, turn.epoch);
  const wallet = walletOf(runtime);
  const ids = [...new Set(call.requestIds)].sort((a, b) => (a < b ? -1 : 1));
  const results = ids.flatMap((requestId) => store.ownResult(requestId) ?? []);
  const digest = vectorDigest(connection.manifest, { seat, ...turn, results }, runtime.hotKey);
  if (!store.claimSignature("vector", turn.epoch, turn.round, turn.attempt, digest)) {
    throw refuse("another vector was signed for this attempt");
  }
  const vector = await signVector(wallet, connection.manifest, { seat, ...turn, results });
  const salt = hexlify(randomBytes(32));
  const commitment = commitmentOf(digest, salt);
  const signed = await signCommitment(wallet, connection.manifest, { seat, ...turn, commitment });
  store.turns.saveOwn(turn, encode(signed), encode({ vector, salt }));
  // Of two calls at once the first one's salt was kept.
  const kept = ownCommitment(runtime, turn) ?? signed;
  if (!store.claimSignature("commitment", turn.epoch, turn.round, turn.attempt, kept.commitment)) {
    throw refuse("another commitment was signed for this attempt");
  }
  return kept;
}

/** Co-signs a set of commitments, one a turn. Answers POST /cosign. */
export async function cosign(runtime: KeeperRuntime, call: CosignCall): Promise<string> {
  const { store, connection } = runtime;
  const turn = turnOf(call);
  const { frozen } = await ownSeat(runtime, turn.epoch);
  const context = { manifest: connection.manifest, frozen };
  const own = ownCommitment(runtime, turn);
  const signed = store.signedDigest("commitmentSet", turn);
  const refusal = cosignRefusal(context, turn, call.commitments, own, signed);
  if (refusal !== null) throw refuse(refusal.message);
  const hash = commitmentSetHash(call.commitments);
  if (!store.claimSignature("commitmentSet", turn.epoch, turn.round, turn.attempt, hash)) {
    throw refuse("another set was co-signed for this attempt");
  }
  return signCommitmentSet(walletOf(runtime), connection.manifest, turn, call.commitments);
}

/** Co-signed sets that were checked, by turn and content: a turn's set comes back from every peer. */
const checkedSets = new Map<string, boolean>();
const MOST_SETS = 64;

/** Throws MASA-503 unless the set is one of the turn and enough of the weight co-signed it. */
function requireCosigned(runtime: KeeperRuntime, frozen: FrozenSeats, turn: Turn, set: CosignedSet): void {
  const { manifest } = runtime.connection;
  const { commitments, cosignatures } = set;
  const key = id(encode({ ...turn, commitments, cosignatures, at: manifest.contracts.consensus }));
  let holds = checkedSets.get(key);
  if (holds === undefined) {
    holds =
      cosignRefusal({ manifest, frozen }, turn, commitments, null, null) === null &&
      isCosigned(manifest, frozen, turn, set);
    if (checkedSets.size >= MOST_SETS) checkedSets.delete(checkedSets.keys().next().value as string);
    checkedSets.set(key, holds);
  }
  if (!holds) throw refuse("the commitment set is not co-signed by enough weight");
}

/** Shows this keeper's scores to every peer, once a turn, if the set holds its commitment. */
async function showOwn(
  runtime: KeeperRuntime,
  frozen: FrozenSeats,
  turn: Turn,
  set: CosignedSet,
): Promise<void> {
  const { store } = runtime;
  const own = store.turns.own(turn);
  const given = ownCommitment(runtime, turn);
  if (own === null || given === null) return;
  const isIn = set.commitments.some(
    ({ seat, commitment }) => seat === given.seat && commitment === given.commitment,
  );
  if (!isIn || !store.turns.take("opened", turn)) return;
  store.turns.saveReveal(turn, given.seat, own.reveal);
  const { commitments, cosignatures } = set;
  const call = encode({ commitments, cosignatures, reveal: decodeReveal(own.reveal) });
  await askPeers(runtime, frozen, "/revealed", call, () => true);
}

/** Everything revealed to this keeper in time, its own scores included. */
export const heldReveals = (runtime: KeeperRuntime, turn: Turn): Reveal[] =>
  runtime.store.turns.reveals(turn).map((body) => decodeReveal(body));

/** Waits until all seats of the set have revealed. */
async function waitForReveals(
  runtime: KeeperRuntime,
  turn: Turn,
  seats: number,
  signal: AbortSignal,
): Promise<void> {
  while (runtime.store.turns.revealCount(turn) < seats && !signal.aborted) await sleep(LOOK_MS);
}

/**
 * Shows this keeper's scores and takes in the others', then closes the turn: what comes later is not missed in a report.
 * Answers POST /reveal with everything revealed in time.
 */
export async function reveal(runtime: KeeperRuntime, call: RevealCall): Promise<Reveal[]> {
  const turn = turnOf(call);
  const { frozen } = await ownSeat(runtime, turn.epoch);
  requireCosigned(runtime, frozen, turn, call);
  const shown = showOwn(runtime, frozen, turn, call);
  const mask = await runtime.maskOf(turn.epoch);
  const seats = call.commitments.filter(({ seat }) => !hasSeat(mask, seat)).length;
  // Peers that do not answer or do not reveal hold up the others for so long and no longer.
  const enough = new AbortController();
  const all = Promise.all([shown, waitForReveals(runtime, turn, seats, enough.signal)]);
  await Promise.race([all, sleep(runtime.times.peerTimeoutMs / 4)]);
  enough.abort();
  runtime.store.turns.take("closed", turn);
  return heldReveals(runtime, turn);
}

/**
 * Takes in what a peer reveals. The set that comes with it lets this keeper show its own scores too, whether or not the
 * proposer asked it. Answers POST /revealed.
 */
export async function takeReveal(runtime: KeeperRuntime, call: RevealedCall, caller: string): Promise<void> {
  const { vector } = call.reveal;
  const turn = turnOf(vector);
  const { frozen } = await ownSeat(runtime, turn.epoch);
  if (frozen.hotKeys[vector.seat] !== caller) throw new MasaError("MASA-504", "scores of another seat");
  if (hasSeat(await runtime.maskOf(turn.epoch), vector.seat)) {
    throw new MasaError("MASA-504", `${caller} was revoked`);
  }
  watchReveals(runtime, frozen, turn, [call.reveal]);
  requireCosigned(runtime, frozen, turn, call);
  requireReveal(runtime, frozen, call.commitments, call.reveal);
  runtime.store.turns.saveReveal(turn, vector.seat, encode(call.reveal));
  showOwn(runtime, frozen, turn, call).catch((error: unknown) => {
    runtime.log.warn({ ...turn, error: String(error) }, "own scores not shown");
  });
}

/** Throws MASA-503 unless the scores are signed and open their seat's commitment. */
function requireReveal(
  runtime: KeeperRuntime,
  frozen: FrozenSeats,
  commitments: readonly SignedCommitment[],
  given: Reveal,
): void {
  const { manifest } = runtime.connection;
  const commitment = commitments.find(({ seat }) => seat === given.vector.seat);
  const holds =
    commitment !== undefined &&
    opens(manifest, frozen, given, commitment) &&
    isVectorSigned(manifest, frozen, given.vector);
  if (!holds) throw refuse(`seat ${given.vector.seat} reveals what it did not commit to`);
}

/** Commitments of all seats that answer, ascending; null where they are too few for a report. */
async function gatherCommitments(
  runtime: KeeperRuntime,
  frozen: FrozenSeats,
  turn: Turn,
  requestIds: readonly bigint[],
): Promise<SignedCommitment[] | null> {
  const { manifest } = runtime.connection;
  const own = await commit(runtime, { ...turn, requestIds });
  const call = encode({ ...turn, requestIds });
  const answers = await askPeers(runtime, frozen, "/commit", call, (text, seat) => {
    const given = decodeCommitment(text);
    if (given.seat !== seat || !isSameTurn(given, turn) || !isCommitmentSigned(manifest, frozen, given)) {
      throw refuse(`seat ${seat} did not sign its commitment`);
    }
    return given;
  });
  answers.set(own.seat, own);
  withoutRevoked(answers, await runtime.maskOf(turn.epoch));
  const commitments = [...answers.values()].sort((a, b) => a.seat - b.seat);
  if (isEnough(frozen, answers.keys())) return commitments;
  runtime.log.warn({ ...turn, commitments: commitments.length }, "too few commitments for a score report");
  return null;
}

/** Co-signatures of the set, ascending; null where they are too few. */
async function gatherCosignatures(
  runtime: KeeperRuntime,
  frozen: FrozenSeats,
  turn: Turn,
  commitments: readonly SignedCommitment[],
): Promise<SeatSignature[] | null> {
  const { seat: ownIndex } = await ownSeat(runtime, turn.epoch);
  const digest = commitmentSetDigest(runtime.connection.manifest, turn, commitments);
  const own = await cosign(runtime, { ...turn, commitments });
  const call = encode({ ...turn, commitments });
  const answers = await askPeers(runtime, frozen, "/cosign", call, (text, seat) => {
    const signature = decodeSignature(text);
    verifySignature(digest, signature, frozen.hotKeys[seat] ?? "");
    return signature;
  });
  answers.set(ownIndex, own);
  withoutRevoked(answers, await runtime.maskOf(turn.epoch));
  if (isEnough(frozen, answers.keys())) {
    return [...answers].sort(([a], [b]) => a - b).map(([seat, signature]) => ({ seat, signature }));
  }
  runtime.log.warn({ ...turn, cosignatures: answers.size }, "too few co-signatures of a commitment set");
  return null;
}

/**
 * What the proposer of a turn makes its report of: the co-signed set and everything that was revealed, ascending by seat;
 * null where too few seats take part.
 */
export async function gather(
  runtime: KeeperRuntime,
  frozen: FrozenSeats,
  turn: Turn,
  requestIds: readonly bigint[],
): Promise<(CosignedSet & { readonly reveals: Reveal[] }) | null> {
  const commitments = await gatherCommitments(runtime, frozen, turn, requestIds);
  if (commitments === null) return null;
  const cosignatures = await gatherCosignatures(runtime, frozen, turn, commitments);
  if (cosignatures === null) return null;
  const set = { commitments, cosignatures };
  const call = { ...turn, ...set };
  const [own, answers] = await Promise.all([
    reveal(runtime, call),
    askPeers(runtime, frozen, "/reveal", encode(call), (text) => decodeReveals(text)),
  ]);
  const bySeat = new Map<number, Reveal>();
  const shown = [...own, ...[...answers.values()].flat()];
  watchReveals(runtime, frozen, turn, shown);
  for (const given of shown) {
    const { seat } = given.vector;
    if (bySeat.has(seat)) continue;
    try {
      requireReveal(runtime, frozen, commitments, given);
      bySeat.set(seat, given);
    } catch (error) {
      runtime.log.debug({ seat, error: String(error) }, "a reveal that opens nothing");
    }
  }
  withoutRevoked(bySeat, await runtime.maskOf(turn.epoch));
  return { ...set, reveals: [...bySeat.values()].sort((a, b) => a.vector.seat - b.vector.seat) };
}
