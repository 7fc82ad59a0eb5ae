import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { choleskyKernel, eighKernel, qrKernel, triangularSolveKernel } from './linalg';
import { run, smallIntegers, uniform } from './test-support';

type Matrix = number[][];

const stacks = fc.array(fc.integer({ min: 1, max: 2 }), { maxLength: 2 });
const sizes = fc.integer({ min: 0, max: 7 });
const seeds = fc.integer({ min: 0, max: 2 ** 31 });

/** The matrices of a stack [..., rows, columns]. */
function matrices(stack: ArrayLike<number>, rows: number, columns: number, count: number): Matrix[] {
  return Array.from({ length: count }, (_, b) =>
    Array.from({ length: rows }, (_, i) =>
      Array.from({ length: columns }, (_, j) => stack[(b * rows + i) * columns + j] as number),
    ),
  );
}

const entry = (m: Matrix, i: number, j: number) => m[i]?.[j] as number;
const build = (rows: number, columns: number, f: (i: number, j: number) => number): Matrix =>
  Array.from({ length: rows }, (_, i) => Array.from({ length: columns }, (_, j) => f(i, j)));
const transposed = (m: Matrix, columns: number) => build(columns, m.length, (i, j) => entry(m, j, i));
const identity = (n: number) => build(n, n, (i, j) => (i === j ? 1 : 0));

function product(a: Matrix, b: Matrix, columns: number): Matrix {
  return build(a.length, columns, (i, j) => b.reduce((sum, _, k) => sum + entry(a, i, k) * entry(b, k, j), 0));
}

function norm(m: Matrix): number {
  return Math.hypot(...m.flat());
}

/** Largest difference of two matrices. */
function distance(a: Matrix, b: Matrix): number {
  expect(a.length).toBe(b.length);
  return Math.max(0, ...a.flatMap((row, i) => row.map((x, j) => Math.abs(x - entry(b, i, j)))));
}

function symmetric(stack: Float64Array, n: number): Float64Array {
  return stack.map((_, at) => {
    const [b, i, j] = [Math.floor(at / (n * n)), Math.floor(at / n) % n, at % n];
    return stack[b * n * n + Math.max(i, j) * n + Math.min(i, j)] as number;
  });
}

const batchSize = (stack: number[]) => stack.reduce((n, extent) => n * extent, 1);

describe('cholesky', () => {
  test('L L^T = A, L lower triangular with a positive diagonal', () => {
    const property = fc.property(stacks, sizes, seeds, (stack, n, seed) => {
      const count = batchSize(stack);
      const a = matrices(uniform(count * n * n, seed), n, n, count).map((g) =>
        product(g, transposed(g, n), n).map((row, i) => row.map((x, j) => (i === j ? x + 0.1 : x))),
      );
      const kernel = choleskyKernel({ shape: [...stack, n, n] });
      const [out] = run(kernel, [Float64Array.from(a.flat(2))], new Float64Array(count * n * n));
      matrices(out, n, n, count).forEach((l, b) => {
        const expected = a[b] as Matrix;
        expect(distance(product(l, transposed(l, n), n), expected)).toBeLessThanOrEqual(
          1e-15 * n * (1 + norm(expected)),
        );
        l.forEach((row, i) => {
          row.forEach((x, j) => {
            if (j > i) expect(x).toBe(0);
            if (j === i) expect(x).toBeGreaterThan(0);
          });
        });
      });
    });
    fc.assert(property, { seed: 1, numRuns: 100 });
  });

  test('an integer factor comes back exactly, from the lower triangle alone', () => {
    const l = [
      [2, 0, 0],
      [-1, 3, 0],
      [4, 5, 1],
    ];
    const a = product(l, transposed(l, 3), 3).map((row, i) => row.map((x, j) => (j > i ? Number.NaN : x)));
    const [out] = run(choleskyKernel({ shape: [3, 3] }), [Float32Array.from(a.flat())], new Float32Array(9));
    expect([...out]).toEqual(l.flat());
  });

  test('a matrix that is not positive definite gives NaN, and its neighbours do not', () => {
    const bad = [
      [1, 0, 0, 0],
      [-1, 0, 0, 1],
      [1, 2, 2, 1],
      [1, Number.NaN, Number.NaN, 1],
    ];
    for (const matrix of bad) {
      const stack = Float64Array.of(4, 2, 2, 5, ...matrix, 1, 0, 0, 9);
      const [out] = run(choleskyKernel({ shape: [3, 2, 2] }), [stack], new Float64Array(12));
      expect([...out]).toEqual([2, 0, 1, 2, Number.NaN, 0, Number.NaN, Number.NaN, 1, 0, 0, 3]);
    }
  });
});

