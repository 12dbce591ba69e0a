/**
 * From a closed request to this validator's own scores: fetch the question and its evidence from the asker and the
 * answers from their workers, check every byte against what the chain says, and score.
 */
import { keccak256, toUtf8Bytes } from "ethers";
import { z } from "zod";

import {
  MasaError,
  MAX_EVIDENCE_BYTES,
  MAX_PAYLOAD_BYTES,
  parseRequestPayload,
  parseResponsePayload,
  payloadHash,
  responseCommitment,
  SCORE_ONE,
  UNSCORED,
} from "#sdk";
import type { RequestPayload, ResponsePayload, ResponseScore } from "#sdk";

import type { KeeperRuntime, Peer } from "./runtime.ts";
import { FRAUD_CODES, indexEvidence } from "./scoring/index.ts";
import type { EvidenceDocument, EvidenceIndex, SubScores } from "./scoring/index.ts";
import type { StoredCommitment, StoredRequest } from "./store.ts";

/** What an answer that is not served, or not what was committed to, is worth (decision D7). */
const WORTHLESS: ResponseScore = { ...UNSCORED, scored: true };

const servedResponse = z.strictObject({ salt: z.string().regex(/^0x[0-9a-f]{64}$/), payload: z.string() });

/** Documents by hash and indexes by the hashes they hold, kept in memory across requests about the same evidence. */
const documents = new Map<string, string>();
const indexes = new Map<string, Evidence>();
interface Evidence {
  readonly documents: EvidenceDocument[];
  readonly index: EvidenceIndex;
}
const MOST_DOCUMENTS = 1_000;
const MOST_INDEXES = 16;

function remember<K, V>(cache: Map<K, V>, key: K, value: V, most: number): V {
  if (cache.size >= most) cache.delete(cache.keys().next().value as K);
  cache.set(key, value);
  return value;
}

async function nodePeer(runtime: KeeperRuntime, account: string): Promise<Peer> {
  const peer = await runtime.peerAt(account);
  if (peer === null) throw new MasaError("MASA-501", `${account} publishes no endpoint`);
  return peer;
}

async function fetchRequestPayload(runtime: KeeperRuntime, request: StoredRequest): Promise<RequestPayload> {
  const peer = await nodePeer(runtime, request.asker);
  const text = await runtime.call(peer, "GET", `/payloads/${request.payloadHash}`, "", MAX_PAYLOAD_BYTES);
  if (payloadHash(text) !== request.payloadHash) {
    throw new MasaError(
      "MASA-502",
      `request ${request.requestId}: its payload has another hash than on chain`,
    );
  }
  return parseRequestPayload(text);
}

async function fetchEvidence(
  runtime: KeeperRuntime,
  request: StoredRequest,
  payload: RequestPayload,
): Promise<Evidence> {
  const key = payload.evidence.map(({ id, hash }) => `${id}=${hash}`).join("\n");
  const known = indexes.get(key);
  if (known !== undefined) return known;
  const peer = await nodePeer(runtime, request.asker);
  const found: EvidenceDocument[] = [];
  for (const { id, hash } of payload.evidence) {
    let text = documents.get(hash);
    if (text === undefined) {
      text = await runtime.call(peer, "GET", `/evidence/${hash}`, "", MAX_EVIDENCE_BYTES);
      if (keccak256(toUtf8Bytes(text)) !== hash)
        throw new MasaError("MASA-502", `evidence ${id} has another hash`);
      remember(documents, hash, text, MOST_DOCUMENTS);
    }
    found.push({ id, text });
  }
  return remember(indexes, key, { documents: found, index: indexEvidence(found) }, MOST_INDEXES);
}

/** The served payload text of a commitment, checked against it; kept in the store once it was. */
async function fetchResponse(
  runtime: KeeperRuntime,
  request: StoredRequest,
  commitment: StoredCommitment,
): Promise<string> {
  if (commitment.payload !== null) return commitment.payload;
  const peer = await nodePeer(runtime, commitment.worker);
  // Twice the bound: JSON escapes may double a payload that is itself JSON.
  const text = await runtime.call(peer, "GET", `/responses/${request.requestId}`, "", 2 * MAX_PAYLOAD_BYTES);
  let served;
  try {
    served = servedResponse.parse(JSON.parse(text));
  } catch (cause) {
    throw new MasaError("MASA-505", `${peer.endpoint} served no response`, { cause });
  }
  const made = responseCommitment(
    request.requestId,
    commitment.worker,
    commitment.nonce,
    served.salt,
    payloadHash(served.payload),
  );
  if (made !== commitment.hash) {
    throw new MasaError(
      "MASA-502",
      `request ${request.requestId}: response ${commitment.index} is not what was committed`,
    );
  }
  runtime.store.savePayload(request.requestId, commitment.index, served.salt, served.payload);
  return served.payload;
}

