import { floats, numbers } from '../array/dtype';
import type { NDArray } from '../array/ndarray';
import {
  erfc as erfcScalar,
  erfInv as erfInvScalar,
  erf as erfScalar,
  lgamma as lgammaScalar,
  polygamma as polygammaScalar,
} from '../backends/reference/kernels/special';
import { bind1 } from '../trace/bind';
import { add, div, mul, neg, sub } from './arithmetic';
import { fillLike } from './broadcast';
import {
  type BinaryOp,
  batchElementwise,
  binary,
  checkAccepted,
  notLinear,
  type UnaryOp,
  unary,
  unaryKernel,
} from './elementwise';
import { definePrimitive, type Primitive } from './primitive';

const one = (x: NDArray) => fillLike(x, 1);
const square = (x: NDArray) => mul(x, x);

/** −1, 0 or 1. */
export const sign: UnaryOp = /* @__PURE__ */ unary({
  name: 'sign',
  scalar: (c, x) => {
    const zero = c.constant(0, x.dtype);
    const negative = c.select(c.less(x, zero), c.constant(-1, x.dtype), x);
    return c.select(c.less(zero, x), c.constant(1, x.dtype), negative);
  },
  accepts: numbers,
  loop: (n, x, i, di, o, k) => {
    for (; n > 0; n--, i += di) o[k++] = Math.sign(x[i] as number);
  },
  jvp: 'nonDifferentiable',
});

/** eˣ. */
export const exp: UnaryOp = /* @__PURE__ */ unary({
  name: 'exp',
  scalar: (c, x) => c.exp(x),
  accepts: floats,
  loop: (n, x, i, di, o, k) => {
    for (; n > 0; n--, i += di) o[k++] = Math.exp(x[i] as number);
  },
  jvp: (t, _x, y) => mul(t, y),
});

/** eˣ − 1, exact near 0. */
export const expm1: UnaryOp = /* @__PURE__ */ unary({
  name: 'expm1',
  scalar: (c, x) => c.expm1(x),
  accepts: floats,
  loop: (n, x, i, di, o, k) => {
    for (; n > 0; n--, i += di) o[k++] = Math.expm1(x[i] as number);
  },
  jvp: (t, _x, y) => mul(t, add(y, one(y))),
});

/** Natural logarithm; NaN below 0. */
export const log: UnaryOp = /* @__PURE__ */ unary({
  name: 'log',
  scalar: (c, x) => c.log(x),
  accepts: floats,
  loop: (n, x, i, di, o, k) => {
    for (; n > 0; n--, i += di) o[k++] = Math.log(x[i] as number);
  },
  jvp: (t, x) => div(t, x),
});

/** log(1 + x), exact near 0. */
export const log1p: UnaryOp = /* @__PURE__ */ unary({
  name: 'log1p',
  scalar: (c, x) => c.log1p(x),
  accepts: floats,
  loop: (n, x, i, di, o, k) => {
    for (; n > 0; n--, i += di) o[k++] = Math.log1p(x[i] as number);
  },
  jvp: (t, x) => div(t, add(x, one(x))),
});

/** √x; the derivative at 0 is infinite. */
export const sqrt: UnaryOp = /* @__PURE__ */ unary({
  name: 'sqrt',
  scalar: (c, x) => c.sqrt(x),
  accepts: floats,
  loop: (n, x, i, di, o, k) => {
    for (; n > 0; n--, i += di) o[k++] = Math.sqrt(x[i] as number);
  },
  jvp: (t, _x, y) => div(t, add(y, y)),
});

/** 1 / √x. */
export const rsqrt: UnaryOp = /* @__PURE__ */ unary({
  name: 'rsqrt',
  scalar: (c, x) => c.div(c.constant(1, x.dtype), c.sqrt(x)),
  accepts: floats,
  loop: (n, x, i, di, o, k) => {
    for (; n > 0; n--, i += di) o[k++] = 1 / Math.sqrt(x[i] as number);
  },
  jvp: (t, x, y) => mul(t, mul(fillLike(x, -0.5), div(y, x))),
});

/** Sine of an angle in radians. */
export const sin: UnaryOp = /* @__PURE__ */ unary({
  name: 'sin',
  scalar: (c, x) => c.sin(x),
  accepts: floats,
  loop: (n, x, i, di, o, k) => {
    for (; n > 0; n--, i += di) o[k++] = Math.sin(x[i] as number);
  },
  jvp: (t, x) => mul(t, cos(x)),
});

/** Cosine of an angle in radians. */
export const cos: UnaryOp = /* @__PURE__ */ unary({
  name: 'cos',
  scalar: (c, x) => c.cos(x),
  accepts: floats,
  loop: (n, x, i, di, o, k) => {
    for (; n > 0; n--, i += di) o[k++] = Math.cos(x[i] as number);
  },
  jvp: (t, x) => neg(mul(t, sin(x))),
});

