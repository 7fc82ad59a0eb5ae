import { describe, expect, test } from 'vitest';
import { broadcastIndex, byIndex, element } from '../../test/support/by-index';
import '../../test/support/matchers';
import { forAll, type Sampler } from '../../test/support/sampler';
import { values } from '../../test/support/values';
import type { DType } from '../array/dtype';
import type { NDArray } from '../array/ndarray';
import { broadcastShapes } from '../array/shape';
import * as np from '.';

const close = { rtol: 1e-11, atol: 1e-11 };
const dtypes: readonly DType[] = ['float64', 'int32', 'uint32'];

function sum(n: number, f: (k: number) => number): number {
  return Array.from({ length: n }, (_, k) => f(k)).reduce((a, b) => a + b, 0);
}

function pair(s: Sampler, x: readonly number[], y: readonly number[]): [NDArray, NDArray] {
  const dtype = s.pick(dtypes);
  return [values(x, dtype, s.seed()), values(y, dtype, s.seed())];
}

describe('products, by their definitions', () => {
  test('matmul of stacks of matrices, with broadcasting in front', () => {
    forAll(80, (s) => {
      const [n, m, k] = [s.int(0, 3), s.int(1, 3), s.int(0, 3)];
      const lead = s.shape({ maxRank: 2 });
      const part = () => lead.slice(s.int(0, lead.length)).map((size) => (s.bool() ? size : 1));
      const [left, right] = [part(), part()];
      const [x, y] = pair(s, [...left, n, k], [...right, k, m]);
      const stack = broadcastShapes('test', left, right);
      const expected = byIndex([...stack, n, m], x.dtype, (index) => {
        const at = index.slice(0, -2);
        const [i, j] = index.slice(-2) as [number, number];
        return sum(
          k,
          (c) => element(x, [...broadcastIndex(at, left), i, c]) * element(y, [...broadcastIndex(at, right), c, j]),
        );
      });
      expect(np.matmul(x, y)).toBeAllclose(expected, close);
    });
  });

  test('matmul with vectors: rows on the left, columns on the right', () => {
    const [v, w] = [values([3], 'float64', 1), values([4], 'float64', 2)];
    const m = values([2, 3, 4], 'float64', 3);
    expect(np.matmul(v, m)).toBeAllclose(np.einsum('i,bij->bj', v, m), close);
    expect(np.matmul(m, w)).toBeAllclose(np.einsum('bij,j->bi', m, w), close);
    expect(np.matmul(v, v)).toBeAllclose(np.einsum('i,i->', v, v), close);
    expect(np.matmul(v, np.zeros([3, 0], { dtype: 'float64' })).shape).toEqual([0]);
  });

  test('dot pairs the last axis with the last but one, others side by side', () => {
    forAll(60, (s) => {
      const [a, b] = [s.shape({ maxRank: 2 }), s.shape({ maxRank: 2 })];
      const k = s.int(0, 3);
      const tail = s.bool() ? [s.int(1, 3)] : null;
      const [x, y] = pair(s, [...a, k], tail ? [...b, k, ...tail] : [k]);
      const rest = tail ? [...b, ...tail] : [];
      const expected = byIndex([...a, ...rest], x.dtype, (index) => {
        const [i, j] = [index.slice(0, a.length), index.slice(a.length)];
        return sum(
          k,
          (c) => element(x, [...i, c]) * element(y, tail ? [...j.slice(0, -1), c, j.at(-1) as number] : [c]),
        );
      });
      expect(np.dot(x, y)).toBeAllclose(expected, close);
    });
    expect(np.dot(np.array([1, 2]), 3)).toHaveSameBits(np.array([3, 6]));
  });

  test('tensordot over several axes, counted or listed', () => {
    const [x, y] = [values([2, 3, 4], 'float64', 4), values([3, 4, 5], 'float64', 5)];
    expect(np.tensordot(x, y)).toBeAllclose(np.einsum('abc,bcd->ad', x, y), close);
    expect(np.tensordot(x, y, 0)).toBeAllclose(np.einsum('abc,def->abcdef', x, y), close);
    expect(
      np.tensordot(x, y, [
        [-1, 1],
        [1, 0],
      ]),
    ).toBeAllclose(np.einsum('abc,bcd->ad', x, y), close);
    expect(() =>
      np.tensordot(x, y, [
        [1, 1],
        [0, 0],
      ]),
    ).toThrow('expected each axis once');
  });

  test('outer of flattened arrays', () => {
    const [x, y] = [values([2, 2], 'float64', 6), values([3], 'float64', 7)];
    expect(np.outer(x, y)).toHaveSameBits(
      byIndex([4, 3], 'float64', ([i, j]) => element(x.ravel(), [i as number]) * element(y, [j as number])),
    );
  });

  test('dotGeneral takes axes from the end and refuses one that is both summed and paired', () => {
    const x = values([2, 3, 4], 'float64', 8);
    const y = values([2, 4, 5], 'float64', 9);
    expect(np.dotGeneral(x, y, { contract: [[-1], [1]], batch: [[0], [-3]] })).toBeAllclose(
      np.einsum('bij,bjk->bik', x, y),
      close,
    );
    expect(() => np.dotGeneral(x, y, { contract: [[0], [0]], batch: [[0], [0]] })).toThrow('expected each axis once');
    expect(() => np.dotGeneral(x, y, { contract: [[0], []], batch: [[], []] })).toThrow('as many axes of x as of y');
  });

  test('whole numbers wrap', () => {
    const big = np.array([[2 ** 31 - 1, 2]], { dtype: 'int32' });
    expect(
      np
        .matmul(big, np.array([[2], [1]], { dtype: 'int32' }))
        .at(0, 0)
        .item(),
    ).toBe(0);
    expect(
      np
        .matmul(np.array([[65536]], { dtype: 'uint32' }), np.array([[65537]], { dtype: 'uint32' }))
        .at(0, 0)
        .item(),
    ).toBe(65536);
  });

  test('booleans count, mixed dtypes promote', () => {
    expect(np.matmul(np.array([true, true]), np.array([true, true]))).toHaveSameBits(np.array(2, { dtype: 'int32' }));
    expect(np.matmul(np.array([1, 2], { dtype: 'int32' }), np.array([0.5, 1])).item()).toBe(2.5);
  });
});
