import { afterEach, describe, expect, test } from 'vitest';
import { expectReference } from '../../../test/support/engines';
import '../../../test/support/matchers';
import { forAll, type Sampler } from '../../../test/support/sampler';
import { extreme, special, values } from '../../../test/support/values';
import { type DType, dtypes, floats, integers } from '../../array/dtype';
import type { NDArray } from '../../array/ndarray';
import { init } from '../../backends/current';
import * as np from '../../numpy';
import { argmax, argmin, prod, reduceMax, reduceMin, sum } from '../../primitives/reduce';
import { jit } from '../../transforms/jit';
import { printStages } from '../../transforms/print-program';

afterEach(() => init());

/** Shapes with the axes that are reduced: one piece or several, rows, columns, both, and scattered axes. */
const cases = [
  ...['300 over 0', '257 over 0', '33001 over 0', '5 61 over 1', '61 5 over 1', '200 3 over 1', '3 20003 over 1'],
  ...['5 61 over 0', '61 5 over 0', '22001 3 over 0', '9 1030 over 0', '2 300 3 over 1', '2 70 37 over 1'],
  ...[
    '30 4 7 over 0 2',
    '7 3 40 over 1 2',
    '4 1 90 over 1',
    '2 33000 2 over 1',
    '2 9 5 7 over 0 2',
    '2 9 5 7 over 1 3',
  ],
  ...['3 60 5 30 over 1 3', '40 3 20 17 over 0 2', '3 2 5 3 4 over 0 2 4'],
].map((text) => text.split(' over ').map((part) => part.split(' ').map(Number)) as [number[], number[]]);

/** Many ties. */
const few = (u: number) => Math.floor(u * 7) - 3;
const wide = (u: number) => (u - 0.5) * 10 ** (40 * u - 20);

function sample(s: Sampler, accepted: readonly DType[]) {
  const [shape, axes] = s.pick(cases);
  const x = values(shape, s.pick(accepted), s.seed(), { domain: s.pick([few, wide]), odd: s.pick([[], extreme]) });
  return { x, axes };
}

const ways: readonly ((x: NDArray) => NDArray)[] = [
  (x) => x,
  (x) => np.flip(x),
  (x) => np.where(np.equal(x, np.flip(x, 0)), x, np.flip(x, 0)),
];

