import { type SplineBasis, splineBasis } from '../features/b-splines';

/** Settings of the spline estimators. */
export interface SplineOptions {
  /** Equidistant knots, 2 or more; 2 make one polynomial. Default: 25 (LOCI's released configurations). */
  readonly knots?: number;
  /** Degree of the pieces, 1 or more. Default: 5 (LOCI's released configurations). */
  readonly degree?: number;
  /**
   * δ of the penalty (δ/2)‖w‖² on the sum of negative log-likelihoods. Default: 1e-5 (LOCI's released configurations);
   * `fitIfgls`: 1e-6, on its sums of squares (LOCI's benchmark of estimators).
   */
  readonly ridge?: number;
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
