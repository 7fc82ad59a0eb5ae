import { floats, integers, isFloating, numbers } from '../array/dtype';
import type { NDArray } from '../array/ndarray';
import { fillLike } from './broadcast';
import { equal, greater } from './compare';
import { log, sign } from './elementary';
import { type BinaryOp, binary, notLinear, refuseBilinear, type UnaryOp, unary } from './elementwise';
import { isLinearOperand } from './primitive';
import { select } from './select';

/** x + y. */
export const add: BinaryOp = /* @__PURE__ */ binary({
  name: 'add',
  scalar: (c, x, y) => c.add(x, y),
  accepts: numbers,
  loop: (n, x, i, di, y, j, dj, o, k) => {
    for (; n > 0; n--, i += di, j += dj) o[k++] = (x[i] as number) + (y[j] as number);
  },
  jvp: { x: (t) => t, y: (t) => t },
  transpose: (ct, x, y) => [isLinearOperand(x) ? ct : null, isLinearOperand(y) ? ct : null],
});

/** x − y. */
export const sub: BinaryOp = /* @__PURE__ */ binary({
  name: 'sub',
  scalar: (c, x, y) => c.sub(x, y),
  accepts: numbers,
  loop: (n, x, i, di, y, j, dj, o, k) => {
    for (; n > 0; n--, i += di, j += dj) o[k++] = (x[i] as number) - (y[j] as number);
  },
  jvp: { x: (t) => t, y: (t) => neg(t) },
  transpose: (ct, x, y) => [isLinearOperand(x) ? ct : null, isLinearOperand(y) ? neg(ct) : null],
});

/** x · y. */
export const mul: BinaryOp = /* @__PURE__ */ binary({
  name: 'mul',
  unit: 'either',
  scalar: (c, x, y) => c.mul(x, y),
  accepts: numbers,
  loop: (n, x, i, di, y, j, dj, o, k) => {
    for (; n > 0; n--, i += di, j += dj) o[k++] = (x[i] as number) * (y[j] as number);
  },
  integerLoop: (n, x, i, di, y, j, dj, o, k) => {
    for (; n > 0; n--, i += di, j += dj) o[k++] = Math.imul(x[i] as number, y[j] as number);
  },
  jvp: { x: (t, _x, y) => mul(t, y), y: (t, x) => mul(x, t) },
  transpose(ct, x, y) {
    refuseBilinear('mul', [x, y]);
    return [isLinearOperand(y) ? null : mul(ct, y), isLinearOperand(x) ? null : mul(x, ct)];
  },
});

/** x / y; whole numbers are divided towards zero, and x / 0 is 0 for them. */
export const div: BinaryOp = /* @__PURE__ */ binary({
  name: 'div',
  unit: 'second',
  scalar: (c, x, y) => c.div(x, y),
  accepts: numbers,
  loop: (n, x, i, di, y, j, dj, o, k) => {
    for (; n > 0; n--, i += di, j += dj) o[k++] = (x[i] as number) / (y[j] as number);
  },
  jvp: { x: (t, _x, y) => div(t, y), y: (t, _x, y, z) => neg(mul(t, div(z, y))) },
  transpose: (ct, _x, y) => (isLinearOperand(y) ? notLinear('div by an operand')() : [div(ct, y), null]),
});

/** The remainder of x / y with the sign of x, as in C and JavaScript. */
export const rem: BinaryOp = /* @__PURE__ */ binary({
  name: 'rem',
  scalar: (c, x, y) => {
    if (isFloating(x.dtype)) return c.rem(x, y);
    const zero = c.constant(0, x.dtype);
    return c.select(c.equal(y, zero), zero, c.sub(x, c.mul(c.div(x, y), y)));
  },
  scalarFor: ['float32', ...integers],
  accepts: numbers,
  loop: (n, x, i, di, y, j, dj, o, k) => {
    for (; n > 0; n--, i += di, j += dj) o[k++] = (x[i] as number) % (y[j] as number);
  },
  jvp: { x: (t) => t, y: (t, x, y) => neg(mul(t, truncate(div(x, y)))) },
});

function truncate(x: NDArray): NDArray {
  return mul(sign(x), floor(abs(x)));
}

/** xʸ; the derivative in y is 0 where x = 0, and that in x is 0 where y = 0. */
export const pow: BinaryOp = /* @__PURE__ */ binary({
  name: 'pow',
  scalar: (c, x, y) => c.pow(x, y),
  scalarFor: floats,
  accepts: numbers,
  loop: (n, x, i, di, y, j, dj, o, k) => {
    for (; n > 0; n--, i += di, j += dj) o[k++] = (x[i] as number) ** (y[j] as number);
  },
  integerLoop: (n, x, i, di, y, j, dj, o, k) => {
    for (; n > 0; n--, i += di, j += dj) o[k++] = integerPower(x[i] as number, y[j] as number);
  },
  jvp: {
    x: (t, x, y) => {
      const zero = fillLike(y, 0);
      const one = fillLike(y, 1);
      const isZero = equal(y, zero);
      // y = 0 would give 0 · x⁻¹, which is NaN at x = 0.
      return mul(t, select(isZero, zero, mul(y, pow(x, sub(select(isZero, one, y), one)))));
    },
    y: (t, x, _y, z) => {
      const zero = fillLike(x, 0);
      const isZero = equal(x, zero);
      return mul(t, select(isZero, zero, mul(log(select(isZero, fillLike(x, 1), x)), z)));
    },
  },
});

