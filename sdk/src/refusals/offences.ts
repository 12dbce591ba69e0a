/** What the contract of validators' offences refuses. */
import type { Sentences } from "./values.ts";

export const OFFENCE_REFUSALS: Sentences = {
  CheckpointUnorderedInsertion: () => [
    "a value would begin to hold before one that was set earlier",
    "Set it again in a later epoch.",
  ],
  Offences_ZeroAddress: () => ["an address that is needed is the zero address", "Name a real address."],
  Offences_NotAConsensus: (v) => [
    `${v.plain("consensus")} does not sign as the consensus does`,
    "Name the contract that takes the reports.",
  ],
  Offences_OutOfRange: (v) => [
    `${v.word("name")} is ${v.bounded("value")}; it must lie between ${v.bounded("least")} and ${v.bounded("most")}`,
    "Give a value within these bounds.",
  ],
  Offences_SameMessage: (v) => [
    `both messages are the same one (${v.plain("digest")})`,
    "Show two different messages of the same key.",
  ],
  Offences_DifferentTurns: (v) => [
    `the messages are of different turns: epoch ${v.plain("firstEpoch")}, round ${v.plain("firstRound")}, attempt ${v.plain("firstAttempt")} and epoch ${v.plain("secondEpoch")}, round ${v.plain("secondRound")}, attempt ${v.plain("secondAttempt")}`,
    "That is no offence: a validator may sign once in each attempt.",
  ],
  Offences_ForeignVector: (v) => [
    `the vector names ${v.plain("validator")}; the key of the seat is ${v.plain("key")}`,
    "Show two vectors that name the key that signed them.",
  ],
  Offences_UnknownSeat: (v) => [
    `seat ${v.plain("seat")} has no key in the set of epoch ${v.plain("epoch")}`,
    "Name the seat that signed.",
  ],
  Offences_SignatureLength: (v) => [
    `a signature has ${v.plain("length")} bytes, not ${v.plain("wanted")}`,
    "Give r, s and v, 65 bytes together.",
  ],
  Offences_BadSignature: (v) => [
    `a signature is by ${v.plain("recovered")}, not by ${v.plain("key")}, the key of the seat`,
    "Check seat, messages and signatures.",
  ],
  Offences_KeyRevoked: (v) => [
    `${v.plain("key")} was revoked at ${v.date("revokedAt")}, and the round begins at ${v.date("roundBeginsAt")}`,
    "Nobody answers for a revoked key in later rounds.",
  ],
  Offences_TooLate: (v) => [
    `offences of epoch ${v.plain("epoch")} could be proven until ${v.moment("until")}`,
    "Nothing can be done any more.",
  ],
  Offences_AlreadyProven: (v) => [
    `${v.plain("account")} was punished for epoch ${v.plain("epoch")} already`,
    "There is nothing to do: an account is punished once an epoch.",
  ],
};
