import { describe, expect, test } from 'vitest';
import { byIndex, element } from '../../test/support/by-index';
import '../../test/support/matchers';
import { forAll } from '../../test/support/sampler';
import { values } from '../../test/support/values';
import * as np from '.';

const { array } = np;

/** A random array whose elements tell where they came from, so that the dtype does not matter. */
const numbered = (shape: readonly number[]) => np.arange(shape.reduce((a, b) => a * b, 1)).reshape(shape);

describe('by the definitions for indices', () => {
  test('transpose, swapaxes, moveaxis', () => {
    forAll(60, (s) => {
      const x = numbered(s.shape({ maxRank: 4 }));
      const p = s.permutation(x.ndim);
      const expected = byIndex(
        p.map((a) => x.shape[a] as number),
        'int32',
        (index) =>
          element(
            x,
            x.shape.map((_, a) => index[p.indexOf(a)] as number),
          ),
      );
      expect(np.transpose(x, p)).toHaveSameBits(expected);
      expect(
        np.transpose(
          x,
          p.map((a) => a - x.ndim),
        ),
      ).toHaveSameBits(expected);
      expect(np.transpose(x)).toHaveSameBits(
        np.transpose(
          x,
          x.shape.map((_, i) => x.ndim - 1 - i),
        ),
      );
      if (x.ndim === 0) return;
      const [i, j] = [s.int(0, x.ndim - 1), s.int(-x.ndim, -1)];
      const swapped = x.shape.map((_, a) => (a === i ? j + x.ndim : a === j + x.ndim ? i : a));
      expect(np.swapaxes(x, i, j)).toHaveSameBits(np.transpose(x, swapped));
      const rest = x.shape.map((_, a) => a).filter((a) => a !== i);
      rest.splice(j + x.ndim, 0, i);
      expect(np.moveaxis(x, i, j)).toHaveSameBits(np.transpose(x, rest));
    });
  });

  test('flip and roll', () => {
    forAll(60, (s) => {
      const x = numbered(s.shape());
      const axes = s.subset(x.ndim);
      expect(np.flip(x, axes)).toHaveSameBits(
        byIndex(x.shape, 'int32', (index) =>
          element(
            x,
            index.map((i, a) => (axes.includes(a) ? (x.shape[a] as number) - 1 - i : i)),
          ),
        ),
      );
      expect(np.flip(x)).toHaveSameBits(
        np.flip(
          x,
          x.shape.map((_, a) => a),
        ),
      );
      if (x.ndim === 0) return;
      const [axis, shift] = [s.int(0, x.ndim - 1), s.int(-7, 7)];
      const n = x.shape[axis] as number;
      expect(np.roll(x, shift, axis)).toHaveSameBits(
        byIndex(x.shape, 'int32', (index) =>
          element(
            x,
            index.map((i, a) => (a === axis ? (((i - shift) % n) + n) % n : i)),
          ),
        ),
      );
    });
  });

  test('concatenate, stack and split are inverse', () => {
    forAll(60, (s) => {
      const shape = s.shape({ minRank: 1 });
      const axis = s.int(0, shape.length - 1);
      const parts = [0, 1, 2].map((i) =>
        values(
          shape.map((n, a) => (a === axis ? s.int(0, 3) : n)),
          'float64',
          s.seed() + i,
        ),
      );
      const joined = np.concatenate(parts, axis - (s.bool() ? shape.length : 0));
      const cuts = [
        parts[0]?.shape[axis] as number,
        (parts[0]?.shape[axis] as number) + (parts[1]?.shape[axis] as number),
      ];
      expect(np.split(joined, cuts, axis)).toHaveSameBits(parts);
      const same = [0, 1].map((i) => values(shape, 'float64', s.seed() + i));
      const at = s.int(0, shape.length);
      const stacked = np.stack(same, at);
      expect(stacked.shape).toEqual([...shape.slice(0, at), 2, ...shape.slice(at)]);
      expect(np.split(stacked, 2, at).map((part) => np.squeeze(part, at))).toHaveSameBits(same);
    });
  });

  test('pad surrounds', () => {
    forAll(60, (s) => {
      const x = numbered(s.shape());
      const widths = x.shape.map(() => [s.int(0, 2), s.int(0, 2)] as const);
      const shape = x.shape.map((n, a) => n + (widths[a]?.[0] as number) + (widths[a]?.[1] as number));
      const expected = byIndex(shape, 'int32', (index) => {
        const from = index.map((i, a) => i - (widths[a]?.[0] as number));
        return from.every((i, a) => i >= 0 && i < (x.shape[a] as number)) ? element(x, from) : 9;
      });
      expect(np.pad(x, widths, 9)).toHaveSameBits(expected);
    });
  });

  test('tile and repeat', () => {
    forAll(60, (s) => {
      const x = numbered(s.shape({ maxRank: 2 }));
      const repeats = Array.from({ length: s.int(0, 3) }, () => s.int(0, 3));
      const rank = Math.max(x.ndim, repeats.length);
      const wide = [...Array.from({ length: rank - x.ndim }, () => 1), ...x.shape];
      const times = [...Array.from({ length: rank - repeats.length }, () => 1), ...repeats];
      expect(np.tile(x, repeats)).toHaveSameBits(
        byIndex(
          wide.map((n, a) => n * (times[a] as number)),
          'int32',
          (index) => element(x, index.map((i, a) => i % (wide[a] as number)).slice(rank - x.ndim)),
        ),
      );
      if (x.ndim === 0) return;
      const [axis, n] = [s.int(0, x.ndim - 1), s.int(0, 3)];
      expect(np.repeat(x, n, axis)).toHaveSameBits(
        byIndex(
          x.shape.map((size, a) => (a === axis ? size * n : size)),
          'int32',
          (index) =>
            element(
              x,
              index.map((i, a) => (a === axis ? Math.floor(i / n) : i)),
            ),
        ),
      );
    });
  });
});

