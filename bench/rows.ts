/** What is measured, its budget and its peer: the rows of the bench. */

/** Gas of an operation on slots used for the first time, and of the same again; null where there is no such case. */
export interface Measured {
  readonly cold: number | null;
  readonly warm: number | null;
}

/** One row of the table and of the JSON file. A peer's name ends in "(quoted)" where this run did not measure it. */
export interface Row {
  readonly operation: string;
  readonly cold: number | null;
  readonly warm: number | null;
  readonly budget: number | null;
  readonly peer: string | null;
  readonly peerCold: number | null;
  readonly peerWarm: number | null;
}

export type OwnFigure =
  | "stake"
  | "stakeDelegated"
  | "startUnbonding"
  | "startUnbondingDelegated"
  | "delegateResidual"
  | "newEdge"
  | "changedEdge"
  | "proposeOwn"
  | "vote"
  | "override"
  | "overrideEdge"
  | "queue"
  | "execute"
  | "withdraw"
  | "slash"
  | "slashOneEntry"
  | "slashThousandEntries"
  | "apply"
  | "applyDelegated"
  | "applyEightEdges"
  | "applyBoth"
  | "freezeSlots"
  | "freezeCode"
  | "freezeHash"
  | "checkSlots"
  | "checkCode"
  | "checkHash"
  | "deposit"
  | "submit"
  | "commit"
  | "report"
  | "furtherOwnWorker"
  | "furtherOwnWorkerBeyond"
  | "furtherManyWorkers"
  | "furtherSameWorker"
  | "furtherSameWorkerBeyond"
  | "wholeLife"
  | "claim"
  | "epochReport"
  | "firstRoll"
  | "roll"
  | "rollFullWaitlist"
  | "rollManyWorkers"
  | "rollThousandMissed"
  | "argmin"
  | "requirement"
  | "requirementFolding"
  | "requirementCold"
  | "sigma"
  | "mulDiv"
  | "power";

export type PeerFigure =
  | "vaultDeposit"
  | "vaultWithdraw"
  | "multisig"
  | "delegate"
  | "transferVotes"
  | "delegateExtended"
  | "propose"
  | "castVote"
  | "castVoteOverridable"
  | "castOverride"
  | "prbExp"
  | "openZeppelinMulDiv"
  | "prbMulDiv"
  | "prbPower";

export type Figures = Partial<Record<OwnFigure | PeerFigure, Measured>>;

interface Quoted extends Measured {
  readonly name: string;
}

interface Line {
  readonly operation: string;
  /** Null: the peer's operation, whose counterpart here is not built yet. */
  readonly own: OwnFigure | null;
  /** Gas, warm; of the cold case where there is no warm one. */
  readonly budget?: number;
  /** Whether a miss makes the bench fail. */
  readonly demanded?: true;
  /** A peer measured in this run, with its name. */
  readonly peer?: readonly [PeerFigure, string];
  /** A peer that no npm package ships in a form that compiles here: figures taken from its own repository's tests. */
  readonly quoted?: Quoted;
}

