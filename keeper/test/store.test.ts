/** What a keeper must not forget: events taken once or twice, signatures claimed before they leave, files kept apart. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";

import type { MasaEvent, RequestResult } from "#sdk";

import { refusal, score, temporaryFolder, walletOf } from "../../sdk/test/support.ts";
import { KeeperStore } from "../src/store.ts";
import { requestEvents } from "./support.ts";

const worker = walletOf("worker").address;
const digest = (byte: string): string => `0x${byte.repeat(32)}`;
const newPath = (): string => join(temporaryFolder(), "keeper.sqlite");

/** Everything a store says about itself. */
function picture(store: KeeperStore) {
  return {
    next: store.nextBlock(),
    open: store.openRequests(),
    requests: [1n, 2n, 10n].map((id) => ({ request: store.request(id), commitments: store.commitments(id) })),
    slashes: store.pendingSlashes(),
    left: [worker, walletOf("second").address].map((account) => store.hasLeft(account)),
    rounds: store.finalRounds(3),
    final: store.isEpochFinal(2),
  };
}

const EVENTS: readonly MasaEvent[] = [
  { type: "slashBooked", account: worker, bookedUnits: 5n },
  { type: "slashBooked", account: walletOf("second").address, bookedUnits: 5n },
  { type: "slashBooked", account: walletOf("frozen").address, bookedUnits: 0n },
  { type: "seatLeft", account: worker },
  { type: "seatLeft", account: walletOf("second").address },
  ...requestEvents(10n, [worker, walletOf("second").address]),
  ...requestEvents(2n, [worker]),
  ...requestEvents(1n, [worker], { kind: "data-query", hasEvidence: false }),
  { type: "slashApplied", account: walletOf("second").address, id: 1n },
  { type: "waitlistJoined", account: walletOf("second").address },
  {
    type: "responseSettled",
    requestId: 1n,
    worker,
    outcome: "paid",
    qualityWad: 1n,
    rewardWei: 1n,
    slashedWei: 0n,
    fraud: 0,
  },
  { type: "settled", requestId: 1n, paidWei: 1n },
  { type: "roundFinal", epoch: 3, round: 1, digest: digest("aa"), signers: (1n << 63n) | 1n },
  { type: "epochFinal", epoch: 2, digest: digest("bb") },
];

describe("keeper store: events", () => {
  it("are taken in, and taking them again, in part or whole, changes nothing", () => {
    const store = new KeeperStore(newPath());
    store.apply(EVENTS, 50);
    const first = picture(store);
    assert.deepEqual(
      first.open.map(({ requestId }) => requestId),
      [2n, 10n],
      "open ones, in the order of their numbers",
    );
    assert.deepEqual(first.slashes, [worker], "booked, and neither applied nor frozen whole");
    assert.deepEqual(first.left, [true, false], "who asks for a seat again has not left");
    assert.equal(first.requests[0]?.request?.isLlm, false);
    assert.deepEqual(first.rounds, [{ round: 1, digest: digest("aa"), signers: (1n << 63n) | 1n }]);
    store.apply(EVENTS, 50);
    assert.deepEqual(picture(store), first);
    store.apply(EVENTS.slice(4), 50);
    assert.deepEqual(picture(store), first);
    store.close();
  });

  it("keep payloads that were fetched between", () => {
    const store = new KeeperStore(newPath());
    store.apply(EVENTS, 50);
    store.savePayload(2n, 0, digest("01"), "payload");
    store.apply(EVENTS, 60);
    assert.deepEqual(store.commitments(2n)[0]?.payload, "payload");
    assert.equal(store.nextBlock(), 60);
    store.close();
  });

  it("are taken with the cursor or not at all", () => {
    const store = new KeeperStore(newPath());
    store.apply(EVENTS.slice(0, 4), 20);
    const before = picture(store);
    const broken = {
      type: "committed",
      requestId: 77n,
      worker: null,
      index: 0,
      nonce: 0n,
      commitment: null,
      committedAt: 0,
    };
    assert.throws(() => store.apply([...EVENTS.slice(4), broken as unknown as MasaEvent], 50));
    assert.deepEqual(picture(store), before);
    store.apply(EVENTS, 50);
    assert.equal(store.nextBlock(), 50, "it goes on working");
    store.close();
  });

  it("are there after reopening", () => {
    const path = newPath();
    const store = new KeeperStore(path);
    store.apply(EVENTS, 50);
    const before = picture(store);
    store.close();
    const again = new KeeperStore(path);
    assert.deepEqual(picture(again), before);
    again.close();
  });
});

