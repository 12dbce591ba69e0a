/** Proposals as people deal with them: their text, their calls, where they stand. */
import { AbiCoder, FunctionFragment, id, isError, keccak256 } from "ethers";
import type { Result } from "ethers";

import type { Connection } from "./connection.ts";
import { CONTRACT_KEYS, contractInterface } from "./contracts.ts";
import type { ContractKey } from "./contracts.ts";
import { MasaError } from "./errors.ts";
import { queryPages } from "./events.ts";
import type { Manifest } from "./manifest.ts";
import { PROPOSAL_STATES } from "./names.ts";
import type { ProposalState } from "./names.ts";
import { nameOf } from "./roles.ts";

/** The value of IGovernor's castVote for each way to vote. */
export const SUPPORT = { against: 0, for: 1, abstain: 2 } as const;
export type Support = keyof typeof SUPPORT;

export interface ProposalCall {
  readonly target: string;
  /** Wei. */
  readonly value: bigint;
  readonly data: string;
}

export interface Proposal {
  readonly proposalId: bigint;
  readonly proposer: string;
  readonly calls: readonly ProposalCall[];
  /** Unix seconds. */
  readonly voteStart: bigint;
  readonly description: string;
}

export interface ProposalText {
  readonly title: string;
  readonly description: string;
  readonly rationale: string;
}

/** The text the governor wants, which nobody but `proposer` can propose. Throws MASA-103 where a part is missing. */
export function formatProposalText(
  { title, description, rationale }: ProposalText,
  proposer: string,
): string {
  for (const [name, part] of Object.entries({ title, description, rationale }))
    if (part.trim() === "") throw new MasaError("MASA-103", `a proposal needs a ${name}`);
  if (/[\r\n]/.test(title)) throw new MasaError("MASA-103", "a title is one line");
  return `# ${title.trim()}\n\n${description.trim()}\n\n## Rationale\n\n${rationale.trim()}\n\n#proposer=${proposer}`;
}

