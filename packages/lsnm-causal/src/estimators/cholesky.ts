/**
 * Solves A x = b in place for a symmetric positive definite A, of which the lower triangle is read and overwritten.
 *
 * @param a row-major [n, n] with rows `stride` apart.
 * @param b [n]; becomes x.
 * @returns false, with a and b spoilt, where A is not positive definite.
 */
export function choleskySolve(a: Float64Array, b: Float64Array, n: number, stride = n): boolean {
  for (let i = 0; i < n; i++) {
    const rowI = i * stride;
    for (let j = 0; j <= i; j++) {
      const rowJ = j * stride;
      let total = a[rowI + j] as number;
      for (let k = 0; k < j; k++) total -= (a[rowI + k] as number) * (a[rowJ + k] as number);
      if (i > j) a[rowI + j] = total / (a[rowJ + j] as number);
      else if (total > 0) a[rowI + i] = Math.sqrt(total);
      else return false;
    }
  }
  for (let i = 0; i < n; i++) {
    let total = b[i] as number;
    for (let k = 0; k < i; k++) total -= (a[i * stride + k] as number) * (b[k] as number);
    b[i] = total / (a[i * stride + i] as number);
  }
  for (let i = n - 1; i >= 0; i--) {
    let total = b[i] as number;
    for (let k = i + 1; k < n; k++) total -= (a[k * stride + i] as number) * (b[k] as number);
    b[i] = total / (a[i * stride + i] as number);
  }
  return true;
}
