import {
  bind,
  DTypeError,
  definePrimitive,
  isLinearOperand,
  type Kernel,
  type NDArray,
  np,
  type Primitive,
  ShapeError,
  type TransposeOperand,
  type TypedArray,
} from '@forback/core';
import type { SparseMatrix } from './sparse-matrix';

interface ProductParams {
  /** Multiplies with the transpose of the matrix. */
  transposed: boolean;
  /** Rows of the result. */
  size: number;
}

type Typed = { readonly shape: readonly number[]; readonly dtype: string };

function checkOperands(name: string, [pointers, columns, ...floats]: readonly Typed[]): void {
  if (pointers?.dtype !== 'int32' || columns?.dtype !== 'int32') {
    throw new DTypeError(`${name}: expected int32 row pointers and columns, got ${pointers?.dtype}, ${columns?.dtype}`);
  }
  const dtypes = new Set(floats.map((x) => x.dtype));
  if (dtypes.size > 1 || !(dtypes.has('float32') || dtypes.has('float64'))) {
    throw new DTypeError(`${name}: expected values and matrix of one float dtype, got ${[...dtypes].join(' and ')}`);
  }
}

/** Entries A[row, column] = value by rows, times a dense matrix [columns, f]; or the transpose, times one of [rows, f]. */
const productPrimitive: Primitive<ProductParams> = /* @__PURE__ */ definePrimitive<ProductParams>({
  name: 'sparseMatmul',
  outputs(inputs, { transposed, size }) {
    checkOperands('sparseMatmul', inputs);
    const [pointers, , , dense] = inputs as [Typed, Typed, Typed, Typed];
    const rows = (pointers.shape[0] as number) - 1;
    if (dense.shape.length !== 2 || (transposed && dense.shape[0] !== rows)) {
      throw new ShapeError(
        `sparseMatmul: a sparse matrix of ${rows} rows does not fit a matrix [${dense.shape.join(', ')}]`,
      );
    }
    return [{ shape: [size, dense.shape[1] as number], dtype: (inputs[3] as NDArray).dtype }];
  },
  jvp([pointers, columns, values, dense], [, , tValues, tDense], params) {
    const product = (v: NDArray, x: NDArray) => multiply(pointers as NDArray, columns as NDArray, v, x, params);
    const parts = [tValues && product(tValues, dense as NDArray), tDense && product(values as NDArray, tDense)].filter(
      (t) => t != null,
    );
    const tangent = parts.length === 0 ? null : parts.reduce((a, b) => a.add(b));
    return { outputs: [product(values as NDArray, dense as NDArray)], tangents: [tangent] };
  },
  transpose([ct], operands, { transposed }) {
    const [pointers, columns, values, dense] = operands as [NDArray, NDArray, TransposeOperand, TransposeOperand];
    if (!ct) return [null, null, null, null];
    if (isLinearOperand(dense)) {
      const back = { transposed: !transposed, size: dense.shape[0] as number };
      return [null, null, null, multiply(pointers, columns, values as NDArray, ct, back)];
    }
    const [left, right] = transposed ? [dense, ct] : [ct, dense];
    return [null, null, sample(pointers, columns, left, right), null];
  },
  batch(size, inputs, batched, params) {
    const [pointers, columns, values, dense] = inputs as [NDArray, NDArray, NDArray, NDArray];
    if (batched[0] || batched[1] || batched[2]) {
      return batchByLoop(size, inputs, batched, (xs) => bind(productPrimitive, xs, params)[0] as NDArray);
    }
    // [b, n, f] as [n, b · f]: one product for all.
    const [b, n, f] = dense.shape as [number, number, number];
    const wide = np.moveaxis(dense, 0, 1).reshape([n, b * f]);
    const product = multiply(pointers, columns, values, wide, params).reshape([params.size, b, f]);
    return { outputs: [np.moveaxis(product, 1, 0)], batched: [true] };
  },
  lower: {
    reference: ({ inputs, params: { transposed, size } }): Kernel => {
      const width = inputs[3]?.shape[1] as number;
      return ([pointers, columns, values, dense], [out]) => {
        if (!pointers || !columns || !values || !dense || !out) throw new TypeError('sparseMatmul: missing buffer');
        if (!transposed) checkColumns(columns, inputs[3]?.shape[0] as number);
        const matrix = { pointers, columns, values };
        multiplyRows(transposed ? transposedRows(matrix, size) : matrix, dense, width, out);
      };
    },
  },
});

/** Types do not say how wide a sparse matrix is: a column without a row to meet it would read beyond the dense matrix. */
function checkColumns(columns: TypedArray, rows: number): void {
  const bad = columns.find((column) => column < 0 || column >= rows);
  if (bad === undefined) return;
  throw new ShapeError(
    `sparseMatmul: a sparse matrix with an entry in column ${bad} does not fit a matrix of ${rows} rows`,
  );
}

interface Rows {
  pointers: TypedArray;
  columns: TypedArray;
  values: TypedArray;
}

