// Functions of float32 numbers that are computed in double precision, on two lanes: before they are rounded to float32 their
// relative error is below 2⁻³⁴, so that after it they are at most 0.501 ulp off. The test measures it.

import { erf as exactErf, erfc as exactErfc } from '../reference/kernels/special';
import { type Expr, type FunctionBuilder, f64x2, i32, i64x2, type Local, v128 } from './assembler';
import { type Approximation, chebyshev } from './chebyshev';

type Vector = Expr<'v128'>;
type Register = Local<'v128'>;
type Builder = FunctionBuilder<'void'>;

const { add, sub, mul, div } = f64x2;
export const splat = (x: number): Vector => f64x2.const(x, x);
export const splatInt = (x: bigint): Vector => v128.const([...new Uint8Array(BigInt64Array.of(x, x).buffer)]);
export const keep = (f: Builder, x: Vector): Register => f.local('v128', x);

const approximations = new Map<string, Approximation>();

/** A polynomial that is close to a function on an interval. Names are unique. */
export function fit(name: string, fn: (x: number) => number, from: number, to: number, degree: number): Polynomial {
  return (f, x) => {
    const known = approximations.get(name) ?? chebyshev(fn, from, to, degree);
    approximations.set(name, known);
    const { middle, radius, coefficients } = known;
    return polynomial(f, keep(f, sub(mul(x, splat(1 / radius)), splat(middle / radius))), coefficients);
  };
}

/** A polynomial from the constant term on. Even and odd powers are summed side by side: half as long a chain of waits. */
export function polynomial(f: Builder, x: Register, coefficients: readonly number[]): Register {
  const square = keep(f, mul(x, x));
  const sum = (parity: number) =>
    coefficients
      .filter((_, i) => i % 2 === parity)
      .reduceRight<Vector | undefined>((y, c) => (y ? add(mul(y, square), splat(c)) : splat(c)), undefined) as Vector;
  return keep(f, add(mul(sum(1), x), sum(0)));
}

type Polynomial = (f: Builder, x: Vector) => Register;

/** A number in two parts, of which the first has 30 bits: its products with numbers of 23 bits are exact. */
function inTwoParts(x: number, beyond: number): [high: number, low: number] {
  const unit = 2 ** (Math.floor(Math.log2(x)) - 29);
  const high = Math.floor(x / unit) * unit;
  return [high, x - high + beyond];
}

const [piHigh, piLow] = inTwoParts(Math.PI, 1.2246467991473532e-16);
export const [ln2High, ln2Low] = inTwoParts(Math.LN2, 2.3190468138462996e-17);
/** Added to a whole number, it leaves its bits in the last bits of the sum. */
export const shifter = 1.5 * 2 ** 52;

const expSeries = fit('exp', Math.exp, -Math.LN2 / 2, Math.LN2 / 2, 9);

/** eˣ, between e⁻⁷⁰⁰ and e⁷⁰⁰. */
function exp(f: Builder, x: Vector): Register {
  const clamped = keep(f, f64x2.min(f64x2.max(x, splat(-700)), splat(700)));
  const shifted = keep(f, add(mul(clamped, splat(Math.LOG2E)), splat(shifter)));
  const n = keep(f, sub(shifted, splat(shifter)));
  const rest = sub(sub(clamped, mul(n, splat(ln2High))), mul(n, splat(ln2Low)));
  const power = i64x2.shl(i64x2.add(shifted, splatInt(1023n)), 52);
  return keep(f, mul(expSeries(f, rest), power));
}

/** artanh(s) / s as a function of s². */
const artanhSeries = fit('artanh', (z) => (z === 0 ? 1 : Math.atanh(Math.sqrt(z)) / Math.sqrt(z)), 0, 0.0296, 6);

/** Natural logarithm of positive normal numbers. */
function log(f: Builder, x: Vector): Register {
  // x = 2ᵏ m with m in [√½, √2): subtracting the bits of √½ leaves k in the exponent.
  const rootHalf = 0x3fe6a09e667f3bcdn;
  const shifted = keep(f, i64x2.sub(x, splatInt(rootHalf)));
  const k = sub(i64x2.add(i64x2.shrS(shifted, 52), splat(shifter)), splat(shifter));
  const m = keep(f, i64x2.add(v128.and(shifted, splatInt(0xfffffffffffffn)), splatInt(rootHalf)));
  const s = keep(f, div(sub(m, splat(1)), add(m, splat(1))));
  const series = artanhSeries(f, mul(s, s));
  return keep(f, add(mul(k, splat(Math.LN2)), mul(add(s, s), series)));
}

/** sin(r) / r as a function of r². */
const sineSeries = fit('sine', (z) => (z === 0 ? 1 : Math.sin(Math.sqrt(z)) / Math.sqrt(z)), 0, (Math.PI / 2) ** 2, 7);

/** sin(x + phase · π) for |x| < 2²⁰; phase is 0 or ½. */
function sine(f: Builder, x: Register, phase: 0 | 0.5): Register {
  // x + phase π = r + n π. Adding 0 to n keeps the sign of x = −0.
  const n = keep(f, add(f64x2.nearest(add(mul(x, splat(1 / Math.PI)), splat(phase))), splat(0)));
  const turns = keep(f, sub(n, splat(phase)));
  const r = keep(f, sub(sub(x, mul(turns, splat(piHigh))), mul(turns, splat(piLow))));
  const half = keep(f, mul(n, splat(0.5)));
  // |n/2 − ⌊n/2⌉| is ½ for odd n.
  const sign = sub(splat(1), mul(f64x2.abs(sub(half, f64x2.nearest(half))), splat(4)));
  return keep(f, mul(mul(r, sign), sineSeries(f, mul(r, r))));
}

