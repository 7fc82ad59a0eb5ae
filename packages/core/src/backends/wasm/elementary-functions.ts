// exp, log and their kin on four float32 lanes. Each reduces its argument to a small interval and sums the Taylor series
// there; the bounds were measured over all exponents against double precision (see the test).

import { type Expr, type FunctionBuilder, f32x4, i32x4, type Local, v128 } from './assembler';

type Vector = Expr<'v128'>;
type Builder = FunctionBuilder<'void'>;

const splat = (x: number): Vector => f32x4.const(x, x, x, x);
const splatInt = (x: number): Vector => i32x4.const(x, x, x, x);

function polynomial(f: Builder, x: Vector, coefficients: readonly number[]): Local<'v128'> {
  // Horner's scheme, from the highest power down.
  const [last, ...rest] = [...coefficients].reverse() as [number, ...number[]];
  return f.local(
    'v128',
    rest.reduce<Vector>((sum, c) => f32x4.add(f32x4.mul(sum, x), splat(c)), splat(last)),
  );
}

/** 1 / 0!, 1 / 1!, ... */
function reciprocalFactorials(count: number): number[] {
  const values = [1];
  for (let n = 1; n < count; n++) values.push((values[n - 1] as number) / n);
  return values;
}

// ln 2 in two parts: products of the first with small whole numbers are exact.
const ln2High = 0x162e4 / 0x20000;
const ln2Low = Math.LN2 - ln2High;

interface Reduced {
  /** x − n ln 2, within ± ln 2 / 2. */
  rest: Local<'v128'>;
  /** n as a whole number. */
  power: Local<'v128'>;
}

function reduce(f: Builder, x: Vector): Reduced {
  // Beyond these the result is 0 or ∞ in any case, and 2ⁿ can still be made of two factors.
  const clamped = f.local('v128', f32x4.min(f32x4.max(x, splat(-104)), splat(89)));
  const n = f.local('v128', f32x4.nearest(f32x4.mul(clamped, splat(Math.LOG2E))));
  const high = f32x4.sub(clamped, f32x4.mul(n, splat(ln2High)));
  const rest = f.local('v128', f32x4.sub(high, f32x4.mul(n, splat(ln2Low))));
  return { rest, power: f.local('v128', i32x4.truncSatF32x4S(n)) };
}

/** x · 2ⁿ, also where 2ⁿ itself is out of range. */
function scale(f: Builder, x: Vector, n: Local<'v128'>): Vector {
  const half = f.local('v128', i32x4.shrS(n, 1));
  const power = (k: Vector) => i32x4.shl(i32x4.add(k, splatInt(127)), 23);
  return f32x4.mul(f32x4.mul(x, power(half)), power(i32x4.sub(n, half)));
}

/** eˣ; at most 1.5 ulp off. */
export function exp(f: Builder, x: Vector): Vector {
  const { rest, power } = reduce(f, x);
  return scale(f, polynomial(f, rest, reciprocalFactorials(8)), power);
}

/** eˣ − 1; at most 4 ulp off, near 0 too. */
export function expm1(f: Builder, x: Local<'v128'>): Vector {
  const { rest, power } = reduce(f, x);
  const series = polynomial(f, rest, reciprocalFactorials(9).slice(1));
  const small = f.local('v128', f32x4.mul(rest, series));
  const large = f32x4.sub(scale(f, f32x4.add(small, splat(1)), power), splat(1));
  const near = i32x4.eq(power, splatInt(0));
  // −0 stays −0.
  const exact = v128.bitselect(x, small, f32x4.eq(x, splat(0)));
  return v128.bitselect(exact, large, near);
}

/** Natural logarithm; at most 1 ulp off. −∞ at 0, NaN below. */
export function log(f: Builder, x: Local<'v128'>): Vector {
  const tiny = f.local('v128', f32x4.lt(x, splat(2 ** -126)));
  const normal = v128.bitselect(f32x4.mul(x, splat(2 ** 23)), x, tiny);
  // x = 2ᵏ m with m in [√½, √2): subtracting the bits of √½ leaves k in the exponent.
  const rootHalf = 0x3f3504f3;
  const shifted = f.local('v128', i32x4.sub(normal, splatInt(rootHalf)));
  const k = i32x4.sub(i32x4.shrS(shifted, 23), v128.and(tiny, splatInt(23)));
  const power = f.local('v128', f32x4.convertI32x4S(k));
  const m = i32x4.add(v128.and(shifted, splatInt(0x7fffff)), splatInt(rootHalf));
  const t = f.local('v128', f32x4.sub(m, splat(1)));
  // log(1 + t) = 2 artanh(s) with s = t / (2 + t); t − s (t²/2 − ...) keeps the leading part exact.
  const s = f.local('v128', f32x4.div(t, f32x4.add(t, splat(2))));
  const z = f.local('v128', f32x4.mul(s, s));
  const series = f32x4.mul(z, polynomial(f, z, [2 / 3, 2 / 5, 2 / 7, 2 / 9, 2 / 11]));
  const halfSquare = f.local('v128', f32x4.mul(f32x4.mul(t, t), splat(0.5)));
  const small = f32x4.add(f32x4.mul(s, f32x4.add(halfSquare, series)), f32x4.mul(power, splat(ln2Low)));
  const value = f32x4.add(f32x4.add(f32x4.sub(small, halfSquare), t), f32x4.mul(power, splat(ln2High)));
  const positive = f32x4.gt(x, splat(0));
  const finite = f32x4.lt(x, splat(Number.POSITIVE_INFINITY));
  // Outside (0, ∞): ∞ and NaN are their own logarithm, 0 gives −∞, what is below gives NaN.
  const atZero = v128.bitselect(splat(Number.NEGATIVE_INFINITY), splat(Number.NaN), f32x4.eq(x, splat(0)));
  const special = v128.bitselect(x, atZero, v128.or(positive, f32x4.ne(x, x)));
  return v128.bitselect(value, special, v128.and(positive, finite));
}

/** log(1 + x); at most 3 ulp off, near 0 too. */
export function log1p(f: Builder, x: Local<'v128'>): Vector {
  const u = f.local('v128', f32x4.add(x, splat(1)));
  const base = f.local('v128', log(f, u));
  // What rounding 1 + x lost, to first order.
  const lost = f32x4.div(f32x4.sub(x, f32x4.sub(u, splat(1))), u);
  const ordinary = v128.and(f32x4.gt(u, splat(0)), f32x4.lt(u, splat(Number.POSITIVE_INFINITY)));
  const corrected = v128.bitselect(f32x4.add(base, lost), base, ordinary);
  return v128.bitselect(x, corrected, f32x4.eq(u, splat(1)));
}

/** Hyperbolic tangent; at most 4 ulp off. */
export function tanh(f: Builder, x: Local<'v128'>): Vector {
  const magnitude = f32x4.min(f32x4.abs(x), splat(10));
  const t = f.local('v128', expm1(f, f.local('v128', f32x4.add(magnitude, magnitude))));
  const value = f32x4.div(t, f32x4.add(t, splat(2)));
  return v128.or(value, v128.and(x, splatInt(-0x80000000)));
}
