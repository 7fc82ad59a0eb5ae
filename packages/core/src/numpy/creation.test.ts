import { describe, expect, test } from 'vitest';
import { byIndex } from '../../test/support/by-index';
import '../../test/support/matchers';
import { forAll } from '../../test/support/sampler';
import { values } from '../../test/support/values';
import { dtypes } from '../array/dtype';
import type { NDArray } from '../array/ndarray';
import { jit } from '../transforms/jit';
import * as np from '.';

const { array } = np;

describe('array', () => {
  test('takes numbers, booleans and lists of them', () => {
    expect([array(1).dtype, array(true).dtype, array([1, true]).dtype, array([]).dtype]).toEqual([
      'float32',
      'bool',
      'float32',
      'float32',
    ]);
    expect(array([[true], [false]])).toHaveSameBits(array([[1], [0]], { dtype: 'bool' }));
    expect(array([[], []]).shape).toEqual([2, 0]);
    expect(array([[[1, 2]], [[3, 4]]]).shape).toEqual([2, 1, 2]);
  });

  test('takes typed arrays with their dtype, and others with one', () => {
    expect(array(new Float64Array([1.5])).dtype).toBe('float64');
    expect(array(new Int32Array([1])).dtype).toBe('int32');
    expect(array(new Uint32Array([1])).dtype).toBe('uint32');
    expect(array(new Uint8Array([3, 0]), { dtype: 'float32' })).toHaveSameBits(array([3, 0]));
    expect(array(new BigInt64Array([-3n]), { dtype: 'int32' })).toHaveSameBits(array([-3], { dtype: 'int32' }));
    expect(array(new Uint8Array([3, 0]), { dtype: 'bool' }).toJS()).toEqual([true, false]);
    expect(array(new Float32Array([1, 2, 3, 4]).subarray(1, 3))).toHaveSameBits(array([2, 3]));
  });

  test('takes a shape for flat data, and arrays', () => {
    expect(array([1, 2, 3, 4], { shape: [2, 2] })).toHaveSameBits(
      array([
        [1, 2],
        [3, 4],
      ]),
    );
    const x = array([1.5, 2]);
    expect(array(x)).toBe(x);
    expect(array(x, { dtype: 'int32', shape: [2, 1] })).toHaveSameBits(array([[1], [2]], { dtype: 'int32' }));
    expect(jit((v: NDArray) => array(v, { shape: [1, 2] }))(x)).toHaveSameBits(array([[1.5, 2]]));
  });

  test('gives back what nested lists hold', () => {
    forAll(50, (s) => {
      const x = values(s.shape({ minRank: 1, sizes: [1, 2, 3] }), s.pick(['float64', 'int32', 'bool']), s.seed());
      expect(array(x.toJS(), { dtype: x.dtype })).toHaveSameBits(x);
    });
  });
});

describe('filled arrays', () => {
  test.each(dtypes)('of %s', (dtype) => {
    expect(np.zeros([2, 0], { dtype }).shape).toEqual([2, 0]);
    expect(np.ones([2], { dtype })).toHaveSameBits(array([1, 1], { dtype }));
    expect(np.full([1, 2], 7, { dtype })).toHaveSameBits(array([[7, 7]], { dtype }));
    const like = np.zeros([3], { dtype });
    expect(np.onesLike(like)).toHaveSameBits(np.ones([3], { dtype }));
    expect(np.fullLike(like, 1)).toHaveSameBits(np.ones([3], { dtype }));
    expect(np.zerosLike(np.ones([3], { dtype }))).toHaveSameBits(like);
  });

  test('have a default dtype', () => {
    expect([np.zeros([1]).dtype, np.full([1], 2).dtype, np.full([1], true).dtype]).toEqual([
      'float32',
      'float32',
      'bool',
    ]);
  });

  test('eye, tril and triu pick by position', () => {
    forAll(40, (s) => {
      const [n, m, k] = [s.int(0, 4), s.int(0, 4), s.int(-5, 5)];
      expect(np.eye(n, m)).toHaveSameBits(byIndex([n, m], 'float32', ([i, j]) => Number(i === j)));
      const x = values([2, n, m], 'float64', s.seed());
      const pick = (keep: (i: number, j: number) => boolean) =>
        byIndex([2, n, m], 'float64', ([b, i, j]) =>
          keep(i as number, j as number)
            ? (x.dataSync()[((b as number) * n + (i as number)) * m + (j as number)] as number)
            : 0,
        );
      expect(np.tril(x, k)).toHaveSameBits(pick((i, j) => j <= i + k));
      expect(np.triu(x, k)).toHaveSameBits(pick((i, j) => j >= i + k));
    });
  });

  test('indices count along an axis', () => {
    expect(np.indices([2, 3], -1)).toHaveSameBits(
      array(
        [
          [0, 1, 2],
          [0, 1, 2],
        ],
        { dtype: 'int32' },
      ),
    );
    expect(np.indices([2, 0], 0).shape).toEqual([2, 0]);
  });
});

describe('ranges', () => {
  test('arange stops before the end', () => {
    expect(np.arange(3)).toHaveSameBits(array([0, 1, 2], { dtype: 'int32' }));
    expect(np.arange(2, 5)).toHaveSameBits(array([2, 3, 4], { dtype: 'int32' }));
    expect(np.arange(5, 2, -2)).toHaveSameBits(array([5, 3], { dtype: 'int32' }));
    expect(np.arange(5, 2).shape).toEqual([0]);
    expect(np.arange(0, 1, 0.25)).toHaveSameBits(array([0, 0.25, 0.5, 0.75]));
    expect(np.arange(0, 3, 1, { dtype: 'float64' }).dtype).toBe('float64');
  });

  test('linspace has both ends exactly, in every dtype', () => {
    forAll(60, (s) => {
      const [start, stop] = [...values([2], 'float64', s.seed()).dataSync()] as [number, number];
      const n = s.int(2, 60);
      const x = np.linspace(start, stop, n, { dtype: 'float64' }).dataSync();
      expect([x[0], x[n - 1], x.length]).toEqual([start, stop, n]);
      x.forEach((v, i) => {
        expect(v).toBeCloseTo(start + ((stop - start) * i) / (n - 1), 12);
      });
    });
    expect(np.linspace(0, 10, 5, { dtype: 'int32' })).toHaveSameBits(array([0, 2, 5, 7, 10], { dtype: 'int32' }));
    expect(np.linspace(0, -1, 3, { dtype: 'int32' })).toHaveSameBits(array([0, -1, -1], { dtype: 'int32' }));
    expect(np.linspace(3, 9, 1)).toHaveSameBits(array([3]));
    expect(np.linspace(3, 9, 0).shape).toEqual([0]);
    expect(np.linspace(0, 1).shape).toEqual([50]);
  });
});
