import { ArgumentError } from '@forback/core';
import { checkCount, checkSamples } from '../check';
import { type SplineBasis, splineBasis } from '../features/b-splines';

/** Settings of the spline estimators. */
export interface SplineOptions {
  /** Equidistant knots, 2 or more; 2 make one polynomial. Default: 25 (LOCI's released configurations). */
  readonly knots?: number;
  /** Degree of the pieces, 1 or more. Default: 5 (LOCI's released configurations). */
  readonly degree?: number;
  /**
   * δ > 0 of the penalty (δ/2)‖w‖² on the sum of negative log-likelihoods. Default: 1e-5 (LOCI's released configurations);
   * `fitIfgls`: 1e-6, on its sums of squares (LOCI's benchmark of estimators).
   */
  readonly ridge?: number;
}

/**
 * Checks what the spline estimators are given.
 *
 * @throws DTypeError, ShapeError or ArgumentError for other than two samples of finite numbers, a constant cause, and options
 *   out of range.
 */
export function checkSplineFit(where: string, cause: Float64Array, effect: Float64Array, options: SplineOptions): void {
  checkSamples(where, { cause, effect }, 2);
  if (cause.every((value) => value === cause[0]))
    throw new ArgumentError(`${where}: expected causes that differ, got ${cause[0]} ${cause.length} times`);
  const { knots = 2, degree = 1, ridge = 1 } = options;
  checkCount(where, 'knots', knots, 2);
  checkCount(where, 'degree', degree, 1);
  if (!(ridge > 0 && ridge < Infinity))
    throw new ArgumentError(`${where}: expected ridge to be a number above 0, got ${ridge}`);
}

/** The basis that spans the causes. */
export function basisOf(cause: Float64Array, { knots = 25, degree = 5 }: SplineOptions): SplineBasis {
  let min = Infinity;
  let max = -Infinity;
  for (const value of cause) {
    min = Math.min(min, value);
    max = Math.max(max, value);
  }
  return splineBasis(min, max, knots, degree);
}
