/**
 * Exact rational numbers, and exp to more than 60 digits, for the reference of the formulas.
 * Slow and simple on purpose; shares no code and no method with the contracts or with sdk.
 */

function gcd(a: bigint, b: bigint): bigint {
  let [x, y] = [a < 0n ? -a : a, b];
  while (y !== 0n) [x, y] = [y, x % y];
  return x;
}

/** Quotient rounded towards minus infinity, for a divisor above 0. */
function floorDivide(num: bigint, den: bigint): bigint {
  const quotient = num / den;
  return num % den < 0n ? quotient - 1n : quotient;
}

/** A rational number, in lowest terms. */
export class Exact {
  readonly num: bigint;
  /** Always above 0. */
  readonly den: bigint;

  constructor(num: bigint, den = 1n) {
    if (den === 0n) throw new RangeError("a rational needs a denominator other than 0");
    const common = gcd(num, den < 0n ? -den : den) * (den < 0n ? -1n : 1n);
    this.num = num / common;
    this.den = den / common;
  }

  /** The real number that a WAD (10^18 = 1) stands for. */
  static wad(value: bigint): Exact {
    return new Exact(value, 10n ** 18n);
  }

  plus(other: Exact): Exact {
    return new Exact(this.num * other.den + other.num * this.den, this.den * other.den);
  }

  minus(other: Exact): Exact {
    return new Exact(this.num * other.den - other.num * this.den, this.den * other.den);
  }

  times(other: Exact): Exact {
    return new Exact(this.num * other.num, this.den * other.den);
  }

  over(other: Exact): Exact {
    return new Exact(this.num * other.den, this.den * other.num);
  }

  lessThan(other: Exact): boolean {
    return this.num * other.den < other.num * this.den;
  }

  min(other: Exact): Exact {
    return this.lessThan(other) ? this : other;
  }

  max(other: Exact): Exact {
    return this.lessThan(other) ? other : this;
  }

  negate(): Exact {
    return new Exact(-this.num, this.den);
  }

  floor(): bigint {
    return floorDivide(this.num, this.den);
  }

  ceil(): bigint {
    return -floorDivide(-this.num, this.den);
  }

  /** Rounded towards zero. */
  truncate(): bigint {
    return this.num / this.den;
  }

  /** As a decimal with `digits` places, rounded down; for numbers ≥ 0. */
  toDecimal(digits: number): string {
    if (this.num < 0n) throw new RangeError("toDecimal takes numbers of 0 and above");
    const text = this.times(new Exact(10n ** BigInt(digits)))
      .floor()
      .toString()
      .padStart(digits + 1, "0");
    return `${text.slice(0, -digits)}.${text.slice(-digits)}`;
  }
}

/** 90 digits while computing: halving and squaring back eight times costs three of them, the series two. */
const WORKING = 10n ** 90n;
const HALVINGS = 8n;
const LARGEST_EXPONENT = 32n;

/**
 * e^x with an absolute error below 10^-60 for |x| ≤ 32, by e^x = (e^(x / 2^8))^(2^8) and the Taylor series.
 * A negative x goes through 1 / e^|x|, so that nothing cancels.
 */
export function exp(x: Exact): Exact {
  if (x.num < 0n) return new Exact(1n).over(exp(x.negate()));
  if (x.num > LARGEST_EXPONENT * x.den) throw new RangeError("exp takes exponents up to 32");
  const step = (x.num * WORKING) / (x.den << HALVINGS);
  let term = WORKING;
  let sum = WORKING;
  for (let n = 1n; term > 0n; n++) {
    term = (term * step) / (WORKING * n);
    sum += term;
  }
  for (let i = 0n; i < HALVINGS; i++) sum = (sum * sum) / WORKING;
  return new Exact(sum, WORKING);
}
