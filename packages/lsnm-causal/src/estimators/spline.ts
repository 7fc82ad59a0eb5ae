import { combine, type SplineBasis, splineBasis } from '../features/b-splines';
import { type ConditionalFit, mean } from './conditional-fit';
import { evaluateParameters, naturalNll, smallestPrecision } from './natural-gaussian';
import { projectedNewton } from './projected-newton';

/** Settings of the spline estimators. */
export interface SplineOptions {
  /** Equidistant knots, 2 or more. Default: 25 (LOCI's released configurations). */
  readonly knots?: number;
  /** Degree of the pieces, 1 or more. Default: 5 (LOCI's released configurations). */
  readonly degree?: number;
  /** δ of the penalty (δ/2)‖w‖² on the sum of negative log-likelihoods. Default: 1e-5 (LOCI's released configurations). */
  readonly ridge?: number;
}

/** A spline fit and what its solver reports. */
export interface SplineFit extends ConditionalFit {
  /** (Σ NLL + penalty)/rows at the end. */
  readonly penalised: number;
}

/**
 * Location-scale regression on B-splines in natural parameters, to its optimum: the convex estimator of LOCI (Immer et
 * al. 2023, section 3) by projected Newton steps.
 *
 * @param cause values [n] that are not all the same.
 * @param effect values [n].
 */
export function fitSpline(cause: Float64Array, effect: Float64Array, options: SplineOptions = {}): SplineFit {
  const basis = basisOf(cause, options);
  const problem = { rows: basis.at(cause), functions: basis.functions, effect, ridge: options.ridge ?? 1e-5 };
  const { weights, objectives, iterations, converged } = projectedNewton(problem);
  const n = effect.length;
  const parameters = { eta1: new Float64Array(n), s: new Float64Array(n) };
  evaluateParameters(problem, weights, parameters);
  const logLikelihoods = new Float64Array(n);
  const residuals = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    const y = effect[i] as number;
    const eta1 = parameters.eta1[i] as number;
    const s = parameters.s[i] as number;
    logLikelihoods[i] = -naturalNll(y, eta1, s);
    residuals[i] = (y - eta1 / (2 * s)) * Math.sqrt(2 * s);
  }
  return {
    logLikelihoods,
    residuals,
    penalised: objectives.at(-1) as number,
    iterations,
    converged,
    predict: (points) => predictNatural(basis, weights, points),
  };
}

/** The basis that spans the causes. */
export function basisOf(cause: Float64Array, options: SplineOptions): SplineBasis {
  let min = Infinity;
  let max = -Infinity;
  for (const value of cause) {
    min = Math.min(min, value);
    max = Math.max(max, value);
  }
  return splineBasis(min, max, options.knots ?? 25, options.degree ?? 5);
}

function predictNatural(basis: SplineBasis, weights: Float64Array, points: ArrayLike<number>) {
  const rows = basis.at(points);
  const location = new Float64Array(points.length);
  const std = new Float64Array(points.length);
  combine(rows, weights, 0, location);
  combine(rows, weights, basis.functions, std);
  for (let i = 0; i < points.length; i++) {
    const s = Math.max(std[i] as number, smallestPrecision);
    location[i] = (location[i] as number) / (2 * s);
    std[i] = 1 / Math.sqrt(2 * s);
  }
  return { mean: location, std };
}

/** Mean log-likelihood of a row. */
export function meanLogLikelihood(fit: ConditionalFit): number {
  return mean(fit.logLikelihoods);
}
