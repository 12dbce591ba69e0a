/**
 * Stake, registry and seats at the command line, as somebody would do it who has a key and the manual: what each command
 * says is held against the chain.
 */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";

import { Contract, JsonRpcSigner, parseUnits } from "ethers";
import type { Wallet } from "ethers";

import { connectContracts, parseNodeMetadata, RIGHTS } from "#sdk";

import { GOOD, startNetwork, submit } from "../../nodes/test/support.ts";
import type { Network } from "../../nodes/test/support.ts";
import { temporaryFolder, walletOf } from "../../sdk/test/support.ts";
import { masa, refused } from "./support.ts";

const MASA = 10n ** 18n;
const TAO = 10n ** 9n;
const NEWCOMER = walletOf("newcomer at the command line");
const OPERATOR = walletOf("operator at the command line");
const HEIR = walletOf("recipient at the command line");

let network: Network;
let folder: string;

before(async () => {
  network = await startNetwork();
  folder = temporaryFolder();
  const deployer = new JsonRpcSigner(network.clerk.provider, network.manifest.deployer);
  const { masa: token } = connectContracts(network.manifest, deployer);
  for (const key of [NEWCOMER, OPERATOR])
    await (await deployer.sendTransaction({ to: key.address, value: 10n ** 19n })).wait();
  await (await token.transfer(NEWCOMER.address, 10_000_000n * MASA)).wait();
  const tao = new Contract(
    network.manifest.contracts.tao ?? "",
    ["function mint(address,uint256)"],
    deployer,
  );
  const minted = (await tao.getFunction("mint")(NEWCOMER.address, 1_000n * TAO)) as {
    wait(): Promise<unknown>;
  };
  await minted.wait();
});
after(() => network.close());

const net = (): string[] => ["--rpc", network.url, "--manifest", network.manifestPath];

/** Runs what must go well, and gives what it says. */
async function run(key: Wallet | null, ...args: string[]): Promise<string> {
  return runWith({}, key, ...args);
}
async function runWith(env: Record<string, string>, key: Wallet | null, ...args: string[]): Promise<string> {
  const named: Record<string, string> = key === null ? {} : { MASA_KEY: key.privateKey };
  const { code, stdout, stderr } = await masa([...args, ...net()], { ...named, ...env });
  assert.equal(code, 0, `masa ${args.join(" ")}\n${stderr}`);
  assert.equal(`${stdout}${stderr}`.includes(NEWCOMER.privateKey.slice(2)), false);
  return stdout;
}
const positionOf = (token: string) =>
  network.contracts.vault.positionOf(NEWCOMER.address, network.manifest.contracts[token as "masa"]);

describe("slashes", () => {
  it("are followed from their booking through the appeal to the treasury, by anyone", async () => {
    const { contracts, manifest, member } = network;
    const worker = member("worker").account.address;
    assert.match(await run(null, "slash", "list", worker), /nothing of 0x\w+ is slashed/);
    assert.match(await run(OPERATOR, "slash", "apply", worker), /nothing is booked against/);
    await refused({
      code: "MASA-304",
      args: ["slash", "release", worker, "1", ...net()],
      key: OPERATOR.privateKey,
      words: /holds no slash 1 of 0x\w+ \(StakeVault_NoSuchSlash\)/,
    });

    const asker = await network.open(member("oracle"));
    const id = await submit(asker, `0x${"11".repeat(32)}`, { response: 10, scoring: 60 });
    const own = await network.open(member("worker"));
    await own.send(() => own.contracts.escrow.commit(id, `0x${"22".repeat(32)}`));
    await network.settle(id, [{ ...GOOD, relevance: 0, coherence: 0, factual: 0 }]);
    assert.match(await run(null, "slash", "list", worker), /booked and not yet applied: 10 of stake/);
    assert.match(await run(OPERATOR, "slash", "apply", worker), /slash 1 of 0x\w+: 10 of stake/);
    assert.match(await run(null, "slash", "list", worker), /1 .* 10 MASA .* after 20.* UTC/);
    await refused({
      code: "MASA-304",
      args: ["slash", "release", worker, "1", ...net()],
      key: OPERATOR.privateKey,
      words: /can be appealed against until 20.* UTC, in \d+ s/,
    });
    await network.passTime(61);
    assert.match(await run(null, "slash", "list", worker), /now, by anyone/);
    assert.match(await run(OPERATOR, "slash", "release", worker, "1"), /is released: 10 MASA/);
    assert.equal(await contracts.masa.balanceOf(manifest.contracts.timelock), 10n * MASA);
    assert.match(await run(null, "slash", "list", worker), /nothing of 0x\w+ is slashed/);
  });
});

