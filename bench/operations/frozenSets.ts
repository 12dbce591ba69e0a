/** Three ways to keep a frozen set: what a freeze costs, and what a check of 43 of 64 signatures costs against it. */
import { computeAddress, concat, id, SigningKey, toBeHex, zeroPadValue } from "ethers";

import { packSignatures } from "#sdk";

import type { BenchChain } from "../chain.ts";
import { SEATS, SIGNERS } from "../network.ts";
import type { Figures, Measured } from "../rows.ts";

const WEIGHT = 10n ** 12n;

/** Rows of key and weight; every weight differs from epoch to epoch, as stakes and utilities do. */
function tableOf(keys: readonly SigningKey[], epoch: number): string {
  return concat(
    keys.flatMap((key, seat) => [
      computeAddress(key),
      zeroPadValue(toBeHex(WEIGHT + BigInt(seat + epoch * SEATS)), 8),
    ]),
  );
}

export async function measureFrozenSets(chain: BenchChain): Promise<Figures> {
  const { ethers } = chain.connection;
  const [sender] = await ethers.getSigners();
  if (sender === undefined) throw new Error("the bench's chain has no accounts");
  const variants = await (await ethers.getContractFactory("FrozenSetVariants")).deploy();
  const keys = Array.from({ length: SEATS }, (_, seat) => new SigningKey(id(`bench seat ${seat}`)));
  const digest = id("a report");
  const { signers, signatures } = packSignatures(
    new Map(keys.slice(0, SIGNERS).map((key, seat) => [seat, key.sign(digest).serialized])),
  );
  const gasOf = async (call: Promise<{ to: string; data: string }>): Promise<number> =>
    await chain.gasOf(sender.address, call);
  const figures: Record<string, Measured> = {};
  for (const variant of ["Slots", "Code", "Hash"] as const) {
    const freeze = async (epoch: number) =>
      await gasOf(variants[`freeze${variant}`].populateTransaction(epoch, tableOf(keys, epoch)));
    // Two tables are kept; the third freeze writes over the first, where the variant can.
    const cold = await freeze(1);
    await freeze(2);
    const warm = await freeze(3);
    figures[`freeze${variant}`] = { cold, warm };
    const check =
      variant === "Hash"
        ? variants.checkHash.populateTransaction(3, digest, signers, signatures, tableOf(keys, 3))
        : variants[`check${variant}`].populateTransaction(3, digest, signers, signatures);
    figures[`check${variant}`] = { cold: null, warm: await gasOf(check) };
  }
  return figures;
}