export const LINES: readonly Line[] = [
  {
    operation: "stake, its own delegate",
    own: "stake",
    budget: 100_000,
    demanded: true,
    peer: ["vaultDeposit", "OpenZeppelin ERC4626 deposit, without votes"],
  },
  {
    operation: "stake, delegated",
    own: "stakeDelegated",
    budget: 130_000,
    demanded: true,
    peer: ["vaultDeposit", "OpenZeppelin ERC4626 deposit, without votes"],
  },
  {
    operation: "start unbonding, its own delegate",
    own: "startUnbonding",
    budget: 115_000,
    demanded: true,
    quoted: { name: "The Graph thaw", cold: 231_115, warm: 146_159 },
  },
  { operation: "start unbonding, delegated", own: "startUnbondingDelegated" },
  {
    operation: "withdraw",
    own: "withdraw",
    budget: 60_000,
    demanded: true,
    peer: ["vaultWithdraw", "OpenZeppelin ERC4626 withdraw"],
  },
  { operation: "book a slash, nothing queued", own: "slash", budget: 35_000, demanded: true },
  { operation: "book a slash, 1 queue entry", own: "slashOneEntry", budget: 35_000, demanded: true },
  {
    operation: "book a slash, 1,000 queue entries",
    own: "slashThousandEntries",
    budget: 35_000,
    demanded: true,
  },
  {
    operation: "apply a booked slash to stake, its own delegate",
    own: "apply",
    budget: 140_000,
    demanded: true,
  },
  { operation: "apply a booked slash to stake, delegated", own: "applyDelegated" },
  { operation: "apply a booked slash that consumes eight edges", own: "applyEightEdges" },
  {
    operation: "apply a booked slash to stake and queue of both tokens",
    own: "applyBoth",
    budget: 140_000,
    demanded: true,
  },
  {
    operation: "deposit credit",
    own: "deposit",
    quoted: { name: "The Graph escrow deposit", cold: 87_546, warm: 53_346 },
  },
  { operation: "submit a request from credit", own: "submit", budget: 76_000, demanded: true },
  { operation: "commit a response", own: "commit", budget: 66_000, demanded: true },
  {
    operation: "finalise a report, 43 of 64 signatures, one result",
    own: "report",
    budget: 300_000,
    demanded: true,
    peer: ["multisig", "OpenZeppelin MultiSignerERC7913Weighted, check alone"],
  },
  {
    operation: "each further result, own worker and request",
    own: "furtherOwnWorker",
    budget: 24_000,
    demanded: true,
    quoted: { name: "The Graph query voucher", cold: 494_267, warm: 402_311 },
  },
  {
    operation: "each further result beyond 100, own worker and request",
    own: "furtherOwnWorkerBeyond",
    budget: 24_000,
    demanded: true,
  },
  {
    operation: "each further result among 10,000 workers, own worker and request",
    own: "furtherManyWorkers",
    budget: 24_000,
    demanded: true,
  },
  {
    operation: "each further result, same worker and asker",
    own: "furtherSameWorker",
    budget: 14_000,
    demanded: true,
    quoted: { name: "Livepeer ticket", cold: 318_221, warm: 199_993 },
  },
  {
    operation: "each further result beyond 100, same worker and asker",
    own: "furtherSameWorkerBeyond",
    budget: 14_000,
    demanded: true,
  },
  {
    operation: "whole life of a request in a report of 100",
    own: "wholeLife",
    budget: 165_000,
    demanded: true,
  },
  { operation: "claim a reward, proof of 20 nodes", own: "claim", budget: 66_000, demanded: true },
  { operation: "epoch report for 64 seats, 43 signatures", own: "epochReport" },
  { operation: "epoch roll that seats the first 64", own: "firstRoll" },
  {
    operation: "epoch roll, 64 seats, 10 workers",
    own: "roll",
    budget: 1_000_000,
    demanded: true,
    quoted: { name: "EigenLayer refresh of 200 operators", cold: null, warm: 11_400_000 },
  },
  {
    operation: "epoch roll, 64 seats, 10,000 workers",
    own: "rollManyWorkers",
    budget: 1_000_000,
    demanded: true,
  },
  {
    operation: "epoch roll, 64 seats, 1,000 epochs missed",
    own: "rollThousandMissed",
    budget: 1_000_000,
    demanded: true,
  },
  {
    operation: "epoch roll, 64 seats, 64 on the waitlist",
    own: "rollFullWaitlist",
    budget: 1_350_000,
    demanded: true,
  },
  { operation: "freeze 64 rows in storage", own: "freezeSlots" },
  { operation: "freeze 64 rows as code", own: "freezeCode" },
  { operation: "freeze a hash of 64 rows", own: "freezeHash" },
  { operation: "check 43 signatures against rows in storage", own: "checkSlots" },
  { operation: "check 43 signatures against rows in code", own: "checkCode" },
  { operation: "check 43 signatures against rows in calldata", own: "checkHash" },
  { operation: "argmin of 64 scores, as a transaction", own: "argmin", budget: 45_000, demanded: true },
  { operation: "requirement of a node, view", own: "requirement", budget: 10_000, demanded: true },
  {
    operation: "requirement of a node with work to fold, view",
    own: "requirementFolding",
    budget: 10_000,
    demanded: true,
  },
  { operation: "the same, every account and slot cold", own: "requirementCold", budget: 20_000 },
  {
    operation: "sigma, worst of 201 points",
    own: "sigma",
    budget: 500,
    demanded: true,
    peer: ["prbExp", "PRB-math exp"],
  },
  {
    operation: "mulDiv with a product of 512 bits (Solady)",
    own: "mulDiv",
    peer: ["openZeppelinMulDiv", "OpenZeppelin mulDiv"],
  },
  {
    operation: "mulDiv with a product of 512 bits (Solady)",
    own: "mulDiv",
    peer: ["prbMulDiv", "PRB-math mulDiv"],
  },
  { operation: "power, exponent 100 (Solady rpow)", own: "power", peer: ["prbPower", "PRB-math powu"] },
  {
    operation: "delegate the residual",
    own: "delegateResidual",
    budget: 120_000,
    demanded: true,
    peer: ["delegate", "OpenZeppelin ERC20Votes, without past delegates"],
  },
  {
    operation: "delegate the residual",
    own: "delegateResidual",
    budget: 120_000,
    demanded: true,
    peer: ["delegateExtended", "OpenZeppelin VotesExtended"],
  },
  { operation: "delegate a part: a new edge", own: "newEdge", budget: 185_000, demanded: true },
  { operation: "delegate a part: a changed edge", own: "changedEdge", budget: 120_000, demanded: true },
  {
    operation: "transfer between self-delegates",
    own: null,
    peer: ["transferVotes", "OpenZeppelin ERC20Votes"],
  },
  {
    operation: "propose, one action",
    own: "proposeOwn",
    budget: 115_000,
    demanded: true,
    peer: ["propose", "OpenZeppelin Governor"],
  },
  {
    operation: "vote by delegate",
    own: "vote",
    budget: 75_000,
    demanded: true,
    peer: ["castVote", "OpenZeppelin GovernorCountingSimple"],
  },
  {
    operation: "vote by delegate",
    own: "vote",
    budget: 75_000,
    demanded: true,
    peer: ["castVoteOverridable", "OpenZeppelin GovernorCountingOverridable"],
  },
  {
    operation: "vote of the residual, overriding a delegate",
    own: "override",
    budget: 90_000,
    demanded: true,
    peer: ["castOverride", "OpenZeppelin GovernorCountingOverridable"],
  },
  {
    operation: "vote of an edge, overriding a delegate",
    own: "overrideEdge",
    budget: 90_000,
    demanded: true,
  },
  { operation: "queue, one action", own: "queue" },
  { operation: "execute, one action", own: "execute" },
];

