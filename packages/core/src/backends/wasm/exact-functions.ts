// Elementary functions to some hundred bits, in whole numbers: what tests of float64 are measured against.

/** mantissa · 2^exponent */
export interface Exact {
  readonly mantissa: bigint;
  readonly exponent: number;
}

/** Numbers in fixed point have this many bits behind the point. */
const bits = 192;
const one = 1n << BigInt(bits);

const fixed = (mantissa: bigint): Exact => ({ mantissa, exponent: -bits });
const times = (x: bigint, y: bigint): bigint => (x * y) >> BigInt(bits);
const shift = (x: bigint, by: number): bigint => (by >= 0 ? x << BigInt(by) : x >> BigInt(-by));

/** The sum of a series of terms, each divided by some number; from the first on, until terms vanish. */
function series(first: bigint, next: (term: bigint, n: number) => bigint, divisor = (_: number) => 1): bigint {
  let sum = 0n;
  let n = 0;
  for (let term = first; term !== 0n && term !== -1n; term = next(term, n)) sum += term / BigInt(divisor(n++));
  return sum;
}

/** The sum of (± 1)ⁿ k⁻²ⁿ⁻¹ / (2n + 1): arctan(1 / k), or artanh(1 / k). */
function inverseTangent(k: bigint, sign: -1n | 1n): bigint {
  return series(
    one / k,
    (power) => (sign * power) / (k * k),
    (n) => 2 * n + 1,
  );
}

const ln2 = 2n * inverseTangent(3n, 1n);
// Machin's formula.
const pi = 4n * (4n * inverseTangent(5n, -1n) - inverseTangent(239n, -1n));

export function exactly(x: number): Exact {
  const word = new DataView(new ArrayBuffer(8));
  word.setFloat64(0, x);
  const field = word.getUint32(0);
  const biased = (field >>> 20) & 0x7ff;
  const fraction = word.getBigUint64(0) & 0xfffffffffffffn;
  const magnitude = biased === 0 ? fraction : fraction | (1n << 52n);
  return { mantissa: x < 0 ? -magnitude : magnitude, exponent: Math.max(biased, 1) - 1075 };
}

function toFixed({ mantissa, exponent }: Exact): bigint {
  return shift(mantissa, exponent + bits);
}

/** Below this, three terms of a power series are enough. */
const isTiny = (x: number): boolean => Math.abs(x) < 2 ** -40;

/** x (1 + c₁ x + c₂ x² + c₃ x³), for coefficients 1 / d; 0 leaves a term out. */
function nearZero(x: number, ...divisors: readonly bigint[]): Exact {
  const value = toFixed(exactly(x));
  let power = one;
  let factor = one;
  for (const d of divisors) {
    power = times(power, value);
    if (d !== 0n) factor += power / d;
  }
  const { mantissa, exponent } = exactly(x);
  return { mantissa: mantissa * factor, exponent: exponent - bits };
}

export function exp(x: number): Exact {
  return expOf(toFixed(exactly(x)));
}

function expOf(x: bigint): Exact {
  const n = Math.round(Number(x >> BigInt(bits - 60)) * 2 ** -60 * Math.LOG2E);
  const rest = x - BigInt(n) * ln2;
  return { mantissa: series(one, (term, k) => times(term, rest) / BigInt(k)), exponent: n - bits };
}

export function expm1(x: number): Exact {
  return isTiny(x) ? nearZero(x, 2n, 6n, 24n) : fixed(toFixed(exp(x)) - one);
}

/** log x, from an estimate. */
function improved(estimate: number, x: Exact): Exact {
  const inverse = exp(-estimate);
  const product = { mantissa: x.mantissa * inverse.mantissa, exponent: x.exponent + inverse.exponent };
  const rest = toFixed(product) - one;
  const square = times(rest, rest);
  return fixed(toFixed(exactly(estimate)) + rest - square / 2n + times(square, rest) / 3n);
}

