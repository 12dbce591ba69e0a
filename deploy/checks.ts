/** What is checked on chain: the journal and given tokens before a deployment, owners, roles and wiring after it. */
import { status } from "@nomicfoundation/ignition-core";
import { Contract, id, isError, ZeroAddress, zeroPadValue } from "ethers";
import type { Provider } from "ethers";

import { connectContracts } from "../sdk/src/contracts.ts";
import type { MasaContracts } from "../sdk/src/contracts.ts";
import { MasaError } from "../sdk/src/errors.ts";
import type { Manifest } from "../sdk/src/manifest.ts";
import { readRoles } from "../sdk/src/roles.ts";
import type { Roles } from "../sdk/src/roles.ts";
import { wrongClasses, wrongGuardian, wrongRoles, wrongTerms } from "./checksGovernance.ts";
import { supplyInfeasibilities, UINT104 } from "./feasibility.ts";
import { LOCAL_CHAIN_ID } from "./modules/tokens.ts";
import type { DeployParameters } from "./params.ts";
import { hasJournal } from "./resume.ts";

/** Refuses a journal that tells of another chain than the one that answers: a local chain that was restarted. */
export async function checkJournal(
  provider: Provider,
  deploymentDir: string,
  chainId: number,
  sent: readonly { txHash: string; status: string }[],
): Promise<void> {
  if (!hasJournal(deploymentDir)) return;
  const journal = await status(deploymentDir);
  if (journal.chainId !== chainId) {
    throw new MasaError(
      "MASA-204",
      `${deploymentDir} tells of chain ${journal.chainId}; this is chain ${chainId}`,
    );
  }
  for (const { id, address } of Object.values(journal.contracts)) {
    if ((await provider.getCode(address)) === "0x") {
      throw new MasaError(
        "MASA-204",
        `${deploymentDir} says that ${id} is at ${address}, where there is no code`,
      );
    }
  }
  if (chainId !== LOCAL_CHAIN_ID) return;
  // A new local chain gives the same addresses again, so that code alone does not tell two of them apart.
  for (const { txHash } of sent.filter((transaction) => transaction.status === "SUCCESS")) {
    if ((await provider.getTransaction(txHash)) === null) {
      throw new MasaError(
        "MASA-204",
        `${deploymentDir} tells of transaction ${txHash}, which this chain never saw`,
      );
    }
  }
}

/** Token addresses given in the parameters must be tokens the ledgers can hold: what the vault's constructor checks. */
export async function checkTokens(provider: Provider, params: DeployParameters): Promise<void> {
  const { masa, tao } = params.tokens;
  if (masa !== null) {
    const token = await readToken(provider, "masa", masa);
    if (token.decimals !== 18n) {
      throw new MasaError("MASA-203", `tokens.masa ${masa} has ${token.decimals} decimals; MASA has 18`);
    }
    if (token.supply === 0n || token.supply > UINT104) {
      throw new MasaError(
        "MASA-203",
        `tokens.masa ${masa} has a supply of ${token.supply} wei; it must be above 0 and at most ${UINT104}`,
      );
    }
    const reasons = supplyInfeasibilities(params, token.supply);
    if (reasons.length > 0)
      throw new MasaError("MASA-201", `with the supply of ${masa}: ${reasons.join(" ")}`);
  }
  if (tao !== null) {
    const token = await readToken(provider, "tao", tao);
    if (token.decimals > 18n) {
      throw new MasaError(
        "MASA-203",
        `tokens.tao ${tao} has ${token.decimals} decimals; at most 18 are supported`,
      );
    }
  }
}

async function readToken(provider: Provider, name: string, address: string) {
  if ((await provider.getCode(address)) === "0x") {
    throw new MasaError("MASA-203", `tokens.${name} ${address} has no code on this chain`);
  }
  const token = new Contract(
    address,
    ["function decimals() view returns (uint8)", "function totalSupply() view returns (uint256)"],
    provider,
  );
  for (const signature of ["sharesOf(address)", "scaledBalanceOf(address)"]) {
    if (await answers(provider, address, signature)) {
      throw new MasaError("MASA-203", `tokens.${name} ${address} has balances that move by themselves`);
    }
  }
  try {
    return {
      decimals: (await token.getFunction("decimals")()) as bigint,
      supply: (await token.getFunction("totalSupply")()) as bigint,
    };
  } catch (cause) {
    throw new MasaError("MASA-203", `tokens.${name} ${address} does not answer as an ERC-20`, { cause });
  }
}

/** Whether a token knows of shares behind its balances, as rebasing tokens do (contracts/staking/ListedToken.sol). */
async function answers(provider: Provider, token: string, signature: string): Promise<boolean> {
  try {
    const answer = await provider.call({
      to: token,
      data: id(signature).slice(0, 10) + zeroPadValue(token, 32).slice(2),
    });
    return answer.length >= 66;
  } catch (error) {
    if (isError(error, "CALL_EXCEPTION")) return false;
    throw error;
  }
}

/** Owners, roles and wiring that are not what this repository promises (ADR 0002); empty if all is right. */
export async function findDifferences(
  provider: Provider,
  manifest: Manifest,
  params: DeployParameters,
): Promise<string[]> {
  const contracts = connectContracts(manifest, provider);
  const roles = await readRoles(contracts, manifest, await provider.getBlockNumber());
  return [
    ...wrongOwners(roles, manifest),
    ...wrongRoles(roles, manifest, params),
    ...wrongGuardian(roles, manifest, params),
    ...(await wrongClasses(contracts, manifest)),
    ...(await wrongTerms(contracts, params)),
    ...(await wrongReferences(contracts, manifest)),
    ...wrongRights(roles, manifest, params),
    ...(await wrongVault(contracts, manifest, params)),
  ];
}

