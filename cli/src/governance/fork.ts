/**
 * Takes a proposal through its whole life on a copy of the chain as it is now, in memory, where the vote goes its way: what
 * would fail when it is executed is not submitted.
 */
import { toQuantity } from "ethers";
import type { EIP1193Provider } from "hardhat/types/providers";

import {
  contractInterface,
  explainChainError,
  governorArguments,
  MasaError,
  proposalIdOf,
  SUPPORT,
} from "#sdk";
import type { Connection, ProposalCall } from "#sdk";

/** Below the most that a transaction may use of gas on chains that limit it. */
const GAS_LIMIT = 16_000_000;
/** Votes for everything, with as many votes as there are. */
const VOTER = "0x000000000000000000000000000000000000f0f0";

class Copy {
  readonly #provider: EIP1193Provider;

  constructor(provider: EIP1193Provider) {
    this.#provider = provider;
  }

  async ask(method: string, ...params: unknown[]): Promise<unknown> {
    return (await this.#provider.request({ method, params })) as unknown;
  }

  /** Sends a transaction in anybody's name, at no cost, and gives the gas it used. */
  async sendAs(from: string, to: string, data: string, value = 0n): Promise<bigint> {
    await this.ask("hardhat_impersonateAccount", from);
    await this.ask("hardhat_setNextBlockBaseFeePerGas", "0x0");
    const common = { from, to, data, value: toQuantity(value), gas: toQuantity(GAS_LIMIT) };
    const hash = await this.ask("eth_sendTransaction", { ...common, gasPrice: "0x0" });
    const receipt = (await this.ask("eth_getTransactionReceipt", hash)) as { gasUsed: string };
    return BigInt(receipt.gasUsed);
  }

  async call(to: string, data: string): Promise<string> {
    return (await this.ask("eth_call", { to, data }, "latest")) as string;
  }

  /** The next block is of this second. */
  async warp(second: bigint): Promise<void> {
    await this.ask("evm_setNextBlockTimestamp", toQuantity(second));
    await this.ask("evm_mine");
  }
}

async function copyOf<T>(
  connection: Connection,
  rpcUrl: string,
  work: (copy: Copy) => Promise<T>,
): Promise<T> {
  const { number } = await connection.latest();
  // Only this command needs the simulator: it takes a second to load.
  const { default: hre } = await import("hardhat");
  const fork = await hre.network.create({
    override: {
      chainId: connection.manifest.chainId,
      forking: { url: rpcUrl, blockNumber: number },
      allowBlocksWithSameTimestamp: true,
    },
  });
  try {
    return await work(new Copy(fork.provider));
  } finally {
    await fork.close();
  }
}

/** Which call it is that fails: each in the timelock's name, in their order. */
async function locate(copy: Copy, timelock: string, calls: readonly ProposalCall[]): Promise<string> {
  if (calls.length === 1) return "";
  for (const [index, { target, data, value }] of calls.entries()) {
    try {
      await copy.sendAs(timelock, target, data, value);
    } catch {
      return `call ${index + 1} of ${calls.length}: `;
    }
  }
  return "";
}

/**
 * Proposes, votes, queues and executes on the copy, and gives the gas of the execution. Throws MASA-304 where the account
 * may not propose this, MASA-702 with what the contract said where the execution would fail.
 */
export async function simulateProposal(
  connection: Connection,
  rpcUrl: string,
  proposal: {
    readonly proposer: string;
    readonly calls: readonly ProposalCall[];
    readonly description: string;
  },
): Promise<bigint> {
  const { contracts, manifest } = connection;
  const { governor, vault, votes, timelock } = manifest.contracts;
  const { proposer, calls, description } = proposal;
  const [staked] = await contracts.vault.totalsOf(manifest.contracts.masa);
  const abi = contractInterface("governor");
  const decided = governorArguments(calls, description);
  const id = proposalIdOf(calls, description);
  return copyOf(connection, rpcUrl, async (copy) => {
    const read = async (name: string): Promise<bigint> =>
      BigInt(await copy.call(governor, abi.encodeFunctionData(name, [id])));
    const submit = abi.encodeFunctionData("propose", [...decided.slice(0, 3), description]);
    const vote = abi.encodeFunctionData("castVote", [id, SUPPORT.for]);
    const told = contractInterface("votes").encodeFunctionData("onStakeChanged", [VOTER, 0n, staked]);
    await copy.sendAs(vault, votes, told);
    await copy.sendAs(proposer, governor, submit);
    await copy.warp((await read("proposalSnapshot")) + 1n);
    await copy.sendAs(VOTER, governor, vote);
    await copy.warp((await read("proposalDeadline")) + 1n);
    await copy.sendAs(VOTER, governor, abi.encodeFunctionData("queue", decided));
    await copy.warp(await read("proposalEta"));
    try {
      return await copy.sendAs(VOTER, governor, abi.encodeFunctionData("execute", decided));
    } catch (error) {
      const explained = explainChainError(error, connection.tokens);
      const why = explained instanceof MasaError ? explained.message : (error as Error).message;
      throw new MasaError("MASA-702", `${await locate(copy, timelock, calls)}${why}`, { cause: error });
    }
  });
}
