/** A request as the escrow stores it, in one word (contracts/market/RequestWord.sol): what `RequestSubmitted` carries. */
import { REQUEST_KINDS } from "./payloads.ts";
import type { RequestKind } from "./payloads.ts";

/** R_base and fees are whole multiples of this, wei. */
const UNIT_WEI = 1_000_000_000n;

export interface PackedRequest {
  readonly kind: RequestKind;
  readonly hasEvidence: boolean;
  readonly maxResponses: number;
  readonly baseRewardWei: bigint;
  readonly feeWei: bigint;
  /** Unix seconds. */
  readonly responseDeadline: number;
  readonly scoringDeadline: number;
  /** Number of the market terms frozen for it. */
  readonly terms: number;
}

const field = (word: bigint, at: number, bits: number): bigint => BigInt.asUintN(bits, word >> BigInt(at));

export function unpackRequest(word: bigint): PackedRequest {
  const responseDeadline = Number(field(word, 108, 32));
  return {
    kind: REQUEST_KINDS[Number(field(word, 3, 5))] as RequestKind,
    hasEvidence: field(word, 8, 1) === 1n,
    maxResponses: Number(field(word, 9, 4)) + 1,
    baseRewardWei: field(word, 160, 48) * UNIT_WEI,
    feeWei: field(word, 208, 44) * UNIT_WEI,
    responseDeadline,
    scoringDeadline: responseDeadline + Number(field(word, 140, 20)),
    terms: Number(field(word, 18, 12)),
  };
}
