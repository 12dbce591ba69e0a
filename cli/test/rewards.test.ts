/**
 * Rewards at the command line, on a real chain: what is read of it at a roll, a root that follows, claims in every way, the
 * report recomputed, and fees on their way to the pots.
 */
import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { stripVTControlCharacters } from "node:util";

import { ZeroHash } from "ethers";
import type { Wallet } from "ethers";

import {
  EMPTY_TABLE,
  epochReportCall,
  epochReportDigest,
  epochRewards,
  packSignatures,
  readFrozenSeats,
  readRewardFacts,
  readRewardState,
  REQUEST_KINDS,
  ROLES,
  rootHindrance,
  RewardTree,
  signAvailability,
  signEpochReport,
} from "#sdk";
import type {
  AvailabilityVector,
  Connection,
  EpochReport,
  FrozenSeats,
  NodeAnswer,
  NodeRequest,
  ResponseScore,
  RewardFacts,
  RewardTable,
} from "#sdk";

import { encodeProof, encodeTable } from "../../keeper/src/rewardWire.ts";
import { encode } from "../../keeper/src/wire.ts";
import { GOOD, REWARD, startNetwork } from "../../nodes/test/support.ts";
import type { Network } from "../../nodes/test/support.ts";
import { refusal, temporaryFolder, walletOf } from "../../sdk/test/support.ts";
import { masa as amount } from "../src/format.ts";
import { masa, networkArgs, refused, runOn } from "./support.ts";

const MASA = 10n ** 18n;
/** Of the pool of 1,000,000 MASA 1 % an epoch, four tenths of it for validators and as much for workers. */
const RELEASED = 4_000n * MASA;
const POOR: ResponseScore = {
  ...GOOD,
  relevance: 700_000_000,
  coherence: 700_000_000,
  responseTime: 700_000_000,
};
const STRANGER = walletOf("stranger with gas");
const HEIR = walletOf("claimer of a worker").address;

let network: Network;
let folder: string;
/** What keepers at these validators' endpoints serve, by path. */
const pages = new Map<string, string>();
const forged = new Map<string, string>();

before(async () => {
  network = await startNetwork();
  folder = temporaryFolder();
  const money = { to: STRANGER.address, value: 10n ** 18n };
  await (await (await network.open(network.member("oracle"))).wallet?.sendTransaction(money))?.wait();
  const serve =
    (from: ReadonlyMap<string, string>) =>
    ({ path }: NodeRequest): NodeAnswer => {
      const body = from.get(path);
      return body === undefined ? { status: 404, body: "MASA-501 no such page" } : { status: 200, body };
    };
  await network.standIn(network.member("validator-0"), serve(forged));
  await network.standIn(network.member("validator-1"), serve(pages));
});
after(() => network.close());

const net = (): string[] => networkArgs(network);
const accountOf = (name: string): string => network.member(name).account.address;

const run = (key: Wallet | null, ...args: string[]): Promise<string> => runOn(network, key, ...args);

/** A question that both workers answer, settled by a report of epoch 1. */
async function answered(responses: readonly ResponseScore[]): Promise<void> {
  const asker = await network.open(network.member("oracle"));
  await asker.send(() =>
    asker.contracts.escrow.submit({
      payloadHash: `0x${"11".repeat(32)}`,
      kind: REQUEST_KINDS.indexOf("llm-completion"),
      hasEvidence: false,
      maxResponses: responses.length,
      baseReward: REWARD,
      minQuality: (6n * MASA) / 10n,
      responseWindow: 10,
      scoringWindow: 60,
    }),
  );
  const id = await asker.contracts.escrow.requestCount();
  for (const name of ["worker", "worker-2"].slice(0, responses.length)) {
    const own = await network.open(network.member(name));
    await own.send(() => own.contracts.escrow.commit(id, `0x${"22".repeat(32)}`));
  }
  await network.settle(id, responses);
}

/** Rolls into the epoch that has begun, or else into the next one at its beginning. */
async function rollNext(): Promise<number> {
  const { clock, epochManager } = network.contracts;
  const current = Number(await clock.currentEpoch());
  const rolled = Number(await epochManager.rolledEpoch());
  const next = current > rolled ? current : current + 1;
  const wait = Number(await clock.epochStart(next)) - (await network.clerk.latest()).timestamp;
  if (wait > 0) await network.passTime(wait);
  await network.clerk.send(() => epochManager.roll());
  return next;
}

