/** What the escrow, the fee curve and the consensus refuse. */
import type { Sentences } from "./values.ts";

export const ESCROW_REFUSALS: Sentences = {
  RequestEscrow_ZeroAmount: () => ["the amount is 0", "Give an amount above 0."],
  RequestEscrow_ZeroAddress: () => ["an address that is needed is the zero address", "Name a real address."],
  RequestEscrow_InsufficientCredit: (v) => [
    `${v.plain("account")} has ${v.masa("credit")} of credit and needs ${v.masa("asked")}`,
    "Add credit with `masa deposit`, or use less.",
  ],
  RequestEscrow_NotEligible: (v) => [
    `${v.plain("account")} is no eligible node of the role that this needs`,
    "Register and meet the requirement: see `masa requirement`. A suspension ends with the epoch.",
  ],
  RequestEscrow_OutOfRange: (v) => [
    `${v.word("name")} is ${v.bounded("value")}; it must lie between ${v.bounded("least")} and ${v.bounded("most")}`,
    "Give a value within these bounds.",
  ],
  RequestEscrow_NotWhole: (v) => [
    `${v.word("name")} is ${v.plain("value")}, which is no multiple of ${v.plain("unit")}`,
    "Round it.",
  ],
  RequestEscrow_KindNotOpen: (v) => [
    `requests of kind ${v.plain("kind")} are not open`,
    "Ask for a kind that governance has opened.",
  ],
  RequestEscrow_NumbersExhausted: () => [
    "the escrow has no number left for another request or account",
    "The market goes on in a new escrow.",
  ],
  RequestEscrow_EmptyReport: () => ["the report has no results", "Report at least one request."],
  RequestEscrow_TooManyResults: (v) => [
    `the report has ${v.plain("results")} results, at most ${v.plain("most")} are taken`,
    "Leave the rest to the next round.",
  ],
  RequestEscrow_TooManyResponses: (v) => [
    `the report has ${v.plain("responses")} responses, at most ${v.plain("most")} are taken`,
    "Leave the rest to the next round.",
  ],
  RequestEscrow_UnknownRequest: (v) => [`there is no request ${v.plain("requestId")}`, "Check the number."],
  RequestEscrow_NotOpen: (v) => [
    `request ${v.plain("requestId")} is ${v.requestState("state")}`,
    "There is nothing left to do about it.",
  ],
  RequestEscrow_ResponsesClosed: (v) => [
    `request ${v.plain("requestId")} took answers until ${v.moment("responseDeadline")}`,
    "Answer faster, or leave it to others.",
  ],
  RequestEscrow_ResponsesFull: (v) => [
    `request ${v.plain("requestId")} has all of its ${v.plain("maxResponses")} answers`,
    "Leave it to others.",
  ],
  RequestEscrow_AlreadyCommitted: (v) => [
    `${v.plain("worker")} has committed to an answer to request ${v.plain("requestId")} already`,
    "There is nothing to do.",
  ],
  RequestEscrow_EmptyCommitment: () => ["the commitment is 0", "Commit to the hash of an answer."],
  RequestEscrow_NotAsker: (v) => [
    `${v.plain("caller")} did not ask request ${v.plain("requestId")}`,
    "Only its asker may cancel it.",
  ],
  RequestEscrow_HasResponses: (v) => [
    `request ${v.plain("requestId")} has ${v.plain("responses")} answers`,
    "It can be cancelled only while it has none.",
  ],
  RequestEscrow_TooEarly: (v) => [
    `request ${v.plain("requestId")} can be closed after ${v.moment("closesAt")}`,
    "Wait until then.",
  ],
  RequestEscrow_WeightsDoNotSumToOne: (v) => [
    `the weights of R, C, F and T sum to ${v.share("sum")}, not to 1`,
    "Correct them.",
  ],
  RequestEscrow_WindowsTooLong: (v) => [
    `the longest windows together last ${v.duration("windows")}, more than the vault's request path of ${v.duration("longest")}`,
    "Shorten them: the unbonding delay relies on that path (decision D14).",
  ],
  RequestEscrow_FeeOnTransfer: (v) => [
    `${v.masa("received")} of ${v.masa("asked")} arrived: the token takes a fee on transfer`,
    "Such a token cannot pay for requests.",
  ],
};

export const RESULT_REFUSALS: Sentences = {
  ResultCodec_Malformed: (v) => [
    `the results cannot be read from byte ${v.plain("offset")} on`,
    "Encode them again: they have one canonical form.",
  ],
  ResultCodec_Unsorted: (v) => [
    `request ${v.plain("requestId")} comes after request ${v.plain("previousRequestId")}`,
    "Put the requests into ascending order, each once.",
  ],
  ResultCodec_ScoreOutOfRange: (v) => [
    `response ${v.plain("index")} to request ${v.plain("requestId")} has a score above 1: ${v.plain("score")} on the scale 1000000000 = 1`,
    "Give scores from 0 to 1.",
  ],
};

