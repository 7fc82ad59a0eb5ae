import { logGamma } from '../independence/gamma-distribution';
import type { ConditionalFit } from './conditional-fit';
import { projectedNewton } from './projected-newton';
import { predictNatural } from './spline';
import { basisOf, checkSplineFit, type SplineOptions } from './spline-options';

/** A Student-t fit. */
export interface StudentFit extends ConditionalFit {
  /** Degrees of freedom ν > 2, so that the variance exists. */
  readonly degreesOfFreedom: number;
}

/** Degrees of freedom that are tried: above the largest the distribution is normal. */
const smallestFreedom = 2.01;
const largestFreedom = 1000;

/** The mean penalised likelihood rises by less than this at the end. */
const tolerance = 1e-9;
const maxRounds = 500;

/**
 * Student-t location-scale regression on B-splines, with one ν for all rows; ROCHE (Tran et al. 2024) lets ν vary with the
 * cause, as our network does. A Student-t variable is a normal one with a random precision, so that each round of
 * expectation-maximisation is a Newton step on LOCI's convex problem with rows weighted by (ν + 1)/(ν + r²), then a
 * search for ν. The penalised likelihood never falls.
 *
 * @param cause values [n] that are not all the same.
 * @param effect values [n].
 * @throws DTypeError, ShapeError or ArgumentError for samples and options that are not these.
 */
export function fitStudent(cause: Float64Array, effect: Float64Array, options: SplineOptions = {}): StudentFit {
  checkSplineFit('fitStudent', cause, effect, options);
  const basis = basisOf(cause, options);
  const n = effect.length;
  const ridge = options.ridge ?? 1e-5;
  const problem = { rows: basis.at(cause), functions: basis.functions, effect, ridge };
  const residualsAt = (w: Float64Array) => {
    const { mean, std } = predictNatural(basis, w, cause);
    const residuals = effect.map((y, i) => (y - (mean[i] as number)) / (std[i] as number));
    return { residuals, std };
  };
  const penaltyAt = (w: Float64Array) => (ridge / (2 * n)) * w.reduce((sum, weight) => sum + weight * weight, 0);

  let { weights } = projectedNewton(problem, { tolerance: 1e-4 });
  let { residuals, std } = residualsAt(weights);
  let freedom = bestFreedom(residuals, std);
  let objective = meanStudent(residuals, std, freedom) - penaltyAt(weights);
  let rounds = 0;
  let converged = false;
  while (!converged && rounds < maxRounds) {
    rounds++;
    const rowWeights = residuals.map((r) => (freedom + 1) / (freedom + r * r));
    ({ weights } = projectedNewton({ ...problem, rowWeights }, { start: weights, maxIterations: 1 }));
    ({ residuals, std } = residualsAt(weights));
    freedom = bestFreedom(residuals, std);
    const next = meanStudent(residuals, std, freedom) - penaltyAt(weights);
    converged = next - objective < tolerance;
    objective = next;
  }
  const spread = Math.sqrt(freedom / (freedom - 2));
  return {
    logLikelihoods: residuals.map((r, i) => studentLog(r, std[i] as number, freedom)),
    residuals,
    degreesOfFreedom: freedom,
    iterations: rounds,
    converged,
    predict(points) {
      const at = predictNatural(basis, weights, points);
      return { mean: at.mean, std: at.std.map((scale) => scale * spread) };
    },
  };
}

/** Log-density of a Student-t variable with residual r = (y − location)/scale. */
export function studentLog(r: number, scale: number, freedom: number): number {
  return logNormaliser(freedom) - Math.log(scale) - ((freedom + 1) / 2) * Math.log1p((r * r) / freedom);
}

function logNormaliser(freedom: number): number {
  return logGamma((freedom + 1) / 2) - logGamma(freedom / 2) - 0.5 * Math.log(freedom * Math.PI);
}

function meanStudent(residuals: Float64Array, std: Float64Array, freedom: number): number {
  const normaliser = logNormaliser(freedom);
  let total = 0;
  for (let i = 0; i < residuals.length; i++) {
    const r = residuals[i] as number;
    total += normaliser - Math.log(std[i] as number) - ((freedom + 1) / 2) * Math.log1p((r * r) / freedom);
  }
  return total / residuals.length;
}

/** The ν of the highest likelihood, by golden sections of ln(ν − 2). */
function bestFreedom(residuals: Float64Array, std: Float64Array): number {
  const ratio = (Math.sqrt(5) - 1) / 2;
  const at = (u: number) => meanStudent(residuals, std, 2 + Math.exp(u));
  let low = Math.log(smallestFreedom - 2);
  let high = Math.log(largestFreedom - 2);
  let left = high - ratio * (high - low);
  let right = low + ratio * (high - low);
  let valueLeft = at(left);
  let valueRight = at(right);
  while (high - low > 1e-7) {
    if (valueLeft >= valueRight) {
      high = right;
      right = left;
      valueRight = valueLeft;
      left = high - ratio * (high - low);
      valueLeft = at(left);
    } else {
      low = left;
      left = right;
      valueLeft = valueRight;
      right = low + ratio * (high - low);
      valueRight = at(right);
    }
  }
  return 2 + Math.exp((low + high) / 2);
}