describe('triangularSolve', () => {
  test('op(A) X = B exactly, for unit-like integer systems, reading one triangle only', () => {
    const flags = fc.tuple(fc.boolean(), fc.boolean(), fc.boolean());
    const property = fc.property(stacks, sizes, sizes, flags, seeds, (stack, n, m, [lower, transposeA, unit], seed) => {
      const count = batchSize(stack);
      // A diagonal of 2 or -2 and small integers elsewhere: every step of the substitution is exact.
      const a = matrices(smallIntegers(count * n * n, seed), n, n, count).map((matrix) =>
        build(n, n, (i, j) => (i === j ? (unit ? 1 : 2 * (-1) ** i) : lower === i > j ? entry(matrix, i, j) : 0)),
      );
      const x = matrices(smallIntegers(count * n * m, seed + 1), n, m, count);
      const b = a.map((matrix, at) => product(transposeA ? transposed(matrix, n) : matrix, x[at] as Matrix, m));
      const stored = a.flatMap((matrix) =>
        build(n, n, (i, j) => ((i === j ? unit : lower !== i > j) ? Number.NaN : entry(matrix, i, j))).flat(),
      );
      const spec = { a: [...stack, n, n], b: [...stack, n, m], lower, transposeA, unitDiagonal: unit };
      const inputs = [Float64Array.from(stored), Float64Array.from(b.flat(2))];
      const [out] = run(triangularSolveKernel(spec), inputs, new Float64Array(count * n * m));
      expect(distance([[...out]], [x.flat(2)])).toBe(0);
    });
    fc.assert(property, { seed: 2, numRuns: 200 });
  });

  test('a zero on the diagonal divides by zero', () => {
    const spec = { a: [1, 1], b: [1, 2], lower: true, transposeA: false, unitDiagonal: false };
    const [out] = run(triangularSolveKernel(spec), [Float32Array.of(0), Float32Array.of(3, 0)], new Float32Array(2));
    expect([...out]).toEqual([Number.POSITIVE_INFINITY, Number.NaN]);
  });
});

