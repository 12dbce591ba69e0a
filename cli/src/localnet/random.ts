/** Reproducible choices from a seed. */
import { solidityPackedKeccak256 } from "ethers";

/** Numbers in [0, 1) that follow from the seed: keccak256 of a counter. */
export function makeRandom(seed: number): () => number {
  let counter = 0;
  return () => {
    const digest = solidityPackedKeccak256(["uint256", "uint256"], [seed, counter++]);
    return Number(BigInt(digest) >> 204n) / 2 ** 52;
  };
}

/** A copy in random order (Fisher and Yates). */
export function shuffle<T>(items: readonly T[], random: () => number): T[] {
  const mixed = [...items];
  for (let last = mixed.length - 1; last > 0; last--) {
    const pick = Math.floor(random() * (last + 1));
    [mixed[last], mixed[pick]] = [mixed[pick] as T, mixed[last] as T];
  }
  return mixed;
}

/** `count` of the items, in their own order. */
export function sample<T>(items: readonly T[], count: number, random: () => number): T[] {
  const kept = new Set(shuffle([...items.keys()], random).slice(0, count));
  return items.filter((_, index) => kept.has(index));
}
