/** Governance at the command line, on a real local chain: from a draft to its execution, and who may do what. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";

import { ContractFactory, encodeBytes32String, JsonRpcSigner } from "ethers";
import type { Wallet } from "ethers";

import { connectContracts } from "#sdk";

import { startNetwork } from "../../nodes/test/support.ts";
import type { Network } from "../../nodes/test/support.ts";
import { temporaryFolder, walletOf } from "../../sdk/test/support.ts";
import { networkArgs, refused, runOn } from "./support.ts";

const MASA = 10n ** 18n;
const ANN = walletOf("ann governs");
const BEN = walletOf("ben governs");
/** Stakes nothing. */
const CARL = walletOf("carl governs");

let network: Network;
let folder: string;

before(async () => {
  network = await startNetwork();
  folder = temporaryFolder();
  const deployer = new JsonRpcSigner(network.clerk.provider, network.manifest.deployer);
  const { masa: token } = connectContracts(network.manifest, deployer);
  for (const { address } of [ANN, BEN, CARL])
    await (await deployer.sendTransaction({ to: address, value: 10n ** 19n })).wait();
  for (const { address } of [ANN, BEN]) {
    await (await token.transfer(address, 20_000_000n * MASA)).wait();
  }
  await run(ANN, "stake", "20000000");
  await run(BEN, "stake", "10000000");
});
after(() => network.close());

const net = (): string[] => networkArgs(network);

const run = (key: Wallet | null, ...args: string[]): Promise<string> => runOn(network, key, ...args);

const idIn = (said: string): string => /proposal (\d+) is submitted/.exec(said)?.[1] ?? "";

/** From its submission to its execution; what Ann and Ben stake is enough for every class. */
async function carry(id: string): Promise<string> {
  await network.passTime(61);
  await run(ANN, "vote", id, "for", "--reason", "as we agreed");
  await network.passTime(121);
  assert.match(await run(null, "proposal", id), /succeeded/);
  assert.match(await run(BEN, "queue", id), /can be executed from/);
  await network.passTime(11);
  return run(BEN, "execute", id);
}