/** T: how much of the response window was left when the answer was committed; and bytes of answer a second. */
function timeScores(request: StoredRequest, committedAt: number, text: string) {
  const window = request.responseDeadline - request.submittedAt;
  const left = Math.max(0, request.responseDeadline - committedAt);
  const bytes = Buffer.byteLength(text, "utf8");
  return {
    responseTime: Math.floor((left * SCORE_ONE) / window),
    throughput: Math.min(0xffff_ffff, Math.floor(bytes / Math.max(1, committedAt - request.submittedAt))),
  };
}

function scoreResponse(
  runtime: KeeperRuntime,
  request: StoredRequest,
  payload: RequestPayload,
  evidence: Evidence,
  committedAt: number,
  text: string,
): ResponseScore {
  let response: ResponsePayload;
  try {
    response = parseResponsePayload(text);
  } catch {
    return WORTHLESS; // committed to something that is no response at all
  }
  let scores: SubScores;
  try {
    scores = runtime.scorer.score(
      { prompt: payload.prompt, evidence: evidence.documents, response },
      { index: evidence.index },
    );
  } catch (error) {
    // A judge that fails has no opinion: the response is left unscored, at nobody's cost.
    runtime.log.error({ requestId: String(request.requestId), error: String(error) }, "the scorer failed");
    return UNSCORED;
  }
  return {
    relevance: scores.relevance,
    coherence: scores.coherence,
    factual: scores.factual ?? 0,
    ...timeScores(request, committedAt, response.text),
    scored: true,
    fraud: scores.fraud === null ? 0 : FRAUD_CODES[scores.fraud],
  };
}

/**
 * Scores every response of a closed request and stores the result. False where something is still missing and there is
 * time to try again. Evidence that the asker withholds leaves the request unscored: that is the asker's loss of an
 * answer, never the workers' of stake.
 */
export async function judgeRequest(
  runtime: KeeperRuntime,
  request: StoredRequest,
  now: number,
): Promise<boolean> {
  const { store, log, connection, relatedAccounts: related } = runtime;
  const mustDecide = now >= request.scoringDeadline - runtime.times.giveUpSeconds;
  let payload: RequestPayload;
  let evidence: Evidence;
  try {
    payload = await fetchRequestPayload(runtime, request);
    evidence = await fetchEvidence(runtime, request, payload);
    const blank = evidence.documents.every(({ text }) => text.trim() === "");
    if (request.hasEvidence !== payload.evidence.length > 0 || (request.hasEvidence && blank)) {
      throw new MasaError(
        "MASA-502",
        "the request says one thing of its evidence on chain and another in its payload",
      );
    }
  } catch (error) {
    log.warn(
      { requestId: String(request.requestId), error: String(error) },
      "question or evidence not available",
    );
    return false;
  }
  const onChain = await connection.contracts.escrow.requestOf(request.requestId);
  const commitments = store.commitments(request.requestId);
  if (Number(onChain.responses) !== commitments.length) return false; // events of the last block are still to be read
  const responses: ResponseScore[] = [];
  for (const commitment of commitments) {
    if (related.has(request.asker) || related.has(commitment.worker)) {
      responses.push(UNSCORED); // its own owner's work, or work for it: others judge that (SCO-09)
      continue;
    }
    try {
      const text = await fetchResponse(runtime, request, commitment);
      responses.push(scoreResponse(runtime, request, payload, evidence, commitment.committedAt, text));
    } catch (error) {
      // What fails on this keeper's own side of the chain says nothing about the worker.
      const isOwnFault = error instanceof MasaError && error.code === "MASA-301";
      if (!mustDecide || isOwnFault) {
        log.debug(
          { requestId: String(request.requestId), worker: commitment.worker, error: String(error) },
          "response not available yet",
        );
        return false;
      }
      log.warn(
        { requestId: String(request.requestId), worker: commitment.worker, error: String(error) },
        "response never served: scored 0",
      );
      responses.push(WORTHLESS);
    }
  }
  store.saveOwnResult({ requestId: request.requestId, responses });
  return true;
}
