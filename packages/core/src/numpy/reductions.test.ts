import { describe, expect, test } from 'vitest';
import { byIndex, element, indicesOf } from '../../test/support/by-index';
import '../../test/support/matchers';
import { forAll, type Sampler } from '../../test/support/sampler';
import { between, special, values } from '../../test/support/values';
import type { DType } from '../array/dtype';
import type { NDArray } from '../array/ndarray';
import { grad } from '../transforms/grad';
import * as np from '.';
import type { Axes, ReduceOptions } from './reductions';

const { array } = np;

type Reduction = (x: NDArray, axis?: Axes, options?: ReduceOptions) => NDArray;

/** undefined, one axis, a negative axis or a list. */
function randomAxes(s: Sampler, rank: number): Axes {
  if (rank === 0) return s.pick([undefined, []]);
  return s.pick([
    undefined,
    s.int(0, rank - 1),
    s.int(-rank, -1),
    s.subset(rank).map((a) => a - (s.bool() ? rank : 0)),
  ]);
}

/** Checks a reduction against its definition for a list of numbers, over axes, keepDims and dtypes. */
function definedBy(
  op: Reduction,
  dtypes: readonly DType[],
  result: (dtype: DType) => DType,
  f: (list: number[], dtype: DType) => number,
  options: { sizes?: number[]; odd?: readonly number[]; rtol?: number } = {},
): void {
  forAll(60, (s) => {
    const shape = s.shape(options.sizes ? { sizes: options.sizes } : {});
    const dtype = s.pick(dtypes);
    const x = values(shape, dtype, s.seed(), { odd: s.bool() ? (options.odd ?? special) : [] });
    const axis = randomAxes(s, shape.length);
    const keepDims = s.bool();
    const axes = (axis === undefined ? shape.map((_, i) => i) : [axis].flat()).map((a) =>
      a < 0 ? a + shape.length : a,
    );
    const kept = shape.map((n, i) => (axes.includes(i) ? 1 : n));
    const expected = byIndex(kept, result(dtype), (index) => {
      const inner = indicesOf(shape).filter((full) => full.every((i, a) => axes.includes(a) || i === index[a]));
      return f(
        inner.map((full) => element(x, full)),
        dtype,
      );
    });
    const actual = op(x, axis, { keepDims });
    const shaped = keepDims ? expected : expected.reshape(shape.filter((_, i) => !axes.includes(i)));
    if (options.rtol) expect(actual).toBeAllclose(shaped, { rtol: options.rtol, atol: options.rtol });
    else expect(actual).toHaveSameBits(shaped);
  });
}

const all: DType[] = ['float64', 'float32', 'int32', 'uint32', 'bool'];
const same = (dtype: DType) => dtype;
const arithmetic = (dtype: DType) => (dtype === 'bool' ? 'int32' : dtype);
const bool = () => 'bool' as const;
const nonEmpty = { sizes: [2, 3, 1] };
/** The sign of a sum of zeros is not defined here. */
const oneZero = { odd: special.filter((v) => !Object.is(v, -0)) };

describe('reductions, by their definitions for lists', () => {
  test('sum; 0 of nothing', () =>
    definedBy(np.sum, all, arithmetic, (list) => list.reduce((a, b) => a + b, 0), oneZero));
  test('prod; 1 of nothing', () =>
    definedBy(np.prod, all, arithmetic, (list, d) =>
      list.reduce((a, b) => (d.startsWith('float') ? a * b : Math.imul(a, b)), 1),
    ));
  test('max and min, NaN wins', () => {
    definedBy(np.max, all, same, (list) => Math.max(...list), nonEmpty);
    definedBy(np.min, all, same, (list) => Math.min(...list), nonEmpty);
  });
  test('any and all; of nothing false and true', () => {
    definedBy(np.any, all, bool, (list) => Number(list.some((v) => v !== 0)));
    definedBy(np.all, all, bool, (list) => Number(list.every((v) => v !== 0)));
  });
  test('mean; NaN of nothing', () =>
    definedBy(np.mean, ['float64'], same, (list) => list.reduce((a, b) => a + b, 0) / list.length, oneZero));
  test('variance and std, also of a sample', () => {
    const variance = (list: number[], ddof: number) => {
      const mean = list.reduce((a, b) => a + b, 0) / list.length;
      return list.reduce((a, b) => a + (b - mean) ** 2, 0) / Math.max(0, list.length - ddof);
    };
    definedBy(np.variance, ['float64'], same, (list) => variance(list, 0), { rtol: 1e-12 });
    definedBy(np.std, ['float64'], same, (list) => Math.sqrt(variance(list, 0)), { rtol: 1e-12 });
    const sample: Reduction = (x, axis, options) => np.variance(x, axis, { ...options, ddof: 1 });
    definedBy(sample, ['float64'], same, (list) => variance(list, 1), { rtol: 1e-12 });
  });
  test('logsumexp', () =>
    definedBy(np.logsumexp, ['float64'], same, (list) => Math.log(list.reduce((a, b) => a + Math.exp(b), 0)), {
      ...nonEmpty,
      rtol: 1e-12,
    }));
});