describe('reductions give the bits of the reference', () => {
  test('extrema of every dtype', () => {
    forAll(50, (s) => {
      const { x, axes } = sample(s, dtypes);
      const way = s.pick(ways);
      expectReference((v) => [reduceMax(way(v), axes), reduceMin(way(v), axes)], [x]);
    });
  });

  test('positions of extrema, the first of those that tie', () => {
    forAll(50, (s) => {
      const { x } = sample(s, dtypes);
      const axis = s.int(0, x.ndim - 1);
      const way = s.pick(ways);
      expectReference((v) => [argmax(way(v), axis), argmin(way(v), axis)], [x]);
    });
  });

  test('positions where the first and the last of many are the best, or NaN', () => {
    for (const dtype of dtypes) {
      for (const at of [[0], [1, 2], [39_999], [17_000, 16_383], [39_998, 5], []]) {
        const data = new Float64Array(40_000).fill(dtype === 'bool' ? 0 : 3);
        const odd =
          dtype === 'bool' ? [1] : dtype.startsWith('float') ? [4, 1, Number.NaN, Number.NEGATIVE_INFINITY] : [4, 1];
        for (const value of odd) {
          for (const i of at) data[i] = value;
          const x = np.array(data, { dtype });
          expectReference((v) => [argmax(v, 0), argmin(v, 0), argmax(v.reshape([20_000, 2]), 0)], [x]);
        }
      }
    }
  });

  test.each([...floats, 'int32', 'uint32'] as const)('where %s has nothing but its limits', (dtype) => {
    const limits = { int32: [-(2 ** 31), 2 ** 31 - 1], uint32: [0, 2 ** 32 - 1] };
    const infinite = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
    for (const value of dtype === 'int32' || dtype === 'uint32' ? limits[dtype] : infinite) {
      const x = np.full([20_000], value, { dtype });
      expectReference((v) => [argmax(v, 0), argmin(v, 0), reduceMax(v, [0]), reduceMin(v, [0])], [x]);
    }
  });

  test('sums and products of whole numbers, which wrap', () => {
    forAll(30, (s) => {
      const { x, axes } = sample(s, integers);
      const way = s.pick(ways);
      expectReference((v) => [sum(way(v), axes), prod(np.bitwiseOr(way(v), 1), axes)], [x]);
    });
  });

  test('sums of floats that need no rounding', () => {
    for (const [shape, axes] of cases) {
      for (const dtype of floats) {
        const x = values(shape, dtype, 4, { domain: few });
        expectReference((v) => [sum(v, axes), sum(np.flip(v).mul(2), axes)], [x]);
      }
    }
  });

  test('any and all, with what makes their operand', () => {
    forAll(30, (s) => {
      const { x, axes } = sample(s, dtypes);
      const way = s.pick(ways);
      const f = (v: NDArray) => [np.any(way(v), axes), np.all(way(v), axes), np.any(np.less(v, -1e20), axes)];
      expectReference(f, [x]);
    });
  });

  test('with operands that repeat, and of other dtypes than the result', () => {
    const [x, row] = [values([130, 40], 'float64', 1, { odd: extreme }), values([40], 'float32', 2)];
    for (const axes of [[0], [1], [0, 1]]) {
      expectReference(
        (v, r) => {
          const product = (v as NDArray).mul((r as NDArray).astype('float64'));
          return [
            reduceMax(product, axes),
            reduceMin(product.T, axes),
            sum(product.greater(0).astype('int32'), axes),
            argmax(product.T, axes[0] as number),
            argmin(product.astype('int32'), axes[0] as number),
          ];
        },
        [x, row],
      );
    }
  });

  test('sums and products of NaN, infinities and zeros of both signs', () => {
    const infinities = special.filter((v) => !Number.isNaN(v));
    for (const odd of [special, infinities, [-0], [-0, 0, -1, 1]]) {
      for (const [shape, axes] of cases) {
        for (const dtype of floats) {
          const x = values(shape, dtype, 3, { odd, domain: (u) => odd[Math.floor(u * odd.length)] as number });
          expectReference((v) => [sum(v, axes), prod(v, axes)], [x]);
        }
      }
    }
  });
});

/** Runs on one thread and on two, with operands that are dense or views; every bit is the same. */
function reduced(x: NDArray, op: (v: NDArray) => NDArray): NDArray {
  const results = [1, 2].flatMap((threads) => {
    init({ backend: 'wasm', threads });
    return [jit(op)(x), jit((v: NDArray) => op(np.flip(v)))(jit((v: NDArray) => np.flip(v))(x))];
  });
  init();
  for (const result of results) expect(result).toHaveSameBits(results[0] as NDArray);
  return results[0] as NDArray;
}

/** x · 2¹⁴⁰ as a whole number; x is a multiple of 2⁻¹⁴⁰. */
const exact = (x: number) => BigInt(x * 2 ** 140);
const magnitude = (x: bigint) => (x < 0n ? -x : x);

