/** What the tests of the formulas share: the deployed harness, the vectors, batches and exact comparisons. */
import { readFileSync } from "node:fs";

import hre from "hardhat";

import { Exact } from "../reference/exact.ts";

export const WAD = 10n ** 18n;

/** Rows a call: some hundred thousand gas of formulas and as much of calldata stay far below any limit. */
const BATCH = 1_000;

/** Decimals of the fields named …Real in the vectors. */
const REAL_UNIT = 10n ** 9n;

/** Deploys MathHarness on an in-memory chain of its own. */
export async function deployHarness() {
  const { ethers } = await hre.network.create();
  const factory = await ethers.getContractFactory("MathHarness");
  const harness = await factory.deploy();
  await harness.waitForDeployment();
  return harness;
}

interface Vectors {
  /** One record a row, by column name. */
  rows: VectorRow[];
}

/** A row of a vector file: fields by name, read as what the test needs. */
class VectorRow {
  readonly #fields: Map<string, string>;

  constructor(columns: readonly string[], fields: readonly string[]) {
    if (columns.length !== fields.length)
      throw new Error(`row of ${fields.length} fields, not ${columns.length}`);
    this.#fields = new Map(columns.map((column, index) => [column, fields[index] ?? ""]));
  }

  text(column: string): string {
    const field = this.#fields.get(column);
    if (field === undefined) throw new Error(`no column ${column}`);
    return field;
  }

  int(column: string): bigint {
    return BigInt(this.text(column));
  }

  ints(...columns: string[]): bigint[] {
    return columns.map((column) => this.int(column));
  }

  flag(column: string): boolean {
    return this.int(column) === 1n;
  }

  /** A list between commas; "-" is an empty one. */
  list(column: string): bigint[] {
    const text = this.text(column);
    return text === "-" ? [] : text.split(",").map(BigInt);
  }

  /** The exact result, cut after nine decimals. */
  real(column: string): Exact {
    return new Exact(BigInt(this.text(column).replace(".", "")), REAL_UNIT);
  }
}

/** Reads test/reference/vectors/`name`.json. */
export function readVectors(name: string): Vectors {
  const path = new URL(`../reference/vectors/${name}.json`, import.meta.url);
  const file = JSON.parse(readFileSync(path, "utf8")) as {
    formulas: string;
    columns: string;
    rows: string[];
  };
  const columns = file.columns.split(" ");
  return {
    rows: file.rows.map((line) => new VectorRow(columns, line.split(" "))),
  };
}

/** Sends `inputs` to the harness in batches and joins what comes back. */
export async function inBatches<In, Out>(
  inputs: readonly In[],
  call: (batch: In[]) => Promise<readonly Out[]>,
): Promise<Out[]> {
  const results: Out[] = [];
  for (let at = 0; at < inputs.length; at += BATCH)
    results.push(...(await call(inputs.slice(at, at + BATCH))));
  return results;
}

/** |measured − exact| / exact, exact being above 0. */
export function relativeError(measured: bigint, exact: Exact): Exact {
  const difference = new Exact(measured).minus(exact);
  return difference.max(difference.negate()).over(exact);
}

/** A small positive number as d.de-nn, rounded up, so that what is printed is a bound. */
export function scientific(value: Exact): string {
  if (value.num === 0n) return "0";
  let power = 0n;
  while (value.lessThan(new Exact(1n, 10n ** power))) power++;
  const tenths = value.times(new Exact(10n ** (power + 1n))).ceil();
  const [shown, shownPower] = tenths === 100n ? [10n, power - 1n] : [tenths, power];
  return `${shown / 10n}.${shown % 10n}e-${shownPower}`;
}
