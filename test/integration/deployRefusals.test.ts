/** Parameters that could not work are refused before anything is sent, every reason at once, in the words of the file. */
import { assert } from "chai";
import { ZeroAddress } from "ethers";

import type { RawParameters } from "../../deploy/params.ts";
import type { DeployParameters } from "../../deploy/params.ts";
import { freshChain, localParameters, refusal, removeTemporaryFolders, TRANSACTIONS } from "./deployment.ts";

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
    ["a margin that reaches 1", (raw) => (raw.limits.maxMargin = "0.4"), /maxMargin is 0\.4; τ/],
    ["weights of quality", (raw) => (raw.terms.weights.relevance = "0.36"), /terms\.weights .* sum to 1\.01/],
    ["weights of performance", (raw) => (raw.seats.weights.data = "0"), /seats\.weights .* sum to 0\.8/],
    [
      "unbonding too short",
      (raw) => (raw.vault.unbondingDelay = "360s"),
      /unbondingDelay is 360 s; .*, 360 s, .*D14/,
    ],
    ["unbonding too long", (raw) => (raw.vault.unbondingDelay = "91d"), /unbondingDelay is \d+ s; at most/],
    [
      "a module delay within unbonding and three days",
      (raw) => (raw.vault.moduleDelay = 400 + 3 * 86_400),
      /moduleDelay is 259600 s; .*D19/,
    ],
    ["a module delay too long", (raw) => (raw.vault.moduleDelay = "181d"), /moduleDelay is \d+ s; at most/],
    ["no appeal", (raw) => (raw.vault.appealWindow = "0s"), /appealWindow \(seconds\) is 0/],
    [
      "windows too long",
      (raw) => (raw.limits.maxScoringWindow = raw.vault.requestPath),
      /must fit vault\.requestPath, 180 s/,
    ],
    [
      "a report path of less than two epochs",
      (raw) => (raw.vault.reportPath = "59s"),
      /reportPath is 59 s; .*two epochs, 60 s/,
    ],
    [
      "a size of strikes that its field cannot hold",
      (raw) => (raw.standing.strikeSize = "309485010"),
      /standing\.strikeSize is 309485010/,
    ],
    ["no slash cap", (raw) => (raw.vault.slashCap = "0"), /slashCap is 0/],
    ["a slash cap above 1", (raw) => (raw.vault.slashCap = "1.5"), /slashCap is 1\.5/],
    ["no weight of TAO", (raw) => (raw.vault.collateral.taoWeight = "0"), /taoWeight is 0/],
    [
      "a weight of TAO beyond measure",
      (raw) => (raw.vault.collateral.taoWeight = "1000001"),
      /taoWeight is 1000001/,
    ],
    ["a share of TAO above 1", (raw) => (raw.vault.collateral.taoMaxShare = "1.1"), /taoMaxShare is 1\.1/],
    [
      "compensation to nobody",
      (raw) => (raw.vault.slashDestinations.compensationShare = "0.5"),
      /compensation is null/,
    ],
    [
      "destinations of more than everything",
      (raw) => {
        raw.vault.slashDestinations.burnShare = "0.6";
        raw.vault.slashDestinations.compensationShare = "0.5";
        raw.vault.slashDestinations.compensation = ZeroAddress.replace(/0$/, "1");
      },
      /sum to 1\.1; there is not more/,
    ],
    ["a guardian for years", (raw) => (raw.guardian.term = "366d"), /guardian\.term/],
    ["a guardian for less than an appeal", (raw) => (raw.guardian.term = "60s"), /guardian\.term is 60 s/],
    ["a bounty above the deposit", (raw) => (raw.poke.bounty = "11"), /poke\.bounty is 11 MASA, above/],
    ["a deposit beyond measure", (raw) => (raw.poke.deposit = "1000001"), /poke\.deposit is 1000001/],
    ["no way out of silence", (raw) => (raw.seats.haltEpochs = 1), /haltEpochs is 1/],
    ["strikes beyond the slot", (raw) => (raw.standing.maxStrikes = 7), /maxStrikes is 7/],
    ["a resource share above 1", (raw) => (raw.standing.resourceShare = "1.1"), /resourceShare is 1\.1/],
    ["no reference work", (raw) => (raw.standing.references.worker = "0"), /references\.worker is 0/],
    ["a fee that falls", (raw) => (raw.feeCurve.baseRate = "0.07"), /baseRate is 0\.07, above maxRate/],
    ["a fee above what is consumed", (raw) => (raw.feeCurve.maxRate = "1.1"), /maxRate is 1\.1/],
    [
      "no reference of the fee",
      (raw) => (raw.feeCurve.referenceConsumption = "0"),
      /referenceConsumption is 0/,
    ],
    ["no minimum fee", (raw) => (raw.feeCurve.minimumFee = "0"), /minimumFee is 0/],
    [
      "bounties from a supply that is another's",
      (raw) => (raw.tokens.genesisHolder = ZeroAddress.replace(/0$/, "1")),
      /roll\.funding and emission\.funding are 1010000 MASA, but the deployer holds none/,
    ],
    [
      "bounties of more than the supply",
      (raw) => (raw.roll.funding = "1000000001"),
      /roll\.funding and emission\.funding are 1001000001 MASA, above/,
    ],
    [
      "emissions and bounties of more than the supply together",
      (raw) => (raw.emission.funding = "999990001"),
      /roll\.funding and emission\.funding are 1000000001 MASA, above/,
    ],
    [
      "terms between the steps",
      (raw) => (raw.terms.slashShare = "0.5000000005"),
      /terms \(slashShare\) is 0\.5000000005; it must be a multiple of 0\.000000001/,
    ],
    [
      "a margin between the steps",
      (raw) => (raw.limits.maxMargin = "0.20005"),
      /maxMargin is 0\.20005; it must be a multiple of 0\.0001/,
    ],
    [
      "a reward between the units",
      (raw) => (raw.limits.minBaseReward = "1.0000000005"),
      /minBaseReward is 1\.0000000005; it must be a multiple of 0\.000000001/,
    ],
    [
      "a reward beyond the words",
      (raw) => (raw.limits.minBaseReward = "281474.976710656"),
      /minBaseReward is 281474\.976710656; it must lie between/,
    ],
    ["a poster's share above 1", (raw) => (raw.terms.posterShare = "1.1"), /posterShare is 1\.1/],
    ["a bounty of reports beyond measure", (raw) => (raw.poster.bounty = "1001"), /poster\.bounty is 1001;/],
    [
      "a price of ether beyond measure",
      (raw) => (raw.poster.masaPerEther = "10000001"),
      /masaPerEther is 10000001;/,
    ],
    [
      "a price of gas beyond its slot",
      (raw) => (raw.poster.maxGasPrice = "18446744073.709551616"),
      /maxGasPrice \(wei\) is 18446744073709551616/,
    ],
    [
      "a price of gas below the wei",
      (raw) => (raw.poster.maxGasPrice = "0.0000000001"),
      /maxGasPrice: "0\.0000000001" is no decimal number of at most 9 places/,
    ],
    [
      "more than every fee given away",
      (raw) => (raw.feeSplit.emission = "0.6"),
      /feeSplit\.validators and emission sum to 1\.1; there is not more/,
    ],
    [
      "more than half of the fees for the treasury",
      (raw) => (raw.feeSplit.validators = "0.2"),
      /feeSplit\.validators and emission sum to 0\.45; the treasury .* more than 0\.5/,
    ],
    ["no emission", (raw) => (raw.emission.rate = "0"), /emission\.rate is 0;/],
    ["an emission at once", (raw) => (raw.emission.rate = "0.11"), /emission\.rate is 0\.11;/],
    [
      "shares of the emission",
      (raw) => (raw.emission.shares.workers = "0.5"),
      /emission\.shares .* sum to 1\.1; they must sum to 1/,
    ],
    [
      "roots that nobody could cancel",
      (raw) => (raw.emission.activationDelay = "59s"),
      /activationDelay \(seconds\) is 59;/,
    ],
    [
      "roots that nobody lives to claim",
      (raw) => (raw.emission.activationDelay = "31d"),
      /activationDelay \(seconds\) is 2678400;/,
    ],
    ["offences that cost nothing", (raw) => (raw.offences.offenceShare = "0"), /offenceShare is 0;/],
    ["offences that cost everything", (raw) => (raw.offences.offenceShare = "1"), /offenceShare is 1;/],
    ["idling that costs nothing", (raw) => (raw.offences.idleShare = "0"), /idleShare is 0;/],
    ["idling that costs too much", (raw) => (raw.offences.idleShare = "0.011"), /idleShare is 0\.011;/],
    [
      "a bounty that makes offences pay",
      (raw) => (raw.offences.bountyShare = "0.26"),
      /bountyShare is 0\.26;/,
    ],
    [
      "an expulsion for no epoch",
      (raw) => (raw.offences.expulsionEpochs = 0),
      /expulsionEpochs is 0; .* 1 and 10000/,
    ],
    ["an expulsion for good", (raw) => (raw.offences.expulsionEpochs = 10_001), /expulsionEpochs is 10001/],
    [
      "validators that are never idle",
      (raw) => (raw.offences.maxMissed = 5),
      /maxMissed is 5; it must be below the 5 rounds/,
    ],
    [
      "a round without a second attempt",
      (raw) => (raw.clock.attemptLength = "4s"),
      /attemptLength is 4 s; .* half a round, 3 s/,
    ],
    ["no attempts", (raw) => (raw.clock.attemptLength = "0s"), /attemptLength is 0 s/],
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
});

