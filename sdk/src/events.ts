/** Reads what happened on chain, in pages, as plain records that nodes keep in their state. */
import { ZeroAddress } from "ethers";
import type { Log, Result } from "ethers";

import type {
  EpochReportFinalisedEvent,
  ScoreReportFinalisedEvent,
} from "../../types/contracts/consensus/ScoreConsensus.ts";
import type {
  ProposalCanceledEvent,
  ProposalCreatedEvent,
  ProposalExtendedEvent,
} from "../../types/contracts/governance/MasaGovernor.ts";
import type { TurnoutRecordedEvent } from "../../types/contracts/governance/ProposalClasses.ts";
import type { ProposalClosedEvent } from "../../types/contracts/governance/Reputation.ts";
import type {
  RequestClosedEvent,
  RequestSettledEvent,
  RequestSubmittedEvent,
  ResponseCommittedEvent,
  ResponseSettledEvent,
} from "../../types/contracts/market/RequestEscrow.ts";
import type { LeavingSeatEvent, WaitlistJoinedEvent } from "../../types/contracts/registry/ValidatorSet.ts";
import type {
  DeferredSlashBookedEvent,
  SlashAppliedEvent,
  SlashBookedEvent,
} from "../../types/contracts/staking/StakeVault.ts";
import type { MasaContracts } from "./contracts.ts";
import { MasaError } from "./errors.ts";
import type { RequestKind } from "./payloads.ts";
import { unpackRequest } from "./requestWord.ts";

/** Blocks of one log query: below the limits of public RPC servers. */
const PAGE_BLOCKS = 2_000;

export const REQUEST_STATES = ["none", "open", "settled", "cancelled", "expired", "unscored"] as const;
export type RequestState = (typeof REQUEST_STATES)[number];

export const RESPONSE_OUTCOMES = ["unscored", "slashed", "unpaid", "paid"] as const;
export type ResponseOutcome = (typeof RESPONSE_OUTCOMES)[number];

export type MasaEvent =
  | {
      readonly type: "submitted";
      readonly requestId: bigint;
      readonly asker: string;
      readonly payloadHash: string;
      readonly kind: RequestKind;
      readonly hasEvidence: boolean;
      readonly maxResponses: number;
      readonly baseRewardWei: bigint;
      readonly feeWei: bigint;
      readonly minQualityWad: bigint;
      readonly submittedAt: number;
      readonly responseDeadline: number;
      readonly scoringDeadline: number;
      /** Number of the market terms frozen for it. */
      readonly terms: number;
    }
  | {
      readonly type: "committed";
      readonly requestId: bigint;
      readonly worker: string;
      readonly index: number;
      readonly nonce: bigint;
      readonly commitment: string;
      readonly committedAt: number;
    }
  | {
      readonly type: "responseSettled";
      readonly requestId: bigint;
      readonly worker: string;
      readonly outcome: ResponseOutcome;
      readonly qualityWad: bigint;
      /** Paid, by the outcome "paid"; else 0. */
      readonly rewardWei: bigint;
      /** Of stake, by the outcome "slashed"; else 0. */
      readonly slashedWei: bigint;
      readonly fraud: number;
    }
  | { readonly type: "settled"; readonly requestId: bigint; readonly paidWei: bigint }
  | { readonly type: "closed"; readonly requestId: bigint; readonly state: RequestState }
  /** Stake units that wait to be applied. */
  | { readonly type: "slashBooked"; readonly account: string; readonly bookedUnits: bigint }
  | { readonly type: "slashApplied"; readonly account: string; readonly id: bigint }
  /** A seat was given up by its owner's will. */
  | { readonly type: "seatLeft"; readonly account: string }
  | { readonly type: "waitlistJoined"; readonly account: string }
  | {
      readonly type: "roundFinal";
      readonly epoch: number;
      readonly round: number;
      readonly digest: string;
      readonly signers: bigint;
    }
  | { readonly type: "epochFinal"; readonly epoch: number; readonly digest: string }
  /** Its vote ends with the deadline, a Unix second. */
  | { readonly type: "proposed"; readonly proposalId: bigint; readonly deadline: number }
  | { readonly type: "extended"; readonly proposalId: bigint; readonly deadline: number }
  | { readonly type: "cancelled"; readonly proposalId: bigint }
  | { readonly type: "turnoutRecorded"; readonly proposalId: bigint }
  | { readonly type: "proposalCounted"; readonly proposalId: bigint };