/** Tangent of an angle in radians. */
export const tan: UnaryOp = /* @__PURE__ */ unary({
  name: 'tan',
  scalar: (c, x) => c.tan(x),
  accepts: floats,
  loop: (n, x, i, di, o, k) => {
    for (; n > 0; n--, i += di) o[k++] = Math.tan(x[i] as number);
  },
  jvp: (t, _x, y) => mul(t, add(one(y), square(y))),
});

/** Arc sine, in radians. */
export const asin: UnaryOp = /* @__PURE__ */ unary({
  name: 'asin',
  scalar: (c, x) => c.call('asin', x),
  accepts: floats,
  loop: (n, x, i, di, o, k) => {
    for (; n > 0; n--, i += di) o[k++] = Math.asin(x[i] as number);
  },
  jvp: (t, x) => div(t, sqrt(sub(one(x), square(x)))),
});

/** Arc cosine, in radians. */
export const acos: UnaryOp = /* @__PURE__ */ unary({
  name: 'acos',
  scalar: (c, x) => c.call('acos', x),
  accepts: floats,
  loop: (n, x, i, di, o, k) => {
    for (; n > 0; n--, i += di) o[k++] = Math.acos(x[i] as number);
  },
  jvp: (t, x) => neg(div(t, sqrt(sub(one(x), square(x))))),
});

/** Arc tangent, in radians. */
export const atan: UnaryOp = /* @__PURE__ */ unary({
  name: 'atan',
  scalar: (c, x) => c.call('atan', x),
  accepts: floats,
  loop: (n, x, i, di, o, k) => {
    for (; n > 0; n--, i += di) o[k++] = Math.atan(x[i] as number);
  },
  jvp: (t, x) => div(t, add(one(x), square(x))),
});

/** Hyperbolic sine. */
export const sinh: UnaryOp = /* @__PURE__ */ unary({
  name: 'sinh',
  scalar: (c, x) => c.sinh(x),
  accepts: floats,
  loop: (n, x, i, di, o, k) => {
    for (; n > 0; n--, i += di) o[k++] = Math.sinh(x[i] as number);
  },
  jvp: (t, x) => mul(t, cosh(x)),
});

/** Hyperbolic cosine. */
export const cosh: UnaryOp = /* @__PURE__ */ unary({
  name: 'cosh',
  scalar: (c, x) => c.cosh(x),
  accepts: floats,
  loop: (n, x, i, di, o, k) => {
    for (; n > 0; n--, i += di) o[k++] = Math.cosh(x[i] as number);
  },
  jvp: (t, x) => mul(t, sinh(x)),
});

/** Hyperbolic tangent. */
export const tanh: UnaryOp = /* @__PURE__ */ unary({
  name: 'tanh',
  scalar: (c, x) => c.tanh(x),
  accepts: floats,
  loop: (n, x, i, di, o, k) => {
    for (; n > 0; n--, i += di) o[k++] = Math.tanh(x[i] as number);
  },
  jvp: (t, _x, y) => mul(t, sub(one(y), square(y))),
});

/** Inverse hyperbolic sine. */
export const asinh: UnaryOp = /* @__PURE__ */ unary({
  name: 'asinh',
  scalar: (c, x) => c.call('asinh', x),
  accepts: floats,
  loop: (n, x, i, di, o, k) => {
    for (; n > 0; n--, i += di) o[k++] = Math.asinh(x[i] as number);
  },
  jvp: (t, x) => div(t, sqrt(add(square(x), one(x)))),
});

/** Inverse hyperbolic cosine. */
export const acosh: UnaryOp = /* @__PURE__ */ unary({
  name: 'acosh',
  scalar: (c, x) => c.call('acosh', x),
  accepts: floats,
  loop: (n, x, i, di, o, k) => {
    for (; n > 0; n--, i += di) o[k++] = Math.acosh(x[i] as number);
  },
  jvp: (t, x) => div(t, sqrt(sub(square(x), one(x)))),
});

/** Inverse hyperbolic tangent. */
export const atanh: UnaryOp = /* @__PURE__ */ unary({
  name: 'atanh',
  scalar: (c, x) => c.call('atanh', x),
  accepts: floats,
  loop: (n, x, i, di, o, k) => {
    for (; n > 0; n--, i += di) o[k++] = Math.atanh(x[i] as number);
  },
  jvp: (t, x) => div(t, sub(one(x), square(x))),
});

