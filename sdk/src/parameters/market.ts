/** Parameters of the market: requests, what they settle by, and fees. */
import { WAD } from "../math/fixed.ts";
import { count, gwei, kinds, masa, ratio, account, seconds, UINT } from "./define.ts";
import type { ParameterSet } from "./types.ts";

const UNIT = 10n ** 9n;
/** Terms are kept as fine as sub-scores are. */
const stepped = "a multiple of 0.000000001";
const sumsToOne = `${stepped}; the four weights sum to 1`;
const windows = "the two longest windows fit vault.requestPath";

const TERMS: ParameterSet = {
  group: "escrow.terms",
  contract: "escrow",
  setter: "setMarketTerms",
  classId: 1,
  effect: "for requests submitted from then on",
  read: async ({ escrow }) => escrow.marketTermsOf(await escrow.currentTerms()),
  parameters: [
    ratio("escrow.tau", "qualityThreshold", {
      meaning: "τ: least quality of an answer that is not slashed",
      bounds: [1n, WAD - 1n],
      rule: `${stepped}; τ + escrow.maxMargin < 1`,
      readBy: "settlement",
      default: "terms.qualityThreshold",
    }),
    ratio("escrow.kappa", "slashShare", {
      meaning: "κ: share of the base reward that an answer below τ loses of its worker's stake",
      bounds: [1n, WAD - 1n],
      rule: stepped,
      readBy: "commitments, settlement",
      default: "terms.slashShare",
    }),
    ratio("escrow.attributionShare", "attributionShare", {
      meaning: "share of a reward for the data it cites; 0 until there is a registry of data",
      bounds: [0n, 0n],
      readBy: "nobody yet",
      default: null,
    }),
    ratio("escrow.weightRelevance", "weightRelevance", {
      meaning: "α of the quality score: relevance",
      rule: sumsToOne,
      readBy: "settlement, keepers",
      default: "terms.weights.relevance",
    }),
    ratio("escrow.weightCoherence", "weightCoherence", {
      meaning: "β of the quality score: coherence",
      rule: sumsToOne,
      readBy: "settlement, keepers",
      default: "terms.weights.coherence",
    }),
    ratio("escrow.weightFactual", "weightFactual", {
      meaning: "γ of the quality score: agreement with the evidence",
      bounds: [0n, WAD - 1n],
      rule: sumsToOne,
      readBy: "settlement, keepers",
      default: "terms.weights.factual",
    }),
    ratio("escrow.weightResponseTime", "weightResponseTime", {
      meaning: "δ of the quality score: response time",
      rule: sumsToOne,
      readBy: "settlement, keepers",
      default: "terms.weights.responseTime",
    }),
    ratio("escrow.posterShare", "posterShare", {
      meaning: "most of the fees a report settles that its poster is paid",
      rule: stepped,
      readBy: "settlement",
      default: "terms.posterShare",
    }),
  ],
};

const LIMITS: ParameterSet = {
  group: "escrow.limits",
  contract: "escrow",
  setter: "setRequestLimits",
  classId: 0,
  effect: "for requests submitted from then on",
  read: ({ escrow }) => escrow.requestLimits(),
  parameters: [
    masa("escrow.minBaseReward", "minBaseReward", {
      meaning: "least R_base of a request",
      bounds: [UNIT, UINT(48) * UNIT],
      rule: "a whole multiple of 0.000000001 MASA",
      readBy: "submit",
      default: "limits.minBaseReward",
    }),
    seconds("escrow.minResponseWindow", "minResponseWindow", {
      meaning: "shortest time for answers",
      bounds: [1n, UINT(16)],
      rule: "not above escrow.maxResponseWindow",
      readBy: "submit",
      default: "limits.minResponseWindow",
    }),
    seconds("escrow.maxResponseWindow", "maxResponseWindow", {
      meaning: "longest time for answers",
      bounds: [1n, UINT(24)],
      rule: windows,
      readBy: "submit",
      default: "limits.maxResponseWindow",
    }),
    seconds("escrow.minScoringWindow", "minScoringWindow", {
      meaning: "shortest time for scores",
      bounds: [1n, UINT(16)],
      rule: "not above escrow.maxScoringWindow",
      readBy: "submit",
      default: "limits.minScoringWindow",
    }),
    seconds("escrow.maxScoringWindow", "maxScoringWindow", {
      meaning: "longest time for scores",
      bounds: [1n, UINT(20)],
      rule: windows,
      readBy: "submit",
      default: "limits.maxScoringWindow",
    }),
    count("escrow.maxResponses", "maxResponses", {
      meaning: "most workers that may answer one request",
      bounds: [1n, 16n],
      readBy: "submit",
      default: "limits.maxResponses",
    }),
    ratio("escrow.maxMargin", "maxMargin", {
      meaning: "how far above τ an asker may set its least quality",
      bounds: [0n, WAD - 1n],
      rule: "a multiple of 0.0001; τ + escrow.maxMargin < 1",
      readBy: "submit",
      default: "limits.maxMargin",
    }),
  ],
};