function integerPower(base: number, exponent: number): number {
  if (exponent < 0) return base === 1 ? 1 : base === -1 ? (exponent % 2 === 0 ? 1 : -1) : 0;
  let result = 1;
  for (let square = base, e = exponent; e > 0; e = Math.floor(e / 2)) {
    if (e % 2 === 1) result = Math.imul(result, square);
    square = Math.imul(square, square);
  }
  return result;
}

function tieWeight(larger: NDArray, x: NDArray, y: NDArray): NDArray {
  return select(larger, fillLike(x, 1), select(equal(x, y), fillLike(x, 0.5), fillLike(x, 0)));
}

/** The larger one; NaN if either is NaN, and −0 is below 0. At ties the derivative is shared equally. */
export const maximum: BinaryOp = /* @__PURE__ */ binary({
  name: 'max',
  scalar: (c, x, y) => c.max(x, y),
  accepts: [...numbers, 'bool'],
  loop: (n, x, i, di, y, j, dj, o, k) => {
    for (; n > 0; n--, i += di, j += dj) o[k++] = Math.max(x[i] as number, y[j] as number);
  },
  jvp: {
    x: (t, x, y) => mul(t, tieWeight(greater(x, y), x, y)),
    y: (t, x, y) => mul(t, tieWeight(greater(y, x), x, y)),
  },
});

/** The smaller one; NaN if either is NaN, and −0 is below 0. At ties the derivative is shared equally. */
export const minimum: BinaryOp = /* @__PURE__ */ binary({
  name: 'min',
  scalar: (c, x, y) => c.min(x, y),
  accepts: [...numbers, 'bool'],
  loop: (n, x, i, di, y, j, dj, o, k) => {
    for (; n > 0; n--, i += di, j += dj) o[k++] = Math.min(x[i] as number, y[j] as number);
  },
  jvp: {
    x: (t, x, y) => mul(t, tieWeight(greater(y, x), x, y)),
    y: (t, x, y) => mul(t, tieWeight(greater(x, y), x, y)),
  },
});

/** −x. */
export const neg: UnaryOp = /* @__PURE__ */ unary({
  name: 'neg',
  scalar: (c, x) => c.neg(x),
  accepts: numbers,
  loop: (n, x, i, di, o, k) => {
    for (; n > 0; n--, i += di) o[k++] = -(x[i] as number);
  },
  jvp: (t) => neg(t),
  transpose: (ct) => neg(ct),
});

/** |x|; the derivative at 0 is 0. */
export const abs: UnaryOp = /* @__PURE__ */ unary({
  name: 'abs',
  scalar: (c, x) => c.abs(x),
  accepts: numbers,
  loop: (n, x, i, di, o, k) => {
    for (; n > 0; n--, i += di) o[k++] = Math.abs(x[i] as number);
  },
  jvp: (t, x) => mul(t, sign(x)),
});

export const floor: UnaryOp = /* @__PURE__ */ unary({
  name: 'floor',
  scalar: (c, x) => c.floor(x),
  accepts: floats,
  loop: (n, x, i, di, o, k) => {
    for (; n > 0; n--, i += di) o[k++] = Math.floor(x[i] as number);
  },
  jvp: 'nonDifferentiable',
});

export const ceil: UnaryOp = /* @__PURE__ */ unary({
  name: 'ceil',
  scalar: (c, x) => c.ceil(x),
  accepts: floats,
  loop: (n, x, i, di, o, k) => {
    for (; n > 0; n--, i += di) o[k++] = Math.ceil(x[i] as number);
  },
  jvp: 'nonDifferentiable',
});

/** To the nearest whole number; halves to the even one. */
export const round: UnaryOp = /* @__PURE__ */ unary({
  name: 'round',
  scalar: (c, x) => c.round(x),
  accepts: floats,
  loop: (n, x, i, di, o, k) => {
    for (; n > 0; n--, i += di) o[k++] = roundHalfEven(x[i] as number);
  },
  jvp: 'nonDifferentiable',
});

function roundHalfEven(x: number): number {
  const below = Math.floor(x);
  const rest = x - below;
  // Math.ceil keeps the sign of a zero.
  return rest < 0.5 || (rest === 0.5 && below % 2 === 0) ? below : Math.ceil(x);
}