/** Of an event's arguments and of its block's second. */
type Decoder = (args: Result, at: number) => MasaEvent | readonly MasaEvent[];

/** A decoder of an event whose arguments have the type that its ABI gives them; each use names that type. */
const decoder =
  // eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- the one cast of arguments lives here
  <Args>(read: (args: Args, at: number) => ReturnType<Decoder>): Decoder =>
    (args, at) =>
      read(args as unknown as Args, at);

/** Events whose records say when they happened. */
const TIMED = new Set(["RequestSubmitted", "ResponseCommitted"]);

const ESCROW_EVENTS: Record<string, Decoder> = {
  RequestSubmitted: decoder<RequestSubmittedEvent.OutputObject>((submitted, submittedAt) => ({
    type: "submitted",
    requestId: submitted.requestId,
    asker: submitted.asker,
    payloadHash: submitted.payloadHash,
    minQualityWad: submitted.minQuality,
    submittedAt,
    ...unpackRequest(submitted.request),
  })),
  ResponseCommitted: decoder<ResponseCommittedEvent.OutputObject>(
    ({ requestId, worker, index, nonce, commitment }, committedAt) => ({
      type: "committed",
      requestId,
      worker,
      index: Number(index),
      nonce,
      commitment,
      committedAt,
    }),
  ),
  ResponseSettled: decoder<ResponseSettledEvent.OutputObject>(
    ({ requestId, worker, outcome, quality, slashed, fraud }) => ({
      type: "responseSettled",
      requestId,
      worker,
      outcome: RESPONSE_OUTCOMES[Number(outcome)] as ResponseOutcome,
      qualityWad: quality,
      rewardWei: 0n,
      slashedWei: slashed,
      fraud: Number(fraud),
    }),
  ),
  // The winner's answer has no event of its own.
  RequestSettled: decoder<RequestSettledEvent.OutputObject>(({ requestId, winner, paid, quality }) => [
    ...(winner === ZeroAddress
      ? []
      : [
          {
            type: "responseSettled" as const,
            requestId,
            worker: winner,
            outcome: "paid" as const,
            qualityWad: quality,
            rewardWei: paid,
            slashedWei: 0n,
            fraud: 0,
          },
        ]),
    { type: "settled", requestId, paidWei: paid },
  ]),
  RequestClosed: decoder<RequestClosedEvent.OutputObject>(({ requestId, state }) => ({
    type: "closed",
    requestId,
    state: REQUEST_STATES[Number(state)] as RequestState,
  })),
};

const VAULT_EVENTS: Record<string, Decoder> = {
  SlashBooked: decoder<SlashBookedEvent.OutputObject>(({ account, booked }) => ({
    type: "slashBooked",
    account,
    bookedUnits: booked,
  })),
  DeferredSlashBooked: decoder<DeferredSlashBookedEvent.OutputObject>(({ account, booked }) => ({
    type: "slashBooked",
    account,
    bookedUnits: booked,
  })),
  SlashApplied: decoder<SlashAppliedEvent.OutputObject>(({ account, id }) => ({
    type: "slashApplied",
    account,
    id,
  })),
};

const SEAT_EVENTS: Record<string, Decoder> = {
  LeavingSeat: decoder<LeavingSeatEvent.OutputObject>(({ owner }) => ({ type: "seatLeft", account: owner })),
  WaitlistJoined: decoder<WaitlistJoinedEvent.OutputObject>(({ owner }) => ({
    type: "waitlistJoined",
    account: owner,
  })),
};

const CONSENSUS_EVENTS: Record<string, Decoder> = {
  ScoreReportFinalised: decoder<ScoreReportFinalisedEvent.OutputObject>(
    ({ epoch, round, digest, signers }) => ({
      type: "roundFinal",
      epoch: Number(epoch),
      round: Number(round),
      digest,
      signers,
    }),
  ),
  EpochReportFinalised: decoder<EpochReportFinalisedEvent.OutputObject>(({ epoch, digest }) => ({
    type: "epochFinal",
    epoch: Number(epoch),
    digest,
  })),
};

