/** The one description of a deployment that sdk, keeper, nodes and cli read: schema, reader, writer. */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

import { getAddress } from "ethers";
import { z } from "zod";

import { MasaError } from "./errors.ts";

const address = z.string().transform((text, context) => {
  try {
    return getAddress(text);
  } catch {
    context.addIssue({ code: "custom", message: `not an address: ${text}` });
    return z.NEVER;
  }
});

/** Contracts that every deployment has, and the wrapped TAO where its network has one. */
const contractsSchema = z.strictObject({
  masa: address,
  tao: address.optional(),
  timelock: address,
  clock: address,
  curve: address,
  feeCurve: address,
  vault: address,
  standing: address,
  registry: address,
  validatorSet: address,
  escrow: address,
  feePool: address,
  emissions: address,
  distributor: address,
  consensus: address,
  offences: address,
  epochManager: address,
  guardian: address,
  votes: address,
  classes: address,
  reviews: address,
  reputation: address,
  governor: address,
  lens: address,
});

export const manifestSchema = z.strictObject({
  /** Network name, as in params/<name>.json5. */
  name: z.string().min(1),
  chainId: z.int().positive(),
  /** First block that holds a contract of the deployment: where a search for events begins. */
  deployedAtBlock: z.int().nonnegative(),
  /** Sent the deployment; holds no role in it but what docs/adr/0002 names. */
  deployer: address,
  contracts: contractsSchema,
  /** keccak256 of the parameters the deployment was made with. */
  parametersHash: z.string().regex(/^0x[0-9a-f]{64}$/, "not a 32-byte hash"),
});

export type Manifest = z.infer<typeof manifestSchema>;

/** Reads and checks a manifest. Throws MASA-101 where it cannot be read, MASA-102 where it is malformed. */
export function loadManifest(path: string): Manifest {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (cause) {
    throw new MasaError("MASA-101", `cannot read the manifest ${path}`, { cause });
  }
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new MasaError("MASA-102", `the manifest ${path} is not JSON`, { cause });
  }
  const parsed = manifestSchema.safeParse(json);
  if (!parsed.success) {
    const where = parsed.error.issues.map(
      (issue) => `${issue.path.join(".") || "manifest"}: ${issue.message}`,
    );
    throw new MasaError("MASA-102", `the manifest ${path} is malformed: ${where.join("; ")}`);
  }
  return parsed.data;
}

/** The text of a manifest file: the same manifest always gives the same bytes. */
export function formatManifest(manifest: Manifest): string {
  return `${JSON.stringify(manifestSchema.parse(manifest), null, 2)}\n`;
}

/** Writes a manifest in one step, so that a reader never sees half of it. Throws MASA-101 where it cannot. */
export function writeManifest(path: string, manifest: Manifest): void {
  const text = formatManifest(manifest);
  try {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(`${path}.part`, text);
    renameSync(`${path}.part`, path);
  } catch (cause) {
    throw new MasaError("MASA-101", `cannot write the manifest ${path}`, { cause });
  }
}
