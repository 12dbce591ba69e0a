/** Deployment on in-memory chains: done once, resumed, refused where it could not work, without power for the deployer. */
import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { assert } from "chai";
import { formatUnits, ZeroAddress, ZeroHash } from "ethers";
import hre from "hardhat";

import type { RawParameters } from "../../deploy/params.ts";
import { connectContracts } from "../../sdk/src/contracts.ts";
import { MasaError } from "../../sdk/src/errors.ts";
import { loadManifest } from "../../sdk/src/manifest.ts";
import { largestBudgetUp } from "../../sdk/src/math/staking.ts";
import {
  failingNode,
  freshChain,
  localParameters,
  removeTemporaryFolders,
  TRANSACTIONS,
} from "./deployment.ts";

async function refusal(promise: Promise<unknown> | (() => unknown)): Promise<MasaError> {
  try {
    await (typeof promise === "function" ? promise() : promise);
  } catch (error) {
    if (error instanceof MasaError) return error;
    throw error;
  }
  throw new Error("nothing was refused");
}

describe("deploy", () => {
  after(removeTemporaryFolders);

  it("changes nothing when it runs a second time", async () => {
    const chain = await freshChain();
    const first = await chain.run(localParameters());
    assert.equal(first.transactions, TRANSACTIONS);
    assert.equal(await chain.nonce(), TRANSACTIONS);
    const written = readFileSync(chain.manifestPath, "utf8");

    const second = await chain.run(localParameters());
    assert.equal(second.transactions, 0);
    assert.equal(await chain.nonce(), TRANSACTIONS, "the second run sent something");
    assert.equal(readFileSync(chain.manifestPath, "utf8"), written);
    assert.deepEqual(loadManifest(chain.manifestPath), first.manifest);
    assert.equal(first.manifest.deployedAtBlock, 1);
  });

  it("leaves the deployer nothing but its seat on the council, whose acts wait in the timelock", async () => {
    const { run, deployer, stranger, ethers } = await freshChain();
    const { manifest } = await run(localParameters());
    const { timelock, escrow, vault, registry, validatorSet } = connectContracts(manifest, deployer);

    for (const owned of [escrow, vault, registry, validatorSet]) {
      assert.equal(await owned.owner(), manifest.contracts.timelock);
    }
    assert.isFalse(await timelock.hasRole(await timelock.DEFAULT_ADMIN_ROLE(), deployer.address));
    const { interface: abi } = escrow;
    const unauthorised = abi.getError("OwnableUnauthorizedAccount")?.selector;
    const data = abi.encodeFunctionData("transferOwnership", [stranger.address]);
    try {
      await deployer.call({ to: manifest.contracts.escrow, data });
      assert.fail("the deployer still owns the escrow");
    } catch (error) {
      assert.include((error as { data?: string }).data, unauthorised);
    }

    const operation = [manifest.contracts.escrow, 0n, data, ZeroHash, ZeroHash] as const;
    const delay = await timelock.getMinDelay();
    assert.equal(delay, 60n);
    await (await timelock.schedule(...operation, delay)).wait();
    const id = await timelock.hashOperation(...operation);
    assert.isFalse(await timelock.isOperationReady(id), "an act of the council must wait");
    await ethers.provider.send("evm_increaseTime", [60]);
    await ethers.provider.send("evm_mine", []);
    await (await timelock.connect(stranger).execute(...operation)).wait();
    assert.equal(await escrow.owner(), stranger.address);
  });

  it("writes what the parameters say into the contracts", async () => {
    const { run, deployer, stranger } = await freshChain();
    const params = localParameters((raw) => {
      raw.timelock.council = [stranger.address];
      raw.tokens.genesisHolder = stranger.address;
    });
    const { manifest } = await run(params);
    const c = connectContracts(manifest, deployer);
    const worker = await c.registry.roleParametersOf(2);
    assert.equal(worker.budgetShare, params.roles.worker.budgetShare);
    assert.equal(worker.lambda, params.roles.worker.lambda);
    assert.equal(worker.floor, params.roles.worker.floor);
    const oracle = await c.registry.roleParametersOf(3);
    assert.equal(oracle.target, BigInt(params.roles.oracle.target));
    assert.equal((await c.registry.referenceWork()).oracle * 10n ** 9n, params.referenceWork.oracle);
    assert.equal((await c.registry.standingParameters()).decayPerEpoch, params.standing.decayPerEpoch);
    assert.equal((await c.validatorSet.seatParameters()).weightLlm, params.seats.weights.llm);
    assert.equal((await c.escrow.marketTermsOf(0)).weightResponseTime, params.terms.weights.responseTime);
    assert.equal((await c.escrow.requestLimits()).maxScoringWindow, params.limits.maxScoringWindow);
    assert.equal(await c.consensus.roundLength(), params.clock.roundLength);
    assert.equal(await c.vault.unbondingDelay(), params.vault.unbondingDelay);
    assert.equal(await c.masa.balanceOf(stranger.address), 10n ** 27n);
    const proposer = await c.timelock.PROPOSER_ROLE();
    assert.isFalse(
      await c.timelock.hasRole(proposer, deployer.address),
      "a named council replaces the deployer",
    );
    assert.isTrue(await c.timelock.hasRole(proposer, stranger.address));
    assert.isTrue(await c.timelock.hasRole(await c.timelock.EXECUTOR_ROLE(), ZeroAddress));
  });

  it("deploys at the bounds that the feasibility check allows", async () => {
    const { run } = await freshChain();
    const { transactions } = await run(
      localParameters((raw) => {
        const shares = { validator: "0.02", worker: "0.01", oracle: "0.005" } as const;
        let budget = 0n;
        for (const [name, share] of Object.entries(shares)) {
          const role = raw.roles[name as keyof typeof shares];
          Object.assign(role, { budgetShare: share, maxExponent: "2.772588722239781237", target: 0 });
          Object.assign(role, { lambda: "0.000000000000000001", floor: "0.000000000000000001" });
          budget += largestBudgetUp(BigInt(Number(share) * 1_000) * 10n ** 15n, 2_772588722239781237n);
        }
        raw.maxStakedShare = formatUnits(budget, 18);
        raw.clock = { epochLength: "10s", roundLength: "10s" };
        raw.vault = { appealWindow: "0s", longestOffencePath: "180s", unbondingDelay: "90d" };
        raw.standing.tolerance = "0.5";
        raw.standing.weightThroughput = "0";
        raw.standing.decayPerEpoch = "0.999999999999999999";
        raw.seats = { ...raw.seats, leastConfirmations: 64, minValidators: 64, immunityEpochs: 63 };
        raw.seats = { ...raw.seats, cooldownEpochs: 1_000, maxSeatShare: "0.015625" };
        raw.terms = { ...raw.terms, qualityThreshold: "0.9", maxMargin: "0.099999999999999999" };
        raw.terms.slashShare = "0.999999999999999999";
        raw.limits.maxResponses = 16;
        raw.tokens.genesisSupply = "20282409603651.670423947251286015"; // 2^104 − 1 wei
      }),
    );
    assert.equal(transactions, TRANSACTIONS);
  });
});

