/**
 * Who may change anything (I-16, TLK-03): every function of every contract that changes the state, from the ABIs, is tried
 * by the deployer and by a stranger, and the registry of parameters is held against the chain.
 */
import { assert } from "chai";
import { getAddress, ZeroAddress } from "ethers";
import type { FunctionFragment, ParamType } from "ethers";

import { connectContracts, CONTRACT_KEYS, contractInterface } from "../../sdk/src/contracts.ts";
import type { ContractKey, MasaContracts } from "../../sdk/src/contracts.ts";
import type { Manifest } from "../../sdk/src/manifest.ts";
import {
  OWNED,
  OWNER_ACTS,
  PARAMETER_SETS,
  readParameterSet,
  setterFields,
  setterFragment,
} from "../../sdk/src/parameters/index.ts";
import type { Parameter, ParameterSet, ParameterValue } from "../../sdk/src/parameters/index.ts";
import { freshChain, localParameters, removeTemporaryFolders } from "./deployment.ts";

/** Functions that anybody may call for themselves, or that serve everybody alike; all others are somebody's right. */
const OPEN: Readonly<Partial<Record<ContractKey, readonly string[]>>> = {
  masa: ["approve", "permit", "transfer", "transferFrom"],
  vault: [
    "activateObserver",
    "activateSlasher",
    "applySlash",
    "bookDeferred",
    "cancelUnbonding",
    "multicall",
    "releaseSlash",
    "stake",
    "stakeWithPermit",
    "startUnbonding",
    "withdraw",
  ],
  standing: ["poke"],
  registry: [
    "deregister",
    "multicall",
    "poke",
    "register",
    "revokeOperator",
    "setMetadata",
    "setOperator",
    "topUpDeposit",
  ],
  validatorSet: ["checkIn", "joinWaitlist", "leaveSeat", "leaveWaitlist", "refresh"],
  escrow: [
    "cancel",
    "close",
    "collectFees",
    "commit",
    "deposit",
    "depositWithPermit",
    "releaseBacking",
    "submit",
    "tellConsumption",
    "withdrawCredit",
  ],
  feePool: ["distribute"],
  emissions: ["fund"],
  distributor: ["claim", "fundValidators", "fundWorkers", "setClaimer"],
  consensus: ["postEpochReport", "postScoreReport"],
  offences: ["commitEvidence", "proveEpochReports", "proveScoreReports", "proveScoreVectors"],
  epochManager: ["roll"],
  votes: ["delegate", "delegateBySig", "delegateUnits", "delegateUnitsBySig"],
  classes: ["recordTurnout"],
  reviews: ["markDue"],
  reputation: ["claim", "claimProposal", "close", "credit", "creditMany", "release", "setCrediter"],
  governor: [
    "cancel",
    "castOverrideVote",
    "castOverrideVoteBySig",
    "castOverrideVoteOn",
    "castVote",
    "castVoteBySig",
    "castVoteWithReason",
    "castVoteWithReasonAndParams",
    "castVoteWithReasonAndParamsBySig",
    "execute",
    "propose",
    "queue",
  ],
  // Renouncing what one has is everybody's, and so is giving it tokens.
  timelock: ["onERC1155BatchReceived", "onERC1155Received", "onERC721Received", "renounceRole"],
};

/** Names of errors that say that the caller is the wrong one. */
const WRONG_CALLER =
  /^(OwnableUnauthorizedAccount|AccessControlUnauthorizedAccount|TimelockUnauthorizedCaller|GovernorOnlyExecutor|GovernorDisabledDeposit|ModuleRights_Unauthorised|StakeVault_Not(Slasher|Guardian)|StakeVotes_NotVault|ValidatorSet_Unauthorised|EpochClock_Not(Manager|Deployer)|Guardian_RightNotHeld|\w+_NotDeployer)$/;

/** Names of errors that say that a value is outside its bounds, or breaks a sum that the bound follows from. */
const OUT_OF_BOUNDS = /OutOfRange$|DoNotSumToOne$|_NotWhole$|_Zero(Address|Lambda)$/;

