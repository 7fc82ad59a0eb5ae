import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { runKernel } from '../../../test/support/run-kernel';
import { ArgumentError } from '../../errors';
import { inputAt, outputAt } from './native';
import { type MatrixLayout, type ProductSpec, product } from './product';

type Floats = Float32Array | Float64Array;

const arrays = { float32: Float32Array, float64: Float64Array } as const;
const epsilon = { float32: 2 ** -23, float64: 2 ** -52 } as const;

/** A linear congruential generator (Numerical Recipes), as numbers in [0, 1). */
function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

function filled(spec: Pick<ProductSpec, 'dtype'>, length: number, next: () => number): Floats {
  return new arrays[spec.dtype](length).map(next);
}

/** Small integers, whose sums of products are exact in any order. */
const integers = (seed: number) => {
  const next = generator(seed);
  return () => Math.floor(next() * 15) - 7;
};
const reals = (seed: number) => {
  const next = generator(seed);
  return () => next() * 2 - 1;
};

const rowMajor = (rows: number, columns: number, batchStride = rows * columns): MatrixLayout => ({
  offset: 0,
  batchStride,
  rowStride: columns,
  colStride: 1,
});
const columnMajor = (rows: number, columns: number, batchStride = rows * columns): MatrixLayout => ({
  offset: 0,
  batchStride,
  rowStride: 1,
  colStride: rows,
});

/** [batch, m, n] of sums of products, and of their magnitudes, by the definition. */
function naive({ batch, m, n, k, a, b }: ProductSpec, x: Floats, y: Floats) {
  const sums = new Float64Array(batch * m * n);
  const magnitudes = new Float64Array(batch * m * n);
  let at = 0;
  for (let s = 0; s < batch; s++) {
    for (let i = 0; i < m; i++) {
      for (let j = 0; j < n; j++) {
        let sum = 0;
        let magnitude = 0;
        for (let p = 0; p < k; p++) {
          const u = x[a.offset + s * a.batchStride + i * a.rowStride + p * a.colStride] as number;
          const v = y[b.offset + s * b.batchStride + p * b.rowStride + j * b.colStride] as number;
          sum += u * v;
          magnitude += Math.abs(u * v);
        }
        sums[at] = sum;
        magnitudes[at++] = magnitude;
      }
    }
  }
  return { sums, magnitudes };
}

/** Elements up to the last that a layout touches. */
function lengthOf(layout: MatrixLayout, ...sizes: number[]): number {
  const strides = [layout.batchStride, layout.rowStride, layout.colStride];
  return 1 + strides.reduce((end, s, i) => end + Math.max(0, s * Math.max(0, (sizes[i] as number) - 1)), layout.offset);
}

function operands(spec: ProductSpec, numbers: (seed: number) => () => number, seed: number): [Floats, Floats] {
  const { batch, m, n, k } = spec;
  return [
    filled(spec, lengthOf(spec.a, batch, m, k), numbers(seed)),
    filled(spec, lengthOf(spec.b, batch, k, n), numbers(seed + 1)),
  ];
}

function multiplied(spec: ProductSpec, a: Floats, b: Floats): Floats {
  const kernel = product(spec, { a: inputAt(0), b: inputAt(1), out: outputAt(0), scratchBytes: 0 });
  const length = spec.batch * spec.m * spec.n;
  return runKernel(kernel, [a, b], [{ dtype: spec.dtype, length }])[0] as Floats;
}

function expectExact(spec: ProductSpec, seed = 1) {
  const [a, b] = operands(spec, integers, seed);
  const got = multiplied(spec, a, b);
  const { sums } = naive(spec, a, b);
  const wrong = got.findIndex((value, i) => value !== sums[i]);
  expect({ spec, wrong, got: got[wrong], expected: sums[wrong] }).toEqual({
    spec,
    wrong: -1,
    got: undefined,
    expected: undefined,
  });
}

const dtypes = ['float32', 'float64'] as const;

/** Axes of three sizes in any order, with gaps, reversals and broadcasts. */
const layoutOf = (sizes: readonly [number, number, number]): fc.Arbitrary<MatrixLayout> =>
  fc
    .record({
      order: fc.shuffledSubarray([0, 1, 2], { minLength: 3 }),
      gaps: fc.array(fc.constantFrom(1, 1, 1, 2, 5), { minLength: 3, maxLength: 3 }),
      kinds: fc.array(fc.constantFrom('forward', 'forward', 'forward', 'backward', 'broadcast'), {
        minLength: 3,
        maxLength: 3,
      }),
      start: fc.nat(3),
    })
    .map(({ order, gaps, kinds, start }) => {
      const strides = [0, 0, 0];
      let step = 1;
      let offset = start;
      for (const [i, axis] of order.entries()) {
        const size = Math.max(1, sizes[axis] as number);
        step *= gaps[i] as number;
        if (kinds[axis] === 'forward') strides[axis] = step;
        if (kinds[axis] === 'backward') {
          strides[axis] = -step;
          offset += step * (size - 1);
        }
        if (kinds[axis] !== 'broadcast') step *= size;
      }
      const [batchStride, rowStride, colStride] = strides as [number, number, number];
      return { offset, batchStride, rowStride, colStride };
    });

