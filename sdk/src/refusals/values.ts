/** The values of a contract's error, each formatted as what it is. */
import { decodeBytes32String, Interface } from "ethers";
import type { ErrorDescription } from "ethers";

import { amountOf, dateOf, decimalOf, durationOf, momentOf } from "../format.ts";
import { GUARDIAN_RIGHTS, PROPOSAL_STATES } from "../names.ts";
import { ROLES } from "../nodes.ts";
import { rightsOf } from "../operators.ts";
import { seatsOf } from "../frozen.ts";
import type { TokenInfo, Tokens } from "../tokens.ts";

/** What happened, without a full stop, and what to do about it, in whole sentences. */
export type Sentence = (v: Values) => readonly [what: string, advice: string];
export type Sentences = Readonly<Record<string, Sentence>>;

/** The call that failed, as far as it is known. */
export interface FailedCall {
  readonly to: string | null;
  readonly data: string;
}

/** Calls that name the token they are about, for the errors that do not. */
const TOKEN_CALLS = new Interface([
  "function stake(address token, uint256 amount)",
  "function stakeWithPermit(address token, uint256 amount, uint256 deadline, uint8 v, bytes32 r, bytes32 s)",
  "function startUnbonding(address token, uint256 amount)",
  "function cancelUnbonding(address token, uint256 id)",
  "function withdraw(address token, uint256 id, uint256 amount, address recipient)",
]);

const REQUEST_STATES = ["unknown", "open", "settled", "cancelled", "expired", "unscored"];

/** How the bounds that setters and constructors name are counted; shares (WAD) where nothing else is said. */
const KINDS: Readonly<Record<string, "masa" | "seconds" | "number" | "work">> = {
  appealWindow: "seconds",
  unbondingDelay: "seconds",
  moduleDelay: "seconds",
  activationDelay: "seconds",
  responseWindow: "seconds",
  scoringWindow: "seconds",
  minResponseWindow: "seconds",
  minScoringWindow: "seconds",
  floor: "masa",
  deposit: "masa",
  bounty: "masa",
  baseReward: "masa",
  minBaseReward: "masa",
  workerReference: "work",
  oracleReference: "work",
  maxStrikes: "number",
  maxResponses: "number",
  leastConfirmations: "number",
  minValidators: "number",
  immunityEpochs: "number",
  cooldownEpochs: "number",
  haltEpochs: "number",
  expulsionEpochs: "number",
  maxMissed: "number",
  votingDelay: "seconds",
  voteExtension: "seconds",
  directWindow: "seconds",
  expiry: "seconds",
  votingPeriod: "seconds",
  minVotingPeriod: "seconds",
  reviewInterval: "seconds",
  leastQuorum: "masa",
  minStake: "masa",
  graceMissed: "number",
  claimEpochs: "number",
};

export class Values {
  /** Names of the values that were used: a sentence that leaves one out says too little. */
  readonly used = new Set<string>();
  readonly #error: ErrorDescription;
  readonly #tokens: Tokens | null;
  readonly #call: FailedCall | null;

  constructor(error: ErrorDescription, tokens: Tokens | null, call: FailedCall | null) {
    this.#error = error;
    this.#tokens = tokens;
    this.#call = call;
  }

