/** Deployment on in-memory chains: done once, resumed, refused where it could not work, without power for the deployer. */
import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { assert } from "chai";
import { formatUnits, getAddress, ZeroAddress, ZeroHash } from "ethers";
import hre from "hardhat";

import { connectContracts } from "../../sdk/src/contracts.ts";
import { loadManifest } from "../../sdk/src/manifest.ts";
import { OWNED } from "../../sdk/src/parameters/index.ts";
import { readRoles, TIMELOCK_ROLES } from "../../sdk/src/roles.ts";
import { largestBudgetUp } from "../../sdk/src/math/staking.ts";
import {
  failingNode,
  freshChain,
  localParameters,
  refusal,
  removeTemporaryFolders,
  TRANSACTIONS,
} from "./deployment.ts";

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

  it("leaves the deployer nothing: the governor alone rules the timelock, which owns the rest", async () => {
    const { run, deployer, stranger, ethers } = await freshChain();
    const { manifest } = await run(localParameters());
    const c = connectContracts(manifest, deployer);
    const { timelock: timelockAt, governor } = manifest.contracts;
    for (const name of OWNED) assert.equal(await c[name].owner(), timelockAt, name);
    for (const [role, id] of Object.entries(TIMELOCK_ROLES)) {
      const expected = role === "admin" ? timelockAt : governor;
      for (const account of [timelockAt, governor, deployer.address, stranger.address, ZeroAddress]) {
        assert.equal(await c.timelock.hasRole(id, account), account === expected, `${account} ${role}`);
      }
    }
    const roles = await readRoles(c, manifest, await ethers.provider.getBlockNumber());
    assert.deepEqual(roles.timelock, {
      admin: [timelockAt],
      proposer: [governor],
      canceller: [governor],
      executor: [governor],
    });
    assert.equal(await c.vault.observer(), manifest.contracts.votes, "votes follow every stake");
    for (const { right, holder } of roles.guardian) assert.equal(holder, deployer.address, right);
  });

  it("gives a council the timelock beside the governor, until each member renounces", async () => {
    const { run, deployer, stranger, ethers } = await freshChain();
    const council = [stranger.address];
    const { manifest } = await run(localParameters((raw) => (raw.timelock.council = council)));
    const { timelock, escrow } = connectContracts(manifest, stranger);
    const data = escrow.interface.encodeFunctionData("transferOwnership", [stranger.address]);
    const operation = [manifest.contracts.escrow, 0n, data, ZeroHash, ZeroHash] as const;
    const delay = await timelock.getMinDelay();
    assert.equal(delay, 10n);
    await (await timelock.schedule(...operation, delay)).wait();
    assert.isFalse(await timelock.isOperationReady(await timelock.hashOperation(...operation)));
    await ethers.provider.send("evm_increaseTime", [10]);
    await ethers.provider.send("evm_mine", []);
    await (await timelock.execute(...operation)).wait();
    assert.equal(await escrow.owner(), stranger.address);

    for (const role of ["proposer", "canceller", "executor"] as const) {
      await (await timelock.renounceRole(TIMELOCK_ROLES[role], stranger.address)).wait();
    }
    const { timelock: held } = await readRoles(
      connectContracts(manifest, deployer),
      manifest,
      await ethers.provider.getBlockNumber(),
    );
    for (const role of ["proposer", "canceller", "executor"] as const) {
      assert.deepEqual(held[role], [manifest.contracts.governor], role);
    }
  });

  it("writes what the parameters say into the contracts", async () => {
    const { run, deployer, stranger } = await freshChain();
    const params = localParameters((raw) => {
      raw.timelock.council = [stranger.address];
      raw.tokens.genesisHolder = stranger.address;
      raw.roll.funding = raw.emission.funding = "0";
      raw.vault.slashDestinations.burnShare = "0.25";
      raw.standing.strikeSize = "7";
    });
    const { manifest } = await run(params);
    const c = connectContracts(manifest, deployer);
    const worker = await c.standing.roleParametersOf(2);
    assert.equal(worker.budgetShare, params.roles.worker.budgetShare);
    assert.equal(worker.lambda, params.roles.worker.lambda);
    assert.equal(worker.floor, params.roles.worker.floor);
    const oracle = await c.standing.roleParametersOf(3);
    assert.equal(oracle.target, BigInt(params.roles.oracle.target));
    const standing = await c.standing.standingParameters();
    assert.equal(standing.oracleReference * 10n ** 9n, params.standing.references.oracle);
    assert.equal(standing.decayPerEpoch, params.standing.decayPerEpoch);
    assert.equal(standing.strikeSize, 7n * 10n ** 18n);
    assert.equal(standing.maxStrikes, BigInt(params.standing.maxStrikes));
    assert.equal(await c.standing.maxStakedShare(), params.maxStakedShare);
    assert.equal((await c.validatorSet.seatParameters()).weightLlm, params.seats.weights.llm);
    assert.equal((await c.escrow.marketTermsOf(0)).weightResponseTime, params.terms.weights.responseTime);
    assert.equal((await c.escrow.requestLimits()).maxScoringWindow, params.limits.maxScoringWindow);
    assert.equal((await c.validatorSet.seatParameters()).haltEpochs, BigInt(params.seats.haltEpochs));
    assert.equal((await c.registry.pokeParameters()).bounty, params.poke.bounty);
    assert.equal(await c.feeCurve.maxRate(), params.feeCurve.maxRate);
    assert.equal(await c.epochManager.rollBounty(), params.roll.bounty);
    assert.equal(await c.consensus.roundLength(), params.clock.roundLength);
    assert.equal(await c.consensus.attemptLength(), params.clock.attemptLength);
    assert.equal((await c.escrow.marketTermsOf(0)).posterShare, params.terms.posterShare);
    assert.equal((await c.escrow.requestLimits()).maxMargin, params.limits.maxMargin);
    const { bounty, masaPerEther, maxGasPrice } = params.poster;
    assert.deepEqual([...(await c.escrow.posterTerms())], [bounty, masaPerEther, maxGasPrice]);
    const { validators, emission: toEmissions } = params.feeSplit;
    assert.deepEqual([...(await c.feePool.feeSplit())], [validators, toEmissions]);
    const { distributor, emissions, timelock: treasury } = manifest.contracts;
    assert.deepEqual([...(await c.feePool.recipients())], [distributor, emissions, treasury]);
    const { rate, shares } = params.emission;
    const emission = await c.emissions.emissionParametersFor(0);
    assert.equal(emission.rate, rate);
    for (const name of ["validators", "workers", "dataContributors", "governanceParticipants"] as const) {
      assert.equal(emission[name], shares[name], name);
    }
    assert.equal(await c.distributor.activationDelay(), params.emission.activationDelay);
    const offences = await c.offences.offenceTerms();
    for (const name of ["offenceShare", "idleShare", "bountyShare", "expulsionEpochs"] as const) {
      assert.equal(offences[name], BigInt(params.offences[name]), name);
    }
    assert.equal(await c.offences.maxMissedOf(0), BigInt(params.offences.maxMissed));
    for (const name of ["requestPath", "reportPath", "evidenceWindow", "appealWindow"] as const) {
      assert.equal(await c.vault[name](), params.vault[name], name);
    }
    assert.equal(await c.vault.unbondingDelay(), params.vault.unbondingDelay);
    assert.equal(await c.vault.moduleDelay(), params.vault.moduleDelay);
    assert.equal((await c.vault.collateral()).taoWeight, params.vault.collateral.taoWeight);
    assert.equal((await c.vault.slashDestinations()).burnShare, 10n ** 18n / 4n);
    assert.equal((await c.vault.slashDestinations()).treasury, manifest.contracts.timelock);
    assert.equal((await c.vault.slasherOf(manifest.contracts.escrow)).capShare, params.vault.slashCap);
    assert.equal(await c.vault.tao(), manifest.contracts.tao);
    assert.equal(await c.guardian.holderOf(1), stranger.address, "the council's first is the guardian");
    assert.equal(await c.masa.balanceOf(stranger.address), 10n ** 27n);
    const proposer = TIMELOCK_ROLES.proposer;
    assert.isFalse(await c.timelock.hasRole(proposer, deployer.address));
    assert.isTrue(await c.timelock.hasRole(proposer, stranger.address));
    assert.isFalse(await c.timelock.hasRole(TIMELOCK_ROLES.executor, ZeroAddress), "not anyone");
  });

  it("fills the pot of the roll's bounties and the pool of emissions from the genesis supply", async () => {
    const { run, deployer } = await freshChain();
    const params = localParameters();
    const { manifest } = await run(params);
    const { masa, emissions } = connectContracts(manifest, deployer);
    const { roll, emission, tokens } = params;
    assert.equal(await masa.balanceOf(manifest.contracts.epochManager), roll.funding);
    assert.equal(await masa.balanceOf(manifest.contracts.emissions), emission.funding);
    assert.equal(await emissions.pool(), emission.funding);
    const left = tokens.genesisSupply - roll.funding - emission.funding;
    assert.equal(await masa.balanceOf(deployer.address), left);
    assert.equal(await masa.allowance(deployer.address, manifest.contracts.emissions), 0n);
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
        raw.clock = { epochLength: "10s", roundLength: "10s", attemptLength: "5s" };
        raw.vault = {
          ...raw.vault,
          requestPath: "180s",
          reportPath: "20s",
          evidenceWindow: "0s",
          appealWindow: 90 * 86_400 - 201,
          unbondingDelay: "90d",
          moduleDelay: "180d",
          slashCap: "1",
          collateral: { taoWeight: "1000000", taoMaxShare: "1" },
        };
        raw.guardian = { holder: null, term: "365d" };
        raw.poke = { deposit: "1000000", bounty: "1000000" };
        raw.roll = { bounty: "0", funding: "20282409603651.670423947251286014" };
        raw.feeCurve = {
          baseRate: "1",
          maxRate: "1",
          referenceConsumption: "20282409603651.670423947251286015",
          minimumFee: "1000",
        };
        raw.standing.tolerance = "0.5";
        raw.standing.weightThroughput = "0";
        raw.standing.decayPerEpoch = "0.999999999999999999";
        raw.standing.resourceShare = "1";
        raw.standing.maxStrikes = 6;
        raw.seats = { ...raw.seats, leastConfirmations: 64, minValidators: 64, immunityEpochs: 63 };
        raw.seats = { ...raw.seats, cooldownEpochs: 1_000, haltEpochs: 2, maxSeatShare: "0.015625" };
        raw.terms = { ...raw.terms, qualityThreshold: "0.900099999", posterShare: "1" };
        raw.terms.slashShare = "0.999999999";
        raw.limits = { ...raw.limits, maxMargin: "0.0999", maxResponses: 16 };
        raw.limits.minBaseReward = "281474.976710655"; // 2^48 − 1 units of 1e9 wei
        raw.poster = { bounty: "1000", masaPerEther: "10000000", maxGasPrice: "18446744073.709551615" };
        raw.feeSplit = { validators: "0", emission: "0.5" };
        raw.emission = { ...raw.emission, rate: "0.1", activationDelay: "30d" };
        raw.emission.funding = "0.000000000000000001";
        raw.emission.shares = {
          validators: "0",
          workers: "0",
          dataContributors: "0",
          governanceParticipants: "1",
        };
        raw.offences = {
          offenceShare: "0.999999999999999999",
          idleShare: "0.01",
          bountyShare: "0.25",
          expulsionEpochs: 10_000,
          maxMissed: 0,
        };
        raw.tokens.genesisSupply = "20282409603651.670423947251286015"; // 2^104 − 1 wei
      }),
    );
    assert.equal(transactions, TRANSACTIONS);
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
      raw.roll.funding = raw.emission.funding = "0";
    });
    const { manifest, transactions } = await run(params);
    assert.equal(transactions, TRANSACTIONS - 5, "neither token, nor what its holder may give");
    assert.equal(manifest.contracts.masa, masa.target);
    assert.equal(manifest.contracts.tao, tao.target);
    const { vault } = connectContracts(manifest, deployer);
    assert.equal(await vault.masa(), masa.target);
    assert.equal(await vault.tao(), tao.target);
  });

  it("refuses what is no token, has other decimals, or a supply the parameters do not fit", async () => {
    const { run, ethers, nonce, deployer } = await freshChain();
    const mock = await ethers.deployContract("WrappedTaoMock");
    const clock = await ethers.deployContract("EpochClock", [0n, 30n, deployer.address]);
    const small = await ethers.deployContract("MasaToken", [10n ** 18n, deployer.address]);
    // Answers every call with a word, that for the shares behind its balances too.
    const shares = "0x00000000000000000000000000000000005a4a5e";
    await ethers.provider.send("hardhat_setCode", [shares, "0x601260005260206000f3"]);
    const before = await nonce();
    const given: [string, string, RegExp][] = [
      ["0x000000000000000000000000000000000000dEaD", "MASA-203", /has no code/],
      [clock.target as string, "MASA-203", /does not answer as an ERC-20/],
      [mock.target as string, "MASA-203", /9 decimals/],
      [getAddress(shares), "MASA-203", /balances that move by themselves/],
      [small.target as string, "MASA-201", /floor is 1000 MASA/],
    ];
    for (const [address, code, words] of given) {
      const params = localParameters((raw) => {
        raw.tokens.masa = address;
        raw.roll.funding = raw.emission.funding = "0";
      });
      const error = await refusal(run(params));
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
    for (const failAt of [1, 13, 31, 60, TRANSACTIONS]) {
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
    await restarted.run(localParameters((raw) => (raw.timelock.council = [restarted.stranger.address])));
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