describe("the contracts agree with the feasibility check on", () => {
  after(removeTemporaryFolders);

  // Past the check, as a program with a defect could do: a constructor refuses in the simulation.
  const p = localParameters();
  const vault = (change: Partial<DeployParameters["vault"]>) => ({ ...p, vault: { ...p.vault, ...change } });
  const standing = (change: Partial<DeployParameters["standing"]>) => ({
    ...p,
    standing: { ...p.standing, ...change },
  });
  const limits = (change: Partial<DeployParameters["limits"]>) => ({
    ...p,
    limits: { ...p.limits, ...change },
  });
  const poster = (change: Partial<DeployParameters["poster"]>) => ({
    ...p,
    poster: { ...p.poster, ...change },
  });
  const emission = (change: Partial<DeployParameters["emission"]>) => ({
    ...p,
    emission: { ...p.emission, ...change },
  });
  const offences = (change: Partial<DeployParameters["offences"]>) => ({
    ...p,
    offences: { ...p.offences, ...change },
  });
  const cases: [string, DeployParameters, RegExp][] = [
    ["D1", { ...p, maxStakedShare: p.maxStakedShare / 4n }, /NodeStanding_InfeasibleBudget/],
    ["D14", vault({ unbondingDelay: 360n }), /StakeVault_OutOfRange.*360.*361/],
    ["D19", vault({ moduleDelay: 400n + 259_200n }), /StakeVault_OutOfRange.*259600.*259601/],
    ["the appeal window", vault({ appealWindow: 0n }), /StakeVault_OutOfRange/],
    ["the request path", vault({ requestPath: 179n }), /RequestEscrow_WindowsTooLong.*180.*179/],
    ["the report path", vault({ reportPath: 59n }), /EpochManager_LengthOutOfRange.*30.*6.*29/],
    ["the slash cap", vault({ slashCap: 0n }), /StakeVault_OutOfRange/],
    [
      "the weight of TAO",
      vault({ collateral: { ...p.vault.collateral, taoWeight: 10n ** 24n + 1n } }),
      /StakeVault_OutOfRange/,
    ],
    [
      "destinations",
      vault({ slashDestinations: { ...p.vault.slashDestinations, compensationShare: 1n } }),
      /StakeVault_ZeroAddress/,
    ],
    ["strikes", standing({ maxStrikes: 7 }), /NodeStanding_OutOfRange/],
    ["the resource share", standing({ resourceShare: 10n ** 18n + 1n }), /NodeStanding_OutOfRange/],
    ["references", standing({ references: { worker: 1n, oracle: 1n } }), /NodeStanding_OutOfRange/],
    ["silence", { ...p, seats: { ...p.seats, haltEpochs: 1 } }, /ValidatorSet_ParameterOutOfRange/],
    ["deposits", { ...p, poke: { ...p.poke, bounty: p.poke.deposit + 1n } }, /NodeRegistry_OutOfRange/],
    ["κ", { ...p, terms: { ...p.terms, slashShare: p.terms.slashShare + 1n } }, /RequestEscrow_NotWhole/],
    ["the quality asked for", limits({ maxMargin: p.limits.maxMargin + 1n }), /RequestEscrow_NotWhole/],
    ["the least reward", limits({ minBaseReward: 10n ** 18n + 1n }), /RequestEscrow_NotWhole/],
    [
      "posters' share",
      { ...p, terms: { ...p.terms, posterShare: 10n ** 18n + 1n } },
      /RequestEscrow_OutOfRange/,
    ],
    ["posters' bounty", poster({ bounty: 10n ** 21n + 1n }), /RequestEscrow_OutOfRange/],
    ["the price of ether", poster({ masaPerEther: 10n ** 25n + 1n }), /RequestEscrow_OutOfRange/],
    ["the fees' split", { ...p, feeSplit: { validators: 10n ** 18n, emission: 1n } }, /FeePool_OutOfRange/],
    ["the treasury's share", { ...p, feeSplit: { validators: 1n, emission: 1n } }, /FeePool_OutOfRange/],
    ["the rate of emission", emission({ rate: 10n ** 17n + 1n }), /Emissions_OutOfRange/],
    [
      "the shares of emission",
      emission({ shares: { ...p.emission.shares, workers: 0n } }),
      /Emissions_SharesDoNotSumToOne.*600000000000000000/,
    ],
    ["the delay of roots", emission({ activationDelay: 59n }), /RewardDistributor_OutOfRange.*59/],
    ["what offences cost", offences({ offenceShare: 10n ** 18n }), /Offences_OutOfRange/],
    ["what idling costs", offences({ idleShare: 0n }), /Offences_OutOfRange/],
    ["who is idle", offences({ maxMissed: 5 }), /Offences_OutOfRange.*5.*4/],
    ["expulsions", offences({ expulsionEpochs: 0 }), /Offences_OutOfRange/],
    ["bounties of proofs", offences({ bountyShare: 25n * 10n ** 16n + 1n }), /Offences_OutOfRange/],
    ["attempts", { ...p, clock: { ...p.clock, attemptLength: 4n } }, /ScoreConsensus_LengthOutOfRange.*4.*3/],
    ["the fee", { ...p, feeCurve: { ...p.feeCurve, minimumFee: 0n } }, /FeeCurve_MinimumOutOfRange/],
    [
      "the guardian's term",
      { ...p, guardian: { ...p.guardian, term: 365n * 86_400n + 1n } },
      /Guardian_TermTooLong/,
    ],
  ];
  for (const [what, beyond, words] of cases) {
    it(what, async () => {
      const { run, nonce } = await freshChain();
      const error = await refusal(run(beyond));
      assert.equal(error.code, "MASA-205");
      assert.match(error.message, words);
      assert.isBelow(await nonce(), TRANSACTIONS);
    });
  }
});
