import type { SplineRows } from '../features/b-splines';
import { choleskySolve } from './cholesky';

/**
 * Minimises Σᵢ cᵢ (yᵢ − Φᵢ w)² + ridge ‖w‖².
 *
 * @param functions number of columns of Φ.
 * @param target y [n].
 * @param rowWeights c [n]; default: 1.
 * @returns w.
 */
export function leastSquares(
  { first, values, width }: SplineRows,
  functions: number,
  target: Float64Array,
  ridge: number,
  rowWeights?: Float64Array,
): Float64Array {
  const gram = new Float64Array(functions * functions);
  const solution = new Float64Array(functions);
  for (let i = 0; i < target.length; i++) {
    const weight = rowWeights?.[i] ?? 1;
    const start = first[i] as number;
    for (let a = 0; a < width; a++) {
      const va = weight * (values[i * width + a] as number);
      (solution[start + a] as number) += va * (target[i] as number);
      for (let b = 0; b <= a; b++) {
        (gram[(start + a) * functions + start + b] as number) += va * (values[i * width + b] as number);
      }
    }
  }
  for (let k = 0; k < functions; k++) (gram[k * functions + k] as number) += ridge;
  choleskySolve(gram, solution, functions);
  return solution;
}
