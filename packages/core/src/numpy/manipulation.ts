import type { ArrayLike, NDArray } from '../array/ndarray';
import {
  broadcastShapes,
  checkAxes,
  checkAxis,
  checkShape,
  range,
  type Shape,
  showShape,
  sizeOf,
} from '../array/shape';
import { ArgumentError, ShapeError } from '../errors';
import * as primitives from '../primitives/broadcast';
import { cast } from '../primitives/cast';
import * as shapes from '../primitives/reshape';
import * as structure from '../primitives/structure';
import * as order from '../primitives/transpose';
import { asArray, resultDType } from './operands';

/** The same elements in row-major order in another shape; one size may be −1 and is computed. */
export function reshape(x: ArrayLike, shape: Shape): NDArray {
  const a = asArray('reshape', x);
  const unknown = shape.filter((n) => n === -1).length;
  if (unknown > 1) throw new ShapeError(`reshape: at most one size may be -1, got ${showShape(shape)}`);
  const known = checkShape(
    'reshape',
    shape.filter((n) => n !== -1),
  );
  const product = sizeOf(known);
  const rest = product === 0 ? 0 : a.size / product;
  const target = shape.map((n) => (n === -1 ? rest : n));
  if (!Number.isInteger(rest) || sizeOf(target) !== a.size) {
    throw new ShapeError(
      `reshape: ${showShape(a.shape)} has ${a.size} elements, which do not fit in ${showShape(shape)}`,
    );
  }
  return shapes.reshape(a, target);
}

/** Reverses the axes, or permutes them: axis i of the result is axis `permutation[i]` of x. */
export function transpose(x: ArrayLike, permutation?: readonly number[]): NDArray {
  const a = asArray('transpose', x);
  if (permutation === undefined) return order.transpose(a, range(a.ndim).reverse());
  const axes = permutation.map((p) => checkAxis('transpose', p, a.ndim));
  if (new Set(axes).size !== a.ndim || axes.length !== a.ndim) {
    throw new ShapeError(`transpose: expected a permutation of the ${a.ndim} axes, got ${showShape(permutation)}`);
  }
  return order.transpose(a, axes);
}

/** Two axes exchanged. */
export function swapaxes(x: ArrayLike, first: number, second: number): NDArray {
  const a = asArray('swapaxes', x);
  const i = checkAxis('swapaxes', first, a.ndim);
  const j = checkAxis('swapaxes', second, a.ndim);
  return order.transpose(
    a,
    range(a.ndim).map((axis) => (axis === i ? j : axis === j ? i : axis)),
  );
}

/** One axis moved to another place; the others keep their order. */
export function moveaxis(x: ArrayLike, from: number, to: number): NDArray {
  const a = asArray('moveaxis', x);
  return order.moveAxis(a, checkAxis('moveaxis', from, a.ndim), checkAxis('moveaxis', to, a.ndim));
}

/** A new axis of size 1, counted in the result. */
export function expandDims(x: ArrayLike, axis: number): NDArray {
  const a = asArray('expandDims', x);
  const at = checkAxis('expandDims', axis, a.ndim + 1);
  return shapes.reshape(a, [...a.shape.slice(0, at), 1, ...a.shape.slice(at)]);
}

/** Without axes of size 1: all of them, or the given ones. */
export function squeeze(x: ArrayLike, axis?: number | readonly number[]): NDArray {
  const a = asArray('squeeze', x);
  const axes = axis === undefined ? range(a.ndim).filter((i) => a.shape[i] === 1) : checkAxes('squeeze', axis, a.ndim);
  const wide = axes.find((i) => a.shape[i] !== 1);
  if (wide !== undefined) throw new ShapeError(`squeeze: axis ${wide} of ${showShape(a.shape)} does not have size 1`);
  return shapes.reshape(
    a,
    a.shape.filter((_, i) => !axes.includes(i)),
  );
}

/** The array repeated along axes of size 1 (and new axes in front) to a shape. */
export function broadcastTo(x: ArrayLike, shape: Shape): NDArray {
  const a = asArray('broadcastTo', x);
  const target = checkShape('broadcastTo', shape);
  if (a.ndim > target.length || showShape(broadcastShapes('broadcastTo', a.shape, target)) !== showShape(target)) {
    throw new ShapeError(`broadcastTo: ${showShape(a.shape)} does not broadcast to ${showShape(target)}`);
  }
  return primitives.broadcastTo(a, target);
}

function promoteArrays(where: string, arrays: readonly ArrayLike[]): NDArray[] {
  if (!Array.isArray(arrays) || arrays.length === 0) {
    throw new ArgumentError(`${where}: expected a list of at least one array`);
  }
  const dtype = resultDType(where, arrays);
  return arrays.map((x) => cast(asArray(where, x), dtype));
}

/** Arrays one behind the other along an axis that they have. */
export function concatenate(arrays: readonly ArrayLike[], axis = 0): NDArray {
  const list = promoteArrays('concatenate', arrays);
  return structure.concatenate(list, checkAxis('concatenate', axis, (list[0] as NDArray).ndim));
}