describe('details', () => {
  test('the mean of equal numbers is that number', () => {
    for (let n = 1; n < 200; n++) {
      expect(np.mean(np.full([n], 0.1, { dtype: 'float64' })).item()).toBeCloseTo(0.1, 15);
      expect(np.mean(np.ones([n], { dtype: 'float64' })).item()).toBe(1);
      expect(np.mean(np.ones([n])).item()).toBe(1);
    }
  });

  test('sums of float32 do not lose small terms', () => {
    expect(np.sum(np.full([100_000], 0.1)).item()).toBeCloseTo(10_000, 2);
    expect(
      np
        .sum(np.full([300, 300], 0.1), 0)
        .at(7)
        .item(),
    ).toBeCloseTo(30, 4);
  });

  test('sums of whole numbers wrap', () => {
    expect(np.sum(array([2 ** 31 - 1, 1], { dtype: 'int32' })).item()).toBe(-(2 ** 31));
    expect(np.sum(array([2 ** 32 - 1, 2], { dtype: 'uint32' })).item()).toBe(1);
    expect(
      np
        .cumsum(array([2 ** 32 - 1, 2], { dtype: 'uint32' }))
        .at(1)
        .item(),
    ).toBe(1);
  });

  test('sums and means over no axes change nothing', () => {
    const x = values([2, 2], 'float64', 1);
    expect(np.sum(x, [])).toHaveSameBits(x);
    expect(np.mean(x, [])).toHaveSameBits(x);
  });

  test('the largest of nothing is an error, of no lists it is an empty array', () => {
    expect(() => np.max(np.zeros([2, 0]), 1)).toThrow('no elements');
    expect(np.max(np.zeros([0, 3]), 1).shape).toEqual([0]);
    expect(np.max(np.zeros([2, 0, 3]), 2).shape).toEqual([2, 0]);
    expect(np.argmax(np.zeros([0, 3]), 1).shape).toEqual([0]);
  });

  test('logsumexp neither overflows nor makes NaN of infinities', () => {
    expect(np.logsumexp(array([1000, 1000])).item()).toBeCloseTo(1000 + Math.LN2, 3);
    expect(np.logsumexp(array([-1000, -1000])).item()).toBeCloseTo(-1000 + Math.LN2, 3);
    expect(np.logsumexp(np.full([2], Number.NEGATIVE_INFINITY)).item()).toBe(Number.NEGATIVE_INFINITY);
    expect(np.logsumexp(array([Number.POSITIVE_INFINITY, 1])).item()).toBe(Number.POSITIVE_INFINITY);
    expect(grad((x: NDArray) => np.logsumexp(x))(array([1000, 1000, -1000]))).toBeAllclose([0.5, 0.5, 0]);
  });

  test('ties share the derivative of the largest', () => {
    expect(grad((x: NDArray) => np.max(x))(array([1, 3, 3]))).toHaveSameBits([0, 0.5, 0.5]);
    expect(grad((x: NDArray) => np.sum(np.maximum(x, array([1, 1, 1]))))(array([0, 1, 2]))).toHaveSameBits([0, 0.5, 1]);
  });
});

