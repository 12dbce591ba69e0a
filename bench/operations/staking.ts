/** Staking by accounts that are their own delegates: stake, start unbonding, withdraw, slashes whatever the queue. */
import { MaxUint256, parseEther } from "ethers";

import type { BenchNetwork } from "../network.ts";
import type { Figures, Measured } from "../rows.ts";

const STAKE_WEI = parseEther("5000");
const PART_WEI = parseEther("1");
const SLASH_WEI = parseEther("7");
/** Half a TAO of 9 decimals. */
const TAO_WEI = 500_000_000n;

/** Stake, unbonding and withdrawal of one account, beside ERC4626 with the same token. */
export async function measureStaking(network: BenchNetwork): Promise<Figures> {
  const { chain, contracts, manifest } = network;
  const { vault, masa } = contracts;
  const token = manifest.contracts.masa;
  const account = network.account("staker", 0);
  const stake = async (amountWei: bigint) =>
    await chain.gasInNextSecond(account, vault.stake.populateTransaction(token, amountWei));
  const unbond = async () =>
    await chain.gasInNextSecond(account, vault.startUnbonding.populateTransaction(token, PART_WEI));
  const withdraw = async (id: number) =>
    await chain.gasOf(account, vault.withdraw.populateTransaction(token, id, MaxUint256, account));

  return await chain.inBranch(async () => {
    // Somebody staked before: the vault's total and its balance are no longer zero.
    await network.stake(network.account("staker", 1), STAKE_WEI);
    await network.fund(account, 3n * STAKE_WEI, manifest.contracts.vault);
    const figures: Figures = {
      stake: { cold: await stake(STAKE_WEI), warm: await stake(STAKE_WEI) },
      startUnbonding: { cold: await unbond(), warm: await unbond() },
    };
    await unbond();
    // A balance of nothing: the first withdrawal writes a slot that held none.
    await stake(await masa.balanceOf(account));
    await chain.travelTo((await chain.now()) + Number(network.parameters.vault.unbondingDelay) + 1);
    return {
      ...figures,
      withdraw: { cold: await withdraw(0), warm: await withdraw(1) },
      ...(await measureVault(network)),
    };
  });
}

async function measureVault(network: BenchNetwork): Promise<Figures> {
  const { chain, contracts, manifest } = network;
  const { ethers } = chain.connection;
  const peer = await (await ethers.getContractFactory("PeerVault")).deploy(manifest.contracts.masa);
  const address = await peer.getAddress();
  const [first, second] = [network.account("holder", 0), network.account("holder", 1)];
  for (const holder of [first, second]) await network.fund(holder, 3n * STAKE_WEI, address);
  await chain.send(first, peer.deposit.populateTransaction(STAKE_WEI, first));
  const deposit = async () => await chain.gasOf(second, peer.deposit.populateTransaction(STAKE_WEI, second));
  const withdraw = async () =>
    await chain.gasOf(second, peer.withdraw.populateTransaction(PART_WEI, second, second));
  const vaultDeposit = { cold: await deposit(), warm: await deposit() };
  const left = await contracts.masa.balanceOf(second);
  await chain.send(second, contracts.masa.transfer.populateTransaction(first, left));
  return { vaultDeposit, vaultWithdraw: { cold: await withdraw(), warm: await withdraw() } };
}

/**
 * A slash booked on an account with `entries` queued withdrawals: the market itself sends the call, without the
 * settlement around it. The second one falls into the same epoch.
 */
async function slashWith(network: BenchNetwork, entries: number): Promise<Measured> {
  const { chain, contracts, manifest } = network;
  const { vault } = contracts;
  const { escrow, masa } = manifest.contracts;
  const account = network.account("offender", entries);
  return await chain.inBranch(async () => {
    await network.stake(account, STAKE_WEI);
    const unbond = await vault.startUnbonding.populateTransaction(masa, PART_WEI);
    for (let entry = 0; entry < entries; entry++) await chain.send(account, unbond);
    await chain.send(escrow, vault.reserve.populateTransaction(account, 3n * SLASH_WEI));
    const slash = async () =>
      await chain.gasOf(escrow, vault.slash.populateTransaction(account, SLASH_WEI, SLASH_WEI));
    return { cold: await slash(), warm: await slash() };
  });
}

/** Applying a booked slash: to stake alone, and to stake and queue of both tokens, which is the dearest there is. */
async function applyWith(network: BenchNetwork, both: boolean): Promise<Measured> {
  const { chain, contracts, manifest } = network;
  const { vault } = contracts;
  const { escrow, masa, tao } = manifest.contracts;
  const account = network.account("culprit", both ? 1 : 0);
  return await chain.inBranch(async () => {
    await network.stake(account, STAKE_WEI);
    if (both && tao !== undefined) {
      await network.stakeTao(account, tao);
      for (const token of [masa, tao]) {
        await chain.send(account, vault.startUnbonding.populateTransaction(token, TAO_WEI));
      }
    }
    await chain.send(escrow, vault.reserve.populateTransaction(account, 2n * SLASH_WEI));
    const apply = async () => {
      await chain.send(escrow, vault.slash.populateTransaction(account, SLASH_WEI, SLASH_WEI));
      return await chain.gasInNextSecond(manifest.deployer, vault.applySlash.populateTransaction(account));
    };
    return { cold: await apply(), warm: await apply() };
  });
}

export async function measureSlashing(network: BenchNetwork): Promise<Figures> {
  return {
    slash: await slashWith(network, 0),
    slashOneEntry: await slashWith(network, 1),
    slashThousandEntries: await slashWith(network, 1_000),
    apply: await applyWith(network, false),
    applyBoth: await applyWith(network, true),
  };
}
