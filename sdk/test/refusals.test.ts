/** Every typed error of every contract is a sentence with its values, and says what to do about it. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { encodeBytes32String, Interface } from "ethers";
import type { ErrorDescription, ErrorFragment } from "ethers";

import { CONTRACT_KEYS, contractInterface } from "../src/contracts.ts";
import { dateOf, durationOf } from "../src/format.ts";
import { REFUSALS } from "../src/refusals/index.ts";
import { Values } from "../src/refusals/values.ts";
import { describeRevert } from "../src/reverts.ts";
import type { Tokens } from "../src/tokens.ts";
import { walletOf } from "./support.ts";

const NOW = 1_800_000_000n;
const [ANN, BOB] = [walletOf("ann").address, walletOf("bob").address];
const TOKENS: Tokens = {
  masa: { symbol: "MASA", address: walletOf("masa").address, decimals: 18 },
  tao: { symbol: "TAO", address: walletOf("tao").address, decimals: 9 },
};

/** Every error of the ABIs, once. */
const ERRORS: ReadonlyMap<string, ErrorFragment> = new Map(
  CONTRACT_KEYS.flatMap((key) => {
    const found: [string, ErrorFragment][] = [];
    contractInterface(key).forEachError((fragment) => found.push([fragment.name, fragment]));
    return found;
  }),
);

/** An error of the ABIs with these values. */
function thrown(name: string, args: readonly unknown[]): ErrorDescription {
  const fragment = ERRORS.get(name);
  assert.ok(fragment !== undefined, `no error ${name}`);
  const abi = new Interface([fragment]);
  const parsed = abi.parseError(abi.encodeErrorResult(fragment, args));
  assert.ok(parsed !== null);
  return parsed;
}

/** Values of their types; `seed` makes two sets differ. */
const sample = (fragment: ErrorFragment, seed: bigint): unknown[] =>
  fragment.inputs.map(({ type, name }) => {
    if (type === "address") return seed === 0n ? ANN : BOB;
    if (type === "string") return `because of ${seed}`;
    if (type === "bytes32")
      return name === "name" ? encodeBytes32String("floor") : encodeBytes32String("ROLL");
    if (type === "uint8" || type === "uint16") return 1n;
    return seed === 0n ? 0n : NOW + seed;
  });

const say = (name: string, args: readonly unknown[], data?: string): string =>
  describeRevert(thrown(name, args), TOKENS, data === undefined ? null : { to: ANN, data }).what;

