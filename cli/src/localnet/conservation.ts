/** Where every token of the local network is at the end: each ledger against its balance, to the last wei. */
import type { Connection, MasaContracts } from "#sdk";

import type { Observer } from "./observe.ts";

export interface ConservationLine {
  readonly what: string;
  readonly expectedWei: bigint;
  readonly foundWei: bigint;
}

const sum = (values: readonly bigint[]): bigint => values.reduce((total, value) => total + value, 0n);

/**
 * Supply against the sum of all balances, each contract's ledger against its balance, the members' credit and deposits
 * against the totals, what requests paid and refunded against what they were funded with, and every slash against what
 * became of it.
 */
export async function checkConservation(
  connection: Connection,
  observer: Observer,
  holders: ReadonlyMap<string, string>,
): Promise<ConservationLine[]> {
  const accounts = [...holders.values()];
  return [
    ...(await tokenLines(connection, "MASA", accounts)),
    ...(await tokenLines(connection, "TAO", accounts)),
    ...(await escrowLines(connection, accounts)),
    ...(await potLines(connection, accounts)),
    ...(await rewardLines(connection)),
    await voteLine(connection, accounts),
    ...requestLines(observer),
    await slashLine(connection, observer, accounts),
  ];
}

async function tokenLines(
  { contracts, manifest }: Connection,
  name: "MASA" | "TAO",
  accounts: readonly string[],
): Promise<ConservationLine[]> {
  const token = name === "MASA" ? contracts.masa : contracts.tao;
  if (token === null) return [];
  const at = manifest.contracts;
  const burned = await contracts.vault.BURN_ADDRESS();
  const modules = [at.vault, at.escrow, at.registry, at.epochManager, at.timelock, at.feePool, at.emissions];
  const addresses = [...accounts, ...modules, at.distributor, burned];
  const [supply, balances, inVault, ledger] = await Promise.all([
    token.totalSupply(),
    Promise.all(addresses.map((holder) => token.balanceOf(holder))),
    token.balanceOf(at.vault),
    contracts.vault.totalsOf(await token.getAddress()),
  ]);
  return [
    { what: `${name}: supply = all balances`, expectedWei: supply, foundWei: sum(balances) },
    {
      what: `vault: ${name} balance = staked + unbonding + appeal pot (I-01)`,
      expectedWei: inVault,
      foundWei: ledger.staked + ledger.unbonding + ledger.appealPot,
    },
  ];
}

async function voteLine({ contracts, manifest }: Connection, accounts: readonly string[]) {
  const [votes, { staked }] = await Promise.all([
    Promise.all(accounts.map((account) => contracts.votes.getVotes(account))),
    contracts.vault.totalsOf(manifest.contracts.masa),
  ]);
  return { what: "votes: all votes = staked MASA (I-02)", expectedWei: staked, foundWei: sum(votes) };
}

async function escrowLines(
  { contracts, manifest }: Connection,
  accounts: readonly string[],
): Promise<ConservationLine[]> {
  const { masa, escrow } = contracts;
  const [credits, { reserved, heldFees, fees }, balance] = await Promise.all([
    Promise.all(accounts.map((account) => escrow.creditOf(account))),
    escrow.totals(),
    masa.balanceOf(manifest.contracts.escrow),
  ]);
  return [
    {
      what: "escrow: balance = credit + open requests + fees (I-03)",
      expectedWei: balance,
      foundWei: sum(credits) + reserved + heldFees + fees,
    },
  ];
}

/** The deposits that pay for pokes, and the pot that pays for rolls. */
async function potLines(
  { contracts, manifest }: Connection,
  accounts: readonly string[],
): Promise<ConservationLine[]> {
  const { masa, registry, epochManager } = contracts;
  const { deployedAtBlock } = manifest;
  const pot = manifest.contracts.epochManager;
  const [deposits, registryBalance, funded, rolls, left] = await Promise.all([
    Promise.all(accounts.map(async (account) => (await registry.membershipOf(account)).deposit)),
    masa.balanceOf(manifest.contracts.registry),
    masa.queryFilter(masa.filters.Transfer(undefined, pot), deployedAtBlock),
    epochManager.queryFilter(epochManager.filters.EpochRolled(), deployedAtBlock),
    masa.balanceOf(pot),
  ]);
  return [
    {
      what: "registry: balance = every node's deposit",
      expectedWei: registryBalance,
      foundWei: sum(deposits),
    },
    {
      what: "rolls: put into the pot = left in it + bounties paid",
      expectedWei: sum(funded.map(({ args }) => args.value)),
      foundWei: left + sum(rolls.map(({ args }) => args.bounty)),
    },
  ];
}

