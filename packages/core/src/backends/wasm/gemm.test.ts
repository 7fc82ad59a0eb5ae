import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ArgumentError } from '../../errors';
import { type GemmSpec, gemm, type MatrixLayout } from './gemm';
import { scratchMemory } from './memory';

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

function filled(spec: Pick<GemmSpec, 'dtype'>, length: number, next: () => number): Floats {
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
function naive({ batch, m, n, k, a, b }: GemmSpec, x: Floats, y: Floats) {
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

function operands(spec: GemmSpec, numbers: (seed: number) => () => number, seed: number): [Floats, Floats] {
  const { batch, m, n, k } = spec;
  return [
    filled(spec, lengthOf(spec.a, batch, m, k), numbers(seed)),
    filled(spec, lengthOf(spec.b, batch, k, n), numbers(seed + 1)),
  ];
}

/** The product into a buffer that held something else. */
function product(spec: GemmSpec, a: Floats, b: Floats): Floats {
  const out = new arrays[spec.dtype](spec.batch * spec.m * spec.n).fill(Number.NaN);
  gemm(spec)(a, b, out);
  return out;
}

function expectExact(spec: GemmSpec, seed = 1) {
  const [a, b] = operands(spec, integers, seed);
  const got = product(spec, a, b);
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

const size = fc.oneof(fc.nat(3), fc.integer({ min: 1, max: 40 }));
const specs: fc.Arbitrary<GemmSpec> = fc
  .record({ dtype: fc.constantFrom(...dtypes), batch: fc.nat(3), m: size, n: size, k: size })
  .chain((sizes) =>
    fc
      .record({
        a: layoutOf([sizes.batch, sizes.m, sizes.k]),
        b: layoutOf([sizes.batch, sizes.k, sizes.n]),
      })
      .map((layouts) => ({ ...sizes, ...layouts })),
  );

describe('gemm equals the definition', () => {
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
        const got = product(spec, a, b);
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
      // Rows of a left block, rows that the result holds, columns of a right block, depth of both.
      [257, 17, 40],
      [1025, 9, 20],
      [5, 1027, 30],
      [9, 13, 521],
      [261, 1030, 300],
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

test('an empty sum is zero, and an empty result is left alone', () => {
  for (const dtype of dtypes) {
    const full = new arrays[dtype](12).fill(1);
    const out = new arrays[dtype](7).fill(5);
    gemm({ dtype, batch: 1, m: 2, n: 3, k: 0, a: rowMajor(2, 0), b: rowMajor(0, 3) })(full, full, out);
    expect([...out]).toEqual([0, 0, 0, 0, 0, 0, 5]);
    for (const [batch, m, n] of [
      [0, 2, 3],
      [2, 0, 3],
      [2, 3, 0],
    ] as const) {
      gemm({ dtype, batch, m, n, k: 2, a: rowMajor(m, 2), b: rowMajor(2, n) })(full, full, out);
    }
    expect([...out]).toEqual([0, 0, 0, 0, 0, 0, 5]);
  }
});

test('a NaN reaches its row or column and nothing else', () => {
  const [m, n, k] = [7, 11, 13];
  const spec: GemmSpec = { dtype: 'float32', batch: 1, m, n, k, a: rowMajor(m, k), b: columnMajor(k, n) };
  const [a, b] = operands(spec, integers, 3);
  const clean = product(spec, a, b);
  a[6 * k + 12] = Number.NaN;
  b[10 * k] = Number.NaN;
  const got = product(spec, a, b);
  expect([...got]).toEqual([...clean].map((v, i) => (Math.floor(i / n) === 6 || i % n === 10 ? Number.NaN : v)));
});

test('a shared operand is read once for all of the batch', () => {
  class Counted extends Float32Array {
    reads = 0;
    override subarray(begin?: number, end?: number): Float32Array<ArrayBuffer> {
      this.reads++;
      return Float32Array.prototype.slice.call(this, begin, end) as Float32Array<ArrayBuffer>;
    }
  }
  const [batch, m, n, k] = [6, 12, 10, 14];
  // The first element is skipped, so that a whole matrix is a part of the buffer.
  const shared = new Counted(1 + m * k + k * n).fill(1);
  const other = new Float32Array(batch * k * Math.max(m, n)).fill(1);
  const out = new Float32Array(batch * m * n);
  const count = (spec: GemmSpec, a: Floats, b: Floats) => {
    shared.reads = 0;
    gemm(spec)(a, b, out);
    expect(out.every((v) => v === k)).toBe(true);
    return shared.reads;
  };
  const sharedLeft = { ...rowMajor(m, k, 0), offset: 1 };
  const sharedRight = { ...columnMajor(k, n, 0), offset: 1 };
  const sizes = { dtype: 'float32', batch, m, n, k } as const;
  expect(count({ ...sizes, a: sharedLeft, b: rowMajor(k, n) }, shared, other)).toBe(1);
  expect(count({ ...sizes, a: columnMajor(m, k), b: sharedRight }, other, shared)).toBe(1);
});

test('the same bits in every run, after other products and after the memory has grown', () => {
  const shapes = [
    [30, 41, 300],
    [1, 50, 600],
    [60, 1, 70],
    [3, 3, 3],
  ] as const;
  for (const dtype of dtypes) {
    for (const [m, n, k] of shapes) {
      const spec: GemmSpec = { dtype, batch: 2, m, n, k, a: columnMajor(m, k), b: rowMajor(k, n) };
      const [a, b] = operands(spec, reals, 7);
      const run = gemm(spec);
      const results = [1, 2, 3].map((round) => {
        if (round === 2) expectExact({ ...spec, m: m + 3, a: rowMajor(m + 3, k) }, round);
        if (round === 3) scratchMemory().reserve(scratchMemory().bytes + 1);
        const out = new arrays[dtype](2 * m * n).fill(round);
        run(a, b, out);
        return new Uint8Array(out.buffer);
      });
      expect(results[1]).toEqual(results[0]);
      expect(results[2]).toEqual(results[0]);
    }
  }
});

describe('gemm refuses', () => {
  const spec: GemmSpec = { dtype: 'float32', batch: 1, m: 2, n: 3, k: 4, a: rowMajor(2, 4), b: rowMajor(4, 3) };
  const buffers = () => [new Float32Array(8), new Float32Array(12), new Float32Array(6)] as [Floats, Floats, Floats];

  test('buffers that are too short or of another dtype', () => {
    for (const [i, name] of ['a', 'b', 'out'].entries()) {
      const short = buffers();
      short[i] = new Float32Array((short[i] as Floats).length - 1);
      expect(() => gemm(spec)(...short)).toThrow(ArgumentError);
      expect(() => gemm(spec)(...short)).toThrow(`gemm: expected ${name} to be a Float32Array of at least`);
      const other = buffers();
      other[i] = new Float64Array(100);
      expect(() => gemm(spec)(...other)).toThrow('got a Float64Array of 100');
    }
  });

  test('sizes and layouts that cannot be', () => {
    expect(() => gemm({ ...spec, m: -1 })).toThrow('gemm: expected m to be a non-negative integer, got -1');
    expect(() => gemm({ ...spec, k: 1.5 })).toThrow('got 1.5');
    expect(() => gemm({ ...spec, b: { ...spec.b, rowStride: -3 } })).toThrow('got elements -9 to 2 of [1, 4, 3]');
    expect(() => gemm({ ...spec, a: { ...spec.a, colStride: 0.5 } })).toThrow(ArgumentError);
  });
});