describe("typed errors of the contracts", () => {
  it("are there to be walked", () => {
    assert.ok(ERRORS.size > 120, `${ERRORS.size} errors`);
  });

  it("each have a sentence, and no sentence is about none of them", () => {
    assert.deepEqual(
      [...ERRORS.keys()].filter((name) => REFUSALS[name] === undefined),
      [],
      "errors without a sentence",
    );
    assert.deepEqual(
      Object.keys(REFUSALS).filter((name) => !ERRORS.has(name)),
      [],
      "sentences without an error",
    );
  });

  it("each say all of their values, whichever they are, and what to do in whole sentences", () => {
    for (const [name, fragment] of ERRORS) {
      const used = new Set<string>();
      for (const seed of [0n, 7n]) {
        const values = new Values(thrown(name, sample(fragment, seed)), TOKENS, null);
        const [what, advice] = (REFUSALS[name] as (typeof REFUSALS)[string])(values);
        assert.match(what, /^\S.*[^.\s]$/s, `${name}: ${what}`);
        assert.match(advice, /^[A-Z].*\.$/, `${name}: ${advice}`);
        assert.doesNotMatch(`${what} ${advice}`, /undefined|\[object|NaN|null/, name);
        for (const one of values.used) used.add(one);
      }
      assert.deepEqual([...used].sort(), fragment.inputs.map((input) => input.name).sort(), name);
    }
  });

  it("each name themselves, for those who look them up", () => {
    for (const [name, fragment] of ERRORS) {
      const { what } = describeRevert(thrown(name, sample(fragment, 3n)), null, null);
      assert.ok(what.endsWith(` (${name})`), what);
    }
  });
});

describe("values of typed errors", () => {
  const MASA = 10n ** 18n;

  it("are amounts of MASA and stake, to the last wei", () => {
    assert.match(
      say("NodeStanding_BelowRequirement", [ANN, 125_000n * MASA + 1n, 0n]),
      /has 0 of stake that counts, and needs 125 000\.000000000000000001 of stake/,
    );
    assert.match(
      say("ValidatorSet_WaitlistFull", [64n, 2_500_000n, 1n]),
      /has 2\.5 MASA .* have 0\.000001 MASA/,
    );
  });

  it("are amounts of the token that the error, or else the call, is about", () => {
    const { masa, tao } = TOKENS;
    assert.match(
      say("StakeVault_FeeOnTransfer", [tao?.address, 2_000_000_000n, 1n]),
      /0\.000000001 TAO of 2 TAO/,
    );
    const call = (token: string | undefined): string =>
      contractInterface("vault").encodeFunctionData("startUnbonding", [token, 1n]);
    const args = [ANN, 1_500_000_000n, 2_000_000_000n];
    assert.match(say("StakeVault_InsufficientFreeStake", args, call(tao?.address)), /1\.5 TAO .* 2 TAO/);
    assert.match(
      say("StakeVault_InsufficientFreeStake", args, call(masa.address)),
      /0\.0000000015 MASA of free stake .* 0\.000000002 MASA/,
    );
    assert.match(
      say("StakeVault_InsufficientFreeStake", args, call(BOB)),
      /1500000000 units/,
      "a token unheard of",
    );
    assert.match(
      say("ERC20InsufficientBalance", [ANN, 0n, MASA]),
      /needs 1 MASA/,
      "nothing but MASA is left",
    );
  });

  it("are times, with how far off they are", () => {
    assert.match(
      say("StakeVault_NotMatured", [ANN, 3n, NOW + 3n * 86_400n + 14_400n + 5n, NOW]),
      /entry 3 of 0x.* from 2027-01-18 12:00:05 UTC, in 3 d 4 h/,
    );
    assert.match(say("RequestEscrow_ResponsesClosed", [1n, NOW - 61n, NOW]), /UTC, 1 min 1 s ago/);
    assert.equal(durationOf(0n), "0 s");
    assert.equal(durationOf(86_401n), "1 d");
    assert.equal(dateOf(2n ** 255n), `second ${2n ** 255n}`);
  });

  it("are counted as the bound that they are about is", () => {
    const of = (name: string, value: bigint): string =>
      say("StakeVault_OutOfRange", [encodeBytes32String(name), value, 0n, 1n]);
    assert.match(of("moduleDelay", 259_200n), /moduleDelay is 3 d; /);
    assert.match(of("taoMaxShare", 11n * 10n ** 17n), /taoMaxShare is 1\.1; /);
    assert.match(of("haltEpochs", 1n), /haltEpochs is 1; /);
    assert.match(of("deposit", 5n * MASA), /deposit is 5 MASA; /);
    assert.match(of("workerReference", 5n * 10n ** 9n), /workerReference is 5 MASA; /);
  });

  it("are roles, rights, states and seats by their names", () => {
    assert.match(say("NodeRegistry_AlreadyRegistered", [ANN, 3n]), /registered as oracle already/);
    assert.match(say("NodeRegistry_NotAuthorised", [ANN, 16n]), /with the right seat/);
    assert.match(say("RequestEscrow_NotOpen", [9n, 2n]), /request 9 is settled/);
    assert.match(say("ScoreConsensus_KeysRevoked", [0b101n]), /seats 0, 2 were revoked/);
    assert.match(say("Guardian_RightNotHeld", [1n, ANN, NOW, NOW + 1n]), /may not reverse a slash/);
    assert.match(say("ModuleRights_NotGranted", [encodeBytes32String("SETTLE"), ANN]), /the right SETTLE/);
  });
});
