/** Reads a parameter file: units become wei, WAD and seconds; what cannot work is refused before anything is sent. */
import { readFileSync } from "node:fs";

import { getAddress, id, parseUnits } from "ethers";
import JSON5 from "json5";
import { z } from "zod";

import { MasaError } from "../sdk/src/errors.ts";
import { infeasibilities } from "./feasibility.ts";

const SECONDS = { s: 1, m: 60, h: 3_600, d: 86_400 } as const;

function refuse(context: z.RefinementCtx, message: string): never {
  context.addIssue({ code: "custom", message });
  return z.NEVER;
}

/** A decimal string with up to 18 places, as a bigint with 18 decimals. */
function decimal(what: string) {
  return z
    .string({ error: `write ${what} as a decimal string, such as "0.6"` })
    .transform((text, context) =>
      /^\d+(\.\d{1,18})?$/.test(text)
        ? parseUnits(text, 18)
        : refuse(context, `"${text}" is no decimal number of at most 18 places`),
    );
}

const ratioWad = decimal("a ratio");
const masaWei = decimal("an amount of MASA");

/** A price of gas, in gwei as written, in wei as read. */
const gwei = z
  .string({ error: 'write a price of gas in gwei as a decimal string, such as "0.5"' })
  .transform((text, context) =>
    /^\d+(\.\d{1,9})?$/.test(text)
      ? parseUnits(text, "gwei")
      : refuse(context, `"${text}" is no decimal number of at most 9 places`),
  );

const seconds = z
  .union([z.string(), z.int().nonnegative()], { error: 'write a duration as "30s", "5m", "6h" or "14d"' })
  .transform((value, context) => {
    if (typeof value === "number") return BigInt(value);
    const match = /^(\d+)([smhd])$/.exec(value);
    if (match === null) return refuse(context, `"${value}" is no duration; write "30s", "5m", "6h" or "14d"`);
    return BigInt(match[1] ?? "") * BigInt(SECONDS[match[2] as keyof typeof SECONDS]);
  });

const address = z.string().transform((text, context) => {
  try {
    return getAddress(text);
  } catch {
    return refuse(context, `"${text}" is no address, or its checksum is wrong`);
  }
});

const whole = z.int().nonnegative();

const role = z.strictObject({
  budgetShare: ratioWad,
  lambda: ratioWad,
  maxExponent: ratioWad,
  target: whole,
  floor: masaWei,
});

/** A class of proposals. */
const proposalClass = z.strictObject({
  quorum: ratioWad,
  maxQuorum: ratioWad,
  dynamicQuorum: z.boolean(),
  threshold: ratioWad,
  votingPeriod: seconds,
  reviewInterval: seconds,
  weight: ratioWad,
  minStake: masaWei,
});

const governance = z.strictObject({
  votingDelay: seconds,
  directWindow: seconds,
  voteExtension: seconds,
  expiry: seconds,
  leastQuorum: masaWei,
  minVotingPeriod: seconds,
  classes: z.strictObject({
    routine: proposalClass,
    economic: proposalClass,
    rights: proposalClass,
    constitutional: proposalClass,
  }),
});

const reputation = z.strictObject({
  delegatedRate: ratioWad,
  base: ratioWad,
  voteGain: ratioWad,
  reasonGain: ratioWad,
  proposalGain: ratioWad,
  decay: ratioWad,
  maxDiscount: ratioWad,
  inactivityCut: ratioWad,
  activityFloor: ratioWad,
  activityStep: ratioWad,
  maxPotShare: ratioWad,
  proposerShare: ratioWad,
  maxPerWeight: ratioWad,
  maxPerProposal: masaWei,
  graceMissed: whole,
  claimEpochs: whole,
});