describe('sums of float64', () => {
  /** How many additions an element goes through at most. */
  const additionsOfRow = (n: number) => Math.ceil(Math.min(n, 16_384) / 4) + 2 + Math.ceil(n / 16_384);
  const additionsOfColumn = (rows: number, columns: number) => {
    const piece = Math.max(64, Math.ceil(65_536 / columns));
    return Math.min(rows, piece) + Math.ceil(rows / piece);
  };
  const signed = (u: number) => (u - 0.5) * 2 ** (40 * ((u * 1000) % 1) - 20);
  const tenth = () => 0.1;

  /** Whether a sum is within d 2⁻⁵³ Σ|x| (1 + 10⁻⁹) of the exact one. */
  function isWithin(total: number, list: readonly number[], additions: number): boolean {
    const sums = list.map(exact);
    const error = exact(total) - sums.reduce((a, b) => a + b, 0n);
    const size = sums.reduce((a, b) => a + magnitude(b), 0n);
    return magnitude(error) * 2n ** 53n * 1_000_000_000n <= size * BigInt(additions) * 1_000_000_001n;
  }

  test.each([256, 257, 1000, 16_384, 16_385, 100_001])('of %i neighbours keep their bound', (n) => {
    for (const domain of [signed, tenth]) {
      const x = values([n], 'float64', n, { domain });
      const total = reduced(x, (v) => sum(v, [0])).item();
      expect(isWithin(total, [...x.dataSync()], additionsOfRow(n))).toBe(true);
    }
  });

  test.each([
    [300, 3],
    [40_001, 3],
    [257, 1030],
  ])('of %i rows by %i columns keep their bound', (rows, columns) => {
    for (const domain of [signed, tenth]) {
      const x = values([rows, columns], 'float64', rows, { domain });
      const totals = reduced(x, (v) => sum(v, [0])).dataSync();
      const data = x.dataSync();
      for (const column of [0, 1, columns - 1]) {
        const list = Array.from({ length: rows }, (_, i) => data[i * columns + column] as number);
        expect(isWithin(totals[column] as number, list, additionsOfColumn(rows, columns))).toBe(true);
      }
    }
  });

  test('are closer than sums of one after another may be', () => {
    const list = Array.from({ length: 300_001 }, tenth);
    const oneByOne = list.reduce((a, b) => a + b, 0);
    expect(isWithin(oneByOne, list, additionsOfRow(list.length))).toBe(false);
  });

  test('of subnormal numbers are exact', () => {
    const x = values([5000], 'float64', 1, { domain: (u) => Math.floor((u - 0.4) * 2 ** 40) * 2 ** -1074 });
    expectReference((v) => sum(v, [0]), [x]);
  });
});

describe('products of floats', () => {
  const around = (u: number) => (u < 0.5 ? -1 : 1) * 2 ** (((u * 8) % 1) - 0.5);
  const units = { float32: 2 ** -23, float64: 2 ** -53 };

  test.each(floats as readonly ('float32' | 'float64')[])('of %s differ by rounding alone', (dtype) => {
    for (const [shape, axes] of cases) {
      const x = values(shape, dtype, 5, { domain: around });
      const factors = axes.reduce((n, a) => n * (shape[a] as number), 1);
      // Both orders round each factor once; float32 is rounded at the end alone.
      const rtol = dtype === 'float32' ? units.float32 : 2 * factors * units.float64;
      const f = (v: NDArray) => prod(v, axes);
      init({ backend: 'reference' });
      const expected = jit(f)(x).dataSync();
      const actual = reduced(x, f).dataSync();
      actual.forEach((y, i) => {
        const e = expected[i] as number;
        expect(Math.abs(y - e) <= rtol * Math.abs(e) + 2 ** -149).toBe(true);
      });
      expect(expected.some((v) => Math.abs(v) > 1e-30)).toBe(true);
    }
  });

  test('of powers of two are exact', () => {
    const x = values([2, 3000], 'float64', 1, { domain: (u) => (u < 0.1 ? -2 : u < 0.5 ? 0.5 : 2) });
    expectReference((v) => [prod(v, [1]), prod(v.T, [0]), prod(v.astype('float32'), [1])], [x]);
  });
});

test('every reduction of every dtype is native, and joined with what makes its operand', () => {
  for (const dtype of dtypes) {
    const intricate = values([2, 9, 5, 7], dtype, 1);
    expect(
      printStages((v: NDArray) => [reduceMax(v, [0, 2]), reduceMin(v, [1, 3])], intricate),
      dtype,
    ).not.toMatch(/= loop/);
    const x = values([40, 50], dtype, 1);
    const numeric = dtype === 'bool' ? [] : [sum, prod];
    const f = (v: NDArray) => {
      const other = np.where(np.equal(v, np.flip(v, 1)), v, np.flip(v, 0));
      return [
        ...[...numeric, reduceMax, reduceMin].map((op) => op(other, [1])),
        ...[argmax, argmin].flatMap((op) => [op(v, 0), op(v, 1)]),
      ];
    };
    expect(printStages(f, x), dtype).not.toMatch(/= loop/);
    const alone = printStages((v: NDArray) => argmax(np.where(np.equal(v, np.flip(v)), v, np.flip(v)), 0), x);
    expect(alone, dtype).toMatch(/fusedReduction/);
  }
});
