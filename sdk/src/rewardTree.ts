/**
 * The Merkle tree of a reward root, as RewardDistributor checks it: leaves of account and cumulative reward, hashed twice,
 * nodes over two children in ascending order. It has the shape of OpenZeppelin's standard tree: a heap whose leaves,
 * sorted by their hashes, fill it from the end.
 */
import { getAddress, keccak256 } from "ethers";

/** Cumulative rewards are kept in 96 bits on chain. */
const CUMULATIVE_END = 1n << 96n;

/** RewardDistributor.leafOf: keccak256(keccak256(abi.encode(account, cumulative))). */
export function rewardLeaf(account: string, cumulative: bigint): string {
  if (cumulative < 0n || cumulative >= CUMULATIVE_END) {
    throw new RangeError(`a cumulative reward must fit 96 bits, got ${cumulative}`);
  }
  const word = getAddress(account).slice(2).toLowerCase().padStart(64, "0");
  return keccak256(keccak256(`0x${word}${cumulative.toString(16).padStart(64, "0")}`));
}

/** The hash over two nodes, whichever comes first. */
const parentOf = (a: string, b: string): string =>
  keccak256(a < b ? `${a}${b.slice(2)}` : `${b}${a.slice(2)}`);

/** What an account claims with. */
export interface RewardProof {
  readonly account: string;
  /** Wei, since the beginning. */
  readonly cumulative: bigint;
  readonly proof: readonly string[];
}

export class RewardTree {
  readonly #nodes: readonly string[];
  /** Index of a leaf by account. */
  readonly #places = new Map<string, number>();
  readonly #balances: ReadonlyMap<string, bigint>;

  /**
   * @param balances Cumulative wei by account, at least one account; any spelling of the addresses, any order.
   */
  constructor(balances: ReadonlyMap<string, bigint>) {
    const byAccount = new Map([...balances].map(([account, amount]) => [getAddress(account), amount]));
    if (byAccount.size !== balances.size) throw new RangeError("an account appears twice");
    if (byAccount.size === 0) throw new RangeError("a tree needs an account");
    this.#balances = byAccount;
    const leaves = [...byAccount]
      .map(([account, cumulative]) => ({ account, leaf: rewardLeaf(account, cumulative) }))
      .sort((a, b) => (a.leaf < b.leaf ? -1 : 1));
    const size = 2 * leaves.length - 1;
    const nodes = new Array<string>(size);
    for (const [index, { account, leaf }] of leaves.entries()) {
      nodes[size - 1 - index] = leaf;
      this.#places.set(account, size - 1 - index);
    }
    for (let index = leaves.length - 2; index >= 0; index--) {
      nodes[index] = parentOf(nodes[2 * index + 1] as string, nodes[2 * index + 2] as string);
    }
    this.#nodes = nodes;
  }

  get root(): string {
    return this.#nodes[0] as string;
  }

  /** Arguments of a claim; null for an account without a leaf. */
  proofOf(account: string): RewardProof | null {
    const known = getAddress(account);
    let place = this.#places.get(known);
    if (place === undefined) return null;
    const proof: string[] = [];
    for (; place > 0; place = (place - 1) >> 1) {
      proof.push(this.#nodes[place % 2 === 0 ? place - 1 : place + 1] as string);
    }
    return { account: known, cumulative: this.#balances.get(known) as bigint, proof };
  }
}

/** Whether a proof leads to the root: what the contract checks before it pays. */
export function isRewardProof(root: string, { account, cumulative, proof }: RewardProof): boolean {
  return proof.reduce(parentOf, rewardLeaf(account, cumulative)) === root;
}