/** Emission and fees on their way to claims. */
async function rewardLines({ contracts, manifest }: Connection): Promise<ConservationLine[]> {
  const { masa, escrow, feePool, emissions, distributor } = contracts;
  const from = manifest.deployedAtBlock;
  const [funded, claims, held, last] = await Promise.all([
    distributor.funded(),
    distributor.queryFilter(distributor.filters.RewardClaimed(), from),
    masa.balanceOf(manifest.contracts.distributor),
    distributor.lastTotals(),
  ]);
  const [given, releases, pool, pots] = await Promise.all([
    emissions.queryFilter(emissions.filters.Funded(), from),
    emissions.queryFilter(emissions.filters.Released(), from),
    emissions.pool(),
    Promise.all([0, 1].map((pot) => emissions.potOf(pot))),
  ]);
  const [collected, distributed, pooled, potFunds] = await Promise.all([
    escrow.queryFilter(escrow.filters.FeesCollected(), from),
    feePool.queryFilter(feePool.filters.FeesDistributed(), from),
    masa.balanceOf(manifest.contracts.feePool),
    distributor.queryFilter(distributor.filters.PotFunded(), from),
  ]);
  const claimed = sum(claims.map(({ args }) => args.amount));
  const released = sum(releases.map(({ args }) => args.validators + args.workers));
  const toValidators = sum(distributed.map(({ args }) => args.validators));
  return [
    {
      what: "distributor: balance = funded − claimed (I-10)",
      expectedWei: held,
      foundWei: funded[0] + funded[1] - claimed,
    },
    {
      what: "distributor: funded = released emission + validators' share of fees",
      expectedWei: funded[0] + funded[1],
      foundWei: released + toValidators,
    },
    {
      what: "distributor: pots as told = pots as funded",
      expectedWei: sum(potFunds.map(({ args }) => args.amount)),
      foundWei: last[0] + last[1] + sum(await distributor.pots()),
    },
    {
      what: "emissions: put in = left + released to distributor and pots",
      expectedWei: sum(given.map(({ args }) => args.amount)),
      foundWei: pool + sum(pots) + released,
    },
    {
      what: "fees: collected = distributed + left in the fee pool",
      expectedWei: sum(collected.map(({ args }) => args.amount)),
      foundWei: pooled + sum(distributed.map(({ args }) => args.validators + args.emission + args.treasury)),
    },
  ];
}

function requestLines(observer: Observer): ConservationLine[] {
  const ended = [...observer.requests.values()].filter((request) => request.state !== "open");
  return [
    {
      what: "requests: rewards put up = paid + refunded",
      expectedWei: sum(ended.map((request) => request.baseRewardWei)),
      foundWei: sum(ended.map((request) => request.paidWei + request.refundedWei)),
    },
    {
      what: "workers: earned = paid by requests",
      expectedWei: sum([...observer.tallies.values()].map((tally) => tally.paidWei)),
      foundWei: sum(ended.map((request) => request.paidWei)),
    },
  ];
}

/** Workers stake MASA alone here, so that stake units are wei of it. */
async function slashLine(
  { contracts, manifest }: Connection,
  observer: Observer,
  accounts: readonly string[],
): Promise<ConservationLine> {
  const { vault } = contracts;
  const { masa } = manifest.contracts;
  const [waiting, { appealPot }, released, forgone] = await Promise.all([
    Promise.all(accounts.map((account) => notYetApplied(vault, account))),
    vault.totalsOf(masa),
    vault.queryFilter(vault.filters.SlashReleased(undefined, undefined, masa), manifest.deployedAtBlock),
    vault.queryFilter(vault.filters.SlashForgone(), manifest.deployedAtBlock),
  ]);
  return {
    what: "slashed from workers = booked + deferred + appeal pot + released + forgone",
    expectedWei: sum([...observer.tallies.values()].map((tally) => tally.slashedWei)),
    foundWei:
      sum(waiting) +
      appealPot +
      sum(released.map(({ args }) => args.toTreasury + args.toCompensation + args.burned)) +
      sum(forgone.map(({ args }) => args.amount)),
  };
}

async function notYetApplied(vault: MasaContracts["vault"], account: string): Promise<bigint> {
  const [{ pendingCut }, { amount }] = await Promise.all([
    vault.exposureOf(account),
    vault.deferralOf(account),
  ]);
  return pendingCut + amount;
}
