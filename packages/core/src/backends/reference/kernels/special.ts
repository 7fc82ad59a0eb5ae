// Scalar special functions in double precision, each from a series whose terms do not cancel.

const TWO_OVER_SQRT_PI = 1.1283791670955126;
const HALF_LOG_TWO_PI = 0.9189385332046728;
const ONE_MINUS_EULER_GAMMA = 0.42278433509846713;

/** B(2), B(4), ... B(24). */
const BERNOULLI = [
  1 / 6,
  -1 / 30,
  1 / 42,
  -1 / 30,
  5 / 66,
  -691 / 2730,
  7 / 6,
  -3617 / 510,
  43867 / 798,
  -174611 / 330,
  854513 / 138,
  -236364091 / 2730,
] as const;

/** exp(-n^2 / 4) for n = 1, 2, ... */
const GAUSSIAN = /* @__PURE__ */ Array.from({ length: 13 }, (_, i) => Math.exp(-((i + 1) ** 2) / 4));

/** zeta(k) - 1 for k = 2, 3, ... */
const ZETA_MINUS_ONE = /* @__PURE__ */ Array.from({ length: 30 }, (_, i) => hurwitzZeta(i + 2, 2));

/** The error function, 2 / sqrt(pi) times the integral of exp(-t^2) from 0 to x. */
export function erf(x: number): number {
  if (x < 0) return -erf(-x);
  if (x >= 1) return 1 - erfc(x);
  return x * TWO_OVER_SQRT_PI * maclaurin(x * x);
}

/** The complementary error function 1 - erf(x), with full relative accuracy where it is small. */
export function erfc(x: number): number {
  if (x < 0.5) return 1 - erf(x);
  if (x > 28) return 0;
  const value = trapezoidalRule(x) * expMinusSquare(x);
  return x < 6 ? value - 2 / Math.expm1(4 * Math.PI * x) : value;
}

/** erfc(x) exp(x^2) for x from 1/2 on, without the part in erfc(x) of a pole. */
function trapezoidalRule(x: number): number {
  // The trapezoidal rule with step 1/2 for DLMF 7.7.1; its error is exp(-4 pi^2), relative to the result, once the
  // pole of the integrand is accounted for (Hunter and Regan, 1972).
  const square = x * x;
  let sum = 0;
  for (let n = GAUSSIAN.length; n > 0; n--) sum += (GAUSSIAN[n - 1] as number) / (n * n * 0.25 + square);
  return (x / Math.PI) * (0.5 / square + sum);
}

/** erfc(x) exp(x^2) for x from 1/2 on. */
export function scaledErfc(x: number): number {
  const rule = trapezoidalRule(x);
  return x < 6 ? rule - (2 * Math.exp(x * x)) / Math.expm1(4 * Math.PI * x) : rule;
}

/** The x with erf(x) = y: infinite at -1 and 1, NaN outside [-1, 1]. */
export function erfInv(y: number): number {
  if (y < 0) return -erfInv(-y);
  if (y === 1) return Number.POSITIVE_INFINITY;
  if (!(y < 1)) return Number.NaN;
  const central = y < 0.5;
  let x = central ? (y / TWO_OVER_SQRT_PI) * (1 + (Math.PI / 12) * y * y) : winitzki(y);
  // Halley's iteration triples the number of right digits; both starts have two. In the tail it works on 1 - y, which
  // is exact, because erf has no digits left there.
  for (let i = 0; i < 3; i++) {
    const residual = central ? erf(x) - y : 1 - y - erfc(x);
    const step = residual / (TWO_OVER_SQRT_PI * expMinusSquare(x));
    x -= step / (1 + x * step);
  }
  return x;
}

/**
 * log |gamma(x)|: +Infinity at 0, -1, -2, ... and at both infinities. Relative accuracy, except next to the zeros at
 * negative x, where the error is about 1e-15 times the size of the terms that cancel.
 */
export function lgamma(x: number): number {
  if (x === Number.NEGATIVE_INFINITY) return Number.POSITIVE_INFINITY;
  if (x <= -0.5) return Math.log(Math.PI / Math.abs(x * sinPi(x))) - lgamma(-x);
  if (x < 0.5) return lgammaOfTwoPlus(x) - Math.log1p(x) - Math.log(Math.abs(x));
  if (x < 1.5) return lgammaOfTwoPlus(x - 1) - Math.log1p(x - 1);
  if (x < 12) {
    let product = 1;
    let z = x;
    while (z > 2.5) product *= --z;
    return Math.log(product) + lgammaOfTwoPlus(z - 2);
  }
  // Stirling's series, DLMF 5.11.1.
  let sum = 0;
  for (let k = BERNOULLI.length; k > 0; k--) {
    sum = sum / (x * x) + (BERNOULLI[k - 1] as number) / (2 * k * (2 * k - 1));
  }
  return (x - 0.5) * (Math.log(x) - 1) + (HALF_LOG_TWO_PI - 0.5 + sum / x);
}