describe('NumPy’s conventions', () => {
  test('reshape computes one size', () => {
    const x = np.arange(12);
    expect(x.reshape([3, -1]).shape).toEqual([3, 4]);
    expect(x.reshape([-1]).shape).toEqual([12]);
    expect(np.zeros([0, 3]).reshape([-1, 3]).shape).toEqual([0, 3]);
    expect(array(5).reshape([1, 1, -1]).shape).toEqual([1, 1, 1]);
    expect(np.zeros([1]).reshape([]).shape).toEqual([]);
  });

  test('expandDims and squeeze', () => {
    expect(np.expandDims(np.zeros([2]), 0).shape).toEqual([1, 2]);
    expect(np.expandDims(np.zeros([2]), -1).shape).toEqual([2, 1]);
    expect(np.squeeze(np.zeros([1, 2, 1])).shape).toEqual([2]);
    expect(np.squeeze(np.zeros([1, 2, 1]), -1).shape).toEqual([1, 2]);
    expect(() => np.squeeze(np.zeros([1, 2]), 1)).toThrow('axis 1 of [1, 2] does not have size 1');
  });

  test('two numbers are the widths in front and behind, on every axis', () => {
    expect(np.pad(np.ones([1, 1]), [1, 0])).toHaveSameBits(
      array([
        [0, 0],
        [0, 1],
      ]),
    );
    expect(np.pad(np.ones([1]), [1, 0])).toHaveSameBits(array([0, 1]));
    expect(np.pad(np.ones([1, 1]), 1).shape).toEqual([3, 3]);
    expect(np.pad(np.ones([1, 1]), [1, [0, 2]]).shape).toEqual([3, 3]);
    expect(np.pad(np.ones([1, 1, 1]), [1, 2, 3]).shape).toEqual([3, 5, 7]);
  });

  test('broadcastTo adds axes in front and stretches', () => {
    expect(np.broadcastTo(array([[1], [2]]), [2, 2, 2]).toJS()).toEqual([
      [
        [1, 1],
        [2, 2],
      ],
      [
        [1, 1],
        [2, 2],
      ],
    ]);
    expect(np.broadcastTo(array(1), [0]).shape).toEqual([0]);
  });

  test('lists of arrays promote, and take numbers', () => {
    expect(np.stack([array([1], { dtype: 'int32' }), array([0.5])])).toHaveSameBits(array([[1], [0.5]]));
    expect(np.stack([1, 2, array(3, { dtype: 'int32' })])).toHaveSameBits(array([1, 2, 3], { dtype: 'int32' }));
    expect(np.concatenate([array([true]), array([2], { dtype: 'int32' })])).toHaveSameBits(
      array([1, 2], { dtype: 'int32' }),
    );
  });
});
