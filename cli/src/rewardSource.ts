/** Where reward tables, proofs and archives come from: keepers, asked in turn, or a folder of files. Nothing is believed. */
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

import { Option } from "commander";

import { endpointOf, guardedFetch, MasaError, ROLES } from "#sdk";
import type { Connection } from "#sdk";

import { readTextFile } from "./options.ts";

export interface SourceOptions {
  readonly keeper?: string;
  readonly from?: string;
  readonly allowPrivateHosts: boolean;
}

export const sourceOptions = (): Option[] => [
  new Option("--keeper <url>", "keeper to ask; without it those that the registry names are asked in turn"),
  new Option("--from <folder>", "reads files that --save wrote instead of asking a keeper"),
  new Option("--allow-private-hosts", "ask private addresses too; for local networks only").default(false),
];

/** Reads a page and makes something of it, from the first that serves one that holds. Throws MASA-501 where none does. */
export type Source = <T>(path: string, maxBytes: number, read: (text: string) => T) => Promise<T>;

/** Milliseconds for a keeper to answer. */
const TIMEOUT_MS = 30_000;
/** Validators read from the chain: a set and its waitlist. */
const MOST_VALIDATORS = 200;

const fileOf = (folder: string, path: string): string => join(folder, `${path.slice(1)}.json`);

async function endpoints({ contracts }: Connection): Promise<string[]> {
  const { page } = await contracts.lens.nodesOf(ROLES.indexOf("validator"), 0, MOST_VALIDATORS);
  return page.flatMap(({ metadata }) => endpointOf(metadata) ?? []);
}

/** @param save Folder that keeps what held; none: nothing is kept. */
export function openSource(connection: Connection, options: SourceOptions, save?: string): Source {
  if (options.from !== undefined) {
    const folder = options.from;
    return async (path, _maxBytes, read) => {
      const file = fileOf(folder, path);
      if (!existsSync(file)) throw new MasaError("MASA-101", `${file} is missing`);
      return Promise.resolve(read(readTextFile(file)));
    };
  }
  let known: readonly string[] | null = options.keeper === undefined ? null : [options.keeper];
  return async (path, maxBytes, read) => {
    known ??= await endpoints(connection);
    const faults: string[] = [];
    for (const endpoint of known) {
      try {
        const { status, text } = await guardedFetch(`${endpoint.replace(/\/$/, "")}${path}`, {
          maxBytes,
          timeoutMs: TIMEOUT_MS,
          allowPrivateHosts: options.allowPrivateHosts,
        });
        if (status !== 200) throw new MasaError("MASA-501", `it answered ${status}: ${text.slice(0, 200)}`);
        const found = read(text);
        if (save !== undefined) {
          mkdirSync(dirname(fileOf(save, path)), { recursive: true });
          writeFileSync(fileOf(save, path), text);
        }
        return found;
      } catch (error) {
        faults.push(`${endpoint}: ${(error as Error).message}`);
      }
    }
    throw new MasaError("MASA-501", `no keeper serves ${path}: ${faults.join("; ") || "none is known"}`, {
      advice: "Name a keeper that does with --keeper URL, or a folder of files with --from.",
    });
  };
}
