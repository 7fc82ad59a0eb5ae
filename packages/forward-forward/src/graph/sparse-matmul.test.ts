import { array, grad, hessian, jit, jvp, type NDArray, np, random, vmap } from '@forback/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { sparseMatmul } from './sparse-matmul';
import { type SparseMatrix, sparseMatrix } from './sparse-matrix';

interface Case {
  rows: number;
  columns: number;
  width: number;
  entries: { row: number; column: number; value: number }[];
  seed: number;
}

const cases: fc.Arbitrary<Case> = fc
  .record({ rows: fc.integer({ min: 1, max: 7 }), columns: fc.integer({ min: 1, max: 7 }) })
  .chain(({ rows, columns }) =>
    fc.record({
      rows: fc.constant(rows),
      columns: fc.constant(columns),
      width: fc.integer({ min: 1, max: 9 }),
      seed: fc.nat(1000),
      entries: fc.array(
        fc.record({
          row: fc.nat(rows - 1),
          column: fc.nat(columns - 1),
          value: fc.integer({ min: -9, max: 9 }),
        }),
        { maxLength: 30 },
      ),
    }),
  );

function build({ rows, columns, entries, width, seed }: Case) {
  const matrix = sparseMatrix([rows, columns], {
    rows: entries.map((e) => e.row),
    columns: entries.map((e) => e.column),
    values: entries.map((e) => e.value),
  });
  const dense = Array.from({ length: rows }, () => new Array<number>(columns).fill(0));
  for (const { row, column, value } of entries) {
    const line = dense[row] as number[];
    line[column] = (line[column] as number) + value;
  }
  const x = random.normal(random.key(seed), { shape: [columns, width] });
  const cotangent = random.normal(random.key(seed + 1), { shape: [rows, width] });
  return { matrix, dense: array(dense, { shape: [rows, columns] }), x, cotangent };
}

function expectClose(a: NDArray, b: NDArray): void {
  expect(a.shape).toEqual(b.shape);
  expect(a.size === 0 ? 0 : np.abs(a.sub(b)).max().item()).toBeLessThan(1e-4);
}

/** The matrix of the entries' places, as a function of the values. */
function withValues(matrix: SparseMatrix, values: NDArray): SparseMatrix {
  return { ...matrix, values };
}

describe('is the dense product', () => {
  test('in value, gradient and tangent, by the dense factor', () => {
    fc.assert(
      fc.property(cases, (c) => {
        const { matrix, dense, x, cotangent } = build(c);
        expectClose(sparseMatmul(matrix, x), dense.matmul(x));
        const sparseLoss = (v: NDArray) => sparseMatmul(matrix, v).mul(cotangent).sum();
        expectClose(grad(sparseLoss)(x), dense.transpose().matmul(cotangent));
        expectClose(jit(grad(sparseLoss))(x), dense.transpose().matmul(cotangent));
        expectClose(jvp((v: NDArray) => sparseMatmul(matrix, v), [x], [x])[1], dense.matmul(x));
      }),
      { numRuns: 60 },
    );
  });

  test('in gradient by the values: the dense gradient at the entries', () => {
    fc.assert(
      fc.property(cases, (c) => {
        const { matrix, x, cotangent } = build(c);
        const loss = (values: NDArray) => sparseMatmul(withValues(matrix, values), x).mul(cotangent).sum();
        const all = cotangent.matmul(x.transpose()).toJS() as number[][];
        const pointers = matrix.rowPointers.dataSync();
        const columns = matrix.columns.dataSync();
        const expected = all.flatMap((row, i) =>
          Array.from(columns.slice(pointers[i], pointers[i + 1]), (column) => row[column] as number),
        );
        expectClose(grad(loss)(matrix.values), array(expected, { shape: [expected.length] }));
      }),
      { numRuns: 60 },
    );
  });

  test('under vmap, over the dense factor and over the values', () => {
    const { matrix, x } = build({
      rows: 3,
      columns: 4,
      width: 5,
      seed: 3,
      entries: [
        { row: 0, column: 1, value: 2 },
        { row: 2, column: 0, value: -1 },
        { row: 2, column: 3, value: 3 },
      ],
    });
    const xs = np.stack([x, x.mul(2), x.neg()]);
    expectClose(
      vmap((v: NDArray) => sparseMatmul(matrix, v))(xs),
      np.stack([...xs].map((v) => sparseMatmul(matrix, v))),
    );
    const values = np.stack([matrix.values, matrix.values.mul(-2)]);
    const product = (v: NDArray) => sparseMatmul(withValues(matrix, v), x);
    expectClose(vmap(product)(values), np.stack([...values].map(product)));
    const slope = grad((v: NDArray) => np.square(product(v)).sum());
    expectClose(vmap(slope)(values), np.stack([...values].map(slope)));
  });

  test('twice: the Hessian by the values is that of the dense computation', () => {
    const { matrix, x } = build({
      rows: 2,
      columns: 2,
      width: 3,
      seed: 5,
      entries: [
        { row: 0, column: 1, value: 2 },
        { row: 1, column: 0, value: 1 },
      ],
    });
    const sparse = (v: NDArray) => np.square(sparseMatmul(withValues(matrix, v), x)).sum();
    const scale = (row: number) => 2 * np.square(x.at(row)).sum().item();
    expectClose(
      hessian(sparse)(matrix.values),
      array([
        [scale(1), 0],
        [0, scale(0)],
      ]),
    );
  });
});

test('bad input is refused', () => {
  const matrix = sparseMatrix([2, 2], { rows: [0], columns: [1] });
  expect(() => sparseMatrix([2, 2], { rows: [2], columns: [0] })).toThrow(/entry 0 at \(2, 0\) lies outside \[2, 2\]/);
  expect(() => sparseMatrix([2, 2], { rows: [0], columns: [0, 1] })).toThrow(/as many rows as columns/);
  expect(() => sparseMatmul(matrix, np.ones([2, 2], { dtype: 'float64' }))).toThrow(/one float dtype/);
  expect(() => sparseMatmul(matrix, np.ones([2]))).toThrow(/does not fit a matrix \[2\]/);
  const narrow = /an entry in column 1 does not fit a matrix of 1 rows/;
  expect(() => sparseMatmul(matrix, np.ones([1, 3])).dataSync()).toThrow(narrow);
  expect(() => jit((m: SparseMatrix) => sparseMatmul(m, np.ones([1, 3])))(matrix).dataSync()).toThrow(narrow);
});
