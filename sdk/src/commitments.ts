/**
 * Commit, co-sign, reveal (decision D16). A validator signs its scores of a turn and hands out a salted hash of them, then
 * the validators co-sign the set of these hashes, and only then does anybody show scores. What is revealed opens a
 * commitment of the set or counts for nothing, so no scores can be copied and none can be chosen after they were seen.
 */
import { concat, keccak256, toBeHex } from "ethers";
import type { Signer } from "ethers";

import { MasaError } from "./errors.ts";
import { isEnough, isSameTurn } from "./frozen.ts";
import type { FrozenSeats, SeatSignature, Turn } from "./frozen.ts";
import { digestOf, isSignedBy, messageKind, signMessage } from "./messages.ts";
import type { ConsensusDomain } from "./messages.ts";
import { encodeResults } from "./results.ts";
import type { RequestResult } from "./results.ts";

/** One validator's own scores for a turn, signed with its hot key. */
export interface SignedVector extends Turn {
  readonly seat: number;
  readonly results: readonly RequestResult[];
  readonly signature: string;
}

/** What a validator shows before its scores, signed with its hot key. */
export interface SignedCommitment extends Turn {
  readonly seat: number;
  readonly commitment: string;
  readonly signature: string;
}

/** Scores with what opens their commitment. */
export interface Reveal {
  readonly vector: SignedVector;
  readonly salt: string;
}

/** The commitments of a turn, ascending by seat, and who co-signed them. */
export interface CosignedSet {
  readonly commitments: readonly SignedCommitment[];
  readonly cosignatures: readonly SeatSignature[];
}

type Unsigned<T> = Omit<T, "signature">;
type By<T> = Unsigned<T> & { readonly validator: string };

const TURN = [
  ["uint64", "epoch"],
  ["uint32", "round"],
  ["uint32", "attempt"],
] as const;

const VECTOR = messageKind<By<SignedVector>>(
  "ScoreVector",
  [...TURN, ["address", "validator"], ["bytes", "results"]],
  (vector) => ({ ...vector, results: encodeResults(vector.results) }),
);
/** EIP-712 type of a score vector. */
export const VECTOR_TYPES = VECTOR.types;
const COMMITMENT = messageKind<By<SignedCommitment>>(
  "VectorCommitment",
  [...TURN, ["address", "validator"], ["bytes32", "commitment"]],
  (commitment) => ({ ...commitment }),
);
const SET = messageKind<Turn & { readonly commitments: string }>(
  "CommitmentSet",
  [...TURN, ["bytes", "commitments"]],
  (set) => ({ ...set }),
);

/** The frozen key of a seat that carries weight in the epoch; null otherwise. */
function keyOf(frozen: FrozenSeats, epoch: number, seat: number): string | null {
  const hotKey = frozen.hotKeys[seat];
  if (hotKey === undefined || epoch !== frozen.epoch || frozen.weights[seat] === 0n) return null;
  return hotKey;
}

/** Digest of a vector: what its validator signs and commits to. */
export const vectorDigest = (
  manifest: ConsensusDomain,
  vector: Unsigned<SignedVector>,
  validator: string,
): string => digestOf(VECTOR, manifest, { ...vector, validator });

/** Signs a validator's own scores of a turn as the holder of `seat`. */
export async function signVector(
  signer: Signer,
  manifest: ConsensusDomain,
  vector: Unsigned<SignedVector>,
): Promise<SignedVector> {
  const validator = await signer.getAddress();
  return { ...vector, signature: await signMessage(VECTOR, signer, manifest, { ...vector, validator }) };
}

/** Whether the seat's frozen hot key signed the vector. */
export function isVectorSigned(
  manifest: ConsensusDomain,
  frozen: FrozenSeats,
  vector: SignedVector,
): boolean {
  const hotKey = keyOf(frozen, vector.epoch, vector.seat);
  return hotKey !== null && isSignedBy(vectorDigest(manifest, vector, hotKey), vector.signature, hotKey);
}

