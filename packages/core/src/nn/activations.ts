import type { ArrayLike, NDArray } from '../array/ndarray';
import { checkAxis, showType } from '../array/shape';
import { ArgumentError, ShapeError } from '../errors';
import { split } from '../numpy/manipulation';
import { asFloat } from '../numpy/operands';
import { abs, add, div, maximum, minimum, mul, neg, sub } from '../primitives/arithmetic';
import { fillLike } from '../primitives/broadcast';
import { stopGradient } from '../primitives/cast';
import { greater, less, lessEqual } from '../primitives/compare';
import { erfc, exp, expm1, log, log1p, logistic, tanh as tanhPrimitive } from '../primitives/elementary';
import { reduceMax, sum, unreduce } from '../primitives/reduce';
import { select } from '../primitives/select';
import { customJvp } from '../transforms/custom';
import { checkNumber } from './arguments';

/** max(x, 0), with derivative 0 at 0. NaN stays NaN. */
export function relu(x: ArrayLike): NDArray {
  const a = asFloat('nn.relu', x);
  const zero = fillLike(a, 0);
  return select(lessEqual(a, zero), zero, a);
}

/**
 * x for x > 0, else slope · x; the derivative at 0 is the slope.
 *
 * @param slope - default: 0.01 (Maas, Hannun and Ng 2013).
 */
export function leakyRelu(x: ArrayLike, slope = 0.01): NDArray {
  const a = asFloat('nn.leakyRelu', x);
  checkNumber('nn.leakyRelu', 'slope', slope, Number.isFinite(slope), 'a finite number');
  return select(greater(a, fillLike(a, 0)), a, mul(a, fillLike(a, slope)));
}

/**
 * x for x > 0, else alpha · (eˣ − 1) (Clevert, Unterthiner and Hochreiter 2016).
 *
 * @param alpha - minus the limit for x → −∞. Default: 1 (the paper's experiments).
 */
export function elu(x: ArrayLike, alpha = 1): NDArray {
  const a = asFloat('nn.elu', x);
  checkNumber('nn.elu', 'alpha', alpha, Number.isFinite(alpha), 'a finite number');
  return exponentialLinear(a, alpha);
}

function exponentialLinear(a: NDArray, alpha: number): NDArray {
  const zero = fillLike(a, 0);
  const positive = greater(a, zero);
  // The side that is not chosen must stay finite, or its derivative would be 0 · ∞.
  return select(positive, a, mul(expm1(select(positive, zero, a)), fillLike(a, alpha)));
}

/**
 * λ · elu(x, α) with λ = 1.0507… and α = 1.6733…, which keep mean 0 and variance 1 from layer to layer
 * (Klambauer et al. 2017, equation 2). Initialise with lecunNormal.
 */
export function selu(x: ArrayLike): NDArray {
  const a = asFloat('nn.selu', x);
  return mul(exponentialLinear(a, 1.6732632423543772), fillLike(a, 1.0507009873554805));
}

export interface GeluOptions {
  /** ½ x (1 + tanh(√(2/π) (x + 0.044715 x³))) instead of the error function (the paper's section 2). Default: false. */
  approximate?: boolean;
}

/** x · Φ(x) with the normal distribution function Φ (Hendrycks and Gimpel 2016). */
export function gelu(x: ArrayLike, options: GeluOptions = {}): NDArray {
  const a = asFloat('nn.gelu', x);
  const half = mul(a, fillLike(a, 0.5));
  if (!options.approximate) return mul(half, erfc(mul(a, fillLike(a, -Math.SQRT1_2))));
  // Beyond ±10 the hyperbolic tangent is ±1 in double precision; x³ would overflow further out.
  const bounded = minimum(maximum(a, fillLike(a, -10)), fillLike(a, 10));
  const cube = mul(mul(bounded, bounded), bounded);
  const inner = mul(add(bounded, mul(cube, fillLike(a, 0.044715))), fillLike(a, Math.sqrt(2 / Math.PI)));
  return mul(half, add(fillLike(a, 1), tanhPrimitive(inner)));
}