describe("stake of both tokens", () => {
  it("is added with an exact approval, or with a permit and none", async () => {
    const { masa: token, tao, vault } = network.contracts;
    assert.match(await run(NEWCOMER, "stake", "1000.5"), /stakes 1 000\.5 MASA, 1 000\.5 of stake in all/);
    const at = network.manifest.contracts.vault;
    assert.equal(await token.allowance(NEWCOMER.address, at), 0n, "nothing is left approved");
    assert.match(await run(NEWCOMER, "stake", "5999999.5", "--permit"), /stakes 6 001 000 MASA/);
    assert.equal(await token.nonces(NEWCOMER.address), 1n);
    assert.match(
      await run(NEWCOMER, "stake", "2.000000001", "--token", "tao"),
      /stakes 2\.000000001 TAO, 6 001 008 of stake in all/,
    );
    assert.equal(await tao?.allowance(NEWCOMER.address, at), 0n);
    assert.equal(await vault.stakeUnitsOf(NEWCOMER.address), 6_001_008n * MASA + 4n * TAO);
    await run(NEWCOMER, "stake", "all", "--token", "tao");
    assert.equal(await tao?.balanceOf(NEWCOMER.address), 0n);
    assert.equal((await positionOf("tao")).staked, 1_000n * TAO);
  });

  it("is refused with a permit that the token does not know, and with decimals that it does not have", async () => {
    const key = NEWCOMER.privateKey;
    const tao = ["--token", "tao", ...net()];
    await refused({ code: "MASA-309", args: ["stake", "1", "--permit", ...tao], key });
    await refused({
      code: "MASA-103",
      args: ["stake", "0.0000000001", ...tao],
      key,
      words: /TAO has at most 9 decimals/,
    });
    await refused({
      code: "MASA-304",
      args: ["unbond", "start", "2000", ...tao],
      key,
      words: /stakes 1 000 TAO and was asked for 2 000 TAO/,
    });
  });

  it("waits in a queue that is listed, cancelled, and paid out in parts to whom one likes", async () => {
    const { vault, masa: token } = network.contracts;
    assert.match(
      await run(NEWCOMER, "unbond", "start", "100"),
      /^entry 0: 100 MASA, can be withdrawn from 20/,
    );
    await run(NEWCOMER, "unbond", "start", "50");
    await run(NEWCOMER, "unbond", "start", "all", "--token", "tao");
    const listed = await run(null, "unbond", "list", NEWCOMER.address);
    for (const words of [/masa .* 0 .* 100 MASA/, /masa .* 1 .* 50 MASA/, /tao .* 0 .* 1 000 TAO/])
      assert.match(listed, words);
    await refused({
      code: "MASA-304",
      args: ["withdraw", "0", ...net()],
      key: NEWCOMER.privateKey,
      words: /entry 0 of 0x\w+ can be withdrawn from 20.* UTC, in 6 min/,
    });
    const stakes = /entry 0 is cancelled; 0x\w+ stakes 1 000 TAO/;
    assert.match(await run(NEWCOMER, "unbond", "cancel", "0", "--token", "tao"), stakes);
    await network.passTime(400);
    assert.match(await run(null, "unbond", "list", NEWCOMER.address), /100 MASA .* now/);
    const to = ["--to", HEIR.address];
    assert.match(
      await run(NEWCOMER, "withdraw", "0", "--amount", "30.25", ...to),
      /^30\.25 MASA withdrawn to/,
    );
    assert.match(await run(NEWCOMER, "withdraw", "0", ...to), /^69\.75 MASA withdrawn to/);
    assert.equal(await token.balanceOf(HEIR.address), 100n * MASA);
    await run(NEWCOMER, "withdraw", "1");
    assert.match(await run(null, "unbond", "list", NEWCOMER.address), /nothing of 0x\w+ is unbonding/);
    assert.equal((await vault.totalsOf(network.manifest.contracts.masa)).unbonding, 0n);
  });
});