/** The first line of a proposal's text, without its mark. */
export const titleOf = (description: string): string =>
  (description.split("\n", 1)[0] ?? "").replace(/^# */, "").trim();

/** What names a proposal, as the governor makes it. */
export function proposalIdOf(calls: readonly ProposalCall[], description: string): bigint {
  const encoded = AbiCoder.defaultAbiCoder().encode(
    ["address[]", "uint256[]", "bytes[]", "bytes32"],
    governorArguments(calls, description),
  );
  return BigInt(keccak256(encoded));
}

/** How the governor's functions take a proposal that is known. */
export function governorArguments(
  calls: readonly ProposalCall[],
  description: string,
): [targets: string[], values: bigint[], calldatas: string[], descriptionHash: string] {
  return [
    calls.map(({ target }) => target),
    calls.map(({ value }) => value),
    calls.map(({ data }) => data),
    id(description),
  ];
}

async function readCreated(connection: Connection, from: number, to: number): Promise<Proposal[]> {
  const { governor } = connection.contracts;
  const created = await queryPages(
    (start, end) => governor.queryFilter(governor.filters.ProposalCreated(), start, end),
    from,
    to,
  );
  return created.map((event) => {
    // By position: `values` is a method of what ethers makes of arguments.
    const [proposalId, proposer, targets, values, , calldatas, voteStart, , description] =
      event.args as unknown as readonly [
        bigint,
        string,
        Result,
        Result,
        Result,
        Result,
        bigint,
        bigint,
        string,
      ];
    const calls = [...(targets as Iterable<string>)].map((target, index) => ({
      target,
      value: values[index] as bigint,
      data: calldatas[index] as string,
    }));
    return { proposalId, proposer, calls, voteStart, description };
  });
}

/** Every proposal there was, oldest first. */
export async function readProposals(connection: Connection): Promise<Proposal[]> {
  const { number } = await connection.latest();
  return readCreated(connection, connection.manifest.deployedAtBlock, number);
}

/** The first block that is not before a second, by halving. */
async function blockAt({ provider, manifest }: Connection, second: bigint, latest: number): Promise<number> {
  let low = manifest.deployedAtBlock;
  let high = latest;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const block = await provider.getBlock(middle);
    if (block !== null && BigInt(block.timestamp) < second) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Blocks of one second on the fastest of chains, and more. */
const BLOCKS_A_SECOND = 200;

/**
 * The proposal that a number, or its first digits, name. With the whole number only the blocks around its submission are
 * searched. Throws MASA-701.
 */
export async function readProposal(connection: Connection, text: string): Promise<Proposal> {
  const { governor } = connection.contracts;
  const { number } = await connection.latest();
  const snapshot = /^\d{60,78}$/.test(text) ? await governor.proposalSnapshot(text) : 0n;
  if (snapshot !== 0n) {
    const { votingDelay } = await governor.settingsOf(text);
    const from = await blockAt(connection, snapshot - votingDelay, number);
    const near = await readCreated(connection, from, Math.min(number, from + BLOCKS_A_SECOND));
    const found = near.find(({ proposalId }) => String(proposalId) === text);
    if (found !== undefined) return found;
  }
  return findProposal(await readProposals(connection), text);
}

/** The proposal that a number, or its first digits, name. Throws MASA-701. */
export function findProposal(proposals: readonly Proposal[], text: string): Proposal {
  if (!/^\d{4,78}$/.test(text))
    throw new MasaError(
      "MASA-701",
      `"${text}" is no number of a proposal, nor its first four digits or more`,
    );
  const found = proposals.filter(({ proposalId }) => String(proposalId).startsWith(text));
  const exact = found.find(({ proposalId }) => String(proposalId) === text);
  const [first, ...others] = exact === undefined ? found : [exact];
  if (first === undefined) throw new MasaError("MASA-701", `no proposal begins with ${text}`);
  if (others.length > 0) throw new MasaError("MASA-701", `${found.length} proposals begin with ${text}`);
  return first;
}

export async function stateOf({ contracts }: Connection, proposalId: bigint): Promise<ProposalState> {
  try {
    return PROPOSAL_STATES[Number(await contracts.governor.state(proposalId))] as ProposalState;
  } catch (error) {
    if (!isError(error, "CALL_EXCEPTION")) throw error;
    throw new MasaError("MASA-701", `no proposal ${proposalId}`, { cause: error });
  }
}

/** What a call does, as far as the deployment's ABIs tell. */
export interface DescribedCall {
  readonly contract: ContractKey | null;
  /** Such as escrow.setMarketTerms, or the target and the selector where they are unknown. */
  readonly name: string;
  readonly args: Result | null;
}

/** Names the target and the function of a call. */
export function describeCall(manifest: Manifest, { target, data }: ProposalCall): DescribedCall {
  const contract = nameOf(manifest, target);
  const parsed = contract === null ? null : contractInterface(contract).parseTransaction({ data });
  if (contract === null || parsed === null)
    return { contract, name: `${contract ?? target}.${data.slice(0, 10)}`, args: null };
  return { contract, name: `${contract}.${parsed.name}`, args: parsed.args };
}

/** A call from its parts as a file gives them: a contract of the manifest or an address, a signature, arguments. */
export function encodeCall(target: string, signature: string, args: readonly unknown[]): string {
  const key = CONTRACT_KEYS.find((name) => name === target);
  try {
    if (key !== undefined) return contractInterface(key).encodeFunctionData(signature, args);
    return encodeBySignature(signature, args);
  } catch (cause) {
    throw new MasaError("MASA-102", `${target}.${signature}: ${(cause as Error).message}`, { cause });
  }
}

function encodeBySignature(signature: string, args: readonly unknown[]): string {
  const fragment = FunctionFragment.from(signature);
  return `${fragment.selector}${AbiCoder.defaultAbiCoder().encode(fragment.inputs, args).slice(2)}`;
}