describe("deploy refuses infeasible parameters before it sends anything:", () => {
  const cases: [string, (raw: RawParameters) => void, RegExp][] = [
    [
      "a budget above maxStakedShare (D1)",
      (raw) => (raw.roles.worker.budgetShare = "0.2"),
      /\d\.\d+ of the supply.*D1/,
    ],
    ["a share above 1", (raw) => (raw.maxStakedShare = "1.1"), /maxStakedShare is 1\.1/],
    ["λ = 0", (raw) => (raw.roles.oracle.lambda = "0"), /roles\.oracle\.lambda is 0/],
    ["κ = 1", (raw) => (raw.terms.slashShare = "1"), /slashShare \(κ\) is 1;/],
    ["κ above 1", (raw) => (raw.terms.slashShare = "1.5"), /slashShare \(κ\) is 1\.5/],
    ["κ = 0", (raw) => (raw.terms.slashShare = "0"), /slashShare \(κ\) is 0/],
    ["τ = 1", (raw) => (raw.terms.qualityThreshold = "1"), /qualityThreshold \(τ\) is 1/],
    ["τ = 0", (raw) => (raw.terms.qualityThreshold = "0"), /qualityThreshold \(τ\) is 0/],
    ["a margin that reaches 1", (raw) => (raw.terms.maxMargin = "0.4"), /maxMargin/],
    ["weights of quality", (raw) => (raw.terms.weights.relevance = "0.36"), /terms\.weights .* sum to 1\.01/],
    ["weights of performance", (raw) => (raw.seats.weights.data = "0"), /seats\.weights .* sum to 0\.8/],
    [
      "unbonding too short",
      (raw) => (raw.vault.unbondingDelay = raw.vault.longestOffencePath),
      /unbondingDelay is \d+ s; .*D14/,
    ],
    [
      "a path within the appeal",
      (raw) => (raw.vault.longestOffencePath = raw.vault.appealWindow),
      /longestOffencePath is \d+ s; it ends with the appeal/,
    ],
    [
      "windows too long",
      (raw) => (raw.limits.maxScoringWindow = raw.vault.longestOffencePath),
      /must fit longestOffencePath/,
    ],
    ["windows upside down", (raw) => (raw.limits.minResponseWindow = "1h"), /minResponseWindow is 3600 s/],
    [
      "eternal immunity",
      (raw) => (raw.seats.immunityEpochs = raw.seats.minValidators),
      /immunityEpochs is \d+; .*D6/,
    ],
    [
      "more confirmations than seats",
      (raw) => (raw.seats.leastConfirmations = raw.seats.minValidators + 1),
      /minValidators is/,
    ],
    ["a round above the epoch", (raw) => (raw.clock.roundLength = "1h"), /roundLength is 3600 s/],
    [
      "a floor above every requirement",
      (raw) => (raw.roles.worker.floor = "20000000"),
      /worker\.floor is 20000000 MASA/,
    ],
    ["no floor", (raw) => (raw.roles.worker.floor = "0"), /worker\.floor is 0/],
    ["a target that is no number of nodes", (raw) => (raw.roles.worker.target = 2 ** 33), /worker\.target/],
    ["a supply beyond the ledgers", (raw) => (raw.tokens.genesisSupply = "20282409603652"), /genesisSupply/],
    ["an unknown key", (raw) => Object.assign(raw.terms, { slashing: "0.5" }), /terms: .*slashing/],
    [
      "a ratio as a number",
      (raw) => Object.assign(raw.terms, { slashShare: 0.5 }),
      /slashShare: write a ratio as a dec/,
    ],
    ["a duration without unit", (raw) => (raw.clock.epochLength = "30"), /epochLength: "30" is no duration/],
    ["a negative amount", (raw) => (raw.limits.minBaseReward = "-1"), /minBaseReward: "-1" is no decimal/],
    ["a bad address", (raw) => (raw.tokens.masa = "0x12"), /tokens\.masa: "0x12" is no address/],
  ];
  for (const [name, change, words] of cases) {
    it(name, async () => {
      const error = await refusal(() => localParameters(change));
      assert.equal(error.code, "MASA-201");
      assert.match(error.message, words);
      assert.match(error.message, /\n {2}1\. /, "the reasons are numbered");
    });
  }

  it("names every reason at once", async () => {
    const error = await refusal(() =>
      localParameters((raw) => {
        raw.roles.oracle.lambda = "0";
        raw.terms.slashShare = "2";
      }),
    );
    assert.match(error.message, /\n {2}1\. .*lambda.*\n {2}2\. .*slashShare/s);
  });

  it("the contracts agree on D1", async () => {
    const { run, nonce } = await freshChain();
    const params = localParameters();
    // Past the check, as a program with a defect could do: the registry's constructor refuses in the simulation.
    const beyond = { ...params, maxStakedShare: params.maxStakedShare / 4n };
    const error = await refusal(run(beyond));
    assert.equal(error.code, "MASA-205");
    assert.match(error.message, /NodeRegistry_InfeasibleBudget/);
    assert.isBelow(await nonce(), TRANSACTIONS);
  });
});