  #raw(name: string): unknown {
    const index = this.#error.fragment.inputs.findIndex((input) => input.name === name);
    if (index < 0) throw new TypeError(`${this.#error.name} has no value ${name}`);
    this.used.add(name);
    return this.#error.args[index] as unknown;
  }

  /** The number itself. */
  number(name: string): bigint {
    return this.#raw(name) as bigint;
  }

  /** As it is: an address, a hash, a whole number. */
  plain(name: string): string {
    return String(this.#raw(name));
  }

  masa(name: string): string {
    return `${amountOf(this.number(name), 18)} MASA`;
  }

  /** Stake units: MASA and weighted TAO. */
  stake(name: string): string {
    return `${amountOf(this.number(name), 18)} of stake`;
  }

  /** Micro-MASA. */
  weight(name: string): string {
    return `${amountOf(this.number(name), 6)} MASA of weight`;
  }

  share(name: string): string {
    return decimalOf(this.number(name));
  }

  /** On the scale 1e9 = 1. */
  score(name: string): string {
    return amountOf(this.number(name), 9);
  }

  /** In the token that the value `token` names, or the call is about. */
  amount(name: string): string {
    const units = this.number(name);
    const token = this.#token();
    return token === null ? `${units} units` : `${amountOf(units, token.decimals)} ${token.symbol}`;
  }

  /** The token that `name` is the address of. */
  token(name = "token"): string {
    const address = this.plain(name);
    const known = this.#byAddress(address);
    return known === null ? `the token ${address}` : `${known.symbol} (${address})`;
  }

  tao(name: string): string {
    const units = this.number(name);
    const tao = this.#tokens?.tao ?? null;
    return tao === null ? `${units} units of TAO` : `${amountOf(units, tao.decimals)} TAO`;
  }

  duration(name: string): string {
    return durationOf(this.number(name));
  }

  date(name: string): string {
    return dateOf(this.number(name));
  }

  /** A time, and how far it is from the block's. */
  moment(name: string, now = "now_"): string {
    return momentOf(this.number(name), this.number(now));
  }

  role(name: string): string {
    return ROLES[Number(this.number(name))] ?? this.plain(name);
  }

  /** Rights of operator keys. */
  rights(name: string): string {
    return rightsOf(this.number(name)).join(", ") || this.plain(name);
  }

  guardianRight(name: string): string {
    return GUARDIAN_RIGHTS[Number(this.number(name))] ?? this.plain(name);
  }

  proposalState(name: string): string {
    return PROPOSAL_STATES[Number(this.number(name))] ?? this.plain(name);
  }

  /** A set of states: bit i stands for state i; none: it must not exist yet. */
  proposalStates(name: string): string {
    const mask = BigInt(this.plain(name));
    const found = PROPOSAL_STATES.filter((_, state) => (mask >> BigInt(state)) & 1n);
    return found.length === 0 ? "new" : found.join(" or ");
  }

  requestState(name: string): string {
    return REQUEST_STATES[Number(this.number(name))] ?? this.plain(name);
  }

  seats(name: string): string {
    return seatsOf(this.number(name)).join(", ");
  }

  /** A bytes32 that holds a word. */
  word(name: string): string {
    try {
      return decodeBytes32String(this.plain(name));
    } catch {
      return this.plain(name);
    }
  }

  /** A value that a bound, named by the value `name`, is about. */
  bounded(value: string): string {
    const number = this.number(value);
    switch (KINDS[this.word("name")]) {
      case "masa":
        return `${amountOf(number, 18)} MASA`;
      case "work":
        return `${amountOf(number, 9)} MASA`;
      case "seconds":
        return durationOf(number);
      case "number":
        return String(number);
      default:
        return decimalOf(number);
    }
  }

  #token(): TokenInfo | null {
    if (this.#error.fragment.inputs.some((input) => input.name === "token")) {
      return this.#byAddress(this.plain("token"));
    }
    if (this.#call !== null) {
      const call = TOKEN_CALLS.parseTransaction({ data: this.#call.data });
      if (call !== null) return this.#byAddress(String(call.args[0]));
      const target = this.#call.to === null ? null : this.#byAddress(this.#call.to);
      if (target !== null) return target;
    }
    // Everything else that moves tokens moves MASA.
    return { symbol: "MASA", address: "", decimals: 18 };
  }

  #byAddress(address: string): TokenInfo | null {
    const { masa = null, tao = null } = this.#tokens ?? {};
    return [masa, tao].find((token) => token?.address.toLowerCase() === address.toLowerCase()) ?? null;
  }
}
