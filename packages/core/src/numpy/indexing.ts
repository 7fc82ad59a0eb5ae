import { isInteger } from '../array/dtype';
import { type ArrayLike, NDArray } from '../array/ndarray';
import { checkAxis, range, showShape, showType } from '../array/shape';
import { ArgumentError, DTypeError, ShapeError } from '../errors';
import { add } from '../primitives/arithmetic';
import { fillLike } from '../primitives/broadcast';
import { cast } from '../primitives/cast';
import { less } from '../primitives/compare';
import * as dynamic from '../primitives/dynamic-slice';
import * as primitives from '../primitives/gather';
import { reshape } from '../primitives/reshape';
import { select } from '../primitives/select';
import * as sorting from '../primitives/sort';
import * as structure from '../primitives/structure';
import { moveAxis } from '../primitives/transpose';
import { array, zeros } from './creation';
import { asArray } from './operands';
import { sum } from './reductions';

/** `[start, stop]` or `[start, stop, step]` with a positive step; null means from the start, or to the end. */
export type SliceRange = null | readonly [start: number | null, stop: number | null, step?: number];

/** The part of each leading axis that its range names; negative positions count from the end, as in NumPy. */
export function slice(x: ArrayLike, ...ranges: SliceRange[]): NDArray {
  const a = asArray('slice', x);
  if (ranges.length > a.ndim)
    throw new ShapeError(`slice: ${ranges.length} ranges for an array of shape ${showShape(a.shape)}`);
  const resolved = a.shape.map((n, axis) => {
    const [start, stop, step = 1] = ranges[axis] ?? [null, null];
    if (!Number.isInteger(step) || step < 1)
      throw new ArgumentError(`slice: expected a whole step of 1 or more, got ${step}`);
    const place = (at: number | null, otherwise: number) => {
      if (at === null) return otherwise;
      if (!Number.isInteger(at)) throw new ArgumentError(`slice: expected whole positions, got ${at}`);
      return Math.min(n, Math.max(0, at < 0 ? at + n : at));
    };
    const from = place(start, 0);
    return { from, to: Math.max(from, place(stop, n)), step };
  });
  return structure.slice(
    a,
    resolved.map((r) => r.from),
    resolved.map((r) => r.to),
    resolved.map((r) => r.step),
  );
}

/** The sub-array at given positions of the leading axes, which disappear; negative counts from the end. */
export function at(x: ArrayLike, ...indices: number[]): NDArray {
  const a = asArray('at', x);
  if (indices.length > a.ndim)
    throw new ShapeError(`at: ${indices.length} indices for an array of shape ${showShape(a.shape)}`);
  const starts = indices.map((index, axis) => {
    const n = a.shape[axis] as number;
    if (!Number.isInteger(index) || index < -n || index >= n) {
      throw new ShapeError(`at: index ${index} lies outside axis ${axis} of ${showShape(a.shape)}`);
    }
    return index < 0 ? index + n : index;
  });
  const part = structure.slice(
    a,
    a.shape.map((_, axis) => starts[axis] ?? 0),
    a.shape.map((n, axis) => (axis < starts.length ? (starts[axis] as number) + 1 : n)),
  );
  return reshape(part, a.shape.slice(indices.length));
}

/** How many sub-arrays an iteration gives. */
export function iterableLength(x: NDArray): number {
  if (x.ndim === 0) throw new ArgumentError('a scalar cannot be iterated over; read it with item()');
  return x.shape[0] as number;
}

/** int32 indices from 0 on; negative ones count from the end. */
function asIndices(where: string, indices: ArrayLike | readonly number[], n: number): NDArray {
  const a = asIndexArray(where, indices);
  return select(less(a, fillLike(a, 0)), add(a, fillLike(a, n)), a);
}

function asIndexArray(where: string, indices: ArrayLike | readonly number[]): NDArray {
  const fraction =
    typeof indices === 'number' || Array.isArray(indices)
      ? [indices].flat().find((i) => !Number.isInteger(i))
      : undefined;
  if (fraction !== undefined) throw new ArgumentError(`${where}: expected whole indices, got ${fraction}`);
  if (typeof indices === 'number') return NDArray.scalar(indices, 'int32');
  const a = Array.isArray(indices)
    ? array(indices as number[], { dtype: 'int32' })
    : asArray(where, indices as ArrayLike);
  if (!isInteger(a.dtype)) {
    throw new DTypeError(`${where}: expected integer indices, got ${showType(a)}; convert with astype('int32')`);
  }
  return cast(a, 'int32');
}

/**
 * Elements at `indices` along an axis: shape [...x.shape before axis, ...indices.shape, ...x.shape behind it].
 * Negative indices count from the end.
 *
 * @throws RangeError, when it runs, for an index outside the axis.
 */
export function take(x: ArrayLike, indices: ArrayLike | readonly number[], axis = 0): NDArray {
  const a = asArray('take', x);
  const along = checkAxis('take', axis, a.ndim);
  return primitives.gather(a, asIndices('take', indices, a.shape[along] as number), { axis: along, batchDims: 0 });
}

/** Brings `axis` to the end, where `gather` with all other axes as batch works on it. */
function alongLast(
  where: string,
  x: NDArray,
  indices: NDArray,
  axis: number,
): { x: NDArray; indices: NDArray; last: number } {
  const sameOutside = x.ndim === indices.ndim && x.shape.every((n, i) => i === axis || n === indices.shape[i]);
  if (!sameOutside) {
    throw new ShapeError(
      `${where}: indices must have the shape of the array except along axis ${axis}, ` +
        `got ${showShape(indices.shape)} and ${showShape(x.shape)}`,
    );
  }
  const last = x.ndim - 1;
  return { x: moveAxis(x, axis, last), indices: moveAxis(indices, axis, last), last };
}

