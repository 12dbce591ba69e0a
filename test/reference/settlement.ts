/**
 * The truth table of a settlement: what one request comes to, by what its answers are worth and how it ends. The
 * expectations come from the formulas of the SDK and from the rules written down here, never from the contracts. The
 * table is written for people (docs/settlement-table.md) and for test/unit/SettlementTable.t.sol, which carries out every
 * row: `node scripts/settlement-table.ts`.
 */
import { AbiCoder } from "ethers";

import { feeUp, qualityDown, rewardDown, slashAmountUp } from "../../sdk/src/math/index.ts";

const WAD = 10n ** 18n;
const SCORE = 10n ** 9n;
/** Rewards and fees are whole multiples of it, wei. */
const UNIT = 10n ** 9n;
const TAU = 600_000_000_000_000_000n;
const MIN_QUALITY = 700_000_000_000_000_000n;
const SLASH_SHARE = WAD / 2n;
const WEIGHTS = [4n, 2n, 3n, 1n].map((tenths) => (tenths * WAD) / 10n) as [bigint, bigint, bigint, bigint];
const REWARD = 100n * WAD;

/** How a request ends. The numbers are those of the test. */
const ENDINGS = {
  report: { code: 0, text: "report in time" },
  reportAtLastSecond: { code: 1, text: "report in the last second of the scoring window" },
  lateReport: { code: 2, text: "report a second too late, then closed" },
  noReport: { code: 3, text: "no report, closed" },
  earlyReport: { code: 4, text: "report while answers may still come, then closed" },
  wrongCount: { code: 5, text: "report with a score too many, then closed" },
  noAnswer: { code: 6, text: "nobody answers, closed" },
  cancelled: { code: 7, text: "cancelled by its asker" },
} as const;

const STATES = ["None", "Open", "Settled", "Cancelled", "Expired", "Unscored"] as const;
const OUTCOMES = ["unscored", "slashed", "unpaid", "paid"] as const;

interface Answer {
  /** R, C, F, T, scale 1e9 = 1. */
  scores: [bigint, bigint, bigint, bigint];
  scored: boolean;
  fraud: number;
  text?: string;
}

interface Case {
  name: string;
  answers: Answer[];
  ending?: keyof typeof ENDINGS;
  hasEvidence?: boolean;
  tau?: bigint;
  minQuality?: bigint;
  reward?: bigint;
}

export interface Row extends Required<Case> {
  state: (typeof STATES)[number];
  fee: bigint;
  feeKept: bigint;
  /** What comes back to the asker, R_base and fee together. */
  refunded: bigint;
  results: { quality: bigint; outcome: (typeof OUTCOMES)[number]; paid: bigint; slashed: bigint }[];
}

const q = (score: bigint): Answer => ({ scores: [score, score, score, score], scored: true, fraud: 0 });
const fraud = (score: bigint): Answer => ({ ...q(score), fraud: 7, text: "fraud" });
const unscored: Answer = { scores: [0n, 0n, 0n, 0n], scored: false, fraud: 0, text: "unscored" };
const four = (...scores: [bigint, bigint, bigint, bigint]): Answer => ({ scores, scored: true, fraud: 0 });

const tau = TAU / SCORE;
const least = MIN_QUALITY / SCORE;