const size = fc.oneof(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 40 }));
const specs: fc.Arbitrary<ProductSpec> = fc
  .record({ dtype: fc.constantFrom(...dtypes), batch: fc.integer({ min: 1, max: 3 }), m: size, n: size, k: size })
  .chain((sizes) =>
    fc
      .record({
        a: layoutOf([sizes.batch, sizes.m, sizes.k]),
        b: layoutOf([sizes.batch, sizes.k, sizes.n]),
      })
      .map((layouts) => ({ ...sizes, ...layouts })),
  );

describe('product equals the definition', () => {
  test('for any sizes and strides, exactly where the sums are exact', () => {
    fc.assert(
      fc.property(specs, fc.nat(), (spec, seed) => expectExact(spec, seed)),
      { seed: 1, numRuns: 400 },
    );
  });

  test('within k eps |a| |b|', () => {
    fc.assert(
      fc.property(specs, fc.nat(), (spec, seed) => {
        const [a, b] = operands(spec, reals, seed);
        const got = multiplied(spec, a, b);
        const { sums, magnitudes } = naive(spec, a, b);
        // The definition is evaluated in double precision and errs by as much itself.
        const bound = spec.k * (epsilon[spec.dtype] + epsilon.float64);
        for (const [i, value] of got.entries()) {
          expect(Math.abs(value - (sums[i] as number))).toBeLessThanOrEqual(bound * (magnitudes[i] as number));
        }
      }),
      { seed: 2, numRuns: 200 },
    );
  });

  test('across every block boundary', () => {
    const sizes = [
      // Rows of a left block, columns of a right block, depth of both.
      [257, 17, 40],
      [5, 1027, 30],
      [9, 13, 521],
      [133, 1030, 260],
    ] as const;
    for (const dtype of dtypes) {
      for (const [m, n, k] of sizes) {
        if (dtype === 'float64' && m * n * k > 10 ** 7) continue;
        expectExact({ dtype, batch: 1, m, n, k, a: rowMajor(m, k), b: rowMajor(k, n) });
        expectExact({ dtype, batch: 1, m, n, k, a: columnMajor(m, k), b: columnMajor(k, n) });
      }
    }
  });

  test('for products with a vector, across blocks', () => {
    for (const dtype of dtypes) {
      for (const [long, short] of [
        [9001, 11],
        [130, 601],
      ] as const) {
        for (const [rows, columns] of [
          [long, short],
          [short, long],
        ] as const) {
          for (const layout of [rowMajor, columnMajor]) {
            const matrix = layout(rows, columns);
            expectExact({ dtype, batch: 1, m: rows, n: 1, k: columns, a: matrix, b: rowMajor(columns, 1) });
            expectExact({ dtype, batch: 1, m: 1, n: columns, k: rows, a: rowMajor(1, rows), b: matrix });
          }
        }
      }
    }
  });

  test('for batches with shared operands', () => {
    for (const dtype of dtypes) {
      for (const [m, n, k] of [
        [7, 9, 11],
        [1, 9, 40],
        [40, 1, 9],
        [1, 1, 50],
        [20, 30, 300],
      ] as const) {
        for (const [aBatch, bBatch] of [
          [0, k * n],
          [m * k, 0],
          [0, 0],
        ] as const) {
          for (const layout of [rowMajor, columnMajor]) {
            expectExact({ dtype, batch: 5, m, n, k, a: layout(m, k, aBatch), b: layout(k, n, bBatch) });
          }
        }
      }
    }
  });
});

test('a NaN reaches its row or column and nothing else', () => {
  const [m, n, k] = [7, 11, 13];
  const spec: ProductSpec = { dtype: 'float32', batch: 1, m, n, k, a: rowMajor(m, k), b: columnMajor(k, n) };
  const [a, b] = operands(spec, integers, 3);
  const clean = multiplied(spec, a, b);
  a[6 * k + 12] = Number.NaN;
  b[10 * k] = Number.NaN;
  const got = multiplied(spec, a, b);
  expect([...got]).toEqual([...clean].map((v, i) => (Math.floor(i / n) === 6 || i % n === 10 ? Number.NaN : v)));
});

test('product refuses sizes that cannot be', () => {
  const spec: ProductSpec = { dtype: 'float32', batch: 1, m: 2, n: 3, k: 4, a: rowMajor(2, 4), b: rowMajor(4, 3) };
  const places = { a: inputAt(0), b: inputAt(1), out: outputAt(0), scratchBytes: 0 };
  expect(() => product({ ...spec, m: -1 }, places)).toThrow(ArgumentError);
  expect(() => product({ ...spec, m: -1 }, places)).toThrow(
    'product: expected m to be a positive whole number, got -1',
  );
  expect(() => product({ ...spec, k: 1.5 }, places)).toThrow('got 1.5');
});