/** What a validator commits to: the digest of its vector with a salt of 32 random bytes. */
export const commitmentOf = (digest: string, salt: string): string => keccak256(concat([digest, salt]));

/** Signs a commitment as the holder of its seat. */
export async function signCommitment(
  signer: Signer,
  manifest: ConsensusDomain,
  commitment: Unsigned<SignedCommitment>,
): Promise<SignedCommitment> {
  const validator = await signer.getAddress();
  const signature = await signMessage(COMMITMENT, signer, manifest, { ...commitment, validator });
  return { ...commitment, signature };
}

/** Digest of a commitment as `validator` signs it. */
export const commitmentDigest = (
  manifest: ConsensusDomain,
  commitment: Unsigned<SignedCommitment>,
  validator: string,
): string => digestOf(COMMITMENT, manifest, { ...commitment, validator });

/** Whether the seat's frozen hot key signed the commitment. */
export function isCommitmentSigned(
  manifest: ConsensusDomain,
  frozen: FrozenSeats,
  given: SignedCommitment,
): boolean {
  const hotKey = keyOf(frozen, given.epoch, given.seat);
  return hotKey !== null && isSignedBy(commitmentDigest(manifest, given, hotKey), given.signature, hotKey);
}

/** Whether scores and salt open a commitment of the same seat and turn. */
export function opens(
  manifest: ConsensusDomain,
  frozen: FrozenSeats,
  { vector, salt }: Reveal,
  given: SignedCommitment,
): boolean {
  const hotKey = keyOf(frozen, vector.epoch, vector.seat);
  if (hotKey === null || vector.seat !== given.seat || !isSameTurn(vector, given)) return false;
  return commitmentOf(vectorDigest(manifest, vector, hotKey), salt) === given.commitment;
}

/** The bytes of a set: a seat (1 byte) and its commitment, ascending by seat. Throws MASA-505 where they do not ascend. */
export function packCommitments(
  commitments: readonly Pick<SignedCommitment, "seat" | "commitment">[],
): string {
  commitments.forEach(({ seat }, index) => {
    if (index > 0 && seat <= (commitments[index - 1]?.seat ?? seat)) {
      throw new MasaError("MASA-505", "the seats of a commitment set do not ascend");
    }
  });
  return concat(commitments.flatMap(({ seat, commitment }) => [toBeHex(seat, 1), commitment]));
}

/** What a score report names its commitments by. */
export const commitmentSetHash = (
  commitments: readonly Pick<SignedCommitment, "seat" | "commitment">[],
): string => keccak256(packCommitments(commitments));

/** Digest of a set: what validators co-sign. */
export const commitmentSetDigest = (
  manifest: ConsensusDomain,
  turn: Turn,
  commitments: readonly SignedCommitment[],
): string => digestOf(SET, manifest, { ...turn, commitments: packCommitments(commitments) });

export const signCommitmentSet = (
  signer: Signer,
  manifest: ConsensusDomain,
  turn: Turn,
  commitments: readonly SignedCommitment[],
): Promise<string> =>
  signMessage(SET, signer, manifest, { ...turn, commitments: packCommitments(commitments) });

/** Whether co-signatures of the seats named carry more than 2/3 of the frozen weight; every one of them must hold. */
export function isCosigned(
  manifest: ConsensusDomain,
  frozen: FrozenSeats,
  turn: Turn,
  set: CosignedSet,
): boolean {
  const digest = commitmentSetDigest(manifest, turn, set.commitments);
  const seats = set.cosignatures.map(({ seat }) => seat);
  if (new Set(seats).size !== seats.length || !isEnough(frozen, seats)) return false;
  return set.cosignatures.every(({ seat, signature }) =>
    isSignedBy(digest, signature, keyOf(frozen, turn.epoch, seat) ?? ""),
  );
}