/** Sine of an angle in radians; |x| < 2²⁰. At most 0.501 ulp off. */
export function sin(f: Builder, x: Register): Vector {
  return sine(f, x, 0);
}

/** Cosine of an angle in radians; |x| < 2²⁰. At most 0.501 ulp off. */
export function cos(f: Builder, x: Register): Vector {
  return sine(f, x, 0.5);
}

/** Tangent of an angle in radians; |x| < 2²⁰. At most 0.501 ulp off. */
export function tan(f: Builder, x: Register): Vector {
  return div(sine(f, x, 0), sine(f, x, 0.5));
}

/** A number that is not negative, with the sign of another. */
export function withSign(magnitude: Vector, sign: Register): Vector {
  return v128.or(magnitude, v128.and(sign, splatInt(-(2n ** 63n))));
}

/** erfInv(x) / x as a function of w = −log(1 − x²), by Newton's method on w as a function of erfInv(x). */
function inverseRatio(w: number): number {
  let v = Math.sqrt(w) * 0.9;
  for (let i = 0; i < 40; i++) {
    const complement = exactErfc(v);
    const product = complement * (2 - complement);
    const value = v < 0.5 ? -Math.log1p(-(exactErf(v) ** 2)) : -Math.log(product);
    const slope = ((4 / Math.sqrt(Math.PI)) * Math.exp(-v * v) * exactErf(v)) / product;
    if (v > 0) v -= (value - w) / slope;
  }
  return w === 0 ? Math.sqrt(Math.PI) / 2 : v / exactErf(v);
}

const centralSeries = fit('erfInv', inverseRatio, 0, 5, 16);
/** As a function of √w, up to the largest float32 number below 1. */
const tailSeries = fit('erfInv tail', (s) => inverseRatio(s * s), Math.sqrt(5), 4.1, 14);

/** The inverse of erf; at most 0.501 ulp off. */
export function erfInv(f: Builder, x: Register): Vector {
  const w = keep(f, f64x2.neg(log(f, mul(sub(splat(1), x), add(splat(1), x)))));
  const isCentral = keep(f, f64x2.lt(w, splat(5)));
  const ratio = keep(f, centralSeries(f, w));
  // Few numbers are that close to ±1.
  f.if(i32.eqz(i64x2.allTrue(isCentral)), () => {
    f.set(ratio, v128.bitselect(ratio, tailSeries(f, f64x2.sqrt(w)), isCentral));
  });
  const magnitude = keep(f, f64x2.abs(x));
  const outside = v128.bitselect(splat(Number.POSITIVE_INFINITY), splat(Number.NaN), f64x2.eq(magnitude, splat(1)));
  return mul(x, v128.bitselect(ratio, outside, f64x2.lt(magnitude, splat(1))));
}

/** xʸ where x is finite and not 0, and y is finite; at most 0.501 ulp off. */
export function pow(f: Builder, x: Register, y: Register): Vector {
  const magnitude = exp(f, mul(y, log(f, f64x2.abs(x))));
  // Of a negative number there are powers with whole exponents alone.
  const isWhole = f64x2.eq(f64x2.nearest(y), y);
  const half = keep(f, mul(y, splat(0.5)));
  const isOdd = v128.and(f64x2.ne(f64x2.nearest(half), half), splatInt(-(2n ** 63n)));
  const ofNegative = v128.bitselect(v128.xor(magnitude, isOdd), splat(Number.NaN), isWhole);
  return v128.bitselect(ofNegative, magnitude, f64x2.lt(x, splat(0)));
}

/** The remainder of x / y with the sign of x; exact. */
export function rem(f: Builder, x: Register, y: Register): Vector {
  const exponent = (v: Vector) => i64x2.shrU(i64x2.shl(v, 1), 53);
  const rest = keep(f, f64x2.abs(x));
  const divisor = keep(f, f64x2.abs(y));
  const excess = f.local('v128');
  // Quotients below 2²⁸ are exact before they are truncated, and so are their products with 24 bits. Larger ones are
  // found in steps of 27 bits.
  f.loop((again) => {
    f.set(excess, i64x2.sub(i64x2.sub(exponent(rest), exponent(divisor)), splatInt(27n)));
    const isLarge = i64x2.gtS(excess, splatInt(0n));
    f.set(excess, v128.and(excess, isLarge));
    const step = keep(f, mul(divisor, i64x2.shl(i64x2.add(excess, splatInt(1023n)), 52)));
    f.set(rest, sub(rest, mul(f64x2.trunc(div(rest, step)), step)));
    const goesOn = v128.and(i64x2.gtS(excess, splatInt(0n)), f64x2.eq(rest, rest));
    f.branchIf(again, v128.anyTrue(goesOn));
  });
  const infinite = f64x2.eq(divisor, splat(Number.POSITIVE_INFINITY));
  const finite = f64x2.lt(f64x2.abs(x), splat(Number.POSITIVE_INFINITY));
  return v128.bitselect(x, withSign(rest, x), v128.and(infinite, finite));
}
