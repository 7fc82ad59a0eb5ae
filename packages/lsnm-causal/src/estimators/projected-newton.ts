import { choleskySolve } from './cholesky';
import { evaluateParameters, type NaturalProblem, penalisedDerivatives, penalisedNll } from './natural-gaussian';

/** The end of a minimisation. */
export interface NewtonResult {
  /** [w₁, w₂]. */
  readonly weights: Float64Array;
  /** Penalised NLL divided by the rows, at the start and after each iteration. */
  readonly objectives: readonly number[];
  readonly iterations: number;
  /** Whether the conditions of a minimum hold up to the tolerance, or up to rounding. */
  readonly converged: boolean;
}

/** Settings of `projectedNewton`. */
export interface NewtonOptions {
  /** Default: w₁ = 0, w₂ = 1. */
  readonly start?: Float64Array;
  /** Largest violation of the conditions of a minimum, for the objective divided by the rows. Default: 1e-10. */
  readonly tolerance?: number;
  /** Default: 200. */
  readonly maxIterations?: number;
}

/** Weights of w₂ up to this, with a positive gradient, are held to be at their bound. */
const nearBound = 1e-6;

/**
 * Minimises the penalised NLL under w₂ ≥ 0 by Newton's method on the weights that are free. Those of w₂ that are 0 or
 * nearly so, with a positive gradient, go down the gradient instead: in a Newton step they would stop at the bound and
 * spoil the descent of the others. The step is halved along the projected path until the objective falls enough
 * (Bertsekas 1982).
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
  const direction = new Float64Array(size);
  const reduced = new Float64Array(size * size);

  evaluateParameters(problem, w, parameters);
  let objective = penalisedNll(problem, w, parameters);
  const objectives = [objective];
  // What is left of the conditions of a minimum: the gradient, or the weight above a bound that the gradient points to.
  const residual = (k: number) => {
    const g = gradient[k] as number;
    return k >= d && g > 0 ? Math.min(w[k] as number, g) : Math.abs(g);
  };

  for (let iteration = 0; iteration < maxIterations; iteration++) {
    penalisedDerivatives(problem, w, parameters, gradient, hessian);
    let largest = 0;
    for (let k = 0; k < size; k++) largest = Math.max(largest, residual(k));
    if (largest <= tolerance) return { weights: w, objectives, iterations: iteration, converged: true };
    const bound = Math.min(nearBound, largest);
    let count = 0;
    for (let k = 0; k < size; k++) {
      const isBound = k >= d && (w[k] as number) <= bound && (gradient[k] as number) > 0;
      direction[k] = -(gradient[k] as number);
      if (!isBound) free[count++] = k;
    }
    // Where s is tiny, rounding can take the Hessian's definiteness: its diagonal grows until it is back.
    let isSolved = false;
    for (let damping = 0; !isSolved && damping <= 1; damping = Math.max(1e-12, 100 * damping)) {
      for (let a = 0; a < count; a++) {
        const row = (free[a] as number) * size;
        for (let b = 0; b <= a; b++) reduced[a * size + b] = hessian[row + (free[b] as number)] as number;
        (reduced[a * size + a] as number) *= 1 + damping;
        step[a] = direction[free[a] as number] as number;
      }
      isSolved = choleskySolve(reduced, step, count, size);
    }
    if (!isSolved) break;
    for (let a = 0; a < count; a++) direction[free[a] as number] = step[a] as number;

    let length = 1;
    let accepted = false;
    for (; length > 1e-12; length /= 2) {
      let slope = 0;
      for (let k = 0; k < size; k++) {
        const moved = (w[k] as number) + length * (direction[k] as number);
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
