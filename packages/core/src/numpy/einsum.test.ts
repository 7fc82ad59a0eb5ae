import { describe, expect, test } from 'vitest';
import { byIndex, element, indicesOf } from '../../test/support/by-index';
import '../../test/support/matchers';
import { forAll, type Sampler } from '../../test/support/sampler';
import { values } from '../../test/support/values';
import type { NDArray } from '../array/ndarray';
import { grad } from '../transforms/grad';
import { jit } from '../transforms/jit';
import { vmap } from '../transforms/vmap';
import * as np from '.';

/** The definition: for every assignment of the letters, the product of the elements, added up at the result's place. */
function byLoops(equation: string, arrays: readonly NDArray[]): NDArray {
  const [left, output] = equation.split('->') as [string, string];
  const inputs = left.split(',');
  const letters = [...new Set(left.replaceAll(',', ''))];
  const sizes = new Map<string, number>();
  inputs.forEach((labels, k) => {
    [...labels].forEach((letter, axis) => {
      sizes.set(letter, arrays[k]?.shape[axis] as number);
    });
  });
  const size = (letter: string) => sizes.get(letter) as number;
  const sums = new Map<string, number>();
  for (const assignment of indicesOf(letters.map(size))) {
    const place = (labels: string) => [...labels].map((letter) => assignment[letters.indexOf(letter)] as number);
    const product = arrays.reduce((p, x, k) => p * element(x, place(inputs[k] as string)), 1);
    const key = place(output).join();
    sums.set(key, (sums.get(key) ?? 0) + product);
  }
  return byIndex([...output].map(size), arrays[0]?.dtype ?? 'float64', (index) => sums.get(index.join()) ?? 0);
}

function randomEquation(s: Sampler): { equation: string; arrays: NDArray[] } {
  const letters = 'abcde';
  const sizes = [...letters].map(() => s.pick([2, 3, 1, 2, 0]));
  const inputs = Array.from({ length: s.int(1, 3) }, () =>
    Array.from({ length: s.int(0, 3) }, () => letters[s.int(0, letters.length - 1)] as string).join(''),
  );
  const used = [...new Set(inputs.join(''))];
  const kept = used.filter(() => s.bool());
  const output = s
    .permutation(kept.length)
    .map((i) => kept[i])
    .join('');
  const arrays = inputs.map((labels) =>
    values(
      [...labels].map((l) => sizes[letters.indexOf(l)] as number),
      'float64',
      s.seed(),
    ),
  );
  return { equation: `${inputs.join(',')}->${output}`, arrays };
}

describe('einsum', () => {
  test('is a loop over all letters: repeated, summed, kept, in any order', () => {
    forAll(300, (s) => {
      const { equation, arrays } = randomEquation(s);
      expect(np.einsum(equation, ...arrays), equation).toBeAllclose(byLoops(equation, arrays), {
        rtol: 1e-11,
        atol: 1e-11,
      });
    });
  });

  test('without an arrow the result has the letters that occur once, sorted', () => {
    const [x, y] = [values([2, 3], 'float64', 1), values([3, 4], 'float64', 2)];
    expect(np.einsum('ij,jk', x, y)).toHaveSameBits(np.einsum('ij,jk->ik', x, y));
    expect(np.einsum('ji,kj', x, y.reshape([6, 2]))).toHaveSameBits(np.einsum('ji,kj->ik', x, y.reshape([6, 2])));
    expect(np.einsum('ii', values([3, 3], 'float64', 3)).shape).toEqual([]);
    expect(np.einsum(' i , i ', array(3), array(3))).toBeAllclose(np.einsum('i,i->', array(3), array(3)));
  });

  test('of whole numbers and booleans counts', () => {
    const x = np.array(
      [
        [1, 2],
        [3, 4],
      ],
      { dtype: 'int32' },
    );
    expect(np.einsum('ij,jk->ik', x, x)).toHaveSameBits(
      np.array(
        [
          [7, 10],
          [15, 22],
        ],
        { dtype: 'int32' },
      ),
    );
    expect(np.einsum('i->', np.array([true, true, false]))).toHaveSameBits(np.array(2, { dtype: 'int32' }));
  });

  test('differentiates, compiles and maps', () => {
    const [x, y] = [values([2, 3, 3], 'float64', 4), values([3, 2], 'float64', 5)];
    const f = (a: NDArray, b: NDArray) => np.einsum('bii,ib->b', a, b);
    const expected = byIndex([2, 3, 3], 'float64', ([b, i, j]) =>
      i === j ? element(y, [i as number, b as number]) : 0,
    );
    expect(grad((a: NDArray) => np.sum(f(a, y)))(x)).toBeAllclose(expected);
    expect(jit(f)(x, y)).toHaveSameBits(f(x, y));
    expect(vmap(f)(np.stack([x, x]), np.stack([y, y]))).toBeAllclose(np.stack([f(x, y), f(x, y)]), { rtol: 1e-12 });
  });
});

function array(n: number): NDArray {
  return values([n], 'float64', n);
}
