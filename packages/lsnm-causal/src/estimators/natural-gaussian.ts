import { combine, type SplineRows } from '../features/b-splines';
import { halfLogTwoPi } from './conditional-fit';

/** s is never below this (LOCI: −η₂ ≥ 1e-7). */
export const smallestPrecision = 1e-7;

/**
 * Gaussian regression in natural parameters that are linear in weights w = [w₁, w₂]: η₁ = Φ w₁ and s = −η₂ = Φ w₂ with
 * w₂ ≥ 0, so that σ² = 1/(2s) and μ = η₁/(2s).
 */
export interface NaturalProblem {
  readonly rows: SplineRows;
  /** Number of functions d; there are 2d weights. */
  readonly functions: number;
  readonly effect: Float64Array;
  /** δ of the penalty (δ/2)‖w‖² that is added to the sum over rows. */
  readonly ridge: number;
  /** Multiplies the squared error of each row, as in the scale mixture of a Student-t distribution. Default: 1. */
  readonly rowWeights?: Float64Array;
}

/** η₁ and s of each row. */
export interface NaturalParameters {
  readonly eta1: Float64Array;
  readonly s: Float64Array;
}

/**
 * Negative log-likelihood of one value: −η₁ y + s y² + η₁²/(4s) − ½ ln 2s + ½ ln 2π, jointly convex in (η₁, s). The
 * weight multiplies the squared error (y − μ)² s.
 */
export function naturalNll(y: number, eta1: number, s: number, weight = 1): number {
  const error = weight * (s * y * y - eta1 * y + (eta1 * eta1) / (4 * s));
  return error - 0.5 * Math.log(2 * s) + halfLogTwoPi;
}

/** Writes η₁ and s of every row. */
export function evaluateParameters(problem: NaturalProblem, w: Float64Array, out: NaturalParameters): void {
  combine(problem.rows, w, 0, out.eta1);
  combine(problem.rows, w, problem.functions, out.s);
  for (let i = 0; i < out.s.length; i++) out.s[i] = Math.max(out.s[i] as number, smallestPrecision);
}

/** (Σ NLL + (δ/2)‖w‖²)/n at parameters that belong to w. */
export function penalisedNll(problem: NaturalProblem, w: Float64Array, { eta1, s }: NaturalParameters): number {
  const { effect, ridge, rowWeights } = problem;
  let total = 0;
  for (let i = 0; i < effect.length; i++) {
    total += naturalNll(effect[i] as number, eta1[i] as number, s[i] as number, rowWeights?.[i]);
  }
  let squares = 0;
  for (const weight of w) squares += weight * weight;
  return (total + 0.5 * ridge * squares) / effect.length;
}

/**
 * Gradient [2d] and lower triangle of the Hessian [2d, 2d] of `penalisedNll`. With weight c, the blocks of a row are
 * ∂/∂η₁ = c(η₁/(2s) − y), ∂/∂s = c(y² − η₁²/(4s²)) − 1/(2s), ∂²/∂η₁² = c/(2s), ∂²/∂η₁∂s = −c η₁/(2s²) and
 * ∂²/∂s² = c η₁²/(2s³) + 1/(2s²).
 */
export function penalisedDerivatives(
  problem: NaturalProblem,
  w: Float64Array,
  { eta1, s }: NaturalParameters,
  gradient: Float64Array,
  hessian: Float64Array,
): void {
  const { effect, functions: d, ridge, rowWeights } = problem;
  const { first, values, width } = problem.rows;
  const n = effect.length;
  const size = 2 * d;
  hessian.fill(0);
  for (let k = 0; k < size; k++) {
    gradient[k] = (ridge * (w[k] as number)) / n;
    hessian[k * size + k] = ridge / n;
  }
  for (let i = 0; i < n; i++) {
    const y = effect[i] as number;
    const e = eta1[i] as number;
    const p = s[i] as number;
    const c = (rowWeights?.[i] ?? 1) / n;
    // Where s is at its floor it does not move with w₂.
    const free = p > smallestPrecision ? 1 : 0;
    const g1 = c * (e / (2 * p) - y);
    const g2 = free * (c * (y * y - (e * e) / (4 * p * p)) - 1 / (2 * p * n));
    const h11 = c / (2 * p);
    const h12 = (-free * c * e) / (2 * p * p);
    const h22 = free * ((c * e * e) / (2 * p * p * p) + 1 / (2 * p * p * n));
    const start = first[i] as number;
    for (let a = 0; a < width; a++) {
      const va = values[i * width + a] as number;
      const rowA = start + a;
      const rowB = d + rowA;
      (gradient[rowA] as number) += g1 * va;
      (gradient[rowB] as number) += g2 * va;
      for (let b = 0; b < width; b++) {
        const product = va * (values[i * width + b] as number);
        const column = start + b;
        (hessian[rowB * size + column] as number) += h12 * product;
        if (b > a) continue;
        (hessian[rowA * size + column] as number) += h11 * product;
        (hessian[rowB * size + d + column] as number) += h22 * product;
      }
    }
  }
}