describe("keeper store: own scores", () => {
  it("keeps the first result of a request", () => {
    const path = newPath();
    const result = (relevance: number): RequestResult => ({
      requestId: 2n ** 39n,
      responses: [score({ relevance })],
    });
    const store = new KeeperStore(path);
    assert.equal(store.ownResult(2n ** 39n), null);
    store.saveOwnResult(result(1));
    store.saveOwnResult(result(2));
    store.close();
    const again = new KeeperStore(path);
    again.saveOwnResult(result(3));
    assert.deepEqual(again.ownResult(2n ** 39n), result(1));
    again.close();
  });

  it("keeps archives by digest, the first one", () => {
    const store = new KeeperStore(newPath());
    store.saveArchive(digest("01"), 4, "first");
    store.saveArchive(digest("01"), 5, "second");
    assert.equal(store.archive(digest("01")), "first");
    assert.equal(store.archiveEpoch(digest("01")), 4);
    assert.equal(store.archive(digest("02")), null);
    store.close();
  });
});

describe("keeper store: turns", () => {
  const turn = { epoch: 4, round: 2, attempt: 1 };

  it("keep the own vector with its salt, the first one, also after reopening", () => {
    const path = newPath();
    const store = new KeeperStore(path);
    assert.equal(store.turns.own(turn), null);
    store.turns.saveOwn(turn, "commitment", "reveal");
    store.turns.saveOwn(turn, "other", "other");
    store.close();
    const again = new KeeperStore(path);
    assert.deepEqual(again.turns.own(turn), { commitment: "commitment", reveal: "reveal" });
    assert.equal(again.turns.own({ ...turn, attempt: 2 }), null);
    again.close();
  });

  it("take each step once, and keep no reveal once they are closed", () => {
    const store = new KeeperStore(newPath());
    const { turns } = store;
    turns.saveReveal(turn, 7, "seven");
    turns.saveReveal(turn, 3, "three");
    turns.saveReveal(turn, 3, "another three");
    turns.saveReveal({ ...turn, round: 3 }, 4, "another round");
    assert.deepEqual(turns.reveals(turn), ["three", "seven"]);
    assert.equal(turns.revealCount(turn), 2);
    assert.equal(turns.take("opened", turn), true);
    assert.equal(turns.take("opened", turn), false);
    assert.equal(turns.hasTaken("closed", turn), false);
    assert.equal(turns.take("closed", turn), true);
    turns.saveReveal(turn, 5, "late");
    assert.deepEqual(turns.reveals(turn), ["three", "seven"]);
    store.close();
  });
});

describe("keeper store: probes", () => {
  it("add up by worker, ascending by address whatever its case", () => {
    const store = new KeeperStore(newPath());
    const [low, high] = [`0x${"0A".repeat(20)}`, `0x${"0b".repeat(20)}`];
    store.probes.count(
      4,
      new Map([
        [high, true],
        [low, false],
      ]),
    );
    store.probes.count(4, new Map([[high, false]]));
    store.probes.count(5, new Map([[low, true]]));
    assert.deepEqual(store.probes.entries(4), [
      { worker: low, answered: 0, tried: 1 },
      { worker: high, answered: 1, tried: 2 },
    ]);
    assert.deepEqual(store.probes.entries(6), []);
    assert.equal(store.probes.done(4), 0);
    store.probes.begin(4, 2);
    store.probes.begin(4, 1);
    assert.equal(store.probes.done(4), 2);
    store.close();
  });

  it("come at seconds that follow from a secret made once", () => {
    const path = newPath();
    const store = new KeeperStore(path);
    const secret = store.secret();
    assert.match(secret, /^0x[0-9a-f]{64}$/);
    store.close();
    const again = new KeeperStore(path);
    assert.equal(again.secret(), secret);
    again.close();
    const other = new KeeperStore(newPath());
    assert.notEqual(other.secret(), secret);
    other.close();
  });
});