const isWrite = ({ stateMutability }: FunctionFragment): boolean =>
  stateMutability === "nonpayable" || stateMutability === "payable";

function writesOf(key: ContractKey): FunctionFragment[] {
  const found: FunctionFragment[] = [];
  contractInterface(key).forEachFunction((fragment) => {
    if (isWrite(fragment)) found.push(fragment);
  });
  return found;
}

/** Arguments that decode: small numbers, an address that is not 0, one element an array. */
function sample(type: ParamType, address: string): unknown {
  if (type.baseType === "array") return [sample(type.arrayChildren as ParamType, address)];
  if (type.baseType === "tuple") return (type.components ?? []).map((inner) => sample(inner, address));
  if (type.type === "address") return address;
  if (type.type === "bool") return false;
  if (type.type === "string") return "";
  if (type.type === "bytes") return "0x";
  const bytes = /^bytes(\d+)$/.exec(type.type);
  if (bytes !== null) return `0x${"01".repeat(Number(bytes[1]))}`;
  return 1n;
}

interface Chain {
  readonly ethers: Awaited<ReturnType<typeof freshChain>>["ethers"];
  readonly manifest: Manifest;
  readonly c: MasaContracts;
  readonly deployer: string;
  readonly stranger: string;
}

describe("roles", () => {
  let chain: Chain;

  before(async () => {
    const { run, deployer, stranger, ethers } = await freshChain();
    // The guardian is somebody else, so that the deployer has no right at all.
    const guardian = getAddress(`0x${"aa".repeat(20)}`);
    const { manifest } = await run(localParameters((raw) => (raw.guardian.holder = guardian)));
    const c = connectContracts(manifest, deployer);
    chain = { ethers, manifest, c, deployer: deployer.address, stranger: stranger.address };
  });
  after(removeTemporaryFolders);

  /** The typed error that a call ends with; null if it goes through. */
  async function refusalOf(key: ContractKey, data: string, from: string): Promise<string | null> {
    try {
      await chain.ethers.provider.call({ from, to: chain.manifest.contracts[key], data });
      return null;
    } catch (error) {
      const { data: found = "0x" } = error as { data?: string | { data: string } };
      const answer = typeof found === "string" ? found : found.data;
      for (const known of CONTRACT_KEYS) {
        const parsed = answer.length < 10 ? null : contractInterface(known).parseError(answer);
        if (parsed !== null) return parsed.name;
      }
      return `unknown ${answer}`;
    }
  }

  const encode = (key: ContractKey, fragment: FunctionFragment): string =>
    contractInterface(key).encodeFunctionData(
      fragment,
      fragment.inputs.map((type) => sample(type, chain.stranger)),
    );

  it("I-16 TLK-03 refuse the deployer and strangers every function that is not open to all", async () => {
    let tried = 0;
    for (const key of CONTRACT_KEYS) {
      const open = OPEN[key] ?? [];
      const names = new Set(writesOf(key).map(({ name }) => name));
      for (const name of open) assert.isTrue(names.has(name), `${key}.${name} is no function any more`);
      for (const fragment of writesOf(key)) {
        if (open.includes(fragment.name)) continue;
        tried++;
        for (const from of [chain.deployer, chain.stranger]) {
          const refused = await refusalOf(key, encode(key, fragment), from);
          assert.match(refused ?? "nothing", WRONG_CALLER, `I-16 ${key}.${fragment.name} from ${from}`);
        }
      }
    }
    assert.isAbove(tried, 100);
  });

  it("I-16 know every function of an owner: the registry has it, and the timelock may call it", async () => {
    const { timelock } = chain.manifest.contracts;
    const known = new Set([
      ...PARAMETER_SETS.map(({ contract, setter }) => `${contract}.${setter}`),
      ...OWNER_ACTS.map(({ contract, name }) => `${contract}.${name}`),
    ]);
    for (const key of CONTRACT_KEYS) {
      for (const fragment of writesOf(key)) {
        const data = encode(key, fragment);
        const refused = await refusalOf(key, data, chain.stranger);
        const name = `${key}.${fragment.name}`;
        // Wiring is over: nobody can do it again.
        if (fragment.name === "wire") {
          assert.isNotNull(await refusalOf(key, data, timelock), `${name} can be done twice`);
          continue;
        }
        const owned = refused === "OwnableUnauthorizedAccount" || refused === "GovernorOnlyExecutor";
        const own = refused === "TimelockUnauthorizedCaller" || /^timelock\.(grant|revoke)Role$/.test(name);
        assert.equal(known.has(name), owned || own, `I-16 ${name} in the registry of parameters`);
        if (owned) assert.notEqual(await refusalOf(key, data, timelock), refused, `I-16 ${name}`);
      }
    }
    for (const key of CONTRACT_KEYS) {
      const hasOwner = contractInterface(key).getFunction("owner") !== null;
      assert.equal((OWNED as readonly string[]).includes(key), hasOwner, `${key}.owner`);
    }
  });

  it("reads every parameter as the deployment's file has it", async () => {
    const raw = localParameters();
    for (const set of PARAMETER_SETS) {
      const values = await readParameterSet(chain.c, set);
      for (const parameter of set.parameters) {
        if (parameter.default === null) continue;
        const written = parameter.default
          .split(".")
          .reduce<unknown>((at, key) => (at as Record<string, unknown>)[key], raw);
        const scale = parameter.unit === "work" ? 10n ** 9n : 1n;
        const found = values.get(parameter.field) as ParameterValue;
        const expected = typeof written === "boolean" ? written : BigInt(written as bigint | number) / scale;
        assert.equal(found, expected, parameter.id);
      }
    }
  });

  /** A call of a setter with one value changed, the rest as it is. */
  async function changed(set: ParameterSet, parameter: Parameter, value: bigint): Promise<string> {
    const present = await readParameterSet(chain.c, set);
    const values = setterFields(set).map(({ name }) =>
      name.replace(/_$/, "") === parameter.field ? value : present.get(name.replace(/_$/, "")),
    );
    const fragment = setterFragment(set);
    const leading = (await set.leading?.(chain.c)) ?? [];
    const struct = fragment.inputs.at(-1)?.baseType === "tuple";
    return contractInterface(set.contract).encodeFunctionData(fragment, [
      ...leading,
      ...(struct ? [values] : values),
    ]);
  }

  it("I-16 take no value outside the hard bounds that the registry tells, not even from the timelock", async () => {
    const { timelock } = chain.manifest.contracts;
    let tried = 0;
    for (const set of PARAMETER_SETS) {
      // It takes from the timelock only what it executes itself at that moment: test/unit has its bounds.
      if (set.contract === "governor") continue;
      for (const parameter of set.parameters) {
        const { least, most, unit, id } = parameter;
        const type =
          setterFields(set).find(({ name }) => name.replace(/_$/, "") === parameter.field)?.type ?? "";
        const largest = type === "address" || unit === "flag" ? most : 2n ** BigInt(type.slice(4)) - 1n;
        for (const value of [least - 1n, most + 1n]) {
          if (value < 0n || value > largest || unit === "flag") continue;
          const given = unit === "address" ? ZeroAddress : value;
          const data = await changed(set, parameter, given as bigint);
          const refused = await refusalOf(set.contract, data, timelock);
          assert.match(refused ?? "nothing", OUT_OF_BOUNDS, `I-16 ${id} of ${value}`);
          tried++;
        }
      }
    }
    assert.isAbove(tried, 100);
  });

  it("take every parameter as it is written, from the timelock", async () => {
    const { timelock } = chain.manifest.contracts;
    for (const set of PARAMETER_SETS) {
      const [first] = set.parameters;
      assert.isDefined(first);
      const present = (await readParameterSet(chain.c, set)).get(first.field);
      const data = await changed(set, first, present as bigint);
      // The governor takes from the timelock only what it executes itself at that moment.
      const expected = set.contract === "governor" ? "Panic" : null;
      assert.equal(await refusalOf(set.contract, data, timelock), expected, set.group);
    }
  });
});
