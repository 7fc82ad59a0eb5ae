import { isFloating } from '../array/dtype';
import { type ArrayLike, NDArray } from '../array/ndarray';
import { checkAxis, range, sameShape, showShape, showType } from '../array/shape';
import { DTypeError, ShapeError } from '../errors';
import { asArray, asFloat, promoteFloats } from '../numpy/operands';
import { mean } from '../numpy/reductions';
import { abs, add, div, maximum, mul, neg, sub } from '../primitives/arithmetic';
import { and } from '../primitives/bitwise';
import { fillLike } from '../primitives/broadcast';
import { cast } from '../primitives/cast';
import { equal, lessEqual } from '../primitives/compare';
import { exp, sqrt } from '../primitives/elementary';
import { gather } from '../primitives/gather';
import { sum } from '../primitives/reduce';
import { select } from '../primitives/select';
import { logSoftmax, softplus } from './activations';
import { checkLabels, checkNumber } from './arguments';

// Every loss gives one number for each example, so that weights, masks and reductions stay with the caller.

/**
 * −log softmax(logits)[label], or −Σ p · log softmax(logits) for a distribution p; in nats. Stable for logits of any size.
 *
 * @param logits - [...batch, classes].
 * @param labels - integers [...batch] from 0 to classes − 1, or floats of the logits' shape: probabilities that sum to 1
 * (not checked). A probability of 0 on a logit of −∞ counts 0.
 * @returns [...batch].
 * @throws ShapeError and DTypeError where they do not fit; ArgumentError for a label outside the classes, RangeError where
 * a compiled program meets one.
 */
export function softmaxCrossEntropy(logits: NDArray, labels: NDArray): NDArray {
  const where = 'nn.losses.softmaxCrossEntropy';
  const z = asFloat(where, logits);
  const target = asArray(where, labels);
  if (z.ndim === 0) throw new ShapeError(`${where}: expected logits to be [...batch, classes], got a scalar`);
  const last = z.ndim - 1;
  const batch = z.shape.slice(0, last);
  const indices = !isFloating(target.dtype);
  if (target.dtype === 'bool') {
    throw new DTypeError(
      `${where}: expected labels to be integers or a float distribution, got ${showType(target)}; convert with astype`,
    );
  }
  if (!sameShape(target.shape, indices ? batch : z.shape)) {
    throw new ShapeError(
      `${where}: logits ${showType(z)} take integer labels of shape ${showShape(batch)} or a float distribution of shape ` +
        `${showShape(z.shape)}, got ${showType(target)}`,
    );
  }
  const logp = logSoftmax(z);
  if (indices) {
    checkLabels(where, 'labels', target, z.shape[last] as number);
    return neg(gather(logp, cast(target, 'int32'), { axis: last, batchDims: last }));
  }
  const [p, q] = promoteFloats(where, [target, logp]) as [NDArray, NDArray];
  const zero = fillLike(q, 0);
  const impossible = and(equal(p, zero), equal(q, fillLike(q, Number.NEGATIVE_INFINITY)));
  return neg(sum(mul(p, select(impossible, zero, q)), [last]));
}

/**
 * −t · log sigmoid(x) − (1 − t) · log(1 − sigmoid(x)), in nats, for each logit by itself. Stable for logits of any size.
 *
 * @param logits - any shape.
 * @param targets - 0 to 1, of the same shape, or one number for all.
 * @returns the logits' shape.
 */
export function sigmoidBinaryCrossEntropy(logits: NDArray, targets: ArrayLike): NDArray {
  const [x, t] = pair('nn.losses.sigmoidBinaryCrossEntropy', 'logits', logits, 'targets', targets);
  // Two terms instead of softplus(x) − t · x, which cancels where the prediction is good.
  return add(mul(t, softplus(neg(x))), mul(sub(fillLike(t, 1), t), softplus(x)));
}

/** (prediction − target)², averaged over all axes but the first. @returns [n], one for each example. */
export function meanSquaredError(predictions: NDArray, targets: ArrayLike): NDArray {
  const difference = sub(...pair('nn.losses.meanSquaredError', 'predictions', predictions, 'targets', targets));
  return perExample(mul(difference, difference));
}

