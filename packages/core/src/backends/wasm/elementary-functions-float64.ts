// exp, log, erf and their kin of float64, on two lanes. Each reduces its argument to a small interval and sums a series there; what
// the reduction rounds away is added where the terms are small. The bounds were measured against exact values (see the test).

import type { DType } from '../../array/dtype';
import { scaledErfc } from '../reference/kernels/special';
import { type Expr, type FunctionBuilder, f64x2, i32, i64x2, type Local, v128 } from './assembler';
import {
  fit,
  keep,
  ln2High,
  ln2Low,
  polynomial,
  shifter,
  splat,
  splatInt,
  withSign,
} from './elementary-functions-double';

type Vector = Expr<'v128'>;
type Register = Local<'v128'>;
type Builder = FunctionBuilder<'void'>;

const { add, sub, mul, div } = f64x2;

/** 1 / first!, 1 / (first + step)!, ... */
function reciprocalFactorials(first: number, step: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => {
    let value = 1;
    for (let n = 2; n <= first + i * step; n++) value /= n;
    return value;
  });
}

const expTail = reciprocalFactorials(2, 1, 12);

interface Reduced {
  /** n in the last bits. */
  shifted: Register;
  n: Register;
  /** e^(x − n ln 2) − 1 is the sum of these: the first is exact, the second small. */
  head: Register;
  tail: Register;
}

/** The exponential of x, and of a small number more, for |x| < 2¹⁰. */
function reduce(f: Builder, x: Register, small?: Vector): Reduced {
  const shifted = keep(f, add(mul(x, splat(Math.LOG2E)), splat(shifter)));
  const n = keep(f, sub(shifted, splat(shifter)));
  const head = keep(f, sub(x, mul(n, splat(ln2High))));
  const low = keep(f, small ? sub(mul(n, splat(ln2Low)), small) : mul(n, splat(ln2Low)));
  const rest = keep(f, sub(head, low));
  const series = polynomial(f, rest, expTail);
  return { shifted, n, head, tail: keep(f, sub(mul(mul(rest, rest), series), low)) };
}

/** 2^(n + shift), where n is in the last bits. */
function power(n: Vector, shift: bigint): Vector {
  return addBits(i64x2.shl(n, 52), (1023n + shift) << 52n);
}

function addBits(x: Vector, y: bigint): Vector {
  return i64x2.add(x, splatInt(y));
}

/** Within these bounds; NaN stays NaN. */
function clamp(x: Vector, low: number, high: number): Vector {
  return f64x2.pmax(f64x2.pmin(x, splat(high)), splat(low));
}

/** factor · eˣ⁺ʸ · 2^shift for |x| < 2¹⁰, small y, and a shift of 0 or −1. */
function scaledExp(
  f: Builder,
  x: Register,
  { shift = 0n, y, factor }: { shift?: bigint; y?: Vector; factor?: Vector } = {},
): Register {
  const { shifted, n, head, tail } = reduce(f, x, y);
  const e = add(splat(1), add(head, tail));
  // 2ⁿ itself may be out of range: it is made of two factors.
  const half = keep(f, add(mul(n, splat(0.5)), splat(shifter)));
  const scaled = mul(factor ? mul(e, factor) : e, power(half, 0n));
  return keep(f, mul(scaled, power(i64x2.sub(shifted, half), shift)));
}

/** eˣ; at most 1 ulp off. */
export function exp(f: Builder, x: Register): Vector {
  // Beyond these the result is 0 or ∞ in any case.
  return scaledExp(f, keep(f, clamp(x, -746, 711)));
}

/** eˣ − 1; at most 1.5 ulp off, near 0 too. */
export function expm1(f: Builder, x: Register): Vector {
  const { shifted, n, head, tail } = reduce(f, keep(f, clamp(x, -40, 710)));
  const near = keep(f, add(head, tail));
  // Half of the result first: 2¹⁰²⁴ is out of range.
  const scale = keep(f, power(shifted, -1n));
  const half = keep(f, add(add(mul(head, scale), sub(scale, splat(0.5))), mul(tail, scale)));
  return withSign(v128.bitselect(near, add(half, half), f64x2.eq(n, splat(0))), x);
}

/** (artanh(s) / s − 1) / s² as a function of s², twice. */
const artanhTail = Array.from({ length: 10 }, (_, i) => 2 / (2 * i + 3));

