/** The histories themselves: what they reach, and that the model keeps its own books. */
import { expect } from "chai";

import { ACTION_NAMES } from "./actions.ts";
import { Calendar } from "./calendar.ts";
import { play } from "./histories.ts";
import { sum } from "./numbers.ts";
import { wordsOf } from "./observe.ts";
import type { Protocol } from "./protocol.ts";
import { Refusal, REFUSAL_NAMES } from "./refusal.ts";
import * as setup from "./setup.ts";
import { MASA, poolOf, TAO } from "./stakes.ts";
import { ROLES } from "./standings.ts";

const SEED = 20_240_607;
const STEPS = 50;

describe("the model's histories", () => {
  it("perform every action and meet every refusal", () => {
    const performed = new Set<string>();
    const refused = new Set<string>();
    for (let history = 0; history < 1_000; ++history) {
      play(SEED, history, STEPS, (_, { action, outcome }) => {
        if (outcome instanceof Refusal) refused.add(outcome.name);
        else performed.add(action.name);
      });
    }
    expect([...performed]).to.have.members(ACTION_NAMES.filter((name) => name !== "reverseSlashDirectly"));
    expect([...refused]).to.have.members(REFUSAL_NAMES);
  });

  it("reach what is rare: skipped epochs, cut and dead queues, frozen and void slashes, grace, suspension", () => {
    const nodes = (p: Protocol) => ROLES.flatMap((role) => p.standings.nodes[role]);
    const holdings = (p: Protocol) => p.books.stakes.flatMap((a) => a.holdings);
    const reached: Record<string, (p: Protocol) => boolean> = {
      "five epochs skipped": (p) => p.epoch >= p.rolledEpoch + 6,
      "a queue that a slash has cut": (p) => holdings(p).some((h) => poolOf(h) !== h.queued),
      "an entry of a queue that was slashed away": (p) =>
        holdings(p).some((h) =>
          h.entries.some((entry) => entry !== null && entry.generation !== h.generation),
        ),
      "both tokens in one slash": (p) =>
        p.books.stakes.some((a) =>
          a.slashes.some((slash) => slash?.amounts.every((amount) => amount !== 0n)),
        ),
      "a frozen slash beside a reservation": (p) =>
        p.books.stakes.some((a) => p.frozen(a) !== 0n && a.reserved !== 0n),
      "a void deferral": (p) => p.books.stakes.some((a) => a.deferral !== null && p.frozen(a) === 0n),
      "each role at once": (p) => ROLES.every((role) => p.standings.counted(role).length !== 0),
      grace: (p) => nodes(p).some((node) => p.standings.epoch === node.graceUntil),
      "a node marked short": (p) => nodes(p).some((node) => node.short),
      "a suspended worker": (p) => nodes(p).some((node) => p.standings.isSuspended(node)),
      "a former node": (p) => nodes(p).some((node) => node.known && !node.registered),
    };
    const missing = new Set(Object.keys(reached));
    for (let history = 0; history < 1_000; ++history) {
      play(SEED, history, STEPS, (p) => {
        for (const name of missing) if (reached[name]!(p)) missing.delete(name);
      });
    }
    expect([...missing]).to.deep.equal([]);
  });

  it("create and destroy no token", () => {
    for (let history = 0; history < 50; ++history) {
      play(SEED + 1, history, STEPS, (p) => {
        for (const [token, each] of [
          [MASA, setup.MASA_EACH],
          [TAO, setup.TAO_EACH],
        ] as const) {
          const elsewhere = token === MASA ? p.books.registryMasa : 0n;
          const all = sum(p.totals(token)) + sum(p.books.balances.map((pair) => pair[token])) + elsewhere;
          expect(all).to.equal(BigInt(setup.ACCOUNTS) * each);
        }
      });
    }
  });

  it("leave no trace of a refused action, and repeat themselves by seed alone", () => {
    const told = (seed: number, history: number): string[] => {
      const lines: string[] = [];
      let before: bigint[] = [];
      play(seed, history, STEPS, (p, { action, outcome }) => {
        // The preview is about another account each time; here it stays with one.
        const words = wordsOf(p, 0, 0);
        if (outcome instanceof Refusal && before.length !== 0) expect(words).to.deep.equal(before);
        lines.push([action.name, action.caller, ...action.args, ...words].join(" "));
        before = words;
      });
      return lines;
    };
    for (let history = 1; history < 30; ++history) {
      const once = told(SEED, history);
      expect(told(SEED, history)).to.deep.equal(once);
      expect(told(SEED + 1, history)).to.not.deep.equal(once);
    }
  });
});

describe("the model's calendar", () => {
  it("changes the length at the next boundary, which belongs to the later epoch", () => {
    const calendar = new Calendar(1_000, 100);
    expect(calendar.epochAt(1_099)).to.equal(0);
    expect(calendar.epochAt(1_100)).to.equal(1);
    calendar.setLength(10, 1_150);
    expect([calendar.start(1), calendar.start(2), calendar.start(3)]).to.deep.equal([1_100, 1_200, 1_210]);
    calendar.setLength(50, 1_199);
    expect([calendar.start(2), calendar.start(3)]).to.deep.equal([1_200, 1_250]);
    expect(calendar.epochAt(1_249)).to.equal(2);
  });
});
