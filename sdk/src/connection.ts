/** A connection to the chain: provider, contracts, the chain's own time, and an orderly way to send transactions. */
import { FetchRequest, JsonRpcProvider, NonceManager, Wallet } from "ethers";
import type { ContractTransactionResponse, SigningKey, TransactionReceipt, TransactionRequest } from "ethers";

import { connectContracts } from "./contracts.ts";
import type { MasaContracts } from "./contracts.ts";
import { MasaError } from "./errors.ts";
import { loadManifest } from "./manifest.ts";
import type { Manifest } from "./manifest.ts";
import { explainChainError } from "./reverts.ts";
import type { FrozenSeats } from "./frozen.ts";
import { readTokens } from "./tokens.ts";
import type { Tokens } from "./tokens.ts";

/** Milliseconds for one RPC call. */
const RPC_TIMEOUT_MS = 20_000;
/** Milliseconds to wait for a transaction to be mined. */
const CONFIRMATION_TIMEOUT_MS = 120_000;
/** Milliseconds between looks for a receipt. */
const RECEIPT_POLL_MS = 250;

/** Estimates with room to spare, in percent: what others do between estimate and mining can make a call dearer. */
const GAS_PERCENT = 140n;

class RoomyWallet extends Wallet {
  override async estimateGas(transaction: TransactionRequest): Promise<bigint> {
    return ((await super.estimateGas(transaction)) * GAS_PERCENT) / 100n;
  }
}

export interface Connection {
  readonly manifest: Manifest;
  readonly provider: JsonRpcProvider;
  /** Reads only, unless a key was given: then transactions are sent from its account. */
  readonly contracts: MasaContracts;
  readonly wallet: Wallet | null;
  /** What amounts are counted in. */
  readonly tokens: Tokens;
  /** Number and Unix second of the latest block: every deadline is held against this clock. */
  latest(): Promise<{ number: number; timestamp: number }>;
  /** Wei of ether for a unit of gas, as things stand. */
  gasPrice(): Promise<bigint>;
  /** Sends a transaction after those sent before it and waits until it is mined. Throws MASA-303, 304 or 306. */
  send(call: () => Promise<ContractTransactionResponse>): Promise<TransactionReceipt>;
  close(): void;
}

export interface ConnectionOptions {
  readonly rpcUrl: string;
  readonly manifestPath: string;
  readonly privateKey?: string;
}

async function waitMined(
  provider: JsonRpcProvider,
  response: ContractTransactionResponse,
): Promise<TransactionReceipt> {
  const deadline = Date.now() + CONFIRMATION_TIMEOUT_MS;
  for (;;) {
    const receipt = await provider.getTransactionReceipt(response.hash);
    if (receipt !== null) {
      if (receipt.status === 1) return receipt;
      // The receipt does not say why: the same call against the block before it does.
      const { to, from, data, value } = response;
      await provider.call({ to, from, data, value, blockTag: receipt.blockNumber - 1 });
      throw new MasaError("MASA-304", `transaction ${response.hash} reverted`);
    }
    if (Date.now() > deadline) {
      throw new MasaError(
        "MASA-306",
        `transaction ${response.hash} is not mined after ${CONFIRMATION_TIMEOUT_MS} ms`,
      );
    }
    await new Promise((resolve) => setTimeout(resolve, RECEIPT_POLL_MS));
  }
}

/** Throws MASA-301, 302 or 305 unless the server answers, serves the manifest's chain and has the contracts on it. */
async function checkNetwork(manifest: Manifest, provider: JsonRpcProvider, url: string): Promise<void> {
  let chainId: bigint;
  let code: string;
  try {
    // Asked of the server itself: the provider's own network is only what the manifest made it expect.
    chainId = BigInt((await provider.send("eth_chainId", [])) as string);
    code = await provider.getCode(manifest.contracts.escrow);
  } catch (cause) {
    throw new MasaError("MASA-301", `no answer from ${url}`, { cause });
  }
  if (chainId !== BigInt(manifest.chainId)) {
    throw new MasaError(
      "MASA-302",
      `${url} serves chain ${chainId}, the manifest is for ${manifest.chainId}`,
    );
  }
  if (code === "0x") {
    throw new MasaError("MASA-305", `no code at ${manifest.contracts.escrow} on chain ${chainId}`);
  }
}

/** Connects and checks chain and contracts. Throws MASA-101, 102, 106, 301, 302 or 305. */
export async function connect(options: ConnectionOptions): Promise<Connection> {
  const manifest = loadManifest(options.manifestPath);
  let key: SigningKey | null = null;
  if (options.privateKey !== undefined) {
    try {
      key = new Wallet(options.privateKey).signingKey;
    } catch {
      // The cause is dropped on purpose: it would carry the key into logs.
      throw new MasaError("MASA-106", "the private key is not 32 bytes of hex within the range of its curve");
    }
  }
  const request = new FetchRequest(options.rpcUrl);
  request.timeout = RPC_TIMEOUT_MS;
  const provider = new JsonRpcProvider(request, manifest.chainId, { staticNetwork: true, cacheTimeout: -1 });
  let tokens: Tokens;
  try {
    await checkNetwork(manifest, provider, options.rpcUrl);
    tokens = await readTokens(connectContracts(manifest, provider));
  } catch (error) {
    provider.destroy();
    throw explainChainError(error);
  }
  const wallet = key === null ? null : new RoomyWallet(key, provider);
  const manager = wallet === null ? null : new NonceManager(wallet);
  const contracts = connectContracts(manifest, manager ?? provider);
  let queue: Promise<unknown> = Promise.resolve();

  return {
    manifest,
    provider,
    contracts,
    wallet,
    tokens,
    async latest() {
      try {
        const block = await provider.getBlock("latest");
        if (block === null) throw new MasaError("MASA-301", `${options.rpcUrl} has no latest block`);
        return { number: block.number, timestamp: block.timestamp };
      } catch (error) {
        throw explainChainError(error);
      }
    },
    async gasPrice() {
      const { gasPrice, maxFeePerGas } = await provider.getFeeData();
      return gasPrice ?? maxFeePerGas ?? 0n;
    },
    send(call) {
      const sent = queue.then(async () => {
        try {
          return await waitMined(provider, await call());
        } catch (error) {
          // The nonce may or may not have been used: read it again before the next transaction.
          manager?.reset();
          throw explainChainError(error, tokens);
        }
      });
      queue = sent.catch(() => undefined);
      return sent;
    },
    close() {
      provider.destroy();
    },
  };
}

/** Reads the set frozen for an epoch; null if the epoch was not rolled into. */
export async function readFrozenSeats(contracts: MasaContracts, epoch: number): Promise<FrozenSeats | null> {
  const frozen = await contracts.validatorSet.frozenSetOf(epoch);
  if (BigInt(frozen.table) === 0n) return null;
  const [{ signingKeys, weights }, randomness] = await Promise.all([
    contracts.validatorSet.frozenSeatsOf(epoch),
    contracts.validatorSet.randomnessOf(epoch),
  ]);
  return {
    epoch,
    hotKeys: [...signingKeys],
    weights: [...weights],
    totalWeight: frozen.totalWeight,
    leastConfirmations: Number(frozen.leastConfirmations),
    randomness,
  };
}

/** Seats whose keys were revoked since the set was frozen: they count no more, and the mask may grow at any time. */
export const readMask = (contracts: MasaContracts, epoch: number): Promise<bigint> =>
  contracts.validatorSet.maskOf(epoch);
