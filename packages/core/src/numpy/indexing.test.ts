import { describe, expect, test } from 'vitest';
import { byIndex, element } from '../../test/support/by-index';
import '../../test/support/matchers';
import { forAll, type Sampler } from '../../test/support/sampler';
import { extreme, positions, special, values } from '../../test/support/values';
import type { NDArray } from '../array/ndarray';
import { grad } from '../transforms/grad';
import { jit } from '../transforms/jit';
import { vmap } from '../transforms/vmap';
import * as np from '.';
import type { SliceRange } from './indexing';

const { array } = np;
const numbered = (shape: readonly number[]) => np.arange(shape.reduce((a, b) => a * b, 1)).reshape(shape);

describe('slices and single positions', () => {
  test('follow Python: negative positions, open ends, clipped ranges, steps', () => {
    forAll(200, (s) => {
      const x = numbered(s.shape({ minRank: 1, sizes: [5, 3, 1, 0] }));
      const bound = () => (s.int(0, 3) === 0 ? null : s.int(-7, 7));
      const ranges = Array.from(
        { length: s.int(0, x.ndim) },
        (): SliceRange => (s.int(0, 4) === 0 ? null : [bound(), bound(), s.int(1, 3)]),
      );
      const picked = x.shape.map((n, axis) => {
        const [start, stop, step = 1] = ranges[axis] ?? [null, null];
        const place = (p: number) => Math.min(n, Math.max(0, p < 0 ? p + n : p));
        const list: number[] = [];
        for (let i = place(start ?? 0); i < place(stop ?? n); i += step) list.push(i);
        return list;
      });
      const expected = byIndex(
        picked.map((list) => list.length),
        'int32',
        (index) =>
          element(
            x,
            index.map((i, axis) => picked[axis]?.[i] as number),
          ),
      );
      expect(x.slice(...ranges)).toHaveSameBits(expected);
    });
  });

  test('at removes axes', () => {
    const x = numbered([2, 3, 4]);
    expect(x.at(1, -1, 2).item()).toBe(22);
    expect(x.at(-2)).toHaveSameBits(x.slice([0, 1]).reshape([3, 4]));
    expect(x.at()).toHaveSameBits(x);
  });
});

describe('take', () => {
  test('replaces an axis by the axes of the indices; negative ones count from the end', () => {
    forAll(100, (s) => {
      const x = numbered(s.shape({ minRank: 1, sizes: [3, 2, 4] }));
      const axis = s.int(0, x.ndim - 1);
      const n = x.shape[axis] as number;
      const indices = positions(s.shape({ maxRank: 2 }), 2 * n, s.seed(), -n);
      const expected = byIndex(
        [...x.shape.slice(0, axis), ...indices.shape, ...x.shape.slice(axis + 1)],
        'int32',
        (index) => {
          const i = element(indices, index.slice(axis, axis + indices.ndim));
          return element(x, [...index.slice(0, axis), i < 0 ? i + n : i, ...index.slice(axis + indices.ndim)]);
        },
      );
      expect(np.take(x, indices, axis)).toHaveSameBits(expected);
      expect(np.take(x, indices, axis - x.ndim)).toHaveSameBits(expected);
    });
  });

  test('takes a number, a list, and uint32', () => {
    const x = array([10, 20, 30]);
    expect(np.take(x, -1).item()).toBe(30);
    expect(np.take(x, [])).toHaveSameBits(array([]));
    expect(np.take(x, array([2], { dtype: 'uint32' }))).toHaveSameBits(array([30]));
  });

  test('takeAlongAxis and scatterAdd undo sorting and counting', () => {
    forAll(60, (s) => {
      const x = values(s.shape({ minRank: 1, sizes: [3, 4, 1] }), 'float64', s.seed());
      const axis = s.int(-x.ndim, x.ndim - 1);
      const order = np.argsort(x, axis);
      expect(np.takeAlongAxis(np.takeAlongAxis(x, order, axis), np.argsort(order, axis), axis)).toHaveSameBits(x);
      const labels = positions([s.int(0, 9)], 4, s.seed());
      const counts = np.scatterAdd(np.zeros([4]), labels, np.ones(labels.shape));
      expect(counts).toHaveSameBits(
        byIndex([4], 'float32', ([k]) => [...labels.dataSync()].filter((v) => v === k).length),
      );
    });
  });

  test('scatterAdd along any axis is the definition', () => {
    forAll(60, (s) => {
      const x = values(s.shape({ minRank: 1, sizes: [2, 3] }), 'float64', s.seed());
      const axis = s.int(0, x.ndim - 1);
      const n = x.shape[axis] as number;
      const indices = positions([s.int(0, 4)], 2 * n, s.seed(), -n);
      const updates = values(
        [...x.shape.slice(0, axis), ...indices.shape, ...x.shape.slice(axis + 1)],
        'float64',
        s.seed(),
      );
      const expected = byIndex(x.shape, 'float64', (index) =>
        [...indices.dataSync()].reduce(
          (sum, at, k) => {
            const hit = (at < 0 ? at + n : at) === index[axis];
            return hit
              ? sum +
                  element(
                    updates,
                    index.map((i, a) => (a === axis ? k : i)),
                  )
              : sum;
          },
          element(x, index),
        ),
      );
      expect(np.scatterAdd(x, indices, updates, axis)).toBeAllclose(expected, { rtol: 1e-13 });
    });
  });
});

