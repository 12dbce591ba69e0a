/** What every history starts from. Replay.t.sol deploys the same. */
import type { Role, RoleParameters, StandingParameters } from "./standings.ts";
import { WAD } from "./numbers.ts";

const MASA_WEI = 10n ** 18n;
const HOUR = 3_600;
export const DAY = 24 * HOUR;

export const ACCOUNTS = 6;
export const SUPPLY = 100_000_000n * MASA_WEI;
export const MASA_EACH = 10_000_000n * MASA_WEI;
export const TAO_EACH = 2_000_000n * 10n ** 9n;

export const GENESIS = 1_800_000_000;
export const EPOCH_LENGTH = HOUR;
export const APPEAL_WINDOW = 2 * HOUR;
/** Request path, report path, evidence window and appeal window. */
export const OFFENCE_PATH = 2 * HOUR + 4 * HOUR + HOUR + APPEAL_WINDOW;
export const UNBONDING_DELAY = 10 * HOUR;
export const MODULE_DELAY = 4 * DAY;
/** The slashers may slash from here on; then the first roll. */
export const START_OF_HISTORIES = GENESIS + MODULE_DELAY;
export const GUARD_TERM = 180 * DAY;
/** Most an epoch may last: half the report path. */
export const MAX_EPOCH_LENGTH = 2 * HOUR;
export const MIN_EPOCH_LENGTH = 300;

export const TAO_WEIGHT = 4n * WAD;
export const TAO_MAX_SHARE = WAD / 2n;
/** Caps of the two slashers, shares of all staked MASA an epoch; the second has none. */
export const CAP_A = WAD / 50n;
export const CAP_B = 2n ** 64n - 1n;

export const DEPOSIT = 10n * MASA_WEI;
export const BOUNTY = 4n * MASA_WEI;

export const MAX_STAKED_SHARE = WAD / 2n;
const LN_4 = 1_386294361119890618n;
const role = (budgetShare: bigint, floor: bigint): RoleParameters => ({
  lambda: WAD / 4n,
  maxExponent: LN_4,
  floor: floor * MASA_WEI,
  target: 2n,
  budgetShare,
});
/** Bases at σ = 1: 2, 2 and 1 million MASA for up to two nodes. */
export const ROLES: Record<Role, RoleParameters> = {
  1: role(WAD / 25n, 100n),
  2: role(WAD / 25n, 10n),
  3: role(WAD / 50n, 1n),
};
export const STANDING: StandingParameters = {
  decay: (8n * WAD) / 10n,
  tolerance: WAD / 20n,
  workerReference: 100n * 10n ** 9n,
  oracleReference: 1_000n * 10n ** 9n,
  baseStep: WAD / 10n,
  meanStep: WAD / 20n,
  supplyStep: WAD / 100n,
  graceCooldown: 4,
  maxStrikes: 2,
  strikeSize: MASA_WEI,
};
