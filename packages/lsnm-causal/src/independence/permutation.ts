import { random } from '@forback/core';
import { hsic, type Pause } from './hsic';

/**
 * p-value of independence from permutations of y: (1 + the number of permutations with an HSIC of at least that of the
 * sample)/(1 + permutations). Time O(n²) for each permutation.
 *
 * @param x values [n].
 * @param y values [n].
 */
export async function permutationPValue(
  x: Float64Array,
  y: Float64Array,
  options: { readonly key: random.Key; readonly permutations: number; readonly pause?: Pause },
): Promise<number> {
  const { key, permutations, pause = () => {} } = options;
  const observed = await hsic(x, y);
  let atLeast = 0;
  for (let p = 0; p < permutations; p++) {
    const order = random.permutation(random.foldIn(key, p), y.length).dataSync();
    const shuffled = Float64Array.from(order, (row) => y[row] as number);
    // Sums in another order may differ by rounding.
    if ((await hsic(x, shuffled)) >= observed * (1 - 1e-12)) atLeast++;
    await pause((p + 1) / permutations);
  }
  return (1 + atLeast) / (1 + permutations);
}