const frozenAt = async (epoch: number): Promise<FrozenSeats> =>
  (await readFrozenSeats(network.contracts, epoch)) ?? assert.fail(`epoch ${epoch}`);

const keyOf = (hotKey: string): Wallet =>
  network.members.find((one) => one.hotKey?.address === hotKey)?.hotKey ?? assert.fail(hotKey);

interface Reported {
  readonly facts: RewardFacts;
  readonly report: EpochReport;
  readonly table: RewardTable;
}

/** Signs and posts the report of an epoch, in which nothing is scored, and keeps what a keeper would serve of it. */
async function reportEpoch(epoch: number, previous: RewardTable, change = 0n): Promise<Reported> {
  const frozen = await frozenAt(epoch);
  const taken = [...frozen.weights.entries()].flatMap(([seat, weight]) => (weight === 0n ? [] : [seat]));
  const facts = await readRewardFacts(network.clerk, frozen);
  const none = frozen.weights.map(() => 0);
  const scores = { epoch, hasData: false, hasLlm: false, consensus: none, data: none, llm: none };
  // Worker 2 was up for half of its probes.
  const entries = [{ worker: accountOf("worker-2"), answered: 2, tried: 4 }];
  const availability: AvailabilityVector[] = await Promise.all(
    taken.map((seat) =>
      signAvailability(keyOf(frozen.hotKeys[seat] as string), network.manifest, { seat, epoch, entries }),
    ),
  );
  const { root, table } = epochRewards({ ...facts, workerPot: facts.workerPot + change }, previous, {
    frozen,
    scores,
    availability,
  });
  const report: EpochReport = {
    epoch,
    attempt: 0,
    poster: frozen.hotKeys[taken[0] as number] as string,
    scores,
    rewardRoot: root,
    validatorTotal: table.validatorTotal,
    workerTotal: table.workerTotal,
    idle: 0n,
  };
  const signatures = new Map<number, string>();
  for (const seat of taken) {
    const key = keyOf(frozen.hotKeys[seat] as string);
    signatures.set(seat, await signEpochReport(key, network.manifest, report));
  }
  const packed = packSignatures(signatures);
  await network.passTime(4);
  const { consensus } = network.contracts;
  await network.clerk.send(() =>
    consensus.postEpochReport(epochReportCall(report), packed.signers, packed.signatures),
  );
  const digest = epochReportDigest(network.manifest, report);
  const { chainId, contracts } = network.manifest;
  const common = { chainId, consensus: contracts.consensus, digest, frozen, signatures: [] };
  pages.set(`/archive/${digest}`, encode({ report, rounds: [], availability, ...common }));
  pages.set(`/rewards/${report.rewardRoot}`, encodeTable(report.rewardRoot, table.balances));
  return { report, table, facts };
}

const stateOf = (connection: Connection, block: number) => readRewardState(connection, block);

