/**
 * Scores of responses as one canonical byte string: what validators sign, what a score report carries and what
 * ResultCodec reads on chain. One list of results has one encoding, and nothing else decodes.
 *
 *     line     = requestId (5 bytes) · count (1 byte, 1..16) · count responses, lines ascending by requestId
 *     response = relevance · coherence · factual · response time · throughput (4 bytes each) · flag (1 byte)
 *
 * Big endian. A flag of 0 is a scored response, 1 to 254 a scored fraud with that reason code, 255 an unscored one, whose
 * numbers are all 0.
 */
import { getBytes, hexlify } from "ethers";

import { MasaError } from "./errors.ts";

/** 1 on the scale of scores. */
export const SCORE_ONE = 1_000_000_000;
/** Most lines of one report: ResultCodec.MAX_RESULTS. */
export const MAX_RESULTS = 200;
/** Most responses of one report: ResultCodec.MAX_RESPONSES. */
export const MAX_RESPONSES = 240;
/** Most responses of one request: ResultCodec.MAX_RESPONSES_PER_RESULT. */
export const MAX_RESPONSES_PER_RESULT = 16;
/** Highest reason code of a fraud. */
export const MAX_REASON = 254;
/** Highest id of a request that a line can name. */
export const MAX_REQUEST_ID = (1n << 40n) - 1n;

const LINE_HEAD = 6;
const RESPONSE = 21;
const UNSCORED_FLAG = 255;
/** Most bytes of a list of results. */
export const MAX_RESULTS_BYTES = MAX_RESULTS * LINE_HEAD + MAX_RESPONSES * RESPONSE;

/** Attested sub-scores of one response; mirrors ResultCodec.Response. */
export interface ResponseScore {
  readonly relevance: number;
  readonly coherence: number;
  /** 0 where the request carries no evidence. */
  readonly factual: number;
  readonly responseTime: number;
  /** Bytes of answer a second. */
  readonly throughput: number;
  readonly scored: boolean;
  /** 0, or a reason code of docs/scoring.md. */
  readonly fraud: number;
}

/** One request with a score for each of its commitments, in their order. */
export interface RequestResult {
  readonly requestId: bigint;
  readonly responses: readonly ResponseScore[];
}

/** What a response is worth that nobody scored: nothing, and nothing held against it. */
export const UNSCORED: ResponseScore = {
  relevance: 0,
  coherence: 0,
  factual: 0,
  responseTime: 0,
  throughput: 0,
  scored: false,
  fraud: 0,
};

/** The five numbers in the order of their bytes, with the most that each may be. */
const FIELDS = [
  ["relevance", SCORE_ONE],
  ["coherence", SCORE_ONE],
  ["factual", SCORE_ONE],
  ["responseTime", SCORE_ONE],
  ["throughput", 0xffff_ffff],
] as const satisfies readonly (readonly [keyof ResponseScore, number])[];

const malformed = (message: string): MasaError => new MasaError("MASA-505", `results: ${message}`);

function requireSize(lines: number, responses: number): void {
  if (lines > MAX_RESULTS) throw malformed(`${lines} lines, at most ${MAX_RESULTS} are taken`);
  if (responses > MAX_RESPONSES) {
    throw malformed(`${responses} responses, at most ${MAX_RESPONSES} are taken`);
  }
}

function requireLine(requestId: bigint, previous: bigint, count: number): void {
  if (requestId <= previous) throw malformed(`request ${requestId} comes after ${previous}`);
  if (count < 1 || count > MAX_RESPONSES_PER_RESULT) {
    throw malformed(`request ${requestId} has ${count} responses, not 1 to ${MAX_RESPONSES_PER_RESULT}`);
  }
}

function requireScore(requestId: bigint, score: ResponseScore): void {
  for (const [name, most] of FIELDS) {
    const value = score[name];
    if (!Number.isInteger(value) || value < 0 || value > most) {
      throw malformed(`request ${requestId}: ${name} is ${value}, not 0 to ${most}`);
    }
    if (!score.scored && value !== 0) throw malformed(`request ${requestId}: unscored with a ${name}`);
  }
  if (!Number.isInteger(score.fraud) || score.fraud < 0 || score.fraud > MAX_REASON) {
    throw malformed(`request ${requestId}: reason code ${score.fraud} is not 0 to ${MAX_REASON}`);
  }
  if (!score.scored && score.fraud !== 0) throw malformed(`request ${requestId}: unscored with a fraud`);
}

/**
 * The one encoding of a list of results, as 0x-prefixed hex. Throws MASA-505 for results that have none: not ascending,
 * too many, out of range, or unscored with numbers.
 */
export function encodeResults(results: readonly RequestResult[]): string {
  const responses = results.reduce((sum, result) => sum + result.responses.length, 0);
  requireSize(results.length, responses);
  const bytes = new Uint8Array(results.length * LINE_HEAD + responses * RESPONSE);
  const view = new DataView(bytes.buffer);
  let at = 0;
  let previous = -1n;
  for (const { requestId, responses: scores } of results) {
    requireLine(requestId, previous, scores.length);
    if (requestId > MAX_REQUEST_ID) throw malformed(`request ${requestId} does not fit 5 bytes`);
    previous = requestId;
    view.setUint8(at, Number(requestId >> 32n));
    view.setUint32(at + 1, Number(requestId & 0xffff_ffffn));
    view.setUint8(at + 5, scores.length);
    at += LINE_HEAD;
    for (const score of scores) {
      requireScore(requestId, score);
      for (const [index, [name]] of FIELDS.entries()) view.setUint32(at + 4 * index, score[name]);
      view.setUint8(at + RESPONSE - 1, score.scored ? score.fraud : UNSCORED_FLAG);
      at += RESPONSE;
    }
  }
  return hexlify(bytes);
}

function responseAt(view: DataView, at: number): ResponseScore {
  const flag = view.getUint8(at + RESPONSE - 1);
  const scored = flag !== UNSCORED_FLAG;
  return {
    relevance: view.getUint32(at),
    coherence: view.getUint32(at + 4),
    factual: view.getUint32(at + 8),
    responseTime: view.getUint32(at + 12),
    throughput: view.getUint32(at + 16),
    scored,
    fraud: scored ? flag : 0,
  };
}

/** The results that bytes in hex encode. Throws MASA-505 for everything that {@link encodeResults} does not produce. */
export function decodeResults(encoded: string): RequestResult[] {
  if (!/^0x([0-9a-f]{2})*$/.test(encoded)) throw malformed("not bytes in lower-case hex");
  const bytes = getBytes(encoded);
  if (bytes.length > MAX_RESULTS_BYTES) throw malformed(`${bytes.length} bytes are too many`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const results: RequestResult[] = [];
  let at = 0;
  let previous = -1n;
  let total = 0;
  while (at < bytes.length) {
    if (at + LINE_HEAD > bytes.length) throw malformed(`cut at byte ${at}`);
    const requestId = (BigInt(view.getUint8(at)) << 32n) | BigInt(view.getUint32(at + 1));
    const count = view.getUint8(at + 5);
    requireLine(requestId, previous, count);
    previous = requestId;
    at += LINE_HEAD;
    if (at + count * RESPONSE > bytes.length) throw malformed(`cut at byte ${at}`);
    const responses: ResponseScore[] = [];
    for (let index = 0; index < count; index++, at += RESPONSE) {
      const score = responseAt(view, at);
      requireScore(requestId, score);
      responses.push(score);
    }
    total += count;
    results.push({ requestId, responses });
  }
  requireSize(results.length, total);
  return results;
}