const CASES: Case[] = [
  { name: "no quality at all", answers: [q(0n)] },
  { name: "far below τ", answers: [q(300_000_000n)] },
  { name: "one unit of a score below τ", answers: [q(tau - 1n)] },
  { name: "equal to τ", answers: [q(tau)] },
  { name: "one unit above τ", answers: [q(tau + 1n)] },
  { name: "between τ and minQuality", answers: [q(650_000_000n)] },
  { name: "one unit below minQuality", answers: [q(least - 1n)] },
  { name: "equal to minQuality", answers: [q(least)] },
  { name: "one unit above minQuality", answers: [q(least + 1n)] },
  { name: "full marks", answers: [q(SCORE)] },
  { name: "τ one step above Q", answers: [q(tau)], tau: TAU + SCORE, minQuality: TAU + SCORE },
  { name: "τ equal to Q, and minQuality too", answers: [q(tau)], minQuality: TAU },
  { name: "τ one step below Q", answers: [q(tau)], tau: TAU - SCORE, minQuality: TAU - SCORE },
  {
    name: "the lightest score one unit below τ",
    answers: [four(tau, tau, tau, tau - 1n)],
    hasEvidence: true,
  },
  {
    name: "the lightest score one unit below minQuality",
    answers: [four(least, least, least, least - 1n)],
    hasEvidence: true,
  },
  { name: "fraud with full marks", answers: [fraud(SCORE)] },
  { name: "fraud without any", answers: [fraud(0n)] },
  { name: "facts missing, evidence carried", answers: [four(SCORE, SCORE, 0n, SCORE)], hasEvidence: true },
  { name: "facts missing, no evidence", answers: [four(SCORE, SCORE, 0n, SCORE)] },
  { name: "facts alone, evidence carried", answers: [four(0n, 0n, SCORE, 0n)], hasEvidence: true },
  { name: "facts alone, no evidence", answers: [four(0n, 0n, SCORE, 0n)] },
  { name: "the smallest request, paid", answers: [q(777_777_777n)], reward: UNIT },
  { name: "an odd request, slashed", answers: [q(1n)], reward: 33_333_333_333n * UNIT },
  { name: "the best of three", answers: [q(700_000_000n), q(900_000_000n), q(800_000_000n)] },
  { name: "the best, beside one below τ", answers: [q(500_000_000n), q(900_000_000n), q(650_000_000n)] },
  { name: "a tie goes to the first", answers: [q(800_000_000n), q(800_000_000n), q(800_000_000n)] },
  { name: "a tie behind a worse one", answers: [q(700_000_000n), q(800_000_000n), q(800_000_000n)] },
  { name: "nobody reaches minQuality", answers: [q(690_000_000n), q(tau), q(590_000_000n)] },
  { name: "everybody below τ", answers: [q(100_000_000n), q(tau - 1n), q(0n)] },
  { name: "a fraud beside an honest answer", answers: [fraud(SCORE), q(least), q(650_000_000n)] },
  { name: "an unscored answer beside a good one", answers: [unscored, q(800_000_000n), q(0n)] },
  { name: "a good answer beside two unscored ones", answers: [unscored, unscored, q(800_000_000n)] },
  { name: "nothing scored", answers: [unscored, unscored], ending: "report" },
  { name: "the last second for a report", answers: [q(800_000_000n)], ending: "reportAtLastSecond" },
  { name: "a report too late", answers: [q(800_000_000n), q(0n)], ending: "lateReport" },
  { name: "a report too early", answers: [q(800_000_000n)], ending: "earlyReport" },
  { name: "a report of other answers", answers: [q(800_000_000n), q(0n)], ending: "wrongCount" },
  { name: "answers without a report", answers: [q(800_000_000n), q(0n)], ending: "noReport" },
  { name: "no answer", answers: [], ending: "noAnswer" },
  { name: "taken back", answers: [], ending: "cancelled" },
];

function stateOf(ending: keyof typeof ENDINGS, answers: Answer[]): Row["state"] {
  if (ending === "cancelled") return "Cancelled";
  if (ending === "noAnswer") return "Expired";
  const inTime = ending === "report" || ending === "reportAtLastSecond";
  return inTime && answers.some((answer) => answer.scored) ? "Settled" : "Unscored";
}

/** EQ-17, EQ-18, EQ-08 and decisions D7, D11, D12. */
function rowOf(given: Case): Row {
  const row = {
    ending: "report",
    hasEvidence: false,
    tau: TAU,
    minQuality: MIN_QUALITY,
    reward: REWARD,
    ...given,
  } as const;
  const { answers, reward, hasEvidence } = row;
  const state = stateOf(row.ending, answers);
  const qualities = answers.map(({ scores, scored, fraud: code }) => {
    if (!scored || code !== 0) return 0n;
    const [r, c, f, t] = scores.map((score) => score * SCORE) as [bigint, bigint, bigint, bigint];
    return qualityDown(r, c, f, t, WEIGHTS, hasEvidence);
  });
  let winner = -1;
  for (const [i, quality] of qualities.entries()) {
    if (quality >= row.minQuality && quality > (qualities[winner] ?? 0n)) winner = i;
  }
  const results = answers.map(({ scored }, i): Row["results"][number] => {
    const quality = qualities[i] ?? 0n;
    if (state !== "Settled" || !scored) return { quality: 0n, outcome: "unscored", paid: 0n, slashed: 0n };
    if (quality < row.tau) {
      return { quality, outcome: "slashed", paid: 0n, slashed: slashAmountUp(reward, SLASH_SHARE) };
    }
    if (i !== winner) return { quality, outcome: "unpaid", paid: 0n, slashed: 0n };
    return { quality, outcome: "paid", paid: rewardDown(reward, quality, row.tau), slashed: 0n };
  });
  // The first request of an epoch: 1 % rising to 5 % at 100,000 MASA, at least a thousandth of a MASA.
  const exact = feeUp(0n, reward, WAD / 100n, WAD / 20n, 100_000n * WAD, WAD / 1_000n);
  const fee = ((exact + UNIT - 1n) / UNIT) * UNIT;
  const feeKept = state === "Settled" ? fee : 0n;
  const paid = results.reduce((sum, result) => sum + result.paid, 0n);
  return { ...row, state, fee, feeKept, refunded: reward - paid + fee - feeKept, results };
}

