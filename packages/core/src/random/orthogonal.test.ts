import { describe, expect, test } from 'vitest';
import type { NDArray } from '../array/ndarray';
import { matmul } from '../numpy';
import { vmap } from '../transforms/vmap';
import { key, orthogonal, splitMany } from '.';
import { kolmogorovSmirnov } from './test-support';

describe('orthogonal', () => {
  test.each([
    [5, 5],
    [7, 3],
    [3, 7],
    [1, 1],
    [0, 3],
  ])('%s x %s', (n, m) => {
    for (const [dtype, tolerance] of [
      ['float32', 1e-6],
      ['float64', 1e-14],
    ] as const) {
      const q = orthogonal(key(1), n, m, { dtype });
      expect(q.shape).toEqual([n, m]);
      expect(q.dtype).toBe(dtype);
      const product = matmul(...((n >= m ? [q.T, q] : [q, q.T]) as [NDArray, NDArray])).toJS() as number[][];
      product.forEach((row, i) => {
        for (const [j, v] of row.entries()) expect(Math.abs(v - (i === j ? 1 : 0))).toBeLessThan(tolerance);
      });
    }
  });

  test('is uniform: in the plane every column has a uniform angle, and half of the matrices are reflections', () => {
    const all = vmap((k: NDArray) => orthogonal(k, 2))(splitMany(key(2), 4000)).toJS() as number[][][];
    for (const column of [0, 1]) {
      const angles = all.map((q) => Math.atan2(q[1]?.[column] as number, q[0]?.[column] as number));
      expect(kolmogorovSmirnov(angles, (a) => (a + Math.PI) / (2 * Math.PI))).toBeLessThan(2.23);
    }
    const determinant = ([[a = 0, b = 0] = [], [c = 0, d = 0] = []]: number[][]) => a * d - b * c;
    const reflections = all.filter((q) => determinant(q) < 0).length;
    expect(Math.abs(reflections - 2000) / Math.sqrt(1000)).toBeLessThan(3.89);
  });

  test('errors', () => {
    expect(() => orthogonal(key(0), -1)).toThrow('random.orthogonal: expected sizes to be whole numbers of 0 or more');
    expect(() => orthogonal(key(0), 2, 2, { dtype: 'int32' })).toThrow('random.orthogonal: expected dtype float32');
    expect(() => orthogonal(0 as never, 2)).toThrow('random.orthogonal: expected a key');
  });
});
