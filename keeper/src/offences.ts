/** Notices two score vectors that a seat signed for one turn: an offence, which `masa evidence` proves (decision D8). */
import { encodeResults, isSameTurn, isVectorSigned, vectorDigest } from "#sdk";
import type { FrozenSeats, OffenceEvidence, Reveal, Turn } from "#sdk";

import type { KeeperRuntime } from "./runtime.ts";

/**
 * Keeps the first vector that each seat is seen to have signed for the turn, whether it came in time and opens a commitment
 * or not. Another one of the same seat is evidence: it is logged once, ready for a file.
 */
export function watchReveals(
  runtime: KeeperRuntime,
  frozen: FrozenSeats,
  turn: Turn,
  reveals: readonly Reveal[],
): void {
  const { manifest } = runtime.connection;
  for (const { vector } of reveals) {
    if (!isSameTurn(vector, turn) || !isVectorSigned(manifest, frozen, vector)) continue;
    const { epoch, round, attempt, seat, signature } = vector;
    const validator = frozen.hotKeys[seat] as string;
    const results = encodeResults(vector.results);
    const message = { epoch, round, attempt, validator, results, signature };
    const digest = vectorDigest(manifest, vector, validator);
    const first = runtime.store.turns.sawVector(turn, seat, digest, JSON.stringify(message));
    if (first === null) continue;
    const before = JSON.parse(first) as typeof message;
    const evidence: OffenceEvidence = { kind: "score-vectors", seat, first: before, second: message };
    runtime.log.error(
      { evidence },
      "a validator signed two score vectors for one turn: put this evidence into a file for `masa evidence`",
    );
  }
}
