/**
 * Exact median of the squared distances between points of a line that are not zero, over pairs i < j; with an even number
 * of them the mean of the two in the middle. Time O(n log n), memory O(n), whatever n is: the k-th smallest distance is
 * found by bisection, since sorted points allow to count the distances up to a bound in O(n).
 *
 * @returns NaN where all points are equal.
 */
export function medianSquaredDistance(points: Float64Array): number {
  const sorted = points.slice().sort();
  const n = sorted.length;
  const zeros = countUpTo(sorted, 0);
  const others = (n * (n - 1)) / 2 - zeros;
  if (others === 0) return Number.NaN;
  const lower = kthDistance(sorted, zeros + Math.ceil(others / 2));
  const upper = others % 2 === 1 ? lower : kthDistance(sorted, zeros + others / 2 + 1);
  return (lower * lower + upper * upper) / 2;
}

/** Number of pairs i < j with a distance of at most `bound`. */
function countUpTo(sorted: Float64Array, bound: number): number {
  let count = 0;
  let i = 0;
  for (let j = 1; j < sorted.length; j++) {
    while ((sorted[j] as number) - (sorted[i] as number) > bound) i++;
    count += j - i;
  }
  return count;
}

/** The k-th smallest distance, counted from 1: the smallest number that has at least k distances up to it. */
function kthDistance(sorted: Float64Array, k: number): number {
  let below = 0;
  let above = (sorted.at(-1) as number) - (sorted[0] as number);
  for (;;) {
    const middle = below + (above - below) / 2;
    // No number is left between the two.
    if (middle <= below || middle >= above) return above;
    if (countUpTo(sorted, middle) >= k) above = middle;
    else below = middle;
  }
}
