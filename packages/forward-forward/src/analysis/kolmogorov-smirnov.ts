/** D = max |F(x) − G(x)| of the empirical distributions of two samples, each ascending. */
export function ksStatistic(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let [i, j, largest] = [0, 0, 0];
  while (i < a.length && j < b.length) {
    const x = Math.min(a[i] as number, b[j] as number);
    while (i < a.length && (a[i] as number) <= x) i++;
    while (j < b.length && (b[j] as number) <= x) j++;
    largest = Math.max(largest, Math.abs(i / a.length - j / b.length));
  }
  return largest;
}

/**
 * The probability of a larger D for two samples of one distribution, each ascending: Kolmogorov's asymptotic series with
 * Stephens' correction for small samples (Stephens 1970).
 */
export function ksPValue(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const root = Math.sqrt((a.length * b.length) / (a.length + b.length));
  const lambda = (root + 0.12 + 0.11 / root) * ksStatistic(a, b);
  // The series converges slowly here, and the sum is 1 to six digits.
  if (lambda < 0.3) return 1;
  let sum = 0;
  for (let k = 1; k <= 20; k++) sum += (k % 2 === 1 ? 2 : -2) * Math.exp(-2 * k * k * lambda * lambda);
  return Math.min(1, Math.max(0, sum));
}
