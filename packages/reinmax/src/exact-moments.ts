import { grad, type NDArray, np, random, vmap } from '@forback/core';
import type { Estimator, EstimatorOptions } from './draw';
import { type ExpectationOptions, enumerateOutcomes, type SampleCost, scalarCost } from './expectation';
import { surrogateCost } from './reinforce';

/** Options of `estimateGradient`. */
export interface EstimateOptions extends EstimatorOptions {
  /** Of the score-function term, for `reinforce`. Default: 0. */
  baseline?: NDArray | number;
}

/**
 * One estimate of ∇ E[f(D)] in the logits.
 *
 * @param f - a cost of one sample of the logits' shape: a scalar.
 * @returns the logits' shape.
 */
export function estimateGradient(
  estimator: Estimator,
  f: SampleCost,
  logits: NDArray,
  key: random.Key,
  options: EstimateOptions = {},
): NDArray {
  const { baseline = 0, ...own } = options;
  return grad((x: NDArray) => {
    const draw = estimator(x, key, own);
    return surrogateCost(scalarCost('estimateGradient', f(draw.sample)), draw, { baseline });
  })(logits);
}

/** Options of `exactMoments`. */
export interface ExactMomentsOptions extends Omit<EstimateOptions, 'sample'>, Pick<ExpectationOptions, 'limit'> {
  /** For estimators that draw more than the sample; the result is then a draw itself. Default: `random.key(0)`. */
  key?: random.Key;
}

/** Mean and spread of an estimator. */
export interface Moments {
  /** E[ĝ], of the logits' shape. */
  mean: NDArray;
  /** E|ĝ − E[ĝ]|², summed over all elements: a scalar. */
  variance: NDArray;
}

/**
 * The exact mean and variance of an estimator by enumeration of the sample, for estimators that are functions of it:
 * `reinmax`, `straightThrough`, `decoupledStraightThrough`, `gst`, `reinforce`. All outcomes are held in memory at once.
 *
 * @param f - a cost of one sample of the logits' shape: a scalar.
 * @param logits - [...latents, n] with the categories on `axis`.
 * @throws ArgumentError for more outcomes than `limit`.
 */
export function exactMoments(
  estimator: Estimator,
  f: SampleCost,
  logits: NDArray,
  options: ExactMomentsOptions = {},
): Moments {
  const { key = random.key(0), limit = 16384, ...own } = options;
  const { axis = -1, mask } = own;
  // Of the draw, not of the logits: decoupled straight-through samples another distribution.
  const { probs } = estimator(logits, key, own);
  const outcomes = enumerateOutcomes(logits, { axis, limit, ...(mask ? { mask } : {}) });
  const axes = logits.shape.map((_, i) => i + 1);
  const weights = np.prod(np.where(outcomes.greater(0), probs, 1), axes, { keepDims: true });
  const gradients = vmap((sample: NDArray) => estimateGradient(estimator, f, logits, key, { ...own, sample }))(
    outcomes,
  );
  const mean = gradients.mul(weights).sum(0);
  return { mean, variance: np.square(gradients.sub(mean)).mul(weights).sum() };
}
