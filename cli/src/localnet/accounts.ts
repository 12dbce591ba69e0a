/** The people of the local network: keys from the seed, funded, staked, registered and waiting for their seats. */
import {
  Contract,
  HDNodeWallet,
  id,
  JsonRpcProvider,
  JsonRpcSigner,
  Mnemonic,
  NonceManager,
  Wallet,
} from "ethers";
import type { ContractTransactionResponse } from "ethers";

import { connectContracts, explainChainError, makeOperatorGrant, RIGHT_NAMES, ROLES } from "#sdk";
import type { Manifest, MasaContracts, Role } from "#sdk";

/** Each node stakes this much more than its requirement at the start, in percent: room for a falling utility. */
const STAKE_PERCENT = 200n;
/** Of the requirement, in percent: what an oracle node stakes in TAO instead of MASA. */
const TAO_PERCENT = 50n;
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

/** What a node of a role puts up. */
interface Means {
  readonly masaWei: bigint;
  /** Token units. */
  readonly tao: bigint;
  /** Prepaid for requests; oracle nodes only. */
  readonly creditWei: bigint;
}

async function admit(
  member: Member,
  manifest: Manifest,
  provider: JsonRpcProvider,
  { masaWei, tao, creditWei }: Means,
): Promise<void> {
  const contracts = connectContracts(manifest, new NonceManager(member.account.connect(provider)));
  const { masa, vault, registry, validatorSet, escrow } = contracts;
  const { address } = member.account;
  await mined(masa.approve(manifest.contracts.vault, masaWei));
  await mined(vault.stake(manifest.contracts.masa, masaWei));
  if (tao > 0n && contracts.tao !== null) {
    await mined(contracts.tao.approve(manifest.contracts.vault, tao));
    await mined(vault.stake(await contracts.tao.getAddress(), tao));
  }
  const { deposit } = await registry.pokeParameters();
  await mined(masa.approve(manifest.contracts.registry, deposit));
  const operators =
    member.hotKey === null
      ? []
      : [await makeOperatorGrant(contracts, manifest, member.hotKey, address, RIGHT_NAMES)];
  const metadata = JSON.stringify({ endpoint: member.endpoint, name: member.name });
  await mined(registry.register(ROLES.indexOf(member.role), metadata, operators));
  if (member.role === "validator") await mined(validatorSet.joinWaitlist());
  if (creditWei > 0n) {
    await mined(masa.approve(manifest.contracts.escrow, creditWei));
    await mined(escrow.deposit(creditWei));
  }
}

/** What nodes of a role put up: twice the requirement, an oracle node a part of it in TAO. */
async function meansOf(contracts: MasaContracts, role: Role, creditWei: bigint): Promise<Means> {
  const { standing, vault } = contracts;
  const index = ROLES.indexOf(role);
  const { meanUtility } = await standing.snapshotOf(index);
  const required = await standing.requirementAt(index, meanUtility);
  const stakeWei = (required * STAKE_PERCENT) / 100n;
  if (role !== "oracle" || contracts.tao === null) {
    return { masaWei: stakeWei, tao: 0n, creditWei: role === "oracle" ? creditWei : 0n };
  }
  const inTaoWei = (required * TAO_PERCENT) / 100n;
  // Units of TAO for that many stake units: what one whole unit is worth follows from the weight and the decimals.
  const tao = inTaoWei / (await vault.taoUnitsDown(1n));
  return { masaWei: stakeWei - inTaoWei, tao, creditWei };
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
    const contracts = connectContracts(manifest, deployer);
    const means = new Map<Role, Means>();
    for (const role of new Set(members.map((member) => member.role)))
      means.set(role, await meansOf(contracts, role, creditWei));
    const { deposit } = await contracts.registry.pokeParameters();
    for (const member of members) {
      const { masaWei, tao, creditWei: credit } = means.get(member.role) as Means;
      await mined(contracts.masa.transfer(member.account.address, masaWei + credit + deposit));
      if (tao > 0n) await mintTao(manifest, deployer, member.account.address, tao);
      for (const key of [member.account, member.hotKey]) {
        if (key !== null)
          await (await deployer.sendTransaction({ to: key.address, value: GAS_MONEY_WEI })).wait();
      }
    }
    for (const member of members) await admit(member, manifest, provider, means.get(member.role) as Means);
    return {
      members,
      holders: new Map([
        ["deployer", manifest.deployer],
        ...members.flatMap(({ name, account, hotKey }) => [
          [name, account.address] as const,
          // Hot keys are paid for rolls.
          ...(hotKey === null ? [] : [[`${name}'s hot key`, hotKey.address] as const]),
        ]),
      ]),
    };
  } finally {
    provider.destroy();
  }
}

/** Anyone may mint the stand-in for TAO of a local chain. */
async function mintTao(manifest: Manifest, signer: JsonRpcSigner, to: string, amount: bigint): Promise<void> {
  const token = new Contract(
    manifest.contracts.tao ?? "",
    ["function mint(address account, uint256 amount)"],
    signer,
  );
  await mined(token.getFunction("mint")(to, amount) as Promise<ContractTransactionResponse>);
}
