/** Recomputes an epoch report, its reward root above all, from the chain and from what validators signed. */
import { ZeroHash } from "ethers";

import {
  assembleEpochScores,
  epochReportDigest,
  epochRewards,
  idleSeats,
  isAvailabilitySigned,
  rootHindrance,
  roundFaults,
  scoreReportDigest,
  seatsOf,
} from "#sdk";
import type {
  ConsensusDomain,
  FinalRound,
  FrozenSeats,
  RequestFacts,
  RewardFacts,
  RewardState,
  RewardTable,
  RoundContext,
  RoundEvidence,
} from "#sdk";

import type { AuditLine } from "./audit.ts";
import type { EpochArchive } from "./rewardWire.ts";

/** A round that is final on chain. */
export interface ChainRound {
  readonly round: number;
  readonly digest: string;
  readonly signers: bigint;
  readonly blockNumber: number;
}

/** What the chain itself says of the epoch and of its report. */
export interface EpochChainView {
  readonly manifest: ConsensusDomain;
  readonly frozen: FrozenSeats;
  /** Of the final report. */
  readonly digest: string;
  /** Final rounds of the epoch by the block of the report. */
  readonly rounds: readonly ChainRound[];
  readonly maxMissed: number;
  /** Requests of the rounds. */
  readonly responses: ReadonlyMap<bigint, number>;
  readonly requests: ReadonlyMap<bigint, RequestFacts>;
  readonly facts: RewardFacts;
  /** At the end of the block before the report's. */
  readonly before: RewardState;
}

export interface EpochAudit {
  readonly lines: readonly AuditLine[];
  /** The table that the report's root should stand for. */
  readonly expected: RewardTable;
}

const yes = (what: string, note: string): AuditLine => ({ what, agrees: true, note });
const judge = (what: string, agrees: boolean, good: string, bad: string): AuditLine => ({
  what,
  agrees,
  note: agrees ? good : bad,
});

/** Rounds that were final at the roll belong into the report; later ones may have come too late for it. */
function roundsLine({ rounds }: EpochArchive, chain: EpochChainView): AuditLine {
  const listed = new Set(rounds);
  const unknown = rounds.filter((digest) => !chain.rounds.some((final) => final.digest === digest));
  const missing = chain.rounds.filter(
    ({ digest, blockNumber }) => blockNumber <= chain.facts.blockNumber && !listed.has(digest),
  );
  return judge(
    "final rounds",
    unknown.length === 0 && missing.length === 0 && listed.size === rounds.length,
    `${rounds.length} of ${chain.rounds.length}, all that were final at the roll`,
    [
      ...missing.map(({ round }) => `round ${round} is left out`),
      ...unknown.map((digest) => `${digest} is final nowhere`),
    ].join("; ") || "a round is listed twice",
  );
}

function roundLine(chain: EpochChainView, digest: string, evidence: RoundEvidence): AuditLine {
  const { report } = evidence;
  const what = `round ${report.round}`;
  if (scoreReportDigest(chain.manifest, report) !== digest)
    return judge(what, false, "", "the archive is of another report");
  const ids = report.results.map(({ requestId }) => requestId);
  const context: RoundContext = {
    manifest: chain.manifest,
    frozen: chain.frozen,
    responseCounts: new Map(ids.map((id) => [id, chain.responses.get(id) ?? 0])),
    facts: {
      withoutEvidence: new Set(ids.filter((id) => chain.requests.get(id)?.hasEvidence !== true)),
      related: new Map(ids.map((id) => [id, chain.requests.get(id)?.related ?? []])),
    },
  };
  const [fault] = roundFaults(context, evidence);
  return judge(
    what,
    fault === undefined,
    `${ids.length} requests, recomputed`,
    `${fault?.part}: ${fault?.message}`,
  );
}

