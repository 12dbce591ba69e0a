/** Counts what was decided, credits what an account did, and pays it out: everything that its rewards wait for. */
import { isRevert, queryPages, readProposals } from "#sdk";
import type { Connection, Proposal } from "#sdk";

export interface Claimed {
  readonly closed: number;
  readonly credited: number;
  /** Wei of MASA, for votes and for proposals. */
  readonly paidWei: bigint;
  /** Wei of MASA that the running epoch would pay, if it were over. */
  readonly comingWei: bigint;
}

/** What the contract says of a proposal that cannot be counted, or of one that a keeper has counted first. */
const NOT_COUNTED = [
  "Reputation_VoteNotOver",
  "Reputation_QuorumNotReached",
  "Reputation_AlreadyClosed",
] as const;

interface Counted {
  readonly proposal: Proposal;
  /** 0: not counted. */
  readonly number: bigint;
  readonly epoch: bigint;
  readonly proposerPaid: boolean;
}

async function countedOf({ contracts }: Connection, proposal: Proposal): Promise<Counted> {
  const { number, epoch, proposerPaid } = await contracts.reputation.closedOf(proposal.proposalId);
  return { proposal, number, epoch, proposerPaid };
}

/** Counts a proposal if it can be: without that nothing of it can be credited. Whether this call did it. */
async function close(connection: Connection, { proposalId }: Proposal): Promise<boolean> {
  const { reputation } = connection.contracts;
  try {
    await reputation.close.staticCall(proposalId);
    await connection.send(() => reputation.close(proposalId));
    return true;
  } catch (error) {
    if (!NOT_COUNTED.some((name) => isRevert(error, name))) throw error;
    return false;
  }
}

interface Edge {
  readonly delegatee: string;
  /** The virtual account that holds it. */
  readonly holder: string;
}

/** Edges that the account ever had. */
async function edgesEver(connection: Connection, account: string): Promise<Edge[]> {
  const { votes } = connection.contracts;
  const { number } = await connection.latest();
  const changed = await queryPages(
    (start, end) => votes.queryFilter(votes.filters.EdgeChanged(account), start, end),
    connection.manifest.deployedAtBlock,
    number,
  );
  const delegatees = [...new Set(changed.map(({ args }) => args.delegatee))];
  return Promise.all(
    delegatees.map(async (delegatee) => ({
      delegatee,
      holder: await votes.edgeAccount(account, delegatee),
    })),
  );
}

/** Delegatees of those edges that held something at a proposal's snapshot. */
async function edgesAt({ contracts }: Connection, edges: readonly Edge[], second: bigint): Promise<string[]> {
  const held = await Promise.all(
    edges.map(async ({ delegatee, holder }) =>
      (await contracts.votes.getPastBalanceOf(holder, second)) > 0n ? [delegatee] : [],
    ),
  );
  return held.flat();
}

/** Credits the account, in the order of counting, for every proposal after the last that it was credited for. */
async function creditAll(
  connection: Connection,
  account: string,
  closed: readonly Counted[],
): Promise<number> {
  const { reputation } = connection.contracts;
  const { lastEligible } = await reputation.standingOf(account);
  const open = closed.filter(({ number }) => number > lastEligible);
  const ever = open.length === 0 ? [] : await edgesEver(connection, account);
  let count = 0;
  for (const { proposal } of open) {
    const edges = await edgesAt(connection, ever, proposal.voteStart);
    try {
      await reputation.credit.staticCall(account, proposal.proposalId, true, edges);
    } catch (error) {
      if (isRevert(error, "Reputation_NothingToCredit")) continue;
      throw error;
    }
    await connection.send(() => reputation.credit(account, proposal.proposalId, true, edges));
    count++;
  }
  return count;
}

/** Pays what can be paid of the epochs in which something was counted. */
async function payAll(
  connection: Connection,
  account: string,
  closed: readonly Counted[],
): Promise<{ paidWei: bigint; comingWei: bigint }> {
  const { reputation, masa, clock } = connection.contracts;
  const before = await masa.balanceOf(account);
  const current = await clock.currentEpoch();
  let comingWei = 0n;
  for (const epoch of new Set(closed.map((one) => one.epoch))) {
    if (epoch >= current) comingWei += await reputation.claimableOf(account, epoch);
    else if ((await reputation.claimableOf(account, epoch)) > 0n)
      await connection.send(() => reputation.claim(account, epoch));
  }
  for (const { proposal, epoch, proposerPaid } of closed) {
    if (proposal.proposer !== account || proposerPaid || epoch >= current) continue;
    try {
      if ((await reputation.claimProposal.staticCall(proposal.proposalId)) === 0n) continue;
      await connection.send(() => reputation.claimProposal(proposal.proposalId));
    } catch (error) {
      if (!isRevert(error, "Reputation_ClaimsClosed")) throw error;
    }
  }
  return { paidWei: (await masa.balanceOf(account)) - before, comingWei };
}

export async function claimGovernance(connection: Connection, account: string): Promise<Claimed> {
  const proposals = await readProposals(connection);
  const before = await Promise.all(proposals.map((proposal) => countedOf(connection, proposal)));
  const counted = before.filter(({ number }) => number !== 0n);
  let closed = 0;
  for (const { proposal } of before.filter(({ number }) => number === 0n)) {
    if (await close(connection, proposal)) closed++;
    const now = await countedOf(connection, proposal);
    if (now.number !== 0n) counted.push(now);
  }
  counted.sort((left, right) => Number(left.number - right.number));
  const credited = await creditAll(connection, account, counted);
  return { closed, credited, ...(await payAll(connection, account, counted)) };
}
