import { ShapeError } from '../errors';
import type { DType } from './dtype';

/** Sizes of the axes; `[]` is a scalar. */
export type Shape = readonly number[];

/** What a program knows of an array before it exists. */
export interface ShapedType {
  readonly shape: Shape;
  readonly dtype: DType;
}

/** Where the elements of a value lie in a buffer; strides and offset count elements. */
export interface Layout extends ShapedType {
  readonly strides: readonly number[];
  readonly offset: number;
}

export function sizeOf(shape: Shape): number {
  let size = 1;
  for (const n of shape) size *= n;
  return size;
}

export function rowMajorStrides(shape: Shape): number[] {
  const strides = new Array<number>(shape.length);
  let step = 1;
  for (let i = shape.length - 1; i >= 0; i--) {
    strides[i] = step;
    step *= shape[i] as number;
  }
  return strides;
}

export function denseLayout(type: ShapedType): Layout {
  return { shape: type.shape, dtype: type.dtype, strides: rowMajorStrides(type.shape), offset: 0 };
}

export function isDense(layout: Layout): boolean {
  if (layout.offset !== 0) return false;
  let step = 1;
  for (let i = layout.shape.length - 1; i >= 0; i--) {
    const n = layout.shape[i] as number;
    if (n !== 1 && layout.strides[i] !== step) return false;
    step *= n;
  }
  return true;
}

export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((n, i) => n === b[i]);
}

export function showShape(shape: Shape): string {
  return `[${shape.join(', ')}]`;
}

/** `float32[2, 3]`. */
export function showType(type: ShapedType): string {
  return `${type.dtype}${showShape(type.shape)}`;
}

export function checkShape(where: string, shape: Shape): number[] {
  if (!Array.isArray(shape)) {
    throw new ShapeError(`${where}: expected shape to be an array of sizes, got ${String(shape)}`);
  }
  for (const n of shape) {
    if (!Number.isInteger(n) || n < 0) {
      throw new ShapeError(`${where}: expected sizes to be whole numbers of 0 or more, got shape ${showShape(shape)}`);
    }
  }
  return shape.slice();
}

/** The axis counted from 0; negative axes count from the end. */
export function checkAxis(where: string, axis: number, rank: number): number {
  if (!Number.isInteger(axis) || axis < -rank || axis >= rank) {
    const range = rank === 0 ? 'a scalar has no axes' : `expected a whole number from ${-rank} to ${rank - 1}`;
    throw new ShapeError(`${where}: axis ${axis} does not exist: ${range} for an array of rank ${rank}`);
  }
  return axis < 0 ? axis + rank : axis;
}

/** Axes counted from 0 in ascending order; undefined means all. */
export function checkAxes(where: string, axes: number | readonly number[] | undefined, rank: number): number[] {
  if (axes === undefined) return range(rank);
  const list = (typeof axes === 'number' ? [axes] : [...axes]).map((axis) => checkAxis(where, axis, rank));
  if (new Set(list).size !== list.length) {
    throw new ShapeError(`${where}: expected each axis once, got axes ${showShape(list)}`);
  }
  return list.sort((a, b) => a - b);
}

/** NumPy broadcasting: shapes are aligned at the last axis, and an axis of size 1 stretches. */
export function broadcastShapes(where: string, ...shapes: Shape[]): number[] {
  const rank = Math.max(0, ...shapes.map((s) => s.length));
  const result = new Array<number>(rank).fill(1);
  for (const shape of shapes) {
    for (let i = 0; i < shape.length; i++) {
      const at = rank - shape.length + i;
      const n = shape[i] as number;
      if (n === 1) continue;
      if (result[at] !== 1 && result[at] !== n) {
        throw new ShapeError(
          `${where}: shapes ${shapes.map(showShape).join(' and ')} do not broadcast: ` +
            `axis ${at - rank} has sizes ${result[at]} and ${n}; make them equal or one of them 1`,
        );
      }
      result[at] = n;
    }
  }
  return result;
}

export function range(n: number, start = 0): number[] {
  return Array.from({ length: n }, (_, i) => start + i);
}

/** `shape` without the given axes. */
export function dropAxes(shape: Shape, axes: readonly number[]): number[] {
  return shape.filter((_, i) => !axes.includes(i));
}
