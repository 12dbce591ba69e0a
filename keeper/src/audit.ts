/** Recomputes a score report from its archive: what agrees with the signed messages and what does not. */
import { hasSeat, isEnough, isSignedBy, proposerOf, roundFaults, scoreReportDigest, seatsOf } from "#sdk";
import type { FrozenSeats, RoundContext, RoundEvidence, RoundPart, SeatSignature } from "#sdk";

/** What a keeper serves of a final score report. */
export interface ScoreArchive extends RoundEvidence {
  readonly chainId: number;
  /** Address of the ScoreConsensus that the signatures are for. */
  readonly consensus: string;
  readonly digest: string;
  readonly frozen: FrozenSeats;
  readonly requests: readonly ArchivedRequest[];
  /** The signatures it was posted with; none where the keeper that serves it did not post it. */
  readonly signatures: readonly SeatSignature[];
}

/** What the chain says of a request of the report. */
export interface ArchivedRequest {
  readonly requestId: bigint;
  readonly responses: number;
  readonly hasEvidence: boolean;
  /** Seats whose scores do not count, by response index. */
  readonly related: readonly (readonly number[])[];
}

/** What the chain itself says, where it was asked. */
export interface ChainView {
  readonly chainId: number;
  readonly consensus: string;
  readonly frozen: FrozenSeats | null;
  /** Digest and signers of the report that finalised the round; null where none has. */
  readonly final: { readonly digest: string; readonly signers: bigint } | null;
  readonly requests: readonly Omit<ArchivedRequest, "related">[];
}

export interface AuditLine {
  readonly what: string;
  readonly agrees: boolean;
  readonly note: string;
}

const PARTS: readonly RoundPart[] = ["commitments", "commitment set", "co-signatures", "reveals", "results"];

const asText = (value: unknown): string =>
  JSON.stringify(value, (_, member: unknown) => (typeof member === "bigint" ? member.toString() : member));

/** What the archive's report is checked against: its own word for the chain's. */
export function contextOfArchive({ chainId, consensus, frozen, requests }: ScoreArchive): RoundContext {
  return {
    manifest: { chainId, contracts: { consensus } },
    frozen,
    responseCounts: new Map(requests.map(({ requestId, responses }) => [requestId, responses])),
    facts: {
      withoutEvidence: new Set(requests.flatMap((r) => (r.hasEvidence ? [] : [r.requestId]))),
      related: new Map(
        requests.map(({ requestId, related }) => [requestId, related.map((seats) => new Set(seats))]),
      ),
    },
  };
}

/** Whether the frozen set adds up and is of the report's epoch. */
function frozenLine({ frozen, report }: ScoreArchive): AuditLine {
  const sum = frozen.weights.reduce((total, weight) => total + weight, 0n);
  const isWhole = sum === frozen.totalWeight && frozen.weights.length === frozen.hotKeys.length;
  const agrees = isWhole && frozen.epoch === report.epoch;
  const note = agrees
    ? `epoch ${frozen.epoch}, ${frozen.weights.filter((weight) => weight !== 0n).length} seats`
    : "it does not add up, or is of another epoch";
  return { what: "frozen set", agrees, note };
}

/** The signatures on the report: each holds, they are enough, and the drawn proposer's is among them. */
function signatureLines(archive: ScoreArchive, digest: string, chain: ChainView | null): AuditLine[] {
  const { frozen, signatures, report } = archive;
  const what = "signatures";
  if (signatures.length === 0) {
    // Final on chain: the contract has checked them.
    const agrees = chain !== null && chain.final?.digest === digest;
    const note = "none in this archive: ask the keeper that posted the report";
    return [{ what, agrees, note: agrees ? `checked by the contract; ${note}` : note }];
  }
  const seats = signatures.map(({ seat }) => seat);
  const bad = signatures.find(
    ({ seat, signature }) =>
      (frozen.weights[seat] ?? 0n) === 0n || !isSignedBy(digest, signature, frozen.hotKeys[seat] ?? ""),
  );
  const isTwice = new Set(seats).size !== seats.length;
  const drawn = frozen.totalWeight === 0n ? -1 : proposerOf(frozen, report.round, report.attempt);
  return [
    {
      what,
      agrees: bad === undefined && !isTwice,
      note: isTwice
        ? "a seat signs twice"
        : bad === undefined
          ? `${seats.length} hold`
          : `that of seat ${bad.seat} does not hold`,
    },
    { what: "more than two thirds", agrees: isEnough(frozen, seats), note: `seats ${seats.join(", ")}` },
    { what: "proposer", agrees: seats.includes(drawn), note: `seat ${drawn} was drawn for the attempt` },
  ];
}

function chainLines(archive: ScoreArchive, digest: string, chain: ChainView): AuditLine[] {
  const { chainId, consensus, frozen, requests, signatures } = archive;
  const line = (what: string, agrees: boolean, note: string): AuditLine => ({
    what: `chain: ${what}`,
    agrees,
    note: agrees ? "" : note,
  });
  const facts = requests.map(({ requestId, responses, hasEvidence }) => ({
    requestId,
    responses,
    hasEvidence,
  }));
  const signers = chain.final?.signers ?? 0n;
  return [
    line("deployment", chainId === chain.chainId && consensus === chain.consensus, "it is another one"),
    line("frozen set", asText(frozen) === asText(chain.frozen), "the chain froze another"),
    line(
      "requests",
      asText(facts) === asText(chain.requests),
      "responses or evidence are not what the chain says",
    ),
    line("final report", chain.final?.digest === digest, `the round's is ${chain.final?.digest ?? "none"}`),
    line(
      "signers",
      signatures.every(({ seat }) => hasSeat(signers, seat)),
      `the report was posted with those of seats ${seatsOf(signers).join(", ")}`,
    ),
  ];
}

/** Every check of an archive, by the archive's own word for the frozen set, and by the chain's where it was asked. */
export function auditArchive(archive: ScoreArchive, chain: ChainView | null = null): AuditLine[] {
  const context = contextOfArchive(archive);
  const digest = scoreReportDigest(context.manifest, archive.report);
  const faults = new Map(roundFaults(context, archive).map(({ part, message }) => [part, message]));
  const counts: Record<RoundPart, string> = {
    commitments: `${archive.commitments.length} signed`,
    "commitment set": "the one that the report names",
    "co-signatures": `${archive.cosignatures.length} of more than two thirds`,
    reveals: `${archive.reveals.length} signed, each opens its commitment`,
    results: `${archive.report.results.length} requests, recomputed`,
  };
  const isUnread = faults.has("reveals");
  return [
    frozenLine(archive),
    { what: "digest", agrees: digest === archive.digest, note: digest },
    ...PARTS.map((part): AuditLine => {
      const fault = faults.get(part);
      if (part === "results" && isUnread) {
        return { what: part, agrees: false, note: "not recomputed: the reveals are not in order" };
      }
      return { what: part, agrees: fault === undefined, note: fault ?? counts[part] };
    }),
    ...signatureLines(archive, digest, chain),
    ...(chain === null ? [] : chainLines(archive, digest, chain)),
  ];
}