describe("a change of a parameter", () => {
  it("goes from its draft to its execution", async () => {
    const { escrow } = network.contracts;
    const rationale = join(folder, "why.md");
    writeFileSync(rationale, "Answers have become better.\n");
    const said = await run(
      ANN,
      ...["propose", "parameter", "escrow.tau", "0.62"],
      ...["--title", "Raise the bar", "--rationale-file", rationale],
    );
    assert.match(said, /escrow\.tau: 0\.6 → 0\.62/);
    assert.match(said, /class 1 \(economic\): quorum 0\.06/);
    assert.match(said, /its proposer stakes 20 000 000 MASA of at least 2 000$/m);
    assert.match(said, /votes count as of 20.* delegates vote until 20.* everyone until 20/);
    assert.match(said, /goes through, with \d+ gas/);
    const id = idIn(said);
    assert.match(await run(null, "proposals"), new RegExp(`${id.slice(0, 8)}.*pending.*1.*Raise the bar`));
    const shown = await run(null, "proposal", id.slice(0, 12));
    for (const words of [/pending, class 1/, /# Raise the bar/, /Answers have become better/, /0\.6 → 0\.62/])
      assert.match(shown, words);

    assert.match(await carry(id), /done: escrow\.tau: 0\.6 → 0\.62/);
    const terms = await escrow.marketTermsOf(await escrow.currentTerms());
    assert.equal(terms.qualityThreshold, (62n * MASA) / 100n);
    assert.equal(terms.weightFactual, (35n * MASA) / 100n, "the others stay");
    assert.match(await run(null, "proposals", "--state", "executed"), /executed/);
  });

  it("sets several values in one call, those of two contracts in two, by the stricter of their classes", async () => {
    const { escrow, governor } = network.contracts;
    const names = [
      "escrow.weightRelevance",
      "0.4",
      "escrow.weightCoherence",
      "0.15",
      "governor.expiry",
      "2h",
    ];
    const said = await run(ANN, "propose", "parameter", ...names, "--rationale", "more relevance, more time");
    assert.match(said, /governor\.expiry: 1h → 2h.*\n.*class 3 \(constitutional\)/);
    await carry(idIn(said));
    const terms = await escrow.marketTermsOf(await escrow.currentTerms());
    assert.equal(terms.weightRelevance, (4n * MASA) / 10n);
    assert.equal(terms.weightCoherence, (15n * MASA) / 100n);
    assert.equal((await governor.settings()).expiry, 7_200n);
  });

  it("is refused before anything is submitted where it would fail, or is malformed", async () => {
    const { governor } = network.contracts;
    const count = async () => (await governor.queryFilter(governor.filters.ProposalCreated())).length;
    const before = await count();
    const propose = (...args: string[]): string[] => ["propose", "parameter", ...args, ...net()];
    const why = ["--rationale", "why not"];
    const key = ANN.privateKey;
    const cases = [
      ["MASA-702", ["escrow.weightRelevance", "0.5", ...why], /the weights of the score sum to|sum to 1\.1/],
      ["MASA-110", ["escrow.tau", "1", ...why], /must lie between/],
      ["MASA-110", ["escrow.kappa", "0.5", ...why], /has this value already/],
      ["MASA-109", ["escrow.threshold", "0.5", ...why], /no parameter escrow\.threshold/],
      ["MASA-103", ["escrow.tau", ...why], /its value/],
      ["MASA-103", ["escrow.tau", "0.7"], /needs a rationale/],
      ["MASA-103", ["escrow.tau", "0.7", "--rationale", " "], /needs a rationale/],
    ] as const;
    for (const [code, args, words] of cases) await refused({ code, args: propose(...args), key, words });
    await refused({
      code: "MASA-304",
      args: propose("escrow.kappa", "0.4", ...why),
      key: CARL.privateKey,
      words: /stakes 0 MASA and needs 2 000 MASA to propose this/,
    });
    assert.equal(await count(), before);
    assert.match(
      await run(ANN, "propose", "parameter", "escrow.kappa", "0.4", ...why, "--dry-run"),
      /nothing was submitted/,
    );
    assert.equal(await count(), before);
  });
});

describe("a proposal of calls", () => {
  it("replaces the staking curve by another that is deployed", async () => {
    const { standing } = network.contracts;
    const deployer = new JsonRpcSigner(network.clerk.provider, network.manifest.deployer);
    const artifact = new URL(
      "../../artifacts/contracts/mocks/FlatCurveMock.sol/FlatCurveMock.json",
      import.meta.url,
    );
    const { abi, bytecode } = JSON.parse(readFileSync(artifact, "utf8")) as { abi: []; bytecode: string };
    const curve = await (await new ContractFactory(abi, bytecode, deployer).deploy()).getAddress();
    const file = join(folder, "curve.json");
    const calls = [{ target: "standing", function: "setCurve", args: [curve] }];
    writeFileSync(file, JSON.stringify({ calls }));

    const before = await standing.requirementAt(2, 0n);
    const said = await run(ANN, "propose", "calls", file, "--rationale", "performance counts for nothing");
    assert.match(said, /standing\.curve: 0x\w+ → 0x\w+, at once/);
    assert.match(said, /class 2 \(rights\)/);
    await carry(idIn(said));
    assert.equal(await standing.curve(), curve);
    assert.ok(
      (await standing.requirementAt(2, 0n)) < before,
      "the worst worker needs less by the flat curve",
    );
  });

  it("is all or nothing: one call that fails is named, and nothing is submitted", async () => {
    const file = join(folder, "two.json");
    const { vault } = network.manifest.contracts;
    const calls = [
      { target: "epochManager", function: "setRollBounty", args: ["7"] },
      { target: vault, value: "0", data: "0xdeadbeef" },
    ];
    writeFileSync(file, JSON.stringify({ calls }));
    const args = ["propose", "calls", file, "--rationale", "r", ...net()];
    await refused({ code: "MASA-702", args, key: ANN.privateKey, words: /call 2 of 2/ });
    for (const [text, code] of [
      ["{", "MASA-102"],
      ["{}", "MASA-102"],
      [JSON.stringify({ calls: [{ target: "nobody", function: "f()", args: [] }] }), "MASA-102"],
      [JSON.stringify({ calls: [{ target: "vault", function: "setNothing", args: [] }] }), "MASA-102"],
    ] as const) {
      writeFileSync(file, text);
      await refused({ code, args, key: ANN.privateKey });
    }
  });

  it("is a review, which says that a group was looked at", async () => {
    const { reviews } = network.contracts;
    const group = encodeBytes32String("escrow.limits");
    const { lastReviewed } = await reviews.groupOf(group);
    const said = await run(ANN, "propose", "review", "escrow.limits", "--rationale", "they are right");
    assert.match(said, /class 0 \(routine\)/);
    await carry(idIn(said));
    assert.ok((await reviews.groupOf(group)).lastReviewed > lastReviewed);
  });
});

describe("delegation", () => {
  it("is given in whole and in part, overridden, and taken back", async () => {
    const { votes } = network.contracts;
    const [first, second] = ["validator-0", "worker"].map((name) => network.member(name));
    const [one, two] = [first?.account.address ?? "", second?.account.address ?? ""];
    assert.match(await run(BEN, "delegate", one), /10 000 000 MASA of 0x\w+ vote through/);
    assert.match(await run(BEN, "delegate", two, "--units", "4000000"), /6 000 000 are on no edge/);
    assert.equal(await votes.delegates(BEN.address), one);
    const shown = await run(null, "delegate", "show", BEN.address);
    for (const words of [
      new RegExp(`${one}.*6 000 000`),
      new RegExp(`${two}.*4 000 000`),
      /votes with 0 MASA/,
    ])
      assert.match(shown, words);
    assert.match(await run(null, "delegate", "show", one), /6 000 000 of it delegated|6 000 000 MASA of it/);
    await refused({
      code: "MASA-304",
      args: ["delegate", ANN.address, ...net()],
      key: BEN.privateKey,
      words: /neither validator nor worker/,
    });

    const id = idIn(await run(ANN, "propose", "parameter", "escrow.kappa", "0.45", "--rationale", "milder"));
    await network.passTime(61);
    const key = first?.account ?? null;
    assert.match(await run(key, "vote", id, "against"), /voted against: escrow\.kappa/);
    assert.match(await run(BEN, "vote", id, "for", "--override", "--edges", two), /for 10 000 000/);
    await refused({
      code: "MASA-304",
      args: ["vote", id, "abstain", "--override", ...net()],
      key: BEN.privateKey,
    });
    await run(ANN, "vote", id, "for", "--reason", "milder is better");
    await network.passTime(91);
    await run(ANN, "queue", id);
    await refused({
      code: "MASA-703",
      args: ["execute", id, ...net()],
      key: ANN.privateKey,
      words: /can be executed from/,
    });
    await network.passTime(11);
    await run(ANN, "execute", id);

    assert.match(await run(BEN, "undelegate", two), /votes with 0 MASA/);
    assert.match(await run(BEN, "undelegate"), /votes with 10 000 000 MASA/);
    assert.match(await run(BEN, "undelegate"), /nothing to take back/);
  });
});

describe("the end of a proposal", () => {
  it("is a cancellation by its proposer before the vote", async () => {
    const propose = async (value: string) =>
      idIn(await run(ANN, "propose", "parameter", "epochManager.rollBounty", value, "--rationale", "r"));
    const first = await propose("6");
    await refused({
      code: "MASA-304",
      args: ["cancel", first, ...net()],
      key: BEN.privateKey,
      words: /may not cancel/,
    });
    assert.match(await run(ANN, "cancel", first), /cancelled: epochManager/);
    assert.match(await run(null, "proposal", first), /cancelled/);
    await refused({
      code: "MASA-703",
      args: ["queue", first, ...net()],
      key: ANN.privateKey,
      words: /is cancelled, not succeeded/,
    });
    await refused({ code: "MASA-701", args: ["proposal", "0000", ...net()] });
    await refused({ code: "MASA-701", args: ["vote", "escrow", "for", ...net()], key: ANN.privateKey });
  });
});

describe("rewards of governance", () => {
  it("are credited and, when the epoch is over, paid", async () => {
    const { contracts, manifest, clerk, passTime } = network;
    assert.match(await run(ANN, "governance", "claim"), /was credited for \d+ proposals and paid/);
    const record = await contracts.reputation.recordOf(ANN.address);
    assert.ok(record.attended >= 4n, `${record.attended}`);
    assert.ok(record.reputation > 0n);
    assert.match(await run(null, "delegate", "show", ANN.address), /economic +│ +[1-9]/);

    // An epoch report releases emissions; here nobody reports, and the release is made in the distributor's name.
    await passTime(31);
    await clerk.provider.send("hardhat_impersonateAccount", [manifest.contracts.distributor]);
    await clerk.provider.send("hardhat_setBalance", [manifest.contracts.distributor, "0xde0b6b3a7640000"]);
    const distributor = new JsonRpcSigner(clerk.provider, manifest.contracts.distributor);
    const last = (await contracts.clock.currentEpoch()) - 1n;
    await (await contracts.emissions.connect(distributor).release(last)).wait();
    const before = await contracts.masa.balanceOf(ANN.address);
    assert.match(await run(ANN, "governance", "claim"), /credited for 0 proposals and paid [1-9]/);
    assert.ok((await contracts.masa.balanceOf(ANN.address)) > before);
    assert.match(await run(ANN, "governance", "claim"), /credited for 0 proposals and paid 0 MASA/);
  });
});

describe("roles", () => {
  it("are listed: the timelock owns, the governor rules, nobody else", async () => {
    const said = await run(null, "roles");
    for (const words of [
      /owner of vault +│ timelock 0x/,
      /owner of classes +│ timelock 0x/,
      /admin of the timelock +│ timelock 0x/,
      /proposer of the timelock +│ governor 0x/,
      /executor of the timelock +│ governor 0x/,
      /right SNAPSHOT of votes +│ governor 0x/,
      /right GOVERNANCE of emissions +│ reputation 0x/,
      /slashes stake +│ escrow 0x\w+ +│ at most 0\.1/,
      /slashes stake +│ offences 0x\w+ +│ no cap/,
      /may cancel a proposal +│ 0x\w+ +│ until 20/,
    ])
      assert.match(said, words);
    assert.equal(said.match(/(proposer|canceller|executor) of the timelock/g)?.length, 3);
    await refused({ code: "MASA-704", args: ["handover", ...net()], key: ANN.privateKey });
  });
});