/** k ln 2 + log(1 + t) + a small number, for 1 + t between √½ and √2. */
function logOfParts(f: Builder, k: Register, t: Register, small?: Vector): Register {
  // log(1 + t) = 2 artanh(s) with s = t / (2 + t); t − (t²/2 − ...) keeps the leading part exact.
  const s = keep(f, div(t, add(t, splat(2))));
  const z = keep(f, mul(s, s));
  const series = polynomial(f, z, artanhTail);
  const halfSquare = keep(f, mul(mul(t, t), splat(0.5)));
  const low = small ? add(mul(k, splat(ln2Low)), small) : mul(k, splat(ln2Low));
  const beyond = add(mul(s, add(halfSquare, mul(z, series))), low);
  return keep(f, add(mul(k, splat(ln2High)), sub(t, sub(halfSquare, beyond))));
}

/** x = 2ᵏ m with m from √½ to √2, for positive normal numbers; the bias is that of the exponent, plus 2⁵². */
function splitExponent(f: Builder, x: Vector, bias: Vector): { k: Register; m: Vector } {
  const rootHalf = 0x3fe6a09e667f3bcdn;
  const shifted = keep(f, addBits(x, 0x3ff0000000000000n - rootHalf));
  const k = keep(f, sub(v128.or(i64x2.shrU(shifted, 52), splat(2 ** 52)), bias));
  return { k, m: addBits(v128.and(shifted, splatInt(0xfffffffffffffn)), rootHalf) };
}

/** The logarithm of what is not a positive finite number. */
function logOutside(x: Register): Vector {
  const notPositive = v128.bitselect(splat(Number.NEGATIVE_INFINITY), splat(Number.NaN), f64x2.eq(x, splat(0)));
  return v128.bitselect(notPositive, x, f64x2.le(x, splat(0)));
}

/** Sets those results that are not ordinary; few are. */
function elsewhere(f: Builder, value: Register, ordinary: Register, other: () => Vector): void {
  f.if(i32.eqz(i64x2.allTrue(ordinary)), () => f.set(value, v128.bitselect(value, other(), ordinary)));
}

const isFinitePositive = (x: Register): Vector =>
  v128.and(f64x2.gt(x, splat(0)), f64x2.lt(x, splat(Number.POSITIVE_INFINITY)));

/** Natural logarithm; at most 1 ulp off. −∞ at 0, NaN below. */
export function log(f: Builder, x: Register): Vector {
  const normal = keep(f, x);
  const bias = keep(f, splat(2 ** 52 + 1023));
  const isNormal = keep(f, f64x2.ge(x, splat(2 ** -1022)));
  elsewhere(f, normal, isNormal, () => mul(x, splat(2 ** 54)));
  elsewhere(f, bias, isNormal, () => splat(2 ** 52 + 1023 + 54));
  const { k, m } = splitExponent(f, normal, bias);
  const value = logOfParts(f, k, keep(f, sub(m, splat(1))));
  elsewhere(f, value, keep(f, isFinitePositive(x)), () => logOutside(x));
  return value;
}

/** log(1 + x); at most 1 ulp off, near 0 too. */
export function log1p(f: Builder, x: Register): Vector {
  const u = keep(f, add(x, splat(1)));
  // What rounding 1 + x lost.
  const back = keep(f, sub(u, splat(1)));
  const lost = add(sub(splat(1), sub(u, back)), sub(x, back));
  const { k, m } = splitExponent(f, u, splat(2 ** 52 + 1023));
  const near = keep(f, f64x2.eq(k, splat(0)));
  const t = keep(f, v128.bitselect(x, sub(m, splat(1)), near));
  const value = logOfParts(f, k, t, v128.andnot(div(lost, u), near));
  elsewhere(f, value, keep(f, isFinitePositive(u)), () => logOutside(u));
  return withSign(value, x);
}

/** (tanh(x) / x − 1) / x² as a function of x², by Lambert's continued fraction (DLMF 4.39.1). */
const tanhTail = fit(
  'tanh',
  (z) => {
    let fraction = 31;
    for (let n = 29; n > 1; n -= 2) fraction = n + z / fraction;
    return -1 / (fraction + z);
  },
  0,
  0.3025,
  11,
);