export const FEE_REFUSALS: Sentences = {
  FeeCurve_RatesOutOfOrder: (v) => [
    `the base rate ${v.share("baseRate")} is above the largest rate ${v.share("maxRate")}: the fee would not be convex`,
    "Give a base rate that is not above the largest.",
  ],
  FeeCurve_RateTooHigh: (v) => [
    `the largest rate is ${v.share("maxRate")}, above ${v.share("most")}`,
    "Give a lower one: no fee may exceed what is consumed.",
  ],
  FeeCurve_ZeroReference: () => ["the reference consumption is 0", "Give one above 0."],
  FeeCurve_MinimumOutOfRange: (v) => [
    `the minimum fee is ${v.masa("minimumFee")}; it must lie between ${v.masa("least")} and ${v.masa("most")}`,
    "Give a value within these bounds.",
  ],
};

export const CONSENSUS_REFUSALS: Sentences = {
  ScoreConsensus_ZeroAddress: () => ["an address that is needed is the zero address", "Name a real address."],
  ScoreConsensus_NotDeployer: (v) => [
    `${v.plain("caller")} may not wire the contract, or it is wired already`,
    "Only its deployer wires it, once.",
  ],
  ScoreConsensus_LengthOutOfRange: (v) => [
    `${v.word("name")} is ${v.duration("length")}; it must lie between ${v.duration("least")} and ${v.duration("most")}`,
    "Give another length.",
  ],
  ScoreConsensus_EpochNotFrozen: (v) => [
    `no set is frozen for epoch ${v.plain("epoch")}: it was not rolled into`,
    "Nobody can report that epoch.",
  ],
  ScoreConsensus_OutsideWindow: (v) => [
    `reports of epoch ${v.plain("epoch")} are not taken in epoch ${v.plain("currentEpoch")}`,
    "Score reports are taken in their epoch and the next, epoch reports in the next alone.",
  ],
  ScoreConsensus_NoSuchRound: (v) => [
    `an epoch has ${v.plain("rounds")} rounds; there is no round ${v.plain("round")}`,
    "Name a round of the epoch.",
  ],
  ScoreConsensus_NoSuchAttempt: (v) => [
    `a round has ${v.plain("attempts")} attempts; there is no attempt ${v.plain("attempt")}`,
    "Name an attempt of the round, counted from 0.",
  ],
  ScoreConsensus_AttemptNotBegun: (v) => [
    `attempt ${v.plain("attempt")} of round ${v.plain("round")} of epoch ${v.plain("epoch")} begins at ${v.moment("beginsAt")}`,
    "Wait until then.",
  ],
  ScoreConsensus_AlreadyFinal: (v) => [
    `round ${v.plain("round")} of epoch ${v.plain("epoch")} is final already`,
    "There is nothing to do: another attempt was faster.",
  ],
  ScoreConsensus_EpochAlreadyFinal: (v) => [
    `epoch ${v.plain("epoch")} is reported already`,
    "There is nothing to do: another attempt was faster.",
  ],
  ScoreConsensus_ScoresOfAnotherEpoch: (v) => [
    `a report of epoch ${v.plain("epoch")} carries scores of epoch ${v.plain("scoresEpoch")}`,
    "Make the report anew.",
  ],
  ScoreConsensus_SignatureLength: (v) => [
    `the signatures have ${v.plain("length")} bytes; the seats named need ${v.plain("wanted")}`,
    "Give 65 bytes for each seat.",
  ],
  ScoreConsensus_KeysRevoked: (v) => [
    `the keys of the seats ${v.seats("seats")} were revoked`,
    "Post the report without their signatures.",
  ],
  ScoreConsensus_UnknownSeat: (v) => [
    `seat ${v.plain("seat")} is free or does not exist`,
    "Name seats of the frozen set.",
  ],
  ScoreConsensus_ProposerMissing: (v) => [
    `the attempt is the turn of seat ${v.plain("seat")}, which did not sign`,
    "Collect its signature, or wait for the next attempt.",
  ],
  ScoreConsensus_BadSignature: (v) => [
    `the signature for seat ${v.plain("seat")} is by ${v.plain("recovered")}, not by the seat's key`,
    "Collect the signature of this very report again.",
  ],
  ScoreConsensus_NotEnoughWeight: (v) => [
    `${v.plain("confirmations")} seats with ${v.weight("signedWeight")} signed, of ${v.weight("totalWeight")}; more than two thirds of it and ${v.plain("leastConfirmations")} seats are needed`,
    "Collect more signatures.",
  ],
};
