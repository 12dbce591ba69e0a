/** The catalogue of errors a person can meet, each with a number and with what to do about it. */

interface CatalogueEntry {
  readonly summary: string;
  readonly advice: string;
  /** Whether the same call may go through later without anybody changing anything. */
  readonly retryable?: true;
}

/**
 * 1xx what the user gave (flags, files, environment, keys) · 2xx deployment · 3xx the chain and its RPC ·
 * 4xx worker and oracle nodes · 5xx keepers · 6xx the local network of `npm start` · 7xx governance.
 */
export const ERROR_CATALOGUE = {
  "MASA-101": { summary: "unreadable file", advice: "Check the path and its permissions." },
  "MASA-102": {
    summary: "malformed file",
    advice: "Correct the file as the message says; nothing was changed.",
  },
  "MASA-103": { summary: "invalid option", advice: "Run the command with --help to see what it takes." },
  "MASA-104": {
    summary: "no key",
    advice:
      "Set MASA_KEY to a private key, or give --keystore FILE (an encrypted JSON wallet) with its password in MASA_KEYSTORE_PASSWORD.",
  },
  "MASA-105": { summary: "contracts are not compiled", advice: "Run `npm run build` once, then try again." },
  "MASA-106": { summary: "invalid key", advice: "Check MASA_KEY or the keystore and its password." },
  "MASA-107": {
    summary: "no usable documents",
    advice: "Give a folder that holds .md or .txt files with text in them.",
  },
  "MASA-108": {
    summary: "state database cannot be opened",
    advice: "Check the path given with --state, that no other process uses it, and free disk space.",
  },
  "MASA-109": {
    summary: "no such parameter",
    advice: "See docs/parameters.md for the names of all parameters.",
  },
  "MASA-110": {
    summary: "invalid value of a parameter",
    advice: "See docs/parameters.md for its unit and its bounds.",
  },
  "MASA-201": {
    summary: "invalid deployment parameters",
    advice: "Correct the parameter file as the message says; nothing was sent.",
  },
  "MASA-202": {
    summary: "no parameters for this chain",
    advice: "Give --params FILE with parameters made for this chain, or another --network; nothing was sent.",
  },
  "MASA-203": {
    summary: "unusable token",
    advice: "Correct the token address in the parameter file; nothing was sent.",
  },
  "MASA-204": {
    summary: "the deployment journal does not belong to this chain",
    advice:
      "If you restarted a local chain, repeat the command with --reset; on any other chain check the RPC server, or give another --deployment-id.",
  },
  "MASA-205": {
    summary: "the deployment was interrupted",
    advice: "What succeeded is kept: remove the cause and repeat the same command to resume.",
    retryable: true,
  },
  "MASA-206": {
    summary: "parameters or contracts differ from those this deployment began with",
    advice:
      "Change values of a live deployment through governance; for a second deployment give another --deployment-id.",
  },
  "MASA-207": {
    summary: "the deployment is not as it should be",
    advice: "Do not use it: keep its journal and find out who sent what before you deploy again.",
  },
  "MASA-208": {
    summary: "no account to deploy with",
    advice:
      "Store a key with `npx hardhat keystore set MASA_DEPLOYER_KEY`, or choose a network that has accounts.",
  },
  "MASA-209": {
    summary: "--reset refused",
    advice:
      "Only a local chain (id 31337) can be reset; give another --deployment-id for a second deployment.",
  },
  "MASA-301": {
    summary: "the RPC server does not answer",
    advice: "Check --rpc and that the server is up; nothing was lost, the command can be repeated.",
    retryable: true,
  },
  "MASA-302": {
    summary: "wrong chain",
    advice:
      "The RPC server serves another chain than the manifest was written for: change --rpc or --manifest.",
  },
  "MASA-303": {
    summary: "the account cannot pay for gas",
    advice: "Send the account some of the chain's native coin, then repeat the command.",
  },
  "MASA-304": {
    summary: "the contract refused the call",
    advice: "Act on the reason given, then repeat the command.",
  },
  "MASA-305": {
    summary: "no contract at an address of the manifest",
    advice:
      "The manifest belongs to another deployment of this chain: deploy again, or use the right manifest.",
  },
  "MASA-306": {
    summary: "transaction not confirmed in time",
    advice: "It may still be mined: check the account's nonce before sending again.",
    retryable: true,
  },
  "MASA-307": {
    summary: "the transaction ran out of gas",
    advice: "The chain moved on between estimate and mining; it is sent again with a fresh estimate.",
    retryable: true,
  },
  "MASA-308": {
    summary: "another transaction of the account came first",
    advice:
      "Another process sends from the same account: repeat the command, and give each node its own key.",
    retryable: true,
  },
  "MASA-309": {
    summary: "the token knows no permits",
    advice: "Leave --permit out: the amount is approved in a transaction of its own.",
  },
  "MASA-401": {
    summary: "the language model server failed",
    advice: "Check --llm, --model and MASA_LLM_API_KEY, and that the server is OpenAI-compatible.",
    retryable: true,
  },
  "MASA-402": {
    summary: "cannot listen for HTTP requests",
    advice: "Choose a free --port, or stop what uses it.",
  },
  "MASA-403": {
    summary: "the account is no eligible node of the role",
    advice: "Stake the requirement and register: see `masa status` and `masa register --help`.",
  },
  "MASA-404": {
    summary: "no answer in time",
    advice: "The request was refunded; ask again, with a longer window or a higher reward.",
  },
  "MASA-501": {
    summary: "payload not available",
    advice: "The peer did not serve it; the keeper tries again until the scoring deadline nears.",
    retryable: true,
  },
  "MASA-502": {
    summary: "payload does not match its hash or commitment",
    advice: "The peer served something else than it committed to; it is treated as not served.",
  },
  "MASA-503": {
    summary: "report refused",
    advice: "The proposed report does not follow from the signed vectors; it was not signed.",
  },
  "MASA-504": {
    summary: "unauthorised peer",
    advice: "The request is not signed by the hot key of a seated validator.",
  },
  "MASA-505": {
    summary: "malformed message from a peer",
    advice: "Check that both sides run the same version.",
  },
  "MASA-506": {
    summary: "address not allowed",
    advice:
      "The endpoint points into a private network; allow it with --allow-private-hosts on a local network only.",
  },
  "MASA-601": {
    summary: "the local network did not come up",
    advice: "See the log lines above; free some memory and run it again.",
  },
  "MASA-602": { summary: "the run ended without its result", advice: "See the failed checks above." },
  "MASA-701": {
    summary: "no such proposal",
    advice:
      "See `masa proposals` for those there are; the first digits of a number are enough if they are one's alone.",
  },
  "MASA-702": {
    summary: "the proposal would fail when it is executed",
    advice: "Correct its calls: they were run on a copy of the chain as it is now; nothing was submitted.",
  },
  "MASA-703": {
    summary: "the proposal is in another state",
    advice: "See `masa proposal ID` for what can be done with it, and when.",
  },
  "MASA-704": {
    summary: "nothing to hand over",
    advice: "See `masa roles` for who holds what.",
  },
} as const satisfies Record<string, CatalogueEntry>;