function wrongOwners({ owners }: Roles, { contracts: { timelock } }: Manifest): string[] {
  return owners
    .filter(([, owner]) => owner !== timelock)
    .map(([name, owner]) => `${name}.owner is ${owner}, not the timelock ${timelock}`);
}

/** Contracts that know each other for good, or were introduced once. */
async function wrongReferences(c: MasaContracts, manifest: Manifest): Promise<string[]> {
  const at = manifest.contracts;
  const known = {
    clock: { manager: at.epochManager },
    vault: {
      clock: at.clock,
      masa: at.masa,
      tao: at.tao ?? ZeroAddress,
      guardian: at.guardian,
      observer: at.votes,
    },
    standing: { masa: at.masa, vault: at.vault, curve: at.curve },
    registry: { masa: at.masa, standing: at.standing, vault: at.vault, observer: at.validatorSet },
    validatorSet: { registry: at.registry, standing: at.standing, vault: at.vault },
    escrow: {
      masa: at.masa,
      clock: at.clock,
      registry: at.registry,
      standing: at.standing,
      vault: at.vault,
      feeCurve: at.feeCurve,
      feePool: at.feePool,
    },
    feePool: { masa: at.masa },
    emissions: { masa: at.masa, clock: at.clock, vault: at.vault },
    distributor: { masa: at.masa, emissions: at.emissions, vault: at.vault },
    consensus: {
      clock: at.clock,
      validatorSet: at.validatorSet,
      escrow: at.escrow,
      distributor: at.distributor,
      offences: at.offences,
    },
    offences: {
      clock: at.clock,
      vault: at.vault,
      registry: at.registry,
      validatorSet: at.validatorSet,
      consensus: at.consensus,
    },
    epochManager: {
      clock: at.clock,
      masa: at.masa,
      vault: at.vault,
      standing: at.standing,
      validatorSet: at.validatorSet,
      consensus: at.consensus,
    },
    guardian: { vault: at.vault, standing: at.standing },
    votes: { vault: at.vault, registry: at.registry },
    classes: { masa: at.masa, votes: at.votes, governor: at.governor },
    reviews: { classes: at.classes },
    reputation: {
      governor: at.governor,
      votes: at.votes,
      classes: at.classes,
      clock: at.clock,
      emissions: at.emissions,
    },
    governor: {
      vault: at.vault,
      token: at.votes,
      classes: at.classes,
      guardian: at.guardian,
      timelock: at.timelock,
      reputation: at.reputation,
    },
    lens: {
      clock: at.clock,
      vault: at.vault,
      standing: at.standing,
      registry: at.registry,
      validatorSet: at.validatorSet,
      escrow: at.escrow,
      epochManager: at.epochManager,
      feeCurve: at.feeCurve,
    },
  };
  const wrong: string[] = [];
  for (const [name, references] of Object.entries(known)) {
    for (const [member, expected] of Object.entries(references)) {
      const found = (await c[name as keyof typeof known].getFunction(member)()) as unknown as string;
      if (found !== expected) wrong.push(`${name}.${member} is ${found}, not ${expected}`);
    }
  }
  return wrong;
}

/** Rights that modules hold over others: these, and no more. */
function wrongRights(
  { modules, slashers }: Roles,
  { contracts: at }: Manifest,
  { vault }: DeployParameters,
): string[] {
  const rights = [
    ["standing", "REGISTRY", at.registry],
    ["standing", "RECORD", at.escrow],
    ["standing", "RECORD", at.validatorSet],
    ["standing", "SCORE", at.validatorSet],
    ["standing", "FORGIVE", at.guardian],
    ["standing", "ROLL", at.epochManager],
    ["validatorSet", "REPORT", at.consensus],
    ["validatorSet", "ROLL", at.epochManager],
    ["escrow", "SETTLE", at.consensus],
    ["emissions", "RELEASE", at.distributor],
    ["distributor", "POST", at.consensus],
    ["offences", "REPORT", at.consensus],
    ["validatorSet", "EXPEL", at.offences],
    ["votes", "SNAPSHOT", at.governor],
    ["emissions", "GOVERNANCE", at.reputation],
  ] as const;
  const given = modules.map(
    ({ contract, right, module }) => `${module} has the right ${right} of ${contract}`,
  );
  const promised = rights.map(
    ([contract, right, module]) => `${module} has the right ${right} of ${contract}`,
  );
  const share = (cap: bigint | null): string => (cap === null ? "without a cap" : `${cap} of 1e18 an epoch`);
  given.push(
    ...slashers
      .filter(({ activated }) => activated)
      .map(({ slasher, capShare }) => `${slasher} slashes ${share(capShare)}`),
  );
  promised.push(`${at.escrow} slashes ${share(vault.slashCap)}`, `${at.offences} slashes ${share(null)}`);
  return [
    ...promised.filter((line) => !given.includes(line)).map((line) => `it is not so that ${line}`),
    ...given.filter((line) => !promised.includes(line)).map((line) => `unforeseen: ${line}`),
  ];
}

async function wrongVault(c: MasaContracts, manifest: Manifest, params: DeployParameters): Promise<string[]> {
  const { contracts: at } = manifest;
  const wrong: string[] = [];
  const { treasury } = await c.vault.slashDestinations();
  const expected = params.vault.slashDestinations.treasury ?? at.timelock;
  if (treasury !== expected) wrong.push(`slashed funds go to ${treasury}, not to ${expected}`);
  return wrong;
}