describe("keeper store: signatures (KEE-14)", () => {
  it("refuses a second digest for what was signed, also after reopening", () => {
    const path = newPath();
    const store = new KeeperStore(path);
    const turn = { epoch: 4, round: 2, attempt: 1 };
    assert.equal(store.hasSigned("scoreReport", turn), false);
    assert.equal(store.signedDigest("scoreReport", turn), null);
    assert.ok(store.claimSignature("scoreReport", 4, 2, 1, digest("01")));
    assert.ok(store.claimSignature("scoreReport", 4, 2, 1, digest("01")), "the same may be signed again");
    assert.equal(store.claimSignature("scoreReport", 4, 2, 1, digest("02")), false);
    store.close();

    const again = new KeeperStore(path);
    assert.ok(again.hasSigned("scoreReport", turn));
    assert.equal(again.signedDigest("scoreReport", turn), digest("01"));
    assert.equal(again.claimSignature("scoreReport", 4, 2, 1, digest("02")), false);
    assert.ok(again.claimSignature("scoreReport", 4, 2, 1, digest("01")));
    again.close();
  });

  it("keeps kinds, epochs, rounds and attempts apart", () => {
    const store = new KeeperStore(newPath());
    const turns = [
      ["scoreReport", 4, 2, 1],
      ["vector", 4, 2, 1],
      ["commitment", 4, 2, 1],
      ["commitmentSet", 4, 2, 1],
      ["availability", 4, 2, 1],
      ["epochReport", 4, 2, 1],
      ["scoreReport", 5, 2, 1],
      ["scoreReport", 4, 3, 1],
      ["scoreReport", 4, 2, 2],
    ] as const;
    turns.forEach(([what, epoch, round, attempt], index) => {
      const isTaken = store.claimSignature(what, epoch, round, attempt, digest(`0${index}`));
      assert.ok(isTaken, `${what} ${epoch}/${round}/${attempt}`);
    });
    store.close();
  });

  it("holds what was claimed just before the process was killed", async () => {
    const folder = temporaryFolder();
    const path = join(folder, "keeper.sqlite");
    const script = join(folder, "claim.ts");
    const source = fileURLToPath(new URL("../src/store.ts", import.meta.url));
    writeFileSync(
      script,
      `import { KeeperStore } from ${JSON.stringify(source)};
       const store = new KeeperStore(${JSON.stringify(path)});
       store.claimSignature("scoreReport", 9, 1, 0, "${digest("0a")}");
       store.apply([], 123);
       process.stdout.write("claimed\\n");
       setInterval(() => undefined, 1_000);`,
    );
    const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", script]);
    await once(child.stdout, "data");
    child.kill("SIGKILL");
    await once(child, "exit");
    const store = new KeeperStore(path);
    assert.equal(store.claimSignature("scoreReport", 9, 1, 0, digest("0b")), false);
    assert.ok(store.claimSignature("scoreReport", 9, 1, 0, digest("0a")));
    assert.equal(store.nextBlock(), 123);
    store.close();
  });
});

describe("keeper store: files", () => {
  it("belong to one deployment and key", async () => {
    const path = newPath();
    const store = new KeeperStore(path);
    store.bind("31337:0xaa:0xbb");
    store.bind("31337:0xaa:0xbb");
    await refusal(() => store.bind("31337:0xaa:0xcc"), "MASA-108", /belongs to 31337:0xaa:0xbb/);
    store.close();
    const again = new KeeperStore(path);
    await refusal(() => again.bind("1:0xaa:0xbb"), "MASA-108");
    again.bind("31337:0xaa:0xbb");
    again.close();
  });

  it("that cannot be opened are refused with a number and left as they are", async () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, "folder.sqlite"));
    writeFileSync(
      join(folder, "text.sqlite"),
      "this is no database, but somebody's letter to a friend, quite long",
    );
    for (const name of ["folder.sqlite", "text.sqlite", "no/such/folder.sqlite"]) {
      await refusal(() => new KeeperStore(join(folder, name)), "MASA-108");
    }
  });
});