/** |prediction − target|, averaged over all axes but the first; derivative 0 where they agree. @returns [n], one for each example. */
export function meanAbsoluteError(predictions: NDArray, targets: ArrayLike): NDArray {
  return perExample(abs(sub(...pair('nn.losses.meanAbsoluteError', 'predictions', predictions, 'targets', targets))));
}

export interface HuberOptions {
  /** Where the parabola turns into a line. Default: 1. */
  delta?: number;
}

/**
 * ½ d² for |d| ≤ δ, else δ (|d| − ½ δ), with d = prediction − target, averaged over all axes but the first (Huber 1964).
 *
 * @returns [n], one for each example.
 */
export function huber(predictions: NDArray, targets: ArrayLike, options: HuberOptions = {}): NDArray {
  const { delta = 1 } = options;
  checkNumber('nn.losses.huber', 'delta', delta, delta > 0 && Number.isFinite(delta), 'a finite number above 0');
  const difference = sub(...pair('nn.losses.huber', 'predictions', predictions, 'targets', targets));
  const distance = abs(difference);
  const constant = (value: number) => fillLike(difference, value);
  const parabola = mul(constant(0.5), mul(difference, difference));
  const line = mul(constant(delta), sub(distance, constant(delta / 2)));
  return perExample(select(lessEqual(distance, constant(delta)), parabola, line));
}

/**
 * Kullback–Leibler divergence Σ p (log p − log q) of q from p over the last axis, in nats, from logarithms of
 * probabilities (as `logSoftmax` gives them). Where log p is −∞ the term is 0.
 *
 * @returns the shape without the last axis.
 */
export function klDivergence(logP: NDArray, logQ: NDArray): NDArray {
  const [p, q] = pair('nn.losses.klDivergence', 'logP', logP, 'logQ', logQ);
  if (p.ndim === 0)
    throw new ShapeError('nn.losses.klDivergence: expected logP to be [...batch, classes], got a scalar');
  const zero = fillLike(p, 0);
  const impossible = equal(p, fillLike(p, Number.NEGATIVE_INFINITY));
  const term = mul(exp(p), sub(select(impossible, zero, p), select(impossible, zero, q)));
  return sum(term, [p.ndim - 1]);
}

export interface CosineOptions {
  /** The axis of the vectors' components. Default: −1. */
  axis?: number;
  /** Smaller lengths count as this, so that a zero vector has similarity 0 and derivative 0 of its length. Default: 1e-8. */
  epsilon?: number;
}

/** a · b / (|a| |b|) along an axis: 1 for the same direction, −1 for the opposite one. @returns the shape without the axis. */
export function cosineSimilarity(a: NDArray, b: NDArray, options: CosineOptions = {}): NDArray {
  const { epsilon = 1e-8 } = options;
  checkNumber(
    'nn.losses.cosineSimilarity',
    'epsilon',
    epsilon,
    epsilon > 0 && Number.isFinite(epsilon),
    'a finite number above 0',
  );
  const [x, y] = pair('nn.losses.cosineSimilarity', 'a', a, 'b', b);
  const axes = [checkAxis('nn.losses.cosineSimilarity', options.axis ?? -1, x.ndim)];
  const length = (v: NDArray) => {
    const squared = sum(mul(v, v), axes);
    return sqrt(maximum(squared, fillLike(squared, epsilon * epsilon)));
  };
  return div(div(sum(mul(x, y), axes), length(x)), length(y));
}

/** 1 − cosineSimilarity(a, b): from 0 (same direction) to 2. @returns the shape without the axis. */
export function cosineDistance(a: NDArray, b: NDArray, options: CosineOptions = {}): NDArray {
  const similarity = cosineSimilarity(a, b, options);
  return sub(fillLike(similarity, 1), similarity);
}

/** Two operands of one shape: [n, 1] against [n] would broadcast to [n, n] and train the wrong thing. A number fits all. */
function pair(where: string, nameA: string, a: NDArray, nameB: string, b: ArrayLike): [NDArray, NDArray] {
  if (a instanceof NDArray && b instanceof NDArray && !sameShape(a.shape, b.shape)) {
    throw new ShapeError(
      `${where}: expected ${nameA} and ${nameB} of one shape, got ${showType(a)} and ${showType(b)}; reshape one of them`,
    );
  }
  return promoteFloats(where, [a, b]) as [NDArray, NDArray];
}

function perExample(values: NDArray): NDArray {
  return values.ndim < 2 ? values : mean(values, range(values.ndim - 1, 1));
}