export type MasaErrorCode = keyof typeof ERROR_CATALOGUE;

export interface MasaErrorOptions {
  readonly cause?: unknown;
  /** In the place of the catalogue's. */
  readonly advice?: string | undefined;
  readonly refusal?: string;
}

/** An error with a number, a message for people and advice. `cause` keeps what was caught. */
export class MasaError extends Error {
  readonly code: MasaErrorCode;
  /** What to do about it. */
  readonly advice: string;
  /** Name of the contract's typed error, where a contract refused. */
  readonly refusal: string | null;

  constructor(code: MasaErrorCode, message?: string, options: MasaErrorOptions = {}) {
    super(
      message ?? ERROR_CATALOGUE[code].summary,
      "cause" in options ? { cause: options.cause } : undefined,
    );
    this.name = "MasaError";
    this.code = code;
    this.advice = options.advice ?? ERROR_CATALOGUE[code].advice;
    this.refusal = options.refusal ?? null;
  }

  /** Whether the same call may go through later without anybody changing anything. */
  get retryable(): boolean {
    return "retryable" in ERROR_CATALOGUE[this.code];
  }

  /** What a command prints: number, what happened, what to do. */
  override toString(): string {
    return `${this.code} ${ERROR_CATALOGUE[this.code].summary}: ${this.message}\n  ${this.advice}`;
  }
}
