/** What the tests of reports and of the market share: the protocol on an in-memory chain, with its nodes. */
import { assert } from "chai";
import { HDNodeWallet, id, Mnemonic } from "ethers";
import type { Signer, Wallet } from "ethers";
import { Wallet as EthersWallet } from "ethers";

import { connectContracts } from "../../sdk/src/contracts.ts";
import type { MasaContracts } from "../../sdk/src/contracts.ts";
import { readFrozenSeats } from "../../sdk/src/connection.ts";
import { MasaError } from "../../sdk/src/errors.ts";
import { ROLES } from "../../sdk/src/nodes.ts";
import type { Role } from "../../sdk/src/nodes.ts";
import { makeOperatorGrant, RIGHT_NAMES } from "../../sdk/src/operators.ts";
import type { FrozenSeats } from "../../sdk/src/frozen.ts";
import { explainChainError, isRevert } from "../../sdk/src/reverts.ts";
import { freshChain, localParameters } from "./deployment.ts";

/** Keys of the hot keys: they sign, and hold nothing. */
export function hotKeyOf(index: number): Wallet {
  const root = HDNodeWallet.fromMnemonic(Mnemonic.fromEntropy(id("masa integration tests").slice(0, 34)));
  return new EthersWallet(root.deriveChild(index).privateKey);
}

/** What a contract must refuse with this typed error. */
export async function refused(work: Promise<unknown>, name: string): Promise<void> {
  try {
    await work;
  } catch (error) {
    const explained = explainChainError(error);
    assert.instanceOf(explained, MasaError);
    assert.isTrue(isRevert(error, name), `${String(explained)} instead of ${name}`);
    return;
  }
  assert.fail(`${name} expected, nothing was refused`);
}

export interface Node {
  readonly account: string;
  readonly contracts: MasaContracts;
}

/** Deploys local.json5 on a chain of its own. */
export async function deployedNetwork() {
  const chain = await freshChain();
  const { manifest } = await chain.run(localParameters());
  const contracts = connectContracts(manifest, chain.deployer);
  const signers = (await chain.ethers.getSigners()).slice(2);
  let taken = 0;

  const now = async (): Promise<number> => (await chain.ethers.provider.getBlock("latest"))?.timestamp ?? 0;
  /** Mines a block at a Unix second. */
  const goTo = async (timestamp: number): Promise<void> => {
    await chain.provider.request({ method: "evm_setNextBlockTimestamp", params: [timestamp] });
    await chain.provider.request({ method: "evm_mine" });
  };
  /** Goes to the next epoch's start and rolls into it. Every transaction takes a second of the chain's time. */
  const rollNext = async (): Promise<number> => {
    const epoch = Number(await contracts.clock.currentEpoch()) + 1;
    await goTo(Number(await contracts.clock.epochStart(epoch)));
    await contracts.epochManager.roll();
    return epoch;
  };
  /** A funded node with `percent` of its requirement staked, registered in a role. */
  const admit = async (role: Role, percent: bigint, endpoint: string, hotKey?: Wallet): Promise<Node> => {
    const signer: Signer | undefined = signers[taken++];
    if (signer === undefined) throw new Error("the chain has no more accounts");
    const account = await signer.getAddress();
    const own = connectContracts(manifest, signer);
    const index = ROLES.indexOf(role);
    const { meanUtility } = await contracts.standing.snapshotOf(index);
    const stakeWei = ((await contracts.standing.requirementAt(index, meanUtility)) * percent) / 100n;
    const { deposit } = await contracts.registry.pokeParameters();
    await contracts.masa.transfer(account, stakeWei + deposit);
    await own.masa.approve(manifest.contracts.vault, stakeWei);
    await own.vault.stake(manifest.contracts.masa, stakeWei);
    await own.masa.approve(manifest.contracts.registry, deposit);
    const operators =
      hotKey === undefined
        ? []
        : [await makeOperatorGrant(contracts, manifest, hotKey, account, RIGHT_NAMES)];
    await own.registry.register(index, JSON.stringify({ endpoint }), operators);
    return { account, contracts: own };
  };
  /** Validators with growing stakes, waiting for seats. */
  const admitValidators = async (count: number): Promise<{ node: Node; hotKey: Wallet }[]> => {
    const validators: { node: Node; hotKey: Wallet }[] = [];
    for (let index = 0; index < count; index++) {
      const hotKey = hotKeyOf(index);
      const percent = 150n + 17n * BigInt(index);
      const node = await admit("validator", percent, `http://validator-${index}.example`, hotKey);
      await node.contracts.validatorSet.joinWaitlist();
      validators.push({ node, hotKey });
    }
    return validators;
  };
  const frozenAt = async (epoch: number): Promise<FrozenSeats> => {
    const frozen = await readFrozenSeats(contracts, epoch);
    if (frozen === null) throw new Error(`epoch ${epoch} was not rolled into`);
    return frozen;
  };
  return { ...chain, manifest, contracts, now, goTo, rollNext, admit, admitValidators, frozenAt };
}
