/**
 * Fixed-point helpers under the mirror of the formulas: the range checks, `mulDiv` and `expWad` of the contracts,
 * in bigint. Every ratio is WAD (10^18 = 1).
 */

/** One, as a ratio. */
export const WAD = 10n ** 18n;

const UINT256_END = 1n << 256n;

/** Fails unless `value` is an integer in [0, `end`). */
function requireBelow(name: string, value: bigint, end: bigint, kind: string): void {
  if (value < 0n || value >= end) throw new RangeError(`${name} must be ${kind}, got ${value}`);
}

/** Fails unless `value` fits a uint256. */
export function requireUint(name: string, value: bigint): void {
  requireBelow(name, value, UINT256_END, "a uint256");
}

/** Fails unless `value` fits an unsigned integer of `bits` bits. */
export function requireBits(name: string, value: bigint, bits: number): void {
  requireBelow(name, value, 1n << BigInt(bits), `a uint${bits}`);
}

/** Fails unless `value` is a ratio in [0, 1], WAD. */
export function requireRatio(name: string, value: bigint): void {
  requireBelow(name, value, WAD + 1n, "a ratio in [0, 10^18]");
}

/** Fails unless `value` is a uint256 above 0. */
export function requirePositive(name: string, value: bigint): void {
  requireUint(name, value);
  if (value === 0n) throw new RangeError(`${name} must be above 0`);
}

/** ⌊x·y / d⌋; fails where the contracts revert: d = 0 or x·y ≥ 2^256. */
export function mulDivDown(x: bigint, y: bigint, d: bigint): bigint {
  requireUint("x", x);
  requireUint("y", y);
  requirePositive("divisor", d);
  requireUint("x*y", x * y);
  return (x * y) / d;
}

/** ⌈x·y / d⌉; fails where the contracts revert. */
export function mulDivUp(x: bigint, y: bigint, d: bigint): bigint {
  const down = mulDivDown(x, y, d);
  return down * d === x * y ? down : down + 1n;
}

/** Exponents at and beyond which e^x leaves the range of the contracts' `expWad`, WAD. */
const EXP_ZERO_AT = -41446531673892822313n;
const EXP_OVERFLOW_AT = 135305999368893231589n;

/** ln 2 · 2^96. */
const LN2_X96 = 54916777467707473351141471128n;

/**
 * e^x, bit for bit as Solady's `FixedPointMathLib.expWad`. The method, a (6, 7)-term rational approximation after
 * taking out powers of two, and its constants are by Remco Bloemen (MIT licence, https://2π.com/22/exp-ln).
 *
 * @param exponent x, WAD.
 * @returns e^x, WAD, in no fixed rounding direction.
 */
export function expWad(exponent: bigint): bigint {
  if (exponent <= EXP_ZERO_AT) return 0n;
  if (exponent >= EXP_OVERFLOW_AT)
    throw new RangeError(`exponent must be below ${EXP_OVERFLOW_AT}, got ${exponent}`);

  // From a basis of 10^18 to one of 2^96: times 2^96 / 10^18 = 2^78 / 5^18.
  const x96 = (exponent << 78n) / 5n ** 18n;
  // x = k·ln 2 + rest with |rest| ≤ ln 2 / 2. Shifts of a negative bigint round down, as SAR does.
  const k = ((x96 << 96n) / LN2_X96 + (1n << 95n)) >> 96n;
  const rest = x96 - k * LN2_X96;

  const y = (((rest + 1346386616545796478920950773328n) * rest) >> 96n) + 57155421227552351082224309758442n;
  let p = y + rest - 94201549194550492254356042504812n;
  p = ((p * y) >> 96n) + 28719021644029726153956944680412240n;
  p = p * rest + (4385272521454847904659076985693276n << 96n);

  let q = rest - 2855989394907223263936484059900n;
  for (const coefficient of [
    50020603652535783019961831881945n,
    -533845033583426703283633433725380n,
    3604857256930695427073651918091429n,
    -14423608567350463180887372962807573n,
    26449188498355588339934803723976023n,
  ]) {
    q = ((q * rest) >> 96n) + coefficient;
  }

  // p is 2^96 too large, which the division takes away. The factor holds the scale of the approximation and the way
  // back from 2^96 to 10^18, in a basis of 2^213, so that the last shift is always to the right.
  return ((p / q) * 3822833074963236453042738258902158003155416615667n) >> (195n - k);
}
