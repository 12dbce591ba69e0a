/** Checks a peer's signature on a digest that this keeper computed itself. */
import { recoverAddress } from "ethers";

import { MasaError } from "#sdk";

/** Throws MASA-503 unless `signature` on `digest` recovers to `signer`. */
export function verifySignature(digest: string, signature: string, signer: string): void {
  let recovered: string;
  try {
    recovered = recoverAddress(digest, signature);
  } catch (cause) {
    throw new MasaError("MASA-503", "a signature that does not recover", { cause });
  }
  if (recovered !== signer) throw new MasaError("MASA-503", `signed by ${recovered}, not by ${signer}`);
}
