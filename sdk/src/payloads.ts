/**
 * What travels between oracle nodes, workers and validators over HTTP (docs/payloads.md). A payload is a byte string;
 * its hash is the keccak256 of those bytes, so nothing depends on how JSON is written.
 */
import { AbiCoder, keccak256, toUtf8Bytes } from "ethers";
import { z } from "zod";

import { MasaError } from "./errors.ts";

/** Kinds of work, in the order of the contract's enum. */
export const REQUEST_KINDS = ["llm-completion", "data-query", "data-scrape"] as const;
export type RequestKind = (typeof REQUEST_KINDS)[number];

/** Bounds of a payload in bytes: enough for a long prompt and for a long answer with its citations. */
export const MAX_PAYLOAD_BYTES = 256 * 1024;
/** Bound of one evidence document in bytes. */
export const MAX_EVIDENCE_BYTES = 1024 * 1024;

const hash = z.string().regex(/^0x[0-9a-f]{64}$/, "a 32-byte hash in lower-case hex");

const requestPayloadSchema = z.object({
  schema: z.literal("masa.request/1"),
  /** Chosen by the asker at random, so that the same question asked twice has two hashes. */
  nonce: hash,
  kind: z.enum(REQUEST_KINDS),
  prompt: z.string().min(1).max(20_000),
  /** Documents the answer is judged against; validators fetch them from the asker. Empty: F is absent. */
  evidence: z.array(z.object({ id: z.string().min(1).max(200), hash })).max(200),
});
/** A request as its asker serves it. */
export type RequestPayload = z.infer<typeof requestPayloadSchema>;

const citationSchema = z.object({
  source: z.string().max(200),
  quote: z.string().max(4_000),
  licence: z.string().max(100).optional(),
});

const responsePayloadSchema = z.object({
  schema: z.literal("masa.response/1"),
  requestId: z.string().regex(/^[0-9]+$/),
  text: z.string().max(100_000),
  citations: z.array(citationSchema).max(64),
  engine: z.string().max(100),
  model: z.string().max(200).optional(),
  usage: z.record(z.string(), z.number()).optional(),
});
/** An answer as its worker serves it. */
export type ResponsePayload = z.infer<typeof responsePayloadSchema>;

const metadataSchema = z.object({ endpoint: z.url({ protocol: /^https?$/ }) }).loose();
/** What a node publishes about itself when it registers. */
export type NodeMetadata = z.infer<typeof metadataSchema>;

function parse<T>(schema: z.ZodType<T>, text: string, what: string): T {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new MasaError("MASA-505", `${what} is not JSON`, { cause });
  }
  const result = schema.safeParse(json);
  if (!result.success) throw new MasaError("MASA-505", `${what}: ${z.prettifyError(result.error)}`);
  return result.data;
}

export const parseRequestPayload = (text: string): RequestPayload =>
  parse(requestPayloadSchema, text, "request payload");
export const parseResponsePayload = (text: string): ResponsePayload =>
  parse(responsePayloadSchema, text, "response payload");
export const parseNodeMetadata = (text: string): NodeMetadata => parse(metadataSchema, text, "node metadata");

/** keccak256 of the payload's bytes. */
export const payloadHash = (text: string): string => keccak256(toUtf8Bytes(text));

/** What a worker commits to on chain; the mirror of RequestEscrow.commitmentOf. */
export function responseCommitment(
  requestId: bigint,
  worker: string,
  nonce: bigint,
  salt: string,
  hashOfPayload: string,
): string {
  return keccak256(
    AbiCoder.defaultAbiCoder().encode(
      ["uint256", "address", "uint32", "bytes32", "bytes32"],
      [requestId, worker, nonce, salt, hashOfPayload],
    ),
  );
}
