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

/** Most bytes of metadata: NodeRegistry.MAX_METADATA_LENGTH. */
export const MAX_METADATA_BYTES = 2_048;

const word = z.string().min(1).max(100);
const words = z.array(word).min(1).max(32);
/** What a node publishes about itself. Other members are kept: newer nodes may say more. */
const metadataSchema = z
  .object({
    /** Where it answers over HTTP. */
    endpoint: z.url({ protocol: /^https?$/ }).max(300),
    /** Where it answers over libp2p, as a multiaddr. */
    multiaddr: z
      .string()
      .regex(/^(\/[^/\s]+)+$/, "a multiaddr, such as /ip4/203.0.113.7/tcp/4001")
      .max(300),
    /** For encrypting to it: a compressed or uncompressed secp256k1 key, or an X25519 key, in hex. */
    publicKey: z
      .string()
      .regex(/^0x([0-9a-fA-F]{64}|[0-9a-fA-F]{66}|[0-9a-fA-F]{130})$/, "a public key in hex"),
    /** Of its software. */
    version: word,
    /** Kinds of work that it does or asks for. */
    kinds: z.array(z.enum(REQUEST_KINDS)).min(1).max(REQUEST_KINDS.length),
    models: words,
    topics: words,
    /** Least R_base that it answers for, MASA, as a decimal string. */
    price: z.string().regex(/^\d{1,18}(\.\d{1,18})?$/, "an amount of MASA, such as 12.5"),
    /** Under which its answers may be used: an SPDX expression, or LicenseRef-… */
    licence: z.string().min(1).max(200),
  })
  .partial()
  .required({ endpoint: true })
  .loose();
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

/** The endpoint alone: other members that do not parse must not make a node unreachable. Null where there is none. */
export function endpointOf(metadata: string): string | null {
  try {
    const { endpoint } = metadataSchema.pick({ endpoint: true }).parse(JSON.parse(metadata));
    return endpoint.replace(/\/+$/, "");
  } catch {
    return null;
  }
}

/** The text of metadata as it is registered. Throws MASA-102 where it is malformed or longer than the registry takes. */
export function formatNodeMetadata(metadata: NodeMetadata): string {
  const result = metadataSchema.safeParse(metadata);
  if (!result.success) throw new MasaError("MASA-102", `node metadata: ${z.prettifyError(result.error)}`);
  const text = JSON.stringify(result.data);
  const bytes = Buffer.byteLength(text);
  if (bytes > MAX_METADATA_BYTES) {
    throw new MasaError("MASA-102", `node metadata: ${bytes} bytes, at most ${MAX_METADATA_BYTES} are taken`);
  }
  return text;
}

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
