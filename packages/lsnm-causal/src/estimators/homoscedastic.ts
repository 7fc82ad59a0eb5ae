import { combine } from '../features/b-splines';
import { type ConditionalFit, gaussianRows } from './conditional-fit';
import { leastSquares } from './least-squares';
import { basisOf, checkSplineFit, type SplineOptions } from './spline-options';

/** Standard deviations below this, in units of the fit, count as this: a perfect fit has a finite likelihood. */
const smallestStd = 1e-6;

/**
 * Additive noise of constant variance: least squares on B-splines, and the variance of its residuals. Its likelihoods
 * order two directions as the mean squared errors do.
 *
 * @param cause values [n] that are not all the same.
 * @param effect values [n].
 * @throws DTypeError, ShapeError or ArgumentError for samples and options that are not these.
 */
export function fitHomoscedastic(
  cause: Float64Array,
  effect: Float64Array,
  options: SplineOptions = {},
): ConditionalFit {
  checkSplineFit('fitHomoscedastic', cause, effect, options);
  const basis = basisOf(cause, options);
  const weights = leastSquares(basis.at(cause), basis.functions, effect, options.ridge ?? 1e-5);
  const meansAt = (points: ArrayLike<number>) => {
    const mean = new Float64Array(points.length);
    combine(basis.at(points), weights, 0, mean);
    return mean;
  };
  return constantNoise(effect, meansAt, cause);
}

/** Gaussian noise of one standard deviation around means that have been fitted. */
export function constantNoise(
  effect: Float64Array,
  meansAt: (points: ArrayLike<number>) => Float64Array,
  cause: Float64Array,
): ConditionalFit {
  const mean = meansAt(cause);
  let squares = 0;
  for (let i = 0; i < effect.length; i++) squares += ((effect[i] as number) - (mean[i] as number)) ** 2;
  const sigma = Math.max(Math.sqrt(squares / effect.length), smallestStd);
  const constant = (length: number) => new Float64Array(length).fill(sigma);
  return {
    ...gaussianRows(effect, { mean, std: constant(effect.length) }),
    iterations: 1,
    converged: true,
    predict: (points) => ({ mean: meansAt(points), std: constant(points.length) }),
  };
}