describe("a node", () => {
  it("registers with its metadata, an operator's proof and exactly its deposit", async () => {
    const { masa: token, registry } = network.contracts;
    const before = await token.balanceOf(NEWCOMER.address);
    const said = await runWith(
      { MASA_OPERATOR_KEY: OPERATOR.privateKey },
      NEWCOMER,
      ...["register", "worker", "--endpoint", "http://127.0.0.1:4999", "--rights", "commit"],
      ...["--kinds", "llm-completion,data-query", "--models", "a, b", "--price", "2.5", "--licence", "MIT"],
      ...["--node-version", "0.1.0", "--topics", "ferries", "--multiaddr", "/ip4/127.0.0.1/tcp/4001"],
    );
    assert.match(said, /is a worker; .* has paid in a deposit of 10 MASA/);
    assert.equal(before - (await token.balanceOf(NEWCOMER.address)), 10n * MASA);
    assert.equal(await token.allowance(NEWCOMER.address, network.manifest.contracts.registry), 0n);
    assert.deepEqual(parseNodeMetadata(await registry.metadataOf(NEWCOMER.address)), {
      endpoint: "http://127.0.0.1:4999",
      multiaddr: "/ip4/127.0.0.1/tcp/4001",
      version: "0.1.0",
      kinds: ["llm-completion", "data-query"],
      models: ["a", "b"],
      topics: ["ferries"],
      price: "2.5",
      licence: "MIT",
    });
    const { account, rights } = await registry.operatorOf(OPERATOR.address);
    assert.deepEqual([account, rights], [NEWCOMER.address, BigInt(RIGHTS.commit)]);
    await run(NEWCOMER, "metadata", "--endpoint", "http://127.0.0.1:5000");
    assert.equal(await registry.metadataOf(NEWCOMER.address), '{"endpoint":"http://127.0.0.1:5000"}');
  });

  it("lends rights to a key that proved itself elsewhere, lists them and takes them back", async () => {
    const { registry } = network.contracts;
    const proof = await run(OPERATOR, "operator", "prove", NEWCOMER.address, "--rights", "commit,serve");
    const file = join(folder, "grant.json");
    writeFileSync(file, proof);
    assert.match(await run(NEWCOMER, "operator", "set", "--grant", file), /may serve, commit for/);
    const listed = await run(null, "operator", "list", NEWCOMER.address);
    assert.match(listed, new RegExp(`${OPERATOR.address}.*serve, commit`));
    await refused({
      code: "MASA-304",
      args: ["operator", "set", "--grant", file, ...net()],
      key: NEWCOMER.privateKey,
      words: /is not signed by 0x\w+ for its nonce 2 \(NodeRegistry_BadProof\)/,
    });
    await run(OPERATOR, "operator", "revoke", OPERATOR.address);
    assert.equal((await registry.operatorOf(OPERATOR.address)).rights, 0n);
    assert.match(await run(null, "operator", "list", NEWCOMER.address), /nobody acts for/);
    await refused({
      code: "MASA-104",
      args: ["operator", "set", ...net()],
      key: NEWCOMER.privateKey,
      words: /MASA_OPERATOR_KEY/,
    });
    writeFileSync(file, "{}");
    await refused({
      code: "MASA-102",
      args: ["operator", "set", "--grant", file, ...net()],
      key: NEWCOMER.privateKey,
    });
  });

  it("sees what it must stake, and what its utility would change", async () => {
    const view = await network.contracts.standing.previewRequirement(NEWCOMER.address, 2, -(MASA / 10n));
    const plain = await run(null, "requirement", NEWCOMER.address);
    assert.match(plain, /worker, MASA .*now .*after the next roll/);
    assert.match(plain, new RegExp(`requirement .*${thousands(view.requirement)}`));
    assert.match(plain, /leaves it eligible for 2 epochs/);
    const worse = await run(null, "requirement", NEWCOMER.address, "--utility-change", "-0.1");
    assert.match(worse, new RegExp(`it would need ${thousands(view.requirementIfChanged)}`));
    await refused({ code: "MASA-403", args: ["requirement", HEIR.address, ...net()] });
  });

  it("is on its role's pages and in the status, where its stake is", async () => {
    const pages = [
      await run(null, "nodes", "worker", "--size", "2"),
      await run(null, "nodes", "worker", "--size", "2", "--page", "2"),
    ];
    assert.match(pages[0] ?? "", /3 workers, page 1 of 2/);
    const accounts = pages.flatMap((page) => page.match(/0x[0-9a-fA-F]{40}/g) ?? []);
    assert.equal(new Set(accounts).size, 3);
    assert.ok(accounts.includes(NEWCOMER.address));
    const status = await run(null, "status", NEWCOMER.address);
    for (const words of [
      /role .*worker/,
      /MASA staked .*6 000 850/,
      /TAO staked .*1 000/,
      /deposit for pokes .*10/,
    ])
      assert.match(status, words);
    const all = await run(null, "status");
    for (const words of [
      /4 of 64 seats taken, 0 waiting/,
      /worker .*3 .*0/,
      /TAO .*staked|TAO/,
      /next roll pays 5 MASA/,
    ])
      assert.match(all, words);
  });

  it("is poked by anyone, rolled for a bounty, and gets its deposit back when it leaves", async () => {
    const { masa: token } = network.contracts;
    assert.match(await run(OPERATOR, "poke", NEWCOMER.address), /stakes [\d .]+, needs [\d .]+ MASA\n$/);
    assert.match(await run(OPERATOR, "roll"), /rolled into epoch \d+, for 5 MASA/);
    assert.equal(await token.balanceOf(OPERATOR.address), 5n * MASA);
    const before = await token.balanceOf(NEWCOMER.address);
    assert.match(await run(NEWCOMER, "deregister"), /deposit of 10 MASA is paid back/);
    assert.equal((await token.balanceOf(NEWCOMER.address)) - before, 10n * MASA);
  });
});

