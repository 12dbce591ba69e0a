/** The end of a run: what happened to every request, node and token, for people and as JSON. */
import Table from "cli-table3";

import { masa, share } from "../format.ts";
import type { Member } from "./accounts.ts";
import type { ConservationLine } from "./conservation.ts";
import type { GasLine, Observer, Standing } from "./observe.ts";
import { SHOWN_STATES } from "./observe.ts";
import type { RewardSummary } from "./rewards.ts";

export interface Summary {
  readonly seed: number;
  readonly epochs: number;
  readonly seconds: number;
  readonly requests: Readonly<Record<string, number>>;
  readonly reports: { readonly rounds: number; readonly epochs: number };
  readonly workers: readonly WorkerSummary[];
  readonly nodes: readonly NodeSummary[];
  readonly pruned: readonly PrunedSummary[];
  readonly rewards: RewardSummary;
  readonly gas: readonly GasLine[];
  readonly conservation: readonly ConservationLine[];
  readonly restarts: Readonly<Record<string, number>>;
  readonly checks: readonly Check[];
}

interface WorkerSummary {
  readonly name: string;
  readonly paid: number;
  readonly unpaid: number;
  readonly slashed: number;
  readonly paidWei: bigint;
  readonly slashedWei: bigint;
  readonly meanQuality: number | null;
}

interface NodeSummary {
  readonly name: string;
  readonly role: string;
  readonly before: Standing;
  readonly after: Standing;
}

interface PrunedSummary {
  readonly name: string;
  readonly epoch: number;
  readonly reason: string;
}

export interface Check {
  readonly what: string;
  readonly ok: boolean;
  readonly detail: string;
}

export interface SummaryInput {
  readonly seed: number;
  readonly epochs: number;
  readonly seconds: number;
  readonly members: readonly Member[];
  readonly observer: Observer;
  readonly before: ReadonlyMap<string, Standing>;
  readonly after: ReadonlyMap<string, Standing>;
  readonly gas: readonly GasLine[];
  readonly rewards: RewardSummary;
  readonly conservation: readonly ConservationLine[];
  readonly restarts: ReadonlyMap<string, number>;
  readonly asked: number;
}

const nameOf = (members: readonly Member[], account: string): string =>
  members.find((member) => member.account.address === account)?.name ?? account;

function rewardChecks({ rewards }: SummaryInput): Check[] {
  const { roots, claims, verified } = rewards;
  const wrong = Object.entries(verified).flatMap(([epoch, faults]) =>
    faults.map((fault) => `epoch ${epoch}: ${fault}`),
  );
  const active = roots.filter((root) => root.active).at(-1);
  const due = active === undefined ? 0n : active.validatorsWei + active.workersWei;
  const paid = claims.reduce((sum, { claimedWei }) => sum + claimedWei, 0n);
  return [
    {
      what: "every epoch report follows from the chain and from what validators signed",
      ok: Object.keys(verified).length > 0 && wrong.length === 0,
      detail: wrong.join("; ") || `epochs ${Object.keys(verified).join(", ")}`,
    },
    {
      what: "what the active root of rewards gives is claimed",
      ok: paid > 0n && paid === due,
      detail: `${masa(paid)} of ${masa(due)} MASA`,
    },
  ];
}

/** What must hold at the end of any run, whatever documents and questions it was given. */
function makeChecks(input: SummaryInput): Check[] {
  const { observer, conservation } = input;
  const open = observer.count("open");
  const settled = observer.count("settled");
  const broken = conservation.filter((line) => line.expectedWei !== line.foundWei);
  return [
    {
      what: "every question was asked and has ended",
      ok: observer.requests.size === input.asked && open === 0,
      detail: `${observer.requests.size} of ${input.asked} asked, ${open} open`,
    },
    {
      what: "at least nine in ten requests were settled",
      ok: 10 * settled >= 9 * input.asked,
      detail: `${settled} of ${input.asked}`,
    },
    {
      what: "every epoch that had work was reported",
      ok: observer.workedEpochs.size > 0 && observer.unreported(input.epochs).length === 0,
      detail: `${observer.finalEpochs.size} epoch reports, ${observer.workedEpochs.size} epochs with work`,
    },
    ...rewardChecks(input),
    {
      what: "every token is accounted for to the last wei",
      ok: broken.length === 0,
      detail:
        broken.length === 0
          ? `${conservation.length} equations exact`
          : broken.map(({ what }) => what).join("; "),
    },
  ];
}