const GOVERNOR_EVENTS: Record<string, Decoder> = {
  ProposalCreated: decoder<ProposalCreatedEvent.OutputObject>(({ proposalId, voteEnd }) => ({
    type: "proposed",
    proposalId,
    deadline: Number(voteEnd),
  })),
  ProposalExtended: decoder<ProposalExtendedEvent.OutputObject>(({ proposalId, extendedDeadline }) => ({
    type: "extended",
    proposalId,
    deadline: Number(extendedDeadline),
  })),
  ProposalCanceled: decoder<ProposalCanceledEvent.OutputObject>(({ proposalId }) => ({
    type: "cancelled",
    proposalId,
  })),
};

const CLASS_EVENTS: Record<string, Decoder> = {
  TurnoutRecorded: decoder<TurnoutRecordedEvent.OutputObject>(({ proposalId }) => ({
    type: "turnoutRecorded",
    proposalId,
  })),
};

const REPUTATION_EVENTS: Record<string, Decoder> = {
  ProposalClosed: decoder<ProposalClosedEvent.OutputObject>(({ proposalId }) => ({
    type: "proposalCounted",
    proposalId,
  })),
};

/** Everything nodes follow between two blocks, both included, in the order of the chain. */
export async function readEvents(
  contracts: MasaContracts,
  fromBlock: number,
  toBlock: number,
): Promise<MasaEvent[]> {
  const provider = contracts.escrow.runner?.provider;
  if (!provider) throw new TypeError("contracts are connected to nothing that reads");
  const sources = [
    [contracts.escrow, ESCROW_EVENTS],
    [contracts.vault, VAULT_EVENTS],
    [contracts.validatorSet, SEAT_EVENTS],
    [contracts.consensus, CONSENSUS_EVENTS],
    [contracts.governor, GOVERNOR_EVENTS],
    [contracts.classes, CLASS_EVENTS],
    [contracts.reputation, REPUTATION_EVENTS],
  ] as const;
  const byAddress = new Map(
    await Promise.all(
      sources.map(
        async ([contract, decoders]) => [await contract.getAddress(), { contract, decoders }] as const,
      ),
    ),
  );
  const topics = sources.flatMap(([contract, decoders]) =>
    Object.keys(decoders).map((name) => contract.interface.getEvent(name as never).topicHash),
  );
  const events: MasaEvent[] = [];
  const seconds = new Map<number, number>();
  const secondOf = async (block: number): Promise<number> => {
    const known = seconds.get(block) ?? (await provider.getBlock(block))?.timestamp;
    if (known === undefined) throw new MasaError("MASA-301", `block ${block} cannot be read`);
    seconds.set(block, known);
    return known;
  };
  for (let start = fromBlock; start <= toBlock; start += PAGE_BLOCKS) {
    const logs: Log[] = await provider.getLogs({
      address: [...byAddress.keys()],
      topics: [topics],
      fromBlock: start,
      toBlock: Math.min(toBlock, start + PAGE_BLOCKS - 1),
    });
    for (const log of logs) {
      const source = byAddress.get(log.address);
      const parsed = source?.contract.interface.parseLog(log) ?? null;
      const decoder = parsed === null ? undefined : source?.decoders[parsed.name];
      if (parsed === null || decoder === undefined) continue;
      const found = decoder(parsed.args, TIMED.has(parsed.name) ? await secondOf(log.blockNumber) : 0);
      events.push(...[found].flat());
    }
  }
  return events;
}

/** All that `query` finds between two blocks, both included, in pages that public RPC servers answer. */
export async function queryPages<Found>(
  query: (fromBlock: number, toBlock: number) => Promise<Found[]>,
  fromBlock: number,
  toBlock: number,
): Promise<Found[]> {
  const found: Found[] = [];
  for (let start = fromBlock; start <= toBlock; start += PAGE_BLOCKS) {
    found.push(...(await query(start, Math.min(toBlock, start + PAGE_BLOCKS - 1))));
  }
  return found;
}

/** The latest of what `query` finds between two blocks, looked for from the end; null where it finds nothing. */
export async function queryBackwards<Found>(
  query: (fromBlock: number, toBlock: number) => Promise<Found[]>,
  fromBlock: number,
  toBlock: number,
): Promise<Found | null> {
  for (let end = toBlock; end >= fromBlock; end -= PAGE_BLOCKS) {
    const found = (await query(Math.max(fromBlock, end - PAGE_BLOCKS + 1), end)).at(-1);
    if (found !== undefined) return found;
  }
  return null;
}