describe('positions of extremes', () => {
  const first = (list: number[], better: (a: number, b: number) => boolean) => {
    const nan = list.findIndex(Number.isNaN);
    return nan >= 0 ? nan : list.reduce((best, v, i) => (better(v, list[best] as number) ? i : best), 0);
  };

  test('are the first ones; NaN wins', () => {
    forAll(80, (s) => {
      const shape = s.shape({ minRank: 1, sizes: [3, 4, 1, 2] });
      // Few different numbers, so that there are ties.
      const x = values(shape, s.pick(['float64', 'int32', 'bool']), s.seed(), {
        domain: (u) => Math.floor(3 * u),
        odd: s.bool() ? special : [],
      });
      const axis = s.int(0, shape.length - 1);
      const lines = (index: number[]) =>
        Array.from({ length: shape[axis] as number }, (_, i) =>
          element(x, [...index.slice(0, axis), i, ...index.slice(axis)]),
        );
      const rest = shape.filter((_, i) => i !== axis);
      expect(np.argmax(x, axis)).toHaveSameBits(
        byIndex(rest, 'int32', (index) => first(lines(index), (a, b) => a > b)),
      );
      expect(np.argmin(x, axis - shape.length)).toHaveSameBits(
        byIndex(rest, 'int32', (index) => first(lines(index), (a, b) => a < b)),
      );
      expect(np.argmax(x).item()).toBe(first([...x.dataSync()], (a, b) => a > b));
    });
  });
});

describe('cumulative reductions', () => {
  type Cumulative = (x: NDArray, axis?: number) => NDArray;

  function prefixes(
    op: Cumulative,
    dtypes: readonly DType[],
    result: (dtype: DType) => DType,
    f: (a: number, b: number, d: DType) => number,
  ): void {
    forAll(60, (s) => {
      const shape = s.shape({ minRank: 1, sizes: [3, 5, 1, 2, 0] });
      const dtype = s.pick(dtypes);
      const x = values(shape, dtype, s.seed(), { odd: s.bool() ? special : [], domain: between(-1.5, 1.5) });
      const axis = s.int(0, shape.length - 1);
      const expected = byIndex(shape, result(dtype), (index) =>
        Array.from({ length: (index[axis] as number) + 1 }, (_, i) =>
          element(
            x,
            index.map((v, a) => (a === axis ? i : v)),
          ),
        ).reduce((a, b) => f(a, b, dtype)),
      );
      expect(op(x, axis)).toBeAllclose(expected, { rtol: 1e-12, atol: 1e-12 });
      expect(op(x, axis - shape.length)).toBeAllclose(expected, { rtol: 1e-12, atol: 1e-12 });
      expect(op(x)).toHaveSameBits(op(x.ravel(), 0));
    });
  }

  test('cumsum', () => prefixes(np.cumsum, ['float64', 'int32', 'uint32', 'bool'], arithmetic, (a, b) => a + b));
  test('cumprod', () =>
    prefixes(np.cumprod, ['float64', 'int32', 'bool'], arithmetic, (a, b, d) =>
      d === 'float64' ? a * b : Math.imul(a, b),
    ));
  test('cummax and cummin', () => {
    prefixes(np.cummax, all, same, (a, b) => Math.max(a, b));
    prefixes(np.cummin, all, same, (a, b) => Math.min(a, b));
  });

  test('backwards', () => {
    const x = values([3, 4], 'float64', 2);
    for (const axis of [0, 1]) {
      expect(np.cumsum(x, axis, { reverse: true })).toBeAllclose(np.flip(np.cumsum(np.flip(x, axis), axis), axis), {
        rtol: 1e-13,
      });
    }
    expect(np.cumsum(array(3))).toHaveSameBits(array([3]));
  });

  test('derivatives', () => {
    const x = array([2, 0, 3], { dtype: 'float64' });
    // Σ of prefix products x₀ + x₀x₁ + x₀x₁x₂.
    expect(grad((v: NDArray) => np.sum(np.cumprod(v)))(x)).toBeAllclose([1, 8, 0]);
    expect(grad((v: NDArray) => np.sum(np.cummax(v)))(x)).toBeAllclose([2, 0, 1]);
  });
});
