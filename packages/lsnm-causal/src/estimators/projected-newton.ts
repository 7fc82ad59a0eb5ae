import { choleskySolve } from './cholesky';
import { evaluateParameters, type NaturalProblem, penalisedDerivatives, penalisedNll } from './natural-gaussian';

/** The end of a minimisation. */
export interface NewtonResult {
  /** [w₁, w₂]. */
  readonly weights: Float64Array;
  /** Penalised NLL divided by the rows, at the start and after each iteration. */
  readonly objectives: readonly number[];
  readonly iterations: number;
  /** Whether the free part of the gradient (of the objective divided by the rows) is below the tolerance. */
  readonly converged: boolean;
}

/** Settings of `projectedNewton`. */
export interface NewtonOptions {
  /** Default: w₁ = 0, w₂ = 1. */
  readonly start?: Float64Array;
  /** Largest free component of the gradient at the end. Default: 1e-10. */
  readonly tolerance?: number;
  /** Default: 200. */
  readonly maxIterations?: number;
}

/**
 * Minimises the penalised NLL under w₂ ≥ 0 by Newton's method on the weights that are free: those of w₂ that are 0 with a
 * positive gradient stay. The step is halved along the projected path until the objective falls enough (Bertsekas 1982).
 */
export function projectedNewton(problem: NaturalProblem, options: NewtonOptions = {}): NewtonResult {
  const { tolerance = 1e-10, maxIterations = 200 } = options;
  const d = problem.functions;
  const size = 2 * d;
  const n = problem.effect.length;
  const w = options.start?.slice() ?? new Float64Array(size).fill(1, d);
  const parameters = { eta1: new Float64Array(n), s: new Float64Array(n) };
  const gradient = new Float64Array(size);
  const hessian = new Float64Array(size * size);
  const trial = new Float64Array(size);
  const free = new Int32Array(size);
  const step = new Float64Array(size);
  const reduced = new Float64Array(size * size);

  evaluateParameters(problem, w, parameters);
  let objective = penalisedNll(problem, w, parameters);
  const objectives = [objective];
  const isActive = (k: number) => k >= d && w[k] === 0 && (gradient[k] as number) > 0;

  for (let iteration = 0; iteration < maxIterations; iteration++) {
    penalisedDerivatives(problem, w, parameters, gradient, hessian);
    let count = 0;
    let largest = 0;
    for (let k = 0; k < size; k++) {
      if (isActive(k)) continue;
      free[count++] = k;
      largest = Math.max(largest, Math.abs(gradient[k] as number));
    }
    if (largest <= tolerance) return { weights: w, objectives, iterations: iteration, converged: true };

    for (let a = 0; a < count; a++) {
      const row = (free[a] as number) * size;
      for (let b = 0; b <= a; b++) reduced[a * size + b] = hessian[row + (free[b] as number)] as number;
      step[a] = -(gradient[free[a] as number] as number);
    }
    if (!choleskySolve(reduced, step, count, size)) break;

    let length = 1;
    let accepted = false;
    for (; length > 1e-12; length /= 2) {
      trial.set(w);
      let slope = 0;
      for (let a = 0; a < count; a++) {
        const k = free[a] as number;
        const moved = (w[k] as number) + length * (step[a] as number);
        trial[k] = k >= d ? Math.max(moved, 0) : moved;
        slope += (gradient[k] as number) * ((trial[k] as number) - (w[k] as number));
      }
      evaluateParameters(problem, trial, parameters);
      const value = penalisedNll(problem, trial, parameters);
      if (value < objective && value <= objective + 1e-4 * slope) {
        objective = value;
        accepted = true;
        break;
      }
    }
    if (!accepted) {
      // Rounding hides any further descent: this is the end where the gradient is already small.
      return { weights: w, objectives, iterations: iteration, converged: largest <= Math.max(tolerance, 1e-7) };
    }
    w.set(trial);
    objectives.push(objective);
  }
  return { weights: w, objectives, iterations: objectives.length - 1, converged: false };
}
