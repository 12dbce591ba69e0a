/** A round as honest validators sign it, for tests to spoil: commitments, the co-signed set, reveals and the report. */
import { id } from "ethers";
import type { Wallet } from "ethers";

import { assembleResults } from "../src/assembly.ts";
import type { AssemblyFacts } from "../src/assembly.ts";
import {
  commitmentOf,
  commitmentSetHash,
  signCommitment,
  signCommitmentSet,
  signVector,
  vectorDigest,
} from "../src/commitments.ts";
import type { Reveal, SignedCommitment } from "../src/commitments.ts";
import type { FrozenSeats, SeatSignature, Turn } from "../src/frozen.ts";
import type { Manifest } from "../src/manifest.ts";
import type { RequestResult } from "../src/results.ts";
import type { RoundContext, RoundEvidence } from "../src/signingRule.ts";
import { exampleManifest, frozenSeats, score } from "./support.ts";

export interface Network {
  readonly manifest: Manifest;
  readonly frozen: FrozenSeats;
  readonly keys: readonly Wallet[];
}

/** A seat's own scores of a turn with their salt and the commitment to them. */
export async function commitAs(
  { manifest, keys }: Network,
  turn: Turn,
  seat: number,
  results: readonly RequestResult[],
  salt: string = id(`salt of seat ${seat}`),
): Promise<{ reveal: Reveal; commitment: SignedCommitment }> {
  const key = keys[seat] as Wallet;
  const vector = await signVector(key, manifest, { ...turn, seat, results });
  const commitment = commitmentOf(vectorDigest(manifest, vector, key.address), salt);
  return {
    reveal: { vector, salt },
    commitment: await signCommitment(key, manifest, { ...turn, seat, commitment }),
  };
}

export const cosignAs = async (
  { manifest, keys }: Network,
  turn: Turn,
  seat: number,
  commitments: readonly SignedCommitment[],
): Promise<SeatSignature> => ({
  seat,
  signature: await signCommitmentSet(keys[seat] as Wallet, manifest, turn, commitments),
});

/** The report that follows from what was revealed. */
export function reportOf(
  network: Network,
  turn: Turn,
  commitments: readonly SignedCommitment[],
  reveals: readonly Reveal[],
  counts: ReadonlyMap<bigint, number>,
  facts: AssemblyFacts = {},
) {
  return {
    ...turn,
    poster: (network.keys[0] as Wallet).address,
    commitmentSet: commitmentSetHash(commitments),
    results: assembleResults(
      reveals.map(({ vector }) => vector),
      network.frozen,
      counts,
      facts,
    ),
  };
}

/** Five equal seats that have scored two responses to request 1, each a little differently. */
export async function honestRound(weights: readonly bigint[] = [20n, 20n, 20n, 20n, 20n]) {
  const network: Network = { manifest: exampleManifest(), ...frozenSeats(weights) };
  const turn: Turn = { epoch: network.frozen.epoch, round: 3, attempt: 1 };
  const seats = [...weights.keys()];
  const ownResults = (seat: number): RequestResult[] => [
    { requestId: 1n, responses: [score({ relevance: 800_000_000 + seat }), score({ coherence: seat })] },
  ];
  const made = await Promise.all(seats.map((seat) => commitAs(network, turn, seat, ownResults(seat))));
  const commitments = made.map(({ commitment }) => commitment);
  const reveals = made.map(({ reveal }) => reveal);
  const cosignatures = await Promise.all(seats.map((seat) => cosignAs(network, turn, seat, commitments)));
  const counts = new Map([[1n, 2]]);
  const context: RoundContext = {
    manifest: network.manifest,
    frozen: network.frozen,
    responseCounts: counts,
    facts: {},
  };
  const report = reportOf(network, turn, commitments, reveals, counts);
  const round: RoundEvidence = { report, commitments, cosignatures, reveals };
  return { network, turn, ownResults, context, counts, round, report, commitments, cosignatures, reveals };
}
