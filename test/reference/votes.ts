/** The vectors of section 9 of the paper: the votes of an account. */
import { Exact } from "./exact.ts";
import { votingPower } from "./formulas.ts";
import { Source } from "./source.ts";

const COUNT = 300;
const MOST_PARTS = 9;

const whole = (value: bigint): Exact => new Exact(value);
const list = (values: readonly bigint[]): string => values.join(",") || "-";

export function votesVectors(seed: string) {
  const source = new Source(`${seed}/votes`);
  const rows = Array.from({ length: COUNT }, () => {
    const given = Array.from({ length: source.int(0, MOST_PARTS - 1) }, () => source.amount(24));
    const own = given.reduce((sum, units) => sum + units, 0n) + source.amount(25);
    const received = Array.from({ length: source.int(0, MOST_PARTS) }, () => source.amount(25));
    const before = received.map(() => source.amount(25));
    const votes = votingPower(whole(own), given.map(whole), received.map(whole)).floor();
    return [own, list(given), list(before), list(received), votes].join(" ");
  });
  return {
    formulas: "EQ-20",
    about:
      "Votes of an account: its own stake, what it gave away of it, what others had delegated to it and delegate now; lists are between commas, - is an empty list",
    columns: "own given before received votes",
    rows,
  };
}
