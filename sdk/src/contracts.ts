/** Typed handles on the deployed contracts, made from the manifest's addresses and the compiled ABIs. */
import { readFileSync } from "node:fs";

import { Contract, Interface } from "ethers";
import type { ContractRunner } from "ethers";

import type {
  Emissions,
  EpochClock,
  EpochManager,
  FeeCurve,
  FeePool,
  Guardian,
  MasaGovernor,
  MasaTimelock,
  MasaToken,
  NodeRegistry,
  NodeStanding,
  Offences,
  ProposalClasses,
  ProtocolLens,
  Reputation,
  RequestEscrow,
  Reviews,
  RewardDistributor,
  ScoreConsensus,
  StakeVault,
  StakeVotes,
  StakingCurve,
  ValidatorSet,
} from "../../types/contracts/index.ts";
import { MasaError } from "./errors.ts";
import type { Manifest } from "./manifest.ts";

/** Contract name by its key in the manifest, with the folder of its source. */
const SOURCES = {
  masa: ["token", "MasaToken"],
  timelock: ["governance", "MasaTimelock"],
  clock: ["epoch", "EpochClock"],
  curve: ["staking", "StakingCurve"],
  feeCurve: ["market", "FeeCurve"],
  vault: ["staking", "StakeVault"],
  standing: ["registry", "NodeStanding"],
  registry: ["registry", "NodeRegistry"],
  validatorSet: ["registry", "ValidatorSet"],
  escrow: ["market", "RequestEscrow"],
  feePool: ["market", "FeePool"],
  emissions: ["rewards", "Emissions"],
  distributor: ["rewards", "RewardDistributor"],
  consensus: ["consensus", "ScoreConsensus"],
  offences: ["consensus", "Offences"],
  epochManager: ["epoch", "EpochManager"],
  guardian: ["governance", "Guardian"],
  votes: ["staking", "StakeVotes"],
  classes: ["governance", "ProposalClasses"],
  reviews: ["governance", "Reviews"],
  reputation: ["governance", "Reputation"],
  governor: ["governance", "MasaGovernor"],
  lens: ["lens", "ProtocolLens"],
} as const;

export type ContractKey = keyof typeof SOURCES;

/** Every contract of a deployment but the wrapped TAO, in the order of the floors. */
export const CONTRACT_KEYS = Object.keys(SOURCES) as readonly ContractKey[];

export interface MasaContracts {
  readonly masa: MasaToken;
  /** The wrapped TAO, as an ERC-20 that may know permits; null where the network has none. */
  readonly tao: MasaToken | null;
  readonly timelock: MasaTimelock;
  readonly clock: EpochClock;
  readonly curve: StakingCurve;
  readonly feeCurve: FeeCurve;
  readonly vault: StakeVault;
  readonly standing: NodeStanding;
  readonly registry: NodeRegistry;
  readonly validatorSet: ValidatorSet;
  readonly escrow: RequestEscrow;
  readonly feePool: FeePool;
  readonly emissions: Emissions;
  readonly distributor: RewardDistributor;
  readonly consensus: ScoreConsensus;
  readonly offences: Offences;
  readonly epochManager: EpochManager;
  readonly guardian: Guardian;
  readonly votes: StakeVotes;
  readonly classes: ProposalClasses;
  readonly reviews: Reviews;
  readonly reputation: Reputation;
  readonly governor: MasaGovernor;
  readonly lens: ProtocolLens;
}

const interfaces = new Map<ContractKey, Interface>();

/** The ABI of a contract. Throws MASA-105 where the contracts are not compiled. */
export function contractInterface(key: ContractKey): Interface {
  const known = interfaces.get(key);
  if (known !== undefined) return known;
  const [folder, name] = SOURCES[key];
  const file = new URL(`../../artifacts/contracts/${folder}/${name}.sol/${name}.json`, import.meta.url);
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (cause) {
    throw new MasaError("MASA-105", `no ABI of ${name}`, { cause });
  }
  const made = new Interface((JSON.parse(text) as { abi: ConstructorParameters<typeof Interface>[0] }).abi);
  interfaces.set(key, made);
  return made;
}

/** Handles on every contract of a deployment. Sends nothing. */
export function connectContracts(manifest: Manifest, runner: ContractRunner): MasaContracts {
  const { tao } = manifest.contracts;
  const handles: Partial<Record<ContractKey | "tao", Contract | null>> = {
    tao: tao === undefined ? null : new Contract(tao, contractInterface("masa"), runner),
  };
  for (const key of CONTRACT_KEYS) {
    handles[key] = new Contract(manifest.contracts[key], contractInterface(key), runner);
  }
  return handles as unknown as MasaContracts;
}