/** For each place of `indices` the element at that position of the same line along an axis; shape of `indices`. */
export function takeAlongAxis(x: ArrayLike, indices: ArrayLike, axis: number): NDArray {
  const a = asArray('takeAlongAxis', x);
  const along = checkAxis('takeAlongAxis', axis, a.ndim);
  const lines = alongLast('takeAlongAxis', a, asIndices('takeAlongAxis', indices, a.shape[along] as number), along);
  const taken = primitives.gather(lines.x, lines.indices, { axis: lines.last, batchDims: lines.last });
  return moveAxis(taken, lines.last, along);
}

/** x with `updates` added at `indices` along an axis; duplicates add up. `updates` has the shape that `take` gives. */
export function scatterAdd(
  x: ArrayLike,
  indices: ArrayLike | readonly number[],
  updates: ArrayLike,
  axis = 0,
): NDArray {
  const a = asArray('scatterAdd', x);
  const along = checkAxis('scatterAdd', axis, a.ndim);
  const at = asIndices('scatterAdd', indices, a.shape[along] as number);
  return primitives.scatterAdd(a, at, cast(asArray('scatterAdd', updates), a.dtype), { axis: along, batchDims: 0 });
}

function asStarts(where: string, x: NDArray, starts: readonly ArrayLike[]): NDArray {
  if (starts.length !== x.ndim) {
    throw new ShapeError(`${where}: expected ${x.ndim} start positions, one for each axis, got ${starts.length}`);
  }
  if (starts.length === 0) return array([], { dtype: 'int32' });
  return structure.concatenate(
    starts.map((s) => reshape(asIndexArray(where, s), [1])),
    0,
  );
}

/** The block of the given sizes at start positions that may be arrays; positions are moved so that the block fits. */
export function dynamicSlice(x: ArrayLike, starts: readonly ArrayLike[], sizes: readonly number[]): NDArray {
  const a = asArray('dynamicSlice', x);
  return dynamic.dynamicSlice(a, asStarts('dynamicSlice', a, starts), sizes);
}

/** x with the block at start positions replaced by `update`; positions are moved so that the block fits. */
export function dynamicUpdateSlice(x: ArrayLike, update: ArrayLike, starts: readonly ArrayLike[]): NDArray {
  const a = asArray('dynamicUpdateSlice', x);
  const block = cast(asArray('dynamicUpdateSlice', update), a.dtype);
  if (block.ndim !== a.ndim) {
    throw new ShapeError(
      `dynamicUpdateSlice: update ${showShape(block.shape)} must have the rank of ${showShape(a.shape)}`,
    );
  }
  return dynamic.dynamicUpdateSlice(a, block, asStarts('dynamicUpdateSlice', a, starts));
}

export interface SortOptions {
  /** Largest first. Default: false. */
  descending?: boolean;
}

/** Positions of the elements in sorted order along an axis, as int32. Stable; NaN comes last. */
export function argsort(x: ArrayLike, axis = -1, options: SortOptions = {}): NDArray {
  const a = asArray('argsort', x);
  return sorting.argsort(a, checkAxis('argsort', axis, a.ndim), options.descending ?? false);
}

/** Sorted along an axis; NaN comes last. */
export function sort(x: ArrayLike, axis = -1, options: SortOptions = {}): NDArray {
  const a = asArray('sort', x);
  return takeAlongAxis(a, argsort(a, axis, options), axis);
}

/** The k largest elements along an axis, largest first, and their positions (int32). */
export function topK(x: ArrayLike, k: number, axis = -1): [values: NDArray, indices: NDArray] {
  const a = asArray('topK', x);
  const along = checkAxis('topK', axis, a.ndim);
  if (!Number.isInteger(k) || k < 0 || k > (a.shape[along] as number)) {
    throw new ArgumentError(`topK: expected k from 0 to ${a.shape[along]}, the size of axis ${axis}, got ${k}`);
  }
  const order = sorting.argsort(a, along, true);
  const indices = structure.slice(
    order,
    order.shape.map(() => 0),
    order.shape.map((n, i) => (i === along ? k : n)),
  );
  return [takeAlongAxis(a, indices, along), indices];
}

/** The elements of diagonal k of the last two axes. */
export function diagonal(x: ArrayLike, k = 0): NDArray {
  const a = asArray('diagonal', x);
  if (a.ndim < 2) throw new ShapeError(`diagonal: expected a matrix, got shape ${showShape(a.shape)}`);
  const [n, m] = a.shape.slice(-2) as [number, number];
  const length = Math.max(0, k >= 0 ? Math.min(n, m - k) : Math.min(n + k, m));
  const flat = reshape(a, [...a.shape.slice(0, -2), n * m]);
  const first = k >= 0 ? k : -k * m;
  return take(
    flat,
    range(length).map((i) => first + i * (m + 1)),
    -1,
  );
}

/** A matrix with the elements of a vector on diagonal k, or the diagonal k of a matrix. */
export function diag(x: ArrayLike, k = 0): NDArray {
  const a = asArray('diag', x);
  if (a.ndim !== 1) return diagonal(a, k);
  const n = a.size + Math.abs(k);
  const places = range(a.size).map((i) => (i + Math.max(0, -k)) * n + i + Math.max(0, k));
  return reshape(scatterAdd(zeros([n * n], { dtype: a.dtype }), places, a), [n, n]);
}

/** Sum of the diagonal of the last two axes. */
export function trace(x: ArrayLike): NDArray {
  const d = diagonal(x);
  return sum(d, -1);
}
