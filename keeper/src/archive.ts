/** What a keeper shows of a final report to everybody: enough to recompute it and to check every signature. */
import { MasaError } from "#sdk";
import type { RoundEvidence, SeatSignature } from "#sdk";

import type { ScoreArchive } from "./audit.ts";
import { contextOf } from "./rounds.ts";
import type { KeeperRuntime } from "./runtime.ts";
import { decodeRound } from "./wire.ts";

/** The archive of a final report, as `masa report verify` reads it. Throws MASA-501 where there is none. */
export async function publicArchive(runtime: KeeperRuntime, digest: string): Promise<unknown> {
  const { store, connection } = runtime;
  const body = store.archive(digest);
  const epoch = store.archiveEpoch(digest);
  if (body === null || epoch === null || !store.isFinal(digest)) {
    throw new MasaError("MASA-501", `no final report ${digest} here`);
  }
  const frozen = await runtime.frozenSeats(epoch);
  if (frozen === null) throw new MasaError("MASA-501", `no set is frozen for epoch ${epoch}`);
  const { chainId, contracts } = connection.manifest;
  const common = {
    chainId,
    consensus: contracts.consensus,
    digest,
    frozen,
    signatures: JSON.parse(store.signatures(digest) ?? "[]") as SeatSignature[],
  };
  const plain = JSON.parse(body) as { availability?: unknown };
  // An epoch report names its rounds by their digests: each has an archive of its own.
  if (plain.availability !== undefined) return { ...plain, ...common };
  const round: RoundEvidence = decodeRound(body);
  const requestIds = round.report.results.map(({ requestId }) => requestId);
  const { responseCounts, facts } = await contextOf(runtime, frozen, requestIds);
  const requests = requestIds.map((requestId) => ({
    requestId,
    responses: responseCounts.get(requestId) ?? 0,
    hasEvidence: facts.withoutEvidence?.has(requestId) !== true,
    related: (facts.related?.get(requestId) ?? []).map((seats) => [...seats].sort((a, b) => a - b)),
  }));
  const archive: ScoreArchive = { ...round, ...common, requests };
  return archive;
}
