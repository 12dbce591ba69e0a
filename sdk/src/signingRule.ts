/**
 * What a validator signs and what it refuses (decision D16): pure functions of messages and of what the validator knows.
 * Auditors use the same checks, without the part that only a signer can know.
 */
import { assembleResults } from "./assembly.ts";
import type { AssemblyFacts } from "./assembly.ts";
import { commitmentSetHash, isCommitmentSigned, isCosigned, isVectorSigned, opens } from "./commitments.ts";
import type { CosignedSet, Reveal, SignedCommitment } from "./commitments.ts";
import { hasSeat, isEnough, isSameTurn } from "./frozen.ts";
import type { FrozenSeats, Turn } from "./frozen.ts";
import type { ConsensusDomain } from "./messages.ts";
import { scoreReportDigest } from "./reports.ts";
import type { ScoreReport } from "./reports.ts";
import { encodeResults } from "./results.ts";

/** A report with everything that it follows from. */
export interface RoundEvidence extends CosignedSet {
  readonly report: ScoreReport;
  readonly reveals: readonly Reveal[];
}

/** What everybody knows of a turn: the deployment, the frozen set, and what the chain says of the requests. */
export interface RoundContext {
  readonly manifest: ConsensusDomain;
  readonly frozen: FrozenSeats;
  /** Responses of every request that the report may carry, and of no other. */
  readonly responseCounts: ReadonlyMap<bigint, number>;
  readonly facts: AssemblyFacts;
}

/** What one signer knows beside it. */
export interface SignerView {
  /** Seats whose keys were revoked since the set was frozen. */
  readonly mask: bigint;
  /** What this validator revealed and what it received in time. */
  readonly held: readonly Reveal[];
  /** Digest of what it signed for this attempt already; null: nothing. */
  readonly signedDigest: string | null;
}

/** The parts of a round that can be wrong. */
export type RoundPart = "commitments" | "commitment set" | "co-signatures" | "reveals" | "results";

/** Something that is not as it should be, and why. */
export interface Fault {
  readonly part: RoundPart | "turn";
  readonly message: string;
}

const ascends = (commitments: readonly SignedCommitment[]): boolean =>
  commitments.every(({ seat }, index) => index === 0 || seat > (commitments[index - 1]?.seat ?? seat));

/** What keeps the commitments from being a set of the turn: seats ascend, each signed by the key frozen for its seat. */
function commitmentFault(
  manifest: ConsensusDomain,
  frozen: FrozenSeats,
  turn: Turn,
  commitments: readonly SignedCommitment[],
): string | null {
  if (!ascends(commitments)) return "the seats do not ascend";
  for (const given of commitments) {
    if (!isSameTurn(given, turn) || !isCommitmentSigned(manifest, frozen, given)) {
      return `the commitment of seat ${given.seat} is not signed for this attempt`;
    }
  }
  return null;
}

/** What keeps the reveals from being one a seat, each opening its seat's commitment in the set. */
function revealFault({ manifest, frozen }: RoundContext, round: RoundEvidence): string | null {
  const seen = new Set<number>();
  for (const reveal of round.reveals) {
    const { vector } = reveal;
    if (seen.has(vector.seat)) return `two vectors of seat ${vector.seat}`;
    seen.add(vector.seat);
    if (!isSameTurn(vector, round.report) || !isVectorSigned(manifest, frozen, vector)) {
      return `the vector of seat ${vector.seat} is not signed for this attempt`;
    }
    const given = round.commitments.find(({ seat }) => seat === vector.seat);
    if (given === undefined) return `seat ${vector.seat} is not in the commitment set`;
    if (!opens(manifest, frozen, reveal, given)) {
      return `the vector of seat ${vector.seat} does not open its commitment`;
    }
  }
  return null;
}