describe("a validator's seat", () => {
  it("is checked in for, refreshed and left with an operator's key, and asked for again after the cooldown", async () => {
    const { validatorSet } = network.contracts;
    const { account, hotKey } = network.member("validator-1");
    assert.ok(hotKey !== null);
    const { seat } = await validatorSet.seatOf(account.address);
    await run(hotKey, "seat", "check-in");
    assert.equal(((await validatorSet.silence()).checkedIn >> seat) & 1n, 1n);
    assert.match(
      await run(hotKey, "seat", "refresh", account.address),
      /the weight of 0x\w+ was [\d .]+ MASA and is/,
    );
    assert.match(await run(hotKey, "seat", "leave"), /gives its seat up at the next roll/);
    await network.passTime(31);
    await run(hotKey, "roll");
    assert.equal((await validatorSet.seatOf(account.address)).seated, false);
    await refused({
      code: "MASA-304",
      args: ["seat", "join", ...net()],
      key: hotKey.privateKey,
      words: /may wait for a seat again from epoch \d+ on \(ValidatorSet_CoolingDown\)/,
    });
    await network.passTime(31);
    await run(hotKey, "roll");
    assert.match(await run(hotKey, "seat", "join"), /waits for a seat/);
    assert.match(await run(hotKey, "seat", "leave"), /does not wait any more/);
  });
});

/** Whole MASA with thousands apart, as the command shows them. */
const thousands = (wei: bigint): string => String(wei / parseUnits("1", 18)).replace(/\B(?=(\d{3})+$)/g, " ");