describe("deploy with tokens that exist already", () => {
  after(removeTemporaryFolders);

  it("uses them and deploys none", async () => {
    const { run, ethers, deployer } = await freshChain();
    const masa = await ethers.deployContract("MasaToken", [10n ** 27n, deployer.address]);
    const tao = await ethers.deployContract("WrappedTaoMock");
    const params = localParameters((raw) => {
      raw.tokens.masa = masa.target as string;
      raw.tokens.tao = tao.target as string;
    });
    const { manifest, transactions } = await run(params);
    assert.equal(transactions, TRANSACTIONS - 2);
    assert.equal(manifest.contracts.masa, masa.target);
    assert.equal(manifest.contracts.tao, tao.target);
    assert.equal(await connectContracts(manifest, deployer).vault.masa(), masa.target);
  });

  it("refuses what is no token, has other decimals, or a supply the parameters do not fit", async () => {
    const { run, ethers, nonce, deployer } = await freshChain();
    const mock = await ethers.deployContract("WrappedTaoMock");
    const clock = await ethers.deployContract("EpochClock", [0n, 30n]);
    const small = await ethers.deployContract("MasaToken", [10n ** 18n, deployer.address]);
    const before = await nonce();
    const given: [string, string, RegExp][] = [
      ["0x000000000000000000000000000000000000dEaD", "MASA-203", /has no code/],
      [clock.target as string, "MASA-203", /does not answer as an ERC-20/],
      [mock.target as string, "MASA-203", /9 decimals/],
      [small.target as string, "MASA-201", /floor is 1000 MASA/],
    ];
    for (const [address, code, words] of given) {
      const error = await refusal(run(localParameters((raw) => (raw.tokens.masa = address))));
      assert.equal(error.code, code);
      assert.match(error.message, words);
    }
    const same = await refusal(() =>
      localParameters((raw) => {
        raw.tokens.masa = raw.tokens.tao = mock.target as string;
      }),
    );
    assert.match(same.message, /same address/);
    assert.equal(await nonce(), before, "a refused deployment sent something");
  });
});

