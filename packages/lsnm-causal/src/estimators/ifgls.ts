import { combine } from '../features/b-splines';
import { type ConditionalFit, gaussianRows, meanLogLikelihood } from './conditional-fit';
import { leastSquares } from './least-squares';
import { basisOf, checkSplineFit, type SplineOptions } from './spline-options';

/** Variances are at least this, and the likelihood of a row changes by at most this at the end (LOCI's benchmark). */
const smallestVariance = 1e-6;
const tolerance = 1e-6;
const maxRounds = 100;

/**
 * Iterated feasible generalised least squares, the baseline of LOCI's benchmark of estimators: least squares for the
 * mean, least squares of the squared residuals for the variance, then again with rows weighted by 1/variance.
 *
 * @param cause values [n] that are not all the same.
 * @param effect values [n].
 * @throws DTypeError, ShapeError or ArgumentError for samples and options that are not these.
 */
export function fitIfgls(cause: Float64Array, effect: Float64Array, options: SplineOptions = {}): ConditionalFit {
  checkSplineFit('fitIfgls', cause, effect, options);
  const basis = basisOf(cause, options);
  const rows = basis.at(cause);
  const ridge = options.ridge ?? 1e-6;
  const predictWith = (mean: Float64Array, variance: Float64Array) => (points: ArrayLike<number>) => {
    const at = basis.at(points);
    const means = new Float64Array(points.length);
    const stds = new Float64Array(points.length);
    combine(at, mean, 0, means);
    combine(at, variance, 0, stds);
    return { mean: means, std: stds.map((value) => Math.sqrt(Math.max(value, smallestVariance))) };
  };
  const fitOnce = (rowWeights?: Float64Array) => {
    const mean = leastSquares(rows, basis.functions, effect, ridge, rowWeights);
    const fitted = new Float64Array(effect.length);
    combine(rows, mean, 0, fitted);
    const squares = effect.map((y, i) => (y - (fitted[i] as number)) ** 2);
    const variance = leastSquares(rows, basis.functions, squares, ridge);
    return predictWith(mean, variance);
  };

  let predict = fitOnce();
  let before = -Infinity;
  for (let round = 1; ; round++) {
    const { std } = predict(cause);
    const fit = { ...gaussianRows(effect, predict(cause)), iterations: round, predict };
    const now = meanLogLikelihood({ ...fit, converged: true });
    const converged = Math.abs(now - before) < tolerance;
    if (converged || round === maxRounds) return { ...fit, converged };
    before = now;
    predict = fitOnce(std.map((value) => 1 / (value * value)));
  }
}
