/** The vectors of section 9 of the paper: which proposals pass. */
import { Exact } from "./exact.ts";
import { passes, quorum } from "./formulas.ts";
import { Source, WAD } from "./source.ts";

const COUNT = 400;
const wad = (value: bigint): Exact => Exact.wad(value);
const whole = (value: bigint): Exact => new Exact(value);

export function passageVectors(seed: string) {
  const source = new Source(`${seed}/passage`);
  const rows: string[] = [];
  const add = (total: bigint, share: bigint, floor: bigint, votes: bigint[], threshold: bigint): void => {
    const needed = quorum(whole(total), wad(share), whole(floor)).ceil();
    const [forVotes = 0n, againstVotes = 0n, abstainVotes = 0n] = votes;
    const passed = passes(
      { for: whole(forVotes), against: whole(againstVotes), abstain: whole(abstainVotes) },
      whole(needed),
      wad(threshold),
    );
    rows.push(
      [total, share, floor, forVotes, againstVotes, abstainVotes, threshold, needed, Number(passed)].join(
        " ",
      ),
    );
  };
  for (let index = 0; index < COUNT; index++) {
    const total = source.amount(27);
    const share = source.ratio();
    const floor = index % 4 === 0 ? source.amount(26) : 0n;
    const threshold = index % 3 === 0 ? WAD / 2n + source.between(0n, WAD / 2n) : source.ratio();
    add(total, share, floor, [source.amount(27), source.amount(27), source.amount(27)], threshold);
    // Around the quorum: the last wei makes it.
    const needed = quorum(whole(total), wad(share), whole(floor)).ceil();
    const forVotes = source.between(0n, needed);
    for (const missing of [0n, 1n]) {
      add(
        total,
        share,
        floor,
        [forVotes, 0n, needed < forVotes + missing ? 0n : needed - forVotes - missing],
        WAD,
      );
    }
    // Around the threshold: n for, and as many against as leave it met, and one more.
    const percent = source.between(1n, 100n);
    const unit = 1n + source.amount(20);
    for (const more of [0n, 1n]) {
      add(total, 0n, 0n, [percent * unit, (100n - percent) * unit + more, 0n], (percent * WAD) / 100n);
    }
  }
  return {
    formulas: "EQ-21",
    about:
      "What the quorum asks for and whether a proposal passes: at random, around the quorum, around the threshold",
    columns: "total quorum leastQuorum for against abstain threshold needed passes",
    rows,
  };
}