export interface Verdict {
  readonly line: Line;
  readonly row: Row;
  /** Null where there is no budget. */
  readonly met: boolean | null;
}

/** Rows of the lines whose own operation was measured, or whose peer was where there is no own one. */
export function assembleRows(figures: Figures): Verdict[] {
  return LINES.flatMap((line): Verdict[] => {
    const own = line.own === null ? undefined : figures[line.own];
    const peer = line.peer === undefined ? undefined : figures[line.peer[0]];
    if (line.own === null ? peer === undefined : own === undefined) return [];
    const named =
      line.peer !== undefined && peer !== undefined
        ? { name: line.peer[1], ...peer }
        : line.quoted === undefined
          ? null
          : { ...line.quoted, name: `${line.quoted.name} (quoted)` };
    const row = {
      operation: line.operation,
      cold: own?.cold ?? null,
      warm: own?.warm ?? null,
      budget: line.budget ?? null,
      peer: named?.name ?? null,
      peerCold: named?.cold ?? null,
      peerWarm: named?.warm ?? null,
    };
    return [{ line, row, met: isMet(line, row) }];
  });
}

function isMet(line: Line, row: Row): boolean | null {
  if (line.budget === undefined) return null;
  const gas = row.warm ?? row.cold;
  return gas !== null && gas <= line.budget;
}

/** Demanded budgets that were missed. */
export const failures = (verdicts: readonly Verdict[]): Verdict[] =>
  verdicts.filter(({ line, met }) => line.demanded === true && met === false);
