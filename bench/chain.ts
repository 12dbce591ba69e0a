/** An in-process chain to measure on: every call a transaction of its own, `gasUsed` from its receipt, time at will. */
import type { EthereumProvider } from "hardhat/types/providers";
import hre from "hardhat";

/** What a contract's `populateTransaction` gives. */
interface PreparedCall {
  readonly to: string;
  readonly data: string;
}

/** Below the 16,777,216 that Osaka allows a transaction. */
const TRANSACTION_GAS = "0xf42400";

const hex = (value: number): string => `0x${value.toString(16)}`;

const openConnection = async () =>
  await hre.network.create({
    network: "default",
    chainType: "l1",
    override: {
      // Thousands of transactions set the scene: they must neither cost ether nor move the clock.
      initialBaseFeePerGas: 0,
      allowBlocksWithSameTimestamp: true,
      loggingEnabled: false,
    },
  });

export type BenchConnection = Awaited<ReturnType<typeof openConnection>>;

export class BenchChain {
  readonly connection: BenchConnection;
  readonly #provider: EthereumProvider;
  readonly #unlocked = new Set<string>();

  private constructor(connection: BenchConnection) {
    this.connection = connection;
    this.#provider = connection.provider;
  }

  static async open(): Promise<BenchChain> {
    return new BenchChain(await openConnection());
  }

  async close(): Promise<void> {
    await this.connection.close();
  }

  /** Sends a call from any account, contracts included, and returns the hash of its transaction. Throws if it reverts. */
  async send(from: string, prepared: PreparedCall | Promise<PreparedCall>): Promise<string> {
    const { to, data } = await prepared;
    if (!this.#unlocked.has(from)) {
      await this.#provider.request({ method: "hardhat_impersonateAccount", params: [from] });
      this.#unlocked.add(from);
    }
    const transaction = { from, to, data, gas: TRANSACTION_GAS, gasPrice: "0x0" };
    return (await this.#provider.request({
      method: "eth_sendTransaction",
      params: [transaction],
    })) as string;
  }

  /** {@link send}, returning the gas of the receipt. */
  async gasOf(from: string, prepared: PreparedCall | Promise<PreparedCall>): Promise<number> {
    const hash = await this.send(from, prepared);
    const receipt = (await this.#provider.request({
      method: "eth_getTransactionReceipt",
      params: [hash],
    })) as {
      gasUsed: string;
      status: string;
    };
    if (receipt.status !== "0x1") throw new Error(`transaction ${hash} failed`);
    return Number(receipt.gasUsed);
  }

  /** {@link gasOf} in a later second than the latest block's: what has a history writes twice in a second for less. */
  async gasInNextSecond(from: string, prepared: PreparedCall | Promise<PreparedCall>): Promise<number> {
    const params = [hex((await this.now()) + 1)];
    await this.#provider.request({ method: "evm_setNextBlockTimestamp", params });
    return await this.gasOf(from, prepared);
  }

  /** Unix second of the latest block. */
  async now(): Promise<number> {
    const block = (await this.#provider.request({
      method: "eth_getBlockByNumber",
      params: ["latest", false],
    })) as { timestamp: string };
    return Number(block.timestamp);
  }

  /** Mines a block at a Unix second after the latest block's. */
  async travelTo(timestamp: number): Promise<void> {
    await this.#provider.request({ method: "evm_setNextBlockTimestamp", params: [hex(timestamp)] });
    await this.#provider.request({ method: "evm_mine", params: [] });
  }

  /** Runs `branch` and takes the chain back to where it was. */
  async inBranch<T>(branch: () => Promise<T>): Promise<T> {
    const snapshot: unknown = await this.#provider.request({ method: "evm_snapshot", params: [] });
    try {
      return await branch();
    } finally {
      await this.#provider.request({ method: "evm_revert", params: [snapshot] });
    }
  }
}
