import { expect, test } from 'vitest';
import { array, jit, type NDArray, np, vmap } from '../index';

test.each([
  [array(1.5), 'float32[] 1.5'],
  [array([]), 'float32[0] []'],
  [array([true, false]), 'bool[2] [true, false]'],
  [array([1, -2], { dtype: 'int32' }), 'int32[2] [1, -2]'],
  [array([Number.NaN, Number.POSITIVE_INFINITY, -0, 1 / 3, 1e-20]), 'float32[5] [NaN, Infinity, -0, 0.333333, 1e-20]'],
  [np.arange(8), 'int32[8] [0, 1, 2, 3, 4, 5, 6, 7]'],
  [np.arange(9), 'int32[9] [0, 1, 2, ..., 6, 7, 8]'],
  [
    array([
      [1, 2],
      [3, 4],
    ]),
    'float32[2, 2]\n[[1, 2],\n [3, 4]]',
  ],
  [np.zeros([2, 0]), 'float32[2, 0]\n[[],\n []]'],
  [np.arange(8).reshape([2, 2, 2]), 'int32[2, 2, 2]\n[[[0, 1],\n  [2, 3]],\n [[4, 5],\n  [6, 7]]]'],
  [
    np.arange(20).reshape([10, 2]),
    'int32[10, 2]\n[[0, 1],\n [2, 3],\n [4, 5],\n ...,\n [14, 15],\n [16, 17],\n [18, 19]]',
  ],
])('%s', (x, text) => {
  expect(x.toString()).toBe(text);
});

test('what a transform traces shows its type, not its numbers', () => {
  const seen: string[] = [];
  jit((x: NDArray) => {
    seen.push(String(x));
    return x;
  })(array([1, 2]));
  vmap((x: NDArray) => {
    seen.push(String(x));
    return x;
  })(array([1, 2]));
  expect(seen).toEqual(['float32[2] traced by jit', 'float32[] traced by vmap']);
});
