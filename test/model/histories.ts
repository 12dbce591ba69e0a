/**
 * Random histories: actions drawn by weights, with arguments drawn from the state of the model, so that most of them
 * work and the rest are refused for every reason there is.
 */
import { ACTION_NAMES, perform, type Action, type ActionName, type Outcome } from "./actions.ts";
import { DRAWS } from "./draws.ts";
import { Generator } from "./generator.ts";
import { ALL } from "./numbers.ts";
import { PARTY } from "./parties.ts";
import type { Protocol } from "./protocol.ts";
import * as setup from "./setup.ts";
import { ROLES } from "./standings.ts";

export interface Step {
  action: Action;
  outcome: Outcome;
}

/** How often each action is drawn, of some thousand and two hundred. */
const WEIGHTS: Record<ActionName, number> = {
  pass: 150,
  stake: 90,
  startUnbonding: 85,
  cancelUnbonding: 25,
  withdraw: 75,
  reserve: 40,
  release: 20,
  slash: 90,
  applySlash: 25,
  bookDeferred: 30,
  reverseSlash: 25,
  reverseSlashDirectly: 1,
  releaseSlash: 25,
  register: 45,
  deregister: 15,
  revokeOperator: 6,
  topUpDeposit: 4,
  pokeForBounty: 35,
  poke: 40,
  use: 25,
  recordWorkOf: 45,
  strike: 50,
  scoreValidator: 20,
  roll: 75,
  setCollateral: 15,
  setDestinations: 5,
  setRole: 12,
  setStanding: 8,
  setSlashCap: 14,
  revokeSlasher: 2,
  setDelays: 6,
  setEpochLength: 6,
  lendReversal: 5,
};

const someEntry = (p: Protocol): boolean =>
  p.books.stakes.some((a) => a.holdings.some(({ entries }) => entries.some(Boolean)));
const someSlash = (p: Protocol): boolean => p.books.stakes.some((a) => a.slashes.some(Boolean));
const someNode = (p: Protocol): boolean => p.books.memberships.some((m) => m.role !== 0);
const someKnown = (p: Protocol): boolean =>
  ROLES.some((role) => p.standings.nodes[role].some((node) => node.known));

/** Without which an action could only be refused, or do nothing. */
const POSSIBLE: Partial<Record<ActionName, (p: Protocol) => boolean>> = {
  cancelUnbonding: someEntry,
  withdraw: someEntry,
  release: (p) => p.books.stakes.some((a) => a.reserved !== 0n),
  applySlash: (p) => p.books.stakes.some((a) => a.booked !== 0n),
  bookDeferred: (p) => p.books.stakes.some((a) => p.frozen(a) !== 0n),
  reverseSlash: someSlash,
  releaseSlash: someSlash,
  register: (p) => p.books.memberships.some((m) => m.role === 0),
  deregister: someNode,
  topUpDeposit: someNode,
  pokeForBounty: someNode,
  poke: someNode,
  use: someKnown,
  recordWorkOf: (p) => [...p.standings.nodes[2], ...p.standings.nodes[3]].some((node) => node.known),
  strike: (p) => p.standings.nodes[2].some((node) => node.known),
  scoreValidator: (p) => p.standings.nodes[1].some((node) => node.known),
  revokeOperator: (p) => p.books.operators.some((o) => o.account !== null),
  roll: (p) => p.epoch > p.rolledEpoch,
};

const TOTAL_WEIGHTS = ACTION_NAMES.map((name) => WEIGHTS[name]);
/** What a history begins with, so that there is something to slash soon. */
const OPENING: readonly ActionName[] = [
  "stake",
  "stake",
  "stake",
  "register",
  "stake",
  "register",
  "register",
];

const MASA_WEI = 10n ** 18n;
/** What a few histories begin with instead: a queue that a slash leaves with a wei, which random ones never make. */
const DILUTION: readonly Omit<Action, "subject">[] = [
  { name: "stake", caller: 0, args: [0n, 5_000_000n * MASA_WEI] },
  { name: "startUnbonding", caller: 0, args: [0n, ALL] },
  { name: "slash", caller: PARTY.slasherB, args: [0n, 0n, 5_000_000n * MASA_WEI - 1n] },
  { name: "stake", caller: 0, args: [0n, 1_000_000n * MASA_WEI] },
  { name: "startUnbonding", caller: 0, args: [0n, MASA_WEI] },
  { name: "startUnbonding", caller: 0, args: [0n, ALL] },
];
const DILUTED_EVERY = 50;

/** An action that can work as things stand; now and then any. */
function drawName(g: Generator): ActionName {
  for (;;) {
    const name = ACTION_NAMES[g.random.weighted(TOTAL_WEIGHTS)]!;
    if ((POSSIBLE[name]?.(g.protocol) ?? true) || g.random.oneIn(20)) return name;
  }
}

function drawAction(g: Generator, index: number): Action {
  const name = OPENING[index] ?? drawName(g);
  const { caller = g.random.pick([PARTY.stranger, g.account()]), args = [], subject } = DRAWS[name](g);
  return {
    name,
    caller,
    args: args.map(BigInt),
    subject: subject ?? (caller < setup.ACCOUNTS ? caller : g.account()),
  };
}

/** One history, action by action; `visit` sees the model after each. */
export function play(
  seed: number,
  history: number,
  steps: number,
  visit: (protocol: Protocol, step: Step, index: number) => void,
): void {
  const g = new Generator(seed, history);
  for (let index = 0; index < steps; ++index) {
    const scripted = history % DILUTED_EVERY === 0 ? DILUTION[index] : undefined;
    const action = scripted ? { ...scripted, subject: 0 } : drawAction(g, index);
    visit(g.protocol, { action, outcome: perform(g.protocol, action) }, index);
  }
}
