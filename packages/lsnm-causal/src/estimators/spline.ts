import { combine, type SplineBasis } from '../features/b-splines';
import { type ConditionalFit, gaussianRows } from './conditional-fit';
import { smallestPrecision } from './natural-gaussian';
import { projectedNewton } from './projected-newton';
import { basisOf, checkSplineFit, type SplineOptions } from './spline-options';

/** A fit of natural parameters, and what its solver reports. */
export interface SplineFit extends ConditionalFit {
  /** (Σ NLL + penalty)/rows at the end. */
  readonly penalised: number;
}

/**
 * Gaussian location-scale regression on B-splines in natural parameters, to its optimum: the convex estimator of LOCI
 * (Immer et al. 2023) by projected Newton steps.
 *
 * @param cause values [n] that are not all the same.
 * @param effect values [n].
 * @throws DTypeError, ShapeError or ArgumentError for samples and options that are not these.
 */
export function fitSpline(cause: Float64Array, effect: Float64Array, options: SplineOptions = {}): SplineFit {
  checkSplineFit('fitSpline', cause, effect, options);
  const basis = basisOf(cause, options);
  const problem = { rows: basis.at(cause), functions: basis.functions, effect, ridge: options.ridge ?? 1e-5 };
  const { weights, objectives, iterations, converged } = projectedNewton(problem);
  const predict = (points: ArrayLike<number>) => predictNatural(basis, weights, points);
  return {
    ...gaussianRows(effect, predict(cause)),
    penalised: objectives.at(-1) as number,
    iterations,
    converged,
    predict,
  };
}

/** Location and scale at given causes: μ = η₁/(2s), σ² = 1/(2s). */
export function predictNatural(
  basis: SplineBasis,
  weights: Float64Array,
  points: ArrayLike<number>,
): { mean: Float64Array; std: Float64Array } {
  const rows = basis.at(points);
  const mean = new Float64Array(points.length);
  const std = new Float64Array(points.length);
  combine(rows, weights, 0, mean);
  combine(rows, weights, basis.functions, std);
  for (let i = 0; i < points.length; i++) {
    const s = Math.max(std[i] as number, smallestPrecision);
    mean[i] = (mean[i] as number) / (2 * s);
    std[i] = 1 / Math.sqrt(2 * s);
  }
  return { mean, std };
}