export function log(x: number): Exact {
  return improved(Math.log(x), exactly(x));
}

export function log1p(x: number): Exact {
  return isTiny(x) ? nearZero(x, -2n, 3n, -4n) : improved(Math.log1p(x), fixed(toFixed(exactly(x)) + one));
}

export function tanh(x: number): Exact {
  if (isTiny(x)) return nearZero(x, 0n, -3n);
  if (Math.abs(x) > 100) return exactly(Math.sign(x));
  const t = toFixed(expm1(2 * x));
  return fixed((t << BigInt(bits)) / (t + 2n * one));
}

export function sinh(x: number): Exact {
  if (isTiny(x)) return nearZero(x, 0n, 6n);
  const e = toFixed(exp(Math.abs(x)));
  return fixed((BigInt(Math.sign(x)) * (e - (one * one) / e)) / 2n);
}

export function cosh(x: number): Exact {
  const e = toFixed(exp(Math.abs(x)));
  return fixed((e + (one * one) / e) / 2n);
}

/** 1 / (1 + e⁻ˣ) */
export function logistic(x: number): Exact {
  if (x < -700) return exp(x);
  const e = toFixed(exp(-Math.min(x, 700)));
  // More bits, because the quotient is small where e is large.
  return { mantissa: (one << BigInt(bits + 1024)) / (one + e), exponent: -bits - 1024 };
}

/** 2 / √π */
const erfSlope = (() => {
  let root = BigInt(Math.round(Math.sqrt(Math.PI) * 2 ** 50)) << BigInt(bits - 50);
  for (let i = 0; i < 4; i++) root = (root + (pi << BigInt(bits)) / root) / 2n;
  return (2n << BigInt(2 * bits)) / root;
})();

export function erf(x: number): Exact {
  if (isTiny(x)) {
    const { mantissa, exponent } = nearZero(x, 0n, -3n);
    return { mantissa: mantissa * erfSlope, exponent: exponent - bits };
  }
  if (Math.abs(x) > 4) return fixed(BigInt(Math.sign(x)) * (one - toFixed(erfc(Math.abs(x)))));
  const value = toFixed(exactly(x));
  const square = times(value, value);
  const sum = series(
    value,
    (term, n) => -times(term, square) / BigInt(n),
    (n) => 2 * n + 1,
  );
  return fixed(times(sum, erfSlope));
}

export function erfc(x: number): Exact {
  if (x < 4) return fixed(one - toFixed(erf(x)));
  // The continued fraction, DLMF 7.9.1.
  const value = toFixed(exactly(x));
  let fraction = value;
  for (let n = 80; n > 0; n--) fraction = value + (BigInt(n) << BigInt(2 * bits)) / fraction / 2n;
  const { mantissa, exponent } = expOf(-times(value, value));
  return { mantissa: (mantissa * erfSlope) / (2n * fraction), exponent };
}

/** The error of a float64 number in units in the last place of the exact one. */
export function errorInUlp(y: number, { mantissa, exponent }: Exact): number {
  const magnitude = mantissa < 0n ? -mantissa : mantissa;
  const leading = magnitude.toString(2).length - 1 + exponent;
  const unit = Math.max(leading, -1022) - 52;
  // In 2⁻⁶⁴ of the unit. Beyond the largest number, rounding gives infinity.
  const wanted = shift(mantissa, exponent - unit + 64);
  if (!Number.isFinite(y)) {
    const overflows = leading >= 1024 || (leading === 1023 && shift(magnitude, exponent - 970 + 1) >= (1n << 55n) - 1n);
    return overflows && y > 0 === mantissa > 0n ? 0 : Number.POSITIVE_INFINITY;
  }
  const actual = exactly(y);
  const difference = shift(actual.mantissa, actual.exponent - unit + 64) - wanted;
  return Number(difference < 0n ? -difference : difference) / 2 ** 64;
}
