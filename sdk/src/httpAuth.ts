/** Signed HTTP requests: payloads and votes on reports are served to the hot keys of seated validators and to askers. */
import { keccak256, toUtf8Bytes, verifyTypedData } from "ethers";
import type { Signer, TypedDataDomain } from "ethers";

import { MasaError } from "./errors.ts";
import type { Manifest } from "./manifest.ts";

const TYPES = {
  HttpRequest: [
    { name: "audience", type: "address" },
    { name: "method", type: "string" },
    { name: "path", type: "string" },
    { name: "bodyHash", type: "bytes32" },
    { name: "signedAt", type: "uint64" },
  ],
};

export const AUTH_HEADER = "x-masa-auth";
/** Seconds of chain time for which a signed request is taken. */
export const AUTH_WINDOW_S = 120;

interface HttpRequest {
  /** Account of the node that is asked, so that what one peer received cannot be replayed to another. */
  readonly audience: string;
  readonly method: string;
  readonly path: string;
  readonly body: string;
}

const domain = (manifest: Manifest): TypedDataDomain => ({
  name: "Masa Node HTTP",
  version: "1",
  chainId: manifest.chainId,
  verifyingContract: manifest.contracts.registry,
});

const message = (request: HttpRequest, signedAt: number) => ({
  audience: request.audience,
  method: request.method,
  path: request.path,
  bodyHash: keccak256(toUtf8Bytes(request.body)),
  signedAt,
});

/** The value of AUTH_HEADER for a request made at chain time `signedAt` (Unix seconds). */
export async function signHttpRequest(
  signer: Signer,
  manifest: Manifest,
  request: HttpRequest,
  signedAt: number,
): Promise<string> {
  return `${signedAt}.${await signer.signTypedData(domain(manifest), TYPES, message(request, signedAt))}`;
}

/** The address that signed a request. Throws MASA-504 where the header is missing, malformed or stale. */
export function recoverHttpSigner(
  manifest: Manifest,
  request: HttpRequest,
  header: string | undefined,
  chainTime: number,
): string {
  const match = /^(\d{1,12})\.(0x[0-9a-f]{130})$/.exec(header ?? "");
  if (match === null) throw new MasaError("MASA-504", `no valid ${AUTH_HEADER} header`);
  const signedAt = Number(match[1]);
  if (Math.abs(chainTime - signedAt) > AUTH_WINDOW_S) {
    throw new MasaError("MASA-504", `signed at ${signedAt}, the chain says ${chainTime}`);
  }
  try {
    return verifyTypedData(domain(manifest), TYPES, message(request, signedAt), match[2] as string);
  } catch (cause) {
    throw new MasaError("MASA-504", "the signature does not recover", { cause });
  }
}