describe('qr', () => {
  function factors(a: Float64Array, stack: number[], m: number, n: number) {
    const [k, count] = [Math.min(m, n), batchSize(stack)];
    const kernel = qrKernel({ shape: [...stack, m, n] });
    const [q, r] = run(kernel, [a], new Float64Array(count * m * k), new Float64Array(count * k * n));
    const [qs, rs] = [matrices(q, m, k, count), matrices(r, k, n, count)];
    return matrices(a, m, n, count).map((matrix, b) => ({ a: matrix, q: qs[b] as Matrix, r: rs[b] as Matrix, k }));
  }

  function check({ a, q, r, k }: ReturnType<typeof factors>[number], n: number) {
    const scale = norm(a);
    expect(distance(product(q, r, n), a)).toBeLessThanOrEqual(4e-15 * scale);
    expect(distance(product(transposed(q, k), q, k), identity(k))).toBeLessThanOrEqual(4e-15);
    r.forEach((row, i) => {
      row.forEach((x, j) => {
        if (j < i) expect(x).toBe(0);
        if (j === i) expect(x).toBeGreaterThanOrEqual(0);
      });
    });
  }

  test('Q R = A, Q^T Q = 1, R upper triangular with a non-negative diagonal', () => {
    const property = fc.property(stacks, sizes, sizes, seeds, (stack, m, n, seed) => {
      const a = uniform(batchSize(stack) * m * n, seed);
      for (const each of factors(a, stack, m, n)) check(each, n);
    });
    fc.assert(property, { seed: 3, numRuns: 200 });
  });

  test('matrices of low rank, of zeros, and of extreme size', () => {
    const ranks = build(5, 4, (i, j) => (i + 1) * (j - 1));
    for (const scale of [1, 0, 1e300, 1e-300]) {
      const a = Float64Array.from(ranks.flat(), (x) => x * scale);
      for (const each of factors(a, [], 5, 4)) {
        const unscaled = { ...each, a: each.a.map((row) => row.map((x) => x / (scale || 1))) };
        check({ ...unscaled, r: each.r.map((row) => row.map((x) => x / (scale || 1))) }, 4);
      }
    }
  });

  test('a known factorisation', () => {
    const [only] = factors(Float64Array.of(3, 1, -4, 2), [], 2, 2);
    expect(
      distance(only?.q as Matrix, [
        [0.6, 0.8],
        [-0.8, 0.6],
      ]),
    ).toBeLessThan(1e-15);
    expect(
      distance(only?.r as Matrix, [
        [5, -1],
        [0, 2],
      ]),
    ).toBeLessThan(2e-15);
  });

  test('float32 data is factored in double precision', () => {
    const a = Float32Array.from(uniform(42, 5));
    const [q, r] = run(qrKernel({ shape: [7, 6] }), [a], new Float32Array(42), new Float32Array(36));
    const [exact] = factors(Float64Array.from(a), [], 7, 6);
    expect([...q]).toEqual(exact?.q.flat().map(Math.fround));
    expect([...r]).toEqual(exact?.r.flat().map(Math.fround));
  });

  test('NaN stays visible', () => {
    const [q, r] = run(
      qrKernel({ shape: [1, 1] }),
      [Float32Array.of(Number.NaN)],
      new Float32Array(1),
      new Float32Array(1),
    );
    expect([...q, ...r]).toEqual([Number.NaN, Number.NaN]);
  });
});

