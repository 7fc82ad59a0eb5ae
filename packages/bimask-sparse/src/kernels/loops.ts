// The operations as plain loops: what they mean, and how they run where no native kernel does better.

import type { TypedArray } from '@forback/core';
import { keptOf } from '../pattern';

/** Sizes of a selection. A line is a row (axis 1) or a column (axis 0) of a matrix; its entries are chosen from. */
export interface SelectionSpec {
  readonly batch: number;
  readonly rows: number;
  readonly columns: number;
  readonly axis: 0 | 1;
  readonly n: number;
  readonly m: number;
  /** How many neighbouring lines keep the same places. */
  readonly shared: number;
  /** Kept zeros become empty places. */
  readonly omitZeros: boolean;
  readonly single: boolean;
}

/** Marks an empty place. */
const empty = -1;

/** `order`: which entry of a line is at which position; groups are consecutive positions. */
export function selectLoop(
  spec: SelectionSpec,
  w: TypedArray,
  order: TypedArray | undefined,
  values: TypedArray,
  indices: TypedArray,
): void {
  const { batch, rows, columns, axis, n, m, shared, omitZeros, single } = spec;
  const [lines, length] = axis === 1 ? [rows, columns] : [columns, rows];
  const [lineStep, entryStep] = axis === 1 ? [columns, 1] : [1, columns];
  const kept = keptOf(length, spec);
  const round = single ? Math.fround : (x: number) => x;
  const scores = new Float64Array(m);
  let group = 0;
  for (let b = 0; b < batch; b++) {
    const matrix = b * rows * columns;
    const entry = (line: number, i: number) => w[matrix + line * lineStep + i * entryStep] as number;
    for (let first = 0; first < lines; first += shared, group++) {
      const end = Math.min(lines, first + shared);
      let slot = 0;
      for (let start = 0; start < length; start += m) {
        const size = Math.min(m, length - start);
        const at = (p: number) => (order ? (order[b * length + start + p] as number) : start + p);
        for (let p = 0; p < size; p++) {
          let sum = Math.abs(entry(first, at(p)));
          for (let line = first + 1; line < end; line++) sum = round(sum + Math.abs(entry(line, at(p))));
          scores[p] = Number.isNaN(sum) ? Number.POSITIVE_INFINITY : sum;
        }
        for (let p = 0; p < size; p++) {
          const score = scores[p] as number;
          let rank = 0;
          for (let q = 0; q < size; q++) {
            const other = scores[q] as number;
            if (other > score || (other === score && q < p)) rank++;
          }
          if (rank >= n) continue;
          const i = at(p);
          indices[group * kept + slot] = omitZeros && score === 0 ? empty : i;
          for (let line = first; line < end; line++) values[(b * lines + line) * kept + slot] = entry(line, i);
          slot++;
        }
      }
    }
  }
}

/** Sizes of a product with a compressed matrix of `rows` rows with `kept` places each, over `columns` columns. */
export interface EntriesSpec {
  readonly batch: number;
  readonly rows: number;
  readonly columns: number;
  readonly kept: number;
  /** How many neighbouring rows have the same indices. */
  readonly shared: number;
}

/** Calls `visit(place in values, place in the matrix)` for each place that is not empty. */
function eachEntry(spec: EntriesSpec, indices: TypedArray, visit: (value: number, entry: number) => void): void {
  const { batch, rows, columns, kept, shared } = spec;
  const groups = Math.ceil(rows / shared);
  for (let row = 0; row < batch * rows; row++) {
    const b = Math.floor(row / rows);
    const group = b * groups + Math.floor((row % rows) / shared);
    for (let k = 0; k < kept; k++) {
      const column = indices[group * kept + k] as number;
      if (column >= 0 && column < columns) visit(row * kept + k, row * columns + column);
    }
  }
}

export function takeLoop(spec: EntriesSpec, w: TypedArray, indices: TypedArray, values: TypedArray): void {
  values.fill(0);
  eachEntry(spec, indices, (value, entry) => {
    values[value] = w[entry] as number;
  });
}

export function spreadLoop(spec: EntriesSpec, values: TypedArray, indices: TypedArray, w: TypedArray): void {
  w.fill(0);
  eachEntry(spec, indices, (value, entry) => {
    // Not 0 + value: that would lose the sign of −0.
    w[entry] = w[entry] === 0 ? (values[value] as number) : (w[entry] as number) + (values[value] as number);
  });
}

export interface ProductSpec extends EntriesSpec {
  /** Rows of the dense operand. */
  readonly count: number;
}

/** y[b, i, r] = sum_k values[b, r, k] x[b, i, indices[b, r, k]] */
export function productLoop(
  spec: ProductSpec,
  x: TypedArray,
  values: TypedArray,
  indices: TypedArray,
  y: TypedArray,
): void {
  const { rows, columns, kept, count } = spec;
  const sums = new Float64Array(y.length);
  eachEntry(spec, indices, (value, entry) => {
    const row = Math.floor(value / kept);
    const b = Math.floor(row / rows);
    for (let i = 0; i < count; i++) {
      const at = (b * count + i) * rows + (row % rows);
      const factor = x[(b * count + i) * columns + (entry % columns)] as number;
      sums[at] = (sums[at] as number) + (values[value] as number) * factor;
    }
  });
  y.set(sums);
}

/** z[b, i, c] = sum of values[b, r, k] g[b, i, r] over the places with indices[b, r, k] = c */
export function transposedLoop(
  spec: ProductSpec,
  g: TypedArray,
  values: TypedArray,
  indices: TypedArray,
  z: TypedArray,
): void {
  const { rows, columns, kept, count } = spec;
  const sums = new Float64Array(z.length);
  eachEntry(spec, indices, (value, entry) => {
    const row = Math.floor(value / kept);
    const b = Math.floor(row / rows);
    for (let i = 0; i < count; i++) {
      const at = (b * count + i) * columns + (entry % columns);
      sums[at] =
        (sums[at] as number) + (values[value] as number) * (g[(b * count + i) * rows + (row % rows)] as number);
    }
  });
  z.set(sums);
}
