import { ArgumentError, type DType, DTypeError, type NDArray, np, ShapeError } from '@forback/core';

interface Typed {
  readonly shape: readonly number[];
  readonly dtype: DType;
}

export function show({ shape, dtype }: Typed): string {
  return `${dtype}[${shape.join(', ')}]`;
}

function isFloat(dtype: DType): boolean {
  return dtype === 'float32' || dtype === 'float64';
}

/** Axes in front of the last two, as one. */
export function batchOf({ shape }: Typed): number {
  return shape.slice(0, -2).reduce((size, n) => size * n, 1);
}

export function checkMatrix(where: string, name: string, x: Typed): void {
  if (x.shape.length < 2) throw new ShapeError(`${where}: expected ${name} to be a matrix, got ${show(x)}`);
  if (!isFloat(x.dtype)) {
    throw new DTypeError(`${where}: expected ${name} to be float32 or float64, got ${show(x)}; convert it with astype`);
  }
}

/** How many neighbouring rows share the indices of a compressed matrix, from the shapes of its two arrays. */
export function sharedRows(where: string, values: Typed, indices: Typed): number {
  checkMatrix(where, 'values', values);
  if (indices.dtype !== 'int32') throw new DTypeError(`${where}: expected int32 indices, got ${show(indices)}`);
  const [rows, kept] = values.shape.slice(-2) as [number, number];
  const shared = indices.shape.at(-2) === rows ? 1 : sharing;
  const fits = [...values.shape.slice(0, -2), Math.ceil(rows / shared), kept];
  if (fits.length === indices.shape.length && fits.every((size, i) => size === indices.shape[i])) return shared;
  throw new ShapeError(
    `${where}: expected indices of shape [${values.shape.join(', ')}], or of ${Math.ceil(rows / sharing)} rows where ` +
      `each ${sharing} rows share them, got values ${show(values)} and indices ${show(indices)}`,
  );
}

/** Rows that keep the same places where `shared` is asked for: as many as a register tile of the kernels has. */
export const sharing = 4;

export function checkSize(where: string, name: string, size: number): void {
  if (Number.isSafeInteger(size) && size >= 0) return;
  throw new ArgumentError(`${where}: expected ${name} to be a whole number, got ${size}`);
}

/** Gives operands without the mapped axis one, in front. */
export function mapped(size: number, inputs: readonly NDArray[], batched: readonly boolean[]): NDArray[] {
  return inputs.map((x, i) => (batched[i] ? x : np.broadcastTo(np.expandDims(x, 0), [size, ...x.shape])));
}