describe('eigh', () => {
  function decompose(a: Float64Array, stack: number[], n: number) {
    const count = batchSize(stack);
    const kernel = eighKernel({ shape: [...stack, n, n] });
    const [w, v] = run(kernel, [a], new Float64Array(count * n), new Float64Array(count * n * n));
    const vectors = matrices(v, n, n, count);
    return matrices(a, n, n, count).map((matrix, b) => ({
      a: matrix,
      w: [...w.subarray(b * n, b * n + n)],
      v: vectors[b] as Matrix,
    }));
  }

  function check({ a, w, v }: ReturnType<typeof decompose>[number], n: number, tolerance = 4e-15) {
    const scaled = build(n, n, (i, j) => entry(v, i, j) * (w[j] as number));
    expect(distance(product(scaled, transposed(v, n), n), a)).toBeLessThanOrEqual(tolerance * norm(a));
    expect(distance(product(transposed(v, n), v, n), identity(n))).toBeLessThanOrEqual(tolerance);
    expect(w).toEqual(w.toSorted((x, y) => x - y));
    for (const vector of transposed(v, n)) {
      const peak = Math.max(...vector.map(Math.abs));
      expect(vector.find((x) => Math.abs(x) === peak)).toBeGreaterThan(0);
    }
  }

  test('V diag V^T = A, V^T V = 1, ascending, with fixed signs', () => {
    const property = fc.property(stacks, sizes, seeds, (stack, n, seed) => {
      const a = symmetric(uniform(batchSize(stack) * n * n, seed), n);
      for (const each of decompose(a, stack, n)) check(each, n);
    });
    fc.assert(property, { seed: 4, numRuns: 200 });
  });

  test('repeated eigenvalues, zeros and structure', () => {
    const n = 6;
    const shapes: Record<string, (i: number, j: number) => number> = {
      zero: () => 0,
      identity: (i, j) => (i === j ? 1 : 0),
      ones: () => 1,
      reversal: (i, j) => (i + j === n - 1 ? 1 : 0),
      graded: (i, j) => 10 ** -(3 * Math.max(i, j)),
      path: (i, j) => (Math.abs(i - j) === 1 ? 1 : 0),
      blocks: (i, j) => (i >> 1 === j >> 1 ? i + j : 0),
    };
    for (const f of Object.values(shapes)) {
      for (const scale of [1, 1e300, 1e-300]) {
        const a = Float64Array.from(build(n, n, (i, j) => f(i, j) * scale).flat());
        for (const each of decompose(a, [], n)) {
          const unscale = (x: number) => x / scale;
          check({ a: each.a.map((row) => row.map(unscale)), w: each.w.map(unscale), v: each.v }, n);
        }
      }
    }
  });

  test('a block too small to square still comes apart into orthonormal eigenvectors', () => {
    const blocks: ((i: number, j: number) => number)[] = [
      (i, j) => 1 + Math.abs(i - j),
      (i, j) => Number(Math.abs(i - j) === 1),
      (i, j) => (i * j) % 5,
    ];
    for (const f of blocks) {
      for (const tiny of [2 ** -300, 2 ** -700, 2 ** -1000, 2 ** -1070, 2 ** -1074]) {
        const a = build(6, 6, (i, j) => (i === 0 || j === 0 ? Number(i === j) : tiny * f(i, j)));
        for (const each of decompose(Float64Array.from(a.flat()), [], 6)) check(each, 6);
      }
    }
  });

  test('the eigenvalues of a path of n nodes are 2 cos(pi k / (n + 1))', () => {
    const n = 40;
    const a = Float64Array.from(build(n, n, (i, j) => (Math.abs(i - j) === 1 ? 1 : 0)).flat());
    const [only] = decompose(a, [], n);
    only?.w.forEach((value, i) => {
      expect(Math.abs(value - 2 * Math.cos((Math.PI * (n - i)) / (n + 1)))).toBeLessThan(4e-15);
    });
  });

  test('errors barely grow with the size', () => {
    const n = 200;
    const a = symmetric(uniform(n * n, 6), n);
    for (const each of decompose(a, [], n)) check(each, n, 1e-14);
  });

  test('the upper triangle is not read, and float32 is rounded at the end only', () => {
    const n = 4;
    const full = symmetric(Float64Array.from(Float32Array.from(uniform(n * n, 7))), n);
    const lower = Float32Array.from(full, (x, at) => (at % n > Math.floor(at / n) ? Number.NaN : x));
    const [w, v] = run(eighKernel({ shape: [n, n] }), [lower], new Float32Array(n), new Float32Array(n * n));
    const [exact] = decompose(full, [], n);
    expect([...w]).toEqual(exact?.w.map(Math.fround));
    expect([...v]).toEqual(exact?.v.flat().map(Math.fround));
  });

  test('a matrix that is not finite gives NaN', () => {
    for (const bad of [Number.NaN, Number.POSITIVE_INFINITY]) {
      const [w, v] = run(
        eighKernel({ shape: [2, 2, 2] }),
        [Float64Array.of(1, 0, bad, 1, 2, 0, 0, 3)],
        new Float64Array(4),
        new Float64Array(8),
      );
      expect([...w]).toEqual([Number.NaN, Number.NaN, 2, 3]);
      expect([...v]).toEqual([Number.NaN, Number.NaN, Number.NaN, Number.NaN, 1, 0, 0, 1]);
    }
  });
});

test('missing buffers are refused', () => {
  const shape = [1, 1];
  const solve = triangularSolveKernel({ a: shape, b: shape, lower: true, transposeA: false, unitDiagonal: false });
  expect(() => choleskyKernel({ shape })([], [])).toThrow('cholesky: expected one input and one output');
  expect(() => solve([], [])).toThrow('triangularSolve: expected two inputs and one output');
  expect(() => qrKernel({ shape })([], [])).toThrow('qr: expected one input and two outputs');
  expect(() => eighKernel({ shape })([], [])).toThrow('eigh: expected one input and two outputs');
});