/** Hyperbolic tangent; at most 1.5 ulp off. */
export function tanh(f: Builder, x: Register): Vector {
  const magnitude = keep(f, f64x2.abs(x));
  const square = keep(f, mul(x, x));
  const near = keep(f, add(magnitude, mul(magnitude, mul(square, tanhTail(f, square)))));
  // From 20 on the result rounds to 1. 1 − 2 / (e²ˣ + 1), with numerator and denominator divided by 2ⁿ.
  const limited = keep(f, f64x2.pmin(magnitude, splat(20)));
  const { shifted, head, tail } = reduce(f, keep(f, add(limited, limited)));
  const inverse = keep(f, power(i64x2.sub(splatInt(0n), shifted), 0n));
  const below = div(add(inverse, inverse), add(add(inverse, splat(1)), add(head, tail)));
  return withSign(v128.bitselect(near, sub(splat(1), below), f64x2.lt(magnitude, splat(0.55))), x);
}

const sinhTail = reciprocalFactorials(3, 2, 9);

/** eˣ / 2 for x ≥ 0. */
function halfExp(f: Builder, x: Vector): Register {
  return scaledExp(f, keep(f, f64x2.pmin(x, splat(711))), { shift: -1n });
}

/** Hyperbolic sine; at most 2 ulp off. */
export function sinh(f: Builder, x: Register): Vector {
  const magnitude = keep(f, f64x2.abs(x));
  const square = keep(f, mul(x, x));
  const near = keep(f, add(magnitude, mul(magnitude, mul(square, polynomial(f, square, sinhTail)))));
  const half = halfExp(f, magnitude);
  const far = sub(half, div(splat(0.25), half));
  return withSign(v128.bitselect(near, far, f64x2.lt(magnitude, splat(1))), x);
}

/** Hyperbolic cosine; at most 1.5 ulp off. */
export function cosh(f: Builder, x: Register): Vector {
  const half = halfExp(f, f64x2.abs(x));
  return add(half, div(splat(0.25), half));
}

/** erf(x) / x − 1 as a function of x². */
const erfTail = reciprocalFactorials(0, 1, 18).map((c, k) =>
  k === 0 ? 0.1283791670955126 : ((2 / Math.sqrt(Math.PI)) * c * (-1) ** k) / (2 * k + 1),
);
/** erfc(x) exp(x²) / t as a function of t = 3 / (3 + x), for x from ½ to where the results are 0. */
const erfcSeries = (name: string, to: number, degree: number) =>
  fit(name, (t) => scaledErfc(3 / t - 3) / t, 3 / (3 + to), 3 / 3.5, degree);
const erfcLong = erfcSeries('erfc', 27.5, 21);
const erfcShort = erfcSeries('erfc of float32', 10.5, 14);

/** erf(x) for |x| ≤ 1, and erfc(|x|) for |x| ≥ ½. */
function errorFunctions(f: Builder, x: Register, dtype: DType): { near: Register; far: Register; magnitude: Register } {
  const magnitude = keep(f, f64x2.abs(x));
  const square = keep(f, mul(x, x));
  // Where 28 is the limit the result is 0 in any case.
  const limited = keep(f, f64x2.pmin(magnitude, splat(28)));
  const t = keep(f, div(splat(3), add(limited, splat(3))));
  // The square in two parts, of which the first is exact.
  const head = keep(f, v128.and(limited, splatInt(-(2n ** 27n))));
  const y = mul(sub(head, limited), add(head, limited));
  const long = dtype === 'float64';
  const factor = mul(t, (long ? erfcLong : erfcShort)(f, t));
  return {
    near: keep(f, add(x, mul(x, polynomial(f, square, long ? erfTail : erfTail.slice(0, 14))))),
    far: scaledExp(f, keep(f, f64x2.neg(mul(head, head))), { y, factor }),
    magnitude,
  };
}

/** The error function; at most 2 ulp off, of float32 0.501. */
export function erf(f: Builder, x: Register, dtype: DType): Vector {
  const { near, far, magnitude } = errorFunctions(f, x, dtype);
  return v128.bitselect(near, withSign(sub(splat(1), far), x), f64x2.lt(magnitude, splat(1)));
}

/** 1 − erf(x); at most 9 ulp off, in the tail too, of float32 0.501. */
export function erfc(f: Builder, x: Register, dtype: DType): Vector {
  const { near, far, magnitude } = errorFunctions(f, x, dtype);
  const outer = v128.bitselect(sub(splat(2), far), far, f64x2.lt(x, splat(0)));
  return v128.bitselect(sub(splat(1), near), outer, f64x2.lt(magnitude, splat(0.5)));
}
