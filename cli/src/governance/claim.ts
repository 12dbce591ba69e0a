/** Counts what was decided, credits what an account did, and pays it out: everything that its rewards wait for. */
import { isRevert, queryPages, readProposals, stateOf } from "#sdk";
import type { Connection, Proposal } from "#sdk";

export interface Claimed {
  readonly closed: number;
  readonly credited: number;
  /** Wei of MASA, for votes and for proposals. */
  readonly paidWei: bigint;
  /** Wei of MASA that the running epoch would pay, if it were over. */
  readonly comingWei: bigint;
}

/** States in which a vote is over that was not cancelled. */
const OVER = new Set(["defeated", "succeeded", "queued", "expired", "executed"]);

/** Counts every proposal that reached its quorum and that nobody counted: without it nothing can be credited. */
async function closeAll(connection: Connection, proposals: readonly Proposal[]): Promise<number> {
  const { reputation, governor } = connection.contracts;
  let count = 0;
  for (const { proposalId } of proposals) {
    if (!OVER.has(await stateOf(connection, proposalId))) continue;
    const { number } = await reputation.closedOf(proposalId);
    if (number !== 0n || !(await governor.quorumReached(proposalId))) continue;
    try {
      await connection.send(() => reputation.close(proposalId));
      count++;
    } catch (error) {
      // A keeper may have been first.
      if (!isRevert(error, "Reputation_AlreadyClosed")) throw error;
    }
  }
  return count;
}

/** Everybody that the account ever had an edge to. */
async function edgesEver(connection: Connection, account: string): Promise<string[]> {
  const { votes } = connection.contracts;
  const { number } = await connection.latest();
  const changed = await queryPages(
    (start, end) => votes.queryFilter(votes.filters.EdgeChanged(account), start, end),
    connection.manifest.deployedAtBlock,
    number,
  );
  return [...new Set(changed.map(({ args }) => args.delegatee))];
}

/** Edges of the account at a proposal's snapshot. */
async function edgesAt(
  connection: Connection,
  account: string,
  delegatees: readonly string[],
  second: bigint,
): Promise<string[]> {
  const { votes } = connection.contracts;
  const held = await Promise.all(
    delegatees.map(async (delegatee) => {
      const edge = await votes.edgeAccount(account, delegatee);
      return (await votes.getPastBalanceOf(edge, second)) > 0n ? [delegatee] : [];
    }),
  );
  return held.flat();
}

/** Credits the account, in the order of counting, for everything it was not credited for yet. */
async function creditAll(
  connection: Connection,
  account: string,
  closed: readonly { readonly proposal: Proposal; readonly number: bigint }[],
): Promise<number> {
  const { reputation } = connection.contracts;
  const { lastEligible } = await reputation.standingOf(account);
  const open = closed.filter(({ number }) => number > lastEligible);
  const ever = open.length === 0 ? [] : await edgesEver(connection, account);
  let count = 0;
  for (const { proposal } of open) {
    const edges = await edgesAt(connection, account, ever, proposal.voteStart);
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
  closed: readonly { readonly proposal: Proposal; readonly epoch: bigint; readonly proposerPaid: boolean }[],
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
  const { reputation } = connection.contracts;
  const proposals = await readProposals(connection);
  const closedNow = await closeAll(connection, proposals);
  const all = await Promise.all(
    proposals.map(async (proposal) => {
      const { number, epoch, proposerPaid } = await reputation.closedOf(proposal.proposalId);
      return { proposal, number, epoch, proposerPaid };
    }),
  );
  const closed = all
    .filter(({ number }) => number !== 0n)
    .toSorted((left, right) => Number(left.number - right.number));
  const credited = await creditAll(connection, account, closed);
  return { closed: closedNow, credited, ...(await payAll(connection, account, closed)) };
}