describe("an interrupted deployment", () => {
  after(removeTemporaryFolders);

  for (const mode of ["refused", "lost"] as const) {
    for (const failAt of [1, 4, 7, 13, 19]) {
      it(`is resumed after transaction ${failAt} was ${mode}, sending none twice`, async () => {
        const { run, provider, nonce, manifestPath } = await freshChain();
        const broken = { connection: { provider: failingNode(provider, failAt, mode) } };
        const error = await refusal(run(localParameters(), broken));
        assert.equal(error.code, "MASA-205");
        assert.isTrue(error.retryable);
        assert.equal(await nonce(), mode === "lost" ? failAt : failAt - 1);
        assert.isFalse(existsSync(manifestPath), "half a deployment has no manifest");
        await run(localParameters());
        assert.equal(await nonce(), TRANSACTIONS);
      });
    }
  }

  it("is resumed when the account that ran dry is funded", async () => {
    const { run, ethers, deployer, nonce } = await freshChain();
    const price = (await ethers.provider.getFeeData()).maxFeePerGas ?? 0n;
    await ethers.provider.send("hardhat_setBalance", [
      deployer.address,
      `0x${(price * 6_000_000n).toString(16)}`,
    ]);
    const error = await refusal(run(localParameters()));
    assert.equal(error.code, "MASA-303");
    const sent = await nonce();
    assert.isAbove(sent, 0);
    assert.isBelow(sent, TRANSACTIONS);
    await ethers.provider.send("hardhat_setBalance", [deployer.address, `0x${(10n ** 20n).toString(16)}`]);
    await run(localParameters());
    assert.equal(await nonce(), TRANSACTIONS);
  });

  it("is resumed from a journal whose last line was cut short", async () => {
    const { run, provider, nonce, folder } = await freshChain();
    await refusal(run(localParameters(), { connection: { provider: failingNode(provider, 9, "lost") } }));
    appendFileSync(join(folder, "journal", "journal.jsonl"), '\n{"futureId":"MasaProtocol#Val');
    await run(localParameters());
    assert.equal(await nonce(), TRANSACTIONS);
  });
});

describe("deploy refuses", () => {
  after(removeTemporaryFolders);

  it("other parameters than the deployment began with", async () => {
    const { run, nonce } = await freshChain();
    await run(localParameters());
    const error = await refusal(run(localParameters((raw) => (raw.terms.slashShare = "0.4"))));
    assert.equal(error.code, "MASA-206");
    assert.match(error.message, /RequestEscrow/);
    assert.equal(await nonce(), TRANSACTIONS);
  });

  it("the journal of a chain that was restarted, until told to reset", async () => {
    const old = await freshChain();
    const params = localParameters();
    await old.run(params);
    const deploymentDir = join(old.folder, "journal");
    const restarted = await freshChain();
    const error = await refusal(restarted.run(params, { deploymentDir }));
    assert.equal(error.code, "MASA-204");
    assert.match(error.advice, /--reset/);
    assert.equal(await restarted.nonce(), 0);
    // The same addresses again: only the transactions tell the chains apart.
    await restarted.run(localParameters((raw) => (raw.tokens.genesisHolder = restarted.stranger.address)));
    assert.equal((await refusal(restarted.run(params, { deploymentDir }))).code, "MASA-204");
    await (await freshChain()).run(params, { deploymentDir, reset: true });
  });

  it("parameters made for another chain, and a reset of a chain that is not local", async () => {
    const connection = await hre.network.create({ override: { chainId: 84_532 } });
    const options = { connection, artifacts: hre.artifacts };
    const { run } = await freshChain();
    const wrong = await refusal(run(localParameters(), options));
    assert.equal(wrong.code, "MASA-202");
    assert.match(wrong.message, /for chain 31337; this is chain 84532/);
    const anywhere = localParameters((raw) => (raw.chainId = null));
    assert.equal((await refusal(run(anywhere, { ...options, reset: true }))).code, "MASA-209");
  });

  it("a node that does not answer", async () => {
    const { run } = await freshChain();
    const provider = { request: () => Promise.reject(new Error("connect ECONNREFUSED")) };
    const error = await refusal(run(localParameters(), { connection: { provider } }));
    assert.equal(error.code, "MASA-301");
    assert.match(error.message, /ECONNREFUSED/);
  });
});