describe('order', () => {
  const compare = (a: number, b: number, descending: boolean) => {
    if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
    return descending ? b - a : a - b;
  };

  /** Few different numbers, so that there are ties; NaN, infinities. */
  function tied(s: Sampler): { x: NDArray; axis: number; line(index: number[]): number[] } {
    const x = values(
      s.shape({ minRank: 1, sizes: [4, 5, 1, 2, 0] }),
      s.pick(['float64', 'int32', 'uint32', 'bool']),
      s.seed(),
      {
        domain: (u) => Math.floor(4 * u) - 2,
        odd: s.bool() ? special.filter((v) => !Object.is(v, -0)) : [],
      },
    );
    const axis = s.int(0, x.ndim - 1);
    const line = (index: number[]) =>
      Array.from({ length: x.shape[axis] as number }, (_, i) =>
        element(
          x,
          index.map((v, a) => (a === axis ? i : v)),
        ),
      );
    return { x, axis, line };
  }

  const ranked = (list: number[], descending: boolean) =>
    list
      .map((_, i) => i)
      .sort((i, j) => {
        const [a, b] = [list[i] as number, list[j] as number];
        return a === b ? i - j : compare(a, b, descending) || i - j;
      });

  test('sort and argsort are stable, NaN comes last, both ways', () => {
    forAll(150, (s) => {
      const { x, axis, line } = tied(s);
      const descending = s.bool();
      const order = byIndex(
        x.shape,
        'int32',
        (index) => ranked(line(index), descending)[index[axis] as number] as number,
      );
      expect(np.argsort(x, axis - x.ndim, { descending })).toHaveSameBits(order);
      expect(np.sort(x, axis, { descending })).toHaveSameBits(
        byIndex(x.shape, x.dtype, (index) => line(index)[element(order, index)] as number),
      );
    });
  });

  test('topK is the front of the descending order', () => {
    forAll(80, (s) => {
      const { x, axis } = tied(s);
      const k = s.int(0, x.shape[axis] as number);
      const front = (v: NDArray) => v.slice(...x.shape.map((_, a): SliceRange => (a === axis ? [0, k] : null)));
      const [found, indices] = np.topK(x, k, axis);
      expect(found).toHaveSameBits(front(np.sort(x, axis, { descending: true })));
      expect(indices).toHaveSameBits(front(np.argsort(x, axis, { descending: true })));
    });
  });

  test('the derivative goes to where an element came from', () => {
    const x = array([3, 1, 2], { dtype: 'float64' });
    const weights = array([1, 10, 100], { dtype: 'float64' });
    const f = (v: NDArray) => np.sum(np.sort(v).mul(weights));
    expect(grad(f)(x)).toHaveSameBits([100, 1, 10]);
    expect(grad((v: NDArray) => np.sum(np.topK(v, 2)[0]))(x)).toHaveSameBits([1, 0, 1]);
    expect(vmap(grad(f))(np.stack([x, np.flip(x)]))).toHaveSameBits([
      [100, 1, 10],
      [10, 1, 100],
    ]);
  });
});

describe('blocks at positions known later', () => {
  test('are moved so that they fit', () => {
    forAll(100, (s) => {
      const x = numbered(s.shape({ minRank: 1, maxRank: 2, sizes: [4, 3, 1] }));
      const sizes = x.shape.map((n) => s.int(0, n));
      const starts = x.shape.map(() => s.int(-5, 6));
      const first = starts.map((at, axis) =>
        Math.max(0, Math.min(at, (x.shape[axis] as number) - (sizes[axis] as number))),
      );
      const block = byIndex(sizes, 'int32', (index) =>
        element(
          x,
          index.map((i, a) => i + (first[a] as number)),
        ),
      );
      expect(np.dynamicSlice(x, starts, sizes)).toHaveSameBits(block);
      const update = block.add(100);
      const expected = byIndex(x.shape, 'int32', (index) => {
        const inside = index.map((i, a) => i - (first[a] as number));
        return element(x, index) + (inside.every((i, a) => i >= 0 && i < (sizes[a] as number)) ? 100 : 0);
      });
      expect(np.dynamicUpdateSlice(x, update, starts)).toHaveSameBits(expected);
      const traced = jit((v: NDArray, u: NDArray, at: NDArray) => np.dynamicUpdateSlice(v, u, [...at]));
      expect(traced(x, update, array(starts, { dtype: 'int32' }))).toHaveSameBits(expected);
    });
  });

  test('of a scalar are the scalar', () => {
    expect(np.dynamicSlice(array(3), [], [])).toHaveSameBits(array(3));
    expect(np.dynamicUpdateSlice(array(3), array(4), [])).toHaveSameBits(array(4));
  });
});

describe('diagonals', () => {
  test('diagonal, diag and trace', () => {
    forAll(80, (s) => {
      const [n, m, k] = [s.int(0, 4), s.int(0, 4), s.int(-5, 5)];
      const x = values([...s.shape({ maxRank: 1 }), n, m], 'float64', s.seed(), { odd: extreme });
      const length = Array.from({ length: n }, (_, i) => i + k).filter((j) => j >= 0 && j < m).length;
      const expected = byIndex([...x.shape.slice(0, -2), length], 'float64', (index) => {
        const i = index.at(-1) as number;
        return element(x, [...index.slice(0, -1), i + Math.max(0, -k), i + Math.max(0, k)]);
      });
      expect(np.diagonal(x, k)).toHaveSameBits(expected);
      const v = values([s.int(0, 3)], 'float64', s.seed());
      const matrix = np.diag(v, k);
      expect(matrix.shape).toEqual([v.size + Math.abs(k), v.size + Math.abs(k)]);
      expect(np.diag(matrix, k)).toHaveSameBits(v);
      expect(np.sum(np.abs(matrix)).item()).toBeCloseTo(np.sum(np.abs(v)).item(), 12);
    });
    expect(np.trace(numbered([3, 3])).item()).toBe(12);
    expect(np.trace(numbered([2, 2, 3]))).toHaveSameBits(array([4, 16], { dtype: 'int32' }));
  });
});