export function makeSummary(input: SummaryInput): Summary {
  const { members, observer } = input;
  const workers = members
    .filter(({ role }) => role === "worker")
    .map(({ name, account }) => {
      const tally = observer.tallyOf(account.address);
      return {
        name,
        paid: tally.paid,
        unpaid: tally.unpaid,
        slashed: tally.slashed,
        paidWei: tally.paidWei,
        slashedWei: tally.slashedWei,
        meanQuality: tally.scored === 0 ? null : Number(tally.qualitySumWad) / 1e18 / tally.scored,
      };
    });
  const nodes = members.flatMap(({ name, role }) => {
    const before = input.before.get(name);
    const after = input.after.get(name);
    return before === undefined || after === undefined ? [] : [{ name, role, before, after }];
  });
  const pruned = observer.prunings.map(({ owner, seat, epoch, scoredEpoch, score }) => {
    const peers = observer.seatScores.filter((entry) => entry.epoch === scoredEpoch && entry.owner !== owner);
    const own = observer.seatScores.find((entry) => entry.epoch === scoredEpoch && entry.owner === owner);
    const next = Math.min(...peers.map((entry) => entry.score));
    return {
      name: nameOf(members, owner),
      epoch,
      reason:
        `lowest P_v of epoch ${scoredEpoch}: ${score.toFixed(3)} (C ${own?.consensus.toFixed(3) ?? "?"},` +
        ` L ${own?.llm.toFixed(3) ?? "?"}) in seat ${seat}; the next lowest had ${next.toFixed(3)}`,
    };
  });
  return {
    seed: input.seed,
    epochs: input.epochs,
    seconds: input.seconds,
    requests: Object.fromEntries(SHOWN_STATES.map((state) => [state, observer.count(state)])),
    reports: { rounds: observer.finalRounds, epochs: observer.finalEpochs.size },
    workers,
    nodes,
    pruned,
    rewards: input.rewards,
    gas: input.gas,
    conservation: input.conservation,
    restarts: Object.fromEntries(input.restarts),
    checks: makeChecks(input),
  };
}

function workerTable(summary: Summary): string {
  const table = new Table({
    head: ["worker", "paid", "unpaid", "slashed", "earned MASA", "slashed MASA", "mean Q"],
  });
  for (const worker of summary.workers) {
    table.push([
      worker.name,
      worker.paid,
      worker.unpaid,
      worker.slashed,
      masa(worker.paidWei),
      masa(worker.slashedWei),
      worker.meanQuality?.toFixed(3) ?? "–",
    ]);
  }
  return table.toString();
}

function standingTable(summary: Summary): string {
  const table = new Table({
    head: ["node", "role", "utility before", "after", "requirement before (MASA)", "after", "stake after"],
  });
  for (const { name, role, before, after } of summary.nodes) {
    table.push([
      after.short ? `${name} (short)` : name,
      role,
      share(before.utilityWad),
      share(after.utilityWad),
      masa(before.requirementWei, 0),
      masa(after.requirementWei, 0),
      masa(after.stakeWei, 0),
    ]);
  }
  return table.toString();
}

function rootTable({ rewards }: Summary): string {
  const table = new Table({
    head: ["reward root of epoch", "validators MASA", "workers MASA", "state", "recomputed"],
  });
  for (const { epoch, validatorsWei, workersWei, active } of rewards.roots) {
    table.push([
      epoch,
      masa(validatorsWei),
      masa(workersWei),
      active ? "active" : "waits",
      rewards.verified[epoch]?.length === 0 ? "equal" : "differs",
    ]);
  }
  return table.toString();
}

function claimTable({ rewards }: Summary): string {
  const table = new Table({ head: ["node", "role", "rewards claimed MASA"] });
  for (const { name, role, claimedWei } of rewards.claims) table.push([name, role, masa(claimedWei)]);
  return table.toString();
}

function gasTable(summary: Summary): string {
  const table = new Table({ head: ["operation", "times", "least gas", "mean", "most"] });
  for (const line of summary.gas) {
    table.push([
      line.operation,
      line.count,
      ...[line.least, line.mean, line.most].map((gas) => gas.toLocaleString("en")),
    ]);
  }
  return table.toString();
}

export function formatSummary(summary: Summary): string {
  const requests = Object.entries(summary.requests).filter(([, count]) => count > 0);
  const restarts = Object.entries(summary.restarts);
  return [
    "",
    `${summary.epochs} epochs in ${summary.seconds} s, seed ${summary.seed}`,
    `requests: ${requests.map(([state, count]) => `${count} ${state}`).join(", ")}`,
    `reports: ${summary.reports.rounds} score reports, ${summary.reports.epochs} epoch reports`,
    workerTable(summary),
    standingTable(summary),
    ...(summary.pruned.length === 0
      ? ["pruned: nobody"]
      : summary.pruned.map(
          ({ name, epoch, reason }) => `pruned: ${name} at the roll into epoch ${epoch}: ${reason}`,
        )),
    ...(restarts.length === 0
      ? []
      : [`restarted after dying: ${restarts.map(([name, times]) => `${name} ${times}×`).join(", ")}`]),
    rootTable(summary),
    claimTable(summary),
    gasTable(summary),
    ...summary.conservation.map(
      ({ what, expectedWei, foundWei }) =>
        `${expectedWei === foundWei ? "exact" : "BROKEN"}  ${what}: ${expectedWei} wei${expectedWei === foundWei ? "" : `, found ${foundWei}`}`,
    ),
    ...summary.checks.map(({ what, ok, detail }) => `${ok ? "ok    " : "FAILED"}  ${what} (${detail})`),
    "",
  ].join("\n");
}
