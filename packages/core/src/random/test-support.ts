import type { NDArray } from '../array/ndarray';

// Statistics of the tests. Keys are fixed, so a test that passes always passes; the error rate is the probability that a
// right generator would have failed with a key chosen at random: about 10^-4 for each statistic.

/** The numbers of an array, in double precision. */
export function numbersOf(x: NDArray): number[] {
  return Array.from(x.dataSync());
}

export function meanOf(values: readonly number[]): number {
  return values.reduce((sum, v) => sum + v, 0) / values.length;
}

export function varianceOf(values: readonly number[]): number {
  const mean = meanOf(values);
  return meanOf(values.map((v) => (v - mean) ** 2));
}

/** Distance of the sample mean from the mean, in its standard deviations; |z| > 3.89 has probability 10^-4. */
export function meanScore(values: readonly number[], mean: number, variance: number): number {
  return (meanOf(values) - mean) / Math.sqrt(variance / values.length);
}

/** √n times the largest distance between the sample's and the given distribution function; > 2.23 has probability 10^-4. */
export function kolmogorovSmirnov(values: readonly number[], cdf: (x: number) => number): number {
  const n = values.length;
  const distances = values.toSorted((a, b) => a - b).map((v, i) => Math.max(cdf(v) - i / n, (i + 1) / n - cdf(v)));
  return Math.sqrt(n) * Math.max(...distances);
}

/** Pearson's χ² as a standard normal number (Wilson and Hilferty 1931); > 3.72 has probability 10^-4. */
export function chiSquareScore(counts: readonly number[], probabilities: readonly number[]): number {
  const total = counts.reduce((sum, v) => sum + v, 0);
  const terms = counts.map(
    (count, i) => (count - total * (probabilities[i] as number)) ** 2 / (total * (probabilities[i] as number)),
  );
  const freedom = counts.length - 1;
  const variance = 2 / (9 * freedom);
  return (Math.cbrt(terms.reduce((sum, v) => sum + v, 0) / freedom) - (1 - variance)) / Math.sqrt(variance);
}

/** How often each of 0 ... n - 1 occurs. */
export function countsOf(values: readonly number[], n: number): number[] {
  const counts = new Array<number>(n).fill(0);
  for (const v of values) counts[v] = (counts[v] as number) + 1;
  return counts;
}

/** √n times the correlation of two samples: a standard normal number if they are independent; |z| > 3.89 has probability 10^-4. */
export function correlationScore(x: readonly number[], y: readonly number[]): number {
  const [mx, my] = [meanOf(x), meanOf(y)];
  const covariance = meanOf(x.map((v, i) => (v - mx) * ((y[i] as number) - my)));
  return (Math.sqrt(x.length) * covariance) / Math.sqrt(varianceOf(x) * varianceOf(y));
}