/** 1 / (1 + e⁻ˣ). */
export const logistic: UnaryOp = /* @__PURE__ */ unary({
  name: 'logistic',
  // Without overflow: e⁻|x| is at most 1.
  scalar: (c, x) => {
    const [zero, unit] = [c.constant(0, x.dtype), c.constant(1, x.dtype)];
    const power = c.exp(c.neg(c.abs(x)));
    return c.div(c.select(c.less(x, zero), power, unit), c.add(unit, power));
  },
  accepts: floats,
  loop: (n, x, i, di, o, k) => {
    for (; n > 0; n--, i += di) {
      const v = x[i] as number;
      const power = Math.exp(-Math.abs(v));
      o[k++] = (v < 0 ? power : 1) / (1 + power);
    }
  },
  jvp: (t, _x, y) => mul(t, mul(y, sub(one(y), y))),
});

/** Error function 2/√π ∫₀ˣ exp(−u²) du. */
export const erf: UnaryOp = /* @__PURE__ */ unary({
  name: 'erf',
  scalar: (c, x) => c.erf(x),
  accepts: floats,
  loop: (n, x, i, di, o, k) => {
    for (; n > 0; n--, i += di) o[k++] = erfScalar(x[i] as number);
  },
  jvp: (t, x) => mul(t, gaussian(x)),
});

/** 1 − erf(x), exact for large x. */
export const erfc: UnaryOp = /* @__PURE__ */ unary({
  name: 'erfc',
  scalar: (c, x) => c.erfc(x),
  accepts: floats,
  loop: (n, x, i, di, o, k) => {
    for (; n > 0; n--, i += di) o[k++] = erfcScalar(x[i] as number);
  },
  jvp: (t, x) => neg(mul(t, gaussian(x))),
});

/** The inverse of erf, on [−1, 1]. */
export const erfInv: UnaryOp = /* @__PURE__ */ unary({
  name: 'erfInv',
  scalar: (c, x) => c.erfInv(x),
  scalarFor: ['float32'],
  accepts: floats,
  loop: (n, x, i, di, o, k) => {
    for (; n > 0; n--, i += di) o[k++] = erfInvScalar(x[i] as number);
  },
  jvp: (t, _x, y) => mul(t, mul(fillLike(y, Math.sqrt(Math.PI) / 2), exp(square(y)))),
});

/** log |Γ(x)|. */
export const lgamma: UnaryOp = /* @__PURE__ */ unary({
  name: 'lgamma',
  accepts: floats,
  loop: (n, x, i, di, o, k) => {
    for (; n > 0; n--, i += di) o[k++] = lgammaScalar(x[i] as number);
  },
  jvp: (t, x) => mul(t, polygamma(x, 0)),
});

function gaussian(x: NDArray): NDArray {
  return mul(fillLike(x, 2 / Math.sqrt(Math.PI)), exp(neg(square(x))));
}

/** The angle of the point (x, y) in radians, from −π to π; arguments in the order of `Math.atan2`. */
export const atan2: BinaryOp = /* @__PURE__ */ binary({
  name: 'atan2',
  scalar: (c, x, y) => c.call('atan2', x, y),
  accepts: floats,
  loop: (n, x, i, di, y, j, dj, o, k) => {
    for (; n > 0; n--, i += di, j += dj) o[k++] = Math.atan2(x[i] as number, y[j] as number);
  },
  jvp: {
    x: (t, y, x) => mul(t, div(x, add(square(x), square(y)))),
    y: (t, y, x) => neg(mul(t, div(y, add(square(x), square(y))))),
  },
});

interface PolygammaParams {
  order: number;
}

const polygammaPrimitive: Primitive<PolygammaParams> = /* @__PURE__ */ definePrimitive<PolygammaParams>({
  name: 'polygamma',
  strided: true,
  elementwise: true,
  outputs(inputs) {
    const [x] = inputs as [NDArray];
    checkAccepted('polygamma', x.dtype, floats);
    return [{ shape: x.shape, dtype: x.dtype }];
  },
  jvp([x], [t], { order }) {
    const y = polygamma(x as NDArray, order);
    return { outputs: [y], tangents: [t ? mul(t, polygamma(x as NDArray, order + 1)) : null] };
  },
  transpose: notLinear('polygamma'),
  batch: (size, inputs, batched, params) =>
    batchElementwise(polygammaPrimitive as Primitive, size, inputs, batched, params),
  lower: {
    reference: (context) =>
      unaryKernel((n, x, i, di, o, k) => {
        for (; n > 0; n--, i += di) o[k++] = polygammaScalar(context.params.order, x[i] as number);
      })(context),
  },
});

/** The derivative of order `order + 1` of lgamma; order 0 is digamma. */
export function polygamma(x: NDArray, order: number): NDArray {
  return bind1(polygammaPrimitive, [x], { order });
}
