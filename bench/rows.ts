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
  | "startUnbonding"
  | "withdraw"
  | "slash"
  | "slashOneEntry"
  | "slashThousandEntries"
  | "apply"
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
  | "furtherSameWorker"
  | "wholeLife"
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
    operation: "stake, without votes",
    own: "stake",
    budget: 70_000,
    demanded: true,
    peer: ["vaultDeposit", "OpenZeppelin ERC4626 deposit"],
  },
  {
    operation: "start unbonding",
    own: "startUnbonding",
    budget: 75_000,
    demanded: true,
    quoted: { name: "The Graph thaw", cold: 231_115, warm: 146_159 },
  },
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
  { operation: "apply a booked slash to stake", own: "apply", budget: 140_000, demanded: true },
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
  { operation: "submit a request from credit", own: "submit", budget: 76_000 },
  { operation: "commit a response", own: "commit", budget: 66_000, demanded: true },
  {
    operation: "finalise a report, 43 of 64 signatures, one result",
    own: "report",
    budget: 300_000,
    peer: ["multisig", "OpenZeppelin MultiSignerERC7913Weighted, check alone"],
  },
  {
    operation: "each further result, own worker and request",
    own: "furtherOwnWorker",
    budget: 24_000,
    quoted: { name: "The Graph query voucher", cold: 494_267, warm: 402_311 },
  },
  {
    operation: "each further result, same worker and asker",
    own: "furtherSameWorker",
    budget: 14_000,
    quoted: { name: "Livepeer ticket", cold: 318_221, warm: 199_993 },
  },
  {
    operation: "whole life of a request in a report of 100",
    own: "wholeLife",
    budget: 165_000,
    demanded: true,
  },
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
  { operation: "delegate all votes", own: null, peer: ["delegate", "OpenZeppelin ERC20Votes"] },
  {
    operation: "delegate all votes",
    own: null,
    peer: ["delegateExtended", "OpenZeppelin VotesExtended"],
  },
  {
    operation: "transfer between self-delegates",
    own: null,
    peer: ["transferVotes", "OpenZeppelin ERC20Votes"],
  },
  { operation: "propose, one action", own: null, peer: ["propose", "OpenZeppelin Governor"] },
  { operation: "vote", own: null, peer: ["castVote", "OpenZeppelin GovernorCountingSimple"] },
  {
    operation: "vote by delegate",
    own: null,
    peer: ["castVoteOverridable", "OpenZeppelin GovernorCountingOverridable"],
  },
  {
    operation: "direct vote overriding a delegate",
    own: null,
    peer: ["castOverride", "OpenZeppelin GovernorCountingOverridable"],
  },
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
