/** The people of the local network: keys from the seed, funded, staked, registered and waiting for their seats. */
import {
  HDNodeWallet,
  id,
  JsonRpcProvider,
  JsonRpcSigner,
  Mnemonic,
  NonceManager,
  Wallet,
  ZeroAddress,
} from "ethers";
import type { ContractTransactionResponse } from "ethers";

import { connectContracts, explainChainError, ROLES } from "#sdk";
import type { Manifest, MasaContracts, Role } from "#sdk";

/** Each node stakes this much more than its requirement at the start, in percent: room for a falling utility. */
const STAKE_PERCENT = 200n;
const GAS_MONEY_WEI = 100n * 10n ** 18n;

export interface Member {
  readonly name: string;
  readonly role: Role;
  readonly account: Wallet;
  /** Signs reports; validators only. */
  readonly hotKey: Wallet | null;
  readonly port: number;
  readonly endpoint: string;
}

export interface Population {
  readonly members: readonly Member[];
  /** Everyone who ever held a token, by name: for the conservation check. */
  readonly holders: ReadonlyMap<string, string>;
}

/** Keys that follow from the seed alone. */
export function makeMembers(
  seed: number,
  plan: readonly { name: string; role: Role }[],
  ports: readonly number[],
): Member[] {
  const mnemonic = Mnemonic.fromEntropy(id(`masa local network ${seed}`));
  const root = HDNodeWallet.fromMnemonic(mnemonic, "m/44'/60'/0'/0");
  return plan.map(({ name, role }, index) => {
    const port = ports[index] as number;
    return {
      name,
      role,
      account: new Wallet(root.deriveChild(2 * index).privateKey),
      hotKey: role === "validator" ? new Wallet(root.deriveChild(2 * index + 1).privateKey) : null,
      port,
      endpoint: `http://127.0.0.1:${port}`,
    };
  });
}

async function mined(sent: Promise<ContractTransactionResponse>): Promise<void> {
  try {
    await (await sent).wait();
  } catch (error) {
    throw explainChainError(error);
  }
}

async function admit(
  member: Member,
  manifest: Manifest,
  provider: JsonRpcProvider,
  stakeWei: bigint,
  creditWei: bigint,
): Promise<void> {
  const { masa, vault, registry, validatorSet, escrow } = connectContracts(
    manifest,
    new NonceManager(member.account.connect(provider)),
  );
  await mined(masa.approve(manifest.contracts.vault, stakeWei));
  await mined(vault.stake(manifest.contracts.masa, stakeWei));
  const metadata = JSON.stringify({ endpoint: member.endpoint, name: member.name });
  await mined(registry.register(ROLES.indexOf(member.role), member.hotKey?.address ?? ZeroAddress, metadata));
  if (member.role === "validator") await mined(validatorSet.joinWaitlist());
  if (member.role === "oracle") {
    await mined(masa.approve(manifest.contracts.escrow, creditWei));
    await mined(escrow.deposit(creditWei));
  }
}

/** Funds, stakes and registers everyone. `creditWei` is what each oracle node deposits. */
export async function populate(
  url: string,
  manifest: Manifest,
  members: readonly Member[],
  creditWei: bigint,
): Promise<Population> {
  const provider = new JsonRpcProvider(url, manifest.chainId, {
    staticNetwork: true,
    cacheTimeout: -1,
    pollingInterval: 100,
  });
  try {
    const deployer = new JsonRpcSigner(provider, manifest.deployer);
    const { masa, registry }: MasaContracts = connectContracts(manifest, deployer);
    const stakes = new Map<Role, bigint>();
    for (const role of new Set(members.map((member) => member.role))) {
      const index = ROLES.indexOf(role);
      const { meanUtility } = await registry.snapshotOf(index);
      stakes.set(role, ((await registry.requirementAt(index, meanUtility)) * STAKE_PERCENT) / 100n);
    }
    for (const member of members) {
      const stake = stakes.get(member.role) ?? 0n;
      const amount = member.role === "oracle" ? stake + creditWei : stake;
      await mined(masa.transfer(member.account.address, amount));
      for (const key of [member.account, member.hotKey]) {
        if (key !== null)
          await (await deployer.sendTransaction({ to: key.address, value: GAS_MONEY_WEI })).wait();
      }
    }
    for (const member of members)
      await admit(member, manifest, provider, stakes.get(member.role) ?? 0n, creditWei);
    return {
      members,
      holders: new Map([
        ["deployer", manifest.deployer],
        ...members.map((member) => [member.name, member.account.address] as const),
      ]),
    };
  } finally {
    provider.destroy();
  }
}