/**
 * The derivative of order n + 1 of log gamma at x: digamma for n = 0, trigamma for n = 1. At the poles 0, -1, -2, ...
 * it is +Infinity for odd n; for even n, where the two sides disagree, -Infinity at 0, +Infinity at -0 and NaN at
 * negative integers. Relative accuracy, of which the order costs about n / 8 units in the last place, except next to a
 * zero, where the error is about 1e-15 times the size of the terms that cancel.
 *
 * Throws RangeError unless n is an integer from 0 to 170 (170! is the last factorial that a double can hold).
 */
export function polygamma(n: number, x: number): number {
  if (!Number.isInteger(n) || n < 0 || n > 170) {
    throw new RangeError(`polygamma: the order n must be an integer from 0 to 170, got ${n}.`);
  }
  if (x === Number.NEGATIVE_INFINITY || Number.isNaN(x)) return Number.NaN;
  if (x <= 0 && Number.isInteger(x)) {
    if (n % 2 === 1) return Number.POSITIVE_INFINITY;
    return x === 0 ? -1 / x : Number.NaN;
  }
  if (n === 0) return digamma(x);
  let factorial = 1;
  for (let k = 2; k <= n; k++) factorial *= k;
  // psi_n(x) = (-1)^(n+1) n! sum over k >= 0 of (x + k)^-(n+1), DLMF 5.15.1.
  const value = x > 0 ? hurwitzZeta(n + 1, x, factorial) : factorial * reflectedZeta(n + 1, x);
  return n % 2 === 1 ? value : -value;
}

/** Sum over k of (-square)^k / (k! (2k + 1)) for square in [0, 1], DLMF 7.6.1. */
function maclaurin(square: number): number {
  let sum = 0;
  for (let k = 20; k >= 0; k--) sum = (k % 2 === 0 ? 1 : -1) / (2 * k + 1) + (square / (k + 1)) * sum;
  return sum;
}

/** exp(-x^2) without the rounding error of x^2: the square of the leading half of x is exact. */
function expMinusSquare(x: number): number {
  const head = Math.fround(x);
  return Math.exp(-head * head) * Math.exp((head - x) * (head + x));
}

/** Winitzki's closed form for the inverse error function, right to two digits, for y in [0.5, 1). */
function winitzki(y: number): number {
  const a = 0.147;
  const log = Math.log((1 - y) * (1 + y));
  const half = 2 / (Math.PI * a) + log / 2;
  return Math.sqrt(Math.sqrt(half * half - log / a) - half);
}

/** log gamma(2 + z) = (1 - gamma) z + sum over k >= 2 of (zeta(k) - 1) (-z)^k / k for |z| <= 1/2, DLMF 5.7.3. */
function lgammaOfTwoPlus(z: number): number {
  let sum = 0;
  for (let k = ZETA_MINUS_ONE.length + 1; k >= 2; k--) sum = (ZETA_MINUS_ONE[k - 2] as number) / k - z * sum;
  return z * (ONE_MINUS_EULER_GAMMA + z * sum);
}

/** sin(pi x) with an exact reduction of x. */
function sinPi(x: number): number {
  const turn = x - 2 * Math.round(x / 2);
  return Math.sin(Math.PI * (Math.abs(turn) > 0.5 ? Math.sign(turn) - turn : turn));
}

/** The digamma function away from its poles. */
function digamma(x: number): number {
  if (x < 0) return digamma(1 - x) - Math.PI / Math.tan(Math.PI * (x - Math.round(x)));
  let shifted = x;
  let harmonic = 0;
  while (shifted < 12) harmonic += 1 / shifted++;
  // DLMF 5.11.2.
  const inverseSquare = 1 / (shifted * shifted);
  let sum = 0;
  for (let k = BERNOULLI.length; k > 0; k--) sum = ((BERNOULLI[k - 1] as number) / (2 * k) + sum) * inverseSquare;
  return Math.log(shifted) - 0.5 / shifted - sum - harmonic;
}

/** factor times the sum over k >= 0 of (x + k)^-s for x > 0 and integers s >= 2, by Euler and Maclaurin (DLMF 25.11). */
function hurwitzZeta(s: number, x: number, factor = 1): number {
  if (x === Number.POSITIVE_INFINITY) return 0;
  // Everything is relative to x^-s, which may be out of range where the result is not.
  const terms = Math.max(0, Math.ceil(s + 12 - x));
  const end = x + terms;
  let tail = 0;
  for (let j = BERNOULLI.length; j > 0; j--) {
    const rising = ((s + 2 * j - 1) * (s + 2 * j)) / ((2 * j + 1) * (2 * j + 2) * end * end);
    tail = (BERNOULLI[j - 1] as number) + rising * tail;
  }
  let sum = (x / end) ** s * (end / (s - 1) + 0.5 + (s * tail) / (2 * end));
  for (let k = terms - 1; k >= 0; k--) sum += (x / (x + k)) ** s;
  const power = x ** (-s / 2);
  return factor * power * sum * power;
}

/**
 * The sum over k >= 0 of (x + k)^-s for negative x: the sum over all integers k, which has period 1 in x, less the part
 * with k < 0.
 */
function reflectedZeta(s: number, x: number): number {
  const sign = s % 2 === 0 ? 1 : -1;
  const r = x - Math.round(x);
  const all = r ** -s + hurwitzZeta(s, 1 + r) + sign * hurwitzZeta(s, 1 - r);
  return all - sign * hurwitzZeta(s, 1 - x);
}