/** Arrays of one shape along a new axis. */
export function stack(arrays: readonly ArrayLike[], axis = 0): NDArray {
  const list = promoteArrays('stack', arrays);
  const first = list[0] as NDArray;
  for (const x of list) {
    if (showShape(x.shape) !== showShape(first.shape)) {
      throw new ShapeError(
        `stack: expected arrays of one shape, got ${showShape(first.shape)} and ${showShape(x.shape)}`,
      );
    }
  }
  const at = checkAxis('stack', axis, first.ndim + 1);
  return structure.concatenate(
    list.map((x) => expandDims(x, at)),
    at,
  );
}

/** Equal parts along an axis (a number of parts), or the parts between given positions. */
export function split(x: ArrayLike, parts: number | readonly number[], axis = 0): NDArray[] {
  const a = asArray('split', x);
  const at = checkAxis('split', axis, a.ndim);
  const n = a.shape[at] as number;
  if (typeof parts === 'number' && (!Number.isInteger(parts) || parts < 1 || n % parts !== 0)) {
    throw new ShapeError(`split: axis ${axis} of ${showShape(a.shape)} does not fall into ${parts} equal parts`);
  }
  const cuts = typeof parts === 'number' ? range(parts - 1, 1).map((i) => (i * n) / parts) : [...parts];
  return [...cuts, n].map((stop, i) => sliceAxis(a, at, i === 0 ? 0 : (cuts[i - 1] as number), stop));
}

function sliceAxis(a: NDArray, axis: number, start: number, stop: number): NDArray {
  return structure.slice(
    a,
    a.shape.map((_, i) => (i === axis ? start : 0)),
    a.shape.map((n, i) => (i === axis ? stop : n)),
  );
}

/** Widths in front of and behind an axis. */
export type PadWidth = number | readonly [before: number, after: number];

/**
 * A constant around the array: one width for all sides, `[before, after]` for every axis, or a list with an entry for
 * each axis (two plain numbers are before and after).
 */
export function pad(x: ArrayLike, widths: PadWidth | readonly PadWidth[], value = 0): NDArray {
  const a = asArray('pad', x);
  const perAxis = Array.isArray(widths) && (widths.length !== 2 || widths.some((w) => Array.isArray(w)));
  const list = (perAxis ? widths : range(a.ndim).map(() => widths)) as readonly PadWidth[];
  if (list.length !== a.ndim)
    throw new ShapeError(`pad: expected ${a.ndim} widths, one for each axis, got ${list.length}`);
  const low = list.map((w) => (typeof w === 'number' ? w : w[0]));
  const high = list.map((w) => (typeof w === 'number' ? w : w[1]));
  checkShape('pad', [...low, ...high]);
  return structure.pad(a, { low, high, interior: low.map(() => 0), value });
}

/** The order of the elements reversed, along all axes or the given ones. */
export function flip(x: ArrayLike, axis?: number | readonly number[]): NDArray {
  const a = asArray('flip', x);
  return structure.flip(a, checkAxes('flip', axis, a.ndim));
}

/** Elements moved along an axis; those that leave at one end come back at the other. */
export function roll(x: ArrayLike, shift: number, axis: number): NDArray {
  const a = asArray('roll', x);
  const at = checkAxis('roll', axis, a.ndim);
  const n = a.shape[at] as number;
  const cut = n === 0 ? 0 : ((-shift % n) + n) % n;
  if (cut === 0) return a;
  return structure.concatenate([sliceAxis(a, at, cut, n), sliceAxis(a, at, 0, cut)], at);
}

/** The whole array repeated along each axis. */
export function tile(x: ArrayLike, repeats: readonly number[]): NDArray {
  const a = asArray('tile', x);
  checkShape('tile', repeats);
  const rank = Math.max(a.ndim, repeats.length);
  const shape = [...range(rank - a.ndim).map(() => 1), ...a.shape];
  const times = [...range(rank - repeats.length).map(() => 1), ...repeats];
  const spread = shape.flatMap((n, i) => [times[i] as number, n]);
  const axes = range(rank).map((i) => 2 * i + 1);
  const wide = primitives.broadcastInDim(shapes.reshape(a, shape), spread, axes);
  return shapes.reshape(
    wide,
    shape.map((n, i) => n * (times[i] as number)),
  );
}

/** Each element repeated along an axis. */
export function repeat(x: ArrayLike, times: number, axis: number): NDArray {
  const a = asArray('repeat', x);
  const at = checkAxis('repeat', axis, a.ndim);
  checkShape('repeat', [times]);
  const spread = [...a.shape.slice(0, at + 1), times, ...a.shape.slice(at + 1)];
  const axes = range(a.ndim).map((i) => (i <= at ? i : i + 1));
  return shapes.reshape(
    primitives.broadcastInDim(a, spread, axes),
    a.shape.map((n, i) => (i === at ? n * times : n)),
  );
}
