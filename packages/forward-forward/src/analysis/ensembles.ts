import { ArgumentError, type NDArray, ShapeError } from '@forback/core';
import { ksPValue } from './kolmogorov-smirnov';

/** Settings of `unitEnsemble`. */
export interface EnsembleOptions {
  /** A unit belongs to the ensemble if its mean p-value is below this. Default: 0.05 (Tosato et al. 2023). */
  alpha?: number;
  /** At most so many examples, the first ones: the work grows with their number and the square of the units. Default: 100. */
  samples?: number;
}

/**
 * The units whose activities are unlike those of the layer's other units: those with a mean p-value of the two-sample
 * Kolmogorov–Smirnov test against every other unit below α (Tosato et al. 2023, section 3).
 *
 * @param activity - of examples of one class [n, ...units]. @returns indices of units, ascending.
 */
export function unitEnsemble(activity: NDArray, options: EnsembleOptions = {}): number[] {
  const { alpha = 0.05, samples = 100 } = options;
  const rows = Math.min(samples, activity.shape[0] ?? 0);
  const units = activity.size / (activity.shape[0] ?? 1);
  if (rows < 1 || units < 2) {
    throw new ShapeError(
      `unitEnsemble: expected activities of at least one example and two units, got [${activity.shape.join(', ')}]`,
    );
  }
  const data = activity.dataSync();
  const sorted = Array.from({ length: units }, (_, u) =>
    Float64Array.from({ length: rows }, (_, i) => data[i * units + u] as number).sort(),
  );
  const sums = new Float64Array(units);
  for (let a = 0; a < units; a++) {
    for (let b = a + 1; b < units; b++) {
      const p = ksPValue(sorted[a] as Float64Array, sorted[b] as Float64Array);
      sums[a] = (sums[a] as number) + p;
      sums[b] = (sums[b] as number) + p;
    }
  }
  return [...sums.keys()].filter((u) => (sums[u] as number) / (units - 1) < alpha);
}

/**
 * How many units each two ensembles have in common, as a share of those that either has (Jaccard index): 1 on the diagonal
 * for ensembles that are not empty.
 */
export function sharedUnits(ensembles: readonly (readonly number[])[]): number[][] {
  if (ensembles.length === 0) throw new ArgumentError('sharedUnits: expected at least one ensemble, got none');
  return ensembles.map((a) => {
    const own = new Set(a);
    return ensembles.map((b) => {
      const common = b.filter((u) => own.has(u)).length;
      const either = a.length + b.length - common;
      return either === 0 ? 0 : common / either;
    });
  });
}