function resultsFault(context: RoundContext, round: RoundEvidence): string | null {
  const unknown = round.report.results.find(({ requestId }) => !context.responseCounts.has(requestId));
  if (unknown !== undefined) return `request ${unknown.requestId} cannot be settled now`;
  const vectors = round.reveals.map(({ vector }) => vector);
  const expected = assembleResults(vectors, context.frozen, context.responseCounts, context.facts);
  if (encodeResults(expected) !== encodeResults(round.report.results)) {
    return "the results are not the medians of the vectors";
  }
  return null;
}

/** Every part of a round that is not as it should be; none where the report follows from the signed messages. */
export function roundFaults(context: RoundContext, round: RoundEvidence): Fault[] {
  const { manifest, frozen } = context;
  const { report, commitments } = round;
  const faults: Fault[] = [];
  const note = (part: RoundPart, message: string | null): void => {
    if (message !== null) faults.push({ part, message });
  };
  note("commitments", commitmentFault(manifest, frozen, report, commitments));
  if (ascends(commitments)) {
    const isSame = commitmentSetHash(commitments) === report.commitmentSet;
    note("commitment set", isSame ? null : "the report names another commitment set");
    const isBacked = isCosigned(manifest, frozen, report, round);
    note("co-signatures", isBacked ? null : "the commitment set is not co-signed by enough weight");
  }
  const hidden = revealFault(context, round);
  note("reveals", hidden);
  if (hidden === null) note("results", resultsFault(context, round));
  return faults;
}

/**
 * Why a validator does not co-sign a set of commitments; null: it does. `own` is its own commitment for the turn, if it made
 * one, and `signed` the set that it co-signed for the turn already, by its hash.
 */
export function cosignRefusal(
  { manifest, frozen }: Pick<RoundContext, "manifest" | "frozen">,
  turn: Turn,
  commitments: readonly SignedCommitment[],
  own: SignedCommitment | null,
  signed: string | null,
): Fault | null {
  const broken = commitmentFault(manifest, frozen, turn, commitments);
  if (broken !== null) return { part: "commitments", message: broken };
  const refuse = (message: string): Fault => ({ part: "commitment set", message });
  const seats = commitments.map(({ seat }) => seat);
  if (!isEnough(frozen, seats)) return refuse("the set holds too few commitments");
  if (own !== null) {
    const included = commitments.find(({ seat }) => seat === own.seat);
    if (included === undefined) return refuse("the set leaves out this validator's commitment");
    if (included.commitment !== own.commitment)
      return refuse("the set holds another commitment of this seat");
  }
  if (signed !== null && signed !== commitmentSetHash(commitments)) {
    return refuse("another set was co-signed for this attempt");
  }
  return null;
}

/** Why a validator does not sign a report; null: it does. */
export function signingRefusal(context: RoundContext, round: RoundEvidence, view: SignerView): Fault | null {
  const [fault] = roundFaults(context, round);
  if (fault !== undefined) return fault;
  const { manifest, frozen } = context;
  const refuse = (message: string): Fault => ({ part: "reveals", message });
  const included = new Set(round.reveals.map(({ vector }) => vector.seat));
  const revoked = [...included].find((seat) => hasSeat(view.mask, seat));
  if (revoked !== undefined) return refuse(`the key of seat ${revoked} was revoked`);
  for (const reveal of view.held) {
    const { seat } = reveal.vector;
    if (included.has(seat) || hasSeat(view.mask, seat)) continue;
    const given = round.commitments.find((commitment) => commitment.seat === seat);
    // What opens nothing of this set was not revealed for it.
    if (given === undefined || !opens(manifest, frozen, reveal, given)) continue;
    if (!isVectorSigned(manifest, frozen, reveal.vector)) continue;
    return refuse(`the report leaves out the vector of seat ${seat}, which was revealed in time`);
  }
  if (view.signedDigest !== null && view.signedDigest !== scoreReportDigest(manifest, round.report)) {
    return { part: "turn", message: "another report was signed for this attempt" };
  }
  return null;
}