/** Sums in double precision, four columns of the result at a time, so that a sum stays in registers. */
function multiplyRows({ pointers, columns, values }: Rows, dense: TypedArray, width: number, out: TypedArray): void {
  const rows = pointers.length - 1;
  const blocks = width - (width % 4);
  for (let row = 0; row < rows; row++) {
    const begin = pointers[row] as number;
    const end = pointers[row + 1] as number;
    const to = row * width;
    for (let k = 0; k < blocks; k += 4) {
      let a = 0;
      let b = 0;
      let c = 0;
      let d = 0;
      for (let e = begin; e < end; e++) {
        const value = values[e] as number;
        const from = (columns[e] as number) * width + k;
        a += value * (dense[from] as number);
        b += value * (dense[from + 1] as number);
        c += value * (dense[from + 2] as number);
        d += value * (dense[from + 3] as number);
      }
      out[to + k] = a;
      out[to + k + 1] = b;
      out[to + k + 2] = c;
      out[to + k + 3] = d;
    }
    for (let k = blocks; k < width; k++) {
      let sum = 0;
      for (let e = begin; e < end; e++) {
        sum += (values[e] as number) * (dense[(columns[e] as number) * width + k] as number);
      }
      out[to + k] = sum;
    }
  }
}

/** The entries by columns: a counting sort, which keeps the rows in order. */
function transposedRows({ pointers, columns, values }: Rows, size: number): Rows {
  const starts = new Int32Array(size + 1);
  for (const column of columns) starts[column + 1] = (starts[column + 1] as number) + 1;
  for (let i = 0; i < size; i++) starts[i + 1] = (starts[i + 1] as number) + (starts[i] as number);
  const next = starts.slice();
  const rows = new Int32Array(columns.length);
  const sorted = values.slice();
  for (let row = 0; row + 1 < pointers.length; row++) {
    for (let e = pointers[row] as number; e < (pointers[row + 1] as number); e++) {
      const column = columns[e] as number;
      const at = next[column] as number;
      next[column] = at + 1;
      rows[at] = row;
      sorted[at] = values[e] as number;
    }
  }
  return { pointers: starts, columns: rows, values: sorted };
}

function multiply(
  pointers: NDArray,
  columns: NDArray,
  values: NDArray,
  dense: NDArray,
  params: ProductParams,
): NDArray {
  return bind(productPrimitive, [pointers, columns, values, dense], params)[0] as NDArray;
}

/** For each entry of a sparsity pattern the product of row `row` of one matrix with row `column` of another. */
const samplePrimitive: Primitive = /* @__PURE__ */ definePrimitive({
  name: 'sampledProduct',
  outputs(inputs) {
    checkOperands('sampledProduct', inputs);
    const [, columns, left] = inputs as [Typed, Typed, NDArray];
    return [{ shape: columns.shape, dtype: left.dtype }];
  },
  jvp([pointers, columns, left, right], [, , tLeft, tRight]) {
    const product = (a: NDArray, b: NDArray) => sample(pointers as NDArray, columns as NDArray, a, b);
    const parts = [tLeft && product(tLeft, right as NDArray), tRight && product(left as NDArray, tRight)].filter(
      (t) => t != null,
    );
    const tangent = parts.length === 0 ? null : parts.reduce((a, b) => a.add(b));
    return { outputs: [product(left as NDArray, right as NDArray)], tangents: [tangent] };
  },
  transpose([ct], operands) {
    const [pointers, columns, left, right] = operands as [NDArray, NDArray, TransposeOperand, TransposeOperand];
    if (!ct) return [null, null, null, null];
    if (isLinearOperand(left)) {
      const params = { transposed: false, size: left.shape[0] as number };
      return [null, null, multiply(pointers, columns, ct, right as NDArray, params), null];
    }
    const params = { transposed: true, size: right.shape[0] as number };
    return [null, null, null, multiply(pointers, columns, ct, left, params)];
  },
  batch: (size, inputs, batched) =>
    batchByLoop(size, inputs, batched, (xs) => bind(samplePrimitive, xs, {})[0] as NDArray),
  lower: {
    reference: ({ inputs }): Kernel => {
      const rows = (inputs[0]?.shape[0] as number) - 1;
      const width = inputs[2]?.shape[1] as number;
      return ([pointers, columns, left, right], [out]) => {
        if (!pointers || !columns || !left || !right || !out) throw new TypeError('sampledProduct: missing buffer');
        for (let row = 0; row < rows; row++) {
          const end = pointers[row + 1] as number;
          for (let e = pointers[row] as number; e < end; e++) {
            const other = (columns[e] as number) * width;
            let sum = 0;
            for (let k = 0; k < width; k++) sum += (left[row * width + k] as number) * (right[other + k] as number);
            out[e] = sum;
          }
        }
      };
    },
  },
});

function sample(pointers: NDArray, columns: NDArray, left: NDArray, right: NDArray): NDArray {
  return bind(samplePrimitive, [pointers, columns, left, right], {})[0] as NDArray;
}

function batchByLoop(
  size: number,
  inputs: readonly NDArray[],
  batched: readonly boolean[],
  run: (inputs: NDArray[]) => NDArray,
) {
  const results = Array.from({ length: size }, (_, i) => run(inputs.map((x, j) => (batched[j] ? x.at(i) : x))));
  return { outputs: [np.stack(results)], batched: [true] };
}

/**
 * Sparse times dense: [rows, columns] · [columns, f] to [rows, f], differentiable in the values and in the dense matrix.
 *
 * @throws DTypeError for values and matrix of different dtypes. @throws ShapeError for a column that the dense matrix has no
 * row for, when the product is computed.
 */
export function sparseMatmul({ rowPointers, columns, values }: SparseMatrix, dense: NDArray): NDArray {
  const size = (rowPointers.shape[0] as number) - 1;
  return multiply(rowPointers, columns, values, dense, { transposed: false, size });
}
