/**
 * A draw of a Gaussian process with mean 0 and covariance exp(−(a − b)² / 2) at the points: L z with L Lᵀ the covariance
 * and z standard normal.
 *
 * The matrix of many points in a few length scales has next to no rank, so L comes from the Cholesky factorisation that
 * takes the point with the largest remaining variance next, and ends where that is below 1e-12.
 */
export function gaussianProcess(points: Float64Array, normal: () => number): Float64Array {
  const n = points.length;
  const remaining = new Float64Array(n).fill(1);
  const columns: Float64Array[] = [];
  const values = new Float64Array(n);
  while (columns.length < n) {
    const pivot = remaining.reduce((best, v, i) => (v > (remaining[best] as number) ? i : best), 0);
    const variance = remaining[pivot] as number;
    if (variance < 1e-12) break;
    const column = new Float64Array(n);
    const z = normal();
    for (let i = 0; i < n; i++) {
      const distance = (points[i] as number) - (points[pivot] as number);
      let rest = Math.exp(-(distance ** 2) / 2);
      for (const earlier of columns) rest -= (earlier[i] as number) * (earlier[pivot] as number);
      const entry = rest / Math.sqrt(variance);
      column[i] = entry;
      remaining[i] = (remaining[i] as number) - entry ** 2;
      values[i] = (values[i] as number) + entry * z;
    }
    remaining[pivot] = 0;
    columns.push(column);
  }
  return values;
}