describe("rewards", { concurrency: 1 }, () => {
  let facts: RewardFacts;
  let first: Reported;
  let second: Reported;

  it("are read of the chain at the roll that ends an epoch: pots, owners, work at or above τ", async () => {
    const frozen = await frozenAt(1);
    await refusal(() => readRewardFacts(network.clerk, frozen), "MASA-503", /rolled into epoch 2/);
    await answered([GOOD, POOR]);
    assert.equal(await rollNext(), 2);
    facts = await readRewardFacts(network.clerk, frozen);
    assert.deepEqual([facts.validatorPot, facts.workerPot], [RELEASED, RELEASED]);
    assert.equal(facts.lastRoot.root, ZeroHash);
    assert.deepEqual(facts.weights, [(3n * MASA) / 10n, (2n * MASA) / 10n, (5n * MASA) / 10n]);
    const owners = frozen.hotKeys.map(
      (hotKey) => network.members.find((one) => one.hotKey?.address === hotKey)?.account.address,
    );
    assert.deepEqual(
      facts.owners.filter((_, seat) => frozen.weights[seat] !== 0n),
      owners.filter((owner) => owner !== undefined),
    );
    // The winner's answer was worth 0.9 and the beaten one 0.7, of 20 MASA.
    const work = new Map(facts.workers.map(({ account, settledWork }) => [account, settledWork]));
    assert.deepEqual(
      [work.get(accountOf("worker")), work.get(accountOf("worker-2"))],
      [18n * MASA, 14n * MASA],
    );
    for (const { account, stakeUnits, requirement } of facts.workers) {
      assert.equal(stakeUnits, await network.contracts.vault.stakeUnitsOf(account));
      assert.ok(requirement > 0n && requirement < stakeUnits, "twice what was asked for at the start");
    }
  });

  it("count work in the epoch in which it was settled, whatever happens after the roll", async () => {
    const frozen = await frozenAt(1);
    await answered([GOOD]);
    const worker = await network.open(network.member("worker"));
    await worker.send(() => worker.contracts.vault.startUnbonding(network.manifest.contracts.masa, MASA));
    // Fees that are not collected before the epoch report go to its poster first.
    const { fees } = await network.contracts.escrow.totals();
    assert.ok(fees > 0n);
    assert.match(await run(STRANGER, "fees", "collect"), /MASA collected/);
    assert.equal(await network.contracts.masa.balanceOf(network.manifest.contracts.feePool), fees);
    assert.deepEqual(await readRewardFacts(network.clerk, frozen), facts);
    assert.equal(await readRewardFacts(network.clerk, frozen, facts), facts, "known, and still the chain's");
    const dropped = { ...facts, blockHash: `0x${"99".repeat(32)}`, workerPot: 1n };
    assert.deepEqual(await readRewardFacts(network.clerk, frozen, dropped), facts, "of a block that is gone");
    assert.equal(rootHindrance(facts, await stateOf(network.clerk, facts.blockNumber)), null);
  });

  it("are given by a root that the contract takes, and cannot be claimed before it is active", async () => {
    first = await reportEpoch(1, EMPTY_TABLE);
    const { balances } = first.table;
    // By what is asked of them, since both stake more, times work times availability: 18 to 14 · ½.
    const asked = (name: string): bigint =>
      facts.workers.find(({ account }) => account === accountOf(name))?.requirement ?? assert.fail(name);
    const merits = [asked("worker") * 18n, asked("worker-2") * 7n] as const;
    const parts = merits.map((merit) => (RELEASED * merit) / (merits[0] + merits[1]));
    assert.deepEqual([balances.get(accountOf("worker")), balances.get(accountOf("worker-2"))], parts);
    const root = await network.contracts.distributor.lastRoot();
    assert.equal(root.root, first.report.rewardRoot);
    assert.ok(
      root.workerTotal <= RELEASED && root.workerTotal > RELEASED - 2n,
      "all but what rounding leaves",
    );
    assert.match(
      await run(null, "claim", "--show", "--for", accountOf("worker")),
      /no reward root is active yet/,
    );
    // The late answer earns what the next epoch gives; this report gives 7 MASA too little.
    assert.equal(await rollNext(), 3);
    second = await reportEpoch(2, first.table, -7n * MASA);
    assert.equal(second.facts.workerPot, 3_960n * MASA + RELEASED - first.table.workerTotal, "and the rest");
    const due = second.facts.workerPot - 7n * MASA;
    assert.equal(second.table.balances.get(accountOf("worker")), (parts[0] as bigint) + due);
    // Nobody has worked in the third.
    assert.equal(await rollNext(), 4);
    const third = await reportEpoch(3, second.table);
    assert.deepEqual([third.report.rewardRoot, third.table], [ZeroHash, second.table]);
  });

  it("are claimed for oneself, with a proof from whichever keeper gives a true one", async () => {
    await network.passTime(61);
    const { rewardRoot } = second.report;
    const tree = new RewardTree(second.table.balances);
    for (const name of ["worker", "worker-2"]) {
      const proof = tree.proofOf(accountOf(name)) ?? assert.fail();
      const path = `/rewards/${rewardRoot}/${accountOf(name)}`;
      pages.set(path, encodeProof(rewardRoot, proof));
      forged.set(path, encodeProof(rewardRoot, { ...proof, cumulative: proof.cumulative + 1n }));
    }
    const worker = network.member("worker").account;
    const ask = ["claim", "--allow-private-hosts"];
    const due = tree.proofOf(worker.address)?.cumulative ?? assert.fail();
    const said = await run(worker, ...ask, "--show");
    assert.ok(
      said.includes(`the root of epoch 2 gives ${worker.address} ${amount(due)} MASA in all`) &&
        said.includes(`0 MASA of it are paid, ${amount(due)} MASA can be claimed for ${worker.address}`),
      said,
    );
    const { masa: token } = network.contracts;
    const before = await token.balanceOf(worker.address);
    assert.ok((await run(worker, ...ask)).endsWith(`${amount(due)} MASA paid to ${worker.address}\n`));
    assert.equal((await token.balanceOf(worker.address)) - before, due);
    assert.match(await run(worker, ...ask), / MASA of it are paid, 0 MASA .*\nnothing to claim/);
    // Alone with a keeper that lies, or without a word of what it knows of private addresses, nothing is sent.
    await refused({
      code: "MASA-501",
      args: [...ask, "--keeper", network.member("validator-0").endpoint, ...net()],
      key: network.member("worker-2").account.privateKey,
      words: /does not lead to/,
    });
    await refused({
      code: "MASA-501",
      args: ["claim", ...net()],
      key: network.member("worker-2").account.privateKey,
      words: /private address/,
    });
    await refused({
      code: "MASA-501",
      args: [...ask, "--for", STRANGER.address, ...net()],
      key: STRANGER.privateKey,
      words: /no keeper serves/,
    });
  });

  it("are claimed by anyone for an account, from a table in a file, and go to the claimer it has chosen", async () => {
    const worker = network.member("worker-2").account;
    const { masa: token, distributor } = network.contracts;
    await refused({
      code: "MASA-103",
      args: ["claim", "--to", HEIR, "--for", worker.address, ...net()],
      key: STRANGER.privateKey,
      words: /account's own key/,
    });
    const file = (root: string): string => join(folder, "rewards", `${root}.json`);
    mkdirSync(join(folder, "rewards"), { recursive: true });
    const lie = new Map([[worker.address, 4_000n * MASA]]);
    writeFileSync(file(second.report.rewardRoot), encodeTable(second.report.rewardRoot, lie));
    const from = ["--from", folder];
    await refused({
      code: "MASA-505",
      args: ["claim", "--show", "--for", worker.address, ...from, ...net()],
      words: /does not lead to/,
    });
    writeFileSync(
      file(second.report.rewardRoot),
      encodeTable(second.report.rewardRoot, second.table.balances),
    );
    await refused({
      code: "MASA-501",
      args: ["claim", "--show", "--for", STRANGER.address, ...from, ...net()],
      words: /has no part in the reward root/,
    });
    assert.equal(await distributor.claimedOf(worker.address), 0n);
    const due = second.table.balances.get(worker.address) ?? assert.fail();
    const said = await run(worker, "claim", "--to", HEIR, "--show", ...from);
    assert.ok(said.includes(`${amount(due)} MASA can be claimed for ${worker.address}`), said);
    assert.equal(await distributor.claimerOf(worker.address), worker.address, "nothing is sent to show it");
    const own = await network.open(network.member("worker-2"));
    await own.send(() => own.contracts.distributor.setClaimer(HEIR));
    assert.ok(
      (await run(STRANGER, "claim", "--for", worker.address, ...from)).endsWith(
        `${amount(due)} MASA paid to ${HEIR}\n`,
      ),
    );
    assert.equal(await token.balanceOf(HEIR), due);
    // There is nothing left to claim, but the claimer is the account's own choice again.
    assert.match(
      await run(worker, "claim", "--to", worker.address, ...from),
      /go to 0x\w+ from now on\n[^]*nothing to claim/,
    );
    assert.equal(await distributor.claimerOf(worker.address), worker.address);
  });

  it("of a report that another can recompute: verify agrees, and names what does not", async () => {
    const keeper = ["--keeper", network.member("validator-1").endpoint, "--allow-private-hosts"];
    // Round 0 was final when epoch 1 ended, and its report was signed without it.
    const left = await masa(["epoch", "verify", "1", ...keeper, ...net()]);
    assert.equal(left.code, 1, left.stderr);
    assert.deepEqual(wrongParts(left.stdout), ["final rounds"]);
    assert.match(left.stdout, /round 0 is left out/);

    const wrong = await masa(["epoch", "verify", "2", ...keeper, ...net()]);
    assert.equal(wrong.code, 1, wrong.stderr);
    assert.deepEqual(wrongParts(wrong.stdout), ["reward root", "workers' total"]);
    const said = stripVTControlCharacters(wrong.stdout);
    assert.match(said, new RegExp(`${accountOf("worker")} │ [\\d .]+ +│ [\\d .]+ `));
    assert.ok(!said.includes(accountOf("worker-2")), "only who differs is named");

    const saved = join(folder, "saved");
    const good = await run(null, "epoch", "verify", "3", ...keeper, "--save", saved);
    assert.match(good, /the report follows from the chain and from what the validators signed/);
    assert.match(good, /built on +│ yes +│ the root of epoch 2, 2 accounts/);
    assert.match(await run(null, "epoch", "verify", "3", "--from", saved), /the report follows/);
    await refused({
      code: "MASA-101",
      args: ["epoch", "verify", "2", "--from", saved, ...net()],
      words: /archive\/0x\w+\.json is missing/,
    });
    await refused({
      code: "MASA-503",
      args: ["epoch", "verify", "4", ...keeper, ...net()],
      words: /epoch 4 has no final report/,
    });
  });

  it("come from fees too, which anyone may move on", async () => {
    const { distributor, masa: token } = network.contracts;
    const fees = await token.balanceOf(network.manifest.contracts.feePool);
    assert.ok(fees > 0n);
    const shown = await run(null, "fees", "show");
    assert.ok(shown.includes(`0 MASA wait to be collected, ${amount(fees)} MASA to be distributed`), shown);
    assert.match(await run(STRANGER, "fees", "collect"), /no fees wait/);
    const [before] = await distributor.funded();
    assert.match(await run(STRANGER, "fees", "distribute"), /MASA to the validators' pot/);
    assert.equal((await distributor.funded())[0] - before, fees / 2n);
    assert.match(await run(STRANGER, "fees", "distribute"), /the fee pool is empty/);
  });

  it("leave a worker its stake: backing that no commitment needs is given back", async () => {
    const { lens, vault } = network.contracts;
    const worker = accountOf("worker");
    const { backing } = await lens.holdingsOf(worker);
    assert.ok(backing > 0n);
    assert.match(
      await run(STRANGER, "fees", "backing", worker),
      /MASA of stake given back to 0x\w+, 0 MASA still reserved/,
    );
    assert.equal((await lens.holdingsOf(worker)).backing, 0n);
    assert.equal((await vault.exposureOf(worker)).reserved, 0n);
  });

  it("are paid by askers, whose status shows the consumption that is still to be told", async () => {
    const { lens, standing } = network.contracts;
    const asker = accountOf("oracle");
    const { untold } = await lens.holdingsOf(asker);
    assert.ok(untold > 0n);
    const { workThisEpoch: told } = await standing.standingOf(asker, ROLES.indexOf("oracle"));
    const line = (shown: string): string | undefined =>
      shown.split("\n").find((each) => each.includes("consumption still to be told"));
    assert.ok(line(await run(null, "status", asker))?.includes(` ${amount(untold)} `));
    const said = await run(STRANGER, "fees", "consumption", asker);
    assert.ok(said.includes(`${amount(untold)} MASA told as what ${asker} consumed`), said);
    assert.match(await run(STRANGER, "fees", "consumption", asker), /nothing that 0x\w+ consumed/);
    assert.equal(line(await run(null, "status", asker)), undefined);
    const after = await standing.standingOf(asker, ROLES.indexOf("oracle"));
    assert.equal(after.workThisEpoch - told, untold);
  });
});

/** The parts that do not agree, in the order printed. */
const wrongParts = (stdout: string): string[] =>
  [...stripVTControlCharacters(stdout).matchAll(/│ ([^│]*?) *│ NO /g)].map(([, part]) => part ?? "");
