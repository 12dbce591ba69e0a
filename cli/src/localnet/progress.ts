/** Live progress: a table that updates in place on a terminal, a plain line whenever something changed elsewhere. */
import Table from "cli-table3";
import { createLogUpdate } from "log-update";

import { masa } from "../format.ts";
import type { Member } from "./accounts.ts";
import type { Observer } from "./observe.ts";

export interface Progress {
  /** A step of the set-up, or anything else worth a line that stays. */
  note(line: string): void;
  show(observer: Observer, members: readonly Member[], total: number, lastEpoch: number): void;
  done(): void;
}

function headline(observer: Observer, total: number, lastEpoch: number): string {
  const settled = observer.count("settled");
  const closed = observer.count("expired") + observer.count("unscored") + observer.count("cancelled");
  return (
    `epoch ${observer.epoch}/${lastEpoch} · asked ${observer.requests.size}/${total} · settled ${settled}` +
    ` · not settled ${closed} · reports ${observer.finalRounds} + ${observer.finalEpochs.size}` +
    ` · pruned ${observer.prunings.length}`
  );
}

function table(observer: Observer, members: readonly Member[]): string {
  const made = new Table({
    head: ["node", "role", "paid", "unpaid", "slashed", "earned MASA", "lost MASA", "P_v"],
  });
  for (const { name, role, account } of members) {
    const tally = observer.tallies.get(account.address);
    const score = observer.seatScores.findLast(({ owner }) => owner === account.address);
    const pruned = observer.prunings.some(({ owner }) => owner === account.address);
    made.push([
      pruned ? `${name} (pruned)` : name,
      role,
      tally?.paid ?? "",
      tally?.unpaid ?? "",
      tally?.slashed ?? "",
      tally === undefined ? "" : masa(tally.paidWei),
      tally === undefined ? "" : masa(tally.slashedWei),
      score === undefined ? "" : score.score.toFixed(3),
    ]);
  }
  return made.toString();
}

export function makeProgress(stream: NodeJS.WriteStream): Progress {
  if (!stream.isTTY) {
    let last = "";
    return {
      note: (line) => void stream.write(`${line}\n`),
      show(observer, _members, total, lastEpoch) {
        const line = headline(observer, total, lastEpoch);
        if (line !== last) stream.write(`${line}\n`);
        last = line;
      },
      done: () => undefined,
    };
  }
  const update = createLogUpdate(stream);
  return {
    note(line) {
      update.clear();
      stream.write(`${line}\n`);
    },
    show: (observer, members, total, lastEpoch) =>
      update(`${headline(observer, total, lastEpoch)}\n${table(observer, members)}`),
    done: () => update.done(),
  };
}
