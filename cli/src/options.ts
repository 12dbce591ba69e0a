/** Options that several commands share, and how their values are read. */
import { readFileSync } from "node:fs";

import { InvalidArgumentError, Option } from "commander";
import { getAddress, parseUnits, Wallet } from "ethers";
import { pino } from "pino";
import type { Logger } from "pino";
import { z } from "zod";

import { MasaError, RIGHT_NAMES } from "#sdk";
import type { Right } from "#sdk";

export interface NetworkOptions {
  readonly rpc: string;
  readonly manifest: string;
}

export interface KeyOptions {
  readonly keystore?: string;
}

export interface ServeOptions {
  readonly host: string;
  readonly port: number;
  readonly state: string;
  readonly allowPrivateHosts: boolean;
  readonly poll: number;
  readonly logLevel: string;
}

export const networkOptions = (): Option[] => [
  new Option("--rpc <url>", "JSON-RPC server of the chain")
    .env("MASA_RPC_URL")
    .default("http://127.0.0.1:8545"),
  new Option("--manifest <file>", "the deployment's manifest")
    .env("MASA_MANIFEST")
    .default("manifests/local.json"),
];

export const keyOption = (): Option =>
  new Option(
    "--keystore <file>",
    "encrypted JSON wallet; its password is read from MASA_KEYSTORE_PASSWORD",
  ).env("MASA_KEYSTORE");

export const serveOptions = (state: string): Option[] => [
  new Option("--host <address>", "address to listen on").default("127.0.0.1"),
  new Option("--port <number>", "port to listen on, 0 for any").default(0).argParser(wholeNumber(0, 65_535)),
  new Option("--state <file>", "SQLite file of the node's state").default(state),
  new Option("--allow-private-hosts", "fetch from private addresses too; for local networks only").default(
    false,
  ),
  new Option("--poll <ms>", "milliseconds between looks at the chain")
    .default(2_000)
    .argParser(wholeNumber(50, 600_000)),
  new Option("--log-level <level>", "lowest level that is logged")
    .choices(["debug", "info", "warn", "error", "silent"])
    .default("info"),
];

/** A parser of whole numbers within bounds. */
export function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^[0-9]+$/.test(text) || value < least || value > most) {
      throw new InvalidArgumentError(`not a whole number from ${least} to ${most}`);
    }
    return value;
  };
}

/** An amount of MASA such as 12.5, in wei. */
export function masaAmount(text: string): bigint {
  if (!/^[0-9]+(\.[0-9]{1,18})?$/.test(text)) {
    throw new InvalidArgumentError("not an amount of MASA with at most 18 decimals, such as 12.5");
  }
  return parseUnits(text, 18);
}

/** A share such as 0.65, WAD. */
export function ratio(text: string): bigint {
  if (!/^(0(\.[0-9]{1,18})?|1(\.0{1,18})?)$/.test(text))
    throw new InvalidArgumentError("not a number from 0 to 1");
  return parseUnits(text, 18);
}

export function address(text: string): string {
  try {
    return getAddress(text);
  } catch {
    throw new InvalidArgumentError("not an address");
  }
}

/** Addresses between commas. */
export const addressList = (text: string): string[] => wordList(text).map(address);

/** Words between commas. */
export function wordList(text: string): string[] {
  const words = text.split(",").map((word) => word.trim());
  if (words.some((word) => word === ""))
    throw new InvalidArgumentError("not a list of words with commas between");
  return words;
}

/** Rights between commas, such as sign,serve. */
export function rightList(text: string): Right[] {
  return wordList(text).map((word) => {
    const found = RIGHT_NAMES.find((name) => name === word);
    if (found === undefined) throw new InvalidArgumentError(`"${word}" is none of ${RIGHT_NAMES.join(", ")}`);
    return found;
  });
}

/**
 * The private key of MASA_KEY or of the keystore. Throws MASA-104 without either, MASA-101 and MASA-106 where one cannot be
 * used. The key never appears in a message.
 */
export async function readKey(options: KeyOptions): Promise<string> {
  const key = await keyFrom("MASA_KEY", options.keystore, "MASA_KEYSTORE_PASSWORD");
  if (key === null) throw new MasaError("MASA-104");
  return key;
}

/** As {@link readKey}, from other names; null where there is neither. */
export async function keyFrom(
  variable: string,
  keystore: string | undefined,
  passwordVariable: string,
): Promise<string | null> {
  const plain = process.env[variable];
  if (plain !== undefined && plain !== "") {
    if (!/^(0x)?[0-9a-fA-F]{64}$/.test(plain))
      throw new MasaError("MASA-106", `${variable} is not 32 bytes of hex`);
    return plain.startsWith("0x") ? plain : `0x${plain}`;
  }
  if (keystore === undefined) return null;
  const password = process.env[passwordVariable];
  if (password === undefined) throw new MasaError("MASA-104", `${passwordVariable} is not set`);
  const text = readTextFile(keystore);
  try {
    return (await Wallet.fromEncryptedJson(text, password)).privateKey;
  } catch (cause) {
    throw new MasaError("MASA-106", `${keystore} does not open with this password`, { cause });
  }
}

/** Throws MASA-101. */
export function readTextFile(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    throw new MasaError("MASA-101", `cannot read ${path}: ${(cause as Error).message}`, { cause });
  }
}

/** A JSON file of a given shape. Throws MASA-101, or MASA-102 with what is wrong where. */
export function readJsonFile<T>(path: string, schema: z.ZodType<T>): T {
  const text = readTextFile(path);
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new MasaError("MASA-102", `${path} is not JSON: ${(cause as Error).message}`, { cause });
  }
  const parsed = schema.safeParse(json);
  if (!parsed.success) throw new MasaError("MASA-102", `${path}: ${z.prettifyError(parsed.error)}`);
  return parsed.data;
}

/** What every node that serves takes from its command's options. */
export async function nodeOptions(options: NetworkOptions & KeyOptions & ServeOptions) {
  return {
    rpcUrl: options.rpc,
    manifestPath: options.manifest,
    privateKey: await readKey(options),
    statePath: options.state,
    host: options.host,
    port: options.port,
    allowPrivateHosts: options.allowPrivateHosts,
    pollMs: options.poll,
    log: makeLogger(options.logLevel),
  };
}

/** JSON lines on standard error: standard output stays for results. */
export const makeLogger = (level: string): Logger =>
  pino({ level, base: null }, pino.destination({ fd: 2, sync: true }));

/** Aborts on SIGINT and SIGTERM, and where a supervisor started the process, when that dies. */
export function untilStopped(): AbortSignal {
  const controller = new AbortController();
  process.once("disconnect", () => controller.abort());
  // Listening to the channel must not keep a process up that has done its work.
  process.channel?.unref();
  for (const name of ["SIGINT", "SIGTERM"] as const) process.once(name, () => controller.abort());
  return controller.signal;
}