const schema = z.strictObject({
  name: z.string().regex(/^[a-z][a-z0-9-]*$/, "a lower-case word"),
  /** The one chain these parameters are for; null fits any. */
  chainId: z.int().positive().nullable(),
  tokens: z.strictObject({
    masa: address.nullable(),
    tao: address.nullable(),
    genesisSupply: masaWei,
    genesisHolder: address.nullable(),
  }),
  timelock: z.strictObject({ minDelay: seconds, council: z.array(address).min(1).nullable() }),
  governance,
  reputation,
  clock: z.strictObject({ epochLength: seconds, roundLength: seconds, attemptLength: seconds }),
  roll: z.strictObject({ bounty: masaWei, funding: masaWei }),
  vault: z.strictObject({
    requestPath: seconds,
    reportPath: seconds,
    evidenceWindow: seconds,
    appealWindow: seconds,
    unbondingDelay: seconds,
    moduleDelay: seconds,
    slashCap: ratioWad,
    collateral: z.strictObject({ taoWeight: masaWei, taoMaxShare: ratioWad }),
    slashDestinations: z.strictObject({
      treasury: address.nullable(),
      compensation: address.nullable(),
      compensationShare: ratioWad,
      burnShare: ratioWad,
    }),
  }),
  guardian: z.strictObject({ holder: address.nullable(), term: seconds }),
  poke: z.strictObject({ deposit: masaWei, bounty: masaWei }),
  maxStakedShare: ratioWad,
  roles: z.strictObject({ validator: role, worker: role, oracle: role }),
  standing: z.strictObject({
    decayPerEpoch: ratioWad,
    tolerance: ratioWad,
    baseStep: ratioWad,
    meanStep: ratioWad,
    supplyStep: ratioWad,
    weightThroughput: ratioWad,
    targetThroughput: whole,
    resourceShare: ratioWad,
    graceCooldown: whole,
    maxStrikes: whole,
    strikeSize: masaWei,
    references: z.strictObject({ worker: masaWei, oracle: masaWei }),
  }),
  seats: z.strictObject({
    leastConfirmations: whole,
    minValidators: whole,
    immunityEpochs: whole,
    cooldownEpochs: whole,
    haltEpochs: whole,
    maxSeatShare: ratioWad,
    weights: z.strictObject({ consensus: ratioWad, data: ratioWad, llm: ratioWad }),
  }),
  offences: z.strictObject({
    offenceShare: ratioWad,
    idleShare: ratioWad,
    bountyShare: ratioWad,
    expulsionEpochs: whole,
    maxMissed: whole,
  }),
  terms: z.strictObject({
    qualityThreshold: ratioWad,
    slashShare: ratioWad,
    posterShare: ratioWad,
    weights: z.strictObject({
      relevance: ratioWad,
      coherence: ratioWad,
      factual: ratioWad,
      responseTime: ratioWad,
    }),
  }),
  feeCurve: z.strictObject({
    baseRate: ratioWad,
    maxRate: ratioWad,
    referenceConsumption: masaWei,
    minimumFee: masaWei,
  }),
  limits: z.strictObject({
    minBaseReward: masaWei,
    minResponseWindow: seconds,
    maxResponseWindow: seconds,
    minScoringWindow: seconds,
    maxScoringWindow: seconds,
    maxResponses: whole,
    maxMargin: ratioWad,
  }),
  poster: z.strictObject({ bounty: masaWei, masaPerEther: masaWei, maxGasPrice: gwei }),
  feeSplit: z.strictObject({ validators: ratioWad, emission: ratioWad }),
  emission: z.strictObject({
    rate: ratioWad,
    shares: z.strictObject({
      validators: ratioWad,
      workers: ratioWad,
      dataContributors: ratioWad,
      governanceParticipants: ratioWad,
    }),
    funding: masaWei,
    activationDelay: seconds,
  }),
});

/** Amounts in wei, ratios in WAD, durations in seconds. */
export type DeployParameters = z.output<typeof schema>;

/** A parameter file as it is written: for programs that change a value of a file before they deploy. */
export type RawParameters = z.input<typeof schema>;

function refuseParameters(source: string, reasons: readonly string[]): never {
  const list = reasons.map((reason, index) => `\n  ${index + 1}. ${reason}`).join("");
  throw new MasaError("MASA-201", `${source} is refused:${list}`);
}

/** Checks parameters in their written form. Throws MASA-201 with every reason, in the words of the file. */
export function parseParameters(raw: unknown, source: string): DeployParameters {
  const parsed = schema.safeParse(raw);
  if (!parsed.success) {
    refuseParameters(
      source,
      parsed.error.issues.map((issue) => `${issue.path.join(".") || "the file"}: ${issue.message}`),
    );
  }
  const reasons = infeasibilities(parsed.data);
  if (reasons.length > 0) refuseParameters(source, reasons);
  return parsed.data;
}

/** The content of a parameter file, not yet checked. Throws MASA-101 or MASA-201. */
export function readRawParameters(path: string): unknown {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (cause) {
    throw new MasaError("MASA-101", `cannot read the parameters ${path}`, { cause });
  }
  try {
    return JSON5.parse(text);
  } catch (cause) {
    throw new MasaError("MASA-201", `${path} is not JSON5: ${(cause as Error).message}`, { cause });
  }
}

export function loadParameters(path: string): DeployParameters {
  return parseParameters(readRawParameters(path), path);
}

/** keccak256 over the parameters with their units resolved: how they are written does not matter. */
export function hashParameters(parameters: DeployParameters): string {
  return id(
    JSON.stringify(parameters, (_key, value: unknown) => (typeof value === "bigint" ? `${value}` : value)),
  );
}