const KINDS: ParameterSet = {
  group: "escrow.kinds",
  contract: "escrow",
  setter: "setRequestKinds",
  classId: 0,
  effect: "at once; open requests stay what they are",
  read: async ({ escrow }) => {
    const [open, data] = await escrow.requestKinds();
    return { open, data };
  },
  parameters: [
    kinds("escrow.openKinds", "open", {
      meaning: "kinds of requests that can be submitted",
      readBy: "submit",
      default: null,
    }),
    kinds("escrow.dataKinds", "data", {
      meaning: "kinds that count as data work, the others as work of language models",
      readBy: "epoch reports",
      default: null,
    }),
  ],
};

const POSTER: ParameterSet = {
  group: "escrow.poster",
  contract: "escrow",
  setter: "setPosterTerms",
  classId: 0,
  effect: "for reports posted from then on",
  read: ({ escrow }) => escrow.posterTerms(),
  parameters: [
    masa("escrow.posterBounty", "bounty", {
      meaning: "paid for a report beside its gas",
      bounds: [0n, 1_000n * WAD],
      readBy: "settlement",
      default: "poster.bounty",
    }),
    masa("escrow.masaPerEther", "masaPerEther", {
      meaning: "what one ether of gas is worth",
      bounds: [0n, 10_000_000n * WAD],
      readBy: "settlement",
      default: "poster.masaPerEther",
    }),
    gwei("escrow.maxGasPrice", "maxGasPrice", {
      meaning: "dearest price of gas that is paid back",
      readBy: "settlement",
      default: "poster.maxGasPrice",
    }),
  ],
};

const FEE_SPLIT: ParameterSet = {
  group: "feePool.split",
  contract: "feePool",
  setter: "setFeeSplit",
  classId: 1,
  effect: "for the fees that are distributed from then on",
  read: ({ feePool }) => feePool.feeSplit(),
  parameters: [
    ratio("feePool.validators", "validators", {
      meaning: "share of the fees for validators",
      rule: "with feePool.emission between 0.5 and 1; the rest goes to the treasury",
      readBy: "distribute",
      default: "feeSplit.validators",
    }),
    ratio("feePool.emission", "emission", {
      meaning: "share of the fees for the pool of emissions",
      rule: "with feePool.validators between 0.5 and 1",
      readBy: "distribute",
      default: "feeSplit.emission",
    }),
  ],
};

const RECIPIENTS: ParameterSet = {
  group: "feePool.recipients",
  contract: "feePool",
  setter: "setRecipients",
  classId: 2,
  effect: "for the fees that are distributed from then on",
  read: ({ feePool }) => feePool.recipients(),
  parameters: [
    account("feePool.distributor", "distributor", {
      meaning: "contract that takes the validators' share",
      readBy: "distribute",
      default: null,
    }),
    account("feePool.emissions", "emissions", {
      meaning: "contract that takes the emission's share",
      readBy: "distribute",
      default: null,
    }),
    account("feePool.treasury", "treasury", {
      meaning: "who takes what is left",
      readBy: "distribute",
      default: null,
    }),
  ],
};

export const MARKET_SETS: readonly ParameterSet[] = [TERMS, LIMITS, KINDS, POSTER, FEE_SPLIT, RECIPIENTS];