/** x · sigmoid(x), also called swish (Elfwing, Uchibe and Doya 2018). */
export function silu(x: ArrayLike): NDArray {
  const a = asFloat('nn.silu', x);
  return mul(a, logistic(a));
}

/** 1 / (1 + e⁻ˣ). */
export function sigmoid(x: ArrayLike): NDArray {
  return logistic(asFloat('nn.sigmoid', x));
}

/** (eˣ − e⁻ˣ) / (eˣ + e⁻ˣ). */
export function tanh(x: ArrayLike): NDArray {
  return tanhPrimitive(asFloat('nn.tanh', x));
}

// The formula has kinks at 0 that cancel in the value but not in higher derivatives; the rule has none.
const smoothSoftplus: (x: NDArray) => NDArray = /* @__PURE__ */ customJvp(
  (x: NDArray) => add(maximum(x, fillLike(x, 0)), log1p(exp(neg(abs(x))))),
  ([x], [t]) => [smoothSoftplus(x), mul(t, logistic(x))],
);

/** log(1 + eˣ), exact to rounding for every x; its derivative is sigmoid(x). */
export function softplus(x: ArrayLike): NDArray {
  return smoothSoftplus(asFloat('nn.softplus', x));
}

/** log sigmoid(x) = −softplus(−x), exact to rounding for every x. */
export function logSigmoid(x: ArrayLike): NDArray {
  return neg(smoothSoftplus(neg(asFloat('nn.logSigmoid', x))));
}

/** x limited to [−1, 1]; the derivative is 1 on the closed interval and 0 outside. */
export function hardTanh(x: ArrayLike): NDArray {
  const a = asFloat('nn.hardTanh', x);
  const [low, high] = [fillLike(a, -1), fillLike(a, 1)];
  return select(greater(a, high), high, select(less(a, low), low, a));
}

/**
 * a · sigmoid(b) for the first half a and the second half b of an axis (Dauphin et al. 2017).
 *
 * @param axis - has an even size 2n; the result has n there. Default: −1.
 */
export function glu(x: ArrayLike, axis = -1): NDArray {
  const a = asFloat('nn.glu', x);
  const along = checkAxis('nn.glu', axis, a.ndim);
  if ((a.shape[along] as number) % 2 !== 0) {
    throw new ShapeError(
      `nn.glu: expected an even size along axis ${axis}, got ${showType(a)}; it is cut into two halves`,
    );
  }
  const [value, gate] = split(a, 2, along) as [NDArray, NDArray];
  return mul(value, logistic(gate));
}

/** x minus its largest element along an axis, as a constant shift: it changes neither softmax nor its derivative. */
function shifted(where: string, x: ArrayLike, axis: number): { z: NDArray; along: number } {
  const a = asFloat(where, x);
  if (a.ndim === 0) throw new ArgumentError(`${where}: expected an array with at least one axis, got ${showType(a)}`);
  const along = checkAxis(where, axis, a.ndim);
  return { z: sub(a, unreduce(stopGradient(reduceMax(a, [along])), a.shape, [along])), along };
}

/** eˣ / Σ eˣ along an axis (default: the last). Stable for logits of any size; −∞ gives 0. */
export function softmax(x: ArrayLike, axis = -1): NDArray {
  const { z, along } = shifted('nn.softmax', x, axis);
  const e = exp(z);
  return div(e, unreduce(sum(e, [along]), e.shape, [along]));
}

/** log softmax(x) along an axis (default: the last). Stable for logits of any size. */
export function logSoftmax(x: ArrayLike, axis = -1): NDArray {
  const { z, along } = shifted('nn.logSoftmax', x, axis);
  return sub(z, unreduce(log(sum(exp(z), [along])), z.shape, [along]));
}
