/** Proposals in words: what they change, what they need, and when what can be done with them. */
import {
  amountOf,
  CLASS_NAMES,
  dateOf,
  decimalOf,
  describeCall,
  durationOf,
  formatParameter,
  momentOf,
  PARAMETER_SETS,
  quorumUp,
  readParameterCall,
  WAD,
} from "#sdk";
import type { Connection, ParameterChange, ProposalCall, ProposalState } from "#sdk";

export const className = (classId: bigint | number): string =>
  `class ${classId} (${CLASS_NAMES[Number(classId)] ?? "unknown"})`;

export const changeText = ({ parameter, previous, current }: ParameterChange): string =>
  `${parameter.id}: ${formatParameter(parameter, previous)} → ${formatParameter(parameter, current)}`;

/** A line for each thing that a call changes, or the call itself where it is no setter of parameters. */
export async function callLines(connection: Connection, call: ProposalCall): Promise<string[]> {
  const { contracts, manifest } = connection;
  const { contract, name, args } = describeCall(manifest, call);
  const value = call.value === 0n ? "" : ` with ${amountOf(call.value, 18)} of the native coin`;
  const known = contract === null ? null : await readParameterCall(contracts, contract, call.data);
  if (known !== null) {
    if (known.changes.length === 0) return [`${name} changes nothing: all its values are as it sets them`];
    return known.changes.map((change) => `${changeText(change)}, ${known.set.effect}`);
  }
  if (args === null) return [`${name} (${call.data.length / 2 - 1} bytes of data)${value}`];
  return [`${name}(${args.map((arg: unknown) => String(arg)).join(", ")})${value}`];
}

export const votesText = ([against, forVotes, abstain]: readonly bigint[]): string =>
  `for ${amountOf(forVotes ?? 0n, 18)}, against ${amountOf(against ?? 0n, 18)}, abstaining ${amountOf(abstain ?? 0n, 18)} MASA`;

/** What a proposal with these calls would need, if it were submitted now, and its dates. */
export async function requirementLines(
  connection: Connection,
  calls: readonly ProposalCall[],
  proposer: string,
): Promise<string[]> {
  const { governor, classes, vault, masa, reputation, timelock } = connection.contracts;
  const [terms, settings, [total], stake, discount, minDelay, { timestamp }] = await Promise.all([
    classes.termsOf(
      calls.map(({ target }) => target),
      calls.map(({ data }) => data),
    ),
    governor.settings(),
    vault.totalsOf(await masa.getAddress()),
    vault.masaStakeOf(proposer),
    reputation.proposalDiscountOf(proposer),
    timelock.getMinDelay(),
    connection.latest(),
  ]);
  const now = BigInt(timestamp);
  const quorum = quorumUp(total, terms.quorum, settings.leastQuorum);
  const start = now + settings.votingDelay;
  const end = start + terms.votingPeriod;
  const half = terms.votingPeriod / 2n;
  const window = settings.directWindow < half ? settings.directWindow : half;
  const least = terms.minStake - (terms.minStake * discount) / WAD;
  return [
    `${className(terms.classId)}: quorum ${decimalOf(terms.quorum)}, ${amountOf(quorum, 18)} of ${amountOf(total, 18)} MASA staked now; threshold ${decimalOf(terms.threshold)} of for and against`,
    `its proposer stakes ${amountOf(stake, 18)} MASA of at least ${amountOf(least, 18)}`,
    `votes count as of ${dateOf(start)}; delegates vote until ${dateOf(end - window)}, everyone until ${dateOf(end)}`,
    `if it passes and is queued then, it can be executed from ${dateOf(end + minDelay)}, for ${durationOf(settings.expiry)}`,
  ];
}

/** States from which a proposal can still come into the timelock. */
const BEFORE_QUEUE: readonly ProposalState[] = ["pending", "active", "succeeded"];

/** The moments of a proposal's vote, and of what can come after it in its state. */
export async function momentLines(
  connection: Connection,
  proposalId: bigint,
  state: ProposalState,
  now: bigint,
): Promise<string[]> {
  const { governor } = connection.contracts;
  const [start, end, delegates, eta, { expiry }] = await Promise.all([
    governor.proposalSnapshot(proposalId),
    governor.proposalDeadline(proposalId),
    governor.delegateDeadline(proposalId),
    governor.proposalEta(proposalId),
    governor.settingsOf(proposalId),
  ]);
  return [
    `votes count as of ${momentOf(start, now)}`,
    `delegates vote until ${momentOf(delegates, now)}`,
    `everyone votes until ${momentOf(end, now)}`,
    ...(BEFORE_QUEUE.includes(state)
      ? [`if it passes, it must be queued until ${dateOf(end + expiry)}`]
      : []),
    ...(state === "queued"
      ? [`it can be executed from ${momentOf(eta, now)} until ${dateOf(eta + expiry)}`]
      : []),
  ];
}

/** Groups of parameters that can be reviewed. */
export const REVIEW_GROUPS: readonly string[] = PARAMETER_SETS.map(({ group }) => group);
