/**
 * Mirror of contracts/math/CollateralMath.sol (decisions D13 and D14): stake in two tokens, and what a slash takes of
 * each. Same names, same arguments in the same order, same result to the last bit.
 */
import { requireRatio, requireUint, WAD } from "./fixed.ts";

/** MASA staked, MASA queued, TAO staked, TAO queued, token units. */
export type Holdings = readonly [bigint, bigint, bigint, bigint];

/** What a slash takes from each part of an account, token units, and what was not there to take, stake units. */
export interface Cut {
  masaStaked: bigint;
  masaQueued: bigint;
  taoStaked: bigint;
  taoQueued: bigint;
  shortfall: bigint;
}

/**
 * Stake units of an amount of TAO.
 *
 * @param amount TAO, token units.
 * @param scale 10^(18 − decimals of the token).
 * @param weight MASA for one TAO, WAD.
 * @returns Stake units, rounded down.
 */
export function unitsDown(amount: bigint, scale: bigint, weight: bigint): bigint {
  requireUint("amount", amount);
  requireUint("scale", scale);
  requireUint("weight", weight);
  requireUint("amount*scale*weight", amount * scale * weight);
  return (amount * scale * weight) / WAD;
}

/**
 * What TAO covers of a requirement: its stake units, at most a share of the requirement.
 *
 * @param units Stake units of the TAO.
 * @param required Stake units.
 * @param maxShare WAD, at most 1.
 * @returns Stake units, rounded down.
 */
export function cappedUnitsDown(units: bigint, required: bigint, maxShare: bigint): bigint {
  requireUint("units", units);
  requireRatio("maxShare", maxShare);
  requireUint("required", required);
  const most = (required * maxShare) / WAD;
  return units < most ? units : most;
}

/**
 * Splits a slash over what an account holds, pro rata in stake units. Rounding is against the offender: what is taken
 * is worth `amount` or more, by less than one unit of TAO.
 *
 * @param held What the account holds.
 * @param reserved MASA, active or queued, that this slash leaves alone as far as it is held, wei.
 * @param amount Stake units to take.
 * @param scale See {@link unitsDown}.
 * @param weight See {@link unitsDown}.
 */
export function cut(held: Holdings, reserved: bigint, amount: bigint, scale: bigint, weight: bigint): Cut {
  const [masaStaked, masaQueued, taoStaked, taoQueued] = held;
  for (const [index, part] of held.entries()) requireUint(`held[${index}]`, part);
  requireUint("amount", amount);
  requireUint("reserved", reserved);
  const masaHeld = masaStaked + masaQueued;
  const taoHeld = taoStaked + taoQueued;
  const units = masaHeld + unitsDown(taoHeld, scale, weight);
  requireUint("units", units);
  const kept = reserved < masaHeld ? reserved : masaHeld;
  const most = units - kept;
  const taken = amount < most ? amount : most;

  // At taken == units the quotient is all the TAO, dust below one stake unit included.
  let fromTao = taken === 0n || taoHeld === 0n ? 0n : (taken * taoHeld) / units;
  let fromMasa = taken - unitsDown(fromTao, scale, weight);
  if (fromMasa > masaHeld - kept) {
    // Rounding, or the reservation, leaves too little MASA: TAO makes up for it.
    fromMasa = masaHeld - kept;
    const one = scale * weight;
    fromTao = ((taken - fromMasa) * WAD + one - 1n) / one;
  }
  const [fromMasaStaked, fromMasaQueued] = split(fromMasa, masaStaked, masaQueued);
  const [fromTaoStaked, fromTaoQueued] = split(fromTao, taoStaked, taoQueued);
  return {
    masaStaked: fromMasaStaked,
    masaQueued: fromMasaQueued,
    taoStaked: fromTaoStaked,
    taoQueued: fromTaoQueued,
    shortfall: amount - taken,
  };
}

/** Pro rata between active and queued, the queue rounded down. */
function split(amount: bigint, staked: bigint, queued: bigint): [bigint, bigint] {
  if (amount === 0n) return [0n, 0n];
  requireUint("amount*queued", amount * queued);
  const fromQueued = (amount * queued) / (staked + queued);
  return [amount - fromQueued, fromQueued];
}