function probesLine({ availability }: EpochArchive, chain: EpochChainView): AuditLine {
  const seats = availability.map(({ seat }) => seat);
  const unsigned = availability.find((vector) => !isAvailabilitySigned(chain.manifest, chain.frozen, vector));
  const ascends = seats.every((seat, index) => index === 0 || seat > (seats[index - 1] ?? seat));
  return judge(
    "probes",
    unsigned === undefined && ascends,
    `${seats.length} signed: seats ${seats.join(", ") || "none"}`,
    unsigned === undefined ? "the seats do not ascend" : `those of seat ${unsigned.seat} are not signed`,
  );
}

function rewardLines(
  archive: EpochArchive,
  chain: EpochChainView,
  previous: RewardTable,
  scores: EpochArchive["report"]["scores"],
): { lines: AuditLine[]; expected: RewardTable } {
  const { report, availability } = archive;
  const { facts, before, frozen } = chain;
  const why = rootHindrance(facts, before);
  const { root, table } =
    why === null
      ? epochRewards(facts, previous, { frozen, scores, availability })
      : { root: ZeroHash, table: previous };
  const { validatorTotal, workerTotal } = why === null ? table : before.lastRoot;
  const sums = [
    ["validators' total", report.validatorTotal, validatorTotal],
    ["workers' total", report.workerTotal, workerTotal],
  ] as const;
  return {
    lines: [
      yes(
        "built on",
        facts.lastRoot.root === ZeroHash
          ? "nothing: the first root"
          : `the root of epoch ${facts.lastRoot.epoch}, ${previous.balances.size} accounts`,
      ),
      ...(why === null ? [] : [yes("no new root", why)]),
      judge(
        "reward root",
        report.rewardRoot === root,
        `${root}, ${table.balances.size} accounts`,
        `the report says ${report.rewardRoot}, it should be ${root}`,
      ),
      ...sums.map(([what, found, due]) =>
        judge(what, found === due, `${due} wei`, `the report says ${found} wei, it should be ${due}`),
      ),
    ],
    expected: table,
  };
}

/**
 * Every check of an epoch report. `rounds` are the archives of the rounds that its own archive names, in that order, and
 * `previous` is the table that the chain's last root stood for at the roll.
 */
export function auditEpoch(
  archive: EpochArchive,
  rounds: readonly RoundEvidence[],
  previous: RewardTable,
  chain: EpochChainView,
): EpochAudit {
  const { report } = archive;
  const { frozen } = chain;
  const finals: FinalRound[] = rounds.map((evidence, index) => ({
    round: evidence.report.round,
    results: evidence.report.results,
    vectors: evidence.reveals.map(({ vector }) => vector),
    committed: evidence.commitments.map(({ seat }) => seat),
    signers: seatsOf(chain.rounds.find(({ digest }) => digest === archive.rounds[index])?.signers ?? 0n),
  }));
  const scores = assembleEpochScores(finals, frozen, chain.requests);
  const idle = idleSeats(finals, frozen, chain.maxMissed);
  const rewards = rewardLines(archive, chain, previous, scores);
  const isSame =
    epochReportDigest(chain.manifest, { ...report, scores }) === epochReportDigest(chain.manifest, report);
  return {
    lines: [
      judge(
        "report",
        epochReportDigest(chain.manifest, report) === chain.digest,
        chain.digest,
        `the final one is ${chain.digest}`,
      ),
      roundsLine(archive, chain),
      ...rounds.map((evidence, index) => roundLine(chain, archive.rounds[index] ?? "", evidence)),
      judge("scores", isSame, "C, D and L recomputed", "C, D or L are not what the rounds give"),
      judge(
        "idle seats",
        report.idle === idle,
        seatsOf(idle).join(", ") || "none",
        `the report names ${seatsOf(report.idle).join(", ") || "none"}, it should be ${seatsOf(idle).join(", ") || "none"}`,
      ),
      probesLine(archive, chain),
      ...rewards.lines,
    ],
    expected: rewards.expected,
  };
}
