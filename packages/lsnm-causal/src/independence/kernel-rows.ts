import { expOfNegative } from './exponential';
import { medianSquaredDistance } from './median-distance';

/** Up to this many rows the values of both kernels are kept: 32 MB. Above it they are computed where they are needed. */
const cachedRows = 2048;

/** The values of a Gaussian kernel matrix above its diagonal, row by row. */
export interface KernelRows {
  /** The row and where the value of (i, i + 1) stands in it; valid until the next call. */
  row(i: number): { values: Float64Array; offset: number };
}

/**
 * exp(−d²/m) of points on a line, with m the median of the squared distances that are not zero; 1 everywhere where all
 * points are equal. Memory O(n) for large n.
 *
 * @param median m, where it is known.
 */
export function kernelRows(points: Float64Array, median = medianSquaredDistance(points)): KernelRows {
  const n = points.length;
  // Distances whose squares underflow count as none.
  const rate = 1 / median < Infinity ? -1 / median : 0;
  const isCached = n <= cachedRows;
  const values = new Float64Array(isCached ? (n * (n - 1)) / 2 : n);
  const write = (i: number, offset: number) => {
    const xi = points[i] as number;
    for (let j = i + 1, at = offset; j < n; j++, at++) {
      const d = (points[j] as number) - xi;
      values[at] = expOfNegative(rate * d * d);
    }
  };
  if (!isCached) {
    return {
      row(i) {
        write(i, 0);
        return { values, offset: 0 };
      },
    };
  }
  const offsetOf = (i: number) => i * (n - 1) - (i * (i - 1)) / 2;
  for (let i = 0; i < n; i++) write(i, offsetOf(i));
  return { row: (i) => ({ values, offset: offsetOf(i) }) };
}