export function settlementRows(): Row[] {
  return CASES.map(rowOf);
}

/** The rows as test/unit/SettlementTable.t.sol reads them. */
export function encodeRows(rows: readonly Row[]): string {
  const answer = "tuple(uint32,uint32,uint32,uint32,bool,uint8,uint256,uint8,uint256,uint256)";
  const type = `tuple(string,uint8,bool,uint64,uint64,uint96,uint8,uint256,uint256,uint256,${answer}[])[]`;
  const values = rows.map((row) => [
    row.name,
    ENDINGS[row.ending].code,
    row.hasEvidence,
    row.tau,
    row.minQuality,
    row.reward,
    STATES.indexOf(row.state),
    row.fee,
    row.feeKept,
    row.refunded,
    row.answers.map(({ scores, scored, fraud: code }, i) => {
      const result = row.results[i];
      if (result === undefined) throw new Error("an answer without a result");
      const { quality, outcome, paid, slashed } = result;
      return [...scores, scored, code, quality, OUTCOMES.indexOf(outcome), paid, slashed];
    }),
  ]);
  return `${AbiCoder.defaultAbiCoder().encode([type], [values])}\n`;
}

/** An amount or a ratio with as many decimals as it has. */
function decimal(value: bigint): string {
  const digits = (value % WAD).toString().padStart(18, "0").replace(/0+$/, "");
  return `${(value / WAD).toLocaleString("en")}${digits === "" ? "" : `.${digits}`}`;
}

function answerText(row: Row, i: number): string {
  const { text, scores } = row.answers[i] ?? unscored;
  if (text !== undefined) return text;
  const equal = scores.every((score) => score === scores[0]);
  const [r, c, f, t] = scores.map((score) => decimal(score * SCORE));
  return equal ? (r ?? "") : `R ${r ?? ""}, C ${c ?? ""}, F ${f ?? ""}, T ${t ?? ""}`;
}

function line(row: Row): string {
  const each = (cell: (i: number) => string) =>
    row.answers.length === 0 ? "–" : row.answers.map((_, i) => cell(i)).join("<br>");
  const result = (i: number) => row.results[i] ?? { quality: 0n, outcome: "unscored", paid: 0n, slashed: 0n };
  const judged = (i: number) => row.state === "Settled" && (row.answers[i]?.scored ?? false);
  const cells = [
    row.name,
    ENDINGS[row.ending].text,
    decimal(row.reward),
    decimal(row.tau),
    decimal(row.minQuality),
    `${row.hasEvidence ? "with evidence: " : ""}${each((i) => answerText(row, i))}`,
    each((i) => (judged(i) ? decimal(result(i).quality) : "–")),
    row.state,
    each((i) => result(i).outcome),
    each((i) => decimal(result(i).paid)),
    each((i) => decimal(result(i).slashed)),
    decimal(row.feeKept),
    decimal(row.refunded),
  ];
  return `| ${cells.join(" | ")} |`;
}

/** The table for people. */
export function renderTable(rows: readonly Row[]): string {
  const head = [
    "Case",
    "How it ends",
    "R_base",
    "τ",
    "minQuality",
    "Scores",
    "Q",
    "State",
    "Outcome",
    "Paid",
    "Slashed",
    "Fee kept",
    "Back to the asker",
  ];
  return `# What a request comes to

Every way in which a request can end, to the wei. Generated by \`node scripts/settlement-table.ts\` from the formulas of the SDK; \`test/unit/SettlementTable.t.sol\` carries out every row on the contracts and compares.

Amounts are MASA. Each request is the first of its asker in an epoch, so its fee is 1 % of R_base plus R_base² / 5,000,000 (EQ-08), at least 0.001, rounded up to a billionth. κ is 0.5. The weights of Q are 0.4 relevance, 0.2 coherence, 0.3 factual accuracy, 0.1 response time; without evidence factual accuracy is absent and the others are divided by 0.7 (EQ-18). One number under "Scores" is all four scores of an answer. Several answers of one request stand under each other, in the order of their commitments.

| ${head.join(" | ")} |
| ${head.map(() => "---").join(" | ")} |
${rows.map(line).join("\n")}

Paid and slashed are of the workers, one by one. What comes back to the asker is R_base less what is paid, and the fee where it is not kept. The fee is kept where the request settled, whatever its answers were worth.
`;
}
