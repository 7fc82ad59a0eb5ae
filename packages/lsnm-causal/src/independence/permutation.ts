import { random } from '@forback/core';
import { checkCount, checkSamples } from '../check';
import { hsicOfRows, type Pause } from './hsic';
import { kernelRows } from './kernel-rows';
import { medianSquaredDistance } from './median-distance';

/**
 * p-value of independence from permutations of y: (1 + the number of permutations with an HSIC of at least that of the
 * sample)/(1 + permutations). Time O(n²) for each permutation.
 *
 * @param x values [n], n at least 2.
 * @param y values [n].
 * @throws as `hsicStatistic`; ArgumentError for no permutations.
 */
export async function permutationPValue(
  x: Float64Array,
  y: Float64Array,
  options: { readonly key: random.Key; readonly permutations: number; readonly pause?: Pause },
): Promise<number> {
  const { key, permutations, pause = () => {} } = options;
  checkSamples('permutationPValue', { x, y }, 2);
  checkCount('permutationPValue', 'permutations', permutations, 1);
  const n = x.length;
  const rowsK = kernelRows(x);
  const median = medianSquaredDistance(y);
  const observed = await hsicOfRows(n, rowsK, kernelRows(y, median));
  let atLeast = 0;
  for (let p = 0; p < permutations; p++) {
    const permuted = kernelRows(permute(y, random.foldIn(key, p)), median);
    // Sums in another order may differ by rounding.
    if ((await hsicOfRows(n, rowsK, permuted)) >= observed * (1 - 1e-12)) atLeast++;
    await pause((p + 1) / permutations);
  }
  return (1 + atLeast) / (1 + permutations);
}

/** The shuffle of Fisher and Yates. */
function permute(values: Float64Array, key: random.Key): Float64Array {
  const draws = random.uniform(key, { shape: [values.length], dtype: 'float64' }).dataSync();
  const out = values.slice();
  for (let i = out.length - 1; i > 0; i--) {
    const j = Math.floor((draws[i] as number) * (i + 1));
    const value = out[i] as number;
    out[i] = out[j] as number;
    out[j] = value;
  }
  return out;
}
