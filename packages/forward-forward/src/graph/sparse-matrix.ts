import { ArgumentError, array, type NDArray, np, ShapeError } from '@forback/core';
import { lengthNormalisation } from '../normalisation';

/** A sparse matrix by rows (CSR): a tree of arrays, so that `jit` and `io.save` take it. Make one with `sparseMatrix`. */
export interface SparseMatrix {
  /** Where each row begins among the entries, and the number of entries: int32 [rows + 1]. */
  rowPointers: NDArray;
  /** int32 [entries], ascending in each row. */
  columns: NDArray;
  /** Floats [entries]. */
  values: NDArray;
}

/** Entries of a sparse matrix in any order. */
export interface Entries {
  rows: ArrayLike<number>;
  columns: ArrayLike<number>;
  /** Default: ones. */
  values?: ArrayLike<number>;
}

/**
 * A sparse float32 matrix of the given size; entries in the same place add up.
 *
 * @throws ArgumentError for an entry outside the matrix.
 */
export function sparseMatrix(size: readonly [number, number], { rows, columns, values }: Entries): SparseMatrix {
  const [height, width] = size;
  if (rows.length !== columns.length || (values && values.length !== rows.length)) {
    throw new ArgumentError(
      `sparseMatrix: expected as many rows as columns and values, got ${rows.length}, ${columns.length} and ${values?.length}`,
    );
  }
  const sums: Map<number, number>[] = Array.from({ length: height }, () => new Map());
  for (let e = 0; e < rows.length; e++) {
    const [row, column] = [rows[e] as number, columns[e] as number];
    const line = sums[row];
    if (line === undefined || !Number.isInteger(column) || column < 0 || column >= width) {
      throw new ArgumentError(`sparseMatrix: entry ${e} at (${row}, ${column}) lies outside [${height}, ${width}]`);
    }
    line.set(column, (line.get(column) ?? 0) + (values ? (values[e] as number) : 1));
  }
  return fromRows(sums.map((line) => [...line].sort(([a], [b]) => a - b)));
}

/** From the [column, value] pairs of each row, ascending. */
function fromRows(rows: readonly (readonly (readonly [number, number])[])[]): SparseMatrix {
  const pointers = new Int32Array(rows.length + 1);
  rows.forEach((row, i) => {
    pointers[i + 1] = (pointers[i] as number) + row.length;
  });
  const entries = rows.flat();
  return {
    rowPointers: array(pointers),
    columns: array(Int32Array.from(entries, ([column]) => column)),
    values: array(Float32Array.from(entries, ([, value]) => value)),
  };
}

/** Node features: dense [nodes, features], or sparse. */
export type Features = NDArray | SparseMatrix;

/** Whether features are sparse. */
export function isSparse(features: Features): features is SparseMatrix {
  return 'rowPointers' in features;
}

/** The number of rows. */
export function rowCount(features: Features): number {
  return isSparse(features) ? (features.rowPointers.shape[0] as number) - 1 : (features.shape[0] as number);
}

/** The row of every entry, int32 [entries]. */
export function entryRows({ rowPointers, columns }: SparseMatrix): NDArray {
  const pointers = rowPointers.dataSync();
  const rows = new Int32Array(columns.size);
  for (let row = 0; row + 1 < pointers.length; row++) rows.fill(row, pointers[row] as number, pointers[row + 1]);
  return array(rows);
}

/** Features with every row divided by its length; rows of zeros stay zero. */
export function normaliseRows(features: Features): Features {
  if (!isSparse(features)) return lengthNormalisation()(features);
  const rows = entryRows(features);
  const count = rowCount(features);
  const squares = np.scatterAdd(np.zeros([count]), rows, np.square(features.values));
  const scale = np.rsqrt(squares.add(1e-10));
  return { ...features, values: features.values.mul(np.take(scale, rows)) };
}

/** Features with dense rows [m, features] below. */
export function appendRows(features: Features, rows: NDArray): Features {
  if (!isSparse(features)) return np.concatenate([features, rows.astype(features.dtype)]);
  const [count, width] = rows.shape as [number, number];
  const entries = features.columns.size;
  const pointers = Array.from({ length: count }, (_, i) => entries + (i + 1) * width);
  return {
    rowPointers: np.concatenate([features.rowPointers, array(Int32Array.from(pointers))]),
    columns: np.concatenate([features.columns, np.tile(np.arange(width), [count])]),
    values: np.concatenate([features.values, rows.reshape([-1])]),
  };
}

/** Features with dense columns [rows, m] to the right of `width` columns. */
export function appendColumns(features: Features, width: number, columns: NDArray): Features {
  if (columns.shape[0] !== rowCount(features)) {
    throw new ShapeError(
      `appendColumns: expected ${rowCount(features)} rows, got columns [${columns.shape.join(', ')}]`,
    );
  }
  if (!isSparse(features)) return np.concatenate([features, columns], 1);
  const [count, added] = columns.shape as [number, number];
  const pointers = features.rowPointers.dataSync();
  const [oldColumns, oldValues, newValues] = [
    features.columns.dataSync(),
    features.values.dataSync(),
    columns.dataSync(),
  ];
  const total = oldColumns.length + count * added;
  const [nextColumns, nextValues] = [new Int32Array(total), new Float32Array(total)];
  let at = 0;
  for (let row = 0; row < count; row++) {
    const [begin, end] = [pointers[row] as number, pointers[row + 1] as number];
    nextColumns.set(oldColumns.subarray(begin, end), at);
    nextValues.set(oldValues.subarray(begin, end), at);
    at += end - begin;
    for (let j = 0; j < added; j++, at++) {
      nextColumns[at] = width + j;
      nextValues[at] = newValues[row * added + j] as number;
    }
  }
  return {
    rowPointers: array(Int32Array.from(pointers, (p, row) => p + row * added)),
    columns: array(nextColumns),
    values: array(nextValues),
  };
}
